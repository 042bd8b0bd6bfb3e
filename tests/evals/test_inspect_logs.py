"""Logs of Inspect, made with the real library: every trap of the format, damaged ones, and a reader that says what the API says."""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.evals import inspect_logs, records, result_files
from sphinx_policyspec.evals.records import ReadingRules, RunAnswers
from sphinx_policyspec.evals.result_files import read_files
from sphinx_policyspec.model import Finding

LOGS = Path(__file__).parent / "logs"
NAMES = ("failed", "retried", "traps")


def read(*paths: Path) -> tuple[tuple[RunAnswers, ...], tuple[Finding, ...]]:
    return read_files(paths, ReadingRules())


def rows(path: Path) -> list[tuple[Any, ...]]:
    """Return the rows of a log but for the name of its file."""
    ((run, answers),) = read(path)[0]
    assert run.file == str(path)
    return [answer._replace(file="") for answer in answers]


def statuses(path: Path, scorer: str = "points") -> dict[str, list[str]]:
    ((_, answers),) = read(path)[0]
    found: dict[str, list[str]] = {}
    for answer in answers:
        if answer.scorer == scorer:
            found.setdefault(answer.prompt, []).append(answer.status)
    return found


def test_each_status_is_told_apart() -> None:
    assert statuses(LOGS / "traps.eval") == {
        "p1": ["scored", "scored", "scored"],
        "p2": ["scored", "filtered", "error"],
        "p3": ["unparsable", "unscored", "scored"],
        "p4": ["scored", "limit", "limit"],
        "p5": ["scored", "scored", "scored"],
        "p6": ["scored", "scored", "scored"],
        "p7": ["invalidated", "scored", "scored"],
        "p8": ["scored", "scored", "scored"],
    }


def test_a_sample_without_an_answer_is_an_error_of_each_grade() -> None:
    failed = [answer for answer in rows(LOGS / "traps.eval") if answer[8:10] == ("p2", 3)]
    assert [(row[7], row[10], row[11]) for row in failed] == [
        ("parts/length", None, "error"),
        ("parts/tone", None, "error"),
        ("points", None, "error"),
    ]


def test_grades_in_words_and_of_several_parts_are_numbers() -> None:
    told = {(row[8], row[9], row[7]): row[10] for row in rows(LOGS / "traps.json")}
    assert [told["p8", epoch, "points"] for epoch in (1, 2, 3)] == [1.0, 1.0, 0.0]
    assert [told["p1", epoch, "parts/length"] for epoch in (1, 2, 3)] == [0.25, 0.5, 0.75]
    assert told["p3", 2, "points"] is None


def test_json_with_a_bare_nan_is_read() -> None:
    assert "NaN" in (LOGS / "traps.json").read_text("utf-8")
    assert statuses(LOGS / "traps.json")["p3"] == ["unparsable", "unscored", "scored"]


@pytest.mark.parametrize("name", NAMES)
def test_both_containers_of_a_run_give_equal_rows(name: str) -> None:
    assert rows(LOGS / f"{name}.eval") == rows(LOGS / f"{name}.json")


def test_a_run_knows_its_grader_release_and_cluster() -> None:
    ((run, answers),) = read(LOGS / "traps.eval")[0]
    assert (run.model, run.grader, run.release) == ("mockllm/model", "mockllm/grader", "2026-01-01")
    assert (run.task, run.tool, run.cluster) == ("traps", "inspect", "scenario")
    assert {answer.cluster_raw for answer in answers if answer.prompt == "p5"} == {""}


def test_a_run_that_failed_keeps_its_samples() -> None:
    found, findings = read(LOGS / "failed.eval")
    assert [answer.status for answer in found[0].answers] == ["scored", "filtered", "error"]
    assert ["status `error`" in finding.message for finding in findings] == [True]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_retried_run_the_newest_log_counts_alone_and_the_other_is_named(order: int) -> None:
    found, findings = read(*[LOGS / "failed.eval", LOGS / "retried.eval"][::order])
    assert [run.run.file for run in found] == [str(LOGS / "retried.eval")]
    (named,) = [finding for finding in findings if finding.code == "repeated-result"]
    assert named.span.file == str(LOGS / "failed.eval")


