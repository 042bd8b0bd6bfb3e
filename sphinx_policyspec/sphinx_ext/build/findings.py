"""Findings that only a build makes, about settings, references and plain links, and findings as warnings of Sphinx."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from myst_parser.sphinx_ext.myst_refs import MystReferenceResolver
from sphinx import addnodes
from sphinx.errors import ConfigError, NoUri
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join, logging
from sphinx.util.docutils import new_document
from sphinx.util.matching import compile_matchers, get_matching_files

from sphinx_policyspec.checks import Selection, in_source_order, read_baseline
from sphinx_policyspec.checks.names import declare, other_kind
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports.report_formats import marked
from sphinx_policyspec.model import Finding, Reference, ReferenceForm, Severity, Span, TargetKind
from sphinx_policyspec.model.nearest import Hints, near_name, nearest
from sphinx_policyspec.model.spec import SHIPPED_SIDECAR
from sphinx_policyspec.readers.decision_records import decision_names
from sphinx_policyspec.readers.text import SourceLines, absent, read_text
from sphinx_policyspec.sphinx_ext.beside import has_past, proposals_of
from sphinx_policyspec.sphinx_ext.config import PREFIX, PolicySpecConfig, bad_values, several, severities
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_alone

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.alignments.check import AlignmentReport
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.spec import Knowledge

_Asked = tuple[str, bool]
"""A target, and whether the link has a text of its own: a place without a title can be had by such alone."""


def dangling_links(env: BuildEnvironment, docname: str) -> Iterator[Reference]:
    """Yield the plain links of a page of the spec that neither it nor anything else has a target for.

    Pages outside the spec are left to MyST.
    """
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    page = domain.pages.get(docname)
    if page is None or not page.anchors:
        return
    resolver = _Resolver(env, docname)
    for reference in page.anchors:
        ignored = any(domain.is_ignored(role, reference.target) for role in ("myst", f"{DOMAIN}:principle"))
        if not ignored and not resolver.finds(reference.target, is_explicit=_has_text(reference)):
            yield reference


class _Resolver:
    """MyST's own resolver, asked where a link would lead without a word of its warnings."""

    def __init__(self, env: BuildEnvironment, docname: str) -> None:
        document = new_document(docname)
        document.settings.env = env
        self._docname = docname
        self._domains = env.config.myst_ref_domains
        slugs = [entry.get("myst_slugs", {}) for entry in env.metadata.values()]
        self._headings = {name for found in slugs for slug, held in found.items() for name in (slug, held[1])}
        self._resolver = MystReferenceResolver(document)
        # It warns when it writes the page.
        self._resolver.log_warning = lambda *_args, **_kwargs: None  # type: ignore[method-assign]

    def finds(self, target: str, *, is_explicit: bool) -> bool:
        """Return whether the pages of the project, or of another one, have a target for a link of the page."""
        if target in self._headings:
            return True
        shown = nodes.inline("", target)
        link = addnodes.pending_xref("", shown, refdomain=None, reftype="myst", reftarget=target)
        link["refdoc"], link["refexplicit"] = self._docname, is_explicit
        with warnings.catch_warnings():
            # MyST reaches for the builder in a way that a later Sphinx will take away.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            try:
                found = self._resolver.resolve_myst_ref_any(self._docname, link, shown, self._domains)
            except NoUri:
                # It is there, on a page that is no part of what is built.
                return True
        # The method for other projects has no public name.
        elsewhere = self._resolver._resolve_myst_ref_intersphinx  # noqa: SLF001
        return found is not None or bool(elsewhere(link, shown, target, self._domains))


