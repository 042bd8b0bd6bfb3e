"""Provisions: what changed in their places, levels, relations, topics and goals; and what is related to each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Unpack

from sphinx_policyspec.compare.change import Change, ChangeDetails, ChangeKind, Reach, Subject, change_of
from sphinx_policyspec.compare.matching import MatchedSpecs, Relative
from sphinx_policyspec.compare.rewording import SentenceChange, compare_sentences
from sphinx_policyspec.compare.words import compare_texts, normal, out_of_order
from sphinx_policyspec.model import (
    AuthorityLevel,
    Definition,
    Example,
    Goal,
    OverrideMode,
    Principle,
    Provision,
    Reference,
    Spec,
    TargetKind,
    Topic,
)
from sphinx_policyspec.model.attributes import RELATIONS, Owner, attributes_of


def structure_changes(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield what was removed, added, renamed, split, merged, retitled, moved and reordered."""
    for provision in pair.removed:
        sentences = pair.sentences(provision.text, "", binds=binds(provision))
        yield _of(ChangeKind.REMOVED, provision, None, old=level_of(provision), sentences=sentences)
    for provision in pair.added:
        sentences = pair.sentences("", provision.text, binds=binds(provision))
        yield _of(ChangeKind.ADDED, None, provision, new=level_of(provision), sentences=sentences)
    yield from _renamed(pair)
    yield from _split_and_merged(pair)
    for old, new in pair.kept:
        if old.title != new.title:
            # A title says what a principle asks for, mostly without a norm word.
            may_bind = isinstance(old, Principle) or isinstance(new, Principle)
            sentences = title_sentences(pair, old.title, new.title, binds=may_bind)
            yield _of(ChangeKind.RETITLED, old, new, old=old.title, new=new.title, sentences=sentences)
        parent = pair.identity.renewed(old.parent) if old.parent is not None else None
        if parent != new.parent:
            yield _of(ChangeKind.MOVED, old, new, old=old.parent or "", new=new.parent or "")
    yield from _reordered(pair)


def title_sentences(
    pair: MatchedSpecs, old: str, new: str, *, binds: bool = False
) -> tuple[SentenceChange, ...]:
    """Return what changed in a title that may hold a norm; one that only names something gives nothing."""
    changes = pair.sentences(old, new, binds=binds)
    return changes if any(side.is_norm for one in changes for side in (one.old, one.new) if side) else ()


def _of(
    kind: ChangeKind,
    was: Provision | None,
    now: Provision | None,
    id_: str = "",
    **details: Unpack[ChangeDetails],
) -> Change:
    """Return what became of a provision, under its new id unless another one is given."""
    here = now or was
    id_ = id_ or (here.id if here else "")
    details["provision"] = id_
    return change_of(kind, Subject.PROVISION, id_, was, now, **details)


def _renamed(pair: MatchedSpecs) -> Iterator[Change]:
    by_new = {match.new: match for match in pair.identity.matches}
    for old, new in pair.kept:
        if old.id != new.id:
            match = by_new[new.id]
            evidence = (("by", match.by), *match.evidence)
            yield _of(ChangeKind.RENAMED, old, new, old=old.id, new=new.id, evidence=evidence)


