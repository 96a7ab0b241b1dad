import json
import re

import pytest

from harness.rules.sound import FILES, TRACE

BAD = "It was human error.\n"


@pytest.fixture
def sound(bare):
    """Return the sound project on disk."""
    for name, text in FILES.items():
        bare.write(name, text)
    return bare


def _bad(sound) -> None:
    sound.write("postmortems/INC-1.md", FILES["postmortems/INC-1.md"] + BAD)


def test_a_sound_project_is_clean(sound) -> None:
    """Nothing to say is said in one line, and exits with 0."""
    ran = sound.run("lint")
    assert (ran.code, ran.out, ran.err) == (0, "0 errors, 0 warnings in 8 files\n", "")


def test_an_error_is_a_line_and_exits_with_1(sound) -> None:
    """Place, rule, weight, message and remedy, as editors read them."""
    _bad(sound)
    ran = sound.run("lint")
    assert ran.code == 1
    assert ran.out == (
        "postmortems/INC-1.md:43:8: PM202 error a person gets the blame (human error) "
        "(Say what the person was shown and had time for; a source's word is told as the "
        "source's.)\n1 error, 0 warnings in 8 files\n"
    )


def test_warnings_alone_exit_with_0(sound) -> None:
    """A warning is for people, and stops nobody."""
    sound.write(
        "action_items/ITEM-1.yaml",
        FILES["action_items/ITEM-1.yaml"].replace("2026-12-15", "2026-01-01"),
    )
    ran = sound.run("lint")
    assert ran.code == 0
    assert "PM603 warning due on 2026-01-01, and still open" in ran.out
    assert ran.out.endswith("0 errors, 1 warning in 8 files\n")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (
            "postmortems/INC-1.md",
            "---\nid: INC-1\n",
            (
                "postmortems/INC-1.md:1:1: PM000 error front matter is not closed "
                "(write --- on a line of its own below its last key)"
            ),
        ),
        (
            "postmortems/INC-1.md",
            "---\nid: INC-1\n\ttitle: x\n---\n",
            "postmortems/INC-1.md:3:1: PM000 error a tab cannot indent (indent with spaces)",
        ),
        (
            "postmortems/INC-1.md",
            b"---\nid: INC-1\n---\n" + b"x" * 5_000_000,
            (
                "postmortems/INC-1.md: PM000 error must be at most 4 MiB, got 5,000,018 bytes "
                "(split it into smaller files)"
            ),
        ),
        (
            "postmortems/INC-1.md",
            FILES["postmortems/INC-1.md"].replace("traces/INC-1.json", "../../etc/passwd"),
            (
                "postmortems/INC-1.md:17:21: PM000 error agent.inferences[0].trace.file: must lie "
                "inside the project, got ../../etc/passwd (write a path below the project, such as "
                "traces/INC-1.json)"
            ),
        ),
        (
            "action_items/ITEM-1.yaml",
            FILES["action_items/ITEM-1.yaml"].replace("INC-1", "INC-2"),
            (
                "postmortems/INC-1.md:29:16: PM000 error action_items[0]: ITEM-1 "
                "belongs to another "
                "incident, got INC-2 in action_items/ITEM-1.yaml:4:11 (list it there, or write "
                "INC-1)"
            ),
        ),
        (
            "traces/INC-1.json",
            TRACE[:-30],
            "traces/INC-1.json:64:15: PM000 error is not readable as JSON: ",
        ),
        (
            "cases/queue-stall/producer-silent.yaml",
            "id: producer-silent\n",
            (
                "cases/queue-stall/producer-silent.yaml:1:1: PM000 error incident: is "
                "missing (add it: "
                "the incident that it comes from)"
            ),
        ),
    ],
)
def test_what_cannot_be_read_exits_with_2(sound, name: str, content, line: str) -> None:
    """A file that cannot be judged is no clean file, and hides nothing of the others."""
    sound.write(name, content)
    ran = sound.run("lint")
    assert ran.code == 2
    assert any(each.startswith(line) for each in ran.out.splitlines()), ran.out


def test_two_postmortems_of_one_name_exit_with_2(sound) -> None:
    """References in a circle are told at both ends."""
    text = FILES["postmortems/INC-1.md"]
    sound.write("postmortems/INC-1.md", text.replace("id: INC-1\n", "id: INC-2\n"))
    sound.write("postmortems/INC-2.md", text)
    ran = sound.run("lint")
    assert ran.code == 2
    assert len(re.findall("is not the file's name", ran.out)) == 2


