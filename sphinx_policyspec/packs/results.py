"""What others say of provisions, as parts of a pack: open findings, what changed since a release, results of evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sphinx_policyspec.compare import SpecDiff, Subject
from sphinx_policyspec.exports import finding_record, markdown_safe
from sphinx_policyspec.exports.diff.outline import Group, told_change
from sphinx_policyspec.exports.diff.wording import marked
from sphinx_policyspec.exports.report_formats import Report
from sphinx_policyspec.model import Category, Finding, Provision, Span, rules
from sphinx_policyspec.packs.pack import ContextPart, PartKind, QuotedText, coded
from sphinx_policyspec.packs.parts import SpecContext

if TYPE_CHECKING:
    from sphinx_policyspec.evals.results import Results

_UNSEEN = frozenset({Subject.TAG, Subject.PROMPT})
"""What readers of a spec never see."""


def finding_part(
    of: SpecContext, provisions: Sequence[Provision], report: Report, *, include_evals: bool
) -> Iterator[ContextPart]:
    """Yield the findings that stand in provisions, if any do.

    :param include_evals: with those of prompts, which may quote these
    """
    places = [span for one in provisions for own in of.owned[one.id] for span in _spans(own)]
    found = [
        finding
        for finding in report
        if any(_covers(span, finding.span) for span in places)
        and (include_evals or rules()[finding.code].category is not Category.PROMPTS)
    ]
    if found:
        yield ContextPart(
            kind=PartKind.FINDINGS,
            notes=tuple(map(_told, found)),
            rows=tuple(map(finding_record, found)),
        )


def _spans(provision: Provision) -> Iterator[Span]:
    yield provision.span
    yield from (block.span for block in provision.blocks)


def _covers(outer: Span, inner: Span) -> bool:
    return outer.file == inner.file and outer.line <= inner.line <= max(outer.line, outer.end_line)


def _told(finding: Finding) -> str:
    hint = f"; {finding.hint}" if finding.hint else ""
    words = markdown_safe(f"{finding.severity.value}: {finding.message}{hint}")
    return f"{markdown_safe(finding.span.file)}:{finding.span.line}: {words} ({coded(finding.code)})"


def change_part(of: SpecContext, provisions: Sequence[Provision], diff: SpecDiff) -> Iterator[ContextPart]:
    """Yield what changed about each provision, its examples included."""
    for one in provisions:
        ids = [own.id for own in of.owned[one.id]]
        changes = tuple(
            c for name in ids for c in diff.by_provision.get(name, ()) if c.subject not in _UNSEEN
        )
        group = Group(id=one.id, title=one.title, changes=changes)
        told = [told_change(change) for change in group.changes]
        notes = [f"{change.weight.words}: {markdown_safe(change.said + change.touches)}" for change in told]
        words = [marked(sentence.runs) for change in told for sentence in change.sentences]
        words += [marked(runs) for change in told for runs in change.units]
        yield ContextPart(
            kind=PartKind.CHANGES,
            id=one.id,
            why=f"from {diff.old or 'the older release'} to {diff.new or 'this one'}",
            notes=tuple(notes) or ("Nothing of it changed.",),
            quotes=tuple(
                QuotedText(label="words, [-removed-] and {+added+}", text="\n".join(words), language="text")
                for _ in words[:1]
            ),
            rows=tuple(
                {
                    "kind": c.kind.value,
                    "subject": c.subject.value,
                    "id": c.id,
                    "weight": c.weight.value,
                    "rule": c.rule,
                }
                for c in changes
            ),
        )


def result_part(of: SpecContext, provisions: Sequence[Provision], results: Results) -> Iterator[ContextPart]:
    """Yield what evaluations say of each provision."""
    from sphinx_policyspec.evals.formats import row_record  # noqa: PLC0415  few packs have results

    for one in provisions:
        ids = {own.id for own in of.owned[one.id]}
        rows = [
            row_record(row) for row in results.rows if row.group.facet == "provision" and row.group.id in ids
        ]
        notes = [
            f"{markdown_safe(str(row['model']))}, {markdown_safe(str(row['scorer']))}: mean {row['mean']} "
            f"({row['low']} to {row['high']}), {row['answers']} answers to {row['prompts']} prompts"
            for row in rows
        ]
        yield ContextPart(
            kind=PartKind.RESULTS,
            id=one.id,
            notes=tuple(notes) or ("No result tells anything of it.",),
            rows=tuple(rows),
        )
