"""Figures of evaluations: equal to a second computation, in each engine, under each law, and with every mutant found out."""

from __future__ import annotations

import ast
import inspect
import json
import math
import os
import random
import subprocess
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import sphinx_policyspec as ps
from sphinx_policyspec.evals import measures
from sphinx_policyspec.evals.measures import rates, t_quantile, t_tail
from tests.conftest import require_package, require_tool
from tests.evals.judge import ANSWERS, PROMPTS, Sqlite, World, clustered_error, figures, interval, world

SEEDS = range(6)


def close(found: float | None, expected: float | None, within: float = 1e-9) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return math.isclose(found, expected, rel_tol=within, abs_tol=within)


def differences_from_the_judge(
    made: World, policy: str = "as-logged", texts: dict[str, str] | None = None, close_sums: Any = rates
) -> list[str]:
    """Return which figures are other than those of the judge."""
    engine = Sqlite(made, policy, texts)
    found = close_sums(
        engine.rows("rate"), engine.rows("rate", clustered=False), engine.rows("noise"), engine.rows("tally")
    )
    expected = figures(made, policy)
    told = {(one.key["run"], one.key["facet"], one.key["grp"]): one for one in found}
    wrong = [str(key) for key in told.keys() ^ expected.keys()]
    for key in told.keys() & expected.keys():
        wrong += [f"{key} {n}" for n, v in expected[key].items() if not close(getattr(told[key], n), v)]
        low, high = interval(expected[key])
        wrong += [f"{key} interval"] * (
            not close(told[key].low, low, 1e-6) or not close(told[key].high, high, 1e-6)
        )
    return wrong


@pytest.mark.parametrize("policy", ["as-logged", "clean"])
@pytest.mark.parametrize("weights", [False, True])
def test_figures_are_those_of_a_second_computation(policy: str, weights: bool) -> None:
    for seed in SEEDS:
        assert differences_from_the_judge(world(seed, weights=weights), policy) == []
        assert differences_from_the_judge(world(seed, prompts=40, clusters=40), policy) == []
        assert differences_from_the_judge(world(seed, prompts=6, clusters=1), policy) == []


def duck(made: World, name: str, policy: str = "as-logged") -> list[tuple[Any, ...]]:
    import duckdb  # noqa: PLC0415  slow to import

    base = duckdb.connect()
    types_ = {"epoch": "INTEGER", "value": "DOUBLE", "weight": "DOUBLE"}
    for table, columns, rows in (("answers", ANSWERS, made.answers), ("prompts", PROMPTS, made.prompts)):
        shape = ", ".join(f"{column} {types_.get(column, 'VARCHAR')}" for column in columns)
        base.execute(f"CREATE TABLE {table} ({shape})")
        base.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
    base.execute(f"CREATE VIEW scored AS {ps.measure(f'scored-{policy}').sql}")
    base.execute("CREATE VIEW side_a AS SELECT * FROM scored WHERE run = 'r0'")
    base.execute("CREATE VIEW side_b AS SELECT * FROM scored WHERE run = 'r1'")
    return base.execute(ps.measure(name).sql).fetchall()


def same_rows(ours: Iterable[tuple[Any, ...]], others: Iterable[tuple[Any, ...]]) -> bool:
    """Return whether two engines agree, whatever the order of their rows."""
    pairs = zip(sorted(ours, key=repr_of), sorted(others, key=repr_of), strict=True)
    return all(
        a == b if isinstance(a, str) else math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
        for row, other in pairs
        for a, b in zip(row, other, strict=True)
    )


def repr_of(row: tuple[Any, ...]) -> tuple[list[str], list[float]]:
    """Return what rows are sorted by: their texts, then their numbers, of which the last digits may differ."""
    texts = [value for value in row if isinstance(value, str)]
    return texts, [round(float(value), 6) for value in row if not isinstance(value, str)]


def lopsided() -> World:
    """Return a world of two runs, of which one lacks a prompt."""
    made = world(3, prompts=15, runs=2, weights=True)
    return World([row for row in made.answers if row[0] == "r0" or row[6] != "p4"], made.prompts)


