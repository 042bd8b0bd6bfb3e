"""Decisions as nodes: what the case is about, what comes of it, and why, with a drawing where a page can have one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Label, TargetKind
from sphinx_policyspec.sphinx_ext.cases.drawing import Attack, Box, drawn
from sphinx_policyspec.sphinx_ext.views.tables import PolicyScroll

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.sphinx_ext.views.nodes import Page

__all__ = ["case_nodes"]

_ = get_translation("sphinx_policyspec")

_SIGNS = {Label.IN: "✓", Label.OUT: "✗", Label.UNDECIDED: "?", Label.NOT_A_CANDIDATE: "–"}


class _Row(NamedTuple):
    """One row of a decision, as ``decisions`` tells it."""

    case: str
    part: str
    id: str
    what: str
    label: str
    said: str
    level: str


def case_nodes(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return each case of a page, one below the other."""
    rows = [_Row(*row) for row in answer.texts]
    return [
        node
        for number, part in groupby(rows, key=lambda row: row.case)
        for node in _one(list(part), page, number)
    ]


def _one(rows: list[_Row], page: Page, number: str) -> list[nodes.Node]:
    def of(part: str) -> list[_Row]:
        return [row for row in rows if row.part == part]

    (case,) = of("case")
    title = _head(case, page)
    title["ids"].append(f"{page.key}-{number}")
    found: list[nodes.Node] = [title]
    # EPUB wants pages with SVG declared, which Sphinx does not do.
    if page.is_web:
        # The highest level first; what has no authority comes last.
        items = sorted(of("item"), key=lambda row: (not row.level, int(row.level.partition(" ")[0] or 0)))
        boxes = [_box(row, page) for row in items]
        attacks = [Attack(row.id, row.what) for row in of("attack")]
        name = _("Who attacks whom: %s") % case.what
        svg = drawn(boxes, attacks, f"{page.key}-{number}", name)
        found.append(PolicyScroll("", nodes.raw("", svg, format="html"), classes=["ps-scroll"], label=name))
    outcomes = nodes.bullet_list(bullet="*", classes=["ps-outcomes"])
    for row in of("outcome"):
        outcomes += _line(nodes.strong("", row.id), nodes.Text(f": {row.said}"))
    found.append(outcomes)
    reasons = nodes.bullet_list(bullet="*", classes=["ps-reasons"])
    for row in of("item"):
        head, _colon, why = row.said.partition(": ")
        mark = nodes.strong("", f"{_SIGNS[Label(row.label)]} {head}", classes=[f"ps-{row.label}"])
        reasons += _line(mark, nodes.Text(f" ({row.what}): {why}"))
    for row in (*of("duty"), *of("difference")):
        reasons += _line(nodes.Text(row.said))
    found.append(reasons)
    return found


def _head(case: _Row, page: Page) -> nodes.paragraph:
    """Return the title of a case, with links to the section and the example that it formalises."""
    head = nodes.paragraph("", "", nodes.strong("", case.what), classes=["ps-case-title"])
    if case.id:
        head += [nodes.Text(" · "), page.provision(case.id)]
    if case.said:
        head += [nodes.Text(" · "), page.link(TargetKind.EXAMPLE, case.label, case.said)]
    return head


def _box(row: _Row, page: Page) -> Box:
    level = row.level.partition(" ")[2]
    shown = page.level(level) if level else _("no authority")
    return Box(
        id=row.id, wish=row.what, label=row.label, word=_label(row.label), level=level, level_word=shown
    )


def _label(label: str) -> str:
    """Return the word for a label."""
    words = {
        Label.IN: _("in"),
        Label.OUT: _("out"),
        Label.UNDECIDED: _("undecided"),
        Label.NOT_A_CANDIDATE: _("not a candidate"),
    }
    return words[Label(label)]


def _line(*parts: nodes.Node) -> nodes.list_item:
    return nodes.list_item("", nodes.paragraph("", "", *parts))
