"""``harness check``: sampling and deciding, on real files and with a real agent."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "item", "verdict", "eval", "eval_digest", "model", "fingerprint", "epoch", "alpha", "trials",
    "rounds", "failures", "ungraded", "new_trials", "looks", "estimate", "interval", "target",
    "e_met", "e_not_met", "threshold", "more_trials", "cases", "twins", "cost", "run", "head",
}  # fmt: skip

MET = """\
ITEM-1: MET: 0/14 failed (0 %, bounds 0 % to 27.4 %), target 30 %, on planted
  because the failure rate is shown to be below the target
  warning: twins exist, but target has no twin_failure_rate: an agent that never acts may close

A stalled queue is read from the heartbeat (INC-1)
  case       failed              twin failed
  silent        0/7              0/7
  spike         0/7              0/7

twins        0/14 failed (0 %, bounds 0 % to 27.8 %), no target
no model     fails on cases / on twins
             chance         50 % / 50 %
             always first   50 % / 50 %
             most cautious  0 % / 100 %
             boldest        100 % / 0 %
evidence     e(met) 63.9, e(not met) 1, decides at 40 (epoch 1)
cost         28 trials, 28 of them new, S s of the model
run          RUN, head HEAD
next         harness verify RUN
"""


def plain(text: str) -> str:
    """Return a report without what differs from run to run."""
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN", text)
    text = re.sub(r"head [0-9a-f]{12}", "head HEAD", text)
    return re.sub(r"[\d.]+ s of the model", "S s of the model", text)


def tree(root: Path) -> dict[str, bytes]:
    """Return every file below the reports, without locks."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "reports").rglob("*")
        if path.is_file() and "locks" not in path.parts
    }


def test_an_agent_that_never_fails_meets_its_target(project: Any):
    """The first line holds verdict, k/n, interval and target; what stands behind it follows."""
    ran = project.run("check", "ITEM-1")
    assert plain(ran.out) == MET
    assert (ran.code, ran.err) == (0, "")


def test_the_document_holds_what_was_promised(project: Any):
    """One JSON list with every key of the contract, and nothing else on stdout."""
    ran = project.run("check", "ITEM-1", "--format", "json")
    (found,) = ran.json
    assert set(found) >= KEYS
    assert ran.out.endswith("]\n")
    assert found["verdict"] == "met"
    assert (found["trials"], found["failures"], found["ungraded"]) == (14, 0, 0)
    assert (found["rounds"], found["looks"], found["new_trials"]) == (7, 7, 28)
    assert found["interval"]["lower"] == 0.0
    assert found["interval"]["upper"] < found["target"] == 0.3
    assert found["interval"]["confidence"] == 1 - found["alpha"] == 0.975
    assert found["e_met"] >= found["threshold"] == 40
    assert set(found["twins"]) >= {"trials", "failures", "estimate", "upper", "verdict"}
    assert found["twins"]["verdict"] is None
    assert found["cases"][0] == {"case": "silent", "trials": 7, "failures": 0, "ungraded": 0}
    assert found["policies"]["chance"] == {"cases": 0.5, "twins": 0.5}
    assert found["cost"]["calls"] == 28
    assert found["exact"] is None
    assert project.runs()[0].stem == found["run"]


@pytest.mark.parametrize(
    ("settings", "target", "verdict", "code"),
    [
        ({"rate": 0.0}, "failure_rate: 0.3", "met", 0),
        ({"rate": 1.0}, "failure_rate: 0.3", "not met", 1),
        ({"fails": "spike"}, "failure_rate: 0.5", "undecided", 3),
        ({"twin_rate": 1.0}, "failure_rate: 0.3, twin_failure_rate: 0.3", "not met", 1),
        ({"twin_rate": 1.0}, "failure_rate: 0.3", "met", 0),
        ({}, "failure_rate: 0.3, twin_failure_rate: 0.3", "met", 0),
    ],
)
def test_a_verdict_is_an_exit_code(
    project: Any, settings: dict[str, Any], target: str, verdict: str, code: int
):
    """0 met, 1 not met, 3 undecided: never 0 for anything but met."""
    project.config(**settings)
    project.item(target=target, more="max_trials: 24")
    ran = project.run("check", "ITEM-1", "--format", "json")
    assert (ran.json[0]["verdict"], ran.code) == (verdict, code)


