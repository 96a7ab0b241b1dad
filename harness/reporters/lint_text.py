"""Findings as lines, as compilers and editors read them."""

from collections.abc import Iterator

from harness.domain.lint import Finding, LintReport, Severity
from harness.errors import printable


def lint_text(report: LintReport) -> str:
    """Return a line a finding, then one that counts them."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: LintReport) -> Iterator[str]:
    yield from map(_line, report.findings)
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    told = f"{_number(errors, 'error')}, {_number(warnings, 'warning')}"
    seen = _number(report.files, "file")
    ignored = f", {report.ignored} ignored with a reason" if report.ignored else ""
    yield f"{told} in {seen}{ignored}"


def _line(finding: Finding) -> str:
    head = f"{finding.place}: {finding.rule} {finding.severity}"
    return f"{head} {printable(str(finding))}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
