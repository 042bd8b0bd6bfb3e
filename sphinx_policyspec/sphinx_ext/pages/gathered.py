"""What a walk over a page collects: blocks of a provision in order, text between them, links; and its record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec import model
from sphinx_policyspec.model.attributes import Owner, attributes_of
from sphinx_policyspec.model.finding import AS_STATED, Places, Use
from sphinx_policyspec.sphinx_ext.domain.records import (
    DOMAIN,
    KIND_OF_ROLE,
    SPEC_USE,
    Ask,
    PageRecord,
    page_record,
)
from sphinx_policyspec.sphinx_ext.pages.inline import raw_of, text_around, words_of
from sphinx_policyspec.sphinx_ext.pages.marks import Declared, start_of
from sphinx_policyspec.sphinx_ext.pages.markup import MarkupWriter, WrittenText
from sphinx_policyspec.sphinx_ext.pages.places import Placed, Source, occurrences, source_of
from sphinx_policyspec.sphinx_ext.store import PagePart

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

_Body = TypeVar("_Body", bound=model.Commentary | model.Definition | model.Message)
_NEAR = 2
"""By how many lines a text may begin below the last one to continue it: a single blank line is between."""


def line_of(node: nodes.Element) -> tuple[str | None, int]:
    """Return the file and line of a node or of the nearest one around it that knows its own, as the parser counts."""
    above: nodes.Element | None = node
    while above is not None and not above.line:
        above = above.parent
    return (above.source, int(above.line or 0)) if above is not None else (node.source, 0)


@dataclass(frozen=True, slots=True)
class TextPlaces:
    """Where the texts of the page being read are in their files.

    :param known: by node, the places that were found
    :param occupied: by file and line, how much of the line holds such texts
    """

    env: BuildEnvironment
    known: dict[int, tuple[Source, Placed]] = field(default_factory=dict)
    occupied: dict[tuple[str, int], int] = field(default_factory=dict)

    def of(
        self, node: nodes.Element, raw: tuple[str, ...], *, after: int = 0, reach: int = 0
    ) -> tuple[Source, Placed]:
        """Return the file of a text element, and where its lines are there."""
        if (found := self.known.get(id(node))) is None:
            path, line = line_of(node)
            source = source_of(self.env, path)
            at = source.place(line, raw, after=after, reach=reach)
            # What no parser read, such as a field that an extension makes, has no known line.
            is_parsed = bool(node.source and node.line and raw_of(node))
            columns = tuple(
                self._column(source, line, text.strip()) for line, text in enumerate(raw, at.line)
            )
            at = Placed(at.line, at.is_exact, at.is_exact or (at.is_known and is_parsed), columns)
            found = self.known[id(node)] = source, at
        return found

    def _column(self, source: Source, line: int, words: str) -> int:
        column = source.column(line, words, self.occupied.get((source.file, line), 0))
        if column:
            self.occupied[source.file, line] = column - 1 + len(words)
        return column


@dataclass(slots=True, kw_only=True)
class _Layout:
    """Texts laid out as they stand in their file, so that places in one are places in the other.

    :param rows: by line of the file
    :param is_exact: every text is laid out where it is
    """

    file: str = ""
    first: int = 0
    rows: dict[int, str] = field(default_factory=dict)
    is_exact: bool = True
    is_known: bool = True

    @property
    def last(self) -> int:
        """The last line, or the first where nothing is laid out."""
        return max(self.rows, default=self.first)

    def source(self, first: int = 0) -> str:
        """Return the lines from ``first`` on, by default from that of the first text."""
        return "\n".join(self.rows.get(line, "") for line in range(first or self.first, self.last + 1))

    def add(self, source: Source, at: Placed, text: WrittenText) -> None:
        """Lay out one more text."""
        if not self.first:
            self.file, self.first = source.file, at.line
        end = at.line + len(text.lines) - 1
        fits = source.file == self.file and at.line >= self.first and end >= self.last
        self.is_known = self.is_known and at.is_known
        self.is_exact = self.is_exact and at.is_exact and text.is_exact and fits and all(at.columns)
        if not self.is_exact or not text.is_prose:
            if fits:
                self.rows.setdefault(end, "")
            return
        for number, (line, raw, column) in enumerate(
            zip(text.lines, text.raw, at.columns, strict=False), at.line
        ):
            before, stands = self.rows.get(number, ""), source.lines[number - 1][: column - 1]
            mark = text.mark if number == at.line and stands.endswith(text.mark) else ""
            room = max(len(stands) - len(mark), len(before))
            self.rows[number] = f"{before.ljust(room)}{mark}{line[len(raw) - len(raw.lstrip()) :].rstrip()}"


@dataclass(slots=True)
class Region:
    """What is in one provision.

    :param at: where it begins
    :param unplaced: files with a text that is on none of their lines
    """

    writer: MarkupWriter
    places: TextPlaces
    at: model.Span
    blocks: list[model.Block] = field(default_factory=list)
    unplaced: dict[str, None] = field(default_factory=dict)
    _last: _Layout | None = None

    def append(self, block: model.Block) -> None:
        """Append a block."""
        self.blocks.append(block)
        self._last = None

    def write(self, node: nodes.Node) -> None:
        """Append the text of a node."""
        text, layout = self._text_and_layout([node])
        if not text:
            return
        last = self._last
        follows = last is not None and last.is_exact and layout.is_exact and last.file == layout.file
        if last is not None and follows and 0 < layout.first - last.last <= _NEAR:
            block = self.blocks.pop()
            text = f"{block.text}\n\n{text}"  # type: ignore[union-attr]  # which is prose
            last.rows |= layout.rows
            layout = last
        self._last = layout
        self.blocks.append(
            model.Prose(source=layout.source() if layout.is_exact else "", text=text, span=self._span(layout))
        )

    def fill(self, block: _Body, content: Iterable[nodes.Node]) -> _Body:
        """Return what a directive declares, together with its text."""
        text, layout = self._text_and_layout(content)
        span = block.span
        if not text:
            return block
        if layout.is_exact and layout.file == span.file and layout.first >= span.line:
            return replace(block, text=text, source=layout.source(span.line))
        return replace(block, text=text)

    def text(self, content: Iterable[nodes.Node]) -> str:
        """Return the text of some nodes."""
        return self._text_and_layout(content)[0]

    def _text_and_layout(self, content: Iterable[nodes.Node]) -> tuple[str, _Layout]:
        self.writer.texts.clear()
        text = "\n".join(self.writer.blocks(content))
        layout, after = _Layout(), 0
        for item in self.writer.texts:
            source, at = self.places.of(item.node, item.raw, after=after, reach=item.reach)
            after = at.line if at.is_exact else after
            layout.add(source, at, item)
        if text and not layout.is_known:
            self.unplaced[layout.file] = None
        return text, layout

    def _span(self, layout: _Layout) -> model.Span:
        if not layout.is_known or not layout.first:
            return model.Span(self.at.file, self.at.line)
        last = layout.last if layout.is_exact else 0
        return (
            model.Span(layout.file, layout.first, 1, last + 1, 1)
            if last
            else model.Span(layout.file, layout.first)
        )


_ANY = ("any", "myst", "ref")
"""Reference types of Sphinx and MyST whose target may be an object of ours."""


class LinkPlace(NamedTuple):
    """What encloses a link.

    :param line: where to look if its node knows no line, as the parser counts; ``end`` is the line after the last one
    """

    source: Source
    end: int = 0
    provision: str = ""
    example: str = ""
    message: int = 0
    carrier: model.Carrier = model.Carrier.TEXT
    line: int = 0


class FoundLinks:
    """Collects the links of one page in document order.

    ``maybe`` holds those that are references only if their target turns out to be ours; ``anchors``
    holds MyST's ``[text](#id)``, ``[text](page.md#id)`` and ``[text](name)`` once more.
    """

    def __init__(self, places: TextPlaces) -> None:
        self.places = places
        self.references: list[model.Reference] = []
        self.maybe: list[model.Reference] = []
        self.anchors: list[model.Reference] = []
        self.links: list[model.Link] = []
        self._seen: Counter[tuple[int, str]] = Counter()

    def add(self, node: nodes.Element, place: LinkPlace) -> None:
        """Record a link of any kind; what is not our concern is left out."""
        if isinstance(node, addnodes.pending_xref):
            self._add_pending(node, place)
        elif node.get("id_link") and str(node.get("refuri", "")).startswith("#"):
            reference = self._reference(
                node, node["refuri"][1:], model.TargetKind.PROVISION, bool(node.children), place
            )
            self.maybe.append(reference)
            self.anchors.append(reference)
        elif _leads_out(url := str(node.get("refuri", ""))):
            self.links.append(
                model.Link(
                    source=place.provision,
                    url=url,
                    text=words_of(node),
                    carrier=place.carrier,
                    span=self.locate(node, url.removeprefix("mailto:"), place),
                    example=place.example,
                    message=place.message,
                )
            )

    def _add_pending(self, node: addnodes.pending_xref, place: LinkPlace) -> None:
        explicit = bool(node.get("refexplicit"))
        if node.get("refdomain") == DOMAIN:
            kind = KIND_OF_ROLE[node["reftype"]]
            self.references.append(self._reference(node, node["reftarget"], kind, explicit, place))
        elif node.get("reftype") in _ANY:
            target = node.get("reftargetid") or node["reftarget"]
            reference = self._reference(node, target, model.TargetKind.PROVISION, explicit, place)
            self.maybe.append(reference)
            # A missing file is for MyST to report.
            is_name = node.get("reftargetid") or not (node.get("refdomain") or "." in target)
            if node["reftype"] == "myst" and is_name:
                self.anchors.append(reference)

    def _reference(
        self, node: nodes.Element, target: str, kind: model.TargetKind, explicit: bool, place: LinkPlace
    ) -> model.Reference:
        by_id = isinstance(node.parent, nodes.paragraph) and "ps-violates" in node.parent["classes"]
        form = model.ReferenceForm.TEXT if explicit else model.ReferenceForm.TITLE
        return model.Reference(
            source=place.provision,
            target=target,
            carrier=model.Carrier.VERDICT if by_id else place.carrier,
            form=model.ReferenceForm.ID if by_id else form,
            span=self.locate(node, target.strip(), place),
            target_kind=kind,
            text=words_of(node) if explicit else "",
            example=place.example,
            message=place.message,
        )

    def locate(self, node: nodes.Element, needle: str, place: LinkPlace) -> model.Span:
        """Return where words of a node are in its file; the line that its text begins on if nowhere."""
        text = text_around(node)
        path, line = line_of(node)
        key = (id(text), needle)
        self._seen[key] += 1
        if text is not None and text.rawsource and text.line:
            raw = tuple(text.rawsource.split("\n"))
            source, at = self.places.of(text, raw)
            if at.is_exact and (found := _within(source, at, raw, needle, self._seen[key] - 1)):
                return found
        source = source_of(self.places.env, path) if line else place.source
        start = line or place.line or 1
        return source.locate(needle, start, _paragraph_end(source, start, place.end), self._seen[key] - 1)


def _within(source: Source, at: Placed, raw: tuple[str, ...], needle: str, skip: int) -> model.Span | None:
    """Return where a word of a text is in the file, occurrence ``skip``.

    :param at: where the text is
    """
    for number, (line, first) in enumerate(zip(raw, at.columns, strict=False), at.line):
        for column in occurrences(line, needle):
            if skip == 0:
                start = first - (len(line) - len(line.lstrip()))
                if start <= 0:
                    return model.Span(source.file, number)
                return model.Span(source.file, number, start + column, number, start + column + len(needle))
            skip -= 1
    return None


def _leads_out(url: str) -> bool:
    """Return whether an address is that of something outside the project, a mailbox included."""
    return "://" in url or url.startswith("mailto:")


def _paragraph_end(source: Source, line: int, end: int) -> int:
    """Return the line after the paragraph that ``line`` is in, as the parser counts."""
    last = source.span(line).line
    first = last
    while last <= len(source.lines) and source.lines[last - 1].strip():
        last += 1
    return min(line + last - first, end) if end else line + last - first


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What one page declares, in document order.

    :param preamble: what is before its first heading
    :param ids: how often ids that no author chose were used
    :param starts: by id the first lines of the directives that declare something
    :param outside: references that are no part of the spec
    """

    env: BuildEnvironment
    docname: str
    document: nodes.document
    markup: model.Markup
    preamble: Region
    links: FoundLinks
    outside: FoundLinks
    meta: model.Spec = field(default_factory=lambda: model.Spec(title=""))
    levels: list[model.AuthorityLevel] = field(default_factory=list)
    topics: list[model.Topic] = field(default_factory=list)
    goals: list[model.Goal] = field(default_factory=list)
    provisions: list[tuple[model.Provision, Region]] = field(default_factory=list)
    unnamed: set[str] = field(default_factory=set)
    ids: Counter[str] = field(default_factory=Counter)
    starts: dict[str, model.Span] = field(default_factory=dict)
    clauses: list[model.Clause] = field(default_factory=list)
    findings: list[model.Finding] = field(default_factory=list)
    places: list[tuple[Use, model.Span]] = field(default_factory=list)

    def find(
        self, code: str, message: str, span: model.Span, hint: str = "", severity: model.Severity = AS_STATED
    ) -> None:
        """Note a finding for the author."""
        self.findings.append(
            model.Finding(code=code, severity=severity, message=message, span=span, hint=hint)
        )

    def find_unplaced(self, item: model.Provision, region: Region) -> None:
        """Report text that is made when the page is read, so that no line of a file holds it."""
        for file in region.unplaced:
            message = f"text of `{item.id}` is on no line of `{file}`"
            hint = "it is made when the page is read; findings in it are reported here"
            self.find("unplaced-text", message, region.at, hint)

    def find_empty(self) -> None:
        """Report principles that hold neither text nor sections."""
        holders = {item.parent for item, _ in self.provisions}
        for item, region in self.provisions:
            if isinstance(item, model.Principle) and not region.blocks and item.id not in holders:
                start = self.starts[item.id]
                hint = "write what the assistant should do"
                if region.at.line == start.line:
                    hint += " into the directive, or delete the title of the directive if the heading above is that"
                self.find("empty-block", f"principle `{item.id}` has no text", start, hint)

    def add_places(self, identifier: str, declared: Declared, *owners: Owner) -> None:
        """Record where the names in the options of a directive are.

        :param owners: whose attributes its item has
        """
        spans, start = dict(declared.places), start_of(declared)
        self.starts[identifier] = start
        for row in attributes_of(*owners):
            span = spans.get(row.key, start)
            if row.names or row.is_address:
                self.places += [
                    (Use(row.owner, identifier, row.key, name), span) for name in row.values(declared.item)
                ]

    def claim(self, anchor: str, node: nodes.Element) -> None:
        """Give a node an anchor, unless another has it."""
        if self.document.ids.setdefault(anchor, node) is node:
            node["ids"].append(anchor)

    def add_meta(self, spec: model.Spec, span: model.Span) -> None:
        """Record what is declared about the whole; the first declaration counts."""
        self.meta = self.meta if self.meta.title else spec
        self.places.append((SPEC_USE, span))

    def numbered(self, identifier: str) -> str:
        """Return an id that no author chose, with a number from its second use on."""
        self.ids[identifier] += 1
        count = self.ids[identifier]
        return identifier if count == 1 else f"{identifier}-{count}"

    def record(
        self, findings: tuple[model.Finding, ...], questions: tuple[Ask, ...]
    ) -> tuple[PageRecord, bytes]:
        """Return the record of the page and its part of the spec, packed."""
        spans = [block.span for block in self.preamble.blocks]
        for _, region in self.provisions:
            spans += [region.at, *(block.span for block in region.blocks)]
        files = dict.fromkeys(span.file for span in spans)
        fragment = replace(
            self.meta,
            documents=tuple(
                model.Document(file=file, markup=self.markup) for file in files or [self.preamble.at.file]
            ),
            levels=tuple(self.levels),
            topics=tuple(self.topics),
            goals=tuple(self.goals),
            preamble=tuple(self.preamble.blocks),
            provisions=tuple(replace(item, blocks=tuple(region.blocks)) for item, region in self.provisions),
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
            declares_levels=bool(self.levels),
            unnamed=frozenset(self.unnamed),
        )


