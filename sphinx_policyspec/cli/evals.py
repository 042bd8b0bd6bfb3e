"""The commands ``policyspec prompts`` and ``policyspec results``: prompts for test harnesses, and their results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    exit_if_unusable,
    file_option,
    form_option,
    source_argument,
)
from sphinx_policyspec.evals.formats import report_lines
from sphinx_policyspec.evals.prompts import HARNESSES
from sphinx_policyspec.files import number_of, write_file


@click.command(cls=SourceCommand)
@source_argument
@click.option(
    "--to",
    "harness",
    type=click.Choice(sorted(HARNESSES)),
    default="jsonl",
    show_default=True,
    help="jsonl: a JSON object for each prompt; inspect: a data set and a task; promptfoo: a configuration.",
)
@click.option(
    "--select",
    metavar="IDS",
    multiple=True,
    help="Only the prompts of these provisions or eval tags, or these prompts, separated by commas; may be repeated.",
)
@file_option(
    "--overlay", about="Put the statements of this overlay before each prompt, as a developer message."
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write the files to DIR. Default: print it, if there is only one.",
)
def prompts(
    source: str,
    *,
    harness: str,
    select: tuple[str, ...],
    overlay: str | None,
    output: str | None,
    settings: Settings,
) -> None:
    """Write the evaluation prompts of SOURCE for a test harness.

    Each prompt has the ids and the text of what it tests, its eval tag, and digests of itself and of
    SOURCE. `policyspec results` uses these to map results back to provisions.

    \b
      policyspec prompts model_spec/2025-09-12 > prompts.jsonl
      policyspec prompts model_spec/2025-09-12 --to inspect -o evals/
      inspect eval evals/task.py --model PROVIDER/MODEL --model-role grader=PROVIDER/MODEL
      policyspec prompts docs --to promptfoo --select be_kind -o evals/
    """
    loaded = settings.load(source)
    export = (
        ps.export_overlay(overlay, to="message", upstream=loaded, **settings.options) if overlay else None
    )
    if export:
        settings.report(export.report.findings)
    result = ps.export_prompts(loaded, harness, select=select, overlay=export)
    if output:
        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in result.files.items():
            settings.guard(str(folder / name))
            write_file(folder / name, text.encode())
        settings.note(f"wrote {result.count} prompts to {output}: {' '.join(result.files)}")
    elif len(result.files) > 1:
        raise click.UsageError(f"--to {harness} is several files: give -o DIR")
    else:
        settings.put("".join(result.files.values()))
    for reason, number in result.left_out.items():
        settings.note(f"left out {number_of(number, 'prompt')}: a harness cannot give a model their {reason}")
    if not result.count:
        settings.note("no prompt is left: `principles-without-prompt` lists principles that need one")


@click.command(cls=SourceCommand)
@source_argument
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="STORE",
    type=click.Path(file_okay=False),
    help="Keep the answers in the folder STORE, as Parquet files; later runs are added.",
)
@file_option("--map", about="Names of columns and metadata in logs and tables, and values of grades (YAML).")
@file_option(
    "--triage", about="Reviews by people of outputs that contradict SOURCE (YAML), to check and list."
)
@file_option("--lock", about="A lock file of an older text, from `policyspec lock`: results may use its ids.")
@click.option(
    "--release", metavar="R", default="", help="The release that was graded against, if a log does not say."
)
@click.option(
    "--evidence",
    type=click.Choice(["output", "reasoning"]),
    help="What was graded. Default: as the log says, otherwise output.",
)
@click.option(
    "--policy",
    type=click.Choice(["as-logged", "clean"]),
    default="as-logged",
    show_default=True,
    help="as-logged: answers that were filtered or cut off, and unparsable replies, count with the value in the log; "
    "clean: they do not count.",
)
@click.option(
    "--cluster",
    metavar="KEY",
    default="",
    help="The metadata that groups prompts; prompt: no grouping. Default: scenario, otherwise focus_id.",
)
@click.option(
    "--by",
    type=click.Choice(["provision", "chapter", "level", "all"]),
    default="provision",
    show_default=True,
    help="What each row of text, CSV and Markdown is about.",
)
@click.option(
    "--compare",
    metavar="A B",
    nargs=2,
    help="Subtract run B from run A; each is an id, or a model with a single run.",
)
@click.option("--keep-text", is_flag=True, help="Also keep the texts of prompts and answers in STORE.")
@form_option("Results")
@click.option("--strict", is_flag=True, help="Exit with 1 if a result belongs to no provision.")
def results(
    source: str,
    files: tuple[str, ...],
    *,
    output: str | None,
    form: str,
    strict: bool,
    settings: Settings,
    **reading_options: Any,  # noqa: ANN401  the options that reading takes
) -> None:
    """Show how well models follow SOURCE, by principle.

    FILE is a log of Inspect (.eval, .json), a result of promptfoo (.json, .jsonl), a table of answers
    (JSON lines, JSON, CSV, Parquet) with the columns prompt, model and value, or others given with
    --map, a folder of these, or a STORE. Each prompt counts once in a mean, however often it was
    repeated; standard errors are clustered. The report also lists what was matched to which provision,
    and what was not. Exit status 2 means that a file cannot be used; the others are read. Needs the
    extra `evals`.

    \b
      policyspec results model_spec/2025-09-12 logs/ -o store/
      policyspec results model_spec/2025-09-12 store/ --by level
      policyspec results model_spec store/ --compare MODEL-A MODEL-B --format json
    """
    loaded: ps.Loaded | tuple[ps.Spec, ...]
    loaded = settings.releases(source) if settings.has_releases(source) else settings.load(source)
    with settings.watching("reading results"):
        result = ps.read_results(
            loaded,
            *files,
            store=output,
            name=source,
            **{key: value for key, value in reading_options.items() if value},
        )
    settings.report(result.findings)
    if form != "json":
        for line in report_lines(result):
            settings.note(line)
    settings.show(result, form)
    exit_if_unusable(result.findings)
    if strict and result.join.unresolved:
        sys.exit(1)
