"""Messages of any dialect, read into a builder."""

from collections.abc import Iterable, Mapping
from typing import Any

from harness.domain.record import Json
from harness.domain.transcript import Role, ToolCall
from harness.importers.blocks import (
    ANSWERS,
    CALLS,
    Answered,
    Called,
    Dropped,
    Said,
    Thought,
    block_type,
    no_text,
    parts,
    tidy,
)
from harness.importers.builder import ITEMS, NOT_TEXT, Builder, tool_spec
from harness.importers.moments import seconds
from harness.importers.texts import first, tool_call
from harness.importers.turns import say_parts

_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("system", "developer", "systemmessage", "critic"), "system"),
    **dict.fromkeys(("user", "human", "humanmessage", "humanmessagechunk", "chat"), "user"),
    **dict.fromkeys(
        ("assistant", "ai", "model", "agent", "bot", "gpt", "aimessage", "aimessagechunk"),
        "assistant",
    ),
    **dict.fromkeys(
        ("tool", "function", "toolmessage", "functionmessage", "ipython", "environment",
         "tool_response", "toolresult", "observation"), "tool"
    ),
}  # fmt: skip
_LISTING = "mcp_list_tools"
_REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_THINKING = frozenset({"thinking", "redacted_thinking"})
_RESULT_IDS = ("tool_call_id", "tool_call_ids", "call_id", "tool_use_id", "toolCallId", "id")


def speak(
    builder: Builder, message: Json, at: float | None = None, turn: str | None = None
) -> None:
    """Read one message; its parts become a message each where they are of several speakers."""
    if isinstance(message, str):
        builder.say("user", message, at)
        return
    found = unwrapped(message)
    if found is None:
        builder.lose("an entry that is no message", "it has neither a role nor a content")
        return
    at = _time(found) if at is None else at
    role = role_of(found)
    if role is None and isinstance(found.get("role"), str) and found["role"].strip():
        builder.lose("the name of a speaker in the place of a role", "it is taken for an agent's")
        role = "assistant"
    if role == "assistant":
        _assistant(builder, found, at, turn)
    elif role == "tool":
        _tool(builder, found, at)
    else:
        _person(builder, role or "user", found, at)


def speak_all(builder: Builder, messages: Iterable[Json], at: float | None = None) -> None:
    """Read messages, or the items of OpenAI's Responses, in order."""
    for each in messages:
        if is_item(each):
            speak_item(builder, each, at)
        else:
            speak(builder, each, at)


def is_item(value: Json) -> bool:
    """Whether a value is an item of OpenAI's Responses: a message in them has items around it."""
    if not isinstance(value, Mapping):
        return False
    kind = block_type(value)
    if kind == "message":
        return isinstance(value.get("role"), str)
    spoken = "role" not in value
    if kind == "function":  # a call in some dialects, the definition of a tool in others
        inner = value.get("function")
        return spoken and "arguments" in (inner if isinstance(inner, Mapping) else value)
    return spoken and (kind in CALLS or kind in ANSWERS or kind in ("reasoning", _LISTING))


def speak_item(builder: Builder, item: Mapping[str, Any], at: float | None = None) -> None:
    """Read one item; text, reasoning and calls in a row are one turn of the agent."""
    kind = block_type(item)
    if kind == "message":
        speak(builder, item, at, ITEMS if role_of(item) == "assistant" else None)
        return
    if kind == _LISTING:
        tools = item.get("tools")
        for each in tools if isinstance(tools, list) else ():
            builder.tool(tool_spec(each))
        return
    say_parts(builder, parts([item]), at, ITEMS)


def unwrapped(message: Json) -> Mapping[str, Any] | None:
    """Return a message without LangChain's and other wrappers; None for what is no message."""
    if isinstance(message, list | tuple) and len(message) == 2:  # noqa: PLR2004 - role and content
        role, content = message
        if isinstance(role, str) and role.lower() in _ROLES:
            return {"role": role, "content": content}
        return None
    if not isinstance(message, Mapping):
        return None
    if message.get("lc") is not None and isinstance(message.get("kwargs"), Mapping):
        identifier = message.get("id")
        name = identifier[-1] if isinstance(identifier, list) and identifier else ""
        return {"role": str(name), **_without_type(message["kwargs"])}
    kind = message.get("type")
    if isinstance(message.get("data"), Mapping) and isinstance(kind, str):
        return {"role": kind, **_without_type(message["data"])}
    if isinstance(message.get("message"), Mapping) and "content" not in message:
        inner = unwrapped(message["message"])
        role = message.get("role")
        return {"role": role, **inner} if inner is not None and isinstance(role, str) else inner
    if "from" in message and "value" in message:
        return {"role": message["from"], "content": message["value"]}
    if role_of(message) is None and not ("content" in message or "parts" in message):
        return None
    return message


def _without_type(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key not in ("type", "role")}


def role_of(message: Mapping[str, Any]) -> Role | None:
    """Return who speaks; None where the message does not say it in any known way."""
    for key in ("role", "type", "message_type"):
        value = message.get(key)
        if isinstance(value, str) and value.lower() in _ROLES:
            return _ROLES[value.lower()]
    return None


def _time(message: Mapping[str, Any]) -> float | None:
    return next((seconds(message[k]) for k in ("timestamp", "created_at") if k in message), None)


