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
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.locale import translators
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_policyspec.checks import Selection, in_source_order
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.files import bytes_of, real_path, unsaved_text
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.finding import moved_lines, moved_span
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.readers.annotations import given_annotations
from sphinx_policyspec.sources import Loaded, ProjectOptions
from sphinx_policyspec.sphinx_ext.beside import registers_of
from sphinx_policyspec.sphinx_ext.build import outputs
from sphinx_policyspec.sphinx_ext.build.build import all_findings
from sphinx_policyspec.sphinx_ext.build.findings import is_standard_link, lost_links
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, severities
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import hold_parts

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.readers.overlays import Overlay
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

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
    with open_project(srcdir, options, sidecar, spec_only=spec_only) as project:
        return project.loaded()


@contextlib.contextmanager
def open_project(
    srcdir: Path,
    options: ProjectOptions | None = None,
    sidecar: Path | None = None,
    *,
    spec_only: bool = False,
    runs_conf: bool = True,
) -> Iterator[OpenProject]:
    """Open a Sphinx project; nothing is written into it. One at a time is open in a process.

    :param sidecar: an annotation file beside its own
    :param spec_only: whether to leave out what its pages ask, and the older releases that it compares itself with
    :param runs_conf: whether its ``conf.py`` is run; else the options have what it says
    """
    given = options or ProjectOptions()
    confdir = real_path(given.confdir or srcdir)
    with (
        running_foreign_code(f"cannot read the Sphinx project `{srcdir}`"),
        _own_modules(),
        tempfile.TemporaryDirectory(prefix="policyspec-") as scratch,
        patch_docutils(confdir if runs_conf else None),
        docutils_namespace(),
    ):
        project = OpenProject(
            srcdir,
            Path(scratch),
            replace(given, confdir=confdir if runs_conf else None),
            sidecar,
            spec_only=spec_only,
        )
        yield project
        project.close()


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


