"""What changed since an older release, around pages: a page that tells all, and a mark at what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.locale import get_translation

from sphinx_policyspec.compare import Change, SpecDiff
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports.diff_html import STYLE, anchor_of_group, html_fragment
from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.knowledge import domain_of
from sphinx_policyspec.sphinx_ext.messages import warn
from sphinx_policyspec.sphinx_ext.releases.changes import PAGE, weights_in_short
from sphinx_policyspec.sphinx_ext.rendering.nodes import PolicyBadge
from sphinx_policyspec.sphinx_ext.web.handbook_pages import PAGE_BUILDERS, WEB_BUILDERS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.views.questions import Views

__all__ = ["ChangesPage"]

_ = get_translation("sphinx_policyspec")

STYLE_FILE = "_static/policyspec-changes.css"
"""The style sheet of the page, from the output folder."""


@dataclass(slots=True)
class ChangesPage:
    """Shows, in HTML, what changed since the release that a project or handbook compares itself with."""

    views: Views

    def update(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Return the pages on which something changed since, or no longer did, after they were last written.

        A release that cannot be read is told on every build.
        """
        written = domain_of(env).written_by(app.builder.name)
        state, before, problem = written.get("changes", ("", {}, ""))
        now = f"{self._is_on(app)} {self.views.knowledge.digest(env)}"
        changed: list[str] = []
        if state != now:
            after: dict[str, str] = {}
            problem = ""
            try:
                after = self._marked(env) if self._is_on(app) else {}
            except PolicySpecError as error:
                problem = str(error)
            changed = sorted(name for name in env.all_docs if state and before.get(name) != after.get(name))
            written["changes"] = (now, after, problem)
        if problem:
            warn(f"`policyspec_since`: {problem}", "config")
        return changed

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
        diff = self.views.since.diff(env, self.views.knowledge)
        found: dict[str, list[str]] = {}
        for id_, changes in diff.by_provision.items() if diff else ():
            if target := domain_of(env).find(TargetKind.PROVISION, id_):
                found.setdefault(target.docname, []).append(f"{target.anchor} {weights_in_short(changes)}")
        if diff:
            found.setdefault(env.config.root_doc, []).append(diff.old)
        return {
            name: hashlib.sha256(repr(sorted(marks)).encode()).hexdigest() for name, marks in found.items()
        }

    def mark(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Say at each principle of a page what changed about it, and on the first page where all of it stands."""
        if (diff := self._diff(app)) is None:
            return
        # `singlehtml` writes no page beside its own.
        address = app.builder.get_relative_uri(docname, PAGE) if app.builder.name in PAGE_BUILDERS else ""
        for section in list(doctree.findall(nodes.section)):
            for id_ in section["ids"]:
                target = domain_of(app.env).find(TargetKind.PROVISION, id_, docname)
                if target and not target.is_alias and (changes := diff.by_provision.get(target.id)):
                    # Behind the title and the level, which is told first.
                    heads = (nodes.title, PolicyBadge)
                    place = next(
                        n for n in range(3) if n >= len(section) or not isinstance(section[n], heads)
                    )
                    section.insert(
                        place, _mark(diff, changes, address and f"{address}#{anchor_of_group(target.id)}")
                    )
                    break
        if address and docname == app.config.root_doc and (first := doctree.next_node(nodes.section)):
            text = _("What changed since %s") % (diff.old or _("the release before"))
            link = nodes.reference("", text, internal=True, refuri=address)
            first.insert(1, nodes.paragraph("", "", link, classes=["ps-since", "no-search"]))

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page; where there is none, delete what an earlier build wrote."""
        diff = self._diff(app)
        if diff is None:
            if isinstance(app.builder, StandaloneHTMLBuilder):
                for file in (app.builder.get_outfilename(PAGE), Path(app.outdir, STYLE_FILE)):
                    Path(file).unlink(missing_ok=True)
            return
        title = _("What changed since %s") % (diff.old or _("the release before"))

        def link(id_: str) -> str:
            target = domain_of(app.env).find(TargetKind.PROVISION, id_)
            if target is None or not target.anchor:
                return ""
            return f"{app.builder.get_relative_uri(PAGE, target.docname)}#{target.anchor}"

        heading = nodes.Text(title).astext()
        body = f"<h1>{_escaped(heading)}</h1>\n{html_fragment(diff, link)}"
        style = Path(app.outdir, STYLE_FILE)
        style.parent.mkdir(exist_ok=True)
        style.write_text(STYLE, "utf-8")
        yield PAGE, {"title": _escaped(heading), "body": body}, "page.html"

    def add_style(
        self,
        _app: Sphinx,
        pagename: str,
        _template: str,
        context: dict[str, Any],
        _doctree: nodes.document | None,
    ) -> None:
        """Link the page's style sheet, a file of its own: policies of servers may allow none in the page."""
        if pagename == PAGE:
            address = context["pathto"](STYLE_FILE, resource=True)
            sheet = f'<link rel="stylesheet" href="{address}">'
            context["metatags"] = "".join((context.get("metatags", ""), sheet))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mark(diff: SpecDiff, changes: tuple[Change, ...], address: str) -> nodes.paragraph:
    text = _("Changed since %s") % (diff.old or _("the release before"))
    shown = nodes.reference("", text, internal=True, refuri=address) if address else nodes.Text(text)
    return nodes.paragraph(
        "", "", shown, nodes.Text(f": {weights_in_short(changes)}"), classes=["ps-since", "no-search"]
    )
