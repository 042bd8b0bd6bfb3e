"""The commands ``policyspec resolve`` and ``policyspec survey``: who wins in a case and why, and what a spec leaves open."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    alignment_option,
    form_option,
    output_option,
    source_argument,
)
from sphinx_policyspec.exports.answers import survey_files
from sphinx_policyspec.files import number_of, write_file

_DIFFERS = 1
_UNUSABLE = 2


@click.command(cls=SourceCommand)
@click.argument("sources", metavar="SOURCE CASE...", nargs=-1, required=True, type=click.Path())
@alignment_option
@form_option("Decisions", about="text explains the decisions to people; json is for programs.")
@output_option
def resolve(
    sources: tuple[str, ...],
    *,
    form: str,
    output: str | None,
    settings: Settings,
) -> None:
    """Decide who wins where instructions conflict.

    The levels and exceptions of SOURCE decide. A CASE is a YAML file, or a folder of them: who says
    what, how, and what they ask for. Exit status 1 means that a decision differs from what its case
    expects, 2 that a case cannot be decided; the others are decided all the same.

    With --alignment, or the alignment of a project, give several SOURCEs before the CASEs. Each of them
    decides; the items of a case are mapped to those that correspond exactly or closely, and items
    without a counterpart take no part. A case names principles of one of the SOURCEs, or `spec:id` of
    several.

    \b
      policyspec resolve model_spec/2025-09-12 cases/
      policyspec resolve spec.ttl charter.md cases/ --alignment spec-charter.sssom.tsv
      policyspec resolve docs tutoring.yaml --format json
      policyspec schema cases > cases.schema.json
    """
    specs = [name for name in sources if not _is_case(name, settings)]
    if settings.alignments or (len(specs) > 1 and any(map(settings.is_project, specs))):
        _resolve_by_each(sources, form, output, settings)
        return
    source, *cases = sources
    if not cases:
        raise click.UsageError("Missing argument 'CASE...'.")
    settings = next(settings.for_each([source]))[1]
    loaded = settings.load(source)
    with settings.watching("deciding"):
        decisions = ps.decide(loaded, *cases)
    settings.report(decisions.findings)
    settings.show(decisions, form, output)
    if decisions.errors:
        sys.exit(_UNUSABLE)
    if any(decision.as_expected is False for decision in decisions):
        sys.exit(_DIFFERS)


def _resolve_by_each(names: tuple[str, ...], form: str, output: str | None, settings: Settings) -> None:
    """Decide cases by each of several specs, side by side."""
    cases = [name for name in names if _is_case(name, settings)]
    specs = settings.read_specs([name for name in names if name not in cases])
    if not cases:
        raise click.UsageError("give a CASE: a YAML file, or a folder of them")
    aligned = settings.aligned(specs)
    with settings.watching("deciding"):
        decisions = ps.decide_each(*cases, specs=specs, alignments=aligned)
    settings.report(decisions.findings)
    settings.show(decisions, form, output)
    if decisions.errors:
        sys.exit(_UNUSABLE)
    if any(each.as_expected is False for one in decisions.cases for each in one.decisions.values()):
        sys.exit(_DIFFERS)


def _is_case(name: str, settings: Settings) -> bool:
    """Return whether a word names cases rather than a spec."""
    path = Path(name)
    if not path.is_dir():
        return path.suffix in {".yaml", ".yml"}
    is_source = settings.is_project(name) or settings.has_releases(name) or any(path.glob("*.md"))
    return not is_source


@click.command(cls=SourceCommand)
@source_argument
@click.argument("cases", metavar="[CASE...]", nargs=-1, type=click.Path())
@form_option("Survey", about="How to print it; cases: the smallest cases that show what was found.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="Write to FILE. Default: print it. With --format cases, a folder with one file per case.",
)
def survey(source: str, cases: tuple[str, ...], *, form: str, output: str | None, settings: Settings) -> None:
    """List what SOURCE leaves open.

    It lists pairs of principles of the same level that share a topic and that no exception, preference,
    example or CASE orders; the kinds of conflict that stay undecided, and the rules that never decide,
    over all cases of up to two norms, two messages and one text with delegated authority, of every level, explicit and
    implied, in every order; and, given cases, the principles on which none of them depends. CASE is a
    case file or a folder of them, as for `resolve`. Needs clingo, from the extra `survey`.

    \b
      policyspec survey model_spec/2025-09-12
      policyspec survey docs cases/ --format cases -o found/
    """
    loaded = settings.load(source)
    with settings.watching("looking at every case"):
        result = ps.survey(loaded, cases)
    settings.report(result.findings)
    if form == "cases" and output:
        _write_cases(result, source, Path(output), settings)
    else:
        settings.show(result, form, output)
    if any(finding.severity is ps.Severity.ERROR for finding in result.findings):
        sys.exit(_UNUSABLE)


def _write_cases(result: ps.Survey, source: str, folder: Path, settings: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = survey_files(result)
    for name, text in files.items():
        write_file(folder / name, text.encode())
    command = shlex.join(["policyspec", "resolve", source, str(folder)])
    settings.note(f"wrote {number_of(len(files), 'case')} to {folder}; `{command}` decides them")
