from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import RDF, SKOS, Graph, URIRef

from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import AuthorityLevel, OverrideMode, Principle
from sphinx_policyspec.readers.release import read_release
from tests.conftest import principle, spec
from tests.graph.files import infer_graph
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


def test_a_provision_is_about_topics_above_and_around_and_stands_within_all_around_it(
    inferred: Graph,
) -> None:
    about = {topic for provision, topic in pairs(inferred, PS.about) if provision == "provision/name_sources"}
    assert about == {"topic/candour", "topic/honesty", "topic/integrity", "topic/service"}
    assert ("provision/name_sources", "provision/answers") in pairs(inferred, PS.within)


def evidence(graph: Graph, *kinds: str) -> set[tuple[str, str]]:
    """Return what touches of these kinds, or of any kind, say."""
    return {
        (
            str(graph.value(touch, PS.toucher)).removeprefix(BASE),
            str(graph.value(touch, PS.touchedTopic)).removeprefix(BASE),
        )
        for touch in graph.subjects(RDF.type, PS.Touch)
        if not kinds or str(graph.value(touch, PS.touchKind)).rpartition("#")[2].lower() in kinds
    }


def test_a_provision_touches_what_it_has_evidence_for(inferred: Graph) -> None:
    assert pairs(inferred, PS.touches) == evidence(inferred) != set()
    assert pairs(inferred, PS.about) == evidence(inferred, "asserted", "narrower", "inherited") != set()
    assert pairs(inferred, PS.mentions) == evidence(inferred, "mention") != set()


def test_hard_rules_of_a_release_are_those_of_its_highest_level(release_dir: Path) -> None:
    release = read_release(release_dir).spec
    graph = infer_graph(to_graph(release))
    never = {level.id for level in release.levels if level.override is OverrideMode.NEVER}
    assert members(graph, PS.HardRule) == {p.id for p in release.principles if p.authority in never}
    user = {p.id for p in release.principles if p.authority in {"user", "guideline"}}
    assert members(graph, PS.UserOverridableDefault) == user
    assert user <= members(graph, PS.DeveloperOverridableDefault) == members(graph, PS.Default)
    assert all(isinstance(release.provision_by_id[name], Principle) for name in user)
