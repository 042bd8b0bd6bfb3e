"""Any Markdown → Spec: by its headings, whose titles give the ids that the text lacks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sphinx_policyspec import model
from sphinx_policyspec.files import grouped, number_of
from sphinx_policyspec.model.finding import no_such_clause, shown
from sphinx_policyspec.model.levels import levels_for
from sphinx_policyspec.model.nearest import holds, nearest, plain
from sphinx_policyspec.model.outlines import LONGEST_ID, HeadingRule, IdRule, place_of, slug_of
from sphinx_policyspec.model.spec import DEFAULT_TITLE
from sphinx_policyspec.readers.blocks import DEFINITION, cut
from sphinx_policyspec.readers.comments import ITEM, PlainLines, without_comments
from sphinx_policyspec.readers.headings import Heading, front_matter_of, heading_of
from sphinx_policyspec.readers.inline import InlineLink, InlineTag, without_tags
from sphinx_policyspec.readers.model_spec import DialectReader, Draft
from sphinx_policyspec.readers.text import BlockKind, Lines, RawBlock, Reading

if TYPE_CHECKING:
    from sphinx_policyspec.readers.annotations import ProvisionAnnotation

_LINES = 3
"""Lines below a heading that hold its first words."""
_OF_EVERY_TEXT = frozenset(
    {"invalid-encoding", "lone-carriage-return", "merge-conflict", "unclosed-comment", "unclosed-fence"}
)
"""Codes that are reported for any Markdown; the others are about the form of the dialect."""
_NOTE = re.compile(r"[ ]?\[\^[^\]\s]{1,40}\]")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def read_markdown(
    text: str,
    file: str,
    title: str = "",
    rule: HeadingRule | None = None,
    *,
    default_title: str = DEFAULT_TITLE,
) -> Reading:
    """Read Markdown: as the dialect where a heading has an id or a level and no rule says otherwise, else by its headings.

    :param title: of the spec, where the text has no front matter that gives one
    :param default_title: title if nothing gives one, not even a heading of the first level; empty for a part of a spec
    """
    lines = Lines.of(file, text)
    raw_blocks, visible, findings = cut(lines)
    headings = [raw for raw in raw_blocks if raw.kind is BlockKind.HEADING]
    has_rule = rule is not None and rule.is_explicit
    if not has_rule and _is_dialect(lines, visible, headings):
        return DialectReader(lines, visible, findings).read(raw_blocks, text, title or default_title)
    outline = OutlineReader(lines, visible, findings, rule)
    reading = outline.read(raw_blocks, text, title)
    metadata = front_matter_of(lines) if default_title else {}
    if default_title and not title:
        metadata.setdefault("title", _title_of(reading.spec) or default_title)
    guess = []
    if not reading.spec.provisions:
        guess = [_unheaded(file)] if text.strip() else []
    elif not has_rule or outline.repeated:
        guess = [_guess(reading.spec, outline.repeated)]
    return Reading(replace(reading.spec, **metadata), (*guess, *reading.findings))


def _guess(spec: model.Spec, repeated: int) -> model.Finding:
    """Return a finding about how a text without a rule was read, and what a sidecar can say."""
    alike = f"; {repeated} with the title and the first words of another end in a number" if repeated else ""
    first = next((one for one in spec.provisions if one.text), spec.provisions[0])
    count = len(spec.provisions)
    several = f"{number_of(count, 'heading')}, whose titles make the ids"
    origin = several if count > 1 else "1 heading, whose title makes the id"
    message = f"no heading has an id: read by {origin}{alike}"
    hint = (
        f"a file for `--annotations` says otherwise: `reader: {{ids: path, skip: [{first.id}]}}`, "
        f"and gives levels: `provisions: {{{first.id}: {{level: user}}}}`"
    )
    span = model.Span(first.span.file, first.span.line)
    return model.Finding(code="reader-guess", message=message, span=span, hint=hint)


def _title_of(spec: model.Spec) -> str:
    """Return the title of the first heading of the first level, or of the one that is above all others."""
    depths = [_depth_of(one) for one in spec.provisions]
    top = [one.title for one, depth in zip(spec.provisions, depths, strict=True) if depth == 1 and one.title]
    is_first = all(isinstance(one, model.Comment) for one in spec.preamble)
    is_above = is_first and depths[1:] and min(depths[1:]) > depths[0]
    return top[0] if top else spec.provisions[0].title if is_above else ""


def _unheaded(file: str) -> model.Finding:
    """Return the finding that a text has no heading, and so no provision."""
    return model.Finding(
        code="reader-guess",
        message="no heading: read as one text above all provisions",
        span=model.Span(file, 1),
        hint="write a heading, such as `# Being kind`, above what should be a provision: its title makes the id",
    )


def _is_dialect(lines: Lines, visible: PlainLines, headings: Sequence[RawBlock]) -> bool:
    """Return whether a heading has, or was meant to have, an id or a level of authority in braces."""
    for raw in headings:
        text = lines.text(*raw.body)
        if "{" in text or "authority" in text:
            heading = heading_of(visible, *raw.body)
            if heading.id or heading.authority:
                return True
    return False


@dataclass(slots=True)
class _Title:
    """A heading while ids are assigned.

    :param slugs: of the headings around it, outermost first, and its own
    :param fixed: the id that the text gives it
    :param depth: how many of the slugs its id has
    """

    raw: RawBlock
    slugs: tuple[str, ...]
    fixed: str = ""
    depth: int = 1
    name: str = ""

    def widen(self) -> bool:
        """Take one more heading around it into its id; return whether there was one."""
        if self.fixed or self.depth == len(self.slugs):
            return False
        self.depth += 1
        self.name = ".".join(self.slugs[-self.depth :])
        return True


class OutlineReader(DialectReader):
    """Reads a text by its headings: the reader of the dialect with another rule for ids, and no findings about its form."""

    markup = model.Markup.MARKDOWN

    def __init__(
        self,
        lines: Lines,
        visible: PlainLines,
        findings: list[model.Finding],
        rule: HeadingRule | None = None,
    ) -> None:
        super().__init__(lines, visible, [one for one in findings if one.code in _OF_EVERY_TEXT])
        self.rule = rule or HeadingRule()
        self.ids: dict[int, str] = {}
        self.repeated = 0
        self.anchors: dict[str, str] = {}
        self.skipped: set[int] = set()
        self.apart: dict[str, list[str]] = {}
        for owner, words in self.rule.apart:
            self.apart.setdefault(owner, []).append(f" {plain(words)} ")

    def read(self, raw_blocks: Sequence[RawBlock], text: str, title: str) -> Reading:
        """Read the blocks that a text was cut into; headings below one that is skipped are its prose."""
        self.check_line_ends(text)
        raw_blocks = list(self._without_labels(raw_blocks))
        self.read_headings([raw for raw in raw_blocks if raw.kind is BlockKind.HEADING])
        for raw in raw_blocks:
            self.add(replace(raw, kind=BlockKind.PROSE) if raw.start in self.skipped else raw)
        reading = self.finish(title)
        levels = reading.spec.levels if reading.spec.principles else ()
        return replace(reading, spec=replace(reading.spec, levels=levels))

    def _without_labels(self, raw_blocks: Sequence[RawBlock]) -> Iterator[RawBlock]:
        """Yield blocks; bold words that begin several of them are labels, not definitions."""
        terms = {
            raw.start: plain(match["term"])
            for raw in raw_blocks
            if raw.kind is BlockKind.DEFINITION
            and (match := DEFINITION.match(self.visible.text(raw.start, raw.end)))
        }
        counts = Counter(terms.values())
        for raw in raw_blocks:
            is_label = counts[terms.get(raw.start, "")] > 1
            yield replace(raw, kind=BlockKind.PROSE) if is_label else raw

    # -- headings ---------------------------------------------------------------------------

    def read_headings(self, raw_blocks: Sequence[RawBlock]) -> None:
        """Read all headings, and make their ids."""
        parse = partial(heading_of, self.visible, words=self.notes.words, strict=True)
        self.headings = {raw.start: parse(*raw.body) for raw in raw_blocks}
        self.has_attributes, self.entitled = False, {}
        titles = list(self._titles(raw_blocks))
        _disambiguate(titles)
        counts = Counter(title.name for title in titles)
        for title in titles:
            if counts[title.name] > 1 and not title.fixed:
                title.name = ".".join(filter(None, (title.name, self._first_words(title.raw.end))))
        anchors: Counter[str] = Counter()
        for title in titles:
            start = title.raw.start
            self.ids[start] = self.provision_names.take(title.name)
            self.repeated += self.ids[start] != title.name
            anchor = _NOT_IN_ANCHORS.sub("", self.headings[start].title.lower()).replace(" ", "-")
            number = anchors[anchor]
            anchors[anchor] += 1
            self.anchors.setdefault(f"{anchor}-{number}" if number else anchor, self.ids[start])
        self.anchors |= {name: name for name in self.ids.values()}

    def _titles(self, raw_blocks: Sequence[RawBlock]) -> Iterator[_Title]:
        """Yield the headings that make provisions, with the slugs of those around each."""
        above: list[tuple[int, str]] = []
        skipping = 0
        skip = frozenset((*self.rule.skip, *map(slug_of, self.rule.skip)))
        for raw in raw_blocks:
            heading = self.headings[raw.start]
            if skipping and heading.depth > skipping:
                self.skipped.add(raw.start)
                continue
            while above and above[-1][0] >= heading.depth:
                above.pop()
            own = slug_of(heading.title) or self._first_words(raw.end) or "section"
            above.append((heading.depth, own))
            slugs = tuple(slug for _, slug in above)
            whole = self.rule.ids is IdRule.PATH
            fixed = heading.id if self.rule.ids is IdRule.EXPLICIT else ""
            name = fixed or (".".join(slugs) if whole else own)
            skipping = heading.depth if skip & {heading.title, name, own, ".".join(slugs)} else 0
            yield _Title(raw, slugs, fixed, len(slugs) if whole else 1, name)

    def _first_words(self, start: int) -> str:
        """Return an id made from the first words below a heading, to distinguish it from others with its title."""
        end = min(start + _LINES, len(self.lines))
        end = next((number for number in range(start, end) if number in self.headings), end)
        return slug_of(self.visible.text(start, end))

    def check_heading(self, _raw: RawBlock, _heading: Heading, _span: model.Span) -> None:
        """Find nothing: no heading of such a text is malformed."""

    def name(self, raw: RawBlock, _heading: Heading, _span: model.Span) -> tuple[str, str]:
        """Return the unique id of a heading."""
        return self.ids[raw.start], ""

    # -- prose ------------------------------------------------------------------------------

    def add(self, raw: RawBlock) -> None:
        """Add a block; list items with a level in a provision without one become provisions of their own."""
        wanted = self.apart.get(self.here) if raw.kind is BlockKind.PROSE else None
        if not wanted:
            super().add(raw)
            return
        after = raw.start
        for start, end in item_lines(self.visible, raw.start, raw.end):
            text = f" {plain(self.visible.text(start, end))} "
            if any(words in text for words in wanted):
                if after < start:
                    super().add(RawBlock(BlockKind.PROSE, after, start, (after, start)))
                self._add_item(RawBlock(BlockKind.PROSE, start, end, (start, end)))
                after = end
        if after < raw.end:
            super().add(RawBlock(BlockKind.PROSE, after, raw.end, (after, raw.end)))

    def _add_item(self, raw: RawBlock) -> None:
        """Add a list item as a provision of its own."""
        text = self._words(raw.start, raw.end)
        words = " ".join(text[len(mark[0]) if (mark := ITEM.match(text)) else 0 :].split())
        stem = slug_of(words) or "item"
        holder = self.open[-1]
        place = self.lines.within(raw.start, 0, 0)
        heading = Heading(holder.heading.depth + 1, _beginning(words), "", "", ())
        draft = Draft(
            heading=heading,
            id=self.provision_names.take(f"{holder.id}.{stem}"),
            depth=holder.depth + 1,
            parent=holder.id,
            span=place,
            source="",
            repeats="",
        )
        self.drafts.append(draft)
        self.open.append(draft)
        super().add(raw)
        self.open.pop()

    def find_slips(self, _start: int, _text: str) -> set[int]:
        """Find nothing: a slip in the dialect is plain text here."""
        return set()

    def _link(self, item: InlineLink, span: model.Span, carrier: model.Carrier, mark: str) -> None:
        """Add a link; one to the anchor that a site gives a heading is a reference to that heading."""
        if not item.url or item.url == "#":
            return
        target = unquote(item.url.removeprefix(self.lines.file.rpartition("/")[2]).removeprefix("#"))
        if item.target or target != item.url:
            name = self.anchors.get(target) or self.anchors.get(target.lower(), target)
            item = replace(item, target=name, url=f"#{name}")
        super()._link(item, span, carrier, mark)

    def _tag(self, item: InlineTag, text: str, line: int, *, misplaced: str, since: int = 0) -> None:
        """Add an eval tag where ids are explicit; elsewhere it is the mark of a note."""
        if self.rule.ids is IdRule.EXPLICIT:
            super()._tag(item, text, line, misplaced=misplaced, since=since)

    def finish(self, title: str) -> Reading:
        """Return the spec; its findings are those that any text can have."""
        self.lost_links.clear()
        reading = super().finish(title)
        findings = tuple(one for one in reading.findings if one.code in _OF_EVERY_TEXT)
        return replace(reading, findings=findings)


def _disambiguate(titles: list[_Title]) -> None:
    """Prefix names that occur twice with the slugs of the headings around them, as many as make them differ."""
    groups = [titles]
    while groups:
        same = [some for group in groups for some in grouped((one.name, one) for one in group).values()]
        groups = [some for some in same if len(some) > 1 and sum(title.widen() for title in some)]


def item_lines(visible: PlainLines, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of each list item; nested items are separate from those around them."""
    first = -1
    number = start
    while number < end:
        line = visible.plain[number]
        inside = number in visible.nested
        is_item = inside and ITEM.match(line) is not None
        if first >= 0 and (is_item or (not inside and line.strip())):
            yield first, number
            first = -1
        if is_item:
            first = number
        number = visible.fences.get(number, number) + 1
    if first >= 0:
        yield first, end


