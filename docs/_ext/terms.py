"""The reference of the ontology: every term with what it means, what it goes with, and an anchor of its own name."""

from __future__ import annotations

from collections.abc import Iterator

import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from rdflib.collection import Collection

from sphinx_policyspec.graph.terms import PREFIXES, ontology_dir

KINDS = (
    ("Classes", (OWL.Class,)),
    ("Relations", (OWL.ObjectProperty,)),
    ("Values", (OWL.DatatypeProperty, OWL.AnnotationProperty)),
    ("Individuals", (OWL.NamedIndividual,)),
)
RELATIONS = (
    ("Special case of", RDFS.subClassOf),
    ("Special case of", RDFS.subPropertyOf),
    ("Of", RDFS.domain),
    ("Holds", RDFS.range),
    ("Inverse of", OWL.inverseOf),
    ("Nothing is both this and", OWL.disjointWith),
    ("Never together with", OWL.propertyDisjointWith),
)
CHARACTERISTICS = {
    OWL.FunctionalProperty: "one at most",
    OWL.TransitiveProperty: "transitive",
    OWL.AsymmetricProperty: "never both ways",
    OWL.IrreflexiveProperty: "never to itself",
}


def ontology() -> str:
    """Return the terms by kind, as Markdown; the anchor of a term is its name, as the redirect of its IRI needs."""
    graph = rdflib.Graph().parse(ontology_dir() / "policyspec.ttl")
    parts = []
    for heading, kinds in KINDS:
        terms = sorted({URIRef(str(term)) for kind in kinds for term in graph.subjects(RDF.type, kind)})
        ours = [_term(graph, term) for term in terms if term.startswith(PREFIXES["ps"])]
        parts.append("\n\n".join((f"## {heading}", *ours)))
    return "\n\n".join(parts)


def _term(graph: rdflib.Graph, term: URIRef) -> str:
    name = term.removeprefix(PREFIXES["ps"])
    lines = [
        f'<span id="{name}"></span>',
        "",
        f"### `ps:{name}`",
        "",
        str(graph.value(term, SKOS.definition)),
        "",
        *(f"- {fact}" for fact in _facts(graph, term)),
        "",
        "```turtle",
        str(graph.value(term, SKOS.example)).replace(" ; ", " ;\n    "),
        "```",
    ]
    return "\n".join(lines)


def _facts(graph: rdflib.Graph, term: URIRef) -> Iterator[str]:
    for words, relation in RELATIONS:
        named = [
            _link(graph, node) for node in sorted(graph.objects(term, relation)) if _is_named(graph, node)
        ]
        if named:
            yield f"{words}: {', '.join(named)}"
    told = [words for kind, words in CHARACTERISTICS.items() if (term, RDF.type, kind) in graph]
    if told:
        yield f"Always: {', '.join(told)}"
    below = {*graph.subjects(RDFS.subClassOf, term), *graph.subjects(RDFS.subPropertyOf, term)}
    if below:
        yield f"Special cases: {', '.join(_link(graph, node) for node in sorted(below))}"


def _is_named(graph: rdflib.Graph, node: rdflib.term.Node) -> bool:
    """Return whether a node can be told in a few words: a term, or a union of terms."""
    return isinstance(node, URIRef) or graph.value(node, OWL.unionOf) is not None


def _link(graph: rdflib.Graph, node: rdflib.term.Node) -> str:
    """Return a term, or a union of terms, as HTML that leads to those of ours."""
    if not isinstance(node, URIRef):
        return " or ".join(_link(graph, part) for part in Collection(graph, graph.value(node, OWL.unionOf)))
    shown = f"<code>{graph.namespace_manager.normalizeUri(node)}</code>"
    ours = PREFIXES["ps"]
    return f'<a href="#{node.removeprefix(ours)}">{shown}</a>' if node.startswith(ours) else shown
