import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Place
from harness.files.marks import Mark, Marks, dotted, undotted


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), ""),
        (("models", "local", "adapter"), "models.local.adapter"),
        (("messages", 2, "role"), "messages[2].role"),
        ((0, "id"), "[0].id"),
        (("decisions", "a b"), 'decisions["a b"]'),
        (("a.b",), '["a.b"]'),
        (("",), '[""]'),
        (("x" * 70,), "[" + '"' + "x" * 59 + '…"]'),
    ],
)
def test_a_key_path_is_shown_as_people_write_it(path: tuple[str | int, ...], shown: str) -> None:
    """Keys are joined by dots and indices stand in brackets, whatever the keys hold."""
    assert dotted(path) == shown


@given(st.lists(st.text(max_size=20) | st.integers(0, 10**6)).map(tuple))
def test_a_shown_key_path_is_read_back(path: tuple[str | int, ...]) -> None:
    """What a grader calls a key is found in the file, whatever characters it holds."""
    assert undotted(dotted(path)) == path


@pytest.mark.parametrize(("shown", "path"), [("a.b c", ("a", "b")), ("!", ()), ('a["b', ("a",))])
def test_what_is_no_key_path_ends_it(shown: str, path: tuple[str, ...]) -> None:
    """A key from a plug-in that is no path still finds the nearest place."""
    assert undotted(shown) == path


def test_a_missing_key_is_placed_at_what_should_hold_it() -> None:
    """Every problem has a place, also that of a key which is not there."""
    marks = Marks("f.yaml", {("a",): (1, 1)}, {(): Mark(1, 1), ("a",): Mark(1, 4)})
    assert marks.place("a", "b", 3) == Place("f.yaml", 1, 4)
    assert marks.key_place("a") == Place("f.yaml", 1, 1)
    assert marks.key_place("a", "b") == Place("f.yaml", 1, 4)
    assert Marks("g.yaml").place("a") == Place("g.yaml")
