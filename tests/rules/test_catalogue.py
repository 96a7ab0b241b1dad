import re
import string

import pytest

from harness.domain.lint import UNREADABLE, Example, Severity
from harness.rules.catalogue import FAMILIES, RULES
from harness.rules.sound import FILES, changed

_KNOWN = pytest.mark.parametrize("rule_id", RULES)


def test_the_sound_project_is_sound(lint_files) -> None:
    """What the examples are changes to breaks no rule, so that an example shows its rule alone."""
    report = lint_files(FILES)
    assert report.findings == ()
    assert report.files == len(FILES) - 1


@_KNOWN
def test_a_rule_fires_on_its_bad_document(rule_id: str, lint_files) -> None:
    """The page of a rule shows something that it really finds."""
    findings = lint_files(changed(RULES[rule_id].text.bad)).findings
    assert rule_id in {finding.rule for finding in findings}


@_KNOWN
def test_no_rule_fires_on_a_good_document(rule_id: str, lint_files) -> None:
    """The like that a page calls good is good by all rules."""
    assert lint_files(changed(RULES[rule_id].text.good)).findings == ()


@_KNOWN
def test_a_bad_document_breaks_few_other_rules(rule_id: str, lint_files) -> None:
    """What else an example breaks follows from it, and is listed here."""
    others = {
        finding.rule
        for finding in lint_files(changed(RULES[rule_id].text.bad)).findings
        if finding.rule != rule_id
    }
    follow = {
        "PM000": {"PM010"},
        "PM010": {"PM310"},
        "PM310": {"PM010", "PM504"},
        "PM311": {"PM011"},
        "PM503": {"PM504"},
        "PM601": {"PM602"},
    }
    assert others == follow.get(rule_id, set())


@_KNOWN
def test_a_rule_says_what_people_need(rule_id: str) -> None:
    """Id, name and family are of one form; message, reason and remedy are sentences' stuff."""
    text = RULES[rule_id].text
    assert re.fullmatch(r"PM[0-6]\d\d", rule_id)
    assert rule_id[:3] in FAMILIES
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", text.name)
    assert text.why.endswith(".")
    assert text.fix.endswith(".")
    assert "\n" not in text.why + text.fix + text.message
    assert all(isinstance(example, Example) for example in (*text.bad, *text.good))
    assert text.bad != text.good


def test_names_are_unique() -> None:
    """A name means one rule."""
    names = [rule.text.name for rule in RULES.values()]
    assert len(names) == len(set(names))


def test_a_draft_is_never_judged_more_harshly() -> None:
    """Drafts get warnings where finals get errors, and never the other way round."""
    for rule in RULES.values():
        if rule.text.severity is Severity.WARNING:
            assert rule.text.draft is Severity.WARNING


def test_messages_have_named_parts_only() -> None:
    """A message's parts are told by name, so that a rule and its message cannot disagree."""
    for rule in RULES.values():
        parts = [name for _, name, _, _ in string.Formatter().parse(rule.text.message) if name]
        assert all(name.isidentifier() for name in parts)


def test_every_family_has_rules() -> None:
    """The seven families of the issue are all there."""
    assert {rule_id[:3] for rule_id in RULES} == set(FAMILIES)
    assert UNREADABLE in RULES
