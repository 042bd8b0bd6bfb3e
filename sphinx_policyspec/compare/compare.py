"""Two specs → SpecDiff: each comparison in turn, then weight and reach of every change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sphinx_policyspec.compare.change import Change, SpecDiff
from sphinx_policyspec.compare.examples import example_changes
from sphinx_policyspec.compare.levels import level_changes
from sphinx_policyspec.compare.matching import identify
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.compare.prompts import prompt_changes
from sphinx_policyspec.compare.prose import prose_changes
from sphinx_policyspec.compare.reach import Reaches
from sphinx_policyspec.compare.relations import relation_changes
from sphinx_policyspec.compare.structure import structure_changes
from sphinx_policyspec.compare.weights import weigh
from sphinx_policyspec.model import Case, Spec

__all__ = ["compare"]


def compare(
    old: Spec, new: Spec, aliases: Mapping[str, str] | None = None, cases: Iterable[Case] = ()
) -> SpecDiff:
    """Return what changed from one spec to another.

    Where things stand in files, the files themselves, versions and dates are no differences; all else that a
    spec says is. A spec has no differences from itself.

    :param aliases: ids of provisions as stated by hand, old id → new id, which win over what is found
    :param cases: what to look through for cases that rest on what changed
    """
    pair = Pair(old=old, new=new, identity=identify(old, new, aliases))
    examples, same, renamed_examples = example_changes(pair)
    reaches = Reaches(pair, renamed_examples, cases)
    weighed = (weigh(change, pair) for change in _changes(pair, examples))
    return SpecDiff(
        old=old.version,
        new=new.version,
        changes=tuple(replace(change, reach=reaches.of(change)) for change in weighed),
        matches=pair.identity.matches,
        same_examples=same,
        renamed_examples=renamed_examples,
        titles={p.id: p.title for spec in (old, new) for p in spec.provisions},
    )


def _changes(pair: Pair, examples: list[Change]) -> Iterator[Change]:
    yield from structure_changes(pair)
    yield from level_changes(pair)
    yield from prose_changes(pair)
    yield from examples
    yield from relation_changes(pair)
    yield from prompt_changes(pair)
