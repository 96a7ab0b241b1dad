"""Grader ``text``: regular expressions over the final reply."""

import re
from collections.abc import Mapping, Sequence

from harness.domain.case import Case
from harness.domain.record import Json
from harness.domain.transcript import Message, Transcript
from harness.domain.trial import Grade, Outcome
from harness.graders.replies import final_text, unanswered, unparsed
from harness.ports.grader import CaseProblem, GraderSpecification


class TextGrader:
    """Fails a reply in which a failing pattern is found, passes one with a correct pattern."""

    def decided(self, case: Case, messages: Sequence[Message]) -> bool:  # noqa: ARG002 - the port
        """Say that the trial ends when the model stops calling tools, which the loop sees."""
        return False

    def grade(self, case: Case, transcript: Transcript) -> Grade:
        """Return the grade; a failing pattern wins over a correct one."""
        broken = unanswered(transcript)
        if broken:
            return broken
        text = final_text(transcript.messages)
        for outcome, patterns in ((Outcome.FAIL, case.failing), (Outcome.PASS, case.correct)):
            for pattern in patterns:
                if re.search(str(pattern), text or ""):
                    return Grade(outcome, reason=f"matches {pattern}")
        return unparsed(text, "a match of a correct or failing pattern")


def _build(options: Mapping[str, Json]) -> TextGrader:
    if options:
        raise ValueError("the text grader takes no options")
    return TextGrader()


def check_case(case: Case) -> list[CaseProblem]:
    """Return the patterns of a resolved case that are none."""
    problems: list[CaseProblem] = []
    for key in ("correct", "failing"):
        for index, value in enumerate(getattr(case, key)):
            place = f"{key}[{index}]"
            if not isinstance(value, str):
                rule = "the text grader needs a regular expression"
                problems.append((place, rule, f"{value}", "write a string"))
                continue
            try:
                re.compile(value)
            except re.error as error:
                problems.append((place, f"is no regular expression: {error}", value, ""))
    return problems


SPEC = GraderSpecification(name="text", build=_build, check_case=check_case)
