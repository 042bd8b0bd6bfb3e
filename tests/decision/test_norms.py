"""What of a spec the decision rests on: levels, exceptions, preferences, and the names of things."""

from __future__ import annotations

import pytest

from sphinx_policyspec.decision import Norms, problems
from sphinx_policyspec.decision.framework import count_links
from sphinx_policyspec.model import AuthorityLevel, OverrideMode, Section
from sphinx_policyspec.readers.cases import read_cases
from tests.conftest import at, example, principle, spec
from tests.decision.worked import NORMS

TITLED = example(
    "a-id",
    title="A “quoted” title, isn’t it?",
    source_title="Another  [?](#x) name.",
)


@pytest.mark.parametrize(
    "name",
    ["a-id", "A-ID", 'a "Quoted" title, isn\'t it?', "a “quoted” title,\nisn't it?", "another [?](#x) name"],
)
def test_an_example_is_found_by_id_or_title_in_any_typography(name: str) -> None:
    norms = Norms(spec(principle(blocks=(TITLED,))))
    assert norms.examples(name) == (TITLED,)


@pytest.mark.parametrize("name", ["", "quoted", "a title", "a quoted title, isnt it?"])
def test_other_names_are_no_example(name: str) -> None:
    assert Norms(spec(principle(blocks=(TITLED,)))).examples(name) == ()


def test_no_name_is_no_example_even_where_one_has_no_title() -> None:
    assert Norms(spec(principle(blocks=(example(title="", source_title=""),)))).examples("") == ()


def test_examples_of_one_title_are_all_found() -> None:
    norms = Norms(spec(principle(blocks=(example("a"), example("b")))))
    assert [found.id for found in norms.examples("A greeting")] == ["a", "b"]


def test_an_exception_to_a_section_is_one_to_all_below_it() -> None:
    norms = Norms(
        spec(
            Section(id="top", title="Top", depth=1, span=at(), aliases=("former",)),
            Section(id="middle", title="Middle", depth=2, span=at(), parent="top"),
            principle("deep", depth=3, parent="middle"),
            principle("near", depth=2, parent="top"),
            principle("beside"),
            principle("exception", depth=2, parent="top", exception_to=("former", "absent"), exempts=("c",)),
        )
    )
    found = norms.principle("exception")
    assert found is not None
    assert norms.exempted_by(found) == (frozenset({"top", "middle", "deep", "near"}), frozenset({"c"}))


def test_sections_in_a_circle_end() -> None:
    loop = (
        Section(id="a", title="A", depth=1, span=at(), parent="b"),
        Section(id="b", title="B", depth=1, span=at(), parent="a"),
    )
    exception = principle("exception", exception_to=("a",))
    assert Norms(spec(*loop, exception)).exempted_by(exception) == (frozenset({"a", "b"}), frozenset())


def test_names_lead_to_principles_and_former_names_too() -> None:
    norms = Norms(spec(principle("now", aliases=("once",)), Section(id="s", title="S", depth=1, span=at())))
    now = norms.principle("now")
    assert now is not None
    assert norms.principle("once") is now
    assert norms.principle("s") is None
    assert norms.principle("never") is None


def test_an_id_goes_before_the_former_id_of_another() -> None:
    norms = Norms(spec(principle("b", aliases=("a",)), principle("a")))
    found = norms.principle("a")
    assert found is not None
    assert found.id == "a"


def test_a_preference_holds_one_way_only_and_by_former_names() -> None:
    norms = Norms(
        spec(
            principle("a", preferred_over=("was-b",)),
            principle("b", aliases=("was-b",)),
            principle("c", preferred_over=("d",)),
            principle("d", preferred_over=("c",)),
        )
    )
    told = {(x, y) for x in "abcd" for y in "abcd" if norms.prefers(x, y)}
    assert told == {("a", "b")}
    assert not norms.prefers("a", "absent")
    assert not norms.prefers("absent", "a")


def test_the_highest_level_of_a_role_counts_and_the_lowest_that_speaks_is_served() -> None:
    levels = (
        AuthorityLevel(id="law", override=OverrideMode.NEVER),
        AuthorityLevel(id="board", roles=("chair",)),
        AuthorityLevel(id="staff", roles=("chair", "clerk")),
        AuthorityLevel(id="habit", override=OverrideMode.IMPLICIT),
    )
    norms = Norms(spec(levels=levels))
    assert {role: level.id for role, level in norms.level_of_role.items()} == {
        "chair": "board",
        "clerk": "staff",
    }
    assert norms.ask_rank == 2
    assert norms.rank == {"law": 0, "board": 1, "staff": 2, "habit": 3}
    assert [norms.mode(rank).value for rank in range(4)] == ["never", "explicit", "explicit", "implicit"]
    assert Norms(spec(levels=levels[:1])).ask_rank == -1