def _beginning(words: str) -> str:
    """Return the first words of a text, for a title."""
    first = words.partition(". ")[0].rstrip(".")
    if len(first) <= LONGEST_ID:
        return first
    return f"{first[:LONGEST_ID].rpartition(' ')[0] or first[:LONGEST_ID]}…"


_MARKS = re.compile(r"\s*(?P<marks>#{1,6})")


def _depth_of(provision: model.Provision) -> int:
    """Return the depth of a heading as its text marks it."""
    if marks := _MARKS.match(provision.source.lstrip("\ufeff")):
        return len(marks["marks"])
    return 1 if provision.source.rstrip().endswith("=") else 2


def is_apart(provision: model.Provision) -> bool:
    """Return whether a provision is a list item with a level in a provision without one."""
    return not provision.source and provision.parent is not None and len(provision.blocks) == 1


def _plain_files(spec: model.Spec) -> frozenset[str]:
    return frozenset(one.file for one in spec.documents if one.markup is model.Markup.MARKDOWN)


def with_levels(
    spec: model.Spec, rule: HeadingRule | None, notes: Mapping[str, ProvisionAnnotation]
) -> model.Spec:
    """Return a spec in which sections of texts read by their headings have the levels that a sidecar gives them."""
    files = _plain_files(spec)
    if not files:
        return spec

    def level_of(one: model.Section) -> str:
        note = notes.get(one.id)
        if note is not None and note.level:
            return note.level
        holder = notes.get(one.parent or "")
        if is_apart(one):
            clauses = holder.clauses if holder is not None else ()
            return next((c.authority for c in clauses if c.authority and holds(one.text, c.text)), "")
        is_principle = rule is not None and _is_named(one, rule)
        is_skipped = rule is not None and bool({one.id, one.title} & {*rule.skip})
        return rule.level if rule is not None and is_principle and not is_skipped else ""

    provisions = tuple(
        one.as_principle(level)
        if isinstance(one, model.Section) and one.span.file in files and (level := level_of(one))
        else one
        for one in spec.provisions
    )
    return replace(spec, provisions=provisions)


