"""What is wrong with a spec, who wins in a case, and what a spec leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.api.reading import Source, loaded, spec_of
from sphinx_policyspec.checks import Selection, in_source_order, read_baseline
from sphinx_policyspec.checks.fixes import diff_of, fixes_of, mended, write_texts
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
    """Return what is wrong, or could be better, with a spec or a SOURCE: findings in source order.

    Of a spec this is what its contents show; of a SOURCE also what is found when its text is read. A project's own
    severities and baseline hold where nothing else is given. Raises :class:`CodeError` for an unknown code.

    :param select: codes or categories to tell alone
    :param ignore: codes or categories to leave out
    :param severity: by code or category: ``error``, ``warning``, ``hint`` or ``off``
    :param baseline: a file of findings that are known, which are left out; :func:`render` writes one as ``baseline``
    :param use_baseline: whether a baseline, given or the project's own, holds anything back
    :param fail_on: the least severe finding that makes the check fail
    :param feedback: registers of feedback about it, or folders of them: what is wrong with them is among the findings
    :param decisions: records of decisions about it, or folders of them, likewise
    """
    read = loaded(source)
    if isinstance(source, Spec):
        read = checked(read)
    asked = Selection(
        select=tuple(select), ignore=tuple(ignore), severity={**read.severity, **(severity or {})}
    )
    found = read.causes(asked.off) if read.causes and asked.off else read.findings
    registers = [one for file in feedback for one in feedback_files(Path(file))]
    if registers:
        from sphinx_policyspec.api.feedback import check_feedback  # noqa: PLC0415  few projects keep a register

        found = (*found, *check_feedback(source if isinstance(source, Spec) else read, *registers).findings)
    records = [one for file in decisions for one in decision_record_files(Path(file))]
    if records:
        from sphinx_policyspec.api.decision_records import check_decision_records  # noqa: PLC0415  likewise

        told = check_decision_records(source if isinstance(source, Spec) else read, *records)
        found = (*found, *told.findings)
    chosen = in_source_order(list(asked.of(found)))
    beside = (*read.beside, *registers, *records)
    lines = SourceLines(read.root if read.has_files else None, beside, read.bound)
    file = Path(baseline) if baseline else read.baseline
    known = read_baseline(file) if file and use_baseline else frozenset()
    fixable = {fix.finding for fix in fixes_of(read.spec, chosen, lines)}
    entries = tuple(marked(chosen, lines, fixable))
    new = tuple(item for item in entries if item.fingerprint not in known)
    return Report(
        source=str(source) if isinstance(source, str | Path) else str(read.root),
        lines=lines,
        rules=tuple(rules().values()),
        entries=new,
        known=len(entries) - len(new),
        fail_on=fail_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes(Brief):
    """What can be mended without asking anyone what was meant.

    :param texts: the new text of each file that changes
    :param lines: the files as they were read
    """

    texts: dict[str, str]
    lines: SourceLines

    def __bool__(self) -> bool:
        """Return whether there is anything to mend."""
        return bool(self.texts)

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified diff from the files as they are."""
        return tuple(diff_of(self.texts, self.lines))

    def write(self) -> tuple[str, ...]:
        """Write the texts; return the files that are left alone, since they are not UTF-8, or have changed meanwhile."""
        return write_texts(self.texts, self.lines)


def find_fixes(source: Source, report: Report) -> Fixes:
    """Return what of a report about a SOURCE can be mended for certain; a spec alone has no files to mend."""
    fixable = [entry.finding for entry in report.entries if entry.fixable]
    return Fixes(
        texts=mended(fixes_of(spec_of(source), fixable, report.lines), report.lines), lines=report.lines
    )


def stats(source: Source) -> dict[str, Any]:
    """Return what a spec or a SOURCE holds, in numbers; what does not occur in it is left out of the inner ones."""
    return counts(spec_of(source))


def decide(source: Source, *cases: Case | str | Path) -> Decisions:
    """Return who wins in each of these cases, by the levels and exceptions of a spec or a SOURCE.

    What is wrong with a case, or a file of them, is in the findings of what is returned, and what keeps one from being
    decided in its ``errors``; the others are decided.

    :param cases: cases, or files and folders of them
    """
    return decided(Norms(spec_of(source)), _cases(cases))


def decided(norms: Norms, read: Iterable[tuple[Case | None, tuple[Finding, ...]]]) -> Decisions:
    """Return what :func:`decide` does of cases that were read.

    :param read: each case with what is wrong with its form, or what is wrong with a text of them
    """
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for case, found in read:
        wrong = found or (problems(case, norms) if case else ())
        findings += wrong
        if case and all(finding.severity is not Severity.ERROR for finding in wrong):
            decisions.append(decide_case(case, norms))
    return Decisions(decisions=tuple(decisions), norms=norms, findings=tuple(findings))


def survey(source: Source, cases: Iterable[Case | str | Path] = ()) -> Survey:
    """Return what a spec or a SOURCE leaves open; its findings tell what is wrong with cases, as those of :func:`decide` do.

    Needs clingo, of the extra ``survey``; without it, this raises :class:`MissingToolError`.

    :param cases: cases, or files and folders of them, which say who goes first beside the examples
    """
    from sphinx_policyspec.surveys import survey as look  # noqa: PLC0415  reads programs that little else needs

    decided = decide(source, *cases)
    found = look(decided.norms, [decision.case for decision in decided])
    return replace(found, findings=decided.findings)


def read_cases(cases: Iterable[Case | str | Path]) -> tuple[list[Case], list[Finding]]:
    """Return the cases whose form is right, and what is wrong with the others."""
    read: list[Case] = []
    findings: list[Finding] = []
    for case, found in _cases(cases):
        findings += found
        if case and not found:
            read.append(case)
    return read, findings


def _cases(given: Iterable[Case | str | Path]) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    """Yield each case, those of files and folders too, with what is wrong with its form, or with a file."""
    for one in given:
        if isinstance(one, Case):
            yield one, ()
            continue
        for file in case_files(Path(one)):
            yield from _flat(*read_case_file(file))


def cases_in(text: str, file: str) -> tuple[tuple[Case | None, tuple[Finding, ...]], ...]:
    """Return the cases of a text, as :func:`decided` takes them.

    :param file: how findings name it
    """
    return tuple(_flat(*read_cases_of(text, file)))


def _flat(
    read: Iterable[ReadCase], findings: tuple[Finding, ...]
) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    yield None, findings
    yield from ((item.case, item.findings) for item in read)
