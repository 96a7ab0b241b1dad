"""Numbers that belong to a person or an account: cards, telephones, places, identities."""

import re
from collections.abc import Iterator

from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, back, cue, holds, near, places, runs
from harness.anonymize.spans import Span, named

SURE, LIKELY, GUESS = 85, 60, 35
_PLUS = pattern(
    r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}[ .\-/()\u00a0]{0,3}(?:\(0\)[ ]?)?(?:\d[ .\-/()\u00a0]{0,2}){6,13}\d(?![\w])(?:[ ]?(?:x|ext\.?|#)[ ]?\d{1,6})?"
)
_NORTH = pattern(
    r"(?<![\w.+/-])(?:1[ .-])?(?:\([2-9]\d{2}\)[ .-]?|[2-9]\d{2}([ .-]))[2-9]\d{2}[ .-]\d{4}(?![\w-]|\.\d)(?:[ ]?(?:x|ext\.?|#)[ ]?\d{1,6})?"
)
_LOCAL = pattern(r"(?<![\w.+/-])\(?0\d{1,5}\)?[ /-](?:\d{2,8}[ -]?){1,4}\d{1,4}(?![\w-]|[.:]\d)")
_CUED_PHONE = pattern(
    r"(?i)\b(?:phone|tel(?:ephone)?|mobile|cell|call(?:ed|ing|s|back)?|dial(?:ed|led)?|sms|text(?:ed)?|fax|whatsapp|contact|reach(?:ed|able)?|ring|rang|number|msisdn|pager|hotline)\b[^\d+(\n]{0,28}(?P<v>[+(]?\d[\d().\s/-]{5,20}\d)(?![\w])"
)
_CARD = pattern(
    r"(?<![\w.])(?<!\d[-:])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{4,5}|\d{13,19})(?![\w]|\.\d|[-:]\d)"
)
_SSN = pattern(
    r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])|(?<![\w-])(?!000|666|9)\d{3} (?!00)\d{2} (?!0000)\d{4}(?![\w -])"
)
_CUED_SSN = pattern(
    r"(?i)\b(?:ssn|social security(?: (?:number|no\.?))?)\b[^\d\n]{0,20}(?P<v>\d{3}[- .]?\d{2}[- .]?\d{4})(?![\w])"
)
_IBAN = pattern(
    r"(?<![A-Za-z0-9_])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_GEO = pattern(
    r"(?<![\w.,-])(?P<lat>[+-]?(?:[0-8]?\d|90)\.\d{3,})°?[ ]?(?:[NS]\b)?\s{0,3}[,;/]\s{0,3}(?P<lon>[+-]?(?:1[0-7]\d|\d{1,2}|180)\.\d{3,})°?[ ]?(?:[EW]\b)?(?![\w]|\.\d|,\s{0,2}[+-]?\d)"
)
_NUMBERED = pattern(
    r"(?i)(?:\blat(?:itude)?\b[^\w+-]{1,6}(?P<lat>[+-]?\d{1,2}\.\d{2,}))|(?:\bl(?:on|ng)(?:gitude)?\b[^\w+-]{1,6}(?P<lon>[+-]?\d{1,3}\.\d{2,}))"
)
_DEGREES = pattern(
    r"\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?(?:\"|″|''))?\s?[NS][,;\s]{1,3}\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?(?:\"|″|''))?\s?[EW]\b|(?<![\w.])\d{1,2}\.\d{3,}°?\s?[NS][,;\s]{1,3}\d{1,3}\.\d{3,}°?\s?[EW]\b|\bPOINT\s?\(-?\d{1,3}\.\d{3,} -?\d{1,2}\.\d{3,}\)"
)
_ACCOUNT = pattern(
    r"(?i)\b(?:aws[ _-]?)?(?:account|acct)(?:[ _-]?(?:ids?|no\.?|numbers?|#))?\b[\s:=\"'#(\[]{1,16}(?P<v>\d{12}|\d{4}-\d{4}-\d{4})(?!\d)|(?<!\d)(?P<w>\d{12})(?=\.dkr\.ecr\.|\.signin\.aws)|/(?P<x>\d{12})/|\bprojects?/(?P<p>[a-z][a-z0-9-]{4,28}-\d{4,8}[a-z0-9]*)(?=/)|\b(?i:tenant|subscription|customer|account|acct|client|member|policy|patient)[ _-]?(?:id|no\.?|number|#)?[\s:=\"'#]{1,4}(?P<y>[A-Z]{2,5}-?\d{5,12})(?![\w-])"
)
_PASSPORT = pattern(
    r"(?i)\b(?:passport|driver'?s licen[cs]e|licen[cs]e plate|medical record|mrn|nhs|national id|tax id|vat id|ein|nino|sin|dni|nie|curp|pan card|aadhaar|itin)\b(?: (?:number|no\.?|id))?[\s:#=]{1,3}(?:is )?(?P<v>(?=[A-Z0-9 -]{0,24}\d)[A-Z0-9][A-Z0-9 -]{4,18}[A-Z0-9])(?![\w-])"
)
_HEX_ID = pattern(r"(?<![\w/+=.:-])[0-9a-f]{32}(?![\w/+=-])")
_KEEP_BEFORE = pattern(
    r"(?i)(?:md5|sha|digest|checksum|hash|etag|commit|tree|blob|integrity|crc|trace(?:[_-]?id)?|traceparent|span(?:[_-]?id)?|build[_-]?id|revision|rev|fingerprint|object)\W{0,6}$"
)


