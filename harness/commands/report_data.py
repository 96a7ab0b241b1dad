"""Gathering what the report shows: the files, the ledger, and what follows from both."""

import datetime as dt
import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import __version__, plugins
from harness.commands.attribution_files import measured_attributions, measured_shares
from harness.commands.closures_on_record import on_record
from harness.commands.context import Context
from harness.commands.life import closures
from harness.commands.lint_loading import read_project
from harness.commands.questions import Inquiry, Subject
from harness.commands.review import review_of
from harness.commands.standings import Held, held
from harness.commands.status import elsewhere, same_figures
from harness.decide.evidence import PASS, Evidence, SeriesKey
from harness.decide.looks import Asked, narrowing
from harness.decide.tallies import Tallies
from harness.domain.closure import state
from harness.domain.decision import Decision, Judgement
from harness.domain.item import ActionItem
from harness.domain.lint import Finding
from harness.domain.postmortem import Trace
from harness.domain.review import Quarter
from harness.domain.transcript import Message
from harness.domain.trial import BASE, Outcome
from harness.errors import HarnessError, InputError
from harness.files.evals import LoadedEval
from harness.files.folders import yaml_files
from harness.files.items import read_item
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.blobs import get_blob
from harness.ledger.reader import read_all
from harness.reporters.site.model import (
    Cell,
    EpochRow,
    Failure,
    ItemPage,
    Look,
    PostmortemPage,
    RecordPage,
    RunRow,
    Said,
    Site,
    TracePage,
)
from harness.reporters.site.text import shown
from harness.rules.grade import grade
from harness.rules.lint import Choice, lint
from harness.rules.view import PostmortemDocument, View

FAILURES = 10
"""So many failing trials are shown of an item, the last ones."""
MOST_LOOKS = 40
_RECORD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}", re.ASCII)
_LARGEST_RECORD = 4_000_000


