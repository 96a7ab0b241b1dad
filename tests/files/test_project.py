# ruff: noqa: E501 - a message stands on one line, as the user sees it
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError, show
from harness.files.project import adapter_problems, find_root, load_project, model_config
from harness.ports.model import AdapterSpec

Write = Callable[..., Path]


def told(root: Path, adapters: list[str] | None = None) -> list[str]:
    """Return the lines that loading the project raises, with paths from the root."""
    with pytest.raises(InputError) as raised:
        load_project(root, adapters)
    return str(raised.value).replace(f"{root}/", "").splitlines()


def test_the_nearest_folder_above_is_the_project(
    project_folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command works from anywhere inside a project, and its messages stay relative."""
    below = project_folder / "cases" / "stall"
    assert find_root(below) == below / ".." / ".."
    monkeypatch.chdir(below)
    assert find_root(Path()) == Path("../..")
    monkeypatch.chdir(project_folder)
    assert find_root(Path()) == Path()
    write("cases/stall/harness.yaml", "default_model: a\nmodels: {a: {adapter: x}}\n")
    assert find_root(below) == below


def test_without_a_project_the_user_is_told_how_to_start_one(tmp_path: Path) -> None:
    """Outside of every project the message says what to do."""
    with pytest.raises(InputError) as raised:
        find_root(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}: no harness.yaml here or above, "
        "name the project's folder with --root, or start a project: harness init"
    )


def test_a_project_is_loaded_from_its_folder(project_folder: Path) -> None:
    """harness.yaml says where everything is."""
    project = load_project(project_folder, ["scripted"])
    assert project.config.default_model == "local"
    assert project.items == project_folder / "action_items"
    assert project.evals == project_folder / "cases"
    assert project.reports == project_folder / "reports"
    assert model_config(project)[0] == "local"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (
            "default_model: locl\nmodels: {local: {adapter: scripted}}\n",
            ["harness.yaml:1:16: default_model: is no model of this file, got locl, did you mean local?"],
        ),
        (
            "default_model: local\nmodels: {local: {adapter: scriptd}}\n",
            ["harness.yaml:2:27: models.local.adapter: is no adapter, got scriptd, did you mean scripted?"],
        ),
        (
            "default_model: local\nmodels: {}\n",
            ["harness.yaml:2:9: models: must not be empty, got an empty mapping, write local: {adapter: ...}"],
        ),
        (
            "default_model: a\nmodels: {a: {adapter: scripted}}\nreports: ../out\n",
            ["harness.yaml:3:10: reports: must lie inside the project, got ../out, write a path below the project, such as reports"],
        ),
        (
            "default_model: a\nmodels: {a: {adapter: scripted}}\nreports: /tmp\n",
            ["harness.yaml:3:10: reports: must lie inside the project, got /tmp, write a path below the project, such as reports"],
        ),
        (
            "default_model: b\nmodels: {a: {adapter: zebra}}\nreports: .\n",
            [
                "harness.yaml:1:16: default_model: is no model of this file, got b, known: a",
                "harness.yaml:2:23: models.a.adapter: is no adapter, got zebra, known: llama, scripted",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_harness_yaml_is_told(
    write: Write, content: str, lines: list[str]
) -> None:
    """Unknown models and adapters, and reports outside of the project, are input errors."""
    root = write("harness.yaml", content).parent
    assert told(root, ["scripted", "llama"]) == lines


def test_adapters_are_not_checked_where_none_are_known(write: Write) -> None:
    """A command that needs no adapter imports none to learn their names."""
    root = write("harness.yaml", "default_model: a\nmodels: {a: {adapter: other}}\n").parent
    assert load_project(root).config.models["a"].adapter == "other"


def test_links_do_not_lead_out_of_the_project(write: Write, tmp_path: Path) -> None:
    """A repository can't make the harness read or write elsewhere through a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root = write("in/harness.yaml", "default_model: a\nmodels: {a: {adapter: x}}\n").parent
    (root / "reports").symlink_to(outside)
    assert told(root) == [
        f"reports: leads out of the project, got {show(str(outside))}, put the file itself there"
    ]
    (root / "reports").unlink()
    (root / "harness.yaml").rename(outside / "harness.yaml")
    (root / "harness.yaml").symlink_to(outside / "harness.yaml")
    assert told(root) == [
        (
            f"harness.yaml: leads out of the project, got {show(str(outside / 'harness.yaml'))}, "
            "put the file itself there"
        )
    ]


def test_an_unknown_model_is_told(project_folder: Path) -> None:
    """A model that the user names must be in harness.yaml."""
    with pytest.raises(InputError) as raised:
        model_config(load_project(project_folder), "locale")
    assert str(raised.value) == (
        f"{project_folder}/harness.yaml:3:3: models: holds no model of that name, got locale, "
        "did you mean local?"
    )


def test_a_model_has_the_keys_that_its_adapter_reads(write: Write) -> None:
    """A key that an adapter needs and one that it never reads are both told."""
    content = "default_model: a\nmodels:\n  a: {adapter: python, model: x, settings: {n: 1}}\n"
    project = load_project(write("harness.yaml", content).parent)
    adapter = AdapterSpec("python", lambda _config, _context: None, frozenset({"target"}))  # type: ignore[arg-type,return-value]
    lines = [str(p).rpartition("/")[2] for p in adapter_problems(project, "a", adapter)]
    assert lines == [
        "harness.yaml:3:6: models.a.target: is missing, the adapter python needs it",
        "harness.yaml:3:24: models.a.model: is not read by the adapter python, take it away",
    ]
