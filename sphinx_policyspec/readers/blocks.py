"""Model Spec Markdown cut into blocks that together are the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.readers.comments import ITEM, RULE, SETEXT, PlainLines, front_matter, without_comments
from sphinx_policyspec.readers.text import BlockKind, Fences, Lines, RawBlock

# Possessive, so that a hostile run of spaces costs linear time.
ATX = re.compile(
    r"\ufeff?[ ]{0,3}(#{1,6})(?:(?P<blank>[ \t]++|(?=[^\s#][^\n]*\{:?[ ]?(?:#[\w-]|(?i:authority)=)[^{}\n]*+\}\s*$))"
    r"(?P<text>\S++(?:\s++\S++)*+))?\s*+"
)
"""A heading line; with attributes, the blank after its marks may be missing."""
# Possessive, so that a hostile run of spaces costs linear time.
_TITLE = r"[ \t]*+(?P<title>(?:\S++(?:\s++\S++)*+)?)\s*"
EXAMPLE = re.compile(
    rf"[ ]{{0,3}}(?P<marks>[*_]{{1,3}})(?i:example)(?P<number> \d{{1,4}})?(?::(?P=marks)|(?P=marks)(?P<colon>:|[ ](?:[-\u2013\u2014]|---?)[ ])){_TITLE}"
)
"""The first line of an example: ``**Example**:`` in the dialect, with other marks elsewhere."""
ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]*+(\w*+)[ \t]*+(?:\"([^\"\n]*+)\")?\s*")
_CLOSING_TAG = re.compile(r"[ ]{0,3}</[A-Za-z]\w{0,40}>\s*")
_FEW_MARKS = re.compile(
    r"[ \t]{0,12}(?:(?:`{2,}+|~{2,}+|'{3,}+|\^{3,}+)[ \t]*+[\w-]*+|(?i:xml))[ \t]*+(?P<tag><[A-Za-z]\w{0,40}>\s*+$)?"
)
_TAG_AND_MARKS = re.compile(r"[ ]{0,3}</\w{1,40}>[ \t]*(?:~{3,}|`{3,})")
_ENDS_FENCE = re.compile(r"[ \t]{0,12}(?:`{2,}+|~{2,}+)[^`~\n]*\n?")
"""Marks at the end of a conversation that were meant to close it."""
_BEGINS_MESSAGE = re.compile(
    r"[ ]?\*?[ ]?(?:<|&lt;)\s?/?\s?(?i:system|developer|user|assistant|tool|comparison)\b"
)
_ALMOST_TITLE = re.compile(
    r"[\s#*_>-]{0,9}(?P<word>[A-Za-z]{5,9})(?![A-Za-z])[*_:\s\uff1a-]{0,6}(?P<title>[^\n]*)"
)
_LONGEST_TITLE = 60
"""Characters of a line that a message shows."""
_MARK = 'write `!!! meta "Commentary"`'
_ALMOST_COMMENTARY = re.compile(
    r"(?:(?:!{2,4}|:{3})[ \t]*+\w*+[ \t]*+[:]?[ \t]*+[\"'\u201c]?(?i:commentary)\b[\"'\u201d]?"
    r"|[>*_ ]{0,6}(?i:commentary)[*_]{0,3}(?::|(?=\s*$))[*_]{0,3})(?P<rest>[^\n]*)\n?"
)
_GOES_ON = re.compile(r"[ ]{0,3}[^\W_]\w*[ ]")
"""A line of words that begins no block."""
_BARE_COMMENTARY = re.compile(r"    \w[^\n]*[.!?]\s*")
"""A line of words that is indented like commentary."""
DEFINITION = re.compile(
    r"[ ]{0,3}(?P<marks>\*\*|__)(?P<term>[^*\n]{1,200}?)"
    r"(?:(?P=marks)[ ]?[:\uff1a]|[:\uff1a](?P=marks)|(?P=marks)[ ](?:[-\u2013\u2014]|---?)(?=[ ]))"
)
"""What a definition begins with: its term in bold, and a colon or a dash."""
COMMENTARY = re.compile(r"(?:\*\*|\*|__)(?i:commentary)(?::(?:\*\*|\*|__)|(?:\*\*|\*|__):)[ \t]*+(?=\S)")
"""The beginning of a paragraph that calls itself commentary."""
CONVERSATION = "~~~xml"
_CONVERSATION = re.compile(r"(?P<marks>~{3,}+|`{3,}+)[ \t]*+(?i:xml)[ \t\r]*+\n?")
_LABELS = frozenset(
    """
    answer attention background caution commentary context danger don't example examples exception exceptions goal
    goals hint important note notes question rationale reason see summary tip todo warning
    """.split()  # noqa: SIM905 - a list of literals is harder to read
)
"""Words in bold that label a paragraph and define nothing."""
_HEADING_WITH_ID = re.compile(r"[ ]{0,3}#{1,6}[ \t].*\{#[^{}\n]*\}[\s#]*")
_QUOTED = re.compile(r"[ ]{0,3}(?:>[ ]?[ ]{0,3})+")
_NO_TEXT = re.compile(r"[ ]{4}|\t|\[[^\[\]\n]{1,200}\]:")
"""The beginning of a line that is no paragraph: code, or a definition of a link or note."""
_FAR = 1000
"""Most lines that one side of a merge conflict can have."""
_INSIDE = -1
"""Stands for the first line of a paragraph inside a quotation: it may go on, but never becomes a heading."""


def cut(lines: Lines) -> tuple[list[RawBlock], PlainLines, list[Finding]]:
    """Return the blocks of a file, its lines without comments, and findings; the blocks together are the whole file."""
    # A conversation that begins inside a fence shows that the fence was never closed: nothing
    # after it may be swallowed.
    stops = [number for number, line in enumerate(lines.lines) if line.rstrip() == CONVERSATION]
    visible = without_comments(lines.lines, stops=stops, begin=front_matter(lines.lines))
    cutter = _Cutter(lines, visible)
    for number in visible.unclosed:
        cutter.find("unclosed-comment", number, "comment is never closed", "add `-->`")
    return list(cutter.blocks()), visible, cutter.findings


def _begins_block(line: str) -> bool:
    """Return whether a line begins a block even directly after a line of prose."""
    return bool(
        (line.lstrip(" ").startswith("#") and ATX.fullmatch(line))
        or (line.startswith(("*", "_")) and EXAMPLE.fullmatch(line))
        or (line.startswith(("!!!", "???")) and ADMONITION.fullmatch(line))
        or line.rstrip() == CONVERSATION
    )


def _begins_other(line: str) -> bool:
    """Return whether a line begins another example, or a section or principle."""
    return bool(EXAMPLE.fullmatch(line) or _HEADING_WITH_ID.fullmatch(line))


def _goes_on(quoted: str) -> bool:
    """Return whether words in a quotation belong to a paragraph that may continue outside its marks."""
    return bool(quoted.strip()) and not (
        ATX.fullmatch(quoted) or RULE.fullmatch(quoted) or quoted.startswith(("```", "~~~", "    "))
    )


class _Cutter:
    """One pass over the lines of a file without its comments."""

    def __init__(self, lines: Lines, visible: PlainLines) -> None:
        self.source = lines
        self.visible = visible
        self.lines = visible.plain
        self.findings: list[Finding] = []
        stops = [number for number, line in enumerate(self.lines) if line.rstrip() == CONVERSATION]
        self.fences = Fences(self.lines, 3, stops)
        self.conflicts = {
            number
            for number, line in enumerate(self.lines)
            if line.startswith("=======") and self._is_conflict(number)
        }

    def _is_conflict(self, position: int) -> bool:
        """Return whether a line is between the marks of a merge conflict, and add a finding if so."""
        near = range(position - 1, max(position - _FAR, -1), -1)
        begin = next((n for n in near if self.lines[n].startswith("<<<<<<<")), None)
        if begin is None or self.lines[position].strip("=\r\n"):
            return False
        near = range(position, min(position + _FAR, len(self.lines)))
        below = next((n for n in near if self.lines[n].startswith(">>>>>>>")), position)
        message, hint = "a merge conflict was left here", "keep one side, and delete the marks"
        span = self.source.span(begin, below + 1)
        self.findings.append(Finding(code="merge-conflict", message=message, span=span, hint=hint))
        return True

    def blocks(self) -> Iterator[RawBlock]:
        """Yield the blocks in order; what no special form claims is prose."""
        position = prose_start = 0
        # First line of the paragraph, outside lists and quotations, that continues here.
        paragraph: int | None = None
        while position < len(self.lines):
            block = self._special(position, starts=position == prose_start)
            if block is None and paragraph not in {None, _INSIDE} and self._underlines(position):
                block = self._block(BlockKind.HEADING, paragraph or 0, position + 1)
            if block is None:
                paragraph = self._paragraph(position, paragraph)
                position = self._after_prose_line(position)
                continue
            if prose_start < block.start:
                yield RawBlock(BlockKind.PROSE, prose_start, block.start, (prose_start, block.start))
            yield block
            position = prose_start = block.end
            paragraph = None
        if prose_start < position:
            yield RawBlock(BlockKind.PROSE, prose_start, position, (prose_start, position))

    def _special(self, position: int, *, starts: bool) -> RawBlock | None:
        """Return the block that begins at a line, unless it is prose.

        :param starts: the line before belongs to another block, so that a paragraph starts here
        """
        line = self.lines[position]
        if position in self.visible.starts or (starts and not line and self.source.lines[position].strip()):
            return self._block(BlockKind.COMMENT, position, self._comment_end(position))
        if self._is_heading(position):
            return self._heading(position, line)
        begins = starts or not self.lines[position - 1].strip()
        is_bold = line.lstrip(" ").startswith(("*", "_")) and position not in self.visible.nested
        if is_bold and (block := self._bold(position, line, starts=begins)):
            return block
        if line.startswith(("!!!", "???")) and ADMONITION.fullmatch(line):
            return self._block(BlockKind.COMMENTARY, position, self._commentary_end(position))
        if "ommentary" in line[:40] and begins and (almost := _ALMOST_COMMENTARY.fullmatch(line)):
            hint = _MARK + ", and its text below, indented" * bool(almost["rest"].strip())
            self.find("unknown-admonition", position, "this line begins no commentary, but is text", hint)
        elif begins and position not in self.visible.nested and _BARE_COMMENTARY.fullmatch(line):
            hint = f"{_MARK} above them, or begin them at the margin"
            self.find("unknown-admonition", position, "these words are indented, and so are code", hint)
        if line.rstrip() == CONVERSATION:
            return self._untitled(position, position)
        if line.strip() == "-->":
            self.find("unclosed-comment", position, "`-->` ends no comment", "delete it, or add the `<!--`")
        return None

    def _commentary_end(self, position: int) -> int:
        """Return the line after commentary; if it is empty, or a line behind it is not indented, add a finding."""
        end = self._indented_end(position + 1)
        if end == position + 1:
            message = "this commentary is empty: nothing below it is indented"
            self.find("unknown-admonition", position, message, "indent its text by four spaces")
        elif end < len(self.lines) and self.lines[end - 1].strip() and _GOES_ON.match(self.lines[end]):
            message, hint = "this line is no part of the commentary above it", "indent it by four spaces"
            self.find("unknown-admonition", end, message, f"{hint}, or put a blank line between them")
        return end

    def _heading(self, position: int, line: str) -> RawBlock:
        """Return the block of a heading, or of an example whose title was written as a heading."""
        opening = self._next_text(position + 1)
        is_above = opening < len(self.lines) and self.lines[opening].rstrip() == CONVERSATION
        almost = _ALMOST_TITLE.match(line) if is_above and "{" not in line else None
        if almost and near_name(almost["word"], ("example",)):
            return self._untitled(opening, position)
        return self._block(BlockKind.HEADING, position, position + 1)

    def _is_heading(self, position: int) -> bool:
        line = self.lines[position]
        is_marked = line.lstrip(" \ufeff").startswith("#") and ATX.fullmatch(line) is not None
        return is_marked and position not in self.visible.nested  # in a list item it is part of the item

    def _bold(self, position: int, line: str, *, starts: bool) -> RawBlock | None:
        """Return the block that words in bold begin."""
        if title := EXAMPLE.fullmatch(line):
            if not title["title"]:
                message, hint = "example without a title", "say what it shows after `**Example**:`"
                self.find("untitled-example", position, message, hint)
            opening = self._next_text(position + 1)
            is_ours = title["marks"] == "**" and title["colon"] == ":" and not title["number"]
            if is_ours or self._opens(opening):
                return self._example(position, opening)
        if starts and COMMENTARY.match(line):
            return self._block(BlockKind.COMMENTARY, position, self._paragraph_end(position))
        if starts and self._defines(position):
            end = self._paragraph_end(position)
            if end < len(self.lines) and self._underlines(end):
                return None
            return self._block(BlockKind.DEFINITION, position, end)
        return None

    def _defines(self, position: int) -> bool:
        """Return whether a line defines a term in bold; the meaning may begin on the line below."""
        line = self.lines[position]
        match = DEFINITION.match(line)
        if match is None or match["term"].strip().partition(" ")[0].rstrip(".!?").casefold() in _LABELS:
            return False
        if line[match.end() :].strip():
            return True
        below = self.lines[position + 1] if position + 1 < len(self.lines) else ""
        begins = ITEM.match(below) or _begins_block(below) or below.startswith((">", "|", "**"))
        return bool(below.strip()) and not (begins or self.fences.opening(position + 1))

    def _paragraph(self, position: int, paragraph: int | None) -> int | None:
        """Return the first line of the paragraph that may continue after a line of prose, ``_INSIDE`` in a quotation."""
        line = self.lines[position]
        if not line.strip() or position in self.visible.fences or RULE.fullmatch(line):
            return None
        if position in self.visible.nested and ITEM.match(line):
            return None
        if match := _QUOTED.match(line):
            return _INSIDE if _goes_on(line[match.end() :]) else None
        if paragraph is None:
            return None if position in self.visible.nested or _NO_TEXT.match(line) else position
        return paragraph

    def _underlines(self, position: int) -> bool:
        return (
            position not in self.visible.nested | self.conflicts
            and SETEXT.fullmatch(self.lines[position]) is not None
        )

    def _block(self, kind: BlockKind, start: int, end: int) -> RawBlock:
        return RawBlock(kind, start, self._after_blanks(end), (start, end))

    def _after_blanks(self, position: int) -> int:
        """Return the first line at or after a position that is not blank in the file."""
        while position < len(self.lines) and not self.source.lines[position].strip():
            position += 1
        return position

    def _next_text(self, position: int) -> int:
        """Return the first line at or after a position that has text besides comments."""
        while position < len(self.lines) and not self.lines[position].strip():
            position += 1
        return position

    def _comment_end(self, position: int) -> int:
        position += 1
        while position < len(self.lines) and not self.lines[position] and position not in self.visible.starts:
            position += 1
        return position

    def _paragraph_end(self, position: int) -> int:
        position += 1
        while position < len(self.lines):
            line = self.lines[position]
            ends = not line.strip() or _begins_block(line) or self.fences.opening(position)
            if ends or self._underlines(position) or self._defines(position):
                break
            position += 1
        return position

    def _indented_end(self, position: int) -> int:
        """Return the line after an admonition's body: indented by four, blank lines between."""
        end = position
        while position < len(self.lines):
            line = self.lines[position]
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
        end = self.visible.fences.get(position)
        if end is None:
            self.find("unclosed-fence", position, "code fence is never closed", f"add a line {marks}")
            return position + 1
        return end + 1

    def _opens(self, position: int) -> bool:
        """Return whether a line opens a conversation below the title of an example."""
        return position < len(self.lines) and _CONVERSATION.fullmatch(self.lines[position]) is not None

    def _example(self, position: int, opening: int) -> RawBlock:
        if self._opens(opening):
            return self._conversation(position, opening)
        if (block := self._unfenced(position, opening) or self._behind_text(position, opening)) is not None:
            return block
        hint = f"put it in a fence that begins with `{CONVERSATION}`"
        self.find("example-without-conversation", position, "example without a conversation", hint)
        end = self._after_blanks(position + 1)
        return RawBlock(BlockKind.EXAMPLE, position, end, (end, end))

    def _unfenced(self, start: int, opening: int) -> RawBlock | None:
        """Return an example whose conversation has no opening fence, or a wrong one."""
        first = opening
        few = _FEW_MARKS.match(self.lines[opening]) if opening < len(self.lines) else None
        tag = (few["tag"] or "").rstrip() if few else ""
        if few:
            first = self._next_text(opening + 1)
        if first >= len(self.lines) or not (tag or _BEGINS_MESSAGE.match(self.lines[first])):
            return None
        body, end = self._unclosed_end(first)
        if first == opening:
            message, hint = "this conversation is in no fence", f"add a line `{CONVERSATION}` above it"
        else:
            message = f"`{self.lines[opening].strip()}` begins no conversation"
            hint = f"write `{CONVERSATION}` at the margin" + f", and `{tag}` below it" * bool(tag)
        self.find("example-without-conversation", opening, message, hint)
        return RawBlock(BlockKind.EXAMPLE, start, end, (first, body))

    def _behind_text(self, start: int, text: int) -> RawBlock | None:
        """Return an example that has a paragraph between its title and its conversation."""
        end = text
        while end < len(self.lines) and self.lines[end].strip() and not _begins_block(self.lines[end]):
            end += 1
        opening = self._next_text(end)
        if end == text or opening >= len(self.lines) or self.lines[opening].rstrip() != CONVERSATION:
            return None
        message, hint = "text between the title of an example and its conversation", "move it above the title"
        if not self.lines[text].strip(" `~\n"):
            message, hint = (
                f"`{self.lines[text].strip()}` is above a conversation, and begins code",
                "delete it",
            )
        self.find("example-without-conversation", text, message, hint)
        return self._conversation(start, opening)

    def _untitled(self, position: int, start: int) -> RawBlock:
        """Return the example of a conversation without a title above it; its block begins at ``start``."""
        above = position - 1
        while above >= 0 and not self.lines[above].strip():
            above -= 1
        almost = _ALMOST_TITLE.match(self.lines[above]) if above >= 0 else None
        if almost and near_name(almost["word"], ("example",)):
            message = f"`{self.lines[above].strip()[:_LONGEST_TITLE]}` is no title of an example"
            title = almost["title"].strip(" \t\r\n*_;.,")[:_LONGEST_TITLE]
            self.find("untitled-example", above, message, f"write `**Example**: {title}`")
        else:
            message, hint = "conversation without a title", "put `**Example**: …` above it"
            self.find("untitled-example", position, message, hint)
        return self._conversation(start, position)

    def _conversation(self, start: int, opening: int) -> RawBlock:
        match = _CONVERSATION.fullmatch(self.lines[opening])
        marks = match["marks"] if match else "~~~"
        again = self._next_text(opening + 1)
        if again < len(self.lines) and self.lines[again].rstrip() == CONVERSATION:
            self.find("unclosed-fence", again, f"`{CONVERSATION}` occurs twice", "delete one of the two")
            opening = again
        before = len(self.findings)
        end = self._conversation_end(opening, marks)
        if end is None:
            body, end = self._unclosed_end(opening + 1)
            if before == len(self.findings):
                self._report_unclosed(opening, marks, body)
            else:
                hint = "move the line below the last tag of the conversation"
                self.findings[-1] = replace(self.findings[-1], hint=hint)
            return RawBlock(BlockKind.EXAMPLE, start, end, (opening + 1, body))
        stop = end + bool(_TAG_AND_MARKS.match(self.lines[end]))
        if self._next_text(opening + 1) >= stop:
            hint = "put one into it, or delete it"
            self.find("empty-block", opening, "this conversation has no messages", hint)
        return RawBlock(BlockKind.EXAMPLE, start, self._after_blanks(end + 1), (opening + 1, stop))

    def _report_unclosed(self, opening: int, marks: str, end: int) -> None:
        """Report which of two lines of marks is wrong: the one that differs from the dialect."""
        line = self.lines[end].strip() if end < len(self.lines) and end > opening + 1 else ""
        if not _ENDS_FENCE.fullmatch(line):
            self.find("unclosed-fence", opening, "conversation is never closed", f"add a line `{marks}`")
        elif line == marks:
            message = f"`{line}` is indented, and closes nothing"
            self.find("unclosed-fence", end, message, "begin it at the margin")
        elif line == "~~~":
            message = f"this conversation ends with `{line}` in line {self.source.first + end}"
            self.find("unclosed-fence", opening, message, f"write `{CONVERSATION}`")
        else:
            message = f"`{line}` does not close the conversation of line {self.source.first + opening}"
            self.find("unclosed-fence", end, message, f"write `{marks}`")

    def _conversation_end(self, opening: int, marks: str) -> int | None:
        """Return the line that closes a conversation, unless another begins before it.

        Marks above another tag close only code inside a message, or are a mistake.
        """
        is_reported, inner, is_open, close = False, 0, False, -1
        for number in range(opening + 1, len(self.lines)):
            line = self.lines[number].rstrip()
            may_end = is_reported or not is_open
            if line == CONVERSATION or (may_end and line[:1] != "<" and _begins_other(line)):
                return None if is_open else self._end_of_other(number, marks)
            if "<" in line[:4] and _BEGINS_MESSAGE.match(line):
                is_open = not _CLOSING_TAG.fullmatch(line)
                if line.endswith(marks) and _TAG_AND_MARKS.fullmatch(line):
                    message = "the end of this conversation is after a tag, on the same line"
                    self.find("unclosed-fence", number, message, f"write `{marks}` on a line below it")
                    return number
            if not line.startswith(marks):
                continue
            if line.strip(marks[0]):
                inner = inner or number
                continue
            below = self._next_text(number + 1)
            if not self._begins_message(below):
                # A message that is closed below the marks continues there.
                close = self._next_close(number) if is_open and close < number else close
                if not is_open or close < number:
                    return number
            if not is_reported:
                words = self.lines[below].strip()[:_LONGEST_TITLE]
                message = f"`{marks}` ends this conversation above `{words}`"
                hint = f"delete the line; code in messages has other marks than `{marks}`"
                self.find("unclosed-fence", inner or number, message, hint)
                is_reported = True
        return None

    def _end_of_other(self, number: int, marks: str) -> int | None:
        """Return a line that opens a conversation where it should close one, unless one really begins there."""
        if _begins_other(self.lines[number]) or self._begins_message(number + 1):
            return None
        message = f"`{CONVERSATION}` is where this conversation ends"
        self.find("unclosed-fence", number, message, f"write `{marks}`")
        return number

    def _begins_message(self, position: int) -> bool:
        """Return whether the next line with text begins or ends a message."""
        below = self._next_text(position)
        return below < len(self.lines) and _BEGINS_MESSAGE.match(self.lines[below]) is not None

    def _next_close(self, position: int) -> int:
        """Return the line of the next closing tag in what may be one conversation, else -1."""
        for number in range(position, len(self.lines)):
            line = self.lines[number]
            if _begins_other(line) or line.rstrip() == CONVERSATION:
                break
            if _CLOSING_TAG.fullmatch(line):
                return number
        return -1

    def _unclosed_end(self, position: int) -> tuple[int, int]:
        """Return where a conversation that is never closed must end, and where its example does.

        That is after its last tag, and after marks meant to close it; without any tag, at the next heading or example.
        """
        end = tagged = position
        while end < len(self.lines):
            line = self.lines[end]
            if _begins_other(line) or line.rstrip() == CONVERSATION:
                break
            tagged = end + 1 if _CLOSING_TAG.fullmatch(line) else tagged
            end += 1
        if tagged == position:
            return end, end
        marks = tagged < end and bool(_ENDS_FENCE.fullmatch(self.lines[tagged]))
        return tagged, min(self._after_blanks(tagged + marks), end)

    def find(self, code: str, line: int, message: str, hint: str) -> None:
        """Add a finding about a whole line."""
        self.findings.append(self.source.warning(line, code, message, hint))
