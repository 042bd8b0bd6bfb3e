"""Results joined to a spec: each key, what stays unresolved, the store, comparisons, and what the command prints."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.evals.join import read_map
from sphinx_policyspec.evals.prompts import digest_of_prompt, digest_of_spec
from sphinx_policyspec.evals.records import ReadingRules, ResultMap, epoch_of
from sphinx_policyspec.evals.result_files import read_files
from sphinx_policyspec.evals.results import Results
from tests.conftest import Run
from tests.evals.judge import World, figures, interval
from tests.evals.test_inspect_logs import told_by_api
from tests.evals.test_measures import close

LOGS = Path(__file__).parent / "logs"
SPEC = """\
# Manners {#manners}

## Be kind {#be_kind authority=user}

The assistant is kind to everybody whom it meets[^a1b2].

## Be brief {#be_brief authority=guideline}

Use few words.

## Be honest {#be_honest authority=root}

Never lie[^d4e5].
"""
OLDER = SPEC.replace("be_kind", "be_kindly").replace(
    "## Be honest", "## Be quick {#be_quick authority=user}\n\nHurry.\n\n## Be honest"
)
PROMPTS = "# Be kind\n\n~~~xml\n<user>\nWhy?\n</user>\n~~~\n"
SIDECAR = "provisions: {be_kind: {aliases: [be_nice]}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two releases, a sidecar, and a folder for results."""
    monkeypatch.chdir(tmp_path)
    for version, text in (("2025-01-01", OLDER), ("2026-01-01", SPEC)):
        release = tmp_path / "all" / version
        (release / "examples").mkdir(parents=True)
        (release / "model_spec.md").write_text(text, "utf-8")
        (release / "examples" / "a1b2.md").write_text(PROMPTS, "utf-8")
    (tmp_path / "side.yaml").write_text(SIDECAR, "utf-8")
    return tmp_path


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def row(prompt: str, value: Any = 1, model: str = "m1", **told: Any) -> dict[str, Any]:
    return {"prompt": prompt, "model": model, "value": value, **told}


def read(*files: str | Path, source: Any = "all/2026-01-01", **options: Any) -> Results:
    if isinstance(source, str):
        source = ps.load(source, annotations="side.yaml")
    return ps.read_results(source, *files, **options)


def joined(results: Results) -> dict[str, tuple[list[str], str]]:
    """Return the provisions of each prompt and the key that led there."""
    found: dict[str, tuple[list[str], str]] = {}
    for one in results.join.rows:
        groups, _ = found.setdefault(one.prompt, ([], one.joined_by))
        if one.facet == "provision":
            groups.append(one.grp)
    return found


def test_each_key_leads_to_its_provision_and_the_first_wins(folder: Path) -> None:
    spec = ps.load("all/2026-01-01", annotations="side.yaml")
    (prompt,) = spec.prompts
    rows = [
        row("p1", tests=["be_brief", "be_honest"], section_id="be_kind"),
        row("p2", section_id="be_kind"),
        row("p3", section_id="be_kind {#be_kind authority=user}"),
        row("p4", section_id="be_nice"),
        row("p5", section_id="be_kindly", release="2025-01-01"),
        row("p6", focus_id="d4e5", section_id="nothing"),
        row(prompt.id),
        row("p8", prompt_sha256=digest_of_prompt(prompt)),
        row("p9", section_id="KIND"),
        row("p10", section_id="be_hones"),
        row("p11", section_id="be_quick"),
        row("p12"),
    ]
    mapped = folder / "map.yaml"
    mapped.write_text("provisions: {KIND: be_kind}\n", "utf-8")
    older = ps.load("all/2025-01-01", annotate=False)
    results = ps.read_results((older, spec), written(folder / "r.jsonl", rows), map=mapped)
    assert joined(results) == {
        "p1": (["be_brief", "be_honest"], "tests"),
        "p2": (["be_kind"], "exact"),
        "p3": (["be_kind"], "cleaned"),
        "p4": (["be_kind"], "alias"),
        "p5": (["be_kind"], "rename"),
        "p6": (["be_honest"], "focus"),
        prompt.id: (["be_kind"], "prompt"),
        "p8": (["be_kind"], "prompt"),
        "p9": (["be_kind"], "map"),
        "p10": ([], ""),
        "p11": ([], ""),
        "p12": ([], ""),
    }
    assert results.join.joined == 9
    assert [tuple(one) for one in results.join.unresolved] == [
        ("be_hones", 1, "be_honest", ""),
        ("be_quick", 1, "", "2025-01-01"),
        ("p12", 1, "", ""),
    ]


def test_a_prompt_counts_once_in_each_group(folder: Path) -> None:
    file = written(
        folder / "r.jsonl", [row("p1", tests=["be_kind", "be_brief"]), row("p2", 0, tests=["be_kind"])]
    )
    told = {(one.group.facet, one.group.id): one.rate for one in read(file).rows}
    assert {key: rate.prompts for key, rate in told.items()} == {
        ("provision", "be_kind"): 2,
        ("provision", "be_brief"): 1,
        ("chapter", "manners"): 2,
        ("level", "user"): 2,
        ("level", "guideline"): 1,
        ("joined", "joined"): 2,
        ("all", "all"): 2,
    }
    assert told["chapter", "manners"].mean == 0.5


def test_what_contradicts_and_what_has_no_result_is_told(folder: Path) -> None:
    file = written(folder / "r.jsonl", [row("p1", section_id="be_brief", focus_id="a1b2")])
    results = read(file)
    assert [one.section for one in results.join.disagreements] == ["be_brief"]
    assert [finding.code for finding in results.findings] == ["contradicting-ids"]
    assert results.without_result == ("be_kind", "be_honest")
    assert results.tags_without_prompt == ("d4e5",)


