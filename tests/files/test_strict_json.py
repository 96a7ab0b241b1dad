import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.domain.postmortem import Trace
from harness.errors import InputError
from harness.files.strict_json import _marks, load_json

TRACE = """\
{
  "incident": "INC-1",
  "messages": [
    {"role": "user", "content": "a"},

    {"role": "assistant",
     "content": "b \\u00e4 \\ud83d\\ude00"}
  ]
}
"""


def test_a_trace_has_places_for_its_messages(write: Callable[..., Path]) -> None:
    """A message is found in the file again; what stands deeper is told where the message begins."""
    loaded = load_json(write("t.json", TRACE.encode()), Trace)
    assert loaded.value.messages[1].content == "b ä 😀"
    assert (loaded.place("messages", 1).line, loaded.place("messages", 1).column) == (6, 5)
    assert loaded.place("messages", 1, "content").line == 6
    assert loaded.place("messages").line == 3
    assert loaded.place("incident").column == 15


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is not readable as JSON: Expecting value"),
        ('{"a": 1,}', "is not readable as JSON: "),
        ('{"a": 1} x', "is not readable as JSON: Extra data"),
        ('{"incident": "a", "incident": "b"}', "the key incident is written twice"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": "\\ud800"}', "an escape is half a character"),
        ("[" * 100_000, "lists and mappings are nested too deeply"),
        ("[]", "must be a mapping with the keys incident, messages"),
        ('{"incident": "a"}', "messages: is missing"),
        ('{"incident": "a", "messages": [{"role": "robot"}]}', "messages[0].role: must be one of"),
    ],
)
def test_what_is_no_trace_is_told(write: Callable[..., Path], content: str, problem: str) -> None:
    """Each fault is one line, with its place where there is one."""
    path = write("t.json", content.encode())
    with pytest.raises(InputError) as caught:
        load_json(path, Trace)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(path))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=4), st.sampled_from([None, 1]))
def test_every_key_and_entry_has_its_place(data: dict[str, object], indent: int | None) -> None:
    """What stands at a place is the value that the place is for."""
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    marks = _marks(text, Path("x"))
    lines = text.split("\n")
    decoder = json.JSONDecoder()
    wanted: dict[tuple[str | int, ...], object] = {(key,): value for key, value in data.items()}
    for key, value in data.items():
        if isinstance(value, list):
            wanted |= {(key, index): each for index, each in enumerate(value)}
    assert set(marks.values) == {(), *wanted}
    for path, value in wanted.items():
        mark = marks.values[path]
        rest = "\n".join([lines[mark.line - 1][mark.column - 1 :], *lines[mark.line :]])
        assert decoder.raw_decode(rest)[0] == value
