"""``python -m benchmarks.overlays``: what overlays cost, once their upstream is read, and alignments."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.measure import compare, function, table
from sphinx_policyspec.alignments.sssom import read_sssom
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.resolve import resolved
from sphinx_policyspec.readers.overlays import Overlay, overlay_of

OPERATIONS = ("overrides", "narrows", "restates", "permits", "delegates", "adds", "defines")
BOUNDS = {"check 200": 1.0, "resolve 200": 1.0, "check 5,000": 3.0, "100,000 rows": 2.0}
"""Seconds that an overlay of so many statements may take once its upstream is read, and reading an alignment of so many rows."""


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


def alignment(count: int) -> str:
    """Return an alignment of so many rows as SSSOM."""
    head = "# mapping_set_id: https://example.org/a\n# curie_map: {one: 'https://example.org/one/', two: 'https://example.org/two/'}\n"
    names = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    rows = (f"one:p{n}\tskos:exactMatch\ttwo:p{n}\tsemapv:ManualMappingCuration\n" for n in range(count))
    return "".join((head, names, *rows))


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = ps.load(release(Path(scratch)))
    some, many = overlay(200, spec), overlay(5_000, spec)
    report = check_overlays([some], spec)
    rows = alignment(100_000)
    contenders = [
        function("read 200", lambda: overlay(200, spec)),
        function("check 200", lambda: check_overlays([some], spec)),
        function("resolve 200", lambda: resolved(report)),
        function("check 5,000", lambda: check_overlays([many], spec)),
        function("100,000 rows", lambda: read_sssom(rows, "a.sssom.tsv")),
    ]
    text = table("overlays on a release", compare(contenders, runs=3, at_most=BOUNDS))
    print(text)
    sys.exit("MISSED" in text)


if __name__ == "__main__":
    main()
