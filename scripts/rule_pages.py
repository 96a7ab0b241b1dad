"""Write docs/rules/ and the generated part of docs/template.md; with --check say what is stale."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.domain.postmortem import (
    Agent,
    Attribution,
    Change,
    Inference,
    Link,
    Postmortem,
    Quote,
    Share,
    Source,
    TraceReference,
)
from harness.files.records import describe
from harness.files.shapes import fields, shape
from harness.files.wording import noun
from harness.rules.pages import pages

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"
_RECORDS: tuple[tuple[str, Any], ...] = (
    ("The postmortem", Postmortem),
    ("`agent`", Agent),
    ("An entry of `agent.inferences`", Inference),
    ("`trace`", TraceReference),
    ("`quote`", Quote),
    ("`change`", Change),
    ("`attribution`", Attribution),
    ("A share", Share),
    ("An entry of `sources`", Source),
    ("An entry of `links`", Link),
)


def made() -> dict[Path, str]:
    """Return path -> text of every generated page."""
    folder = ROOT / "docs" / "rules"
    found = {folder / name: text for name, text in pages().items()}
    template = ROOT / "docs" / "template.md"
    before, rest = template.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    found[template] = f"{before}{BEGIN}\n{keys()}{END}{after}"
    return found


def keys() -> str:
    """Return the tables of all keys of a postmortem, from the docstrings of the records."""
    return "".join(f"{line}\n" for title, record in _RECORDS for line in _table(title, record))


def _table(title: str, record: Any) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""
    yield "| key | what it holds | written as |"
    yield "|---|---|---|"
    meanings = describe(record)
    for key, field in fields(record).items():
        asked = shape(field.annotation)
        written = "a mapping" if asked.kind == "record" else noun(asked)
        must = "" if field.required is False else ", always"
        yield f"| `{key}` | {meanings[key]} | {written}{must} |"


def main() -> int:
    """Write the pages, or only say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    only_check = parser.parse_args().check
    wanted = made()
    folder = ROOT / "docs" / "rules"
    folder.mkdir(exist_ok=True)
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text]
    leftover = [path for path in folder.glob("*.md") if path not in wanted]
    for path in [] if only_check else stale:
        path.write_text(wanted[path], encoding="utf-8")
    for path in [] if only_check else leftover:
        path.unlink()
    print("".join(f"{path.relative_to(ROOT)}\n" for path in [*stale, *leftover]), end="")
    return 1 if only_check and (stale or leftover) else 0


if __name__ == "__main__":
    sys.exit(main())
