"""``python -m benchmarks.authoring [N …]``: what a project of N principles costs, beside plain MyST and sphinx-needs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from benchmarks.projects import FLAVOURS, edit_one_page, write_project

SPHINX = [sys.executable, "-m", "sphinx", "-q", "-b", "html"]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
LARGE = 600
"""Projects above this size are built once: a round takes minutes."""
KINDS = ("full", "no change", "one page")


def build(folder: Path, *options: str) -> tuple[float, float, float]:
    """Build a project; return CPU seconds, peak MiB of the largest process, wall seconds."""
    start = time.monotonic()
    command = [*SPHINX, *options, str(folder), str(folder / "_build")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(errors.decode("utf-8", "replace"))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - start


def measure(count: int, rounds: int) -> None:
    """Print the table of one size; rounds are interleaved, medians shown."""
    names = [n for n in FLAVOURS if n != "sphinx-needs" or importlib.util.find_spec("sphinx_needs")]
    taken: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    weight: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch, f"p{n}") for n, name in enumerate(names)}
        for name, folder in folders.items():
            write_project(folder, name, count)
        for turn in range(rounds):
            for name, folder in folders.items():
                taken[name, "full"].append(build(folder, "-E", "-a"))
                taken[name, "no change"].append(build(folder))
                edit_one_page(folder, turn)
                taken[name, "one page"].append(build(folder))
                weight[name] = (folder / "_build" / ".doctrees" / "environment.pickle").stat().st_size
    print(f"\nN = {count}, medians of {rounds} rounds: CPU s (ratio to {names[0]}), peak MiB")
    print(f"  {'':30}" + "".join(f"{kind:>26}" for kind in KINDS) + f"{'environment':>16}")
    for name in names:
        cells = []
        for kind in KINDS:
            seconds, memory = (median(run[i] for run in taken[name, kind]) for i in (0, 1))
            floor = median(run[0] for run in taken[names[0], kind])
            cells.append(f"{seconds:10.2f} ({seconds / floor:4.2f}) {memory:4.0f} MiB")
        heavy = f"{weight[name] / 2**20:8.2f} MiB ({weight[name] / weight[names[0]]:.1f})"
        print(f"  {name:30}" + "".join(f"{cell:>26}" for cell in cells) + f"{heavy:>20}")


def main() -> None:
    """Measure each size named on the command line, else 60 and 600."""
    sizes = [int(text) for text in sys.argv[1:]] or [60, 600]
    if not importlib.util.find_spec("sphinx_needs"):
        print("sphinx-needs is not installed: pip install sphinx-needs adds it to the table")
    for count in sizes:
        measure(count, rounds=1 if count > LARGE else ROUNDS)


if __name__ == "__main__":
    main()
