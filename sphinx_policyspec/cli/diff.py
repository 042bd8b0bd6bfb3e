"""The commands that compare: ``policyspec diff``, ``judge``, ``history``, ``changelog`` and ``lock``."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    exit_if_unusable,
    feedback_option,
    file_option,
    form_option,
    judgements_option,
    offered,
    offered_specs,
    output_option,
    results_option,
    source_argument,
)

_CHANGED = 1


def _aliases(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    aliases = {}
    for text in value:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise click.BadParameter(f"`{text}` is not of the form OLD=NEW")
        aliases[old] = new
    return aliases


_old = click.argument("old", metavar="OLD", type=click.Path())
_new = click.argument("new", metavar="NEW", type=click.Path())
_alias = click.option(
    "--alias",
    "aliases",
    metavar="OLD=NEW",
    multiple=True,
    callback=_aliases,
    help="The old and new id of a provision, if they are not recognised; may be repeated.",
)


@click.command(cls=SourceCommand)
@_old
@_new
@_alias
@click.option(
    "--overlay",
    "overlays",
    metavar="SOURCE",
    multiple=True,
    type=click.Path(),
    help="A spec that is built on OLD: also show what the changes affect in it; may be repeated.",
)
@click.option(
    "--cases",
    metavar="PATH",
    multiple=True,
    type=click.Path(),
    help="Also show which cases have another outcome: a YAML file or a folder of them; may be repeated.",
)
@judgements_option
@results_option
@feedback_option(
    about="A register of feedback, or a folder of them, to list what each change answers; may be repeated."
)
@click.option("--needs-reader", "unread", is_flag=True, help="List only what needs a reader.")
@click.option("--exit-code", is_flag=True, help="Exit with status 1 if anything changed.")
@form_option("SpecDiff", about="How to print it; markdown: a comment on a pull request; changelog: a draft.")
@output_option
def diff(
    old: str,
    new: str,
    *,
    aliases: dict[str, str],
    overlays: tuple[str, ...],
    cases: tuple[str, ...],
    judgements: str | None,
    results: tuple[str, ...],
    registers: tuple[str, ...],
    unread: bool,
    exit_code: bool,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Show what changed in meaning from OLD to NEW, two SOURCEs.

    Each change has a type, a weight (needs a reader, tightening, loosening, tightening and loosening,
    clarifying, editorial), the rule that gave the weight, and what the change may invalidate. Renamed
    provisions are recognised.

    With --cases, both specs decide the cases; those with different outcomes are shown with both
    explanations, as are those that only one of the two can decide. Exit status 2 means that neither can
    decide a case, or that a file cannot be used. With --verbose, each eval tag and prompt file has its
    own line. With --results, changes of text or level name the runs that were graded against the old
    text; with --feedback, the records that they answer.

    \b
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --format html -o changes.html
      policyspec diff git:main:docs docs --cases cases/
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --feedback feedback.yaml
    """
    if cases and form == "changelog":
        raise click.UsageError("a draft of a changelog says nothing about cases: leave out --cases")
    before, after, errors = settings.pair(old, new)
    how: dict[str, Any] = {"aliases": aliases, "overlays": overlays, "judgements": judgements or ()}
    how |= {"results": results, "feedback": registers}
    with settings.watching("comparing"):
        behaviour = ps.diff_cases(before, after, cases, **how, **settings.options) if cases else None
        result = behaviour.spec if behaviour else ps.diff(before, after, **how, **settings.options)
    settings.report(result.findings)
    selected = result.only(ps.Weight.NEEDS_READER) if unread else result
    selected = replace(selected, in_full=settings.verbose, findings=(*errors, *selected.findings))
    settings.show(replace(behaviour, spec=selected) if behaviour else selected, form, output)
    if behaviour:
        settings.report(behaviour.findings)
    exit_if_unusable((*result.findings, *(behaviour.findings if behaviour else ())))
    if exit_code and (result or (behaviour and behaviour.of(ps.CaseState.CHANGED))):
        sys.exit(_CHANGED)


