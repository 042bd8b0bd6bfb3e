"""What the model objects derive from what they hold."""

from __future__ import annotations

import dataclasses

import pytest

from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.model import (
    AuthorityLevel,
    Comparison,
    EvalPrompt,
    Finding,
    Gap,
    OverrideMode,
    Principle,
    PromptFile,
    Prose,
    Response,
    Section,
    Severity,
    Span,
    messages_of,
    overriders,
    roles_that_override,
    who_may_override,
)
from sphinx_policyspec.model.attributes import RELATIONS, attributes_of
from sphinx_policyspec.model.nearest import nearest
from tests.conftest import LEVELS, at, example, message, principle, response, spec


def prompt(id: str, tag: str = "") -> EvalPrompt:  # noqa: A002
    return EvalPrompt(id=id, title="", turns=(message(),), span=at(), source="", tag=tag)


def ids(*levels: object) -> list[str]:
    return [level.id for level in levels]  # type: ignore[attr-defined]


def test_a_span_given_by_its_start_is_empty() -> None:
    assert Span("a.md", 3, 5) == Span("a.md", 3, 5, 3, 5)
    assert str(Span("a.md", 3, 5)) == "a.md:3:5"


def test_spans_sort_by_place() -> None:
    spans = [Span("b.md", 1), Span("a.md", 10), Span("a.md", 9, 2), Span("a.md", 9, 1)]
    assert [str(span) for span in sorted(spans)] == ["a.md:9:1", "a.md:9:2", "a.md:10:1", "b.md:1:1"]


def test_a_finding_prints_as_compilers_do() -> None:
    finding = Finding(code="odd-thing", severity=Severity.HINT, message="odd `x`", span=Span("a.md", 2))
    assert str(finding) == "a.md:2:1: hint: odd `x` [odd-thing]"
    assert str(dataclasses.replace(finding, hint="mend it")) == "a.md:2:1: hint: odd `x`; mend it [odd-thing]"


def test_model_objects_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        principle().title = "Other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("root", []),
        ("system", ["system"]),
        ("developer", ["system", "developer"]),
        ("user", ["system", "developer", "user"]),
        ("guideline", ["system", "developer", "user"]),
    ],
)
def test_levels_at_or_above_that_messages_have_override(level: str, expected: list[str]) -> None:
    by_id = {each.id: each for each in LEVELS}
    assert ids(*overriders(LEVELS, by_id[level])) == expected


def test_nothing_overrides_a_level_that_never_yields() -> None:
    never = dataclasses.replace(LEVELS[3], override=OverrideMode.NEVER)
    assert overriders((never,), never) == ()


def test_messages_come_in_order_without_gaps() -> None:
    first, last = message(), message("assistant", "Bye")
    good, bad = response(), response()
    turns = (first, Gap(span=at()), Comparison(responses=(good, bad), span=at()), last)
    assert list(messages_of(turns)) == [first, good, bad, last]
    held = example(turns=turns)
    assert held.messages == (first, good, bad, last)
    assert held.responses == (good, bad)
    assert len(held.comparisons) == 1
    assert isinstance(held.messages[1], Response)


def test_own_text_leaves_out_examples() -> None:
    blocks = (
        Prose(source="A\n", text="A", span=at()),
        example(),
        Prose(source="\n", text="", span=at()),
        Prose(source="B\n", text="B", span=at()),
    )
    held = principle(blocks=blocks)
    assert held.text == "A\n\nB"
    assert held.examples == (blocks[1],)


def test_prompts_of_pages_come_before_prompts_of_files() -> None:
    file = PromptFile(
        tag="aa11",
        title="",
        span=at(),
        source="",
        blocks=(Prose(source="x", text="x", span=at()), prompt("aa11/1", "aa11")),
    )
    read = spec(
        principle(blocks=(prompt("own"), example())), preamble=(prompt("early"),), prompt_files=(file,)
    )
    assert ids(*read.prompts) == ["early", "own", "aa11/1"]
    assert read.prompts[0].messages == (message(),)
    assert ids(*read.examples) == ["be_kind-a-greeting"]


