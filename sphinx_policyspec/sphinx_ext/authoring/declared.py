"""What a directive says, left on its node until the page is read in full; and a page's exact source."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes

from sphinx_policyspec.model import (
    AuthorityLevel,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Finding,
    Goal,
    Link,
    Message,
    Principle,
    Reference,
    Span,
    Spec,
    Topic,
    Turn,
)
from sphinx_policyspec.readers.ignores import Ignore, ignores_in
from sphinx_policyspec.sphinx_ext.page_markup import counts_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.records import Question

__all__ = [
    "Conversation",
    "Declared",
    "Source",
    "declared_on",
    "ignores_of",
    "note_finding",
    "source_of",
    "take_findings",
]

_KEY = "policyspec"
_FINDINGS = "policyspec_findings"
_SOURCES = "policyspec_sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The turns of a compact conversation, with the references and links that its reader found."""

    turns: tuple[Turn, ...]
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one directive says.

    :param item: a model object; what only its surroundings can tell is still missing
    :param start: its first line
    :param end: the line after its last one
    :param is_block: a provision that is not the section around the directive but its own content
    :param body: first line of its content and the line after that, for content that is prose of ours
    :param places: for some options, the line that each stands on
    """

    item: (
        Principle
        | Example
        | EvalPrompt
        | Goal
        | Message
        | Conversation
        | Definition
        | Commentary
        | Topic
        | AuthorityLevel
        | Spec
        | Question
    )
    path: str
    start: int
    end: int
    is_block: bool = False
    body: tuple[int, int] | None = None
    places: tuple[tuple[str, int], ...] = ()

    def on(self, node: nodes.Element) -> None:
        """Leave this on a node."""
        node[_KEY] = self


def declared_on(node: nodes.Node, *, take: bool = False) -> Declared | None:
    """Return what a directive left on a node; ``take`` removes it, so that no doctree keeps it."""
    if not isinstance(node, nodes.Element) or _KEY not in node.attributes:
        return None
    found = cast("Declared", node[_KEY])
    if take:
        del node[_KEY]
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """The exact lines of a source file, as findings name it.

    :param file: relative to the source folder, ``/`` between its parts
    """

    file: str
    lines: tuple[str, ...]

    def text(self, start: int, end: int) -> str:
        """Return the exact text of the lines from ``start`` up to ``end``, counted from 1."""
        return "".join(self.lines[max(start - 1, 0) : max(end - 1, 0)])

    def span(self, start: int, end: int = 0) -> Span:
        """Return the span of whole lines from ``start`` up to ``end``."""
        return Span(self.file, start, 1, max(end, start + 1), 1)

    def after_blanks(self, line: int) -> int:
        """Return the first line from ``line`` on that is not blank, or the one after the last."""
        while line <= len(self.lines) and not self.lines[line - 1].strip():
            line += 1
        return line

    def locate(self, needle: str, start: int, end: int, skip: int = 0) -> Span:
        """Return where a word stands in some lines, occurrence ``skip``; their start where nowhere."""
        for number in range(start, min(end, len(self.lines) + 1)):
            for column in _occurrences(self.lines[number - 1], needle):
                if skip == 0:
                    return Span(self.file, number, column + 1, number, column + 1 + len(needle))
                skip -= 1
        return self.span(start)


def _occurrences(line: str, needle: str) -> Iterator[int]:
    """Yield where ``needle`` stands as a whole word, ids being words."""
    at = line.find(needle)
    while needle and at >= 0:
        around = line[max(at - 1, 0) : at] + line[at + len(needle) : at + len(needle) + 1]
        if not any(char.isalnum() or char in "_-" for char in around):
            yield at
        at = line.find(needle, at + 1)


def source_of(env: BuildEnvironment, path: str) -> Source:
    """Return the lines of a file that the page being read takes text from."""
    known = cast("dict[str, Source]", env.temp_data.setdefault(_SOURCES, {}))
    if (found := known.get(path)) is None:
        # docutils names an included file relative to the working directory, or not, as its version has it. Links are
        # kept: a page that is one still lies in the source folder.
        full = os.path.abspath(path)  # noqa: PTH100
        found = known[path] = known[full] = known.get(full) or _read(env, Path(full))
    return found


def _read(env: BuildEnvironment, path: Path) -> Source:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    file = path.relative_to(env.srcdir) if path.is_relative_to(env.srcdir) else path
    if path == Path(env.doc2path(env.docname)) and not counts_lines(env):
        text = ""
    return Source(file.as_posix(), tuple(text.splitlines(keepends=True)))


def ignores_of(env: BuildEnvironment) -> tuple[Ignore, ...]:
    """Return the comments that silence findings, in all files that the page being read is made of."""
    known = cast("dict[str, Source]", env.temp_data.get(_SOURCES, {}))
    sources = {source.file: source for source in known.values()}
    return tuple(ignore for source in sources.values() for ignore in ignores_in(source.file, source.lines))


def note_finding(env: BuildEnvironment, finding: Finding) -> None:
    """Keep a finding about the page being read."""
    env.temp_data[_FINDINGS] = (*take_findings(env), finding)


def take_findings(env: BuildEnvironment) -> tuple[Finding, ...]:
    """Return the findings about the page being read, and forget them."""
    return cast("tuple[Finding, ...]", env.temp_data.pop(_FINDINGS, ()))
