"""What a command may spend, and what it has spent: calls, minutes, tokens and money."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.decide.evidence import Record
from harness.domain.project import Budget, ModelConfig, Prices
from harness.domain.report import money
from harness.domain.transcript import Usage
from harness.domain.trial import TrialError, TrialResult
from harness.errors import ModelError

Priced = tuple[str, ModelConfig]
"""A model's name in harness.yaml, and what stands there."""


@dataclass(slots=True)
class Purse:
    """What is left of a command's budget."""

    calls: int
    deadline: float
    """On the clock of time.monotonic()."""
    tokens: int | None = None
    money: float | None = None
    unmetered: bool = False
    """A trial did not say what it used, though a budget hangs on it."""
    spent_money: float = 0.0
    currency: str = ""

    def spent(self) -> str:
        """Return why nothing more may be spent, or an empty text."""
        if self.calls <= 0:
            return "the budget of calls is spent"
        if self.late():
            return "the budget of minutes is spent"
        if self.tokens is not None and self.tokens <= 0:
            return "the budget of tokens is spent"
        if self.money is not None and self.money <= 0:
            return "the budget of money is spent"
        if self.unmetered:
            return "the model does not say what it uses, so no budget of tokens or money holds"
        return ""

    def late(self) -> bool:
        """Tell whether the time is over."""
        return time.monotonic() >= self.deadline

    def take(
        self,
        result: TrialResult | TrialError,
        prices: Prices | None,
        judge_prices: Prices | None = None,
    ) -> None:
        """Take what a trial cost, its judge included.

        A model that does not say what it used costs calls alone.
        """
        if isinstance(result, TrialError):
            self.calls -= 1
            return
        said = sum(message.role == "assistant" for message in result.transcript.messages)
        usage = result.transcript.usage
        self._pay(max(1, said), usage.input_tokens, usage.output_tokens, prices)
        if result.grade.usage is not None:
            self.take_judged(result.grade.usage, judge_prices)

    def take_judged(self, usage: Usage, prices: Prices | None) -> None:
        """Take what a question to a judge cost."""
        self._pay(1, usage.input_tokens, usage.output_tokens, prices)

    def take_again(
        self, record: Record, prices: Prices | None, judge_prices: Prices | None = None
    ) -> None:
        """Take what a trial of a resumed run cost, when that run is under one budget."""
        if record["kind"] == "error":
            self.calls -= 1
            return
        said = record["transcript"]
        calls = sum(m.get("role") == "assistant" for m in said) if isinstance(said, list) else 1
        self._pay(max(1, calls), record.get("input_tokens"), record.get("output_tokens"), prices)
        if "judge" in record:
            judged = record["judge"]
            self._pay(1, judged.get("input_tokens"), judged.get("output_tokens"), judge_prices)

    def _pay(
        self, calls: int, read: int | None, written: int | None, prices: Prices | None
    ) -> None:
        self.calls -= calls
        if read is None and written is None:
            self.unmetered |= self.tokens is not None or self.money is not None
            return
        if self.tokens is not None:
            self.tokens -= (read or 0) + (written or 0)
        if prices is not None:
            cost = money(prices, read or 0, written or 0)
            self.spent_money, self.currency = self.spent_money + cost, prices.currency
            if self.money is not None:
                self.money -= cost


def purse_of(
    budget: Budget,
    models: Sequence[Priced],
    calls: int | None = None,
    minutes: float | None = None,
    tokens: int | None = None,
    money: float | None = None,
) -> Purse:
    """Return what may be spent: as asked, or as harness.yaml says.

    ModelError where a budget of money is asked and a model, or a judge, of these has no prices, or
    prices in another currency.
    """
    money = budget.money if money is None else money
    refuse_unpriced(money, models)
    return Purse(
        budget.calls if calls is None else calls,
        time.monotonic() + 60 * (budget.minutes if minutes is None else minutes),
        budget.tokens if tokens is None else tokens,
        money,
    )


def refuse_unpriced(money: float | None, models: Sequence[Priced]) -> None:
    """Raise ModelError where a budget of money could not be kept: it is never no limit."""
    if money is None:
        return
    unpriced = sorted({name for name, config in models if config.prices is None})
    if unpriced:
        names = ", ".join(unpriced)
        raise ModelError(
            f"budget.money: {names} has no prices, so nobody can tell what it spends; "
            "write prices: {input: ..., output: ...} for a million tokens"
        )
    currencies = sorted({config.prices.currency for _, config in models if config.prices})
    if len(currencies) > 1:
        raise ModelError(
            f"budget.money: the prices are in {' and '.join(currencies)}, which do not add up; "
            "write all prices in one currency"
        )