@pytest.mark.parametrize("name", ["rate", "noise", "tally", "difference", "unpaired"])
def test_duckdb_and_sqlite_give_equal_rows(name: str) -> None:
    made = lopsided()
    assert same_rows(duck(made, name), Sqlite(made).rows(name))


VIEWS = {
    "scored": "scored-as-logged",
    "side_a": "SELECT * FROM scored WHERE run = 'r0'",
    "side_b": "SELECT * FROM scored WHERE run = 'r1'",
}


def view(name: str) -> str:
    return VIEWS[name] if " " in VIEWS[name] else ps.measure(VIEWS[name]).sql


MEASURES = ("rate", "noise", "tally", "difference", "unpaired")
Told = dict[str, list[dict[str, Any]]]
"""Rows by the measure."""


def by_datafusion(made: World) -> Told:
    datafusion = pytest.importorskip("datafusion", reason="--group harnesses")
    context = datafusion.SessionContext()
    for table, columns, rows in (("answers", ANSWERS, made.answers), ("prompts", PROMPTS, made.prompts)):
        context.from_pydict({c: [row[n] for row in rows] for n, c in enumerate(columns)}, name=table)
    for one in VIEWS:
        context.register_view(one, context.sql(view(one)))
    return {name: context.sql(ps.measure(name).sql).to_pylist() for name in MEASURES}


def by_chdb(made: World) -> Told:
    session = pytest.importorskip("chdb.session", reason="--group harnesses").Session()
    session.query("CREATE DATABASE IF NOT EXISTS d")
    session.query("USE d")
    kinds = {"epoch": "Int32", "value": "Nullable(Float64)", "weight": "Float64"}
    for table, columns, rows in (("answers", ANSWERS, made.answers), ("prompts", PROMPTS, made.prompts)):
        shape = ", ".join(f"{column} {kinds.get(column, 'String')}" for column in columns)
        session.query(f"CREATE TABLE {table} ({shape}) ENGINE = Memory")
        values = ", ".join(f"({', '.join('NULL' if v is None else repr(v) for v in row)})" for row in rows)
        session.query(f"INSERT INTO {table} VALUES {values}")
    for one in VIEWS:
        session.query(f"CREATE VIEW {one} AS {view(one)}")
    found = {}
    for name in MEASURES:
        lines = session.query(ps.measure(name).sql, "JSONEachRow").bytes().decode().splitlines()
        found[name] = [json.loads(line) for line in lines]
    session.close()
    return found


SPARK = """
import json, sys
from pyspark.sql import SparkSession

told = json.load(sys.stdin)
builder = SparkSession.builder
builder = builder.remote("local[2]") if told["is_remote"] else builder.master("local[2]")
builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
spark = builder.getOrCreate()
assert ("connect" in type(spark).__module__) == told["is_remote"]
for name, (shape, rows) in told["tables"].items():
    spark.createDataFrame([tuple(row) for row in rows], shape).createOrReplaceTempView(name)
for name, text in told["views"].items():
    spark.sql(text).createOrReplaceTempView(name)
found = {name: [row.asDict() for row in spark.sql(text).collect()] for name, text in told["measures"].items()}
print(json.dumps(found))
spark.stop()
"""


def by_spark(made: World, *, is_remote: bool = False) -> Told:
    """Run Spark in a process of its own: one has either a local session or one of Connect."""
    require_package("pyspark", "harnesses")
    require_tool("java")
    kinds = {"epoch": "INT", "value": "DOUBLE", "weight": "DOUBLE"}
    tables = {
        table: (", ".join(f"{column} {kinds.get(column, 'STRING')}" for column in columns), rows)
        for table, columns, rows in (("answers", ANSWERS, made.answers), ("prompts", PROMPTS, made.prompts))
    }
    told = {
        "is_remote": is_remote,
        "tables": tables,
        "views": {one: view(one) for one in VIEWS},
        "measures": {name: ps.measure(name).sql for name in MEASURES},
    }
    command = [sys.executable, "-W", "ignore", "-c", SPARK]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: Told = json.loads(done.stdout.splitlines()[-1])
    return found


