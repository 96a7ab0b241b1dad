"""Addresses of machines and people on a network."""

import ipaddress
import re
from collections.abc import Iterator

from harness.anonymize.keys import kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, back, near, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import (
    FILE_ENDINGS,
    PUBLIC_ADDRESSES,
    PUBLIC_HOSTS,
    RESERVED_HOST,
    SURE_TLDS,
    SYSTEM_USERS,
    TLDS,
)

SURE, LIKELY, GUESS = 90, 70, 40

_EMAIL = pattern(
    r"(?<![\w.+%-])(?P<local>\"[^\"\s@]{1,64}\"|[\w.!#$%&'*+/=?^`{|}~-]{0,63}[\w+-])[ ]?@[ ]?(?:\r?\n)?"
    r"(?P<host>(?:[\w-]{1,63}\.){1,8}[A-Za-z][\w-]{1,23}|\[[0-9A-Fa-f:.IPv]{7,45}\])(?![\w@])"
)
_BROKEN = pattern(r"[\w.+-]{2,64}(?:\r?\n[ \t>]{0,8}@|@\r?\n[ \t>]{0,8})[\w-]{2,63}\.[\w.-]{2,63}")
_TORN = pattern(r"@\r?\n|\n[ \t>]{0,8}@")
_QUERIED = pattern(r"^(?:.*[?&])?[A-Za-z_][\w.-]{0,40}=(?=[\w+-])")
"""The rest of an address's query: ``/x?to=`` is no part of a mailbox."""
_NO_MAILBOX = frozenset({"git", "hg", "svn"})
_NO_MAIL = pattern(r"^(?:v?\d+(?:\.\d+)*(?:[-.][\w.]+)?|latest|next|sha\d+.*|master|main)$")
_SSH = pattern(
    r"(?<![\w.+%@/-])(?P<user>[a-z_][\w.-]{0,31})@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{1,80}[A-Za-z0-9])(?=:|[\s~$#'\"`),;\]]|$)"
)
_MACHINE = pattern(r"[A-Za-z0-9][A-Za-z0-9-]{1,81}(?=:|[\s~$#'\"`),;\]]|$)")
"""What may follow in ``user@machine``."""
_IPV4 = pattern(
    r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2}\b)?(?![\w]|\.\d)|(?<=[/_-])(?<!\d[/_-])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)"
)
_BEFORE_VERSION = pattern(
    r"(?:\bv|\bver\.?|versions?:?|\brelease|\bbuild|\bfirmware|\bdriver|[=~^<>]=|(?<![\w.-])[A-Za-z][\w-]{0,20}/|\b(?:section|chapter|clause|paragraph|appendix|figure|table))[ \t]{0,3}[\"']?\Z",
    re.IGNORECASE,
)
_IPV6 = pattern(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:%[\w.-]{1,15})?(?:/\d{1,3})?(?!\w|:[0-9A-Fa-f:]|\.\d)"
)
_MAC = pattern(
    r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:-]|\.\w)"
)
_URL = pattern(
    r"(?i)(?<![a-z0-9])(?:https?|wss?|ftps?|sftp|ssh|git|ldaps?|s3|gs|amqps?|redis|rediss|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mongodb(?:\+srv)?|jdbc:\w+|kafka|nats|tcp|udp|grpcs?|smtps?|imaps?|rtsp|svn|rsync|nfs|smb|sb|wasbs?|abfss?|hdfs|thrift|sips?|stuns?|turns?|rtmps?|sqlserver|bolt|neo4j|couchdb|vnc|rdp|telnet|consul|etcd|clickhouse|cassandra|mqtts?|oracle|mssql|[a-z][a-z0-9+.-]{1,30}(?=://[^\s/:@\"'<>]{0,200}:[^\s/@\"'<>]{1,300}@))://[^\s\"'<>`\\{}|^]+"
)
_HOST = pattern(
    r"(?<![\w.@/\\$-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<tld>[A-Za-z][A-Za-z0-9-]{1,23})(?::\d{2,5})?(?![\w@-]|\.\w)"
)
_CODE_AFTER = pattern(
    r"[ ]?\((?!\[?(?:\d{1,3}\.){3}\d|\[?[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{3})|\s?[+*|&-]?=[^=]|\["
)
_NAMED = pattern(
    r"(?i)(?:hostname|server_?name|\bCN|\bfqdn|\bdomain|--host|-server|(?:traceroute|connect|connected|connecting|connection|reconnecting) to|resolve|nslookup)[ =:]{1,4}[\"'\[]{0,2}$"
)
"""What stands before a name that is a host's, whatever its first word."""
_VIA = pattern(r"\b(?:from|by|via)[ \t]{1,4}$")
_RECORD = pattern(r"\.?[ \t]{1,40}(?:\d{1,8}[ \t]{1,20})?IN[ \t]{1,20}[A-Z]")
"""What follows a name in a zone file or an answer of ``dig``."""
_CODE_WORDS = frozenset(
    """self this cls os sys np pd app module exports window document request response config
    settings logger logging log context ctx math json re time data item user node event args
    kwargs obj result row std java javax org com io net kotlin scala android spring django
    flask model client server session console process""".split()
)
_CUED = pattern(
    r"(?i)(?:\b(?:ssh|scp|ping|host|hosts|hostname|server|node|nslookup|dig|telnet|traceroute|nc|mtr|rsync|machine|instance|box|vm|replica|primary|standby|bastion|connect(?:ed|ing)? to|resolve|resolving|reach|curl|wget|listening on|domain|fqdn|from|via|--host|-h|upstream|peer|broker|drain(?:ed)?|cordon(?:ed)?|rebooted|reboot|failover to|(?:kubectl )?(?:drain|cordon|uncordon))[ =:]+[\"'`(]?)$"
)
_NODE = pattern(
    r"(?<![\w.@/-])(?:ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[a-z0-9-]+)*|ec2-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[a-z0-9-]+)+|i-(?=[0-9a-f]*\d)[0-9a-f]{8}(?:[0-9a-f]{9})?|DESKTOP-[A-Z0-9]{5,10}|LAPTOP-[A-Z0-9]{5,10}|gke-[a-z0-9-]{8,80}|aks-[a-z0-9-]{8,80}|(?:vol|eni|sg|subnet|vpc|ami|snap|rtb|igw|acl|nat|eipalloc|lt|fs|vpce|tgw|db)-(?=[0-9a-f]*\d)[0-9a-f]{8}(?:[0-9a-f]{9})?)(?![\w-])"
)
_CUED_HOST = pattern(
    r"(?i)(?:\b(?:ssh(?:ed into)?|scp|ping|hosts?|hostname|servers?|nodes?|nslookup|dig|telnet|traceroute|machine|bastion|vm|on-host|into|login to|logged (?:in|on)to|drain(?:ed)?|cordon(?:ed)?|uncordon|reboot(?:ed)?|failover to)[ \t]{0,12}[=:]?[ \t]{1,12}(?:-[A-Za-z](?: \S{1,80})? )?(?:[\w.-]{1,64}@)?[\"'`]?)"
    r"(?P<v>[a-z][a-z0-9]{0,40}(?:-[a-z0-9]{1,40}){0,8}-?\d{1,4}[a-z]?(?:-[a-z0-9]{1,40}){0,8}(?:\.[a-z0-9-]{1,63}){0,9})(?![\w/(=@-]|\.\w)"
)
_VERSION = pattern(r"v\d{1,4}(?:\.[\w-]{1,20}){0,4}")
_SYSLOG = pattern(
    r"(?m)^(?:<\d+>)?(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) (?P<v>[A-Za-z][\w.-]{1,80}) (?=[\w./()-]+(?:\[\d+\])?:)"
)
_NO_HOST = frozenset(
    """localhost ec2-user pod-0 worker-0 level info warn error debug kernel gpt-4 utf-8 http2 python3
    ipv4 ipv6 base64 sha256 md5 s3 ec2 k8s step1 top10 x86 node18 node20 node16 node22 h2
    log4j""".split()
)


