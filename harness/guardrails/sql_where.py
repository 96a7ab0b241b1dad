"""Conditions that hold for every row: a WHERE that is there and restricts nothing."""

from typing import Any

from sqlglot import exp

from harness.guardrails.sql_bounds import HUGE, below_every_key, is_key, passes_all, value

_ANY_TEXT = {"", ".*", "^", "$", "^.*$", "^.*", ".*$", ".", ".+", "^.+$", "(.*)"}
"""Regular expressions that every text, or every one that is not empty, fits."""


def restricts(where: Any) -> bool:
    """Say whether a WHERE clause can leave a row out, as far as the text alone tells."""
    return where is not None and not _always(where.this)


def _always(node: Any) -> bool:
    """Whether a condition holds for all rows of a table that has any."""
    if isinstance(node, exp.Paren):
        return _always(node.this)
    if isinstance(node, exp.And):
        return _always(node.left) and _always(node.right)
    if isinstance(node, exp.Or):
        return _any_holds(list(node.flatten()))
    if node.args.get("negate") and not isinstance(node, exp.Is):
        return _not(exp.Not(this=_turned(node)))
    if _for_all_alike(node):
        return not _never(node)  # for every row or for none: nobody means none
    if _constant(node) is True:
        return True
    known = _HOLDING.get(type(node))
    return known is not None and known(node)


def _turned(node: Any) -> Any:
    """Return a condition that newer sqlglot marks as negated without that mark."""
    plain = node.copy()
    plain.args.pop("negate")
    return plain


def _any_holds(parts: list[Any]) -> bool:
    """Whether one of the parts of an OR holds always, or two of them leave nothing over."""
    if any(_always(part) for part in parts):
        return True
    bare = [part.unnest() for part in parts]
    return any(
        _leaves_nothing(one, other) for n, one in enumerate(bare[:20]) for other in bare[n + 1 : 20]
    )


def _leaves_nothing(one: Any, other: Any) -> bool:
    """Say whether every row fits one of the two: ``a`` and ``NOT a``, ``a > 5`` and ``a <= 5``."""
    for some, rest in ((one, other), (other, one)):
        if isinstance(rest, exp.Not) and rest.this.unnest() == some:
            return True
        if rest.args.get("negate") and not some.args.get("negate") and _turned(rest) == some:
            return True
        kinds: Any = _COMPLEMENTS.get(type(some), ())
        if isinstance(rest, kinds) and some.left == rest.left and some.right == rest.right:
            return True
    return False


_COMPLEMENTS: dict[type, tuple[type, ...]] = {
    exp.EQ: (exp.NEQ,),
    exp.GT: (exp.LTE, exp.LT),
    exp.GTE: (exp.LT, exp.LTE),
}
"""What is left over between the two is at most one value, or rows without any."""


def restricted_by_join(statement: Any) -> bool:
    """Say whether an inner join leaves rows out by more than that a key has its like.

    ``DELETE a FROM t a JOIN t b ON a.k = b.k AND a.id > b.id`` keeps one row of each kind.
    """
    for join in statement.find_all(exp.Join):
        on = join.args.get("on")
        if on is None or join.side or join.find_ancestor(exp.Select) is not None:
            continue
        parts = on.unnest().flatten() if isinstance(on.unnest(), exp.And) else [on.unnest()]
        if any(not _pairs_keys(part.unnest()) and not _always(part) for part in parts):
            return True
    return False


def _pairs_keys(part: Any) -> bool:
    columns = isinstance(part, exp.EQ) and isinstance(part.left, exp.Column)
    return columns and isinstance(part.right, exp.Column)


def _not(node: Any) -> bool:
    inner = node.this.unnest()
    if isinstance(inner, exp.In) and is_key(inner.this) and inner.expressions:
        return all(below_every_key(each) for each in inner.expressions)
    return _never(inner) or _key_is_null(inner)


def _in(node: Any) -> bool:
    return _own_keys(node) or node.this in node.expressions


def _between(node: Any) -> bool:
    low, high = value(node.args.get("low")), value(node.args.get("high"))
    if is_key(node.this) and isinstance(low, int | float) and isinstance(high, int | float):
        return low <= 1 and high >= HUGE
    return _same(node.this, node.args.get("low")) and _same(node.this, node.args.get("high"))


def _like(node: Any) -> bool:
    text = _text(node.expression)
    return text is not None and "%" in text and text.replace("%", "") in {"", "_"}


def _glob(node: Any) -> bool:
    text = _text(node.expression)
    return text is not None and "*" in text and text.replace("*", "") in {"", "?"}


def _regex(node: Any) -> bool:
    return _text(node.expression) in _ANY_TEXT


def _equals(node: Any) -> bool:
    """``id = ANY (SELECT id FROM the same table)``."""
    return isinstance(node.right, exp.Any) and _keys_of_own(node.left, node.right.this)