def test_replies_that_nobody_can_grade_are_invalid(project: Any):
    """Exit code 4, after the few trials that show that too many cannot be graded."""
    project.agent("def respond(*_):\n    return 'restart, or wait?'\n")
    ran = project.run("check", "ITEM-1")
    first, second = ran.out.splitlines()[:2]
    assert first == (
        "ITEM-1: INVALID: 0/8 failed, 8 ungraded (0 %, bounds 0 % to 100 %), target 30 %, "
        "on planted"
    )
    assert second == "  because 16 of 16 trials are ungraded, more than 5% can be judged with"
    assert ran.code == 4
    assert ran.out.splitlines()[-1] == "next         harness trials ITEM-1 --outcome ungraded"


def test_an_eval_may_count_them_as_failures(project: Any):
    """unparsed: fail makes a reply that fits no decision a failure, and the verdict not met."""
    project.agent("def respond(*_):\n    return 'restart, or wait?'\n")
    project.evaluation(more="unparsed: fail\n")
    ran = project.run("check", "ITEM-1", "--format", "json")
    assert (ran.json[0]["verdict"], ran.json[0]["ungraded"], ran.code) == ("not met", 0, 1)


def test_deciding_again_changes_nothing(project: Any):
    """--decide-only gives the identical bytes every time, writes nothing, and is the check's."""
    checked = project.run("check", "ITEM-1", "--format", "json")
    before = tree(project.root)
    first = project.run("check", "ITEM-1", "--decide-only", "--format", "json")
    second = project.run("check", "ITEM-1", "--decide-only", "--format", "json")
    assert first == second
    assert tree(project.root) == before
    assert first.code == checked.code
    assert first.json == [{**checked.json[0], "new_trials": 0}]


def test_deciding_an_empty_ledger_writes_nothing(project: Any):
    """Nothing was measured: undecided, exit 3, and no folder is made for it."""
    ran = project.run("check", "ITEM-1", "--decide-only", "--format", "json")
    (found,) = ran.json
    assert (found["verdict"], ran.code) == ("undecided", 3)
    assert (found["estimate"], found["run"], found["head"]) == (None, None, None)
    assert found["reasons"] == ["no whole round of trials on the failure rate yet"]
    assert not (project.root / "reports").exists()
    text = project.run("check", "ITEM-1", "--decide-only").out
    assert text.startswith("ITEM-1: UNDECIDED: no whole round yet, target 30 %, on planted\n")
    assert text.endswith("next         harness check ITEM-1\n")


def test_a_decided_item_is_not_replayed(project: Any):
    """Checking again costs no call, writes no run, and says the same."""
    project.run("check", "ITEM-1")
    before = tree(project.root)
    again = project.run("check", "ITEM-1", "--format", "json")
    assert again.json[0]["new_trials"] == 0
    assert tree(project.root) == before


def test_what_was_replayed_is_in_the_ledger(project: Any):
    """A run holds its plan, the item, every trial with prompt and reply, the decision, a seal."""
    project.run("check", "ITEM-1")
    records = project.records()
    assert Counter(record["kind"] for record in records) == Counter(
        run=1, plan=1, item=1, trial=28, decision=1, seal=1
    )
    kinds = [record["kind"] for record in records]
    assert kinds[:4] == ["run", "plan", "item", "trial"]
    assert kinds[-2:] == ["decision", "seal"]
    trials = project.records("trial")
    assert len({trial["id"] for trial in trials}) == 28
    assert {(t["case"], t["variant"], t["round"]) for t in trials} == {
        (case, variant, round_)
        for case in ("silent", "spike")
        for variant in ("base", "twin")
        for round_ in range(7)
    }
    requests = [(t["case"], t["variant"], t["shuffle"], t["seed"]) for t in trials]
    assert len(set(requests)) == 28
    assert {t["outcome"] for t in trials} == {"pass"}
    assert trials[0]["transcript"] == [{"role": "assistant", "content": trials[0]["decision"]}]


