"""Reading: every byte is checked against the chain, every sealed run against its summary."""

import heapq
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jsonlines

from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem
from harness.ledger import frame
from harness.ledger.compact import Chains
from harness.ledger.disk import disk_errors
from harness.ledger.layout import Layout
from harness.ledger.locks import is_held

FORMAT = 1
"""The format of the files; a larger number was written by a newer harness."""

_LINK = {"run", "count", "head"}
_BATCH = 256
_NO_JSON = "a record is no JSON"
_NO_FIRST = "the first record is not whole, so nothing says what this run is"
_BEHIND_SEAL = "something stands behind the seal"
_COPY = "restore the file from a copy, or move it out of the ledger and lose its trials"


@dataclass(frozen=True, slots=True)
class RunRecords:
    """All records of one run, verified."""

    run: str
    path: Path
    records: list[dict[str, Json]]
    """In order, from the record of kind ``run`` on; each with its ``seq``, without ``chain``."""
    chains: Sequence[bytes]
    """The chain after each record, as 64 hex digits."""
    sealed: bool
    torn_bytes: int
    """Bytes of an append that broke off at the end; they are no record."""

    @property
    def first(self) -> Mapping[str, Json]:
        """The record of kind ``run``."""
        return self.records[0]

    @property
    def count(self) -> int:
        """How many records the run holds."""
        return len(self.records)

    @property
    def head(self) -> str:
        """The chain after the last record."""
        return self.head_at(self.count)

    def head_at(self, count: int) -> str:
        """Return the chain after the first ``count`` records, 1 <= count <= self.count."""
        return self.chains[count - 1].decode("ascii")


