"""The implementation and the program that was written from the text of the rules decide the same.

They are two readings of one text. To be worth anything, they may have nothing in common but the facts, and the facts may
say nothing that one of them is there to derive; the tests at the end hold that.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from sphinx_policyspec.decision import decide, problems
from sphinx_policyspec.decision.precedence import Norms
from sphinx_policyspec.model import Delegation, Provision, Section, Value
from sphinx_policyspec.surveys import engine
from sphinx_policyspec.surveys.engine import spec_facts
from tests.conftest import at
from tests.decision.universes import Universe, random_universe, small_universes
from tests.oracle import oracle
from tests.oracle.oracle import Answer, case_facts, decide_by_program

QUICK = 250
SLOW = 20_000
STRICT = [True, False]


def told(value: Value) -> str:
    kind = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return f"{kind} {int(value) if value == 1 and kind == 'number' else value}"


def decided(universe: Universe) -> Answer:
    decision = universe.decision
    labels = {item: label.value for item, label in decision.labels.items()}
    outcomes: dict[str, object] = {
        issue: outcome.status.value if outcome.status else {told(value) for value in outcome.values}
        for issue, outcome in decision.outcomes.items()
    }
    return labels, outcomes, {duty.value: set(items) for duty, items in decision.duties.items()}


def in_mode(universe: Universe, *, strict: bool) -> Universe:
    semantics = replace(universe.case.semantics, strict=strict)
    return replace(universe, case=replace(universe.case, semantics=semantics))


def furnished(universe: Universe, seed: int) -> Universe:
    """Return a universe with what laws do not look at: sections, former names, an issue of secrecy, values of all types.

    One that this would put in a circle stays as it was.
    """
    choose = random.Random(seed).choice
    spec = universe.norms.spec
    names = {p.id: choose((p.id, f"was-{p.id}")) for p in spec.principles}
    top, inner = (Section(id=id_, title=id_, depth=1, span=at(), parent=parent) for id_, parent in
                  (("top", None), ("inner", "top")))  # fmt: skip
    holders = [None, "top", "inner"]
    provisions: list[Provision] = [top, inner]
    for number, principle in enumerate(spec.principles):
        # An exception to a section that holds later principles only leads in no circle.
        provisions.append(
            replace(
                principle,
                parent=choose(holders) if number > 1 else None,
                aliases=(f"was-{principle.id}",),
                exception_to=(choose((*map(names.get, principle.exception_to), "top", "inner")) or "",)
                if number < 2
                else (),
                preferred_over=tuple(names[n] for n in principle.preferred_over),
            )
        )
    values: dict[Value, Value] = {
        "a": choose(("a", 1, False)),
        "b": choose(("b", 1.0, True)),
        "c": choose(("c", "1")),
    }
    issue = choose(("x", "x", "disclose"))
    gives = Delegation(source="wiki", scope=(issue, "y"))
    items = tuple(
        replace(
            item,
            principle=names.get(item.principle, ""),
            issue=issue if item.issue == "x" else item.issue,
            value=values[item.value],
            exempts=tuple(names.get(name, name) for name in item.exempts),
            delegates=item.delegates
            or (gives if not item.principle and choose((True, False, False)) else None),
            source=choose(("wiki", "mail")) if item.role == "tool" else "",
            irreversible=item.irreversible or item.role == "tool",
        )
        for item in universe.case.items
    )
    compatible = tuple(
        (issue if about == "x" else about, values[one], values[other])
        for about, one, other in universe.case.compatible
        if about == "y" or issue == "x"
    )
    norms = Norms(replace(spec, provisions=tuple(provisions)))
    found = Universe(norms, replace(universe.case, items=items, compatible=compatible))
    return universe if problems(found.case, norms) else found


def assert_agreement(universe: Universe) -> None:
    assert decided(universe) == decide_by_program(universe.norms.spec, universe.case), universe.case


@pytest.mark.parametrize("strict", STRICT)
def test_they_agree_on_random_frameworks(strict: bool) -> None:
    for seed in range(QUICK):
        assert_agreement(in_mode(furnished(random_universe(seed), seed), strict=strict))


def test_they_agree_on_every_pair() -> None:
    for number, universe in enumerate(small_universes(2)):
        if number % 7 == 0:
            assert_agreement(universe)


@pytest.mark.slow
@pytest.mark.parametrize("strict", STRICT)
def test_they_agree_on_many_frameworks(strict: bool) -> None:
    for seed in range(QUICK, QUICK + SLOW):
        universe = random_universe(seed, most=8)
        assert_agreement(in_mode(furnished(universe, seed) if seed % 2 else universe, strict=strict))


@pytest.mark.slow
def test_they_agree_on_every_triple() -> None:
    for universe in small_universes(3):
        assert_agreement(universe)


@pytest.mark.parametrize("module", [engine, oracle], ids=lambda module: module.__name__)
def test_the_program_and_its_facts_know_nothing_of_the_implementation(module: object) -> None:
    source = Path(str(getattr(module, "__file__", ""))).read_text("utf-8")
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert not {name for name in imported if "decision" in name or name == "sphinx_policyspec.surveys"}


def words_of(thing: object) -> Iterator[str]:
    """Yield every text and number that stands in a field, as a fact shows it."""
    if is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from words_of(getattr(thing, field.name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from words_of(part)
    elif isinstance(thing, Value) or thing is None:
        yield str(thing)


def arguments(lines: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name and the arguments of each fact; the test's names hold no comma."""
    for line in lines:
        name, _open, rest = line.rstrip(".").partition("(")
        shown = tuple(part.strip('"') for part in rest.rstrip(")").split(", ")) if rest else ()
        yield name, shown


