"""What others say of provisions, as parts of a pack: open findings, what changed since a release, feedback, results of evaluations."""

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
"""Records of a provision that a pack tells."""
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
        told = [change_entry(change) for change in group.changes]
        notes = [
            f"{change.weight.words}: {markdown_safe(change.statement + change.touches)}" for change in told
        ]
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


def feedback_parts(
    of: SpecContext, provisions: Sequence[Provision], report: FeedbackReport
) -> Iterator[ContextPart]:
    """Yield how many records are about each provision, and these, open ones first, each once."""
    told: dict[str, Feedback] = {}
    by_provision = report.by_provision()
    for one in provisions:
        names = {own.id for own in of.owned[one.id]}
        about = {record.id: record for name in names for record in by_provision.get(name, ())}
        # A record of several of its parts counts once.
        records = [record for record in report.records if record.id in about]
        records.sort(key=open_first)
        more = f"{len(records) - _MOST} of them are left out here" if len(records) > _MOST else ""
        notes = [counted(records), *filter(None, (more,))]
        yield ContextPart(
            kind=PartKind.FEEDBACK,
            id=one.id,
            notes=tuple(notes) if records else ("No record tells anything of it.",),
        )
        told |= {record.id: record for record in records[:_MOST]}
    yield from (_remark(record, report.quotes.get(record.id)) for record in told.values())


def _remark(record: Feedback, quote: FoundAnchor | None) -> ContextPart:
    """Return a record; what people wrote stands in fences, as it may speak to whoever reads it."""
    about = ("what somebody says, which binds nobody", record.status.value, record.kind and record.kind.value)
    texts = (
        ("title", record.title),
        ("text", record.text),
        ("the words that it is about", record.quote),
        ("what stands there now", quote.words if quote and quote.state is AnchorState.CHANGED else ""),
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
        if named := ", ".join(coded(value) for value in values if value):
            yield f"{words} {named}"
    if quote:
        many = f", at {len(quote.places)} places" if quote.places else ""
        moved = f", to {coded(quote.provision)}" if quote.state is AnchorState.MOVED else ""
        yield f"the words that it is about: {quote.state.value}{moved}{many}"


def decision_parts(
    of: SpecContext, provisions: Sequence[Provision], report: DecisionRecordReport
) -> Iterator[ContextPart]:
    """Yield the records of decisions about provisions, newest first, each once; what is written in them stands in fences."""
    by_provision = report.by_provision()
    names = [own.id for one in provisions for own in of.owned[one.id]]
    about = {record.id: record for name in names for record in by_provision.get(name, ())}
    for record in sorted(about.values(), key=newest, reverse=True)[:_MOST]:
        fields = (
            ("about", record.provisions),
            ("decided on", (record.date,)),
            ("superseded by", (report.successors.get(record.id, ""),)),
        )
        named = ((words, ", ".join(coded(one) for one in values if one)) for words, values in fields)
        yield ContextPart(
            kind=PartKind.RECORD,
            id=record.id,
            why=f"why it says this, which binds nobody, {record.status.value}",
            span=record.span,
            notes=tuple(f"{words} {values}" for words, values in named if values),
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
    """Yield what is wrong with registers and records, but not with records that a pack does not tell."""
    for report, kind in ((beside.feedback, PartKind.REMARK), (beside.decisions, PartKind.RECORD)):
        if report is None:
            continue
        shown = {part.id for part in parts if part.kind is kind}
        others = {
            (record.span.file, line)
            for record in report.records
            if record.id not in shown
            for line in range(record.span.line, max(record.span.line, record.span.end_line) + 1)
        }
        yield from (one for one in report.findings if (one.span.file, one.span.line) not in others)


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
