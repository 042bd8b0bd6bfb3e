from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import owlready2
import pyoxigraph
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

import sphinx_policyspec as ps
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.graph.terms import (
    FORMATS,
    PREFIXES,
    PS,
    VOCABULARIES,
    ontology_dir,
    ontology_terms,
    triples_in,
)
from sphinx_policyspec.graph.to_graph import to_graph
from tests.conftest import REPOSITORY, Run, require_tool
from tests.graph import names
from tests.graph.files import infer_graph
from tests.graph.specs import LIBRARY

ONTOLOGY = URIRef("https://w3id.org/policyspec")
NAMESPACE = PREFIXES["ps"]
TERMS = ontology_terms()
QUERIES = sorted(ontology_dir().glob("*/*.rq"))


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ontology_dir() / "policyspec.ttl")


def test_the_terms_are_those_that_the_ontology_describes(ontology: Graph) -> None:
    described = {str(subject) for subject in ontology.subjects() if str(subject).startswith(NAMESPACE)}
    assert {name.removeprefix(NAMESPACE) for name in described} == TERMS


def test_every_term_has_a_label_a_definition_an_example_and_a_home(ontology: Graph) -> None:
    for name in sorted(TERMS):
        term = URIRef(NAMESPACE + name)
        for words in (RDFS.label, SKOS.definition):
            assert [getattr(node, "language", "") for node in ontology.objects(term, words)] == ["en"], name
        assert len(list(ontology.objects(term, SKOS.example))) == 1, name
        assert list(ontology.objects(term, RDFS.isDefinedBy)) == [ONTOLOGY], name
        assert list(ontology.objects(term, RDF.type)), name


def test_the_ontology_says_what_it_is(ontology: Graph) -> None:
    said = {str(predicate).rpartition("/")[2] for predicate in ontology.predicates(ONTOLOGY)}
    assert said >= {"license", "creator", "title", "preferredNamespacePrefix", "preferredNamespaceUri"}
    assert list(ontology.objects(ONTOLOGY, OWL.versionIRI))


def test_a_term_that_does_not_exist_fails_at_once() -> None:
    with pytest.raises(AttributeError):
        _ = PS.autority


def test_code_names_only_terms_that_exist() -> None:
    sources = [path.read_text("utf-8") for path in (REPOSITORY / "sphinx_policyspec").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r"\bPS\.(\w+)", source)}
    assert len(named) > 50
    assert named <= TERMS


def test_outranking_is_transitive_and_only_the_direct_one_asymmetric(ontology: Graph) -> None:
    assert (names.PS.outranks, RDF.type, OWL.TransitiveProperty) in ontology
    assert (names.PS.outranks, RDF.type, OWL.AsymmetricProperty) not in ontology
    assert (names.PS.directlyOutranks, RDF.type, OWL.AsymmetricProperty) in ontology
    assert (names.PS.directlyOutranks, RDFS.subPropertyOf, names.PS.outranks) in ontology


def test_a_graph_uses_only_terms_that_the_ontology_declares(ontology: Graph) -> None:
    declared = {str(subject) for subject in ontology.subjects(RDF.type)} | {str(RDF.type)}
    graph = to_graph(LIBRARY)
    used = {str(term) for term in graph.predicates()} | {str(term) for term in graph.objects(None, RDF.type)}
    assert {term for term in used if term not in declared} == {str(OWL.versionInfo)}


def test_a_graph_uses_datatype_properties_for_literals_only(ontology: Graph) -> None:
    values = set(ontology.subjects(RDF.type, OWL.DatatypeProperty))
    relations = set(ontology.subjects(RDF.type, OWL.ObjectProperty))
    for _, predicate, node in to_graph(LIBRARY):
        if isinstance(node, Literal):
            assert predicate not in relations
        else:
            assert predicate not in values


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_queries_use_only_terms_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\bps:(\w+)", text)) <= TERMS
    assert text.startswith("# ")
    pyoxigraph.Store().query(text)


@pytest.mark.slow
def test_hermit_finds_the_classes_that_the_rules_derive(ontology: Graph, tmp_path: Path) -> None:
    require_tool("java")
    path = tmp_path / "library.nt"
    path.write_text("".join(ntriples_lines(triples_in(ontology + to_graph(LIBRARY)))), encoding="utf-8")
    world = owlready2.World()
    loaded = world.get_ontology(path.as_uri()).load()
    with loaded:
        owlready2.sync_reasoner_hermit(world, debug=0)
    assert not list(world.inconsistent_classes())
    derived = infer_graph(to_graph(LIBRARY))
    for kind in (
        names.PS.HardRule,
        names.PS.Default,
        names.PS.UserOverridableDefault,
        names.PS.DeveloperOverridableDefault,
        names.PS.ImplicitlyOverridable,
    ):
        found = {individual.iri for individual in world[str(kind)].instances()}
        assert found == {str(subject) for subject in derived.subjects(RDF.type, kind)} != set()
    world.close()


def test_the_light_modules_import_no_rdf_library() -> None:
    program = (
        "import sys, sphinx_policyspec.graph.guard, sphinx_policyspec.graph.questions as q, "
        "sphinx_policyspec.graph.questions, sphinx_policyspec.graph.terms; q.list_questions();"
        "sys.exit(bool({'rdflib', 'pyoxigraph', 'owlready2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0


def canonical(data: bytes, form: pyoxigraph.RdfFormat | None) -> set[pyoxigraph.Quad]:
    """Return what RDF says, blank nodes named by what is said of them, without names of graphs."""
    quads = (pyoxigraph.Quad(*quad) for quad in pyoxigraph.parse(data, format=form, rename_blank_nodes=False))
    graph = pyoxigraph.Dataset(pyoxigraph.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    graph.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return set(graph)


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_vocabulary_says_the_same_in_every_syntax(name: str, form: str) -> None:
    text = ps.vocabulary(name, form)
    told = canonical(text.encode(), pyoxigraph.RdfFormat.from_extension(form))
    assert told == canonical((ontology_dir() / VOCABULARIES[name]).read_bytes(), pyoxigraph.RdfFormat.TURTLE)
    assert text == ps.vocabulary(name, form)


def test_owlready2_reads_the_ontology_that_the_command_prints(run: Run) -> None:
    _, printed, _ = run("schema", "ontology", "--format", "nt")
    world = owlready2.World()
    found = world.get_ontology("https://w3id.org/policyspec#").load(fileobj=io.BytesIO(printed.encode()))
    assert {"Principle", "Response"} <= {kind.name for kind in found.classes()}
    world.close()
    assert run("schema", "cases", "--format", "nt")[0] == 2
    assert "did you mean `ontology`?" in run("schema", "ontolgy")[2]
