"""Several releases in one base: a named graph for each, and one for what changed between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyoxigraph

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import grouped
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.parse import streamed_statements
from sphinx_policyspec.graph.serialize import graph_lines
from sphinx_policyspec.graph.syntaxes import Statements, blocks
from sphinx_policyspec.graph.terms import (
    MAX_BYTES,
    PROV,
    PS,
    RDF,
    Iri,
    Iris,
    Triple,
    check_texts,
    checked_size,
    iri_of,
)
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.spec import base_of

_FORMATS = ("nq", "trig")
_DEFAULT = str(pyoxigraph.DefaultGraph())
_A_SPEC = (RDF.type, PS.Spec)
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFact:
    """A change as the graph tells it.

    :param kind: what happened, such as ``level-raised``
    :param subject: the kind of thing that it happened to, as its IRI names it
    :param id: of that thing
    :param text: what happened, in a sentence
    """

    kind: str
    subject: str
    id: str
    weight: str
    rule: str
    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What changed from one release to the next.

    :param same: what has another IRI and is the same: kind, old id, new id
    """

    old: str
    new: str
    facts: tuple[ChangeFact, ...]
    same: tuple[tuple[str, str, str], ...] = ()


def in_order(specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """Return releases from the first to the last; numbers in versions count as numbers.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where two have one version, whose graphs would be one.
    """
    ordered = sorted(specs, key=lambda spec: _parts(spec.version))
    for one, other in pairwise(ordered):
        if one.version == other.version:
            raise SourceError(f"two of the releases have the version `{one.version}`")
    return tuple(ordered)


def _parts(version: str) -> list[tuple[int, str]]:
    """Return what stands between numbers, and the numbers, in turn; of two numbers the longer is the greater."""
    parts = _NUMBER.split(version)
    numbers = (part.lstrip("0") for part in parts[1::2])
    parts[1::2] = numbers
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def _graphs(
    specs: Sequence[Spec], revisions: Sequence[Revision], base_iri: str
) -> Iterator[tuple[str, Iterable[Triple]]]:
    """Yield each graph with its name: the releases from the first to the last, then the changes."""
    iris = Iris(base_of(specs[-1], base_iri))
    for spec in specs:
        yield iris.release(spec.version), triples_of(spec, iris.base)
    yield f"{iris.base}changes", _changes(iris, revisions)


def _changes(iris: Iris, revisions: Sequence[Revision]) -> Iterator[Triple]:
    for revision in revisions:
        old, new = iris.release(revision.old), iris.release(revision.new)
        yield new, PROV.wasRevisionOf, old
        for kind, before, after in revision.same:
            yield iris.iri(kind, after), PROV.wasRevisionOf, iris.iri(kind, before)
        for order, fact in enumerate(revision.facts, 1):
            iri = iris.part("change", Iri(f"{iris.base}{revision.old}/{revision.new}"), order)
            yield iri, RDF.type, PS.Change
            yield iri, PS.changed, iris.iri(fact.subject, fact.id)
            yield iri, PS.changeKind, fact.kind
            yield iri, PS.changeWeight, _WEIGHTS.get(fact.weight) or iri_of(f"ps:{fact.weight.capitalize()}")
            yield iri, PS.rule, fact.rule
            yield iri, PS.text, fact.text
            yield iri, PS.order, order
            if fact.before:
                yield iri, PS.before, fact.before
            if fact.after:
                yield iri, PS.after, fact.after
            yield iri, PS.sinceRelease, old
            yield iri, PS.inRelease, new


_WEIGHTS = {"needs-reader": PS.NeedsReader, "both": PS.BothWays}
"""Weights whose terms are not called as they are."""


def release_pieces(
    specs: Sequence[Spec], revisions: Sequence[Revision], form: str, base_iri: str = ""
) -> Iterator[bytes]:
    """Return pieces of releases and what changed between them as N-Quads or TriG, the same for the same releases.

    :param specs: as :func:`in_order` returns them
    """
    if form not in _FORMATS:
        raise SourceError(f"`{form}` holds one release; several take {' or '.join(_FORMATS)}")
    return checked_size(blocks(_texts(specs, revisions, form, base_iri)), form)


def _texts(specs: Sequence[Spec], revisions: Sequence[Revision], form: str, base_iri: str) -> Iterator[str]:
    for name, triples in _graphs(specs, revisions, base_iri):
        statements = Statements(triples)
        release = name if statements.with_type(PS.Spec) else ""
        yield from graph_lines(check_texts(statements.lines()), form, name, release)


def releases_base(specs: Sequence[Spec], revisions: Sequence[Revision], base_iri: str = "") -> KnowledgeBase:
    """Return releases as one knowledge base; the default graph holds the last one.

    :param specs: as :func:`in_order` returns them
    """
    base = KnowledgeBase.from_spec(specs[-1], base_iri)
    base.add_graphs(lambda: release_pieces(specs, revisions, "nq", base_iri))
    return base


def specs_of(path: Path, max_bytes: int = MAX_BYTES) -> tuple[Spec, ...]:
    """Return the spec of each named graph of a graph file that holds one; of other files, none."""
    if path.suffix not in {f".{form}" for form in _FORMATS}:
        return ()
    graphs = grouped((name, triple) for triple, name in streamed_statements(path, max_bytes))
    named = (triples for name, triples in graphs.items() if name != _DEFAULT)
    return tuple(
        from_triples(triples) for triples in named if any(triple[1:] == _A_SPEC for triple in triples)
    )


def has_several_specs(path: Path, max_bytes: int = MAX_BYTES) -> bool:
    """Return whether :func:`specs_of` finds more than one spec; a file is read up to where that is known."""
    found: set[str] = set()
    for triple, name in streamed_statements(path, max_bytes):
        if triple[1:] == _A_SPEC and name != _DEFAULT:
            found.add(name)
        if len(found) > 1:
            return True
    return False
