"""The graph of a spec: questions, derivations, and output syntaxes."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Unpack

from sphinx_policyspec.alignments import Alignment
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all, spec_of
from sphinx_policyspec.beside import NOTHING_BESIDE, Beside
from sphinx_policyspec.errors import QueryError, QueryWarning, SourceError
from sphinx_policyspec.files import write_file
from sphinx_policyspec.graph import releases
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, published, with_derived
from sphinx_policyspec.graph.questions import Answer, find_question
from sphinx_policyspec.graph.serialize import NamedGraph, pieces
from sphinx_policyspec.graph.terms import NAMED_GRAPHS, Iris, OwnGraph, graph_of
from sphinx_policyspec.graph.to_graph import release_iri, triples_of
from sphinx_policyspec.graph.touches import TouchKind, about
from sphinx_policyspec.model import Finding, Provision, Spec
from sphinx_policyspec.model.spec import base_of, based
from sphinx_policyspec.reasoning.reasoner import Reasoner, Reasoning
from sphinx_policyspec.sources import Loaded, has_releases, is_graph

if TYPE_CHECKING:
    import rdflib

    from sphinx_policyspec.alignments.sides import AlignedSides
    from sphinx_policyspec.reasoning.owl_view import OwlWorld


def knowledge_base(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    *,
    base_iri: str = "",
    question: str = "",
    beside: Beside = NOTHING_BESIDE,
    only: Collection[str] = (),
) -> KnowledgeBase:
    """Return the knowledge base of a spec or of a SOURCE, for many questions; close it, or use it in a ``with``.

    A graph file that contains its derived statements is used as it is. Each of several releases is a named graph, and
    the changes between them are another; the last release is the default graph as well.

    :param source: also releases, oldest first, as :func:`load_all` returns them. If their bases show that they belong
        to several specs, each release of each is a named graph, and a named question is asked of each spec
        alone: its answer begins with a column ``spec``
    :param question: the only question that will be asked, which saves time and memory
    :param beside: further data about the spec, each as one more named graph
    :param only: names of the specs whose rows are wanted in answers over several
    """
    source, beside = _based(source, base_iri, beside)
    base = _knowledge_base(source, question, is_plain=not beside.reports, only=only)
    beside = beside.for_question(find_question(question).over) if question else beside
    if beside.alignments:
        sides = _aligned(source, beside.alignments)
        base.add_graphs(lambda: _alignment_pieces(sides, "nq", inferred=True))
        base.decides = partial(_case_rows, sides)
    beside.add_to(base)
    return base


def _knowledge_base(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    question: str,
    *,
    is_plain: bool,
    only: Collection[str],
) -> KnowledgeBase:
    over_releases = bool(question) and find_question(question).over == "releases"
    if specs := _releases(source, several=over_releases):
        if len(several_specs := load_specs(specs)) > 1:
            return releases.SpecsBase(several_specs, only)
        return releases.releases_base(specs, _revisions(specs))
    one: Source = source  # type: ignore[assignment]  # a sequence holds releases
    if is_plain and isinstance(one, str | Path) and (inferred := inferred_base(one, question=question)):
        return inferred
    return KnowledgeBase.from_spec(spec_of(one), question=question)


def _based(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases], base_iri: str, beside: Beside
) -> tuple[Source | Sequence[Spec] | Sequence[releases.SpecReleases], Beside]:
    """Return a source and the data about it with a base IRI, unless that is empty."""
    if not base_iri:
        return source, beside
    specs = _releases(source)
    (one,) = releases.rebased(load_specs(specs or (spec_of(source),)), base_iri)  # type: ignore[arg-type]  # a sequence holds releases
    return one.releases if specs else one.last, beside.based(one.last.base_iri)


def _releases(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases], *, several: bool = False
) -> tuple[Spec, ...]:
    """Return the releases of a source that has several, or is to be treated so; else nothing."""
    if isinstance(source, str | Path):
        return load_all(source) if several or has_releases(source) else ()
    if isinstance(source, Spec | Loaded):
        return (spec_of(source),) if several else ()
    return tuple(spec for one in source for spec in ((one,) if isinstance(one, Spec) else one.releases))


def load_specs(
    *sources: str | Path | Sequence[Spec], **options: Unpack[ReadingOptions]
) -> tuple[releases.SpecReleases, ...]:
    """Return several specs, each with its releases, in the order in which SOURCEs first name them.

    Two SOURCEs with the same base IRI are releases of one spec if their titles are equal and their versions differ;
    else :class:`SourceError` says that one needs a name (``spec_name``, or ``spec: {name: …}`` of a sidecar).

    :param sources: also releases that were already read
    """
    groups = [load_all(one, **options) if isinstance(one, str | Path) else tuple(one) for one in sources]
    return tuple(replace(one, compare=_revisions) for one in releases.by_spec(groups))


def _revisions(specs: Sequence[Spec]) -> tuple[releases.Revision, ...]:
    from sphinx_policyspec.compare import compare  # noqa: PLC0415  slow, and one release compares nothing
    from sphinx_policyspec.exports.diff.json import revision_of  # noqa: PLC0415  likewise

    return tuple(revision_of(compare(old, new)) for old, new in pairwise(specs))


def _aligned(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    alignments: Sequence[str | Path | Alignment],
) -> tuple[AlignedSides, ...]:
    """Return alignments with the specs of a source."""
    from sphinx_policyspec.alignments.sides import AlignedSides, AlignedSpecs  # noqa: PLC0415  few bases have some
    from sphinx_policyspec.alignments.sssom import read_alignment_file  # noqa: PLC0415  likewise

    specs = AlignedSpecs(load_specs(_releases(source, several=True)))
    read = (
        one if isinstance(one, Alignment) else read_alignment_file(Path(one), str(one)) for one in alignments
    )
    return tuple(AlignedSides(one, specs) for one in read)


def _case_rows(aligned: Sequence[AlignedSides], file: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the cases in a file, or in a folder of them, as each spec decides them."""
    from sphinx_policyspec.alignments.cases import decided_by_each  # noqa: PLC0415  few bases have alignments
    from sphinx_policyspec.alignments.formats import case_rows  # noqa: PLC0415  likewise
    from sphinx_policyspec.api.judging import read_cases  # noqa: PLC0415  likewise
    from sphinx_policyspec.overlays.quotations import Quotations  # noqa: PLC0415  likewise

    if not file:
        raise QueryError("name a file of cases, or a folder of them")
    cases, findings = read_cases([file])
    decided = decided_by_each(cases, aligned[0].specs, aligned, findings)
    if decided.errors:
        raise QueryError("; ".join(map(str, decided.errors)))
    quotations = {name: Quotations(norms.spec) for name, norms in decided.norms.items()}

    def quotation(spec: str, provision: Provision) -> tuple[str, str]:
        found = quotations[spec].of(provision)
        return (found.words, found.locator) if found else ("", "")

    return case_rows(decided, quotation)


