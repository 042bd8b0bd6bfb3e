"""Findings on a spec, decisions of cases, and what a spec leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.api.reading import Source, loaded, spec_of
from sphinx_policyspec.checks import Selection, in_source_order, read_baseline
from sphinx_policyspec.checks.fixes import diff_of, fixed_texts, fixes_of, write_texts
from sphinx_policyspec.decision import Decision, Norms, problems
from sphinx_policyspec.decision import decide as decide_case
from sphinx_policyspec.exports.answers import counts
from sphinx_policyspec.exports.decisions import Decisions
from sphinx_policyspec.exports.report_formats import Report, marked
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Case, Finding, Severity, Spec, rules
from sphinx_policyspec.readers.cases import ReadCase, case_files, read_case_file
from sphinx_policyspec.readers.cases import read_cases as read_cases_of
from sphinx_policyspec.readers.decision_records import decision_record_files
from sphinx_policyspec.readers.feedback import feedback_files
from sphinx_policyspec.readers.text import SourceLines
from sphinx_policyspec.sources import checked

if TYPE_CHECKING:
    from sphinx_policyspec.surveys import Survey


def check(
    source: Source,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severity: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
    use_baseline: bool = True,
    fail_on: Severity = Severity.ERROR,
    feedback: Iterable[str | Path] = (),
    decisions: Iterable[str | Path] = (),
) -> Report:
    """Return what is wrong, or could be better, in a spec or a SOURCE: findings in source order.

    A spec gives the findings on its contents; a SOURCE also those on its text. A project's own severities and baseline
    apply unless others are given. Raises :class:`CodeError` for an unknown code.

    :param select: the only codes or categories to report
    :param ignore: codes or categories to leave out
    :param severity: by code or category: ``error``, ``warning``, ``hint`` or ``off``
    :param baseline: a file of known findings, which are left out; :func:`render` writes one as ``baseline``
    :param use_baseline: whether a baseline, given or the project's own, is applied
    :param fail_on: the least severe finding that makes the check fail
    :param feedback: registers of feedback about it, or folders of them, which are checked as well
    :param decisions: records of decisions about it, or folders of them, which are checked as well
    """
    loaded_source = loaded(source)
    if isinstance(source, Spec):
        loaded_source = checked(loaded_source)
    selection = Selection(
        select=tuple(select), ignore=tuple(ignore), severity={**loaded_source.severity, **(severity or {})}
    )
    findings = (
        loaded_source.causes(selection.off)
        if loaded_source.causes and selection.off
        else loaded_source.findings
    )
    registers = [one for file in feedback for one in feedback_files(Path(file))]
    if registers:
        from sphinx_policyspec.api.feedback import check_feedback  # noqa: PLC0415  few projects keep a register

        findings = (
            *findings,
            *check_feedback(source if isinstance(source, Spec) else loaded_source, *registers).findings,
        )
    records = [one for file in decisions for one in decision_record_files(Path(file))]
    if records:
        from sphinx_policyspec.api.decision_records import check_decision_records  # noqa: PLC0415  likewise

        record_report = check_decision_records(
            source if isinstance(source, Spec) else loaded_source, *records
        )
        findings = (*findings, *record_report.findings)
    selected = in_source_order(list(selection.of(findings)))
    beside = (*loaded_source.beside, *registers, *records)
    lines = SourceLines(loaded_source.root if loaded_source.has_files else None, beside, loaded_source.bound)
    file = Path(baseline) if baseline else loaded_source.baseline
    known = read_baseline(file) if file and use_baseline else frozenset()
    fixable = {fix.finding for fix in fixes_of(loaded_source.spec, selected, lines)}
    entries = tuple(marked(selected, lines, fixable))
    new = tuple(item for item in entries if item.fingerprint not in known)
    return Report(
        source=str(source) if isinstance(source, str | Path) else str(loaded_source.root),
        lines=lines,
        rules=tuple(rules().values()),
        entries=new,
        known=len(entries) - len(new),
        fail_on=fail_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes(Brief):
    """The fixes that are certain without asking anyone.

    :param texts: the new text of each file that changes
    :param lines: the files as they were read
    """

    texts: dict[str, str]
    lines: SourceLines

    def __bool__(self) -> bool:
        """Return whether there is anything to fix."""
        return bool(self.texts)

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified diff from the present files."""
        return tuple(diff_of(self.texts, self.lines))

    def write(self) -> tuple[str, ...]:
        """Write the texts; return the files that were left alone because they are not UTF-8, or have changed since."""
        return write_texts(self.texts, self.lines)


