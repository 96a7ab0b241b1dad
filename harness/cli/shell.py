"""Around every command: its context, its output, its errors and its exit code."""

import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from harness.errors import EXIT_BUG, EXIT_INTERRUPTED, HarnessError, Problem, printable

RESULT_CODES = """\b
Exit codes: 0 met / pass; 1 not met / block; 2 usage or file error; 3 undecided / hold;
4 invalid: too many errors or ungraded trials to judge; 70 a bug; 130 interrupted."""

_BUG = "this is a bug in harness, please report it with the lines above"

Command = Callable[[Any], tuple[Any, int]]


def run(command: Command, form: str, root: str) -> None:
    """Run a command, print what it returns, and exit with its code.

    The command returns text, or for ``--format json`` plain values, and an exit code.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        shown, code = command(_context(root))
        _print(shown if form == "text" else _json(shown))
    except HarnessError as error:
        _tell(error, form)
        code = error.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
        if form == "json":
            _print(_json({"errors": [{"message": "interrupted"}]}))
    except Exception:  # noqa: BLE001 - a bug: show it whole, and never as "met"
        import traceback

        # What a model said may stand in it, and must not steer a terminal.
        lines = [*traceback.format_exc().splitlines(), _BUG]
        click.echo("\n".join(map(printable, lines)), err=True)
        code = EXIT_BUG
        if form == "json":
            _print(_json({"errors": [{"message": _BUG}]}))
    sys.exit(code)


def _context(root: str) -> Any:
    import datetime as dt
    import random
    from pathlib import Path

    from harness.cli.progress import showing
    from harness.commands.context import Context

    return Context(
        start=Path(root),
        environ=dict(os.environ),
        now=lambda: dt.datetime.now(dt.UTC),
        rng=random.SystemRandom(),
        say=lambda line: click.echo(printable(line), err=True),
        progress=showing,
    )


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    # A job that is told to stop ends like Ctrl-C: what was answered is kept.
    os.kill(os.getpid(), signal.SIGINT)


def _print(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a bar is no reason to lose a verdict
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except OSError as error:
        # Or the interpreter would try again when it exits, and fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            message = f"standard output: cannot be written: {error.strerror}"
            raise HarnessError(message) from error
        # The reader has had enough; the verdict still stands in the exit code.


def _tell(error: HarnessError, form: str) -> None:
    for problem in error.problems:
        shown = printable(problem) if isinstance(problem, str) else problem
        click.echo(f"error: {shown}", err=True)
    if form == "json":
        _print(_json({"errors": [_plain(p) for p in error.problems]}))


def _json(value: Any) -> str:
    import json

    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _plain(problem: Problem | str) -> dict[str, Any]:
    if isinstance(problem, str):
        return {"message": problem}
    return {
        "message": str(problem),
        "path": problem.place.path,
        "line": problem.place.line or None,
        "column": problem.place.column or None,
        "key": problem.key or None,
        "rule": problem.rule,
        "got": problem.got or None,
        "fix": problem.fix or None,
    }
