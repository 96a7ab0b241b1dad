"""Adapters and graders of installed packages."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import plugins
from harness.errors import ModelError

Install = Callable[..., None]

ORACLE = """
from harness.adapters.openai_format import turn_of
from harness.domain.trial import Grade, Outcome
from harness.ports.grader import GraderSpecification
from harness.ports.model import AdapterSpec

class Oracle:
    # Knows its probabilities: it takes the first decision that is shown three times in four.
    def __init__(self, config):
        self.share = config.settings.get("share", 0.75)
    async def respond(self, conversation, settings, seed):
        return turn_of(conversation.choices[0 if seed % 4 else 1])
    async def exact_choice_probabilities(self, conversation, settings):
        first, second = conversation.choices
        return {first: self.share, second: 1 - self.share}
    def fingerprint_parts(self):
        return {"oracle": 1}
    async def aclose(self):
        pass

class Lenient:
    def decided(self, case, messages):
        return bool(messages)
    def grade(self, case, transcript):
        return Grade(Outcome.PASS, "whatever")

SPEC = AdapterSpec("oracle", lambda config, context: Oracle(config))
GRADER = GraderSpecification("lenient", lambda options: Lenient(), lambda case: [])
NOTHING = 5
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package with entry points, for the length of a test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(entries: str, source: str = ORACLE) -> None:
        (tmp_path / "oracle_plugin.py").write_text(source)
        info = tmp_path / "oracle_plugin-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: oracle-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entries)
        sys.modules.pop("oracle_plugin", None)
        importlib.invalidate_caches()

    return made


BOTH = """
[harness.adapters]
oracle = oracle_plugin:SPEC
[harness.graders]
lenient = oracle_plugin:GRADER
"""


def test_plugged_in_ones_stand_beside_the_built_in(install: Install):
    """Their names are known and near, and they are loaded when they are asked for."""
    install(BOTH)
    assert list(plugins.adapter_names()) == [
        "anthropic",
        "command",
        "llama",
        "openai",
        "oracle",
        "python",
        "recorded",
        "scripted",
    ]
    assert list(plugins.grader_names()) == ["decision", "judge", "lenient", "text", "tool_call"]
    assert plugins.adapter("oracle").name == "oracle"
    assert plugins.grader("lenient").name == "lenient"


def test_a_built_in_one_is_never_replaced(install: Install):
    """A package that claims a built-in name is not asked."""
    install("[harness.adapters]\nscripted = oracle_plugin:SPEC\n")
    assert plugins.adapter("scripted").name == "scripted"
    assert list(plugins.adapter_names()) == [
        "anthropic", "command", "llama", "openai", "python", "recorded", "scripted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "source", "words"),
    [
        ("oracle_plugin:SPEC", "raise ValueError('\\x1b[31m')",
         "harness.adapters 'oracle': cannot be imported: ValueError: \\x1b[31m"),
        ("oracle_plugin:ABSENT", ORACLE,
         ("harness.adapters 'oracle': cannot be imported: AttributeError: "
         "module 'oracle_plugin' has no attribute 'ABSENT'")),
        ("oracle_plugin:NOTHING", ORACLE, "plug-in 'oracle': is no AdapterSpec"),
    ],
)  # fmt: skip
def test_a_plug_in_that_is_none_is_told(install: Install, entries: str, source: str, words: str):
    """What cannot be loaded, or is of another kind, is an error of the user's set-up."""
    install(f"[harness.adapters]\noracle = {entries}\n", source)
    with pytest.raises(ModelError) as raised:
        plugins.adapter("oracle")
    assert str(raised.value) == words


def test_an_unknown_name_is_told():
    """With the near one, or with all there are."""
    with pytest.raises(ModelError) as raised:
        plugins.adapter("pyton")
    assert str(raised.value) == (
        "harness.adapters: no plug-in of that name, got pyton, did you mean python?"
    )
    with pytest.raises(ModelError) as raised:
        plugins.grader("xyz")
    assert str(raised.value) == (
        "harness.graders: no plug-in of that name, got xyz, write one of decision, judge, text, "
        "tool_call"
    )


def test_a_plugged_in_model_is_checked_like_any_other(install: Install, project: Any):
    """Sampled, graded and decided, with its own part in the fingerprint."""
    install(BOTH)
    project.models("planted: {adapter: oracle}")
    project.evaluation(more="grader: lenient\n")
    ran = project.run("check", "ITEM-1", "--format", "json")
    assert (ran.json[0]["verdict"], ran.code) == ("met", 0)
    assert project.records("plan")[0]["parts"]["oracle"] == 1


def test_exact_rates_are_shown_beside_the_evidence(install: Install, project: Any):
    """Averaged over all orders: 3/4 on the first place is a failure rate of a half on each."""
    install(BOTH)
    project.models("planted: {adapter: oracle}")
    project.case("spike", twin=False)
    plain = project.run("check", "ITEM-1", "--calls", "4", "--format", "json")
    ran = project.run("check", "ITEM-1", "--calls", "4", "--exact", "--format", "json")
    (found,) = ran.json
    assert found["exact"] == {"silent": [0.5, 0.5], "spike": [0.5, None]}
    assert plain.json[0]["exact"] is None
    text = project.run("check", "ITEM-1", "--calls", "4", "--exact").out
    assert (
        "exact        50 % from log-probabilities, twins 50 % (a diagnostic, not evidence)\n"
        "             silent 50 %, twin 50 %\n"
        "             spike 50 %\n"
    ) in text
    assert project.run("verify").code == 0
