"""``python -m benchmarks.large``: time and memory of the commands on large specs, and how both grow with the spec."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.synthetic import write_release

POLICYSPEC = Path(sys.executable).with_name("policyspec")
SIZES: Mapping[int, Mapping[str, int]] = {
    600: {"chapters": 20, "principles": 30},
    6_000: {"chapters": 100, "principles": 60, "examples": 2},
    29_000: {"chapters": 290, "principles": 100, "examples": 0, "paragraphs": 3},
}
"""How releases are made; the largest is near the most text that is read."""
_MIB = 2**20
_MOST_CPU = 600
"""Seconds after which a process is stopped, with its command."""
_MOST_MEMORY = 8 * 1024 * _MIB
"""What the processes of a command may hold before it is stopped."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took.

    :param cpu: seconds of all its processes
    :param memory: the most that its processes held at one time, in bytes
    :param status: below zero where it was stopped
    """

    cpu: float
    memory: int
    status: int


def cost_of(arguments: Sequence[str | Path]) -> Cost:
    """Run a command and look at the memory of its processes every 20 ms."""
    process = subprocess.Popen(
        [str(argument) for argument in arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU, _MOST_CPU)),  # noqa: PLW1509  no threads
    )
    most = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        most = max(most, sum(map(_resident, _tree(process.pid))))
        if most > _MOST_MEMORY:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(_EVERY)
    process.returncode = os.waitstatus_to_exitcode(status)
    # A short peak of one process between two looks is known to the system.
    return Cost(usage.ru_utime + usage.ru_stime, max(most, usage.ru_maxrss * 1024), process.returncode)


def _tree(pid: int) -> list[int]:
    """Return a process and those that it started."""
    found = [pid]
    for known in found:
        try:
            found += map(int, Path(f"/proc/{known}/task/{known}/children").read_text("ascii").split())
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def commands(folder: Path, scratch: Path) -> dict[str, list[str | Path]]:
    """Return the commands that are measured, by name; later ones read what earlier ones write."""
    graph, inferred = scratch / "graph", scratch / "inferred"
    query = "SELECT ?p { ?p a ps:HardRule } LIMIT 5"
    return {
        "check": ["check", folder],
        "graph, nt": ["graph", folder, "-o", f"{graph}.nt"],
        "graph, ttl": ["graph", folder, "-o", f"{graph}.ttl"],
        "graph, jsonld": ["graph", folder, "-o", f"{graph}.jsonld"],
        "graph --inferred, nt": ["graph", folder, "--inferred", "-o", f"{inferred}.nt"],
        "graph --inferred, ttl": ["graph", folder, "--inferred", "-o", f"{inferred}.ttl"],
        "question": ["query", folder, "hard-rules"],
        "question to .nt": ["query", f"{graph}.nt", "hard-rules"],
        "question to .ttl": ["query", f"{graph}.ttl", "hard-rules"],
        "question to inferred .nt": ["query", f"{inferred}.nt", "hard-rules"],
        "question to inferred .ttl": ["query", f"{inferred}.ttl", "hard-rules"],
        "SPARQL": ["query", folder, "--sparql", query],
        "SPARQL to inferred .nt": ["query", f"{inferred}.nt", "--sparql", query],
        "SPARQL to inferred .ttl": ["query", f"{inferred}.ttl", "--sparql", query],
        "reason": ["reason", folder, "-o", scratch / "derived.nt"],
        "diff": ["diff", folder, revised(folder, scratch / "revised")],
    }


def revised(folder: Path, other: Path) -> Path:
    """Write a release again, one principle in ten with other words, and return the folder."""
    if not other.exists():
        shutil.copytree(folder, other)
        file = other / "model_spec.md"
        sections = file.read_text("utf-8").split("\n## ")
        sections[1::10] = [section.replace("must", "should") for section in sections[1::10]]
        file.write_text("\n## ".join(sections), "utf-8")
    return other


def main() -> None:
    """Measure the sizes that are named, by default 600 and 6,000."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [600, 6_000]
    first: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            scratch = Path(name) / str(size)
            folder = write_release(scratch / "2026-01-01", **SIZES[size])
            print(f"\n{size:,} principles: CPU s, peak MiB of all processes, and the ratio to {sizes[0]:,}")
            for what, arguments in commands(folder, scratch).items():
                cost = cost_of([POLICYSPEC, *arguments, "--quiet"])
                floor = first.setdefault(what, cost)
                failed = f"  status {cost.status}" if cost.status not in (0, 1) else ""
                print(
                    f"  {what:24} {cost.cpu:8.1f} s {cost.memory / _MIB:7.0f} MiB"
                    f" {cost.cpu / floor.cpu:6.1f} x {cost.memory / floor.memory:5.1f} x{failed}",
                    flush=True,
                )
            shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
