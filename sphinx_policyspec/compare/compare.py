"""Two specs → SpecDiff: each comparison in turn, weight and reach of every change; what it means for overlays; judgements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import sha256
from typing import Any

from sphinx_policyspec.compare.change import Change, ChangeKind, SpecDiff, Subject, Weight, judged_id
from sphinx_policyspec.compare.examples import example_changes, message_texts, prompt_changes
from sphinx_policyspec.compare.matching import MatchedSpecs, identify, renewed
from sphinx_policyspec.compare.prose import prose_changes, with_moves
from sphinx_policyspec.compare.provisions import (
    level_changes,
    level_of,
    ref_pairs,
    relation_changes,
    renamed_levels,
    structure_changes,
)
from sphinx_policyspec.compare.weights import CAME_OR_WENT, Reaches, Weigher
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.errors import AnnotationError, UnknownIdError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import (
    Case,
    Comment,
    Commentary,
    Definition,
    Direction,
    Example,
    Finding,
    JudgedKind,
    Judgement,
    Principle,
    Prose,
    Provision,
    Span,
    Spec,
    TargetKind,
)
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.nearest import nearest


def compare(
    old: Spec, new: Spec, aliases: Mapping[str, str] | None = None, cases: Iterable[Case] = ()
) -> SpecDiff:
    """Return what changed from one spec to another.

    Where things are in files, the files themselves, versions and dates are no differences; all else that a
    spec says is. A spec has no differences from itself.

    :param aliases: ids of provisions as stated by hand, old id → new id, which win over what is found
    :param cases: to search for those that rest on what changed
    """
    pair = MatchedSpecs(old=old, new=new, identity=identify(old, new, aliases))
    pair = replace(pair, new_names=renamed_levels(pair))
    examples, same, renamed_examples = example_changes(pair)
    reaches = Reaches(pair, renamed_examples, cases)
    weighed = map(Weigher(pair).of, with_moves(_changes(pair, examples)))
    return SpecDiff(
        old=old.version,
        new=new.version,
        changes=tuple(replace(change, reach=reaches.of(change)) for change in weighed),
        matches=pair.identity.matches,
        same_examples=same,
        renamed_examples=renamed_examples,
        titles={p.id: p.title for spec in (old, new) for p in spec.provisions},
    )


def _changes(pair: MatchedSpecs, examples: list[Change]) -> Iterator[Change]:
    yield from structure_changes(pair)
    yield from level_changes(pair)
    yield from prose_changes(pair)
    yield from examples
    yield from relation_changes(pair)
    yield from prompt_changes(pair)


def with_judgements(diff: SpecDiff, old: Spec, new: Spec, judgements: Iterable[Judgement]) -> SpecDiff:
    """Return a diff in which the judgements of people give prose its weight; one that does not fit is a finding.

    :param judgements: of any releases; those of others are skipped, and one of the reverse change is reversed
    """
    prose: dict[str, list[Change]] = defaultdict(list)
    for change in diff.changes:
        if _can_be_judged(change) and not change.judgement:
            prose[judged_id(change)].append(change)
    judged: dict[int, Judgement] = {}
    findings = list(diff.findings)
    for judgement in judgements:
        if {judgement.old, judgement.new} != {diff.old, diff.new}:
            continue
        turned = _turned(judgement, diff)
        for one in (judgement, turned):
            if one.id in prose and one.digest == digest_of(diff, old, new, one.id, turned=one is turned):
                judged |= {id(change): one for change in prose[one.id]}
                break
        else:
            findings.append(_misfit(judgement, diff, prose))
    changes = (
        replace(change, weight=_weight_of(own), rule="judged", judgement=own)
        if (own := judged.get(id(change)))
        else change
        for change in diff.changes
    )
    return replace(diff, changes=tuple(changes), findings=tuple(findings))


def _can_be_judged(change: Change) -> bool:
    """Return whether a person can say what a change of prose does: including that a principle came, or went, with its words."""
    return (
        change.weight is Weight.NEEDS_READER
        or change.kind is ChangeKind.TEXT
        or change.judgement is not None
        or (change.kind in CAME_OR_WENT and change.subject is Subject.PROVISION and bool(change.sentences))
    )


_TURNED = {Direction.TIGHTENING: Direction.LOOSENING, Direction.LOOSENING: Direction.TIGHTENING}


def _turned(judgement: Judgement, diff: SpecDiff) -> Judgement:
    """Return a judgement as one of the reverse change."""
    direction = _TURNED.get(judgement.direction, judgement.direction)
    id_ = diff.new_ids.get(judgement.id, judgement.id)
    return replace(judgement, old=judgement.new, new=judgement.old, id=id_, direction=direction)


def _weight_of(judgement: Judgement) -> Weight:
    if judgement.direction is not Direction.NEUTRAL:
        return Weight(judgement.direction.value)
    return Weight.EDITORIAL if judgement.kind is JudgedKind.EDITORIAL else Weight.CLARIFYING


def _misfit(judgement: Judgement, diff: SpecDiff, prose: Mapping[str, list[Change]]) -> Finding:
    """Return the finding that a judgement does not fit a diff."""
    if judgement.id not in prose:
        message = f"no prose of `{judgement.id}` changed between these releases"
        hint = _right_id(judgement.id, diff, prose) or "delete the judgement"
    else:
        message = f"the texts of `{judgement.id}` are not those that {judgement.who} read on {judgement.date}"
        hint = "read them again; `policyspec judge` prints their digest"
    return Finding(code="stale-judgement", message=message, span=judgement.span, hint=hint)


def _right_id(id_: str, diff: SpecDiff, ids: Iterable[str]) -> str:
    """Return a hint to the id that is meant where no prose of an id changed: the other one of what has two, else the nearest."""
    other = diff.new_ids.get(id_, id_)
    return f"its id is `{other}` now" if other != id_ else nearest(id_, list(ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingList(Brief):
    """What a person has to read in a comparison, and what can be judged.

    :param diff: what changed
    :param digests: a digest of both texts of everything whose prose changed, by its id in judgements
    """

    diff: SpecDiff
    digests: Mapping[str, str] = field(repr=False)

    @property
    def unread(self) -> dict[str, tuple[Change, ...]]:
        """The changes that need a reader, by their id in judgements, in the order of the diff."""
        by_id: dict[str, list[Change]] = defaultdict(list)
        for change in self.diff.changes:
            if change.weight is Weight.NEEDS_READER:
                by_id[judged_id(change)].append(change)
        return {id_: tuple(changes) for id_, changes in by_id.items()}

    def judgement(
        self,
        id_: str,
        direction: Direction | str,
        *,
        kind: JudgedKind | str = JudgedKind.SUBSTANTIVE,
        evidence: str,
        who: str,
        date: str = "",
    ) -> Judgement:
        """Return the judgement of a person who read both texts; it holds for these texts alone.

        Raises :class:`UnknownIdError` where no prose of that id changed, and :class:`AnnotationError` for what no
        judgement can say: another direction or kind, an edit of form that is not neutral, no evidence, nobody.

        :param id_: of a provision, the new one where it has two; ``preamble``, or ``goal/ID``
        :param evidence: why, in one sentence
        :param who: name of the person
        :param date: the day in ISO 8601, by default today
        """
        day = dt.date.fromisoformat(date) if date else dt.date.today()  # noqa: DTZ011  the day where the reader is
        if id_ not in self.digests:
            hint = _right_id(id_, self.diff, self.digests)
            raise UnknownIdError(f"no prose of `{id_}` changed; {hint}".removesuffix("; "))
        for name, value, choices in (("direction", direction, Direction), ("kind", kind, JudgedKind)):
            if value not in [*choices]:
                raise AnnotationError(
                    f"unknown {name} `{value}`; {nearest(value, [*choices])}".removesuffix("; ")
                )
        for name, value in (("evidence", evidence), ("who", who)):
            if not value.strip():
                raise AnnotationError(f"a judgement of `{id_}` needs `{name}`")
        if kind == JudgedKind.EDITORIAL and direction != Direction.NEUTRAL:
            raise AnnotationError(f"`{id_}` cannot be editorial and `{direction}`: form alone is neutral")
        return Judgement(
            old=self.diff.old,
            new=self.diff.new,
            id=id_,
            direction=Direction(direction),
            kind=JudgedKind(kind),
            evidence=" ".join(evidence.split()),
            who=" ".join(who.split()),
            date=day.isoformat(),
            digest=self.digests[id_],
            span=Span("", 1),
        )


def reading_list(diff: SpecDiff, old: Spec, new: Spec) -> ReadingList:
    """Return what has to be read of a diff of two specs."""
    ids = dict.fromkeys(judged_id(change) for change in diff.changes if _can_be_judged(change))
    return ReadingList(diff=diff, digests={id_: digest_of(diff, old, new, id_) for id_ in ids})


def digest_of(diff: SpecDiff, old: Spec, new: Spec, id_: str, *, turned: bool = False) -> str:
    """Return a digest of what both specs say in prose about something: 16 hexadecimal digits, the same for any typography.

    :param id_: as :func:`~sphinx_policyspec.compare.change.judged_id` gives it
    :param turned: whether to return that of the reverse change
    """
    old_id = diff.old_ids.get(id_, id_)
    sides = [[*map(normal, _prose_of(old, old_id))], [*map(normal, _prose_of(new, id_))]]
    # Whatever else can be read about it, where that differs.
    beside = [[*map(normal, _beside_prose(spec, name))] for spec, name in ((old, old_id), (new, id_))]
    if beside[0] != beside[1]:
        sides = [side + more for side, more in zip(sides, beside, strict=True)]
    texts = ("\0".join(side) for side in (sides[::-1] if turned else sides))
    return sha256("\0\0".join(texts).encode()).hexdigest()[:16]


def _prose_of(spec: Spec, id_: str) -> list[str]:
    """Return what a spec says in prose about something: for a provision the title, the text and the commentary."""
    kind, _, name = id_.partition("/")
    goal = next((item for item in spec.goals if kind == "goal" and item.id == name), None)
    if goal:
        return [goal.title, goal.text]
    provision = spec.provision_by_id.get(id_)
    if provision is None and id_ != "preamble":
        return []
    blocks = provision.blocks if provision else spec.preamble
    title = [provision.title] if provision else []
    return title + [b.text for b in blocks if isinstance(b, Prose | Definition | Commentary) and b.text]


def _beside_prose(spec: Spec, id_: str) -> list[str]:
    """Return the level, category, status, clauses, terms and examples of a provision."""
    provision = spec.provision_by_id.get(id_)
    blocks = provision.blocks if provision else spec.preamble if id_ == "preamble" else ()
    texts = [f"{clause.authority}: {clause.text}" for clause in spec.clauses if clause.principle == id_]
    # A paragraph that begins with its term contains it already.
    texts += [
        block.term for block in blocks if isinstance(block, Definition) and block.term not in block.text
    ]
    if provision:
        texts += [level_of(provision), getattr(provision, "category", ""), provision.status]
    for block in blocks:
        texts += [block.source_title, *message_texts(block)] if isinstance(block, Example) else []
    return texts


_PLACES = frozenset({"span", "source", "depth", "parent", "repeats", "fragments", "test"})
"""Fields for places, or for what other fields say."""
_SEPARATE = frozenset({"id", "title", "authority", "blocks"})
"""Fields of a provision that are compared separately."""
_WHOLE = ("levels", "topics", "goals", "prompt_files", "title", "license", "publisher")


def says_of(spec: Spec, names: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """Return digests of all that :func:`compare` compares except titles, levels and places, by provision and by kind.

    Those of the spec itself have the empty id. They are the same for any typography.

    :param names: other ids for provisions, to be read as these
    """
    names = names or {}
    contents: dict[str, dict[str, list[Any]]] = {
        "": {name: _plainly(getattr(spec, name), names) for name in _WHOLE}
    }
    for provision in spec.provisions:
        values = {
            row.name: getattr(provision, row.name)
            for row in fields(provision)
            if row.name not in _PLACES | _SEPARATE
        }
        values["text"] = provision.text
        values["aliases"] = tuple(name for name in provision.aliases if name != names.get(provision.id))
        contents[provision.id] = {name: _plainly(value, names) for name, value in values.items()}
    blocks = [
        (holder.id if holder else "", block)
        for holder, block in spec.walk()
        if not isinstance(block, Comment)
    ]
    parts: list[tuple[str, Any]] = [
        (at, block) for at, block in blocks if not (at and isinstance(block, Prose))
    ]
    # A clause without a permission has the digest that it had before there were permissions.
    parts += [
        (one.principle, ("clauses", one.authority, one.text, *filter(None, (one.permits_by,))))
        for one in spec.clauses
    ]
    parts += [(tag.provision, tag) for tag in spec.eval_tags]
    parts += [(source, ("references", target)) for source, target in sorted(ref_pairs(spec))]
    for at, part in parts:
        name = part[0] if isinstance(part, tuple) else f"{type(part).__name__}s".lower()
        contents.setdefault(at, {}).setdefault(name, []).append(_plainly(part, names))
    return {
        id_: {name: sha256(repr(value).encode()).hexdigest()[:16] for name, value in aspects.items() if value}
        for id_, aspects in contents.items()
    }


def _plainly(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  whatever the model holds
    """Return what something says as lists of texts in plain typography."""
    if isinstance(value, str):
        return names.get(value) or normal(renewed(value, names))
    if isinstance(value, tuple):
        return [_plainly(item, names) for item in value]
    if isinstance(value, Example):
        return [
            _plainly(getattr(value, name), names)
            for name in ("source_title", "messages", "illustrates", "weighs", "tags")
        ]
    if is_dataclass(value):
        return [_plainly(getattr(value, row.name), names) for row in fields(value) if row.name not in _PLACES]
    return str(value)


_KINDS = {
    Subject.PROVISION: TargetKind.PROVISION,
    Subject.CLAUSE: TargetKind.PROVISION,
    Subject.EXAMPLE: TargetKind.EXAMPLE,
    Subject.DEFINITION: TargetKind.DEFINITION,
    Subject.LEVEL: TargetKind.LEVEL,
    Subject.TOPIC: TargetKind.TOPIC,
    Subject.GOAL: TargetKind.GOAL,
}
"""The changed things that an overlay can name; nothing in it rests on the others."""

_Target = tuple[TargetKind, str]


def with_overlays(diff: SpecDiff, old: Spec, new: Spec, overlays: Mapping[str, Spec]) -> SpecDiff:
    """Return a diff whose changes also list what they reach in overlays.

    :param old: the spec that the overlays were built on; they may hold a copy of it
    :param overlays: by their names in output
    """
    resting: dict[_Target, dict[str, None]] = defaultdict(dict)
    for name, overlay in overlays.items():
        for target, id_ in _edges(overlay, old, new):
            resting[_renewed(target, diff, old)][f"{name}:{id_}"] = None

    def reached(change: Change) -> Change:
        targets = _targets(change)
        dependents = dict.fromkeys(rests for target in targets for rests in resting.get(target, ()))
        return (
            replace(change, reach=replace(change.reach, overlays=tuple(dependents))) if dependents else change
        )

    return replace(diff, changes=tuple(map(reached, diff.changes)))


def _targets(change: Change) -> tuple[_Target, ...]:
    """Return the names that an overlay may have for the thing that changed."""
    kind = _KINDS.get(change.subject)
    if kind is None or change.kind is ChangeKind.TYPOGRAPHY:
        return ()
    if kind is TargetKind.PROVISION:
        return ((kind, change.provision),)
    # A level that was renamed has its old name in overlays.
    names = (
        (change.id, change.old)
        if kind is TargetKind.LEVEL and change.kind is ChangeKind.RENAMED
        else (change.id,)
    )
    return tuple((kind, name) for name in dict.fromkeys(names) if name)


def _renewed(target: _Target, diff: SpecDiff, old: Spec) -> _Target:
    """Return the name in changes of something that an overlay names as the old spec does."""
    kind, id_ = target
    if kind is TargetKind.EXAMPLE:
        return kind, diff.renamed_examples.get(id_, id_)
    if kind is TargetKind.PROVISION and id_ not in old.provision_by_id:
        id_ = next((provision.id for provision in old.provisions if id_ in provision.aliases), id_)
    return kind, diff.new_ids.get(id_, id_) if kind is TargetKind.PROVISION else id_


def _edges(overlay: Spec, old: Spec, new: Spec) -> Iterator[tuple[_Target, str]]:
    """Yield what the overlay's own provisions name, each with the id of the provision that names it.

    One that has the id of another in the new spec names that: the two would be one.
    """
    own = [provision for provision in overlay.provisions if _is_own(provision, old, new)]
    ids = {provision.id for provision in own}
    for provision in own:
        yield (TargetKind.PROVISION, provision.id), provision.id
        yield from ((target, provision.id) for target in _names_in(provision) if target[1] not in ids)
    for reference in overlay.references:
        if reference.source in ids and reference.target not in ids:
            yield (reference.target_kind, reference.target), reference.source


def _is_own(provision: Provision, old: Spec, new: Spec) -> bool:
    later = new.provision_by_id.get(provision.id)
    return provision.id not in old.provision_by_id and (later is None or later.text != provision.text)


def _names_in(provision: Provision) -> Iterator[_Target]:
    """Yield what the options of a provision, and of its examples, name."""
    provisions: list[str] = []
    if isinstance(provision, Principle):
        yield TargetKind.LEVEL, provision.authority
        yield from ((TargetKind.GOAL, goal) for goal in provision.serves)
        provisions += (id_ for relation in RELATIONS for id_ in relation.values(provision))
    yield from ((TargetKind.TOPIC, topic) for topic in provision.topics)
    for block in provision.blocks:
        if isinstance(block, Example):
            violated = (id_ for response in block.responses for id_ in response.violates)
            provisions += (*block.illustrates, *block.weighs, *violated)
    yield from ((TargetKind.PROVISION, id_) for id_ in provisions)
