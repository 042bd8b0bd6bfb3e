"""Changes as text for a terminal, Markdown, a draft of a changelog and a judgement file to fill in; reviews, histories, locks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

import click
from rich.cells import cell_len

from sphinx_policyspec.compare import (
    DIRECTED,
    Change,
    ChangeKind,
    ReadingList,
    Run,
    SpecDiff,
    Subject,
    Weight,
)
from sphinx_policyspec.compare.change import is_telling
from sphinx_policyspec.compare.history import ClaimState, LockChange, Moment, Review
from sphinx_policyspec.decision.behaviour import BehaviourDiff
from sphinx_policyspec.exports import markdown_safe
from sphinx_policyspec.exports.diff.outline import (
    CaseEntry,
    ChangeEntry,
    Group,
    Outline,
    change_entries,
    change_entry,
    inked,
)
from sphinx_policyspec.exports.diff.wording import MARKS, SIGNS, lock_verdict, marked, sentence, with_evidence
from sphinx_policyspec.files import dump_json, printable
from sphinx_policyspec.model import Direction, JudgedKind

_HEADINGS = ("Added", "Changed", "Removed", "Examples", "Small changes")
_COLORS = {
    Weight.NEEDS_READER: "magenta",
    Weight.TIGHTENING: "red",
    Weight.LOOSENING: "green",
    Weight.BOTH: "cyan",
    Weight.CLARIFYING: "yellow",
    Weight.EDITORIAL: "blue",
}
_INKS = {"-": "\x1b[31;9m", "+": "\x1b[32m"}
_PLAIN = "\x1b[0m"
_COLUMN = len(Weight.NEEDS_READER.words)
_ABOUT = 6
"""Columns before the note on a sentence."""
_WORDS = 10
"""Columns before changed words."""


def text_diff(
    diff: SpecDiff, behaviour: BehaviourDiff | None = None, *, width: int = 100, color: bool = False
) -> str:
    """Return a diff as text.

    :param behaviour: the effect of the diff on cases
    :param width: columns of the terminal
    :param color: whether to color weights and words
    """
    return "".join(f"{line}\n" for line in _lines(Outline(diff, behaviour), width, color=color))


def _lines(outline: Outline, width: int, *, color: bool) -> Iterator[str]:
    old, new = outline.names
    yield printable(f"{old} → {new}: {outline.headline}")
    if outline.suggestion:
        yield from _wrapped(f"suggested version: {outline.suggestion}", width)
    for place, line in enumerate(outline.about_cases):
        yield from _wrapped(line, width, 2 if place else 0)
    for case in outline.cases():
        yield ""
        yield from _case(case, outline.names, width, color=color)
    for group in outline.groups():
        yield ""
        yield _bold(f"{group.title} ({group.id})" if group.id else "The spec as a whole", color=color)
        for change in change_entries(group, in_full=outline.diff.in_full):
            yield from _change(change, width, color=color)
        if titles := "; ".join(title for title, _ in outline.resting_on(group)):
            yield from _wrapped(f"cases: {titles}", width, 2)


def _bold(text: str, *, color: bool) -> str:
    return click.style(printable(text), bold=True) if color else printable(text)


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    edge = " " * indent
    return textwrap.wrap(
        printable(text),
        max(width, 20 + indent),
        initial_indent=edge,
        subsequent_indent=f"{edge}  ",
        break_on_hyphens=False,
    )


def _case(case: CaseEntry, names: tuple[str, str], width: int, *, color: bool) -> Iterator[str]:
    """Yield a case with its explanations, old above new, sentence by sentence."""
    yield _bold(f"{case.title} ({case.place})", color=color)
    for line in case.what:
        yield from _wrapped(line, width, 2)
    for row in case.rows:
        if row.is_same:
            yield from _wrapped(f"as before: {row.new}", width, 4)
        else:
            for name, sentence in zip(names, (row.old, row.new), strict=True):
                yield from _wrapped(f"{name}: {sentence}", width, 4)
    for line in case.asides:
        yield from _wrapped(line, width, 2)


def _change(change: ChangeEntry, width: int, *, color: bool) -> Iterator[str]:
    weight = f"{change.weight.words:{_COLUMN}}"
    label = click.style(weight, fg=_COLORS[change.weight]) if color else weight
    statement = f"{change.statement} [{change.rule}]{change.touches}"
    # Color codes would count as columns, so the first line is wrapped without them.
    edge = " " * (2 + max(_COLUMN, len(weight)) + 1)
    lines = textwrap.wrap(printable(statement), max(width - len(edge), 20)) or [""]
    yield f"  {label} {lines[0]}"
    yield from (f"{edge}{line}" for line in lines[1:])
    for one in change.sentences:
        yield from _wrapped(one.about, width, _ABOUT)
        yield from unit_lines(one.runs, width, color=color)
    for runs in change.units:
        yield from unit_lines(runs, width, color=color)


def unit_lines(runs: tuple[Run, ...], width: int, *, color: bool) -> Iterator[str]:
    """Yield the lines of a paragraph with colors or marks, wrapped by visible width."""
    room = max(width - _WORDS, 20)
    line, width_used = "", 0
    for piece, columns, after in _pieces(runs, color=color):
        if width_used and width_used + columns > room:
            yield f"{' ' * _WORDS}{line.rstrip()}"
            line, width_used = "", 0
        line += piece + after
        width_used += columns + len(after)
    yield f"{' ' * _WORDS}{line.rstrip()}"


def _pieces(runs: tuple[Run, ...], *, color: bool) -> Iterator[tuple[str, int, str]]:
    """Yield each word with its colors or marks, its visible width, and the space after it."""
    for run in runs:
        before, end = ("", "") if color else MARKS[run.op]
        words = printable(f"{before}{run.text}{end}").split()
        for place, word in enumerate(words):
            piece = f"{_INKS[run.op]}{word}{_PLAIN}" if color and run.op != "=" else word
            yield piece, cell_len(word), run.after if place == len(words) - 1 else " "


LIMIT = 60_000
"""Characters of the whole text; GitHub accepts 65,536 in a comment."""


def markdown_diff(diff: SpecDiff, behaviour: BehaviourDiff | None = None, *, limit: int = LIMIT) -> str:
    """Return a diff as Markdown: a summary, then cases and each provision, the most important ones first.

    :param behaviour: the effect of the diff on cases
    :param limit: characters of the whole text; what does not fit is counted
    """
    outline = Outline(diff, behaviour)
    parts = ["\n".join(_summary(outline)) + "\n"]
    # Half of the space is for the changes that matter most.
    _add(parts, [*_weighty(outline)], "norms", limit // 2)
    if outline.about_cases:
        parts.append(f"\n{markdown_safe('; '.join(outline.about_cases))}.\n")
        _add(parts, [_case_as_markdown(case, outline) for case in outline.cases()], "cases", limit)
    _add(parts, [_group(group, outline) for group in outline.groups()], "provisions", limit)
    return "".join(parts)


def _add(parts: list[str], blocks: list[Iterator[str]], what: str, limit: int) -> None:
    """Append blocks to the parts of a text while they fit, then the number of those that do not."""
    used = sum(map(len, parts))
    for place, block in enumerate(blocks):
        part = "\n".join(block) + "\n"
        rest = f"\n{len(blocks) - place} more {what} changed; this comment has no room for them.\n"
        if used + len(part) + len(rest) > limit:
            parts.append(rest)
            break
        parts.append(part)
        used += len(part)


def _case_as_markdown(case: CaseEntry, outline: Outline) -> Iterator[str]:
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


def _weighty(outline: Outline) -> Iterator[Iterator[str]]:
    """Yield a line for each change that has a direction or needs a reader."""
    for change in outline.diff.changes:
        if change.weight in DIRECTED | {Weight.NEEDS_READER}:
            title = markdown_safe(outline.diff.titles.get(change.provision) or change.provision or change.id)
            statement = f"**{title}**: {markdown_safe(with_evidence(change))}"
            yield iter([f"- {_weight(change.weight)}: {statement}"])


def _weight(weight: Weight) -> str:
    return f"{SIGNS[weight]} {weight.words}"


def _group(group: Group, outline: Outline) -> Iterator[str]:
    name = f"{markdown_safe(group.title)} ({markdown_safe(group.id)})" if group.id else "The spec as a whole"
    yield f"\n<details><summary>{SIGNS[group.weight]} {name}: {len(group.changes)}</summary>"
    yield ""
    for change in change_entries(group, in_full=outline.diff.in_full):
        # Backticks around ids are ours: the ids are escaped like all other text, so that they cannot close them.
        statement, touches = markdown_safe(change.statement), markdown_safe(change.touches)
        yield f"- {_weight(change.weight)} ({change.rule}): {statement}{touches}"
        for one in change.sentences:
            yield f"  - {markdown_safe(one.about)}:\n"
            yield f"    > {inked(one.runs, markdown_safe)}\n"
        yield from (f"  > {line}\n" for runs in change.units if (line := inked(runs, markdown_safe)))
    if titles := "; ".join(markdown_safe(title) for title, _ in outline.resting_on(group)):
        yield f"- cases: {titles}"
    yield ""
    yield "</details>"


def changelog_entry(diff: SpecDiff) -> str:
    """Return a draft of a changelog entry, in the form of Keep a Changelog; a person should add the reasons.

    It lists every change: those of structure and norms one by one, the others in one line per provision.
    """
    items: dict[str, list[str]] = {heading: [] for heading in _HEADINGS}
    for group in Outline(diff).groups():
        title = f"**{markdown_safe(group.title)}** ({markdown_safe(group.id)}): " if group.id else ""
        alone = [change for change in group.changes if is_telling(change)]
        for change in alone:
            heading = {ChangeKind.ADDED: "Added", ChangeKind.REMOVED: "Removed"}.get(change.kind, "Changed")
            items[heading].append(f"{title}{markdown_safe(with_evidence(change))} ({change.weight.words}).")
        rest = [change for change in group.changes if change not in alone]
        examples = [change for change in rest if change.subject is Subject.EXAMPLE]
        small = [change for change in rest if change.subject is not Subject.EXAMPLE]
        for heading, changes in (("Examples", examples), ("Small changes", small)):
            entries_of_group = change_entries(replace(group, changes=tuple(changes)), in_full=diff.in_full)
            if lines := [_with_weight(change) for change in entries_of_group]:
                items[heading].append(f"{title}{markdown_safe('; '.join(lines))}.")
    lines = [f"## {markdown_safe(diff.new or 'Unreleased')}", ""]
    for heading, entries in items.items():
        if entries:
            lines += [f"### {heading}", "", *(f"- {entry}" for entry in dict.fromkeys(entries)), ""]
    return "\n".join(lines if diff.changes else [*lines, "No changes.", ""])


def _with_weight(change: ChangeEntry) -> str:
    return f"{change.statement} ({change.weight.words})" if change.weight in DIRECTED else change.statement


def judgement_template(reading_list: ReadingList) -> str:
    """Return the changes that need a reader as entries of a judgement file to fill in, with the sentences as comments."""
    unread = reading_list.unread
    if not unread:
        return "# nothing needs a reader\n"
    return "\n".join(
        _entry(reading_list.diff, id_, changes, reading_list.digests[id_]) for id_, changes in unread.items()
    )


def _entry(diff: SpecDiff, id_: str, changes: tuple[Change, ...], digest: str) -> str:
    comments = [f"{diff.titles.get(id_, '') or id_} ({id_})"]
    for change in map(change_entry, changes):
        comments.append(f"{change.statement}{change.touches}")
        for one in change.sentences:
            comments += [f"  {one.about}", f"    {marked(one.runs)}"]
    values = [("old", diff.old), ("new", diff.new), ("id", id_), ("digest", digest)]
    keys = [
        *(f"{name}: {dump_json(value)}" for name, value in values),
        f"direction:  # {', '.join(Direction)}",
        f"kind: substantive  # {', '.join(JudgedKind)}",
        "evidence:  # why, in one sentence",
        "who:",
        "date:",
    ]
    lines = [f"# {printable(comment)}" for comment in comments]
    return "\n".join([*lines, f"- {keys[0]}", *(f"  {key}" for key in keys[1:])]) + "\n"


def review_text(review: Review) -> str:
    """Return the review of a changelog against the changes."""
    return "".join(f"{printable(line)}\n" for line in _review_lines(review))


def _review_lines(review: Review) -> Iterator[str]:
    if not review.has_entry:
        yield f"the changelog says nothing about {review.version or 'this version'}"
    for claim in review.claims:
        yield f"{claim.state.value:10} {claim.text}"
        if claim.evidence:
            evidence = "; ".join(f"{id_} ({how})" for id_, how in claim.evidence.items())
            yield f"{'':10} names: {evidence}"
        elif claim.near:
            yield f"{'':10} words in common with what changed in: {', '.join(claim.near)}"
    for change in review.untold:
        yield f"{'not named':10} {change.provision or change.id}: {sentence(change)}"
    counts = {state: sum(claim.state is state for claim in review.claims) for state in ClaimState}
    summary = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    yield f"claims: {summary or 'none'}; structural changes that no claim names: {len(review.untold)}"


def history_text(moments: Sequence[Moment]) -> str:
    """Return the history of a provision over many releases, with its changes in each."""
    return "".join(f"{printable(line)}\n" for line in _history_lines(moments))


def _history_lines(moments: Sequence[Moment]) -> Iterator[str]:
    for moment in moments:
        description = f"{moment.level or 'no level'}, {moment.words} words, {moment.examples} examples"
        state = "no longer there" if moment.is_gone else description
        yield f"{moment.version or 'undated'}  {moment.title} ({moment.id}): {state}"
        for change in moment.changes:
            yield f"  {change.weight.words:14} {with_evidence(change)}"


def lock_text(changes: Sequence[LockChange]) -> str:
    """Return the changes since a lock, one per line, and the verdict."""
    lines = []
    for change in changes:
        words = f": {change.aspect.replace('_', '-')}" if change.aspect else ""
        if change.old or change.new:
            words = f": was {change.old or 'nothing'}, is {change.new or 'nothing'}"
        lines.append(printable(f"{change.state.value:15} {change.id or 'the spec'}{words}"))
    return "".join(f"{line}\n" for line in (*lines, lock_verdict(changes)))
