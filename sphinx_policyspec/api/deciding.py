"""Who wins in a case, and what a spec leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.api.reading import spec_of
from sphinx_policyspec.decision import Decision, Norms, problems
from sphinx_policyspec.decision import decide as decide_case
from sphinx_policyspec.errors import CaseError
from sphinx_policyspec.model import Case, Finding, Severity, Spec
from sphinx_policyspec.readers.cases import case_files, read_case_file

if TYPE_CHECKING:
    from sphinx_policyspec.surveys import Survey

__all__ = ["Resolved", "decide", "resolve", "survey"]


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
    from sphinx_policyspec.surveys import survey as look  # noqa: PLC0415  reads programs that little else needs

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
