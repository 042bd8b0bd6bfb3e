"""Tables of views: heads with scopes, in a box that scrolls; and how they look in HTML."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBox, PolicyQuery

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

__all__ = [
    "Cell",
    "PolicyFold",
    "PolicyHeadCell",
    "PolicyScroll",
    "PolicyView",
    "register_view_nodes",
    "table",
]

_ = get_translation("sphinx_policyspec")

Cell = list[nodes.Node]
"""The inline nodes of a cell."""


class PolicyView(PolicyQuery):
    """A place that a view fills once every document is read."""


class PolicyScroll(PolicyBox):
    """What may be wider than the page; ``label`` names it for those who cannot see it."""


class PolicyFold(PolicyBox):
    """What opens when its ``summary`` is clicked; only web pages hold it."""


class PolicyHeadCell(nodes.entry):
    """The head of a column or row; ``scope`` says of which."""


def table(
    head: list[Cell], rows: list[list[Cell]], numbers: Collection[int], *, row_heads: bool = False
) -> PolicyScroll:
    """Return a table in a box that scrolls.

    :param numbers: the columns that hold numbers
    :param row_heads: the first column names the rows
    """
    names = [_text(cell) for cell in head]
    group = nodes.tgroup("", cols=len(head))
    # Plain text and LaTeX share out the width by these; browsers see to it themselves.
    for number, column in enumerate(
        zip(names, *([_text(cell) for cell in row] for row in rows), strict=True)
    ):
        width = min(max(map(len, column)), 60) + 2
        stub = {"stub": 1} if row_heads and not number else {}
        group += nodes.colspec("", colwidth=width, **stub)
    heads = [_entry(cell, n in numbers, "col") for n, cell in enumerate(head)]
    group += nodes.thead("", nodes.row("", *heads))
    body = nodes.tbody()
    for row in rows:
        scopes = ["row" if row_heads and not n else "" for n in range(len(row))]
        entries = (_entry(cell, n in numbers, scopes[n]) for n, cell in enumerate(row))
        body += nodes.row("", *entries)
    group += body
    found = nodes.table("", group, classes=["ps-answer", "colwidths-auto"])
    return PolicyScroll("", found, classes=["ps-scroll"], label=_("Table: %s") % ", ".join(names))


def _text(cell: Cell) -> str:
    return "".join(part.astext() for part in cell)


def _entry(cell: Cell, is_number: bool, scope: str) -> nodes.entry:
    content = nodes.paragraph("", "", *cell, translatable=False)
    classes = ["ps-number"] if is_number else []
    if scope:
        return PolicyHeadCell("", content, classes=classes, scope=scope)
    return nodes.entry("", content, classes=classes)


def _visit_view(self: HTML5Translator, node: PolicyView) -> None:
    self.body.append(self.starttag(node, "div"))


def _visit_scroll(self: HTML5Translator, node: PolicyScroll) -> None:
    # What takes the focus scrolls by keyboard, and what takes the focus needs a name.
    label = {"aria-label": node["label"]}
    self.body.append(self.starttag(node, "div", role="region", tabindex="0", **label))


def _depart_box(self: HTML5Translator, node: PolicyBox) -> None:  # noqa: ARG001
    self.body.append("</div>\n")


def _visit_fold(self: HTML5Translator, node: PolicyFold) -> None:
    self.body.append(f"{self.starttag(node, 'details')}<summary>{self.encode(node['summary'])}</summary>")


def _depart_fold(self: HTML5Translator, node: PolicyFold) -> None:  # noqa: ARG001
    self.body.append("</details>\n")


def _visit_head_cell(self: HTML5Translator, node: PolicyHeadCell) -> None:
    self.visit_entry(node)
    self.body[-1] = self.body[-1].replace("<th", f'<th scope="{node["scope"]}"', 1)


def _depart_head_cell(self: HTML5Translator, node: PolicyHeadCell) -> None:
    self.depart_entry(node)


def register_view_nodes(app: Sphinx) -> None:
    """Make Sphinx know the nodes of views; other builders than HTML fall back to their base classes."""
    app.add_node(PolicyView, html=(_visit_view, _depart_box))
    app.add_node(PolicyScroll, html=(_visit_scroll, _depart_box))
    app.add_node(PolicyFold, html=(_visit_fold, _depart_fold))
    app.add_node(PolicyHeadCell, html=(_visit_head_cell, _depart_head_cell))
