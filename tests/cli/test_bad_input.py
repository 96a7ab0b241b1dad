"""Whatever a user gets wrong: one line with the place, exit code 2, nothing changed."""

import json
from pathlib import Path
from typing import Any

import pytest

MODELS = """\
default_model: planted
models:
  planted: {adapter: python, target: "planted:respond"}
"""


def refused(project: Any, *arguments: str) -> list[str]:
    """Return the lines of an error, once it is sure that it is one, in text and as JSON."""
    ran = project.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    told = project.run(*arguments, "--format", "json")
    assert (told.code, told.err) == (2, ran.err)
    lines = [str(line) for line in ran.err.splitlines()]
    assert [f"error: {each['message']}" for each in told.json["errors"]] == lines
    return lines


@pytest.mark.parametrize("command", ["check", "plan", "trials"])
def test_an_unknown_item_is_refused(project: Any, command: str):
    """The near name is offered, or where to write the item; no path leaves its folder."""
    assert refused(project, command, "ITME-1") == [
        "error: action_items: no such action item, got ITME-1, did you mean ITEM-1?"
    ]
    (line,) = refused(project, command, "../harness")
    assert line == (
        "error: action_items: a name consists of letters, digits, dot, hyphen and underscore, "
        "starting with a letter or digit, got ../harness"
    )
    (line,) = refused(project, command, "\x1b[31mred")
    assert line.endswith("got \\x1b[31mred")


def test_all_unknown_items_are_told_in_one_go(project: Any):
    """Every problem of every item is printed, once."""
    assert refused(project, "check", "ITME-1", "ITEM-1", "ITEM-2", "ITME-1") == [
        "error: action_items: no such action item, got ITME-1, did you mean ITEM-1?",
        "error: action_items: no such action item, got ITEM-2, did you mean ITEM-1?",
    ]


def test_an_unknown_model_is_refused(project: Any):
    """On the command line and in the item alike."""
    assert refused(project, "check", "ITEM-1", "--model", "plnted") == [
        (
            "error: harness.yaml:3:3: models: holds no model of that name, got plnted, "
            "did you mean planted?"
        )
    ]
    project.item(more="model: plnted\n")
    (line,) = refused(project, "check", "ITEM-1")
    assert line == (
        "error: action_items/ITEM-1.yaml:8:8: model: no such model in harness.yaml, got plnted, "
        "did you mean planted?"
    )


def test_an_unknown_eval_is_refused(project: Any):
    """The item names an eval that has no folder."""
    text = (project.root / "action_items/ITEM-1.yaml").read_text()
    project.write("action_items/ITEM-1.yaml", text.replace("eval: stall", "eval: stal"))
    assert refused(project, "check", "ITEM-1") == [
        "error: action_items/ITEM-1.yaml:6:7: eval: no such eval, got stal, did you mean stall?"
    ]


def test_an_unknown_grader_is_refused(project: Any):
    """The near grader is offered."""
    project.evaluation(more="grader: decisoin\n")
    assert refused(project, "check", "ITEM-1") == [
        (
            "error: cases/stall/eval.yaml:2:9: grader: no such grader, got decisoin, "
            "did you mean decision?"
        )
    ]


def test_an_unknown_adapter_is_refused(project: Any):
    """The adapters that there are are listed where none is near."""
    project.models("planted: {adapter: oracle}")
    assert refused(project, "check", "ITEM-1") == [
        (
            "error: harness.yaml:3:22: models.planted.adapter: is no adapter, got oracle, "
            "known: anthropic, command, llama, openai, python, recorded, scripted"
        )
    ]


