"""A Sphinx project as SOURCE: read as for its site, and not written."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.locale import translators
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import docname_join
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.checks.selection import Selection
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Finding, Span, TargetKind
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.readers.annotations import given_annotations
from sphinx_policyspec.sources import Loaded, ProjectOptions
from sphinx_policyspec.sphinx_ext.build import outputs
from sphinx_policyspec.sphinx_ext.build.build import all_findings
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, severities
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.spec import Knowledge

_OWN_NAME = "sphinx_policyspec"
_MISSING_MODULE = re.compile(r"No module named '([^']+)'|[Nn]o theme named '([^']+)'")
_EXTENSION = re.compile(r"Could not import extension (\S+)")
_WORDS = re.compile(r"^.*?:\d+: (?:WARNING|ERROR|SEVERE|CRITICAL): | \[(?:docutils|myst|toc)[\w.]*\]$")
"""What Sphinx puts around the words of a warning."""
_DIRECTIVES = (
    "admonition",
    "code-block",
    "figure",
    "image",
    "include",
    "list-table",
    "note",
    "only",
    "toctree",
)
"""Those that pages often have."""
_NO_DIRECTIVE = re.compile(r"Unknown directive type:? [\"'`](.+?)[\"'`]")
_UNQUOTED = re.compile(r"NameError: name '(\w+)' is not defined")
_LINE = re.compile(r"conf\.py\", line (\d+)")
_SHORTEST = 2
"""A name of an extension is longer."""
_QUOTED = re.compile(r"'([^'\n]+)'")


def read_project(
    srcdir: Path,
    options: ProjectOptions | None = None,
    sidecar: Path | None = None,
    *,
    spec_only: bool = False,
) -> Loaded:
    """Return the spec of a Sphinx project as a build has it, with all that the build warns of, and hints.

    Its ``conf.py`` and the extensions that this names are run; nothing is written into the project.

    :param sidecar: an annotation file beside its own
    :param spec_only: whether to leave out what its pages ask, and the older releases that it compares itself with
    """
    given = options or ProjectOptions()
    confdir = real_path(given.confdir or srcdir)
    with (
        running_foreign_code(f"cannot read the Sphinx project `{srcdir}`"),
        _own_modules(),
        tempfile.TemporaryDirectory(prefix="policyspec-") as scratch,
        patch_docutils(confdir),
        docutils_namespace(),
    ):
        options = replace(given, confdir=confdir)
        loaded = _read(real_path(srcdir), Path(scratch), options, sidecar, spec_only=spec_only)
        return replace(loaded, root=srcdir)


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Forget the modules that a project finds by a search path of its own: another has others of these names."""
    path, modules = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        added = [Path(entry).absolute() for entry in sys.path if entry not in path]
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and any(Path(file).is_relative_to(entry) for entry in added):
                del sys.modules[name]
        ModuleAnalyzer.cache.clear()


@contextlib.contextmanager
def running_foreign_code(problem: str) -> Iterator[None]:
    """Turn what ``conf.py`` and extensions raise, which may be anything, into a :class:`SourceError`.

    What they print goes to standard error: standard output belongs to the answer. What Sphinx translates afterwards is in the
    language that it had.
    """
    languages = dict(translators)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except PolicySpecError:
        raise
    except SphinxError as error:
        if isinstance(own := getattr(error, "orig_exc", None), PolicySpecError):
            raise own from error
        raise SourceError(f"{problem}: {_first_line(error)}{_remedy(error)}") from error
    except Exception as error:
        notes = "".join(getattr(error, "__notes__", ()))
        message = f"{problem}: {type(error).__name__}: {_first_line(error)}{notes}{_remedy(error)}"
        raise SourceError(message) from error
    finally:
        translators.clear()
        translators.update(languages)


@contextlib.contextmanager
def naming_page(app: Sphinx) -> Iterator[None]:
    """Note in what is raised which page was being read: an error of an encoding or an extension does not say."""
    try:
        yield
    except Exception as error:
        if page := app.env.current_document.docname:
            error.add_note(f", while reading `{app.env.doc2path(page, base=False)}`")
        raise


