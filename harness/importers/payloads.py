"""What is sent to a model and what comes back, in the shapes of the providers' interfaces."""

from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.blocks import is_blocks
from harness.importers.builder import Builder, tool_spec
from harness.importers.speech import is_item, role_of, speak, speak_all, unwrapped
from harness.importers.texts import loads

_WRAPPERS = ("request", "body", "kwargs", "inputs", "params", "input_data", "llm_input", "state")
_MESSAGES = ("messages", "input_messages", "chat_history", "history", "conversation", "traj",
             "contents", "input")  # fmt: skip
_SYSTEMS = ("system", "instructions", "systemInstruction", "system_instruction", "system_prompt")
_ANSWERS = ("message", "response", "body", "output", "outputs", "result", "completion",
            "generation", "output_messages", "content", "text", "answer")  # fmt: skip
_LONE = ("prompt", "question", "query", "text", "user_input", "task", "instruction", "content")


def asked(builder: Builder, value: Json, at: float | None = None) -> bool:
    """Read a request: system text, messages, tools, model and settings; say if it held messages."""
    if isinstance(value, str):
        inner = decoded(value)
        if inner is not value and asked(builder, inner, at):
            return True
        if value.strip():
            builder.say("user", value, at)
        return bool(value.strip())
    if isinstance(value, list):
        return _listed(builder, value, at)
    return isinstance(value, Mapping) and _request(builder, value, at)


def _request(builder: Builder, value: Mapping[str, Any], at: float | None) -> bool:
    _equipment(builder, value)
    system = next((value[key] for key in _SYSTEMS if value.get(key)), None)
    messages = next((value[key] for key in _MESSAGES if value.get(key)), None)
    if messages is not None:
        if system is not None:
            speak(builder, {"role": "system", "content": _system(system)}, at)
        return asked(builder, decoded(messages), at) or system is not None
    if role_of(value) is not None and unwrapped(value) is not None:
        speak(builder, value, at)
        return True
    return _deeper(builder, value, at)


def _system(value: Json) -> Json:
    if not isinstance(value, Mapping):
        return value
    if not {"parts", "text", "content", "type"} & set(value) and all(
        isinstance(each, str) for each in value.values()
    ):  # of several agents, each with its text
        return "\n\n".join(f"{name}: {text}" for name, text in value.items())
    return value.get("parts", value)


def _deeper(builder: Builder, value: Mapping[str, Any], at: float | None) -> bool:
    for key in _WRAPPERS:
        inner = decoded(value.get(key))
        if isinstance(inner, Mapping | list) and asked(builder, inner, at):
            return True
    texts = value.get("prompts")
    if isinstance(texts, list) and texts:
        for each in texts:
            if isinstance(each, str):
                builder.say("user", each, at)
        return True
    for key in _LONE:
        if isinstance(value.get(key), str) and value[key].strip():
            builder.say("user", value[key], at)
            return True
    return False


def _listed(builder: Builder, value: list[Json], at: float | None) -> bool:
    if not value:
        return False
    if all(isinstance(each, list) for each in value) and unwrapped(value[0]) is None:
        held = [asked(builder, each, at) for each in value]  # each is a conversation
        return any(held)
    if is_blocks(value):
        speak(builder, {"role": "user", "content": value}, at)
        return True
    if not any(is_message(each) for each in value):
        return False
    speak_all(builder, value, at)
    return True


def answered(builder: Builder, value: Json, at: float | None = None) -> bool:
    """Read a response; say if it held messages."""
    if isinstance(value, str):
        inner = decoded(value)
        if inner is not value and answered(builder, inner, at):
            return True
        if value.strip():
            builder.turn(value, at=at)  # an answer that is JSON of the user's own is a text
        return bool(value.strip())
    if isinstance(value, list):
        return _responses(builder, value, at)
    return isinstance(value, Mapping) and _response(builder, value, at)


