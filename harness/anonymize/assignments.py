"""``key = value`` in any dress: YAML, environment files, code, log lines, headers, XML.

The key says what the value is; a value that is a reference, a call or a placeholder stays.
"""

import base64
import re
from collections.abc import Iterator

from harness.anonymize.keys import kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.secrets import GUESS, LIKELY, entropy
from harness.anonymize.shape import Shape, at_each, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import GENERIC_WORDS, NOBODY, made_up

_KEY = pattern(
    r"(?<![\w.$])(?<![^\n]-)[\"'`\[]?(?P<key>[A-Za-z_$][\w.$/-]{0,200}+)(?:[\"'`]?\]|\[\]|[\"'`])?+(?P<op>[ \t]{0,12}+(?:=>|:=|\|\|:|<=>|==?=?|!==?|:|->)[ \t]{0,12}+|[ \t]{1,4}+(?=[\"'])|(?=[\"']))"
)
_STRING = pattern(r"[@\$rbuf]{0,2}(?:\"\"\"|'''|[\"'`])")
_BARE = pattern(r"[^\s,;&|<>\"'`]+")
_XML = pattern(
    r"<(?P<key>[A-Za-z][\w.:-]{0,60})(?:\s[^<>]{0,200})?>\s{0,4}(?P<v>[^<>\r\n]{3,400}?)\s{0,4}</(?P=key)>"
    r"|\b(?:key|name)=[\"'](?P<name>[\w.:-]{2,80})[\"']\s+value=[\"'](?P<w>[^\"']{3,400})[\"']"
)
_TWO_STEPS = pattern(
    r"[\"']?(?i:name|key)[\"']?\s{0,4}:\s{0,4}[\"']?(?P<key>[A-Za-z_][\w.-]{2,80})[\"']?\s{0,20},?\s{0,20}[\"']?(?i:value)[\"']?\s{0,4}:\s{0,4}[\"']?(?P<v>[^\"'\s,}]{4,})"
)
_CALL = pattern(
    r"^(?:[A-Za-z_][\w.]*\s*\(.*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(.*|\[.*)?|[A-Za-z_][\w.]*\[[\"'].*|\$\{.*|\{\{\s*[.\w].*\}\}|\$\(.*|<[^>]*>|\*\w|&\w|new\b.*|await\b.*|lambda\b.*|%s.*|\{[a-z_.]*\}|\[.*|\(.*|\{|\}|//.*)$"
)
_ACCOUNT = pattern(r"[A-Za-z0-9][\w.@\\+-]{1,63}")
_NUMBER = pattern(r"\d+(?:\.\d+)?(?:e-?\d+)?")
_NAME = pattern(r"[a-z_]+|[A-Z][A-Z_]+|[a-z]+(?:[A-Z][a-z]+)+")
_CONSTANT = pattern(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_FULL_NAME = pattern(r"[^\W\d_][\w'’.-]*(?:,? [^\W\d_][\w'’.-]*){0,3}")
_MIXED_RUN = pattern(r"[A-Za-z0-9+/=]{14,}")
_WORDS = pattern(r"(?:[A-Z]?[a-z]{3,}[-_./]){2,}")
_WHOLE = pattern(r"\S{1,4000}")
_PROSE = pattern(r"[ \t]+[a-z]+\b(?![=:])")
_COMPARED = frozenset({"==", "===", "!=", "!==", "<=>"})
_PLACE = pattern(
    r"^/(?:run|var|etc|usr|opt|home|tmp|mnt|app|proc|dev|secrets)/|^\.{0,2}/[\w./-]+$|^[A-Za-z]:\\|^file:|^arn:|^projects/|^vault:|^https?://[^:@]*$"
)


def assigned(text: str, shape: Shape) -> Iterator[Span]:
    """Yield the values that their keys declare."""
    read, tokens = 0, shape.tokens
    for found in _keys(text, shape):
        kind = kind_of_key(found.group("key"))
        if kind and kind not in {"keep", "time"}:
            if found.end() >= read:  # what stands in a very long value was read with it
                bare = _BARE.match(text, found.end())
                read = bare.end() if bare and bare.end() - bare.start() > _VERY_LONG else 0
                yield from _value(text, found, kind)
        elif not kind:
            at = found.end()
            if text[at : at + 1] in _OPENING:
                at += 1
            if tokens.startswith(_TWENTY, at):
                yield from _random(text, found, at)
    if "</" in text or "value=" in text:
        for found in at_each(_XML, text, places(text, "<", "key=", "name=")):
            key, name = (
                (found.group("key"), "v") if found.group("v") else (found.group("name"), "w")
            )
            yield from judged(kind_of_key(key), found.group(name), found.start(name))
    if "alue" in text:
        for found in at_each(_TWO_STEPS, text, places(shape.low, "name", "key")):
            yield from judged(kind_of_key(found.group("key")), found.group("v"), found.start("v"))


def _keys(text: str, shape: Shape) -> Iterator[re.Match[str]]:
    """Yield the keys with their operators: before each sign of one, the run that can be a key."""
    done, plain = 0, text.isascii()
    for start, last in _runs_before_signs(text, shape):
        if plain and text[last + 1] not in _AFTER_KEY:
            continue
        found = _KEY.search(text, max(start, last - _LONGEST, done), last + _TO_VALUE)
        if found and found.start("key") <= last:
            done = found.end()
            yield found


def _runs_before_signs(text: str, shape: Shape) -> list[tuple[int, int]]:
    """Return the first and last place of each run that can be a key and has a sign behind it."""
    made, at, last = [], 0, -1
    if "->" not in text:
        pieces = shape.operators.split("=")
        pieces.pop()
        for piece in pieces:
            end = piece.rfind("x", -_FAR)
            if end >= 0:
                made.append((piece.rfind(" ", 0, end) + 1 + at, end + at))
            at += len(piece) + 1
        return made
    keys = shape.keys
    for at in places(text, "=", ":", '"', "'", "->"):
        end = keys.rfind("x", max(last + 1, at - _FAR), at)
        if end >= 0:
            last = end
            made.append((keys.rfind(" ", max(0, end - _LONGEST), end) + 1, end))
    return made


_AFTER_KEY = frozenset(" \t=:\"'`[]!<>|-")
"""What may follow a key at once: closing signs, an operator, space before one."""
_VERY_LONG = 4_000
_FAR, _LONGEST, _TO_VALUE = 16, 200, 32
"""From a key to the sign of its operator; the longest key; from its end to its value."""


def _value(text: str, found: re.Match[str], kind: str) -> Iterator[Span]:
    start, quoted, value = _read(text, found.end(), kind)
    operator = found.group("op").strip()
    if not value or (operator == "" and not quoted):
        return
    if operator in _COMPARED and not quoted:
        return
    if operator == "" and kind != "secret":
        return
    if (
        operator == ""
        and text[start + len(value) : start + len(value) + 2] not in {'";', "';"}
        and not (
            text[max(0, start - 80) : start].rstrip().endswith(("'", '"'))
            and len(value) > 7
            and any(c.isdigit() for c in value)
            and " " not in value
        )
    ):
        return
    plain = not quoted and kind == "secret" and not _literal(found)
    if not quoted and kind == "secret" and _CALL.match(value) and not _numbered(value):
        return
    if (plain or kind != "secret") and value.isalpha() and _prose(text, start + len(value), kind):
        return
    yield from judged(kind, value, start, quoted=quoted or _literal(found))


def _literal(found: re.Match[str]) -> bool:
    """Whether it is an assignment of a shell or an environment file, where words are values."""
    return found["op"] == "=" and found["key"].isupper()


def _numbered(value: str) -> bool:
    """Whether a value with a full stop ends in a number as passwords do and attributes hardly ever."""
    return _DOTTED.fullmatch(value) is not None and _COMMON.fullmatch(value) is None


_DOTTED = pattern(
    r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*){0,3}(?<=\d\d)[A-Za-z]?|[A-Za-z]\w*(?:\.[A-Za-z]\w*){1,3}(?<=\d[A-Za-z])"
)
_COMMON = pattern(
    r"(?i).*(?:sha|base|md|utf|u?int|float|[uif]|aes|[hrep]s|v|x|k|curve|ed|crc|ripemd|blake)\d+\w?"
)


