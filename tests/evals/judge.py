"""Figures of evaluations computed a second time, by numpy from answers alone; no code of the package."""

from __future__ import annotations

import math
import random
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

COUNTING = {"as-logged": ("scored", "filtered", "unparsable", "limit"), "clean": ("scored",)}
ANSWERS = [
    "run",
    "model",
    "grader",
    "spec_release",
    "scorer",
    "evidence",
    "prompt",
    "prompt_sha256",
    "epoch",
    "status",
    "value",
]
PROMPTS = ["run", "prompt", "facet", "grp", "joined_by", "cluster_id", "weight"]


class World(NamedTuple):
    """Answers and prompts of made-up runs, as rows of the two tables."""

    answers: list[tuple[Any, ...]]
    prompts: list[tuple[Any, ...]]


def world(seed: int, prompts: int = 12, clusters: int = 5, weights: bool = False, runs: int = 1) -> World:
    """Return a world with every status, uneven repeats, and groups that overlap."""
    draw = random.Random(seed)
    answers: list[tuple[Any, ...]] = []
    groups: list[tuple[Any, ...]] = []
    kinds = ["scored"] * 8 + ["filtered", "unparsable", "limit", "unscored", "error", "invalidated"]
    for run in range(runs):
        for n in range(prompts):
            prompt = f"p{n}"
            head = (f"r{run}", f"m{run}", "g", "2026-01-01", "s", "output", prompt, "")
            for epoch in range(1, draw.randint(1, 5) + 1):
                status = draw.choice(kinds)
                value = (
                    None if status in {"error", "unscored"} else draw.choice([0.0, 0.0, 0.25, 0.5, 1.0, 1.0])
                )
                answers.append((*head, epoch, status, value))
    for run in range(runs):
        fixed = random.Random(seed + 1)
        for n in range(prompts):
            weight = fixed.choice([0.5, 1.0, 2.0]) if weights else 1.0
            cluster = f"c{fixed.randrange(clusters)}"
            for facet, group in (("all", "all"), ("provision", f"q{n % 3}")):
                groups.append((f"r{run}", f"p{n}", facet, group, "exact", cluster, weight))
    return World(answers, groups)


class Sqlite:
    """The texts of measures, run by SQLite."""

    def __init__(
        self, made: World, policy: str = "as-logged", texts: Mapping[str, str] | None = None
    ) -> None:
        from sphinx_policyspec import measures  # noqa: PLC0415  the texts alone

        self.texts = {one.name: one.sql for one in measures()} | dict(texts or {})
        self.base = sqlite3.connect(":memory:")
        self.base.execute(f"CREATE TABLE answers ({', '.join(ANSWERS)})")
        self.base.execute(f"CREATE TABLE given ({', '.join(PROMPTS)})")
        self.base.executemany(f"INSERT INTO answers VALUES ({', '.join('?' * len(ANSWERS))})", made.answers)
        self.base.executemany(f"INSERT INTO given VALUES ({', '.join('?' * len(PROMPTS))})", made.prompts)
        self.base.execute(f"CREATE VIEW scored AS {self.texts[f'scored-{policy}']}")
        self.base.execute("CREATE VIEW side_a AS SELECT * FROM scored WHERE run = 'r0'")
        self.base.execute("CREATE VIEW side_b AS SELECT * FROM scored WHERE run = 'r1'")

    def rows(self, name: str, clustered: bool = True) -> list[tuple[Any, ...]]:
        self.base.execute("DROP VIEW IF EXISTS prompts")
        cluster = "cluster_id" if clustered else "prompt AS cluster_id"
        columns = ", ".join(cluster if column == "cluster_id" else column for column in PROMPTS)
        self.base.execute(f"CREATE VIEW prompts AS SELECT {columns} FROM given")
        return self.base.execute(self.texts[name]).fetchall()


def figures(made: World, policy: str = "as-logged") -> dict[tuple[str, str, str], dict[str, float | None]]:
    """Return mean, errors and counts by (run, facet, group)."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    every: dict[tuple[str, str], int] = defaultdict(int)
    for row in made.answers:
        every[row[0], row[6]] += 1
        if row[9] in COUNTING[policy] and row[10] is not None:
            values[row[0], row[6]].append(row[10])
    members: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in made.prompts:
        members[row[0], row[2], row[3]].append(row)
    found = {}
    for key, rows in members.items():
        kept = [row for row in rows if values[row[0], row[1]]]
        if not kept:
            continue
        given = [np.array(values[row[0], row[1]]) for row in kept]
        means = np.array([one.mean() for one in given])
        weights = np.array([row[6] for row in kept])
        clusters = [row[5] for row in kept]
        mean = float(np.average(means, weights=weights))
        counted = sum(len(one) for one in given)
        several = [(w, one) for w, one in zip(weights, given, strict=True) if len(one) > 1]
        noise = sum(w**2 * one.var(ddof=1) / len(one) for w, one in several)
        found[key] = {
            "mean": mean,
            "prompts": len(kept),
            "clusters": len(set(clusters)),
            "clustered_se": clustered_error(means, weights, clusters),
            "se": clustered_error(means, weights, [row[1] for row in kept]),
            "fixed_set_se": math.sqrt(noise) / sum(w for w, _ in several) if several else None,
            "answers": counted,
            "excluded": sum(every[row[0], row[1]] for row in rows) - counted,
            "answer_weighted_mean": float(np.concatenate(given).mean()),
        }
    return found


def clustered_error(means: Any, weights: Any, clusters: Sequence[str]) -> float | None:
    """Return the error of a weighted mean whose clusters are drawn together."""
    names = sorted(set(clusters))
    if len(names) < 2:
        return None
    rest = weights * (means - np.average(means, weights=weights))
    sums = np.array([sum(r for r, c in zip(rest, clusters, strict=True) if c == name) for name in names])
    return float(math.sqrt((sums**2).sum() * len(names) / (len(names) - 1)) / weights.sum())


def interval(told: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the interval of a mean between 0 and 1."""
    mean, error, n, clusters = (told[name] for name in ("mean", "clustered_se", "prompts", "clusters"))
    if n < 5 or (error is not None and error < 1e-12):
        from scipy.stats import binomtest  # noqa: PLC0415  knows Wilson's interval of whole numbers alone

        if float(mean * n).is_integer():
            found = binomtest(round(mean * n), n).proportion_ci(method="wilson")
            return float(found.low), float(found.high)
        z = stats.norm.ppf(0.975)
        roots = np.roots([1 + z * z / n, -(2 * mean + z * z / n), mean * mean])
        return float(min(roots)), float(max(roots))
    if error is None:
        return None, None
    half = stats.t.ppf(0.975, clusters - 1) * error
    return mean - half, mean + half
