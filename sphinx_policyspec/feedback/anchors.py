"""Words of a provision that are found again in another release: kept, moved, changed or gone.

An anchor is the target of a W3C Web Annotation: a quotation with what is around it, and where it begins and ends in
the provision's plain text. That is its own text without eval tags, in the plain typography in which ``diff`` compares.
People also quote pages, which show neither the marks of emphasis, code, links and lists nor the ids of references.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import Prefix

from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.errors import SourceError, UnknownIdError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Commentary, Provision, Response, Spec
from sphinx_policyspec.model.nearest import nearest

AROUND = 32
"""Characters on each side of a quotation that an anchor holds."""
_ALIKE = 0.9
"""How alike a passage has to be to count as the words that changed: twice the characters in common by all of both."""
_MOST = (1 + (1 - _ALIKE)) / _ALIKE
"""A quotation that is longer than a text by this cannot be so alike to any of it."""
_LONGEST = 20_000
"""Characters of a quotation beyond which none is looked for that is only alike."""
_ITEM = re.compile(r"^[ \t]*(?:>|[-*+]|\d{1,9}[.)])[ \t]+", re.MULTILINE)
_MARK = re.compile(
    r"\[\?\]\(#(?P<id>[^()\s]{1,200})\)"
    r"|\[(?=[^\[\]]{1,300}\]\([^()\s]{0,500}\))|(?<!\[)\]\([^()\s]{0,500}\)"
    r"|[*`]+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)|\\(?P<escaped>[!-/:-@\[-`{-~])"
)
"""What a page does not show: a reference in place of its title, either end of a link, emphasis and code, an escape."""
_ELLIPSIS = re.compile(r"\[\.\.\.\]|\(\.\.\.\)|\.\.\.")
_SHORTEST_PART = 12
"""Characters of what an ellipsis leaves of a quotation; less could be anywhere."""


class AnchorState(enum.StrEnum):
    """What has become of quoted words in a release."""

    KEPT = "kept"
    """They are in the same provision."""
    MOVED = "moved"
    """They are in a provision with another id, once."""
    CHANGED = "changed"
    """A passage of the same provision is nearly the same."""
    GONE = "gone"
    """No passage is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor(Brief):
    """Words of a provision, quoted from a release.

    :param provision: its id in that release
    :param release: version of the release; empty where it has none, or nobody said
    :param exact: the words
    :param prefix: what is before them, at most :data:`AROUND` characters
    :param suffix: what is behind them, likewise
    :param start: how many characters of the plain text are before them; -1 where nobody said
    :param end: the same up to their end
    :param derived_from: IRI of the anchor that this one was found from in another release; empty for none
    """

    provision: str
    release: str = ""
    exact: str
    prefix: str = ""
    suffix: str = ""
    start: int = -1
    end: int = -1
    derived_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnchor(Brief):
    """What has become of quoted words in a release.

    :param anchor: the one that was sought, as it is stored
    :param provision: where they are, or something like them, by its id in this release; empty where they are gone
    :param start: where it begins in the plain text of the provision; -1 where they are gone, or it cannot be said which of
        several occurrences is meant
    :param end: where it ends
    :param words: what is there
    :param ratio: how alike that is to the quotation: twice the characters in common by all of both, from 0 to 1
    :param is_normalised: whether dashes, quotes, spaces or marks of Markdown differ from those of the quotation
    :param is_beside: whether the words are in the title, commentary or an example of the provision, which have no place in
        its plain text, so that ``start`` is -1
    :param places: where each occurrence begins that may be meant, if there are several
    """

    anchor: Anchor
    state: AnchorState
    provision: str = ""
    start: int = -1
    end: int = -1
    words: str = ""
    ratio: float = 0.0
    is_normalised: bool = False
    is_beside: bool = False
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _PageText:
    """A text as a page shows it.

    :param starts: where each character begins in the plain text
    :param ends: where it ends there; for the letters of a title, both are those of the reference that shows it
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class PlainTexts:
    """The texts of a release in which anchors are found: plain, by the ids of provisions.

    :param renamed: ids by what provisions were called in other releases; former ids that the spec states are known
    """

    spec: Spec
    renamed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {}

    @cached_property
    def _pages(self) -> dict[str, _PageText]:
        return {}

    @cached_property
    def _besides(self) -> dict[str, str]:
        return {}

    @cached_property
    def _former(self) -> dict[str, str]:
        return {alias: one.id for one in self.spec.provisions for alias in one.aliases}

    @cached_property
    def _all(self) -> str:
        """All texts, with a line end between them, which none of them holds."""
        return "\n".join(self.of(one.id) for one in self.spec.provisions)

    def of(self, provision: str) -> str:
        """Return the plain text of a provision."""
        if provision not in self._texts:
            self._texts[provision] = normal(self.spec.provision_by_id[provision].text)
        return self._texts[provision]

    def _page(self, provision: str) -> _PageText:
        """Return the text of a provision as a page shows it."""
        if provision not in self._pages:
            source = self.spec.provision_by_id[provision].text
            self._pages[provision] = _page_text(source, self.of(provision), self.spec.titles)
        return self._pages[provision]

    def _beside(self, provision: str) -> str:
        """Return what else a page shows of a provision: its title, commentary and examples."""
        if provision not in self._besides:
            texts = _texts_beside(self.spec.provision_by_id[provision])
            self._besides[provision] = "\n".join(map(_without_marks, texts))
        return self._besides[provision]

    def named(self, provision: str) -> str:
        """Return what a provision is called here that has or had an id; nothing where there is none."""
        if provision in self.spec.provision_by_id:
            return provision
        now = self.renamed.get(provision) or self._former.get(provision, "")
        return now if now in self.spec.provision_by_id else ""

    def lone_place(self, words: str) -> tuple[str, int] | None:
        """Return the provision that holds words, and where they begin, if they are once in the whole document."""
        at = self._all.find(words)
        if at < 0 or "\n" in words or self._all.find(words, at + 1) >= 0:
            return None
        number = self._all.count("\n", 0, at)
        return self.spec.provisions[number].id, at - self._all.rfind("\n", 0, at) - 1

    def anchor(self, provision: str, words: str) -> Anchor:
        """Return an anchor of words that a provision holds, whatever their dashes, quotes and spaces; the first of several.

        Raises :class:`UnknownIdError` for an unknown id, and :class:`SourceError` where it does not hold them.
        """
        if not (name := self.named(provision)):
            hint = nearest(provision, self.spec.provision_by_id)
            raise UnknownIdError("; ".join(filter(None, (f"no provision `{provision}`", hint))))
        sought = words if words in self.of(name) else normal(words)
        at = self.of(name).find(sought) if sought else -1
        if at >= 0:
            return self.anchor_at(name, at, at + len(sought))
        found = self._on_page(Anchor(provision=name, exact=words), name) if sought else None
        if found is None or found.is_beside:
            raise SourceError(f"`{name}` does not contain the words “{words[:80]}”: copy them from its text")
        return self.anchor_at(name, found.start, found.end)

    def anchor_at(self, provision: str, start: int, end: int, derived_from: str = "") -> Anchor:
        """Return an anchor of the characters of a provision's plain text from ``start`` up to ``end``."""
        text = self.of(provision)
        return Anchor(
            provision=provision,
            release=self.spec.version,
            exact=text[start:end],
            prefix=text[max(start - AROUND, 0) : start],
            suffix=text[end : end + AROUND],
            start=start,
            end=end,
            derived_from=derived_from,
        )

    def find(self, anchor: Anchor) -> FoundAnchor:
        """Return what has become of quoted words here; equal texts give equal answers."""
        here = self.named(anchor.provision)
        plain = normal(anchor.exact)
        for words in dict.fromkeys((anchor.exact, plain)):
            if words and (found := self._verbatim(anchor, here, words)):
                return found
        if here and plain and (found := self._on_page(anchor, here) or self._changed(anchor, here)):
            return found
        return FoundAnchor(anchor=anchor, state=AnchorState.GONE)

    def _changed(self, anchor: Anchor, here: str) -> FoundAnchor | None:
        """Return the passage of a provision that is nearly the same as quoted words, in its plain text or on a page."""
        plain, page = normal(anchor.exact), self._page(here)
        said = anchor.exact if plain == anchor.exact.strip() else plain
        near = _nearest(said, self.of(here))
        if (
            near is None
            and _is_of_page(plain)
            and page.text != self.of(here)
            and (near := _nearest(plain, page.text))
        ):
            near = (page.starts[near[0]], page.ends[near[1] - 1], near[2])
        if near is None:
            return None
        start, end, ratio = near
        state, words = AnchorState.CHANGED, self.of(here)[start:end]
        return FoundAnchor(
            anchor=anchor, state=state, provision=here, start=start, end=end, words=words, ratio=ratio
        )

    def _on_page(self, anchor: Anchor, here: str) -> FoundAnchor | None:
        """Return where a page shows quoted words: in the text of the provision, or beside it."""
        words, page = normal(anchor.exact), self._page(here)
        state = AnchorState.KEPT if here == anchor.provision else AnchorState.MOVED
        meant = _meant(_places(words, page.text), words, page.text, replace(anchor, start=-1))
        if spans := [(at, at + len(words)) for at in meant] or _elided(words, page.text):
            start, end = page.starts[spans[0][0]], page.ends[spans[0][1] - 1]
            is_clear = len(spans) == 1
            return FoundAnchor(
                anchor=anchor,
                state=state,
                provision=here,
                start=start if is_clear else -1,
                end=end if is_clear else -1,
                words=self.of(here)[start:end],
                ratio=1.0,
                is_normalised=True,
                places=() if is_clear else tuple(page.starts[at] for at, _end in spans),
            )
        if words not in self._beside(here):
            return None
        is_other = words != anchor.exact
        return FoundAnchor(
            anchor=anchor,
            state=state,
            provision=here,
            words=words,
            ratio=1.0,
            is_normalised=is_other,
            is_beside=True,
        )

    def _verbatim(self, anchor: Anchor, here: str, words: str) -> FoundAnchor | None:
        """Return where words are as they are: in the provision, else elsewhere."""
        places = _places(words, self.of(here)) if here else ()
        if places:
            meant = _meant(places, words, self.of(here), anchor)
            name, start = here, meant[0] if len(meant) == 1 else -1
            state = AnchorState.KEPT if here == anchor.provision else AnchorState.MOVED
        elif place := self.lone_place(words):
            state, (name, start), meant = AnchorState.MOVED, place, ()
        else:
            return None
        return FoundAnchor(
            anchor=anchor,
            state=state,
            provision=name,
            start=start,
            end=start + len(words) if start >= 0 else -1,
            words=words,
            ratio=1.0,
            is_normalised=words != anchor.exact,
            places=meant if len(meant) > 1 else (),
        )

    def again(self, found: FoundAnchor, derived_from: str) -> Anchor:
        """Return an anchor of what was found, which refers to the one that it was found from.

        Raises :class:`SourceError` where the words are gone, or it cannot be said where they are.

        :param derived_from: IRI of the anchor
        """
        if found.start < 0:
            why = f"occur at {len(found.places)} places" if found.places else "are gone"
            raise SourceError(f"the words “{found.anchor.exact[:80]}” {why}")
        return self.anchor_at(found.provision, found.start, found.end, derived_from)


