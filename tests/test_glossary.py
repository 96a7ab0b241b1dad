"""One word per concept: the forbidden ones are looked for in code, keys, messages, help and docs.

Three tables stand in docs/glossary.md: the words not to say, what some of them mean else here, and
the places where they may appear, a line each. An allowance that nothing needs any more fails as
well.
"""

import ast
import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from harness.cli.main import cli

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
QUOTING = (
    "harness/rules/",
    "harness/anonymize/",
    "docs/rules/",
    "docs/template.md",
    "docs/glossary.md",
)
"""Where the words are quoted, since lint and the anonymizer look for them."""
EXACT = {"RCA", "SLO", "NaN"}
"""Words that are searched for as they are written: in lower case they are parts of others."""


class Said(NamedTuple):
    """A piece of text with the place where it stands."""

    place: str
    text: str


def tables() -> list[list[list[str]]]:
    """Return the tables of the glossary as rows of cells, without their headings."""
    found: list[list[list[str]]] = []
    before = False
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        inside = line.startswith("|")
        if inside and not before:
            found.append([])
        if inside:
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        before = inside
    return [table[2:] for table in found]


def forbidden() -> dict[str, str]:
    """Return each word that is not to be said -> the word to say."""
    words: dict[str, str] = {}
    for say, _, column in tables()[0]:
        plain = re.sub(r"\([^)]*\)", "", column)
        for word in re.split(r"[,/]", plain):
            if word.strip():
                words.setdefault(word.strip(), say.strip("* "))
    return words


def meanings() -> dict[str, str]:
    """Return word -> what else it may mean here."""
    return {word.strip("* "): meaning for word, meaning in tables()[1]}


def allowed() -> list[tuple[str, str]]:
    """Return each word with a glob of the places where it may appear."""
    return [(word, where.strip("`")) for word, where in tables()[2]]


def words_of(name: str) -> str:
    """Return an identifier's words, apart and in lower case."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)).lower()


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives to things."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def messages(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings and have several words."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and " " in text and id(node) not in docs | loose:
            yield text


def keys(schema: Any) -> Iterator[str]:
    """Yield the keys that a file may have."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


def help_texts(command: click.Command, name: str) -> Iterator[str]:
    """Yield the help of a command and of those below it."""
    context = click.Context(command, info_name=name)
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            each = command.get_command(context, below)
            assert each is not None
            yield from help_texts(each, below)


def said() -> Iterator[Said]:
    """Yield everything in which a word might be said."""
    for path in sorted((ROOT / "harness").rglob("*.py")):
        place = str(path.relative_to(ROOT))
        if place.startswith(QUOTING):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (Said(place, words_of(name)) for name in set(identifiers(tree)))
        yield from (Said(f"messages of {place}", text) for text in messages(tree))
    for path in sorted((ROOT / "schemas").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        yield from (Said(f"keys of {path.stem}", words_of(key)) for key in set(keys(schema)))
    yield from (Said("help", text) for text in help_texts(cli, "harness"))
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        place = str(path.relative_to(ROOT))
        if not place.startswith(QUOTING):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield Said(f"{place}:{number}", line)


def found() -> list[tuple[str, Said]]:
    """Return every forbidden word that is said, with what says it."""
    patterns = {
        word: re.compile(rf"\b{re.escape(word)}s?\b", 0 if word in EXACT else re.IGNORECASE)
        for word in forbidden()
    }
    return [
        (word, each)
        for each in said()
        for word, pattern in patterns.items()
        if pattern.search(each.text)
    ]


@pytest.fixture(scope="module")
def everything() -> list[tuple[str, Said]]:
    """Return what was found, once for the module."""
    return found()


def test_the_tables_are_read():
    """All tables have their words, and an allowance is for a forbidden word with a meaning."""
    words = forbidden()
    assert words["todo"] == "action item"
    assert words["hallucination"] == "inference"
    assert words["RCA"] == "postmortem"
    assert len(words) > 60
    assert {word for word, _ in allowed()} == set(meanings()) <= set(words)
    assert all(meanings().values())
    assert all(place for _, place in allowed())


def test_an_allowance_has_a_line_of_its_own():
    """In the order of the alphabet, and once: branches that add one each do not meet."""
    rows = allowed()
    assert rows == sorted(set(rows), key=lambda row: (row[0].lower(), row[1]))


def test_no_forbidden_word_is_said(everything: list[tuple[str, Said]]):
    """Each concept has its one word, in identifiers, keys, messages, help and docs alike."""
    instead = forbidden()
    places: dict[str, list[str]] = {}
    for word, glob in allowed():
        places.setdefault(word, []).append(glob)
    wrong = [
        f"{each.place}: {word!r} in {each.text.strip()[:80]!r}, write {instead[word]}"
        for word, each in everything
        if not any(fnmatch.fnmatchcase(each.place, glob) for glob in places.get(word, ()))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_allowance_is_left_over(everything: list[tuple[str, Said]]):
    """What nothing needs any more is taken out of the table."""
    unused = [
        f"{word} in {glob}"
        for word, glob in allowed()
        if not any(
            word == said_word and fnmatch.fnmatchcase(each.place, glob)
            for said_word, each in everything
        )
    ]
    assert not unused


def test_the_search_finds_what_it_looks_for():
    """A forbidden word inside an identifier or a sentence is seen, and part of another is not."""
    assert words_of("GraderSpec_todoList") == "grader spec todo list"
    assert words_of("catalogue") == "catalogue"
    tree = ast.parse("def run_task(todo): x = 'a goal here'\nclass Suite: ...")
    assert set(identifiers(tree)) == {"run_task", "todo", "x", "Suite"}
    assert list(messages(tree)) == ["a goal here"]
    assert list(keys({"properties": {"score": {"properties": {"label": {}}}}})) == [
        "score",
        "label",
    ]