def _alignment_pieces(aligned: Sequence[AlignedSides], form: str, *, inferred: bool) -> Iterator[bytes]:
    from sphinx_policyspec.alignments.formats import aligned_pieces  # noqa: PLC0415  few bases have some

    yield from aligned_pieces(aligned, form, inferred=inferred)


def with_beside(
    specs: Sequence[releases.SpecReleases], beside: Beside = NOTHING_BESIDE
) -> tuple[releases.SpecReleases, ...]:
    """Return specs with the further graphs that are published or served with them.

    An alignment belongs to the spec of its subjects. Raises :class:`SourceError` for data about one spec if there are
    several, for an alignment if there is one spec, and for two graphs with the same name.
    """
    graphs: dict[int, list[NamedGraph]] = {place: [*one.beside] for place, one in enumerate(specs)}
    if beside.reports:
        if len(specs) > 1:
            raise SourceError("results, feedback and decisions are of one spec, and here are several")
        graphs[0] += beside.based(base_of(specs[0].last)).graphs()
    if beside.alignments:
        from sphinx_policyspec.alignments.formats import alignment_graph  # noqa: PLC0415  few specs have some

        if len(specs) < 2:  # noqa: PLR2004  an alignment has two sides
            raise SourceError("alignments are of several specs, and here is one")
        for sides in _aligned(specs, beside.alignments):
            graphs[sides.places["subject"] or 0].append(alignment_graph(sides, inferred=True))
    _check_names([*chain.from_iterable(graphs.values())], specs)
    return tuple(replace(one, beside=tuple(graphs[place])) for place, one in enumerate(specs))


