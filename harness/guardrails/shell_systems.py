"""Programs that act on services, processes, accounts, clouds and data stores."""

import re
from collections.abc import Iterator

from harness.guardrails import sql
from harness.guardrails.effects import Effect
from harness.guardrails.shell_calls import Call, Options, options, value_of
from harness.guardrails.shell_files import Handler

_DRY = ("dry-run", "dryrun", "help", "what-if", "check", "plan", "noop", "simulate")


def _dry(given: Options) -> bool:
    return given.has(*_DRY)


_SHARED = frozenset("main master trunk develop production prod staging release".split())
"""Branches that others build on."""


def _hg(call: Call) -> Iterator[Effect]:
    given = options(call.words, "Rr", ("repository", "rev"))
    verb = next(iter(given.operands), "")
    loses = verb in {"strip", "purge", "rollback"} or (verb == "revert" and given.has("a", "all"))
    loses = loses or (verb in {"update", "up", "checkout"} and given.has("C", "clean"))
    loses = loses or (verb == "push" and given.has("f", "force"))
    if loses and not _dry(given):
        yield call.effect("history_loss", given.operands[:3])


def _switches(call: Call) -> Iterator[Effect]:
    """Modules, mounts and services that are taken out of the running machine."""
    texts = {text.lower() for text in call.texts}
    given = options(call.words, "ot")
    if call.program == "mount":
        if any(t.startswith("remount") or ",remount" in t for t in texts):
            yield call.effect("disk_change", call.texts[-1:])
    elif (
        (call.program == "setenforce" and texts & {"0", "permissive"})
        or call.program == "rmmod"
        or (call.program == "swapoff" and given.has("a", "all"))
        or (call.program == "modprobe" and given.has("r", "remove"))
        or (call.program in {"update-rc.d", "chkconfig"} and texts & {"remove", "disable", "off"})
    ):
        yield call.effect("service_stop", given.operands[:1])


def _git(call: Call) -> Iterator[Effect]:
    texts = call.texts
    while texts and texts[0].startswith("-"):
        valued = texts[0] in {"-C", "-c", "--git-dir", "--work-tree", "--namespace"}
        texts = texts[2:] if valued else texts[1:]
    if not texts:
        return
    verb, rest = texts[0], texts[1:]
    words = call.words[len(call.words) - len(rest) :] if rest else ()
    given = options(words)
    if _dry(given) or not _git_loses(verb, given, rest):
        return
    yield call.effect("history_loss", [" ".join([verb, *rest[:3]])])


def _git_loses(verb: str, given: Options, rest: list[str]) -> bool:  # noqa: C901, PLR0912 - one a verb
    operands = given.operands
    if verb == "push":
        marked = any(o.startswith(("+", ":")) and len(o) > 1 for o in operands[1:])
        forced = given.has("f", "force") or given.has("delete", "d", "mirror", "prune")
        shared = any(o.split(":")[-1].removeprefix("refs/heads/") in _SHARED for o in operands[1:])
        leased = shared and given.has("force-with-lease", "force-if-includes")
        return (forced or marked or leased) and not given.has("n")
    if verb == "reset":
        return given.has("hard", "merge")
    if verb == "clean":
        return given.has("f", "force") and not given.has("n")
    if verb in {"checkout", "switch"}:
        forced = given.has("f", "force", "discard-changes")
        return forced or "--" in rest or operands[-1:] == (".",)
    if verb == "restore":
        return bool(operands) and (given.has("worktree", "W") or not given.has("staged", "S"))
    if verb in {"branch", "tag"}:
        forced = given.has("d", "delete") and given.has("f", "force")
        return given.has("D") or forced or (verb == "tag" and given.has("d", "delete"))
    if verb == "stash":
        return bool({"clear", "drop"} & set(operands))
    if verb == "rm":
        return given.has("r") and bool({".", "*", "/"} & set(operands)) and not given.has("cached")
    if verb == "reflog":
        return bool({"expire", "delete"} & set(operands))
    if verb == "gc":
        return any(r.startswith("--prune") for r in rest)
    if verb == "worktree":
        return "remove" in operands and given.has("f", "force")
    if verb == "update-ref":
        return given.has("d")
    if verb == "remote":
        return bool({"remove", "rm"} & set(operands))
    return verb in {"filter-branch", "filter-repo", "prune"}


