"""The parts of a spec on which the chain of command rests; the candidates of a case, their standing, and which of two is the stronger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import (
    AuthorityLevel,
    Case,
    Example,
    Item,
    OverrideMode,
    Principle,
    Provision,
    Semantics,
    Spec,
    SpecStatement,
    plain_name,
)

POWERLESS_ROLES = ("assistant", "tool")
"""Roles whose messages have no authority in any vocabulary of levels that gives them none."""


@dataclass(frozen=True)
class Norms(Brief):
    """Lookups in one spec, built once for any number of cases."""

    spec: Spec

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each level, 0 for the highest."""
        return {level.id: rank for rank, level in enumerate(self.spec.levels)}

    @cached_property
    def level_of_role(self) -> dict[str, AuthorityLevel]:
        """The level that the messages of a role have; the highest where several claim it."""
        return {role: level for level in reversed(self.spec.levels) for role in level.roles}

    @cached_property
    def provisions(self) -> dict[str, Provision]:
        """Provisions by id; former ids lead to the provisions that had them."""
        former = {alias: provision for provision in self.spec.provisions for alias in provision.aliases}
        return former | self.spec.provision_by_id

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories that principles have."""
        return frozenset(principle.category for principle in self.spec.principles if principle.category)

    @cached_property
    def ask_rank(self) -> int:
        """The rank of the lowest level that messages can have: that of those whom the assistant serves."""
        return max((self.rank[level.id] for level in self.spec.levels if level.roles), default=-1)

    @cached_property
    def norms(self) -> tuple[Principle, ...]:
        """The principles of the spec itself, without statements of overlays."""
        return tuple(one for one in self.spec.principles if not isinstance(one, SpecStatement))

    def statement(self, name: str) -> SpecStatement | None:
        """Return a statement of an overlay by its id."""
        provision = self.provisions.get(name) if self.spec.overlays else None
        return provision if isinstance(provision, SpecStatement) else None

    def turn_of(self, statement: SpecStatement) -> int:
        """Return the turn of a statement: before every message, and after the statements of overlays below its own."""
        overlays = self.spec.overlays
        place = overlays.index(statement.overlay) if statement.overlay in overlays else len(overlays) - 1
        return FIRST_TURN - (len(overlays) - 1 - place)

    def principle(self, name: str) -> Principle | None:
        """Return a principle by its id, or by a former one."""
        provision = self.provisions.get(name)
        return provision if isinstance(provision, Principle) else None

    def examples(self, name: str) -> tuple[Example, ...]:
        """Return the examples with an id, or with a title in any typography."""
        return self._examples.get(plain_name(name), ()) if name else ()

    @cached_property
    def _examples(self) -> dict[str, tuple[Example, ...]]:
        by_name: dict[str, tuple[Example, ...]] = {}
        for example in self.spec.examples:
            for name in example.names:
                by_name[name] = (*by_name.get(name, ()), example)
        return by_name

    def mode(self, rank: int) -> OverrideMode:
        """Return how the norms of a level may be set aside."""
        return self.spec.levels[rank].override

    def has_role(self, rank: int) -> bool:
        """Return whether messages of some role have a level."""
        return bool(self.spec.levels[rank].roles)

    def prefers(self, one: str, other: str) -> bool:
        """Return whether a principle is declared to go before another, and not also the other way round."""
        return self._is_preferred(one, other) and not self._is_preferred(other, one)

    def _is_preferred(self, one: str, other: str) -> bool:
        principle, yielding = self.principle(one), self.principle(other)
        if principle is None or yielding is None:
            return False
        return any(self.principle(name) == yielding for name in principle.preferred_over)

    def exempted_by(self, exception: Principle) -> tuple[frozenset[str], frozenset[str]]:
        """Return what an exception takes out of force: ids of principles, and categories.

        An exception to a section is one to the principles below it. What it does not reach (:meth:`spares`) may be
        among these.
        """
        provisions = (self.provisions.get(name) for name in exception.exception_to)
        ids = {below for provision in provisions if provision for below in self._at_or_below(provision)}
        return frozenset(ids - {exception.id}), frozenset(exception.exempts)

    def spares(self, exception: str, category: str) -> bool:
        """Return whether a principle, given by its name, says that its exception does not reach a category."""
        principle = self.principle(exception) if category else None
        return principle is not None and category in principle.never_exempts

    def _at_or_below(self, provision: Provision) -> Iterator[str]:
        pending = [provision.id]
        seen: set[str] = set()
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                yield current
                pending += self._children.get(current, ())

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        return grouped((p.parent, p.id) for p in self.spec.provisions if p.parent is not None)


FIRST_TURN = 0
"""Statements of overlays are a message before all others."""
SPEC_TURN = FIRST_TURN - 1
"""The spec speaks before every message; no rule compares its time with that of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Brief):
    """The authority of an item.

    :param rank: the place of its level, 0 for the highest; ``None`` for text without authority
    :param depth: how many delegations it is away from an item that has a level of its own
    :param delegators: ids of the items that give it a say; more than one where several give it the same
    """

    rank: int | None
    depth: int = 0
    delegators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Candidate(Brief):
    """An item that takes part, with what the rules of strength compare.

    :param rank: the place of its level, 0 for the highest
    :param override: how the norms of that level may be set aside
    :param category: its own, else its principle's
    :param is_norm: whether the spec says it, rather than a message
    :param is_explicit: whether it is said; the spec always says what it asks for
    :param turn: when it was said
    """

    item: Item
    rank: int
    override: OverrideMode
    depth: int = 0
    delegators: tuple[str, ...] = ()
    category: str = ""
    is_norm: bool = False
    is_explicit: bool = True
    turn: int = SPEC_TURN

    @cached_property
    def kind(self) -> tuple[object, ...]:
        """Everything that the rules compare except the time: equal kinds compare alike."""
        return (self.rank, self.depth, self.is_norm, self.is_explicit, self.category, self.item.principle)