def _page_text(source: str, plain: str, titles: Mapping[str, str]) -> _PageText:
    """Return a text as a page shows it.

    :param source: the text in Markdown, whose lines tell which marks begin an item of a list
    :param plain: the same in plain typography
    :param titles: what references show, by the ids that they name
    """
    letters: list[tuple[str, int, int]] = []
    for start, end in _items(source, plain):
        at = start
        letters += [(" ", start, start)] * bool(letters)
        for mark in _MARK.finditer(plain, start, end):
            letters += ((plain[place], place, place + 1) for place in range(at, mark.start()))
            if name := mark["id"]:
                title = _without_marks(titles.get(name, name))
                letters += ((letter, mark.start(), mark.end()) for letter in title)
            # Of an escape, the sign behind it is shown.
            at = mark.end() - bool(mark["escaped"])
        letters += ((plain[place], place, place + 1) for place in range(at, end))
    # Marks alone between two blanks leave one of them.
    single = [one for before, one in pairwise([(" ", 0, 0), *letters]) if one[0] != " " or before[0] != " "]
    return _PageText(
        "".join(one[0] for one in single), tuple(one[1] for one in single), tuple(one[2] for one in single)
    )


def _items(source: str, plain: str) -> Iterator[tuple[int, int]]:
    """Yield where the paragraphs and items of lists begin and end in the plain text, without their marks."""
    found: list[tuple[int, int]] = []
    for item in filter(None, map(normal, _ITEM.split(source))):
        at = plain.find(item, found[-1][1] if found else 0)
        if at < 0:
            # A dash at the edge of an item became one with the mark: the marks are left in the text.
            return iter([(0, len(plain))])
        found.append((at, at + len(item)))
    return iter(found)


