from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.files.front_matter import split
from harness.files.strict_yaml import read_document

PATH = Path("INC-1.md")


def refused(content: bytes) -> list[str]:
    """Return the problems of a file as they are printed."""
    with pytest.raises(InputError) as caught:
        split(content, PATH)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_falls_into_front_matter_and_text() -> None:
    """Lines keep their numbers, in the YAML as in the text."""
    parts = split(b"---\nid: a\nb:\n  - c\n---\n\n# Text\n---\n", PATH)
    document = read_document(parts.yaml, PATH)
    assert document.data == {"id": "a", "b": ["c"]}
    assert document.marks.place("b", 0).line == 4
    assert parts.body == "\n# Text\n---\n"
    assert parts.body_line == 6


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"---\nid: a\n",
            (
                "INC-1.md:1:1: front matter is not closed, write --- on a line of its "
                "own below its "
                "last key"
            ),
        ),
        (
            b"# Title\n\nid: a\n",
            (
                "INC-1.md:1:1: front matter is missing, begin the file with --- and "
                "close the front "
                "matter with another ---"
            ),
        ),
        (
            b"\n\n---\nid: a\n---\n",
            "INC-1.md:3:1: front matter must begin in the first line, take the lines above away",
        ),
        (b"", "INC-1.md: is empty, write its front matter between two lines ---"),
        (b"\n \n", "INC-1.md: is empty, write its front matter between two lines ---"),
        (
            b"\xef\xbb\xbf---\nid: a\n---\n",
            "INC-1.md:1:1: starts with a byte order mark, save it as UTF-8 without BOM",
        ),
        (
            b"---\r\nid: a\r\n---\r\n",
            (
                "INC-1.md:1:4: lines end in CR LF, save it with LF line ends: "
                "sed -i 's/\\r$//' INC-1.md"
            ),
        ),
        (
            b"---\nid: a\n---\nGr\xfc\xdfe\n",
            (
                "INC-1.md:4:3: must be UTF-8, got the byte 0xfc, convert it: "
                "iconv -f ISO-8859-1 -t UTF-8 INC-1.md"
            ),
        ),
    ],
)
def test_what_is_no_front_matter_is_told_with_its_line(content: bytes, problem: str) -> None:
    """A file that cannot be split says where, and how it is mended."""
    assert refused(content) == [problem]


def test_a_yaml_error_has_the_line_of_the_markdown_file() -> None:
    """The author looks for it in the file that the editor shows."""
    parts = split(b"---\nid: a\n\ntitle: [open\n---\n", PATH)
    (problem,) = read_document(parts.yaml, PATH).problems
    assert str(problem).startswith(
        "INC-1.md:5:1: a list in [ ] goes wrong here; it is opened in line 4"
    )


@given(st.text(max_size=200))
def test_no_text_breaks_the_split(text: str) -> None:
    """Whatever stands in a file, it is split or refused."""
    try:
        parts = split(b"---\n" + text.encode("utf-8", "replace"), PATH)
    except InputError:
        return
    assert parts.yaml.startswith(b"\n")
