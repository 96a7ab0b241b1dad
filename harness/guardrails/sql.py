"""SQL read as what it would do: tables dropped, emptied, deleted from, updated, altered.

A text is told apart into statements by tokens. A statement whose first word changes nothing is
done with; one that may is parsed by sqlglot, in the dialect that is given or in several. What no
dialect reads is looked at token by token; where that finds nothing, it is unreadable.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from harness.guardrails import sql_verbs as verbs
from harness.guardrails.effects import Effect
from harness.guardrails.sql_by_words import altered, by_tokens, exports, names, one_by_one
from harness.guardrails.sql_temporary import Temporary
from harness.guardrails.sql_tokens import Token, joined, read, readings

LONGEST = 50_000
"""Characters of SQL that are read; more is unreadable."""
_DEEPEST = 4
_BODIES = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "PACKAGE"})
_AROUND = frozenset({"PREPARE", "EXPLAIN", "DESCRIBE", "DESC", "LOCKING"})
_DYNAMIC = frozenset({"EXEC", "EXECUTE", "DO", "CALL", "SET"})
_STARTERS = frozenset({"RULE", "EVENT", "TASK"})
"""What is created and runs by itself."""


def effects(text: str, dialect: str | None = None) -> tuple[Effect, ...]:
    """Return what a text of SQL would do, in order; never raises, whatever the text holds."""
    if len(text) > LONGEST:
        return (Effect("unreadable_sql", "text", (f"longer than {LONGEST} characters",)),)
    return _effects(text, dialect, 0)


@lru_cache(maxsize=1024)
def _effects(text: str, dialect: str | None, depth: int) -> tuple[Effect, ...]:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    scripts = [read(plain, quoting) for quoting in readings(plain, dialect)]
    broken = all(script.broken for script in scripts)
    found = list[Effect]()
    for script in scripts:
        # Where the text closes its quotes in another reading, what does not is no statement.
        whole = script.statements if broken or not script.broken else script.statements[:-1]
        found += [e for e in _script(whole, dialect, depth) if e not in found]
    if broken and not found:
        found.append(Effect("unreadable_sql", "text", ("a quote or comment is never closed",)))
    return tuple(found)


def _script(
    statements: Sequence[Sequence[Token]], dialect: str | None, depth: int
) -> Iterator[Effect]:
    own, block = Temporary(), False
    for statement in one_by_one(statements):
        first = statement[0].value if statement[0].kind == "word" else ""
        words = {token.value for token in statement if token.kind == "word"}
        block = block or first in verbs.BLOCKS or (first == "CREATE" and bool(words & _BODIES))
        if block and _is_plain_call(statement):
            continue
        if not own.takes(statement):
            yield from _statement(statement, dialect, depth)


def _is_plain_call(tokens: Sequence[Token]) -> bool:
    """Whether a statement of a block calls a procedure by its name, or gives a variable a value."""
    words = {token.value for token in tokens if token.kind == "word"}
    first = tokens[0].value
    if words & (verbs.RISKY | verbs.RUN_STRINGS | {"EXEC", "EXECUTE"}):
        return False
    if first in verbs.IN_BLOCKS:
        return True
    known = verbs.HARMLESS | verbs.PARSED | verbs.BLOCKS | verbs.MAINTENANCE | {"SELECT", "CALL"}
    after = next((t.text for t in tokens[1:] if t.text != "." and t.kind == "mark"), "")
    return tokens[0].kind == "word" and first not in known and after in {"(", ":=", "="}


def _statement(tokens: Sequence[Token], dialect: str | None, depth: int) -> Iterator[Effect]:
    while tokens and tokens[0].text in {"(", ")", "'", ","}:
        tokens = tokens[1:]
    if not tokens:
        return
    first = tokens[0].value if tokens[0].kind == "word" else ""
    if first in _AROUND:
        yield from _inside(first, tokens, dialect, depth)
        return
    words = {token.value for token in tokens if token.kind == "word"}
    yield from _programs(first, tokens, words)
    yield from _called(first, tokens)
    if first in _DYNAMIC or words & verbs.RUN_STRINGS:
        yield from _dynamic(first, tokens, words, dialect, depth)
    elif _maintains(first, tokens) or words & verbs.MAINTAINED_BY.get(first, frozenset()):
        yield Effect("maintenance", first, names(tokens[1:]))
    elif first in verbs.BLOCKS:
        yield from _block(tokens, dialect, depth)
    elif first in verbs.PARSED:
        yield from _changing(first, tokens, words, dialect)
    elif not _is_harmless(first, words):
        yield from _unknown(first, tokens, words, dialect, depth)


def _inside(
    first: str, tokens: Sequence[Token], dialect: str | None, depth: int
) -> Iterator[Effect]:
    """Read the statement that another stands around."""
    if first in {"EXPLAIN", "DESCRIBE", "DESC"}:
        yield from _explained(tokens, dialect, depth)
        return
    # PREPARE name AS statement; Teradata's LOCKING table FOR access statement.
    begins = {"AS"} if first == "PREPARE" else verbs.PARSED | {"SELECT", "SEL"}
    at = next((n for n, token in enumerate(tokens) if token.value in begins), 0)
    if at:
        yield from _statement(tokens[at + (first == "PREPARE") :], dialect, depth)
    elif first == "PREPARE":
        words = {token.value for token in tokens if token.kind == "word"}
        yield from _dynamic(first, tokens, words, dialect, depth)


def _maintains(first: str, tokens: Sequence[Token]) -> bool:
    # SQLite and DuckDB leave an attached file by its name alone: it stays what it is.
    return first in verbs.MAINTENANCE and not (first == "DETACH" and len(tokens) == 2)  # noqa: PLR2004


def _is_harmless(first: str, words: set[str]) -> bool:
    if first == "FROM":  # a SELECT that begins at its end
        return not words & (verbs.RISKY | {"OVERWRITE"})
    return first in {"SELECT", "DETACH"} or first in verbs.HARMLESS or first in verbs.MAINTAINED_BY


def _explained(tokens: Sequence[Token], dialect: str | None, depth: int) -> Iterator[Effect]:
    """EXPLAIN runs nothing; EXPLAIN ANALYZE runs what follows."""
    for at, token in enumerate(tokens[1:], start=1):
        if token.value in verbs.PARSED | {"SELECT", "EXECUTE"}:
            before = {t.value for t in tokens[:at]}
            if before & {"ANALYZE", "ANALYSE"} and "FALSE" not in before:
                yield from _statement(tokens[at:], dialect, depth)
            return


def _programs(first: str, tokens: Sequence[Token], words: set[str]) -> Iterator[Effect]:
    named = words & verbs.RUN_PROGRAMS
    if named or (first == "COPY" and "PROGRAM" in words):
        strings = tuple(t.value[:80] for t in tokens if t.kind == "string")
        yield Effect("runs_program", first, strings)
    if "DUMPFILE" in words or ("OUTFILE" in words and not exports(tokens)):
        yield Effect("runs_program", first, ("a file of the server",))


def _called(first: str, tokens: Sequence[Token]) -> Iterator[Effect]:
    """Look for functions and procedures of databases that drop or rename."""
    for token, after in pairwise([*tokens, Token("mark", "", "")]):
        called = after.text == "(" or (first in {"EXEC", "EXECUTE", "CALL"} and after.text != ".")
        if token.kind == "word" and called:
            if token.value in verbs.DROPPING or token.value.startswith(("SP_DROP", "DROP_")):
                yield Effect("drop", first, (token.text,))
            elif token.value in verbs.RENAMING:
                yield Effect("alter_rename", first, (token.text,))


def _dynamic(
    first: str, tokens: Sequence[Token], words: set[str], dialect: str | None, depth: int
) -> Iterator[Effect]:
    """Read what is run as SQL where it stands there; else nobody can tell."""
    strings = [token.value for token in tokens if token.kind == "string"]
    found: list[Effect] = []
    if depth < _DEEPEST:
        for text in dict.fromkeys([*strings, "".join(strings)]):
            if " " not in text.strip() and "/*" not in text and "\n" not in text:
                continue  # one word is no statement
            inner = _effects(text, dialect, depth + 1)
            found += [e for e in inner if e.kind != "unreadable_sql" and e not in found]
    yield from found
    if found:
        return
    runs = first in {"EXEC", "EXECUTE"} or (first == "PREPARE" and "FROM" in words)
    runs = runs or (first == "DO" and "EXECUTE" in words)
    hidden = bool(words & verbs.DECODERS) or any(t.value.startswith("0X") for t in tokens)
    second = tokens[1].text if len(tokens) > 1 else ""
    unknown = second == "(" or "IMMEDIATE" in words or first == "PREPARE"
    unknown = unknown or (first == "DO" and runs)
    unknown = unknown or (bool(words & verbs.RUN_STRINGS) and not strings)
    if runs and ((unknown and not _only_strings(tokens)) or hidden):
        yield Effect("dynamic_sql", first, ("a text that is not known before it runs",))
    elif first == "SET" and any(t.value.startswith("0X") for t in tokens):
        yield Effect("dynamic_sql", first, ("a text in hexadecimal",))


def _only_strings(tokens: Sequence[Token]) -> bool:
    """Whether what is run stands there whole; what INTO and USING name is no SQL."""
    words = [t.value if t.kind == "word" else "" for t in tokens]
    begins = words.index("FROM") if words[0] == "PREPARE" and "FROM" in words else 0
    ends = next((n for n, w in enumerate(words) if w in {"INTO", "USING"}), len(tokens))
    rest = [
        t
        for t in tokens[begins + 1 : ends]
        if t.value not in {"IMMEDIATE", "(", ")", "||", "+"} and t.text != ","
    ]
    return bool(rest) and all(t.kind == "string" for t in rest)


def _block(tokens: Sequence[Token], dialect: str | None, depth: int) -> Iterator[Effect]:
    """Read a block of procedural SQL, in which every risky word starts a statement."""
    starts = [
        at
        for at, token in enumerate(tokens)
        if token.kind == "word"
        and token.value in verbs.RISKY | {"EXEC", "EXECUTE"}
        and not _part_of_clause(tokens, at)
    ]
    for at, end in pairwise([*starts, len(tokens)] if starts else []):
        piece = _until_end(tokens[at:end])
        yield from _statement(piece, dialect, depth)


def _part_of_clause(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[at - 1].value if at else ""
    return before in {"ON", "FOR", "DO", "THEN"} and tokens[at].value in {"UPDATE", "DELETE"}


def _until_end(tokens: Sequence[Token]) -> Sequence[Token]:
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.value in {"END", "ELSE", "EXCEPTION"}:
            return tokens[:at]
    return tokens


def _changing(
    first: str, tokens: Sequence[Token], words: set[str], dialect: str | None
) -> Iterator[Effect]:
    if first == "UPDATE" and tokens[1:] and tokens[1].value == "STATISTICS" and "SET" not in words:
        return  # T-SQL's, of the optimizer
    if first == "CREATE" and len(tokens) > 1 and _STARTERS & {t.value for t in tokens[1:4]}:
        yield from _started(tokens, dialect)
        return
    if first in {"INSERT", "REPLACE", "CREATE", "WITH"} and not _may_destroy(first, words):
        return
    if first == "ALTER" and tokens[1:] and tokens[1].value in {"SYSTEM", "DATABASE"}:
        yield Effect("alter_settings", first, names(tokens[2:]))
        return
    from harness.guardrails.sql_trees import tree_effects  # noqa: PLC0415 - sqlglot, when needed

    if first == "ALTER" and "WHERE" in words and words & {"UPDATE", "DELETE"}:
        # ClickHouse: rows are changed or deleted as DELETE would. It is read here, never run.
        where = next(n for n, token in enumerate(tokens) if token.value == "WHERE")
        rows = tree_effects(f"DELETE FROM t {joined(tokens[where:])}", dialect) or ()  # noqa: S608
        some = any(effect.kind == "delete" for effect in rows)
        yield Effect("alter" if some else "alter_drop", first, names(tokens[1:]))
        return
    kind = altered(tokens) if first == "ALTER" else ""
    if kind:
        yield Effect(kind, first, names(tokens[1:]))
        return
    found = tree_effects(joined(tokens), dialect)
    yield from by_tokens(first, tokens, words) if found is None else found


def _started(tokens: Sequence[Token], dialect: str | None) -> Iterator[Effect]:
    """Read what a rule, an event or a scheduled job would run: it needs nobody to run it."""
    words = [token.value if token.kind == "word" else "" for token in tokens]
    begins = {"DO", "AS"} - ({"AS"} if "RULE" in words or "EVENT" in words else {"DO"})
    at = next((n for n, word in enumerate(words) if word in begins), len(tokens))
    rest = list(tokens[at + 1 :])
    while rest and rest[0].value in {"ALSO", "INSTEAD", "("}:
        rest = rest[1:]
    yield from _statement(rest, dialect, 0)


def _may_destroy(first: str, words: set[str]) -> bool:
    if first == "CREATE":
        holders = words & {"TABLE", "SCHEMA", "DATABASE", "STAGE", "STREAM"}
        return words >= {"OR", "REPLACE"} and bool(holders) and not words & {"TEMPORARY", "TEMP"}
    if first in {"INSERT", "REPLACE"}:
        return bool({"OVERWRITE", "WITH"} & words)
    return bool(words & verbs.RISKY)


def _unknown(
    first: str, tokens: Sequence[Token], words: set[str], dialect: str | None, depth: int
) -> Iterator[Effect]:
    """Judge a statement of no known kind: something injected, another language, or nonsense."""
    if first == "EXCHANGE":
        yield Effect("alter_rename", first, names(tokens[1:]))
        return
    if first == "COPY":
        return
    if words & (verbs.RISKY | {"EXEC", "EXECUTE"}):
        found = list(_block(tokens, dialect, depth))
        yield from found or [Effect("unreadable_sql", first or tokens[0].text[:20])]
    elif tokens[0].kind == "word" and len(tokens) > 1:
        yield Effect("unreadable_sql", first)
