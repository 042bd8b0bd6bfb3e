"""Whatever is done to the text of a project, reading it ends in a spec and findings, never in a traceback."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_policyspec.sphinx_ext.build.project import read_project

PIECES = (
    "```",
    "~~~",
    "```{policy:principle}",
    ".. policy:principle::",
    ".. policy:principle:: Be kind\n   :id: be_kind\n",
    ".. policy:response:: bad",
    "```{policy:conversation}",
    "   :id: be_kind",
    ":::{policy:message} user",
    ".. only:: html",
    "<user>",
    "</comparison>",
    "\x00\t*_|~%`:<>[]{}#\\",
)


def mutated(text: str, chance: random.Random) -> str:
    """Return a text with one to four accidents."""
    for _ in range(chance.randint(1, 4)):
        lines = text.split("\n")
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[at : at + chance.randint(1, 4)]
            case 1:
                lines[at:at] = lines[at : at + chance.randint(1, 6)]
            case 2:
                lines[at] = " " * chance.randint(0, 6) + lines[at].lstrip()
            case 3:
                lines[at], lines[other] = lines[other], lines[at]
            case 4:
                lines.insert(at, chance.choice(PIECES))
            case _:
                lines = lines[: at + 1]
        text = "\n".join(lines)
    return text


@pytest.mark.parametrize("markup", ["rst", "myst"])
@pytest.mark.parametrize("seed", range(12))
def test_mutated_pages_are_read(project: Callable[[str], Path], markup: str, seed: int) -> None:
    source = project(f"twin-{markup}")
    chance = random.Random(f"{markup} {seed}")
    for file in sorted(source.iterdir()):
        if file.suffix != ".py":
            file.write_text(mutated(file.read_text("utf-8"), chance), "utf-8")
    read = read_project(source)
    spec, findings = read.spec, read.findings
    assert spec.title
    assert all(finding.span.line >= 1 and finding.span.file for finding in findings)
