"""Keys, and keeping them out of everything that is kept or shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.domain.record import Json
from harness.domain.transcript import ToolCall, Turn

REDACTED = "[redacted key]"
SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
"""Names of environment variables whose values are taken for keys, where a program is given them."""
SHORTEST_KEY = 8
"""Characters; what is shorter is a placeholder such as EMPTY, and would be found in every text."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keys of a model."""

    values: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show how many there are: a record that is printed must not tell them."""
        return f"Secrets({len(self.values)})"

    def redact(self, text: str) -> str:
        """Return the text without them."""
        for value in self.values:
            if value in text:
                text = text.replace(value, REDACTED)
        return text

    def redact_turn(self, turn: Turn) -> Turn:
        """Return the turn without them: a model may say what it was given, or an echo server."""
        if not self.values:
            return turn
        texts = (turn.text, turn.reasoning, turn.stop, turn.model, turn.provider)
        plain = not any(text and value in text for text in texts for value in self.values)
        if plain and not turn.tool_calls:
            return turn
        return replace(
            turn,
            text=self.redact(turn.text),
            reasoning=self.maybe(turn.reasoning),
            stop=self.maybe(turn.stop),
            model=self.maybe(turn.model),
            provider=self.maybe(turn.provider),
            tool_calls=tuple(self.call(call) for call in turn.tool_calls),
        )

    def maybe(self, text: str | None) -> str | None:
        """Return the text, if there is one, without them."""
        return None if text is None else self.redact(text)

    def call(self, call: ToolCall) -> ToolCall:
        """Return a tool call without them."""
        return replace(
            call,
            name=self.redact(call.name),
            id=self.maybe(call.id),
            raw=self.maybe(call.raw),
            arguments=self.value(dict(call.arguments)),
        )

    def value(self, value: Json) -> Json:
        """Return a JSON value without them."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return value
