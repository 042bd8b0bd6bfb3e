"""Output for people and programs: handbooks, new projects, and results as commands print them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from glob import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from sphinx_policyspec.api.asking import knowledge_base, load_specs, with_beside
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all_checked, loaded, options_of, reader
from sphinx_policyspec.beside import NOTHING_BESIDE, Beside
from sphinx_policyspec.errors import QueryError, SchemaError, SourceError
from sphinx_policyspec.files import staged_folder, write_file
from sphinx_policyspec.model import Finding, Judgement, Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.spec import base_or_default, based
from sphinx_policyspec.readers.judgements import usable_judgements
from sphinx_policyspec.sources import Loaded, Reader, has_releases, is_project
from sphinx_policyspec.starter import write_starter

if TYPE_CHECKING:
    from sphinx_policyspec.alignments import Alignment
    from sphinx_policyspec.alignments.cases import EachDecisions
    from sphinx_policyspec.alignments.check import AlignmentReport
    from sphinx_policyspec.alignments.drafts import AlignmentUpdate
    from sphinx_policyspec.compare import ReadingList, SpecDiff
    from sphinx_policyspec.compare.history import Lock, LockChange, Moment, Review
    from sphinx_policyspec.decision.behaviour import BehaviourDiff
    from sphinx_policyspec.drafting.agenda import Agenda
    from sphinx_policyspec.drafting.duplicates import NearDuplicates
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.exports.decisions import Decisions
    from sphinx_policyspec.exports.report_formats import Report
    from sphinx_policyspec.feedback.check import FeedbackReport
    from sphinx_policyspec.graph.questions import Answer
    from sphinx_policyspec.graph.releases import SpecReleases
    from sphinx_policyspec.overlays.check import OverlayReport
    from sphinx_policyspec.overlays.drafts import OverlayDraft
    from sphinx_policyspec.overlays.rebase import OverlayRebase
    from sphinx_policyspec.overlays.resolve import OverlayResolution
    from sphinx_policyspec.packs.pack import ContextPack
    from sphinx_policyspec.proposals.check import ProposalReport
    from sphinx_policyspec.publishing.remote import RemoteBase
    from sphinx_policyspec.publishing.report import PublishReport
    from sphinx_policyspec.reasoning.reasoner import Reasoning
    from sphinx_policyspec.surveys import Survey
    from sphinx_policyspec.trends.sizes import Trends


def publish(
    source: str | Path | Sequence[SpecReleases],
    url: str,
    *,
    base_iri: str = "",
    update: str = "",
    store: str = "",
    profile: str = "",
    prune: bool = False,
    dry_run: bool = False,
    beside: Beside = NOTHING_BESIDE,
    **options: Unpack[ReadingOptions],
) -> PublishReport:
    """Publish a SOURCE on a SPARQL server: each release as a named graph, their changes, and a catalogue of all.

    Graphs that are up to date are not written again; no reader sees a part of a release; running it again after any
    failure gives the same result. The report lists what was done, with the ``error`` that ended it, if any. User,
    password and token come from the environment (``POLICYSPEC_ENDPOINT_USER``, ``…_PASSWORD``, ``…_TOKEN``) or netrc.
    Raises :class:`SourceError` if the IRIs of the spec have only the default base, which any other spec could have.

    :param source: also specs with their releases, as :func:`load_specs` returns them
    :param url: the endpoint for queries
    :param base_iri: base of the IRIs of the spec; by default its own
    :param update: the endpoint for SPARQL Update, and ``store`` that of the Graph Store Protocol; by default they are
        detected
    :param profile: ``oxigraph``, ``virtuoso`` or ``generic`` (Apache Jena Fuseki); by default detected
    :param prune: delete graphs of this spec that are not published now: releases, results, feedback and decisions
    :param dry_run: change nothing, and report what would change
    :param beside: further data about the spec, each as one more named graph
    """
    from sphinx_policyspec.graph.releases import rebased  # noqa: PLC0415  few callers publish
    from sphinx_policyspec.publishing.endpoints import Server  # noqa: PLC0415  likewise
    from sphinx_policyspec.publishing.push import publish_specs  # noqa: PLC0415  likewise

    specs = load_specs(source, **options) if isinstance(source, str | Path) else tuple(source)
    specs = with_beside(rebased(specs, base_iri), beside)
    server = Server(url, update=update, store=store, profile=profile)
    try:
        return publish_specs(specs, server, prune=prune, dry_run=dry_run)
    finally:
        server.close()


def ask_servers(
    urls: str | Sequence[str],
    question: str,
    /,
    params: Mapping[str, str] | None = None,
    *,
    release: str = "",
    base_iri: str = "",
    profile: str = "",
    copy: bool = False,
) -> Answer:
    """Return the answer to a named question from a spec published on a server, like :func:`ask` for a SOURCE.

    Each of several servers is asked, and the answer begins with a column ``source``. Credentials are as for
    :func:`publish`.

    :param urls: endpoints for queries
    :param release: the version of the release to ask; by default the last
    :param base_iri: base of the IRIs of the spec, if a server has several specs
    :param copy: fetch its graphs and ask them locally: the answers are the same, whatever the server supports
    """
    from sphinx_policyspec.graph.questions import find_question  # noqa: PLC0415  few callers ask servers

    named_question = find_question(question)

    def answer(remote: RemoteBase) -> Answer:
        if not copy:
            return remote.ask(question, params, release=release)
        (specs,) = load_specs(remote.download(release))
        with replace(specs, beside=remote.beside()).base(named_question) as base:
            return base.ask(question, params)

    return _of_servers(urls, base_iri, profile, answer)


def query_servers(
    urls: str | Sequence[str],
    sparql: str,
    /,
    *,
    origin: str = "query_servers()",
    release: str = "",
    base_iri: str = "",
    profile: str = "",
    copy: bool = False,
    allow_service: bool = False,
) -> Answer:
    """Return the answer to a SPARQL query from a spec published on a server, like :func:`query` for a SOURCE.

    The default graph is the last release, or the named one; all graphs of the spec are named graphs. A query that
    chooses its graphs with ``FROM`` is sent as it is. A query that :func:`query` refuses is refused before it is sent.

    :param origin: where the query comes from, for messages
    :param allow_service: whether the server may call others, as the query says with ``SERVICE``; a copy calls nobody
    """

    def answer(remote: RemoteBase) -> Answer:
        if not copy:
            return remote.query(sparql, origin, release=release, allow_service=allow_service)
        (specs,) = load_specs(remote.download(release))
        with knowledge_base(specs.releases if len(specs.releases) > 1 else specs.last) as base:
            for graph in remote.beside():
                base.add_graphs(graph.pieces)
            return base.query(sparql, origin)

    return _of_servers(urls, base_iri, profile, answer)


def _of_servers(
    urls: str | Sequence[str], base_iri: str, profile: str, answer: Callable[[RemoteBase], Answer]
) -> Answer:
    """Return the answer of a server, or the rows of several with the column ``source``."""
    from sphinx_policyspec.graph.questions import Answer, Cell, CellKind, QueryForm  # noqa: PLC0415  as above
    from sphinx_policyspec.publishing.endpoints import Server  # noqa: PLC0415  likewise
    from sphinx_policyspec.publishing.remote import RemoteBase  # noqa: PLC0415  likewise

    answers: list[tuple[str, Answer]] = []
    for url in (urls,) if isinstance(urls, str) else urls:
        server = Server(url, profile=profile)
        try:
            answers.append((url, answer(RemoteBase(server, base_or_default(base_iri)))))
        finally:
            server.close()
    if isinstance(urls, str) or len(answers) == 1:
        return answers[0][1]
    columns = answers[0][1].columns
    if any(one.form is QueryForm.GRAPH or one.columns != columns for _url, one in answers):
        raise QueryError("several servers are asked for rows of the same columns: ask each alone")
    return Answer(
        columns=("source", *columns),
        rows=tuple((Cell(CellKind.LITERAL, url), *row) for url, one in answers for row in one.rows),
        findings=tuple(dict.fromkeys(finding for _url, one in answers for finding in one.findings)),
    )


def init_project(folder: str | Path, *, markup: str = "myst", title: str = "") -> tuple[Path, ...]:
    """Write a small spec project, which builds at once, into a new or empty folder; return its files.

    :param markup: the language of its pages, ``myst`` or ``rst``
    :param title: the title of the spec; by default the name of the folder, in words
    """
    return write_starter(Path(folder), markup=markup, title=title)


def build_handbook(
    source: Source | Sequence[Loaded] | Sequence[Sequence[Loaded]],
    out: str | Path,
    *,
    theme: str = "",
    language: str = "",
    site_url: str = "",
    pages: str = "chapter",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
    pdf_missing: str = "",
    since: str | Path | Spec | Iterable[str | Path | Spec | Sequence[Spec]] = (),
    judgements: str | Path | None = None,
    results: str | Path | Iterable[str | Path] = (),
    baseline: str = "",
    triage: str | Path | None = None,
    feedback: str | Path | Iterable[str | Path] = (),
    decisions: str | Path | Iterable[str | Path] = (),
    proposals: str | Path | Iterable[str | Path] = (),
    alignments: Iterable[str | Path | Alignment] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[Finding, ...]:
    """Build the handbook of a SOURCE as a web site in the folder ``out``, including its graph.

    Each of several releases gets a site in a folder of ``out`` with its name. Each page links to the same principle,
    or page, of the other releases, whatever its id there; ``index.html`` leads to the newest.

    Return the findings of the build; findings about the text come from :func:`load_checked`.

    :param source: also releases that were read, oldest first; or several specs, each as its releases, which each get a
        site in a folder with the name of the spec
    :param theme: an HTML theme for Sphinx; by default a project's own, else furo
    :param language: language of the text, such as ``de``: labels on pages are translated if we have a translation; by
        default a project's own, else English
    :param site_url: where the folder will be published: pages name their address, and shared links show a picture; by
        default a project's own, else none. An invalid address raises :class:`SourceError`
    :param pages: what makes a page, ``one``, ``chapter`` or ``section``; a project has its own pages
    :param ask: whether to add a page on which readers ask questions about the spec in their browser
    :param pdf: whether to write ``handbook.pdf``, which needs the package ``typst``
    :param pdf_fonts: fonts of the PDF for characters that its own fonts lack, as families or files; by default a
        project's own, else those of the machine
    :param pdf_missing: what to do about a character that no font has: ``error``, or ``box`` for a box with its number
        and a finding; by default as a project says, else ``error``
    :param since: an older release, to show changes on a page and at each principle; or several, oldest first, for the
        history of each principle. Of a folder of releases those before the one that is built count; Model Spec
        Markdown is annotated like the source. Several releases as source are compared with each other anyway
    :param judgements: a file of judgements of people on changed prose, which give its weight; a project has its own
    :param results: evaluation results, as for :func:`read_results`, shown at each principle and on a page
    :param baseline: the run, or a model with one run, that the others are compared with
    :param triage: a file with reviews by people of outputs that contradict the spec
    :param feedback: registers of feedback about it, or folders of them: a page, and a line at each principle
    :param decisions: records of decisions about it, or folders of them: a page, and a line at each principle
    :param proposals: files of proposals about it: a page, and a line at each principle
    :param alignments: alignments of several specs, or files of them: each gets a page with the two side by side
    :param options: as for :func:`load`; the builder is ``html``
    """
    from sphinx_policyspec.sphinx_ext import handbook  # noqa: PLC0415  the core needs no Sphinx

    looks: dict[str, Any] = {"theme": theme, "ask": ask, "pdf": pdf, "pdf_fonts": tuple(pdf_fonts)}
    looks["pdf_missing"] = pdf_missing
    beside = {
        "judgements": str(Path(judgements).absolute()) if judgements else "",
        "results": _absolute(results),
        "feedback": _absolute(feedback),
        "decisions": [*map(escape, _absolute(decisions))],
        "proposals": [*map(escape, _absolute(proposals))],
        "results_baseline": baseline,
        "triage": str(Path(triage).absolute()) if triage else "",
    }
    looks["conf"] = {f"policyspec_{name}": value for name, value in beside.items() if value}
    looks["conf"] |= {"language": _language(language)} if language else {}
    looks["conf"] |= {"html_baseurl": _address(site_url)} if site_url else {}
    judgement_list = usable_judgements(Path(judgements))[0] if judgements else ()
    older_sources = (since,) if isinstance(since, str | Path | Spec) else tuple(since)
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        source = load_all_checked(source, **options)
    if not isinstance(source, str | Path | Spec | Loaded):
        if older_sources:
            raise SourceError("several releases are compared with those before each: no older ones are taken")
        with staged_folder(Path(out)) as folder:
            if source and not isinstance(source[0], Loaded):
                return _each(source, folder, pages, judgement_list, looks, alignments=tuple(alignments))  # type: ignore[arg-type]  # of one kind
            releases = [(based(one.spec, base_iri), one.root) for one in source]  # type: ignore[union-attr]  # as above
            return handbook.build_releases(releases, folder, pages=pages, judgements=judgement_list, **looks)
    here = Path.cwd()
    if isinstance(source, str | Path) and is_project(source, options.get("confdir")):
        older = [partial(_older, one, here) for one in older_sources]
        base = base_or_default(base_iri)
        with staged_folder(Path(out)) as folder:
            return handbook.build_project(
                Path(source), folder, options_of(**options), base_iri=base, older=older, **looks
            )
    loaded_source = loaded(source, **options)
    older_releases = [_older(one, here, reader(**options).beside(loaded_source)) for one in older_sources]
    with staged_folder(Path(out)) as folder:
        return handbook.build_site(
            based(loaded_source.spec, base_iri),
            loaded_source.root,
            folder,
            pages=pages,
            older=[partial(_older, specs, here) for specs in older_releases],
            source=loaded_source.files[0] if loaded_source.files else None,
            **looks,
        )


def _absolute(files: str | Path | Iterable[str | Path]) -> list[str]:
    """Return the absolute names of one or several files."""
    return [str(Path(one).absolute()) for one in ((files,) if isinstance(files, str | Path) else files)]


def _each(
    sources: Sequence[Sequence[Loaded]],
    folder: Path,
    pages: str,
    judgement_list: Sequence[Judgement],
    looks: Mapping[str, Any],
    *,
    alignments: Sequence[str | Path | Alignment],
) -> tuple[Finding, ...]:
    """Build a site for each of several specs, a page that leads to them, and one for each alignment."""
    from sphinx_policyspec.sphinx_ext import handbook  # noqa: PLC0415  the core needs no Sphinx
    from sphinx_policyspec.sphinx_ext.handbook.pages import folders_of  # noqa: PLC0415  likewise

    roots = {id(one.spec): one.root for source_releases in sources for one in source_releases}
    specs = load_specs(*[tuple(one.spec for one in source_releases) for source_releases in sources])
    findings: list[Finding] = []
    folders = list(folders_of((one.name for one in specs), "spec"))
    for one, name in zip(specs, folders, strict=True):
        site_options = {
            "pages": pages,
            "among": one.name,
            **looks,
            "conf": handbook.below(looks["conf"], name),
        }
        if len(one.releases) > 1:
            releases = [(spec, roots[id(spec)]) for spec in one.releases]
            findings += handbook.build_releases(
                releases, folder / name, judgements=judgement_list, **site_options
            )
        else:
            findings += handbook.build_site(one.last, roots[id(one.last)], folder / name, **site_options)
    beside = [*_side_by_side(specs, folders, folder, pages, alignments)] if alignments else []
    handbook.write_specs_page(
        folder, [(name, one.name, one.last) for one, name in zip(specs, folders, strict=True)], beside
    )
    return tuple(findings)


def _language(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*", code):
        raise SourceError(f"`{code}` is no code of a language: write one such as `de` or `pt_BR`")
    return code.replace("-", "_")


def _address(url: str) -> str:
    """Return the address of a site, with the final slash that addresses of pages need."""
    if not re.fullmatch(r"https?://[^\s\"'<>?#]+", url):
        raise SourceError(f"`{url}` is no address of a site: write one such as https://example.org/spec/")
    return f"{url.rstrip('/')}/"


def _side_by_side(
    specs: Sequence[SpecReleases],
    folders: Sequence[str],
    out: Path,
    pages: str,
    alignments: Sequence[str | Path | Alignment],
) -> Iterator[tuple[str, str]]:
    """Write a page for each alignment of several specs, and yield its file and title."""
    from sphinx_policyspec.alignments import SUFFIX  # noqa: PLC0415  few handbooks have some
    from sphinx_policyspec.alignments.formats import alignment_pieces  # noqa: PLC0415  likewise
    from sphinx_policyspec.alignments.pages import side_by_side  # noqa: PLC0415  likewise
    from sphinx_policyspec.api.alignments import check_alignment  # noqa: PLC0415  likewise
    from sphinx_policyspec.sphinx_ext.handbook.pages import (  # noqa: PLC0415  the core needs no Sphinx
        addresses,
        folders_of,
    )

    sites = []
    for one, folder in zip(specs, folders, strict=True):
        versions = folders_of((spec.version for spec in one.releases), "release")
        last = f"{folder}/{[*versions][-1]}" if len(one.releases) > 1 else folder
        sites.append({name: f"{last}/{page}" for name, page in addresses(one.last, pages).items()})
    report = check_alignment(*alignments, specs=specs)
    for number, sides in enumerate(report.aligned, 1):
        name = f"alignment-{number}"
        write_file(out / f"{name}.trig", alignment_pieces(sides, form="trig"))
        write_file(out / f"{name}{SUFFIX}", render(sides.alignment, "tsv").encode())
        files = {"the table (SSSOM)": f"{name}{SUFFIX}", "the graph (TriG)": f"{name}.trig"}
        text = side_by_side(
            report, sides, lambda thing: sites[thing.place].get(thing.provision.id, ""), files
        )
        file = f"{name}.html"
        write_file(out / file, text.encode())
        names = [report.specs.names[place] for place in sides.places.values() if place is not None]
        yield file, " beside ".join(names)


def _older(source: str | Path | Spec | Sequence[Spec], here: Path, beside: Reader) -> tuple[Spec, ...]:
    """Return the releases of an older source, oldest first.

    :param here: the folder that the name of a source is relative to
    """
    if isinstance(source, Spec):
        return (source,)
    if isinstance(source, str | Path):
        return tuple(one.spec for one in replace(beside, folder=here).releases(source))
    return tuple(source)


Rendered: TypeAlias = (
    "Agenda | Alignment | AlignmentReport | AlignmentUpdate | Answer | BehaviourDiff | ContextPack | Decisions | EachDecisions | FeedbackReport | Lock | NearDuplicates | OverlayDraft | OverlayRebase | OverlayReport | OverlayResolution | ProposalReport | PublishReport | ReadingList | Reasoning | Report | Results | Review"
    " | SpecDiff | Survey | Sequence[LockChange] | Sequence[Moment] | Trends"
)
"""Results of functions that a command prints."""

Forms = Mapping[str, Callable[..., str]]
"""Functions that write a result in a form, by the names that ``--format`` takes."""

_FORMS = {
    "Agenda": "drafting.agenda AGENDA_FORMATS",
    "Alignment": "alignments.formats ALIGNMENT_FORMATS",
    "AlignmentReport": "alignments.formats ALIGNMENT_REPORT_FORMATS",
    "AlignmentUpdate": "alignments.formats UPDATE_FORMATS",
    "Answer": "exports.answers ANSWER_FORMATS",
    "BehaviourDiff": "exports.diff DIFF_FORMATS",
    "ContextPack": "packs.pack CONTEXT_FORMATS",
    "Decisions": "exports.decisions DECISION_FORMATS",
    "EachDecisions": "alignments.formats EACH_FORMATS",
    "FeedbackReport": "feedback.formats FEEDBACK_FORMATS",
    "Lock": "exports.diff LOCK_FILE_FORMATS",
    "LockChange": "exports.diff LOCK_FORMATS",
    "Moment": "exports.diff HISTORY_FORMATS",
    "NearDuplicates": "drafting.duplicates DUPLICATE_FORMATS",
    "OverlayDraft": "overlays.formats DRAFT_FORMATS",
    "OverlayRebase": "overlays.formats REBASE_FORMATS",
    "OverlayReport": "overlays.formats OVERLAY_FORMATS",
    "OverlayResolution": "overlays.resolve RESOLUTION_FORMATS",
    "ProposalReport": "proposals.formats PROPOSAL_FORMATS",
    "PublishReport": "publishing.report PUBLISH_FORMATS",
    "ReadingList": "exports.diff READING_FORMATS",
    "Reasoning": "exports.answers REASONING_FORMATS",
    "Report": "exports.report_formats REPORT_FORMATS",
    "Results": "evals.formats RESULT_FORMATS",
    "Review": "exports.diff REVIEW_FORMATS",
    "SpecDiff": "exports.diff DIFF_FORMATS",
    "Survey": "exports.answers SURVEY_FORMATS",
    "Trends": "trends.formats TREND_FORMATS",
}
"""The module and table of the forms of each kind of result: a command needs those of one kind."""
_FOR_TERMINALS = frozenset({"Answer", "BehaviourDiff", "Report", "SpecDiff"})
"""Kinds of results whose text fits a terminal."""


def forms_of(kind: str) -> Forms:
    """Return the forms of a kind of result, by the name of its class; for a sequence, by the class of its items."""
    module, table = _FORMS[kind].split()
    forms: Forms = getattr(import_module(f"sphinx_policyspec.{module}"), table)
    return {**forms, "baseline": _baseline} if kind == "Report" else {**forms}


def _baseline(report: Report) -> str:
    from sphinx_policyspec.checks import format_baseline  # noqa: PLC0415  few results are reports

    return format_baseline((entry.finding, entry.fingerprint) for entry in report.entries)


def render(result: Rendered, form: str = "text", *, width: int = 0, color: bool = False) -> str:
    """Return a result as its command prints it, such as ``render(diff(old, new), "markdown")``.

    An unknown form raises :class:`SchemaError`.

    :param form: ``text``, ``json``, or another value of ``--format`` of the command; for a report also ``baseline``,
        the file of known findings; for a lock only ``json``, its file; for a reading list ``json`` and ``yaml``, a
        judgement file to fill in
    :param width: columns of the terminal that ``text`` must fit, if any
    :param color: whether ``text`` may use color
    """
    # An empty sequence means no changes since a lock; a history is never empty.
    kind = type(result).__name__
    if kind not in _FORMS:
        kind = type(next(iter(result))).__name__ if result else "LockChange"  # type: ignore[arg-type]  # a sequence
    forms = forms_of(kind)
    if form not in forms:
        raise SchemaError("; ".join(filter(None, (f"unknown form `{form}`", nearest(form, forms)))))
    arguments: tuple[Any, ...] = (result,)
    if kind == "BehaviourDiff":
        arguments = (result.spec, result)  # type: ignore[union-attr]
    looks = {"width": width} if width else {}
    return (
        forms[form](*arguments, **looks, color=color)
        if form == "text" and kind in _FOR_TERMINALS
        else forms[form](*arguments)
    )