def _prose(text: str, at: int, kind: str) -> bool:
    """Whether a sentence goes on after a word: ``user: hey, the token is ...``."""
    return (_SENTENCE if kind == "user" else _PROSE).match(text, at) is not None


_SENTENCE = pattern(r"[,!?]?[ \t]+[A-Za-z']+\b(?![=:])")


def _read(text: str, at: int, kind: str) -> tuple[int, bool, str]:
    """Return where a value begins, whether it is quoted, and the value."""
    opened = _STRING.match(text, at)
    if opened:
        quote = opened.group().lstrip("@$rbuf")
        start = opened.end()
        end = text.find(quote, start)
        while end > start and text[end - 1] == "\\":
            end = text.find(quote, end + 1)
        broken = len(quote) == 1 and kind != "secret" and text.find("\n", start, end) >= 0
        return (at, False, "") if end < 0 or broken else (start, True, text[start:end])
    if kind == "person":
        named = pattern(r"[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]*){0,3}").match(text, at)
        return (at, False, named.group().rstrip(".")) if named else (at, False, "")
    if kind in {"phone", "card", "iban"}:
        return at, False, ""
    bare = _BARE.match(text, at)
    if not bare:
        return at, False, ""
    value = bare.group()
    if kind == "secret":
        end = bare.end()
        joined = _WHOLE.match(text, at) if text[end : end + 1] in {"<", ">"} else None
        if (
            joined
            and len(joined.group()) > len(value)
            and not re.search(r"[,;&|<>]\w+[=:]", joined.group())
            and joined.group()[len(value)] in "<>"
        ):
            value = joined.group()
    value = value.rstrip(".,;:!?" if kind != "secret" else ",;")
    while (
        value
        and value[-1] in ")]}"
        and value.count(value[-1]) > value.count("([{"[")]}".index(value[-1])])
    ):
        value = value[:-1]
    return at, False, value


