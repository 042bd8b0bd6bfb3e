"""Texts word by word: what counts as equal, how alike two texts are, and how one became the other.

Paragraphs are aligned first, then the sentences of those that differ, then the words of sentences that belong together.
The standard library's difflib does it: it finds the longest runs in common, which reads better than the shortest
edit script that rapidfuzz gives; that one measures how alike two texts are, which it does a hundred times faster.
"""

from __future__ import annotations

import bisect
import re
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Generic, TypeVar

from rapidfuzz.distance import Indel

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.outlines import paragraphs, sentences

_PLAIN = str.maketrans({
    "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{MINUS SIGN}": "-", "\N{FIGURE DASH}": "-",
    "\N{EM DASH}": "---", "\N{EN DASH}": "--", "\N{HORIZONTAL BAR}": "---",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{SINGLE LOW-9 QUOTATION MARK}": "'", "\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"', "\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}": '"',
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{ZERO WIDTH SPACE}": "", "\N{SOFT HYPHEN}": "", "\N{ZERO WIDTH NO-BREAK SPACE}": "",
})  # fmt: skip
_RANGE = re.compile(r"(?<=\d)-{2}(?=\d)")
_DASHES = re.compile(r"(?:(?<!\s)\s++)?-{2,}+\s*+|(?<=\w)\s++-\s++(?=\w)")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of scripts that put no blanks between words: each counts as one."""
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['-][^\W{_UNSPACED}]+)*|-+|[^\w\s]")
_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
_PIECE = re.compile(rf"[{_UNSPACED}][{_MARKS}]*+|[^{_UNSPACED}]+")
_WORD_SIGN = re.compile(r"\w")
_BEFORE, _BEHIND = "([\"'“‘*_", ".,;:!?)]\"'”’*_"
"""Punctuation that is around a word."""
_SHINGLE = 3
"""Words in a row that two texts hardly share by chance."""
_TOO_LONG = 4_000_000
"""Comparisons that an alignment may cost; beyond it, parts that occur once in each sequence cut it into smaller ones."""
_OFTEN = 64
"""Equal pairs for each part of a sequence beyond which it counts as too long, too: the same few parts over and over."""
_CUTS = 3
"""How often such sequences are cut again."""
_WINDOW = 200
"""Sentences in a row of each text, or parts of one provision, that are compared together to see which are one."""
_TOO_LARGE = 4_000_000_000
"""Comparisons of words beyond which the order of words in common is left out of how alike two texts are."""
_RELATED = 0.4
"""How alike two sentences must be to be shown as one that changed, rather than as one that went and one that came."""


@dataclass(frozen=True, slots=True)
class Run(Brief):
    """Words in a row that were kept (``=``), removed (``-``) or added (``+``), in the words of the source.

    :param after: the space that follows, or nothing where punctuation does
    """

    op: str
    text: str
    after: str = " "


@dataclass(frozen=True, slots=True)
class Unit(Brief):
    """A paragraph or list item that was kept, removed, added, or changed into another (``~``)."""

    op: str
    runs: tuple[Run, ...]

    @property
    def old(self) -> str:
        """What it said."""
        return _text(run for run in self.runs if run.op != "+")

    @property
    def new(self) -> str:
        """What it says."""
        return _text(run for run in self.runs if run.op != "-")


def _text(runs: Iterable[Run]) -> str:
    return "".join(run.text + run.after for run in runs).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange(Brief):
    """How one text became another.

    :param units: every paragraph and list item in order, those that were kept included
    :param similarity: twice the words in common by all words, from 0 to 1
    """

    units: tuple[Unit, ...]
    similarity: float
    words_removed: int
    words_added: int


_Item = TypeVar("_Item", Run, Unit)
_Part = TypeVar("_Part")


def normal(text: str) -> str:
    """Return a text with plain dashes, quotes and single spaces; texts that then are equal differ in typography alone."""
    if not text.isascii():
        text = text.translate(_PLAIN)
    if "--" in text or " - " in text:
        text = _DASHES.sub(" --- ", _RANGE.sub("-", text))
    return spaced(text)


def spaced(text: str) -> str:
    """Return a text with single spaces, and none around it."""
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """Return the words and signs of a text, in plain typography; equal ones are one object, since they recur."""
    return list(map(sys.intern, _WORD.findall(normal(text))))


def alike(old: Sequence[str], new: Sequence[str]) -> float:
    """Return twice the words in common, in order, by all words: 0 for nothing, 1 for equal texts."""
    if len(old) * len(new) > _TOO_LARGE:
        return 2 * (Counter(old) & Counter(new)).total() / (len(old) + len(new))
    return float(Indel.normalized_similarity(old, new))


def shingles(text: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Return the runs of three words in a text; a shorter text is one run."""
    lowered = [sys.intern(word.lower()) for word in text]
    if len(lowered) <= _SHINGLE:
        return frozenset([tuple(lowered)] if lowered else [])
    return frozenset(zip(*(lowered[i:] for i in range(_SHINGLE)), strict=False))


