"""The command ``policyspec draft``: what to write next."""

from __future__ import annotations

from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    exit_if_unusable,
    feedback_option,
    form_option,
    results_option,
    source_argument,
)
from sphinx_policyspec.files import write_file

_KINDS = ("next", "pairs", "ladder", "terms", "like")


@click.command(cls=SourceCommand)
@source_argument
@click.argument("kind", metavar="KIND", type=click.Choice(_KINDS))
@click.argument("names", metavar="[ID|FILE]...", nargs=-1)
@click.option(
    "--cases",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True),
    help="With pairs: cases that already decide some: a file, or a folder of them; may be repeated.",
)
@feedback_option(
    about="With next: a register of feedback about SOURCE, or a folder of them; may be repeated."
)
@results_option
@form_option("Agenda", about="How to print the lists of next and like.")
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(), help="Write the drafts to DIR. Default: print them."
)
def draft(
    source: str,
    *,
    kind: str,
    names: tuple[str, ...],
    cases: tuple[str, ...],
    registers: tuple[str, ...],
    results: tuple[str, ...],
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """List what to write next in SOURCE, and draft it.

    next lists what principles lack, the most important first, each with the command that drafts it. The
    other kinds write proposals with blanks to fill in, `[draft: ...]`. pairs: an example for any two
    principles of the same level that nothing orders. ladder ID: examples just inside and just outside
    each boundary of a principle. terms: a definition for each phrase that several principles use. like
    FILE lists existing examples that are close to new ones. SOURCE itself is never changed; check and
    apply a filled-in draft with `policyspec propose`.

    \b
      policyspec draft model_spec/2025-09-12 next
      policyspec draft model_spec/2025-09-12 ladder be_kind -o drafts
      policyspec draft model_spec/2025-09-12 like example.md
    """
    _refuse(
        kind,
        names,
        {"--cases": (cases, "pairs"), "--feedback": (registers, "next"), "--results": (results, "next")},
    )
    if kind == "next":
        loaded = settings.load(source)
        measured = ps.read_results(loaded, *results) if results else None
        agenda = ps.agenda(loaded, feedback=registers, results=measured, name=source, **settings.options)
        settings.report(agenda.findings)
        settings.show(agenda, form)
        exit_if_unusable(measured.findings if measured else ())
        return
    if kind == "like":
        settings.show(ps.near_duplicates(settings.read(source), names[0]), form)
        return
    with settings.watching("looking for what is open"):
        drafts = ps.draft(source, kind, *names, cases=cases, **settings.options)
    if output is None:
        settings.put("\n".join(one.text for one in drafts))
        return
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for one in drafts:
        settings.guard(str(folder / one.name))
        if (folder / one.name).exists():
            settings.note(f"left `{folder / one.name}` alone: it is there already")
            continue
        write_file(folder / one.name, one.text.encode())
        settings.note(f"wrote {folder / one.name}")


def _refuse(kind: str, names: tuple[str, ...], options: dict[str, tuple[tuple[str, ...], str]]) -> None:
    """Refuse options and names that would change nothing."""
    for option, (values, wanted) in options.items():
        if values and kind != wanted:
            raise click.UsageError(f"{option} belongs to `{wanted}`")
    if kind in {"next", "terms"} and names:
        raise click.UsageError(f"`{kind}` takes no id")
    if kind == "ladder" and not names:
        raise click.UsageError("`ladder` takes the ids of principles")
    if kind == "like" and len(names) != 1:
        raise click.UsageError("`like` takes one file")
