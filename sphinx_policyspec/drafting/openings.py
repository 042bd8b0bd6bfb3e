"""Where a spec leaves something to be shown: pairs that nothing tells apart, the boundary of a principle, words that nobody defines."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sphinx_policyspec.decision import Norms
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import Case, Definition, Principle, Prose, Provision, Span, Spec
from sphinx_policyspec.model.example import plain_name
from sphinx_policyspec.model.outlines import sentences
from sphinx_policyspec.packs.bearing import relations_of
from sphinx_policyspec.surveys import pairs_of

_FEW = 3
"""In so many principles a word is one that the spec rests on."""


class OpeningKind(enum.StrEnum):
    """What is left open."""

    PAIR = "pair"
    """Nothing says which of two principles of one level goes first."""
    EXCEPTION = "exception"
    """Where a principle ends, and an exception to it begins."""
    CLAUSE = "clause"
    """Where a principle ends, and a clause that lowers it begins."""
    TOPIC = "topic"
    """Where a principle ends, and another about the same topic begins."""
    TEXT = "text"
    """What a principle asks for, and what just misses it."""
    TERM = "term"
    """A word that several principles use, and none defines, or that two define."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Brief):
    """Something to write.

    :param principle: in which it belongs
    :param other: the principle on the other side of the boundary, if there is one
    :param line: the sentence that draws the boundary, as it is written, and where
    :param term: the word to define, and the places where it is used or defined
    :param case: the smallest case, which ends undecided
    """

    kind: OpeningKind
    principle: Principle
    other: Provision | None = None
    line: str = ""
    span: Span
    term: str = ""
    places: tuple[Span, ...] = ()
    case: Case | None = None


def open_pairs(norms: Norms, cases: Iterable[Case]) -> Iterator[Opening]:
    """Yield the pairs of principles of one level that nothing tells apart, in reading order."""
    for pair in pairs_of(norms, cases):
        if pair.is_gap and pair.one.authority == pair.other.authority:
            yield Opening(
                kind=OpeningKind.PAIR,
                principle=pair.one,
                other=pair.other,
                line=_demand(pair.other),
                span=pair.other.span,
                case=pair.witness,
            )


def boundaries(spec: Spec, principle: Principle) -> Iterator[Opening]:
    """Yield the boundaries of a principle: its text, then clauses, exceptions and neighbours by topic, in reading order."""
    yield Opening(kind=OpeningKind.TEXT, principle=principle, line=_demand(principle), span=principle.span)
    for clause in spec.clauses:
        if clause.principle == principle.id:
            yield Opening(kind=OpeningKind.CLAUSE, principle=principle, line=clause.text, span=clause.span)
    bears = relations_of(spec)[principle.id]
    seen = {principle.id}
    sides = [
        *((OpeningKind.EXCEPTION, name) for name in (*bears.of("exceptions"), *bears.of("exception_to"))),
        *((OpeningKind.TOPIC, one.id) for topic in principle.topics for one in _about(spec, topic)),
    ]
    for kind, name in sides:
        other = spec.provision_by_id.get(name)
        if other and name not in seen:
            seen.add(name)
            yield Opening(kind=kind, principle=principle, other=other, line=_demand(other), span=other.span)


def _about(spec: Spec, topic: str) -> Iterator[Principle]:
    yield from (one for one in spec.principles if topic in one.topics)


def _demand(provision: Provision) -> str:
    """Return the first sentence of a provision, without its marks at the end of lines."""
    text = next(
        (block.text for block in provision.blocks if isinstance(block, Prose) and block.text.strip()), ""
    )
    return next(iter(sentences(" ".join(text.split("\n\n")[0].split()))), "")


# -- words that nobody defines -----------------------------------------------------------------

_PARTS = re.compile(r"[^\w\s'’-]+|\n{2,}")
"""Where a phrase ends: marks, and the end of a paragraph."""
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_JOINING = frozenset({"and", "of", "or"})
_COMMON = frozenset(
    """
    a about above after all also an any are as at be because been before being below between both but by can
    could did do does done each even every few for from further gave get give given gives had has have having he
    her here him his how however i if in instead into is it its itself just let like made make makes many may
    might more most must my never no nor not now of off often on once one only or other others our out over own
    per provide provides providing rather respond responding response responses same shall she should since so
    some specific still such take taken than that the their them then there these they this those through to too
    typically generally under unless until up upon us use used using very was way we well were what when where
    whether which while who whom whose why will with within without would yes yet you your
    """.split()  # noqa: SIM905  a list of words is read by people
)
"""Words that make no term in English: what joins others, says how strong or how often, and what any rule says."""
_LONGEST = 3
"""The most words of a phrase."""


def open_terms(spec: Spec) -> Iterator[Opening]:
    """Yield the phrases that three principles or more use and nobody defines, and the terms that two definitions define.

    Phrases are of two or three English words, neither the first nor the last of which is a common one; who has a say in the
    spec, such as "user", is no part of one. They come by how many principles use them, then as they first occur.
    """
    owner = spec.principle_around
    blocks = [(home, block) for home, block in spec.walk() if home]
    defined = grouped(
        (plain_name(block.term), (home, block)) for home, block in blocks if isinstance(block, Definition)
    )
    plain = (
        _COMMON
        | _JOINING
        | {role for level in spec.levels for role in (level.id, *level.roles)}
        | {"assistant", "model"}
    )
    uses: dict[str, dict[str, Span]] = {}
    for home, block in blocks:
        if isinstance(block, Prose) and home.id in owner:
            for phrase, line in _phrases(block.text, plain):
                span = Span(block.span.file, block.span.line + line)
                uses.setdefault(phrase, {}).setdefault(owner[home.id].id, span)
    for phrase, places in sorted(uses.items(), key=lambda pair: -len(pair[1])):
        if len(places) >= _FEW and not any(f" {phrase} " in f" {term} " for term in defined):
            first = next(iter(places))
            yield _term(phrase, spec.principle_by_id[first], places.values())
    for twice in defined.values():
        if len(twice) > 1 and (own := owner.get(twice[0][0].id)):
            yield _term(twice[0][1].term, own, [block.span for _home, block in twice])


def _term(term: str, principle: Principle, places: Iterable[Span]) -> Opening:
    spans = tuple(places)
    return Opening(kind=OpeningKind.TERM, principle=principle, span=spans[0], term=term, places=spans)


def _phrases(text: str, plain: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield the phrases of a text in lower case, each with the number of the line on which it begins, from 0."""
    begun = 0
    for end in (*(match.span() for match in _PARTS.finditer(text)), (len(text), len(text))):
        words = [*_WORD.finditer(text, begun, end[0])]
        begun = end[1]
        names = [word[0].lower() for word in words]
        for first, name in enumerate(names):
            for last in range(first + 1, min(first + _LONGEST, len(names))):
                inner = plain - _JOINING
                if (
                    name in plain
                    or names[last] in plain
                    or any(one in inner for one in names[first + 1 : last])
                ):
                    continue
                yield " ".join(names[first : last + 1]), text.count("\n", 0, words[first].start())
