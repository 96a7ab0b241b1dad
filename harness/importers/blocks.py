"""The parts of a message's content, in whatever dialect they are written.

OpenAI's chat and Responses, Anthropic, Gemini, Bedrock, OpenTelemetry, Inspect, LangChain and the
Vercel SDK give the same few things other names. They are told apart by the part itself, so that a
part of one dialect inside an envelope of another is read as well.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.domain.record import Json
from harness.domain.transcript import ToolCall
from harness.importers.texts import first, loads, tool_call


@dataclass(frozen=True, slots=True)
class Said:
    """Text that is meant for the reader."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tool gave back."""

    call_id: str | None
    content: Json
    name: str | None = None
    failed: bool = False
    dropped: tuple[str, ...] = ()
    """What of it is no text."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part that is no text."""

    what: str


Part = Said | Thought | Called | Answered | Dropped

_TEXTS = frozenset(
    {"text", "input_text", "output_text", "summary_text", "reasoning_text", "refusal", "string"}
)
_THOUGHTS = frozenset({"reasoning", "thinking", "thought"})
CALLS = frozenset(
    {"tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "function_call", "function",
     "custom_tool_call", "local_shell_call", "web_search_call", "file_search_call", "mcp_call",
     "computer_call", "code_interpreter_call", "image_generation_call", "shell_call",
     "apply_patch_call", "tool_search_call", "server_tool_call"}
)  # fmt: skip
ANSWERS = frozenset(
    {"tool_result", "tool_call_response", "function_call_output", "custom_tool_call_output",
     "local_shell_call_output", "computer_call_output", "mcp_tool_result", "tool_response",
     "function_response", "shell_call_output", "apply_patch_call_output", "tool_search_output",
     "server_tool_call_response"}
)  # fmt: skip
_NO_TEXT: Mapping[str, str] = {
    **dict.fromkeys(
        ("image", "image_url", "input_image", "image_file", "computer_screenshot"), "image"
    ),
    **dict.fromkeys(("audio", "audio_url", "input_audio"), "audio"),
    **dict.fromkeys(("video", "video_url", "input_video"), "video"),
    **dict.fromkeys(("file", "input_file", "document", "document_url", "container_upload"), "file"),
    **dict.fromkeys(("blob", "uri", "media", "data", "binary"), "data"),
}
"""Parts that are no text -> what they are, in the same words for every dialect."""
_SEALED = frozenset({"redacted_thinking", "encrypted_reasoning", "reasoning.encrypted"})
_THOUGHT_KEYS = ("summary", "content", "thinking", "reasoning", "text", "thought")