def judged(kind: str, value: str, start: int, *, quoted: bool = True) -> Iterator[Span]:
    """Yield a value as what its key declares it to be, where it can be that."""
    plain = value.strip()
    if not kind or not plain:
        return
    start += len(value) - len(value.lstrip())
    if kind == "secret":
        if _is_secret(plain, quoted=quoted):
            yield Span(start, start + len(plain), "secret", plain, LIKELY)
    elif kind in _IDS and (found := _identified(kind, plain)):
        yield Span(start, start + len(plain), found, plain.lower(), LIKELY)
    elif kind == "user":
        domain, slash, name = plain.rpartition("\\")
        if slash and _DOMAIN.fullmatch(domain):
            yield from _account(domain.rstrip("\\"), name, start, start + len(domain) + 1)
        elif (
            "\\" not in plain
            and _ACCOUNT.fullmatch(plain)
            and plain.lower() not in NOBODY
            and not plain.isdigit()
        ):
            if "@" not in plain:
                yield Span(start, start + len(plain), "user", plain, GUESS)
    elif kind == "person":
        yield from _person(plain, start)
    elif kind == "basic":
        if _is_basic(plain):
            yield Span(start, start + len(plain), "secret", plain, LIKELY)
    elif kind == "host":
        yield from _host(plain, start)
    elif kind == "pod":
        if re.fullmatch(r"[a-z0-9][a-z0-9.-]{3,100}", plain):
            yield Span(start, start + len(plain), "pod", plain, LIKELY)
    elif kind == "account":
        digits = plain.replace("-", "")
        if digits.isdigit() and len(digits) == 12:
            yield Span(start, start + len(plain), "account", digits, LIKELY)
    elif kind == "ssn":
        if re.fullmatch(r"\d{3}[- ]?\d{2}[- ]?\d{4}", plain):
            yield Span(start, start + len(plain), "ssn", re.sub(r"\D", "", plain), LIKELY)
    elif kind == "phone":
        digits = re.sub(r"\D", "", plain)
        if re.fullmatch(r"[+()\d][\d\s().x/-]{5,24}", plain) and 7 <= len(digits) <= 16:
            yield Span(start, start + len(plain), "phone", digits, LIKELY)
    elif kind == "card":
        digits = re.sub(r"\D", "", plain)
        if re.fullmatch(r"[\d -]{12,24}", plain) and 12 <= len(digits) <= 19:
            yield Span(start, start + len(plain), "card", digits, LIKELY)
    elif kind in {"latitude", "longitude"}:
        if re.fullmatch(r"[+-]?\d{1,3}\.\d{2,}", plain):
            yield Span(start, start + len(plain), kind, plain, LIKELY)
    elif kind == "ticket" and re.fullmatch(r"[A-Z][A-Z0-9_]{1,11}-?\d{1,9}|#\d{3,9}", plain):
        yield Span(start, start + len(plain), "ticket", plain, LIKELY)


