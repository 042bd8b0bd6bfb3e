"""Answers as nodes: a table, a list or a number, ids as links."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.nodes.boxes import word

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer, Cell
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
    from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject, Question

__all__ = ["NO_ROWS", "answer_nodes"]

_ = get_translation("sphinx_policyspec")

NO_ROWS = _("Nothing.")

Linker = Callable[["PolicyObject", str], nodes.Node]
"""Returns a link to an object with a text."""

_KIND_OF_COLUMN = {
    "id": TargetKind.PROVISION,
    "other": TargetKind.PROVISION,
    "example": TargetKind.EXAMPLE,
    "topic": TargetKind.TOPIC,
    "level": TargetKind.LEVEL,
}
"""Columns of named questions that hold ids."""


def answer_nodes(
    answer: Answer, question: Question, domain: PolicyDomain, base_iri: str, link: Linker
) -> list[nodes.Node]:
    """Return an answer in the form that the question asks for.

    Columns are those it names, or all where none of these exist.
    """
    form, columns = question.format, question.columns
    if form == "count":
        return [nodes.paragraph("", str(len(answer.rows)), classes=["ps-count"])]
    if not answer.rows:
        return [word(NO_ROWS, "ps-nothing")]
    shown = [answer.columns.index(name) for name in columns if name in answer.columns]
    shown = shown or list(range(len(answer.columns)))
    names = [answer.columns[index] for index in shown]
    kinds = [_kind_of(answer, index, domain) for index in shown]
    rows = [
        [_cell(row[index], kind, domain, base_iri, link) for index, kind in zip(shown, kinds, strict=True)]
        for row in answer.rows
    ]
    return [_table(names, rows)] if form == "table" else [_list(rows)]


def _kind_of(answer: Answer, index: int, domain: PolicyDomain) -> TargetKind | None:
    """Return what the ids of a column name: known by its name, else by every cell being such an id."""
    if kind := _KIND_OF_COLUMN.get(answer.columns[index]):
        return kind
    texts = {text for row in answer.texts if (text := row[index])}
    for kind in (TargetKind.PROVISION, TargetKind.EXAMPLE):
        if texts and all(domain.find(kind, text) for text in texts):
            return kind
    return None


def _cell(
    cell: Cell, kind: TargetKind | None, domain: PolicyDomain, base_iri: str, link: Linker
) -> nodes.Node:
    text = str(cell)
    target = None
    if cell.kind.value == "uri":
        target, text = _of_iri(text, domain, base_iri)
    elif kind is not None:
        target = domain.find(kind, text)
        if target is None and kind is TargetKind.PROVISION:
            target = domain.find_plain(text)
    return link(target, text) if target is not None and target.anchor else nodes.Text(text)


def _of_iri(iri: str, domain: PolicyDomain, base_iri: str) -> tuple[PolicyObject | None, str]:
    """Return what an IRI of ours names, and the text to show for it."""
    from sphinx_policyspec.graph.iris import Iris  # noqa: PLC0415  only answers need RDF

    found = Iris(base_iri).kind_and_id(iri)
    if found is None:
        return None, iri
    kind, identifier = found
    known = domain.find(TargetKind(kind), identifier) if kind in set(TargetKind) else None
    return known, identifier if known else iri


def _table(names: list[str], rows: list[list[nodes.Node]]) -> nodes.table:
    group = nodes.tgroup("", cols=len(names))
    # Plain text and LaTeX share out the width by these; browsers see to it themselves.
    columns = zip(names, *([cell.astext() for cell in row] for row in rows), strict=True)
    group.extend(nodes.colspec("", colwidth=min(max(map(len, column)), 60) + 2) for column in columns)
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", name)) for name in names))
    group += nodes.thead("", head)
    body = nodes.tbody()
    for row in rows:
        body += nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in row))
    group += body
    return nodes.table("", group, classes=["ps-answer", "colwidths-auto"])


def _list(rows: list[list[nodes.Node]]) -> nodes.bullet_list:
    items = nodes.bullet_list(bullet="-")
    for first, *rest in rows:
        line = nodes.paragraph("", "", first)
        for number, cell in enumerate(rest):
            line += [nodes.Text(", " if number else " \N{EN DASH} "), cell]
        items += nodes.list_item("", line)
    return items
