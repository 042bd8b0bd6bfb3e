"""Rows of an answer, free of any RDF library, so that views, exports and pipes can carry them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sphinx_policyspec.files import html_table, in_a_line
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

    @property
    def native(self) -> str | int | float | bool | None:
        """The value in Python: a number as a number, a truth as a truth, ``None`` where unbound, else the text."""
        if self.kind is CellKind.UNBOUND:
            return None
        try:
            return _NATIVE.get(self.datatype.removeprefix(_XSD), str)(self.value)
        except (ValueError, KeyError):
            return self.value


_XSD = "http://www.w3.org/2001/XMLSchema#"
_WHOLE = (
    "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedLong unsignedInt unsignedShort unsignedByte"
)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_NATIVE: dict[str, Callable[[str], str | int | float | bool]] = {
    **dict.fromkeys(_WHOLE.split(), int),
    **dict.fromkeys(("decimal", "double", "float"), float),
    "boolean": _TRUTHS.__getitem__,
}
"""What makes a value of a literal, by its datatype; a lexical form that is none stays text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A table: the same number of cells in each row as there are columns. It yields its rows, numbers as numbers.

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

    def __iter__(self) -> Iterator[tuple[str | int | float | bool | None, ...]]:
        """Yield the rows as values of Python."""
        return (tuple(cell.native for cell in row) for row in self.rows)

    def to_dicts(self) -> list[dict[str, str | int | float | bool | None]]:
        """Return the rows as values of Python by column, as data frames take them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self]

    def __repr__(self) -> str:
        """Say in short what it is."""
        return f"<Answer: {self._summary}>"

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return html_table(self._summary, self.columns, self.rows)

    @property
    def _summary(self) -> str:
        return in_a_line(
            f"{len(self.rows)} row{'' if len(self.rows) == 1 else 's'} of {', '.join(self.columns)}"
        )
