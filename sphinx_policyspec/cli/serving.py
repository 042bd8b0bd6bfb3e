"""The command ``policyspec serve``: a server for agents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import click

import sphinx_policyspec as ps
from sphinx_policyspec.agents import server
from sphinx_policyspec.agents.desk import Desk
from sphinx_policyspec.cli.beside import beside_options, refuse_several
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    alignment_option,
    sources_argument,
)
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS
from sphinx_policyspec.model.spec import based
from sphinx_policyspec.serving import server as web
from sphinx_policyspec.serving.collection import Collection
from sphinx_policyspec.serving.site import SiteSources

_LAST_PORT = 65535
_HTTP_OPTIONS = ("bind", "public_url", "workers", "cors", "no_handbook", "results")
"""Parameters of the command that do not apply to a server for agents."""


@click.command(cls=SourceCommand)
@sources_argument
@click.option(
    "--mcp", "by_mcp", is_flag=True, help="Speak the Model Context Protocol on standard input and output."
)
@beside_options
@alignment_option
@click.option("--watch", is_flag=True, help="Read SOURCE again when its files change.")
@click.option(
    "--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT", help="Where to listen."
)
@click.option("--public-url", default="", metavar="URL", help="The address that clients use, behind a proxy.")
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=2,
    show_default=True,
    help="Number of processes that answer SPARQL.",
)
@click.option("--cors", is_flag=True, help="Allow scripts of any site to read answers.")
@click.option("--no-handbook", is_flag=True, help="Serve only data, no handbook.")
def serve(
    sources: tuple[str, ...],
    *,
    by_mcp: bool,
    files: ps.BesideFiles,
    watch: bool,
    bind: str,
    public_url: str,
    workers: int,
    cors: bool,
    no_handbook: bool,
    settings: Settings,
) -> None:
    """Serve SOURCE to people, programs and agents, read-only.

    Over HTTP, / is the handbook, /sparql answers queries under limits, /graph/VERSION is a release as
    RDF, /questions/NAME answers the named questions, and /.well-known/void describes the data. Results,
    feedback, records of decisions and alignments given by options, or named in conf.py of a project, are
    further graphs. The server is reachable from this machine only, unless --bind says otherwise. Needs
    the extra `serve`.

    With --mcp, it speaks the Model Context Protocol instead, and a client such as a coding agent starts
    it. Agents can search, read, decide cases, check drafts and overlays, compare releases and gather
    context; every answer has ids, release, file and line to cite. It opens no network connection and
    keeps SOURCE in memory. The answers cover feedback, decisions and alignments in the same way. In a
    folder of releases, the newest answers unless another is asked for. Needs the extra `mcp`.

    \b
      policyspec serve model_spec --bind 127.0.0.1:8080
      policyspec serve model_spec --results store/ --feedback feedback.yaml
      policyspec serve model_spec/2025-09-12 --mcp
      policyspec serve docs --mcp --watch --feedback feedback.yaml --decisions decisions/
    """
    if not by_mcp:
        web.require_serve()
        address = _address(bind, public_url)
        every = [*settings.for_each(sources)]
        site = (
            None
            if no_handbook
            else SiteSources(
                sources=tuple((source, one.options) for source, one in every),
                base_iri=settings.base_iri,
                site_url=public_url,
            )
        )

        def collect() -> Collection:
            desk = _desk(every, files, settings)
            refuse_several(files, several=len(desk.specs) > 1)
            settings.report(desk.specs[0].shelves[-1].beside.findings)
            return Collection(desk, workers, DEFAULT_LIMITS)

        web.serve(address, web.Job(collect=collect, site=site, watch=watch, cors=cors, note=settings.note))
        return
    _refuse_http_options()
    server.require_mcp()
    # Before anything of a project is imported: its output must not reach the client.
    wire = server.Wire.claim()
    desk = partial(_desk, [*settings.for_each(sources)], files, settings)
    server.serve(desk(), wire, desk if watch else None)
    server.leave()


def _desk(every: Sequence[tuple[str, Settings]], files: ps.BesideFiles, settings: Settings) -> Desk:
    """Read all SOURCEs that are served."""
    sources = [_read(source, one) for source, one in every]
    specs = ps.load_specs(*([one.spec for one in loaded] for _source, loaded, _options in sources))
    return Desk.of(
        sources,
        files,
        alignments=settings.aligned(specs) if len(specs) > 1 or settings.alignments else (),
    )


def _refuse_http_options() -> None:
    """Refuse HTTP options for a server that listens on no port."""
    context = click.get_current_context()
    used = [
        f"--{name.replace('_', '-')}"
        for name in _HTTP_OPTIONS
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if used:
        raise click.UsageError(
            f"{used[0]} is of the server that speaks HTTP, and --mcp starts another: leave one out"
        )


def _read(source: str, settings: Settings) -> tuple[str, Sequence[ps.Loaded], ps.ReadingOptions]:
    several = settings.has_releases(source)
    releases = settings.read_releases(source) if several else (settings.read(source),)
    return (
        source,
        [replace(one, spec=based(one.spec, settings.base_iri)) for one in releases],
        settings.options,
    )


def _address(bind: str, public_url: str) -> web.ServerAddress:
    host, colon, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
        raise click.BadParameter(f"`{bind}` is not of the form HOST:PORT", param_hint="--bind")
    return web.ServerAddress(
        host=host, port=int(port), public_url=f"{public_url.rstrip('/')}/" if public_url else ""
    )
