"""What changed in the relations of provisions, in attributes, references, topics and goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from sphinx_policyspec.compare.change import Change, ChangeKind, Subject
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.compare.words import compare_texts, normal
from sphinx_policyspec.model import Goal, Provision, Reference, Spec, TargetKind, Topic
from sphinx_policyspec.model.attributes import RELATIONS, attributes_of

__all__ = ["ref_pairs", "relation_changes"]

_LISTS = (
    *RELATIONS,
    *(row for row in attributes_of("provision", "principle") if row.many and row not in RELATIONS),
)
_PLAIN = tuple(row.field for row in attributes_of("provision", "principle") if not (row.many or row.names))


def relation_changes(pair: Pair) -> Iterator[Change]:
    """Yield changes of relations and attributes, by provision, then of references, topics, goals and the spec itself."""
    eval_tags = {tag.tag for spec in (pair.old, pair.new) for tag in spec.eval_tags}
    for old, new in pair.kept:
        yield from _relations(pair, old, new, eval_tags)
        yield from _attributes(old, new)
    yield from _references(pair)
    yield from _topics(pair)
    yield from _goals(pair)
    for name in ("title", "license", "publisher"):
        before, after = getattr(pair.old, name), getattr(pair.new, name)
        if before != after:
            yield Change(
                kind=ChangeKind.ATTRIBUTE, subject=Subject.SPEC, id="spec", aspect=name, old=before, new=after
            )


def _relations(pair: Pair, old: Provision, new: Provision, eval_tags: AbstractSet[str]) -> Iterator[Change]:
    for row in _LISTS:
        before, after = getattr(old, row.field, ()), getattr(new, row.field, ())
        if row.field == "tags":
            # Those that name prompt files have changes of their own.
            before, after = (tuple(tag for tag in tags if tag not in eval_tags) for tags in (before, after))
        if row.names == "provision":
            before = tuple(pair.renewed(before))
        if row.field == "aliases":
            # That the new one answers to the old id is how it was told that they are one.
            after = tuple(alias for alias in after if alias != old.id)
            before = tuple(alias for alias in before if alias != new.id)
        for value in before:
            if value not in after:
                yield _about(old, new, ChangeKind.RELATION_REMOVED, row.key, old_value=value)
        for value in after:
            if value not in before:
                yield _about(old, new, ChangeKind.RELATION_ADDED, row.key, new_value=value)


def _attributes(old: Provision, new: Provision) -> Iterator[Change]:
    before, after = dict(old.attributes), dict(new.attributes)
    before |= {name: value for name in _PLAIN if (value := getattr(old, name, ""))}
    after |= {name: value for name in _PLAIN if (value := getattr(new, name, ""))}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield _about(old, new, ChangeKind.ATTRIBUTE, name, before.get(name, ""), after.get(name, ""))


def _about(  # noqa: PLR0917
    old: Provision, new: Provision, kind: ChangeKind, aspect: str, old_value: str = "", new_value: str = ""
) -> Change:
    return Change(
        kind=kind,
        subject=Subject.PROVISION,
        id=new.id,
        provision=new.id,
        aspect=aspect,
        old=old_value,
        new=new_value,
        old_span=old.span,
        new_span=new.span,
    )


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


def _references(pair: Pair) -> Iterator[Change]:
    before, after = ref_pairs(pair.old, pair.identity.new_of), ref_pairs(pair.new)
    for source, target in sorted(before.keys() - after.keys()):
        yield Change(
            kind=ChangeKind.REMOVED,
            subject=Subject.REFERENCE,
            id=target,
            provision=source,
            old=target,
            old_span=before[source, target].span,
        )
    for source, target in sorted(after.keys() - before.keys()):
        yield Change(
            kind=ChangeKind.ADDED,
            subject=Subject.REFERENCE,
            id=target,
            provision=source,
            new=target,
            new_span=after[source, target].span,
        )


def _topics(pair: Pair) -> Iterator[Change]:
    def said(topic: Topic) -> dict[str, str]:
        return {
            "label": topic.label,
            "alt-labels": ", ".join(topic.alt_labels),
            "broader": " ".join(topic.broader),
            "related": " ".join(topic.related),
        }

    yield from _declared(
        Subject.TOPIC,
        {topic.id: said(topic) for topic in pair.old.topics},
        {topic.id: said(topic) for topic in pair.new.topics},
    )


def _goals(pair: Pair) -> Iterator[Change]:
    def said(goal: Goal) -> dict[str, str]:
        return {"title": goal.title, "text": goal.text}

    yield from _declared(
        Subject.GOAL,
        {goal.id: said(goal) for goal in pair.old.goals},
        {goal.id: said(goal) for goal in pair.new.goals},
    )


def _declared(
    subject: Subject, before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> Iterator[Change]:
    """Yield what changed among things that have an id and a few properties."""
    for id_ in before:
        if id_ not in after:
            yield Change(kind=ChangeKind.REMOVED, subject=subject, id=id_)
    for id_, new in after.items():
        if id_ not in before:
            yield Change(kind=ChangeKind.ADDED, subject=subject, id=id_)
            continue
        for aspect, value in new.items():
            was = before[id_][aspect]
            if was != value:
                text = (
                    compare_texts(was, value) if aspect == "text" and normal(was) != normal(value) else None
                )
                yield Change(
                    kind=ChangeKind.CHANGED,
                    subject=subject,
                    id=id_,
                    aspect=aspect,
                    old=was,
                    new=value,
                    text=text,
                )
