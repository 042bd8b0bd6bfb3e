"""Answers on a page: lists with badges, tables that scroll, and links from where they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject, link_or_text
from sphinx_policyspec.sphinx_ext.nodes.boxes import explain, style_name
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBox, PolicyChip, PolicyQuery, anchor_alone
from sphinx_policyspec.sphinx_ext.nodes.writers import depart_box, visit_box

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.writers.html5 import HTML5Translator

    from sphinx_policyspec.graph.questions import Answer
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

_ = get_translation("sphinx_policyspec")

CellNodes = list[nodes.Node]
"""The inline nodes of a cell."""

VARIABLES = {"topics": "topic", "principle": "owner"}
"""Variables of columns that do not have the column's own name; they have a row for each value."""


class PolicyView(PolicyQuery):
    """A place that a view fills once every document is read."""


class PolicyScroll(PolicyBox):
    """What may be wider than the page; ``label`` names it for those who cannot see it."""


class PolicyFold(PolicyBox):
    """What opens when its ``summary`` is clicked; only web pages hold it."""

    html_tag = "details"


class PolicyHeadCell(nodes.entry):
    """The head of a column or row; ``scope`` says which of the two."""


class PolicyCell(nodes.entry):
    """A cell; its ``label`` is the head of its column, which a narrow page shows beside it."""


class PolicyWideCell(nodes.entry):
    """A cell as wide as ``colspan`` columns, which heads no row even in the first of them; only web pages hold it."""


def table(
    head: list[CellNodes], rows: list[list[CellNodes]], numbers: Collection[int], *, row_heads: bool = False
) -> PolicyScroll:
    """Return a table in a box that scrolls.

    :param numbers: the columns that hold numbers
    :param row_heads: the first column names the rows
    """
    heads = [_entry(cell, n in numbers, "col") for n, cell in enumerate(head)]
    labels = [entry.astext() for entry in heads]
    body = [
        [
            _entry(cell, n in numbers, "row" if row_heads and not n else "", labels[n])
            for n, cell in enumerate(row)
        ]
        for row in rows
    ]
    name = _("Table: %s") % ", ".join(labels)
    return PolicyScroll("", grid(heads, body, stub=row_heads), classes=["ps-scroll"], label=name)


def grid(heads: list[nodes.entry], rows: list[list[nodes.entry]], *, stub: bool = False) -> nodes.table:
    """Return a table of entries.

    :param stub: the first column names the rows
    """
    group = nodes.tgroup("", cols=len(heads))
    # Plain text and LaTeX divide the width by these; browsers do it themselves.
    for number, column in enumerate(zip(heads, *rows, strict=True)):
        width = min(max(len(entry.astext()) for entry in column), 60) + 2
        group += nodes.colspec("", colwidth=width, **({"stub": 1} if stub and not number else {}))
    group += nodes.thead("", nodes.row("", *heads))
    group += nodes.tbody("", *(nodes.row("", *row) for row in rows))
    return nodes.table("", group, classes=["ps-answer", "colwidths-auto"])


def _entry(cell: CellNodes, is_number: bool, scope: str, label: str = "") -> nodes.entry:
    content = nodes.paragraph("", "", *cell, translatable=False)
    classes = ["ps-number"] if is_number else []
    if scope:
        return PolicyHeadCell("", content, classes=classes, scope=scope)
    return PolicyCell("", content, classes=classes, label=label)


def _visit_scroll(self: HTML5Translator, node: PolicyScroll) -> None:
    # What takes the focus scrolls by keyboard, and what takes the focus needs a name.
    label = {"aria-label": node["label"]}
    self.body.append(self.starttag(node, "div", role="region", tabindex="0", **label))


def _visit_fold(self: HTML5Translator, node: PolicyFold) -> None:
    self.body.append(f"{self.starttag(node, 'details')}<summary>{self.encode(node['summary'])}</summary>")


