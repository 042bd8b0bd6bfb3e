"""Results of evaluations on pages: what each principle tells, the page of all, and rebuilds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from tests.conftest import Run

Build = Callable[..., SphinxTestApp]
Written = Callable[[Path], dict[str, bytes]]
Warnings = Callable[[SphinxTestApp], list[str]]

TRIAGE = """- prompt: p1
  principle: be_kind
  release: "0"
  model: example/<two>
  defect: spec-defect
  why: It asks for <b>speed</b>.
  who: A. Reader
  date: 2026-02-01
  link: https://example.org/1
"""


def log(path: Path, **models: list[int]) -> None:
    """Write a log of answers to prompts of one principle."""
    rows = [
        {"prompt": f"p{n}", "model": model, "value": value, "section_id": "be_kind", "release": "1.0"}
        for model, values in models.items()
        for n, value in enumerate(values)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


@pytest.fixture
def evaluated(spec_source: Path) -> Path:
    """A project with results of two models, of which one is the baseline."""
    log(spec_source / "results.jsonl", one=[1, 1, 0, 1, 1, 1], **{"example/<two>": [1, 0, 0, 1, 0, 1]})
    (spec_source / "triage.yaml").write_text(TRIAGE, "utf-8")
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            '\npolicyspec_results = "results.jsonl"\npolicyspec_results_baseline = "one"\n'
            'policyspec_triage = "triage.yaml"\n'
        )
    return spec_source


def told_in(lines: list[str]) -> list[str]:
    """Return warnings but for the one that the project has anyway."""
    return [line for line in lines if "preference-across-levels" not in line]


def page(app: SphinxTestApp, name: str) -> BeautifulSoup:
    return BeautifulSoup((app.outdir / f"{name}.html").read_text("utf-8"), "html.parser")


def cells(table: BeautifulSoup) -> list[list[str]]:
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
        for row in table.find_all("tr")
    ]


def test_a_principle_tells_of_each_run_and_of_judged_outputs(
    evaluated: Path, build: Build, warnings_in: Warnings
) -> None:
    app = build(evaluated)
    assert told_in(warnings_in(app)) == []
    panel = page(app, "first").select_one("#be_kind .ps-panel")
    assert panel
    head, other, base = cells(panel.select_one("table.ps-figures"))  # type: ignore[arg-type]  # it is there
    assert head[:3] == ["Model", "Mean", "Interval of 95 %"]
    assert head[-1] == "Compared with one"
    assert (other[0], other[1]) == ("example/<two>", "50 %")
    assert other[-1].startswith("\N{MINUS SIGN}33 (")
    assert (base[0], base[1], base[3], base[-1]) == ("one", "83 %", "6 × 1", "")
    assert panel.select_one("svg.ps-interval[aria-hidden=true]")
    said = panel.get_text(" ")
    assert "the spec is at fault" in said
    assert "It asks for <b>speed</b>. (A. Reader)" in said
    panels = page(app, "first").select(".ps-panel")
    (chapter,) = (one for one in panels if "Results of this chapter" in one.get_text())
    assert cells(chapter.select_one("table.ps-figures"))[1] == other  # type: ignore[arg-type]  # it is there


def test_grades_that_are_no_shares_are_shown_as_they_are(evaluated: Path, build: Build) -> None:
    log(evaluated / "results.jsonl", one=[3, 5, 4, 2, 6, 6], **{"example/<two>": [5] * 6})
    panel = page(build(evaluated), "first").select_one("#be_kind .ps-panel")
    assert panel
    _, other, base = cells(panel.select_one("table.ps-figures"))  # type: ignore[arg-type]  # it is there
    assert (base[1], base[2].count("%")) == ("4.33", 0)
    assert other[1:3] == ["5", "none: all prompts have one grade"]
    assert other[-1].startswith("+0.667 (")


def test_a_page_tells_all_and_what_lacks(evaluated: Path, build: Build) -> None:
    found = page(build(evaluated), "policy-results")
    holes = [" ".join(one.get_text().split()) for one in found.select("details.ps-hole > summary")]
    assert [hole.partition(":")[0] for hole in holes] == [
        "Without an example",
        "Without a prompt",
        "Without a result",
    ]
    head, kind, brief = cells(found.select_one("#by-principle table"))  # type: ignore[arg-type]  # it is there
    assert head == ["Principle", "Level", "example/<two> 1.0", "one 1.0", "Examples", "Prompts", "Last run"]
    assert kind[2:4] == ["50 % n = 6", "83 % n = 6"]
    assert brief[2:4] == ["", ""]
    labels = [cell["data-label"] for cell in found.select("#by-principle tbody tr:first-child td")]
    assert labels[1:4] == ["Level", "example/<two> · 1.0", "one · 1.0"]
    assert found.select_one("#by-principle a[href='first.html#be_kind']")
    assert "There is no ranking." in found.get_text()


def test_a_prompt_tests_a_principle_by_a_former_id_too(evaluated: Path, build: Build) -> None:
    second = evaluated / "second.rst"
    text = second.read_text("utf-8").replace(":id: be_brief\n", ":id: be_brief\n   :aliases: terse\n", 1)
    prompt = "\n.. policy:prompt:: In short\n   :tests: terse\n\n   .. policy:message:: user\n\n      Tell me all.\n"
    second.write_text(text + prompt, "utf-8")
    built = build(evaluated)
    summaries = page(built, "policy-results").select("details.ps-hole > summary")
    assert "Without a prompt: 0 of 2" in [" ".join(one.get_text().split()) for one in summaries]
    panel = page(built, "second").select_one("#be_brief .ps-panel")
    assert panel
    assert "the prompt that tests it was not run" in panel.get_text()


def test_two_runs_of_a_model_stand_beside_each_other(evaluated: Path, build: Build) -> None:
    log(evaluated / "other.jsonl", one=[0] * 6)
    with (evaluated / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            'policyspec_results = ["results.jsonl", "other.jsonl"]\npolicyspec_results_baseline = ""\n'
        )
    built = build(evaluated)
    table = page(built, "policy-results").select_one("#by-principle table")
    _, told, _ = cells(table)  # type: ignore[arg-type]  # it is there
    assert sorted(cell.split()[0] for cell in told[2:5]) == ["0", "50", "83"]
    names = [line[0] for line in cells(page(built, "first").select_one("table.ps-figures"))[1:]]  # type: ignore[arg-type]  # it is there
    assert len({*names}) == 3


def test_runs_of_a_model_over_releases_stand_in_time_and_need_no_ids(evaluated: Path, build: Build) -> None:
    rows = [
        {
            "prompt": "p",
            "model": model,
            "run": f"{model}{release}",
            "release": release,
            "value": 1,
            "section_id": "be_kind",
        }
        for release in ("3.0", "1.0", "2.0")
        for model in ("one", "two")
    ]
    (evaluated / "results.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    with (evaluated / "conf.py").open("a", encoding="utf-8") as file:
        file.write('policyspec_results_baseline = ""\n')
    built = build(evaluated)
    told = cells(page(built, "first").select_one("#be_kind table.ps-figures"))[1:]  # type: ignore[arg-type]  # it is there
    assert [(line[0], line[-1][:3]) for line in told] == [
        (model, release) for model in ("one", "two") for release in ("1.0", "2.0", "3.0")
    ]
    head = cells(page(built, "policy-results").select_one("#by-principle table"))[0]  # type: ignore[arg-type]  # it is there
    assert head[2:4] == ["one 1.0", "one 2.0"]
    _, *steps = cells(page(built, "policy-results").select_one("#by-release table"))  # type: ignore[arg-type]  # it is there
    assert [step[-1] for step in steps[:3]] == ["", *(f"+0 1 prompt, since {one}" for one in ("1.0", "2.0"))]


def test_a_text_that_changed_makes_results_stale(evaluated: Path, build: Build) -> None:
    index = evaluated / "index.rst"
    index.write_text(index.read_text("utf-8").replace(":version: 1.0", ":version: 2.0"), "utf-8")
    panel = page(build(evaluated), "first").select_one("#be_kind .ps-panel")
    assert panel
    assert len(panel.select("tr.ps-stale")) == 2
    assert "another text than this" in panel.get_text()


OLDER = """# Manners {#manners}

