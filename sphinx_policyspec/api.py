"""The few calls that people script with, each on a spec or a SOURCE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.behaviour import BehaviourDiff, CaseState, compare_cases
from sphinx_policyspec.checks import RULES, in_source_order
from sphinx_policyspec.checks.baseline import read_baseline
from sphinx_policyspec.checks.fingerprints import fingerprints
from sphinx_policyspec.checks.fixes import fixes_of
from sphinx_policyspec.checks.selection import Selection
from sphinx_policyspec.compare import SpecDiff, compare, with_overlays
from sphinx_policyspec.decision import Decision, Norms, problems
from sphinx_policyspec.decision import decide as decide_case
from sphinx_policyspec.errors import CaseError
from sphinx_policyspec.exports.report import Report, Reported
from sphinx_policyspec.exports.revisions import revision_of
from sphinx_policyspec.graph.answer import Answer
from sphinx_policyspec.graph.questions import find_question
from sphinx_policyspec.model import Case, Finding, Severity, Spec
from sphinx_policyspec.readers.case_files import case_files, read_case_file
from sphinx_policyspec.readers.source_lines import SourceLines
from sphinx_policyspec.sources import (
    Loaded,
    checked,
    has_releases,
    is_graph,
    is_project,
    load,
    read,
    read_releases,
    releases,
)
from sphinx_policyspec.starter import write_starter

if TYPE_CHECKING:
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.graph.owl_view import OwlWorld
    from sphinx_policyspec.graph.reasoning import Reasoning
    from sphinx_policyspec.graph.releases import Revision
    from sphinx_policyspec.survey import Survey

__all__ = [
    "Answer",
    "BehaviourDiff",
    "Decision",
    "Loaded",
    "Resolved",
    "SpecDiff",
    "ask",
    "build_handbook",
    "build_handbooks",
    "check",
    "decide",
    "diff",
    "diff_cases",
    "graph_bytes",
    "has_releases",
    "init_project",
    "is_graph",
    "is_project",
    "knowledge_base",
    "load",
    "owl",
    "read",
    "read_releases",
    "reason",
    "releases",
    "releases_base",
    "releases_bytes",
    "report",
    "resolve",
    "select",
    "survey",
]


def check(
    source: str | Path | Spec,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severity: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong, or could be better, with a spec or a SOURCE, in source order.

    Of a spec this is what its contents show; of a SOURCE also what is found when its text is read.

    :param select: codes or categories to tell alone
    :param ignore: codes or categories to leave out
    :param severity: by code or category: ``error``, ``warning``, ``hint`` or ``off``
    :param baseline: a file of findings that are known, which are left out
    """
    if isinstance(source, Spec):
        loaded = checked(Loaded(spec=source, root=Path(), has_files=False))
    else:
        loaded = read(source)
    selection = Selection(select=tuple(select), ignore=tuple(ignore), severity=severity or {})
    told = report(loaded, selection=selection, baseline=baseline)
    return tuple(item.finding for item in told.findings)


