from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.postmortems import load_postmortem, postmortem_files, trace_files

HEAD = "---\nid: INC-1\ntitle: A stall\ndate: 2026-03-04\n"


def text(more: str = "", body: str = "## Summary\nText.\n") -> str:
    """Return a small postmortem with more keys."""
    return f"{HEAD}{more}---\n{body}"


def traced(file: str) -> str:
    """Return the keys of an inference with a trace."""
    return f"agent: {{inferences: [{{trace: {{file: {file}, message: 1}}}}]}}\n"


@pytest.fixture
def refused(write: Callable[..., Path], tmp_path: Path) -> Callable[[str | bytes], list[str]]:
    """Return a function that gives the problems of a postmortem, with paths from the project."""

    def refused(content: str | bytes) -> list[str]:
        path = write("postmortems/INC-1.md", content)
        with pytest.raises(InputError) as caught:
            load_postmortem(tmp_path, path)
        return [str(p).replace(f"{tmp_path}/", "") for p in caught.value.problems]

    return refused


def test_a_postmortem_is_front_matter_and_text(write: Callable[..., Path], tmp_path: Path) -> None:
    """Keys have the line of the Markdown file, and the hash is that of the whole file."""
    import hashlib

    content = text(traced("traces/INC-1.json"))
    path = write("postmortems/INC-1.md", content)
    loaded = load_postmortem(tmp_path, path)
    assert loaded.value.title == "A stall"
    assert loaded.file.place("title").line == 3
    assert loaded.body == "## Summary\nText.\n"
    assert loaded.body_line == 7
    assert loaded.file.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert trace_files(tmp_path, loaded.value) == {
        "traces/INC-1.json": tmp_path / "traces/INC-1.json"
    }


def test_only_postmortems_are_postmortems(write: Callable[..., Path], tmp_path: Path) -> None:
    """A README is none, and a name that only looks alike would be missed in silence."""
    assert postmortem_files(tmp_path) == ([], [])
    for name in ("INC-2.md", "INC-1.md", "README.md", "inc-3.md", "INC-4.markdown", ".INC-5.md"):
        write(f"postmortems/{name}", "x")
    files, problems = postmortem_files(tmp_path)
    assert [path.name for path in files] == ["INC-1.md", "INC-2.md"]
    assert [problem.got for problem in problems] == ["INC-4.markdown", "inc-3.md"]


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("traces/../../x.json", "traces/../../x.json"),
        ('"traces\\\\..\\\\x"', "traces\\..\\x"),
        ('"a\\0b"', "a\\x00b"),
    ],
)
def test_a_trace_outside_the_project_is_refused(refused, file: str, shown: str) -> None:
    """No reference of a text makes harness read what is not the project's."""
    assert refused(text(traced(file)))[0].startswith("postmortems/INC-1.md:5:")
    assert (
        f"agent.inferences[0].trace.file: must lie inside the project, got {shown}, write a path "
        "below the project, such as traces/INC-1.json"
    ) in refused(text(traced(file)))[0]


def test_a_link_out_of_the_project_is_refused(refused, tmp_path: Path) -> None:
    """A link is where it leads."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces/INC-1.json").symlink_to("/etc/passwd")
    (problem,) = refused(text(traced("traces/INC-1.json")))
    assert "must lie inside the project, got a link to /etc/passwd" in problem


def test_a_name_is_the_files(refused) -> None:
    """Two postmortems cannot claim each other's name."""
    assert refused(text().replace("INC-1", "INC-2")) == [
        (
            "postmortems/INC-1.md:2:5: id: is not the file's name, got INC-2, "
            "write INC-1, or rename "
            "the file to INC-2.md"
        )
    ]


def test_a_large_file_is_refused(refused) -> None:
    """5 MB are no text that anybody reads."""
    assert refused(text(body="x" * 5_000_000)) == [
        (
            "postmortems/INC-1.md: must be at most 4 MiB, got 5,000,050 bytes, "
            "split it into smaller "
            "files"
        )
    ]


def test_problems_of_all_kinds_have_the_markdown_files_lines(refused) -> None:
    """Unknown keys, wrong values and repeated names are told together."""
    assert refused(text("statsu: final\naction_items: [A, A]\n")) == [
        "postmortems/INC-1.md:5:1: statsu: unknown key, did you mean status?"
    ]
    assert refused(text("action_items: [A, A]\n")) == [
        "postmortems/INC-1.md:5:19: action_items[1]: is named twice, got A, keep one of the two"
    ]
