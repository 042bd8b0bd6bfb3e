"""Code fences: the line that closes each, in linear time however many are forgotten."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence

__all__ = ["Fences"]

_FENCE = re.compile(r"([ ]*+)(`{3,}+|~{3,}+|:{3,}+)([^\n]*)\n?")


class Fences:
    """Where the code fences among some lines end; line numbers count from 0.

    :param indent: most spaces that may stand before a fence
    :param stops: lines, in order, that no fence reaches over
    :param marks: what fences are made of; MyST has colons, too
    """

    def __init__(
        self, lines: Sequence[str], indent: int, stops: Sequence[int] = (), *, marks: str = "`~"
    ) -> None:
        self._opening: dict[int, str] = {}
        self._closing: dict[str, list[int]] = {mark: [] for mark in marks}
        self._lengths: dict[str, list[int]] = {mark: [] for mark in marks}
        self._stops = stops
        fences = tuple(mark * 3 for mark in marks)
        for number, line in enumerate(lines):
            if any(fence in line for fence in fences):
                self._add(number, line, indent)
        # The longest closing line from each one on, up to the next stop: a search that would end
        # in vain is never begun.
        self._longest = {mark: self._longest_from(mark) for mark in self._closing}

    def _add(self, number: int, line: str, indent: int) -> None:
        match = _FENCE.fullmatch(line)
        if match is None or len(match[1]) > indent:
            return
        mark = match[2][0]
        if mark not in self._closing:
            return
        if mark != "`" or "`" not in match[3]:
            self._opening[number] = match[2]
        if not match[3].strip():
            self._closing[mark].append(number)
            self._lengths[mark].append(len(match[2]))

    def _longest_from(self, mark: str) -> list[int]:
        longest: list[int] = []
        after = 0
        limit = None
        for number, length in zip(reversed(self._closing[mark]), reversed(self._lengths[mark]), strict=True):
            stop = self._stop_after(number)
            after = max(after, length) if stop == limit else length
            limit = stop
            longest.append(after)
        return longest[::-1]

    def _stop_after(self, line: int) -> int | None:
        index = bisect.bisect_right(self._stops, line)
        return self._stops[index] if index < len(self._stops) else None

    def __bool__(self) -> bool:
        """Tell whether any line can open a fence."""
        return bool(self._opening)

    @property
    def openings(self) -> tuple[int, ...]:
        """The lines that can open a fence, in order."""
        return tuple(self._opening)

    def opening(self, line: int) -> str:
        """Return the marks of the fence that a line can open, empty where it can open none."""
        return self._opening.get(line, "")

    def closing(self, line: int) -> int | None:
        """Return the line that closes the fence which ``line`` opens, ``None`` where nothing does."""
        marks = self._opening.get(line)
        if marks is None:
            return None
        closing, lengths = self._closing[marks[0]], self._lengths[marks[0]]
        index = bisect.bisect_right(closing, line)
        if index == len(closing) or self._stop_after(line) != self._stop_after(closing[index]):
            return None
        if self._longest[marks[0]][index] < len(marks):
            return None
        while lengths[index] < len(marks):
            index += 1
        return closing[index]

    def regions(self) -> Iterator[tuple[int, int]]:
        """Yield the opening and the closing line of each fence that is closed, in order."""
        after = 0
        for line in self._opening:
            if line >= after and (end := self.closing(line)) is not None:
                yield line, end
                after = end + 1
