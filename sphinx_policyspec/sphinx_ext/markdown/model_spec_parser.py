"""Untouched Model Spec Markdown as a page of a project: structure from the reader, prose through MyST."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.util.matching import Matcher, get_matching_files

from sphinx_policyspec.readers.ignores import ignores_in
from sphinx_policyspec.readers.release import companions, read_release
from sphinx_policyspec.sphinx_ext.markdown.to_nodes import render_inline, render_prose
from sphinx_policyspec.sphinx_ext.records import page_record
from sphinx_policyspec.sphinx_ext.references import DOMAIN
from sphinx_policyspec.sphinx_ext.rendering.render import SpecRenderer

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain import PolicyDomain

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
        if is_model_spec and str(document["source"]).endswith(_TRANSLATED):
            document += _message_nodes(inputstring, document)
        elif is_model_spec:
            _parse_page(inputstring, path, document, env)


def _is_model_spec(name: str, config: Config) -> bool:
    patterns = config.policyspec_model_spec
    return bool(patterns) and Matcher(patterns)(name)


def _parse_page(text: str, path: Path, document: nodes.document, env: BuildEnvironment) -> None:
    name = path.relative_to(env.srcdir)
    prefix = "" if name.parent == Path() else f"{name.parent.as_posix()}/"
    reading = read_release(path, text=text, prefix=prefix)
    for companion in companions(path):
        env.note_dependency(str(companion))
    spec = reading.spec
    renderer = SpecRenderer(document, spec, lambda file: str(Path(env.srcdir, file)))
    sections = [*renderer.blocks(spec.preamble), *renderer.provisions(spec.provisions)]
    chapters = spec.children_of(None)
    if len(chapters) == 1 and not spec.preamble:
        document += sections
    else:
        # A page has one title; several chapters, or text before the first, need one above them.
        anchor = "" if spec.title in spec.provision_by_id else nodes.make_id(spec.title)
        ids = [anchor] if anchor and anchor not in spec.provision_by_id else []
        document += nodes.section("", nodes.title(spec.title, spec.title), *sections, ids=ids)
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    record, packed = page_record(env.docname, spec, reading.findings)
    ignores = ignores_in(name.as_posix(), text.split("\n"))
    domain.note_document(env.docname, replace(record, ignores=ignores), packed)


def _message_nodes(text: str, document: nodes.document) -> list[nodes.Node]:
    """Return the nodes of one translated message; a title comes underlined with equals signs."""
    first, _, rest = text.partition("\n")
    if rest.strip() and not rest.strip().strip("="):
        return [nodes.section("", nodes.title(first, "", *render_inline(first, 1, document)))]
    return render_prose(text, 1, document)


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
