"""``harness new`` and its options."""

from typing import Any

import click

from harness.cli.options import FORMAT, ROOT
from harness.cli.shell import run


@click.group()
def new() -> None:
    """Write drafts of postmortems, action items and cases; nothing is overwritten."""


@new.command("postmortem")
@click.argument("incident", metavar="INC")
@click.option("--trace", metavar="FILE", help="The incident's trace in the canonical form.")
@click.option(
    "--harmful-message",
    type=click.IntRange(min=0),
    metavar="N",
    help="The message of the trace in which the harmful step was taken, counted from 0.",
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it began.")
@FORMAT
@ROOT
def new_postmortem(
    incident: str, trace: str | None, harmful_message: int | None, date: Any, form: str, root: str
) -> None:
    """Draft a postmortem; with a trace it lists what the agent said before the harmful step."""

    def command(context: Any) -> Any:
        from harness.commands import new as module

        options = module.TraceOptions(trace, harmful_message)
        day = None if date is None else date.date()
        created = module.postmortem(context, incident, day, options)
        return (created if form == "json" else module.created_text(created)), 0

    run(command, form, root)


@new.command("item")
@click.argument("item", metavar="ITEM")
@click.option("--incident", required=True, metavar="INC")
@click.option("--kind", required=True, help="eval_coverage, guardrail or escalation.")
@click.option("--eval", "evaluation", metavar="NAME", help="The eval that decides it.")
@click.option("--covers", multiple=True, metavar="CASE", help="A case that the incident added.")
@click.option("--class", "failure_class", metavar="NAME", help="For escalation: what counts.")
@FORMAT
@ROOT
def new_item(
    item: str,
    incident: str,
    kind: str,
    evaluation: str | None,
    covers: tuple[str, ...],
    failure_class: str | None,
    form: str,
    root: str,
) -> None:
    """Draft an action item."""

    def command(context: Any) -> Any:
        from harness.commands import new as module
        from harness.commands.new_item import ItemOptions

        options = ItemOptions(incident, kind, evaluation, failure_class, covers)
        created = module.item(context, item, options)
        return (created if form == "json" else module.created_text(created)), 0

    run(command, form, root)


@new.command("case")
@click.argument("name")
@click.option("--eval", "evaluation", required=True, metavar="NAME", help="The eval it belongs to.")
@click.option("--incident", required=True, metavar="INC")
@FORMAT
@ROOT
def new_case(name: str, evaluation: str, incident: str, form: str, root: str) -> None:
    """Draft a case, and its eval where there is none."""

    def command(context: Any) -> Any:
        from harness.commands import new as module

        created = module.case(context, name, evaluation, incident)
        return (created if form == "json" else module.created_text(created)), 0

    run(command, form, root)
