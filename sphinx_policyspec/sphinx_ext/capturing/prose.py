"""Runs of normative text in a page's exact source: what lies between blocks and is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sphinx_policyspec.model import Markup, Prose
from sphinx_policyspec.sphinx_ext.authoring.declared import Source

__all__ = ["heading_lines", "prose_between"]

_SILENT = frozenset(
    [
        "class",
        "contents",
        "currentmodule",
        "default-role",
        "highlight",
        "index",
        "meta",
        "module",
        "role",
        "rst-class",
        "sectionauthor",
        "codeauthor",
        "sectnum",
        "tags",
        "toctree",
    ]
)
"""Directives that show no text of the page itself."""

_RST_EXPLICIT = re.compile(r"(?P<indent>\s*)\.\.(?:\s+(?P<rest>.*))?$")
_RST_DIRECTIVE = re.compile(r"(?P<name>[\w:.+-]+)::(?:\s|$)")
_RST_FIELD = re.compile(r":[A-Za-z][\w-]*:(\s|$)")
_MYST_FENCE = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<name>[\w:.+-]+)\})?")
_MYST_SILENT = re.compile(r"\(\S.*\)=\s*$|%|\+\+\+|\{#?[\w.\s=\"#-]+\}\s*$|<!--.*-->\s*$")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")


def heading_lines(source: Source, title: str, line: int, markup: Markup) -> tuple[int, int]:
    """Return the first line of a heading and the line after it, its adornment included.

    :param line: where docutils says that it is; it may mean the text or the line below
    """
    wanted = " ".join(title.split())
    for number in (line, line - 1, line + 1, line - 2, line + 2):
        if not 1 <= number <= len(source.lines):
            continue
        text = source.lines[number - 1].strip()
        if markup is Markup.MYST:
            text = text.lstrip("#").strip()
        if " ".join(text.split()) != wanted:
            continue
        start, end = number, number + 1
        if markup is Markup.RST and number > 1 and _ADORNMENT.match(source.lines[number - 2]):
            start = number - 1
        if end <= len(source.lines) and _ADORNMENT.match(source.lines[end - 1]):
            end += 1
        return start, end
    return line, line + 1


def prose_between(
    source: Source, start: int, end: int, cuts: Iterable[tuple[int, int]], markup: Markup
) -> Iterator[Prose]:
    """Yield the runs of shown text in the lines from ``start`` up to ``end``.

    :param cuts: lines that belong to other blocks, as (first, the one after)
    """
    end = min(end, len(source.lines) + 1)
    taken = set[int]()
    for first, last in (*cuts, *_silent(source, start, end, markup)):
        taken.update(range(first, last))
    line = start
    while line < end:
        if line in taken:
            line += 1
            continue
        first = line
        while line < end and line not in taken:
            line += 1
        yield from _run(source, first, line)


def _run(source: Source, start: int, end: int) -> Iterator[Prose]:
    """Yield the text of some lines, if they hold any; blank lines before it belong to no run."""
    start = source.after_blanks(start)
    if start >= end:
        return
    text = source.text(start, end)
    lines = text.splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    shared = min(indents)
    shown = "\n".join(line[shared:].rstrip() for line in lines).strip("\n")
    yield Prose(source=text, text=shown, span=source.span(start, end))


def _silent(source: Source, start: int, end: int, markup: Markup) -> Iterator[tuple[int, int]]:
    """Yield the lines that show nothing: comments, targets, tables of contents, page metadata."""
    line = _front_matter_end(source, markup) if start == 1 else start
    if line > start:
        yield start, line
    while line < end:
        text = source.lines[line - 1]
        after = _rst_end(source, line, text) if markup is Markup.RST else _myst_end(source, line, text)
        if after > line:
            yield line, min(after, end)
            line = after
        else:
            line += 1


def _front_matter_end(source: Source, markup: Markup) -> int:
    """Return the line after the metadata that a page may begin with."""
    lines = source.lines
    if markup is Markup.RST:
        line = source.after_blanks(1)
        while line <= len(lines) and _RST_FIELD.match(lines[line - 1]):
            line += 1
        return line
    if not lines or lines[0].rstrip() != "---":
        return 1
    closing = next((n for n, text in enumerate(lines[1:], 2) if text.rstrip() in {"---", "..."}), 0)
    return closing + 1 if closing else 1


def _rst_end(source: Source, line: int, text: str) -> int:
    """Return the line after silent explicit markup, or the same line where there is none."""
    found = _RST_EXPLICIT.match(text.rstrip("\r\n"))
    if found is None:
        return line
    rest = found["rest"] or ""
    directive = _RST_DIRECTIVE.match(rest)
    if rest.startswith("[") or (directive and directive["name"] not in _SILENT):
        return line
    return _indented_end(source, line, len(found["indent"]))


def _indented_end(source: Source, line: int, indent: int) -> int:
    """Return the line after what is indented deeper below a line."""
    end = line + 1
    for number in range(line + 1, len(source.lines) + 1):
        text = source.lines[number - 1]
        if text.strip():
            if len(text) - len(text.lstrip()) <= indent:
                break
            end = number + 1
    return end


def _myst_end(source: Source, line: int, text: str) -> int:
    """Return the line after a silent construct of MyST, or the same line where there is none."""
    if _MYST_SILENT.match(text):
        return line + 1
    fence = _MYST_FENCE.match(text)
    if fence is None or not fence["name"] or fence["name"] not in _SILENT:
        return line
    for number in range(line + 1, len(source.lines) + 1):
        closing = source.lines[number - 1].strip()
        if closing and set(closing) == {fence["fence"][0]} and len(closing) >= len(fence["fence"]):
            return number + 1
    return len(source.lines) + 1
