"""The command ``policyspec serve``: a server for agents."""

from __future__ import annotations

from collections.abc import Sequence

import click

import sphinx_policyspec as ps
from sphinx_policyspec.agents import server
from sphinx_policyspec.agents.desk import Desk
from sphinx_policyspec.cli.options import Settings, SourceCommand, sources_argument


@click.command(cls=SourceCommand)
@sources_argument
@click.option(
    "--mcp", "by_mcp", is_flag=True, help="Speak the Model Context Protocol on standard input and output."
)
@click.option("--watch", is_flag=True, help="Read SOURCE again when its files change.")
def serve(sources: tuple[str, ...], *, by_mcp: bool, watch: bool, settings: Settings) -> None:
    """Answer agents from SOURCE.

    With --mcp a client such as a coding agent starts this command and asks it by the Model Context
    Protocol: it searches, reads, decides cases, checks drafts and overlays, compares releases and
    gathers context, and every answer has ids, release, file and line to cite. It is read-only, opens no
    network, and keeps SOURCE in memory. Of a folder of releases the newest answers unless another is
    asked for. Needs the extra `mcp`.

    \b
      policyspec serve model_spec/2025-09-12 --mcp
      policyspec serve docs --mcp --watch
    """
    if not by_mcp:
        raise click.UsageError("give --mcp: a server that speaks HTTP is not there yet")
    server.require_mcp()
    # Before anything of a project is imported: whatever it prints must not reach the client.
    wire = server.Wire.claim()
    read = [*settings.for_each(sources)]

    def desk() -> Desk:
        return Desk.of([_read(source, one) for source, one in read])

    server.serve(desk(), wire, desk if watch else None)
    server.leave()


def _read(source: str, settings: Settings) -> tuple[str, Sequence[ps.Loaded], ps.ReadingOptions]:
    if settings.has_releases(source):
        return source, settings.read_releases(source), settings.options
    return source, (settings.read(source),), settings.options
