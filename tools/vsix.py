"""Package the extension for VS Code, editors/vscode: ``make vsix``.

    python tools/vsix.py [FILE]  # build/policyspec.vsix by default

Needs npm, which fetches what package-lock.json names. It is made in build/vscode, of the sources and of what follows from the rest of
the project: the schemas of files that people write, the licence, and the icon, which is drawn here.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from itertools import pairwise
from math import hypot
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTENSION = ROOT / "editors" / "vscode"
BUILD = ROOT / "build" / "vscode"
SCHEMAS = ("annotations", "cases")
MOST = 100_000
"""Bytes that the package may have."""

SIZE, FINE = 128, 2
"""Pixels of a side of the icon, and samples of a side of each pixel."""
GROUND, BAR, MARK = (38, 56, 92), (214, 224, 240), (88, 196, 140)
BARS = ((28, 98), (52, 80), (76, 54))
"""Three lines of a text: their heights, and where they end."""
TICK = ((66, 88), (82, 104), (108, 66))
THIN, THICK = 6, 7
"""Half the widths of lines and tick."""
CORNER, EDGE = 24, 4
"""How far round the corners are, and the margin."""


def prepare(folder: Path) -> None:
    """Copy the sources into a folder, with what follows from the rest of the project."""
    shutil.copytree(EXTENSION, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "schemas").mkdir(exist_ok=True)
    for name in SCHEMAS:
        file = f"{name}.schema.json"
        shutil.copyfile(ROOT / "sphinx_policyspec" / "schemas" / file, folder / "schemas" / file)
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    (folder / "icon.png").write_bytes(icon())


def icon() -> bytes:
    """Return the icon as PNG: lines of a text, the lower the shorter, and a tick."""
    rows = b"".join(b"\0" + bytes(value for x in range(SIZE) for value in _pixel(x, y)) for y in range(SIZE))
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _pixel(x: int, y: int) -> tuple[int, int, int, int]:
    """Return red, green, blue and opacity of a pixel: the mean of its samples."""
    found = [colour for colour in _samples(x, y) if colour]
    if not found:
        return 0, 0, 0, 0
    red, green, blue = (round(sum(channel) / len(found)) for channel in zip(*found, strict=True))
    return red, green, blue, round(255 * len(found) / FINE**2)


def _samples(x: int, y: int) -> Iterator[tuple[int, int, int] | None]:
    for i in range(FINE):
        for j in range(FINE):
            yield _colour(x + (i + 0.5) / FINE, y + (j + 0.5) / FINE)


def _colour(x: float, y: float) -> tuple[int, int, int] | None:
    """Return the colour of a point, if the icon, whose corners are round, has it."""
    if hypot(max(CORNER - x, 0, x - SIZE + CORNER), max(CORNER - y, 0, y - SIZE + CORNER)) > CORNER - EDGE:
        return None
    if min(_distance(x, y, *ends) for ends in pairwise(TICK)) <= THICK:
        return MARK
    lines = (_distance(x, y, (30, height), (right, height)) for height, right in BARS)
    return BAR if min(lines) <= THIN else GROUND


def _distance(x: float, y: float, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far a point is from a line between two others."""
    (a, b), (c, d) = one, other
    along = ((x - a) * (c - a) + (y - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2)
    along = min(1.0, max(0.0, along))
    return hypot(x - a - along * (c - a), y - b - along * (d - b))


def main() -> None:
    """Write the package, which may not be larger than agreed."""
    target = Path(sys.argv[1] if sys.argv[1:] else ROOT / "build" / "policyspec.vsix").resolve()
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed: it comes with Node 20 or newer")
    shutil.rmtree(BUILD, ignore_errors=True)
    prepare(BUILD)
    target.parent.mkdir(parents=True, exist_ok=True)
    # No package runs a script of its own; esbuild and vsce do without.
    _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    package = (
        "exec",
        "--offline",
        "--",
        "vsce",
        "package",
        "--no-dependencies",
        "--allow-missing-repository",
    )
    _run(npm, *package, "--out", str(target))
    size = target.stat().st_size
    if size > MOST:
        sys.exit(f"{target.name} has {size} bytes, more than {MOST}")
    sys.stdout.write(f"{os.path.relpath(target)}: {size} bytes\n")


def _run(*command: str) -> None:
    if code := subprocess.run(command, cwd=BUILD, check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    main()