def containment(old: frozenset[tuple[str, ...]], new: frozenset[tuple[str, ...]]) -> float:
    """Return how much of the smaller set of runs is in the other: 1 where one text holds the other."""
    smaller = min(len(old), len(new))
    return len(old & new) / smaller if smaller else 0.0


def near(old: Sequence[_Part], new: Sequence[_Part]) -> Iterator[tuple[_Part, _Part]]:
    """Yield the pairs of two sequences; of long ones, those at about the same place."""
    reach = _WINDOW // 2 if len(old) * len(new) > _WINDOW**2 else max(len(old), len(new))
    for place, part in enumerate(old):
        yield from ((part, other) for other in new[max(place - reach, 0) : place + reach + 1])


@dataclass(slots=True)
class Pairing(Generic[_Part]):
    """The parts of two texts that have no partner yet, while partners are looked for.

    The reverse comparison finds the same pairs.
    """

    old: list[_Part]
    new: list[_Part]

    def equal(
        self, key: Callable[[_Part], Hashable], new_key: Callable[[_Part], Hashable] | None = None
    ) -> list[tuple[_Part, _Part]]:
        """Remove the pairs that have one key, in order, and return them.

        :param new_key: the key of the new parts, if it is another one
        """
        by_key: dict[Hashable, list[_Part]] = {}
        for part in reversed(self.new):
            by_key.setdefault((new_key or key)(part), []).append(part)
        return self._take((part, same.pop()) for part in self.old if (same := by_key.get(key(part))))

    def alike(
        self,
        rate: Callable[[_Part, _Part], float],
        name: Callable[[_Part], str],
        place: Callable[[_Part], str] = lambda _: "",
    ) -> list[tuple[_Part, _Part]]:
        """Remove the pairs that are alike, the most alike first, and return them.

        :param rate: how alike two parts are; 0 where they cannot be a pair
        :param name: what orders pairs that are equally alike
        :param place: what the parts of a pair must have in common
        """
        here: dict[str, tuple[list[_Part], list[_Part]]] = {}
        for side, parts in enumerate((self.old, self.new)):
            for part in parts:
                here.setdefault(place(part), ([], []))[side].append(part)
        pairs = (pair for both in here.values() for pair in near(*both))
        rated = [(rating, one, other) for one, other in pairs if (rating := rate(one, other))]
        rated.sort(key=lambda row: (-row[0], *sorted((name(row[1]), name(row[2])))))
        used: set[int] = set()
        matched = []
        for _, one, other in rated:
            if not used & {id(one), id(other)}:
                used |= {id(one), id(other)}
                matched.append((one, other))
        return self._take(matched)

    def _take(self, pairs: Iterable[tuple[_Part, _Part]]) -> list[tuple[_Part, _Part]]:
        matched = list(pairs)
        used = {id(part) for pair in matched for part in pair}
        self.old, self.new = ([p for p in side if id(p) not in used] for side in (self.old, self.new))
        return matched


def compare_texts(old: str, new: str) -> TextChange:
    """Return how one text became another; the reverse comparison gives the mirror image."""
    if old > new:
        return _mirrored(compare_texts(new, old))
    units = tuple(_units(_split(old, paragraphs), _split(new, paragraphs)))
    runs = [run for unit in units for run in unit.runs]
    return TextChange(
        units=units,
        similarity=round(alike(words(old), words(new)), 3),
        words_removed=sum(_length(run.text) for run in runs if run.op == "-"),
        words_added=sum(_length(run.text) for run in runs if run.op == "+"),
    )


def _length(text: str) -> int:
    """Return how many words a text has, punctuation between blanks left out."""
    return sum(_WORD_SIGN.search(part) is not None for part in text.split())


