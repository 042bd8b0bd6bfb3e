"""Where something stands in a source file, and what a stage reports about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Finding", "Severity", "Span"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one source file.

    Lines and columns count from 1, columns in characters (not bytes); the end is exclusive, so
    an item that covers the whole of line 3 ends at line 4, column 1.

    :param file: path relative to the SOURCE that was read, with ``/`` between its parts
    """

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        """Let a span given by its start alone be the empty one at that place."""
        if not self.end_line:
            object.__setattr__(self, "end_line", self.line)
            object.__setattr__(self, "end_column", self.column)

    def __str__(self) -> str:
        """Return ``file:line:column``, as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    """How much a finding matters, from what breaks the document to what is merely advice."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the text that its author should know.

    :param code: kebab-case name of the pattern that was found, such as ``dangling-reference``
    :param message: one sentence, lower case, without a full stop, user input in backticks
    :param span: the place; every finding has one
    :param hint: what to do about it, such as the nearest existing name
    :param related: other places that belong to it, such as the first of two equal ids
    """

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str = ""
    related: tuple[Span, ...] = ()

    def __str__(self) -> str:
        """Return the one-line form that the command line and Sphinx print."""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.span}: {self.severity.value}: {self.message}{hint} [{self.code}]"
