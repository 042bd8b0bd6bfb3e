"""Rows of an answer, free of any RDF library, so that views, exports and pipes can carry them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sphinx_policyspec.model import Finding

__all__ = ["Answer", "Cell", "CellKind", "QueryForm"]


class CellKind(enum.StrEnum):
    """What a cell holds; values are the words of SPARQL results in JSON."""

    IRI = "uri"
    LITERAL = "literal"
    BLANK = "bnode"
    UNBOUND = "unbound"


class QueryForm(enum.StrEnum):
    """What kind of query an answer belongs to."""

    SELECT = "select"
    ASK = "ask"
    """One row with one column, ``answer``, that holds ``true`` or ``false``."""
    GRAPH = "graph"
    """CONSTRUCT or DESCRIBE: one row for each triple, as ``subject``, ``predicate``, ``object``."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of an answer.

    :param value: an IRI, the text of a literal, the name of a blank node; empty where unbound
    :param datatype: IRI of a literal's datatype; empty for plain strings
    """

    kind: CellKind
    value: str = ""
    datatype: str = ""
    language: str = ""

    def __str__(self) -> str:
        """Return the bare text."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A table: the same number of cells in each row as there are columns.

    :param findings: what the question names that nothing has; each stands at the line of the query
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    form: QueryForm = QueryForm.SELECT
    findings: tuple[Finding, ...] = ()

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The bare text of every cell."""
        return tuple(tuple(cell.value for cell in row) for row in self.rows)
