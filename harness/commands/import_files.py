"""What an import writes: the trace, the case, and the eval where it is new."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import plugins
from harness.commands import import_case
from harness.commands.import_stubs import DECISION, TOOL_CALL
from harness.domain.case import Case, Eval, GraderSpec
from harness.domain.postmortem import Trace
from harness.domain.record import Json
from harness.errors import InputError, Place, Problem
from harness.files.case_checks import case_problems
from harness.files.evals import FILE_NAME, eval_ids
from harness.files.folders import inside
from harness.files.project import LoadedProject
from harness.files.records import Loaded, load, load_bytes
from harness.files.source import MAX_BYTES
from harness.files.strict_json import load_json_bytes
from harness.files.traces import MOST_BYTES
from harness.plan.variants import resolve
from harness.rules.traces import messages_sha256

FOLDER = "traces"
_MIB = 1024 * 1024
_UNWRITABLE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
"""Characters that JSON allows and a project's files do not hold as they are."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import writes."""

    project: LoadedProject
    incident: str
    eval: str
    case: str

    @property
    def trace_path(self) -> Path:
        """The file of the trace."""
        return self.project.root / FOLDER / f"{self.incident}.json"

    @property
    def case_path(self) -> Path:
        """The file of the case."""
        return self.project.evals / self.eval / f"{self.case}.yaml"


def check_free(target: Target) -> None:
    """Say that a file stands there before a key is made for nothing."""
    paths = (target.trace_path, target.case_path)
    standing = [path for path in paths if path.exists() or path.is_symlink()]
    fix = "choose another --case, or move it away: an import never overwrites"
    if standing:
        raise InputError(*(Problem(Place(str(p)), "", "exists already", fix=fix) for p in standing))


def drafted(
    target: Target, clean: Mapping[str, Json], provenance: dict[str, Json], harmful: int
) -> tuple[Trace, dict[Path, str]]:
    """Return the trace, and the texts of all files by the path at which they will stand.

    The last of them makes the others count: a case counts where its eval is.
    """
    trace, text = _trace(target.incident, clean, provenance)
    draft = import_case.Draft(
        name=target.case,
        trace=trace,
        trace_file=f"{FOLDER}/{target.incident}.json",
        trace_sha256=hashlib.sha256(text.encode()).hexdigest(),
        harmful=harmful,
        grader=_grader(target.project, target.eval, trace, harmful),
        anonymization=provenance["anonymization"],
    )
    return trace, {target.trace_path: text, **_cases(target, draft)}


def _trace(
    incident: str, clean: Mapping[str, Json], provenance: dict[str, Json]
) -> tuple[Trace, str]:
    """Return the trace, as it reads back from its own text."""
    held = {
        key: value for key, value in clean.items() if key != "title" and value not in (None, [], {})
    }
    head = {"incident": incident, **held}
    path = Path(FOLDER) / f"{incident}.json"
    first = load_json_bytes(_json({**head, "provenance": provenance}).encode(), path, Trace).value
    provenance = {**provenance, "messages_sha256": messages_sha256(first.messages)}
    text = _json({**head, "provenance": provenance})
    if len(text.encode()) > MOST_BYTES:
        rule = f"the trace must be at most {MOST_BYTES // _MIB} MiB"
        got = f"{len(text.encode()):,} bytes"
        raise InputError(Problem(Place(str(path)), "", rule, got, "import a shorter session"))
    return load_json_bytes(text.encode(), path, Trace).value, text


def _json(value: Json) -> str:
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return _UNWRITABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _grader(project: LoadedProject, evaluation: str, trace: Trace, harmful: int) -> str:
    """Return the grader of the eval; for a new one the kind that fits the harmful step."""
    if evaluation not in eval_ids(project):
        called = trace.messages[harmful].tool_calls
        return TOOL_CALL if called else DECISION
    found = load(inside(project.root, project.evals / evaluation / FILE_NAME), Eval).value
    if found.cases_from is not None:
        rule = f"the eval has no cases of its own, but those of {found.cases_from}"
        raise InputError(Problem(Place("--eval"), "", rule, fix=f"write --eval {found.cases_from}"))
    return found.grader.name if isinstance(found.grader, GraderSpec) else found.grader


def _cases(target: Target, draft: import_case.Draft) -> dict[Path, str]:
    """Return the case, then its eval where there is none; both have been read back."""
    path, folder = target.case_path, target.case_path.parent
    text = import_case.case_text(draft)
    size = len(text.encode())
    if size > MAX_BYTES:
        rule = f"the case must be at most {MAX_BYTES // _MIB} MiB"
        fix = "name an earlier --harmful-message: a case is what a model is shown every trial"
        raise InputError(Problem(Place(str(path)), "", rule, f"{size:,} bytes", fix))
    files = {path: text}
    if target.eval not in eval_ids(target.project):
        files[folder / FILE_NAME] = import_case.eval_text(target.eval, draft.grader)
    _check_sound(load_bytes(text.encode(), path, Case), _eval_file(folder, files), draft.grader)
    return files


def _eval_file(folder: Path, files: Mapping[Path, str]) -> Loaded[Eval]:
    path = folder / FILE_NAME
    return load_bytes(files[path].encode(), path, Eval) if path in files else load(path, Eval)


def _check_sound(case: Loaded[Case], eval_file: Loaded[Eval], grader: str) -> None:
    """Refuse a draft that would keep its eval from loading: the other cases' items need it."""
    problems = case_problems(case, eval_file, plugins.grader(grader), resolve)
    if problems:
        raise InputError(*problems)
