from __future__ import annotations

import csv
import io
import json

from sphinx_policyspec.exports.answers import ANSWER_FORMATS, answer_text
from sphinx_policyspec.files import printable
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, QueryForm


def answer(*rows: tuple[str, ...]) -> Answer:
    cells = tuple(tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows)
    return Answer(columns=("id", "title"), rows=cells)


def test_csv_disarms_formulas() -> None:
    text = ANSWER_FORMATS["csv"](answer(("=1+1", "@x"), ("-2", "plain, with comma")))
    assert list(csv.reader(io.StringIO(text))) == [
        ["id", "title"],
        ["'=1+1", "'@x"],
        ["'-2", "plain, with comma"],
    ]


def test_markdown_escapes_what_would_be_markup() -> None:
    text = ANSWER_FORMATS["markdown"](
        answer(
            ("a|b", "<b>*x*</b>\n[y](z)"),
        ),
    )
    assert text.splitlines()[2] == r"| a\|b | &lt;b&gt;\*x\*&lt;/b&gt; \[y\](z) |"


def test_markdown_holds_nothing_that_steers_a_terminal() -> None:
    assert "| a | b\ufffd[2J |" in ANSWER_FORMATS["markdown"](answer(("a", "b\x1b[2J"))).replace("\\", "")


def test_json_is_the_sparql_results_format() -> None:
    row = (
        Cell(CellKind.IRI, "urn:x"),
        Cell(CellKind.LITERAL, "3", "http://www.w3.org/2001/XMLSchema#integer"),
    )
    found = json.loads(ANSWER_FORMATS["json"](Answer(columns=("a", "b"), rows=(row,))))
    assert found["head"]["vars"] == ["a", "b"]
    assert found["results"]["bindings"][0]["a"] == {"type": "uri", "value": "urn:x"}
    assert found["results"]["bindings"][0]["b"]["datatype"].endswith("#integer")


def test_json_leaves_unbound_cells_out() -> None:
    row = (Cell(CellKind.LITERAL, "x"), Cell(CellKind.UNBOUND))
    found = json.loads(ANSWER_FORMATS["json"](Answer(columns=("a", "b"), rows=(row,))))
    assert list(found["results"]["bindings"][0]) == ["a"]


def test_json_of_a_yes_or_no_question_is_a_boolean() -> None:
    for word in ("true", "false"):
        asked = Answer(columns=("answer",), rows=((Cell(CellKind.LITERAL, word),),), form=QueryForm.ASK)
        assert json.loads(ANSWER_FORMATS["json"](asked))["boolean"] is (word == "true")


def test_a_text_table_is_never_cut_in_a_pipe() -> None:
    long = "word " * 100
    text = answer_text(answer(("a", long.strip())))
    assert long.strip() in text
    assert text.endswith("1 row\n")


def test_in_a_pipe_a_row_is_a_line_and_a_wide_cell_pads_no_other_row() -> None:
    lines = answer_text(answer(("x" * 9_000, "wide"), ("ab", "thin"), ("語", "cjk"))).splitlines()
    assert lines[0] == "id" + " " * 60 + "title"
    assert lines[1] == "x" * 9_000 + "  wide"
    assert lines[2] == "ab" + " " * 60 + "thin"
    assert lines[3] == "語" + " " * 60 + "cjk"


def test_on_a_terminal_a_wide_cell_goes_on_in_the_next_line() -> None:
    lines = answer_text(answer(("abc", "word " * 30)), width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert "".join(lines).count("word") == 30


def test_the_head_of_a_table_is_bold_where_color_is_wanted() -> None:
    assert answer_text(answer(("a", "b")), color=True).startswith("\x1b[1mid  title\x1b[0m\n")


def test_a_text_table_shows_brackets_as_they_are() -> None:
    assert "[red]x[/red]" in answer_text(answer(("a", "[red]x[/red]")))


def test_printable_replaces_what_steers_a_terminal() -> None:
    assert printable("a\x1b[2Jb\u202ec\nd") == "a\ufffd[2Jb\ufffdc d"
