"""A lint's report in the form that was asked for."""

from importlib.metadata import version
from typing import Any

from harness.domain.lint import LintReport
from harness.reporters.lint_github import lint_github
from harness.reporters.lint_json import lint_object
from harness.reporters.lint_sarif import lint_sarif
from harness.reporters.lint_text import lint_text


def shown(report: LintReport, form: str) -> Any:
    """Return text, or plain values for the forms that are JSON."""
    if form == "json":
        return lint_object(report)
    if form == "sarif":
        return lint_sarif(report, version("postmortem-harness"))
    return lint_github(report) if form == "github" else lint_text(report)
