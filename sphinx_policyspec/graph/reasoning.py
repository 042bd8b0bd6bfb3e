"""What follows from a spec, and whether it contradicts itself, by either of two engines."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.graph.explain import Contradiction, contradictions, explain
from sphinx_policyspec.graph.hermit import classify, first_inconsistent, java
from sphinx_policyspec.graph.parse import streamed_statements
from sphinx_policyspec.graph.rules import Consequences
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.statements import Stated, statements_of
from sphinx_policyspec.graph.terms import PREFIXES, RDF, Triple
from sphinx_policyspec.graph.to_graph import triples_of
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
    """Statements to reason about.

    :param stated: yields them, whenever it is called; some may come more than once
    """

    stated: Callable[[], Iterable[Stated]]

    @classmethod
    def of_file(cls, path: Path) -> Reasoner:
        """Take a graph file as it is."""
        return cls(lambda: streamed_statements(path))

    @classmethod
    def of_spec(cls, spec: Spec) -> Reasoner:
        """Take what a spec says."""
        return cls(lambda: ((triple, "") for triple in triples_of(spec)))

    def run(self, engine: str = "rules") -> Reasoning:
        """Derive what follows, and find what contradicts itself."""
        by_rules = engine != "hermit"
        if not by_rules:
            java()
        count, consequences = _Distinct(), Consequences()

        def passing() -> Iterator[Stated]:
            for stated in self.stated():
                count.add(stated)
                if by_rules:
                    consequences.add(stated[0])
                yield stated

        statements = statements_of(passing(), self.stated)
        if by_rules:
            derived, clashing = tuple(consequences.derived()), contradictions(statements)
        else:
            needed = list(dict.fromkeys(triple for statement in statements for triple in statement.triples))
            found = classify(needed)
            derived, clashing = found or (), explain(statements, first_inconsistent) if found is None else ()
        return Reasoning(engine=engine, asserted=len(count), derived=derived, contradictions=clashing)


class _Distinct:
    """Counts different things by eight bytes of each, since a large spec makes millions of statements."""

    def __init__(self) -> None:
        self._hashes = [array("q") for _ in range(256)]

    def add(self, thing: Hashable) -> None:
        """Count a thing, unless it has come before."""
        value = hash(thing)
        self._hashes[value & 255].append(value)

    def __len__(self) -> int:
        """Return how many there were."""
        return sum(len(set(hashes)) for hashes in self._hashes)


def _kind(triple: Triple) -> str:
    _, predicate, node = triple
    return f"a {_short(str(node))}" if predicate == RDF.type else _short(predicate)


def _short(iri: str) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