def _read(
    srcdir: Path, scratch: Path, options: ProjectOptions, sidecar: Path | None, *, spec_only: bool
) -> Loaded:
    warnings = io.StringIO()
    app = Sphinx(
        srcdir=srcdir,
        confdir=options.confdir,
        outdir=scratch / "out",
        doctreedir=scratch / "doctrees",
        buildername=options.builder,
        confoverrides={**options.overrides, **({"policyspec_since": ""} if spec_only else {})},
        status=None,
        warning=warnings,
        freshenv=True,
        tags=options.tags,
    )
    require_extension(app)
    domain = domain_of(app.env)
    domain.give(replace(domain.given, asks=not spec_only, writes=False))
    told = _ParserWarnings(srcdir, app.env.found_docs)
    logging.getLogger("sphinx").addHandler(told)
    links: list[tuple[str, addnodes.pending_xref]] = []
    app.connect("doctree-read", partial(_note_links, links))
    with naming_page(app):
        app.builder.read()
    given = (given_annotations(sidecar),) if sidecar else ()
    knowledge = Knowledge(every_check=True, annotations=given)
    spec = knowledge.spec(app.env)
    said = severities(app.config)
    told_by = (
        None
        if spec_only
        else all_findings(
            app, knowledge, _told_here(app, knowledge, [*told.findings, *_lost_links(app, links)])
        )
    )
    baseline = PolicySpecConfig.of(app.config).baseline
    pages = [Path(app.env.doc2path(name)) for name in app.env.found_docs]
    beside = {Path(srcdir, file) for files in app.env.dependencies.values() for file in files}
    in_vain = {Path(name).absolute() for name in _QUOTED.findall(warnings.getvalue())}
    return Loaded(
        spec=spec,
        root=srcdir,
        findings=in_source_order(told_by(Selection(severity=said).off) if told_by else []),
        causes=told_by,
        annotations=(*knowledge.sidecars(app.env), *filter(None, [sidecar])),
        files=(*pages, *sorted(beside | in_vain)),
        severity=said,
        baseline=Path(app.confdir, baseline) if baseline and Path(app.confdir, baseline).is_file() else None,
    )


def _told_here(app: Sphinx, knowledge: Knowledge, told: list[Finding]) -> Iterator[Finding]:
    """Yield what parsers warn of, and what a build says where it writes the graph, or not at all."""
    yield from told
    yield from outputs.unwritable(app, knowledge)
    if not knowledge.spec(app.env).documents:
        # Pages that refer to the spec of another project are built without a word.
        conf = os.path.relpath(Path(app.confdir, "conf.py"), app.srcdir)
        message, hint = "no page of this project has a principle", "write `policy:principle` below a heading"
        yield Finding(code="no-principle", message=message, span=Span(Path(conf).as_posix(), 1), hint=hint)


_LABEL, _PAGE = "ref", "doc"
"""The types of links to labels and to pages."""


def _note_links(
    links: list[tuple[str, addnodes.pending_xref]], app: Sphinx, document: nodes.document
) -> None:
    """Keep the links of a page by labels of Sphinx, and to pages."""
    for link in document.findall(addnodes.pending_xref):
        is_file = link["reftype"] == "myst" and link.get("refdomain") is None and "." in link["reftarget"]
        if is_file or (link.get("refdomain") == "std" and link["reftype"] in {_LABEL, _PAGE}):
            links.append((app.env.docname, link))


def _lost_links(app: Sphinx, links: list[tuple[str, addnodes.pending_xref]]) -> Iterator[Finding]:
    """Yield such links of pages of the spec that lead nowhere, of which a build warns once it writes the page."""
    domain, standard = domain_of(app.env), app.env.domains.standard_domain
    ids = {item.id for item in domain.objects() if item.kind is TargetKind.PROVISION}
    elsewhere = getattr(app.env, "intersphinx_inventory", {}).values()
    for docname, link in links:
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


class _ParserWarnings(logging.Handler):
    """Keeps what parsers warn of on pages that have something of ours: a build prints it, a command would be silent."""

    def __init__(self, srcdir: Path, pages: Collection[str]) -> None:
        super().__init__(logging.WARNING)
        self._srcdir = srcdir
        self._pages = pages
        self.findings: list[Finding] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take up a warning that has a place in a file; Sphinx's own handler, which comes first, has written it out."""
        kind = str(getattr(record, "type", None) or "").partition(".")[0]
        path, _, line = str(getattr(record, "location", "")).rpartition(":")
        file = Path(path)
        if kind not in {"docutils", "myst", "toc"} or not line.isdigit() or not file.is_file():
            return
        words = _WORDS.sub("", record.getMessage().partition("\n")[0]).rstrip(". ")
        # How code of a notebook is shown is no matter of the text.
        if f"{DOMAIN}:" not in file.read_text("utf-8", "replace") or "[myst-nb" in words:
            return
        span = Span(Path(os.path.relpath(file, self._srcdir)).as_posix(), int(line), 1, int(line) + 1, 1)
        message = f"the parser of the page says: {words}"
        # What a table of contents names wrongly is a page.
        named = _QUOTED.search(words) if kind == "toc" else None
        hint = nearest(named[1], self._pages) if named else _cure(words)
        if files := sorted(self._srcdir.glob(f"{named[1]}.*")) if named else []:
            hint = "its file is there, but `exclude_patterns` leaves it out, or no extension reads it"
        lost = tuple(Span(path.relative_to(self._srcdir).as_posix(), 1) for path in files)
        finding = Finding(code="parser-warning", message=message, span=span, hint=hint, related=lost)
        # A page that hides something is read twice; entries of one table of contents have one place, and often one slip.
        is_told = kind == "toc" and any(one.span == span for one in self.findings)
        if finding not in self.findings and not is_told:
            self.findings.append(finding)


