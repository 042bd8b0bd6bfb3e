"""Tables of results as strangers publish them: any names, shapes and grades, and figures equal to a second computation."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml

import sphinx_policyspec as ps
from sphinx_policyspec.evals.records import AnswerStatus
from sphinx_policyspec.evals.results import Results
from tests.evals.judge import World, figures
from tests.evals.test_measures import close

SECTIONS = ("be_kind", "be_brief", "be_honest")
SPEC = "# Manners {#manners}\n\n" + "\n".join(
    f"## {name} {{#{name} authority=user}}\n\nDo so.\n" for name in SECTIONS
)
MODELS = ("gpt-x", "claude-y")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ps.Spec:
    file = tmp_path_factory.mktemp("spec") / "model_spec.md"
    file.write_text(SPEC, "utf-8")
    return ps.load(file, annotate=False)


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Answer(NamedTuple):
    model: str
    item: str
    principle: str
    family: str
    trial: int
    points: int


def answers(repeats: int = 3) -> list[Answer]:
    """Return answers with points from 0 to 100, repeats numbered from 0, four families of prompts, and one prompt with fewer repeats."""
    draw = random.Random(11)
    return [
        Answer(model, f"q{n}", SECTIONS[n % 3], f"f{n % 4}", trial, draw.choice((0, 25, 50, 85, 100)))
        for n in range(13)
        for model in MODELS
        for trial in range(repeats)
        if (n, trial) != (12, 2)
    ]


def expected(
    rows: Sequence[Answer], grade: Callable[[int], float | None], clustered: bool = True
) -> dict[tuple[str, str, str], dict[str, float | None]]:
    """Return the figures of answers by numpy."""
    told = [
        (one.model, one.model, "", "", "s", "output", one.item, "", one.trial, status, value)
        for one in rows
        for value in [grade(one.points)]
        for status in ["scored" if value is not None else "unscored"]
    ]
    groups = {
        (one.model, one.item, facet, group, "", one.family if clustered else one.item, 1.0)
        for one in rows
        for facet, group in (("all", "all"), ("provision", one.principle))
    }
    return figures(World(told, sorted(groups)))


def read(spec: ps.Spec, *files: str, told: Any = None, **options: Any) -> Results:
    if told is not None:
        Path("map.yaml").write_text(yaml.safe_dump(told), "utf-8")
        options["map"] = "map.yaml"
    return ps.read_results(spec, *files, **options)


def differences(results: Results, judged: dict[tuple[str, str, str], dict[str, float | None]]) -> list[str]:
    """Return which figures are other than those of the judge, to 1e-9."""
    rows = [one for one in results.rows if one.group.facet in {"all", "provision"}]
    found = {(one.run.model, one.group.facet, one.group.id): one.rate for one in rows}
    assert len(found) == len(rows)
    wrong = [str(key) for key in found.keys() ^ judged.keys()]
    for key in found.keys() & judged.keys():
        wrong += [f"{key} {n}" for n, v in judged[key].items() if not close(getattr(found[key], n), v)]
    return wrong


def write_csv(name: str, rows: Sequence[dict[str, Any]], mark: str = ",", encoding: str = "utf-8") -> None:
    with Path(name).open("w", encoding=encoding, newline="") as file:
        to = csv.DictWriter(file, [*rows[0]], delimiter=mark)
        to.writeheader()
        to.writerows(rows)


def write_lines(name: str, rows: Sequence[dict[str, Any]]) -> None:
    Path(name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


LONG = {"prompt": "item", "model": "model", "section": "principle", "cluster": "family", "epoch": "trial"}


def as_csv(rows: Sequence[Answer]) -> tuple[str, Any]:
    write_csv("r.csv", [one._asdict() for one in rows])
    return "r.csv", {"fields": {**LONG, "value": "points"}, "scale": [0, 100]}


def as_pandas_writes_tabs(rows: Sequence[Answer]) -> tuple[str, Any]:
    write_csv("r.tsv", [{"": n, **one._asdict()} for n, one in enumerate(rows)], "\t")
    return "r.tsv", {"fields": {**LONG, "value": "points"}, "scale": [0, 100]}


def as_a_spreadsheet_of_europe(rows: Sequence[Answer]) -> tuple[str, Any]:
    told = [{**one._asdict(), "points": str(one.points / 100).replace(".", ",")} for one in rows]
    write_csv("r.csv", told, ";", "utf-8-sig")
    return "r.csv", {"fields": {**LONG, "value": "points"}}


def as_utf_16(rows: Sequence[Answer]) -> tuple[str, Any]:
    write_csv("r.csv", [one._asdict() for one in rows], "\t", "utf-16")
    return "r.csv", {"fields": {**LONG, "value": "points"}, "scale": [0, 100]}


def as_percent(rows: Sequence[Answer]) -> tuple[str, Any]:
    write_csv("r.csv", [{**one._asdict(), "points": f"{one.points} %"} for one in rows])
    return "r.csv", {"fields": {**LONG, "value": "points"}}


def as_parquet(rows: Sequence[Answer]) -> tuple[str, Any]:
    write_lines("r.jsonl", [one._asdict() for one in rows])
    chosen = "SELECT * REPLACE (CAST(points AS DECIMAL(5, 1)) AS points) FROM read_json('r.jsonl')"
    duckdb.execute(f"COPY ({chosen}) TO 'r.parquet'")
    return "r.parquet", {"fields": {**LONG, "value": "points"}, "scale": [0, 100]}


def as_nested_lines(rows: Sequence[Answer]) -> tuple[str, Any]:
    told = [
        {
            "question": {"id": one.item, "text": "Why?\nSo?", "of": {"principle": one.principle}},
            "response": {"model": one.model, "seed": 10**12 + one.trial},
            "judge": {"scores": {"overall": one.points}},
            "family": one.family,
        }
        for one in rows
    ]
    write_lines("r.jsonl", told)
    fields = {
        "prompt": "question.id",
        "model": "response.model",
        "section": "question.of.principle",
        "cluster": "family",
        "epoch": "response.seed",
        "value": "judge.scores.overall",
    }
    return "r.jsonl", {"fields": fields, "scale": [0, 100]}


def as_a_list(rows: Sequence[Answer]) -> tuple[str, Any]:
    told = [{**one._asdict(), "prompt": one.item, "section_id": one.principle} for one in rows]
    Path("r.json").write_text(json.dumps({"grader": "j", "rows": told}), "utf-8")
    return "r.json", {
        "fields": {"cluster": "family", "epoch": "trial", "value": "points"},
        "scale": [0, 100],
    }


def without_numbers_of_repeats(rows: Sequence[Answer]) -> tuple[str, Any]:
    told = [
        {
            "prompt": one.item,
            "model": one.model,
            "section_id": one.principle,
            "f": one.family,
            "v": one.points,
        }
        for one in rows
    ]
    write_csv("r.csv", told)
    return "r.csv", {"fields": {"cluster": "f", "value": "v"}, "scale": [0, 100]}


def as_wide(rows: Sequence[Answer]) -> tuple[str, Any]:
    by: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in rows:
        key = {"id": one.item, "principle": one.principle, "family": one.family, "run": one.trial}
        by.setdefault(tuple(key.values()), key)[f"{one.model} (score)"] = one.points
    write_csv("r.csv", [*by.values()])
    fields = {"section": "principle", "cluster": "family", "epoch": "run"}
    return "r.csv", {
        "fields": fields,
        "models": {f"{model} (score)": model for model in MODELS},
        "scale": [0, 100],
    }


def as_wide_with_repeats(rows: Sequence[Answer]) -> tuple[str, Any]:
    by: dict[str, dict[str, Any]] = {}
    columns = [f"{model}#{trial}" for model in MODELS for trial in range(3)]
    for one in rows:
        row = {
            "item": one.item,
            "principle": one.principle,
            "family": one.family,
            **dict.fromkeys(columns, ""),
        }
        by.setdefault(one.item, row)[f"{one.model}#{one.trial}"] = one.points
    write_csv("r.csv", [*by.values()])
    fields = {"prompt": "item", "section": "principle", "cluster": "family"}
    models = {column: column.partition("#")[0] for column in columns}
    return "r.csv", {"fields": fields, "models": models, "scale": [0, 100]}


def in_a_file_a_model(rows: Sequence[Answer]) -> tuple[str, Any]:
    Path("all").mkdir()
    for model in MODELS:
        told = [{**one._asdict(), "model": None} for one in rows if one.model == model]
        data = json.dumps(
            {"model": model, "items": [{k: v for k, v in row.items() if v is not None} for row in told]}
        )
        Path("all", f"{model}.json.gz").write_bytes(gzip.compress(data.encode()))
    Path("all", "package.json").write_text('{"name": "x", "files": [{"a": 1}]}', "utf-8")
    return "all", {"fields": {**LONG, "value": "points"}, "scale": [0, 100]}


SHAPES = [
    as_csv,
    as_pandas_writes_tabs,
    as_a_spreadsheet_of_europe,
    as_utf_16,
    as_percent,
    as_parquet,
    as_nested_lines,
    as_a_list,
    without_numbers_of_repeats,
    as_wide,
    as_wide_with_repeats,
    in_a_file_a_model,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_figures_of_a_table_are_those_of_a_second_computation(
    spec: ps.Spec, shape: Callable[[Sequence[Answer]], tuple[str, Any]]
) -> None:
    rows = answers()
    file, told = shape(rows)
    results = read(spec, file, told=told)
    judged = expected(rows, lambda points: points / 100)
    if shape is as_wide_with_repeats:
        # The third cell of the last prompt is empty: an answer that nobody graded.
        for key, figure in judged.items():
            figure["excluded"] = 1 if key[2] in {"all", SECTIONS[0]} else 0
    assert differences(results, judged) == []
    told_codes = ["repeated-result"] * 2 if shape is without_numbers_of_repeats else []
    assert [one.code for one in results.findings] == told_codes


GRADES: list[tuple[dict[str, Any], Callable[[int], Any], Callable[[int], float | None]]] = [
    ({"grades": {"A": 1, "C": 0.5, "F": 0}}, lambda p: "A" if p > 80 else "C" if p > 20 else "F",
     lambda p: 1.0 if p > 80 else 0.5 if p > 20 else 0.0),
    ({"grades": {"pass": 1, "fail": 0}}, lambda p: "Pass" if p > 30 else "FAIL", lambda p: float(p > 30)),
    ({"threshold": 50}, lambda p: p, lambda p: float(p >= 50)),
    ({"scale": [1, 7]}, lambda p: 1 + p // 20, lambda p: (p // 20) / 6),
    ({"scale": [100, 0]}, lambda p: p, lambda p: 1 - p / 100),
    ({}, lambda p: p > 30, lambda p: float(p > 30)),
    ({}, lambda p: int(p > 30), lambda p: float(p > 30)),
    ({}, lambda p: "N/A" if p == 25 else p / 100, lambda p: None if p == 25 else p / 100),
    ({}, lambda p: p / 8, lambda p: p / 8),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(GRADES)))
def test_grades_of_any_kind_count_what_the_map_says(spec: ps.Spec, place: int) -> None:
    told, write, grade = GRADES[place]
    rows = answers()
    write_csv("r.csv", [{**one._asdict(), "points": write(one.points)} for one in rows])
    results = read(spec, "r.csv", told={"fields": {**LONG, "value": "points"}, **told})
    assert differences(results, expected(rows, grade)) == []
    assert results.findings == ()


def test_grades_that_nobody_knows_are_named_and_do_not_count(spec: ps.Spec) -> None:
    write_csv("r.csv", [one_row(prompt=value, value=value) for value in ("B", "D", "1")])
    results = read(spec, "r.csv")
    told = [one.message for one in results.findings if "no numbers" in one.message]
    assert [message.partition(" of the run")[0] for message in told] == ["2 grades"]
    assert "such as `B`" in told[0]
    assert sum(one.rate.answers or 0 for one in results.rows if one.group.facet == "all") == 1


def one_row(**told: Any) -> dict[str, Any]:
    return {"prompt": "p", "model": "m", "value": 1, "section_id": "be_kind", **told}


@pytest.mark.parametrize("name", ["grader", "scorer", "evidence", "release"])
def test_rows_of_one_answer_that_differ_in_what_is_never_averaged_all_count(spec: ps.Spec, name: str) -> None:
    values = ("output", "reasoning") if name == "evidence" else ("one", "two")
    rows = [one_row(value=n, **{name: value}) for n, value in enumerate(values)]
    for order in (rows, rows[::-1]):
        write_csv("r.csv", order)
        results = read(spec, "r.csv")
        means = [one.rate.mean for one in results.rows if one.group.id == "be_kind"]
        assert (sorted(mean or 0.0 for mean in means), results.findings) == ([0.0, 1.0], ())


def test_graders_of_one_run_are_compared_each_with_itself(spec: ps.Spec) -> None:
    rows = [
        one_row(model=m, grader=g, prompt=f"p{n}")
        for n in range(2)
        for m in "ab"
        for g in ("x", "y")
        if (m, g) != ("b", "y")
    ]
    write_csv("r.csv", rows)
    results = read(spec, "r.csv", compare=("a", "b"))
    assert [(one.grader, one.rate.prompts) for one in results.comparison if one.group.facet == "all"] == [
        ("x", 2)
    ]
    assert "nothing can be compared" not in ps.render(results, "markdown")


def test_an_answer_graded_by_several_provisions_counts_for_each_and_is_one_draw(spec: ps.Spec) -> None:
    rows = [
        one_row(prompt=f"p{n}", section_id=section, value=(n + m) % 2)
        for n in range(6)
        for m, section in enumerate(SECTIONS[:2])
    ]
    write_csv("r.csv", rows)
    results = read(spec, "r.csv")
    told = {one.group.id: one.rate for one in results.rows}
    assert results.findings == ()
    assert [(told[name].prompts, told[name].mean) for name in SECTIONS[:2]] == [(6, 0.5)] * 2
    assert (told["all"].prompts, told["all"].clusters) == (12, 6)


def test_equal_rows_were_read_twice_and_others_are_repeats(spec: ps.Spec) -> None:
    write_csv("r.csv", [one_row()] * 3)
    (rate,) = {one.rate.answers for one in read(spec, "r.csv").rows}
    assert rate == 1
    write_csv("r.csv", [one_row()] * 3 + [one_row(value=0)])
    results = read(spec, "r.csv")
    assert {(one.rate.answers, one.rate.mean) for one in results.rows} == {(4, 0.75)}
    assert "each counts as a repeat" in results.findings[0].message
    write_csv("r.csv", [one_row(epoch=1), one_row(epoch=1, value=0)])
    assert {(one.rate.answers, one.rate.mean) for one in read(spec, "r.csv").rows} == {(1, 1.0)}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"error": "False"}, "scored"),
        ({"error": "None"}, "scored"),
        ({"error": "timeout"}, "error"),
        ({"status": "OK"}, "scored"),
        ({"status": "Error"}, "error"),
        ({"status": "refused"}, "filtered"),
        ({"finish_reason": "length"}, "limit"),
        ({"finish_reason": "content_filter"}, "filtered"),
    ],
)
def test_what_became_of_an_answer_is_read_of_any_column(
    spec: ps.Spec, row: dict[str, Any], status: str
) -> None:
    write_csv("r.csv", [one_row(**row)])
    results = read(spec, "r.csv", told={"statuses": {"refused": "filtered"}})
    assert [*results.statuses.values()] == [{status: 1}]
    assert results.findings == ()


def test_an_unknown_status_is_told(spec: ps.Spec) -> None:
    write_csv("r.csv", [one_row(status="refused")])
    assert "unknown status, such as `refused`" in read(spec, "r.csv").findings[0].message


def findings(results: Results) -> Iterator[tuple[str, int, str]]:
    return ((one.code, one.span.line, one.message) for one in results.findings)


def test_what_is_wrong_with_a_table_is_told_where_it_stands(spec: ps.Spec) -> None:
    Path("a.csv").write_text('prompt,model,value\n"p,m,1\n', "utf-8")
    Path("b.csv").write_text("prompt,model,model,value\np,m,m,1\n", "utf-8")
    Path("c.csv").write_text("item,llm\np,m\n", "utf-8")
    Path("d.csv").write_text("prompt,model,value\np,m,1\nq,m,1,2\n,m,1\n", "utf-8")
    Path("e.csv").write_bytes(b"prompt,model,value\np,m\xe9,1\n")
    Path("f.csv").write_text("prompt,model,mark\np,m,1\n", "utf-8")
    Path("g.parquet").write_bytes(b"PAR1 no PAR1")
    Path("h.csv").write_text("", "utf-8")
    Path("i.csv.gz").write_bytes(gzip.compress(b"prompt,model,value\np,m,1\n")[:-9])
    said = {name: [*findings(read(spec, name))] for name in sorted(one.name for one in Path().iterdir())}
    codes = {name: [(code, line) for code, line, _ in told] for name, told in said.items()}
    assert codes == {
        "a.csv": [("unusable-results", 1)],
        "b.csv": [("unusable-results", 1)],
        "c.csv": [("unusable-results", 1)],
        "d.csv": [("partial-results", 3), ("partial-results", 4)],
        "e.csv": [("partial-results", 2)],
        "f.csv": [("partial-results", 1)],
        "g.parquet": [("unusable-results", 1)],
        "h.csv": [("unusable-results", 1)],
        "i.csv.gz": [("unusable-results", 1)],
    }
    assert "`item`, `llm`" in said["c.csv"][0][2]
    assert "`mark`" in said["f.csv"][0][2]


def test_a_column_that_no_row_has_is_told(spec: ps.Spec) -> None:
    write_csv("r.csv", [one_row()])
    told = {"fields": {"epoch": "trail"}, "models": ["m1"]}
    messages = [message for _, _, message in findings(read(spec, "r.csv", told=told))]
    lacking = [message for message in messages if message.startswith("no row has the column")]
    assert [message.partition("`")[2] for message in lacking] == ["m1`", "trail`"]


def test_texts_of_prompts_are_no_ids_and_not_kept(spec: ps.Spec) -> None:
    rows = [one_row(prompt=f"Why?\n{n}{'x' * 300}") for n in range(2)]
    write_csv("r.csv", rows)
    results = read(spec, "r.csv", store="store")
    assert {len(one.prompt) for one in results.join.rows} == {16}
    kept = b"".join(file.read_bytes() for file in Path("store").rglob("*.parquet"))
    assert b"xxxxxxxx" not in kept
    assert len(read(spec, ".").runs) == 1


def test_several_scorers_may_have_a_column_each(spec: ps.Spec) -> None:
    write_csv("r.csv", [one_row(prompt=f"p{n}", tone=n % 2, facts=1) for n in range(4)])
    results = read(spec, "r.csv", told={"scorers": ["tone", "facts"]})
    told = {one.scorer: one.rate.mean for one in results.rows if one.group.facet == "all"}
    assert told == {"tone": 0.5, "facts": 1.0}


WRONG = {
    "models: [a]\nscorers: [b]\n": ("invalid-value", 2),
    "scale: [0, 10]\nthreshold: 5\n": ("invalid-value", 2),
    "scale: [1]\n": ("invalid-value", 1),
    "scale: [1, 1]\n": ("invalid-value", 1),
    "grades: {A: good}\n": ("invalid-value", 1),
    "statuses: {refused: filterd}\n": ("invalid-value", 1),
    "given: {modle: m}\n": ("unknown-key", 1),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_map_is_told_at_its_line(spec: ps.Spec, text: str) -> None:
    write_csv("r.csv", [one_row()])
    Path("map.yaml").write_text(text, "utf-8")
    found = read(spec, "r.csv", map="map.yaml").findings
    assert [(one.code, one.span.line) for one in found if one.span.file == "map.yaml"] == [WRONG[text]]


def test_the_schema_of_maps_knows_each_status() -> None:
    kinds = ps.json_schema("result-map")["properties"]["statuses"]["additionalProperties"]["enum"]
    assert {*kinds} == {*AnswerStatus}


def test_a_column_of_a_model_and_a_scorer_says_which_they_are(spec: ps.Spec) -> None:
    rows = [
        {
            "prompt": f"p{n}",
            "section_id": "be_kind",
            "x tone": n % 2,
            "x facts": 1,
            "y tone": 0,
            "y facts": 0.5,
        }
        for n in range(4)
    ]
    write_csv("r.csv", rows)
    columns = [name for name in rows[0] if " " in name]
    Path("map.yaml").write_text(
        json.dumps(
            {
                name: {column: column.split()[place] for column in columns}
                for place, name in enumerate(("models", "scorers"))
            }
        ),
        "utf-8",
    )
    found = read(spec, "r.csv", map="map.yaml")
    told = {(row.run.model, row.scorer): row.rate.mean for row in found.rows if row.group.facet == "all"}
    assert told == {("x", "tone"): 0.5, ("x", "facts"): 1.0, ("y", "tone"): 0.0, ("y", "facts"): 0.5}
    assert found.findings == ()


@pytest.mark.parametrize(("value", "told"), [([6, 7], "[6, 7]"), ({"tone": {"score": 5}}, '{"score": 5}')])
def test_a_grade_of_parts_is_told_to_be_none(spec: ps.Spec, value: object, told: str) -> None:
    Path("r.json").write_text(json.dumps([{**one_row(), "value": value}]), "utf-8")
    (found,) = read(spec, "r.json").findings
    assert (found.code, told in found.message) == ("partial-results", True)


def test_parquet_of_structs_has_the_grades_in_them(spec: ps.Spec) -> None:
    text = "SELECT 'p' AS prompt, 'm' AS model, 'be_kind' AS section_id, {'tone': 0.25::DECIMAL(4, 2), 'facts': 1} AS st"
    duckdb.execute(f"COPY ({text}) TO 'r.parquet' (FORMAT parquet)")
    Path("map.yaml").write_text("fields: {value: st}", "utf-8")
    means = {
        row.scorer: row.rate.mean
        for row in read(spec, "r.parquet", map="map.yaml").rows
        if row.group.facet == "all"
    }
    assert {*means.values()} == {0.25, 1.0}


@pytest.mark.parametrize(("threshold", "mean"), [("0.5", 0.5), ("50", 0.5), ("90", 0.0), ("10", 1.0)])
def test_a_threshold_holds_for_percentages(spec: ps.Spec, threshold: str, mean: float) -> None:
    write_csv(
        "r.csv", [{**one_row(), "prompt": f"p{n}", "value": value} for n, value in enumerate(("80%", "20%"))]
    )
    Path("map.yaml").write_text(f"threshold: {threshold}\n", "utf-8")
    (row,) = (row for row in read(spec, "r.csv", map="map.yaml").rows if row.group.facet == "all")
    assert row.rate.mean == mean


def test_commas_stand_in_numbers_and_not_in_ids_where_semicolons_part_values(spec: ps.Spec) -> None:
    lines = ("prompt;model;section_id;value", "1,5;m;be_kind;0,5", "1.5;m;be_kind;1", "2,10;m;be_kind;80,5%")
    Path("r.csv").write_text("\n".join(lines), "utf-8")
    found = read(spec, "r.csv")
    assert {one.prompt for one in found.join.rows} == {"1,5", "1.5", "2,10"}
    (row,) = (row for row in found.rows if row.group.facet == "all")
    assert row.rate.mean == pytest.approx((0.5 + 1 + 0.805) / 3)
    assert found.findings == ()
