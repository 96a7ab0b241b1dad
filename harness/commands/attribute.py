"""``harness attribute``: an incident's cases replayed with every combination of layers repaired."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from harness import plugins
from harness.commands import attribution_record
from harness.commands.attribution_cases import Situation, situations
from harness.commands.context import Context
from harness.commands.exact import Asked, Computing, exact_model, orders
from harness.commands.lent import lent
from harness.commands.purse import purse_of
from harness.commands.sides import (
    Side,
    Wanted,
    build,
    configured,
    filling_of,
    gather,
    open_run,
    side_on,
)
from harness.decide.attribution import attribute as decide
from harness.decide.attribution import combination, exact_answer
from harness.decide.evidence import RunFeed
from harness.domain.attribution import (
    AttributionQuestion,
    AttributionReport,
    CellPlan,
)
from harness.domain.case import Layer
from harness.domain.record import Json
from harness.errors import EXIT_INVALID, EXIT_MET, EXIT_UNDECIDED
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold_all
from harness.ports.model import Model
from harness.stats import shapley


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    incident: str
    trials: int = 480
    model: str | None = None
    exact: bool = False
    minutes: float | None = None


def attribute(context: Context, options: Options) -> AttributionReport:
    """Measure the shares of the layers; the answer is on record, unless only exact rates are asked.

    InputError for an incident without cases, NotEvaluableError where no layer can be repaired in
    all of them. What was answered before an error or Ctrl-C is in the ledger, and the same command
    goes on from there.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    chosen = options.model or project.config.default_model
    configured(project, chosen)
    found = situations(project, options.incident)
    names = [chosen, *([found.agent_model] if found.agent_model else [])]
    models = build(context, project, list(dict.fromkeys(names)))
    return asyncio.run(_attribute(context, project, options, found, chosen, models))


async def _attribute(
    context: Context,
    project: LoadedProject,
    options: Options,
    found: Situation,
    chosen: str,
    models: Mapping[str, Model],
) -> AttributionReport:
    async with lent(models.values()):
        # A repaired agent may be another model.
        sides = {
            (evaluation, name): side_on(project, loaded, name, model, "attribute-")
            for name, model in models.items()
            for evaluation, loaded in found.evals.items()
        }
        question = _question(project, options, found, chosen, sides)
        if options.exact:
            return await _exact(context, project, options, question, sides)
        with hold_all(project.reports, found.evals, context.now):
            return await _replayed(context, project, options, question, sides)


def _question(
    project: LoadedProject,
    options: Options,
    found: Situation,
    chosen: str,
    sides: Mapping[tuple[str, str], Side],
) -> AttributionQuestion:
    counts = shapley.allocation(len(found.layers), options.trials)
    cells = []
    for cell, count in enumerate(counts):
        layers: tuple[Layer, ...] = tuple(
            layer for index, layer in enumerate(found.layers) if cell >> index & 1
        )
        model = found.agent_model if found.agent_model and "agent" in layers else chosen
        variant = combination(layers)
        places = []
        for evaluation, case in found.cases:
            side = sides[evaluation, model]
            digest = side.loaded.digests[case][variant]
            places.append((evaluation, side.key.protocol, side.key.fingerprint, case, digest))
        rounds = math.ceil(int(count) / len(found.cases))
        cells.append(CellPlan(layers, variant, rounds, tuple(places)))
    return AttributionQuestion(
        incident=options.incident,
        model=chosen,
        agent=found.agent,
        layers=found.layers,
        lacking=found.lacking,
        author=found.author,
        alpha=project.config.defaults.alpha,
        max_ungraded_rate=project.config.defaults.max_ungraded_rate,
        cells=tuple(cells),
        cases=tuple(f"{evaluation}/{case}" for evaluation, case in found.cases),
    )


async def _replayed(
    context: Context,
    project: LoadedProject,
    options: Options,
    question: AttributionQuestion,
    sides: Mapping[tuple[str, str], Side],
) -> AttributionReport:
    scope: Json = ["attribute", options.incident, options.trials] + [
        [name, model, side.loaded.eval_digest, side.fingerprint.digest]
        for (name, model), side in sorted(sides.items())
    ]
    evidence, feeds = gather(project)
    by_series = {(side.key.eval, side.key.fingerprint): side for side in sides.values()}
    with open_run(context, project, scope) as writer, context.progress() as progress:
        feed = feeds.get(writer.run) or RunFeed(evidence, writer.run)
        limits = None, options.minutes
        filling = filling_of(context, project, (writer, feed), sides.values(), progress, limits)
        for side in sides.values():
            filling.announce(side)
        wanted = [
            Wanted(by_series[evaluation, fingerprint], plan.variant, (case,), 0, plan.rounds)
            for plan in question.cells
            for evaluation, _, fingerprint, case, _ in plan.places
        ]
        await filling.fill(wanted, f"replaying {len(question.cells)} combinations")
        feed.stands_at(writer.count, writer.head)
        answer = decide(question, evidence)
        record = None
        if answer.complete:
            record = attribution_record.write(
                project, writer, evidence, question, answer, context.now()
            )
        stopped = next((side.stopped for side in sides.values() if side.stopped), "")
        if not stopped:
            writer.seal("complete")
        new = sum(side.new_trials for side in sides.values())
        return AttributionReport(question, answer, None, writer.run, new, stopped, record)


async def _exact(
    context: Context,
    project: LoadedProject,
    options: Options,
    question: AttributionQuestion,
    sides: Mapping[tuple[str, str], Side],
) -> AttributionReport:
    """Compute the cells' failure rates, averaged over orders and cases; no trial, no record."""
    by_series = {(side.key.eval, side.key.fingerprint): side for side in sides.values()}
    wanted = {
        plan.variant: [
            _asked(by_series[evaluation, fingerprint], case, plan.variant)
            for evaluation, _, fingerprint, case, _ in plan.places
        ]
        for plan in question.cells
    }
    total = sum(orders(case) for cases in wanted.values() for _, case, _, _ in cases)
    late = purse_of(project.config.budget, [], minutes=options.minutes).late
    rates: dict[str, float] = {}
    stopped = ""
    with context.progress() as progress:
        computing = Computing(progress, total, late)
        for cell, cases in wanted.items():
            found = [await computing.rate(asked, f"computing {cell}") for asked in cases]
            known = [rate for rate in found if rate is not None]
            if len(known) < len(found):
                stopped = "the budget of minutes is spent"
                break
            rates[cell] = fmean(known)
    return AttributionReport(question, exact_answer(question, rates), rates, None, 0, stopped, None)


def _asked(side: Side, name: str, variant: str) -> Asked:
    loaded = side.loaded
    model = exact_model(side.asked, side.model, loaded.grader_spec)
    settings = {**side.config.settings, **loaded.evaluation.settings}
    return model, loaded.resolved[name, variant], settings, loaded.evaluation.question


def exit_code(report: AttributionReport) -> int:
    """Return 0 when shares are measured, 4 when too much is ungraded, 3 when nothing is shown."""
    if report.answer.invalid:
        return EXIT_INVALID
    return EXIT_MET if report.answer.shown else EXIT_UNDECIDED
