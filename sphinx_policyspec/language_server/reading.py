"""What is read of a root: findings as ``policyspec check`` tells them, their fixes, and the things of the spec."""

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
"""In the words of docutils and MyST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSource:
    """What a root is read from.

    :param path: the SOURCE: a release folder, a file of Model Spec Markdown, or the folder of a project
    :param annotations: an annotation file beside what it has itself
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
class Wanted:
    """What is asked of a reader.

    :param texts: the texts that are not saved, by the real paths of their files
    :param changed: the files that are other ones than when it was last asked
    :param cases: files of cases that somebody looks at
    :param answers: whether what pages ask is answered anew
    """

    texts: Mapping[Path, str]
    changed: tuple[Path, ...] = ()
    cases: tuple[Path, ...] = ()
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was read.

    :param root: the folder that the files of spans are below
    :param beside: files that spans name without their folder, by that name
    :param told: the findings, each with its fingerprint
    :param fixes: of those that can be mended for certain
    :param things: of the spec; ``None`` where they are what they were
    :param left_out: lines of ``conf.py``, with what is not known since it is not run
    :param directives: of a project, by name: what their arguments are, and each option with what it means
    """

    root: Path
    beside: Mapping[str, Path]
    told: tuple[Reported, ...] = ()
    fixes: tuple[Fix, ...] = ()
    things: tuple[Thing, ...] | None = None
    left_out: tuple[tuple[int, str], ...] = ()
    directives: Mapping[str, tuple[str, Mapping[str, str]]] | None = None


class SpecReader:
    """Reads a root, and reads it again after edits; in the process that it was made in."""

    def __init__(self, source: RootSource) -> None:
        self._source = source
        self._stack = ExitStack()
        self._project: OpenProject | None = None
        self._things: tuple[Thing, ...] = ()
        self._known = Known()
        self._sidecar = ""
        self._conf = read_conf(source.path) if source.is_project and not source.runs_conf else None
        self._is_new = True

    def read(self, wanted: Wanted) -> Result:
        """Return what is to be said of the root as it is now.

        Raises :class:`~sphinx_policyspec.errors.PolicySpecError` where it cannot be read.
        """
        with without_collector(), with_unsaved(wanted.texts):
            loaded, broken = self._loaded(wanted)
            result = self._result(loaded, wanted, broken)
        self._is_new = False
        return result

    def close(self) -> None:
        """Let go of an open project."""
        self._stack.close()

    def _loaded(self, wanted: Wanted) -> tuple[Loaded, tuple[Finding, ...]]:
        """Return what is there now, and why an annotation file is not read as it is now."""
        if self._source.is_project:
            return self._project_loaded(wanted), ()
        path, sidecar = self._source.path, self._source.annotations
        if sidecar is None:
            return load_checked(path), ()
        try:
            loaded = load_checked(path, annotations=sidecar)
        except PolicySpecError as error:
            # While it is typed, it is as it was when it was last YAML; one that is not there says nothing.
            with with_unsaved({**wanted.texts, sidecar: self._sidecar}):
                return load_checked(path, annotations=sidecar), (not_read(error, str(sidecar)),)
        self._sidecar = read_text(sidecar, sidecar.name)[0]
        return loaded, ()

    def _project_loaded(self, wanted: Wanted) -> Loaded:
        if self._project is None:
            self._project = self._stack.enter_context(self._opened())
            gc.collect()
            gc.freeze()
            return self._project.loaded()
        pages = {page for path in wanted.changed for page in self._project.pages_of(path)}
        self._project.reread(pages)
        if wanted.answers:
            self._project.answer()
        return self._project.loaded()

    @contextmanager
    def _opened(self) -> Iterator[OpenProject]:
        try:
            from sphinx_policyspec.sphinx_ext.build.project import open_project  # noqa: PLC0415  the core needs no Sphinx
        except ImportError as error:
            raise SourceError(f"Sphinx cannot be imported: {error}") from None
        source = self._source
        given = (
            options_of()
            if source.runs_conf
            else ProjectOptions(overrides=self._conf.values if self._conf else {})
        )
        with open_project(source.path, given, source.annotations, runs_conf=source.runs_conf) as project:
            yield project

    def _may_be_known(self, finding: Finding) -> bool:
        """Return whether a name is unknown that an extension may bring which is not loaded: that is told once, in ``conf.py``."""
        is_lacking = self._conf is not None and self._conf.lacks_extensions
        return is_lacking and finding.code == "parser-warning" and bool(_UNKNOWN.search(finding.message))

    def _result(self, loaded: Loaded, wanted: Wanted, broken: tuple[Finding, ...]) -> Result:
        report = check(loaded)
        told = [one for one in report.entries if not self._may_be_known(one.finding)]
        told += map(_unregistered, broken)
        for file in wanted.cases:
            told += [_unregistered(_beside(one, file)) for one in _of_cases(loaded, file)]
        fixable = [entry.finding for entry in report.entries if entry.fixable]
        things = things_of(loaded.spec, self._known)
        is_same, self._things = things == self._things, things
        return Result(
            root=Path(loaded.root),
            beside={path.name: path for path in loaded.beside} | {str(path): path for path in wanted.cases},
            told=tuple(told),
            fixes=fixes_of(loaded.spec, fixable, report.lines),
            things=None if is_same and not self._is_new else things,
            left_out=self._conf.left_out if self._conf else (),
            directives=_directives() if self._is_new and self._source.is_project else None,
        )


def _unregistered(finding: Finding) -> Reported:
    """Return a finding that no baseline can hold, and nothing mends."""
    return Reported(finding=finding, fingerprint="", fixable=False)


def _beside(finding: Finding, file: Path) -> Finding:
    """Return a finding of a file that is not below the root."""
    return replace(finding, span=replace(finding.span, file=str(file)))


def _of_cases(loaded: Loaded, file: Path) -> Iterator[Finding]:
    """Yield what ``policyspec resolve`` says of a file of cases."""
    try:
        yield from decide(loaded.spec, file).findings
    except PolicySpecError:
        # A file that is gone, or cannot be read, has no findings.
        return


def _directives() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the directives by name, with what their arguments and options are: known only where Sphinx is imported."""
    from sphinx_policyspec.sphinx_ext.extension import directives  # noqa: PLC0415  the core needs no Sphinx
    from sphinx_policyspec.sphinx_ext.pages.declarations import ARGUMENTS, meaning_of  # noqa: PLC0415

    return {
        name: (
            ARGUMENTS.get(name, ""),
            {option: meaning_of(name, option) for option in made.option_spec or {}},
        )
        for name, made in directives().items()
    }
