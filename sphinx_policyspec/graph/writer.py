"""Collects the triples of a spec: records, their parts, places and order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rdflib import Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.graph.fields import Field, Many
from sphinx_policyspec.graph.iris import Iris
from sphinx_policyspec.graph.records import RECORDS
from sphinx_policyspec.graph.vocabulary import PS, RDF
from sphinx_policyspec.model import Span

__all__ = ["Triple", "Writer", "sequence_key"]

# A closed namespace looks each term up; these are used thousands of times.
_TYPE, _PART_OF, _ORDER = RDF.type, PS.partOf, PS.order
_FILE, _LINE, _COLUMN, _END_LINE, _END_COLUMN = PS.file, PS.line, PS.column, PS.endLine, PS.endColumn

Triple = tuple[URIRef, URIRef, Node]


class Writer:
    """Collects triples, in the order in which they are stated; a few are stated more than once.

    :param iris: mints the names
    """

    def __init__(self, iris: Iris) -> None:
        self.iris = iris
        self.triples: list[Triple] = []
        self._named: Counter[URIRef] = Counter()
        self._integers: dict[int, Literal] = {}
        self._files: dict[str, Literal] = {}

    def add(self, subject: URIRef, predicate: URIRef, node: Node) -> None:
        """State one triple."""
        self.triples.append((subject, predicate, node))

    def integer(self, value: int) -> Literal:
        """Return a number as an ``xsd:integer``."""
        if (literal := self._integers.get(value)) is None:
            literal = self._integers[value] = Literal(value)
        return literal

    def named(self, kind: str, identifier: str) -> URIRef:
        """Return the IRI of the next thing with that id; further ones of the same id get ``~2``, ``~3``."""
        iri = self.iris.iri(kind, identifier)
        self._named[iri] += 1
        count = self._named[iri]
        return iri if count == 1 else URIRef(f"{iri}~{count}")

    def record(
        self,
        subject: URIRef,
        value: Any,  # noqa: ANN401 - any class of RECORDS
        *,
        part_of: URIRef | None = None,
        order: int | None = None,
        derived: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """State the classes, fields, place, owner and order of a model object.

        :param derived: ids that follow for a field from elsewhere in the spec; they are stated with
            the object's own, and reading takes them out again
        """
        record = RECORDS[type(value)]
        for kind in record.types:
            self.add(subject, _TYPE, kind)
        if part_of is not None:
            self.add(subject, _PART_OF, part_of)
        if order is not None:
            self.add(subject, _ORDER, self.integer(order))
        for field in record.fields:
            content = getattr(value, field.name)
            if isinstance(field, Many):
                self._many(subject, field, content, (derived or {}).get(field.name, ()))
            else:
                self._state(subject, field, content)
        if record.spanned:
            self.span(subject, value.span)

    def span(self, subject: URIRef, span: Span) -> None:
        """State where in the source something stands; an end that equals the start goes unsaid."""
        self.start(subject, span)
        if (span.end_line, span.end_column) != (span.line, span.column):
            self.add(subject, _END_LINE, self.integer(span.end_line))
            self.add(subject, _END_COLUMN, self.integer(span.end_column))

    def start(self, subject: URIRef, span: Span) -> None:
        """State where in the source something begins."""
        if (file := self._files.get(span.file)) is None:
            file = self._files[span.file] = Literal(span.file)
        self.add(subject, _FILE, file)
        self.add(subject, _LINE, self.integer(span.line))
        self.add(subject, _COLUMN, self.integer(span.column))

    def _state(self, subject: URIRef, field: Field, content: Any) -> None:  # noqa: ANN401
        for node in field.write(content, self.iris):
            self.add(subject, field.predicate, node)

    def _many(self, subject: URIRef, field: Many, content: tuple[Any, ...], derived: Iterable[str]) -> None:
        """State a set, and the exact tuple where reading the set would not give it back."""
        if not content and not derived:
            return
        self._state(subject, field, content)
        for item in derived:
            self.add(subject, field.predicate, self.iris.iri(field.kind, item))
        items = field.encode(content)
        if field.sort(set(items) - set(derived)) != content:
            self.add(subject, PS.sequence, Literal(json.dumps([sequence_key(field), *items])))


def sequence_key(field: Field) -> str:
    """Return the name under which a ``ps:sequence`` keeps the exact tuple of a field."""
    return field.predicate.rpartition("#")[2].rpartition("/")[2]
