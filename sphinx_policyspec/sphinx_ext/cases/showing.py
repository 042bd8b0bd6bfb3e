"""Decisions as nodes: what the case is about, what comes of it, and why, with a drawing where a page can have one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Label, TargetKind
from sphinx_policyspec.sphinx_ext.cases.decisions import CaseRow
from sphinx_policyspec.sphinx_ext.cases.drawing import Attack, Box, drawn
from sphinx_policyspec.sphinx_ext.views.nodes import chip
from sphinx_policyspec.sphinx_ext.views.tables import PolicyScroll

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.sphinx_ext.views.nodes import Page

__all__ = ["case_nodes"]

_ = get_translation("sphinx_policyspec")

_SIGNS = {Label.IN: "✓", Label.OUT: "✗", Label.UNDECIDED: "?", Label.NOT_A_CANDIDATE: "–"}


def case_nodes(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return each case of a page, one below the other."""
    rows = [CaseRow(*row) for row in answer.texts]
    return [
        node
        for number, part in groupby(rows, key=lambda row: row.case)
        for node in _one(list(part), page, number)
    ]


def _one(rows: list[CaseRow], page: Page, number: str) -> list[nodes.Node]:
    def of(part: str) -> list[CaseRow]:
        return [row for row in rows if row.part == part]

    (case,) = of("case")
    found: list[nodes.Node] = [_head(case, page, f"{page.key}-{number}")]
    # EPUB wants pages with SVG declared, which Sphinx does not do.
    if page.is_web:
        found.append(_drawing(of("item"), of("attack"), page, f"{page.key}-{number}", case.what))
    outcomes = nodes.bullet_list(bullet="*", classes=["ps-outcomes"])
    for row in of("outcome"):
        outcomes += _line(nodes.strong("", row.id), nodes.Text(f": {row.said}"))
    found.append(outcomes)
    reasons = nodes.bullet_list(bullet="*", classes=["ps-reasons"])
    for place, row in enumerate(of("item")):
        reasons += _reason(row, page, f"{page.key}-{number}-{place}")
    for row in (*of("duty"), *of("difference")):
        reasons += _line(nodes.Text(row.said))
    found.append(reasons)
    return found


def _drawing(
    items: Sequence[CaseRow], attacks: Sequence[CaseRow], page: Page, key: str, title: str
) -> PolicyScroll:
    """Return who attacks whom as SVG, each item with a link to its principle, or to the line that says why."""
    boxes = [(row.level, _box(row, page, f"{key}-{place}")) for place, row in enumerate(items)]
    # The highest level first; what has no authority comes last.
    boxes.sort(key=lambda box: (not box[0], int(box[0].partition(" ")[0] or 0)))
    name = _("Who attacks whom: %s") % title
    svg = drawn([box for _level, box in boxes], [Attack(row.id, row.what) for row in attacks], key, name)
    return PolicyScroll("", nodes.raw("", svg, format="html"), classes=["ps-scroll"], label=name)


def _reason(row: CaseRow, page: Page, anchor: str) -> nodes.list_item:
    """Return what becomes of an item and why, with its level, its mode, and a link to its principle."""
    level = row.level.partition(" ")[2]
    facts: list[nodes.Node] = [chip(level, page, labelled=True) if level else _small(_("no authority"))]
    if row.principle:
        facts.append(page.provision(row.principle))
    elif level:
        facts.append(_small(_mode(row.mode)))
    mark = nodes.strong("", f"{_SIGNS[Label(row.label)]} {row.said}", classes=[f"ps-{row.label}"])
    parts = [part for fact in facts for part in (nodes.Text(" · "), fact)]
    line = _line(mark, *parts, nodes.Text(f" ({row.what}): {row.why}"))
    line["ids"].append(anchor)
    return line


def _small(text: str) -> nodes.inline:
    return nodes.inline("", text, classes=["ps-fact"])


def _mode(mode: str) -> str:
    return _("explicit") if mode == "explicit" else _("implied")


def _head(case: CaseRow, page: Page, anchor: str) -> nodes.paragraph:
    """Return the title of a case, with links to the section and the example that it formalises."""
    # Some writers leave out the ids of a paragraph.
    place = nodes.target("", "", ids=[anchor])
    head = nodes.paragraph("", "", place, nodes.strong("", case.what), classes=["ps-case-title"])
    if case.id:
        head += [nodes.Text(" · "), page.provision(case.id)]
    if case.said:
        head += [nodes.Text(" · "), page.link(TargetKind.EXAMPLE, case.label, case.said)]
    return head


def _box(row: CaseRow, page: Page, anchor: str) -> Box:
    level = row.level.partition(" ")[2]
    word = _label(row.label)
    return Box(
        id=row.id,
        wish=row.what,
        label=row.label,
        word=word if row.mode != "implicit" or not level else f"{word} · {_mode(row.mode)}",
        level=level,
        level_word=page.level(level) if level else _("no authority"),
        uri=(page.address(TargetKind.PROVISION, row.principle) if row.principle else "") or f"#{anchor}",
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
