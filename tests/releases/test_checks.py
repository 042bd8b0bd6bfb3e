"""Checks on published releases: they agree with the named questions, and prose lints stay few."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Category, Finding, rules
from tests.conftest import BETTER, REPOSITORY

PROSE = {Category.TRUE, Category.ACTIONABLE}
NOISE = {"2025-02-12": 17, "2025-04-11": 17, "2025-09-12": 31}
"""Prose hints of each release, as the case study lists them."""


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("principle-without-example", "principles-without-example"),
        ("principle-without-prompt", "principles-without-prompt"),
        ("never-referenced", "never-referenced"),
    ],
)
def test_a_coverage_check_finds_what_the_question_answers(
    release_dir: Path, code: str, question: str
) -> None:
    spec = ps.load(release_dir)
    place = {principle.span: principle.id for principle in spec.principles}
    found = [place[finding.span] for finding in ps.check(spec, select=[code])]
    answer = ps.ask(spec, question)
    assert found == [str(row[0]) for row in answer.rows]
    assert found


def prose(findings: tuple[Finding, ...]) -> Counter[str]:
    return Counter(f.code for f in findings if rules()[f.code].category in PROSE)


def test_prose_hints_are_fewer_than_principles(release_dir: Path) -> None:
    found = prose(ps.check(release_dir).findings)
    assert found.total() == NOISE[release_dir.name]
    assert found.total() < len(ps.load(release_dir).principles)


PAGE = REPOSITORY / "docs" / "explanation" / "case-study.md"
ROW = re.compile(r"\| (\d+) \| `[^`]+` \| `([a-z-]+)` \| (true|false)(?:: [^|]+)? \|")


def test_the_case_study_lists_and_judges_every_finding(release_dir: Path) -> None:
    section = PAGE.read_text("utf-8").split(f"## {release_dir.name}\n")[1].split("\n## ")[0]
    rows = [match.groups() for match in ROW.finditer(section)]
    found = ps.check(release_dir)
    assert [(int(line), code) for line, code, _ in rows] == [(f.span.line, f.code) for f in found]
    integrity = [code for _, code, _ in rows if rules()[code].category not in BETTER]
    wrong = [code for _, code, judged in rows if judged == "false" and code in integrity]
    assert len(wrong) < 0.05 * len(integrity)
