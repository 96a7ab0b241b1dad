"""The judge's reply: one object of a fixed form, asked for and read strictly."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.domain.transcript import Turn, Usage
from harness.domain.trial import Outcome
from harness.graders.judge import FORM, JudgeGrader

JUDGE = JudgeGrader(judge="judge", rubric="Did it look first?", calibration="labels.jsonl")
VALUES = st.sampled_from(["pass", "fail", "PASS", "", "It looked.", 1, None, True, ["pass"]])


@pytest.fixture
def case(make_case: Any) -> Any:
    """Return a case that a judge can be told of."""
    return make_case(decisions={}, correct=("it looks first",), failing=("it restarts at once",))


def fits(form: Any, value: Any) -> bool:
    """Tell whether a value is of a form."""
    return jsonschema.Draft202012Validator(form).is_valid(value)


@given(reply=st.dictionaries(st.sampled_from(["reason", "outcome", "note"]), VALUES))
@example(reply={"reason": "It looked.", "outcome": "pass"})
@example(reply={"outcome": "fail", "reason": ""})
def test_what_is_of_the_form_is_read_and_nothing_else(reply: dict[str, Any]) -> None:
    """Whoever decodes by the schema gets a grade, and no grade comes of anything else."""
    grade = JUDGE.read(Turn(text=json.dumps(reply), usage=Usage()))
    assert fits(FORM, reply) == (grade.outcome is not Outcome.UNGRADED)


def test_a_judge_asks_for_its_form(case: Any) -> None:
    """The schema goes with the question, so that an adapter can hold the endpoint to it."""
    asked = JUDGE.asked(case, ())
    assert (asked.form, asked.choices) == (FORM, ())


def test_a_bare_judge_has_two_words_and_no_form(case: Any) -> None:
    """Without reasons the reply is one of a closed set, as a decision is."""
    asked = replace(JUDGE, reasons=False).asked(case, ())
    assert (asked.form, asked.choices) == (None, ("pass", "fail"))
