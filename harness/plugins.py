"""What can be plugged in: adapters, graders and importers, built in or of installed packages."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from harness.adapters import BUILT_IN as ADAPTERS
from harness.errors import ModelError, show
from harness.graders import BUILT_IN as GRADERS
from harness.importers import BUILT_IN as IMPORTERS
from harness.ports.grader import GraderSpecification
from harness.ports.model import AdapterSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from harness.ports.importer import ImporterSpec

_T = TypeVar("_T")
ADAPTER_GROUP = "harness.adapters"
GRADER_GROUP = "harness.graders"
IMPORTER_GROUP = "harness.importers"


class Names(Collection[str]):
    """Names of plug-ins in order; other packages are looked through for unknown ones only."""

    def __init__(self, built_in: Mapping[str, str], group: str) -> None:
        """Take the built-in ones, and where packages name theirs."""
        self._built_in = built_in
        self._group = group

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name."""
        return name in self._built_in or name in self._all()

    def __iter__(self) -> Iterator[str]:
        """Yield all of them."""
        return iter(self._all())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all())

    def _all(self) -> list[str]:
        return sorted({*self._built_in, *_installed(self._group).names})


def adapter_names() -> Names:
    """Return the names that ``adapter`` may have in harness.yaml."""
    return Names(ADAPTERS, ADAPTER_GROUP)


def grader_names() -> Names:
    """Return the names that ``grader`` may have in eval.yaml."""
    return Names(GRADERS, GRADER_GROUP)


def adapter(name: str) -> AdapterSpec:
    """Return an adapter; only its own module is imported. ModelError for an unknown name."""
    if name in ADAPTERS:
        return _checked(import_module(ADAPTERS[name]).SPEC, AdapterSpec, name)
    return _checked(_plugged_in(ADAPTER_GROUP, name, adapter_names()), AdapterSpec, name)


def grader(name: str) -> GraderSpecification:
    """Return a grader; only its own module is imported. ModelError for an unknown name."""
    if name in GRADERS:
        return _checked(import_module(GRADERS[name]).SPEC, GraderSpecification, name)
    return _checked(_plugged_in(GRADER_GROUP, name, grader_names()), GraderSpecification, name)


def importer_names() -> Names:
    """Return the names of the trace formats that can be imported."""
    return Names(IMPORTERS, IMPORTER_GROUP)


def importer(name: str) -> "ImporterSpec":
    """Return an importer; only its own module is imported. ModelError for an unknown name."""
    from harness.ports.importer import ImporterSpec  # noqa: PLC0415 - no check reads traces

    if name in IMPORTERS:
        return _checked(import_module(IMPORTERS[name]).SPEC, ImporterSpec, name)
    return _checked(_plugged_in(IMPORTER_GROUP, name, importer_names()), ImporterSpec, name)


def _installed(group: str) -> "EntryPoints":
    # Slow to import, and slow to ask: every installed package is looked at.
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group=group)


def _plugged_in(group: str, name: str, known: Collection[str]) -> object:
    for entry in _installed(group).select(name=name):
        try:
            return entry.load()
        except Exception as error:  # foreign code runs at import
            message = f"{group} {name!r}: cannot be imported: {type(error).__name__}: {error}"
            raise ModelError(message) from error
    raise ModelError(f"{group}: no plug-in of that name, got {show(name)}, {near(name, known)}")


def _checked(spec: object, kind: type[_T], name: str) -> _T:
    if not isinstance(spec, kind):
        raise ModelError(f"plug-in {name!r}: is no {kind.__name__}")
    return spec


def near(name: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown name."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"write one of {', '.join(known)}"