def is_local(document: nodes.document, target: str) -> bool:
    """Return whether a page itself has an anchor, which may be that of a heading."""
    return target in {*document.ids, *document.nameids, *getattr(document, "myst_slugs", {})}


def places_of(pages: Mapping[str, PageRecord], order: Iterable[str], found: Mapping[str, PagePart]) -> Places:
    """Return where names are on pages, and which text is part of several of them."""
    reached: dict[model.Span, list[str]] = defaultdict(list)
    placed: list[tuple[Use, model.Span]] = []
    for docname in order:
        if docname in found:
            fragment = found[docname]
            placed += fragment.places
            objects = zip(pages[docname].objects, fragment.spans, strict=True)
            spans = [span for item, span in objects if not item.is_alias]
            for span in (*spans, *(prompt.span for prompt in fragment.spec.prompts)):
                reached[span].append(docname)
    several = {span: tuple(dict.fromkeys(names)) for span, names in reached.items() if len(names) > 1}
    return Places.of(placed, several)


def spec_again(fragments: Iterable[PagePart]) -> Iterator[model.Finding]:
    """Yield a finding for each further declaration of the spec; the first in reading order counts."""
    found = [span for fragment in fragments for use, span in fragment.places if use == SPEC_USE]
    for span in found[1:]:
        yield model.Finding(
            code="duplicate-spec",
            message=f"the spec is declared already at {found[0].file}:{found[0].line}",
            span=span,
            hint="keep one `policy:spec`",
            related=(found[0],),
        )
