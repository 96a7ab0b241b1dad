"""Cases that people have still to finish: what an import left open is never replayed."""

from collections.abc import Iterable

from harness.errors import InputError, Problem
from harness.files.evals import LoadedEval


def draft_problems(found: LoadedEval) -> tuple[Problem, ...]:
    """Return one problem for each case of an eval that a draft left open."""
    # The rules know where such words mean it; they are imported where there is something to tell.
    open_ = [case for case in found.cases if "FILL IN" in repr(case.value)]
    if not open_:
        return ()
    from harness.rules.rows import drafted  # noqa: PLC0415
    from harness.rules.view import Document  # noqa: PLC0415

    problems = []
    for case in open_:
        left = list(drafted(Document(case.value, case.place)))
        if left:
            key, place = left[0]
            more = f" (and in {len(left) - 1} more places)" if len(left) > 1 else ""
            rule = f"is a draft: FILL IN stands where a person must write{more}"
            fix = "write what it stands for; harness lint lists every place"
            problems.append(Problem(place, key, rule, fix=fix))
    return tuple(problems)


def refuse_drafts(problems: Iterable[Problem]) -> None:
    """Raise InputError with the cases that a draft left open, where there are any."""
    found = list(dict.fromkeys(problems))
    if found:
        raise InputError(*found)
