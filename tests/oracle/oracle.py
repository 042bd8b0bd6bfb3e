"""A case as facts of ``decision.lp``, and its one answer set, as labels, outcomes and duties."""

from __future__ import annotations

from collections.abc import Iterator

import clingo

from sphinx_policyspec.model import Case, Item, Spec, Value
from sphinx_policyspec.surveys.engine import PROGRAM, fact, spec_facts

__all__ = ["Answer", "case_facts", "decide_by_program"]

SHOWN = """
#show in/1. #show out/1. #show undecided/1. #show noncandidate/1. #show holds/2. #show status/2. #show owed/2.
"""

Answer = tuple[dict[str, str], dict[str, object], dict[str, set[str]]]
"""Labels by item; outcomes by issue, a set of values or the word of a status; the items of each duty."""


def case_facts(case: Case) -> Iterator[str]:
    """Yield what the program is told of a case."""
    for switch in ("strict", "interactive", "first_party"):
        if getattr(case.semantics, switch):
            yield fact(switch)
    yield fact("silence", _value(False))
    yield from (fact("together", issue, *map(_value, pair)) for issue, *pair in case.compatible)
    for item in case.items:
        yield from _item_facts(item)


def _item_facts(item: Item) -> Iterator[str]:
    yield fact("item", item.id)
    yield fact("issue", item.id, item.issue)
    yield fact("value", item.id, _value(item.value))
    yield fact("norm", item.id, item.principle) if item.principle else fact("turn", item.id, item.turn)
    named = {
        "lowered" if item.principle else "said_at": item.level,
        "said_by": item.role,
        "category": item.category,
        "from_source": item.source,
    }
    yield from (fact(name, item.id, value) for name, value in named.items() if value)
    marks = {
        "implicit": not item.explicit,
        "quoted": item.quoted,
        "inactive": not item.active,
        "mistaken": item.mistaken,
        "irreversible": item.irreversible,
    }
    yield from (fact(mark, item.id) for mark, holds in marks.items() if holds)
    yield from (fact("exempts", item.id, name) for name in item.exempts)
    if item.delegates:
        yield from (
            fact("delegates", item.id, item.delegates.source, issue) for issue in item.delegates.scope
        )


def _value(value: Value) -> str:
    """Return a value as a text that equal values share: a truth value is not a number, and 1.0 is 1."""
    if isinstance(value, bool):
        return f"truth {value}"
    if isinstance(value, int | float):
        return f"number {int(value) if value == int(value) else value}"
    return f"text {value}"


def decide_by_program(spec: Spec, case: Case) -> Answer:
    """Return what the program says of a case."""
    control = clingo.Control(["--warn=none"])
    told = (*spec_facts(spec), *case_facts(case))
    control.add("base", [], "\n".join((PROGRAM, SHOWN, *told)))
    control.ground([("base", [])])
    answers: list[list[clingo.Symbol]] = []
    control.configuration.solve.models = 0  # type: ignore[union-attr]
    control.solve(on_model=lambda model: answers.append(list(model.symbols(shown=True))))
    assert len(answers) == 1, "the program has one answer set"
    labels: dict[str, str] = {}
    outcomes: dict[str, object] = {}
    held: dict[str, set[str]] = {}
    duties: dict[str, set[str]] = {}
    for atom in answers[0]:
        first, *rest = atom.arguments
        if atom.name == "holds":
            held.setdefault(first.string, set()).add(rest[0].string)
        elif atom.name == "owed":
            duties.setdefault(first.name, set()).add(rest[0].string)
        elif atom.name == "status":
            outcomes[first.string] = rest[0].name.replace("_", "-")
        else:
            assert first.string not in labels, "one label an item"
            labels[first.string] = "not-a-candidate" if atom.name == "noncandidate" else atom.name
    return labels, outcomes | held, duties
