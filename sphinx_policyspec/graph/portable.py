"""What a graph says so that any SPARQL 1.1 engine answers our questions alike: closures, and words as questions look for them.

Engines differ in paths of any length, and in regular expressions over texts. So no named question has either; what it
would compute by them is stated here, the one place for it, whether a graph is written, published or asked in memory.
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
"""Which text of a thing is searched for words, by its class."""
STATED = frozenset((PS.inside, PS.plainWords, PS.lineStarts))
"""What is stated of a spec."""
READ = frozenset((RDF.type, DCTERMS.title, PS.sourceText, PS.text, PS.line, PS.partOf, PS.subsectionOf))
"""The properties that it follows from."""
_UNSEEN = re.compile(r"\[\^\w+\]|\]\([^()\s]*\)")
"""Marks of footnotes and targets of links, which no reader sees."""
_HEAD = re.compile(r"^[ \t]*+(?:<[^>\n]*+>(?:[ \t]*+<!--[^\n]*?-->)?|\.\.[^\n]*+|[:`~]{3,}+[^\n]*+)")
_OPTION = re.compile(r"\n[ \t]*+:[\w-]++:[^\n]*+")
_ENTITY = re.compile(r"&\w++;")
_ALONE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Characters of scripts without spaces: each is a word."""
_REACH = 50
"""Words of a source that are passed over to find the next one of a text."""
_JOINERS = "\u200c\u200d"


def with_portable(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield the triples of a graph, and after them what its questions would have to compute."""
    profile = PortableProfile()
    for triple in triples:
        yield triple
        profile.add(triple)
    yield from profile.stated()


def words_of(text: str) -> str:
    """Return the words of a text as ``ps:plainWords`` has them: in lower case, with a blank before, between and after.

    Every run of blanks, line breaks and punctuation marks is one blank. Without a word it is one blank.
    """
    return _joined(text.lower().translate(_separators()).split())


def stated_for(terms: Collection[str]) -> frozenset[str]:
    """Return what a query needs stated, by the terms that it names: of our properties, and of the classes of what has words."""
    needed = STATED.intersection(terms)
    return needed | _SEARCHED.keys() & terms if PS.plainWords in needed else needed


def read_for(needed: Collection[str]) -> Iterator[tuple[Iri, Iri | None]]:
    """Yield the properties that it follows from, each with the one value that counts, if it is one."""
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
    """Takes the triples of one graph as they pass, and tells what is stated of it.

    :param terms: what a question names, where no other will be asked; by default all is stated
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
        """Take one."""
        subject, predicate, node = triple
        if predicate not in READ:
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
        """Yield what is stated of those that were taken."""
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
        """Return a provision and all that it stands in."""
        found = {provision: None}
        waiting = [provision]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in found:
                    found[parent] = None
                    waiting.append(parent)
        return found

    def _source(self, subject: Term, kind: Term, text: str) -> str:
        """Return what the file holds from the line of a thing on, as far as it is known."""
        sources = self._texts[PS.sourceText]
        own = sources.get(subject)
        if kind == PS.Provision:
            return text
        if kind != PS.Message or own is not None:
            return text if own is None else own
        holder = self._owners.get(subject)
        if holder not in sources:
            # A response is part of a comparison, which is part of what holds them all.
            holder = self._owners.get(holder) if holder else None
        first, begins = self._lines.get(subject), self._lines.get(holder) if holder else None
        if not (isinstance(first, int) and isinstance(begins, int) and holder in sources):
            return text
        # Its source is that of the example from its own line on, without what tells the role.
        rest = "\n".join(sources[holder].split("\n")[max(first - begins, 0) :])
        return _ENTITY.sub(" ", _OPTION.sub("\n", _HEAD.sub("", rest)))


def _placed(text: str, source: str) -> tuple[str, str]:
    """Return the words of a text that is shown, and where in them the lines of its source begin."""
    shown = _seen(text)
    words = shown.split()
    lines = [line.split() for line in (shown if source is text else _seen(source)).split("\n")]
    counts: list[int] = []
    place = 0
    for line in lines:
        # Lines behind the last word hold none.
        if place == len(words) or line != words[place : place + len(line)]:
            break
        place += len(line)
        counts.append(place)
    if place < len(words):
        counts = _found(words, lines)
    ends = list(accumulate((len(word) + 1 for word in words), initial=0))
    starts = (str(ends[count]) for count in counts if count < len(words))
    return _joined(words), " ".join(starts)


def _found(words: list[str], lines: list[list[str]]) -> list[int]:
    """Return how many words of a text stand in its source up to the end of each line; the source may have more, or other ones."""
    places = [(word, number) for number, line in enumerate(lines) for word in line]
    counts: list[int] = []
    place = number = 0
    for count, pair in enumerate(zip(words, [*words[1:], ""], strict=True)):
        for at in range(place, min(place + _REACH, len(places))):
            # Two words in a row are hardly ever others of the same letters.
            near = at + 1 == len(places) or not pair[1] or places[at + 1][0] == pair[1]
            if places[at][0] == pair[0] and (near or at == place):
                place, number = at + 1, places[at][1]
                break
        counts += [count] * (number - len(counts))
    return counts


def _seen(text: str) -> str:
    """Return the words that a reader sees, apart by blanks and line breaks."""
    return _UNSEEN.sub("", text.lower()).translate(_separators())


def _joined(words: list[str]) -> str:
    return f" {' '.join(words)} " if words else " "


class _Separators(dict[int, str]):
    """What each character is for words: itself, a word of its own, or what stands between words."""

    def __missing__(self, code: int) -> str:
        """Look at a character that comes for the first time."""
        char = chr(code)
        kind = unicodedata.category(char)
        is_word = kind[0] in "LM" or kind in {"Nd", "Nl", "Pc"} or char in _JOINERS
        apart = f" {char} " if _ALONE.match(char) else char
        self[code] = found = apart if is_word or char == "\n" else " "
        return found


@cache
def _separators() -> _Separators:
    return _Separators()
