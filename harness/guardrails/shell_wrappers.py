"""Programs that run something else: another command, a script, a text of code."""

import re
from collections.abc import Iterator, Sequence

from harness.guardrails.effects import Effect
from harness.guardrails.shell_calls import Call, value_of
from harness.guardrails.shell_files import UNKNOWN_TARGET, Handler
from harness.guardrails.shell_words import Word

PRIVILEGING = frozenset({"sudo", "doas", "pkexec", "su", "runuser", "gosu", "su-exec", "sudoedit"})
SHELLS = frozenset("sh bash zsh dash ksh mksh ash fish csh tcsh rbash busybox-sh yash".split())
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_VALUED: dict[str, tuple[str, ...]] = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group"),
    "doas": ("-u", "-C"),
    "pkexec": ("--user",),
    "gosu": (),
    "su-exec": (),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "ionice": ("-c", "-n", "-p"),
    "timeout": ("-k", "-s", "--signal", "--kill-after"),
    "stdbuf": ("-i", "-o", "-e"),
    "exec": ("-a",),
    "flock": ("-w", "-E", "--timeout"),
    "watch": ("-n", "--interval"),
    "strace": ("-o", "-e", "-p", "-s", "-P"),
    "ltrace": ("-o", "-e", "-p"),
    "nsenter": ("-t", "--target", "-S", "-G"),
    "unshare": (),
    "systemd-run": ("-p", "-u", "--unit", "--property", "-H", "-M"),
    "taskset": ("-p",),
    "chrt": (),
    "xargs": ("-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "-i"),
    "parallel": ("-j", "-a", "-S", "--jobs", "--arg-file", "-n", "-N"),
    "proot": ("-r", "-b", "-w"),
    "firejail": (),
    "runuser": ("-u", "-g"),
    "setpriv": (),
    "ssh": ("-i", "-p", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-E", "-W", "-S"),
    "retry": ("-n", "-d", "-t"),
    "entr": (),
    "time": ("-f", "-o"),
    "cpulimit": ("-l", "-p"),
    "sshpass": ("-p", "-f", "-e"),
    "torsocks": (), "proxychains": ("-f",), "proxychains4": ("-f",), "unbuffer": (),
    "command": (), "builtin": (), "nohup": (), "setsid": (), "busybox": (), "toybox": (),
    "chroot": ("--userspec", "--groups"), "coproc": (), "chronic": (), "caffeinate": (),
    "catchsegv": (), "fakeroot": (), "eatmydata": (), "then": (), "do": (), "not": (),
    "doppler": (), "pdsh": ("-w", "-x", "-f", "-u"), "clush": ("-w", "-g", "-x", "-f"),
    "pssh": ("-h", "-H", "-l", "-t", "-o", "-e"),
    "dotenv": ("-f",), "aws-vault": (), "op": (), "linux32": (), "linux64": (), "setarch": (),
    "noglob": (), "nocorrect": (), "rlwrap": (), "dbus-run-session": (), "xvfb-run": (),
    "uv": ("--with", "--python"), "poetry": (), "pipenv": (), "bundle": (), "npx": ("-p",),
    "bunx": (), "pdm": (), "hatch": (), "rye": (), "direnv": (),
}  # fmt: skip
_SKIP_OPERANDS = {"timeout": 1, "chroot": 1, "flock": 1, "ssh": 1, "gosu": 1, "su-exec": 1,
                  "taskset": 1, "chrt": 1, "aws-vault": 0, "setarch": 1, "direnv": 2}  # fmt: skip
AFTER_WORD = {"doppler": "run", "op": "run", "uv": "run", "poetry": "run", "pipenv": "run",
               "bundle": "exec", "pdm": "run", "hatch": "run", "rye": "run", "aws-vault": "--",
               "direnv": "exec"}  # fmt: skip


def inner(program: str, words: Sequence[Word]) -> list[Word]:
    """Return the command that a wrapper runs: its words without the wrapper's own."""
    valued, rest = _VALUED[program], list(words)
    if program in AFTER_WORD:
        starts = [at for at, w in enumerate(rest) if w.text == AFTER_WORD[program]]
        if not starts:
            return []
        rest = rest[starts[0] + 1 :] if program != "direnv" else rest
    skip = _SKIP_OPERANDS.get(program, 0)
    while rest:
        text = rest[0].text
        if text == "--":
            rest = rest[1:]
            if not skip:
                break
        elif text in valued:
            rest = rest[2:]
        elif (text.startswith("-") and len(text) > 1) or (
            _ASSIGNMENT.match(text) and program in {"env", "sudo", "doas", "systemd-run"}
        ):
            rest = rest[1:]
        elif skip:
            skip, rest = skip - 1, rest[1:]
        else:
            break
    return rest


def _wrapper(call: Call) -> Iterator[Effect]:
    program, words = call.program, call.words
    texts = call.texts
    if program == "command" and {"-v", "-V"} & set(texts[:1]):
        return
    if program == "flock" and "-c" in texts:
        yield from call.shell(texts[texts.index("-c") + 1] if texts[-1] != "-c" else "", program)
        return
    if program == "env":
        for word in value_of(words, "-S", "--split-string"):
            yield from call.shell(word.text, program)
    rest = inner(program, words)
    if program in {"watch", "ssh", "retry"}:
        # These join their words and hand them to a shell.
        yield from _joined(call, rest)
        return
    if program == "sudo" and not rest and call.stdin is not None and {"-s", "-i"} & set(texts):
        rest = [Word("sh")]
    if rest:
        yield from call.argv(rest, program)


def _joined(call: Call, rest: Sequence[Word]) -> Iterator[Effect]:
    if rest:
        yield from call.shell(" ".join(word.text for word in rest), call.program)
    elif call.program == "ssh" and call.stdin is not None:
        if call.stdin.text is None:
            yield call.effect("pipe_to_shell", [call.stdin.by])
        else:
            yield from call.shell(call.stdin.text, "ssh")


def _switch_user(call: Call) -> Iterator[Effect]:
    for word in value_of(call.words, "-c", "--command", "--session-command"):
        yield from call.shell(word.text, f"{call.program} -c")
    if call.program == "runuser" and "--" in call.texts:
        yield from call.argv(call.words[call.texts.index("--") + 1 :], call.program)


def _script(call: Call) -> Iterator[Effect]:
    texts = call.texts
    for at, text in enumerate(texts[:-1]):
        if text == "--command" or (text.startswith("-") and text.endswith("c")):
            yield from call.shell(texts[at + 1], "script")


def _xargs(call: Call) -> Iterator[Effect]:
    rest = inner(call.program, call.words)
    if not rest:
        if call.program == "parallel" and call.stdin is not None:
            yield call.effect("pipe_to_shell", [call.stdin.by])
        return
    if ":::" in [word.text for word in rest]:
        at = [word.text for word in rest].index(":::")
        rest = [*rest[:at], *rest[at + 1 :]]
        if at == 0:
            for word in rest:
                yield from call.shell(word.text, "parallel")
            return
    else:
        rest = [*rest, Word(UNKNOWN_TARGET, known=False)]
    if len(rest) > 1 and " " in rest[0].text:
        yield from call.shell(" ".join(word.text for word in rest), call.program)
    else:
        yield from call.argv(rest, call.program)


def _container(call: Call) -> Iterator[Effect]:
    """Read what docker exec, kubectl exec and their like run inside."""
    texts = call.texts
    verbs = [t for t in texts[:6] if t in {"exec", "run", "rsh", "debug", "ssh"}]
    if not verbs:
        return
    at = texts.index(verbs[0]) + 1
    rest = list(call.words[at:])
    if call.program in {"kubectl", "oc", "k"} or "--" in [w.text for w in rest]:
        dashes = [n for n, w in enumerate(rest) if w.text == "--"]
        if dashes:
            yield from call.argv(rest[dashes[0] + 1 :], f"{call.program} {verbs[0]}")
            return
    yield from _in_container(call, rest, verbs[0])


_CONTAINER_VALUED = frozenset(
    "-v -e -w -u -p -n -c --volume --env --workdir --user --name --network --entrypoint --mount "
    "--publish --namespace --container --platform --cpus --memory -m --index --hostname -h "
    "--env-file --label -l --pid --zone --project --command".split()
)


def _in_container(call: Call, rest: list[Word], verb: str) -> Iterator[Effect]:
    entry = [w.text for w in value_of(rest, "--entrypoint")]
    while rest and rest[0].text.startswith("-"):
        rest = rest[2:] if rest[0].text in _CONTAINER_VALUED else rest[1:]
    command = rest[1:]  # behind the container's or image's name
    if entry and command:
        command = [Word(entry[0]), *command]
    if command:
        yield from call.argv(command, f"{call.program} {verb}")


def _shell(call: Call) -> Iterator[Effect]:
    """Read what -c says, a script on the input, or one that a substitution makes."""
    texts = call.texts
    for at, text in enumerate(texts):
        if text.startswith("-") and not text.startswith("--") and "c" in text[1:]:
            rest = [t for t in texts[at + 1 :] if not t.startswith("-")]
            if rest:
                yield from call.shell(rest[0], f"{call.program} -c")
            return
        if text.startswith(("<(", "=(")) or "/dev/tcp/" in text:
            yield call.effect("pipe_to_shell", [text])
            return
        if not text.startswith(("-", "+")) and text != "/dev/stdin":
            return  # a script in a file
    if call.stdin is None:
        return
    if call.stdin.text is None:
        yield call.effect("pipe_to_shell", [call.stdin.by])
    else:
        yield from call.shell(call.stdin.text, f"{call.program} on {call.stdin.by}")


_SAFE_EVALS = re.compile(
    r"^\s*(?:\$\(|`)\s*(?:\S*/)?(?:ssh-agent|direnv|pyenv|rbenv|nodenv|goenv|brew|dircolors|conda|"
    r"mise|starship|zoxide|opam|minikube|fnm|gpg-agent|keychain|docker-machine|lesspipe|thefuck|"
    r"asdf|luarocks|poetry|register-python-argcomplete|kubectl completion|gh completion|fzf|"
    r"atuin|micromamba|jenv|rtx|perl -I|resize|lesspipe\.sh|ssh-add|locale|helm completion)"
    r"[\w\s./=:@$\"'{}~-]*(?:\)|`)\s*$"
)


def _eval(call: Call) -> Iterator[Effect]:
    text = " ".join(call.texts)
    if not text.strip() or _SAFE_EVALS.match(text):
        return
    if text.lstrip().startswith(("$(", "`", "<(")):
        yield call.effect("pipe_to_shell", [text[:80]])
    yield from call.shell(text, "eval")


def _source(call: Call) -> Iterator[Effect]:
    first = next(iter(call.texts), "")
    if first.startswith(("<(", "=(")) or first == "/dev/stdin":
        yield call.effect("pipe_to_shell", [first])


def _trap(call: Call) -> Iterator[Effect]:
    words = [w for w in call.words if w.text != "--"]
    if len(words) > 1 and not words[0].text.startswith("-"):
        yield from call.shell(words[0].text, "trap")


_LOSES_FILES = re.compile(
    r"rmtree|remove_tree|removedirs|\bos\.(?:remove|unlink|rmdir|truncate)\b|\.unlink\(|\bunlink\b"
    r"|rm_rf?\b|\.rmtree|FileUtils\.(?:rm|remove)|File\.delete|Dir\.(?:delete|rmdir|unlink)"
    r"|rm(?:dir)?Sync|unlinkSync|\bfs\.(?:promises\.)?(?:rm|rmdir|unlink|truncate)\b|\brmdir\b"
    r"|truncateSync|os\.Remove(?:All)?|File\.WriteAllText|shutil\.move|emptyDir|\brimraf\b"
    r"|send2trash|delete_recursive|Deno\.remove"
)
_RUNS_TEXT = re.compile(
    r"\bsystem\b|popen|subprocess|\bexec\w*\b|spawn|shell_exec|passthru|proc_open|%x|\bqx\b|`"
    r"|os\.execute|Open3|pty\.|check_output|check_call|Process\.|io\.popen|\bsh\.|run\("
)
_HIDDEN = re.compile(
    r"b64decode|decode_base64|base64|fromhex|unhexlify|atob|pack\(|codecs\.decode"
    r"|zlib\.decompress|urlopen|requests\.get|marshal\.loads|str_rot13|\bchr\("
)
_STRING = re.compile(r"""'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`""")
_SQL_CALL = re.compile(r"\.execute\w*\(|\.query\(|\.raw\(|\.exec\(|executescript")
_DEVICES = re.compile(r"open\([^)\n]{0,40}/dev/(?:sd|nvme|vd|mmc|hd)")
_WRITES = re.compile(r"open\(\s*['\"](/etc/[^'\"]+|/dev/sd\w+|/boot/[^'\"]+)['\"]\s*,\s*['\"]w")
_MOST_STRINGS = 40
_LONGEST_CODE = 20_000


def code_effects(  # noqa: C901 - one question after the other
    call: Call, code: str, by: str
) -> Iterator[Effect]:
    """Find what a text of another language deletes, and what it hands to a shell."""
    if len(code) > _LONGEST_CODE:
        yield Effect("unreadable_shell", by, (f"code of more than {_LONGEST_CODE} characters",))
        return
    if _LOSES_FILES.search(code):
        yield Effect("recursive_delete", by, ("$CODE",))
    if _DEVICES.search(code):
        yield Effect("disk_change", by, ("/dev/$CODE",))
    for found in list(_WRITES.finditer(code))[:_MOST_STRINGS]:
        yield Effect("overwrite", by, (found.group(1),))
    hidden = _HIDDEN.search(code)
    if hidden and re.search(r"\bexec\b|\beval\b|\bsystem\b|popen|subprocess|loads", code):
        yield Effect("dynamic_command", by, (hidden.group(),))
    runs, queries = _RUNS_TEXT.search(code), _SQL_CALL.search(code)
    if not runs and not queries:
        return
    strings = [next(s for s in f.groups() if s is not None) for f in _STRING.finditer(code)]
    strings = strings[:_MOST_STRINGS]
    if queries:
        from harness.guardrails import sql  # noqa: PLC0415 - only where code queries

        for text in strings:
            if " " in text:
                yield from (e for e in sql.effects(text) if e.kind != "unreadable_sql")
    if runs:
        # A list of words is a command too.
        for text in [*strings, " ".join(strings)]:
            inside = call.shell(text.replace('\\"', '"').replace("\\'", "'"), by)
            yield from (e for e in inside if e.kind not in {"unreadable_shell", "command"})


_CODE_FLAGS: dict[str, tuple[str, ...]] = {
    "python": ("-c",), "perl": ("-e", "-E"), "ruby": ("-e",), "node": ("-e", "--eval", "-p"),
    "nodejs": ("-e", "-p"), "php": ("-r",), "lua": ("-e",), "deno": ("eval",), "bun": ("-e",),
    "Rscript": ("-e",), "R": ("-e",), "osascript": ("-e",), "julia": ("-e",), "elixir": ("-e",),
    "groovy": ("-e",), "tclsh": (), "scala": ("-e",), "pypy": ("-c",), "jruby": ("-e",),
    "ghc": ("-e",), "emacs": ("--eval", "-eval"), "vim": ("-c", "+"), "vi": ("-c",),
    "nvim": ("-c",), "gdb": ("-ex", "-batch"), "expect": ("-c",), "raku": ("-e",),
    "ipython": ("-c",),
}  # fmt: skip


def interpreter(program: str) -> str | None:
    """Return the language that a program is an interpreter of, whatever version it names."""
    name = re.sub(r"[\d.]+$", "", program)
    return name if name in _CODE_FLAGS else program if program in _CODE_FLAGS else None


def _interpreter(call: Call) -> Iterator[Effect]:
    language = interpreter(call.program) or call.program
    flags = _CODE_FLAGS[language]
    codes = [w.text for w in value_of(call.words, *flags)]
    for at, text in enumerate(call.texts[:-1]):
        # Letters before the e, as in perl -lne and ruby -ne.
        if language in {"perl", "ruby"} and re.fullmatch(r"-[a-zA-Z0]*[eE]", text):
            codes.append(call.texts[at + 1])
    for code in dict.fromkeys(codes):
        if language in {"vim", "vi", "nvim"}:
            if code.startswith((":!", "!", "r!", ":r!")):
                yield from call.shell(code.partition("!")[2], call.program)
            continue
        yield from code_effects(call, code, call.program)
        in_place = language == "perl" and any(re.match(r"-\w*i", t) for t in call.texts)
        if in_place:
            yield call.effect("overwrite", call.paths(call.texts[-1:]))
    scripts = [t for t in call.texts if not t.startswith("-") or t == "-"]
    if any(t.startswith("<(") for t in scripts):
        yield call.effect("pipe_to_shell", scripts[:1])
    if call.stdin is None or codes or (scripts and scripts[0] != "-"):
        return
    if call.stdin.text is None:
        yield call.effect("pipe_to_shell", [call.stdin.by])
    else:
        yield from code_effects(call, call.stdin.text, f"{call.program} on {call.stdin.by}")


def _awk(call: Call) -> Iterator[Effect]:
    for text in call.texts:
        if "system(" in text or "| getline" in text or '| "sh"' in text or '|"sh"' in text:
            yield from code_effects(call, text.replace("system(", "system ("), call.program)


def _many_hosts(call: Call) -> Iterator[Effect]:
    """Read what ansible and its like hand to the shells of other machines."""
    if call.program == "ansible":
        modules = [w.text for w in value_of(call.words, "-m", "--module-name")]
        if modules and modules[0].rpartition(".")[2] not in {"shell", "command", "raw", "script"}:
            if any("state=absent" in text for text in call.texts):
                yield call.effect("resource_delete", call.texts[:1])
            return
        for word in value_of(call.words, "-a", "--args"):
            yield from call.shell(word.text, call.program)
        return
    if call.program in {"salt", "salt-call"}:
        at = next((n for n, t in enumerate(call.texts) if t.startswith("cmd.")), None)
        texts = call.texts[at + 1 :] if at is not None else []
    else:
        texts = [w.text for w in inner(call.program, call.words)]
    if texts:
        yield from call.shell(" ".join(texts), call.program)


_POWERSHELL = re.compile(
    r"Remove-Item\b[^;|]*-Recurse|Format-Volume|Clear-(?:Disk|Content|RecycleBin|EventLog)"
    r"|Stop-(?:Computer|Service)|Restart-Computer|Remove-(?:Partition|VM|ADUser|LocalUser|Service)"
    r"|Initialize-Disk|\b(?:rd|rmdir|del)\s+/s",
    re.IGNORECASE,
)
_POWERSHELL_RUNS = re.compile(r"\biex\b|Invoke-Expression|FromBase64String", re.IGNORECASE)


def _powershell(call: Call) -> Iterator[Effect]:
    text = " ".join(call.texts)
    coded = any(re.fullmatch(r"(?i)-e(?:c|nc\w*)?", option) for option in call.texts)
    if coded or _POWERSHELL_RUNS.search(text):
        yield call.effect("dynamic_command", [text[:80]])
    if _POWERSHELL.search(text):
        yield call.effect("recursive_delete", ["$CODE"])


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_VALUED, _wrapper),
    **dict.fromkeys(("su", "runuser"), _switch_user),
    "script": _script,
    **dict.fromkeys(("xargs", "parallel", "gxargs"), _xargs),
    **dict.fromkeys(SHELLS, _shell),
    **dict.fromkeys(("ansible", "salt", "salt-call", "pdsh", "clush", "pssh"), _many_hosts),
    **dict.fromkeys(("powershell", "powershell.exe", "pwsh", "pwsh.exe"), _powershell),
    "eval": _eval,
    **dict.fromkeys(("source", "."), _source),
    "trap": _trap,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    **dict.fromkeys(_CODE_FLAGS, _interpreter),
}
ALSO: dict[str, Handler] = dict.fromkeys(
    ("docker", "podman", "kubectl", "oc", "k", "docker-compose", "nerdctl", "gcloud", "heroku",
     "vagrant", "lxc", "incus", "fly", "flyctl", "az", "nomad", "cf", "aws"),
    _container,
)  # fmt: skip
"""Programs that have effects of their own and run something besides."""
_VALUED.setdefault("gxargs", _VALUED["xargs"])
