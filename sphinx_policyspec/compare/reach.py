"""What a change may invalidate: examples, prompts, references, cases, and principles that build on what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sphinx_policyspec.compare.change import Change, ChangeKind, Reach, Subject, Weight
from sphinx_policyspec.compare.naming import Naming
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.model import Case, Example, Spec, TargetKind, plain_name
from sphinx_policyspec.model.attributes import RELATIONS

__all__ = ["Reaches"]

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

    def __init__(self, pair: Pair, renamed_examples: Mapping[str, str], cases: Iterable[Case] = ()) -> None:
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


def _by_example(cases: Iterable[Case], pair: Pair, renamed: Mapping[str, str]) -> dict[str, dict[str, None]]:
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