def test_an_unknown_case_is_refused_or_told(project: Any):
    """A case to show must exist; a slip under covers is told, and keeps the item open."""
    assert refused(project, "trials", "ITEM-1", "--case", "slient") == [
        "error: cases: no such case, got slient, did you mean silent?"
    ]
    assert refused(project, "trials", "ITEM-1", "--case", "other") == [
        "error: cases: no such case, got other, write one of silent, spike"
    ]
    project.item(more="covers: [slient]\n")
    ran = project.run("check", "ITEM-1")
    assert ran.code == 3
    assert (
        "  warning: action_items/ITEM-1.yaml:8:10: covers[0]: the eval stall has no such case "
        "yet, got slient, did you mean silent?" in ran.out.splitlines()
    )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("0", "must be a number above 0 and below 1, got 0"),
        ("1", "must be a number above 0 and below 1, got 1"),
        ("-0.1", "must be a number above 0 and below 1, got -0.1"),
        ("5%", "must be a number above 0 and below 1, got 5%, write 0.05"),
        ('"5%"', 'must be a number above 0 and below 1, got "5%", write 0.05'),
        (".inf", 'infinity and nan are refused, got .inf, write a finite number, or ".inf"'),
        ("null", "must be a number above 0 and below 1, got null"),
        ("true", "must be a number above 0 and below 1, got true"),
        ("[0.05]", "must be a number above 0 and below 1, got a list"),
    ],
)
def test_a_target_that_is_no_rate_is_refused(project: Any, target: str, words: str):
    """A rate lies between 0 and 1, both excluded, and is written as a number."""
    project.item(target=f"failure_rate: {target}")
    place = "error: action_items/ITEM-1.yaml:7:24: target.failure_rate: "
    assert refused(project, "check", "ITEM-1") == [place + words]


def test_a_case_that_calls_a_decision_right_and_wrong_is_refused(project: Any):
    """Correct and failing must not overlap."""
    text = (project.root / "cases/stall/silent.yaml").read_text()
    project.write(
        "cases/stall/silent.yaml", text.replace("failing: [wait]", "failing: [wait, restart]")
    )
    assert refused(project, "check", "ITEM-1") == [
        (
            "error: cases/stall/silent.yaml:7:17: failing[1]: is also in correct, in line 6, "
            "got restart, keep it in one of the two"
        )
    ]


def test_two_items_of_one_name_are_refused(project: Any):
    """The second file is named with its line."""
    text = (project.root / "action_items/ITEM-1.yaml").read_text()
    project.write("action_items/ITEM-2.yaml", text)
    (line,) = refused(project, "check", "ITEM-1")
    assert line == (
        "error: action_items/ITEM-1.yaml:1:5: id: two items have this name, the other in "
        "action_items/ITEM-2.yaml:1:5, got ITEM-1, give each its own"
    )
    assert len(refused(project, "status")) >= 1


def test_every_problem_of_every_file_is_told_in_one_go(project: Any):
    """Two broken cases and a broken eval are three lines, each with its place."""
    project.evaluation(more="max_steps: 0\n")
    for name in ("silent", "spike"):
        text = (project.root / f"cases/stall/{name}.yaml").read_text()
        project.write(f"cases/stall/{name}.yaml", text.replace("incident: INC-1\n", ""))
    lines = refused(project, "check", "ITEM-1")
    assert [line.split(":")[1].strip() for line in lines] == [
        "cases/stall/eval.yaml",
        "cases/stall/silent.yaml",
        "cases/stall/spike.yaml",
    ]


