"""Collects the triples of a spec: records, their parts, places and order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sphinx_policyspec.graph.records import RECORDS, Field, Many
from sphinx_policyspec.graph.terms import PS, RDF, Iri, Iris, Term, Triple
from sphinx_policyspec.model import Span

# A closed namespace looks each term up; these are used thousands of times.
_TYPE, _PART_OF, _ORDER = RDF.type, PS.partOf, PS.order
_FILE, _LINE, _COLUMN, _END_LINE, _END_COLUMN = PS.file, PS.line, PS.column, PS.endLine, PS.endColumn


class GraphWriter:
    """Collects triples, in the order in which they are stated; a few are stated more than once.

    :param iris: mints the names
    """

    def __init__(self, iris: Iris) -> None:
        self.iris = iris
        self.numbered = False
        """Whether something has a number because another thing has its id."""
        self._triples: list[Triple] = []
        self._named: Counter[Iri] = Counter()

    def add(self, subject: Iri, predicate: Iri, node: Term) -> None:
        """State one triple."""
        self._triples.append((subject, predicate, node))

    def taken(self) -> list[Triple]:
        """Return what was stated since the last time."""
        taken, self._triples = self._triples, []
        return taken

    def named(self, kind: str, identifier: str) -> Iri:
        """Return the IRI of the next thing with that id; further ones of the same id get ``~2``, ``~3``."""
        iri = self.iris.iri(kind, identifier)
        self._named[iri] += 1
        count = self._named[iri]
        self.numbered |= count > 1
        return iri if count == 1 else Iri(f"{iri}~{count}")

    def record(
        self,
        subject: Iri,
        value: Any,  # noqa: ANN401 - any class of RECORDS
        *,
        part_of: Iri | None = None,
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
            self.add(subject, _ORDER, order)
        for field in record.fields:
            content = getattr(value, field.name)
            if isinstance(field, Many):
                self._many(subject, field, content, (derived or {}).get(field.name, ()))
            else:
                self._state(subject, field, content)
        if record.spanned and value.span is not None:
            self.span(subject, value.span)

    def span(self, subject: Iri, span: Span) -> None:
        """State where in the source something stands; an end that equals the start goes unsaid."""
        self.start(subject, span)
        if (span.end_line, span.end_column) != (span.line, span.column):
            self.add(subject, _END_LINE, span.end_line)
            self.add(subject, _END_COLUMN, span.end_column)

    def start(self, subject: Iri, span: Span) -> None:
        """State where in the source something begins."""
        self.add(subject, _FILE, span.file)
        self.add(subject, _LINE, span.line)
        self.add(subject, _COLUMN, span.column)

    def _state(self, subject: Iri, field: Field, content: Any) -> None:  # noqa: ANN401
        for node in field.write(content, self.iris):
            self.add(subject, field.predicate, node)

    def _many(self, subject: Iri, field: Many, content: tuple[Any, ...], derived: Iterable[str]) -> None:
        """State a set, and the exact tuple where reading the set would not give it back."""
        if not content and not derived:
            return
        self._state(subject, field, content)
        for item in derived:
            self.add(subject, field.predicate, self.iris.iri(field.kind, item))
        items = field.encode(content)
        if field.sort(set(items) - set(derived)) != content:
            self.add(subject, PS.sequence, json.dumps([sequence_key(field), *items]))


def sequence_key(field: Field) -> str:
    """Return the name under which a ``ps:sequence`` keeps the exact tuple of a field."""
    return field.predicate.rpartition("#")[2].rpartition("/")[2]
