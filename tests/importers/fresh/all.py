"""Every format: its writer, what it has a place for, the importer that reads it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.importers.fresh import messages, sessions, spans
from tests.importers.fresh.conversation import Can


class Format(NamedTuple):
    """A format that the conversation is written in."""

    write: Callable[[Can], Any]
    importer: str
    can: Can
    lines: bool = False


OBJECTS = Can(broken=False)
FORMATS: dict[str, Format] = {
    "chat completion": Format(messages.chat_completion, "openai_chat", Can()),
    "chat in parts": Format(messages.chat_contents_in_parts, "openai_chat", Can()),
    "SWE-agent": Format(messages.swe_agent, "openai_chat", Can(tools=False)),
    "tau-bench": Format(messages.tau_bench, "openai_chat",
                        Can(image=False, tools=False, sampling=False)),
    "tau2-bench": Format(messages.tau2_bench, "openai_chat",
                         Can(image=False, broken=False, thought=False, tools=False, failed=True)),
    "responses": Format(messages.responses, "openai_responses", Can()),
    "responses chain": Format(messages.responses_chain, "openai_responses", Can(), lines=True),
    "anthropic": Format(messages.anthropic, "anthropic", Can(broken=False, failed=True)),
    "ATIF": Format(messages.atif, "atif", Can(broken=False, sampling=False)),
    "Claude Code": Format(sessions.claude_code, "claude_code",
                          Can(system=False, broken=False, failed=True, tools=False,
                              sampling=False), lines=True),
    "Codex": Format(sessions.codex, "codex", Can(tools=False, sampling=False), lines=True),
    "Inspect": Format(sessions.inspect_json, "inspect", Can(failed=True)),
    "Inspect, deduplicated": Format(sessions.inspect_deduplicated, "inspect", Can(failed=True)),
    "GenAI, current": Format(spans.genai_current, "otlp", Can(failed=True)),
    "GenAI, event of details": Format(spans.genai_event, "otlp", Can(tools=False)),
    "GenAI, numbered": Format(spans.genai_indexed, "otlp", Can()),
    "GenAI, span events": Format(spans.genai_span_events, "otlp", Can(thought=False, tools=False)),
    "GenAI, log records": Format(spans.genai_log_events, "otlp", Can(thought=False, tools=False)),
    "OpenInference": Format(spans.openinference, "otlp", Can()),
    "LangSmith": Format(spans.langsmith, "langsmith", Can(failed=True)),
    "Langfuse": Format(spans.langfuse, "langfuse", Can(failed=True)),
    "MLflow": Format(spans.mlflow, "mlflow", Can(failed=True)),
}  # fmt: skip
