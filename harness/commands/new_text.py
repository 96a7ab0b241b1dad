"""Writing YAML by hand, so that drafts keep their comments and nobody's text steers them."""

from harness.errors import printable

FILL_IN = "FILL IN"
"""The mark of what is left open in a draft; lint knows it."""
_ESCAPED = {'"': '\\"', "\\": "\\\\"}
_WIDE = 0xFFFF
_HALF_CHARACTERS = range(0xD800, 0xE000)


def quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar on one line; half characters are replaced."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code in _HALF_CHARACTERS:
        return "\\uFFFD"
    return f"\\U{code:08X}" if code > _WIDE else f"\\u{code:04X}"


def comment(text: str, limit: int) -> str:
    """Return a text as part of a YAML comment: one printable line of at most so many characters."""
    return printable(" ".join(text.split()), limit)


def open_text(what: str) -> str:
    """Return the scalar of a row that is to be filled in."""
    return quoted(f"{FILL_IN}: {what}")


def schema_line(folders_up: int, name: str) -> str:
    """Return the comment by which editors find the JSON Schema of a file."""
    return f"# yaml-language-server: $schema={'../' * folders_up}schemas/{name}.schema.json"