def test_a_section_that_holds_the_tag_contradicts_nothing(folder: Path) -> None:
    file = written(folder / "r.jsonl", [row("p1", section_id="manners", focus_id="a1b2")])
    assert read(file).join.disagreements == ()


def test_graders_evidence_scorers_and_releases_are_never_averaged_together(folder: Path) -> None:
    rows = [
        row("p1", section_id="be_kind"),
        row("p2", 0, section_id="be_kind", scorer="other"),
        row("p3", 0, section_id="be_kind", evidence="reasoning"),
        row("p4", 0, section_id="be_kind", release="2025-01-01"),
    ]
    results = read(written(folder / "r.jsonl", rows))
    found = [one for one in results.rows if one.group.id == "be_kind"]
    assert [one.rate.prompts for one in found] == [1, 1, 1, 1]
    every = read(folder / "r.jsonl", evidence="output").rows
    assert len([one for one in every if one.group.id == "be_kind"]) == 3


def test_policies_keep_or_drop_what_was_cut_off_and_say_so(folder: Path) -> None:
    rows = [
        row("p1", 0, status="filtered"),
        row("p2", 1),
        row("p3", 0, stop_reason="max_tokens"),
        row("p4", None),
    ]
    file = written(folder / "r.jsonl", rows)
    (logged,) = [one.rate for one in read(file).rows]
    (clean,) = [one.rate for one in read(file, policy="clean").rows]
    assert logged.mean == pytest.approx(1 / 3)
    assert (logged.prompts, logged.excluded) == (3, 1)
    assert (clean.mean, clean.prompts, clean.excluded) == (1.0, 1, 3)


def test_clusters_are_those_of_the_samples_or_those_asked_for(folder: Path) -> None:
    rows = [
        row(f"p{n}", n % 2, section_id="be_kind", focus_id=f"f{n // 3}", team=f"t{n // 2}") for n in range(6)
    ]
    file = written(folder / "r.jsonl", rows)

    def clusters(**options: Any) -> int:
        return next(one.rate.clusters for one in read(file, **options).rows if one.group.facet == "all")

    assert (clusters(), clusters(cluster="team"), clusters(cluster="prompt")) == (2, 3, 6)
    written(file, [{**one, "scenario": "s"} for one in rows])
    assert clusters() == 1
    read(file, store="store")
    file = folder / "store"
    assert (clusters(), clusters(cluster="focus_id"), clusters(cluster="prompt")) == (1, 2, 6)


@pytest.mark.parametrize("name", ["r.jsonl", "store"])
def test_a_field_that_no_answer_has_is_told(folder: Path, name: str) -> None:
    read(written(folder / "r.jsonl", [row("p1", section_id="be_kind", scenario="s")]), store="store")
    (told,) = read(folder / name, cluster="team").findings
    assert (told.code, "has the field `team`" in told.message) == ("partial-results", True)


def test_a_weight_below_0_is_told_and_weighs_1(folder: Path) -> None:
    rows = [row(f"p{n}", section_id="be_kind", w=w) for n, w in enumerate([2, 0, -1, "x", None])]
    mapped = folder / "map.yaml"
    mapped.write_text("fields: {weight: w}\n", "utf-8")
    results = read(written(folder / "r.jsonl", rows), map=mapped)
    assert "`w` is no number from 0 on in 3 answers" in results.findings[0].message
    assert {one.prompt: one.weight for one in results.join.rows} == {
        "p0": 2.0,
        "p1": 0.0,
        "p2": 1.0,
        "p3": 1.0,
        "p4": 1.0,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [(2, 2), ("3", 3), (4.0, 4), (1.5, 1), (True, 1), (None, 1), (0, 0), (-2, 1), (2**31, 1), (10**30, 1)],
)
def test_an_epoch_that_there_cannot_be_is_the_first(given: Any, told: int) -> None:
    assert epoch_of(given) == told


@pytest.mark.parametrize("value", [1e308, -(10**400), float("inf"), float("nan"), "1e999"])
def test_a_grade_whose_square_is_no_number_is_none(folder: Path, value: Any) -> None:
    rows = [
        row(f"p{n}", value if n == 1 else n, section_id="be_kind", epoch=e) for n in range(3) for e in (1, 2)
    ]
    rate = read(written(folder / "r.jsonl", rows)).rows[0].rate
    assert (rate.mean, rate.prompts, rate.excluded) == (1.0, 2, 2)


def replaced(value: Any) -> Iterator[Any]:
    """Yield JSON with each of its parts replaced by one of another type."""
    yield from (3, [[1]], {"a": {"b": 1}})
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            for other in replaced(part):
                changed = value.copy()
                changed[key] = other
                yield changed


