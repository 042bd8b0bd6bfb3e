"""A page that was read → its part of the spec: provisions, blocks in order, references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx import addnodes
from sphinx.util import get_filetype

from sphinx_policyspec.model import (
    AuthorityLevel,
    Block,
    Carrier,
    Clause,
    Commentary,
    Definition,
    Document,
    EvalPrompt,
    Example,
    Finding,
    Goal,
    Markup,
    Message,
    Principle,
    Provision,
    Section,
    Severity,
    Span,
    Spec,
    TargetKind,
    Topic,
)
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.sphinx_ext.declared import (
    Conversation,
    Declared,
    Source,
    declared_on,
    ignores_of,
    source_of,
    take_findings,
)
from sphinx_policyspec.sphinx_ext.links import FoundLinks, LinkPlace
from sphinx_policyspec.sphinx_ext.nodes import (
    PolicyClause,
    PolicyCount,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyExampleTitle,
    PolicyPrompt,
    anchor_of,
)
from sphinx_policyspec.sphinx_ext.plain_links import is_local
from sphinx_policyspec.sphinx_ext.prose import heading_lines
from sphinx_policyspec.sphinx_ext.records import SPEC_PLACE, PageRecord, Question, outside_record, page_record
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.region import Region, blocks_in
from sphinx_policyspec.sphinx_ext.transforms import SOURCE_TITLE
from sphinx_policyspec.sphinx_ext.turn_reader import CapturePlace, TurnReader

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["capture", "shown_titles"]


def shown_titles(document: nodes.document) -> dict[str, str]:
    """Return the titles that a page shows, by anchor: translated, with its quotes."""
    titles: dict[str, str] = {}
    for node in document.findall(nodes.Element):
        title: nodes.TextElement | None
        if isinstance(node, nodes.section):
            title = node.next_node(nodes.title)
        elif isinstance(node, PolicyExample):
            title = node.next_node(PolicyExampleTitle)
        elif isinstance(node, PolicyDefinition | PolicyDeclaration):
            title = node.next_node(nodes.term)
        else:
            continue
        if title is not None:
            titles.update(dict.fromkeys(node["ids"], title.astext()))
    return titles


def capture(
    env: BuildEnvironment, docname: str, document: nodes.document, shows: Callable[[str], bool]
) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or none where it uses nothing of ours, and its part of the spec, packed.

    :param shows: tells whether this build shows what an ``only`` directive holds
    """
    record, packed = _record(env, docname, document, shows)
    return (None if record is None else replace(record, ignores=ignores_of(env))), packed


def _record(
    env: BuildEnvironment, docname: str, document: nodes.document, shows: Callable[[str], bool]
) -> tuple[PageRecord | None, bytes]:
    """Return the record of a page, or nothing where it uses nothing of ours.

    On a page with directives of ours every section is a provision, whether or not its author gave
    it an id; on any other page none is, so that ordinary documentation stays out of the graph.
    """
    found = [(node, item) for node in document.findall(nodes.Element) if (item := declared_on(node))]
    findings = take_findings(env)
    asking = [(node, item.item) for node, item in found if isinstance(item.item, Question)]
    conditions = {only["expr"]: shows(only["expr"]) for only in document.findall(addnodes.only) if asking}
    questions: list[Question] = []
    for node, question in asking:
        # A question that this build does not show is not asked.
        if all(conditions[above["expr"]] for above in _around(node) if isinstance(above, addnodes.only)):
            node["docname"], node["number"] = docname, len(questions)
            questions.append(question)
    if len(found) > len(asking):
        return _Capture(env, docname, document, shows).record(findings, tuple(questions), conditions)
    for node, _declared in found:
        declared_on(node, take=True)
    links = _links_outside(env, docname, document)
    if not (findings or asking or links.references or links.maybe):
        return None, b""
    maybe = {link.target: link for link in links.maybe}
    record = outside_record(
        findings, tuple(questions), tuple(links.references), tuple(maybe.values()), conditions
    )
    return record, b""


