"""How alike provisions are, and which pairs are worth a look: found through what they share, never all by all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sphinx_policyspec.compare.words import alike, containment, normal, shingles, words
from sphinx_policyspec.model import Example, Provision, Response, Spec

__all__ = ["Facts", "Likeness", "facts_of", "likeness", "neighbours", "prompt_of"]

_COMMON = 20
"""What more provisions share says nothing about identity: boilerplate, frequent words of titles."""
_CANDIDATES = 8
"""Pairs looked at for each provision, those that share the most first."""


def prompt_of(example: Example) -> str:
    """Return the conversation of an example up to the answers that it compares, in plain typography."""
    given = (m for m in example.messages if not isinstance(m, Response))
    return normal(" ".join(f"{m.role}: {m.text}" for m in given))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What tells a provision from others.

    :param tags: eval tags that stand in it
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
        found: dict[str, str] = {}
        for example in self.provision.examples:
            prompt = prompt_of(example)
            key = f"prompt {prompt}" if prompt else f"title {normal(example.source_title).lower()}"
            found[example.title] = key
        return found

    @cached_property
    def example_keys(self) -> frozenset[str]:
        """The keys of all its examples."""
        return frozenset(self.examples.values())


def facts_of(spec: Spec) -> dict[str, Facts]:
    """Return the facts of every provision, by id, in reading order."""
    tags: dict[str, set[str]] = {}
    for tag in spec.eval_tags:
        tags.setdefault(tag.provision, set()).add(tag.tag)
    children: dict[str, set[str]] = {}
    for provision in spec.provisions:
        if provision.parent is not None:
            children.setdefault(provision.parent, set()).add(provision.id)
    return {
        p.id: Facts(
            provision=p, tags=frozenset(tags.get(p.id, ())), children=frozenset(children.get(p.id, ()))
        )
        for p in spec.provisions
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What speaks for two provisions being one; shares are from 0 to 1.

    :param title: how alike the words of the titles are
    :param text: how alike the words of the texts are
    :param containment: how much of the shorter text, in runs of three words, stands in the other
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
        """The same in words, without what is nothing."""
        shares = {"title_sim": self.title, "text_sim": self.text, "text_containment": self.containment}
        said = {name: f"{share:.2f}" for name, share in shares.items()}
        said["shared_eval_tags"] = ", ".join(self.tags)
        said["shared_examples"] = "\n".join(self.examples)
        said["shared_children"] = f"{self.child_share:.2f}" if self.child_share else ""
        return tuple((name, value) for name, value in said.items() if value)


def likeness(old: Facts, new: Facts, matched: Mapping[str, str]) -> Likeness:
    """Return how alike two provisions are.

    :param matched: provisions whose identity is known, old id → new id
    """
    shared = tuple(title for title, key in old.examples.items() if key in new.example_keys)
    children = {matched[child] for child in old.children if child in matched} & new.children
    return Likeness(
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


def _features(facts: Facts, kind: str) -> Iterator[object]:
    if kind == "text":
        yield from facts.shingles
    elif kind == "title":
        yield from facts.title.split()
    else:
        yield from facts.tags
        yield from facts.example_keys


def neighbours(
    few: Collection[Facts], many: Iterable[Facts], *, by_title: bool = False
) -> Iterator[tuple[Facts, Facts]]:
    """Yield pairs that share words, examples or tags, at most a few for each provision.

    :param few: what is indexed, and so decides what this costs in memory
    :param by_title: whether to look at pairs, too, that share words of the title alone
    """
    kinds = ("text", "shared", "title") if by_title else ("text", "shared")
    indices = {kind: _Index() for kind in kinds}
    by_id = {facts.provision.id: facts for facts in few}
    for facts in few:
        for kind in kinds:
            indices[kind].add(facts.provision.id, _features(facts, kind))
    for other in many:
        near = {id_ for kind in kinds for id_ in indices[kind].most_shared(_features(other, kind))}
        for id_ in sorted(near):
            yield by_id[id_], other
