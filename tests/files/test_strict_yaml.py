# ruff: noqa: E501 - a message stands on one line, as the user sees it
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.files.strict_yaml import MAX_VALUES, parse, read_document

FILE = Path("f.yaml")
LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def problems(content: str | bytes) -> list[str]:
    """Return the problems of a text as they are printed."""
    data = content.encode() if isinstance(content, str) else content
    return [str(problem) for problem in read_document(data, FILE).problems]


def test_a_document_is_plain_data_with_places() -> None:
    """Every key and value knows its line and column, counted from 1."""
    document = read_document(b"# first\nmodels:\n  local: {n: 1}\n  list:\n  - a\n  -\n", FILE)
    assert document.data == {"models": {"local": {"n": 1}, "list": ["a", None]}}
    assert document.problems == []
    marks = document.marks
    assert marks.keys["models", "local"] == (3, 3)
    assert marks.values["models", "local"][:2] == (3, 10)
    assert marks.values["models", "local", "n"] == (3, 14, "1", True)
    assert marks.values["models", "list", 0] == (5, 5, "a", True)
    assert marks.values[()][:2] == (2, 1)


def test_a_missing_value_is_placed_at_its_key() -> None:
    """A key without a value is shown where the key stands, not where the next line begins."""
    assert read_document(b"a: 1\nowner:\nb: 2\n", FILE).marks.values["owner",][:2] == (2, 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f.yaml:3:1: a: is written twice, first in line 1, keep one of the two"]),
        (
            "m: {x: 1, x: {x: 2}}\n",
            ["f.yaml:1:11: m.x: is written twice, first in line 1, keep one of the two"],
        ),
        ("a: &x 1\n", ["f.yaml:1:4: a: anchors are refused, got &x, take it away, or put the text in quotes"]),
        (
            "a: &x [*x]\n",
            [
                "f.yaml:1:4: a: anchors are refused, got &x, take it away, or put the text in quotes",
                "f.yaml:1:8: a[0]: aliases are refused, got *x, write the value out, or put the text in quotes",
            ],
        ),
        ("*x : 1\n", ["f.yaml:1:1: a key must be a text, got *x, write it out"]),
        ("a: !!str 1\n", ["f.yaml:1:4: a: tags are refused, got !!str, take it away; a text is written in quotes"]),
        ("!x {a: 1}\n", ["f.yaml:1:1: tags are refused, got !x, take it away; a text is written in quotes"]),
        (
            "a: !!python/object/apply:os.system [id]\n",
            [
                ("f.yaml:1:4: a: tags are refused, got !!python/object/apply:os.system, "
                "take it away; a text is written in quotes")
            ],
        ),
        ("<<: {a: 1}\nb: 2\n", ["f.yaml:1:1: <<: merge keys are refused, write the merged keys out"]),
        ("1: a\n", ['f.yaml:1:1: 1: a key must be a text, got 1, write "1"']),
        ("true: a\n", ['f.yaml:1:1: true: a key must be a text, got true, write "true"']),
        ("0777: a\n", ['f.yaml:1:1: 0777: a key must be a text, got 0777, write "0777"']),
        ("? \n: a\n", ['f.yaml:1:2: [""]: a key must be a text, got nothing, write the key before the colon']),
        ("? [a]\n: b\n", ["f.yaml:1:3: a key must be a text, put it in quotes"]),
        ("x: {{a: 1}: 2}\n", ["f.yaml:1:5: x: a key must be a text, put it in quotes"]),
        ("a: 1\n---\nb: 2\n", ["f.yaml:2:1: a file holds one document, take away --- and what follows"]),
        ("%YAML 1.2\n---\na: 1\n", ["f.yaml:1:1: directives are refused, take the line with % away"]),
        ("", ["f.yaml: is empty, write its keys"]),
        ("# nothing\n", ["f.yaml: is empty, write its keys"]),
        (
            "a: 0777\n",
            [
                ("f.yaml:1:4: a: a number with a leading zero is read in two ways, got 0777, "
                'write 0o777, 777 or "0777"')
            ],
        ),
        (
            "a: .inf\n",
            ['f.yaml:1:4: a: infinity and nan are refused, got .inf, write a finite number, or ".inf"'],
        ),
    ],
)  # fmt: skip
def test_what_surprises_is_refused(content: str, told: list[str]) -> None:
    """Each construct that readers of YAML disagree about is refused with place and cure."""
    assert problems(content) == told


