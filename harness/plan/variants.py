"""From a case to what is replayed: the case itself, its twin, or the case with layers repaired."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.domain.case import LAYERS, Case, Edit, Layer
from harness.domain.record import Json
from harness.domain.transcript import Message
from harness.domain.trial import BASE, TWIN


def variant_of(layers: Iterable[Layer]) -> str:
    """Return the name of the variant in which exactly ``layers`` are repaired."""
    chosen = set(layers)
    return "+".join(layer for layer in LAYERS if layer in chosen) or BASE


def resolve(case: Case, variant: str, repair: Iterable[Layer] = ()) -> Case:
    """Return the case as it is replayed, without twin and variants.

    ``repair`` are the layers that the eval repairs in every case; the edits of a twin come after
    them, so that a twin states its own value of a repaired signal. Edits out of range raise
    IndexError and a merge into text TypeError; the loader has refused both before.
    """
    layers = set(repair)
    if variant not in {BASE, TWIN}:
        layers.update(part for part in LAYERS if part in variant.split("+"))
    resolved = case
    for layer in LAYERS:
        if layer in layers:
            resolved = apply(resolved, getattr(case.variants, layer))
    if variant == TWIN:
        if case.twin is None:
            raise ValueError(f"case {case.id} has no twin")
        resolved = replace(
            apply(resolved, case.twin.edits),
            correct=case.twin.correct,
            failing=case.twin.failing,
        )
    return replace(resolved, twin=None, variants=type(case.variants)())


def apply(case: Case, edits: Iterable[Edit]) -> Case:
    """Return the case with the edits made, in order."""
    for edit in edits:
        case = _apply_one(case, edit)
    return case


def _apply_one(case: Case, edit: Edit) -> Case:
    if edit.append is not None:
        return replace(case, messages=(*case.messages, edit.append))
    if edit.system_append is not None:
        return replace(case, messages=_with_system(case.messages, edit.system_append))
    if edit.tool is not None:
        kept = [tool for tool in case.tools if tool.name != edit.tool.name]
        return replace(case, tools=(*kept, edit.tool))
    if edit.remove_tool is not None:
        return replace(case, tools=tuple(t for t in case.tools if t.name != edit.remove_tool))
    index = edit.message if edit.message is not None else -1
    messages = list(case.messages)
    messages[index] = replace(messages[index], content=_content(messages[index].content, edit))
    return replace(case, messages=tuple(messages))


def _content(content: Json, edit: Edit) -> Json:
    if edit.merge is None and not edit.drop:
        return edit.replace
    if not isinstance(content, Mapping):
        raise TypeError("merge and drop need structured content")
    kept = {key: value for key, value in content.items() if key not in edit.drop}
    return merged(kept, edit.merge or {})


def merged(base: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """Return ``base`` with ``changes`` set; objects in both are merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _with_system(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    for index, message in enumerate(messages):
        if message.role == "system":
            longer = replace(message, content=f"{message.content.rstrip()} {text.strip()}")
            return (*messages[:index], longer, *messages[index + 1 :])
    return (Message(role="system", content=text.strip()), *messages)
