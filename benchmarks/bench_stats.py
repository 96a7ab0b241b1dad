"""Print what the statistics promise beside what they do, and beside what else could decide.

Run `python benchmarks/bench_stats.py` for all figures, `--quick` for a check that it runs. Lines
that say exact come from dynamic programming; lines that say drawn come from seeded simulation and
carry their standard error. The savings are wanted where failures sit in few cases; evals between
those and even ones are printed for comparison, without a figure to reach.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy import special, stats
from statsmodels.stats import proportion

from harness.stats import boundaries as bd
from harness.stats import confseq, crossing, exact, forecast, hybrid, pooled, spending, stratified
from harness.stats.boundaries import Boundaries

LEVEL = bd.threshold(0.05)
TARGETS = (0.05, 0.10, 0.30)


def line(what: str, value: float, wanted: str, met: object = None) -> None:
    """Print one figure beside what was wanted, and whether it is reached."""
    mark = "" if met is None else ("   reached" if met else "   MISSED")
    print(f"  {what:<62} {value:>10.4f}   {wanted:<14}{mark}")


def uneven(target: float, cases: int) -> dict[str, np.ndarray]:
    """Return case rates with mean rate equal to the target."""
    graded = np.arange(1, cases + 1) ** 2.0
    return {
        "even": np.full(cases, target),
        "packed": np.clip(cases * target - np.arange(cases), 0.0, 1.0),
        "graded": graded * cases * target / graded.sum(),
    }


def error_rates(*, quick: bool) -> None:
    """Print the chance of a false close, ever."""
    print("False close at the target, looked at after every round for ever (exact)")
    for target in TARGETS:
        table = bd.boundaries(bd.whole_rounds(20, 2000 if quick else 20_000), target, LEVEL)
        for name, rates in uneven(target, 20).items():
            law = exact.stopping_law(rates, table, stop_not_met=False)
            left = np.exp(pooled.log_e_met(law.open_failures, law.trials[-1], target))
            ever = law.met_rate + 0.05 * float(law.open_rate @ left)
            seen = f"{law.met_rate:.4f} by {law.trials[-1]} trials"
            what = f"t = {target:.2f}, 20 cases {name}: {seen}, ever"
            line(what, ever, "<= 0.05", ever <= 0.05 + 1e-9)


def trials_over_bound(*, quick: bool) -> None:
    """Print mean trials against the information bound."""
    print("Mean trials to met over log(1/alpha) / KL, a look after every trial (exact)")
    for target in TARGETS:
        table = bd.boundaries(np.arange(1, 6001), target, LEVEL)
        far = bd.boundaries(np.arange(1, 60_001), target, LEVEL) if not quick else table
        wanted = {0.0: 1.30 if target <= 0.1 else 1.35, 0.25: 1.20, 0.5: 1.27}
        for share in (0.0, 0.25, 0.5, *(() if quick else (0.8,))):
            rate = share * target
            law = exact.stopping_law([rate], far if share > 0.5 else table, stop_not_met=False)
            divergence = (1 - rate) * np.log((1 - rate) / (1 - target))
            divergence += rate * np.log(rate / target) if rate else 0.0
            ratio = law.mean_trials * divergence / LEVEL
            most = wanted.get(share)
            what = f"t = {target:.2f}, p = {share:.2f} t: {law.mean_trials:.1f} trials"
            line(
                what, ratio, f"<= {most}" if most else "-", None if most is None else ratio <= most
            )


def rivals() -> None:
    """Print what other rules do at the target in a year."""
    print("False close at 5 %, 20 trials a night, 365 nights (exact)")
    looks = bd.whole_rounds(20, 7300)
    counts = np.arange(500)
    shown = stats.binom.cdf(counts, looks[:, None], 0.05) <= 0.05
    rules = {
        "observed rate below target": np.ceil(looks * 0.05).astype(np.int64) - 1,
        "cumulative exact binomial": np.where(shown.any(axis=1), shown.sum(axis=1) - 1, -1),
        "this": bd.boundaries(looks, 0.05, LEVEL).met_at_most,
    }
    print(f"  {'59 clean trials in a night':<62} {1 - (1 - 0.95**59) ** 365:>10.4f}")
    for name, most in rules.items():
        table = Boundaries(looks, most, looks + 1)
        law = exact.stopping_law(np.full(20, 0.05), table, stop_not_met=False)
        print(f"  {name:<62} {law.met_rate:>10.4f}")


def epochs() -> None:
    """Print the chance of a false close over twenty epochs."""
    print("False close within 20 epochs of 600 trials at 5 %, 20 cases (exact)")
    looks, scopes = bd.whole_rounds(20, 600), {"epoch": "0.44", "lifetime": "<= 0.05"}
    for scope, wanted in scopes.items():
        spared = 1.0
        for epoch in range(1, 21):
            level = bd.threshold(spending.epoch_alpha(0.05, epoch, scope))  # type: ignore[arg-type]
            law = exact.stopping_law(np.full(20, 0.05), bd.boundaries(looks, 0.05, level))
            spared *= 1 - law.met_rate
        line(f"scope {scope}", 1 - spared, wanted)


def case_rates(cases: int, mean: float, kind: str) -> np.ndarray:
    """Return case rates with the given mean: even, spread over a few cases, or falling as 1/k^2."""
    if kind == "even":
        return np.full(cases, mean)
    if kind == "1/k^2":
        rates = 1.0 / np.arange(1, cases + 1) ** 2
        rates *= mean * cases / rates.sum()
        while rates.max() > 0.95:
            rates = np.minimum(rates, 0.95)
            free = rates < 0.95
            rates[free] *= (mean * cases - 0.95 * (~free).sum()) / rates[free].sum()
        return np.asarray(rates)
    few = int(kind.split(maxsplit=1)[0])
    return np.asarray(np.r_[np.full(few, mean * cases / few), np.zeros(cases - few)])


def first_trials(evidence: np.ndarray, cases: int) -> np.ndarray:
    """Return trials at the first round that decides, the horizon where none does."""
    hit = evidence >= LEVEL
    rounds = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, evidence.shape[1])
    return np.asarray(rounds * cases)


def savings(*, quick: bool) -> None:
    """Print hybrid against pooled trials on the same drawn paths."""
    print("Mean trials to met, hybrid over pooled (drawn, seed 1; uncut unless said)")
    most_by_kind = {"2 cases": 0.7, "1/k^2": 0.7, "3 cases": None, "5 cases": None, "even": 1.08}
    plans = [(50, 0.05, 0.025, 120), (20, 0.10, 0.080, 900)]
    for cases, target, mean, horizon in plans:
        for kind, most in most_by_kind.items():
            rng, rates, found = np.random.default_rng(1), case_rates(cases, mean, kind), []
            for _ in range(1 if quick else 40):
                x = (rng.random((20, horizon, cases)) < rates).astype(np.uint8)
                looks = np.arange(1, horizon + 1) * cases
                alone = pooled.log_e_met(np.cumsum(x.sum(-1), -1), looks, target)
                both = np.logaddexp(alone, stratified.log_e_met(x, target)) - np.log(2)
                found.append((first_trials(alone, cases), first_trials(both, cases)))
            whole = np.concatenate(found, axis=1).astype(float)
            a, b = whole.mean(axis=1)
            error = np.std(whole[1] - b / a * whole[0]) / a / np.sqrt(whole.shape[1])
            what = f"K = {cases}, t = {target:.2f}, {kind}: {b:.0f} / {a:.0f} (se {error:.3f})"
            cut = int((whole == horizon * cases).sum())
            what += f" {cut} cut" if cut else ""
            line(
                what, b / a, f"<= {most}" if most else "-", None if most is None else b / a <= most
            )


def seconds(work: Callable[[], object]) -> float:
    """Return the time that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def speed(*, quick: bool) -> None:
    """Print the time for a thousand items at once, and for the same with other tools."""
    items, trials = (100, 10_000) if quick else (1000, 100_000)
    print(f"{items} items x {trials} trials, one process, seconds")
    rng, cases, target = np.random.default_rng(2), 20, 0.05
    outcomes = np.empty((items, trials), dtype=np.uint8)
    rates = rng.choice([0.01, 0.04, 0.05, 0.06, 0.2], size=items)
    for row, rate in zip(outcomes, rates, strict=True):
        row[:] = rng.random(trials, dtype=np.float32) < rate

    def every_round() -> None:
        failures = crossing.running_failures(outcomes.reshape(items, -1, cases))
        table = bd.boundaries(bd.whole_rounds(cases, trials), target, LEVEL)
        crossing.first_look_in_table(failures, failures, table)

    def last_round() -> None:
        failures = outcomes.sum(axis=1, dtype=np.int64)
        pooled.log_e_met(failures, trials, target)
        pooled.log_e_not_met(failures, trials, target)

    def with_scipy() -> None:
        for failures in outcomes.sum(axis=1, dtype=np.int64):
            stats.binomtest(int(failures), trials, target, alternative="less")

    def with_statsmodels() -> None:
        proportion.proportion_confint(outcomes.sum(axis=1, dtype=np.int64), trials, 0.1, "beta")

    def with_a_loop() -> None:
        count = 0
        for start in range(0, trials, cases):
            count += int(outcomes[0, start : start + cases].sum())
            n = start + cases
            mixture = special.betaln(0.5 + count, 0.5 + n - count) - special.betaln(0.5, 0.5)
            float(mixture - count * np.log(target) - (n - count) * np.log1p(-target))

    took = seconds(every_round)
    line("this, every round of every item from raw outcomes", took, "< 1", took < 1)
    print(f"  {'this, the last round only':<62} {seconds(last_round):>10.4f}")
    print(f"  {'scipy.stats.binomtest, the last round only':<62} {seconds(with_scipy):>10.4f}")
    print(f"  {'statsmodels, the last round only':<62} {seconds(with_statsmodels):>10.4f}")
    whole = seconds(with_a_loop) * items
    print(f"  {'a loop over rounds with a beta mixture (one item, scaled)':<62} {whole:>10.4f}")
    one = seconds(lambda: [pooled.log_e_met(3, 200, target) for _ in range(1000)]) / 1000
    print(f"  {'one decision (microseconds)':<62} {one * 1e6:>10.1f}")
    matrix = (rng.random((500 if quick else 5000, 20)) < 0.04).astype(np.uint8)
    took = seconds(lambda: stratified.log_e_met(matrix, target))
    line(f"stratified evidence, {len(matrix)} rounds of 20", took, "< 0.1", took < 0.1)
    took = seconds(lambda: confseq.hybrid_interval(matrix, matrix, target, LEVEL))
    print(f"  {f'interval of the hybrid, {len(matrix)} rounds of 20':<62} {took:>10.4f}")
    cap = bd.whole_rounds(1, 1200)
    took = seconds(lambda: exact.stopping_law([0.025], bd.boundaries(cap, 0.05, LEVEL)))
    print(f"  {'exact law, cap 1200, a look a trial, table included':<62} {took:>10.4f}")
    past = matrix[:10]
    took = seconds(
        lambda: forecast.hybrid_outlook(
            past, target, LEVEL, cap_trials=1200, rng=np.random.default_rng(0)
        )
    )
    print(f"  {'drawn outlook of the hybrid, cap 1200':<62} {took:>10.4f}")


