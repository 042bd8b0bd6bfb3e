"""The body of a message: entities, untrusted text, settings and the author's marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.model import Fragment, FragmentKind, Span
from sphinx_policyspec.model.json_text import load_json
from sphinx_policyspec.readers.comments import Shown, without_comments
from sphinx_policyspec.readers.text import Lines

__all__ = ["decode", "find_marks", "read_body"]

_ENTITY = re.compile(r"&(amp|lt|gt|quot);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
# Code and maths come first, so that nothing inside them is taken for a mark.
_CODE = r"(?<!`)(?P<ticks>`++).{0,300}?(?<!`)(?P=ticks)(?!`)"
_MATHS = r"\\{1,2}\((?:(?!\\\)).){0,200}\\\)|\\{1,2}\[(?:(?!\\\]).){0,200}\\\]"
_PLACEHOLDER = re.compile(rf"{_CODE}|{_MATHS}|(?P<mark>(?<!\\)\[(?![\^#\]])[^\[\]\n]{{1,400}}\](?![({{]))")
_ELISION = re.compile(r"(?P<mark>(?<!\\)\[\.\.\.[^\[\]\n]{0,400}\])")
# A line of code that no fence marks: a statement, an assignment, or what ends as only code does.
_CODE_LINE = re.compile(
    r"\s*+(?:"
    r"(?:async +)?(?:class|const|def|elif|fn|for|func|function|if|let|return|var|while|with) [^\n]*[:;{)\]]\s*$"
    r"|[\w.]{1,80}(?:\[[^\]\n]{0,80}\])?(?:: [^=\n]{1,120})? ?[-+*/|]?=(?!=)"
    r"|[^\n]*[;{}]\s*$)"
)
_LONGEST_LINE = 1000
"""A longer line is no code; looking at it for each of its brackets would cost too much."""
_DISPLAY = re.compile(r"\s*\\{1,2}([\[\]])\s*")
_SETTINGS = re.compile(r"\s*<(/?)settings>\s*")
_UNTRUSTED = re.compile(r"\s*<(/?)untrusted>\s*")


def decode(text: str) -> str:
    """Decode the four entities of the dialect exactly once."""
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text) if "&" in text else text


def read_body(
    lines: Lines, start: int, end: int, *, is_data: bool = False
) -> tuple[str, tuple[Fragment, ...], tuple[int, ...]]:
    """Return a message's text, its marked parts, and the lines of inner tags without a counterpart.

    The text is what its author says: entities decoded once, comments and settings left out (they are
    metadata), the tags around untrusted text kept. A comment in code, in untrusted text or in data is text.

    :param is_data: the body goes to a tool or comes from one, where brackets are syntax and only an
        elision is a mark
    """
    shown = _without_comments(lines, start, end) if not is_data else Shown((), ())
    settings, fragments = _settings(lines, start, end)
    maths = _display_maths(lines, start, end)
    kept: list[str] = []
    unpaired = [start + number for number in shown.unclosed]
    untrusted_from: int | None = None
    fence = ""
    for number in range(start, end):
        if number in settings:
            continue
        line = lines.lines[number].replace("\r\n", "\n")
        kept.append(line if is_data else shown.plain[number - start].replace("\r\n", "\n"))
        masked = line if is_data else shown.masked[number - start]
        fence = _fence_after(line, fence)
        if match := _UNTRUSTED.fullmatch(line):
            if match[1] and untrusted_from is not None:
                fragments.append(_untrusted(lines, untrusted_from, number))
                untrusted_from = None
            elif match[1]:
                unpaired.append(number)
            else:
                unpaired += [] if untrusted_from is None else [untrusted_from - 1]
                untrusted_from = number + 1
        elif not fence and _SETTINGS.fullmatch(line):
            unpaired.append(number)
        elif "[" in masked and number not in maths:
            fragments.extend(_marks(lines, number, masked, _ELISION if fence or is_data else _PLACEHOLDER))
    if untrusted_from is not None:
        unpaired.append(untrusted_from - 1)
    in_order = sorted(fragments, key=lambda fragment: fragment.span)
    return decode("".join(kept)).strip("\n"), tuple(in_order), tuple(unpaired)


def _without_comments(lines: Lines, start: int, end: int) -> Shown:
    """Return a body without its comments, which Markdown does not show; what untrusted text holds is data."""
    literal: set[int] = set()
    opened: int | None = None
    for number in range(start, end):
        match = _UNTRUSTED.fullmatch(lines.lines[number])
        if match and match[1] and opened is not None:
            literal.update(range(opened, number - start))
            opened = None
        elif match and not match[1]:
            opened = number - start
    return without_comments(lines.lines[start:end], literal)


def _settings(lines: Lines, start: int, end: int) -> tuple[set[int], list[Fragment]]:
    """Return the lines of closed ``<settings>``, tags included, and what they set."""
    claimed: set[int] = set()
    fragments: list[Fragment] = []
    fence = ""
    opened: int | None = None
    for number in range(start, end):
        line = lines.lines[number]
        fence = _fence_after(line, fence) if opened is None else ""
        match = None if fence else _SETTINGS.fullmatch(line)
        if match and not match[1]:
            opened = number
        elif match and opened is not None:
            claimed.update(range(opened, number + 1))
            fragments += [
                _fragment(FragmentKind.SETTING, decode(lines.lines[n].strip()), lines.span(n, n + 1))
                for n in range(opened + 1, number)
                if lines.lines[n].strip()
            ]
            opened = None
    return claimed, fragments


def _display_maths(lines: Lines, start: int, end: int) -> set[int]:
    """Return the lines of display maths whose brackets stand on lines of their own."""
    claimed: set[int] = set()
    opened: int | None = None
    for number in range(start, end):
        match = _DISPLAY.fullmatch(lines.lines[number]) if "\\" in lines.lines[number] else None
        if match and match[1] == "[":
            opened = number
        elif match and opened is not None:
            claimed.update(range(opened, number))
            opened = None
    return claimed


def _fence_after(line: str, fence: str) -> str:
    match = _FENCE.match(line)
    if match is None:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not line[match.end() :].strip()
    return "" if closes else fence


def _untrusted(lines: Lines, start: int, end: int) -> Fragment:
    text = decode(lines.text(start, end).replace("\r\n", "\n")).strip("\n")
    return _fragment(FragmentKind.UNTRUSTED, text, lines.span(start, end))


def _marks(lines: Lines, number: int, line: str, pattern: re.Pattern[str]) -> list[Fragment]:
    return [
        _fragment(FragmentKind.PLACEHOLDER, decode(match[0]), lines.within(number, *match.span()))
        for match in pattern.finditer(line)
        if match["mark"] and not _is_syntax(match)
    ]


def find_marks(text: str, *, is_data: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where the author's marks stand in text without markup, as (start, end).

    :param is_data: brackets are syntax here, and only an elision is a mark
    """
    if "[" in text:
        for match in (_ELISION if is_data else _PLACEHOLDER).finditer(text):
            if match["mark"] and not _is_syntax(match):
                yield match.span("mark")


def _is_syntax(match: re.Match[str]) -> bool:
    """Tell whether brackets are no mark but an array in JSON, or a type or index in a line of code."""
    text, mark = match.string, match["mark"]
    before = text[match.start() - 1 : match.start()]
    if not mark.startswith("[...") and (before.isalnum() or before in {"_", ")", "]"}):
        first, last = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        last = len(text) if last < 0 else last
        if last - first <= _LONGEST_LINE and _CODE_LINE.match(text[first:last]):
            return True
    try:
        load_json(mark)
    except ValueError:
        return False
    return True


def _fragment(kind: FragmentKind, text: str, span: Span) -> Fragment:
    return Fragment(kind=kind, text=text, span=span)
