from __future__ import annotations

import time

import pytest

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.guard import check_text, excerpt
from sphinx_policyspec.graph.questions import list_questions


def check(sparql: str) -> None:
    check_text(sparql, "page.md:3", max_bytes=65_536, max_depth=64)


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * WHERE { service silent ?x { ?s ?p ?o } }",
        r"SELECT * WHERE { \u0053ERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        r"SELECT * WHERE { \U00000053ERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        'SELECT * { FILTER ("\\u0022") SERVICE ?x { } FILTER ("\\u0022") }',
        'SELECT * { ?s ?p "#" . SERVICE ?x { } }',
        "SELECT * { ?s ?p '''it's''' . SERVICE ?x { } }",
        "SELECT * { ?s <urn:a#b> ?o . SERVICE ?x { } }",
        "SELECT * { ?s ps:a\\#b ?o . SERVICE ?x { } }",
        "SELECT * { FILTER (?a <?b) SERVICE ?x { } FILTER (?a>?b) }",
    ],
)
def test_service_is_found_in_any_spelling_and_company(sparql: str) -> None:
    with pytest.raises(QueryError, match=r"^page\.md:3: the query `SELECT .*calls another server"):
        check(sparql)


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT ?service { ?service ps:service 'SERVICE' } # SERVICE",
        'ASK { ?s ?p """SERVICE "quoted" here""" }',
        "PREFIX service: <urn:service> SELECT * { ?s service:SERVICE ?o }",
        "BASE <urn:x> CONSTRUCT { ?s ?p <SERVICE> } WHERE { ?s ?p ?o }",
        "DESCRIBE <urn:x>",
        "SELECT * { ?s ?p 'x'@service }",
        "# INSERT\nselect * { ?s ?p ?o }",
    ],
)
def test_the_word_alone_is_no_call(sparql: str) -> None:
    check(sparql)


@pytest.mark.parametrize(
    ("sparql", "said"),
    [
        ("LOAD <http://127.0.0.1:1/>", "is an update; `LOAD` is not run"),
        ("PREFIX a: <urn:a> INSERT DATA { a:b a:c a:d }", "is an update; `INSERT` is not run"),
        (r"\u004c\u004fAD <file:///etc/passwd>", "is no SELECT"),
        ("", "is no SELECT, ASK, CONSTRUCT or DESCRIBE"),
        ("hello", "is no SELECT, ASK, CONSTRUCT or DESCRIBE"),
    ],
)
def test_what_is_no_query_is_refused(sparql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        check(sparql)


def test_length_and_depth_are_limited() -> None:
    with pytest.raises(QueryLimitError, match="has 70,012 bytes; at most 65,536 are read"):
        check("SELECT * { }" + " " * 70_000)
    with pytest.raises(QueryLimitError, match="nests 3,001 brackets deep; at most 64 are read"):
        check("SELECT * {" + "{" * 3000 + "}" * 3000 + "}")
    with pytest.raises(QueryLimitError, match="brackets deep"):
        check("SELECT * { FILTER (1<" + "(" * 100 + "1" + ")" * 100 + "&&1>0) }")
    check("SELECT * {" + "{" * 60 + "}" * 60 + "}")
    check('SELECT * { ?s ?p "' + "{" * 3000 + '" } # ' + "(" * 3000)


@pytest.mark.parametrize(
    "filler", ['"""', "'''", '"', "<", "\\", "'\\", "(:", '"""\\"', "a:\\", "?", "\\u0022", "<a", "#\r"]
)
def test_no_text_takes_long_to_judge(filler: str) -> None:
    start = time.process_time()
    with pytest.raises(QueryError):
        check("X" + filler * (65_000 // len(filler)))
    assert time.process_time() - start < 1


def test_our_own_questions_pass() -> None:
    for question in list_questions():
        check(question.sparql)


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("SELECT *\n  { ?s ?p ?o }") == "the query `SELECT * { ?s ?p ?o }`"
    assert len(excerpt("x" * 500)) < 80