def test_a_fact_repeats_one_thing_that_was_said_and_none_that_follows() -> None:
    """What an exception to a section reaches, whom a name means, what a role or an item ranks: none of it is a fact."""
    for seed in range(60):
        universe = furnished(random_universe(seed), seed)
        spec, case = universe.norms.spec, universe.case
        holders = {p.id: p for p in spec.provisions} | {level.id: level for level in spec.levels}
        for name, (about, *rest) in arguments(spec_facts(spec)):
            if name not in {"rank", "role", "alias"}:
                assert set(rest) <= set(words_of(holders[about])), (name, about, rest)
        items = {item.id: item for item in case.items}
        switches = {"strict", "interactive", "first_party"}
        said = [(n, a) for n, a in arguments(case_facts(case)) if n not in {*switches, "together", "silence"}]
        for name, (about, *rest) in said:
            words = set(words_of(items[about]))
            assert {word.split(" ", 1)[-1] for word in rest} <= words | {"1"}, (name, about, rest)


def test_nothing_that_the_implementation_derives_changes_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts are the same when everything that derives is broken."""
    universe = furnished(random_universe(5), 5)
    before = [*spec_facts(universe.norms.spec), *case_facts(universe.case)]

    def broken(*_args: object) -> None:
        raise AssertionError

    for name in ("principle", "examples", "mode", "prefers", "exempted_by", "spares"):
        monkeypatch.setattr(Norms, name, broken)
    with pytest.raises(AssertionError):
        decide(universe.case, universe.norms)
    assert [*spec_facts(universe.norms.spec), *case_facts(universe.case)] == before


PROGRAM_MUTANTS = {
    "lower wins": ("N < M.\nequal(2", "N > M.\nequal(2"),
    "the guard is off": (
        "implicit(M), mode(S,explicit), strict.",
        "implicit(M), mode(S,explicit), strict, not strict.",
    ),
    "an exception reaches everything": (
        "norm(S,_), kind(S,C), of(E,P), never",
        "not strict, strict, kind(S,C), of(E,P), never",
    ),
    "sections hold nothing": ("within(P,R) :- parent(P,Q), within(Q,R).", ""),
    "former names mean nothing": ("names(N,P) :- alias(N,P), not provision(N).", ""),
    "who is served is the highest": ("M > N.\nfixed", "M < N.\nfixed"),
    "a secret is told": ("overruled(I), not hushed", "overruled(I)"),
    "what is delegated needs no word": ("stands(I,_,K), K > 0.\nowed", "stands(I,_,K), K > 99.\nowed"),
}


@pytest.mark.parametrize("name", PROGRAM_MUTANTS)
def test_a_wrong_program_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = PROGRAM_MUTANTS[name]
    assert engine.PROGRAM.count(right) == 1
    monkeypatch.setattr(oracle, "PROGRAM", engine.PROGRAM.replace(right, wrong))
    universes = (furnished(random_universe(seed), seed) for seed in range(SLOW))
    assert any(decided(u) != decide_by_program(u.norms.spec, u.case) for u in universes)
