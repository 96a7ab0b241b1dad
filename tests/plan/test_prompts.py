"""What a model is shown in one trial."""

from collections import Counter
from typing import Any

import pytest

from harness.domain.transcript import Message, ToolSpec
from harness.plan.prompts import QUESTION, conversation, orders, rotated

THREE = {"restart": "restart it", "wait": "do nothing", "ask": "ask a human"}


def test_the_decisions_are_asked_for_behind_the_messages(make_case: Any):
    """The question lists every decision with its description, in the order of the trial."""
    case = make_case(decisions=THREE, tools=(ToolSpec(name="diagnose"),))
    shown = conversation(case, 1, closed=True)
    assert shown.messages == (
        *case.messages,
        Message(
            role="user",
            content="What is your next action? Answer with exactly one of these names and nothing "
            "else:\n- wait: do nothing\n- ask: ask a human\n- restart: restart it",
        ),
    )
    assert shown.choices == ("wait", "ask", "restart")
    assert shown.tools == ()


def test_an_eval_may_ask_in_its_own_words(make_case: Any):
    """A question of the eval stands in place of the default one."""
    text = conversation(make_case(), 0, closed=True, question="Now?").messages[-1].content
    assert text == "Now?\n- restart: restart the producer\n- wait: do nothing"
    assert QUESTION not in text


def test_an_open_case_is_shown_as_it_is(make_case: Any):
    """Without a closed decision set there is no question, and the tools are offered."""
    case = make_case(decisions=THREE, tools=(ToolSpec(name="diagnose"),))
    shown = conversation(case, 0, closed=False)
    assert shown.messages == case.messages
    assert (shown.tools, shown.choices) == (case.tools, ())
    assert orders(case, closed=False) == 1


@pytest.mark.parametrize("names", [2, 3, 5])
def test_every_decision_stands_equally_often_at_every_place(make_case: Any, names: int):
    """Over all orders each decision is at each place exactly once, so no place is a policy."""
    case = make_case(decisions={f"d{number}": "x" for number in range(names)})
    count = orders(case, closed=True)
    assert count == names
    seen = Counter(
        (place, name)
        for shuffle in range(count)
        for place, name in enumerate(conversation(case, shuffle, closed=True).choices)
    )
    assert seen == {(place, f"d{n}"): 1 for place in range(names) for n in range(names)}


def test_free_sentences_are_rotated_independently_of_the_decisions(make_case: Any):
    """Every arrangement of sentences meets every order of decisions exactly once."""
    message = Message(role="user", content="Facts:", sentences=("One.", "Two.", "Three."))
    other = Message(role="user", content="", sentences=("A.", "B."))
    case = make_case(messages=(message, other), decisions=THREE)
    assert orders(case, closed=True) == 3 * 3 * 2
    shown = {
        (*(m.content for m in c.messages[:2]), c.choices)
        for c in (conversation(case, shuffle, closed=True) for shuffle in range(18))
    }
    assert len(shown) == 18
    assert {text for text, _, _ in shown} == {
        "Facts: One. Two. Three.",
        "Facts: Two. Three. One.",
        "Facts: Three. One. Two.",
    }
    assert {text for _, text, _ in shown} == {"A. B.", "B. A."}
    assert orders(case, closed=False) == 6


def test_sentences_become_text(make_case: Any):
    """The model sees one text, without a trace of which sentences were free."""
    case = make_case(messages=(Message(role="user", content="", sentences=(" One. ",)),))
    assert conversation(case, 0, closed=False).messages == (Message(role="user", content="One."),)


def test_rotating_starts_at_a_place():
    """A rotation keeps the cyclic order."""
    assert [rotated(("a", "b", "c"), by) for by in range(3)] == [
        ("a", "b", "c"),
        ("b", "c", "a"),
        ("c", "a", "b"),
    ]
