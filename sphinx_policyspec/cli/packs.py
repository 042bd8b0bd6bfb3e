"""The command ``policyspec context``: what somebody needs to know about one subject of a spec, within a budget."""

from __future__ import annotations

import sys

import click
from click.shell_completion import CompletionItem

import sphinx_policyspec as ps
from sphinx_policyspec.cli.beside import proposal_option
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    decisions_option,
    feedback_option,
    form_option,
    offered,
    offered_specs,
    output_option,
    source_argument,
)
from sphinx_policyspec.files import printable
from sphinx_policyspec.packs.pack import BUDGET

_UNUSABLE = 2


def _complete_id(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer the ids of the spec on the command line."""
    return offered(typed, {one.id: one.title for spec in offered_specs(context) for one in spec.provisions})


def _complete_topic(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer the topics of the spec."""
    return offered(typed, {one.id: one.label for spec in offered_specs(context) for one in spec.topics})


@click.command(cls=SourceCommand)
@source_argument
@click.option(
    "--about",
    metavar="ID",
    multiple=True,
    shell_complete=_complete_id,
    help="The id of a principle or section; may be repeated.",
)
@click.option(
    "--pair",
    metavar="A B",
    nargs=2,
    help="Two principles, and what says which of them goes first.",
)
@click.option(
    "--case",
    "cases",
    metavar="PATH",
    multiple=True,
    type=click.Path(exists=True),
    help="A case file, or a folder of them, with the decision and every principle involved; may be repeated.",
)
@click.option(
    "--topic",
    metavar="TOPIC",
    default="",
    shell_complete=_complete_topic,
    help="A topic, with the principles about it.",
)
@click.option(
    "--budget",
    metavar="BYTES",
    type=click.IntRange(min=0),
    default=BUDGET,
    show_default=True,
    help="The maximum size of the Markdown in bytes; 0 means no limit.",
)
@click.option(
    "--since", metavar="OLD", type=click.Path(), help="An older SOURCE: also show what changed since then."
)
@click.option(
    "--results",
    metavar="STORE",
    multiple=True,
    type=click.Path(),
    help="Also show results of evaluations, as read by `policyspec results`; may be repeated.",
)
@feedback_option(about="Also show feedback, from a register or a folder of them; may be repeated.")
@decisions_option(about="Also show decisions, from a record or a folder of them; may be repeated.")
@proposal_option(
    about="Show SOURCE as it would be after this proposal, and what changes by it; may be repeated."
)
@click.option("--include-evals", is_flag=True, help="Include evaluation prompts.")
@form_option("ContextPack", "markdown")
@output_option
def context(
    source: str,
    *,
    about: tuple[str, ...],
    pair: tuple[str, str] | None,
    cases: tuple[str, ...],
    topic: str,
    budget: int,
    since: str | None,
    results: tuple[str, ...],
    registers: tuple[str, ...],
    decisions: tuple[str, ...],
    proposals: tuple[str, ...],
    include_evals: bool,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Gather what concerns one matter in SOURCE.

    It is meant for a person or a model that works on it: principles word for word, with level and who
    may override them, exceptions, definitions, neighbours, examples and open findings, each with id,
    file and line to cite. Equal arguments give equal bytes. If the budget is too small, whole parts are
    left out, the least important first, and listed at the end. Evaluation prompts are left out. Exit
    status 2 means that something is wrong with a case, or with a record that is shown.

    \b
      policyspec context model_spec/2025-09-12 --about be_kind
      policyspec context model_spec/2025-09-12 --pair be_kind do_not_lie --budget 8000
      policyspec context docs --case cases/tutoring.yaml --format json
      policyspec context docs --topic honesty --since git:v1:docs
      policyspec context model_spec --about be_kind --feedback feedback.yaml --decisions decisions/
      policyspec context docs --about be_kind --proposal proposals/kinder.md
    """
    if sum(map(bool, (about, pair, cases, topic))) != 1:
        raise click.UsageError("give one of --about, --pair, --case and --topic")
    with settings.watching("gathering"):
        pack = ps.context(
            source if proposals else settings.load(source),
            *about,
            pair=pair or (),
            cases=cases,
            topic=topic,
            budget=budget,
            since=since,
            results=results,
            feedback=registers,
            decisions=decisions,
            proposals=proposals,
            include_evals=include_evals,
            name=source,
            **settings.options,
        )
    settings.report(pack.findings)
    text = ps.render(pack, form)
    output_text = "\n".join(map(printable, text.split("\n"))) if sys.stdout.isatty() and not output else text
    settings.put(output_text, output)
    if any(finding.severity is ps.Severity.ERROR for finding in pack.findings):
        sys.exit(_UNUSABLE)
