"""A draft of a changelog entry, and what a changelog and a diff say of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject
from sphinx_policyspec.compare.history import ClaimState, Review, telling
from sphinx_policyspec.exports.diff_words import sentence
from sphinx_policyspec.exports.plain import markdown_safe, printable

__all__ = ["changelog_entry", "review_json", "review_text"]

_K = ChangeKind
_HEADINGS = ("Added", "Changed", "Removed", "Examples")


def changelog_entry(diff: SpecDiff) -> str:
    """Return a draft of a changelog entry, in the form of Keep a Changelog; a person should say why."""
    items: dict[str, dict[str, None]] = {heading: {} for heading in _HEADINGS}
    renamed = {change.old for change in diff.of(Subject.LEVEL, _K.RENAMED)}
    for change in telling(diff):
        if change.kind is not _K.LEVEL_RENAMED or change.old not in renamed:
            items[_heading(change)][_item(diff, change)] = None
    examples = list(diff.of(Subject.EXAMPLE, _K.ADDED, _K.REMOVED))
    for kind in (_K.ADDED, _K.REMOVED):
        if count := sum(change.kind is kind for change in examples):
            items["Examples"][f"{count} example{'s' * (count != 1)} {kind.value}."] = None
    lines = [f"## {markdown_safe(diff.new or 'Unreleased')}", ""]
    for heading, told in items.items():
        if told:
            lines += [f"### {heading}", "", *(f"- {item}" for item in told), ""]
    if len(lines) == 2:  # noqa: PLR2004  the head and the blank line after it
        lines += ["Small changes and copy edits.", ""]
    return "\n".join(lines)


def _heading(change: Change) -> str:
    if change.subject is Subject.EXAMPLE:
        return "Examples"
    return {_K.ADDED: "Added", _K.REMOVED: "Removed"}.get(change.kind, "Changed")


def _item(diff: SpecDiff, change: Change) -> str:
    title = markdown_safe(diff.titles.get(change.provision, ""))
    named = f"**{title}** ({markdown_safe(change.provision)}): " if title else ""
    return f"{named}{markdown_safe(sentence(change))} ({change.weight.value})."


def review_text(diff: SpecDiff, review: Review) -> str:
    """Return what a changelog and a diff say of each other, as text."""
    return "".join(f"{printable(line)}\n" for line in _lines(diff, review))


def _lines(diff: SpecDiff, review: Review) -> Iterator[str]:
    if not review.has_entry:
        yield f"the changelog says nothing about {diff.new or 'this version'}"
    for claim in review.claims:
        places = f": {', '.join(claim.provisions)}" if claim.provisions else ""
        yield f"{claim.state.value:10} {claim.text}{places}"
    for change in review.untold:
        yield f"{'not told':10} {change.provision or change.id}: {sentence(change)}"
    counts = {state: sum(claim.state is state for claim in review.claims) for state in ClaimState}
    told = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    yield f"claims: {told or 'none'}; structural changes that are not told: {len(review.untold)}"


def review_json(review: Review) -> dict[str, Any]:
    """Return what a changelog and a diff say of each other, as plain values."""
    return {
        "has_entry": review.has_entry,
        "claims": [
            {"text": claim.text, "state": claim.state.value, "provisions": list(claim.provisions)}
            for claim in review.claims
        ],
        "untold": [
            {"id": change.id, "kind": change.kind.value, "text": sentence(change)} for change in review.untold
        ],
    }
