"""``python -m benchmarks.reasoning [N …]``: what follows from N copies of a release, and how long that takes."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from sphinx_policyspec.graph.terms import Blank, Iri
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.reasoning.reasoner import Reasoner
from sphinx_policyspec.reasoning.statements import Stated

BASE = "urn:policyspec:spec:"
SHARED = (f"{BASE}level/", f"{BASE}topic/")
BOUNDS = {1: 0.5, 100: 30.0}
"""Seconds of CPU that N copies may take."""
HERMIT = 10.0
"""Seconds that HermiT may take for a release."""
FEW = 10
"""Copies up to which a run is repeated."""


def copies(spec: Spec, count: int) -> Iterator[Stated]:
    """Yield the statements of a spec over and over, each time about things of another name.

    Levels and topics are shared, as releases of one organisation would share them.
    """
    triples = tuple(dict.fromkeys(triples_of(spec)))
    things = {t for triple in triples for t in triple if isinstance(t, Iri) and t.startswith(BASE)}
    own = [thing for thing in things if not thing.startswith(SHARED)]
    for number in range(count):
        names: dict[Iri | Blank, Iri] = {
            name: Iri(f"{BASE}{number}:{name.removeprefix(BASE)}") for name in own
        }
        for subject, predicate, term in triples:
            renamed = names.get(term, term) if isinstance(term, Iri) else term
            yield (names.get(subject, subject), predicate, renamed), ""


def seconds(spec: Spec, count: int) -> tuple[int, int, float]:
    """Return how many statements are given and derived, and the CPU time of deriving and looking for clashes."""
    stated = tuple(dict.fromkeys(copies(spec, count)))
    reasoner = Reasoner(lambda: stated)
    taken = []
    for _ in range(5 if count <= FEW else 1):
        start = time.process_time()
        found = reasoner.run("rules")
        taken.append(time.process_time() - start)
    return found.asserted, len(found.derived), median(taken)


def hermit_seconds(spec: Spec) -> float:
    """Return the wall time of classifying a spec, Java's start included."""
    reasoner = Reasoner.of_spec(spec)
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        reasoner.run("hermit")
        taken.append(time.perf_counter() - start)
    return median(taken)


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1, 10, 100], metavar="N")
    arguments = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as scratch:
        spec = ps.load(release(Path(scratch)))
    print(f"{'copies':>8}  {'asserted':>10}  {'derived':>8}  {'CPU':>9}  bound")
    for count in arguments.sizes:
        asserted, derived, taken = seconds(spec, count)
        bound = BOUNDS.get(count)
        kept = "" if bound is None else f"≤ {bound:g} s  {'kept' if taken <= bound else 'MISSED'}"
        missed |= bound is not None and taken > bound
        print(f"{count:8}  {asserted:10}  {derived:8}  {taken:7.2f} s  {kept}".rstrip(), flush=True)
    if shutil.which("java"):
        taken = hermit_seconds(spec)
        missed |= taken > HERMIT
        print(
            f"hermit, one copy, wall: {taken:.2f} s  ≤ {HERMIT:g} s  {'MISSED' if taken > HERMIT else 'kept'}"
        )
    sys.exit(missed)


if __name__ == "__main__":
    main()