def _mirrored(change: TextChange) -> TextChange:
    turned = {"-": "+", "+": "-"}

    def units(items: tuple[Unit, ...]) -> Iterator[Unit]:
        """Put what was removed before what was added again, unit by unit and run by run."""
        for unit in items:
            runs = tuple(replace(run, op=turned.get(run.op, run.op)) for run in unit.runs)
            yield Unit(turned.get(unit.op, unit.op), _removed_first(runs))

    return replace(
        change,
        units=_removed_first(tuple(units(change.units))),
        words_removed=change.words_added,
        words_added=change.words_removed,
    )


def _removed_first(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Order neighbours that were removed and added so that what was removed comes first."""
    ordered: list[_Item] = []
    added: list[_Item] = []
    for item in items:
        if item.op == "+":
            added.append(item)
            continue
        if item.op != "-":
            ordered += added
            added = []
        ordered.append(item)
    return tuple(ordered + added)


def _split(text: str, cut: Callable[[str], Iterator[str]]) -> list[str]:
    return [plain for part in cut(text) if (plain := spaced(part))]


def _units(old: list[str], new: list[str]) -> Iterator[Unit]:
    """Yield the paragraphs of two texts as units."""
    for op, i1, i2, j1, j2 in _opcodes([*map(normal, old)], [*map(normal, new)]):
        if op == "equal":
            yield from (Unit("=", (Run("=", part),)) for part in new[j1:j2])
        else:
            yield from _by_sentence(old[i1:i2], new[j1:j2])


def _by_sentence(old: list[str], new: list[str]) -> Iterator[Unit]:
    """Yield paragraphs that differ, by the paragraphs of the new text.

    Their sentences are aligned over all of them, so that a paragraph that was split shows as kept words. Sentences
    that were removed are in the paragraph before them, unless a whole paragraph was removed.
    """
    before = [(place, part) for place, paragraph in enumerate(old) for part in sentences(paragraph)]
    after = [(place, part) for place, paragraph in enumerate(new) for part in sentences(paragraph)]
    pairs = list(_aligned([part for _, part in before], [part for _, part in after]))
    survived = {before[i][0] for i, j in pairs if i is not None and j is not None}
    here: tuple[str, int] | None = None
    runs: list[Run] = []
    for i, j in pairs:
        place = here
        if j is not None:
            place = ("new", after[j][0])
        elif i is not None and before[i][0] not in survived:
            place = ("old", before[i][0])
        if place != here and runs:
            yield _unit(runs)
            runs = []
        here = place
        runs += _sentence(None if i is None else before[i][1], None if j is None else after[j][1])
    yield _unit(runs)


def _unit(runs: list[Run]) -> Unit:
    joined = tuple(_joined(_removed_first(tuple(runs))))
    ops = {run.op for run in joined}
    return Unit(joined[0].op if len(ops) == 1 else "~", joined)


def runs_of(old: str | None, new: str | None) -> tuple[Run, ...]:
    """Return the words of two sentences that belong together, or of one alone, with what was removed and added."""
    return _unit([*_sentence(old, new)]).runs


def _sentence(old: str | None, new: str | None) -> Iterator[Run]:
    """Yield the words of two sentences that belong together, or of one alone."""
    if new is None:
        yield Run("-", old or "")
    elif old is None:
        yield Run("+", new)
    elif normal(old) == normal(new):
        yield Run("=", new)
    else:
        yield from _words(old, new)


def _joined(runs: tuple[Run, ...]) -> Iterator[Run]:
    """Join neighbours of one kind."""
    for op, neighbours in groupby(runs, key=lambda run: run.op):
        *others, last = neighbours
        yield Run(op, "".join(run.text + run.after for run in others) + last.text, last.after)


def _words(old: str, new: str) -> Iterator[Run]:
    """Yield the words of two sentences."""
    before, after = [*_tokens(old)], [*_tokens(new)]
    plain_before, plain_after = ([normal(token.text) for token in tokens] for tokens in (before, after))
    for op, i1, i2, j1, j2 in _opcodes(plain_before, plain_after):
        if op == "equal":
            yield from after[j1:j2]
            continue
        yield from (replace(token, op="-") for token in before[i1:i2])
        yield from (replace(token, op="+") for token in after[j1:j2])


def _tokens(text: str) -> Iterator[Run]:
    """Yield the words of a text, and the punctuation around each word by itself."""
    for word in text.split():
        bare = word.lstrip(_BEFORE)
        core = bare.rstrip(_BEHIND)
        pieces = (core,) if core.isascii() else _PIECE.findall(core)
        around = word[: len(word) - len(bare)], *pieces, bare[len(core) :]
        parts = [part for part in around if part]
        yield from (Run("=", part, "") for part in parts[:-1])
        yield Run("=", parts[-1])


def _aligned(old: list[str], new: list[str]) -> Iterator[tuple[int | None, int | None]]:
    """Yield the places of the sentences of two texts in order, in pairs where they belong together."""
    for op, i1, i2, j1, j2 in _opcodes([*map(normal, old)], [*map(normal, new)]):
        if op == "equal":
            yield from zip(range(i1, i2), range(j1, j2), strict=True)
            continue
        old_done, new_done = i1, j1
        for i, j in _pairs(old[i1:i2], new[j1:j2]):
            yield from ((place, None) for place in range(old_done, i1 + i))
            yield from ((None, place) for place in range(new_done, j1 + j))
            yield i1 + i, j1 + j
            old_done, new_done = i1 + i + 1, j1 + j + 1
        yield from ((place, None) for place in range(old_done, i2))
        yield from ((None, place) for place in range(new_done, j2))


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield how one sequence becomes another, as difflib does: (what, from, to, from, to), equal parts as ``equal``."""
    i = j = 0
    for start, begin, size in [*_matching(old, new, _CUTS), (len(old), len(new), 0)]:
        if i < start or j < begin:
            yield "replace", i, start, j, begin
        i, j = start + size, begin + size
        if size:
            yield "equal", start, i, begin, j


def _matching(old: Sequence[str], new: Sequence[str], cuts: int) -> Iterator[tuple[int, int, int]]:
    """Yield the runs in common that show how one sequence becomes another, as (place, place, length).

    :param cuts: how often sequences that are too long for difflib may be cut where parts are that occur once in
        each; what is too long still has nothing in common but its beginning and its end
    """
    if not _is_too_long(old, new):
        yield from SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()[:-1]
        return
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    if head:
        yield 0, 0, head
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    i = j = 0
    anchors = _anchors(old, new) if cuts else []
    for start, begin in [*anchors, (len(old), len(new))] if anchors else []:
        for inner, other, size in _matching(old[i:start], new[j:begin], cuts - 1):
            yield head + i + inner, head + j + other, size
        if start < len(old):
            yield head + start, head + begin, 1
        i, j = start + 1, begin + 1
    if tail:
        yield head + len(old), head + len(new), tail


def _is_too_long(old: Sequence[str], new: Sequence[str]) -> bool:
    if len(old) * len(new) > _TOO_LONG:
        return True
    times = Counter(new)
    return sum(times[part] for part in old) > _OFTEN * (len(old) + len(new))


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many parts two sequences begin with in common."""
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return where parts are that occur once in each sequence: the most of them that are in the same order in both."""
    once = {part for part, times in Counter(new).items() if times == 1}
    places = {part: place for place, part in enumerate(new) if part in once}
    times = Counter(old)
    shared = [(place, places[part]) for place, part in enumerate(old) if times[part] == 1 and part in places]
    # The longest increasing subsequence, by the last places of those of each length.
    lasts: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, (_, place) in enumerate(shared):
        length = bisect.bisect_left(lasts, place)
        before.append(ends[length - 1] if length else -1)
        lasts[length : length + 1] = [place]
        ends[length : length + 1] = [at]
    chain: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(shared[at])
        at = before[at]
    return chain[::-1]


def _pairs(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """Yield which parts belong together, without crossings, within windows of parts in a row."""
    for start in range(0, min(len(old), len(new)), _WINDOW):
        part, other = old[start : start + _WINDOW], new[start : start + _WINDOW]
        yield from ((start + i, start + j) for i, j in _related(part, other))


def _related(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return which parts belong together, without crossings, by dynamic programming over how alike they are."""
    old_words, new_words = [words(part) for part in old], [words(part) for part in new]
    if sum(map(len, old_words)) * sum(map(len, new_words)) > _TOO_LARGE:
        return list(zip(range(len(old)), range(len(new)), strict=False))
    likeness = [[alike(a, b) for b in new_words] for a in old_words]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            together = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= _RELATED else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if likeness[i][j] >= _RELATED and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def out_of_order(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Return the fewest names that must have moved for one order of them to become the other.

    Where two sets are equally small, which one is taken does not depend on which order comes first.
    """
    one, other = sorted((list(before), list(after)))
    blocks = Indel.opcodes(one, other).as_matching_blocks()
    stayed = {one[place] for block in blocks for place in range(block.a, block.a + block.size)}
    return frozenset(one) - stayed
