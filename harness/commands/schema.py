"""``harness schema``: the JSON Schemas of all files, from the records themselves."""

from pathlib import Path

from harness.commands.context import Context
from harness.errors import EXIT_MET, EXIT_NOT_MET
from harness.files.schema import current, export


def schema(context: Context, folder: str, *, only_check: bool) -> tuple[str, int]:
    """Write the schemas into a folder, or only say which of them are stale."""
    target = context.start / Path(folder)
    stale = current(target)
    if only_check:
        lines = [f"{target / name}: stale, run: harness schema {folder}\n" for name in stale]
        return "".join(lines), EXIT_NOT_MET if stale else EXIT_MET
    export(target)
    return "".join(f"wrote {target / name}\n" for name in stale), EXIT_MET
