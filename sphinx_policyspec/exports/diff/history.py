"""What is told of many releases: the history of a provision, a draft of a changelog and a review of it, and locks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType

from sphinx_policyspec.compare import DIRECTED, Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.compare.change import judged_id
from sphinx_policyspec.compare.history import (
    ClaimState,
    Lock,
    LockChange,
    LockState,
    Moment,
    Review,
    format_lock,
    is_telling,
)
from sphinx_policyspec.exports.diff.outline import ToldChange, groups, told_change, told_changes
from sphinx_policyspec.exports.diff.wording import marked, sentence, with_evidence
from sphinx_policyspec.exports.plain import json_object, markdown_safe, printable
from sphinx_policyspec.files import dump_json
from sphinx_policyspec.model import Direction, JudgedKind

__all__ = [
    "HISTORY_FORMATS",
    "LOCK_FILE_FORMATS",
    "LOCK_FORMATS",
    "REVIEW_FORMATS",
    "changelog_entry",
    "judgement_template",
]

_K = ChangeKind
_HEADINGS = ("Added", "Changed", "Removed", "Examples", "Small changes")


def changelog_entry(diff: SpecDiff) -> str:
    """Return a draft of a changelog entry, in the form of Keep a Changelog; a person should say why.

    It tells every change: those of structure and norms one by one, the others in a line for each provision.
    """
    items: dict[str, list[str]] = {heading: [] for heading in _HEADINGS}
    for group in groups(diff):
        title = f"**{markdown_safe(group.title)}** ({markdown_safe(group.id)}): " if group.id else ""
        alone = [change for change in group.changes if is_telling(change)]
        for change in alone:
            heading = {_K.ADDED: "Added", _K.REMOVED: "Removed"}.get(change.kind, "Changed")
            items[heading].append(f"{title}{markdown_safe(with_evidence(change))} ({change.weight.words}).")
        rest = [change for change in group.changes if change not in alone]
        shown = [change for change in rest if change.subject is Subject.EXAMPLE]
        small = [change for change in rest if change.subject is not Subject.EXAMPLE]
        for heading, changes in (("Examples", shown), ("Small changes", small)):
            told = told_changes(replace(group, changes=tuple(changes)), in_full=diff.in_full)
            if lines := [_told(change) for change in told]:
                items[heading].append(f"{title}{markdown_safe('; '.join(lines))}.")
    lines = [f"## {markdown_safe(diff.new or 'Unreleased')}", ""]
    for heading, entries in items.items():
        if entries:
            lines += [f"### {heading}", "", *(f"- {entry}" for entry in dict.fromkeys(entries)), ""]
    return "\n".join(lines if diff.changes else [*lines, "No changes.", ""])


def _told(change: ToldChange) -> str:
    return f"{change.said} ({change.weight.words})" if change.weight in DIRECTED else change.said


def judgement_template(diff: SpecDiff, digests: Mapping[str, str]) -> str:
    """Return what needs a reader as entries of a judgement file that are to be filled in, with the sentences as comments.

    :param digests: of both texts, by what judgements call it
    """
    by_id: dict[str, list[Change]] = {}
    for change in diff.changes:
        if change.weight is Weight.NEEDS_READER:
            by_id.setdefault(judged_id(change), []).append(change)
    if not by_id:
        return "# nothing needs a reader\n"
    return "\n".join(_entry(diff, id_, changes, digests[id_]) for id_, changes in by_id.items())


def _entry(diff: SpecDiff, id_: str, changes: list[Change], digest: str) -> str:
    comments = [f"{diff.titles.get(id_, '') or id_} ({id_})"]
    for change in map(told_change, changes):
        comments.append(f"{change.said}{change.touches}")
        for sentence_ in change.sentences:
            comments += [f"  {sentence_.about}", f"    {marked(sentence_.runs)}"]
    given = [("old", diff.old), ("new", diff.new), ("id", id_), ("digest", digest)]
    keys = [
        *(f"{name}: {dump_json(value)}" for name, value in given),
        f"direction:  # {', '.join(Direction)}",
        f"kind: substantive  # {', '.join(JudgedKind)}",
        "evidence:  # why, in one sentence",
        "who:",
        "date:",
    ]
    lines = [f"# {printable(comment)}" for comment in comments]
    return "\n".join([*lines, f"- {keys[0]}", *(f"  {key}" for key in keys[1:])]) + "\n"


def _review_text(review: Review) -> str:
    return "".join(f"{printable(line)}\n" for line in _review_lines(review))


def _review_lines(review: Review) -> Iterator[str]:
    if not review.has_entry:
        yield f"the changelog says nothing about {review.version or 'this version'}"
    for claim in review.claims:
        yield f"{claim.state.value:10} {claim.text}"
        if claim.evidence:
            named = "; ".join(f"{id_} ({how})" for id_, how in claim.evidence.items())
            yield f"{'':10} names: {named}"
        elif claim.near:
            yield f"{'':10} words in common with what changed in: {', '.join(claim.near)}"
    for change in review.untold:
        yield f"{'not named':10} {change.provision or change.id}: {sentence(change)}"
    counts = {state: sum(claim.state is state for claim in review.claims) for state in ClaimState}
    told = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    yield f"claims: {told or 'none'}; structural changes that no claim names: {len(review.untold)}"


def _review_json(review: Review) -> str:
    told = {
        "version": review.version,
        "has_entry": review.has_entry,
        "claims": [
            {
                "text": claim.text,
                "state": claim.state.value,
                "provisions": list(claim.evidence),
                "evidence": dict(claim.evidence),
                "near": list(claim.near),
            }
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
        held = f"{moment.level or 'no level'}, {moment.words} words, {moment.examples} examples"
        state = "no longer there" if moment.is_gone else held
        yield f"{moment.version or 'undated'}  {moment.title} ({moment.id}): {state}"
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
            "is_gone": moment.is_gone,
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
