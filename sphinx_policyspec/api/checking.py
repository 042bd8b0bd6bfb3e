"""What is wrong, or could be better, with a spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sphinx_policyspec.api.reading import loaded as loaded_from
from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.checks.fixes import fixes_of
from sphinx_policyspec.checks.selection import Selection, fingerprints, read_baseline
from sphinx_policyspec.exports.report_formats import Report, Reported
from sphinx_policyspec.model import Finding, Severity, Spec, rules
from sphinx_policyspec.readers.text import SourceLines
from sphinx_policyspec.sources import Loaded, checked

__all__ = ["check", "report"]


def check(
    source: str | Path | Spec | Loaded,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severity: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong, or could be better, with a spec or a SOURCE, in source order.

    Of a spec this is what its contents show; of a SOURCE also what is found when its text is read.

    :param select: codes or categories to tell alone
    :param ignore: codes or categories to leave out
    :param severity: by code or category: ``error``, ``warning``, ``hint`` or ``off``
    :param baseline: a file of findings that are known, which are left out
    """
    loaded = loaded_from(source)
    if isinstance(source, Spec):
        loaded = checked(loaded)
    selection = Selection(select=tuple(select), ignore=tuple(ignore), severity=severity or {})
    told = report(loaded, selection=selection, baseline=baseline)
    return tuple(item.finding for item in told.findings)


def report(
    source: str | Path | Loaded,
    *,
    selection: Selection | None = None,
    baseline: str | Path | None = None,
    use_baseline: bool = True,
    fail_on: Severity = Severity.ERROR,
) -> Report:
    """Return the findings about a SOURCE in the form that every output format writes from.

    A project's own severities and baseline hold where nothing else is given.

    :param use_baseline: whether a baseline, given or the project's own, holds anything back
    """
    loaded = loaded_from(source)
    asked = selection or Selection()
    asked = replace(asked, severity={**loaded.severity, **asked.severity})
    chosen = in_source_order(list(asked.of(loaded.findings)))
    lines = SourceLines(loaded.root if loaded.has_files else None, loaded.annotations, loaded.bound)
    file = Path(baseline) if baseline else loaded.baseline
    known = read_baseline(file) if file and use_baseline else frozenset()
    fixable = {fix.finding for fix in fixes_of(loaded.spec, chosen, lines)}
    marked = tuple(
        Reported(finding=finding, fingerprint=mark, fixable=finding in fixable)
        for finding, mark in zip(chosen, fingerprints(chosen, lines), strict=True)
    )
    new = tuple(item for item in marked if item.fingerprint not in known)
    return Report(
        source=str(source) if not isinstance(source, Loaded) else str(loaded.root),
        lines=lines,
        rules=tuple(rules().values()),
        findings=new,
        known=len(marked) - len(new),
        fail_on=fail_on,
    )
