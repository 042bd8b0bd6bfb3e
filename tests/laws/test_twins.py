"""The same spec in both languages of pages, and in Model Spec Markdown with a sidecar, gives the same graph."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import sphinx_policyspec as ps
from tests.laws.doors import DIRECTIVES, DOORS, PLANS, Plan, without_places

SOME = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
MANY = settings(SOME, max_examples=60)

pytestmark = [
    pytest.mark.filterwarnings("ignore:'myst_parser:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app'"),
]


def are_twins(plan: Plan, first: str, *others: str) -> None:
    """Demand that what the doors give are equal graphs but for places."""
    with tempfile.TemporaryDirectory() as scratch:
        graphs = {}
        for door in (first, *others):
            source, sidecar = DOORS[door](plan, Path(scratch, door))
            graphs[door] = without_places(ps.load(source, annotations=sidecar))
    for door in others:
        assert not graphs[first] ^ graphs[door], door


@SOME
@given(PLANS)
def test_pages_and_model_spec_markdown_are_twins(plan: Plan) -> None:
    are_twins(plan, *DOORS)


@SOME
@given(DIRECTIVES)
def test_pages_in_both_languages_are_twins(plan: Plan) -> None:
    are_twins(plan, "rst", "myst")


@pytest.mark.slow
@MANY
@given(PLANS)
def test_many_pages_and_model_spec_markdown_are_twins(plan: Plan) -> None:
    are_twins(plan, *DOORS)


@pytest.mark.slow
@MANY
@given(DIRECTIVES)
def test_many_pages_in_both_languages_are_twins(plan: Plan) -> None:
    are_twins(plan, "rst", "myst")
