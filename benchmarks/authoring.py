"""``python -m benchmarks.authoring [N …]``: what a project of N principles costs, beside plain MyST and sphinx-needs."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.projects import FLAVOURS, edit_one_page, write_project

LARGE = 600
"""Projects above this size are built once: a round takes many minutes."""
KINDS = ("full", "full, -j 2", "no change", "one page")
NEEDS = "sphinx-needs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one build took.

    :param cpu: user and system seconds of all its processes
    :param memory: peak MiB of the largest process
    """

    cpu: float
    memory: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Every build of one size, by flavour and kind, and the weight of each flavour's environment in bytes."""

    count: int
    costs: dict[tuple[str, str], list[Cost]]
    weights: dict[str, int]

    def middle(self, flavour: str, kind: str) -> Cost:
        """Return the median of each figure."""
        runs = self.costs[flavour, kind]
        return Cost(
            cpu=median(run.cpu for run in runs),
            memory=median(run.memory for run in runs),
            wall=median(run.wall for run in runs),
        )


def build(folder: Path, bytecode: Path, *options: str) -> Cost:
    """Build a project as an installed Sphinx would: with compiled modules, which lie in ``bytecode``."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *options, folder, folder / "_build"]
    start = time.monotonic()
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(errors.decode("utf-8", "replace"))
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss / 1024, wall=time.monotonic() - start
    )


def measure(count: int, names: list[str], rounds: int, theme: str) -> Measured:
    """Build every flavour in turn, round after round, so that a noisy moment hits them all."""
    costs: dict[tuple[str, str], list[Cost]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        bytecode = Path(scratch, "bytecode")
        folders = {name: Path(scratch, f"p{number}") for number, name in enumerate(names)}
        for name, folder in folders.items():
            write_project(folder, name, count, theme)
            # A small project of the kind compiles its modules, so that no measured build does.
            small = Path(scratch, f"small-{folder.name}")
            write_project(small, name, 30, theme)
            build(small, bytecode)
        for turn in range(rounds):
            for name, folder in folders.items():
                costs[name, "full, -j 2"].append(build(folder, bytecode, "-E", "-a", "-j", "2"))
                costs[name, "full"].append(build(folder, bytecode, "-E", "-a"))
                costs[name, "no change"].append(build(folder, bytecode))
                edit_one_page(folder, turn)
                costs[name, "one page"].append(build(folder, bytecode))
        weights = {
            name: (folder / "_build" / ".doctrees" / "environment.pickle").stat().st_size
            for name, folder in folders.items()
        }
    return Measured(count=count, costs=dict(costs), weights=weights)


def table(measured: Measured, names: list[str], rounds: int) -> str:
    """Return a Markdown table of one size: CPU seconds, their ratio to the first flavour, peak memory, wall time of full builds."""
    floor = names[0]
    lines = [
        f"\nN = {measured.count}, {f'medians of {rounds} rounds' if rounds > 1 else 'one round'}\n",
        f"| CPU s (× {floor}), peak MiB | {' | '.join(KINDS)} | environment, MiB |",
        f"|{'---|' * (len(KINDS) + 2)}",
    ]
    for name in names:
        cells = []
        for kind in KINDS:
            cost = measured.middle(name, kind)
            ratio = cost.cpu / measured.middle(floor, kind).cpu
            wall = f", in {cost.wall:.1f} s" if kind.startswith("full") else ""
            cells.append(f"{cost.cpu:.2f} (**{ratio:.2f}**) {cost.memory:.0f}{wall}")
        weight = measured.weights[name]
        cells.append(f"{weight / 2**20:.2f} (**{weight / measured.weights[floor]:.1f}**)")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def growth(small: Measured, large: Measured, names: list[str]) -> str:
    """Return a Markdown table of what one principle costs in a full build of two sizes."""
    lines = [
        f"\n| CPU ms a principle, full build | N = {small.count} | N = {large.count} | growth |",
        "|---|---|---|---|",
    ]
    for name in names:
        before, after = (one.middle(name, "full").cpu / one.count * 1000 for one in (small, large))
        lines.append(f"| {name} | {before:.1f} | {after:.1f} | {after / before:.2f} |")
    return "\n".join(lines)


def versions() -> str:
    """Return the versions of what is measured."""
    found = [f"Python {platform.python_version()}"]
    for package in ("sphinx", "docutils", "myst-parser", "rdflib", "pyoxigraph", NEEDS):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> None:
    """Measure each size named on the command line, else 60 and 600, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.authoring", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[60, 600], metavar="N")
    parser.add_argument("--rounds", type=int, default=5, help=f"of each size up to {LARGE}; larger: one")
    parser.add_argument("--theme", default="alabaster")
    asked = parser.parse_args()
    names = list(FLAVOURS)
    if not importlib.util.find_spec("sphinx_needs"):
        names.remove(NEEDS)
        print(f"{NEEDS} is not installed: `pip install {NEEDS}` adds it to the table")
    print(f"{versions()}; theme {asked.theme}")
    done: list[Measured] = []
    for count in asked.sizes:
        rounds = 1 if count > LARGE else asked.rounds
        done.append(measure(count, names, rounds, asked.theme))
        print(table(done[-1], names, rounds), flush=True)
    for small, large in pairwise(done):
        print(growth(small, large, names), flush=True)


if __name__ == "__main__":
    main()
