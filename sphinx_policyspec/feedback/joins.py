"""Which provisions a remark names, and by what: links, ids in backticks, titles in quotes; nothing else is taken for a name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from sphinx_policyspec.compare.matching import identify
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.feedback.anchors import PlainTexts
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.terms import Iris
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.finding import UnknownNames, shown
from sphinx_policyspec.model.nearest import content_words
from sphinx_policyspec.model.spec import base_of

_ADDRESS = re.compile(r"https?://[^\s<>\"'`()\[\]{}|\\^]{1,2000}")
_COMMENT = re.compile(r"^[ ]{0,3}<!--|<!--", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_NEXT_BLOCK = re.compile(r"\n(?:[ \t\r]*\n|(?=[ ]{0,8}(?:[-*+>#]|\d{1,9}[.)])[ ]))")
"""Where a paragraph ends: at an empty line, or at the next item, heading or quotation."""
_INNER = re.compile(r"\]\(#([^\s()]{1,200})\)")
"""A reference as specs write them."""
_SEEKS = ":~:"
"""What begins that part of a fragment which says what words a browser looks for."""
_MOST_LINKS = 20
"""Links of a remark that are looked at for hints, or for words."""
_HASHED = re.compile(r"(?<![^\s(\[`\"'\u201c>])#((?:[^\W_]|\\?_|-){3,200})")
"""An id after a number sign, as pages show the links of a spec."""
_QUOTES = str.maketrans(dict.fromkeys("«»「」『』", '"'))
_TICKS = re.compile(r"`+")
_LONGEST_ID = 200
_RELEASE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ABOUT = ("about", "id", "provision")
"""Parameters of an address for feedback that name a provision."""
_LONGEST_TITLE = 300
_FEW = 3
"""Near titles that a hint names."""
_SHARED = 2
"""Words that a title has to share with a remark to be near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProvision(Brief):
    """A provision that an address names, or a remark.

    :param name: its id, in the release that is meant
    :param release: version of the release that was named; empty where none was
    """

    name: str
    release: str = ""


class ProvisionJoin(NamedTuple):
    """A provision that a remark names.

    :param provision: its id today
    :param because: how it is named, in words
    :param release: version of the release that a link names; empty for none
    """

    provision: str
    because: str
    release: str = ""


def _stem(path: str) -> str:
    """Return the name of the page that a path leads to, without its ending: a chapter has that of its id in a handbook."""
    return unquote(path.rpartition("/")[2]).removesuffix(".html").removesuffix(".md")


def _letters(text: str) -> str:
    """Return the letters and digits of a text, by which an anchor is known that is made of it."""
    return "".join(filter(str.isalnum, text[:_LONGEST_TITLE].casefold()))


