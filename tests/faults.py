"""A chat completions server on real sockets, which fails in every way that servers do.

``FaultServer`` binds to the loopback and speaks raw bytes, since most of the faults are nothing
that a web framework would send. A test says which fault each request gets: by a list, or by a
share drawn from the request's own seed, so that it is the same in every order.
"""

import asyncio
import itertools
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

BUSY = ("429", "429 with Retry-After")
BEFORE = (
    *BUSY, "500", "503", "503 as a web page", "refused reset", "closed without a word",
    "half-closed before", "an error with status 200",
)  # fmt: skip
"""Nothing was answered: the request is made again."""
BROKEN = (
    "truncated JSON", "half-closed", "reset in the reply", "no JSON", "a web page", "wrong types",
    "a list", "empty choices", "no message", "10 MB", "an empty reply", "not UTF-8", "deep nesting",
)  # fmt: skip
"""Something was answered that nobody can read: the trial counts, without a grade."""
SLOW = ("slow-loris", "silence")
"""The model runs out of its time: the trial counts, without a grade."""
ODD = ("refusal", "surrogates", "duplicated ids", "control sequences", "endless text")
"""An answer that can be read, and that no decision can be read from."""
FAULTS = (*BEFORE, *BROKEN, *SLOW, *ODD)

_HTML = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"

Choose = Callable[[Mapping[str, Any], int], str | None]
"""(body of the request, how often this very request came before) -> a fault, or None."""
Answer = Callable[[Mapping[str, Any]], Any]
"""Body of the request -> the text, or the message, that answers it."""


def share(rate: float, faults: tuple[str, ...] = BEFORE) -> Choose:
    """Return a choice that fails a share of all requests, by their seed and how often they came."""

    def choose(body: Mapping[str, Any], earlier: int) -> str | None:
        rng = random.Random(  # noqa: S311 - seeded on purpose
            f"{body.get('seed')} {body['messages'][-1]['content']} {earlier}"
        )
        return rng.choice(faults) if rng.random() < rate else None

    return choose


@dataclass
class FaultServer:
    """What the server was asked, and what it says."""

    answer: Answer = lambda _body: "restart"
    choose: Choose = lambda _body, _earlier: None
    latency_s: float = 0.0
    port: int = 0
    tls: ssl.SSLContext | None = None
    """With which it speaks HTTPS."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of all requests, in their order."""
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """When each request came, on the clock of time.monotonic()."""
    sent: list[str | None] = field(default_factory=list)
    """The fault that each request got."""
    most: int = 0
    """The most requests that were under way at once."""
    _now: int = 0
    _earlier: dict[str, int] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """What base_url has to be."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass  # the server ends
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        body = json.loads(raw)
        self.asked.append(body)
        self.headers.append(headers)
        self.times.append(time.monotonic())
        key = json.dumps([body.get("seed"), body.get("messages")])
        earlier = self._earlier.get(key, 0)
        self._earlier[key] = earlier + 1
        fault = self.choose(body, earlier)
        self.sent.append(fault)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            return await self._reply(fault, body, writer)
        finally:
            self._now -= 1

    async def _reply(  # noqa: PLR0911 - one for each kind of fault
        self, fault: str | None, body: Mapping[str, Any], writer: asyncio.StreamWriter
    ) -> bool:
        whole = json.dumps(self.completion(body, self.answer(body))).encode()
        if fault in _RAW:
            status, headers, content = _RAW[fault]
            writer.write(framed(content, status, headers))
            await writer.drain()
            return True
        if fault in {"closed without a word", "half-closed before"}:
            if fault == "half-closed before" and writer.can_write_eof():
                writer.write_eof()
                await asyncio.sleep(0.01)
            return False
        if fault == "refused reset":
            return _reset(writer)
        if fault in {"truncated JSON", "half-closed", "reset in the reply"}:
            return await _broken_off(fault, whole, writer)
        if fault == "slow-loris":
            for byte in framed(whole):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
            return False
        if fault == "silence":
            await asyncio.sleep(30)
            return False
        writer.write(framed(self._odd(fault, body) or whole))
        await writer.drain()
        return True

    def _odd(self, fault: str | None, body: Mapping[str, Any]) -> bytes | None:
        said: Any = {
            "surrogates": "\ud800restart\udfff",
            "control sequences": "\x1b[2J\x1b]0;owned\x07restart\u202e<script>=cmd()",
            "endless text": "restart " * 5000,
        }.get(fault or "")
        if fault == "refusal":
            said = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        if fault == "duplicated ids":
            reply = self.completion(body, self.answer(body)) | {"id": "chatcmpl-" + "d" * 24}
            return json.dumps(reply).encode()
        return None if said is None else json.dumps(self.completion(body, said)).encode()

    def completion(self, body: Mapping[str, Any], said: Any) -> dict[str, Any]:
        """Return a whole reply."""
        message = said if isinstance(said, dict) else {"role": "assistant", "content": said}
        return {
            "id": f"chatcmpl-{next(self._numbers):024d}",
            "object": "chat.completion",
            "created": 1,
            "model": body.get("model"),
            "system_fingerprint": "fp_loopback",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22},
        }


def framed(content: bytes, status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    """Return a whole response."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers)
    named = any(line.lower().startswith("content-type") for line in lines)
    kind = () if named else ("Content-Type: application/json",)
    return "\r\n".join([*lines, *kind, "", ""]).encode() + content


