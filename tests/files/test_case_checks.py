# ruff: noqa: E501 - a message stands on one line, as the user sees it
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import plugins
from harness.errors import InputError
from harness.files.evals import Checks, load_eval
from harness.files.project import load_project
from harness.plan.variants import resolve

Write = Callable[..., Path]
Text = Callable[..., str]
CHECKS = Checks(plugins.grader_names(), plugins.grader, resolve)
TWIN = "twin: {why: x, edits: [{system_append: All is well.}], correct: %s, failing: %s}"


def told(root: Path) -> list[str]:
    """Return the lines that loading the eval raises, without the path of the case."""
    with pytest.raises(InputError) as raised:
        load_eval(load_project(root), "stall", CHECKS)
    return str(raised.value).replace(f"{root}/cases/stall/silent.yaml:", "").splitlines()


@pytest.mark.parametrize(
    ("changes", "more", "lines"),
    [
        (
            {"failing": "[wait, restart]"}, "",
            ["8:17: failing[1]: is also in correct, in line 7, got restart, keep it in one of the two"],
        ),
        (
            {}, TWIN % ("[wait]", "[wait]"),
            ["9:83: twin.failing[0]: is also in twin.correct, in line 9, got wait, keep it in one of the two"],
        ),
        ({"failing": "[wait, wait]"}, "", ["8:17: failing[1]: is named twice, got wait, keep one"]),
        (
            {"failing": "[wiat]"}, "",
            ["8:11: failing[0]: is no decision of this case, got wiat, did you mean wait?"],
        ),
        (
            {"failing": "[{tool: x}]"}, "",
            ["8:11: failing[0]: is no decision of this case, got a call of x, known: restart, wait"],
        ),
        ({"correct": "[]"}, "", ["8:10: correct: must not be empty, got an empty list, write at least one entry"]),
        (
            {}, TWIN % ("[]", "[restart]"),
            ["9:65: twin.correct: must not be empty, got an empty list, write at least one entry"],
        ),
        (
            {}, "twin: {why: x, edits: [], correct: [wait], failing: [restart]}",
            ["9:23: twin.edits: must not be empty, got an empty list, write what turns the case into its twin"],
        ),
        (
            {"decisions": "{restart: restart it}", "failing": "[restart]", "correct": "[restart]"}, "",
            [
                "7:11: failing[0]: is also in correct, in line 8, got restart, keep it in one of the two",
            ],
        ),
        (
            {"decisions": ""}, "",
            ["1:1: decisions: needs at least two decisions, got 0, write decisions: {name: what it does, ...}"],
        ),
    ],
)  # fmt: skip
def test_what_passes_and_what_fails_must_be_plain(
    project_folder: Path,
    write: Write,
    case_text: Text,
    changes: dict[str, str],
    more: str,
    lines: list[str],
) -> None:
    """Each decision is correct or failing or neither, in the case and in its twin."""
    write("cases/stall/silent.yaml", case_text(more=more, **changes))
    assert told(project_folder) == lines


def test_conditions_on_calls_are_compared_whole(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """Two calls of one tool with different arguments may pass and fail."""
    write("cases/stall/eval.yaml", "id: stall\ngrader: tool_call\n")
    tools = "tools: [{name: t}]"
    different = {
        "correct": '[{tool: t, where: {a: "1"}}]',
        "failing": '[{tool: t, where: {a: "2"}}]',
    }
    write("cases/stall/silent.yaml", case_text(more=tools, **different))
    load_eval(load_project(project_folder), "stall", CHECKS)
    equal = {"correct": "[{tool: t}]", "failing": "[{tool: t, where: {}}]"}
    write("cases/stall/silent.yaml", case_text(more=tools, **equal))
    assert told(project_folder) == [
        (
            "8:11: failing[0]: is also in correct, in line 7, got a call of t, "
            "keep it in one of the two"
        )
    ]


def test_a_twin_in_which_nothing_changes_sides_is_a_warning(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """A twin shows where caution is wrong, so that something must change sides."""
    write("cases/stall/silent.yaml", case_text(more=TWIN % ("[restart]", "[wait]")))
    warnings = load_eval(load_project(project_folder), "stall", CHECKS).warnings
    assert [str(warning).rpartition("/")[2] for warning in warnings] == [
        (
            "silent.yaml:9:7: twin: correct and failing are those of the case, "
            "so the twin shows no caution that is wrong, say what is right when nothing is wrong"
        )
    ]


def test_a_recording_that_nothing_can_ask_for_is_a_warning(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """A misspelt tool in a recording would answer no call."""
    more = """\
    tools: [{name: queue_diagnostics}]
    recordings: [{tool: queue_diagnostic, result: 1}, {tool: queue_diagnostics, result: 2}, {tool: page}]
    variants: {handoff: [{tool: {name: page}}]}
    """
    write("cases/stall/silent.yaml", case_text(more=more))
    warnings = load_eval(load_project(project_folder), "stall", CHECKS).warnings
    assert [str(warning).rpartition("/")[2] for warning in warnings] == [
        (
            "silent.yaml:10:21: recordings[0].tool: the case has no such tool, got queue_diagnostic, "
            "did you mean queue_diagnostics?"
        )
    ]
