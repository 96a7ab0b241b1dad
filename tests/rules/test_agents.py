import pytest

from harness.rules.rule import alone

OPEN = "agent_involved:\nagent:\n"


def _named(fired, text: str) -> bool:
    """Whether a text that takes the sound one's place names an agent that nobody declared."""
    front = (
        "---\nid: INC-1\ntitle: Listings were down\ndate: 2026-03-04\nstatus: final\n---\n"
        f"## Summary\n{text}\n"
    )
    return "PM001" in {rule for rule, _ in fired(*alone(front))}


@pytest.mark.parametrize(
    "text",
    [
        "The AI agent restarted the consumers.",
        "An LLM answered the ticket.",
        "Our coding agent removed the folder.",
        "Claude Code ran the clean-up.",
        "The agent inferred that the queue was stuck.",
        "The agent's diagnosis was wrong.",
        "The\nagent then concluded that a restart helps.",
        "The support chatbot promised a refund.",
        "The triage assistant decided to scale up.",
        "A large language model wrote the change.",
        "- 03:00 the agent executed the recovery",
    ],
)
def test_an_agent_is_named(fired, text: str) -> None:
    """A text that speaks of an AI agent says whether it was involved."""
    assert _named(fired, text)


@pytest.mark.parametrize(
    "text",
    [
        "The real-estate agent decided to list the house.",
        "The user agent was not in the allow list.",
        "The monitoring agent ran out of memory on two nodes.",
        "An SSH agent held the key; the agent was restarted by hand.",
        "The travel agent called, and the agent said that nothing worked.",
        "The Jenkins agent executed the build twice.",
        "A cleaning agent damaged the server room floor.",
        "The build agent lost its disk.",
        "The agent was upgraded to version 7 on all hosts.",
        "A data model error in the schema.",
        "```\nthe AI agent decided\n```",
        "<!-- the AI agent decided -->",
        "> the AI agent decided",
        "The assistant manager believed the report.",
    ],
)
def test_other_agents_are_none_of_this(fired, text: str) -> None:
    """Estate agents, user agents, build agents, code and quotes declare nothing."""
    assert not _named(fired, text)


def test_filled_rows_name_an_agent(fired) -> None:
    """Rows about an agent are words enough."""
    found = fired(front="agent_involved:\n")
    assert (
        "PM001",
        "the text names an agent (its rows are filled), and agent_involved is not set",
    ) in found


def test_a_declared_text_may_say_what_it_likes(fired) -> None:
    """Where the key is set, the words are free."""
    assert fired(text="The AI agent concluded that the consumers were stuck.") == []
