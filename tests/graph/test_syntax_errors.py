"""An error of the SPARQL parser in few words."""

from __future__ import annotations

import pyoxigraph
import pytest

from sphinx_policyspec.graph.syntax_errors import syntax_message


def told(sparql: str) -> str:
    with pytest.raises(SyntaxError) as error:
        pyoxigraph.Store().query(sparql)
    return syntax_message(sparql, error.value.msg)


def test_the_place_is_told_with_the_text_around_it() -> None:
    assert told("SELECT * {\n ?s ?p ?o .\n FILTR(?s) }").startswith("line 3, column 10: near `FILTR(?s) }`")


def test_a_bracket_that_is_never_closed_is_told() -> None:
    assert told("SELECT * { ?s ?p ?o") == (
        "line 1, column 20: near `SELECT * { ?s ?p ?o`, at its end; a bracket is never closed"
    )


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
