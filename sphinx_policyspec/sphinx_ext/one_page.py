"""Links inside what a builder writes as one page.

For ``singlehtml`` Sphinx 9 joins the anchor of the page that a target stood on and its own,
``#document-page#id``, which no element has (sphinx-doc/sphinx#14221), and gives the first page no anchor
at all. In manual pages docutils 0.22 writes every address out, those of places in the same page too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["anchor_alone", "lead_contents_to_anchors", "lead_links_to_anchors"]

_JOINED = re.compile(r"#document-[^\"#]*(?=#)")


def anchor_alone(target: str) -> str:
    """Return an address, or HTML with addresses, without the anchors of pages before other anchors."""
    return _JOINED.sub("", target)


def lead_links_to_anchors(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead the links in the text, whoever made them, to what the page has."""
    if app.builder.name == "man":
        for link in doctree.findall(nodes.reference):
            if link.get("refuri", "").startswith("#"):
                link["refid"] = link.attributes.pop("refuri")[1:]
    if app.builder.name != "singlehtml":
        return
    first = next((section["ids"][0] for section in doctree.findall(nodes.section) if section["ids"]), "")
    for link in doctree.findall(nodes.reference):
        if target := link.get("refuri", ""):
            link["refuri"] = f"#{first}" if target == f"#document-{docname}" else anchor_alone(target)


def lead_contents_to_anchors(
    app: Sphinx,
    pagename: str,  # noqa: ARG001
    templatename: str,  # noqa: ARG001
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Do the same for the contents beside the text of ``singlehtml``, some ready, some made when a theme asks."""
    if app.builder.name != "singlehtml" or doctree is None:
        return
    context["toc"] = anchor_alone(context["toc"])
    render = context["toctree"]
    context["toctree"] = lambda **options: anchor_alone(render(**options))