def _without_marks(words: str) -> str:
    """Return words as a page shows them, in plain typography."""
    return _page_text(words, normal(words), {}).text


def _is_of_page(plain: str) -> bool:
    """Return whether words may be copied from a page: they have no marks of Markdown; one may show a backslash."""
    return all(mark["escaped"] for mark in _MARK.finditer(plain))


def _texts_beside(provision: Provision) -> Iterator[str]:
    """Yield the title of a provision, its commentary, and what its examples say."""
    yield provision.title
    for block in provision.blocks:
        if isinstance(block, Commentary):
            yield block.text
    for example in provision.examples:
        yield example.title
        for message in example.messages:
            yield message.text
            yield message.note if isinstance(message, Response) else ""


def _places(words: str, text: str) -> tuple[int, ...]:
    """Return where each occurrence of words begins, those that overlap others included."""
    found: list[int] = []
    at = text.find(words)
    while at >= 0:
        found.append(at)
        at = text.find(words, at + 1)
    return tuple(found)


def _elided(words: str, text: str) -> list[tuple[int, int]]:
    """Return where quoted words with an ellipsis in them begin and end; nothing where they are not in the text."""
    parts = [part for part in map(str.strip, _ELLIPSIS.split(words)) if part]
    if len(parts) <= 1 or min(map(len, parts)) < _SHORTEST_PART:
        return []
    begin, at = -1, 0
    for part in parts:
        if (place := text.find(part, at)) < 0:
            return []
        begin, at = place if begin < 0 else begin, place + len(part)
    return [(begin, at)]


