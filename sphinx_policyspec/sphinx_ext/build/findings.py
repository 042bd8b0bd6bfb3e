"""Findings that only a build has, on settings, references and plain links; and findings as warnings of Sphinx."""

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
from sphinx_policyspec.sphinx_ext.beside import has_past
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

_PlainLink = tuple[str, bool]
"""A target, and whether the link has its own text, which a link to a place without a title needs."""


def dangling_links(env: BuildEnvironment, docname: str) -> Iterator[Reference]:
    """Yield the plain links of a page of the spec that have no target anywhere.

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
    """MyST's own resolver, used without its warnings to find where a link leads."""

    def __init__(self, env: BuildEnvironment, docname: str) -> None:
        document = new_document(docname)
        document.settings.env = env
        self._docname = docname
        self._domains = env.config.myst_ref_domains
        slugs = [entry.get("myst_slugs", {}) for entry in env.metadata.values()]
        self._headings = {name for page in slugs for slug, item in page.items() for name in (slug, item[1])}
        self._resolver = MystReferenceResolver(document)
        # It warns when it writes the page.
        self._resolver.log_warning = lambda *_args, **_kwargs: None  # type: ignore[method-assign]

    def finds(self, target: str, *, is_explicit: bool) -> bool:
        """Return whether this or another project has a target for a link of the page."""
        if target in self._headings:
            return True
        text = nodes.inline("", target)
        link = addnodes.pending_xref("", text, refdomain=None, reftype="myst", reftarget=target)
        link["refdoc"], link["refexplicit"] = self._docname, is_explicit
        with warnings.catch_warnings():
            # MyST gets the builder in a way that a later Sphinx will remove.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            try:
                node = self._resolver.resolve_myst_ref_any(self._docname, link, text, self._domains)
            except NoUri:
                # The target exists, on a page that is not built.
                return True
        # The method for other projects has no public name.
        elsewhere = self._resolver._resolve_myst_ref_intersphinx  # noqa: SLF001
        return node is not None or bool(elsewhere(link, text, target, self._domains))


class TakePlainLinks(SphinxPostTransform):
    """Replaces such links by their text before MyST warns about them, which it does only when it writes the page."""

    default_priority = 8

    def run(self, **_kwargs: Any) -> None:
        """Replace links without a target by their text."""
        # A builder that joins pages has links of many pages in one document.
        by_page: defaultdict[str, dict[_PlainLink, list[addnodes.pending_xref]]] = defaultdict(dict)
        for node in self.document.findall(addnodes.pending_xref):
            if node.get("reftype") == "myst" and (node.get("reftargetid") or not node.get("refdomain")):
                link = (node.get("reftargetid") or node["reftarget"], bool(node["refexplicit"]))
                self._lead_to_ours(node)
                by_page[node["refdoc"]].setdefault(link, []).append(node)
        for docname, links in by_page.items():
            for link in self._lost(docname, set(links)):
                for node in links.get(link, ()):
                    children = list(node[0].children) if node.children else []
                    node.replace_self(children or [nodes.literal("", f"#{node['reftarget']}")])

    def _lead_to_ours(self, node: addnodes.pending_xref) -> None:
        """Shorten a link to a page and one of our ids to the id: MyST knows only headings on a page."""
        ours = cast("PolicyDomain", self.env.get_domain(DOMAIN))
        if (name := node.get("reftargetid")) and ours.find(TargetKind.PROVISION, name):
            node.attributes.pop("reftargetid")
            node["refdomain"], node["reftarget"] = None, name

    def _lost(self, docname: str, links: set[_PlainLink]) -> set[_PlainLink]:
        if cast("PolicyDomain", self.env.get_domain(DOMAIN)).given.site is None:
            return {(link.target, _has_text(link)) for link in dangling_links(self.env, docname)}
        # The handbook of a graph has the spec, but not the pages around it.
        resolver = _Resolver(self.env, docname)
        return {(target, text) for target, text in links if not resolver.finds(target, is_explicit=text)}


