"""Former ids that sidecars give to what stands on pages: anchors there, and objects of the domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of
from sphinx_policyspec.sphinx_ext.records import PolicyObject

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.domain import PolicyDomain

__all__ = ["FormerIds", "add_anchors", "aliases_of", "former_ids_of"]

FormerIds = tuple[tuple[str, str], ...]
"""Pairs of a former id and the id of its provision."""


def former_ids_of(spec: Spec, given: Iterable[PolicyObject]) -> FormerIds:
    """Return the former ids that no page gives.

    :param given: what pages give
    """
    taken = {item.id for item in given if item.kind is TargetKind.PROVISION}
    taken.update(spec.provision_by_id)
    found: dict[str, str] = {}
    for provision in spec.provisions:
        for alias in provision.aliases:
            if alias not in taken:
                found.setdefault(alias, provision.id)
    return tuple(sorted(found.items()))


def aliases_of(former: FormerIds, given: Iterable[PolicyObject]) -> Iterator[PolicyObject]:
    """Yield objects for former ids, which lead to where their provisions stand."""
    owners = {item.id: item for item in given if item.kind is TargetKind.PROVISION and not item.is_alias}
    for alias, owner in former:
        if found := owners.get(owner):
            yield found._replace(id=alias, is_alias=True)


def add_anchors(domain: PolicyDomain, doctree: nodes.document) -> None:
    """Let links from outside that use a former id find its provision on a page."""
    wanted: dict[str, list[str]] = {}
    for item in domain.former_objects():
        wanted.setdefault(item.anchor, []).append(anchor_of(TargetKind.PROVISION, item.id))
    if not wanted:
        return
    taken = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for section in doctree.findall(nodes.section):
        for anchor in list(section["ids"]):
            section["ids"] += [name for name in wanted.get(anchor, ()) if name not in taken]
