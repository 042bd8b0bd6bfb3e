"""Medians of interleaved runs, in seconds of CPU, child processes included."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Contender", "Row", "beside", "command", "compare", "function", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something that is run and measured; ``run`` returns the seconds that it took."""

    name: str
    run: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A contender's median, its ratio to the floor of its comparison, and its bound, if it has one."""

    name: str
    seconds: float
    ratio: float
    bound: str = ""
    kept: bool = True


def command(name: str, *arguments: str | Path) -> Contender:
    """Return a contender that runs a command and counts the CPU of all its processes."""
    return Contender(name=name, run=lambda: _cpu_of([str(argument) for argument in arguments]))


def _cpu_of(arguments: Sequence[str]) -> float:
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{errors.decode('utf-8', 'replace')}")
    return usage.ru_utime + usage.ru_stime


def function(name: str, call: Callable[[], object], repeat: int = 1) -> Contender:
    """Return a contender that calls a function in this process, ``repeat`` times for one run."""

    def run() -> float:
        start = time.process_time()
        for _ in range(repeat):
            call()
        return (time.process_time() - start) / repeat

    return Contender(name=name, run=run)


def compare(
    contenders: Sequence[Contender],
    *,
    runs: int = 5,
    at_most: dict[str, float] | None = None,
    times_floor: dict[str, float] | None = None,
) -> list[Row]:
    """Measure contenders in turn, round after round, so that a noisy moment hits them all.

    :param contenders: the first is the floor that ratios refer to
    :param at_most: bounds in seconds, by name
    :param times_floor: bounds as a multiple of the floor, by name
    """
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(runs):
        for contender in contenders:
            taken[contender.name].append(contender.run())
    floor = median(taken[contenders[0].name])
    rows = []
    for name, seconds in taken.items():
        middle = median(seconds)
        ratio = middle / floor if floor else float("inf")
        bound, kept = "", True
        if at_most and name in at_most:
            bound, kept = f"≤ {at_most[name] * 1000:g} ms", middle <= at_most[name]
        if times_floor and name in times_floor:
            bound, kept = f"≤ {times_floor[name]:g} x", ratio <= times_floor[name]
        rows.append(Row(name=name, seconds=middle, ratio=ratio, bound=bound, kept=kept))
    return rows


def beside(floor: tuple[str, float], ours: tuple[str, float], *, bound: str, kept: bool) -> list[Row]:
    """Return two rows: what ratios refer to, and what a bound is for; each given by its name and seconds."""
    (name, base), (own, seconds) = floor, ours
    return [
        Row(name=name, seconds=base, ratio=1.0),
        Row(name=own, seconds=seconds, ratio=seconds / base, bound=bound, kept=kept),
    ]


def table(title: str, rows: Sequence[Row], what: str = "CPU") -> str:
    """Return the rows as text, one a line, below what their seconds are of."""
    width = max(len(row.name) for row in rows)
    lines = [f"\n{title}", f"  {'':{width}}  {what:>10}  {'ratio':>8}  bound"]
    for row in rows:
        verdict = f"{row.bound}  {'kept' if row.kept else 'MISSED'}" if row.bound else ""
        lines.append(
            f"  {row.name:{width}}  {row.seconds * 1000:7.1f} ms  {row.ratio:7.2f}x  {verdict}".rstrip()
        )
    return "\n".join(lines)
