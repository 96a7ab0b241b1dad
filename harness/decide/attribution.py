"""What the replayed combinations of repaired layers say about an incident's failure rate."""

from collections.abc import Mapping, Sequence

import numpy as np

from harness.decide.evidence import PASS, UNGRADED, Evidence, SeriesKey
from harness.domain.attribution import (
    Attributed,
    AttributionQuestion,
    Bounded,
    Cell,
    CellPlan,
    Interaction,
    LayerShare,
)
from harness.stats import shapley

LEAST_EXACT_DROP = 0.05
"""The smallest exact drop that is divided: of less, or of a rise, shares are of no use."""


def combination(layers: tuple[str, ...]) -> str:
    """Return the name of a combination of repaired layers, as people read it."""
    return "+".join(layers) or "none"


def attribute(question: AttributionQuestion, evidence: Evidence) -> Attributed:
    """Return the answer; the same records give the same answer, whenever it is asked."""
    cells = tuple(_cell(plan, evidence) for plan in question.cells)
    planned = [plan.rounds * len(plan.places) for plan in question.cells]
    missing = sum(want - cell.trials for want, cell in zip(planned, cells, strict=True))
    ungraded = sum(cell.ungraded for cell in cells)
    trials = sum(cell.trials for cell in cells)
    reasons = []
    if missing:
        reasons.append(f"{missing} of {sum(planned)} trials are still to be replayed")
    if ungraded > question.max_ungraded_rate * trials:
        reasons.append(
            f"{ungraded} of {trials} trials are ungraded, more than "
            f"{question.max_ungraded_rate:.0%} can be judged with"
        )
    invalid = ungraded > question.max_ungraded_rate * trials
    if missing or invalid:
        return _open(reasons, cells, complete=not missing, invalid=invalid)
    return _analysed(question, cells)


def _open(
    reasons: Sequence[str], cells: tuple[Cell, ...], *, complete: bool, invalid: bool
) -> Attributed:
    """Return the answer of an attribution that nothing can be computed from."""
    return Attributed(
        complete=complete,
        invalid=invalid,
        reasons=tuple(reasons),
        cells=cells,
        drop=None,
        rest=None,
        shown=False,
        layers=(),
        interactions=(),
    )


def _cell(plan: CellPlan, evidence: Evidence) -> Cell:
    """Count the first rounds of a cell, as many as are planned, whole over its cases or not."""
    codes = []
    for evaluation, protocol, fingerprint, case, digest in plan.places:
        held = evidence.of(SeriesKey(evaluation, protocol, fingerprint))
        column = held.codes.get((plan.variant, case, digest), {})
        codes += [column[round_] for round_ in range(plan.rounds) if round_ in column]
    found = np.array(codes, np.int8)
    return Cell(
        layers=plan.layers,
        trials=len(codes),
        failures=int((found != PASS).sum()),
        ungraded=int((found == UNGRADED).sum()),
    )


def _analysed(question: AttributionQuestion, cells: tuple[Cell, ...]) -> Attributed:
    failures = np.array([cell.failures for cell in cells])
    trials = np.array([cell.trials for cell in cells])
    found = shapley.analyse(failures, trials, question.alpha)
    drop, rest = _bounded(found.drop, 0), _bounded(found.rest, 0)
    shown = drop.lower > 0.0
    bounds = shapley.share_bounds(failures, trials, question.alpha)
    # Where Fieller's bounds are not finite, no share can be told from another.
    shown = shown and bool(np.all(np.isfinite(bounds.lower)))
    rates = failures / trials
    layers = []
    for index, layer in enumerate(question.layers):
        share = _bounded(bounds, index) if shown else None
        author = question.author.get(layer)
        compared = share is not None and author is not None
        layers.append(
            LayerShare(
                layer=layer,
                drop=_bounded(found.layers, index),
                alone=float(rates[0] - rates[1 << index]),
                share=share,
                author=author,
                agrees=_agrees(share, author) if compared else None,
            )
        )
    pairs = shapley.pair_list(len(question.layers))
    return Attributed(
        complete=True,
        invalid=False,
        reasons=() if shown else (_nothing_shown(drop),),
        cells=cells,
        drop=drop,
        rest=rest,
        shown=shown,
        layers=tuple(layers),
        interactions=tuple(
            Interaction((question.layers[i], question.layers[j]), _bounded(found.pairs, index))
            for index, (i, j) in enumerate(pairs)
        ),
    )


def _agrees(share: Bounded | None, author: float | None) -> bool:
    return share is not None and author is not None and share.lower <= author <= share.upper


def _nothing_shown(drop: Bounded) -> str:
    why = "it fails more often" if drop.upper < 0.0 else "that may be nothing"
    return (
        f"repairing everything changes the failure rate by {-drop.value:+.2f} "
        f"({-drop.upper:+.2f} to {-drop.lower:+.2f}): {why}, so there are no shares"
    )


def _bounded(estimates: shapley.Estimates, index: int) -> Bounded:
    return Bounded(
        float(estimates.value[index]),
        float(estimates.lower[index]),
        float(estimates.upper[index]),
    )


def exact_answer(question: AttributionQuestion, rates: Mapping[str, float]) -> Attributed:
    """Return the answer that exact cell rates give: every bound is the value itself.

    Nothing is computed while a cell's rate is missing.
    """
    if missing := len(question.cells) - len(rates):
        reason = f"{missing} of {len(question.cells)} combinations are still to be computed"
        return _open([f"{reason}, and none is kept"], (), complete=False, invalid=False)
    cells = np.array([rates[combination(plan.layers)] for plan in question.cells])
    layers, pairs = shapley.exact(cells)
    drop = float(cells[0] - cells[-1])
    shown = drop >= LEAST_EXACT_DROP
    reason = (
        f"repairing everything changes the exact failure rate by {0.0 - drop:+.2f}: shares need a "
        f"drop of {LEAST_EXACT_DROP:.2f} or more"
    )

    def sure(value: float) -> Bounded:
        return Bounded(float(value), float(value), float(value))

    return Attributed(
        complete=True,
        invalid=False,
        reasons=() if shown else (reason,),
        cells=(),
        drop=sure(drop),
        rest=sure(cells[-1]),
        shown=shown,
        layers=tuple(
            LayerShare(
                layer=layer,
                drop=sure(layers[index]),
                alone=float(cells[0] - cells[1 << index]),
                share=sure(layers[index] / drop) if shown else None,
                author=question.author.get(layer),
                agrees=None,
            )
            for index, layer in enumerate(question.layers)
        ),
        interactions=tuple(
            Interaction((question.layers[i], question.layers[j]), sure(pairs[index]))
            for index, (i, j) in enumerate(shapley.pair_list(len(question.layers)))
        ),
    )
