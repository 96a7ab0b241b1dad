"""``harness schema``: the JSON Schemas of all files, from the records themselves."""

from pathlib import Path

from harness.commands.context import Context
from harness.errors import EXIT_MET, EXIT_NOT_MET, InputError, Place, Problem
from harness.files.schema import export, stale


def schema(context: Context, folder: str, *, only_check: bool) -> tuple[str, int]:
    """Write the schemas into a folder, or only say which of them are stale.

    InputError when the folder cannot be made or written.
    """
    target = context.start / Path(folder)
    if only_check:
        names = stale(target)
        lines = [f"{target / name}: stale, run: harness schema {folder}\n" for name in names]
        return "".join(lines), EXIT_NOT_MET if names else EXIT_MET
    try:
        target.mkdir(parents=True, exist_ok=True)
        written = export(target)
    except OSError as error:
        rule = f"the schemas cannot be written: {error.strerror}"
        raise InputError(Problem(Place(str(target)), "", rule)) from error
    return "".join(f"{path}\n" for path in written), EXIT_MET
