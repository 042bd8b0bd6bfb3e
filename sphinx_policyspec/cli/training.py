"""The command ``policyspec training``: rows to train models on a spec."""

from __future__ import annotations

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import Settings, SourceCommand, output_option, source_argument
from sphinx_policyspec.files import number_of

_SHAPES = ("rows", "speceval")


@click.command(cls=SourceCommand)
@source_argument
@click.option("--examples", is_flag=True, help="Write a row for each example, with its judged answers.")
@click.option(
    "--cases",
    metavar="CASES",
    multiple=True,
    type=click.Path(exists=True),
    help="Write a row for each case in this file or folder, with its decision; may be repeated.",
)
@click.option(
    "--prompts", is_flag=True, help="Write a row for each evaluation prompt; needs --include-evals."
)
@click.option(
    "--include-evals",
    is_flag=True,
    help="Include evaluation prompts. A model trained on them can no longer be tested with them.",
)
@click.option(
    "--shape",
    type=click.Choice(_SHAPES),
    default="rows",
    show_default=True,
    help="rows: one row per scenario; speceval: one per principle, in the statement format of SpecEval.",
)
@click.option(
    "--split",
    "split_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A YAML file with a list of ids for each split.",
)
@click.option(
    "--split-by",
    type=click.Choice(["provision"]),
    help="Split by a digest of the provision's id: 80 % train, 10 % validation, 10 % test.",
)
@click.option("--sentences", is_flag=True, help="Also cut texts into sentences, each with its locator.")
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
    """Write training rows from SOURCE, one JSON object per line.

    Each row is a scenario with the provisions that apply to it, word for word, and why; for a case also
    the decision, and for an example the judged answers. Equal input gives equal bytes.

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
    result = ps.training_rows(
        settings.read(source),
        examples=examples,
        cases=cases,
        prompts=prompts,
        include_evals=include_evals,
        shape=shape,
        split=split_file or split_by,
        sentences=sentences,
    )
    settings.put(result.text, output)
    if output:
        settings.note(f"wrote {number_of(len(result.rows), 'row')} to {output}")
    if result.without_split:
        settings.note(
            f"{result.without_split} of {number_of(len(result.rows), 'row')} have no split: "
            "the provision that such a row belongs to is in none"
        )
    for reason, number in result.left_out.items():
        settings.note(f"left out {number} {reason}: --include-evals lets them in, and marks them")
