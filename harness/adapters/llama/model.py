"""The llama adapter: conversations in, turns out."""

import dataclasses
import importlib.metadata
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.adapters.llama import render
from harness.adapters.llama.choices import Token, completed, grammar, probabilities, stops
from harness.adapters.llama.runtime import Runtime, load_library, usable_cores
from harness.adapters.llama.settings import Settings, parse
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn, Usage
from harness.errors import ModelError
from harness.ports.model import AdapterContext, AdapterSpec, Model
from harness.weights.resolve import Resolved, resolve

ADAPTER_VERSION = 1
"""Part of the fingerprint: raised when a change may change what the model answers."""

GROUP = 64
"""The most replies that share one prefill."""

_END_TOKENS = 32
"""More tokens that end a reply than any vocabulary has."""


class LlamaModel:
    """An embedded model; answers to a closed set of choices are nothing but one of them."""

    def __init__(self, weights: Resolved, settings: Settings, *, threads: int) -> None:
        """Take the weights and the model's own settings; nothing is loaded before it is asked."""
        self._weights = weights
        self._settings = settings
        self._runtime = Runtime(weights.path, n_ctx=settings.n_ctx, slots=GROUP, threads=threads)
        self._knows_tools: bool | None = None

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer once; see the port."""
        return (await self.respond_many(conversation, settings, [seed]))[0]

    async def respond_many(
        self, conversation: Conversation, settings: Mapping[str, Json], seeds: Sequence[int]
    ) -> list[Turn]:
        """Answer once per seed; runs of consecutive seeds share one prefill, 64 at a time.

        Equal seeds gave equal answers on one machine, whatever was asked before, but nothing
        promises it for another: store what was said, do not count on getting it again.
        """
        wanted = self._parse(settings)
        if conversation.choices:
            return await self._choose(conversation, wanted, seeds)
        return await self._talk(conversation, wanted, seeds)

    async def exact_choice_probabilities(
        self, conversation: Conversation, settings: Mapping[str, Json]
    ) -> dict[str, float]:
        """Return the probability with which each choice is drawn, summing to 1 within 1e-6.

        Exact up to the rounding of the runtime's own single-precision arithmetic. Raises
        ModelError when the settings use a sampler besides the temperature.
        """
        wanted = self._parse(settings)
        if wanted.samplers != ["temperature"]:
            raise ModelError(
                "exact probabilities exist for the temperature alone, got the samplers "
                f"{', '.join(wanted.samplers)}, leave the other settings at their defaults"
            )
        prompt = await self._prompt(_shown(conversation))

        async def branch(tokens: tuple[int, ...], rest: Sequence[str]) -> Mapping[Token, float]:
            body = _sampling(wanted) | {
                "prompt": [*prompt, *tokens],
                "grammar": grammar(rest),
                "n_predict": 1,
                "post_sampling_probs": True,
                "n_probs": sum(map(len, rest)) + _END_TOKENS,
                # Makes the first draw one that the grammar refuses: the runtime then shows what
                # it draws from instead, all of it that the grammar allows.
                "logit_bias": [["\n", 1000.0]],
            }
            answer = await self._runtime.generate("/completion", body, count=1)
            (shown,) = answer["completion_probabilities"]
            return {
                Token(top["id"], bytes(top["bytes"])): top["prob"]
                for top in shown["top_probs"]
                if top["prob"] > 0
            }

        return await probabilities(conversation.choices, branch)

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return what decides the answers: weights, runtime, sampling, rendering; not threads."""
        return {
            "weights_sha256": self._weights.sha256,
            "weights_file": self._weights.path.name,
            "xllamacpp": importlib.metadata.version("xllamacpp"),
            "sampling": dataclasses.asdict(self._settings),
            "samplers": self._settings.samplers,
            "adapter_version": ADAPTER_VERSION,
            "render_version": render.RENDER_VERSION,
        }

    async def aclose(self) -> None:
        """Unload the model."""
        await self._runtime.close()

    def _parse(self, given: Mapping[str, Json]) -> Settings:
        settings = parse({"n_ctx": self._settings.n_ctx, **given})
        if settings.n_ctx != self._settings.n_ctx:
            raise ModelError(
                f"settings.n_ctx: it belongs to the model, which has {self._settings.n_ctx}, got "
                f"{settings.n_ctx}, set it in harness.yaml"
            )
        return settings

    async def _choose(
        self, conversation: Conversation, settings: Settings, seeds: Sequence[int]
    ) -> list[Turn]:
        choices = conversation.choices
        prompt = await self._prompt(_shown(conversation))
        longest = max(len(name.encode()) for name in choices) + 1
        body = _sampling(settings) | {
            "prompt": prompt,
            "grammar": grammar(choices),
            "stop": stops(choices),
            "n_predict": longest,
        }
        turns: list[Turn] = []
        for first, count in _groups(seeds, self._room(len(prompt), longest)):
            answer = await self._runtime.generate(
                "/completion", body | {"seed": first}, count=count
            )
            answers = answer if isinstance(answer, list) else [answer]
            turns += [_chosen(one, choices) for one in _in_order(answers)]
        return turns

    async def _talk(
        self, conversation: Conversation, settings: Settings, seeds: Sequence[int]
    ) -> list[Turn]:
        if conversation.tools:
            await self._need_tools()
        shown = _shown(conversation)
        names = [spec.name for spec in conversation.tools]
        prompt = len(await self._prompt(shown))
        body = _sampling(settings) | shown | {"max_tokens": settings.max_tokens}
        if conversation.form is not None:
            schema = {"schema": dict(conversation.form)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        turns: list[Turn] = []
        for first, count in _groups(seeds, self._room(prompt, settings.max_tokens)):
            answer = await self._runtime.generate(
                "/v1/chat/completions", body | {"seed": first}, count=count
            )
            output = answer["usage"]["completion_tokens"] if count == 1 else None
            usage = Usage(input_tokens=prompt, output_tokens=output)
            turns += [_said(one, names, usage) for one in _in_order(answer["choices"])]
        return turns

    async def _need_tools(self) -> None:
        if self._knows_tools is None:
            props = await self._runtime.get("/props")
            self._knows_tools = bool(props["chat_template_caps"]["supports_tools"])
        if not self._knows_tools:
            raise ModelError(
                f"{self._weights.path.name}: its chat template has no place for tools, which would "
                "be dropped without a word; use a case with decisions, or another model"
            )

    async def _prompt(self, shown: Mapping[str, Any]) -> list[int]:
        """Return the tokens that the runtime's own chat template and tokenizer make of it."""
        text = (await self._runtime.post("/apply-template", shown))["prompt"]
        asked = {"content": text, "add_special": True, "parse_special": True}
        tokens: list[int] = (await self._runtime.post("/tokenize", asked))["tokens"]
        return tokens

    def _room(self, prompt: int, reply: int) -> int:
        """Return how many replies fit beside one prompt; raise ModelError when none does."""
        free = self._settings.n_ctx - prompt
        if free < reply:
            raise ModelError(
                f"the conversation has {prompt} tokens, with a reply of up to {reply} more than "
                f"n_ctx ({self._settings.n_ctx}): raise n_ctx in the model's settings in "
                "harness.yaml, or shorten the case"
            )
        return min(GROUP, free // reply)


def _shown(conversation: Conversation) -> dict[str, Any]:
    if conversation.tools and not conversation.choices:
        return {
            "messages": render.native(conversation.messages),
            "tools": render.tools(conversation.tools),
        }
    return {"messages": render.plain(conversation.messages)}


def _sampling(settings: Settings) -> dict[str, Any]:
    return {
        "samplers": settings.samplers,
        "temperature": settings.temperature,
        "top_k": settings.top_k,
        "top_p": settings.top_p,
        "min_p": settings.min_p,
        "repeat_penalty": settings.repeat_penalty,
        "presence_penalty": settings.presence_penalty,
        "frequency_penalty": settings.frequency_penalty,
        "cache_prompt": True,
    }


def _groups(seeds: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield (first seed, how many) for each run of consecutive seeds, ``most`` at a time."""
    for _, run in itertools.groupby(enumerate(seeds), lambda pair: pair[1] - pair[0]):
        block = [seed for _, seed in run]
        for start in range(0, len(block), most):
            yield block[start], len(block[start : start + most])


def _in_order(answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(answers, key=lambda answer: int(answer["index"]))


def _chosen(answer: Mapping[str, Any], choices: Sequence[str]) -> Turn:
    # Stopped at a stop, the reply is the beginning of one choice; run to its end, it is one.
    stopped = answer["stopping_word"]
    text = answer["content"] + stopped
    whole = completed(text, choices) if stopped else text if text in choices else None
    return Turn(
        text=text if whole is None else whole,
        stop="length" if whole is None else "stop",
        usage=Usage(answer["tokens_evaluated"], answer["tokens_predicted"]),
    )


def _said(choice: Mapping[str, Any], names: Sequence[str], usage: Usage) -> Turn:
    message = choice["message"]
    text = message.get("content") or ""
    calls = tuple(render.read_call(call) for call in message.get("tool_calls") or ())
    if not calls and (written := render.said_call(text, names)):
        calls, text = (written,), ""
    return Turn(
        text=text,
        tool_calls=calls,
        reasoning=message.get("reasoning_content"),
        stop=choice["finish_reason"],
        usage=usage,
    )


def build(config: ModelConfig, context: AdapterContext) -> Model:
    """Return the model, its weights fetched if need be; raise ModelError when it cannot work."""
    settings = parse(config.settings)
    load_library()
    weights = resolve(
        str(config.model), context.root, context.environ, context.say, context.progress
    )
    return LlamaModel(weights, settings, threads=usable_cores())


SPEC = AdapterSpec(name="llama", build=build, required=frozenset({"model"}))
