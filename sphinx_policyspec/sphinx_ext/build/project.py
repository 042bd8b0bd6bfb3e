"""A Sphinx project as SOURCE: read as for its site, but not written."""

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
from sphinx_policyspec.readers.annotations import user_annotations
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
"""The text that Sphinx puts around the message of a warning."""
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
"""Common directives."""
_NO_DIRECTIVE = re.compile(r"Unknown directive type:? [\"'`](.+?)[\"'`]")
_UNQUOTED = re.compile(r"NameError: name '(\w+)' is not defined")
_LINE = re.compile(r"conf\.py\", line (\d+)")
_SHORTEST = 2
"""Names of extensions are longer."""
_QUOTED = re.compile(r"'([^'\n]+)'")


def read_project(
    srcdir: Path,
    options: ProjectOptions | None = None,
    sidecar: Path | None = None,
    *,
    spec_only: bool = False,
) -> Loaded:
    """Return the spec of a Sphinx project as in a build, with all warnings of the build, and hints.

    Its ``conf.py`` and its extensions are run; nothing is written into the project.

    :param sidecar: an annotation file in addition to its own
    :param spec_only: whether to leave out the queries on its pages, and the older releases that it is compared with
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
    """Open a Sphinx project; nothing is written into it. Only one can be open in a process.

    :param sidecar: an annotation file in addition to its own
    :param spec_only: whether to leave out the queries on its pages, and the older releases that it is compared with
    :param runs_conf: whether its ``conf.py`` is run; else the options contain its values
    """
    project_options = options or ProjectOptions()
    confdir = real_path(project_options.confdir or srcdir)
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
            replace(project_options, confdir=confdir if runs_conf else None),
            sidecar,
            spec_only=spec_only,
        )
        yield project
        project.close()


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Forget the modules on a project's own search path: another project may have others with these names."""
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
    """Turn any exception of ``conf.py`` and extensions into a :class:`SourceError`.

    Their output goes to standard error: standard output is for the answer. The translations of Sphinx are restored
    afterwards.
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
    """Add the page that was being read to an exception: errors of encodings and extensions do not name it."""
    try:
        yield
    except Exception as error:
        if page := app.env.current_document.docname:
            error.add_note(f", while reading `{app.env.doc2path(page, base=False)}`")
        raise


class OpenProject:
    """A Sphinx project that was read, and whose pages can be read again one by one.

    The queries on its pages are answered when it is opened, and then by ``answer``; in between the findings on answers
    stay, and move with their lines.
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
        self._parser_warnings = _ParserWarnings(root, app.env.found_docs)
        logging.getLogger("sphinx").addHandler(self._parser_warnings)
        self._links: dict[str, list[addnodes.pending_xref]] = {}
        self._texts: dict[str, str] = {}
        self._usual: dict[int, object] = {}
        app.connect("env-purge-doc", self._begin_page)
        app.connect("source-read", self._take_unsaved, priority=-sys.maxsize)
        app.connect("doctree-read", self._note_links)
        extra = (user_annotations(sidecar),) if sidecar else ()
        self._knowledge = Knowledge(every_check=True, annotations=extra)
        with naming_page(app):
            app.builder.read()

    def close(self) -> None:
        """Release the resources of the project."""
        logging.getLogger("sphinx").removeHandler(self._parser_warnings)
        self._knowledge.close()

    def pages_of(self, file: Path) -> tuple[str, ...]:
        """Return the names of the pages that a file is or is included in."""
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
        """Read some pages again as they are now, without answering their queries.

        Raises :class:`~sphinx_policyspec.errors.SourceError` if an extension of the project fails.
        """
        app, again = self.app, sorted(pages)
        self._warnings.seek(0)
        self._warnings.truncate()
        domain = domain_of(app.env)
        before = {name: (self._texts.get(name, ""), _question_count(domain, name)) for name in again}
        domain.give(replace(domain.given, asks=False))
        with running_foreign_code(f"cannot read the Sphinx project `{self._srcdir}`"), naming_page(app):
            app.events.emit("env-before-read-docs", app.env, again)
            for name in again:
                self._parser_warnings.forget(name)
                app.events.emit("env-purge-doc", app.env, name)
                app.env.clear_doc(name)
                app.builder.read_doc(name)
            app.events.emit("env-updated", app.env)
        self._move_answers(before)
        self._knowledge.pages_were_read()

    def answer(self) -> None:
        """Answer the queries on pages from the current spec."""
        domain = domain_of(self.app.env)
        domain.give(replace(domain.given, asks=self._asks))
        with running_foreign_code(f"cannot read the Sphinx project `{self._srcdir}`"):
            self.app.events.emit("env-updated", self.app.env)

    def loaded(self) -> Loaded:
        """Return the current spec, with every finding about it."""
        app, knowledge, sidecar = self.app, self._knowledge, self._sidecar
        srcdir = Path(app.srcdir)
        spec = knowledge.spec(app.env)
        severity = severities(app.config)
        parser_findings = [*self._parser_warnings.findings, *lost_links(app, self._links)]
        find_causes = (
            all_findings(app, knowledge, _build_findings(app, knowledge, parser_findings, self._usual))
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
            findings=in_source_order(find_causes(Selection(severity=severity).off) if find_causes else []),
            causes=find_causes,
            annotations=(*knowledge.sidecars(app.env), *filter(None, [sidecar])),
            files=(*pages, *sorted(beside | in_vain)),
            included=frozenset(beside.difference(pages)),
            severity=severity,
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
        """The warnings of parsers on the pages."""
        return self._parser_warnings.findings

    def _begin_page(self, _app: Sphinx, _env: BuildEnvironment, docname: str) -> None:
        self._parser_warnings.page = docname

    def _take_unsaved(self, app: Sphinx, docname: str, content: list[str]) -> None:
        """Use the unsaved text of an editor in place of the file, as Sphinx reads it, and keep the text that was read."""
        unsaved = unsaved_text(app.env.doc2path(docname))
        if unsaved is not None:
            content[0] = "\n".join(re.split("\r\n?|\n", unsaved.removeprefix("\ufeff")))
        self._texts[docname] = content[0]

    def _note_links(self, app: Sphinx, document: nodes.document) -> None:
        """Keep the links of a page that use labels of Sphinx, or lead to pages."""
        self._links[app.env.docname] = [
            link for link in document.findall(addnodes.pending_xref) if is_standard_link(link)
        ]

    def _move_answers(self, before: Mapping[str, tuple[str, int]]) -> None:
        """Move the findings on answers with the lines that they are about.

        If the number of queries on a page has changed, its findings are dropped until they are answered again.

        :param before: the former texts of pages, and their numbers of queries
        """
        env, builder = self.app.env, self.app.builder.name
        domain = domain_of(env)
        record = domain.shown_by(builder)
        answers = dict(record.answers)
        for name in before.keys() & answers.keys():
            text, count = before[name]
            state, digests, findings = answers[name]
            if count != _question_count(domain, name):
                del answers[name]
                continue
            file = Path(os.path.relpath(env.doc2path(name), env.srcdir)).as_posix()
            moved = moved_lines(text.split("\n"), self._texts.get(name, "").split("\n"))
            moved_findings = tuple(
                replace(one, span=moved_span(one.span, moved)) if one.span.file == file else one
                for one in findings
            )
            answers[name] = (state, digests, moved_findings)
        domain.note_shown(builder, replace(record, answers=answers))


def _overlay(env: BuildEnvironment) -> tuple[Overlay | None, tuple[Finding, ...]] | None:
    if not any(page.questions for page in domain_of(env).pages.values()):
        return None
    from sphinx_policyspec.sphinx_ext.asks.overlays import overlay_on_pages  # noqa: PLC0415  many pages ask nothing

    return overlay_on_pages(env)


def _question_count(domain: PolicyDomain, docname: str) -> int:
    page = domain.pages.get(docname)
    return len(page.questions) if page else 0


def _build_findings(
    app: Sphinx, knowledge: Knowledge, parser_findings: list[Finding], usual: dict[int, object]
) -> Iterator[Finding]:
    """Yield the warnings of parsers, and the findings that a build has only when it writes the graph, or never."""
    yield from parser_findings
    yield from outputs.unwritable(app, knowledge, usual)
    if not knowledge.spec(app.env).documents:
        # Pages that refer to the spec of another project are built without a finding.
        conf = os.path.relpath(Path(app.confdir, "conf.py"), app.srcdir)
        message, hint = "no page of this project has a principle", "write `policy:principle` below a heading"
        yield Finding(code="no-principle", message=message, span=Span(Path(conf).as_posix(), 1), hint=hint)


class _ParserWarnings(logging.Handler):
    """Keeps the warnings of parsers on pages with our directives: a build prints them, a command would not."""

    def __init__(self, srcdir: Path, pages: Collection[str]) -> None:
        super().__init__(logging.WARNING)
        self._srcdir = srcdir
        self._pages = pages
        self._entries: list[tuple[str, Finding]] = []
        self.page = ""

    @property
    def findings(self) -> list[Finding]:
        """The findings on pages as they were last read."""
        return [finding for _page, finding in self._entries]

    def forget(self, page: str) -> None:
        """Forget the findings on a page that is read again."""
        self._entries = [one for one in self._entries if one[0] != page]

    def emit(self, record: logging.LogRecord) -> None:
        """Store a warning with a place in a file; Sphinx's own handler, which runs first, has already printed it."""
        kind = str(getattr(record, "type", None) or "").partition(".")[0]
        path, _, line = str(getattr(record, "location", "")).rpartition(":")
        file = Path(path)
        if kind not in {"docutils", "myst", "toc"} or not line.isdigit() or not file.is_file():
            return
        words = _WORDS.sub("", record.getMessage().partition("\n")[0]).rstrip(". ")
        # Warnings on the display of notebook code are not about the text.
        if f"{DOMAIN}:".encode() not in bytes_of(file) or "[myst-nb" in words:
            return
        span = Span(Path(os.path.relpath(file, self._srcdir)).as_posix(), int(line), 1, int(line) + 1, 1)
        message = f"the parser of the page says: {words}"
        # A wrong name in a table of contents is that of a page.
        name_match = _QUOTED.search(words) if kind == "toc" else None
        hint = nearest(name_match[1], self._pages) if name_match else _cure(words)
        if files := sorted(self._srcdir.glob(f"{name_match[1]}.*")) if name_match else []:
            hint = "its file is there, but `exclude_patterns` leaves it out, or no extension reads it"
        lost = tuple(Span(path.relative_to(self._srcdir).as_posix(), 1) for path in files)
        finding = Finding(code="parser-warning", message=message, span=span, hint=hint, related=lost)
        # A page with hidden parts is read twice; entries of a table of contents share a place, and often a mistake.
        is_repeated = kind == "toc" and any(one.span == span for one in self.findings)
        if finding not in self.findings and not is_repeated:
            self._entries.append((self.page, finding))


_CURES = (
    (r"Title (?:underline|overline) too short", "make the line of signs as long as the title"),
    (r"Unexpected section title", "end what is around it first: a heading is indented no further than the page"),
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
    (r"Malformed table", "make its columns as wide as their content"),
    (r"Undefined substitution", "define it, or write what it means"),
)  # fmt: skip
"""What to do, by messages of docutils or MyST."""


def _cure(words: str) -> str:
    """Return what to do about a warning of a parser; empty if unknown."""
    unknown = _NO_DIRECTIVE.search(words)
    if unknown and (suggestion := near_name(unknown[1], _DIRECTIVES)):
        return f"did you mean `{suggestion}`?"
    return next((cure for pattern, cure in _CURES if re.search(pattern, words)), "")


def require_extension(app: Sphinx) -> None:
    """Raise :class:`SourceError` if a project does not load our extension."""
    if DOMAIN not in app.env.domains:
        conf = Path(app.confdir, "conf.py")
        message = f"`{conf}` does not load the extension `{_OWN_NAME}`; add it to `extensions`"
        raise SourceError(message)


def _first_line(error: Exception) -> str:
    first, *rest = str(error).strip().splitlines() or ["no reason given"]
    # A first line that only announces the error is followed by a traceback, which ends with the reason.
    return f"{first} {rest[-1].strip()}" if rest and first.endswith(":") else first


def _remedy(error: BaseException) -> str:
    """Return what to correct or install if a project cannot be imported."""
    words = f"{error} {error.__cause__ or ''} {error.__context__ or ''}"
    if unquoted := _UNQUOTED.search(words):
        line = max(map(int, _LINE.findall(words)), default=0)
        return f" (line {line}); put quotes around `{unquoted[1]}` if it is a text"
    if (match := _MISSING_MODULE.search(words)) is None:
        return ""
    before, own, behind = (found[1] if (found := _EXTENSION.search(str(error))) else "").partition(_OWN_NAME)
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
    """Read the project that the parent names on standard input; write it, or the error as a text, to a file."""
    path, options, sidecar = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  written by our own parent
    result: Loaded | str
    try:
        result = read_project(path, options, sidecar, spec_only=True)
    except PolicySpecError as error:
        result = str(error)
    Path(file).write_bytes(pickle.dumps(result, protocol=5))


if __name__ == "__main__":
    main(*sys.argv[1:])
