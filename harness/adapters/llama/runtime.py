"""llama.cpp in this process, spoken to over a socket that nobody else can reach.

The runtime's own calls cannot be broken off: Ctrl-C would wait for the model. So requests go
over a Unix socket in a private folder, under a random key; a request is cancelled by hanging up.
"""

import asyncio
import importlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from harness.domain.record import Json
from harness.errors import ModelError
from harness.ports.model import Unavailable

_INSTALL = "pip install 'postmortem-harness[local]'"


class Runtime:
    """One loaded model; one request at a time uses every thread."""

    def __init__(self, weights: Path, *, n_ctx: int, slots: int, threads: int) -> None:
        """Take what to load: up to ``slots`` replies at once, of ``n_ctx`` tokens in all."""
        self._weights = weights
        self._n_ctx = n_ctx
        self._slots = slots
        self._threads = threads
        self._key = secrets.token_hex(16)
        self._server: object | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._turn = asyncio.Lock()

    async def post(self, path: str, body: Mapping[str, Json]) -> Any:
        """Return the runtime's answer; raise ModelError when it refuses, Unavailable when gone."""
        async with self._turn:
            if self._server is None:
                await asyncio.to_thread(self._start)
            status, answer = await self._exchange(path, body)
        if status == 200:  # noqa: PLR2004 - HTTP's own number
            return answer
        error = answer.get("error", {})
        raise ModelError(f"the embedded model refused: {error.get('message', answer)}")

    async def close(self) -> None:
        """Unload the model and take the socket away."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(_drop, [server])
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self) -> None:
        xllamacpp = load_library()
        self._folder = tempfile.TemporaryDirectory(prefix="harness-")
        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_ctx = self._n_ctx
        params.kv_unified = True
        params.n_parallel = self._slots
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        params.hostnames = [self._socket]
        params.api_keys = [self._key]
        params.ui = False
        params.warmup = False
        params.n_gpu_layers = 0
        params.cache_ram_mib = 0
        params.verbosity = -1
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelError(
                f"{self._weights}: the runtime cannot load it: no GGUF file of a model that it "
                f"knows, or not enough memory ({error})"
            ) from error

    @property
    def _socket(self) -> str:
        assert self._folder is not None
        return str(Path(self._folder.name) / "llama.sock")

    async def _exchange(self, path: str, body: Mapping[str, Json]) -> tuple[int, Any]:
        payload = json.dumps(body, allow_nan=False).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
            "Connection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
            try:
                writer.write(head.encode() + payload)
                await writer.drain()
                raw = await reader.read()
            finally:
                writer.close()
        except OSError as error:
            raise Unavailable(f"the embedded model's socket: {error}") from error
        return _parse(raw)


class _Received:
    """Received bytes in the shape from which http.client reads a response."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._raw)


def _parse(raw: bytes) -> tuple[int, Any]:
    if not raw:
        raise Unavailable("the embedded model hung up")
    response = HTTPResponse(cast("Any", _Received(raw)))
    response.begin()
    return response.status, json.loads(response.read())


def _drop(last_reference: list[object]) -> None:
    """Destroy the server here, in a worker thread: its destructor waits for its own threads."""
    last_reference.clear()


def load_library() -> Any:
    """Import xllamacpp, with OpenMP told to sleep while it waits; raise ModelError without it.

    Spinning threads cost eight times the CPU on a machine that does anything else. OpenMP reads
    these variables once, when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        return importlib.import_module("xllamacpp")
    except ModuleNotFoundError as error:
        raise ModelError(f"the embedded model needs xllamacpp: {_INSTALL}") from error
    except ImportError as error:
        if "libgomp" in str(error):
            raise ModelError(
                "the embedded model needs libgomp: apt-get install libgomp1 (Debian, Ubuntu)"
            ) from error
        raise ModelError(f"xllamacpp cannot be loaded: {error}; {_INSTALL}") from error


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
