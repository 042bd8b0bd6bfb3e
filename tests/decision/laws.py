"""The laws of the chain of command: each yields what of a universe breaks it.

They look at cases and decisions, and at nothing that the implementation computes on the way.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from sphinx_policyspec.decision import Decision
from sphinx_policyspec.model import Item, Label, OverrideMode, Principle
from tests.conftest import at
from tests.decision.universes import VALUES, Universe

__all__ = ["LAWS", "Law"]

IN, OUT, UNDECIDED, NONE = Label.IN, Label.OUT, Label.UNDECIDED, Label.NOT_A_CANDIDATE

Law = Callable[[Universe], Iterator[str]]


class Seen:
    """What laws look at: a decision, with conflicts and exemptions told from the case alone."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.decision: Decision = universe.decision
        self.labels = self.decision.labels
        self.levels = universe.norms.spec.levels
        self.items = [item for item in universe.case.items if self.labels[item.id] is not NONE]
        self.together = {
            pair
            for issue, one, other in universe.case.compatible
            for pair in ((issue, one, other), (issue, other, one))
        }

    def rank(self, item: Item) -> int:
        rank = self.decision.standing[item.id].rank
        assert rank is not None
        return rank

    def mode(self, item: Item) -> OverrideMode:
        return self.levels[self.rank(item)].override

    def depth(self, item: Item) -> int:
        return self.decision.standing[item.id].depth

    def conflict(self, one: Item, other: Item) -> bool:
        return (
            one.issue == other.issue
            and one.value != other.value
            and (one.issue, one.value, other.value) not in self.together
        )

    def opponents(self, item: Item) -> list[Item]:
        return [other for other in self.items if self.conflict(item, other)]

    def principle(self, item: Item) -> Principle | None:
        found = self.universe.norms.spec.provision_by_id.get(item.principle)
        return found if isinstance(found, Principle) else None

    def category(self, item: Item) -> str:
        principle = self.principle(item)
        return item.category or (principle.category if principle else "")

    def exempts(self, exception: Item, target: Item) -> bool:
        principle = self.principle(exception)
        if principle is None or exception.id == target.id or self.rank(exception) > self.rank(target):
            return False
        category = self.category(target)
        if category and category in principle.never_exempts:
            return False
        return (
            (target.principle and target.principle in {*principle.exception_to, *exception.exempts})
            or target.id in exception.exempts
            or bool(category and category in {*principle.exempts, *exception.exempts})
        )

    def spares(self, exception: Item, target: Item) -> bool:
        """Tell whether a norm says that as an exception it does not reach another one."""
        principle, category = self.principle(exception), self.category(target)
        return bool(target.principle and principle and category and category in principle.never_exempts)

    def is_excepted(self, item: Item) -> bool:
        return any(self.exempts(other, item) for other in self.items)

    def is_above(self, other: Item, rule: Item) -> bool:
        """Tell whether something is stronger than a rule that nothing overrides, or its equal: no message of a lower level is."""
        is_message = not other.principle and self.levels[self.rank(other)].roles
        return self.rank(other) == self.rank(rule) or (self.rank(other) < self.rank(rule) and not is_message)

    def pairs(self) -> Iterator[tuple[Item, Item]]:
        return ((a, b) for a, b in itertools.combinations(self.items, 2) if self.conflict(a, b))


