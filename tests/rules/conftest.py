"""Documents as the rules see them, written by a test and read by the real loaders."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.commands.lint_loading import read_project
from harness.domain.lint import Example, LintReport
from harness.files.project import load_project
from harness.rules.lint import Choice, lint
from harness.rules.rule import in_item, in_postmortem, in_text
from harness.rules.sound import changed

TODAY = dt.date(2026, 6, 15)
"""Between the dates of the examples."""

Lint = Callable[..., LintReport]


@pytest.fixture
def lint_files(tmp_path: Path) -> Callable[[Mapping[str, str]], LintReport]:
    """Return a function that lints a project of these files."""

    def lint_files(files: Mapping[str, str], choice: Choice = Choice()) -> LintReport:  # noqa: B008 - frozen
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        view, read = read_project(load_project(tmp_path), TODAY)
        return lint(view, choice, len(read))

    return lint_files


@pytest.fixture
def lint_with(lint_files: Lint) -> Lint:
    """Return a function that lints the sound project with changes made to it."""

    def lint_with(*examples: Example, choice: Choice = Choice()) -> LintReport:  # noqa: B008 - frozen
        return lint_files(changed(examples), choice)

    return lint_with


@pytest.fixture
def fired(lint_with: Lint) -> Callable[..., list[tuple[str, str]]]:
    """Return a function that gives (rule, message) of what changes to the sound project bring."""

    def fired(
        *examples: Example, text: str = "", front: str = "", item: str = ""
    ) -> list[tuple[str, str]]:
        made = list(examples)
        made += [in_text(text)] if text else []
        made += [in_postmortem(front)] if front else []
        made += [in_item(item)] if item else []
        return [(finding.rule, finding.message) for finding in lint_with(*made).findings]

    return fired
