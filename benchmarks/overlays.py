"""``python -m benchmarks.overlays``: what overlays cost, once their upstream is read."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.measure import compare, function, table
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.resolve import resolved
from sphinx_policyspec.readers.overlays import Overlay, overlay_of

OPERATIONS = ("overrides", "narrows", "restates", "permits", "delegates", "adds", "defines")
BOUNDS = {"check 200": 1.0, "resolve 200": 1.0, "check 5,000": 3.0}
"""Seconds that an overlay of so many statements may take once its upstream is read."""


def overlay(count: int, spec: ps.Spec) -> Overlay:
    """Return an overlay of so many statements, which do all that there is to do, to all that there is."""
    ids = [one.id for one in spec.principles]
    lines = []
    for number in range(count):
        operation, name = OPERATIONS[number % len(OPERATIONS)], ids[number % len(ids)]
        about = {"delegates": f"page, scope: [{name}]", "adds": "Rule", "defines": f"term {number}"}
        lines.append(f"  - {{id: s{number}, says: So it is., {operation}: {about.get(operation, name)}}}\n")
    head = "overlay: all\nupstream: {source: model_spec.md}\nholder: developer\nstatements:\n"
    found, _ = overlay_of(head + "".join(lines), "all.yaml")
    if found is None:
        message = "the overlay of the benchmark is none"
        raise SystemExit(message)
    return found


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = ps.load(release(Path(scratch)))
    some, many = overlay(200, spec), overlay(5_000, spec)
    report = check_overlays([some], spec)
    contenders = [
        function("read 200", lambda: overlay(200, spec)),
        function("check 200", lambda: check_overlays([some], spec)),
        function("resolve 200", lambda: resolved(report)),
        function("check 5,000", lambda: check_overlays([many], spec)),
    ]
    text = table("overlays on a release", compare(contenders, runs=3, at_most=BOUNDS))
    print(text)
    sys.exit("MISSED" in text)


if __name__ == "__main__":
    main()