def network(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield e-mail addresses, IP addresses, hardware addresses, URLs and hosts."""
    if "@" in text:
        yield from _emails(text, shape)
    if "." in text or ":" in text or "-" in text:
        yield from _ips(text, shape)
    if "://" in text:
        yield from _urls(text, shape)
    if "." in text:
        yield from _hosts(text, shape)
    if "-" in text and (heads := shape.words & _NODES.keys()):
        for found in at_each(_NODE, text, places(low, *[head + _NODES[head] for head in heads])):
            yield Span(*found.span(), "host", found.group().lower(), SURE)
    if cues := shape.words & _CUES:
        for found in at_each(_CUED_HOST, text, places(low, *cues)):
            value = found.group("v")
            if (
                value.lower() not in _NO_HOST
                and value.rpartition(".")[2] not in FILE_ENDINGS
                and not _VERSION.fullmatch(value)
            ):
                yield Span(*found.span("v"), "host", value.lower(), GUESS)
    if "00:00:00" in shape.plain or "0A00" in shape.plain:
        lines = [0, *[at + 1 for at in places(text, "\n")]]
        for found in at_each(_SYSLOG, text, lines):
            if found.group("v").lower() not in _NO_HOST and not found.group("v").isupper():
                yield Span(*found.span("v"), "host", found.group("v").lower(), LIKELY)


_NODES = {"ec": "2-"} | dict.fromkeys(
    """ip desktop laptop gke aks i vol eni sg subnet vpc ami snap rtb igw acl nat eipalloc lt fs vpce tgw
    db""".split(),
    "-",
)
"""The letters with which a machine's name of a known kind begins -> what follows them."""
_CUES = frozenset(
    """ssh sshed scp ping host hosts hostname server servers node nodes nslookup dig telnet traceroute
    machine bastion vm into login logged drain drained cordon cordoned uncordon reboot rebooted
    failover""".split()
)


_SERVICE = pattern(
    r"(?:s3|sqs|sns|sts|ec2|iam|kms|eks|logs|monitoring|dynamodb|lambda|ssm|secretsmanager)(?:[.-][a-z]{2}-[a-z]{4,9}-\d)?\.amazonaws\.com"
)
"""An entrance that all customers of a cloud share."""


def public_host(host: str) -> bool:
    """Whether a host says nothing about who speaks of it."""
    plain = host.lower().rstrip(".")
    if plain in PUBLIC_HOSTS or RESERVED_HOST.search(plain):
        return True
    if _SERVICE.fullmatch(plain):
        return True
    parts = plain.split(".")
    return len(parts) > 2 and ".".join(parts[-2:]) in _OPEN_DOMAINS


_OPEN_DOMAINS = frozenset(
    """python.org wikipedia.org readthedocs.io github.io mozilla.org debian.org ubuntu.com
    kubernetes.io apache.org gnu.org kernel.org npmjs.com pypi.org docker.com googleapis.com
    w3.org ietf.org openai.com anthropic.com stackoverflow.com stackexchange.com
    githubusercontent.com""".split()
)


def _mails(text: str, shape: Shape, signs: list[int]) -> Iterator[re.Match[str]]:
    """Yield the mail addresses around the given ``@``: each from the begin of its mailbox."""
    boxes, done = shape.mailboxes, 0
    for at in signs:
        end = at - 1 if text[at - 1 : at] == " " else at
        least = max(done, end - _LONGEST_BOX)
        if text[end - 1 : end] == '"':
            start = max(text.rfind('"', least, max(end - 1, least)), least)
        else:
            start = max(boxes.rfind(" ", least, end), boxes.rfind("@", least, end)) + 1
            start = max(start, least)
        found = _EMAIL.match(text, start)
        if not found and (start == least or not text.isascii()):
            found = _EMAIL.search(text, start, at + _LONGEST_HOST)
        if found and found.start() <= at:
            done = found.end()
            yield found


_LONGEST_BOX, _LONGEST_HOST = 66, 640


def _emails(text: str, shape: Shape) -> Iterator[Span]:
    signs = shape.signs
    for found in _mails(text, shape, signs):
        local, host = found.group("local").strip("'`{}=/&"), found.group("host")
        asked = _QUERIED.search(local)
        local = local[asked.end() :] if asked else local
        if local.startswith("ANON_"):  # a surrogate before a host: ``user:ANON_...@host``
            continue
        if (
            _NO_MAIL.match(host.split(".")[0])
            and host.split(".")[0][:1].isdigit()
            and not host.rpartition(".")[2].isalpha()
        ):
            continue
        if local.lower() in _NO_MAILBOX and found.end() < len(text) and text[found.end()] in ":/":
            if not public_host(host):
                yield Span(*found.span("host"), "host", host.lower(), SURE)
            continue
        start = found.start() + found.group("local").rfind(local)
        if "://" in text[max(0, start - 12) : start] and ":" in text[found.end() : found.end() + 1]:
            continue
        value = f"{local}@{host}".lower()
        if host.rpartition(".")[2].lower() not in {"service", "timer", "socket"}:
            yield Span(start, found.end(), "email", value, SURE)
    if "\n" in text and _TORN.search(text):
        anchors = [torn.start() for torn in _TORN.finditer(text)]
        for found in near(_BROKEN, text, anchors, 66, 150):
            value = re.sub(r"\s+|>", "", found.group()).lower().rstrip(".")
            if value.rpartition(".")[2] in TLDS and not _reserved_mail(value.partition("@")[2]):
                yield Span(
                    found.start(),
                    found.start() + len(found.group().rstrip(".")),
                    "email",
                    value,
                    SURE,
                )
    signs = [at for at in signs if _MACHINE.match(text, at + 1)]
    for found in near(_SSH, text, signs, 33, 90):
        user, host = found.group("user"), found.group("host")
        if (
            user in _NO_MAILBOX
            or public_host(host)
            or "." in host
            or not _NUMBERED.search(host)
            or _NO_MAIL.match(host)
        ):
            continue
        yield Span(*found.span("host"), "host", host.lower(), LIKELY)
        if user not in SYSTEM_USERS:
            yield Span(*found.span("user"), "user", user, LIKELY)


def _reserved_mail(host: str) -> bool:
    return RESERVED_HOST.search(host) is not None


_IPV4_SHAPES = ("0.0.0", "0.00.0", "0.000.0")
_IPV6_SHAPES = (":x:x:", ":xx:xx:", ":xxx:", ":xxxx:")
_MAC_SHAPES = ("xx:xx:xx:xx:xx:xx", "xx-xx-xx-xx-xx-xx", "xxxx.xxxx.xxxx")


def _ips(text: str, shape: Shape) -> Iterator[Span]:
    plain_shape = shape.plain
    if fours := places(plain_shape, *_IPV4_SHAPES):
        starting = [back(plain_shape, at, "0", 2) for at in fours]
        for found in at_each(_IPV4, text, starting):
            plain, _, bits = found.group().partition("/")
            if _is_ipv4(plain) and not _BEFORE_VERSION.search(
                text[max(0, found.start() - 12) : found.start()]
            ):
                end = found.start() + len(plain) if bits and int(bits) > 32 else found.end()
                yield Span(found.start(), end, "ipv4", text[found.start() : end], SURE)
    if "::" in text or text.count(":") > 5:
        digits = shape.hexadecimal
        starting = [back(digits, at, "x:", 40) for at in places(digits, "::", *_IPV6_SHAPES)]
        for found in at_each(_IPV6, text, starting):
            whole = found.group()
            if whole.endswith(":") and not whole.endswith("::"):
                whole = whole[:-1]
            plain = whole.partition("/")[0].partition("%")[0]
            if _is_ipv6(plain, text, found.start()):
                end = found.start() + len(whole)
                yield Span(found.start(), end, "ipv6", whole.lower(), SURE)
    for found in at_each(_MAC, text, places(shape.hexadecimal, *_MAC_SHAPES)):
        plain = _NO_HEX.sub("", found.group().lower())
        if (
            len(set(plain)) > 2
            and not (found.group().count(".") == 2 and plain.isdigit())
            and not plain.startswith("00005e0053")
        ):
            yield Span(*found.span(), "mac", plain, SURE + 1)


def _is_ipv4(plain: str) -> bool:
    """Whether a number is an address of some machine: not of this one, many, or a document's."""
    if plain in PUBLIC_ADDRESSES or plain.startswith(_RESERVED_4):
        return False
    parts = plain.split(".")
    numbers = [int(part) for part in parts if part == "0" or part[0] != "0"]
    return len(numbers) == 4 and max(numbers) < 256 and 0 < numbers[0] < 224 and numbers[0] != 127


_RESERVED_4 = ("192.0.2.", "198.51.100.", "203.0.113.", "198.18.", "198.19.")
"""Addresses for documentation and measurement."""


_RESERVED_6 = bytes.fromhex("20010db8")


def _is_ipv6(plain: str, text: str, start: int) -> bool:
    if len(plain) < 4 or ("::" not in plain and plain.count(":") < 6):
        return False
    try:
        address = ipaddress.IPv6Address(plain)
    except ValueError:
        return False
    if (
        plain.lower() in {"fe80::1", "fe80::"}
        or address.is_loopback
        or address.is_multicast
        or address.packed.startswith(_RESERVED_6)
    ):
        return False
    if "::" in plain and len(plain) < 7 and not re.search(r"\d", plain):
        return False
    before = text[max(0, start - 1) : start]
    return not before.isalnum()


_NUMBERED, _NO_HEX, _PATH = pattern(r"\d|-"), pattern(r"[^0-9a-f]"), pattern(r"[/?#]")
_DIGITS, _ADDRESS = pattern(r"[\d.]+"), pattern(r"(?!\d{8,10}$)[\d.:]+|\[.*\]")
_CREDENTIALS = pattern(r"://[^/@]*:[^/@]+@|://[^/@]{8,}@")
_ASKED = pattern(r"[?&#;]([A-Za-z][\w.-]{0,40})=[^&#;]{4}")
_OPENS = {")": "(", "]": "["}


def _urls(text: str, shape: Shape) -> Iterator[Span]:
    for found in at_each(_URL, text, shape.schemes):
        url = found.group().rstrip(".,;:!?*_~")
        while url[-1:] in {")", "]"} and url.count(url[-1]) > url.count(_OPENS[url[-1]]):
            url = url[:-1].rstrip(".,;:!?")
        host = host_of(url)
        if host and "." in host and not _DIGITS.fullmatch(host) and public_host(host):
            continue
        if (
            not host
            or host in {"localhost", "..."}
            or _ADDRESS.fullmatch(host)
            or "$" in host
            or "%s" in host
        ):
            continue
        if RESERVED_HOST.search(host):
            continue
        whole = SURE + 8 if _CREDENTIALS.search(url) or _opens(url) else LIKELY + 10
        yield Span(found.start(), found.start() + len(url), "url", url, whole)


def _opens(url: str) -> bool:
    """Whether an address's query or fragment holds a secret."""
    return any(kind_of_key(key) == "secret" for key in _ASKED.findall(url))


def host_of(url: str) -> str:
    """Return the host of an address, without user and port."""
    rest = url.partition("://")[2]
    rest = _PATH.split(rest, maxsplit=1)[0].rpartition("@")[2]
    return rest if rest.startswith("[") else rest.partition(":")[0]


def _dotted(text: str, shape: Shape) -> Iterator[re.Match[str]]:
    """Yield what has the form of a host's name: only the begin of a run can be one."""
    folded, runs = shape.folded, shape.hosts
    at = folded.find(".a")
    while at >= 0:
        if found := _HOST.match(text, runs.rfind(" ", 0, at) + 1):
            yield found
        end = runs.find(" ", at)
        at = folded.find(".a", end) if end >= 0 else -1


def _hosts(text: str, shape: Shape) -> Iterator[Span]:
    for found in _dotted(text, shape):
        whole = found.group()
        plain = whole.partition(":")[0]
        tld = found.group("tld").lower()
        if tld not in TLDS or public_host(plain) or not _is_host(text, found, plain, tld):
            continue
        yield Span(found.start(), found.start() + len(plain), "host", plain.lower(), LIKELY)


def _is_host(text: str, found: re.Match[str], plain: str, tld: str) -> bool:
    labels = plain.split(".")
    if any(label.startswith("_") or label.endswith("_") for label in labels):
        return False
    if _CODE_AFTER.match(text, found.end()) and not (
        text.startswith(" (", found.end()) and _VIA.search(text[: found.start()][-8:])
    ):
        return False
    if plain != plain.lower() and not plain.isupper() and not plain[0].isupper():
        return False
    ported = ":" in found.group() or _RECORD.match(text, found.end()) is not None
    cued = ported or _CUED.search(text[max(0, found.start() - 24) : found.start()]) is not None
    if (
        labels[0].lower() in _CODE_WORDS
        and len(labels) < 4
        and not ported
        and not _NAMED.search(text[max(0, found.start() - 16) : found.start()])
    ):
        return False
    if tld in FILE_ENDINGS and not cued:
        return False
    if all(label.isdigit() for label in labels[:-1]):
        return False
    if tld in SURE_TLDS:
        return True
    marked = any("-" in label or any(c.isdigit() for c in label) for label in labels)
    if tld in {"io", "dev", "app", "ai", "co"}:
        return cued or ("_" not in plain and ((len(labels) > 1 and len(labels[-2]) > 2) or marked))
    return (cued and "_" not in plain) or (marked and len(labels) > 2 and "_" not in plain)
