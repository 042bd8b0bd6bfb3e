"""A spec and a case as facts for ``decision.lp``: one for each thing that they say, and none that follows from others.

What follows (which principles an exception to a section reaches, whom a former name means, what a role ranks) the
program derives by itself; else a mistake here would be one that it shares with ``decision``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.model import Case, Item, Spec, Value

__all__ = ["case_facts", "fact", "spec_facts"]


def fact(name: str, *values: object) -> str:
    """Return a fact with these values: numbers, and texts whatever is in them."""
    shown = ", ".join(str(value) if isinstance(value, int) else _quoted(str(value)) for value in values)
    return f"{name}({shown})." if values else f"{name}."


def _quoted(text: str) -> str:
    """Return a text as a string of the program, whatever is in it."""
    escaped = text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def spec_facts(spec: Spec) -> Iterator[str]:
    """Yield what the program is told of a spec; modes are its own words."""
    for rank, level in enumerate(spec.levels):
        yield fact("rank", level.id, rank)
        yield f"override({_quoted(level.id)}, {level.override.value})."
        yield from (fact("role", role, level.id) for role in level.roles)
    for provision in spec.provisions:
        yield fact("provision", provision.id)
        if provision.parent is not None:
            yield fact("parent", provision.id, provision.parent)
        yield from (fact("alias", name, provision.id) for name in provision.aliases)
    for principle in spec.principles:
        yield fact("authority", principle.id, principle.authority)
        if principle.category:
            yield fact("tagged", principle.id, principle.category)
        yield from (fact("prefers", principle.id, name) for name in principle.preferred_over)
        yield from (fact("excepts", principle.id, name) for name in principle.exception_to)
        yield from (fact("excepts_category", principle.id, name) for name in principle.exempts)


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
    """Return a value as a text that equal values share: a truth value is no number, and 1.0 is 1."""
    if isinstance(value, bool):
        return f"truth {value}"
    if isinstance(value, int | float):
        return f"number {int(value) if value == int(value) else value}"
    return f"text {value}"
