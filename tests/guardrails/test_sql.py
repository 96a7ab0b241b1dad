"""SQL read as effects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guardrails import sql
from harness.guardrails.sql_tokens import read


def told(text: str, dialect: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """Return kinds and targets of what a text does."""
    return [(effect.kind, effect.targets) for effect in sql.effects(text, dialect)]


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("DROP TABLE shop.orders", [("drop", ("shop.orders",))]),
        ("TRUNCATE a, b", [("truncate", ("a", "b"))]),
        ("DELETE FROM users", [("delete_without_where", ("users",))]),
        ("DELETE FROM users WHERE id = 1", [("delete", ("users",))]),
        ("UPDATE users SET a = 1", [("update_without_where", ("users",))]),
        ("ALTER TABLE t DROP COLUMN c", [("alter_drop", ("t",))]),
        ("ALTER TABLE t ADD COLUMN c int", [("alter", ("t",))]),
        ("ALTER TABLE t RENAME TO u", [("alter_rename", ("t",))]),
        ("DROP TABLE #t", [("drop_temporary", ("t",))]),
        ("CREATE OR REPLACE TABLE t AS SELECT 1", [("replace_table", ("t",))]),
        ("EXEC(@s)", [("dynamic_sql", ("a text that is not known before it runs",))]),
    ],
)
def test_a_statement_is_told_with_its_table(text, effects):
    """Kind and tables are those of the statement."""
    assert told(text) == effects


@pytest.mark.parametrize(
    "where",
    ["1 = 1", "true", "id = id", "x = 1 OR 1 = 1", "NOT false", "id IS NOT NULL", "name LIKE '%'",
     "id IN (SELECT id FROM users)", "(2 > 1)"],
)  # fmt: skip
def test_a_where_that_leaves_out_nothing_is_none(where):
    """A condition that holds for every row is no restriction."""
    text = "DELETE FROM users WHERE " + where  # noqa: S608 - nothing runs it
    assert told(text) == [("delete_without_where", ("users",))]


@pytest.mark.parametrize(
    "where",
    ["id = 1", "x = 1 AND 1 = 1", "deleted_at IS NOT NULL", "name LIKE 'a%'", "1 = 0",
     "id IN (SELECT id FROM users WHERE banned)", "id > 100"],
)  # fmt: skip
def test_a_where_that_restricts_counts(where):
    """A condition that can leave a row out is one."""
    text = "DELETE FROM users WHERE " + where  # noqa: S608 - nothing runs it
    assert told(text) == [("delete", ("users",))]


@pytest.mark.parametrize(
    "text",
    ["SELECT 'DROP TABLE users'", "SELECT 1 -- ; DROP TABLE users", "SELECT 1 /* DROP TABLE t */",
     "EXPLAIN DELETE FROM users", "SELECT x FROM t FOR UPDATE", "PREPARE q AS SELECT 1"],
)  # fmt: skip
def test_what_only_looks_like_it_does_nothing(text):
    """Strings, comments and plans change nothing."""
    assert told(text) == []


def test_the_dialect_decides_what_a_comment_is():
    """A hash starts a comment in MySQL; without a dialect only between spaces."""
    assert told("SELECT 1 #; DROP TABLE t", "mysql") == []
    assert told("SELECT 1 # ; DROP TABLE t") == []
    assert told("SELECT a #> '{b}'; DROP TABLE t") == [("drop", ("t",))]


def test_what_nobody_reads_is_unreadable():
    """Nonsense and open quotes are said to be unreadable, never nothing."""
    assert told("SELEKT it FROM there") == [("unreadable_sql", ())]
    assert told("SELECT 'abc")[0][0] == "unreadable_sql"
    assert told("x" * 50_001)[0][0] == "unreadable_sql"


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    """No text raises, and its tokens come to an end."""
    sql.effects(text)
    read(text)


@given(st.lists(st.sampled_from(
    ["DROP", "TABLE", "'", '"', "--", "/*", "*/", ";", "(", ")", "$$", "users", "WITH", "AS",
     "DELETE", "FROM", "WHERE", "1=1", "`", "[", "]", "EXEC", "BEGIN", "END", "\n", "SELECT"]
), max_size=25))  # fmt: skip
def test_any_order_of_words_is_read(words):
    """Broken statements of every kind are read without an error."""
    sql.effects(" ".join(words))


@pytest.mark.parametrize("text", ["(" * 20_000, "SELECT " + "(" * 5_000 + "DELETE FROM t",
                                  "DELETE FROM t WHERE " + "NOT " * 5_000 + "a", "/*" * 20_000,
                                  "WITH a AS (" * 2_000 + "DELETE FROM t"])  # fmt: skip
def test_depth_is_no_way_in(text):
    """Nesting ends in a value, not in an error of the interpreter."""
    sql.effects(text)


@pytest.mark.parametrize(
    "where",
    ["coalesce(true, false)", "length('') = 0", "id BETWEEN id AND id", "lower(a) = lower(a)",
     "id NOT IN (SELECT 1 WHERE false)", "id NOT IN (SELECT id FROM t LIMIT 0)", "1 <> 2",
     "NOT EXISTS (SELECT 1 FROM t WHERE 1 = 0)", "NULL IS NULL", "'abc' LIKE 'a%'", "id IN (id)",
     "now() > '2020-01-01'", "5 BETWEEN 1 AND 9", "id <> id OR id = id"],
)  # fmt: skip
def test_a_condition_on_nothing_of_the_row_restricts_nothing(where):
    """What is the same for every row lets all of them through, or was written for nothing."""
    assert told("DELETE FROM users WHERE " + where)[0][0] == "delete_without_where"  # noqa: S608


@pytest.mark.parametrize(
    "where",
    ["id = $1", "id = :id", "id = ?", "id = @id", "random() < 0.1", "NOT f(id)", "a <> b",
     "id NOT IN (SELECT id FROM t LIMIT 9)", "false", "CURRENT OF c", "a IS NOT DISTINCT FROM b",
     "x < now()", "NOT EXISTS (SELECT 1 FROM t WHERE t.id = users.id)"],
)  # fmt: skip
def test_a_condition_on_the_row_or_on_what_is_given_restricts(where):
    """Columns, parameters, chance and unknown functions may leave a row out."""
    assert told("DELETE FROM users WHERE " + where)[0][0] == "delete"  # noqa: S608


@pytest.mark.parametrize(
    ("text", "dialect", "kinds"),
    [
        # One reading ends in an open string: the other is the true one.
        (r"SELECT 'O\'Brien; DROP TABLE users'", None, []),
        (r"SELECT E'it\'s; DELETE FROM x' AS t", None, []),
        ("SELECT q'[it's; TRUNCATE TABLE x]' FROM dual", None, []),
        (r"SELECT 'C:\temp\' AS path", None, []),
        # Both end well, or the harm stands before the open end: it counts.
        (r"SELECT 'x\'', 1; DROP TABLE users; -- '", None, ["drop"]),
        (r"SELECT 'x\'; DROP TABLE users; -- '", None, ["drop"]),
        (r"SELECT 'a\'; DROP TABLE users; SELECT 'b", None, ["drop"]),
        ("SELECT q'[x]'; DROP TABLE users; --]'", None, ["drop"]),
        # A dialect that is given reads in its own way alone.
        (r"SELECT 'x\'; DROP TABLE users; -- '", "mysql", []),
        (r"SELECT 'x\'; DROP TABLE users; -- '", "sqlite", ["drop"]),
        (r"SELECT 'x\'', 1; DROP TABLE users; -- '", "mysql", ["drop"]),
        (r"SELECT 'x\'', 1; DROP TABLE users; -- '", "sqlite", []),
    ],
)
def test_strings_are_read_in_every_way_that_may_be_meant(text, dialect, kinds):
    """A backslash is a letter in one dialect and an escape in another."""
    assert [kind for kind, _ in told(text, dialect)] == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t", []),
        ("CREATE TEMPORARY TABLE T AS SELECT 1; TRUNCATE TABLE t; DROP TABLE IF EXISTS t", []),
        ("CREATE TEMP TABLE t (a int); DROP TABLE t; DROP TABLE t", ["drop"]),
        ("CREATE TEMP TABLE t (a int); DROP TABLE public.t", ["drop"]),
        ("CREATE TEMP TABLE t (a int); DROP TABLE t, u", ["drop"]),
        ("CREATE TEMP TABLE t (a int); DROP TABLE t CASCADE", ["drop"]),
        ("BEGIN; CREATE TEMP TABLE t (a int); ROLLBACK; DROP TABLE t", ["drop"]),
        ("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1; DROP TABLE t", ["drop"]),
        ("DROP TABLE t; CREATE TEMP TABLE t (a int)", ["drop"]),
        ("CREATE OR REPLACE TEMPORARY TABLE t AS SELECT 1", []),
    ],
)
def test_a_text_may_take_away_what_it_made_for_itself(text, kinds):
    """A temporary table of the same text, while it stands, and under its plain name."""
    assert [kind for kind, _ in told(text)] == kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ALTER TABLE t ALTER COLUMN c DROP NOT NULL", "alter"),
        ("ALTER TABLE t ALTER COLUMN c DROP DEFAULT", "alter"),
        ("ALTER TABLE t DELETE WHERE a < 3", "alter"),
        ("ALTER TABLE t DELETE WHERE 1 = 1", "alter_drop"),
        ("ALTER TABLE t UPDATE a = 1 WHERE true", "alter_drop"),
        ("ALTER TABLE t CLEAR COLUMN c", "alter_drop"),
        ("ALTER TABLE t DETACH PARTITION p", "alter_drop"),
        ("ALTER TABLE t SET UNUSED (c)", "alter_drop"),
        ("ALTER TABLE t SWAP WITH u", "alter_rename"),
        ("EXCHANGE TABLES a AND b", "alter_rename"),
        ("EXEC sp_rename 'a', 'b'", "alter_rename"),
        ("EXEC sp_dropuser 'app'", "drop"),
        ("SELECT drop_chunks('c', 1)", "drop"),
        ("EXEC sp_executesql @s", "dynamic_sql"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM s", "delete_without_where"),
        ("CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b", "delete_without_where"),
        ("CREATE TASK w SCHEDULE = '1 MINUTE' AS TRUNCATE TABLE t", "truncate"),
        ("DBCC CHECKDB ('x', REPAIR_ALLOW_DATA_LOSS)", "maintenance"),
        ("SYSTEM SHUTDOWN", "maintenance"),
        ("FROM a INSERT OVERWRITE TABLE b SELECT *", "unreadable_sql"),
        ("LOCKING TABLE t FOR WRITE DELETE FROM t", "delete_without_where"),
    ],
)
def test_what_dialects_have_of_their_own(text, kind):
    """Each is judged by what it does to data, in its own words."""
    assert [found for found, _ in told(text)][:1] == [kind]


@pytest.mark.parametrize(
    "text",
    ["DBCC CHECKDB ('x')", "SYSTEM FLUSH LOGS", "FROM a INSERT INTO b SELECT 1",
     "FROM 'a.parquet' SELECT b", "UPDATE STATISTICS t",
     "LOCKING ROW FOR ACCESS SELECT 1", "PIVOT s ON q USING sum(a)", "COLLECT STATISTICS ON s",
     "BEGIN dbms_output.put_line(1); x := 5; NULL; END;", "CALL refresh('x')",
     "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM s WHERE a < 3"],
)  # fmt: skip
def test_what_dialects_have_of_their_own_and_changes_nothing(text):
    """Checks, statistics, locks, reading, and calls inside of a block."""
    assert [kind for kind, _ in told(text) if kind != "delete"] == []


def test_another_language_is_not_sql_by_looking_like_a_call():
    """Outside of a block a call by name is nothing that SQL runs."""
    assert told("db.users.find({})")[0][0] == "unreadable_sql"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 DROP PROCEDURE dbo.p", "USE shop DELETE FROM dbo.t",
        "SET NOCOUNT ON TRUNCATE TABLE dbo.t", "UPDATE t SET a = 1 WHERE id = 2 DELETE FROM u",
    ],
)  # fmt: skip
def test_a_statement_needs_no_semicolon_before_it(text):
    """T-SQL takes the next statement where an expression ended."""
    assert {kind for kind, _ in told(text)} & {"drop", "delete_without_where", "truncate"}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t FOR UPDATE", "SELECT a, delete FROM t", "GRANT DELETE ON t TO x",
        "INSERT INTO t SELECT 1 ON CONFLICT (id) DO UPDATE SET a = 1",
    ],
)  # fmt: skip
def test_the_words_of_a_clause_begin_no_statement(text):
    """UPDATE and DELETE also name locks, columns and rights."""
    assert not {kind for kind, _ in told(text)} - {"update"}


@pytest.mark.parametrize(
    "where",
    [
        "a = 5 OR NOT (a = 5)", "a LIKE 'x' OR a NOT LIKE 'x'", "a > 5 OR a <= 5",
        "k IS NULL OR k IS NOT NULL", "id = ANY (SELECT id FROM t)", "0 < id",
        "(SELECT count(*) FROM t) >= 0", "EXISTS (SELECT * FROM t)", "id < 999999999",
        "id IN (SELECT id FROM t WHERE 1 = 1)", "created < '2999-01-01'", "length(a) >= 0",
        "a GLOB '*'", "a ~ '.*'", "id NOT IN (0, -1)", "id > 0 || 1",
    ],
)  # fmt: skip
def test_a_where_that_keeps_no_row_is_none(where):
    """Complements, own keys, subqueries that ask nothing of the row, bounds that all keep."""
    assert "delete_without_where" in {kind for kind, _ in told(f"DELETE FROM t WHERE {where}")}  # noqa: S608 - read, never run


@pytest.mark.parametrize(
    "where",
    [
        "a > 5 OR b <= 5", "a < 5 OR a > 9", "a NOT LIKE '%'", "a NOT BETWEEN 1 AND 2",
        "id = ANY (SELECT id FROM u)", "EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
        "valid_to < '9999-12-31'", "id NOT IN (4, 5)", "id < 100", "a = 'x' || 'y'",
        "id NOT IN (SELECT id FROM t)",
    ],
)  # fmt: skip
def test_a_where_that_keeps_some_rows_is_one(where):
    """What looks like those and is not."""
    kinds = {kind for kind, _ in told(f"DELETE FROM t WHERE {where}")}  # noqa: S608 - read, never run
    assert kinds == {"delete"}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("DELETE FROM #t", set()),
        ("DELETE FROM #t\nusers", {"delete_without_where"}),
        ("UPDATE #t SET a = 1\nusers SET a = 2", {"update_without_where", "unreadable_sql"}),
        ("DELETE FROM ##t", {"delete_without_where"}),
        ("CREATE TEMP TABLE s (a int); COMMIT; DROP TABLE s", set()),
        ("BEGIN; CREATE TEMP TABLE s (a int); ROLLBACK; DROP TABLE s", {"drop"}),
    ],
)
def test_own_temporary_tables_go_freely_and_nothing_else(text, kinds):
    """What may be a comment to another dialect spares no table."""
    found = {kind for kind, _ in told(text)}
    assert found <= kinds
    assert bool(found) == bool(kinds)


def test_the_join_of_a_subquery_restricts_nothing_outside():
    """Only a join of the statement itself leaves rows of it out."""
    inside = "WITH x AS (SELECT 1 FROM a JOIN b ON a.k > 1) DELETE FROM t"
    assert "delete_without_where" in {kind for kind, _ in told(inside)}
    own = "DELETE a FROM t a JOIN t b ON a.k = b.k AND a.id > b.id"
    assert {kind for kind, _ in told(own)} == {"delete"}
    keys = "DELETE a FROM t a JOIN u b ON a.k = b.k"
    assert "delete_without_where" in {kind for kind, _ in told(keys)}
