"""How fast a model may be asked: requests and tokens by the minute, and the pauses it asks for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

_MINUTE_S = 60.0
_LOOK_S = 1.0
"""A wait asks so often whether the command's time is over."""


class Late(Exception):  # noqa: N818 - it names when the request would have come
    """The command's time is over before the request could be made: there is no trial."""


@dataclass(slots=True)
class Limiter:
    """Spaces requests evenly: endpoints count in windows far shorter than their minute.

    What a request will take in tokens is an estimate until it is answered; the difference moves
    the requests that follow. The clock counts seconds.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _free_at: float = field(default=0.0, init=False)
    """When the next request may start."""
    _tokens_free_at: float = field(default=0.0, init=False)
    _paused_until: float = field(default=0.0, init=False)

    @property
    def limits(self) -> bool:
        """Whether a request may have to wait."""
        return (
            self.requests_per_minute is not None
            or self.tokens_per_minute is not None
            or self._paused_until > 0
        )

    async def admit(self, tokens: float, over: Callable[[], bool] | None = None) -> None:
        """Wait until a request of about so many tokens may start; Late once ``over`` says so."""
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            if self._paused_until:
                await self._until(0.0, over)
            return
        now = self.clock()
        start = max(now, self._free_at, self._tokens_free_at, self._paused_until)
        if self.requests_per_minute is not None:
            self._free_at = start + _MINUTE_S / self.requests_per_minute
        if self.tokens_per_minute is not None:
            self._tokens_free_at = start + _MINUTE_S * tokens / self.tokens_per_minute
        await self._until(start, over)

    def settle(self, estimated: float, taken: float) -> None:
        """Say what a request took in truth."""
        if self.tokens_per_minute is not None:
            self._tokens_free_at += _MINUTE_S * (taken - estimated) / self.tokens_per_minute

    def pause(self, seconds: float) -> None:
        """Start nothing for so long: the endpoint asked for it."""
        self._paused_until = max(self._paused_until, self.clock() + seconds)

    async def _until(self, start: float, over: Callable[[], bool] | None) -> None:
        # Again, where a pause was asked for in the meantime.
        while (wait := max(start, self._paused_until) - self.clock()) > 0:
            if over is not None and over():
                raise Late
            await self.sleep(wait if over is None else min(wait, _LOOK_S))
