"""llama.cpp in this process, spoken to over a socket that nobody else can reach.

The runtime's own calls cannot be broken off: Ctrl-C would wait for the model. So requests go
over a Unix socket in a private folder, under a random key, and never leave the event loop; a
request is cancelled by hanging up.
"""

import asyncio
import contextlib
import importlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from harness.domain.record import Json
from harness.errors import ModelError
from harness.ports.model import Unavailable

_INSTALL = "pip install 'postmortem-harness[local]'"
_BATCH = 128
"""Prompt tokens computed in one go; nothing can stop the runtime within them."""
_OK = 200
_SETTLE_S = 10.0
"""The longest that a runtime may take to finish what was given up, in seconds."""
_FIRST = 0
"""The slot that keeps its conversation; the others share it for one request."""


class Runtime:
    """One model, loaded when it is first asked; one request at a time uses every thread."""

    def __init__(self, weights: Path, *, n_ctx: int, slots: int, threads: int) -> None:
        """Take what to load: up to ``slots`` replies at once, of ``n_ctx`` tokens in all."""
        self._weights = weights
        self._n_ctx = n_ctx
        self._slots = slots
        self._threads = threads
        self._key = secrets.token_hex(16)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._loading: asyncio.Task[list[object]] | None = None
        self._turn = asyncio.Lock()
        self._used: set[int] = set()
        self._given_up = False

    async def post(self, path: str, body: Mapping[str, Json]) -> Any:
        """Return the runtime's answer; raise ModelError when it refuses, Unavailable when gone."""
        async with self._turn:
            return await self._ask("POST", path, json.dumps(body, allow_nan=False))

    async def get(self, path: str) -> Any:
        """Return the runtime's answer, as ``post`` does."""
        async with self._turn:
            return await self._ask("GET", path, "")

    async def generate(self, path: str, body: Mapping[str, Json], *, count: int) -> Any:
        """Return the answer to a request that computes ``count`` replies to one prompt.

        The memory is laid out alike each time: the prompt, as far as the request before shared
        it, and nothing else. Where numbers lie decides in which order they are summed, and so, by
        rounding, moves probabilities: by up to five points in the smallest model.
        """
        async with self._turn:
            for slot in sorted(self._used):
                await self._ask("POST", f"/slots/{slot}?action=erase", "{}")
            self._used = set(range(_FIRST + 1, self._slots)) if count > 1 else set()
            whole = dict(body) | {"n": count, "id_slot": _FIRST}
            return await self._ask("POST", path, json.dumps(whole, allow_nan=False))

    async def close(self) -> None:
        """Unload the model and take the socket away; waits for at most one batch of tokens."""
        await self._settle()
        loading, self._loading = self._loading, None
        if loading is not None:
            with contextlib.suppress(ModelError):
                # The destructor waits for the runtime's own threads, so it runs in ours.
                await asyncio.to_thread((await loading).clear)
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    async def _settle(self) -> None:
        """Let the runtime finish what was given up; destroyed in the midst of it, it can hang.

        Its destructor holds Python's lock while it waits, so nothing could end such a hang. What
        is asked here is answered once the first slot is free.
        """
        if self._given_up and self._loading is not None:
            self._given_up = False
            with contextlib.suppress(ModelError, Unavailable, TimeoutError):
                idle = self._ask("POST", f"/slots/{_FIRST}?action=erase", "{}")
                await asyncio.wait_for(idle, _SETTLE_S)

    async def _ask(self, method: str, path: str, body: str) -> Any:
        if self._loading is None:
            # Shielded: a load cannot be broken off, and close has to know of it.
            self._folder = tempfile.TemporaryDirectory(prefix="harness-")
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        await asyncio.shield(self._loading)
        try:
            status, answer = await self._exchange(method, path, body.encode())
        except asyncio.CancelledError:
            self._given_up = True
            raise
        if status != _OK:
            reason = answer.get("error", {}).get("message", answer)
            raise ModelError(f"the embedded model refused the request: {reason}")
        return answer

    def _load(self) -> list[object]:
        """Return the only reference to the running server."""
        xllamacpp = load_library()
        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_ctx = self._n_ctx
        params.n_parallel = self._slots
        params.kv_unified = True  # else a copy of the whole context for every slot
        params.n_batch = params.n_ubatch = max(_BATCH, self._slots)
        _compute_alike(xllamacpp, params)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        params.hostnames = [self._socket]
        params.slot_save_path = f"{Path(self._socket).parent}/"  # without it nothing is erased
        params.api_keys = [self._key]
        params.ui = False
        params.warmup = False
        params.fit_params = False
        params.n_gpu_layers = 0
        params.cache_ram_mib = 0
        params.verbosity = -1
        try:
            return [xllamacpp.Server(params)]
        except RuntimeError as error:
            raise ModelError(
                f"{self._weights}: the embedded model cannot be loaded: this is no GGUF file of a "
                "model that the runtime knows, or the memory is not enough"
            ) from error

    @property
    def _socket(self) -> str:
        assert self._folder is not None  # noqa: S101 - made before the model is loaded
        return str(Path(self._folder.name) / "llama.sock")

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
            try:
                writer.write(head.encode() + body)
                await writer.drain()
                return _parse(await reader.read())
            finally:
                writer.close()
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(f"the embedded model does not answer: {error!r}") from error


def _compute_alike(xllamacpp: Any, params: Any) -> None:
    """Let a prompt give the same numbers whether it is computed at once or partly remembered.

    The faster kernels round differently for one token than for many: what a request before left
    in the cache then moves a probability by up to three points. These differ by 1e-5 and cost 5 %.
    """
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.no_extra_bufts = True


class _Received:
    """Received bytes in the shape from which http.client reads a response."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._raw)


def _parse(raw: bytes) -> tuple[int, Any]:
    response = HTTPResponse(cast("Any", _Received(raw)))
    response.begin()
    return response.status, json.loads(response.read())


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
