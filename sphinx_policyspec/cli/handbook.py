"""The command ``policyspec handbook``: a site, and a PDF, of any SOURCE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.beside import proposal_option
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    alignment_option,
    decisions_option,
    exit_if_unusable,
    feedback_option,
    file_option,
    judgements_option,
    results_option,
    sources_argument,
)
from sphinx_policyspec.files import number_of


@click.command(cls=SourceCommand)
@sources_argument
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False),
    required=True,
    help="Folder for the site.",
)
@click.option("--theme", default="", help="Sphinx HTML theme. Default: furo, or the theme of the project.")
@click.option(
    "--language",
    metavar="CODE",
    default="",
    help="The language of SOURCE, such as `de`; labels on pages are translated if we have a translation. Default: en, or that of the project.",
)
@click.option(
    "--site-url",
    metavar="URL",
    default="",
    help="Where DIR will be published: pages then name their address, and shared links show a picture. Default: that of the project.",
)
@click.option(
    "--pages",
    type=click.Choice(["one", "chapter", "section"]),
    default="chapter",
    show_default=True,
    help="How to divide SOURCE into pages.",
)
@click.option("--ask", is_flag=True, help="Add a page that answers questions in the browser (2 MB).")
@click.option("--pdf", is_flag=True, help="Write DIR/handbook.pdf too; needs `sphinx-policyspec[pdf]`.")
@click.option(
    "--pdf-font",
    "pdf_fonts",
    metavar="FONT",
    multiple=True,
    help="A font for characters that the fonts of the PDF lack: an installed family, or a file; may be repeated.",
)
@click.option(
    "--pdf-missing",
    type=click.Choice(["error", "box"]),
    help="What to do about a character that no font has; a box shows its number. Default: error, or as the project says.",
)
@click.option(
    "--since",
    "since",
    metavar="SOURCE",
    type=click.Path(),
    multiple=True,
    help="An older release: adds a page with what changed since, and the changes at each principle. A folder of "
    "releases, or one --since for each, oldest first, adds the history of principles.",
)
@judgements_option
@results_option
@click.option(
    "--baseline", metavar="RUN", default="", help="With --results: the run that others are compared with."
)
@file_option("--triage", about="Reviews by people of outputs that contradict SOURCE (YAML).")
@feedback_option(
    about="A register of feedback about SOURCE, or a folder of them: adds a page, and a line at each principle; may be repeated."
)
@decisions_option(
    about="A record of a decision about SOURCE, or a folder of them: adds a page, and a line at each principle; may be repeated."
)
@proposal_option(
    about="A proposal about SOURCE: adds a page, and a line at each principle, unless it is a draft; may be repeated."
)
@alignment_option
def handbook(
    sources: tuple[str, ...],
    output: str,
    theme: str,
    pages: str,
    *,
    language: str,
    site_url: str,
    ask: bool,
    pdf: bool,
    pdf_fonts: tuple[str, ...],
    pdf_missing: str | None,
    since: tuple[str, ...],
    judgements: str | None,
    results: tuple[str, ...],
    baseline: str,
    triage: str | None,
    registers: tuple[str, ...],
    decisions: tuple[str, ...],
    proposals: tuple[str, ...],
    settings: Settings,
) -> None:
    """Build a web site, and a PDF, from SOURCE.

    Open DIR/index.html: the site needs no server and no network, SOURCE needs no conf.py, and the graph
    is written next to the pages. With --pdf the same pages become a PDF for paper, with contents,
    indices and page numbers in links.

    A folder of releases, or a graph file with several, gives one site per release, DIR/RELEASE. Their
    pages link to the same principle in other releases, and DIR/index.html leads to the newest. Several
    SOURCEs give one site per spec, DIR/NAME, whose pages name the spec, and for each alignment a page
    that shows two of them side by side.

    \b
      policyspec handbook model_spec/2025-09-12 -o site
      policyspec handbook model_spec/2025-09-12 -o site --pdf
      policyspec handbook model_spec/2025-09-12 -o site --since model_spec/2025-04-11
      policyspec handbook model_spec/2025-09-12 -o site --since model_spec
      policyspec handbook model_spec -o site
      policyspec handbook model_spec charter.md --name spec --name charter -o site
    """
    if len(sources) > 1:
        looks: dict[str, Any] = {
            "theme": theme,
            "language": language,
            "site_url": site_url,
            "pages": pages,
            "ask": ask,
        }
        looks |= {
            "pdf": pdf,
            "pdf_fonts": pdf_fonts,
            "pdf_missing": pdf_missing or "",
        }
        single = {"since": since, "results": results, "judgements": judgements, "triage": triage}
        single |= {"feedback": registers, "decisions": decisions, "proposal": proposals}
        if used := [name for name, value in single.items() if value]:
            raise click.UsageError(f"--{used[0]} is about one SOURCE")
        _build_each(sources, output, looks, settings)
        return
    if settings.alignments:
        raise click.UsageError("--alignment is of two specs: name the SOURCE of each")
    ((source, settings),) = settings.for_each(sources)
    is_project = _check_options(source, settings, pages, pdf=pdf, paper=(pdf_fonts, pdf_missing))
    target: str | ps.Loaded | tuple[ps.Loaded, ...] = source
    if settings.has_releases(source):
        if since:
            raise click.UsageError(
                f"`{source}` is several releases, each compared with those before: --since does not apply"
            )
        target = settings.read_releases(source)
    elif not is_project:
        target = settings.read(source)
    result_findings = _report_results(target, results, baseline, triage, settings)
    with settings.watching("building the handbook"):
        findings = ps.build_handbook(
            target,
            output,
            theme=theme,
            language=language,
            site_url=site_url,
            pages=pages,
            base_iri=settings.base_iri,
            ask=ask,
            pdf=pdf,
            pdf_fonts=pdf_fonts,
            pdf_missing=pdf_missing or "",
            since=since,
            judgements=judgements,
            results=results,
            baseline=baseline,
            triage=triage,
            feedback=registers,
            decisions=decisions,
            proposals=proposals,
            **settings.options,
        )
    settings.report(findings)
    if isinstance(target, tuple):
        settings.note(f"wrote {Path(output) / 'index.html'}, of {number_of(len(target), 'release')}")
    else:
        for name in ("index.html", "handbook.pdf") if pdf else ("index.html",):
            settings.note(f"wrote {Path(output) / name}")
    exit_if_unusable(result_findings or (one for one in findings if one.code == "unusable-results"))


def _check_options(
    source: str, settings: Settings, pages: str, *, pdf: bool, paper: tuple[tuple[str, ...], str | None]
) -> bool:
    """Refuse options that would change nothing; return whether SOURCE is a Sphinx project."""
    is_project = settings.is_project(source)
    if is_project and settings.builder != "html":
        raise click.UsageError(f"a handbook of `{source}` is an HTML site: --builder does not apply")
    if is_project and (settings.annotations or settings.no_annotations or pages != "chapter"):
        raise click.UsageError(
            f"`{source}` has pages and annotation files of its own: "
            "--pages, --annotations and --no-annotations do not apply"
        )
    if any(paper) and not pdf:
        option = "--pdf-font" if paper[0] else "--pdf-missing"
        raise click.UsageError(f"{option} says what a PDF is set in: give --pdf too")
    return is_project


def _build_each(sources: tuple[str, ...], output: str, looks: dict[str, Any], settings: Settings) -> None:
    """Build a site for each of several specs."""
    loaded: list[tuple[ps.Loaded, ...]] = []
    for source, own in settings.for_each(sources):
        if own.is_project(source):
            raise click.UsageError(f"`{source}` is a Sphinx project: build its handbook by itself")
        loaded.append(own.read_releases(source) if own.has_releases(source) else (own.read(source),))
    looks["alignments"] = settings.aligned(ps.load_specs(*map(_specs, loaded)))
    with settings.watching("building the handbooks"):
        settings.report(ps.build_handbook(loaded, output, **looks))
    settings.note(
        f"wrote {Path(output) / 'index.html'}, of {number_of(len(ps.load_specs(*map(_specs, loaded))), 'spec')}"
    )


def _specs(releases: tuple[ps.Loaded, ...]) -> tuple[ps.Spec, ...]:
    return tuple(one.spec for one in releases)


def _report_results(
    target: str | ps.Loaded | tuple[ps.Loaded, ...],
    results: tuple[str, ...],
    baseline: str,
    triage: str | None,
    settings: Settings,
) -> tuple[ps.Finding, ...]:
    """Report and return the findings on results and triage; a project reports them itself."""
    if isinstance(target, str):
        return ()
    if baseline and not results:
        raise click.UsageError("--baseline names one of the runs in --results, which is not given")
    if not results and not triage:
        return ()
    specs = target if isinstance(target, ps.Loaded) else _specs(target)
    findings = ps.read_results(specs, *results, baseline=baseline, triage=triage).findings
    settings.report(findings)
    return findings
