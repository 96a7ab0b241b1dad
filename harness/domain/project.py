"""harness.yaml: the models, the defaults and the budget of a project."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, MinLen

from harness.domain.record import (
    Count,
    Json,
    Name,
    OpenRate,
    PositiveSeconds,
    Probability,
    Text,
    record,
)


@record
class Prices:
    """What a model's tokens cost; no part of the fingerprint."""

    input: Annotated[float, Ge(0.0)]
    """For a million tokens that the model reads."""
    output: Annotated[float, Ge(0.0)]
    """For a million tokens that the model writes."""
    currency: Name = "USD"
    """The name of the money."""


@record
class Timeouts:
    """How long a model may take; no part of the fingerprint."""

    connect_s: PositiveSeconds = 10.0
    """To take up a connection; after it the endpoint counts as not reached, and is tried again."""
    reply_s: PositiveSeconds = 300.0
    """To answer one request; after it the model had its time, and the trial counts as ungraded."""
    trial_s: PositiveSeconds | None = None
    """For all answers of a trial together; waiting to ask takes nothing from it, null: no limit."""
    outage_s: Annotated[float, Ge(0.0)] = 60.0
    """How long an endpoint that had answered may stay away before the command stops."""


@record
class Command:
    """How the command adapter starts a program, and what it speaks with it."""

    argv: Annotated[tuple[Text, ...], MinLen(1)]
    """The program and its arguments, never a shell's line; {prompt_file}, {mcp_config},
    {tools_log}, {work} and {seed} are filled in for each trial."""
    role: Literal["agent", "model"] = "agent"
    """A whole agent with a loop of its own, or a model whose tool calls the harness answers."""
    speaks: Literal["lines", "text"] = "lines"
    """JSON lines, as docs/agents.md has them; or the conversation in as text and the answer out."""
    long_lived: bool = False
    """Whether one process answers trial after trial; else each trial has a process of its own."""
    folder: Text = "."
    """The working directory, below the project."""
    env: tuple[Text, ...] = ()
    """Names of environment variables that the program may see, beyond PATH, LANG, LC_ALL, TZ
    and TMPDIR."""
    limit_s: PositiveSeconds = 300.0
    """Seconds that a trial may take; after them the whole process group is killed."""
    most_bytes: Count = 10_000_000
    """The most that a program may write to standard output in a trial."""
    version: Text | None = None
    """The agent's version or hash, as you declare it; part of the fingerprint."""
    files: tuple[Text, ...] = ()
    """Files below the project whose hashes are part of the fingerprint."""


@record
class ModelConfig:
    """How a model is reached."""

    adapter: Name
    """The adapter's name."""
    model: str | None = None
    """The model id that the adapter asks for; for llama a manifest name or the path of a GGUF."""
    target: str | None = None
    """For the python adapter: module:function."""
    replies: tuple[Json, ...] | None = None
    """For the scripted adapter: the replies, in turn."""
    base_url: Text | None = None
    """The address of an endpoint, up to and without chat/completions or messages."""
    api_key_env: Text | None = None
    """The environment variable that holds the key; the key itself stands in no file."""
    api_key_header: Text | None = None
    """The header that carries the key, such as api-key for Azure; by default the adapter's own."""
    headers: Mapping[Text, Text] = field(default_factory=dict)
    """Further headers of every request; part of the fingerprint, and no place for secrets."""
    command: Command | None = None
    """For the command adapter: the program."""
    transcripts: Text | None = None
    """For the recorded adapter: a JSONL file of transcripts, below the project."""
    concurrency: Count = 8
    """How many trials may be under way at once."""
    requests_per_minute: Annotated[float, Gt(0.0)] | None = None
    """The most requests in a minute; null for no limit."""
    tokens_per_minute: Annotated[float, Gt(0.0)] | None = None
    """The most tokens in a minute, read and written; null for no limit."""
    timeouts: Timeouts = Timeouts()
    """How long the model may take."""
    prices: Prices | None = None
    """What its tokens cost, so that reports can say what was spent."""
    settings: Mapping[str, Json] = field(default_factory=dict)
    """Sampling settings, handed to the adapter as they stand; part of the fingerprint."""


@record
class Defaults:
    """What applies where an item or eval does not say."""

    alpha: OpenRate = 0.05
    """The error rate at which a target must be shown."""
    error_scope: Literal["lifetime", "epoch"] = "lifetime"
    """Whether alpha covers all epochs of an item together, or each epoch anew."""
    max_ungraded_rate: Probability = 0.05
    """Above this share of ungraded trials the verdict is invalid."""


@record
class Budget:
    """What one command may spend."""

    calls: Count = 20000
    """Model calls."""
    minutes: Annotated[float, Gt(0)] = 60.0
    """Wall time in minutes."""
    tokens: Count | None = None
    """Tokens, read and written; null for no limit."""
    money: Annotated[float, Gt(0)] | None = None
    """Money by the models' prices, in their currency; null for no limit."""


@record
class AgentRepair:
    """How the agent layer is repaired when an incident is attributed by replay."""

    agent_model: Name | None = None
    """A stronger model of this file; empty for the model that is replayed."""
    agent_policy: Text | None = None
    """A policy to add to the system message; empty for the cases' own edits."""


@record
class Project:
    """The whole of harness.yaml."""

    default_model: Name
    """The model that is used where no other is named."""
    models: Mapping[Name, ModelConfig]
    """Model name -> how it is reached."""
    defaults: Defaults = Defaults()
    """Defaults of the decisions."""
    attribution: AgentRepair = AgentRepair()
    """How the agent is repaired in an attribution; empty for the cases' own edits."""
    budget: Budget = Budget()
    """What one command may spend."""
    reports: Text = "reports"
    """The folder, below the project, that holds the ledger and all that is derived from it."""
