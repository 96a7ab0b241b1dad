# ruff: noqa: E501 - a message stands on one line, as the user sees it
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.domain.case import LAYERS, Case
from harness.domain.trial import BASE, TWIN
from harness.errors import InputError
from harness.files.edit_checks import edit_problems
from harness.files.evals import load_eval
from harness.files.project import load_project
from harness.files.records import load_bytes
from harness.plan.variants import resolve

Write = Callable[..., Path]
Text = Callable[..., str]
ONE = "an edit does exactly one of merge, replace, drop, append, system_append, tool, remove_tool"
TEXT = "and only a mapping is changed by key"


def told(root: Path) -> list[str]:
    """Return the lines that loading the eval raises, without the path of the case."""
    with pytest.raises(InputError) as raised:
        load_eval(load_project(root), "stall")
    return str(raised.value).replace(f"{root}/cases/stall/silent.yaml:", "").splitlines()


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        ("{}", [f"19: variants.tool[0]: {ONE}, got none, add one"]),
        ("{message: 1}", [f"19: variants.tool[0]: {ONE}, got none, add one"]),
        ("{message: 1, merge: {a: 1}, drop: [queue]}", [f"19: variants.tool[0]: {ONE}, got merge, drop, write an edit for each"]),
        ("{merge: {a: 1}}", ["19: variants.tool[0].message: is missing, add it: the number of the message, counted from 0"]),
        ("{message: 1, append: {role: user, content: x}}", ["29: variants.tool[0].message: is for merge, replace, drop only, got 1, take it away"]),
        ("{message: 1, merge: {}}", ["39: variants.tool[0].merge: must not be empty, got an empty mapping"]),
        ("{message: 1, drop: []}", ["38: variants.tool[0].drop: must not be empty, got an empty list"]),
        ("{message: 1, replace: null}", ["41: variants.tool[0].replace: must not be empty, got null"]),
        ('{system_append: " "}', ['35: variants.tool[0].system_append: must not be empty, got " "']),
        ("{message: 2, merge: {a: 1}}", ["29: variants.tool[0].message: must be the number of a message, from 0 to 1, got 2"]),
        ("{message: -3, merge: {a: 1}}", ["29: variants.tool[0].message: must be the number of a message, from 0 to 1, got -3"]),
        ("{message: 0, merge: {a: 1}}", [f"39: variants.tool[0].merge: message 0 is a text, {TEXT}, write replace instead of merge"]),
        ("{message: 0, drop: [a]}", [f"38: variants.tool[0].drop: message 0 is a text, {TEXT}, write replace instead of drop"]),
        ("{message: 1, drop: [queu]}", ["39: variants.tool[0].drop[0]: message 1 has no such key, got queu, did you mean queue?"]),
        ("{message: 0, replace: {a: 1}}", ["41: variants.tool[0].replace: message 0 is no tool's result, so its content must be a text, got a mapping"]),
        ("{message: 1, replace: [1]}, {message: 1, merge: {a: 1}}", [f"67: variants.tool[1].merge: message 1 is a value without keys, {TEXT}, write replace instead of merge"]),
        ("{remove_tool: serch}", ["33: variants.tool[0].remove_tool: the case has no such tool, got serch, did you mean search?"]),
        ("{append: {role: user, content: {a: 1}}}", ["50: variants.tool[0].append.content: must be a text: only a tool's result may be structured, got a mapping, put the text in quotes, or write role: tool"]),
        ("{append: {role: usr, content: x}}", ["35: variants.tool[0].append.role: must be one of system, user, assistant, tool, got usr, did you mean user?"]),
        ("{mesage: 1, merge: {a: 1}}", ["20: variants.tool[0].mesage: unknown key, did you mean message?"]),
    ],
)  # fmt: skip
def test_an_edit_does_one_thing_to_something_that_is_there(
    project_folder: Path, write: Write, case_text: Text, edits: str, lines: list[str]
) -> None:
    """An edit that would change nothing, or could not be made, is told with its place."""
    more = f"tools: [{{name: search}}]\nvariants: {{tool: [{edits}]}}"
    write("cases/stall/silent.yaml", case_text(more=more))
    assert told(project_folder) == [f"10:{line}" for line in lines]


@pytest.mark.parametrize(
    "edits",
    [
        "{message: 1, merge: {queue: {deep: [1]}}}",
        "{message: -1, drop: [queue]}",
        '{message: 1, replace: ""}',
        "{message: 1, replace: {}}",
        "{message: 0, replace: another text}",
        "{append: {role: user, content: x}}, {message: 2, replace: y}",
        "{append: {role: tool, content: {a: 1}}}, {message: -1, merge: {b: 2}}",
        "{message: 1, drop: [queue]}, {message: 1, merge: {queue: 1}}, {message: 1, drop: [queue]}",
        "{tool: {name: page}}, {remove_tool: page}",
        "{system_append: Ask before you restart.}",
    ],
)
def test_what_can_be_made_is_made(
    project_folder: Path, write: Write, case_text: Text, edits: str
) -> None:
    """Every edit that the loader lets through can be applied, alone and on the twin."""
    twin = "twin: {why: x, edits: [{message: 0, replace: x}], correct: [wait], failing: [restart]}"
    write("cases/stall/silent.yaml", case_text(more=f"variants: {{tool: [{edits}]}}\n{twin}"))
    (case,) = load_eval(load_project(project_folder), "stall").cases
    for variant in ("tool", TWIN):
        for repair in ((), LAYERS):
            assert resolve(case.value, variant, repair).messages


