"""A forger who knows every format: chains, seals, heads and files fit again after the change.

What ``harness verify`` finds then, it finds by computing again, and not by a hash.
"""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.commands.night_records import night_name, render_night
from harness.files.closures import closures_of, render_closures
from harness.ledger import frame
from harness.ledger.seal import write_seal

Change = Callable[[dict[str, Any]], None]
_FOLDERS = {"gate": "gates", "attribution": "attributions"}
_OWN = frozenset({"seq", "kind", "item", "plan", "chain"})


def forge(root: Path, change: Change, change_file: Change = lambda _: None) -> None:
    """Change each record of a project's ledger, and each file of a gate or an attribution."""
    reports = root / "reports"
    renamed: dict[str, str] = {}
    events: dict[str, list[dict[str, Any]]] = {}
    for path in _in_order(reports):
        head, lines = frame.GENESIS, []
        for seq, line in enumerate(path.read_bytes().splitlines()):
            record = _renamed(json.loads(line), renamed)
            old = record.pop("chain")
            record.pop("seq")
            change(record)
            if record["kind"] in _FOLDERS:
                file = reports / _FOLDERS[record["kind"]] / record["file"]
                record["sha256"] = _rewrite(file, renamed, change_file)
            if record["kind"] == "event":
                events.setdefault(record["item"], []).append(record)
            if record["kind"] == "night":
                file = reports / "nights" / night_name(record)
                file.write_bytes(render_night(record))
            written, head = frame.line(seq, head, frame.members(record))
            renamed[old] = head.decode()
            lines.append(written)
        path.write_bytes(b"".join(lines))
        write_seal(reports, path.stem)
    for item, found in events.items():
        plain = [{k: v for k, v in each.items() if k not in _OWN} for each in found]
        file = reports / "closures" / f"{item}.json"
        file.write_bytes(render_closures(closures_of(item, plain)))


def _in_order(reports: Path) -> list[Path]:
    """Return the runs' files, those first that the others name."""

    def started(path: Path) -> tuple[str, str]:
        first = json.loads(path.read_text().partition("\n")[0])
        return first["started"], path.name

    return sorted((reports / "ledger/runs").glob("*.jsonl"), key=started)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    text = re.sub(r"\b[0-9a-f]{64}\b", lambda m: names.get(m[0], m[0]), json.dumps(value))
    return json.loads(text)


def _rewrite(file: Path, names: dict[str, str], change: Change) -> str:
    body = _renamed(json.loads(file.read_bytes()), names)
    change(body)
    data = json.dumps(body, indent=1).encode() + b"\n"
    file.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
