"""The rules of this package as one detector, and the text in all its readings."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.anonymize.assignments import assigned
from harness.anonymize.columns import columns
from harness.anonymize.commands import commands
from harness.anonymize.known import known
from harness.anonymize.network import network
from harness.anonymize.packed import Packed, packed
from harness.anonymize.passwords import passwords
from harness.anonymize.pattern import pattern
from harness.anonymize.personal import personal
from harness.anonymize.programs import programs
from harness.anonymize.protocols import protocols
from harness.anonymize.secrets import contextual
from harness.anonymize.shape import Shape, holds
from harness.anonymize.spans import Detector, Span, Taken, apart
from harness.anonymize.views import View, views

PACKED = "packed"
_PACKABLE = pattern(r"[A-Za-z0-9+/_-]{11}|[0-9a-fA-F]{2}[ :,][0-9a-fA-F]{2}[ :,]")
_ANY = pattern(
    r"[@\\%&+/:=\u0080-\U0010ffff]|\d{3}|\w\.\w|-[a-z]*\d|[A-Z]-\d|[A-Za-z0-9]{12}|[\"'][^\"']{0,80}\d"
    r"|(?i:\b(?:mr|ms|mrs|dr|prof|herr|frau|mme)\b|pass|pwd|secret|token|\bpin\b|key|cred|otp\b|code| at |contrase|senha|parola|community|identified|kennwort|wachtwoord"
    r"|login|logged|user|account|ssh|host|server|node|pod|auth|psk|session|reset|changed|identified|community|rootpw|clave|mdp| -{1,2}[a-z])"
)
"""What a text must hold for any rule to see something in it."""
_JOINT = pattern(r"[\"'][ \t]+[\"']")
_SHORT = 400
_MOST_NESTED = 6
_AROUND = 160


class Rules:
    """The built-in detector: documented forms, validated numbers, declared values."""

    def find(self, text: str) -> Iterator[Span]:
        """Yield everything that a rule sees; spans may overlap."""
        if len(text) < _SHORT and not _ANY.search(text):
            return
        shape = Shape(text)
        low = shape.low
        yield from known(text, shape)
        yield from contextual(text, shape)
        yield from assigned(text, shape)
        yield from network(text, low, shape)
        yield from personal(text, low, shape)
        yield from passwords(text, low, shape)
        yield from programs(text, low, shape)
        yield from protocols(text, low, shape)
        yield from commands(text, shape)
        yield from columns(text, shape)


Readings = list[tuple[View | None, str, list[Span]]]
"""The readings of a text, the deepest first and itself last: each with what detectors see in it."""


def readings(text: str, detectors: Sequence[Detector]) -> Readings:
    """Return what the detectors see in a text's readings: it depends on nothing else."""
    return [
        *((view, view.text, _seen(view.text, detectors)) for view in reversed(list(views(text)))),
        (None, text, _seen(text, detectors)),
    ]


def read(
    text: str,
    detectors: Sequence[Detector],
    extra: Callable[[str], Iterable[Span]] | None = None,
    known: Readings | None = None,
) -> list[Span]:
    """Return the spans of a text in all its readings, apart and in order; the deepest reading first."""
    looks = readings(text, detectors) if known is None else known
    if len(looks) == 1:  # nothing is encoded
        _, plain, seen = looks[0]
        all_ = [*seen, *extra(plain)] if extra is not None else seen
        return apart(all_) if all_ else []
    kept: list[Span] = []
    taken = Taken()
    whole = {span.start for span in looks[-1][2]}
    for view, plain, seen in looks:
        for span in apart([*seen, *extra(plain)] if extra is not None else seen):
            start, end = view.back(span.start, span.end) if view else (span.start, span.end)
            if view and start in whole and _JOINT.search(text, start, end):
                continue  # it is whole without the next literal
            if taken.take(start, end):
                levels = _levels(text, start, end, view) if view else span.levels
                kept.append(span._replace(start=start, end=end, levels=levels) if view else span)
    return sorted(kept)


def _seen(text: str, detectors: Sequence[Detector]) -> list[Span]:
    """Return what the detectors see: each sees only what those before it left."""
    found: list[Span] = []
    left, last = text, len(detectors) - 1
    for index, detector in enumerate(detectors):
        new = list(detector.find(left))
        found += new
        if new and index < last:
            left = _without(left, new)
    return found


def _without(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    at = 0
    for span in sorted(spans):
        if span.end > at:
            start = max(at, span.start)
            parts += (text[at:start], " " * (span.end - start))
            at = span.end
    return "".join((*parts, text[at:]))


def _levels(text: str, start: int, end: int, view: View) -> int:
    piece = text[start:end]
    return view.percents if "%" in piece and "://" not in piece else 0


def containers(text: str) -> Iterator[Packed]:
    """Yield what is a text in base64 or hex inside a text."""
    if _PACKABLE.search(text):
        yield from packed(text)


def holds_surrogate(value: str) -> bool:
    """Whether a token is a surrogate that was packed again."""
    if "\n" not in value and not holds(value, _PACKED_SURROGATE):
        return False
    return any("ANON_" in inner.text for inner in containers(value))


_PACKED_SURROGATE = ("QU5P", "FOT0", "BTk9", "41")
"""How ``ANO`` begins in base64, by its place in three, and in hex."""


def everywhere(text: str, detectors: Sequence[Detector], depth: int = 0) -> Iterator[Span]:
    """Yield the spans of a text and of the texts packed in it, placed where the packed ones stand."""
    spans = read(text, detectors)
    yield from spans
    if depth < _MOST_NESTED:
        taken = Taken()
        for span in spans:
            taken.take(span.start, span.end)
        for inner in containers(text):
            if not taken.holds(inner.start, inner.end):
                for span in everywhere(inner.text, detectors, depth + 1):
                    yield span._replace(start=inner.start, end=inner.end)
