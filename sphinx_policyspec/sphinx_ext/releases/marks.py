"""What changed since an older release, at the principles of pages and on a page that tells all."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.compare import Change, SpecDiff
from sphinx_policyspec.exports.diff.html import STYLE, anchor_of_group, html_fragment
from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.knowledge import domain_of
from sphinx_policyspec.sphinx_ext.releases.asking import PAGE
from sphinx_policyspec.sphinx_ext.releases.changes import name_of_old, weights_in_short
from sphinx_policyspec.sphinx_ext.rendering.nodes import PolicyBadge
from sphinx_policyspec.sphinx_ext.web.handbook_pages import PAGE_BUILDERS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["STYLE", "context_of_page", "digests", "mark"]

_ = get_translation("sphinx_policyspec")


def digests(env: BuildEnvironment, diff: SpecDiff) -> dict[str, str]:
    """Return a digest of the marks on each page that has some."""
    found: dict[str, list[str]] = {}
    for id_, changes in diff.by_provision.items():
        if target := domain_of(env).find(TargetKind.PROVISION, id_):
            found.setdefault(target.docname, []).append(f"{target.anchor} {weights_in_short(changes)}")
    found.setdefault(env.config.root_doc, []).append(diff.old)
    return {name: hashlib.sha256(repr(sorted(marks)).encode()).hexdigest() for name, marks in found.items()}


def mark(app: Sphinx, doctree: nodes.document, docname: str, diff: SpecDiff) -> None:
    """Say at each principle of a page what changed about it, and on the first page where all of it stands."""
    # `singlehtml` writes no page beside its own.
    address = app.builder.get_relative_uri(docname, PAGE) if app.builder.name in PAGE_BUILDERS else ""
    domain = domain_of(app.env)
    found = (domain.find(TargetKind.PROVISION, id_, docname) for id_ in diff.by_provision)
    targets = {target.anchor: target for target in found if target and not target.is_alias}
    for section in list(doctree.findall(nodes.section)):
        for anchor in section["ids"]:
            target = targets.get(anchor)
            if target and (changes := diff.by_provision[target.id]):
                # Behind the title and the level, which is told first.
                heads = (nodes.title, PolicyBadge)
                place = next(n for n in range(3) if n >= len(section) or not isinstance(section[n], heads))
                there = address and f"{address}#{anchor_of_group(target.id)}"
                section.insert(place, _mark(diff, changes, there))
                break
    if address and docname == app.config.root_doc and (first := doctree.next_node(nodes.section)):
        link = nodes.reference("", _title(diff), internal=True, refuri=address)
        first.insert(1, nodes.paragraph("", "", link, classes=["ps-since", "no-search"]))


def context_of_page(app: Sphinx, diff: SpecDiff) -> dict[str, Any]:
    """Return what the page that tells all shows."""

    def link(id_: str) -> str:
        target = domain_of(app.env).find(TargetKind.PROVISION, id_)
        if target is None or not target.anchor:
            return ""
        return f"{app.builder.get_relative_uri(PAGE, target.docname)}#{target.anchor}"

    heading = escape(_title(diff))
    return {"title": heading, "body": f"<h1>{heading}</h1>\n{html_fragment(diff, link)}"}


def _title(diff: SpecDiff) -> str:
    return _("What changed since %s") % name_of_old(diff.old, diff.new)


def _mark(diff: SpecDiff, changes: tuple[Change, ...], address: str) -> nodes.paragraph:
    text = _("Changed since %s") % name_of_old(diff.old, diff.new)
    shown = nodes.reference("", text, internal=True, refuri=address) if address else nodes.Text(text)
    return nodes.paragraph(
        "", "", shown, nodes.Text(f": {weights_in_short(changes)}"), classes=["ps-since", "no-search"]
    )
