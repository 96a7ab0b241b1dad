"""Temporary tables that a text makes for itself, and takes away again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.guardrails.sql_tokens import Token

_BETWEEN = frozenset(
    "GLOBAL LOCAL TEMP TEMPORARY UNLOGGED OR REPLACE TABLE VIEW IF NOT EXISTS FROM".split()
)
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})


@dataclass(slots=True)
class Temporary:
    """The tables that a text made as temporary ones before the statement that is read.

    They stand before tables of the same name that last. A transaction that is rolled back may have
    taken them away, and so may a statement of the text: after it the name is that of another table.
    """

    _names: set[str] = field(default_factory=set)

    def takes(self, tokens: Sequence[Token]) -> bool:
        """Note what a statement makes, and say whether it does away with own tables only."""
        words = [token.value if token.kind == "word" else "" for token in tokens]
        if words[0] in {"ROLLBACK", "ABORT"}:
            self._names.clear()
        elif words[0] == "CREATE" and _TEMPORARY & set(words[:5]):
            name = _name_behind(tokens, 1)
            # What a commit drops is gone at once where each statement is a transaction.
            if name and not {"COMMIT", "GLOBAL"} & set(words):
                self._names.add(name)
        elif words[0] == "SELECT" and "INTO" in words:
            at = words.index("INTO") + 1
            if words[at : at + 1] and words[at] in _TEMPORARY:
                self._names.add(_name_behind(tokens, at))
        elif words[0] in {"DROP", "TRUNCATE", "DELETE", "UPDATE"}:
            return self._does_away(words, tokens)
        return False

    def _does_away(self, words: list[str], tokens: Sequence[Token]) -> bool:
        if words[0] == "UPDATE":
            # One SET, and no other table: what follows a # may be a comment to another dialect.
            plain = words.count("SET") == 1 and words[2:3] == ["SET"] and "FROM" not in words
            name = _name_behind(tokens[:2], 1) if plain else ""
        else:
            name = _name_behind(tokens, 1, last=True)
        if name not in self._names:
            # T-SQL's; dropping one is an effect of its own.
            own = name.startswith(("#", "@")) and not name.startswith(("##", "@@"))
            return words[0] != "DROP" and own
        self._names -= {name} if words[0] == "DROP" else set()
        return True


def _name_behind(tokens: Sequence[Token], at: int, *, last: bool = False) -> str:
    """Return the one name behind the first words; with ``last`` nothing may follow.

    It stands for itself, or behind the schema of temporary tables.
    """
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].value in _BETWEEN:
        after = tokens[at + 1 : at + 2]
        if tokens[at].value in _TEMPORARY and after and after[0].text == ".":
            at += 1
        at += 1
    if at >= len(tokens) or tokens[at].kind not in {"word", "name"}:
        return ""
    after = tokens[at + 1 :]
    if (after and after[0].text == ".") or (last and after):
        return ""
    return tokens[at].value.lower()
