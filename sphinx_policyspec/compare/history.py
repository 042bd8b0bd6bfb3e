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

__all__ = ["Moment", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A provision in one release.

    :param level: of a principle, empty for a section
    :param changes: what changed about it, and what stands in it, since the release before; empty in the first
    """

    version: str
    id: str
    title: str
    level: str
    words: int
    examples: int
    changes: tuple[Change, ...]


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
    diffs = [compare(old, new) for old, new in pairwise(specs)]
    named = {known[-1]: id_}
    for place in range(known[-1], 0, -1):
        if place in named and (before := _origin(diffs[place - 1], named[place])):
            named[place - 1] = before
    for place in range(known[-1], len(diffs)):
        if place in named and (after := _successor(diffs[place], named[place])):
            named[place + 1] = after
    return tuple(_moment(specs, diffs, place, named[place]) for place in sorted(named))


def _origin(diff: SpecDiff, id_: str) -> str:
    return next((match.old for match in diff.matches if match.new == id_), "")


def _successor(diff: SpecDiff, id_: str) -> str:
    return next((match.new for match in diff.matches if match.old == id_), "")


def _moment(specs: Sequence[Spec], diffs: Sequence[SpecDiff], place: int, id_: str) -> Moment:
    provision = specs[place].provision_by_id[id_]
    return Moment(
        version=specs[place].version,
        id=id_,
        title=provision.title,
        level=level_of(provision),
        words=len(provision.text.split()),
        examples=len(provision.examples),
        changes=diffs[place - 1].by_provision.get(id_, ()) if place else (),
    )
