"""Trials and plans as records of the ledger; docs/ledger.md lists their keys."""

import asyncio
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.decide.coverage import Question
from harness.decide.epochs import Epoch
from harness.decide.evidence import Evidence, Held, SeriesKey
from harness.domain.decision import Calibration, Decision, Rules
from harness.domain.record import Json
from harness.domain.transcript import Conversation
from harness.domain.trial import Fingerprint, TrialError, TrialResult, TrialSpec
from harness.ledger.blobs import put_blob
from harness.replay import wire
from harness.reporters.check_json import decision_object

_INLINE_BYTES = 4096
"""A transcript up to this size stands in its record; a larger one becomes a blob."""
_PROMPT_BYTES = 65536
"""A prompt up to this size stands in the run's first trial that shows it, a larger one in a blob.

Each blob costs a sync of its own: for some hundred cases more than all of their trials.
"""


def plan_name(question: Question) -> str:
    """Return the name of a plan within a run: the same eval on the same model, the same.

    Two evals of one content have one digest, and two names of one model one fingerprint.
    """
    digests = f"{question.eval_digest[:16]}-{question.key.fingerprint[:16]}"
    return f"{question.key.eval}-{question.model}-{digests}"


def plan_record(
    question: Question, fingerprint: Fingerprint, epoch: Epoch, held: Held
) -> dict[str, Json]:
    """Return the record that says what will be replayed, on which model, from which round on."""
    first = {
        variant: held.first_missing(question.places(variant), since)
        for variant, since in epoch.first_round.items()
    }
    return {
        "kind": "plan",
        "plan": plan_name(question),
        "eval": question.key.eval,
        "protocol": question.key.protocol,
        "eval_digest": question.eval_digest,
        "cases": {case: dict(digests) for case, digests in question.cases.items()},
        "model": question.model,
        "fingerprint": fingerprint.digest,
        "parts": dict(fingerprint.parts),
        "from_round": first,
        **({"guardrail": question.guardrail} if question.guardrail else {}),
    }


def item_record(question: Question, epoch: Epoch) -> dict[str, Json]:
    """Return the record that ties an item, with its target, to an epoch."""
    return {
        "kind": "item",
        "plan": plan_name(question),
        "item": question.item,
        "rules": _rules(question.rules),
        "epoch": epoch.number,
        "share": epoch.share,
        "first_round": dict(epoch.first_round),
    }


def _rules(rules: Rules) -> dict[str, Json]:
    plain = {**asdict(rules), "covers": list(rules.covers)}
    if rules.judge is None:  # only where a model grades
        del plain["judge"]
    return plain


def decision_record(
    decision: Decision,
    plan: str,
    evidence: Evidence,
    key: SeriesKey,
    judge: Calibration | None = None,
) -> Json:
    """Return the record of a decision, with every run that it stands on as it was then."""
    runs = dict(evidence.runs.get(key, {}))
    if judge is not None and judge.run:
        runs.setdefault(judge.run, evidence.ends[judge.run])
    return {
        "kind": "decision",
        "plan": plan,
        "stands_on": [[run, count, head] for run, (count, head) in runs.items()],
        **decision_object(decision),
    }


@dataclass(slots=True)
class TrialRecorder:
    """Turns results of one question into records, and keeps what is too large for one."""

    plan: str
    fingerprint: str
    _prompts: dict[tuple[str, str, int], Json] = field(default_factory=dict)
    _unstored: list[bytes] = field(default_factory=list)
    _storing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def unstored(self) -> bool:
        """Whether anything that records name is not stored yet."""
        return bool(self._unstored) or self._storing.locked()

    async def store(self, reports: Path) -> None:
        """Put what the records name into the ledger's blobs; before the records are appended."""
        if not self.unstored:
            return
        async with self._storing:  # a record may name what another trial is still storing
            pending, self._unstored = self._unstored, []
            for data in pending:
                # It syncs the disk, which the other trials need not wait for.
                await asyncio.to_thread(put_blob, reports, data)

    def record(self, result: TrialResult | TrialError, shown: Conversation) -> dict[str, Json]:
        """Return the record of a result; ``shown`` is what the model was asked."""
        record = _identity(result.spec)
        record["plan"], record["fingerprint"] = self.plan, self.fingerprint
        if isinstance(result, TrialError):
            record.update(kind="error", error=result.error, attempts=result.attempts)
        else:
            record.update(self._outcome(result, shown))
        return record

    def _outcome(self, result: TrialResult, shown: Conversation) -> dict[str, Json]:
        transcript, usage = result.transcript, result.grade.usage
        found: dict[str, Json] = {
            "outcome": result.grade.outcome.value,
            "decision": result.grade.decision,
            "reason": result.grade.reason,
            "prompt": self._prompt(result.spec, shown),
            "transcript": self._stored(wire.messages(transcript.messages)),
            "responded_model": transcript.responded_model,
            "provider": transcript.provider,
            "logprob": transcript.logprob,
            "unrecorded_calls": transcript.unrecorded_calls,
            "input_tokens": transcript.usage.input_tokens,
            "output_tokens": transcript.usage.output_tokens,
            "latency_s": round(transcript.latency_s, 4),
        }
        if transcript.stopped:
            found["stopped"] = transcript.stopped
        if usage is not None:
            found["judge"] = asdict(usage)
        return found

    def _prompt(self, spec: TrialSpec, shown: Conversation) -> Json:
        key = (spec.case, spec.variant, spec.shuffle)
        if key not in self._prompts:
            whole = wire.conversation(shown)
            data = _canonical(whole)
            if len(data) <= _PROMPT_BYTES:
                self._prompts[key] = {"trial": spec.id}
                return whole
            self._prompts[key] = self._blob(data)
        return self._prompts[key]

    def _stored(self, value: Json) -> Json:
        # A reply may hold lone surrogates and any control character: ASCII keeps both harmless.
        if _plainly_small(value):
            return value
        data = _canonical(value)
        return value if len(data) <= _INLINE_BYTES else self._blob(data)

    def _blob(self, data: bytes) -> Json:
        self._unstored.append(data)
        return {"blob": hashlib.sha256(data).hexdigest()}


def _canonical(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _plainly_small(messages: list[dict[str, Json]]) -> bool:
    """Tell of one short text, as most trials are, without serialising it, that it is small."""
    if len(messages) != 1 or not messages[0].keys() <= {"role", "content"}:
        return False
    content = messages[0].get("content", "")
    # A character takes at most twelve bytes of ASCII JSON.
    return isinstance(content, str) and len(content) < _INLINE_BYTES // 13


def _identity(spec: TrialSpec) -> dict[str, Json]:
    return {
        "kind": "trial",
        "id": spec.id,
        "eval": spec.eval,
        "case": spec.case,
        "variant": spec.variant,
        "round": spec.round,
        "index": spec.index,
        "seed": spec.seed,
        "shuffle": spec.shuffle,
    }
