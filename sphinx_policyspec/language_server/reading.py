"""What is read of a root: findings as ``policyspec check`` reports them, their fixes, and the things of the spec."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.api.judging import check, decide
from sphinx_policyspec.api.reading import load_checked, options_of
from sphinx_policyspec.checks.fixes import Fix, fixes_of
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.exports.report_formats import Reported
from sphinx_policyspec.files import with_unsaved, without_collector
from sphinx_policyspec.identifiers.index import Known, Thing, things_of
from sphinx_policyspec.language_server.static_conf import read_conf
from sphinx_policyspec.model import Finding
from sphinx_policyspec.readers.judgements import not_read
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.sources import Loaded, ProjectOptions, is_project

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.build.project import OpenProject


_UNKNOWN = re.compile(r"unknown (?:directive type|interpreted text role|role)\b", re.IGNORECASE)
"""Messages of docutils and MyST about unknown directives and roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSource:
    """The source that a root is read from.

    :param path: the SOURCE: a release folder, a file of Model Spec Markdown, or the folder of a project
    :param annotations: an annotation file in addition to its own
    :param runs_conf: whether a project's ``conf.py`` is run
    """

    path: Path
    annotations: Path | None = None
    runs_conf: bool = False

    @property
    def is_project(self) -> bool:
        """Whether it is a Sphinx project, which is read in a process of its own."""
        return is_project(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A request to read a root.

    :param texts: the unsaved texts, by the real paths of their files
    :param changed: the files that changed since the last request
    :param cases: case files that somebody looks at
    :param answers: whether the queries on pages are answered again
    """

    texts: Mapping[Path, str]
    changed: tuple[Path, ...] = ()
    cases: tuple[Path, ...] = ()
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of reading a root.

    :param root: the folder that the files of spans are below
    :param beside: files that spans name without their folder, by that name
    :param entries: the findings, each with its fingerprint
    :param fixes: fixes of the findings that have a certain one
    :param things: things of the spec; ``None`` if they are unchanged
    :param left_out: lines of ``conf.py``, with what is unknown because it is not run
    :param directives: directives of a project, by name: the meaning of their arguments, and of each option
    """

    root: Path
    beside: Mapping[str, Path]
    entries: tuple[Reported, ...] = ()
    fixes: tuple[Fix, ...] = ()
    things: tuple[Thing, ...] | None = None
    left_out: tuple[tuple[int, str], ...] = ()
    directives: Mapping[str, tuple[str, Mapping[str, str]]] | None = None


class SpecReader:
    """Reads a root, and reads it again after edits; for use only in the process that created it."""

    def __init__(self, source: RootSource) -> None:
        self._source = source
        self._stack = ExitStack()
        self._project: OpenProject | None = None
        self._things: tuple[Thing, ...] = ()
        self._known_things = Known()
        self._sidecar = ""
        self._conf = read_conf(source.path) if source.is_project and not source.runs_conf else None
        self._is_new = True

    def read(self, request: ReadRequest) -> Result:
        """Return the findings and things of the root as it is now.

        Raises :class:`~sphinx_policyspec.errors.PolicySpecError` if it cannot be read.
        """
        with without_collector(), with_unsaved(request.texts):
            loaded, sidecar_findings = self._loaded(request)
            result = self._result(loaded, request, sidecar_findings)
        self._is_new = False
        return result

    def close(self) -> None:
        """Close the open project, if any."""
        self._stack.close()

    def _loaded(self, request: ReadRequest) -> tuple[Loaded, tuple[Finding, ...]]:
        """Return the current spec, and a finding if the current annotation file cannot be read."""
        if self._source.is_project:
            return self._project_loaded(request), ()
        path, sidecar = self._source.path, self._source.annotations
        if sidecar is None:
            return load_checked(path), ()
        try:
            loaded = load_checked(path, annotations=sidecar)
        except PolicySpecError as error:
            # While somebody types, the last version that was valid YAML counts; without one it is empty.
            with with_unsaved({**request.texts, sidecar: self._sidecar}):
                return load_checked(path, annotations=sidecar), (not_read(error, str(sidecar)),)
        self._sidecar = read_text(sidecar, sidecar.name)[0]
        return loaded, ()

    def _project_loaded(self, request: ReadRequest) -> Loaded:
        if self._project is None:
            self._project = self._stack.enter_context(self._opened())
            gc.collect()
            gc.freeze()
            return self._project.loaded()
        pages = {page for path in request.changed for page in self._project.pages_of(path)}
        self._project.reread(pages)
        if request.answers:
            self._project.answer()
        return self._project.loaded()

    @contextmanager
    def _opened(self) -> Iterator[OpenProject]:
        try:
            from sphinx_policyspec.sphinx_ext.build.project import open_project  # noqa: PLC0415  the core needs no Sphinx
        except ImportError as error:
            raise SourceError(f"Sphinx cannot be imported: {error}") from None
        source = self._source
        options = (
            options_of()
            if source.runs_conf
            else ProjectOptions(overrides=self._conf.values if self._conf else {})
        )
        with open_project(source.path, options, source.annotations, runs_conf=source.runs_conf) as project:
            yield project

    def _may_be_known(self, finding: Finding) -> bool:
        """Return whether an extension that is not loaded may define an unknown name: ``conf.py`` gets one finding."""
        is_lacking = self._conf is not None and self._conf.lacks_extensions
        return is_lacking and finding.code == "parser-warning" and bool(_UNKNOWN.search(finding.message))

    def _result(self, loaded: Loaded, request: ReadRequest, sidecar_findings: tuple[Finding, ...]) -> Result:
        report = check(loaded)
        entries = [one for one in report.entries if not self._may_be_known(one.finding)]
        entries += map(_unregistered, sidecar_findings)
        for file in request.cases:
            entries += [_unregistered(_beside(one, file)) for one in _of_cases(loaded, file)]
        fixable = [entry.finding for entry in report.entries if entry.fixable]
        things = things_of(loaded.spec, self._known_things)
        is_same, self._things = things == self._things, things
        return Result(
            root=Path(loaded.root),
            beside={path.name: path for path in loaded.beside} | {str(path): path for path in request.cases},
            entries=tuple(entries),
            fixes=fixes_of(loaded.spec, fixable, report.lines),
            things=None if is_same and not self._is_new else things,
            left_out=self._conf.left_out if self._conf else (),
            directives=_directives() if self._is_new and self._source.is_project else None,
        )


def _unregistered(finding: Finding) -> Reported:
    """Return a finding that no baseline can contain, and that has no fix."""
    return Reported(finding=finding, fingerprint="", fixable=False)


def _beside(finding: Finding, file: Path) -> Finding:
    """Return a finding on a file that is not below the root."""
    return replace(finding, span=replace(finding.span, file=str(file)))


def _of_cases(loaded: Loaded, file: Path) -> Iterator[Finding]:
    """Yield the findings of ``policyspec resolve`` on a case file."""
    try:
        yield from decide(loaded.spec, file).findings
    except PolicySpecError:
        # A file that does not exist or cannot be read has no findings.
        return


def _directives() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the directives by name, with the meaning of arguments and options; this needs Sphinx."""
    from sphinx_policyspec.sphinx_ext.extension import directives  # noqa: PLC0415  the core needs no Sphinx
    from sphinx_policyspec.sphinx_ext.pages.declarations import ARGUMENTS, meaning_of  # noqa: PLC0415

    return {
        name: (
            ARGUMENTS.get(name, ""),
            {option: meaning_of(name, option) for option in directive.option_spec or {}},
        )
        for name, directive in directives().items()
    }
