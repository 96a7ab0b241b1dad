"""Whether a text speaks of an AI agent, and not of an estate agent or a user agent."""

import re
from collections.abc import Iterator

from harness.rules.passages import Passage, prose
from harness.rules.view import PostmortemDocument

_SURE = re.compile(
    r"\b(?:(?:AI|LLM|A\.I\.)[- ](?:agents?|assistants?|bots?|chatbots?)|"
    r"(?:coding|autonomous|agentic|triage|copilot|chat)[- ](?:agents?|assistants?)|"
    r"agentic|large language models?|language models?|LLMs?|chatbots?|"
    r"ChatGPT|GPT-?[345]\w*|Claude(?: Code)?|Gemini CLI|Copilot|Codex CLI)\b"
)
_ACTS = re.compile(
    r"\b(?:the|our|an|its|this) (?P<kind>(?:[\w-]+ )?)(?P<noun>agent|assistant|bot)(?:'s|\u2019s)? "
    r"(?:had |has |then |also |wrongly |correctly |itself )*"
    r"(?:inferred|concluded|believed|assumed|diagnosed|reasoned|decided|hallucinated|thought|took|"
    r"mistook|misread|misjudged|blamed|suggested|proposed|answered|replied|deleted|restarted|called|"
    r"executed|ran(?! out)|inference|belief|diagnosis|reasoning)\b",
    re.IGNORECASE,
)
_OTHER_AGENTS = re.compile(
    r"\b(?:(?:real[- ])?estate|user|travel|ticket|insurance|booking|gate|sales|leasing|shipping|"
    r"call[- ]cent(?:er|re)|customer[- ]service|support|human|transfer|literary|free|secret|"
    r"ssh|gpg|build|node|host|guest|monitoring|logging|log|backup|metrics?|telemetry|datadog|"
    r"zabbix|jenkins|teamcity|buildkite|puppet|consul|snmp|endpoint|security|mail|update|cleaning|"
    r"change|reducing|contrast|infectious)[- ]agents?\b",
    re.IGNORECASE,
)


def names_an_agent(postmortem: PostmortemDocument) -> Iterator[tuple[Passage, int, str]]:
    """Yield where a text speaks of an AI agent: the passage, the offset in it, and the words.

    Where the text names an agent of another kind, a bare ``agent`` means that one.
    """
    passages = prose(postmortem)
    other = any(_OTHER_AGENTS.search(passage.text) for passage in passages)
    for passage in passages:
        for found in _SURE.finditer(passage.text):
            yield passage, found.start(), found.group()
        if other:
            continue
        for found in _ACTS.finditer(passage.text):
            yield passage, found.start(), " ".join(found.group().split())
