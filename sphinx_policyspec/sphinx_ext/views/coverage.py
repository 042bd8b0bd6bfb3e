"""What a spec does not cover yet: principles without an example, a prompt, or anything that refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.views.nodes import Page, chip, entries_of, items, table_of
from sphinx_policyspec.sphinx_ext.views.tables import Cell

if TYPE_CHECKING:
    from sphinx_policyspec.graph.answer import Answer
    from sphinx_policyspec.sphinx_ext.views.filters import View

__all__ = ["coverage"]

_ = get_translation("sphinx_policyspec")


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
    lines: list[Cell] = []
    for column, name in gaps.items():
        lacking = [entry for entry in entries if entry.first(column) == "0"]
        share = _("{count} of {all}").format(count=len(lacking), all=len(entries))
        line: Cell = [nodes.inline("", "", nodes.strong("", name), nodes.Text(f": {share}"))]
        if lacking:
            shown = ([page.provision(e.id), nodes.Text(" "), chip(e.first("level"), page)] for e in lacking)
            line.append(items(shown, "ps-links"))
        lines.append(line)
    return [items(lines, "ps-cells"), table_of(view, answer, page)]
