"""How a text without ids is read by its headings; and the numbered paragraphs and sentences of a provision."""

from __future__ import annotations

import bisect
import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span
from sphinx_policyspec.model.provision import Definition, Prose, Provision


class IdRule(enum.StrEnum):
    """What the id of a heading is made of."""

    SLUG = "slug"
    """Its title; where two titles give one id, those of the headings around each are put before it."""
    PATH = "path"
    """Its title after those of all headings around it."""
    EXPLICIT = "explicit"
    """The id that it gives as ``{#id}``, else its title."""


class OrderKind(enum.StrEnum):
    """How an order of goals is meant; neither decides a case."""

    HOLISTIC = "holistic"
    """The first goals weigh more as a rule, and all are weighed together."""
    STRICT = "strict"
    """A goal goes before all behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingRule(Brief):
    """How a text is read by its headings, as set by ``reader`` of a sidecar.

    :param skip: titles or ids of headings; the headings below them make no provisions
    :param principles: ids of the headings that are principles without a level of their own
    :param depth: the least depth of headings that are principles; 0 for none
    :param level: the level of these
    :param bullets: whether list items become clauses
    :param span: where the sidecar says it
    :param apart: pairs of a provision without a level and words of a list item in it that has one, and so becomes a principle
    :param is_explicit: whether it applies even to a text that would otherwise be read as the dialect
    """

    ids: IdRule = IdRule.SLUG
    skip: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    depth: int = 0
    level: str = ""
    bullets: bool = False
    apart: tuple[tuple[str, str], ...] = ()
    span: Span | None = None
    is_explicit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Brief):
    """A sentence of a provision, or a whole paragraph of it.

    :param paragraph: its number in the provision, from 1; a list item counts as one
    :param sentence: its number in the paragraph, from 1; 0 for the whole of it
    """

    provision: str
    paragraph: int
    sentence: int
    text: str

    @property
    def locator(self) -> str:
        """How it is named, such as ``be_kind ¶3 s2``."""
        sentence = f" s{self.sentence}" if self.sentence else ""
        return f"{self.provision} ¶{self.paragraph}{sentence}"


LONGEST_ID = 60
"""Characters of a title that its id holds, up to the last whole word."""
_LOOKED_AT = 400
"""Characters of a text that are used for its id."""
_NO_WORD = re.compile(r"(?:[^\w]|_)+")
_NUMBER = re.compile(r"\s*(?:\d{1,9}|[A-Za-z]|[ivxIVX]{2,5})[.)]\s+")
_PARTS = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+]|\d+[.)])[ \t])")
_LOCATOR = re.compile(
    r"(?P<id>(?:.*?[^\s#])?)[\s#]*+¶[ ]?(?P<paragraph>[1-9]\d{0,8})(?:[ ]?s(?P<sentence>[1-9]\d{0,8}))?"
)


def slug_of(text: str) -> str:
    """Return the id made from a title: letters, digits and their marks in lower case, anything else as ``_``."""
    words = unicodedata.normalize("NFC", text[:_LOOKED_AT]).lower()
    slug = _NO_WORD.sub(_mark, words).strip("_")
    if len(slug) <= LONGEST_ID:
        return slug
    short, _, rest = slug[: LONGEST_ID + 1].rpartition("_")
    return (short or rest[:LONGEST_ID]).strip("_")


def _mark(match: re.Match[str]) -> str:
    """Return the part of an id for a run of anything but letters and digits: the marks that belong to letters stay."""
    run = match[0]
    if run.isascii():
        return "_"
    return re.sub("_+", "_", "".join(c if unicodedata.category(c)[0] == "M" else "_" for c in run))


def passages(provision: Provision) -> Iterator[Passage]:
    """Yield each paragraph of the own text of a provision, and each sentence in it, in order."""
    blocks = (block.text for block in provision.blocks if isinstance(block, Prose | Definition))
    parts = (paragraph for text in blocks for paragraph in paragraphs(text) if paragraph.strip())
    for number, text in enumerate(parts, 1):
        yield Passage(provision=provision.id, paragraph=number, sentence=0, text=text)
        for place, sentence in enumerate(sentences(text), 1):
            yield Passage(provision=provision.id, paragraph=number, sentence=place, text=sentence)


def split_locator(name: str) -> tuple[str, int, int]:
    """Return the id, paragraph and sentence that a locator names; for an id alone these are 0."""
    match = _LOCATOR.fullmatch(name.strip())
    if match is None:
        return name, 0, 0
    return match["id"], int(match["paragraph"]), int(match["sentence"] or 0)


def passage_at(provision: Provision, name: str) -> Passage | None:
    """Return the passage that a locator names in a provision, if it has that much text."""
    _, paragraph, sentence = split_locator(name)
    wanted = paragraph, sentence
    return next((one for one in passages(provision) if (one.paragraph, one.sentence) == wanted), None)


def passage_of(provision: Provision, words: str) -> Passage | None:
    """Return the first sentence that holds some words, else the first paragraph that does."""
    wanted = " ".join(words.split()).casefold()
    matches = [
        one for one in passages(provision) if wanted and wanted in " ".join(one.text.split()).casefold()
    ]
    return next((one for one in matches if one.sentence), matches[0] if matches else None)


# -- sentences -----------------------------------------------------------------------------------

_NOTES = r"\[\^[^\]\s\[]{1,40}\]"
_CLOSING = (
    r"(?:[\"'\u2018\u2019\u201c\u201d\u00ab\u2039\u00bb\u203a)\]*_\u300d\u300f\uff09\u3011\u300b\u3009]"
    rf"|[ \u00a0\u2009\u202f][\u00bb\u203a](?!\w)|{_NOTES})*+"
)
"""Quotes, brackets, emphasis and marks of notes after the stop of a sentence, which belong to it; French sets a blank before its quotes."""
_CLOSING_UNSPACED = rf"(?:[\"'\u2019\u201d)\]*_\u300d\u300f\uff09\u3011\u300b\u3009]|{_NOTES})*+"
"""The same in scripts that put no blank after a stop: there, the quotes that close in German open the next sentence."""
_STOP = re.compile(
    rf"(?P<spaced>[.!?\u2026\u061f\u06d4\u0964\u0965\u0589]|[\u037e;](?<=[\u0370-\u03ff\u1f00-\u1fff].)){_CLOSING}\s++"
    rf"|[\u3002\uff01\uff1f\uff61\u1362]{_CLOSING_UNSPACED}\s*+"
)
"""Where a sentence can end: stops of scripts that put a blank behind them, and of those that put none (UAX #29, ATerm and STerm).

Greek asks with a semicolon.
"""
_OPENING = re.compile(
    r"(?:[\u00ab\u2039][ \u00a0\u2009\u202f]|[\"'\u2018\u201c\u201e\u201a\u00ab\u2039\u00bb\u203a(\[*_\u00bf\u00a1])*+"
)
_WORD = re.compile(r"\w*+")
_LAST_WORD = re.compile(r"(?<![\w.])(?:[^\W\d_]{1,2}\.){0,4}\w{1,8}\Z")
_LOOKED_BACK = 24
"""Characters before a stop that are searched for the abbreviation that it may belong to."""
_ABBREVIATION = re.compile(
    r"Adm|Capt|Cmdr|Col|[Dd]ott|Drs?|Dra|Gen|Gov|Hon|Hr|Lt|Messrs|Mlle|Mmes?|Mr|Mrs|Ms|Mx|[Pp]rof|Rep|Rev|Sen|Sgt|Sig|Sra|Srta"
    r"|(?i:approx|bzw|ca|cf|e\.g|eg|esp|evtl|ggf|i\.e|ie|incl|inkl|resp|sog|viz|vgl|vs)|P\.S|N\.B"
)
"""Abbreviations whose stop ends no sentence: titles of people, and words that explain or announce."""
_COUNTED = re.compile(r"(?P<inside>\w\s+)?(?<!\w)(?P<word>[^\W\d_]{1,20})\s+\d{1,3}\Z")
"""A number at the end of a text, and the word before it, which is inside a sentence or begins one."""
_INSIDE = re.compile(r"(?<=[^\W\d_])\s([^\W\d_])([^\W\d_]?)")
"""The first letters of a word that follows another one, and so begins no sentence."""
_AROUND, _TELLING, _NOUNS = 200, 4, 6
"""Characters on each side of a number that show how a language writes; how many words can show it; and among how many one is a noun."""
_SMALL_WORD, _SMALLER_WORD = 6, 4
"""Most letters of a small word before an ordinal; and where it is unknown how the language writes."""
_MONTH = re.compile(
    r"Jan(?:uar)?|Jänner|Feb(?:ruar|er)?|März|Apr(?:il)?|Mai|Jun[io]?|Jul[io]?|Aug(?:ust)?|Sept?(?:ember)?|Okt(?:ober)?|Nov(?:ember)?|Dez(?:ember)?"
)
"""Names of months, before which the stop of a number ends nothing."""
_BEFORE_NUMBERS = re.compile(r"(?i:abs|arts?|ch|cl|eqs?|figs?|nos?|nr|paras?|pp?|pt|sect?|tab|vols?)")
"""Abbreviations whose stop ends no sentence before a number."""
_BEFORE_NAMES = re.compile(r"[^\W\d_]|(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}|al|Fr|St")
"""Initials and other letters with stops, which end a sentence only before a word that begins sentences."""
_STARTERS = re.compile(
    r"a|all|also|an|and|any|as|at|because|but|by|do|don|each|even|every|first|for|from|he|her|here|his"
    r"|how|however|i|if|in|instead|it|its|many|most|never|no|not|of|on|once|one|only|or|other|our|she"
    r"|since|so|some|such|that|the|their|then|there|these|they|this|those|to|we|what|when|where"
    r"|whether|which|while|who|why|with|without|you|your",
    re.IGNORECASE,
)
"""Words with which sentences begin, and names do not."""


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield where each sentence of a paragraph begins and ends, with its closing marks; blanks between them are in neither.

    A stop ends a sentence unless it belongs to an abbreviation, or the next word is in lower case.

    :param start: where the paragraph begins in the text
    """
    end = len(text) if end is None else end
    number = _NUMBER.match(text, start, end)
    first = number.end() if number else start
    begin = start
    for stop in _STOP.finditer(text, first, end):
        if stop.end() < end and (not stop["spaced"] or _ends(text, stop.start(), stop.end())):
            yield begin, begin + len(text[begin : stop.end()].rstrip())
            begin = stop.end()
    yield begin, begin + len(text[begin:end].rstrip())


def _ends(text: str, stop: int, after: int) -> bool:
    """Return whether a stop ends a sentence, given what is before it and after the blanks after it."""
    following = _OPENING.match(text, after)
    at = following.end() if following else after
    letter = text[at : at + 1]
    if not letter.isalnum() or (
        letter.islower() and not "\u10d0" <= letter <= "\u10ff"
    ):  # Georgian has one case
        return False
    last = _LAST_WORD.search(text, max(stop - _LOOKED_BACK, 0), stop) if text[stop] == "." else None
    if last is None:
        return True
    word = last[0]
    if _ABBREVIATION.fullmatch(word) or (_BEFORE_NUMBERS.fullmatch(word) and letter.isdigit()):
        return False
    found = _WORD.match(text, at)
    following_word = found[0] if found else ""
    starts = bool(_STARTERS.fullmatch(following_word))
    if word.isdecimal():
        return starts or not (_MONTH.fullmatch(following_word) or _is_ordinal(text, stop))
    return starts or not _BEFORE_NAMES.fullmatch(word)


def _is_ordinal(text: str, stop: int) -> bool:
    """Return whether a number with a stop is an ordinal, as in languages that begin each noun with a capital.

    After a noun it counts ("Absatz 3."); after a small word it is "the third", and its stop ends nothing.
    """
    found = _COUNTED.search(text, max(stop - _LOOKED_BACK, 0), stop)
    if found is None or (found["inside"] and found["word"][0].isupper()):
        return False
    words = _INSIDE.findall(text, max(stop - _AROUND, 0), stop + _AROUND)
    if len(words) < _TELLING:
        return len(found["word"]) <= _SMALLER_WORD
    nouns = sum(first.isupper() and second.islower() for first, second in words)
    return len(found["word"]) <= _SMALL_WORD and nouns * _NOUNS >= len(words)


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph, each with its closing marks."""
    return [text[start:end] for start, end in sentence_spans(text)]


def paragraph_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each paragraph of a text begins and ends, each list item as one."""
    begin = 0
    for gap in _PARTS.finditer(text):
        yield begin, gap.start()
        begin = gap.end()
    yield begin, len(text)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a text, with each list item as one."""
    yield from (text[start:end] for start, end in paragraph_spans(text))


# -- places --------------------------------------------------------------------------------------

_GAP = re.compile(r"\s+|\[\^[^\]\n\[]{1,80}\](?!\()")
_BETWEEN_LETTERS = re.compile(rf"{_GAP.pattern}|<!--.*?-->", re.DOTALL)
"""What is between the letters of a source, and may differ: blanks, eval tags and comments."""


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    # No comment is looked for after the last `-->`: each of many unclosed ones would cost the rest of the text.
    closed = text.rfind("-->") + 3 if "-->" in text else 0
    yield from (gap.span() for gap in _BETWEEN_LETTERS.finditer(text, 0, closed))
    yield from (gap.span() for gap in _GAP.finditer(text, closed))


class _Letters:
    """The letters of a text without the gaps between them, each with its place."""

    def __init__(self, text: str) -> None:
        self.text = text
        parts: list[str] = []
        self._starts: list[tuple[int, int]] = []
        at = size = 0
        for start, end in (*_gaps(text), (len(text), len(text))):
            if at < start:
                self._starts.append((size, at))
                parts.append(text[at:start])
                size += start - at
            at = end
        self.joined = "".join(parts)

    def span(self, block: Prose | Definition, at: int) -> Span:
        """Return the place of a letter in the block of the text; if there is none, that of the block."""
        if at < 0 or not self._starts:
            return Span(block.span.file, block.span.line, block.span.column)
        first, place = self._starts[bisect.bisect_right(self._starts, (at, len(self.text))) - 1]
        lines = self.text[: place + at - first].split("\n")
        column = len(lines[-1]) + (block.span.column if len(lines) == 1 else 1)
        return Span(block.span.file, block.span.line + len(lines) - 1, column)


def place_of(words: str, provision: Provision) -> Span:
    """Return where words of a provision begin; if they are not found, as in other typography, the place of the provision."""
    wanted = re.compile(re.escape(_Letters(words).joined), re.IGNORECASE)
    for block in provision.blocks:
        if isinstance(block, Prose | Definition):
            letters = _Letters(block.source)
            if found := wanted.search(letters.joined):
                return letters.span(block, found.start())
    return provision.span


def place_of_passage(passage: Passage, provision: Provision) -> Span:
    """Return where a passage of a provision begins; if its words are on no line, the place of what holds it."""
    number = 0
    for block in provision.blocks:
        if not isinstance(block, Prose | Definition):
            continue
        own = [text for text in paragraphs(block.text) if text.strip()]
        if passage.paragraph > number + len(own):
            number += len(own)
            continue
        letters, at = _Letters(block.source), 0
        *before, paragraph = own[: passage.paragraph - number]
        for text in (*before, *sentences(paragraph)[: max(passage.sentence - 1, 0)]):
            words = _Letters(text).joined
            at = max(letters.joined.find(words, at), at) + len(words)
        return letters.span(block, letters.joined.find(_Letters(passage.text).joined, at))
    return provision.span