def _check_names(graphs: Sequence[NamedGraph], specs: Sequence[releases.SpecReleases]) -> None:
    """Refuse a graph that has the name of another one."""
    names = [graph.name for graph in graphs]
    bases = [Iris(base_of(one.last)).base for one in specs]
    reserved = {f"{base}{name}" for base in bases for name in (OwnGraph.CHANGES, "catalogue")}
    releases_ = tuple(f"{base}release/" for base in bases)
    for name in names:
        if name in reserved or names.count(name) > 1 or name.startswith(releases_):
            raise SourceError(
                f"two graphs would be called <{name}>: give the alignment a `mapping_set_id` of its own"
            )


def inferred_base(source: str | Path, *, question: str = "", queried: bool = False) -> KnowledgeBase | None:
    """Return the knowledge base of a graph file that contains all statements that the current rules derive; else none.

    :param question: as for :func:`knowledge_base`
    :param queried: whether it will be asked a free query, which then costs one reading of the file
    """
    return (
        KnowledgeBase.of_inferred(Path(source), question=question, queried=queried)
        if is_graph(source)
        else None
    )


def ask(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases], question: str, /, **params: str
) -> Answer:
    """Return the answer to a named question, such as ``ask(spec, "hard-rules")``; :func:`questions` lists them.

    A question over releases may be asked of a SOURCE that has several. Raises :class:`QueryError` for an unknown
    question, parameter, topic or level.
    """
    with knowledge_base(source, question=question) as base:
        return _with_warnings(base.ask(question, params))


def query(source: Source | Sequence[Spec] | Sequence[releases.SpecReleases], sparql: str) -> Answer:
    """Return the answer to a SPARQL query, run under the guard's limits.

    Names in the query that do not exist are warnings, :class:`QueryWarning`, and among the findings of the answer.
    """
    inferred = isinstance(source, str | Path) and inferred_base(source, queried=True)
    with inferred or knowledge_base(source) as base:
        return _with_warnings(base.query(sparql, origin="query()"))


def by_topic(source: Source, *, mentions: bool = False) -> dict[str, dict[str, tuple[TouchKind, ...]]]:
    """Return the provisions about each topic of a spec or a SOURCE: ids of provisions and how they touch it, by topic.

    :param mentions: whether to include provisions that only mention the topic, with that kind
    """
    return about(spec_of(source), mentions=mentions)


def _with_warnings(answer: Answer) -> Answer:
    """Warn of names that an answer could not find, since readers of its rows may not look at findings."""
    for finding in answer.findings:
        warnings.warn(str(finding), QueryWarning, stacklevel=3)
    return answer


def reason(source: Source, *, engine: str = "rules") -> Reasoning:
    """Return the statements that follow from a spec or a SOURCE, and its contradictions.

    A graph file is used as it is: it need not contain a whole spec.

    :param engine: ``rules``, fast and without Java, which may miss a contradiction; or ``hermit``, the
        OWL reasoner, which derives classes only
    """
    if isinstance(source, str | Path) and is_graph(source):
        return Reasoner.of_file(Path(source)).run(engine)
    return Reasoner.of_spec(spec_of(source)).run(engine)


def to_graph(source: Source, *, base_iri: str = "", inferred: bool = False) -> rdflib.Graph:
    """Return the knowledge base of a spec or a SOURCE as a graph of rdflib; :func:`from_graph` gives the spec back.

    :param base_iri: base of the IRIs of things; by default the spec's own, else ``urn:policyspec:spec:``
    :param inferred: whether to add the statements that the rules derive
    """
    spec = based(spec_of(source), base_iri)
    triples = triples_of(spec)
    return graph_of(with_derived(triples) if inferred else triples, release_iri(spec))


