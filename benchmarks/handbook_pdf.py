"""``python -m benchmarks.handbook_pdf``: what the PDF of a release costs, against its bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.__main__ import POLICYSPEC, release

MOST_SECONDS = 15
"""CPU of the PDF alone: the command with it, less the command without."""
MOST_MEMORY = 600
"""Peak MiB of the whole command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command took: CPU seconds of all its processes, and peak MiB."""

    cpu: float
    memory: float


def cost_of(*arguments: str | Path) -> Cost:
    """Run a command and measure it."""
    process = subprocess.Popen([str(POLICYSPEC), *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Cost(cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss / 1024)


def main() -> None:
    """Measure the handbook of a release without and with its PDF; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = release(scratch)
        site = cost_of("handbook", folder, "--quiet", "-o", scratch / "site")
        both = cost_of("handbook", folder, "--quiet", "-o", scratch / "both", "--pdf")
        size = (scratch / "both" / "handbook.pdf").stat().st_size
    seconds = both.cpu - site.cpu
    print("| handbook of a release | CPU s | peak MiB |\n|---|---|---|")
    print(f"| site | {site.cpu:.1f} | {site.memory:.0f} |")
    print(f"| site and PDF ({size / 2**20:.1f} MiB) | {both.cpu:.1f} | {both.memory:.0f} |")
    print(
        f"\nThe PDF: {seconds:.1f} s (at most {MOST_SECONDS}), {both.memory:.0f} MiB (at most {MOST_MEMORY})"
    )
    sys.exit(seconds > MOST_SECONDS or both.memory > MOST_MEMORY)


if __name__ == "__main__":
    main()
