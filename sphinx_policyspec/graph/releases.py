"""Several releases in one base: a named graph for each, and one for what changed between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain, pairwise

from sphinx_policyspec.errors import QueryError, SourceError
from sphinx_policyspec.files import grouped
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, published
from sphinx_policyspec.graph.portable import with_portable
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, Question, find_question
from sphinx_policyspec.graph.serialize import NamedGraph, graph_lines, pieces
from sphinx_policyspec.graph.syntaxes import Statements, blocks
from sphinx_policyspec.graph.terms import (
    DEFAULT_BASE,
    NAMED_GRAPHS,
    OWL,
    PROV,
    PS,
    RDF,
    Iri,
    Iris,
    OwnGraph,
    Triple,
    check_texts,
    checked_size,
    iri_of,
)
from sphinx_policyspec.graph.to_graph import release_iri, triples_of
from sphinx_policyspec.model import Example, Finding, Provision, Span, Spec
from sphinx_policyspec.model.spec import base_of, based

Made = Callable[[Iterator[Triple]], Iterator[Triple]]
"""What makes the triples of a release, as they are written, of those that its spec has."""
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFact:
    """A change as the graph tells it.

    :param kind: what happened, such as ``level-raised``
    :param subject: the kind of thing that it happened to, as its IRI names it
    :param id: of that thing
    :param text: what happened, in a sentence
    """

    kind: str
    subject: str
    id: str
    weight: str
    rule: str
    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What changed from one release to the next.

    :param same: what has another IRI and is the same: kind, old id, new id
    """

    old: str
    new: str
    facts: tuple[ChangeFact, ...]
    same: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SpecReleases:
    """A spec of several in one base, with its releases.

    :param name: by which it is told from the others
    :param releases: from the first to the last
    :param compare: returns what changed from each to the next
    :param beside: graphs of what is said of it elsewhere, such as results of evaluations
    """

    name: str
    releases: tuple[Spec, ...]
    compare: Callable[[Sequence[Spec]], tuple[Revision, ...]] = field(default=lambda _: (), repr=False)
    beside: tuple[NamedGraph, ...] = ()

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """What changed from each release to the next."""
        return self.compare(self.releases)

    def present_id(self, kind: str, name: str) -> str:
        """Return the id that a thing has in the last release that has it, by any id that it ever had; where there is none, the same.

        :param kind: ``provision`` or ``example``
        """
        names = self._identities.names.get((kind, name), frozenset((name,)))
        for release in reversed(self.releases):
            things: Iterable[Provision | Example] = (
                release.examples if kind == "example" else release.provisions
            )
            if found := names.intersection(thing.id for thing in things):
                return min(found)
        return name

    @cached_property
    def _identities(self) -> _Identities:
        return _Identities.of(self.releases, self.revisions)

    @property
    def last(self) -> Spec:
        """The last release."""
        return self.releases[-1]

    def base(self, question: Question) -> KnowledgeBase:
        """Return what holds what a question looks at: one release, or all where there are several."""
        if len(self.releases) > 1 or question.over == "releases":
            base = releases_base(self.releases, self.revisions)
        else:
            base = KnowledgeBase.from_spec(self.last, question=question.name)
        for graph in self.beside:
            base.add_graphs(graph.pieces)
        return base


