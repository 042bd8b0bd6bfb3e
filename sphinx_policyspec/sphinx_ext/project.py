"""A Sphinx project as SOURCE: read, and not written."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_policyspec.checks import in_source_order
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.readers.annotations import Annotations
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.knowledge import Knowledge, domain_of
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.updates import all_findings

__all__ = ["Project", "read_project", "running_foreign_code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Sphinx project that was read.

    :param severity: what it says of codes
    :param baseline: its file of findings that are known
    """

    spec: Spec
    findings: tuple[Finding, ...]
    severity: Mapping[str, str]
    baseline: Path | None


def read_project(
    srcdir: Path, *, annotations: tuple[Annotations, ...] = (), spec_only: bool = False
) -> Project:
    """Return the spec of a Sphinx project with all that is wrong with it.

    Its ``conf.py`` and the extensions that this names are run; nothing is written into the project.

    :param annotations: annotation files beside its own
    :param spec_only: whether to leave out what its pages ask, and the older releases that it compares itself with
    """
    folder = srcdir.resolve()
    with (
        running_foreign_code(f"cannot read the Sphinx project `{srcdir}`"),
        tempfile.TemporaryDirectory() as scratch,
        patch_docutils(folder),
        docutils_namespace(),
    ):
        return _read(folder, Path(scratch), annotations, spec_only=spec_only)


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


def _read(folder: Path, scratch: Path, annotations: tuple[Annotations, ...], *, spec_only: bool) -> Project:
    app = Sphinx(
        srcdir=folder,
        confdir=folder,
        outdir=scratch / "out",
        doctreedir=scratch / "doctrees",
        buildername="dummy",
        confoverrides={"policyspec_since": ""} if spec_only else {},
        status=None,
        warning=io.StringIO(),
        freshenv=True,
    )
    if DOMAIN not in app.env.domains:
        message = f"`{folder / 'conf.py'}` does not load the extension `sphinx_policyspec`"
        raise SourceError(message)
    domain_of(app.env).asks = not spec_only
    app.builder.read()
    knowledge = Knowledge(every_check=True, annotations=annotations)
    spec = knowledge.spec(app.env)
    config = PolicySpecConfig.of(app.config)
    return Project(
        spec=spec,
        findings=in_source_order(list(all_findings(app, knowledge))),
        severity=config.severity,
        baseline=folder / config.baseline if config.baseline else None,
    )


def _first_line(error: Exception) -> str:
    first, *rest = str(error).strip().splitlines() or ["no reason given"]
    # Below a line that only announces it stands a traceback, which ends with the reason.
    return f"{first} {rest[-1].strip()}" if rest and first.endswith(":") else first