def stale_names(rule: HeadingRule, spec: model.Spec) -> Iterator[model.Finding]:
    """Find names in a rule that are no headings of the text, and named headings that it leaves without a level."""
    if rule.span is None or not _plain_files(spec):
        return
    ids = {one.id: one.title for one in spec.provisions}
    known = {*ids, *ids.values(), *map(slug_of, ids.values())}
    for key, names in (("skip", rule.skip), ("principles", rule.principles)):
        for name in names:
            if known.isdisjoint((name, slug_of(name), name.rpartition(".")[2])):
                message, hint = f"`{key}` names no heading: {shown(name)}", nearest(name, ids)
                yield model.Finding(code="stale-annotation", message=message, span=rule.span, hint=hint)
    rest = [one for one in spec.provisions if _is_named(one, rule) and not isinstance(one, model.Principle)]
    if rest and not rule.level:
        yield model.Finding(
            code="missing-key",
            severity=model.Severity.HINT,
            message=f"`principles` names headings that have no level and stay sections ({len(rest)}, such as `{rest[0].id}`)",
            span=rule.span,
            hint="give all of them one with `level` beside it, or each its own in `provisions`",
        )


def _is_named(provision: model.Provision, rule: HeadingRule) -> bool:
    """Return whether a rule makes a heading a principle."""
    return provision.id in rule.principles or 0 < rule.depth <= _depth_of(provision)


