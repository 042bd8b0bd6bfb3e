"""Derived statements: the CONSTRUCT rules of ``ontology/rules``, in file order, until nothing is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import pyoxigraph

from sphinx_policyspec.graph.ntriples import blocks, ntriples_lines
from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.query_text import named_terms
from sphinx_policyspec.graph.terms import Triple

__all__ = ["fill", "infer", "is_read_by_rules", "with_derived"]

_BLOCK = 10_000
"""Triples that the engine gets at once."""


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


def with_derived(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield triples, and after them what follows from them by the rules; the engine gets no more than these read."""
    from sphinx_policyspec.graph.parse import plain_triples  # noqa: PLC0415  questions need no files

    store = pyoxigraph.Store()
    needed: list[Triple] = []
    for triple in triples:
        yield triple
        if is_read_by_rules(triple[1]):
            needed.append(triple)
            if len(needed) == _BLOCK:
                fill(store, needed)
                needed.clear()
    fill(store, needed)
    yield from plain_triples(infer(store))


def fill(store: pyoxigraph.Store, triples: Iterable[Triple]) -> None:
    """Load triples, block by block."""
    for block in blocks(ntriples_lines(triples)):
        store.bulk_load(block, format=pyoxigraph.RdfFormat.N_TRIPLES)


def is_read_by_rules(predicate: str) -> bool:
    """Tell whether any rule speaks of a property; what is said by others makes nothing follow."""
    return predicate in _terms()


@cache
def _terms() -> frozenset[str]:
    """Return the terms that rules name."""
    return named_terms("\n".join(_rules()))


@cache
def _rules() -> tuple[str, ...]:
    """Read the rules once, in file order."""
    files = sorted((ontology_dir() / "rules").glob("*.rq"))
    return tuple(file.read_text(encoding="utf-8") for file in files)
