"""A diff for a terminal or a file: a summary, then each provision with its changes, words in place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click
from rich.cells import cell_len

from sphinx_policyspec.compare import Change, Run, SpecDiff, Weight
from sphinx_policyspec.decision.behaviour import BehaviourDiff
from sphinx_policyspec.exports.diff.outline import (
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
from sphinx_policyspec.exports.plain import printable

__all__ = ["text_diff"]

_COLORS = {
    Weight.TIGHTENING: "red",
    Weight.LOOSENING: "green",
    Weight.CLARIFYING: "yellow",
    Weight.EDITORIAL: "blue",
}
_MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
"""As git writes words in a diff without colors."""
_INKS = {"-": "\x1b[31;9m", "+": "\x1b[32m"}
_PLAIN = "\x1b[0m"


def text_diff(
    diff: SpecDiff, behaviour: BehaviourDiff | None = None, *, width: int = 100, color: bool = False
) -> str:
    """Return a diff as text.

    :param behaviour: what it does to cases
    :param width: columns of the terminal
    :param color: whether to color weights and words
    """
    return "".join(f"{line}\n" for line in _lines(diff, behaviour, width, color=color))


def _lines(diff: SpecDiff, behaviour: BehaviourDiff | None, width: int, *, color: bool) -> Iterator[str]:
    yield printable(f"{old_name(diff)} → {new_name(diff)}: {headline(diff)}")
    if diff:
        yield from _wrapped(f"suggested version: {reasons(diff)}", width)
    if behaviour:
        yield from _cases(behaviour, width, color=color)
    for group in groups(diff):
        yield ""
        yield _bold(f"{group.title} ({group.id})" if group.id else "The spec as a whole", color=color)
        for change in group.changes:
            yield from _change(change, width, color=color)
        found, more = cases_resting_on(group, behaviour)
        if found:
            titles = "; ".join(title_of(compared) for compared in found)
            yield from _wrapped(f"cases: {titles}{f'; and {more} more' if more else ''}", width, 2)


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


def _cases(behaviour: BehaviourDiff, width: int, *, color: bool) -> Iterator[str]:
    """Yield what becomes of the cases: of each that changed, one explanation below the other, sentence by sentence."""
    yield from _wrapped(cases_headline(behaviour), width)
    for line in names_elsewhere(behaviour):
        yield from _wrapped(line, width, 2)
    old, new = old_name(behaviour.spec), new_name(behaviour.spec)
    for compared in behaviour.telling:
        yield ""
        yield _bold(f"{title_of(compared)} ({compared.place})", color=color)
        for line in what_changed(compared):
            yield from _wrapped(line, width, 2)
        for row in rows(compared, behaviour):
            if row.is_same:
                yield from _wrapped(f"as before: {row.new}", width, 4)
            else:
                yield from _wrapped(f"{old}: {row.old}", width, 4)
                yield from _wrapped(f"{new}: {row.new}", width, 4)
        for note in notes(compared, behaviour):
            yield from _wrapped(note, width, 2)
        for behind in changes_behind(compared, behaviour):
            yield from _wrapped(f"behind it: {behind}", width, 2)


def _change(change: Change, width: int, *, color: bool) -> Iterator[str]:
    weight = change.weight.value
    shown = click.style(f"{weight:10}", fg=_COLORS[change.weight]) if color else f"{weight:10}"
    reach = reach_of(change)
    said = f"{sentence(change)} [{change.rule}]{f'; touches {reach}' if reach else ''}"
    # What a shell shows cannot be told in columns beside color codes: the first line is wrapped without them.
    lines = textwrap.wrap(printable(said), max(width - 13, 20)) or [""]
    yield f"  {shown} {lines[0]}"
    yield from (f"{' ' * 13}{line}" for line in lines[1:])
    for runs in changed_units(change):
        yield from _unit(runs, width, color=color)


def _unit(runs: tuple[Run, ...], width: int, *, color: bool) -> Iterator[str]:
    """Yield the lines of a paragraph: words with what is inked of them, folded by what is seen of them."""
    room = max(width - 15, 20)
    line, used = "", 0
    for shown, seen, after in _pieces(runs, color=color):
        if used and used + seen > room:
            yield f"{' ' * 15}{line.rstrip()}"
            line, used = "", 0
        line += shown + after
        used += seen + len(after)
    yield f"{' ' * 15}{line.rstrip()}"


def _pieces(runs: tuple[Run, ...], *, color: bool) -> Iterator[tuple[str, int, str]]:
    """Yield each word as it is shown, its width, and the space after it."""
    for run in runs:
        before, end = ("", "") if color else _MARKS[run.op]
        words = printable(f"{before}{run.text}{end}").split()
        for place, word in enumerate(words):
            shown = f"{_INKS[run.op]}{word}{_PLAIN}" if color and run.op != "=" else word
            yield shown, cell_len(word), run.after if place == len(words) - 1 else " "
