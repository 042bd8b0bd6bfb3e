"""The command ``policyspec resolve``: who wins in a case, and why."""

from __future__ import annotations

import sys

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli_options import Settings, SourceCommand
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.exports.decisions import decisions_json, decisions_text
from sphinx_policyspec.model import Severity

__all__ = ["resolve"]

_DIFFERS = 1
_UNUSABLE = 2


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.argument("cases", metavar="CASE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="An explanation for people, or the decisions for programs.",
)
def resolve(source: str, cases: tuple[str, ...], *, form: str, settings: Settings) -> None:
    """Decide who wins where instructions conflict, by the levels and exceptions of SOURCE.

    A CASE is a YAML file, or a folder of them: the items that speak, by whom and how, and what they
    ask for. Exit status 1 tells of a decision that is not what its case expects, 2 of a case that
    cannot be decided; the others still are.

    \b
      policyspec resolve model_spec/2025-09-12 cases/
      policyspec resolve docs tutoring.yaml --format json
      policyspec schema cases > cases.schema.json
    """
    loaded = settings.load(source)
    with settings.watching("deciding"):
        resolved = api.resolve(loaded.spec, cases)
    settings.report(resolved.findings)
    if form == "json":
        click.echo(decisions_json(resolved.decisions), nl=False)
    else:
        click.echo(decisions_text(resolved.decisions, Norms(loaded.spec)), nl=False)
    if any(finding.severity is Severity.ERROR for finding in resolved.findings):
        sys.exit(_UNUSABLE)
    if any(decision.as_expected is False for decision in resolved.decisions):
        sys.exit(_DIFFERS)
