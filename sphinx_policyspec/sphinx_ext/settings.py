"""What is wrong with the settings of a project: findings at the lines of its ``conf.py``."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util.matching import compile_matchers, get_matching_files

from sphinx_policyspec.checks.baseline import read_baseline
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.sphinx_ext.config import PREFIX, PolicySpecConfig, bad_values
from sphinx_policyspec.sphinx_ext.knowledge import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["setting_findings"]


def setting_findings(app: Sphinx) -> Iterator[Finding]:
    """Yield what is wrong with options, and with what they name, once pages have been read."""
    problems = [*bad_values(app.config), *_bad_names(app)]
    conf = Path(app.confdir, "conf.py")
    file = Path(os.path.relpath(conf, app.srcdir)).as_posix()
    lines = _lines(conf) if problems else {}
    for name, message in problems:
        yield Finding(
            code="config",
            severity=Severity.WARNING,
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
    if config.baseline:
        path = Path(app.confdir, config.baseline)
        try:
            read_baseline(path)
        except PolicySpecError as error:
            said = str(error).replace(str(path), config.baseline)
            yield f"{PREFIX}baseline", f"`{PREFIX}baseline`: {said}"
    if problem := domain_of(app.env).written_by(app.builder.name)["changes"][-1]:
        yield f"{PREFIX}since", f"`{PREFIX}since`: {problem}"


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
