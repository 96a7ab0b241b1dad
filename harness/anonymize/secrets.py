"""Keys, tokens, passwords and what else opens something."""

import math
import re
from collections.abc import Iterable, Iterator

from harness.anonymize.keys import kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, cue, holds, near, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import NOBODY, made_up

SURE, LIKELY, GUESS = 95, 75, 45


_SCHEME = r"(?:basic|bearer|(?:api-)?token|digest|negotiate|apikey|api-key|key|jwt|oauth|hmac|snyk|splunk|genie[kK]ey|bot|aws4-hmac-sha256|sso-key|ntlm|pve[aA][pP][iI][tT]oken=|mac|hawk|private-token|zoho-oauthtoken|sharedkey|client-id)"
_AUTHORIZATION = pattern(
    rf"(?i)\b(?:proxy-)?authorization[\"']?\s{{0,4}}[:=,]\s{{0,4}}[\"']?(?!(?!{_SCHEME}[ :])[A-Za-z][\w-]{{1,30}}[ ](?=\S{{0,40}}\d)[^\s\"',;<>]{{8,}})(?:{_SCHEME}[ :]\s{{0,3}})?(?P<v>[^\s\"',;<>{{}}\\]{{4,}})"
)
_BEARER = pattern(
    r"(?i)(?<![\w-])(?:bearer|basic|token)[ \t]+(?P<v>[A-Za-z0-9._~+/-]{8,}={0,2})(?![\w-])"
)
_HEADER = pattern(
    r"(?i)(?<![\w-])x-(?:[a-z0-9]+-){0,4}(?:key|token|secret|auth|signature|password|session|jwt)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<v>[^\s\"',;<>\\]{4,})"
)
_COOKIE = pattern(
    r"(?i)(?<![\w-])(?:set-)?cookie[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<v>[^\s;=\"',]{1,80}=[^\r\n\"'<>\\]{1,4000})|(?<=-b )[\"']?(?P<b>(?!(?:ou|dc|cn|o|uid|c)=)[\w.-]+=[^\r\n\"']+)"
)
_CRUMB = pattern(r"(?:^|;\s*)(?P<name>[^\s;=]{1,80})=(?P<v>[^;\s]{4,})")
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "version", "priority"})
_FLAG = pattern(
    r"(?<![\w-])--?(?P<key>[A-Za-z][\w.-]{1,40})(?:=|[ \t]+|\"?, ?\"|'?, ?'|[\"']?\r?\n[ \t]{1,40}- )(?P<q>[\"']?)(?P<v>(?![-<>|&])[^\s\"']{3,}|(?<=[\"'])[^\"'\r\n]{3,})"
)
_CURL_USER = pattern(
    r"(?:\s-u|\s--(?:proxy-)?user|\s-U)[= ]{0,4}[\"']?(?P<user>[^\s\"':/]{0,80}):(?!//)(?P<v>[^\s\"']{2,})"
)
_LOGGED_IN = pattern(
    r"(?i)\b(?:log_?in|sign_?in|authenticate)\(\s{0,4}[\w.\"'@-]{1,60}\s{0,4},\s{0,4}[\"'](?P<v>[^\"'\r\n]{4,80})[\"']\s{0,4}\)"
)
_DSN = pattern(
    r"(?i)(?<![a-z0-9])(?P<scheme>[a-z][a-z0-9+.-]{1,30})://(?P<user>[^\s/:@\"'<>\[\](){},|]{0,200}):(?P<v>[^\s\"'<>|]{1,300}?)@(?=[\w.\[$%-])"
)
_TOKEN_USER = pattern(r"(?i)https?://(?P<v>[A-Za-z0-9_.~-]{12,})@(?=[\w.-])")
_NETRC = pattern(
    r"\bmachine\s+\S+\s+login\s+(?P<user>\S+)\s+password\s+(?P<v>\S+)|\blogin\s+\S+\s+password\s+(?P<w>\S{3,})"
)
_PGPASS = pattern(
    r"(?m)^(?!(?:[0-9A-Fa-f]{2}:){5})[\w.*-]+:(?:\d{2,5}|\*):[\w*-]+:(?P<user>[\w.*-]+):(?P<v>\S{3,})$"
)
_QUERY = pattern(r"(?i)[?&](?P<key>[a-z][\w.-]{0,40})=(?P<v>[^\s&#\"'<>]{4,})")
_SPOKEN = pattern(
    r"(?i)\b(?P<key>pass(?:word|phrase|code|wd)|pwd|secret(?: key)?|api[ _-]?key|access[ _-]?key|(?:access |auth |api |bearer |refresh )?token|pin(?: code)?|credentials?|otp|one[- ]time code|verification code|security code|private key)\b"
    r"(?:\s{1,20}(?:for|of|to|on)\s{1,20}(?:the\s{1,20})?[\w.@-]{1,40}){0,2}\s{0,20}(?:is now|is still|is|was|are|=>|->|\u2192|:|=|set to|changed to|reset to|to be|to|called|of|reads)\s{0,20}:?\s{0,20}(?P<q>[\"'`“]?)(?P<v>[^\s\"'`”<>]{4,})"
)