_CURES = (
    (r"Title (?:underline|overline) too short", "make the line of signs as long as the title"),
    (r"Unexpected section title", "end what stands around it first: a heading is indented no further than the page"),
    (r"Title level inconsistent", "underline it with the signs that titles of its depth have on this page"),
    (r"Non-consecutive header level increase; H(\d) to", "write one `#` more than the heading above has"),
    (r"Document headings start at H", "begin the page with a heading of one `#`"),
    (r"Unknown target name", "refer to an id of a spec by `:policy:principle:`, or declare the target"),
    (r"Inline .* start-string without end-string", "close it, or write a backslash before the sign that begins it"),
    (r"Unexpected indentation", "put a blank line above it, or indent it no further than the line above"),
    (r"without a blank line", "put a blank line between them"),
    (r"Literal block expected", "indent what belongs to the `::`, or write one colon"),
    (r"Invalid options format", "write each option as `:name: value` on a line of its own"),
    (r"Unknown (?:directive type|interpreted text role)|unknown role", "correct its name, or add what brings it to `extensions`"),
    (r"Duplicate (?:explicit|implicit) target name", "give one of the two another name"),
    (r"Malformed table", "make its columns as wide as what stands in them"),
    (r"Undefined substitution", "define it, or write what it stands for"),
)  # fmt: skip
"""By words of docutils or MyST: what to do."""


def _cure(words: str) -> str:
    """Return what to do about a warning of a parser, nothing where that is not known."""
    unknown = _NO_DIRECTIVE.search(words)
    if unknown and (meant := near_name(unknown[1], _DIRECTIVES)):
        return f"did you mean `{meant}`?"
    return next((cure for pattern, cure in _CURES if re.search(pattern, words)), "")


def require_extension(app: Sphinx) -> None:
    """Raise :class:`SourceError` where a project does not load our extension."""
    if DOMAIN not in app.env.domains:
        conf = Path(app.confdir, "conf.py")
        message = f"`{conf}` does not load the extension `{_OWN_NAME}`; add it to `extensions`"
        raise SourceError(message)


def _first_line(error: Exception) -> str:
    first, *rest = str(error).strip().splitlines() or ["no reason given"]
    # Below a line that only announces it stands a traceback, which ends with the reason.
    return f"{first} {rest[-1].strip()}" if rest and first.endswith(":") else first


def _remedy(error: BaseException) -> str:
    """Return what to install where a project needs a package that is not there."""
    said = f"{error} {error.__cause__ or ''} {error.__context__ or ''}"
    if unquoted := _UNQUOTED.search(said):
        line = max(map(int, _LINE.findall(said)), default=0)
        return f" (line {line}); put quotes around `{unquoted[1]}` if it is a text"
    if (match := _MISSING_MODULE.search(said)) is None:
        return ""
    before, own, behind = (named[1] if (named := _EXTENSION.search(str(error))) else "").partition(_OWN_NAME)
    if own and max(len(before), len(behind)) > _SHORTEST:
        names = " and ".join(f"`{name}`" for name in (before, own, behind) if name)
        return f"; put a comma between {names} in `extensions` of `conf.py`"
    if match[1] and near_name(match[1], (_OWN_NAME, "myst_parser")):
        return f"; {nearest(match[1], (_OWN_NAME, 'myst_parser'))}"
    if match[1] and len(match[1]) == 1:
        return "; write `extensions` as a list of names"
    return (
        f"; install what the project needs (`{match[1] or match[2]}`) beside sphinx_policyspec: in a pre-commit hook under "
        "`additional_dependencies`, in the GitHub action as `requirements`"
    )


def main(file: str) -> None:
    """Read what a parent names on standard input; a project, or, as a text, why there is none, goes into a file."""
    path, options, sidecar = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  written by our own parent
    told: Loaded | str
    try:
        told = read_project(path, options, sidecar, spec_only=True)
    except PolicySpecError as error:
        told = str(error)
    Path(file).write_bytes(pickle.dumps(told, protocol=5))


if __name__ == "__main__":
    main(*sys.argv[1:])
