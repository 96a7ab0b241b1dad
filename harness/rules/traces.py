"""PM406 to PM408: a trace that is there and unchanged, or what stands in for it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from harness.domain.lint import Example
from harness.errors import Place
from harness.plan.digests import digest
from harness.rules.rows import inferences
from harness.rules.rule import ERROR, Hit, hit, in_postmortem, in_text, rule
from harness.rules.texts import texts
from harness.rules.view import Document, PostmortemDocument, View

_QUOTED = (
    "agent:\n  inferences:\n"
    "    - inferred: request volume increase, this is a capacity problem\n"
    "{quote}"
    "      inference_correct: false\n"
    "      correct_inference: the cache was lost, so that its work is done again\n"
    "      missed_signal: the cache hit ratio beside the request volume\n"
    "      signal_in_context: false\n"
    "      change: {{layer: tool, what: the traffic query returns the cache hit ratio}}\n"
)
_SOURCE = "sources: [{url: 'https://example.com/talk', title: A talk}]\n"


@rule(
    "PM406",
    "trace-missing-or-changed",
    message="{what}",
    why="""The quote is checked against the trace, and the case was made from it. A trace that is
    gone or was edited afterwards is no evidence for either.""",
    fix="""Restore the trace as it was imported; where none was published, say how far the row is
    the source's word: quote: {basis: ..., source: ...}.""",
    bad=(Example("traces/INC-1.json", ""),),
    good=(in_postmortem("agent_involved: true\n"),),
)
def trace_missing_or_changed(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find inferences without a trace or quote, and traces that are gone or were changed."""
    for index, inference in inferences(postmortem):
        at = ("agent", "inferences", index)
        if inference.trace is None:
            if inference.quote is None:
                what = f"inference {index + 1} has neither trace nor quote"
                yield hit(postmortem.place(*at), what=what)
            continue
        place = postmortem.place(*at, "trace", "file")
        if inference.trace.file not in view.traces:
            yield hit(place, what=f"the trace {inference.trace.file} is missing")
        else:
            yield from _changed(postmortem, view, inference.trace.file, place)


def _changed(postmortem: PostmortemDocument, view: View, file: str, place: Place) -> Iterator[Hit]:
    trace = view.traces[file]
    if trace is None:
        return
    recorded = trace.value.provenance.get("messages_sha256")
    if recorded is not None and recorded != messages_sha256(trace.value.messages):
        yield hit(place, what=f"the messages of {file} are not those that were imported")
    if trace.value.incident != postmortem.value.id:
        yield hit(place, what=f"{file} is the trace of {trace.value.incident}")
    for evaluation in view.evals.values():
        for case in evaluation.cases.values() if evaluation is not None else ():
            wanted = case.value.provenance.trace_sha256
            own = case.value.incident == trace.value.incident
            if own and wanted is not None and wanted != trace.sha256:
                where = case.place("provenance", "trace_sha256")
                yield hit(place, what=f"{file} is not the file that the case in {where} is made of")


def messages_sha256(messages: tuple[Any, ...]) -> str:
    """Return the digest under which a trace's provenance records its own messages."""
    return digest([asdict(message) for message in messages])


@rule(
    "PM407",
    "identifying",
    message="{key}: looks like {kind}",
    why="""Postmortems, traces and cases are read, shared, replayed on other people's models and
    kept. An address or a key in them is published each time. Lint tells where it stands and never
    repeats it; it is a safety net and no proof that nothing is left.""",
    fix="Replace it with a surrogate, such as user@example.com or 192.0.2.1; revoke a key.",
    on=("postmortem", "item", "eval", "case", "trace"),
    draft=ERROR,
    bad=(in_text("The order of jane.roe@acme-logistics.com was processed twice.\n"),),
    good=(in_text("The order of user@example.com came from 192.0.2.7, version 1.2.3.4.\n"),),
)
def identifying_data(document: Document[Any], view: View) -> Iterator[Hit]:
    """Find what identifies somebody or opens something, in any text of a document."""
    for path, text in texts(document.value, ()):
        key = next((step for step in reversed(path) if isinstance(step, str)), "")
        for found in view.identifying(text, key):
            if not (found.public and key in _CITING):
                where = ".".join(map(str, path)) or "text"
                yield hit(document.place(*path), key=where, kind=found.kind)
    if isinstance(document, PostmortemDocument):
        path_ = document.place().path
        for found in view.identifying(document.body, ""):
            line = document.body.count("\n", 0, found.offset)
            column = found.offset - (document.body.rfind("\n", 0, found.offset) + 1)
            place = Place(path_, document.body_line + line, column + 1)
            yield hit(place, key="text", kind=found.kind)


_CITING = frozenset({"url", "source", "reconstructed"})
"""Keys of published sources: their addresses are there to be read."""


@rule(
    "PM408",
    "quote-without-source",
    message="quote: {what}",
    why="""Where no trace was published, a reader must know whose words the row holds: the agent's,
    the source's, or ours. Our reading of somebody else's incident is useful, and must not be taken
    for their word.""",
    fix="""Name in source the url of one of the sources; for basis: reading write
    reconstruction: true.""",
    bad=(in_postmortem(_QUOTED.format(quote="      quote: {basis: reading}\n") + _SOURCE),),
    good=(
        in_postmortem(
            _QUOTED.format(
                quote="      quote: {basis: verbatim_before, source: 'https://example.com/talk'}\n"
            )
            + _SOURCE
        ),
    ),
)
def quote_without_source(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find quotes that do not say whose words they are."""
    value = postmortem.value
    urls = {source.url for source in value.sources}
    for index, inference in inferences(postmortem):
        quote, at = inference.quote, ("agent", "inferences", index, "quote")
        if quote is None:
            continue
        if quote.basis == "reading":
            if not value.reconstruction:
                what = "basis: reading is for postmortems with reconstruction: true"
                yield hit(postmortem.place(*at, "basis"), what=what)
        elif not quote.source:
            yield hit(postmortem.place(*at), what=f"basis: {quote.basis} needs its source")
        if quote.source and quote.source not in urls:
            place = postmortem.place(*at, "source")
            yield hit(place, what=f"source is none of the urls in sources, got {quote.source}")