def by_spark_connect(made: World) -> Told:
    require_package("grpc_status", "harnesses")
    return by_spark(made, is_remote=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what other engines warn of is theirs
@pytest.mark.parametrize("engine", [by_datafusion, by_chdb, by_spark, by_spark_connect])
def test_every_engine_gives_equal_rows_from_the_same_texts(engine: Callable[[World], Told]) -> None:
    made = lopsided()
    told = engine(made)
    for name in MEASURES:
        columns = ps.measure(name).columns
        expected = Sqlite(made).rows(name)
        texts = [isinstance(value, str) for value in expected[0]]
        found = [
            tuple(row[c] if is_text else float(row[c]) for c, is_text in zip(columns, texts, strict=True))
            for row in told[name]
        ]
        numbers = [tuple(v if isinstance(v, str) else float(v) for v in row) for row in expected]
        assert len(found) == len(numbers) > 0
        assert same_rows(found, numbers)
        if name in {"rate", "difference"}:
            assert all(
                close(a, b, 1e-12)
                for one, other in zip(closed(told[name]), closed(expected), strict=True)
                for a, b in zip(one, other, strict=True)
            )


@pytest.mark.slow
def test_what_the_docs_say_of_spark_runs_as_printed(tmp_path: Path) -> None:
    require_package("grpc_status", "harnesses")
    require_tool("java")
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "evaluate.md").read_text("utf-8")
    (block,) = (part.partition("```")[0] for part in page.split("```python\n") if "SparkSession" in part)
    (tmp_path / "model_spec.md").write_text(
        "# M {#m}\n\n## Be kind {#be_kind authority=user}\n\nDo.\n", "utf-8"
    )
    logs = Path(__file__).parent / "logs" / "traps.eval"
    results = ps.read_results(tmp_path / "model_spec.md", logs, store=tmp_path / "store")
    told = "print(sorted([*one.key.values(), one.mean, one.clustered_se] for one in rates))"
    command = [sys.executable, "-W", "ignore", "-c", f"{block}\n{told}"]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = ast.literal_eval(done.stdout.splitlines()[-1])
    ours: list[Any] = sorted(
        [*one.rate.key.values(), one.rate.mean, one.rate.clustered_se] for one in results.rows
    )
    assert len(found) == len(ours) > 4
    for one, other in zip(found, ours, strict=True):
        assert one[:-2] == other[:-2]
        assert all(close(a, b, 1e-12) for a, b in zip(one[-2:], other[-2:], strict=True))


def closed(rows: Any) -> list[tuple[float | None, ...]]:
    """Return the figures that follow from sums, by their groups."""
    found = sorted(rates(rows), key=lambda rate: str(sorted(rate.key.items())))
    return [(r.mean, r.clustered_se, r.low, r.high, r.p, r.p_holm, r.mde) for r in found]


def test_paired_differences_are_those_of_a_second_computation() -> None:
    made = world(5, prompts=30, clusters=9, runs=2)
    engine = Sqlite(made)
    found = rates(engine.rows("difference"), engine.rows("difference", clustered=False))
    sums: dict[tuple[str, str], list[float]] = {}
    for row in made.answers:
        if row[9] in {"scored", "filtered", "unparsable", "limit"} and row[10] is not None:
            sums.setdefault((row[0], row[6]), []).append(row[10])
    for one in found:
        members = [
            r for r in made.prompts if r[0] == "r0" and (r[2], r[3]) == (one.key["facet"], one.key["grp"])
        ]
        both = [r for r in members if ("r0", r[1]) in sums and ("r1", r[1]) in sums]
        d = np.array([np.mean(sums["r0", r[1]]) - np.mean(sums["r1", r[1]]) for r in both])
        clusters = [r[5] for r in both]
        error = clustered_error(d, np.ones(len(d)), clusters)
        assert error is not None
        degrees = len(set(clusters)) - 1
        assert close(one.mean, float(d.mean()))
        assert close(one.clustered_se, error)
        assert close(one.se, float(d.std(ddof=1) / math.sqrt(len(d))))
        assert close(one.p, float(2 * stats.t.sf(abs(d.mean() / error), degrees)), 1e-6)
        assert close(one.low, float(d.mean() - stats.t.ppf(0.975, degrees) * error), 1e-6)
        assert close(one.mde, 2.8016 * error)


