"""Which provision of a new spec is which of an old one: by id and stated aliases, else by what both say and hold.

The thresholds were set on the published Model Spec releases, and hold on thousands of generated edits of them
(``tests/laws/test_edits.py``). Every decision is the same both ways round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from sphinx_policyspec.compare.change import Match
from sphinx_policyspec.compare.rewording import SentenceChange, compare_sentences
from sphinx_policyspec.compare.words import alike, containment, normal, shingles, words
from sphinx_policyspec.model import Example, Provision, Response, Spec

_COMMON = 20
"""What more provisions share shows nothing about identity: boilerplate, frequent words of titles."""
_CANDIDATES = 8
"""Pairs that are compared for each provision, those that share the most first."""


def prompt_of(example: Example) -> str:
    """Return the conversation of an example up to the answers that it compares, in plain typography."""
    messages = (m for m in example.messages if not isinstance(m, Response))
    return normal(" ".join(f"{m.role}: {m.text}" for m in messages))


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What distinguishes a provision from others.

    :param tags: eval tags that are in it
    :param children: ids of the provisions directly in it
    """

    provision: Provision
    tags: frozenset[str]
    children: frozenset[str]

    @cached_property
    def title(self) -> str:
        """The title in lower case and plain typography."""
        return normal(self.provision.title).lower()

    @cached_property
    def words(self) -> list[str]:
        """The words of its own text."""
        return words(self.provision.text)

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        """Its runs of three words."""
        return shingles(self.words)

    @cached_property
    def examples(self) -> dict[str, str]:
        """Titles of its examples, each with what another example may share: the conversation, else the title."""
        keys: dict[str, str] = {}
        for example in self.provision.examples:
            prompt = prompt_of(example)
            key = f"prompt {prompt}" if prompt else f"title {normal(example.source_title).lower()}"
            keys[example.title] = key
        return keys

    @cached_property
    def example_keys(self) -> frozenset[str]:
        """The keys of all its examples."""
        return frozenset(self.examples.values())