def _visit_head_cell(self: HTML5Translator, node: PolicyHeadCell) -> None:
    self.visit_entry(node)
    self.body[-1] = self.body[-1].replace("<th", f'<th scope="{node["scope"]}"', 1)


def _visit_cell(self: HTML5Translator, node: PolicyCell) -> None:
    self.visit_entry(node)
    label = escape(node["label"], quote=True)
    self.body[-1] = self.body[-1].replace("<td", f'<td data-label="{label}"', 1)


def _visit_wide_cell(self: HTML5Translator, node: PolicyWideCell) -> None:
    self.body.append(self.starttag(node, "td", colspan=node["colspan"]))
    self.context.append("</td>\n")


def register_view_nodes(app: Sphinx) -> None:
    """Make Sphinx know the nodes of views; other builders than HTML fall back to their base classes."""
    app.add_node(PolicyView, html=(visit_box, depart_box))
    app.add_node(PolicyScroll, html=(_visit_scroll, depart_box))
    app.add_node(PolicyFold, html=(_visit_fold, depart_box))
    app.add_node(PolicyCell, html=(_visit_cell, lambda self, node: self.depart_entry(node)))
    app.add_node(PolicyWideCell, html=(_visit_wide_cell, lambda self, node: self.depart_entry(node)))
    app.add_node(PolicyHeadCell, html=(_visit_head_cell, lambda self, node: self.depart_entry(node)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a view is, and how to make links from there.

    :param key: begins the ids of the view's own anchors
    :param spec: that of the build; not every topic of it is on a page
    :param titles: those that refer to others, with the titles of their targets
    :param in_table: the view is in a table, in which few builders can write another
    :param depth: of a heading below the sections that the view is in
    """

    builder: Builder
    docname: str
    domain: PolicyDomain
    key: str
    spec: Spec
    titles: Mapping[tuple[TargetKind, str], str] = field(default_factory=dict)
    in_table: bool = False
    depth: int = 1

    def title(self, kind: TargetKind, identifier: str, default: str = "") -> str:
        """Return the title of an object as its own page shows it."""
        if resolved := self.titles.get((kind, identifier)):
            return resolved
        if found := self.domain.find(kind, identifier):
            return found.title
        labels = (topic.label for topic in self.spec.topics if topic.id == identifier)
        label = next(labels, "") if kind is TargetKind.TOPIC else ""
        return label or default or identifier

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

    def link_to(self, target: PolicyObject, content: nodes.Element) -> nodes.Element:
        """Return a link to an object that a page shows."""
        return link_or_text(self.builder, self.docname, target.docname, target.anchor, content)

    @property
    def is_web(self) -> bool:
        """Whether people read it in a browser; EPUB and paper have less room."""
        return self.builder.format == "html" and self.builder.name != "epub"

    def place(self, place: str, text: str) -> nodes.Element:
        """Return a link to a page and an anchor on it, separated by ``#``."""
        docname, _hash, anchor = place.rpartition("#")
        return link_or_text(self.builder, self.docname, docname, anchor, nodes.inline("", text))

    def address(self, kind: TargetKind, identifier: str) -> str:
        """Return where a link to an object leads; empty where no page shows it."""
        link = self.link(kind, identifier, "")
        if not isinstance(link, nodes.reference):
            return ""
        return anchor_alone(link["refuri"]) if "refuri" in link else f"#{link['refid']}"

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
    """Return the things that an answer is about, in order of first mention; rows without an id are left out."""
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
    """Return a level as a badge that is in a line.

    :param labelled: the text says that it is the authority; a table's head says so already
    """
    badge = PolicyChip("", "", classes=["ps-chip", f"ps-level-{style_name(level)}"])
    if page.is_web:
        explain(badge, page.spec.levels, level, page.level(level))
    if labelled:
        badge += nodes.inline("", _("Authority:") + " ", classes=["ps-badge-label"])
    badge += nodes.inline("", page.level(level), classes=["ps-badge-level"])
    return badge


def items(lines: Iterable[list[nodes.Node]], *classes: str) -> nodes.bullet_list:
    """Return a list of lines of our own words; lists and folds of a line are below it."""
    found = nodes.bullet_list(bullet="-", classes=list(classes))
    for line in lines:
        inline = [part for part in line if not isinstance(part, (nodes.bullet_list, PolicyFold))]
        below = [part for part in line if isinstance(part, (nodes.bullet_list, PolicyFold))]
        found += nodes.list_item("", nodes.paragraph("", "", *inline, translatable=False), *below)
    return found


def linked_list(answer: Answer, columns: Sequence[str], own: TargetKind, page: Page) -> nodes.bullet_list:
    """Return principles or examples as a list of links.

    :param own: what they are
    """
    return items((_line(entry, columns, own, page) for entry in entries_of(answer)), "ps-links")


def _line(entry: _Entry, columns: Sequence[str], own: TargetKind, page: Page) -> list[nodes.Node]:
    first, *rest = columns
    line = _values(first, entry, own, page)
    for column in rest:
        parts = [chip(entry.first("level"), page, labelled=True)] if column == "level" else []
        if not parts and (values := _values(column, entry, own, page)):
            parts = [
                nodes.inline("", "", nodes.Text(f"{_headings()[column]}: "), *values, classes=["ps-fact"])
            ]
        line += [nodes.inline("", " \N{EN DASH} ", classes=["ps-dash"]), *parts] if parts else []
    return line


def table_of(answer: Answer, columns: Sequence[str], own: TargetKind, page: Page) -> nodes.Element:
    """Return principles or examples as a table, a row each; parameters are those of :func:`linked_list`."""
    if page.in_table:
        return linked_list(answer, columns, own, page)
    names = _headings()
    head: list[CellNodes] = [[nodes.Text(names[column])] for column in columns]
    entries = entries_of(answer)
    if "principle" in columns:
        # Examples of the notation itself are in no principle: readers look for the others.
        entries.sort(key=lambda entry: not entry.first("owner"))
    rows = [[_values(column, entry, own, page) for column in columns] for entry in entries]
    numbers = {n for n, column in enumerate(columns) if column in _NUMBERS}
    box = table(head, rows, numbers)
    # On narrow pages each row is a card.
    box["classes"].append("ps-rows")
    return box


_NUMBERS = frozenset({"examples", "good", "bad", "ok", "prompts", "references"})


_SIGNS = {"good": "\N{CHECK MARK}", "bad": "\N{BALLOT X}", "ok": "\N{ALMOST EQUAL TO}"}


def _verdicts(column: str, count: str) -> nodes.Node:
    """Return how many answers have a verdict, with its sign."""
    if count == "0":
        return nodes.inline("", count, classes=["ps-none"])
    return nodes.inline(
        "", f"{_SIGNS[column]} {count}", classes=["ps-chip", "ps-verdict", f"ps-verdict-{column}"]
    )


def _headings() -> dict[str, str]:
    return {
        "id": _("Id"),
        "title": _("Title"),
        "level": _("Level"),
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


def _values(column: str, entry: _Entry, own: TargetKind, page: Page) -> CellNodes:
    """Return the values of one column for a thing, as inline nodes."""
    values = entry.values.get(VARIABLES.get(column, column), ())
    cells: list[nodes.Node]
    match column:
        case "id":
            cells = [page.link(own, entry.id, entry.id)]
        case "title":
            cells = [page.link(own, entry.id, page.title(own, entry.id, entry.first("title")))]
        case "level":
            cells = [chip(level, page) for level in values]
        case "topics":
            cells = [page.link(TargetKind.TOPIC, v, page.title(TargetKind.TOPIC, v)) for v in values]
        case "principle":
            cells = [page.provision(value) for value in values]
        case "good" | "bad" | "ok":
            cells = [_verdicts(column, value) for value in values]
        case _:
            cells = [nodes.Text(value) for value in values]
    return [part for n, value in enumerate(cells) for part in ([nodes.Text(", "), value] if n else [value])]
