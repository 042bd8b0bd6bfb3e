"""Comparing releases, and deciding cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.reading import ReadingOptions, pair, reader, spec_of
from sphinx_policyspec.compare import SpecDiff, compare, with_overlays
from sphinx_policyspec.decision import Decision, Norms, problems
from sphinx_policyspec.decision import decide as decide_case
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, compare_cases
from sphinx_policyspec.errors import CaseError
from sphinx_policyspec.model import Case, Finding, Severity, Spec
from sphinx_policyspec.readers.cases import case_files, read_case_file
from sphinx_policyspec.sources import Loaded

if TYPE_CHECKING:
    from sphinx_policyspec.survey import Survey

__all__ = ["Resolved", "decide", "diff", "diff_cases", "resolve", "survey"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Cases that were decided, in order, and what is wrong with those that could not be."""

    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()


def decide(source: str | Path | Spec, *cases: Case | str | Path) -> tuple[Decision, ...]:
    """Return who wins in each of these cases, by the levels and exceptions of a spec or a SOURCE.

    A case that cannot be decided raises :class:`~sphinx_policyspec.errors.CaseError`; see :func:`resolve`.

    :param cases: cases, or files and folders of them
    """
    resolved = resolve(source, cases)
    if wrong := [str(finding) for finding in resolved.findings if finding.severity is Severity.ERROR]:
        raise CaseError("\n".join(wrong))
    return resolved.decisions


def resolve(source: str | Path | Spec, cases: Iterable[Case | str | Path]) -> Resolved:
    """Return what :func:`decide` does for the cases that can be decided, and what is wrong with the others."""
    norms = Norms(spec_of(source))
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for given in cases:
        for case, found in [(given, ())] if isinstance(given, Case) else _cases_in(Path(given)):
            wrong = found or (problems(case, norms) if case else ())
            findings += wrong
            if case and all(finding.severity is not Severity.ERROR for finding in wrong):
                decisions.append(decide_case(case, norms))
    return Resolved(decisions=tuple(decisions), findings=tuple(findings))


def survey(
    source: str | Path | Spec, cases: Iterable[Case | str | Path] = ()
) -> tuple[Survey, tuple[Finding, ...]]:
    """Return what a spec or a SOURCE leaves open, and what is wrong with cases that cannot be decided.

    Needs clingo, of the extra ``survey``; without it, this raises
    :class:`~sphinx_policyspec.errors.MissingToolError`.

    :param cases: cases, or files and folders of them, which say who goes first beside the examples
    """
    from sphinx_policyspec.survey import survey as look  # noqa: PLC0415  reads programs that little else needs

    norms = Norms(spec_of(source))
    resolved = resolve(norms.spec, cases)
    return look(norms, [decision.case for decision in resolved.decisions]), resolved.findings


def _cases_in(path: Path) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    """Yield the cases of a file or folder, with what is wrong with the form of each, or with a file."""
    for file in case_files(path):
        read, findings = read_case_file(file)
        yield None, findings
        yield from ((item.case, item.findings) for item in read)


def read_cases(cases: Iterable[Case | str | Path]) -> tuple[list[Case], list[Finding]]:
    """Return the cases whose form is right, and what is wrong with the others."""
    read: list[Case] = []
    findings: list[Finding] = []
    for given in cases:
        for case, found in [(given, ())] if isinstance(given, Case) else _cases_in(Path(given)):
            findings += found
            if case and not found:
                read.append(case)
    return read, findings
