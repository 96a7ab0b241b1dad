"""Findings in the Static Analysis Results Interchange Format, SARIF 2.1.0 (OASIS, 2020)."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.domain.lint import Finding, LintReport, RuleText

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def lint_sarif(report: LintReport, version: str) -> dict[str, Any]:
    """Return a SARIF log with one run; ``version`` is that of harness."""
    numbers = {rule.id: index for index, rule in enumerate(report.rules)}
    driver = {
        "name": "harness",
        "semanticVersion": version,
        "rules": [_rule(rule) for rule in report.rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, numbers) for finding in report.findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: RuleText) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": finding.severity.value,
        "message": {"text": str(finding)},
        "locations": [{"physicalLocation": _location(finding)}],
    }


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.path)}}
    if place.line:
        location["region"] = {"startLine": place.line}
        if place.column:
            location["region"]["startColumn"] = place.column
    return location


def _uri(path: str) -> str:
    """Return a path as a URI reference: relative where it is, with a scheme where it is not."""
    shown = quote(Path(path).as_posix(), errors="surrogatepass")
    return f"file://{shown}" if Path(path).is_absolute() else shown
