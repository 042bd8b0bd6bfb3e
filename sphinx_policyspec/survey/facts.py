"""A spec and a case as facts for ``decision.lp``."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.model import Case, Item, Spec

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
    for principle in spec.principles:
        yield fact("authority", principle.id, principle.authority)
        if principle.category:
            yield fact("tagged", principle.id, principle.category)
        yield from (fact("prefers", principle.id, other) for other in principle.preferred_over)
        yield from (fact("excepts", principle.id, other) for other in _excepted(spec, principle.exception_to))
        yield from (fact("excepts_category", principle.id, name) for name in principle.exempts)


def _excepted(spec: Spec, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the principles that names stand for: their own, and those below a section."""
    named = set(names)
    for provision in spec.provisions:
        if provision.parent in named or named.intersection(provision.aliases):
            named.add(provision.id)
    yield from sorted(named)


def case_facts(case: Case) -> Iterator[str]:
    """Yield what the program is told of a case."""
    for switch in ("strict", "interactive", "first_party"):
        if getattr(case.semantics, switch):
            yield fact(switch)
    yield from (fact("together", *pair) for pair in case.compatible)
    for item in case.items:
        yield from _item_facts(item)


def _item_facts(item: Item) -> Iterator[str]:
    yield fact("item", item.id)
    yield fact("issue", item.id, item.issue)
    yield fact("value", item.id, item.value)
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
    }
    yield from (fact(mark, item.id) for mark, holds in marks.items() if holds)
    yield from (fact("exempts", item.id, name) for name in item.exempts)
    if item.delegates:
        yield from (
            fact("delegates", item.id, item.delegates.source, issue) for issue in item.delegates.scope
        )
