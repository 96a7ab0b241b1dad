# ruff: noqa: E501 - a message stands on one line, as the user sees it
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.evals import load_eval
from harness.files.items import covers_warnings, item_ids, list_items, load_item
from harness.files.project import load_project

Write = Callable[..., Path]
Text = Callable[..., str]
RULE = "a name consists of letters, digits, dot, hyphen and underscore, starting with a letter or digit"


def told(root: Path, call: Callable[[], object]) -> list[str]:
    """Return the lines that a call raises, with paths from the root."""
    with pytest.raises(InputError) as raised:
        call()
    assert raised.value.exit_code == 2
    return str(raised.value).replace(f"{root}/", "").splitlines()


def load_told(root: Path, name: str) -> list[str]:
    """Return the lines that loading an item raises, with paths from the root."""
    return told(root, lambda: load_item(load_project(root), name))


def test_an_item_is_found_by_its_name(project_folder: Path) -> None:
    """The name on the command line is the name of the file."""
    item = load_item(load_project(project_folder), "ITEM-1")
    assert item.value.id == "ITEM-1"
    assert item.path == project_folder / "action_items" / "ITEM-1.yaml"


def test_all_items_come_in_the_order_of_their_names(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """The order does not depend on the file system, and other files don't count."""
    for name in ("ITEM-3", "ITEM-10", "ITEM-2"):
        write(f"action_items/{name}.yaml", item_text(name))
    write("action_items/README.md", "no item")
    write("action_items/.ITEM-9.yaml", "an editor's copy")
    project = load_project(project_folder)
    expected = ["ITEM-1", "ITEM-10", "ITEM-2", "ITEM-3"]
    assert [item.value.id for item in list_items(project)] == expected
    assert item_ids(project) == expected


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ITEM-2", "action_items: no such action item, got ITEM-2, did you mean ITEM-1?"),
        ("item-1", "action_items: no such action item, got item-1, did you mean ITEM-1?"),
        ("zebra", "action_items: no such action item, got zebra, known: ITEM-1"),
        ("../harness", f"action_items: {RULE}, got ../harness"),
        ("", f"action_items: {RULE}, got nothing"),
        ("ITEM-1.yaml", "action_items: no such action item, got ITEM-1.yaml, did you mean ITEM-1?"),
    ],
)
def test_an_unknown_item_is_told(project_folder: Path, name: str, line: str) -> None:
    """A name that no file has is answered with the nearest, and never leaves the folder."""
    assert load_told(project_folder, name) == [line]


def test_a_project_without_items_says_how_to_write_one(write: Write) -> None:
    """The first item of a project has a command."""
    root = write("harness.yaml", "default_model: a\nmodels: {a: {adapter: x}}\n").parent
    assert load_told(root, "ITEM-1") == [
        "action_items: no such action item, got ITEM-1, write it: harness new item ITEM-1"
    ]
    assert list_items(load_project(root)) == ()


def test_a_file_that_would_be_missed_is_told(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """An item in a .yml file is no item that is open for ever without anyone noticing."""
    write("action_items/ITEM-5.yml", item_text("ITEM-5"))
    line = "action_items/ITEM-5.yml: a file name ends in .yaml, got .yml, rename it"
    assert load_told(project_folder, "ITEM-5") == [
        "action_items: no such action item, got ITEM-5, did you mean ITEM-1?",
        line,
    ]
    assert told(project_folder, lambda: list_items(load_project(project_folder))) == [line]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"id": "ITEM-7"}, ["7:5: id: is not the file's name, got ITEM-7, write ITEM-1, or rename the file to ITEM-7.yaml"]),
        ({"eval": "stal"}, ["7:7: eval: no such eval, got stal, did you mean stall?"]),
        ({"eval": "zebra"}, ["7:7: eval: no such eval, got zebra, known: stall"]),
        ({"model": "locale"}, ["8:8: model: no such model in harness.yaml, got locale, did you mean local?"]),
        ({"covers": "[silent, silent]"}, ["8:18: covers[1]: is named twice, got silent, keep one of the two"]),
        ({"target": "{failure_rate: 0.05, false_alarm_rate: 0.1}"}, ["7:48: target.false_alarm_rate: is for guardrails only, take it away, or write kind: guardrail"]),
        ({"eval": "a", "model": "b"}, ["7:7: eval: no such eval, got a, known: stall", "8:8: model: no such model in harness.yaml, got b, known: local"]),
    ],
)  # fmt: skip
def test_what_an_item_names_must_be_there(
    project_folder: Path, write: Write, item_text: Text, changes: dict[str, str], lines: list[str]
) -> None:
    """Names of evals and models are checked where the item writes them."""
    write("action_items/ITEM-1.yaml", item_text(**changes))
    expected = [f"action_items/ITEM-1.yaml:{line}" for line in lines]
    assert load_told(project_folder, "ITEM-1") == expected


