from pathlib import Path

import pytest

from harness.files.strict_yaml import read_document
from harness.files.syntax import translate

INDENT = "check the indentation of this line and of those above"
COLON = f"a colon and a space cannot stand here, put the text in quotes, or {INDENT}"
QUOTE = "a quotation mark is never closed, close it with the same mark"
ESCAPE = (
    "an escape in double quotes is no character, "
    "write the character itself, or \\\\ for a backslash"
)
MORE = (
    "the file goes on after its end, keep one document, "
    "and put a text that starts with a quotation mark or bracket in quotes"
)
NO_KEY = f"this line is no key of the mapping that it stands in, {INDENT}"
NEITHER = (
    "a line is neither a key with its value nor part of a text, "
    'write "key: value", or put a text of several lines in quotes'
)
HEADER = (
    "after | or > nothing but an indentation figure may follow, start the text on the next line"
)
NO_TAG = "tags are refused, take the tag away"
NO_ANCHOR = "anchors and aliases are refused, write the value out, or put the text in quotes"
NO_DIRECTIVE = "directives are refused, take the line with % away"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: b: c\n", f"1:5: {COLON}"),
        ("title: Fix: the queue\n", f"1:11: {COLON}"),
        ("a: 1\n  b: 2\n", f"2:4: {COLON}"),
        ("\ta: 1\n", "1:1: a tab cannot indent, indent with spaces"),
        ("a:\n\tb: 1\n", "2:1: a tab cannot indent, indent with spaces"),
        ("a: |\n\tx\n", "2:1: a tab cannot indent, indent with spaces"),
        ('a: "x\n', f"1:4: {QUOTE}"),
        ("a: 'x\n", f"1:4: {QUOTE}"),
        ('a: "x\n---\nb: 1\n', f"1:4: {QUOTE}"),
        (
            "a: [1, 2\nb: 3\n",
            (
                "2:2: a list in [ ] goes wrong here; it is opened in line 1, column 4, "
                "close it with ], and put a comma between entries"
            ),
        ),
        (
            "a: {b: 1\nc: 2\n",
            (
                "2:2: a mapping in { } goes wrong here; it is opened in line 1, column 4, "
                "close it with }, and put a comma between entries"
            ),
        ),
        (
            "a: @x\n",
            "1:4: a text without quotes cannot start with @, put the text in quotes",
        ),
        ("a: %x\n", "1:4: a text without quotes cannot start with %, put the text in quotes"),
        ("a: b\nfoo\nc: d\n", f"3:1: {NEITHER}"),
        ('a: "\\q"\n', f"1:5: {ESCAPE}"),
        ('a: "\\ud83d\\ude00"\n', f"1:7: {ESCAPE}"),
        ('a: "\\xZZ"\n', f"1:7: {ESCAPE}"),
        ("- a\nb: 1\n", f"2:1: this line is no entry of the list that it stands in, {INDENT}"),
        ("a: 1\n- b\n", f"2:1: {NO_KEY}"),
        ("a:\n  b: 1\n c: 2\n", f"3:2: {NO_KEY}"),
        ('a: "b" c\n', f"1:8: {NO_KEY}"),
        (
            "a: - b\n",
            "1:4: a list with - cannot start here, start it on a line of its own",
        ),
        ("a: ? b\n", f"1:4: a key cannot stand here, {INDENT}"),
        ("a: |x\n  b\n", f"1:5: {HEADER}"),
        ("a: &\n", f"1:5: {NO_ANCHOR}"),
        ("a: *\n", f"1:5: {NO_ANCHOR}"),
        ("a: !<\n", f"1:6: {NO_TAG}"),
        ("a: !x!y z\n", f"1:4: {NO_TAG}"),
        ("%FOO\n---\na: 1\n", f"1:5: {NO_DIRECTIVE}"),
        ("%YAML 3.0\n---\na: 1\n", f"1:1: {NO_DIRECTIVE}"),
        ('"a" b\n', f"1:5: {MORE}"),
        ("a: 1\n...\nb: 2\n", f"3:1: {MORE}"),
        ("a: [,]\n", "1:5: a value is missing here, write it, and close every [ and {"),
        ("a: ]\n", f"1:4: a value is missing here, {INDENT}"),
    ],
)
def test_the_parsers_complaints_are_told_in_our_words(content: str, told: str) -> None:
    """A slip in YAML is told by what it looks like and what to write, not by the parser's terms."""
    document = read_document(content.encode(), Path("f.yaml"))
    assert [str(problem) for problem in document.problems] == [f"f.yaml:{told}"]
    assert not document.complete


def test_a_complaint_that_is_not_known_is_shown_as_it_is() -> None:
    """A new release of the parser may complain in new words, and they still reach the user."""

    class ComplaintError(Exception):
        problem = "found a new thing"
        context = None

    assert str(translate(ComplaintError(), "f.yaml", "")) == (
        "f.yaml: is not readable as YAML: found a new thing"
    )
