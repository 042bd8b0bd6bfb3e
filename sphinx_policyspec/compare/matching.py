"""Which provision of a new spec is which of an old one: by id and stated aliases, else by what both say and hold.

The thresholds were set on the published Model Spec releases, and hold on thousands of generated edits of them
(``tests/laws/test_edits.py``). Every decision is the same both ways round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sphinx_policyspec.compare.change import Match
from sphinx_policyspec.compare.likeness import Facts, Likeness, facts_of, likeness, neighbours
from sphinx_policyspec.model import Spec

__all__ = ["Identity", "Relative", "identify"]

SAME_TEXT = 0.6
"""Texts that are alike so much belong to one provision."""
ENOUGH_WORDS = 12
"""Shorter texts are alike by chance."""
NEAR_TITLE = 0.7
"""Titles that are alike so much belong to one provision, if anything else speaks for it."""
SHARED_TEXT = 0.5
"""So much of the shorter text in the other, and most examples in common, belong to one provision; and so much
alone shows that one took over what the other said."""
MOST = 0.5
"""A share that is most of something."""
ENOUGH_SHARED = 15
"""Runs of words in common below which no provision has taken over what another said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Two provisions that are not one, though one has taken over something of the other."""

    old: str
    new: str
    likeness: Likeness


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which provision is which, and who has taken over what.

    :param new_of: old id → new id
    :param old_of: new id → old id
    :param relatives: splits and merges, in the order of the old spec
    """

    matches: tuple[Match, ...]
    relatives: tuple[Relative, ...]
    new_of: dict[str, str] = field(default_factory=dict)
    old_of: dict[str, str] = field(default_factory=dict)

    def renewed(self, old_id: str) -> str:
        """Return the new id of an old provision, or its old one where it is gone."""
        return self.new_of.get(old_id, old_id)


class _Matching:
    """Matches while they are being found; each provision takes part in one at most."""

    def __init__(self, old: Spec, new: Spec) -> None:
        self.old, self.new = facts_of(old), facts_of(new)
        self.new_of: dict[str, str] = {}
        self.old_of: dict[str, str] = {}
        self.matches: list[Match] = []

    def take(self, old: str, new: str, by: str) -> None:
        """Match two provisions, unless one of them does not exist or is taken."""
        if old in self.old and new in self.new and old not in self.new_of and new not in self.old_of:
            self.new_of[old], self.old_of[new] = new, old
            self.matches.append(Match(old=old, new=new, by=by))

    def explained(self, match: Match) -> Match:
        """Return a match with what speaks for it, whatever decided."""
        if match.old == match.new:
            return match
        evidence = likeness(self.old[match.old], self.new[match.new], self.new_of).evidence
        return replace(match, evidence=evidence)

    def left_old(self) -> list[Facts]:
        """Return the old provisions without a match, in order."""
        return [facts for id_, facts in self.old.items() if id_ not in self.new_of]

    def left_new(self) -> list[Facts]:
        """Return the new provisions without a match, in order."""
        return [facts for id_, facts in self.new.items() if id_ not in self.old_of]


def identify(old: Spec, new: Spec, aliases: Mapping[str, str] | None = None) -> Identity:
    """Return which provision of ``new`` is which of ``old``.

    :param aliases: old id → new id, as stated by hand; they win over everything, and aliases in the specs over
        everything but equal ids
    """
    found = _Matching(old, new)
    for before, after in (aliases or {}).items():
        found.take(before, after, "alias")
    for id_ in found.old:
        found.take(id_, id_, "id")
    _by_alias(found)
    _by_title(found)
    while _by_likeness(found):
        pass
    order = {id_: place for place, id_ in enumerate(found.new)}
    return Identity(
        matches=tuple(sorted(map(found.explained, found.matches), key=lambda match: order[match.new])),
        relatives=tuple(_relatives(found)),
        new_of=found.new_of,
        old_of=found.old_of,
    )


def _by_alias(found: _Matching) -> None:
    """Match what calls itself by the other's id."""
    for facts in found.left_new():
        for alias in facts.provision.aliases:
            found.take(alias, facts.provision.id, "alias")
    for facts in found.left_old():
        for alias in facts.provision.aliases:
            found.take(facts.provision.id, alias, "alias")


def _by_title(found: _Matching) -> None:
    """Match what alone has a title on both sides."""
    old = Counter(facts.title for facts in found.left_old())
    new = Counter(facts.title for facts in found.left_new())
    by_title = {facts.title: facts.provision.id for facts in found.left_new()}
    for facts in found.left_old():
        if old[facts.title] == new[facts.title] == 1:
            found.take(facts.provision.id, by_title[facts.title], "title")


def _by_likeness(found: _Matching) -> bool:
    """Match what is alike enough, the most alike first; tell whether there was any."""
    left_old = found.left_old()
    pairs = [(o, n) for o, n in neighbours(left_old, found.left_new(), by_title=True)]
    pairs += list(_with_children(found))
    rated = [(o.provision.id, n.provision.id, likeness(o, n, found.new_of)) for o, n in pairs]
    # The names break ties, in an order that is the same both ways round.
    rated.sort(key=lambda pair: (-pair[2].score, *sorted(pair[:2])))
    before = len(found.matches)
    for old_id, new_id, pair in rated:
        if by := _why_same(pair):
            found.take(old_id, new_id, by)
    return len(found.matches) > before


def _with_children(found: _Matching) -> Iterator[tuple[Facts, Facts]]:
    """Yield pairs that have a child in common, which may have neither text nor examples."""
    parents = {child: facts for facts in found.left_new() for child in facts.children}
    for facts in found.left_old():
        near = {
            parents[new].provision.id: parents[new]
            for child in facts.children
            if (new := found.new_of.get(child, "")) in parents
        }
        yield from ((facts, other) for _, other in sorted(near.items()))


def _why_same(pair: Likeness) -> str:
    """Return what shows that two provisions are one, or nothing."""
    if pair.text >= SAME_TEXT and pair.length >= ENOUGH_WORDS:
        return "text"
    corroborated = pair.containment >= SHARED_TEXT or pair.examples or pair.tags or pair.child_share >= MOST
    if pair.title >= NEAR_TITLE and corroborated:
        return "title"
    if pair.example_share > MOST and pair.containment >= SHARED_TEXT:
        return "examples"
    if pair.child_share > MOST and not pair.length:
        return "children"
    return ""


def _relatives(found: _Matching) -> Iterator[Relative]:
    """Yield the pairs of which one side is gone or new, and something of the old one stands in the new one."""
    gone, came = found.left_old(), found.left_new()
    pairs = {(o.provision.id, n.provision.id) for o, n in neighbours(gone, found.new.values())}
    pairs |= {(o.provision.id, n.provision.id) for n, o in neighbours(came, found.old.values())}
    order = {id_: place for place, id_ in enumerate(found.old)}
    new_order = {id_: place for place, id_ in enumerate(found.new)}
    for old_id, new_id in sorted(pairs, key=lambda pair: (order[pair[0]], new_order[pair[1]])):
        old, new = found.old[old_id], found.new[new_id]
        pair = likeness(old, new, found.new_of)
        taken_over = pair.containment >= SHARED_TEXT and len(old.shingles & new.shingles) >= ENOUGH_SHARED
        if pair.tags or pair.examples or taken_over:
            yield Relative(old=old_id, new=new_id, likeness=pair)
