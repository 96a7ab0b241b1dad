"""Programs that delete, overwrite, or change what files and disks are."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from harness.guardrails.effects import Effect
from harness.guardrails.shell_calls import Call, options, value_of
from harness.guardrails.shell_words import Word

Handler = Callable[[Call], Iterator[Effect]]
UNKNOWN_TARGET = "$STDIN"
_DEVICE = re.compile(
    r"/dev/(?!null$|zero$|stdout$|stderr$|stdin$|tty|fd/|pts/|shm/|full$|u?random$)"
)


def is_device(path: str) -> bool:
    """Whether a path is a device whose overwriting destroys what it holds."""
    return _DEVICE.match(path) is not None


def _rm(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    if given.has("help", "version"):
        return
    recursive = given.has("r", "R", "recursive")
    kind = "recursive_delete" if recursive else "delete"
    unnamed = call.stdin or call.program == "trash-empty"
    targets = call.paths(given.operands) or ((UNKNOWN_TARGET,) if unnamed else ())
    if targets:
        yield call.effect(kind, targets)


def _unlink(call: Call) -> Iterator[Effect]:
    targets = call.paths(options(call.words).operands)
    if targets:
        yield call.effect("delete", targets)


def _shred(call: Call) -> Iterator[Effect]:
    given = options(call.words, "nsi", ("iterations", "size", "random-source"))
    if given.has("help", "version"):
        return
    targets = call.paths(given.operands) or (UNKNOWN_TARGET,)
    kind = "disk_change" if any(map(is_device, targets)) else "truncate_file"
    yield call.effect(kind, targets)


def _truncate(call: Call) -> Iterator[Effect]:
    sizes = [w.text for w in call.words]
    given = options(call.words, "sr", ("size", "reference"))
    if not given.has("s", "size", "r", "reference") or any("+" in s for s in sizes):
        return
    yield call.effect("truncate_file", call.paths(given.operands))


def _dd(call: Call) -> Iterator[Effect]:
    for text in call.texts:
        if text.startswith("of="):
            target = call.path(text[3:])
            yield call.effect("disk_change" if is_device(target) else "truncate_file", [target])


def _overwriting(call: Call) -> Iterator[Effect]:
    """cp, mv, install, ln: the last operand is what is written."""
    given = options(call.words, "tSmog", ("target-directory", "suffix", "mode", "owner", "group"))
    operands = call.paths(given.operands)
    if call.program == "mv" and operands and operands[-1] == "/dev/null":
        yield call.effect("recursive_delete", operands[:-1])
        return
    if len(operands) > 1:
        target, emptied = operands[-1], operands[0] == "/dev/null"
        if is_device(target):
            yield call.effect("disk_change", [target])
        else:
            yield call.effect("truncate_file" if emptied else "overwrite", [target])
    if call.program == "mv":
        moved = [o for o in operands[:-1] if o in {"/", "/*", "~", "~/*", "/home", "/etc", "/usr"}]
        if moved:
            yield call.effect("recursive_delete", moved)


def _tee(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    for path in call.paths(given.operands):
        if is_device(path):
            yield call.effect("disk_change", [path])
        elif not given.has("a", "append"):
            emptied = call.stdin is not None and (
                call.stdin.by == "/dev/null" or call.stdin.text == ""
            )
            yield call.effect("truncate_file" if emptied else "overwrite", [path])
        else:
            yield call.effect("append", [path])


def _sed(call: Call) -> Iterator[Effect]:
    given = options(call.words, "ef", ("expression", "file"))
    if given.has("i", "in-place"):
        yield call.effect("overwrite", call.paths(given.operands[-1:]))


def _chmod(call: Call) -> Iterator[Effect]:
    given = options([w for w in call.words if not re.fullmatch(r"-[rwxXst]+", w.text)])
    recursive = given.has("R", "recursive")
    mode = next((w.text for w in call.words if _is_mode(w.text)), "")
    opened = bool(
        re.search(r"(^|,)[ugo]*[oa][ugoa]*[+=][rxXst]*w|^\+[rx]*w|[ugoa]*[+=][rwxX]*s", mode)
    )
    digits = mode.lstrip("0") if mode.isdigit() else ""
    if mode.isdigit():
        special = len(digits) > 3 and mode[-4] in "4567"  # noqa: PLR2004 - four digits
        opened = special or mode[-1] in "2367" or not digits
    targets = call.paths(o for o in given.operands if o != mode)
    if recursive or opened:
        yield call.effect("permission_change", targets)


def _is_mode(text: str) -> bool:
    if len(text) > 40:  # noqa: PLR2004 - no mode is so long
        return False
    return text.isdigit() or re.fullmatch(r"[ugoa]*[-+=][rwxXstugo,+=-]*", text) is not None


def _chown(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    operands = given.operands if given.has("reference") else given.operands[1:]
    targets = call.paths(operands)
    if given.has("R", "recursive") or any(t.startswith(("/etc", "/usr", "/bin")) for t in targets):
        yield call.effect("permission_change", targets)


def _acl(call: Call) -> Iterator[Effect]:
    given = options(call.words, "mxMX")
    if given.has("R", "recursive") or call.program == "chattr":
        yield call.effect("permission_change", call.paths(given.operands[-1:]))


def _disk(call: Call) -> Iterator[Effect]:
    given = options(call.words, "tLNT", ("type", "label"))
    asks = given.has("help", "version", "V", "n", "no-act", "dry-run") and not given.has("F", "f")
    reads = given.has("l", "list", "x", "L") and call.program in {
        "fdisk",
        "sfdisk",
        "gdisk",
        "cfdisk",
    }
    if not asks and not reads:
        yield call.effect("disk_change", given.operands[-1:] or (UNKNOWN_TARGET,))


def _verbs(verbs: str) -> Handler:
    """Return the handler of a program whose verb decides."""
    wanted = frozenset(verbs.split())

    def handler(call: Call) -> Iterator[Effect]:
        given = options(call.words)
        found = wanted & {*given.operands, *(f"--{name}" for name in given.long)}
        found |= wanted & {f"-{letter}" for letter in given.short}
        if found and not given.has("dry-run", "help"):
            yield call.effect("disk_change", given.operands[-1:])

    return handler


_REGENERATED = re.compile(
    r"__pycache__|\.(?:pytest|mypy|ruff)_cache|\.DS_Store|Thumbs\.db|[\w*-]*\.egg-info|node_modules"
    r"|\*\.(?:py[co]|o|obj|class|swp|swo|tmp)|\*~|\.?#\*"
)
"""Names of what a build or an editor makes again."""


def _only_named(texts: list[str]) -> str:
    """Return the name that all that is found has, where it is that of something made again."""
    names = [after for text, after in pairwise(texts) if text in {"-name", "-iname"}]
    wider = {"-o", "-or", "!", "-not", ",", "-path", "-regex"} & set(texts)
    return names[0] if len(names) == 1 and not wider and _REGENERATED.fullmatch(names[0]) else ""


def _find(call: Call) -> Iterator[Effect]:
    """find: -delete, and the commands that it runs."""
    texts = call.texts
    only = _only_named(texts)
    starts = []
    for text in texts:
        if text.startswith("-") or text in {"(", "!"}:
            if text in {"-H", "-L", "-P"}:
                continue
            break
        starts.append(text)
    roots = call.paths(starts or ["."])
    if only:
        roots = tuple(f"{root.rstrip('/')}/{only}" for root in roots)
    if "-delete" in texts:
        yield call.effect("recursive_delete", roots)
    for at, text in enumerate(texts):
        if text in {"-exec", "-execdir", "-ok", "-okdir"}:
            found = "" if only else "/$FOUND"
            yield from call.argv(_filled(_until(call.words[at + 1 :]), roots, found), call.program)
        elif text in {"-fprint", "-fls", "-fprintf"} and at + 1 < len(texts):
            yield call.effect("overwrite", call.paths(texts[at + 1 : at + 2]))


def _until(words: tuple[Word, ...]) -> list[Word]:
    taken: list[Word] = []
    for word in words:
        if word.text in {";", "\\;", "+"}:
            break
        taken.append(word)
    return taken


def _filled(words: list[Word], roots: tuple[str, ...], found: str) -> list[Word]:
    """Put what was found in the place of ``{}``: something below the folders that are searched."""
    return [
        Word(w.text.replace("{}", f"{roots[0].rstrip('/')}{found}"), known=not found)
        if "{}" in w.text
        else w
        for w in words
    ]


def _fd(call: Call) -> Iterator[Effect]:
    for at, text in enumerate(call.texts):
        if text in {"-x", "-X", "--exec", "--exec-batch"}:
            found = Word("./$FOUND", known=False)
            yield from call.argv([*_until(call.words[at + 1 :]), found], call.program)


def _rsync(call: Call) -> Iterator[Effect]:
    given = options(call.words, "efB")
    deletes = any(name.startswith(("delete", "del")) for name in given.long)
    if (deletes or given.has("remove-source-files")) and not given.has("dry-run", "n"):
        yield call.effect("recursive_delete", call.paths(given.operands[-1:]))


def _archive(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    if given.has("remove-files", "move") or (call.program == "zip" and given.has("m")):
        yield call.effect("recursive_delete", call.paths(given.operands[-1:]))
    yield from _unpacked(call)
    for at, text in enumerate(call.texts):
        if text.startswith("--checkpoint-action=exec="):
            yield from call.shell(text.split("exec=", 1)[1], call.program)
        elif text in {"--to-command", "-I", "--use-compress-program"} and at + 1 < len(call.words):
            yield from call.shell(call.texts[at + 1], call.program)
        elif text.startswith(("--to-command=", "--use-compress-program=")):
            yield from call.shell(text.split("=", 1)[1], call.program)


def _unpacked(call: Call) -> Iterator[Effect]:
    """Say that an archive which is unpacked writes over what is in the folder."""
    first = next(iter(call.texts), "")
    unzips = call.program == "unzip" and not {"-l", "-t", "-p"} & set(call.texts)
    clusters = [t for t in call.texts if re.fullmatch(r"-[a-zA-Z]+", t)]
    takes = any("x" in t for t in clusters) or (first[:1] != "-" and "x" in first)
    if not unzips and not (takes and "." not in first) and "--extract" not in call.texts:
        return
    names = ("-d",) if unzips else ("-C", "--directory")
    for word in value_of(call.words, *names):
        folder = call.path(word.text)
        yield call.effect("overwrite", ["/" if folder == "/" else f"{folder}/*"])


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("rm", "grm", "srm", "rmtree", "del", "trash-empty"), _rm),
    **dict.fromkeys(("unlink",), _unlink),
    **dict.fromkeys(("shred", "wipe", "scrub", "sfill", "gshred"), _shred),
    **dict.fromkeys(("truncate", "gtruncate"), _truncate),
    **dict.fromkeys(("dd", "dcfldd", "gdd"), _dd),
    **dict.fromkeys(("cp", "mv", "install", "ln", "gcp", "gmv"), _overwriting),
    **dict.fromkeys(("tee", "sponge"), _tee),
    **dict.fromkeys(("sed", "gsed"), _sed),
    "chmod": _chmod,
    **dict.fromkeys(("chown", "chgrp"), _chown),
    **dict.fromkeys(("setfacl", "chattr", "chcon"), _acl),
    **dict.fromkeys(
        (
            "mkfs", "mke2fs", "mkswap", "wipefs", "fdisk", "sfdisk", "gdisk", "cfdisk",
            "blkdiscard", "lvremove", "vgremove", "pvremove", "mkdosfs", "newfs",
            "lvreduce", "dmsetup",
        ),
        _disk,
    ),
    "parted": _verbs("mklabel mktable rm mkpart resizepart"),
    "sgdisk": _verbs("-Z -o -d --zap --zap-all --clear --delete"),
    "cryptsetup": _verbs("luksFormat erase luksErase luksKillSlot luksRemoveKey format"),
    **dict.fromkeys(("zfs", "zpool"), _verbs("destroy rollback labelclear")),
    "btrfs": _verbs("delete"),
    "mdadm": _verbs("--zero-superblock --stop --remove -S"),
    "hdparm": _verbs("--security-erase --security-erase-enhanced --trim-sector-ranges"),
    "nvme": _verbs("format sanitize write-zeroes delete-ns"),
    "badblocks": _verbs("-w -n"),
    "diskutil": _verbs("eraseDisk eraseVolume partitionDisk secureErase zeroDisk reformat"),
    "multipath": _verbs("-F"),
    "find": _find,
    "gfind": _find,
    **dict.fromkeys(("fd", "fdfind"), _fd),
    **dict.fromkeys(("rsync", "robocopy"), _rsync),
    **dict.fromkeys(("tar", "zip", "unzip", "bsdtar", "gtar"), _archive),
}  # fmt: skip
PREFIXES: tuple[tuple[str, Handler], ...] = (("mkfs.", _disk), ("newfs_", _disk))
