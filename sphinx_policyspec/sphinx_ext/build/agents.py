"""A draft of an agent in reStructuredText, read as a page of a Sphinx project; it can never read a file."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.finding import Places
from sphinx_policyspec.readers.text import Reading
from sphinx_policyspec.sources import ProjectOptions
from sphinx_policyspec.sphinx_ext.build.project import OpenProject, open_project
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import FindingOfKnown
from sphinx_policyspec.sphinx_ext.pages.gathered import places_of
from sphinx_policyspec.sphinx_ext.spec import assemble, renamed
from sphinx_policyspec.sphinx_ext.store import read_fragment

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata


def read_rst_draft(draft: str, file: str, known: Collection[str]) -> tuple[Reading, Places]:
    """Return the spec in a draft with the warnings of a build of its page, and the places of names in it.

    The draft is the only page of a temporary project.

    :param file: file name of the draft
    :param known: ids of the spec that it belongs to
    """
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        page = Path(folder, file)
        page.write_text(draft, "utf-8", errors="replace", newline="")
        extensions = ["sphinx_policyspec", __name__]
        options = ProjectOptions(
            overrides={"extensions": extensions, "root_doc": page.stem, "project": page.stem}
        )
        try:
            with open_project(Path(folder), options, spec_only=True, runs_conf=False) as project:
                return _read(project, page.stem, known)
        except SourceError as error:
            message = str(error).replace(f"the Sphinx project `{folder}`", "the draft")
            raise SourceError(message.replace(folder, ".")) from error


def _read(project: OpenProject, docname: str, known: Collection[str]) -> tuple[Reading, Places]:
    env = project.app.env
    pages = domain_of(env).pages
    page = pages.get(docname)
    if page is None or not page.holds_spec:
        return Reading(Spec(title=""), (*project.warnings, *(page.findings if page else ()))), Places()
    part = read_fragment(env, docname)
    # A provision named after its title gets another id if the spec already has that one.
    part = replace(part, spec=renamed(part.spec, page, docname, {*known}))
    spec = assemble({docname: page}, [docname], {docname: part}, "")
    ids = {*known, *spec.provision_by_id}
    places = places_of({docname: page}, [docname], {docname: part})
    return Reading(spec, (*project.warnings, *_holding(page.findings, ids))), places


def _holding(findings: Collection[Finding], ids: Collection[str]) -> Iterator[Finding]:
    """Yield the findings, except those about a target that does not exist."""
    for one in findings:
        if not isinstance(one, FindingOfKnown) or not one.target or one.target in ids:
            yield one


def _forbid(_app: Sphinx, env: BuildEnvironment, _pages: list[str]) -> None:
    """Forbid directives of docutils and Sphinx to insert a file, an address, or raw output."""
    env.settings |= {"file_insertion_enabled": False, "raw_enabled": False}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the handler that keeps a draft from reading files."""
    app.connect("env-before-read-docs", _forbid)
    return {"parallel_read_safe": True}
