"""Statements judged by their words: what no dialect parses, or no parser tells apart."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from harness.guardrails import sql_verbs as verbs
from harness.guardrails.effects import Effect
from harness.guardrails.sql_tokens import Token, joined

_ALTER_WORDS = frozenset(
    "DROP TRUNCATE DELETE RENAME DISABLE MODIFY UNUSED SWAP CLEAR DETACH EXCHANGE".split()
)
_MOVES = re.compile(
    r"\b(?:SWITCH (?:PARTITION .{1,80} )?TO|APPEND FROM|MOVE PART(?:ITION)?(?: .{1,80})? TO TABLE"
    r"|REPLACE PARTITION|DISCARD (?:PARTITION .{1,80} )?TABLESPACE"
    r"|ENGINE =? ?(?:BLACKHOLE|MEMORY|HEAP|NULL)\b)"
)
"""What empties a table, or puts something else in its place."""
_EXPIRES = re.compile(
    r"\b(?:EXPIRATION_TIMESTAMP|(?:DEFAULT_TABLE|PARTITION|DEFAULT_PARTITION)_EXPIRATION_DAYS"
    r"|DATA_RETENTION_TIME_IN_DAYS|RETENTION_DURATION) = (?!NULL\b)"
)
"""What has data deleted by the clock."""
_RUNS_ON = frozenset(
    "SELECT USE SET PRINT INSERT UPDATE DELETE DROP TRUNCATE GO RETURN COMMIT SAVE RAISERROR "
    "THROW WAITFOR".split()
)
"""After these T-SQL takes the next statement without a semicolon."""
_NOT_BEFORE = frozenset(
    "ON FOR DO THEN AS OR AND NOT BEFORE AFTER OF ALSO INSTEAD SELECT DISTINCT ALL BY WHERE FROM "
    "SET IN LIKE INTO WITH GRANT REVOKE".split()
)
_KINDS = frozenset(
    "TABLE DATABASE SCHEMA VIEW INDEX PROCEDURE PROC FUNCTION TRIGGER USER ROLE LOGIN SEQUENCE "
    "TYPE SYNONYM".split()
)
_REPLACED_KINDS = frozenset("TRANSIENT DYNAMIC EXTERNAL HYBRID ICEBERG IMMUTABLE SNAPSHOT".split())
_DATA = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".dat", ".xml", ".parquet")


def altered(tokens: Sequence[Token]) -> str:
    """Return what kind of effect the words of an ALTER name, where a parser reads past them."""
    second = tokens[1].value if len(tokens) > 1 else ""
    text = joined([Token("word", t.value, t.value) for t in tokens if t.kind != "string"]).upper()
    if second == "TABLESPACE" and {"OFFLINE", "DROP"} & set(text.split()):
        return "alter_drop"
    if _MOVES.search(text) or _EXPIRES.search(text):
        return "alter_drop"
    on_data = second in {"TABLE", "VIEW", "FOREIGN", "MATERIALIZED"}
    return "alter_rename" if on_data and " SET SCHEMA " in text else ""


def exports(tokens: Sequence[Token]) -> bool:
    """Whether OUTFILE names a file of data: the server makes a new one, and runs none such."""
    at = next(n for n, token in enumerate(tokens) if token.value == "OUTFILE")
    named = tokens[at + 1] if at + 1 < len(tokens) else None
    return named is not None and named.kind == "string" and named.value.lower().endswith(_DATA)


def one_by_one(statements: Iterable[Sequence[Token]]) -> Iterator[Sequence[Token]]:
    """Tell statements apart that follow each other without a semicolon, as T-SQL allows."""
    for statement in statements:
        first = statement[0].value if statement[0].kind == "word" else ""
        if first not in _RUNS_ON:
            yield statement
            continue
        starts = [0, *_starts(statement), len(statement)]
        for begin, end in pairwise(starts):
            yield statement[begin:end]


def _starts(tokens: Sequence[Token]) -> Iterator[int]:
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if at and not depth and token.kind == "word" and _begins(tokens, at):
            yield at


def _begins(tokens: Sequence[Token], at: int) -> bool:
    """Whether a statement that destroys begins here: an expression ended, and its words follow."""
    before = tokens[at - 1]
    # SET NOCOUNT ON ends where its switch stands.
    switched = {"ON"} if tokens[0].value == "SET" else set()
    if (before.kind == "mark" and before.text != ")") or (
        before.kind == "word" and before.value in _NOT_BEFORE - switched
    ):
        return False
    first = tokens[at].value
    after = [t.value for t in tokens[at + 1 : at + 8]]
    second = after[0] if after else ""
    if first == "DROP":
        return second in _KINDS
    if first in {"TRUNCATE", "ALTER"}:
        return second == "TABLE"
    if first == "DELETE":
        return second == "FROM"
    if first in {"EXEC", "EXECUTE"}:
        return second == "(" or second.startswith(("SP_", "XP_"))
    return first == "UPDATE" and "SET" in after[1:]


def _merge_deletes(tokens: Sequence[Token]) -> bool:
    """Whether a MERGE deletes; Oracle's ``DELETE WHERE`` does with a condition of its own."""
    from harness.guardrails.sql_trees import tree_effects  # noqa: PLC0415 - sqlglot, when needed

    values = [token.value for token in tokens]
    for at, value in enumerate(values):
        if value != "DELETE":
            continue
        if values[at + 1 : at + 2] != ["WHERE"]:
            return True
        ends = values.index("WHEN", at) if "WHEN" in values[at:] else len(values)
        text = f"DELETE FROM t {joined(tokens[at + 1 : ends])}"  # noqa: S608 - read, never run
        if not any(effect.kind == "delete" for effect in tree_effects(text, None) or ()):
            return True
    return False


def _replaced(tokens: Sequence[Token]) -> str:
    """Return what kind of thing a CREATE OR REPLACE puts in the place of another."""
    values = [token.value for token in tokens]
    at = values.index("REPLACE") + 1
    while at < len(values) and values[at] in _REPLACED_KINDS:
        at += 1
    return values[at] if at < len(values) else ""


def by_tokens(first: str, tokens: Sequence[Token], words: set[str]) -> Iterator[Effect]:
    """Judge what no dialect reads by its first words; cautious where they leave it open."""
    named = names(tokens[1:])
    if first in {"DROP", "TRUNCATE"}:
        yield Effect(first.lower(), first, named)
    elif first in {"DELETE", "UPDATE"}:
        kind = first.lower()
        yield Effect(kind if "WHERE" in words else f"{kind}_without_where", first, named)
    elif first in {"ALTER", "RENAME"}:
        destroys = bool(words & _ALTER_WORDS)
        yield Effect("alter_drop" if destroys or first == "RENAME" else "alter", first, named)
    elif first == "MERGE":
        yield Effect("merge_delete" if _merge_deletes(tokens) else "update", first, named)
    elif first == "CREATE" and words >= {"OR", "REPLACE"}:
        if _replaced(tokens) in {"TABLE", "SCHEMA", "DATABASE", "STAGE", "STREAM"}:
            yield Effect("replace_table", first, named)
    elif words & verbs.RISKY:
        yield Effect("unreadable_sql", first, named)


def names(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the first name that stands behind the words of a statement."""
    skipped = {"TABLE", "FROM", "ONLY", "IF", "EXISTS", "DATABASE", "SCHEMA", "VIEW", "INTO"}
    for token in tokens:
        if token.kind == "name" or (token.kind == "word" and token.value not in skipped):
            return (token.value if token.kind == "name" else token.text,)
    return ()
