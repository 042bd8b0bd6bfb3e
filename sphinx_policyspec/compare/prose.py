"""What changed in the words: normative text, definitions, commentary and clauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sphinx_policyspec.compare.change import SPACES, Change, ChangeKind, Subject
from sphinx_policyspec.compare.matching import MatchedSpecs
from sphinx_policyspec.compare.words import alike, compare_texts, near, normal, spaced, words
from sphinx_policyspec.model import Block, Clause, Commentary, Definition, Prose, Provision, Span, Spec

__all__ = ["prose_changes"]

_SAME_COMMENTARY = 0.6
"""Asides of one provision that are alike so much are one that changed."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with the provision that holds it, under its new id."""

    provision: str
    text: str
    span: Span
    name: str = ""


def prose_changes(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield changes of texts, then of definitions, commentary and clauses."""
    yield from _text("", _preamble(pair.old), _preamble(pair.new), pair)
    for old, new in pair.kept:
        yield from _text(new.id, old.text, new.text, pair, old, new)
    yield from _definitions(pair)
    yield from _commentary(pair)
    yield from _clauses(pair)


def _preamble(spec: Spec) -> str:
    return "\n\n".join(
        block.text for block in spec.preamble if isinstance(block, Prose | Definition) and block.text
    )


def _text(  # noqa: PLR0917
    id_: str,
    old: str,
    new: str,
    pair: MatchedSpecs,
    before: Provision | None = None,
    after: Provision | None = None,
) -> Iterator[Change]:
    renewed = pair.in_new_words(old)
    if renewed == new:
        return
    same_words = normal(renewed) == normal(new)
    yield Change(
        kind=ChangeKind.TYPOGRAPHY if same_words else ChangeKind.TEXT,
        aspect=SPACES if spaced(renewed) == spaced(new) else "",
        subject=Subject.PROVISION if id_ else Subject.SPEC,
        id=id_ or "preamble",
        provision=id_,
        text=None if same_words else compare_texts(renewed, new),
        old_span=before.span if before else None,
        new_span=after.span if after else None,
    )


def _held(spec: Spec, kind: type[Commentary | Definition]) -> Iterator[tuple[str, Block]]:
    return ((holder.id if holder else "", block) for holder, block in spec.walk() if isinstance(block, kind))


def _definitions(pair: MatchedSpecs) -> Iterator[Change]:
    before = {
        block.id: (at, block) for at, block in _held(pair.old, Definition) if isinstance(block, Definition)
    }
    after = {
        block.id: (at, block) for at, block in _held(pair.new, Definition) if isinstance(block, Definition)
    }
    for id_, (at, block) in before.items():
        if id_ not in after:
            yield _one(ChangeKind.REMOVED, Subject.DEFINITION, pair.identity.renewed(at), id_, old=block)
    for id_, (at, block) in after.items():
        if id_ not in before:
            yield _one(ChangeKind.ADDED, Subject.DEFINITION, at, id_, new=block)
            continue
        was_at, was = before[id_]
        text = pair.in_new_words(was.text)
        if normal(text) != normal(block.text):
            yield _one(ChangeKind.CHANGED, Subject.DEFINITION, at, id_, old=was, new=block, text=text)
        if pair.identity.renewed(was_at) != at:
            yield _one(ChangeKind.MOVED, Subject.DEFINITION, at, id_, old=was, new=block)


def _one(  # noqa: PLR0917
    kind: ChangeKind,
    subject: Subject,
    provision: str,
    id_: str,
    old: Definition | None = None,
    new: Definition | None = None,
    text: str = "",
) -> Change:
    return Change(
        kind=kind,
        subject=subject,
        id=id_,
        provision=provision,
        old=old.term if old else "",
        new=new.term if new else "",
        text=compare_texts(text, new.text) if text and new else None,
        old_span=old.span if old else None,
        new_span=new.span if new else None,
    )


def _commentary(pair: MatchedSpecs) -> Iterator[Change]:
    old = [
        _Text(pair.identity.renewed(at), pair.in_new_words(block.text), block.span, at)
        for at, block in _held(pair.old, Commentary)
        if isinstance(block, Commentary)
    ]
    new = [
        _Text(at, block.text, block.span)
        for at, block in _held(pair.new, Commentary)
        if isinstance(block, Commentary)
    ]
    together = _same_texts(old, new)
    for text in old:
        if text not in together:
            yield _aside(ChangeKind.REMOVED, text, None)
    origins = {after: before for before, after in together.items()}
    for text in new:
        before = origins.get(text)
        if before is None:
            yield _aside(ChangeKind.ADDED, None, text)
        elif before.provision != text.provision:
            yield _aside(ChangeKind.MOVED, before, text)
        elif before.text != text.text:
            same = normal(before.text) == normal(text.text)
            aspect = SPACES if spaced(before.text) == spaced(text.text) else ""
            yield _aside(ChangeKind.TYPOGRAPHY if same else ChangeKind.CHANGED, before, text, aspect)


def _aside(kind: ChangeKind, old: _Text | None, new: _Text | None, aspect: str = "") -> Change:
    here = new or old
    return Change(
        kind=kind,
        subject=Subject.COMMENTARY,
        aspect=aspect,
        id=here.provision if here else "",
        provision=here.provision if here else "",
        old=old.text if old else "",
        new=new.text if new else "",
        evidence=(("old_section", old.name),) if old and new else (),
        text=compare_texts(old.text, new.text)
        if old and new and normal(old.text) != normal(new.text)
        else None,
        old_span=old.span if old else None,
        new_span=new.span if new else None,
    )


def _same_texts(old: Sequence[_Text], new: Sequence[_Text]) -> dict[_Text, _Text]:
    """Return which aside is which: equal texts in one provision, then anywhere, then the most alike in one provision."""
    together: dict[_Text, _Text] = {}
    taken: set[_Text] = set()
    for key in (lambda text: (text.provision, normal(text.text)), lambda text: normal(text.text)):
        by_key: dict[object, list[_Text]] = {}
        for text in new:
            if text not in taken:
                by_key.setdefault(key(text), []).append(text)
        for text in old:
            if text not in together and (same := by_key.get(key(text))):
                together[text] = same.pop(0)
                taken.add(together[text])
    near = [
        (alike(words(a.text), words(b.text)), a, b)
        for a, b in _in_one_provision(
            [text for text in old if text not in together], [text for text in new if text not in taken]
        )
    ]
    for likeness, a, b in sorted(
        near, key=lambda rated: (-rated[0], *sorted((rated[1].text, rated[2].text)))
    ):
        if likeness >= _SAME_COMMENTARY and a not in together and b not in taken:
            together[a] = b
            taken.add(b)
    return together


def _in_one_provision(old: Iterable[_Text], new: Iterable[_Text]) -> Iterator[tuple[_Text, _Text]]:
    here: dict[str, tuple[list[_Text], list[_Text]]] = {}
    for side, texts in enumerate((old, new)):
        for text in texts:
            here.setdefault(text.provision, ([], []))[side].append(text)
    return (pair for both in here.values() for pair in near(*both))


def _clauses(pair: MatchedSpecs) -> Iterator[Change]:
    def key(clause: Clause, principle: str) -> tuple[str, str, str]:
        return principle, clause.authority, normal(clause.text)

    before = {key(c, pair.identity.renewed(c.principle)): c for c in pair.old.clauses}
    after = {key(c, c.principle): c for c in pair.new.clauses}
    for (principle, level, _), clause in before.items():
        if (principle, level, normal(clause.text)) not in after:
            yield _clause(ChangeKind.REMOVED, principle, old=clause)
    for (principle, level, _), clause in after.items():
        if (principle, level, normal(clause.text)) not in before:
            yield _clause(ChangeKind.ADDED, principle, new=clause)


def _clause(kind: ChangeKind, principle: str, old: Clause | None = None, new: Clause | None = None) -> Change:
    clause = new or old
    return Change(
        kind=kind,
        subject=Subject.CLAUSE,
        id=principle,
        provision=principle,
        aspect=clause.authority if clause else "",
        old=old.text if old else "",
        new=new.text if new else "",
        old_span=old.span if old else None,
        new_span=new.span if new else None,
    )
