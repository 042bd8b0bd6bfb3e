"""The commands ``policyspec propose …``: try edits of a spec, and make them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    alignment_option,
    decisions_option,
    feedback_option,
    file_option,
    form_option,
    output_option,
    source_argument,
)
from sphinx_policyspec.files import printable


@click.group()
def propose() -> None:
    """Try a change of a spec before it is made.

    A proposal is a Markdown file with YAML front matter: the text that it is written against, what it
    answers, and typed edits. `policyspec schema proposal` prints the JSON Schema of the front matter.
    """


@propose.command(cls=SourceCommand)
@source_argument
@click.argument(
    "proposals", metavar="PROPOSAL...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False)
)
@click.option(
    "--cases",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True),
    help="Cases to decide before and after: a file, or a folder of them; may be repeated.",
)
@file_option("--overlay", "overlays", multiple=True, about="An overlay on SOURCE; may be repeated.")
@feedback_option(about="A register of feedback about SOURCE, or a folder of them; may be repeated.")
@decisions_option(about="A record of a decision about SOURCE, or a folder of them; may be repeated.")
@alignment_option
@form_option("ProposalReport", about="How to print it; markdown: the body of a pull request.")
@output_option
def check(
    source: str,
    *,
    proposals: tuple[str, ...],
    cases: tuple[str, ...],
    overlays: tuple[str, ...],
    registers: tuple[str, ...],
    decisions: tuple[str, ...],
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Show what each PROPOSAL would do to SOURCE.

    The edits are made in memory, and nothing is written. The report has new findings, changes with
    their weights, cases with another outcome, pairs of principles whose order changes, and the overlay
    statements, prompts, feedback, decisions and mappings that are affected. Several proposals are tried
    one by one, then together, in order. Exit status 1 means that an edit does not fit, that SOURCE is a
    different text, that the result has a new error, that a case changes its outcome without being
    listed in `flips`, or that cases or a register cannot be used.

    \b
      policyspec propose check model_spec/2025-09-12 proposal.md --cases cases/
      policyspec propose check docs one.md other.md --format markdown
    """
    with settings.watching("trying proposals"):
        report = ps.check_proposal(
            source,
            *proposals,
            cases=cases,
            overlays=overlays,
            feedback=registers,
            decisions=decisions,
            alignments=settings.alignments,
            **settings.options,
        )
    settings.show(report, form, output)
    if report.failed:
        sys.exit(1)


@propose.command(cls=SourceCommand)
@source_argument
@click.argument("proposal", type=click.Path(exists=True, dir_okay=False))
@click.option("--diff", "diff_only", is_flag=True, help="Print the changes as a diff, and write nothing.")
def apply(source: str, *, proposal: str, diff_only: bool, settings: Settings) -> None:
    """Write the edits of PROPOSAL into SOURCE.

    Everything else stays the same, byte for byte. If an edit does not fit, or SOURCE is not the text
    that the proposal was written against, nothing is written and the exit status is 1.

    \b
      policyspec propose apply model_spec/2025-09-12 proposal.md --diff
      policyspec propose apply docs proposal.md
    """
    with settings.watching("reading"):
        applied = ps.apply_proposal(source, proposal, **settings.options)
    settings.report(applied.findings)
    if any(finding.severity is ps.Severity.ERROR for finding in applied.findings):
        sys.exit(1)
    if diff_only:
        settings.put("".join(f"{printable(line)}\n" for line in applied.diff))
        return
    if not Path(source).exists():
        raise click.UsageError(f"`{source}` is no file or folder here: --diff prints what would change")
    for file in applied.write():
        settings.note(f"left `{file}` alone: it is not UTF-8, or has changed")
    for file in sorted(applied.texts):
        settings.note(f"wrote {file}")