def _has_text(link: Reference) -> bool:
    return link.form is ReferenceForm.TEXT


def lead_links_to_anchors(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Change all links in the text to anchors that the page has."""
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
    """Do the same for the contents of ``singlehtml``: some exist already, some are built when a theme asks."""
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
    """Raise :class:`~sphinx.errors.ConfigError` if the first page is in Markdown, and no extension reads that.

    Sphinx would only report that another file is missing.
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
    """Yield findings on options and the files that they name, after pages have been read."""
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
    """Yield findings on the judgement file, and on judgements that do not fit the changes."""
    if name := PolicySpecConfig.of(app.config).judgements:
        from sphinx_policyspec.readers.judgements import read_judgement_file  # noqa: PLC0415  few projects have them

        file = Path(app.confdir, name)
        file_name = Path(os.path.relpath(file, app.srcdir)).as_posix()
        with contextlib.suppress(PolicySpecError):
            yield from read_judgement_file(file, file_name)[1]
        misfits = domain_of(app.env).shown_by(app.builder.name).misfits
        yield from (replace(misfit, span=replace(misfit.span, file=file_name)) for misfit in misfits)


_PLACE = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+): (?P<said>.*)", re.DOTALL)
"""An error that begins with its place in a file."""


def result_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield findings on evaluation results, on reviews of outputs, and on the options that name them.

    Raises :class:`~sphinx_policyspec.errors.PolicySpecError` if a command line names an unusable file.
    """
    results, problems = knowledge.evaluated(app.env)
    file, lines = _conf(app) if problems or (results and results.findings) else ("", {})
    for option, error in problems.items():
        if (name := f"{PREFIX}{option}") in domain_of(app.env).given.named:
            raise error
        words = str(error).replace(f"{app.confdir}{os.sep}", "")
        span = Span(file, lines.get(name, [1])[-1])
        if place := _PLACE.match(str(error)):
            words = place["said"]
            span = Span(Path(os.path.relpath(place["file"], app.srcdir)).as_posix(), int(place["line"]))
        yield Finding(code="config", message=f"`{name}`: {words}", span=span)
    for finding in results.findings if results else ():
        path, message = (
            Path(app.confdir, finding.span.file),
            finding.message.replace(f"{app.confdir}{os.sep}", ""),
        )
        span = replace(finding.span, file=Path(os.path.relpath(path, app.srcdir)).as_posix())
        name = f"{PREFIX}results"
        if not path.exists() and name not in domain_of(app.env).given.named:
            # A missing file has no line.
            span = Span(file, lines.get(name, [1])[-1])
            message = f"`{name}`: {message}"
        yield replace(finding, message=message, span=span)


def alignment_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield findings on the alignments of the project: their form, and their side of its own spec."""
    if report := alignment_report(app, knowledge):
        yield from report.findings


def alignment_report(app: Sphinx, knowledge: Knowledge) -> AlignmentReport | None:
    """Return the report on the alignments of the project with its own spec; none if it has no alignments."""
    names = PolicySpecConfig.of(app.config).alignments
    if not names:
        return None
    from sphinx_policyspec.alignments.check import check_alignments  # noqa: PLC0415  few projects are aligned
    from sphinx_policyspec.alignments.sides import AlignedSpecs  # noqa: PLC0415  likewise
    from sphinx_policyspec.alignments.sssom import read_alignment_file  # noqa: PLC0415  likewise
    from sphinx_policyspec.graph.releases import by_spec  # noqa: PLC0415  it imports an engine

    alignments = []
    for file in (Path(app.confdir, name) for name in names):
        # An unreadable file is reported with the option.
        with contextlib.suppress(PolicySpecError):
            alignments.append(read_alignment_file(file, Path(os.path.relpath(file, app.srcdir)).as_posix()))
    return check_alignments(alignments, AlignedSpecs(by_spec([(knowledge.spec(app.env),)])))


def _read_judgements(path: Path) -> None:
    from sphinx_policyspec.readers.judgements import read_judgement_file  # noqa: PLC0415  as above

    read_judgement_file(path, str(path))


