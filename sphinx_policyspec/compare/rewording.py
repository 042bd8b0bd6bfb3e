"""Sentences of two texts side by side, and which of those that changed a person has to read.

No direction is read from words: whether a norm became stricter is for a person to say. What code can say is that nothing
changed but form (links, case, articles, spelling, names), or that no sentence that may hold a norm changed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sphinx_policyspec.compare.sentences import DENIALS, NORM_WORDS, TITLED, TextSentence, Words, sentences_of
from sphinx_policyspec.compare.words import Pairing, alike, out_of_order
from sphinx_policyspec.files import Brief

_LINK_TARGET = re.compile(r"\x02\S+(?:\s(?=[,.;:)?!]))?")
"""The target of the link before it."""
_RELATED = 0.4
"""How alike two sentences must be to be shown as one that was reworded."""
_SAME_MATTER = 0.7
"""How alike two sentences must be for one to be the reverse of the other."""
_NEGATIONS = DENIALS | {"do", "does", "did", "longer"}
"""Words that come or go where a sentence is reversed."""
_SLIP = 6
"""Letters of a word in which a slip of spelling can be recognised."""


class SentenceOp(enum.StrEnum):
    """What became of a sentence."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"
    MOVED = "moved"
    """It says the same at another place of the same text, or points back to another sentence."""
    FORM = "form"
    """Nothing but form differs: links, case, articles, a doubled word, a slip of spelling, a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceChange(Brief):
    """A sentence that changed.

    :param old: as it was, empty where it is new
    :param new: as it is, empty where it is gone
    :param moved: id of the provision from which it came, or to which it went, if a like sentence did
    :param lead: words that introduce the list, or head the table, in which it is, if they hold a norm
    """

    op: SentenceOp
    old: TextSentence | None = None
    new: TextSentence | None = None
    moved: str = ""

    @property
    def needs_reader(self) -> bool:
        """Whether it may change a norm."""
        if self.op is SentenceOp.FORM:
            return False
        if self.op is SentenceOp.MOVED:
            return self.new is not None and (self.new.is_step or (self.new.points_back and self.new.is_norm))
        if self.old is None or self.new is None:
            return any(side.may_bind for side in (self.old, self.new) if side)
        if self.old.is_norm or self.new.is_norm or self.old.weight_words != self.new.weight_words:
            return True
        return _leads_elsewhere(self.old, self.new) or not _only_longer(self.old.new_words, self.new.words)

    @property
    def seen(self) -> tuple[str | None, str | None]:
        """Both sides as pages show them: without targets of links, and with ``[?](#id)`` where a reader sees a title."""
        old, new = (
            TITLED.sub(r"[?](#\1)", _LINK_TARGET.sub("", side.text)) if side else None
            for side in (self.old, self.new)
        )
        return old, new

    @property
    def is_reversed(self) -> bool:
        """Whether one version says "not" where the other does not, in much the same words."""
        if self.old is None or self.new is None:
            return False
        if (self.old.norm.denials - self.new.norm.denials) % 2 == 0:
            return False
        was, now = ([word for word in side.words if word not in _NEGATIONS] for side in (self.old, self.new))
        return alike(was, now) >= _SAME_MATTER

    @property
    def lead(self) -> str:
        """The norm that introduces the list, or heads the table, in which it is; empty where there is none."""
        here = self.new or self.old
        return " ".join(here.leads[-1]) if here and here.leads else ""


def compare_sentences(
    old: str, new: str, names: Mapping[str, str] | None = None, *, binds: bool = False
) -> tuple[SentenceChange, ...]:
    """Return the sentences that changed, in the order of the new text, removed ones last.

    The result does not depend on the order of sentences, and is the mirror image of that for the reverse change.

    :param names: new names of things, old → new
    :param binds: whether each sentence binds, whatever its words are
    """
    before, after = sentences_of(old, names, binds=binds), sentences_of(new, binds=binds)
    rest = Pairing(before, after)
    same = rest.equal(lambda one: (one.above, one.text)) + rest.equal(lambda one: (one.above, one.words))
    formed = rest.equal(lambda one: (one.above, one.new_words), lambda one: (one.above, one.words))
    elsewhere = rest.equal(lambda one: one.new_words, lambda one: one.words)
    reworded = rest.alike(_likeness, lambda one: one.text)
    stayed = {id(one) for pair in same for one in pair}
    was, now = (
        frozenset(words for one in side if id(one) not in stayed for words in (one.words, one.as_title))
        for side in (before, after)
    )
    changes = [_pair(one, other) for one, other in reworded]
    changes += [_pair(one, other) for one, other in formed]
    changes += [
        _pair(one, other, SentenceOp.REWORDED)
        for one, other in elsewhere
        if not _follows(one, other, was, now)
    ]
    changes += [_pair(one, other) for one, other in same if one.text != other.text]
    behind = _behind_others(before, after, same, same + formed + elsewhere + reworded)
    moved = {id(pair[1]): pair for pair in (*_moved(before, after, same), *behind)}
    changes += [_pair(one, other, SentenceOp.MOVED) for one, other in moved.values()]
    changes += [SentenceChange(op=SentenceOp.ADDED, new=one) for one in rest.new]
    place = {id(one): at for at, one in enumerate(after)}
    changes.sort(key=lambda change: place[id(change.new)])
    return (*changes, *(SentenceChange(op=SentenceOp.REMOVED, old=one) for one in rest.old))


Pairs = list[tuple[TextSentence, TextSentence]]


def _likeness(old: TextSentence, new: TextSentence) -> float:
    """Return how alike two sentences are, if that is enough to show them as one that was reworded."""
    likeness = alike(old.new_words, new.words)
    return likeness if likeness >= _RELATED else 0.0


def _pair(old: TextSentence, new: TextSentence, op: SentenceOp | None = None) -> SentenceChange:
    if op is None:
        op = SentenceOp.FORM if old.above == new.above and _differ_in_form(old, new) else SentenceOp.REWORDED
    return SentenceChange(op=op, old=old, new=new)


def _only_longer(old: Words, new: Words) -> bool:
    """Return whether words were only added, or only left out: a word in place of another can reverse a sentence."""
    shorter, longer = sorted(
        ([word for word in side if word[0].isalnum() or word[0] == "\x01"] for side in (old, new)), key=len
    )
    rest = iter(longer)
    return all(word in rest for word in shorter)


def _leads_elsewhere(old: TextSentence, new: TextSentence) -> bool:
    """Return whether a link leads to one thing of the spec in place of another; a new link alone says nothing new."""
    return bool(old.targets - new.targets and new.targets - old.targets)


def _differ_in_form(old: TextSentence, new: TextSentence) -> bool:
    """Return whether two sentences have the same words, except for new names and slips of spelling."""
    if _leads_elsewhere(old, new):
        return False
    if old.new_words == new.words:
        return True
    if len(old.words) != len(new.words) or len(old.new_words) != len(new.words):
        return False
    return all(
        now in {was, renamed} or _is_slip(was, now)
        for was, renamed, now in zip(old.words, old.new_words, new.words, strict=True)
    )


_SPELT = (
    (re.compile(r"is(?=(?:e|ed|es|ing|ation|ations|er|ers)$)"), "iz"),
    (re.compile(r"our(?=(?:s|ed|ing|ful|able|ite)?$)"), "or"),
    (re.compile(r"ll(?=(?:ed|ing|er|ers)$)"), "l"),
)
_DOUBLED = re.compile(r"(.)\1")
_PAIRS = """casual/causal martial/marital united/untied complaint/compliant desert/dessert hoping/hopping planed/planned
planing/planning scared/scarred stared/starred staring/starring striped/stripped filing/filling gripping/griping tapped/taped
tapping/taping sloping/slopping robbed/robed robbing/robing moping/mopping pining/pinning winning/wining sniped/snipped
barred/bared barring/baring canned/caned"""
_CONFUSED = frozenset(frozenset(pair.split("/")) for pair in _PAIRS.split())
"""Words that are one letter apart, and different words."""


def _is_slip(one: str, other: str) -> bool:
    """Return whether one word is the other with a slip of spelling, or spelt as in another country.

    A slip doubles a letter, or drops one of two, or swaps two neighbours, inside the word: its ends distinguish words.
    """
    together = frozenset({one, other})
    shorter, longer = sorted(map(len, (one, other)))
    if longer < _SLIP or not (one.isalpha() and other.isalpha()) or together in _CONFUSED:
        return False
    if one[:2] != other[:2] or NORM_WORDS & together:
        return False
    if shorter < _SLIP or _plainly(one) == _plainly(other):
        return _plainly(one) == _plainly(other)
    if _DOUBLED.sub(r"\1", one) == _DOUBLED.sub(r"\1", other):
        return True
    if len(one) != len(other):
        return False
    first = next(at for at, (letter, now) in enumerate(zip(one, other, strict=True)) if letter != now)
    swapped = one[:first] + one[first : first + 2][::-1] + one[first + 2 :]
    return swapped == other and first + 2 < len(one)


def _plainly(word: str) -> str:
    for pattern, plain in _SPELT:
        word = pattern.sub(plain, word)
    return word


def _follows(old: TextSentence, new: TextSentence, was: frozenset[Words], now: frozenset[Words]) -> bool:
    """Return whether an item has other words above it only because these are themselves reported as changed.

    :param was: the sentences of the old text that did not stay
    :param now: those of the new one
    """
    before, after = frozenset(old.above), frozenset(new.above)
    return before - after <= was and after - before <= now


def _behind_others(
    before: list[TextSentence], after: list[TextSentence], same: Pairs, pairs: Pairs
) -> Iterator[tuple[TextSentence, TextSentence]]:
    """Yield the kept sentences that point back, and now follow another sentence.

    :param pairs: the sentences of both texts that belong together
    """
    partner = {id(old): id(new) for old, new in pairs}
    old_places, places = ({id(one): at for at, one in enumerate(side)} for side in (before, after))
    for old, new in same:
        if not new.points_back:
            continue
        was = before[old_places[id(old)] - 1] if old_places[id(old)] else None
        now = after[places[id(new)] - 1] if places[id(new)] else None
        if (partner.get(id(was)) if was else None) != (id(now) if now else None):
            yield old, new


def _moved(
    before: list[TextSentence], after: list[TextSentence], same: Pairs
) -> Iterator[tuple[TextSentence, TextSentence]]:
    """Yield the fewest kept sentences that must have moved."""
    places = {id(one): at for at, one in enumerate(after)}
    old_places = {id(one): at for at, one in enumerate(before)}
    pairs = sorted(same, key=lambda pair: old_places[id(pair[0])])
    order = [places[id(new)] for _, new in pairs]
    if order == sorted(order):
        return
    # A name for each that is the same both ways round.
    names = [f"{new.text} {at}" for at, (_, new) in enumerate(sorted(pairs, key=lambda pair: pair[1].text))]
    name_of = {
        id(pair[1]): name
        for pair, name in zip(sorted(pairs, key=lambda pair: pair[1].text), names, strict=True)
    }
    was = [name_of[id(new)] for _, new in pairs]
    now = [name_of[id(new)] for _, new in sorted(pairs, key=lambda pair: places[id(pair[1])])]
    moved = out_of_order(was, now)
    yield from (pair for pair in pairs if name_of[id(pair[1])] in moved)
