"""What stands in one provision, in the order in which a reader meets it: its blocks, and the text between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from docutils import nodes

from sphinx_policyspec.model import Block, Commentary, Definition, Message, Prose, Span
from sphinx_policyspec.sphinx_ext.pages.inline import raw_of
from sphinx_policyspec.sphinx_ext.pages.markup import MarkupWriter, WrittenText
from sphinx_policyspec.sphinx_ext.pages.places import Placed, Source, source_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Region", "TextPlaces", "line_of"]

_Body = TypeVar("_Body", bound=Commentary | Definition | Message)
_NEAR = 2
"""How many lines below the last one a text begins that is one run with it: a single blank line is between."""


def line_of(node: nodes.Element) -> tuple[str | None, int]:
    """Return the file and line of a node or of the nearest one around it that knows its own, as the parser counts."""
    above: nodes.Element | None = node
    while above is not None and not above.line:
        above = above.parent
    return (above.source, int(above.line or 0)) if above is not None else (node.source, 0)


@dataclass(frozen=True, slots=True)
class TextPlaces:
    """Where the texts of the page being read stand in their files.

    :param known: by node, where texts that were sought stand
    :param taken: by file and line, how much of the line holds such texts
    """

    env: BuildEnvironment
    known: dict[int, tuple[Source, Placed]] = field(default_factory=dict)
    taken: dict[tuple[str, int], int] = field(default_factory=dict)

    def of(
        self, node: nodes.Element, raw: tuple[str, ...], *, after: int = 0, reach: int = 0
    ) -> tuple[Source, Placed]:
        """Return the file of a text element, and where its lines stand there."""
        if (found := self.known.get(id(node))) is None:
            path, line = line_of(node)
            source = source_of(self.env, path)
            at = source.place(line, raw, after=after, reach=reach)
            # Of what no parser read, such as a field that an extension makes, nobody knows the line.
            is_parsed = bool(node.source and node.line and raw_of(node))
            columns = tuple(
                self._column(source, line, text.strip()) for line, text in enumerate(raw, at.line)
            )
            at = at._replace(is_known=at.is_exact or (at.is_known and is_parsed), columns=columns)
            found = self.known[id(node)] = source, at
        return found

    def _column(self, source: Source, line: int, words: str) -> int:
        column = source.column(line, words, self.taken.get((source.file, line), 0))
        if column:
            self.taken[source.file, line] = column - 1 + len(words)
        return column


@dataclass(slots=True, kw_only=True)
class _Laid:
    """Texts laid out as they stand in their file, so that places in one are places in the other.

    :param rows: by line of the file
    :param is_exact: every text stands where it is laid
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
    """What stands in one provision.

    :param at: where it begins
    :param unplaced: files whose lines hold none of a text that comes from them
    """

    writer: MarkupWriter
    places: TextPlaces
    at: Span
    blocks: list[Block] = field(default_factory=list)
    unplaced: dict[str, None] = field(default_factory=dict)
    _last: _Laid | None = None

    def append(self, block: Block) -> None:
        """Put a block behind what stands here already."""
        self.blocks.append(block)
        self._last = None

    def write(self, node: nodes.Node) -> None:
        """Put the text of a node behind what stands here already."""
        text, laid = self._written([node])
        if not text:
            return
        last = self._last
        follows = last is not None and last.is_exact and laid.is_exact and last.file == laid.file
        if last is not None and follows and 0 < laid.first - last.last <= _NEAR:
            block = self.blocks.pop()
            text = f"{block.text}\n\n{text}"  # type: ignore[union-attr]  # which is prose
            last.rows |= laid.rows
            laid = last
        self._last = laid
        self.blocks.append(
            Prose(source=laid.source() if laid.is_exact else "", text=text, span=self._span(laid))
        )

    def fill(self, block: _Body, content: Iterable[nodes.Node]) -> _Body:
        """Return what a directive declares with its text."""
        text, laid = self._written(content)
        span = block.span
        if not text:
            return block
        if laid.is_exact and laid.file == span.file and laid.first >= span.line:
            return replace(block, text=text, source=laid.source(span.line))
        return replace(block, text=text)

    def text(self, content: Iterable[nodes.Node]) -> str:
        """Return the text of some nodes."""
        return self._written(content)[0]

    def _written(self, content: Iterable[nodes.Node]) -> tuple[str, _Laid]:
        self.writer.texts.clear()
        text = "\n".join(self.writer.blocks(content))
        laid, after = _Laid(), 0
        for item in self.writer.texts:
            source, at = self.places.of(item.node, item.raw, after=after, reach=item.reach)
            after = at.line if at.is_exact else after
            laid.add(source, at, item)
        if text and not laid.is_known:
            self.unplaced[laid.file] = None
        return text, laid

    def _span(self, laid: _Laid) -> Span:
        if not laid.is_known or not laid.first:
            return Span(self.at.file, self.at.line)
        last = laid.last if laid.is_exact else 0
        return Span(laid.file, laid.first, 1, last + 1, 1) if last else Span(laid.file, laid.first)