def test_two_items_with_one_name_are_both_named(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """A copied file whose id was not changed is told with both places."""
    write("action_items/ITEM-2.yaml", item_text("ITEM-1"))
    assert load_told(project_folder, "ITEM-1") == [
        (
            "action_items/ITEM-1.yaml:1:5: id: two items have this name, "
            "the other in action_items/ITEM-2.yaml:1:5, got ITEM-1, give each its own"
        )
    ]
    assert told(project_folder, lambda: list_items(load_project(project_folder))) == [
        (
            "action_items/ITEM-2.yaml:1:5: id: is not the file's name, got ITEM-1, "
            "write ITEM-2, or rename the file to ITEM-1.yaml"
        ),
        (
            "action_items/ITEM-2.yaml:1:5: id: two items have this name, "
            "the other in action_items/ITEM-1.yaml:1:5, got ITEM-1, give each its own"
        ),
    ]


def test_a_broken_file_does_not_hide_another_item(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """One item is decided although a neighbour's file is broken; the list tells of all of them."""
    write("action_items/ITEM-2.yaml", "id: ITEM-1\n  x: 'y\n")
    write("action_items/ITEM-3.yaml", item_text("ITEM-3", due="2026-2-3"))
    (project_folder / "action_items" / "ITEM-4.yaml").symlink_to("gone.yaml")
    (project_folder / "action_items" / "ITEM-5.yaml").mkdir()
    assert load_item(load_project(project_folder), "ITEM-1").value.id == "ITEM-1"
    lines = told(project_folder, lambda: list_items(load_project(project_folder)))
    assert [line.split(":")[0] for line in lines] == [
        f"action_items/ITEM-{number}.yaml" for number in (2, 3, 4, 5)
    ]


def test_links_out_of_the_project_are_refused(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """An item that is a link to a file elsewhere is not read."""
    inner = project_folder / "inner"
    write("inner/harness.yaml", "default_model: a\nmodels: {a: {adapter: x}}\n")
    (inner / "action_items").mkdir()
    (inner / "action_items" / "ITEM-1.yaml").symlink_to("../../action_items/ITEM-1.yaml")
    (line,) = load_told(inner, "ITEM-1")
    assert line.startswith("action_items/ITEM-1.yaml: leads out of the project, got ")


def test_a_slip_in_covers_is_a_warning(project_folder: Path, write: Write, item_text: Text) -> None:
    """A case that is not written yet is no error, and one that is misspelt is pointed at."""
    write("action_items/ITEM-1.yaml", item_text(covers="[silnt, silent, disk-full]"))
    project = load_project(project_folder)
    warnings = covers_warnings(load_item(project, "ITEM-1"), load_eval(project, "stall"))
    assert [str(warning).rpartition("/")[2] for warning in warnings] == [
        (
            "ITEM-1.yaml:8:10: covers[0]: the eval stall has no such case yet, got silnt, "
            "did you mean silent?"
        )
    ]


def test_an_escalation_item_needs_no_eval(project_folder: Path, write: Write) -> None:
    """Kinds that replay nothing are loaded without an eval."""
    write(
        "action_items/ITEM-9.yaml",
        """\
        id: ITEM-9
        title: Fewer decisions alone
        kind: escalation
        incident: INC-1
        owner: team
        metric: agent_only_rate
        class: ops.queue
        target: {rate: 0.3, after_incidents: 50}
        events: field_events/queue.jsonl
        """,
    )
    project = load_project(project_folder)
    item = load_item(project, "ITEM-9")
    assert item.value.kind == "escalation"
    assert covers_warnings(item, load_eval(project, "stall")) == []


def test_a_thousand_items_are_listed_in_seconds(
    project_folder: Path, write: Write, item_text: Text
) -> None:
    """The reviewer of a large organization does not wait for the files."""
    for number in range(1000):
        write(f"action_items/ITEM-{number}.yaml", item_text(f"ITEM-{number}"))
    project = load_project(project_folder)
    started = time.process_time()
    assert len(list_items(project)) == 1000
    assert time.process_time() - started < 5
