"""Our lines and columns, and positions of the protocol, which counts lines from 0 and columns in code units."""

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
"""Line ends for docutils; elsewhere only a line feed ends a line."""
_OF_CLIENTS = re.compile("\r\n?|\n")


@dataclass(frozen=True)
class Text:
    """A text, with its places in our numbers and in those of the client.

    :param encoding: code units in which the client counts columns: ``utf-8``, ``utf-16`` or ``utf-32``
    """

    file: str
    text: str
    encoding: str = "utf-16"

    def range_of(self, span: Span) -> types.Range:
        """Return one of our spans as a range; a whole line or an empty span becomes the words of its first line."""
        start = self._offset(span.line, span.column)
        end = self._offset(span.end_line, span.end_column)
        if end <= start or (span.end_line, span.end_column) == (span.line + 1, 1):
            start, end = self._words(span)
        return types.Range(start=self.position(start), end=self.position(end))

    def exact_range(self, span: Span) -> types.Range:
        """Return one of our spans as a range, unchanged."""
        ends = (self._offset(span.line, span.column), self._offset(span.end_line, span.end_column))
        return types.Range(start=self.position(ends[0]), end=self.position(ends[1]))

    def edit(self, place: types.Range, words: str) -> types.TextEdit:
        """Return the edit that puts words at a place, with the line ends of the text."""
        return types.TextEdit(range=place, new_text=words.replace("\n", self.line_end))

    @cached_property
    def line_end(self) -> str:
        """The line end of the first line of the text."""
        return match[0] if (match := _OF_CLIENTS.search(self.text)) else "\n"

    def place(self, position: types.Position) -> tuple[int, int]:
        """Return our line and column for a position, both from 1."""
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
        """Return the position after a number of characters."""
        line = bisect_right(self._client_lines, offset) - 1
        units = _units(self.text[self._client_lines[line] : offset], self.encoding)
        return types.Position(line=line, character=units)

    def line(self, number: int) -> str:
        """Return a line by our number, from 1, without its line end; empty if there is none."""
        if not 0 < number <= len(self._lines):
            return ""
        end = self._lines[number] if number < len(self._lines) else len(self.text)
        return self.text[self._lines[number - 1] : end].rstrip("\r\n")

    def _words(self, span: Span) -> tuple[int, int]:
        """Return where the words of a line begin and end; an empty span on a word gives that word."""
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
    """Return the offset of each line of a text.

    :param ends: pattern of line ends; none means a line feed, which takes half the time
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
    """Return the number of characters in a number of code units of a line; a split character does not count."""
    if line.isascii() or encoding == "utf-32":
        return min(units, len(line))
    count = 0
    for number, char in enumerate(line):
        count += _units(char, encoding)
        if count > units:
            return number
    return len(line)


def path_of(uri: str) -> Path | None:
    """Return the file of a URI; none if it is not a file, such as ``untitled:`` and ``git:``."""
    if not uri.startswith("file:") or "\0" in uri or "%00" in uri:
        return None
    try:
        name = to_fs_path(uri)
        return real_path(Path(name)) if name else None
    except (ValueError, OSError):
        return None


def uri_of(path: Path) -> str:
    """Return the URI of a file."""
    return from_fs_path(str(path)) or ""


def once(text_of: Callable[[Path], Text]) -> Callable[[Path], Text]:
    """Return a version of a function that reads each file only once."""
    cache: dict[Path, Text] = {}

    def cached_text_of(path: Path) -> Text:
        if path not in cache:
            cache[path] = text_of(path)
        return cache[path]

    return cached_text_of
