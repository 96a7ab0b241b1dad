"""What an import reads: the conversation of the incident, and the step that did the harm."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness import plugins
from harness.anonymize import Anonymizer, Finding, settled
from harness.domain.record import Json
from harness.domain.trajectory import Loss
from harness.errors import InputError, Place, Problem
from harness.files.trace_source import read_document
from harness.importers.detection import Chosen, choose
from harness.ports.importer import Document, Trajectory
from harness.replay.wire import messages as wire_messages

_MOST_FINDINGS = 20


def read_selected(
    document: Document, importer: str | None, select: int | None
) -> tuple[Chosen, Sequence[Trajectory], int]:
    """Return the importer, the conversations that it reads, and the number of the selected one."""
    chosen = _importer(document, importer)
    found = chosen.spec.read(document)
    return chosen, found, _selected(document, found, select)


def learned(anonymizer: Anonymizer, file: str, importer: str | None, select: int | None) -> None:
    """Draw the surrogates of a trace as its import did."""
    document, _ = read_document(Path(file))
    _, found, number = read_selected(document, importer, select)
    anonymized(anonymizer, plain_of(found[number - 1], document), document)


def _importer(document: Document, name: str | None) -> Chosen:
    if name is None:
        return choose(document, map(plugins.importer, plugins.importer_names()))
    spec = plugins.importer(name)
    return Chosen(spec, spec.detect(document))


def _selected(document: Document, found: Sequence[Trajectory], select: int | None) -> int:
    if select is not None and not 1 <= select <= len(found):
        rule = f"the file holds conversations 1 to {len(found)}"
        raise InputError(Problem(Place("--select"), "", rule, str(select)))
    if select is None and len(found) > 1:
        rule = f"holds {len(found)} conversations"
        fix = "choose one with --select N"
        listed = [_listed(number, each) for number, each in enumerate(found, 1)]
        problem = Problem(Place(document.name), "", rule, fix=fix)
        most = 200
        more = [f"  … and {len(listed) - most} more"] if len(listed) > most else []
        raise InputError(problem, *listed[:most], *more)
    return select or 1


def _listed(number: int, trajectory: Trajectory) -> str:
    calls = sum(len(message.tool_calls) for message in trajectory.messages)
    model = trajectory.responded_model or trajectory.requested_model
    told = [
        f"{len(trajectory.messages)} messages",
        f"{calls} tool calls",
        *([model] if model else []),
    ]
    return f"  {number}: {trajectory.title or 'conversation'} ({', '.join(told)})"


def harmful_step(document: Document, trajectory: Trajectory, number: int | None) -> int:
    """Return the message of the harmful step: the one named, or the agent's last that calls."""
    place, messages = Place("--harmful-message"), trajectory.messages
    if number is None:
        turns = [n for n, message in enumerate(messages) if message.role == "assistant"]
        calls = [n for n in turns if messages[n].tool_calls]
        candidates = calls or turns
        if not candidates:
            rule = "holds no message of the agent, so there is no step to decide"
            fix = "import the trace that holds its answer"
            raise InputError(Problem(Place(document.name), "", rule, fix=fix))
        number = candidates[-1]
    if number >= len(messages):
        rule = f"the trace has messages 0 to {len(messages) - 1}"
        raise InputError(Problem(place, "", rule, str(number)))
    if messages[number].role != "assistant":
        near = [n for n, message in enumerate(messages) if message.role == "assistant"]
        closest = min(near, key=lambda n: abs(n - number), default=None)
        rule = f"is no message of the agent, but of role {messages[number].role}"
        fix = "" if closest is None else f"write {closest}, the nearest of the agent's"
        raise InputError(Problem(place, "", rule, str(number), fix))
    return number


def plain_of(trajectory: Trajectory, document: Document) -> dict[str, Json]:
    """Return all of a trajectory that is kept, as JSON."""
    return {
        "title": trajectory.title,
        "messages": wire_messages(trajectory.messages),
        "tools": [asdict(tool) for tool in trajectory.tools],
        "requested_model": trajectory.requested_model,
        "responded_model": trajectory.responded_model,
        "sampling": dict(trajectory.sampling),
        "times_s": list(trajectory.times_s),
        "failed": list(trajectory.failed),
        "compactions": list(trajectory.compactions),
        "lossy": [asdict(loss) for loss in _merged((*document.losses, *trajectory.lossy))],
    }


def _merged(losses: Sequence[Loss]) -> list[Loss]:
    counts: dict[tuple[str, str], int] = {}
    for loss in losses:
        counts[loss.what, loss.why] = counts.get((loss.what, loss.why), 0) + loss.count
    return [Loss(what=what, why=why, count=count) for (what, why), count in counts.items()]


def anonymized(
    anonymizer: Anonymizer, plain: dict[str, Json], document: Document
) -> dict[str, Json]:
    """Return what is safe to commit; InputError where anything of the original is left."""
    spoken = {key: plain[key] for key in ("title", "messages", "tools", "requested_model",
                                          "responded_model", "sampling", "lossy")}  # fmt: skip
    anonymizer.collect(spoken)
    clean, left = settled(spoken, anonymizer)
    if left:
        told = [_left(document, finding) for finding in left[:_MOST_FINDINGS]]
        raise InputError(*told)
    return {**plain, **clean}


def _left(document: Document, finding: Finding) -> Problem:
    """Return where something is left and of what type, never what it is."""
    rule = f"is left after anonymizing, so nothing is written: {finding.why}"
    fix = "name it in --roster FILE, or take it out of the trace"
    return Problem(Place(document.name), ".".join(map(str, finding.path)), rule, finding.kind, fix)
