"""What stands in another place among the same neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Indel

__all__ = ["out_of_order"]


def out_of_order(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Return the fewest names that must have moved for one order of them to become the other.

    Where two sets are equally small, which one is taken does not depend on which order comes first.
    """
    one, other = sorted((list(before), list(after)))
    blocks = Indel.opcodes(one, other).as_matching_blocks()
    stayed = {one[place] for block in blocks for place in range(block.a, block.a + block.size)}
    return frozenset(one) - stayed
