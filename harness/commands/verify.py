"""``harness verify``: the ledger recomputed, and every decision in it decided again."""

from harness import plugins
from harness.commands import (
    attribution_record,
    comparisons,
    effect_record,
    escalation_verify,
    gate_record,
)
from harness.commands.context import Context
from harness.commands.verify_events import verify_events
from harness.commands.verify_runs import Runs, question_of, stood_on
from harness.decide import coverage
from harness.decide.coverage import Question
from harness.decide.evidence import ESCALATION, Record, calibration_of
from harness.domain.report import Finding, Verified
from harness.errors import EXIT_INPUT, EXIT_MET, EXIT_NOT_MET, InputError, Place, Problem
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.layout import Layout
from harness.ledger.reader import RunRecords
from harness.ledger.verify import verify as verify_ledger
from harness.plugins import near
from harness.reporters.check_json import decision_object

_KEPT = (gate_record.KIND, attribution_record.KIND)


def verify(context: Context, run: str | None) -> Verified:
    """Recompute one run, or all of them; InputError for a run that is not there."""
    project = load_project(find_root(context.start), plugins.adapter_names())
    known = Layout(project.reports).run_ids()
    sealed = Layout(project.reports).sealed_ids()
    if run is not None and run not in {*known, *sealed}:
        place = Place(str(Layout(project.reports).runs))
        raise InputError(Problem(place, "", "no such run", run, near(run, known) if known else ""))
    damage = tuple(verify_ledger(project.reports, run))
    if damage:
        return Verified(0, 0, 0, damage, ())
    wanted = known if run is None else [run]
    runs = Runs(project.reports)
    trials = decisions = 0
    differences: list[Finding] = []
    for name in wanted:
        for record in runs[name].records:
            trials += record["kind"] == "trial"
            if record["kind"] == "decision":
                decisions += 1
                differences += _compared(runs, runs[name], record)
            elif record["kind"] == ESCALATION:
                decisions += 1
                differences += _from_events(project, runs[name], record)
            elif record["kind"] == effect_record.KIND:
                decisions += 1
                differences += _effect(runs, runs[name], record)
    events = nights = 0
    if run is None:
        found = verify_events(project, runs)
        events, nights = found.events, found.nights
        differences += found.differences
    compared, different = comparisons.verify(project, run, _KEPT)
    decisions, differences = decisions + compared, differences + different
    return Verified(len(wanted), trials, decisions, damage, tuple(differences), events, nights)


def exit_code(found: Verified) -> int:
    """Return 0 when all fits, 2 for damaged files, 1 for a decision that is now another."""
    if found.damage:
        return EXIT_INPUT
    return EXIT_NOT_MET if found.differences else EXIT_MET


def _compared(runs: Runs, own: RunRecords, record: Record) -> list[Finding]:
    """Decide a recorded decision again; one that lacks what it needs is a finding too."""
    try:
        return _again(runs, own, record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        place = Place(str(own.path), record["seq"] + 1)
        wrong = f"{type(error).__name__}: {error}"
        return [Problem(place, "decision", "is no decision of this version", wrong)]


def _from_events(project: LoadedProject, own: RunRecords, record: Record) -> list[Finding]:
    """Decide a decision on field events again, and hold it against today's events."""
    place = Place(str(own.path), record["seq"] + 1)
    try:
        return escalation_verify.compared(project, place, record)
    except InputError as error:
        return list(error.problems)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        wrong = f"{type(error).__name__}: {error}"
        return [Problem(place, "decision", "is no decision of this version", wrong)]


def _effect(runs: Runs, own: RunRecords, record: Record) -> list[Finding]:
    """Decide the recorded effect of a change again."""
    place = Place(str(own.path), record["seq"] + 1)
    try:
        return effect_record.compared(runs, place, record)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        wrong = f"{type(error).__name__}: {error}"
        return [Problem(place, "effect", "is no effect of this version", wrong)]


def _again(runs: Runs, own: RunRecords, record: Record) -> list[Finding]:
    place = Place(str(own.path), record["seq"] + 1)
    evidence = stood_on(runs, record["stands_on"])
    if isinstance(evidence, str):
        return [Problem(place, "stands_on", evidence)]
    question, epoch = question_of(own, record)
    if not _is_measured(runs, question):
        return [Problem(place, "judge", "is not what the labels in the ledger show of the judge")]
    decided = decision_object(coverage.decide(question, epoch, evidence))
    different: list[Finding] = [
        Problem(place, key, f"decided again, it is {value!r}", str(record.get(key)))
        for key, value in decided.items()
        if record.get(key) != value
    ]
    return different[:1]


def _is_measured(runs: Runs, question: Question) -> bool:
    """Say whether what the rules hold of a judge is what its answers to the labels come to."""
    judge = question.rules.judge
    if judge is None or not judge.run:
        return True
    found = runs[judge.run].records
    return any(
        record["kind"] == "calibration" and calibration_of(judge.run, record) == judge
        for record in found
    )
