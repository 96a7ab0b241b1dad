"""Conversations out of spans: every call of a model repeats what was said before it.

The views of one agent are laid over each other, never one after the other: a view that goes on
from what is known replaces it. Only where a view repeats nothing and says no system text of its own
is it the continuation of a log that holds what is new alone.
"""

from collections.abc import Iterable, Mapping, Sequence

from harness.importers.builder import Builder, Entry
from harness.importers.threads import Span, Thread, View, keys_of, richer, upward
from harness.importers.tool_spans import add_answers
from harness.ports.importer import Trajectory


def trajectories(spans: Sequence[Span], title: str = "") -> list[Trajectory]:
    """Return the conversations of a document's spans, the ones that others contain left out."""
    by_id = {span.id: span for span in spans}
    told_apart = len(by_id) == len(spans)  # or somebody has blacked the ids out
    groups: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        key = _group(span, by_id) if told_apart else (span.trace, "")
        groups.setdefault(key, []).append(span)
    threads: list[Thread] = []
    around = _around(groups.values(), by_id) if told_apart else []
    for members in groups.values():
        if not any(span in around for span in members):
            threads += _threads(members, by_id)
    threads = _uncontained(threads)
    if threads:
        threads[0].spans += around
    several = len(threads) > 1
    made = []
    for number, thread in enumerate(threads, 1):
        thread.builder.entries = thread.entries
        named = next((s.agent or s.conversation for s in thread.spans if s.agent), "")
        called = f"{title or 'trace'} {number}" + (f" ({named})" if named else "")
        source = [span.source for span in (thread.spans if several else spans)]
        made.append(thread.builder.finish(source, called if several else title))
    return made


def _around(groups: Iterable[list[Span]], by_id: Mapping[str, Span]) -> list[Span]:
    """Return the spans of groups that hold no call, and stand around others that do.

    What goes into them and comes out is what the agents inside were asked and said.
    """
    groups = list(groups)
    own = {span.id for members in groups for span in members if span.kind == "model"}
    inside = {above.id for key in own for above in list(upward(by_id[key], by_id))[1:]}
    return [
        span
        for members in groups
        if not any(span.kind in ("model", "tool") for span in members)
        and any(span.id in inside for span in members)
        for span in members
    ]


def _group(span: Span, by_id: Mapping[str, Span]) -> tuple[str, str]:
    """Return what the spans of one agent's conversation have in common."""
    line = list(upward(span, by_id))
    agent = next((each for each in line if each.kind == "agent"), None)
    conversation = next((each.conversation for each in line if each.conversation), "")
    if conversation:
        return conversation, agent.agent or agent.name if agent is not None else ""
    return span.trace, agent.id if agent is not None else ""


def _threads(members: list[Span], by_id: Mapping[str, Span]) -> list[Thread]:
    members.sort(key=lambda s: (s.start is None, s.start or 0.0))
    models = [span for span in members if span.kind == "model"]
    outer = {
        above.id
        for span in models
        for above in list(upward(span, by_id))[1:]
        if above.kind == "model" and span not in upward(above, by_id) and _seen(span).sent
    }
    threads: list[Thread] = []
    views = [(_seen(span), span) for span in models if span.id not in outer]
    grows = _grows([view for view, _ in views])
    for view, span in views:
        _lay(threads, view, span, grows=grows)
    for span in members:
        if span.kind == "agent" or (span.kind == "other" and not threads):
            _lay_agent(threads, _seen(span), span)
    tools = [span for span in members if span.kind == "tool"]
    if not threads and tools:
        threads.append(Thread([], Builder()))
    for thread in threads:
        add_answers(thread, tools, alone=len(threads) == 1)
        thread.spans = thread.spans + [s for s in members if s.kind != "model"]
    return [thread for thread in threads if thread.entries]


def _seen(span: Span) -> View:
    sent, said = Builder(), Builder()
    span.ask(sent, span.start)
    span.equip(sent)
    span.reply(said, span.end if span.end is not None else span.start)
    sent.responded = said.responded or sent.responded
    sent.losses.update(said.losses)
    for spec in said.tools.values():
        sent.tool(spec)
    if span.failed and not said.entries:
        what = f"a call of the model that failed{f': {span.failure}' if span.failure else ''}"
        sent.lose(what, "the model did not answer, and the conversation holds no turn for it")
    return View(sent.entries, said.entries, sent)


