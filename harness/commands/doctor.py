"""``harness doctor MODEL``: whether a model can be used here, and what it can do."""

import asyncio
import time
from collections import Counter
from statistics import median

from harness import plugins
from harness.commands.context import Context
from harness.commands.keys import secrets_of
from harness.domain.doctor import Examination, Finding
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolSpec, Turn
from harness.errors import EXIT_INPUT, EXIT_MET, EXIT_UNDECIDED, HarnessError, InputError, printable
from harness.files.project import adapter_problems, find_root, load_project, model_config
from harness.ports.model import (
    AdapterContext,
    ExactModel,
    Model,
    OutOfTime,
    Refused,
    SharedPrefillModel,
    Unavailable,
    Unusable,
)
from harness.ports.secrets import Secrets
from harness.replay.redact import told

TIMES = 4
"""How often the same question is asked with one seed, and again with other seeds."""
_SEED = 20_250_601
_CHOICES = ("alpha", "bravo", "charlie", "delta")
_OPEN = Conversation((Message(role="user", content="Write one short sentence about the sea."),))
_CLOSED = Conversation(
    (
        Message(
            role="user",
            content="Pick one at random. Answer with exactly one of these names and nothing else:\n"
            + "\n".join(f"- {name}" for name in _CHOICES),
        ),
    ),
    choices=_CHOICES,
)
_TOOLS = Conversation(
    (Message(role="user", content="How long is the queue called orders? Look it up."),),
    tools=(
        ToolSpec(
            name="queue_length",
            description="Returns how many messages a queue holds.",
            parameters={
                "type": "object",
                "properties": {"queue": {"type": "string"}},
                "required": ["queue"],
            },
        ),
    ),
)
_Failures = (Unavailable, OutOfTime, Unusable, Refused, HarnessError)


def doctor(context: Context, name: str | None) -> Examination:
    """Ask a model of harness.yaml a dozen small questions; nothing is written to the ledger."""
    project = load_project(find_root(context.start), plugins.adapter_names())
    chosen, config = model_config(project, name)
    spec = plugins.adapter(config.adapter)
    problems = adapter_problems(project, chosen, spec)
    if problems:
        raise InputError(*problems)
    around = AdapterContext(project.root, context.environ, context.say)
    asking = _Asking(spec.build(config, around), config, secrets_of(context, project))
    return asyncio.run(_examined(chosen, config, asking))


def exit_code(examination: Examination) -> int:
    """Return 0 for a model that can be used, 3 for one with warnings, 2 for one out of reach."""
    if not examination.reached:
        return EXIT_INPUT
    return EXIT_MET if all(f.level != "warning" for f in examination.findings) else EXIT_UNDECIDED


async def _examined(name: str, config: ModelConfig, asking: "_Asking") -> Examination:
    model = asking.model
    try:
        first = await asking.ask(_OPEN, _SEED)
        findings = [_reached(asking, first)]
        if isinstance(first, Turn):
            findings += [
                await _seeds(asking, first),
                await _closed(asking),
                await _tools(asking),
                _identity(first),
                _usage(config, first),
                _extras(model),
            ]
    finally:
        await model.aclose()
    return Examination(
        model=name,
        adapter=config.adapter,
        reached=isinstance(first, Turn),
        latency_s=median(asking.latencies) if asking.latencies else None,
        responded_model=first.model if isinstance(first, Turn) else None,
        provider=first.provider if isinstance(first, Turn) else None,
        reproducible=asking.reproducible,
        calls=asking.calls,
        findings=tuple(findings),
    )


class _Asking:
    """Asks, one question after the other, and keeps the times."""

    def __init__(self, model: Model, config: ModelConfig, secrets: Secrets) -> None:
        self.model = model
        self._config = config
        self._secrets = secrets
        self.latencies: list[float] = []
        self.calls = 0
        self.reproducible: float | None = None

    async def ask(self, asked: Conversation, seed: int) -> Turn | str:
        """Return the answer, or in words why there is none."""
        self.calls += 1
        started = time.perf_counter()
        try:
            turn = await self.model.respond(asked, self._config.settings, seed)
        except _Failures as error:
            return told(str(error) or type(error).__name__, self._secrets)
        except Exception as error:  # noqa: BLE001 - foreign code
            return told(f"{type(error).__name__}: {error}", self._secrets)
        self.latencies.append(time.perf_counter() - started)
        return self._secrets.redact_turn(turn)

    async def each(self, asked: Conversation, seeds: range | list[int]) -> list[Turn | str]:
        """Return the answers to several seeds."""
        return [await self.ask(asked, seed) for seed in seeds]


