"""Alignments: what of one spec people say corresponds to what of another, row by row, as SSSOM has it."""

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
    """How what one spec says stands to what another says (SKOS Reference, §10)."""

    EXACT = "skos:exactMatch"
    CLOSE = "skos:closeMatch"
    BROAD = "skos:broadMatch"
    """The object says more, and what the subject says is part of it."""
    NARROW = "skos:narrowMatch"
    """The object says a part of what the subject says."""
    RELATED = "skos:relatedMatch"

    @property
    def inverse(self) -> MatchPredicate:
        """How it reads from the object to the subject."""
        turned = {MatchPredicate.BROAD: MatchPredicate.NARROW, MatchPredicate.NARROW: MatchPredicate.BROAD}
        return turned.get(self, self)

    @property
    def word(self) -> str:
        """It as people say it."""
        return self.value.removeprefix("skos:").removesuffix("Match")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow(Brief):
    """One mapping: a row of a file. Ids are CURIEs or IRIs, as they are written there.

    :param line: of the file, from 1; 0 for one that stands in none
    :param confidence: from 0 to 1
    :param author_id: ids of people, such as ``orcid:0000-0002-1825-0097``
    :param mapping_date: ISO date
    :param subject_digest: of the text that was compared: SHA-256, white space made one space
    :param others: columns that nothing here reads, each with its value
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
        """Whether nobody has filled it in yet."""
        return not (self.predicate_id and self.object_id and self.subject_id)

    @property
    def is_denied(self) -> bool:
        """Whether it says that the two do *not* correspond so."""
        return dict(self.others).get("predicate_modifier", "") not in {"", "sssom:NoModifier"}


COLUMNS = tuple(part.name for part in fields(MappingRow) if part.name not in {"others", "line"})
"""The columns that are read, in the order in which they are written."""
_SIDES = ("subject_", "object_")


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A mapping set: what of one spec corresponds to what of another, row by row.

    :param id: IRI of the set, which is also the name of its graph
    :param curie_map: prefixes with what they stand for
    :param subject_source: base IRI of the spec that subjects are of
    :param subject_source_version: its release
    :param others: what else the header says
    :param file: its name, for messages
    :param source: its text
    :param findings: what is wrong with its form
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
        """Say in short what it is."""
        return f"<Alignment {self.id or self.file}: {number_of(len(self.rows), 'row')}>"

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """What each prefix stands for, those that need no declaration included."""
        return {**BUILT_IN, **dict(self.curie_map)}

    def iri(self, name: str) -> str:
        """Return the IRI that a CURIE stands for; one whose prefix is not declared, or an IRI, is returned as it is."""
        prefix, colon, local = name.partition(":")
        return self.prefixes[prefix] + local if colon and prefix in self.prefixes else name

    def curie(self, iri: str) -> str:
        """Return an IRI in short, where a prefix fits."""
        fitting = [(space, prefix) for prefix, space in self.prefixes.items() if iri.startswith(space)]
        if not fitting:
            return iri
        space, prefix = max(fitting, key=lambda one: (len(one[0]), one[1]))
        return f"{prefix}:{iri.removeprefix(space)}"

    def predicate(self, row: MappingRow) -> MatchPredicate | None:
        """Return how the two of a row stand to each other; nothing for what is no match of SKOS."""
        return _PREDICATES.get(self.iri(row.predicate_id))

    def has_term(self, name: str) -> bool:
        """Return whether an id names something, rather than that nothing was found, or nothing at all."""
        return bool(name) and self.iri(name) != BUILT_IN["sssom"] + "NoTermFound"

    def lacks(self, row: MappingRow, side: str) -> bool:
        """Return whether a row says that nothing was found on a side, which is ``subject`` or ``object``."""
        name = getattr(row, f"{side}_id")
        return bool(name) and not row.is_draft and not row.is_denied and not self.has_term(name)

    def matches(self) -> Iterator[tuple[MappingRow, MatchPredicate]]:
        """Yield the rows that say that two things correspond, each with how."""
        for row in self.rows:
            predicate = self.predicate(row)
            is_pair = self.has_term(row.subject_id) and self.has_term(row.object_id)
            if predicate and is_pair and not row.is_denied:
                yield row, predicate

    def place(self, row: MappingRow, column: str) -> Span:
        """Return where the value of a row stands."""
        return self._lines.place(row.line, self._columns.index(column) if column in self._columns else 0)

    @cached_property
    def _lines(self) -> TableLines:
        return TableLines(self.file, self.source)

    @cached_property
    def _columns(self) -> list[str]:
        return self._lines.columns()

    def swapped(self) -> Alignment:
        """Return it read from the other side: subject and object change places, broad and narrow, and nothing else."""
        swap = {
            f"{one}{name}": f"{other}{name}"
            for one, other in (_SIDES, _SIDES[::-1])
            for name in ("source", "source_version")
        }
        return replace(
            self,
            **{name: getattr(self, other) for name, other in swap.items()},
            others=tuple((_turned_name(name), value) for name, value in self.others),
            rows=tuple(map(self._turned, self.rows)),
            source="",
            findings=(),
        )

    def _turned(self, row: MappingRow) -> MappingRow:
        predicate = self.predicate(row)
        turned = {name: getattr(row, _turned_name(name)) for name in COLUMNS if name.startswith(_SIDES)}
        if predicate and predicate.inverse is not predicate:
            turned["predicate_id"] = predicate.inverse.value
        return replace(
            row, **turned, others=tuple((_turned_name(name), value) for name, value in row.others), line=0
        )


_PREDICATES = {BUILT_IN["skos"] + one.value.removeprefix("skos:"): one for one in MatchPredicate}
_CELL = re.compile(r'(?:(?<=\t)|\A)(?:"(?:[^"]|"")*+"(?=\t|\Z)|[^\t]*)')


class TableLines:
    """The lines of a file, in which cells have places."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = text.split("\n")

    def place(self, number: int, cell: int) -> Span:
        """Return where a cell, from 0, of a row begins that begins in a line, from 1."""
        line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        begun = next(islice(_CELL.finditer(line), cell, None), None)
        return Span(self._file, max(number, 1), begun.start() + 1 if begun else 1)

    def columns(self) -> list[str]:
        """Return the names in the first row of the table."""
        head = next((line for line in self._lines if line and not line.startswith("#")), "")
        return [bare(cell) for cell in head.split("\t")]


def _turned_name(name: str) -> str:
    """Return what a slot about one side is called for the other."""
    for one, other in (_SIDES, _SIDES[::-1]):
        if name.startswith(one):
            return other + name.removeprefix(one)
    return name


def bare(cell: str) -> str:
    """Return a cell without its quotes."""
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell.strip()