def _check_readable(path: Path) -> None:
    """Raise an error if a file cannot be read; findings on its content have their own lines."""
    _check_exists(path)
    read_text(path, path.name)


def _check_exists(path: Path) -> None:
    """Raise an error if there is no such file or folder."""
    if not path.exists():
        raise absent(path, str(path))


def _bad_names(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield each option that names a missing or unreadable file, with the problem."""
    config = PolicySpecConfig.of(app.config)
    files = list(get_matching_files(app.srcdir)) if config.foreign_pages else []
    for option, patterns in (("model_spec", config.model_spec), ("markdown", config.markdown)):
        for pattern in patterns:
            if not any(map(compile_matchers([pattern])[0], files)):
                yield f"{PREFIX}{option}", f"`{PREFIX}{option}`: no file matches `{pattern}`"
    for option, patterns in (("decisions", config.decisions), ("proposals", config.proposals)):
        lost = (one for one in patterns if not decision_names(Path(app.confdir), [one]))
        yield from ((f"{PREFIX}{option}", f"`{PREFIX}{option}`: no file matches `{one}`") for one in lost)
    checks: list[tuple[str, str, Callable[[Path], object]]] = [
        ("baseline", config.baseline, read_baseline),
        ("judgements", config.judgements, _read_judgements),
        *(("annotations", name, _check_readable) for name in config.annotations if name != SHIPPED_SIDECAR),
        *(("alignments", name, _check_readable) for name in config.alignments),
        *(("feedback", name, _check_exists) for name in several(config.feedback)),
    ]
    for option, name, check in checks:
        if name:
            try:
                check(Path(app.confdir, name))
            except PolicySpecError as error:
                problem_text = str(error).replace(f"{app.confdir}{os.sep}", "")
                yield f"{PREFIX}{option}", f"`{PREFIX}{option}`: {problem_text}"
    if problem := domain_of(app.env).shown_by(app.builder.name).problem:
        yield f"{PREFIX}since", f"`{PREFIX}since`: {problem}"


def _reads_markdown(app: Sphinx) -> bool:
    return _MARKDOWN in app.config.source_suffix


def _unread(app: Sphinx) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield options because of which files with our directives are not read: option, reason, hint, and files."""
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
    excluded = sorted(get_matching_files(app.srcdir, patterns)) if missing else []
    for page in excluded:
        text = Path(app.srcdir, page).read_text("utf-8", "replace")
        if f"{DOMAIN}:" in text and (ids := sorted(missing.intersection(_ID.findall(text)))):
            message = (
                f"`exclude_patterns` leaves out `{page}`, which declares `{ids[0]}`, to which pages refer"
            )
            yield "exclude_patterns", message, "take it out of that list, or correct the references", [page]


def _names_of_nothing(app: Sphinx) -> set[str]:
    """Return the names in references of pages that nothing has."""
    domain = domain_of(app.env)
    targets = (item for page in domain.pages.values() for item in page.targets)
    links = (link.target for page in domain.pages.values() for link in page.anchors)
    return {name for kind, name in targets if not domain.knows(kind, name)} | {
        name for name in links if domain.find_anchor(name) is None
    }


def _conf(app: Sphinx) -> tuple[str, dict[str, list[int]]]:
    """Return the name of ``conf.py`` in findings, and the line of each assigned name, or all that certainly run."""
    conf = Path(app.confdir, "conf.py")
    name = Path(os.path.relpath(conf, app.srcdir)).as_posix()
    try:
        tree = ast.parse(conf.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return name, {}
    lines: dict[str, list[int]] = {}
    for statement in tree.body:
        is_sure = isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)
                and (is_sure or node.id not in lines)
            ):
                lines.setdefault(node.id, []).append(node.lineno)
    return name, lines


