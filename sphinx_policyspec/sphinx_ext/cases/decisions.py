"""Cases of a page → what the spec of the build decides of them, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.decision import Decision, Norms, decide, problems
from sphinx_policyspec.exports.decisions import explanation, outcome_words
from sphinx_policyspec.graph.answer import Answer, Cell, CellKind
from sphinx_policyspec.model import Case, Finding, Item, Severity
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.sphinx_ext.cases.directive import CaseText

__all__ = ["COLUMNS", "decidable", "decided"]

COLUMNS = ("case", "part", "id", "what", "label", "said", "level")
"""Of the rows that tell a decision: the number of the case; whether it tells of the ``case``, an ``item``, an
``attack``, an ``outcome``, a ``duty`` or a ``difference``; and what each of these has, or nothing. A level is told
after its rank, with a space between."""


def decided(question: CaseText, norms: Norms) -> tuple[Answer | None, tuple[Finding, ...]]:
    """Return the decisions on the cases of a page, row by row, and what is wrong with them.

    A case that cannot be decided has no rows; a decision that differs from what the case expects is a finding.
    """
    if not question.text.strip():
        return None, ()
    read, wrong = read_cases(question.text, question.span.file, first=question.first, indent=question.indent)
    findings = list(wrong)
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            continue
        decision = decide(one.case, norms)
        findings += _differences(decision)
        rows += ((str(number), *row) for row in _rows(decision, norms))
    cells = tuple(tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows)
    return Answer(columns=COLUMNS, rows=cells) if rows else None, tuple(findings)


def decidable(question: CaseText, norms: Norms) -> Iterator[tuple[int, Case]]:
    """Yield the cases of a page that can be decided, with their numbers."""
    read, _wrong = read_cases(question.text, question.span.file, first=question.first, indent=question.indent)
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        if all(finding.severity is not Severity.ERROR for finding in found):
            yield number, one.case


def _differences(decision: Decision) -> Iterator[Finding]:
    for difference in decision.differences:
        yield Finding(
            code="unexpected-decision",
            severity=Severity.WARNING,
            message=f"{decision.case.title}: {difference}",
            span=decision.case.span,
            hint="correct what the case expects, or the spec",
        )


def _rows(decision: Decision, norms: Norms) -> Iterator[tuple[str, ...]]:
    case = decision.case
    shown = norms.examples(case.example)[:1] if case.example else ()
    example = next(((one.id, one.title) for one in shown), ("", case.example))
    yield "case", case.about, case.title, *example, ""
    for issue, outcome in decision.outcomes.items():
        yield "outcome", issue, "", outcome.status.value if outcome.status else "", outcome_words(outcome), ""
    sentences = explanation(decision, norms)
    for item, told in zip(case.items, sentences, strict=False):
        rank = decision.standing[item.id].rank
        level = "" if rank is None else f"{rank} {norms.spec.levels[rank].id}"
        said = told.replace("`", "")
        yield "item", item.id, _wish(item), decision.labels[item.id].value, said, level
    for told in sentences[len(case.items) :]:
        yield "duty", "", "", "", told.replace("`", ""), ""
    for attacker, target in decision.attacks:
        yield "attack", attacker, target, "", "", ""
    for difference in decision.differences:
        yield "difference", "", "", "", difference.replace("`", ""), ""


def _wish(item: Item) -> str:
    """Return what an item asks for."""
    return f"{item.issue}: {item.value}"
