"""A page that was read → its part of the spec: provisions, blocks in order, references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from sphinx_policyspec import model
from sphinx_policyspec.files import exact
from sphinx_policyspec.readers.comments import without_comments
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import (
    DOMAIN,
    Ask,
    FindingOfKnown,
    PageRecord,
    outside_record,
)
from sphinx_policyspec.sphinx_ext.nodes.boxes import mark_level
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyClause,
    PolicyCount,
    PolicyMarker,
    PolicyMessage,
    PolicyResponse,
    anchor_of,
    elements_of,
)
from sphinx_policyspec.sphinx_ext.pages import marks
from sphinx_policyspec.sphinx_ext.pages.cases import CapturePlace, Cases
from sphinx_policyspec.sphinx_ext.pages.gathered import FoundLinks, Gathered, LinkPlace, Region, TextPlaces
from sphinx_policyspec.sphinx_ext.pages.inline import (
    VISIBLE,
    excerpts_of,
    keep_visible_text,
    shown_title,
    shown_titles,
    title_with_substitutions,
)
from sphinx_policyspec.sphinx_ext.pages.markup import writer_of
from sphinx_policyspec.sphinx_ext.pages.places import ignores_of, markup_of, source_of
from sphinx_policyspec.sphinx_ext.store import EXCERPTS, pack, write_part

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

HOME = "policyspec_home"
"""Attribute of a note: the identity of the section that it is in, since MyST moves it to the end of the page."""

SOURCE_TITLE = "policyspec_title"
"""Attribute of a section: its title before translation, as (text, raw text)."""


_CODE = (nodes.literal, nodes.title_reference)
_BARE_ID = re.compile(r"[A-Za-z][\w-]*")


def _role_text(node: addnodes.pending_xref) -> str:
    """Return what is between the backticks of a role."""
    return node["reftarget"] if not node["refexplicit"] else f"{node.astext()} <{node['reftarget']}>"


class MarkSections(SphinxTransform):
    """Moves what a principle directive without a title says to the section that holds it.

    It runs before translation, so that titles are those of the source, and before ids are
    collected, so that the principle's own id is the section's first.
    """

    default_priority = 5

    def apply(self, **_kwargs: Any) -> None:
        """Mark what may be hidden, move the markers, then store the words of the page's texts and titles."""
        elements = elements_of(self.document)
        declares = any(marks.declared_on(node) for node in elements)
        if not (declares or any(node.get("refdomain") == DOMAIN for node in elements)):
            return
        marks.mark(self.env, elements)
        marks.give_back_ids(self.document, elements)
        for node in elements:
            if isinstance(node, nodes.paragraph | nodes.title) and not marks.is_hidden(node):
                self._find_broken_roles(node)
        for marker in (
            node for node in elements if isinstance(node, PolicyMarker) and not marks.is_hidden(node)
        ):
            for finding in marks.findings_on(marker):
                marks.note_finding(self.env, finding)
            self._move(marker, marks.declared_on(marker))
            marks.remove_node(marker)
        if not declares:
            return
        self.env.temp_data[VISIBLE] = keep_visible_text(self.document, elements, markup_of(self.env))
        for node in elements:
            if isinstance(node, nodes.section) and (title := node.next_node(nodes.title)) is not None:
                node[SOURCE_TITLE] = (shown_title(title), "" if marks.hides(title) else title.rawsource)
            elif isinstance(node, nodes.footnote):
                node[HOME] = id(_section_around(node))

    def _find_broken_roles(self, text: nodes.TextElement) -> None:
        """Find text that is almost one of our roles, or a link, and stays text."""
        is_myst, above = markup_of(self.env) is model.Markup.MYST, ""
        before: nodes.Node = nodes.Text("")
        for node, behind in pairwise([*text.children, nodes.Text("")]):
            words, is_code = node.astext(), isinstance(node, _CODE)
            above += words
            if isinstance(node, addnodes.pending_xref) and node.get("refdomain") == DOMAIN:
                if slip := marks.broken_role(node["reftype"], _role_text(node), is_myst=is_myst):
                    node["reftarget"] = slip.target
                    self._note_broken(text, above.count("\n") - words.count("\n"), slip.problem, slip.right)
            elif isinstance(node, nodes.Text) or is_code:
                code = behind.astext() if isinstance(behind, _CODE) else None
                around = before.astext() if isinstance(before, _CODE) else "", behind.astext()
                # Backticks after the name of a role are reported with that name.
                is_named = before.astext().rstrip(" ").endswith((":", "}"))
                is_bare = isinstance(node, nodes.title_reference) and not is_named
                kinds = {"is_myst": is_myst, "is_code": is_code, "is_bare": is_bare}
                for found in marks.near_references(words, code, **kinds, around=around):
                    below = above.count("\n") - words.count("\n", found.start)
                    message = f"`{found.text}` is no {found.what}, but text"
                    self._note_broken(text, below, message, found.right, found.target)
            elif isinstance(node, nodes.reference) and _BARE_ID.fullmatch(address := node.get("refuri", "")):
                right = f":{DOMAIN}:principle:`{words} <{address}>`"
                message = f"`{words} <{address}>` is no role, but a link to a file"
                self._note_broken(text, above.count("\n") - words.count("\n"), message, right, address)
            before = node

    def _note_broken(
        self, text: nodes.TextElement, below: int, message: str, right: str, target: str = ""
    ) -> None:
        """Note text that was meant as a reference; where it has a target, only if something has this id."""
        span = source_of(self.env, text.source or "").span((text.line or 1) + below)
        hint = f"write {right}"
        found = FindingOfKnown(code="invalid-role", message=message, span=span, hint=hint, target=target)
        marks.note_finding(self.env, found)

    def _move(self, marker: PolicyMarker, declared: marks.Declared | None) -> None:
        if declared is None or not isinstance(declared.item, model.Principle) or declared.is_lifted:
            return
        section = _section_around(marker)
        if section is None:
            self._misplaced(declared, "`policy:principle` without a title is in no section")
        elif marks.declared_on(section):
            self._misplaced(declared, "this section is a principle already")
        else:
            self._mark(section, declared, declared.item)
            marks.keep_mark(section, marker)

    def _mark(self, section: nodes.section, declared: marks.Declared, principle: model.Principle) -> None:
        names = (principle.id, *principle.aliases)
        anchors = [anchor_of(model.TargetKind.PROVISION, name) for name in names if name]
        for anchor in reversed(anchors):
            if self.document.ids.setdefault(anchor, section) is section and anchor not in section["ids"]:
                section["ids"].insert(0, anchor)
        mark_level(section, principle.authority)
        declared.on(section)

    def _misplaced(self, declared: marks.Declared, message: str) -> None:
        finding = model.Finding(
            code="misplaced-directive",
            message=message,
            span=declared.span,
            hint="put it below the heading that it is about, or give it a title",
        )
        marks.note_finding(self.env, finding)


