from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, SKOS, Graph, URIRef

from sphinx_policyspec.graph.rules import infer_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import AuthorityLevel, OverrideMode, Principle, Provision, Section, Spec, Topic
from sphinx_policyspec.readers.release import read_release
from tests.conftest import at, principle, spec
from tests.graph.names import PS
from tests.graph.specs import LIBRARY

BASE = "urn:policyspec:spec:"


def members(graph: Graph, kind: URIRef) -> set[str]:
    return {str(subject).rpartition("/")[2] for subject in graph.subjects(RDF.type, kind)}


def pairs(graph: Graph, predicate: URIRef) -> set[tuple[str, str]]:
    return {
        (str(s).removeprefix(BASE), str(o).removeprefix(BASE)) for s, o in graph.subject_objects(predicate)
    }


@pytest.fixture(scope="module")
def inferred() -> Graph:
    return infer_graph(to_graph(LIBRARY))


def test_classes_follow_from_modes_and_roles(inferred: Graph) -> None:
    assert members(inferred, PS.HardRule) == {"stay_lawful"}
    assert members(inferred, PS.UserOverridableDefault) == {"tell_the_truth", "name_sources"}
    assert members(inferred, PS.DeveloperOverridableDefault) == {
        "tell_the_truth",
        "name_sources",
        "may_quote",
    }
    assert members(inferred, PS.Default) == {"tell_the_truth", "name_sources", "may_quote"}
    assert members(inferred, PS.ImplicitlyOverridable) == {"name_sources"}


def test_names_of_levels_do_not_matter() -> None:
    levels = (
        AuthorityLevel(id="user", override=OverrideMode.NEVER),
        AuthorityLevel(id="developer", override=OverrideMode.IMPLICIT, roles=("user",)),
    )
    odd = spec(principle("a", authority="user"), principle("b", authority="developer"), levels=levels)
    graph = infer_graph(to_graph(odd))
    assert members(graph, PS.HardRule) == {"a"}
    assert members(graph, PS.UserOverridableDefault) == members(graph, PS.ImplicitlyOverridable) == {"b"}
    assert members(graph, PS.DeveloperOverridableDefault) == set()


def test_outranking_is_total_among_declared_levels(inferred: Graph) -> None:
    names = ["root", "system", "developer", "user", "guideline"]
    expected = {
        (f"level/{high}", f"level/{low}") for place, high in enumerate(names) for low in names[place + 1 :]
    }
    assert pairs(inferred, PS.outranks) == expected


def test_inverses_are_derived(inferred: Graph) -> None:
    assert {(b, a) for a, b in pairs(inferred, PS.references)} == pairs(inferred, PS.referencedBy)
    assert {(b, a) for a, b in pairs(inferred, SKOS.broader)} == pairs(inferred, SKOS.narrower)
    assert pairs(inferred, PS.includes) == {("provision/may_quote", "provision/how")}


def test_a_provision_is_about_broader_topics_and_stands_within_all_around_it(inferred: Graph) -> None:
    about = {topic for provision, topic in pairs(inferred, PS.about) if provision == "provision/name_sources"}
    assert about == {"topic/candour", "topic/honesty", "topic/integrity"}
    assert ("provision/name_sources", "provision/answers") in pairs(inferred, PS.within)


def evidence(graph: Graph) -> set[tuple[str, str]]:
    return {
        (
            str(graph.value(touch, PS.toucher)).removeprefix(BASE),
            str(graph.value(touch, PS.touchedTopic)).removeprefix(BASE),
        )
        for touch in graph.subjects(RDF.type, PS.Touch)
    }


def test_a_provision_touches_what_it_has_evidence_for(inferred: Graph) -> None:
    assert pairs(inferred, PS.touches) == evidence(inferred) != set()


@st.composite
def trees(draw: st.DrawFn) -> Spec:
    """Return a spec of nested provisions with random topics, all ids distinct and all parents declared."""
    provisions: list[Provision] = []
    names = ["red", "green", "blue"]
    for number in range(draw(st.integers(1, 6))):
        parent = draw(st.none() | st.sampled_from([p.id for p in provisions])) if provisions else None
        depth = 1 if parent is None else next(p.depth for p in provisions if p.id == parent) + 1
        topics = tuple(sorted(draw(st.sets(st.sampled_from([*names, "undeclared"]), max_size=2))))
        title = draw(st.sampled_from(["plain", "so Red", "blue  green"]))
        given_: dict[str, Any] = {"title": title, "parent": parent, "depth": depth, "topics": topics}
        section = draw(st.booleans())
        provisions.append(
            Section(id=f"p{number}", span=at(number + 1), **given_)
            if section
            else principle(f"p{number}", **given_)
        )
    order = {p.id: _path(p, provisions) for p in provisions}
    topics_ = tuple(
        Topic(
            id=name, label=name, broader=tuple(draw(st.sets(st.sampled_from(names), max_size=1))), span=at()
        )
        for name in names
    )
    return spec(*sorted(provisions, key=lambda p: order[p.id]), topics=topics_)


def _path(provision: Provision, provisions: list[Provision]) -> list[int]:
    """Return what sorts provisions as a document has them, parents before what stands in them."""
    own = provisions.index(provision)
    if provision.parent is None:
        return [own]
    return [*_path(next(p for p in provisions if p.id == provision.parent), provisions), own]


@given(trees())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_evidence_and_rules_agree_on_any_tree(tree: Spec) -> None:
    graph = infer_graph(to_graph(tree))
    assert pairs(graph, PS.touches) == evidence(graph)


def test_hard_rules_of_a_release_are_those_of_its_highest_level(release_dir: Path) -> None:
    release = read_release(release_dir).spec
    graph = infer_graph(to_graph(release))
    never = {level.id for level in release.levels if level.override is OverrideMode.NEVER}
    assert members(graph, PS.HardRule) == {p.id for p in release.principles if p.authority in never}
    user = {p.id for p in release.principles if p.authority in {"user", "guideline"}}
    assert members(graph, PS.UserOverridableDefault) == user
    assert user <= members(graph, PS.DeveloperOverridableDefault) == members(graph, PS.Default)
    assert all(isinstance(release.provision_by_id[name], Principle) for name in user)