def in_order(specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """Return releases from the first to the last, spec by spec; numbers in versions count as numbers.

    Raises :class:`~sphinx_policyspec.errors.SourceError` where two of a spec have one version, whose graphs would be one.
    """
    of_base = grouped((base_of(spec), spec) for spec in specs)
    ordered = [
        spec for same in of_base.values() for spec in sorted(same, key=lambda one: version_order(one.version))
    ]
    for one, other in pairwise(ordered):
        if (one.version, base_of(one)) == (other.version, base_of(other)):
            raise SourceError(
                f"two of the releases have the version `{one.version}`"
                if one.version
                else "two of the releases have no version: call their folders by the day of each, such as `2026-01-31`"
            )
    return tuple(ordered)


def by_spec(sources: Iterable[Sequence[Spec]]) -> tuple[SpecReleases, ...]:
    """Return the specs of several sources, in their order, each with its releases; what changed is left to who compares.

    Sources of one base are releases of one spec. Raises :class:`~sphinx_policyspec.errors.SourceError` (``same-base``)
    where they cannot be: two have one version, or their titles differ.
    """
    of_base: dict[str, list[Sequence[Spec]]] = {}
    for source in sources:
        for base, specs in grouped((base_of(spec), spec) for spec in source).items():
            of_base.setdefault(base, []).append(specs)
    found = []
    for base, given in of_base.items():
        for one, other in pairwise(given):
            _check_base(base or DEFAULT_BASE, one, other)
        releases = in_order(spec for specs in given for spec in specs)
        found.append(SpecReleases(name=releases[-1].called or "spec", releases=releases))
    for name, same in grouped((one.name, one) for one in found).items():
        if len(same) > 1:
            raise SourceError(
                f"two specs are called `{name}`: give each a name of its own with `--name` [same-base]"
            )
    return tuple(found)


def _check_base(base: str, one: Sequence[Spec], other: Sequence[Spec]) -> None:
    """Refuse two sources of one base that are not releases of one spec."""
    mend = "give each a name with `--name`, if they are two specs [same-base]"
    if one[-1].title != other[-1].title:
        titles = f"`{one[-1].title}` and `{other[-1].title}`"
        raise SourceError(f"{titles} have one base, `{base}`: {mend}")
    versions = {spec.version for spec in one} & {spec.version for spec in other}
    if versions:
        shown = f"the version `{min(versions)}`" if min(versions) else "no version"
        raise SourceError(f"two SOURCEs of the base `{base}` have {shown}: {mend}")


def version_order(version: str) -> list[tuple[int, str]]:
    """Return what stands between numbers, and the numbers, in turn; of two numbers the longer is the greater."""
    parts = _NUMBER.split(version)
    numbers = (part.lstrip("0") for part in parts[1::2])
    parts[1::2] = numbers
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def graphs_of(
    specs: Sequence[Spec],
    revisions: Sequence[Revision],
    made: Made = iter,
) -> Iterator[tuple[str, Iterable[Triple]]]:
    """Yield each graph with its name: the releases from the first to the last, then the changes.

    :param made: what is stated of a release beside what its spec says
    """
    iris = Iris(base_of(specs[-1]))
    for spec in specs:
        yield release_iri(spec), made(triples_of(spec))
    yield iris.beside(OwnGraph.CHANGES), _changes(iris, specs, revisions)


def _changes(iris: Iris, specs: Sequence[Spec], revisions: Sequence[Revision]) -> Iterator[Triple]:
    """Yield which releases there are, in their order, which names are of one thing, and what changed from each to the next."""
    for place, spec in enumerate(specs, 1):
        yield iris.release(spec.version), PS.order, place
    yield from _lineages(iris, revisions)
    for kind, now, before in _Identities.of(specs, revisions).said:
        yield iris.iri(kind, now), OWL.sameAs, iris.iri(kind, before)
    for revision in revisions:
        old, new = iris.release(revision.old), iris.release(revision.new)
        yield new, PROV.wasRevisionOf, old
        for kind, before, after in revision.same:
            yield iris.iri(kind, after), PROV.wasRevisionOf, iris.iri(kind, before)
        for order, fact in enumerate(revision.facts, 1):
            iri = change_iri(iris, revision, order)
            yield from change_triples(iris, iri, fact, order)
            yield iri, PS.sinceRelease, old
            yield iri, PS.inRelease, new


@dataclass(frozen=True, slots=True)
class _Identities:
    """Which ids are of one thing.

    :param said: kind, id, and one that it had before
    :param names: all ids of a thing, by its kind and each of them
    """

    said: tuple[tuple[str, str, str], ...]
    names: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, specs: Sequence[Spec], revisions: Sequence[Revision]) -> _Identities:
        """Return those of releases.

        An id may have passed to another thing. What says that two are one would say it of both; so ids are not of one
        thing where a release has both of them, or others that are the same as they are.
        """
        held = {
            "provision": [{one.id for one in spec.provisions} for spec in specs],
            "example": [{one.id for one in spec.examples} for spec in specs],
        }
        renamed = ((kind, after, before) for revision in revisions for kind, before, after in revision.same)
        former = (
            ("provision", provision.id, alias)
            for spec in specs
            for provision in spec.provisions
            for alias in provision.aliases
        )
        said: list[tuple[str, str, str]] = []
        names: dict[tuple[str, str], frozenset[str]] = {}
        for kind, now, before in dict.fromkeys(chain(renamed, former)):
            pair = [names.get((kind, name), frozenset((name,))) for name in (now, before)]
            both = pair[0] | pair[1]
            if all(len(both & ids) < 2 for ids in held[kind]):  # noqa: PLR2004  of one thing, one id
                names |= {(kind, name): both for name in both}
                said.append((kind, now, before))
        return cls(tuple(said), names)


