"""PM005 and PM006: exceptions from rules, and the reasons for them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from harness.domain.lint import UNREADABLE
from harness.domain.record import Json
from harness.rules.rule import ERROR, WARNING, Hit, hit, in_postmortem, rule
from harness.rules.view import Document, View


def _ignore_problem(entry: Mapping[str, Json], known: Collection[str]) -> str:
    unknown = sorted(set(entry) - {"id", "reason"})
    name, reason = entry.get("id"), entry.get("reason")
    if unknown:
        return f"unknown key {unknown[0]}"
    if not isinstance(name, str):
        return "id is missing"
    if name not in known or name == UNREADABLE:
        return f"no rule {name}" if name not in known else f"{name} cannot be ignored"
    if not isinstance(reason, str) or not reason.strip():
        return f"the reason for ignoring {name} is missing"
    return ""


def ignored(document: Document[Any], known: Collection[str]) -> dict[str, int]:
    """Return rule id -> index of the entries of ``lint_ignore`` that count."""
    return {
        str(entry["id"]): index
        for index, entry in enumerate(document.value.lint_ignore)
        if not _ignore_problem(entry, known)
    }


@rule(
    "PM005",
    "ignore-without-reason",
    message="lint_ignore: {what}",
    why="""A rule may be wrong about a document, and then the document says why. An entry without a
    reason, or for a rule that does not exist, hides a finding without telling anybody anything.""",
    fix="Write {id: PM310, reason: ...} with a rule's id and a reason for readers.",
    on=("postmortem", "item"),
    draft=ERROR,
    bad=(in_postmortem("lint_ignore: [{id: PM999, reason: we know better}]\n"),),
    good=(
        in_postmortem(
            "failure_class:\n"
            "lint_ignore: [{id: PM003, reason: the class is named after the second incident}]\n"
        ),
    ),
)
def ignore_without_reason(document: Document[Any], view: View) -> Iterator[Hit]:
    """Find entries of lint_ignore that do not count."""
    for index, entry in enumerate(document.value.lint_ignore):
        what = _ignore_problem(entry, view.rule_ids)
        if what:
            yield hit(document.place("lint_ignore", index), what=what)


@rule(
    "PM006",
    "ignore-unused",
    message="lint_ignore: {id} does not fire here",
    why="""An exception that is no longer needed hides the next finding of its rule.""",
    fix="Take the entry away.",
    on=("postmortem", "item"),
    severity=WARNING,
    bad=(in_postmortem("lint_ignore: [{id: PM003, reason: the class is named later}]\n"),),
    good=(in_postmortem("lint_ignore: []\n"),),
)
def ignore_unused(_document: Document[Any], _view: View) -> Iterator[Hit]:
    """Find nothing by itself: what is unused shows when all other rules have been applied."""
    yield from ()