class TakePlainLinks(SphinxPostTransform):
    """Leaves the text of such links, before MyST warns of them: it does so only when it writes the page."""

    default_priority = 8

    def run(self, **_kwargs: Any) -> None:
        """Put their text in the place of links that lead nowhere."""
        # A builder that puts pages together has links of many in one document.
        asked: defaultdict[str, dict[_Asked, list[addnodes.pending_xref]]] = defaultdict(dict)
        for node in self.document.findall(addnodes.pending_xref):
            if node.get("reftype") == "myst" and (node.get("reftargetid") or not node.get("refdomain")):
                link = (node.get("reftargetid") or node["reftarget"], bool(node["refexplicit"]))
                self._lead_to_ours(node)
                asked[node["refdoc"]].setdefault(link, []).append(node)
        for docname, links in asked.items():
            for link in self._lost(docname, set(links)):
                for node in links.get(link, ()):
                    shown = list(node[0].children) if node.children else []
                    node.replace_self(shown or [nodes.literal("", f"#{node['reftarget']}")])

    def _lead_to_ours(self, node: addnodes.pending_xref) -> None:
        """Let a link to a page and an id of ours on it name that id alone: on a page MyST knows headings only."""
        ours = cast("PolicyDomain", self.env.get_domain(DOMAIN))
        if (name := node.get("reftargetid")) and ours.find(TargetKind.PROVISION, name):
            node.attributes.pop("reftargetid")
            node["refdomain"], node["reftarget"] = None, name

    def _lost(self, docname: str, asked: set[_Asked]) -> set[_Asked]:
        if cast("PolicyDomain", self.env.get_domain(DOMAIN)).given.site is None:
            return {(link.target, _has_text(link)) for link in dangling_links(self.env, docname)}
        # Of a graph's spec the handbook has what the spec says, not the pages around it.
        resolver = _Resolver(self.env, docname)
        return {(target, shown) for target, shown in asked if not resolver.finds(target, is_explicit=shown)}


def _has_text(link: Reference) -> bool:
    return link.form is ReferenceForm.TEXT


def lead_links_to_anchors(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead the links in the text, whoever made them, to what the page has."""
    if app.builder.name == "man":
        for link in doctree.findall(nodes.reference):
            # A link to a whole page has an address as well, which is empty.
            if (uri := link.get("refuri", "-")) == "" or uri.startswith("#"):
                link["refid"] = link.attributes.pop("refuri")[1:]
    if app.builder.name != "singlehtml":
        return
    first = next((section["ids"][0] for section in doctree.findall(nodes.section) if section["ids"]), "")
    for link in doctree.findall(nodes.reference):
        if target := link.get("refuri", ""):
            link["refuri"] = f"#{first}" if target == f"#document-{docname}" else anchor_alone(target)


def lead_contents_to_anchors(app: Sphinx, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Do the same for the contents beside the text of ``singlehtml``, some ready, some made when a theme asks."""
    if app.builder.name != "singlehtml" or doctree is None:
        return
    context["toc"] = anchor_alone(context["toc"])
    render = context["toctree"]
    context["toctree"] = lambda **options: anchor_alone(render(**options))


_ID = re.compile(r"\bid\W{1,9}([\w-]+)")
_MARKDOWN = ".md"
_DIRECTIVE = f"{{{DOMAIN}:".encode()
_ADD = "add `myst_parser` to `extensions`"


def require_reader(app: Sphinx, env: BuildEnvironment, _docnames: list[str]) -> None:
    """Raise :class:`~sphinx.errors.ConfigError` where the first page is in Markdown, and nothing reads that.

    Sphinx would only say that another file is not there.
    """
    page = f"{app.config.root_doc}{_MARKDOWN}"
    if (
        app.config.root_doc not in env.found_docs
        and not _reads_markdown(app)
        and Path(app.srcdir, page).is_file()
    ):
        message = f"no extension reads `{page}`, which is in Markdown; {_ADD}"
        raise ConfigError(message)


def setting_findings(app: Sphinx) -> Iterator[Finding]:
    """Yield what is wrong with options, and with what they name, once pages have been read."""
    problems = [*bad_values(app.config), *_bad_names(app)]
    file, lines = _conf(app)
    if PolicySpecConfig.of(app.config).records and not has_past(app.env):
        name = f"{PREFIX}records"
        problems.append((name, f"`{name}`: no older release to compare with; set `{PREFIX}since`"))
    for name, message in problems:
        yield Finding(code="config", message=message, span=Span(file, lines.get(name, [1])[-1]))
    for name, message, hint, pages in _unread(app):
        span, lost = Span(file, lines.get(name, [1])[-1]), tuple(Span(page, 1) for page in pages)
        yield Finding(code="config", message=message, span=span, hint=hint, related=lost)
    for name, (first, *others) in lines.items():
        if others and name.startswith(PREFIX):
            message = f"`{name}` is given twice; the last counts, and not that on line {first}"
            yield Finding(code="config", message=message, span=Span(file, others[-1]), hint="delete one")
    yield from _judgement_findings(app)


def _judgement_findings(app: Sphinx) -> Iterator[Finding]:
    """Yield what is wrong with the file of judgements, and which of them do not fit what changed."""
    if name := PolicySpecConfig.of(app.config).judgements:
        from sphinx_policyspec.readers.judgements import read_judgement_file  # noqa: PLC0415  few projects have them

        file = Path(app.confdir, name)
        shown = Path(os.path.relpath(file, app.srcdir)).as_posix()
        with contextlib.suppress(PolicySpecError):
            yield from read_judgement_file(file, shown)[1]
        misfits = domain_of(app.env).shown_by(app.builder.name).misfits
        yield from (replace(found, span=replace(found.span, file=shown)) for found in misfits)


_PLACE = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+): (?P<said>.*)", re.DOTALL)
"""What an error begins with that knows where in a file it is."""


