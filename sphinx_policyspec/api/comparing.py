"""What changed from one spec to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.deciding import read_cases
from sphinx_policyspec.api.reading import ReadingOptions, pair, reader
from sphinx_policyspec.compare import SpecDiff, compare, with_overlays
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, compare_cases
from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.sources import Loaded

__all__ = ["diff", "diff_cases"]


def diff(
    old: str | Path | Spec | Loaded,
    new: str | Path | Spec | Loaded,
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
    **options: Unpack[ReadingOptions],
) -> SpecDiff:
    """Return what changed from one spec or SOURCE to another, read as :func:`pair` does.

    :param aliases: ids of provisions that are the same, old id → new id, where that is known; they win over what
        is found
    :param overlays: specs or SOURCEs that are built on the old one: what the changes reach in them is told, too
    :param options: how SOURCEs are read, as for :func:`load`
    """
    before, after = (loaded.spec for loaded in pair(old, new, **options))
    return _with_overlays(compare(before, after, aliases), before, after, _read(overlays, **options))


def diff_cases(
    old: str | Path | Spec | Loaded,
    new: str | Path | Spec | Loaded,
    cases: Iterable[Case | str | Path],
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
    **options: Unpack[ReadingOptions],
) -> BehaviourDiff:
    """Return what :func:`diff` does, and which cases come out differently in the new spec or SOURCE.

    :param cases: cases, or files and folders of them, with the ids of the new spec
    :param aliases: as for :func:`diff`
    :param overlays: likewise
    :param options: likewise
    """
    before, after = (Norms(loaded.spec) for loaded in pair(old, new, **options))
    read, findings = read_cases(cases)
    found = compare(before.spec, after.spec, aliases, read)
    found = _with_overlays(found, before.spec, after.spec, _read(overlays, **options))
    compared = compare_cases(found, before, after, read)
    for case in compared:
        if case.state is CaseState.NEITHER:
            findings += case.new.findings
    return BehaviourDiff(spec=found, old=before, new=after, cases=compared, findings=tuple(findings))


def _with_overlays(found: SpecDiff, before: Spec, after: Spec, overlays: Mapping[str, Spec]) -> SpecDiff:
    return with_overlays(found, before, after, overlays) if overlays else found


def _read(overlays: Iterable[str | Path | Spec], **options: Unpack[ReadingOptions]) -> dict[str, Spec]:
    """Return specs by their titles, and those of SOURCEs by the names of these; each has annotations of its own."""
    beside = replace(reader(**options), annotations=None, is_older=True)
    return {
        one.title if isinstance(one, Spec) else str(one): one
        if isinstance(one, Spec)
        else beside.read(one).spec
        for one in overlays
    }
