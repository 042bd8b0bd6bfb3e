"""A Sphinx project as SOURCE: read, and not written."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.sphinx_ext.knowledge import Knowledge
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.updates import all_findings

__all__ = ["read_project", "running_foreign_code"]


def read_project(srcdir: Path) -> tuple[Spec, tuple[Finding, ...]]:
    """Return the spec of a Sphinx project with all that is wrong with it.

    Its ``conf.py`` and the extensions that this names are run; nothing is written into the project.
    """
    folder = srcdir.resolve()
    with (
        running_foreign_code(f"cannot read the Sphinx project `{srcdir}`"),
        tempfile.TemporaryDirectory() as scratch,
        patch_docutils(folder),
        docutils_namespace(),
    ):
        return _read(folder, Path(scratch))


@contextlib.contextmanager
def running_foreign_code(problem: str) -> Iterator[None]:
    """Turn whatever ``conf.py`` and extensions raise, which may be anything, into a :class:`SourceError`.

    What they print goes to standard error: standard output belongs to the answer.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except PolicySpecError:
        raise
    except SphinxError as error:
        message = f"{problem}: {_first_line(error)}"
        raise SourceError(message) from error
    except Exception as error:
        message = f"{problem}: {type(error).__name__}: {_first_line(error)}"
        raise SourceError(message) from error


def _read(folder: Path, scratch: Path) -> tuple[Spec, tuple[Finding, ...]]:
    app = Sphinx(
        srcdir=folder,
        confdir=folder,
        outdir=scratch / "out",
        doctreedir=scratch / "doctrees",
        buildername="dummy",
        status=None,
        warning=io.StringIO(),
        freshenv=True,
    )
    if DOMAIN not in app.env.domains:
        message = f"`{folder / 'conf.py'}` does not load the extension `sphinx_policyspec`"
        raise SourceError(message)
    app.builder.read()
    knowledge = Knowledge()
    spec = knowledge.spec(app.env)
    findings = tuple(sorted(all_findings(app, knowledge), key=lambda finding: finding.span))
    return spec, findings


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no reason given")