Grant = tuple[str, str]
"""A source and an issue: what one delegation gives, and what one text needs."""


def grants_of(item: Item) -> tuple[Grant, ...]:
    """Return the grants that an item gives."""
    return tuple((item.delegates.source, issue) for issue in item.delegates.scope) if item.delegates else ()


def grant_needed(item: Item, norms: Norms) -> Grant | None:
    """Return the grant that would give an item a say; nothing where it has a level of its own, or names no source."""
    return (item.source, item.issue) if item.source and _own_rank(item, norms) is None else None


def _own_rank(item: Item, norms: Norms) -> int | None:
    """Return the rank that an item has of itself."""
    if item.quoted:
        return None
    if item.level:
        return norms.rank.get(item.level)
    if item.principle:
        principle = norms.principle(item.principle)
        return norms.rank.get(principle.authority) if principle else None
    level = norms.level_of_role.get(item.role)
    return norms.rank[level.id] if level else None


def standing_of(case: Case, norms: Norms) -> dict[str, Standing]:
    """Return the authority of every item.

    Text with a say has the strongest one that anybody gives it: of the highest level, then of the fewest
    delegations. An item that takes no part gives nobody a say.
    """
    standing = {item.id: Standing(rank=_own_rank(item, norms)) for item in case.items}
    items = {item.id: item for item in case.items}
    receivers = grouped((grant, item.id) for item in case.items if (grant := grant_needed(item, norms)))
    # Strongest first, so that a standing once settled is final.
    frontier: dict[tuple[int, int], list[Item]] = {}
    for name, own in standing.items():
        if own.rank is not None and items[name].delegates:
            frontier.setdefault((own.rank, 0), []).append(items[name])
    while frontier:
        rank, depth = min(frontier)
        for grant, delegators in _grants(frontier.pop((rank, depth))).items():
            received = Standing(rank=rank, depth=depth + 1, delegators=delegators)
            settled = receivers.pop(grant, [])
            standing.update(dict.fromkeys(settled, received))
            if further := [items[name] for name in settled if items[name].delegates]:
                frontier.setdefault((rank, depth + 1), []).extend(further)
    return standing


def _grants(items: Iterable[Item]) -> dict[Grant, tuple[str, ...]]:
    """Return the grants of items that take part, each with the ids of its givers."""
    givers = grouped((grant, item.id) for item in items if _takes_part(item) for grant in grants_of(item))
    return {grant: tuple(dict.fromkeys(names)) for grant, names in givers.items()}


def _takes_part(item: Item) -> bool:
    return item.active and not item.mistaken