_KILL_ALL = {"-1", "1", "0"}


def _kill(call: Call) -> Iterator[Effect]:
    texts = call.texts
    if "-l" in texts or "-L" in texts or "-0" in texts:
        return
    signal = [t for t in texts if t.startswith("-") and t != "-1"]
    targets = [t for t in texts if t not in signal]
    if not signal and texts[:1] == ["-1"]:
        targets = targets[1:]  # kill -1 PID is the signal HUP
    hard = any(re.fullmatch(r"-(?:9|(?:SIG)?KILL)", t) for t in signal) or "-s" in signal
    unknown = [t for t in targets if "$" in t or "`" in t]
    broad = [t for t in targets if t in _KILL_ALL or re.match(r"-\d+$", t)]
    broad += [t for t in unknown if hard or re.search(r"pgrep|\bps\b|pidof|lsof|fuser", t)]
    if broad:
        yield call.effect("process_kill", broad)


def _fuser(call: Call) -> Iterator[Effect]:
    if options(call.words, "nN").has("k", "kill"):
        yield call.effect("process_kill", [t for t in call.texts if not t.startswith("-")])


def _kill_by_name(call: Call) -> Iterator[Effect]:
    given = options(call.words, "sutGgPo", ("signal", "user", "euid", "session"))
    hard = any(re.fullmatch(r"-(?:9|KILL|SIGKILL|s?KILL)", t) for t in call.texts)
    hard = hard or "KILL" in " ".join(call.texts) or "-s 9" in " ".join(call.texts)
    broad = given.has("u", "U", "user", "v", "inverse") or set(given.operands) & {".", ".*", ""}
    if hard or broad or call.program == "killall5":
        yield call.effect("process_kill", given.operands or ("all",))


def _systemctl(call: Call) -> Iterator[Effect]:
    given = options(call.words, "HMtn", ("host", "machine", "type"))
    verb = next(iter(given.operands), "")
    ends = {"stop", "disable", "mask", "kill", "isolate", "poweroff", "reboot", "halt", "rescue",
            "emergency", "kexec", "suspend", "hibernate", "unload", "bootout", "remove", "clean",
            "revert", "set-default", "exit", "soft-reboot", "shutdown"}  # fmt: skip
    if verb in ends and not given.has("help", "dry-run"):
        yield call.effect("service_stop", given.operands[1:] or (verb,))


def _service(call: Call) -> Iterator[Effect]:
    operands = [t for t in call.texts if not t.startswith("-")]
    if {"stop", "delete", "remove", "off", "zap", "shutdown", "force-stop", "kill"} & set(operands):
        yield call.effect("service_stop", operands[:1])


def _halt(call: Call) -> Iterator[Effect]:
    texts = call.texts
    if call.program in {"init", "telinit"}:
        if {"0", "1", "6", "S", "s"} & set(texts):
            yield call.effect("service_stop", ["the machine"])
    elif not {"-c", "--help", "-k", "--show", "--version"} & set(texts):
        yield call.effect("service_stop", ["the machine"])


def _firewall(call: Call) -> Iterator[Effect]:
    texts = set(call.texts)
    if call.program == "ufw" and texts & {"disable", "reset"}:
        yield call.effect("network_change", ["the firewall"])
    elif call.program.startswith(("iptables", "ip6tables", "nft", "ebtables")):
        drops = "-P" in texts or "--policy" in texts
        if drops or texts & {"-F", "--flush", "-X", "flush", "-Z", "destroy"}:
            yield call.effect("network_change", ["the firewall"])
    elif call.program in {"ip", "route", "ifconfig", "nmcli"}:
        if texts & {"flush", "down", "off"} or (texts & {"del", "delete"}):
            yield call.effect("network_change", call.texts[:3])
    elif call.program == "firewall-cmd" and texts & {"--panic-on", "--complete-reload"}:
        yield call.effect("network_change", ["the firewall"])


_POWERFUL = frozenset({"sudo", "wheel", "root", "admin", "adm", "shadow", "disk"})
"""Groups whose members may do anything, or read what nobody may."""


