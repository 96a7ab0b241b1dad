"""One conversation in every format, with every trap at once, is one transcript."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.ports.importer import Trajectory
from tests.importers.files import read_file
from tests.importers.fresh.all import FORMATS
from tests.importers.fresh.conversation import (
    ANSWERED,
    IMAGE,
    MODEL,
    STEPS,
    TOOLS,
    Call,
    Can,
    Step,
    expected,
    is_object,
    steps,
)
from tests.importers.fresh.sessions import inspect_members

Read = Callable[..., tuple[str, list[Trajectory]]]


def reading(name: str, read: Read) -> Trajectory:
    """Return the one trajectory of a format."""
    form = FORMATS[name]
    importer, found = read(form.write(form.can), lines=form.lines)
    assert importer == form.importer
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_one_transcript(name: str, read: Read):
    """Roles, texts, reasoning, calls with broken arguments, results and their ties are the same."""
    trajectory = reading(name, read)
    assert list(trajectory.messages) == expected(FORMATS[name].can)


@pytest.mark.parametrize("name", FORMATS)
def test_what_surrounds_it_is_kept(name: str, read: Read):
    """The model that was asked for, or that answered; tools, temperature and failures."""
    trajectory, can = reading(name, read), FORMATS[name].can
    if name != "tau-bench":  # which names no model
        assert {trajectory.requested_model, trajectory.responded_model} & {MODEL, ANSWERED}
    if can.tools:
        found = {t.name: (t.description, dict(t.parameters)) for t in trajectory.tools}
        assert found == {t["name"]: (t["description"], t["parameters"]) for t in TOOLS}
    if can.sampling:
        assert trajectory.sampling["temperature"] == 0.4
    if can.failed:
        failed = {s.answers for s in steps(can) if s.failed}
        assert {trajectory.messages[n].tool_call_id for n in trajectory.failed} == failed


@pytest.mark.parametrize("name", FORMATS)
def test_an_image_is_told(name: str, read: Read):
    """What the transcript has no place for is in the account, in the same words everywhere."""
    if FORMATS[name].can.image:
        whats = [loss.what for loss in reading(name, read).lossy]
        assert "content of type image" in whats


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
def test_an_archive_holds_the_same(method: int, tmp_path: Path):
    """However its members are packed, an .eval is read as its .json is."""
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, value in inspect_members(Can()).items():
            archive.writestr(name, json.dumps(value))
    importer, (trajectory,) = read_file(path)
    assert importer == "inspect"
    assert list(trajectory.messages) == expected(Can())


def test_the_conversation_has_every_trap():
    """A change of it cannot make the other tests easier unseen."""
    assert any(step.image for step in STEPS)
    assert any(step.thought and step.calls for step in STEPS)
    assert any(len(step.calls) > 1 for step in STEPS)
    assert any(step.calls and not step.text for step in STEPS)
    assert sum(step.failed for step in STEPS) > 1
    assert any(not is_object(call) for step in STEPS for call in step.calls)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1,
                max_size=12).map(lambda text: f"a{text}z")  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.just(0.25) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(WORDS, VALUES, max_size=3).map(json.dumps) | st.sampled_from(
    ['{"a": ', "[1, 2]", "no JSON"]
)
RESULTS = WORDS | st.dictionaries(WORDS, VALUES, min_size=1, max_size=3).map(json.dumps)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Step, ...]:
    """Return conversations in which all that can vary does; no two texts are the same."""
    number = iter(range(1000))

    def text() -> str:
        return f"{draw(WORDS)} {next(number)}"

    said = [Step("system", text())]
    for _ in range(draw(st.integers(1, 3))):
        said.append(Step("user", text(), image=draw(st.sampled_from(["", IMAGE]))))
        for _ in range(draw(st.integers(0, 2))):
            calls = tuple(
                Call(f"call_{next(number)}", draw(st.sampled_from(["lag_of", "reset_offsets"])),
                     draw(ARGUMENTS))
                for _ in range(draw(st.integers(1, 3)))
            )  # fmt: skip
            words = text() if draw(st.booleans()) else ""
            thought = text() if words and draw(st.booleans()) else ""
            said.append(Step("assistant", words, thought, calls))
            said += [
                Step("tool", draw(RESULTS), answers=call.id, failed=draw(st.booleans()))
                for call in calls
            ]
        said.append(Step("assistant", text(), text() if draw(st.booleans()) else ""))
    return tuple(said)


@settings(max_examples=12, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(said=conversations())
def test_any_conversation_is_one_transcript_in_every_format(said: tuple[Step, ...], read: Read):
    """Whatever is said, called, broken off or seen: twenty-two ways to write it, one reading."""
    for name, form in FORMATS.items():
        can = replace(form.can, said=said)
        _, found = read(form.write(can), lines=form.lines)
        assert [list(each.messages) for each in found] == [expected(can)], name