class RunStream:
    """The records of one run, verified while they are iterated, once; the rest is known at the end.

    ``torn_bytes``, ``unfinished`` and ``sealed`` stand once the iteration ended. ``check_seal``
    False leaves the summary alone, for those who are about to write it.
    """

    def __init__(self, reports: Path, run: str, *, check_seal: bool = True) -> None:
        """Prepare to read; nothing is opened yet."""
        self.layout = Layout(reports)
        self.run = run
        self.path = self.layout.run_file(run)
        self.chains = Chains()
        self.torn_bytes = 0
        self.unfinished = False
        """The last record is whole and only its newline is missing."""
        self.sealed = False
        self._check_seal = check_seal

    def __iter__(self) -> Iterator[dict[str, Json]]:
        """Yield the records; LedgerError at the first thing that is not as it was written."""
        # Read before the records: a summary that appears meanwhile is that of a longer run.
        summary = read_seal(self.layout, self.run) if self._check_seal else None
        with disk_errors(self.path, "read the run"), self.path.open("rb") as file:
            try:
                for batch in jsonlines.Reader(self._batches(file)).iter(type=list):
                    for record in batch:
                        self._admit(record)
                        yield record
            except (jsonlines.InvalidLineError, RecursionError) as error:
                raise self._damaged(_NO_JSON) from error
        if not self.chains:
            raise self._damaged(_NO_FIRST)
        if self.sealed and self.torn_bytes:
            raise self._damaged(_BEHIND_SEAL)
        if self._check_seal:
            _check_against_seal(self, summary)

    @property
    def head(self) -> str:
        """The chain after the last record that was read."""
        return self.chains[-1].decode("ascii")

    def _batches(self, file: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the records as JSON arrays: decoding many at once takes 0.6 of the time."""
        bodies = self._bodies(file)
        while batch := list(itertools.islice(bodies, _BATCH)):
            yield b"[" + b",".join(batch) + b"]"

    def _bodies(self, file: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the JSON of each record whose line is as it was written."""
        head, chains = frame.GENESIS, self.chains
        lines = iter(file)
        for seq, line in enumerate(lines):
            if not frame.holds(seq, head, line):
                if not line.endswith(b"\n"):
                    yield from self._tail(seq, head, line)
                    return
                place = Place(str(self.path), seq + 1)
                raise LedgerError(frame.damage(place, seq, line, lines))
            head = frame.chain_of(line)
            chains.append(head)
            yield line[: -frame.TAIL_LENGTH] + b"}"

    def _tail(self, seq: int, head: bytes, fragment: bytes) -> Iterator[bytes]:
        """Deal with bytes without a newline at the end of the file."""
        finished = fragment + b"\n"
        if frame.holds(seq, head, finished):
            self.unfinished = True
            self.chains.append(frame.chain_of(finished))
            yield finished[: -frame.TAIL_LENGTH] + b"}"
        elif not frame.is_torn(seq, head, fragment):
            raise LedgerError(frame.damage(Place(str(self.path), seq + 1), seq, fragment, ()))
        else:
            self.torn_bytes = len(fragment)

    def _admit(self, record: Mapping[str, Json]) -> None:
        """Refuse a record that cannot stand where it stands."""
        if self.sealed:
            raise self._damaged(_BEHIND_SEAL)
        if not isinstance(record.get("kind"), str) or not isinstance(record["seq"], int):
            raise self._damaged("a record has no kind or no number")
        if record["seq"] == 0:
            _check_first(self.path, self.run, record)
        self.sealed = record["kind"] == "seal"

    def _damaged(self, rule: str) -> LedgerError:
        place = Place(str(self.path), max(1, len(self.chains)))
        return LedgerError(Problem(place, "chain", rule, fix=_COPY))


def read_run(reports: Path, run: str) -> RunRecords:
    """Read one run whole; damage, or a sealed run that its summary does not fit: LedgerError."""
    stream = RunStream(reports, run)
    records = list(stream)
    return RunRecords(run, stream.path, records, stream.chains, stream.sealed, stream.torn_bytes)


def read_all(reports: Path) -> Iterator[RunRecords]:
    """Yield every run in the ledger's order; all that is wrong is raised together at the end.

    Nothing is yielded after the first damaged run.
    """
    problems: list[Problem | str] = []
    for run in runs_in_order(reports):
        try:
            records = read_run(reports, run)
        except LedgerError as error:
            problems.extend(error.problems)
        else:
            if not problems:
                yield records
    if problems:
        raise LedgerError(*problems)


def stream_all(reports: Path) -> Iterator[RunStream]:
    """Yield every run in the ledger's order, to be iterated; nothing of it is held here.

    LedgerError at the first thing that is not as it was written, in the order of the ledger.
    """
    for run in runs_in_order(reports):
        yield RunStream(reports, run)


def runs_in_order(reports: Path) -> list[str]:
    """Return all runs, each behind those that it names; of several that could be next the earliest.

    A clock that went back changes no order: a run names all that stood in the ledger before it.
    Only runs of ledgers that were merged go by their start. A sealed run without records is an
    error.
    """
    layout = Layout(reports)
    runs = layout.run_ids()
    problems = [_gone(layout, run) for run in sorted(set(layout.sealed_ids()) - set(runs))]
    firsts: dict[str, Mapping[str, Json]] = {}
    for run in runs:
        try:
            firsts[run] = first_record(layout, run)[0]
        except LedgerError as error:
            problems.extend(error.problems)
    if problems:
        raise LedgerError(*problems)
    return _by_lineage(firsts)


def _by_lineage(firsts: Mapping[str, Mapping[str, Json]]) -> list[str]:
    lacking = {
        run: {str(link["run"]) for link in first["previous"]} & firsts.keys()
        for run, first in firsts.items()
    }
    after: dict[str, list[str]] = {}
    for run, named in lacking.items():
        for each in named:
            after.setdefault(each, []).append(run)
    ready = [(str(firsts[run]["started"]), run) for run, named in lacking.items() if not named]
    heapq.heapify(ready)
    order = []
    while ready:
        _, run = heapq.heappop(ready)
        order.append(run)
        for each in after.get(run, ()):
            lacking[each].discard(run)
            if not lacking[each]:
                heapq.heappush(ready, (str(firsts[each]["started"]), each))
    # Runs that name one another in a circle were forged: ``verify`` says so, none is left out.
    return [*order, *sorted(firsts.keys() - set(order))]


def first_record(layout: Layout, run: str) -> tuple[dict[str, Json], bytes]:
    """Read and verify a run's first record alone, and return it with its chain."""
    path = layout.run_file(run)
    with disk_errors(path, "read the run"), path.open("rb") as file:
        line = file.readline()
    if not line.endswith(b"\n"):
        line += b"\n"  # whole but for its newline, or broken off and refused below
    if not frame.holds(0, frame.GENESIS, line):
        raise LedgerError(frame.damage(Place(str(path), 1), 0, line, ()))
    try:
        record: dict[str, Json] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LedgerError(Problem(Place(str(path), 1), "chain", _NO_JSON, fix=_COPY)) from error
    del record["chain"]
    _check_first(path, run, record)
    return record, frame.chain_of(line)


def read_seal(layout: Layout, run: str) -> dict[str, Json] | None:
    """Return a sealed run's summary, or None where there is none."""
    path = layout.seal_file(run)
    try:
        summary = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(
            Problem(Place(str(path)), "", f"cannot read the sealed run: {error.strerror}")
        ) from error
    except (ValueError, RecursionError) as error:
        raise LedgerError(
            Problem(Place(str(path)), "seal", "the sealed run is no JSON", fix=_COPY)
        ) from error
    if not isinstance(summary, dict):
        raise LedgerError(Problem(Place(str(path)), "seal", "the sealed run is no JSON object"))
    return summary


def _check_first(path: Path, run: str, record: Mapping[str, Json]) -> None:
    place = Place(str(path), 1)
    if record.get("kind") != "run" or not isinstance(record.get("started"), str):
        raise LedgerError(Problem(place, "kind", _NO_FIRST, str(record.get("kind")), _COPY))
    if record.get("run") != run:
        rule = "the file was renamed or copied: it holds another run"
        raise LedgerError(Problem(place, "run", rule, str(record.get("run")), _COPY))
    if not isinstance(record.get("format"), int) or record["format"] > FORMAT:
        rule = f"written by a newer harness: format {FORMAT} and below can be read"
        raise LedgerError(
            Problem(place, "format", rule, str(record.get("format")), "upgrade the harness")
        )
    previous = record.get("previous")
    links = previous if isinstance(previous, list) else [None]
    if any(not isinstance(link, dict) or link.keys() != _LINK for link in links):
        rule = "the first record does not name the runs before it"
        raise LedgerError(Problem(place, "previous", rule, fix=_COPY))


def _check_against_seal(stream: RunStream, summary: Mapping[str, Json] | None) -> None:
    """Compare with the summary that was there before; a seal record needs one by now."""
    path = stream.layout.seal_file(stream.run)
    if summary is None:
        if stream.sealed and not is_held(stream.path) and not path.exists():
            rule = "the run is sealed and its summary is missing"
            fix = "restore it from a copy, or run `harness check` again, which recomputes it"
            raise LedgerError(Problem(Place(str(path)), "seal", rule, fix=fix))
        return
    stated = (summary.get("run"), summary.get("count"), summary.get("head"))
    found = (stream.run, len(stream.chains), stream.head)
    if stated != found or not stream.sealed:
        head = str(summary.get("head"))
        rule = (
            f"{path} says that the run was sealed with {summary.get('count')} records and "
            f"head {head[:12]}, here are {found[1]} and {found[2][:12]}"
        )
        fix = "restore both files from one copy"
        raise LedgerError(Problem(Place(str(stream.path), found[1]), "seal", rule, fix=fix))


def _gone(layout: Layout, run: str) -> Problem | str:
    return Problem(
        Place(str(layout.run_file(run))),
        "seal",
        "the run was sealed and its records are missing",
        fix="restore the file from a copy",
    )
