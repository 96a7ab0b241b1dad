"""What the ledger last knew of an item's model and judge: enough to decide without loading them."""

from collections.abc import Mapping
from dataclasses import replace

from harness.commands.questions import Subject
from harness.decide.evidence import Evidence
from harness.domain.record import Json
from harness.domain.trial import Fingerprint
from harness.plan import digests


def recorded_judge(subject: Subject, evidence: Evidence) -> Subject:
    """Return the subject with the judge that the ledger last knew under these settings."""
    if subject.judging is None:
        return subject
    known = subject.judging.configured
    for record in reversed(evidence.judges):
        parts = record["parts"]
        if all(parts.get(key) == value for key, value in known.items()):
            return with_judge(subject, parts)
    return subject


def with_judge(subject: Subject, parts: Mapping[str, Json]) -> Subject:
    """Return the subject with the judge as it is now known: part of how the eval grades."""
    if subject.judging is None:
        return subject
    judging = replace(subject.judging, judge=digests.digest(dict(parts)), parts=dict(parts))
    return replace(
        subject, judging=judging, protocol=digests.with_judge(subject.protocol, judging.judge)
    )


def recorded_fingerprint(subject: Subject, evidence: Evidence) -> Fingerprint | None:
    """Return the fingerprint under which the ledger last knew this model as it is configured.

    That decides from the ledger alone what was measured, without loading the model again.
    """
    known = digests.configured(subject.config, subject.evaluation)
    for plan in reversed(evidence.plans):
        same_series = (plan["eval"], plan["protocol"]) == (subject.evaluation.id, subject.protocol)
        parts = plan["parts"]
        if same_series and all(parts.get(key) == value for key, value in known.items()):
            return Fingerprint(plan["fingerprint"], parts)
    return None
