"""What each change does to those who are bound, and what it may invalidate.

The first rule that applies gives the weight, and is named. A direction comes from what is structured: levels, verdicts,
exceptions. For prose no rule gives a direction: it says that only form changed, that no sentence changed that may hold a
norm, or that a person has to read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sphinx_policyspec import model
from sphinx_policyspec.compare.change import Change, ChangeKind, Reach, Subject, Weight
from sphinx_policyspec.compare.matching import MatchedSpecs, Naming
from sphinx_policyspec.compare.provisions import STRICTNESS, Touching, level_move, touching
from sphinx_policyspec.compare.rewording import SentenceOp
from sphinx_policyspec.compare.sentences import TextSentence, sentences_of
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.model.attributes import LIFTING, LIMITING, ORDERING, RELATIONS

_SEVERITY: Mapping[str, int] = {verdict.value: place for place, verdict in enumerate(
    (model.Verdict.GOOD, model.Verdict.OK, model.Verdict.BAD)
)}  # fmt: skip
_ADDED, _REMOVED = ChangeKind.ADDED, ChangeKind.REMOVED
_MODES: Mapping[str, int] = {mode.value: rank for mode, rank in STRICTNESS.items()}


@dataclass(frozen=True, slots=True)
class _Context:
    """A change with what is known about the specs that it is between."""

    change: Change
    weigher: Weigher

    @property
    def pair(self) -> MatchedSpecs:
        return self.weigher.pair

    def is_(self, subject: Subject, *kinds: ChangeKind) -> bool:
        return self.change.subject is subject and (not kinds or self.change.kind in kinds)

    @property
    def was_hard(self) -> bool:
        """Whether it is, or was, about a rule that no message can set aside."""
        return any(_is_hard(spec, provision) for spec, provision in self.sides)

    @property
    def sides(
        self,
    ) -> tuple[tuple[model.Spec, model.Provision | None], tuple[model.Spec, model.Provision | None]]:
        """Both specs with the provision that it is about, ``None`` where it does not exist."""
        old = self.pair.identity.old_of.get(self.change.provision, self.change.provision)
        sides = (self.pair.old, old), (self.pair.new, self.change.provision)
        before, after = ((spec, spec.provision_by_id.get(id_)) for spec, id_ in sides)
        return before, after

    @property
    def principle(self) -> model.Principle | None:
        """The provision that it is about as a principle, the new one if both are."""
        return next(
            (provision for _, provision in self.sides[::-1] if isinstance(provision, model.Principle)), None
        )

    @property
    def is_exception(self) -> bool:
        """Whether it is about a principle that takes others out of force, or did."""
        return any(
            isinstance(provision, model.Principle) and provision.is_exception for _, provision in self.sides
        )

    @property
    def is_alone(self) -> bool:
        """Whether nothing of what came or went is, or was, in another provision."""
        return self.change.provision not in self.weigher.related

    @property
    def names_stay(self) -> bool:
        """Whether both specs have what a relation names, so that it changes what holds between the two."""
        value = self.change.new or self.change.old
        if self.change.aspect in {row.key for row in RELATIONS}:
            return value in self.pair.identity.old_of
        return all(value in categories for categories in self.weigher.categories)


def _is_hard(spec: model.Spec, provision: model.Provision | None) -> bool:
    level = spec.level_by_id.get(provision.authority) if isinstance(provision, model.Principle) else None
    return level is not None and level.override is model.OverrideMode.NEVER


@dataclass(frozen=True, slots=True)
class WeightRule:
    """A named reason for a weight.

    :param why: the reason, in words
    """

    name: str
    weight: Weight
    why: str
    applies: Callable[[_Context], bool]


def _provision(*kinds: ChangeKind) -> Callable[[_Context], bool]:
    return lambda context: context.is_(Subject.PROVISION, *kinds)


def _both(*tests: Callable[[_Context], bool]) -> Callable[[_Context], bool]:
    return lambda context: all(test(context) for test in tests)


def _relation(kind: ChangeKind, names: Collection[str]) -> Callable[[_Context], bool]:
    return lambda context: context.is_(Subject.PROVISION, kind) and context.change.aspect in names


def _verdict(sign: int) -> Callable[[_Context], bool]:
    def applies(context: _Context) -> bool:
        if not context.is_(Subject.EXAMPLE, ChangeKind.VERDICT_FLIPPED):
            return False
        old, new = (_SEVERITY.get(verdict) for verdict in (context.change.old, context.change.new))
        return old is not None and new is not None and sign * (new - old) > 0

    return applies


def _mode_changed(sign: int) -> Callable[[_Context], bool]:
    def applies(context: _Context) -> bool:
        if not context.is_(Subject.LEVEL, ChangeKind.CHANGED) or context.change.aspect != "override":
            return False
        moved = _MODES[context.change.old] - _MODES[context.change.new]
        return sign * moved > 0 and context.change.id not in context.weigher.excepting

    return applies


def _needs_reader(context: _Context) -> bool:
    return any(change.needs_reader for change in context.change.sentences)


def _hard_norm(context: _Context) -> bool:
    """Return whether a rule that nothing sets aside has other words of norms, or other quantities."""
    return (
        _needs_reader(context)
        and context.was_hard
        and _weight_words(context, old=True) != _weight_words(context, old=False)
    )


def _weight_words(context: _Context, *, old: bool) -> Counter[str]:
    sides = (change.old if old else change.new for change in context.change.sentences if change.needs_reader)
    return sum((side.weight_words for side in sides if side), Counter[str]())


def _form_alone(context: _Context) -> bool:
    """Return whether prose differs in form alone: nothing of its sentences changed but that."""
    change = context.change
    if change.kind is ChangeKind.RETITLED and (
        change.subject is Subject.EXAMPLE or context.principle is None
    ):
        return False
    return (change.text is not None or change.kind is ChangeKind.RETITLED) and all(
        sentence.op is SentenceOp.FORM for sentence in change.sentences
    )


def _example_differs(context: _Context) -> bool:
    """Return whether an example is new or gone, or says something else about a boundary: more than its form and tags."""
    change = context.change
    if not context.is_(Subject.EXAMPLE, _ADDED, _REMOVED, ChangeKind.CHANGED, ChangeKind.VERDICT_FLIPPED):
        return False
    what = [one for one in change.said("what").split() if one != "tags"]
    is_worded = all(one in {"messages", "notes"} for one in what)
    is_form = is_worded and all(one.op is SentenceOp.FORM for one in change.sentences)
    return change.kind is not ChangeKind.CHANGED or not is_form


def _demands(context: _Context) -> bool:
    """Return whether each sentence of a principle demands or forbids something, as far as words can show.

    None may allow anything, and none may be, or have been, elsewhere.
    """
    if not context.is_alone or any(one.moved for one in context.change.sentences):
        return False
    sentences = sentences_of(context.principle.text) if context.principle else []
    return (
        bool(sentences)
        and all(one.demands for one in sentences)
        and not any(one.may_allow for one in _sentences(context))
    )


def _allows(context: _Context) -> bool:
    """Return whether a principle may allow something, and demands nothing, as far as words can show."""
    sentences = _sentences(context)
    return any(one.may_allow for one in sentences) and not any(one.demands for one in sentences)


def _has_level(context: _Context) -> bool:
    """Return whether the new spec has the level that a principle is at now."""
    spec, new = context.sides[1]
    return isinstance(new, model.Principle) and new.authority in spec.level_by_id


def _lifts(context: _Context) -> bool:
    """Return whether an exception demands nothing itself, as far as words can show."""
    sentences = _sentences(context)
    return context.is_exception and context.is_alone and not any(one.demands for one in sentences)


def _sentences(context: _Context) -> list[TextSentence]:
    principle = context.principle
    return sentences_of(f"{principle.title}\n\n{principle.text}") if principle else []


def _clause_moved(kind: ChangeKind) -> Callable[[_Context], bool]:
    """Return a test whether words bind at a lower or a higher level since they are, or are no longer, a clause."""

    def applies(context: _Context) -> bool:
        if not context.is_(Subject.CLAUSE, _ADDED, _REMOVED):
            return False
        old, new = (
            _level_of_words(*side, context.change.new or context.change.old) for side in context.sides
        )
        return bool(old and new and old != new) and level_move(context.pair, old, new) is kind

    return applies


def _permission_moved(kind: ChangeKind) -> Callable[[_Context], bool]:
    """Return a test whether a lower or a higher level than before may authorise what a clause forbids; nobody is the highest."""

    def applies(context: _Context) -> bool:
        if not context.is_(Subject.CLAUSE, ChangeKind.ATTRIBUTE):
            return False
        old, new = context.change.old, context.change.new
        if old and new:
            return level_move(context.pair, old, new) is kind
        return kind is (ChangeKind.LEVEL_LOWERED if new else ChangeKind.LEVEL_RAISED)

    return applies


def _level_of_words(spec: model.Spec, provision: model.Provision | None, words: str) -> str:
    if not isinstance(provision, model.Principle):
        return ""
    wanted = normal(words)
    clauses = (c.authority for c in spec.clauses if c.principle == provision.id and normal(c.text) == wanted)
    return next(clauses, provision.authority if wanted in normal(provision.text) else "")


def _exempted(was: Collection[int], now: Collection[int]) -> Callable[[_Context], bool]:
    """Return a test whether a category changed, of which exceptions say this: 1 to reach it, -1 not to, 0 nothing."""

    def applies(context: _Context) -> bool:
        change = context.change
        if change.kind is not ChangeKind.ATTRIBUTE or change.aspect != "category":
            return False
        old, new = context.weigher.reached
        return _reached(old, change.old) in was and _reached(new, change.new) in now

    return applies


def _reached(categories: tuple[Collection[str], Collection[str]], category: str) -> int:
    exempted, spared = categories
    return -1 if category in spared else int(category in exempted)


def _overriders(*signs: int) -> Callable[[_Context], bool]:
    """Return a test whether only more roles (1), or only fewer (-1), can set aside what is at levels that stay."""

    def applies(context: _Context) -> bool:
        if not (context.is_(Subject.LEVEL) or context.is_(Subject.SPEC, ChangeKind.REORDERED)):
            return False
        old, new = context.weigher.roles
        changed = [name for name in old.keys() & new.keys() if old[name] != new[name]]
        directions = {1 for name in changed if new[name] - old[name]} | {
            -1 for name in changed if old[name] - new[name]
        }
        if context.weigher.excepting.intersection(changed):
            directions = {1, -1}
        return bool(changed) and directions == set(signs)

    return applies


_T, _L, _C, _E = Weight.TIGHTENING, Weight.LOOSENING, Weight.CLARIFYING, Weight.EDITORIAL
_B, _R = Weight.BOTH, Weight.NEEDS_READER
_RELATED = frozenset({ChangeKind.RELATION_ADDED, ChangeKind.RELATION_REMOVED})
CAME_OR_WENT = (_ADDED, _REMOVED, ChangeKind.BECAME_PRINCIPLE, ChangeKind.BECAME_SECTION)

RULES: tuple[WeightRule, ...] = (
    WeightRule("hard-rule-added", _T, "a rule that no message can set aside is new, and allows nothing",
         _both(_provision(_ADDED, ChangeKind.BECAME_PRINCIPLE), lambda s: s.was_hard and not s.is_exception, _demands)),
    WeightRule("hard-rule-removed", _L, "a rule that no message could set aside is gone, which allowed nothing",
         _both(_provision(_REMOVED, ChangeKind.BECAME_SECTION), lambda s: s.was_hard and not s.is_exception, _demands)),
    WeightRule("exception-principle-added", _L, "a principle that is an exception to another is new, and demands nothing itself",
         _both(_provision(_ADDED), _lifts)),
    WeightRule("exception-principle-removed", _T, "a principle that was an exception to another is gone, which demanded nothing itself",
         _both(_provision(_REMOVED), _lifts)),
    WeightRule("principle-added", _T, "a principle is new, and allows nothing",
         _both(_provision(_ADDED, ChangeKind.BECAME_PRINCIPLE), lambda s: not s.is_exception, _demands)),
    WeightRule("principle-removed", _L, "a principle is gone, which allowed nothing",
         _both(_provision(_REMOVED, ChangeKind.BECAME_SECTION), lambda s: not s.is_exception, _demands)),
    WeightRule("hard-rule-unclear", _R,
         "a rule that no message can set aside is new or gone, and may allow something, or be partly elsewhere",
         _both(_provision(*CAME_OR_WENT), lambda s: s.was_hard)),
    WeightRule("principle-unclear", _R, "a principle is new or gone, and may allow something, or be partly elsewhere",
         _both(_provision(*CAME_OR_WENT), lambda s: s.principle is not None)),
    WeightRule("exception-relevelled", _B, "other messages can set an exception aside, and what it suspends applies again where one does",
         _both(_provision(ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED), lambda s: s.is_exception)),
    WeightRule("hard-level-unclear", _R,
         "no message could set it aside, and it may allow something, or the spec does not have its present level",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.LEVEL_CHANGED, ChangeKind.LEVEL_LOWERED) and _is_hard(*s.sides[0]) and (_allows(s) or not _has_level(s))),
    WeightRule("permission-relevelled", _R, "it allows something, and other messages than before can set that aside",
         _both(_provision(ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED), _allows)),
    WeightRule("hard-level-lost", _L, "no message could set it aside, and its level is not one of that kind any more",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.LEVEL_CHANGED, ChangeKind.LEVEL_LOWERED) and _is_hard(*s.sides[0]) and not _is_hard(*s.sides[1]) and not s.is_exception),
    WeightRule("level-raised", _T, "fewer messages can set it aside", _provision(ChangeKind.LEVEL_RAISED)),
    WeightRule("level-lowered", _L, "more messages can set it aside", _provision(ChangeKind.LEVEL_LOWERED)),
    WeightRule("level-changed", _R, "the old and the new level cannot be ordered", _provision(ChangeKind.LEVEL_CHANGED)),
    WeightRule("level-renamed", _E, "the level has another name", _provision(ChangeKind.LEVEL_RENAMED)),
    WeightRule("status-changed", _R, "its status, such as draft, is different, so that it may or may not apply now",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.ATTRIBUTE) and s.change.aspect == "status"),
    WeightRule("scope-changed", _R, "more or less of what it asks for is decided outside the spec",
         lambda s: s.is_(Subject.PROVISION, ChangeKind.ATTRIBUTE, *_RELATED) and s.change.aspect in {"out-of-scope", "rests-on"}),
    WeightRule("exception-added", _L, "it is an exception to one more principle, or to one more category",
         _both(_relation(ChangeKind.RELATION_ADDED, LIFTING), lambda s: s.names_stay)),
    WeightRule("exception-removed", _T, "it is no exception any more to a principle or a category",
         _both(_relation(ChangeKind.RELATION_REMOVED, LIFTING), lambda s: s.names_stay)),
    WeightRule("limit-added", _T, "as an exception it does not reach one more category",
         _both(_relation(ChangeKind.RELATION_ADDED, LIMITING), lambda s: s.names_stay)),
    WeightRule("limit-removed", _L, "as an exception it may reach one more category",
         _both(_relation(ChangeKind.RELATION_REMOVED, LIMITING), lambda s: s.names_stay)),
    WeightRule("preference-changed", _B, "of two principles, another one goes first, or none",
         lambda s: s.change.kind in _RELATED and s.change.aspect in ORDERING and s.names_stay),
    WeightRule("relation-changed", _C, "its stated relation to other principles is different, which overrides none of those that stay",
         lambda s: s.change.kind in _RELATED and s.change.aspect in {row.key for row in RELATIONS} | LIFTING | LIMITING),
    WeightRule("clause-lowered", _L, "a part of it can be set aside more easily than before", _clause_moved(ChangeKind.LEVEL_LOWERED)),
    WeightRule("clause-raised", _T, "a part of it can be set aside less easily than before", _clause_moved(ChangeKind.LEVEL_RAISED)),
    WeightRule("permission-lowered", _L, "a lower level than before may authorise what a part of it forbids", _permission_moved(ChangeKind.LEVEL_LOWERED)),
    WeightRule("permission-raised", _T, "only a higher level than before may authorise what a part of it forbids, or none",
         _permission_moved(ChangeKind.LEVEL_RAISED)),
    WeightRule("clause-unclear", _R, "words of another level than the rest of it are new or gone, or other levels may authorise what they forbid",
         lambda s: s.is_(Subject.CLAUSE, _ADDED, _REMOVED, ChangeKind.ATTRIBUTE)),
    WeightRule("category-exempted", _L, "it is now in a category that an exception suspends", _exempted([0], [1])),
    WeightRule("category-not-exempted", _T, "it is no longer in a category that an exception suspends", _exempted([1], [0])),
    WeightRule("category-changed", _C, "its category is different, and no exception names it", _exempted([0], [0])),
    WeightRule("category-unclear", _R, "exceptions say something different about its category", _exempted([-1, 0, 1], [-1, 0, 1])),
    WeightRule("verdict-stricter", _T, "an answer is judged worse than before", _verdict(1)),
    WeightRule("verdict-milder", _L, "an answer is judged better than before", _verdict(-1)),
    WeightRule("override-stricter", _T, "what is at a level can be set aside less easily", _mode_changed(1)),
    WeightRule("override-looser", _L, "what is at a level can be set aside more easily", _mode_changed(-1)),
    WeightRule("override-of-exceptions", _B, "what is at a level, including exceptions, is overridden in another way",
         lambda s: s.is_(Subject.LEVEL, ChangeKind.CHANGED) and s.change.aspect == "override"),
    WeightRule("overriders-added", _L, "more roles than before can set aside what is at a level", _overriders(1)),
    WeightRule("overriders-removed", _T, "fewer roles than before can set aside what is at a level", _overriders(-1)),
    WeightRule("overriders-changed", _B, "other roles than before can set aside what is at a level, or exceptions", _overriders(1, -1)),
    WeightRule("levels-changed", _C, "the levels themselves are different",
         lambda s: (s.is_(Subject.LEVEL) and s.change.kind is not ChangeKind.RENAMED and s.change.aspect not in {"text", "title"})
         or s.is_(Subject.SPEC, ChangeKind.REORDERED)),
    WeightRule("example-changed", _R, "what examples show of its boundary is different", _example_differs),
    WeightRule("hard-norm-changed", _R,
         "in a rule that no message can set aside, a sentence with other words of norms or other numbers", _hard_norm),
    WeightRule("norm-changed", _R, "a sentence that may contain a norm was added, removed or reworded", _needs_reader),
    WeightRule("form-changed", _E, "links, case, articles, spelling or names alone", _form_alone),
    WeightRule("section-added", _C, "a section that binds nobody is new", _provision(_ADDED)),
    WeightRule("section-removed", _C, "a section that bound nobody is gone", _provision(_REMOVED)),
    WeightRule("text-changed", _C, "other words, and no sentence that may contain a norm",
         lambda s: s.change.kind is ChangeKind.TEXT or s.is_(Subject.CLAUSE, ChangeKind.CHANGED)),
    WeightRule("split-or-merged", _C, "what it says is partly elsewhere",
         _provision(ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.SUCCEEDED)),
    WeightRule("commentary-changed", _C, "the explanation of the norms is different",
         lambda s: s.is_(Subject.COMMENTARY, _ADDED, _REMOVED, ChangeKind.CHANGED)),
    WeightRule("no-norm-changed", _E, "names, places, references, topics and prompts bind nobody", lambda _: True),
)  # fmt: skip
"""All rules, the most telling first."""


@dataclass(frozen=True)
class Weigher:
    """Gives changes between two specs their weights; what many of them need from the specs is looked up once."""

    pair: MatchedSpecs

    def of(self, change: Change) -> Change:
        """Return a change with its weight, and the name of the rule that gave it."""
        context = _Context(change, self)
        rule = next(rule for rule in RULES if rule.applies(context))
        return replace(change, weight=rule.weight, rule=rule.name)

    @cached_property
    def related(self) -> frozenset[str]:
        """The ids of provisions that took something over, or from which something was taken over."""
        return frozenset(id_ for one in self.pair.identity.relatives for id_ in (one.old, one.new))

    @cached_property
    def categories(self) -> tuple[frozenset[str], ...]:
        """The categories of principles, old and new."""
        return tuple(
            frozenset(p.category for p in spec.principles) for spec in (self.pair.old, self.pair.new)
        )

    @cached_property
    def reached(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The categories that exceptions take out of force, and those that they leave, old and new."""
        return tuple(
            (
                frozenset(name for p in spec.principles for name in p.exempts),
                frozenset(name for p in spec.principles for name in p.never_exempts),
            )
            for spec in (self.pair.old, self.pair.new)
        )

    @cached_property
    def excepting(self) -> frozenset[str]:
        """The levels of exceptions: what is easier to set aside there makes other rules harder to."""
        return frozenset(p.authority for p in self.pair.new.principles if p.is_exception)

    @cached_property
    def roles(self) -> tuple[dict[str, frozenset[str]], ...]:
        """The roles that can set aside what is at each level, old and new."""
        return tuple(
            {one.id: frozenset(model.roles_that_override(spec.levels, one)) for one in spec.levels}
            for spec in (self.pair.old, self.pair.new)
        )


