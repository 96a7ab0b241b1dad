"""The verdict on an item that an eval decides: eval coverage, or a guardrail.

``met`` needs three things at once: the cases below their target, the twins below theirs where
one is declared, and every case that the item covers in the eval. Each of the two rates is judged
at the whole alpha of the epoch: closing needs both, so a false close is no likelier than either.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.decide.epochs import Epoch
from harness.decide.evidence import Codes, Evidence, Held, Place, SeriesKey
from harness.decide.judge import judge
from harness.decide.sight import blind, labelled, sight
from harness.domain.decision import Decision, Judgement, Rules, Verdict
from harness.domain.trial import BASE, TWIN
from harness.stats import pooled, spending

_NAMES = {
    False: ("failure rate", "failure rate of the twins"),
    True: ("rate of harm that got through", "rate of false alarms"),
}
"""Whether it is a guardrail -> what the two rates are called."""
_THEIR = {False: "their target", True: "its target"}


def names_of_rates(rules: Rules) -> tuple[str, str]:
    """Return what the rate of an item's cases is called, and that of its twins."""
    return _NAMES[rules.guardrail]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be decided, and by which rules; the ledger's item records hold all of it."""

    item: str
    key: SeriesKey
    eval_digest: str
    model: str
    cases: Mapping[str, Mapping[str, str]]
    """Case -> variant -> digest, in the order of a round."""
    rules: Rules
    warnings: tuple[str, ...] = ()
    """What the loader found worth saying."""
    guardrail: str = ""
    """The digest of the guardrail that stands between model and tools; empty for none."""

    def places(self, variant: str) -> list[Place]:
        """Return the places of a round of a variant, in order."""
        return [(variant, c, d[variant]) for c, d in self.cases.items() if variant in d]

    def uncovered(self) -> list[str]:
        """Return the cases that the item covers and the eval lacks."""
        return [name for name in self.rules.covers if name not in self.cases]

    def blind(self, variant: str) -> str:
        """Return why what a judge says of a variant decides nothing; empty where it may."""
        return "" if self.rules.judge is None else blind(self.rules.judge, variant)

    def unmeasured(self) -> list[str]:
        """Return what keeps a judge's outcomes from deciding, where a model grades."""
        wanted = [BASE]
        if self.rules.twin_failure_rate is not None and self.places(TWIN):
            wanted.append(TWIN)
        return list(dict.fromkeys(filter(None, map(self.blind, wanted))))


def alpha_of(question: Question, epoch: Epoch) -> float:
    """Return the error rate that an epoch may spend."""
    rules = question.rules
    return spending.epoch_alpha(rules.alpha, epoch.share, rules.error_scope)


def decide(
    question: Question, epoch: Epoch, evidence: Evidence, *, bounds: bool = True
) -> Decision:
    """Return the decision; the same records give the same decision, whenever it is asked.

    ``bounds`` False leaves the intervals open, which is quick; the verdicts are the same.
    """
    held = evidence.of(question.key)
    alpha = alpha_of(question, epoch)
    rules = question.rules
    codes = {
        variant: held.rounds(question.places(variant), epoch.first_round.get(variant, 0))
        for variant in (BASE, TWIN)
    }
    base = _judge(question, codes[BASE], BASE, rules.failure_rate, alpha, bounds=bounds)
    twins = None
    if question.places(TWIN):
        target = rules.twin_failure_rate
        twins = _judge(question, codes[TWIN], TWIN, target, alpha, bounds=bounds)
    errors = _open_errors(question, epoch, held)
    verdict, reasons = _verdict(question, base, twins, errors)
    return Decision(
        item=question.item,
        verdict=verdict,
        reasons=tuple(reasons),
        eval=question.key.eval,
        eval_digest=question.eval_digest,
        model=question.model,
        fingerprint=question.key.fingerprint,
        epoch=epoch.number,
        alpha=alpha,
        base=base,
        twins=twins,
        errors=len(errors),
        max_trials=question.rules.max_trials,
        warnings=question.warnings + tuple(_warnings(question, held, has_twins=twins is not None)),
    )


def _judge(
    question: Question,
    codes: Codes,
    variant: str,
    target: float | None,
    alpha: float,
    *,
    bounds: bool,
) -> Judgement:
    places = question.places(variant)
    names, known = [case for _, case, _ in places], question.rules.judge
    seen = None if known is None else sight(labelled(known, variant), alpha)
    if target is not None and question.blind(variant):
        blindly = judge(codes, names, None, alpha, bounds=bounds, sight=seen)
        return replace(blindly, target=target)
    judged = judge(codes, names, target, alpha, bounds=bounds, sight=seen)
    if judged.ungraded > question.rules.max_ungraded_rate * judged.trials and judged.verdict in {
        Verdict.MET,
        Verdict.NOT_MET,
    }:
        return replace(judged, verdict=Verdict.INVALID)
    return judged


