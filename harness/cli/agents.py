"""Commands around agents, their recorded tools, and graders that are models."""

from typing import Any

import click

from harness.cli.options import FORMAT as _FORMAT
from harness.cli.options import ROOT as _ROOT
from harness.cli.shell import run


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--model", metavar="NAME", help="A model of harness.yaml.")
@_FORMAT
@_ROOT
def regrade(item: str, model: str | None, form: str, root: str) -> None:
    """Grade recorded transcripts as an item's eval grades now; no trials, no evidence.

    With a model of the recorded adapter those of its file, else those of the ledger.
    """

    def command(context: Any) -> Any:
        from harness.commands import regrade as module
        from harness.reporters import regrade_text

        found = module.regrade(context, item, model)
        plain = form == "json"
        return (regrade_text.regrade_object if plain else regrade_text.regrade_text)(found), 0

    run(command, form, root)


@click.group()
def judge() -> None:
    """Measure graders that are models on what people have labelled."""


@judge.command("calibrate")
@click.argument("eval_id", metavar="EVAL")
@_FORMAT
@_ROOT
def judge_calibrate(eval_id: str, form: str, root: str) -> None:
    """Have an eval's judge read its labels, and say how well it sees.

    Exits with 0 when something can be decided with it, 3 when too little is known.
    """

    def command(context: Any) -> Any:
        from harness.commands import calibrate as module
        from harness.reporters import judge_text

        report = module.calibrate(context, eval_id)
        plain = form == "json"
        shown = judge_text.calibration_object if plain else judge_text.calibration_text
        return shown(report), module.exit_code(report)

    run(command, form, root)


@click.command("serve-tools")
@click.argument("case", required=False)
@click.option(
    "--variant", default="base", show_default=True, help="base, twin, or layers: tool+data."
)
@click.option(
    "--transport", type=click.Choice(["stdio", "http"]), default="stdio", show_default=True
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="For http; 0 finds a free one."
)
@click.option("--log", metavar="FILE", help="Append each call with its answer, as JSON lines.")
@click.option("--surface", metavar="FILE", hidden=True)
@click.option("--pool", type=int, metavar="FD", hidden=True)
@_ROOT
def serve_tools(root: str, **options: Any) -> None:
    """Serve the recorded tools of a CASE, or EVAL/CASE, as an MCP server on this machine."""

    def command(context: Any) -> Any:
        from harness.commands import serve_tools as module

        module.serve_tools(context, module.Serving(**options))
        return "", 0

    run(command, "text", root)
