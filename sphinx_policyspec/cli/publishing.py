"""The command ``policyspec publish``: graphs on a SPARQL server."""

from __future__ import annotations

from dataclasses import replace

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.beside import (
    beside_options,
    proposal_option,
    read_beside,
    refuse_several,
    with_proposals,
)
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    alignment_option,
    exit_if_unusable,
    form_option,
    sources_argument,
)

_PROFILES = ("oxigraph", "virtuoso", "generic")


@click.command(cls=SourceCommand)
@sources_argument
@beside_options
@proposal_option(about="A proposal about SOURCE, for a graph with what it would change; may be repeated.")
@alignment_option
@click.option("--to", "url", metavar="URL", required=True, help="The query endpoint of the server.")
@click.option(
    "--update", metavar="URL", default="", help="The endpoint for SPARQL Update, if it is not detected."
)
@click.option(
    "--store",
    metavar="URL",
    default="",
    help="The endpoint of the Graph Store Protocol, if it is not detected.",
)
@click.option(
    "--profile",
    type=click.Choice(_PROFILES),
    help="The kind of server, which gives the endpoints; generic includes Apache Jena. Default: detected.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="Delete graphs of this spec that are not part of this command: releases, results, feedback, decisions, proposals.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing, and show what would be done.")
@form_option(forms=("text", "json"), about="How to print what was done.")
def publish(
    sources: tuple[str, ...],
    *,
    files: ps.BesideFiles,
    proposals: tuple[str, ...],
    url: str,
    update: str,
    store: str,
    profile: str | None,
    prune: bool,
    dry_run: bool,
    form: str,
    settings: Settings,
) -> None:
    """Publish SOURCE on a SPARQL server of yours.

    Each release becomes a named graph, and so do the changes between releases and whatever options add:
    results, feedback, records of decisions, proposals, alignments. A catalogue lists the graphs. A graph that is
    up to date is not written again, a small edit is one update, and a larger one is swapped in as a
    whole, so that no reader sees half a graph. Other graphs on the server are never touched. After a
    failure, run the command again.

    User and password come from POLICYSPEC_ENDPOINT_USER and POLICYSPEC_ENDPOINT_PASSWORD, a token from
    POLICYSPEC_ENDPOINT_TOKEN; without these, ~/.netrc is used. Exit status 2 means that something was
    not done.

    \b
      policyspec publish model_spec --to http://localhost:7878/query --base-iri https://example.org/spec/
      policyspec publish docs --to https://example.org/sparql --dry-run
      policyspec publish docs --to http://localhost:8890/sparql --profile virtuoso --prune
      policyspec publish model_spec --to http://localhost:7878/query --results store/ --feedback feedback.yaml
    """
    specs = settings.read_specs(sources)
    refuse_several(files, several=len(specs) > 1)
    aligned = settings.aligned(specs) if len(specs) > 1 or settings.alignments else ()
    if proposals and (len(specs) > 1 or len(specs[0].releases) > 1):
        raise click.UsageError("--proposal is about one SOURCE, with one release")
    target = settings.loaded[0] if len(settings.loaded) == 1 else specs[0].releases
    beside = replace(read_beside(target, files, settings), alignments=aligned)
    beside = with_proposals(sources[0], proposals, beside, settings)
    with settings.watching("publishing"):
        report = ps.publish(
            specs,
            url,
            base_iri=settings.base_iri,
            update=update,
            store=store,
            profile=profile or "",
            prune=prune,
            dry_run=dry_run,
            beside=beside,
        )
    settings.show(report, form)
    if report.error:
        if form != "json":
            raise ps.PolicySpecError(report.error)
        raise SystemExit(2)
    exit_if_unusable(beside.unusable)
