"""Which Markdown pages of a project are in the Model Spec dialect, and what lies beside them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from myst_parser.parsers.sphinx_ import MystParser
from sphinx.util.matching import Matcher, get_matching_files

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

__all__ = ["ModelSpecAwareParser", "keep_companions_unbuilt", "outdated_by_companions"]

_TRANSLATED = ":<translated>"
"""What the source of a document ends with that holds one translated message."""


class ModelSpecAwareParser(MystParser):
    """MyST, but for the pages that ``policyspec_model_spec`` names.

    Those are in the Model Spec dialect; nothing in them is live MyST.
    """

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill ``document`` from the text of a page, or from one translated message of it."""
        env: BuildEnvironment = document.settings.env
        path = Path(env.doc2path(env.docname))
        is_model_spec = _is_model_spec(path.relative_to(env.srcdir).as_posix(), env.config)
        # An empty text is parsed for what it leaves in the settings: MyST's transforms run in any case.
        super().parse("" if is_model_spec else inputstring, document)
        if is_model_spec:
            # Most projects have no such page.
            from sphinx_policyspec.sphinx_ext.markdown.model_spec_page import fill, message_nodes  # noqa: PLC0415

            if str(document["source"]).endswith(_TRANSLATED):
                document += message_nodes(inputstring, document)
            else:
                fill(document, inputstring, path, env)


def _is_model_spec(name: str, config: Config) -> bool:
    patterns = config.policyspec_model_spec
    return bool(patterns) and Matcher(patterns)(name)


def keep_companions_unbuilt(app: Sphinx, config: Config) -> None:
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
    patterns = config.policyspec_model_spec
    return sorted(get_matching_files(srcdir, include_patterns=patterns)) if patterns else []


def outdated_by_companions(
    app: Sphinx,
    env: BuildEnvironment,
    _added: set[str],
    _changed: set[str],
    _removed: set[str],
) -> list[str]:
    """Return the Model Spec pages that have a new file beside them; Sphinx sees what was changed or taken away."""
    from sphinx_policyspec.readers.release import companions  # noqa: PLC0415  most projects have no such page

    outdated = []
    for name in _model_spec_files(app.srcdir, app.config):
        path = Path(app.srcdir, name)
        docname = env.path2doc(str(path))
        if docname not in env.all_docs:
            continue
        # Sphinx compares its own paths with texts, with a warning; ours are texts on both sides.
        known = {os.fspath(dependency) for dependency in env.dependencies[docname]}
        if not {str(companion) for companion in companions(path)} <= known:
            outdated.append(docname)
    return outdated
