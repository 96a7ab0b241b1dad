"""An attribution as text and as JSON: measured shares beside the author's, in words."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from harness.domain.attribution import (
    Attributed,
    AttributionQuestion,
    AttributionReport,
    Bounded,
    LayerShare,
)
from harness.domain.case import LAYERS
from harness.errors import printable
from harness.reporters.check_text import bar, percent

_WORTH_SAYING = 0.02
"""Interactions below it are left to the JSON."""
_AGREES_WITHIN = 0.15
"""Exact rates have no bounds: the author's share is called close up to this difference."""


def attribution_object(report: AttributionReport) -> dict[str, Any]:
    """Return the attribution as one JSON object of plain values, rates unrounded."""
    question, answer = report.question, report.answer
    return {
        "incident": question.incident,
        "model": question.model,
        "agent": question.agent or None,
        "cases": list(question.cases),
        "not_replayed": [
            combination
            for combination in _combinations(LAYERS)
            if set(combination.split("+")) & set(question.lacking)
        ],
        "lacking": {layer: list(cases) for layer, cases in question.lacking.items()},
        "author": dict(question.author) or None,
        "confidence": 1 - question.alpha,
        **asdict(answer),
        "sentences": list(sentences(question, answer)),
        "exact": None if report.exact is None else dict(report.exact),
        "new_trials": report.new_trials,
        "stopped": report.stopped or None,
        "run": report.run,
        "record": report.record,
    }


def _combinations(layers: Sequence[str]) -> Iterator[str]:
    """Yield every combination of repaired layers, smallest first."""
    for count in range(1, len(layers) + 1):
        for some in itertools.combinations(layers, count):
            yield "+".join(some)


def attribution_text(report: AttributionReport) -> str:
    """Return the report, lines of at most 80 characters where names allow it."""
    return "\n".join(printable(line).rstrip() for line in _lines(report)) + "\n"


def _lines(report: AttributionReport) -> Iterator[str]:
    question, answer = report.question, report.answer
    yield _headline(report)
    for reason in answer.reasons:
        yield f"  because {reason}"
    if report.stopped:
        yield f"  stopped: {report.stopped}"
    yield ""
    for sentence in sentences(question, answer):
        yield f"- {sentence}"
    if answer.layers:
        yield ""
        yield from _table(answer, exact=report.exact is not None)
    yield ""
    yield from _cells(report)
    yield ""
    agent = f", the agent repaired by {question.agent}" if question.agent else ""
    yield f"cases    {', '.join(question.cases)}{agent}"
    if report.record:
        yield f"record   {report.record}"
        yield "next     harness verify"
    elif report.exact is not None:
        yield "exact    from log-probabilities: a diagnostic, not evidence, and not on record"


def _headline(report: AttributionReport) -> str:
    question, answer = report.question, report.answer
    start = f"{question.incident} on {question.model}: "
    if answer.drop is None or answer.rest is None:
        return start + "not measured"
    drop, rest = _number(answer.drop), _number(answer.rest)
    none = answer.drop.value + answer.rest.value
    return f"{start}{none:.2f} fail, repairing all layers removes {drop}, {rest} remain unexplained"


def _number(bounded: Bounded) -> str:
    if bounded.lower == bounded.upper:
        return f"{bounded.value:.2f}"
    return f"{bounded.value:.2f} ({bounded.lower:.2f} to {bounded.upper:.2f})"


def sentences(question: AttributionQuestion, answer: Attributed) -> Iterator[str]:
    """Yield what the author's shares and the measured ones have to say to each other."""
    if answer.drop is not None and answer.rest is not None:
        none = answer.drop.value + answer.rest.value
        for found in answer.layers:
            yield _sentence(found, none)
    for layer in LAYERS:
        if layer in question.lacking:
            given = question.author.get(layer)
            author = "" if given is None else f"the author gives {layer} {percent(given)}; "
            cases = ", ".join(question.lacking[layer])
            yield (
                f"{author}{layer} is not measured: {cases} declares no repair of it, so "
                f"{_with(layer)} cannot be replayed"
            )
    yield from _interactions(answer)


def _with(layer: str) -> str:
    return ", ".join(name for name in _combinations(LAYERS) if layer in name.split("+"))


def _sentence(found: LayerShare, none: float) -> str:
    alone = (
        f"repairing the {found.layer} alone removes {found.alone:.2f} of the {none:.2f} failures"
    )
    if found.alone < 0:
        alone = (
            f"repairing the {found.layer} alone adds {-found.alone:.2f} to the {none:.2f} failures"
        )
    author = (
        "" if found.author is None else f"the author gives {found.layer} {percent(found.author)}; "
    )
    if found.share is None:
        return f"{author}{alone}"
    share = percent(found.share.value)
    if found.share.lower == found.share.upper:
        close = found.author is not None and abs(found.author - found.share.value) <= _AGREES_WITHIN
        word = (
            "" if found.author is None else ", which is close" if close else ", which is not close"
        )
        return f"{author}{alone}, and its exact share is {share}{word}"
    bounds = f"{percent(found.share.lower)} to {percent(found.share.upper)}"
    word = ""
    if found.agrees is not None:
        word = ": that agrees" if found.agrees else ": that contradicts the author"
    return f"{author}{alone}, and its measured share is {share} ({bounds}){word}"


def _interactions(answer: Attributed) -> Iterator[str]:
    for each in answer.interactions:
        first, second = each.layers
        if not answer.shown or abs(each.beyond.value) < _WORTH_SAYING:
            continue
        if each.beyond.lower > 0:
            yield (
                f"{first} and {second} need each other: repairing both removes "
                f"{_number(each.beyond)} more than the two do apart"
            )
        elif each.beyond.upper < 0:
            lower, upper = sorted((-each.beyond.lower, -each.beyond.upper))
            bounds = "" if lower == upper else f" ({lower:.2f} to {upper:.2f})"
            yield (
                f"{first} and {second} stand in for each other: either removes what both do, "
                f"{-each.beyond.value:.2f}{bounds} of it"
            )


def _table(answer: Attributed, *, exact: bool) -> Iterator[str]:
    drop = "drop" if exact else "drop with bounds"
    yield f"  {'layer':8} {'author':>7} {'share':>7}  {'':10}  {drop}"
    for found in answer.layers:
        author = "-" if found.author is None else percent(found.author)
        share = "-" if found.share is None else percent(found.share.value)
        length = bar(min(1.0, max(0.0, found.share.value))) if found.share is not None else ""
        yield f"  {found.layer:8} {author:>7} {share:>7}  {length:10}  {_number(found.drop)}"


def _cells(report: AttributionReport) -> Iterator[str]:
    if report.exact is not None:
        yield f"  {'repaired':28} failure rate"
        for name, rate in report.exact.items():
            yield f"  {name:28} {percent(rate)}"
        return
    yield f"  {'repaired':28} {'failed':>9}"
    for cell in report.answer.cells:
        name = "+".join(cell.layers) or "none"
        share = cell.failures / cell.trials if cell.trials else 0.0
        note = f"  {cell.ungraded} ungraded" if cell.ungraded else ""
        yield f"  {name:28} {f'{cell.failures}/{cell.trials}':>9}  {bar(share)}{note}"
