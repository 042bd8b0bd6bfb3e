"""The command ``policyspec survey``: what a spec leaves open."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli_options import Settings, SourceCommand
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.surveys import survey_files, survey_json, survey_text
from sphinx_policyspec.model import Severity

__all__ = ["survey"]

_UNUSABLE = 2


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.argument("cases", metavar="[CASE...]", nargs=-1, type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--save",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write the smallest cases that show what was found to DIR, which `resolve` reads.",
)
def survey(source: str, cases: tuple[str, ...], *, form: str, save: str | None, settings: Settings) -> None:
    """Look at every case of a finite space for what SOURCE leaves open.

    The space: up to two norms, two messages and a text with a say, of every level, explicit and
    implied, in every order. Told are the kinds of conflict that end undecided, rules that never decide,
    pairs of principles of one level that share an issue while nothing says which goes first, and,
    given cases, principles on which none of them depends. Needs clingo, of the extra `survey`.

    \b
      policyspec survey model_spec/2025-09-12
      policyspec survey docs cases/ --save found/
    """
    loaded = settings.load(source)
    with settings.watching("looking at every case"):
        found, findings = api.survey(loaded.spec, cases)
    settings.report(findings)
    click.echo(survey_json(found) if form == "json" else survey_text(found), nl=False)
    if save:
        folder = Path(save)
        folder.mkdir(parents=True, exist_ok=True)
        files = survey_files(found)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        if not settings.quiet:
            click.echo(printable(f"policyspec: wrote {len(files)} cases to {save}"), err=True)
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(_UNUSABLE)