def _section_around(node: nodes.Element) -> nodes.section | None:
    """Return the section that a node is in."""
    above = node.parent
    while above is not None and not isinstance(above, nodes.section):
        above = above.parent
    return above


class CapturePage(SphinxTransform):
    """Collects what a page declares once it is read; titles are those that it shows.

    It runs when Sphinx domains process a page: after translation, and before other handlers remove nodes from it.
    """

    default_priority = 850

    def apply(self, **_kwargs: Any) -> None:
        """Give the domain the record of the page, and store its part of the spec and the beginnings of its texts."""
        env, document, docname = self.env, self.document, self.env.docname
        domain = domain_of(env)
        noted, hidden = domain.pages.get(docname), domain.assumed_hidden(docname)
        with marks.without_hidden(document):
            record, packed = (noted, b"") if noted else _capture(env, docname, document)
            elements = elements_of(document)
            if record is not None and (record.holds_spec or record.questions):
                marks.strip_comments(elements)
            excerpts, titles = excerpts_of(elements), shown_titles(elements)
        marks.keep_marked(env, document)
        if record is None and hidden is not None:
            # Another builder may show what it declares.
            record = PageRecord()
        if record is not None:
            write_part(env, docname, EXCERPTS, pack(excerpts))
            record = replace(record, hidden=hidden).with_titles(titles)
            domain.note_document(docname, record.with_words(exact((titles, excerpts))), packed)


