"""A diff as Markdown that fits a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.compare import Change, Run, SpecDiff, Weight
from sphinx_policyspec.decision.behaviour import BehaviourDiff, ComparedCase
from sphinx_policyspec.exports.diff.outline import (
    Group,
    cases_headline,
    cases_resting_on,
    changed_units,
    changes_behind,
    groups,
    headline,
    names_elsewhere,
    new_name,
    notes,
    old_name,
    reach_of,
    reasons,
    rows,
    sentence,
    title_of,
    what_changed,
)
from sphinx_policyspec.exports.plain import markdown_safe

__all__ = ["LIMIT", "markdown_diff"]

LIMIT = 60_000
"""Characters of the whole; GitHub takes 65,536 in a comment."""
_TAGS = {"=": ("", ""), "-": ("<del>", "</del>"), "+": ("<ins>", "</ins>")}
_SIGNS = {Weight.TIGHTENING: "▲", Weight.LOOSENING: "▼", Weight.CLARIFYING: "◆", Weight.EDITORIAL: "·"}


def markdown_diff(diff: SpecDiff, behaviour: BehaviourDiff | None = None, *, limit: int = LIMIT) -> str:
    """Return a diff as Markdown: a summary, then cases and each provision, what matters most first.

    :param behaviour: what it does to cases
    :param limit: characters of the whole; what does not fit is counted
    """
    parts = ["\n".join(_summary(diff)) + "\n"]
    if behaviour:
        told = "; ".join((cases_headline(behaviour), *names_elsewhere(behaviour)))
        parts.append(f"\n{markdown_safe(told)}.\n")
        _add(parts, [_case(case, behaviour) for case in behaviour.telling], "cases", limit)
    _add(parts, [_group(group, behaviour) for group in groups(diff)], "provisions", limit)
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


def _case(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    yield f"\n<details><summary>⚖ {markdown_safe(title_of(compared))} ({markdown_safe(compared.place)})</summary>"
    yield ""
    yield from (f"- {markdown_safe(line)}" for line in what_changed(compared))
    yield from (f"- {markdown_safe(note)}" for note in notes(compared, behaviour))
    yield from (f"- behind it: {markdown_safe(behind)}" for behind in changes_behind(compared, behaviour))
    if beside := rows(compared, behaviour):
        names = old_name(behaviour.spec), new_name(behaviour.spec)
        yield ""
        yield f"| {' | '.join(map(markdown_safe, names))} |"
        yield "|---|---|"
        yield from (f"| {markdown_safe(row.old)} | {markdown_safe(row.new)} |" for row in beside)
    yield ""
    yield "</details>"


def _summary(diff: SpecDiff) -> Iterator[str]:
    yield f"## {markdown_safe(old_name(diff))} → {markdown_safe(new_name(diff))}"
    yield ""
    yield f"{headline(diff)}."
    if not diff:
        return
    yield ""
    yield f"Suggested version: {markdown_safe(reasons(diff))}."
    yield ""
    telling = [change for change in diff.changes if change.weight in {Weight.TIGHTENING, Weight.LOOSENING}]
    for change in telling:
        yield f"- {_SIGNS[change.weight]} {change.weight.value}: **{markdown_safe(_title(diff, change))}**: {_said(change)}"


def _title(diff: SpecDiff, change: Change) -> str:
    return diff.titles.get(change.provision) or change.provision or change.id


def _said(change: Change) -> str:
    # Ids in backticks are ours: what stands between them is escaped like all else, so that they cannot be left.
    return markdown_safe(sentence(change))


def _group(group: Group, behaviour: BehaviourDiff | None) -> Iterator[str]:
    name = f"{markdown_safe(group.title)} ({markdown_safe(group.id)})" if group.id else "The spec as a whole"
    yield f"\n<details><summary>{_SIGNS[group.weight]} {name}: {len(group.changes)}</summary>"
    yield ""
    for change in group.changes:
        reach = reach_of(change)
        touched = f"; touches {markdown_safe(reach)}" if reach else ""
        yield f"- {_SIGNS[change.weight]} {change.weight.value} ({change.rule}): {_said(change)}{touched}"
        yield from (f"  > {line}\n" for runs in changed_units(change) if (line := _words(runs)))
    found, more = cases_resting_on(group, behaviour)
    if found:
        titles = "; ".join(markdown_safe(title_of(compared)) for compared in found)
        yield f"- cases: {titles}{f'; and {more} more' if more else ''}"
    yield ""
    yield "</details>"


def _words(runs: tuple[Run, ...]) -> str:
    return "".join(
        f"{_TAGS[run.op][0]}{markdown_safe(run.text)}{_TAGS[run.op][1]}{run.after}" for run in runs
    ).strip()
