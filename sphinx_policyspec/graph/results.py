"""Runs one query on an engine's store and makes an answer of what it yields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import pyoxigraph
from pyoxigraph import QueryBoolean, QuerySolutions, Store

from sphinx_policyspec.graph.answer import Answer, Cell, CellKind, QueryForm
from sphinx_policyspec.graph.terms import PREFIXES, XSD

__all__ = ["run"]

_UNBOUND = Cell(CellKind.UNBOUND)


def run(store: Store, sparql: str, max_rows: int | None = None) -> Answer | None:
    """Answer a query; ``None`` where it has more rows than ``max_rows``."""
    result = store.query(sparql, prefixes=PREFIXES)
    if isinstance(result, QueryBoolean):
        cell = Cell(CellKind.LITERAL, "true" if result else "false", str(XSD.boolean))
        return Answer(columns=("answer",), rows=((cell,),), form=QueryForm.ASK)
    rows: Iterable[Iterable[object]]
    if isinstance(result, QuerySolutions):
        columns = tuple(variable.value for variable in result.variables)
        form, rows = QueryForm.SELECT, result
    else:
        columns, form = ("subject", "predicate", "object"), QueryForm.GRAPH
        rows = sorted(_distinct(result, max_rows), key=str)
    taken = tuple(tuple(_cell(term) for term in row) for row in _some(rows, max_rows))
    if max_rows is not None and len(taken) > max_rows:
        return None
    return Answer(columns=columns, rows=taken, form=form)


def _some(rows: Iterable[Iterable[object]], max_rows: int | None) -> Iterator[Iterable[object]]:
    """Yield at most one row more than are allowed."""
    return islice(rows, None if max_rows is None else max_rows + 1)


def _distinct(triples: pyoxigraph.QueryTriples, max_rows: int | None) -> list[pyoxigraph.Triple]:
    """Return each triple once, at most one more than are allowed."""
    found: dict[pyoxigraph.Triple, None] = {}
    for triple in triples:
        found[triple] = None
        if max_rows is not None and len(found) > max_rows:
            break
    return list(found)


def _cell(term: object) -> Cell:
    """Return a term of the engine as a cell."""
    if term is None:
        return _UNBOUND
    if isinstance(term, pyoxigraph.NamedNode):
        return Cell(CellKind.IRI, term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return Cell(CellKind.BLANK, term.value)
    if isinstance(term, pyoxigraph.Literal):
        datatype = "" if term.language or term.datatype.value == XSD.string else term.datatype.value
        return Cell(CellKind.LITERAL, term.value, datatype, term.language or "")
    return Cell(CellKind.LITERAL, str(term))
