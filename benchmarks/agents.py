"""``python -m benchmarks.agents``: what answers of the server for agents cost, over the client of the protocol's own package."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client

from benchmarks.__main__ import POLICYSPEC, release
from benchmarks.measure import Row, table
from benchmarks.synthetic import write_release

_TICK = os.sysconf("SC_CLK_TCK")
ROUNDS = 20
FIRST, LARGE_FIRST, MEDIAN, SLOW_MEDIAN, P95, MEMORY = 3.0, 8.0, 0.1, 0.5, 0.25, 250
"""Seconds of CPU to the first answer, of a spec of 600 principles too, of later ones, and MiB."""
LARGE_CHECK = 2.0
"""A draft is read with all of its spec."""
SLOW = frozenset({"check", "diff"})
CASE = {"title": "t", "items": [{"id": "a", "from": "user", "turn": 1, "issue": "x", "value": 1}]}
OVERLAY = "overlay: o\nupstream: {source: x}\nholder: developer\nstatements:\n  - {id: a, says: A., overrides: ID}\n"


def calls(id_: str) -> dict[str, dict[str, Any]]:
    """Return a call of each tool."""
    return {
        "search": {"text": "honest answers to users"},
        "principle": {"id": id_},
        "questions": {},
        "ask": {"question": "hard-rules"},
        "sparql": {"query": "SELECT ?p { ?p a ps:Principle } LIMIT 5"},
        "resolve": {"case": CASE},
        "check": {"markdown": "### Be fair {#be_fair authority=user}\n\nBe fair.\n"},
        "overlay_check": {"yaml": OVERLAY.replace("ID", id_)},
        "context": {"about": [id_]},
    }


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process and of its children that are alive or were waited for."""
    text = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()
    return sum(map(int, text[11:15])) / _TICK + sum(cpu_of(int(child)) for child in children)


def youngest() -> int:
    """Return the last process that this one has started."""
    return int(Path(f"/proc/self/task/{os.getpid()}/children").read_text("utf-8").split()[-1])


def memory_of(process: int) -> int:
    """Return the most MiB that a process has held."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


async def measured(source: Path, first_bound: float, slow: float, *, memory: bool) -> list[Row]:
    """Return what the first answer and later ones cost."""
    parameters = StdioServerParameters(
        command=str(POLICYSPEC), args=["serve", str(source), "--mcp", "-q"], env=dict(os.environ)
    )
    async with Client(stdio_client(parameters), mode="legacy") as client:
        server = youngest()
        named = (await client.call_tool("ask", {"question": "principles-by-level"})).structured_content
        first = cpu_of(server)
        rows = [
            Row(
                name="first answer",
                seconds=first,
                ratio=1.0,
                bound=f"≤ {first_bound:g} s",
                kept=first <= first_bound,
            )
        ]
        every: list[float] = []
        for name, arguments in calls(named["rows"][0][0]).items():
            taken = [await _call(client, server, name, arguments) for _ in range(ROUNDS)][2:]
            bound = slow if name in SLOW else MEDIAN
            every += taken if name not in SLOW else []
            rows.append(_row(name, median(taken), first, bound))
        rows.append(_row("95 % of those but check", quantiles(every, n=20)[-1], first, P95))
        held = memory_of(server)
        kept = held <= MEMORY or not memory
        rows.append(
            Row(
                name=f"{held} MiB",
                seconds=0.0,
                ratio=0.0,
                bound=f"≤ {MEMORY} MiB" if memory else "",
                kept=kept,
            )
        )
        return rows


async def _call(client: Client, server: int, name: str, arguments: Mapping[str, Any]) -> float:
    before = cpu_of(server)
    result = await client.call_tool(name, dict(arguments))
    if result.is_error:
        raise SystemExit(f"{name}: {result.content}")
    return cpu_of(server) - before


def _row(name: str, seconds: float, first: float, bound: float) -> Row:
    return Row(
        name=name, seconds=seconds, ratio=seconds / first, bound=f"≤ {bound:g} s", kept=seconds <= bound
    )


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        small = release(Path(scratch))
        large = write_release(Path(scratch) / "2026-01-01", chapters=60, principles=10)
        told = [
            table("the server on a release", asyncio.run(measured(small, FIRST, SLOW_MEDIAN, memory=True))),
            table(
                "the server on 600 principles",
                asyncio.run(measured(large, LARGE_FIRST, LARGE_CHECK, memory=False)),
            ),
        ]
    print("\n".join(told))
    sys.exit("MISSED" in "".join(told))


if __name__ == "__main__":
    main()
