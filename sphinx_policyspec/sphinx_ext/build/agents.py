"""A draft in reStructuredText that an agent wrote, read as a page of a Sphinx project; whatever it holds, no file is read."""

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
    """Return what a draft says, what a build warns of on its page alone, and where names stand in it.

    It is a project by itself, whose only page is the draft, in a folder that is removed again.

    :param file: what it is called
    :param known: ids of the spec that it is to be a part of
    """
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder:
        page = Path(folder, file)
        page.write_text(draft, "utf-8", errors="replace", newline="")
        extensions = ["sphinx_policyspec", __name__]
        given = ProjectOptions(
            overrides={"extensions": extensions, "root_doc": page.stem, "project": page.stem}
        )
        try:
            with open_project(Path(folder), given, spec_only=True, runs_conf=False) as project:
                return _read(project, page.stem, known)
        except SourceError as error:
            said = str(error).replace(f"the Sphinx project `{folder}`", "the draft")
            raise SourceError(said.replace(folder, ".")) from error


def _read(project: OpenProject, docname: str, known: Collection[str]) -> tuple[Reading, Places]:
    env = project.app.env
    pages = domain_of(env).pages
    page = pages.get(docname)
    if page is None or not page.holds_spec:
        return Reading(Spec(title=""), (*project.warnings, *(page.findings if page else ()))), Places()
    part = read_fragment(env, docname)
    # What is called by its title is called otherwise where the spec has that id.
    part = replace(part, spec=renamed(part.spec, page, docname, {*known}))
    spec = assemble({docname: page}, [docname], {docname: part}, "")
    ids = {*known, *spec.provision_by_id}
    places = places_of({docname: page}, [docname], {docname: part})
    return Reading(spec, (*project.warnings, *_holding(page.findings, ids))), places


def _holding(findings: Collection[Finding], ids: Collection[str]) -> Iterator[Finding]:
    """Yield the findings, but for those that would be ones only if something had an id that nothing has."""
    for one in findings:
        if not isinstance(one, FindingOfKnown) or not one.target or one.target in ids:
            yield one


def _forbid(_app: Sphinx, env: BuildEnvironment, _pages: list[str]) -> None:
    """Let no directive of docutils or Sphinx take in a file, an address, or what only one format has."""
    env.settings |= {"file_insertion_enabled": False, "raw_enabled": False}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register what keeps a draft from reading files."""
    app.connect("env-before-read-docs", _forbid)
    return {"parallel_read_safe": True}