def result_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield what is wrong with results of evaluations, with what people say of outputs, and with the options that name them.

    Raises :class:`~sphinx_policyspec.errors.PolicySpecError` where a command line names what cannot be used.
    """
    results, problems = knowledge.evaluated(app.env)
    file, lines = _conf(app) if problems or (results and results.findings) else ("", {})
    for option, error in problems.items():
        if (name := f"{PREFIX}{option}") in domain_of(app.env).given.named:
            raise error
        said = str(error).replace(f"{app.confdir}{os.sep}", "")
        span = Span(file, lines.get(name, [1])[-1])
        if place := _PLACE.match(str(error)):
            said = place["said"]
            span = Span(Path(os.path.relpath(place["file"], app.srcdir)).as_posix(), int(place["line"]))
        yield Finding(code="config", message=f"`{name}`: {said}", span=span)
    for finding in results.findings if results else ():
        path, message = (
            Path(app.confdir, finding.span.file),
            finding.message.replace(f"{app.confdir}{os.sep}", ""),
        )
        span = replace(finding.span, file=Path(os.path.relpath(path, app.srcdir)).as_posix())
        name = f"{PREFIX}results"
        if not path.exists() and name not in domain_of(app.env).given.named:
            # It has no line of its own.
            span = Span(file, lines.get(name, [1])[-1])
            message = f"`{name}`: {message}"
        yield replace(finding, message=message, span=span)


def alignment_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield what is wrong with the alignments of the project: their form, and what they say of its own spec."""
    if report := alignment_report(app, knowledge):
        yield from report.findings


def alignment_report(app: Sphinx, knowledge: Knowledge) -> AlignmentReport | None:
    """Return the alignments of the project beside its own spec, with what is wrong with them; nothing where it has none."""
    names = PolicySpecConfig.of(app.config).alignments
    if not names:
        return None
    from sphinx_policyspec.alignments.check import check_alignments  # noqa: PLC0415  few projects are aligned
    from sphinx_policyspec.alignments.sides import AlignedSpecs  # noqa: PLC0415  likewise
    from sphinx_policyspec.alignments.sssom import read_alignment_file  # noqa: PLC0415  likewise
    from sphinx_policyspec.graph.releases import by_spec  # noqa: PLC0415  it imports an engine

    read = []
    for file in (Path(app.confdir, name) for name in names):
        # One that cannot be read is told with the option.
        with contextlib.suppress(PolicySpecError):
            read.append(read_alignment_file(file, Path(os.path.relpath(file, app.srcdir)).as_posix()))
    return check_alignments(read, AlignedSpecs(by_spec([(knowledge.spec(app.env),)])))


