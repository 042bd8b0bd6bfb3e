"""The sentence of upstream that a statement meets, with its place: the one whose words it names, else the nearest that asks for something."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_policyspec.checks.prose import without_shown
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Provision, Span
from sphinx_policyspec.model.nearest import content_words
from sphinx_policyspec.model.outlines import Passage, passages, place_of_passage
from sphinx_policyspec.readers.text import holds, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation(Brief):
    """A sentence of upstream, and where it stands.

    :param locator: its provision and its number in it, such as ``be_kind ¶3 s2``
    """

    text: str
    locator: str
    span: Span

    @property
    def cited(self) -> str:
        """It in quotes, with its place in the file and in its provision."""
        return f"“{self.text}” ({self.span.place}, {self.locator})"


def quoted(sentence: Passage, provision: Provision) -> Quotation:
    """Return a sentence of a provision with its place, without the mark of a list item."""
    words = " ".join(_ITEM.sub("", sentence.text).split())
    return Quotation(text=words, locator=sentence.locator, span=place_of_passage(sentence, provision))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence that may be quoted.

    :param stems: how its longer words begin
    :param asks: whether it asks for something
    :param is_default: whether it says that others may say otherwise
    """

    passage: Passage
    stems: frozenset[str]
    asks: bool
    is_default: bool


class Quotations:
    """Finds sentences to quote, and remembers those of each provision."""

    def __init__(self) -> None:
        self._sentences: dict[str, tuple[_Sentence, ...]] = {}

    def of(self, provision: Provision, words: str = "", says: str = "") -> Quotation | None:
        """Return the sentence that holds some words; without any the one that asks for something and is nearest to a statement."""
        return self.nearest((provision,), words, says)

    def nearest(self, provisions: Iterable[Provision], words: str = "", says: str = "") -> Quotation | None:
        """Return likewise the sentence of several provisions.

        Of equally near ones it is one that leaves something open, then the one whose words few others have, then the first.
        """
        sentences = [(one, provision) for provision in provisions for one in self._of(provision)]
        for one, provision in sentences if words else ():
            if holds(one.passage.text, words) or holds(words, one.passage.text):
                return quoted(one.passage, provision)
        said = _stems(words or says)
        holding = Counter(stem for one, _ in sentences for stem in one.stems & said)

        def nearness(pair: tuple[_Sentence, Provision]) -> tuple[bool, int, bool, bool, float]:
            one, _ = pair
            shared = said & one.stems
            rarity = math.fsum(1 / holding[stem] for stem in shared)
            return one.asks and bool(shared), len(shared), one.asks, one.is_default, rarity

        best = max(sentences, key=nearness, default=None)
        return quoted(best[0].passage, best[1]) if best else None

    def _of(self, provision: Provision) -> tuple[_Sentence, ...]:
        if provision.id not in self._sentences:
            self._sentences[provision.id] = tuple(_sentences(provision))
        return self._sentences[provision.id]


def _sentences(provision: Provision) -> list[_Sentence]:
    """Return the sentences of a provision; items of a list ask for something where what leads it does."""
    found: list[_Sentence] = []
    leads = False
    is_item = False
    for passage in passages(provision):
        asks = bool(_ASKS.search(without_shown(passage.text)))
        if not passage.sentence:
            is_item = bool(_ITEM.match(passage.text))
            leads = leads if is_item else asks and passage.text.rstrip().endswith(":")
        elif plain(passage.text):
            asks = asks or (is_item and leads)
            found.append(
                _Sentence(
                    passage=passage,
                    stems=_stems(passage.text),
                    asks=asks,
                    is_default=bool(_DEFAULT.search(passage.text)),
                )
            )
    return found


def _stems(text: str) -> frozenset[str]:
    """Return how the longer words of a text begin, which words of one family share."""
    words = (word for word in content_words(text) if len(word) >= _SHORTEST)
    return frozenset(word[:_STEM] for word in words if word not in _COMMON)


_SHORTEST, _STEM = 3, 5
_COMMON = frozenset(
    """about after all always and any are assistant because been before being but can could did does each for had has have her
    him his how into its just let may more most must never nor not one only other our out own per shall she should some
    such than the their them then there they too user very was what when where which while who why will would yet you""".split()  # noqa: SIM905  a list of words is read by people
)
"""Words that say little of what a rule is about."""
_ITEM = re.compile(r"\A\s*(?:[-*+]|\d{1,9}[.)])\s+")
_ASKS = re.compile(
    r"(?<![\w-])(?:must|shall|should(?:n['’]t)?|never|always|avoid|do not|don['’]t|cannot|can['’]t|may not|need to|ha(?:s|ve) to|only"
    r"|prohibited|forbidden|required)(?![\w-])",
    re.IGNORECASE,
)
"""Words with which a sentence asks for something."""
_DEFAULT = re.compile(r"\b(?:by default|unless|otherwise)\b", re.IGNORECASE)
"""Words with which it leaves something open."""
