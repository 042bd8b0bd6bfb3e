"""Views as nodes: lists with badges, tables with scopes, a matrix whose counts lead to lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.locale import get_translation
from sphinx.util.nodes import make_refnode

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.filters import VARIABLES
from sphinx_policyspec.sphinx_ext.nodes import PolicyBox, PolicyQuery, style_name

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.writers.html5 import HTML5Translator

    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.sphinx_ext.domain import PolicyDomain
    from sphinx_policyspec.sphinx_ext.filters import View
    from sphinx_policyspec.sphinx_ext.records import PolicyObject

__all__ = [
    "Page",
    "PolicyView",
    "chip",
    "entries_of",
    "items",
    "linked_list",
    "matrix",
    "register_view_nodes",
    "table_of",
]

_ = get_translation("sphinx_policyspec")


class PolicyView(PolicyQuery):
    """A place that a view fills once every document is read."""


class PolicyScroll(PolicyBox):
    """What may be wider than the page; ``label`` names it for those who cannot see it."""


class PolicyHeadCell(nodes.entry):
    """The head of a column or row; ``scope`` says of which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a view stands, and how to make links from there.

    :param key: begins the ids of the view's own anchors
    :param in_table: the view stands in a table, in which few builders can write another
    """

    builder: Builder
    docname: str
    domain: PolicyDomain
    key: str
    in_table: bool = False

    def title(self, kind: TargetKind, identifier: str, default: str = "") -> str:
        """Return the title of an object as its own page shows it."""
        found = self.domain.find(kind, identifier)
        return found.title if found else default or identifier

    def level(self, identifier: str) -> str:
        """Return the name of a level."""
        return self.domain.title_of_level(identifier)

    def link(self, kind: TargetKind, identifier: str, text: str) -> nodes.Node:
        """Return a link to an object, or its text where no page shows it."""
        found = self.domain.find(kind, identifier)
        content = nodes.inline("", text)
        if found is None or not found.anchor:
            return content
        return self.link_to(found, content)

    def link_to(self, target: PolicyObject, content: nodes.Node) -> nodes.reference:
        """Return a link to an object that a page shows."""
        # Sphinx 9 writes two anchors in a row where all pages are one; there an anchor alone will do.
        is_one_page = self.builder.name == "singlehtml"
        here = target.docname if is_one_page else self.docname
        return make_refnode(self.builder, here, target.docname, target.anchor, content)

    def provision(self, identifier: str, title: str = "") -> nodes.Node:
        """Return a link to a principle by its title."""
        return self.link(
            TargetKind.PROVISION, identifier, self.title(TargetKind.PROVISION, identifier, title)
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """All rows of an answer that are about one thing: by variable, its values in order, each once."""

    id: str
    values: dict[str, tuple[str, ...]]

    def first(self, variable: str) -> str:
        return next(iter(self.values.get(variable, ())), "")


def entries_of(answer: Answer) -> list[_Entry]:
    """Return what an answer is about, in the order of first mention; rows without an id are left out."""
    place = answer.columns.index("id")
    found: dict[str, dict[str, dict[str, None]]] = {}
    for row in answer.texts:
        if identifier := row[place]:
            values = found.setdefault(identifier, {name: {} for name in answer.columns})
            for name, text in zip(answer.columns, row, strict=True):
                values[name].update({text: None} if text else {})
    return [
        _Entry(identifier, {name: tuple(texts) for name, texts in values.items()})
        for identifier, values in found.items()
    ]


def chip(level: str, page: Page, *, labelled: bool = False) -> nodes.inline:
    """Return a level as a badge that stands in a line.

    :param labelled: the text says that it is the authority; a table's head says so already
    """
    badge = nodes.inline("", "", classes=["ps-chip", f"ps-level-{style_name(level)}"])
    if labelled:
        badge += nodes.inline("", _("Authority:") + " ", classes=["ps-badge-label"])
    badge += nodes.inline("", page.level(level), classes=["ps-badge-level"])
    return badge


def items(lines: Iterable[list[nodes.Node]], *classes: str) -> nodes.bullet_list:
    """Return a list of lines of our own words; what follows the first block of a line stands below it."""
    found = nodes.bullet_list(bullet="-", classes=list(classes))
    for line in lines:
        inline = [part for part in line if not isinstance(part, nodes.bullet_list)]
        below = [part for part in line if isinstance(part, nodes.bullet_list)]
        found += nodes.list_item("", nodes.paragraph("", "", *inline, translatable=False), *below)
    return found


def linked_list(view: View, answer: Answer, page: Page) -> nodes.bullet_list:
    """Return principles or examples as a list of links."""
    return items((_line(view, entry, page) for entry in entries_of(answer)), "ps-links")


def _line(view: View, entry: _Entry, page: Page) -> list[nodes.Node]:
    first, *rest = view.columns
    line = _values(first, entry, page, view)
    for column in rest:
        shown = [chip(entry.first("level"), page, labelled=True)] if column == "level" else []
        if not shown and (values := _values(column, entry, page, view)):
            shown = [
                nodes.inline("", "", nodes.Text(f"{_headings()[column]}: "), *values, classes=["ps-fact"])
            ]
        line += [nodes.inline("", " \N{EN DASH} ", classes=["ps-dash"]), *shown] if shown else []
    return line


def table_of(view: View, answer: Answer, page: Page) -> nodes.Element:
    """Return principles or examples as a table, a row each."""
    if page.in_table:
        return linked_list(view, answer, page)
    names = _headings()
    head = [names[column] for column in view.columns]
    rows = [[_values(column, entry, page, view) for column in view.columns] for entry in entries_of(answer)]
    numbers = {n for n, column in enumerate(view.columns) if column in _NUMBERS}
    return _table(head, rows, numbers)


_NUMBERS = frozenset({"examples", "good", "bad", "ok", "prompts", "references"})


def _headings() -> dict[str, str]:
    return {
        "id": _("Id"),
        "title": _("Title"),
        "level": _("Authority"),
        "topics": _("Topics"),
        "status": _("Status"),
        "since": _("Since"),
        "principle": _("Principle"),
        "examples": _("Examples"),
        "good": _("Compliant"),
        "bad": _("Violation"),
        "ok": _("Minor issues"),
        "prompts": _("Prompts"),
        "references": _("Referred to"),
    }


def _values(column: str, entry: _Entry, page: Page, view: View) -> list[nodes.Node]:
    """Return what one column says of a thing, as inline nodes."""
    values = entry.values.get(VARIABLES.get(column, column), ())
    own = TargetKind.EXAMPLE if view.kind.value.startswith("example") else TargetKind.PROVISION
    shown: list[nodes.Node]
    match column:
        case "id":
            shown = [page.link(own, entry.id, entry.id)]
        case "title":
            shown = [page.link(own, entry.id, page.title(own, entry.id, entry.first("title")))]
        case "level":
            shown = [chip(level, page) for level in values]
        case "topics":
            shown = [page.link(TargetKind.TOPIC, v, page.title(TargetKind.TOPIC, v)) for v in values]
        case "principle":
            shown = [page.provision(value) for value in values]
        case _:
            shown = [nodes.Text(value) for value in values]
    return [part for n, value in enumerate(shown) for part in ([nodes.Text(", "), value] if n else [value])]


def matrix(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return levels against topics with the number of principles of both, and a list for each number."""
    column = {name: answer.columns.index(name) for name in answer.columns}
    level, topic, own = column["level"], column["topic"], column["id"]
    rows = answer.texts
    levels = list(dict.fromkeys(row[level] for row in rows if not row[own] and row[level]))
    topics = list(dict.fromkeys(row[topic] for row in rows if not row[own] and row[topic]))
    cells: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row[own] and (row[topic] in topics or not row[topic]):
            cells.setdefault((row[level], row[topic]), {})[row[own]] = None
    if any(not about for _level, about in cells):
        topics.append("")
    names = {about: page.title(TargetKind.TOPIC, about) if about else _("No topic") for about in topics}
    body: list[list[list[nodes.Node]]] = []
    below: list[list[nodes.Node]] = []
    for high in levels:
        line: list[list[nodes.Node]] = [[chip(high, page)]]
        for place, about in enumerate(topics):
            found = list(cells.get((high, about), ()))
            # By place: two ids could make one anchor, and a topic may be called anything.
            anchor = f"{page.key}-{levels.index(high) + 1}-{place + 1}"
            line.append([_count(len(found), anchor)])
            if found:
                below.append(
                    _cell_list(anchor, [chip(high, page), nodes.Text(f" · {names[about]}")], found, page)
                )
        body.append(line)
    head = [_("Authority"), *(names[about] for about in topics)]
    table = _table(head, body, set(range(1, len(head))), row_heads=True)
    lists = items(below, "ps-cells")
    return [lists] if page.in_table else [table, lists]


