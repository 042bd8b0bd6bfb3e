"""What alignments say to a graph, to questions and to cases; and that swapping two specs swaps nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pyoxigraph import RdfFormat, parse
from rdflib import Dataset, Graph, URIRef

import sphinx_policyspec as ps
from sphinx_policyspec.alignments import Alignment
from sphinx_policyspec.alignments.cases import EachDecision
from sphinx_policyspec.alignments.sssom import read_sssom
from sphinx_policyspec.errors import QueryError, SourceError
from sphinx_policyspec.graph.questions import find_question, list_questions
from sphinx_policyspec.model import Label, Section
from tests.alignments.test_check import GUILD, HOUSE, MANUAL, text_of
from tests.conftest import Run, at, principle
from tests.graph.test_questions import RDFLIB, in_rdflib

ROWS = (
    "guild:keep_time skos:exactMatch house:be_punctual",
    "part:keep_time/1 skos:closeMatch house:lock_up",
    "guild:greet_guests skos:broadMatch house:greet_at_the_door",
    "guild:wear_a_hat skos:exactMatch sssom:NoTermFound",
)
ALIGNMENT = read_sssom(text_of(*ROWS), "x.sssom.tsv")
SET = "https://example.org/alignment"
EXPECTED: dict[str, list[tuple[str, ...]]] = {
    "mapped": [
        ("guild", "keep_time", "Keep time", "oath", "never", "skos:exactMatch", "house", "be_punctual", "Be punctual", "law", "never", ""),
        ("guild", "keep_time ¶1 s2", "Keep time", "custom", "implicit", "skos:closeMatch", "house", "lock_up", "Lock up", "law", "never", ""),
        ("guild", "greet_guests", "Greet guests", "custom", "implicit", "skos:broadMatch", "house", "greet_at_the_door", "Greet guests", "habit", "explicit", ""),
        ("house", "be_punctual", "Be punctual", "law", "never", "skos:exactMatch", "guild", "keep_time", "Keep time", "oath", "never", ""),
        ("house", "greet_at_the_door", "Greet guests", "habit", "explicit", "skos:narrowMatch", "guild", "greet_guests", "Greet guests", "custom", "implicit", ""),
        ("house", "lock_up", "Lock up", "law", "never", "skos:closeMatch", "guild", "keep_time ¶1 s2", "Keep time", "custom", "implicit", ""),
    ],
    "levels-that-differ": [
        ("guild", "keep_time ¶1 s2", "Keep time", "custom", "implicit", "skos:closeMatch", "house", "lock_up", "law", "never"),
        ("house", "lock_up", "Lock up", "law", "never", "skos:closeMatch", "guild", "keep_time ¶1 s2", "custom", "implicit"),
    ],
    "without-counterpart": [("guild", "wear_a_hat", "Wear a hat at work", "master", "no-term-found")],
}  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Iterator[ps.KnowledgeBase]:
    with ps.knowledge_base([GUILD, HOUSE], beside=ps.Beside(alignments=[ALIGNMENT])) as found:
        yield found


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_question_over_alignments_has_the_expected_rows(base: ps.KnowledgeBase, name: str) -> None:
    answer = base.ask(name)
    assert answer.columns == find_question(name).columns
    assert list(answer.texts) == EXPECTED[name]


def test_every_question_over_alignments_is_asked_here() -> None:
    assert {question.name for question in list_questions() if question.over == "alignments"} == set(EXPECTED)


@RDFLIB
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_rdflib_gives_the_same_rows(name: str) -> None:
    nquads = ps.to_rdf([GUILD, HOUSE], "nq", beside=ps.Beside(alignments=[ALIGNMENT]), inferred=True).decode()
    graph = Dataset(default_union=False)
    graph.parse(data=nquads, format="nquads")
    with ps.knowledge_base([GUILD, HOUSE]) as both:
        graph.parse(data=b"".join(both._pieces()).decode(), format="nquads")
    question = find_question(name)
    assert in_rdflib(graph, question.sparql) == EXPECTED[name]


@RDFLIB
def test_a_section_without_a_level_corresponds_once_and_has_none() -> None:
    manners, customs, rites = (
        Section(id=name, title=name.title(), depth=1, span=at()) for name in ("manners", "customs", "rites")
    )
    house = replace(HOUSE, provisions=(*HOUSE.provisions, manners, customs))
    guild = replace(GUILD, provisions=(*GUILD.provisions, rites))
    near = read_sssom(
        text_of("guild:keep_time skos:closeMatch house:manners", "guild:rites skos:exactMatch house:customs"),
        "x.tsv",
    )
    nquads = ps.to_rdf([guild, house], "nq", beside=ps.Beside(alignments=[near]), inferred=True).decode()
    with ps.knowledge_base([guild, house], beside=ps.Beside(alignments=[near])) as both:
        graph = Dataset(default_union=False)
        graph.parse(data=nquads, format="nquads")
        graph.parse(data=b"".join(both._pieces()).decode(), format="nquads")
        for name, expected in (
            (
                "mapped",
                [
                    ("keep_time", "oath", "never", "manners", "", ""),
                    ("rites", "", "", "customs", "", ""),
                    ("manners", "", "", "keep_time", "oath", "never"),
                    ("customs", "", "", "rites", "", ""),
                ],
            ),
            ("levels-that-differ", []),
        ):
            columns = [
                find_question(name).columns.index(one)
                for one in ("id", "level", "mode", "other_id", "other_level", "other_mode")
            ]
            for rows in (both.ask(name).texts, in_rdflib(graph, find_question(name).sparql)):
                assert [tuple(row[place] for place in columns) for row in rows] == expected


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"provision": "keep_time"}, ["keep_time", "keep_time ¶1 s2"]),
        ({"provision": "lock_up"}, ["lock_up"]),
        ({"topic": "Bell"}, ["keep_time", "keep_time ¶1 s2", "be_punctual"]),
        ({"topic": "clock", "provision": "be_punctual"}, []),
    ],
)
def test_a_question_is_asked_of_one_thing(
    base: ps.KnowledgeBase, params: dict[str, str], ids: list[str]
) -> None:
    assert [row[1] for row in base.ask("mapped", params).texts] == ids


def test_names_that_no_spec_has_are_told(base: ps.KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="did you mean `keep_time`"):
        base.ask("mapped", {"provision": "keep_tme"})


def test_one_spec_alone_gives_its_own_rows() -> None:
    for name, rows in EXPECTED.items():
        with ps.knowledge_base(
            [GUILD, HOUSE], beside=ps.Beside(alignments=[ALIGNMENT]), only=["house"]
        ) as one:
            assert list(one.ask(name).texts) == [row for row in rows if row[0] == "house"]


def test_what_nobody_looked_for_is_unmapped_and_what_is_denied_is_no_counterpart() -> None:
    head = "# mapping_set_id: https://example.org/alignment\n# predicate_modifier: Not\n# curie_map:\n"
    head += "#   guild: https://example.org/guild/provision/\n#   house: 'urn:policyspec:house:provision/'\n"
    denied = read_sssom(text_of("guild:keep_time skos:exactMatch house:be_punctual", head=head), "x.tsv")
    with ps.knowledge_base([GUILD, HOUSE], beside=ps.Beside(alignments=[denied])) as one:
        assert list(one.ask("mapped").texts) == []
        answer = one.ask("without-counterpart", {"spec": "House"})
    assert [(row[1], row[4]) for row in answer.texts] == [
        (name, "unmapped") for name in ("be_punctual", "greet_at_the_door", "lock_up")
    ]


def test_without_an_alignment_the_question_says_what_it_wants() -> None:
    for source in (GUILD, [GUILD, HOUSE]):
        with ps.knowledge_base(source) as one, pytest.raises(QueryError, match="`--alignment FILE`"):
            one.ask("mapped")
    with pytest.raises(SourceError, match="alignments are of several specs"):
        ps.to_rdf(GUILD, beside=ps.Beside(alignments=[ALIGNMENT]))


# -- graph -------------------------------------------------------------------------------------

SKOS, SSSOM = "http://www.w3.org/2004/02/skos/core#", "https://w3id.org/sssom/"


def graph_of(alignment: Alignment, *specs: ps.Spec, inferred: bool = False) -> Graph:
    lines = (
        ps.to_rdf(specs, "nq", beside=ps.Beside(alignments=[alignment]), inferred=inferred)
        .decode()
        .splitlines()
    )
    own = [line.removesuffix(f"<{SET}> .") + "." for line in lines if line.endswith(f"<{SET}> .")]
    return Graph().parse(data="\n".join(own), format="nt")


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(str(s), str(p).removeprefix(SKOS), str(o)) for s, p, o in graph if str(p).startswith(SKOS)}


def test_a_match_is_an_edge_and_a_mapping_with_a_name_of_its_own() -> None:
    whole = replace(
        ALIGNMENT.rows[0],
        confidence=0.75,
        author_id=("https://orcid.org/0000-0002-1825-0097", "A. Reader"),
        mapping_date="2026-11-02",
        comment="by the clock",
        subject_digest="a" * 64,
    )
    graph = graph_of(replace(ALIGNMENT, rows=(whole, *ALIGNMENT.rows[1:])), GUILD, HOUSE)
    assert len(edges(graph)) == 3
    node = URIRef(f"{SET}#guild:keep_time~skos:exactMatch~house:be_punctual")
    said = {str(p).rpartition("#")[2].rpartition("/")[2]: str(o) for p, o in graph.predicate_objects(node)}
    assert said.pop("authoredBy") in whole.author_id
    assert said == {
        "type": f"{SSSOM}Mapping",
        "annotatedSource": "https://example.org/guild/provision/keep_time",
        "annotatedProperty": f"{SKOS}exactMatch",
        "annotatedTarget": "urn:policyspec:house:provision/be_punctual",
        "inversePredicate": f"{SKOS}exactMatch",
        "mapping_justification": MANUAL.replace("semapv:", "https://w3id.org/semapv/vocab/"),
        "confidence": "0.75",
        "created": "2026-11-02",
        "comment": "by the clock",
        "subjectDigest": "a" * 64,
        "subjectProvision": "https://example.org/guild/provision/keep_time",
        "objectProvision": "urn:policyspec:house:provision/be_punctual",
    }


def test_nothing_found_is_a_mapping_without_an_edge_and_no_match_is_chained() -> None:
    rows = ("guild:keep_time skos:closeMatch house:lock_up", "guild:wear_a_hat skos:closeMatch house:lock_up")
    graph = graph_of(read_sssom(text_of(*rows), "x.tsv"), GUILD, HOUSE, inferred=True)
    assert len(edges(graph)) == 4
    nothing = graph_of(read_sssom(text_of(ROWS[3]), "x.tsv"), GUILD, HOUSE, inferred=True)
    assert edges(nothing) == set()
    assert (
        None,
        URIRef("http://www.w3.org/2002/07/owl#annotatedTarget"),
        URIRef(f"{SSSOM}NoTermFound"),
    ) in nothing


def test_what_is_inferred_is_each_match_from_its_other_side() -> None:
    stated = edges(graph_of(ALIGNMENT, GUILD, HOUSE))
    turned = edges(graph_of(ALIGNMENT.swapped(), HOUSE, GUILD))
    both = edges(graph_of(ALIGNMENT, GUILD, HOUSE, inferred=True))
    assert both == stated | turned
    assert len(both) == 2 * len(stated) == 6
    assert edges(graph_of(ALIGNMENT.swapped(), HOUSE, GUILD, inferred=True)) == both


def test_rows_in_another_order_give_the_same_bytes() -> None:
    turned = replace(ALIGNMENT, rows=ALIGNMENT.rows[::-1])
    assert ps.to_rdf([GUILD, HOUSE], "nq", beside=ps.Beside(alignments=[turned])) == ps.to_rdf(
        [GUILD, HOUSE], "nq", beside=ps.Beside(alignments=[ALIGNMENT])
    )


def test_swapping_two_specs_swaps_the_blocks_of_an_answer_and_nothing_else(base: ps.KnowledgeBase) -> None:
    with ps.knowledge_base([HOUSE, GUILD], beside=ps.Beside(alignments=[ALIGNMENT.swapped()])) as swapped:
        for name in EXPECTED:
            rows = base.ask(name).texts
            assert list(swapped.ask(name).texts) == sorted(rows, key=lambda row: row[0], reverse=True)


# -- side by side ------------------------------------------------------------------------------


def test_a_page_lays_both_texts_side_by_side_with_levels_in_words() -> None:
    report = ps.check_alignment(ALIGNMENT, specs=[GUILD, HOUSE])
    page = BeautifulSoup(ps.render(report, "html"), "html.parser")
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.select("tbody tr")
    ]
    assert len(rows) == len(ROWS)
    left, how, right = rows[0]
    assert (left.startswith("Keep time guild: keep_time Oath level: no message may override it."), how) == (
        True,
        "exact match read by people",
    )
    assert right.endswith("Be there at eight.")
    assert rows[1][0].startswith("Keep time guild: keep_time ¶1 s2 Custom level: ")
    assert rows[3][1:] == ["no exact match read by people", "nothing was found"]
    assert report.unmapped == ((), ())


def test_a_page_tells_of_a_changed_text_and_what_is_not_there() -> None:
    rows = (
        "guild:keep_time skos:exactMatch house:lock_down m " + "0" * 64,
        "house:lock_up owl:sameAs guild:wear_a_hat",
    )
    report = ps.check_alignment(read_sssom(text_of(*rows), "x.tsv"), specs=[GUILD, HOUSE])
    page = BeautifulSoup(ps.render(report, "html"), "html.parser")
    assert len(page.select(".changed")) == 1
    told = page.get_text(" ", strip=True)
    assert "house:lock_down: no such provision" in told
    assert [item.get_text() for item in page.select("li")] == ["Greet guests", "Be punctual", "Greet guests"]


def test_a_page_shows_texts_as_people_read_them() -> None:
    text = "Keep [?](#wear_a_hat) and *every* [bell](#bell).\n\nOn days:\n- feasts\n- fairs"
    guild = replace(
        GUILD, provisions=(principle("keep_time", text=text, authority="oath"), *GUILD.provisions[1:])
    )
    found = ps.check_alignment(replace(ALIGNMENT, rows=ALIGNMENT.rows[:1]), specs=[guild, HOUSE])
    cell = BeautifulSoup(ps.render(found, "html"), "html.parser").select_one("td div")
    assert cell
    assert [one.get_text() for one in cell.select("p")] == [
        "Keep Wear a hat at work and every bell.",
        "On days:",
        "- feasts",
        "- fairs",
    ]


def test_no_text_becomes_markup_of_a_page() -> None:
    evil = "<script>alert(1)</script> & <b onclick='x'>\u202e"
    guild = replace(GUILD, provisions=(principle("keep_time", title=evil, text=evil, authority="oath"),))
    row = replace(ALIGNMENT.rows[0], comment=evil, author_id=(evil,), mapping_justification=evil)
    found = ps.check_alignment(replace(ALIGNMENT, rows=(row,), license=evil), specs=[guild, HOUSE])
    page = ps.render(found, "html")
    assert "<script" not in page
    assert "onclick='" not in page
    assert "\u202e" not in page
    assert page.count("&lt;script&gt;") == 6


@pytest.mark.slow
def test_a_handbook_of_two_specs_has_a_page_whose_links_lead_to_both(tmp_path: Path) -> None:
    read = [[ps.Loaded(spec=one, root=tmp_path, has_files=False)] for one in (GUILD, HOUSE)]
    ps.build_handbook(read, tmp_path / "site", theme="basic", alignments=[ALIGNMENT])
    page = BeautifulSoup((tmp_path / "site" / "alignment-1.html").read_text("utf-8"), "html.parser")
    links = [str(link["href"]).split("#") for link in page.select("a")]
    files = [link[0] for link in links if not link[1:]]
    assert files == ["alignment-1.sssom.tsv", "alignment-1.trig"]
    links = [link for link in links if link[1:]]
    assert len(links) == 7
    for file, anchor in links:
        there = BeautifulSoup((tmp_path / "site" / file).read_text("utf-8"), "html.parser")
        assert there.find(id=anchor), file
    assert "alignment-1.html" in (tmp_path / "site" / "index.html").read_text("utf-8")
    table, graph = (
        (tmp_path / "site" / f"alignment-1.{end}").read_text("utf-8") for end in ("sssom.tsv", "trig")
    )
    assert read_sssom(table, "x.tsv").rows == ALIGNMENT.rows
    assert {quad.graph_name.value for quad in parse(graph, format=RdfFormat.TRIG)} == {SET}


# -- one case by each --------------------------------------------------------------------------

CASE = """title: A guest before the bell
items:
  - {id: norm, principle: keep_time, issue: start, value: at the bell}
  - {id: boss, from: developer, issue: start, value: now}
  - {id: greet, principle: "house:greet_at_the_door", issue: greeting, value: good morning}
  - {id: guest, from: user, issue: greeting, value: none}
  - {id: hat, principle: wear_a_hat, issue: hat, value: true}
