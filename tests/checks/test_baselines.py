"""Fingerprints and baselines: what is known stays known while lines move."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.checks import format_baseline, read_baseline
from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.exports import fingerprints
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.readers.text import SourceLines

TEXT = "# Manners {#manners authority=user}\n\nSee [?](#nowhere) and [?](#nothing).\n\nSee [?](#nowhere).\n"


def write(folder: Path, text: str) -> Path:
    (folder / "model_spec.md").write_text(text, encoding="utf-8")
    return folder


def marks(folder: Path, text: str) -> list[str]:
    told = ps.check(ps.load_checked(write(folder, text), annotate=False))
    return [item.fingerprint for item in told.entries]


def test_each_finding_has_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    assert len(set(marks(tmp_path, TEXT))) == len(marks(tmp_path, TEXT)) == 5


@given(above=st.integers(0, 5), between=st.integers(1, 5))
def test_lines_that_move_keep_their_fingerprints(
    tmp_path_factory: pytest.TempPathFactory, above: int, between: int
) -> None:
    folder = tmp_path_factory.mktemp("moved")
    moved = "\n" * above + TEXT.replace("\n\nSee [?](#nowhere).", "\n" * between + "\nSee [?](#nowhere).")
    assert marks(folder, moved) == marks(folder, TEXT)


def test_a_new_finding_is_told_and_a_known_one_is_not(tmp_path: Path) -> None:
    folder = write(tmp_path, TEXT)
    known = ps.check(ps.load_checked(folder, annotate=False))
    file = tmp_path / "known.json"
    file.write_text(ps.render(known, "baseline"), encoding="utf-8")
    write(tmp_path, "Intro.\n\n" + TEXT + "\nSee [?](#never).\n")
    told = ps.check(ps.load_checked(folder, annotate=False), baseline=file)
    assert [finding.message for finding in told] == ["unknown provision `never`"]
    assert told.known == 5
    assert len(ps.check(folder, baseline=file)) == 1


def test_a_baseline_does_not_depend_on_the_order_and_names_no_line() -> None:
    pair = [
        (Finding(code=code, severity=Severity.HINT, message="x", span=Span("a.md", line)), code)
        for code, line in (("b-code", 7), ("a-code", 9))
    ]
    text = format_baseline(pair)
    assert text == format_baseline(reversed(pair))
    assert [entry["code"] for entry in json.loads(text)["findings"]] == ["a-code", "b-code"]
    assert "7" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "findings": []}',
        '{"version": 1, "findings": [1]}',
        "\udcff",
        "[" * 9999,
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BaselineError, match="is not a baseline"):
        read_baseline(file)


def test_without_the_file_the_message_tells_findings_apart() -> None:
    found = [
        Finding(code="a-code", severity=Severity.HINT, message=message, span=Span("a.md", 1))
        for message in ("first at b.md:3", "first at b.md:9", "second")
    ]
    first, moved, second = fingerprints(found, SourceLines(None))
    assert first == fingerprints(found[1:2], SourceLines(None))[0]
    assert len({first, moved, second}) == 3


def test_files_of_a_graph_are_never_opened(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    graph = tmp_path / "spec.nt"
    graph.write_bytes(ps.to_rdf(ps.load(tmp_path, annotate=False), "nt"))
    told = ps.check(ps.load_checked(graph))
    assert len(told.findings) == 5
    assert told.lines.of("model_spec.md") == ()