def _count(number: int, anchor: str) -> nodes.Node:
    if not number:
        return nodes.inline("", "0", classes=["ps-none"])
    return nodes.reference("", "", nodes.inline("", str(number)), refid=anchor, internal=True)


def _cell_list(anchor: str, name: list[nodes.Node], found: list[str], page: Page) -> list[nodes.Node]:
    links = items(([page.provision(identifier)] for identifier in found), "ps-links")
    return [nodes.target("", "", ids=[anchor]), nodes.inline("", "", *name, classes=["ps-cell"]), links]


def _table(
    head: list[str], rows: list[list[list[nodes.Node]]], numbers: set[int], *, row_heads: bool = False
) -> PolicyScroll:
    """Return a table in a box that scrolls.

    :param numbers: the columns that hold numbers
    :param row_heads: the first column names the rows
    """
    group = nodes.tgroup("", cols=len(head))
    texts = [["".join(part.astext() for part in cell) for cell in row] for row in rows]
    # Plain text and LaTeX share out the width by these; browsers see to it themselves.
    for number, column in enumerate(zip(head, *texts, strict=True)):
        width = min(max(map(len, column)), 60) + 2
        stub = {"stub": 1} if row_heads and not number else {}
        group += nodes.colspec("", colwidth=width, **stub)
    heads = [
        _entry(PolicyHeadCell, [nodes.Text(name)], n in numbers, scope="col") for n, name in enumerate(head)
    ]
    group += nodes.thead("", nodes.row("", *heads))
    body = nodes.tbody()
    for row in rows:
        line = nodes.row()
        for number, cell in enumerate(row):
            if row_heads and not number:
                line += _entry(PolicyHeadCell, cell, is_number=False, scope="row")
            else:
                line += _entry(nodes.entry, cell, number in numbers)
        body += line
    group += body
    label = _("Table: %s") % ", ".join(map(str, head))
    table = nodes.table("", group, classes=["ps-answer", "colwidths-auto"])
    return PolicyScroll("", table, classes=["ps-scroll"], label=label)


