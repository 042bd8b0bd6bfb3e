"""A page that was read → its part of the spec: provisions, blocks in order, references."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.model import (
    AuthorityLevel,
    Carrier,
    Clause,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Goal,
    Message,
    Principle,
    Provision,
    Section,
    Spec,
    Topic,
)
from sphinx_policyspec.sphinx_ext.authoring.declared import (
    Conversation,
    Declared,
    Source,
    declared_on,
    ignores_of,
    source_of,
    take_findings,
)
from sphinx_policyspec.sphinx_ext.capturing.cases import Cases
from sphinx_policyspec.sphinx_ext.capturing.gathered import Gathered
from sphinx_policyspec.sphinx_ext.capturing.links import FoundLinks, LinkPlace
from sphinx_policyspec.sphinx_ext.capturing.prose import heading_lines
from sphinx_policyspec.sphinx_ext.capturing.region import Region
from sphinx_policyspec.sphinx_ext.capturing.turn_reader import CapturePlace
from sphinx_policyspec.sphinx_ext.page_markup import counts_lines, markup_of
from sphinx_policyspec.sphinx_ext.records import PageRecord, Question, outside_record
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.rendering.nodes import (
    PolicyClause,
    PolicyCount,
    PolicyHidden,
)
from sphinx_policyspec.sphinx_ext.rendering.transforms import SOURCE_TITLE

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["capture"]


def capture(env: BuildEnvironment, docname: str, document: nodes.document) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or none where it uses nothing of ours, and its part of the spec, packed."""
    record, packed = _record(env, docname, document)
    return (None if record is None else replace(record, ignores=ignores_of(env))), packed


