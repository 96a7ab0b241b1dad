"""Passwords that protocols, devices' configurations, forms in browsers and constructors take by place."""

import re
from collections.abc import Iterator

from harness.anonymize.keys import kind_of_key
from harness.anonymize.passwords import telling
from harness.anonymize.pattern import pattern
from harness.anonymize.secrets import strong
from harness.anonymize.shape import Shape, at_each, holds, near, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import made_up

SURE, LIKELY, GUESS = 92, 76, 52

_DEVICE = ("secret ", "password ", "key ", "community ")
_TYPED = (".fill(", ".type(", "_keys(", ".sendkeys(", ".set_value(", ".setvalue(", "sequentially(")
_TRIED = frozenset("password passwd passphrase pass pw pwd credential credentials login".split())
_SECRET = ("pass", "pwd", "secret", "token", "otp", "pin")
_DEVICE_VERBS = (
    "enable", "username ", "neighbor ", "tacacs", "radius", "ntp auth", "ospf", "isis", "set security",
    "set system", "set snmp", "set vpn", "set interfaces", "set protocols", "line ",
)  # fmt: skip
_FORMS: tuple[tuple[tuple[str, ...], int, re.Pattern[str]], ...] = (
    (
        ("auth ", "pass "),
        0,
        pattern(
            r"(?m)(?<![\w.-])(?:(?<=> )|(?<=\n)|(?<=\A)|(?<=[CS]: )|(?<=>>> ))(?:AUTH|PASS)[ \t]{1,3}(?:[\w.@-]{1,40}[ \t]{1,3}(?=\S{3,120}\s{0,3}$))?[\"']?(?!PLAIN|LOGIN|CRAM|XOAUTH|NTLM|TLS|SSL)(?P<v>[^\s\"']{3,120})[\"']?[ \t]{0,3}$"
        ),
    ),
    (
        ("auth ",),
        0,
        pattern(
            r"\bAUTH(?:ENTICATE)? (?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|DIGEST-MD5)[ \t]{1,3}(?P<v>[A-Za-z0-9+/]{8,2000}={0,2})"
        ),
    ),
    (
        ("334 ",),
        0,
        pattern(
            r"334 [A-Za-z0-9+/]{0,400}={0,2}[ \t]{0,4}\r?\n(?:C: |>>? ?)?(?P<v>[A-Za-z0-9+/]{6,2000}={0,2})(?=\r?\n|$)"
        ),
    ),
    (
        ("login ",),
        10,
        pattern(
            r"(?:(?<=\n)|(?<=\A)|(?<=: )|(?<=> ))[A-Za-z]{0,4}\d{1,5} LOGIN [\"']?[^\s\"']{2,80}[\"']? [\"']?(?P<v>[^\s\"']{3,120})"
        ),
    ),
    (
        ("config set", "requirepass", "masterauth"),
        0,
        pattern(
            r"(?i)\b(?:config set )?(?:requirepass|masterauth)[ \t]{1,4}[\"']?(?P<v>[^\s\"']{3,200})"
        ),
    ),
    (
        ("acl setuser", "user "),
        0,
        pattern(
            r"(?i)\b(?:acl setuser|user) [\w.@-]{1,60} (?:[^\n>]{0,120} )?>(?P<v>[^\s\"']{3,200})"
        ),
    ),
    (
        _DEVICE,
        160,
        pattern(
            r"(?i)(?:enable|username \S{1,60}[^\n]{0,60}?|neighbor \S{1,60}|tacacs(?:-server)?[^\n]{0,60}?|radius(?:-server)?[^\n]{0,80}?|set (?:security|system|snmp|vpn|interfaces|protocols)\b[^\n]{0,80}?|ntp authentication-key \d+ md5|ip ospf|isis|line \S+)[ \t]{1,4}(?:authentication-|shared-|pre-shared-|message-digest-)?(?:secret|password|key|community)[ \t]{1,4}(?:[0-9][ \t]{1,3})?[\"']?(?P<t>[^\s\"';]{3,120})"
        ),
    ),
    (
        ("net user ", "net use "),
        0,
        pattern(
            r"(?i)\bnet user[ \t]{1,4}[^\s/]{1,60}[ \t]{1,4}[\"']?(?P<v>(?![/*])[^\s\"']{3,64})|\bnet use\b[^\n]{0,160}?/user:\S{1,80}[ \t]{1,4}[\"']?(?P<w>(?![/*])[^\s\"']{3,64})"
        ),
    ),
    (
        ("rootpw",),
        0,
        pattern(
            r"\brootpw[ \t]{1,4}(?:--\w{1,12}[ \t]{1,4}){0,3}[\"']?(?P<v>(?!--)[^\s\"']{3,200})"
        ),
    ),
    (
        ("setenv ", "set -"),
        0,
        pattern(
            r"\b(?:setenv|set[ \t]{1,3}-[a-zA-Z]{1,4}|set[ \t]{1,3}--\w{1,10})[ \t]{1,4}(?P<key>[A-Za-z_]\w{2,80})[ \t]{1,4}[\"']?(?P<v>[^\s\"';]{3,400})"
        ),
    ),
    (
        ("identified",),
        0,
        pattern(
            r"(?i)\bidentified\s{1,4}by\s{1,4}(?!values\b|password\b|externally\b)(?P<t>[^\s\"'`;,]{3,120})"
        ),
    ),
    (
        ("password", "passwd", "pwd"),
        0,
        pattern(r"(?i)\b(?:password|passwd|pwd)\s{0,4}=?\s{0,4}N'(?P<v>[^'\r\n]{3,200})'"),
    ),
    (
        ("mysqli(", "connect(", "pdo(", "getconnection(", "ftp_login(", "imap_open("),
        0,
        pattern(
            r"(?i)\w{3,14}\(\s{0,8}[^,()\n]{1,200},\s{0,12}[\"'][^\"'\r\n]{1,80}[\"'],\s{0,12}[\"'](?P<v>[^\"'\r\n]{3,200})[\"']"
        ),
    ),
    (
        _TYPED,
        130,
        pattern(
            r"(?i)(?:(?:pass|pwd|secret|token|otp|\bpin\b)[^\n;]{0,60}?\.(?:fill|type|send_?keys|set_?value|press_sequentially|enter_text)\(\s{0,3}[\"'](?P<v>[^\"'\r\n]{3,100})[\"']\s{0,3}\)|\.(?:fill|type|send_?keys|set_?value|press_sequentially|enter_text)\(\s{0,3}[\"'](?=[^\"'\n]{0,80}(?:pass|pwd|secret|token|otp|pin))[^\"'\n]{1,100}[\"']\s{0,3},\s{0,3}[\"'](?P<w>[^\"'\r\n]{3,100})[\"'])"
        ),
    ),
    (
        ("element", "label", "field", "selector", "locator", "placeholder"),
        2,
        pattern(
            r"(?i)[\"'](?:element|label|field|selector|locator|placeholder|target)\\?[\"']\s{0,3}:\s{0,3}\\?[\"'][^\"'\n]{0,60}(?:pass(?:word|wd|phrase|code)|secret|token|otp|\bpin\b)[^\"'\n]{0,60}[\"'][^{}\n]{0,200}?[\"'](?:text|value|input)\\?[\"']\s{0,3}:\s{0,3}\\?[\"'](?P<v>[^\"'\\\n]{3,200})"
        ),
    ),
    (
        ("<<<",),
        170,
        pattern(
            r"(?i)\b(?:secrets?|auth|login|password|passwd|credential)\b[^\n]{0,160}?<<<[ \t]{0,3}[\"']?(?P<v>[^\s\"']{4,2000})"
        ),
    ),
    (
        ("authorization",),
        0,
        pattern(
            r"(?i)\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?[A-Za-z][\w-]{1,30}[ ](?P<v>(?=[^\s\"',;<>]{0,80}\d)[^\s\"',;<>{}\\]{8,4000})"
        ),
    ),
    (
        ("session ", "session_id ", "sessionid "),
        0,
        pattern(
            r"(?i)\bsession(?:[ _-]?id)?\s{1,3}(?:is\s|=\s)?[\"'`]?(?P<v>(?=[a-z]{0,30}\d)(?=\d{0,30}[a-z])[a-z0-9]{20,64})(?![\w-])"
        ),
    ),
    (
        ("reset", "changed", "set ", "updated", "rotated"),
        0,
        pattern(
            r"(?i)\b(?:reset|changed|set|updated|rotated|switched)\s{1,3}(?:it|that|them|this|both|password)\s{1,3}to\s{1,3}[\"'`]?(?P<s>[^\s\"'`<>]{6,120})"
        ),
    ),
    (
        ("try", "use", "using", "enter"),
        0,
        pattern(
            r"(?i)\b(?:try(?:ing)?|tried|used?|using|enter(?:ed)?)\s{1,3}[\"'`]?(?P<s>(?=[^\s\"'`]{0,40}[!#%^~@*&?])[^\s\"'`<>()\[\]{}=]{8,120})(?=[\s\"'`]|$)"
        ),
    ),
    (
        ("jwt.",),
        0,
        pattern(
            r"(?i)\bjwt\.(?:sign|verify|encode|decode)\([^\"'\n]{1,200}?,\s{0,4}[\"'](?P<v>[^\"'\s]{6,400})[\"']"
        ),
    ),
    (
        (":x:", ":/home", "::"),
        90,
        pattern(r"(?m)^[a-z_][\w.-]{0,31}:(?P<v>[^:\s*!]{4,80}):\d{1,6}:\d{1,6}:"),
    ),
    (
        ("2fa", "totp", "otp", "mfa", "authenticator", "seed"),
        0,
        pattern(
            r"(?i)\b(?:2fa|totp|otp|mfa|authenticator)[ _-]{0,2}(?:seed|secret|key|code)?\s{0,3}(?:is|[:=])\s{0,3}[`\"']?(?P<v>(?-i:[A-Z2-7]{16,64}))(?![\w])"
        ),
    ),
    (
        (
            "get secret",
            "secrets",
            "kv get",
            "op read",
            "get-secret-value",
            "pass show",
            "find-generic-password",
            "lpass show",
            "secret show",
            "config:get",
            "run/secrets",
            "pwgen",
            "openssl rand",
            "get-parameter",
        ),
        0,
        pattern(
            r"(?:get secrets?|\bsecrets? versions access|secretsmanager|kv get|op read|get-secret-value|pass show|find-generic-password|lpass show|secret show|config:get|run/secrets|pwgen|openssl rand|get-parameter)\b[^\n]{0,240}\r?\n(?P<t>[^\s{\[\"'#$]{6,400})[ \t]{0,4}(?=\r?\n|$)"
        ),
    ),
    (
        (
            "key ",
            "key:",
            "pass ",
            "pass:",
            "psk ",
            "pw ",
            "pw:",
            "password ",
            "passphrase ",
            "secret ",
            "token ",
        ),
        0,
        pattern(
            r"(?i)\b(?:key|pass(?:word|phrase)?|psk|pw|secret|token)[ \t]{1,3}(?:is|was|=|:)?[ \t]{0,3}[\"'`]?(?P<s>[^\s\"'`<>]{6,120})"
        ),
    ),
)
"""Words in lower case with which it begins, and what it says: v and w are secret, t and s are where they
tell so themselves, key is what v stands at."""
_HEADS = tuple(
    frozenset(re.findall("[a-z]+", word)[0] for word in words if re.search("[a-z]", word))
    if all(re.search("[a-z]", word) for word in words)
    else frozenset()
    for words, _, _ in _FORMS
)
"""The first run of letters of each word, one of which a text must hold."""
_LIST = pattern(
    r"(?i)chpasswd:[^\S\n]{0,4}\n(?:[^\S\n]{1,12}(?:list|expire|users):[^\n]{0,20}\n){1,3}"
)
_ACCOUNT = pattern(
    r"[ \t-]{1,12}[\"']?[a-z_][\w.-]{0,40}:(?P<v>[^\s:\"']{3,120})[\"']?[ \t]{0,4}(?:\n|$)"
)


