"""Every error that a user can cause.

* HarnessError: printed as one line per problem, without traceback; carries the exit code.

  - InputError (2): a file, a key, a value or a name that the user gave.
  - LedgerError (2): evidence on disk that cannot be trusted, or that another process writes.
  - ModelError (2): a model that cannot be reached, loaded or built as configured.
  - NotEvaluableError (4): the request is sound, but nothing here can decide it.

Anything else that escapes is a bug: it shows its traceback and exits with 70.
"""

from dataclasses import dataclass

EXIT_MET = 0
EXIT_NOT_MET = 1
EXIT_INPUT = 2
EXIT_UNDECIDED = 3
EXIT_INVALID = 4
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

_SHOWN_VALUE_LENGTH = 80


def printable(text: str, limit: int | None = None) -> str:
    r"""Return the text as it may reach a terminal: every character that could steer it is escaped.

    Control characters, bidirectional overrides, lone surrogates and other unprintables
    become ``\xNN`` or ``\uNNNN``; a text longer than ``limit`` characters ends in an ellipsis.
    """
    shown = text if limit is None or len(text) <= limit else text[: limit - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in shown
    )


def show(value: object) -> str:
    """Return a value as an error message quotes it: one line, printable, at most 80 long."""
    return printable(value if isinstance(value, str) else repr(value), _SHOWN_VALUE_LENGTH)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem lies; lines and columns count from 1, 0 means that there is none."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``path:line:column``, without the parts that are unknown."""
        parts = [printable(self.path)]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, which key, the rule, the value, what to write instead."""

    place: Place
    key: str
    rule: str
    got: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Return ``path:line:column: key: rule, got VALUE, write this``."""
        head = f"{self.place}: {printable(self.key)}: " if self.key else f"{self.place}: "
        clauses = [printable(self.rule)]
        if self.got:
            clauses.append(f"got {show(self.got)}")
        if self.fix:
            clauses.append(printable(self.fix))
        return head + ", ".join(clauses)


class HarnessError(Exception):
    """An error that the user can mend; printed without a traceback."""

    exit_code = EXIT_INPUT

    def __init__(self, *problems: Problem | str) -> None:
        """Take the problems in the order in which they are to be printed, at least one."""
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return one line per problem."""
        return "\n".join(
            printable(problem) if isinstance(problem, str) else str(problem)
            for problem in self.problems
        )


class InputError(HarnessError):
    """A file, a key, a value or a name that the user gave is wrong."""


class LedgerError(HarnessError):
    """The evidence on disk is damaged, was changed, or is being written by another process."""


class ModelError(HarnessError):
    """A model cannot be reached, loaded or built as it is configured."""


class NotEvaluableError(HarnessError):
    """The request is sound, but nothing that stands here can decide it."""

    exit_code = EXIT_INVALID
