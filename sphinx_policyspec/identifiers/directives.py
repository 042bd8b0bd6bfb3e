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
    """Return the options of a directive whose opening stands above a line, from 0, and the line after the last of them."""
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
