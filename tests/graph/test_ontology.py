"""The ontology as others rely on it: its profile, its examples, and terms that keep their meaning."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import owlready2
import pytest
from rdflib import DCTERMS, ODRL2, OWL, PROV, RDF, RDFS, SDO, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.graph.records import RECORDS
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.terms import KINDS, PREFIXES, ontology_dir, ontology_terms
from sphinx_policyspec.graph.to_graph import to_graph
from tests.conftest import principle, require_tool, spec
from tests.graph import names

NAMESPACE = PREFIXES["ps"]
TERMS = ontology_terms()
ALIGNMENTS = URIRef("https://w3id.org/policyspec/alignments")
EARL = """
Assertion Assertor CannotTell Fail NotApplicable NotTested OutcomeValue Pass Software TestCase TestCriterion TestMode
TestRequirement TestResult TestSubject assertedBy automatic cantTell failed inapplicable info mainAssertor manual mode
outcome passed pointer result semiAuto subject test undisclosed untested
""".split()  # noqa: SIM905 - a list of literals is harder to read
"""Every term of EARL 1.0 Schema, the one vocabulary that rdflib does not bring along."""
PUBLISHED = Path(__file__).with_name("published_terms.txt")
PROFILES = """
import json, sys, jpype, owlready2
from pathlib import Path
jpype.startJVM(classpath=[str(Path(owlready2.__file__).parent / "hermit" / "HermiT.jar")])
api = "org.semanticweb.owlapi."
found = []
for path in sys.argv[1:]:
    manager = jpype.JClass(api + "apibinding.OWLManager").createOWLOntologyManager()
    ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(path))
    reports = {
        name: jpype.JClass(f"{api}profiles.OWL2{name}Profile")().checkOntology(ontology)
        for name in ("DL", "RL", "EL", "QL")
    }
    read = manager.getOntologyFormat(ontology).getOntologyLoaderMetaData()
    found.append({
        "violations": {name: [str(v) for v in report.getViolations()] for name, report in reports.items()},
        "left over": [str(triple) for triple in read.getUnparsedTriples()],
        "header": str(read.getHeaderState()),
    })