def beside_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield what is wrong with feedback, records of decisions and proposals, and which changes lack a record where the project asks for them."""
    said, decided = knowledge.feedback(app.env), knowledge.decisions(app.env)
    for report in (said, decided, proposals_of(knowledge, app.env)):
        yield from report.findings if report else ()
    if decided and PolicySpecConfig.of(app.config).records:
        from sphinx_policyspec.decision_records.undocumented import undocumented_findings  # noqa: PLC0415  few ask

        yield from undocumented_findings(decided.undocumented, knowledge.spec(app.env))


def _read_judgements(path: Path) -> None:
    from sphinx_policyspec.readers.judgements import read_judgement_file  # noqa: PLC0415  as above

    read_judgement_file(path, str(path))


def _look_at(path: Path) -> None:
    """Raise an error where a file cannot be read; what it says is told at its own lines."""
    _is_there(path)
    read_text(path, path.name)


def _is_there(path: Path) -> None:
    """Raise an error where there is neither a file nor a folder."""
    if not path.exists():
        raise absent(path, str(path))


def _bad_names(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield each option that names what is not there, or cannot be read, with what is wrong."""
    config = PolicySpecConfig.of(app.config)
    files = list(get_matching_files(app.srcdir)) if config.foreign_pages else []
    for option, patterns in (("model_spec", config.model_spec), ("markdown", config.markdown)):
        for pattern in patterns:
            if not any(map(compile_matchers([pattern])[0], files)):
                yield f"{PREFIX}{option}", f"`{PREFIX}{option}`: no file matches `{pattern}`"
    for option, patterns in (("decisions", config.decisions), ("proposals", config.proposals)):
        lost = (one for one in patterns if not decision_names(Path(app.confdir), [one]))
        yield from ((f"{PREFIX}{option}", f"`{PREFIX}{option}`: no file matches `{one}`") for one in lost)
    named: list[tuple[str, str, Callable[[Path], object]]] = [
        ("baseline", config.baseline, read_baseline),
        ("judgements", config.judgements, _read_judgements),
        *(("annotations", name, _look_at) for name in config.annotations if name != SHIPPED_SIDECAR),
        *(("alignments", name, _look_at) for name in config.alignments),
        *(("feedback", name, _is_there) for name in several(config.feedback)),
    ]
    for option, name, read in named:
        if name:
            try:
                read(Path(app.confdir, name))
            except PolicySpecError as error:
                said = str(error).replace(f"{app.confdir}{os.sep}", "")
                yield f"{PREFIX}{option}", f"`{PREFIX}{option}`: {said}"
    if problem := domain_of(app.env).shown_by(app.builder.name).problem:
        yield f"{PREFIX}since", f"`{PREFIX}since`: {problem}"


def _reads_markdown(app: Sphinx) -> bool:
    return _MARKDOWN in app.config.source_suffix


def _unread(app: Sphinx) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield the option by which files with directives of ours are no pages, why, what to do, and the files."""
    if not _reads_markdown(app):
        files = sorted(get_matching_files(app.srcdir, [f"**{_MARKDOWN}"], app.config.exclude_patterns))
        if pages := [name for name in files if _DIRECTIVE in Path(app.srcdir, name).read_bytes()]:
            yield (
                "extensions",
                f"no extension reads `{pages[0]}`, a page of the spec in Markdown",
                _ADD,
                pages,
            )
    patterns = [one for one in app.config.exclude_patterns if one.endswith(tuple(app.config.source_suffix))]
    missing = set(patterns) and _names_of_nothing(app)
    named = sorted(get_matching_files(app.srcdir, patterns)) if missing else []
    for page in named:
        text = Path(app.srcdir, page).read_text("utf-8", "replace")
        if f"{DOMAIN}:" in text and (ids := sorted(missing.intersection(_ID.findall(text)))):
            message = (
                f"`exclude_patterns` leaves out `{page}`, which declares `{ids[0]}`, to which pages refer"
            )
            yield "exclude_patterns", message, "take it out of that list, or correct the references", [page]


def _names_of_nothing(app: Sphinx) -> set[str]:
    """Return what references of pages name and nothing has."""
    domain = domain_of(app.env)
    found = (item for page in domain.pages.values() for item in page.targets)
    links = (link.target for page in domain.pages.values() for link in page.anchors)
    return {name for kind, name in found if not domain.knows(kind, name)} | {
        name for name in links if domain.find_anchor(name) is None
    }


def _conf(app: Sphinx) -> tuple[str, dict[str, list[int]]]:
    """Return how findings name ``conf.py``, and where it gives names their values: several lines where it does so twice in any case."""
    conf = Path(app.confdir, "conf.py")
    name = Path(os.path.relpath(conf, app.srcdir)).as_posix()
    try:
        tree = ast.parse(conf.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return name, {}
    found: dict[str, list[int]] = {}
    for statement in tree.body:
        is_sure = isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)
                and (is_sure or node.id not in found)
            ):
                found.setdefault(node.id, []).append(node.lineno)
    return name, found


class Dangling:
    """Makes the findings of one build, whose hints together cost no more than they are worth."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._domain = domain_of(env)
        self._hints = Hints()
        self._known: dict[TargetKind, set[str]] = {}

    def finding(self, reference: Reference, message: str) -> Finding:
        """Return the finding about a reference."""
        return Finding(
            code="dangling-reference",
            message=message,
            span=reference.span,
            hint=self._hint(reference),
        )

    def _hint(self, reference: Reference) -> str:
        known = {kind: self._names(kind) for kind in TargetKind}
        names = known[reference.target_kind]
        near = other_kind(reference.target, known) or self._hints.nearest(reference.target, names)
        return near or declare(reference.target_kind, names)

    def _names(self, kind: TargetKind) -> set[str]:
        if kind not in self._known:
            names = {item.id for item in self._domain.objects() if item.kind is kind}
            # Levels need not be declared.
            self._known[kind] = names | (
                set(self._domain.level_names()) if kind is TargetKind.LEVEL else set()
            )
        return self._known[kind]


