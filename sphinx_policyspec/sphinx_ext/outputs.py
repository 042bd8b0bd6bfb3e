"""The graph beside the site: its files, and the links of pages to them."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.osutil import ensuredir

from sphinx_policyspec.model import Finding
from sphinx_policyspec.sphinx_ext.collection import without_collection
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.indices import is_index_page
from sphinx_policyspec.sphinx_ext.knowledge import Knowledge, domain_of
from sphinx_policyspec.sphinx_ext.nodes import uses_our_nodes

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["STYLE_SHEET", "add_static_path", "add_to_page", "write_graph"]

STYLE_SHEET = "policyspec.css"
_BUILDERS = ("html", "dirhtml", "singlehtml")
_TYPES = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "nq": "application/n-quads",
    "trig": "application/trig",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


def add_static_path(app: Sphinx) -> None:
    """Let HTML builders copy our style sheet."""
    if app.builder.format == "html":
        app.config.html_static_path.append(str(Path(__file__).with_name("static")))


def add_to_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the graph from a page, and the style sheet where the page shows something of ours."""
    if is_index_page(pagename, templatename) or (doctree is not None and uses_our_nodes(doctree)):
        app.add_css_file(STYLE_SHEET)
    if app.builder.name not in _BUILDERS or not _has_spec(app):
        return
    for name in PolicySpecConfig.of(app.config).outputs:
        address = html.escape(context["pathto"](f"spec.{name}", 1), quote=True)
        link = f'<link rel="alternate" type="{_TYPES[name]}" href="{address}" title="{name}">'
        context["metatags"] = f"{context.get('metatags', '')}\n    {link}"


def _has_spec(app: Sphinx) -> bool:
    return any(page.objects for page in domain_of(app.env).pages.values())


def write_graph(app: Sphinx, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Write the graph in every format asked for; nothing is done where it stands already.

    Returns what the formats cannot hold.
    """
    if app.builder.name not in _BUILDERS:
        return ()
    formats = PolicySpecConfig.of(app.config).outputs if _has_spec(app) else []
    files = {name: Path(app.outdir, f"spec.{name}") for name in formats}
    stamp = Path(app.doctreedir, f"policyspec-{app.builder.name}.txt")
    digest, *before = stamp.read_text("utf-8").split("\n") if stamp.is_file() else [""]
    current = knowledge.digest(app.env) if files else ""
    if (digest, before) == (current, [*map(str, files.values())]) and all(map(Path.is_file, files.values())):
        return ()
    for gone in {*map(Path, before)}.difference(files.values()):
        if gone.parent == Path(app.outdir):
            gone.unlink(missing_ok=True)
    findings = tuple(_write(app, knowledge, files)) if files else ()
    # Without its digest the graph is written anew next time, so that what it cannot hold is said again.
    stamp.write_text("\n".join(["" if findings else current, *map(str, files.values())]), "utf-8")
    return findings


def _write(app: Sphinx, knowledge: Knowledge, files: dict[str, Path]) -> list[Finding]:
    from sphinx_policyspec.graph.serialize import serialize  # noqa: PLC0415  only a site with a spec needs RDF
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    spec = knowledge.spec(app.env)
    ensuredir(app.outdir)
    found: list[Finding] = []
    with without_collection():
        triples = triples_of(spec)
        for name, file in files.items():
            data, findings = serialize(triples, name)
            file.write_bytes(data)
            found += findings
    return found
