"""An error of the SPARQL parser in few words."""

from __future__ import annotations

import pyoxigraph
import pytest

from sphinx_policyspec.graph.query_text import syntax_message


def told(sparql: str) -> str:
    with pytest.raises(SyntaxError) as error:
        pyoxigraph.Store().query(sparql)
    return syntax_message(sparql, error.value.msg)


def test_the_place_is_told_with_the_text_around_it() -> None:
    assert told("SELECT * {\n ?s ?p ?o .\n FILTR(?s) }").startswith("line 3, column 10: near `FILTR(?s) }`")


QUOTES = ['"', "'", '"' * 3, "'" * 3]


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("text", ["abc }", "a # ( [ {", "say \\\\", "it is \\\" or \\' so", "", "<http://x>"])
@pytest.mark.parametrize("before", ["SELECT * {\n ?s ?p ", "SELECT * { ?s ?q 'x', \"y\" . # it's\n ?s ?p "])
def test_a_quote_that_is_never_closed_is_told(before: str, text: str, quote: str) -> None:
    message = told(f"{before}{quote}{text}\n")
    column = len(before.rpartition("\n")[2]) + 1
    assert message.startswith(f"line 2, column {column}: near `")
    assert message.endswith(f"; the quote `{quote}` is never closed")


@pytest.mark.parametrize(
    ("sparql", "column", "iri"),
    [
        ("SELECT * { ?s <http://x.org/y ?o }", 15, "<http://x.org/y"),
        ("SELECT * { ?s <http://x.org/y\n ?o }", 15, "<http://x.org/y"),
        ("SELECT * { ?s <http://x.org/y ?o . ?o a <http://z> }", 15, "<http://x.org/y"),
        (
            "PREFIX ps: <https://w3id.org/policyspec#\nSELECT * { ?s ps:x ?o }",
            12,
            "<https://w3id.org/policyspec#",
        ),
        ("SELECT * { ?s <a b> ?o }", 15, "<a"),
        ("SELECT * { FILTER(1 < 2) ?s <../x ?o }", 29, "<../x"),
    ],
)
def test_an_iri_that_is_never_closed_is_told(sparql: str, column: int, iri: str) -> None:
    message = told(sparql)
    assert message.startswith(f"line 1, column {column}: near `")
    assert message.endswith(f"; the IRI `{iri}` is never closed")


@pytest.mark.parametrize(
    ("sparql", "column", "wrong"),
    [
        ("SELECT * { ?s ?p ?o", 10, "the bracket `{` is never closed"),
        ("SELECT * { { ?s ?p ?o }", 10, "the bracket `{` is never closed"),
        ("SELECT * { FILTER(?x = '(' }", 18, "the bracket `(` is never closed"),
        ("SELECT * { ?s ?p [ a ?x }", 18, "the bracket `[` is never closed"),
        ("SELECT (COUNT(?x AS ?n) { ?x ?y ?z }", 8, "the bracket `(` is never closed"),
        ("SELECT * { ?s ?p ?o # }", 10, "the bracket `{` is never closed: a `}` is in a comment"),
        ("SELECT * { FILTER(?a < ?b && ?c > ?d) ?x", 10, "the bracket `{` is never closed"),
        ("SELECT * { ?s ?p ?o } }", 23, "the bracket `}` closes nothing"),
        ("SELECT * { ?s ?p ?o ) }", 21, "the bracket `)` closes nothing"),
    ],
)
def test_a_bracket_without_its_other_half_is_told(sparql: str, column: int, wrong: str) -> None:
    assert told(sparql).startswith(f"line 1, column {column}: near `")
    assert told(sparql).endswith(f"; {wrong}")


@pytest.mark.parametrize("later", ["'", '"""', "{", "("])
def test_what_stands_behind_the_error_is_not_told(later: str) -> None:
    assert "never" not in told(f"SELCT * {{ ?s ?p {later}")


def test_a_few_expectations_are_told_and_many_are_not() -> None:
    assert told("SELECT ?x WHER { ?x a ?y }").endswith("; expected `DISTINCT`, `WHERE`")
    assert told("SELECT ?x { FILTER(?x = ) }").endswith("`…ECT ?x { FILTER(?x = ) }`, at its end")


def test_an_undeclared_prefix_is_named() -> None:
    assert told("SELECT * { ?s a foo:Bar }") == "line 1, column 24: the prefix `foo:` is not declared"


def test_only_the_surroundings_of_a_long_line_are_shown() -> None:
    text = told("SELECT * { " + "?s ?p ?o . " * 200 + "FILTR(?s)" + " ?s ?p ?o . " * 200 + "}")
    assert "FILTR" in text
    assert len(text) < 150


def test_nothing_that_is_refused_is_expected() -> None:
    assert "SERVICE" not in told("SELECT * { ?s ?p }")


def test_an_unknown_form_is_cut() -> None:
    assert syntax_message("", "x\n" * 400) == " ".join("x" * 80)[:159] + "…"
    assert told("") == "line 1, column 1: near its end"
