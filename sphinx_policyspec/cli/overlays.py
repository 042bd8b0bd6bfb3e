"""The commands ``policyspec overlay …``: rules of a company on top of a spec that somebody else publishes."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    fail_on_option,
    file_option,
    form_option,
    output_option,
)
from sphinx_policyspec.files import number_of, write_file
from sphinx_policyspec.graph.terms import FORMATS, format_of_suffix
from sphinx_policyspec.overlays.formats import witness_files

_REFUSED = 1
_SIDES = 2


@click.group()
def overlay() -> None:
    """Put rules of your own on top of a published spec.

    An overlay is a YAML file of statements that override, narrow, add, permit, delegate, define or
    restate something. `policyspec schema overlay` prints its JSON Schema.
    """


_files = click.argument("files", metavar="OVERLAY...", nargs=-1, required=True, type=click.Path())
_upstream = click.option(
    "--upstream",
    metavar="SOURCE",
    help="The spec that the overlay is about. Default: the one named in OVERLAY.",
)


@overlay.command(cls=SourceCommand)
@_files
@_upstream
@click.option(
    "--cases",
    metavar="DIR",
    type=click.Path(exists=True),
    help="Show which of the cases in DIR, or in this file, have another outcome under OVERLAY.",
)
@click.option(
    "--save",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write each witness to DIR as a case for `policyspec resolve`.",
)
@fail_on_option
@form_option("OverlayReport")
@output_option
def check(
    files: tuple[str, ...],
    *,
    upstream: str | None,
    cases: str | None,
    save: str | None,
    fail_on: str,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Check whether each statement of OVERLAY is allowed.

    The levels of upstream decide, as in `policyspec resolve`. Every verdict has a witness, the smallest
    conversation that shows it. A refusal quotes the sentence of upstream that it conflicts with, gives
    the rule, and says what would be allowed instead. Exit status 1 means a refusal, or a finding at
    --fail-on or above.

    \b
      policyspec overlay check shop.yaml
      policyspec overlay check shop.yaml --cases cases/
      policyspec overlay check shop.yaml --save witnesses/ --format json
      policyspec resolve model_spec/2025-09-12 witnesses/
    """
    with settings.watching("judging"):
        case_files = (cases,) if cases else ()
        report = ps.check_overlay(*files, upstream=upstream, cases=case_files, **settings.options)
    settings.show(report, form, output)
    if save:
        _save(report, Path(save), settings)
    if any(finding.severity.reaches(ps.Severity(fail_on)) for finding in report.findings):
        sys.exit(_REFUSED)


@overlay.command(cls=SourceCommand)
@_files
@_upstream
@form_option(
    forms=("text", *FORMATS),
    default=None,
    about="How to write it. Default: by the suffix of FILE, otherwise text.",
)
@output_option
def resolve(
    files: tuple[str, ...], *, upstream: str | None, form: str | None, output: str | None, settings: Settings
) -> None:
    """Write the spec that results from OVERLAY.

    Upstream's provisions stay as they are; each allowed statement is added after what it changes, and
    every provision says where it comes from. Refused statements are reported and left out. An OVERLAY
    can be used as a SOURCE, which means the resulting spec: query, resolve, survey, diff and handbook
    accept it.

    \b
      policyspec overlay resolve shop.yaml
      policyspec overlay resolve shop.yaml -o shop.ttl
      policyspec handbook shop.yaml -o site
    """
    with settings.watching("resolving"):
        result = ps.resolve_overlay(*files, upstream=upstream, **settings.options)
    settings.report(result.report.findings)
    syntax = form or (format_of_suffix(Path(output).suffix) if output else None) or "text"
    if syntax == "text":
        settings.show(result, "text", output)
    else:
        settings.put(ps.to_rdf(result.spec, syntax, base_iri=settings.base_iri), output)


