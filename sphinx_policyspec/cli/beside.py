"""What is named beside a SOURCE: results of evaluations, what people say of it, and what was decided about it."""

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
"""Takes the help of an option for proposals, and gives it to a command."""


def beside_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name what stands beside one SOURCE, which it gets as one value, ``files``."""

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
    """Read what is named beside a SOURCE, if anything is, and report what is wrong with it."""
    beside = ps.read_beside(read, files)
    settings.report(beside.findings)
    return beside


def refuse_several(files: ps.BesideFiles, *, several: bool) -> None:
    """Refuse what is said of one SOURCE where there are several."""
    if files and several:
        raise click.UsageError(f"{files.words[0][0]} is about one SOURCE")


def with_proposals(
    source: str, proposals: tuple[str, ...], beside: ps.Beside, settings: options.Settings
) -> ps.Beside:
    """Return what is beside a SOURCE with what proposals would do to it, and report what is wrong with them."""
    if not proposals:
        return beside
    report = ps.check_proposal(source, *proposals, **settings.options)
    settings.report(report.findings)
    return replace(beside, proposals=report)