def differing(p_values: list[float]) -> list[tuple[Any, ...]]:
    """Return rows of differences, five clusters each, whose p values are these."""
    rows = []
    for place, p in enumerate(p_values):
        t = float(stats.t.isf(p / 2, 4))
        # Five differences around a mean of 1 with an error of 1/t.
        spread = math.sqrt(5 * 4) / t / math.sqrt(2)
        d = np.array([1 - spread, 1, 1, 1, 1 + spread])
        ends = (5, 5, 5.0, d.sum(), (d * d).sum(), d.sum(), 5.0)
        rows.append(("a", "b", "m", "n", "", "", "", "s", "output", "provision", f"q{place}", *ends))
    return rows


def holm(p_values: list[float]) -> list[float]:
    order = np.argsort(p_values)
    steps = np.maximum.accumulate([(len(order) - rank) * p_values[n] for rank, n in enumerate(order)])
    told = np.empty(len(order))
    told[order] = np.minimum(steps, 1)
    return [float(p) for p in told]


def test_p_values_of_many_provisions_are_held_together_by_holm() -> None:
    given_p = [0.01, 0.04, 0.03, 0.005, 0.6]
    found = rates(differing(given_p))
    assert all(close(one.p, p, 1e-6) for one, p in zip(found, given_p, strict=True))
    assert all(close(one.p_holm, p, 1e-6) for one, p in zip(found, holm(given_p), strict=True))


def rate_row(values: list[float], clusters: list[str] | None = None) -> tuple[Any, ...]:
    """Return the row of prompts with these means."""
    names = clusters or [str(n) for n in range(len(values))]
    pairs: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        pairs.setdefault(name, []).append(value)
    a, w = np.array([sum(v) for v in pairs.values()]), np.array([float(len(v)) for v in pairs.values()])
    sums = (len(values), len(pairs), w.sum(), a.sum(), (a * a).sum(), (a * w).sum(), (w * w).sum())
    return ("r", "m", "", "", "s", "output", "all", "all", *sums)


def test_an_interval_is_never_a_point() -> None:
    (all_right,) = rates([rate_row([1.0] * 8)])
    assert all_right.method == "wilson"
    assert (round(all_right.low or 0, 3), all_right.high) == (0.676, 1.0)
    (few,) = rates([rate_row([0.5, 0.0, 1.0])])
    assert few.method == "wilson"
    (equal,) = rates([rate_row([0.9] * 7)])
    assert (equal.method, equal.clustered_se) == ("wilson", 0.0)
    (one,) = rates([rate_row([0.0, 1.0, 0.5, 1.0, 0.0, 1.0], ["c"] * 6)])
    assert (one.method, one.low, one.clustered_se, one.clusters) == ("one-cluster", None, None, 1)
    (plain,) = rates([rate_row([0.0, 1.0, 0.5, 1.0, 0.0, 1.0])])
    assert plain.method == "t"
    (clustered,) = rates([rate_row([0.0, 1.0, 0.5, 1.0, 0.0, 1.0], list("aabbcd"))])
    assert clustered.method == "t-clustered"


def test_values_beyond_0_and_1_have_no_interval_of_shares() -> None:
    (points,) = rates([rate_row([7.0, 6.0, 2.0])])
    assert points.method == "t"
    (equal,) = rates([rate_row([5.0] * 3)])
    assert (equal.method, equal.low) == (None, None)
    row = rate_row([0.9, 0.8, 0.7])
    tally = (*row[:8], "scored", 6, 6, 1, 4.8)
    assert rates([row], tally=[tally])[0].method == "t"
    assert rates([row], tally=[(*tally[:11], 0, 4.8)])[0].method == "wilson"


def test_students_t_is_that_of_scipy() -> None:
    for degrees in (1, 2, 3, 5, 10, 33, 100, 1000, 10_000):
        for probability in (0.9, 0.975, 0.9995):
            assert close(t_quantile(probability, degrees), float(stats.t.ppf(probability, degrees)), 1e-8)
        for value in (0.0, 1e-6, 0.1, 1.0, 2.5, 8.0, 60.0):
            assert close(t_tail(value, degrees), float(2 * stats.t.sf(value, degrees)), 1e-10)


def test_a_planned_comparison_needs_what_the_formula_says() -> None:
    assert close(ps.planned_difference(100, 0.04), 2.8016 * 0.02)
    assert close(ps.planned_difference(100, -1.0, 0.2, 0.1, (5, 2)), 2.8016 * math.sqrt(0.09 / 100))


