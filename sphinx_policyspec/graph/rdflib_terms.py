"""Terms and triples of ours → rdflib's, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.graph.terms import PREFIXES, Blank, Foreign, Iri, Term, Triple, literal_term


def graph_of(triples: Iterable[Triple], name: str | None = None) -> Graph:
    """Return an rdflib graph with these triples and our prefixes.

    :param name: the IRI of the graph
    """
    graph = Graph("SimpleMemory", identifier=name and URIRef(name), bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    add = graph.store.add
    # An IRI and a string of the same letters are equal as keys, but not the same term.
    nodes: dict[tuple[type, Term], Node] = {}

    def converted(term: Term) -> Node:
        key = type(term), term
        if (known := nodes.get(key)) is None:
            known = nodes[key] = _node(term)
        return known

    for subject, predicate, term in triples:
        add((converted(subject), converted(predicate), converted(term)), graph)
    return graph


def triples_in(graph: Graph) -> Iterator[Triple]:
    """Yield the triples of an rdflib graph."""
    terms: dict[Node, Term] = {}
    for triple in graph:
        for node in triple:
            if node not in terms:
                terms[node] = _term(node)
        yield cast("Triple", tuple(terms[node] for node in triple))


def _node(term: Term) -> Node:
    match term:
        case Iri():
            return URIRef(term)
        case Blank():
            return BNode(term)
        case Foreign(text, datatype, language):
            return Literal(text, lang=language or None, datatype=None if language else URIRef(datatype))
        case str():
            # Only its characters count: none of what a lexical form may stand for.
            return Literal(term, normalize=False)
    return Literal(term)


def _term(node: Node) -> Term:
    """Return a term of rdflib as one of ours."""
    text = str(node)
    if not isinstance(node, Literal):
        return Iri(text) if isinstance(node, URIRef) else Blank(text)
    return literal_term(text, str(node.datatype or ""), node.language or "")