def _capture(
    env: BuildEnvironment, docname: str, document: nodes.document
) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or none where it uses nothing of ours, and its part of the spec, packed."""
    record, packed = _record(env, docname, document)
    return (None if record is None else replace(record, ignores=ignores_of(env))), packed


def _record(env: BuildEnvironment, docname: str, document: nodes.document) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or nothing where it uses nothing of ours.

    On a page with directives of ours every section is a provision, whether or not its author gave
    it an id; on any other page none is, so that ordinary documentation stays out of the graph.
    """
    elements = elements_of(document)
    found = [(node, item) for node in elements if (item := marks.declared_on(node))]
    findings = (*marks.take_findings(env), *(f for node in elements for f in marks.findings_on(node)))
    asking = [(node, item.item) for node, item in found if isinstance(item.item, Ask)]
    for number, (node, _question) in enumerate(asking):
        node["docname"], node["number"] = docname, number
    questions = tuple(question for _node, question in asking)
    if len(found) > len(asking):
        return _Capture(env, docname, document, elements).run().record(findings, questions)
    for node, _declared in found:
        marks.declared_on(node, take=True)
    links = _links_outside(env, elements)
    if not (findings or asking or links.references or links.maybe):
        return None, b""
    maybe = {link.target: link for link in links.maybe}
    record = outside_record(findings, questions, tuple(links.references), tuple(maybe.values()))
    return record, b""


