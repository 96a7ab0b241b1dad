"""Adapter ``openai``: chat completions, as OpenAI, vLLM, Ollama, Azure and most gateways speak."""

from collections.abc import Mapping, Sequence
from math import fsum, isfinite
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from harness.adapters.endpoint import Endpoint, address, encoded, key_of
from harness.adapters.openai_format import messages_to_dicts, tools_to_dicts, turn_of
from harness.adapters.remembered import Remembered
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn, Usage
from harness.errors import ModelError, show
from harness.ports.model import AdapterContext, AdapterSpec, Model, Unusable
from harness.ports.secrets import SHORTEST_KEY, Secrets

ADAPTER_VERSION = 1
"""Part of the fingerprint: raised when a change may change what the model answers."""

_BASE = "https://api.openai.com/v1"
_PATH = "/chat/completions"
_RESERVED = frozenset({"model", "messages", "tools", "stream", "n", "functions"})
_CHOICES = ("free", "json_schema", "vllm")
_NOT_SENT = frozenset({"choices", "seed"})
_KEPT = 512
"""How many requests are kept: memory must not grow with the cases."""
_KEPT_BYTES = 16_384


class _Request(NamedTuple):
    """A conversation as it is sent with these settings, around the seed."""

    conversation: Conversation
    settings: Mapping[str, Json]
    head: bytes
    tail: bytes


class OpenAIModel:
    """A model behind a chat completions endpoint."""

    def __init__(self, config: ModelConfig, endpoint: Endpoint, secrets: Secrets) -> None:
        """Take the model's configuration and its endpoint; ModelError for settings of no use."""
        self._model = config.model
        self._endpoint = endpoint
        self._secrets = secrets
        self._parts = {
            "adapter_version": ADAPTER_VERSION,
            "base_url": public_url(config.base_url or _BASE),
            "headers": dict(config.headers),
        }
        self._seen = Remembered()
        self._kept: dict[int, _Request] = {}
        check_settings(config.settings, _RESERVED, _CHOICES)

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer once; see the port."""
        reply = await self._endpoint.ask(self._request(conversation, settings, seed))
        try:
            turn = _turn(reply)
        except (TypeError, ValueError) as error:
            raise Unusable(f"the reply cannot be read: {self._endpoint.shown(error)}") from None
        self._seen.refuse_again(reply.get("id"))
        return self._secrets.redact_turn(turn)

    def _request(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> bytes:
        """Return a request as it is sent.

        Trials of one case in one order differ by their seeds alone: the rest is kept.
        """
        known = self._kept.get(id(conversation))
        if (
            known is None
            or known.conversation is not conversation
            or known.settings is not settings
        ):
            known = _Request(conversation, settings, *self._parts_of(conversation, settings))
            self._keep(known)
        return b"%b%d%b" % (known.head, seed, known.tail) if known.tail else known.head

    def _keep(self, request: "_Request") -> None:
        if len(request.head) > _KEPT_BYTES:
            return
        self._kept[id(request.conversation)] = request
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]

    def _parts_of(
        self, conversation: Conversation, settings: Mapping[str, Json]
    ) -> tuple[bytes, bytes]:
        """Return what stands before and behind the seed; all and nothing where none is sent."""
        body = self._body(conversation, settings)
        wanted = settings.get("seed", True)
        if not wanted:
            return encoded(body), b""
        name = wanted if isinstance(wanted, str) else "seed"
        body.pop(name, None)
        whole = encoded(body | {name: 0})
        return whole[: -len(b"0}")], b"}"

    def _body(self, conversation: Conversation, settings: Mapping[str, Json]) -> dict[str, Json]:
        body: dict[str, Any] = {name: settings[name] for name in settings if name not in _NOT_SENT}
        if self._model is not None:
            body["model"] = self._model
        body["messages"] = messages_to_dicts(conversation.messages)
        if conversation.choices:
            body.update(_closed(conversation.choices, settings.get("choices", "free")))
        elif conversation.form is not None:
            # What the settings say of the form themselves stands.
            body = _formed(conversation.form, settings.get("choices", "json_schema")) | body
        elif conversation.tools:
            body["tools"] = tools_to_dicts(conversation.tools)
        return body

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return where it is asked and how; what answered is known only afterwards."""
        return self._parts

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()


