"""All items as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import printable
from harness.reporters.check_text import percent


def status_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table: item, verdict, failures of trials, bounds, target, owner."""
    if not rows:
        return "no action items: write one into action_items/\n"
    table = [("item", "verdict", "failed", "bounds", "target", "owner"), *map(_cells, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in table]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    owner, check = printable(row["owner"], 24), row["check"]
    if check is None:
        return (row["item"], f"({row['kind']}: not decided yet)", "", "", "", owner)
    interval = check["interval"]
    measured = check["trials"] > 0
    return (
        row["item"],
        check["verdict"],
        f"{check['failures']}/{check['trials']}" if measured else "-",
        f"{percent(interval['lower'])} to {percent(interval['upper'])}" if measured else "-",
        percent(check["target"]),
        owner,
    )
