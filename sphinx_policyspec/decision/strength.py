"""Which of two candidates is the stronger: one function a rule, asked in order until one decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sphinx_policyspec.decision.candidates import Candidate
from sphinx_policyspec.decision.norms import Norms
from sphinx_policyspec.model import OverrideMode, Semantics

__all__ = ["LAW", "STRENGTH_RULES", "Comparison", "Context", "Strength", "StrengthRule"]

LAW = "law"
"""The category of norms that a publisher's own product may adapt to local law."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the first rule that decides says of two candidates.

    :param winner: 1 if the first is stronger, -1 if the second is, 0 if neither is
    """

    rule: StrengthRule
    winner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule may look at beside the two candidates: the switches, and what the spec says."""

    semantics: Semantics
    norms: Norms


_Decide = Callable[[Candidate, Candidate, Context], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthRule:
    """A rule of strength.

    :param name: what decides, in a few words: "higher level"
    :param about: the rule in a sentence
    :param source: id of the provision of the Model Spec that it formalises
    :param by_time: whether it looks at when something was said
    :param decide: 1, -1 or 0 as in :class:`Comparison`; ``None`` where the rule has nothing to say
    """

    id: str
    name: str
    about: str
    source: str
    decide: _Decide
    by_time: bool = False


def _better(one: int | bool, other: int | bool) -> int | None:
    """Return who has more; nothing where both have the same."""
    return None if one == other else 1 if one > other else -1


def _guard(one: Candidate, other: Candidate, context: Context) -> int | None:
    if one.is_norm == other.is_norm:
        return None
    norm, message = (one, other) if one.is_norm else (other, one)
    strict = context.semantics.strict and not message.is_explicit and norm.override is OverrideMode.EXPLICIT
    own_product = (
        context.semantics.first_party and norm.override is not OverrideMode.IMPLICIT and norm.category != LAW
    )
    if strict or own_product:
        return 1 if norm is one else -1
    return None


def _level(one: Candidate, other: Candidate, _context: Context) -> int | None:
    return _better(other.rank, one.rank)


def _collision(one: Candidate, _other: Candidate, _context: Context) -> int | None:
    return 0 if one.override is OverrideMode.NEVER else None


def _directness(one: Candidate, other: Candidate, _context: Context) -> int | None:
    return _better(other.depth, one.depth)


def _preference(one: Candidate, other: Candidate, context: Context) -> int | None:
    if not (one.is_norm and other.is_norm):
        return None
    first, second = one.item.principle, other.item.principle
    return int(context.norms.prefers(first, second)) - int(context.norms.prefers(second, first))


def _message_against_norm(one: Candidate, other: Candidate, _context: Context) -> int | None:
    if one.is_norm == other.is_norm:
        return None
    message = other if one.is_norm else one
    return 1 if message.is_explicit == (message is one) else -1


def _explicitness(one: Candidate, other: Candidate, _context: Context) -> int | None:
    return _better(one.is_explicit, other.is_explicit)


def _recency(one: Candidate, other: Candidate, _context: Context) -> int | None:
    return _better(one.turn, other.turn) or 0


STRENGTH_RULES = (
    StrengthRule(
        id="R0",
        name="guard",
        about="An implied wish beats no norm that only an explicit instruction may set aside, whatever its level; the "
        "norm beats it (switch `strict`). On a publisher's own product, no message beats a norm above the "
        "guidelines, but for one of the category `law` (switch `first_party`).",
        source="follow_all_applicable_instructions",
        decide=_guard,
    ),
    StrengthRule(
        id="R1",
        name="higher level",
        about="The higher level is stronger.",
        source="levels_of_authority",
        decide=_level,
    ),
    StrengthRule(
        id="R2",
        name="collision of norms that nothing overrides",
        about="At a level whose norms nothing overrides, neither is stronger.",
        source="levels_of_authority",
        decide=_collision,
    ),
    StrengthRule(
        id="R3",
        name="direct before delegated",
        about="What is said with one's own authority is stronger than what has it by delegation, and fewer "
        "delegations are stronger than more.",
        source="ignore_untrusted_data",
        decide=_directness,
    ),
    StrengthRule(
        id="R4",
        name="declared preference",
        about="Of two norms of one level, the one that is declared to go before the other is stronger; without a "
        "declaration, neither is.",
        source="levels_of_authority",
        decide=_preference,
    ),
    StrengthRule(
        id="R5",
        name="explicit message before default",
        about="At one level, an explicit message is stronger than a norm of the spec, and the norm stronger than an "
        "implied wish.",
        source="follow_all_applicable_instructions",
        decide=_message_against_norm,
    ),
    StrengthRule(
        id="R6",
        name="explicit before implicit",
        about="Of two messages of one level, the explicit one is stronger.",
        source="letter_and_spirit",
        decide=_explicitness,
    ),
    StrengthRule(
        id="R7",
        name="later message",
        about="Of two messages of one level, the later one is stronger; within one message, neither is.",
        source="follow_all_applicable_instructions",
        decide=_recency,
        by_time=True,
    ),
)
"""The rules in the order in which they are asked; the first one that decides counts."""


class Strength:
    """Compares candidates of one case; candidates of the same kinds are compared once."""

    def __init__(self, semantics: Semantics, norms: Norms) -> None:
        self._context = Context(semantics=semantics, norms=norms)
        self._known: dict[tuple[object, object], Comparison | None] = {}

    def compare(self, one: Candidate, other: Candidate) -> Comparison:
        """Return which of two candidates in conflict is the stronger, and by which rule."""
        kinds = one.kind, other.kind
        if kinds not in self._known:
            self._known[kinds] = self._first(one, other, STRENGTH_RULES[:-1])
        last = STRENGTH_RULES[-1]
        return self._known[kinds] or Comparison(last, last.decide(one, other, self._context) or 0)

    def _first(self, one: Candidate, other: Candidate, rules: tuple[StrengthRule, ...]) -> Comparison | None:
        for rule in rules:
            winner = rule.decide(one, other, self._context)
            if winner is not None:
                return Comparison(rule, winner)
        return None
