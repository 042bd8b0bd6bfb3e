"""How our nodes look in HTML, and their registration with Sphinx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.nodes import (
    BOXES,
    PolicyBox,
    PolicyClause,
    PolicyComparison,
    PolicyCount,
    PolicyExample,
    PolicyExampleTitle,
    PolicyMarker,
    PolicyPlaceholder,
    PolicyVerdict,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["register_nodes"]

_ = get_translation("sphinx_policyspec")

_ICONS = {"GOOD": "\N{CHECK MARK}", "BAD": "\N{BALLOT X}", "OK": "\N{ALMOST EQUAL TO}"}


def _visit_box(self: HTML5Translator, node: PolicyBox) -> None:
    self.body.append(self.starttag(node, node.html_tag))


def _depart_box(self: HTML5Translator, node: PolicyBox) -> None:
    self.body.append(f"</{node.html_tag}>\n")


def _visit_comparison(self: HTML5Translator, node: PolicyComparison) -> None:
    # The outer element is the container that the columns of the inner one depend on.
    self.body.append(self.starttag(node, "div") + '<div class="ps-alternatives">')


def _depart_comparison(self: HTML5Translator, node: PolicyComparison) -> None:  # noqa: ARG001
    self.body.append("</div></div>\n")


def _visit_example_title(self: HTML5Translator, node: PolicyExampleTitle) -> None:
    self.body.append(self.starttag(node, "p", ""))


def _depart_example_title(self: HTML5Translator, node: PolicyExampleTitle) -> None:
    box = node.parent.parent
    if isinstance(box, PolicyExample) and box["ids"]:
        self.add_permalink_ref(box, _("Link to this example"))
    self.body.append("</p>\n")


def _visit_verdict(self: HTML5Translator, node: PolicyVerdict) -> None:
    icon = _ICONS.get(node.get("verdict", ""), "?")
    self.body.append(
        self.starttag(node, "p", "") + f'<span class="ps-icon" aria-hidden="true">{icon}</span> '
    )


def _depart_verdict(self: HTML5Translator, node: PolicyVerdict) -> None:  # noqa: ARG001
    self.body.append("</p>\n")


def _skip(self: nodes.NodeVisitor, node: PolicyMarker) -> None:  # noqa: ARG001
    """Write nothing: markers are gone unless the page could not be transformed."""
    raise nodes.SkipNode


def register_nodes(app: Sphinx) -> None:
    """Make Sphinx know every node of ours; other builders than HTML fall back to its base class."""
    for box in BOXES:
        app.add_node(box, html=(_visit_box, _depart_box))
    app.add_node(PolicyComparison, html=(_visit_comparison, _depart_comparison))
    app.add_node(PolicyExampleTitle, html=(_visit_example_title, _depart_example_title))
    app.add_node(PolicyVerdict, html=(_visit_verdict, _depart_verdict))
    app.add_node(PolicyPlaceholder)
    app.add_node(PolicyClause)
    app.add_node(PolicyCount)
    app.add_node(PolicyMarker, html=(_skip, None), latex=(_skip, None), text=(_skip, None))
