"""The embedded model: llama.cpp inside this process, weights from the package index."""

from harness.adapters.llama.model import SPEC, LlamaModel

__all__ = ["SPEC", "LlamaModel"]
