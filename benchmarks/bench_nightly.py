"""What the life of action items costs and promises: a year of nights, regressions, the budget.

    python benchmarks/bench_nightly.py [--items N] [--paths N] [--seeds N]

Closing, watching and allocation are those of harness itself, called on arrays of planted outcomes.
What can be computed exactly is; the rest is drawn with fixed seeds, and the share of an event of
probability p among n draws has a standard error of sqrt(p (1 - p) / n), printed beside it.
"""

import argparse
import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.decide.allocation import nearest
from harness.decide.judge import judge
from harness.domain.decision import Decision, Judgement, Verdict
from harness.stats import boundaries, exact, hybrid, spending, watch

TARGET, ALPHA, CASES, NIGHTS = 0.05, 0.05, 20, 365
_WAYS = ("equal", "levelled", "allocated")
EXTRA = 3
"""Rounds that the warning asks for, as commands/nights.py adds them."""


@dataclass(frozen=True)
class Year:
    """What became of items over a year."""

    closed_rate: float
    mean_trials: float
    """Of those closed, at the end of the round that closed them."""


def year_exactly(rate: float, alpha: float, nights: int) -> Year:
    """Return the year of an item on an even eval, by the pooled process: no draw at all."""
    looks = boundaries.whole_rounds(CASES, nights * CASES)
    table = boundaries.boundaries(looks, TARGET, boundaries.threshold(alpha))
    law = exact.stopping_law([rate] * CASES, table)
    return Year(law.met_rate, float(law.met @ law.trials / law.met_rate))


def year_drawn(rate: float, alpha: float, nights: int, items: int, seed: int) -> Year:
    """Return the year of many items by the hybrid process, which decides."""
    rng = np.random.default_rng(seed)
    outcomes = (rng.random((items, nights, CASES)) < rate).astype(np.uint8)
    path = hybrid.trajectories(outcomes, outcomes, TARGET)
    level = boundaries.threshold(alpha)
    met, refuted = path.met >= level, path.not_met >= level
    first = np.where(met.any(axis=1), met.argmax(axis=1), nights)
    against = np.where(refuted.any(axis=1), refuted.argmax(axis=1), nights)
    closed = (first < nights) & (first < against)
    trials = float((first[closed] + 1).mean() * CASES) if closed.any() else math.nan
    return Year(float(closed.mean()), trials)


def nights_to_alarm(rate: float, paths: int, nights: int, seed: int) -> NDArray[np.int64]:
    """Return the night in which each path is reopened, nights + 1 for never.

    A night has one round of 20, and three more at once where the level then warns.
    """
    rng = np.random.default_rng(seed)
    state = watch.start(paths)
    found = np.full(paths, nights + 1)
    target = np.full(paths, TARGET)
    for night in range(1, nights + 1):
        failures = rng.binomial(CASES, rate, (paths, 1 + EXTRA))
        factors = watch.log_factors(failures, np.full_like(failures, CASES), target[:, None])
        state = watch.advance(state, factors[:, 0])
        level = watch.log_level(state)
        alarm = level >= math.log(watch.ALARM)
        warned = ~alarm & (level >= math.log(watch.WARNING))
        for extra in range(1, 1 + EXTRA):
            more = watch.advance(state, factors[:, extra])
            state = np.where(warned[:, None], more, state)
            alarm |= watch.log_level(state) >= math.log(watch.ALARM)
        found = np.where(alarm & (found > nights), night, found)
    return found


@dataclass
class Item:
    """An open item of a portfolio, with the rate that it was planted with."""

    target: float
    cases: int
    rate: float
    codes: NDArray[np.int8]
    judged: Judgement


