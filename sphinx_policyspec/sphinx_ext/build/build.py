"""Keeping a rebuild equal to a fresh build: which pages to write again, and which findings to repeat."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder

from sphinx_policyspec.checks import Selection
from sphinx_policyspec.checks.causes import Causes, causes
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import exact
from sphinx_policyspec.model import Finding, TargetKind
from sphinx_policyspec.readers.text import Ignore, SourceLines, silenced
from sphinx_policyspec.sphinx_ext.asks.answering import Views
from sphinx_policyspec.sphinx_ext.beside import beside_findings
from sphinx_policyspec.sphinx_ext.build import outputs
from sphinx_policyspec.sphinx_ext.build.findings import (
    Dangling,
    alignment_findings,
    dangling_links,
    lead_contents_to_anchors,
    lead_links_to_anchors,
    report,
    result_findings,
    setting_findings,
)
from sphinx_policyspec.sphinx_ext.build.trial import has_late_handlers, left_out, settle
from sphinx_policyspec.sphinx_ext.config import Given, severities
from sphinx_policyspec.sphinx_ext.domain.domain import add_anchors, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, FindingOfKnown
from sphinx_policyspec.sphinx_ext.markdown import outdated_by_companions
from sphinx_policyspec.sphinx_ext.nodes.boxes import arrange_examples, explain
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBox,
    PolicyChip,
    PolicyCount,
    PolicyDeclaration,
    PolicyQuery,
    elements_of,
)
from sphinx_policyspec.sphinx_ext.nodes.writers import add_heads, set_as_text, set_for_paper
from sphinx_policyspec.sphinx_ext.pages.marks import cleaned, is_ours, unread_in
from sphinx_policyspec.sphinx_ext.spec import Knowledge, elsewhere, is_dangling
from sphinx_policyspec.sphinx_ext.store import Unfinished, note_doctrees, unsound_pages, write_output
from sphinx_policyspec.sphinx_ext.web.ask_and_changes import AskPage, ChangesPage
from sphinx_policyspec.sphinx_ext.web.beside import RecordsPage, ReportPage
from sphinx_policyspec.sphinx_ext.web.evals import ResultsPage
from sphinx_policyspec.sphinx_ext.web.llms import link_markdown, write_llms
from sphinx_policyspec.sphinx_ext.web.navigation import (
    lead_nowhere_else,
    show_contents,
    show_releases,
)
from sphinx_policyspec.sphinx_ext.web.pages import RECORDS, HandbookPages
from sphinx_policyspec.sphinx_ext.web.places import PAGE_BUILDERS, WEB_BUILDERS, announce_pages, show_index

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sources import Loaded, ProjectOptions, Reader

_CHILD = f"{__package__}.project"
"""The module that the child runs."""


def _read_in_child(path: Path, options: ProjectOptions, sidecar: Path | None = None) -> Loaded:
    """Return a project, read without its comparisons and queries; its ``conf.py`` is run.

    Raises :class:`~sphinx_policyspec.errors.SourceError` if it cannot be read.
    """
    package = str(Path(__file__).resolve().parents[3])
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        file = Path(folder, "project")
        done = subprocess.run(  # noqa: S603  a list, no shell, nothing from outside
            (sys.executable, "-P", "-m", _CHILD, str(file)),
            input=pickle.dumps((path, options, sidecar), protocol=5),
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": search},
        )
        if not file.is_file():
            line = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SourceError(f"cannot read the Sphinx project `{path}`: {line or 'its process ended early'}")
        result = pickle.loads(file.read_bytes())  # noqa: S301  written by our own child
    if isinstance(result, str):
        raise SourceError(result)
    return result  # type: ignore[no-any-return]


_PREFIX, _SUFFIX = "Search.setIndex(", ")"


def remove_pages(app: Sphinx, docnames: Iterable[str]) -> None:
    """Delete the output of earlier builds for our pages that are gone; Sphinx would keep it forever."""
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder):
        return
    for docname in docnames:
        Path(builder.get_outfilename(docname)).unlink(missing_ok=True)
        for suffix in app.config.source_suffix:
            link = app.config.html_sourcelink_suffix if suffix != app.config.html_sourcelink_suffix else ""
            Path(app.outdir, "_sources", f"{docname}{suffix}{link}").unlink(missing_ok=True)


def remove_empty_indices(app: Sphinx, domain: Domain) -> None:
    """Delete indices of earlier builds that are empty now: Sphinx does not write empty ones."""
    builder = app.builder
    if isinstance(builder, StandaloneHTMLBuilder):
        present = {index[0] for index in builder.domain_indices}
        for name in {f"{domain.name}-{index.name}" for index in domain.indices} - present:
            Path(builder.get_outfilename(name)).unlink(missing_ok=True)


def drop_dead_terms(app: Sphinx) -> None:
    """Remove words that no page contains any more from the search index, as in a fresh build."""
    file = Path(app.outdir, StandaloneHTMLBuilder.searchindex_filename)
    if not isinstance(app.builder, StandaloneHTMLBuilder) or not file.is_file():
        return
    text = file.read_text("utf-8")
    if "[]" not in text or not (text.startswith(_PREFIX) and text.endswith(_SUFFIX)):
        return
    index = json.loads(text[len(_PREFIX) : -len(_SUFFIX)])
    for words in ("terms", "titleterms"):
        index[words] = {word: pages for word, pages in index[words].items() if pages != []}
    # The same form as Sphinx writes.
    dumped = json.dumps(index, separators=(",", ":"), sort_keys=True)
    write_output(file, f"{_PREFIX}{dumped}{_SUFFIX}")


_TEXT_FORMATS = frozenset({"man", "texinfo", "text"})
"""Formats without boxes and styles that people read."""
_WITHOUT_VISITORS = frozenset({"pseudoxml", "texinfo", "typst", "xml"})
"""Formats whose writers output comments, or do not use the visitors of other extensions."""


class WriteFailures(logging.Handler):
    """Detects that a page could not be written, which Sphinx reports as a warning and then forgets."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.is_full = False

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a message of Sphinx; one from another process has only the text of the error."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        full = os.strerror(errno.ENOSPC)
        self.is_full |= any(isinstance(argument, OSError) or full in str(argument) for argument in arguments)
        self.is_full |= full in str(record.msg)