async def _broken_off(fault: str, whole: bytes, writer: asyncio.StreamWriter) -> bool:
    response = framed(whole)
    if fault == "truncated JSON":
        writer.write(framed(whole[: len(whole) // 2]))
        await writer.drain()
        return True
    writer.write(response[:-20])
    await writer.drain()
    if fault == "half-closed":
        writer.write_eof()
        await asyncio.sleep(0.01)
        return False
    await asyncio.sleep(0.02)
    return _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> bool:
    found: socket.socket = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


_OK = "200 OK"
_RAW: dict[str | None, tuple[str, tuple[str, ...], bytes]] = {
    "429": ("429 Too Many Requests", (), _json({"error": {"message": "slow down"}})),
    "429 with Retry-After": (
        "429 Too Many Requests",
        ("Retry-After: 0.02",),
        _json({"error": {"message": "slow down"}}),
    ),
    "500": ("500 Internal Server Error", (), _json({"error": {"message": "oops \x1b[31m"}})),
    "503": ("503 Service Unavailable", (), b""),
    "503 as a web page": ("503 Service Unavailable", ("Content-Type: text/html",), _HTML),
    "an error with status 200": (_OK, (), _json({"error": {"code": 502, "message": "upstream"}})),
    "no JSON": (_OK, (), b"restart"),
    "a web page": (_OK, ("Content-Type: text/html",), _HTML),
    "wrong types": (_OK, (), _json({"choices": [{"message": {"content": {"a": [1]}}}]})),
    "a list": (_OK, (), b"[1, 2]"),
    "empty choices": (_OK, (), _json({"id": "x", "choices": []})),
    "no message": (_OK, (), _json({"choices": [{"index": 0}]})),
    "10 MB": (_OK, (), _json({"choices": [{"message": {"content": "x" * 10_000_000}}]})),
    "an empty reply": (_OK, (), b""),
    "not UTF-8": (_OK, (), b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
    "deep nesting": (_OK, (), b"[" * 100_000),
}


@contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Serve in a thread of its own, on a free port of the loopback, until the block is left."""
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        listening = await asyncio.start_server(
            server.serve, "127.0.0.1", server.port, backlog=512, ssl=server.tls
        )
        server.port = listening.sockets[0].getsockname()[1]
        over = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.call_soon_threadsafe(over.set)

        stop.append(end)
        ready.set()
        await over.wait()
        listening.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        stop[0]()
        thread.join(10)