def test_one_item_of_two_postmortems_exits_with_2(sound) -> None:
    """An item is counted once."""
    text = FILES["postmortems/INC-1.md"].replace("id: INC-1\n", "id: INC-3\n")
    sound.write("postmortems/INC-3.md", text)
    ran = sound.run("lint")
    assert ran.code == 2
    assert "ITEM-1 is listed by two postmortems, the other in postmortems/INC-3.md:29:16" in ran.out


def test_no_project_is_an_error(bare) -> None:
    """Without harness.yaml there is nothing to read."""
    ran = bare.run("lint")
    assert ran.code == 2
    assert "no harness.yaml here or above" in ran.err


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ([], {"PM202", "PM003"}),
        (["--select", "PM2"], {"PM202"}),
        (["--select", "pm003,PM4"], {"PM003"}),
        (["--ignore", "PM2"], {"PM003"}),
        (["--ignore", "PM202", "--ignore", "PM003"], set()),
        (["--select", "PM2", "--ignore", "PM202"], set()),
        (["--select", "PM202", "--ignore", "PM2"], {"PM202"}),
    ],
)
def test_rules_are_chosen_by_the_beginning_of_their_ids(sound, arguments, rules) -> None:
    """Of two beginnings that fit, the longer one decides; a tie is left out."""
    text = FILES["postmortems/INC-1.md"].replace("ops.queue-recovery\ntrig", "\ntrig") + BAD
    sound.write("postmortems/INC-1.md", text)
    found = sound.run("lint", "--format", "json", *arguments).json["findings"]
    assert {finding["rule"] for finding in found} == rules


def test_what_cannot_be_read_cannot_be_ignored(sound) -> None:
    """A choice of rules never turns an unreadable file into a clean one."""
    sound.write("postmortems/INC-1.md", "---\n")
    assert sound.run("lint", "--ignore", "PM").code == 2
    assert sound.run("lint", "--select", "PM4").code == 2


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_an_unknown_beginning_is_an_error(sound, option: str) -> None:
    """A slip of the pen must not choose nothing."""
    ran = sound.run("lint", option, "PM2O2")
    assert ran.code == 2
    assert ran.err == f"error: {option}: no rule begins like this, got PM2O2, did you mean PM202?\n"


def test_a_document_explains_an_exception_itself(sound) -> None:
    """With a reason the finding is counted and not told; without one the entry is told."""
    text = FILES["postmortems/INC-1.md"].replace("failure_class: ops.queue-recovery\n", "")
    reason = "lint_ignore: [{id: PM003, reason: named after the second incident}]\n---\n##"
    sound.write("postmortems/INC-1.md", text.replace("---\n##", reason))
    ran = sound.run("lint")
    assert ran.out == "0 errors, 0 warnings in 8 files, 1 ignored with a reason\n"
    sound.write(
        "postmortems/INC-1.md", text.replace("---\n##", "lint_ignore: [{id: PM003}]\n---\n##")
    )
    ran = sound.run("lint")
    assert ran.code == 1
    assert "PM005 error lint_ignore: the reason for ignoring PM003 is missing" in ran.out
    assert "PM003 error failure_class is missing" in ran.out


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{id: PM999, reason: x}", "lint_ignore: no rule PM999"),
        ("{id: PM000, reason: x}", "lint_ignore: PM000 cannot be ignored"),
        ("{reason: x}", "lint_ignore: id is missing"),
        ("{id: PM003, reason: ' '}", "lint_ignore: the reason for ignoring PM003 is missing"),
        ("{id: PM003, raison: x}", "lint_ignore: unknown key raison"),
        ("{id: PM003, reason: x}", "lint_ignore: PM003 does not fire here"),
    ],
)
def test_exceptions_that_do_not_count_are_told(sound, entry: str, message: str) -> None:
    """An exception is for a rule that exists and fires, with a reason."""
    item = FILES["action_items/ITEM-1.yaml"] + f"lint_ignore: [{entry}]\n"
    sound.write("action_items/ITEM-1.yaml", item)
    (finding,) = sound.run("lint", "--format", "json").json["findings"]
    assert finding["message"] == message
    assert finding["path"] == "action_items/ITEM-1.yaml"


def test_paths_choose_what_is_told(sound) -> None:
    """References go across files, so that the whole is read and a part is told."""
    _bad(sound)
    assert sound.run("lint", "action_items").out == "0 errors, 0 warnings in 2 files\n"
    assert sound.run("lint", "postmortems/INC-1.md").code == 1
    ran = sound.run("lint", "nowhere", "harness.yaml")
    assert ran.code == 2
    assert ran.err == (
        "error: nowhere: does not exist\n"
        "error: harness.yaml: holds nothing that lint reads, name postmortems, action items, "
        "evals, cases or traces of the project\n"
    )


