"""Models that a command works with, and lets go of at the end."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from harness.ports.model import Model


@asynccontextmanager
async def lent(models: Iterable[Model]) -> AsyncIterator[None]:
    """Close the models when the work with them is over, however it ended."""
    try:
        yield
    finally:
        for model in models:
            await model.aclose()
