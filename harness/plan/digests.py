"""Digests: what must be equal for two trials to be evidence for the same thing."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass

from harness.domain.case import Case, Eval, GraderSpec
from harness.domain.project import Command, ModelConfig
from harness.domain.record import Json
from harness.domain.trial import BASE, TWIN, Fingerprint
from harness.plan.prompts import PROMPT_VERSION
from harness.plan.variants import resolve

LOOP_VERSION = 2
"""Part of the fingerprint: another way of answering tool calls is another agent."""
_ONE_TURN = 1
"""The version of a loop that never goes round: a closed decision is read from the first turn."""
_HARNESS_MAJOR = 0
_FOR_PEOPLE = frozenset({"description", "provenance", "incident", "twin", "variants", "id"})


def digest(value: Json) -> str:
    """Return the SHA-256 of a JSON value in its one canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def canonical(value: Json) -> str:
    """Return the one canonical form of a JSON value, in ASCII; a record is an object."""
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
        default=_fields,
    )


def _fields(value: object) -> dict[str, Json]:
    """Return a record's fields as they are: ``asdict`` would copy all that they hold."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no canonical form")
    return {each.name: getattr(value, each.name) for each in fields(value)}


def case_digest(resolved: Case) -> str:
    """Return the digest of a resolved case: all that the model sees and the grader reads."""
    shown = {key: value for key, value in _fields(resolved).items() if key not in _FOR_PEOPLE}
    # The order of the decisions is where the rotation starts, so it is part of what is replayed.
    shown["decisions"] = list(resolved.decisions.items())
    return digest(shown)


def protocol_digest(evaluation: Eval, guardrail: str | None = None) -> str:
    """Return the digest of how an eval asks and grades, without its cases.

    ``guardrail`` is the digest of what stands between the model and its tools, where anything does.
    """
    return digest(
        {
            "grader": asdict(_grader(evaluation)),
            "settings": dict(evaluation.settings),
            "max_steps": evaluation.max_steps,
            "unparsed": evaluation.unparsed,
            "question": evaluation.question,
            "prompt": PROMPT_VERSION,
            "harness": _HARNESS_MAJOR,
            **({} if guardrail is None else {"guardrail": guardrail}),
        }
    )


def _grader(evaluation: Eval) -> GraderSpec:
    grader = evaluation.grader
    return GraderSpec(name=grader) if isinstance(grader, str) else grader


def case_digests(evaluation: Eval, cases: Mapping[str, Case]) -> dict[str, dict[str, str]]:
    """Return, for every case, the digests of what is replayed: case -> variant -> digest."""
    result: dict[str, dict[str, str]] = {}
    for name, case in cases.items():
        variants = [BASE] if case.twin is None else [BASE, TWIN]
        result[name] = {v: case_digest(resolve(case, v, evaluation.repair)) for v in variants}
    return result


def eval_digest(protocol: str, cases: Mapping[str, Mapping[str, str]]) -> str:
    """Return the digest of an eval: how it asks and grades, and all of its cases."""
    return digest({"protocol": protocol, "cases": {k: dict(v) for k, v in cases.items()}})


def fingerprint(config: ModelConfig, evaluation: Eval, parts: Mapping[str, Json]) -> Fingerprint:
    """Return what identifies a model with its settings, as far as anybody can know it.

    Concurrency, keys and prices are no part of it.
    """
    known = {**configured(config, evaluation), **parts}
    return Fingerprint(digest(known), known)


def _program(command: Command | None) -> dict[str, Json] | None:
    """Return what of a program makes it another agent: not its limits, nor where it stands."""
    if command is None:
        return None
    parts = ("argv", "role", "speaks", "long_lived", "env", "version")
    known = {key: getattr(command, key) for key in parts}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in known.items()}


def configured(config: ModelConfig, evaluation: Eval) -> dict[str, Json]:
    """Return the parts of a fingerprint that the files alone decide."""
    return {
        "adapter": config.adapter,
        "requested": config.model or config.target or _program(config.command),
        "settings": {**config.settings, **evaluation.settings},
        "loop": _ONE_TURN if _grader(evaluation).name == "decision" else LOOP_VERSION,
    }


def judge_configured(config: ModelConfig, asked: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parts of a judge that the files alone decide: its model, rubric and wording."""
    return {
        "adapter": config.adapter,
        "requested": config.model or config.target or _program(config.command),
        "settings": dict(config.settings),
        **asked,
    }


def with_judge(protocol: str, judge: str) -> str:
    """Return the digest of how an eval asks and grades, where a model grades."""
    return digest({"protocol": protocol, "judge": judge})


def labels_digest(labels: Iterable[tuple[str, str, str]]) -> str:
    """Return the digest of labels: for each transcript digest, variant and what people say."""
    return digest(sorted(list(label) for label in labels))