def _around(node: nodes.Element) -> Iterator[nodes.Element]:
    """Yield what a node stands in, nearest first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


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

    def __init__(
        self, env: BuildEnvironment, docname: str, document: nodes.document, shows: Callable[[str], bool]
    ) -> None:
        self.env = env
        self.shows = shows
        self.docname = docname
        self.document = document
        self.main = source_of(env, str(env.doc2path(docname)))
        self.markup = Markup.MYST if _is_myst(env, docname) else Markup.RST
        self.meta = Spec(title="")
        self.levels: dict[str, tuple[AuthorityLevel, Span]] = {}
        self.topics: list[Topic] = []
        self.goals: list[Goal] = []
        self.provisions: list[tuple[Provision, Region]] = []
        self.unnamed: set[str] = set()
        self.headings: list[tuple[str, int]] = []
        self.examples: Counter[str] = Counter()
        self.links = FoundLinks()
        self.clauses: list[Clause] = []
        self.outside = FoundLinks()
        self.findings: list[Finding] = []
        self.places: list[tuple[str, str, Span]] = []
        self.conditions: dict[str, bool] = {}

    def record(
        self,
        findings: tuple[Finding, ...],
        questions: tuple[Question, ...],
        conditions: dict[str, bool],
    ) -> tuple[PageRecord, bytes]:
        """Walk the page and return its record and its part of the spec, packed.

        :param conditions: whether this build shows what questions stand in
        """
        end = len(self.main.lines) + 1
        preamble = Region(self.main, 1, end)
        self._walk_children(
            self.document, CapturePlace(region=preamble, links=LinkPlace(source=self.main, end=end))
        )
        files = dict.fromkeys(region.source.file for _, region in self.provisions)
        fragment = replace(
            self.meta,
            documents=tuple(Document(file=file, markup=self.markup) for file in files or [self.main.file]),
            levels=tuple(level for level, _ in self.levels.values()),
            topics=tuple(self.topics),
            goals=tuple(self.goals),
            preamble=self._blocks(preamble),
            provisions=tuple(replace(item, blocks=self._blocks(region)) for item, region in self.provisions),
            clauses=tuple(self.clauses),
            references=tuple(self.links.references),
            links=tuple(self.links.links),
        )
        return page_record(
            self.docname,
            fragment,
            (*findings, *self.findings),
            maybe=self.links.maybe,
            questions=questions,
            anchors=[link for link in self.links.anchors if not is_local(self.document, link.target)],
            outside=self.outside.references,
            places=self.places,
            levels={name: span for name, (_, span) in self.levels.items()},
            unnamed=frozenset(self.unnamed),
            conditions=conditions | self.conditions,
        )

    def _blocks(self, region: Region) -> tuple[Block, ...]:
        """Return a provision's blocks in source order."""
        return blocks_in(region, self.headings, self.markup, self._included)

    def _included(self, path: str) -> Source:
        """Return the file that a directive of the page names."""
        return source_of(self.env, self.env.relfn2path(path, self.docname)[1])

    def _find(
        self, code: str, message: str, span: Span, hint: str = "", severity: Severity = Severity.WARNING
    ) -> None:
        self.findings.append(Finding(code=code, severity=severity, message=message, span=span, hint=hint))

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
        elif isinstance(node, addnodes.only) and not self._shows(node["expr"]):
            self._hidden(node, place)
        elif isinstance(node, PolicyClause):
            self._clause(node, place)
        elif isinstance(node, addnodes.pending_xref | nodes.reference):
            self.links.add(node, place.links)
        elif isinstance(node, nodes.paragraph) and "ps-note" in node["classes"]:
            self._walk_children(node, place.at(carrier=Carrier.VERDICT))
        else:
            self._walk_children(node, place)

    def _shows(self, condition: str) -> bool:
        self.conditions[condition] = self.shows(condition)
        return self.conditions[condition]

    @staticmethod
    def _hidden(node: nodes.Element, place: CapturePlace) -> None:
        """Leave out what this build does not show."""
        for inner in node.findall(nodes.Element):
            declared_on(inner, take=True)
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
            self.headings.append((source.file, start))
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
        self.provisions.append((item, region))
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
        self.places += [(item.id, name, source.span(line)) for name, line in declared.places]
        if place.principle:
            message = f"principle `{item.id}` stands inside principle `{place.principle}`"
            self._find("nested-principle", message, source.span(declared.start), "put them side by side")

    def _identifier(self, node: nodes.section, principle: Principle | None) -> str:
        """Return the id of a section: its principle's, else its author's label, else the one made of its title."""
        if principle is not None and principle.id:
            return principle.id
        named = [name for name in node["names"] if self.document.nametypes.get(name)]
        if not named:
            identifier = str(node["ids"][0]) if node["ids"] else ""
            if principle is None:
                self.unnamed.add(identifier)
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
                self._example(node, declared, declared.item, place)
                return
            case EvalPrompt():
                self._prompt(node, declared, declared.item, place)
                return
            case Message() | Conversation():
                message = "a conversation stands outside every example"
                self._find(
                    "misplaced-directive",
                    message,
                    source.span(declared.start),
                    "put it into `policy:example` or `policy:prompt`",
                )
            case Definition() | Commentary():
                place.region.blocks.append(declared.item)
            case AuthorityLevel():
                self._level(declared.item, source.span(declared.start))
            case Topic():
                self.topics.append(declared.item)
                self.places += [(declared.item.id, name, source.span(line)) for name, line in declared.places]
            case Goal():
                self.goals.append(declared.item)
            case Spec():
                self._meta(declared.item, source.span(declared.start))
        self._walk_children(node, place)

    def _level(self, level: AuthorityLevel, span: Span) -> None:
        if level.id in self.levels:
            self._find("duplicate-id", f"level `{level.id}` is declared twice", span, "rename one of them")
        else:
            self.levels[level.id] = (level, span)

    def _meta(self, spec: Spec, span: Span) -> None:
        if self.meta.title:
            self._find("duplicate-spec", "the spec is declared twice", span, "keep one `policy:spec`")
        else:
            self.meta = spec
            self.places.append(("", SPEC_PLACE, span))

    def _example(self, node: nodes.Element, declared: Declared, item: Example, place: CapturePlace) -> None:
        identifier = item.id or f"{place.links.provision}-{slug(item.title)}".strip("-")
        self.examples[identifier] += 1
        if not item.id and self.examples[identifier] > 1:
            identifier = f"{identifier}-{self.examples[identifier]}"
        anchor = anchor_of(TargetKind.EXAMPLE, identifier)
        if self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)
        source = source_of(self.env, declared.path)
        if not (place.principle or item.illustrates or item.weighs):
            # In a section it still illustrates that section; before every heading it illustrates nothing.
            severity = Severity.HINT if place.links.provision else Severity.WARNING
            message = f"example `{identifier}` stands outside every principle"
            hint = "put it into one, or add `:illustrates:` or `:weighs:`"
            self._find("misplaced-example", message, source.span(declared.start), hint, severity)
        self.places += [(identifier, name, source.span(line)) for name, line in declared.places]
        inner = replace(place.at(example=identifier), is_norm=False)
        title = node.next_node(PolicyExampleTitle)
        if title is not None:
            self._walk_children(title, inner.at(carrier=Carrier.TITLE))
        children = [child for child in node.children[1:] if isinstance(child, nodes.Element)]
        turns = TurnReader(self.links, self._walk).turns(children, inner)
        place.region.blocks.append(replace(item, id=identifier, turns=turns))

    def _prompt(self, node: nodes.Element, declared: Declared, item: EvalPrompt, place: CapturePlace) -> None:
        """Take up a prompt; it leaves the page unless it is to be shown.

        What it tests is the principle around it, unless it says otherwise. Its references are those of
        the provision: a prompt is no example.
        """
        source = source_of(self.env, declared.path)
        tests = item.tests or ((place.principle,) if place.principle else ())
        if not tests:
            message = "this prompt tests nothing"
            self._find(
                "untested-prompt",
                message,
                source.span(declared.start),
                "put it into a principle, or add `:tests:`",
            )
        base = f"{place.links.provision}-{slug(item.title) if item.title else 'prompt'}".strip("-")
        identifier = item.id or self._numbered(base)
        shown = isinstance(node, PolicyPrompt) and node["shown"]
        anchor = f"prompt-{identifier}"
        if shown and self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)
        self.places += [(f"prompt {identifier}", name, source.span(line)) for name, line in declared.places]
        reader = TurnReader(FoundLinks(), self._walk)
        links, self.links = self.links, reader.links
        children = [child for child in node.children if isinstance(child, nodes.Element)]
        turns = reader.turns(children, replace(place, is_norm=False))
        self.links = links
        links.references += [replace(reference, message=0) for reference in reader.links.references]
        links.maybe += [replace(reference, message=0) for reference in reader.links.maybe]
        links.anchors += reader.links.anchors
        links.links += [replace(link, message=0) for link in reader.links.links]
        place.region.blocks.append(replace(item, id=identifier, tests=tests, turns=turns))
        if not shown:
            node.parent.remove(node)

    def _clause(self, node: PolicyClause, place: CapturePlace) -> None:
        """Take up a clause; its level is no reference that the text makes."""
        for shown in node.findall(addnodes.pending_xref):
            self.outside.add(shown, place.links)
        text = node.children[0].astext() if node.children else ""
        span = self.outside.locate(node, text, place.links)
        if not place.is_norm:
            message = "a clause stands outside the text of every principle"
            self._find(
                "misplaced-clause", message, span, "put it into the text of the principle that it is of"
            )
        elif text and node["level"]:
            clause = Clause(principle=place.principle, authority=node["level"], text=text, span=span)
            self.clauses.append(clause)

    def _numbered(self, identifier: str) -> str:
        """Return an id that no author chose, with a number from its second use on."""
        self.examples[identifier] += 1
        count = self.examples[identifier]
        return identifier if count == 1 else f"{identifier}-{count}"


def _marker_cuts(declared: Declared | None) -> list[tuple[int, int]]:
    """Return the lines of a directive without a title, its content left out: that is text of the section."""
    if declared is None:
        return []
    first, last = declared.body or (declared.end, declared.end)
    return [(declared.start, first), (last, declared.end)]


def _is_myst(env: BuildEnvironment, docname: str) -> bool:
    """Tell whether a page is written for MyST."""
    return get_filetype(env.config.source_suffix, str(env.doc2path(docname))) in MystParser.supported
