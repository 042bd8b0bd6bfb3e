"""Where the lines of a source bring in another file, and which lines of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sphinx_policyspec.model import Markup
from sphinx_policyspec.sphinx_ext.authoring.declared import Source

__all__ = ["Inclusion", "inclusions"]

_RST = re.compile(r"(?P<fence>\s*)\.\.\s+include::\s+(?P<path>\S.*)")
_MYST = re.compile(r"\s*(?P<fence>`{3,}|~{3,}|:{3,})\s*\{include\}\s*(?P<path>\S.*)")
_OPTION = re.compile(r"\s*:(?P<name>[a-z-]+):\s*(?P<value>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """One directive that brings in a file.

    :param at: the first line of the directive, and ``after`` the one after its last
    :param start: the first line of ``source`` that is brought in, and ``end`` the one after the last
    """

    at: int
    after: int
    source: Source
    start: int
    end: int
    markup: Markup


def inclusions(
    source: Source, start: int, end: int, markup: Markup, open_file: Callable[[str], Source]
) -> Iterator[Inclusion]:
    """Yield what the lines from ``start`` up to ``end`` bring in.

    :param open_file: returns the file that a directive names
    """
    pattern = _RST if markup is Markup.RST else _MYST
    line = start
    while line < min(end, len(source.lines) + 1):
        found = pattern.match(source.lines[line - 1])
        if found is None:
            line += 1
            continue
        options, after = _options(source, line, found["fence"], markup)
        included = open_file(found["path"].strip())
        first, last = _part(included, options)
        inner = markup
        if parser := options.get("parser", ""):
            inner = Markup.MYST if "myst" in parser.lower() else Markup.RST
        yield Inclusion(at=line, after=after, source=included, start=first, end=last, markup=inner)
        line = after


def _options(source: Source, line: int, fence: str, markup: Markup) -> tuple[dict[str, str], int]:
    """Return the options of a directive and the line after it."""
    options: dict[str, str] = {}
    after = line + 1
    while after <= len(source.lines):
        text = source.lines[after - 1]
        if markup is Markup.MYST and text.strip().startswith(fence):
            return options, after + 1
        option = _OPTION.match(text)
        if option is None or (markup is Markup.RST and len(text) - len(text.lstrip()) <= len(fence)):
            break
        options[option["name"]] = option["value"].strip()
        after += 1
    return options, after


def _part(source: Source, options: dict[str, str]) -> tuple[int, int]:
    """Return the lines that the options choose, as docutils does."""
    lines = range(1, len(source.lines) + 1)[_number(options, "start-line") : _number(options, "end-line")]
    first, last = (lines.start, lines.stop) if lines else (1, 1)
    if text := options.get("start-after"):
        first = next((n + 1 for n in range(first, last) if text in source.lines[n - 1]), first)
    if text := options.get("end-before"):
        last = next((n for n in range(first, last) if text in source.lines[n - 1]), last)
    return first, last


def _number(options: dict[str, str], name: str) -> int | None:
    try:
        return int(options[name])
    except (KeyError, ValueError):
        return None
