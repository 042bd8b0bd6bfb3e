"""What follows by either engine, contradictions that were planted, and the statements that explain them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import owlready2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.graph.terms import PREFIXES, PS, RDF, Blank, Iri, Triple
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Carrier, Principle, Reference, ReferenceForm, Spec, Topic, Verdict
from sphinx_policyspec.reasoning.reasoner import (
    Contradiction,
    Reasoner,
    _quick_java,
    classify,
    contradictions,
    explain,
    first_inconsistent,
    smallest,
    world_of,
)
from sphinx_policyspec.reasoning.schema import Thinner, relevant
from sphinx_policyspec.reasoning.statements import Statement, statements_of
from tests.conftest import LEVELS, RELEASES, Run, at, example, principle, require_tool, response, spec
from tests.graph.specs import LIBRARY, trees

BASE = "urn:policyspec:spec:"


def told(found: Iterable[Contradiction]) -> set[frozenset[str]]:
    """Return the sentences of each contradiction, with their lines."""
    return {
        frozenset(f"{s.text} at {s.span.line}" if s.span else s.text for s in contradiction.statements)
        for contradiction in found
    }


PLANTED: tuple[tuple[dict[str, Any], dict[str, Any] | None, set[str]], ...] = (
    (
        {"exception_to": ("b1",)},
        {"exception_to": ("a1",)},
        {"`a1` is an exception to `b1` at 10", "`b1` is an exception to `a1` at 11"},
    ),
    ({"exception_to": ("a2",)}, None, {"`a2` is an exception to `a2` at 20"}),
    (
        {"preferred_over": ("b3",)},
        {"preferred_over": ("a3",)},
        {"`a3` is preferred over `b3` at 30", "`b3` is preferred over `a3` at 31"},
    ),
    (
        {"refines": ("b4",), "conflicts_with": ("b4",)},
        {},
        {"`a4` refines `b4` at 40", "`a4` conflicts with `b4` at 40"},
    ),
    (
        {"refines": ("b5",), "exception_to": ("b5",)},
        {},
        {"`a5` refines `b5` at 50", "`a5` is an exception to `b5` at 50"},
    ),
    ({"refines": ("b6",)}, {"refines": ("a6",)}, {"`a6` refines `b6` at 60", "`b6` refines `a6` at 61"}),
    ({"conflicts_with": ("a7",)}, None, {"`a7` conflicts with `a7` at 70"}),
    (
        {"blocks": (example("e8", response(Verdict.GOOD, violates=("a1",), span=at(85))),)},
        None,
        {"answer 2 of example `e8` is marked good at 85", "answer 2 of example `e8` violates `a1` at 85"},
    ),
    (
        {},
        None,
        {"topic `tea` is narrower than topic `milk` at 90", "topic `tea` is related to topic `milk` at 90"},
    ),
    ({"parent": "a10"}, None, {"`a10` is part of `a10` at 100"}),
)
"""What each pair of principles says, and the statements that contradict each other by it."""


def planted() -> Spec:
    provisions = []
    for number, (first, second, _) in enumerate(PLANTED, 1):
        provisions.append(principle(f"a{number}", span=at(10 * number), **first))
        if second is not None:
            provisions.append(principle(f"b{number}", span=at(10 * number + 1), **second))
    tea = Topic(id="tea", label="Tea", broader=("milk",), related=("milk",), span=at(90))
    milk = Topic(id="milk", label="Milk", span=at(91))
    return spec(*provisions, topics=(tea, milk), version="1")


EXPECTED = {frozenset(sentences) for _, _, sentences in PLANTED}


def test_rules_explain_ten_planted_contradictions_by_exactly_their_statements() -> None:
    assert told(Reasoner.of_spec(planted()).run("rules").contradictions) == EXPECTED
    assert len(EXPECTED) == 10


@pytest.mark.slow
def test_hermit_finds_each_of_ten_planted_contradictions() -> None:
    require_tool("java")
    found = Reasoner.of_spec(planted()).run("hermit")
    assert told(found.contradictions) == EXPECTED
    assert found.derived == ()
    assert all(contradiction.reason for contradiction in found.contradictions)


def test_what_is_left_when_the_planted_is_mended_is_consistent() -> None:
    require_tool("java")
    found = Reasoner.of_spec(LIBRARY).run("hermit")
    assert found.contradictions == ()
    assert found.counts["a ps:HardRule"] == 1


DUPLICATE = """# Manners {#manners}

## Be kind {#be_kind authority=user}

