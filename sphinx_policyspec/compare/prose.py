"""What changed in the words: normative text, definitions, commentary and clauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sphinx_policyspec.compare.change import SPACES, Change, ChangeKind, Subject, change_of
from sphinx_policyspec.compare.matching import MatchedSpecs
from sphinx_policyspec.compare.provisions import binds
from sphinx_policyspec.compare.rewording import SentenceChange, SentenceOp
from sphinx_policyspec.compare.sentences import TextSentence
from sphinx_policyspec.compare.words import Pairing, alike, compare_texts, normal, spaced, words
from sphinx_policyspec.model import Clause, Commentary, Definition, Prose, Provision, Span, Spec

_Block = TypeVar("_Block", Commentary, Definition)
_SAME_COMMENTARY = 0.6
"""How alike asides of one provision must be to be one that changed."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with the provision that holds it, under its new id.

    :param name: the provision's own id
    :param original: the text with its original ids
    """

    provision: str
    text: str
    span: Span
    name: str
    original: str


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
    yield change_of(
        ChangeKind.TYPOGRAPHY if same_words else ChangeKind.TEXT,
        Subject.PROVISION if id_ else Subject.SPEC,
        id_ or "preamble",
        before,
        after,
        provision=id_,
        aspect=SPACES if spaced(renewed) == spaced(new) else "",
        text=None if same_words else compare_texts(renewed, new),
        sentences=() if same_words else pair.sentences(old, new, binds=any(map(binds, (before, after)))),
    )


def _blocks_of(spec: Spec, kind: type[_Block]) -> Iterator[tuple[str, _Block]]:
    return ((holder.id if holder else "", block) for holder, block in spec.walk() if isinstance(block, kind))


def _definitions(pair: MatchedSpecs) -> Iterator[Change]:
    before, after = (
        {block.id: (at, block) for at, block in _blocks_of(spec, Definition)} for spec in (pair.old, pair.new)
    )
    renamed = _renamed_terms(pair, before, after)
    for id_, (at, block) in before.items():
        if id_ not in after and id_ not in renamed.values():
            yield _definition(pair, ChangeKind.REMOVED, pair.identity.renewed(at), block, None)
    for id_, (at, block) in after.items():
        if id_ in renamed:
            yield _retermed(pair, at, before[renamed[id_]][1], block)
            continue
        if id_ not in before:
            yield _definition(pair, ChangeKind.ADDED, at, None, block)
            continue
        was_at, was = before[id_]
        if normal(pair.in_new_words(was.text)) != normal(block.text):
            yield _definition(pair, ChangeKind.CHANGED, at, was, block)
        if was.term != block.term:
            yield _retermed(pair, at, was, block)
        if pair.identity.renewed(was_at) != at:
            yield _definition(pair, ChangeKind.MOVED, at, was, block)


def _renamed_terms(
    pair: MatchedSpecs,
    before: Mapping[str, tuple[str, Definition]],
    after: Mapping[str, tuple[str, Definition]],
) -> dict[str, str]:
    """Return the old ids of definitions that have another term, and so another id, by the new ones: all else is the same."""
    gone = {
        (pair.identity.renewed(at), _meaning(pair.in_new_words(block.text), block.term)): id_
        for id_, (at, block) in reversed([*before.items()])
        if id_ not in after
    }
    found: dict[str, str] = {}
    for id_, (at, block) in after.items():
        if id_ not in before and (old := gone.pop((at, _meaning(block.text, block.term)), "")):
            found[id_] = old
    return found


def _meaning(text: str, term: str) -> str:
    """Return what a definition says of its term, which some begin with."""
    said = text.lstrip(" *_")
    return normal(said.removeprefix(term))


def _definition(
    pair: MatchedSpecs, kind: ChangeKind, provision: str, old: Definition | None, new: Definition | None
) -> Change:
    here = new or old
    before, after = old.text if old else "", new.text if new else ""
    return change_of(
        kind,
        Subject.DEFINITION,
        here.id if here else "",
        old,
        new,
        provision=provision,
        old=old.term if old else "",
        new=new.term if new else "",
        text=compare_texts(pair.in_new_words(before), after) if kind is ChangeKind.CHANGED else None,
        sentences=() if kind is ChangeKind.MOVED else pair.sentences(before, after, binds=True),
    )


def _retermed(pair: MatchedSpecs, provision: str, old: Definition, new: Definition) -> Change:
    """Return the change that another term has a meaning now: what uses the old one says something else."""
    sentences = pair.sentences(old.term, new.term, binds=True)
    return change_of(
        ChangeKind.RETITLED,
        Subject.DEFINITION,
        new.id,
        old,
        new,
        provision=provision,
        old=old.term,
        new=new.term,
        sentences=sentences,
    )


def _commentary(pair: MatchedSpecs) -> Iterator[Change]:
    old = [
        _Text(pair.identity.renewed(at), pair.in_new_words(block.text), block.span, at, block.text)
        for at, block in _blocks_of(pair.old, Commentary)
    ]
    new = [
        _Text(at, block.text, block.span, at, block.text) for at, block in _blocks_of(pair.new, Commentary)
    ]
    rest = Pairing(old, new)
    together = rest.equal(lambda text: (text.provision, normal(text.text)))
    together += rest.equal(lambda text: normal(text.text))
    together += rest.alike(_likeness, lambda text: text.text, lambda text: text.provision)
    for text in rest.old:
        yield _aside(pair, ChangeKind.REMOVED, text, None)
    origins = {id(after): before for before, after in together}
    for text in new:
        before = origins.get(id(text))
        if before is None:
            yield _aside(pair, ChangeKind.ADDED, None, text)
        elif before.provision != text.provision:
            yield _aside(pair, ChangeKind.MOVED, before, text)
        elif before.text != text.text:
            same = normal(before.text) == normal(text.text)
            aspect = SPACES if spaced(before.text) == spaced(text.text) else ""
            yield _aside(pair, ChangeKind.TYPOGRAPHY if same else ChangeKind.CHANGED, before, text, aspect)


def _likeness(old: _Text, new: _Text) -> float:
    likeness = alike(words(old.text), words(new.text))
    return likeness if likeness >= _SAME_COMMENTARY else 0.0


def _aside(
    pair: MatchedSpecs, kind: ChangeKind, old: _Text | None, new: _Text | None, aspect: str = ""
) -> Change:
    here = new or old
    at = here.provision if here else ""
    is_changed = old is None or new is None or normal(old.text) != normal(new.text)
    originals = (old.original if old else "", new.original if new else "")
    return change_of(
        kind,
        Subject.COMMENTARY,
        at,
        old,
        new,
        provision=at,
        aspect=aspect,
        old=old.text if old else "",
        new=new.text if new else "",
        evidence=(("old_section", old.name),) if old and new else (),
        text=compare_texts(old.text, new.text) if old and new and is_changed else None,
        sentences=pair.sentences(*originals) if is_changed else (),
    )


def _clauses(pair: MatchedSpecs) -> Iterator[Change]:
    """Yield clauses that came, went or say something else; those of one principle and level are compared."""

    def by_level(spec: Spec, name: Callable[[str], str]) -> dict[tuple[str, str], list[Clause]]:
        groups: dict[tuple[str, str], list[Clause]] = {}
        for clause in spec.clauses:
            groups.setdefault((name(clause.principle), clause.authority), []).append(clause)
        return groups

    before, after = by_level(pair.old, pair.identity.renewed), by_level(pair.new, str)
    for (principle, level), olds in before.items():
        now = after.get((principle, level), [])
        old_texts, new_texts = ({normal(clause.text) for clause in clauses} for clauses in (olds, now))
        removed = [clause for clause in olds if normal(clause.text) not in new_texts]
        added = [clause for clause in now if normal(clause.text) not in old_texts]
        # Those without an equal have changed, in order, as many as both sides have; the rest came or went.
        for old, new in zip(removed, added, strict=False):
            yield _clause(pair, ChangeKind.CHANGED, principle, old, new)
        yield from _permissions(pair, principle, olds, now)
        for old in removed[len(added) :]:
            yield _clause(pair, ChangeKind.REMOVED, principle, old, None)
        for new in added[len(removed) :]:
            yield _clause(pair, ChangeKind.ADDED, principle, None, new)
    for (principle, level), news in after.items():
        if (principle, level) not in before:
            yield from (_clause(pair, ChangeKind.ADDED, principle, None, clause) for clause in news)


def _clause(
    pair: MatchedSpecs, kind: ChangeKind, principle: str, old: Clause | None, new: Clause | None
) -> Change:
    clause = new or old
    return change_of(
        kind,
        Subject.CLAUSE,
        principle,
        old,
        new,
        provision=principle,
        aspect=clause.authority if clause else "",
        old=old.text if old else "",
        new=new.text if new else "",
        text=compare_texts(old.text, new.text) if old and new else None,
        sentences=pair.sentences(old.text, new.text, binds=True) if old and new else (),
    )


def _permissions(
    pair: MatchedSpecs, principle: str, olds: Iterable[Clause], news: Iterable[Clause]
) -> Iterator[Change]:
    """Yield that another level may authorise what the words of a clause forbid."""
    before = {normal(clause.text): clause for clause in olds}
    for new in news:
        if (old := before.get(normal(new.text))) is None:
            continue
        was = pair.new_names.get(old.permits_by, old.permits_by)
        if was != new.permits_by:
            yield change_of(
                ChangeKind.ATTRIBUTE,
                Subject.CLAUSE,
                principle,
                old,
                new,
                provision=principle,
                aspect="permits-by",
                old=old.permits_by,
                new=new.permits_by,
                evidence=(("clause", new.text),),
            )


_LIKE = 0.9
"""How alike sentences of two provisions must be for one to have moved to the other."""
_COMMON = 20
"""Most sentences with a word that helps to find one that moved."""
_CANDIDATES = 8


def with_moves(changes: Iterable[Change]) -> list[Change]:
    """Return changes whose sentences name the provision from which they came, or to which they went, if a like one did."""
    every = list(changes)
    pairs = [
        (c, s)
        for c in every
        if c.subject is Subject.PROVISION and c.kind is not ChangeKind.RETITLED
        for s in c.sentences
    ]
    olds = [(c.provision, s.old) for c, s in pairs if s.old and s.op is not SentenceOp.FORM]
    news = [(c.provision, s.new) for c, s in pairs if s.new and s.op is not SentenceOp.FORM]
    moved = {**_elsewhere(olds, news), **_elsewhere(news, olds)}
    if not moved:
        return every

    def with_origin(sentence: SentenceChange) -> SentenceChange:
        here = moved.get(id(sentence.new)) or moved.get(id(sentence.old))
        return replace(sentence, moved=here) if here else sentence

    return [replace(c, sentences=tuple(map(with_origin, c.sentences))) if c.sentences else c for c in every]


def _elsewhere(
    these: Sequence[tuple[str, TextSentence]], others: Sequence[tuple[str, TextSentence]]
) -> dict[int, str]:
    """Return, by the identity of each sentence, the other provision that has a like one among the others."""
    holders: dict[str, list[int]] = {}
    for place, (_, sentence) in enumerate(others):
        for word in frozenset(sentence.words):
            holders.setdefault(word, []).append(place)
    homes: dict[int, str] = {}
    for provision, sentence in these:
        votes: Counter[int] = Counter()
        for word in frozenset(sentence.words):
            if len(at := holders.get(word, [])) <= _COMMON:
                votes.update(at)
        best = sorted(votes, key=lambda place: (-votes[place], others[place][0], place))[:_CANDIDATES]
        rated = (
            (alike(sentence.words, others[place][1].words), others[place][0])
            for place in best
            if others[place][0] != provision
        )
        if near_one := max(((rate, name) for rate, name in rated if rate >= _LIKE), default=None):
            homes[id(sentence)] = near_one[1]
    return homes
