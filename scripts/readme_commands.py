"""Run every command that the README shows, in order, and fail at the first that fails.

A command is a line that begins with ``$ `` in a block marked ``console``; a line that ends in a
backslash goes on. The code that a command exits with stands in a comment behind it (``# exits 1``),
and is 0 where there is none. All output goes to the terminal and, with --log, to a file.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_EXITS = re.compile(r"\s+# exits (\d+)\b.*$")


def commands(readme: str) -> Iterator[tuple[str, int]]:
    """Yield each command of the README's console blocks with the exit code that it promises."""
    for block in re.findall(r"^```console\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL):
        joined = block.replace("\\\n", "")
        for line in joined.splitlines():
            if line.startswith("$ "):
                promised = _EXITS.search(line)
                yield _EXITS.sub("", line[2:]), int(promised.group(1)) if promised else 0


def main() -> int:
    """Run them all; return 0 when each exited as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path)
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.log.open("w", encoding="utf-8") as log:
        for command, promised in commands(arguments.readme.read_text("utf-8")):
            print(f"\n$ {command}", flush=True)
            code = _run(command, log)
            if code != promised:
                print(f"exited {code}, the README says {promised}", flush=True)
                return 1
    return 0


def _run(command: str, log: object) -> int:
    with subprocess.Popen(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            print(line, end="", file=log)  # type: ignore[call-overload]
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