LINKS = {
    "items: [{id: a, from: user, issue: x, value: 1}]": 0,
    "items: [{id: a, from: user, issue: x, value: 1}, {id: b, from: user, issue: y, value: 2}]": 0,
    "items: [{id: a, from: user, issue: x, value: 1}, {id: b, from: user, issue: x, value: 2}]": 1,
    "items: [{id: a, from: user, issue: x, value: 1}, {id: b, from: user, issue: x, value: 2},"
    " {id: c, from: user, issue: x, value: 3}, {id: d, from: user, issue: x, value: 1}]": 5,
    "items: [{id: a, from: user, issue: y, value: 1, delegates: {source: s, scope: [x]}},"
    " {id: b, from: user, issue: z, value: 1, delegates: {source: s, scope: [x]}},"
    " {id: c, from: tool, source: s, issue: x, value: 1}]": 2,
    "items: [{id: a, principle: transform, issue: y, value: 1}, {id: b, principle: fixed_too, issue: x, value: 1},"
    " {id: c, principle: of_system, issue: z, value: 1}]": 2,
}


@pytest.mark.parametrize(("text", "links"), LINKS.items(), ids=range(len(LINKS)))
def test_the_links_of_a_case_are_counted(text: str, links: int) -> None:
    (read,), _ = read_cases(text, "c")
    assert problems(read.case, NORMS) == ()
    assert count_links(read.case, NORMS) == links


HINTS = {
    "items: [{id: a, issue: x, value: 1, level: user, from: user}]": "",
    "items: [{id: a, issue: x, value: 1}]": "give `from`, `principle` or `level`",
    "items: [{id: a, issue: x, value: 1, principle: content}]": "name a principle below it",
    "items: [{id: a, issue: x, value: 1, principle: of_user, level: root}]": "leave `level` out",
    "items: [{id: a, issue: x, value: 1, principle: transform, exempts: [fixd]}]": "did you mean `fixed`?",
    "items: [{id: a, issue: x, value: 1, from: usr}]": "did you mean `user`?",
    "items: [{id: a, issue: x, value: 1, level: usr}]": "did you mean `user`?",
    "{items: [{id: abc, issue: x, value: 1, from: user}], expect: {labels: {abd: in}}}": "did you mean `abc`?",
    "{items: [{id: a, issue: tone, value: 1, from: user}], expect: {outcomes: {tune: 1}}}": "did you mean `tone`?",
    "{example: a greting, items: [{id: a, issue: x, value: 1, from: user}]}": "did you mean `a greeting`?",
    "items: [{id: a, from: tool, source: s, issue: x, value: 1, delegates: {source: s, scope: [x]}}]": (
        "say which of them yields"
    ),
}


@pytest.mark.parametrize(("text", "hint"), HINTS.items(), ids=range(len(HINTS)))
def test_a_problem_says_what_to_do(text: str, hint: str) -> None:
    (read,), _ = read_cases(text, "c")
    norms = Norms(spec(*NORMS.spec.provisions, principle("held", blocks=(example(),))))
    found = problems(read.case, norms)
    assert [finding.hint for finding in found] == [hint]


def test_a_circle_begins_where_it_stands_first_whatever_its_name() -> None:
    line = "{{id: {}, from: tool, source: {}, issue: x, value: 1, delegates: {{source: {}, scope: [x]}}}}"
    rows = [line.format(*names) for names in (("z", "s", "t"), ("m", "t", "u"), ("a", "u", "s"))]
    (read,), _ = read_cases("items:\n" + "".join(f"- {row}\n" for row in rows), "c")
    (finding,) = problems(read.case, NORMS)
    assert finding.message == "delegations lead in a circle: `z` → `m` → `a` → `z`"
    assert finding.span.line == 2


def test_a_circle_begins_with_its_first_item_and_is_cut_when_long() -> None:
    line = "{{id: i{n:02}, from: tool, source: s{n}, issue: x, value: 1, delegates: {{source: s{m}, scope: [x]}}}}"
    for size, shown in ((3, "`i00` → `i01` → `i02` → `i00`"), (11, None), (12, None)):
        rows = [line.format(n=n, m=(n + 1) % size) for n in range(size)]
        # The last one first: the circle is told from where it stands first in the file.
        (read,), _ = read_cases("items:\n" + "".join(f"- {row}\n" for row in rows), "c")
        (finding,) = problems(read.case, NORMS)
        told = finding.message.removeprefix("delegations lead in a circle: ")
        assert finding.span.line == 2
        assert told.startswith("`i00` → `i01` → ")
        assert told.endswith("→ …") == (size == 12)
        assert told.count("→") == min(size, 12)
        assert shown in {None, told}
