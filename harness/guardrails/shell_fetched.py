"""Scripts that a text fetches and then runs: a pipe to a shell with a stop between."""

from collections.abc import Iterable, Iterator
from posixpath import basename
from urllib.parse import urlsplit

from harness.guardrails.effects import Effect
from harness.guardrails.shell_wrappers import SHELLS, interpreter

_FETCHING = frozenset({"curl", "wget", "aria2c"})
_SCRIPTS = (".sh", ".bash", ".py", ".pl", ".rb", ".run", ".bin", ".js")


def runs_fetched(found: Iterable[Effect]) -> Iterator[Effect]:
    """Yield a pipe to a shell for every script that was fetched before it is run."""
    fetched: set[str] = set()
    last = ""
    for effect in found:
        if effect.kind == "command":
            if effect.program in _FETCHING:
                fetched |= {_name(word) for word in effect.targets if "://" in word}
            elif _runs(effect, fetched):
                yield Effect("pipe_to_shell", effect.program, effect.targets[:1], via=effect.via)
            last = effect.program
        elif effect.kind in {"overwrite", "append"} and (
            effect.program in _FETCHING or (effect.program.startswith(">") and last in _FETCHING)
        ):
            fetched |= {basename(target) for target in effect.targets}
    return


def _name(url: str) -> str:
    try:
        return basename(urlsplit(url).path)
    except ValueError:
        return ""


def _runs(command: Effect, fetched: set[str]) -> bool:
    reads = command.program in SHELLS | {"source", "."} or interpreter(command.program) is not None
    names = {basename(word) for word in command.targets if not word.startswith("-")}
    own = basename(command.program)
    return bool(fetched - {""} & names) if reads else own in fetched and own.endswith(_SCRIPTS)