_IDS = ("call_id", "tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "source_call_id", "id")
_ARGUMENTS = ("arguments", "input", "args", "parameters", "action", "query", "queries", "code",
              "server_tool_call")  # fmt: skip
_RESULTS = ("content", "output", "response", "result", "server_tool_call_response")
_FREE = frozenset({"custom_tool_call", "custom"})
"""Calls whose one argument is a text of the model's own form; the rest take an object."""


def parts(content: Json) -> Iterator[Part]:
    """Yield the parts of a message's content."""
    if isinstance(content, str):
        yield Said(content)
    elif isinstance(content, list):
        for each in content:
            yield from parts(each)
    elif isinstance(content, Mapping):
        yield from _block(content)
    elif content is not None:
        yield Said(json.dumps(content))


def _block(block: Mapping[str, Any]) -> Iterator[Part]:
    kind = block_type(block)
    if kind in _SEALED:
        yield Dropped("reasoning that is sealed by its maker")
    elif kind in _THOUGHTS:
        yield from _thoughts(block)
    elif kind in ANSWERS or kind.endswith("_tool_result"):
        yield _answer(block)
    elif kind in CALLS:
        yield from _call(block, kind)
    elif kind in _NO_TEXT:
        yield from _no_words(block, kind)
    elif kind in _TEXTS:
        yield Said(_text(block))
    else:
        yield from _untyped(block, kind)


def _no_words(block: Mapping[str, Any], kind: str) -> Iterator[Part]:
    """Read a part that is no text, but for documents that hold theirs as such."""
    source = block.get("source")
    source = source if isinstance(source, Mapping) else {}
    if source.get("type") == "text" and isinstance(source.get("data"), str):
        yield Said(source["data"])
    elif source.get("type") == "content" and isinstance(source.get("content"), str | list):
        yield from parts(source["content"])
    else:
        yield Dropped(f"content of type {_modality(block) or _NO_TEXT[kind]}")


def _modality(block: Mapping[str, Any]) -> str:
    """Return what a part says that its bytes are, where its type does not."""
    if isinstance(block.get("modality"), str):
        named = str(block["modality"]).lower()
        return named if named in _NO_TEXT.values() else ""
    found = first(block, ("mime_type", "media_type", "mimeType"))
    named = found.split("/")[0].lower() if isinstance(found, str) else ""
    return named if named in ("image", "audio", "video") else ""


def block_type(block: Mapping[str, Any]) -> str:
    """Return a part's type in one spelling."""
    kind = block.get("type")
    return kind.lower().replace("-", "_") if isinstance(kind, str) else ""


def _untyped(block: Mapping[str, Any], kind: str) -> Iterator[Part]:
    """Read the parts of Gemini and Bedrock, which are told by their one key."""
    for key in ("functionCall", "function_call", "toolUse", "tool_use"):
        if isinstance(block.get(key), Mapping):
            yield from _call(block[key], "tool_call")
            return
    for key in ("functionResponse", "function_response", "toolResult", "tool_result"):
        if isinstance(block.get(key), Mapping):
            yield _answer(block[key])
            return
    if isinstance(block.get("reasoningContent"), Mapping):
        inner = block["reasoningContent"].get("reasoningText")
        yield from _thoughts(inner if isinstance(inner, Mapping) else block["reasoningContent"])
    elif block.get("thought") is True and isinstance(block.get("text"), str):
        yield Thought(block["text"])
    elif isinstance(block.get("text"), str):
        yield Said(block["text"])
    elif "json" in block:
        yield Said(json.dumps(block["json"], ensure_ascii=False))
    elif isinstance(block.get("content"), str | list):
        yield from parts(block["content"])
    else:
        what = kind or ", ".join(sorted(map(str, block))[:3]) or "nothing"
        yield Dropped(f"content of type {what}")


def _thoughts(block: Mapping[str, Any]) -> Iterator[Part]:
    sealed = block.get("redacted") is True  # then only the summary can be read
    keys = ("summary",) if sealed else _THOUGHT_KEYS
    found = [_plain(block[key]) for key in keys if isinstance(block.get(key), str | list)]
    texts = list(dict.fromkeys(text for text in found if text))
    for text in texts:
        yield Thought(text)
    if sealed or (not texts and any(block.get(k) for k in ("encrypted_content", "signature"))):
        yield Dropped("reasoning that is sealed by its maker")


def _plain(content: Json) -> str:
    said = (part.text for part in parts(content) if isinstance(part, Said | Thought))
    return "\n\n".join(text for text in said if text)


def _text(block: Mapping[str, Any]) -> str:
    for key in ("text", "content", "refusal"):
        value = block.get(key)
        if isinstance(value, Mapping):
            value = value.get("value")
        if isinstance(value, str):
            return value
    return ""


def _call(block: Mapping[str, Any], kind: str) -> Iterator[Part]:
    inner = next(
        (block[k] for k in ("function", "custom") if isinstance(block.get(k), Mapping)), None
    )
    spoken = block if inner is None else inner
    name = first(spoken, ("name", "toolName", "tool_name", "function_name", "function", "tool"))
    call_id = first(block, _IDS)
    given = next((spoken[key] for key in _ARGUMENTS if key in spoken), None)
    if isinstance(given, str) and (kind in _FREE or inner is block.get("custom") is not None):
        given = {"input": given}
    named = name if isinstance(name, str) and name else kind.removesuffix("_call")
    call = tool_call(named, given, call_id)
    yield Called(call)
    yield from _answered_inside(block, call, kind)


def _answered_inside(block: Mapping[str, Any], call: ToolCall, kind: str) -> Iterator[Part]:
    """Yield the result of a call that was made beside the model, where the call holds it."""
    if kind == "mcp_call" or (kind == "tool_use" and "tool_type" in block):
        error, found = block.get("error"), first(block, ("output", "result"))
        if error or found is not None:
            yield Answered(call.id, tidy(error or found), call.name, bool(error))
    elif kind == "code_interpreter_call" and block.get("outputs"):
        yield Answered(call.id, tidy(block["outputs"]), call.name)


def _answer(block: Mapping[str, Any]) -> Answered:
    call_id = first(block, _IDS)
    name = first(block, ("name", "toolName", "tool_name"))
    content = next((block[key] for key in _RESULTS if key in block), None)
    failed = bool(block.get("is_error") or block.get("isError") or block.get("status") == "error")
    if isinstance(content, Mapping) and set(content) <= {"type", "value"} and "value" in content:
        failed = failed or str(content.get("type", "")).startswith("error")
        content = content["value"]
    elif isinstance(content, Mapping) and isinstance(content.get("success"), bool):
        failed = failed or not content["success"]
    return Answered(
        call_id if isinstance(call_id, str) and call_id else None,
        tidy(content),
        name if isinstance(name, str) and name else None,
        failed,
        tuple(no_text(content)),
    )


def tidy(content: Json) -> Json:
    """Return a tool's result: a text, or the object or list that the text spells.

    Some dialects keep the object and others its text; read so, they come to the same.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        found = loads(content)
        return found if isinstance(found, dict | list) else content
    if is_blocks(content):
        texts = [
            part.text if isinstance(part, Said | Thought) else f"[{part.what}]"
            for part in parts(content)
            if isinstance(part, Said | Thought | Dropped)
        ]
        return tidy("\n\n".join(text for text in texts if text))
    if isinstance(content, Mapping) and block_type(content) in _NO_TEXT:
        return tidy([content])
    if isinstance(content, dict | list):
        return content
    return json.dumps(content)


def is_blocks(content: Json) -> bool:
    """Whether a list holds parts of a message, and no data of a tool."""
    if not isinstance(content, list) or not content:
        return False
    known = _TEXTS | set(_NO_TEXT) | _THOUGHTS | {"tool_reference"}
    return all(
        isinstance(each, Mapping)
        and (block_type(each) in known or set(each) in ({"text"}, {"json"}, {"text", "type"}))
        for each in content
    )


def no_text(content: Json) -> Iterator[str]:
    """Yield what of a tool's result is no text: images, sounds, files."""
    alone = isinstance(content, Mapping) and block_type(content) in _NO_TEXT
    for part in parts(content) if alone or is_blocks(content) else ():
        if isinstance(part, Dropped):
            yield part.what
