"""``harness attribute --exact``: rates that a model computes instead of trials."""

import asyncio
import datetime as dt
import importlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.commands import attribute
from harness.commands.context import Context, Progress
from harness.commands.exact import Asked, Computing

LAYERS = ("agent", "tool", "data", "handoff")
ORACLE = """
from harness.adapters.openai_format import turn_of
from harness.ports.model import AdapterSpec

class Oracle:
    # Knows how often it waits: most often, unless tool and data are repaired.
    async def respond(self, conversation, settings, seed):
        return turn_of("restart")
    async def exact_choice_probabilities(self, conversation, settings):
        text = " ".join(message.content or "" for message in conversation.messages)
        rate = 0.1 if "REPAIR tool" in text and "REPAIR data" in text else 0.7
        return {"wait": rate, "restart": 1 - rate}
    def fingerprint_parts(self):
        return {"oracle": 1}
    async def aclose(self):
        pass

SPEC = AdapterSpec("oracle", lambda config, context: Oracle())
"""


@pytest.fixture
def asked(project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a project with an incident of two cases, on a model that knows its probabilities."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "exact_oracle.py").write_text(ORACLE)
    info = tmp_path / "exact_oracle-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: exact-oracle\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.adapters]\noracle = exact_oracle:SPEC\n")
    sys.modules.pop("exact_oracle", None)
    importlib.invalidate_caches()
    project.models("oracle: {adapter: oracle}")
    project.write(
        "postmortems/INC-1.md",
        """
        ---
        id: INC-1
        title: A stalled queue
        date: 2026-03-04
        status: draft
        attribution:
          agent: {share: 0.0}
          tool: {share: 0.5, evidence: no heartbeat}
          data: {share: 0.5, evidence: stale}
          handoff: {share: 0.0}
        ---
        Text.
        """,
    )
    more = "variants:\n" + "".join(
        f"  {layer}: [{{append: {{role: user, content: REPAIR {layer}}}}}]\n" for layer in LAYERS
    )
    project.case("silent", more=more)
    project.case("spike", more=more)
    return project


def test_exact_cells_give_exact_shares(asked: Any):
    """Sixteen cells, an AND of two layers: half of the drop each, and nothing on record."""
    done = asked.run("attribute", "INC-1", "--exact", "--format", "json")
    found = done.json
    assert (done.code, len(found["exact"]), found["stopped"]) == (0, 16, None)
    shares = {each["layer"]: each["share"]["value"] for each in found["layers"]}
    assert shares == pytest.approx({"agent": 0, "tool": 0.5, "data": 0.5, "handoff": 0})
    assert found["drop"]["value"] == pytest.approx(0.6)
    assert (found["record"], found["run"], found["new_trials"]) == (None, None, 0)
    assert not asked.runs()


def test_minutes_end_exact_cells_too(asked: Any):
    """With no time left nothing is computed: exit 3, the reason, and no share."""
    done = asked.run("attribute", "INC-1", "--exact", "--minutes", "1e-9")
    assert done.code == 3
    assert done.out.splitlines()[:3] == [
        "INC-1 on oracle: not measured",
        "  because 16 of 16 combinations are still to be computed, and none is kept",
        "  stopped: the budget of minutes is spent",
    ]
    told = asked.run("attribute", "INC-1", "--exact", "--minutes", "1e-9", "--format", "json")
    assert (told.json["exact"], told.json["layers"], told.json["complete"]) == ({}, [], False)


def test_the_budget_of_the_project_ends_exact_cells_too(asked: Any):
    """What harness.yaml says of minutes holds where the command line says nothing."""
    with (asked.root / "harness.yaml").open("a") as file:
        file.write("\nbudget: {minutes: 1.0e-9}\n")
    assert asked.run("attribute", "INC-1", "--exact").code == 3


def test_time_that_ends_half_way_leaves_whole_cells_only(make_case: Any):
    """A rate is a mean over all orders: one that lacks an order is none."""

    class Half:
        async def exact_choice_probabilities(self, conversation: Any, settings: Any) -> Any:
            return {"restart": 0.25, "wait": 0.75}

    moments = iter([False, False, False, True])
    shown: list[tuple[int, int, str]] = []
    computing = Computing(
        lambda done, total, text: shown.append((done, total, text)), 4, lambda: next(moments)
    )
    asked: Asked = (Half(), make_case(), {}, "")
    assert asyncio.run(computing.rate(asked, "none")) == 0.75
    assert asyncio.run(computing.rate(asked, "tool")) is None
    assert shown == [(0, 4, "none"), (1, 4, "none"), (2, 4, "tool")]


def test_what_is_computed_is_shown(asked: Any):
    """Each conversation moves the bar: two orders of two cases in sixteen combinations."""
    shown: list[tuple[int, int, str]] = []

    @contextmanager
    def showing() -> Iterator[Progress]:
        yield lambda done, total, text: shown.append((done, total, text))

    context = Context(
        start=asked.root,
        environ={},
        now=lambda: dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        rng=random.Random(1),  # noqa: S311
        say=lambda _: None,
        progress=showing,
    )
    report = attribute.attribute(context, attribute.Options("INC-1", exact=True))
    assert report.exact is not None
    assert len(report.exact) == 16
    assert [done for done, _, _ in shown] == list(range(64))
    assert {total for _, total, _ in shown} == {64}
    assert shown[0][2] == "computing none"
    assert shown[-1][2] == "computing agent+tool+data+handoff"


def test_exact_rates_of_a_check_are_shown_beside_it(asked: Any):
    """``check --exact`` computes case and twin of every case that the item covers."""
    found = asked.run("check", "ITEM-1", "--exact", "--format", "json").json[0]
    rates = {case: [round(rate, 9) for rate in both] for case, both in found["exact"].items()}
    assert rates == {"silent": [0.7, 0.3], "spike": [0.7, 0.3]}


def test_minutes_end_the_exact_rates_of_a_check_too(asked: Any):
    """What was computed is shown, and how much that is."""
    done = asked.run("check", "ITEM-1", "--exact", "--minutes", "1e-9")
    assert "exact rates: the budget of minutes is spent, 0 of " in done.err
    whole = asked.run("check", "ITEM-1", "--exact", "--calls", "4")
    assert "the budget of minutes" not in whole.err
