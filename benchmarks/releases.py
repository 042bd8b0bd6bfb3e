"""``python -m benchmarks.releases``: what comparing releases costs, and how that grows with their size."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import sphinx_policyspec as ps
from benchmarks.measure import compare as measure
from benchmarks.measure import function, table
from benchmarks.synthetic import write_release
from sphinx_policyspec.compare import SpecDiff, compare
from sphinx_policyspec.model import Block, Principle, Prose, Provision, Spec

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "model_spec"
SIZES = (750, 1_500, 3_000, 6_000)
SECONDS_OF_RELEASES = 2.0
SECONDS_OF_THE_LARGEST = 60.0
NEAR_LINEAR = 1.5
"""How much more a principle may cost in the largest spec than in the smallest."""
_PER_CHAPTER = 50
_CHANGED = 0.1


def made_up(folder: Path, principles: int) -> Spec:
    """Return a spec with so many principles, three examples each."""
    chapters = principles // _PER_CHAPTER
    return ps.load(write_release(folder, chapters=chapters, principles=_PER_CHAPTER), annotate=False)


def revised(spec: Spec) -> Spec:
    """Return a spec of which one principle in ten has a new id, text, title, level or parent, or is gone."""
    draw = random.Random(7)  # noqa: S311  # a repeatable text, not a secret
    kept: list[Provision] = []
    for provision in spec.provisions:
        if not isinstance(provision, Principle) or draw.random() >= _CHANGED:
            kept.append(provision)
            continue
        match draw.randrange(5):
            case 0:
                kept.append(replace(provision, id=f"{provision.id}_new"))
            case 1:
                kept.append(replace(provision, blocks=tuple(map(_reworded, provision.blocks))))
            case 2:
                kept.append(replace(provision, title=f"{provision.title} now"))
            case 3:
                kept.append(replace(provision, authority="root"))
            case _:
                pass
    return replace(spec, provisions=tuple(kept))


def _reworded(block: Block) -> Block:
    if not isinstance(block, Prose):
        return block
    return replace(
        block, text=block.text.replace("guess", "reckon"), source=block.source.replace("guess", "reckon")
    )


def bench_releases() -> str:
    """Measure the diff of the published releases, read from their folders each time."""
    releases = sorted(folder for folder in DATA.iterdir() if folder.is_dir())
    contenders = [function("read both releases", partial(_read, *releases[-2:]))]
    limits = {}
    for old, new in pairwise(releases):
        name = f"read and compare {old.name} and {new.name}"
        contenders.append(function(name, partial(ps.diff, old, new)))
        limits[name] = SECONDS_OF_RELEASES
    return table("two releases", measure(contenders, at_most=limits))


def _read(*folders: Path) -> list[Spec]:
    return [ps.load(folder) for folder in folders]


def bench_sizes() -> tuple[str, bool]:
    """Measure the diff of made-up specs of several sizes; tell whether it keeps the bounds."""
    lines = ["principles  seconds  ms per principle  changes"]
    each: list[float] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            old = made_up(Path(name) / "2026-01-01", size)
        new = revised(old)
        start = time.process_time()
        diff: SpecDiff = compare(old, new)
        seconds = time.process_time() - start
        each.append(1_000 * seconds / size)
        lines.append(f"{size:10}  {seconds:7.2f}  {each[-1]:16.2f}  {len(diff.changes):7}")
    kept = seconds <= SECONDS_OF_THE_LARGEST and each[-1] <= NEAR_LINEAR * each[0]
    bound = f"at most {SECONDS_OF_THE_LARGEST:.0f} s, {NEAR_LINEAR} × the cost per principle of the smallest"
    lines.append(f"{bound}: {'kept' if kept else 'MISSED'}")
    return "\n".join(lines) + "\n", kept


def main() -> None:
    """Run both; exit 1 if a bound is missed."""
    missed = False
    if DATA.is_dir():
        text = bench_releases()
        print(text, flush=True)
        missed = "MISSED" in text
    text, kept = bench_sizes()
    print(text)
    sys.exit(missed or not kept)


if __name__ == "__main__":
    main()
