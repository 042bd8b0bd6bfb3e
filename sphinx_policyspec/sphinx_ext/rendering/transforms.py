"""What must happen to a page before ids, labels and translations are made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from sphinx_policyspec.model import Finding, Principle, Severity
from sphinx_policyspec.sphinx_ext.authoring.declared import Declared, declared_on, note_finding, source_of
from sphinx_policyspec.sphinx_ext.hidden import give_back_ids, is_hidden, keep_mark, mark, take_away
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.rendering.boxes import mark_level
from sphinx_policyspec.sphinx_ext.rendering.nodes import PolicyMarker

__all__ = ["SOURCE_TITLE", "MarkSections"]

SOURCE_TITLE = "policyspec_title"
"""Attribute of a section: its title before translation, as (text, raw text, line)."""


class MarkSections(SphinxTransform):
    """Moves what a principle directive without a title says to the section that holds it.

    It runs before translation, so that titles are those of the source, and before ids are
    collected, so that the principle's own id is the section's first.
    """

    default_priority = 5

    def apply(self, **_kwargs: Any) -> None:
        """Mark what may be hidden, move the markers, then note the titles of the page's sections."""
        elements = list(self.document.findall(nodes.Element))
        declares = any(declared_on(node) for node in elements)
        if not (declares or any(node.get("refdomain") == DOMAIN for node in elements)):
            return
        mark(self.env, elements)
        give_back_ids(self.document, elements)
        for marker in (node for node in elements if isinstance(node, PolicyMarker) and not is_hidden(node)):
            self._move(marker, declared_on(marker))
            take_away(marker)
        for section in (node for node in elements if declares and isinstance(node, nodes.section)):
            title = section.next_node(nodes.title)
            if title is not None:
                section[SOURCE_TITLE] = (title.astext(), title.rawsource, title.line or section.line or 0)

    def _move(self, marker: PolicyMarker, declared: Declared | None) -> None:
        if declared is None or not isinstance(declared.item, Principle):
            return
        section = marker.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if section is None:
            self._misplaced(declared, "`policy:principle` without a title stands in no section")
        elif declared_on(section):
            self._misplaced(declared, "this section is a principle already")
        else:
            self._mark(section, declared, declared.item)
            keep_mark(section, marker)

    def _mark(self, section: nodes.section, declared: Declared, principle: Principle) -> None:
        wanted = [name for name in (principle.id, *principle.aliases) if name]
        for anchor in reversed(wanted):
            if self.document.ids.setdefault(anchor, section) is section and anchor not in section["ids"]:
                section["ids"].insert(0, anchor)
        mark_level(section, principle.authority)
        title = section.next_node(nodes.title)
        replace(declared, item=replace(principle, title=title.astext() if title else principle.id)).on(
            section
        )

    def _misplaced(self, declared: Declared, message: str) -> None:
        source = source_of(self.env, declared.path)
        finding = Finding(
            code="misplaced-directive",
            severity=Severity.WARNING,
            message=message,
            span=source.span(declared.start),
            hint="put it below the heading that it is about, or give it a title",
        )
        note_finding(self.env, finding)
