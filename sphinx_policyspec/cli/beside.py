"""Options for files about a SOURCE: results of evaluations, feedback, and records of decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli import options

_OPTIONS = (
    options.results_option,
    options.feedback_option(about="Feedback about SOURCE: a register, or a folder of them; may be repeated."),
    options.decisions_option(
        about="A record of a decision about SOURCE, or a folder of them; may be repeated.",
    ),
)


proposal_option = partial(options.file_option, "--proposal", "proposals", multiple=True)
"""An option for proposals, which takes its help text."""


def beside_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for files about one SOURCE to a command, which gets them as one value, ``files``."""

    @wraps(command)
    def run(
        *,
        results: tuple[str, ...],
        registers: tuple[str, ...],
        decisions: tuple[str, ...],
        **given: Any,  # noqa: ANN401  the options of any command
    ) -> None:
        files = ps.BesideFiles(results=results, feedback=registers, decisions=decisions)
        command(**given, files=files)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


def read_beside(
    read: ps.Loaded | tuple[ps.Spec, ...], files: ps.BesideFiles, settings: options.Settings
) -> ps.Beside:
    """Read the files about a SOURCE, if there are any, and report their findings."""
    beside = ps.read_beside(read, files)
    settings.report(beside.findings)
    return beside


def refuse_several(files: ps.BesideFiles, *, several: bool) -> None:
    """Refuse files about one SOURCE if there are several."""
    if files and several:
        raise click.UsageError(f"{files.words[0][0]} is about one SOURCE")


def with_proposals(
    source: str, proposals: tuple[str, ...], beside: ps.Beside, settings: options.Settings
) -> ps.Beside:
    """Return the files about a SOURCE with the effects of proposals, and report the findings on these."""
    if not proposals:
        return beside
    report = ps.check_proposal(source, *proposals, **settings.options)
    settings.report(report.findings)
    return replace(beside, proposals=report)
