"""The difference of a graph on a server from what it should be: sets of statements, not lines as a server writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.graph.parse import streamed_triples
from sphinx_policyspec.graph.syntaxes import ntriples_lines

_ESCAPE = re.compile(r"\\(?:\\[uU]|.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDifference:
    """Lines of N-Triples to delete from a graph, and to insert, sorted."""

    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of statements that change."""
        return len(self.removed) + len(self.added)


def lines_in(path: Path | None) -> frozenset[str]:
    """Return the statements of a graph file, each as a line of N-Triples in our form; empty without a file."""
    return frozenset(ntriples_lines(streamed_triples(path))) if path else frozenset()


def difference(has: Iterable[str], wanted: Iterable[str]) -> GraphDifference:
    """Return the difference between two sets of statements."""
    old, new = frozenset(has), frozenset(wanted)
    return GraphDifference(removed=tuple(sorted(old - new)), added=tuple(sorted(new - old)))


def data_of(lines: Iterable[str]) -> str:
    r"""Return lines of N-Triples in a form that is safe in SPARQL Update.

    Some engines replace ``\\uXXXX`` before they look for strings, so a backslash is never directly before a plain ``u``.
    """
    return "".join(_ESCAPE.sub(_unread, line) for line in lines)


def _unread(match: re.Match[str]) -> str:
    text = match[0]
    return f"\\\\\\U000000{ord(text[-1]):02X}" if text[1] == "\\" and len(text) > 2 else text  # noqa: PLR2004
