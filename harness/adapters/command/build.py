"""From harness.yaml to a program that can be started."""

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from harness.adapters.command.agent import CommandAgent, CommandModel, Program
from harness.adapters.command.place import PLACEHOLDERS
from harness.adapters.command.pool import ToolPool
from harness.domain.project import Command, ModelConfig
from harness.domain.record import Json
from harness.errors import ModelError, show
from harness.ports.model import AdapterContext, AdapterSpec, Model
from harness.ports.secrets import SECRET_NAME

_ALWAYS = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
_INTERPRETER = re.compile(r"(python|pypy|node|deno|bun|ruby|perl|php|bash|sh|Rscript)[\d.]*")


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    command = config.command
    if command is None:
        raise ModelError("command: is missing, write e.g. command: {argv: [python, agent.py]}")
    if command.long_lived and command.speaks == "text":
        raise ModelError(
            "command.long_lived: a program that speaks text has one trial to a process"
        )
    named = [name for name in PLACEHOLDERS for word in command.argv if name in word]
    if command.long_lived and named:
        raise ModelError(
            f"command.argv: {named[0]} is another for each trial, take long_lived away"
        )
    folder = _below(context.root, command.folder, "folder")
    if not folder.is_dir():
        raise ModelError(f"command.folder: no such folder, got {show(command.folder)}")
    environ = {name: context.environ[name] for name in _ALWAYS if name in context.environ}
    for name in command.env:
        if name not in context.environ:
            raise ModelError(f"command.env: {show(name)} is not set in the environment")
        environ[name] = context.environ[name]
    _check_program(command.argv[0], folder, environ)
    _check_script(command.argv, folder)
    serving = {k: context.environ[k] for k in ("PYTHONPATH",) if k in context.environ}
    program = Program(
        command=command,
        folder=folder.resolve(),
        environ=environ,
        server_environ=serving,
        pool=ToolPool(serving),
        limit_s=min(command.limit_s, config.timeouts.trial_s or command.limit_s),
        secrets=[environ[name] for name in command.env if SECRET_NAME.search(name)],
        parts=_hashes(context.root, command),
    )
    return CommandAgent(program) if command.role == "agent" else CommandModel(program)


def _check_program(name: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Raise ModelError where no such program can be started; never by way of a shell."""
    there = str(folder / name) if "/" in name else name
    if shutil.which(there, path=environ.get("PATH", "")) is None:
        raise ModelError(f"command.argv: no program of that name can be started, got {show(name)}")


def _check_script(argv: Sequence[str], folder: Path) -> None:
    """Raise ModelError where an interpreter is to read a script that is not there.

    It would end each trial before it began, and nobody could tell that from a crash in a trial.
    """
    script = argv[1] if len(argv) > 1 else "-"
    plain = not script.startswith("-") and not any(name in script for name in PLACEHOLDERS)
    if plain and _INTERPRETER.fullmatch(Path(argv[0]).name) and not (folder / script).is_file():
        raise ModelError(f"command.argv: no such file in command.folder, got {show(script)}")


def _hashes(root: Path, command: Command) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in command.files:
        path = _below(root, name, "files")
        try:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"command.files: {show(name)}: {error.strerror}") from error
    return {"files": found} if found else {}


def _below(root: Path, name: str, key: str) -> Path:
    steps = PurePosixPath(name)
    if steps.is_absolute() or ".." in steps.parts or "\0" in name:
        raise ModelError(f"command.{key}: must lie inside the project, got {show(name)}")
    return root / name


SPEC = AdapterSpec(name="command", build=_build, required=frozenset({"command"}))
