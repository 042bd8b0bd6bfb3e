"""``python -m benchmarks.decision``: what deciding costs, of a case and of many instructions at once."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sphinx_policyspec as ps
from benchmarks.__main__ import release
from benchmarks.measure import compare, function, table
from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.model import Case
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.surveys import pairs_of, survey

ROLES = ("developer", "user", "system")
ISSUES = 40
BOUNDS = {
    "10 items": 0.05,
    "1,000 items": 1.0,
    "1,000 items of one issue": 1.0,
    "pairs of principles": 0.1,
    "survey": 3.0,
}
"""Seconds that one case, and the survey of a release, may take once the spec is loaded. A survey may
take 60 by contract; a page that waits for it should not."""


def case_of(count: int, issues: int = ISSUES) -> Case:
    """Return a case of so many messages, which want seven things on each of a few issues."""
    items = "\n".join(
        f"  - {{id: i{n}, from: {ROLES[n % 3]}, issue: issue-{n % min(issues, count // 5)}, value: {n % 7}, "
        f"mode: {'explicit' if n % 2 else 'implicit'}}}"
        for n in range(count)
    )
    ((read,), _findings) = read_cases(f"title: {count} items\nitems:\n{items}\n", "made-up.yaml")
    return read.case


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = ps.load(release(Path(scratch)))
    norms = Norms(spec)

    def decided(case: Case) -> None:
        if wrong := problems(case, norms):
            raise SystemExit(str(wrong[0]))
        decide(case, norms)

    few, many, crowd = case_of(10), case_of(1000), case_of(1000, issues=1)
    contenders = [
        function("read the YAML of 10 items", lambda: case_of(10), repeat=20),
        function("10 items", lambda: decided(few), repeat=20),
        function("1,000 items", lambda: decided(many)),
        function("1,000 items of one issue", lambda: decided(crowd)),
        function("pairs of principles", lambda: list(pairs_of(norms, ())), repeat=5),
        function("survey", lambda: survey(norms)),
    ]
    text = table("one case, the spec loaded", compare(contenders, at_most=BOUNDS))
    print(text)
    sys.exit("MISSED" in text)


if __name__ == "__main__":
    main()
