"""What an attacker may have written into a trace is read in bounded work, and read rightly."""

import base64
import json

import pytest

from harness.anonymize import Anonymizer
from harness.anonymize.rules import Rules, containers

_SIZE = 200_000
_PLANTED = "mei.tanaka@northwind.io"


def _run(part: str) -> str:
    return part * (_SIZE // len(part))


_SHAPES = {
    "cookies": _run("Cookie: a="),
    "crumbs": "Cookie: " + _run("a=b;"),
    "letters": _run("a"),
    "digits": _run("1"),
    "dots": _run("a."),
    "at signs": _run("a@"),
    "percent": _run("%25"),
    "escapes": _run("\\u0041"),
    "entities": _run("&#65;"),
    "passwords": _run("password="),
    "queries": "http://" + _run("&token=abcd"),
    "marked up": _run("token=ab<"),
    "open quotes": "password='" + _run("\\'"),
    "schemes": _run("://a:"),
    "keys begun": _run("-----BEGIN PRIVATE KEY-----_"),
    "model keys": _run("sk-"),
    "web tokens": _run("eyJaaaaaa-"),
    "blank": "password is" + " " * _SIZE,
    "quotes": _run('"'),
    "colons": _run("1::"),
    "addresses": _run("1.1.1.1."),
    "machines": "ssh a" + _run("-1"),
    "pods": "pod " + _run("a-"),
    "homes": _run("/home/a/"),
    "windows": _run("C:\\Users\\a"),
    "hex": _run("deadbeef"),
    "paths as keys": _run("a/") + "=1",
    "numbers": _run("1 "),
    "packed": _run(base64.b64encode(b"hello world token=abc ").decode()),
    "hidden": _run("a\u200b"),
    "JSON in JSON": json.dumps(json.dumps({"a": _run("b ")})),
    "brackets": _run("["),
    "Cyrillic": _run("\u0430"),
}
"""Each would take minutes where the work grew with the square of the length."""


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_hostile_text_hides_nothing_and_ends(shape: str) -> None:
    """An address after 200,000 characters of one repeated form is found, whatever the form."""
    anonymizer = Anonymizer(b"k" * 32, incident="I", detectors=(Rules(),))
    text = f"{_SHAPES[shape]}\n\nwrite to {_PLANTED} today"
    anonymizer.collect(text)
    made = anonymizer.replace(text)
    assert _PLANTED not in made
    assert "@example.org today" in made
    assert all(inner.start < inner.end for inner in containers(text))