## Be kind {#be_kindly authority=user}

KIND
"""


def test_results_of_what_an_older_release_called_otherwise_are_shown(evaluated: Path, build: Build) -> None:
    rows = (evaluated / "results.jsonl").read_text("utf-8")
    renamed = rows.replace('"be_kind"', '"be_kindly"').replace('"1.0"', '"2025-01-01"')
    (evaluated / "results.jsonl").write_text(renamed, "utf-8")
    assert page(build(evaluated, out="alone"), "first").select_one("#be_kind .ps-panel tr.ps-stale") is None
    kind = next(one for one in ps.load(evaluated, builder="html").principles if one.id == "be_kind")
    older = evaluated.parent / "2025-01-01"
    older.mkdir()
    (older / "model_spec.md").write_text(OLDER.replace("KIND", kind.text), "utf-8")
    with (evaluated / "conf.py").open("a", encoding="utf-8") as file:
        file.write('policyspec_since = "../2025-01-01"\n')
    stale = page(build(evaluated), "first").select("#be_kind .ps-panel tr.ps-stale")
    assert [row.select("th")[0].get_text() for row in stale] == ["example/<two>", "one"]


@pytest.mark.parametrize("change", ["other answers", "no file", "no option"])
def test_rebuilds_equal_fresh_builds_when_results_change(
    evaluated: Path, build: Build, written: Written, change: str
) -> None:
    build(evaluated, out="kept")
    if change == "other answers":
        log(evaluated / "results.jsonl", one=[0, 0, 0, 1, 1, 1])
    elif change == "no file":
        (evaluated / "results.jsonl").unlink()
    else:
        conf = evaluated / "conf.py"
        conf.write_text(conf.read_text("utf-8").partition("\npolicyspec_results")[0], "utf-8")
    assert written(Path(build(evaluated, out="kept").outdir)) == written(
        Path(build(evaluated, out="fresh").outdir)
    )


def test_pages_ask_questions_over_results(evaluated: Path, build: Build) -> None:
    with (evaluated / "second.rst").open("a", encoding="utf-8") as file:
        file.write("\n.. policy:query:: results-by-principle\n")
    assert "example/&lt;two&gt;" in (build(evaluated).outdir / "second.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ('policyspec_results = "nowhere"', "`policyspec_results`"),
        ('policyspec_results_baseline = "onw"', "no run or model `onw`; did you mean `one`?"),
        ('policyspec_triage = "nowhere.yaml"', "nowhere.yaml"),
        ('policyspec_triage = "broken.yaml"', "broken.yaml:2: `policyspec_triage`: not YAML"),
    ],
)
def test_what_cannot_be_read_is_told_once_with_its_option(
    evaluated: Path, build: Build, warnings_in: Warnings, option: str, told: str
) -> None:
    conf = evaluated / "conf.py"
    (evaluated / "broken.yaml").write_text("- prompt: p\n  why: [\n", "utf-8")
    name = option.partition(" ")[0]
    kept = [line for line in conf.read_text("utf-8").splitlines() if not line.startswith(f"{name} ")]
    conf.write_text("\n".join((*kept, option)) + "\n", "utf-8")
    (line,) = told_in(warnings_in(build(evaluated)))
    assert told in line
    assert f"`{name}`" in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--baseline", "onw"], "no run or model `onw`; did you mean `one`?"),
        (["--triage", "broken.yaml"], "broken.yaml:2: not YAML"),
    ],
)
def test_a_command_fails_where_it_names_what_cannot_be_used(
    evaluated: Path, run: Run, monkeypatch: pytest.MonkeyPatch, given: list[str], told: str
) -> None:
    monkeypatch.chdir(evaluated)
    Path("broken.yaml").write_text("- prompt: p\n  why: [\n", "utf-8")
    status, _, said = run("handbook", ".", "-o", "../site", *given)
    assert (status, told in said, [*Path("../site").iterdir()]) == (2, True, [])