def test_a_spec_finds_what_it_holds() -> None:
    read = spec(principle(), principle("be_brief", parent="be_kind", depth=2))
    assert read.provision_by_id["be_brief"].parent == "be_kind"
    assert read.level_by_id["user"].roles == ("user",)
    assert read.topic_by_id == {}
    assert ids(*read.principles) == ["be_kind", "be_brief"]
    assert ids(*read.children_of(None)) == ["be_kind"]
    assert ids(*read.children_of("be_kind")) == ["be_brief"]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("be_knd", ["be_kind", "be_brief"], "did you mean `be_kind`?"),
        ("User", ["user", "root"], "did you mean `user`?"),
        ("zzz", ["b", "a"], "known are `a`, `b`"),
        ("zzz", [f"name{number}" for number in range(20)], ""),
        ("zzz", [], ""),
        ("", ["a"], "known are `a`"),
        ("2024-01-01", ["2025-02-12", "2025-04-11"], "known are `2025-02-12`, `2025-04-11`"),
        ("2025-04-12", ["2025-02-12", "2025-04-11"], "did you mean `2025-02-12`?"),
    ],
)
def test_the_nearest_name_is_hinted_at(word: str, known: list[str], hint: str) -> None:
    assert nearest(word, known) == hint


def test_a_principle_is_found_by_its_id_and_by_a_former_one() -> None:
    renamed = principle("be_kind", aliases=("be_nice", "be_brief"))
    brief = principle("be_brief")
    found = spec(renamed, brief)
    assert found.principle("be_kind") is found.principle("be_nice") is renamed
    assert found.principle("be_brief") is brief


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("be_kin", "no principle `be_kin`; did you mean `be_kind`?"),
        ("manners", "`manners` is a section: it has no level of authority"),
    ],
)
def test_an_id_that_no_principle_bears_is_told(id: str, told: str) -> None:  # noqa: A002
    read = spec(Section(id="manners", title="Manners", span=at(), depth=1), principle("be_kind"))
    with pytest.raises(UnknownIdError) as raised:
        read.principle(id)
    assert str(raised.value) == told
    assert isinstance(raised.value, KeyError)


def test_every_field_that_only_a_principle_has_is_an_attribute() -> None:
    own = {field.name for field in dataclasses.fields(Principle)}
    own -= {field.name for field in dataclasses.fields(Section)}
    assert own == {row.field for row in attributes_of("principle")}


def test_a_relation_says_what_it_is_both_ways_round() -> None:
    for row in RELATIONS:
        assert row.names == "provision"
        assert all((row.says, row.label)), row.field
        assert bool(row.inverse_label) == (row.inverse != row.field), row.field


NOBODY = "It level: no message may override it."


@pytest.mark.parametrize(
    ("mode", "roles", "said"),
    [
        ("never", ("user",), NOBODY),
        ("explicit", (), NOBODY),
        ("implicit", (), NOBODY),
        ("explicit", ("user",), "It level: users may override it if they say so explicitly."),
        ("explicit", ("clerk",), "It level: messages from clerk may override it if they say so explicitly."),
        ("implicit", ("developer", "user"), "It level: developers and users may override it, even without saying so."),
        (
            "explicit",
            ("system", "developer", "user"),
            "It level: system messages, developers and users may override it if they say so explicitly.",
        ),
    ],
)  # fmt: skip
def test_a_sentence_says_who_may_override_a_level(mode: str, roles: tuple[str, ...], said: str) -> None:
    level = AuthorityLevel(id="it", override=OverrideMode(mode), roles=roles)
    below = AuthorityLevel(id="below", roles=("assistant",))
    above = AuthorityLevel(id="above", override=OverrideMode.NEVER)
    levels = (above, level, below)
    assert who_may_override(levels, level) == said
    assert roles_that_override(levels, level) == (() if said == NOBODY else roles)
    assert who_may_override(levels, level, "That") == said.replace("It", "That")