def _meant(places: tuple[int, ...], words: str, text: str, anchor: Anchor) -> tuple[int, ...]:
    """Return which occurrences of words may be meant: those with most around them as it was, then the one at its place."""
    if len(places) <= 1:
        return places
    prefix, suffix = _plain_side(anchor.prefix), _plain_side(anchor.suffix)
    shared = {at: _around(text, at, at + len(words), prefix, suffix) for at in places}
    most = max(shared.values())
    best = tuple(at for at in places if shared[at] == most)
    return (anchor.start,) if anchor.start in best else best


def _plain_side(text: str) -> str:
    """Return what is beside a quotation in plain typography, with the blank at either end."""
    kept = normal(text)
    return f"{' ' * text[:1].isspace()}{kept}{' ' * text[-1:].isspace()}" if kept else ""


def _around(text: str, start: int, end: int, prefix: str, suffix: str) -> int:
    """Return how many characters around a place are as they were, from the place on."""
    before = text[max(start - len(prefix), 0) : start]
    return _common(before[::-1], prefix[::-1]) + _common(text[end : end + len(suffix)], suffix)


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    return int(Prefix.similarity(one, other))


def _nearest(words: str, text: str) -> tuple[int, int, float] | None:
    """Return the passage of a text that is most alike to words, and how alike, if it is enough; of several the first."""
    if len(words) > min(_LONGEST, _MOST * len(text)):
        return None
    start, end = 0, len(text)
    if len(words) < len(text):
        found = fuzz.partial_ratio_alignment(words, text)
        start, end = (found.dest_start, found.dest_end) if found else (start, end)
    # Words were put in, or taken out: where the passage ends, and then where it begins, is where it is most alike.
    reach = int(len(words) * (_MOST - 1)) + 1
    ratio = 0.0
    for _ in range(2):
        length, _ratio = _most_alike(words, text[start : start + len(words) + reach])
        end = start + length
        length, ratio = _most_alike(words[::-1], text[max(end - len(words) - reach, 0) : end][::-1])
        start = end - length
    return (start, end, ratio) if ratio >= _ALIKE else None


def _most_alike(words: str, text: str) -> tuple[int, float]:
    """Return how long the beginning of a text is that is most alike to words, the shortest of several, and how alike.

    The characters in common with each beginning come from one pass: Hyyrö, "Bit-parallel LCS-length computation
    revisited" (2004).
    """
    places: dict[str, int] = {}
    for place, letter in enumerate(words):
        places[letter] = places.get(letter, 0) | 1 << place
    every = missing = (1 << len(words)) - 1
    best, most = 0, 0.0
    for length, letter in enumerate(text, 1):
        found = missing & places.get(letter, 0)
        missing = ((missing + found) | (missing - found)) & every
        ratio = 2 * (len(words) - missing.bit_count()) / (len(words) + length)
        if ratio > most:
            best, most = length, ratio
    return best, most
