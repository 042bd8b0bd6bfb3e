"""The spec of one build: made on demand from what the pages declare, with its findings and its graph."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sphinx.ext.intersphinx import InventoryAdapter

from sphinx_policyspec import model
from sphinx_policyspec.beside import Beside
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.errors import AnnotationError, PolicySpecError, SourceError
from sphinx_policyspec.files import bytes_of, exact, files_at
from sphinx_policyspec.graph.terms import ontology_digest
from sphinx_policyspec.model.levels import DEFAULT_LEVELS
from sphinx_policyspec.model.spec import SHIPPED_SIDECAR
from sphinx_policyspec.readers.decision_records import decision_names
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, project_title, several, site_base
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of, topics_of
from sphinx_policyspec.sphinx_ext.domain.records import (
    DOMAIN,
    ROLE_OF_KIND,
    SPEC_USE,
    PageRecord,
    PolicyObject,
    Snapshot,
    former_ids_of,
    inventories,
    reading_order,
)
from sphinx_policyspec.sphinx_ext.pages.gathered import places_of, spec_again
from sphinx_policyspec.sphinx_ext.pages.inline import with_titles_resolved
from sphinx_policyspec.sphinx_ext.store import PagePart, read_fragment, releases_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.decision_records.check import DecisionRecordReport
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.feedback.check import FeedbackReport
    from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
    from sphinx_policyspec.readers.annotations import Annotations

_Declared = TypeVar("_Declared", model.AuthorityLevel, model.Topic, model.Goal)


def assemble(
    pages: Mapping[str, PageRecord], order: Collection[str], found: Mapping[str, PagePart], title: str
) -> model.Spec:
    """Return the spec that some pages make up together.

    :param found: the parts of the spec that pages hold
    :param title: of the spec, where no page gives one
    """
    used_ids: set[str] = {
        item.id for page in pages.values() for item in page.objects if item.kind is model.TargetKind.PROVISION
    }
    anchors = {item.anchor: item for page in pages.values() for item in page.objects if not item.is_alias}
    anchors |= {item.id: item for page in pages.values() for item in page.objects if item.is_alias}
    fragments = [
        (page, renamed(_with_references(found[docname].spec, page, anchors), page, docname, used_ids))
        for docname in order
        if (page := pages[docname]).holds_spec
    ]
    parts = [fragment for _, fragment in fragments]
    declared = (found[docname].spec for docname in order if _declares(found.get(docname)))
    titled = (part for part in parts if part.title or part.version)
    meta = next(chain(declared, titled), model.Spec(title=title))
    levels = _levels(fragments)
    topics = [topic for part in parts for topic in part.topics]
    goals = [goal for part in parts for goal in part.goals]
    spec = replace(
        meta,
        title=meta.title or title,
        documents=tuple(
            dict.fromkeys(item for part in parts for item in part.documents if _holds_text(part))
        ),
        levels=_unique(levels) or DEFAULT_LEVELS,
        topics=_unique(topics),
        goals=_unique(goals),
        repeated=(*_repeated(levels), *_repeated(topics), *_repeated(goals)),
        preamble=tuple(block for part in parts for block in part.preamble),
        provisions=tuple(provision for part in parts for provision in part.provisions),
        clauses=tuple(clause for part in parts for clause in part.clauses),
        references=tuple(reference for part in parts for reference in part.references),
        links=tuple(link for part in parts for link in part.links),
        eval_tags=tuple(tag for part in parts for tag in part.eval_tags),
        prompt_files=tuple(file for part in parts for file in part.prompt_files),
        changelog=next((part.changelog for part in parts if part.changelog), None),
    )
    return with_titles_resolved(spec)


def _declares(fragment: PagePart | None) -> bool:
    """Return whether a page declares what the spec as a whole is."""
    return fragment is not None and any(use == SPEC_USE for use, _ in fragment.places)


def _holds_text(part: model.Spec) -> bool:
    """Return whether a page holds anything that has a place in a document."""
    return bool(part.preamble or part.provisions)


def _with_references(
    fragment: model.Spec, page: PageRecord, anchors: Mapping[str, PolicyObject]
) -> model.Spec:
    """Return a page's part of the spec with plain links to objects of ours among its references."""
    found = [
        replace(link, target=item.id, target_kind=item.kind)
        for link in page.maybe
        if (item := anchors.get(link.target))
    ]
    if not found:
        return fragment
    references = sorted((*fragment.references, *found), key=lambda reference: reference.span)
    return replace(fragment, references=tuple(references))


