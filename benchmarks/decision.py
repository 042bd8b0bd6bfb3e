"""``python -m benchmarks.decision``: what deciding costs, for one case of a release and for a thousand items."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.__main__ import release
from sphinx_policyspec import api
from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.model import Case, Item, Span
from sphinx_policyspec.survey import survey

ITEMS = 1_000
ONE_CASE = 0.05
"""Seconds of CPU that a case may take once the spec is loaded."""
MANY_ITEMS = 1.0
"""Seconds of CPU that a thousand items about one issue may take."""
SURVEY = 60.0
"""Seconds of CPU that the survey of a release may take."""
_TIMES = 7
_HERE = Span("benchmark", 1)

TUTORING = Case(
    title="tutoring",
    span=_HERE,
    items=(
        Item(id="hints", issue="solution", value="withhold", span=_HERE, role="developer", turn=1),
        Item(id="ignore", issue="solution", value="give", span=_HERE, role="user", turn=2),
    ),
)


def seconds(work: Callable[[], object], times: int = _TIMES) -> float:
    """Return the median CPU time of a few runs."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return median(taken)


def decided(case: Case, norms: Norms) -> None:
    """Check and decide a case."""
    if problems(case, norms):
        raise ValueError(case.title)
    decide(case, norms)


def crowds() -> dict[str, Case]:
    """Return cases of a thousand items about one issue, which differ in how they are at odds."""
    draw = random.Random(7)  # noqa: S311  a repeatable case, not a secret

    def case(title: str, roles: tuple[str, ...], values: int) -> Case:
        items = tuple(
            Item(
                id=f"i{number}",
                issue="x",
                value=number if values == ITEMS else draw.randrange(values),
                span=_HERE,
                role=draw.choice(roles),
                explicit=draw.random() < 1 / 2,
                turn=number,
            )
            for number in range(ITEMS)
        )
        return Case(title=title, span=_HERE, items=items)

    return {
        "each against each, one after the other": case("later", ("user",), ITEMS),
        "of three levels, for nine values": case("levels", ("system", "developer", "user"), 9),
    }


def main() -> int:
    """Print the figures; return 1 if one is over its bound."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = api.load(release(Path(scratch)))
    norms = Norms(spec)
    rows = {
        "one case, the lookups in the spec included": (
            seconds(lambda: decided(TUTORING, Norms(spec))),
            ONE_CASE,
        )
    }
    for name, case in crowds().items():
        rows[f"{ITEMS:,} items {name}"] = (seconds(partial(decided, case, norms)), MANY_ITEMS)
    rows["the survey of a release"] = (seconds(lambda: survey(norms), times=1), SURVEY)
    for name, (taken, bound) in rows.items():
        sys.stdout.write(f"{name:60} {taken * 1000:8.1f} ms   (at most {bound * 1000:,.0f})\n")
    return int(any(taken > bound for taken, bound in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