def test_a_later_check_goes_on_with_fresh_seeds(project: Any):
    """A second run of one epoch fills the next rounds, and repeats no request with its seed."""
    project.config(fails="spike")
    project.run("check", "ITEM-1", "--calls", "16")
    ran = project.run("check", "ITEM-1", "--calls", "16", "--format", "json")
    assert len(project.runs()) == 2
    assert (ran.json[0]["epoch"], ran.json[0]["verdict"]) == (1, "undecided")
    trials = project.records("trial")
    requests = {(t["case"], t["variant"], t["shuffle"], t["seed"]) for t in trials}
    assert len(requests) == len(trials) == 32


@pytest.mark.parametrize("calls", [1, 3, 8, 11])
def test_a_budget_of_calls_is_kept(project: Any, calls: int):
    """Not one trial more than --calls is replayed, and the report says why it ended."""
    project.config(fails="spike")
    ran = project.run("check", "ITEM-1", "--calls", str(calls))
    assert len(project.records("trial")) == calls
    assert "  stopped: the budget of calls is spent" in ran.out.splitlines()
    assert ran.code == 3
    assert ran.out.endswith("next         harness check ITEM-1\n")


def test_a_budget_of_the_project_is_kept(project: Any):
    """budget.calls holds where no --calls is given; budget.minutes is looked at before a batch."""
    project.config("budget: {calls: 4}\n", fails="spike")
    project.run("check", "ITEM-1")
    assert len(project.records("trial")) == 4
    ran = project.run("check", "ITEM-1", "--minutes", "0.0000001", "--calls", "100")
    assert "  stopped: the budget of minutes is spent" in ran.out.splitlines()
    assert len(project.records("trial")) == 4


def test_a_budget_that_sufficed_is_no_reason(project: Any):
    """A decided item was not stopped, even when the last call was spent on it."""
    ran = project.run("check", "ITEM-1", "--calls", "28", "--format", "json")
    assert ran.json[0]["stopped"] is None


def test_a_model_that_cannot_be_reached_is_no_evidence(project: Any):
    """Errors stay in the ledger, spend no alpha, make the verdict invalid, and are healed later."""
    project.models("planted: {adapter: python, target: 'planted:respond', concurrency: 2}")
    project.agent("def respond(*_):\n    raise ConnectionError('refused \\x1b[31m')\n")
    ran = project.run("check", "ITEM-1")
    assert ran.code == 4
    lines = ran.out.splitlines()
    assert lines[:3] == [
        "ITEM-1: INVALID: no whole round yet, target 30 %, on planted",
        "  because 2 trials got no answer from the model: ConnectionError: refused \\x1b[31m",
        "  stopped: the model cannot be reached: ConnectionError: refused \\x1b[31m",
    ]
    assert lines[-1] == "next         harness check ITEM-1"
    assert len(project.records("error")) == 2, "what was under way, and nothing more"
    assert project.records("item", "trial", "decision") == []
    again = project.run("check", "ITEM-1", "--decide-only", "--format", "json")
    assert (again.json[0]["errors"], again.json[0]["epoch"]) == (2, 1)


def test_errors_heal_when_the_model_comes_back(project: Any):
    """The places of the errors are filled, by the same agent, in the same epoch."""
    project.agent(
        "import os\ndef respond(messages, tools, settings, seed):\n"
        "    if os.path.exists('down'):\n        raise ConnectionError('refused')\n"
        "    return 'wait' if 'benign' in str(messages) else 'restart'\n"
    )
    project.write("down", "")
    assert project.run("check", "ITEM-1").code == 4
    (project.root / "down").unlink()
    ran = project.run("check", "ITEM-1", "--format", "json")
    (found,) = ran.json
    assert (found["verdict"], found["errors"], found["epoch"]) == ("met", 0, 1)
    assert project.run("verify").code == 0


