"""What each change does to those who are bound, and what it may invalidate.

The first rule that applies gives the weight, and is named. A direction comes from what is structured: levels, verdicts,
exceptions. Of prose no rule tells a direction: it says that only form changed, that no sentence changed that may hold a
norm, or that a person has to read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sphinx_policyspec.compare.change import Change, ChangeKind, Reach, Subject, Weight
from sphinx_policyspec.compare.matching import MatchedSpecs, Naming
from sphinx_policyspec.compare.provisions import STRICTNESS
from sphinx_policyspec.compare.rewording import SentenceOp
from sphinx_policyspec.model import (
    Case,
    Example,
    OverrideMode,
    Principle,
    Provision,
    Spec,
    TargetKind,
    Verdict,
    overriders,
    plain_name,
)
from sphinx_policyspec.model.attributes import LIFTING, LIMITING, RELATIONS

__all__ = ["RULES", "Reaches", "WeightRule", "weigh"]

_SEVERITY: Mapping[str, int] = {verdict.value: place for place, verdict in enumerate(
    (Verdict.GOOD, Verdict.OK, Verdict.BAD)
)}  # fmt: skip
_ADDED, _REMOVED = ChangeKind.ADDED, ChangeKind.REMOVED
_MODES: Mapping[str, int] = {mode.value: rank for mode, rank in STRICTNESS.items()}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A change with the specs that it is between."""

    change: Change
    pair: MatchedSpecs

    def is_(self, subject: Subject, *kinds: ChangeKind) -> bool:
        return self.change.subject is subject and (not kinds or self.change.kind in kinds)

    @property
    def removes(self) -> bool:
        return self.change.kind in {ChangeKind.REMOVED, ChangeKind.RELATION_REMOVED}

    @property
    def side(self) -> Spec:
        """The spec that has what changed."""
        return self.pair.old if self.removes else self.pair.new

    @property
    def provision(self) -> Provision | None:
        """The provision that it is about, in the new spec where that has it."""
        id_ = self.change.provision
        found = self.pair.new.provision_by_id.get(id_) if self.change.kind is not ChangeKind.REMOVED else None
        return found or self.pair.old.provision_by_id.get(id_)

    @property
    def binds(self) -> bool:
        return isinstance(self.provision, Principle)

    @property
    def is_hard(self) -> bool:
        """Whether it is about a rule that no message can set aside."""
        return (
            isinstance(self.provision, Principle) and _mode(self.side, self.provision) is OverrideMode.NEVER
        )

    @property
    def was_hard(self) -> bool:
        """Whether it is, or was, about such a rule."""
        old = self.pair.identity.old_of.get(self.change.provision, self.change.provision)
        sides = (self.pair.old, old), (self.pair.new, self.change.provision)
        return any(
            isinstance(found := spec.provision_by_id.get(id_), Principle)
            and _mode(spec, found) is OverrideMode.NEVER
            for spec, id_ in sides
        )

    @property
    def is_exception(self) -> bool:
        found = self.provision
        return isinstance(found, Principle) and any(row.values(found) for row in RELATIONS if row.lifts)


def _mode(spec: Spec, principle: Principle) -> OverrideMode | None:
    level = spec.level_by_id.get(principle.authority)
    return level.override if level else None


@dataclass(frozen=True, slots=True)
class WeightRule:
    """A named reason for a weight.

    :param why: the reason, in words
    """

    name: str
    weight: Weight
    why: str
    applies: Callable[[_Seen], bool]


def _provision(*kinds: ChangeKind) -> Callable[[_Seen], bool]:
    return lambda seen: seen.is_(Subject.PROVISION, *kinds)


def _both(*tests: Callable[[_Seen], bool]) -> Callable[[_Seen], bool]:
    return lambda seen: all(test(seen) for test in tests)


def _relation(kind: ChangeKind, names: Collection[str]) -> Callable[[_Seen], bool]:
    return lambda seen: seen.is_(Subject.PROVISION, kind) and seen.change.aspect in names


def _verdict(sign: int) -> Callable[[_Seen], bool]:
    def applies(seen: _Seen) -> bool:
        if not seen.is_(Subject.EXAMPLE, ChangeKind.VERDICT_FLIPPED):
            return False
        old, new = (_SEVERITY.get(verdict) for verdict in (seen.change.old, seen.change.new))
        return old is not None and new is not None and sign * (new - old) > 0

    return applies


def _mode_changed(sign: int) -> Callable[[_Seen], bool]:
    def applies(seen: _Seen) -> bool:
        if not seen.is_(Subject.LEVEL, ChangeKind.CHANGED) or seen.change.aspect != "override":
            return False
        return sign * (_MODES[seen.change.old] - _MODES[seen.change.new]) > 0

    return applies


