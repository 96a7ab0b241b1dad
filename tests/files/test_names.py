import pytest

from harness.errors import InputError, Place
from harness.files.names import checked_name, closest, is_name, suggestion


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("ITEM-132", ["ITEM-123", "ITEM-9"], "ITEM-123"),
        ("item-123", ["ITEM-123"], "ITEM-123"),
        ("queue_stall", ["queue-stall", "disk-full"], "queue-stall"),
        ("zebra", ["queue-stall"], None),
        ("x" * 200, ["x" * 199], None),
        ("a", [], None),
    ],
)
def test_the_name_that_was_meant_is_found(name: str, known: list[str], meant: str | None) -> None:
    """A slip of the pen finds its name, in whatever case, and nothing far away is offered."""
    assert closest(name, known) == meant


def test_without_a_near_name_all_are_listed() -> None:
    """Who is lost is told what there is, ten names at most."""
    assert suggestion("zebra", ["b", "a"]) == "known: a, b"
    many = [f"n{number:02}" for number in range(12)]
    assert suggestion("zebra", many) == (
        "known: n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, …"
    )
    assert suggestion("zebra", []) == ""


@pytest.mark.parametrize("name", ["ITEM-1", "a", "0.5", "a_b.c-d", "x" * 100])
def test_names_are_safe_as_file_names(name: str) -> None:
    """A name may hold letters, digits, dots, hyphens and underscores."""
    assert checked_name(name, Place("p")) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", "a\0", "a\n", ".hidden", "-x", "é", "x" * 101]
)
def test_a_name_never_steps_out_of_its_folder(name: str) -> None:
    """What the user gives as a name can't name another folder, a hidden file or an option."""
    assert not is_name(name)
    with pytest.raises(InputError):
        checked_name(name, Place("p"))


def test_the_rule_of_names_is_told() -> None:
    """A refused name is shown with the rule."""
    with pytest.raises(InputError) as raised:
        checked_name("../../etc/passwd", Place("action_items"))
    assert str(raised.value) == (
        "action_items: a name consists of letters, digits, dot, hyphen and underscore, "
        "starting with a letter or digit, got ../../etc/passwd"
    )
