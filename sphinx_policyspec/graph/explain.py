"""Contradictions, told as the smallest sets of statements that HermiT finds inconsistent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import compress

from sphinx_policyspec.graph.closure import clashes
from sphinx_policyspec.graph.statements import Statement
from sphinx_policyspec.graph.terms import Triple

__all__ = ["Contradiction", "contradictions", "explain", "smallest"]

_Places = tuple[int, ...]
_FirstInconsistent = Callable[[Sequence[Iterable[Triple]]], int | None]
_First = Callable[[Sequence[_Places]], int | None]
_AT_ONCE = 16
"""Beginnings that one run looks at."""
_MOST = 20
"""Contradictions beyond these are told when the first are mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Statements that cannot hold together, none of which can be left out.

    :param reason: why, in words; empty where only the reasoner knows
    """

    reason: str
    statements: tuple[Statement, ...]


def contradictions(statements: Sequence[Statement]) -> tuple[Contradiction, ...]:
    """Return what forward reasoning alone sees, without Java; it may miss some."""
    return tuple(
        Contradiction(reason=clash.reason, statements=tuple(statements[place] for place in clash.members))
        for clash in clashes(statements)
    )


def explain(
    statements: Sequence[Statement], first_inconsistent: _FirstInconsistent
) -> tuple[Contradiction, ...]:
    """Return the contradictions in statements that a reasoner has found inconsistent.

    Forward reasoning proposes small sets, which the reasoner confirms; what it cannot see is
    narrowed down by the reasoner alone. Each run of the reasoner costs about a second.

    :param first_inconsistent: tells which of several sets is the first that contradicts itself
    """

    def first(candidates: Sequence[_Places]) -> int | None:
        return first_inconsistent(
            [[triple for place in places for triple in statements[place].triples] for places in candidates]
        )

    proposed = clashes(statements)[:_MOST]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        confirmed = list(pool.map(lambda clash: first([clash.members]) == 0, proposed))
    found = _minimal([(clash.members, clash.reason) for clash in compress(proposed, confirmed)], first)
    rest = tuple(place for place in range(len(statements)) if place not in {places[0] for places, _ in found})
    while len(found) < _MOST and first([rest]) == 0:
        places = smallest(rest, first)
        found.append((places, ""))
        rest = tuple(place for place in rest if place != places[0])
    return tuple(
        Contradiction(reason=reason, statements=tuple(statements[place] for place in places))
        for places, reason in found
    )


def _minimal(found: list[tuple[_Places, str]], first: _First) -> list[tuple[_Places, str]]:
    """Leave out what is not needed for a contradiction; one run tells where nothing is, as almost always."""
    smaller = [
        (number, places[:place] + places[place + 1 :])
        for number, (places, _) in enumerate(found)
        if len(places) > 1
        for place in range(len(places))
    ]
    while (place := first([places for _, places in smaller])) is not None:
        number = smaller[place][0]
        found[number] = smallest(smaller[place][1], first), found[number][1]
        smaller = [item for item in smaller[place + 1 :] if item[0] != number]
    return list(dict(found).items())


def smallest(places: _Places, first: _First) -> _Places:
    """Return a part of an inconsistent set that is inconsistent, and no longer if anything is left out.

    The shortest beginning that is inconsistent ends with a statement that is needed; with that one
    put in front, the next is found in the same way, until those found suffice. A run looks at many beginnings
    at once, so that this takes fewer runs than halving the set does (QuickXplain).

    :param first: tells which of several sets is the first that is inconsistent
    """
    needed: _Places = ()
    while first([needed]) is None:
        low, high = 0, len(places)
        while high - low > 1:
            step = -(-(high - low) // _AT_ONCE)
            cuts = list(range(low + step, high, step))
            place = first([needed + places[:cut] for cut in cuts])
            low, high = (cuts[-1], high) if place is None else (([low, *cuts])[place], cuts[place])
        needed = (places[high - 1], *needed)
        places = places[: high - 1]
    return tuple(sorted(needed))
