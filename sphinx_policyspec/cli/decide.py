"""The commands ``policyspec resolve`` and ``policyspec survey``: who wins in a case and why, and what a spec leaves open."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli.options import Settings, SourceCommand
from sphinx_policyspec.decision import Norms
from sphinx_policyspec.exports.decisions import decisions_json, decisions_text
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.surveys import survey_files, survey_json, survey_text
from sphinx_policyspec.files import write_file
from sphinx_policyspec.model import Severity

__all__ = ["resolve", "survey"]

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
    """Tell what SOURCE leaves open: who goes first where nothing says so.

    Told are pairs of principles of one level that list the same topic, while no exception, preference, example
    or CASE says which goes first; the kinds of conflict that end undecided, and the rules that never
    decide, of all cases of up to two norms, two messages and a text with a say, of every level, explicit
    and implied, in every order; and, given cases, principles on which none of them depends. CASE is a
    case file or a folder of them, as for `resolve`. Needs clingo, of the extra `survey`.

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
            write_file(folder / name, text.encode())
        if not settings.quiet:
            command = shlex.join(["policyspec", "resolve", source, save])
            told = f"policyspec: wrote {len(files)} cases to {save}; `{command}` decides them"
            click.echo(printable(told), err=True)
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(_UNUSABLE)