def test_rows_are_taken_as_tuples_or_by_name_and_others_refused() -> None:
    row = rate_row([0.0, 1.0, 0.5, 1.0, 0.0])
    named = dict(zip(ps.measure("rate").columns, row, strict=True))
    assert rates([row]) == rates([named]) == rates([list(row)])
    with pytest.raises(ps.QueryError, match="columns"):
        rates([row[:-1]])
    with pytest.raises(ps.QueryError, match="did you mean `rate`"):
        ps.measure("rat")


def test_each_text_is_plain_enough_for_every_engine() -> None:
    assert {one.name for one in ps.measures()} >= {"rate", "noise", "tally", "difference", "unpaired"}
    for one in ps.measures():
        assert one.question.endswith("?")
        assert one.columns
        words = one.sql.replace("\n", " ").upper().split()
        assert "/" not in one.sql
        assert not {"ROUND", "USING", "ILIKE", "QUALIFY", "OVER", "LIST", "TRUE", "FALSE"} & {*words}


# Laws: what changes nothing.

seeds = st.integers(min_value=0, max_value=10**6)


def close_figures(made: World) -> dict[tuple[str, ...], tuple[float | None, ...]]:
    engine = Sqlite(made)
    found = rates(engine.rows("rate"), engine.rows("rate", clustered=False), engine.rows("noise"))
    return {
        (one.key["run"], one.key["facet"], one.key["grp"]): (
            one.mean,
            one.se,
            one.clustered_se,
            one.fixed_set_se,
        )
        for one in found
    }


def alike(a: dict[Any, Any], b: dict[Any, Any], places: Iterable[int] = range(4)) -> bool:
    return a.keys() == b.keys() and all(close(a[key][n], b[key][n], 1e-10) for key in a for n in places)


@settings(max_examples=12)
@given(seeds)
def test_the_order_and_names_of_things_change_nothing(seed: int) -> None:
    made = world(seed, weights=True)
    draw = random.Random(seed)
    answers, prompts = [*made.answers], [*made.prompts]
    draw.shuffle(answers)
    draw.shuffle(prompts)
    names = [f"c{n}" for n in range(5)]
    turned = dict(zip(names, draw.sample(names, len(names)), strict=True))
    renamed = [(*row[:5], turned[row[5]], row[6]) for row in prompts]
    assert alike(close_figures(made), close_figures(World(answers, renamed)))


@settings(max_examples=12)
@given(seeds)
def test_each_answer_twice_changes_neither_mean_nor_clustered_error(seed: int) -> None:
    made = world(seed)
    twice = [(*row[:8], row[8] + 100, *row[9:]) for row in made.answers]
    assert alike(close_figures(made), close_figures(World(made.answers + twice, made.prompts)), (0, 1, 2))


@settings(max_examples=12)
@given(seeds, st.sampled_from([0.25, 3.0, 1000.0]))
def test_all_weights_times_a_number_change_nothing(seed: int, factor: float) -> None:
    made = world(seed, weights=True)
    scaled = [(*row[:6], row[6] * factor) for row in made.prompts]
    assert alike(close_figures(made), close_figures(World(made.answers, scaled)))


# Wrong copies of what computes, each of which the judge must find out.