_FAR = pattern(
    r"(?i)\b(?:pass(?:word|phrase|code|wd)|pwd|pw|secret|(?:api|access|secret|private|signing|license)[ _-]?key|token|credentials?|creds)\b"
    r"[ \t]{1,4}[^\n:;=!?.]{0,60}?(?<=[\w)])[ \t]{0,4}(?:\bis now|\bis still|\bis|\bwas|\bare|\bset to|\bchanged to|\breset to|\bto be|\bto|=>|->|\u2192|:)\s{1,3}[\"'`\u201c]?(?P<v>[^\s\"'`\u201d<>]{6,200})"
)
"""The same with more words between."""
_AS = pattern(
    r"(?i)\b(?:use|using|try|with|enter|typed?|set|is|was|gave|give|sent|got)\s{1,3}[\"'`]?(?P<v>[^\s\"'`<>]{6,200})[\"'`]?\s{1,3}(?:as|for)\s{1,3}(?:the\s{1,3}|its\s{1,3}|my\s{1,3}|your\s{1,3}|a\s{1,3})?(?:\w{1,20}\s{1,3})?(?:pass(?:word|phrase|code|wd)|pwd|pw|token|secret|api[ _-]?key)\b"
)
_NEXT_PAIR = pattern(r"[&;](?=[\w.]{1,40}[=;]|[A-Z]\w{0,40}$)")
"""Where the next pair of a form or of a connection string begins."""


PHRASE = pattern(r"[a-z]{3,12}(?:[-_.][a-z]{3,12}){3,8}")
"""A password of at least four words."""


def contextual(text: str, shape: Shape) -> Iterator[Span]:
    """Yield what headers, flags, addresses and sentences declare to be secret."""
    low = shape.low
    cues = shape.cues
    if _AUTHORIZED in cues:
        anchors = places(low, "authorization")
        yield from _groups(at_each(_AUTHORIZATION, text, anchors), "auth_header", LIKELY)
    if schemes := shape.words & _SCHEMES:
        for found in at_each(_BEARER, text, places(low, *schemes)):
            if _dense(found.group("v"), 8):
                yield Span(*found.span("v"), "auth_header", found.group("v"), LIKELY)
    if "x" in shape.words and "x-" in low:
        yield from _groups(at_each(_HEADER, text, places(low, "x-")), "auth_header", LIKELY)
    if _COOKIES in cues or ("b" in shape.words and "-b " in low):
        yield from _cookies(text, low)
    if "-" in text:
        yield from _flags(text, low, shape)
    if "://" in text:
        yield from _addresses(text, low, shape)
    if _LOGIN in cues and _PASSWORD in cues:
        anchors = places(low, "machine", "login")
        yield from _groups(at_each(_NETRC, text, anchors), "password", SURE)
    if not shape.words.isdisjoint(_LOGIN_WORDS):
        for found in at_each(_LOGGED_IN, text, places(low, *_LOGINS)):
            if secretive(found.group("v")):
                yield Span(*found.span("v"), "password", found.group("v"), LIKELY)
    if ":*:" in text or holds(shape.folded, _PORTS):
        lines = [0, *[at + 1 for at in places(text, "\n")]]
        yield from _groups(at_each(_PGPASS, text, lines), "password", LIKELY)
    yield from _spoken(text, low, shape)


def _groups(matches: Iterable[re.Match[str]], kind: str, weight: int) -> Iterator[Span]:
    for found in matches:
        for name, value in found.groupdict().items():
            if value and name in {"v", "w", "a", "b", "d"} and not made_up(value):
                start, end = found.span(name)
                yield Span(start, end, kind, value, weight)


