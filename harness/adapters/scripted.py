"""Adapter ``scripted``: the public fake, which answers from a list or a function."""

from collections.abc import Callable, Mapping, Sequence

from harness.adapters.openai_format import turn_of
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn
from harness.errors import ModelError
from harness.ports.model import AdapterContext, AdapterSpec, Model


class ScriptedModel:
    """Answers with ``replies[seed % len(replies)]``, or with what a function says.

    A reply is a text or an assistant message as a dict. The same seed gets the same reply, so
    that a resumed run is the run it would have been.
    """

    def __init__(
        self, replies: Sequence[Json] | Callable[[Conversation, int], Json | Turn]
    ) -> None:
        """Take the replies, at least one, or a function of conversation and seed."""
        self._replies = replies

    async def respond(
        self,
        conversation: Conversation,
        settings: Mapping[str, Json],  # noqa: ARG002 - the port
        seed: int,
    ) -> Turn:
        """Answer; an exception of the function passes through."""
        if callable(self._replies):
            reply = self._replies(conversation, seed)
            return reply if isinstance(reply, Turn) else turn_of(reply)
        return turn_of(self._replies[seed % len(self._replies)])

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the replies: another script is another model."""
        return {} if callable(self._replies) else {"replies": list(self._replies)}

    async def aclose(self) -> None:
        """Do nothing: nothing is held."""


def _build(config: ModelConfig, context: AdapterContext) -> Model:  # noqa: ARG001 - the port
    if not config.replies:
        raise ModelError("replies: must hold at least one reply, write e.g. replies: [restart]")
    return ScriptedModel(config.replies)


SPEC = AdapterSpec(name="scripted", build=_build, required=frozenset({"replies"}))