def find_fixes(source: Source, report: Report) -> Fixes:
    """Return the certain fixes of a report about a SOURCE; a spec alone has no files to fix."""
    fixable = [entry.finding for entry in report.entries if entry.fixable]
    return Fixes(
        texts=fixed_texts(fixes_of(spec_of(source), fixable, report.lines), report.lines), lines=report.lines
    )


def stats(source: Source) -> dict[str, Any]:
    """Return the contents of a spec or a SOURCE in numbers; inner counts leave out what does not occur."""
    return counts(spec_of(source))


def decide(source: Source, *cases: Case | str | Path) -> Decisions:
    """Return who wins in each of these cases, by the levels and exceptions of a spec or a SOURCE.

    Problems of a case, or of a file of cases, are in the findings of the result, and in its ``errors`` if they prevent
    a decision; the other cases are decided.

    :param cases: cases, or files and folders of them
    """
    return decided(Norms(spec_of(source)), _cases(cases))


def decided(norms: Norms, case_list: Iterable[tuple[Case | None, tuple[Finding, ...]]]) -> Decisions:
    """Return what :func:`decide` returns, for cases that were read.

    :param case_list: each case with the findings on its form, or only findings on a text of cases
    """
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for case, form_findings in case_list:
        wrong = form_findings or (problems(case, norms) if case else ())
        findings += wrong
        if case and all(finding.severity is not Severity.ERROR for finding in wrong):
            decisions.append(decide_case(case, norms))
    return Decisions(decisions=tuple(decisions), norms=norms, findings=tuple(findings))


def survey(source: Source, cases: Iterable[Case | str | Path] = ()) -> Survey:
    """Return what a spec or a SOURCE leaves open, with the same findings on cases as :func:`decide`.

    Needs clingo, from the extra ``survey``; without it, this raises :class:`MissingToolError`.

    :param cases: cases, or files and folders of them, which order principles in addition to the examples
    """
    from sphinx_policyspec.surveys import survey as look  # noqa: PLC0415  reads programs that little else needs

    decided = decide(source, *cases)
    result = look(decided.norms, [decision.case for decision in decided])
    return replace(result, findings=decided.findings)


def read_cases(cases: Iterable[Case | str | Path]) -> tuple[list[Case], list[Finding]]:
    """Return the cases with a valid form, and the findings on the others."""
    usable: list[Case] = []
    findings: list[Finding] = []
    for case, case_findings in _cases(cases):
        findings += case_findings
        if case and not case_findings:
            usable.append(case)
    return usable, findings


def _cases(cases: Iterable[Case | str | Path]) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    """Yield each case, also from files and folders, with the findings on its form, or on a file."""
    for one in cases:
        if isinstance(one, Case):
            yield one, ()
            continue
        for file in case_files(Path(one)):
            yield from _flat(*read_case_file(file))


def cases_in(text: str, file: str) -> tuple[tuple[Case | None, tuple[Finding, ...]], ...]:
    """Return the cases of a text, as arguments of :func:`decided`.

    :param file: its name in findings
    """
    return tuple(_flat(*read_cases_of(text, file)))


def _flat(
    items: Iterable[ReadCase], findings: tuple[Finding, ...]
) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    yield None, findings
    yield from ((item.case, item.findings) for item in items)
