"""Model Spec Markdown cut into blocks that together are the whole file."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sphinx_policyspec.model import Finding
from sphinx_policyspec.readers.fences import Fences
from sphinx_policyspec.readers.text import Lines

__all__ = ["BlockKind", "RawBlock", "cut"]

# Possessive, so that a hostile run of spaces costs linear time.
HEADING = re.compile(r"\ufeff?(#{1,6})[ \t]++(\S++(?:\s++\S++)*+)\s*")
"""A heading line outside a fence; its id and attributes are part of group 2."""
EXAMPLE = re.compile(r"\*\*Example\*\*:[ \t]*+((?:\S++(?:\s++\S++)*+)?)\s*")
ADMONITION = re.compile(r"!!![ \t]*+(\w*+)[ \t]*+(?:\"([^\"\n]*+)\")?\s*")
DEFINITION = re.compile(r"\*\*([^*\n]{1,200}?)(?:\*\*:|:\*\*)")
CONVERSATION = "~~~xml"
_HEADING_WITH_ID = re.compile(r"#{1,6}[ \t].*\{#[^{}\n]*\}\s*")


class BlockKind(enum.Enum):
    """What a block is; the reader of the dialect gives each its meaning."""

    HEADING = enum.auto()
    PROSE = enum.auto()
    DEFINITION = enum.auto()
    COMMENTARY = enum.auto()
    EXAMPLE = enum.auto()


@dataclass(frozen=True, slots=True)
class RawBlock:
    """The lines from ``start`` up to ``end`` (from 0), blank lines after the block included.

    :param body: for an example, the lines of its conversation; else ``(start, end)``
    """

    kind: BlockKind
    start: int
    end: int
    body: tuple[int, int]


def cut(lines: Lines) -> tuple[list[RawBlock], list[Finding]]:
    """Cut a file into blocks; joined, their lines are the file, whatever it holds."""
    cutter = _Cutter(lines)
    return list(cutter.blocks()), cutter.findings


def _begins_block(line: str) -> bool:
    """Tell whether a line begins a block even directly after a line of prose."""
    return bool(
        (line.startswith("#") and HEADING.fullmatch(line))
        or (line.startswith("**") and EXAMPLE.fullmatch(line))
        or (line.startswith("!!!") and ADMONITION.fullmatch(line))
        or line.rstrip() == CONVERSATION
    )


class _Cutter:
    """One pass over the lines of a file."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.findings: list[Finding] = []
        # A conversation that begins inside a fence shows that the fence was forgotten: nothing
        # after it may be swallowed.
        conversations = [n for n, line in enumerate(lines.lines) if line.rstrip() == CONVERSATION]
        self.fences = Fences(lines.lines, 3, conversations)

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the blocks in order; what no special form claims is prose."""
        position = prose_start = 0
        while position < len(self.lines):
            block = self._special(position, starts=position == prose_start)
            if block is None:
                position = self._after_prose_line(position)
                continue
            if prose_start < position:
                yield RawBlock(BlockKind.PROSE, prose_start, position, (prose_start, position))
            yield block
            position = prose_start = block.end
        if prose_start < position:
            yield RawBlock(BlockKind.PROSE, prose_start, position, (prose_start, position))

    def _special(self, position: int, *, starts: bool) -> RawBlock | None:
        """Return the block that begins at a line, unless it is prose.

        :param starts: the line before belongs to another block, so that a paragraph starts here
        """
        line = self.lines.lines[position]
        if line.startswith(("#", "\ufeff#")) and HEADING.fullmatch(line):
            return self._block(BlockKind.HEADING, position, position + 1)
        if line.startswith("**"):
            if EXAMPLE.fullmatch(line):
                return self._example(position)
            starts = starts or not self.lines.lines[position - 1].strip()
            if starts and DEFINITION.match(line):
                return self._block(BlockKind.DEFINITION, position, self._paragraph_end(position))
        if line.startswith("!!!") and ADMONITION.fullmatch(line):
            return self._block(BlockKind.COMMENTARY, position, self._indented_end(position + 1))
        if line.rstrip() == CONVERSATION:
            self._find(
                "untitled-example", position, "conversation without a title", "put `**Example**: …` above it"
            )
            return self._conversation(position, position)
        return None

    def _block(self, kind: BlockKind, start: int, end: int) -> RawBlock:
        return RawBlock(kind, start, self._after_blanks(end), (start, end))

    def _after_blanks(self, position: int) -> int:
        while position < len(self.lines) and not self.lines.lines[position].strip():
            position += 1
        return position

    def _paragraph_end(self, position: int) -> int:
        position += 1
        while position < len(self.lines):
            line = self.lines.lines[position]
            if not line.strip() or _begins_block(line) or self.fences.opening(position):
                break
            position += 1
        return position

    def _indented_end(self, position: int) -> int:
        """Return the line after an admonition's body: indented by four, blank lines between."""
        end = position
        while position < len(self.lines):
            line = self.lines.lines[position]
            if line.strip():
                if not line.startswith(("    ", "\t")):
                    break
                end = position + 1
            position += 1
        return end

    def _after_prose_line(self, position: int) -> int:
        """Return the line after a line of prose; after a whole code fence where one begins."""
        marks = self.fences.opening(position)
        if not marks:
            return position + 1
        end = self.fences.closing(position)
        if end is None:
            self._find("unclosed-fence", position, "code fence is never closed", f"add a line {marks}")
            return position + 1
        return end + 1

    def _example(self, position: int) -> RawBlock:
        opening = self._after_blanks(position + 1)
        if opening < len(self.lines) and self.lines.lines[opening].rstrip() == CONVERSATION:
            return self._conversation(position, opening)
        self._find(
            "example-without-conversation",
            position,
            "example without a conversation",
            f"put it in a fence that begins with `{CONVERSATION}`",
        )
        return RawBlock(BlockKind.EXAMPLE, position, opening, (opening, opening))

    def _conversation(self, start: int, opening: int) -> RawBlock:
        end = self._conversation_end(opening + 1)
        if end is None:
            self._find("unclosed-fence", opening, "conversation is never closed", "add a line `~~~`")
            end = self._unclosed_end(opening + 1)
            return RawBlock(BlockKind.EXAMPLE, start, end, (opening + 1, end))
        return RawBlock(BlockKind.EXAMPLE, start, self._after_blanks(end + 1), (opening + 1, end))

    def _conversation_end(self, position: int) -> int | None:
        """Return the line that is exactly ``~~~``, unless another conversation begins before it."""
        for number in range(position, len(self.lines)):
            line = self.lines.lines[number].rstrip()
            if line == CONVERSATION:
                return None
            if line == CONVERSATION.removesuffix("xml"):
                return number
        return None

    def _unclosed_end(self, position: int) -> int:
        """Return where a conversation that nothing closes must end: the next heading or example."""
        while position < len(self.lines):
            line = self.lines.lines[position]
            if EXAMPLE.fullmatch(line) or _HEADING_WITH_ID.fullmatch(line) or line.rstrip() == CONVERSATION:
                return position
            position += 1
        return position

    def _find(self, code: str, line: int, message: str, hint: str) -> None:
        self.findings.append(self.lines.warning(line, code, message, hint))
