"""How many words and sentences each section has in each of several releases: counts, with no score and no target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sphinx_policyspec.checks.prose import sentences_of
from sphinx_policyspec.compare.matching import identify
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Definition, Prose, Provision, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSize(Brief):
    """How long a section is in one release, with all that stands in it; examples and commentary count for nothing.

    :param id: the id that it has there; empty for the whole spec
    :param words: of the normative text, parted by blanks
    :param sentences: those that hold a letter outside code, addresses and quotations
    :param sentence_words: words of these sentences
    :param longest_sentence: words of the longest one
    :param share: of the words of the whole spec, from 0 to 1
    """

    id: str
    words: int = 0
    sentences: int = 0
    sentence_words: int = 0
    longest_sentence: int = 0
    share: float = 0.0

    @property
    def words_per_sentence(self) -> float:
        """The mean over all sentences; 0 where there is none."""
        return self.sentence_words / self.sentences if self.sentences else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTrend(Brief):
    """A section over the releases.

    :param id: the last id that it had; empty for the whole spec
    :param depth: 1 for a chapter, 0 for the whole spec
    :param sizes: one for each release; ``None`` where the release lacks it
    """

    id: str
    title: str
    depth: int
    sizes: tuple[SectionSize | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends(Brief):
    """Sizes of sections over releases.

    :param versions: of the releases, from the first to the last
    :param whole: all normative text, what stands before the first heading included
    :param sections: in the order of the last release, then those that are gone
    """

    versions: tuple[str, ...]
    whole: SectionTrend
    sections: tuple[SectionTrend, ...]


def trends_of(specs: Sequence[Spec], depth: int = 1) -> Trends:
    """Return how long each section is in each release; a section keeps its line where it has another id or place.

    :param specs: releases from the first to the last, at least one
    :param depth: how deep sections are told: 1 for chapters alone
    """
    sizes = [_sizes(spec) for spec in specs]
    total = tuple(found[""] for found in sizes)
    last = specs[-1]
    whole = SectionTrend(id="", title=last.title, depth=0, sizes=total)
    sections = [
        SectionTrend(
            id=provision.id,
            title=provision.title,
            depth=provision.depth,
            sizes=tuple(
                found.get(line[place]) if place in line else None for place, found in enumerate(sizes)
            ),
        )
        for provision, line in _lines(specs)
        if provision.depth <= depth
    ]
    return Trends(versions=tuple(spec.version for spec in specs), whole=whole, sections=tuple(sections))


def _lines(specs: Sequence[Spec]) -> Iterator[tuple[Provision, Mapping[int, str]]]:
    """Yield each provision as it was last, with its ids by the place of the release; those of the last release first."""
    former = [identify(old, new).old_of for old, new in pairwise(specs)]
    told: set[tuple[int, str]] = set()
    for place in range(len(specs) - 1, -1, -1):
        for provision in specs[place].provisions:
            if (place, provision.id) in told:
                continue
            line = {place: provision.id}
            for earlier in range(place - 1, -1, -1):
                if (old := former[earlier].get(line[earlier + 1])) is None:
                    break
                line[earlier] = old
            told.update(line.items())
            yield provision, line


def _sizes(spec: Spec) -> dict[str, SectionSize]:
    """Return the size of each provision with all that stands in it, and below the empty id that of all."""
    counts: dict[str, list[int]] = {"": [0, 0, 0, 0]}
    parents: dict[str, str] = {}
    for provision in spec.provisions:
        # The first of two with one id is the one that others stand in.
        counts.setdefault(provision.id, [0, 0, 0, 0])
        known = provision.parent if provision.parent in counts and provision.parent != provision.id else ""
        parents.setdefault(provision.id, known or "")
    for holder, block in spec.walk():
        if isinstance(block, Prose | Definition) and block.text:
            own = _counted(block.text)
            for id_ in _up(holder.id if holder else "", parents):
                counts[id_] = [
                    *map(sum, zip(counts[id_][:3], own[:3], strict=True)),
                    max(counts[id_][3], own[3]),
                ]
    every = counts[""][0]
    return {
        id_: SectionSize(
            id=id_,
            words=words,
            sentences=sentences,
            sentence_words=said,
            longest_sentence=longest,
            share=words / every if every else 0.0,
        )
        for id_, (words, sentences, said, longest) in counts.items()
    }


def _up(id_: str, parents: Mapping[str, str]) -> Iterator[str]:
    """Yield an id, those around it, and the empty one; a parent stands before its parts, so that there is no circle."""
    while id_:
        yield id_
        id_ = parents[id_]
    yield ""


def _counted(text: str) -> list[int]:
    """Return the words of a text, its sentences, the words in these, and those of the longest."""
    lengths = [len(sentence.split()) for sentence in sentences_of(text)]
    return [len(text.split()), len(lengths), sum(lengths), max(lengths, default=0)]
