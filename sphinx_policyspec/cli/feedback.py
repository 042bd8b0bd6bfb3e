"""The command ``policyspec feedback``: feedback about a spec, joined to its provisions."""

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
    about="GitHub issues as JSON, a CSV table, or a text with feedback links; more files may follow.",
)
@file_option("--map", "map_file", about="The meaning of labels and states of the tracker (YAML).")
@feedback_option(about="Show this register, or a folder of them; may be repeated.")
@form_option("FeedbackReport", about="How to print the register.")
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
    """Keep a register of what people say about SOURCE.

    --import reads remarks from files; --feedback shows a register, by provision, open records first,
    with what became of the words that they quote.

    A remark refers to a provision by a link to a published page, by its id in backticks or its title in
    quotes, or by a label listed in --map. Remarks without a reference are listed separately, with
    similar titles. When an existing register is updated, what people wrote in it is kept; records with
    a known address get the present title, status and labels of the tracker.

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
        result = ps.import_feedback(source, *files, *more, map=map_file, register=output, **settings.options)
    settings.report(result.findings)
    settings.seen.update(real_path(Path(name)) for name in (*files, *more))
    settings.put(result.text, output)
    assigned = len(result.records) - len(result.unassigned)
    settings.note(
        f"{number_of(len(result.records), 'record')}, {result.added} of them new, {result.updated} updated: {assigned} name provisions, "
        f"{len(result.unassigned)} need assigning"
    )
