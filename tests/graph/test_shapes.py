"""The shapes: what they accept, what they find, and that our own reading and checks find it too."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

import sphinx_policyspec as ps
from sphinx_policyspec.checks.names import check_names
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.terms import PREFIXES, ontology_terms
from sphinx_policyspec.graph.to_graph import to_graph
from tests.checks.fixtures import CONF, case_file
from tests.conftest import REPOSITORY
from tests.graph.files import infer_graph
from tests.graph.shape_mutations import MUTATIONS, SHAPE, Mutation, Triple, must_be_refused, shapes, valid
from tests.graph.specs import LIBRARY
from tests.graph.whole import WHOLE

# pyshacl uses what rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def graph_of(triples: Graph | tuple[Triple, ...]) -> Graph:
    """Return a graph in the kind of store that the validator takes."""
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    return graph


def results(graph: Graph | tuple[Triple, ...]) -> set[tuple[str, Node]]:
    """Return the name of each shape that is broken, with what breaks it."""
    _, report, _ = pyshacl.validate(graph_of(graph), shacl_graph=shapes())
    assert isinstance(report, Graph)
    return {
        (str(report.value(result, SH.sourceShape)).removeprefix(SHAPE), found)
        for result in report.subjects(RDF.type, SH.ValidationResult)
        if (found := report.value(result, SH.focusNode)) is not None
    }


def test_the_shapes_are_shacl_and_use_terms_that_exist() -> None:
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=shapes(), meta_shacl=True)
    assert conforms, text
    namespace = PREFIXES["ps"]
    used = {str(term) for triple in shapes() for term in triple if str(term).startswith(namespace)}
    assert {term.removeprefix(namespace) for term in used} - {""} <= ontology_terms()


def test_every_shape_says_in_words_what_is_asked_for() -> None:
    for shape in shapes().subjects(RDF.type, SH.PropertyShape):
        (told,) = shapes().objects(shape, SH.message)
        assert str(told).endswith(".")
        assert list(shapes().objects(shape, SH.severity)) in ([], [SH.Warning])


def test_shapes_and_context_are_those_that_follow_from_the_records() -> None:
    for path, text in runpy.run_path(str(REPOSITORY / "tools" / "ontology.py"))["written"]().items():
        assert path.read_text("utf-8") == text, "run `make ontology`"


def test_all_that_a_graph_states_has_a_shape_but_what_follows_from_other_statements() -> None:
    graph = to_graph(WHOLE)
    bare = {
        str(predicate).rpartition("#")[2]
        for subject, predicate, _ in graph
        if predicate not in {RDF.type, *_paths(graph.objects(subject, RDF.type), graph.predicates(subject))}
    }
    assert bare <= {"about", "belongsTo", "mentions", "references"}


def _paths(kinds: Iterable[Node], predicates: Iterable[Node]) -> Iterator[Node]:
    """Yield the paths of the shapes that something of these classes, and with these properties, must have."""
    targets = [
        *((SH.targetClass, kind) for kind in kinds),
        *((SH.targetSubjectsOf, one) for one in predicates),
    ]
    for target, term in targets:
        for shape in shapes().subjects(target, term):
            for part in shapes().objects(shape, SH.property):
                yield from shapes().objects(part, SH.path)


def test_a_spec_without_fault_conforms_also_with_what_is_derived() -> None:
    assert results(valid()) == set()
    assert results(infer_graph(to_graph(WHOLE))) == set()


def test_names_of_nothing_are_left_to_the_check() -> None:
    assert {finding.code for finding in check_names(LIBRARY)} == {
        "unknown-category",
        "unknown-level",
        "unknown-provision",
    }
    assert results(to_graph(LIBRARY)) == set()


@pytest.mark.slow
def test_our_example_conforms() -> None:
    assert results(to_graph(ps.load(REPOSITORY / "example_docs"))) == set()


@pytest.mark.slow
def test_a_release_conforms(release_dir: Path) -> None:
    assert results(to_graph(ps.load(release_dir))) == set()


PAIRS = (
    ("duplicate-tag", "OnlyOne"),
    ("empty-comparison", "comparisonAnswers"),
    ("example-without-conversation", "exampleTurns"),
    ("file-without-tag", "testsSomething"),
    ("missing-verdict", "verdictGiven"),
    ("non-assistant-alternative", "responseRole"),
    ("untested-prompt", "testsSomething"),
    ("untitled-example", "exampleTitled"),
)
"""What a check finds in a text and a shape in its graph."""


@pytest.mark.parametrize(("code", "shape"), PAIRS)
@pytest.mark.parametrize("which", ["good", "bad"])
def test_a_check_and_its_shape_agree(code: str, shape: str, which: str, tmp_path: Path) -> None:
    path = case_file(code, which)
    if path.suffix == ".rst":
        shutil.copy(path, tmp_path / "index.rst")
        (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
        path = tmp_path
    loaded = ps.load_checked(path, annotate=False)
    by_check = [found for found in loaded.findings if found.code == code]
    by_shape = [focus for name, focus in results(to_graph(loaded.spec)) if name == shape]
    assert len(by_check) == len(by_shape) == (which == "bad")


def find(mutation: Mutation) -> None:
    """Demand that a mutation is found by the validator, and by our reader where that looks at it."""
    triples = mutation.applied()
    assert (mutation.shape, mutation.focus) in results(triples), mutation
    if must_be_refused(mutation):
        with pytest.raises(SourceError):
            from_graph(graph_of(triples))


@given(st.sampled_from(MUTATIONS))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_mutation_of_one_triple_that_breaks_a_shape_is_found(mutation: Mutation) -> None:
    find(mutation)


@pytest.mark.slow
def test_every_mutation_of_one_triple_that_breaks_a_shape_is_found() -> None:
    seen = set()
    for mutation in MUTATIONS:
        # One thing stands for its like.
        if (mutation.kind, mutation.shape) not in seen:
            seen.add((mutation.kind, mutation.shape))
            find(mutation)


def test_every_demand_of_every_shape_has_a_mutation() -> None:
    simple = {
        str(shape).removeprefix(SHAPE)
        for shape, path in shapes().subject_objects(SH.path)
        if isinstance(path, URIRef)
    }
    assert simple - {mutation.shape for mutation in MUTATIONS} == set()
    assert sum(map(must_be_refused, MUTATIONS)) > len(MUTATIONS) / 4
