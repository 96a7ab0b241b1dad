import dataclasses
import datetime as dt
import json
from xml.etree import ElementTree as ET

import pytest

from harness.domain.decision import Judgement, Verdict
from harness.domain.postmortem import Link, Postmortem
from harness.reporters.markdown import cell as markdown_cell
from harness.reporters.site import charts
from harness.reporters.site.model import (
    Cell,
    Failure,
    ItemPage,
    Look,
    PostmortemPage,
    Said,
    Site,
    TracePage,
)
from harness.reporters.site.pages import pages
from harness.reporters.site.text import cell, shown, table

HOSTILE = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "left \u202e right \u2066 hidden",
    "nul \x00 bell \x07 escape \x1b[31m",
    "half \ud800 character",
]


def _item(name: str = "ITEM-1", verdict: str = "met", text: str = "plain", **more) -> ItemPage:
    base = Judgement(
        verdict=Verdict.MET, target=0.1, rounds=20, trials=40, failures=2, ungraded=0,
        estimate=0.05, lower=0.01, upper=0.2, log_e_met=3.0, log_e_not_met=0.0, decided_in=20,
        clean_trials=None, failing_trials=None, cases=(),
    )  # fmt: skip
    given = {
        "looks": (
            Look(20, 1, 0.05, 0.0, 0.4, "2026-03-04"), Look(40, 2, 0.05, 0.01, 0.2, "2026-03-05"),
        ),
        "cells": (Cell("silent", text, 20, 2), Cell("spike", text, 20, 0)),
        "failures": (
            Failure(
                "run", text, "silent", "base", 3, "fail", text, text,
                (Said(0, "user", shown(text)),),
                (Said(0, "assistant", shown(text), (shown(text),)),),
            ),
        ),
        "failed_in_all": 12,
        **more,
    }  # fmt: skip
    return ItemPage(
        name, text, "eval coverage", "INC-1", "ops.stall", text, "2026-12-01", "open", verdict,
        (text,), "stall", text, base, base, **given,
    )  # fmt: skip


def _site(*items: ItemPage, text: str = "plain") -> Site:
    post = Postmortem(
        id="INC-1", title=text, date=dt.date(2026, 3, 4), trigger=text, impact=text,
        contributing_factors=(text,), action_items=("ITEM-1",),
        links=(Link(system=text, key=text, url="https://example.com/a"),),
    )  # fmt: skip
    trace = TracePage(
        "INC-1", "INC-1", reconstructed=True, messages=(Said(0, "user", shown(text)),)
    )
    return Site(
        "project", dt.date(2026, 11, 22), "0", items, (PostmortemPage(post, ((text, text),)),),
        (trace,), (), (), (), None,
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    """Nothing that a model, a trace or a file says becomes a tag, a link or a control."""
    for name, page in pages(_site(_item(text=text), text=text)):
        assert not any(ord(c) < 32 and c not in "\n\r" for c in page), name
        assert "\u202e" not in page
        assert "\u2066" not in page
        if name.endswith(".html"):
            assert "<script" not in page.lower()
            assert "<img" not in page
            assert "<svg onload" not in page
            assert 'href="javascript' not in page
            assert "49" not in page or "7 * 7" in page or "{{" not in text
        page.encode()


def test_a_line_without_an_end_is_cut_and_says_so() -> None:
    """A megabyte on one line neither freezes a browser nor vanishes in silence."""
    found = shown("x" * 1_000_000)
    assert len(found) < 3_000
    assert "more characters" in found
    assert shown("a\n" * 1_000).endswith("more lines")
    assert shown("plain\ntext") == "plain\ntext"


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_csv_cell_is_a_formula(start: str) -> None:
    """Spreadsheets run what begins so; a number may be negative all the same."""
    assert cell(start)[0] not in "=+-@\t\r"
    assert cell(-0.5) == "-0.5"
    assert table(("a",), [(start,)]).splitlines()[1][0] not in "=+-@"


def test_the_pages_need_no_script_and_no_inline_style() -> None:
    """They are readable under default-src 'none'; img-src 'self'; style-src 'self'."""
    for name, page in pages(_site(_item())):
        if name.endswith(".html"):
            assert "<script" not in page
            assert " style=" not in page
            assert "<style" not in page
            assert "http-equiv" in page
            assert page.count("<h1>") == 1


def test_every_chart_stands_in_a_table_and_a_csv_too() -> None:
    """A chart is never the only place of a figure."""
    written = dict(pages(_site(_item())))
    page = written["items/ITEM-1.html"]
    assert page.count("<svg") == 2
    assert page.count("<table>") >= 3
    assert written["items/ITEM-1.csv"].splitlines()[0] == (
        "trials,failures,estimate,lower,upper,night"
    )
    assert written["items/ITEM-1.cases.csv"].splitlines()[1] == "silent,plain,20,2"
    assert "items.csv" in written


def test_charts_carry_their_paint_as_attributes() -> None:
    """They are seen where no stylesheet is allowed, and what they are is said."""
    drawn = charts.forest([_item()])
    assert 'role="img"' in drawn
    assert 'aria-label="Estimate and interval of 1 action items' in drawn
    assert "stroke=" in drawn
    assert "style" not in drawn
    ET.fromstring(drawn)  # noqa: S314 - our own text, well-formed


def test_a_name_in_a_chart_is_escaped() -> None:
    """SVG is markup, too."""
    drawn = charts.heat([Cell('<a onclick="x">', "<b>", 3, 1)])
    assert "<a " not in drawn
    assert "&lt;a onclick=" in drawn


def test_junit_tells_undecided_from_met() -> None:
    """A CI server shows met as passed, undecided as skipped with its reason, never as green."""
    items = [
        _item(f"ITEM-{n}", verdict)
        for n, verdict in enumerate(("met", "not met", "undecided", "invalid"))
    ]
    root = ET.fromstring(dict(pages(_site(*items)))["junit.xml"])  # noqa: S314 - our own text
    (suite,) = root
    counted = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert [len(case.findall("skipped")) for case in suite] == [0, 0, 1, 0]
    assert [each.get("message") for each in suite[2].findall("skipped")] == ["plain"]


def test_json_and_markdown_hold_the_same_items() -> None:
    """Every format is one view of the same figures."""
    written = dict(pages(_site(_item(text="a|b"))))
    (item,) = json.loads(written["items.json"])["items"]
    assert (item["id"], item["base"]["trials"], item["verdict"]) == ("ITEM-1", 40, "met")
    assert "| ITEM-1 | open | met | 2 of 40 |" in written["summary.md"]
    assert markdown_cell("<b>|`x`") == "&lt;b&gt;\\|\\`x\\`"


def test_the_quote_leads_to_its_place() -> None:
    """A link leads from the inference to the message of the trace, and the message has its name."""
    from harness.domain.postmortem import Agent, Inference, TraceReference

    inference = Inference(
        inferred="it is stuck", trace=TraceReference(file="traces/INC-1.json", message=0)
    )
    post = Postmortem(
        id="INC-1", title="t", date=dt.date(2026, 3, 4), agent=Agent(inferences=(inference,))
    )
    site = _site(_item())
    page = PostmortemPage(post, (), frozenset({"traces/INC-1.json"}))
    written = dict(pages(dataclasses.replace(site, postmortems=(page,))))
    assert 'href="../traces/INC-1.html#m0"' in written["postmortems/INC-1.html"]
    assert 'id="m0"' in written["traces/INC-1.html"]
