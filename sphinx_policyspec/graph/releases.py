"""Several releases in one knowledge base: a named graph for each, and one for the changes between them."""

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

Transform = Callable[[Iterator[Triple]], Iterator[Triple]]
"""Turns the triples of a spec into those of its release as they are written."""
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFact:
    """A change as the graph has it.

    :param kind: of the change, such as ``level-raised``
    :param subject: the kind of the changed thing, as in its IRI; ``id`` is its id
    :param text: the change in a sentence
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
    """The changes from one release to the next.

    :param same: things with a new IRI that are the same: kind, old id, new id
    """

    old: str
    new: str
    facts: tuple[ChangeFact, ...]
    same: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SpecReleases:
    """One of several specs in one knowledge base, with its releases.

    :param name: distinguishes it from the others
    :param releases: oldest first
    :param compare: returns the changes from each release to the next
    :param beside: graphs of further statements about it, such as results of evaluations
    """

    name: str
    releases: tuple[Spec, ...]
    compare: Callable[[Sequence[Spec]], tuple[Revision, ...]] = field(default=lambda _: (), repr=False)
    beside: tuple[NamedGraph, ...] = ()

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """The changes from each release to the next."""
        return self.compare(self.releases)

    def present_id(self, kind: str, name: str) -> str:
        """Return the id of a thing in the last release that has it, from any of its ids; the same id if no release has it.

        :param kind: ``provision`` or ``example``
        """
        names = self._identities.names.get((kind, name), frozenset((name,)))
        for release in reversed(self.releases):
            things: Iterable[Provision | Example] = (
                release.examples if kind == "example" else release.provisions
            )
            if ids := names.intersection(thing.id for thing in things):
                return min(ids)
        return name

    @cached_property
    def _identities(self) -> _Identities:
        return _Identities.of(self.releases, self.revisions)

    @property
    def last(self) -> Spec:
        """The last release."""
        return self.releases[-1]

    def base(self, question: Question) -> KnowledgeBase:
        """Return a knowledge base for a question: of one release, or of all if there are several."""
        if len(self.releases) > 1 or question.over == "releases":
            base = releases_base(self.releases, self.revisions)
        else:
            base = KnowledgeBase.from_spec(self.last, question=question.name)
        for graph in self.beside:
            base.add_graphs(graph.pieces)
        return base


def in_order(specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """Return releases by spec, oldest first; numbers in versions are compared as numbers.

    Raises :class:`~sphinx_policyspec.errors.SourceError` if two releases of a spec have one version, as their graphs would be one.
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
    """Return the specs of several sources, in their order, each with its releases; the caller adds the comparison.

    Sources with the same base are releases of one spec. Raises :class:`~sphinx_policyspec.errors.SourceError`
    (``same-base``) if they cannot be: two have one version, or their titles differ.
    """
    of_base: dict[str, list[Sequence[Spec]]] = {}
    for source in sources:
        for base, specs in grouped((base_of(spec), spec) for spec in source).items():
            of_base.setdefault(base, []).append(specs)
    result = []
    for base, spec_sources in of_base.items():
        for one, other in pairwise(spec_sources):
            _check_base(base or DEFAULT_BASE, one, other)
        releases = in_order(spec for specs in spec_sources for spec in specs)
        result.append(SpecReleases(name=releases[-1].called or "spec", releases=releases))
    for name, same in grouped((one.name, one) for one in result).items():
        if len(same) > 1:
            raise SourceError(
                f"two specs are called `{name}`: give each a name of its own with `--name` [same-base]"
            )
    return tuple(result)


def _check_base(base: str, one: Sequence[Spec], other: Sequence[Spec]) -> None:
    """Refuse two sources with the same base that are not releases of one spec."""
    mend = "give each a name with `--name`, if they are two specs [same-base]"
    if one[-1].title != other[-1].title:
        titles = f"`{one[-1].title}` and `{other[-1].title}`"
        raise SourceError(f"{titles} have one base, `{base}`: {mend}")
    versions = {spec.version for spec in one} & {spec.version for spec in other}
    if versions:
        version = f"the version `{min(versions)}`" if min(versions) else "no version"
        raise SourceError(f"two SOURCEs of the base `{base}` have {version}: {mend}")


