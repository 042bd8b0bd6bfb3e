"""A source file as exact lines, and spans into it."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Finding, Span

__all__ = ["Lines", "read_text"]

MAX_BYTES = 64 * 1024 * 1024
"""A larger file is no spec; reading it would only exhaust memory."""


@dataclass(frozen=True)
class Lines:
    """The lines of one file with their line ends; line numbers of the API count from 0.

    :param first: line number (from 1) of the first line in the file, for an excerpt
    """

    file: str
    lines: tuple[str, ...]
    first: int = 1

    @classmethod
    def of(cls, file: str, text: str) -> Lines:
        """Split at line feeds only, so that joining the lines gives back the text."""
        parts = text.split("\n")
        lines = [part + "\n" for part in parts[:-1]]
        if parts[-1]:
            lines.append(parts[-1])
        return cls(file, tuple(lines))

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.lines)

    def text(self, start: int, end: int) -> str:
        """Return the exact text of the lines from ``start`` up to ``end``."""
        return "".join(self.lines[start:end])

    def span(self, start: int, end: int) -> Span:
        """Return the span of whole lines from ``start`` up to ``end``.

        Where the last of them has no line end, the span stops at its last character.
        """
        last = self.lines[end - 1] if start < end else "\n"
        if not last.endswith("\n"):
            return Span(self.file, self.first + start, 1, self.first + end - 1, len(last) + 1)
        return Span(self.file, self.first + start, 1, self.first + end, 1)

    def within(self, line: int, start: int, end: int) -> Span:
        """Return the span of the characters from ``start`` up to ``end`` of one line."""
        number = self.first + line
        return Span(self.file, number, start + 1, number, end + 1)

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self.lines)]

    def offset_span(self, base: int, start: int, end: int) -> Span:
        """Return the span of character offsets ``start`` to ``end``, counted from line ``base``."""
        zero = self._offsets[base]
        first_line, first_column = self._place(zero + start)
        last_line, last_column = self._place(zero + end)
        return Span(self.file, first_line, first_column, last_line, last_column)

    def _place(self, offset: int) -> tuple[int, int]:
        line = min(bisect.bisect_right(self._offsets, offset) - 1, max(len(self.lines) - 1, 0))
        return self.first + line, offset - self._offsets[line] + 1

    def warning(self, line: int, code: str, message: str, hint: str) -> Finding:
        """Return a finding about a whole line."""
        span = self.within(line, 0, len(self.lines[line].rstrip("\r\n")))
        return Finding(code=code, message=message, span=span, hint=hint)


def read_text(path: Path, file: str) -> tuple[str, tuple[Finding, ...]]:
    """Return a file's text; bytes that are not UTF-8 become U+FFFD, with a finding."""
    try:
        # A device has no size and no end.
        with path.open("rb") as given:
            data = given.read(MAX_BYTES + 1) if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        message = f"cannot read `{path}`: {(error.strerror or str(error)).lower()}"
        raise SourceError(message) from None
    if data is None or len(data) > MAX_BYTES:
        message = (
            f"`{path}` is larger than {MAX_BYTES // 2**20} MiB, the most that is read of a file: split it"
        )
        raise SourceError(message)
    try:
        return data.decode(), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()
        finding = Finding(
            code="invalid-encoding",
            message=f"byte 0x{data[error.start]:02x} is not UTF-8; shown as U+FFFD",
            span=Span(file, line, len(before) + 1),
            hint="save the file as UTF-8",
        )
        return data.decode(errors="replace"), (finding,)
