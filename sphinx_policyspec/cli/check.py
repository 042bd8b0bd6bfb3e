"""The command ``policyspec check``: findings in several formats, baselines and fixes."""

from __future__ import annotations

import shutil
import sys

import click

from sphinx_policyspec import api
from sphinx_policyspec.checks.fixes import diff_of, fixes_of, mended, write_texts
from sphinx_policyspec.checks.selection import Selection, format_baseline
from sphinx_policyspec.cli.options import Settings, SourceCommand
from sphinx_policyspec.errors import CodeError, PolicySpecError
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.report_formats import REPORT_FORMATS, Report, text_report
from sphinx_policyspec.model import Severity, rules
from sphinx_policyspec.model.finding import OFF, codes_of
from sphinx_policyspec.readers.text import SourceLines

__all__ = ["check"]

_LEVELS = (*(severity.value for severity in Severity), OFF)
_FAIL_ON = click.Choice([severity.value for severity in Severity])


def _codes(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for text in value for name in text.split(",") if name.strip())
    try:
        codes_of(names)
    except CodeError as error:
        raise click.BadParameter(str(error)) from None
    return names


def _severities(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    given = {}
    for text in value:
        name, _, level = text.partition("=")
        if level not in _LEVELS:
            raise click.BadParameter(f"`{text}` is not of the form CODE={'|'.join(_LEVELS)}")
        try:
            codes_of([name])
        except CodeError as error:
            raise click.BadParameter(str(error)) from None
        given[name] = level
    return given


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    callback=_codes,
    help="Only these codes or categories, by commas.",
)
@click.option(
    "--ignore", metavar="CODES", multiple=True, callback=_codes, help="All but these codes or categories."
)
@click.option(
    "--severity",
    metavar="CODE=LEVEL",
    multiple=True,
    callback=_severities,
    help="Take a code or category as error, warning, hint or off; may be repeated.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Leave out the findings in FILE.",
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the findings to FILE, and end.",
)
@click.option(
    "--fail-on",
    type=_FAIL_ON,
    default="error",
    show_default=True,
    help="The least severe finding for exit status 1.",
)
@click.option(
    "--fix", is_flag=True, help="Show as a diff what can be mended for certain, and ask to write it."
)
@click.option("--yes", is_flag=True, help="With --fix: write without asking.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(REPORT_FORMATS)),
    default="text",
    show_default=True,
    help="How to print the findings.",
)
def check(
    source: str,
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: dict[str, str],
    baseline: str | None,
    write_baseline: str | None,
    fail_on: str,
    fix: bool,
    yes: bool,
    form: str,
    settings: Settings,
) -> None:
    """Tell what is wrong, or could be better, with SOURCE.

    The reference of findings explains each code. Exit status 1 tells that there is a finding at or
    above --fail-on; a baseline holds back those that are known.

    \b
      policyspec check model_spec/2025-09-12
      policyspec check docs --ignore coverage,actionable --fail-on warning
      policyspec check docs --write-baseline known.json
      policyspec check docs --baseline known.json --format sarif > policyspec.sarif
    """
    if yes and not fix:
        raise click.UsageError("--yes belongs to --fix")
    selection = Selection(select=select, ignore=ignore, severity=severity)

    def look() -> tuple[api.Loaded, Report]:
        loaded = settings.load(source)
        held = None if write_baseline else baseline
        return loaded, api.report(
            loaded,
            selection=selection,
            baseline=held,
            use_baseline=not write_baseline,
            fail_on=Severity(fail_on),
        )

    try:
        loaded, report = look()
        if fix and _fixed(loaded, report, yes=yes, aside=form != "text"):
            loaded, report = look()
    except PolicySpecError as error:
        if form != "text":
            unusable = Report(
                source=source, lines=SourceLines(None), rules=tuple(rules().values()), problem=str(error)
            )
            click.echo(REPORT_FORMATS[form](unusable), nl=False)
        raise
    if write_baseline:
        text = format_baseline((item.finding, item.fingerprint) for item in report.findings)
        settings.write(write_baseline, text.encode(), loaded)
        if not settings.quiet:
            click.echo(
                printable(f"policyspec: wrote {len(report.findings)} findings to {write_baseline}"), err=True
            )
        return
    _show(report, form, settings)
    if report.failed:
        sys.exit(1)


def _show(report: Report, form: str, settings: Settings) -> None:
    if form != "text":
        click.echo(REPORT_FORMATS[form](report), nl=False)
        return
    color = settings.colored(sys.stdout)
    width = max(shutil.get_terminal_size().columns, 40) if sys.stdout.isatty() else 100
    click.echo(text_report(report, width=width, color=color), nl=False, color=color)


def _fixed(loaded: api.Loaded, report: Report, *, yes: bool, aside: bool) -> bool:
    """Show what can be mended, and write it if that is wanted; tell whether anything was written."""
    findings = [item.finding for item in report.findings if item.fixable]
    texts = mended(fixes_of(loaded.spec, findings, report.lines), report.lines)
    for line in diff_of(texts, report.lines):
        click.echo(printable(line), err=aside)
    if not texts or not (yes or (_can_ask() and click.confirm("Write this?", err=True))):
        return False
    for file in write_texts(texts, report.lines):
        click.echo(printable(f"policyspec: left `{file}` alone: it is not UTF-8, or has changed"), err=True)
    return True


def _can_ask() -> bool:
    return sys.stdin.isatty()
