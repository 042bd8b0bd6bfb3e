"""The lines of the files that findings speak of, read when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Span
from sphinx_policyspec.readers.text import read_text

__all__ = ["SourceLines"]

_BREAK = re.compile("\r?\n|[\r\x1c-\x1e\x85\u2028\u2029]")
"""What ends a line for docutils; elsewhere a line feed alone does."""


class SourceLines:
    """The lines of files below a folder; a file that cannot be read has none.

    :param root: what file names are relative to; ``None`` where there are no files to look at, as for
        a graph, whose file names anyone may have written
    :param beside: files that findings name without their folder, such as an annotation file
    :param bound: the folder out of which no link may lead, if any
    """

    def __init__(self, root: Path | None, beside: Iterable[Path] = (), bound: Path | None = None) -> None:
        self.root, self.bound = root, bound
        self.beside = {path.name: path for path in beside}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._counted: dict[str, tuple[str, ...]] = {}

    def of(self, file: str) -> tuple[str, ...]:
        """Return the lines of a file without their line feeds."""
        if file not in self._lines:
            self._lines[file] = self._read(file)
        return self._lines[file]

    def path(self, file: str) -> Path | None:
        """Return where a file is, or ``None`` where there is none to look at."""
        if file in self.beside:
            return self.beside[file]
        if self.root is None or not file:
            return None
        path = self.root / file
        return path if self.bound is None or real_path(path).is_relative_to(self.bound) else None

    def line(self, span: Span) -> str | None:
        """Return the line that a span begins in, if there is one, in lines as docutils counts those of its files."""
        lines = self._counted.get(span.file)
        if lines is None:
            lines = self.of(span.file)
            if span.file.endswith(".rst"):
                lines = tuple(_BREAK.split("\n".join(lines)))
            self._counted[span.file] = lines
        return lines[span.line - 1] if 0 < span.line <= len(lines) else None

    def _read(self, file: str) -> tuple[str, ...]:
        if (path := self.path(file)) is None:
            return ()
        try:
            return tuple(read_text(path, file)[0].split("\n"))
        except (SourceError, ValueError):
            return ()