_DOMAIN = pattern(r"[A-Za-z0-9][\w.-]{0,40}\\?")
_IDS = frozenset({"user", "account", "id", "mac"})


def _identified(kind: str, plain: str) -> str:
    """Return what a value of digits or hex is under the key of an id; nothing where it is none."""
    if kind == "mac":
        return "mac" if _BARE_MAC.fullmatch(plain) and len(set(plain.lower())) > 2 else ""
    if _NUMBER.fullmatch(plain):
        return "account" if kind == "account" and len(plain) == 12 else "number"
    return "hex_id" if kind == "id" and _HEX_ID.fullmatch(plain) and len(set(plain)) > 5 else ""


_NUMBER = pattern(r"[1-9]\d{5,18}")
"""A number that is long enough to identify: shorter ones are counts more often than not."""
_HEX_ID = pattern(r"[0-9a-f]{32}")
_BARE_MAC = pattern(r"[0-9A-Fa-f]{12}")


_NO_DOMAIN = frozenset({"corp", "workgroup", "builtin", "local", "domain", "nt authority"})


def _account(domain: str, name: str, start: int, at: int) -> Iterator[Span]:
    """Yield an account of a Windows domain, and the domain."""
    if domain.lower() not in _NO_DOMAIN | GENERIC_WORDS and not domain.startswith("anon"):
        yield Span(start, start + len(domain), "host", domain.lower(), GUESS)
    yield from judged("user", name, at)


def _is_basic(value: str) -> bool:
    """Whether a value is an account and its password in base64, as registries write them."""
    try:
        told = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return re.fullmatch(rb"[\x21-\x39\x3b-\x7e]+:[\x21-\x7e]+", told) is not None


_NAME_OF_SECRET = pattern(
    r"[a-z]+(?:-[a-z]+){0,4}-(?:passwords?|secrets?|auth|credentials?|creds|tokens?|keys?|tls|cert)|(?:[A-Za-z-]{2,20} )?\{[A-Za-z_][\w.]*(?:\(\))?\}"
)
"""The name under which a cluster keeps a secret; what a program fills in."""
_NO_VALUE = pattern(r"![a-z][a-z/-]*|(?:[A-Z][a-z]+)+-(?:[A-Z][a-z]+)+")
"""A tag of YAML or a command of PowerShell: what follows it is the value."""


def _is_secret(value: str, *, quoted: bool) -> bool:
    if made_up(value) or _PLACE.match(value) or len(value) < 4:
        return value.isdigit() and len(value) >= 4
    low = value.lower()
    if (
        value.startswith("ENC[")
        or _NAME_OF_SECRET.fullmatch(value)
        or (not quoted and _NO_VALUE.fullmatch(value))
    ):
        return False
    if low.startswith(
        (
            "fake",
            "example",
            "dummy",
            "your-",
            "your_",
            "<",
            "${",
            "{{ ",
            "env:",
            "vault:",
            "secretref",
            "anon_",
        )
    ):
        return False
    if _NUMBER.fullmatch(value):
        return len(value) >= 5 and "." not in value
    if " " in value:
        words = value.split()
        if all(
            re.fullmatch(r"[A-Za-z][a-z'-]*[.,:;!?]?|\d{1,4}[.,]?|[A-Z]+[.,]?", word)
            for word in words
        ):
            return (
                quoted
                and 2 <= len(words) <= 8
                and value == low
                and not set(words) & {"is", "the", "a", "to", "was", "of", "for", "not"}
            )
        if len(words) > 3:
            return False
    if not quoted and _NAME.fullmatch(value):
        # A variable, a type or a constant; a password of letters alone is caught when quoted.
        return value.isalpha() and value.islower() and len(value) > 7 and entropy(value) > 2.9
    return not (_CONSTANT.fullmatch(value) or low in GENERIC_WORDS)


