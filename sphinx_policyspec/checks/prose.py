"""Checks of prose: what cannot be acted on, and what may not be true.

Prose is vague, without an actor, or of another level than declared; or it claims more, or less, than the structure of
the spec does. Its sentences are searched for short lists of words of our own, each with its source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sphinx_policyspec import model
from sphinx_policyspec.checks.examples import principle_without_example
from sphinx_policyspec.model.attributes import inverse
from sphinx_policyspec.model.outlines import paragraph_spans, sentence_spans


def _compile(words: str) -> re.Pattern[str]:
    """Return a pattern that takes a line break for a space, and capitals for small letters."""
    return re.compile(words.replace(" ", "[ \\n]"), re.IGNORECASE)


_ABSOLUTE = _compile(
    r"(?<!not )(?<!nor )(?<!almost )(?<!if and )(?<![-\u2011])\b(?:must|never|always|under no circumstances|without exception"
    r"|(?:should|may|can|must|shall|will) only|only (?:if|when|where|after|for|with|to|in)\b)\b(?![-\u2011])"
)
"""INCOSE Guide to Writing Requirements, R26 (absolutes), and the modal of RFC 2119 that admits no choice."""

_BINDING = _compile(
    r"\b(?:must|never|always|only|shall|cannot|can't|may not|under no circumstances|required|forbidden|prohibited"
    r"|not (?:allowed|permitted)|(?:should|will|do|does) not|shouldn't|won't|refuse|without exception)\b"
)
"""RFC 2119 and RFC 8174, with the plain words that specs use for the same."""

_EXCEPTION = _compile(r"\bexceptions?\b")

_NO_OTHER_EXCEPTION = _compile(
    r"\b(?P<one>(?:only|sole|single) exception|no (?:other|further) exceptions?)\b"
    r"|\b(?P<none>(?:no|without) exceptions?)\b(?! (?:for|to|of|in|where|when)\b)"
)

_NORM_IN_ASIDE = _compile(
    r"\b(?:must|shall)\b(?! be (?:noted|remembered)\b)"
    r"|\b(?:assistant|model|models|it|they|responses?|answers?) should(?: not| never| always)?\b"
)
"""RFC 2119, §6 and ISO/IEC Directives, Part 2, §24 (notes hold no requirements)."""

_IRREGULAR = (
    "begun borne broken brought built caught chosen dealt done drawn driven felt forbidden forgotten found given "
    "heard held hidden kept known laid led left lost made meant met paid put read said seen sent set shown sought "
    "spent spoken taken taught thought told understood withheld won written"
)
_PASSIVE = _compile(
    r"\b(?:must|should|shall)(?: not| never| always| also| only| generally| then| still)* be (?:[a-z]{2,20}ly )?"
    rf"(?:[a-z]{{2,20}}ed|{'|'.join(_IRREGULAR.split())})\b"
)
"""INCOSE Guide to Writing Requirements, R2 (active voice)."""

_AS_IF = "possible necessary needed appropriate applicable feasible practical practicable"
_VAGUE = _compile(
    r"\b(?:appropriate(?:ly)?|adequate(?:ly)?|reasonabl[ey]|sufficient(?:ly)?|suitabl[ey]|acceptabl[ey]|proper(?:ly)?"
    r"|typical(?:ly)?|generally|usually|normally|various|several|approximately|significant(?:ly)?|timely"
    rf"|(?:as|if|where|when|whenever|wherever) (?:{'|'.join(_AS_IF.split())})|as (?:much|far|little) as possible"
    r"|to the extent (?:possible|practicable|necessary)|best efforts?|and so on|etc)\b"
)
"""INCOSE Guide to Writing Requirements, R7 (vague terms) and R8 (escape clauses)."""


# What is quoted rather than stated: code, addresses, markup of roles and directives, and words in quotes.
# Every repetition is bounded, so that a hostile line costs linear time.
_QUOTED = re.compile(
    r"```.{0,20000}?```|~~~.{0,20000}?~~~"
    r"|``[^`\n]{1,300}``"
    r"|(?<=\])\([^()\s]{0,500}\)"
    r"|\[\^[a-z0-9]{4}\]"
    r"|<!--.{0,2000}?-->"
    r"|:[a-z][a-z:-]{0,40}:(?=`)|\{[a-z][a-z:-]{0,40}\}(?=`)|<[^<>`\n]{1,200}>(?=`)"
    r"|`[^`\n]{1,300}`(?![_\w])"
    r"|\"[^\"\n]{1,300}\"|\u201c[^\u201d\n]{1,300}\u201d"
    r"|^[ \t]*(?:\.\. |:::|:[a-z-]{1,40}: ).*$",
    re.DOTALL | re.MULTILINE,
)
_ROLE_TEXT = re.compile(r"(?<=[:}])`([^`\n]{1,300})`")
_LETTER = re.compile(r"[^\W\d_]")
_REMEMBERED = 2**16
"""Pairs of a text and a pattern whose matches are cached: those of some thousand principles."""


_NORMATIVE = (model.Prose, model.Definition)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words up to a full stop or the end of a paragraph.

    :param text: with what is only quoted, such as code, blanked out
    :param offset: where it begins in the text of its block
    """

    text: str
    offset: int
    block: model.Block

    def span(self, start: int, end: int) -> model.Span:
        """Return the place of a part of it, or where the block begins if its words are on no line."""
        source, at = self.block.source, self.block.span
        if not source:
            return model.Span(at.file, at.line, at.column)
        return model.Span(
            at.file, *_place(source, at, self.offset + start), *_place(source, at, self.offset + end)
        )


