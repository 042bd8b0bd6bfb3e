"""Statements in a graph that let every SPARQL 1.1 engine answer our questions alike: closures, and words to search for.

Engines differ in paths of any length, and in regular expressions over texts. So named questions have neither; what they
would compute that way is stated here, and only here, whether a graph is written, published or queried in memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import accumulate

from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, Blank, Iri, Term, Triple

_SEARCHED = {
    PS.Provision: DCTERMS.title,
    PS.Prose: PS.sourceText,
    PS.Definition: PS.sourceText,
    PS.Commentary: PS.text,
    PS.Example: DCTERMS.title,
    PS.Message: PS.text,
}
"""The text in which words are searched for, by the class of a thing."""
STATED = frozenset((PS.inside, PS.plainWords, PS.lineStarts))
"""The properties that are stated here."""
PREMISES = frozenset((RDF.type, DCTERMS.title, PS.sourceText, PS.text, PS.line, PS.partOf, PS.subsectionOf))
"""The properties that these follow from."""
_UNSEEN = re.compile(r"\[\^\w+\]|\]\([^()\s]*\)")
"""Marks of footnotes and link targets, which readers do not see."""
_HEAD = re.compile(r"^[ \t]*+(?:<[^>\n]*+>(?:[ \t]*+<!--[^\n]*?-->)?|\.\.[^\n]*+|[:`~]{3,}+[^\n]*+)")
_OPTION = re.compile(r"\n[ \t]*+:[\w-]++:[^\n]*+")
_ENTITY = re.compile(r"&\w++;")
_ALONE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Characters of scripts without spaces: each counts as a word."""
_REACH = 50
"""Words of a source that are skipped at most to find the next word of a text."""
_JOINERS = "\u200c\u200d"


