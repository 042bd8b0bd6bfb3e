from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import DC, DCTERMS, RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.from_graph import from_graph, from_triples
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.graph.to_graph import to_graph, triples_of
from sphinx_policyspec.model import AuthorityLevel, Prose, Section, Spec
from sphinx_policyspec.readers.annotations import annotate, read_annotations, shipped_annotations
from sphinx_policyspec.readers.release import read_release
from tests.conftest import at, example, principle, spec
from tests.graph.files import infer_graph, read_graph
from tests.graph.names import PS
from tests.graph.specs import LIBRARY, NO_LEVELS, SPECS

BASE = "urn:policyspec:spec:"


@given(SPECS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_any_spec_comes_back_as_it_was(any_spec: Spec) -> None:
    assert from_graph(to_graph(any_spec)) == any_spec


@pytest.mark.parametrize("some_spec", [LIBRARY, NO_LEVELS, Spec(title="")])
def test_hand_written_specs_come_back_as_they_were(some_spec: Spec) -> None:
    assert from_graph(to_graph(some_spec)) == some_spec


def test_what_a_graph_repeats_is_said_once() -> None:
    triples = list(triples_of(LIBRARY))
    assert from_triples([*triples, *reversed(triples)]) == LIBRARY


def test_a_base_given_by_the_caller_comes_back_and_nothing_else_changes() -> None:
    base = "https://example.org/spec/"
    graph = ps.to_graph(LIBRARY, base_iri=base)
    assert (URIRef("https://example.org/spec/provision/stay_lawful"), RDF.type, PS.Principle) in graph
    assert from_graph(graph) == replace(LIBRARY, base_iri=base)


def test_a_published_release_comes_back_as_it_was(release_dir: Path) -> None:
    release = read_release(release_dir).spec
    annotated, findings = annotate(release, read_annotations(shipped_annotations()), lenient=True)
    assert not findings
    assert from_graph(to_graph(release)) == release
    graph = to_graph(annotated)
    assert from_graph(graph) == annotated
    assert not any(isinstance(term, BNode) for triple in graph for term in triple)


def test_a_spec_read_from_an_inferred_graph_is_the_asserted_one() -> None:
    assert from_graph(infer_graph(to_graph(LIBRARY))) == LIBRARY


@pytest.mark.parametrize(
    ("field", "text", "property_", "node"),
    [
        ("license", "https://a.example/é", DCTERMS.license, URIRef("https://a.example/é")),
        ("license", "urn:spdx:MIT", DCTERMS.license, URIRef("urn:spdx:MIT")),
        ("license", "MIT", DC.rights, Literal("MIT")),
        ("license", "https://a b", DC.rights, Literal("https://a b")),
        ("license", "CC:BY", DC.rights, Literal("CC:BY")),
        ("publisher", "http://a.example", DCTERMS.publisher, URIRef("http://a.example")),
        ("publisher", "The library", DC.publisher, Literal("The library")),
        ("issued", "2026-02-28", DCTERMS.issued, Literal("2026-02-28", datatype=XSD.date)),
        ("issued", "2026-02-30", DCTERMS.issued, Literal("2026-02-30")),
        ("issued", "20260228", DCTERMS.issued, Literal("20260228")),
    ],
)
def test_dublin_core_has_what_it_asks_for(
    field: str, text: str, property_: URIRef, node: Node, tmp_path: Path
) -> None:
    some_spec = Spec(title="", **{field: text})  # type: ignore[arg-type]
    for form in FORMATS:
        path = tmp_path / f"spec.{form}"
        path.write_bytes(serialize(to_graph(some_spec), form)[0])
        graph = read_graph(path)
        assert list(graph.objects(None, property_)) == [node]
        assert from_graph(graph) == some_spec


def test_second_things_of_one_id_are_kept_apart() -> None:
    twice = spec(
        principle(blocks=(example("e"), example("e", title="other"))),
        principle(title="Again", blocks=(Prose(source="x", text="x", span=at()),)),
        Section(id="be_kind~2", title="No second at all", depth=1, span=at()),
    )
    graph = to_graph(twice)
    names = set(graph.subjects(RDF.type, PS.Provision))
    assert names == {URIRef(BASE + "provision/" + name) for name in ("be_kind", "be_kind~2", "be_kind%7E2")}
    assert from_graph(graph) == twice


def test_order_and_repetition_survive_where_rdf_has_neither() -> None:
    odd = principle(tags=("z", "a", "z"), attributes=(("b", "=1"), ("a=", "%"), ("b", "=1")))
    assert from_graph(to_graph(spec(odd))) == spec(odd)


def test_an_edited_set_wins_over_a_stale_sequence() -> None:
    graph = to_graph(spec(principle(tags=("z", "a"))))
    subject = URIRef(BASE + "provision/be_kind")
    graph.remove((subject, PS.tag, Literal("z")))
    graph.add((subject, PS.tag, Literal("m")))
    assert from_graph(graph).provisions[0].tags == ("a", "m")


def test_a_level_that_is_only_used_has_no_rank_and_is_not_declared() -> None:
    graph = to_graph(NO_LEVELS)
    level = URIRef(BASE + "level/anything")
    assert set(graph.predicate_objects(level)) == {
        (RDF.type, PS.AuthorityLevel),
        (DCTERMS.identifier, Literal("anything")),
    }
    assert from_graph(graph).levels == ()


def test_a_reference_by_an_alias_points_at_what_bears_it_now() -> None:
    graph = to_graph(LIBRARY)
    reference = URIRef(BASE + "reference/provision/name_sources/1")
    assert set(graph.objects(reference, PS.target)) == {URIRef(BASE + "provision/tell_the_truth")}
    assert set(graph.objects(reference, PS.targetName)) == {Literal("be_honest")}


def test_superclasses_are_stated() -> None:
    graph = to_graph(LIBRARY)
    assert set(graph.subjects(RDF.type, PS.Response)) <= set(graph.subjects(RDF.type, PS.Message))
    assert set(graph.subjects(RDF.type, PS.Principle)) <= set(graph.subjects(RDF.type, PS.Provision))


def test_levels_are_overridable_by_those_at_or_above_them_that_messages_can_have() -> None:
    graph = to_graph(LIBRARY)
    found = {
        str(level).rpartition("/")[2]: {
            str(other).rpartition("/")[2] for other in graph.objects(level, PS.overridableBy)
        }
        for level in graph.subjects(PS.rank)
    }
    assert found == {
        "root": set(),
        "system": {"system"},
        "developer": {"system", "developer"},
        "user": {"system", "developer", "user"},
        "guideline": {"system", "developer", "user"},
    }


def test_a_graph_without_a_spec_is_refused() -> None:
    with pytest.raises(SourceError, match="contains no behaviour spec"):
        from_graph(Graph())


def test_a_graph_with_several_specs_is_refused_by_name() -> None:
    graph = to_graph(LIBRARY) + to_graph(replace(LIBRARY, version="2026-02-02"))
    with pytest.raises(
        SourceError, match=r"contains 2 behaviour specs.*release/2026-01-02.*release/2026-02-02"
    ):
        from_graph(graph)


@pytest.mark.parametrize(
    ("predicate", "node", "message"),
    [
        (PS.line, Literal("x"), "is not a whole number"),
        (DCTERMS.title, Literal("other"), "twice"),
        (PS.authority, URIRef("https://example.org/elsewhere"), "twice"),
        (PS.topic, URIRef("https://example.org/elsewhere"), "is not a name that starts with"),
    ],
)
def test_statements_that_no_spec_can_hold_are_refused(predicate: URIRef, node: Literal, message: str) -> None:
    graph = to_graph(spec(principle()))
    subject = URIRef(BASE + "provision/be_kind")
    if predicate == PS.line:
        graph.remove((subject, predicate, None))
    graph.add((subject, predicate, node))
    with pytest.raises(SourceError, match=message):
        from_graph(graph)


def test_levels_named_alike_do_not_mix() -> None:
    levels = (AuthorityLevel(id="user", roles=("user",)), AuthorityLevel(id="user", title="again"))
    assert from_graph(to_graph(spec(principle(), levels=levels))).levels == levels


STATEMENTS = sorted(to_graph(LIBRARY))
STRAY = st.sampled_from(
    [Literal("x"), Literal(""), Literal("[1]"), URIRef("urn:x"), URIRef(BASE + "x"), BNode("b")]
)


@given(st.sampled_from(STATEMENTS), st.none() | STRAY)
@settings(max_examples=100, deadline=None)
def test_a_damaged_graph_gives_a_spec_or_a_clear_error(
    damaged: tuple[URIRef, URIRef, Node], stray: Node | None
) -> None:
    graph = Graph()
    for triple in STATEMENTS:
        if triple != damaged:
            graph.add(triple)
        elif stray is not None:
            graph.add((*triple[:2], stray))
    with contextlib.suppress(SourceError):
        assert isinstance(from_graph(graph), Spec)
