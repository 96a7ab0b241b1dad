r"""One record as one line, chained to the line before, on raw bytes.

    {"seq":N,<the payload's members>,"chain":"<64 hex digits>"}\n

``chain`` is the SHA-256 of the previous line's 64 hex digits followed by all bytes of this line
before ``,"chain":"``. The first line follows 64 zeros. A reader checks the bytes as they stand and
never serialises again.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem

GENESIS = b"0" * 64
"""What the first line is chained to."""

_TAIL = b',"chain":"%b"}\n'
TAIL_LENGTH = len(_TAIL % GENESIS)
"""How many bytes of a line, its newline included, follow the body."""

_DEEPEST = 100
_SEQ = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,17}),')
_COPY = "restore the file from a copy, or move it out of the ledger and lose its trials"

_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=True, separators=(",", ":"))


def members(payload: Mapping[str, Json]) -> bytes:
    """Return the payload as compact ASCII JSON without its braces.

    NaN and infinities, nesting deeper than 100, values that are no JSON, the keys ``seq`` and
    ``chain``, and a payload without a ``kind`` are refused.
    """
    if not isinstance(payload.get("kind"), str) or "seq" in payload or "chain" in payload:
        raise ValueError("a payload has a kind, and neither seq nor chain")
    try:
        text = _ENCODER.encode(dict(payload))
    except (ValueError, RecursionError) as error:
        raise _unwritable(payload, str(error)) from error
    if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
        raise _unwritable(payload, f"nested deeper than {_DEEPEST}")
    return text[1:-1].encode("ascii")


def line(seq: int, head: bytes, written: bytes) -> tuple[bytes, bytes]:
    """Return the line of a payload's members, and the chain that it ends in."""
    body = b'{"seq":%d,%b' % (seq, written)
    chain = hashlib.sha256(head + body).hexdigest().encode("ascii")
    return body + _TAIL % chain, chain


def holds(seq: int, head: bytes, whole_line: bytes) -> bool:
    """Tell whether the line, newline included, is record ``seq`` chained to ``head``."""
    body = whole_line[:-TAIL_LENGTH]
    chain = hashlib.sha256(head + body).hexdigest().encode("ascii")
    return whole_line[-TAIL_LENGTH:] == _TAIL % chain and body.startswith(b'{"seq":%d,' % seq)


def chain_of(whole_line: bytes) -> bytes:
    """Return the 64 hex digits of a line that ``holds`` accepted."""
    return whole_line[-67:-3]


def is_torn(seq: int, head: bytes, fragment: bytes) -> bool:
    """Tell whether bytes without a newline at the end of a file are an append that broke off.

    They are when they begin record ``seq`` without finishing it, or are the zeros that a power
    failure leaves. Anything else, such as a finished record whose newline was changed, is damage.
    """
    start = b'{"seq":%d,' % seq
    if not fragment.strip(b"\0"):
        return True
    if not (fragment.startswith(start) or start.startswith(fragment.rstrip(b"\0"))):
        return False
    at = fragment.rfind(b',"chain":"')
    finished = fragment[: at + TAIL_LENGTH - 1] + b"\n"
    return at < 0 or not holds(seq, head, finished)


def damage(place: Place, seq: int, found: bytes, rest: Iterable[bytes]) -> Problem:
    """Say what is wrong with a line that should be record ``seq``; ``rest`` are those behind."""
    match = _SEQ.match(found)
    stands = int(match[1]) if match else -1
    if stands == seq:
        rule = f"the bytes of record {seq} are not those that were written"
    elif stands > seq:
        wanted = b'{"seq":%d,' % seq
        moved = any(other.startswith(wanted) for other in rest)
        rule = (
            f"record {stands} stands where record {seq} belongs, which stands further down"
            if moved
            else f"the records {seq} to {stands - 1} were removed before this line"
        )
    elif stands >= 0:
        rule = f"record {stands} stands here a second time, where record {seq} belongs"
    else:
        rule = f"this line is not record {seq}: bytes of it, or the newline before, were changed"
    return Problem(place, "chain", rule, fix=_COPY)


def _unwritable(payload: Mapping[str, Json], why: str) -> LedgerError:
    return LedgerError(f"a record of kind {payload['kind']} cannot be written as JSON: {why}")


def _depth(text: str) -> int:
    """Return how deep the brackets of a JSON text nest; those inside strings do not count."""
    deepest = depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if token[0] in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in ("]", "}"):
            depth -= 1
    return deepest