def _needs_reader(seen: _Seen) -> bool:
    return any(change.needs_reader for change in seen.change.sentences)


def _hard_norm(seen: _Seen) -> bool:
    """Return whether a rule that nothing sets aside has other words of norms, or other quantities."""
    return _needs_reader(seen) and seen.was_hard and _said(seen, old=True) != _said(seen, old=False)


def _said(seen: _Seen, *, old: bool) -> Counter[str]:
    sides = (change.old if old else change.new for change in seen.change.sentences if change.needs_reader)
    return sum((side.weight_words for side in sides if side), Counter[str]())


def _form_alone(seen: _Seen) -> bool:
    """Return whether prose differs in form alone: nothing of its sentences changed but that."""
    change = seen.change
    if change.kind is ChangeKind.RETITLED and (change.subject is Subject.EXAMPLE or not seen.binds):
        return False
    return (change.text is not None or change.kind is ChangeKind.RETITLED) and all(
        sentence.op is SentenceOp.FORM for sentence in change.sentences
    )


def _shown_otherwise(seen: _Seen) -> bool:
    """Return whether an example is new or gone, or says something else of a boundary: not its form and tags alone."""
    change = seen.change
    if not seen.is_(Subject.EXAMPLE, _ADDED, _REMOVED, ChangeKind.CHANGED, ChangeKind.VERDICT_FLIPPED):
        return False
    what = [one for one in change.said("what").split() if one != "tags"]
    worded = all(one.startswith(("messages", "notes")) for one in what)
    return (
        change.kind is not ChangeKind.CHANGED
        or not worded
        or any(one.op is not SentenceOp.FORM for one in change.sentences)
    )


def _exempted(seen: _Seen) -> bool:
    """Return whether a category that came or went is one that an exception names."""
    change = seen.change
    if change.kind is not ChangeKind.ATTRIBUTE or change.aspect != "category":
        return False
    named = ((seen.pair.old, change.old), (seen.pair.new, change.new))
    return any(
        category in (*principle.exempts, *principle.never_exempts)
        for spec, category in named
        if category
        for principle in spec.principles
    )


def _overriders_changed(seen: _Seen) -> bool:
    """Return whether levels changed so that other roles can set aside what is at one of those that stay."""
    if not (seen.is_(Subject.LEVEL) or seen.is_(Subject.SPEC, ChangeKind.REORDERED)):
        return False
    old, new = map(_roles_above, (seen.pair.old, seen.pair.new))
    return any(old[name] != new[name] for name in old.keys() & new.keys())


def _roles_above(spec: Spec) -> dict[str, frozenset[str]]:
    return {
        level.id: frozenset(role for other in overriders(spec.levels, level) for role in other.roles)
        for level in spec.levels
    }


def _always(seen: _Seen) -> bool:  # noqa: ARG001  it is a rule like the others
    return True


_T, _L, _C, _E = Weight.TIGHTENING, Weight.LOOSENING, Weight.CLARIFYING, Weight.EDITORIAL
_B, _R = Weight.BOTH, Weight.NEEDS_READER

