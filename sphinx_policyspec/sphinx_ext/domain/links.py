"""Links that are no cross-references of ours: plain ones of MyST, and those inside what is written as one page.

For ``singlehtml`` Sphinx 9 joins the anchor of the page that a target stood on and its own,
``#document-page#id``, which no element has (sphinx-doc/sphinx#14221), and gives the first page no anchor
at all. In manual pages docutils 0.22 writes every address out, those of places in the same page too.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from myst_parser.sphinx_ext.myst_refs import MystReferenceResolver
from sphinx import addnodes
from sphinx.errors import NoUri
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import new_document

from sphinx_policyspec.model import Reference, ReferenceForm
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

__all__ = [
    "TakePlainLinks",
    "anchor_alone",
    "dangling_links",
    "lead_contents_to_anchors",
    "lead_links_to_anchors",
]


_Asked = tuple[str, bool]
"""A target, and whether the link has a text of its own: a place without a title can be had by such alone."""


def dangling_links(env: BuildEnvironment, docname: str) -> Iterator[Reference]:
    """Yield the plain links of a page of the spec that neither it nor anything else has a target for.

    Pages outside the spec are left to MyST.
    """
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    page = domain.pages.get(docname)
    if page is None or not page.anchors:
        return
    resolver = _Resolver(env, docname)
    for reference in page.anchors:
        ignored = any(domain.is_ignored(role, reference.target) for role in ("myst", f"{DOMAIN}:principle"))
        if not ignored and not resolver.finds(reference.target, is_explicit=_has_text(reference)):
            yield reference


class _Resolver:
    """MyST's own resolver, asked where a link would lead without a word of its warnings."""

    def __init__(self, env: BuildEnvironment, docname: str) -> None:
        document = new_document(docname)
        document.settings.env = env
        self._docname = docname
        self._domains = env.config.myst_ref_domains
        self._resolver = MystReferenceResolver(document)
        # It warns when it writes the page.
        self._resolver.log_warning = lambda *_args, **_kwargs: None  # type: ignore[method-assign]

    def finds(self, target: str, *, is_explicit: bool) -> bool:
        """Tell whether the pages of the project, or of another one, have a target for a link of the page."""
        shown = nodes.inline("", target)
        link = addnodes.pending_xref("", shown, refdomain=None, reftype="myst", reftarget=target)
        link["refdoc"], link["refexplicit"] = self._docname, is_explicit
        with warnings.catch_warnings():
            # MyST reaches for the builder in a way that a later Sphinx will take away.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            try:
                found = self._resolver.resolve_myst_ref_any(self._docname, link, shown, self._domains)
            except NoUri:
                # It is there, on a page that is no part of what is built.
                return True
        # The method for other projects has no public name.
        elsewhere = self._resolver._resolve_myst_ref_intersphinx  # noqa: SLF001
        return found is not None or bool(elsewhere(link, shown, target, self._domains))


class TakePlainLinks(SphinxPostTransform):
    """Leaves the text of such links, before MyST warns of them: it does so only when it writes the page."""

    default_priority = 8

    def run(self, **_kwargs: Any) -> None:
        """Put their text in the place of links that lead nowhere."""
        # A builder that puts pages together has links of many in one document.
        asked: defaultdict[str, dict[_Asked, list[addnodes.pending_xref]]] = defaultdict(dict)
        for node in self.document.findall(addnodes.pending_xref):
            if node.get("reftype") == "myst" and not node.get("refdomain"):
                link = (node["reftarget"], bool(node["refexplicit"]))
                asked[node["refdoc"]].setdefault(link, []).append(node)
        for docname, links in asked.items():
            for link in self._lost(docname, set(links)):
                for node in links.get(link, ()):
                    shown = list(node[0].children) if node.children else []
                    node.replace_self(shown or [nodes.literal("", f"#{node['reftarget']}")])

    def _lost(self, docname: str, asked: set[_Asked]) -> set[_Asked]:
        if cast("PolicyDomain", self.env.get_domain(DOMAIN)).given.site is None:
            return {(link.target, _has_text(link)) for link in dangling_links(self.env, docname)}
        # Of a graph's spec the handbook has what the spec says, not the pages around it.
        resolver = _Resolver(self.env, docname)
        return {(target, shown) for target, shown in asked if not resolver.finds(target, is_explicit=shown)}


def _has_text(link: Reference) -> bool:
    return link.form is ReferenceForm.TEXT


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
