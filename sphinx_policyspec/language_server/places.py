"""Lines and columns of ours, and positions of the protocol, which counts lines from 0 and columns in code units."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Span

_OF_RST = re.compile("\r?\n|[\r\x1c-\x1e\x85\u2028\u2029]")
"""What ends a line for docutils; elsewhere a line feed alone does."""
_OF_CLIENTS = re.compile("\r\n?|\n")


@dataclass(frozen=True)
class Text:
    """A text, and the two ways in which its places are counted.

    :param encoding: in which code units the client counts columns: ``utf-8``, ``utf-16`` or ``utf-32``
    """

    file: str
    text: str
    encoding: str = "utf-16"

    def range_of(self, span: Span) -> types.Range:
        """Return a span of ours as a range; a whole line, or a mere point, as the words of its first line."""
        start = self._offset(span.line, span.column)
        end = self._offset(span.end_line, span.end_column)
        if end <= start or (span.end_line, span.end_column) == (span.line + 1, 1):
            start, end = self._words(span)
        return types.Range(start=self.position(start), end=self.position(end))

    def exact_range(self, span: Span) -> types.Range:
        """Return a span of ours as a range, as it is."""
        ends = (self._offset(span.line, span.column), self._offset(span.end_line, span.end_column))
        return types.Range(start=self.position(ends[0]), end=self.position(ends[1]))

    def edit(self, place: types.Range, words: str) -> types.TextEdit:
        """Return the edit that puts words at a place, whose lines end as those of the text do."""
        return types.TextEdit(range=place, new_text=words.replace("\n", self.line_end))

    @cached_property
    def line_end(self) -> str:
        """What ends the first line of the text."""
        return match[0] if (match := _OF_CLIENTS.search(self.text)) else "\n"

    def place(self, position: types.Position) -> tuple[int, int]:
        """Return the line and column of ours of a position, both from 1."""
        offset = self.offset(position)
        line = bisect_right(self._lines, offset) - 1
        return line + 1, offset - self._lines[line] + 1

    def offset(self, position: types.Position) -> int:
        """Return the number of characters before a position; one outside the text is moved into it."""
        number = min(max(position.line, 0), len(self._client_lines) - 1)
        start = self._client_lines[number]
        end = self._client_lines[number + 1] if number + 1 < len(self._client_lines) else len(self.text)
        line = _OF_CLIENTS.sub("", self.text[start:end])
        return start + _characters(line, max(position.character, 0), self.encoding)

    def position(self, offset: int) -> types.Position:
        """Return the position behind so many characters."""
        line = bisect_right(self._client_lines, offset) - 1
        units = _units(self.text[self._client_lines[line] : offset], self.encoding)
        return types.Position(line=line, character=units)

    def line(self, number: int) -> str:
        """Return a line of ours, from 1, without its end; empty where there is none."""
        if not 0 < number <= len(self._lines):
            return ""
        end = self._lines[number] if number < len(self._lines) else len(self.text)
        return self.text[self._lines[number - 1] : end].rstrip("\r\n")

    def _words(self, span: Span) -> tuple[int, int]:
        """Return where the words of a line begin and end; a point on words is that word."""
        start, line = self._offset(span.line, 1), self.line(span.line)
        column = span.column - 1 if (span.end_line, span.end_column) == (span.line, span.column) else 0
        if column and (match := re.compile(r"[\w-]+").match(line, column)):
            return start + column, start + match.end()
        body = column if line[column:].strip() else 0
        lead = len(line) - len(line[body:].lstrip()) if line.strip() else 0
        return start + lead, start + max(len(line.rstrip()), lead)

    def _offset(self, line: int, column: int) -> int:
        if line > len(self._lines):
            return len(self.text)
        start = self._lines[max(line, 1) - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        return min(start + max(column, 1) - 1, end)

    @cached_property
    def _lines(self) -> list[int]:
        ends = _OF_RST if self.file.endswith((".rst", ".txt")) else None
        return _begins(self.text, ends)

    @cached_property
    def _client_lines(self) -> list[int]:
        return _begins(self.text, _OF_CLIENTS if "\r" in self.text else None)


def _begins(text: str, ends: re.Pattern[str] | None) -> list[int]:
    """Return where each line of a text begins.

    :param ends: what ends a line; a line feed alone by default, which takes half the time
    """
    if ends is None:
        return [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]
    return [0, *(match.end() for match in ends.finditer(text))]


def _units(text: str, encoding: str) -> int:
    if text.isascii() or encoding == "utf-32":
        return len(text)
    if encoding == "utf-8":
        return len(text.encode(errors="surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)


def _characters(line: str, units: int, encoding: str) -> int:
    """Return how many characters so many code units of a line are; within one, those before it."""
    if line.isascii() or encoding == "utf-32":
        return min(units, len(line))
    count = 0
    for number, char in enumerate(line):
        count += _units(char, encoding)
        if count > units:
            return number
    return len(line)


def path_of(uri: str) -> Path | None:
    """Return the file that an address names; none for what is no file, such as ``untitled:`` and ``git:``."""
    if not uri.startswith("file:") or "\0" in uri or "%00" in uri:
        return None
    try:
        named = to_fs_path(uri)
        return real_path(Path(named)) if named else None
    except (ValueError, OSError):
        return None


def uri_of(path: Path) -> str:
    """Return the address of a file."""
    return from_fs_path(str(path)) or ""


def once(text_of: Callable[[Path], Text]) -> Callable[[Path], Text]:
    """Return the same, which reads each file once."""
    known: dict[Path, Text] = {}

    def found(path: Path) -> Text:
        if path not in known:
            known[path] = text_of(path)
        return known[path]

    return found
