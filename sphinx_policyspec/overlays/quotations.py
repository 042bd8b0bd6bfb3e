"""The sentence of upstream that a statement meets, with its place: the one that it names, else the nearest demand."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sphinx_policyspec.checks.prose import without_quoted
from sphinx_policyspec.exports.diff.wording import readable
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Provision, Span, Spec
from sphinx_policyspec.model.nearest import content_words, holds, plain
from sphinx_policyspec.model.outlines import Passage, passages, place_of_passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation(Brief):
    """A sentence of upstream and its place.

    :param text: the source text
    :param locator: its provision and its number in it, such as ``be_kind ¶3 s2``
    :param titles: titles that people read in place of ids
    """

    text: str
    locator: str
    span: Span
    titles: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def words(self) -> str:
        """The sentence as people read it, without markup."""
        return readable(self.text, self.titles)

    @property
    def cited(self) -> str:
        """Its words in quotes, with its place in the file and in its provision."""
        return f"“{self.words}” ({self.span.place}, {self.locator})"


def quoted(sentence: Passage, provision: Provision, spec: Spec) -> Quotation:
    """Return a sentence of a provision with its place, without the mark of a list item."""
    text = " ".join(_ITEM.sub("", sentence.text).split())
    span = place_of_passage(sentence, provision)
    return Quotation(text=text, locator=sentence.locator, span=span, titles=spec.titles)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence that may be quoted.

    :param stems: first letters of its longer words
    :param asks: whether it asks for something
    :param allows: whether it permits something, and asks for nothing
    :param refrains: whether it says what is not done, without asking for it
    :param goes_on: whether it asks for something because it continues the sentence before it
    :param is_default: whether it says that others may say otherwise
    :param leads: whether it introduces a list
    :param least: the fewest words that a statement about it shares with it: more if a condition must be met as well
    :param demanded: stems of its words after the condition, one of which is enough
    """

    passage: Passage
    stems: frozenset[str]
    demanded: frozenset[str]
    asks: bool
    allows: bool
    refrains: bool
    goes_on: bool
    is_default: bool
    leads: bool
    least: int


