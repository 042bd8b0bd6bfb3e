"""The known name that is nearest to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

_SHARE = 3
"""One slip (a letter too many, too few, wrong or swapped) is allowed for so many letters."""
_FEW = 12
"""Most names that are listed where none is near."""
_LOOKS = 500_000
"""Most names that :class:`Hints` compares in all."""


_JOINT = re.compile(r"[_-]")


def near_name(word: str, known: Iterable[str]) -> str:
    """Return the name that a word is at most a few slips away from, or nothing."""
    # A text without mistakes pays nothing for hints.
    from rapidfuzz import process, utils  # noqa: PLC0415
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    bare = utils.default_process(word)
    # A single letter has nothing in common with another one.
    slips = max(len(bare), _SHARE) // _SHARE if len(bare) > 1 else 0
    processed: Callable[[str], str] = utils.default_process
    if not re.search(r"[^\W\d]", bare):
        # Dates that differ in two digits are different days; zeros in front of a number do not count.
        slips, processed = min(slips, 1), _without_zeros
    match = process.extractOne(
        processed(word), list(known), scorer=OSA.distance, processor=processed, score_cutoff=slips
    )
    return str(match[0]) if bare and match else ""


def _without_zeros(text: str) -> str:
    """Return a text in the form for comparison, with no zero in front of a number."""
    from rapidfuzz import utils  # noqa: PLC0415  as above

    return re.sub(r"\b0+(?=\d)", "", utils.default_process(text))


_SMALL_WORDS = "a an and are as at be by do does don't for from in is it its not of on or so that the this to with you your"
_SMALL = frozenset(_SMALL_WORDS.split())
"""Words that do not show what a text is about."""
_NAME = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def lower_words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _NAME.findall(text.lower())


def content_words(text: str) -> frozenset[str]:
    """Return the words of a text that show what it is about, without a plural ``s``."""
    return frozenset(word.removesuffix("s") for word in lower_words(text) if word not in _SMALL)


def is_part(word: str, name: str) -> bool:
    """Return whether each part of a name is also a part of another, as ``keep`` is of ``keep_secrets``."""
    return set(_JOINT.split(word)) <= set(_JOINT.split(name))


def nearest(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Return ``did you mean `x`?``, else the known names where they are few, else nothing.

    :param prefix: what is written before all of them, and says nothing about which of them is meant
    """
    names = sorted({str(name) for name in known})
    if match := near_name(word, names):
        return f"did you mean `{prefix}{match}`?"
    return f"known are {', '.join(f'`{prefix}{name}`' for name in names)}" if 0 < len(names) <= _FEW else ""


class Hints:
    """Hints about many unknown names, given only until they would cost too much."""

    def __init__(self) -> None:
        self._looks = 0

    def nearest(self, word: str, known: Collection[str]) -> str:
        """Return what :func:`nearest` does, or nothing where too many names have been compared already."""
        self._looks += len(known)
        return nearest(word, known) if self._looks <= _LOOKS else ""


def plain(text: str) -> str:
    """Return words without marks, blanks and case, so that typography makes no difference."""
    return " ".join(re.sub(r"[^\w\s]+", "", text).lower().split())


def holds(text: str, words: str) -> bool:
    """Return whether words are in a text, whatever their typography."""
    return bool(plain(words)) and f" {plain(words)} " in f" {plain(text)} "
