"""Trees that dotted keys spell: numbers are places in lists."""

import re
from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json

_STEP = re.compile(r"\.")


def nested(attributes: Mapping[str, Json], prefix: str) -> Json:
    """Return the tree that dotted keys below a prefix spell: numbers are places in lists."""
    tree: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(f"{prefix}."):
            continue
        steps = _STEP.split(key[len(prefix) + 1 :])
        at = tree
        for step in steps[:-1]:
            below = at.setdefault(step, {})
            if not isinstance(below, dict):
                break
            at = below
        else:
            at[steps[-1]] = value
    return _lists(tree)


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    made = {key: _lists(value) for key, value in tree.items()}
    if made and all(key.isdigit() and len(key) < 8 for key in made):  # noqa: PLR2004 - a place
        return [made[key] for key in sorted(made, key=int)]
    return made