@overlay.command(cls=SourceCommand)
@_files
@click.option(
    "--to",
    type=click.Choice([one.value for one in ps.ExportForm]),
    required=True,
    help="What to write: AGENTS.md, CLAUDE.md, a Cursor rule, a developer message, or JSON for programs.",
)
@_upstream
@file_option("-o", "--output", exists=False, about="Write it into FILE, which may exist. Default: print it.")
@click.option("--force", is_flag=True, help="Overwrite a block that was edited by hand.")
@click.option(
    "--budget",
    metavar="BYTES",
    type=click.IntRange(min=1),
    default=16 * 1024,
    show_default=True,
    help="Report if the whole file is larger than this.",
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
    """Write what agents read of OVERLAY: the allowed statements, and no others.

    They are written between two comment lines; the rest of FILE stays the same, byte for byte, and a
    second run changes nothing. Exit status 1 means that a statement was refused and left out, or that
    the block was edited by hand, in which case it is left alone.

    \b
      policyspec overlay export shop.yaml --to agents -o AGENTS.md
      policyspec overlay export shop.yaml --to message
    """
    with settings.watching("judging"):
        result = ps.export_overlay(
            *files,
            to=to,
            into=output,
            force=force,
            budget=budget,
            upstream=upstream,
            **settings.options,
        )
    settings.report((*result.report.findings, *result.findings))
    if not output or not Path(output).is_file() or Path(output).read_bytes() != result.data:
        settings.put(result.data, output)
    if result.report.is_partial:
        settings.note(f"what is not allowed is left out: {result.report.summary}")
    if not result.is_complete:
        sys.exit(_REFUSED)


@overlay.command(cls=SourceCommand, several=True)
@click.argument("file", metavar="OVERLAY", type=click.Path())
@click.option(
    "--next",
    "after",
    metavar="SOURCE",
    required=True,
    help="The next release of upstream; of several, the newest counts.",
)
@_upstream
@click.option("--write", is_flag=True, help="Update only ids, pinned version and digest in OVERLAY.")
@form_option("OverlayRebase")
@output_option
def rebase(
    file: str,
    *,
    after: str,
    upstream: str | None,
    write: bool,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Show how the next release of upstream affects each statement of OVERLAY.

    The provision under a statement may be renamed, moved, removed or at another level; its words may
    differ; upstream may now say the same; an example that is listed may be gone; and the statement may
    be refused now, or no longer, which both witnesses show. A statement is not
    judged if a release lacks what it names. Exit status 1 means that a statement is affected or was not judged.
    --annotations applies to both releases; give it twice for different files, the one for the next
    release last.

    \b
      policyspec overlay rebase shop.yaml --next model_spec/2025-10-27
      policyspec overlay rebase shop.yaml --next model_spec/2025-10-27 --write
    """
    if write and Path(file).is_dir():
        raise click.UsageError(f"`{file}` is a project, whose pages you change by hand: --write takes a file")
    if len(settings.annotations) > _SIDES or len(settings.spec_names) > 1:
        raise click.UsageError("--annotations is given once, or for each release once; --name once")
    with settings.watching("comparing"):
        result = ps.rebase_overlay(
            file,
            after,
            upstream=upstream,
            next_annotations=next(reversed(settings.annotations), None),
            **settings.options,
        )
    settings.show(result, form, output)
    if write:
        write_file(Path(file), result.text.encode())
        settings.note(f"took renames, pin and digest over into {file}")
    if not result.is_untouched:
        sys.exit(_REFUSED)


@overlay.command("import", cls=SourceCommand)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--upstream", metavar="SOURCE", required=True, help="The spec that the draft is about.")
@form_option("OverlayDraft", "yaml")
@output_option
def import_files(
    files: tuple[str, ...], *, upstream: str, form: str, output: str | None, settings: Settings
) -> None:
    """Draft an overlay from instruction files of agents.

    It reads AGENTS.md, CLAUDE.md, .mdc, .instructions.md, a persona or a policy. Each list item, table
    row and sentence becomes a candidate, with its place and the provisions that are closest to it.
    Nothing is guessed: you say what a statement changes in upstream.

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
        settings.note(f"{file.name}: {number_of(len(file.lines), 'line')}: {counts}")
    settings.note(number_of(len(draft.candidates), "candidate"))


def _save(report: ps.OverlayReport, folder: Path, settings: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = witness_files(report)
    for name, text in files.items():
        write_file(folder / name, text.encode())
    command = shlex.join(["policyspec", "resolve", "UPSTREAM", str(folder)])
    settings.note(f"wrote {number_of(len(files), 'case')} to {folder}; `{command}` decides them")