def test_a_folder_without_project_is_refused(bare: Any):
    """Neither here nor above is a harness.yaml."""
    assert refused(bare, "status") == [
        (
            "error: .: no harness.yaml here or above, name the project's folder with --root, "
            "or start a project: harness init"
        )
    ]
    (line,) = refused(bare, "status", "--root", "no/such/folder")
    assert line.startswith("error: no/such/folder: no harness.yaml here or above")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("{adapter: python}", "models.planted.target: is missing, the adapter python needs it"),
        (
            "{adapter: python, target: 'planted:respond', replies: [x]}",
            "models.planted.replies: is not read by the adapter python, take it away",
        ),
        (
            "{adapter: scripted}",
            "models.planted.replies: is missing, the adapter scripted needs it",
        ),
    ],
)
def test_a_model_must_fit_its_adapter(project: Any, model: str, words: str):
    """What an adapter needs must be there, and what it does not read must not."""
    project.models(f"planted: {model}")
    (line,) = refused(project, "check", "ITEM-1")
    assert line.startswith("error: harness.yaml:3:")
    assert line.endswith(words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def other(*_): ...", "target 'planted:respond': module planted has no respond"),
        ("respond = 1", "target 'planted:respond': respond is not callable"),
        (
            "raise ValueError('\\x1b]0;owned\\x07')",
            "target 'planted:respond': cannot be imported: ValueError: \\x1b]0;owned\\x07",
        ),
        (
            "import sys\nsys.exit(0)",
            "target 'planted:respond': cannot be imported: SystemExit: 0",
        ),
    ],
)
def test_an_agent_that_cannot_be_loaded_is_refused(project: Any, source: str, words: str):
    """Exit code 2 and one harmless line, also when the module ends the interpreter with 0."""
    project.agent(source + "\n")
    ran = project.run("check", "ITEM-1")
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {words}\n")
    told = project.run("check", "ITEM-1", "--format", "json")
    (error,) = told.json["errors"]
    assert told.code == 2
    assert error["message"].startswith("target 'planted:respond': ")
    assert not project.runs()


def test_an_empty_script_is_refused(project: Any):
    """A scripted model without replies has nothing to say."""
    project.models("planted: {adapter: scripted, replies: []}")
    assert refused(project, "check", "ITEM-1") == [
        "error: replies: must hold at least one reply, write e.g. replies: [restart]"
    ]


def test_an_item_whose_guardrail_is_missing_is_refused(project: Any):
    """The item names a file; without it nothing is stopped, and nothing is decided."""
    text = (project.root / "action_items/ITEM-1.yaml").read_text()
    project.write(
        "action_items/ITEM-1.yaml",
        text.replace("eval_coverage", "guardrail").replace(
            ": 0.3}", ": 0.3, false_alarm_rate: 0.1}"
        )
        + "guardrail: guardrails/x.yaml\n",
    )
    for command in ("check", "plan", "trials"):
        ran = project.run(command, "ITEM-1")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == (
            "error: action_items/ITEM-1.yaml:8:12: guardrail: no such file in the project, got "
            "guardrails/x.yaml, write guardrails/x.yaml\n"
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "Missing argument 'ITEM...'."),
        (["check", "ITEM-1", "--format", "xml"],
         "Invalid value for '--format': 'xml' is not one of 'text', 'json'."),
        (["check", "ITEM-1", "--calls", "0"],
         "Invalid value for '--calls': 0 is not in the range x>=1."),
        (["check", "ITEM-1", "--minutes", "0"],
         "Invalid value for '--minutes': 0.0 is not in the range x>0."),
        (["check", "ITEM-1", "--exacts"],
         "No such option '--exacts'. Did you mean '--exact'?"),
        (["chek"], "No such command 'chek'. (Did you mean one of: 'check', 'schema'?)"),
        (["trials", "ITEM-1", "--limit", "0"],
         "Invalid value for '--limit': 0 is not in the range x>=1."),
        (["trials", "ITEM-1", "--outcome", "failed"],
         "Invalid value for '--outcome': 'failed' is not one of 'pass', 'fail', 'ungraded'."),
    ],
)  # fmt: skip
def test_a_wrong_option_is_told(project: Any, arguments: list[str], words: str):
    """Usage errors are exit code 2, on standard error, with the near option where there is one."""
    ran = project.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == f"Error: {words}"


# The ledger -----------------------------------------------------------------------------------


@pytest.fixture
def measured(project: Any) -> Any:
    """Return a project after a check."""
    assert project.run("check", "ITEM-1").code == 0
    return project


def damage(project: Any, how: str) -> Path:
    """Damage the ledger's only run, and return its file."""
    (path,) = project.runs()
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "a flipped byte":
        lines[8] = lines[8].replace(b'"pass"', b'"fail"')
    elif how == "a removed line":
        del lines[8]
    elif how == "two lines exchanged":
        lines[8], lines[9] = lines[9], lines[8]
    elif how == "a line twice":
        lines.insert(8, lines[8])
    elif how == "an end cut off":
        del lines[-5:]
    elif how == "a line that is no JSON":
        lines[8] = b"{not json\n"
    path.write_bytes(b"".join(lines))
    return Path(path)


