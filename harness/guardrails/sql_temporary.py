"""Temporary tables that a text makes for itself, and takes away again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.guardrails.sql_tokens import Token

_BETWEEN = frozenset("GLOBAL LOCAL TEMP TEMPORARY UNLOGGED OR REPLACE TABLE IF NOT EXISTS".split())


@dataclass(slots=True)
class Temporary:
    """The tables that a text made as temporary ones before the statement that is read.

    They stand before tables of the same name that last. A transaction's end may have taken them
    away, and so may a statement of the text: after it the name is that of another table.
    """

    _names: set[str] = field(default_factory=set)

    def takes(self, tokens: Sequence[Token]) -> bool:
        """Note what a statement makes, and say whether it does away with own tables only."""
        words = [token.value if token.kind == "word" else "" for token in tokens]
        if words[0] in {"COMMIT", "ROLLBACK", "END", "ABORT"}:
            self._names.clear()
        elif words[0] == "CREATE" and {"TEMP", "TEMPORARY"} & set(words[:5]):
            name = _name_behind(tokens, 1)
            # What a commit drops is gone at once where each statement is a transaction.
            if name and not {"COMMIT", "GLOBAL"} & set(words):
                self._names.add(name)
        elif words[0] in {"DROP", "TRUNCATE"}:
            name = _name_behind(tokens, 1, last=True)
            if name in self._names:
                self._names -= {name} if words[0] == "DROP" else set()
                return True
        return False


def _name_behind(tokens: Sequence[Token], at: int, *, last: bool = False) -> str:
    """Return the one unqualified name behind the first words; with ``last`` nothing may follow."""
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].value in _BETWEEN:
        at += 1
    if at >= len(tokens) or tokens[at].kind not in {"word", "name"}:
        return ""
    after = tokens[at + 1 :]
    if (after and after[0].text == ".") or (last and after):
        return ""
    return tokens[at].value.lower()
