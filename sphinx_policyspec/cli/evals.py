"""The command ``policyspec prompts``: prompts for the harnesses of evaluations."""

from __future__ import annotations

from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import Settings, SourceCommand, source_argument
from sphinx_policyspec.evals.prompts import HARNESSES
from sphinx_policyspec.files import write_file


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
    metavar="ID",
    multiple=True,
    help="Only the prompts of this provision or eval tag, or this prompt; may be repeated.",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write the files into DIR. Default: print them, where it is one.",
)
def prompts(
    source: str, *, harness: str, select: tuple[str, ...], output: str | None, settings: Settings
) -> None:
    """Write the evaluation prompts of SOURCE for a harness.

    Each prompt comes with the ids and the text of what it tests, its eval tag, and digests of itself and
    of SOURCE. Roles and ids of the results then lead back to provisions.

    \b
      policyspec prompts model_spec/2025-09-12 > prompts.jsonl
      policyspec prompts model_spec/2025-09-12 --to inspect -o evals/
      inspect eval evals/task.py --model PROVIDER/MODEL --model-role grader=PROVIDER/MODEL
      policyspec prompts docs --to promptfoo --select be_kind -o evals/
    """
    found = ps.export_prompts(settings.load(source), harness, select=select)
    if output:
        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in found.files.items():
            settings.guard(str(folder / name))
            write_file(folder / name, text.encode())
        settings.note(f"wrote {found.count} prompts to {output}: {' '.join(found.files)}")
    elif len(found.files) > 1:
        raise click.UsageError(f"--to {harness} is several files: give -o DIR")
    else:
        settings.put("".join(found.files.values()))
    for reason, number in found.left_out.items():
        settings.note(f"left out {number} prompts: a harness cannot give a model their {reason}")
    if not found.count:
        settings.note("no prompt is left: `principles-without-prompt` tells which principles want one")
