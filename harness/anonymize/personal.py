"""Numbers and names that belong to a person, an account or a piece of work."""

import re
from collections.abc import Iterator

from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, back, holds, near, places, runs
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import NO_TICKET, NOBODY, SYSTEM_USERS

SURE, LIKELY, GUESS = 85, 60, 35

_DIGITS = pattern(
    r"(?<![\w.$€£#])(?<![\d][-:])[+(]?\d[\d ().\u00a0-]{5,28}\d(?![\w%]|\.\d|[-:/]\d)"
)
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
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_UUID = pattern(
    r"(?<![0-9A-Za-z-])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])|(?<=[_/])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
)
_POD = pattern(
    r"(?<![\w./-])[a-z][a-z0-9]*(?:-[a-z0-9]+){0,8}-(?=[a-z0-9]{0,9}\d)[bcdf0-9ghjklmnpqrstvwxz]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])"
)
_CUED_POD = pattern(
    r"\b(?:pods?|kubectl (?:logs|exec|describe pod|delete pod|get pod)(?: -it?)?(?: -n \S{1,80})?)[ /:=\"'`]{1,8}(?P<v>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-\d{1,3})(?![\w-])|\b(?P<w>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-\d{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5})(?![\w-])|\bpods?[ /:=\"'`]{1,8}(?P<x>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-[bcdfghjklmnpqrstvwxz2456789]{5})(?![\w-])"
)
_POD_TAIL = pattern(
    r"-(?=[a-z0-9]{0,9}\d)[bcdf0-9ghjklmnpqrstvwxz]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])"
)
_REPLICA = pattern(r"-\d{8,10}-[a-z]")
_HOME = pattern(
    r"(?P<b>(?:/home/|/Users/|/export/home/|/var/home/|[A-Za-z]:[\\/]{1,4}(?:Users|Documents and Settings)[\\/]{1,4}|\\\\[\w.-]{1,60}\\[Uu]sers\\|/u/|/afs/[\w.]{1,60}/user/|/mnt/[a-z]/Users/|(?<![\w/])-(?:home|Users)-))(?P<v>[A-Za-z0-9][A-Za-z0-9._@+-]{0,63})"
)
_TILDE = pattern(r"(?<![\w~])~(?P<v>[a-z][a-z0-9._-]{2,31})(?=/)")
_CHOWN = pattern(
    r"\b(?:chown|chgrp)(?: -\w+)* (?P<v>[a-z_][a-z0-9_.-]{2,31})(?=[: ])|\bsu (?:- )?(?P<w>[a-z][a-z0-9_.-]{2,31})\b|\bsudo -u (?P<x>[a-z][a-z0-9_.-]{2,31})\b|\b(?:for|user|by) (?:invalid user |user )?(?P<y>[a-z][a-z0-9_.-]{2,31})(?= from \d|\(uid=)|\bsession (?:opened|closed) for user (?P<z>[a-z][a-z0-9_.-]{2,31})"
)
_LS = pattern(
    r"(?m)^[bcdlps-][rwxsStT-]{9}[.+@]?\s+\d+\s+(?P<v>[a-z_][\w.-]{1,31})\s+(?P<w>[a-z_][\w.-]{1,31})\s+\d"
)
_TICKET = pattern(
    r"(?<![\w.-])(?P<project>[A-Z][A-Z0-9]{1,9})-(?P<number>\d{1,7})(?![\w-]|\.\d)|(?<![\w-])(?:INC|CHG|REQ|RITM|PRB|TASK|SCTASK|CS|TKT)\d{6,10}(?![\w-])|\b(?i:ticket|case)\s{0,2}(?:no\.?|number|id)?[ :#]{1,3}(?P<v>\d{4,10}|[A-Z]{2,6}\d{4,10})(?![\w.-])"
)
_GEO = pattern(
    r"(?<![\w.,-])(?P<lat>[+-]?(?:[0-8]?\d|90)\.\d{3,})°?[ ]?(?:[NS]\b)?\s{0,3}[,;/]\s{0,3}(?P<lon>[+-]?(?:1[0-7]\d|\d{1,2}|180)\.\d{3,})°?[ ]?(?:[EW]\b)?(?![\w]|\.\d|,\s{0,2}[+-]?\d)"
)
_NUMBERED = pattern(
    r"(?i)(?:\blat(?:itude)?\b\W{1,6}(?P<lat>[+-]?\d{1,2}\.\d{2,}))|(?:\bl(?:on|ng)(?:gitude)?\b\W{1,6}(?P<lon>[+-]?\d{1,3}\.\d{2,}))"
)
_DEGREES = pattern(
    r"\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?(?:\"|″|''))?\s?[NS][,;\s]{1,3}\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?(?:\"|″|''))?\s?[EW]\b|(?<![\w.])\d{1,2}\.\d{3,}°?\s?[NS][,;\s]{1,3}\d{1,3}\.\d{3,}°?\s?[EW]\b|\bPOINT\s?\(-?\d{1,3}\.\d{3,} -?\d{1,2}\.\d{3,}\)"
)
_ARN = pattern(r"\barn:aws[\w-]{0,10}:[\w-]{1,40}:[\w-]{0,30}:\d{0,12}:[\w+=,.@:/*${}-]{1,300}")
_ACCOUNT = pattern(
    r"(?i)\b(?:aws[ _-]?)?(?:account|acct)(?:[ _-]?(?:id|no\.?|number|#))?\b[\s:=\"'#(]{1,6}(?P<v>\d{12}|\d{4}-\d{4}-\d{4})(?!\d)|(?<!\d)(?P<w>\d{12})(?=\.dkr\.ecr\.|\.signin\.aws)|/(?P<x>\d{12})/|\bprojects?/(?P<p>[a-z][a-z0-9-]{4,28}-\d{4,8}[a-z0-9]*)(?=/)|\b(?i:tenant|subscription|customer|account|acct|client|member|policy|patient)[ _-]?(?:id|no\.?|number|#)?[\s:=\"'#]{1,4}(?P<y>[A-Z]{2,5}-?\d{5,12})(?![\w-])"
)
_HEADED = pattern(
    r"(?m)(?:^|[\n\"',;(])\s{0,4}(?:From|To|Cc|Bcc|Reply-To|Author|Committer|Signed-off-by|Co-authored-by|Reviewed-by|Reported-by|Acked-by|Tested-by|Assignee|Reporter|Commit|AuthorName)\s{0,4}:\s{1,8}(?P<v>[A-Z][\w'’.-]{1,30}(?: [A-Z][\w'’.-]{0,30}){1,3})(?= ?[<(\n\"]|\s*$)"
)
_ADDRESSED = pattern(
    r"(?P<v>[A-Z][\w'’.-]{1,30}(?: [A-Z][\w'’.-]{0,30}){1,3}) ?[<(](?=[\w.+-]+@[\w-]+\.)"
)
_TITLED = pattern(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Sr|Sra|Mme)\.? (?P<v>[A-Z][a-z'’-]{1,30}(?: [A-Z][\w'’-]{1,30}){0,2})"
)
_MENTION = pattern(
    r"(?<![\w@/.`])@(?P<v>[a-z][a-z0-9]{1,30}[._-][a-z0-9]{2,30}(?:[._-][a-z0-9]+)?)(?![\w/@(-]|\.\w)"
)
_SAID = pattern(
    r"(?i)\b(?:user(?:name)?|login|logged in as|signed in as|account|uid|running as|as user|owner|committer|whoami)(?: is| =|=|:)? ?[\"'`](?P<v>[a-z][a-z0-9]{0,60}[._-]?[a-z0-9]{1,60})[\"'`]|\b(?:logged|signed) in as (?P<w>[a-z][a-z0-9._-]{2,31})\b|\buid=\d+\((?P<x>[a-z][a-z0-9._-]{1,31})\)"
)
_PASSPORT = pattern(
    r"(?i)\b(?:passport|driver'?s licen[cs]e|licen[cs]e plate|medical record|mrn|nhs|national id|tax id|vat id|ein|nino|sin|dni|nie|curp|pan card|aadhaar|itin)\b(?: (?:number|no\.?|id))?[\s:#=]{1,3}(?:is )?(?P<v>(?=[A-Z0-9 -]{0,24}\d)[A-Z0-9][A-Z0-9 -]{4,18}[A-Z0-9])(?![\w-])"
)
_HEX_ID = pattern(r"(?<![\w/+=.:-])[0-9a-f]{32}(?![\w/+=-])")
_KEEP_BEFORE = pattern(
    r"(?i)(?:md5|sha|digest|checksum|hash|etag|commit|tree|blob|integrity|crc|trace[_-]?id|traceparent|span[_-]?id|build[_-]?id|revision|rev|fingerprint|object)\W{0,6}$"
)


