"""Compute exact cell rates for every incident of the library, and write them as a table.

The rates are those of ``harness attribute INC --exact``, kept to three digits in a JSON file beside
the docs, so that a broken-off computation goes on and the table can be written without the model.
First the cells that a table row needs (nothing, each layer alone, everything repaired), then, for
the incidents with the largest drop, all sixteen, without which there are no shares. No trial is
made and the ledger is neither read nor written.
"""

import argparse
import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from harness import plugins
from harness.commands.attribution_cases import Situation, situations
from harness.commands.exact import Computing
from harness.commands.sides import configured
from harness.decide.attribution import LEAST_EXACT_DROP, combination
from harness.domain.case import LAYERS
from harness.errors import HarnessError
from harness.files.postmortems import postmortem_files
from harness.files.project import LoadedProject, load_project
from harness.ports.model import AdapterContext, ExactModel
from harness.stats import shapley

LEAST_CHANGE = 0.01
"""A smaller change is called none."""
CLOSE = 0.15
"""As in the command: up to this difference an exact share is called close to the author's."""


@dataclass(slots=True)
class Row:
    """What is known of one incident."""

    author: dict[str, float]
    cases: list[str]
    layers: list[str]
    lacking: dict[str, list[str]]
    rates: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Compute what is missing, unless only the table is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path())
    parser.add_argument("--model", default="local")
    parser.add_argument("--rates", type=Path, default=Path("docs/attribution-rates.json"))
    parser.add_argument("--table", action="store_true", help="compute nothing")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--most-cases", type=int, default=2, help="leave larger incidents out")
    parser.add_argument("--only", nargs="*", default=[], metavar="INC", help="these incidents")
    parser.add_argument("--least-drop", type=float, default=LEAST_EXACT_DROP)
    asked = parser.parse_args()
    rows = read(asked.rates)
    if not asked.table:
        project = load_project(asked.root.resolve(), plugins.adapter_names())
        asyncio.run(compute(project, asked, rows))
    print("\n".join(table(rows)))


def read(path: Path) -> dict[str, Row]:
    """Return incident -> what is on file."""
    if not path.exists():
        return {}
    return {name: Row(**row) for name, row in json.loads(path.read_text("utf-8")).items()}


