"""Parts of a pack from other sources than the spec: findings, changes since a release, feedback, decisions, results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sphinx_policyspec.beside import Beside
from sphinx_policyspec.compare import SpecDiff, Subject
from sphinx_policyspec.decision_records.check import DecisionRecordReport, newest
from sphinx_policyspec.exports import finding_record, markdown_safe
from sphinx_policyspec.exports.diff.outline import Group, change_entry
from sphinx_policyspec.exports.diff.wording import marked
from sphinx_policyspec.exports.report_formats import Report
from sphinx_policyspec.feedback.anchors import AnchorState, FoundAnchor
from sphinx_policyspec.feedback.check import FeedbackReport, open_first
from sphinx_policyspec.feedback.formats import counted, record_of
from sphinx_policyspec.model import Category, Finding, Provision, Span, rules
from sphinx_policyspec.model.feedback import Feedback
from sphinx_policyspec.packs.pack import ContextPart, PartKind, QuotedText, coded
from sphinx_policyspec.packs.parts import SpecContext

if TYPE_CHECKING:
    from sphinx_policyspec.evals.results import Results

_MOST = 20
"""The most records of a provision in a pack."""
_UNSEEN = frozenset({Subject.TAG, Subject.PROMPT})
"""Subjects that readers of a spec never see."""


def finding_part(
    of: SpecContext, provisions: Sequence[Provision], report: Report, *, include_evals: bool
) -> Iterator[ContextPart]:
    """Yield a part with the findings in provisions, if there are any.

    :param include_evals: whether to include findings in prompts, which may quote these
    """
    places = [span for one in provisions for own in of.owned[one.id] for span in _spans(own)]
    findings = [
        finding
        for finding in report
        if any(_covers(span, finding.span) for span in places)
        and (include_evals or rules()[finding.code].category is not Category.PROMPTS)
    ]
    if findings:
        yield ContextPart(
            kind=PartKind.FINDINGS,
            notes=tuple(map(_finding_line, findings)),
            rows=tuple(map(finding_record, findings)),
        )


def _spans(provision: Provision) -> Iterator[Span]:
    yield provision.span
    yield from (block.span for block in provision.blocks)


def _covers(outer: Span, inner: Span) -> bool:
    return outer.file == inner.file and outer.line <= inner.line <= max(outer.line, outer.end_line)


def _finding_line(finding: Finding) -> str:
    hint = f"; {finding.hint}" if finding.hint else ""
    words = markdown_safe(f"{finding.severity.value}: {finding.message}{hint}")
    return f"{markdown_safe(finding.span.file)}:{finding.span.line}: {words} ({coded(finding.code)})"


def change_part(of: SpecContext, provisions: Sequence[Provision], diff: SpecDiff) -> Iterator[ContextPart]:
    """Yield a part with the changes of each provision and its examples."""
    for one in provisions:
        ids = [own.id for own in of.owned[one.id]]
        changes = tuple(
            c for name in ids for c in diff.by_provision.get(name, ()) if c.subject not in _UNSEEN
        )
        group = Group(id=one.id, title=one.title, changes=changes)
        entries = [change_entry(change) for change in group.changes]
        notes = [
            f"{change.weight.words}: {markdown_safe(change.statement + change.touches)}" for change in entries
        ]
        words = [marked(sentence.runs) for change in entries for sentence in change.sentences]
        words += [marked(runs) for change in entries for runs in change.units]
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


def feedback_parts(
    of: SpecContext, provisions: Sequence[Provision], report: FeedbackReport
) -> Iterator[ContextPart]:
    """Yield the number of records about each provision, then the records, open ones first, each once."""
    shown_records: dict[str, Feedback] = {}
    by_provision = report.by_provision()
    for one in provisions:
        names = {own.id for own in of.owned[one.id]}
        about = {record.id: record for name in names for record in by_provision.get(name, ())}
        # A record about several of its parts counts once.
        records = [record for record in report.records if record.id in about]
        records.sort(key=open_first)
        more = f"{len(records) - _MOST} of them are left out here" if len(records) > _MOST else ""
        notes = [counted(records), *filter(None, (more,))]
        yield ContextPart(
            kind=PartKind.FEEDBACK,
            id=one.id,
            notes=tuple(notes) if records else ("No record is about it.",),
        )
        shown_records |= {record.id: record for record in records[:_MOST]}
    yield from (_remark(record, report.quotes.get(record.id)) for record in shown_records.values())


def _remark(record: Feedback, quote: FoundAnchor | None) -> ContextPart:
    """Return the part of a record; what people wrote is in fences, as it may contain instructions to the reader."""
    about = ("what somebody says, which binds nobody", record.status.value, record.kind and record.kind.value)
    texts = (
        ("title", record.title),
        ("text", record.text),
        ("the words that it is about", record.quote),
        ("the present text", quote.words if quote and quote.state is AnchorState.CHANGED else ""),
    )
    return ContextPart(
        kind=PartKind.REMARK,
        id=record.id,
        why=", ".join(filter(None, about)),
        span=record.span,
        notes=tuple(_remark_notes(record, quote)),
        quotes=tuple(QuotedText(label=label, text=text, language="text") for label, text in texts if text),
        rows=(record_of(record, quote),),
    )


def _remark_notes(record: Feedback, quote: FoundAnchor | None) -> Iterator[str]:
    fields = (
        ("about", record.provisions),
        ("said on", (record.date,)),
        ("said at", (record.url,)),
        ("about the model", (record.model,)),
        ("about the release", (record.release,)),
        ("answered in", (record.answered_in,)),
        ("says the same as", record.duplicates),
        ("says the opposite of", record.contradicts),
    )
    for words, values in fields:
        if names := ", ".join(coded(value) for value in values if value):
            yield f"{words} {names}"
    if quote:
        many = f", at {len(quote.places)} places" if quote.places else ""
        moved = f", to {coded(quote.provision)}" if quote.state is AnchorState.MOVED else ""
        yield f"the words that it is about: {quote.state.value}{moved}{many}"


def decision_parts(
    of: SpecContext, provisions: Sequence[Provision], report: DecisionRecordReport
) -> Iterator[ContextPart]:
    """Yield the decision records about provisions, newest first, each once; their texts are in fences."""
    by_provision = report.by_provision()
    names = [own.id for one in provisions for own in of.owned[one.id]]
    about = {record.id: record for name in names for record in by_provision.get(name, ())}
    for record in sorted(about.values(), key=newest, reverse=True)[:_MOST]:
        fields = (
            ("about", record.provisions),
            ("decided on", (record.date,)),
            ("superseded by", (report.successors.get(record.id, ""),)),
        )
        fields_text = ((words, ", ".join(coded(one) for one in values if one)) for words, values in fields)
        yield ContextPart(
            kind=PartKind.RECORD,
            id=record.id,
            why=f"why it says this, which binds nobody, {record.status.value}",
            span=record.span,
            notes=tuple(f"{words} {values}" for words, values in fields_text if values),
            quotes=(
                QuotedText(label="title", text=record.title, language="text"),
                *(
                    QuotedText(label=markdown_safe(one.heading), text=one.text, language="text")
                    for one in record.sections
                    if one.text
                ),
            ),
        )


def record_findings(beside: Beside, parts: Sequence[ContextPart]) -> Iterator[Finding]:
    """Yield the findings about registers and records, except those about records that are not in the pack."""
    for report, kind in ((beside.feedback, PartKind.REMARK), (beside.decisions, PartKind.RECORD)):
        if report is None:
            continue
        ids = {part.id for part in parts if part.kind is kind}
        others = {
            (record.span.file, line)
            for record in report.records
            if record.id not in ids
            for line in range(record.span.line, max(record.span.line, record.span.end_line) + 1)
        }
        yield from (one for one in report.findings if (one.span.file, one.span.line) not in others)


def result_part(of: SpecContext, provisions: Sequence[Provision], results: Results) -> Iterator[ContextPart]:
    """Yield a part with the results of evaluations for each provision."""
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
            notes=tuple(notes) or ("No result is about it.",),
            rows=tuple(rows),
        )