def _levels(fragments: Iterable[tuple[PageRecord, model.Spec]]) -> list[model.AuthorityLevel]:
    """Return the declared levels; without any, those that pages bring, each once."""
    found = list(fragments)
    declared = [level for page, part in found if page.declares_levels for level in part.levels]
    return declared or list(_unique(level for _, part in found for level in part.levels))


def _unique(declared: Iterable[_Declared]) -> tuple[_Declared, ...]:
    """Return what is declared, the first of each id."""
    first: dict[str, _Declared] = {}
    for item in declared:
        first.setdefault(item.id, item)
    return tuple(first.values())


def _repeated(declared: Sequence[_Declared]) -> list[_Declared]:
    """Return the items whose id an earlier one has."""
    first = {item.id: number for number, item in reversed(list(enumerate(declared)))}
    return [item for number, item in enumerate(declared) if first[item.id] != number]


def renamed(fragment: model.Spec, page: PageRecord, docname: str, used_ids: set[str]) -> model.Spec:
    """Return a page's part with ids that no author chose changed where another page has them."""
    names = {old: f"{docname.replace('/', '-')}-{old}" for old in sorted(page.unnamed) if old in used_ids}
    used_ids.update(page.unnamed)
    if not names:
        return fragment

    def new(identifier: str) -> str:
        return names.get(identifier, identifier)

    return replace(
        fragment,
        provisions=tuple(
            replace(p, id=new(p.id), parent=new(p.parent) if p.parent else None) for p in fragment.provisions
        ),
        references=tuple(replace(r, source=new(r.source)) for r in fragment.references),
        links=tuple(replace(link, source=new(link.source)) for link in fragment.links),
    )


