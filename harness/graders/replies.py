"""What graders read of a transcript."""

from collections.abc import Sequence

from harness.domain.transcript import Message, Transcript
from harness.domain.trial import Grade, Outcome
from harness.errors import show

READ_AT_MOST = 100_000
"""Characters of a reply that are read; patterns are the user's, replies are anybody's."""


def final_text(messages: Sequence[Message]) -> str | None:
    """Return the text of the last assistant message, or None when nothing was said.

    One that is cut ends in an ellipsis, so that its beginning is never taken for the whole.
    """
    for message in reversed(messages):
        if message.role == "assistant":
            text = str(message.content)
            return text if len(text) <= READ_AT_MOST else text[:READ_AT_MOST] + "…"
    return None


def unanswered(transcript: Transcript) -> Grade | None:
    """Return the grade of a transcript in which the model broke off or ran out of time."""
    if transcript.error is None:
        return None
    return Grade(Outcome.UNGRADED, reason=transcript.error)


def unparsed(text: str | None, expected: str) -> Grade:
    """Return the grade of a reply that fits nothing."""
    got = "an empty reply" if not text else show(text)
    return Grade(Outcome.UNGRADED, reason=f"expected {expected}, got {got}")