WRONG_TEXTS: dict[str, tuple[str, dict[str, str]]] = {
    "epochs as prompts": (
        "rate",
        {
            "AVG(value) AS mean_value": "value AS mean_value",
            "    GROUP BY run, model, grader, spec_release, scorer, evidence, prompt\n": "",
        },
    ),
    "sums of answers for their means": ("rate", {"AVG(value) AS mean_value": "SUM(value) AS mean_value"}),
    "answer weights for prompt weights": (
        "rate",
        {
            "AVG(value) AS mean_value": "AVG(value) AS mean_value, COUNT(*) AS repeats",
            "SUM(p.weight)": "SUM(p.weight * m.repeats)",
            "SUM(p.weight * m.mean_value)": "SUM(p.weight * m.repeats * m.mean_value)",
        },
    ),
    "clusters left out": (
        "rate",
        {", p.facet, p.grp, p.cluster_id\n": ", p.facet, p.grp, p.cluster_id, p.prompt\n"},
    ),
    "filter dropped silently": ("scored-as-logged", {"<> 'error'": "<> 'error' AND status <> 'filtered'"}),
    "filter counted where it is to be dropped": ("scored-clean", {"status = 'scored'": "status <> 'limit'"}),
    "invalidated answers counted": ("scored-as-logged", {"status <> 'invalidated' AND ": ""}),
    "errors and missing grades as 0": (
        "scored-as-logged",
        {
            "status, value\n": "status, COALESCE(value, 0.0) AS value\n",
            "value IS NOT NULL AND ": "",
            " AND status <> 'error' AND status <> 'unscored'": "",
        },
    ),
    "missing grades as 0": (
        "scored-as-logged",
        {
            "status, value\n": "status, COALESCE(value, 0.0) AS value\n",
            "value IS NOT NULL AND ": "",
            " AND status <> 'unscored'": "",
        },
    ),
    "errors counted": (
        "tally",
        {"COUNT(*) AS answers, 0 AS counted": "COUNT(*) AS answers, COUNT(*) AS counted"},
    ),
}


@pytest.mark.parametrize("name", WRONG_TEXTS)
def test_a_wrong_text_is_found_out(name: str) -> None:
    measure, changes = WRONG_TEXTS[name]
    text = ps.measure(measure).sql
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    policy = "clean" if measure == "scored-clean" else "as-logged"
    assert any(differences_from_the_judge(world(seed), policy, texts={measure: text}) for seed in SEEDS)


WRONG_CODE = {
    "C/(C-1) left out": ("squares * clusters / (clusters - 1)", "squares"),
    "one cluster has error 0": ("return mean, None\n    squares", "return mean, 0.0\n    squares"),
    "ddof 0": ('/ (int(row["k"]) - 1)', '/ int(row["k"])'),
    "weights squared left out": ("mean * mean * sww\n", "mean * mean * sw\n"),
}


def mutated(old: str, new: str) -> types.ModuleType:
    """Return the module that closes sums with other words in it."""
    source = Path(inspect.getfile(measures)).read_text("utf-8")
    assert old in source
    module = types.ModuleType("mutant")
    import sys  # noqa: PLC0415  a dataclass looks its module up

    sys.modules["mutant"] = module
    exec(compile(source.replace(old, new, 1), "mutant", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("name", WRONG_CODE)
def test_wrong_code_is_found_out(name: str) -> None:
    module = mutated(*WRONG_CODE[name])
    worlds = [world(seed) for seed in SEEDS] + [world(seed, clusters=1) for seed in SEEDS]
    assert any(differences_from_the_judge(made, close_sums=module.rates) for made in worlds)


def test_p_values_without_holm_are_found_out() -> None:
    module = mutated("(len(ranked) - rank) * ", "")
    given_p = [0.01, 0.04, 0.03]
    found = module.rates(differing(given_p))
    assert not all(close(one.p_holm, p, 1e-6) for one, p in zip(found, holm(given_p), strict=True))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what others warn of is theirs
def test_means_and_errors_are_those_of_a_weighted_regression() -> None:
    api = pytest.importorskip("statsmodels.api", reason="--group harnesses")
    made = world(7, prompts=25, clusters=7)
    values: dict[str, list[float]] = {}
    for row in made.answers:
        if row[9] in {"scored", "filtered", "unparsable", "limit"} and row[10] is not None:
            values.setdefault(row[6], []).append(row[10])
    for one in rates(Sqlite(made).rows("rate")):
        group = (one.key["facet"], one.key["grp"])
        kept = [row for row in made.prompts if (row[2], row[3]) == group and row[1] in values]
        names = sorted({row[5] for row in kept})
        each = [(v, 1 / len(values[row[1]]), names.index(row[5])) for row in kept for v in values[row[1]]]
        y, weights, clusters = map(np.array, zip(*each, strict=True))
        fit = api.WLS(y, np.ones((len(y), 1)), weights=weights).fit(
            cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False}
        )
        factor = math.sqrt(len(names) / (len(names) - 1))
        assert close(one.mean, float(fit.params[0]), 1e-12)
        assert close(one.clustered_se, float(fit.bse[0]) * factor, 1e-11)