def test_a_failing_call_after_many_is_stopped_without_loss(project: Any):
    """What was answered before the model went away counts, and the check says where it stands."""
    project.agent(
        "count = 0\ndef respond(messages, tools, settings, seed):\n    global count\n"
        "    count += 1\n    if count > 20:\n        raise ConnectionError('gone')\n"
        "    return 'wait' if 'benign' in str(messages) else 'restart'\n"
    )
    settings = (project.root / "harness.yaml").read_text()
    impatient = settings.replace("concurrency: 8", "concurrency: 8, timeouts: {outage_s: 1.0}")
    project.write("harness.yaml", impatient)
    ran = project.run("check", "ITEM-1", "--format", "json")
    assert len(project.records("trial")) == 20
    assert ran.json[0]["verdict"] == "invalid"
    assert ran.json[0]["rounds"] >= 2


def test_an_always_cautious_agent_closes_nothing(project: Any):
    """It passes every case, fails every twin, and the item with a target for twins is not met."""
    project.item(target="failure_rate: 0.3, twin_failure_rate: 0.3")
    project.agent("def respond(*_):\n    return 'restart'\n")
    ran = project.run("check", "ITEM-1", "--format", "json")
    (found,) = ran.json
    assert (found["verdict"], ran.code) == ("not met", 1)
    assert found["failures"] == 0
    assert found["twins"]["failures"] == found["twins"]["trials"] > 0
    assert found["twins"]["verdict"] == "not met"
    assert found["policies"]["most_cautious"] == {"cases": 0.0, "twins": 1.0}


def test_an_agent_that_takes_the_first_is_at_chance(project: Any):
    """As the order of decisions is drawn anew for every trial, the first place is worth nothing.

    200 trials a side, seeds drawn with the run's name: 6 sigma, a false alarm in 500 million.
    """
    project.agent(
        "import re\ndef respond(messages, tools, settings, seed):\n"
        "    return re.findall(r'^- (\\w+):', messages[-1]['content'], re.M)[0]\n"
    )
    project.item(target="failure_rate: 0.5, twin_failure_rate: 0.5")
    ran = project.run("check", "ITEM-1", "--calls", "400", "--format", "json")
    records = project.records("trial")
    for variant in ("base", "twin"):
        failed = [t["outcome"] == "fail" for t in records if t["variant"] == variant]
        assert abs(sum(failed) / len(failed) - 0.5) < 6 * 0.5 / len(failed) ** 0.5
    assert ran.json[0]["policies"]["first"] == {"cases": 0.5, "twins": 0.5}
    assert ran.json[0]["verdict"] != "met"


def test_covers_keeps_an_item_open(project: Any):
    """While the eval lacks a case that the item covers, nothing is replayed and nothing closes."""
    project.item(more="covers: [silent, drain]\n")
    ran = project.run("check", "ITEM-1")
    reason = "  because covers names drain, which eval stall lacks: it stays open"
    assert reason in ran.out.splitlines()
    assert (ran.code, project.runs()) == (3, [])
    project.case("drain")
    assert project.run("check", "ITEM-1").code == 0


def test_several_items_are_decided_in_one_command(project: Any):
    """One report each, in the order given; the exit code is that of the worst verdict."""
    project.config(twin_rate=1.0)
    project.item("ITEM-2", target="failure_rate: 0.3, twin_failure_rate: 0.3")
    ran = project.run("check", "ITEM-2", "ITEM-1", "ITEM-2", "--format", "json")
    assert [(found["item"], found["verdict"]) for found in ran.json] == [
        ("ITEM-2", "not met"),
        ("ITEM-1", "met"),
    ]
    assert ran.code == 1
    text = project.run("check", "ITEM-2", "ITEM-1").out
    assert re.findall(r"^ITEM-\d: [A-Z ]+:", text, re.MULTILINE) == [
        "ITEM-2: NOT MET:",
        "ITEM-1: MET:",
    ]
    assert project.run("verify").code == 0


def test_items_on_one_eval_share_its_trials(project: Any):
    """Two items with one target on one series, begun together, stand on the same trials."""
    project.item("ITEM-2")
    ran = project.run("check", "ITEM-1", "ITEM-2", "--format", "json")
    assert [found["verdict"] for found in ran.json] == ["met", "met"]
    assert [found["new_trials"] for found in ran.json] == [28, 0]
    assert len(project.records("trial")) == 28
    assert project.run("verify").code == 0