@pytest.mark.parametrize("kind", ["traps.json", "out.json", "plain.jsonl"])
def test_a_log_with_any_part_of_another_type_is_read_or_told(
    tmp_path: Path, model_spec_data: Path, kind: str
) -> None:
    if kind == "traps.json":
        log = json.loads((LOGS / kind).read_text("utf-8"))
        sample = {name: log["samples"][0][name] for name in ("id", "epoch", "output", "metadata", "scores")}
        log = {**{name: log[name] for name in ("version", "status", "eval")}, "samples": [sample]}
    elif kind == "out.json":
        log = json.loads((model_spec_data.parent / "promptfoo" / kind).read_text("utf-8"))
        (result, *_) = log["results"]["results"]
        parts = (
            "id",
            "provider",
            "prompt",
            "metadata",
            "testCase",
            "response",
            "gradingResult",
            "namedScores",
            "score",
        )
        log = {"results": {"results": [{name: result[name] for name in parts}]}}
    else:
        log = {
            **row("p", {"a": 1}),
            "metadata": {"section_id": "s"},
            "tests": ["t"],
            "epoch": 1,
            "input": [{"role": "user"}],
        }
    rules = ReadingRules(
        map=ResultMap(fields={"weight": "w", "section": "part"}), cluster="scenario", keep_text=True
    )
    file = tmp_path / kind
    for changed in replaced(log):
        file.write_text(json.dumps(changed), "utf-8")
        runs, findings = read_files([file], rules)
        assert any(one.answers for one in runs) or findings
        for answer in (answer for one in runs for answer in one.answers):
            assert all(isinstance(part, str | float | int | None) for part in answer)


def test_what_cannot_be_read_is_told_at_its_line_and_counted(folder: Path) -> None:
    good = json.dumps(row("p1", section_id="be_kind"))
    (folder / "r.jsonl").write_text(f'\nno\n{good}\n{good}\n\n{good}\n{{"model": "m"}}\n', "utf-8")
    found = sorted((one.code, one.span.line, one.message) for one in read("r.jsonl").findings)
    assert [(code, line) for code, line, _ in found] == [
        ("partial-results", 2),
        ("partial-results", 7),
        ("repeated-result", 1),
    ]
    assert "occur twice: 2," in found[-1][2]


def test_a_folder_without_results_is_told_and_one_whose_files_were_named_is_not(folder: Path) -> None:
    (folder / "logs").mkdir()
    (folder / "logs" / "package.json").write_text("{}", "utf-8")
    assert [one.code for one in read("logs").findings] == ["unusable-results"]
    file = written(folder / "logs" / "r.jsonl", [row("p1", section_id="be_kind")])
    assert read("logs").findings == read(file, "logs").findings == ()


def test_only_logs_need_duckdb(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert len(read().without_result) == 3
    file = written(folder / "r.jsonl", [row("p1")])
    status, _, said = run("results", "all/2026-01-01", file)
    assert (status, said.count("duckdb")) == (2, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--baseline", "m1"], "--results"),
        (["--results", "r.jsonl", "--baseline", "m2"], "no run or model `m2`"),
    ],
)
def test_a_handbook_refuses_a_baseline_that_is_no_run(
    folder: Path, run: Run, given: list[str], told: str
) -> None:
    written(folder / "r.jsonl", [row("p1", section_id="be_kind")])
    status, _, said = run("handbook", "all/2026-01-01", "-o", "site", *given)
    assert (status, told in said, (folder / "site").exists()) == (2, True, False)


def test_a_lock_of_an_older_text_leads_from_its_ids(folder: Path, run: Run) -> None:
    file = written(folder / "r.jsonl", [row("p1", section_id="be_kindly"), row("p2", section_id="be_quick")])
    assert run("lock", "all/2025-01-01", "-o", "old.lock")[0] == 0
    assert joined(read(file)) == {"p1": ([], ""), "p2": ([], "")}
    assert joined(read(file, lock="old.lock")) == {"p1": (["be_kind"], "rename"), "p2": ([], "")}
    _, out, _ = run("results", "all/2026-01-01", file, "--lock", "old.lock", "--format", "json")
    assert json.loads(out)["join"]["by_key"] == {"rename": 1}
    status, _, said = run("results", "all/2026-01-01", file, "--lock", "r.jsonl")
    assert (status, "not a lock" in said) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ["results", "all/2026-01-01", "nowhere", "bad.eval", "r.jsonl"],
        ["query", "all/2026-01-01", "results-by-principle"],
        ["graph", "all/2026-01-01", "--format", "trig"],
        ["diff", "all/2025-01-01", "all/2026-01-01"],
        ["handbook", "all/2026-01-01", "-o", "site"],
    ],
    ids=lambda command: command[0],
)
def test_what_cannot_be_used_loses_nothing_else_and_is_status_2_at_each_door(
    folder: Path, run: Run, command: list[str]
) -> None:
    written(folder / "r.jsonl", [row("p1", section_id="be_kind")])
    (folder / "bad.eval").write_text("no archive", "utf-8")
    named = (
        [] if command[0] == "results" else [f"--results={one}" for one in ("nowhere", "bad.eval", "r.jsonl")]
    )
    status, out, said = run(*command, *named)
    assert (status, said.count("[unusable-results]"), said.count("error:")) == (2, 2, 2)
    page = folder / "site" / "manners.html"
    told = page.read_text("utf-8") if page.exists() else out
    assert "m1" in told or (command[0] == "diff" and "be_quick" in told)


def test_a_graph_with_results_is_that_of_the_spec_and_one_more(folder: Path, run: Run) -> None:
    file = written(
        folder / "r.jsonl", [row("p1", section_id="be_kind"), row("p2", 0, section_id="be_honest")]
    )
    plain = run("graph", "all/2026-01-01", "--format", "nq")[1].splitlines()
    status, out, _ = run("graph", "all/2026-01-01", "--format", "nq", "--results", file)
    more = [line for line in out.splitlines() if line not in set(plain)]
    assert status == 0
    assert set(plain) < set(out.splitlines())
    assert {line.rsplit(" ", 2)[1] for line in more} == {"<urn:policyspec:spec:results>"}
    alone = run("results", "all/2026-01-01", file, "--format", "trig")[1]
    assert alone in run("graph", "all/2026-01-01", "--format", "trig", "--results", file)[1]
    (folder / "with.trig").write_bytes(
        ps.to_rdf("all/2026-01-01", "trig", beside=ps.Beside(results=read(file)))
    )
    spec = ps.load("all/2026-01-01")
    assert ps.load("with.trig").principles == spec.principles
    assert ps.ask("with.trig", "hard-rules").rows == ps.ask(spec, "hard-rules").rows
    status, _, said = run("graph", "all/2026-01-01", "--results", file)
    assert (status, "nq or trig" in said) == (2, True)