def levels_used(spec: model.Spec) -> tuple[model.AuthorityLevel, ...]:
    """Return the published levels that fit those of the principles, if none are declared; none without a principle."""
    return levels_for(one.authority for one in spec.principles) if spec.principles else ()


def bullets_of(spec: model.Spec) -> dict[str, list[model.Clause]]:
    """Return the list items of the principles in texts read by their headings, as clauses of the same level."""
    files = _plain_files(spec)
    return {
        one.id: [
            model.Clause(principle=one.id, authority=one.authority, text=text, span=span)
            for block in one.blocks
            if isinstance(block, model.Prose)
            for text, span in _items(block)
        ]
        for one in spec.principles
        if one.span.file in files
    }


def with_clauses(
    provision: model.Provision,
    items: Sequence[model.Clause],
    annotated: Iterable[model.Clause],
    levels: Sequence[model.AuthorityLevel],
    *,
    lenient: bool,
) -> tuple[list[model.Clause], list[model.Finding]]:
    """Return the clauses of a provision with what a file says about them, and findings about what does not fit.

    :param items: list items of it that are clauses
    :param annotated: the clauses of the file, with their places there
    :param lenient: ignore words that the provision lacks
    """
    clauses, findings = [*items], list[model.Finding]()
    rank = {level.id: number for number, level in enumerate(levels)}
    for clause in annotated:
        item = next((n for n, one in enumerate(items) if holds(one.text, clause.text)), None)
        if item is None and not isinstance(provision, model.Principle):
            continue
        if item is None and not holds(provision.text, clause.text):
            findings += [] if lenient else [no_such_clause(provision.id, clause.text, clause.span)]
            continue
        own = items[item].authority if item is not None else getattr(provision, "authority", "")
        level = clause.authority or own
        if rank.get(level, len(rank)) < rank.get(own, 0):
            findings.append(_raised(clause, own, levels[rank[own] + 1 :]))
            level = own
            if not clause.permits_by:
                continue
        if item is not None:
            clauses[item] = replace(items[item], authority=level, permits_by=clause.permits_by)
        else:
            span = place_of(clause.text, provision)
            clauses.append(replace(clause, principle=provision.id, authority=level, span=span))
    return clauses, findings


def _raised(clause: model.Clause, own: str, below: Sequence[model.AuthorityLevel]) -> model.Finding:
    """Return the finding that a file gives a clause a level above its principle's, which is ignored."""
    names = ", ".join(f"`{level.id}`" for level in below)
    return model.Finding(
        code="clause-not-lower",
        message=f"a clause cannot raise the level of its principle from `{own}` to `{clause.authority}`",
        span=clause.span,
        hint=f"levels below it are {names}" if below else "leave `level` out",
    )


def _items(block: model.Prose) -> Iterator[tuple[str, model.Span]]:
    """Yield the words of each list item of some prose, and where they are."""
    lines = Lines(block.span.file, tuple(block.source.splitlines(keepends=True)), block.span.line)
    visible = without_comments(lines.lines)
    for start, end in item_lines(visible, 0, len(lines.lines)):
        text = _NOTE.sub("", without_tags(visible.text(start, end)))
        mark = ITEM.match(text)
        if words := " ".join(text[mark.end() if mark else 0 :].split()):
            yield words, lines.span(start, end)
