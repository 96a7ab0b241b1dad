"""What lint says: rules as people read them, and findings with their places."""

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import Place


class Severity(StrEnum):
    """How much a finding weighs: only an error makes ``harness lint`` fail."""

    ERROR = "error"
    WARNING = "warning"


UNREADABLE = "PM000"
"""The rule of files that cannot be read, or that contradict each other: exit 2."""


@dataclass(frozen=True, slots=True)
class Example:
    """Keys that replace those of a document in which nothing is wrong."""

    file: str
    """The document's file; one that the sound project lacks is added whole."""
    text: str
    """Whole top-level keys, or for a postmortem's text ``## `` sections."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as people read it: everything but the check itself."""

    id: str
    """``PM`` and three digits, of which the first is the family."""
    name: str
    """What is wrong, in a few words joined by hyphens."""
    severity: Severity
    """What it weighs in a final postmortem, in its action items and cases."""
    draft: Severity
    """What it weighs in a draft."""
    message: str
    """The message, with the parts that vary in braces."""
    why: str
    """Why it matters, in a paragraph."""
    fix: str
    """What to write instead."""
    bad: tuple[Example, ...]
    """The least that makes it fire."""
    good: tuple[Example, ...]
    """The like that does not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    rule: str
    """The rule's id."""
    name: str
    """The rule's name."""
    severity: Severity
    place: Place
    message: str
    fix: str
    """What to write instead; empty where nobody can tell."""
    document: str = ""
    """The postmortem or item whose ``lint_ignore`` may speak of it."""

    def __str__(self) -> str:
        """Return message and remedy in one line."""
        return f"{self.message} ({self.fix})" if self.fix else self.message


@dataclass(frozen=True, slots=True)
class LintReport:
    """All that a lint found."""

    findings: tuple[Finding, ...]
    """In the order of files and lines."""
    files: int
    """How many files were read."""
    ignored: int
    """How many findings ``lint_ignore`` explains away."""
    rules: tuple[RuleText, ...]
    """The rules that were applied."""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether some file could not be read or contradicts another."""
        return any(finding.rule == UNREADABLE for finding in self.findings)
