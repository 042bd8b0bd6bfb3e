"""``python -m benchmarks.records``: feedback on a release, a proposal about it, and the rows that teach it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.measure import compare, function, table
from sphinx_policyspec.api.feedback import known_releases
from sphinx_policyspec.feedback.anchors import PlainTexts

RECORDS, QUOTED = 10_000, 60
"""Records of feedback, and characters that each of them quotes."""
BOUNDS = {"feedback": 2.0, "training rows": 1.0}
TIMES = {"propose check": 3.0}


def register(releases: Sequence[ps.Spec], folder: Path) -> Path:
    """Write a register of feedback on all provisions of all releases, each with words of its own."""
    chance = random.Random(22)  # noqa: S311  nothing secret
    held = [
        (spec, texts := PlainTexts(spec), [p.id for p in spec.provisions if len(texts.of(p.id)) > QUOTED])
        for spec in releases
    ]
    lines = []
    for number in range(RECORDS):
        spec, texts, names = held[number % len(held)]
        name = chance.choice(names)
        start = chance.randrange(len(texts.of(name)) - QUOTED)
        quote = json.dumps(texts.of(name)[start : start + QUOTED], ensure_ascii=False)
        lines.append(
            f'- id: r{number}\n  title: Remark {number}\n  kind: spec-defect\n  release: "{spec.version}"\n'
            f"  provisions: [{name}]\n  quote: {quote}\n"
        )
    (folder / "feedback.yaml").write_text("".join(lines), "utf-8")
    return folder / "feedback.yaml"


def proposal(folder: Path, spec: ps.Spec, scratch: Path) -> Path:
    """Write a proposal that changes a word in the middle of a release."""
    chosen = spec.principles[len(spec.principles) // 2]
    words = " ".join(chosen.text.split()[:4])
    head = {
        "id": "one",
        "title": "One word more",
        "against": {"sha256": hashlib.sha256((folder / "model_spec.md").read_bytes()).hexdigest()},
        "edits": [{"provision": chosen.id, "find": words, "replace": f"Indeed {words}", "occurrence": 1}],
    }
    (scratch / "one.md").write_text(f"---\n{json.dumps(head)}\n---\n", "utf-8")
    return scratch / "one.md"


def bench_proposal(folder: Path, spec: ps.Spec, scratch: Path) -> str:
    """Measure trying a proposal against comparing and checking the spec that it makes."""
    file, after = proposal(folder, spec, scratch), scratch / "after"
    shutil.copytree(folder, after)
    ps.apply_proposal(after, file).write()
    ours = "propose check"
    contenders = [
        function("diff and check", lambda: (ps.diff(folder, after), ps.check(after))),
        function(ours, lambda: ps.check_proposal(folder, file)),
    ]
    return table("a proposal", compare(contenders, times_floor=TIMES))


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = release(scratch)
        spec = ps.load(folder)
        reading = partial(ps.check_feedback, folder, register(known_releases(folder, (), {}), scratch))
        contenders = [
            function("read the release", lambda: ps.load(folder)),
            function("feedback", reading),
            function("training rows", lambda: ps.training_rows(folder, examples=True)),
        ]
        parts = [
            table(
                f"{RECORDS:,} records of feedback; a row for each example",
                compare(contenders, runs=3, at_most=BOUNDS),
            ),
            bench_proposal(folder, spec, scratch),
        ]
    print("".join(parts))
    sys.exit(any("MISSED" in part for part in parts))


if __name__ == "__main__":
    main()