def check_settings(
    settings: Mapping[str, Json], reserved: frozenset[str], choices: Sequence[str]
) -> None:
    """Raise ModelError for settings that the adapter itself writes, or cannot understand."""
    problems = [
        f"settings.{name}: the adapter writes it itself, take it away"
        for name in settings
        if name in reserved
    ]
    chosen = settings.get("choices", "free")
    if chosen not in choices:
        problems.append(
            f"settings.choices: how a closed set is asked for, got {show(chosen)}, "
            f"write one of {', '.join(choices)}"
        )
    seed = settings.get("seed", True)
    if not isinstance(seed, bool | str) or (not seed and seed is not False):
        problems.append(
            f"settings.seed: every trial has a seed of its own, got {show(seed)}, write false "
            "where the server takes none, or the name of the field that it is sent in"
        )
    if problems:
        raise ModelError(*problems)


def public_url(url: str) -> str:
    """Return an address as the fingerprint keeps it."""
    parts = urlsplit(url)
    host = (parts.netloc.rpartition("@")[2]).lower()
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), parts.query, ""))


def decision_schema(choices: Sequence[str]) -> dict[str, Json]:
    """Return the JSON Schema of an object that names one of the choices."""
    return {
        "type": "object",
        "properties": {"decision": {"type": "string", "enum": list(choices)}},
        "required": ["decision"],
        "additionalProperties": False,
    }


def _closed(choices: Sequence[str], how: Json) -> dict[str, Json]:
    if how == "vllm":
        return {"structured_outputs": {"choice": list(choices)}}
    return _formed(decision_schema(choices), how, "decision")


def _formed(form: Mapping[str, Json], how: Json, name: str = "reply") -> dict[str, Json]:
    if how == "json_schema":
        schema = {"name": name, "strict": True, "schema": dict(form)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"structured_outputs": {"json": dict(form)}} if how == "vllm" else {}


def _turn(reply: Mapping[str, Json]) -> Turn:
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ValueError("it has no choices")
    choice = choices[0]
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise TypeError("its first choice has no message")
    said = turn_of(message)
    stop, text = text_or_none(choice.get("finish_reason")), said.text
    refusal = message.get("refusal")
    if not text and isinstance(refusal, str) and refusal:
        text, stop = refusal, "refusal"
    return Turn(
        text=text,
        tool_calls=said.tool_calls,
        reasoning=text_or_none(message.get("reasoning_content") or message.get("reasoning")),
        stop=stop,
        model=text_or_none(reply.get("model")),
        usage=_usage(reply.get("usage")),
        provider=text_or_none(reply.get("system_fingerprint")),
        logprob=_logprob(choice.get("logprobs")),
    )


def _usage(usage: Json) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    return Usage(
        token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))
    )


def token_count(value: Json) -> int | None:
    """Return a number of tokens, or None for anything that is none."""
    known = isinstance(value, int) and not isinstance(value, bool)
    return value if known and 0 <= value < 2**53 else None


def text_or_none(value: Json) -> str | None:
    """Return a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def _logprob(given: Json) -> float | None:
    """Return the log-probability of the whole text; None where any token's is missing."""
    tokens = given.get("content") if isinstance(given, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    found = [token.get("logprob") if isinstance(token, dict) else None for token in tokens]
    if not all(isinstance(each, int | float) and isfinite(each) for each in found):
        return None
    return fsum(float(each) for each in found if each is not None)


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    # The key of one company is never sent to another's address because nobody named one.
    key = key_of(config, context, None if config.base_url else "OPENAI_API_KEY")
    headers: dict[str, str] = {}
    if key is not None:
        name = config.api_key_header or "Authorization"
        headers[name] = f"Bearer {key}" if name.lower() == "authorization" else key
    secrets = Secrets((key,) if key and len(key) >= SHORTEST_KEY else ())
    where = address(config, context, base=_BASE, path=_PATH, headers=headers)
    return OpenAIModel(config, Endpoint(where, config, secrets), secrets)


NETWORK_KEYS = frozenset({"base_url", "api_key_env", "api_key_header", "headers"})
"""The keys of ModelConfig that say how an endpoint is reached."""

SPEC = AdapterSpec(
    name="openai", build=_build, required=frozenset({"model"}), optional=NETWORK_KEYS, remote=True
)
