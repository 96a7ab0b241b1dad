"""``harness plan``: what deciding will take, computed before anything is spent."""

from dataclasses import replace

from harness import plugins
from harness.commands import escalation_plan, escalation_weighing
from harness.commands.check import read_evidence
from harness.commands.context import Context
from harness.commands.kinds import part
from harness.commands.last_known import recorded_fingerprint, recorded_judge
from harness.commands.questions import Subject, subjects
from harness.decide import epochs
from harness.decide.coverage import alpha_of
from harness.decide.evidence import Evidence, SeriesKey
from harness.decide.prospect import clean_trials, prospects
from harness.decide.sight import blind, labelled, sight
from harness.domain.decision import Rules
from harness.domain.escalation import EscalationPlan
from harness.domain.prospect import Plan, Prospect
from harness.domain.trial import BASE, TWIN
from harness.files.project import LoadedProject, find_root, load_project


def plan(
    context: Context, items: tuple[str, ...], model: str | None
) -> list[Plan | EscalationPlan]:
    """Return the plans of items; only files and the ledger are read."""
    project = load_project(find_root(context.start), plugins.adapter_names())
    from_events, replayed = part(project, items)
    decided = escalation_weighing.subjects(project, from_events)
    found = subjects(project, replayed, model)
    evidence = read_evidence(project.reports)
    plans: list[Plan | EscalationPlan] = [_plan(project, evidence, one) for one in found]
    plans += [escalation_plan.plan(context, one, evidence) for one in decided]
    order = list(dict.fromkeys(items))
    return sorted(plans, key=lambda each: order.index(each.item))


def _plan(project: LoadedProject, evidence: Evidence, subject: Subject) -> Plan:
    subject = recorded_judge(subject, evidence)
    known = recorded_fingerprint(subject, evidence)
    question = subject.question(project, known.digest if known else "", evidence)
    rules = question.rules
    epoch = epochs.current(evidence, question.item, question.key, rules, question.cases)
    alpha = alpha_of(question, epoch)
    cases, twins = len(subject.cases), len(question.places(TWIN))
    tokens, seconds = _per_trial(evidence, question.key)
    return Plan(
        item=question.item,
        eval=question.key.eval,
        model=subject.model,
        cases=cases,
        twins=twins,
        target=rules.failure_rate,
        twin_target=rules.twin_failure_rate,
        alpha=alpha,
        epoch=epoch.number,
        max_trials=rules.max_trials,
        clean_trials=_clean_trials(rules, alpha, cases),
        prospects=_prospects(rules, alpha, cases, twins),
        tokens_per_trial=tokens,
        seconds_per_trial=seconds,
    )


def _clean_trials(rules: Rules, alpha: float, cases: int) -> int:
    seen, at = _as_seen(rules, alpha)
    return clean_trials(seen.failure_rate, at, cases)


def _prospects(rules: Rules, alpha: float, cases: int, twins: int) -> tuple[Prospect, ...]:
    """Return the prospects by true rates, also where a judge sees only a part of them."""
    seen, at = _as_seen(rules, alpha)
    share = seen.failure_rate / rules.failure_rate
    found = prospects(seen, at, cases, twins)
    return tuple(replace(each, true_rate=each.true_rate / share) for each in found)


def _as_seen(rules: Rules, alpha: float) -> tuple[Rules, float]:
    """Return the rules and the error rate for what a measured judge sees, false alarms aside."""
    if rules.judge is None or blind(rules.judge, BASE):
        return rules, alpha
    base, twin = (sight(labelled(rules.judge, v), alpha).sensitivity for v in (BASE, TWIN))
    twin_rate = rules.twin_failure_rate
    seen = replace(
        rules,
        failure_rate=rules.failure_rate * base,
        twin_failure_rate=twin_rate * twin if twin_rate and twin else twin_rate,
    )
    return seen, alpha / 2


def _per_trial(evidence: Evidence, key: SeriesKey) -> tuple[float | None, float | None]:
    held = evidence.of(key)
    if not held.calls:
        return None, None
    tokens = held.input_tokens + held.output_tokens
    return (tokens / held.calls if tokens else None), held.model_s / held.calls
