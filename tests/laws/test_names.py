"""Names are checked once: the same codes, severities and exit status through every door."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import sphinx_policyspec as ps
from tests.laws.doors import DIRECTIVES, DOORS, PLANS, Plan, expected, graph_files, told

SOME = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
"""Each example reads two Sphinx projects: few of them, and none to make a failing one smaller."""
MANY = settings(SOME, max_examples=60)

pytestmark = [
    pytest.mark.filterwarnings("ignore:'myst_parser:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app'"),
]


def through_every_door(plan: Plan, *doors: str) -> None:
    """Demand that what is planted is found at each of the doors, and in the six graphs of what was read there."""
    wanted = expected(plan), any(severity == "error" for _, severity in expected(plan))
    with tempfile.TemporaryDirectory() as scratch:
        for door in doors:
            folder = Path(scratch, door)
            source, sidecar = DOORS[door](plan, folder)
            assert told(source, sidecar) == wanted, door
            for path in graph_files(ps.load(source, annotations=sidecar), folder):
                assert told(path) == wanted, (door, path.suffix)


@SOME
@given(PLANS)
def test_planted_names_are_found_alike_through_every_door(plan: Plan) -> None:
    through_every_door(plan, *DOORS)


@SOME
@given(DIRECTIVES)
def test_planted_names_of_directives_alone_are_found_alike_in_both_languages_and_their_graphs(
    plan: Plan,
) -> None:
    through_every_door(plan, "rst", "myst")


@pytest.mark.slow
@MANY
@given(PLANS)
def test_many_planted_names_are_found_alike_through_every_door(plan: Plan) -> None:
    through_every_door(plan, *DOORS)


@pytest.mark.slow
@MANY
@given(DIRECTIVES)
def test_many_planted_names_of_directives_are_found_alike(plan: Plan) -> None:
    through_every_door(plan, "rst", "myst")
