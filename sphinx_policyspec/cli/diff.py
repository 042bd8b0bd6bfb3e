"""The commands ``policyspec diff`` and ``policyspec lock``: what changed between two specs, and what that touches."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from sphinx_policyspec import api
from sphinx_policyspec.cli.options import Settings, SourceCommand
from sphinx_policyspec.compare import SpecDiff
from sphinx_policyspec.compare.history import (
    entry_of,
    format_lock,
    history,
    lock_of,
    parse_lock,
    review,
    since_lock,
)
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState
from sphinx_policyspec.exports.diff import DIFF_FORMATS, text_diff
from sphinx_policyspec.exports.diff.history import HISTORY_FORMATS, LOCK_FORMATS, review_json, review_text
from sphinx_policyspec.files import dump_json
from sphinx_policyspec.model import Severity, Spec
from sphinx_policyspec.readers.text import read_text

__all__ = ["diff", "lock"]

_CHANGED = 1
_UNUSABLE = 2


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
@click.argument("new", metavar="[NEW]", type=click.Path(), required=False)
@click.option(
    "--lock",
    "lock_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Compare one SOURCE with what `policyspec lock` wrote to FILE; text or json.",
)
@click.option(
    "--alias",
    "aliases",
    metavar="OLD=NEW",
    multiple=True,
    callback=_aliases,
    help="A provision's old and new id, where you know better; may be repeated.",
)
@click.option(
    "--overlay",
    "overlays",
    metavar="SOURCE",
    multiple=True,
    type=click.Path(),
    help="A spec that is built on OLD: tell what the changes touch in it, too; may be repeated.",
)
@click.option(
    "--history",
    "provision",
    metavar="ID",
    help="Tell what became of one provision over all releases of a folder of releases; text or json.",
)
@click.option(
    "--changelog",
    "reviewing",
    is_flag=True,
    help="Compare the changes with what NEW's changelog says of them instead; text or json.",
)
@click.option(
    "--cases",
    metavar="PATH",
    multiple=True,
    type=click.Path(),
    help="Also tell which cases come out differently: a YAML file or a folder of them; may be repeated.",
)
@click.option("--exit-code", is_flag=True, help="Exit with status 1 if anything changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(DIFF_FORMATS)),
    default="text",
    show_default=True,
    help="How to print the changes; markdown fits a comment on a pull request, changelog drafts an entry.",
)
def diff(
    old: str,
    new: str | None,
    *,
    lock_file: str | None,
    provision: str | None,
    aliases: dict[str, str],
    overlays: tuple[str, ...],
    reviewing: bool,
    cases: tuple[str, ...],
    exit_code: bool,
    form: str,
    settings: Settings,
) -> None:
    """Tell what changed in meaning from OLD to NEW, two SOURCEs, and what it touches.

    Each change has a type, a weight (tightening, loosening, clarifying, editorial) with the rule
    that gave it, and what it may invalidate. Provisions are followed through new ids. With --cases,
    scenarios of the chain of command are decided by both: those that come out differently are told
    with both explanations, and so are those that one of the two cannot decide. Exit status 2 tells
    of a case that neither can decide.

    \b
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --format html > changes.html
      policyspec diff git:main:docs docs --format markdown
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --cases cases
      policyspec diff upstream/1.0 upstream/1.1 --overlay company
      policyspec diff --lock policyspec.lock docs --exit-code
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --changelog
      policyspec diff model_spec --history love_humanity
    """
    if cases and (lock_file or provision or reviewing or form == "changelog"):
        raise click.UsageError("--cases goes with OLD and NEW, and with no draft or review of a changelog")
    if overlays and (lock_file or provision or reviewing):
        raise click.UsageError("--overlay goes with OLD and NEW alone")
    if lock_file:
        _since_lock(lock_file, old, new, exit_code=exit_code, form=form, settings=settings)
        return
    if provision:
        _show_history(old, new, provision, form, settings)
        return
    if new is None:
        raise click.UsageError("give OLD and NEW, or --lock FILE or --history ID and one SOURCE")
    before, after = settings.pair(old, new)
    with settings.watching("comparing"):
        behaviour = (
            api.diff_cases(before, after, cases, aliases=aliases, overlays=overlays, **settings.options)
            if cases
            else None
        )
        found = (
            behaviour.spec
            if behaviour
            else api.diff(before, after, aliases=aliases, overlays=overlays, **settings.options)
        )
    if reviewing:
        _show_review(found, after.spec, form)
    else:
        _show(found, behaviour, form, settings)
    if behaviour:
        settings.report(behaviour.findings)
        if any(finding.severity is Severity.ERROR for finding in behaviour.findings):
            sys.exit(_UNUSABLE)
    if exit_code and (found or (behaviour and behaviour.of(CaseState.CHANGED))):
        sys.exit(_CHANGED)


def _show(found: SpecDiff, behaviour: BehaviourDiff | None, form: str, settings: Settings) -> None:
    if form == "text":
        color = settings.colored(sys.stdout)
        width = max(shutil.get_terminal_size().columns, 40) if sys.stdout.isatty() else 100
        click.echo(text_diff(found, behaviour, width=width, color=color), nl=False, color=color)
    else:
        click.echo(DIFF_FORMATS[form](found, behaviour), nl=False)


def _show_history(source: str, other: str | None, provision: str, form: str, settings: Settings) -> None:
    if other is not None:
        raise click.UsageError("--history ID takes one SOURCE, a folder of releases")
    if form not in HISTORY_FORMATS:
        raise click.UsageError(f"--history takes --format {' or '.join(HISTORY_FORMATS)}, not {form}")
    moments = history(settings.releases(source), provision)
    click.echo(HISTORY_FORMATS[form](moments), nl=False)


def _show_review(found: SpecDiff, new: Spec, form: str) -> None:
    reviewed = review(found, entry_of(new))
    if form == "json":
        click.echo(dump_json(review_json(reviewed), indent=1))
    elif form == "text":
        click.echo(review_text(found, reviewed), nl=False)
    else:
        raise click.UsageError(f"--changelog takes --format text or json, not {form}")


def _since_lock(
    file: str, source: str, other: str | None, *, exit_code: bool, form: str, settings: Settings
) -> None:
    if other is not None:
        raise click.UsageError("--lock FILE takes one SOURCE")
    if form not in LOCK_FORMATS:
        raise click.UsageError(f"--lock takes --format {' or '.join(LOCK_FORMATS)}, not {form}")
    held = parse_lock(read_text(Path(file), file)[0], file)
    changes = since_lock(held, settings.load(source).spec)
    click.echo(LOCK_FORMATS[form](changes), nl=False)
    if exit_code and changes:
        sys.exit(_CHANGED)


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write to FILE. Default: print it.",
)
def lock(source: str, output: str | None, *, settings: Settings) -> None:
    """Write the ids of SOURCE with checksums of what they say.

    Keep the file under version control: `policyspec diff --lock FILE SOURCE` then tells a
    provision that only got a new id from one that says something else.

    \b
      policyspec lock docs -o policyspec.lock
      policyspec diff --lock policyspec.lock docs
    """
    loaded = settings.load(source)
    text = format_lock(lock_of(loaded.spec))
    if output:
        settings.write(output, text.encode(), loaded)
    else:
        click.echo(text, nl=False)