def _is_not_null(node: Any) -> bool:
    negated = isinstance(node.expression, exp.Not) or bool(node.args.get("negate"))
    return negated and is_key(node.this)


_HOLDING: dict[type, Any] = {
    exp.Not: _not,
    exp.Exists: lambda node: not node.find(exp.Column) and not node.find(exp.Table),
    exp.In: _in,
    exp.Between: _between,
    exp.NullSafeEQ: lambda node: _same(node.left, node.right),
    exp.Like: _like,
    exp.ILike: _like,
    exp.Glob: _glob,
    exp.RegexpLike: _regex,
    exp.RegexpILike: _regex,
    exp.SimilarTo: _like,
    exp.Is: _is_not_null,
    exp.EQ: _equals,
    exp.LT: passes_all,
    exp.LTE: passes_all,
    exp.GT: passes_all,
    exp.GTE: passes_all,
    exp.NEQ: passes_all,
}
"""What holds for every row though it names something of it."""


def _never(node: Any) -> bool:
    """Whether a condition holds for no row at all."""
    if isinstance(node, exp.Paren):
        return _never(node.this)
    if isinstance(node, exp.And):
        return _never(node.left) or _never(node.right)
    if isinstance(node, exp.Or):
        return _never(node.left) and _never(node.right)
    if isinstance(node, exp.Not):
        return _always(node.this) and not _for_all_alike(node.this)
    if isinstance(node, exp.In):
        return node.args.get("query") is not None and _is_empty(node.args["query"])
    if isinstance(node, exp.Exists):
        return _is_empty(node.this)
    return _constant(node) is False


def _is_empty(query: Any) -> bool:
    """Whether a query returns no row, by its own condition or its limit."""
    select = query.find(exp.Select)
    where = select.args.get("where") if select is not None else None
    limit = select.args.get("limit") if select is not None else None
    none = limit is not None and value(limit.expression) == 0
    return none or (where is not None and _never(where.this))


def _for_all_alike(node: Any) -> bool:
    """Whether a condition names nothing of the row: it lets every row through, or none."""
    own: dict[int, set[str]] = {}
    for each in node.walk():
        if isinstance(each, exp.Select):
            own[id(each)] = {table.alias_or_name for table in each.find_all(exp.Table)}
        elif isinstance(each, exp.Var):
            if each is not node:
                return False
        elif isinstance(each, exp.Star | exp.Column):
            if not _stands_alone(each, own):
                return False
        elif isinstance(each, _OF_THE_ROW):
            return False
    return True


def _stands_alone(each: Any, own: dict[int, set[str]]) -> bool:
    """Whether a column of a subquery says nothing of the row outside: it names its own tables."""
    names = own.get(id(each.find_ancestor(exp.Select)))
    if names is None:
        return False
    star = isinstance(each, exp.Star) or isinstance(each.this, exp.Star)
    return star or (bool(each.table) and each.table in names)


def _same(one: Any, other: Any) -> bool:
    """Whether both sides are one expression, which gives one value for a row."""
    return one == other and not one.find(exp.Rand, exp.Anonymous)


_OF_THE_ROW = (
    exp.Anonymous, exp.Rand, exp.Command,
    exp.Placeholder, exp.Parameter, exp.SessionParameter,
)  # fmt: skip
"""What may be another for another row, or is not known here."""


def _constant(node: Any) -> bool | None:
    """Return what a condition without columns says; None when it depends on the row."""
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        known = value(node)
        return bool(known) if isinstance(known, int | float) else None
    comparison = _COMPARISONS.get(type(node))
    if comparison is None:
        return None
    left, right = node.left, node.right
    if left.find(exp.Column) and _same(left, right):
        return bool(comparison(1, 1))
    one, other = value(left), value(right)
    if one is None or other is None:
        return None
    try:
        return bool(comparison(one, other))
    except TypeError:
        return None


_COMPARISONS: dict[type, Any] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
}


def _text(node: Any) -> str | None:
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def _key_is_null(node: Any) -> bool:
    is_null = isinstance(node, exp.Is) and isinstance(node.expression, exp.Null)
    return is_null and is_key(node.this)


def _own_keys(node: Any) -> bool:
    return _keys_of_own(node.this, node.args.get("query"))


def _keys_of_own(column: Any, query: Any) -> bool:
    """``id IN (SELECT id FROM the same table)`` without any condition of its own."""
    select = query.find(exp.Select) if query is not None else None
    if select is None or not isinstance(column, exp.Column):
        return False
    plain = not any(select.args.get(key) for key in ("joins", "limit", "having", "group"))
    plain = plain and not restricts(select.args.get("where"))
    columns = [e.name.lower() for e in select.expressions]
    statement = column.find_ancestor(exp.Delete, exp.Update)
    own = statement.find(exp.Table) if statement is not None else None
    other = select.find(exp.Table)
    same = own is not None and other is not None and own.name.lower() == other.name.lower()
    return plain and same and columns == [column.name.lower()]
