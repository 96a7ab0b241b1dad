"""``harness effect``: whether the change that a postmortem declares lowers the failure rate."""

import asyncio
from dataclasses import dataclass

from harness import plugins
from harness.commands import effect_record
from harness.commands.attribution_cases import postmortem_of
from harness.commands.context import Context
from harness.commands.drafts import draft_problems, refuse_drafts
from harness.commands.lent import lent
from harness.commands.questions import checks
from harness.commands.sides import (
    LoadedSide,
    Side,
    Wanted,
    build,
    configured,
    filling_of,
    gather,
    judged,
    open_run,
    side_of_eval,
    side_on,
)
from harness.decide import effect as deciding
from harness.decide.attribution import combination
from harness.decide.evidence import RunFeed
from harness.domain.case import LAYERS, Case, Layer
from harness.domain.effect import EffectQuestion, EffectReport, EffectVerdict
from harness.domain.item import EvalCoverageItem
from harness.domain.record import Json
from harness.domain.trial import BASE, TWIN
from harness.errors import (
    EXIT_INVALID,
    EXIT_MET,
    EXIT_NOT_MET,
    EXIT_UNDECIDED,
    InputError,
    NotEvaluableError,
)
from harness.files.evals import load_eval
from harness.files.items import load_item
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold
from harness.plan.variants import resolve
from harness.ports.model import Model

_LAYER_OF: dict[str, Layer] = {"tool": "tool", "context": "data"}
"""Where a postmortem makes its change -> the layer whose repair that is."""
_MAX_PAIRS = 800


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    item: str
    model: str | None = None
    layers: tuple[Layer, ...] = ()
    margin: float = 0.05
    budget: int | None = None
    minutes: float | None = None


def effect(context: Context, options: Options) -> EffectReport:
    """Replay the item's cases before and after the change until the answer is known.

    InputError for an unknown item, or where the postmortem declares no change; NotEvaluableError
    for an item without an eval, or a case that declares no such repair.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    item = load_item(project, options.item).value
    if not isinstance(item, EvalCoverageItem):
        raise NotEvaluableError(
            f"{item.id}: kind: only eval_coverage items have a failure rate that a change lowers, "
            f"got {item.kind}"
        )
    layers, change = _change(project, item, options.layers)
    loaded, before, after = _loaded(project, item, layers)
    chosen = options.model or item.model or project.config.default_model
    configured(project, chosen)
    models = build(context, project, [chosen])
    asked = _Asked(item, layers, change, loaded, before, after, chosen)
    return asyncio.run(_effect(context, project, options, asked, models[chosen]))


@dataclass(frozen=True, slots=True)
class _Asked:
    item: EvalCoverageItem
    layers: tuple[Layer, ...]
    change: tuple[str, ...]
    loaded: LoadedSide
    before: str
    after: str
    model: str


def _change(
    project: LoadedProject, item: EvalCoverageItem, asked: tuple[Layer, ...]
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return the layers that the declared changes repair, and the changes in words."""
    if asked:
        return tuple(layer for layer in LAYERS if layer in asked), ()
    agent = postmortem_of(project, item.incident).agent
    changes = [each.change for each in (agent.inferences if agent else ()) if each.change]
    if not changes:
        raise InputError(
            f"{item.incident}: agent.inferences: declares no change, name the layers with --layer"
        )
    layers = {_LAYER_OF[change.layer] for change in changes}
    return tuple(layer for layer in LAYERS if layer in layers), tuple(c.what for c in changes)


def _loaded(
    project: LoadedProject, item: EvalCoverageItem, layers: tuple[Layer, ...]
) -> tuple[LoadedSide, str, str]:
    """Return the item's eval with its cases before and after the change.

    Where the eval already replays with the change made, before is without it.
    """
    found = load_eval(project, item.eval, checks())
    refuse_drafts(draft_problems(found))
    kept = tuple(layer for layer in found.value.repair if layer not in layers)
    changed = tuple(layer for layer in LAYERS if layer in kept or layer in layers)
    cases = [case.value for case in found.cases]
    lacking = [
        f"{case.id} ({layer})"
        for case in cases
        for layer in layers
        if not getattr(case.variants, layer)
    ]
    if lacking:
        raise NotEvaluableError(
            f"{item.eval}: cases declare no repair of the change's layer: {', '.join(lacking)}; "
            "write their variants, or name other layers with --layer"
        )
    before, after = combination(kept), combination(changed)
    variants: dict[tuple[str, str], Case] = {}
    for case in cases:
        for name, repaired in ((before, kept), (after, changed)):
            variants[case.id, name] = resolve(case, BASE, repaired)
            if case.twin is not None:
                variants[case.id, name + deciding.TWINS] = resolve(case, TWIN, repaired)
    loaded = side_of_eval(project, item.eval, variants)[1]
    if why := judged(loaded):
        raise NotEvaluableError(why)
    return loaded, before, after


