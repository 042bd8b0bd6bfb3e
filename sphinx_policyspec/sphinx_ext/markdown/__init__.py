"""Model Spec Markdown as nodes; here: which pages of a project are in that dialect, their parser, and files beside them."""

from __future__ import annotations

import os
from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from docutils.parsers import Parser
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.matching import Matcher, get_matching_files

from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig

_MARKDOWN = ".md"
_TRANSLATED = ":<translated>"
"""What the source of a document ends with that holds one translated message."""


def load_markdown(app: Sphinx, config: Config) -> None:
    """Load MyST for a project with Model Spec pages, unless an extension of its own reads Markdown."""
    _keep_companions_unbuilt(app, config)
    # Sphinx adds the suffixes of extensions to its own default, which the next project of this process would have.
    config.source_suffix = copy(config.source_suffix)
    if PolicySpecConfig.of(config).foreign_pages and _MARKDOWN not in app.registry.source_suffix:
        app.setup_extension("myst_parser")


def read_model_spec_pages(app: Sphinx, config: Config) -> None:
    """Let every parser leave the pages that ``policyspec_model_spec`` and ``policyspec_markdown`` name to us.

    Those are Markdown, whichever parser has their suffix; nothing in them is live.
    """
    if PolicySpecConfig.of(config).foreign_pages:
        for filetype in set(config.source_suffix.values()) & set(app.registry.get_source_parsers()):
            parser = app.registry.get_source_parser(filetype)
            app.add_source_parser(_leaving_model_spec_pages(parser, app, filetype), override=True)


def _leaving_model_spec_pages(parser: type[Parser], app: Sphinx, filetype: str) -> type[Parser]:
    """Return a parser that does what another does, except for pages in the dialect."""

    def parse(self: Parser, inputstring: str, document: nodes.document) -> None:
        if is_model_spec_page(app.env):
            _read_page(inputstring, document, app.env)
        else:
            parser.parse(self, inputstring, document)

    def get_transforms(self: Parser) -> list[type[Any]]:
        # The transforms of a language handle what only that language leaves in a document.
        plain = Parser if is_model_spec_page(app.env) else parser
        return list(plain.get_transforms(self))

    members: dict[str, Any] = {"supported": (filetype,), "parse": parse, "get_transforms": get_transforms}
    members["__module__"] = parser.__module__
    return type(parser.__name__, (parser,), members)


def is_model_spec_page(env: BuildEnvironment) -> bool:
    """Return whether the page being read is in the dialect, or is read by its headings."""
    name = Path(env.doc2path(env.docname)).relative_to(env.srcdir).as_posix()
    return Matcher(PolicySpecConfig.of(env.config).foreign_pages)(name)


def _read_page(text: str, document: nodes.document, env: BuildEnvironment) -> None:
    """Fill ``document`` from the text of a page, or from one translated message of it."""
    # Most projects have no such page.
    from sphinx_policyspec.sphinx_ext.markdown.render import fill, message_nodes  # noqa: PLC0415

    if str(document["source"]).endswith(_TRANSLATED):
        document += message_nodes(text, document)
    else:
        fill(document, text, Path(env.doc2path(env.docname)), env)


def _keep_companions_unbuilt(app: Sphinx, config: Config) -> None:
    """Exclude the prompt files, README and CHANGELOG beside Model Spec pages from the build.

    They are read with the page; the prompts can be offensive and are never shown.
    """
    for name in _model_spec_files(app.srcdir, config):
        folder = PurePosixPath(name).parent
        beside = ["examples/*.md", *(["README.md", "CHANGELOG.md"] if folder.name else [])]
        for pattern in beside:
            if (excluded := str(folder / pattern)) not in config.exclude_patterns:
                config.exclude_patterns.append(excluded)


def _model_spec_files(srcdir: Path, config: Config) -> list[str]:
    patterns = PolicySpecConfig.of(config).foreign_pages
    return sorted(get_matching_files(srcdir, include_patterns=patterns)) if patterns else []


def outdated_by_companions(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the Model Spec pages that have a new file beside them; Sphinx notices changed and removed ones."""
    if not (files := _model_spec_files(app.srcdir, app.config)):
        return []
    from sphinx_policyspec.readers.release import companions  # noqa: PLC0415  most projects have no such page

    outdated = []
    for name in files:
        path = Path(app.srcdir, name)
        docname = env.path2doc(str(path))
        if docname not in env.all_docs:
            continue
        # Sphinx compares its own paths with texts, with a warning; ours are texts on both sides.
        known = {os.fspath(dependency) for dependency in env.dependencies[docname]}
        if not {str(companion) for companion in companions(path)} <= known:
            outdated.append(docname)
    return outdated