def _complete_id(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer the ids of the releases on the command line."""
    return offered(
        typed, {item.id: item.title for spec in offered_specs(context) for item in spec.provisions}
    )


@click.command(cls=SourceCommand)
@_old
@_new
@click.argument("id_", metavar="[ID]", required=False, shell_complete=_complete_id)
@_alias
@file_option(
    "--judgements",
    exists=False,
    about="The judgement file: what it has is not listed again, and the judgement of ID is written to it.",
)
@click.option(
    "--direction",
    type=click.Choice([one.value for one in ps.Direction]),
    help="With ID: the effect of the change on those who must follow the provision.",
)
@click.option(
    "--kind",
    type=click.Choice([one.value for one in ps.JudgedKind]),
    default="substantive",
    show_default=True,
    help="With ID: the kind of the change.",
)
@click.option("--evidence", metavar="TEXT", default="", help="With ID: why, in one sentence.")
@click.option("--who", metavar="NAME", default="", help="With ID: who read both texts.")
@click.option(
    "--date",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With ID: the date, such as 2026-02-01. Default: today.",
)
@form_option("ReadingList", default="yaml", about="How to print the list; yaml: a judgement file to fill in.")
@output_option
def judge(
    old: str,
    new: str,
    id_: str | None,
    *,
    aliases: dict[str, str],
    judgements: str | None,
    direction: str | None,
    kind: str,
    evidence: str,
    who: str,
    date: datetime | None,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """List changes that need a reader, or record a judgement.

    Without ID, it lists the changes from OLD to NEW that need a reader, with the sentences that changed
    and an entry of a judgement file to fill in for each. With ID, it writes the judgement to the file,
    replacing an older one; --format json then prints what is left. `policyspec diff --judgements FILE`
    uses the judgements until one of the texts changes.

    \b
      policyspec judge model_spec/2025-04-11 model_spec/2025-09-12 -o judgements.yaml
      policyspec judge model_spec/2025-04-11 model_spec/2025-09-12 avoid_errors --judgements judgements.yaml \\
        --direction tightening --evidence 'Now about actions, too.' --who 'A. Reader'
    """
    details = direction, evidence, who
    if id_ and (output or not (judgements and all(details))):
        raise click.UsageError(
            "ID goes with --judgements, --direction, --evidence and --who, and is written there"
        )
    if not id_ and (date or any(details)):
        raise click.UsageError("give the ID of what was read")
    before, after, _ = settings.pair(old, new)
    existing = judgements if judgements and Path(judgements).exists() else ()
    with settings.watching("comparing"):
        result = ps.judge(before, after, aliases=aliases, judgements=existing, **settings.options)
    if not (id_ and judgements and direction):
        settings.report(result.diff.findings)
        settings.show(result, form, output)
        return
    day = f"{date:%Y-%m-%d}" if date else ""
    judgement = result.judgement(id_, direction, kind=kind, evidence=evidence, who=who, date=day)
    ps.write_judgement(judgements, judgement)
    settings.note(f"wrote what {judgement.who} says of {id_} to {judgements}")
    if form == "json":
        remaining = ps.judge(before, after, aliases=aliases, judgements=judgements, **settings.options)
        settings.show(remaining, form)


@click.command(cls=SourceCommand)
@source_argument
@click.argument("provision", metavar="ID", shell_complete=_complete_id)
@judgements_option
@form_option("Moment")
@output_option
def history(
    source: str, provision: str, *, judgements: str | None, form: str, output: str | None, settings: Settings
) -> None:
    """Show what became of one provision over all releases of SOURCE.

    SOURCE is a folder of releases, or a graph file with several. ID is any present or former id of the
    provision.

    \b
      policyspec history model_spec love_humanity
    """
    result = ps.history(settings.releases(source), provision, judgements=judgements or ())
    settings.show(result, form, output)


@click.command(cls=SourceCommand)
@_old
@_new
@_alias
@form_option("Review")
@output_option
def changelog(
    old: str, new: str, *, aliases: dict[str, str], form: str, output: str | None, settings: Settings
) -> None:
    """Compare NEW's changelog with what changed since OLD.

    It reports claims in the changelog that no change supports, and structural changes that the
    changelog does not mention. `policyspec diff --format changelog` drafts an entry.

    \b
      policyspec changelog model_spec/2025-04-11 model_spec/2025-09-12
      policyspec diff model_spec/2025-04-11 model_spec/2025-09-12 --format changelog
    """
    before, after, _ = settings.pair(old, new)
    with settings.watching("comparing"):
        result = ps.review_changelog(before, after, aliases=aliases)
    settings.show(result, form, output)


@click.command(cls=SourceCommand)
@source_argument
@file_option(
    "--check",
    "lock_file",
    about="Compare with the lock FILE; exit status 1 means that something differs.",
)
@form_option("LockChange", default=None, about="With --check: how to print it; a lock is always JSON.")
@output_option
def lock(
    source: str, *, lock_file: str | None, form: str | None, output: str | None, settings: Settings
) -> None:
    """Write the ids of SOURCE with checksums, or check them.

    Keep the file under version control: with --check you can then tell a provision that only has a new
    id from one whose text changed.

    \b
      policyspec lock docs -o policyspec.lock
      policyspec lock docs --check policyspec.lock
    """
    if not lock_file:
        if form == "text":
            raise click.UsageError("a lock is JSON: --format text is for --check FILE")
        loaded = settings.read(source)
        settings.show(ps.lock(loaded), "json", output)
        return
    expected = ps.read_lock(lock_file)
    loaded = settings.read(source)
    changes = ps.check_lock(loaded, expected)
    settings.show(changes, form or "text", output)
    if changes:
        sys.exit(_CHANGED)
