from __future__ import annotations

import re
import time
from typing import Any

import pyoxigraph
import pytest

from sphinx_policyspec.errors import QueryError, QueryLimitError
from sphinx_policyspec.graph.query_text import (
    NameLookup,
    check_text,
    excerpt,
    unknown_in,
    with_dataset,
    without_calls,
)
from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.graph.terms import DCTERMS


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
    assert without_calls(sparql) == sparql


@pytest.mark.parametrize("call", ["SERVICE", "service SILENT ", ".Service"])
def test_a_call_has_a_graph_in_its_place_where_it_is_not_run(call: str) -> None:
    sparql = f"SELECT ?service {{ ?s ?p 'SERVICE' {call}<urn:a> {{ ?s ?p ?service }} }} # SERVICE"
    check_text(sparql, "page.md:3", max_bytes=65_536, max_depth=64, may_call=True)
    text = without_calls(sparql)
    assert (len(text), text.count("GRAPH")) == (len(sparql), 1)
    check(text)
    pyoxigraph.Store().query(text)


STORE = pyoxigraph.Store()
STORE.load(
    b"GRAPH <urn:1> { <urn:a> <urn:p> <urn:b> } GRAPH <urn:2> { <urn:a> <urn:p> 'two' } GRAPH <urn:3> { <urn:c> <urn:p> <urn:a> }",
    format=pyoxigraph.RdfFormat.TRIG,
)


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT * { ?s ?p ?o }",
        "PREFIX where: <urn:> SELECT ?o WHERE { where:a where:p ?o OPTIONAL { ?o ?p ?x } } LIMIT 9 # {",
        "SELECT (EXISTS { ?s <urn:p> <urn:b> } AS ?x) ?s{ ?s ?p ?o FILTER (?s<?o||?o>?s||'WHERE {' != ?o) }",
        "SELECT (COUNT(*) AS ?n)WHERE{ { SELECT ?s WHERE { ?s ?p ?o } } } GROUP BY ?s HAVING (COUNT(*) > 0)",
        "SELECT ?g ?s { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?s",
        "ASK { ?s ?p 'two' }",
        "ask where { graph <urn:3> { ?s ?p ?o } }",
        "CONSTRUCT { ?s <urn:q> [ <urn:r> ?o ] } WHERE { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s <urn:p> ?o }",
        "CONSTRUCT { } { ?s <urn:p> ?o }",
        "DESCRIBE <urn:a> # where {",
        "DESCRIBE ?s { ?s ?p ?o } LIMIT 1",
        "DESCRIBE <urn:a> LIMIT 1",
        "SELECT ?s WHERE { ?s ?p ?o } VALUES ?s { <urn:a> <urn:c> }",
    ],
)
@pytest.mark.parametrize(("default", "named"), [("12", "3"), ("1", ""), ("", "23"), ("", "")])
def test_a_query_that_says_what_it_looks_at_is_answered_as_where_that_stands_beside_it(
    sparql: str, default: str, named: str
) -> None:
    said = [[f"urn:{one}" for one in digits] for digits in (default, named)]
    first, second = ([pyoxigraph.NamedNode(name) for name in names] for names in said)
    beside: dict[str, Any] = {"default_graph": first, "named_graphs": second} if first + second else {}
    assert rows(STORE.query(with_dataset(sparql, *said))) == rows(STORE.query(sparql, **beside))


def rows(found: Any) -> object:
    return (
        bool(found)
        if isinstance(found, pyoxigraph.QueryBoolean)
        else sorted(re.sub(r"_:\w+", "_:", str(row)) for row in found)
    )


