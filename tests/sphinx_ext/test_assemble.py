"""What is wrong with a spec as a whole, told without limit and with few words where it is much."""

from __future__ import annotations

from sphinx_policyspec.model import Document, Markup, Topic
from sphinx_policyspec.sphinx_ext.assemble import check_spec
from tests.conftest import at, principle, spec


def test_hints_about_thousands_of_unknown_names_end_where_they_would_cost_too_much() -> None:
    topics = tuple(Topic(id=f"topic{number}", label="T", span=at()) for number in range(1000))
    provisions = [principle(f"p{number}", topics=(f"topik{number}",)) for number in range(1000)]
    written = (Document(file=at().file, markup=Markup.RST),)
    found = [
        finding
        for finding in check_spec(spec(*provisions, topics=topics, documents=written), ())
        if finding.code == "unknown-topic"
    ]
    assert len(found) == 1000
    assert found[0].hint == "did you mean `topic0`?"
    assert found[-1].hint == ""
