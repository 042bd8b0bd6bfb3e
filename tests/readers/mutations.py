"""A seeded mutator: what editors, mergers and attackers do to a text."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

HOSTILE = (
    "[" * 400,
    "`" * 400,
    "<user>\n" * 40,
    "</user>\n" * 40,
    "~~~xml\n" * 10,
    "```\n",
    "~~~\n",
    "**Example**: " + " " * 300 + "x\n",
    "# " + " " * 300 + "x {#a}\n",
    '!!! meta "Commentary"\n',
    "<comparison>\n<assistant> <!-- BAD [#x" + "]" * 50 + " -->\n",
    "[?](#" + "(" * 50 + "\n",
    "[^" * 100,
    "    " * 200 + "- deep\n",
    "x" * 5000 + "\n",
    "<settings>\n<untrusted>\n",
    "\x00\ufeff\u2028\x85\r\n\x0c",
    "&amp;amp;lt;" * 50,
    "\\\\[" * 100,
)
TAGS = ("user", "assistant", "tool", "comparison", "untrusted", "settings", "usr")


def cut(text: str, rng: random.Random) -> str:
    """Cut a stretch out."""
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.randrange(200) :]


def truncate(text: str, rng: random.Random) -> str:
    """Lose the end."""
    return text[: rng.randrange(len(text) + 1)]


def double(text: str, rng: random.Random) -> str:
    """Repeat a stretch of lines."""
    lines, start, end = _stretch(text, rng)
    return "".join(lines[:end] + lines[start:])


def delete(text: str, rng: random.Random) -> str:
    """Delete some lines here and there."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if rng.random() > 0.05)


def shuffle(text: str, rng: random.Random) -> str:
    """Shuffle a stretch of lines."""
    lines, start, end = _stretch(text, rng)
    middle = lines[start:end]
    rng.shuffle(middle)
    return "".join(lines[:start] + middle + lines[end:])


def flip(text: str, rng: random.Random) -> str:
    """Flip bytes; what is no UTF-8 then becomes U+FFFD, as when a file is read."""
    data = bytearray(text.encode())
    for _ in range(rng.randrange(1, 12)):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data.decode(errors="replace")


def cross(text: str, rng: random.Random) -> str:
    """Rename, open and close tags at random."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.lstrip().startswith("<") and rng.random() < 0.3:
            lines[number] = f"<{rng.choice(('', '/'))}{rng.choice(TAGS)}>\n"
    return "".join(lines)


def unfence(text: str, rng: random.Random) -> str:
    """Lose some of the fences."""
    lines = text.splitlines(keepends=True)
    return "".join(
        line for line in lines if not line.lstrip().startswith(("~~~", "```")) or rng.random() > 0.3
    )


def plant(text: str, rng: random.Random) -> str:
    """Put something hostile in, at the start of a line or inside one."""
    where = rng.randrange(len(text) + 1)
    if rng.random() < 0.7:
        where = text.rfind("\n", 0, where) + 1
    return text[:where] + rng.choice(HOSTILE) + text[where:]


def end_lines(text: str, rng: random.Random) -> str:
    """Mix line ends."""
    return "".join(
        line.replace("\n", "\r\n") if rng.random() < 0.5 else line for line in text.splitlines(keepends=True)
    )


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    cut,
    truncate,
    double,
    delete,
    shuffle,
    flip,
    cross,
    unfence,
    plant,
    end_lines,
)


def mutants(texts: list[str], count: int, seed: int) -> Iterator[str]:
    """Yield so many texts, each changed in one to four ways."""
    rng = random.Random(seed)
    for _ in range(count):
        text = rng.choice(texts)
        for _ in range(rng.randrange(1, 5)):
            text = rng.choice(MUTATIONS)(text, rng)
        yield text


def _stretch(text: str, rng: random.Random) -> tuple[list[str], int, int]:
    lines = text.splitlines(keepends=True)
    start = rng.randrange(len(lines) + 1)
    return lines, start, min(len(lines), start + rng.randrange(1, 30))
