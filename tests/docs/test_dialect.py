"""Each row of the tables of the dialect page: what is written, what it is read as, and what is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sphinx_policyspec.model import (
    Comment,
    Commentary,
    Comparison,
    Definition,
    Example,
    Message,
    Principle,
    Prose,
    Response,
    Spec,
)
from sphinx_policyspec.readers.model_spec import read_model_spec
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "reference" / "dialect.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("| `") and line.count("|") == 4
]
LINE_END = "\N{RETURN SYMBOL}"


def text_of(cell: str) -> str:
    """Return what a cell writes: between its outermost ticks, with line ends for their signs."""
    ticks = re.match("`+", cell)
    size = len(ticks[0]) if ticks else 0
    inside = cell[size : len(cell) - size]
    if size > 1:
        inside = inside.removeprefix(" ").removesuffix(" ")
    return inside.replace(LINE_END, "\n")


def summary(spec: Spec) -> str:
    return "; ".join(_parts(spec)) or "nothing"


def _parts(spec: Spec) -> Iterator[str]:
    yield from (part for block in spec.preamble if (part := _block(block)))
    for provision in spec.provisions:
        level = provision.authority if isinstance(provision, Principle) else "section"
        yield f"{level} {provision.id}: {provision.title}"
        yield from (part for block in provision.blocks if (part := _block(block)))
    yield from (f"link to {link.url}" for link in spec.links)
    yield from (f"reference to {reference.target}" for reference in spec.references)
    yield from (f"tag {tag.tag}" + f" of {tag.test}" * bool(tag.test) for tag in spec.eval_tags)


def _block(block: object) -> str:
    match block:
        case Comment():
            return "comment"
        case Definition():
            return f"definition of {block.term}"
        case Commentary():
            return f"commentary: {_flat(block.text)}"
        case Example():
            return f"example: {block.title}{''.join(_turn(turn) for turn in block.turns)}"
        case Prose() if block.text:
            return f"text: {_flat(block.text)}"
    return ""


def _turn(turn: object) -> str:
    if isinstance(turn, Comparison):
        return "".join(map(_turn, turn.responses))
    if isinstance(turn, Response):
        return f", {turn.verdict}: {turn.text}"
    return f", {turn.role}: {turn.text}" if isinstance(turn, Message) else ""


def _flat(text: str) -> str:
    return re.sub(r"\s*\n\s*", f" {LINE_END} ", text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_true(row: tuple[str, ...]) -> None:
    written, read, told = row
    reading = read_model_spec(f"{text_of(written)}\n")
    assert summary(reading.spec) == text_of(read).replace("\n", LINE_END)
    # A row that is a heading alone leaves out what the rule says.
    codes = {found.code for found in reading.findings} - {"empty-block"}
    assert codes == set(re.findall("`([a-z-]+)`", told))


def test_there_are_rows() -> None:
    assert len(ROWS) > 60
