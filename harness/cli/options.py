"""Options that most commands share."""

import click

ROOT = click.option(
    "--root", default=".", metavar="DIR", help="Where to look for harness.yaml, and above."
)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json prints one document on stdout and nothing else there.",
)
