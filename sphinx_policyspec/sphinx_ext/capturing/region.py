"""The lines of one provision, and what stands in them, in the order in which a reader meets it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from sphinx_policyspec.model import Block, Markup, Prose
from sphinx_policyspec.sphinx_ext.authoring.declared import Source
from sphinx_policyspec.sphinx_ext.capturing.included import inclusions
from sphinx_policyspec.sphinx_ext.capturing.prose import prose_between

__all__ = ["Region", "blocks_in"]

_Open = Callable[[str], Source]
_Place = tuple[int, ...]
"""A line; for included text the line that includes it, then its own."""


@dataclass
class Region:
    """The lines of one provision, heading excluded, and what stands in them.

    :param cuts: by file, lines that are no text of the provision, as (first, the one after)
    """

    source: Source
    start: int
    end: int
    cuts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def cut(self, file: str, first: int, after: int) -> None:
        """Take lines of the region's file, or of one that it includes, out of its text."""
        self.cuts.setdefault(file, []).append((first, after))


def blocks_in(
    region: Region, headings: Collection[tuple[str, int]], markup: Markup, open_file: _Open
) -> tuple[Block, ...]:
    """Return a provision's blocks in source order, the text between them included.

    :param headings: file and line of each heading of the page, where a text ends
    """
    places: dict[str, _Place] = {region.source.file: ()}
    text = list(
        _Texts(region, headings, open_file, places).of(region.source, region.start, region.end, markup)
    )
    blocks: list[Block] = [*region.blocks, *text]
    unplaced = len(region.source.lines) + 1
    for block in region.blocks:
        places.setdefault(block.span.file, (unplaced + len(places),))
    return tuple(sorted(blocks, key=lambda block: (*places[block.span.file], block.span.line)))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Yields the text of a region, that of the files that it includes in its place.

    :param places: filled with where each file is included first
    """

    region: Region
    headings: Collection[tuple[str, int]]
    open_file: _Open
    places: dict[str, _Place]

    def of(self, source: Source, start: int, end: int, markup: Markup) -> Iterator[Prose]:
        end = min([end, *(line for file, line in self.headings if file == source.file and line >= start)])
        cuts = list(self.region.cuts.get(source.file, ()))
        for found in inclusions(source, start, end, markup, self.open_file):
            if any(first <= found.at < after for first, after in cuts):
                continue
            cuts.append((found.at, found.after))
            # A file that includes itself is an error of docutils, and no text here.
            if found.source.file not in self.places:
                self.places[found.source.file] = (*self.places[source.file], found.at)
                yield from self.of(found.source, found.start, found.end, found.markup)
        yield from prose_between(source, start, end, cuts, markup)
