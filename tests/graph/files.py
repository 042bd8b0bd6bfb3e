"""Graph files of our own, read in this process: the tests of what is written read thousands."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
from rdflib import Graph

from sphinx_policyspec.graph.child import FORMATS
from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.rdflib_terms import graph_of

__all__ = ["read_graph"]


def read_graph(path: Path) -> Graph:
    """Return a graph file as rdflib has it, whose graphs can be compared."""
    return graph_of(
        plain_triples(pyoxigraph.parse(path.read_bytes(), format=FORMATS[path.suffix.removeprefix(".")]))
    )