def agreement(*, quick: bool) -> None:
    """Print how often the interval contradicts the verdict."""
    count = 500 if quick else 10_000
    rng = np.random.default_rng(3)
    trials = (10 ** rng.uniform(0, 5, count)).astype(np.int64)
    target = rng.uniform(0.001, 0.9, count)
    failures = rng.binomial(trials, np.clip(target * rng.choice([0, 0.5, 1, 1.5], count), 0, 1))
    f, n = failures[:, None], trials[:, None]
    bounds = confseq.pooled_interval(f, f, n, target, LEVEL)
    met = pooled.log_e_met(failures, trials, target) >= LEVEL
    not_met = pooled.log_e_not_met(failures, trials, target) >= LEVEL
    wrong = int(((met != (bounds.upper < target)) | (not_met != (bounds.lower > target))).sum())
    print("The interval against the verdict")
    line(f"contradictions in {count} random (S, n, t)", wrong, "0", wrong == 0)
    evals, wrong = 20 if quick else 300, 0
    for _ in range(evals):
        shape = int(rng.integers(1, 40)), int(rng.integers(1, 12))
        x = (rng.random(shape) < rng.beta(0.3, 5, size=shape[1])).astype(np.uint8)
        wanted = float(rng.uniform(0.02, 0.8))
        both = confseq.hybrid_interval(x, x, wanted, LEVEL)
        look = crossing.first_look(*hybrid.trajectories(x, x, wanted), LEVEL)
        wrong += (both.upper < wanted) != (look.met >= 0) or (both.lower > wanted) != (
            look.not_met >= 0
        )
    line(f"contradictions in {evals} random evals (hybrid)", wrong, "0", wrong == 0)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only check that it runs")
    quick = parser.parse_args().quick
    error_rates(quick=quick)
    trials_over_bound(quick=quick)
    rivals()
    epochs()
    savings(quick=quick)
    agreement(quick=quick)
    speed(quick=quick)


if __name__ == "__main__":
    main()
