"""Secrets and hosts in the arguments of well-known programs and statements, and in other files' columns.

Each form is looked for only where its word stands; what it declares is judged like any other value.
"""

import re
from collections.abc import Iterator

from harness.anonymize.keys import kind_of_key
from harness.anonymize.network import public_host
from harness.anonymize.passwords import telling
from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, cue, holds, near, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import FILE_ENDINGS, NOBODY, TLDS, made_up

SURE, LIKELY = 92, 76

_FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("net use",),
        pattern(
            r"(?i)\bnet use\s{1,4}(?:[a-z*]:?\s{1,4})?\\{2,4}\S{3,120}\s{1,4}(?P<v>(?![/*])\S{3,64})"
        ),
    ),
    (
        ("snmp",),
        pattern(
            r"(?i)\bsnmp-server\s{1,4}community\s{1,4}(?P<v>\S{3,64})"
            r"|\bsnmp(?:walk|get|getnext|set|bulkwalk|table|trap)\b[^\n|;&]{0,80}?\s-c\s{0,4}(?P<w>\S{3,64})"
        ),
    ),
    (
        ("convertto-securestring",),
        pattern(
            r"(?i)\bConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?[\"'](?P<v>[^\"'\r\n]{3,200})[\"']"
        ),
    ),
    (
        ("identified",),
        pattern(
            r"(?i)\bidentified\s{1,4}(?:with\s{1,4}[\w\"'`]{1,40}\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?[\"'](?P<v>[^\"'\r\n]{3,200})[\"']"
        ),
    ),
    (
        ("akia", "asia"),
        pattern(
            r"(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}[\"'`]?[ \t]{0,3}[,:;|/ \t][ \t]{0,3}[\"'`]?(?P<v>[A-Za-z0-9/+]{40})(?![\w/+])"
        ),
    ),
    (
        ("sqlplus", "sqlldr", "expdp", "impdp", "jdbc:oracle:thin:"),
        pattern(
            r"(?i)(?:\b(?:sqlplus|sqlldr|expdp|impdp)\s{1,4}(?:-\w{1,12}\s{1,4}){0,3}|jdbc:oracle:thin:)[\"']?(?P<user>[\w.$#-]{1,64})/(?P<v>[^\s@\"'/]{3,64})@(?://)?(?P<h>[\w.-]{2,120})"
        ),
    ),
    (
        ("auth", "credential", "login"),
        pattern(
            r"(?i)(?:auth|credentials?|login)\s{0,2}(?:=\s{0,2})?\(\s{0,4}(?:[\w.]{1,30}\s{0,2}=\s{0,2})?[\"'](?P<user>[^\s\"']{2,64})[\"']\s{0,2},\s{0,8}(?:[\w.]{1,30}\s{0,2}=\s{0,2})?[\"'](?P<v>[^\s\"']{4,80})[\"']"
        ),
    ),
    (
        ("password(",),
        pattern(r"(?i)(?<![\w.])password\(\s{0,2}[\"'](?P<v>[^\s\"']{4,80})[\"']\s{0,2}\)"),
    ),
    (
        ("pin ", "passcode ", "access code "),
        pattern(
            r"(?i)\b(?:pin|passcode|access code)\s{1,3}(?:code\s{1,2}|is\s{1,2}|no\.?\s{1,2})?(?P<v>\d{4,10})(?![\w.-])"
        ),
    ),
    (
        (
            "connect.sid=",
            "phpsessid=",
            "jsessionid=",
            "asp.net_sessionid=",
            "laravel_session=",
            "csrftoken=",
            "xsrf-token=",
        ),
        pattern(
            r"(?i)(?:connect\.sid|PHPSESSID|JSESSIONID|ASP\.NET_SessionId|laravel_session|csrftoken|XSRF-TOKEN)=(?P<v>[^\s;\"'`,<>&]{8,})"
        ),
    ),
    (
        (" -u", " --user"),
        pattern(
            r"\s(?:-u|--user)[= ]{1,4}[\"']?(?P<v>(?=[^\s:]*\d)[^\s\"':/]{12,120}):(?=[\"'\s]|\Z)"
        ),
    ),
    (
        ("bundle_",),
        pattern(
            r"(?i)\bBUNDLE_\w{2,80}[ \t]{0,3}[:=][ \t]{0,3}[\"']?(?P<v>[0-9a-f]{8}:[0-9a-f]{8})\b"
        ),
    ),
    (
        ("echo ", "printf "),
        pattern(
            r"(?i)\b(?:echo|printf)\s{1,4}(?:-n\s{1,4}|[\"']%s(?:\\n)?[\"']\s{1,4})?[\"']?(?P<t>[^\s\"'$]{6,200})[\"']?\s{0,4}\|\s{0,4}(?:sudo\s{1,2}(?:-\w{1,8}\s{1,2}){0,3}-\w{0,6}S\b|[^\n]{0,60}--password-stdin|base64\b|openssl\b|gh auth login|passwd\b|chpasswd\b|cryptsetup\b)"
        ),
    ),
    (("::add-mask::",), pattern(r"::add-mask::(?P<v>[^\s]{4,400})")),
    (
        ("password for", "passphrase for", "password (", "password:", "passwort für"),
        pattern(
            r"(?i)pass(?:word|phrase|wort)\s{1,2}(?:for\s{1,2}[\"']?[^\s:\"']{1,80}(?:://[^\s\"']{1,120})?[\"']?|\([^()\n]{1,40}\))\s{0,2}:\s{1,2}(?P<t>[^\s]{4,120})"
        ),
    ),
    (
        ("creds ", "credentials ", "login ", "logins "),
        pattern(
            r"(?i)\b(?:creds|credentials|logins?)\s{1,2}(?:were|are|is|was)\s{1,2}(?:still\s{1,2}|now\s{1,2})?[\"'`]?(?P<user>[\w.@-]{2,64})\s{0,2}[:/]\s{0,2}(?P<t>[^\s\"'`,;]{4,64})"
        ),
    ),
    (
        ("parameterkey",),
        pattern(
            r"(?i)ParameterKey[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<key>[\w.-]{2,80})[\"']?\s{0,3},\s{0,8}[\"']?ParameterValue[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<v>[^\s\"',}]{4,200})"
        ),
    ),
    (
        ("freerdp", "mstsc", "rdesktop"),
        pattern(
            r"(?i)(?:freerdp|mstsc|rdesktop)\b[^\n|;]{0,160}?(?<=\s)(?:/p:|-p\s)(?P<v>[^\s\"']{3,64})"
        ),
    ),
    (
        ("password '", 'password "'),
        pattern(r"(?i)password\s{1,3}[\"'](?P<t>[^\s\"']{4,80})[\"']"),
    ),
    (
        ("variable",),
        pattern(
            r"(?i)\bvariable\s{1,4}[\"'](?P<key>[\w.-]{2,80})[\"']\s{0,4}\{[^{}]{0,600}?\bdefault\s{0,8}=\s{0,4}[\"'](?P<v>[^\"'\r\n]{3,200})[\"']"
        ),
    ),
    (
        ('": {', '":{', '" : {'),
        pattern(
            r"(?<=[\w-])\"\s{0,2}:\s{0,2}\{[^{}]{0,300}?\"(?i:default_?|secret_?|plain_?)?(?i:value|default|text)\"\s{0,3}:\s{0,3}\"(?P<v>[^\"\\\r\n]{3,400})\""
        ),
    ),
    (("v1=",), pattern(r"(?<![\w&?])v1=(?P<v>[0-9a-f]{64})(?![0-9a-f])")),
)
"""Words in lower case with which it begins, and what it says: v and w are secret, t is where it tells
so itself, user is an account, key is what v stands at."""
_JAR = pattern(
    r"(?m)^(?:#HttpOnly_)?\.?(?P<h>[\w.-]{3,120})\t(?:TRUE|FALSE)\t/[^\t\r\n]{0,200}\t(?:TRUE|FALSE)\t\d{1,12}\t[^\t\r\n]{1,80}\t(?P<v>[^\t\r\n]{4,4000})$"
)
"""A line of curl's and wget's files of cookies."""
_POINT = pattern(
    r"(?i)\bcoord(?:inate)?s?[\"']?\s{0,3}[:=]\s{0,3}[\[(]\s{0,3}(?P<a>-?\d{1,3}\.\d{3,})\s{0,3},\s{0,3}(?P<b>-?\d{1,3}\.\d{3,})"
)
_UNC = pattern(
    r"(?<![\w:\\/.-])(?:\\\\|(?:(?<=[ \t])|(?<=\n)|(?<=\A))//)(?P<h>[A-Za-z0-9][\w.-]{2,80})(?=[\\/][\w$]{1,80})"
)
_WORDED = pattern(
    r"(?i)\b(?P<v>[\w+-]{1,40}(?:(?:\.| dot )[\w+-]{1,40}){0,4} at (?P<h>[\w-]{2,60}(?: dot [\w-]{2,60}){1,4}))\b"
)
_TOLD = pattern(
    r"(?i)\be?-?mail\b[^\n@]{0,20}?\s(?P<v>[\w.+-]{2,40} at (?:gmail|outlook|hotmail|yahoo|icloud|proton|gmx|aol)\.[a-z]{2,3}(?:\.[a-z]{2})?)\b"
)