_Context = dict[str, Any]
"""The context of a template."""


@dataclass(slots=True, repr=False)
class Build:
    """The work of one application between reading its pages and its end."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    views: Views = field(init=False)
    handbook: HandbookPages = field(init=False)
    changes: ChangesPage = field(init=False)
    ask: AskPage = field(init=False)
    beside: tuple[ReportPage, ...] = field(init=False)
    failures: WriteFailures = field(default_factory=WriteFailures)
    removed: set[str] = field(default_factory=set)
    hides: bool = False
    writes_pages: bool = False
    leaves_indices: bool = False

    def __post_init__(self) -> None:
        """Make views and panels use the same spec."""
        self.views = Views(self.knowledge)
        self.handbook = HandbookPages(self.knowledge, self.views.since)
        self.changes = ChangesPage(self.views)
        self.ask = AskPage(self.knowledge)
        records = (RecordsPage(self.knowledge, texts) for texts in RECORDS)
        self.beside = (ResultsPage(self.knowledge), *records)

    def begin(self, app: Sphinx) -> None:
        """Pass the configuration of Sphinx to the domain, and announce our pages to Sphinx."""
        data = Given(
            confdir=Path(app.confdir), reader=partial(_reader_of_older, app), shows=partial(_shows, app)
        )
        domain_of(app.env).give(data)
        self.ask.announce(app)
        announce_pages(app)

    def outdated(
        self, app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], removed: set[str]
    ) -> list[str]:
        """Remember which of our pages are gone; return those with files of an interrupted build, or new companions."""
        domain = domain_of(env)
        self.removed = removed & domain.own_pages()
        domain.give(replace(domain.given, hides_anything=has_late_handlers(app)))
        with_fragment = {name for name, page in domain.pages.items() if page.holds_spec}
        unsound = unsound_pages(env, with_fragment, domain.pages.keys())
        again = {*unsound, *domain.gone, *outdated_by_companions(app, env)}
        return sorted(again & env.found_docs)

    def after_reading(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Report all findings, and return the pages whose links or answers have changed.

        Callers that only read the project get the findings afterwards.
        """
        interrupted = domain_of(env).given.writes and self._begin_writing(app)
        again = settle(app)
        self.hides = any(page.hidden is not None for page in domain_of(env).pages.values())
        self.knowledge.pages_were_read()
        if not (domain_of(env).given.writes or domain_of(env).given.asks):
            return []
        answers = self.views.update(app)
        topics = domain_of(env).snapshot.topics
        # Sidecars add former ids, which pages of changes link to.
        self.knowledge.findings(env)
        marks = set(self.changes.update(app, env))
        if not domain_of(env).given.writes:
            return []
        off = Selection(severity=severities(app.config)).off
        report(app, all_findings(app, self.knowledge)(off))
        # Sphinx writes indices only if it writes a page.
        indices = {env.config.root_doc} if topics != domain_of(env).snapshot.topics else set()
        outdated = answers | marks | {*again} | self.handbook.update(app) | _relinked(app) | _renavigated(app)
        if interrupted:
            return sorted(env.all_docs)
        return sorted((outdated | indices) & set(env.all_docs))

    def _begin_writing(self, app: Sphinx) -> bool:
        """Note that pages are written from now on; return whether the last build of this builder was interrupted.

        The notes of that build about its pages are forgotten: it is unknown which of them it wrote.
        """
        unfinished = Unfinished(app)
        interrupted = unfinished.is_noted()
        if interrupted:
            domain_of(app.env).note_shown(app.builder.name, None)
        unfinished.note()
        return interrupted

    def before_writing(self, app: Sphinx, *_builder: object) -> None:
        """Compute the content of pages before writers fork; all pages are read by now."""
        note_doctrees(app.env)
        logging.getLogger("sphinx").addHandler(self.failures)
        outputs.share_static_files(app)
        self.views.prepare(app)
        if app.parallel > 1:
            self.handbook.prepare(app)

    def fill_page(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Add the names of levels and the answers to a page, and what builders without our visitors need."""
        domain = domain_of(app.env)
        add_anchors(domain, doctree)
        boxes = [
            node for node in elements_of(doctree) if isinstance(node, PolicyBox | PolicyChip | PolicyCount)
        ]
        arrange_examples(boxes)
        for box in (box for box in boxes if "level" in box):
            declared = domain.find(TargetKind.LEVEL, box["level"])
            title = box["title"] = declared.title if declared else box["title"]
            if isinstance(box, PolicyDeclaration) or app.builder.name in WEB_BUILDERS:
                explain(box, self.knowledge.spec(app.env).levels, box["level"], title)
        self.views.fill(app, [box for box in boxes if isinstance(box, PolicyQuery | PolicyCount)], docname)
        self.handbook.decorate(app, doctree, docname)
        self.changes.mark(app, doctree, docname)
        if app.builder.format != "html":
            add_heads(doctree)
        if app.builder.format == "latex":
            set_for_paper(doctree)
        elif app.builder.format in _TEXT_FORMATS:
            set_as_text(doctree)

    def leave_out(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Remove hidden content from a page: its visitor would leave it out, but an index of words would not.

        All links lead to anchors only by now.
        """
        lead_links_to_anchors(app, doctree, docname)
        tells = app.builder.format in _WITHOUT_VISITORS
        if not (self.hides or tells):
            return
        elements = elements_of(doctree)
        hidden = cleaned(elements)
        if tells:
            is_ours_too = any(map(is_ours, elements))
            comments = [node for node in elements if is_ours_too and isinstance(node, nodes.comment)]
            hidden = [*hidden, *left_out(app, elements), *comments]
        for node in dict.fromkeys(hidden):
            node.parent.remove(node)

    def navigate(
        self, app: Sphinx, docname: str, _template: str, context: _Context, doctree: nodes.document | None
    ) -> None:
        """Add examples and levels to the contents and sidebars of a web page, before themes use them."""
        self._leave_indices(app, docname, doctree)
        show_contents(app, docname, context, doctree)
        self.handbook.show_levels(app, docname, context)
        lead_contents_to_anchors(app, context, doctree)

    def _leave_indices(self, app: Sphinx, pagename: str, doctree: nodes.document | None) -> None:
        """Keep our indices unchanged if no page is written: writing them takes a tenth of such a build.

        In that case Sphinx has found no changed source. The general index is the first page that it writes after those
        with a source; its list of indices is read after that.
        """
        self.writes_pages |= doctree is not None
        builder = app.builder
        if pagename != "genindex" or self.writes_pages or builder.name not in PAGE_BUILDERS:
            return
        assert isinstance(builder, StandaloneHTMLBuilder)  # noqa: S101 - as those are
        ours = [index for index in builder.domain_indices if index[0].startswith(f"{DOMAIN}-")]
        if all(Path(builder.get_outfilename(index[0])).is_file() for index in ours):
            self.leaves_indices = True
            for index in ours:
                builder.domain_indices.remove(index)

    def complete(
        self, app: Sphinx, docname: str, template: str, context: _Context, doctree: nodes.document | None
    ) -> str | None:
        """Add files and scripts, links to other releases, and metadata for machines to a web page.

        Our indices get a template that shows them unchanged.
        """
        outputs.add_to_page(app, docname, template, context, doctree)
        link_markdown(app, docname, context, doctree)
        self.ask.add_to_page(app, docname)
        self.changes.add_style(docname, context)
        show_releases(app, docname, context)
        if app.builder.name == "singlehtml" and domain_of(app.env).own_pages():
            lead_nowhere_else(context)
        self.handbook.tell_machines(app, docname, context, doctree)
        return show_index(app, docname, template, context)

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the pages without a source: for questions, changes, results, feedback, decisions and proposals."""
        yield from self.ask.pages(app)
        yield from self.changes.pages(app)
        for beside in self.beside:
            yield from beside.pages(app)

    def finish(self, app: Sphinx, error: Exception | None) -> None:
        """Write the files beside the pages, then end the process that ran queries."""
        logging.getLogger("sphinx").removeHandler(self.failures)
        if error is None:
            self.ask.write(app)
            report(app, _late_findings(app, outputs.write_graph(app, self.knowledge)))
            remove_pages(app, self.removed)
            if not self.leaves_indices:
                remove_empty_indices(app, domain_of(app.env))
            outputs.write_data(app, self.handbook)
            write_llms(app, self.handbook)
            if self.removed or domain_of(app.env).own_pages():
                drop_dead_terms(app)
            if not self.failures.is_full:
                Unfinished(app).done()
        self.knowledge.close()


def _shows(app: Sphinx, condition: str) -> bool:
    """Return whether this build shows the content of an ``only`` directive."""
    try:
        return app.tags.eval_condition(condition)
    except Exception:  # noqa: BLE001 - Sphinx shows what it cannot judge, whatever was raised
        return True


def _reader_of_older(app: Sphinx, sidecars: tuple[Path, ...]) -> Reader:
    """Return a reader for older releases of a project, which reads each project in its own process.

    :param sidecars: annotation files of the project, which are also applied to Model Spec Markdown
    """
    from sphinx_policyspec.sources import ProjectOptions, Reader  # noqa: PLC0415  few projects compare

    confdir = Path(app.confdir)
    return Reader(
        project=_read_in_child,
        options=ProjectOptions(
            builder=app.builder.name,
            tags=tuple(sorted(app.tags)),
            overrides=dict(app.config.overrides),
            confdir=None if confdir == Path(app.srcdir) else confdir,
        ),
        folder=confdir,
        otherwise=sidecars,
        is_older=True,
    )


def all_findings(app: Sphinx, knowledge: Knowledge, further: Iterable[Finding] = ()) -> Causes:
    """Return a function that gives the findings on settings, pages, the whole spec, and answers.

    :param further: further findings
    """
    ignores = _ignores(app.env)
    skipped = knowledge.skipped(app.env) if ignores else ()
    findings = [*further, *_all_findings(app, knowledge)]
    return partial(causes, findings, SourceLines(Path(app.srcdir)), ignores, skipped)


def _late_findings(app: Sphinx, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield later findings unless a comment silences them; unused comments were already reported."""
    unsilenced = silenced(findings, _ignores(app.env))
    return (finding for finding in unsilenced if finding.code != "unused-ignore")


def _all_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    env = app.env
    domain, dangling = domain_of(env), Dangling(env)
    yield from setting_findings(app)
    yield from result_findings(app, knowledge)
    yield from alignment_findings(app, knowledge)
    yield from beside_findings(app, knowledge)
    # Sidecars add former ids, which links of pages may use.
    about_spec = knowledge.findings(env)
    for docname, page in domain.pages.items():
        for finding in page.findings:
            target = finding.target if isinstance(finding, FindingOfKnown) else ""
            if not target or domain.find(TargetKind.PROVISION, target):
                yield finding
        for link in dangling_links(env, docname):
            yield dangling.finding(link, f"`#{link.target}` leads nowhere")
        for reference in page.outside:
            if is_dangling(env, reference):
                kind = reference.target_kind.value
                yield dangling.finding(reference, f"unknown {kind} `{reference.target}`")
    yield from about_spec
    for _state, _digests, findings in domain.shown_by(app.builder.name).answers.values():
        yield from findings


def _ignores(env: BuildEnvironment) -> list[Ignore]:
    return [ignore for page in domain_of(env).pages.values() for ignore in page.ignores]


def _renavigated(app: Sphinx) -> set[str]:
    """Return all pages if a sidebar has changed since they were last written, else none.

    A project without pages of ours is left to Sphinx.
    """
    env, domain = app.env, domain_of(app.env)
    record = domain.shown_by(app.builder.name)
    now = ""
    if domain.own_pages():
        levels = [(o.anchor, o.level) for o in domain.page_objects() if o.level]
        texts = [(docname, env.tocs[docname].astext()) for docname in sorted(env.tocs)]
        state = exact((sorted(env.toctree_includes.items()), levels, domain.levels_shown(), texts))
        now = hashlib.sha256(state.encode(errors="replace")).hexdigest()
    domain.note_shown(app.builder.name, replace(record, navigation=now))
    return set(env.all_docs) if record.navigation and record.navigation != now else set()


def _relinked(app: Sphinx) -> set[str]:
    """Return the pages on which a link, title, level or former id has changed since they were last written."""
    domain = domain_of(app.env)
    record = domain.shown_by(app.builder.name)
    former = domain.former_objects()
    now: dict[str, bytes] = {}
    for docname, page in domain.pages.items():
        ours = {*page.targets, *((r.target_kind, r.target) for r in page.outside)}
        objects = [domain.find(kind, target, docname) for kind, target in sorted(ours)]
        objects += [domain.find_anchor(target, docname) for target in sorted({r.target for r in page.maybe})]
        objects += [domain.find(TargetKind.LEVEL, level) for level in sorted({o.level for o in page.objects})]
        targets = [item and (item.docname, item.anchor, item.title, item.level) for item in objects]
        others = [elsewhere(app.env, kind, target) for kind, target in sorted(ours)]
        anchors = [item.id for item in former if item.docname == docname]
        lost = sorted({link.target for link in dangling_links(app.env, docname)})
        state = exact((targets, others, anchors, lost)).encode(errors="replace")
        now[docname] = hashlib.blake2b(state, digest_size=16).digest()
    domain.note_shown(app.builder.name, replace(record, links=now))
    return {name for name, state in now.items() if record.links.get(name, state) != state}


def note_unread(app: Sphinx, document: nodes.document) -> None:
    """Note what other extensions removed from a page as soon as it was read."""
    domain_of(app.env).note_unread(app.env.docname, unread_in(app.env, document))


def silence_core(_app: Sphinx, domain: Domain | None, _node: nodes.Element) -> bool | None:
    """Keep Sphinx from warning about our references: we do it on every build, with a hint."""
    return True if domain is not None and domain.name == DOMAIN else None
