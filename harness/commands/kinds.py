"""Which items are decided from field events, and which by replaying."""

from collections.abc import Sequence

from harness.errors import InputError
from harness.files.items import load_item
from harness.files.project import LoadedProject


def part(project: LoadedProject, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the escalation items among the names, and the others.

    An item that cannot be loaded is among the others, whose loader says what is wrong with it.
    """
    field_items: list[str] = []
    others: list[str] = []
    for name in dict.fromkeys(names):
        try:
            kind: str = load_item(project, name).value.kind
        except InputError:
            kind = ""
        (field_items if kind == "escalation" else others).append(name)
    return field_items, others
