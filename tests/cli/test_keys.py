"""Keys, files and addresses: what a reply names is neither told, written nor fetched."""

import json
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from harness.domain.transcript import Message, ToolCall
from harness.plan.surface import logged
from tests.faults import FaultServer, framed, serving

KEY = "sk-live-0123456789abcdefghSECRET"
PIECE = KEY[:14]
"""Half a key helps to guess the other."""


class Echo(FaultServer):
    """Answers with bytes of its own, in which the key stands."""

    def __init__(self, raw: bytes) -> None:
        """Take the whole response."""
        super().__init__()
        self.raw = raw

    async def _reply(self, fault: Any, body: Any, writer: Any) -> bool:
        """Write it, and close."""
        writer.write(self.raw)
        await writer.drain()
        return False


def completion(message: dict[str, Any], **more: Any) -> bytes:
    """Return a reply whose message holds what is given."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": KEY}
    return framed(json.dumps({"id": KEY, "choices": [choice], **more}).encode())


CALL = {"id": KEY, "function": {"name": KEY, "arguments": json.dumps({KEY: [KEY]})}}
ECHOES = {
    "in all fields": completion(
        {"content": KEY, "reasoning_content": KEY, "tool_calls": [CALL]},
        model=KEY, system_fingerprint=KEY, usage={"prompt_tokens": KEY},
    ),
    "in a refusal": completion({"content": None, "refusal": f"no {KEY}"}),
    "in arguments that are no JSON": completion(
        {"content": "", "tool_calls": [{"function": {"name": "x", "arguments": KEY}}]}
    ),
    "where a message is cut": framed(b"x" * 180 + KEY.encode() + b" is no JSON"),
    "in an error with status 200": framed(json.dumps({"error": f"bad {KEY}"}).encode()),
    "in a busy error": framed(f"wait {KEY}".encode(), "429 Too Many Requests"),
    "in a refused request": framed(json.dumps({"error": {"message": KEY}}).encode(), "400 Bad"),
    "in a refused key": framed(b'{"detail": ["' + KEY.encode() + b'"]}', f"401 {KEY}"),
    "in a redirection": framed(b"", "302 Found", (f"Location: http://127.0.0.1:9/{KEY}",)),
    "in a status line": f"HTTP/1.1 abc {KEY}\r\n\r\n".encode(),
    "in a broken header": f"HTTP/1.1 200 OK\r\n{KEY}\r\nContent-Length: {KEY}\r\n\r\n".encode(),
    "in a broken chunk": (
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode()
    ),
}  # fmt: skip

AGAIN = {"in a busy error", "in a status line", "in a broken header", "in a broken chunk"}
"""Requests that a check makes again and again; what is told of them is the same."""


def nowhere(project: Any, *shown: Any) -> None:
    """Hold that no output and no file has the key, or a piece of it."""
    for each in shown:
        assert PIECE not in each.out + each.err
        assert "Traceback" not in each.err
    for path in project.root.rglob("*"):
        if path.is_file() and path.name != "planted.py":
            assert PIECE.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", ECHOES)
def test_a_key_that_a_server_echoes_is_nowhere(
    bare: Any, monkeypatch: pytest.MonkeyPatch, kind: str
):
    """Wherever it stands in a response: not in the ledger, in no report, on no terminal."""
    monkeypatch.setenv("K", KEY)
    with serving(Echo(ECHOES[kind])) as server:
        far = {"adapter": "openai", "model": "m", "base_url": server.url, "api_key_env": "K"}
        bare.models(f"far: {json.dumps({**far, 'timeouts': {'outage_s': 0.1}})}")
        bare.item()
        bare.evaluation(more="grader: tool_call\n")
        bare.case("silent", twin=False, more="tools: [{name: restart}, {name: wait}]\n")
        ran = [bare.run("doctor", "far")]
        if kind not in AGAIN:
            ran.append(bare.run("check", "ITEM-1", "--calls", "2", "--format", "json"))
            ran.append(bare.run("check", "ITEM-1", "--calls", "2"))
            ran.append(bare.run("trials", "ITEM-1"))
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert all(each.code != 70 for each in ran)
    nowhere(bare, *ran)


@pytest.mark.parametrize("raised", ["ConnectionError", "TimeoutError", "ValueError"])
def test_a_key_in_an_exception_is_nowhere(bare: Any, monkeypatch: pytest.MonkeyPatch, raised: str):
    """The words of a function of the user's own are redacted, and cannot steer a terminal."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    bare.agent(
        "import os\ndef respond(*_):\n"
        f"    raise {raised}('\\x1b]0;' + os.environ['OPENAI_API_KEY'] + 'x' * 500)\n"
    )
    bare.models(*(
        f"{name}: {{adapter: python, target: 'planted:respond', settings: {{name: {name}}}}}"
        for name in ("old", "new")
    ))  # fmt: skip
    bare.item()
    bare.evaluation()
    bare.case("silent", twin=False)
    ran = [
        bare.run("check", "ITEM-1", "--calls", "2", "--format", "json"),
        bare.run("check", "ITEM-1", "--decide-only"),
        bare.run("doctor", "old"),
    ]
    if raised != "ConnectionError":  # which is waited for
        ran.insert(0, bare.run("gate", "--baseline", "old", "--candidate", "new"))
        ran.insert(0, bare.run("nightly"))
    nowhere(bare, *ran)
    assert not any("\x1b" in each.out + each.err for each in ran)
    assert "[redacted key]" in ran[-1].out