def test_a_rule_explains_itself(bare) -> None:
    """The page needs no project, and an unknown id gets the nearest."""
    ran = bare.run("lint", "--explain", "pm401")
    assert ran.code == 0
    assert ran.out.startswith("# PM401 quote-not-in-trace\n")
    ran = bare.run("lint", "--explain", "PM4O1")
    assert (ran.code, ran.err) == (
        2,
        "error: --explain: no such rule, got PM4O1, did you mean PM401?\n",
    )


def test_drafts_are_warned_where_finals_are_refused(sound) -> None:
    """Nobody knows shares and dates at 3 am; what flattens is refused at any hour."""
    text = FILES["postmortems/INC-1.md"]
    start, end = text.index("attribution:"), text.index("action_items:")
    holes = text[:start] + text[end:]
    item = FILES["action_items/ITEM-1.yaml"].replace("due: 2026-12-15\n", "")
    sound.write("action_items/ITEM-1.yaml", item)
    sound.write("postmortems/INC-1.md", holes)
    assert sound.run("lint").code == 1
    draft = holes.replace("status: final", "status: draft")
    sound.write("postmortems/INC-1.md", draft)
    ran = sound.run("lint")
    assert ran.code == 0
    assert ran.out.endswith("0 errors, 2 warnings in 8 files\n")
    sound.write("postmortems/INC-1.md", draft + BAD)
    assert sound.run("lint").code == 1


def test_a_closure_is_read_and_judged(sound) -> None:
    """An item that is closed is not overdue, and its evidence is held against today's eval."""
    item = FILES["action_items/ITEM-1.yaml"].replace("2026-12-15", "2026-01-01")
    sound.write("action_items/ITEM-1.yaml", item)
    event = {
        "event": "closed",
        "at": "2026-01-01T00:00:00Z",
        "runs": [{"run": "r", "count": 3, "head": "ff"}],
        "decision": "dd",
        "verdict": "met",
        "eval_digest": "00",
    }
    path = "reports/closures/ITEM-1.json"
    sound.write(path, json.dumps({"item": "ITEM-1", "events": [event]}))
    found = sound.run("lint", "--format", "json").json["findings"]
    assert [finding["rule"] for finding in found] == ["PM602"]
    sound.write(path, json.dumps({"item": "ITEM-9", "events": []}))
    ran = sound.run("lint")
    assert ran.code == 2
    assert "item: is not the file's name, got ITEM-9 (write ITEM-1)" in ran.out


def test_today_decides_what_is_overdue(sound) -> None:
    """A waiver holds until its last day."""
    item = FILES["action_items/ITEM-1.yaml"].replace("2026-12-15", "2026-01-01")
    sound.write("action_items/ITEM-1.yaml", item)
    event = {
        "event": "waived", "at": "2026-01-01T00:00:00Z", "reason": "the queue is retired",
        "approver": "team-ingest", "expires": "2999-01-01",
    }  # fmt: skip
    path = "reports/closures/ITEM-1.json"
    sound.write(path, json.dumps({"item": "ITEM-1", "events": [event]}))
    assert sound.run("lint").out == "0 errors, 0 warnings in 9 files\n"
    sound.write(
        path, json.dumps({"item": "ITEM-1", "events": [{**event, "expires": "2026-02-01"}]})
    )
    assert "PM603 warning" in sound.run("lint").out


def test_an_item_without_its_eval_is_told(sound) -> None:
    """Lint goes on where check would have to stop."""
    item = FILES["action_items/ITEM-1.yaml"].replace("eval: queue-stall", "eval: queue-stalls")
    sound.write("action_items/ITEM-1.yaml", item)
    assert "PM013 error no eval queue-stalls" in sound.run("lint").out


def test_a_link_out_of_the_project_is_told_by_the_folder_too(bare) -> None:
    """What stands in a named folder belongs to it, wherever a link leads."""
    bare.write("harness.yaml", FILES["harness.yaml"])
    (bare.root / "postmortems").mkdir()
    (bare.root / "postmortems/INC-3.md").symlink_to("/etc/passwd")
    ran = bare.run("lint", "postmortems")
    assert ran.code == 2
    assert "postmortems/INC-3.md: PM000 error leads out of the project" in ran.out


def test_a_guardrail_that_a_draft_left_open_is_found(project):
    """FILL IN in a guardrail's file is as open as in a case."""
    project.write(
        "guardrails/g.yaml",
        """
        id: g
        description: FILL IN what it stops
        block:
          - id: a
            why: FILL IN
            tools: [bash]
        """,
    )
    found = [
        each
        for each in project.run("lint", "--format", "json").json["findings"]
        if each["rule"] == "PM102"
    ]
    assert [each["path"] for each in found] == ["guardrails/g.yaml"] * 2
    assert "block.0.why holds a placeholder" in found[1]["message"]