class OpenProject:
    """A Sphinx project that was read, and of which pages can be read again one by one.

    What its pages ask is answered when it is opened, and then whenever ``loaded`` is to answer; in between the findings
    about answers stay, on the lines that they are about.
    """

    def __init__(
        self, srcdir: Path, scratch: Path, options: ProjectOptions, sidecar: Path | None, *, spec_only: bool
    ) -> None:
        self._srcdir, self._sidecar, self._asks = srcdir, sidecar, not spec_only
        self._warnings = io.StringIO()
        root = real_path(srcdir)
        self.app = app = Sphinx(
            srcdir=root,
            confdir=options.confdir,
            outdir=scratch / "out",
            doctreedir=scratch / "doctrees",
            buildername=options.builder,
            confoverrides={**options.overrides, **({"policyspec_since": ""} if spec_only else {})},
            status=None,
            warning=self._warnings,
            freshenv=True,
            tags=options.tags,
        )
        require_extension(app)
        hold_parts(app.env)
        domain = domain_of(app.env)
        domain.give(replace(domain.given, asks=not spec_only, writes=False))
        self._told = _ParserWarnings(root, app.env.found_docs)
        logging.getLogger("sphinx").addHandler(self._told)
        self._links: dict[str, list[addnodes.pending_xref]] = {}
        self._texts: dict[str, str] = {}
        self._usual: dict[int, object] = {}
        app.connect("env-purge-doc", self._begin_page)
        app.connect("source-read", self._take_unsaved, priority=-sys.maxsize)
        app.connect("doctree-read", self._note_links)
        given = (given_annotations(sidecar),) if sidecar else ()
        self._knowledge = Knowledge(every_check=True, annotations=given)
        with naming_page(app):
            app.builder.read()

    def close(self) -> None:
        """Let go of what the process holds for the project beside its memory."""
        logging.getLogger("sphinx").removeHandler(self._told)
        self._knowledge.close()

    def pages_of(self, file: Path) -> tuple[str, ...]:
        """Return the names of the pages that a file is, or is part of."""
        env, path = self.app.env, real_path(file)
        if (page := self.app.project.path2doc(path)) in env.all_docs and page is not None:
            return (page,)
        srcdir = Path(self.app.srcdir)
        return tuple(
            sorted(
                name
                for name, files in env.dependencies.items()
                if path in {real_path(srcdir / f) for f in files}
            )
        )

    def reread(self, pages: Iterable[str]) -> None:
        """Read some pages again, as they are now; what a page asks is not answered.

        Raises :class:`~sphinx_policyspec.errors.SourceError` where an extension of the project fails.
        """
        app, again = self.app, sorted(pages)
        self._warnings.seek(0)
        self._warnings.truncate()
        domain = domain_of(app.env)
        before = {name: (self._texts.get(name, ""), _asked(domain, name)) for name in again}
        domain.give(replace(domain.given, asks=False))
        with running_foreign_code(f"cannot read the Sphinx project `{self._srcdir}`"), naming_page(app):
            app.events.emit("env-before-read-docs", app.env, again)
            for name in again:
                self._told.forget(name)
                app.events.emit("env-purge-doc", app.env, name)
                app.env.clear_doc(name)
                app.builder.read_doc(name)
            app.events.emit("env-updated", app.env)
        self._move_answers(before)
        self._knowledge.pages_were_read()

    def answer(self) -> None:
        """Answer what pages ask of the spec as it is now."""
        domain = domain_of(self.app.env)
        domain.give(replace(domain.given, asks=self._asks))
        with running_foreign_code(f"cannot read the Sphinx project `{self._srcdir}`"):
            self.app.events.emit("env-updated", self.app.env)

    def loaded(self) -> Loaded:
        """Return the spec as it is now, with every finding about it."""
        app, knowledge, sidecar = self.app, self._knowledge, self._sidecar
        srcdir = Path(app.srcdir)
        spec = knowledge.spec(app.env)
        said = severities(app.config)
        told = [*self._told.findings, *lost_links(app, self._links)]
        told_by = (
            all_findings(app, knowledge, _told_here(app, knowledge, told, self._usual))
            if self._asks
            else None
        )
        baseline = PolicySpecConfig.of(app.config).baseline
        pages = [Path(app.env.doc2path(name)) for name in app.env.found_docs]
        beside = {Path(srcdir, file) for files in app.env.dependencies.values() for file in files}
        in_vain = {Path(name).absolute() for name in _QUOTED.findall(self._warnings.getvalue())}
        return Loaded(
            spec=spec,
            root=self._srcdir,
            findings=in_source_order(told_by(Selection(severity=said).off) if told_by else []),
            causes=told_by,
            annotations=(*knowledge.sidecars(app.env), *filter(None, [sidecar])),
            files=(*pages, *sorted(beside | in_vain)),
            included=frozenset(beside.difference(pages)),
            severity=said,
            overlay=_overlay(app.env),
            alignments=tuple(Path(app.confdir, name) for name in PolicySpecConfig.of(app.config).alignments),
            registers=registers_of(app.env),
            past=knowledge.past(app.env) if self._asks else (),
            baseline=Path(app.confdir, baseline)
            if baseline and Path(app.confdir, baseline).is_file()
            else None,
        )

    @property
    def warnings(self) -> list[Finding]:
        """What parsers warn of on the pages."""
        return self._told.findings

    def _begin_page(self, _app: Sphinx, _env: BuildEnvironment, docname: str) -> None:
        self._told.page = docname

    def _take_unsaved(self, app: Sphinx, docname: str, content: list[str]) -> None:
        """Let the text that an editor has not saved stand for that of the file, as Sphinx reads it, and keep what was read."""
        unsaved = unsaved_text(app.env.doc2path(docname))
        if unsaved is not None:
            content[0] = "\n".join(re.split("\r\n?|\n", unsaved.removeprefix("\ufeff")))
        self._texts[docname] = content[0]

    def _note_links(self, app: Sphinx, document: nodes.document) -> None:
        """Keep the links of a page by labels of Sphinx, and to pages."""
        self._links[app.env.docname] = [
            link for link in document.findall(addnodes.pending_xref) if is_standard_link(link)
        ]

    def _move_answers(self, before: Mapping[str, tuple[str, int]]) -> None:
        """Leave what was found about answers at the lines that it is about, which have moved.

        Of a page that asks more or less than it did, nothing is known until it is answered.

        :param before: the texts of pages, and how much they asked
        """
        env, builder = self.app.env, self.app.builder.name
        domain = domain_of(env)
        shown = domain.shown_by(builder)
        answers = dict(shown.answers)
        for name in before.keys() & answers.keys():
            text, asked = before[name]
            state, digests, findings = answers[name]
            if asked != _asked(domain, name):
                del answers[name]
                continue
            file = Path(os.path.relpath(env.doc2path(name), env.srcdir)).as_posix()
            moved = moved_lines(text.split("\n"), self._texts.get(name, "").split("\n"))
            found = tuple(
                replace(one, span=moved_span(one.span, moved)) if one.span.file == file else one
                for one in findings
            )
            answers[name] = (state, digests, found)
        domain.note_shown(builder, replace(shown, answers=answers))


