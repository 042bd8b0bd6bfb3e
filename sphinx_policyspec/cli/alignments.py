"""The commands ``policyspec align …``: which principles of two specs correspond."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
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
from sphinx_policyspec.files import number_of, real_path

_FAILED = 1


@click.group()
def align() -> None:
    """Say what in one spec corresponds to what in another.

    An alignment is a TSV file in the SSSOM format, with one row per mapping. You write it; these
    commands start one, check it, and update it for the next release.
    """


@align.command(cls=SourceCommand)
@click.argument("sources", metavar="SOURCE SOURCE FILE...", nargs=-1, required=True, type=click.Path())
@fail_on_option
@form_option("AlignmentReport")
@output_option
def check(
    sources: tuple[str, ...], *, fail_on: str, form: str, output: str | None, settings: Settings
) -> None:
    """Check alignments, and whether the texts that they compare have changed.

    FILE ends in .tsv. Of a SOURCE with several releases the newest counts; the older ones are used to
    find former ids and the texts that were compared. Exit status 1 means a finding at --fail-on or
    above.

    \b
      policyspec align check charter.ttl house.ttl charter-house.sssom.tsv
      policyspec align check charter.ttl house.ttl charter-house.sssom.tsv --format json
    """
    files = [name for name in sources if name.endswith(".tsv")]
    names = [name for name in sources if not name.endswith(".tsv")]
    if not files or len(names) < 2:  # noqa: PLR2004  an alignment has two sides
        raise click.UsageError("give two SOURCEs and a FILE whose name ends in .sssom.tsv")
    specs = _two(names, settings)
    with settings.watching("comparing"):
        report = ps.check_alignment(*files, specs=specs)
    settings.show(report, form, output)
    if any(finding.severity.reaches(ps.Severity(fail_on)) for finding in report.findings):
        sys.exit(_FAILED)


@align.command(cls=SourceCommand)
@click.argument("sources", metavar="SOURCE SOURCE", nargs=2, type=click.Path())
@click.option(
    "--suggest", is_flag=True, help="Suggest up to three similar principles in the comment of each row."
)
@click.option("--license", "license_iri", metavar="IRI", default="", help="The licence of the alignment.")
@output_option
def new(
    sources: tuple[str, str], *, suggest: bool, license_iri: str, output: str | None, settings: Settings
) -> None:
    """Begin an alignment, with a row for each principle of the first SOURCE.

    You fill in predicate and object of each row, or `sssom:NoTermFound` where nothing corresponds.
    Suggestions rely on titles and topics only; they are no claim that two principles correspond.

    \b
      policyspec align new charter.ttl house.ttl --suggest -o charter-house.sssom.tsv
    """
    one, other = _two(sources, settings)
    alignment = ps.new_alignment(one, other, suggest=suggest, license=license_iri)
    settings.put(ps.render(alignment, "tsv"), output)
    settings.note(f"{number_of(len(alignment.rows), 'row')} to fill in")


@align.command(cls=SourceCommand, several=True)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--next",
    "steps",
    metavar="OLD=NEW",
    multiple=True,
    help="A SOURCE that the file is about, and its next release; or a prefix used in the file, and a folder of releases.",
)
@click.option(
    "--fill",
    metavar="SOURCE",
    multiple=True,
    type=click.Path(),
    help="Add digests of the texts of SOURCE to rows without any; may be repeated.",
)
@file_option("-o", "--output", exists=False, about="Write to another file. Default: to FILE itself.")
@form_option("AlignmentUpdate", "tsv", about="tsv writes the file; json prints what would be written.")
def update(
    file: str,
    *,
    steps: tuple[str, ...],
    fill: tuple[str, ...],
    output: str | None,
    form: str,
    settings: Settings,
) -> None:
    """Update an alignment for another release: ids, titles and versions, following `policyspec diff`.

    Digests are kept, so that `align check` shows which texts changed. Exit status 1 means that an id no
    longer exists, or that a file could not be read completely; that file is left alone. Give
    --annotations and --name once per SOURCE, in this order: OLD and NEW of each --next, then each
    --fill.

    \b
      policyspec align update charter-house.sssom.tsv --next charter-1.ttl=charter-2.ttl
      policyspec align update charter-house.sssom.tsv --fill charter-2.ttl --fill house.ttl
    """
    if not steps and not fill:
        raise click.UsageError("give --next OLD=NEW, or --fill SOURCE")
    with settings.watching("comparing"):
        alignment = ps.read_alignment(file)
        pairs = [_step(step) for step in steps]
        (*specs,) = _read([*chain(*pairs), *fill], settings)
        follow, filled = specs[: 2 * len(pairs)], specs[2 * len(pairs) :]
        result = ps.update_alignment(
            alignment, follow=zip(follow[::2], follow[1::2], strict=True), fill=filled
        )
    errors = [one for one in alignment.findings if one.severity is ps.Severity.ERROR]
    settings.report((*alignment.findings, *result.findings))
    if form != "tsv":
        settings.show(result, form, output)
    elif errors:
        settings.note(f"{file} is left as it is: put right what is wrong with its form")
    else:
        text = ps.render(result, "tsv")
        settings.seen.discard(real_path(Path(file)))
        settings.put(text, output or file)
    for line, before, now in result.renamed:
        settings.note(f"line {line}: {before} is {now} now")
    settings.note(
        f"{number_of(len(result.renamed), 'id')} renamed, {number_of(result.filled, 'digest')} written"
    )
    if errors or result.findings:
        sys.exit(_FAILED)


def _two(sources: Sequence[str], settings: Settings) -> tuple[ps.SpecReleases, ...]:
    """Read the specs of both sides, or more."""
    specs = settings.read_specs(sources)
    if len(specs) < 2:  # noqa: PLR2004  an alignment has two sides
        raise click.UsageError(
            "the SOURCEs are releases of one spec; if they are two, give each a name with --name [same-base]"
        )
    return specs


def _read(sources: Sequence[str], settings: Settings) -> Iterator[ps.SpecReleases | str]:
    """Yield each SOURCE, read with its own options; anything else, such as a prefix, unchanged."""
    for source, own in settings.for_each(sources):
        is_there = source.startswith("git:") or Path(source).exists()
        yield ps.load_specs(own.releases(source))[0] if is_there else source


def _step(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise click.UsageError(f"`--next {text}` is not of the form OLD=NEW")
    return old, new