def test_edits_of_a_layer_and_of_the_twin_fit_together(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """An edit that only fails after another layer's is found before any trial is replayed."""
    more = """\
    variants: {tool: [{message: 1, replace: gone}], data: [{message: 1, merge: {a: 1}}]}
    twin: {why: x, edits: [{message: 1, drop: [queue]}], correct: [wait], failing: [restart]}
    """
    write("cases/stall/silent.yaml", case_text(more=more))
    assert told(project_folder) == [
        (
            "9:76: variants.data[0].merge: message 1 is a text after the edits of variants.tool, "
            f"{TEXT}, write replace instead of merge"
        )
    ]
    write(
        "cases/stall/silent.yaml",
        case_text(more=more.replace("data: [{message: 1, merge: {a: 1}}]", "")),
    )
    assert told(project_folder) == [
        (
            "10:43: twin.edits[0].drop: message 1 is a text after the edits of variants.tool, "
            f"{TEXT}, write replace instead of drop"
        )
    ]


def test_a_layer_may_take_away_what_the_twin_takes_away_too(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """A key is misspelt only if the case itself never had it."""
    more = """\
    variants: {tool: [{message: 1, drop: [queue]}]}
    twin: {why: x, edits: [{message: 1, drop: [queue]}], correct: [wait], failing: [restart]}
    """
    write("cases/stall/silent.yaml", case_text(more=more))
    assert load_eval(load_project(project_folder), "stall").warnings == ()


def test_text_is_added_only_to_a_system_message_that_is_there(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """A system message put in front would move the messages that other edits count."""
    more = "messages: [{role: user, content: x}]\nvariants: {agent: [{system_append: Ask first.}]}"
    write("cases/stall/silent.yaml", case_text(messages="", more=more))
    assert told(project_folder) == [
        (
            "7:36: variants.agent[0].system_append: the case has no system message, "
            "and a new one would move the others, write a system message into the case"
        )
    ]


def test_counting_from_the_end_is_refused_where_another_layer_appends(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """The last message stays the last only as long as nothing is appended."""
    more = """\
    variants: {handoff: [{append: {role: user, content: Approved.}}]}
    twin: {why: x, edits: [{message: -1, merge: {a: 1}}], correct: [wait], failing: [restart]}
    """
    write("cases/stall/silent.yaml", case_text(more=more))
    assert told(project_folder) == [
        (
            "10:34: twin.edits[0].message: counts from the end, which the edits of variants.handoff "
            "move, got -1, count from 0: write 1"
        )
    ]


def _edits() -> st.SearchStrategy[list[dict[str, Any]]]:
    number = st.integers(-4, 4)
    some = st.sampled_from(["x", {"a": 1}, {"queue": 2}, [1], 0])
    edit = st.one_of(
        st.fixed_dictionaries({"message": number, "merge": st.just({"a": {"b": 1}})}),
        st.fixed_dictionaries({"message": number, "replace": some}),
        st.fixed_dictionaries({"message": number, "drop": st.just(["queue"])}),
        st.fixed_dictionaries(
            {"append": st.fixed_dictionaries({"role": st.just("tool"), "content": some})}
        ),
        st.just({"system_append": "y"}),
        st.just({"tool": {"name": "t"}}),
        st.just({"remove_tool": "t"}),
    )
    return st.lists(edit, min_size=1, max_size=3)


@given(
    layers=st.dictionaries(st.sampled_from(LAYERS), _edits()), twin=_edits(), system=st.booleans()
)
def test_whatever_the_loader_accepts_can_be_replayed(
    *, layers: dict[str, Any], twin: list[Any], system: bool
) -> None:
    """No combination of repaired layers, with or without the twin, fails after the loader's check."""
    data = {
        "id": "c",
        "incident": "i",
        "messages": [
            {"role": "system" if system else "user", "content": "x"},
            {"role": "tool", "content": {"queue": 1}},
        ],
        "correct": ["a"],
        "failing": ["b"],
        "variants": layers,
        "twin": {"why": "x", "edits": twin, "correct": ["b"], "failing": ["a"]},
    }
    case = load_bytes(json.dumps(data).encode(), Path("c.yaml"), Case)
    if edit_problems(case):
        return
    for count in range(len(LAYERS) + 1):
        for repair in combinations(LAYERS, count):
            for variant in (BASE, TWIN, *LAYERS):
                resolved = resolve(case.value, variant, repair)
                for message in resolved.messages:
                    assert message.role == "tool" or isinstance(message.content, str)