def _entry(
    cls: type[nodes.entry],
    content: list[nodes.Node],
    is_number: bool,
    **attributes: Any,
) -> nodes.entry:
    classes = ["ps-number"] if is_number else []
    return cls("", nodes.paragraph("", "", *content, translatable=False), classes=classes, **attributes)


def _visit_view(self: HTML5Translator, node: PolicyView) -> None:
    self.body.append(self.starttag(node, "div"))


def _visit_scroll(self: HTML5Translator, node: PolicyScroll) -> None:
    # What takes the focus scrolls by keyboard, and what takes the focus needs a name.
    label = {"aria-label": node["label"]}
    self.body.append(self.starttag(node, "div", role="region", tabindex="0", **label))


def _depart_box(self: HTML5Translator, node: PolicyBox) -> None:  # noqa: ARG001
    self.body.append("</div>\n")


def _visit_head_cell(self: HTML5Translator, node: PolicyHeadCell) -> None:
    self.visit_entry(node)
    self.body[-1] = self.body[-1].replace("<th", f'<th scope="{node["scope"]}"', 1)


def _depart_head_cell(self: HTML5Translator, node: PolicyHeadCell) -> None:
    self.depart_entry(node)


def register_view_nodes(app: Sphinx) -> None:
    """Make Sphinx know the nodes of views; other builders than HTML fall back to their base classes."""
    app.add_node(PolicyView, html=(_visit_view, _depart_box))
    app.add_node(PolicyScroll, html=(_visit_scroll, _depart_box))
    app.add_node(PolicyHeadCell, html=(_visit_head_cell, _depart_head_cell))