def told_by_api(name: str) -> list[tuple[str, int, str, float | None, str]]:
    """Return the rows that follow from what inspect-ai reads of a log, in another way than ours."""
    found = []
    every = json.loads((LOGS / "api.json.txt").read_text("utf-8"))[f"{name}.eval"]
    for sample in every:
        values = sample["values"] or dict.fromkeys({n for other in every for n in other["values"]})
        for scorer, value in values.items():
            inner = next((o["values"][scorer] for o in every if scorer in o["values"]), None)
            parts = (
                value
                if isinstance(value, dict)
                else dict.fromkeys(inner, value)
                if isinstance(inner, dict)
                else None
            )
            named = {f"{scorer}/{k}": v for k, v in parts.items()} if parts is not None else {scorer: value}
            found += [
                (sample["id"], sample["epoch"], n, as_number(v), status_of(sample, scorer, v))
                for n, v in named.items()
            ]
    return sorted(found)


def as_number(value: Any) -> float | None:
    told = {"C": 1.0, "I": 0.0}.get(value, value)
    return None if told is None or math.isnan(told) else float(told)


def status_of(sample: dict[str, Any], scorer: str, value: Any) -> str:
    if sample["invalidated"] or sample["error"]:
        return "invalidated" if sample["invalidated"] else "error"
    if as_number(value) is None:
        return "unscored"
    if sample["critiques"].get(scorer) == []:
        return "unparsable"
    stopped = {"content_filter": "filtered", "max_tokens": "limit"}.get(sample["stop"])
    return stopped or ("limit" if sample["limit"] else "scored")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["eval", "json"])
def test_the_reader_says_what_the_api_of_inspect_says(name: str, suffix: str) -> None:
    ours = [(row[8], row[9], row[7], row[10], row[11]) for row in rows(LOGS / f"{name}.{suffix}")]
    assert len(ours) >= 3
    assert ours == told_by_api(name)


@pytest.mark.slow
def test_what_is_recorded_of_the_api_is_what_it_says(tmp_path: Path) -> None:
    if importlib.util.find_spec("inspect_ai") is None:
        pytest.skip("the package inspect_ai is not installed: --group harnesses")
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import make_logs as m;"
        "print(json.dumps({f.name: m.as_told_by_the_api(str(f)) for f in sorted(m.HERE.glob('*.eval'))}))"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    recorded = (LOGS / "api.json.txt").read_text("utf-8")
    assert repr(json.loads(done.stdout)) == repr(json.loads(recorded))