def protocols(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield what stands where a protocol or a form has its password."""
    present = shape.words
    for heads, (words, before, form) in zip(_HEADS, _FORMS, strict=True):
        if heads and present.isdisjoint(heads):
            continue
        if words[0] == "try" and present.isdisjoint(_TRIED):
            continue
        if holds(low, words):
            anchors = places(low, *words)
            if words is _TYPED:
                anchors = [at for at in anchors if holds(low[max(0, at - 90) : at + 90], _SECRET)]
            elif words is _DEVICE:
                anchors = [at for at in anchors if _of_device(low, at)]
            for found in (
                near(form, text, anchors, before, 400) if before else at_each(form, text, anchors)
            ):
                yield from _told(found)
    for at in places(text, '= "', "= '"):
        if holds(low[max(0, at - 80) : at], _SECRET):
            yield from _declared(text, at)
    if "chpasswd:" in low:
        for found in _LIST.finditer(text):
            at = found.end()
            while (line := _ACCOUNT.match(text, at)) and line.end() > at:
                yield Span(*line.span("v"), "password", line["v"], SURE)
                at = line.end()


def _of_device(low: str, at: int) -> bool:
    """Whether the line before a place speaks as the configurations of routers do."""
    begun = low.rfind("\n", max(0, at - 160), at) + 1
    return holds(low[max(begun, at - 160) : at], _DEVICE_VERBS)


def _declared(text: str, at: int) -> Iterator[Span]:
    """Yield the value of a declaration with a type: ``param adminPassword string = '...'``."""
    found = _TYPED_NAME.search(text, max(0, at - 80), at)
    value = _QUOTED.match(text, at + 2)
    if found and value and kind_of_key(found["key"]) == "secret" and not made_up(value["v"]):
        yield Span(*value.span("v"), "password", value["v"], LIKELY)


_TYPED_NAME = pattern(
    r"(?<![\w.])(?P<key>\w{2,60})[ \t]{0,2}[: ][ \t]{0,2}[A-Za-z_][\w<>\[\]?]{0,30}[ \t]{0,4}\Z"
)
_QUOTED = pattern(r"[\"'](?P<v>[^\"'\r\n]{3,200})[\"']")


def _told(found: re.Match[str]) -> Iterator[Span]:
    parts = found.groupdict()
    if "key" in parts and parts["key"] and kind_of_key(parts["key"]) != "secret":
        return
    for name, value in parts.items():
        if not value or name == "key":
            continue
        told = name == "s" and found.string[found.end(name) : found.end(name) + 1] not in {'"', "'"}
        plain = value.rstrip(".,;:)!?") if told else value
        if (
            made_up(plain)
            or (name == "t" and not telling(plain))
            or (name == "s" and not strong(plain))
        ):
            continue
        start = found.start(name)
        yield Span(start, start + len(plain), "password", plain, GUESS if name == "s" else SURE)