_BY_CUE: dict[str, list[tuple[int, str]]] = {}
"""What a word in a text must hold -> the forms that there may be then, each with what it begins with."""
for _number, (_words, _) in enumerate(_FORMS):
    for _word in _words:
        _BY_CUE.setdefault(cue(_word), []).append((_number, _word))
_COORD = cue("coord")


def programs(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield what programs' arguments, statements and columns declare."""
    cues = shape.cues
    here = {
        number
        for each in ("", *(cues & _BY_CUE.keys()))
        for number, word in _BY_CUE.get(each, ())
        if word in low
    }
    for number in sorted(here):
        words, form = _FORMS[number]
        for found in at_each(form, text, places(low, *words)):
            yield from _declared(found)
    if "\t" in low and holds(low, ("\ttrue\t", "\tfalse\t")):
        for found in _JAR.finditer(text):
            yield from _declared(found)
    if _COORD in cues:
        for found in at_each(_POINT, text, places(low, "coord")):
            yield Span(*found.span("a"), "longitude", found.group("a"), LIKELY)
            yield Span(*found.span("b"), "latitude", found.group("b"), LIKELY)
    if "\\\\" in text or " //" in text or "\n//" in text:
        for found in at_each(_UNC, text, places(text, "\\\\", "//")):
            if _machine(found.group("h")):
                yield Span(*found.span("h"), "host", found.group("h").lower(), LIKELY)
    if "at" in shape.words and " at " in low:
        yield from _worded(text, low)


def _declared(found: re.Match[str]) -> Iterator[Span]:
    parts = found.groupdict()
    told = parts.get("t")
    if told is not None and not telling(told):
        return
    if "key" in parts and kind_of_key(parts["key"]) != "secret":
        return
    if found.group()[0] == '"' and kind_of_key(_key_before(found)) != "secret":
        return
    for name, value in parts.items():
        if not value or made_up(value) or name == "key":
            continue
        if name == "h":
            if not public_host(value):
                yield Span(*found.span(name), "host", value.lower(), LIKELY)
        elif name != "user":
            yield Span(*found.span(name), "password", value, SURE)
        elif (account := value.rpartition("\\")[2]).lower() not in NOBODY:
            yield Span(found.end(name) - len(account), found.end(name), "user", account, LIKELY)


def _key_before(found: re.Match[str]) -> str:
    """Return the key that ends where an object begins: ``"db_password": {"value": ...``."""
    start = found.string.rfind('"', max(0, found.start() - 80), found.start()) + 1
    return found.string[start : found.start()]


def _machine(name: str) -> bool:
    """Whether the name after two slashes is one of a machine: no escape, no comment."""
    ending = name.rpartition(".")[2].lower()
    if "." in name:
        return ending in TLDS and ending not in FILE_ENDINGS
    return len(name) > 3 and (name.isupper() or "-" in name or any(c.isdigit() for c in name[1:]))


def _worded(text: str, low: str) -> Iterator[Span]:
    """Yield addresses that are spelled: ``ann dot lee at ... dot com``."""
    if " dot " in low:
        for found in near(_WORDED, text, places(low, " at "), 220, 320):
            plain = re.sub(r" dot ", ".", found.group("v").lower()).replace(" at ", "@")
            if plain.rpartition(".")[2] in TLDS:
                yield Span(*found.span("v"), "email", plain, SURE)
    for found in at_each(_TOLD, text, places(low, "mail", "email", "e-mail")):
        plain = found.group("v").lower().replace(" at ", "@")
        yield Span(*found.span("v"), "email", plain, LIKELY)