def _lay(threads: list[Thread], view: View, span: Span, *, grows: bool) -> None:
    """Lay a view over the threads: onto the one that it goes on from, or beside them."""
    whole = [*view.sent, *view.said]
    if not whole:
        _merge(threads[-1], view, span) if threads else None
        return
    best, kind = _match(threads, view, grows=grows)
    if best is None:
        threads.append(Thread(whole, view.builder, [span]))
        return
    old = best.entries
    if kind == "same":
        best.entries = richer(old, whole)
    elif kind == "goes on":
        best.entries = richer(whole, old)
    elif kind in ("more", "waited for"):
        best.entries = [*old, *whole]
    else:
        keys = set(keys_of(whole))
        lost = sum(key not in keys for key in keys_of(old))
        why = {
            "again": "the model was asked again, and the conversation went on from there",
            "rewritten": "the agent no longer saw them: its context was cut or summed up",
        }[kind]
        view.builder.lose("messages of an earlier view", why, lost)
        best.entries = richer(whole, old)
    _merge(best, view, span)


def _match(threads: list[Thread], view: View, *, grows: bool) -> tuple[Thread | None, str]:
    """Return the thread that a view belongs to, and how: by the surest way, then the latest."""
    for ways in (("more", "same", "goes on"), ("again",), ("rewritten",), ("waited for",)):
        for thread in reversed(threads):
            kind = _relation(thread, view, grows=grows)
            if kind in ways:
                return thread, kind
    return None, ""


def _relation(thread: Thread, view: View, *, grows: bool) -> str:
    """Return how a view goes on from a thread; empty where it does not."""
    keys, sent, old = keys_of([*view.sent, *view.said]), len(view.sent), keys_of(thread.entries)
    if grows and not _system(keys):
        return "more"
    if keys == old[: len(keys)]:
        return "same"
    if old == keys[: len(old)] and len(old) <= sent:
        return "goes on"
    if sent and keys[:sent] == old[:sent]:
        return "again"
    tells = {k for k, e in zip(old, thread.entries, strict=True) if _tells(e)}
    if _system(keys) == _system(old) and tells.intersection(keys[: max(sent, 1)]):
        return "rewritten"
    waited = _waits(thread) & {entry.message.tool_call_id for entry in view.sent}
    return "waited for" if waited else ""


def _system(keys: list[str]) -> list[str]:
    return [key for key in keys if key.startswith("system ")]


def _grows(views: list[View]) -> bool:
    """Whether only the first view holds the system's text: then each holds what is new alone."""
    first, *later = [_system(keys_of(view.sent)) for view in views if view.sent] or [[]]
    return bool(first and later) and not any(later)


def _waits(thread: Thread) -> set[str | None]:
    """Return the calls that nothing in a thread answers."""
    calls: set[str | None] = {
        call.id for entry in thread.entries for call in entry.message.tool_calls if call.id
    }
    return calls - {entry.message.tool_call_id for entry in thread.entries}


def _tells(entry: Entry) -> bool:
    """Whether a message is one that two conversations would hardly share."""
    message = entry.message
    if message.role == "system":
        return False
    return bool(message.tool_calls) or len(str(message.content)) > 3  # noqa: PLR2004 - "yes", "ok"


def _merge(thread: Thread, view: View, span: Span) -> None:
    old, new = thread.builder, view.builder
    thread.spans.append(span)
    if new is old:
        return
    new.losses.update(old.losses)
    new.tools = {**old.tools, **new.tools}
    new.sampling = {**old.sampling, **new.sampling}
    new.requested = new.requested or old.requested
    new.responded = new.responded or old.responded
    thread.builder = new


def _lay_agent(threads: list[Thread], view: View, span: Span) -> None:
    """Use what a span around the model's calls shows, where it shows more than they do."""
    whole = [*view.sent, *view.said]
    if not whole:
        if threads:
            _merge(threads[0], view, span)
        return
    if not threads:
        threads.append(Thread(whole, view.builder, [span]))
        return
    keys = keys_of(whole)
    for thread in threads:
        old = keys_of(thread.entries)
        if len(keys) > len(old) and keys[: len(old)] == old:
            thread.entries = richer(whole, thread.entries)
        elif len(keys) > len(old) and all(_is_in(key, keys) for key in old if _no_system(key)):
            head = [e for e in thread.entries if e.message.role == "system"]
            rest = [e for e in whole if e.message.role != "system"]
            thread.entries = richer([*head, *rest], thread.entries)
    _merge(threads[0], view, span)


def _no_system(key: str) -> bool:
    return not key.startswith("system ")


def _is_in(key: str, keys: list[str]) -> bool:
    return key in keys


def _uncontained(threads: list[Thread]) -> list[Thread]:
    """Leave out a thread whose whole conversation is the beginning of another's."""
    keys = [keys_of(thread.entries) for thread in threads]
    kept = []
    for number, thread in enumerate(threads):
        own = keys[number]
        containing = any(
            other != number
            and keys[other][: len(own)] == own
            and (len(keys[other]) > len(own) or other < number)
            for other in range(len(threads))
        )
        if not containing:
            kept.append(thread)
    return kept