def _account(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    harmless = call.program == "passwd" and not given.has("d", "l", "delete", "lock", "u", "e")
    powerful = given.has("G", "groups", "a") and any(
        _POWERFUL & set(text.split(",")) for text in call.texts
    )
    locks = given.has("L", "p", "lock", "e")
    harmless = harmless or (call.program == "usermod" and not locks and not powerful)
    ends = call.program == "chage" and given.has("E", "I", "M", "expiredate")
    harmless = harmless or (call.program == "chage" and not ends)
    joins = call.program in {"gpasswd", "adduser", "addgroup"}
    harmless = harmless or (joins and not _POWERFUL & set(call.texts[1:]))
    if not harmless and not given.has("help"):
        yield call.effect("account_change", given.operands[-1:])


def _packages_of(call: Call) -> Iterator[Effect]:
    """Find what takes back a package that others depend on, or all that is installed."""
    given = options(call.words)
    verb = next(iter(given.operands), "")
    if verb in {"unpublish", "yank"} and not _dry(given):
        yield call.effect("resource_delete", given.operands[:3])
    listed = given.has("r", "requirement") or any("$" in t or "`" in t for t in call.texts)
    everywhere = given.has("g", "global") and call.program in {"npm", "pnpm", "yarn"}
    removes = verb in {"uninstall", "remove", "rm", "un"}
    if removes and (everywhere or (call.program.startswith("pip") and listed)):
        yield call.effect("package_removal", given.operands)


_REMOVES = {
    "remove", "purge", "autoremove", "erase", "del", "uninstall", "-R", "-Rns", "-Rs", "-Rdd", "-e",
    "-r", "-P", "--purge", "--remove", "--erase", "autopurge", "rm", "dist-clean", "deinstall",
}  # fmt: skip


def _package(call: Call) -> Iterator[Effect]:
    texts = call.texts
    given = options(call.words)
    simulated = given.has("dry-run", "simulate", "s", "just-print", "no-act")
    if set(texts) & _REMOVES and not simulated and not ({"install", "list"} & set(texts)):
        yield call.effect("package_removal", given.operands[1:] or given.operands)


def _crontab(call: Call) -> Iterator[Effect]:
    given = options(call.words, "u")
    if given.has("r"):
        yield call.effect("schedule_change", ["all entries"])
    elif given.operands and not given.has("l", "e"):
        yield call.effect("schedule_change", given.operands)
        if call.stdin is not None and call.stdin.text:
            for line in call.stdin.text.splitlines()[:50]:
                fields = line.split(None, 5 if not line.startswith("@") else 1)
                if len(fields) in {2, 6}:
                    yield from call.shell(fields[-1], "crontab")


def _later(call: Call) -> Iterator[Effect]:
    """At and batch read a script."""
    if call.stdin is not None and call.stdin.text is not None:
        yield from call.shell(call.stdin.text, call.program)


def _history(call: Call) -> Iterator[Effect]:
    if any(t.startswith(("-c", "-d")) for t in call.texts):
        yield call.effect("history_loss", ["the shell's own history"])


def _journal(call: Call) -> Iterator[Effect]:
    if any(t.startswith(("--vacuum", "--rotate")) for t in call.texts):
        yield call.effect("delete", ["/var/log/journal"])


def _redis(call: Call) -> Iterator[Effect]:
    given = options(call.words, "hpnau", ("user", "pass", "uri"))
    verbs = {o.upper() for o in given.operands}
    if call.stdin is not None and call.stdin.text:
        verbs |= {word.upper() for word in call.stdin.text.split()}
    if verbs & {"FLUSHALL", "FLUSHDB", "SHUTDOWN"} or next(iter(given.operands), "").upper() in {
        "DEL", "UNLINK", "SWAPDB", "EVAL", "XTRIM", "DEBUG",
    }:  # fmt: skip
        yield call.effect("data_store_delete", given.operands[:2])


_MONGO = re.compile(
    r"drop(?:Database|Collection|Index(?:es)?|User|Role)?\s*\(|\bremove\s*\(\s*(?:\{\s*\})?\s*\)"
    r"|deleteMany\s*\(\s*\{?\s*\}?\s*\)|shutdownServer|updateMany\s*\(\s*\{\s*\}",
)


_LONGEST_SCRIPT = 5000


def _mongo(call: Call) -> Iterator[Effect]:
    scripts = [w.text for w in value_of(call.words, "--eval")]
    if call.stdin is not None and call.stdin.text:
        scripts.append(call.stdin.text)
    for script in scripts:
        if len(script) > _LONGEST_SCRIPT or _MONGO.search(script):
            yield call.effect("data_store_delete", [script[:80]])


_SQL_CLIENTS: dict[str, tuple[str | None, tuple[str, ...], bool]] = {
    "psql": ("postgres", ("-c", "--command"), False),
    "pgcli": ("postgres", ("-c", "--command"), False),
    "mysql": ("mysql", ("-e", "--execute"), False),
    "mariadb": ("mysql", ("-e", "--execute"), False),
    "mycli": ("mysql", ("-e", "--execute"), False),
    "sqlite3": ("sqlite", ("-cmd",), True),
    "sqlite": ("sqlite", (), True),
    "duckdb": ("duckdb", ("-c", "-s", "-cmd"), True),
    "sqlcmd": ("tsql", ("-Q", "-q"), False),
    "tsql": ("tsql", (), False),
    "clickhouse-client": ("clickhouse", ("-q", "--query"), False),
    "clickhouse": ("clickhouse", ("-q", "--query"), False),
    "snowsql": ("snowflake", ("-q", "--query"), False),
    "snow": ("snowflake", ("-q", "--query"), False),
    "bq": ("bigquery", (), True),
    "cockroach": ("postgres", ("-e", "--execute"), False),
    "usql": (None, ("-c", "--command"), False),
    "cqlsh": (None, ("-e", "--execute"), False),
    "hive": ("hive", ("-e",), False),
    "beeline": ("hive", ("-e",), False),
    "spark-sql": ("spark", ("-e",), False),
    "impala-shell": ("hive", ("-q", "--query"), False),
    "trino": ("trino", ("--execute",), False),
    "presto": ("presto", ("--execute",), False),
    "sqlplus": ("oracle", (), False),
    "athena": ("presto", ("--query-string",), False),
    "influx": (None, ("-execute", "--execute"), False),
    "supabase": ("postgres", ("--execute",), False),
    "wrangler": ("sqlite", ("--command",), False),
    "turso": ("sqlite", (), True),
    "isql": (None, (), False),
    "vsql": ("postgres", ("-c",), False),
}


def _sql(call: Call) -> Iterator[Effect]:
    dialect, flags, operands = _SQL_CLIENTS[call.program]
    texts = [w.text for w in value_of(call.words, *flags)]
    if operands:
        texts += [w.text for w in call.words if " " in w.text and not w.text.startswith("-")]
    if call.stdin is not None and call.stdin.text is not None:
        texts.append(call.stdin.text)
    for text in texts:
        if text.lstrip().startswith("\\!"):
            yield from call.shell(text.lstrip()[2:], call.program)
            continue
        if text.lstrip().startswith((".", "\\")):
            continue
        for effect in sql.effects(text, dialect):
            yield Effect(effect.kind, effect.program, effect.targets, via=(call.program,))
    if {"drop", "destroy", "rm"} & set(call.texts[:2]) and call.program in {"bq", "clickhouse"}:
        yield call.effect("data_store_delete", call.texts[:3])
    verbs = {"reset", "delete", "destroy"} & set(call.texts[:3])
    if verbs and call.program in {"supabase", "influx", "wrangler", "turso"}:
        yield call.effect("data_store_delete", call.texts[:3])


def _store(call: Call) -> Iterator[Effect]:
    given = options(call.words)
    named = call.program in {"dropdb", "dropuser", "pg_dropcluster", "pg_resetwal"}
    verbs = {"drop", "reset", "force_reset", "purge_queue", "delete_queue", "delete_vhost", "del",
             "delete", "delete_user", "flushall", "flush_all", "purge", "delete-topic"}  # fmt: skip
    named = named and not given.has("help")
    if named or set(given.operands) & verbs or given.has("delete"):
        yield call.effect("data_store_delete", given.operands)


_CURL_VALUED = "XdHoumATeFbcwxKCrEy"


def _http(call: Call) -> Iterator[Effect]:
    methods = [w.text.upper() for w in value_of(call.words, "-X", "--request", "--method")]
    urls = [t for t in call.texts if "://" in t or t.startswith("localhost")]
    if "DELETE" in methods or (call.program in {"http", "https", "xh"} and "DELETE" in call.texts):
        yield call.effect("resource_delete", urls)
    if any(re.search(r"/_delete_by_query|/_close\b|/_shutdown", url) for url in urls):
        yield call.effect("resource_delete", urls)
    outputs = value_of(call.words, "-o", "--output", *(["-O"] if call.program == "wget" else []))
    kept = [w.text for w in outputs if w.text not in {"-", "/dev/null"}]
    if kept and call.program in {"curl", "wget"}:
        yield call.effect("overwrite", call.paths(kept))


def _gh(call: Call) -> Iterator[Effect]:
    given = options(call.words, "RHfFX", ("repo", "method", "title", "body", "field"))
    deletes = given.operands[1:2] == ("delete",) or given.operands[:2] == ("repo", "archive")
    methods = [w.text.upper() for w in value_of(call.words, "-X", "--method")]
    if deletes or "DELETE" in methods:
        yield call.effect("resource_delete", given.operands[:3])


def _docker(call: Call) -> Iterator[Effect]:
    given = options(call.words, "Hcfp", ("context", "host", "file", "project-name", "profile"))
    words = set(given.operands[:3])
    forced = given.has("f", "force")
    removes = "prune" in words or {"volume", "rm"} <= words or {"swarm", "leave"} <= words
    holders = {"network", "stack", "secret", "config", "node", "service", "context"}
    removes = removes or ("rm" in words and bool(holders & words))
    down = "down" in words and (given.has("v", "volumes") or given.has("rmi"))
    gone = ("rm" in words or "rmi" in words) and (forced or any("$" in t for t in call.texts))
    mass = {"kill", "stop"} & words and any(re.search(r"[$`].*ps\b", t) for t in call.texts)
    removes = removes or {"system", "reset"} <= words
    if (removes or down or gone or mass) and not given.has("help", "dry-run"):
        yield call.effect("resource_delete", given.operands[:4])


def _kubectl(call: Call) -> Iterator[Effect]:
    given = options(call.words, "nf", ("namespace", "context", "kubeconfig", "cluster", "user"))
    verb = next(iter(given.operands), "")
    client = any(t.startswith("--dry-run") and t != "--dry-run=none" for t in call.texts)
    zero = verb in {"scale", "autoscale"} and any(
        t in {"--replicas=0", "--replicas", "0"} and (t != "--replicas" or "0" in call.texts)
        for t in call.texts
    )
    forced = verb == "replace" and given.has("force")
    pruned = verb == "apply" and given.has("prune")
    if (verb in {"delete", "drain", "cordon", "evict"} or zero or forced or pruned) and not client:
        yield call.effect("resource_delete", given.operands[:4])


def _terraform(call: Call) -> Iterator[Effect]:
    texts = [t.lstrip("-") if t.startswith("-") else t for t in call.texts]
    operands = [t for t in call.texts if not t.startswith("-")]
    verb = operands[:2]
    if verb[:1] == ["plan"] or "help" in texts:
        return
    destroys = verb[:1] == ["destroy"] or (verb[:1] == ["apply"] and "destroy" in texts)
    destroys = destroys or verb in (["state", "rm"], ["state", "push"], ["workspace", "delete"])
    run_all = "destroy" in operands or (call.program == "cdk" and "destroy" in texts)
    if destroys or run_all or verb[:1] in (["taint"], ["force-unlock"]):
        yield call.effect("resource_delete", operands[:3])


def _helm(call: Call) -> Iterator[Effect]:
    given = options(call.words, "nf", ("namespace", "kube-context", "kubeconfig"))
    if next(iter(given.operands), "") in {"uninstall", "delete", "del", "un"} and not _dry(given):
        yield call.effect("resource_delete", given.operands[:3])


_AWS_VERBS = (
    "delete-", "terminate-", "deregister-", "purge-", "remove-", "schedule-key-deletion",
    "batch-delete", "disable-", "reset-", "release-", "stop-", "cancel-", "destroy-", "wipe-",
)  # fmt: skip


def _aws(call: Call) -> Iterator[Effect]:
    given = options(call.words, "", ("profile", "region", "output", "endpoint-url", "query"))
    service, verb = (*given.operands, "", "")[:2]
    if given.has("dryrun", "dry-run") or "help" in given.operands:
        return
    s3 = service == "s3" and (verb in {"rm", "rb"} or (verb == "sync" and given.has("delete")))
    if s3 or (service != "s3" and verb.startswith(_AWS_VERBS)):
        yield call.effect("resource_delete", given.operands[:4])


_DESTROYING = frozenset(
    "delete destroy purge wipe nuke erase drop dropall drop_all drop-all deleteall delete-all "
    "force-reset del rb teardown obliterate dropdb reset_db sqlflush deletefile rdelete forget "
    "prune uninstall repo-delete deleteobjects decommission "
    "undefine unregistervm terminate deregister".split()
)
_DESTROYING_TAILS = (
    ":drop", ":destroy", ":delete", ":wipe", ":reset", ":fresh", ":purge", ":flush", ":rm",
    ":remove", ":clear", ":truncate", ":nuke", ":refresh", ":rollback",
)  # fmt: skip
_ALSO_RM = frozenset(
    "serverless sls gsutil gcloud s3cmd mc rclone vercel s5cmd netlify fly flyctl nomad az".split()
)
_CALM_TAILS = ("cache:", "config:", "route:", "view:", "optimize:", "assets:", "tmp:", "log:")
_TEXT_TOOLS = frozenset(
    "echo printf grep egrep fgrep rg ag ack cat head tail less more sed awk gawk jq yq cut sort "
    "uniq wc test [ export cd man which type whatis apropos whereis help read set unset local "
    "declare alias unalias let return exit true false : pwd ls ll tree stat file diff cmp basename "
    "dirname touch mkdir logger notify-send wall write mail say figlet cowsay code vi vim nano "
    "emacs open xdg-open pytest mypy ruff make cargo go npm yarn pnpm pip pip3 gem bundle tox "
    "poetry uv date sleep seq tr column comm join paste nl od strings md5sum sha256sum id whoami "
    "hostname uname history ps top htop df du free uptime lsof netstat ss ping dig nslookup host "
    "traceroute pg_dump mysqldump pg_restore git printenv env bash sh zsh dash ksh fish python "
    "python3 perl ruby node php lua command ansible-doc tldr tmux screen brew fzf bat "
    "eza exa coverage".split()
)
_RESETS = frozenset("prisma flyway liquibase alembic manage.py knex sequelize dotnet "
                    "supabase drizzle-kit typeorm ef django-admin hasura atlas "
                    "firebase".split())  # fmt: skip
_RUNNERS = frozenset("npx bunx pnpx yarn pnpm npm bun bundle poetry uv pipenv rye python "
                     "python3 php node ruby dotnet deno".split())  # fmt: skip


def generic(call: Call) -> Iterator[Effect]:
    """Find the verb that destroys, in programs that nothing else is known of."""
    given = options(call.words, "", ("profile", "region", "project", "zone", "namespace", "app"))
    operands = [o for o in given.operands if len(o) < 60 and " " not in o]  # noqa: PLR2004 - a verb
    if _dry(given):
        return
    asks = operands[:1] and operands[0] in {"auth", "explain", "help", "describe", "logs"}
    if not asks and call.program not in _TEXT_TOOLS and call.program not in _RUNNERS:
        verbs = {o.lower() for o in operands[:4]}
        cloud = (
            call.program in _ALSO_RM
            and verbs & {"rm", "remove", "rsync"}
            and (not {"rsync"} & verbs or given.has("d"))
        )
        named = any(
            v.startswith(("delete-", "destroy-", "purge-")) or v.endswith("-delete") for v in verbs
        )
        named = named or "-delete-" in call.program or call.program.startswith(("delete-", "drop-"))
        flagged = given.has("delete", "destroy", "purge", "force-delete", "prune")
        secret = call.program == "vault" and verbs & {"disable", "revoke", "seal"}
        mirrored = call.program == "rclone" and verbs & {"sync", "move", "moveto", "rmdirs"}
        if verbs & _DESTROYING or cloud or named or flagged or secret or mirrored:
            yield call.effect("resource_delete", operands[:3])
    if any(_resets(call, o.lower()) for o in operands[:4]) or _migrations(call, operands, given):
        yield call.effect("data_store_delete", operands[:3])


def _resets(call: Call, word: str) -> bool:
    if call.program in _TEXT_TOOLS - _RUNNERS or word.startswith(_CALM_TAILS):
        return False
    return word.endswith(_DESTROYING_TAILS) or word in {"db:setup:force", "migrate:refresh"}


def _migrations(call: Call, operands: list[str], given: Options) -> bool:
    tools = {call.program.rsplit("/", 1)[-1], *(o.rsplit("/", 1)[-1] for o in operands[:2])}
    if call.program in _TEXT_TOOLS - _RUNNERS or not tools & _RESETS:
        return False
    words = {o.lower() for o in operands}
    forced = given.has("force-reset", "accept-data-loss")
    downgraded = "downgrade" in words and "base" in words
    verbs = {"reset", "flush", "clean", "drop", "dropall", "drop-all", "reset_db", "reset_schema",
             "db:drop", "sqlflush"}  # fmt: skip
    return bool(words & verbs) or forced or downgraded or given.has("all")


HANDLERS: dict[str, Handler] = {
    "git": _git,
    "hg": _hg,
    **dict.fromkeys(
        ("mount", "setenforce", "rmmod", "modprobe", "update-rc.d", "chkconfig", "swapoff"),
        _switches,
    ),
    "kill": _kill,
    **dict.fromkeys(("killall", "pkill", "killall5", "skill"), _kill_by_name),
    "fuser": _fuser,
    **dict.fromkeys(("systemctl", "launchctl"), _systemctl),
    **dict.fromkeys(("service", "rc-service", "supervisorctl", "pm2", "sv", "monit"), _service),
    **dict.fromkeys(("shutdown", "reboot", "halt", "poweroff", "init", "telinit"), _halt),
    **dict.fromkeys(
        ("ufw", "iptables", "ip6tables", "nft", "ip", "route", "ifconfig", "firewall-cmd",
         "iptables-legacy", "nmcli", "ebtables"),
        _firewall,
    ),
    **dict.fromkeys(
        ("userdel", "groupdel", "deluser", "delgroup", "passwd", "usermod", "chpasswd", "gpasswd",
         "adduser", "addgroup", "chage"),
        _account,
    ),
    **dict.fromkeys(
        ("apt-get", "apt", "aptitude", "yum", "dnf", "zypper", "apk", "pacman", "dpkg", "rpm",
         "snap", "flatpak", "pkg", "emerge", "yay"),
        _package,
    ),
    **dict.fromkeys(
        ("npm", "pnpm", "yarn", "pip", "pip3", "gem", "cargo", "poetry", "twine"), _packages_of
    ),
    "crontab": _crontab,
    **dict.fromkeys(("at", "batch"), _later),
    "history": _history,
    "journalctl": _journal,
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), _redis),
    **dict.fromkeys(("mongo", "mongosh"), _mongo),
    **dict.fromkeys(_SQL_CLIENTS, _sql),
    **dict.fromkeys(
        ("dropdb", "dropuser", "pg_dropcluster", "pg_resetwal", "mysqladmin", "rabbitmqctl",
         "kafka-topics", "kafka-topics.sh", "etcdctl", "rabbitmqadmin", "zkcli.sh"),
        _store,
    ),
    **dict.fromkeys(("curl", "wget", "http", "https", "xh"), _http),
    **dict.fromkeys(("gh", "glab", "hub"), _gh),
    **dict.fromkeys(("docker", "podman", "docker-compose", "nerdctl", "podman-compose"), _docker),
    **dict.fromkeys(("kubectl", "oc", "k", "k3s"), _kubectl),
    **dict.fromkeys(("terraform", "tofu", "terragrunt", "cdk", "pulumi"), _terraform),
    "aws": _aws,
    "helm": _helm,
}  # fmt: skip
