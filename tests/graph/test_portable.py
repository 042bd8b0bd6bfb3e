"""What is stated so that any SPARQL 1.1 engine answers our questions alike, and that they need no more than that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyparsing import ParseResults
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

import sphinx_policyspec as ps
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, published, with_derived
from sphinx_policyspec.graph.portable import PortableProfile, with_portable, words_of
from sphinx_policyspec.graph.questions import Question, list_questions
from sphinx_policyspec.graph.syntaxes import Statements, ntriples_lines
from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, Iri
from sphinx_policyspec.graph.to_graph import triples_of
from tests.conftest import Run
from tests.graph.specs import LIBRARY, SPECS, TEXTS
from tests.graph.whole import WHOLE

QUESTIONS = pytest.mark.parametrize("question", list_questions(), ids=lambda question: question.name)


def parts(node: Any) -> Iterator[Any]:
    """Yield all that a parsed query is made of."""
    yield node
    inner = node.values() if isinstance(node, CompValue) else node
    if isinstance(node, CompValue | ParseResults | list | tuple):
        for part in inner:
            yield from parts(part)


def faults(sparql: str) -> set[str]:
    """Return what a query has that engines answer in different ways."""
    found = [part for part in parts(parseQuery(sparql)[1]) if isinstance(part, CompValue)]
    paths = {f"path {part.mod}" for part in found if part.name == "PathElt" and part.mod in {"+", "*"}}
    names = {part.name for part in found} & {"Builtin_REPLACE", "Builtin_REGEX", "ServiceGraphPattern"}
    selects = [part for part in found if part.name in {"SelectQuery", "SubSelect"}]
    is_distinct = any(part.modifier and part.orderby for part in selects)
    return paths | names | ({"DISTINCT before ORDER BY"} if is_distinct else set())


@QUESTIONS
def test_a_question_has_nothing_that_engines_answer_in_different_ways(question: Question) -> None:
    assert faults(question.sparql) == set()


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("SELECT ?a { ?a <urn:p>+ ?b }", "path +"),
        ("SELECT ?a { ?a <urn:p>/<urn:p>* ?b }", "path *"),
        ("SELECT ?a { { SELECT ?a { ?a (<urn:p>|^<urn:p>)+ ?b } } }", "path +"),
        ("SELECT ?a { ?a <urn:p> ?b MINUS { ?a <urn:q>* ?b } }", "path *"),
        ('SELECT ?a { ?a <urn:p> ?b BIND (REPLACE(?b, "a", "b") AS ?c) }', "Builtin_REPLACE"),
        (
            'SELECT ?a { ?a <urn:p> ?b FILTER EXISTS { ?b <urn:p> ?d FILTER REGEX(?d, "a") } }',
            "Builtin_REGEX",
        ),
        ("SELECT DISTINCT ?a { ?a <urn:p> ?b } ORDER BY ?b", "DISTINCT before ORDER BY"),
        ("SELECT ?a { { SELECT DISTINCT ?a { ?a <urn:p> ?b } ORDER BY ?b } }", "DISTINCT before ORDER BY"),
        ("SELECT REDUCED ?a { ?a <urn:p> ?b } ORDER BY ?b", "DISTINCT before ORDER BY"),
        ("SELECT ?a { SERVICE <urn:s> { ?a <urn:p> ?b } }", "ServiceGraphPattern"),
    ],
)
def test_the_rule_sees_what_it_forbids(pattern: str, fault: str) -> None:
    assert faults(pattern) == {fault}


@pytest.mark.parametrize("asked", [LIBRARY, WHOLE], ids=["library", "whole"])
def test_what_is_stated_hides_nothing_of_the_spec(asked: ps.Spec) -> None:
    stated = list(published(triples_of(asked)))
    assert {triple[1] for triple in stated} >= {PS.inside, PS.plainWords}
    assert from_triples(iter(stated)) == asked


@given(SPECS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_spec_comes_back_from_what_is_published(asked: ps.Spec) -> None:
    assert from_triples(published(triples_of(asked))) == asked


def test_inside_is_what_within_is_and_the_thing_itself() -> None:
    triples = list(published(triples_of(WHOLE)))
    pairs = {
        name: {(subject, node) for subject, predicate, node in triples if predicate == name}
        for name in (PS.within, PS.inside)
    }
    provisions = {s for s, predicate, node in triples if (predicate, node) == (RDF.type, PS.Provision)}
    assert pairs[PS.within]
    assert pairs[PS.inside] == pairs[PS.within] | {(one, one) for one in provisions}


def test_a_file_that_is_portable_is_asked_as_it_is_and_reads_back(tmp_path: Path) -> None:
    for form in ("nt", "ttl", "trig", "jsonld"):
        path = tmp_path / f"whole.{form}"
        ps.write_rdf(WHOLE, path, form, portable=True)
        base = ps.inferred_base(path)
        assert base is not None
        with base:
            assert base.ask("where-mentioned", {"text": "kind"}) == ps.ask(
                WHOLE, "where-mentioned", text="kind"
            )
        assert ps.load(path) == WHOLE


def test_a_portable_graph_says_more_than_an_inferred_one_and_nothing_less() -> None:
    stated = set(ps.to_rdf(LIBRARY, "nt", portable=True).splitlines())
    derived = set(ps.to_rdf(LIBRARY, "nt", inferred=True).splitlines())
    said = {line for line in derived if b"inferredWith" not in line}
    assert said < stated
    assert not any(b"inferredWith" in line for line in said)


def test_the_command_writes_it(run: Run, tmp_path: Path) -> None:
    ps.write_rdf(LIBRARY, tmp_path / "spec.ttl")
    status, out, _ = run("graph", str(tmp_path / "spec.ttl"), "--portable", "--format", "nt")
    assert status == 0
    assert out.encode() == ps.to_rdf(LIBRARY, "nt", portable=True)


def test_our_questions_may_be_asked_as_queries_of_ones_own() -> None:
    with KnowledgeBase.from_spec(LIBRARY) as base:
        for question in list_questions():
            if question.over or any(p.default is None for p in question.parameters):
                continue
            values = question.values(
                {"topic": "law"} if "topic" in {p.name for p in question.parameters} else {}
            )
            foreign = question.present(base.query(question.bound(values)))
            assert foreign.rows == base.ask(question.name, values).rows, question.name


@given(TEXTS)
@example("Don’t “lie” — ever.\n\nNot [once](#x)!")
@settings(max_examples=200, deadline=None)
def test_words_of_words_are_the_same_words(text: str) -> None:
    found = words_of(text)
    assert words_of(found) == found
    assert re.fullmatch(r" (?:\S+ )*", found)
    assert words_of(text.upper().lower()) == found or "ß" in text.lower() or not text.isascii()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", " "),
        (" \n…", " "),
        ("Don’t", " don t "),
        ("cafe\u0301s", " cafe\u0301s "),
        ("誠実に", " 誠 実 に "),
        ("m² 3,5", " m 3 5 "),
        ("a_b\u200dc", " a_b\u200dc "),
    ],
)
def test_words_are_apart_by_one_blank(text: str, words: str) -> None:
    assert words_of(text) == words


LINES = st.lists(st.lists(st.sampled_from(["one", "two", "three", "**four**", "…"]), max_size=4), max_size=6)


@given(LINES)
@settings(max_examples=200, deadline=None)
def test_each_word_stands_on_the_line_that_is_told(lines: list[list[str]]) -> None:
    """A word's line is the number of starts that are not behind it."""
    subject = Iri("urn:x")
    text = "\n".join(" ".join(line) for line in lines)
    profile = PortableProfile()
    for predicate, node in ((RDF.type, PS.Prose), (PS.sourceText, text)):
        profile.add((subject, predicate, node))
    said = {predicate: str(node) for _, predicate, node in profile.stated()}
    starts = [int(start) for start in said.get(PS.lineStarts, "").split()]
    words = said[PS.plainWords]
    found = [
        sum(start <= place for start in starts) for place in range(len(words) - 1) if words[place] == " "
    ]
    wanted = [n for n, line in enumerate(lines) for word in line if words_of(word).strip()]
    assert found == wanted