def test_all_problems_of_a_file_are_told_in_one_go() -> None:
    """A file with five mistakes takes one run to mend, a broken line at its end included."""
    content = "a: 1\na: 2\nb: &x 1\nc: !!int 1\nd: 007\ne: 'x\n"
    assert [line.split(":")[1] for line in problems(content)] == ["2", "3", "4", "5", "6"]


def test_a_refused_second_key_changes_nothing() -> None:
    """The first of two equal keys keeps its value and its place."""
    document = read_document(b"a: {b: 1}\na: {c: 2}\n", FILE)
    assert document.data == {"a": {"b": 1}}
    assert document.marks.values["a", "b"][:2] == (1, 8)
    assert ("a", "c") not in document.marks.values


def test_words_that_only_look_like_something_else_are_texts() -> None:
    """In a text nothing is ever turned into a bool, a date or minutes."""
    data = parse(b"[no, on, 12:30, 2026-12-15, 1_000, '<<', 'null', \"1\"]", FILE)
    assert data == ["no", "on", "12:30", "2026-12-15", "1_000", "<<", "null", "1"]


def test_parse_raises_all_problems() -> None:
    """Who wants only the data gets it, or the whole list of problems."""
    with pytest.raises(InputError) as raised:
        parse(b"a: 1\na: 2\nb: 0777\n", FILE)
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize("depth", [39, 40])
def test_nesting_of_forty_is_read(depth: int) -> None:
    """The limit itself is allowed."""
    data: Any = parse(b"[" * depth + b"]" * depth, FILE)
    for _ in range(depth - 1):
        data = data[0]
    assert data == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[" * 50_000, "f.yaml:1:41: [0][0][0]: lists and mappings are nested past 40, flatten it"),
        (
            "[" * 50_000 + "]" * 50_000,
            "f.yaml:1:41: [0][0][0]: lists and mappings are nested past 40, flatten it",
        ),
        ("{a: " * 50_000, "f.yaml:1:161: a.a.a: lists and mappings are nested past 40, flatten it"),
        ("- " * 50_000, "f.yaml:1:81: [0][0][0]: lists and mappings are nested past 40, flatten it"),
        ("[a: " * 50_000, "f.yaml:1:81: [0].a[0]: lists and mappings are nested past 40, flatten it"),
        ("? " * 50_000, "f.yaml:1:3: a key must be a text, put it in quotes"),
        ("{" * 50_000, "f.yaml:1:2: a key must be a text, put it in quotes"),
        (
            "".join(f"{' ' * n}a:\n" for n in range(60)),
            "f.yaml:41:41: a.a.a: lists and mappings are nested past 40, flatten it",
        ),
    ],
    ids=["[", "[]", "{a:", "-", "[a:", "?", "{", "indented"],
)  # fmt: skip
def test_endless_nesting_is_refused_at_once(content: str, told: str) -> None:
    """No depth of nesting crashes the interpreter or takes a second."""
    started = time.process_time()
    assert problems(content) == [told]
    assert time.process_time() - started < 1


def test_a_billion_laughs_are_not_expanded() -> None:
    """Aliases are refused one by one and never multiply."""
    started = time.process_time()
    told = problems(LAUGHS)
    assert time.process_time() - started < 1
    assert len(told) == 9 + 8 * 9
    assert told[0] == (
        "f.yaml:1:4: a: anchors are refused, got &a, take it away, or put the text in quotes"
    )


