"""Sampling for a check: models are built, runs opened or resumed, trials replayed and sealed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from harness import __version__, plugins
from harness.commands.context import Context
from harness.commands.judges import Lines, adapter_context, with_judges
from harness.commands.keys import secrets_of
from harness.commands.lent import lent
from harness.commands.purse import purse_of, refuse_unpriced
from harness.commands.questions import Inquiry, Measured, Options, Subject, inquiry_of
from harness.commands.reading import read_feeds
from harness.commands.recording import decision_record, plan_name
from harness.commands.replaying import Replaying
from harness.decide.batches import next_rounds
from harness.decide.evidence import Evidence, RunFeed
from harness.domain.record import Json
from harness.domain.trial import Fingerprint
from harness.errors import NotEvaluableError
from harness.files.project import LoadedProject
from harness.ledger.locks import hold_all
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.writer import RunWriter
from harness.plan import digests
from harness.ports.model import AdapterContext, Model


class Conduct(Protocol):
    """What is replayed in a run, and in which order."""

    @property
    def scope(self) -> Json:
        """What a resumed command must ask again beside the same items, None for nothing."""
        ...

    def wants(self, inquiry: Inquiry, evidence: Evidence) -> bool:
        """Say whether a run is worth opening for an item."""
        ...

    async def replay(
        self, replaying: Replaying, inquiries: Sequence[Inquiry], models: Mapping[str, Model]
    ) -> None:
        """Replay through an open run; every item's plan is on record already."""
        ...


class Deciding:
    """Each item in turn, until it is decided."""

    scope: Json = None

    def wants(self, inquiry: Inquiry, evidence: Evidence) -> bool:
        """Say whether the item lacks trials."""
        decision = inquiry.decision(evidence, bounds=False)
        concurrency = inquiry.subject.config.concurrency
        return bool(next_rounds(inquiry.question, decision, concurrency))

    async def replay(
        self, replaying: Replaying, inquiries: Sequence[Inquiry], models: Mapping[str, Model]
    ) -> None:
        """Replay the items in the order given."""
        for inquiry in inquiries:
            await replaying.run(inquiry, models[inquiry.subject.model])


def measure(
    context: Context,
    project: LoadedProject,
    found: Sequence[Subject],
    options: Options,
    conduct: Conduct | None = None,
    models: Mapping[str, Model] | None = None,
) -> Measured:
    """Replay what the items lack until each is decided, or nothing more may be spent.

    ``conduct`` chooses otherwise; ``models`` were built before, and are closed here.

    LedgerError when another process replays one of the evals; ModelError when a model cannot be
    built; whatever was answered before an error or Ctrl-C is in the ledger, in a run that the
    same command resumes.
    """
    for subject in found:
        if not plugins.adapter(subject.config.adapter).replays:
            message = f"model {subject.model}: recorded transcripts are no new trials"
            raise NotEvaluableError(
                f"{message}; grade them again: harness regrade {subject.item.id}"
            )
    limit = project.config.budget.money if options.money is None else options.money
    refuse_unpriced(limit, [pair for subject in found for pair in subject.priced()])
    models = build_models(context, project, found) if models is None else models
    lines: Lines = {}
    judged, judges = with_judges(adapter_context(context, project), found, lines)
    asked = _Asked({**models, **judges}, lines)
    return asyncio.run(_measure(context, project, judged, asked, options, conduct or Deciding()))


@dataclass(frozen=True, slots=True)
class _Asked:
    """The models of a command, judges among them, and the lines to them."""

    models: Mapping[str, Model]
    lines: Lines


async def _measure(
    context: Context,
    project: LoadedProject,
    found: Sequence[Subject],
    asked: _Asked,
    options: Options,
    conduct: Conduct,
) -> Measured:
    names = {subject.evaluation.id for subject in found}
    late = purse_of(project.config.budget, [], minutes=options.minutes).late
    async with lent(asked.models.values()):
        with hold_all(project.reports, names, context.now):
            evidence, inquiries = await _sampled(context, project, found, asked, options, conduct)
        measured = Measured(evidence, tuple(inquiries))
        if not options.exact:
            return measured
        from harness.commands.exact import exact_rates  # noqa: PLC0415 - few models can

        return replace(measured, exact=await exact_rates(context, inquiries, asked.models, late))


