"""A spec in the Model Spec dialect, made up from a seed, for machines without the published releases."""

from __future__ import annotations

import random
from pathlib import Path

__all__ = ["write_release"]

WORDS = """
answer ask assistant borrow careful catalogue clear consider desk explain fair find gentle guess help
honest kind lend library listen loan may must name note offer open page private question quiet reader
reason reply respect say search shelf should show source staff story tell thank title trust truth visitor
wait welcome
""".split()  # noqa: SIM905  # a list of 60 literals is harder to read
LEVELS = ("root", "system", "developer", "user", "guideline")


def write_release(
    folder: Path,
    *,
    chapters: int = 9,
    principles: int = 6,
    examples: int = 3,
    paragraphs: int = 4,
    seed: int = 1,
) -> Path:
    """Write a release folder of about the size and shape of the published ones, and return it.

    :param principles: in each chapter
    :param examples: in each principle
    :param paragraphs: in each principle
    """
    draw = random.Random(seed)  # noqa: S311  # a repeatable text, not a secret
    lines: list[str] = []
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    for chapter in range(chapters):
        lines += [f"# Chapter {chapter} {{#chapter_{chapter}}}", "", _paragraph(draw), ""]
        for number in range(principles):
            lines += _principle(draw, folder, f"p_{chapter}_{number}", examples, paragraphs)
    (folder / "model_spec.md").write_text("\n".join(lines), "utf-8")
    return folder


def _principle(draw: random.Random, folder: Path, name: str, examples: int, paragraphs: int) -> list[str]:
    tag = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4))
    title = f"{_sentence(draw, 5)} {name}"
    lines = [f"## {title} {{#{name} authority={draw.choice(LEVELS)}}}", ""]
    for _ in range(paragraphs):
        lines += [_paragraph(draw), ""]
    lines += [f"- {_sentence(draw)}[^{tag}].", f"- {_sentence(draw)}; see [?](#p_0_0).", ""]
    lines += ['!!! meta "Commentary"', f"    {_paragraph(draw)}", ""]
    for number in range(examples):
        lines += [f"**Example**: case {number} of {name}", "", "~~~xml", "<user>", _sentence(draw), "</user>"]
        lines += ["<comparison>"]
        for verdict in ("GOOD", "BAD: too short"):
            lines += [f"<assistant> <!-- {verdict} -->", _paragraph(draw), "</assistant>"]
        lines += ["</comparison>", "~~~", ""]
    prompt = ["**Example**: a prompt", "", "~~~xml", "<user>", _paragraph(draw), "</user>", "~~~", ""]
    (folder / "examples" / f"{tag}.md").write_text(
        "\n".join([f"Examples for [^{tag}] in {title}:", "", *prompt]), "utf-8"
    )
    return lines


def _sentence(draw: random.Random, length: int = 14) -> str:
    return " ".join(draw.choices(WORDS, k=length)).capitalize()


def _paragraph(draw: random.Random) -> str:
    return " ".join(f"{_sentence(draw)}." for _ in range(5))
