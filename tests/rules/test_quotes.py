import json

import pytest

from harness.domain.lint import Example, Severity
from harness.files.traces import load_trace
from harness.rules.quotes import _example
from harness.rules.rule import in_postmortem
from harness.rules.sound import CASE, MESSAGES, TRACE
from harness.rules.traces import messages_sha256

SAID = "The queue is stuck because the consumers are deadlocked."


def _trace(**changes: object) -> Example:
    return Example("traces/INC-1.json", json.dumps({**json.loads(TRACE), **changes}))


def test_a_quote_that_stands_elsewhere_is_sent_there(fired) -> None:
    """The words of another turn get that turn's number."""
    assert fired(front=_example("I look at the queue before I decide")) == [
        ("PM401", "message 4 does not say this; message 2 does")
    ]


def test_a_quote_of_nothing_says_so(fired) -> None:
    """Where no turn shares a word there is no nearest span."""
    assert fired(front=_example("zebras graze quietly under tall acacias")) == [
        ("PM401", "message 4 does not say this; no turn of the agent comes near it")
    ]


def test_the_nearest_span_is_told(fired) -> None:
    """The author sees what to copy, and out of which message."""
    (found,) = fired(front=_example("it never examined any producer before running recovery"))
    nearest = '"never looked at the producer before"'
    assert found == (
        "PM401",
        f"message 4 does not say this; the nearest is in message 8: {nearest}",
    )


def test_what_the_agent_wrote_into_a_call_is_its_word(fired) -> None:
    """Reasoning and the texts of a call's arguments are quoted like any other words."""
    messages = [dict(message) for message in MESSAGES]
    messages[4] = {
        "role": "assistant",
        "reasoning": "Four consumers wait on one lock, as in a deadlock.",
        "tool_calls": [
            {"name": "page", "arguments": {"why": ["the queue will not recover alone"]}}
        ],
    }
    for quote in ("Four consumers wait on one lock", "the queue will not recover alone"):
        assert fired(_trace(messages=messages), front=_example(quote)) == []


def test_the_harmful_turns_own_words_come_before_its_call(fired) -> None:
    """A belief said in the turn that acts on it was held before the step."""
    messages = [dict(message) for message in MESSAGES]
    messages[6] = {**messages[6], "content": SAID}
    front = _example(SAID, message=6)
    assert fired(_trace(messages=messages), front=front) == []
    messages[6] = {"role": "assistant", "content": SAID}
    assert [rule for rule, _ in fired(_trace(messages=messages), front=front)] == ["PM404"]


@pytest.mark.parametrize(
    ("message", "harmful", "found"),
    [
        (8, 6, ("PM404", "the quote is from message 8, and the harmful step is message 6")),
        (1, 6, ("PM405", "message 1 is a message of role user")),
        (99, 100, ("PM405", "the trace has no message 99, its last is 8")),
        (4, 50, ("PM405", "the trace has no harmful_message 50, its last is 8")),
    ],
)
def test_numbers_that_mean_something_else(fired, message: int, harmful: int, found) -> None:
    """A number names a turn of the agent, before the harm, in the trace."""
    assert found in fired(front=_example(SAID, message=message, harmful=harmful))


@pytest.mark.parametrize(
    ("quote", "what"),
    [
        ("is stuck", "has fewer than 5 words, got 2"),
        ("The queue is stuck [...] are deadlocked", "has a piece of fewer than 3 words"),
    ],
)
def test_short_quotes_prove_nothing(fired, quote: str, what: str) -> None:
    """Five words in all, three in each piece."""
    assert fired(front=_example(quote)) == [("PM403", f"the quote {what}")]


def test_a_declared_confession_is_a_warning(lint_with) -> None:
    """Who has nothing better says so, and is only reminded."""
    front = (
        "sources: [{url: 'https://example.com/a'}]\nagent:\n  inferences:\n"
        "    - inferred: I guessed that deleting it would be scoped to staging\n"
        "      quote: {basis: verbatim_after, source: 'https://example.com/a'}\n"
        "      inference_correct: false\n"
        "      correct_inference: the volume is shared across environments\n"
        "      missed_signal: the environments to which the volume is attached\n"
        "      signal_in_context: false\n"
        "      change: {layer: tool, what: the volume's answer lists its environments}\n"
    )
    (finding,) = lint_with(in_postmortem(front)).findings
    assert (finding.rule, finding.severity) == ("PM404", Severity.WARNING)


def test_a_trace_that_was_edited_is_found(fired) -> None:
    """Case and trace record what they were made of."""
    case = CASE + f'provenance: {{trace_sha256: "{"0" * 64}"}}\n'
    found = fired(Example("cases/queue-stall/producer-silent.yaml", case))
    assert [rule for rule, _ in found] == ["PM406"]
    assert "is not the file that the case in" in found[0][1]
    edited = _trace(provenance={"messages_sha256": "0" * 64})
    assert fired(edited) == [
        ("PM406", "the messages of traces/INC-1.json are not those that were imported")
    ]


def test_a_trace_records_its_own_messages(fired, tmp_path) -> None:
    """The digest in a trace's provenance is that of its messages in their canonical form."""
    path = tmp_path / "trace.json"
    path.write_text(TRACE)
    own = messages_sha256(load_trace(path).value.messages)
    assert fired(_trace(provenance={"messages_sha256": own})) == []


def test_the_trace_of_another_incident_is_no_evidence(fired) -> None:
    """A trace names its incident."""
    assert ("PM406", "traces/INC-1.json is the trace of INC-2") in fired(_trace(incident="INC-2"))


def test_neither_trace_nor_quote(fired) -> None:
    """A row without either rests on nothing."""
    front = _example(SAID).replace("      trace: {file: traces/INC-1.json, message: 4}\n", "")
    assert fired(front=front) == [("PM406", "inference 1 has neither trace nor quote")]


def test_a_quote_names_one_of_the_sources(fired) -> None:
    """A source that the postmortem does not list cannot be looked up."""
    front = _example(SAID).replace(
        "      trace: {file: traces/INC-1.json, message: 4}\n",
        "      quote: {basis: paraphrase, source: 'https://example.com/b'}\n",
    )
    assert fired(front=front) == [
        ("PM408", "quote: source is none of the urls in sources, got https://example.com/b")
    ]
    assert fired(front=front.replace(", source: 'https://example.com/b'", "")) == [
        ("PM408", "quote: basis: paraphrase needs its source")
    ]
