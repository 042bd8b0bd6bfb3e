"""The numbers of words and sentences of each section in each of several releases: counts, without scores or targets."""

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
    """The length of a section in one release, with everything in it except examples and commentary.

    :param id: its id in that release; empty for the whole spec
    :param words: number of words of the normative text, separated by blanks
    :param sentences: number of sentences with a letter outside code, addresses and quotations
    :param sentence_words: number of words in these sentences
    :param longest_sentence: number of words of the longest one
    :param share: its share of the words of the whole spec, from 0 to 1
    """

    id: str
    words: int = 0
    sentences: int = 0
    sentence_words: int = 0
    longest_sentence: int = 0
    share: float = 0.0

    @property
    def words_per_sentence(self) -> float:
        """The mean over all sentences; 0 without sentences."""
        return self.sentence_words / self.sentences if self.sentences else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTrend(Brief):
    """A section over the releases.

    :param id: its last id; empty for the whole spec
    :param depth: 1 for a chapter, 0 for the whole spec
    :param sizes: one for each release; ``None`` if the release lacks it
    """

    id: str
    title: str
    depth: int
    sizes: tuple[SectionSize | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends(Brief):
    """Sizes of sections over releases.

    :param versions: of the releases, oldest first
    :param whole: all normative text, including that before the first heading
    :param sections: in the order of the last release, then sections that it no longer has
    """

    versions: tuple[str, ...]
    whole: SectionTrend
    sections: tuple[SectionTrend, ...]


def trends_of(specs: Sequence[Spec], depth: int = 1) -> Trends:
    """Return the length of each section in each release; a section keeps its line if its id or place changes.

    :param specs: releases, oldest first, at least one
    :param depth: depth down to which sections are reported: 1 for chapters only
    """
    sizes = [_sizes(spec) for spec in specs]
    total = tuple(by_id[""] for by_id in sizes)
    last = specs[-1]
    whole = SectionTrend(id="", title=last.title, depth=0, sizes=total)
    sections = [
        SectionTrend(
            id=provision.id,
            title=provision.title,
            depth=provision.depth,
            sizes=tuple(
                by_id.get(line[place]) if place in line else None for place, by_id in enumerate(sizes)
            ),
        )
        for provision, line in _lines(specs)
        if provision.depth <= depth
    ]
    return Trends(versions=tuple(spec.version for spec in specs), whole=whole, sections=tuple(sections))


def _lines(specs: Sequence[Spec]) -> Iterator[tuple[Provision, Mapping[int, str]]]:
    """Yield the last form of each provision, with its ids by the index of the release; those of the last release first."""
    former = [identify(old, new).old_of for old, new in pairwise(specs)]
    done: set[tuple[int, str]] = set()
    for place in range(len(specs) - 1, -1, -1):
        for provision in specs[place].provisions:
            if (place, provision.id) in done:
                continue
            line = {place: provision.id}
            for earlier in range(place - 1, -1, -1):
                if (old := former[earlier].get(line[earlier + 1])) is None:
                    break
                line[earlier] = old
            done.update(line.items())
            yield provision, line


def _sizes(spec: Spec) -> dict[str, SectionSize]:
    """Return the size of each provision with everything in it, and of the whole spec under the empty id."""
    counts: dict[str, list[int]] = {"": [0, 0, 0, 0]}
    parents: dict[str, str] = {}
    for provision in spec.provisions:
        # Of two provisions with one id, the first is the one that contains others.
        counts.setdefault(provision.id, [0, 0, 0, 0])
        parent = provision.parent if provision.parent in counts and provision.parent != provision.id else ""
        parents.setdefault(provision.id, parent or "")
    for holder, block in spec.walk():
        if isinstance(block, Prose | Definition) and block.text:
            own = _count(block.text)
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
            sentence_words=sentence_words,
            longest_sentence=longest,
            share=words / every if every else 0.0,
        )
        for id_, (words, sentences, sentence_words, longest) in counts.items()
    }


def _up(id_: str, parents: Mapping[str, str]) -> Iterator[str]:
    """Yield an id, the ids around it, and the empty one; a parent comes before its parts, so there is no cycle."""
    while id_:
        yield id_
        id_ = parents[id_]
    yield ""


def _count(text: str) -> list[int]:
    """Return the number of words of a text, of its sentences, of the words in these, and of those in the longest."""
    lengths = [len(sentence.split()) for sentence in sentences_of(text)]
    return [len(text.split()), len(lengths), sum(lengths), max(lengths, default=0)]