def change_iri(iris: Iris, revision: Revision, order: int) -> Iri:
    """Return the IRI of a change, by its place among those of its revision, from 1."""
    return iris.part("change", Iri(f"{iris.base}{revision.old}/{revision.new}"), order)


def change_triples(iris: Iris, iri: Iri, fact: ChangeFact, order: int) -> Iterator[Triple]:
    """Yield what a change is, without the releases between which it is."""
    yield iri, RDF.type, PS.Change
    yield iri, PS.changed, iris.iri(fact.subject, fact.id)
    yield iri, PS.changeKind, fact.kind
    yield iri, PS.changeWeight, _WEIGHTS.get(fact.weight) or iri_of(f"ps:{fact.weight.capitalize()}")
    yield iri, PS.rule, fact.rule
    yield iri, PS.text, fact.text
    yield iri, PS.order, order
    if fact.before:
        yield iri, PS.before, fact.before
    if fact.after:
        yield iri, PS.after, fact.after


def _lineages(iris: Iris, revisions: Sequence[Revision]) -> Iterator[Triple]:
    """Yield the first name of each thing that has another one in another release, under each of its names."""
    firsts: dict[Iri, Iri] = {}

    def first(name: Iri) -> Iri:
        while (older := firsts.setdefault(name, name)) != name:
            name = older
        return name

    for revision in revisions:
        for kind, before, after in revision.same:
            # A name may come back: then both lines are one.
            firsts[first(iris.iri(kind, after))] = first(iris.iri(kind, before))
    for name in firsts:
        yield name, PS.lineage, first(name)


_WEIGHTS = {"needs-reader": PS.NeedsReader, "both": PS.BothWays}
"""Weights whose terms are not called as they are."""


def release_pieces(
    specs: Sequence[Spec],
    revisions: Sequence[Revision],
    form: str,
    *,
    made: Made = iter,
) -> Iterator[bytes]:
    """Return pieces of releases and what changed between them as N-Quads or TriG, the same for the same releases.

    :param specs: as :func:`in_order` returns them
    :param made: what is stated of a release beside what its spec says
    """
    _check_form(form)
    return checked_size(blocks(_texts(specs, revisions, form, made)), form)


def _texts(specs: Sequence[Spec], revisions: Sequence[Revision], form: str, made: Made) -> Iterator[str]:
    for name, triples in graphs_of(specs, revisions, made):
        statements = Statements(triples)
        release = name if statements.with_type(PS.Spec) else ""
        yield from graph_lines(check_texts(statements.lines()), form, name, release)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedGraph:
    """A graph of a spec as every server has it.

    :param version: of the release; empty for what is no release
    :param lines: of N-Triples, sorted
    """

    name: Iri
    version: str
    lines: tuple[str, ...]


def others_of(one: SpecReleases) -> tuple[NamedGraph, ...]:
    """Return the graphs of a spec that are no releases: of what changed between them, and those beside it."""
    return NamedGraph(name=changes_iri(one), triples=partial(changes_of, one)), *one.beside


def published_graphs(one: SpecReleases, *, with_changes: bool = True) -> Iterator[PublishedGraph]:
    """Yield all graphs of a spec as they are published and served; no other place says which there are.

    :param with_changes: whether one tells what changed between releases
    """
    for spec in one.releases:
        data = b"".join(pieces(published(triples_of(spec)), "nt", inferred=True)[0]).decode()
        lines = tuple(f"{line}\n" for line in data.split("\n") if line)
        yield PublishedGraph(name=release_iri(spec), version=spec.version, lines=lines)
    for graph in others_of(one)[not with_changes :]:
        yield PublishedGraph(name=graph.name, version="", lines=tuple(graph.lines()))


def published_pieces(specs: Sequence[SpecReleases], form: str) -> Iterator[bytes]:
    """Return pieces of all graphs of specs as N-Quads or TriG, with the statements that a server gets of them."""
    _check_form(form)
    texts = (
        text
        for one in specs
        for graph in published_graphs(one)
        for text in graph_lines(
            check_texts(graph.lines), form, graph.name, graph.name if graph.version else ""
        )
    )
    return checked_size(blocks(texts), form)


def _check_form(form: str) -> None:
    """Refuse a format that holds one graph."""
    if form not in NAMED_GRAPHS:
        raise SourceError(f"`{form}` holds one release; several take {' or '.join(NAMED_GRAPHS)}")


def served_pieces(one: SpecReleases) -> Iterator[bytes]:
    """Yield N-Quads of a spec for a server: its graphs as they are published, and the last release as the default graph."""
    last = release_iri(one.last)
    for graph in published_graphs(one):
        if graph.name == last:
            yield from blocks(graph.lines)
        yield from blocks(graph_lines(graph.lines, "nq", graph.name, ""))