def with_portable(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield the triples of a graph, followed by the facts that questions would otherwise have to compute."""
    profile = PortableProfile()
    for triple in triples:
        yield triple
        profile.add(triple)
    yield from profile.stated()


def words_of(text: str) -> str:
    """Return the words of a text as ``ps:plainWords`` has them: in lower case, with a space before, between and after.

    Every run of spaces, line breaks and punctuation becomes one space. A text without words becomes one space.
    """
    return _joined(text.lower().translate(_separators()).split())


def stated_for(terms: Collection[str]) -> frozenset[str]:
    """Return the facts that a query needs: our properties among its terms, and the classes whose words it searches."""
    needed = STATED.intersection(terms)
    return needed | _SEARCHED.keys() & terms if PS.plainWords in needed else needed


def read_for(needed: Collection[str]) -> Iterator[tuple[Iri, Iri | None]]:
    """Yield the properties that these follow from, each with the only value that matters, if there is just one."""
    kinds = [kind for kind in _SEARCHED if kind in needed]
    if PS.inside in needed:
        yield PS.subsectionOf, None
        kinds = [*dict.fromkeys((*kinds, PS.Provision))]
    yield from ((RDF.type, kind) for kind in kinds)
    if PS.plainWords in needed:
        yield PS.sourceText, None
        yield from ((name, None) for name in dict.fromkeys(_SEARCHED[kind] for kind in kinds))
        if PS.Message in needed:
            yield PS.partOf, None
            yield PS.line, None


class PortableProfile:
    """Collects the triples of one graph as they pass, and yields the facts that follow.

    :param terms: terms of the only question that will be asked; by default everything is stated
    """

    def __init__(self, terms: Collection[str] = ()) -> None:
        self._terms = frozenset(terms) or STATED.union(_SEARCHED)
        self._kinds: list[tuple[Term, Term]] = []
        self._parents: dict[Term, set[Term]] = defaultdict(set)
        self._owners: dict[Term, Term] = {}
        self._lines: dict[Term, Term] = {}
        self._texts: dict[Term, dict[Term, str]] = {
            name: {} for name in (DCTERMS.title, PS.sourceText, PS.text)
        }

    def add(self, triple: Triple) -> None:
        """Collect a triple."""
        subject, predicate, node = triple
        if predicate not in PREMISES:
            return
        if predicate == RDF.type:
            if node in _SEARCHED and (node == PS.Provision or node in self._terms):
                self._kinds.append((subject, node))
        elif predicate == PS.subsectionOf:
            self._parents[subject].add(node)
        elif predicate == PS.partOf:
            self._owners[subject] = node
        elif predicate == PS.line:
            self._lines[subject] = node
        elif not isinstance(node, Iri | Blank):
            texts = self._texts[predicate]
            texts[subject] = min(texts.get(subject, str(node)), str(node))

    def stated(self) -> Iterator[Triple]:
        """Yield the facts that follow from the collected triples."""
        for subject, kind in dict.fromkeys(self._kinds):
            if kind == PS.Provision and PS.inside in self._terms:
                for outer in self._around(subject):
                    yield subject, PS.inside, outer  # type: ignore[misc]  # what has a class has a name
            text = self._texts[_SEARCHED[kind]].get(subject)  # type: ignore[index]  # as above
            if text is None or not self._terms >= {PS.plainWords, kind}:
                continue
            words, starts = _placed(text, self._source(subject, kind, text))
            yield subject, PS.plainWords, words  # type: ignore[misc]  # as above
            if starts:
                yield subject, PS.lineStarts, starts  # type: ignore[misc]  # as above

    def _around(self, provision: Term) -> Iterable[Term]:
        """Return a provision and all provisions around it."""
        outer = {provision: None}
        waiting = [provision]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in outer:
                    outer[parent] = None
                    waiting.append(parent)
        return outer

    def _source(self, subject: Term, kind: Term, text: str) -> str:
        """Return the source of a thing from its first line, as far as it is known."""
        sources = self._texts[PS.sourceText]
        own = sources.get(subject)
        if kind == PS.Provision:
            return text
        if kind != PS.Message or own is not None:
            return text if own is None else own
        holder = self._owners.get(subject)
        if holder not in sources:
            # A response is part of a comparison, which is part of the example.
            holder = self._owners.get(holder) if holder else None
        first, begins = self._lines.get(subject), self._lines.get(holder) if holder else None
        if not (isinstance(first, int) and isinstance(begins, int) and holder in sources):
            return text
        # Its source is that of the example from the message's line on, without the markup of the role.
        rest = "\n".join(sources[holder].split("\n")[max(first - begins, 0) :])
        return _ENTITY.sub(" ", _OPTION.sub("\n", _HEAD.sub("", rest)))


def _placed(text: str, source: str) -> tuple[str, str]:
    """Return the words of a visible text, and the positions in them at which lines of the source begin."""
    visible = _visible(text)
    words = visible.split()
    lines = [line.split() for line in (visible if source is text else _visible(source)).split("\n")]
    counts: list[int] = []
    place = 0
    for line in lines:
        # Lines after the last word have no words.
        if place == len(words) or line != words[place : place + len(line)]:
            break
        place += len(line)
        counts.append(place)
    if place < len(words):
        counts = _line_counts(words, lines)
    ends = list(accumulate((len(word) + 1 for word in words), initial=0))
    starts = (str(ends[count]) for count in counts if count < len(words))
    return _joined(words), " ".join(starts)


def _line_counts(words: list[str], lines: list[list[str]]) -> list[int]:
    """Return how many words of a text precede the end of each line of its source, which may have more or other words."""
    places = [(word, number) for number, line in enumerate(lines) for word in line]
    counts: list[int] = []
    place = number = 0
    for count, pair in enumerate(zip(words, [*words[1:], ""], strict=True)):
        for at in range(place, min(place + _REACH, len(places))):
            # Two consecutive words are hardly ever a coincidence.
            near = at + 1 == len(places) or not pair[1] or places[at + 1][0] == pair[1]
            if places[at][0] == pair[0] and (near or at == place):
                place, number = at + 1, places[at][1]
                break
        counts += [count] * (number - len(counts))
    return counts


def _visible(text: str) -> str:
    """Return the words that a reader sees, separated by spaces and line breaks."""
    return _UNSEEN.sub("", text.lower()).translate(_separators())


def _joined(words: list[str]) -> str:
    return f" {' '.join(words)} " if words else " "


class _Separators(dict[int, str]):
    """Replacements of characters for splitting into words: the character, the character as a word, or a space."""

    def __missing__(self, code: int) -> str:
        """Classify a character on its first use."""
        char = chr(code)
        kind = unicodedata.category(char)
        is_word = kind[0] in "LM" or kind in {"Nd", "Nl", "Pc"} or char in _JOINERS
        apart = f" {char} " if _ALONE.match(char) else char
        self[code] = replacement = apart if is_word or char == "\n" else " "
        return replacement


@cache
def _separators() -> _Separators:
    return _Separators()
