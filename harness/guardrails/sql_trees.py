"""Statements that may change something, parsed by sqlglot."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from harness.guardrails.effects import Effect
from harness.guardrails.sql_where import restricted_by_join, restricts

# A statement that is only half understood becomes a Command: a value here, no warning there.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())
logging.getLogger("sqlglot").propagate = False

DIALECTS = (
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "hive",
    "mysql",
    "oracle",
    "postgres",
    "presto",
    "redshift",
    "snowflake",
    "spark",
    "sqlite",
    "trino",
    "tsql",
)
_TRIED = ("postgres", "mysql", "tsql")
_BACKTICKS = ("mysql", "bigquery")
_ALTER_DROPS = ("DROP", "TRUNCATE", "DELETE", "CLEAR", "DETACH", "SET UNUSED")
_ALTER_RENAMES = ("SWAP", "EXCHANGE")
_HOLDERS = frozenset({"TABLE", "SCHEMA", "DATABASE", "STAGE", "STREAM"})
_PIPES = re.compile(r"\|\|\s*\(*\s*\d")
"""Where nobody joins texts: MySQL's OR."""
_DISABLING = ("DISABLE TRIGGER", "DISABLE ROW", "NOLOGGING")


def tree_effects(text: str, dialect: str | None) -> list[Effect] | None:
    """Return what one statement does; None when no dialect parses it."""
    tried = (dialect,) if dialect else _likely(text)
    for name in tried:
        tree = _parsed(text, name)
        if tree is not None:
            return list(_walk(tree))
    return None


def warm(dialect: str | None) -> None:
    """Import the dialects, which the first statement would else wait for."""
    for name in (dialect,) if dialect else ("tsql", *_TRIED, *_BACKTICKS):
        _parsed("DROP TABLE a", name)


def _likely(text: str) -> tuple[str, ...]:
    if "`" in text:
        return _BACKTICKS
    if _PIPES.search(text):
        return ("mysql", *_TRIED)
    return ("tsql", *_TRIED) if "[" in text or "#" in text else _TRIED


def _parsed(text: str, dialect: str) -> Any:
    try:
        trees = sqlglot.parse(text, read=dialect)
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, KeyError):
        return None
    tree = trees[0] if len(trees) == 1 else None
    # A Command is a text that sqlglot gave up on: another dialect may read it.
    return None if tree is None or isinstance(tree, exp.Command) else tree


def _walk(tree: Any) -> Iterator[Effect]:
    for node in tree.walk():
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            yield from handler(node)


def _tables(node: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(table) for table in node.find_all(exp.Table))) or (
        (str(node.this.name),) if node.this is not None and hasattr(node.this, "name") else ()
    )


def _name(table: Any) -> str:
    return ".".join(part.name for part in table.parts)


def _drop(node: Any) -> Iterator[Effect]:
    if isinstance(node.parent, exp.Alter):
        return
    targets = _tables(node)
    tables = list(node.find_all(exp.Table))
    own = bool(tables) and all(_is_temporary(table) for table in tables)
    temporary = bool(node.args.get("temporary")) or own
    yield Effect("drop_temporary" if temporary else "drop", "DROP", targets)


def _is_temporary(table: Any) -> bool:
    """T-SQL's ``#table``."""
    name = table.this
    return name is not None and (bool(name.args.get("temporary")) or table.name.startswith("#"))


def _truncate(node: Any) -> Iterator[Effect]:
    yield Effect("truncate", "TRUNCATE", _tables(node))


def _delete(node: Any) -> Iterator[Effect]:
    yield _rows("delete", node)


def _update(node: Any) -> Iterator[Effect]:
    # The UPDATE of an upsert or of a MERGE touches the rows that were matched.
    if not isinstance(node.parent, exp.When | exp.OnConflict):
        yield _rows("update", node)


def _rows(kind: str, node: Any) -> Effect:
    own = node.args.get("tables") or ([node.this] if node.this is not None else [])
    tables = tuple(_name(table) for table in own if isinstance(table, exp.Table))
    where = node.args.get("where")
    limited = restricts(where) if where is not None else restricted_by_join(node)
    return Effect(kind if limited else f"{kind}_without_where", kind.upper(), tables)


def _merge(node: Any) -> Iterator[Effect]:
    whens = node.args.get("whens")
    for when in whens.expressions if whens is not None else node.expressions:
        then = when.args.get("then")
        deletes = isinstance(then, exp.Delete) or (
            isinstance(then, exp.Var) and then.name.upper().startswith("DELETE")
        )
        if deletes:
            yield Effect("merge_delete", "MERGE", _tables(node)[:1])


def _alter(node: Any) -> Iterator[Effect]:
    targets = _tables(node)[:1]
    actions = node.args.get("actions") or []
    for action in actions:
        yield Effect(_alter_kind(action), "ALTER", targets)
    if not actions:
        yield Effect("alter", "ALTER", targets)


def _alter_kind(action: Any) -> str:
    if isinstance(action, exp.Delete | exp.Update):
        return "alter" if restricts(action.args.get("where")) else "alter_drop"
    if isinstance(action, exp.Drop | exp.DropPartition | exp.TruncateTable):
        return "alter_drop"
    if isinstance(action, exp.AlterRename | exp.RenameColumn):
        return "alter_rename"
    if isinstance(action, exp.AlterColumn):
        # What else ALTER COLUMN drops is a default or NOT NULL: no data.
        return "alter_type" if action.args.get("dtype") else "alter"
    text = action.sql().upper()
    if text.startswith(_ALTER_DROPS):
        return "alter_drop"
    if text.startswith(_ALTER_RENAMES):
        return "alter_rename"
    if text.startswith(("MODIFY", "CHANGE")):
        return "alter_type"
    return "alter_drop" if text.startswith(_DISABLING) else "alter"


def _create(node: Any) -> Iterator[Effect]:
    kind = str(node.args.get("kind")).upper()
    if node.args.get("replace") and kind in _HOLDERS and not node.find(exp.TemporaryProperty):
        yield Effect("replace_table", "CREATE", _tables(node)[:1])


def _insert(node: Any) -> Iterator[Effect]:
    if node.args.get("overwrite"):
        yield Effect("overwrite_table", "INSERT", _tables(node)[:1])


_HANDLERS: dict[type, Any] = {
    exp.Drop: _drop,
    exp.TruncateTable: _truncate,
    exp.Delete: _delete,
    exp.Update: _update,
    exp.Merge: _merge,
    exp.Alter: _alter,
    exp.Create: _create,
    exp.Insert: _insert,
}