def _open_errors(question: Question, epoch: Epoch, held: Held) -> list[str]:
    places = set(question.places(BASE)) | set(question.places(TWIN))
    return [
        error
        for (place, round_), error in held.open_errors.items()
        if place in places and round_ >= epoch.first_round.get(place[0], 0)
    ]


def ungraded_shown(judged: Judgement, max_ungraded_rate: float, alpha: float) -> bool:
    """Say whether the ungraded share is shown to be too large, so that sampling may stop."""
    if not judged.ungraded or not 0 < max_ungraded_rate < 1:
        return judged.ungraded > 0 and max_ungraded_rate <= 0
    log_e = float(pooled.log_e_not_met(judged.ungraded, judged.trials, max_ungraded_rate))
    return log_e >= -math.log(alpha)


def _verdict(
    question: Question, base: Judgement, twins: Judgement | None, errors: Sequence[str]
) -> tuple[Verdict, list[str]]:
    judged = [base] if twins is None else [base, twins]
    reasons: list[str] = []
    rate, twin_rate = names_of_rates(question.rules)
    if base.verdict is Verdict.NOT_MET:
        reasons.append(f"the {rate} is shown to be above the target")
    if twins is not None and twins.verdict is Verdict.NOT_MET:
        reasons.append(f"the {twin_rate} is shown to be above {_THEIR[question.rules.guardrail]}")
    if reasons:
        return Verdict.NOT_MET, reasons
    undecided = [j for j in judged if j.target is not None and j.verdict is Verdict.UNDECIDED]
    # A verdict that fell stands, whatever a later call for another item met.
    invalid = _invalid(question, judged, errors if undecided else ())
    if invalid:
        return Verdict.INVALID, invalid
    reasons = _lacking(question, has_twins=twins is not None)
    if question.unmeasured():
        return Verdict.UNDECIDED, [*question.unmeasured(), *reasons]
    if base.verdict is Verdict.UNDECIDED:
        reasons.append(_open(base, rate, question.rules.max_trials))
    if twins is not None and twins.target is not None and twins.verdict is Verdict.UNDECIDED:
        cap = twin_cap(question.rules.max_trials, twins.target)
        reasons.append(_open(twins, twin_rate, cap))
    if reasons:
        return Verdict.UNDECIDED, reasons
    return Verdict.MET, [f"the {rate} is shown to be below the target"]


def _lacking(question: Question, *, has_twins: bool) -> list[str]:
    """Return what the eval lacks, so that the item stays open whatever its trials show."""
    reasons = []
    uncovered = question.uncovered()
    if uncovered:
        names = ", ".join(uncovered)
        reasons.append(f"covers names {names}, which eval {question.key.eval} lacks: it stays open")
    if question.rules.guardrail and not has_twins:
        reasons.append("no case has a twin to show false alarms on: it stays open")
    return reasons


def _invalid(question: Question, judged: Sequence[Judgement], errors: Sequence[str]) -> list[str]:
    limit = question.rules.max_ungraded_rate
    reasons = []
    trials = sum(j.trials for j in judged)
    ungraded = sum(j.ungraded for j in judged)
    shown = any(ungraded_shown(j, limit, question.rules.alpha) for j in judged)
    if shown or any(j.verdict is Verdict.INVALID for j in judged):
        reasons.append(
            f"{ungraded} of {trials} trials are ungraded, more than {limit:.0%} can be judged with"
        )
    if errors:
        reasons.append(f"{len(errors)} trials got no answer from the model: {errors[-1]}")
    return reasons


def twin_cap(max_trials: int, target: float) -> int:
    """Return the most trials of the twins in an epoch: enough for a target below the cases'."""
    return max(max_trials, math.ceil(60 / target))


def _open(judged: Judgement, what: str, cap: int) -> str:
    if not judged.rounds:
        return f"no whole round of trials on the {what} yet"
    if judged.trials >= cap:
        return f"max_trials {cap} is reached without a decision on the {what}"
    return f"the {what} is shown to be neither below nor above its target yet"


def _warnings(question: Question, held: Held, *, has_twins: bool) -> list[str]:
    found = []
    if not has_twins and not question.rules.guardrail:
        found.append("no case has a twin: an agent that never acts would pass")
    elif question.rules.twin_failure_rate is None and has_twins:
        found.append(
            "twins exist, but target has no twin_failure_rate: an agent that never acts may close"
        )
    models = sorted({model for model, _ in held.answered if model is not None})
    if len(models) > 1:
        found.append(
            f"{len(models)} models answered under one name ({', '.join(models)}): the rate is that "
            "of their mixture; pin one of them as the model"
        )
    providers = {provider for _, provider in held.answered if provider is not None}
    if len(providers) > 1:
        found.append(f"the provider changed its own fingerprint: {len(providers)} were seen")
    if held.surplus:
        found.append(f"{held.surplus} trials fill places that were filled before; not counted")
    return found
