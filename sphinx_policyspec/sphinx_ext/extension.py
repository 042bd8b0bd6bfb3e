"""Every registration of the extension, on one screen."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.locale import translators

from sphinx_policyspec.sphinx_ext.asks.directives import (
    CaseDirective,
    ChangesDirective,
    CountRole,
    CoverageDirective,
    ExampleTableDirective,
    GraphDirective,
    MatrixDirective,
    PrincipleListDirective,
    PrincipleTableDirective,
    QueryDirective,
    SurveyDirective,
)
from sphinx_policyspec.sphinx_ext.asks.page import register_view_nodes
from sphinx_policyspec.sphinx_ext.build.build import Build, note_unread, silence_core
from sphinx_policyspec.sphinx_ext.build.findings import (
    TakePlainLinks,
    require_reader,
)
from sphinx_policyspec.sphinx_ext.config import register_config
from sphinx_policyspec.sphinx_ext.domain.domain import INDICES, PolicyDomain
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.markdown.model_spec import (
    load_markdown,
    read_model_spec_pages,
)
from sphinx_policyspec.sphinx_ext.nodes.html import configure, register_nodes
from sphinx_policyspec.sphinx_ext.pages.capture import CapturePage, MarkSections
from sphinx_policyspec.sphinx_ext.pages.declarations import (
    ClauseRole,
    CommentaryDirective,
    DefinitionDirective,
    LevelDirective,
    PrincipleDirective,
    SpecDirective,
    TopicDirective,
    begin_page,
    end_page,
)
from sphinx_policyspec.sphinx_ext.pages.examples import (
    ConversationDirective,
    ExampleDirective,
    GoalDirective,
    MessageDirective,
    PromptDirective,
    ResponseDirective,
)
from sphinx_policyspec.sphinx_ext.pages.places import heed_docstrings, mend_included, mend_page, note_written

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["DIRECTIVES", "ROLES", "setup"]

DIRECTIVES = {
    "spec": SpecDirective,
    "level": LevelDirective,
    "topic": TopicDirective,
    "goal": GoalDirective,
    "definition": DefinitionDirective,
    "principle": PrincipleDirective,
    "example": ExampleDirective,
    "message": MessageDirective,
    "response": ResponseDirective,
    "conversation": ConversationDirective,
    "prompt": PromptDirective,
    "commentary": CommentaryDirective,
    "principle-list": PrincipleListDirective,
    "principle-table": PrincipleTableDirective,
    "example-table": ExampleTableDirective,
    "matrix": MatrixDirective,
    "graph": GraphDirective,
    "coverage": CoverageDirective,
    "survey": SurveyDirective,
    "query": QueryDirective,
    "case": CaseDirective,
    "changes": ChangesDirective,
}
ROLES = {"clause": ClauseRole(), "count": CountRole()}
"""Those beside the roles that refer to something, which the domain has."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension."""
    app.require_sphinx("8.2")
    # Sphinx keeps catalogues in the process, and a build in English has none that takes the place of another's.
    translators.pop(("general", "sphinx_policyspec"), None)
    app.add_message_catalog("sphinx_policyspec", str(Path(__file__).parent / "locale"))
    build = Build()
    register_config(app)
    _add_markup(app)
    app.connect("config-inited", configure)
    # Sphinx merges the suffixes of extensions with those of the project at 800.
    app.connect("config-inited", load_markdown, priority=700)
    app.connect("config-inited", read_model_spec_pages, priority=900)
    app.connect("builder-inited", build.begin)
    app.connect("builder-inited", heed_docstrings)
    app.connect("env-get-outdated", build.outdated)
    app.connect("env-before-read-docs", require_reader)
    app.connect("source-read", note_written, priority=-sys.maxsize)
    app.connect("source-read", begin_page)
    app.connect("source-read", mend_page, priority=sys.maxsize)
    app.connect("include-read", mend_included, priority=sys.maxsize)
    # After others, which may take something off a page, or pages out of the project.
    app.connect("doctree-read", note_unread, priority=900)
    app.connect("doctree-read", end_page, priority=900)
    app.connect("env-updated", build.after_reading, priority=800)
    app.connect("warn-missing-reference", silence_core)
    app.connect("write-started", build.before_writing)
    app.connect("doctree-resolved", build.fill_page)
    app.connect("doctree-resolved", build.leave_out, priority=950)
    # Before themes, which may make something of the contents of a page.
    app.connect("html-page-context", build.navigate, priority=400)
    app.connect("html-page-context", build.complete)
    app.connect("html-collect-pages", build.pages)
    app.connect("build-finished", build.finish)
    return {
        "version": _version(),
        "env_version": PolicyDomain.data_version,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _add_markup(app: Sphinx) -> None:
    """Register what authors write, and the nodes and transforms that make pages of it."""
    register_nodes(app)
    register_view_nodes(app)
    app.add_domain(PolicyDomain)
    for name, directive in DIRECTIVES.items():
        app.add_directive_to_domain(DOMAIN, name, directive)
    for name, role in ROLES.items():
        app.add_role_to_domain(DOMAIN, name, role)
    for index in INDICES:
        app.add_index_to_domain(DOMAIN, index)
    app.add_transform(MarkSections)
    app.add_transform(CapturePage)
    app.add_post_transform(TakePlainLinks)


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"
