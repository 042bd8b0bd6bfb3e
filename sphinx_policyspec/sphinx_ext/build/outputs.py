"""What lies beside the pages of a site, graph and data, and the links of pages to it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import SphinxError
from sphinx.locale import get_translation

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import MEDIA_TYPES
from sphinx_policyspec.model import Finding
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.indices import is_index_page
from sphinx_policyspec.sphinx_ext.nodes.nodes import uses_our_nodes
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import read_stamp, without_collection, write_output
from sphinx_policyspec.sphinx_ext.web.data import script_data, script_words, spec_ids
from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages
from sphinx_policyspec.sphinx_ext.web.places import ASK_PAGE, WEB_BUILDERS

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx


__all__ = ["SCRIPT", "STYLE_SHEET", "add_to_page", "share_static_files", "write_data", "write_graph"]

_ = get_translation("sphinx_policyspec")

STYLE_SHEET = "policyspec.css"
SCRIPT = "policyspec.js"
_DATA = "policyspec-data.js"
_IDS = "spec-ids.json"
_STATIC = Path(__file__).parents[1] / "static"
_UNUSUAL = re.compile(r"\\x[01]|\\u(?:d[89a-f]|fff[ef])")
"""How Python writes all characters that some format cannot hold, and a few others."""


def share_static_files(app: Sphinx) -> None:
    """Let HTML builders copy our style sheet and script where a page uses something of ours; take them away if none does."""
    if app.builder.format != "html":
        return
    domain = domain_of(app.env)
    if domain.own_pages() or domain.given.editions:
        app.config.html_static_path.append(str(_STATIC))
        return
    for file in _STATIC.iterdir():
        Path(app.outdir, "_static", file.name).unlink(missing_ok=True)


def add_to_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the graph from a page, and the style sheet where the page shows something of ours."""
    is_ours = (
        pagename == ASK_PAGE or is_index_page(pagename, templatename) or domain_of(app.env).given.editions
    )
    if is_ours or (doctree is not None and uses_our_nodes(doctree)):
        app.add_css_file(STYLE_SHEET)
        if app.builder.name in WEB_BUILDERS:
            words: dict[str, Any] = {"data-words": script_words()}
            app.add_js_file(SCRIPT, loading_method="defer", **words)
    if app.builder.name not in WEB_BUILDERS or not _has_spec(app):
        return
    files = [(f"spec.{name}", MEDIA_TYPES[name], name) for name in PolicySpecConfig.of(app.config).outputs]
    for file, kind, title in (*files, (_IDS, "application/json", _("ids and checksums"))):
        address = html.escape(context["pathto"](file, 1), quote=True)
        link = f'<link rel="alternate" type="{kind}" href="{address}" title="{html.escape(title)}">'
        context["metatags"] = f"{context.get('metatags', '')}\n    {link}"


def _has_spec(app: Sphinx) -> bool:
    return any(page.objects for page in domain_of(app.env).pages.values())


def write_graph(app: Sphinx, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Write the graph in every format asked for; nothing is done where it stands already.

    Returns what the formats cannot hold.
    """
    if app.builder.name not in WEB_BUILDERS:
        return ()
    formats = PolicySpecConfig.of(app.config).outputs if _has_spec(app) else []
    files = {name: Path(app.outdir, f"spec.{name}") for name in formats}
    stamp = Path(app.doctreedir, f"policyspec-{app.builder.name}.txt")
    digest, *before = read_stamp(stamp).split("\n")
    current = knowledge.digest(app.env) if files else ""
    if (digest, before) == (current, [*map(str, files.values())]) and all(map(Path.is_file, files.values())):
        return ()
    for gone in {*map(Path, before)}.difference(files.values()):
        if gone.parent == Path(app.outdir):
            gone.unlink(missing_ok=True)
    findings = tuple(_write(app, knowledge, files)) if files else ()
    # Without its digest the graph is written anew next time, so that what it cannot hold is said again.
    write_output(stamp, "\n".join(["" if findings else current, *map(str, files.values())]))
    return findings


def unwritable(app: Sphinx, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Return what :func:`write_graph` would: what the formats that are asked for cannot hold."""
    if app.builder.name not in WEB_BUILDERS or not _has_spec(app):
        return ()
    spec = knowledge.spec(app.env)
    if not _UNUSUAL.search(repr(spec)):
        return ()
    from sphinx_policyspec.graph.serialize import unholdable  # noqa: PLC0415  hardly any spec needs it
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    outputs = PolicySpecConfig.of(app.config).outputs
    return tuple(found for name in outputs for found in unholdable(triples_of(spec), name))


def write_data(app: Sphinx, handbook: HandbookPages) -> None:
    """Write what scripts and other programs read, unless it stands already."""
    if app.builder.name not in WEB_BUILDERS:
        return
    files = [Path(app.outdir, _DATA), Path(app.outdir, _IDS)]
    stamp = Path(app.doctreedir, f"policyspec-{app.builder.name}-data.txt")
    if not _has_spec(app):
        for file in files:
            file.unlink(missing_ok=True)
        stamp.unlink(missing_ok=True)
        return
    # Addresses of pages may change without the spec.
    current = f"{handbook.knowledge.digest(app.env)} {app.builder.get_target_uri('page')}"
    if read_stamp(stamp) == current and all(map(Path.is_file, files)):
        return
    handbook.prepare(app)
    for file, text in zip(files, (script_data(app, handbook), spec_ids(app, handbook)), strict=True):
        write_output(file, text)
    write_output(stamp, current)


def _write(app: Sphinx, knowledge: Knowledge, files: dict[str, Path]) -> list[Finding]:
    from sphinx_policyspec.graph.serialize import pieces  # noqa: PLC0415  only a site with a spec needs RDF
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    spec = knowledge.spec(app.env)
    found: list[Finding] = []
    with without_collection():
        for name, file in files.items():
            data, findings = pieces(triples_of(spec), name)
            try:
                write_output(file, data)
            except SourceError as error:
                raise SphinxError(str(error)) from error
            found += findings
    return found
