"""Cases that people have still to finish: what an import left open is never replayed."""

from collections.abc import Sequence

from harness.commands.questions import Subject, checks
from harness.errors import InputError, Problem
from harness.files.evals import load_eval
from harness.files.project import LoadedProject


def refuse_drafts(project: LoadedProject, found: Sequence[Subject]) -> None:
    """Raise InputError with each of the items' cases that a draft left open."""
    evals = dict.fromkeys(subject.item.eval for subject in found if _open(subject))
    if not evals:
        return
    # The rules are imported where there is something to tell of.
    from harness.rules.rows import drafted  # noqa: PLC0415
    from harness.rules.view import Document  # noqa: PLC0415

    problems: list[Problem | str] = []
    for name in evals:
        for case in load_eval(project, name, checks()).cases:
            left = list(drafted(Document(case.value, case.place)))
            if left:
                key, place = left[0]
                more = f" (and in {len(left) - 1} more places)" if len(left) > 1 else ""
                rule = f"is a draft: FILL IN stands where a person must write{more}"
                fix = "write what it stands for; harness lint lists every place"
                problems.append(Problem(place, key, rule, fix=fix))
    if problems:
        raise InputError(*dict.fromkeys(problems))


def _open(subject: Subject) -> bool:
    """Whether a case may hold what drafts hold; the rules know where such words mean it."""
    return any("FILL IN" in repr(case) for case in subject.cases.values())