@pytest.mark.parametrize(
    ("sparql", "said"),
    [
        ("LOAD <http://127.0.0.1:1/>", "is an update; `LOAD` is not run"),
        ("PREFIX a: <urn:a> INSERT DATA { a:b a:c a:d }", "is an update; `INSERT` is not run"),
        (r"\u004c\u004fAD <file:///etc/passwd>", "is not a SELECT"),
        ("", "is not a SELECT, ASK, CONSTRUCT or DESCRIBE query"),
        ("hello", "is not a SELECT, ASK, CONSTRUCT or DESCRIBE query"),
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


UNKNOWN = {
    "SELECT ?id { ?p a ps:Princple ; dcterms:identifier ?id }": ("`ps:Princple`", "`ps:Principle`"),
    "SELECT ?p { ?p a <https://w3id.org/policyspec#HardRul> }": ("`ps:HardRul`", "`ps:HardRule`"),
    "PREFIX s: <https://w3id.org/policyspec#> SELECT ?p { ?p s:autority ?l }": (
        "`ps:autority`",
        "`ps:authority`",
    ),
    "SELECT ?t { ?p ps:identifier ?t }": ("`ps:identifier`", "`dcterms:identifier`"),
    "SELECT ?p { ?p dcterms:identifer 'x' }": ("`dcterms:identifer`", "`dcterms:identifier`"),
    "SELECT ?t { ?t skos:prefLable ?l }": ("`skos:prefLable`", "`skos:prefLabel`"),
    "SELECT ?idd { ?p dcterms:identifier ?id }": ("binds `?idd`", "`?id`"),
    "SELECT $idd { $p dcterms:identifier $id }": ("binds `?idd`", "`?id`"),
    "SELECT ?id { ?p dcterms:identifier ?id FILTER(?idd > 1) }": ("binds `?idd`", "`?id`"),
    "SELECT ?id { ?p dcterms:identifier ?id } ORDER BY ?idd": ("binds `?idd`", "`?id`"),
    "SELECT ?id (COUNT(?pp) AS ?n) { ?p dcterms:identifier ?id } GROUP BY ?id": ("binds `?pp`", "`?p`"),
    "SELECT ?id { { SELECT (COUNT(?p) AS ?n) ?idd { ?p dcterms:identifier ?id } } }": (
        "binds `?idd`",
        "`?id`",
    ),
    "CONSTRUCT { ?q a ps:Principle } { ?p a ps:Principle }": ("binds `?q`", "`?p`"),
    "SELECT ?p { ?p dcterms:identifier 'be_knd' }": ("`be_knd`", "`be_kind`"),
    "SELECT ?p { ?p ps:authority/dcterms:identifier 'usr' }": ("`usr`", "`user`"),
    "SELECT ?p { ?p dcterms:identifier ?id FILTER(?id = 'be_knd') }": ("`be_knd`", "`be_kind`"),
    "SELECT ?p { ?p dcterms:identifier ?id FILTER('be_knd' = ?id) }": ("`be_knd`", "`be_kind`"),
    "SELECT ?p { ?p dcterms:identifier ?id FILTER(?id IN ('user', 'be_knd')) }": ("`be_knd`", "`be_kind`"),
    "SELECT ?p { VALUES ?id { 'user' 'be_knd' } ?p dcterms:identifier ?id }": ("`be_knd`", "`be_kind`"),
    "SELECT ?p { <urn:x:be_knd> ?q ?p }": ("`urn:x:be_knd`", "`urn:x:be_kind`"),
    "PREFIX x: <urn:x:> SELECT ?p { x:be_knd ?q ?p }": ("`urn:x:be_knd`", "`urn:x:be_kind`"),
    "SELECT ?p FROM <urn:x:2025-02-13> { ?p ?q ?r }": ("graph `urn:x:2025-02-13`", "`urn:x:2025-02-12`"),
    "SELECT ?p FROM NAMED <urn:x:2025-02-13> { GRAPH ?g { ?p ?q ?r } }": ("graph", "`urn:x:2025-02-12`"),
    "SELECT ?p { GRAPH <urn:x:2025-02-13> { ?p ?q ?r } }": ("graph `urn:x:2025-02-13`", "`urn:x:2025-02-12`"),
}
KNOWN = (
    "SELECT * { ?p ?q ?r }",
    "SELECT ?id (COUNT(?p) AS ?n) { ?p dcterms:identifier ?id } GROUP BY ?id HAVING (?n > 1) ORDER BY DESC(?n)",
    "SELECT ?n { ?p ps:order ?o BIND(?o + 1 AS ?n) }",
    "SELECT ?id { VALUES (?id ?x) { ('a' 'b') } }",
    "SELECT ?id { ?p dcterms:identifier ?id . OPTIONAL { ?p dcterms:title ?t } FILTER(!BOUND(?t) && ?id != 'x') }",
    "SELECT ?id { ?p dcterms:identifier ?id FILTER NOT EXISTS { ?other ps:illustrates ?p } }",
    "ASK { <urn:x:be_kind> dcterms:identifier 'be_kind' } # ?nothing ps:Nothing",
    "SELECT ?l { ?t skos:prefLabel ?l FILTER(?l = 'x'@en || regex(?l, 'ps:Nothing')) }",
    "DESCRIBE ?p { ?p a ps:HardRule }",
    "SELECT ?p { ?p <http://xmlns.com/foaf/0.1/name> ?n ; (ps:exceptionTo|^ps:exceptionTo)+ [ ps:order ?o ] }",
)
NAMED = NameLookup(
    values=lambda _: {str(DCTERMS.identifier): {"be_kind", "user"}},
    things=lambda: {"urn:x:be_kind", "http://xmlns.com/foaf/0.1/name"},
    graphs=lambda: {"urn:x:2025-02-12"},
)


@pytest.mark.parametrize("query", UNKNOWN)
def test_what_nothing_has_is_told_once_with_the_nearest_name(query: str) -> None:
    (found,) = unknown_in(f"# a comment\n{query}", "a.rq", NAMED)
    words, hint = UNKNOWN[query]
    assert words in found.message
    assert hint in found.hint
    assert (found.span.file, found.span.line) == ("a.rq", 2)


@pytest.mark.parametrize("query", KNOWN)
def test_what_is_there_is_not_told(query: str) -> None:
    assert unknown_in(query, "a.rq", NAMED) == ()


def test_our_own_questions_name_nothing_unknown() -> None:
    found = [unknown_in(question.sparql, question.name, NAMED) for question in list_questions()]
    terms = [
        finding.message for findings in found for finding in findings if "nothing has" not in finding.message
    ]
    assert terms == []
