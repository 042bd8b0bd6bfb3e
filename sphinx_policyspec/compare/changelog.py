"""A changelog against a diff: which changes it tells, which of its claims a change bears out, and a draft of an entry."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from sphinx_policyspec.compare.change import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.model import Spec

__all__ = ["Claim", "ClaimState", "Review", "entry_of", "review", "telling"]

_STRUCTURAL = frozenset({
    ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.RENAMED, ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.LEVEL_RAISED,
    ChangeKind.LEVEL_LOWERED, ChangeKind.LEVEL_CHANGED, ChangeKind.BECAME_PRINCIPLE, ChangeKind.BECAME_SECTION,
})  # fmt: skip
_ITEM = re.compile(r"^[ \t]*(?:[*+-]|\d+[.)])[ \t]+", re.MULTILINE)
_MARKUP = re.compile(r"\]\([^()\s]*\)|[*_`\[\]\\]")
_NAMED = re.compile(r"\*{2,3}([^*]+)\*{2,3}|[\"“]([^\"”]{4,500})[\"”]|`([^`]+)`")
_WORD = re.compile(r"[a-z]{4,}")
_SAME = 88.0
"""How alike a title and a part of a claim must be, of 100, for the claim to name it (rapidfuzz partial_ratio)."""
_SHORTEST = 8
"""Characters below which a title is looked for as it stands."""
_TELLING = 3
"""Words that a claim and the changed words of one provision must share, rare ones, to be about the same thing."""
_LONG = 10
"""Letters of a rare word that is telling by itself."""
_RARE = 3
"""Provisions in whose changed words a word may stand to be rare."""


class ClaimState(enum.StrEnum):
    """Whether a change bears a claim out."""

    BORNE_OUT = "borne out"
    """It names something that changed."""
    LIKELY = "likely"
    """It shares rare words with what changed in a provision."""
    UNDECIDED = "undecided"
    """It names nothing that can be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence or item of a changelog entry.

    :param provisions: ids of the provisions that changed as it says, or may have
    """

    text: str
    state: ClaimState
    provisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A changelog entry against a diff.

    :param has_entry: whether the changelog says anything about the new spec
    :param untold: structural changes that the entry does not mention
    """

    has_entry: bool
    claims: tuple[Claim, ...]
    untold: tuple[Change, ...]


def entry_of(spec: Spec) -> str | None:
    """Return what a spec's changelog says about its version; ``None`` where it says nothing."""
    entries = spec.changelog.entries if spec.changelog else ()
    return next((entry.text for entry in entries if entry.version == spec.version), None)


def review(diff: SpecDiff, entry: str | None) -> Review:
    """Return how a changelog entry and a diff bear each other out, as far as names and words can tell."""
    texts = [*_claims(entry or "")]
    structural = [change for change in diff.changes if _is_structural(change)]
    untold = tuple(change for change in structural if not any(_tells(diff, change, text) for text in texts))
    rare = _rare_words(diff)
    return Review(
        has_entry=entry is not None,
        claims=tuple(_claim(diff, text, rare) for text in texts),
        untold=untold,
    )


def _is_structural(change: Change) -> bool:
    return change.subject in {Subject.PROVISION, Subject.LEVEL} and change.kind in _STRUCTURAL


def _claims(entry: str) -> Iterator[str]:
    """Yield the items of a list, or the paragraphs where there is none."""
    parts = _ITEM.split(entry)
    whole = parts[1:] if len(parts) > 1 else entry.split("\n\n")
    yield from (" ".join(part.split()) for part in whole if part.strip())


def _plain(text: str) -> str:
    return normal(_MARKUP.sub(" ", text)).lower()


