"""The scenarios of the published releases, decided from case files as the semantics state them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Decision
from sphinx_policyspec.model import Finding, Label, Spec

CASES = Path(__file__).parent / "cases"
NEWEST = "2025-09-12"

OTHERWISE = {
    "a product that lets adults read what they like",
    "a test mode that would lift every rule",
}
"""In the spring releases system messages share the level of the rules that nothing overrides: they collide with them."""
LATER = {
    "a developer's unit against the user's, and nobody told to hide it",
    "the same, where the developer keeps the rule a secret",
    "a product of the publisher's own, with a taste",
}
"""About provisions that the spring releases do not have."""


@cache
def _spec(folder: Path) -> Spec:
    return ps.load(folder)


def resolved(folder: Path) -> tuple[dict[str, Decision], tuple[Finding, ...]]:
    found = ps.decide(_spec(folder), CASES)
    return {decision.case.title: decision for decision in found.decisions}, found.findings


def test_every_scenario_is_decided_as_stated_on_the_newest_release(model_spec_data: Path) -> None:
    decisions, findings = resolved(model_spec_data / NEWEST)
    assert findings == ()
    assert len(decisions) == 39
    assert {title: d.differences for title, d in decisions.items() if not d.as_expected} == {}


@pytest.mark.parametrize("release", ["2025-02-12", "2025-04-11"])
def test_those_that_earlier_releases_have_are_decided_the_same(model_spec_data: Path, release: str) -> None:
    decisions, findings = resolved(model_spec_data / release)
    newest, _ = resolved(model_spec_data / NEWEST)
    assert newest.keys() - decisions.keys() == LATER
    assert {title for title, decision in decisions.items() if not decision.as_expected} == OTHERWISE
    assert {finding.code for finding in findings} == {"unknown-provision", "unknown-example"}


@pytest.mark.parametrize("release", ["2025-02-12", "2025-04-11"])
def test_system_messages_of_the_spring_releases_collide_with_what_nothing_overrides(
    model_spec_data: Path, release: str
) -> None:
    decisions, _ = resolved(model_spec_data / release)
    for title in OTHERWISE:
        assert set(decisions[title].labels.values()) == {Label.UNDECIDED}


def test_every_scenario_names_its_section_and_the_examples_are_named_by_title(model_spec_data: Path) -> None:
    decisions, _ = resolved(model_spec_data / NEWEST)
    spec = _spec(model_spec_data / NEWEST)
    assert all(decision.case.about in spec.provision_by_id for decision in decisions.values())
    titles = {example.title for example in spec.examples}
    named = {d.case.example for d in decisions.values() if d.case.example}
    assert {name.casefold() for name in named} <= {title.casefold().replace("’", "'") for title in titles}
    assert len(named) == 22
