"""What must happen to a page before ids, labels and translations are made."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from sphinx_policyspec.model import Finding, Principle, Severity, TargetKind
from sphinx_policyspec.sphinx_ext.authoring.declared import (
    Declared,
    declared_on,
    findings_on,
    note_finding,
)
from sphinx_policyspec.sphinx_ext.capturing.inline import WRITTEN, keep_written, shown_title
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.hidden import give_back_ids, hides, is_hidden, keep_mark, mark, take_away
from sphinx_policyspec.sphinx_ext.nodes.boxes import mark_level
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyMarker, anchor_of
from sphinx_policyspec.sphinx_ext.page_markup import markup_of

__all__ = ["HOME", "SOURCE_TITLE", "MarkSections"]

HOME = "policyspec_home"
"""Attribute of a note: the identity of the section that it stands in, since MyST moves it to the end of the page."""

SOURCE_TITLE = "policyspec_title"
"""Attribute of a section: its title before translation, as (text, raw text)."""


class MarkSections(SphinxTransform):
    """Moves what a principle directive without a title says to the section that holds it.

    It runs before translation, so that titles are those of the source, and before ids are
    collected, so that the principle's own id is the section's first.
    """

    default_priority = 5

    def apply(self, **_kwargs: Any) -> None:
        """Mark what may be hidden, move the markers, then note the words of the page's texts and titles."""
        elements = list(self.document.findall(nodes.Element))
        declares = any(declared_on(node) for node in elements)
        if not (declares or any(node.get("refdomain") == DOMAIN for node in elements)):
            return
        mark(self.env, elements)
        give_back_ids(self.document, elements)
        for marker in (node for node in elements if isinstance(node, PolicyMarker) and not is_hidden(node)):
            for finding in findings_on(marker):
                note_finding(self.env, finding)
            self._move(marker, declared_on(marker))
            take_away(marker)
        if not declares:
            return
        self.env.temp_data[WRITTEN] = keep_written(self.document, markup_of(self.env))
        for section in self.document.findall(nodes.section):
            title = section.next_node(nodes.title)
            if title is not None:
                section[SOURCE_TITLE] = (shown_title(title), "" if hides(title) else title.rawsource)
        for note in self.document.findall(nodes.footnote):
            note[HOME] = id(_section_around(note))

    def _move(self, marker: PolicyMarker, declared: Declared | None) -> None:
        if declared is None or not isinstance(declared.item, Principle):
            return
        section = _section_around(marker)
        if section is None:
            self._misplaced(declared, "`policy:principle` without a title stands in no section")
        elif declared_on(section):
            self._misplaced(declared, "this section is a principle already")
        else:
            self._mark(section, declared, declared.item)
            keep_mark(section, marker)

    def _mark(self, section: nodes.section, declared: Declared, principle: Principle) -> None:
        names = (principle.id, *principle.aliases)
        wanted = [anchor_of(TargetKind.PROVISION, name) for name in names if name]
        for anchor in reversed(wanted):
            if self.document.ids.setdefault(anchor, section) is section and anchor not in section["ids"]:
                section["ids"].insert(0, anchor)
        mark_level(section, principle.authority)
        declared.on(section)

    def _misplaced(self, declared: Declared, message: str) -> None:
        finding = Finding(
            code="misplaced-directive",
            severity=Severity.WARNING,
            message=message,
            span=declared.span,
            hint="put it below the heading that it is about, or give it a title",
        )
        note_finding(self.env, finding)


def _section_around(node: nodes.Element) -> nodes.section | None:
    """Return the section that a node stands in."""
    above = node.parent
    while above is not None and not isinstance(above, nodes.section):
        above = above.parent
    return above