OTHER = (
    SPEC.replace("is kind to", "must be kind to")
    .replace("be_brief authority=guideline", "be_brief authority=user")
    .replace("be_honest", "be_true")
)


@pytest.mark.parametrize(
    ("told", "is_named"),
    [
        ({}, True),
        ({"release": "2026-01-01"}, True),
        ({"release": "2027-01-01"}, False),
        ({"release": "2025-01-01"}, False),
        ({"spec_sha256": "0" * 64}, False),
    ],
)
def test_a_change_names_the_runs_that_it_makes_stale(
    folder: Path, run: Run, told: dict[str, str], is_named: bool
) -> None:
    (folder / "all" / "2027-01-01").mkdir()
    (folder / "all" / "2027-01-01" / "model_spec.md").write_text(OTHER, "utf-8")
    file = written(
        folder / "r.jsonl",
        [row(f"p{n}", section_id=id_, **told) for n, id_ in enumerate(("be_kind", "be_brief", "be_honest"))],
    )
    releases = ps.load("all/2026-01-01"), ps.load("all/2027-01-01")
    found = ps.diff(*releases, results=[file])
    named = {(one.kind.value, one.id) for one in found.changes if one.reach.results}
    assert named == ({("text", "be_kind"), ("level-raised", "be_brief")} if is_named else set())
    assert found == ps.diff(*releases, results=file)
    assert found == ps.diff(*releases, results=ps.read_results(releases[0], file))
    command = "diff", "all/2026-01-01", "all/2027-01-01", "--results", file
    printed = json.loads(run(*command, "--format", "json")[1])["changes"]
    assert sum("results" in one["reach"] for one in printed) == len(named)
    assert run(*command, "--format", "markdown")[1].count("results of m1") == len(named)


def test_a_plain_section_is_a_part_of_its_principle_for_stale_results(folder: Path) -> None:
    for name, text in (("old.md", "can cost"), ("new.md", "must never cost")):
        (folder / name).write_text(f"{SPEC}\n### Why {{#why}}\n\nLies {text} trust.\n", "utf-8")
    file = written(folder / "r.jsonl", [row("p1", section_id="be_honest"), row("p2", section_id="manners")])
    (change,) = ps.diff("old.md", "new.md", results=[file]).changes
    assert (change.id, len(change.reach.results)) == ("why", 1)


def test_rows_that_would_look_alike_are_told_apart(folder: Path, run: Run) -> None:
    rows = [
        row("p1", section_id="be_kind", release="1"),
        row("p1", 0, section_id="be_kind", release="2", epoch=2),
        row("p1", model="m2", section_id="be_kind", release="1"),
    ]
    file = written(folder / "r.jsonl", rows)
    found = read(file, compare=("m2", "m1")).comparison
    assert [(one.release_a, one.release_b, one.rate.mean) for one in found] == [
        ("1", "1", 0.0),
        ("1", "2", 1.0),
    ] * 5
    out = run("results", "all/2026-01-01", file, "--compare", "m2", "m1")[1]
    heads = [line.split() for line in out.splitlines() if line.startswith("group")]
    assert ["release" in heads[0], "release_b" in heads[1], "release_a" in heads[1]] == [True, True, False]


@pytest.mark.parametrize("option", ["evidence", "policy", "by"])
def test_an_unknown_choice_is_refused(folder: Path, option: str) -> None:
    with pytest.raises(ps.SchemaError, match=r"unknown \w+ `outptu`"):
        read(written(folder / "r.jsonl", [row("p1")]), **{option: "outptu"})


def test_a_comparison_tells_what_it_leaves_out(folder: Path, run: Run) -> None:
    rows = [
        row("p1", section_id="be_kind"),
        row("p1", model="m2", section_id="be_kind"),
        row("p2", model="m2"),
    ]
    file = written(folder / "r.jsonl", rows)
    said = run("results", "all/2026-01-01", file, "--compare", "m1", "m2")[2]
    assert "value: 1 prompt is compared; 0 that m1-" in said
    written(file, [{**one, "grader": f"of {one['model']}"} for one in rows])
    assert (
        "graded by of m1 and of m2: nothing can be compared"
        in run("results", "all/2026-01-01", file, "--compare", "m1", "m2")[2]
    )


