"""Cases of a page → what the spec of the build decides of them, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sphinx_policyspec.decision import Decision, Norms, decide, problems
from sphinx_policyspec.exports.decisions import (
    Wording,
    differences_told,
    duties_told,
    outcome_words,
    reasons_told,
)
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind
from sphinx_policyspec.model import Case, Finding, Item, Severity
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.sphinx_ext.cases.directive import CaseText
from sphinx_policyspec.sphinx_ext.cases.wording import site_wording

__all__ = ["CaseRow", "decidable", "decided"]


class CaseRow(NamedTuple):
    """One thing that a page tells of a decision.

    :param case: its number on the page
    :param part: ``case`` (``id``: the section, ``what``: the title, ``label``: the example, ``said``: its title),
        ``outcome`` (``id``: the issue), ``item`` (``what`` it asks for, ``label``, ``said`` what becomes of it, and
        ``why``), ``attack`` of ``id`` on ``what``, ``duty`` or ``difference``
    :param level: of an item, after its rank and a space
    :param mode: of a message: ``explicit`` or ``implicit``
    """

    case: str
    part: str
    id: str = ""
    what: str = ""
    label: str = ""
    said: str = ""
    why: str = ""
    level: str = ""
    principle: str = ""
    mode: str = ""


def decided(question: CaseText, norms: Norms) -> tuple[Answer | None, tuple[Finding, ...]]:
    """Return the decisions on the cases of a page, row by row, and what is wrong with them.

    A case that cannot be decided has no rows; a decision that differs from what the case expects is a finding.
    """
    if not question.text.strip():
        return None, ()
    read, wrong = read_cases(question.text, question.span.file, first=question.first, indent=question.indent)
    findings = list(wrong)
    rows: list[CaseRow] = []
    wording = site_wording()
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            continue
        decision = decide(one.case, norms)
        findings += _differences(decision)
        rows += _rows(str(number), decision, norms, wording)
    cells = tuple(tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows)
    return Answer(columns=CaseRow._fields, rows=cells) if rows else None, tuple(findings)


def decidable(question: CaseText, norms: Norms) -> Iterator[tuple[int, Case]]:
    """Yield the cases of a page that can be decided, with their numbers."""
    read, _wrong = read_cases(question.text, question.span.file, first=question.first, indent=question.indent)
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        if all(finding.severity is not Severity.ERROR for finding in found):
            yield number, one.case


def _differences(decision: Decision) -> Iterator[Finding]:
    for difference in differences_told(decision):
        yield Finding(
            code="unexpected-decision",
            severity=Severity.WARNING,
            message=f"{decision.case.title}: {difference}",
            span=decision.case.span,
            hint="correct what the case expects, or the spec",
        )


def _rows(number: str, decision: Decision, norms: Norms, wording: Wording) -> Iterator[CaseRow]:
    case = decision.case
    shown = norms.examples(case.example)[:1] if case.example else ()
    example, title = next(((one.id, one.title) for one in shown), ("", case.example))
    yield CaseRow(number, "case", case.about, case.title, example, title)
    for issue, outcome in decision.outcomes.items():
        yield CaseRow(number, "outcome", issue, said=outcome_words(outcome, wording))
    for item, (said, why) in zip(case.items, reasons_told(decision, norms, wording), strict=True):
        yield _item_row(number, item, decision, norms)._replace(said=said, why=why)
    yield from (CaseRow(number, "duty", said=told) for told in duties_told(decision, wording))
    yield from (CaseRow(number, "attack", attacker, target) for attacker, target in decision.attacks)
    yield from (CaseRow(number, "difference", said=told) for told in differences_told(decision, wording))


def _item_row(number: str, item: Item, decision: Decision, norms: Norms) -> CaseRow:
    rank = decision.standing[item.id].rank
    return CaseRow(
        number,
        "item",
        item.id,
        what=f"{item.issue}: {item.value}",
        label=decision.labels[item.id].value,
        level="" if rank is None else f"{rank} {norms.spec.levels[rank].id}",
        principle=item.principle,
        mode="" if item.principle else "explicit" if item.explicit else "implicit",
    )
