"""A case as facts for ``decision.lp``, and its one answer set as labels and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import clingo

from sphinx_policyspec.model import Case, Spec

__all__ = ["Answer", "decide_by_program"]

PROGRAM = Path(__file__).with_name("decision.lp").read_text(encoding="utf-8")

Answer = tuple[dict[str, str], dict[str, object]]
"""Labels by item, and outcomes by issue: a set of values, or the word of a status."""


def _fact(name: str, *values: object) -> str:
    shown = ", ".join(str(value) if isinstance(value, int) else f'"{value}"' for value in values)
    return f"{name}({shown})." if values else f"{name}."


def facts(spec: Spec, case: Case) -> Iterator[str]:
    """Yield what the program is told of a spec and a case; modes and statuses are its own words."""
    for rank, level in enumerate(spec.levels):
        yield _fact("rank", level.id, rank)
        yield f'override("{level.id}", {level.override.value}).'
        yield from (_fact("role", role, level.id) for role in level.roles)
    for principle in spec.principles:
        yield _fact("authority", principle.id, principle.authority)
        if principle.category:
            yield _fact("tagged", principle.id, principle.category)
        yield from (_fact("prefers", principle.id, other) for other in principle.preferred_over)
        yield from (_fact("excepts", principle.id, other) for other in principle.exception_to)
        yield from (_fact("excepts_category", principle.id, name) for name in principle.exempts)
    for switch in ("strict", "interactive", "first_party"):
        if getattr(case.semantics, switch):
            yield _fact(switch)
    yield from (_fact("together", *pair) for pair in case.compatible)
    for item in case.items:
        yield _fact("item", item.id)
        yield _fact("issue", item.id, item.issue)
        yield _fact("value", item.id, item.value)
        if item.principle:
            yield _fact("norm", item.id, item.principle)
            yield from [_fact("lowered", item.id, item.level)] if item.level else []
        else:
            yield _fact("turn", item.id, item.turn)
            yield from [_fact("said_by", item.id, item.role)] if item.role else []
            yield from [_fact("said_at", item.id, item.level)] if item.level else []
        marks = {
            "implicit": not item.explicit,
            "quoted": item.quoted,
            "inactive": not item.active,
            "mistaken": item.mistaken,
        }
        yield from (_fact(mark, item.id) for mark, holds in marks.items() if holds)
        yield from [_fact("category", item.id, item.category)] if item.category else []
        yield from [_fact("from_source", item.id, item.source)] if item.source else []
        yield from (_fact("exempts", item.id, name) for name in item.exempts)
        if item.delegates:
            for issue in item.delegates.scope:
                yield _fact("delegates", item.id, item.delegates.source, issue)


def decide_by_program(spec: Spec, case: Case) -> Answer:
    """Return what the program says of a case."""
    control = clingo.Control(["--warn=none"])
    control.add("base", [], PROGRAM + "\n" + "\n".join(facts(spec, case)))
    control.ground([("base", [])])
    answers: list[list[clingo.Symbol]] = []
    control.configuration.solve.models = 0  # type: ignore[union-attr]
    control.solve(on_model=lambda model: answers.append(list(model.symbols(shown=True))))
    assert len(answers) == 1, "the program has one answer set"
    labels: dict[str, str] = {}
    outcomes: dict[str, object] = {}
    held: dict[str, set[str]] = {}
    for atom in answers[0]:
        first = atom.arguments[0].string
        if atom.name == "holds":
            held.setdefault(first, set()).add(atom.arguments[1].string)
        elif atom.name == "status":
            outcomes[first] = atom.arguments[1].name.replace("_", "-")
        else:
            assert first not in labels, "one label an item"
            labels[first] = "not-a-candidate" if atom.name == "noncandidate" else atom.name
    return labels, outcomes | held