def _reached(asking: _Asking, first: Turn | str) -> Finding:
    if isinstance(first, str):
        return Finding("reached", "failure", f"no answer: {first}")
    return Finding("reached", "ok", f"answered in {asking.latencies[0]:.2f} s")


async def _seeds(asking: _Asking, first: Turn) -> Finding:
    again = [first, *await asking.each(_OPEN, [_SEED] * (TIMES - 1))]
    other = await asking.each(_OPEN, range(_SEED + 1, _SEED + TIMES))
    same = [turn.text for turn in again if isinstance(turn, Turn)]
    others = [turn.text for turn in other if isinstance(turn, Turn)]
    if len(same) < TIMES or len(others) < TIMES - 1:
        told = next(turn for turn in [*again, *other] if isinstance(turn, str))
        return Finding("seeds", "warning", f"not every question was answered: {told}")
    likest = Counter(same).most_common(1)[0][1]
    asking.reproducible = (likest - 1) / (TIMES - 1)
    alike = len({*same, *others}) == 1
    if alike:
        return Finding(
            "seeds",
            "warning",
            "every seed got the same answer: at temperature 0, or from a gateway's memory, "
            "trials are no independent draws",
        )
    if likest == TIMES:
        return Finding("seeds", "ok", f"one seed, {TIMES} times the same answer; others differ")
    return Finding(
        "seeds",
        "note",
        f"one seed gave {len(set(same))} answers in {TIMES}: trials are drawn anew each time, "
        "which is sound, and none can be had again",
    )


async def _closed(asking: _Asking) -> Finding:
    answers = await asking.each(_CLOSED, range(TIMES))
    texts = [answer.text for answer in answers if isinstance(answer, Turn)]
    named = [text for text in texts if _names(text)]
    if not texts:
        return Finding("decisions", "warning", f"a closed set gets no answer: {answers[0]}")
    if len(named) == len(texts):
        return Finding("decisions", "ok", f"{len(named)} of {len(texts)} replies name a decision")
    return Finding(
        "decisions",
        "warning",
        f"{len(named)} of {len(texts)} replies name a decision, the others would be ungraded; "
        "see settings.choices in docs/models.md",
    )


def _names(text: str) -> bool:
    from harness.graders.decision import named  # noqa: PLC0415 - one rule for what names one

    return named(text, dict.fromkeys(_CHOICES, "")) is not None


async def _tools(asking: _Asking) -> Finding:
    answer = await asking.ask(_TOOLS, _SEED)
    if isinstance(answer, str):
        return Finding("tools", "note", f"a question with tools gets no answer: {answer}")
    called = [call for call in answer.tool_calls if call.name == "queue_length"]
    if called and called[0].raw is None and "queue" in called[0].arguments:
        return Finding("tools", "ok", "it calls a tool with its arguments")
    if answer.tool_calls:
        return Finding("tools", "note", "it calls tools in a way that no recording would answer")
    return Finding("tools", "note", "it did not call the tool that it was asked to")


def _identity(first: Turn) -> Finding:
    if first.model is None:
        return Finding("identity", "note", "it does not say which model answered")
    by = f", fingerprint {first.provider}" if first.provider else ", without a fingerprint"
    return Finding("identity", "ok", printable(f"{first.model} answered{by}"))


def _usage(config: ModelConfig, first: Turn) -> Finding:
    used = first.usage
    if used.input_tokens is None and used.output_tokens is None:
        return Finding("usage", "note", "it does not say how many tokens it took")
    if config.prices is None:
        return Finding("usage", "ok", "it says how many tokens it took; no prices are given")
    return Finding("usage", "ok", "it says how many tokens it took, and prices are given")


def _extras(model: object) -> Finding:
    has: list[str] = []
    if isinstance(model, SharedPrefillModel):
        has.append("trials of one case share the reading of it")
    if isinstance(model, ExactModel):
        has.append("exact probabilities of decisions")
    return Finding("extras", "ok", ", ".join(has) or "none beyond answering")
