"""A diff as Markdown that fits a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.compare import SpecDiff, Weight
from sphinx_policyspec.decision.behaviour import BehaviourDiff
from sphinx_policyspec.exports.diff.outline import (
    SIGNS,
    Group,
    Outline,
    ToldCase,
    inked,
    sentence,
    told_change,
)
from sphinx_policyspec.exports.plain import markdown_safe

__all__ = ["LIMIT", "markdown_diff"]

LIMIT = 60_000
"""Characters of the whole; GitHub takes 65,536 in a comment."""


def markdown_diff(diff: SpecDiff, behaviour: BehaviourDiff | None = None, *, limit: int = LIMIT) -> str:
    """Return a diff as Markdown: a summary, then cases and each provision, what matters most first.

    :param behaviour: what it does to cases
    :param limit: characters of the whole; what does not fit is counted
    """
    outline = Outline(diff, behaviour)
    parts = ["\n".join(_summary(outline)) + "\n"]
    if outline.about_cases:
        parts.append(f"\n{markdown_safe('; '.join(outline.about_cases))}.\n")
        _add(parts, [_case(case, outline) for case in outline.cases()], "cases", limit)
    _add(parts, [_group(group, outline) for group in outline.groups()], "provisions", limit)
    return "".join(parts)


def _add(parts: list[str], blocks: list[Iterator[str]], what: str, limit: int) -> None:
    """Add blocks to the parts of a text while there is room, and say how many there is none for."""
    used = sum(map(len, parts))
    for place, block in enumerate(blocks):
        part = "\n".join(block) + "\n"
        rest = f"\n{len(blocks) - place} more {what} changed; this comment has no room for them.\n"
        if used + len(part) + len(rest) > limit:
            parts.append(rest)
            break
        parts.append(part)
        used += len(part)


def _case(case: ToldCase, outline: Outline) -> Iterator[str]:
    yield f"\n<details><summary>⚖ {markdown_safe(case.title)} ({markdown_safe(case.place)})</summary>"
    yield ""
    yield from (f"- {markdown_safe(line)}" for line in (*case.what, *case.asides))
    if case.rows:
        yield ""
        yield f"| {' | '.join(map(markdown_safe, outline.names))} |"
        yield "|---|---|"
        yield from (f"| {markdown_safe(row.old)} | {markdown_safe(row.new)} |" for row in case.rows)
    yield ""
    yield "</details>"


def _summary(outline: Outline) -> Iterator[str]:
    yield f"## {' → '.join(map(markdown_safe, outline.names))}"
    yield ""
    yield f"{outline.headline}."
    if not outline.suggestion:
        return
    yield ""
    yield f"Suggested version: {markdown_safe(outline.suggestion)}."
    yield ""
    for change in outline.diff.changes:
        if change.weight in {Weight.TIGHTENING, Weight.LOOSENING}:
            title = markdown_safe(outline.diff.titles.get(change.provision) or change.provision or change.id)
            yield f"- {_weight(change.weight)}: **{title}**: {markdown_safe(sentence(change))}"


def _weight(weight: Weight) -> str:
    return f"{SIGNS[weight]} {weight.value}"


def _group(group: Group, outline: Outline) -> Iterator[str]:
    name = f"{markdown_safe(group.title)} ({markdown_safe(group.id)})" if group.id else "The spec as a whole"
    yield f"\n<details><summary>{SIGNS[group.weight]} {name}: {len(group.changes)}</summary>"
    yield ""
    for change in map(told_change, group.changes):
        # Ids in backticks are ours: what stands between them is escaped like all else, so that they cannot be left.
        said, touches = markdown_safe(change.said), markdown_safe(change.touches)
        yield f"- {_weight(change.weight)} ({change.rule}): {said}{touches}"
        yield from (f"  > {line}\n" for runs in change.units if (line := inked(runs, markdown_safe)))
    if titles := "; ".join(markdown_safe(title) for title, _ in outline.resting_on(group)):
        yield f"- cases: {titles}"
    yield ""
    yield "</details>"
