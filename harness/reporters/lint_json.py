"""Findings as JSON: the keys are a contract, documented in docs/json.md."""

from typing import Any

from harness.domain.lint import LintReport, Severity


def lint_object(report: LintReport) -> dict[str, Any]:
    """Return a report as a JSON object of plain values."""
    return {
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "files": report.files,
        "ignored": report.ignored,
        "findings": [
            {
                "rule": finding.rule,
                "name": finding.name,
                "severity": finding.severity.value,
                "path": finding.place.path,
                "line": finding.place.line or None,
                "column": finding.place.column or None,
                "message": finding.message,
                "fix": finding.fix or None,
                "document": finding.document or None,
            }
            for finding in report.findings
        ],
    }