def rewritten(
    path: Path, edit: Callable[[dict[str, bytes]], None], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    """Write a log anew with other members."""
    with inspect_logs._zipfile().ZipFile(LOGS / "traps.eval") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    edit(members)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_that_are_compressed_otherwise_are_read(tmp_path: Path, method: int) -> None:
    path = rewritten(tmp_path / "other.eval", lambda _: None, method)
    assert rows(path) == rows(LOGS / "traps.eval")


def test_a_log_that_is_cut_in_the_middle_is_a_finding_and_others_are_read(tmp_path: Path) -> None:
    cut = tmp_path / "cut.eval"
    cut.write_bytes((LOGS / "traps.eval").read_bytes()[:9000])
    text = tmp_path / "cut.json"
    text.write_bytes((LOGS / "traps.json").read_bytes()[:9000])
    found, findings = read(cut, text, LOGS / "traps.eval")
    assert len(found) == 1
    assert [(f.code, f.severity.value) for f in findings] == [("unusable-results", "error")] * 2


def test_an_unknown_version_is_a_finding_and_what_can_be_read_counts(tmp_path: Path) -> None:
    def edit(members: dict[str, bytes]) -> None:
        members["header.json"] = members["header.json"].replace(b'"version": 2', b'"version": 7')
        members["header.json"] = members["header.json"].replace(b'"version":2', b'"version":7')

    path = rewritten(tmp_path / "new.eval", edit)
    found, findings = read(path)
    assert len(found[0].answers) == 72
    assert ["version 7" in finding.message for finding in findings] == [True]


def test_a_log_without_its_end_is_read_by_its_beginning(tmp_path: Path) -> None:
    def edit(members: dict[str, bytes]) -> None:
        header = json.loads(members.pop("header.json"))
        members["_journal/start.json"] = json.dumps({"version": 2, "eval": header["eval"]}).encode()

    found, findings = read(rewritten(tmp_path / "crashed.eval", edit))
    assert len(found[0].answers) == 72
    assert ["not finished" in finding.message for finding in findings] == [True]


def test_a_sample_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    def edit(members: dict[str, bytes]) -> None:
        members["samples/p1_epoch_1.json"] = b"{"
        members["samples/p1_epoch_2.json"] = b"[" * 100_000
        members["samples/p1_epoch_3.json"] = b"7"

    found, findings = read(rewritten(tmp_path / "bad.eval", edit))
    assert len(found[0].answers) == 63
    assert [finding.code for finding in findings] == ["partial-results"] * 3


def test_a_member_that_is_too_large_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def edit(members: dict[str, bytes]) -> None:
        members["samples/p1_epoch_1.json"] = b" " * 50_000

    monkeypatch.setattr(inspect_logs, "_MOST_OF_A_MEMBER", 20_000)
    _, findings = read(rewritten(tmp_path / "huge.eval", edit))
    assert ["larger than" in finding.message for finding in findings] == [True]


def test_a_log_that_is_invalidated_as_a_whole_counts_nowhere(tmp_path: Path) -> None:
    log = json.loads((LOGS / "retried.json").read_text("utf-8"))
    path = tmp_path / "log.json"
    path.write_text(json.dumps({**log, "invalidated": True}), "utf-8")
    assert {row[11] for row in rows(path)} == {"invalidated"}


def test_a_python_that_cannot_read_the_compression_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("this Python reads Zstandard")
    monkeypatch.setattr(inspect_logs, "_zipfile", lambda: zipfile)
    with pytest.raises(MissingToolError, match=r"sphinx-policyspec\[evals\]"):
        read(LOGS / "traps.eval")


def test_what_no_log_is_is_told_where_it_is_named_and_passed_over_in_a_folder(tmp_path: Path) -> None:
    shutil.copy(LOGS / "traps.json", tmp_path / "traps.json")
    other = tmp_path / "package.json"
    other.write_text('{"name": "made up"}', "utf-8")
    found, findings = read(tmp_path)
    assert (len(found), findings) == (1, ())
    assert [finding.code for finding in read(other)[1]] == ["unusable-results"]


def test_no_grade_taken_for_0_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    read_number = records.number

    def as_0(value: object) -> float | None:
        return 0.0 if isinstance(value, float) and math.isnan(value) else read_number(value)

    monkeypatch.setattr(records, "number", as_0)
    ours = [(row[8], row[9], row[7], row[10], row[11]) for row in rows(LOGS / "traps.eval")]
    assert ours != told_by_api("traps")


def test_an_error_taken_for_an_answer_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_FATES", frozenset())
    ours = [(row[8], row[9], row[7], row[10], row[11]) for row in rows(LOGS / "failed.eval")]
    assert ours != told_by_api("failed")


def test_a_retried_log_that_is_counted_twice_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs = [LOGS / "failed.eval", LOGS / "retried.eval"]
    right = read(*logs)[0]
    assert [len(one.answers) for one in right] == [3]
    monkeypatch.setattr(result_files, "_distinct", lambda runs, findings: (tuple(runs), tuple(findings)))
    wrong = read(*logs)[0]
    assert sum(len(one.answers) for one in wrong) == 6