DAMAGES = ["a flipped byte", "a removed line", "two lines exchanged", "a line twice",
           "an end cut off", "a line that is no JSON"]  # fmt: skip


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize(
    "command", [["check", "ITEM-1"], ["check", "ITEM-1", "--decide-only"], ["status"],
                ["plan", "ITEM-1"], ["trials", "ITEM-1"]]
)  # fmt: skip
def test_nothing_is_decided_from_a_damaged_ledger(measured: Any, how: str, command: list[str]):
    """Every command that reads evidence names file and line, exits with 2, and changes nothing."""
    path = damage(measured, how)
    before = path.read_bytes()
    lines = refused(measured, *command)
    assert all(line.startswith(f"error: reports/ledger/runs/{path.name}") for line in lines)
    if how in {"a flipped byte", "a removed line", "a line that is no JSON"}:
        assert lines[0].startswith(f"error: reports/ledger/runs/{path.name}:9: ")
    assert path.read_bytes() == before


def test_a_missing_summary_is_written_again(measured: Any):
    """A seal without its summary is what a kill between the two leaves, and is mended."""
    (summary,) = (measured.root / "reports/runs").glob("*.json")
    before = summary.read_bytes()
    summary.unlink()
    assert measured.run("check", "ITEM-1").code == 0
    assert summary.read_bytes() == before


def test_a_torn_tail_is_no_record(project: Any):
    """An append that broke off is taken away when the run is resumed, and nothing else is."""
    project.config(fails="spike")
    project.run("check", "ITEM-1", "--calls", "8")
    (path,) = project.runs()
    (summary,) = (project.root / "reports/runs").glob("*.json")
    summary.unlink()
    lines = path.read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds[-2:] == ["decision", "seal"]
    path.write_bytes(b"".join(lines[:-2]) + lines[-2][: len(lines[-2]) // 2])
    shown = project.run("check", "ITEM-1", "--decide-only", "--format", "json")
    assert shown.json[0]["trials"] == 8
    ran = project.run("check", "ITEM-1", "--calls", "8", "--format", "json")
    assert ran.err == f"resuming run {path.stem}, which holds 8 trials\n"
    assert ran.json[0]["trials"] + ran.json[0]["twins"]["trials"] == 16
    assert len(project.runs()) == 1
    assert project.run("verify").code == 0


def test_a_ledger_whose_file_is_gone_is_told_by_verify(measured: Any):
    """A run that was sealed and has lost its records is damage, and no empty ledger."""
    (path,) = measured.runs()
    path.unlink()
    ran = measured.run("verify")
    assert ran.code == 2
    assert ran.out == (
        f"reports/ledger/runs/{path.name}: seal: the run was sealed and its records are missing, "
        "restore the file from a copy\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "--format", "json", "--nope"), "No such option '--nope'"),
        (("nope", "--format=json"), "No such command 'nope'"),
        (("check", "--format", "json"), "Missing argument"),
    ],
)
def test_a_command_line_that_is_refused_leaves_a_document_too(project: Any, words: Any, said: str):
    """Whoever asks for JSON gets one document, whatever is wrong."""
    ran = project.spawn(*words)
    assert ran.code == 2
    (error,) = ran.json["errors"]
    assert said in error["message"]
    assert "Error: " in ran.err


def test_a_command_line_that_is_refused_in_text_says_so_once(project: Any):
    """Nothing on stdout."""
    ran = project.spawn("status", "--nope")
    assert (ran.code, ran.out) == (2, "")


def test_exact_rates_need_the_model_that_is_not_to_be_asked(project: Any):
    """An option that could do nothing is refused, not passed over."""
    assert refused(project, "check", "ITEM-1", "--exact", "--decide-only") == [
        "error: --exact: asks the model, and --decide-only asks none, leave one of the two out"
    ]
