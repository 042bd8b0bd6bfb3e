"""The command ``policyspec diff``: what changed between two specs, and what that touches."""

from __future__ import annotations

import shutil
import sys

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli_options import Settings, SourceCommand
from sphinx_policyspec.exports.diffs import DIFF_FORMATS, text_diff

__all__ = ["diff"]


def _aliases(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    given = {}
    for text in value:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise click.BadParameter(f"`{text}` is not of the form OLD=NEW")
        given[old] = new
    return given


@click.command(cls=SourceCommand)
@click.argument("old", metavar="OLD", type=click.Path())
@click.argument("new", metavar="NEW", type=click.Path())
@click.option(
    "--alias",
    "aliases",
    metavar="OLD=NEW",
    multiple=True,
    callback=_aliases,
    help="A provision's old and new id, where you know better; may be repeated.",
)
@click.option("--exit-code", is_flag=True, help="Exit with status 1 if anything changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(DIFF_FORMATS)),
    default="text",
    show_default=True,
    help="How to print the changes; markdown fits a comment on a pull request.",
)
def diff(
    old: str, new: str, *, aliases: dict[str, str], exit_code: bool, form: str, settings: Settings
) -> None:
    """Tell what changed in meaning from OLD to NEW, two SOURCEs, and what it touches.

    Each change has a type, a weight (tightening, loosening, clarifying, editorial) with the rule
    that gave it, and what it may invalidate. Provisions are followed through new ids.

    \b
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --format html > changes.html
      policyspec diff old.ttl docs --alias be_kind=love_humanity --format markdown
    """
    before, after = settings.load(old), settings.load(new)
    with settings.watching("comparing"):
        found = api.diff(before.spec, after.spec, aliases=aliases)
    if form == "text":
        color = settings.colored(sys.stdout)
        width = max(shutil.get_terminal_size().columns, 40) if sys.stdout.isatty() else 100
        click.echo(text_diff(found, width=width, color=color), nl=False, color=color)
    else:
        click.echo(DIFF_FORMATS[form](found), nl=False)
    if exit_code and found:
        sys.exit(1)