_AUTHORIZED, _COOKIES = cue("authorization"), cue("cookie")
_LOGIN, _PASSWORD = cue("login"), cue("password")
_CURLS = frozenset(map(cue, ("curl", "wget", "http")))
_SCHEMES = frozenset(("bearer", "basic", "token"))
_LOGIN_WORDS = frozenset(("login", "log", "signin", "sign", "authenticate"))
_LOGINS = ("login(", "log_in(", "signin(", "sign_in(", "authenticate(")
_PORTS = (":00:", ":000:", ":0000:", ":00000:")


def _cookies(text: str, low: str) -> Iterator[Span]:
    anchors = places(low, "set-cookie", "cookie", "-b ")
    anchors = [at + 3 if low.startswith("-b ", at) else at for at in anchors]
    for found in at_each(_COOKIE, text, anchors):
        name = "v" if found.group("v") else "b"
        jar = found.group(name)
        for crumb in _CRUMB.finditer(jar):
            value = crumb.group("v")
            if crumb.group("name").lower() in _ATTRIBUTES or made_up(value):
                continue
            if len(value) > 7 or not value.isalpha():
                start = found.start(name) + crumb.start("v")
                yield Span(start, start + len(value), "cookie", value, LIKELY)


_NAMED = pattern(r"[a-z][a-z_-]*(?:/[a-z][a-z_-]*){1,5}")
"""The name of a secret in a store, as ``--secret-id prod/db``."""


def _flags(text: str, low: str, shape: Shape) -> Iterator[Span]:
    folded = shape.folded
    anchors = [
        at - 1 if folded[at - 1 : at] == "-" else at
        for at in places(folded, "-a")
        if at == 0 or folded[at - 1] not in "a0_"
    ]
    for found in at_each(_FLAG, text, anchors):
        if kind_of_key(found.group("key")) == "secret" and not (
            made_up(found.group("v"))
            or _NAMED.fullmatch(found.group("v"))
            or (found["key"].lower() == "secret-id" and found["v"].isalpha())
        ):
            value = found.group("v").rstrip(",;)]")
            start = found.start("v")
            yield Span(start, start + len(value), "password", value, LIKELY + 1)
    if not shape.cues.isdisjoint(_CURLS) and holds(low, ("-u", "--user", "--proxy-user")):
        anchors = [at - 1 for at in places(low, "-u", "--user", "--proxy-user") if at]
        for found in at_each(_CURL_USER, text, anchors):
            yield from _pair(found, "password", LIKELY)


def _pair(found: re.Match[str], kind: str, weight: int) -> Iterator[Span]:
    if not made_up(found.group("v")):
        yield Span(*found.span("v"), kind, found.group("v"), weight)
    user = found.group("user")
    if user and not made_up(user) and user.lower() not in NOBODY:
        yield Span(*found.span("user"), "user", user, weight)


def _addresses(text: str, low: str, shape: Shape) -> Iterator[Span]:
    if shape.signs:
        for found in at_each(_DSN, text, shape.schemes):
            yield from _pair(found, "password", SURE + 1)
        for found in at_each(_TOKEN_USER, text, places(low, "https://", "http://")):
            if _dense(found.group("v"), 12):
                yield Span(*found.span("v"), "token", found.group("v"), SURE)
    for found in at_each(_QUERY, text, places(text, "?", "&")):
        if kind_of_key(found.group("key")) == "secret" and not made_up(found.group("v")):
            yield Span(*found.span("v"), "token", found.group("v"), SURE)


def _spoken(text: str, low: str, shape: Shape) -> Iterator[Span]:
    said, cues = shape.words & _SECRET_WORDS, shape.cues
    anchors = places(low, *said) if said else []
    for word, heads in _HEADS:
        if word in cues:
            for at in places(low, word):
                anchors += [at - len(head) for head in heads if low.endswith(head, 0, at)]
    for found in at_each(_SPOKEN, text, sorted(anchors)):
        value = _NEXT_PAIR.split(found.group("v"), maxsplit=1)[0].rstrip(".,;:)")
        if len(value) < 4 or made_up(value) or not (secretive(value) or PHRASE.fullmatch(value)):
            continue
        yield Span(found.start("v"), found.start("v") + len(value), "password", value, LIKELY)

    words = shape.words
    if words.isdisjoint(_FAR_WORDS):
        return
    after = [at for at in places(low, " as ", " for ") if holds(low[at : at + 48], _AS_WORDS)]
    for matches in (
        at_each(_FAR, text, places(low, *(words & _FAR_CUES))),
        near(_AS, text, after, 220, 60),
    ):
        for found in matches:
            value = found["v"].rstrip(".,;:)!?")
            if len(value) > 5 and strong(value):
                start = found.start("v")
                yield Span(start, start + len(value), "password", value, GUESS + 10)


