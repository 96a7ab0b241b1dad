"""The folder that one trial of a program has to itself, and what argv may name of it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.adapters.command.pool import ToolPool
from harness.adapters.openai_format import text_of
from harness.domain.case import Case
from harness.domain.transcript import Message
from harness.plan.surface import read_log, surface

PLACEHOLDERS = ("{prompt_file}", "{mcp_config}", "{tools_log}", "{work}", "{seed}")


class Place:
    """A temporary folder with the prompt, the tool surface and the way to a tool server."""

    def __init__(self, messages: Sequence[Message], seed: int, environ: Mapping[str, str]) -> None:
        """Make the folder; ``environ`` is what the tool server is started with."""
        self._folder = tempfile.TemporaryDirectory(
            prefix="harness-trial-", ignore_cleanup_errors=True
        )
        self.path = Path(self._folder.name)
        self._seed = seed
        self._environ = dict(environ)
        self.log = self.path / "tools.jsonl"
        self.config = self.path / "mcp.json"
        self.prompt = self.path / "prompt.txt"
        self.prompt.write_bytes(as_text(messages))
        self.config.write_text('{"mcpServers": {}}\n', encoding="ascii")

    def offer(self, case: Case, at_most: int | None, pool: ToolPool) -> None:
        """Write down how to start the server of a case's tools, as MCP hosts read it."""
        there = self.path / "surface.json"
        there.write_text(surface(case, at_most), encoding="ascii")
        command, *arguments = pool.command(there, self.log)
        server = {"type": "stdio", "command": command, "args": arguments, "env": self._environ}
        self.config.write_text(json.dumps({"mcpServers": {"harness": server}}), encoding="ascii")

    def filled(self, argv: Sequence[str]) -> list[str]:
        """Return argv with this trial's values in the place of their names."""
        return [self._filled(word) for word in argv]

    def _filled(self, word: str) -> str:
        for name, value in zip(PLACEHOLDERS, self._values(), strict=True):
            word = word.replace(name, value)
        return word

    def _values(self) -> tuple[str, ...]:
        return (str(self.prompt), str(self.config), str(self.log), str(self.path), str(self._seed))

    def environ(self) -> dict[str, str]:
        """Return the environment variables by which a program finds the same."""
        names = ("PROMPT_FILE", "MCP_CONFIG", "TOOLS_LOG", "WORK", "SEED")
        values = zip(names, self._values(), strict=True)
        return {f"HARNESS_{name}": value for name, value in values}

    def called(self, most_bytes: int) -> tuple[Message, ...]:
        """Return the calls that the server answered; ValueError when its log is not its own."""
        try:
            with self.log.open("rb") as file:
                content = file.read(most_bytes + 1)
        except FileNotFoundError:
            return ()
        if len(content) > most_bytes:
            raise ValueError(f"the tools' log has more than {most_bytes:,} bytes")
        return tuple(read_log(content.decode("utf-8", "replace")))

    def clear(self) -> None:
        """Take the folder away, as far as the program left that possible."""
        with suppress(OSError):
            self._folder.cleanup()


def as_text(messages: Sequence[Message]) -> bytes:
    """Return a conversation as text: one user message as it stands, else each under its role."""
    if len(messages) == 1:
        text = text_of(messages[0].content)
    else:
        text = "\n\n".join(_headed(message) for message in messages)
    return (text + "\n").encode("utf-8", "backslashreplace")


def _headed(message: Message) -> str:
    name = f" {message.name}" if message.name else ""
    calls = [
        f"[calls {call.name} {json.dumps(dict(call.arguments))}]" for call in message.tool_calls
    ]
    content = [text_of(message.content)] if message.content else []
    return "\n".join([f"[{message.role}{name}]", *content, *calls])
