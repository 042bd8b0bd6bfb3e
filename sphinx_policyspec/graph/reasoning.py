"""What follows from a spec, and whether it contradicts itself, by either of two engines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from sphinx_policyspec.graph.explain import Contradiction, contradictions, explain
from sphinx_policyspec.graph.hermit import classify, first_inconsistent, java
from sphinx_policyspec.graph.parse import plain_triples, read_statements
from sphinx_policyspec.graph.rules import fill, infer, is_read_by_rules
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.statements import Stated, statements_of
from sphinx_policyspec.graph.terms import Triple
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.graph.vocabulary import PREFIXES, RDF
from sphinx_policyspec.model import Spec

__all__ = ["Reasoner", "Reasoning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """What an engine has found.

    :param asserted: how many statements were given
    :param derived: what follows and was not given; nothing follows from a contradiction by ``hermit``
    :param contradictions: each a smallest set of statements; ``rules`` may miss some
    """

    engine: str
    asserted: int
    derived: tuple[Triple, ...]
    contradictions: tuple[Contradiction, ...]

    def as_rdf(self, form: str) -> bytes:
        """Return what follows as RDF."""
        return serialize(self.derived, form)[0]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many statements of each kind follow: by class, then by relation."""
        found = Counter(_kind(triple) for triple in self.derived)
        return {
            kind: found[kind] for kind in sorted(found, key=lambda kind: (not kind.startswith("a "), kind))
        }


@dataclass(frozen=True, slots=True)
class Reasoner:
    """Statements to reason about."""

    stated: tuple[Stated, ...]

    @classmethod
    def of_file(cls, path: Path) -> Reasoner:
        """Take a graph file as it is."""
        return cls(tuple(dict.fromkeys(read_statements(path))))

    @classmethod
    def of_spec(cls, spec: Spec) -> Reasoner:
        """Take what a spec says."""
        return cls(tuple((triple, "") for triple in dict.fromkeys(triples_of(spec))))

    def run(self, engine: str = "rules") -> Reasoning:
        """Derive what follows, and find what contradicts itself."""
        if engine == "hermit":
            java()
        statements = statements_of(self.stated)
        derived: tuple[Triple, ...] = ()
        if engine == "hermit":
            needed = list(dict.fromkeys(triple for statement in statements for triple in statement.triples))
            found = classify(needed)
            derived, clashing = found or (), explain(statements, first_inconsistent) if found is None else ()
        else:
            store = pyoxigraph.Store()
            fill(store, (triple for triple, _ in self.stated if is_read_by_rules(triple[1])))
            derived, clashing = tuple(plain_triples(infer(store))), contradictions(statements)
        return Reasoning(engine=engine, asserted=len(self.stated), derived=derived, contradictions=clashing)


def _kind(triple: Triple) -> str:
    _, predicate, node = triple
    return f"a {_short(str(node))}" if predicate == RDF.type else _short(predicate)


def _short(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
