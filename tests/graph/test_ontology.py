"""The ontology as others rely on it: its profile, its examples, and terms that keep their meaning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.graph.vocabulary import PREFIXES, PS
from tests.conftest import principle, require_tool, spec
from tests.graph import names

NAMESPACE = PREFIXES["ps"]
TERMS = frozenset(name for name in PS.__annotations__ if not name.startswith("_"))
PUBLISHED = Path(__file__).with_name("published_terms.txt")
KINDS = """
changelog changelog-entry clause commentary comparison definition document eval-tag example fragment gap goal level
link message prompt prompt-file prose provision reference release topic touch
""".split()  # noqa: SIM905 - a list of literals is harder to read

PROFILES = """
import json, sys, jpype, owlready2
from pathlib import Path
jpype.startJVM(classpath=[str(Path(owlready2.__file__).parent / "hermit" / "HermiT.jar")])
api = "org.semanticweb.owlapi."
manager = jpype.JClass(api + "apibinding.OWLManager").createOWLOntologyManager()
ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(sys.argv[1]))
reports = {
    name: jpype.JClass(f"{api}profiles.OWL2{name}Profile")().checkOntology(ontology)
    for name in ("DL", "RL", "EL", "QL")
}
print(json.dumps({name: [str(v) for v in report.getViolations()] for name, report in reports.items()}))
"""
"""Asks the OWL API that owlready2 brings along; in a process of its own, since a JVM never leaves one."""


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ontology_dir() / "policyspec.ttl")


def test_the_ontology_is_in_the_profile_that_it_states(ontology: Graph, tmp_path: Path) -> None:
    require_tool("java")
    (tmp_path / "policyspec.rdf").write_text(ontology.serialize(format="xml"), "utf-8")
    command = [sys.executable, "-c", PROFILES, str(tmp_path / "policyspec.rdf")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    violations = json.loads(result.stdout.splitlines()[-1])
    assert violations["DL"] == []
    assert all(violations[name] for name in ("RL", "EL", "QL"))
    stated = str(ontology.value(URIRef("https://w3id.org/policyspec"), RDFS.comment))
    assert stated.startswith("OWL 2 DL; outside OWL 2 RL, EL and QL.")


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
