"""A spec as Python objects of owlready2, apart from what else that has loaded."""

from __future__ import annotations

import owlready2
import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.graph.terms import PREFIXES
from sphinx_policyspec.reasoning.owl_view import OwlWorld, owl_world
from tests.conftest import REPOSITORY, principle, require_tool, spec
from tests.graph.specs import LIBRARY
from tests.graph.whole import WHOLE


def ids(things: object) -> set[str]:
    assert isinstance(things, list | set)
    return {thing.identifier[0] for thing in things}


def test_terms_are_classes_and_things_are_objects() -> None:
    world = ps.to_owl(WHOLE)
    assert ids(world.Principle.instances()) == {principle.id for principle in WHOLE.principles}
    be_kind = world.search_one(type=world.Principle, identifier="be_kind")
    assert be_kind.title == ["Be kind"]
    assert be_kind.text == ["Be kind to dogs."]
    assert be_kind.authority.identifier == ["user"]
    assert be_kind.authority.overrideMode is world.Explicit
    assert ids(be_kind.topic) == {"pets"}
    assert be_kind.iri == "urn:library:provision/be_kind"
    assert isinstance(be_kind, world.Provision)
    assert [r.note for r in world.Response.instances() if r.verdict is world.Bad] == [["long"]]
    assert world.Principle.definition[0].startswith("A provision with a level of authority.")
    world.close()


def test_derived_classes_have_members_without_a_reasoner_where_they_are_wanted() -> None:
    world = ps.to_owl(LIBRARY)
    assert ids(world.HardRule.instances()) == {"stay_lawful"}
    world.close()
    asserted = ps.to_owl(LIBRARY, inferred=False)
    assert asserted.HardRule.instances() == []
    asserted.close()


def test_a_source_and_a_base_will_do() -> None:
    world = ps.to_owl(
        REPOSITORY / "tests" / "checks" / "cases" / "spec.md", base_iri="https://example.org/a/"
    )
    assert {p.iri for p in world.Principle.instances()} == {"https://example.org/a/provision/be_kind"}
    world.close()


def test_worlds_are_apart_from_each_other_and_from_the_default_one() -> None:
    before = dict(owlready2.default_world.ontologies)
    one, other = owl_world(spec(principle("a"))), owl_world(spec(principle("b")))
    assert ids(one.Principle.instances()) == {"a"}
    assert ids(other.Principle.instances()) == {"b"}
    assert one.Principle is not other.Principle
    assert owlready2.default_world.ontologies == before
    assert owlready2.default_world[PREFIXES["ps"] + "Principle"] is None
    one.close()
    other.close()


def test_a_name_that_is_no_term_is_refused_with_the_nearest() -> None:
    world = OwlWorld()
    with pytest.raises(
        AttributeError, match=r"the ontology has no term `Principel`; did you mean `Principle`\?"
    ):
        world.Principel  # noqa: B018
    assert not hasattr(world, "__wrapped__")
    assert world.Principle is None, "an empty World holds no ontology"
    world.close()


@pytest.mark.parametrize(
    "text", ["A\r\nb\tc", '"""', "\\u0022 }", "é \U0001f600", "\x07\x85\u2028", "\\\\n", "<a> ."]
)
def test_a_text_is_kept_as_it_is(text: str) -> None:
    world = ps.to_owl(spec(principle("öffne dich", title=text)))
    (found,) = world.Principle.instances()
    assert (found.title, found.identifier) == ([text], ["öffne dich"])
    world.close()


def test_a_world_for_a_reasoner_is_small_and_classifies_as_the_rules_do() -> None:
    require_tool("java")
    world, whole = ps.to_owl(LIBRARY, for_reasoner=True), ps.to_owl(LIBRARY, inferred=False)
    assert len(world.graph) < len(whole.graph) / 2
    assert world.HardRule.instances() == []
    owlready2.sync_reasoner_hermit(world, debug=0)
    rules = ps.to_owl(LIBRARY)
    for name in ("HardRule", "Default", "UserOverridableDefault", "ImplicitlyOverridable"):
        found = {thing.iri for thing in getattr(world, name).instances()}
        assert found == {thing.iri for thing in getattr(rules, name).instances()}
    for one in (world, whole, rules):
        one.close()
