"""Alignments: which parts of two specs correspond according to people, row by row, in the model of SSSOM."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import islice
from typing import Any

from sphinx_policyspec.files import Brief, number_of
from sphinx_policyspec.model import Finding, Span

SUFFIX = ".sssom.tsv"
NO_TERM = "sssom:NoTermFound"
MANUAL = "semapv:ManualMappingCuration"

BUILT_IN: Mapping[str, str] = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "linkml": "https://w3id.org/linkml/",
}
"""Prefixes that need no declaration (SSSOM, "Built-in prefixes")."""


class MatchPredicate(enum.StrEnum):
    """How a part of one spec relates to a part of another (SKOS Reference, §10)."""

    EXACT = "skos:exactMatch"
    CLOSE = "skos:closeMatch"
    BROAD = "skos:broadMatch"
    """The object says more than the subject, and includes it."""
    NARROW = "skos:narrowMatch"
    """The object says only a part of the subject."""
    RELATED = "skos:relatedMatch"

    @property
    def inverse(self) -> MatchPredicate:
        """The predicate from the object to the subject."""
        inverses = {MatchPredicate.BROAD: MatchPredicate.NARROW, MatchPredicate.NARROW: MatchPredicate.BROAD}
        return inverses.get(self, self)

    @property
    def word(self) -> str:
        """The predicate as a word, such as ``exact``."""
        return self.value.removeprefix("skos:").removesuffix("Match")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow(Brief):
    """One mapping: a row of a file. Ids are CURIEs or IRIs, as they are written there.

    :param line: line of the file, from 1; 0 for a row without a file
    :param confidence: from 0 to 1
    :param author_id: ids of people, such as ``orcid:0000-0002-1825-0097``
    :param mapping_date: ISO date
    :param subject_digest: SHA-256 of the text that was compared, with white space collapsed to single spaces
    :param others: columns that are not read here, each with its value
    """

    subject_id: str = ""
    subject_label: str = ""
    predicate_id: str = ""
    object_id: str = ""
    object_label: str = ""
    mapping_justification: str = ""
    confidence: float | None = None
    author_id: tuple[str, ...] = ()
    mapping_date: str = ""
    comment: str = ""
    subject_digest: str = ""
    object_digest: str = ""
    others: tuple[tuple[str, str], ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def is_draft(self) -> bool:
        """Whether it still has to be filled in."""
        return not (self.predicate_id and self.object_id and self.subject_id)

    @property
    def is_denied(self) -> bool:
        """Whether it says that the two do *not* correspond in this way."""
        return dict(self.others).get("predicate_modifier", "") not in {"", "sssom:NoModifier"}


COLUMNS = tuple(part.name for part in fields(MappingRow) if part.name not in {"others", "line"})
"""The columns that are read, in the order in which they are written."""
_SIDES = ("subject_", "object_")


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A mapping set: which parts of two specs correspond, row by row.

    :param id: IRI of the set, which is also the name of its graph
    :param curie_map: prefixes and the IRIs that they stand for
    :param subject_source: base IRI of the spec of the subjects
    :param subject_source_version: its release
    :param others: other keys of the header
    :param file: its name, for messages
    :param source: its text
    :param findings: problems in its form
    """

    id: str = ""
    license: str = ""
    curie_map: tuple[tuple[str, str], ...] = ()
    subject_source: str = ""
    object_source: str = ""
    subject_source_version: str = ""
    object_source_version: str = ""
    others: tuple[tuple[str, Any], ...] = ()
    rows: tuple[MappingRow, ...] = ()
    file: str = field(default="", compare=False)
    source: str = field(default="", compare=False, repr=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False, repr=False)

    def __repr__(self) -> str:
        """Return its id and its number of rows."""
        return f"<Alignment {self.id or self.file}: {number_of(len(self.rows), 'row')}>"

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The IRI of each prefix, including those that need no declaration."""
        return {**BUILT_IN, **dict(self.curie_map)}

    def iri(self, name: str) -> str:
        """Return the IRI of a CURIE; an IRI, or a CURIE with an undeclared prefix, is returned unchanged."""
        prefix, colon, local = name.partition(":")
        return self.prefixes[prefix] + local if colon and prefix in self.prefixes else name

    def curie(self, iri: str) -> str:
        """Return the CURIE of an IRI if a prefix fits, else the IRI."""
        fitting = [(space, prefix) for prefix, space in self.prefixes.items() if iri.startswith(space)]
        if not fitting:
            return iri
        space, prefix = max(fitting, key=lambda one: (len(one[0]), one[1]))
        return f"{prefix}:{iri.removeprefix(space)}"

    def predicate(self, row: MappingRow) -> MatchPredicate | None:
        """Return the predicate of a row; none if it is not a match of SKOS."""
        return _PREDICATES.get(self.iri(row.predicate_id))

    def has_term(self, name: str) -> bool:
        """Return whether an id names something: it is neither empty nor says that nothing was found."""
        return bool(name) and self.iri(name) != BUILT_IN["sssom"] + "NoTermFound"

    def lacks(self, row: MappingRow, side: str) -> bool:
        """Return whether a row says that nothing was found on a side, ``subject`` or ``object``."""
        name = getattr(row, f"{side}_id")
        return bool(name) and not row.is_draft and not row.is_denied and not self.has_term(name)

    def matches(self) -> Iterator[tuple[MappingRow, MatchPredicate]]:
        """Yield the rows that say that two things correspond, each with its predicate."""
        for row in self.rows:
            predicate = self.predicate(row)
            is_pair = self.has_term(row.subject_id) and self.has_term(row.object_id)
            if predicate and is_pair and not row.is_denied:
                yield row, predicate

    def place(self, row: MappingRow, column: str) -> Span:
        """Return the place of a value of a row."""
        return self._lines.place(row.line, self._columns.index(column) if column in self._columns else 0)

    @cached_property
    def _lines(self) -> TableLines:
        return TableLines(self.file, self.source)

    @cached_property
    def _columns(self) -> list[str]:
        return self._lines.columns()

    def swapped(self) -> Alignment:
        """Return the alignment with subject and object swapped, and so broad and narrow, but nothing else changed."""
        swap = {
            f"{one}{name}": f"{other}{name}"
            for one, other in (_SIDES, _SIDES[::-1])
            for name in ("source", "source_version")
        }
        return replace(
            self,
            **{name: getattr(self, other) for name, other in swap.items()},
            others=tuple((_swapped_name(name), value) for name, value in self.others),
            rows=tuple(map(self._swapped_row, self.rows)),
            source="",
            findings=(),
        )

    def _swapped_row(self, row: MappingRow) -> MappingRow:
        predicate = self.predicate(row)
        values = {name: getattr(row, _swapped_name(name)) for name in COLUMNS if name.startswith(_SIDES)}
        if predicate and predicate.inverse is not predicate:
            values["predicate_id"] = predicate.inverse.value
        return replace(
            row, **values, others=tuple((_swapped_name(name), value) for name, value in row.others), line=0
        )


_PREDICATES = {BUILT_IN["skos"] + one.value.removeprefix("skos:"): one for one in MatchPredicate}
_CELL = re.compile(r'(?:(?<=\t)|\A)(?:"(?:[^"]|"")*+"(?=\t|\Z)|[^\t]*)')


class TableLines:
    """The lines of a file, to find the places of cells."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = text.split("\n")

    def place(self, number: int, cell: int) -> Span:
        """Return where a cell begins, counted from 0, in the row that begins at a line, counted from 1."""
        line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        match = next(islice(_CELL.finditer(line), cell, None), None)
        return Span(self._file, max(number, 1), match.start() + 1 if match else 1)

    def columns(self) -> list[str]:
        """Return the names in the first row of the table."""
        head = next((line for line in self._lines if line and not line.startswith("#")), "")
        return [bare(cell) for cell in head.split("\t")]


def _swapped_name(name: str) -> str:
    """Return the name of the slot for the other side."""
    for one, other in (_SIDES, _SIDES[::-1]):
        if name.startswith(one):
            return other + name.removeprefix(one)
    return name


def bare(cell: str) -> str:
    """Return a cell without its quotes."""
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell.strip()