def _split_and_merged(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield a pair as a split where the old one has several successors, as a merge where the new one has several origins.

    It can be both; what is neither is a succession.
    """
    identity = pair.identity
    successors, origins = Counter(identity.new_of.keys()), Counter(identity.old_of.keys())
    for relative in identity.relatives:
        successors[relative.old] += 1
        origins[relative.new] += 1
    for relative in identity.relatives:
        split, merged = successors[relative.old] > 1, origins[relative.new] > 1
        if split:
            yield _relative(ChangeKind.SPLIT, pair, relative, identity.renewed(relative.old))
        if merged:
            yield _relative(ChangeKind.MERGED, pair, relative, relative.new)
        if not split and not merged:
            yield _relative(ChangeKind.SUCCEEDED, pair, relative, relative.new)


def _relative(kind: ChangeKind, pair: MatchedSpecs, relative: Relative, id_: str) -> Change:
    was, now = pair.old.provision_by_id[relative.old], pair.new.provision_by_id[relative.new]
    evidence = relative.likeness.evidence
    return _of(kind, was, now, id_, old=relative.old, new=relative.new, evidence=evidence)


def _reordered(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield the fewest provisions that must have moved among the siblings that kept their parent."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    by_new = {}
    for old, new in pair.kept:
        parent = pair.identity.renewed(old.parent) if old.parent is not None else None
        if parent == new.parent:
            after.setdefault(new.parent or "", []).append(new.id)
            by_new[new.id] = (old, new)
    for old in pair.old.provisions:
        id_ = pair.identity.new_of.get(old.id)
        if id_ in by_new:
            before.setdefault(by_new[id_][1].parent or "", []).append(id_)
    for parent, order in after.items():
        # Under the lesser of both names, which is the same both ways round.
        name = {id_: min(id_, pair.identity.old_of[id_]) for id_ in order}
        moved = out_of_order([name[id_] for id_ in before[parent]], [name[id_] for id_ in order])
        for id_ in order:
            if name[id_] in moved:
                old, new = by_new[id_]
                yield _of(ChangeKind.REORDERED, old, new)


STRICTNESS: Mapping[OverrideMode, int] = MappingProxyType(
    {OverrideMode.NEVER: 0, OverrideMode.EXPLICIT: 1, OverrideMode.IMPLICIT: 2}
)
"""How hard a norm is to set aside: the lower, the harder."""


def binds(provision: Provision | None) -> bool:
    """Return whether each sentence of a provision may bind: it is a principle, or defines words that norms use."""
    blocks = provision.blocks if provision else ()
    return isinstance(provision, Principle) or any(isinstance(block, Definition) for block in blocks)


def level_of(provision: Provision) -> str:
    """Return the level of a principle, and nothing for a section."""
    return provision.authority if isinstance(provision, Principle) else ""


def renamed_levels(pair: MatchedSpecs) -> dict[str, str]:
    """Return the levels that only changed their name, old name → new name.

    Neither spec has the other's name, and most of each one's principles are at the other. So a level that was
    merged into another, or split in two, has no more than one successor, and the mirror image is the same.
    """
    moved = Counter(
        (level_of(old), level_of(new)) for old, new in pair.kept if level_of(old) and level_of(new)
    )
    old_total, new_total = Counter[str](), Counter[str]()
    for (old, new), count in moved.items():
        old_total[old] += count
        new_total[new] += count
    old_names = {level.id for level in pair.old.levels} | set(old_total)
    new_names = {level.id for level in pair.new.levels} | set(new_total)
    return {
        old: new
        for (old, new), count in sorted(moved.items())
        if old not in new_names
        and new not in old_names
        and 2 * count > old_total[old]
        and 2 * count > new_total[new]
    }


def level_changes(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield what changed about levels as such, then about the level of each principle."""
    yield from _declarations(pair)
    for old, new in pair.kept:
        before, after = level_of(old), level_of(new)
        if before != after:
            yield _of(level_move(pair, before, after), old, new, old=before, new=after)


def level_move(pair: MatchedSpecs, old: str, new: str) -> ChangeKind:
    """Return the kind of change of something whose level was another one, or none."""
    renamed = pair.new_names
    if not old:
        return ChangeKind.BECAME_PRINCIPLE
    if not new:
        return ChangeKind.BECAME_SECTION
    if renamed.get(old) == new:
        return ChangeKind.LEVEL_RENAMED
    original = {after: before for before, after in renamed.items()}
    new_ranks = {level.id: rank for rank, level in enumerate(pair.new.levels)}
    old_ranks = {level.id: rank for rank, level in enumerate(pair.old.levels)}
    # In the spec that has both, under whatever name; where each has both, the new one decides, and both agree
    # unless the order itself was reversed.
    for ranks, before, after in (
        (new_ranks, renamed.get(old, old), new),
        (old_ranks, old, original.get(new, new)),
    ):
        if before in ranks and after in ranks:
            return ChangeKind.LEVEL_LOWERED if ranks[after] > ranks[before] else ChangeKind.LEVEL_RAISED
    return ChangeKind.LEVEL_CHANGED


def _declarations(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield levels that came, went, have another name, or mean something else."""
    renamed = pair.new_names
    before, after = pair.old.level_by_id, pair.new.level_by_id
    new_ids = {old: renamed.get(old, old) for old in before if renamed.get(old, old) in after}
    for id_ in before:
        if id_ not in new_ids:
            yield Change(kind=ChangeKind.REMOVED, subject=Subject.LEVEL, id=id_)
    matched = frozenset(new_ids.values())
    for rank, id_ in enumerate(after):
        if id_ not in matched:
            evidence = (("rank", str(rank)),)
            yield Change(kind=ChangeKind.ADDED, subject=Subject.LEVEL, id=id_, evidence=evidence)
    for old_id, new_id in new_ids.items():
        old, new = before[old_id], after[new_id]
        if old_id != new_id:
            yield Change(kind=ChangeKind.RENAMED, subject=Subject.LEVEL, id=new_id, old=old_id, new=new_id)
        # A new id comes with a new title.
        now = replace(new, title=old.title) if old_id != new_id else new
        yield from _properties("level", Subject.LEVEL, old, now)
    survivors = [new_ids[level.id] for level in pair.old.levels if level.id in new_ids]
    if survivors != [level.id for level in pair.new.levels if level.id in new_ids.values()]:
        order, reordered = (" ".join(level.id for level in spec.levels) for spec in (pair.old, pair.new))
        yield Change(kind=ChangeKind.REORDERED, subject=Subject.SPEC, id="levels", old=order, new=reordered)


_LISTS = (
    *RELATIONS,
    *(row for row in attributes_of("provision", "principle") if row.many and row not in RELATIONS),
)
_PLAIN = {
    row.key: row.field for row in attributes_of("provision", "principle") if not (row.many or row.names)
}


def relation_changes(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield changes of relations and attributes, by provision, then of references, topics, goals and the spec itself."""
    eval_tags = {tag.tag for spec in (pair.old, pair.new) for tag in spec.eval_tags}
    for old, new in pair.kept:
        yield from _relations(pair, old, new, eval_tags)
        yield from _attributes(old, new)
    yield from _references(pair)
    yield from _declared("topic", Subject.TOPIC, pair.old.topics, pair.new.topics)
    yield from _declared("goal", Subject.GOAL, pair.old.goals, pair.new.goals)
    for name in ("title", "license", "publisher"):
        before, after = getattr(pair.old, name), getattr(pair.new, name)
        if before != after:
            sides = {"old": before, "new": after}
            yield Change(kind=ChangeKind.ATTRIBUTE, subject=Subject.SPEC, id="spec", aspect=name, **sides)


def _relations(
    pair: MatchedSpecs, old: Provision, new: Provision, eval_tags: AbstractSet[str]
) -> Iterator[Change]:
    for row in _LISTS:
        before, after = getattr(old, row.field, ()), getattr(new, row.field, ())
        if row.field == "tags":
            # Those that name prompt files have changes of their own.
            before, after = (tuple(tag for tag in tags if tag not in eval_tags) for tags in (before, after))
        if row.names == "provision":
            before = tuple(pair.renewed(before))
        if row.field == "aliases":
            # That the new one has the old id as an alias is how the two were matched.
            after = tuple(alias for alias in after if alias != old.id)
            before = tuple(alias for alias in before if alias != new.id)
        was, now = frozenset(before), frozenset(after)
        for value in before:
            if value not in now:
                yield _of(ChangeKind.RELATION_REMOVED, old, new, aspect=row.key, old=value)
        for value in after:
            if value not in was:
                yield _of(ChangeKind.RELATION_ADDED, old, new, aspect=row.key, new=value)


def _attributes(old: Provision, new: Provision) -> Iterator[Change]:
    before, after = dict(old.attributes), dict(new.attributes)
    before |= {name: value for name, field in _PLAIN.items() if (value := getattr(old, field, ""))}
    after |= {name: value for name, field in _PLAIN.items() if (value := getattr(new, field, ""))}
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, ""), after.get(name, "")
        if was != now:
            yield _of(ChangeKind.ATTRIBUTE, old, new, aspect=name, old=was, new=now)


def ref_pairs(spec: Spec, renamed: Mapping[str, str] | None = None) -> dict[tuple[str, str], Reference]:
    """Return the distinct pairs (innermost provision, target provision) of a spec, each with its first reference.

    :param renamed: other ids for provisions, old id → new id
    """
    names = renamed or {}
    pairs: dict[tuple[str, str], Reference] = {}
    for reference in spec.references:
        if reference.target_kind is not TargetKind.PROVISION:
            continue
        key = (names.get(reference.source, reference.source), names.get(reference.target, reference.target))
        if key[0] != key[1]:
            pairs.setdefault(key, reference)
    return pairs


def _references(pair: MatchedSpecs) -> Iterator[Change]:
    before, after = ref_pairs(pair.old, pair.identity.new_of), ref_pairs(pair.new)
    kind = Subject.REFERENCE
    for source, target in sorted(before.keys() - after.keys()):
        was = before[source, target]
        yield change_of(ChangeKind.REMOVED, kind, target, was, None, provision=source, old=target)
    for source, target in sorted(after.keys() - before.keys()):
        now = after[source, target]
        yield change_of(ChangeKind.ADDED, kind, target, None, now, provision=source, new=target)


def _attribute_texts(owner: Owner, item: AuthorityLevel | Topic | Goal) -> dict[str, str]:
    """Return each attribute of something that is declared as one text, by key."""
    return {row.key: (" " if row.names else ", ").join(row.values(item)) for row in attributes_of(owner)}


def _declared(
    owner: Owner, subject: Subject, olds: Iterable[Topic | Goal], news: Iterable[Topic | Goal]
) -> Iterator[Change]:
    """Yield what changed among things that have an id and a few properties."""
    before, after = ({item.id: item for item in items} for items in (olds, news))
    for id_ in before:
        if id_ not in after:
            yield Change(kind=ChangeKind.REMOVED, subject=subject, id=id_)
    for id_, new in after.items():
        if id_ not in before:
            yield Change(kind=ChangeKind.ADDED, subject=subject, id=id_)
            continue
        yield from _properties(owner, subject, before[id_], new)


def _properties(
    owner: Owner, subject: Subject, old: AuthorityLevel | Topic | Goal, new: AuthorityLevel | Topic | Goal
) -> Iterator[Change]:
    """Yield the attributes in which something that is declared differs."""
    texts = _attribute_texts(owner, new)
    for aspect, was in _attribute_texts(owner, old).items():
        value = texts[aspect]
        if was == value:
            continue
        is_text = aspect == "text" and normal(was) != normal(value)
        yield Change(
            kind=ChangeKind.CHANGED,
            subject=subject,
            id=new.id,
            aspect=aspect,
            old=was,
            new=value,
            text=compare_texts(was, value) if is_text else None,
            sentences=compare_sentences(was, value, binds=owner == "level") if is_text else (),
        )


@dataclass(frozen=True, slots=True)
class Touching:
    """What is related to a provision, in reading order, each thing once."""

    examples: dict[str, None] = field(default_factory=dict)
    prompts: dict[str, None] = field(default_factory=dict)
    references: dict[str, None] = field(default_factory=dict)
    dependents: dict[str, None] = field(default_factory=dict)

    def reach(self) -> Reach:
        """Return it as what a change may invalidate."""
        return Reach(
            examples=tuple(self.examples),
            prompts=tuple(self.prompts),
            references=tuple(self.references),
            dependents=tuple(self.dependents),
        )


def touching(spec: Spec) -> dict[str, Touching]:
    """Return what is related to each provision of a spec, by its id."""
    by_provision: dict[str, Touching] = {}
    for kind, provision, id_ in _edges(spec):
        getattr(by_provision.setdefault(provision, Touching()), kind)[id_] = None
    return by_provision


def _edges(spec: Spec) -> Iterator[tuple[str, str, str]]:
    """Yield kind, provision and id of each thing that is related to a provision."""
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