def t1_a_rule_that_nothing_overrides_holds(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for item in seen.items:
        if not item.principle or seen.mode(item) is not OverrideMode.NEVER or seen.is_excepted(item):
            continue
        opponents = seen.opponents(item)
        if any(seen.is_above(o, item) or seen.spares(item, o) for o in opponents):
            continue
        if seen.labels[item.id] is not IN:
            yield f"{item.id} is not in"
        yield from (f"{o.id} is not out" for o in opponents if seen.labels[o.id] is not OUT)


def t2_no_two_in_conflict_hold(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for one, other in seen.pairs():
        if seen.labels[one.id] is IN and seen.labels[other.id] is IN:
            yield f"{one.id} and {other.id}"


def t3_text_without_a_say_changes_nothing(universe: Universe) -> Iterator[str]:
    labels = universe.labels()
    for issue, value in itertools.product(universe.issues, VALUES):
        text = Item(id="text", issue=issue, value=value, span=at(), role="assistant", quoted=value == "a")
        added = universe.with_item(text).labels()
        if added.pop("text") is not NONE or added != labels:
            yield f"text about {issue}: {value}"
    for item in universe.case.items:
        if labels[item.id] is NONE and item.role == "tool" and not item.delegates:
            rest = universe.without(item.id).labels()
            if not _names(universe, item.id) and rest != {n: v for n, v in labels.items() if n != item.id}:
                yield f"{item.id} is not idle"


def _names(universe: Universe, name: str) -> bool:
    return any(name in item.exempts for item in universe.case.items)


def t4_delegated_text_hangs_on_who_delegates(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for item in seen.items:
        if not seen.depth(item):
            continue
        givers = [
            other
            for other in seen.items
            if other.delegates
            and other.delegates.source == item.source
            and item.issue in other.delegates.scope
        ]
        if not any(seen.rank(other) <= seen.rank(item) for other in givers):
            yield f"{item.id} ranks above who delegates"
        if seen.labels[item.id] is IN and not any(seen.labels[other.id] is IN for other in givers):
            yield f"{item.id} is in without a delegator"
        if all(seen.labels[other.id] is OUT for other in givers) and seen.labels[item.id] is not OUT:
            yield f"{item.id} outlives its delegators"
    for item in universe.case.items:
        given = [
            o
            for o in seen.items
            if o.delegates and o.delegates.source == item.source and item.issue in o.delegates.scope
        ]
        if item.source and not given and item.role == "tool" and seen.labels[item.id] is not NONE:
            yield f"{item.id} speaks outside its scope"


def t5_rules_that_nothing_overrides_collide(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for pair in seen.pairs():
        is_fixed = all(item.principle and seen.mode(item) is OverrideMode.NEVER for item in pair)
        others = {other.id: other for item in pair for other in seen.opponents(item) if other not in pair}
        if any(seen.is_above(other, item) for other in others.values() for item in pair):
            continue
        if (
            not is_fixed
            or seen.rank(pair[0]) != seen.rank(pair[1])
            or any(seen.is_excepted(item) for item in pair)
        ):
            continue
        if any(seen.spares(item, other) for item in pair for other in seen.opponents(item)):
            continue
        yield from (f"{item.id} is decided" for item in pair if seen.labels[item.id] is not UNDECIDED)
        for item in pair:
            lower = [other for other in seen.opponents(item) if seen.rank(other) > seen.rank(item)]
            yield from (f"{other.id} is in" for other in lower if seen.labels[other.id] is IN)


def t6_later_messages_of_a_level_defeat_earlier_ones(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for pair in seen.pairs():
        earlier, later = sorted(pair, key=lambda item: item.turn)
        if any(item.principle for item in pair) or earlier.turn == later.turn:
            continue
        alike = [(seen.rank(item), seen.depth(item), item.explicit) for item in pair]
        if alike[0] != alike[1]:
            continue
        if seen.labels[later.id] is IN and seen.labels[earlier.id] is not OUT:
            yield f"{later.id} is in and {earlier.id} is not out"
        if seen.labels[earlier.id] is IN and seen.labels[later.id] is not OUT:
            yield f"{earlier.id} is in beside {later.id}"
        others = {o.id for o in (*seen.opponents(later), *seen.opponents(earlier))} - {earlier.id, later.id}
        is_plain = seen.mode(later) is not OverrideMode.NEVER and not seen.depth(later)
        if (
            is_plain
            and not others
            and not any(seen.is_excepted(item) for item in pair)
            and seen.labels[later.id] is not IN
        ):
            yield f"{later.id} is not in"


def t7_a_higher_level_keeps_a_message_in(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for item in seen.items:
        if item.principle or seen.depth(item) or seen.labels[item.id] is not IN:
            continue
        for level in seen.levels[: seen.rank(item)]:
            if item.delegates and level.override is OverrideMode.NEVER:
                # Up there it collides with the text to which it gives a say: R2 comes before R3.
                continue
            raised = universe.with_item(replace(item, role="", level=level.id))
            if raised.labels()[item.id] is not IN:
                yield f"{item.id} at {level.id}"


def t8_an_implied_wish_beats_no_explicit_default(universe: Universe) -> Iterator[str]:
    if not universe.case.semantics.strict:
        return
    seen = Seen(universe)
    for item in seen.items:
        if item.principle or item.explicit or seen.labels[item.id] is not IN:
            continue
        for norm in seen.opponents(item):
            if not norm.principle or seen.mode(norm) is not OverrideMode.EXPLICIT:
                continue
            others = {a for a, b in seen.decision.attacks if b == norm.id and seen.labels[a] is IN}
            if seen.labels[norm.id] is not OUT or others <= {item.id}:
                yield f"{item.id} beats {norm.id}"


def t9_an_exception_reaches_its_targets_only(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for item in universe.case.items:
        if not item.principle:
            continue
        if item.exempts and seen.labels[item.id] is not NONE:
            targets = {other.id for other in seen.items if seen.exempts(item, other)}
            blunt = universe.with_item(replace(item, exempts=()))
            reached = _reach(targets, seen.decision, blunt.decision)
            yield from (
                f"{name} changes by what {item.id} exempts"
                for name, label in blunt.labels().items()
                if label is not seen.labels[name] and name not in reached
            )
        idle = universe.with_item(replace(item, active=False)).labels()
        if not _names(universe, item.id) and idle != {**universe.without(item.id).labels(), item.id: NONE}:
            yield f"{item.id} matters while it does not apply"


def _reach(start: set[str], *decisions: Decision) -> set[str]:
    """Return what hangs on some items by attacks and delegations."""
    edges = {edge for decision in decisions for edge in decision.attacks}
    edges |= {(d, name) for x in decisions for name, s in x.standing.items() for d in s.delegators}
    reached = set(start)
    while more := {b for a, b in edges if a in reached} - reached:
        reached |= more
    return reached


def t10_the_order_of_a_case_does_not_matter(universe: Universe) -> Iterator[str]:
    items = list(universe.case.items)
    first = universe.decision
    for seed in range(3):
        random.Random(seed).shuffle(items)
        again = universe.having(*items).decision
        if dict(again.labels) != dict(first.labels) or dict(again.outcomes) != dict(first.outcomes):
            yield "labels or outcomes"
        if {d: set(i) for d, i in again.duties.items()} != {d: set(i) for d, i in first.duties.items()}:
            yield "duties"


def t11_unrelated_issues_do_not_interact(universe: Universe) -> Iterator[str]:
    labels = universe.labels()
    for component in _components(universe):
        alone = universe.having(*(item for item in universe.case.items if item.id in component))
        if alone.labels() != {name: labels[name] for name in labels if name in component}:
            yield f"{sorted(component)}"


def _components(universe: Universe) -> list[set[str]]:
    """Return what issues, delegations and exceptions connect."""
    seen = Seen(universe)
    links = [(a.id, b.id) for a, b in itertools.combinations(universe.case.items, 2) if a.issue == b.issue]
    for one, other in itertools.permutations(universe.case.items, 2):
        if one.delegates and other.source == one.delegates.source:
            links.append((one.id, other.id))
        if {other.id, other.principle, seen.category(other)} & {*one.exempts}:
            links.append((one.id, other.id))
    links += [(a.id, b.id) for a, b in itertools.permutations(seen.items, 2) if seen.exempts(a, b)]
    components = [{item.id} for item in universe.case.items]
    for first, second in links:
        joined = [c for c in components if first in c or second in c]
        components = [c for c in components if c not in joined] + [set().union(*joined)]
    return components


def t12_explicit_messages_change_nothing_at_or_above_their_betters(universe: Universe) -> Iterator[str]:
    semantics = universe.case.semantics
    wishes = [item for item in universe.case.items if not item.principle and not item.explicit]
    if semantics.first_party or (semantics.strict and wishes):
        # The guard lets a lower norm stop an implied wish, and who sets the norm aside frees the wish.
        return
    seen = Seen(universe)
    if any(seen.spares(one, other) for one, other in itertools.permutations(seen.items, 2)):
        # Nor does who sets aside a lower norm, which an exception does not reach, leave that as it was.
        return
    norms, messages = (
        [item for item in seen.items if bool(item.principle) is said] for said in (True, False)
    )
    if any(
        seen.mode(norm) is OverrideMode.NEVER and seen.rank(message) < seen.rank(norm)
        for norm in norms
        for message in messages
    ):
        # Nor does who speaks at the level of a rule that stops a message of a higher level.
        return
    labels = universe.labels()
    for rank, level in enumerate(seen.levels):
        for issue, value in itertools.product(universe.issues, VALUES):
            said = Item(id="said", issue=issue, value=value, span=at(), level=level.id, turn=9)
            after = universe.with_item(said).labels()
            yield from (
                f"{item.id} changes by what is said at {level.id}"
                for item in seen.items
                if seen.rank(item) < rank and after[item.id] is not labels[item.id]
            )


def t13_every_label_has_a_cause(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    attacks = set(seen.decision.attacks)
    attacked = {target for _attacker, target in attacks}
    for reason in seen.decision.reasons:
        causes = {seen.labels[name] for name in reason.because}
        delegators = set(seen.decision.standing[reason.item].delegators)
        attacking = all((name, reason.item) in attacks for name in reason.because)
        is_supported = reason.rule == "support"
        sound = {
            NONE: not reason.rule and not reason.because,
            OUT: (delegators == set(reason.because) and causes == {OUT})
            if is_supported
            else (causes == {IN} and attacking),
            UNDECIDED: (delegators == set(reason.because) and UNDECIDED in causes and IN not in causes)
            if is_supported
            else (causes == {UNDECIDED} and attacking),
            IN: bool(reason.because) or reason.item not in attacked,
        }
        if not sound[reason.label]:
            yield f"{reason.item} is {reason.label} by {reason.rule}, because of {reason.because}"


def t14_an_exception_yields_to_what_it_never_exempts(universe: Universe) -> Iterator[str]:
    seen = Seen(universe)
    for exception, norm in itertools.permutations(seen.items, 2):
        if not seen.spares(exception, norm):
            continue
        if (exception.id, norm.id) in seen.decision.attacks and not seen.spares(norm, exception):
            yield f"{exception.id} attacks {norm.id}"
        if seen.conflict(exception, norm) and {seen.labels[exception.id], seen.labels[norm.id]} == {IN}:
            yield f"{exception.id} holds beside {norm.id}"


LAWS: tuple[Law, ...] = (
    t1_a_rule_that_nothing_overrides_holds,
    t2_no_two_in_conflict_hold,
    t3_text_without_a_say_changes_nothing,
    t4_delegated_text_hangs_on_who_delegates,
    t5_rules_that_nothing_overrides_collide,
    t6_later_messages_of_a_level_defeat_earlier_ones,
    t7_a_higher_level_keeps_a_message_in,
    t8_an_implied_wish_beats_no_explicit_default,
    t9_an_exception_reaches_its_targets_only,
    t10_the_order_of_a_case_does_not_matter,
    t11_unrelated_issues_do_not_interact,
    t12_explicit_messages_change_nothing_at_or_above_their_betters,
    t13_every_label_has_a_cause,
    t14_an_exception_yields_to_what_it_never_exempts,
)