def _around(node: nodes.Element) -> Iterator[nodes.Element]:
    """Yield the ancestors of a node, nearest first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _links_outside(env: BuildEnvironment, elements: Iterable[nodes.Element]) -> FoundLinks:
    """Return the links of a page that declares nothing: they are not part of the spec."""
    found = FoundLinks(TextPlaces(env))
    place = LinkPlace(source=source_of(env))
    for node in elements:
        is_ours = node.get("refdomain") == DOMAIN or node.get("reftype") in {"any", "myst"}
        if node.get("id_link") or (is_ours and isinstance(node, addnodes.pending_xref)):
            found.add(node, place)
    return found


class _Capture:
    """One walk over a page."""

    def __init__(
        self,
        env: BuildEnvironment,
        docname: str,
        document: nodes.document,
        elements: Iterable[nodes.Element],
    ) -> None:
        self.env = env
        self.document = document
        self.main = source_of(env)
        self.places = TextPlaces(env)
        markup = markup_of(env)
        self.writer = writer_of(markup)
        self.page = Gathered(
            env=env,
            docname=docname,
            document=document,
            markup=markup,
            preamble=self._region(self.main.span(1)),
            links=FoundLinks(self.places),
            outside=FoundLinks(self.places),
        )
        self.cases = Cases(self.page, self._walk)
        self.inside: dict[int | None, CapturePlace] = {}
        self.holding: set[str] = set()
        self.mixed = _around_blocks(elements)

    def run(self) -> Gathered:
        """Walk the page."""
        place = CapturePlace(region=self.page.preamble, links=LinkPlace(source=self.main))
        self._walk_children(self.document, place)
        for node in self.env.temp_data.pop(VISIBLE, None) or ():
            node.attributes.pop(VISIBLE, None)
        for item, region in self.page.provisions:
            self.page.find_unplaced(item, region)
        self.page.find_empty()
        return self.page

    def _region(self, at: model.Span) -> Region:
        return Region(self.writer, self.places, at)

    # -- the walk ---------------------------------------------------------------------------

    def _walk_children(self, node: nodes.Element, place: CapturePlace) -> None:
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self._walk(child, place)

    def _walk(self, node: nodes.Element, place: CapturePlace) -> None:
        declared = marks.declared_on(node, take=True)
        place = self.inside.get(node.attributes.pop(HOME, None), place)
        if place.takes and declared is None and self._is_text(node):
            place.region.write(node)
            place = place._replace(takes=False)
        if isinstance(node, nodes.section) and not place.links.message:
            self._section(node, declared, place)
        elif declared is not None and not isinstance(node, PolicyCount):
            self._declared(node, declared, place)
        elif isinstance(node, PolicyClause):
            self._clause(node, place)
        elif isinstance(node, addnodes.pending_xref | nodes.reference):
            self.page.links.add(node, place.links)
        elif isinstance(node, nodes.paragraph) and "ps-note" in node["classes"]:
            self._walk_children(node, place.at(carrier=model.Carrier.VERDICT))
        else:
            self._walk_children(node, place)

    def _is_text(self, node: nodes.Element) -> bool:
        """Return whether a node is text of the provision around it, and holds nothing else."""
        return id(node) not in self.mixed and not isinstance(node, nodes.section | PolicyCount)

    # -- provisions -------------------------------------------------------------------------

    def _section(self, node: nodes.section, declared: marks.Declared | None, place: CapturePlace) -> None:
        title, raw = node.attributes.pop(SOURCE_TITLE, ("", ""))
        principle = declared.item if declared and isinstance(declared.item, model.Principle) else None
        if declared is not None and declared.is_block:
            span, text = marks.start_of(declared), ""
        else:
            span, text = self._heading(node, raw or title)
        region = self._region(span)
        item = replace(
            principle or model.Section(id="", title="", depth=0, span=span),
            id=self._identifier(node, principle),
            title=title,
            depth=place.depth + 1,
            parent=place.links.provision or None,
            span=span,
            source=text,
        )
        self.page.provisions.append((item, region))
        if declared is not None and principle is not None:
            self._note_principle(declared, item, place)
        inner = CapturePlace(
            region=region,
            links=LinkPlace(source=place.links.source, provision=item.id, line=node.line or place.links.line),
            depth=item.depth,
            principle=item.id if principle is not None else place.principle,
            is_norm=principle is not None or place.is_norm,
        )
        self.inside[id(node)] = inner
        title_place = inner.at(carrier=model.Carrier.TITLE)._replace(takes=False)
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self._walk(child, title_place if isinstance(child, nodes.title) else inner)

    def _heading(self, node: nodes.section, raw: str) -> tuple[model.Span, str]:
        """Return the place of a heading, and its words as they stand there."""
        title = node.next_node(nodes.title) or node
        source, at = self.places.of(title, (raw,))
        words = without_comments([raw]).masked[0] if markup_of(self.env) is model.Markup.MYST else raw
        if not at.is_exact:
            return model.Span(source.file, at.line), words
        span = model.Span(source.file, at.line, 1, at.line + 1, 1)
        return span, " " * (at.columns[0] - 1) + words

    def _note_principle(self, declared: marks.Declared, item: model.Provision, place: CapturePlace) -> None:
        self.page.add_places(item.id, declared, "provision", "principle")
        if place.principle and not declared.is_lifted and place.principle not in self.holding:
            self.holding.add(place.principle)
            message = f"principle `{item.id}` is inside principle `{place.principle}`"
            hint = "put them side by side, each below a heading of the same depth"
            self.page.find("nested-principle", message, marks.start_of(declared), hint)

    def _identifier(self, node: nodes.section, principle: model.Principle | None) -> str:
        """Return the id of a section: its principle's, else its author's label, else the one made of its title."""
        if principle is not None and principle.id:
            return principle.id
        labels = [name for name in node["names"] if self.document.nametypes.get(name)]
        if not labels:
            identifier = str(node["ids"][0]) if node["ids"] else ""
            if principle is None:
                self.page.unnamed.add(identifier)
            return identifier
        anchor = (
            labels[0] if " " not in labels[0] else str(self.document.nameids.get(labels[0]) or node["ids"][0])
        )
        if anchor not in node["ids"] and self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)
        return anchor

    # -- blocks -----------------------------------------------------------------------------

    def _find_stray(self, node: nodes.Element, declared: marks.Declared) -> None:
        """Report a message outside every example; one that follows another belongs to the same conversation."""
        above = node.parent[: node.parent.index(node)]
        before = next((other for other in reversed(above) if not isinstance(other, nodes.Invisible)), None)
        if not isinstance(before, PolicyMessage | PolicyResponse):
            message = "a conversation is outside every example"
            hint = "put it into `policy:example` or `policy:prompt`"
            self.page.find("misplaced-directive", message, marks.start_of(declared), hint)

    def _declared(self, node: nodes.Element, declared: marks.Declared, place: CapturePlace) -> None:
        is_norm = place.is_norm and isinstance(declared.item, model.Definition)
        place = place.at(line=node.line or place.links.line)._replace(takes=False, is_norm=is_norm)
        match declared.item:
            case model.Example():
                self.cases.example(node, declared, declared.item, place)
                return
            case model.EvalPrompt():
                self.cases.prompt(node, declared, declared.item, place)
                return
            case model.Message() | marks.Conversation():
                self._find_stray(node, declared)
            case model.Definition() | model.Commentary():
                place.region.append(_with_shown_term(place.region.fill(declared.item, _content(node)), node))
            case model.AuthorityLevel():
                self.page.levels.append(replace(declared.item, text=place.region.text(_content(node))))
                self.page.add_places(declared.item.id, declared, "level")
            case model.Topic():
                self.page.topics.append(replace(declared.item, text=place.region.text(_content(node))))
                self.page.add_places(declared.item.id, declared, "topic")
            case model.Goal():
                self.page.goals.append(replace(declared.item, text=place.region.text(_content(node))))
            case model.Spec():
                title = title_with_substitutions(node.next_node(nodes.term), declared.item.title)
                self.page.add_meta(replace(declared.item, title=title), marks.start_of(declared))
        self._walk_children(node, place)

    def _clause(self, node: PolicyClause, place: CapturePlace) -> None:
        """Record a clause; its level is not a reference that the text makes."""
        text = node.children[0].astext() if node.children else ""
        span = self.page.outside.locate(node, text, place.links)
        if not place.is_norm:
            for link in node.findall(addnodes.pending_xref):
                self.page.outside.add(link, place.links)
            message = "a clause is outside the text of every principle"
            self.page.find("misplaced-clause", message, span, "put it into the text of its principle")
        elif text and node["level"]:
            self.page.clauses.append(
                model.Clause(
                    principle=place.principle,
                    authority=node["level"],
                    text=text,
                    span=span,
                    permits_by=node["permits-by"],
                )
            )


def _around_blocks(elements: Iterable[nodes.Element]) -> set[int]:
    """Return the identities of nodes that contain more than text: provisions, examples, questions."""
    found: set[int] = set()
    for node in elements:
        if isinstance(node, nodes.section) or (marks.declared_on(node) and not isinstance(node, PolicyCount)):
            found.update(map(id, _around(node)))
    return found


def _with_shown_term(
    block: model.Definition | model.Commentary, node: nodes.Element
) -> model.Definition | model.Commentary:
    """Return a definition with its term as readers see it, and anything else unchanged."""
    if not isinstance(block, model.Definition):
        return block
    return replace(block, term=title_with_substitutions(node.next_node(nodes.term), block.term))


def _content(node: nodes.Element) -> list[nodes.Node]:
    """Return the content of a box's directive, without the words that we add."""
    meaning = node.next_node(nodes.definition)
    children = meaning.children if meaning is not None else node.children[1:]
    return [one for one in children if not isinstance(one, nodes.Element) or "ps-meta" not in one["classes"]]
