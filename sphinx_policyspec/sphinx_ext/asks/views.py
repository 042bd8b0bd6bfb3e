"""What views show as nodes: the answer to a question, what lacks coverage, topics against levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.asks.page import CellNodes, Page, chip, entries_of, items, table, table_of
from sphinx_policyspec.sphinx_ext.nodes.boxes import word

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer, Cell
    from sphinx_policyspec.sphinx_ext.asks.queries import View
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
    from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject, Question

__all__ = ["NO_ROWS", "answer_nodes", "coverage", "matrix"]


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


def coverage(view: View, answer: Answer, page: Page) -> list[nodes.Node]:
    """Return a list of the gaps, each with its principles, and below it the table of all of them."""
    gaps = {
        "examples": _("Without an example"),
        "good": _("Without a compliant answer"),
        "bad": _("Without a violation"),
        "prompts": _("Without a prompt"),
        "references": _("Never referred to"),
    }
    entries = entries_of(answer)
    lines: list[CellNodes] = []
    for column, name in gaps.items():
        lacking = [entry for entry in entries if entry.first(column) == "0"]
        share = _("{count} of {all}").format(count=len(lacking), all=len(entries))
        line: CellNodes = [nodes.inline("", "", nodes.strong("", name), nodes.Text(f": {share}"))]
        if lacking:
            shown = ([page.provision(e.id), nodes.Text(" "), chip(e.first("level"), page)] for e in lacking)
            line.append(items(shown, "ps-links"))
        lines.append(line)
    return [items(lines, "ps-cells"), table_of(view, answer, page)]


def matrix(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return the table of counts, and below it a list of principles for each count to lead to.

    Levels are the columns: a spec has few of them, but may have any number of topics.
    """
    levels, topics, found = _read(answer)
    head: list[CellNodes] = [[nodes.Text(_("Topic"))]]
    head += [[chip(level, page)] for level in levels]
    rows: list[list[CellNodes]] = []
    lists: list[CellNodes] = []
    for number, topic in enumerate(topics, 1):
        name = page.title(TargetKind.TOPIC, topic) if topic else _("No topic")
        row: list[CellNodes] = [[page.link(TargetKind.TOPIC, topic, name)]]
        for place, level in enumerate(levels, 1):
            ids = found.get((topic, level), [])
            # By place: a topic may be called anything, and two ids could make one anchor.
            anchor = f"{page.key}-{number}-{place}"
            row.append([_count(len(ids), anchor)])
            if ids:
                lists.append(_cell_list(anchor, [nodes.Text(f"{name} · "), chip(level, page)], ids, page))
        rows.append(row)
    below = items(lists, "ps-cells")
    if page.in_table:
        return [below]
    return [table(head, rows, range(1, len(head)), row_heads=True), below]


def _read(answer: Answer) -> tuple[list[str], list[str], dict[tuple[str, str], list[str]]]:
    """Return levels, topics, and the principles of both; the topic of principles without one is empty.

    A row of the answer without an id stands for a level or a topic that may have no principle.
    """
    place = {name: answer.columns.index(name) for name in ("level", "topic", "id")}
    rows = [(row[place["level"]], row[place["topic"]], row[place["id"]]) for row in answer.texts]
    levels = list(dict.fromkeys(level for level, _topic, own in rows if level and not own))
    topics = list(dict.fromkeys(topic for _level, topic, own in rows if topic and not own))
    found: dict[tuple[str, str], dict[str, None]] = {}
    for level, topic, own in rows:
        if own and (not topic or topic in topics):
            found.setdefault((topic, level), {})[own] = None
    if any(not topic for topic, _level in found):
        topics.append("")
    return levels, topics, {cell: list(ids) for cell, ids in found.items()}


def _count(number: int, anchor: str) -> nodes.Node:
    if not number:
        return nodes.inline("", "0", classes=["ps-none"])
    return nodes.reference("", "", nodes.inline("", str(number)), refid=anchor, internal=True)


def _cell_list(anchor: str, name: CellNodes, ids: list[str], page: Page) -> CellNodes:
    links = items(([page.provision(identifier)] for identifier in ids), "ps-links")
    return [nodes.target("", "", ids=[anchor]), nodes.inline("", "", *name, classes=["ps-cell"]), links]