RULES: tuple[WeightRule, ...] = (
    WeightRule("hard-rule-added", _T, "a rule that no message can set aside is new",
         _both(_provision(_ADDED), lambda s: s.is_hard and not s.is_exception)),
    WeightRule("hard-rule-removed", _L, "a rule that no message could set aside is gone",
         _both(_provision(_REMOVED), lambda s: s.is_hard and not s.is_exception)),
    WeightRule("exception-principle-added", _L, "a principle that is an exception to another is new",
         _both(_provision(_ADDED), lambda s: s.is_exception)),
    WeightRule("exception-principle-removed", _T, "a principle that was an exception to another is gone",
         _both(_provision(_REMOVED), lambda s: s.is_exception)),
    WeightRule("principle-added", _T, "a principle is new",
         _both(_provision(_ADDED, ChangeKind.BECAME_PRINCIPLE), lambda s: s.binds)),
    WeightRule("principle-removed", _L, "a principle is gone",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.BECAME_SECTION) or (s.is_(Subject.PROVISION, _REMOVED) and s.binds)),
    WeightRule("level-raised", _T, "fewer messages can set it aside", _provision(ChangeKind.LEVEL_RAISED)),
    WeightRule("level-lowered", _L, "more messages can set it aside", _provision(ChangeKind.LEVEL_LOWERED)),
    WeightRule("hard-level-lost", _L, "no message could set it aside, and its level is not one of that kind any more",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.LEVEL_CHANGED) and s.was_hard and not s.is_hard),
    WeightRule("level-changed", _C, "the old and the new level cannot be ordered", _provision(ChangeKind.LEVEL_CHANGED)),
    WeightRule("level-renamed", _E, "the level has another name", _provision(ChangeKind.LEVEL_RENAMED)),
    WeightRule("exception-added", _L, "it is an exception to one more principle, or to one more category",
         _relation(ChangeKind.RELATION_ADDED, LIFTING)),
    WeightRule("exception-removed", _T, "it is no exception any more to a principle or a category",
         _relation(ChangeKind.RELATION_REMOVED, LIFTING)),
    WeightRule("limit-added", _T, "as an exception it does not reach one more category",
         _relation(ChangeKind.RELATION_ADDED, LIMITING)),
    WeightRule("limit-removed", _L, "as an exception it may reach one more category",
         _relation(ChangeKind.RELATION_REMOVED, LIMITING)),
    WeightRule("preference-changed", _B, "of two principles, another one goes first, or none",
         lambda s: s.change.kind in {ChangeKind.RELATION_ADDED, ChangeKind.RELATION_REMOVED}
         and s.change.aspect == "prefer-over"),
    WeightRule("relation-changed", _C, "how it weighs against other principles is said otherwise",
         lambda s: s.change.kind in {ChangeKind.RELATION_ADDED, ChangeKind.RELATION_REMOVED}
         and s.change.aspect in {row.key for row in RELATIONS}),
    WeightRule("clause-added", _L, "a part of it binds less than the rest",
         lambda s: s.is_(Subject.CLAUSE, _ADDED)),
    WeightRule("clause-removed", _T, "no part that bound less stands out any more",
         lambda s: s.is_(Subject.CLAUSE, _REMOVED)),
    WeightRule("category-exempted", _B, "what exceptions take out of force is in it, or was", _exempted),
    WeightRule("category-changed", _C, "exceptions may take another category out of its force",
         lambda s: s.change.kind is ChangeKind.ATTRIBUTE and s.change.aspect == "category"),
    WeightRule("verdict-stricter", _T, "an answer is judged worse than before", _verdict(1)),
    WeightRule("verdict-milder", _L, "an answer is judged better than before", _verdict(-1)),
    WeightRule("override-stricter", _T, "what is at a level can be set aside less easily", _mode_changed(1)),
    WeightRule("override-looser", _L, "what is at a level can be set aside more easily", _mode_changed(-1)),
    WeightRule("overriders-changed", _B, "other roles than before can set aside what is at a level", _overriders_changed),
    WeightRule("levels-changed", _C, "the levels themselves are other ones",
         lambda s: (s.is_(Subject.LEVEL) and s.change.kind is not ChangeKind.RENAMED)
         or s.is_(Subject.SPEC, ChangeKind.REORDERED)),
    WeightRule("example-changed", _R, "what is shown of its boundary is another thing", _shown_otherwise),
    WeightRule("hard-norm-changed", _R,
         "in a rule that no message can set aside, a sentence with other words of norms or other numbers", _hard_norm),
    WeightRule("norm-changed", _R, "a sentence that may hold a norm was added, removed or reworded", _needs_reader),
    WeightRule("form-changed", _E, "links, case, articles, spelling or names alone", _form_alone),
    WeightRule("section-added", _C, "a section that binds nobody is new", _provision(_ADDED)),
    WeightRule("section-removed", _C, "a section that bound nobody is gone", _provision(_REMOVED)),
    WeightRule("text-changed", _C, "other words, and no sentence that may hold a norm",
         lambda s: s.change.kind is ChangeKind.TEXT or s.is_(Subject.CLAUSE, ChangeKind.CHANGED)),
    WeightRule("split-or-merged", _C, "what it says stands elsewhere, in part",
         _provision(ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.SUCCEEDED)),
    WeightRule("commentary-changed", _C, "what explains the norms says something else",
         lambda s: s.is_(Subject.COMMENTARY, _ADDED, _REMOVED, ChangeKind.CHANGED)),
    WeightRule("no-norm-changed", _E, "names, places, references, topics and prompts bind nobody", _always),
)  # fmt: skip
"""All rules, the most telling first."""


def weigh(change: Change, pair: MatchedSpecs) -> Change:
    """Return a change with its weight, and the name of the rule that gave it."""
    seen = _Seen(change, pair)
    rule = next(rule for rule in RULES if rule.applies(seen))
    return replace(change, weight=rule.weight, rule=rule.name)


