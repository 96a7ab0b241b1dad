"""The embedded models as text."""

from collections.abc import Mapping, Sequence
from typing import Any


def models_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return two lines a model: name and size, then what it is."""
    lines = []
    for row in rows:
        here = "in the cache" if row["here"] else f"{row['download_mb']} MB to fetch"
        lines.append(f"{row['name']}  {here}")
        lines.append(f"  {row['model']}, {row['licence']}, sha256 {row['sha256'][:16]}")
    return "\n".join(lines) + "\n"
