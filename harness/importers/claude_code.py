"""Sessions of Claude Code: lines that form a tree, of which one branch is the conversation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import take_tools
from harness.importers.speech import speak
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "lines of type user and assistant with uuid, parentUuid and message"
_SPEAKERS = frozenset({"user", "assistant"})

Line = Mapping[str, Any]


def detect(document: Document) -> Detection:
    """Look for lines that hold a message, and its place in a tree or session."""
    for record in document.records[:200]:
        if (
            isinstance(record, Mapping)
            and str(record.get("type")) in _SPEAKERS
            and isinstance(record.get("message"), Mapping)
            and ("uuid" in record or "sessionId" in record or "session_id" in record)
        ):
            return Detection(0.95, "lines of type user and assistant with a message")
    return NOT_MINE


def read(document: Document) -> list[Trajectory]:
    """Return the main conversation of each session, then those of its subagents."""
    lines, doubled = _once([line for line in document.records if isinstance(line, Mapping)])
    sessions: dict[str, list[Line]] = {}
    for line in lines:
        if line.get("isSidechain") is True:
            key = f"subagent {line.get('agentId') or _root(line, lines)}"
        else:
            key = "main"
        sessions.setdefault(key, []).append(line)
    main = sessions.pop("main", [])
    made = [
        _trajectory(main, _title(main), whole=not sessions, doubled=doubled),
        *(_trajectory(own, key, whole=False) for key, own in sessions.items()),
    ]
    return spoken(document, made, WHERE)


def _title(lines: Iterable[Line]) -> str:
    names = (line.get("sessionId") or line.get("session_id") for line in lines)
    return str(next((name for name in names if name), "session"))


def _root(line: Line, lines: Sequence[Line]) -> str:
    """Return the uuid of the first line of a sidechain."""
    by_id = {one["uuid"]: one for one in lines if isinstance(one.get("uuid"), str)}
    seen: set[str] = set()
    at = line
    while True:
        uuid, parent = str(at.get("uuid")), at.get("parentUuid")
        above = by_id.get(parent) if isinstance(parent, str) else None
        if uuid in seen or above is None or above.get("isSidechain") is not True:
            return uuid
        seen.add(uuid)
        at = above


def _once(lines: list[Line]) -> tuple[list[Line], int]:
    """Return the lines without those that repeat another's uuid, and how many of these differ."""
    known: dict[str, Line] = {}
    kept, doubled = [], 0
    for line in lines:
        uuid = line.get("uuid")
        if isinstance(uuid, str) and uuid in known:
            doubled += line != known[uuid]
            continue
        if isinstance(uuid, str):
            known[uuid] = line
        kept.append(line)
    return kept, doubled


def _trajectory(lines: list[Line], title: str, *, whole: bool, doubled: int = 0) -> Trajectory:
    builder = Builder()
    builder.lose("lines with the uuid of another line", "the first of them counts", doubled)
    kept = branch(lines)
    left_out = sum(_speaks(line) for line in lines) - sum(_speaks(line) for line in kept)
    why = "they stand on branches of the session that were abandoned"
    builder.lose("messages of other branches", why, left_out)
    for line in lines:
        if line.get("type") == "system" and line.get("subtype") == "init":
            model = line.get("model")
            builder.requested = model if isinstance(model, str) else None
            take_tools(builder, line.get("tools"))
    for line in kept:
        _line(builder, line)
    if not any(entry.message.role == "system" for entry in builder.entries) and builder.entries:
        builder.lose("the system text and the tools' definitions", "the session does not hold them")
    ids = {id(line) for line in kept}
    others = [line for line in lines if not _speaks(line)] if whole else []
    return builder.finish([*(line for line in lines if id(line) in ids), *others], title)


def _speaks(line: Line) -> bool:
    return str(line.get("type")) in _SPEAKERS and isinstance(line.get("message"), Mapping)


def branch(lines: list[Line]) -> list[Line]:
    """Return the lines of the branch on which the session ended, in the order of the file.

    Calls made at once have lines of their own, and their results hang on them like branches: they
    are part of the conversation all the same.
    """
    by_id = {line["uuid"]: line for line in lines if isinstance(line.get("uuid"), str)}
    speakers = [line for line in lines if _speaks(line)]
    linked = any(isinstance(line.get("parentUuid"), str) for line in lines)
    if not linked or not by_id or not speakers:
        return speakers
    on_branch = {str(line.get("uuid")) for line in _upward(speakers[-1], by_id)}
    turns = {
        _turn(line)
        for line in speakers
        if str(line.get("uuid")) in on_branch and _turn(line) is not None
    }
    on_branch |= {str(line["uuid"]) for line in speakers if "uuid" in line and _turn(line) in turns}
    calls = {
        call
        for line in speakers
        if str(line.get("uuid")) in on_branch
        for call in _ids(line, "tool_use", "id")
    }
    on_branch |= {
        str(line["uuid"])
        for line in speakers
        if "uuid" in line and calls.intersection(_ids(line, "tool_result", "tool_use_id"))
    }
    boundaries = [line for line in lines if line.get("subtype") == "compact_boundary"]
    chosen = {id(line) for line in (*speakers, *boundaries) if str(line.get("uuid")) in on_branch}
    return [line for line in lines if id(line) in chosen]


def _upward(line: Line, by_id: Mapping[str, Line]) -> Iterator[Line]:
    """Yield a line and those above it, past the places where the context was compacted."""
    seen: set[str] = set()
    at: Line | None = line
    while at is not None:
        uuid = str(at.get("uuid"))
        if uuid in seen:
            return
        seen.add(uuid)
        yield at
        parent = at.get("parentUuid") or at.get("logicalParentUuid")
        at = by_id.get(parent) if isinstance(parent, str) else None


def _turn(line: Line) -> str | None:
    message = line.get("message")
    if line.get("type") != "assistant" or not isinstance(message, Mapping):
        return None
    identifier = message.get("id")
    return identifier if isinstance(identifier, str) and identifier else None


def _ids(line: Line, kind: str, key: str) -> Iterator[str]:
    message = line.get("message")
    content: Json = message.get("content") if isinstance(message, Mapping) else None
    for block in content if isinstance(content, list) else ():
        own = isinstance(block, Mapping) and block.get("type") == kind
        if own and isinstance(block.get(key), str):
            yield block[key]


def _line(builder: Builder, line: Line) -> None:
    at = seconds(line.get("timestamp"))
    if not _speaks(line):
        builder.compacted()
        return
    if line.get("isCompactSummary") is True:
        builder.compacted()
    message = line["message"]
    model = message.get("model")
    if line.get("isApiErrorMessage") is True or model == "<synthetic>":
        builder.lose("messages that the program wrote in the agent's place", "no model said them")
        return
    if isinstance(model, str):
        builder.responded = model
    speak(builder, {"role": line["type"], **message}, at, _turn(line))


SPEC = ImporterSpec("claude_code", WHERE, detect, read)
