"""The answer-set program of the chain of command, and clingo, which finds the cases that it allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import MissingToolError
from sphinx_policyspec.model import Case, Delegation, Item, Semantics, Span

if TYPE_CHECKING:
    import clingo

__all__ = ["PROGRAM", "SPACE", "cases_where"]

_FOLDER = files("sphinx_policyspec.survey")
PROGRAM = (_FOLDER / "decision.lp").read_text(encoding="utf-8")
"""Decides a case, by the same rules as the labelling."""
SPACE = (_FOLDER / "space.lp").read_text(encoding="utf-8")
"""Makes up cases for it."""

HERE = Span("survey", 1)


def cases_where(
    goal: str, facts: Iterable[str], size: int, *, semantics: Semantics, most: int = 0
) -> Iterator[Case]:
    """Yield the cases of so many items in which a goal holds.

    Raises :class:`~sphinx_policyspec.errors.MissingToolError` where clingo is not installed.

    :param goal: rules of the program for the atom ``goal``
    :param facts: about the spec, with the principles at play
    :param most: how many; all of them for 0
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
    with control.solve(yield_=True) as found:
        for model in found:
            yield _case(model.symbols(shown=True), semantics)


def _case(atoms: Iterable[clingo.Symbol], semantics: Semantics) -> Case:
    """Return the case that an answer set describes, its items in an order of their own."""
    told: dict[str, dict[str, str | int]] = {}
    for atom in atoms:
        name, *rest = atom.arguments
        value = rest[0] if rest else None
        known = told.setdefault(name.string, {})
        if value is not None:
            known[atom.name] = value.number if atom.name == "turn" else value.string
        elif atom.name == "implicit":
            known["implicit"] = 1
    said = sorted({int(known["turn"]) for known in told.values() if "turn" in known})
    for known in told.values():
        if "turn" in known:
            known["turn"] = said.index(int(known["turn"])) + 1
    items = (_item(name, known) for name, known in sorted(told.items(), key=lambda one: one[0]))
    return Case(title="found by the survey", span=HERE, items=tuple(items), semantics=semantics)


def _item(name: str, known: dict[str, str | int]) -> Item:
    return Item(
        id=name,
        issue="other" if name == "giver" else "issue",
        value=known.get("value", "a"),
        span=HERE,
        principle=str(known.get("norm", "")),
        level=str(known.get("said_at", "")),
        role="tool" if name == "text" else "",
        source="source" if name == "text" else "",
        turn=int(known.get("turn", 0)),
        explicit="implicit" not in known,
        delegates=Delegation(source="source", scope=("issue",)) if name == "giver" else None,
    )