def _place(source: str, at: model.Span, offset: int) -> tuple[int, int]:
    line = source.count("\n", 0, offset)
    column = offset - (source.rfind("\n", 0, offset) + 1)
    return at.line + line, column + (at.column if line == 0 else 1)


def by_principle(spec: model.Spec) -> Iterator[tuple[model.Principle, tuple[model.Provision, ...]]]:
    """Yield each principle with the provisions whose words are its own: it and its plain subsections."""
    yield from ((principle, spec.parts_of[principle.id]) for principle in spec.principles)


def matches(
    provisions: Iterable[model.Provision], pattern: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    """Yield what a pattern finds in the sentences of normative text."""
    for provision in provisions:
        for block in provision.blocks:
            # Most hold nothing that is looked for, and a spec has many.
            if isinstance(block, _NORMATIVE) and _cached_matches(block.source or block.text, pattern):
                yield from _matches(block, pattern)


def _commentary_matches(
    spec: model.Spec, pattern: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    """Yield what a pattern finds in the sentences of commentary."""
    for _, block in spec.walk():
        if isinstance(block, model.Commentary):
            yield from _matches(block, pattern)


def _matches(
    block: model.Prose | model.Definition | model.Commentary, pattern: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    for text, offset, hits in _cached_matches(block.source or block.text, pattern):
        sentence = Sentence(text, offset, block)
        for match in hits:
            yield sentence, match


@lru_cache(maxsize=_REMEMBERED)
def _cached_matches(
    text: str, pattern: re.Pattern[str]
) -> tuple[tuple[str, int, tuple[re.Match[str], ...]], ...]:
    """Return the sentences of a text in which a pattern finds something, each with where it begins and the matches.

    The block makes no difference: when a spec is read again after an edit, most texts are as they were.
    """
    # Most blocks hold nothing that is looked for: cutting those would cost more than all the rest.
    if not pattern.search(text):
        return ()
    sentences = ((words, offset, tuple(pattern.finditer(words))) for words, offset in _cut(text))
    return tuple(one for one in sentences if one[2])


def _cut(text: str) -> Iterator[tuple[str, int]]:
    """Yield the sentences of a text, with what is only quoted blanked out, and where each begins."""
    plain = without_quoted(text)
    for paragraph in paragraph_spans(text):
        for start, end in sentence_spans(text, *paragraph):
            if _LETTER.search(plain, start, end):
                yield plain[start:end], start


def sentences_of(text: str) -> tuple[str, ...]:
    """Return the sentences of a text that say something, with what is only quoted left out; the rules are those of English."""
    return tuple(words for words, _ in _cut(text))


def without_quoted(text: str) -> str:
    """Return a text with blanks in place of what is quoted rather than stated: code, addresses, words in quotes."""
    return _QUOTED.sub(_blank, _ROLE_TEXT.sub(lambda match: f" {match[1]} ", text))


def _blank(match: re.Match[str]) -> str:
    return "".join(char if char == "\n" else " " for char in match[0])


_BY = re.compile(r"\bby\b")
_GIVER = re.compile(r"\b(?:assistant|model|models|it)\b[^,;]{0,40}$", re.IGNORECASE)


def vague_wording(spec: model.Spec) -> Iterator[model.Finding]:
    """Find vague words and escape clauses in principles that no example makes clear; one finding each."""
    bare = {finding.span for finding in principle_without_example(spec)}
    for principle, provisions in by_principle(spec):
        hits = list(matches(provisions, _VAGUE)) if principle.span in bare else []
        if hits:
            words = ", ".join(f"`{text}`" for text in dict.fromkeys(m[0].lower() for _, m in hits))
            spans = [sentence.span(*match.span()) for sentence, match in hits]
            yield model.Finding(
                code="vague-wording",
                message=f"{words} in `{principle.id}`, and no example shows what is meant",
                span=spans[0],
                hint="write an example, or say it exactly",
                related=tuple(spans[1:]),
            )


def passive_norm(spec: model.Spec) -> Iterator[model.Finding]:
    """Find norms in the passive voice that name nobody who is to act; one finding a principle."""
    for principle, provisions in by_principle(spec):
        spans = [
            sentence.span(*match.span())
            for sentence, match in matches(provisions, _PASSIVE)
            if not _BY.search(sentence.text, match.end())
            and not _GIVER.search(sentence.text[: match.start()])
        ]
        if spans:
            yield model.Finding(
                code="passive-norm",
                message=f"`{principle.id}` says what to do, but not who does it",
                span=spans[0],
                hint="name who acts",
                related=tuple(spans[1:]),
            )


def level_word(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that call themselves by another level than the one that they have."""
    names = "|".join(re.escape(level.id) for level in spec.levels)
    if not names:
        return
    itself = re.compile(
        rf"\b(?:as|is|this) (?:an? )?(?P<level>{names})[-\u2011 ]level"
        r" (?:principle|rule|policy|default|guideline|instruction|requirement|norm|section)\b",
        re.IGNORECASE,
    )
    for principle, provisions in by_principle(spec):
        for sentence, match in matches(provisions, itself):
            if match["level"].casefold() != principle.authority.casefold():
                yield model.Finding(
                    code="level-word",
                    message=f"the text says `{match['level'].lower()}` level, and `{principle.id}` has level "
                    f"`{principle.authority}`",
                    span=sentence.span(*match.span()),
                    hint="correct the text or the level",
                    related=(principle.span,),
                )


def overridable_absolute(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that speak in absolutes, and that a message can override; one finding each."""
    modes = {level.id: level.override for level in spec.levels}
    for principle, provisions in by_principle(spec):
        if modes.get(principle.authority, model.OverrideMode.NEVER) is model.OverrideMode.NEVER:
            continue
        hits = list(matches(provisions, _ABSOLUTE))
        if hits:
            words = ", ".join(f"`{text}`" for text in dict.fromkeys(_words(match) for _, match in hits))
            spans = [sentence.span(*match.span()) for sentence, match in hits]
            yield model.Finding(
                code="overridable-absolute",
                message=f"`{principle.id}` says {words}, and can be overridden at level `{principle.authority}`",
                span=spans[0],
                hint="say that it holds by default, or raise the level",
                related=tuple(spans[1:]),
            )


def _words(match: re.Match[str]) -> str:
    return " ".join(match[0].lower().split())


def root_without_absolute(spec: model.Spec) -> Iterator[model.Finding]:
    """Find principles that nothing can override, and whose words bind nobody."""
    modes = {level.id: level.override for level in spec.levels}
    for principle, provisions in by_principle(spec):
        never = modes.get(principle.authority) is model.OverrideMode.NEVER
        has_text = never and any(provision.text for provision in provisions)
        if has_text and next(matches(provisions, _BINDING), None) is None:
            yield model.Finding(
                code="root-without-absolute",
                message=f"nobody can override `{principle.id}`, and nothing in it says must or must not",
                span=principle.span,
                hint="say what it requires, or lower the level",
            )


def binding_words(spec: model.Spec) -> dict[str, Counter[str]]:
    """Return the words by which principles bind, such as `never`, and how often each is said, by the ids of these."""
    return {
        principle.id: Counter(_words(match) for _, match in matches(provisions, _BINDING))
        for principle, provisions in by_principle(spec)
    }


def other_exception(spec: model.Spec) -> Iterator[model.Finding]:
    """Find texts that mention the only exception, or none, beside another exception."""
    declared = inverse(spec.principles, "exceptions")
    for provision in spec.provisions:
        for sentence, match in matches([provision], _NO_OTHER_EXCEPTION):
            allowed = 1 if match["one"] else 0
            others = [s for s, _ in matches([provision], _EXCEPTION) if s != sentence]
            exceptions = declared.get(provision.id, [])
            if len(exceptions) > allowed or (match["one"] and others):
                yield model.Finding(
                    code="other-exception",
                    message=f"`{_words(match)}`, and there is another one",
                    span=sentence.span(*match.span()),
                    hint="name all exceptions in one place",
                    related=(*(p.span for p in exceptions), *(s.span(0, len(s.text)) for s in others)),
                )


def norm_in_commentary(spec: model.Spec) -> Iterator[model.Finding]:
    """Find commentary that says what must or should be done; one finding for each."""
    last = None
    for sentence, match in _commentary_matches(spec, _NORM_IN_ASIDE):
        if sentence.block is not last:
            last = sentence.block
            yield model.Finding(
                code="norm-in-commentary",
                message=f"`{_words(match)}` inside commentary, which binds nobody",
                span=sentence.span(*match.span()),
                hint="move the norm into the text, or give the reason without it",
            )


def term_defined_twice(spec: model.Spec) -> Iterator[model.Finding]:
    """Find terms that have two definitions."""
    first: dict[str, model.Definition] = {}
    for _, block in spec.walk():
        if not isinstance(block, model.Definition):
            continue
        earlier = first.setdefault(" ".join(block.term.casefold().split()).strip(":"), block)
        if earlier is not block:
            yield model.Finding(
                code="term-defined-twice",
                message=f"`{block.term}` is defined twice",
                span=block.span,
                hint="keep one definition",
                related=(earlier.span,),
            )


CHECKS = (
    overridable_absolute,
    root_without_absolute,
    other_exception,
    norm_in_commentary,
    term_defined_twice,
    vague_wording,
    passive_norm,
    level_word,
)
