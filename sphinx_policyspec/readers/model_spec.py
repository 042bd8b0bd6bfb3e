"""Model Spec Markdown → Spec and findings, each item with its span in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sphinx_policyspec import model
from sphinx_policyspec.model.levels import levels_for
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.readers.blocks import (
    ADMONITION,
    ATX,
    COMMENTARY,
    DEFINITION,
    EXAMPLE,
    cut,
)
from sphinx_policyspec.readers.comments import ODD, PlainLines
from sphinx_policyspec.readers.conversation import read_conversation
from sphinx_policyspec.readers.headings import (
    LOST_HINT,
    Heading,
    Names,
    heading_of,
    id_from_title,
    lost_headings,
    lost_marks,
    read_notes,
)
from sphinx_policyspec.readers.inline import (
    InlineLink,
    InlineTag,
    clause_before,
    label_of,
    lost_links,
    no_link,
    plain_words,
    resolve_title,
    scan,
    slug,
    without_tags,
)
from sphinx_policyspec.readers.text import BlockKind, Lines, RawBlock, Reading

_INDENT = re.compile(r"^(?: {1,4}|\t)", re.MULTILINE)
_LONE_RETURN = re.compile(r"\r(?!\n)")
_HIDDEN_ID = re.compile(r"<!--[^>\n]{0,200}\{#")
_NO_ID = "names no id whose title it could show"
_BARE_NAME = re.compile(r"(?:(?P<file>[\w.-]{1,200}|https?:/{0,3})#)?/?(?P<id>[A-Za-z][\w-]*)")
_ANOTHER_TAG = "delete one of the two, or give it a tag and a file of its own"
_MOST_LOST = 1000
"""Most failed links that are compared with the ids of the document."""
_CLAUSE_WINDOW = 2000
"""Characters that are searched backwards for a clause."""


def read_model_spec(text: str, file: str = "model_spec.md", title: str = "") -> Reading:
    """Read a document in the Model Spec dialect.

    Any text gives a spec: what breaks the dialect's rules becomes a finding, and its words stay where they are.

    :param title: of the spec; the dialect has no place for it
    """
    blocks, visible, findings = cut(lines := Lines.of(file, text))
    return DialectReader(lines, visible, findings).read(blocks, text, title)


@dataclass(slots=True)
class Draft:
    """A provision while its blocks are still being read."""

    heading: Heading
    id: str
    depth: int
    parent: str | None
    span: model.Span
    source: str
    repeats: str
    blocks: list[model.Block] = field(default_factory=list)


class DialectReader:
    """One pass over the blocks of a document; titles are resolved once all are known."""

    markup = model.Markup.MODEL_SPEC

    def __init__(self, lines: Lines, visible: PlainLines, findings: list[model.Finding]) -> None:
        self.lines = lines
        self.visible = visible
        self.notes = read_notes(lines, visible)
        self.own_names = {"", (stem := lines.file.rpartition("/")[2].partition(".")[0]), f"{stem}.html"}
        self.used: set[str] = set()
        self.findings = findings
        self.preamble: list[model.Block] = []
        self.drafts: list[Draft] = []
        self.open: list[Draft] = []
        self.provision_names = Names("_")
        self.definition_names = Names("-")
        self.examples: list[tuple[list[model.Block], int]] = []
        self.references: list[model.Reference] = []
        self.links: list[model.Link] = []
        self.jumps: set[tuple[str, int]] = set()
        self.nested: set[str] = set()
        self.lost_links: list[tuple[model.Span, str, str]] = []
        self.tags: list[model.EvalTag] = []
        self.tag_spans: dict[str, model.Span] = {}

    @property
    def here(self) -> str:
        """The id of the innermost provision, empty before the first heading."""
        return self.open[-1].id if self.open else ""

    def read(self, raw_blocks: Sequence[RawBlock], text: str, title: str) -> Reading:
        """Read the blocks that a text was cut into."""
        self.check_line_ends(text)
        self.read_headings([raw for raw in raw_blocks if raw.kind is BlockKind.HEADING])
        for raw in raw_blocks:
            self.add(raw)
        return self.finish(title)

    def read_headings(self, raw_blocks: Sequence[RawBlock]) -> None:
        """Read all headings: of two with one id, the one whose title gives that id keeps it."""
        self.headings = {r.start: heading_of(self.visible, *r.body, self.notes.words) for r in raw_blocks}
        self.declared_ids = {heading.id for heading in self.headings.values()}
        self.has_attributes = any("{" in self.lines.text(raw.start, raw.end) for raw in raw_blocks)
        self.entitled: dict[str, int] = {}
        for start, heading in self.headings.items():
            if heading.id == id_from_title(heading.title):
                self.entitled.setdefault(heading.id, start)

    def add(self, raw: RawBlock) -> None:
        """Add a block to the provision that is open."""
        target = self.open[-1].blocks if self.open else self.preamble
        match raw.kind:
            case BlockKind.HEADING:
                self._heading(raw)
            case BlockKind.PROSE:
                target.append(self._prose(raw))
            case BlockKind.DEFINITION:
                target.append(self._definition(raw))
            case BlockKind.COMMENTARY:
                target.append(self._commentary(raw))
            case BlockKind.COMMENT:
                target.append(model.Comment(source=self.lines.text(raw.start, raw.end), span=self._span(raw)))
            case BlockKind.EXAMPLE:
                target.append(self._example(raw))
                self.examples.append((target, len(target) - 1))

    def check_line_ends(self, text: str) -> None:
        """Find a carriage return alone: some programs end a line there, so that what follows it may be lost."""
        if lone := _LONE_RETURN.search(text):
            line = text.count("\n", 0, lone.start())
            span = self.lines.within(line, 0, len(self.lines.lines[line].rstrip("\r\n")))
            message = "a carriage return without a line feed ends no line"
            self._find("lone-carriage-return", span, message, "save the file with line feeds")

    # -- headings ---------------------------------------------------------------------------

    def _heading(self, raw: RawBlock) -> None:
        heading = self.headings[raw.start]
        span = self.lines.within(raw.start, 0, len(self.lines.lines[raw.start].rstrip("\r\n")))
        while self.open and self.open[-1].heading.depth >= heading.depth:
            self.open.pop()
        self.check_heading(raw, heading, span)
        identifier, repeats = self.name(raw, heading, span)
        draft = Draft(
            heading=heading,
            id=identifier,
            depth=len(self.open) + 1,
            parent=self.here or None,
            span=span,
            source=self.lines.text(raw.start, raw.end),
            repeats=repeats,
        )
        self.drafts.append(draft)
        self.open.append(draft)
        text = "".join(self.visible.masked[slice(*raw.body)])
        since = heading.depth
        for item in scan(text, self.notes.labels):
            if isinstance(item, InlineTag):
                self._tag(item, text, raw.start, misplaced="a heading", since=since)
                since = item.start
                continue
            place = self.lines.offset_span(raw.start, item.start, item.end)
            self._link(item, place, model.Carrier.TITLE, "")

    def check_heading(self, raw: RawBlock, heading: Heading, span: model.Span) -> None:
        """Find what is wrong with a heading and its place."""
        atx = ATX.fullmatch(self.visible.plain[raw.start])
        if atx and atx["text"] and not atx["blank"]:
            message = f"no space after `{atx[1]}`, so that others see no heading here"
            self._find("lost-heading", span, message, f"write `{atx[1]} {atx['text']}`")
        is_hidden = not heading.id and _HIDDEN_ID.search(self.lines.lines[raw.start])
        if problem := "are in a comment" if is_hidden else heading.problem:
            message = f"attributes of this heading {problem}"
            name = re.sub(r"[^\w.:-]", "_", ODD.sub("", heading.id)) or "id"
            level = heading.authority or "level" * (
                "authority" in self.lines.lines[raw.start] or "level" in problem
            )
            hint = f"end its line with `{{#{name}{f' authority={level}' * bool(level)}}}`"
            self._find("invalid-id" if heading.is_id_odd else "broken-attributes", span, message, hint)
        elif unknown := [name for name, value in heading.attributes if value]:
            message, hint = f"`{unknown[0]}` means nothing in a heading", nearest(unknown[0], ("authority",))
            finding = self.lines.warning(raw.start, "broken-attributes", message, hint)
            self.findings.append(replace(finding, severity=model.Severity.HINT))
        outer = self.open[-1].heading.depth if self.open else 0
        if heading.depth > outer + 1 and (self.here, heading.depth) not in self.jumps:
            self.jumps.add((self.here, heading.depth))
            message = f"heading of depth {heading.depth} directly under depth {outer}"
            self._find("depth-jump", span, message, f"use {'#' * (outer + 1)}")
        above = next((d for d in self.open if d.heading.authority), None)
        if heading.authority and above and above.id not in self.nested:
            self.nested.add(above.id)
            message = f"principle `{heading.id}` is inside principle `{above.id}`"
            hint = "put them side by side, or take the level from one"
            self._find("nested-principle", span, message, hint, related=(above.span,))

    def name(self, raw: RawBlock, heading: Heading, span: model.Span) -> tuple[str, str]:
        """Return the id of a provision, and the id that its author wrote if another provision has it or fits it better.

        A missing id is made from the title.
        """
        fits_other = self.entitled.get(heading.id, raw.start) != raw.start
        repeats = fits_other or heading.id in self.provision_names
        own = id_from_title(heading.title)
        identifier = heading.id or own or "section"
        if fits_other and own and own not in self.declared_ids:
            identifier = own
        below = (
            line.lstrip() for line in self.lines.lines[span.line - self.lines.first + 1 :] if line.strip()
        )
        # Attributes on the line below are reported as a lost heading, and a text without any as one without principles.
        if self.has_attributes and not heading.id and not next(below, "").startswith("{#"):
            self._find("heading-without-id", span, "heading without an id", f"add `{{#{identifier}}}`")
        return self.provision_names.take(identifier), heading.id if repeats else ""

    # -- prose ------------------------------------------------------------------------------

    def _prose(self, raw: RawBlock) -> model.Prose:
        self._inline(raw.start, raw.end)
        source = self.lines.text(raw.start, raw.end)
        return model.Prose(source=source, text=self._words(raw.start, raw.end), span=self._span(raw))

    def _definition(self, raw: RawBlock) -> model.Definition:
        self._inline(raw.start, raw.end)
        source = self.lines.text(raw.start, raw.end)
        match = DEFINITION.match(self.visible.text(raw.start, raw.end))
        term = plain_words(without_tags(match["term"])).strip() if match else source
        identifier = self.definition_names.take(slug(term) or "term")
        text = self._words(raw.start, raw.end).rstrip()
        return model.Definition(id=identifier, term=term, source=source, text=text, span=self._span(raw))

    def _commentary(self, raw: RawBlock) -> model.Commentary:
        head = self.visible.plain[raw.start]
        prefix = COMMENTARY.match(head)
        admonition = ADMONITION.fullmatch(head)
        body = raw.start if prefix else raw.start + 1
        self._inline(body, raw.end, misplaced="a commentary")
        words = self._words(body, raw.end)
        if admonition is None:
            label, text = "Commentary", words[prefix.end() if prefix else 0 :]
            mark = prefix[0].strip() if prefix else ""
        else:
            label, text = admonition[2] or "", _INDENT.sub("", words)
            mark = f"!!! {admonition[1]}` with label `{label}"
        if admonition is None or (admonition[1], label) != ("meta", "Commentary"):
            span = self.lines.within(raw.start, 0, len(self.lines.lines[raw.start].rstrip()))
            message, hint = f"`{mark}` is read as commentary", 'write `!!! meta "Commentary"`'
            self._find("unknown-admonition", span, message, hint)
        source = self.lines.text(raw.start, raw.end)
        return model.Commentary(label=label, source=source, text=text.strip("\n"), span=self._span(raw))

    # -- examples ---------------------------------------------------------------------------

    def _example(self, raw: RawBlock) -> model.Example:
        match = EXAMPLE.fullmatch(self.visible.plain[raw.start])
        title = match["title"] if match else ""
        self._inline(raw.start, raw.start + 1, carrier=model.Carrier.TITLE, example=True)
        start, end = raw.body
        excerpt = self.lines.lines[start:end]
        conversation = read_conversation(excerpt, self.lines.file, self.lines.first + start)
        self.findings.extend(conversation.findings)
        mark = self._example_mark()
        self.references += [replace(r, source=self.here, example=mark) for r in conversation.references]
        self.links += [replace(link, source=self.here, example=mark) for link in conversation.links]
        return model.Example(
            id=mark,
            title=title,
            source_title=title,
            turns=conversation.turns,
            span=self._span(raw),
            source=self.lines.text(raw.start, raw.end),
        )

    def _example_mark(self) -> str:
        """Return a placeholder for the next example's id until titles are resolved."""
        return str(len(self.examples))

    def _example_ids(self, titles: dict[str, str]) -> dict[str, str]:
        """Give each example its title and id; return the ids by mark."""
        ids: dict[str, str] = {}
        names = Names("-")
        owners = {id(draft.blocks): draft.id for draft in self.drafts}
        for mark, (blocks, index) in enumerate(self.examples):
            example = blocks[index]
            if not isinstance(example, model.Example):
                continue
            title = resolve_title(plain_words(without_tags(example.source_title)), titles)
            stem = f"{owners.get(id(blocks), 'preamble')}-{slug(title) or 'example'}"
            ids[str(mark)] = names.take(stem)
            blocks[index] = replace(example, id=ids[str(mark)], title=title)
        return ids

    # -- inline -----------------------------------------------------------------------------

    def _words(self, start: int, end: int) -> str:
        """Return the words of some lines, without tags, notes and definitions of links."""
        plain = self.visible.plain
        text = "".join(plain[n] for n in range(start, end) if n not in self.notes.lines)
        return self.notes.words(text.replace("\r\n", "\n")).strip("\n")

    def _inline(
        self,
        start: int,
        end: int,
        *,
        carrier: model.Carrier = model.Carrier.TEXT,
        example: bool = False,
        misplaced: str = "",
    ) -> None:
        mark = self._example_mark() if example else ""
        masked = self.visible.masked
        text = "".join(
            re.sub(r"[^\n]", " ", masked[n]) if n in self.notes.lines else masked[n]
            for n in range(start, end)
        )
        slips = self.find_slips(start, text)
        since = 0
        for item in scan(text, self.notes.labels):
            if isinstance(item, InlineTag):
                where = "an example title" if example else misplaced
                self._tag(item, text, start, misplaced=where, since=since)
                since = item.start
                continue
            self.used.add(label_of(item.label))
            if item.label == "?" and item.start in slips:
                continue
            self._link(item, self.lines.offset_span(start, item.start, item.end), carrier, mark)

    def find_slips(self, start: int, text: str) -> set[int]:
        """Find failed headings, examples and links; return where such links begin."""
        for span in lost_headings(text):
            place = self.lines.offset_span(start, *span)
            message = f"`{text[slice(*span)]}` makes no section or principle of this line"
            heads = not text[: span[0]].strip() and self.open and not self.open[-1].blocks
            hint = f"write it at the end of line {self.open[-1].span.line}" if heads else LOST_HINT
            self._find("lost-heading", place, message, hint)
        for span, code, message, hint in lost_marks(text):
            self._find(code, self.lines.offset_span(start, *span), message, hint)
        lost = list(lost_links(text, self.notes.labels))
        for begin, stop, name in lost:
            self.lost_links.append((self.lines.offset_span(start, begin, stop), text[begin:stop], name))
        return {begin for begin, _, _ in lost}

    def _link(self, item: InlineLink, span: model.Span, carrier: model.Carrier, mark: str) -> None:
        target = item.target or item.url.removeprefix(f"{self.lines.file.rpartition('/')[2]}#")
        if item.target and not item.text.strip("?\uff1f ") and item.form is not model.ReferenceForm.TITLE:
            message = f"`[{item.text}](#{item.target})` shows no words of a link"
            self._find("title-of-nothing", span, message, f"write `[?](#{item.target})`")
        if item.target or target != item.url:
            reference = model.Reference(
                source=self.here, target=target, carrier=carrier, form=item.form, span=span
            )
            self.references.append(replace(reference, text=item.text, example=mark))
        elif not item.url or item.url == "#":
            self._unknown_label(item, span)
        else:
            bare = _BARE_NAME.fullmatch(item.url)
            file = re.sub("https?:/*", "", bare["file"] or "") if bare else None
            if bare and (item.text == "?" or file in self.own_names):
                self.lost_links.append((span, f"[{item.text}]({item.url})", bare["id"]))
            elif item.text == "?":
                self._find("title-of-nothing", span, f"`[?]({item.url})` {_NO_ID}", "write `[?](#id)`")
            self.links.append(
                model.Link(
                    source=self.here, url=item.url, text=item.text, carrier=carrier, span=span, example=mark
                )
            )

    def _unknown_label(self, item: InlineLink, span: model.Span) -> None:
        if item.text == "?" == item.label:
            self._find("title-of-nothing", span, f"`[?]` {_NO_ID}", "write `[?](#id)`")
        elif not item.label:
            self.lost_links.append((span, f"[{item.text}]({item.url})", f"={id_from_title(item.text)}"))
        else:
            self.lost_links.append((span, f"[{item.text}][{item.label}]", item.label))

    def _tag(self, item: InlineTag, text: str, line: int, *, misplaced: str, since: int = 0) -> None:
        if item.tag in self.notes.readers:
            return
        span = self.lines.offset_span(line, item.start, item.end)
        if not item.is_well_formed and item.tag not in self.notes.tests:
            near = re.match(r"\W*([a-z0-9]{4})(?![a-z0-9])", item.tag.lower())
            hint = f"write `[^{near[1]}]`" if near else "use four of a-z and 0-9"
            self._find("malformed-tag", span, f"`[^{item.tag}]` is no eval tag", hint)
            return
        if misplaced:
            message = f"eval tag `{item.tag}` is in {misplaced}"
            self._find("misplaced-tag", span, message, "move it after the clause that it tests")
        if item.tag in self.tag_spans:
            message, related = f"eval tag `{item.tag}` occurs twice", (self.tag_spans[item.tag],)
            self._find("duplicate-tag", span, message, _ANOTHER_TAG, related=related)
        self.tag_spans.setdefault(item.tag, span)
        clause = clause_before(text[max(since, item.start - _CLAUSE_WINDOW) : item.start])
        if not clause and self.tags and self.tags[-1].span.end_line == span.line:
            clause = self.tags[-1].clause
        test = self.notes.tests.get(item.tag, "")
        self.tags.append(
            model.EvalTag(tag=item.tag, provision=self.here, clause=clause, test=test, span=span)
        )

    def _report_lost_links(self) -> None:
        """Find failed links: they name a section, principle or address, and are not written as a link."""
        known = {draft.id for draft in self.drafts}
        for number, (span, text, name) in enumerate(self.lost_links):
            brief, bare = " ".join(text.split()), name.removeprefix("=").rstrip(".,;:!")
            is_near = number < _MOST_LOST and name[0] != "="
            target = bare if bare in known else near_name(name, known) if is_near else ""
            if target or text.startswith("[?]") or ("](#" in text and "](#)" not in text):
                more = "an id has no blanks" if " " in name else nearest(name, known)
                cure = (
                    f"[text](#{target})` or `[?](#{target})`"
                    if target
                    else f"[text](#id)`; {more}".rstrip("; ")
                )
                self._find("dangling-reference", span, f"`{brief}` is no reference", f"write `{cure}")
            elif problem := no_link(text, brief, name):
                self._find("undefined-label", span, *problem)

    # -- the whole --------------------------------------------------------------------------

    def finish(self, title: str) -> Reading:
        """Resolve titles and levels, and return the spec."""
        titles = {draft.id: draft.heading.title for draft in self.drafts}
        titles |= {draft.id: resolve_title(draft.heading.title, titles) for draft in self.drafts}
        self.findings += self.notes.unused(self.used | {tag.tag for tag in self.tags})
        self._report_lost_links()
        ids = self._example_ids(titles)
        parents = {draft.parent for draft in self.drafts}
        for draft in (one for one in self.drafts if one.heading.authority and one.id not in parents):
            if all(isinstance(block, model.Comment) for block in draft.blocks):
                message = f"principle `{draft.id}` has no text"
                self._find("empty-block", draft.span, message, "say what it demands, or take its level away")
        levels = levels_for(draft.heading.authority for draft in self.drafts if draft.heading.authority)
        spec = model.Spec(
            title=title,
            documents=(model.Document(file=self.lines.file, markup=self.markup),),
            levels=levels,
            preamble=tuple(self.preamble),
            provisions=tuple(self._provisions(titles)),
            references=tuple(replace(r, example=ids.get(r.example, "")) for r in self.references),
            links=tuple(replace(link, example=ids.get(link.example, "")) for link in self.links),
            eval_tags=tuple(self.tags),
        )
        return Reading(spec, tuple(sorted(self.findings, key=lambda finding: finding.span)))

    def _provisions(self, titles: dict[str, str]) -> Iterator[model.Provision]:
        tags: dict[str, list[str]] = {}
        for tag in self.tags:
            tags.setdefault(tag.provision, []).append(tag.tag)
        for draft in self.drafts:
            section = model.Section(
                id=draft.id,
                title=titles[draft.id],
                depth=draft.depth,
                span=draft.span,
                source=draft.source,
                parent=draft.parent,
                blocks=tuple(draft.blocks),
                tags=tuple(sorted(set(tags.get(draft.id, ())))),
                attributes=draft.heading.attributes,
                repeats=draft.repeats,
            )
            yield section.as_principle(draft.heading.authority) if draft.heading.authority else section

    def _span(self, raw: RawBlock) -> model.Span:
        return self.lines.span(raw.start, raw.end)

    def _find(
        self,
        code: str,
        span: model.Span,
        message: str,
        hint: str = "",
        *,
        related: tuple[model.Span, ...] = (),
    ) -> None:
        self.findings.append(model.Finding(code=code, message=message, span=span, hint=hint, related=related))
