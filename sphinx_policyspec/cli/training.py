"""The command ``policyspec training``: rows by which models are taught what a spec says."""

from __future__ import annotations

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import Settings, SourceCommand, output_option, source_argument
from sphinx_policyspec.files import number_of

_SHAPES = ("rows", "speceval")


@click.command(cls=SourceCommand)
@source_argument
@click.option("--examples", is_flag=True, help="A row for each example, with its judged answers.")
@click.option(
    "--cases",
    metavar="CASES",
    multiple=True,
    type=click.Path(exists=True),
    help="A row for each case in this file or folder, with its decision; may be repeated.",
)
@click.option(
    "--prompts", is_flag=True, help="A row for each prompt of an evaluation; needs --include-evals."
)
@click.option(
    "--include-evals",
    is_flag=True,
    help="Let prompts of evaluations in. A model that was taught by a test cannot take it.",
)
@click.option(
    "--shape",
    type=click.Choice(_SHAPES),
    default="rows",
    show_default=True,
    help="rows: a row for each scenario; speceval: one for each principle, as SpecEval reads statements.",
)
@click.option(
    "--split",
    "split_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Lists of ids by the names of splits (YAML).",
)
@click.option(
    "--split-by",
    type=click.Choice(["provision"]),
    help="Split by a digest of the provision's id: 80 % train, 10 % validation, 10 % test.",
)
@click.option("--sentences", is_flag=True, help="Cut texts into sentences, too, each with its locator.")
@output_option
def training(
    source: str,
    *,
    examples: bool,
    cases: tuple[str, ...],
    prompts: bool,
    include_evals: bool,
    shape: str,
    split_file: str | None,
    split_by: str | None,
    sentences: bool,
    output: str | None,
    settings: Settings,
) -> None:
    """Write rows that teach what SOURCE says: JSON, a row a line.

    Each row is a scenario with the provisions that apply to it, word for word, and why each does; with
    the decision of a case, and the judged answers of an example. Equal texts give equal bytes.

    \b
      policyspec training model_spec/2025-09-12 --examples -o rows.jsonl
      policyspec training docs --cases cases/ --examples --split-by provision -o rows.jsonl
      policyspec training model_spec/2025-09-12 --shape speceval -o statements.jsonl
    """
    if split_file and split_by:
        raise click.UsageError("--split and --split-by do not go together")
    if shape == "rows" and not (examples or cases or prompts):
        raise click.UsageError("give --examples, --cases or --prompts: of what the rows are")
    if shape == "speceval" and (examples or cases or prompts or sentences or split_file or split_by):
        raise click.UsageError("--shape speceval is a row for each principle: nothing else applies to it")
    found = ps.training_rows(
        settings.read(source),
        examples=examples,
        cases=cases,
        prompts=prompts,
        include_evals=include_evals,
        shape=shape,
        split=split_file or split_by,
        sentences=sentences,
    )
    settings.put(found.text, output)
    if output:
        settings.note(f"wrote {number_of(len(found.rows), 'row')} to {output}")
    for reason, number in found.left_out.items():
        settings.note(f"left out {number} {reason}: --include-evals lets them in, and marks them")
