"""Derived statements: the CONSTRUCT rules of ``ontology/rules``, in file order, until nothing is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import pyoxigraph

from sphinx_policyspec.graph.query_text import named_terms
from sphinx_policyspec.graph.terms import RDF, Triple, ontology_dir
from sphinx_policyspec.graph.writing import blocks, ntriples_lines

__all__ = ["Consequences", "fill", "infer", "with_derived"]

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
    """Yield triples, and after them what follows from them by the rules."""
    consequences = Consequences()
    for triple in triples:
        yield triple
        consequences.add(triple)
    yield from consequences.derived()


class Consequences:
    """Takes triples as they pass, and tells what follows from them; the engine gets no more than the rules read."""

    def __init__(self) -> None:
        self._store = pyoxigraph.Store()
        self._waiting: list[Triple] = []

    def add(self, triple: Triple) -> None:
        """Take one."""
        terms = _terms()
        # No rule asks for a class that it does not name.
        if triple[1] in terms and (triple[1] != RDF.type or triple[2] in terms):
            self._waiting.append(triple)
            if len(self._waiting) == _BLOCK:
                self._load()

    def derived(self) -> Iterator[Triple]:
        """Yield what follows and was not among them."""
        from sphinx_policyspec.graph.parse import plain_triples  # noqa: PLC0415  questions need no files

        self._load()
        yield from plain_triples(infer(self._store))

    def _load(self) -> None:
        fill(self._store, self._waiting)
        self._waiting.clear()


def fill(store: pyoxigraph.Store, triples: Iterable[Triple]) -> None:
    """Load triples, block by block."""
    for block in blocks(ntriples_lines(triples)):
        store.load(block, format=pyoxigraph.RdfFormat.N_TRIPLES)


@cache
def _terms() -> frozenset[str]:
    """Return the terms that rules name."""
    return named_terms("\n".join(_rules()))


@cache
def _rules() -> tuple[str, ...]:
    """Read the rules once, in file order."""
    files = sorted((ontology_dir() / "rules").glob("*.rq"))
    return tuple(file.read_text(encoding="utf-8") for file in files)
