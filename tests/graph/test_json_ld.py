"""JSON-LD that a web developer can read, and that any reader of RDF reads as the same graph."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture
from rdflib import RDF, SKOS, XSD, BNode, Graph, Literal, URIRef

from sphinx_policyspec.graph.records import RECORDS
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.terms import KINDS, PREFIXES, ontology_dir, ontology_terms
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Spec
from tests.conftest import example, principle, spec
from tests.graph.files import infer_graph, read_graph
from tests.graph.names import PS
from tests.graph.specs import LIBRARY
from tests.graph.whole import WHOLE

# rdflib's reader of JSON-LD uses what rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning:rdflib")

CONTEXT = json.loads((ontology_dir() / "context.jsonld").read_text("utf-8"))["@context"]


def expanded(data: bytes) -> set[tuple[object, ...]]:
    return set(Graph().parse(data=data, format="json-ld"))


@pytest.mark.parametrize("some_spec", [LIBRARY, WHOLE], ids=["library", "whole"])
def test_another_reader_expands_it_to_the_same_triples(some_spec: Spec) -> None:
    for graph in (to_graph(some_spec), infer_graph(to_graph(some_spec))):
        data, _ = serialize(graph, "jsonld")
        assert expanded(data) == set(graph)


def test_a_document_holds_the_context_that_is_shipped() -> None:
    document = json.loads(serialize(to_graph(LIBRARY), "jsonld")[0])
    assert CONTEXT.items() <= document["@context"].items()
    assert document["@context"].keys() - CONTEXT.keys() <= set(KINDS)


def test_no_key_of_a_document_has_a_prefix() -> None:
    for some_spec in (LIBRARY, WHOLE):
        document = json.loads(serialize(infer_graph(to_graph(some_spec)), "jsonld")[0])
        keys = {key for node in document["@graph"] for key in node}
        assert keys <= CONTEXT.keys()
        assert not any(":" in key for key in keys)


def test_every_term_has_a_key_that_is_no_kind() -> None:
    named = {
        value["@id"] if isinstance(value, dict) else value for key, value in CONTEXT.items() if key[0] != "@"
    }
    assert {f"ps:{name}" for name in ontology_terms()} <= named
    prefixes = {prefix: iri for prefix, iri in CONTEXT.items() if prefix in PREFIXES}
    full = {str(iri).replace(":", "#", 1) for iri in named}
    for record in RECORDS.values():
        for term in (*record.types, *(field.predicate for field in record.fields)):
            assert term == str(RDF.type) or any(
                f"{prefix}#{term.removeprefix(namespace)}" in full for prefix, namespace in prefixes.items()
            ), term
    assert CONTEXT.keys().isdisjoint(KINDS)


def test_it_is_easy_to_read(file_regression: FileRegressionFixture) -> None:
    small = spec(
        principle(text="Greet every reader.", topics=("manners",)), principle("be_brief", blocks=(example(),))
    )
    text = serialize(to_graph(small), "jsonld")[0].decode()
    file_regression.check(text[text.index('"@graph"') :], extension=".txt", encoding="utf-8")


def test_what_has_not_the_form_that_the_context_expects_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonld"
    it = URIRef("urn:policyspec:spec:provision/x")
    graph = to_graph(spec(principle()))
    for triple in (
        (it, PS.authority, Literal("user")),
        (it, PS.verdict, Literal("Good")),
        (it, PS.verdict, PS.Good),
        (it, PS.verdict, URIRef("urn:other")),
        (it, PS.verdict, BNode("b")),
        (it, PS.line, Literal("one")),
        (it, PS.line, Literal("01", datatype=XSD.integer, normalize=False)),
        (it, PS.line, Literal("9" * 20, datatype=XSD.integer)),
        (it, PS.text, URIRef("urn:policyspec:spec:topic//a")),
        (it, PS.text, Literal("x", lang="en")),
        (it, PS.text, Literal(3)),
        (it, PS.topic, URIRef("urn:policyspec:spec:topic/")),
        (it, PS.topic, URIRef("urn:policyspec:spec:kind/x")),
        (it, RDF.type, Literal("Principle")),
        (it, SKOS.broader, Literal("2.0", datatype=XSD.decimal, normalize=False)),
        (it, URIRef("https://example.org/p"), Literal("2.0", datatype=XSD.decimal, normalize=False)),
    ):
        one = Graph()
        one += graph
        one.add(triple)
        path.write_bytes(serialize(one, "jsonld")[0])
        if isinstance(triple[2], BNode) or str(triple[2]) == "01":  # renamed and normalized by reading
            assert len(read_graph(path)) == len(one)
        else:
            assert set(read_graph(path)) == set(one), triple


@pytest.mark.parametrize("base", ["topic:x/", "level:", "https://example.org/a/release/b/", "urn:x:~y/"])
def test_any_base_is_expanded_to_the_same_triples(base: str) -> None:
    graph = to_graph(replace(LIBRARY, base_iri=base))
    data, _ = serialize(graph, "jsonld")
    assert expanded(data) == set(graph)
