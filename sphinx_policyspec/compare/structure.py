"""Provisions as parts of the document: what came, went, and where each one stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sphinx_policyspec.compare.change import Change, ChangeKind, Subject
from sphinx_policyspec.compare.levels import level_of
from sphinx_policyspec.compare.matching import Relative
from sphinx_policyspec.compare.order import out_of_order
from sphinx_policyspec.compare.pairs import Pair
from sphinx_policyspec.model import Provision

__all__ = ["structure_changes"]


def structure_changes(pair: Pair) -> Iterator[Change]:
    """Yield what was removed, added, renamed, split, merged, retitled, moved and reordered."""
    for provision in pair.removed:
        yield _change(ChangeKind.REMOVED, provision.id, old=level_of(provision), old_span=provision.span)
    for provision in pair.added:
        yield _change(ChangeKind.ADDED, provision.id, new=level_of(provision), new_span=provision.span)
    yield from _renamed(pair)
    yield from _split_and_merged(pair)
    for old, new in pair.kept:
        if old.title != new.title:
            yield _of(ChangeKind.RETITLED, old, new, old.title, new.title)
        parent = pair.identity.renewed(old.parent) if old.parent is not None else None
        if parent != new.parent:
            yield _of(ChangeKind.MOVED, old, new, old.parent or "", new.parent or "")
    yield from _reordered(pair)


def _change(kind: ChangeKind, id_: str, **fields: object) -> Change:
    return Change(kind=kind, subject=Subject.PROVISION, id=id_, provision=id_, **fields)  # type: ignore[arg-type]


def _of(kind: ChangeKind, old: Provision, new: Provision, before: str, after: str) -> Change:
    return _change(kind, new.id, old=before, new=after, old_span=old.span, new_span=new.span)


def _renamed(pair: Pair) -> Iterator[Change]:
    by_new = {match.new: match for match in pair.identity.matches}
    for old, new in pair.kept:
        if old.id != new.id:
            match = by_new[new.id]
            yield _change(
                ChangeKind.RENAMED,
                new.id,
                old=old.id,
                new=new.id,
                evidence=(("by", match.by), *match.evidence),
                old_span=old.span,
                new_span=new.span,
            )


def _split_and_merged(pair: Pair) -> Iterator[Change]:
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


def _relative(kind: ChangeKind, pair: Pair, relative: Relative, id_: str) -> Change:
    return _change(
        kind,
        id_,
        old=relative.old,
        new=relative.new,
        evidence=relative.likeness.evidence,
        old_span=pair.old.provision_by_id[relative.old].span,
        new_span=pair.new.provision_by_id[relative.new].span,
    )


def _reordered(pair: Pair) -> Iterator[Change]:
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
                yield _of(ChangeKind.REORDERED, old, new, "", "")
