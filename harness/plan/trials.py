"""Trials as they are planned: round, order, seed and identity.

Every trial has a seed of its own, derived from run, case, variant and round. Trials of one case
in one order take consecutive seeds, so that a model which shares a prefill may answer them
together; the blocks of two cases, orders or runs start at hashed places.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from harness.domain.trial import TrialSpec
from harness.plan.digests import canonical


@dataclass(frozen=True, slots=True)
class Series:
    """What a sequence of rounds belongs to."""

    run: str
    eval: str
    eval_digest: str
    fingerprint: str
    variant: str
    digests: Mapping[str, str]
    """Case -> digest of this variant of it; the order of the cases is the order in a round."""
    orders: Mapping[str, int]
    """Case -> number of orders to draw from."""


@dataclass(slots=True)
class Planner:
    """Plans the rounds of one series, from ``first_round`` of this run on.

    The same run plans the same trials again, whatever was replayed in between: that is what
    makes a killed run resumable.
    """

    series: Series
    first_round: int
    """The lowest round that this run may replay."""
    _index: dict[str, int] = field(default_factory=dict)
    """Case -> its place in a round."""
    _drawn: dict[str, "array[int]"] = field(default_factory=dict)
    """Case -> for each round from first_round on, in turn: its order, how often it came before."""
    _counts: dict[str, Counter[int]] = field(default_factory=dict)
    """Case -> how often each order was drawn so far."""
    _blocks: dict[tuple[str, int], int] = field(default_factory=dict)
    """Case, order -> the first seed of its trials."""
    _forms: dict[str, str] = field(default_factory=dict)
    """Case -> what the identity of a trial hashes, but for index, round and seed."""

    def spec(self, case: str, round_: int) -> TrialSpec:
        """Return the trial of a case in a round, ``round_ >= first_round``."""
        series = self.series
        shuffle, earlier = self._order(case, round_ - self.first_round)
        block = self._blocks.get((case, shuffle))
        if block is None:
            block = _number(series.run, series.eval, case, series.variant, f"order {shuffle}")
            self._blocks[case, shuffle] = block
        seed = (block + earlier) % 2**31
        if not self._index:
            self._index.update((name, place) for place, name in enumerate(series.digests))
        index = self._index[case]
        form = self._forms.get(case)
        if form is None:
            form = self._forms[case] = self._form(case)
        identity = form % (index, round_, seed)
        return TrialSpec(
            id=hashlib.sha256(identity.encode("ascii")).hexdigest(),
            eval=series.eval,
            case=case,
            variant=series.variant,
            round=round_,
            index=index,
            seed=seed,
            shuffle=shuffle,
        )

    def _form(self, case: str) -> str:
        """Return the canonical JSON of a trial's identity, as ``digest`` has it, to be filled in.

        Most of it is the same for all trials of a case, and there may be very many.
        """
        series = self.series
        identity = {
            "eval": series.eval_digest,
            "case": series.digests[case],
            "variant": series.variant,
            "fingerprint": series.fingerprint,
        }
        fixed = {key: canonical(value).replace("%", "%%") for key, value in identity.items()}
        filled = {**fixed, "index": "%d", "round": "%d", "seed": "%d"}
        return "{" + ",".join(f'"{key}":{filled[key]}' for key in sorted(filled)) + "}"

    def _order(self, case: str, place: int) -> tuple[int, int]:
        series = self.series
        drawn = self._drawn.setdefault(case, array("L"))
        counts = self._counts.setdefault(case, Counter())
        while len(drawn) <= 2 * place:
            round_ = self.first_round + len(drawn) // 2
            number = _number(series.run, series.eval, case, series.variant, f"round {round_}")
            shuffle = number % series.orders[case]
            drawn.extend((shuffle, counts[shuffle]))
            counts[shuffle] += 1
        return drawn[2 * place], drawn[2 * place + 1]

    def missing(
        self, held: Mapping[str, Container[int]], until: int, since: int
    ) -> Iterator[TrialSpec]:
        """Yield the trials of the rounds since..until-1 that ``held`` lacks, round by round."""
        for round_ in range(since, until):
            for case in self.series.digests:
                if round_ not in held.get(case, ()):
                    yield self.spec(case, round_)


def _number(*parts: str) -> int:
    text = "\x1f".join(parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