MESSAGE = """~~~example
<user>
Hello there
general
</user>
<assistant> <!-- BAD: too short -->
Hello &amp; good

bye
</assistant>
~~~"""


def test_words_of_a_message_have_the_lines_of_the_example_that_holds_it() -> None:
    whole, part, other = Iri("urn:e"), Iri("urn:m"), Iri("urn:r")
    profile = PortableProfile()
    for triple in (
        (whole, RDF.type, PS.Example),
        (whole, PS.sourceText, MESSAGE),
        (whole, PS.line, 10),
        (whole, DCTERMS.title, "general"),
        (part, RDF.type, PS.Message),
        (part, PS.partOf, whole),
        (part, PS.line, 11),
        (part, PS.text, "Hello there\ngeneral"),
        (other, RDF.type, PS.Message),
        (other, PS.partOf, Iri("urn:c")),
        (Iri("urn:c"), PS.partOf, whole),
        (other, PS.line, 15),
        (other, PS.text, "Hello & good\n\nbye"),
    ):
        profile.add(triple)
    said = {(subject, predicate): node for subject, predicate, node in profile.stated()}
    assert said[part, PS.plainWords] == " hello there general "
    assert said[part, PS.lineStarts] == "0 12"
    assert said[other, PS.plainWords] == " hello good bye "
    assert said[other, PS.lineStarts] == "0 11 11"
    assert said[whole, PS.plainWords] == " general "


def test_the_profile_of_a_release_is_small(release_dir: Path) -> None:
    """At most a tenth more statements, and 15 % more bytes."""
    triples = list(triples_of(ps.load(release_dir)))
    plain = list(Statements(with_derived(iter(triples))).lines())
    whole = list(Statements(published(iter(triples))).lines())
    assert set(plain) < set(whole)
    assert len(plain) < len(whole) <= 1.1 * len(plain)
    assert sum(map(len, whole)) <= 1.15 * sum(map(len, plain))
    assert sorted(set(whole) - set(plain)) == sorted(
        set(ntriples_lines(list(with_portable(iter(triples)))[len(triples) :]))
    )
