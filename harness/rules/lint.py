"""Applying the rules: every rule to every document, then exceptions, then the user's choice."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.domain.case import Case
from harness.domain.item import GuardrailItem
from harness.domain.lint import UNREADABLE, Finding, LintReport, Severity
from harness.errors import Problem, printable, show
from harness.rules.catalogue import RULES
from harness.rules.ignores import ignored
from harness.rules.rule import Hit, Rule, Subject
from harness.rules.view import Document, View

_UNUSED = "PM006"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules the user wants to hear of, by the beginnings of their ids."""

    select: tuple[str, ...] = ()
    """Empty for all."""
    ignore: tuple[str, ...] = ()

    def wants(self, rule_id: str) -> bool:
        """Whether a rule is to be told; of two prefixes that fit, the longer one decides."""
        if rule_id == UNREADABLE:
            return True
        chosen = _longest(rule_id, self.select) if self.select else 0
        left_out = _longest(rule_id, self.ignore)
        return chosen >= 0 and left_out < max(chosen, 1)


def _longest(rule_id: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if rule_id.startswith(prefix)), default=-1)


def lint(view: View, choice: Choice, files: int) -> LintReport:
    """Return what the rules find in a project, in the order of files and lines."""
    found = [*_refused(view), *_all(view)]
    exceptions = _exceptions(view)
    kept = [finding for finding in found if not _excused(finding, exceptions)]
    ignored_count = len(found) - len(kept)
    kept += _unused(exceptions, {(f.document, f.rule) for f in found})
    told = [finding for finding in kept if choice.wants(finding.rule)]
    rules = tuple(rule.text for rule in RULES.values() if choice.wants(rule.id))
    return LintReport(_sorted(told), files, ignored_count, rules)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    def key(finding: Finding) -> tuple[Any, ...]:
        place = finding.place
        return place.path, place.line, place.column, finding.rule, finding.message

    return tuple(sorted(dict.fromkeys(findings), key=key))


def documents(view: View) -> Iterator[tuple[Subject, str, Document[Any]]]:
    """Yield every document that could be read: its kind, its incident, and itself."""
    for post in filter(None, view.postmortems.values()):
        yield "postmortem", post.value.id, post
    for item in filter(None, view.items.values()):
        yield "item", item.value.incident, item
    for evaluation in filter(None, view.evals.values()):
        yield "eval", "", evaluation
    for case in _cases(view):
        yield "case", case.value.incident, case
    for trace in filter(None, view.traces.values()):
        yield "trace", trace.value.incident, trace
    for path, guardrail in view.guardrail_files.items():
        yield "guardrail", _incident_of(path, view), guardrail
    for closures in filter(None, view.closures.values()):
        closed = view.items.get(closures.value.item)
        yield "closures", closed.value.incident if closed is not None else "", closures


def _incident_of(guardrail: str, view: View) -> str:
    """Return the incident whose item names a guardrail; of several one that is no draft."""
    incidents = [
        item.value.incident
        for item in filter(None, view.items.values())
        if isinstance(item.value, GuardrailItem) and item.value.guardrail == guardrail
    ]
    return min(incidents, key=view.is_draft, default="")


def _cases(view: View) -> Iterator[Document[Case]]:
    for evaluation in filter(None, view.evals.values()):
        if evaluation.value.cases_from is None:  # else they are another eval's
            yield from evaluation.cases.values()


def _all(view: View) -> Iterator[Finding]:
    for kind, incident, document in documents(view):
        draft = view.is_draft(incident)
        owner = _owner(kind, incident, document)
        for rule in RULES.values():
            if kind in rule.on:
                for found in rule.check(document, view):
                    yield _finding(rule, found, draft=draft, owner=owner)


def _owner(kind: Subject, incident: str, document: Document[Any]) -> str:
    """Return the document whose lint_ignore may speak of another one's findings."""
    if kind in {"postmortem", "item"}:
        return str(document.value.id)
    return str(document.value.item) if kind == "closures" else incident


def _finding(rule: Rule, found: Hit, *, draft: bool, owner: str) -> Finding:
    text = rule.text
    severity = text.draft if draft else text.severity
    if found.mild:
        severity = Severity.WARNING
    parts = {key: _shown(part) for key, part in found.parts.items()}
    message = text.message.format_map(parts)
    fix = printable(found.fix or text.fix)
    return Finding(rule.id, text.name, severity, found.place, message, fix, owner)


def _shown(part: str) -> str:
    return printable(part, 300)


def _refused(view: View) -> Iterator[Finding]:
    """Yield the loaders' problems: as the rule whose business they are, or as unreadable."""
    for problem in view.refused:
        for rule in RULES.values():
            parts = rule.refusal(problem) if rule.refusal is not None else None
            if parts is not None and _of(problem, rule):
                yield _finding(rule, Hit(problem.place, parts), draft=False, owner="")
                break
        else:
            yield _unreadable(problem)


def _of(problem: Problem, rule: Rule) -> bool:
    folder = {"postmortem": "postmortems/", "item": "action_items/"}
    return any(folder.get(kind, "\0") in problem.place.path for kind in rule.on)


def _unreadable(problem: Problem) -> Finding:
    text = RULES[UNREADABLE].text
    key = f"{problem.key}: " if problem.key else ""
    got = f", got {show(problem.got)}" if problem.got else ""
    message = printable(f"{key}{problem.rule}{got}")
    fix = printable(problem.fix)
    return Finding(UNREADABLE, text.name, Severity.ERROR, problem.place, message, fix)


_Exceptions = dict[str, tuple[Document[Any], Mapping[str, int]]]
"""Postmortem or item -> the document, and where its exceptions stand."""


def _exceptions(view: View) -> _Exceptions:
    return {
        document.value.id: (document, ignored(document, RULES))
        for kind, _, document in documents(view)
        if kind in {"postmortem", "item"} and document.value.lint_ignore
    }


def _excused(finding: Finding, exceptions: _Exceptions) -> bool:
    return finding.document in exceptions and finding.rule in exceptions[finding.document][1]


def _unused(exceptions: _Exceptions, fired: set[tuple[str, str]]) -> list[Finding]:
    return [
        _finding(
            RULES[_UNUSED],
            Hit(document.place("lint_ignore", index), {"id": rule_id}),
            draft=False,
            owner=owner,
        )
        for owner, (document, held) in exceptions.items()
        for rule_id, index in held.items()
        if (owner, rule_id) not in fired
    ]
