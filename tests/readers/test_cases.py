"""Each form of the dialect: one file, and beside it the approved result of reading it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_regressions.data_regression import DataRegressionFixture

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.model import Severity
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.release import read_changelog, read_prompts
from sphinx_policyspec.readers.text import read_text
from tests.readers import dump

CASES = Path(__file__).parent / "cases"


def result_of(case: Path) -> dict[str, Any]:
    """Read a case; its first word says what kind of file it is."""
    text, encoding = read_text(case, case.name)
    if case.stem.startswith("changelog"):
        return dump.changelog(read_changelog(text, case.name))
    if case.stem.startswith("prompts"):
        prompts, findings = read_prompts(text, case.name, "ab12")
        return {**dump.prompt_file(prompts), "findings": [dump.finding(found) for found in findings]}
    reading = read_model_spec(text, case.name)
    # Most cases are a form in a section, and no whole spec.
    broken = [
        found
        for found in run_checks(reading.spec)
        if found.severity is not Severity.HINT and found.code != "no-principle"
    ]
    findings = (*encoding, *reading.findings, *broken)
    return {**dump.spec(reading.spec), "findings": [dump.finding(found) for found in findings]}


@pytest.mark.parametrize("case", sorted(CASES.glob("*.md")), ids=lambda case: case.stem)
def test_a_case_reads_as_approved(case: Path, data_regression: DataRegressionFixture) -> None:
    data_regression.check(result_of(case), fullpath=case.with_suffix(".yml"))


def test_every_approved_result_has_its_case() -> None:
    assert {path.stem for path in CASES.glob("*.yml")} == {path.stem for path in CASES.glob("*.md")}