def _content(message: Mapping[str, Any]) -> Json:
    for key in ("content", "contents", "parts", "text"):
        if message.get(key) is not None:
            return message[key]
    return None


def _person(builder: Builder, role: Role, message: Mapping[str, Any], at: float | None) -> None:
    """Read a message of a person or the system; tools' results inside it stand on their own."""
    texts: list[str] = []
    answered = False
    for part in parts(_content(message)):
        if isinstance(part, Answered):
            _flush(builder, role, texts, at)
            builder.answer(part, at)
            answered = True
        elif isinstance(part, Said | Thought):
            texts.append(part.text)
        elif isinstance(part, Dropped):
            builder.lose(part.what, NOT_TEXT)
            texts.append(f"[{part.what}]")
        else:
            builder.lose(f"a tool call in a message of the {role}", "only agents call tools")
    for call in _listed(message.get("tool_calls")):
        builder.lose(f"the call of {call.name} by the {role}", "only agents call tools")
    if texts or not answered:
        _flush(builder, role, texts or [""], at)


def _flush(builder: Builder, role: Role, texts: list[str], at: float | None) -> None:
    if texts:
        builder.say(role, "\n\n".join(text for text in texts if text), at)
        texts.clear()


def _tool(builder: Builder, message: Mapping[str, Any], at: float | None) -> None:
    content = _content(message)
    found = list(parts(content)) if isinstance(content, list) else []
    if any(isinstance(part, Answered) for part in found):
        for part in found:
            if isinstance(part, Answered):
                builder.answer(part, at)
            elif isinstance(part, Dropped):
                builder.lose(part.what, NOT_TEXT)
        return
    dropped = tuple(no_text(content))
    ids = first(message, _RESULT_IDS)
    name = first(message, ("name", "function", "tool_name"))
    failed = _failed(message)
    answers = [str(each) for each in ids] if isinstance(ids, list) else [ids]
    error = message.get("error")
    if error not in (None, False, True, "", {}) and not content:
        content = error.get("message") if isinstance(error, Mapping) else error
    for each in answers:
        call_id = each if isinstance(each, str) and each else None
        named = name if isinstance(name, str) else None
        builder.answer(Answered(call_id, tidy(content), named, failed, dropped), at)


def _failed(message: Mapping[str, Any]) -> bool:
    return bool(message.get("error") or message.get("is_error") or message.get("status") == "error")


def _assistant(
    builder: Builder, message: Mapping[str, Any], at: float | None, turn: str | None
) -> None:
    answer = message.get("response_metadata")
    named = first(answer, ("model_name", "model")) if isinstance(answer, Mapping) else None
    builder.responded = named if isinstance(named, str) else builder.responded
    extra = message.get("additional_kwargs")
    extra = extra if isinstance(extra, Mapping) else {}
    thoughts = [
        part.text
        for key in (*_REASONING, "thinking_blocks", "reasoning_details")
        for part in parts(_as_thoughts(first(message, (key,)) or first(extra, (key,))))
        if isinstance(part, Thought)
    ]
    calls = _calls(message, extra)
    refusal = message.get("refusal")
    audio = message.get("audio")
    spoken = audio.get("transcript") if isinstance(audio, Mapping) else None
    content = _content(message) or first(
        {"refusal": refusal, "spoken": spoken}, ("refusal", "spoken")
    )
    found = list(parts(content))
    if any(isinstance(part, Called) for part in found):
        inner = [part.call for part in found if isinstance(part, Called)]
        calls = [call for call in calls if not any(_same(call, other) for other in inner)]
    given = [*(Thought(text) for text in dict.fromkeys(thoughts)), *found]
    say_parts(builder, [*given, *(Called(call) for call in calls)], at, turn)


def _same(one: ToolCall, other: ToolCall) -> bool:
    """Whether a call in a message's list is one that its content holds as well."""
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return one.name == other.name and one.arguments == other.arguments


def _as_thoughts(value: Json) -> list[Json]:
    """Return the parts of a message's own key for reasoning, in one form."""
    if isinstance(value, str):
        return [{"type": "reasoning", "text": value}]
    each = [value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [
        part if block_type(part) in _THINKING else {**part, "type": "reasoning"}
        for part in each
        if isinstance(part, Mapping)
    ]


def _calls(message: Mapping[str, Any], extra: Mapping[str, Any]) -> list[ToolCall]:
    calls = _listed(message.get("tool_calls")) + _listed(message.get("invalid_tool_calls"))
    raw = _listed(extra.get("tool_calls"))
    calls = raw if len(raw) >= len(calls) else calls  # the provider's own have their order
    single = first(message, ("function_call",)) or first(extra, ("function_call",))
    if isinstance(single, Mapping) and isinstance(single.get("name"), str) and not calls:
        calls = [tool_call(single["name"], single.get("arguments"), single.get("id"))]
    return calls


def _listed(value: Json) -> list[ToolCall]:
    """Return the calls of a message's list; entries may be wrapped as OpenInference does."""
    found = []
    for each in value if isinstance(value, list) else ():
        if not isinstance(each, Mapping):
            continue
        inner = each.get("tool_call")
        spoken = inner if isinstance(inner, Mapping) else each
        as_part = {**spoken, "type": "tool_call"}
        found += [part.call for part in parts([as_part]) if isinstance(part, Called)]
    return found