_PARTED = pattern(r"[ ./()-]")
_NO_DIGIT = pattern(r"\D")
_DATED = pattern(r"0\d?[-/]\d\d?[-/]\d{2,4}$|00")
_SCRIPT = pattern(r"\.(?:md|txt|py|sh|json|ya?ml)$")
_HOMES = ("home/", "users", "documents and settings", "-home-", "/u/", "/user/")
_UUID_SHAPE = "-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_TICKET_SHAPES = ("A-0", "0-0", "A000000")
_CARD_SHAPES = ("0000 0000", "0000-0000")
_SSN_SHAPES = ("000-00-0000", "000 00 0000")
_NORTH_SHAPES = ("000-0000", "000 0000", "000.0000")
_LOCAL_SHAPES = ("00 00", "00-00", "00/00", "00) 00", "00)/00", "00)-00")


def personal(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield phone, card, account and identity numbers, accounts in paths, tickets, places, pods."""
    if "0" in shape.plain:
        yield from _numbers(text, low, shape)
    if holds(low, _HOMES) or "~" in text:
        yield from _paths(text, low)
    yield from _people(text, low, shape.words)
    if "-" in text:
        anchors = [at - 8 for at in places(shape.hexadecimal, _UUID_SHAPE) if at > 7]
        for found in at_each(_UUID, text, anchors):
            if not _blank_uuid(found.group()):
                yield Span(*found.span(), "uuid", found.group().lower(), SURE)
        yield from _pods(text, low, shape)
    if "ticket" in low or "case" in low or shape.any_of(_TICKET_SHAPES):
        yield from _tickets(text, low, shape)
    for found in at_each(_ARN, text, places(text, "arn:aws")):
        arn = found.group().rstrip(".,;:")
        if _telling(arn):
            yield Span(found.start(), found.start() + len(arn), "arn", arn, SURE)


def _pods(text: str, low: str, shape: Shape) -> Iterator[Span]:
    anchors = []
    for tail in _POD_TAIL.finditer(text):
        start = shape.hosts.rfind(" ", 0, tail.start()) + 1
        anchors.append(max(start, *(text.rfind(c, start, tail.start()) + 1 for c in "@$\\")))
    for found in at_each(_POD, text, anchors):
        yield Span(*found.span(), "pod", found.group(), SURE)
    replicas = (
        [found.start() for found in _REPLICA.finditer(text)] if "-0000" in shape.folded else []
    )
    if "pod" in low or "kubectl" in low or replicas:
        words = places(low, "pod", "kubectl ")
        for found in near(
            _CUED_POD, text, sorted((*words, *replicas)), 120 if replicas else 0, 180
        ):
            yield from named(found, "pod", LIKELY)


def named(found: re.Match[str], kind: str, weight: int) -> Iterator[Span]:
    """Yield the groups of a match that took part, each a span of one kind."""
    for name, value in found.groupdict().items():
        if value is not None and name != "b":
            yield Span(*found.span(name), kind, value, weight)


def _telling(arn: str) -> bool:
    parts = arn.split(":", 5)
    return parts[4] not in {"", "aws", "000000000000", "123456789012"} or parts[2] == "s3"


def _blank_uuid(value: str) -> bool:
    return len(set(value.replace("-", ""))) < 4 or value.startswith("00000000-0000-4000-8000-")


def _numbers(text: str, low: str, shape: Shape) -> Iterator[Span]:
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
    for found in at_each(
        _CUED_SSN,
        text,
        places(low, "ssn", "social security")
        if not shape.words.isdisjoint(("ssn", "social"))
        else (),
    ):
        yield Span(*found.span("v"), "ssn", _NO_DIGIT.sub("", found.group("v")), SURE)
    yield from _phones(text, low, shape)
    folded = shape.folded
    anchors = [at for at in places(folded, "aa00") if at == 0 or folded[at - 1] not in "a0"]
    for found in at_each(_IBAN, text, anchors):
        yield from _iban(found)
    if ".00" in plain:
        yield from _places(text, low, plain)
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
    for found in near(_NORTH, text, places(plain, *_NORTH_SHAPES), 9, 24):
        if not _FICTION.search(_NO_DIGIT.sub("", found.group())):
            yield Span(*found.span(), "phone", _NO_DIGIT.sub("", found.group()), LIKELY)
    for found in near(_LOCAL, text, places(plain, *_LOCAL_SHAPES), 9, 60):
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


def _places(text: str, low: str, plain: str) -> Iterator[Span]:
    anchors = [back(plain, back(plain, at, "0", 2), "+-", 1) for at in places(plain, ".000")]
    for found in at_each(_GEO, text, anchors):
        if len(found.group("lat").partition(".")[2]) + len(
            found.group("lon").partition(".")[2]
        ) >= 8 or re.search(
            r"(?i)lat|coord|location|gps|geo|position|near|at $|\bat\b",
            text[max(0, found.start() - 40) : found.start()],
        ):
            yield Span(*found.span("lat"), "latitude", found.group("lat"), LIKELY)
            yield Span(*found.span("lon"), "longitude", found.group("lon"), LIKELY)
    for found in at_each(_NUMBERED, text, places(low, "lat", "lon", "lng")):
        name = "lat" if found.group("lat") else "lon"
        kind = "latitude" if name == "lat" else "longitude"
        yield Span(*found.span(name), kind, found.group(name), SURE)
    signs = [at for at in places(plain, "0A", "0 A") if text[at + 1 : at + 3].lstrip()[:1] in "NS"]
    for found in near(_DEGREES, text, sorted((*signs, *places(text, "\u00b0", "POINT"))), 40, 90):
        yield Span(*found.span(), "place", found.group(), SURE)


_ACCOUNT_CUES = (
    "account", "acct", "project", "tenant", "subscription", "customer", "client", "member", "policy",
    "patient", "aws",
)  # fmt: skip
_ACCOUNT_SHAPES = ("0000-0000-0000", "a00000", "a-00000", "-0000", "000000000000")
_IDENTITY_CUES = frozenset(
    """passport licence license medical mrn nhs national tax vat ein nino sin dni nie curp pan aadhaar
    itin""".split()
)


def _accounts(text: str, low: str, shape: Shape) -> Iterator[Span]:
    anchors: list[int] = []
    if holds(shape.folded, _ACCOUNT_SHAPES):
        anchors += places(low, *_ACCOUNT_CUES)
        anchors += [at - 12 for at in places(text, ".dkr.ecr.", ".signin.aws") if at > 11]
        anchors += places(shape.plain, "/000000000000/")
    for found in at_each(_ACCOUNT, text, sorted(anchors)):
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


def _paths(text: str, low: str) -> Iterator[Span]:
    far = 76 if "\\" in text or "/afs/" in text else 16
    for found in near(_HOME, text, places(low, *_HOMES), far, 100):
        user = found.group("v").rstrip(".-@")
        if found.group("b").startswith("-"):
            user = user.split("-")[0]
        if user.lower() not in SYSTEM_USERS and not _SCRIPT.search(user):
            yield Span(found.start("v"), found.start("v") + len(user), "user", user, LIKELY + 16)
    for found in at_each(_TILDE, text, places(text, "~")):
        if found.group("v") not in SYSTEM_USERS:
            yield Span(*found.span("v"), "user", found.group("v"), LIKELY)


def _accounts_named(text: str, low: str, words: frozenset[str]) -> Iterator[re.Match[str]]:
    if not words.isdisjoint(_CHOWN_CUES):
        yield from at_each(_CHOWN, text, places(text, *_CHOWN_WORDS))
    if "rw" in text or "r-x" in text:
        yield from _LS.finditer(text)
    for found in at_each(_MENTION, text, places(text, "@")):
        if text[max(0, found.start() - 200) : found.start()].rpartition("\n")[2].strip():
            yield found
    yield from at_each(_SAID, text, places(low, *(words & _SAID_CUES)))


def _people(text: str, low: str, words: frozenset[str]) -> Iterator[Span]:
    for found in _accounts_named(text, low, words):
        for span in named(found, "user", LIKELY):
            if span.value.lower() not in NOBODY and not span.value.isdigit():
                yield span
    if ": " in text and not words.isdisjoint(_HEAD_WORDS):
        for found in near(_HEADED, text, places(text, *_HEADS), 12, 200):
            yield from named(found, "person", LIKELY)
    if "@" in text:
        opened = [max(text.rfind(c, max(0, at - 80), at) for c in "<(") for at in places(text, "@")]
        for found in near(_ADDRESSED, text, [at for at in opened if at > 0], 130, 200):
            yield from named(found, "person", LIKELY)
    titles = [word.title() for word in words & _TITLES]
    for found in at_each(_TITLED, text, places(text, *titles)):
        yield from named(found, "person", LIKELY)


_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof", "herr", "frau", "sr", "sra", "mme"))
_CHOWN_CUES = frozenset(("chown", "chgrp", "su", "sudo", "from", "uid", "session"))
_CHOWN_WORDS = ("chown", "chgrp", "su ", "sudo", "for ", "user ", "by ", "session ")
_HEAD_WORDS = frozenset(
    """from to cc bcc author committer commit authorname by assignee reporter""".split()
)
_HEADS = (
    "From", "To:", "To ", "Cc", "Bcc", "Reply-To", "Author", "Commit", "-by", "Assignee", "Reporter",
)  # fmt: skip
_SAID_CUES = frozenset(
    "user username login logged signed account uid running owner committer whoami".split()
)


def _tickets(text: str, low: str, shape: Shape) -> Iterator[Span]:
    plain = shape.plain
    anchors = [back(plain, at + 1, "A0", 11) for at in places(plain, *_TICKET_SHAPES)]
    for found in at_each(_TICKET, text, sorted((*anchors, *places(low, "ticket", "case")))):
        project = found.group("project")
        if project is None:
            name = "v" if found.group("v") else 0
            yield Span(*found.span(name), "ticket", found.group(name), LIKELY)
        elif (
            project not in NO_TICKET
            and not re.fullmatch(r"[A-Z]?\d+|[A-Z]\d[A-Z]?", project)
            and not (found.group("number") == "0" or len(project) == 1)
        ):
            yield Span(*found.span(), "ticket", found.group(), GUESS)
