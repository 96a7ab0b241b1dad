"""Names that belong to a person, a machine or a piece of work; and, with numbers.py, their numbers."""

import re
from collections.abc import Iterator

from harness.anonymize.numbers import numbers
from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, back, cue, holds, near, places
from harness.anonymize.spans import Span, named
from harness.anonymize.vocabulary import NO_TICKET, NOBODY, SYSTEM_USERS

SURE, LIKELY, GUESS = 85, 60, 35

_UUID = pattern(
    r"(?<![0-9A-Za-z-])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])|(?<=[_/])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
)
_POD = pattern(
    r"(?<![\w./-])[a-z][a-z0-9]*(?:-[a-z0-9]+){0,8}-(?:(?=[a-z0-9]{0,9}\d)[bcdf0-9ghjklmnpqrstvwxz]{6,10}|[bcdfghjklmnpqrstvwxz]{8,10})-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])"
)
_CUED_POD = pattern(
    r"\b(?:pods?|kubectl (?:logs|exec|describe pod|delete pod|get pod)(?: -it?)?(?: -n \S{1,80})?)[ /:=\"'`]{1,8}(?P<v>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-\d{1,3})(?![\w-])|\b(?P<w>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-\d{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5})(?![\w-])|\bpods?[ /:=\"'`]{1,8}(?P<x>[a-z][a-z0-9]{0,60}(?:-[a-z0-9]{1,60}){0,12}-[bcdfghjklmnpqrstvwxz2456789]{5})(?![\w-])"
)
_POD_TAIL = pattern(
    r"-(?:(?=[a-z0-9]{0,9}\d)[bcdf0-9ghjklmnpqrstvwxz]{6,10}|[bcdfghjklmnpqrstvwxz]{8,10})-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])"
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
_ARN = pattern(r"\barn:aws[\w-]{0,10}:[\w-]{1,40}:[\w-]{0,30}:\d{0,12}:[\w+=,.@:/*${}-]{1,300}")
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
_SCRIPT = pattern(r"\.(?:md|txt|py|sh|json|ya?ml)$")
_TICKET_WORDS, _POD_WORDS = map(
    frozenset, (map(cue, ("ticket", "case")), map(cue, ("pod", "kubectl")))
)
_HOMES = ("home/", "users", "documents and settings", "-home-", "/u/", "/user/")
_HOME_WORDS = frozenset(map(cue, _HOMES))
_UUID_SHAPE = "-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_TICKET_SHAPES = ("A-0", "0-0", "A000000")


def personal(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield phone, card, account and identity numbers, accounts in paths, tickets, places, pods."""
    if "0" in shape.plain:
        yield from numbers(text, low, shape)
    if "~" in text or _home(low, shape):
        yield from _paths(text, low)
    yield from _people(text, low, shape)
    if "-" in text:
        anchors = [at - 8 for at in places(shape.hexadecimal, _UUID_SHAPE) if at > 7]
        for found in at_each(_UUID, text, anchors):
            if not _blank_uuid(found.group()):
                yield Span(*found.span(), "uuid", found.group().lower(), SURE)
        yield from _pods(text, low, shape)
    if not shape.cues.isdisjoint(_TICKET_WORDS) or shape.any_of(_TICKET_SHAPES):
        yield from _tickets(text, low, shape)
    if "arn" in shape.words:
        for found in at_each(_ARN, text, places(text, "arn:aws")):
            arn = found.group().rstrip(".,;:")
            if _telling(arn):
                yield Span(found.start(), found.start() + len(arn), "arn", arn, SURE)


def _home(low: str, shape: Shape) -> bool:
    """Whether a path may lead into somebody's own folder."""
    if shape.cues.isdisjoint(_HOME_WORDS):
        return "/u/" in low
    return holds(low, _HOMES)


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
    if replicas or not shape.cues.isdisjoint(_POD_WORDS):
        words = places(low, "pod", "kubectl ")
        for found in (
            near(_CUED_POD, text, sorted((*words, *replicas)), 120, 180)
            if replicas
            else at_each(_CUED_POD, text, words)
        ):
            yield from named(found, "pod", LIKELY)


def _telling(arn: str) -> bool:
    parts = arn.split(":", 5)
    return parts[4] not in {"", "aws", "000000000000", "123456789012"} or parts[2] == "s3"


def _blank_uuid(value: str) -> bool:
    return len(set(value.replace("-", ""))) < 4 or value.startswith("00000000-0000-4000-8000-")


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


def _accounts_named(text: str, low: str, shape: Shape) -> Iterator[re.Match[str]]:
    words = shape.words
    if not words.isdisjoint(_CHOWN_CUES):
        yield from at_each(_CHOWN, text, places(text, *_CHOWN_WORDS))
    if "-" in text and ("rw" in text or "r-x" in text):
        yield from _LS.finditer(text)
    for found in at_each(_MENTION, text, shape.signs):
        if text[max(0, found.start() - 200) : found.start()].rpartition("\n")[2].strip():
            yield found
    if said := words & _SAID_CUES:
        yield from at_each(_SAID, text, places(low, *said))


def _people(text: str, low: str, shape: Shape) -> Iterator[Span]:
    words = shape.words
    for found in _accounts_named(text, low, shape):
        for span in named(found, "user", LIKELY):
            if span.value.lower() not in NOBODY and not span.value.isdigit():
                yield span
    if ": " in text and not words.isdisjoint(_HEADS):
        heads = [head for each in words & _HEADS.keys() for head in _HEADS[each]]
        for found in near(_HEADED, text, places(text, *heads), 12, 200):
            yield from named(found, "person", LIKELY)
    if "@" in text:
        opened = [
            max(text.rfind("<", max(0, at - 80), at), text.rfind("(", max(0, at - 80), at))
            for at in shape.signs
        ]
        for found in near(_ADDRESSED, text, [at for at in opened if at > 0], 130, 200):
            yield from named(found, "person", LIKELY)
    if titled := words & _TITLES:
        for found in at_each(_TITLED, text, places(text, *[word.title() for word in titled])):
            yield from named(found, "person", LIKELY)


_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof", "herr", "frau", "sr", "sra", "mme"))
_CHOWN_CUES = frozenset(("chown", "chgrp", "su", "sudo", "from", "uid", "session"))
_CHOWN_WORDS = ("chown", "chgrp", "su ", "sudo", "for ", "user ", "by ", "session ")
_HEADS = {
    "from": ("From",), "to": ("To:", "To "), "cc": ("Cc",), "bcc": ("Bcc",), "reply": ("Reply-To",),
    "author": ("Author",), "authorname": ("Author",), "commit": ("Commit",), "committer": ("Commit",),
    "by": ("-by",), "assignee": ("Assignee",), "reporter": ("Reporter",),
}  # fmt: skip
"""A word in lower case -> how a header that holds it is written."""
_SAID_CUES = frozenset(
    "user username login logged signed account uid running owner committer whoami".split()
)


def _tickets(text: str, low: str, shape: Shape) -> Iterator[Span]:
    plain = shape.plain
    anchors = [back(plain, at + 1, "A0", 11) for at in places(plain, *_TICKET_SHAPES)]
    anchors = [at for at in anchors if plain[at] == "A"]
    if not shape.cues.isdisjoint(_TICKET_WORDS):
        anchors += places(low, "ticket", "case")
    anchors.sort()
    for found in at_each(_TICKET, text, anchors):
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
