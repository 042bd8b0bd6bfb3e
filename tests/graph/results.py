"""Results of three runs on the library's principles."""

from __future__ import annotations

from dataclasses import replace

from sphinx_policyspec.evals.join import Join
from sphinx_policyspec.evals.measures import Rate
from sphinx_policyspec.evals.records import EvalRun
from sphinx_policyspec.evals.results import Results
from sphinx_policyspec.evals.rows import ComparedRow, ResultGroup, ResultRow

ONE = EvalRun(id="one-1", file="a", tool="inspect", model="example/one", created="2026-01-01T00:00:00Z")
TWO = EvalRun(id="two-1", file="b", tool="inspect", model="example/two")
AGAIN = EvalRun(id="two-2", file="c", tool="promptfoo", model="example/two", created="yesterday")


def result(run: EvalRun, facet: str, group: str, mean: float, prompts: int = 8) -> ResultRow:
    """Return a result whose interval is as wide as it is said to be."""
    rate = Rate(
        key={},
        prompts=prompts,
        clusters=4,
        mean=mean,
        se=0.09,
        clustered_se=0.1,
        low=mean - 0.25,
        high=mean + 0.25,
        method="t-clustered",
        answers=2 * prompts,
        excluded=1,
    )
    return ResultRow(
        run=run,
        release="" if run is AGAIN else "1",
        scorer="compliance",
        evidence="output",
        grader="another" if run is AGAIN else "g",
        group=ResultGroup(facet=facet, id=group, title=group, kind=facet),
        rate=rate,
    )


ROWS = (
    result(ONE, "provision", "tell_the_truth", 0.75),
    result(ONE, "provision", "stay_lawful", 1.0),
    result(TWO, "provision", "tell_the_truth", 0.5, prompts=6),
    result(TWO, "provision", "stay_lawful", 0.875),
    result(AGAIN, "provision", "tell_the_truth", 0.25),
    result(ONE, "level", "user", 0.75),
    result(TWO, "level", "user", 0.5),
    result(ONE, "joined", "joined", 0.875),
    result(ONE, "all", "all", 0.875),
)


def difference(group: str, mean: float, prompts: int) -> ComparedRow:
    """Return how far the first run is from the second."""
    rate = Rate(
        key={},
        prompts=prompts,
        clusters=4,
        mean=mean,
        clustered_se=0.125,
        low=mean - 0.25,
        high=mean + 0.25,
        p_holm=0.5,
    )
    provision = ResultGroup(facet="provision", id=group, title=group, kind="principle")
    return ComparedRow(
        a=ONE,
        b=TWO,
        release_a="1",
        release_b="1",
        scorer="compliance",
        evidence="output",
        grader="g",
        group=provision,
        rate=rate,
    )


RESULTS = Results(
    source="library",
    policy="as-logged",
    runs=(ONE, TWO, AGAIN),
    pins={},
    join=Join(rows=(), by_key={}, unresolved=(), disagreements=()),
    statuses={},
    rows=ROWS,
    comparison=(),
    differences=(difference("tell_the_truth", 0.375, 5), difference("stay_lawful", 0.125, 8)),
    without_result=(),
    tags_without_prompt=(),
    findings=(),
)


PAIR = replace(
    RESULTS,
    runs=(ONE, TWO),
    rows=tuple(row for row in ROWS[:4] if row.group.id == "tell_the_truth"),
    differences=RESULTS.differences[:1],
)
"""Two results, and how far one is from the other."""
