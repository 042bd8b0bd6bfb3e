"""The things that ids of alignments name: provisions of several specs by their current and former IRIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import unquote

from sphinx_policyspec.alignments import Alignment, MappingRow, MatchPredicate
from sphinx_policyspec.compare.matching import identify
from sphinx_policyspec.files import Brief, number_of, text_digest
from sphinx_policyspec.graph.releases import SpecReleases
from sphinx_policyspec.graph.terms import Iris
from sphinx_policyspec.model import AuthorityLevel, Clause, Finding, Principle, Provision
from sphinx_policyspec.model.finding import UnknownNames, shown
from sphinx_policyspec.model.outlines import Passage, passage_of, passages, split_locator
from sphinx_policyspec.model.spec import base_of

SIDES = ("subject", "object")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedThing(Brief):
    """The thing that an id of an alignment names: a provision, or a clause, paragraph or sentence of it.

    :param place: number of its spec among the aligned ones
    :param iri: its name in a graph
    """

    place: int
    iri: str
    provision: Provision
    clause: Clause | None = None
    passage: Passage | None = None
    level: AuthorityLevel | None = None

    @property
    def text(self) -> str:
        """The words that were compared."""
        part = self.clause or self.passage
        return part.text if part else self.provision.text

    @property
    def name(self) -> str:
        """Its name within its spec: the id of a provision, or the locator of a part."""
        passage = passage_of(self.provision, self.clause.text) if self.clause else self.passage
        return passage.locator if passage else self.provision.id

    @property
    def digest(self) -> str:
        """The digest of its text, which shows whether the text has changed."""
        return text_digest(self.text)


class AlignedSpecs:
    """Specs whose things an alignment names, by their IRIs.

    :param read: each spec with its releases: the last one counts, earlier ones give former ids and texts
    """

    def __init__(self, read: Sequence[SpecReleases]) -> None:
        self.names = tuple(one.name for one in read)
        self.specs = tuple(one.last for one in read)
        self.older = tuple(one.releases[:-1] for one in read)
        self.iris = tuple(Iris(base_of(spec)) for spec in self.specs)
        self._things: dict[str, AlignedThing] = {}
        self._former: dict[str, AlignedThing] = {}
        self._passages: dict[str, dict[tuple[int, int], Passage]] = {}
        for place in range(len(self.specs)):
            self._add(place)

    def _add(self, place: int) -> None:
        spec, iris = self.specs[place], self.iris[place]
        for provision in spec.provisions:
            level = spec.level_by_id.get(provision.authority) if isinstance(provision, Principle) else None
            thing = AlignedThing(
                place=place, iri=iris.iri("provision", provision.id), provision=provision, level=level
            )
            self._things.setdefault(unquote(thing.iri), thing)
            for alias in provision.aliases:
                self._former.setdefault(unquote(iris.iri("provision", alias)), thing)
        for number, clause in enumerate(spec.clauses, 1):
            if owner := spec.provision_by_id.get(clause.principle):
                iri = iris.part("clause", iris.iri("provision", owner.id), number)
                level = spec.level_by_id.get(clause.authority)
                thing = AlignedThing(place=place, iri=iri, provision=owner, clause=clause, level=level)
                self._things.setdefault(unquote(iri), thing)

    def find(self, iri: str) -> AlignedThing | None:
        """Return the thing that an IRI names today; after `#`, ``¶3`` is a paragraph, ``¶3s2`` a sentence."""
        name = unquote(iri)
        if (thing := self._things.get(name)) or "¶" not in name:
            return thing
        return self._part(self._things.get(split_locator(name)[0]), name)

    def _part(self, thing: AlignedThing | None, name: str) -> AlignedThing | None:
        if thing is None:
            return None
        if thing.iri not in self._passages:
            parts = passages(thing.provision)
            self._passages[thing.iri] = {(one.paragraph, one.sentence): one for one in parts}
        passage = self._passages[thing.iri].get(split_locator(name)[1:])
        return replace(thing, passage=passage) if passage else None

    def renamed(self, iri: str) -> AlignedThing | None:
        """Return the thing that an IRI named before: by a former id, or in an older release."""
        name = unquote(iri)
        whole = split_locator(name)[0]
        thing = self._former.get(whole) or self._renamed_since.get(whole)
        return thing if whole == name else self._part(thing, name)

    @cached_property
    def _renamed_since(self) -> dict[str, AlignedThing]:
        things: dict[str, AlignedThing] = {}
        for spec, iris, releases in zip(self.specs, self.iris, self.older, strict=True):
            for older in releases[::-1]:
                for match in identify(older, spec).matches:
                    thing = self._things.get(unquote(iris.iri("provision", match.new)))
                    if match.old != match.new and thing:
                        things.setdefault(unquote(iris.iri("provision", match.old)), thing)
        return things

    def place_of(self, iri: str) -> int | None:
        """Return the number of the spec that an IRI belongs to, by its base."""
        bases = [(len(iris.base), place) for place, iris in enumerate(self.iris) if iri.startswith(iris.base)]
        return max(bases)[1] if bases else None

    def provision_iris(self, place: int) -> list[str]:
        """Return the IRIs of the provisions of a spec."""
        return [self.iris[place].iri("provision", one.id) for one in self.specs[place].provisions]

    def text_with(self, thing: AlignedThing, digest: str) -> str | None:
        """Return the text that has a digest in an older release of a spec; none if no release has it."""
        for older in self.older[thing.place][::-1]:
            texts = [one.text for one in older.clauses] if thing.clause else []
            if thing.passage:
                texts += [one.text for provision in older.provisions for one in passages(provision)]
            texts += [one.text for one in older.provisions]
            same = older.provision_by_id.get(thing.provision.id)
            for text in ([same.text] if same else []) + texts:
                if text_digest(text) == digest:
                    return text
        return None


class AlignedSides:
    """An alignment with its specs, to find the things that its rows name.

    :param places: numbers of the specs of subjects and of objects; none for a spec that is not among them
    """

    def __init__(self, alignment: Alignment, specs: AlignedSpecs) -> None:
        self.alignment = alignment
        self.specs = specs
        self._unknown = UnknownNames()
        self._cached_ids: dict[tuple[int, bool], list[str]] = {}
        first, second = (self._place(side) for side in SIDES)
        places = (
            place
            for row in alignment.rows
            for side in SIDES
            if (place := self._place_of_id(row, side)) is not None
        )
        others = list(dict.fromkeys((*places, *range(len(specs.specs)))))
        if first is None:
            first = next((place for place in others if place != second), None)
        if second in {None, first}:
            second = next((place for place in others if place != first), None)
        self.places: dict[str, int | None] = {"subject": first, "object": second}

    def _place(self, side: str) -> int | None:
        """Return the spec of a side: that whose base the header names, else that of the first id with a base."""
        source = self.alignment.iri(getattr(self.alignment, f"{side}_source"))
        if source and (place := self.specs.place_of(source)) is not None:
            return place
        places = (self._place_of_id(row, side) for row in self.alignment.rows)
        return next((place for place in places if place is not None), None)

    def _place_of_id(self, row: MappingRow, side: str) -> int | None:
        return self.specs.place_of(self.alignment.iri(getattr(row, f"{side}_id")))

    def is_declared(self, name: str) -> bool:
        """Return whether an id has a declared prefix or is an IRI, so that other tools understand it."""
        prefix, colon, _ = name.partition(":")
        is_known = prefix in self.alignment.prefixes or prefix.lower() in _SCHEMES
        return bool(colon) and (is_known or self.specs.place_of(name) is not None)

    def iri(self, name: str, side: str) -> str:
        """Return the IRI of an id; an undeclared one is taken as an id of the spec of its side."""
        place = self.places[side]
        if place is None or self.is_declared(name):
            return self.alignment.iri(name).replace(" ", "%20")
        return (
            self.specs.iris[place]
            .iri("provision", unquote(name.partition(":")[2] or name))
            .replace("%23%C2%B6", "#%C2%B6")
        )

    def beside(self, iri: str) -> int | None:
        """Return the spec in which a counterpart of a thing was looked for: that of the other side."""
        own = self.specs.place_of(iri)
        return next((place for place in self.places.values() if place != own), None)

    def unknown(self, row: MappingRow, side: str) -> Finding:
        """Return the finding that an id of a row names nothing, with a suggestion."""
        name = getattr(row, f"{side}_id")
        place, span = self.specs.place_of(self.iri(name, side)), self.alignment.place(row, f"{side}_id")
        if place is None:
            bases = ", ".join(f"`{iris.base}`" for iris in self.specs.iris)
            return Finding(
                code="unknown-provision",
                message=f"unknown provision {shown(name)}: it is of none of the specs",
                span=span,
                hint=f"their names begin with {bases}",
            )
        whole = split_locator(unquote(self.iri(name, side)))[0]
        if (thing := self.specs.find(whole)) and whole != unquote(self.iri(name, side)):
            count = max((one.paragraph for one in passages(thing.provision)), default=0)
            return Finding(
                code="unknown-provision",
                message=f"{shown(name)} names a place that `{thing.provision.id}` does not have",
                span=span,
                hint=f"it has {number_of(count, 'paragraph')}",
            )
        ids = self._ids(place, is_declared=self.is_declared(name))
        return self._unknown.finding("provision", name, span, ids)

    def _ids(self, place: int, *, is_declared: bool) -> list[str]:
        """Return the ids of a spec in the spelling of the alignment."""
        key = place, is_declared
        if key not in self._cached_ids:
            prefix = "" if is_declared else f"{self.specs.iris[place].base}provision/"
            iris = self.specs.provision_iris(place)
            self._cached_ids[key] = [
                iri.removeprefix(prefix) if prefix else self.alignment.curie(iri) for iri in iris
            ]
        return self._cached_ids[key]

    def thing(self, row: MappingRow, side: str) -> AlignedThing | None:
        """Return the thing that a row names on a side, also by a former id."""
        iri = self.iri(getattr(row, f"{side}_id"), side)
        return self.specs.find(iri) or self.specs.renamed(iri)

    def pairs(self) -> Iterator[tuple[MappingRow, MatchPredicate, AlignedThing, AlignedThing]]:
        """Yield the matches whose subject and object exist in the specs."""
        for row, predicate in self.alignment.matches():
            subject, other = (self.thing(row, side) for side in SIDES)
            if subject and other:
                yield row, predicate, subject, other


_SCHEMES = frozenset({"http", "https", "urn", "doi", "orcid", "tag", "info"})
