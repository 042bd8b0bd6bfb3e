"""What is told of many releases: the history of a provision, a draft of a changelog and a review of it, and locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject
from sphinx_policyspec.compare.history import (
    ClaimState,
    Lock,
    LockChange,
    LockState,
    Moment,
    Review,
    format_lock,
    telling,
)
from sphinx_policyspec.exports.diff.wording import sentence, with_evidence
from sphinx_policyspec.exports.plain import json_object, markdown_safe, printable

__all__ = ["HISTORY_FORMATS", "LOCK_FILE_FORMATS", "LOCK_FORMATS", "REVIEW_FORMATS", "changelog_entry"]

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
    return f"{named}{markdown_safe(with_evidence(change))} ({change.weight.words})."


def _review_text(review: Review) -> str:
    return "".join(f"{printable(line)}\n" for line in _review_lines(review))


def _review_lines(review: Review) -> Iterator[str]:
    if not review.has_entry:
        yield f"the changelog says nothing about {review.version or 'this version'}"
    for claim in review.claims:
        places = f": {', '.join(claim.provisions)}" if claim.provisions else ""
        yield f"{claim.state.value:10} {claim.text}{places}"
    for change in review.untold:
        yield f"{'not told':10} {change.provision or change.id}: {sentence(change)}"
    counts = {state: sum(claim.state is state for claim in review.claims) for state in ClaimState}
    told = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    yield f"claims: {told or 'none'}; structural changes that are not told: {len(review.untold)}"


def _review_json(review: Review) -> str:
    told = {
        "version": review.version,
        "has_entry": review.has_entry,
        "claims": [
            {"text": claim.text, "state": claim.state.value, "provisions": list(claim.provisions)}
            for claim in review.claims
        ],
        "untold": [
            {"id": change.id, "kind": change.kind.value, "text": sentence(change)} for change in review.untold
        ],
    }
    return json_object(told)


REVIEW_FORMATS: Mapping[str, Callable[[Review], str]] = MappingProxyType(
    {"text": _review_text, "json": _review_json}
)
"""Each format with what writes it."""


def _history_text(moments: tuple[Moment, ...]) -> str:
    return "".join(f"{printable(line)}\n" for line in _history_lines(moments))


def _history_lines(moments: tuple[Moment, ...]) -> Iterator[str]:
    for moment in moments:
        held = f"{moment.words} words, {moment.examples} examples"
        yield f"{moment.version or 'undated'}  {moment.title} ({moment.id}): {moment.level or 'no level'}, {held}"
        for change in moment.changes:
            yield f"  {change.weight.words:14} {with_evidence(change)}"


def _history_json(moments: tuple[Moment, ...]) -> str:
    told = [
        {
            "version": moment.version,
            "id": moment.id,
            "title": moment.title,
            "level": moment.level,
            "words": moment.words,
            "examples": moment.examples,
            "changes": [
                {"kind": c.kind.value, "weight": c.weight.value, "rule": c.rule, "text": sentence(c)}
                for c in moment.changes
            ],
        }
        for moment in moments
    ]
    return json_object({"releases": told})


HISTORY_FORMATS: Mapping[str, Callable[[tuple[Moment, ...]], str]] = MappingProxyType(
    {"text": _history_text, "json": _history_json}
)
"""Each format with what writes it."""


def _lock_text(changes: tuple[LockChange, ...]) -> str:
    lines = []
    for change in changes:
        words = f": was {change.old or 'nothing'}" if change.old or change.new else ""
        lines.append(printable(f"{change.state.value:15} {change.id}{words}"))
    return "".join(f"{line}\n" for line in (*lines, _lock_verdict(changes)))


def _lock_verdict(changes: tuple[LockChange, ...]) -> str:
    """Return what it comes to, in one line."""
    if not changes:
        return "as locked"
    counts = Counter(change.state for change in changes)
    if set(counts) == {LockState.RENUMBERED}:
        return f"renumbered only: {counts[LockState.RENUMBERED]}"
    return ", ".join(f"{counts[state]} {state.value}" for state in LockState if counts[state])


def _lock_json(changes: tuple[LockChange, ...]) -> str:
    told = {"verdict": _lock_verdict(changes), "changes": [asdict(change) for change in changes]}
    return json_object(told)


LOCK_FORMATS: Mapping[str, Callable[[tuple[LockChange, ...]], str]] = MappingProxyType(
    {"text": _lock_text, "json": _lock_json}
)
"""Each format with what writes it."""

LOCK_FILE_FORMATS: Mapping[str, Callable[[Lock], str]] = MappingProxyType({"json": format_lock})
"""The one format of a lock."""