expect: {outcomes: {start: at the bell}}
"""
CLOSE = read_sssom(text_of(*ROWS[:1], "guild:greet_guests skos:closeMatch house:greet_at_the_door"), "x.tsv")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(CASE, "utf-8")
    return path


def test_a_case_is_decided_by_each_as_that_spec_alone_decides_it(case: Path) -> None:
    found = ps.decide_each(case, specs=[GUILD, HOUSE], alignments=[CLOSE])
    (one,) = found.cases
    assert (found.findings, list(one.decisions)) == ((), ["guild", "house"])
    guild, house = one.decisions.values()
    assert guild.labels == {
        "norm": Label.IN,
        "boss": Label.OUT,
        "greet": Label.OUT,
        "guest": Label.IN,
        "hat": Label.IN,
    }
    assert house.labels == {
        "norm": Label.IN,
        "boss": Label.NOT_A_CANDIDATE,
        "greet": Label.OUT,
        "guest": Label.IN,
        "hat": Label.NOT_A_CANDIDATE,
    }
    assert one.agree == {"start": None, "greeting": True, "hat": None}
    assert {item: [(near.spec, near.id) for near in found] for item, found in one.mapped.items()} == {
        "norm": [("house", "be_punctual")],
        "greet": [("guild", "greet_guests")],
        "hat": [],
    }
    for name, decision in one.decisions.items():
        again = ps.decide(GUILD if name == "guild" else HOUSE, decision.case)
        assert [alone.labels for alone in again] == [decision.labels]
    assert (guild.as_expected, house.as_expected) == (True, None)


def test_the_question_has_a_row_for_each_item_as_each_spec_decides_it(case: Path) -> None:
    name = "same-case-decided-by-each"
    (one,) = ps.decide_each(case, specs=[GUILD, HOUSE], alignments=[CLOSE]).cases
    with ps.knowledge_base(ps.load_specs((GUILD,), (HOUSE,)), beside=ps.Beside(alignments=[CLOSE])) as both:
        rows = both.ask(name, {"case": str(case)}).to_dicts()
        with pytest.raises(SourceError, match="does not exist"):
            both.ask(name, {"case": str(case) + "x"})
    expected = [
        (spec, item.issue, item.id, decision.labels[item.id].value, item.principle)
        for spec, decision in one.decisions.items()
        for issue in one.agree
        for item in decision.case.items
        if item.issue == issue
    ]
    assert [(row["spec"], row["issue"], row["item"], row["label"], row["id"]) for row in rows] == expected
    by_item = {(row["spec"], row["item"]): row for row in rows}
    first = by_item["house", "norm"]
    assert (first["title"], first["level"], first["locator"]) == ("Be punctual", "law", "be_punctual ¶1 s1")
    assert str(first["sentence"]) in HOUSE.provision_by_id["be_punctual"].text
    with (
        ps.knowledge_base(ps.load_specs((GUILD,), (HOUSE,))) as alone,
        pytest.raises(QueryError, match="what corresponds between them"),
    ):
        alone.ask(name, {"case": str(case)})


def test_of_two_provisions_with_one_id_each_is_quoted_from_its_own_spec(tmp_path: Path) -> None:
    house = replace(HOUSE, provisions=(principle("keep_time", text="Be there at eight.", authority="law"),))
    same = read_sssom(text_of("guild:keep_time skos:exactMatch house:keep_time"), "x.sssom.tsv")
    case = tmp_path / "case.yaml"
    case.write_text(
        "items:\n  - {id: norm, principle: 'guild:keep_time', issue: start, value: eight}\n", "utf-8"
    )
    with ps.knowledge_base(ps.load_specs((GUILD,), (house,)), beside=ps.Beside(alignments=[same])) as both:
        rows = both.ask("same-case-decided-by-each", {"case": str(case)}).to_dicts()
    quoted = {row["spec"]: row["sentence"] for row in rows if row["item"] == "norm"}
    assert quoted == {"guild": "Work begins when the bell rings.", "house": "Be there at eight."}


def test_swapping_two_specs_swaps_their_decisions_and_nothing_else(case: Path) -> None:
    one = ps.decide_each(case, specs=[GUILD, HOUSE], alignments=[CLOSE]).cases[0]
    other = ps.decide_each(case, specs=[HOUSE, GUILD], alignments=[CLOSE.swapped()]).cases[0]
    assert {name: found.labels for name, found in one.decisions.items()} == {
        name: found.labels for name, found in other.decisions.items()
    }
    assert list(other.decisions) == ["house", "guild"]
    assert (one.mapped, one.agree) == (other.mapped, other.agree)


SHARED = (
    replace(GUILD, provisions=(*GUILD.provisions, principle("shared", authority="custom"))),
    replace(
        HOUSE,
        provisions=(
            replace(HOUSE.provisions[0], aliases=("wear_a_hat",)),
            *HOUSE.provisions[1:],
            principle("shared", authority="habit"),
        ),
    ),
)
TO_LOCK = "guild:wear_a_hat skos:closeMatch house:lock_up", "guild:shared skos:closeMatch house:lock_up"


def _made_of(one: EachDecision) -> tuple[object, ...]:
    decided = {
        name: (found.case, found.labels, found.outcomes, found.duties, found.reasons, found.attacks)
        for name, found in one.decisions.items()
    }
    return decided, one.mapped, one.agree


def in_either_order(path: Path, text: str) -> ps.EachDecisions:
    """Return what two specs that share ids make of a case, having held that their order changes nothing of it."""
    path.write_text(text, "utf-8")
    near = read_sssom(text_of(*TO_LOCK), "x.tsv")
    one = ps.decide_each(path, specs=SHARED, alignments=[near])
    other = ps.decide_each(path, specs=SHARED[::-1], alignments=[near.swapped()])
    assert list(map(_made_of, one.cases)) == list(map(_made_of, other.cases))
    assert set(one.findings) == set(other.findings)
    return one


def shared_ids(found: ps.EachDecisions) -> list[tuple[str, str]]:
    return [(near.spec, near.id) for near in found.cases[0].mapped["a"]]


def test_a_spec_that_has_an_id_goes_before_one_that_had_it(tmp_path: Path) -> None:
    text = "items: [{id: a, principle: wear_a_hat, issue: hat, value: on}]\n"
    found = in_either_order(tmp_path / "c.yaml", text)
    assert (shared_ids(found), found.findings) == ([("house", "lock_up")], ())
    found = in_either_order(tmp_path / "c.yaml", text.replace("wear_a_hat", "say_hello"))
    assert found.cases[0].decisions["guild"].labels == {"a": Label.IN}
    assert found.cases[0].decisions["house"].labels == {"a": Label.NOT_A_CANDIDATE}


@pytest.mark.parametrize(
    ("name", "rest", "near"),
    [
        ("shared", "items: [{id: b, principle: wear_a_hat, issue: c, value: on}, ", [("house", "lock_up")]),
        ("shared", "about: keep_time\nitems: [", [("house", "lock_up")]),
        ("shared", "about: lock_up\nitems: [", []),
        ("guild:shared", "about: lock_up\nitems: [", [("house", "lock_up")]),
        ("house:shared", "items: [", []),
    ],
)
def test_an_id_of_several_specs_is_of_the_one_whose_others_a_case_names(
    tmp_path: Path, name: str, rest: str, near: list[tuple[str, str]]
) -> None:
    text = f'{rest}{{id: a, principle: "{name}", issue: hat, value: on}}]\n'
    found = in_either_order(tmp_path / "c.yaml", text)
    assert (shared_ids(found), found.findings) == (near, ())
    assert found.cases[0].decisions["guild" if near else "house"].labels["a"] is Label.IN


@pytest.mark.parametrize("about", ["", "about: shared\n"])
def test_an_id_of_several_specs_is_told_where_nothing_says_whose_it_is(tmp_path: Path, about: str) -> None:
    text = f"{about}items: [{{id: a, principle: shared, issue: hat, value: on}}]\n"
    found = in_either_order(tmp_path / "c.yaml", text)
    assert not found.cases[0].decisions
    assert [(one.code, one.hint) for one in found.errors] == [
        ("ambiguous-provision", "write `guild:shared` or `house:shared`")
    ]


def test_neither_messages_nor_unknown_ids_depend_on_the_order_of_specs(tmp_path: Path) -> None:
    text = (
        "about: shared\nitems: [{id: a, from: user, issue: hat, value: on}]\nexpect: {outcomes: {hat: on}}\n"
    )
    found = in_either_order(tmp_path / "c.yaml", text)
    assert [one.as_expected for one in found.cases[0].decisions.values()] == [True, True]
    found = in_either_order(tmp_path / "c.yaml", text.replace("from: user", "principle: keep_tme"))
    assert ["did you mean `keep_time`" in str(one) for one in found.errors] == [True]


def test_an_exception_names_things_of_the_spec_that_says_it(tmp_path: Path) -> None:
    text = (
        'items: [{id: a, principle: "guild:wear_a_hat", issue: hat, value: off, exempts: [shared]},'
        ' {id: b, principle: "guild:shared", issue: hat, value: on}]\n'
    )
    (one,) = in_either_order(tmp_path / "c.yaml", text).cases
    exempts = {name: decision.case.items[0].exempts for name, decision in one.decisions.items()}
    assert exempts == {"guild": ("shared",), "house": ("lock_up",)}


def test_several_counterparts_all_speak(case: Path) -> None:
    rows = (ROWS[0], "guild:keep_time skos:closeMatch house:lock_up")
    (one,) = ps.decide_each(
        case, specs=[GUILD, HOUSE], alignments=[read_sssom(text_of(*rows), "x.tsv")]
    ).cases
    assert [item.id for item in one.decisions["house"].case.items][:2] == [
        "norm (be_punctual)",
        "norm (lock_up)",
    ]
    assert one.decisions["house"].outcomes["start"].values == ("at the bell",)


def test_broad_narrow_and_related_matches_are_no_counterparts(case: Path) -> None:
    (one,) = ps.decide_each(
        case, specs=[GUILD, HOUSE], alignments=[read_sssom(text_of(ROWS[2]), "x.tsv")]
    ).cases
    assert set(one.mapped.values()) == {()}
    assert set(one.agree.values()) == {None}


def test_an_id_that_no_spec_has_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("items: [{id: a, principle: keep_tme, issue: b, value: c}]\n", "utf-8")
    found = ps.decide_each(path, specs=[GUILD, HOUSE], alignments=[CLOSE])
    assert "did you mean `keep_time`" in str(found.errors[0])


def test_the_command_lays_both_decisions_side_by_side(
    run: Run, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, read in (("guild", GUILD), ("house", HOUSE)):
        ps.write_rdf(read, f"{name}.nt", "nt")
    Path("x.sssom.tsv").write_text(ps.render(CLOSE, "tsv"), "utf-8")
    words = ("resolve", "guild.nt", "house.nt", case.name, "--alignment", "x.sssom.tsv", "-q")
    status, out, _ = run(*words, "--format", "json")
    told = json.loads(out)["cases"][0]
    assert (status, told["agree"], list(told["decisions"])) == (
        0,
        {"start": None, "greeting": True, "hat": None},
        ["guild", "house"],
    )
    assert told["mapped"]["norm"] == [{"spec": "house", "id": "be_punctual", "predicate": "skos:exactMatch"}]
    reasons = {one["item"]: one["rule"] for one in told["decisions"]["house"]["reasons"]}
    assert (reasons["hat"], reasons["boss"]) == ("no-counterpart", "no-speaker")
    status, out, _ = run(*words)
    assert (status, "`hat` is not a candidate: no counterpart" in out, "  hat: no telling" in out) == (
        0,
        True,
        True,
    )