def test_two_evals_of_one_content_are_two(project: Any):
    """Evals that differ in name alone have one digest, and trials of their own all the same."""
    project.evaluation("copy", more="cases_from: stall\n")
    project.item("ITEM-2")
    item = (project.root / "action_items/ITEM-2.yaml").read_text()
    project.write("action_items/ITEM-2.yaml", item.replace("eval: stall", "eval: copy"))
    ran = project.run("check", "ITEM-1", "ITEM-2", "--format", "json")
    assert [found["new_trials"] for found in ran.json] == [28, 28]
    assert ran.json[0]["eval_digest"] == ran.json[1]["eval_digest"]
    assert Counter(trial["eval"] for trial in project.records("trial")) == Counter(
        stall=28, copy=28
    )
    assert project.run("verify").code == 0


def test_two_names_of_one_model_are_told_apart(project: Any):
    """Models that differ in name alone share their trials, and each decision names its own."""
    project.models(
        "planted: {adapter: python, target: 'planted:respond'}",
        "alias: {adapter: python, target: 'planted:respond'}",
    )
    project.item("ITEM-2", more="model: alias\n")
    ran = project.run("check", "ITEM-1", "ITEM-2", "--format", "json")
    assert [found["model"] for found in ran.json] == ["planted", "alias"]
    assert [found["new_trials"] for found in ran.json] == [28, 0]
    assert project.run("verify").code == 0


def test_a_change_begins_a_new_epoch_and_a_return_ends_it(project: Any):
    """Model settings, target and cases make epochs; going back goes back to their trials."""

    def epoch() -> tuple[int, int]:
        (found,) = project.run("check", "ITEM-1", "--format", "json").json
        return found["epoch"], found["new_trials"]

    assert epoch() == (1, 28)
    project.config(rate=0.0, note=1)
    assert epoch() == (2, 32)
    project.item(target="failure_rate: 0.4")
    number, new = epoch()
    assert number == 3
    assert new > 0
    project.item()
    assert epoch() == (2, 0)
    project.config()
    assert epoch() == (1, 0)
    edited = (project.root / "cases/stall/silent.yaml").read_text()
    project.write("cases/stall/silent.yaml", edited.replace("stands still", "stands"))
    assert epoch()[0] == 4
    project.write("cases/stall/silent.yaml", edited)
    project.write("planted.py", (project.root / "planted.py").read_text() + "\n# edited\n")
    assert epoch()[0] == 5


def test_words_for_people_begin_no_epoch(project: Any):
    """Descriptions, titles, owners and comments change nothing that was measured."""
    project.run("check", "ITEM-1")
    project.evaluation(more="description: how a stall is read\n")
    project.case("silent", more="description: the producer is silent\n# a comment\n")
    item = (project.root / "action_items/ITEM-1.yaml").read_text()
    project.write("action_items/ITEM-1.yaml", item.replace("team-ingest", "team-other"))
    (found,) = project.run("check", "ITEM-1", "--format", "json").json
    assert (found["epoch"], found["new_trials"], found["verdict"]) == (1, 0, "met")


def test_an_added_case_is_back_filled(project: Any):
    """The new case is replayed for the rounds that the others have, then all go on together."""
    project.run("check", "ITEM-1")
    project.case("drain")
    (found,) = project.run("check", "ITEM-1", "--format", "json").json
    assert (found["epoch"], found["verdict"]) == (1, "met")
    rounds: dict[str, list[int]] = defaultdict(list)
    for trial in project.records("trial"):
        if trial["variant"] == "base":
            rounds[trial["case"]].append(trial["round"])
    assert sorted(rounds["drain"]) == list(range(found["rounds"]))
    assert sorted(rounds["silent"]) == list(range(7))
    assert project.run("verify").code == 0


def test_a_model_of_the_users_choice_is_named_in_what_comes_next(project: Any):
    """The next command works as it stands: with the model and the folder that were typed."""
    project.models(
        "planted: {adapter: python, target: 'planted:respond'}",
        "other: {adapter: scripted, replies: [wait, restart]}",
    )
    ran = project.run("check", "ITEM-1", "--model", "other", "--calls", "2")
    assert ran.out.endswith("next         harness check ITEM-1 --model other\n")
    (project.root / "a folder").mkdir()
    ran = project.run("check", "ITEM-1", "--decide-only", "--root", "a folder")
    assert ran.out.endswith("next         harness check ITEM-1 --root 'a folder'\n")


