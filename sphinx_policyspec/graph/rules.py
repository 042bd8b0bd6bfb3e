"""Derived statements: the CONSTRUCT rules of ``ontology/rules``, in file order, until nothing is new."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pyoxigraph

from sphinx_policyspec.graph.ntriples import ntriples_lines
from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.vocabulary import PREFIXES

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["infer", "infer_graph", "is_read_by_rules"]


def infer(store: pyoxigraph.Store) -> tuple[pyoxigraph.Triple, ...]:
    """Add to a store all that follows from it by the rules, and return what was added.

    Nothing is derived for a property that ``from_graph`` reads, so that a spec read back from an
    inferred graph is still the spec that was asserted.
    """
    added: dict[pyoxigraph.Triple, None] = {}
    before = -1
    while len(added) != before:
        before = len(added)
        for rule in _rules():
            derived = store.query(rule)
            assert isinstance(derived, pyoxigraph.QueryTriples)  # noqa: S101 - a rule is a CONSTRUCT
            new = [triple for triple in set(derived) if pyoxigraph.Quad(*triple) not in store]
            store.extend(pyoxigraph.Quad(*triple) for triple in new)
            added.update(dict.fromkeys(new))
    return tuple(added)


def infer_graph(graph: Graph) -> Graph:
    """Return a graph with all that follows by the rules beside what was in it."""
    # Questions of a spec apply the rules, too, and need no rdflib.
    from sphinx_policyspec.graph.parse import plain_triples  # noqa: PLC0415
    from sphinx_policyspec.graph.rdflib_terms import graph_of, triples_in  # noqa: PLC0415

    triples = tuple(triples_in(graph))
    store = pyoxigraph.Store()
    store.bulk_load("".join(ntriples_lines(triples)).encode(), format=pyoxigraph.RdfFormat.N_TRIPLES)
    return graph_of((*triples, *plain_triples(infer(store))), graph.identifier)


def is_read_by_rules(predicate: str) -> bool:
    """Tell whether any rule speaks of a property; what is said by others makes nothing follow."""
    return predicate in _terms()


@cache
def _terms() -> frozenset[str]:
    """Return the terms that rules name, and ``rdf:type``, which they write ``a``."""
    found = {PREFIXES["rdf"] + "type"}
    for rule in _rules():
        found |= {PREFIXES[prefix] + name for prefix, name in re.findall(r"\b(ps|skos):(\w+)", rule)}
    return frozenset(found)


@cache
def _rules() -> tuple[str, ...]:
    """Read the rules once, in file order."""
    files = sorted((ontology_dir() / "rules").glob("*.rq"))
    return tuple(file.read_text(encoding="utf-8") for file in files)