Be kind.

## Be kind {#be_kind authority=root}

Really.
"""


def test_one_id_at_two_places_is_one_principle_with_two_levels(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(DUPLICATE, "utf-8")
    loaded = ps.load_checked(tmp_path, annotate=False)
    (found,) = ps.reason(loaded).contradictions
    assert found.reason == "nothing has two values of `authority`"
    assert [f"{s.text} at {s.span}" for s in found.statements] == [
        "`be_kind` is declared at user at model_spec.md:3:1",
        "`be_kind` is declared at root at model_spec.md:7:1",
    ]


def test_one_id_for_a_section_and_a_principle_contradicts_itself(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(DUPLICATE.replace(" authority=user", ""), "utf-8")
    (found,) = ps.reason(ps.load_checked(tmp_path, annotate=False)).contradictions
    assert found.reason == "nothing is both a principle and a section"
    assert [s.text for s in found.statements] == ["`be_kind` is a section", "`be_kind` is a principle"]


def test_ids_that_the_graph_numbers_are_rejoined() -> None:
    twice = spec(principle(span=at(3)), principle(authority="root", span=at(9)))
    (found,) = Reasoner.of_spec(twice).run().contradictions
    assert [(s.text, s.span and s.span.line) for s in found.statements] == [
        ("`be_kind` is declared at user", 3),
        ("`be_kind` is declared at root", 9),
    ]


def graph_file(path: Path, *specs: Spec, more: str = "") -> Path:
    """Write specs as one N-Quads file, each in the graph of its release."""
    lines = [
        line.replace(" .\n", f" <{BASE}release/{item.version}> .\n")
        for item in specs
        for line in ntriples_lines(dict.fromkeys(triples_of(item)))
    ]
    path.write_text("".join(lines) + more, "utf-8")
    return path


def test_a_graph_of_two_releases_names_the_place_in_each(tmp_path: Path) -> None:
    old = spec(principle(span=at(12, "a.md")), version="1")
    new = spec(principle(authority="root", span=at(40, "b.md")), version="2")
    found = ps.reason(graph_file(tmp_path / "both.nq", old, new))
    (contradiction,) = [c for c in found.contradictions if "authority" in c.reason]
    assert [f"{s.text} at {s.span}" for s in contradiction.statements] == [
        "`be_kind` is declared at user at a.md:12:1",
        "`be_kind` is declared at root at b.md:40:1",
    ]


def test_a_level_that_is_never_overridden_and_can_be_explains_itself_by_all_it_takes(tmp_path: Path) -> None:
    more = f"<{BASE}level/root> <{PS.overridableBy}> <{BASE}level/user> <{BASE}release/1> .\n"
    levels = tuple(replace(level, span=at(line)) for line, level in enumerate(LEVELS, 51))
    path = graph_file(
        tmp_path / "spec.nq", spec(principle(authority="root"), levels=levels, version="1"), more=more
    )
    (found,) = ps.reason(path).contradictions
    assert told([found]) == {
        frozenset(
            {
                "`be_kind` is a principle at 1",
                "`be_kind` is declared at root at 1",
                "the override mode of level `root` is never at 51",
                "level `root` can be overridden by level `user` at 51",
                "level `user` has the role `user` at 54",
            }
        )
    }


@pytest.mark.slow
def test_what_forward_reasoning_cannot_see_hermit_narrows_down(tmp_path: Path) -> None:
    require_tool("java")
    more = f"<{BASE}provision/be_kind> <{RDF.type}> <{PS.HardRule}> <{BASE}release/1> .\n"
    path = graph_file(tmp_path / "spec.nq", spec(principle(), version="1"), more=more)
    seen = told(ps.reason(path).contradictions)
    found = ps.reason(path, engine="hermit").contradictions
    common = {"`be_kind` is a hard rule at 1", "`be_kind` is declared at user at 1"}
    unseen = frozenset({*common, "the override mode of level `user` is explicit"})
    assert told(c for c in found if not c.reason) == {unseen}
    assert told(found) == {*seen, unseen}
    assert told(found) == {
        unseen,
        *(
            frozenset(
                {
                    *common,
                    f"level `user` can be overridden by level `{level}`",
                    f"level `{level}` has the role `{level}`",
                }
            )
            for level in ("developer", "user")
        ),
    }


ODD = """\
@prefix ps: <https://w3id.org/policyspec#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a ps:Principle, ps:Goal .
<urn:a> ps:rank "first"^^xsd:integer .
<urn:b> ps:rank 1 , 2 ; ps:authority "user" .
<urn:c> ps:rank 1 , "+1"^^xsd:integer , 1.0 , "01"^^xsd:int .
<urn:d> a ps:Commentary ; ps:note "a note" .
<urn:e> a ps:AuthorityLevel ; ps:role "x"@en .
<urn:f> a <urn:Foreign> ; <urn:foreign> "2"^^<urn:odd> .
"""
ODDITIES = {
    "nothing is both a goal and a provision",
    "the value of `rank` is of the wrong kind",
    "nothing has two values of `rank`",
    "nothing is both a commentary and a message",
    "the value of `role` is of the wrong kind",
}


@pytest.mark.parametrize("engine", ["rules", pytest.param("hermit", marks=pytest.mark.slow)])
def test_what_no_spec_could_say_is_told_like_anything_else(engine: str, tmp_path: Path) -> None:
    if engine == "hermit":
        require_tool("java")
    path = tmp_path / "odd.ttl"
    path.write_text(ODD, "utf-8")
    found = ps.reason(path, engine=engine).contradictions
    assert [c.reason for c in found if c.reason not in ODDITIES] == []
    assert {c.reason for c in found} == ODDITIES
    assert len(found) == len(ODDITIES)


def test_what_follows_about_blank_nodes_and_texts_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / "odd.ttl"
    path.write_text('@prefix ps: <https://w3id.org/policyspec#> . [] ps:topic "tea"@en .', "utf-8")
    found = ps.reason(path)
    assert found.counts == {"ps:about": 1, "ps:touches": 1}
    assert found.as_rdf("nt").decode().count('"tea"@en') == 2
    assert found.as_rdf("nt").startswith(b"_:")


@given(st.integers(1, 300), st.data())
def test_the_smallest_part_is_found_with_few_runs(size: int, data: st.DataObject) -> None:
    places = tuple(range(size))
    wanted = data.draw(st.sets(st.sampled_from(places), min_size=1, max_size=3))
    runs = 0

    def first(candidates: Sequence[tuple[int, ...]]) -> int | None:
        nonlocal runs
        runs += 1
        return next((place for place, part in enumerate(candidates) if wanted <= set(part)), None)

    assert smallest(places, first) == tuple(sorted(wanted))
    assert runs <= 4 * len(wanted) + 1


def test_candidates_that_hold_too_much_are_made_smaller() -> None:
    stated = [(triple, "") for triple in triples_of(planted())]
    statements = statements_of(stated, lambda: stated)
    core = set(contradictions(statements)[0].statements)

    def needs_all_of_the_first(candidates: Sequence[Iterable[Triple]]) -> int | None:
        wanted = {triple for statement in core for triple in statement.triples}
        return next((place for place, triples in enumerate(candidates) if wanted <= set(triples)), None)

    (found,) = explain(statements, needs_all_of_the_first)
    assert set(found.statements) == core


# -- agreement ------------------------------------------------------------------------------

NARROWER, OWL = Iri(PREFIXES["skos"] + "narrower"), PREFIXES["owl"]
RELATIONS = {
    PS.about: "topic/",
    PS.includes: "provision/",
    PS.outranks: "level/",
    PS.referencedBy: "provision/",
    PS.touches: "topic/",
    PS.within: "provision/",
    NARROWER: "topic/",
}
"""What rules derive, and the kind of things that it leads to."""
CLASSES = (
    PS.Default,
    PS.DeveloperOverridableDefault,
    PS.HardRule,
    PS.ImplicitlyOverridable,
    PS.UserOverridableDefault,
)


@st.composite
def levelled(draw: st.DrawFn) -> Spec:
    """Return a tree whose principles have levels, and refer to each other."""
    tree = draw(trees())
    names = [provision.id for provision in tree.provisions]
    levels = draw(st.lists(st.sampled_from(LEVELS), min_size=1, unique=True))
    provisions = tuple(
        replace(p, authority=draw(st.sampled_from(levels)).id) if isinstance(p, Principle) else p
        for p in tree.provisions
    )
    references = tuple(
        Reference(source=one, target=other, carrier=Carrier.TEXT, form=ReferenceForm.TITLE, span=at())
        for one, other in draw(st.sets(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=3))
    )
    return replace(tree, provisions=provisions, references=references, levels=tuple(levels))


def asked_of_hermit(triples: tuple[Triple, ...]) -> set[Triple]:
    """Return the relations and classes that HermiT derives: one class for each relation to each thing."""
    kept = [t for t in triples if isinstance(t[2], Iri) or t[1] == PS.role]
    terms = {term for triple in kept for term in triple if isinstance(term, Iri)}
    named = sorted(term for term in terms if term.startswith(BASE))
    asked = [(p, name) for p, kind in RELATIONS.items() for name in named if name.startswith(BASE + kind)]
    questions: dict[str, tuple[Iri, Iri]] = {}
    more: list[Triple] = []
    for number, (relation, name) in enumerate(asked):
        question, described = Iri(f"urn:question:{number}"), Blank(f"described{number}")
        questions[question] = relation, name
        more += [
            (question, RDF.type, Iri(f"{OWL}Class")),
            (question, Iri(f"{OWL}equivalentClass"), described),
            (described, RDF.type, Iri(f"{OWL}Restriction")),
            (described, Iri(f"{OWL}onProperty"), relation),
            (described, Iri(f"{OWL}hasValue"), name),
        ]
    world = world_of((*kept, *more))
    with _quick_java():
        owlready2.sync_reasoner_hermit(world, debug=0)
    found: set[Triple] = set()
    for name in named:
        thing = world[name]
        for cls in () if thing is None else thing.INDIRECT_is_a:
            iri = Iri(getattr(cls, "iri", ""))
            if iri in questions:
                found.add((name, *questions[iri]))
            elif iri in CLASSES:
                found.add((name, RDF.type, iri))
    return found


def by_rules(read: Spec) -> set[Triple]:
    """Return the same by rules; a relation can be stated and derived."""
    triples = (*triples_of(read), *Reasoner.of_spec(read).run("rules").derived)
    return {t for t in triples if t[1] in RELATIONS or (t[1] == RDF.type and t[2] in CLASSES)}


@given(levelled())
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_hermit_derives_what_rules_derive_and_no_more(tree: Spec) -> None:
    require_tool("java")
    assert asked_of_hermit(tuple(triples_of(tree))) == by_rules(tree)


def test_classes_need_the_relevant_statements_alone() -> None:
    require_tool("java")
    everything = list(dict.fromkeys(triples_of(LIBRARY)))
    needed = relevant(everything)
    assert len(needed) < len(everything) / 3
    derived = classify(needed)
    assert derived is not None
    assert set(derived) == {triple for triple in by_rules(LIBRARY) if triple[1] == RDF.type}


@given(st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_left_out_before_all_is_known_is_never_relevant(data: st.DataObject) -> None:
    """In any order, with things that have lost a class, a relation or the kind of their value."""
    everything = list(dict.fromkeys(triples_of(planted())))
    places = data.draw(st.sets(st.integers(0, len(everything) - 1), max_size=20))
    others = [triple for place, triple in enumerate(everything) if place not in places]
    others += [(everything[place][0], everything[place - 1][1], everything[place][2]) for place in places]
    data.draw(st.randoms()).shuffle(others)
    thinner = Thinner()
    kept = [triple for triple in others if thinner.keeps(*triple)]
    assert relevant(kept) == relevant(others)


def test_little_of_a_spec_is_held_for_reasoning() -> None:
    thinner = Thinner()
    everything = list(triples_of(LIBRARY))
    assert sum(thinner.keeps(*triple) for triple in everything) < len(everything) / 3


def test_classes_that_the_ontology_does_not_know_are_not_held() -> None:
    thinner = Thinner()
    thing = Iri("urn:x")
    for number in range(100):
        assert thinner.keeps(thing, RDF.type, Iri(f"urn:class{number}"))
    assert thinner._types.of(thing) == frozenset()


def test_a_thing_with_many_values_is_told_in_a_number_of_contradictions_that_grows_with_them(
    tmp_path: Path,
) -> None:
    many = 150
    path = tmp_path / "many.ttl"
    ranks = " , ".join(map(str, range(many)))
    path.write_text(f"@prefix ps: <https://w3id.org/policyspec#> .\n<urn:b> ps:rank {ranks} .\n", "utf-8")
    found = ps.reason(path).contradictions
    assert {len(one.statements) for one in found} == {2}
    # Fifty are held against each other, the others against the first.
    assert len(found) == 50 * 49 // 2 + many - 50


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_forward_reasoning_never_calls_consistent_statements_a_contradiction(data: st.DataObject) -> None:
    """What it finds in a random graph is checked against HermiT, all in one run."""
    ids = st.sampled_from(["a", "b"])
    fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            name: st.lists(ids, max_size=1).map(tuple)
            for name in ("exception_to", "preferred_over", "conflicts_with", "refines")
        }
    )
    made = spec(principle("a", **data.draw(fields)), principle("b", **data.draw(fields)))
    stated = [(triple, "") for triple in triples_of(made)]
    statements = statements_of(stated, lambda: stated)
    for found in contradictions(statements):
        assert 1 <= len(found.statements) <= 2
        assert _contradicts(found.statements)


def _contradicts(statements: tuple[Statement, ...]) -> bool:
    """Tell by the definition of each axiom, without a reasoner, whether statements exclude each other."""
    triples = [triple for statement in statements for triple in statement.triples]
    if len(triples) == 1:
        return triples[0][0] == triples[0][2]
    (s1, p1, o1), (s2, p2, o2) = triples
    if p1 == p2:
        return (s1, o1) == (o2, s2) and p1 != PS.conflictsWith
    return (s1, o1) == (s2, o2) and PS.refines in (p1, p2)


# -- the command ----------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "spec.ttl"
    path.write_bytes(ps.to_rdf(LIBRARY, "ttl"))
    return path


def test_the_command_counts_what_follows_by_kind(run: Run, source: Path) -> None:
    status, out, err = run("reason", source)
    assert (status, err) == (0, "")
    counts = dict(line.rsplit(maxsplit=1) for line in out.splitlines()[1:])
    assert (counts["  a ps:HardRule"], counts["  ps:outranks"]) == ("1", "10")


def test_the_command_writes_what_follows_as_rdf(run: Run, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "derived.nt"
    status, out, err = run("reason", source, "-o", target)
    assert (status, out) == (0, "")
    lines = target.read_text("utf-8").splitlines()
    assert f"policyspec: wrote {target}: {len(lines)} statements" in err
    assert lines == sorted(lines)
    assert f"<{BASE}level/root> <{PS.outranks}> <{BASE}level/guideline> ." in lines
    assert run("reason", source, "--format", "nt") == (0, target.read_text("utf-8"), "")


def test_the_command_refuses_a_suffix_that_tells_no_format(run: Run, source: Path, tmp_path: Path) -> None:
    status, _, err = run("reason", source, "-o", tmp_path / "derived.xyz")
    assert status == 2
    assert "the format is not clear" in err


def test_the_command_tells_contradictions_and_ends_with_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spec.nt"
    path.write_bytes(ps.to_rdf(planted(), "nt"))
    status, out, _ = run("reason", path)
    assert status == 1
    assert (
        "inconsistent: `exception to` cannot hold in both directions\n"
        "  spec.md:10:1: `a1` is an exception to `b1`\n"
        "  spec.md:11:1: `b1` is an exception to `a1`\n\n" in out
    )
    status, out, _ = run("reason", path, "--format", "json")
    found = json.loads(out)
    assert (status, found["consistent"], len(found["contradictions"])) == (1, False, 10)
    lines = [tuple(s["line"] for s in c["statements"]) for c in found["contradictions"]]
    assert (10, 11) in lines
    status, out, err = run("reason", path, "--format", "ttl")
    assert status == 1
    assert "inconsistent:" in err
    assert "inconsistent:" not in out


def test_a_terminal_cannot_be_steered_by_an_id(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spec.nt"
    bad = spec(principle("a\x1b[2J", exception_to=("a\x1b[2J",)))
    path.write_bytes(ps.to_rdf(bad, "nt"))
    status, out, _ = run("reason", path)
    assert status == 1
    assert "\x1b" not in out


def test_without_java_the_command_names_the_package(
    source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="default-jre-headless"):
        ps.reason(source, engine="hermit")


@pytest.mark.parametrize(
    "release", [pytest.param(r, marks=[] if r == RELEASES[-1] else pytest.mark.slow) for r in RELEASES]
)
def test_a_release_is_consistent_by_both_engines(model_spec_data: Path, release: str) -> None:
    require_tool("java")
    reasoner = Reasoner.of_spec(ps.load(model_spec_data / release))
    rules, hermit = reasoner.run("rules"), reasoner.run("hermit")
    assert rules.contradictions == hermit.contradictions == ()
    classes = {kind: number for kind, number in rules.counts.items() if kind.startswith("a ")}
    assert hermit.counts == classes != {}
    assert first_inconsistent([relevant(triple for triple, _ in reasoner.stated())]) is None


def test_no_set_at_all_needs_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert first_inconsistent([]) is None