def test_a_map_names_fields_and_its_unknown_keys_are_findings(folder: Path) -> None:
    file = written(folder / "r.jsonl", [{"q": "p1", "llm": "m", "value": 1, "part": "be_kind", "w": 2}])
    mapped = folder / "map.yaml"
    mapped.write_text("fields: {prompt: q, model: llm, section: part, weight: w}\nfild: {}\n", "utf-8")
    results = read(file, map=mapped)
    assert [(f.code, f.span.line) for f in results.findings] == [("unknown-key", 2)]
    assert joined(results)["p1"] == (["be_kind"], "exact")
    assert {one.weight for one in results.join.rows} == {2.0}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fields: {prompt: q, weight: w}\nprovisions: {Kindness: be_kind}\n", ""),
        ("fields:\nprovisions:\n", ""),
        ("fields: {promt: q}\n", "unknown-key"),
        ("fields: [q]\n", "wrong-type"),
        ("provisions: [q]\n", "wrong-type"),
        ("- fields\n", "wrong-type"),
    ],
)
def test_the_schema_of_maps_refuses_what_the_reader_does(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(text, "utf-8")
    assert {one.code for one in read_map(file)[1]} == ({code} if code else set())
    assert Draft202012Validator(ps.json_schema("result-map")).is_valid(yaml.safe_load(text)) == (not code)


def test_a_map_to_a_provision_that_there_is_not_is_told(folder: Path) -> None:
    (folder / "map.yaml").write_text("provisions:\n  Kindness: be_kin\n", "utf-8")
    results = read(written(folder / "r.jsonl", [row("p1", section_id="Kindness")]), map="map.yaml")
    told = [(one.code, one.span.line, one.hint) for one in results.findings]
    assert told == [("unknown-provision", 2, "did you mean `be_kind`?")]


def test_a_pin_tells_whether_this_text_was_graded(folder: Path) -> None:
    digest = digest_of_spec(ps.load("all/2026-01-01"))
    rows = [
        row("p1", model="same", spec_sha256=digest),
        row("p1", model="other", spec_sha256="00"),
        row("p1", model="named", release="2025-01-01"),
        row("p1", model="silent"),
    ]
    results = read(written(folder / "r.jsonl", rows))
    assert {run.model: results.pins[run.id] for run in results.runs} == {
        "same": True,
        "other": False,
        "named": False,
        "silent": None,
    }


def files_of(store: Path) -> dict[str, bytes]:
    return {
        file.relative_to(store).as_posix(): file.read_bytes() for file in sorted(store.rglob("*.parquet"))
    }


def test_a_store_takes_each_run_once_and_another_source_changes_the_prompts_alone(folder: Path) -> None:
    store = folder / "st[o]re"
    first = ps.render(read(LOGS / "traps.eval", LOGS / "failed.eval", store=store), "json")
    before = files_of(store)
    assert len(before) == 4
    assert ps.render(read(LOGS / "failed.eval", LOGS / "traps.eval", store=store), "json") == first
    assert files_of(store) == before
    assert ps.render(read(store), "csv") == ps.render(read(LOGS / "traps.eval", LOGS / "failed.eval"), "csv")
    other = ps.load("all/2025-01-01", annotate=False)
    read(store, source=other, store=store)
    after = files_of(store)
    changed = {name for name in before if before[name] != after[name]}
    assert changed
    assert {name.partition("/")[0] for name in changed} == {"prompts"}


def test_a_store_keeps_the_newest_log_of_a_run_whatever_comes_first(folder: Path) -> None:
    for order in (("failed", "retried"), ("retried", "failed")):
        store = folder / "-".join(order)
        for name in order:
            results = read(LOGS / f"{name}.eval", store=store)
        assert [run.file for run in read(store).runs] == [str(LOGS / "retried.eval")]
    assert "repeated-result" in [finding.code for finding in results.findings]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("policy", ["as-logged", "clean"])
@pytest.mark.parametrize("scorer", ["points", "parts/length"])
def test_figures_of_a_real_log_follow_from_what_the_api_of_inspect_reads(policy: str, scorer: str) -> None:
    told = json.loads((LOGS / "api.json.txt").read_text("utf-8"))["traps.eval"]
    scenarios = {sample["id"]: sample["scenario"] for sample in told}
    sections = {"be_kind {#be_kind authority=user}": "be_kind", "be_nice": "be_kind", "no_such_principle": ""}
    answers: list[tuple[Any, ...]] = []
    groups: list[tuple[Any, ...]] = []
    for prompt, epoch, name, value, status in told_by_api("traps"):
        if name == scorer:
            answers.append(("r", "m", "g", "", "s", "output", prompt, "", epoch, status, value))
    for sample in told:
        if sample["epoch"] == 1:
            given = sample["section"]
            # The one without a section has the eval tag of `be_kind`.
            group = sections.get(given, given) if given else "be_kind"
            cluster = scenarios[sample["id"]] or sample["id"]
            for facet, id_ in (("all", "all"), *([("provision", group)] if group else [])):
                groups.append(("r", sample["id"], facet, id_, "", cluster, 1.0))
    expected = figures(World(answers, groups), policy)
    found = {
        ("r", one.group.facet, one.group.id): one.rate
        for one in read(LOGS / "traps.eval", policy=policy).rows
        if one.scorer == scorer and one.group.facet in {"all", "provision"}
    }
    assert found.keys() == expected.keys()
    for key, figure in expected.items():
        assert [n for n, v in figure.items() if not close(getattr(found[key], n), v)] == []


FOREIGN = {
    "run": "'another' AS run",
    "status": "'fine' AS status",
    "evidence": "'smell' AS evidence",
    "number": "CAST('inf' AS DOUBLE) AS value",
    "type": "'1' AS value",
    "no tests": "CAST(NULL AS VARCHAR) AS tests_raw",
    "no weight": "CAST(NULL AS DOUBLE) AS weight_raw",
    "negative weight": "CAST(-1 AS DOUBLE) AS weight_raw",
    "unknown weight": "CAST('nan' AS DOUBLE) AS weight_raw",
}
"""What our files hold otherwise."""


@pytest.mark.parametrize("kind", ["renamed", "damaged", "other", "fewer", "twice", *FOREIGN])
def test_a_file_of_a_store_that_is_not_ours_is_left_out_and_the_others_are_read(
    folder: Path, kind: str
) -> None:
    read(LOGS / "retried.eval", store=folder / "store")
    (file,) = (folder / "store" / "answers").iterdir()
    good = written(folder / "r.jsonl", [row("p1", section_id="be_kind")])
    read(good, store=folder / "store")
    if kind == "renamed":
        file.rename(file.with_name("other.parquet"))
    elif kind == "damaged":
        file.write_bytes(file.read_bytes()[:200])
    else:
        told = f"(KV_METADATA {{policyspec: '{json.dumps({'id': file.stem})}'}}, FORMAT parquet)"
        other = {
            "other": "SELECT 1 AS n",
            "fewer": "SELECT * EXCLUDE (weight_raw) FROM old",
            "twice": "FROM old UNION ALL SELECT * REPLACE (0.25 AS value) FROM old",
        }.get(kind)
        with duckdb.connect() as base:
            base.execute(f"CREATE TABLE old AS FROM '{file}'")
            chosen = other or f"SELECT * REPLACE ({FOREIGN[kind]}) FROM old"
            base.execute(f"COPY ({chosen}) TO '{file}' {told if kind != 'other' else ''}")
    results = read(folder / "store", store=folder / "copy")
    (found,) = results.findings
    assert (found.code, "read the logs again" in found.message) == ("unusable-results", True)
    assert [run.model for run in results.runs] == ["m1"]
    assert {one.stem for one in (folder / "copy").rglob("*.parquet")} == {results.runs[0].id}


def test_texts_are_kept_where_that_is_asked_for_alone(folder: Path, model_spec_data: Path) -> None:
    promptfoo = model_spec_data.parent / "promptfoo" / "out.json"
    file = written(folder / "r.jsonl", [row("p1", input='Why\n"so"?', output="Because, yes.")])
    read(LOGS / "retried.eval", promptfoo, file, store=folder / "with", keep_text=True)
    read(LOGS / "retried.eval", promptfoo, file, store=folder / "without")
    read(LOGS / "traps.eval", store=folder / "with")
    every = b"".join(files_of(folder / "without").values())
    assert b"prompt_text" not in every
    assert b"question p2" not in every
    base = duckdb.connect()
    rows = base.execute(
        f"SELECT DISTINCT prompt_text, answer_text FROM read_parquet('{folder}/with/answers/*', union_by_name = true)"
    ).fetchall()
    assert ('Why\n"so"?', "Because, yes.") in rows
    assert ("question p2", "answer of p2") in rows
    assert ("Are you human?", "answer: slow? Are you human?") in rows
    assert len(read(folder / "with").runs) == 5


def test_rows_of_a_run_may_stand_in_several_files(folder: Path) -> None:
    rows = [row(f"p{n}", n % 2, section_id="be_kind", run="one") for n in range(9)]
    whole = ps.render(read(written(folder / "whole.jsonl", rows)), "csv")
    parts = (folder / "parts", folder / "parts" / "a.jsonl", folder / "parts" / "b.jsonl")
    parts[0].mkdir()
    written(parts[1], rows[:4])
    written(parts[2], rows[4:])
    assert ps.render(read(parts[0]), "csv") == whole


def test_the_order_of_files_and_rows_changes_no_byte(folder: Path) -> None:
    rows = [
        row(f"p{n}", random.Random(n).random(), section_id="be_kind", focus_id=f"f{n % 4}") for n in range(50)
    ]
    file = written(folder / "r.jsonl", [{**one, "run": "x"} for one in rows])
    logs = file, LOGS / "traps.eval", LOGS / "failed.eval", LOGS / "retried.eval", folder / "all"
    one = ps.render(read(*logs), "json")
    assert one.count('"code"') > 2
    written(file, [{**one, "run": "x"} for one in reversed(rows)])
    assert ps.render(read(*reversed(logs)), "json") == one


def test_two_runs_are_compared_on_the_prompts_that_both_answered(folder: Path) -> None:
    rows = [row(f"p{n}", 1, "a", section_id="be_kind", prompt_sha256=f"h{n}") for n in range(8)]
    rows += [row(f"p{n}", n % 2, "b", section_id="be_kind", prompt_sha256=f"h{n}") for n in range(1, 7)]
    rows += [row("p7", 0, "b", section_id="be_kind", prompt_sha256="changed"), row("p9", 0, "b")]
    results = read(written(folder / "r.jsonl", rows), compare=("a", "b"))
    told = {one.group.facet: one for one in results.comparison}
    provision = told["provision"]
    assert (provision.rate.prompts, provision.rate.mean) == (6, 0.5)
    assert (provision.only_a, provision.only_b) == (("p0", "p7"), ("p7",))
    assert told["all"].only_b == ("p7", "p9")
    assert provision.rate.p == provision.rate.p_holm
    low, high = interval(
        {"mean": 0.5, "clustered_se": provision.rate.clustered_se, "prompts": 6, "clusters": 6}
    )
    assert provision.rate.low == pytest.approx(low, 1e-6)
    assert provision.rate.high == pytest.approx(high, 1e-6)
    file = written(folder / "s.jsonl", [row("p1", 1, "a"), row("p2", 1, "b")])
    (apart,) = [one for one in read(file, compare=("a", "b")).comparison if one.group.facet == "all"]
    assert (apart.rate.prompts, apart.rate.mean, apart.only_a, apart.only_b) == (0, None, ("p1",), ("p2",))
    with pytest.raises(ps.SourceError, match="no run or model `c`"):
        read(folder / "r.jsonl", compare=("a", "c"))


def test_promptfoo_gives_equal_results_from_both_containers_and_numbers_its_repeats(
    model_spec_data: Path,
) -> None:
    given = model_spec_data.parent / "promptfoo"
    spec = replace(ps.load(model_spec_data / "2025-09-12"), prompt_files=())
    both = [read(given / f"out.{suffix}", source=spec) for suffix in ("json", "jsonl")]
    assert both[0].statuses == both[1].statuses
    assert ps.render(both[0], "csv") == ps.render(both[1], "csv")
    (rate,) = [
        one.rate
        for one in both[0].rows
        if (one.group.facet, one.group.id, one.scorer, one.run.model)
        == ("provision", "do_not_lie", "section_id", "model-a")
    ]
    assert (rate.prompts, rate.answers, rate.mean) == (2, 4, 0.5)
    together = read(given / "out.json", given / "out.jsonl", source=spec)
    assert len(together.runs) == 2
    assert together.statuses == both[0].statuses


def test_the_sample_logs_join_and_count_as_their_readme_says(model_spec_data: Path) -> None:
    logs = model_spec_data.parent / "inspect_logs" / "logs"
    results = ps.read_results(model_spec_data / "2025-09-12", logs, annotate=True)
    assert results.join.unresolved[0].id == "no_such_principle"
    counts = [sorted(one.items()) for one in results.statuses.values()]
    told = [("error", 1), ("filtered", 1), ("scored", 14), ("unparsable", 1), ("unscored", 1)]
    assert counts.count(told) == 2
    assert counts.count([("error", 1)]) == 1


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown"])
def test_the_command_tells_what_joined_and_exits_as_it_says(folder: Path, run: Run, form: str) -> None:
    file = written(folder / "r.jsonl", [row("p1", section_id="=be_kind"), row("p2", section_id="be_kind")])
    status, out, said = run("results", "all/2026-01-01", file, "--format", form)
    assert status == 0
    assert "be_kind" in out.replace("\\", "")
    if form == "csv":
        (told,) = csv.DictReader(out.splitlines())
        assert (told["group"], told["mean"], told["method"]) == ("be_kind", "1", "wilson")
    if form != "json":
        assert "unresolved: `=be_kind`, 1 answers; did you mean `be_kind`?" in said
    assert run("results", "all/2026-01-01", file, "--strict", "--format", form)[0] == 1
    bad = folder / "bad.eval"
    bad.write_text("no log", "utf-8")
    status, out, said = run("results", "all/2026-01-01", file, bad, "--format", form)
    assert (status, "be_kind" in out.replace("\\", ""), "bad.eval" in said) == (2, True, True)


def test_several_releases_as_source_tell_which_last_had_an_id(folder: Path, run: Run) -> None:
    file = written(folder / "r.jsonl", [row("p1", section_id="be_quick")])
    _, out, _ = run("results", "all", file, "--format", "json")
    assert json.loads(out)["join"]["unresolved"] == [
        {"id": "be_quick", "rows": 1, "nearest": None, "last_release": "2025-01-01"}
    ]


@pytest.mark.usefixtures("folder")
def test_results_are_read_from_files_alone() -> None:
    (found,) = read("https://example.org/log.eval").findings
    assert (found.code, found.span.file) == ("unusable-results", "https://example.org/log.eval")
    assert "is an address" in found.message


def test_hostile_names_change_no_path_and_no_line(folder: Path, run: Run) -> None:
    rows = [
        row("p\n1", section_id="be_kind", model="../../m\x1b[31m'; DROP VIEW answers; --"),
        row("p2", model='x,"y"\r\n'),
    ]
    file = written(folder / "r.jsonl", rows)
    status, out, _ = run("results", "all/2026-01-01", file, "-o", folder / "store", "-q")
    assert status == 0
    assert "\x1b" not in out
    names = [one.name for one in (folder / "store" / "answers").iterdir()]
    assert all(name.replace("-", "").removesuffix(".parquet").isalnum() for name in names)
    assert sorted(one.model for one in read(folder / "store").runs) == sorted(one["model"] for one in rows)


def test_a_model_moves_from_release_to_release_on_what_it_was_asked_both_times(
    folder: Path, run: Run
) -> None:
    def asked(release: str, values: dict[str, float], **told: Any) -> list[dict[str, Any]]:
        words = {"p4": release, **dict.fromkeys(("p1", "p2", "p3"), "same")}
        return [
            row(
                prompt,
                value,
                section_id="be_kind",
                release=release,
                prompt_sha256=words.get(prompt, ""),
                **{"grader": "judge", **told},
            )
            for prompt, value in values.items()
        ]

    rows = [
        *asked("1.10", {"p1": 1, "p2": 0.5, "p3": 1, "p4": 0, "p9": 1}),
        *asked("1.9", {"p1": 0, "p2": 0.5, "p3": 0.5, "p4": 1}),
        *asked("2.0", {"p1": 1}, grader="other"),
        *asked("2.0", {"p7": 1}),
        *asked("1.9", {"p1": 1}, model="m2"),
    ]
    random.Random(7).shuffle(rows)
    results = read(written(folder / "r.jsonl", rows))
    steps = [(one.old.release, one.new.release, one.new.grader, one.rate.prompts) for one in results.trends]
    assert steps == [("1.9", "1.10", "judge", 3), ("1.10", "2.0", "judge", 0)]
    moved, alone = (one.rate for one in results.trends)
    error = statistics.stdev([1, 0, 0.5]) / 3**0.5
    assert (moved.mean, alone.mean, alone.p_holm) == (0.5, None, None)
    assert close(moved.se, error)
    assert moved.p_holm == moved.p
    printed = json.loads(run("results", "all/2026-01-01", "r.jsonl", "--format", "json")[1])["trends"]
    assert [(one["from"], one["to"], one["left_out"]) for one in printed] == [
        ("1.9", "1.10", 3),
        ("1.10", "2.0", 6),
    ]
    assert "From release to release" in run("results", "all/2026-01-01", "r.jsonl", "--by", "all")[1]


def test_a_run_of_several_releases_is_of_none_of_them_alone(folder: Path, run: Run) -> None:
    file = written(
        folder / "r.jsonl",
        [row("p1", section_id="be_kind", release=one) for one in ("2025-01-01", "2026-01-01")],
    )
    results = read(file)
    assert [(one.release, results.pins[one.id]) for one in results.runs] == [("", None)]
    _, _, said = run("results", "all/2026-01-01", file)
    assert "against release 2025-01-01 and 2026-01-01" in said
    assert said.count("the results of 2025-01-01 are about another text than all/2026-01-01") == 1


def test_results_are_assertions_of_earl_about_what_they_are_for(folder: Path) -> None:
    rows = [
        row("p1", section_id="be_kind", grader="judge"),
        row("p2", 0, section_id="be_honest", model="m2", grader="judge"),
    ]
    results = read(written(folder / "r.jsonl", rows))
    with ps.knowledge_base(ps.load("all/2026-01-01"), beside=ps.Beside(results=results)) as base:
        text = "SELECT ?model ?test ?policy { GRAPH ?g { ?r a earl:Assertion ; earl:test ?test ; ps:resultFor ?test ; ps:policy ?policy ; "
        text += "earl:mode earl:automatic ; earl:assertedBy/dcterms:identifier 'judge' ; earl:subject/dcterms:identifier ?model } }"
        told = {tuple(str(one.value) for one in found) for found in base.query(text).rows}
    stated = {
        (
            one.run.model,
            f"urn:policyspec:spec:{'level' if one.group.facet == 'level' else 'provision'}/{one.group.id}",
            "as-logged",
        )
        for one in results.rows
        if one.group.facet in {"provision", "chapter", "level"}
    }
    assert stated < told
    assert {test for _, test, _ in told - stated} == {"urn:policyspec:spec:release/2026-01-01"}


@pytest.mark.parametrize("kind", ["header", "returns", "upper", "bytes", "path"])
def test_hostile_files_are_read_or_told_and_the_others_are_read(folder: Path, kind: str) -> None:
    good = written(folder / "r.jsonl", [row("p1", section_id="be_kind")])
    lines = ["prompt,model,value,section_id", "q1,m2,1,be_kind"]
    is_read = kind in {"returns", "upper", "bytes"}
    name: Any = folder / "other.csv"
    if kind == "header":
        name.write_text(f"prompt,model,value,{'x' * 200_000}\nq1,m2,1,be_kind\n", "utf-8")
        is_read = True
    elif kind == "returns":
        name.write_bytes("\r".join(lines).encode())
    elif kind == "upper":
        name = folder / "UP.CSV.GZ"
        name.write_bytes(gzip.compress("\n".join(lines).encode()))
    elif kind == "bytes":
        name = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv"))
        name.write_text("\n".join(lines), "utf-8")
    else:
        name = folder / ("x" * 300) / "other.csv"
    results = read(good, name)
    assert {one.model for one in results.runs} == {"m1", *(["m2"] if is_read else [])}
    assert len(results.findings) == (not is_read)


def test_a_long_answer_is_kept(folder: Path) -> None:
    rows = [
        row("p1", section_id="be_kind", input='"' * 100, output='long "\n,' * 600_000),
        row("p2", section_id="be_kind"),
    ]
    results = read(written(folder / "r.jsonl", rows), store=folder / "store", keep_text=True)
    assert (results.findings, sum(results.statuses[results.runs[0].id].values())) == ((), 2)
    assert read(folder / "store").rows == results.rows


def test_what_is_compressed_is_read_up_to_a_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sphinx_policyspec.evals.result_files._LARGEST_TABLE", 2**20)
    (folder / "bomb.csv.gz").write_bytes(gzip.compress(b"prompt,model,value\n" + b"0" * 2**21))
    (found,) = read("bomb.csv.gz").findings
    assert (found.code, "larger than 1 MiB" in found.message) == ("unusable-results", True)


def test_a_prompt_is_compared_once_though_only_some_of_its_answers_have_a_digest(folder: Path) -> None:
    rows = [
        row(
            f"p{n}",
            (n + epoch * (model == "m2")) % 2,
            model=model,
            epoch=epoch,
            section_id="be_kind",
            **({"prompt_sha256": f"s{n}"} if epoch == 1 else {}),
        )
        for n in range(6)
        for model in ("m1", "m2")
        for epoch in (1, 2, 3)
    ]
    file = written(folder / "r.jsonl", rows)
    (one,) = (found for found in read(file, compare=("m1", "m2")).comparison if found.group.facet == "joined")
    bare = written(
        folder / "bare.jsonl",
        [{name: value for name, value in told.items() if name != "prompt_sha256"} for told in rows],
    )
    (other,) = (
        found for found in read(bare, compare=("m1", "m2")).comparison if found.group.facet == "joined"
    )
    assert (one.rate.prompts, one.rate.mean, one.rate.se) == (6, other.rate.mean, other.rate.se)
