"""Graphs of our own as rdflib has them, read in this process: the tests of what is written read thousands."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
from rdflib import Graph

from sphinx_policyspec.graph.knowledge_base import with_derived
from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.terms import graph_of, triples_in

__all__ = ["infer_graph", "read_graph"]


def read_graph(path: Path) -> Graph:
    """Return a graph file as rdflib has it, whose graphs can be compared."""
    return graph_of(
        plain_triples(
            pyoxigraph.parse(
                path.read_bytes(), format=pyoxigraph.RdfFormat.from_extension(path.suffix.removeprefix("."))
            )
        )
    )


def infer_graph(graph: Graph) -> Graph:
    """Return a graph with all that follows by the rules beside what was in it."""
    return graph_of(with_derived(triples_in(graph)), graph.identifier)
