"""Results without keys, whichever adapter brought them."""

from dataclasses import replace

from harness.domain.transcript import Message, Transcript
from harness.domain.trial import TrialError, TrialResult
from harness.errors import printable
from harness.ports.secrets import Secrets

_LONGEST = 300


def redacted(result: TrialResult | TrialError, secrets: Secrets) -> TrialResult | TrialError:
    """Return the result with every key taken out of what was said and why it ended."""
    if not secrets.values:
        return result
    if isinstance(result, TrialError):
        return replace(result, error=secrets.redact(result.error))
    grade = result.grade
    return replace(
        result,
        grade=replace(
            grade,
            decision=secrets.maybe(grade.decision),
            reason=secrets.redact(grade.reason),
        ),
        transcript=_transcript(result.transcript, secrets),
    )


def told(why: str, secrets: Secrets) -> str:
    """Return somebody else's words as a report may show them: short, printable, without keys."""
    return printable(secrets.redact(why), _LONGEST)


def _transcript(transcript: Transcript, secrets: Secrets) -> Transcript:
    return replace(
        transcript,
        messages=tuple(_message(message, secrets) for message in transcript.messages),
        responded_model=secrets.maybe(transcript.responded_model),
        provider=secrets.maybe(transcript.provider),
        failure=secrets.maybe(transcript.failure),
        error=secrets.maybe(transcript.error),
    )


def _message(message: Message, secrets: Secrets) -> Message:
    return replace(
        message,
        content=secrets.value(message.content),
        reasoning=secrets.maybe(message.reasoning),
        tool_call_id=secrets.maybe(message.tool_call_id),
        name=secrets.maybe(message.name),
        tool_calls=tuple(secrets.call(call) for call in message.tool_calls),
    )
