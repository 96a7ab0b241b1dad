"""The key under which surrogates are made: the user's, or one that is made for the incident.

Whoever holds it and guesses an original can confirm the guess. So it never lies in the project.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, Place, Problem

VARIABLE = "HARNESS_ANON_KEY"
_FEWEST_BYTES = 16
_MOST_BYTES = 4096
_MADE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """The key, and in words where it comes from."""

    value: bytes
    source: str


def find_key(
    environ: Mapping[str, str], root: Path, incident: str, file: str | None, *, make: bool
) -> Key:
    """Return the key of an incident; with ``make`` a new one is stored where there is none.

    Without ``make`` a key that is needed and not there is drawn and forgotten.
    """
    if file is not None:
        return Key(_read(Path(file), root, "--key-file"), f"the file {file}")
    given = environ.get(VARIABLE)
    if given is not None:
        return Key(_checked(given.encode(), Place(VARIABLE)), VARIABLE)
    path = key_path(environ, incident)
    if os.path.lexists(path):
        return Key(_read(path, root, ""), str(path))
    drawn = secrets.token_hex(_MADE_BYTES).encode()
    if not make:
        return Key(drawn, "a key for this dry run alone: the next one draws other surrogates")
    _outside(path, root, "")
    return Key(_stored(path, drawn, root), f"{path}, made for this incident")


def known_key(environ: Mapping[str, str], root: Path, incident: str, file: str | None) -> Key:
    """Return the key under which an incident was imported; InputError where there is none."""
    path = None if file is not None or VARIABLE in environ else key_path(environ, incident)
    if path is not None and not os.path.lexists(path):
        rule = f"no key of {incident} is here, so its surrogates cannot be drawn again"
        fix = f"set {VARIABLE}, give --key-file, or import the trace first"
        raise InputError(Problem(Place(str(path)), "", rule, fix=fix))
    return find_key(environ, root, incident, file, make=False)


def key_path(environ: Mapping[str, str], incident: str) -> Path:
    """Return where the key that an import makes for an incident lies."""
    return _folder(environ) / f"{incident}.key"


def _folder(environ: Mapping[str, str]) -> Path:
    state = environ.get("XDG_STATE_HOME")
    if state and Path(state).is_absolute():
        return Path(state) / "harness" / "keys"
    home = environ.get("HOME")
    if not home:
        fix = f"set {VARIABLE}, or give --key-file"
        raise InputError(Problem(Place("HOME"), "", "is not set, and no key is given", fix=fix))
    return Path(home) / ".local" / "state" / "harness" / "keys"


def _stored(path: Path, drawn: bytes, root: Path) -> bytes:
    draft = path.with_name(
        f".{path.name}.{secrets.token_hex(6)}"
    )  # so that no half key is ever read
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(drawn + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, path)
    except FileExistsError:
        return _read(path, root, "")  # another import of the incident was faster
    except OSError as error:
        rule, fix = f"cannot be written: {error.strerror}", f"set {VARIABLE}, or give --key-file"
        raise InputError(Problem(Place(str(path)), "", rule, fix=fix)) from None
    finally:
        draft.unlink(missing_ok=True)
    return drawn


def _read(path: Path, root: Path, key: str) -> bytes:
    _outside(path, root, key)
    place = Place(str(path))
    try:
        if not path.is_file():
            raise InputError(Problem(place, key, "is no file", fix="name a file with the key"))
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(place, key, f"cannot be read: {error.strerror}")) from None
    return _checked(content, place)


def _outside(path: Path, root: Path, key: str) -> None:
    top, real = os.path.realpath(root), os.path.realpath(path)
    if real == top or real.startswith(top.rstrip(os.sep) + os.sep):
        rule = "lies inside the project, beside what it anonymizes"
        fix = "move it out of the project; it must never be committed"
        raise InputError(Problem(Place(str(path)), key, rule, fix=fix))


def _checked(content: bytes, place: Place) -> bytes:
    value = content.strip()
    if not _FEWEST_BYTES <= len(value) <= _MOST_BYTES:
        rule = f"a key has {_FEWEST_BYTES} to {_MOST_BYTES} bytes"
        fix = "draw one: openssl rand -hex 32"
        raise InputError(Problem(place, "", rule, f"{len(value)} bytes", fix))
    return value
