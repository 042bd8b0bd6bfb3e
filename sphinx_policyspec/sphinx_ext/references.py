"""Cross-references of our domain, as nodes that are resolved once every page is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import NoUri
from sphinx.util.nodes import make_refnode

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.nodes.boxes import Place

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["DOMAIN", "KIND_OF_ROLE", "ROLE_OF_KIND", "link_or_text", "pending_reference"]

DOMAIN = "policy"

KIND_OF_ROLE = {
    "principle": TargetKind.PROVISION,
    "topic": TargetKind.TOPIC,
    "example": TargetKind.EXAMPLE,
    "level": TargetKind.LEVEL,
    "goal": TargetKind.GOAL,
    "term": TargetKind.DEFINITION,
}
"""What each role points at; sections and principles share one."""

ROLE_OF_KIND = {kind: role for role, kind in KIND_OF_ROLE.items()}


def pending_reference(
    docname: str,
    target: str,
    children: Iterable[nodes.Node] = (),
    *,
    kind: TargetKind = TargetKind.PROVISION,
    place: Place | None = None,
) -> addnodes.pending_xref:
    """Return a reference that will become a link.

    :param children: its own text; without any it shows the title of its target
    """
    own = list(children)
    role = ROLE_OF_KIND[kind]
    content = nodes.inline("", "", classes=["xref", DOMAIN, f"{DOMAIN}-{role}"])
    content.extend(own or [nodes.Text(target)])
    reference = addnodes.pending_xref(
        target,
        content,
        refdomain=DOMAIN,
        reftype=role,
        reftarget=target,
        refexplicit=bool(own),
        refdoc=docname,
        refwarn=True,
    )
    if place is not None:
        reference.source, reference.line = place
    return reference


def link_or_text(
    builder: Builder, docname: str, target_docname: str, anchor: str, content: nodes.Element
) -> nodes.Element:
    """Return a link from one page to another, or its content where what is built lacks that page.

    A book holds the pages that its toctree leads to; an orphan is none of them.
    """
    try:
        return make_refnode(builder, docname, target_docname, anchor, content)
    except NoUri:
        return content