def _response(builder: Builder, value: Mapping[str, Any], at: float | None) -> bool:
    for key in ("model", "modelVersion"):
        if isinstance(value.get(key), str):
            builder.responded = value[key]
    for key in ("choices", "candidates", "generations"):
        if isinstance(value.get(key), list) and value[key]:
            return _choices(builder, value[key], at)
    if isinstance(value.get("messages"), list):
        return _responses(builder, value["messages"], at)
    if _is_response_message(value):
        speak(builder, {**value, "role": "assistant"}, at)
        return True
    return any(value.get(key) and answered(builder, value[key], at) for key in _ANSWERS)


def _is_response_message(value: Mapping[str, Any]) -> bool:
    if role_of(value) is not None or value.get("lc") is not None:
        return unwrapped(value) is not None
    return "tool_calls" in value or (
        isinstance(value.get("content"), list) and is_blocks_or_calls(value["content"])
    )


def is_blocks_or_calls(value: list[Json]) -> bool:
    """Whether a list holds parts of an agent's message."""
    return bool(value) and all(
        isinstance(e, Mapping) and isinstance(e.get("type"), str) for e in value
    )


def _responses(builder: Builder, value: list[Json], at: float | None) -> bool:
    if not value:
        return False
    if all(is_item(each) for each in value) or any(is_message(each) for each in value):
        before = len(builder.entries)
        speak_all(builder, map(_as_answer, value), at)
        return len(builder.entries) > before
    if is_blocks_or_calls(value):
        speak(builder, {"role": "assistant", "content": value}, at)
        return True
    return answered(builder, value[0], at)


def _as_answer(value: Json) -> Json:
    """Return a message as the agent's, where it does not say whose it is."""
    found = unwrapped(value)
    if is_item(value) or found is None or role_of(found) is not None:
        return value
    return {**found, "role": "assistant"}


def _choices(builder: Builder, choices: list[Json], at: float | None) -> bool:
    if len(choices) > 1:
        why = "the conversation went on with the first"
        builder.lose("further answers to one request", why, len(choices) - 1)
    chosen = choices[0]
    if isinstance(chosen, list):
        return _choices(builder, chosen, at) if chosen else False
    if not isinstance(chosen, Mapping):
        return answered(builder, chosen, at)
    for key in ("message", "content", "text", "delta"):
        inner = chosen.get(key)
        if isinstance(inner, Mapping):
            found = unwrapped(inner) or inner
            speak(builder, {**found, "role": "assistant"}, at)
            return True
        if isinstance(inner, str) and inner:
            builder.turn(inner, at=at)
            return True
    return False


def _equipment(builder: Builder, value: Mapping[str, Any]) -> None:
    """Read tools, model and settings."""
    for key in ("model", "model_name", "modelId", "model_id"):
        if isinstance(value.get(key), str) and value[key]:
            builder.requested = value[key]
            break
    for key in ("tools", "functions"):
        take_tools(builder, value.get(key))
    config = value.get("toolConfig")
    if isinstance(config, Mapping):
        take_tools(builder, config.get("tools"))
    builder.settings(value)
    for key in ("generationConfig", "inferenceConfig", "config", "model_kwargs", "options"):
        inner = value.get(key)
        if isinstance(inner, Mapping):
            builder.settings(inner)


def take_tools(builder: Builder, value: Json) -> None:
    """Read tool definitions, also as Gemini nests them."""
    value = decoded(value)
    for each in value if isinstance(value, list) else ():
        inner = each.get("functionDeclarations") if isinstance(each, Mapping) else None
        if isinstance(inner, list):
            take_tools(builder, inner)
        else:
            builder.tool(tool_spec(each))


def is_message(value: Json) -> bool:
    """Whether a value is a message or an item in some dialect."""
    if is_item(value):
        return True
    found = unwrapped(value)
    return found is not None and role_of(found) is not None


def decoded(value: Json) -> Json:
    """Return the object or list that a text spells, and any other value as it is."""
    if isinstance(value, str):
        found = loads(value)
        return value if found is None else found
    return value