class Links:
    """What addresses and ids name in the releases of a spec.

    :param releases: from the first to the last, which is the one whose ids count
    :param sites: what the addresses of our own pages begin with
    """

    def __init__(self, releases: Sequence[Spec], sites: Iterable[str] = ()) -> None:
        *self._older, self.spec = releases
        self._sites = tuple(sites)
        self._iris = Iris(base_of(self.spec))
        self._texts: dict[str, PlainTexts] = {}
        self._versions = frozenset(one.version for one in releases if one.version)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Today's ids by the ids of older releases, and by former ids that the spec states."""
        found: dict[str, str] = {}
        for older in self._older:
            found |= identify(older, self.spec).new_of
        found |= {alias: one.id for one in self.spec.provisions for alias in one.aliases}
        return {old: new for old, new in found.items() if old not in self.spec.provision_by_id}

    def now(self, name: str) -> str:
        """Return today's id of a provision; empty for a name that none has or had."""
        return name if name in self.spec.provision_by_id else self.renamed.get(name, "")

    def known(self, name: str) -> str:
        """Return what a record calls a provision: today's id, or the one that it had before it went."""
        return self.now(name) or (name if name in self._gone else "")

    @cached_property
    def _gone(self) -> frozenset[str]:
        return frozenset(one.id for older in self._older for one in older.provisions)

    def problem(self, name: str, span: Span, *, may_be_gone: bool) -> Finding | None:
        """Return what is wrong with an id that a record gives; one that releases before had is not unknown.

        :param may_be_gone: whether it is right that the provision is not there any more
        """
        if name in self.spec.provision_by_id:
            return None
        if now := self.now(name):
            message = f"{shown(name)} is called `{now}` now"
            return Finding(code="renamed-target", message=message, span=span, hint=f"write `{now}`")
        if name not in self._gone:
            return self._unknown.finding("provision", name, span, self.spec.provision_by_id)
        if may_be_gone:
            return None
        message = f"{shown(name)} is gone from {shown(self.spec.version)}"
        hint = "name what says it now, or say in its status that it is done with"
        return Finding(code="vanished-target", message=message, span=span, hint=hint)

    @cached_property
    def _unknown(self) -> UnknownNames:
        return UnknownNames()

    def is_iri(self, address: str) -> bool:
        """Return whether an address is the IRI of a provision."""
        return (self._iris.kind_and_id(address) or ("", ""))[0] == "provision"

    def named(self, address: str) -> NamedProvision | None:
        """Return the provision that an address names: an IRI, a place of a published page, or an address for feedback."""
        if (known := self._iris.kind_and_id(address)) and known[0] == "provision":
            return NamedProvision(name=known[1])
        try:
            parts = urlsplit(address)
            asked = parse_qs(parts.query, max_num_fields=50)
        except ValueError:
            return None
        if found := self._at_fragment(parts):
            return found
        for key in _ABOUT:
            for value in asked.get(key, ()):
                if self.known(value) and ("release" in asked or "_" in value):
                    return NamedProvision(name=value, release=asked.get("release", [""])[0])
        return None

    def _at_fragment(self, parts: SplitResult) -> NamedProvision | None:
        """Return the provision that the fragment of an address names: by its id, as one spells it, or by words to look for."""
        name, _, sought = parts.fragment.partition(_SEEKS)
        name, release = unquote(name), self._release_in(parts.path)
        is_ours = bool(release) or parts.geturl().startswith(self._sites)
        # Elsewhere a fragment may be the heading of any page, such as `#overview`.
        if name and self.known(name) and (is_ours or _stem(parts.path) == name or "_" in name):
            return NamedProvision(name=name, release=release)
        spelled = self._by_letters.get(_letters(name), set()) if is_ours else set()
        holder = "".join(spelled) if len(spelled) == 1 else is_ours and self._holder(sought, release)
        return NamedProvision(name=holder, release=release) if holder else None

    def _holder(self, sought: str, release: str) -> str:
        """Return the id of the provision whose title, or words, a link looks for; empty unless they occur once.

        The words come as the drafts for text fragments of the Web Incubator Community Group have them.
        """
        spec = next((one for one in self._older if one.version == release), self.spec)
        for said in sought.split("&"):
            parts = said.removeprefix("text=").split(",") if said.startswith("text=") else []
            # What is before the words ends with a hyphen.
            words = next((normal(unquote(one)) for one in parts if not one.endswith("-")), "")
            titled = [one.id for one in spec.provisions if words and normal(one.title) == words]
            if len(titled) == 1:
                return titled[0]
            if words and (place := self._texts_of(spec).lone_place(words)):
                return place[0]
        return ""

    def _texts_of(self, spec: Spec) -> PlainTexts:
        if spec.version not in self._texts:
            self._texts[spec.version] = PlainTexts(spec)
        return self._texts[spec.version]

    def _release_in(self, path: str) -> str:
        """Return the version of a release that the path of an address names."""
        for stem in map(_stem, reversed(path.split("/"))):
            if stem and (stem in self._versions or _RELEASE.fullmatch(stem)):
                return stem
        return ""

    @cached_property
    def _by_letters(self) -> dict[str, set[str]]:
        """Today's ids by how they and their titles are spelled, which people and programs make anchors of in many ways."""
        found: dict[str, set[str]] = {}
        for spec in (*self._older, self.spec):
            for one in spec.provisions:
                for name in (one.id, one.title):
                    found.setdefault(_letters(name), set()).add(self.known(one.id))
        return found

    @cached_property
    def _by_title(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self.spec.provisions:
            found.setdefault(normal(one.title), []).append(one.id)
        return found

    @cached_property
    def _by_former_title(self) -> dict[str, list[str]]:
        """What older releases called something by a title: the last one that did so, and the ids there."""
        found: dict[str, list[str]] = {}
        for older in self._older:
            held: dict[str, list[str]] = {}
            for one in older.provisions:
                held.setdefault(normal(one.title), [older.version or "an older release"]).append(one.id)
            found |= held
        return found

    def joins(self, text: str) -> tuple[ProvisionJoin, ...]:
        """Return the provisions that a remark names, each once, with how: links first, then ids, then titles."""
        text = without_comments(text)
        found: dict[str, ProvisionJoin] = {}
        for join in (*self._linked(text), *self._ticked(text), *self._titled(text)):
            known = found.get(join.provision)
            if known is None or (not known.release and join.release):
                found[join.provision] = known._replace(release=join.release) if known else join
        return tuple(found.values())

    def linked_releases(self, text: str) -> tuple[str, ...]:
        """Return the releases of the pages that a remark links to: those of links that name a provision, if any do."""
        found: dict[bool, dict[str, None]] = {True: {}, False: {}}
        for address in _addresses(without_comments(text)):
            named = self.named(address)
            if release := named.release if named else self._page_release(address):
                found[named is not None][release] = None
        return tuple(found[True] or found[False])

    def unknown_links(self, text: str) -> tuple[str, ...]:
        """Return links to pages of releases whose provision none of these releases has, each with its id."""
        found = []
        for address in _addresses(without_comments(text)):
            name = urlsplit(address).fragment.partition(_SEEKS)[0] if self._page_release(address) else ""
            if name and not self.named(address):
                found.append(
                    f"{name[:_LONGEST_ID]}: link {address[:200]}; unknown up to {self.spec.version or 'this release'}"
                )
        return tuple(found[:_FEW])

    def _page_release(self, address: str) -> str:
        """Return the release whose page an address leads to; empty for any other address."""
        try:
            return self._release_in(urlsplit(address).path)
        except ValueError:
            return ""

    def _linked(self, text: str) -> Iterator[ProvisionJoin]:
        for address in _addresses(text):
            if named := self.named(address):
                yield self.join(named.name, f"link {address[:200]}", named.release)

        for name in dict.fromkeys(found[1] for found in _INNER.finditer(text)):
            if self.known(name):
                yield self.join(name, f"link #{name}")

    def _ticked(self, text: str) -> Iterator[ProvisionJoin]:
        said = (code.strip().removeprefix("#") for code in code_spans(text) if len(code) <= _LONGEST_ID)
        for name in dict.fromkeys(said):
            if self.known(name):
                yield self.join(name, f"id `{name}`")
        # Without a sign of more than one word, it may be a tag of any kind.
        for name in dict.fromkeys(found[1].replace("\\_", "_") for found in _HASHED.finditer(text)):
            if ("_" in name or "-" in name) and self.known(name):
                yield self.join(name, f"id #{name}")

    def _titled(self, text: str) -> Iterator[ProvisionJoin]:
        # Two quotes in a row hold a title, whichever of them opens: one more before them changes nothing.
        quoted = normal(text.translate(_QUOTES)).split('"')[1:-1]
        for words in dict.fromkeys(map(str.strip, quoted)):
            if len(words) > _LONGEST_TITLE:
                continue
            held = self._by_title.get(words, ())
            if len(held) == 1:
                yield self.join(held[0], f"title “{words}”")
            elif not held and (former := self._by_former_title.get(words)):
                version, *names = former
                if len({self.now(name) or name for name in names}) == 1:
                    yield self.join(names[0], f"title “{words}” of {version}")

    def join(self, name: str, because: str, release: str = "") -> ProvisionJoin:
        """Return the provision that a remark names by an id of any release, with what it is called now.

        :param because: how it is named, in words
        """
        now = self.now(name)
        since = f"; `{name}` is called `{now}` now" if now else f"; `{name}` is gone from {self.spec.called}"
        return ProvisionJoin(now or name, because + since * (now != name), release)

    @cached_property
    def _words(self) -> list[tuple[str, str, frozenset[str]]]:
        return [(one.id, one.title, content_words(one.title)) for one in self.spec.provisions]

    def near(self, title: str, body: str = "") -> tuple[str, ...]:
        """Return provisions, id and title, whose titles share most with that of a remark, for a person to look at.

        :param body: whose links lead to headings, which count, too
        """
        anchors = (found[0].partition("#")[2][:_LONGEST_ID] for found in _ADDRESS.finditer(body))
        headings = (re.sub(r"[\W_]", " ", one) for one in islice(filter(None, anchors), _MOST_LINKS))
        said, anchored = content_words(title[:_LONGEST_TITLE]), [*map(content_words, headings)]
        shared = [
            max(len(words & said), *(n for one in anchored if (n := len(words & one)) >= _SHARED), 0)
            for _, _, words in self._words
        ]
        best = sorted(
            (-count, place)
            for place, count in enumerate(shared)
            if count >= min(_SHARED, max(len(self._words[place][2]), 1))
        )
        return tuple("{}: {}".format(*self._words[place][:2]) for _, place in best[:_FEW])


def _addresses(text: str) -> Iterator[str]:
    """Yield the addresses in a text, each once."""
    addresses = dict.fromkeys(found[0].rstrip(".,;:!?*_") for found in _ADDRESS.finditer(text))
    # To look for words takes a while.
    left_out = set(islice((one for one in addresses if _SEEKS in one), _MOST_LINKS, None))
    return (one for one in addresses if one not in left_out)


class _Next:
    """Looks for the next place of a pattern in a text, after places that come one after the other: each is read once."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._pattern = pattern
        self._text = text
        self._found = -1

    def after(self, place: int) -> int:
        """Return where it is, at a place or after it; the length of the text where it is not there."""
        if self._found < place:
            found = self._pattern.search(self._text, place)
            self._found = found.start() if found else len(self._text)
        return self._found


def without_comments(text: str) -> str:
    """Return text without HTML comments, which a tracker does not show, such as the help in a template of an issue.

    As in CommonMark, one that begins a line ends with the text at the latest; another one does not go beyond its paragraph.
    """
    shown, at = [], 0
    ends, blanks = _Next(re.compile("-->"), text), _Next(_BLANK_LINE, text)
    for begin in _COMMENT.finditer(text):
        if begin.start() < at:
            continue
        end = ends.after(begin.end())
        is_block = begin.start() == 0 or text[begin.start() - 1] == "\n"
        if not is_block and blanks.after(begin.end()) <= end:
            continue
        shown.append(text[at : begin.start()])
        at = min(end + len("-->"), len(text))
    return "".join((*shown, text[at:]))


def code_spans(text: str) -> Iterator[str]:
    """Yield what is in code spans, as CommonMark has them: in a paragraph, between two runs of as many backticks."""
    for paragraph in _NEXT_BLOCK.split(text):
        runs = [found.span() for found in _TICKS.finditer(paragraph)]
        of_length: dict[int, list[int]] = {}
        for place, (start, end) in enumerate(runs):
            of_length.setdefault(end - start, []).append(place)
        at = 0
        while at < len(runs):
            start, end = runs[at]
            before = paragraph[runs[at - 1][1] if at else 0 : start]
            # A backslash takes the first backtick of a run that opens; in code it is none.
            is_escaped = (len(before) - len(before.rstrip("\\"))) % 2
            same = of_length.get(end - start - is_escaped, [])
            if (closing := bisect_right(same, at)) == len(same):
                at += 1
                continue
            yield paragraph[end : runs[same[closing]][0]]
            at = same[closing] + 1


def circles(edges: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield circles of names that lead to one another, each with its names in order.

    Of several circles through one name the first is told.

    :param edges: the names that each one leads to
    """
    left = {name: list(others) for name, others in edges.items()}
    done: set[str] = set()
    told: set[str] = set()
    for begin in left:
        walk = [begin] if begin not in done else []
        depths = dict.fromkeys(walk, 0)
        while walk:
            if not left[walk[-1]]:
                done.add(name := walk.pop())
                del depths[name]
            elif (other := left[walk[-1]].pop()) in depths:
                if other not in told:
                    told.add(other)
                    yield (*walk[depths[other] :],)
            elif other not in done:
                depths[other] = len(walk)
                walk.append(other)


def together(edges: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return one name for all names that lead to one another over any number of steps, whichever way, by each of them.

    :param edges: the names that each one leads to, all of which lead somewhere themselves
    """
    heads = {name: name for name in edges}

    def head(name: str) -> str:
        while heads[name] != name:
            heads[name] = name = heads[heads[name]]
        return name

    for name, others in edges.items():
        for other in others:
            heads[head(other)] = head(name)
    return {name: head(name) for name in edges}
