"""Recomputing everything that the ledger says of itself, and listing all that does not fit."""

from collections.abc import Mapping
from pathlib import Path

from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem
from harness.ledger.blobs import blobs_of, get_blob
from harness.ledger.layout import Layout
from harness.ledger.reader import RunStream, first_record
from harness.ledger.seal import Summary, render

Finding = Problem | str
"""One thing that is wrong, with its place."""

_COPY = "restore the file from a copy"


def verify(reports: Path, run: str | None = None) -> list[Finding]:
    """Recompute chains, seals, totals, links between runs, trial ids and blobs.

    With ``run`` that run alone and the runs that it names. An empty list: all of it fits.
    """
    check = _Check(Layout(reports))
    try:
        check.all_of(run)
    except LedgerError as error:
        check.findings.extend(error.problems)
    return check.findings


class _Check:
    """One pass over the ledger: what was seen, and what was wrong."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.findings: list[Finding] = []
        self._trials: dict[str, str] = {}
        """Which run holds a trial."""
        self._blobs: set[str] = set()
        self._links: list[tuple[str, Mapping[str, Json]]] = []
        """A run, and what it says of one before it."""
        self._heads: dict[tuple[str, int], str] = {}
        self._whole: set[str] = set()

    def all_of(self, run: str | None) -> None:
        present = self.layout.run_ids()
        sealed = set(self.layout.sealed_ids())
        wanted = sorted(sealed.union(present)) if run is None else [run]
        for each in wanted:
            self._take_links(each)
        asked: dict[str, set[int]] = {}
        for _, link in self._links:
            asked.setdefault(link["run"], set()).add(link["count"])
        for each in wanted:
            self._run(each, asked.get(each, set()), sealed=each in sealed)
        for each in sorted((asked.keys() & set(present)) - set(wanted)):
            self._read(RunStream(self.layout.reports, each), asked[each], Summary())
        for namer, link in self._links:
            self._link(namer, link, set(present))

    def _take_links(self, run: str) -> None:
        """Note which runs a run names; a first record that cannot be read is found later."""
        try:
            first, _ = first_record(self.layout, run)
        except LedgerError:
            return
        self._links.extend((run, link) for link in first["previous"])

    def _run(self, run: str, asked: set[int], *, sealed: bool) -> None:
        """Check one run alone, and remember its chain where a later run names it."""
        if sealed and not self.layout.run_file(run).exists():
            rule = "the run was sealed and its records are missing"
            self._found(self.layout.run_file(run), 0, "seal", rule)
            return
        stream = RunStream(self.layout.reports, run)
        summary = Summary()
        self._read(stream, asked, summary)
        if sealed and run in self._whole and stream.sealed:
            path = self.layout.seal_file(run)
            if path.read_bytes() != render(summary.of(stream)):
                self._found(path, 0, "seal", "the summary is not the one that the records give")

    def _read(self, stream: RunStream, asked: set[int], summary: Summary) -> None:
        """Check every record, and remember the chain where other runs name it."""
        try:
            for record in stream:
                summary.add(record)
                self._record(stream, record)
        except LedgerError as error:
            self.findings.extend(error.problems)
            return
        self._whole.add(stream.run)
        for count in asked:
            if 1 <= count <= len(stream.chains):
                self._heads[stream.run, count] = stream.chains[count - 1].decode("ascii")

    def _record(self, stream: RunStream, record: Mapping[str, Json]) -> None:
        """Look for the record's trial in what was seen, and for its blobs on the disk."""
        line = record["seq"] + 1
        if record["kind"] == "trial":
            trial = str(record.get("id"))
            seen = self._trials.get(trial)
            if seen is not None:
                rule = f"trial {trial[:12]} is in run {seen} already, so it would count twice"
                self._found(stream.path, line, "id", rule)
            self._trials[trial] = stream.run
        for digest in blobs_of(record):
            if digest in self._blobs:
                continue
            self._blobs.add(digest)
            try:
                get_blob(self.layout.reports, digest)
            except LedgerError as error:
                self.findings.extend(error.problems)

    def _link(self, namer: str, link: Mapping[str, Json], present: set[str]) -> None:
        """Check what a run says of one before it, unless that one is known to be damaged."""
        path = self.layout.run_file(namer)
        named, count = link["run"], link["count"]
        if named not in present:
            rule = f"run {named}, which stood in the ledger before this one, was removed"
            self._found(path, 1, "previous", rule)
        elif named in self._whole and self._heads.get((named, count)) != link["head"]:
            rule = f"run {named} no longer begins with the {count} records that it had"
            self._found(path, 1, "previous", rule)

    def _found(self, path: Path, line: int, key: str, rule: str) -> None:
        self.findings.append(Problem(Place(str(path), line), key, rule, fix=_COPY))