def _record(env: BuildEnvironment, docname: str, document: nodes.document) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or nothing where it uses nothing of ours.

    On a page with directives of ours every section is a provision, whether or not its author gave
    it an id; on any other page none is, so that ordinary documentation stays out of the graph.
    """
    found = [(node, item) for node in document.findall(nodes.Element) if (item := declared_on(node))]
    findings = take_findings(env)
    asking = [(node, item.item) for node, item in found if isinstance(item.item, Question)]
    for number, (node, _question) in enumerate(asking):
        node["docname"], node["number"] = docname, number
    questions = tuple(question for _node, question in asking)
    if len(found) > len(asking):
        return _Capture(env, docname, document).run().record(findings, questions)
    for node, _declared in found:
        declared_on(node, take=True)
    links = _links_outside(env, docname, document)
    if not (findings or asking or links.references or links.maybe):
        return None, b""
    maybe = {link.target: link for link in links.maybe}
    record = outside_record(findings, questions, tuple(links.references), tuple(maybe.values()))
    return record, b""


def _links_outside(env: BuildEnvironment, docname: str, document: nodes.document) -> FoundLinks:
    """Return the links of a page that declares nothing: they are no part of the spec."""
    found = FoundLinks()
    source = None
    for node in document.findall(nodes.Element):
        is_ours = node.get("refdomain") == DOMAIN or node.get("reftype") in {"any", "myst"}
        if node.get("id_link") or (is_ours and isinstance(node, addnodes.pending_xref)):
            source = source or source_of(env, str(env.doc2path(docname)))
            found.add(node, LinkPlace(source=source, end=len(source.lines) + 1))
    return found


class _Capture:
    """One walk over a page."""

    def __init__(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        self.env = env
        self.document = document
        self.main = source_of(env, str(env.doc2path(docname)))
        self.markup = markup_of(env)
        self.page = Gathered(
            env=env,
            docname=docname,
            document=document,
            main=self.main,
            markup=self.markup,
            preamble=Region(self.main, 1, len(self.main.lines) + 1),
        )
        self.cases = Cases(self.page, self._walk)

    def run(self) -> Gathered:
        """Walk the page."""
        preamble = self.page.preamble
        place = CapturePlace(region=preamble, links=LinkPlace(source=self.main, end=preamble.end))
        self._walk_children(self.document, place)
        if not counts_lines(self.env):
            parser = type(self.env.parser)
            reader = f"{parser.__module__}.{parser.__name__}"
            message = f"the lines of this page are not known: `{reader}` reads it"
            hint = "the spec has no text of it but what directives hold"
            self.page.find("unknown-lines", message, self.main.span(1), hint)
        return self.page

    # -- the walk ---------------------------------------------------------------------------

    def _walk_children(self, node: nodes.Element, place: CapturePlace) -> None:
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self._walk(child, place)

    def _walk(self, node: nodes.Element, place: CapturePlace) -> None:
        declared = declared_on(node, take=True)
        if isinstance(node, nodes.section):
            self._section(node, declared, place)
        elif declared is not None and not isinstance(node, PolicyCount):
            self._declared(node, declared, place)
        elif isinstance(node, PolicyHidden):
            self._hidden(node, place)
        elif isinstance(node, PolicyClause):
            self._clause(node, place)
        elif isinstance(node, addnodes.pending_xref | nodes.reference):
            self.page.links.add(node, place.links)
        elif isinstance(node, nodes.paragraph) and "ps-note" in node["classes"]:
            self._walk_children(node, place.at(carrier=Carrier.VERDICT))
        else:
            self._walk_children(node, place)

    @staticmethod
    def _hidden(node: PolicyHidden, place: CapturePlace) -> None:
        """Leave out what this build does not show."""
        region = place.region
        if node.line and node.line < region.end:
            siblings = node.parent.children[node.parent.index(node) + 1 :]
            lines = [s.line for s in siblings if isinstance(s, nodes.Element) and s.line]
            region.cut(region.source.file, node.line, max(lines[0] if lines else region.end, node.line + 1))

    # -- provisions -------------------------------------------------------------------------

    def _section(self, node: nodes.section, declared: Declared | None, place: CapturePlace) -> None:
        title, raw, line = node.attributes.pop(SOURCE_TITLE, ("", "", node.line or 1))
        principle = declared.item if declared and isinstance(declared.item, Principle) else None
        if declared is not None and declared.is_block:
            source = source_of(self.env, declared.path)
            place.region.cut(source.file, declared.start, declared.end)
            region = Region(source, *(declared.body or (declared.end, declared.end)))
            span, text = source.span(declared.start), ""
        else:
            source = source_of(self.env, node.source) if node.source else self.main
            start, after = heading_lines(source, raw or title, line, self.markup)
            self.page.headings.append((source.file, start))
            same = source is place.links.source
            region = Region(source, after, place.region.end if same else len(source.lines) + 1)
            span, text = source.span(start, after), source.text(start, source.after_blanks(after))
            for first, last in _marker_cuts(declared):
                region.cut(source.file, first, last)
        item = replace(
            principle or Section(id="", title="", depth=0, span=span),
            id=self._identifier(node, principle),
            title=title,
            depth=place.depth + 1,
            parent=place.links.provision or None,
            span=span,
            source=text,
        )
        self.page.provisions.append((item, region))
        if declared is not None and principle is not None:
            self._note_principle(declared, item, place, source)
        inner = CapturePlace(
            region=region,
            links=LinkPlace(source=source, end=region.end, provision=item.id, line=span.line),
            depth=item.depth,
            principle=item.id if principle is not None else place.principle,
            is_norm=principle is not None or place.is_norm,
        )
        title_place, text_place = inner.at(carrier=Carrier.TITLE), inner.at(carrier=Carrier.TEXT)
        for child in list(node.children):
            if isinstance(child, nodes.Element):
                self._walk(child, title_place if isinstance(child, nodes.title) else text_place)

    def _note_principle(
        self, declared: Declared, item: Provision, place: CapturePlace, source: Source
    ) -> None:
        self.page.add_places(item.id, declared, source, "provision", "principle")
        if place.principle:
            message = f"principle `{item.id}` stands inside principle `{place.principle}`"
            self.page.find("nested-principle", message, source.span(declared.start), "put them side by side")

    def _identifier(self, node: nodes.section, principle: Principle | None) -> str:
        """Return the id of a section: its principle's, else its author's label, else the one made of its title."""
        if principle is not None and principle.id:
            return principle.id
        named = [name for name in node["names"] if self.document.nametypes.get(name)]
        if not named:
            identifier = str(node["ids"][0]) if node["ids"] else ""
            if principle is None:
                self.page.unnamed.add(identifier)
            return identifier
        anchor = (
            named[0] if " " not in named[0] else str(self.document.nameids.get(named[0]) or node["ids"][0])
        )
        if anchor not in node["ids"] and self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)
        return anchor

    # -- blocks -----------------------------------------------------------------------------

    def _declared(self, node: nodes.Element, declared: Declared, place: CapturePlace) -> None:
        source = source_of(self.env, declared.path)
        place.region.cut(source.file, declared.start, declared.end)
        place = place.at(source=source, end=declared.end, line=declared.start)
        if not isinstance(declared.item, Definition):
            place = replace(place, is_norm=False)
        match declared.item:
            case Example():
                self.cases.example(node, declared, declared.item, place)
                return
            case EvalPrompt():
                self.cases.prompt(node, declared, declared.item, place)
                return
            case Message() | Conversation():
                message = "a conversation stands outside every example"
                self.page.find(
                    "misplaced-directive",
                    message,
                    source.span(declared.start),
                    "put it into `policy:example` or `policy:prompt`",
                )
            case Definition() | Commentary():
                place.region.blocks.append(declared.item)
            case AuthorityLevel():
                self.page.levels.append(declared.item)
                self.page.add_places(declared.item.id, declared, source, "level")
            case Topic():
                self.page.topics.append(declared.item)
                self.page.add_places(declared.item.id, declared, source, "topic")
            case Goal():
                self.page.goals.append(declared.item)
            case Spec():
                self.page.add_meta(declared.item, source.span(declared.start))
        self._walk_children(node, place)

    def _clause(self, node: PolicyClause, place: CapturePlace) -> None:
        """Take up a clause; its level is no reference that the text makes."""
        text = node.children[0].astext() if node.children else ""
        span = self.page.outside.locate(node, text, place.links)
        if not place.is_norm:
            for shown in node.findall(addnodes.pending_xref):
                self.page.outside.add(shown, place.links)
            message = "a clause stands outside the text of every principle"
            self.page.find(
                "misplaced-clause", message, span, "put it into the text of the principle that it is of"
            )
        elif text and node["level"]:
            clause = Clause(principle=place.principle, authority=node["level"], text=text, span=span)
            self.page.clauses.append(clause)


def _marker_cuts(declared: Declared | None) -> list[tuple[int, int]]:
    """Return the lines of a directive without a title, its content left out: that is text of the section."""
    if declared is None:
        return []
    first, last = declared.body or (declared.end, declared.end)
    return [(declared.start, first), (last, declared.end)]
