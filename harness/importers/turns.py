"""An agent's parts, put together into its messages."""

from collections.abc import Iterable

from harness.domain.transcript import ToolCall
from harness.importers.blocks import Answered, Called, Dropped, Part, Said, Thought
from harness.importers.builder import NOT_TEXT, Builder


def say_parts(builder: Builder, spoken: Iterable[Part], at: float | None, turn: str | None) -> None:
    """Read an agent's parts; a result between them ends the message before it."""
    held = _Held(builder, at, turn)
    for part in spoken:
        if isinstance(part, Answered):
            held.flush()
            builder.answer(part, at)
            held.said = True
        else:
            held.take(part)
    if not held.said:
        held.flush(whatever=True)
    held.flush()


class _Held:
    """The parts of one message, until it is whole."""

    def __init__(self, builder: Builder, at: float | None, turn: str | None) -> None:
        self.builder, self.at, self.turn = builder, at, turn
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.calls: list[ToolCall] = []
        self.said = False

    def take(self, part: Part) -> None:
        if isinstance(part, Said):
            self.texts.append(part.text)
        elif isinstance(part, Thought):
            self.thoughts.append(part.text)
        elif isinstance(part, Called):
            self.calls.append(part.call)
        elif isinstance(part, Dropped):
            sealed = part.what.startswith("reasoning")
            why = "nobody but its maker can read it" if sealed else NOT_TEXT
            self.builder.lose(part.what, why)
            if sealed:
                self.said = self.said or self.turn is not None
            else:
                self.texts.append(f"[{part.what}]")

    def flush(self, *, whatever: bool = False) -> None:
        """Hand the message over, where it says anything."""
        if self.texts or self.thoughts or self.calls or whatever:
            text = "\n\n".join(text for text in self.texts if text)
            thoughts = "\n\n".join(self.thoughts)
            self.builder.turn(text, thoughts, self.calls, at=self.at, turn=self.turn)
            self.said = True
        self.texts, self.thoughts, self.calls = [], [], []
