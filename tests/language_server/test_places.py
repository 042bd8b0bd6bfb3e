"""Places of ours and positions of the protocol lead to each other, in every unit and behind every line end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from sphinx_policyspec.language_server.places import Text, path_of, uri_of
from sphinx_policyspec.model import Span

TEXTS = st.text(st.sampled_from("ab é🦉\n\r\u2028"), max_size=60)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@given(text=TEXTS, data=st.data())
def test_an_offset_comes_back_from_its_position(encoding: str, text: str, data: st.DataObject) -> None:
    one = Text("a.md", text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] != "\r\n":
        position = one.position(offset)
        back = one.offset(position)
        # A position never points behind the end of its line, so that one behind a carriage return is before it.
        assert back == offset or text[back:offset].strip("\r\n") == ""


@given(text=TEXTS)
def test_a_place_of_ours_comes_back_from_its_position(text: str) -> None:
    one = Text("a.md", text)
    for number, line in enumerate(text.split("\n"), 1):
        for column in range(1, len(line.rstrip("\r")) + 1):
            if "\r" not in line:
                place = one.exact_range(Span("a.md", number, column)).start
                assert one.place(place) == (number, column)


def test_a_whole_line_and_a_point_are_the_words_of_the_line() -> None:
    one = Text("a.md", "  ## Be kind\nx 🦉🦉 kind\n")
    whole = one.range_of(Span("a.md", 1, 1, 2, 1))
    assert (whole.start, whole.end) == (types.Position(0, 2), types.Position(0, 12))
    assert one.range_of(Span("a.md", 1)) == whole
    word = one.range_of(Span("a.md", 2, 6))
    assert (word.start, word.end) == (types.Position(1, 7), types.Position(1, 11))
    assert Text("a.md", one.text, "utf-8").range_of(Span("a.md", 2, 6)).start == types.Position(1, 11)
    assert one.range_of(Span("a.md", 99)).start.line <= 2


def test_restructuredtext_counts_lines_as_docutils_does() -> None:
    text = "one\u2028two\nthree\n"
    assert Text("a.rst", text).range_of(Span("a.rst", 3)).start == types.Position(1, 0)
    assert Text("a.md", text).range_of(Span("a.md", 2)).start == types.Position(1, 0)


def test_an_address_that_is_no_file_names_none(tmp_path: Path) -> None:
    for uri in (
        "untitled:Untitled-1",
        "git:/a/b.md",
        "",
        "file:",
        "file:///a%00b",
        "vscode-notebook-cell:/x#y",
    ):
        assert path_of(uri) is None or uri == "file:"
    for name in ("a b.md", "ä#ö?.md", "100%.md"):
        path = tmp_path / name
        assert path_of(uri_of(path)) == path.resolve()