_LABEL, _PAGE = "ref", "doc"
"""The types of links to labels and to pages."""


def is_standard_link(link: addnodes.pending_xref) -> bool:
    """Return whether a link is one by a label of Sphinx, or to a page."""
    if link["reftype"] == "myst" and link.get("refdomain") is None and "." in link["reftarget"]:
        return True
    return link.get("refdomain") == "std" and link["reftype"] in {_LABEL, _PAGE}


def lost_links(app: Sphinx, links: Mapping[str, list[addnodes.pending_xref]]) -> Iterator[Finding]:
    """Yield such links of pages of the spec that lead nowhere, of which a build warns once it writes the page."""
    domain, standard = domain_of(app.env), app.env.domains.standard_domain
    ids = {item.id for item in domain.objects() if item.kind is TargetKind.PROVISION}
    elsewhere = getattr(app.env, "intersphinx_inventory", {}).values()
    for docname, link in ((docname, link) for docname, found in links.items() for link in found):
        kind, target = link["reftype"], link["reftarget"]
        labels = standard.anonlabels if link["refexplicit"] else standard.labels
        page = docname_join(docname, target.partition("#")[0])
        is_known = target in labels if kind == _LABEL else page in app.env.all_docs
        code = {_LABEL: "ref.ref", _PAGE: "ref.doc"}.get(kind, "myst.xref_missing")
        is_other = any(target in names for kinds in elsewhere for names in kinds.values())
        is_quiet = {code, code.partition(".")[0]} & {*app.config.suppress_warnings}
        if is_known or is_other or is_quiet or docname not in domain.pages:
            continue
        meant = near_name(target, ids) if kind == _LABEL else ""
        hint = f"did you mean `{meant}`, by the role `{DOMAIN}:principle`?" if meant else ""
        hint = hint or nearest(*((target, labels) if kind == _LABEL else (Path(page).stem, app.env.all_docs)))
        place = next(node for node in (link, *_above(link)) if node.line)
        file = Path(os.path.relpath(place.source or app.env.doc2path(docname), app.srcdir)).as_posix()
        what = "label" if kind == _LABEL else "page"
        span = Span(file, place.line or 1, 1, (place.line or 1) + 1, 1)
        yield Finding(code="parser-warning", message=f"no {what} is called `{target}`", span=span, hint=hint)


def _above(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


_LOGGER = logging.getLogger(__name__)


def report(app: Sphinx, findings: Iterable[Finding]) -> None:
    """Log findings in source order: errors and warnings as warnings, hints as information.

    Those of the project's baseline are held back, and its severities hold.
    """
    srcdir = Path(app.srcdir)
    chosen = in_source_order(list(Selection(severity=severities(app.config)).of(findings)))
    for finding in _unknown(app, chosen):
        location = f"{srcdir / finding.span.file}:{finding.span.line}" if finding.span.file else None
        log = _LOGGER.info if finding.severity is Severity.HINT else _LOGGER.warning
        log(words_of(finding), type="policyspec", subtype=finding.code, location=location)


def words_of(finding: Finding) -> str:
    """Return what a warning says of a finding."""
    hint = f"; {finding.hint}" if finding.hint else ""
    # On one line, without control characters that a terminal would obey.
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in finding.message + hint)


def _unknown(app: Sphinx, findings: tuple[Finding, ...]) -> Iterable[Finding]:
    """Return the findings that are not in the baseline; one that cannot be read holds none."""
    baseline = PolicySpecConfig.of(app.config).baseline
    if not baseline or not findings:
        return findings
    try:
        known = read_baseline(Path(app.confdir, baseline))
    except PolicySpecError:
        return findings
    entries = marked(findings, SourceLines(Path(app.srcdir)))
    return [entry.finding for entry in entries if entry.fingerprint not in known]