class Dangling:
    """Creates the findings of one build, with a limit on the total cost of their hints."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._domain = domain_of(env)
        self._hints = Hints()
        self._by_kind: dict[TargetKind, set[str]] = {}

    def finding(self, reference: Reference, message: str) -> Finding:
        """Return the finding about a reference."""
        return Finding(
            code="dangling-reference",
            message=message,
            span=reference.span,
            hint=self._hint(reference),
        )

    def _hint(self, reference: Reference) -> str:
        by_kind = {kind: self._names(kind) for kind in TargetKind}
        names = by_kind[reference.target_kind]
        near = other_kind(reference.target, by_kind) or self._hints.nearest(reference.target, names)
        return near or declare(reference.target_kind, names)

    def _names(self, kind: TargetKind) -> set[str]:
        if kind not in self._by_kind:
            names = {item.id for item in self._domain.objects() if item.kind is kind}
            # Levels need not be declared.
            self._by_kind[kind] = names | (
                set(self._domain.level_names()) if kind is TargetKind.LEVEL else set()
            )
        return self._by_kind[kind]


_LABEL, _PAGE = "ref", "doc"
"""The types of links to labels and to pages."""


def is_standard_link(link: addnodes.pending_xref) -> bool:
    """Return whether a link uses a label of Sphinx, or leads to a page."""
    if link["reftype"] == "myst" and link.get("refdomain") is None and "." in link["reftarget"]:
        return True
    return link.get("refdomain") == "std" and link["reftype"] in {_LABEL, _PAGE}


def lost_links(app: Sphinx, links: Mapping[str, list[addnodes.pending_xref]]) -> Iterator[Finding]:
    """Yield findings on such links without a target on pages of the spec; a build only warns when it writes them."""
    domain, standard = domain_of(app.env), app.env.domains.standard_domain
    ids = {item.id for item in domain.objects() if item.kind is TargetKind.PROVISION}
    elsewhere = getattr(app.env, "intersphinx_inventory", {}).values()
    for docname, link in ((docname, link) for docname, page_links in links.items() for link in page_links):
        kind, target = link["reftype"], link["reftarget"]
        labels = standard.anonlabels if link["refexplicit"] else standard.labels
        page = docname_join(docname, target.partition("#")[0])
        is_known = target in labels if kind == _LABEL else page in app.env.all_docs
        code = {_LABEL: "ref.ref", _PAGE: "ref.doc"}.get(kind, "myst.xref_missing")
        is_other = any(target in names for kinds in elsewhere for names in kinds.values())
        is_quiet = {code, code.partition(".")[0]} & {*app.config.suppress_warnings}
        if is_known or is_other or is_quiet or docname not in domain.pages:
            continue
        suggestion = near_name(target, ids) if kind == _LABEL else ""
        hint = f"did you mean `{suggestion}`, by the role `{DOMAIN}:principle`?" if suggestion else ""
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

    Findings in the project's baseline are left out, and its severities apply.
    """
    srcdir = Path(app.srcdir)
    selected = in_source_order(list(Selection(severity=severities(app.config)).of(findings)))
    for finding in _unknown(app, selected):
        location = f"{srcdir / finding.span.file}:{finding.span.line}" if finding.span.file else None
        log = _LOGGER.info if finding.severity is Severity.HINT else _LOGGER.warning
        log(words_of(finding), type="policyspec", subtype=finding.code, location=location)


def words_of(finding: Finding) -> str:
    """Return the text of a warning for a finding."""
    hint = f"; {finding.hint}" if finding.hint else ""
    # On one line, without control characters for the terminal.
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in finding.message + hint)


def _unknown(app: Sphinx, findings: tuple[Finding, ...]) -> Iterable[Finding]:
    """Return the findings that are not in the baseline; an unreadable baseline contains none."""
    baseline = PolicySpecConfig.of(app.config).baseline
    if not baseline or not findings:
        return findings
    try:
        known = read_baseline(Path(app.confdir, baseline))
    except PolicySpecError:
        return findings
    entries = marked(findings, SourceLines(Path(app.srcdir)))
    return [entry.finding for entry in entries if entry.fingerprint not in known]