@pytest.mark.parametrize(
    "unit",
    ["[],", "- a\n", "a: b\n", "[a, ", "- &a b\n", "? a\n", "x ", "x\n", '"', "'", "|\n", "#\n",
     " ", "\n", "\t", "%", "!", "&", "*", "- |\n x\n", "- !<", "---\n", "a: *a\n", "\\", ">", "@"],
)  # fmt: skip
def test_a_file_at_the_size_limit_takes_less_than_a_second(unit: str) -> None:
    """No content of 4 MiB takes long, whatever it repeats, and the messages stay few and short."""
    content = (unit * (4 * 1024 * 1024 // len(unit))).encode()
    started = time.process_time()
    told = problems(content)
    assert time.process_time() - started < 1
    assert len(told) <= 101
    assert all(len(line) < 500 for line in told)


def test_more_values_than_anyone_reads_are_refused() -> None:
    """A file of endless small values ends at a limit."""
    assert problems("[" + "1," * MAX_VALUES + "]") == [
        "f.yaml:1:100000: [49999]: holds more than 50,000 keys and values, split it"
    ]


def test_problems_past_a_hundred_are_left_out() -> None:
    """A file that is wrong throughout does not flood the terminal."""
    told = problems("- &a 1\n" * 500)
    assert len(told) == 101
    assert told[-1] == "f.yaml:100:3: the problems from here on are left out"


class _Quoting(yaml.SafeDumper):
    """Writes every text in double quotes and nothing as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=30
)


@given(value=VALUES, flow=st.booleans())
def test_what_yaml_writes_is_read_back(*, value: Any, flow: bool) -> None:
    """Every JSON value survives being written by another YAML library and read here."""
    written = yaml.dump(value, Dumper=_Quoting, default_flow_style=flow, sort_keys=False)
    document = read_document(written.encode(), FILE)
    assert document.problems == []
    assert document.data == value
    assert json.dumps(document.data) == json.dumps(value)


@given(VALUES)
def test_json_is_read_as_json(value: Any) -> None:
    """A JSON text in ASCII is read as JSON reads it, as long as it needs no surrogates."""
    written = json.dumps(value)
    document = read_document(written.encode(), FILE)
    if "\\ud" not in written:
        assert document.problems == []
        assert json.dumps(document.data) == json.dumps(value)


@given(VALUES)
def test_every_value_has_a_place(value: Any) -> None:
    """The map of places holds each key path of the data, and nothing else."""
    written = yaml.dump(value, Dumper=_Quoting)
    document = read_document(written.encode(), FILE)
    paths = set()

    def walk(part: Any, path: tuple[str | int, ...]) -> None:
        paths.add(path)
        if not isinstance(part, dict | list):
            return
        for step, below in part.items() if isinstance(part, dict) else enumerate(part):
            walk(below, (*path, step))

    walk(value, ())
    assert set(document.marks.values) == paths


WITHOUT_LIBYAML = """
import sys
sys.modules["yaml._yaml"] = None
import yaml
from pathlib import Path
from harness.files.strict_yaml import read_document
assert not yaml.__with_libyaml__
for content in (b"a: [1, {b: 'c'}]", b"[" * 50_000, b"a: '", b'a: "\\\\ud800"', b"a: - b: c"):
    document = read_document(content, Path("f.yaml"))
    print(document.data if not document.problems else document.problems[0])
"""


def test_without_libyaml_the_same_is_read_and_refused() -> None:
    """Where PyYAML was built without its C parser the rules stay the same."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBYAML], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == [
        "{'a': [1, {'b': 'c'}]}",
        "f.yaml:1:41: [0][0][0]: lists and mappings are nested past 40, flatten it",
        "f.yaml:1:4: a quotation mark is never closed, close it with the same mark",
        (
            "f.yaml:1:4: a: an escape in double quotes is no character, "
            "write the character itself, or \\U and its eight digits"
        ),
        "f.yaml:1:4: a list with - cannot start here, start it on a line of its own",
    ]
