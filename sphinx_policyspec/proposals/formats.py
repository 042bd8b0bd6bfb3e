"""What is to be said of proposals: text, JSON, and the body of a pull request in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.compare import Change
from sphinx_policyspec.exports import Formats, finding_record, json_object, markdown_safe
from sphinx_policyspec.exports.diff.text import markdown_diff
from sphinx_policyspec.exports.diff.wording import sentence
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.model import Severity
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.proposals.check import CheckedProposal, ProposalEffects, ProposalReport

_MOST = 20
"""Ids that a line of text names."""


def _json(report: ProposalReport) -> str:
    told = {
        "release": report.release,
        "sha256": report.sha256,
        "failed": report.failed,
        "proposals": [_checked(one) for one in report.checks],
        "together": _effects(report.together) if report.together else None,
    }
    return json_object(told, report.findings)


def _checked(one: CheckedProposal) -> dict[str, Any]:
    return {
        "id": one.proposal.id,
        "title": one.proposal.title,
        "status": one.proposal.status.value,
        "edits": [
            {"kind": edit.kind.value, "provision": edit.provision, "fits": fits}
            for edit, fits in zip(one.proposal.edits, one.fits, strict=True)
        ],
        "effects": _effects(one.effects),
    }


def _effects(effects: ProposalEffects) -> dict[str, Any]:
    changes = effects.diff.changes if effects.diff else ()
    return {
        "files": sorted(effects.texts),
        "changes": [_change(one) for one in changes],
        "new_findings": [*map(finding_record, effects.findings)],
        "flips": [*effects.flips],
        "pairs": [{"id": one, "other": other, "state": state} for one, other, state in effects.pairs],
        "overlays": [{"id": name, "effects": [*said]} for name, said in effects.overlays],
        "prompts": [*effects.prompts],
        "feedback": [*effects.feedback],
        "decisions": [*effects.decisions],
        "mappings": [
            {
                "file": file,
                "line": row.line,
                "subject": row.subject_id,
                "predicate": row.predicate_id,
                "object": row.object_id,
            }
            for file, row in effects.mappings
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "provision": change.provision,
        "subject": change.subject.value,
        "kind": change.kind.value,
        "weight": change.weight.value,
        "rule": change.rule,
        "text": sentence(change),
    }


def _text(report: ProposalReport) -> str:
    return "".join(f"{printable(line)}\n" for line in _lines(report))


def _lines(report: ProposalReport) -> Iterator[str]:
    yield from map(str, report.unusable)
    for one in report.checks:
        yield f"{one.proposal.id}: {one.proposal.title} ({one.proposal.status})"
        yield from (f"  {finding}" for finding in one.findings)
        yield f"  {sum(one.fits)} of {len(one.fits)} edits fit"
        yield from _told(one.effects)
    if report.together:
        yield "together"
        yield from (f"  {finding}" for finding in report.conflicts)
        yield from _told(report.together)
    warned = sum(one.severity is Severity.WARNING for one in {*report.all_findings})
    yield (
        "failed"
        if report.failed
        else f"nothing fails, {number_of(warned, 'warning')}"
        if warned
        else "nothing is wrong"
    )


def _told(effects: ProposalEffects) -> Iterator[str]:
    for change in effects.diff.changes if effects.diff else ():
        named = change.id if change.id == change.provision else f"{change.provision}: {change.id}"
        yield f"  {change.weight:<12}  {named}: {sentence(change)}"
    yield from (f"  new: {finding}" for finding in effects.findings)
    yield from (f"  comes out otherwise: {name}" for name in effects.flips)
    for one, other, state in effects.pairs:
        said = (
            "nothing would say any more who goes first"
            if state == "open"
            else "it would be said who goes first"
        )
        yield f"  {one} and {other}: {said}"
    yield from (f"  overlay {name}: {', '.join(said)}" for name, said in effects.overlays)
    yield from (f"  mapping {one}" for one in _mappings(effects))
    for what, names in (
        ("prompts", effects.prompts),
        ("feedback", effects.feedback),
        ("decisions", effects.decisions),
    ):
        if names:
            more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
            yield f"  {what} about it: {', '.join(names[:_MOST])}{more}"


def _mappings(effects: ProposalEffects) -> Iterator[str]:
    for file, row in effects.mappings:
        yield f"{row.subject_id} {row.predicate_id} {row.object_id} ({file}:{row.line})"


def _markdown(report: ProposalReport) -> str:
    parts: list[str] = []
    for one in report.checks:
        parts += _body(one.proposal)
        parts += _list("What is wrong", map(str, one.findings))
        parts += _report(one.effects)
    if report.together:
        parts += ["## Together\n", *_list("Conflicts", map(str, report.conflicts)), *_report(report.together)]
    parts += _list("What could not be used", map(str, report.unusable))
    return "\n".join(parts)


def _body(proposal: Proposal) -> Iterator[str]:
    """Yield the head of a proposal, and its rationale as plain words: it is a stranger's."""
    yield f"# {markdown_safe(proposal.title)}\n"
    told = {
        "Proposal": proposal.id,
        "Status": proposal.status.value,
        "Against": proposal.release,
        "Answers": ", ".join(proposal.answers),
        "Decision": proposal.decision,
        "By": proposal.author,
    }
    yield from (f"- {name}: {markdown_safe(value)}" for name, value in told.items() if value)
    yield ""
    for paragraph in proposal.rationale.split("\n\n"):
        if words := markdown_safe(paragraph):
            yield f"{words}\n"


def _report(effects: ProposalEffects) -> Iterator[str]:
    if effects.diff:
        yield "## What changes\n"
        yield markdown_diff(effects.diff, effects.behaviour)
    yield from _list("New findings", map(str, effects.findings))
    yield from _list("Cases that come out otherwise", effects.flips)
    said = {"open": "nothing would say any more who goes first", "ordered": "it would be said who goes first"}
    yield from _list("Pairs", (f"{one} and {other}: {said[state]}" for one, other, state in effects.pairs))
    yield from _list("Overlays", (f"{name}: {', '.join(told)}" for name, told in effects.overlays))
    yield from _list("Evaluation prompts that test what changes", effects.prompts)
    yield from _list("Feedback about what changes", effects.feedback)
    yield from _list("Decisions about what changes", effects.decisions)
    yield from _list("Mappings of what changes", _mappings(effects))


def _list(title: str, lines: Any) -> list[str]:  # noqa: ANN401  any texts
    found = [f"- {markdown_safe(line)}" for line in lines]
    return [f"## {title}\n", *found, ""] if found else []


PROPOSAL_FORMATS: Formats[ProposalReport] = {"text": _text, "json": _json, "markdown": _markdown}
"""The forms of what is to be said of proposals."""
