"""Verdict and witness: the table of who may do what, written here a second time, against the labels, exhaustively."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_policyspec.decision import Norms, decide, problems
from sphinx_policyspec.model import (
    AuthorityLevel,
    Clause,
    Label,
    Operation,
    OverrideMode,
    RefusalCode,
    Spec,
    StatementMode,
    Surface,
    VerdictNote,
)
from sphinx_policyspec.overlays.formats import case_file
from sphinx_policyspec.overlays.quotations import Quotations
from sphinx_policyspec.overlays.verdicts import OverlayJudge, StatementVerdict
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.readers.overlays import Overlay, OverlayStatement, StatementTarget, overlay_of
from tests.conftest import LEVELS, at, principle, spec

THREE = (
    AuthorityLevel(id="law", override=OverrideMode.NEVER),
    AuthorityLevel(id="staff", roles=("system",)),
    AuthorityLevel(id="guest", roles=("user",)),
)
TWO_ALIKE = (
    AuthorityLevel(id="house", override=OverrideMode.IMPLICIT, roles=("developer",)),
    AuthorityLevel(id="habit", override=OverrideMode.IMPLICIT, roles=("user",)),
)
FIXED_BELOW = (
    AuthorityLevel(id="above", roles=("system",)),
    AuthorityLevel(id="fixed", override=OverrideMode.NEVER, roles=("developer",)),
    AuthorityLevel(id="below", override=OverrideMode.IMPLICIT, roles=("user",)),
)
SPECS = {"model spec": LEVELS, "three": THREE, "two of one mode": TWO_ALIKE, "fixed below": FIXED_BELOW}


def upstream(levels: tuple[AuthorityLevel, ...]) -> Spec:
    """Return a spec with two principles of each level, the second of the category `law`."""
    found = [
        principle(
            f"{level.id}_{category or 'plain'}", authority=level.id, category=category, text="It must be so."
        )
        for level in levels
        for category in ("", "law")
    ]
    return spec(*found, levels=levels)


def settings() -> Iterator[tuple[tuple[AuthorityLevel, ...], AuthorityLevel, Surface, StatementMode]]:
    for levels in SPECS.values():
        holders = [level for level in levels if level.roles]
        for holder, surface, mode in product(holders, Surface, StatementMode):
            yield levels, holder, surface, mode


def judged(spec_: Spec, holder: str, surface: Surface, **fields: object) -> StatementVerdict:
    given: dict[str, object] = {"id": "s", "says": "So it is.", "span": at(), **fields}
    statement = OverlayStatement(**given)  # type: ignore[arg-type]  # fields of a statement
    overlay = Overlay(
        name="shop", upstream=UPSTREAM, holder=holder, surface=surface, statements=(statement,), span=at()
    )
    return OverlayJudge(Norms(spec_), overlay).verdict(statement)


UPSTREAM = overlay_of("{overlay: a, upstream: {source: b}, holder: c}", "f")[0].upstream  # type: ignore[union-attr]


def refusal(
    who: tuple[tuple[AuthorityLevel, ...], AuthorityLevel, Surface, StatementMode],
    level: AuthorityLevel,
    category: str,
) -> RefusalCode | None:
    """Return why a holder cannot override a norm, by the table alone.

    :param who: what :func:`settings` yields
    """
    levels, holder, surface, mode = who
    if level.override is OverrideMode.NEVER:
        return RefusalCode.ROOT_IS_FIXED
    if levels.index(holder) > levels.index(level):
        return RefusalCode.LEVEL_TOO_LOW
    if surface is Surface.FIRST_PARTY and level.override is OverrideMode.EXPLICIT and category != "law":
        return RefusalCode.FIRST_PARTY
    # At one level an implied wish loses to the norm, whatever the mode: rule R5.
    if mode is StatementMode.IMPLICIT and (level.override is OverrideMode.EXPLICIT or level == holder):
        return RefusalCode.NEEDS_EXPLICIT
    return None


def target(name: str) -> tuple[StatementTarget, ...]:
    return (StatementTarget(provision=name, span=at()),)


def test_overrides_and_forbids_agree_with_the_table_everywhere() -> None:
    count = 0
    for levels, holder, surface, mode in settings():
        whole = upstream(levels)
        for level, category in product(levels, ("", "law")):
            name = f"{level.id}_{category or 'plain'}"
            expected = refusal((levels, holder, surface, mode), level, category)
            narrowing = {"operation": Operation.NARROWS, "forbids": (name,)}
            for fields in ({"operation": Operation.OVERRIDES}, narrowing):
                found = judged(whole, holder.id, surface, targets=target(name), mode=mode, **fields)
                assert (found.is_allowed, found.code) == (expected is None, expected), (
                    holder,
                    level,
                    mode,
                    surface,
                )
                count += 1
    assert count > 400


def test_additions_agree_with_the_table_everywhere() -> None:
    for levels, holder, surface, mode in settings():
        whole = upstream(levels)
        for level in levels:
            if mode is StatementMode.IMPLICIT:
                continue
            found = judged(whole, holder.id, surface, operation=Operation.ADDS, name="Rule", level=level.id)
            above = levels.index(level) < levels.index(holder)
            assert found.code == (RefusalCode.ABOVE_HOLDER if above else None), (holder, level)


def test_delegations_give_no_more_than_the_holder_has() -> None:
    for levels, holder, surface, _ in settings():
        whole = upstream(levels)
        for level, category in product(levels, ("", "law")):
            name = f"{level.id}_{category or 'plain'}"
            found = judged(
                whole, holder.id, surface, operation=Operation.DELEGATES, name="shop page", scope=(name,)
            )
            # What has its say by delegation loses at the level of who gives it: rule R3.
            could = (
                refusal((levels, holder, surface, StatementMode.EXPLICIT), level, category) is None
                and level != holder
            )
            assert found.code == (None if could else RefusalCode.BEYOND_POWER), (holder, level, surface)


def test_definitions_touch_no_norm_that_the_holder_cannot_override() -> None:
    for levels, holder, surface, mode in settings():
        for level in levels:
            whole = spec(principle("it", authority=level.id, text="Never sell a weapon."), levels=levels)
            found = judged(whole, holder.id, surface, operation=Operation.DEFINES, name="weapon", mode=mode)
            expected = refusal((levels, holder, surface, mode), level, "")
            assert found.code == (RefusalCode.WEAKENED if expected else None), (holder, level, surface)
            other = judged(whole, holder.id, surface, operation=Operation.DEFINES, name="weap", mode=mode)
            assert other.is_allowed


def test_every_sentence_that_uses_a_defined_term_is_quoted_demands_first() -> None:
    text = "A weapon may be drawn. Never sell a weapon. Weapons rust. Weapon sales end."
    one = principle("it", authority="root", text=text)
    other = principle("too", authority="root", text="It must name no weapon.")
    found = judged(
        spec(one, other, levels=LEVELS), "developer", Surface.API, operation=Operation.DEFINES, name="weapon"
    )
    places = [[here.locator for here in (part.quoted, *part.others) if here] for part in found.parts]
    assert places == [["it ¶1 s2", "it ¶1 s1", "it ¶1 s4"], ["too ¶1 s1"]]


def test_to_say_it_again_is_never_refused() -> None:
    for levels, holder, surface, mode in settings():
        whole = upstream(levels)
        for level in levels:
            found = judged(
                whole,
                holder.id,
                surface,
                operation=Operation.RESTATES,
                targets=target(f"{level.id}_plain"),
                mode=mode,
            )
            assert found.is_allowed
            assert VerdictNote.RESTATES in found.notes


def test_a_permission_is_used_at_the_level_that_may_give_it() -> None:
    for levels, holder, surface, mode in settings():
        fixed = principle("fixed_rule", authority=levels[0].id, text="Never, unless explicitly authorized.")
        for gives in levels:
            clause = Clause(
                principle="fixed_rule",
                authority=levels[0].id,
                text="unless explicitly authorized",
                span=at(),
                permits_by=gives.id,
            )
            whole = spec(fixed, levels=levels, clauses=(clause,))
            found = judged(
                whole,
                holder.id,
                surface,
                operation=Operation.PERMITS,
                targets=target("fixed_rule"),
                mode=mode,
            )
            who = (levels, holder, surface, mode)
            is_below = levels.index(holder) > levels.index(gives)
            assert found.code == refusal(who, levels[0] if is_below else gives, ""), (holder, gives, surface)
            if is_below:
                for aims in (
                    target("fixed_rule"),
                    (StatementTarget(provision="fixed_rule", clause=clause.text, span=at()),),
                ):
                    used, overridden = (
                        judged(whole, holder.id, surface, operation=one, targets=aims, mode=mode)
                        for one in (Operation.PERMITS, Operation.OVERRIDES)
                    )
                    assert shown(used) == shown(overridden)


def test_the_level_of_a_clause_counts_in_place_of_that_of_its_principle() -> None:
    for levels, holder, surface, mode in settings():
        for level, own in product(levels, levels):
            # One that claims more than its principle counts as that.
            lowered = max(level, own, key=levels.index)
            rule = principle("rule", authority=level.id, text="Never sell. By default, greet.")
            clause = Clause(principle="rule", authority=own.id, text="By default, greet.", span=at())
            whole = spec(rule, levels=levels, clauses=(clause,))
            aim = (StatementTarget(provision="rule", clause="By default, greet.", span=at()),)
            found = judged(whole, holder.id, surface, operation=Operation.OVERRIDES, targets=aim, mode=mode)
            assert found.code == refusal((levels, holder, surface, mode), lowered, ""), (holder, lowered)
            assert found.decisive.level == lowered
            assert_resolves_alike(found, whole)
            other = (StatementTarget(provision="rule", clause="Never sell.", span=at()),)
            found = judged(whole, holder.id, surface, operation=Operation.OVERRIDES, targets=other, mode=mode)
            assert found.code == refusal((levels, holder, surface, mode), level, ""), (holder, level)


def shown(found: StatementVerdict) -> list[tuple[object, ...]]:
    """Return what is told of each part of a verdict."""
    return [
        (
            *(part.about, part.clause, part.level, part.code, part.quoted, part.notes),
            *(part.witness.case, part.witness.decision.labels, part.witness.rule),
        )
        for part in found.parts
    ]


def assert_resolves_alike(found: StatementVerdict, whole: Spec) -> None:
    """Assert that the file of a witness is a case without a fault, which `resolve` decides as the verdict says."""
    read, findings = read_cases(case_file(found), "w.yaml")
    norms = Norms(whole)
    assert [*findings, *(one for case in read for one in (*case.findings, *problems(case.case, norms)))] == []
    labels = [decide(one.case, norms).labels["s"] for one in read]
    assert (labels == [Label.IN]) is found.is_allowed


def test_a_narrowing_is_allowed_whatever_it_narrows() -> None:
    for levels, holder, surface, mode in settings():
        whole = upstream(levels)
        for level in levels:
            found = judged(
                whole,
                holder.id,
                surface,
                operation=Operation.NARROWS,
                targets=target(f"{level.id}_plain"),
                mode=mode,
            )
            assert found.is_allowed, (holder, level)


@pytest.mark.parametrize(
    ("text", "says", "number"),
    [
        ("It should sell tea. It should not lie to guests.", "Lie to whoever asks.", 2),
        (
            "It should greet a guest. It should seat a guest. It should thank a guest twice.",
            "Thank no guest.",
            3,
        ),
        ("It should weigh tea. It should brew tea. It should brew sugar.", "Tea or sugar.", 3),
        ("It should weigh tea. It should weigh sugar unless told. Salt.", "Weigh nothing.", 2),
        ("People boil tea at home. It should not boil milk.", "Boil tea.", 2),
        ("It may be that they can. It should be kind.", "You may and can.", 2),
        ("It may sell tea and sugar. It should weigh tea.", "Never sell tea or sugar.", 2),
        ("It may sell tea. It should weigh sugar.", "Sell tea.", 2),
        ("It may sell tea. It should weigh sugar.", "Sell no tea.", 1),
        ("It should be kind. If milk boils, it must stir.", "Cold milk.", 1),
        ("It should be kind. If milk boils, it must stir.", "Boil the milk.", 2),
        ("It should be kind. If milk boils, it must stir.", "Stir nothing.", 2),
        ("It should stir. If milk boils, it must stir.", "Stir nothing.", 1),
        ("It should be kind. It boils milk (not cream).", "Boil no cream.", 2),
        ("It should be kind. It boils milk rather than cream.", "Boil cream.", 2),
        ("It should be kind. It should be writing lines.", "Write a line.", 2),
        ("It should be kind. It must weigh sugar:", "No sugar.", 1),
        ("It should weigh tea. It does not sell milk.", "Sell milk.", 2),
        ("It should be kind. It must speak of the size of a pane.", "To be of a kind with us.", 1),
    ],
)
def test_the_sentence_that_shares_most_words_and_the_rarest_is_quoted(
    text: str, says: str, number: int
) -> None:
    rule = principle("rule", text=text)
    found = Quotations(spec(rule)).of(rule, "", says)
    assert found
    assert found.locator == f"rule ¶1 s{number}"


@pytest.mark.parametrize(
    "source",
    [
        "It must say *tea* at a {policy:term}`desk`, as in {policy:principle}`other`, and &amp; no {policy:clause}`more <level=user>`.",
        "It must say *tea* at a :policy:term:`desk`, as in :policy:principle:`other`, and & no :policy:clause:`more <level=user>`.",
        'It must say **tea** at a [desk](https://a.example "x"), as in [?](#other), and &amp; no `more`.',
    ],
)
def test_people_read_quoted_words_without_markup_and_programs_those_of_the_source(source: str) -> None:
    whole = spec(
        principle("rule", authority="user", text=source),
        principle("other", title="The other rule", authority="user"),
        levels=LEVELS,
    )
    quoted = judged(
        whole, "user", Surface.API, operation=Operation.OVERRIDES, targets=target("rule")
    ).decisive.quoted
    assert quoted
    assert quoted.text == source
    assert quoted.words == "It must say tea at a desk, as in The other rule, and & no more."
    assert quoted.cited == f"“{quoted.words}” ({quoted.span.place}, rule ¶1 s1)"


def test_what_implied_words_cannot_do_is_quoted_where_they_are_refused() -> None:
    text = "It should never lie. This cannot be overridden implicitly."
    whole = spec(principle("rule", authority="user", text=text), levels=LEVELS)
    for mode, number in ((StatementMode.IMPLICIT, 2), (StatementMode.EXPLICIT, 1)):
        found = judged(
            whole,
            "developer",
            Surface.API,
            operation=Operation.OVERRIDES,
            targets=target("rule"),
            mode=mode,
            says="Lie a bit.",
        )
        assert found.decisive.quoted
        assert found.decisive.quoted.locator == f"rule ¶1 s{number}"
        assert (found.code is RefusalCode.NEEDS_EXPLICIT) == (mode is StatementMode.IMPLICIT)


def test_targets_with_other_verdicts_have_to_be_split() -> None:
    whole = upstream(LEVELS)
    for names, code in (
        (("user_plain", "guideline_plain"), None),
        (("user_plain", "root_plain"), RefusalCode.SPLIT),
        (("root_plain", "system_plain"), RefusalCode.SPLIT),
        (("root_plain", "root_law"), RefusalCode.ROOT_IS_FIXED),
    ):
        aims = tuple(one for name in names for one in target(name))
        found = judged(whole, "developer", Surface.API, operation=Operation.OVERRIDES, targets=aims)
        assert found.code == code, names


def test_each_issue_of_a_scope_is_judged() -> None:
    whole = upstream(LEVELS)
    for scope, code in (
        (("guideline_plain", "user_plain"), None),
        (("guideline_plain", "root_plain"), RefusalCode.SPLIT),
        (("root_plain", "system_plain"), RefusalCode.BEYOND_POWER),
    ):
        found = judged(
            whole, "developer", Surface.API, operation=Operation.DELEGATES, name="page", scope=scope
        )
        assert (found.code, len(found.parts)) == (code, len(scope)), scope


@pytest.mark.parametrize("holder", ["system", "developer", "user"])
def test_a_switch_is_taken_from_users_where_they_had_it(holder: str) -> None:
    whole = upstream(LEVELS)
    for level in LEVELS:
        found = judged(
            whole, holder, Surface.API, operation=Operation.RESTATES, targets=target(f"{level.id}_plain")
        )
        had = level.id in {"user", "guideline"}
        assert (VerdictNote.TAKES_SWITCH in found.notes) == (had and holder != "user"), level


def test_the_levels_are_known_by_rank_and_mode_and_never_by_name() -> None:
    names = {"root": "a", "system": "b", "developer": "c", "user": "d", "guideline": "e"}
    renamed = tuple(
        AuthorityLevel(id=names[level.id], override=level.override, roles=level.roles) for level in LEVELS
    )
    for old, new in zip(LEVELS, renamed, strict=True):
        for holder in ("system", "developer", "user"):
            one = judged(
                upstream(LEVELS),
                holder,
                Surface.API,
                operation=Operation.OVERRIDES,
                targets=target(f"{old.id}_plain"),
            )
            other = judged(
                upstream(renamed),
                names[holder],
                Surface.API,
                operation=Operation.OVERRIDES,
                targets=target(f"{new.id}_plain"),
            )
            assert (one.code, one.notes) == (other.code, other.notes)


def test_a_witness_is_as_small_as_can_be_and_resolves_alike_from_its_file() -> None:
    """No item can be left out without losing the label that the verdict rests on, or what a note tells."""
    whole = upstream(LEVELS)
    norms = Norms(whole)
    for level, holder, mode in product(LEVELS, ("system", "developer", "user"), StatementMode):
        found = judged(
            whole,
            holder,
            Surface.API,
            operation=Operation.OVERRIDES,
            targets=target(f"{level.id}_plain"),
            mode=mode,
        )
        read, findings = read_cases(case_file(found), "w.yaml")
        assert not findings
        for part, one in zip(found.parts, read, strict=True):
            assert not one.findings
            assert decide(one.case, norms).labels == part.witness.decision.labels
            if not part.is_allowed:
                lone = [item for item in part.witness.case.items if item.id == "s"]
                assert len(part.witness.case.items) == 2
                assert part.witness.label is not Label.IN
                assert lone


@st.composite
def ladders(draw: st.DrawFn) -> tuple[AuthorityLevel, ...]:
    """Return levels of any modes, the roles dealt out among them."""
    modes = draw(st.lists(st.sampled_from(OverrideMode), min_size=2, max_size=5))
    roles: list[list[str]] = [[] for _ in modes]
    places = sorted(draw(st.lists(st.integers(0, len(modes) - 1), min_size=3, max_size=3)))
    for place, role in zip(places, ("system", "developer", "user"), strict=True):
        roles[place].append(role)
    return tuple(
        AuthorityLevel(id=f"l{n}", override=mode, roles=tuple(roles[n])) for n, mode in enumerate(modes)
    )


@given(ladders(), st.data())
@hypothesis.settings(max_examples=60, deadline=None)
def test_of_any_overlay_what_is_allowed_is_what_its_witness_resolves_so(
    levels: tuple[AuthorityLevel, ...], data: st.DataObject
) -> None:
    """Law: written to a file and decided like any case, every witness gives the labels that the verdict rests on."""
    whole = upstream(levels)
    names = st.lists(
        st.sampled_from([one.id for one in whole.principles]), min_size=1, max_size=3, unique=True
    )
    operation = data.draw(st.sampled_from(Operation))
    targets = tuple(one for name in data.draw(names) for one in target(name))
    by_operation: dict[Operation, dict[str, object]] = {
        Operation.NARROWS: {"targets": targets, "forbids": tuple(data.draw(st.one_of(st.just([]), names)))},
        Operation.ADDS: {"name": "Rule", "level": data.draw(st.sampled_from(levels)).id},
        Operation.DELEGATES: {"name": "page", "scope": tuple(data.draw(names))},
        Operation.DEFINES: {"name": data.draw(st.sampled_from(["must", "gadget"]))},
    }
    found = judged(
        whole,
        data.draw(st.sampled_from([level for level in levels if level.roles])).id,
        data.draw(st.sampled_from(Surface)),
        operation=operation,
        mode=data.draw(st.sampled_from(StatementMode)),
        issue=data.draw(st.sampled_from(["", "tone"])),
        **by_operation.get(operation, {"targets": targets}),
    )
    read, wrong = read_cases(case_file(found), "w.yaml")
    assert not wrong
    decided = [decide(one.case, Norms(whole)).labels for one in read]
    assert decided == [part.witness.decision.labels for part in found.parts]
    items = [part.witness.item for part in found.parts]
    assert found.is_allowed == all(
        labels[item] is Label.IN for labels, item in zip(decided, items, strict=True)
    )
    assert (found.code is None) == found.is_allowed
