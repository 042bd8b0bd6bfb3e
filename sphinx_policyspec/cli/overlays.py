"""The commands ``policyspec overlay …``: what a company may change in a spec that somebody else publishes."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import Settings, SourceCommand, file_option, form_option, output_option
from sphinx_policyspec.files import write_file
from sphinx_policyspec.overlays.formats import witness_files

_REFUSED = 1


@click.group()
def overlay() -> None:
    """Put rules of your own on top of a published spec.

    An overlay is a YAML file of statements, each of which overrides, narrows, adds, permits, delegates,
    defines or restates something. `policyspec schema overlay` prints its JSON Schema.
    """


_files = click.argument("files", metavar="OVERLAY...", nargs=-1, required=True, type=click.Path())
_upstream = click.option(
    "--upstream", metavar="SOURCE", help="The spec that it is about. Default: the one that OVERLAY names."
)


@overlay.command(cls=SourceCommand)
@_files
@_upstream
@click.option(
    "--save",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write each witness to DIR as a case, for `policyspec resolve`.",
)
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in ps.Severity]),
    default="error",
    show_default=True,
    help="The least severe finding that gives exit status 1.",
)
@form_option("OverlayReport")
@output_option
def check(
    files: tuple[str, ...],
    *,
    upstream: str | None,
    save: str | None,
    fail_on: str,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Tell whether each statement of OVERLAY may be said.

    The levels of upstream decide, as `policyspec resolve` does: every verdict has a witness, the smallest
    conversation that shows it. A refusal tells the sentence of upstream that it meets, the rule, and
    what would be allowed instead. Exit status 1 means a refusal, or a finding at --fail-on.

    \b
      policyspec overlay check shop.yaml
      policyspec overlay check shop.yaml --save witnesses/ --format json
      policyspec resolve model_spec/2025-09-12 witnesses/
    """
    with settings.watching("judging"):
        report = ps.check_overlay(*files, upstream=upstream, **settings.options)
    settings.show(report, form, output)
    if save:
        _save(report, Path(save), settings)
    order = [one.value for one in ps.Severity]
    if any(order.index(finding.severity.value) <= order.index(fail_on) for finding in report.findings):
        sys.exit(_REFUSED)


@overlay.command(cls=SourceCommand)
@_files
@click.option(
    "--to",
    type=click.Choice([one.value for one in ps.ExportForm]),
    required=True,
    help="Who reads it: AGENTS.md, CLAUDE.md, a rule of Cursor, or a developer message.",
)
@_upstream
@file_option("-o", "--output", exists=False, about="Put it into FILE, which may exist. Default: print it.")
@click.option("--force", is_flag=True, help="Write over a block that somebody changed by hand.")
@click.option(
    "--budget",
    metavar="BYTES",
    type=click.IntRange(min=1),
    default=16 * 1024,
    show_default=True,
    help="Tell where the whole file is larger.",
)
def export(
    files: tuple[str, ...],
    *,
    to: str,
    upstream: str | None,
    output: str | None,
    force: bool,
    budget: int,
    settings: Settings,
) -> None:
    """Write what agents read of OVERLAY: the statements that may be said, and no other.

    They stand in a block between two comments; all else in FILE stays as it is, byte by byte, and a
    second run changes nothing. Exit status 1 means that a statement was refused and left out, or that
    the block was changed by hand, and was left alone.

    \b
      policyspec overlay export shop.yaml --to agents -o AGENTS.md
      policyspec overlay export shop.yaml --to message
    """
    with settings.watching("judging"):
        found = ps.export_overlay(
            *files,
            to=to,
            into=output,
            force=force,
            budget=budget,
            upstream=upstream,
            **settings.options,
        )
    settings.report((*found.report.findings, *found.findings))
    if not output or not Path(output).is_file() or Path(output).read_bytes() != found.data:
        settings.put(found.data, output)
    if left_out := len(found.report.refused):
        settings.note(f"left out what is refused: {left_out} of {len(found.report.verdicts)} statements")
    if not found.is_complete:
        sys.exit(_REFUSED)


@overlay.command("import", cls=SourceCommand)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--upstream", metavar="SOURCE", required=True, help="The spec that the draft is to be about.")
@form_option("OverlayDraft", "yaml")
@output_option
def import_files(
    files: tuple[str, ...], *, upstream: str, form: str, output: str | None, settings: Settings
) -> None:
    """Make a draft of an overlay from instruction files of agents.

    AGENTS.md, CLAUDE.md, .mdc, .instructions.md, a persona or a policy: each item of a list, row of a
    table and sentence becomes a candidate, with its place, what is seen of it, and provisions that it
    may be near. Nothing is guessed: people say what of upstream a statement changes.

    \b
      policyspec overlay import AGENTS.md --upstream model_spec/2025-09-12 -o shop.yaml
    """
    with settings.watching("reading"):
        draft = ps.import_overlay(
            *files, upstream=upstream, into=Path(output or "x").parent, **settings.options
        )
    settings.report(draft.findings)
    settings.show(draft, form, output)
    for file in draft.files:
        counts = ", ".join(f"{file.count(kind)} {kind}" for kind in ps.LineKind)
        settings.note(f"{file.name}: {len(file.lines)} lines: {counts}")
    settings.note(f"{len(draft.candidates)} candidates")


def _save(report: ps.OverlayReport, folder: Path, settings: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = witness_files(report)
    for name, text in files.items():
        write_file(folder / name, text.encode())
    command = shlex.join(["policyspec", "resolve", "UPSTREAM", str(folder)])
    settings.note(f"wrote {len(files)} cases to {folder}; `{command}` decides them")
