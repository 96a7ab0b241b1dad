"""The parser's complaints in our words."""

from typing import Any

from harness.errors import Place, Problem

_OPEN_QUOTE = ("a quotation mark is never closed", "close it with the same mark")
_INDENT = "check the indentation of this line and of those above"
_TAB = ("a tab cannot indent", "indent with spaces")
_NO_TAG = ("tags are refused", "take the tag away")
_NO_ANCHOR = ("anchors and aliases are refused", "write the value out, or put the text in quotes")
_NO_DIRECTIVE = ("directives are refused", "take the line with % away")
_ESCAPE = (
    "an escape in double quotes is no character",
    "write the character itself, or \\\\ for a backslash",
)
_OPEN_LIST = ("a list in [ ] goes wrong here", "close it with ], and put a comma between entries")
_OPEN_MAP = ("a mapping in { } goes wrong here", "close it with }, and put a comma between entries")
_TOO_MUCH = (
    "the file goes on after its end",
    "keep one document, and put a text that starts with a quotation mark or bracket in quotes",
)

_COMPLAINTS: tuple[tuple[str, str, tuple[str, str]], ...] = (
    (
        "",
        "mapping values are not allowed",
        (
            "a colon and a space cannot stand here",
            "put the text in quotes, or " + _INDENT,
        ),
    ),
    ("", "tab character", _TAB),
    (
        "",
        "could not find expected ':'",
        (
            "a line is neither a key with its value nor part of a text",
            'write "key: value", or put a text of several lines in quotes',
        ),
    ),
    ("quoted scalar", "unexpected end of stream", _OPEN_QUOTE),
    ("quoted scalar", "EOF", _OPEN_QUOTE),
    ("quoted scalar", "document indicator", _OPEN_QUOTE),
    ("quoted scalar", "document separator", _OPEN_QUOTE),
    ("quoted scalar", "", _ESCAPE),
    ("quoted scalar", "hexdecimal", _ESCAPE),
    ("flow sequence", "", _OPEN_LIST),
    ("flow mapping", "", _OPEN_MAP),
    (
        "flow node",
        "",
        (
            "a value is missing here",
            "write it, and close every [ and {",
        ),
    ),
    ("block mapping", "", ("this line is no key of the mapping that it stands in", _INDENT)),
    ("block collection", "", ("this line is no entry of the list that it stands in", _INDENT)),
    (
        "",
        "sequence entries are not allowed",
        (
            "a list with - cannot start here",
            "start it on a line of its own",
        ),
    ),
    ("", "mapping keys are not allowed", ("a key cannot stand here", _INDENT)),
    (
        "block scalar",
        "",
        (
            "after | or > nothing but an indentation figure may follow",
            "start the text on the next line",
        ),
    ),
    ("directive", "", _NO_DIRECTIVE),
    ("", "directive", _NO_DIRECTIVE),
    ("", "incompatible YAML", _NO_DIRECTIVE),
    ("tag", "", _NO_TAG),
    ("", "tag handle", _NO_TAG),
    ("anchor", "", _NO_ANCHOR),
    ("alias", "", _NO_ANCHOR),
    ("", "document start", _TOO_MUCH),
    ("block node", "", ("a value is missing here", _INDENT)),
    ("simple key", "", ("a key must stand on one line", "write key: and the value behind it")),
)


def translate(error: Any, path: str, text: str) -> Problem:
    """Return the problem that a YAMLError of the parser stands for."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    context = str(getattr(error, "context", None) or "")
    opened = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or opened
    if mark is None:
        return Problem(Place(path), "", f"is not readable as YAML: {problem}")
    line, column = mark.line + 1, mark.column + 1
    if "cannot start any token" in problem:
        rule, fix = _bad_start(_character(text, line, column))
    else:
        rule, fix = _rule(context, problem)
    if opened is not None and rule == _OPEN_QUOTE[0]:
        line, column = opened.line + 1, opened.column + 1
    elif opened is not None and rule in {_OPEN_LIST[0], _OPEN_MAP[0]}:
        rule = f"{rule}; it is opened in line {opened.line + 1}, column {opened.column + 1}"
    return Problem(Place(path, line, column), "", rule, fix=fix)


def _rule(context: str, problem: str) -> tuple[str, str]:
    for in_context, in_problem, words in _COMPLAINTS:
        if in_context in context and in_problem in problem:
            return words
    return f"is not readable as YAML: {problem}", ""


def _bad_start(character: str) -> tuple[str, str]:
    if character == "\t":
        return _TAB
    return f"a text without quotes cannot start with {character}", "put the text in quotes"


def _character(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    return lines[line - 1][column - 1 : column] if line <= len(lines) else ""
