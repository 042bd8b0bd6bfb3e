"""Where statements hold: whether file patterns can match the same file, and whether two places meet.

A pattern names paths relative to the folder of its overlay, as in tools for agents: ``*`` and ``?`` match within a
name, ``**`` as a whole name matches any folders, ``[a-c]`` and ``[!a]`` one character, ``{ts,tsx}`` either word; a
character after a backslash stands for itself. A pattern that begins with ``!`` excludes files in some tools; here it
adds none.
"""

from __future__ import annotations

import bisect
import functools
import operator
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Protocol

from sphinx_policyspec.files import Brief, common_folder, folder_of, real_path
from sphinx_policyspec.model import Finding, Spec, SpecStatement
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.nearest import plain
from sphinx_policyspec.readers.overlays import Overlay

_Chars = tuple[tuple[int, int], ...]
"""Characters as ordered ranges of code points, both ends included."""

_LAST = 0x10FFFF
_ANY: _Chars = ((0, _LAST),)
_SLASH: _Chars = ((ord("/"), ord("/")),)
_MOST, _MOST_EXPANDED = 500, 200
"""The most characters of a pattern, and the most patterns that its braces expand to; beyond that it matches any file."""


class HoldsSomewhere(Protocol):
    """A thing that holds somewhere: a statement of an overlay file, or of a spec that results from one."""

    @property
    def globs(self) -> tuple[str, ...]:
        """Patterns of the files that it holds in; none means any file."""

    @property
    def audience(self) -> str:
        """Whom it is for, in words; empty means everybody."""


