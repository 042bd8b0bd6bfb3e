"""What a build is given beside the pages of its project: by the command that runs it, and by the application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.model import Provision, Spec, TargetKind
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of

if TYPE_CHECKING:
    from sphinx_policyspec.compare.history import Moment, Timeline
    from sphinx_policyspec.sources import Reader

__all__ = ["Edition", "Editions", "Given", "Older", "Site", "SitePage"]

Older = Callable[["Reader"], "tuple[Spec, ...]"]
"""Reads older releases, from the first to the last, with the reader that a build has for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """One page of a handbook.

    :param name: its name as a file, without suffix
    :param provisions: what it shows, in reading order
    :param below: names of the pages that its table of contents leads to
    :param overviews: names of the pages with views that it leads to on the web; paper has indices of its own
    :param views: names of the views of the whole spec that it shows, instead of a part of it
    """

    name: str
    provisions: tuple[Provision, ...] = ()
    below: tuple[str, ...] = ()
    overviews: tuple[str, ...] = ()
    views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A spec and its pages by name.

    :param root: the folder that the spec's file names are relative to
    """

    spec: Spec
    root: Path
    pages: dict[str, SitePage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One of the releases: a site in a folder beside those of the others.

    :param name: of the release, as readers see it
    :param pages: names of its pages, without suffix
    :param page_of: the page that each provision stands on, by id
    """

    name: str
    folder: str
    pages: frozenset[str]
    page_of: Mapping[str, str]

    def address(self, page: str, anchor: str = "") -> str:
        """Return the address of a page, or of an anchor on it, as seen from a page of another release."""
        return f"../{self.folder}/{page}.html" + (f"#{anchor}" if anchor else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editions:
    """The releases of a handbook, seen from one of them.

    :param every: from the first to the last
    :param timeline: the same, with what changed between them
    :param place: of the one that is built
    """

    every: tuple[Edition, ...]
    timeline: Timeline
    place: int

    @property
    def past(self) -> Timeline:
        """The releases up to the one that is built."""
        return replace(
            self.timeline,
            specs=self.timeline.specs[: self.place + 1],
            diffs=self.timeline.diffs[: self.place],
        )

    def others(self, id_: str) -> Iterator[tuple[Moment, str]]:
        """Yield a provision of this release in each other one that has it, the last first, with its address."""
        for moment in reversed(self.timeline.moments(id_, self.place)):
            edition = self.every[moment.place]
            if moment.place != self.place and moment.id in edition.page_of:
                anchor = anchor_of(TargetKind.PROVISION, moment.id)
                yield moment, edition.address(edition.page_of[moment.id], anchor)

    def same_page(self, name: str, ids: Iterable[str]) -> dict[int, str]:
        """Return the names of the pages of the other releases that come nearest to a page of this one.

        Those without one are left out.

        :param ids: of the provisions on the page, in order; what has none is found by its own name
        """
        found: dict[int, str] = {}
        shown = False
        for id_ in ids:
            shown = True
            for place, other in self.timeline.ids(id_, self.place).items():
                if page := self.every[place].page_of.get(other):
                    found.setdefault(place, page)
        if not shown:
            found = {place: name for place, edition in enumerate(self.every) if name in edition.pages}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a build is given; the defaults are those of a project that ``sphinx-build`` writes.

    :param confdir: the folder that paths of our options are below: that of ``conf.py``
    :param reader: returns what reads older releases, given the annotation files of the project
    :param shows: tells whether this build shows what an ``only`` directive holds
    :param hides_anything: whether other extensions may hide what is no element of theirs, on any page
    :param site: the spec that a handbook shows; a project of one's own gathers its spec from its pages
    :param older: what a command line compares the spec with, from the oldest on, source by source, instead of
        ``policyspec_since``
    :param editions: the releases of a handbook of several, which know of each other
    :param base_iri: what a command line says that instance IRIs begin with, whatever the project says
    :param asks: whether questions of pages are answered; not where nothing but the spec is wanted
    :param writes: whether pages are written; else what they show of each other is of no use
    """

    confdir: Path
    reader: Callable[[tuple[Path, ...]], Reader]
    shows: Callable[[str], bool]
    hides_anything: bool = False
    site: Site | None = None
    older: tuple[Older, ...] = ()
    editions: Editions | None = None
    base_iri: str = ""
    asks: bool = True
    writes: bool = True