@dataclass(slots=True)
class Knowledge:
    """What a build knows about the spec. One belongs to each application, and none is stored.

    Loading an environment costs little until the spec is needed: the digest shows whether anything
    changed since it was last assembled.

    :param every_check: whether to run the checks for hints, too
    :param annotations: annotation files beside those of the project
    """

    every_check: bool = False
    annotations: tuple[Annotations, ...] = ()
    _spec: model.Spec | None = None
    _state: str = ""
    _digest: str = ""
    _findings: tuple[model.Finding, ...] = ()
    _base: KnowledgeBase | None = None
    _results: tuple[Results | None, dict[str, PolicySpecError]] | None = None
    _feedback: FeedbackReport | None = None
    _decisions: DecisionRecordReport | None = None
    _older: dict[str, tuple[model.Spec, ...]] = field(default_factory=dict)

    def pages_were_read(self) -> None:
        """Look at the pages again when next asked; until then they are taken as unchanged."""
        self._state = ""

    def digest(self, env: BuildEnvironment) -> str:
        """Return a digest that changes whenever the spec, an answer or a finding about it may."""
        if not self._state:
            self._state = _state_of(env, every_check=self.every_check)
        return self._state

    def spec(self, env: BuildEnvironment) -> model.Spec:
        """Return the spec that the project's pages make up together, its base IRI included."""
        digest = self.digest(env)
        if self._spec is None or digest != self._digest:
            spec, self._findings = self._assemble(env)
            self._spec = _based(env, spec)
            self._digest, self._older, self._results = digest, {}, None
            self._feedback, self._decisions = None, None
            self.close()
        return self._spec

    def findings(self, env: BuildEnvironment) -> tuple[model.Finding, ...]:
        """Return what is wrong with the spec as a whole; from the environment where nothing changed."""
        domain = domain_of(env)
        if domain.snapshot.digest != self.digest(env):
            former = former_ids_of(spec := self.spec(env), domain.page_objects())
            # Only pages that are written have an index.
            topics = topics_of(spec) if domain.given.writes else ()
            found = Snapshot(digest=self._digest, findings=self._findings, topics=topics, former=former)
            domain.note_snapshot(found)
        return domain.snapshot.findings

    def skipped(self, env: BuildEnvironment) -> frozenset[str]:
        """Return the codes of the checks that are not run."""
        return frozenset() if self.every_check else PolicySpecConfig.of(env.config).skipped_checks

    def base(self, env: BuildEnvironment) -> KnowledgeBase:
        """Return the knowledge base of the spec; RDF is imported here at the earliest."""
        from sphinx_policyspec.graph.guard import Limits  # noqa: PLC0415  only pages that ask pay for it
        from sphinx_policyspec.graph.knowledge_base import KnowledgeBase  # noqa: PLC0415

        spec = self.spec(env)
        if self._base is None:
            config = PolicySpecConfig.of(env.config)
            default = Limits()
            limits = Limits(
                seconds=float(config.query_limits.get("seconds", default.seconds)),
                rows=int(config.query_limits.get("rows", default.rows)),
            )
            self._base = KnowledgeBase.from_spec(spec, limits=limits, unsafe=config.query_unsafe)
            self.beside(env).add_to(self._base)
        return self._base

    def beside(self, env: BuildEnvironment) -> Beside:
        """Return what the project knows about the spec beyond its own text."""
        results = self.evaluated(env)[0]
        return Beside(results=results, feedback=self.feedback(env), decisions=self.decisions(env))

    def evaluated(self, env: BuildEnvironment) -> tuple[Results | None, dict[str, PolicySpecError]]:
        """Return results of evaluations of the spec, where the project names some, and why any cannot be read, by option."""
        config = PolicySpecConfig.of(env.config)
        if not (several(config.results) or config.triage):
            return None, {}
        spec = self.spec(env)
        if self._results is None:
            from sphinx_policyspec.evals.results import results_in  # noqa: PLC0415  few projects evaluate

            options = several(config.results), config.triage, config.results_baseline
            self._results = results_in((*self.past(env), spec), domain_of(env).given.confdir, *options)
        return self._results

    def feedback(self, env: BuildEnvironment) -> FeedbackReport | None:
        """Return the feedback on the spec, where the project names a register."""
        if names := several(PolicySpecConfig.of(env.config).feedback):
            from sphinx_policyspec.feedback.check import feedback_in  # noqa: PLC0415  few projects keep a register

            spec, confdir = self.spec(env), domain_of(env).given.confdir
            if self._feedback is None:
                self._feedback = feedback_in((*self.past(env), spec), confdir, names, Path(env.srcdir))
        return self._feedback

    def decisions(self, env: BuildEnvironment) -> DecisionRecordReport | None:
        """Return the records of decisions about the spec, where the project names some."""
        config = PolicySpecConfig.of(env.config)
        if (globs := config.decisions) or config.records:
            from sphinx_policyspec.decision_records.check import decision_records_in  # noqa: PLC0415  few keep some

            spec, confdir = self.spec(env), domain_of(env).given.confdir
            if self._decisions is None:
                releases = (*self.past(env), spec)
                self._decisions = decision_records_in(releases, confdir, globs, Path(env.srcdir))
        return self._decisions

    def past(self, env: BuildEnvironment) -> tuple[model.Spec, ...]:
        """Return the releases before the spec; one that cannot be read is reported by whatever compares with it."""
        with contextlib.suppress(PolicySpecError):
            editions = domain_of(env).given.editions
            return editions.past.specs[:-1] if editions else self.older(env)
        return ()

    def older(self, env: BuildEnvironment, source: str = "") -> tuple[model.Spec, ...]:
        """Return the releases of a source, or all that the project or the command line names, which come before the spec.

        Raises :class:`~sphinx_policyspec.errors.PolicySpecError` where one cannot be read.
        """
        from sphinx_policyspec.compare.history import before  # noqa: PLC0415  few projects compare

        new = self.spec(env)
        if source not in self._older:
            inputs = domain_of(env).given
            names = (source,) if source else PolicySpecConfig.of(env.config).older
            own = tuple(partial(releases_of, env, name) for name in names)
            every = own if source else inputs.older or own
            reader = inputs.reader(self.sidecars(env))
            self._older[source] = tuple(spec for read in every for spec in before(read(reader), new))
        return self._older[source]

    def close(self) -> None:
        """End the process that ran the queries of pages, if any did."""
        if self._base is not None:
            self._base.close()
            self._base = None

    def sidecars(self, env: BuildEnvironment) -> tuple[Path, ...]:
        """Return the annotation files that the project names."""
        return tuple(_sidecar(env, name) for name in PolicySpecConfig.of(env.config).annotations)

    def _assemble(self, env: BuildEnvironment) -> tuple[model.Spec, tuple[model.Finding, ...]]:
        domain = domain_of(env)
        if domain.given.site is not None:
            return domain.given.site.spec, ()
        pages = domain.pages
        order = reading_order(env, pages)
        fragments = {name: read_fragment(env, name) for name in order if pages[name].holds_spec}
        spec = assemble(pages, order, fragments, project_title(env.config))
        spec = _with_links_elsewhere(env, spec)
        places = places_of(pages, order, fragments)
        found = list(spec_again(fragments.values()))
        for sidecar, lenient in self._annotations(env):
            from sphinx_policyspec.readers.annotations import annotate  # noqa: PLC0415  only with sidecars

            spec, more = annotate(spec, sidecar, lenient=lenient)
            found += more
            places |= sidecar.places
        found += _wanted(env, spec, run_checks(spec, self.skipped(env), places))
        return spec, tuple(found)

    def _annotations(self, env: BuildEnvironment) -> Iterator[tuple[Annotations, bool]]:
        """Yield annotation files, each with whether it may speak of provisions that the spec lacks."""
        for name in PolicySpecConfig.of(env.config).annotations:
            # The shipped one covers several releases, each of which lacks some of its ids.
            yield _read_sidecar(env, name), name == SHIPPED_SIDECAR
        yield from ((sidecar, False) for sidecar in self.annotations)


