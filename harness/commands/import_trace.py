"""``harness import``: a trace as it was recorded becomes an anonymized trace and a case."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.anonymize import Anonymizer, Roster
from harness.commands import import_source
from harness.commands.context import Context
from harness.commands.import_files import FOLDER, Target, check_free, drafted
from harness.commands.import_key import find_key
from harness.commands.new_text import FILL_IN
from harness.domain.item import EscalationItem, EvalCoverageItem, GuardrailItem
from harness.domain.postmortem import Trace
from harness.errors import InputError, Place, Problem
from harness.files.create import create
from harness.files.evals import FILE_NAME
from harness.files.items import list_items
from harness.files.names import checked_name
from harness.files.project import LoadedProject, find_root, load_project
from harness.files.staging import alone, leftovers, recover
from harness.files.trace_source import read_document


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user said of the trace."""

    incident: str
    eval: str
    case: str | None = None
    importer: str | None = None
    select: int | None = None
    harmful_message: int | None = None
    roster: str | None = None
    key_file: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made, or would make."""

    incident: str
    importer: str
    why: str
    """What the importer goes by."""
    title: str
    selected: int
    of: int
    """How many conversations the file holds."""
    trace: Trace
    harmful: int
    chosen: bool
    """Whether the user named the harmful message."""
    counts: Mapping[str, int]
    """How many values were replaced, by type."""
    version: str
    """The anonymizer's."""
    key: str
    """Where the key comes from."""
    files: Mapping[Path, str]
    dry_run: bool
    next: tuple[str, ...]


def import_trace(context: Context, file: str, options: ImportOptions) -> Imported:
    """Read, anonymize, verify, and write the trace, the case and, where it is new, the eval."""
    project = load_project(find_root(context.start))
    target = Target(project, options.incident, options.eval, _names(options))
    _tidied(context, project, dry_run=options.dry_run)
    document, digest = read_document(Path(file))
    chosen, found, number = import_source.read_selected(document, options.importer, options.select)
    trajectory = found[number - 1]
    harmful = import_source.harmful_step(document, trajectory, options.harmful_message)
    check_free(target)
    key = find_key(
        context.environ, project.root, options.incident, options.key_file, make=not options.dry_run
    )
    anonymizer = Anonymizer(key.value, incident=options.incident, roster=_roster(options.roster))
    plain = import_source.plain_of(trajectory, document)
    clean = import_source.anonymized(anonymizer, plain, document)
    report = anonymizer.report()
    provenance = {
        "source_sha256": digest,
        "importer": chosen.spec.name,
        "anonymization": {"version": report.version, "counts": dict(report.counts)},
    }
    trace, files = drafted(target, clean, provenance, harmful)
    if not options.dry_run:
        create(project.root, files)
    return Imported(
        incident=options.incident,
        importer=chosen.spec.name,
        why=chosen.detection.why,
        title=str(clean["title"]),
        selected=number,
        of=len(found),
        trace=trace,
        harmful=harmful,
        chosen=options.harmful_message is not None,
        counts=dict(report.counts),
        version=report.version,
        key=key.source,
        files=files,
        dry_run=options.dry_run,
        next=tuple(_next(target, options, harmful)),
    )


def _tidied(context: Context, project: LoadedProject, *, dry_run: bool) -> None:
    """Take back what a broken-off command left; a dry run changes nothing and says so."""
    left = leftovers(project.root)
    if left and dry_run:
        raise InputError(*left)
    if left:
        with alone(project.root):
            for note in recover(project.root):
                context.say(note)


def _names(options: ImportOptions) -> str:
    """Return the case's name, once it is sure that every name given is one."""
    checked_name(options.incident, Place("--incident"))
    checked_name(options.eval, Place("--eval"))
    if options.case is None:
        return options.incident.lower()
    checked_name(options.case, Place("--case"))
    if f"{options.case}.yaml" == FILE_NAME:
        raise InputError(
            Problem(Place("--case"), "", "is the name of the eval's own file", options.case)
        )
    return options.case


def _roster(file: str | None) -> Roster:
    return Roster() if file is None else Roster.load(Path(file))


def _next(target: Target, options: ImportOptions, harmful: int) -> list[str]:
    if options.dry_run:
        return ["nothing was written; the same without --dry-run writes these files"]
    post = target.project.root / "postmortems" / f"{options.incident}.md"
    steps = [f"fill in what {FILL_IN} marks, then: harness lint {target.case_path}"]
    if not post.exists():
        steps.append(
            f"harness new postmortem {options.incident} --trace {FOLDER}/{options.incident}.json "
            f"--harmful-message {harmful}"
        )
    if not any(item.eval == options.eval for item in _replayed_items(target.project)):
        steps.append(
            f"harness new item ITEM --kind eval_coverage --incident {options.incident} "
            f"--eval {options.eval}, then: harness check ITEM"
        )
    return steps


def _replayed_items(project: LoadedProject) -> list[EvalCoverageItem | GuardrailItem]:
    """Return the items that replay an eval; what cannot be read is lint's business."""
    try:
        found = list_items(project)
    except InputError:
        return []
    values = [loaded.value for loaded in found]
    return [value for value in values if not isinstance(value, EscalationItem)]


def imported_object(found: Imported) -> dict[str, Any]:
    """Return what an import made, as plain values."""
    return {
        "incident": found.incident,
        "importer": found.importer,
        "why": found.why,
        "title": found.title,
        "select": found.selected,
        "conversations": found.of,
        "messages": len(found.trace.messages),
        "tools": len(found.trace.tools),
        "harmful_message": found.harmful,
        "lossy": [asdict(loss) for loss in found.trace.lossy],
        "anonymization": {"version": found.version, "counts": dict(found.counts)},
        "dry_run": found.dry_run,
        "files": [
            {
                "path": str(path),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                **({"text": text} if found.dry_run else {}),
            }
            for path, text in found.files.items()
        ],
        "next": list(found.next),
    }