def portfolio(items: int, seed: int) -> list[Item]:
    """Return a mixed portfolio: targets, sizes and true rates in all combinations, shuffled."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(items):
        target = float(rng.choice([0.02, 0.05, 0.1, 0.2, 0.3]))
        cases = int(rng.choice([2, 5, 10, 20]))
        rate = float(min(target * rng.choice([0.0, 0.25, 0.5, 0.8, 1.0, 2.0, 4.0]), 0.95))
        codes = np.zeros((0, cases), np.int8)
        made.append(Item(target, cases, rate, codes, _judged(codes, target)))
    return made


def _judged(codes: NDArray[np.int8], target: float) -> Judgement:
    names = [str(number) for number in range(codes.shape[1])]
    alpha = spending.epoch_alpha(ALPHA, 1)
    return judge(codes, names, target, alpha, bounds=False)


def _decision(item: Item) -> Decision:
    return Decision(
        item="", verdict=item.judged.verdict, reasons=(), eval="", eval_digest="", model="",
        fingerprint="", epoch=1, alpha=spending.epoch_alpha(ALPHA, 1), base=item.judged, twins=None,
        errors=0, max_trials=math.ceil(60 / item.target),
    )  # fmt: skip


def decided(items: list[Item], calls: int, seed: int, how: str) -> int:
    """Spend calls and return how many items are decided.

    ``equal`` gives every item the same calls; ``levelled`` gives the next round to the open item
    that has had the fewest trials, so that what a decided item no longer needs goes to the others;
    ``allocated`` asks harness.
    """
    rng = np.random.default_rng(seed)
    decisions = [_decision(item) for item in items]
    share = calls // len(items) if how == "equal" else calls
    while True:
        left = [
            n
            for n, item in enumerate(items)
            if _goes_on(item) and item.cases <= calls and item.codes.size + item.cases <= share
        ]
        chosen: int | None = min(left, key=lambda n: items[n].codes.size, default=None)
        if how == "allocated" and left:
            best = nearest([decisions[n] for n in left])
            chosen = None if best is None else left[best]
        if chosen is None:
            break
        item = items[chosen]
        fresh = (rng.random((1, item.cases)) < item.rate).astype(np.int8)
        item.codes = np.concatenate([item.codes, fresh])
        item.judged = _judged(item.codes, item.target)
        decisions[chosen] = _decision(item)
        calls -= item.cases
    return sum(item.judged.verdict in {Verdict.MET, Verdict.NOT_MET} for item in items)


def foreseen(items: list[Item], calls: int, seed: int) -> int:
    """Return how many items those calls could decide at most, if every outcome were known before.

    No way to spend them does better: the items are taken in the order of the trials that each
    needs. The outcomes are other draws than those of ``decided``, at the same rates.
    """
    rng = np.random.default_rng(1000 + seed)
    needed = []
    for item in items:
        rounds = math.ceil(math.ceil(60 / item.target) / item.cases)
        codes = (rng.random((rounds, item.cases)) < item.rate).astype(np.int8)
        judged = _judged(codes, item.target)
        if judged.decided_in is not None:
            needed.append(judged.decided_in * item.cases)
    return int((np.cumsum(np.sort(needed)) <= calls).sum())


def _goes_on(item: Item) -> bool:
    cap = math.ceil(60 / item.target)
    return item.judged.verdict is Verdict.UNDECIDED and item.judged.trials < cap


def show_years(items: int) -> None:
    """Print a year of items at their target and at half of it."""
    alpha = spending.epoch_alpha(ALPHA, 1)
    cap = math.ceil(60 / TARGET)
    print(f"a year of nights, {CASES} trials each, target {TARGET:.0%}, epoch 1 at alpha {alpha}")
    for name, nights in (("365 nights", NIGHTS), (f"cap of {cap} trials", cap // CASES)):
        for share, rate in (("at the target", TARGET), ("at half of it", TARGET / 2)):
            sure = year_exactly(rate, alpha, nights)
            drawn = year_drawn(rate, alpha, nights, items, seed=61)
            error = math.sqrt(max(drawn.closed_rate * (1 - drawn.closed_rate), 1e-9) / items)
            print(
                f"  {name:18} {share:14} closed: pooled {sure.closed_rate:.4f} exactly, "
                f"hybrid {drawn.closed_rate:.4f} +- {error:.4f}; "
                f"mean trials {sure.mean_trials:.0f} / {drawn.mean_trials:.0f}"
            )
    at = year_exactly(TARGET / 2, ALPHA, NIGHTS).mean_trials
    print(f"  at alpha {ALPHA} (docs/statistics.md says 452, looked at after each trial): {at:.0f}")


def show_watch(paths: int) -> None:
    """Print when regressions are found, and how often there is none."""
    print(f"watching a closed item, one round of {CASES} a night, {paths} paths each")
    for times in (2, 4, 8):
        found = nights_to_alarm(times * TARGET, paths, 200, seed=62)
        within = float((found <= 7).mean())
        print(
            f"  at {times} x the target: reopened in night {np.median(found):.0f} at the median, "
            f"95 % by night {np.quantile(found, 0.95):.0f}, within 7 nights {within:.4f}"
        )
    for share, rate in ((0.5, TARGET / 2), (1.0, TARGET)):
        alarms = nights_to_alarm(rate, paths, NIGHTS, seed=63) <= NIGHTS
        bound = 1 - 0.05 ** (1 / paths) if not alarms.any() else math.nan
        beside = f" (95 % sure: below {bound:.4f})" if not alarms.any() else ""
        print(f"  steady at {share:g} x the target: {alarms.mean():.4f} reopened a year{beside}")


def show_allocation(seeds: int) -> None:
    """Print how many items 10,000 calls decide, allocated and in equal shares."""
    print(f"items decided by 10,000 calls, {seeds} mixed portfolios each")
    for size in (100, 200, 300, 600):
        started = time.perf_counter()
        pairs = [
            [decided(portfolio(size, seed), 10_000, seed, how) for how in _WAYS]
            for seed in range(seeds)
        ]
        most = np.mean([foreseen(portfolio(size, seed), 10_000, seed) for seed in range(seeds)])
        took = time.perf_counter() - started
        equal, levelled, allocated = np.mean(pairs, axis=0)
        print(
            f"  {size:4} items: equal shares {equal:6.1f}, levelled {levelled:6.1f}, allocated "
            f"{allocated:6.1f}: {allocated / equal:.2f} and {allocated / levelled:.2f} times as "
            f"many; {most:.1f} if all outcomes were known: {most / equal:.2f}  [{took:.0f} s]"
        )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--paths", type=int, default=20000)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    show_years(asked.items)
    show_watch(asked.paths)
    show_allocation(asked.seeds)


if __name__ == "__main__":
    main()