def _based(env: BuildEnvironment, spec: model.Spec) -> model.Spec:
    """Return a spec with its base: the command line's, its own or the project's; releases keep theirs in handbooks."""
    config, inputs = PolicySpecConfig.of(env.config), domain_of(env).given
    of_site = "" if inputs.site else site_base(env.config)
    base = inputs.base_iri or spec.base_iri or config.base_iri or of_site
    return replace(spec, base_iri=base, name=spec.name or config.name)


def _state_of(env: BuildEnvironment, *, every_check: bool) -> str:
    pages = domain_of(env).pages
    config = PolicySpecConfig.of(env.config)
    state = hashlib.sha256(ontology_digest().encode())
    for docname in reading_order(env, pages):
        state.update(f"{docname}\0{pages[docname].digest}\0".encode(errors="replace"))
    for name in config.annotations:
        path = _sidecar(env, name)
        state.update(bytes_of(path) if path.is_file() else b"?")
    if older := sorted(
        {s for s in (*config.older, *(q.since for page in pages.values() for q in page.questions)) if s}
    ):
        reader = domain_of(env).given.reader(())
        states = [(source, reader.state(source)) for source in older]
        state.update(exact((config.older, states, reader.options)).encode(errors="replace"))
    beside = *config.alignments, *several(config.feedback), *several(config.results)
    decided = decision_names(domain_of(env).given.confdir, (*config.decisions, *config.proposals))
    for name in filter(None, (config.judgements, config.triage, *beside, *decided)):
        for path in files_at(Path(domain_of(env).given.confdir, name)):
            state.update(f"{name}\0{path.name}\0".encode() + (bytes_of(path) if path.is_file() else b"?"))
    state.update(config.results_baseline.encode())
    ours = config.base_iri, config.name, config.annotations, config.query_unsafe
    settings = env.config
    theirs = settings.project, settings.html_baseurl, settings.nitpick_ignore, settings.nitpick_ignore_regex
    checks = every_check, sorted(config.severity.items())
    state.update(exact((ours, sorted(config.query_limits.items()), theirs, checks)).encode(errors="replace"))
    # References into other projects are findings as soon as an inventory lacks them.
    state.update(repr(inventories(env)).encode(errors="replace"))
    return state.hexdigest()


