"""One record as one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import LedgerError
from harness.ledger import frame
from harness.ledger.reader import read_run

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


def test_a_line_is_the_documented_bytes() -> None:
    """docs/ledger.md can be implemented by anyone with a JSON library and SHA-256."""
    line, chain = frame.line(0, frame.GENESIS, frame.members({"kind": "x", "a": [1, "é\n"]}))
    body = b'{"seq":0,"kind":"x","a":[1,"\\u00e9\\n"]'
    digest = hashlib.sha256(b"0" * 64 + body).hexdigest().encode()
    assert chain == digest
    assert line == body + b',"chain":"' + digest + b'"}\n'
    second, _ = frame.line(1, chain, frame.members({"kind": "y"}))
    digest = hashlib.sha256(chain + b'{"seq":1,"kind":"y"').hexdigest().encode()
    assert second == b'{"seq":1,"kind":"y","chain":"' + digest + b'"}\n'


hostile = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["\ud800", "\u2028", "\x00\x1b[2J", '"},"chain":"', "\\", "\r\n", "\ufeff", "\u202e"]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile, inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(
    hostile.filter(lambda k: k not in {"seq", "chain", "kind", "id"}), values
)


@given(st.lists(payloads, max_size=5), st.data())
def test_whatever_a_payload_holds_comes_back_as_it_was(
    new_kit: Callable[[], Kit], written: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Hostile texts neither break a line nor forge one, and a tail torn in them is repaired."""
    kit = new_kit()
    sent = [{"kind": "trial", "id": str(i), **payload} for i, payload in enumerate(written)]
    with kit.create() as writer:
        writer.append_group(sent)
    records = read_run(kit.reports, writer.run).records
    assert [{k: v for k, v in r.items() if k != "seq"} for r in records[1:]] == sent
    raw = writer.path.read_bytes()
    assert raw.count(b"\n") == len(records)
    assert all(byte == 10 or 32 <= byte < 127 for byte in raw)
    if sent:
        last = len(raw.splitlines(keepends=True)[-1])
        writer.path.write_bytes(raw[: len(raw) - data.draw(st.integers(2, last))])
        with kit.resume(writer.run) as writer:
            writer.append_group(sent[-1:])
        assert writer.path.read_bytes() == raw


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(
    kit: Kit, value: float
) -> None:
    """NaN would make a line that strict readers refuse; the run stays usable."""
    with kit.create() as writer:
        before = writer.path.read_bytes()
        with pytest.raises(LedgerError, match="a record of kind trial cannot be written as JSON"):
            writer.append_group([kit.trial(reply=value)])
        assert writer.path.read_bytes() == before
        writer.append_group([kit.trial()])


def nested(depth: int) -> object:
    """Return lists in lists."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_that_a_reader_might_not_survive_is_refused(kit: Kit) -> None:
    """What was written can be read back: nesting is bounded, brackets in texts do not count."""
    with kit.create() as writer:
        for depth in (100, 5000, 100_000):
            with pytest.raises(LedgerError, match="cannot be written as JSON"):
                writer.append_group([kit.trial(reply=nested(depth))])
        writer.append_group([kit.trial(reply=nested(99)), kit.trial(reply="[" * 100_000 + '\\"')])
    assert read_run(kit.reports, writer.run).count == 3


def test_the_ledgers_own_keys_are_refused_in_payloads() -> None:
    """A payload cannot pose as a sequence number or a chain."""
    for payload in ({"kind": "x", "seq": 1}, {"kind": "x", "chain": "0"}, {"a": 1}, {"kind": 1}):
        with pytest.raises(ValueError, match="a payload has a kind, and neither seq nor chain"):
            frame.members(payload)


def test_one_line_of_the_file_is_one_json_object_for_any_other_tool(kit: Kit) -> None:
    """The file is plain JSON Lines: every line parses alone, with its number and chain."""
    writer = kit.written(3)
    parsed = [json.loads(line) for line in writer.path.read_bytes().splitlines()]
    assert [record["seq"] for record in parsed] == [0, 1, 2, 3]
    assert parsed[-1]["chain"] == read_run(kit.reports, writer.run).head