def changes_iri(one: SpecReleases) -> Iri:
    """Return the name of the graph of what changed between the releases of a spec."""
    return Iris(base_of(one.last)).beside(OwnGraph.CHANGES)


def changes_of(one: SpecReleases) -> Iterator[Triple]:
    """Return what changed between the releases of a spec as triples."""
    return _changes(Iris(base_of(one.last)), one.releases, one.revisions)


def releases_base(specs: Sequence[Spec], revisions: Sequence[Revision]) -> KnowledgeBase:
    """Return releases as one knowledge base; the default graph holds the last one.

    :param specs: as :func:`in_order` returns them
    """
    base = KnowledgeBase.from_spec(specs[-1])
    base.add_graphs(
        partial(release_pieces, specs, revisions, "nq"),
        partial(release_pieces, specs, revisions, "nq", made=with_portable),
    )
    return base


def specs_pieces(specs: Sequence[SpecReleases], form: str, *, made: Made = iter) -> Iterator[bytes]:
    """Return pieces of several specs as N-Quads or TriG: a graph for each release, and one for what changed in each spec.

    :param made: as for :func:`release_pieces`
    """
    _check_form(form)
    texts = (text for one in specs for text in _texts(one.releases, one.revisions, form, made))
    return checked_size(blocks(texts), form)


def rebased(specs: Sequence[SpecReleases], base_iri: str) -> tuple[SpecReleases, ...]:
    """Return specs whose IRIs begin as a caller says, where it says anything.

    Raises :class:`~sphinx_policyspec.errors.SourceError` for several, whose ids would collide, and as :func:`based` does.
    """
    if base_iri and len(specs) > 1:
        raise SourceError(
            f"`{base_iri}` is the base of one spec, and here are several: give each a name instead"
        )
    return tuple(
        replace(one, releases=tuple(based(spec, base_iri) for spec in one.releases)) for one in specs
    )


class SpecsBase(KnowledgeBase):
    """Several specs in one base.

    The default graph holds the last release of each; each release of each is a named graph, too. A named question is
    asked of each spec alone, as if there were no other; one about alignments of all together.

    :param specs: as :func:`by_spec` returns them
    :param only: names of those whose rows are wanted; by default all
    """

    def __init__(self, specs: Sequence[SpecReleases], only: Collection[str] = ()) -> None:
        super().__init__(lambda: (triple for one in specs for triple in _named(one)))
        self.specs = tuple(specs)
        self._only = frozenset(only) or frozenset(one.name for one in specs)
        self.add_graphs(
            partial(specs_pieces, specs, "nq"), partial(specs_pieces, specs, "nq", made=with_portable)
        )

    def ask(self, name: str, params: Mapping[str, str] | None = None) -> Answer:
        """Answer a named question for each spec: the rows that it alone gives, with its name in the column ``spec``.

        A spec that lacks what a parameter names has no rows, which is a finding; where all lack it, that is the error.
        """
        question = find_question(name)
        if question.over in {"alignments", "cases"}:
            return self._of_all(super().ask(name, params))
        answers: dict[str, Answer] = {}
        lacking: dict[str, QueryError] = {}
        for one in (spec for spec in self.specs if spec.name in self._only):
            try:
                with one.base(question) as base:
                    answers[one.name] = base.ask(name, params)
            except QueryError as error:
                lacking[one.name] = error
        if not answers:
            raise next(iter(lacking.values()))
        columns = next(iter(answers.values())).columns
        found = (finding for answer in answers.values() for finding in answer.findings)
        told = (
            Finding(code="unknown-term", message=f"`{spec}`: {error}", span=Span(name, 1))
            for spec, error in lacking.items()
        )
        return Answer(
            columns=("spec", *columns),
            rows=tuple(
                (Cell(CellKind.LITERAL, spec), *row)
                for spec, answer in answers.items()
                for row in answer.rows
            ),
            findings=(*found, *told),
        )

    def _of_all(self, answer: Answer) -> Answer:
        """Return the rows of the specs that are wanted, in the order of the specs."""
        order = {one.name: place for place, one in enumerate(self.specs)}
        rows = (row for row in answer.rows if row[0].value in self._only)
        return replace(answer, rows=tuple(sorted(rows, key=lambda row: order[row[0].value])))


def _named(one: SpecReleases) -> Iterator[Triple]:
    """Yield the last release of a spec, with the name that it has among others."""
    yield from triples_of(one.last)
    yield release_iri(one.last), PS.specName, one.name
