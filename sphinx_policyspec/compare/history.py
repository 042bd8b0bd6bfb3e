"""One provision over many releases: what it was called, at which level, and what changed about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sphinx_policyspec.compare.change import Change, SpecDiff
from sphinx_policyspec.compare.compare import compare
from sphinx_policyspec.compare.levels import level_of
from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.model import Spec
from sphinx_policyspec.nearest import nearest

__all__ = ["Moment", "Timeline", "before", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A provision in one release.

    :param place: of the release among all, the first is 0
    :param level: of a principle, empty for a section
    :param changes: what changed about it, and what stands in it, since the release before; empty in the first
    """

    place: int
    version: str
    id: str
    title: str
    level: str
    words: int
    examples: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Releases from the first to the last.

    :param diffs: what changed from each release to the next, one less than there are releases
    """

    specs: tuple[Spec, ...]
    diffs: tuple[SpecDiff, ...]

    @classmethod
    def of(cls, specs: Sequence[Spec]) -> Timeline:
        """Compare each release with the next."""
        return cls(specs=tuple(specs), diffs=tuple(compare(old, new) for old, new in pairwise(specs)))

    def ids(self, id_: str, place: int) -> dict[int, str]:
        """Return the ids of a provision by the place of the release, in order.

        :param id_: its id in the release at ``place``
        """
        named = {place: id_}
        for earlier in range(place - 1, -1, -1):
            if earlier + 1 in named and (old := self.diffs[earlier].old_ids.get(named[earlier + 1])):
                named[earlier] = old
        for later in range(place, len(self.diffs)):
            if later in named and (new := self.diffs[later].new_ids.get(named[later])):
                named[later + 1] = new
        return dict(sorted(named.items()))

    def moments(self, id_: str, place: int = -1) -> tuple[Moment, ...]:
        """Return a provision in each release that has it, under any id that it had.

        :param id_: its id in the release at ``place``, by default the last
        """
        start = place % len(self.specs)
        return tuple(self._moment(where, name) for where, name in self.ids(id_, start).items())

    def _moment(self, place: int, id_: str) -> Moment:
        provision = self.specs[place].provision_by_id[id_]
        return Moment(
            place=place,
            version=self.specs[place].version,
            id=id_,
            title=provision.title,
            level=level_of(provision),
            words=len(provision.text.split()),
            examples=len(provision.examples),
            changes=self.diffs[place - 1].by_provision.get(id_, ()) if place else (),
        )


def before(specs: Sequence[Spec], new: Spec) -> tuple[Spec, ...]:
    """Return the releases of a source that come before one, which may be among them, with all that follow it.

    What is alone is meant, whatever its version.

    :param specs: releases from the first to the last
    """
    versions = [spec.version for spec in specs]
    is_among = len(specs) > 1 and new.version and new.version in versions
    return tuple(specs[: versions.index(new.version)] if is_among else specs)


def history(specs: Sequence[Spec], id_: str) -> tuple[Moment, ...]:
    """Return a provision in each release that has it, from the first to the last, under any id that it had.

    Raises :class:`~sphinx_policyspec.errors.UnknownIdError` where no release has the id.

    :param specs: releases from the first to the last
    """
    known = [place for place, spec in enumerate(specs) if id_ in spec.provision_by_id]
    if not known:
        names = {provision.id for spec in specs for provision in spec.provisions}
        raise UnknownIdError(
            f"no release has the provision `{id_}`; {nearest(id_, names)}".removesuffix("; ")
        )
    return Timeline.of(specs).moments(id_, known[-1])
