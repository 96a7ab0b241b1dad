"""A progress bar on a terminal, and silence everywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.commands.context import Progress


@contextmanager
def showing() -> Iterator[Progress]:
    """Yield a function that moves a bar on standard error, or does nothing without a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bars = Bars(*columns, console=Console(stderr=True), transient=True, expand=True)
    task = bars.add_task("", total=None)

    def move(done: int, total: int, text: str) -> None:
        bars.start()  # with the first thing to show; starting again does nothing
        bars.update(task, completed=done, total=total, description=text)

    try:
        yield move
    finally:
        bars.stop()


def _silent(done: int, total: int, text: str) -> None:
    """Show nothing."""