def candidates_of(case: Case, norms: Norms, standing: Mapping[str, Standing]) -> tuple[Candidate, ...]:
    """Return the items that take part, in the order of the case."""
    return tuple(
        Candidate(
            item=item,
            rank=own.rank,
            override=norms.mode(own.rank),
            depth=own.depth,
            delegators=own.delegators,
            category=item.category or _category(item, norms),
            **_saying(item, norms),
        )
        for item in case.items
        if _takes_part(item) and (own := standing[item.id]).rank is not None
    )


class _Saying(TypedDict):
    """How an item is said."""

    is_norm: bool
    is_explicit: bool
    turn: int


def _saying(item: Item, norms: Norms) -> _Saying:
    """Return how an item is said: a statement of an overlay is said in a message, though a case names it as a principle."""
    if statement := norms.statement(item.principle):
        return _Saying(is_norm=False, is_explicit=not statement.implied, turn=norms.turn_of(statement))
    if item.principle:
        return _Saying(is_norm=True, is_explicit=True, turn=SPEC_TURN)
    return _Saying(is_norm=False, is_explicit=item.explicit, turn=item.turn)


def _category(item: Item, norms: Norms) -> str:
    principle = norms.principle(item.principle)
    return principle.category if principle else ""


LAW = "law"
"""The category of norms that a publisher's own product may adapt to local law."""


@dataclass(frozen=True, slots=True)
class RuleOutcome(Brief):
    """What the first rule that decides says about two candidates.

    :param winner: 1 if the first is stronger, -1 if the second is, 0 if neither is
    """

    rule: StrengthRule
    winner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Brief):
    """What a rule may look at beside the two candidates: the switches, and what the spec says."""

    semantics: Semantics
    norms: Norms


_Decide = Callable[[Candidate, Candidate, Context], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthRule(Brief):
    """A rule of strength.

    :param name: what decides, in a few words: "higher level"
    :param about: the rule in a sentence
    :param source: id of the provision of the Model Spec that it formalises
    :param by_time: whether it looks at when something was said
    :param decide: 1, -1 or 0 as in :class:`RuleOutcome`; ``None`` where the rule has nothing to say
    """

    id: str
    name: str
    about: str
    source: str
    decide: _Decide
    by_time: bool = False


def _better(one: int | bool, other: int | bool) -> int | None:
    """Return which one has more; nothing where both have the same."""
    return None if one == other else 1 if one > other else -1


def _is_spared(norm: Candidate, exception: Candidate, norms: Norms) -> bool:
    return norms.spares(exception.item.principle, norm.category)


def _guard(one: Candidate, other: Candidate, context: Context) -> int | None:
    if one.is_norm and other.is_norm:
        return _better(_is_spared(one, other, context.norms), _is_spared(other, one, context.norms))
    if one.is_norm == other.is_norm:
        return None
    norm, message = (one, other) if one.is_norm else (other, one)
    # A case may give a message a level that no role has: then it is not a message to the assistant.
    fixed = (
        norm.override is OverrideMode.NEVER
        and message.rank < norm.rank
        and context.norms.has_role(message.rank)
    )
    strict = context.semantics.strict and not message.is_explicit and norm.override is OverrideMode.EXPLICIT
    own_product = (
        context.semantics.first_party and norm.override is not OverrideMode.IMPLICIT and norm.category != LAW
    )
    if fixed or strict or own_product:
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
        about="No message beats a norm that nothing overrides, and that is below its own level; the norm beats it. An implied "
        "wish beats no norm that only an explicit instruction may set aside, whatever its level (switch `strict`). On a publisher's own product, no message beats a norm above the "
        "guidelines, but for one of the category `law` (switch `first_party`). Nor does an exception beat a norm of a "
        "category that it never exempts.",
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
        self._known: dict[tuple[object, object], RuleOutcome | None] = {}

    def compare(self, one: Candidate, other: Candidate) -> RuleOutcome:
        """Return which of two candidates in conflict is the stronger, and by which rule."""
        kinds = one.kind, other.kind
        if kinds not in self._known:
            self._known[kinds] = self._first(one, other, STRENGTH_RULES[:-1])
        last = STRENGTH_RULES[-1]
        return self._known[kinds] or RuleOutcome(last, last.decide(one, other, self._context) or 0)

    def _first(self, one: Candidate, other: Candidate, rules: tuple[StrengthRule, ...]) -> RuleOutcome | None:
        for rule in rules:
            winner = rule.decide(one, other, self._context)
            if winner is not None:
                return RuleOutcome(rule, winner)
        return None
