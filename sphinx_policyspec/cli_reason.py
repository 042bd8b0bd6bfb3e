"""The command ``policyspec reason``: what follows, and what contradicts itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli_options import Settings, SourceCommand
from sphinx_policyspec.exports.answers import reasoning_json, reasoning_text
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.files import write_file
from sphinx_policyspec.graph.formats import FORMATS, format_of_suffix

__all__ = ["reason"]


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option(
    "--engine",
    type=click.Choice(["rules", "hermit"]),
    default="rules",
    show_default=True,
    help="rules: fast, in process; hermit: complete for classes and contradictions, needs Java.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write what follows, as RDF, to FILE; its suffix picks the format.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", *FORMATS]),
    help="text (default) or json: what was found; the others: what follows, as RDF.",
)
def reason(source: str, *, engine: str, output: str | None, form: str | None, settings: Settings) -> None:
    """Derive what follows from SOURCE, and tell what contradicts itself.

    Exit status 1 tells of a contradiction: a smallest set of statements of the spec, each with its
    place, that cannot hold together. A graph file need not make a spec.

    \b
      policyspec reason model_spec/2025-09-12
      policyspec reason docs --engine hermit
      policyspec reason docs -o derived.ttl
    """
    chosen = form or (format_of_suffix(Path(output).suffix) if output else "text")
    if chosen is None:
        raise click.UsageError(f"cannot tell the format of `{output}`: give --format {'|'.join(FORMATS)}")
    given = settings.annotations or settings.base_iri
    read = source if api.is_graph(source) and not given else settings.read(source)
    with settings.watching("reasoning"):
        found = api.reason(read, engine=engine)
    is_rdf = chosen in FORMATS
    text = reasoning_json(found) if chosen == "json" else reasoning_text(found)
    if is_rdf and found.contradictions:
        click.echo(text, nl=False, err=True)
    data = found.as_rdf(chosen) if is_rdf else text.encode()
    if output:
        write_file(Path(output), data)
        if not settings.quiet:
            click.echo(printable(f"policyspec: wrote {output}: {len(found.derived)} statements"), err=True)
    else:
        click.echo(data, nl=False)
    if found.contradictions:
        sys.exit(1)
