"""A web site from any SOURCE, with no Sphinx project of one's own."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Any, cast

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Finding, Severity, Span, Spec
from sphinx_policyspec.sphinx_ext.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.maths import RENDERER
from sphinx_policyspec.sphinx_ext.project import running_foreign_code
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.site_pages import Site, lay_out
from sphinx_policyspec.sphinx_ext.site_parser import FILETYPE, SUFFIX

__all__ = ["build_project", "build_site"]

_DEFAULT_THEME = "furo"
_WARNING = re.compile(
    r"(?P<file>.*?)(?::(?P<line>\d+))?: (?P<severity>WARNING|ERROR|CRITICAL|SEVERE): "
    r"(?P<message>.*?)(?: \[(?P<code>[\w.-]+)\])?"
)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def build_site(
    spec: Spec, root: Path, out: Path, *, theme: str = "", pages: str = "chapter", ask: bool = False
) -> tuple[Finding, ...]:
    """Build the site of a spec and its graph; return what Sphinx had to say.

    Findings about the spec itself are left out: whoever read it has them already.

    :param root: the folder that the spec's file names are relative to
    :param ask: with the page that answers questions
    """
    site = Site(spec=spec, root=root.resolve(), pages={page.name: page for page in lay_out(spec, pages)})
    overrides = {
        "extensions": ["sphinx_policyspec"],
        "project": _shown(spec.title),
        "author": _shown(spec.publisher),
        "release": _shown(spec.version),
        "version": _shown(spec.version),
        "html_title": _shown(f"{spec.title} {spec.version}".strip()),
        "html_theme": theme or _DEFAULT_THEME,
        "html_math_renderer": RENDERER,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_sphinx": False,
        "toc_object_entries": False,
        "source_suffix": {SUFFIX: FILETYPE},
        "suppress_warnings": ["policyspec"],
        "policyspec_ask_page": ask,
    }
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        source = Path(folder, "source")
        source.mkdir()
        for name in site.pages:
            (source / f"{name}{SUFFIX}").write_bytes(b"")
        return _build(source, out, Path(folder, "doctrees"), overrides, site=site)


def build_project(
    source: Path, out: Path, *, theme: str = "", base_iri: str = "", ask: bool = False
) -> tuple[Finding, ...]:
    """Build the HTML site of a Sphinx project of one's own; return its warnings.

    :param ask: with the page that answers questions, even where the project has none
    """
    overrides: dict[str, Any] = {"html_theme": theme} if theme else {}
    overrides |= {"policyspec_ask_page": True} if ask else {}
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        return _build(source, out, Path(folder), overrides, confdir=source, base_iri=base_iri)


def _build(
    source: Path,
    out: Path,
    doctrees: Path,
    overrides: dict[str, Any],
    *,
    confdir: Path | None = None,
    site: Site | None = None,
    base_iri: str = "",
) -> tuple[Finding, ...]:
    warnings = io.StringIO()
    with running_foreign_code("cannot build the handbook"), patch_docutils(confdir), docutils_namespace():
        app = Sphinx(
            source,
            confdir,
            out,
            doctrees,
            "html",
            confoverrides=overrides,
            status=None,
            warning=warnings,
            freshenv=True,
        )
        if DOMAIN not in app.env.domains:
            message = f"`{source / 'conf.py'}` does not load the extension `sphinx_policyspec`"
            raise SourceError(message)
        domain = cast("PolicyDomain", app.env.get_domain(DOMAIN))
        domain.site, domain.base_iri = site, base_iri
        app.build()
    return tuple(_finding(line) for line in warnings.getvalue().splitlines() if line.strip())


def _finding(line: str) -> Finding:
    """Return a line of Sphinx's warnings as a finding."""
    text = _COLOR.sub("", line)
    match = _WARNING.fullmatch(text)
    if match is None:
        match = re.fullmatch(
            r"(?P<file>)(?P<line>)(?:(?P<severity>WARNING|ERROR): )?(?P<message>.*?)(?P<code>)", text
        )
    values = match.groupdict() if match else {"message": text}
    return Finding(
        code=(values.get("code") or "sphinx").removeprefix("policyspec."),
        severity=Severity.ERROR if values.get("severity") not in {"WARNING", None} else Severity.WARNING,
        message=values["message"] or text,
        span=Span(values.get("file") or "sphinx", int(values.get("line") or 1)),
    )


def _shown(text: str) -> str:
    """Return a text of the spec as a line that a theme may show."""
    return " ".join(text.split())
