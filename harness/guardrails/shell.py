"""Shell read as what it would do, by tree-sitter-bash.

The walk goes through every command there is: in pipes, loops, functions, substitutions and
heredocs, in what a wrapper or another shell is handed, in variables and aliases whose value stands
in the same text. It runs nothing and looks at no file.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from harness.guardrails import shell_fetched, shell_files, shell_systems, shell_wrappers
from harness.guardrails.effects import Effect
from harness.guardrails.shell_calls import Call, Stdin
from harness.guardrails.shell_files import Handler, is_device
from harness.guardrails.shell_words import (
    Reader,
    Scope,
    Word,
    expand_braces,
    plain_ifs,
    unescape,
)

LONGEST = 50_000
"""Characters of a script that are read; more is unreadable."""
_LONGEST_VALUE = 1000
"""Characters of a variable that are remembered: values that double would fill the memory."""
_DEEPEST = 12
_MOST = 2000
_IN_FOLDER = re.compile(r"[\w${}./~-]+/[\w.+-]+")
_GLOB = re.compile(r"[*?\[]")
_PASSING_ON = frozenset({"ssh", "watch", "sudo", "su -c", "runuser -c", "env", "eval"})
"""Wrappers whose standard input is that of what they run."""
_PRINTS_NOTHING = frozenset({":", "true"})
_HARMLESS_VARIABLES = frozenset(
    "EDITOR VISUAL PAGER BROWSER PYTHON PYTHON3 CC CXX MAKE NODE NPM JAVA GO CARGO PIP RUBY PHP "
    "GIT DOCKER KUBECTL TERRAFORM AWK SED GREP SHELLCHECK PYTEST".split()
)
_BOMB = re.compile(
    r"(?:^|[\s;&|])([^\s()]{1,40})\s?\(\)\s?\{[^}]{0,80}?(?<![\w.])\1 ?\| ?&? ?\1(?![\w.])"
)


def effects(text: str) -> tuple[Effect, ...]:
    """Return what a shell script would do, in order; never raises, whatever the text holds."""
    if len(text) > LONGEST:
        return (Effect("unreadable_shell", "text", (f"longer than {LONGEST} characters",)),)
    return _cached(text)


@lru_cache(maxsize=1024)
def _cached(text: str) -> tuple[Effect, ...]:
    walk = _Walk(_Budget())
    try:
        found = tuple(dict.fromkeys(walk.script(text)))
        found += tuple(shell_fetched.runs_fetched(found))
    except RecursionError:
        return (Effect("unreadable_shell", "text", ("nested too deeply",)),)
    return found


@cache
def _parser() -> Any:
    import tree_sitter_bash  # noqa: PLC0415 - an optional extra, and only for shell
    from tree_sitter import Language, Parser  # noqa: PLC0415

    language = Language(tree_sitter_bash.language())
    return lambda source: Parser(language).parse(source)


@dataclass(slots=True)
class _Budget:
    """What one text may cost: hostile ones unfold without end."""

    left: int = _MOST

    def spend(self) -> bool:
        self.left -= 1
        return self.left > 0


class _Walk:
    """One pass through a script; scripts inside of it get a pass of their own."""

    def __init__(
        self,
        budget: _Budget,
        scope: Scope | None = None,
        depth: int = 0,
        stdin: Stdin | None = None,
    ) -> None:
        self._budget = budget
        self._scope = scope or Scope()
        self._depth = depth
        self._stdin = stdin
        self._calling: set[str] = set()

    def script(self, text: str) -> Iterator[Effect]:
        """Yield the effects of a script."""
        if self._depth > _DEEPEST or len(text) > LONGEST or not self._budget.spend():
            yield Effect("unreadable_shell", "text", ("nested too deeply",))
            return
        bomb = _BOMB.search(text[:2000])
        if bomb:
            yield Effect("fork_bomb", bomb.group(1))
        text = plain_ifs(expand_braces(text.replace("\\\r\n", " ").replace("\\\n", " ")))
        source = text.encode("utf-8", "replace")
        root = _parser()(source).root_node
        self._reader = Reader(source, self._scope, self._printed)
        yield from self._visit(root, self._stdin)
        if root.has_error:
            yield from self._broken(root)

    def _broken(self, root: Any) -> Iterator[Effect]:
        wrong = _first_error(root)
        where = self._reader.source(wrong)[:40] if wrong is not None else ""
        yield Effect("unreadable_shell", "text", (where,))

    def _visit(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        if not self._budget.spend():
            yield Effect("unreadable_shell", "text", ("too much of it",))
            return
        handler = getattr(self, f"_{node.type}", None)
        if handler is not None:
            yield from handler(node, stdin)
        else:
            yield from self._children(node, stdin)

    def _children(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        for child in node.named_children:
            yield from self._visit(child, stdin)

    def _comment(self, _node: Any, _stdin: Stdin | None) -> Iterator[Effect]:
        yield from ()

    def _function_definition(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        name = self._reader.source(node.named_children[0])
        self._scope.functions[name] = node
        # What a function does counts where it is defined: nobody writes one to leave it.
        for child in node.named_children[1:]:
            yield from self._visit(child, stdin)

    def _subshell(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        folder = self._scope.folder
        yield from self._children(node, stdin)
        self._scope.folder = folder

    def _command_substitution(self, node: Any, _stdin: Stdin | None) -> Iterator[Effect]:
        folder = self._scope.folder
        for effect in self._children(node, None):
            yield replace(effect, substituted=True)
        self._scope.folder = folder

    _process_substitution = _command_substitution

    def _variable_assignment(self, node: Any, _stdin: Stdin | None) -> Iterator[Effect]:
        yield from self._inside(node)
        named = node.named_children
        if not named:
            return
        name = self._reader.source(named[0])
        value = self._reader.word(named[1]) if len(named) > 1 else Word("")
        if len(value.text) > _LONGEST_VALUE:
            self._scope.variables.pop(name, None)
        elif value.known or "$" in value.text:
            self._scope.variables[name] = value.text
        if not value.known and value.text == f"${name}":
            self._scope.variables.pop(name, None)
        if name in {"PROMPT_COMMAND", "BASH_ENV", "ENV"} and value.known:
            yield from self._inner(value.text, name)

    def _for_statement(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        named = node.named_children
        if named and named[0].type == "variable_name":
            self._scope.variables.pop(self._reader.source(named[0]), None)
            values = [n for n in named[1:] if n.type != "do_group"]
            if len(values) == 1:
                word = self._reader.word(values[0])
                if word.known and not _GLOB.search(word.text):
                    self._scope.variables[self._reader.source(named[0])] = word.text
        yield from self._children(node, stdin)

    def _declaration_command(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        yield from self._children(node, stdin)

    def _pipeline(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        for child in node.named_children:
            yield from self._visit(child, stdin)
            stdin = self._output(child, stdin)

    def _redirected_statement(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        body = node.child_by_field_name("body")
        redirects = [c for c in node.named_children if c.type.endswith("redirect")]
        stdin = self._input(redirects, stdin)
        if body is not None:
            yield from self._visit(body, stdin)
        empty = body is None or self._prints_nothing(body, stdin)
        for redirect in redirects:
            yield from self._redirect(redirect, empty=empty)
            yield from self._after_heredoc(redirect, body, stdin)

    def _after_heredoc(self, redirect: Any, body: Any, stdin: Stdin | None) -> Iterator[Effect]:
        """Go on with the line behind ``<<EOF``, which stands inside of the heredoc in the tree."""
        for child in redirect.named_children:
            if child.type == "pipeline":
                piped = self._output(body, stdin) if body is not None else stdin
                for part in child.named_children:
                    yield from self._visit(part, piped)
                    piped = self._output(part, piped)
            elif child.type in {"command", "list", "redirected_statement"}:
                yield from self._visit(child, None)
            elif child.type == "file_redirect":
                yield from self._redirect(child, empty=False)
            elif child.type == "heredoc_body":
                yield from self._inside(child)

    def _input(self, redirects: Iterable[Any], stdin: Stdin | None) -> Stdin | None:
        for redirect in redirects:
            if redirect.type == "heredoc_redirect":
                bodies = [c for c in redirect.named_children if c.type == "heredoc_body"]
                text = "".join(self._reader.source(body) for body in bodies)
                stdin = Stdin(text, "heredoc")
            elif redirect.type == "herestring_redirect":
                stdin = self._herestring(redirect)
            elif redirect.type == "file_redirect" and _operator(redirect) == "<":
                path = self._reader.word(redirect.named_children[-1]).text
                stdin = Stdin(None, path)
        return stdin

    def _herestring(self, redirect: Any) -> Stdin:
        word = self._reader.word(redirect.named_children[-1])
        return Stdin(word.text, "here-string")

    def _redirect(self, node: Any, *, empty: bool) -> Iterator[Effect]:
        yield from self._inside(node)
        operator = _operator(node)
        if node.type != "file_redirect" or not node.named_children or "<" in operator:
            return
        word = self._reader.word(node.named_children[-1])
        if operator in {">&", "&>&"} and word.text.isdigit():
            return
        path = self._call("redirect", (), None).path(word.text)
        if path in {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "-"}:
            return
        if is_device(path) or path.startswith(("/proc/sys", "/sys/")):
            yield Effect("disk_change", operator, (path,))
        elif operator == ">>":
            yield Effect("append", operator, (path,))
        else:
            yield Effect("truncate_file" if empty else "overwrite", operator, (path,))

    def _prints_nothing(self, node: Any, stdin: Stdin | None) -> bool:
        if node.type != "command":
            return False
        words = self._words(node)
        if not words or words[0].text in _PRINTS_NOTHING:
            return True
        texts = [word.text for word in words]
        if texts[0] == "cat":
            return texts[1:] == ["/dev/null"] or (
                len(texts) == 1 and stdin is not None and stdin.by == "/dev/null"
            )
        return texts[0] in {"echo", "printf"} and not "".join(
            t for t in texts[1:] if t not in {"-n", "-e", "-ne"}
        )

    def _command(self, node: Any, stdin: Stdin | None) -> Iterator[Effect]:
        redirects = [c for c in node.named_children if c.type.endswith("redirect")]
        stdin = self._input(redirects, stdin)
        for child in node.named_children:
            if child.type == "variable_assignment":
                yield from self._visit(child, stdin)
            elif child.type != "command_name" or child.named_children:
                yield from self._inside(child)
        words = self._words(node)
        if words:
            yield from self.argv(words, stdin)
        empty = not words or self._prints_nothing(node, stdin)
        for redirect in redirects:
            yield from self._redirect(redirect, empty=empty)

    def _inside(self, node: Any) -> Iterator[Effect]:
        """Yield the effects of substitutions inside of a word."""
        if node.type in {"command_substitution", "process_substitution"}:
            yield from self._visit(node, None)
            return
        for child in node.named_children:
            yield from self._inside(child)

    def _words(self, node: Any) -> list[Word]:
        words: list[Word] = []
        for child in node.named_children:
            if child.type == "variable_assignment" or child.type.endswith("redirect"):
                continue
            words += self._reader.words(child)
        return [word for word in words if word.text or not word.split]

    def _printed(self, node: Any) -> str | None:
        """Return what a substitution prints, where that stands in it."""
        commands = node.named_children
        if len(commands) != 1 or commands[0].type != "command":
            return None
        words = self._words(commands[0])
        texts = [word.text for word in words]
        if not texts or not all(word.known for word in words):
            return None
        if texts[0] in {"which", "type", "command"} and len(texts) > 1:
            return texts[-1]
        if texts[0] == "mktemp":
            return "/tmp/mktemp"  # noqa: S108 - what mktemp stands for
        out = self._output(commands[0], None)
        return out.text.strip() if out is not None and out.text is not None else None

    def _output(self, node: Any, stdin: Stdin | None) -> Stdin | None:
        """Return what a command hands on through a pipe."""
        if node.type == "redirected_statement":
            redirects = [c for c in node.named_children if c.type.endswith("redirect")]
            body = node.child_by_field_name("body")
            return self._output(body, self._input(redirects, stdin)) if body is not None else None
        if node.type != "command":
            return Stdin(None, "a pipe")
        words = self._words(node)
        redirects = [c for c in node.named_children if c.type.endswith("redirect")]
        stdin = self._input(redirects, stdin)
        texts = [word.text for word in words]
        name = texts[0] if texts else ""
        if name == "cat" and texts[1:] in ([], ["-"]) and stdin is not None:
            return stdin
        if name == "cat" and texts[1:] == ["/dev/null"]:
            return Stdin("", "/dev/null")
        if name == "tee":
            return stdin
        if name in {"echo", "printf"}:
            return Stdin(_echoed(name, words[1:]), name)
        return Stdin(None, name or "a pipe")

    def argv(self, words: Sequence[Word], stdin: Stdin | None) -> Iterator[Effect]:
        """Yield the effects of a command that is given as its words."""
        if not words or not self._budget.spend():
            return
        first = words[0]
        alias = self._scope.aliases.get(first.text)
        if alias is not None and first.text not in self._calling:
            self._calling.add(first.text)
            rest = " ".join(_quoted(word) for word in words[1:])
            yield from self._inner(f"{alias} {rest}", "an alias", stdin)
            self._calling.discard(first.text)
            return
        program = _program(first.text)
        if not first.known and program is None:
            yield Effect("dynamic_command", first.text[:40], tuple(w.text for w in words[1:3]))
            return
        yield from self._run(program or first.text, tuple(words[1:]), stdin)

    def _run(self, program: str, words: tuple[Word, ...], stdin: Stdin | None) -> Iterator[Effect]:
        yield Effect("command", program, tuple(word.text for word in words[:4]))
        if program == "cd":
            self._cd(words)
        elif program == "alias":
            self._alias(words)
        elif program == "set" and words and words[0].text == "--":
            self._scope.positional = tuple(word.text for word in words[1:])
        elif program in {"export", "declare", "local", "readonly", "typeset"}:
            self._declared(words)
        call = self._call(program, words, stdin)
        privileged = program in shell_wrappers.PRIVILEGING
        for handler in _handlers(program):
            for effect in handler(call):
                yield replace(effect, privileged=True) if privileged else effect

    def _call(self, program: str, words: tuple[Word, ...], stdin: Stdin | None) -> Call:
        return Call(  # noqa: S604 - nothing is run: it reads
            program=program,
            words=words,
            stdin=stdin,
            folder=self._scope.folder,
            shell=lambda text, via: self._inner(text, via, stdin if via in _PASSING_ON else None),
            argv=lambda inner, via: _wrapped(self.argv(inner, stdin), via),
        )

    def _inner(self, text: str, via: str, stdin: Stdin | None = None) -> Iterator[Effect]:
        """Yield the effects of a script inside of this one."""
        walk = _Walk(self._budget, self._scope, self._depth + 1, stdin)
        walk._calling = self._calling
        yield from _wrapped(walk.script(text), via)

    def _cd(self, words: tuple[Word, ...]) -> None:
        target = next((w.text for w in words if not w.text.startswith("-")), "~")
        self._scope.folder = self._call("cd", (), None).path(target)

    def _alias(self, words: tuple[Word, ...]) -> None:
        for word in words:
            name, equals, value = word.text.partition("=")
            if equals:
                self._scope.aliases[name] = value

    def _declared(self, words: tuple[Word, ...]) -> None:
        for word in words:
            name, equals, value = word.text.partition("=")
            if equals and word.known:
                self._scope.variables[name] = value


def _wrapped(effects_: Iterable[Effect], via: str) -> Iterator[Effect]:
    for effect in effects_:
        yield replace(effect, via=(via, *effect.via))


def _operator(redirect: Any) -> str:
    for child in redirect.children:
        if not child.is_named:
            return str(child.type)
    return ""


def _first_error(node: Any) -> Any:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == "ERROR" or current.is_missing:
            return current
        if current.has_error:
            waiting += reversed(current.children)
    return None


def _echoed(name: str, words: Sequence[Word]) -> str | None:
    """Return what echo or printf prints; None where that takes more than reading."""
    texts = [w.text for w in words]
    escapes = name == "printf" or (texts[:1] and texts[0] in {"-e", "-ne", "-en"})
    texts = [t for t in texts if t not in {"-n", "-e", "-ne", "-en", "--"}]
    text = " ".join(texts)
    if name == "printf" and "%" in text:
        return " ".join(texts[1:]) if texts[0] in {"%s", "%s\\n", "%s\n"} else None
    return unescape(text) if escapes and "\\" in text else text


def _quoted(word: Word) -> str:
    return word.text if not word.known else "'" + word.text.replace("'", "'\\''") + "'"


def _program(text: str) -> str | None:
    """Return the program that a word names; None where that is not known."""
    in_folder = "$" not in text or _IN_FOLDER.fullmatch(text)
    name = text.rstrip("/").rsplit("/", 1)[-1] if in_folder else text
    if name.startswith("$"):
        bare = name.strip("${}")
        return bare.lower() if bare in _HARMLESS_VARIABLES else None
    if "$" in name or "`" in name:
        return None
    if _GLOB.search(name) and name not in {"[", "[["}:
        return next((p for p in _known_programs() if fnmatch.fnmatchcase(p, name)), None) or name
    return name


@cache
def _known_programs() -> tuple[str, ...]:
    dangerous = ("rm", "dd", "mkfs", "shred", "chmod", "chown", "mv", "bash", "sh")
    return (*dangerous, *shell_files.HANDLERS, *shell_systems.HANDLERS, *shell_wrappers.HANDLERS)


@cache
def _handlers(program: str) -> tuple[Handler, ...]:
    """Return the handlers of a program, by its name or by how the name begins."""
    if program in shell_wrappers.PRIVILEGING and program in shell_wrappers.HANDLERS:
        return (shell_wrappers.HANDLERS[program],)
    tables = (
        shell_files.HANDLERS,
        shell_systems.HANDLERS,
        shell_wrappers.HANDLERS,
        shell_wrappers.ALSO,
    )
    found = [table[program] for table in tables if program in table]
    if not found:
        found = [h for prefix, h in shell_files.PREFIXES if program.startswith(prefix)]
    language = shell_wrappers.interpreter(program)
    if not found and language is not None:
        found = [shell_wrappers.HANDLERS[language]]
    asks = not found or program in shell_wrappers.ALSO or program in shell_wrappers.AFTER_WORD
    asks = asks or language is not None or program in {"npx", "bunx"}
    return (*found, shell_systems.generic) if asks else tuple(found)
