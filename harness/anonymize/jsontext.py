"""JSON inside a text, changed in place: layout, order and number forms stay as they were."""

import json
import re
from collections.abc import Callable
from typing import Any

from harness.anonymize.keys import after_flags, kind_of_key
from harness.anonymize.pattern import pattern

_TOKEN = pattern(
    r"\"(?:[^\"\\]|\\.)*\"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[\[\]{},:]|true|false|null", re.DOTALL
)
_ENDS = {"{": "}", "[": "]", '"': '"'}
_MOST_DEEP = 200


def is_json(text: str) -> bool:
    """Whether a text is a JSON object, array or string."""
    plain = text.strip()
    if len(plain) < 2 or _ENDS.get(plain[0]) != plain[-1]:
        return False
    try:
        json.loads(plain)
    except (ValueError, RecursionError):
        return False
    return True


def rewritten(
    text: str, string: Callable[[str, str], str], number: Callable[[Any, str], Any]
) -> str:
    """Return a JSON text with its strings and numbers replaced; both are told the key they stand at."""
    parts: list[str] = []
    stack: list[tuple[str, str, str]] = []
    opened = key = named = flag = ""
    at = 0
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token == "{" or token == "[":
            stack.append((opened, key, named))
            opened, named, flag = token, "", ""
        elif token in {"}", "]"}:
            opened, key, named = stack.pop() if stack else ("", "", "")
        elif token[0] == '"':
            old = json.loads(token)
            is_key = text[found.end() : found.end() + 64].lstrip()[:1] == ":"
            over = stack[-1][1] if stack and kind_of_key(stack[-1][1]) else ""
            told = flag or (named or over if key.lower() == "value" else "") or key
            new = string(old, "" if is_key else told)
            flag = after_flags([old, ""], "")[1] if opened == "[" else ""
            if is_key:
                key = old
            elif key.lower() in {"name", "key"} and opened == "{":
                named = old
            if new != old:
                parts += (text[at : found.start()], json.dumps(new, ensure_ascii=token.isascii()))
                at = found.end()
        elif token[0] in "-0123456789":
            old_number = json.loads(token)
            new_number = number(old_number, key)
            if new_number != old_number:
                parts += (text[at : found.start()], json.dumps(new_number))
                at = found.end()
    return "".join((*parts, text[at:]))