def report(
    source: str | Path | Loaded,
    *,
    selection: Selection | None = None,
    baseline: str | Path | None = None,
    use_baseline: bool = True,
    fail_on: Severity = Severity.ERROR,
) -> Report:
    """Return the findings about a SOURCE in the form that every output format writes from.

    A project's own severities and baseline hold where nothing else is given.

    :param use_baseline: whether a baseline, given or the project's own, holds anything back
    """
    loaded = source if isinstance(source, Loaded) else read(source)
    asked = selection or Selection()
    asked = replace(asked, severity={**loaded.severity, **asked.severity})
    chosen = in_source_order(list(asked.of(loaded.findings)))
    lines = SourceLines(loaded.root if loaded.has_files else None)
    file = Path(baseline) if baseline else loaded.baseline
    known = read_baseline(file) if file and use_baseline else frozenset()
    fixable = {fix.finding for fix in fixes_of(loaded.spec, chosen, lines)}
    marked = tuple(
        Reported(finding=finding, fingerprint=mark, fixable=finding in fixable)
        for finding, mark in zip(chosen, fingerprints(chosen, lines), strict=True)
    )
    new = tuple(item for item in marked if item.fingerprint not in known)
    return Report(
        source=str(source) if not isinstance(source, Loaded) else str(loaded.root),
        lines=lines,
        rules=RULES,
        findings=new,
        known=len(marked) - len(new),
        fail_on=fail_on,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Cases that were decided, in order, and what is wrong with those that could not be."""

    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()


def decide(source: str | Path | Spec, *cases: Case | str | Path) -> tuple[Decision, ...]:
    """Return who wins in each of these cases, by the levels and exceptions of a spec or a SOURCE.

    A case that cannot be decided raises :class:`~sphinx_policyspec.errors.CaseError`; see :func:`resolve`.

    :param cases: cases, or files and folders of them
    """
    resolved = resolve(source, cases)
    if wrong := [str(finding) for finding in resolved.findings if finding.severity is Severity.ERROR]:
        raise CaseError("\n".join(wrong))
    return resolved.decisions


def resolve(source: str | Path | Spec, cases: Iterable[Case | str | Path]) -> Resolved:
    """Return what :func:`decide` does for the cases that can be decided, and what is wrong with the others."""
    norms = Norms(source if isinstance(source, Spec) else load(source))
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for given in cases:
        for case, found in [(given, ())] if isinstance(given, Case) else _cases_in(Path(given)):
            wrong = found or (problems(case, norms) if case else ())
            findings += wrong
            if case and all(finding.severity is not Severity.ERROR for finding in wrong):
                decisions.append(decide_case(case, norms))
    return Resolved(decisions=tuple(decisions), findings=tuple(findings))


def survey(
    source: str | Path | Spec, cases: Iterable[Case | str | Path] = ()
) -> tuple[Survey, tuple[Finding, ...]]:
    """Return what a spec or a SOURCE leaves open, and what is wrong with cases that cannot be decided.

    Needs clingo, of the extra ``survey``; without it, this raises
    :class:`~sphinx_policyspec.errors.MissingToolError`.

    :param cases: cases, or files and folders of them, which say who goes first beside the examples
    """
    from sphinx_policyspec.survey import survey as look  # noqa: PLC0415  reads programs that little else needs

    norms = Norms(source if isinstance(source, Spec) else load(source))
    resolved = resolve(norms.spec, cases)
    return look(norms, [decision.case for decision in resolved.decisions]), resolved.findings


def _cases_in(path: Path) -> Iterator[tuple[Case | None, tuple[Finding, ...]]]:
    """Yield the cases of a file or folder, with what is wrong with the form of each, or with a file."""
    for file in case_files(path):
        read, findings = read_case_file(file)
        yield None, findings
        yield from ((item.case, item.findings) for item in read)


def diff(
    old: str | Path | Spec,
    new: str | Path | Spec,
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
) -> SpecDiff:
    """Return what changed from one spec or SOURCE to another.

    :param aliases: ids of provisions that are the same, old id → new id, where that is known; they win over what
        is found
    :param overlays: specs or SOURCEs that are built on the old one: what the changes reach in them is told, too
    """
    before, after = (spec if isinstance(spec, Spec) else load(spec) for spec in (old, new))
    return _with_overlays(compare(before, after, aliases), before, after, overlays)


def _with_overlays(
    found: SpecDiff, before: Spec, after: Spec, overlays: Iterable[str | Path | Spec]
) -> SpecDiff:
    named = {one.title if isinstance(one, Spec) else str(one): one for one in overlays}
    built = {name: one if isinstance(one, Spec) else load(one) for name, one in named.items()}
    return with_overlays(found, before, after, built) if built else found


def diff_cases(
    old: str | Path | Spec,
    new: str | Path | Spec,
    cases: Iterable[Case | str | Path],
    *,
    aliases: Mapping[str, str] | None = None,
    overlays: Iterable[str | Path | Spec] = (),
) -> BehaviourDiff:
    """Return what :func:`diff` does, and which cases come out differently in the new spec or SOURCE.

    :param cases: cases, or files and folders of them, with the ids of the new spec
    :param aliases: as for :func:`diff`
    :param overlays: likewise
    """
    before, after = (Norms(spec if isinstance(spec, Spec) else load(spec)) for spec in (old, new))
    read, findings = _read_cases(cases)
    found = compare(before.spec, after.spec, aliases, read)
    found = _with_overlays(found, before.spec, after.spec, overlays)
    compared = compare_cases(found, before, after, read)
    for case in compared:
        if case.state is CaseState.NEITHER:
            findings += case.new.findings
    return BehaviourDiff(spec=found, old=before, new=after, cases=compared, findings=tuple(findings))


def _read_cases(cases: Iterable[Case | str | Path]) -> tuple[list[Case], list[Finding]]:
    """Return the cases whose form is right, and what is wrong with the others."""
    read: list[Case] = []
    findings: list[Finding] = []
    for given in cases:
        for case, found in [(given, ())] if isinstance(given, Case) else _cases_in(Path(given)):
            findings += found
            if case and not found:
                read.append(case)
    return read, findings


def knowledge_base(source: str | Path | Spec, *, base_iri: str = "") -> KnowledgeBase:
    """Return the knowledge base of a spec or of a SOURCE, ready for questions."""
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase  # noqa: PLC0415

    spec = source if isinstance(source, Spec) else load(source)
    return KnowledgeBase.from_spec(spec, base_iri)


def releases_base(specs: Sequence[Spec], *, base_iri: str = "") -> KnowledgeBase:
    """Return releases as one knowledge base, with what changed between them.

    Each is a named graph, the changes are another; the last release is the default graph as well.

    :param specs: from the first to the last, as :func:`releases` returns them
    """
    from sphinx_policyspec.graph.releases import releases_base as base_of  # noqa: PLC0415

    return base_of(specs, _revisions(specs), base_iri)


def releases_bytes(specs: Sequence[Spec], form: str, *, base_iri: str = "") -> bytes:
    """Return releases, with what changed between them, as ``nq`` or ``trig``."""
    from sphinx_policyspec.graph.releases import serialize_releases  # noqa: PLC0415

    return serialize_releases(specs, _revisions(specs), form, base_iri)


def _revisions(specs: Sequence[Spec]) -> tuple[Revision, ...]:
    return tuple(revision_of(compare(old, new)) for old, new in pairwise(specs))


def ask(source: str | Path | Spec, question: str, /, **params: str) -> Answer:
    """Return the answer to a named question, such as ``ask(spec, "hard-rules")``.

    A question over releases may be asked of a SOURCE that is several.
    """
    several = not isinstance(source, Spec) and has_releases(source)
    if several or find_question(question).over_releases:
        specs = (source,) if isinstance(source, Spec) else releases(source)
        base = releases_base(specs)
    else:
        base = knowledge_base(source)
    with base:
        return base.ask(question, params)


def select(source: str | Path | Spec, sparql: str) -> Answer:
    """Return the answer to a SPARQL query, run under the guard's limits."""
    with knowledge_base(source) as base:
        return base.query(sparql, origin="select()")


def owl(source: str | Path | Spec, *, base_iri: str = "", inferred: bool = True) -> OwlWorld:
    """Return a spec as Python objects: an owlready2 World of its own, with the ontology's terms as attributes.

    :param inferred: with what the rules derive, so that ``owl(spec).HardRule.instances()`` needs no reasoner
    """
    from sphinx_policyspec.graph.owl_view import owl_world  # noqa: PLC0415

    spec = source if isinstance(source, Spec) else load(source)
    return owl_world(spec, base_iri, inferred=inferred)


def reason(source: str | Path | Spec | Loaded, *, engine: str = "rules") -> Reasoning:
    """Return what follows from a spec or a SOURCE, and what contradicts itself.

    A graph file is taken as it is: it need not make a spec.

    :param engine: ``rules``, fast and without Java, which may miss a contradiction; or ``hermit``, the
        OWL reasoner, which derives classes only
    """
    from sphinx_policyspec.graph.reasoning import Reasoner  # noqa: PLC0415  rdflib only where it is needed

    if isinstance(source, str | Path) and is_graph(source):
        return Reasoner.of_file(Path(source)).run(engine)
    if isinstance(source, Spec):
        return Reasoner.of_spec(source).run(engine)
    loaded = source if isinstance(source, Loaded) else read(source)
    return Reasoner.of_spec(loaded.spec, loaded.findings).run(engine)


def init_project(folder: str | Path, *, markup: str = "myst", title: str = "") -> tuple[Path, ...]:
    """Write a small spec project, which builds at once, into a new or empty folder; return its files.

    :param markup: the language of its pages, ``myst`` or ``rst``
    :param title: the title of the spec; by default the name of the folder, in words
    """
    return write_starter(Path(folder), markup=markup, title=title)


def build_handbook(
    source: str | Path | Loaded,
    out: str | Path,
    *,
    theme: str = "",
    pages: str = "chapter",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
    since: str | Path | Spec | Iterable[str | Path | Spec | Sequence[Spec]] = (),
) -> tuple[Finding, ...]:
    """Build the handbook of a SOURCE as a web site in the folder ``out``, its graph included.

    Return what the build has to say; findings about the text come from :func:`read`.

    :param theme: an HTML theme for Sphinx; by default a project's own, else furo
    :param pages: what makes a page, ``one``, ``chapter`` or ``section``; a project has its own pages
    :param ask: with a page on which readers put questions to the spec in their browser
    :param pdf: also write ``handbook.pdf``, which wants the package ``typst``
    :param pdf_fonts: fonts of the PDF for letters that its own lack, as families or files; none given means
        a project's own, else what the machine has
    :param since: an older release, to tell what changed: a page of it, and a mark at each principle; or several, from
        the oldest on, for the history of each principle. Of a folder of releases those before the one that is
        built count
    """
    from sphinx_policyspec.sphinx_ext.site.handbook import build_project, build_site  # noqa: PLC0415

    given = (since,) if isinstance(since, str | Path | Spec) else since
    older = [tuple(_older(one)) for one in given]
    if not isinstance(source, Loaded):
        if is_project(source):
            return build_project(
                Path(source),
                Path(out),
                theme=theme,
                base_iri=base_iri,
                ask=ask,
                pdf=pdf,
                pdf_fonts=pdf_fonts,
                older=older,
            )
        source = read(source)
    spec = replace(source.spec, base_iri=base_iri or source.spec.base_iri)
    return build_site(
        spec,
        source.root,
        Path(out),
        theme=theme,
        pages=pages,
        ask=ask,
        pdf=pdf,
        pdf_fonts=pdf_fonts,
        older=older,
    )


def _older(source: str | Path | Spec | Sequence[Spec]) -> Sequence[Spec]:
    """Return the releases of one source of older ones."""
    if isinstance(source, Spec):
        return (source,)
    return releases(source) if isinstance(source, str | Path) else source


def build_handbooks(
    source: str | Path | Sequence[Loaded],
    out: str | Path,
    *,
    theme: str = "",
    pages: str = "chapter",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Build a handbook for each release of a SOURCE, in a folder of ``out`` that is named after it.

    Each page leads to the same principle, or page, of the other releases, whatever its id there; pages of old
    releases say that they are. ``index.html`` leads to the newest.

    :param source: a folder of releases or a graph file with several, or releases that were read, from the first
        to the last

    Other parameters, and what is returned, are as for :func:`build_handbook`.
    """
    from sphinx_policyspec.sphinx_ext.site.releases import build_releases  # noqa: PLC0415

    found = read_releases(source) if isinstance(source, str | Path) else source
    named = [(replace(one.spec, base_iri=base_iri or one.spec.base_iri), one.root) for one in found]
    return build_releases(
        named, Path(out), theme=theme, pages=pages, ask=ask, pdf=pdf, pdf_fonts=tuple(pdf_fonts)
    )


def graph_bytes(
    spec: Spec, form: str, *, base_iri: str = "", inferred: bool = False
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return the knowledge base of a spec in an RDF syntax, and what that syntax could not hold.

    :param inferred: with what the rules derive
    """
    from sphinx_policyspec.graph.serialize import serialize  # noqa: PLC0415
    from sphinx_policyspec.graph.to_graph import to_graph, triples_of  # noqa: PLC0415

    if not inferred:
        return serialize(triples_of(spec, base_iri), form)
    from sphinx_policyspec.graph.rules import infer_graph  # noqa: PLC0415

    return serialize(infer_graph(to_graph(spec, base_iri)), form)