async def _sampled(
    context: Context,
    project: LoadedProject,
    found: Sequence[Subject],
    asked: _Asked,
    options: Options,
    conduct: Conduct,
) -> tuple[Evidence, list[Inquiry]]:
    models = asked.models
    fingerprints = [_fingerprint(subject, models[subject.model]) for subject in found]
    scope = _scope(found, fingerprints)
    scope = scope if conduct.scope is None else [*scope, conduct.scope]
    run = find_resumable(project.reports, scope)
    seal_abandoned(project.reports, now=context.now, keep=[run] if run else [])
    evidence, feeds = read_feeds(project.reports)
    inquiries = [
        inquiry_of(project, evidence, subject, fingerprint)
        for subject, fingerprint in zip(found, fingerprints, strict=True)
    ]
    if run or any(conduct.wants(inquiry, evidence) for inquiry in inquiries):
        with _open_run(context, project, run, scope) as writer, context.progress() as progress:
            feed = feeds.get(writer.run) or RunFeed(evidence, writer.run)
            priced = [pair for subject in found for pair in subject.priced()]
            limits = options.calls, options.minutes, options.tokens, options.money
            purse = purse_of(project.config.budget, priced, *limits)
            replaying = Replaying(
                *(writer, feed, project.reports, purse, progress),
                lines=asked.lines,
                secrets=secrets_of(context, project),
            )
            # Every item's epoch is on record before the first trial that any may stand on.
            for inquiry in inquiries:
                replaying.announce(inquiry)
            await conduct.replay(replaying, inquiries, models)
            feed.stands_at(writer.count, writer.head)
            _conclude(writer, evidence, inquiries)
            feed.stands_at(writer.count, writer.head)
    return evidence, inquiries


@contextmanager
def _open_run(
    context: Context, project: LoadedProject, run: str | None, scope: Json
) -> Iterator[RunWriter]:
    if run:
        writer = RunWriter.resume(project.reports, run, now=context.now)
        context.say(f"resuming run {run}, which holds {len(writer.trials)} trials")
    else:
        writer = RunWriter.create(
            project.reports,
            {"scope": scope},
            now=context.now,
            rng=context.rng,
            harness=__version__,
        )
    try:
        yield writer
    except (KeyboardInterrupt, asyncio.CancelledError):
        context.say(
            f"interrupted: {len(writer.trials)} trials are safe in run {writer.run}; "
            "the same command goes on from there"
        )
        raise
    finally:
        # Unsealed after an error or Ctrl-C: the same command resumes it.
        writer.close()


def _conclude(writer: RunWriter, evidence: Evidence, inquiries: Sequence[Inquiry]) -> None:
    writer.append_group(
        decision_record(
            inquiry.decision(evidence),
            plan_name(inquiry.question),
            evidence,
            inquiry.question.key,
            inquiry.question.rules.judge,
        )
        for inquiry in inquiries
        if inquiry.begun
    )
    writer.seal("complete")


def build_models(
    context: Context, project: LoadedProject, found: Sequence[Subject]
) -> dict[str, Model]:
    """Return the models of items by their names; ModelError where one cannot be built."""
    with context.progress() as progress:

        def fetched(done: int, total: int) -> None:
            progress(done // 10**6, total // 10**6, "fetching the model (MB)")

        around = AdapterContext(project.root, context.environ, context.say, fetched)
        return {
            subject.model: plugins.adapter(subject.config.adapter).build(subject.config, around)
            for subject in found
        }


def _fingerprint(subject: Subject, model: Model) -> Fingerprint:
    return digests.fingerprint(subject.config, subject.evaluation, model.fingerprint_parts())


def _scope(found: Sequence[Subject], fingerprints: Sequence[Fingerprint]) -> Json:
    return [
        [subject.item.id, subject.eval_digest, fingerprint.digest]
        for subject, fingerprint in zip(found, fingerprints, strict=True)
    ]