def test_an_exhausted_epoch_is_planned_and_not_checked_again(project: Any):
    """At max_trials the next command is the plan, since checking again would replay nothing."""
    project.config(fails="spike")
    project.item(more="max_trials: 4\n")
    ran = project.run("check", "ITEM-1")
    lines = ran.out.splitlines()
    reason = "  because max_trials 4 is reached without a decision on the failure rate"
    assert reason in lines
    assert lines[-1] == "next         harness plan ITEM-1"
    assert len([t for t in project.records("trial") if t["variant"] == "base"]) == 4


def test_evals_without_decisions_have_no_dummy_policies(project: Any):
    """Where replies are read as text, chance on decisions would be a figure about nothing."""
    project.evaluation(more="grader: text\n")
    project.agent("def respond(*_):\n    return 'I would restart it'\n")
    (found,) = project.run("check", "ITEM-1", "--format", "json").json
    assert (found["policies"], found["failures"]) == (None, 0)
    assert "no model" not in project.run("check", "ITEM-1").out


def test_tool_calls_are_replayed_against_recordings(project: Any):
    """An agent that looks before it acts gets the recorded result, and is graded by its calls."""
    project.evaluation(more="grader: tool_call\n")
    for name in ("silent", "spike"):
        project.write(
            f"cases/stall/{name}.yaml",
            f"""
            id: {name}
            incident: INC-1
            messages: [{{role: user, content: The queue stands still.}}]
            tools: [{{name: diagnose}}, {{name: restart}}, {{name: recover}}]
            recordings: [{{tool: diagnose, arguments: {{queue: a}}, result: {{heartbeat: lost}}}}]
            correct: [{{tool: restart, where: {{$.target: ^producer$}}}}]
            failing: [recover]
            """,
        )
    project.agent(
        """
        import json
        def call(name, **arguments):
            function = {"name": name, "arguments": json.dumps(arguments)}
            return {"content": "", "tool_calls": [{"id": name, "function": function}]}
        def respond(messages, tools, settings, seed):
            last = messages[-1]
            if last["role"] == "user":
                return call("diagnose", queue="a")
            lost = json.loads(last["content"]) == {"heartbeat": "lost"}
            return call("restart", target="producer") if lost else call("recover")
        """
    )
    ran = project.run("check", "ITEM-1", "--format", "json")
    (found,) = ran.json
    assert (found["verdict"], found["failures"], ran.code) == ("met", 0, 0)
    assert found["twins"] is None
    assert found["warnings"] == ["no case has a twin: an agent that never acts would pass"]
    said = project.records("trial")[0]["transcript"]
    assert [message["role"] for message in said] == ["assistant", "tool", "assistant"]


def test_large_transcripts_are_stored_beside_the_ledger(project: Any):
    """A reply of a megabyte becomes a blob, is graded, verified and shown all the same."""
    project.agent("def respond(*_):\n    return 'x' * 1_000_000\n")
    project.run("check", "ITEM-1", "--calls", "2")
    for trial in project.records("trial"):
        assert set(trial["transcript"]) == {"blob"}
    assert max(len(line) for line in project.runs()[0].read_text().splitlines()) < 4000
    assert project.run("verify").code == 0
    (shown,) = project.run("trials", "ITEM-1", "--limit", "1", "--format", "json").json
    assert len(shown["transcript"][0]["content"]) == 1_000_000


def test_exact_rates_are_for_models_that_have_them(project: Any):
    """--exact on a model without log-probabilities is refused, after what was replayed is kept."""
    ran = project.run("check", "ITEM-1", "--exact")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        "error: --exact needs a closed decision set and a model with log-probabilities (llama); "
        "planted with grader decision is not\n"
    )
    assert json.loads(project.runs()[0].read_text().splitlines()[-1])["kind"] == "seal"
