"""Names are checked once, over the model: what is found, where it stands, and how it is told."""

from __future__ import annotations

from sphinx_policyspec.checks.names import check_names
from sphinx_policyspec.model import Topic
from tests.conftest import at, principle, spec


def test_hints_about_thousands_of_unknown_names_end_where_they_would_cost_too_much() -> None:
    topics = tuple(Topic(id=f"topic{number}", label="T", span=at()) for number in range(1000))
    provisions = [principle(f"p{number}", topics=(f"topik{number}",)) for number in range(1000)]
    found = tuple(check_names(spec(*provisions, topics=topics)))
    assert len(found) == 1000
    assert found[0].hint == "did you mean `topic0`?"
    assert found[-1].hint == ""
