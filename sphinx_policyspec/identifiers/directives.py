"""Directives of ours as they stand in a text, line by line, with their options: also in one that is being typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPEN_MYST = re.compile(
    r"^(?P<lead>[ \t>]*)(?:`{3,}|~{3,}|:{3,}) ?\{policy:(?P<name>[\w-]+)\}(?P<gap>[ \t]*)(?P<rest>.*)"
)
_OPEN_RST = re.compile(r"^(?P<lead>[ \t]*)\.\.[ ]+policy:(?P<name>[\w-]+)::(?P<gap>[ \t]*)(?P<rest>.*)")
_OPTION = re.compile(r"^(?P<lead>[ \t>]*):(?P<name>[\w-]+):(?P<gap>[ \t]*)(?P<rest>.*)")
_KEY = re.compile(r"^(?P<lead>[ \t>]*)(?P<name>[\w-]+):(?P<gap>[ \t]*)(?P<rest>.*)")
_MORE = re.compile(r"[ \t>]*[^\s>].*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOption:
    """An option of a directive: each piece of its value with the line, from 1, and the column, from 1, at which it begins."""

    name: str
    line: int
    pieces: tuple[tuple[int, int, str], ...]

    @property
    def value(self) -> str:
        """The whole value on one line."""
        return " ".join(text for _, _, text in self.pieces).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A directive of ours as it stands in a text.

    :param line: from 1, of its opening
    :param column: from 1, of its argument
    :param options_end: the line after its last option
    """

    name: str
    line: int
    indent: str
    column: int
    argument: str
    options: tuple[WrittenOption, ...] = ()
    options_end: int = 0

    def option(self, name: str) -> WrittenOption | None:
        """Return an option by its name."""
        return next((one for one in self.options if one.name == name), None)


def directives_in(lines: Sequence[str], *, is_rst: bool) -> Iterator[Directive]:
    """Yield the directives of ours, in the order in which they begin."""
    opening = _OPEN_RST if is_rst else _OPEN_MYST
    for number, line in enumerate(lines):
        if "policy:" in line and (match := opening.match(line)):
            options, end = _options(lines, number + 1, len(match["lead"]), is_rst=is_rst)
            yield Directive(
                name=match["name"],
                line=number + 1,
                indent=match["lead"],
                column=match.start("rest") + 1,
                argument=match["rest"].rstrip(),
                options=options,
                options_end=end + 1,
            )


def _options(
    lines: Sequence[str], start: int, indent: int, *, is_rst: bool
) -> tuple[tuple[WrittenOption, ...], int]:
    """Return the options of a directive whose opening is above a line, from 0, and the line after the last of them."""
    is_block = not is_rst and start < len(lines) and lines[start].strip(" \t>") == "---"
    form, number = (_KEY, start + 1) if is_block else (_OPTION, start)
    found: list[tuple[str, int, list[tuple[int, int, str]]]] = []
    while number < len(lines):
        line = lines[number]
        match = form.match(line)
        is_within = not is_rst or len(line) - len(line.lstrip()) > indent
        if is_block and line.strip(" \t>") == "---":
            return tuple(WrittenOption(name=n, line=at, pieces=tuple(p)) for n, at, p in found), number + 1
        if match and is_within:
            found.append((match["name"], number + 1, [(number + 1, match.start("rest") + 1, match["rest"])]))
        elif found and is_within and _MORE.fullmatch(line) and line[:1] in " \t" and (is_rst or is_block):
            at = len(line) - len(line.lstrip())
            found[-1][2].append((number + 1, at + 1, line[at:]))
        else:
            break
        number += 1
    return tuple(WrittenOption(name=n, line=at, pieces=tuple(p)) for n, at, p in found), number


_FENCE = re.compile(r"^[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})[ \t]*(?P<info>[^`\n]*)$")
_EXPLICIT = re.compile(r"^(?P<lead>[ \t]*)\.\.(?:[ \t]+(?P<rest>.*))?$")
_MARKUP = re.compile(r"(?P<name>[\w:.+-]{1,100})::(?:[ \t]|$)|_|\[|\|")
"""What is no comment after the two dots."""
_TYPED = re.compile(r"[\w:.+-]{0,100}$")
"""The name of a directive that is being typed."""
CODE = frozenset(
    """
    code code-block code-cell csv-table eval-rst graphviz literalinclude math mermaid parsed-literal prompt raw sourcecode
    toctree
    """.split()  # noqa: SIM905 - a list of literals is harder to read
)
"""Directives of others whose content is no markup."""
_VERDICT = re.compile(r"<!--[ \t]*[A-Z]")
"""What begins a comment that says how a response is judged, and is read."""
_SPOKEN = "xml"
"""What a fence says that holds a conversation of Model Spec Markdown."""


def is_unread(lines: Sequence[str], number: int, before: str, *, is_rst: bool) -> bool:
    """Return whether nobody reads what is at a place: it is code, or a comment.

    :param number: of its line, from 1
    :param before: what is before it on its line
    """
    above = lines[: number - 1]
    return _unread_rst(above, before) if is_rst else _unread_markdown(above, before)


def _unread_markdown(above: Sequence[str], before: str) -> bool:
    fences: list[tuple[str, bool, bool]] = []
    comment = False
    for line in (*above, before):
        match = (
            None
            if comment or ("`" not in line and "~" not in line and ":::" not in line)
            else _FENCE.match(line)
        )
        if match is None or line is before:
            # What is said in a conversation has comments that are read.
            if not any(is_code or is_said for _marks, is_code, is_said in fences):
                opened = line.rfind("<!--")
                begins = opened > line.rfind("-->") and not _VERDICT.match(line, opened)
                comment = begins or (comment and "-->" not in line)
            continue
        marks, info = match["marks"], match["info"].strip()
        closed = [n for n, one in enumerate(fences) if _closes(one[0], marks, info)]
        if fences and fences[-1][1]:
            # Code is ended by its own marks alone.
            del fences[len(fences) - (len(fences) - 1 in closed) :]
        elif closed:
            del fences[closed[-1] :]
        else:
            name = info.partition("}")[0].removeprefix("{") if info.startswith("{") else ""
            is_said = info.split(" ")[0] == _SPOKEN
            fences.append((marks, name in CODE if name else not is_said and marks[0] != ":", is_said))
    is_code = any(is_code for _marks, is_code, _said in fences)
    return is_code or comment or before.lstrip(" \t").startswith("%")


def _closes(opening: str, marks: str, info: str) -> bool:
    return not info and marks[0] == opening[0] and len(marks) >= len(opening)


def _unread_rst(above: Sequence[str], before: str) -> bool:
    if before.count("``") % 2:
        return True
    own = _EXPLICIT.match(before)
    if own and _is_comment(own["rest"] or "") and not _TYPED.match(own["rest"] or ""):
        return True
    indent = len(before) - len(before.lstrip()) if before.strip() else len(before)
    for line in reversed(above):
        width = len(line) - len(line.lstrip())
        if not line.strip() or width >= indent:
            continue
        indent = width
        explicit = _EXPLICIT.match(line)
        if explicit is None:
            if line.rstrip().endswith("::"):
                return True
            continue
        rest = explicit["rest"] or ""
        markup = _MARKUP.match(rest)
        if _is_comment(rest) or (markup and markup["name"] in CODE):
            return True
    return False


def _is_comment(rest: str) -> bool:
    return _MARKUP.match(rest) is None
