"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from harness.domain.lint import Finding, LintReport
from harness.errors import printable


def lint_github(report: LintReport) -> str:
    """Return a workflow command a finding.

    What a message or a path holds can end neither the command nor one of its properties: GitHub
    asks for percent, line ends, colons and commas as escapes.
    """
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    place = finding.place
    properties = {"file": place.path}
    if place.line:
        properties["line"] = str(place.line)
    if place.line and place.column:
        properties["col"] = str(place.column)
    properties["title"] = f"{finding.rule} {finding.name}"
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{finding.severity} {told}::{_data(str(finding))}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