@dataclass(slots=True)
class Ledger:
    """What the report needs of the ledger, read once."""

    tallies: Tallies
    evidence: Evidence = field(default_factory=Evidence)
    runs: list[RunRow] = field(default_factory=list)
    failing: dict[SeriesKey, deque[Mapping[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=FAILURES))
    )
    failed: dict[SeriesKey, int] = field(default_factory=lambda: defaultdict(int))
    nights: dict[SeriesKey, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """Series -> round of the cases -> the day on which its last trial was replayed."""
    models: dict[SeriesKey, str] = field(default_factory=dict)


def read_ledger(reports: Path, until: dt.date) -> Ledger:
    """Return the ledger; every chain is recomputed on the way, and damage raises LedgerError."""
    found = Ledger(Tallies(until))
    for run in read_all(reports):
        feed = found.evidence.add_run(run.run, run.head, run.records)
        day = f"{run.run[:4]}-{run.run[4:6]}-{run.run[6:8]}"
        trials = 0
        for record in run.records:
            if record["kind"] == "plan":
                found.models[feed.plans[str(record["plan"])][0]] = str(record["model"])
            elif record["kind"] == "trial":
                trials += 1
                key = feed.plans[str(record["plan"])][0]
                if record["variant"] == BASE:
                    found.nights[key][int(str(record["round"]))] = day
                if record["outcome"] != Outcome.PASS:
                    found.failed[key] += 1
                    found.failing[key].append({**record, "run": run.run})
        found.tallies.take(run.run, run.records)
        found.runs.append(RunRow(run.run, day, run.count, trials, run.head, run.sealed))
    return found


def gather(context: Context) -> Site:
    """Return all that the pages show; InputError where the project cannot be read at all."""
    project = load_project(find_root(context.start), plugins.adapter_names())
    today = context.now().date()
    evals: dict[str, LoadedEval] = {}
    view, files = read_project(project, today, evals)
    quarter = _quarter(view, today)
    ledger = read_ledger(project.reports, min(today, quarter.last) if quarter else today)
    view, strange = on_record(project, view, ledger.tallies.events)
    findings = lint(view, Choice(), len(files)).findings
    review = None
    if quarter is not None:
        review = review_of(project, view, findings, quarter, ledger.tallies, strange)
    traces = {name: held.value for name, held in view.traces.items() if held is not None}
    unreadable = [name for name, held in view.postmortems.items() if held is None]
    unreadable += [name for name, held in view.items.items() if held is None]
    return Site(
        name=project.root.resolve().name or "harness",
        as_of=today,
        version=__version__,
        items=tuple(_items(project, context, view, ledger, evals, today)),
        postmortems=tuple(_postmortems(project, view, findings, frozenset(traces))),
        traces=tuple(_trace(name, trace, view) for name, trace in sorted(traces.items())),
        gates=tuple(_records(project.reports / "gates")),
        nights=tuple(_records(project.reports / "nights")),
        runs=tuple(ledger.runs),
        review=review,
        unreadable=tuple(sorted(unreadable)),
    )


def _quarter(view: View, today: dt.date) -> Quarter | None:
    """Return the last quarter that has a postmortem."""
    days = [post.value.date for post in view.postmortems.values() if post is not None]
    past = [day for day in days if day <= today]
    return Quarter.of(max(past)) if past else None


def _items(
    project: LoadedProject,
    context: Context,
    view: View,
    ledger: Ledger,
    evals: Mapping[str, LoadedEval],
    today: dt.date,
) -> list[ItemPage]:
    known: dict[str, tuple[LoadedEval, Subject | None]] = {k: (v, None) for k, v in evals.items()}
    found: list[tuple[ItemPage, _Draft | None]] = []
    for path in yaml_files(project.items)[0]:
        try:
            loaded = read_item(project, path)
        except InputError:
            continue  # it is among what could not be read
        given = _declared(loaded.value, view)
        try:
            asked = held(project, ledger.evidence, today, loaded, known)
            asked = asked if asked.inquiry is not None else elsewhere(context, asked, today)
        except HarnessError as error:
            stage = state(closures(ledger.evidence, loaded.value.id), today)
            found.append((_unmeasured(given, stage, f"cannot be decided: {error}"), None))
            continue
        found.append(_page(project, ledger, asked, given))
    drafts = [draft for _, draft in found if draft is not None]
    looks = _looks(ledger, drafts)
    return [page if draft is None else replace(page, looks=next(looks)) for page, draft in found]


def _declared(item: ActionItem, view: View) -> dict[str, Any]:
    post = view.postmortems.get(item.incident)
    return {
        "id": item.id,
        "title": item.title,
        "kind": item.kind.replace("_", " "),
        "incident": item.incident,
        "failure_class": (post.value.failure_class or "") if post is not None else "",
        "owner": item.owner,
        "due": item.due.isoformat() if item.due else "",
    }


def _unmeasured(given: Mapping[str, Any], stage: str, note: str) -> ItemPage:
    return ItemPage(
        **given, state=stage, verdict="undecided", why=(), eval="", model="", base=None,
        twins=None, notes=(note,),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the looks of an item's page are computed from, together with those of all others."""

    key: SeriesKey
    places: Sequence[tuple[str, str, str]]
    first: int
    decision: Decision


def _page(
    project: LoadedProject, ledger: Ledger, asked: Held, given: Mapping[str, Any]
) -> tuple[ItemPage, _Draft | None]:
    decision, inquiry = asked.decision, asked.inquiry
    if decision is None:
        why = asked.standing.reason or "not decided yet"
        return _unmeasured(given, asked.standing.stage, why), None
    given = {
        **given,
        "state": asked.standing.stage,
        "events": tuple(_plain(event) for event in asked.closures.events),
        "verdict": decision.verdict.value,
        "why": tuple(filter(None, (asked.standing.reason, *decision.reasons))),
    }
    if inquiry is None:
        from_events = ItemPage(
            **given, eval="", model="", base=decision.base, twins=None,
            notes=decision.warnings,
        )  # fmt: skip
        return from_events, None
    decision = _bounded(inquiry, decision, ledger.evidence)
    key, subject = inquiry.question.key, inquiry.subject
    model = ledger.models.get(key, subject.model)
    page = ItemPage(
        **given,
        eval=subject.evaluation.id,
        model=subject.model,
        base=decision.base,
        twins=decision.twins,
        epochs=tuple(_epochs(ledger, subject.item.id)),
        cells=tuple(_cells(ledger, subject)),
        failures=tuple(_failure(project, record, model) for record in _failing(ledger, key)),
        failed_in_all=ledger.failed.get(key, 0),
        notes=decision.warnings,
    )
    first = inquiry.epoch.first_round.get(BASE, 0)
    return page, _Draft(key, inquiry.question.places(BASE), first, decision)


def _bounded(inquiry: Inquiry, decision: Decision, evidence: Evidence) -> Decision:
    """Return the decision with its bounds: those on record where it stands on the same trials."""
    last = evidence.decisions.get(decision.item)
    same = last is not None and all(last[k] == v for k, v in same_figures(decision).items())
    twins, told = decision.twins, last.get("twins") if last is not None else None
    if last is None or not same or (twins is not None and not _same_twins(twins, told)):
        return inquiry.decision(evidence)
    interval = last["interval"]
    base = replace(decision.base, lower=interval["lower"], upper=interval["upper"])
    if twins is not None and told is not None:
        twins = replace(twins, lower=told["lower"], upper=told["upper"])
    return replace(decision, base=base, twins=twins)


def _same_twins(twins: Judgement, told: Any) -> bool:
    figures = (twins.trials, twins.failures, twins.ungraded, twins.target)
    keys = ("trials", "failures", "ungraded", "target")
    return isinstance(told, Mapping) and figures == tuple(told.get(key) for key in keys)


def _failing(ledger: Ledger, key: SeriesKey) -> list[Mapping[str, Any]]:
    return list(reversed(ledger.failing.get(key, ())))


def _looks(ledger: Ledger, drafts: Sequence[_Draft]) -> Iterator[tuple[Look, ...]]:
    """Yield for every draft the bounds at its looks; the last ones are the decision's own."""
    codes = [ledger.evidence.of(d.key).rounds(d.places, d.first) for d in drafts]
    asked = [
        Asked(held, draft.decision.base.target, draft.decision.alpha)
        for held, draft in zip(codes, drafts, strict=True)
    ]
    for draft, looks in zip(drafts, narrowing(asked, MOST_LOOKS), strict=True):
        nights, base = ledger.nights.get(draft.key, {}), draft.decision.base
        yield tuple(
            Look(
                trials=look.trials,
                failures=look.failures,
                estimate=look.failures / look.trials,
                lower=base.lower if look is looks[-1] else look.lower,
                upper=base.upper if look is looks[-1] else look.upper,
                night=nights.get(draft.first + look.round, ""),
            )
            for look in looks
        )


def _epochs(ledger: Ledger, item: str) -> Iterator[EpochRow]:
    seen = set()
    for record in ledger.evidence.items.get(item, ()):
        row = EpochRow(
            record.epoch,
            ledger.models.get(record.series, ""),
            record.series.fingerprint,
            record.rules.failure_rate,
            record.first_round.get(BASE, 0),
        )
        if row not in seen:
            seen.add(row)
            yield row


def _cells(ledger: Ledger, asked: Subject) -> Iterator[Cell]:
    """Yield every case of the eval as it stands now, on every model that replayed it."""
    for key, series in ledger.evidence.series.items():
        if (key.eval, key.protocol) != (asked.evaluation.id, asked.protocol):
            continue
        model = f"{ledger.models.get(key, '')} {key.fingerprint[:6]}"
        for case, digests in asked.digests.items():
            codes = series.codes.get((BASE, case, digests[BASE]), {})
            if codes:
                failures = sum(code != PASS for code in codes.values())
                yield Cell(case, model, len(codes), failures)


def _failure(project: LoadedProject, record: Mapping[str, Any], model: str) -> Failure:
    shown_messages = _content(project, record.get("prompt"))
    asked = shown_messages.get("messages", []) if isinstance(shown_messages, dict) else []
    answered = _content(project, record.get("transcript"))
    replies = answered if isinstance(answered, list) else []
    said = [_said(index, message) for index, message in enumerate(replies)]
    if said:
        last = said[-1]
        said[-1] = Said(
            last.number, last.role, last.text, last.calls, last.reasoning, marked=True,
            note="decided here",
        )  # fmt: skip
    return Failure(
        run=record["run"],
        model=model,
        case=record["case"],
        variant=record["variant"],
        round=record["round"],
        outcome=record["outcome"],
        decision=record.get("decision") or "",
        reason=record.get("reason") or "",
        shown=tuple(_said(index, message) for index, message in enumerate(asked)),
        said=tuple(said),
    )


def _content(project: LoadedProject, stored: Any) -> Any:
    if isinstance(stored, dict) and "blob" in stored:
        return json.loads(get_blob(project.reports, stored["blob"]))
    return stored


def _said(number: int, message: Mapping[str, Any]) -> Said:
    calls = [f"{c.get('name', '')} {_as_text(c.get('arguments', c.get('raw')))}" for c in
             message.get("tool_calls") or ()]  # fmt: skip
    return Said(
        number,
        str(message.get("role", "")),
        shown(_as_text(message.get("content", ""))),
        tuple(shown(call, 40) for call in calls),
        shown(str(message.get("reasoning") or "")),
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def _postmortems(
    project: LoadedProject, view: View, findings: Sequence[Finding], traces: frozenset[str]
) -> Iterator[PostmortemPage]:
    known = [post for post in view.postmortems.values() if post is not None]
    measured = measured_attributions(project.reports)
    for post in sorted(known, key=lambda p: (p.value.date, p.value.id), reverse=True):
        yield PostmortemPage(
            post.value,
            tuple(_sections(post)),
            traces,
            measured.get(post.value.id),
            _shares(measured.get(post.value.id)),
            _graded(post, view, findings),
        )


def _shares(record: Mapping[str, Any] | None) -> Mapping[str, float] | None:
    return None if record is None else measured_shares(record)


def _graded(
    post: PostmortemDocument, view: View, findings: Sequence[Finding]
) -> tuple[int, str] | None:
    if not post.value.agent_involved:
        return None
    found = grade(post, view, findings)
    return found.points, found.letter


def _sections(post: PostmortemDocument) -> Iterator[tuple[str, str]]:
    heading, lines = "", list[str]()
    for line in post.body.splitlines():
        if line.startswith("## "):
            if heading or "".join(lines).strip():
                yield heading, "\n".join(lines).strip("\n")
            heading, lines = line.removeprefix("## "), []
        else:
            lines.append(line)
    if heading or "".join(lines).strip():
        yield heading, "\n".join(lines).strip("\n")


def _trace(name: str, trace: Trace, view: View) -> TracePage:
    quoted, harmful = set(), None
    post = view.postmortems.get(trace.incident)
    if post is not None and post.value.agent is not None:
        harmful = post.value.agent.harmful_message
        quoted = {
            one.trace.message for one in post.value.agent.inferences
            if one.trace is not None and one.trace.file == name
        }  # fmt: skip
    return TracePage(
        Path(name).stem,
        trace.incident,
        trace.reconstructed,
        tuple(
            _turn(number, message, quoted=number in quoted, harmful=number == harmful)
            for number, message in enumerate(trace.messages)
        ),
    )


def _turn(number: int, message: Message, *, quoted: bool, harmful: bool) -> Said:
    said = " ".join(message.sentences)
    text = _as_text(message.content)
    calls = [f"{c.name} {_as_text(dict(c.arguments) or c.raw or {})}" for c in message.tool_calls]
    note = "the inference" if quoted else ("the harmful step" if harmful else "")
    return Said(
        number,
        message.role,
        shown(f"{text} {said}".strip()),
        tuple(shown(call, 40) for call in calls),
        shown(message.reasoning or ""),
        marked=quoted or harmful,
        note=note,
    )


def _records(folder: Path) -> Iterator[RecordPage]:
    """Yield the records of a folder, the latest last; what is no JSON object says so."""
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return
    for path in paths:
        if _RECORD_NAME.fullmatch(path.stem) is None or path.is_symlink():
            continue
        body: Any
        try:
            if path.stat().st_size > _LARGEST_RECORD:
                raise ValueError("it is too large to be shown")  # noqa: TRY301 - told like the others
            body = json.loads(path.read_bytes())
            if not isinstance(body, dict):
                raise TypeError("it is no JSON object")  # noqa: TRY301 - told like the others
        except (OSError, ValueError, TypeError, RecursionError) as error:
            body = {"problem": f"{path.name} cannot be shown: {error}"}
        yield RecordPage(path.stem, _verdict(body), body)


def _verdict(body: Mapping[str, Any]) -> str:
    """Return what a gate or a night came to."""
    decision = body.get("decision")
    held = decision.get("verdict") if isinstance(decision, Mapping) else None
    verdict = held or body.get("verdict") or body.get("outcome") or ""
    return verdict if isinstance(verdict, str) else ""


def _plain(event: Any) -> Mapping[str, Any]:
    from harness.reporters.review_text import plain  # noqa: PLC0415 - records as plain values

    found = plain(event)
    assert isinstance(found, dict)  # noqa: S101 - a record becomes a mapping
    return found
