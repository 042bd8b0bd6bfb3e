"""The command ``policyspec check``: findings in several formats, baselines and fixes."""

from __future__ import annotations

import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

import sphinx_policyspec as ps
from sphinx_policyspec.cli import options
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.model.finding import OFF, codes_of

_LEVELS = (*(severity.value for severity in ps.Severity), OFF)
_NAMES = dict.fromkeys(ps.Category, "a category") | {rule.code: rule.pattern for rule in ps.rules().values()}
"""Categories and codes, each with its description."""


def _complete_codes(_context: click.Context, _option: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer categories and codes for the last name of a list."""
    before, comma, _ = typed.rpartition(",")
    return options.offered(typed, {f"{before}{comma}{name}": about for name, about in _NAMES.items()})


def _complete_severity(_context: click.Context, _option: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer codes and categories, and severities after `=`."""
    code, equals, _ = typed.partition("=")
    if not equals:
        return options.offered(typed, {f"{name}=": about for name, about in _NAMES.items()})
    return [CompletionItem(word) for level in _LEVELS if (word := f"{code}={level}").startswith(typed)]


def _codes(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for text in value for name in text.split(",") if name.strip())
    try:
        codes_of(names)
    except ps.CodeError as error:
        categories = f"; categories are {', '.join(f'`{one}`' for one in ps.Category)}"
        raise click.BadParameter(f"{error}{categories * ('did you mean' not in str(error))}") from None
    return names


def _severities(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    levels = {}
    for text in value:
        name, _, level = text.partition("=")
        if level not in _LEVELS:
            raise click.BadParameter(f"`{text}` is not of the form CODE={'|'.join(_LEVELS)}")
        try:
            codes_of([name])
        except ps.CodeError as error:
            raise click.BadParameter(str(error)) from None
        levels[name] = level
    return levels


_CODES_OPTION: dict[str, Any] = {
    "metavar": "CODES",
    "multiple": True,
    "callback": _codes,
    "shell_complete": _complete_codes,
}
"""Settings of the options that list codes."""


@click.command(cls=options.SourceCommand)
@options.sources_argument
@click.option("--select", **_CODES_OPTION, help="Only these codes or categories, separated by commas.")
@click.option("--ignore", **_CODES_OPTION, help="Leave out these codes or categories.")
@click.option(
    "--severity",
    metavar="CODE=LEVEL",
    multiple=True,
    callback=_severities,
    shell_complete=_complete_severity,
    help="Set the severity of a code or category: error, warning, hint or off; may be repeated.",
)
@options.file_option("--baseline", about="Leave out the findings in FILE.")
@options.feedback_option(about="Also check this register of feedback, or a folder of them; may be repeated.")
@options.decisions_option(
    about="Also check this record of a decision, or a folder of them; may be repeated.",
)
@options.fail_on_option
@click.option(
    "--fix", is_flag=True, help="Show as a diff what can be fixed safely, and ask before writing it."
)
@click.option("--yes", is_flag=True, help="With --fix: write without asking.")
@options.form_option("Report", about="How to print the findings; baseline: a file for --baseline.")
@options.output_option
def check(
    sources: tuple[str, ...],
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: dict[str, str],
    baseline: str | None,
    registers: tuple[str, ...],
    decisions: tuple[str, ...],
    fail_on: str,
    fix: bool,
    yes: bool,
    form: str,
    output: str | None,
    settings: options.Settings,
) -> None:
    """Report what is wrong, or could be better, in each SOURCE.

    The findings reference explains each code. Exit status 1 means that there is a finding at --fail-on
    or above; a baseline suppresses known ones.

    \b
      policyspec check model_spec/2025-09-12
      policyspec check docs --ignore coverage,actionable --fail-on warning
      policyspec check docs --format baseline -o known.json
      policyspec check model_spec/2025-09-12 --feedback feedback.yaml
      policyspec check model_spec/2025-09-12 --decisions decisions/
      policyspec check docs --baseline known.json --format sarif -o policyspec.sarif
    """
    if yes and not fix:
        raise click.UsageError("--yes belongs to --fix")
    if baseline and form == "baseline":
        raise click.UsageError(
            "a baseline contains every finding: --baseline does not apply to --format baseline"
        )

    if fix and len(sources) > 1:
        raise click.UsageError("--fix works on one SOURCE")
    of_each = dict(settings.for_each(sources))

    def look(source: str) -> tuple[ps.Loaded, ps.Report]:
        loaded = of_each[source].load(source)
        return loaded, ps.check(
            loaded,
            select=select,
            ignore=ignore,
            severity=severity,
            baseline=baseline,
            use_baseline=form != "baseline",
            fail_on=ps.Severity(fail_on),
            feedback=registers,
            decisions=decisions,
        )

    checked = [look(source) for source in of_each]
    report = checked[0][1]
    if len(checked) > 1:
        ps.load_specs(*[(loaded.spec,) for loaded, _ in checked])
        report = ps.Report.of_several([report for _, report in checked])
    elif fix and _write_fixes(*checked[0], settings, yes=yes, aside=form != "text"):
        report = look(sources[0])[1]
    settings.show(report, form, output)
    if output:
        settings.note(f"wrote {number_of(len(report), 'finding')} to {output}")
    if report.failed and form != "baseline":
        sys.exit(1)


def _write_fixes(
    loaded: ps.Loaded, report: ps.Report, settings: options.Settings, *, yes: bool, aside: bool
) -> bool:
    """Show the fixes, and write them if the user agrees; return whether anything was written."""
    fixes = ps.find_fixes(loaded, report)
    for line in fixes.diff:
        click.echo(printable(line), err=aside)
    if not fixes or not (yes or (_can_ask() and click.confirm("Write this?", err=True))):
        return False
    for file in fixes.write():
        settings.note(f"left `{file}` alone: it is not UTF-8, or has changed")
    return True


def _can_ask() -> bool:
    return sys.stdin.isatty()
