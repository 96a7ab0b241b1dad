"""``harness check --exact``: failure rates from log-probabilities, where a model has them.

A diagnostic: it says what the trials estimate, on the one runtime that computed it. It is no
evidence and never enters a decision.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.commands.context import Context, Progress
from harness.commands.questions import Exact, Inquiry
from harness.domain.case import Case
from harness.domain.record import Json
from harness.domain.trial import BASE, TWIN
from harness.errors import NotEvaluableError
from harness.plan import prompts
from harness.plan.policies import fails
from harness.ports.grader import GraderSpecification
from harness.ports.model import ExactModel, Model

Asked = tuple[ExactModel, Case, Mapping[str, Json], str]
"""A case with closed decisions, and how which model is asked it: settings, and the question."""


@dataclass(slots=True)
class Computing:
    """Conversations that are computed one after the other, shown, and ended with the time."""

    progress: Progress
    total: int
    late: Callable[[], bool] = lambda: False
    done: int = 0

    async def rate(self, asked: Asked, text: str) -> float | None:
        """Return a failure rate, averaged over all orders; None where the time ends before."""
        model, case, settings, question = asked
        rates = []
        for shuffle in range(orders(case)):
            if self.late():
                return None
            self.progress(self.done, self.total, text)
            shown = prompts.conversation(case, shuffle, closed=True, question=question)
            chances = await model.exact_choice_probabilities(shown, settings)
            rates.append(sum(chance for choice, chance in chances.items() if fails(case, choice)))
            self.done += 1
        return fmean(rates)


def orders(case: Case) -> int:
    """Return how many conversations a case's exact rate takes."""
    return prompts.orders(case, closed=True)


def exact_model(model: Model, name: str, grader: GraderSpecification) -> ExactModel:
    """Return a model that has exact rates on an eval so graded; NotEvaluableError for another."""
    if not isinstance(model, ExactModel) or not grader.closed_decisions:
        raise NotEvaluableError(
            f"--exact needs a closed decision set and a model with log-probabilities (llama); "
            f"{name} with grader {grader.name} is not"
        )
    return model


async def exact_rates(
    context: Context,
    inquiries: Sequence[Inquiry],
    models: Mapping[str, Model],
    late: Callable[[], bool],
) -> dict[str, dict[str, Exact]]:
    """Return item -> case -> exact failure rates of case and twin, averaged over all orders.

    NotEvaluableError when a model or an eval has no exact choice probabilities.
    """
    # A guardrail's rates are not the model's.
    inquiries = [each for each in inquiries if each.subject.guarding is None]
    wanted = {each.question.item: _asked(each, models[each.subject.model]) for each in inquiries}
    total = sum(orders(asked[1]) for cases in wanted.values() for asked in cases.values())
    with context.progress() as progress:
        computing = Computing(progress, total, late)
        found = {
            inquiry.question.item: await _of(inquiry, wanted[inquiry.question.item], computing)
            for inquiry in inquiries
        }
    if computing.done < total:
        done = f"{computing.done} of {total} conversations were computed"
        context.say(f"exact rates: the budget of minutes is spent, {done}")
    return found


def _asked(inquiry: Inquiry, model: Model) -> dict[tuple[str, str], Asked]:
    subject = inquiry.subject
    exact = exact_model(model, subject.model, subject.grader_spec)
    settings = {**subject.config.settings, **subject.evaluation.settings}
    return {
        (name, variant): (exact, case, settings, subject.evaluation.question)
        for (name, variant), case in subject.resolved.items()
        if name in subject.cases and variant in {BASE, TWIN}
    }


async def _of(
    inquiry: Inquiry, wanted: Mapping[tuple[str, str], Asked], computing: Computing
) -> dict[str, Exact]:
    result: dict[str, Exact] = {}
    for name in inquiry.subject.cases:
        text = f"{inquiry.question.item}: exact rates of {name}"
        base = await computing.rate(wanted[name, BASE], text)
        twin = wanted.get((name, TWIN))
        if base is not None:
            result[name] = base, None if twin is None else await computing.rate(twin, text)
        if computing.late():
            break
    return result
