"""What the published releases hold, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.exports.answers import counts
from sphinx_policyspec.model import Severity
from sphinx_policyspec.readers.release import read_release

STRAY_MARKS = [
    "model_spec.md:2745:1: warning: stray `*` before `</comparison>`; delete it [stray-mark]",
    "model_spec.md:2749:1: warning: stray `*` before `<comparison>`; delete it [stray-mark]",
    "model_spec.md:2750:1: warning: stray `*` before `<assistant>`; delete it [stray-mark]",
]
"""The one defect of the two spring releases; the autumn release has none."""
ENTRY = "CHANGELOG.md:{}:1: warning: no folder `2024-05-08` is beside this release; correct the date, or add the folder [entry-without-release]"
"""The first version was published in another form."""
FINDINGS = {
    "2025-02-12": STRAY_MARKS,
    "2025-04-11": [*STRAY_MARKS, ENTRY.format(15)],
    "2025-09-12": [ENTRY.format(30)],
}
REVISION_OF = {"2025-02-12": "", "2025-04-11": "2025-02-12", "2025-09-12": "2025-04-11"}


def test_the_counts_are_the_expected_ones(release_dir: Path) -> None:
    expected = json.loads((release_dir.parent / "expected_counts.json").read_text(encoding="utf-8"))
    assert counts(read_release(release_dir).spec) == expected["releases"][release_dir.name]


def test_the_findings_are_the_known_defects(release_dir: Path) -> None:
    reading = read_release(release_dir)
    every = (*reading.findings, *run_checks(reading.spec))
    found = [str(finding) for finding in every if finding.severity is not Severity.HINT]
    assert found == FINDINGS[release_dir.name]


def test_a_release_knows_its_date_title_licence_and_predecessor(release_dir: Path) -> None:
    spec = read_release(release_dir).spec
    assert spec.version == spec.issued == release_dir.name
    assert spec.title == "The OpenAI Model Spec"
    assert spec.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert spec.revision_of == REVISION_OF[release_dir.name]


def test_every_reference_has_a_source_and_a_target(release_dir: Path) -> None:
    spec = read_release(release_dir).spec
    for reference in spec.references:
        assert reference.source in spec.provision_by_id
        assert reference.target in spec.provision_by_id


def test_no_title_and_no_rule_holds_markup_of_the_dialect(release_dir: Path) -> None:
    spec = read_release(release_dir).spec
    for provision in spec.provisions:
        assert "{#" not in provision.title
        assert "[^" not in provision.text
        assert "~~~xml" not in provision.text
        assert "!!! meta" not in provision.text
    for example in spec.examples:
        assert "[?]" not in example.title


def test_every_eval_tag_has_words_before_it(release_dir: Path) -> None:
    for tag in read_release(release_dir).spec.eval_tags:
        assert tag.clause
        assert "[^" not in tag.clause
        assert not tag.clause.startswith(("- ", "* ", ")", ","))


@pytest.mark.parametrize("file", ["model_spec.md", "."])
def test_the_document_alone_is_read_with_what_stands_beside_it(model_spec_data: Path, file: str) -> None:
    folder = model_spec_data / "2025-09-12"
    assert read_release(folder / file) == read_release(folder)
