"""Indices: principles by level, provisions by topic, and examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any, cast

from sphinx.domains import Index, IndexEntry
from sphinx.locale import get_translation

from sphinx_policyspec.graph.touches import about
from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, PolicyObject

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = [
    "INDICES",
    "ExampleIndex",
    "LevelIndex",
    "TopicIndex",
    "escape_headings",
    "is_index_page",
    "topics_of",
]

_ = get_translation("sphinx_policyspec")

Topics = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
"""The label and id of each topic with the ids and titles of what is about it."""

_DATA = ("json", "pickle")
"""Builders that write what templates would get."""

_Groups = list[tuple[str, list[IndexEntry]]]


def topics_of(spec: Spec) -> Topics:
    """Return what an index by topic shows, topics that sidecars give included."""
    found = about(spec)
    titles = {provision.id: provision.title for provision in spec.provisions}
    return tuple(
        (label, topic, tuple((name, titles[name]) for name in found[topic]))
        for label, topic in sorted((topic.label, topic.id) for topic in spec.topics)
        if found[topic]
    )


class LevelIndex(Index):
    """Every principle, under its level of authority."""

    name = "levels"
    # Not translated: the JSON builders of Sphinx cannot write its lazy texts.
    localname = "Principles by level of authority"
    shortname = "levels"

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each level, in the order of first use, principles by title."""
        domain = cast("PolicyDomain", self.domain)
        wanted = None if docnames is None else set(docnames)
        groups: dict[str, list[PolicyObject]] = defaultdict(list)
        for item in domain.objects():
            if item.level and not item.is_alias and (wanted is None or item.docname in wanted):
                groups[item.level].append(item)
        order = {level: number for number, level in enumerate(domain.level_names())}
        ranked = sorted(groups, key=lambda level: (order.get(level, len(order)), level))
        content = []
        for level in ranked:
            items = sorted(groups[level], key=lambda item: (item.title.casefold(), item.id))
            content.append((domain.title_of_level(level), [_entry(item) for item in items]))
        return content, False


class TopicIndex(Index):
    """Every provision, under each topic that it is about; sections are named as such."""

    name = "topics"
    localname = "Principles by topic"
    shortname = "topics"

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each topic, by label, with provisions in reading order."""
        domain = cast("PolicyDomain", self.domain)
        wanted = None if docnames is None else set(docnames)
        groups = []
        for label, topic, ids in cast("Topics", domain.data["topics"]):
            declared = domain.find(TargetKind.TOPIC, topic)
            found = [item for name, title in ids if (item := _provision(domain, name, title))]
            shown = [item for item in found if wanted is None or item.docname in wanted]
            if shown:
                entries = [_entry(item, "" if item.level else str(_("section"))) for item in shown]
                groups.append((declared.title if declared else label, entries))
        return groups, False


class ExampleIndex(Index):
    """Every example by its title."""

    name = "examples"
    localname = "Examples"
    shortname = "examples"

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each first letter, examples by title."""
        domain = cast("PolicyDomain", self.domain)
        wanted = None if docnames is None else set(docnames)
        groups: dict[str, list[PolicyObject]] = defaultdict(list)
        for item in domain.objects():
            if item.kind is TargetKind.EXAMPLE and (wanted is None or item.docname in wanted):
                letter = next((char.upper() for char in item.title if char.isalnum()), "…")
                groups[letter].append(item)
        return [
            (
                letter,
                [_entry(item) for item in sorted(items, key=lambda item: (item.title.casefold(), item.id))],
            )
            for letter, items in sorted(groups.items())
        ], False


INDICES = (LevelIndex, TopicIndex, ExampleIndex)
"""In the order in which a site lists them."""


def is_index_page(pagename: str, templatename: str) -> bool:
    """Tell whether a page is an index of this domain."""
    return templatename == "domainindex.html" and pagename.startswith(f"{DOMAIN}-")


def escape_headings(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,  # noqa: ARG001
) -> None:
    """Escape the headings of our indices: the template of Sphinx takes them for letters, and ids.

    A space in an id, which HTML forbids, becomes one that does not break.
    """
    # The builders of JSON and pickles hand the headings on as they are.
    if not is_index_page(pagename, templatename) or app.builder.name in _DATA:
        return
    context["content"] = [
        (escape(heading).replace(" ", "\N{NO-BREAK SPACE}"), entries)
        for heading, entries in context["content"]
    ]


def _provision(domain: PolicyDomain, identifier: str, title: str) -> PolicyObject | None:
    """Return where a provision stands, be it a section whose author gave it no id."""
    if found := domain.find(TargetKind.PROVISION, identifier):
        return found
    plain = domain.find_plain(identifier)
    return plain and plain._replace(title=title)


def _entry(item: PolicyObject, extra: str = "") -> IndexEntry:
    return IndexEntry(item.title, 0, item.docname, item.anchor, extra, "", "")
