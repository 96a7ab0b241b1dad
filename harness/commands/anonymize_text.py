"""``harness anonymize``: a text, such as a quote, with the surrogates of an imported incident."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from harness.anonymize import Anonymizer, Roster, settled
from harness.commands.context import Context
from harness.commands.import_files import FOLDER
from harness.commands.import_key import known_key
from harness.commands.import_source import learned
from harness.errors import InputError, Place, Problem
from harness.files.folders import inside
from harness.files.names import checked_name
from harness.files.project import find_root, load_project
from harness.files.source import MAX_BYTES, read_bytes

STDIN = "-"


@dataclass(frozen=True, slots=True)
class TextOptions:
    """Whose surrogates, and what they are drawn from."""

    incident: str
    roster: str | None = None
    key_file: str | None = None
    trace: str | None = None
    """The trace as it was recorded, from which names and dates are learned again."""
    importer: str | None = None
    select: int | None = None


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A text without what identifies somebody or opens something."""

    incident: str
    text: str
    counts: Mapping[str, int]
    version: str


def anonymize_text(
    context: Context, file: str, options: TextOptions, stdin: Callable[[], BinaryIO] | None = None
) -> Anonymized:
    """Return a text as it stands in the incident's anonymized trace.

    InputError where the incident has no key here, or where anything of the text would be left.
    """
    checked_name(options.incident, Place("--incident"))
    root = load_project(find_root(context.start)).root
    text = _text(file, stdin or (lambda: sys.stdin.buffer))
    key = known_key(context.environ, root, options.incident, options.key_file)
    roster = Roster() if options.roster is None else Roster.load(Path(options.roster))
    anonymizer = Anonymizer(key.value, incident=options.incident, roster=roster)
    if options.trace is not None:
        learned(anonymizer, options.trace, options.importer, options.select)
    _remember(anonymizer, root, options.incident)
    anonymizer.collect(text)
    before = dict(anonymizer.report().counts)
    clean, left = settled(text, anonymizer)
    if left:
        name = "stdin" if file == STDIN else file
        fix = "name it in --roster FILE, or take it out of the text"
        rule = "is left after anonymizing, so nothing is printed: "
        raise InputError(
            *dict.fromkeys(
                Problem(Place(name), "", rule + each.why, each.kind, fix) for each in left
            )
        )
    report = anonymizer.report()
    counts = {kind: n - before.get(kind, 0) for kind, n in report.counts.items()}
    counts = {kind: n for kind, n in counts.items() if n}
    return Anonymized(options.incident, clean, counts, report.version)


def _remember(anonymizer: Anonymizer, root: Path, incident: str) -> None:
    """Take from the anonymized trace, where there is one, whether and from where dates moved."""
    path = root / FOLDER / f"{incident}.json"
    if path.is_file():
        try:
            trace = json.loads(read_bytes(inside(root, path)))
        except (ValueError, RecursionError):
            raise InputError(Problem(Place(str(path)), "", "is not readable as JSON")) from None
        anonymizer.remember(trace.get("messages") if isinstance(trace, dict) else None)


def _text(file: str, stdin: Callable[[], BinaryIO]) -> str:
    name = "stdin" if file == STDIN else file
    content = stdin().read(MAX_BYTES + 1) if file == STDIN else read_bytes(Path(file))
    if len(content) > MAX_BYTES:
        raise InputError(Problem(Place(name), "", f"must be at most {MAX_BYTES} bytes"))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"the byte 0x{content[error.start]:02x}"
        raise InputError(Problem(Place(name), "", "must be UTF-8", got)) from None


def anonymized_object(found: Anonymized) -> dict[str, Any]:
    """Return an anonymized text as plain values."""
    return {
        "incident": found.incident,
        "text": found.text,
        "anonymization": {"version": found.version, "counts": dict(found.counts)},
    }
