"""harness.yaml: the models, the defaults and the budget of a project."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from annotated_types import Gt

from harness.domain.record import Count, Json, Name, OpenRate, Probability, Text, record


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
    concurrency: Count = 8
    """How many trials may be under way at once."""
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


@record
class Project:
    """The whole of harness.yaml."""

    default_model: Name
    """The model that is used where no other is named."""
    models: Mapping[Name, ModelConfig]
    """Model name -> how it is reached."""
    defaults: Defaults = Defaults()
    """Defaults of the decisions."""
    budget: Budget = Budget()
    """What one command may spend."""
    reports: Text = "reports"
    """The folder, below the project, that holds the ledger and all that is derived from it."""
