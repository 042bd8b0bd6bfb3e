"""Every registration of the extension, on one screen."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.locale import translators

from sphinx_policyspec.sphinx_ext.asks.answer_nodes import register_view_nodes
from sphinx_policyspec.sphinx_ext.build.build import Build, note_unread, silence_core
from sphinx_policyspec.sphinx_ext.build.findings import (
    TakePlainLinks,
    require_reader,
)
from sphinx_policyspec.sphinx_ext.config import register_config
from sphinx_policyspec.sphinx_ext.domain.domain import INDICES, PolicyDomain, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.markdown import (
    load_markdown,
    read_model_spec_pages,
)
from sphinx_policyspec.sphinx_ext.nodes.writers import configure, register_nodes
from sphinx_policyspec.sphinx_ext.web.llms import hand_over, write_page
from sphinx_policyspec.sphinx_ext.web.navigation import open_chapter

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata, RoleFunction

    from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective


def directives() -> dict[str, type[PolicyDirective]]:
    """Return the directives by name."""
    from sphinx_policyspec.sphinx_ext.asks import directives as asks  # noqa: PLC0415  many builds read no page
    from sphinx_policyspec.sphinx_ext.asks import overlays  # noqa: PLC0415  as above
    from sphinx_policyspec.sphinx_ext.pages import declarations, examples  # noqa: PLC0415  as above

    return {
        "spec": declarations.SpecDirective,
        "level": declarations.LevelDirective,
        "topic": declarations.TopicDirective,
        "goal": examples.GoalDirective,
        "definition": declarations.DefinitionDirective,
        "principle": declarations.PrincipleDirective,
        "example": examples.ExampleDirective,
        "message": examples.MessageDirective,
        "response": examples.ResponseDirective,
        "conversation": examples.ConversationDirective,
        "prompt": examples.PromptDirective,
        "commentary": declarations.CommentaryDirective,
        "principle-list": asks.PrincipleListDirective,
        "principle-table": asks.PrincipleTableDirective,
        "example-table": asks.ExampleTableDirective,
        "matrix": asks.MatrixDirective,
        "graph": asks.GraphDirective,
        "coverage": asks.CoverageDirective,
        "survey": asks.SurveyDirective,
        "query": asks.QueryDirective,
        "case": asks.CaseDirective,
        "changes": asks.ChangesDirective,
        "overlay": overlays.OverlayDirective,
        "statement": overlays.StatementDirective,
    }


def roles() -> dict[str, RoleFunction]:
    """Return the roles by name, beside those that refer to something, which the domain has."""
    from sphinx_policyspec.sphinx_ext.asks.directives import CountRole  # noqa: PLC0415  many builds read no page
    from sphinx_policyspec.sphinx_ext.pages.declarations import ClauseRole  # noqa: PLC0415  as above

    return {"clause": ClauseRole(), "count": CountRole()}


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
    app.connect("env-get-outdated", build.outdated)
    app.connect("env-before-read-docs", require_reader)
    # Before each page that is read.
    app.connect("env-purge-doc", _get_ready_to_read)
    # After others, which may take something off a page, or pages out of the project.
    app.connect("doctree-read", note_unread, priority=900)
    app.connect("env-updated", build.after_reading, priority=800)
    app.connect("warn-missing-reference", silence_core)
    app.connect("write-started", build.before_writing)
    app.connect("doctree-resolved", build.fill_page)
    app.connect("doctree-resolved", build.leave_out, priority=950)
    # When nothing is changed about a page any more.
    app.connect("doctree-resolved", write_page, priority=960)
    # Before themes, which may make something of the contents of a page.
    app.connect("html-page-context", build.navigate, priority=400)
    app.connect("html-page-context", build.complete)
    # After themes have made something of the contents.
    app.connect("html-page-context", open_chapter, priority=600)
    app.connect("html-collect-pages", build.pages)
    # Before another extension writes such files of its own.
    app.connect("build-finished", hand_over, priority=400)
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
    for index in INDICES:
        app.add_index_to_domain(DOMAIN, index)
    app.add_post_transform(TakePlainLinks)


def _get_ready_to_read(app: Sphinx, env: BuildEnvironment, _docname: str) -> None:
    """Register what reads pages, once: its import is half of what a build without a change would cost."""
    domain = domain_of(env)
    if "spec" in domain.directives:
        return
    from sphinx_policyspec.sphinx_ext.pages.capture import CapturePage, MarkSections  # noqa: PLC0415  as said
    from sphinx_policyspec.sphinx_ext.pages.declarations import begin_page, end_page  # noqa: PLC0415
    from sphinx_policyspec.sphinx_ext.pages.places import (  # noqa: PLC0415
        correct_docstrings,
        correct_included,
        correct_page,
        keep_source,
    )

    domain.directives.update(directives())
    domain.roles.update(roles())
    app.add_transform(MarkSections)
    app.add_transform(CapturePage)
    app.connect("source-read", keep_source, priority=-sys.maxsize)
    # Before others that look up names, such as intersphinx, so that they are asked first.
    app.connect("source-read", begin_page, priority=499)
    app.connect("source-read", correct_page, priority=sys.maxsize)
    app.connect("include-read", correct_included, priority=sys.maxsize)
    app.connect("doctree-read", end_page, priority=900)
    correct_docstrings(app)


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"
