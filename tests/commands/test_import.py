"""``harness import``: everything that is written, or nothing."""

import errno
import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.files.evals import load_eval
from harness.files.project import load_project
from harness.files.traces import load_trace

DATA = Path(__file__).parents[1] / "data" / "traces"
CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "You operate the order queues."},
    {"role": "user", "content": "ALERT: nothing consumed.\nWrite to jane.roe@acme-logistics.com."},
    {"role": "assistant", "content": "I look first.", "tool_calls": [
        {"id": "c1", "function": {"name": "diagnose", "arguments": '{"queue": "orders"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": '{"consumers": 4, "note": "no: 0123"}'},
    {"role": "assistant", "content": "The consumers are deadlocked.", "tool_calls": [
        {"id": "c2", "function": {"name": "recover", "arguments": '{"queue": "orders"}'}}]},
    {"role": "tool", "tool_call_id": "c2", "content": "done"},
]  # fmt: skip


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the user's state, so that no test writes into the real one."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.delenv("HARNESS_ANON_KEY", raising=False)
    return folder


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Return a trace of an incident, outside the project."""
    path = tmp_path / "recorded.json"
    path.write_text(json.dumps(CHAT))
    return path


def run(project: Any, trace: Path, *more: str) -> Any:
    """Import a trace into the incident INC-9 and the eval stall-9."""
    return project.run("import", str(trace), "--incident", "INC-9", "--eval", "stall-9", *more)


def files(project: Any) -> set[str]:
    """Return all files of the project."""
    return {str(p.relative_to(project.root)) for p in project.root.rglob("*") if p.is_file()}


def test_a_trace_becomes_three_files_that_load(project: Any, state: Path, trace: Path):
    """Trace, eval and case are what the harness itself reads, tied by hash, without the address."""
    before = files(project)
    ran = run(project, trace, "--format", "json")
    assert ran.code == 0
    written = {"traces/INC-9.json", "cases/stall-9/eval.yaml", "cases/stall-9/inc-9.yaml"}
    assert files(project) - before == written
    for name in written:
        assert "acme-logistics" not in (project.root / name).read_text()
    loaded = load_trace(project.root / "traces/INC-9.json")
    assert [m.role for m in loaded.value.messages] == [m["role"] for m in CHAT]
    assert (
        loaded.value.provenance["source_sha256"] == hashlib.sha256(trace.read_bytes()).hexdigest()
    )
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    assert case.value.messages == loaded.value.messages[:4]
    assert case.value.provenance.trace_sha256 == loaded.sha256
    assert [(r.tool, r.arguments, r.result) for r in case.value.recordings] == [
        ("diagnose", {"queue": "orders"}, {"consumers": 4, "note": "no: 0123"})
    ]
    assert [condition.tool for condition in case.value.failing] == ["recover"]  # type: ignore[union-attr]
    assert ran.json["harmful_message"] == 4
    assert ran.json["anonymization"]["counts"]["email"] >= 1


def test_lint_asks_to_fill_the_stubs(project: Any, state: Path, trace: Path):
    """Description, tools, twin and variants are each told with their place; nothing else is."""
    run(project, trace)
    ran = project.run("lint", "cases/stall-9", "traces", "--select", "PM102,PM406,PM407",
                      "--format", "json")  # fmt: skip
    told = [finding["message"] for finding in ran.json["findings"]]
    assert told.count("description holds a placeholder") == 2  # the case's and the eval's
    for key in (
        "description",
        "tools.0.description",
        "twin.why",
        "twin.edits.0.replace",
        "variants.tool.0.merge.missed_signal",
        "variants.data.0.append.content",
        "variants.agent.0.system_append",
        "variants.handoff.0.system_append",
    ):
        assert f"{key} holds a placeholder" in told
    assert {finding["rule"] for finding in ran.json["findings"]} == {"PM102"}


def test_what_comes_next_is_told_to_the_end(project: Any, state: Path, trace: Path):
    """From the draft to a decision: fill in, postmortem, item, check."""
    steps = run(project, trace, "--format", "json").json["next"]
    assert steps[0].startswith("fill in what FILL IN marks, then: harness lint ")
    assert steps[1:] == [
        "harness new postmortem INC-9 --trace traces/INC-9.json --harmful-message 4",
        (
            "harness new item ITEM --kind eval_coverage --incident INC-9 --eval stall-9, "
            "then: harness check ITEM"
        ),
    ]
    again = project.run("import", str(trace), "--incident", "INC-10", "--eval", "stall",
                        "--format", "json")  # fmt: skip
    assert not any("new item" in step for step in again.json["next"])


def test_the_list_of_messages_shows_what_was_called(project: Any, state: Path, trace: Path):
    """Whoever looks for the harmful step sees the arguments, and which step was taken for it."""
    shown = run(project, trace, "--dry-run").out.splitlines()
    assert '    2 assistant calls diagnose {"queue": "orders"}' in shown
    assert '>   4 assistant calls recover {"queue": "orders"}' in shown


def test_the_stubs_say_how_they_are_read(project: Any, state: Path, trace: Path):
    """The draft explains what a tool call counts for, and a narrowed one is read by the grader."""
    run(project, trace)
    path = project.root / "cases/stall-9/inc-9.yaml"
    text = path.read_text()
    assert '#   {tool: restart, where: {$.queue: "^orders$"}}' in text
    path.write_text(
        text.replace(
            'failing: [{tool: "recover"}]',
            'failing: [{tool: recover, where: {$.queue: "^orders$"}}]',
        )
    )
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    assert case.value.failing[0].where == {"$.queue": "^orders$"}  # type: ignore[union-attr]


def test_the_first_edit_is_of_a_result_that_says_something(project: Any, state: Path, trace: Path):
    """An empty result is no place for other facts."""
    empty = [{"role": "assistant", "content": "", "tool_calls": [
        {"id": "t", "function": {"name": "think", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": ""}]  # fmt: skip
    trace.write_text(json.dumps([*CHAT[:4], *empty, *CHAT[4:]]))
    run(project, trace)
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    assert case.value.twin is not None
    assert case.value.twin.edits[0].message == 3


def test_a_dry_run_writes_nothing_and_shows_it_all(project: Any, state: Path, trace: Path):
    """No file, no folder and no key comes into being; the texts are those that would be written."""
    before = files(project)
    ran = run(project, trace, "--dry-run", "--format", "json")
    assert ran.code == 0
    assert files(project) == before
    assert not (project.root / "traces").exists()
    assert not state.exists()
    assert {Path(each["path"]).name for each in ran.json["files"]} == {
        "INC-9.json", "eval.yaml", "inc-9.yaml",
    }  # fmt: skip
    assert all(each["text"] for each in ran.json["files"])
    assert "would write" in run(project, trace, "--dry-run").out


def test_nothing_is_ever_overwritten(project: Any, state: Path, trace: Path):
    """A second import is refused as a whole, and the first stands."""
    run(project, trace)
    before = {name: (project.root / name).read_bytes() for name in files(project)}
    ran = run(project, trace)
    assert ran.code == 2
    assert "exists already" in ran.err
    assert {name: (project.root / name).read_bytes() for name in files(project)} == before


def test_an_eval_that_exists_keeps_its_file_and_its_grader(project: Any, state: Path, trace: Path):
    """The case is drafted for the eval's grader, and eval.yaml is not touched."""
    before = (project.root / "cases/stall/eval.yaml").read_text()
    ran = project.run("import", str(trace), "--incident", "INC-9", "--eval", "stall")
    assert ran.code == 0
    assert (project.root / "cases/stall/eval.yaml").read_text() == before
    text = (project.root / "cases/stall/inc-9.yaml").read_text()
    assert "harmful_step" in text
    assert "recover with" in text


@pytest.mark.parametrize("fails_at", ["traces", "cases"])
def test_what_ends_it_early_leaves_nothing(
    project: Any, state: Path, trace: Path, fails_at: str, monkeypatch: pytest.MonkeyPatch
):
    """A disk that is full and an interrupt take away every file and folder that was made."""
    before = files(project)
    real = os.fsync

    def full(handle: int) -> None:
        if fails_at in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    ran = run(project, trace)
    assert ran.code == 2
    assert "No space left on device" in ran.err
    assert files(project) == before
    assert not (project.root / "traces").exists()
    assert not (project.root / "cases/stall-9").exists()


def test_the_key_is_made_once_for_the_user_alone(project: Any, state: Path, trace: Path):
    """Readable by nobody else, outside the project, and the same at the next import."""
    run(project, trace)
    key = state / "harness/keys/INC-9.key"
    assert key.stat().st_mode & 0o777 == 0o600
    first = key.read_bytes()
    assert len(first.strip()) == 64
    run(project, trace, "--case", "again")
    assert key.read_bytes() == first
    assert not [name for name in files(project) if name.endswith(".key")]


def test_the_same_key_gives_the_same_files(
    project: Any, state: Path, trace: Path, monkeypatch: pytest.MonkeyPatch
):
    """What is written depends on the trace and the key, and on no clock or chance."""
    texts = []
    for key in ("0123456789abcdef" * 2, "0123456789abcdef" * 2, "f" * 32):
        monkeypatch.setenv("HARNESS_ANON_KEY", key)
        ran = run(project, trace, "--dry-run", "--format", "json")
        texts.append([each["text"] for each in ran.json["files"]])
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert not state.exists()


def test_a_key_in_the_project_is_refused(project: Any, state: Path, trace: Path):
    """It would be committed beside what it anonymizes."""
    project.write("key", "0123456789abcdef0123456789abcdef")
    ran = run(project, trace, "--key-file", "key")
    assert ran.code == 2
    assert ran.err == (
        "error: key: --key-file: lies inside the project, beside what it anonymizes, "
        "move it out of the project; it must never be committed\n"
    )


def test_a_short_key_is_refused(
    project: Any, state: Path, trace: Path, monkeypatch: pytest.MonkeyPatch
):
    """A key that can be guessed protects nothing."""
    monkeypatch.setenv("HARNESS_ANON_KEY", "short")
    ran = run(project, trace)
    assert ran.code == 2
    assert ran.err == (
        "error: HARNESS_ANON_KEY: a key has 16 to 4096 bytes, got 5 bytes, "
        "draw one: openssl rand -hex 32\n"
    )


def test_the_roster_names_what_no_rule_knows(
    project: Any, state: Path, trace: Path, tmp_path: Path
):
    """A name of the roster is gone from everything that is written."""
    roster = tmp_path / "roster.yaml"
    roster.write_text("organisations: [order queues]\n")
    assert run(project, trace, "--roster", str(roster)).code == 0
    assert "order queues" not in (project.root / "traces/INC-9.json").read_text()


def test_several_conversations_are_listed(project: Any, state: Path, tmp_path: Path):
    """Without --select nothing is written; with it the one that was named."""
    path = tmp_path / "several.jsonl"
    other = [{"role": "user", "content": "another"}, {"role": "assistant", "content": "answer"}]
    path.write_text("\n".join(json.dumps({"id": n, "messages": m})
                              for n, m in enumerate((CHAT, other))))  # fmt: skip
    before = files(project)
    ran = run(project, path)
    assert ran.code == 2
    assert ran.err == (
        f"error: {path}: holds 2 conversations, choose one with --select N\n"
        "error:   1: id 0 (6 messages, 2 tool calls)\n"
        "error:   2: id 1 (2 messages, 0 tool calls)\n"
    )
    assert files(project) == before
    assert run(project, path, "--select", "3").err == (
        "error: --select: the file holds conversations 1 to 2, got 3\n"
    )
    assert run(project, path, "--select", "2", "--format", "json").json["messages"] == 2


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("9", "--harmful-message: the trace has messages 0 to 5, got 9"),
        ("3", ("--harmful-message: is no message of the agent, but of role tool, got 3, "
              "write 2, the nearest of the agent's")),
    ],
)  # fmt: skip
def test_the_harmful_message_is_the_agents(
    project: Any, state: Path, trace: Path, number: str, words: str
):
    """A number outside, or of another speaker, is told with what to write."""
    ran = run(project, trace, "--harmful-message", number)
    assert (ran.code, ran.err) == (2, f"error: {words}\n")


def test_an_answer_alone_is_imported_with_a_stub_before_it(project: Any, state: Path):
    """Where the source lacks what the agent was shown, the case asks for it."""
    assert run(project, DATA / "anthropic_answer.json").code == 0
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    assert all(str(m.content).startswith("FILL IN") for m in case.value.messages)
    assert "messages" in case.value.provenance.reconstructed


def test_a_case_begins_where_the_context_was_compacted(project: Any, state: Path):
    """The agent no longer saw what the summary stands for."""
    trap = DATA / "claude_code_traps" / "compaction.jsonl"
    assert run(project, trap).code == 0
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    system, *rest = case.value.messages
    assert str(system.content).startswith("FILL IN")
    assert [m.content for m in rest] == ["This is the compaction summary."]


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return what nobody can import, each with what is said of it."""
    whole = json.dumps(CHAT)
    texts = {
        "truncated": (whole[: len(whole) // 2].encode(), "it seems to be cut off"),
        "torn line": (b'{"role": "user", "content": "a"}\n{"role": "us', ":2:"),
        "latin": ('[{"role": "user", "content": "caf\u00e9"}]'.encode("latin-1"), "must be UTF-8"),
        "utf16": (whole.encode("utf-16"), "must be UTF-8, got UTF-16"),
        "unknown": (b'{"hello": 1}', "is a trace of no known format, looked for anthropic"),
        "empty": (b"", "is empty"),
        "deep": (b'[{"role": "user", "content": ' + b"[" * 5000 + b"]" * 5000 + b"}]",
                 "nested too deeply"),
        "digits": (b'[{"role": "user", "n": ' + b"9" * 9000 + b"}]", "a number that is too long"),
        "gzip": (b"\x1f\x8b\x08\x00", "is no JSON, but gzip"),
        "silent": (b'{"resourceSpans": []}', "holds no message"),
        "no zip": (b"PK\x03\x04 not an archive", "is no readable archive"),
    }  # fmt: skip
    made = {}
    for name, (content, words) in texts.items():
        path = folder / f"{name}.json"
        path.write_bytes(content)
        made[name] = (path, words)
    head = {"header.json": b'{"eval": {"task": "t"}}'}
    bomb = {**head, "samples/1.json": b" " * (300 * 1024 * 1024)}
    made["bomb"] = (archive(folder / "bomb.eval", bomb), "must hold at most 256 MiB")
    for name in ("../../evil.json", "/etc/evil.json", "a/../../evil.json"):
        path = archive(folder / f"path{len(made)}.eval", {**head, name: b"{}"})
        made[name] = (path, "holds a file whose name leads out of it")
    damaged = bytearray(archive(folder / "x.eval", {**head, "samples/1.json": b"1" * 99},
                                zipfile.ZIP_STORED).read_bytes())  # fmt: skip
    damaged[damaged.index(b"1" * 99)] = ord("2")
    (folder / "damaged.eval").write_bytes(damaged)
    made["damaged"] = (folder / "damaged.eval", "cannot be unpacked")
    large = folder / "large.json"
    with large.open("wb") as stream:
        stream.truncate(500 * 1024 * 1024)
    made["large"] = (
        large,
        (
            "must be at most 64 MiB, got 524,288,000 bytes, "
            "export the one session or trace of the incident"
        ),
    )
    made["folder"] = (folder, "is a folder")
    made["absent"] = (folder / "absent.json", "does not exist")
    return made


def test_bad_input_is_told_and_nothing_is_written(project: Any, state: Path, tmp_path: Path):
    """Each is one clear error with exit code 2: no traceback, no file, no key."""
    folder = tmp_path / "bad"
    folder.mkdir()
    before = files(project)
    for name, (path, words) in bad_files(folder).items():
        ran = run(project, path)
        assert ran.code == 2, name
        assert words in ran.err, (name, ran.err)
        assert ran.err.count("error: ") == 1, name
        assert "Traceback" not in ran.err
        assert files(project) == before, name
    assert not state.exists()


def test_a_bomb_that_lies_about_its_size_is_stopped(project: Any, state: Path, tmp_path: Path):
    """What is read counts, and not what the archive claims."""
    from harness.files import trace_archive

    path = archive(tmp_path / "liar.eval", {"header.json": b"{}", "samples/1.json": b" " * 10**6})
    content = bytearray(path.read_bytes())
    size = (10**6).to_bytes(4, "little")
    while size in content:
        at = content.index(size)
        content[at : at + 4] = (5).to_bytes(4, "little")
    path.write_bytes(content)
    ran = run(project, path)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert trace_archive.MOST_UNPACKED == 256 * 1024 * 1024


def test_an_importer_that_is_named_reads(project: Any, state: Path, trace: Path):
    """--from chooses, and an unknown name is told with the near one."""
    assert run(project, trace, "--from", "openai_chat").code == 0
    ran = run(project, trace, "--from", "openai_chta", "--case", "b")
    assert ran.code == 2
    assert ran.err == (
        "error: harness.importers: no plug-in of that name, got openai_chta, "
        "did you mean openai_chat?\n"
    )


def test_hostile_text_steers_neither_terminal_nor_yaml(project: Any, state: Path, tmp_path: Path):
    """Escapes are shown as such, and keys and texts that YAML would take for more stay texts."""
    words = [
        "no",
        "1e-2",
        "0123",
        "~",
        "- a: b",
        "# c",
        "{a: b}",
        "'",
        '"',
        "a: b\nc: d\n",
        "  lead",
        "tail  ",
        "\ttab\n\n\nend",
        "\x1b]0;evil\x07",
        "\u2028\u202e",
        "*x",
        "&x",
        "!!python/object:os",
        "---",
        "%x",
        "=",
        "<<",
        "null",
        "2026-01-01",
        "\u00e9\U0001f600",
    ]
    odd = {word: word for word in words}
    content = json.dumps({"result": odd, "large": 2**70, "floats": [1e-7, 1e22, 0.1]})
    chat = [*CHAT[:3], {"role": "tool", "tool_call_id": "c1", "content": content},
            *({"role": "user", "content": word} for word in words), *CHAT[4:]]  # fmt: skip
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(chat))
    ran = run(project, path)
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    trace = load_trace(project.root / "traces/INC-9.json").value
    (case,) = load_eval(load_project(project.root), "stall-9").cases
    kept = [m.content for m in trace.messages[:-2]]
    kept[3] = {**kept[3], "large": str(2**70)}
    assert [m.content for m in case.value.messages] == kept


def test_halves_of_characters_are_replaced_and_told(project: Any, state: Path, tmp_path: Path):
    """They can be written in no file; the loss is in the trace."""
    path = tmp_path / "half.json"
    path.write_text('[{"role": "user", "content": "a\\ud800b", "content": "c\\ud800d"},'
                    '{"role": "assistant", "content": "e"}]')  # fmt: skip
    assert run(project, path).code == 0
    trace = load_trace(project.root / "traces/INC-9.json").value
    assert trace.messages[0].content == "c\ufffdd"
    told = {loss.what: loss.count for loss in trace.lossy}
    assert told["halves of characters"] == 1
    assert told["keys that are written twice"] == 1
