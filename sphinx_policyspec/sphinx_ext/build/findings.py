"""Findings that only a build makes, about settings and references, and findings as warnings of Sphinx."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.matching import compile_matchers, get_matching_files

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.checks.selection import Selection, fingerprints, read_baseline
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding, Reference, Severity, Span, TargetKind
from sphinx_policyspec.model.finding import Hints
from sphinx_policyspec.readers.text import SourceLines
from sphinx_policyspec.sphinx_ext.config import PREFIX, PolicySpecConfig, bad_values, severities
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["Dangling", "report", "require_reader", "setting_findings", "words_of"]


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
    conf = Path(app.confdir, "conf.py")
    file = Path(os.path.relpath(conf, app.srcdir)).as_posix()
    lines = _lines(conf) if problems else {}
    for name, message in problems:
        yield Finding(
            code="config",
            message=message,
            span=Span(file, lines.get(name, 1)),
        )


def _bad_names(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield each option that names what is not there, or cannot be read, with what is wrong."""
    config = PolicySpecConfig.of(app.config)
    if config.model_spec:
        files = list(get_matching_files(app.srcdir))
        for pattern in config.model_spec:
            if not any(map(compile_matchers([pattern])[0], files)):
                yield f"{PREFIX}model_spec", f"`{PREFIX}model_spec`: no file matches `{pattern}`"
    if page := _unread_page(app):
        yield "extensions", f"no extension reads `{page}`, a page of the spec in Markdown; {_ADD}"
    if config.baseline:
        path = Path(app.confdir, config.baseline)
        try:
            read_baseline(path)
        except PolicySpecError as error:
            said = str(error).replace(str(path), config.baseline)
            yield f"{PREFIX}baseline", f"`{PREFIX}baseline`: {said}"
    if problem := domain_of(app.env).written_by(app.builder.name)["changes"][-1]:
        yield f"{PREFIX}since", f"`{PREFIX}since`: {problem}"


def _reads_markdown(app: Sphinx) -> bool:
    return _MARKDOWN in app.config.source_suffix


def _unread_page(app: Sphinx) -> str:
    """Return a file of Markdown that has directives of ours, where nothing reads Markdown; another one is no page."""
    if _reads_markdown(app):
        return ""
    files = sorted(get_matching_files(app.srcdir, [f"**{_MARKDOWN}"], app.config.exclude_patterns))
    return next((name for name in files if _DIRECTIVE in Path(app.srcdir, name).read_bytes()), "")


def _lines(conf: Path) -> dict[str, int]:
    """Return the lines on which a ``conf.py`` gives names their values."""
    try:
        tree = ast.parse(conf.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    nodes = [
        node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {node.id: node.lineno for node in nodes}


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
            hint=self._hints.nearest(reference.target, self._names(reference.target_kind)),
        )

    def _names(self, kind: TargetKind) -> set[str]:
        if kind not in self._known:
            names = {item.id for item in self._domain.objects() if item.kind is kind}
            # Levels need not be declared.
            self._known[kind] = names | (
                set(self._domain.level_names()) if kind is TargetKind.LEVEL else set()
            )
        return self._known[kind]


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
    return _escaped(finding.message + hint)


def _unknown(app: Sphinx, findings: tuple[Finding, ...]) -> Iterable[Finding]:
    """Return the findings that are not in the baseline; one that cannot be read holds none."""
    baseline = PolicySpecConfig.of(app.config).baseline
    if not baseline or not findings:
        return findings
    try:
        known = read_baseline(Path(app.confdir, baseline))
    except PolicySpecError:
        return findings
    marks = fingerprints(findings, SourceLines(Path(app.srcdir)))
    return [finding for finding, mark in zip(findings, marks, strict=True) if mark not in known]


def _escaped(message: str) -> str:
    """Return a message on one line, without control characters that a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