class Quotations:
    """Finds sentences to quote, and caches those of each provision."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._sentences: dict[str, tuple[_Sentence, ...]] = {}
        self._cache: dict[str, Quotation] = {}

    def of(
        self, provision: Provision, words: str = "", says: str = "", *, is_implied: bool = False
    ) -> Quotation | None:
        """Return the sentence that contains some words; without words the one whose demand a statement is nearest to.

        :param is_implied: whether the statement is refused for being implied: a sentence that says so comes first
        """
        if is_implied and not words:
            for one in self._of(provision):
                if _NOT_IMPLIED.search(one.passage.text):
                    return self._quoted(one.passage, provision)
        return self.nearest((provision,), words, says)

    def holding(self, provision: Provision, words: str) -> tuple[Quotation, ...]:
        """Return every sentence that contains some words, those that ask for something first."""
        sentences = [one for one in self._of(provision) if holds(one.passage.text, words)]
        return tuple(
            self._quoted(one.passage, provision) for one in sorted(sentences, key=lambda one: not one.asks)
        )

    def nearest(self, provisions: Iterable[Provision], words: str = "", says: str = "") -> Quotation | None:
        """Return the sentence of provisions that contains some words, else the demand that a statement is nearest to.

        A sentence is nearer the more words it shares, then if it asks for something, then if it continues no other,
        then if it leaves something open, then the rarer the shared words are; of equal ones the first is returned.
        A statement that denies something may be nearest to a permission. One that is near to nothing meets the first demand;
        if no sentence asks for anything, every sentence counts as a demand.
        """
        sentences = [(one, provision) for provision in provisions for one in self._of(provision)]
        holding = [pair for pair in sentences if words and _holds(pair[0], words)]
        if holding:
            one, provision = max(holding, key=lambda pair: pair[0].asks)
            return self._quoted(one.passage, provision)
        sentences = [pair for pair in sentences if not pair[0].leads] or sentences
        wanted, denies = _stems(words or says), bool(_DENIES.search(says))
        any_asks = any(one.asks for one, _ in sentences)
        shared_by = Counter(stem for one, _ in sentences for stem in one.stems & wanted)

        def nearness(
            pair: tuple[_Sentence, Provision],
        ) -> tuple[int, int, bool, bool, bool, float]:
            one, _ = pair
            shared = wanted & one.stems
            bears = bool(len(shared) >= one.least or shared & one.demanded) and (
                one.asks or one.refrains or (denies and one.allows) or not any_asks
            )
            if not bears:
                return 0, 0, one.asks, one.least == 1, False, 0
            rarity = math.fsum(1 / shared_by[stem] for stem in shared)
            return (
                1 + (len(shared) >= one.least and (one.asks or one.refrains)),
                len(shared),
                one.asks,
                not one.goes_on,
                one.is_default,
                rarity,
            )

        best = max(sentences, key=nearness, default=None)
        return self._quoted(best[0].passage, best[1]) if best else None

    def demand(self, provision: Provision) -> Quotation | None:
        """Return the first sentence that demands that something be done."""
        sentences = (one.passage for one in self._of(provision))
        demand = next((one for one in sentences if _DEMANDS.search(without_quoted(one.text))), None)
        return self._quoted(demand, provision) if demand else None

    def _quoted(self, sentence: Passage, provision: Provision) -> Quotation:
        """Return a sentence with its place, which is cached because finding it takes time."""
        if sentence.locator not in self._cache:
            self._cache[sentence.locator] = quoted(sentence, provision, self._spec)
        return self._cache[sentence.locator]

    def _of(self, provision: Provision) -> tuple[_Sentence, ...]:
        if provision.id not in self._sentences:
            self._sentences[provision.id] = tuple(_sentences(provision))
        return self._sentences[provision.id]


def _sentences(provision: Provision) -> list[_Sentence]:
    """Return the sentences of a provision; list items ask for something if the introduction of the list does."""
    sentences: list[_Sentence] = []
    leads = is_item = asks = False
    for passage in passages(provision):
        goes_on = asks and passage.sentence > 1 and bool(_GOES_ON.match(passage.text))
        asks = goes_on or bool(_ASKS.search(without_quoted(passage.text)))
        if not passage.sentence:
            is_item = bool(_ITEM.match(passage.text))
            leads = leads if is_item else asks and passage.text.rstrip().endswith(":")
        elif plain(passage.text):
            asks = asks or (is_item and leads)
            sentences.append(
                _Sentence(
                    passage=passage,
                    stems=_stems(passage.text),
                    demanded=_stems(passage.text.partition(", ")[2]),
                    asks=asks,
                    allows=not asks and bool(_ALLOWS.search(passage.text)),
                    refrains=bool(_REFRAINS.search(passage.text)),
                    goes_on=goes_on,
                    is_default=bool(_DEFAULT.search(passage.text)),
                    leads=passage.text.rstrip().endswith(":"),
                    least=2 if _CONDITION.match(passage.text) else 1,
                )
            )
    return sentences


def _holds(one: _Sentence, words: str) -> bool:
    return holds(one.passage.text, words) or holds(words, one.passage.text)


def _stems(text: str) -> frozenset[str]:
    """Return the first letters of the longer words of a text, which related words share."""
    words = (word for word in content_words(text) if len(word) >= _SHORTEST)
    return frozenset(_ENDING.sub("", word)[:_STEM] for word in words if word not in _COMMON)


_SHORTEST, _STEM = 3, 5
_COMMON = frozenset(
    """about after all always and any are assistant because been before being but can could did does each for had has have her
    him his how into its just let may more most must never nor not one only other our out own per shall she should some
    such than the their them then there they too user very was what when where which while who why will would yet you
    human like people person use used using""".split()  # noqa: SIM905  a list of words is read by people
)
"""Words that say little about the subject of a rule."""
_ENDING = re.compile(r"(?<=...)(?:ing|ed|e|ly|ion|y)\Z")
"""Endings of related words; plural endings are already removed."""
_ITEM = re.compile(r"\A\s*(?:[-*+]|\d{1,9}[.)])\s+")
_ASKS = re.compile(
    r"(?<![\w-])(?:must|shall|should(?:n['’]t)?|never|always|avoid|do not|don['’]t|cannot|can['’]t|may not|need to|refrain|important to|ha(?:s|ve) to|only"
    r"|prohibited|forbidden|required|not (?:allowed|permitted|acceptable))(?![\w-])",
    re.IGNORECASE,
)
"""Words with which a sentence asks for something."""
_DEMANDS = re.compile(r"\b(?:must|should|always)\b(?! (?:not|never)\b)", re.IGNORECASE)
"""Words with which a sentence demands that something be done."""
_DEFAULT = re.compile(r"\b(?:by default|unless|otherwise)\b", re.IGNORECASE)
"""Words with which a sentence leaves something open."""
_ALLOWS = re.compile(r"\b(?:may|can|allowed|permitted|acceptable|fine)\b", re.IGNORECASE)
"""Words with which a sentence permits something."""
_REFRAINS = re.compile(r"\bdoes(?:n['’]t| not)\b|[,(] ?not\b|\brather than\b", re.IGNORECASE)
"""Words with which a sentence says what is not done."""
_DENIES = re.compile(r"\b(?:no|not|never|nothing|nobody|none|cannot|without)\b|n['’]t\b", re.IGNORECASE)
"""Words with which a statement denies something."""
_GOES_ON = re.compile(
    r"\A\W{0,9}(?:[\w-]{1,30} ){1,4}(?:includes?|means?|begins|covers?|extends?|appl(?:y|ies))\b",
    re.IGNORECASE,
)
"""Words with which a sentence continues what the one before it asks for."""
_NOT_IMPLIED = re.compile(
    r"\b(?:not|never|cannot|can['’]t)\b[^.!?]{0,40}\b(?:overrid|chang|lift|waiv|switch|alter)\w*[^.!?]{0,40}"
    r"\b(?:implicit|implicitly|implied|implication)\b",
    re.IGNORECASE,
)
"""Words with which a sentence says that implied words do not override it."""
_CONDITION = re.compile(
    r"\A\W{0,9}(?:if|for (?:example|instance)|in (?:some|certain|other|such)|once|when(?:ever)?(?! (?:appropriate|applicable|feasible|necessary|needed|possible|practical|relevant)\b))\b",
    re.IGNORECASE,
)
"""Words that begin a sentence that asks for something in some cases only."""
