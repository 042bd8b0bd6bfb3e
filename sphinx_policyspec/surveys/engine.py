"""The answer-set program of the chain of command, a spec and a case as its facts, and clingo, which finds the cases.

There is a fact for each thing that a spec and a case say, and none for what follows from others. What follows (which
principles an exception to a section reaches, whom a former name means, what a role ranks) the program derives by
itself; otherwise it would share a mistake made here with ``decision``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.model import Case, Delegation, Item, Semantics, Span, Spec

if TYPE_CHECKING:
    import clingo


def fact(name: str, *values: object) -> str:
    """Return a fact with these values: numbers, and texts whatever is in them."""
    arguments = ", ".join(str(value) if isinstance(value, int) else _quoted(str(value)) for value in values)
    return f"{name}({arguments})." if values else f"{name}."


def _quoted(text: str) -> str:
    """Return a text as a string of the program, whatever is in it."""
    escaped = text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def spec_facts(spec: Spec) -> Iterator[str]:
    """Yield the facts about a spec; modes are words of the program."""
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
        yield from (fact("never_excepts", principle.id, name) for name in principle.never_exempts)


_FOLDER = files("sphinx_policyspec.surveys")
PROGRAM = (_FOLDER / "decision.lp").read_text(encoding="utf-8")
"""Decides a case, by the same rules as the labelling."""
SPACE = (_FOLDER / "space.lp").read_text(encoding="utf-8")
"""Generates cases for it."""

HERE = Span("survey", 1)


def cases_where(
    goal: str, facts: Iterable[str], size: int, *, semantics: Semantics, most: int = 0
) -> Iterator[Case]:
    """Yield the cases of ``size`` items in which a goal holds.

    Raises :class:`~sphinx_policyspec.errors.MissingToolError` where clingo is not installed.

    :param goal: rules of the program for the atom ``goal``
    :param facts: about the spec, with the principles at play
    :param most: how many at most; 0 for all
    """
    try:
        import clingo  # noqa: PLC0415  only the survey needs it
    except ImportError:
        message = "the survey needs clingo: pip install 'sphinx-policyspec[survey]'"
        raise MissingToolError(message) from None
    control = clingo.Control([f"--models={most}", f"--const=size={size}", "--warn=none", "--project=show"])
    switches = [f"{name}." for name in ("strict", "interactive", "first_party") if getattr(semantics, name)]
    control.add("base", [], "\n".join((PROGRAM, SPACE, goal, ":- not goal.", *switches, *facts)))
    control.ground([("base", [])])
    with control.solve(yield_=True) as answers:
        for model in answers:
            yield _case(model.symbols(shown=True), semantics)


def _case(atoms: Iterable[clingo.Symbol], semantics: Semantics) -> Case:
    """Return the case that an answer set describes, its items in an order of their own."""
    by_item: dict[str, dict[str, str | int]] = {}
    for atom in atoms:
        name, *rest = atom.arguments
        value = rest[0] if rest else None
        fields = by_item.setdefault(name.string, {})
        if value is not None:
            fields[atom.name] = value.number if atom.name == "turn" else value.string
        elif atom.name == "implicit":
            fields["implicit"] = 1
    turns = sorted({int(fields["turn"]) for fields in by_item.values() if "turn" in fields})
    for fields in by_item.values():
        if "turn" in fields:
            fields["turn"] = turns.index(int(fields["turn"])) + 1
    items = (_item(name, fields) for name, fields in sorted(by_item.items(), key=lambda one: one[0]))
    return Case(title="found by the survey", span=HERE, items=tuple(items), semantics=semantics)


def _item(name: str, fields: dict[str, str | int]) -> Item:
    return Item(
        id=name,
        issue="other" if name == "giver" else "issue",
        value=fields.get("value", "a"),
        span=HERE,
        principle=str(fields.get("norm", "")),
        level=str(fields.get("said_at", "")),
        role="tool" if name == "text" else "",
        source="source" if name == "text" else "",
        turn=int(fields.get("turn", 0)),
        explicit="implicit" not in fields,
        delegates=Delegation(source="source", scope=("issue",)) if name == "giver" else None,
    )