print(json.dumps(found))
"""
"""Asks the OWL API that owlready2 brings along; in a process of its own, since a JVM never leaves one."""


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ontology_dir() / "policyspec.ttl")


@pytest.fixture(scope="module")
def aligned() -> Graph:
    return Graph().parse(ontology_dir() / "alignments.ttl")


def test_protege_s_parser_reads_all_and_finds_the_profile_that_is_stated(
    ontology: Graph, aligned: Graph, tmp_path: Path
) -> None:
    """Undeclared terms, which Protégé shows as broken, are violations of OWL 2 DL."""
    require_tool("java")
    both = ontology + aligned
    both.remove((ALIGNMENTS, None, None))  # of two headers in one file neither would count
    paths = []
    for name, graph in (("ours", ontology), ("aligned", aligned), ("both", both)):
        paths.append(tmp_path / f"{name}.rdf")
        paths[-1].write_bytes(serialize(graph, "rdf")[0])
    command = [sys.executable, "-c", PROFILES, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout.splitlines()[-1])
    assert [read["left over"] for read in found] == [[], [], []]
    assert {read["header"] for read in found} == {"PARSED_ONE_HEADER"}
    assert [read["violations"]["DL"] for read in found] == [[], [], []]
    assert all(found[0]["violations"][name] for name in ("RL", "EL", "QL"))
    stated = str(ontology.value(URIRef("https://w3id.org/policyspec"), RDFS.comment))
    assert stated.startswith("OWL 2 DL; outside OWL 2 RL, EL and QL.")


@pytest.mark.parametrize("name", ["policyspec", "alignments"])
@pytest.mark.parametrize("format_", ["nt", "rdf"])
def test_owlready2_opens_it_without_a_word(
    name: str,
    format_: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    graph = Graph().parse(ontology_dir() / f"{name}.ttl")
    path = tmp_path / f"{name}.{format_}"
    path.write_bytes(serialize(graph, format_)[0])
    world = owlready2.World()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        loaded = world.get_ontology(path.as_uri()).load()
        kinds = {
            OWL.Class: list(world.classes()),
            OWL.ObjectProperty: list(world.object_properties()),
            OWL.DatatypeProperty: list(world.data_properties()),
            OWL.AnnotationProperty: list(world.annotation_properties()),
            OWL.NamedIndividual: list(world.individuals()),
        }
    assert [str(warning.message) for warning in warned if "owlready2" in warning.filename] == []
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
    assert loaded.loaded
    for kind, entities in kinds.items():
        declared = {str(term) for term in graph.subjects(RDF.type, kind) if isinstance(term, URIRef)}
        assert {entity.iri for entity in entities} == declared
    world.close()


def test_an_example_is_turtle_that_uses_its_term_and_declared_ones_alone(ontology: Graph) -> None:
    prefixes = PREFIXES | {kind: f"urn:policyspec:spec:{kind}/" for kind in KINDS}
    head = "".join(f"@prefix {name}: <{namespace}> .\n" for name, namespace in prefixes.items())
    for name in sorted(TERMS):
        shown = Graph().parse(data=head + str(ontology.value(names.PS[name], SKOS.example)), format="turtle")
        used = {str(term) for triple in shown for term in triple if str(term).startswith(NAMESPACE)}
        assert NAMESPACE + name in used, name
        assert used <= {NAMESPACE + term for term in TERMS}, name


def commitments(ontology: Graph) -> set[str]:
    """Return what users of a term rely on, one line each."""
    relied_on = {RDF.type, RDFS.domain, RDFS.range, RDFS.subClassOf, RDFS.subPropertyOf}
    lines = set()
    for subject, predicate, node in ontology:
        if predicate in relied_on and str(subject).startswith(NAMESPACE) and isinstance(node, URIRef):
            named = [
                ontology.namespace_manager.normalizeUri(str(term)) for term in (subject, predicate, node)
            ]
            lines.add(" ".join(named))
    return lines


def test_a_published_term_keeps_its_type_domain_range_and_superclass(ontology: Graph) -> None:
    published = set(PUBLISHED.read_text("utf-8").splitlines())
    held = commitments(ontology)
    assert sorted(published - held) == [], "the ontology no longer says this of a published term"
    assert sorted(held - published) == [], "publish what is new: add these lines to published_terms.txt"


@pytest.mark.parametrize(
    "predicate", [RDF.type, RDFS.domain, RDFS.range, RDFS.subClassOf, RDFS.subPropertyOf]
)
def test_a_change_of_what_is_published_is_seen(ontology: Graph, predicate: URIRef) -> None:
    changed = Graph() + ontology
    victim = next(
        triple
        for triple in sorted(changed.triples((None, predicate, None)))
        if str(triple[0]).startswith(NAMESPACE) and isinstance(triple[2], URIRef)
    )
    changed.remove(victim)
    assert set(PUBLISHED.read_text("utf-8").splitlines()) - commitments(changed)


def test_what_a_relation_names_and_the_spec_lacks_has_its_id_as_written() -> None:
    graph = to_graph(spec(principle(exception_to=("öffne dich",))))
    lacking = graph.value(URIRef("urn:policyspec:spec:provision/be_kind"), names.PS.exceptionTo)
    assert "%" in str(lacking)
    assert graph.value(lacking, DCTERMS.identifier) == Literal("öffne dich")
    assert (lacking, RDF.type, OWL.Thing) not in graph


def alignments(aligned: Graph) -> list[tuple[Node | None, ...]]:
    parts = (OWL.annotatedSource, OWL.annotatedProperty, OWL.annotatedTarget, RDFS.comment)
    return [
        tuple(aligned.value(axiom, part) for part in parts) for axiom in aligned.subjects(RDF.type, OWL.Axiom)
    ]


def test_every_alignment_says_what_is_lost(aligned: Graph) -> None:
    relations = {
        RDFS.subClassOf,
        RDFS.subPropertyOf,
        *(SKOS[f"{kind}Match"] for kind in ("broad", "close", "related")),
    }
    stated = {triple for triple in aligned if triple[1] in relations}
    found = alignments(aligned)
    assert {row[:3] for row in found} == stated
    assert len(found) == len(stated) > 50
    assert all(str(row[3]).endswith(".") and len(str(row[3]).split()) > 4 for row in found)


def test_an_alignment_is_from_a_term_of_ours_to_one_that_exists(ontology: Graph, aligned: Graph) -> None:
    theirs = {str(URIRef(f"http://www.w3.org/ns/earl#{name}")) for name in EARL}
    for vocabulary in (DCTERMS, ODRL2, PROV, SDO, SKOS):
        theirs |= {str(vocabulary[name]) for name in vocabulary.__annotations__ if not name.startswith("_")}
    used = set()
    for ours, _, target, _ in alignments(aligned):
        assert str(ours).removeprefix(NAMESPACE) in TERMS
        assert str(target) in theirs
        used.add(str(target).rpartition("#")[0] or str(target).rpartition("/")[0])
    assert len(used) == 6, "SKOS, PROV-O, DCTERMS, EARL, ODRL and schema.org"
    declared = {
        triple for triple in aligned.triples((None, RDF.type, None)) if triple[0] in ontology.subjects()
    }
    assert {triple for triple in declared if str(triple[0]).startswith(NAMESPACE)} <= set(ontology)


def test_an_alignment_derives_nothing_that_is_read_back(aligned: Graph) -> None:
    """A reasoner that is given alignments leaves the spec that a graph holds as it was."""
    derived = {row[2] for row in alignments(aligned) if row[1] in {RDFS.subClassOf, RDFS.subPropertyOf}}
    assert not any(str(term).startswith(NAMESPACE) for term in derived)
    read = {URIRef(field.predicate) for record in RECORDS.values() for field in record.fields}
    assert not derived & read