def may_meet(left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether some file can match a pattern on each side; no patterns match any file."""
    files = _Automaton()
    ends = sum(files.add(steps) for steps in _patterns(right))
    return any(files.reached(steps) & ends for steps in _patterns(left))


def matching_nothing(overlay: Overlay) -> Iterator[Finding]:
    """Find patterns that match no file below the folder of an overlay: their statements would hold nowhere."""
    for statement in overlay.statements:
        for glob in statement.globs:
            if why := _why_none(glob.removeprefix("!")):
                yield Finding(
                    code="invalid-value",
                    message=f"no file can match {shown(glob)}: {why}",
                    span=statement.place("where"),
                    hint="name files from the folder of the overlay on, as in `shop/**`",
                )


def _why_none(glob: str) -> str:
    if glob.startswith("/"):
        return "it begins at the root of the disk"
    if ".." in glob.split("/"):
        return "`..` leaves the folder"
    if _UNCLOSED.search(glob):
        return "its `[` is never closed"
    return "" if glob.strip() else "it is empty"


_UNCLOSED = re.compile(r"(?<!\\)\[[^\]\[]{0,500}\Z")


def below(folder: str) -> tuple[str, ...]:
    """Return patterns of the files in and below a folder; none, which means any file, for an empty name."""
    return (f"{_literal(folder)}/**",) if folder else ()


def from_above(globs: Sequence[str], folder: str) -> tuple[str, ...]:
    """Return patterns relative to a folder as patterns relative to the one that its own name is relative to."""
    if not folder:
        return tuple(globs)
    parts = (("!" * glob.startswith("!"), glob.removeprefix("!").lstrip("/")) for glob in globs)
    return tuple(f"{sign}{_literal(folder)}/{glob}" for sign, glob in parts)


def from_inside(globs: Sequence[str], folder: str) -> tuple[str, ...]:
    """Return the part of patterns that matches below a folder, relative to it; none if that is all of its files."""
    patterns = tuple(globs)
    for name in folder.split("/") if folder else ():
        rests = (
            f"{'!' * glob.startswith('!')}{rest}"
            for glob in patterns
            for pattern in _with_plain_start(glob.removeprefix("!"))
            for rest in _rests(pattern, name)
        )
        patterns = tuple(dict.fromkeys(rests))
    return () if folder and "**" in patterns else patterns


def from_one_folder(
    overlays: Sequence[Overlay], files: Sequence[Path], upstream: Spec, others: Sequence[Path]
) -> tuple[Sequence[Overlay], Spec]:
    """Return overlays and their upstream with patterns relative to one folder, which has all overlay files below it.

    :param files: files of the overlays
    :param others: files of the overlays that upstream already contains
    """
    if not others:
        return overlays, upstream
    folders = [common_folder([real_path(folder_of(file)) for file in some]) for some in (files, others)]
    here, there = ("/".join(one.relative_to(common_folder(folders)).parts) for one in folders)
    provisions = tuple(
        replace(one, globs=from_above(one.globs, there)) if isinstance(one, SpecStatement) else one
        for one in upstream.provisions
    )
    moved = (replace(one, home="/".join(filter(None, (here, one.home)))) for one in overlays)
    return tuple(moved), replace(upstream, provisions=provisions) if there else upstream


def is_inside(folder: str, other: str) -> bool:
    """Return whether a folder is another one or lies in it; both are relative to one folder, whose name is empty."""
    return PurePosixPath(folder).is_relative_to(other)


def _literal(folder: str) -> str:
    return re.sub(r"([\\*?\[{}!,])", r"\\\1", folder)


def _with_plain_start(glob: str) -> list[str]:
    """Return the patterns that one stands for, whose first names have no braces."""
    return _expanded(glob) if "{" in glob.partition("/")[0] else [glob]


def _rests(pattern: str, name: str) -> Iterator[str]:
    """Yield the rests of a pattern inside a folder of a name, if it can match there."""
    first, *others = _names(pattern)
    rest = "/".join(others)
    if _DEEP.fullmatch(first):
        yield pattern
        yield from _rests(rest, name) if rest else ()
    elif rest and may_meet((first,), (_literal(name),)):
        yield rest


class StatementPlaces:
    """Where several things hold, to find the first or last one before a given one that can hold in the same place.

    Patterns are automata whose states only stay or go forward; the states of all are the bits of one number. A pattern
    is compared with all of them in one pass, with as many steps as its own, and only if one is left that it may meet.

    :param traits: traits in which two things must differ, each with a value for each thing
    """

    def __init__(self, things: Sequence[HoldsSomewhere], *traits: Sequence[Hashable]) -> None:
        self._things = things
        self._traits = traits
        self._files = _Automaton()
        self._begins: list[int] = []
        self._ends: dict[tuple[int, Hashable], int] = {}
        for number, one in enumerate(things):
            self._begins.append(self._files.size)
            ends = sum(self._files.add(steps) for steps in _patterns(one.globs))
            for key in (_ALL, (_AUDIENCE, plain(one.audience)), *self._kinds(number)):
                self._ends[key] = self._ends.get(key, 0) | ends

    def first_before(self, number: int) -> int | None:
        """Return the number of the first earlier thing that differs and can hold for the same people in the same file."""
        candidates = self._before(number)
        return self._owner(candidates & -candidates)

    def last_before(self, number: int) -> int | None:
        """Return the number of the last such thing."""
        return self._owner(self._before(number))

    def _before(self, number: int) -> int:
        """Return the end states of the patterns of earlier things that a thing may meet."""
        one, ends = self._things[number], self._ends
        candidates = ends[_ALL] & ((1 << self._begins[number]) - 1)
        for kind in self._kinds(number):
            candidates &= ~ends[kind]
        if audience := plain(one.audience):
            candidates &= ends[_AUDIENCE, audience] | ends.get((_AUDIENCE, ""), 0)
        if not candidates:
            return 0
        return candidates & functools.reduce(operator.or_, map(self._files.reached, _patterns(one.globs)))

    def _kinds(self, number: int) -> Iterator[tuple[int, Hashable]]:
        return ((place, trait[number]) for place, trait in enumerate(self._traits))

    def _owner(self, ends: int) -> int | None:
        return bisect.bisect_right(self._begins, ends.bit_length() - 1) - 1 if ends else None


_ALL, _AUDIENCE = (-1, ""), -2
"""Keys of the end states of all patterns, and (with its words) of those for an audience."""


def hold_together(one: HoldsSomewhere, other: HoldsSomewhere) -> bool:
    """Return whether two things can hold in the same place."""
    return _is_for(one, other) and may_meet(one.globs, other.globs)


def _is_for(one: HoldsSomewhere, other: HoldsSomewhere) -> bool:
    """Return whether two things can be for the same people: the words for an audience are compared, not interpreted."""
    return not (one.audience and other.audience) or plain(one.audience) == plain(other.audience)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step(Brief):
    """One state of a pattern.

    :param goes: characters that lead to the next state
    :param stays: characters that lead to the same state
    :param skips: numbers of states that it can go forward without a character
    """

    goes: _Chars = ()
    stays: _Chars = ()
    skips: tuple[int, ...] = ()


@dataclass(slots=True)
class _Automaton:
    """The states of several patterns, as bits.

    :param size: number of states, including the end states of patterns
    """

    size: int = 0
    starts: int = 0
    _going: dict[_Chars, int] = field(default_factory=dict)
    _staying: dict[_Chars, int] = field(default_factory=dict)
    _skipping: dict[int, int] = field(default_factory=dict)
    _cache: dict[_Chars, tuple[int, int]] = field(default_factory=dict)

    def add(self, steps: Sequence[_Step]) -> int:
        """Add a pattern, and return the bit of its end state."""
        self.starts |= 1 << self.size
        for at, step in enumerate(steps, self.size):
            for chars, states in ((step.goes, self._going), (step.stays, self._staying)):
                if chars:
                    states[chars] = states.get(chars, 0) | 1 << at
            for skip in step.skips:
                self._skipping[skip] = self._skipping.get(skip, 0) | 1 << at
        self.size += len(steps) + 1
        return 1 << (self.size - 1)

    def reached(self, steps: Sequence[_Step]) -> int:
        """Return the states that can be reached with the texts that another pattern matches."""
        # For each state of the other pattern, the states that these can be in at the same time.
        states = [0] * (len(steps) + 1)
        states[0] = self._closed(self.starts)
        for at, step in enumerate(steps):
            here = states[at]
            while step.stays and (more := here | self._after(here, step.stays)) != here:
                here = more
            for skip in step.skips:
                states[at + skip] |= here
            if step.goes:
                states[at + 1] |= self._after(here, step.goes)
        return states[-1]

    def _after(self, states: int, chars: _Chars) -> int:
        if chars not in self._cache:
            self._cache[chars] = (_of(self._going, chars), _of(self._staying, chars))
        going, staying = self._cache[chars]
        return self._closed((states & going) << 1 | states & staying)

    def _closed(self, states: int) -> int:
        """Return states and those that can be reached from them without a character."""
        more = states
        while True:
            for skip, some in self._skipping.items():
                more |= (more & some) << skip
            if more == states:
                return states
            states = more


def _of(states: dict[_Chars, int], chars: _Chars) -> int:
    """Return the states that at least one of the characters leads out of."""
    reached = 0
    for wanted, some in states.items():
        if _share(wanted, chars):
            reached |= some
    return reached


def _share(one: _Chars, other: _Chars) -> bool:
    return any(first <= end and begin <= last for first, last in one for begin, end in other)


# -- patterns ----------------------------------------------------------------------------------


def _patterns(globs: Sequence[str]) -> Iterator[tuple[_Step, ...]]:
    """Yield the automata of patterns, one for each choice of braces."""
    including = [glob for glob in globs if not glob.startswith("!")]
    for glob in including or ["**"]:
        yield from (_steps(pattern) for pattern in _expanded(glob))


def _expanded(glob: str) -> list[str]:
    """Return the patterns without braces that a pattern stands for, one for each choice."""
    waiting, patterns = [glob], list[str]()
    for _ in range(_MOST_EXPANDED * 2):
        if not waiting:
            return patterns
        pattern = waiting.pop()
        if len(pattern) > _MOST:
            break
        choices = _choices(pattern)
        if choices:
            waiting += choices
        else:
            patterns.append(pattern)
    return ["**"]


_SIGN = re.compile(r"\\.|\[[!^]?\]?[^\]/]{0,200}\]|[{},]", re.DOTALL)
"""Tokens among which braces are looked for: those in escapes and character classes do not count."""
_RANGE = re.compile(r"[^,{}]*\.\.[^,{}]*")


def _choices(pattern: str) -> list[str]:
    """Return a pattern for each choice of its first complete pair of braces; empty if it has none."""
    begins: list[list[int]] = []
    for sign in _SIGN.finditer(pattern):
        if sign[0] == "{":
            begins.append([sign.start()])
        elif sign[0] == "," and begins:
            begins[-1].append(sign.start())
        elif sign[0] == "}" and begins:
            cuts = [*begins.pop(), sign.start()]
            parts = [pattern[start + 1 : end] for start, end in pairwise(cuts)]
            if len(parts) == 1 and _RANGE.fullmatch(parts[0]):
                parts = ["*"]
            elif len(parts) == 1:
                # Braces around one word are no choice.
                parts = [f"\\{{{parts[0]}\\}}"]
            return [f"{pattern[: cuts[0]]}{part}{pattern[cuts[-1] + 1 :]}" for part in parts]
    return []


def _steps(pattern: str) -> tuple[_Step, ...]:
    """Return the states of a pattern without braces.

    A star may match no character, though a name has at least one. That makes no two patterns meet: both could have
    one more character there.
    """
    names = _names(pattern)
    steps: list[_Step] = []
    for number, name in enumerate(names):
        is_last = number == len(names) - 1
        if not _DEEP.fullmatch(name):
            steps += _name(name)
            steps += [] if is_last else [_Step(goes=_SLASH)]
        elif is_last:
            steps.append(_Step(stays=_ANY, skips=(1,)))
        elif number == 0 or not _DEEP.fullmatch(names[number - 1]):
            steps += [_Step(skips=(1, 2)), _Step(stays=_ANY, goes=_SLASH)]
    return tuple(steps)


def _names(pattern: str) -> list[str]:
    """Return the patterns of the folders of a path and of its file."""
    names = [name for name in pattern.split("/") if name not in {"", "."}] or ["**"]
    return [*names, "**"] if pattern.endswith("/") else names


_DEEP = re.compile(r"\*{2,}")
_TOKEN = re.compile(
    r"(?P<stars>\*+)|\\(?P<escaped>.)|\[(?P<not>[!^]?)(?P<chars>\]?[^\]]{0,200})\]|(?P<char>.)", re.DOTALL
)


def _name(name: str) -> Iterator[_Step]:
    """Yield the states of the pattern of a file or folder."""
    for token in _TOKEN.finditer(name):
        if token["stars"]:
            yield _Step(stays=_besides(_SLASH), skips=(1,))
        elif token["chars"]:
            inside = tuple(_ranges(token["chars"]))
            yield _Step(goes=_besides((*inside, *_SLASH)) if token["not"] else _without_slash(inside))
        elif token["char"] == "?":
            yield _Step(goes=_besides(_SLASH))
        else:
            yield from (_Step(goes=((ord(char),) * 2,)) for char in token["escaped"] or token[0])


def _ranges(chars: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"(.)-(.)|(.)", chars, re.DOTALL):
        first, last = match[1] or match[3], match[2] or match[3]
        yield ord(first), ord(last)


def _besides(chars: _Chars) -> _Chars:
    """Return all characters except some."""
    ranges, begin = list[tuple[int, int]](), 0
    for first, last in sorted(chars):
        if first > begin:
            ranges.append((begin, first - 1))
        begin = max(begin, last + 1)
    return (*ranges, (begin, _LAST)) if begin <= _LAST else tuple(ranges)


def _without_slash(chars: _Chars) -> _Chars:
    return _besides((*_besides(chars), *_SLASH))