def _tells(diff: SpecDiff, change: Change, claim: str) -> bool:
    text = _plain(claim)
    if change.subject is Subject.LEVEL:
        names = {name.lower() for name in (change.old, change.new, change.id) if name}
        return "level" in text and all(re.search(rf"\b{re.escape(name)}\b", text) for name in names)
    if change.kind in {ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED} and change.new.lower() in text:
        moved = "principle" in text and any(
            word in text for word in ("move", "rais", "lower", "promot", "demot")
        )
        return moved or _names(diff, change, text)
    return _names(diff, change, text)


def _names(diff: SpecDiff, change: Change, text: str) -> bool:
    """Tell whether a text names what changed, by id or title; of a provision, or of an example."""
    if change.subject is Subject.EXAMPLE:
        return any(" " in title and _holds(text, title) for title in (change.old, change.new) if title)
    ids = {change.id, change.provision}
    if change.kind in {ChangeKind.RENAMED, ChangeKind.SPLIT, ChangeKind.MERGED}:
        ids |= {change.old, change.new}
    return any(_holds(text, id_) or _holds(text, diff.titles.get(id_, "")) for id_ in ids if id_)


def _holds(text: str, name: str) -> bool:
    sought = _plain(name)
    if not sought:
        return False
    if re.search(rf"(?<!\w){re.escape(sought)}(?!\w)", text):
        return True
    # A single word has too many neighbours.
    return (
        " " in sought and _SHORTEST <= len(sought) <= len(text) and fuzz.partial_ratio(sought, text) >= _SAME
    )


def _claim(diff: SpecDiff, claim: str, rare: dict[str, set[str]]) -> Claim:
    text = _plain(claim)
    named = [c.provision for c in diff.changes if c.provision and _names(diff, c, text)]
    named += [c.provision or c.id for c in diff.changes if _is_structural(c) and _tells(diff, c, claim)]
    named += [c.provision for c in diff.changes if c.text is not None and _quoted(c, claim)]
    if named:
        return Claim(text=claim, state=ClaimState.BORNE_OUT, provisions=tuple(dict.fromkeys(named)))
    said = set(_WORD.findall(text))
    shared = {id_: said & words for id_, words in rare.items()}
    likely = sorted(
        (
            (len(words), id_)
            for id_, words in shared.items()
            if len(words) >= _TELLING or any(len(word) >= _LONG for word in words)
        ),
        key=lambda found: (-found[0], found[1]),
    )
    state = ClaimState.LIKELY if likely else ClaimState.UNDECIDED
    return Claim(text=claim, state=state, provisions=tuple(id_ for _, id_ in likely))


def _quoted(change: Change, claim: str) -> bool:
    """Tell whether words that a claim sets off, in bold or quotes, are among those that came or went."""
    changed = _changed_words(change)
    phrases = (_plain(next(filter(None, found.groups()))).strip() for found in _NAMED.finditer(claim))
    return any(len(phrase) >= _SHORTEST and phrase in changed for phrase in phrases)


def _changed_words(change: Change) -> str:
    units = change.text.units if change.text else ()
    return _plain(" ".join(run.text for unit in units for run in unit.runs if run.op != "="))


def _rare_words(diff: SpecDiff) -> dict[str, set[str]]:
    """Return, by provision, the changed words that stand in the changes of few others."""
    words: dict[str, set[str]] = {}
    for change in diff.changes:
        if change.text is not None and change.provision:
            words.setdefault(change.provision, set()).update(_WORD.findall(_changed_words(change)))
    holders: dict[str, int] = {}
    for found in words.values():
        for word in found:
            holders[word] = holders.get(word, 0) + 1
    return {id_: {word for word in found if holders[word] <= _RARE} for id_, found in words.items()}


def telling(diff: SpecDiff) -> Sequence[Change]:
    """Return the changes that a changelog has to tell: structural ones, and those that tighten or loosen."""
    heavy = {Weight.TIGHTENING, Weight.LOOSENING}
    return [
        c
        for c in diff.changes
        if _is_structural(c) or c.weight in heavy or c.kind is ChangeKind.VERDICT_FLIPPED
    ]