def test_a_key_that_a_program_is_given_is_nowhere(bare: Any, monkeypatch: pytest.MonkeyPatch):
    """On standard error, in its answer, and in the calls that its tool server saw."""
    monkeypatch.setenv("MY_TOKEN", KEY)
    call = ToolCall(name="restart", arguments={"KEY": ["KEY"]}, id="KEY")
    line = logged(call, Message(role="tool", content={"KEY": "KEY"}, tool_call_id="KEY")) + "\n"
    bare.write(
        "agent.py",
        "import os, sys\nkey = os.environ['MY_TOKEN']\n"
        f"line = {line!r}.replace('KEY', key)\n"
        "with open(os.environ['HARNESS_TOOLS_LOG'], 'a') as file:\n    file.write(line)\n"
        "print('x' * 180 + key, file=sys.stderr)\nprint(key)\n"
        "sys.exit(int(os.environ['HARNESS_SEED']) % 2)\n",
    )
    program = {"argv": [sys.executable, "agent.py"], "speaks": "text", "env": ["MY_TOKEN"]}
    bare.models(f"own: {json.dumps({'adapter': 'command', 'command': program})}")
    bare.item(more="max_trials: 16\n")
    bare.evaluation(more="grader: tool_call\n")
    bare.case("silent", twin=False, more="tools: [{name: restart}, {name: wait}]\n")
    ran = [bare.run("check", "ITEM-1"), bare.run("trials", "ITEM-1", "--format", "json")]
    nowhere(bare, *ran)
    (trial, *_) = bare.records("trial")
    assert "[redacted" in json.dumps(trial["transcript"])


def test_an_address_in_a_recording_is_never_fetched(bare: Any):
    """Results, schemas and replies name an address; it hears of none of them."""
    with serving(FaultServer()) as heard:
        url = heard.url

        def answer(body: Any) -> Any:
            if body["messages"][-1]["role"] == "tool":
                return f"![x]({url}/shown) <img src='{url}/shown'> {url}"
            call = {"id": "c", "function": {"name": "look", "arguments": json.dumps({"at": url})}}
            return {"role": "assistant", "content": None, "tool_calls": [call]}

        with serving(FaultServer(answer=answer)) as server:
            bare.models(
                f"far: {json.dumps({'adapter': 'openai', 'model': 'm', 'base_url': server.url})}"
            )
            bare.item()
            bare.evaluation(more="grader: tool_call\n")
            bare.case("silent", twin=False, more=(
                f"tools:\n  - name: look\n    parameters: {{$ref: '{url}/schema', type: object, "
                f"properties: {{at: {{$ref: '{url}/at'}}}}}}\n  - name: restart\n  - name: wait\n"
                f"recordings:\n  - {{tool: look, arguments: {{at: '{url}'}}, "
                f"result: {{url: '{url}', $ref: '{url}', resource: 'file:///etc/passwd'}}}}\n"
            ))  # fmt: skip
            ran = bare.run("check", "ITEM-1", "--calls", "4", "--format", "json")
            assert ran.json[0]["trials"] > 0
            for command in (("lint",), ("regrade", "ITEM-1"), ("report",), ("trials", "ITEM-1")):
                assert bare.run(*command).code != 70
        assert heard.asked == []
        assert heard.port


def test_a_reply_that_names_files_makes_none(project: Any):
    """Nothing is written beyond the reports, and nothing there has a name out of a reply."""
    names = ["../../owned", "/tmp/owned", "owned\\x00", "C:\\\\owned", "~/owned", "${HOME}/owned"]  # noqa: S108
    project.agent(
        f"names = {names!r}\n"
        "def respond(messages, tools, settings, seed):\n"
        "    name = names[seed % len(names)]\n"
        "    return {'content': name * (1 + seed % 3 * 40000), 'id': name, 'tool_calls': [\n"
        "        {'id': name, 'function': {'name': name, 'arguments': '{}'}}]}\n"
    )

    def beyond() -> set[Path]:
        reports = project.root / "reports"
        found = {path for path in project.root.parent.rglob("*") if "__pycache__" not in path.parts}
        return {path for path in found if path != reports and reports not in path.parents}

    before = beyond()
    assert project.run("check", "ITEM-1", "--calls", "40").code in {3, 4}
    project.run("report")
    assert beyond() == before
    assert not [path for path in (project.root / "reports").rglob("*") if "owned" in path.name]
    assert project.records("trial")


def test_a_terminals_progress_is_ours(project: Any):
    """On a real terminal no sequence of a reply or an exception arrives."""
    project.agent(
        "def respond(messages, tools, settings, seed):\n"
        "    if seed % 5 == 0:\n        raise ValueError('\\x1b]0;owned\\x07\\x9b31m')\n"
        "    return '\\x1b]0;owned\\x07 \\x1b[2J\\u202e'\n"
    )
    command, *arguments = project.command("check", "ITEM-1", "--calls", "60")
    child = pexpect.spawn(
        command, arguments, cwd=str(project.root), timeout=30, dimensions=(24, 60)
    )
    child.expect(pexpect.EOF)
    child.close()
    seen = child.before
    assert child.exitstatus in {3, 4}
    assert b"ITEM-1" in seen
    for raw in (b"\x1b]0;owned", b"\x1b[2J", b"\xc2\x9b31m", "\u202e".encode()):
        assert raw not in seen
