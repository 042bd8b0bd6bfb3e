"""Untouched Model Spec Markdown as a page of a project: structure from the reader, prose through MyST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes

from sphinx_policyspec.readers.ignores import ignores_in
from sphinx_policyspec.readers.release import companions, read_release
from sphinx_policyspec.sphinx_ext.config import project_title
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, page_record
from sphinx_policyspec.sphinx_ext.markdown.to_nodes import render_inline, render_prose
from sphinx_policyspec.sphinx_ext.rendering.render import SpecRenderer

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

__all__ = ["fill", "message_nodes"]


def fill(document: nodes.document, text: str, path: Path, env: BuildEnvironment) -> None:
    """Fill a document from the text of a page in the dialect."""
    name = path.relative_to(env.srcdir)
    prefix = "" if name.parent == Path() else f"{name.parent.as_posix()}/"
    reading = read_release(path, text=text, prefix=prefix, default_title="")
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
        title = spec.title or project_title(env.config)
        anchor = "" if title in spec.provision_by_id else nodes.make_id(title)
        ids = [anchor] if anchor and anchor not in spec.provision_by_id else []
        document += nodes.section("", nodes.title(title, title), *sections, ids=ids)
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    record, packed = page_record(env.docname, spec, reading.findings)
    ignores = ignores_in(name.as_posix(), text.split("\n"))
    domain.note_document(env.docname, replace(record, ignores=ignores), packed)


def message_nodes(text: str, document: nodes.document) -> list[nodes.Node]:
    """Return the nodes of one translated message; a title comes underlined with equals signs."""
    first, _, rest = text.partition("\n")
    if rest.strip() and not rest.strip().strip("="):
        return [nodes.section("", nodes.title(first, "", *render_inline(first, 1, document)))]
    return render_prose(text, 1, document)