_PARTED = pattern(r"[ ./()-]")
_NO_DIGIT = pattern(r"\D")
_DATED = pattern(r"0\d?[-/]\d\d?[-/]\d{2,4}$|00")
_CARD_SHAPES = ("0000 0000", "0000-0000")
_SSN_SHAPES = ("000-00-0000", "000 00 0000")
_NORTH_SHAPES = ("000-0000", "000 0000", "000.0000")
_LOCAL_SHAPES = ("00 00", "00-00", "00/00", "00) 00", "00)/00", "00)-00")


def numbers(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield card, identity, telephone and account numbers, and coordinates."""
    plain = shape.plain
    for found in at_each(
        _CARD, text, sorted((*runs(plain, "0" * 13), *places(plain, *_CARD_SHAPES)))
    ):
        digits = _NO_DIGIT.sub("", found.group())
        if (
            13 <= len(digits) <= 19
            and luhn(digits)
            and digits[0] in "23456"
            and len(set(digits)) > 2
            and not _time_like(digits, found.group())
        ):
            yield Span(*found.span(), "card", digits, SURE)
    for found in at_each(_SSN, text, places(plain, *_SSN_SHAPES)):
        yield Span(*found.span(), "ssn", _NO_DIGIT.sub("", found.group()), LIKELY)
    if not shape.words.isdisjoint(("ssn", "social")):
        for found in at_each(_CUED_SSN, text, places(low, "ssn", "social security")):
            yield Span(*found.span("v"), "ssn", _NO_DIGIT.sub("", found.group("v")), SURE)
    yield from _phones(text, low, shape)
    folded = shape.folded
    anchors = [at for at in places(folded, "aa00") if at == 0 or folded[at - 1] not in "a0"]
    for found in at_each(_IBAN, text, anchors):
        yield from _iban(found)
    if ".00" in plain or "\u00b0" in text:
        yield from _places(text, low, shape)
    yield from _accounts(text, low, shape)
    for found in at_each(_HEX_ID, text, runs(shape.hexadecimal, "x" * 32)):
        if (
            not found.group().isdigit()
            and len(set(found.group())) > 5
            and not _KEEP_BEFORE.search(text[max(0, found.start() - 24) : found.start()])
        ):
            yield Span(*found.span(), "hex_id", found.group(), GUESS)


def _iban(found: re.Match[str]) -> Iterator[Span]:
    """Yield an account number; of a spaced one, what follows it is left out."""
    written = found.group()
    plain = re.sub(r"[ -]", "", written).upper()
    length = _IBAN_LENGTHS.get(plain[:2], 0)
    end = _cut(written, length)
    if length and len(plain) >= length and (end == len(written) or written[end] in " -"):
        plain, written = plain[:length], written[:end]
        if written in {written.upper(), written.lower()} and mod97(plain):
            yield Span(found.start(), found.start() + end, "iban", plain, SURE)


_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25,
    "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Country -> how long its account numbers are (ISO 13616 registry)."""


def _cut(whole: str, count: int) -> int:
    """Return how far so many letters and digits reach."""
    for index, character in enumerate(whole):
        count -= character.isalnum()
        if count == 0:
            return index + 1
    return len(whole)


def _time_like(digits: str, written: str) -> bool:
    """Whether a run of digits is milli-, micro- or nanoseconds of these decades."""
    return digits == written and digits[0] == "1" and len(digits) in {13, 16, 19}


def _phones(text: str, low: str, shape: Shape) -> Iterator[Span]:
    plain = shape.plain
    if "+0" in plain or "00" in text:
        for found in at_each(_PLUS, text, places(text, "+", "00")):
            digits = _NO_DIGIT.sub("", found.group())
            if found.group()[0] == "+" or _PARTED.search(found.group()):
                if 8 <= len(digits) <= 19 and not _FICTION.search(digits):
                    yield Span(
                        *found.span(), "phone", digits, SURE if found.group()[0] == "+" else LIKELY
                    )
    north = [at for at in places(plain, *_NORTH_SHAPES) if plain[at - 1 : at] in _BEFORE_NORTH]
    for found in near(_NORTH, text, north, 9, 24):
        if not _FICTION.search(_NO_DIGIT.sub("", found.group())):
            yield Span(*found.span(), "phone", _NO_DIGIT.sub("", found.group()), LIKELY)
    for found in at_each(_LOCAL, text, _local(text, plain)):
        digits = _NO_DIGIT.sub("", found.group())
        if 9 <= len(digits) <= 12 and not _DATED.match(found.group()):
            yield Span(*found.span(), "phone", digits, GUESS)
    for found in at_each(_CUED_PHONE, text, places(low, *(shape.words & _PHONE_CUES))):
        value = found.group("v").rstrip(".-/ ")
        digits = _NO_DIGIT.sub("", value)
        if (
            7 <= len(digits) <= 15
            and not re.search(r"\d\.\d+\.\d|\d{4}-\d\d-\d\d|\n|  ", value)
            and not _FICTION.search(digits)
            and (re.search(r"[ ().-]", value) or len(digits) > 8)
        ):
            yield Span(found.start("v"), found.start("v") + len(value), "phone", digits, LIKELY)


_BEFORE_NORTH = frozenset(" .-)")


def _local(text: str, plain: str) -> list[int]:
    """Return where a number with a leading zero may begin: digits, and a bracket before."""
    made = []
    for at in places(plain, *_LOCAL_SHAPES):
        start = back(plain, at, "0", 5)
        if text[start] == "0":
            made.append(start - 1 if text[start - 1 : start] == "(" else start)
    return made


_PHONE_CUES = frozenset(
    """phone tel telephone mobile cell call called calling calls callback dial dialed dialled sms text
    texted fax whatsapp contact reach reached reachable ring rang number msisdn pager hotline""".split()
)
_FICTION = pattern(r"55501\d\d$")


def luhn(digits: str) -> bool:
    """Whether a number's last digit checks the others as on payment cards."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod97(iban: str) -> bool:
    """Whether an account number's check digits are right (ISO 13616)."""
    turned = iban[4:] + iban[:4]
    if not turned.isalnum() or not turned.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _places(text: str, low: str, shape: Shape) -> Iterator[Span]:
    plain = shape.plain
    anchors = [back(plain, back(plain, at, "0", 2), "+-", 1) for at in places(plain, ".000")]
    for found in at_each(_GEO, text, anchors):
        if len(found.group("lat").partition(".")[2]) + len(
            found.group("lon").partition(".")[2]
        ) >= 8 or re.search(
            r"(?i)lat|coord|location|gps|geo|position|near|at $|\bat\b",
            text[max(0, found.start() - 40) : found.start()],
        ):
            start, end = found.start("lat"), found.end("lon")
            yield Span(start, end, "coordinates", text[start:end], LIKELY)
    if not shape.words.isdisjoint(_AXES):
        for found in at_each(_NUMBERED, text, places(low, "lat", "lon", "lng")):
            name = "lat" if found.group("lat") else "lon"
            kind = "latitude" if name == "lat" else "longitude"
            yield Span(*found.span(name), kind, found.group(name), SURE)
    signs = [
        at + 2
        for at in places(plain, "000A", "000 A")
        if text[at + 3 : at + 5].lstrip()[:1] in "NS"
    ]
    if "\u00b0" in text or "point" in shape.words:
        signs = sorted((*signs, *places(text, "\u00b0", "POINT")))
    for found in near(_DEGREES, text, signs, 40, 90):
        yield Span(*found.span(), "place", found.group(), SURE)


_AXES = frozenset(("lat", "latitude", "lon", "lng", "longitude", "lnggitude"))
_ACCOUNT_CUES = (
    "account", "acct", "project", "tenant", "subscription", "customer", "client", "member", "policy",
    "patient", "aws",
)  # fmt: skip
_ACCOUNT_WORDS = frozenset(map(cue, _ACCOUNT_CUES))
_ACCOUNT_SHAPES = ("0000-0000-0000", "a00000", "a-00000", "-0000", "000000000000")
_IDENTITY_CUES = frozenset(
    """passport licence license medical mrn nhs national tax vat ein nino sin dni nie curp pan aadhaar
    itin""".split()
)


def _accounts(text: str, low: str, shape: Shape) -> Iterator[Span]:
    anchors: list[int] = []
    named_here = not shape.cues.isdisjoint(_ACCOUNT_WORDS)
    long = "000000000000" in shape.plain
    if (named_here or long) and holds(shape.folded, _ACCOUNT_SHAPES):
        if named_here:
            anchors += places(low, *[each for each in _ACCOUNT_CUES if each in shape.cues])
        if long:
            anchors += [at - 12 for at in places(text, ".dkr.ecr.", ".signin.aws") if at > 11]
            anchors += places(shape.plain, "/000000000000/")
        anchors.sort()
    for found in at_each(_ACCOUNT, text, anchors):
        for name, value in found.groupdict().items():
            if value:
                if name in {"p", "y"}:
                    yield Span(*found.span(name), "account_name", value, LIKELY)
                    continue
                digits = value.replace("-", "")
                if digits not in {"123456789012", "111122223333", "000000000000", "012345678901"}:
                    yield Span(*found.span(name), "account", digits, LIKELY)
    if not shape.words.isdisjoint(_IDENTITY_CUES):
        for found in _PASSPORT.finditer(text):
            yield from named(found, "identity", LIKELY)