def version_order(version: str) -> list[tuple[int, str]]:
    """Return a sort key for a version: texts and numbers in turn; a number with more digits is greater."""
    parts = _NUMBER.split(version)
    numbers = (part.lstrip("0") for part in parts[1::2])
    parts[1::2] = numbers
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def graphs_of(
    specs: Sequence[Spec],
    revisions: Sequence[Revision],
    transform: Transform = iter,
) -> Iterator[tuple[str, Iterable[Triple]]]:
    """Yield each graph with its name: the releases, oldest first, then the changes.

    :param transform: adds statements to those of a release's spec
    """
    iris = Iris(base_of(specs[-1]))
    for spec in specs:
        yield release_iri(spec), transform(triples_of(spec))
    yield iris.beside(OwnGraph.CHANGES), _changes(iris, specs, revisions)


def _changes(iris: Iris, specs: Sequence[Spec], revisions: Sequence[Revision]) -> Iterator[Triple]:
    """Yield the releases in order, the names of the same thing, and the changes from each release to the next."""
    for place, spec in enumerate(specs, 1):
        yield iris.release(spec.version), PS.order, place
    yield from _lineages(iris, revisions)
    for kind, now, before in _Identities.of(specs, revisions).pairs:
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
    """The ids that belong to the same thing.

    :param pairs: kind, id, and a former id
    :param names: all ids of a thing, by its kind and by each of them
    """

    pairs: tuple[tuple[str, str, str], ...]
    names: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, specs: Sequence[Spec], revisions: Sequence[Revision]) -> _Identities:
        """Return the identities in releases.

        An id may have passed to another thing, and evidence that two ids are the same would apply to both. So ids do not
        belong to the same thing if a release has both of them, or others that are the same as they.
        """
        ids_by_kind = {
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
        pairs: list[tuple[str, str, str]] = []
        names: dict[tuple[str, str], frozenset[str]] = {}
        for kind, now, before in dict.fromkeys(chain(renamed, former)):
            pair = [names.get((kind, name), frozenset((name,))) for name in (now, before)]
            both = pair[0] | pair[1]
            if all(len(both & ids) < 2 for ids in ids_by_kind[kind]):  # noqa: PLR2004  of one thing, one id
                names |= {(kind, name): both for name in both}
                pairs.append((kind, now, before))
        return cls(tuple(pairs), names)


def change_iri(iris: Iris, revision: Revision, order: int) -> Iri:
    """Return the IRI of a change, by its number in its revision, from 1."""
    return iris.part("change", Iri(f"{iris.base}{revision.old}/{revision.new}"), order)


def change_triples(iris: Iris, iri: Iri, fact: ChangeFact, order: int) -> Iterator[Triple]:
    """Yield the statements about a change, without its releases."""
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
    """Yield the first name of each renamed thing, for each of its names."""
    firsts: dict[Iri, Iri] = {}

    def first(name: Iri) -> Iri:
        while (older := firsts.setdefault(name, name)) != name:
            name = older
        return name

    for revision in revisions:
        for kind, before, after in revision.same:
            # A name may return: then both lines become one.
            firsts[first(iris.iri(kind, after))] = first(iris.iri(kind, before))
    for name in firsts:
        yield name, PS.lineage, first(name)


_WEIGHTS = {"needs-reader": PS.NeedsReader, "both": PS.BothWays}
"""Weights whose terms have other names."""


def release_pieces(
    specs: Sequence[Spec],
    revisions: Sequence[Revision],
    form: str,
    *,
    transform: Transform = iter,
) -> Iterator[bytes]:
    """Return releases and their changes as pieces of N-Quads or TriG, the same for the same releases.

    :param specs: as :func:`in_order` returns them
    :param transform: adds statements to those of a release's spec
    """
    _check_form(form)
    return checked_size(blocks(_texts(specs, revisions, form, transform)), form)


def _texts(
    specs: Sequence[Spec], revisions: Sequence[Revision], form: str, transform: Transform
) -> Iterator[str]:
    for name, triples in graphs_of(specs, revisions, transform):
        statements = Statements(triples)
        release = name if statements.with_type(PS.Spec) else ""
        yield from graph_lines(check_texts(statements.lines()), form, name, release)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedGraph:
    """A graph of a spec as servers have it.

    :param version: of the release, otherwise empty; ``lines`` are N-Triples, sorted
    """

    name: Iri
    version: str
    lines: tuple[str, ...]


def others_of(one: SpecReleases) -> tuple[NamedGraph, ...]:
    """Return the graphs of a spec that are not releases: of changes between releases, and those beside it."""
    return NamedGraph(name=changes_iri(one), triples=partial(changes_of, one)), *one.beside


def published_graphs(one: SpecReleases, *, with_changes: bool = True) -> Iterator[PublishedGraph]:
    """Yield all graphs of a spec as they are published and served: the only place that decides which there are.

    :param with_changes: whether to include the graph of changes between releases
    """
    for spec in one.releases:
        data = b"".join(pieces(published(triples_of(spec)), "nt", inferred=True)[0]).decode()
        lines = tuple(f"{line}\n" for line in data.split("\n") if line)
        yield PublishedGraph(name=release_iri(spec), version=spec.version, lines=lines)
    for graph in others_of(one)[not with_changes :]:
        yield PublishedGraph(name=graph.name, version="", lines=tuple(graph.lines()))


def published_pieces(specs: Sequence[SpecReleases], form: str) -> Iterator[bytes]:
    """Return all graphs of specs as pieces of N-Quads or TriG, with the statements that servers get."""
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
    """Refuse a format that holds only one graph."""
    if form not in NAMED_GRAPHS:
        raise SourceError(f"`{form}` is one release; several take {' or '.join(NAMED_GRAPHS)}")


def served_pieces(one: SpecReleases) -> Iterator[bytes]:
    """Yield N-Quads of a spec for a server: its graphs as they are published, and the last release as the default graph."""
    last = release_iri(one.last)
    for graph in published_graphs(one):
        if graph.name == last:
            yield from blocks(graph.lines)
        yield from blocks(graph_lines(graph.lines, "nq", graph.name, ""))


def changes_iri(one: SpecReleases) -> Iri:
    """Return the name of the graph of changes between the releases of a spec."""
    return Iris(base_of(one.last)).beside(OwnGraph.CHANGES)


def changes_of(one: SpecReleases) -> Iterator[Triple]:
    """Return the changes between the releases of a spec as triples."""
    return _changes(Iris(base_of(one.last)), one.releases, one.revisions)


def releases_base(specs: Sequence[Spec], revisions: Sequence[Revision]) -> KnowledgeBase:
    """Return releases as one knowledge base with the last one as the default graph.

    :param specs: as :func:`in_order` returns them
    """
    base = KnowledgeBase.from_spec(specs[-1])
    base.add_graphs(
        partial(release_pieces, specs, revisions, "nq"),
        partial(release_pieces, specs, revisions, "nq", transform=with_portable),
    )
    return base


def specs_pieces(specs: Sequence[SpecReleases], form: str, *, transform: Transform = iter) -> Iterator[bytes]:
    """Return several specs as pieces of N-Quads or TriG: a graph for each release, and one for each spec's changes.

    :param transform: as for :func:`release_pieces`
    """
    _check_form(form)
    texts = (text for one in specs for text in _texts(one.releases, one.revisions, form, transform))
    return checked_size(blocks(texts), form)


def rebased(specs: Sequence[SpecReleases], base_iri: str) -> tuple[SpecReleases, ...]:
    """Return specs with another base of their IRIs, if one is given.

    Raises :class:`~sphinx_policyspec.errors.SourceError` for several specs, whose ids would collide, and as :func:`based` does.
    """
    if base_iri and len(specs) > 1:
        raise SourceError(
            f"`{base_iri}` is the base of one spec, and here are several: give each a name instead"
        )
    return tuple(
        replace(one, releases=tuple(based(spec, base_iri) for spec in one.releases)) for one in specs
    )


class SpecsBase(KnowledgeBase):
    """Several specs in one knowledge base.

    The default graph holds the last release of each; each release of each is a named graph, too. A named question is
    asked of each spec separately, one about alignments of all together.

    :param specs: as :func:`by_spec` returns them
    :param only: names of the specs whose rows are wanted; by default all
    """

    def __init__(self, specs: Sequence[SpecReleases], only: Collection[str] = ()) -> None:
        super().__init__(lambda: (triple for one in specs for triple in _labelled(one)))
        self.specs = tuple(specs)
        self._only = frozenset(only) or frozenset(one.name for one in specs)
        self.add_graphs(
            partial(specs_pieces, specs, "nq"), partial(specs_pieces, specs, "nq", transform=with_portable)
        )

    def ask(self, name: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a named question for each spec, with the spec's name in the column ``spec``.

        A spec that lacks what a parameter names has no rows and gets a finding; if all lack it, that is an error.
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
        findings = (finding for answer in answers.values() for finding in answer.findings)
        notes = (
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
            findings=(*findings, *notes),
        )

    def _of_all(self, answer: Answer) -> Answer:
        """Return the rows of the wanted specs, in the order of the specs."""
        order = {one.name: place for place, one in enumerate(self.specs)}
        rows = (row for row in answer.rows if row[0].value in self._only)
        return replace(answer, rows=tuple(sorted(rows, key=lambda row: order[row[0].value])))


def _labelled(one: SpecReleases) -> Iterator[Triple]:
    """Yield the last release of a spec, with the name that distinguishes the spec from others."""
    yield from triples_of(one.last)
    yield release_iri(one.last), PS.specName, one.name