def to_owl(
    source: Source, *, base_iri: str = "", inferred: bool = True, for_reasoner: bool = False
) -> OwlWorld:
    """Return a spec as Python objects: an owlready2 World of its own, with the ontology's terms as attributes.

    :param inferred: whether to add the statements that the rules derive, so that ``to_owl(spec).HardRule.instances()``
        needs no reasoner
    :param for_reasoner: whether to return only what a reasoner needs: on a release HermiT takes seconds for it, and
        many minutes for all texts and places
    """
    from sphinx_policyspec.reasoning.owl_view import owl_world  # noqa: PLC0415  owlready2 is slow, and rarely asked for

    return owl_world(based(spec_of(source), base_iri), inferred=inferred, for_reasoner=for_reasoner)


def to_rdf(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    form: str = "ttl",
    *,
    base_iri: str = "",
    inferred: bool = False,
    portable: bool = False,
    beside: Beside = NOTHING_BESIDE,
) -> bytes:
    """Return the knowledge base of a spec or a SOURCE in a syntax of RDF; equal specs give equal bytes.

    Characters that the syntax does not allow are replaced, which :func:`write_rdf` reports.

    :param source: also several releases, oldest first, for ``nq`` and ``trig`` only
    :param form: ``ttl``, ``nt``, ``nq``, ``trig``, ``jsonld`` or ``rdf``
    :param base_iri: as for :func:`to_graph`
    :param inferred: whether to add the statements that the rules derive, for one release
    :param portable: whether to add derived statements and all that any SPARQL 1.1 engine needs to give the same answers
        to named questions; also for several releases
    :param beside: as for :func:`knowledge_base`, for ``nq`` and ``trig`` only
    """
    source, beside = _based(source, base_iri, beside)
    result = _pieces(source, form, inferred=inferred, portable=portable, beside=beside)
    return b"".join(result[0])


def write_rdf(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    file: str | Path | BinaryIO,
    form: str = "ttl",
    *,
    base_iri: str = "",
    inferred: bool = False,
    portable: bool = False,
    beside: Beside = NOTHING_BESIDE,
) -> tuple[Finding, ...]:
    """Write the result of :func:`to_rdf` in pieces, since it may be large; return findings on replaced characters."""
    source, beside = _based(source, base_iri, beside)
    data, findings = _pieces(source, form, inferred=inferred, portable=portable, beside=beside)
    if isinstance(file, str | Path):
        write_file(Path(file), data)
    else:
        file.writelines(data)
    return findings


def _pieces(
    source: Source | Sequence[Spec] | Sequence[releases.SpecReleases],
    form: str,
    *,
    inferred: bool,
    portable: bool,
    beside: Beside,
) -> tuple[Iterator[bytes], tuple[Finding, ...]]:
    if beside.reports:
        if form not in NAMED_GRAPHS:
            why = f"`{form}` contains one graph, and what is beside a spec is in others"
            raise SourceError(f"{why}: take {' or '.join(NAMED_GRAPHS)}")
        alone = Beside(alignments=beside.alignments)
        data, findings = _pieces(source, form, inferred=inferred, portable=portable, beside=alone)
        more = (graph.pieces(form) for graph in beside.graphs())
        return chain(data, chain.from_iterable(more)), findings
    if specs := _releases(source):
        several = load_specs(specs)
        data = (releases.published_pieces if portable else releases.specs_pieces)(several, form)
        if not beside.alignments:
            return data, ()
        aligned = _aligned(several, beside.alignments)
        return chain(data, _alignment_pieces(aligned, form, inferred=inferred or portable)), ()
    one: Source = source  # type: ignore[assignment]  # a sequence holds releases
    if beside.alignments:
        raise SourceError("alignments are of several specs, and here is one")
    triples = triples_of(spec_of(one))
    if inferred or portable:
        triples = published(triples) if portable else with_derived(triples)
    return pieces(triples, form, inferred=inferred or portable)
