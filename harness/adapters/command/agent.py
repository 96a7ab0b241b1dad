"""Programs as models and agents: a process for each trial, or some that live on."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from harness.adapters.command import lines
from harness.adapters.command.lines import Garbage, Line
from harness.adapters.command.place import Place, as_text
from harness.adapters.command.pool import ToolPool
from harness.adapters.command.process import Started, TooMuch
from harness.domain.case import Case
from harness.domain.project import Command
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Message, Transcript, Turn, Usage
from harness.errors import show
from harness.ports.model import OutOfTime, Tools, Unavailable

_SHORTEST_SECRET = 6
_CALLS_AT_MOST = 128
"""Calls that the tool server of one trial answers."""


@dataclass(slots=True)
class Program:
    """How a program is started, and the processes that live on between trials."""

    command: Command
    folder: Path
    environ: Mapping[str, str]
    server_environ: Mapping[str, str]
    """What the tool server is started with."""
    pool: ToolPool = field(default_factory=ToolPool)
    limit_s: float = 300.0
    """Seconds that a trial may take."""
    secrets: Sequence[str] = ()
    """Values that no transcript may hold."""
    parts: Mapping[str, Json] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """The trials of this program, numbered."""
    _idle: list[Started] = field(default_factory=list)

    @asynccontextmanager
    async def process(self, place: Place | None) -> AsyncIterator[Started]:
        """Lend a process for one trial; it is killed, with its children, unless it may live on."""
        lives = self.command.long_lived
        started = self._living() if lives else None
        if started is None:
            argv = list(self.command.argv) if place is None else place.filled(self.command.argv)
            environ = {**self.environ, **({} if place is None else place.environ())}
            started = await Started.start(argv, self.folder, environ, self.command.most_bytes)
        try:
            yield started
        except BaseException:
            await started.end()
            raise
        if lives:
            started.read_bytes = 0
            self._idle.append(started)
        else:
            await started.end()

    def _living(self) -> Started | None:
        while self._idle:
            started = self._idle.pop()
            if started.process.returncode is None:
                return started
        return None

    def clean(self, data: bytes) -> bytes:
        """Return what was written, with every secret that the program was given taken out."""
        for secret in self.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                data = data.replace(secret.encode(), b"[redacted]")
        return data

    async def end(self) -> None:
        """Kill the processes that live on."""
        while self._idle:
            await self._idle.pop().end()
        await self.pool.end()


class CommandModel:
    """A program that answers one conversation with one turn."""

    def __init__(self, program: Program) -> None:
        """Take the program; it is started with the first trial."""
        self._program = program

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer; Garbage or TooMuch for what cannot be read, which counts as a trial."""
        number = next(self._program.numbers)
        asked = lines.request(
            conversation.messages, conversation.tools, conversation.choices, settings, seed, number
        )
        limit = self._program.limit_s
        place = self._place(conversation.messages, seed)
        try:
            async with asyncio.timeout(limit), self._program.process(place) as process:
                return await self._turn(process, asked, conversation.messages, number)
        except TimeoutError:
            raise OutOfTime(f"no answer within {limit:g} s") from None
        finally:
            if place is not None:
                place.clear()

    def _place(self, messages: Sequence[Message], seed: int) -> Place | None:
        if self._program.command.long_lived:
            return None
        return Place(messages, seed, self._program.server_environ)

    async def _turn(
        self, process: Started, asked: bytes, messages: Sequence[Message], number: int
    ) -> Turn:
        if self._program.command.speaks == "text":
            return Turn(text=await self._text(process, messages))
        await process.send(asked)
        line = await self._line(process, number)
        if line.kind == "error" and line.unavailable:
            raise Unavailable(line.error)
        if line.kind != "done":
            raise Garbage(f"expected done, got {line.kind}: {line.error}")
        return line.turn

    async def _text(self, process: Started, messages: Sequence[Message]) -> str:
        """Return what the program wrote to its end, when it ended well."""
        sent = asyncio.ensure_future(process.send(as_text(messages), close=True))
        try:
            written = self._program.clean(await process.rest())
        finally:
            sent.cancel()
        how = await process.ended(self._program.clean)
        if not how.startswith("exit code 0"):
            raise Garbage(f"the program ended with {how}")
        try:
            return written.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise Garbage(f"standard output is no UTF-8: {error}") from error

    async def _line(self, process: Started, number: int) -> Line:
        line = await process.line()
        if line is None:
            how = await process.ended(self._program.clean)
            raise Garbage(f"the program ended before it answered, {how}")
        read = lines.read(self._program.clean(line))
        # What a process left over from one trial must never pass for an answer to the next.
        if read.trial != number and (self._program.command.long_lived or read.trial is not None):
            raise Garbage(f"expected a line of trial {number}, got one of {show(read.trial)}")
        return read

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the hashes of the declared files; the rest stands in harness.yaml."""
        return self._program.parts

    async def aclose(self) -> None:
        """Kill what is still running."""
        await self._program.end()


@dataclass(slots=True)
class _Trial:
    """What an agent said and did so far."""

    messages: list[Message] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def take(self, turn: Turn) -> None:
        self.turns.append(turn)
        said = Message(role="assistant", content=turn.text, tool_calls=turn.tool_calls)
        self.messages.append(said)

    def transcript(self, before: Sequence[Message], error: str | None) -> Transcript:
        return Transcript(
            messages=(*before, *self.messages),
            usage=Usage(
                _sum([turn.usage.input_tokens for turn in self.turns]),
                _sum([turn.usage.output_tokens for turn in self.turns]),
            ),
            responded_model=next((t.model for t in reversed(self.turns) if t.model), None),
            error=error,
        )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


class CommandAgent(CommandModel):
    """A program that is a whole agent."""

    async def run(
        self, case: Case, tools: Tools, settings: Mapping[str, Json], seed: int
    ) -> Transcript:
        """Let it act until it is done; what breaks after that it has acted is in the transcript."""
        trial, place = _Trial(), self._place(case.messages, seed)
        limit = self._program.limit_s
        error: str | None = None
        try:
            if place is not None and case.tools:
                place.offer(case, _CALLS_AT_MOST, self._program.pool)
            async with asyncio.timeout(limit), self._program.process(place) as process:
                await self._act(process, case, tools, settings, seed, trial)
        except TimeoutError:
            error = f"out of time: {limit:g} s"
            if not trial.messages and not self._called(place):
                raise OutOfTime(f"nothing was said or done within {limit:g} s") from None
        except Unavailable as broken:
            error = f"broke off: {broken}"
            if not trial.messages and not self._called(place):
                raise
        except (Garbage, TooMuch) as broken:
            error = str(broken)
        finally:
            called = self._called(place)
            if place is not None:
                place.clear()
        if isinstance(called, str):
            return trial.transcript((), called)
        return trial.transcript(called, error)

    def _called(self, place: Place | None) -> tuple[Message, ...] | str:
        """Return the calls that the tool server answered, or why its log cannot be read."""
        try:
            return () if place is None else place.called(self._program.command.most_bytes)
        except (ValueError, OSError) as error:
            return str(error)

    async def _act(
        self,
        process: Started,
        case: Case,
        tools: Tools,
        settings: Mapping[str, Json],
        seed: int,
        trial: _Trial,
    ) -> None:
        if self._program.command.speaks == "text":
            trial.take(Turn(text=await self._text(process, case.messages)))
            return
        number = next(self._program.numbers)
        await process.send(lines.request(case.messages, case.tools, (), settings, seed, number))
        while True:
            line = await self._line(process, number)
            if line.kind == "error":
                if line.unavailable:
                    raise Unavailable(line.error)
                raise Garbage(f"the program gave up: {line.error}")
            trial.take(line.turn)
            if line.kind == "done":
                return
            if line.kind == "calls":
                answers = [tools.answer(call) for call in line.turn.tool_calls]
                trial.messages.extend(answers)
                await process.send(lines.results(answers))
