"""The llama adapter: conversations in, turns out."""

import importlib.metadata
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.adapters.llama.choices import Token, completed, grammar, probabilities, stops
from harness.adapters.llama.render import RENDER_VERSION, chat
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
    """An embedded model."""

    def __init__(self, weights: Resolved, settings: Settings, *, threads: int) -> None:
        """Take the weights and the model's own settings; nothing is loaded before it is asked."""
        self._weights = weights
        self._settings = settings
        self._runtime = Runtime(weights.path, n_ctx=settings.n_ctx, slots=GROUP, threads=threads)

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer once; see the port."""
        return (await self.respond_many(conversation, settings, [seed]))[0]

    async def respond_many(
        self, conversation: Conversation, settings: Mapping[str, Json], seeds: Sequence[int]
    ) -> list[Turn]:
        """Answer once per seed; runs of consecutive seeds share one prefill, 64 at a time."""
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
        prompt = await self._prompt(conversation)

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
            answer = await self._runtime.post("/completion", body)
            (shown,) = answer["completion_probabilities"]
            return {
                Token(top["id"], bytes(top["bytes"])): top["prob"]
                for top in shown["top_probs"]
                if top["prob"] > 0
            }

        return await probabilities(conversation.choices, branch)

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return what decides the answers: weights, runtime, sampler chain, rendering."""
        return {
            "weights_sha256": self._weights.sha256,
            "weights_file": self._weights.path.name,
            "xllamacpp": importlib.metadata.version("xllamacpp"),
            "samplers": self._settings.samplers,
            "n_ctx": self._settings.n_ctx,
            "adapter_version": ADAPTER_VERSION,
            "render_version": RENDER_VERSION,
        }

    async def aclose(self) -> None:
        """Unload the model."""
        await self._runtime.close()

    def _parse(self, given: Mapping[str, Json]) -> Settings:
        settings = parse(given)
        if settings.n_ctx > self._settings.n_ctx:
            raise ModelError(
                f"settings.n_ctx: at most the model's own n_ctx ({self._settings.n_ctx}), "
                f"got {settings.n_ctx}, set it for the model in harness.yaml"
            )
        return settings

    async def _choose(
        self, conversation: Conversation, settings: Settings, seeds: Sequence[int]
    ) -> list[Turn]:
        choices = conversation.choices
        prompt = await self._prompt(conversation)
        longest = max(len(name.encode()) for name in choices) + 1
        body = _sampling(settings) | {
            "prompt": prompt,
            "grammar": grammar(choices),
            "stop": stops(choices),
            "n_predict": longest,
        }
        turns: list[Turn] = []
        for first, count in _groups(seeds, self._room(len(prompt), longest)):
            answer = await self._runtime.post("/completion", body | {"seed": first, "n": count})
            answers = answer if isinstance(answer, list) else [answer]
            turns += [_chosen(one, choices) for one in _in_order(answers)]
        return turns

    async def _talk(
        self, conversation: Conversation, settings: Settings, seeds: Sequence[int]
    ) -> list[Turn]:
        body = _sampling(settings) | {
            "messages": chat(conversation.messages),
            "max_tokens": settings.max_tokens,
        }
        prompt = await self._prompt(conversation)
        turns: list[Turn] = []
        for first, count in _groups(seeds, self._room(len(prompt), settings.max_tokens)):
            answer = await self._runtime.post(
                "/v1/chat/completions", body | {"seed": first, "n": count}
            )
            turns += [_said(one, len(prompt)) for one in _in_order(answer["choices"])]
        return turns

    async def _prompt(self, conversation: Conversation) -> list[int]:
        """Return the conversation as the runtime's own chat template and tokenizer write it."""
        messages = {"messages": chat(conversation.messages)}
        text = (await self._runtime.post("/apply-template", messages))["prompt"]
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
    text = answer["content"] + answer["stopping_word"]
    whole = text if text in choices and not answer["stopping_word"] else completed(text, choices)
    return Turn(
        text=text if whole is None else whole,
        stop="length" if whole is None else "stop",
        usage=Usage(answer["tokens_evaluated"], answer["tokens_predicted"]),
    )


def _said(choice: Mapping[str, Any], prompt: int) -> Turn:
    message = choice["message"]
    return Turn(
        text=message.get("content") or "",
        reasoning=message.get("reasoning_content"),
        stop=choice["finish_reason"],
        usage=Usage(input_tokens=prompt),
    )


def build(config: ModelConfig, context: AdapterContext) -> Model:
    """Return the model, its weights fetched if need be; raise ModelError when it cannot work."""
    settings = parse(config.settings)
    load_library()
    weights = resolve(str(config.model), context.root, context.environ, context.say)
    return LlamaModel(weights, settings, threads=usable_cores())


SPEC = AdapterSpec(name="llama", build=build, required=frozenset({"model"}))