async def _effect(
    context: Context, project: LoadedProject, options: Options, asked: _Asked, model: Model
) -> EffectReport:
    async with lent([model]):
        side = side_on(project, asked.loaded, asked.model, model, "effect-")
        with hold(project.reports, asked.item.eval, context.now):
            return await _replayed(context, project, options, asked, side)


async def _replayed(
    context: Context, project: LoadedProject, options: Options, asked: _Asked, side: Side
) -> EffectReport:
    question = _question(project, options, asked, side)
    scope: Json = ["effect", asked.item.id, side.loaded.eval_digest, side.fingerprint.digest]
    scope += [asked.before, asked.after]
    evidence, feeds = gather(project)
    answer = deciding.decide(question, evidence, bounds=False)
    slots = side.config.concurrency
    if not deciding.wanted_rounds(question, answer, slots):
        return EffectReport(question, deciding.decide(question, evidence), None, 0, "")
    with open_run(context, project, scope) as writer, context.progress() as progress:
        feed = feeds.get(writer.run) or RunFeed(evidence, writer.run)
        limits = options.budget, options.minutes
        filling = filling_of(context, project, (writer, feed), [side], progress, limits)
        filling.announce(side)
        while steps := deciding.wanted_rounds(question, answer, slots):
            wanted = [
                Wanted(side, variant + suffix, _cases(question, variant + suffix), 0, until)
                for suffix, until in steps.items()
                for variant in (asked.before, asked.after)
            ]
            replayed = await filling.fill(wanted, f"{asked.item.id}: before and after the change")
            answer = deciding.decide(question, evidence, bounds=False)
            if not replayed or side.stopped:
                break
        feed.stands_at(writer.count, writer.head)
        answer = deciding.decide(question, evidence)
        writer.append_group([effect_record.record_of(project, evidence, question, answer)])
        writer.seal("complete")
    return EffectReport(question, answer, writer.run, side.new_trials, side.stopped)


def _cases(question: EffectQuestion, variant: str) -> tuple[str, ...]:
    return tuple(name for _, name, _ in deciding.places(question, variant))


def _question(
    project: LoadedProject, options: Options, asked: _Asked, side: Side
) -> EffectQuestion:
    defaults = project.config.defaults
    return EffectQuestion(
        item=asked.item.id,
        incident=asked.item.incident,
        model=asked.model,
        layers=asked.layers,
        change=asked.change,
        eval=side.key.eval,
        protocol=side.key.protocol,
        fingerprint=side.key.fingerprint,
        cases={case: dict(found) for case, found in side.loaded.digests.items()},
        before=asked.before,
        after=asked.after,
        alpha=asked.item.target.alpha or defaults.alpha,
        max_ungraded_rate=defaults.max_ungraded_rate,
        margin=options.margin,
        twin_margin=max(0.05, asked.item.target.twin_failure_rate or 0.0),
        max_pairs=_MAX_PAIRS,
    )


def exit_code(report: EffectReport) -> int:
    """Return 0 when the change lowers the rate, 1 when it does not, 3 undecided, 4 invalid."""
    codes = {
        EffectVerdict.LOWERS: EXIT_MET,
        EffectVerdict.TOO_LITTLE: EXIT_NOT_MET,
        EffectVerdict.TWINS_PAY: EXIT_NOT_MET,
        EffectVerdict.UNDECIDED: EXIT_UNDECIDED,
        EffectVerdict.INVALID: EXIT_INVALID,
    }
    return codes[report.answer.verdict]
