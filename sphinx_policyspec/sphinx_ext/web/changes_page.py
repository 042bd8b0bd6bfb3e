"""When a site tells what changed since an older release, around its pages and on one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders.html import StandaloneHTMLBuilder

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Finding
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.store import write_output
from sphinx_policyspec.sphinx_ext.web.places import CHANGES_PAGE, WEB_BUILDERS

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.sphinx_ext.asks.answering import Views

__all__ = ["ChangesPage"]

STYLE_FILE = "_static/policyspec-changes.css"
"""The style sheet of the page, from the output folder."""


@dataclass(slots=True)
class ChangesPage:
    """Shows, in HTML, what changed since the release that a project or handbook compares itself with."""

    views: Views

    def update(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Return the pages on which something changed since, or no longer did, after they were last written.

        That a release cannot be read is noted, and told with the findings of every build; for one that a command line
        names it is raised.
        """
        shown = domain_of(env).shown_by(app.builder.name)
        now = f"{self._is_on(app)} {self.views.knowledge.digest(env)}"
        if shown.marks_of == now:
            return []
        marks: dict[str, str] = {}
        misfits: tuple[Finding, ...] = ()
        problem = ""
        try:
            if self._is_on(app):
                marks, misfits = self._marked(env), self._misfits(env)
        except PolicySpecError as error:
            if domain_of(env).given.older:
                raise
            problem = str(error)
        domain_of(env).note_shown(
            app.builder.name, replace(shown, marks=marks, marks_of=now, problem=problem, misfits=misfits)
        )
        is_first = not shown.marks_of
        return sorted(
            name for name in env.all_docs if not is_first and shown.marks.get(name) != marks.get(name)
        )

    def _is_on(self, app: Sphinx) -> bool:
        return app.builder.name in WEB_BUILDERS and self.views.since.is_on(app.env)

    def _diff(self, app: Sphinx) -> SpecDiff | None:
        """Return what has changed, or nothing where that cannot be told; why is told once, by :meth:`update`."""
        try:
            return self.views.since.diff(app.env, self.views.knowledge) if self._is_on(app) else None
        except PolicySpecError:
            return None

    def _marked(self, env: BuildEnvironment) -> dict[str, str]:
        """Return a digest of the marks on each page that has some."""
        from sphinx_policyspec.sphinx_ext.web.changes import digests  # noqa: PLC0415  few projects compare

        if not domain_of(env).given.writes:
            self.views.since.releases(env, self.views.knowledge)
            return {}
        diff = self.views.since.diff(env, self.views.knowledge)
        return digests(env, diff) if diff else {}

    def _misfits(self, env: BuildEnvironment) -> tuple[Finding, ...]:
        """Return the judgements that fit nothing that the project compares: releases may have one version, or none."""
        if not PolicySpecConfig.of(env.config).judgements:
            return ()
        timeline = self.views.since.timeline(env, self.views.knowledge)
        diffs = timeline.diffs if timeline else ()
        fitting = {change.judgement.span for diff in diffs for change in diff.changes if change.judgement}
        found = {finding.span: finding for diff in diffs for finding in diff.findings}
        return tuple(finding for span, finding in found.items() if span not in fitting)

    def mark(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Say at each principle of a page what changed about it, and on the first page where all of it stands."""
        if (diff := self._diff(app)) is not None:
            from sphinx_policyspec.sphinx_ext.web.changes import mark  # noqa: PLC0415

            mark(app, doctree, docname, diff)

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page; where there is none, delete what an earlier build wrote."""
        diff = self._diff(app)
        if diff is None:
            if isinstance(app.builder, StandaloneHTMLBuilder):
                for file in (app.builder.get_outfilename(CHANGES_PAGE), Path(app.outdir, STYLE_FILE)):
                    Path(file).unlink(missing_ok=True)
            return
        from sphinx_policyspec.sphinx_ext.web.changes import STYLE, context_of_page  # noqa: PLC0415

        write_output(Path(app.outdir, STYLE_FILE), STYLE)
        yield CHANGES_PAGE, context_of_page(app, diff), "page.html"

    @staticmethod
    def add_style(pagename: str, context: dict[str, Any]) -> None:
        """Link the page's style sheet, a file of its own: policies of servers may allow none in the page."""
        if pagename == CHANGES_PAGE:
            address = context["pathto"](STYLE_FILE, resource=True)
            sheet = f'<link rel="stylesheet" href="{address}">'
            context["metatags"] = "".join((context.get("metatags", ""), sheet))
