"""The command ``policyspec feedback``: what people say of a spec, joined to its provisions."""

from __future__ import annotations

from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    feedback_option,
    file_option,
    form_option,
    output_option,
    source_argument,
)
from sphinx_policyspec.files import number_of, real_path


@click.command(cls=SourceCommand, several=True)
@source_argument
@click.argument("more", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False))
@file_option(
    *("--import", "files"),
    multiple=True,
    about="Issues of GitHub as JSON, a table (CSV) or a text with links for feedback; more may follow.",
)
@file_option("--map", "map_file", about="What labels and states of the tracker mean (YAML).")
@feedback_option(about="Tell what a register, or a folder of them, says of SOURCE; may be repeated.")
@form_option("FeedbackReport", about="How to print what --feedback says.")
@output_option
def feedback(
    source: str,
    *,
    more: tuple[str, ...],
    files: tuple[str, ...],
    map_file: str | None,
    registers: tuple[str, ...],
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Keep a register of what people say of SOURCE.

    Read it from files, or tell what a register says.

    A remark names a provision by a link to a published page, its id in backticks or its title in
    quotes, or by a label that --map gives to one. What names none is listed apart, with near titles.
    A register that there is keeps what people wrote in it: of known addresses, title, status and
    labels become those of the tracker. --feedback tells the records by provision, open ones first,
    and what has become of the words that they quote.

    \b
      gh issue list --json number,title,body,labels,createdAt,state,url > issues.json
      policyspec feedback model_spec --import issues.json --map labels.yaml -o feedback.yaml
      policyspec feedback model_spec/2025-09-12 --feedback feedback.yaml
    """
    if bool(files) == bool(registers):
        raise click.UsageError("give --import FILE, what people say, or --feedback FILE, a register of it")
    if registers:
        with settings.watching("reading feedback"):
            report = ps.check_feedback(source, *registers, **settings.options)
        settings.report(report.findings)
        settings.show(report, form, output)
        return
    with settings.watching("reading feedback"):
        found = ps.import_feedback(source, *files, *more, map=map_file, register=output, **settings.options)
    settings.seen.update(real_path(Path(name)) for name in (*files, *more))
    settings.put(found.text, output)
    named = len(found.records) - len(found.unassigned)
    settings.note(
        f"{number_of(len(found.records), 'record')}, {found.added} of them new, {found.updated} updated: {named} name provisions, "
        f"{len(found.unassigned)} are to be assigned"
    )