def _facts_of(spec: Spec) -> dict[str, _Facts]:
    """Return the facts of every provision, by id, in reading order."""
    tags: dict[str, set[str]] = {}
    for tag in spec.eval_tags:
        tags.setdefault(tag.provision, set()).add(tag.tag)
    children: dict[str, set[str]] = {}
    for provision in spec.provisions:
        if provision.parent is not None:
            children.setdefault(provision.parent, set()).add(provision.id)
    return {
        p.id: _Facts(
            provision=p, tags=frozenset(tags.get(p.id, ())), children=frozenset(children.get(p.id, ()))
        )
        for p in spec.provisions
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likeness:
    """What speaks for two provisions being one; shares are from 0 to 1.

    :param title: how alike the words of the titles are
    :param text: how alike the words of the texts are
    :param containment: how much of the shorter text, in runs of three words, is in the other
    :param tags: eval tags that both have
    :param examples: titles of the old one's examples that the new one has too
    :param example_share: those by the examples of the one that has more
    :param child_share: children in common by the children of the one that has more
    :param length: words of the shorter text
    """

    title: float
    text: float
    containment: float
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    example_share: float = 0.0
    child_share: float = 0.0
    length: int = 0

    @property
    def score(self) -> float:
        """What orders pairs: the sum of all shares."""
        tagged = min(len(self.tags), 2) / 2
        return self.title + self.text + self.containment + self.example_share + self.child_share + tagged

    @property
    def evidence(self) -> tuple[tuple[str, str], ...]:
        """The same in words, without empty values."""
        shares = {"title_sim": self.title, "text_sim": self.text, "text_containment": self.containment}
        values = {name: f"{share:.2f}" for name, share in shares.items()}
        values["shared_eval_tags"] = ", ".join(self.tags)
        values["shared_examples"] = "\n".join(self.examples)
        values["shared_children"] = f"{self.child_share:.2f}" if self.child_share else ""
        return tuple((name, value) for name, value in values.items() if value)


def _likeness(old: _Facts, new: _Facts, matched: Mapping[str, str]) -> _Likeness:
    """Return how alike two provisions are.

    :param matched: provisions whose identity is known, old id → new id
    """
    shared = tuple(title for title, key in old.examples.items() if key in new.example_keys)
    children = {matched[child] for child in old.children if child in matched} & new.children
    return _Likeness(
        title=alike(old.title.split(), new.title.split()),
        text=alike(old.words, new.words) if old.words and new.words else 0.0,
        containment=containment(old.shingles, new.shingles),
        tags=tuple(sorted(old.tags & new.tags)),
        examples=shared,
        example_share=len(shared) / max(len(old.examples), len(new.examples), 1),
        child_share=len(children) / max(len(old.children), len(new.children), 1),
        length=min(len(old.words), len(new.words)),
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """Provisions by what they have."""

    holders: dict[object, list[str]] = field(default_factory=dict)

    def add(self, id_: str, features: Iterable[object]) -> None:
        for feature in features:
            self.holders.setdefault(feature, []).append(id_)

    def most_shared(self, features: Iterable[object]) -> list[str]:
        """Return the provisions that share the most of these, the rarer the more."""
        votes: Counter[str] = Counter()
        for feature in features:
            holders = self.holders.get(feature, ())
            if len(holders) <= _COMMON:
                for id_ in holders:
                    votes[id_] += 1
        return [id_ for id_, _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:_CANDIDATES]]


def _features(facts: _Facts, kind: str) -> Iterator[object]:
    if kind == "text":
        yield from facts.shingles
    elif kind == "title":
        yield from facts.title.split()
    else:
        yield from facts.tags
        yield from facts.example_keys


def _neighbours(
    few: Collection[_Facts], many: Iterable[_Facts], *, by_title: bool = False
) -> Iterator[tuple[_Facts, _Facts]]:
    """Yield pairs that share words, examples or tags, at most a few for each provision.

    Use each pair when it comes: the computed words of the second are kept only while it is in use.

    :param few: what is indexed, which decides the cost in memory
    :param by_title: whether to include pairs that share only words of the title
    """
    if not few:
        return
    kinds = ("text", "shared", "title") if by_title else ("text", "shared")
    indices = {kind: _Index() for kind in kinds}
    by_id = {facts.provision.id: facts for facts in few}
    for facts in few:
        for kind in kinds:
            indices[kind].add(facts.provision.id, _features(facts, kind))
    # Copies, so that what they have computed is freed with them: a spec's runs of words take ten times its texts.
    for other in map(replace, many):
        near = {id_ for kind in kinds for id_ in indices[kind].most_shared(_features(other, kind))}
        for id_ in sorted(near):
            yield by_id[id_], other


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
    """Two different provisions, one of which has taken over something of the other."""

    old: str
    new: str
    likeness: _Likeness


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
        self.old, self.new = _facts_of(old), _facts_of(new)
        self.new_of: dict[str, str] = {}
        self.old_of: dict[str, str] = {}
        self.matches: list[Match] = []

    def take(self, old: str, new: str, by: str) -> None:
        """Match two provisions, unless one of them does not exist or is taken."""
        if old in self.old and new in self.new and old not in self.new_of and new not in self.old_of:
            self.new_of[old], self.old_of[new] = new, old
            self.matches.append(Match(old=old, new=new, by=by))

    def explained(self, match: Match) -> Match:
        """Return a match with the evidence for it, whatever decided."""
        if match.old == match.new:
            return match
        evidence = _likeness(self.old[match.old], self.new[match.new], self.new_of).evidence
        return replace(match, evidence=evidence)

    def unmatched_old(self) -> list[_Facts]:
        """Return the old provisions without a match, in order."""
        return [facts for id_, facts in self.old.items() if id_ not in self.new_of]

    def unmatched_new(self) -> list[_Facts]:
        """Return the new provisions without a match, in order."""
        return [facts for id_, facts in self.new.items() if id_ not in self.old_of]


def identify(old: Spec, new: Spec, aliases: Mapping[str, str] | None = None) -> Identity:
    """Return which provision of ``new`` is which of ``old``.

    :param aliases: old id → new id, as stated by hand; they win over everything, and aliases in the specs over
        everything but equal ids
    """
    matching = _Matching(old, new)
    for before, after in (aliases or {}).items():
        matching.take(before, after, "alias")
    for id_ in matching.old:
        matching.take(id_, id_, "id")
    _by_alias(matching)
    _by_title(matching)
    while _by_likeness(matching):
        pass
    order = {id_: place for place, id_ in enumerate(matching.new)}
    return Identity(
        matches=tuple(sorted(map(matching.explained, matching.matches), key=lambda match: order[match.new])),
        relatives=tuple(_relatives(matching)),
        new_of=matching.new_of,
        old_of=matching.old_of,
    )


def _by_alias(matching: _Matching) -> None:
    """Match provisions one of which has the other's id as an alias."""
    for facts in matching.unmatched_new():
        for alias in facts.provision.aliases:
            matching.take(alias, facts.provision.id, "alias")
    for facts in matching.unmatched_old():
        for alias in facts.provision.aliases:
            matching.take(facts.provision.id, alias, "alias")


def _by_title(matching: _Matching) -> None:
    """Match provisions whose title is unique on both sides."""
    old = Counter(facts.title for facts in matching.unmatched_old())
    new = Counter(facts.title for facts in matching.unmatched_new())
    by_title = {facts.title: facts.provision.id for facts in matching.unmatched_new()}
    for facts in matching.unmatched_old():
        if old[facts.title] == new[facts.title] == 1:
            matching.take(facts.provision.id, by_title[facts.title], "title")


def _by_likeness(matching: _Matching) -> bool:
    """Match provisions that are alike enough, the most alike first; return whether there were any."""
    pairs = chain(
        _neighbours(matching.unmatched_old(), matching.unmatched_new(), by_title=True),
        _with_children(matching),
    )
    rated = [(o.provision.id, n.provision.id, _likeness(o, n, matching.new_of)) for o, n in pairs]
    # The names break ties, in an order that is the same both ways round.
    rated.sort(key=lambda pair: (-pair[2].score, *sorted(pair[:2])))
    before = len(matching.matches)
    for old_id, new_id, pair in rated:
        if by := _why_same(pair):
            matching.take(old_id, new_id, by)
    return len(matching.matches) > before


def _with_children(matching: _Matching) -> Iterator[tuple[_Facts, _Facts]]:
    """Yield pairs that have a child in common, which may have neither text nor examples."""
    parents = {child: facts for facts in matching.unmatched_new() for child in facts.children}
    for facts in matching.unmatched_old():
        near = {
            parents[new].provision.id: parents[new]
            for child in facts.children
            if (new := matching.new_of.get(child, "")) in parents
        }
        yield from ((facts, other) for _, other in sorted(near.items()))


def _why_same(pair: _Likeness) -> str:
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


def _relatives(matching: _Matching) -> Iterator[Relative]:
    """Yield the pairs of which one side is gone or new, and something of the old one is in the new one."""
    pairs = chain(
        _neighbours(matching.unmatched_old(), matching.new.values()),
        ((old, new) for new, old in _neighbours(matching.unmatched_new(), matching.old.values())),
    )
    related: dict[tuple[str, str], Relative] = {}
    for old, new in pairs:
        pair = _likeness(old, new, matching.new_of)
        is_taken_over = pair.containment >= SHARED_TEXT and len(old.shingles & new.shingles) >= ENOUGH_SHARED
        if pair.tags or pair.examples or is_taken_over:
            ids = old.provision.id, new.provision.id
            related[ids] = Relative(old=ids[0], new=ids[1], likeness=pair)
    order = {id_: place for place, id_ in enumerate(matching.old)}
    new_order = {id_: place for place, id_ in enumerate(matching.new)}
    yield from sorted(related.values(), key=lambda pair: (order[pair.old], new_order[pair.new]))


_ANCHOR = re.compile(r"(?<=#)[^\s\])#<>`]+(?=[\])>])|(?<=[`<])[^`\s<>]+(?=>?`)")
"""The id in a link, a role or a verdict."""


@dataclass(frozen=True, kw_only=True)
class MatchedSpecs:
    """The two specs and which provision is which.

    :param new_names: levels that have another name in prose, old name → new name
    """

    old: Spec
    new: Spec
    identity: Identity
    new_names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def kept(self) -> tuple[tuple[Provision, Provision], ...]:
        """The provisions that both have, in the order of the new spec."""
        before, after = self.old.provision_by_id, self.new.provision_by_id
        return tuple((before[match.old], after[match.new]) for match in self.identity.matches)

    @cached_property
    def removed(self) -> tuple[Provision, ...]:
        """The provisions that only the old spec has, in its order."""
        return tuple(p for p in self.old.provisions if p.id not in self.identity.new_of)

    @cached_property
    def added(self) -> tuple[Provision, ...]:
        """The provisions that only the new spec has, in its order."""
        return tuple(p for p in self.new.provisions if p.id not in self.identity.old_of)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {old: new for old, new in self.identity.new_of.items() if old != new}

    @cached_property
    def _ids_by_name(self) -> tuple[dict[str, str], dict[str, str]]:
        """The new id by each name of a provision in the old and in the new spec."""
        old = {name: self.identity.renewed(id_) for name, id_ in _ids(self.old).items()}
        return old, _ids(self.new)

    def sentences(self, old: str, new: str, *, binds: bool = False) -> tuple[SentenceChange, ...]:
        """Return the sentences of two texts that changed; a link to another name of the same provision is the same.

        :param binds: whether each sentence binds, whatever its words are
        """
        before, after = self._ids_by_name
        return compare_sentences(renewed(old, before), renewed(new, after), self.new_names, binds=binds)

    def in_new_words(self, text: str) -> str:
        """Return a text of the old spec with the new ids of what was renamed, in links and roles.

        That a reference follows a new name is no change of the text that holds it.
        """
        return renewed(text, self._renamed)

    def renewed(self, ids: tuple[str, ...]) -> Iterator[str]:
        """Yield ids of the old spec under their new names."""
        return (self.identity.renewed(id_) for id_ in ids)


def renewed(text: str, names: Mapping[str, str]) -> str:
    """Return a text with other names in its links and roles."""
    if not names or ("#" not in text and "`" not in text):
        return text
    return _ANCHOR.sub(lambda match: names.get(match[0], match[0]), text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The id of one provision in the old and in the new spec; ``None`` where it does not exist."""

    old: str | None
    new: str | None

    @property
    def id(self) -> str:
        """Its new id, or its old one where it is gone, as in changes."""
        return self.new or self.old or ""


class Naming:
    """Looks names up in two specs whose provisions are matched."""

    def __init__(self, old: Spec, new: Spec, matches: Iterable[Match]) -> None:
        self._old, self._new = _ids(old), _ids(new)
        self._matches = {match.new: match.old for match in matches}
        self._renewed = {old_id: new_id for new_id, old_id in self._matches.items()}

    def of(self, name: str) -> Sides | None:
        """Return what an id, or a former id, means; nothing where neither spec knows it.

        A name that both specs know is one of the new spec: that is what people write about.
        """
        if new := self._new.get(name):
            return Sides(old=self._matches.get(new), new=new)
        if old := self._old.get(name):
            return Sides(old=old, new=self._renewed.get(old))
        return None


def _ids(spec: Spec) -> dict[str, str]:
    """Return the ids of provisions by all their names; an id goes before a former one of another."""
    former = {alias: provision.id for provision in spec.provisions for alias in provision.aliases}
    return former | {provision.id: provision.id for provision in spec.provisions}
