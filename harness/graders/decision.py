"""Grader ``decision``: the reply names one decision of a closed set."""

import json
from collections.abc import Mapping, Sequence

from harness.domain.case import Case
from harness.domain.record import Json
from harness.domain.transcript import Message, Transcript
from harness.domain.trial import Grade, Outcome
from harness.graders.replies import final_text, unanswered, unparsed
from harness.ports.grader import CaseProblem, GraderSpecification

_AROUND = " \t\r\n`'\"*_.“”‘’"  # noqa: RUF001 - quotation marks that models put around a name


class DecisionGrader:
    """Passes the correct decisions; whatever else of the set is named fails."""

    def decided(self, case: Case, messages: Sequence[Message]) -> bool:  # noqa: ARG002 - the port
        """Say that the first reply settles it."""
        return bool(messages)

    def grade(self, case: Case, transcript: Transcript) -> Grade:
        """Return the grade of the decision that the reply names, and of nothing less strict."""
        broken = unanswered(transcript)
        if broken:
            return broken
        text = final_text(transcript.messages)
        name = named(text or "", case.decisions)
        if name is None:
            return unparsed(text, f"one of {', '.join(case.decisions)}")
        if name in case.correct:
            return Grade(Outcome.PASS, name)
        known = name in case.failing
        return Grade(Outcome.FAIL, name, "" if known else "neither correct nor failing: a failure")


def named(text: str, decisions: Mapping[str, str]) -> str | None:
    """Return the decision that a reply names, or None.

    The whole reply must be the name, or a JSON string, or a JSON object whose only key is
    ``decision``; quotation marks, emphasis and a full stop around it, and case, do not count.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        stripped = _from_json(stripped)
    return {_bare(name): name for name in decisions}.get(_bare(stripped))


def _bare(name: str) -> str:
    return name.strip(_AROUND).casefold()


def _from_json(text: str) -> str:
    try:
        # As pairs: of two equal keys a dict would keep the last, and hide that two were named.
        pairs = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return ""
    alone = len(pairs) == 1 and pairs[0][0] == "decision" and isinstance(pairs[0][1], str)
    return pairs[0][1] if alone else ""


def _build(options: Mapping[str, Json]) -> DecisionGrader:
    if options:
        raise ValueError("the decision grader takes no options")
    return DecisionGrader()


def check_case(case: Case) -> list[CaseProblem]:
    """Return what keeps a resolved case from being graded by its decisions."""
    names = list(case.decisions)
    if len(names) < 2:  # noqa: PLR2004 - a choice is between two
        fix = "write decisions: {name: what it does, ...}"
        return [("decisions", "needs at least two decisions", str(len(names)), fix)]
    if len({_bare(name) for name in names}) < len(names):
        rule = "names must differ in more than case and a dot or underscore at the end"
        return [("decisions", rule, ", ".join(names), "")]
    problems: list[CaseProblem] = []
    for key in ("correct", "failing"):
        for index, value in enumerate(getattr(case, key)):
            if not isinstance(value, str) or value not in case.decisions:
                fix = f"write one of {', '.join(names)}"
                problems.append((f"{key}[{index}]", "is no decision of this case", f"{value}", fix))
    return problems


SPEC = GraderSpecification(
    name="decision", build=_build, check_case=check_case, closed_decisions=True
)
