"""The domain ``policy``: what each page declares, including former ids, cross-references to it, and indices."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from html import escape
from typing import Any, ClassVar, cast

from docutils import nodes
from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, Index, IndexEntry, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.locale import get_translation
from sphinx.roles import XRefRole
from sphinx.util.logging import suppress_logging

from sphinx_policyspec.files import grouped
from sphinx_policyspec.graph.touches import about
from sphinx_policyspec.model import Principle, Spec, TargetKind
from sphinx_policyspec.model.levels import DEFAULT_LEVELS
from sphinx_policyspec.readers.inline import title_behind
from sphinx_policyspec.sphinx_ext.config import Given
from sphinx_policyspec.sphinx_ext.domain.records import (
    DOMAIN,
    KIND_OF_ROLE,
    PageRecord,
    PolicyObject,
    ShownByPages,
    Snapshot,
    Topics,
    Word,
    aliases_of,
    link_or_text,
)
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of, text_before
from sphinx_policyspec.sphinx_ext.store import EXCERPTS, FRAGMENT, TEXT_OF, read_part, write_part


def add_anchors(domain: PolicyDomain, doctree: nodes.document) -> None:
    """Let links from outside that use a former id find its provision on a page."""
    former = domain.former_objects()
    wanted = grouped((item.anchor, anchor_of(TargetKind.PROVISION, item.id)) for item in former)
    if not wanted:
        return
    used = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for section in doctree.findall(nodes.section):
        for anchor in list(section["ids"]):
            section["ids"] += [name for name in wanted.get(anchor, ()) if name not in used]


_ = get_translation("sphinx_policyspec")


class PolicyDomain(Domain):
    """What a project's pages declare about a behaviour spec."""

    name = DOMAIN
    label = "Behaviour spec"
    object_types: ClassVar[dict[str, ObjType]] = {
        "principle": ObjType(_("principle"), "principle"),
        "section": ObjType(_("section"), "principle"),
        "topic": ObjType(_("topic"), "topic"),
        "example": ObjType(_("example"), "example"),
        "level": ObjType(_("level"), "level"),
        "goal": ObjType(_("goal"), "goal"),
        "term": ObjType(_("term"), "term"),
    }
    roles: ClassVar[dict[str, Any]] = {
        role: XRefRole(innernodeclass=nodes.inline, warn_dangling=True) for role in KIND_OF_ROLE
    }
    initial_data: ClassVar[dict[str, Any]] = {
        "pages": {},
        "snapshot": Snapshot(),
        "shown": {},
        "tried": {},
        "assumed": {},
        "gone": set(),
    }
    """``pages`` by docname; the ``snapshot`` of the spec that they make up; what builders have ``shown`` on pages;
    what builders hide on pages that were resolved on trial (``tried``); what is ``assumed`` to be hidden on pages being
    read; the pages that are ``gone`` though they were read."""
    data_version = 18
    """Raised whenever the shape of what we store in the environment changes."""

    given: Given
    """What the build receives beside the pages; not stored."""

    _by_id: dict[tuple[TargetKind, str], list[PolicyObject]] | None = None
    _former: tuple[PolicyObject, ...] | None = None

    def give(self, inputs: Given) -> None:
        """Set what the build receives: the application does so, and then whoever runs it."""
        self.given = inputs

    @property
    def pages(self) -> dict[str, PageRecord]:
        """The records by docname."""
        return cast("dict[str, PageRecord]", self.data["pages"])

    @property
    def tried(self) -> dict[str, dict[str, tuple[str, frozenset[int]]]]:
        """By page and builder: what the hidden elements depend on, and their marks."""
        return cast("dict[str, dict[str, tuple[str, frozenset[int]]]]", self.data["tried"])

    def assume(self, docname: str, guess: Callable[[], Iterable[int]]) -> frozenset[int]:
        """Return the marks of what is hidden on a page that is being read: what is known, else a guess."""
        if docname not in self.data["assumed"]:
            self.data["assumed"][docname] = frozenset(guess())
        return cast("frozenset[int]", self.data["assumed"][docname])

    def assumed_hidden(self, docname: str) -> frozenset[int] | None:
        """Return the marks that were assumed while a page was read, and forget them; none where it has no marks."""
        return cast("frozenset[int] | None", self.data["assumed"].pop(docname, None))

    def read_again(self, app: Sphinx, docname: str, hidden: frozenset[int]) -> None:
        """Read a page again as one on which the elements with some marks are hidden."""
        tried = self.tried[docname]
        app.events.emit("env-purge-doc", self.env, docname)
        self.env.clear_doc(docname)
        self.data["assumed"][docname] = hidden
        # Warnings about the page were given when it was first read.
        with suppress_logging():
            app.builder.read_doc(docname)
        self.tried[docname] = tried

    def own_pages(self) -> set[str]:
        """Return the names of the pages with directives or roles of ours."""
        return {name for name, page in self.pages.items() if page.is_ours}

    @property
    def snapshot(self) -> Snapshot:
        """What was assembled when the pages were last read."""
        return cast("Snapshot", self.data["snapshot"])

    def note_snapshot(self, snapshot: Snapshot) -> None:
        """Keep what was assembled; it brings the former ids that sidecars give."""
        if snapshot.former != self.snapshot.former:
            self._forget()
        self.data["snapshot"] = snapshot

    def shown_by(self, builder: str) -> ShownByPages:
        """Return what the pages of a builder showed of others when they were last written."""
        return cast("ShownByPages", self.data["shown"].get(builder) or ShownByPages())

    def note_shown(self, builder: str, state: ShownByPages | None) -> None:
        """Keep what the pages of a builder show from now on; ``None`` where that is unknown."""
        self.data["shown"][builder] = state

    @property
    def gone(self) -> set[str]:
        """The pages that another extension left out of the project though they were read."""
        return cast("set[str]", self.data["gone"])

    def note_document(self, docname: str, record: PageRecord, packed: bytes = b"") -> None:
        """Store what a page declares, so that its doctree is not needed for that.

        :param packed: its part of the spec, if it holds one
        """
        self.pages[docname] = record
        self._forget()
        if packed:
            write_part(self.env, docname, FRAGMENT, packed)

    def note_unread(self, docname: str, unread: frozenset[int]) -> None:
        """Note the marks of what others removed from a page after it was captured."""
        if unread and docname in self.pages:
            self.pages[docname] = replace(self.pages[docname], unread=unread)

    def clear_doc(self, docname: str) -> None:
        """Forget what a page declared."""
        self.pages.pop(docname, None)
        self.tried.pop(docname, None)
        self._forget()

    def keep_pages(self, docnames: AbstractSet[str]) -> None:
        """Forget the pages that are not among some others, though they were read."""
        self.data["gone"] = self.pages.keys() - docnames
        for docname in self.data["gone"]:
            self.clear_doc(docname)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over the pages that another process has read."""
        self.pages.update({name: page for name, page in otherdata["pages"].items() if name in docnames})
        self._forget()

    def former_objects(self) -> tuple[PolicyObject, ...]:
        """Return an object for each former id that a sidecar gives."""
        if self._former is None:
            former = self.snapshot.former
            self._former = tuple(aliases_of(former, self.page_objects())) if former else ()
        return self._former

    def _forget(self) -> None:
        """Look at the pages again when next asked for an object."""
        self._by_id = self._former = None

    def page_objects(self) -> Iterator[PolicyObject]:
        """Yield every object that pages declare, pages by name, aliases included."""
        for docname in sorted(self.pages):
            yield from self.pages[docname].objects

    def objects(self) -> Iterator[PolicyObject]:
        """Yield every object: those of pages, then former ids of sidecars."""
        yield from self.page_objects()
        yield from self.former_objects()

    def find(self, kind: TargetKind, identifier: str, docname: str = "") -> PolicyObject | None:
        """Return what an id means on a page: its own object first, then the first of the project."""
        if self._by_id is None:
            self._by_id = defaultdict(list)
            for item in self.objects():
                self._by_id[item.kind, item.id].append(item)
        found = self._by_id.get((kind, identifier), [])
        return next((item for item in found if item.docname == docname), found[0] if found else None)

    def find_anchor(self, target: str, docname: str = "") -> PolicyObject | None:
        """Return what a plain link such as ``#id`` means: a provision or alias, else any anchor of ours."""
        found = self.find(TargetKind.PROVISION, target, docname)
        kind, _, identifier = target.partition("-")
        if found is None and identifier and kind in set(TargetKind):
            return self.find(TargetKind(kind), identifier, docname)
        return found

    def find_plain(self, identifier: str) -> PolicyObject | None:
        """Return a section whose author gave it no id, by the id that the spec has for it."""
        for docname in sorted(self.pages):
            anchor = identifier.removeprefix(f"{docname.replace('/', '-')}-")
            for name in (identifier, anchor):
                if name in self.pages[docname].unnamed:
                    return PolicyObject(TargetKind.PROVISION, identifier, identifier, docname, name)
        return None

    def level_names(self) -> list[str]:
        """Return the levels that pages declare, else the Model Spec's."""
        declared = [item.id for item in self.objects() if item.kind is TargetKind.LEVEL]
        return declared or [level.id for level in DEFAULT_LEVELS]

    def title_of_level(self, level: str) -> str:
        """Return the name of a level for readers."""
        if declared := self.find(TargetKind.LEVEL, level):
            return declared.title
        # In a handbook of a graph no page declares it.
        known = self.given.site.spec.level_by_id.get(level) if self.given.site else None
        return (known.title if known else "") or level.capitalize()

    def levels_shown(self) -> list[tuple[str, str]]:
        """Return the levels with their names for readers."""
        return [(level, self.title_of_level(level)) for level in self.level_names()]

    def knows(self, kind: TargetKind, identifier: str) -> bool:
        """Return whether a reference has a target, which may be a level that no page declares."""
        known_level = kind is TargetKind.LEVEL and identifier in self.level_names()
        return known_level or self.find(kind, identifier) is not None

    def is_ignored(self, role: str, target: str) -> bool:
        """Return whether the project ignores a reference that leads nowhere."""
        config = self.env.config
        if (role, target) in set(map(tuple, config.nitpick_ignore)):
            return True
        return any(
            re.fullmatch(kind, role) and re.fullmatch(name, target)
            for kind, name in config.nitpick_ignore_regex
        )

    def resolve_xref(  # noqa: PLR0917 - the signature of a domain
        self,
        env: BuildEnvironment,  # noqa: ARG002
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        """Return the link for one of our roles."""
        kind = KIND_OF_ROLE[typ]
        found = self.find(kind, target, fromdocname)
        if found is None:
            if not self.knows(kind, target):
                return None
            # A level of the Model Spec that no page declares: there is nothing to lead to.
            content = (
                contnode if node.get("refexplicit") else _retitled(contnode, self.title_of_level(target))
            )
            return cast("nodes.reference", content)
        return self._link(found, builder, fromdocname, node, contnode)

    def resolve_any_xref(  # noqa: PLR0917 - the signature of a domain
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return the links for ``:any:`` and for MyST's ``[text](#id)``: provisions, then anchors."""
        if target in env.domains.standard_domain.anonlabels:
            # The same place under a label of Sphinx's own: two answers would be called ambiguous.
            return []
        found = self.find_anchor(target, fromdocname)
        if found is None:
            return []
        role = self.role_for_objtype(found.objtype) or "principle"
        return [(f"{DOMAIN}:{role}", self._link(found, builder, fromdocname, node, contnode))]

    def _link(
        self, found: PolicyObject, builder: Builder, fromdocname: str, node: pending_xref, contnode: Element
    ) -> nodes.reference:
        explicit = node.get("refexplicit")
        child = contnode if explicit else _retitled(contnode, title_behind(text_before(node), found.title))
        link = link_or_text(builder, fromdocname, found.docname, found.anchor, child)
        return cast("nodes.reference", link)

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield every object for the inventory alone: Sphinx's search takes titles for anchors; ours finds them."""
        for item in self.objects():
            if item.anchor:
                yield item.id, item.title, item.objtype, item.docname, item.anchor, -1


def _retitled(contnode: Element, title: str) -> Element:
    """Return the content of a link with the title of its target as text."""
    content = contnode.copy()
    content += nodes.Text(title)
    return content


def domain_of(env: BuildEnvironment) -> PolicyDomain:
    """Return our domain of an environment."""
    return cast("PolicyDomain", env.get_domain(DOMAIN))


_Groups = list[tuple[str, list[IndexEntry]]]


def topics_of(spec: Spec) -> Topics:
    """Return what an index by topic shows, topics that sidecars give included."""
    found = about(spec)
    # The records of pages have the titles of principles.
    titles = {item.id: "" if isinstance(item, Principle) else item.title for item in spec.provisions}
    return tuple(
        (label, topic, tuple((name, titles[name]) for name in found[topic]))
        for label, topic in sorted((topic.label, topic.id) for topic in spec.topics)
        if found[topic]
    )


class _PolicyIndex(Index):
    """Base of our indices."""

    domain: PolicyDomain

    def _among(self, items: Iterable[PolicyObject], docnames: Iterable[str] | None) -> Iterator[PolicyObject]:
        """Yield the objects that are on some pages, by default on any."""
        wanted = None if docnames is None else set(docnames)
        return (item for item in items if wanted is None or item.docname in wanted)


class LevelIndex(_PolicyIndex):
    """Every principle, under its level of authority."""

    name = "levels"
    localname = Word(_("Principles by level of authority"))
    shortname = Word(_("levels"))

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each level, in the order of first use, principles by title."""
        groups: dict[str, list[PolicyObject]] = defaultdict(list)
        for item in self._among(self.domain.objects(), docnames):
            if item.level and not item.is_alias:
                groups[item.level].append(item)
        order = {level: number for number, level in enumerate(self.domain.level_names())}
        ranked = sorted(groups, key=lambda level: (order.get(level, len(order)), level))
        content = []
        for level in ranked:
            items = sorted(groups[level], key=lambda item: (item.title.casefold(), item.id))
            content.append((self.domain.title_of_level(level), [_entry(item) for item in items]))
        return content, False


class TopicIndex(_PolicyIndex):
    """Every provision, under each topic that it is about; sections are named as such."""

    name = "topics"
    localname = Word(_("Principles by topic"))
    shortname = Word(_("topics"))

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each topic, by label, with provisions in reading order."""
        groups = []
        for label, topic, ids in self.domain.snapshot.topics:
            declared = self.domain.find(TargetKind.TOPIC, topic)
            found = (item for name, title in ids if (item := _provision(self.domain, name, title)))
            if listed := list(self._among(found, docnames)):
                entries = [_entry(item, "" if item.level else str(_("section"))) for item in listed]
                groups.append((declared.title if declared else label, entries))
        return groups, False


class ExampleIndex(_PolicyIndex):
    """Every example by its title."""

    name = "examples"
    localname = Word(_("Examples"))
    shortname = Word(_("examples"))

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each first letter, examples by title."""
        groups: dict[str, list[IndexEntry]] = defaultdict(list)
        examples = [item for item in self.domain.objects() if item.kind is TargetKind.EXAMPLE]
        for item in self._among(
            sorted(examples, key=lambda item: (item.title.casefold(), item.id)), docnames
        ):
            letter = next((char.upper() for char in item.title if char.isalnum()), "…")
            groups[letter].append(_entry(item))
        return sorted(groups.items()), False


class PromptIndex(_PolicyIndex):
    """Every evaluation prompt that its author shows, with its text, under the page that shows it."""

    name = "prompts"
    localname = Word(_("Evaluation prompts"))
    shortname = Word(_("prompts"))

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[_Groups, bool]:
        """Return one group for each page, prompts in reading order."""
        env, groups = self.domain.env, []
        for docname in sorted(self.domain.pages if docnames is None else docnames):
            begins = read_part(env, docname, EXCERPTS) or {}
            entries = [
                IndexEntry(
                    title or anchor.partition("-")[2],
                    0,
                    docname,
                    anchor,
                    "",
                    "",
                    begins[f"{TEXT_OF}{anchor}"],
                )
                for anchor, title in begins.items()
                if f"{TEXT_OF}{anchor}" in begins
            ]
            if entries:
                groups.append((env.titles[docname].astext(), entries))
        return groups, False


LEVEL_INDEX, TOPIC_INDEX = (f"{DOMAIN}-{index.name}" for index in (LevelIndex, TopicIndex))
"""Names of the pages of these indices."""
INDICES = (LevelIndex, TopicIndex, ExampleIndex, PromptIndex)
"""In the order in which a site lists them."""


def is_index_page(pagename: str, templatename: str) -> bool:
    """Return whether a page is an index of this domain."""
    return templatename == "domainindex.html" and pagename.startswith(f"{DOMAIN}-")


def _safe_heading(heading: str) -> str:
    """Escape a heading; a space in an id, which HTML forbids, becomes one that does not break."""
    return escape(heading).replace(" ", "\N{NO-BREAK SPACE}")


def anchor_of_heading(heading: str) -> str:
    """Return the anchor of a group in an index of ours, as an attribute of HTML may have it."""
    return f"cap-{_safe_heading(heading)}"


def _provision(domain: PolicyDomain, identifier: str, title: str) -> PolicyObject | None:
    """Return where a provision is, even if it is a section whose author gave it no id."""
    if found := domain.find(TargetKind.PROVISION, identifier):
        return found
    plain = domain.find_plain(identifier)
    return plain and plain._replace(title=title)


def _entry(item: PolicyObject, extra: str = "") -> IndexEntry:
    return IndexEntry(item.title, 0, item.docname, item.anchor, extra, "", "")