_ASIDE = frozenset(set(Subject) - {Subject.PROVISION, Subject.CLAUSE, Subject.DEFINITION, Subject.EXAMPLE})
"""Things that no other thing rests on."""
_WHOLE = frozenset({ChangeKind.ADDED, ChangeKind.REMOVED})


@dataclass(frozen=True, slots=True)
class _Touching:
    """What has to do with a provision, in reading order, each thing once."""

    examples: dict[str, None] = field(default_factory=dict)
    prompts: dict[str, None] = field(default_factory=dict)
    references: dict[str, None] = field(default_factory=dict)
    dependents: dict[str, None] = field(default_factory=dict)

    def reach(self) -> Reach:
        return Reach(
            examples=tuple(self.examples),
            prompts=tuple(self.prompts),
            references=tuple(self.references),
            dependents=tuple(self.dependents),
        )


class Reaches:
    """Answers what a change touches, of two specs and cases that were read once."""

    def __init__(
        self, pair: MatchedSpecs, renamed_examples: Mapping[str, str], cases: Iterable[Case] = ()
    ) -> None:
        self._old, self._new = _touching(pair.old), _touching(pair.new)
        naming = Naming(pair.old, pair.new, pair.identity.matches)
        cases = tuple(cases)
        self._resting = _by_provision(cases, naming)
        self._formalising = _by_example(cases, pair, renamed_examples)

    def of(self, change: Change) -> Reach:
        """Return what a change may invalidate; what changes no meaning invalidates nothing but pointers."""
        if change.subject in _ASIDE or change.kind is ChangeKind.TYPOGRAPHY:
            return Reach()
        sides = (self._old, self._new) if change.kind is ChangeKind.REMOVED else (self._new, self._old)
        touching = next((side[change.provision] for side in sides if change.provision in side), _Touching())
        reach = replace(touching.reach(), cases=tuple(self._resting.get(change.provision, ())))
        if change.subject is Subject.EXAMPLE:
            cases = tuple(self._formalising.get(change.id, ()))
            return Reach(prompts=() if change.kind in _WHOLE else reach.prompts, cases=cases)
        is_new = change.subject is Subject.PROVISION and change.kind is ChangeKind.ADDED
        if is_new or change.weight is Weight.EDITORIAL:
            return replace(reach, examples=(), prompts=())
        return reach


def _by_provision(cases: Iterable[Case], naming: Naming) -> dict[str, dict[str, None]]:
    """Return the places of the cases that name a provision, by what changes call it."""
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        for name in (case.about, *(name for item in case.items for name in (item.principle, *item.exempts))):
            if sides := naming.of(name):
                found.setdefault(sides.id, {})[_place(case)] = None
    return found


def _by_example(
    cases: Iterable[Case], pair: MatchedSpecs, renamed: Mapping[str, str]
) -> dict[str, dict[str, None]]:
    """Return the places of the cases that formalise an example, likewise."""
    by_name: dict[str, dict[str, None]] = {}
    for spec, later in ((pair.old, renamed), (pair.new, {})):
        for example in spec.examples:
            for name in example.names:
                by_name.setdefault(name, {})[later.get(example.id, example.id)] = None
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        for id_ in by_name.get(plain_name(case.example), ()) if case.example else ():
            found.setdefault(id_, {})[_place(case)] = None
    return found


def _place(case: Case) -> str:
    return f"{case.span.file}:{case.span.line}"


def _touching(spec: Spec) -> dict[str, _Touching]:
    found: dict[str, _Touching] = {}
    for kind, provision, id_ in _edges(spec):
        getattr(found.setdefault(provision, _Touching()), kind)[id_] = None
    return found


def _edges(spec: Spec) -> Iterator[tuple[str, str, str]]:
    """Yield kind, provision and id of each thing that has to do with a provision."""
    for holder, block in spec.walk():
        if isinstance(block, Example):
            violated = (id_ for response in block.responses for id_ in response.violates)
            for id_ in (holder.id if holder else "", *block.illustrates, *block.weighs, *violated):
                yield "examples", id_, block.id
    tested = {tag.tag: tag.provision for tag in reversed(spec.eval_tags)}
    at = {id(block): holder.id for holder, block in spec.walk() if holder}
    for prompt in spec.prompts:
        for id_ in prompt.tests or (tested.get(prompt.tag) or at.get(id(prompt), ""),):
            yield "prompts", id_, prompt.id
    for reference in spec.references:
        if reference.target_kind is TargetKind.PROVISION and reference.source != reference.target:
            yield "references", reference.target, reference.source
    for principle in spec.principles:
        for relation in RELATIONS:
            yield from (("dependents", id_, principle.id) for id_ in relation.values(principle))