def write(path: Path, rows: Mapping[str, Row]) -> None:
    """Write all rows; a rename, so that breaking off loses nothing."""
    plain: dict[str, Any] = {
        name: {
            "author": row.author,
            "cases": row.cases,
            "layers": row.layers,
            "lacking": row.lacking,
            "rates": row.rates,
        }
        for name, row in sorted(rows.items())
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", "utf-8")
    part.replace(path)


async def compute(project: LoadedProject, asked: argparse.Namespace, rows: dict[str, Row]) -> None:
    """Fill the rates, row cells first, until all are there or the minutes are over."""
    end = time.monotonic() + asked.minutes * 60
    config = configured(project, asked.model)
    around = AdapterContext(project.root, dict(os.environ), print)
    model = plugins.adapter(config.adapter).build(config, around)
    if not isinstance(model, ExactModel):
        raise SystemExit(f"{asked.model} has no exact choice probabilities")
    try:
        known = dict(_incidents(project, asked, rows))
        for all_cells in (False, True):
            for name, found in known.items():
                if all_cells and drop_of(rows[name]) < asked.least_drop:
                    continue
                for layers in cells(found.layers, all_cells=all_cells):
                    if time.monotonic() > end:
                        return
                    cell = combination(layers)
                    if cell not in rows[name].rates:
                        rate = await _rate(project, asked.model, model, found, cell)
                        rows[name].rates[cell] = round(rate, 3)
                        write(asked.rates, rows)
    finally:
        await model.aclose()


def _incidents(
    project: LoadedProject, asked: argparse.Namespace, rows: dict[str, Row]
) -> Iterator[tuple[str, Situation]]:
    for path in sorted(postmortem_files(project.root)[0]):
        if asked.only and path.stem not in asked.only:
            continue
        try:
            found = situations(project, path.stem)
        except HarnessError as error:
            print(f"{path.stem}: left out: {error}")
            continue
        if len(found.cases) > asked.most_cases:
            print(f"{path.stem}: left out: {len(found.cases)} cases")
            continue
        row = Row(
            author=dict(found.author),
            cases=[f"{evaluation}/{case}" for evaluation, case in found.cases],
            layers=list(found.layers),
            lacking={layer: list(names) for layer, names in found.lacking.items()},
        )
        if path.stem in rows:
            row.rates = rows[path.stem].rates
        rows[path.stem] = row
        yield path.stem, found


def cells(layers: tuple[str, ...], *, all_cells: bool) -> list[tuple[str, ...]]:
    """Return the combinations to compute, those that begin alike beside each other.

    The agent and the handoff are repaired in the system message, the others behind it: what the
    runtime remembers of one conversation serves the next as far as both begin alike.
    """
    every = [
        tuple(some)
        for count in range(len(layers) + 1)
        for some in itertools.combinations(layers, count)
    ]
    wanted = [some for some in every if all_cells or len(some) in {0, 1, len(layers)}]
    return sorted(wanted, key=lambda some: ("agent" in some, "handoff" in some))


async def _rate(
    project: LoadedProject, name: str, model: ExactModel, found: Situation, cell: str
) -> float:
    """Return the failure rate of a cell, averaged over all orders and then over the cases."""
    by_case = []
    for evaluation, case in found.cases:
        loaded = found.evals[evaluation]
        settings = {**configured(project, name).settings, **loaded.evaluation.settings}
        asked = model, loaded.resolved[case, cell], settings, loaded.evaluation.question
        by_case.append(await Computing(_silent, 0).rate(asked, cell))
    return fmean(rate for rate in by_case if rate is not None)


def _silent(done: int, total: int, text: str) -> None:
    """Show nothing."""


def drop_of(row: Row) -> float:
    """Return v(none) - v(all)."""
    return row.rates["none"] - row.rates[combination(tuple(row.layers))]


def shares(row: Row) -> dict[str, float] | None:
    """Return layer -> exact share; None without a drop or without all combinations."""
    names = [
        combination(tuple(layer for index, layer in enumerate(row.layers) if cell >> index & 1))
        for cell in range(1 << len(row.layers))
    ]
    if drop_of(row) < LEAST_EXACT_DROP or any(name not in row.rates for name in names):
        return None
    values, _ = shapley.exact(np.array([row.rates[name] for name in names]))
    return {
        layer: float(value) / drop_of(row) for layer, value in zip(row.layers, values, strict=True)
    }


def table(rows: Mapping[str, Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table; shares and repairs as agent / tool / data / handoff."""
    yield "| incident | author's shares | none | all | alone | exact shares | in words |"
    yield "|---|---|---|---|---|---|---|"
    for name, row in sorted(rows.items()):
        if not {"none", *row.layers, combination(tuple(row.layers))} <= row.rates.keys():
            yield f"| {name} | {_four(row.author, '.0%')} | | | | | not computed |"
            continue
        none, found = row.rates["none"], shares(row)
        alone = {layer: none - row.rates[layer] for layer in row.layers}
        everything = row.rates[combination(tuple(row.layers))]
        exact = "none: no drop shown" if drop_of(row) < LEAST_EXACT_DROP else "not computed"
        if found is not None:
            exact = _four(found, ".0%")
        yield (
            f"| {name} | {_four(row.author, '.0%')} | {none:.2f} | {everything:.2f} | "
            f"{_four(alone, '+.2f')} | {exact} | {words(row, found)} |"
        )


def _four(values: Mapping[str, float], form: str) -> str:
    # Adding 0.0 makes a 0 of the -0 that rounding leaves.
    return " / ".join(
        format(round(values[each], 2) + 0.0, form) if each in values else "-" for each in LAYERS
    )


def words(row: Row, found: Mapping[str, float] | None) -> str:
    """Return what the exact rates have to say to the author's shares."""
    drop = drop_of(row)
    if drop < LEAST_EXACT_DROP:
        if abs(drop) < LEAST_CHANGE:
            return "repairing everything changes nothing: nothing to compare"
        changed = "adds" if drop < 0 else "removes"
        return f"repairing everything {changed} {abs(drop):.2f}: nothing to compare"
    if found is None:
        return f"repairing everything removes {drop:.2f}"
    close = [layer for layer in found if abs(found[layer] - row.author.get(layer, 0.0)) <= CLOSE]
    far = [layer for layer in found if layer not in close]
    said = [f"close: {', '.join(close)}"] if close else []
    said += [f"not close: {', '.join(far)}"] if far else []
    return "; ".join(said)


if __name__ == "__main__":
    main()