def _person(value: str, start: int) -> Iterator[Span]:
    name = _FULL_NAME.match(value)
    if name is None or "@" in name.group():
        return
    plain = name.group().rstrip(".")
    if plain[:1].isupper() and plain.lower() not in NOBODY:
        yield Span(start, start + len(plain), "person", plain, GUESS)
    elif re.fullmatch(r"[a-z]+[._-]?[a-z0-9]+", value) and value not in NOBODY:
        yield Span(start, start + len(value), "user", value, GUESS)


_HOST_WORD = pattern(
    r"(?=[a-zA-Z0-9.-]*[\d.-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def _host(value: str, start: int) -> Iterator[Span]:
    name = _HOST_WORD.match(value)
    if name is None or (name.end() < len(value) and value[name.end()] not in ":/,"):
        return
    plain = name.group()
    if (
        re.fullmatch(r"[\d.]+", plain)
        or plain.lower() in GENERIC_WORDS
        or re.fullmatch(r"\d+[a-z]{0,3}", plain)
    ):
        return
    yield Span(start, start + len(plain), "host", plain.lower(), GUESS)


_TOKEN_VALUE = pattern(r"[A-Za-z0-9+/_=.-]{20,300}(?![\w])")
_TWENTY = "x" * 20
_HASH = pattern(r"I?[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{7,12}")


_OPENING = frozenset("\"'`")


def _random(text: str, found: re.Match[str], at: int) -> Iterator[Span]:
    """Yield a value that looks drawn at random under a key that says nothing."""
    token = _TOKEN_VALUE.match(text, at)
    if token and (
        looks_random(token.group().rstrip(".")) or _keyed(found.group("key"), token.group())
    ):
        value = token.group().rstrip(".")
        yield Span(at, at + len(value), "token", value, GUESS - 5)


_SOME_KEY = pattern(r"(?i)(?:[a-z0-9][_.-]|[a-z](?-i:(?=K)))key$")
_LOOKUP_KEY = pattern(
    r"(?i)(?:cache|public|pub|primary|foreign|partition|sort|routing|row|idempotency|dedup\w*|object"
    r"|lookup|group|message|index|map|hash|content|natural|bucket|schema|sequence|unique|range|shard"
    r"|image|file|artifact|restore|blob|query|join|business|record|item|event|entity|host)[_.-]?key$"
)
_KEY_VALUE = pattern(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9+/=]{32,128}")


def _keyed(key: str, value: str) -> bool:
    """Whether ``some_key`` opens something: no word for looking up, and a long mixed value."""
    return (
        _SOME_KEY.search(key) is not None
        and _LOOKUP_KEY.search(key) is None
        and _KEY_VALUE.fullmatch(value) is not None
    )


_PROVIDER_ID = pattern(
    r"^(?:call|toolu|chatcmpl|msg|resp|req|run|fc|rs|item|thread|asst|step|file|batch|srvtoolu|cmpl|sess|trace|span|gen|evt|job|ft|vs|org|sha\d+|h1|urn|data|image|application|text|arn)[-_:/.]"
)


_SPELLED = pattern(r"[a-z]{9,}|[A-Z]{9,}|(?:[A-Z]?[a-z]{3,}){3,}")
"""Runs of letters that words make and chance hardly ever does."""


def looks_random(value: str) -> bool:
    """Whether a token is too disorderly for a name, a path, a hash or a number."""
    if (
        _PROVIDER_ID.match(value)
        or _HASH.fullmatch(value)
        or value.count(".") > 2
        or value.count("/") > 3
    ):
        return False
    digits = sum(c.isdigit() for c in value)
    if digits < 2 or digits == len(value):
        return False
    runs = _MIXED_RUN.findall(value)
    if not any(
        any(c.islower() for c in run)
        and any(c.isupper() for c in run)
        and any(c.isdigit() for c in run)
        for run in runs
    ):
        return False
    return entropy(value) > 3.9 and not _SPELLED.search(value) and not _WORDS.search(value)