def _sidecar(env: BuildEnvironment, name: str) -> Path:
    from sphinx_policyspec.sources import sidecar_path  # noqa: PLC0415  only with sidecars

    return sidecar_path(name, domain_of(env).given.confdir)


def _read_sidecar(env: BuildEnvironment, name: str) -> Annotations:
    """Return an annotation file that a project names; for one that cannot be read, a finding."""
    from sphinx_policyspec.readers.annotations import (  # noqa: PLC0415  only with sidecars
        Annotations,
        read_annotations,
    )

    path = _sidecar(env, name)
    file = name if name == SHIPPED_SIDECAR else Path(os.path.relpath(path, env.srcdir)).as_posix()
    try:
        return read_annotations(path, file)
    except SourceError:
        # It is reported for the option that names it.
        return Annotations()
    except AnnotationError as error:
        message = f"`policyspec_annotations`: {str(error).replace(str(path), name)}"
        line = str(error).removeprefix(f"{file}:").partition(":")[0]
        span = model.Span(file, int(line) if line.isdigit() else 1)
        finding = model.Finding(code="annotations", message=message, span=span)
        return Annotations(findings=(finding,))


def _with_links_elsewhere(env: BuildEnvironment, spec: model.Spec) -> model.Spec:
    """Return a spec in which references to what another project has are links to its address.

    A verdict stays: what it blames has an id, wherever that is.
    """
    domain = domain_of(env)
    references: list[model.Reference] = []
    links: list[model.Link] = []
    for reference in spec.references:
        kind, target = reference.target_kind, reference.target
        ours = reference.carrier is model.Carrier.VERDICT or domain.knows(kind, target)
        if ours or not (url := elsewhere(env, kind, target)):
            references.append(reference)
            continue
        links.append(
            model.Link(
                source=reference.source,
                url=url,
                text=reference.text or target,
                carrier=reference.carrier,
                span=reference.span,
                example=reference.example,
                message=reference.message,
            )
        )
    return replace(spec, references=tuple(references), links=(*spec.links, *links)) if links else spec


def _wanted(
    env: BuildEnvironment, spec: model.Spec, findings: Iterable[model.Finding]
) -> Iterator[model.Finding]:
    """Leave out what a page has reported already, and references that lead somewhere after all."""
    by_span = {reference.span: reference for reference in spec.references}
    reported = {
        (f.code, f.span.file, f.span.line) for page in domain_of(env).pages.values() for f in page.findings
    }
    for finding in findings:
        reference = by_span.get(finding.span) if finding.code == "dangling-reference" else None
        if reference is None:
            if (finding.code, finding.span.file, finding.span.line) not in reported:
                yield finding
        elif is_dangling(env, reference):
            yield finding


def is_dangling(env: BuildEnvironment, reference: model.Reference) -> bool:
    """Return whether a reference leads nowhere: not to a page, not to another project, and not ignored."""
    domain = domain_of(env)
    return not (
        domain.knows(reference.target_kind, reference.target)
        or domain.is_ignored(_role_of(reference.target_kind), reference.target)
        or elsewhere(env, reference.target_kind, reference.target)
    )


def elsewhere(env: BuildEnvironment, kind: model.TargetKind, target: str) -> str:
    """Return the address of a target in the inventory of another project, empty where none has it."""
    if not hasattr(env, "intersphinx_inventory"):
        return ""
    adapter = InventoryAdapter(env)
    project, _, name = target.partition(":")
    for objtype in (_role_of(kind), *([f"{DOMAIN}:section"] if kind is model.TargetKind.PROVISION else [])):
        found = adapter.main_inventory.get(objtype, {}).get(target)
        found = found or adapter.named_inventory.get(project, {}).get(objtype, {}).get(name)
        if found:
            return str(found.uri)
    return ""


def _role_of(kind: model.TargetKind) -> str:
    return f"{DOMAIN}:{ROLE_OF_KIND.get(kind, 'principle')}"
