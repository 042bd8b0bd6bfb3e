"""What changed from one spec to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sphinx_policyspec.api.deciding import read_cases
from sphinx_policyspec.behaviour import BehaviourDiff, CaseState, compare_cases
from sphinx_policyspec.compare import SpecDiff, compare, with_overlays
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.sources import (
    spec_of,
)

__all__ = ["diff", "diff_cases"]


def diff(
    old: str | Path | Spec,
    new: str | Path | Spec,
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
) -> SpecDiff:
    """Return what changed from one spec or SOURCE to another.

    :param aliases: ids of provisions that are the same, old id → new id, where that is known; they win over what
        is found
    :param overlays: specs or SOURCEs that are built on the old one: what the changes reach in them is told, too
    """
    before, after = spec_of(old), spec_of(new)
    return _with_overlays(compare(before, after, aliases), before, after, overlays)


def diff_cases(
    old: str | Path | Spec,
    new: str | Path | Spec,
    cases: Iterable[Case | str | Path],
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
) -> BehaviourDiff:
    """Return what :func:`diff` does, and which cases come out differently in the new spec or SOURCE.

    :param cases: cases, or files and folders of them, with the ids of the new spec
    :param aliases: as for :func:`diff`
    :param overlays: likewise
    """
    before, after = Norms(spec_of(old)), Norms(spec_of(new))
    read, findings = read_cases(cases)
    found = compare(before.spec, after.spec, aliases, read)
    found = _with_overlays(found, before.spec, after.spec, overlays)
    compared = compare_cases(found, before, after, read)
    for case in compared:
        if case.state is CaseState.NEITHER:
            findings += case.new.findings
    return BehaviourDiff(spec=found, old=before, new=after, cases=compared, findings=tuple(findings))


def _with_overlays(
    found: SpecDiff, before: Spec, after: Spec, overlays: Iterable[str | Path | Spec]
) -> SpecDiff:
    named = {one.title if isinstance(one, Spec) else str(one): one for one in overlays}
    built = {name: spec_of(one) for name, one in named.items()}
    return with_overlays(found, before, after, built) if built else found