_FAR_WORDS = frozenset(
    "password passphrase passcode passwd pwd pw secret key token credential credentials creds".split()
)
_FAR_CUES = _FAR_WORDS - {"key"} | frozenset(
    "api apikey access accesskey private signing license".split()
)
_AS_WORDS = ("passw", "passphrase", "passcode", "pwd", "pw", "token", "secret", "key")
_SECRET_WORDS = frozenset(
    """password passphrase passcode passwd pwd secret token pin credential credentials otp""".split()
)
_HEADS = (
    (
        cue("key"),
        ("api", "api ", "api_", "api-", "access", "access ", "access_", "access-", "private "),
    ),
    (cue("code"), ("one-time ", "one time ", "verification ", "security ")),
)
"""What a word needs before it to mean a secret."""


_WORDY = pattern(r"[\w.-]+\(.*|[a-z_]+(?:\.[a-z_]+)+|\d{1,3}|[a-z]+(?:[-_/][a-z]+)*")


def secretive(value: str) -> bool:
    """Whether a value that follows "password is" is no ordinary word."""
    if value.isalpha():
        return any(c.isupper() for c in value[1:]) and any(c.islower() for c in value)
    if _WORDY.fullmatch(value):
        return False
    return any(c.isdigit() for c in value) or any(
        not c.isalnum() and c not in "-_.,/'" for c in value
    )


_ORDERLY = pattern(
    r"[\w-]{1,60}\(.*|[A-Za-z_]+(?:\.[A-Za-z_]+)+|[\d.,:/%-]+(?:ms|s|m|h|d|MB|GB|KB|[MG]iB|px|x|am|pm)?|[A-Za-z]+|v?\d+(?:\.\d+)+\S*|[a-z]+(?:[-_/.][a-z]+)*(?:[-_/.]?v?\d{1,2})?"
    r"|[A-Z]+(?:[-_][A-Z]+)*[-_]?\d*|https?:.*|/.*|\d+(?:st|nd|rd|th)|\d{4}-\d\d-.*|[a-z0-9.-]+\.[a-z]{2,6}|[0-9a-f]{7,64}|\S+@\S+\.\w+|[\w.]+\[.*|[$%{<(].*|[A-Z][a-z]+\d{1,2}|\S*[()\[\]{}|\\]\S*"
    r"|(?:sha|md)\d+:.*|arn:.*|[a-z]+(?::[\w-]+)+|[A-Z_]+[~^]\d*|[a-z]+(?:-[a-z0-9]+)+|[a-z]+(?:_[a-z0-9]+)+"
)


def strong(value: str) -> bool:
    """Whether a value that stands a few words after "password" can hardly be anything else."""
    if value.isalpha():
        return len(value) > 9 and _unspeakable(value)
    if _ORDERLY.fullmatch(value) or made_up(value):
        return False
    digits = any(c.isdigit() for c in value)
    kinds = sum(
        (
            digits,
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(not c.isalnum() for c in value),
        )
    )
    return kinds > 2 or (digits and kinds > 1)


_SYLLABLES = pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_VOWELS = frozenset("aeiouyAEIOUY")


def _unspeakable(value: str) -> bool:
    """Whether letters in both cases make no words: a part without a vowel, or many short parts."""
    if value.islower() or value.isupper():
        return False
    parts = _SYLLABLES.findall(value)
    mute = sum(len(part) > 2 and part[1:].islower() and _VOWELS.isdisjoint(part) for part in parts)
    return (mute > 0 and len(parts) > 2) or sum(len(part) < 3 for part in parts) > 2


def entropy(value: str) -> float:
    """Return Shannon's entropy of a value's characters, in bits a character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in map(value.count, set(value)))


def _dense(value: str, length: int) -> bool:
    return (
        len(value) >= length
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and not made_up(value)
        and entropy(value) > 2.5
    )
