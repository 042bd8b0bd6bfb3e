"""Plain links of MyST, ``[text](#id)``, that lead nowhere on pages of the spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_policyspec.model import Reference
from sphinx_policyspec.sphinx_ext.references import DOMAIN

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain import PolicyDomain

__all__ = ["TakePlainLinks", "dangling_links", "is_local"]


def is_local(document: nodes.document, target: str) -> bool:
    """Tell whether a page itself has an anchor, be it that of a heading."""
    return target in {*document.ids, *document.nameids, *getattr(document, "myst_slugs", {})}


def dangling_links(env: BuildEnvironment, docname: str) -> Iterator[Reference]:
    """Yield the plain links of a page of the spec that neither it nor anything else has a target for.

    What only MyST or another domain can find stays theirs; so do pages outside the spec.
    """
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    page = domain.pages.get(docname)
    for reference in page.anchors if page is not None else ():
        target = reference.target
        if domain.find_anchor(target, docname) or _is_elsewhere(env, target):
            continue
        if not any(domain.is_ignored(role, target) for role in ("myst", f"{DOMAIN}:principle")):
            yield reference


def _is_elsewhere(env: BuildEnvironment, target: str) -> bool:
    std = env.domains.standard_domain
    names = {target, target.lower()}
    if names & {*std.labels, *std.anonlabels} or target in env.all_docs:
        return True
    if any(name in names for domain in env.domains.sorted() for name, *_rest in domain.get_objects()):
        return True
    if not hasattr(env, "intersphinx_inventory"):
        return False
    return any(target in entries for entries in InventoryAdapter(env).main_inventory.values())


class TakePlainLinks(SphinxPostTransform):
    """Leaves the text of such links, before MyST warns of them: it does so only when it writes the page."""

    default_priority = 8

    def run(self, **_kwargs: Any) -> None:
        """Put their text in the place of links that lead nowhere."""
        links = [
            node
            for node in self.document.findall(addnodes.pending_xref)
            if node.get("reftype") == "myst" and not node.get("refdomain")
        ]
        if not links:
            return
        lost = self._lost({node["reftarget"] for node in links})
        for node in links:
            if node["reftarget"] in lost:
                shown = list(node[0].children) if node.children else []
                node.replace_self(shown or [nodes.literal("", f"#{node['reftarget']}")])

    def _lost(self, targets: set[str]) -> set[str]:
        domain = cast("PolicyDomain", self.env.get_domain(DOMAIN))
        if domain.site is None:
            return {reference.target for reference in dangling_links(self.env, self.env.docname)}
        # Of a graph's spec the handbook has what the spec says, not the pages around it.
        return {
            target
            for target in targets
            if not (domain.find_anchor(target, self.env.docname) or _is_elsewhere(self.env, target))
        }
