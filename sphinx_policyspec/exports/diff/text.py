"""A diff for a terminal or a file: a summary, then each provision with its changes, words in place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click
from rich.cells import cell_len

from sphinx_policyspec.compare import Run, SpecDiff, Weight
from sphinx_policyspec.decision.behaviour import BehaviourDiff
from sphinx_policyspec.exports.diff.outline import Outline, ToldCase, ToldChange, told_change
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
        for change in group.changes:
            yield from _change(told_change(change), width, color=color)
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


def _case(case: ToldCase, names: tuple[str, str], width: int, *, color: bool) -> Iterator[str]:
    """Yield a case with one explanation below the other, sentence by sentence."""
    yield _bold(f"{case.title} ({case.place})", color=color)
    for line in case.what:
        yield from _wrapped(line, width, 2)
    for row in case.rows:
        if row.is_same:
            yield from _wrapped(f"as before: {row.new}", width, 4)
        else:
            for name, said in zip(names, (row.old, row.new), strict=True):
                yield from _wrapped(f"{name}: {said}", width, 4)
    for line in case.asides:
        yield from _wrapped(line, width, 2)


def _change(change: ToldChange, width: int, *, color: bool) -> Iterator[str]:
    weight = change.weight.value
    shown = click.style(f"{weight:10}", fg=_COLORS[change.weight]) if color else f"{weight:10}"
    said = f"{change.said} [{change.rule}]{change.touches}"
    # What a shell shows cannot be told in columns beside color codes: the first line is wrapped without them.
    lines = textwrap.wrap(printable(said), max(width - 13, 20)) or [""]
    yield f"  {shown} {lines[0]}"
    yield from (f"{' ' * 13}{line}" for line in lines[1:])
    for runs in change.units:
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