_ASIDE = frozenset(set(Subject) - {Subject.PROVISION, Subject.CLAUSE, Subject.DEFINITION, Subject.EXAMPLE})
"""Things that no other thing rests on."""
_WHOLE = frozenset({ChangeKind.ADDED, ChangeKind.REMOVED})


class Reaches:
    """Finds what a change touches in two specs and cases that are read once."""

    def __init__(
        self, pair: MatchedSpecs, renamed_examples: Mapping[str, str], cases: Iterable[model.Case] = ()
    ) -> None:
        self._old, self._new = touching(pair.old), touching(pair.new)
        naming = Naming(pair.old, pair.new, pair.identity.matches)
        cases = tuple(cases)
        self._resting = _by_provision(cases, naming)
        self._formalising = _by_example(cases, pair, renamed_examples)

    def of(self, change: Change) -> Reach:
        """Return what a change may invalidate; what changes no meaning invalidates nothing but pointers."""
        if change.subject in _ASIDE or change.kind is ChangeKind.TYPOGRAPHY:
            return Reach()
        sides = (self._old, self._new) if change.kind is ChangeKind.REMOVED else (self._new, self._old)
        touching = next((side[change.provision] for side in sides if change.provision in side), Touching())
        reach = replace(touching.reach(), cases=tuple(self._resting.get(change.provision, ())))
        if change.subject is Subject.EXAMPLE:
            cases = tuple(self._formalising.get(change.id, ()))
            return Reach(prompts=() if change.kind in _WHOLE else reach.prompts, cases=cases)
        is_new = change.subject is Subject.PROVISION and change.kind is ChangeKind.ADDED
        if is_new or change.weight is Weight.EDITORIAL:
            return replace(reach, examples=(), prompts=())
        return reach


def _by_provision(cases: Iterable[model.Case], naming: Naming) -> dict[str, dict[str, None]]:
    """Return the places of the cases that name a provision, by its id in changes."""
    places: dict[str, dict[str, None]] = {}
    for case in cases:
        for name in (case.about, *(name for item in case.items for name in (item.principle, *item.exempts))):
            if sides := naming.of(name):
                places.setdefault(sides.id, {})[case.span.place] = None
    return places


def _by_example(
    cases: Iterable[model.Case], pair: MatchedSpecs, renamed: Mapping[str, str]
) -> dict[str, dict[str, None]]:
    """Return the places of the cases that formalise an example, likewise."""
    by_name: dict[str, dict[str, None]] = {}
    for spec, later in ((pair.old, renamed), (pair.new, {})):
        for example in spec.examples:
            for name in example.names:
                by_name.setdefault(name, {})[later.get(example.id, example.id)] = None
    places: dict[str, dict[str, None]] = {}
    for case in cases:
        for id_ in by_name.get(model.plain_name(case.example), ()) if case.example else ():
            places.setdefault(id_, {})[case.span.place] = None
    return places