def _overlay(env: BuildEnvironment) -> tuple[Overlay | None, tuple[Finding, ...]] | None:
    if not any(page.questions for page in domain_of(env).pages.values()):
        return None
    from sphinx_policyspec.sphinx_ext.asks.overlays import overlay_on_pages  # noqa: PLC0415  many pages ask nothing

    return overlay_on_pages(env)


def _asked(domain: PolicyDomain, docname: str) -> int:
    page = domain.pages.get(docname)
    return len(page.questions) if page else 0


def _told_here(
    app: Sphinx, knowledge: Knowledge, told: list[Finding], usual: dict[int, object]
) -> Iterator[Finding]:
    """Yield what parsers warn of, and what a build says where it writes the graph, or not at all."""
    yield from told
    yield from outputs.unwritable(app, knowledge, usual)
    if not knowledge.spec(app.env).documents:
        # Pages that refer to the spec of another project are built without a word.
        conf = os.path.relpath(Path(app.confdir, "conf.py"), app.srcdir)
        message, hint = "no page of this project has a principle", "write `policy:principle` below a heading"
        yield Finding(code="no-principle", message=message, span=Span(Path(conf).as_posix(), 1), hint=hint)


class _ParserWarnings(logging.Handler):
    """Keeps what parsers warn of on pages that have something of ours: a build prints it, a command would be silent."""

    def __init__(self, srcdir: Path, pages: Collection[str]) -> None:
        super().__init__(logging.WARNING)
        self._srcdir = srcdir
        self._pages = pages
        self._found: list[tuple[str, Finding]] = []
        self.page = ""

    @property
    def findings(self) -> list[Finding]:
        """What was said of pages as they were last read."""
        return [finding for _page, finding in self._found]

    def forget(self, page: str) -> None:
        """Forget what was said of a page that is read again."""
        self._found = [one for one in self._found if one[0] != page]

    def emit(self, record: logging.LogRecord) -> None:
        """Take up a warning that has a place in a file; Sphinx's own handler, which comes first, has written it out."""
        kind = str(getattr(record, "type", None) or "").partition(".")[0]
        path, _, line = str(getattr(record, "location", "")).rpartition(":")
        file = Path(path)
        if kind not in {"docutils", "myst", "toc"} or not line.isdigit() or not file.is_file():
            return
        words = _WORDS.sub("", record.getMessage().partition("\n")[0]).rstrip(". ")
        # How code of a notebook is shown is no matter of the text.
        if f"{DOMAIN}:".encode() not in bytes_of(file) or "[myst-nb" in words:
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
            self._found.append((self.page, finding))


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
