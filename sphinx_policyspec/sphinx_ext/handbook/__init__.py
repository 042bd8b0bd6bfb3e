"""A web site and a PDF from any SOURCE, without a Sphinx project; a site for each of several releases."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from html import escape, unescape
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.locale import get_translation
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.typing import ExtensionMetadata

from sphinx_policyspec.checks import Selection
from sphinx_policyspec.compare.history import Timeline
from sphinx_policyspec.errors import PdfError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Finding, Judgement, Severity, Span, Spec, TargetKind, rules
from sphinx_policyspec.sources import ProjectOptions
from sphinx_policyspec.sphinx_ext.beside import site_findings
from sphinx_policyspec.sphinx_ext.build.build import all_findings
from sphinx_policyspec.sphinx_ext.build.findings import words_of
from sphinx_policyspec.sphinx_ext.build.project import naming_page, require_extension, running_foreign_code
from sphinx_policyspec.sphinx_ext.config import Edition, Editions, Older, Site, severities
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, PolicyObject
from sphinx_policyspec.sphinx_ext.handbook.pages import (
    FILETYPE,
    START,
    SUFFIX,
    SitePageParser,
    folders_of,
    groups_of,
    lay_out,
    title_of,
)
from sphinx_policyspec.sphinx_ext.nodes.boxes import summary
from sphinx_policyspec.sphinx_ext.nodes.writers import RENDERER
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import write_output
from sphinx_policyspec.sphinx_ext.typst.builder import TypstBuilder
from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import require_typst
from sphinx_policyspec.sphinx_ext.web.ask_and_changes import has_ask_page
from sphinx_policyspec.sphinx_ext.web.llms import write_releases
from sphinx_policyspec.sphinx_ext.web.navigation import Entry, sidebar_html, switch_for_sidebar
from sphinx_policyspec.sphinx_ext.web.pages import social_tags
from sphinx_policyspec.sphinx_ext.web.places import ASK_PAGE, CHANGES_PAGE, level_html, pages_of_options

__all__ = ["PDF", "build_project", "build_releases", "build_site", "folders_of", "setup", "write_specs_page"]

_ = get_translation("sphinx_policyspec")

_TEXTS = ("author", "copyright", "docstitle", "project", "release", "shorttitle", "version")
"""Texts of the whole site that templates get."""
_DASH = re.compile(r"(?<=\d)-(?=\d)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the handlers for the pages, in addition to the extension."""
    app.setup_extension("sphinx_policyspec")
    # A graph contains texts in any markup.
    app.setup_extension("myst_parser")
    app.add_source_parser(SitePageParser)
    # Before themes use them, and again for texts that themes take from the configuration.
    app.connect("html-page-context", _escape_texts, priority=1)
    app.connect("html-page-context", _escape_texts, priority=999)
    # After levels are added to the lists of Sphinx, before themes use these.
    app.connect("html-page-context", _Sidebar().show, priority=450)
    # After the pages that contain a part of the spec are described.
    app.connect("html-page-context", _describe, priority=600)
    # When Sphinx has collected them.
    app.connect("doctree-read", _part_tags, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _escape_texts(
    _app: Sphinx, _pagename: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Make templates escape texts of the spec: Sphinx expects HTML there, as in projects, and does not escape it."""
    for name in _TEXTS:
        if isinstance(text := context.get(name), str):
            context[name] = Markup.escape(text)


def _describe(app: Sphinx, _pagename: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Describe pages without a part of the spec to search engines and in previews of links."""
    site, tags = domain_of(app.env).given.site, context.get("metatags", "")
    if site is None or 'name="description"' in tags:
        return
    title = unescape(str(context.get("title", "")))
    parts = ("" if title == site.spec.title else title, summary(site.spec) if site.spec.principles else "")
    context["metatags"] = tags + social_tags(title, ". ".join(filter(None, parts)), site.spec)


def _part_tags(app: Sphinx, _doctree: nodes.document) -> None:
    """Put a zero-width character into text like a tag in page titles: some themes write titles as HTML."""
    for titles in (app.env.titles, app.env.longtitles):
        title = titles.get(app.env.docname)
        for text in list(title.findall(nodes.Text)) if title else ():
            text.parent.replace(text, nodes.Text(_TAG.sub("<\N{WORD JOINER}", text.astext())))


_MOST = 300
"""The most lines of a full sidebar; a longer one lists the parts of a chapter only on the pages of that chapter."""


class _Sidebar:
    """The sidebar of the pages of a handbook: the switch of releases, every principle, and the other pages."""

    def __init__(self) -> None:
        self._groups: list[tuple[str, list[Entry]]] = []

    def show(
        self, app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: object
    ) -> None:
        """Give the sidebar to themes that ask for the contents of the site."""
        site = domain_of(app.env).given.site
        if site is None or "toctree" not in context:
            return
        self._groups = self._groups or list(self._group_entries(app, site))
        is_long = len(site.spec.provisions) > _MOST

        def toctree(*, collapse: bool = True, **_options: object) -> str:
            sidebar = sidebar_html(self._groups, pagename, collapse=collapse or is_long)
            return switch_for_sidebar(app, pagename) + sidebar

        context["toctree"] = toctree

    def _group_entries(self, app: Sphinx, site: Site) -> Iterator[tuple[str, list[Entry]]]:
        domain, builder = domain_of(app.env), app.builder
        provisions = [item for p in site.spec.provisions if (item := domain.find(TargetKind.PROVISION, p.id))]
        depths = {p.id: p.depth for p in site.spec.provisions}
        heads = {
            page.provisions[0].id: name
            for name, page in site.pages.items()
            if name != START and page.provisions
        }

        def tree(items: Sequence[PolicyObject], depth: int = 1) -> Iterator[Entry]:
            """Yield the top-level items, each with the items below it."""
            place = 0
            while place < len(items):
                item = items[place]
                end = place + 1
                while end < len(items) and depths[items[end].id] > depths[item.id]:
                    end += 1
                page = heads.get(item.id, "")
                level = level_html(item.level, domain.title_of_level(item.level)) if item.level else ""
                address = builder.get_target_uri(item.docname) + ("" if page else f"#{item.anchor}")
                below = tuple(tree(items[place + 1 : end], depth + 1))
                yield Entry(item.title, address, page, level, depth, below)
                place = end

        yield _("The spec"), list(tree(provisions))
        views = [(name, page) for name, page in site.pages.items() if page.role or page.views]
        pages = {name: Entry(title_of(page), builder.get_target_uri(name), name) for name, page in views}
        groups = groups_of(pages)
        more = [(ASK_PAGE, _("Ask the spec"))] if has_ask_page(app) else []
        more += [(index[0], str(index[1].localname)) for index in getattr(builder, "domain_indices", ())]
        others = [Entry(title, builder.get_target_uri(name), name) for name, title in more]
        data = domain.given
        changes = [CHANGES_PAGE] if data.older or (data.editions and data.editions.place) else []
        used = [(n, title) for option, n, title in pages_of_options() if app.config[option]]
        results = [Entry(title, builder.get_target_uri(n), n) for n, title in used]
        for number, (caption, names) in enumerate(groups):
            yield caption, [*(pages[name] for name in names), *(results if number else others)]
            if not number:
                yield _("Changes"), [Entry(_("What changed"), builder.get_target_uri(n), n) for n in changes]


PDF = "handbook.pdf"
"""Name of the PDF, in the folder of the first page of the site."""

_ICON = Path(__file__).with_name("policyspec-icon.svg")
_EXTENSION = "sphinx_policyspec.sphinx_ext.handbook"
_WARNING = re.compile(
    r"(?P<file>.*?)(?::(?P<line>\d+))?: (?P<severity>WARNING|ERROR|CRITICAL|SEVERE): "
    r"(?P<message>.*?)(?: \[(?P<code>[\w.-]+)\])?"
)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def build_site(
    spec: Spec,
    root: Path,
    out: Path,
    *,
    theme: str = "",
    pages: str = "chapter",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
    pdf_missing: str = "",
    older: Sequence[Older] = (),
    conf: Mapping[str, Any] | None = None,
    editions: Editions | None = None,
    source: Path | None = None,
    among: str = "",
) -> tuple[Finding, ...]:
    """Build the site of a spec and its graph, and its PDF; return the messages of Sphinx as findings.

    Findings about the spec itself are left out, because the caller has them from reading it.

    :param root: the folder that the spec's file names are relative to
    :param ask: whether to add the page that answers questions
    :param older: older releases, oldest first, source by source, to show changes
    :param conf: further options of ``conf.py``: files about the spec, language, address
    :param editions: the other releases of the site, instead of ``older``
    :param pdf_fonts: fonts of the PDF for characters that its own fonts lack; files are relative to the working folder
    :param pdf_missing: what to do about a character that no font has, ``error`` or ``box``
    :param source: name of the source in errors, by default ``root``
    :param among: the name that distinguishes the spec from others with a site beside it
    """
    by_name = {page.name: page for page in lay_out(spec, pages)}
    site = Site(spec=spec, root=real_path(root), pages=by_name, pdf=PDF if pdf else "")
    overrides = {
        "extensions": [_EXTENSION],
        "project": _one_line(spec.title),
        "author": _one_line(spec.publisher),
        "release": _one_line(spec.version),
        "version": _one_line(spec.version),
        # No theme may break a line inside a date.
        "html_title": _DASH.sub(
            "-\N{WORD JOINER}", _one_line(f"{among}{': ' * bool(among)}{spec.title} {spec.version}".strip())
        ),
        "html_theme": theme or "furo",
        "html_math_renderer": RENDERER,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_sphinx": False,
        # The first page has publisher and licence, and a spec has no entries for a general index.
        "html_show_copyright": False,
        "html_favicon": str(_ICON),
        "html_use_index": False,
        "html_show_search_summary": False,  # our own script shows where words are
        # All examples are a table of their own.
        "html_domain_indices": ["policy-levels", "policy-topics"],
        "toc_object_entries": False,
        "source_suffix": {SUFFIX: FILETYPE},
        # The reader of the text reports its findings, and the build those about paper.
        "suppress_warnings": [f"policyspec.{code}" for code in rules()],
        "policyspec_ask_page": ask,
        "policyspec_llms": True,
        **_pdf_options(pdf_fonts, pdf_missing),
        **(conf or {}),
    }
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder, _handbook_of(source or root):
        pages_dir = Path(folder, "source")
        pages_dir.mkdir()
        for name in site.pages:
            (pages_dir / f"{name}{SUFFIX}").write_bytes(b"")
        options = ProjectOptions(overrides=overrides)
        data = {"site": site, "older": tuple(older), "editions": editions}
        return _build(pages_dir, out, Path(folder, "doctrees"), options, data, pdf=pdf)


def build_project(
    source: Path,
    out: Path,
    options: ProjectOptions,
    *,
    theme: str = "",
    base_iri: str = "",
    ask: bool = False,
    pdf: bool = False,
    pdf_fonts: Iterable[str] = (),
    pdf_missing: str = "",
    older: Sequence[Older] = (),
    conf: Mapping[str, Any] | None = None,
) -> tuple[Finding, ...]:
    """Build the HTML site of an existing Sphinx project, and its PDF; return its warnings.

    :param options: options as for ``sphinx-build``; the builder is ``html``
    :param ask: whether to add the page that answers questions, even if the project has none
    :param older: older releases, to show changes, instead of the project's own
    :param conf: as for :func:`build_site`, in place of the project's own
    """
    overrides = {"policyspec_llms": True, **options.overrides} | ({"html_theme": theme} if theme else {})
    overrides |= {"policyspec_ask_page": True} if ask else {}
    overrides |= _pdf_options(pdf_fonts, pdf_missing) | dict(conf or {})
    with tempfile.TemporaryDirectory(prefix="policyspec-") as folder, _handbook_of(source):
        options = replace(options, overrides=overrides, confdir=options.confdir or source)
        data = {"base_iri": base_iri, "older": tuple(older), "named": frozenset(conf or ())}
        return _build(source, out, Path(folder), options, data, pdf=pdf)


def _handbook_of(source: Path) -> AbstractContextManager[None]:
    return running_foreign_code(f"cannot build the handbook of `{source}`")


def _pdf_options(fonts: Iterable[str], missing: str) -> dict[str, Any]:
    """Return the PDF options of a command line; its file names are relative to the working folder."""
    names = [str(real_path(Path(name))) if Path(name).is_file() else name for name in fonts]
    values = {"policyspec_pdf_fonts": names, "policyspec_pdf_missing": missing}
    return {option: value for option, value in values.items() if value}


def _build(
    source: Path,
    out: Path,
    doctrees: Path,
    options: ProjectOptions,
    data: Mapping[str, Any],
    *,
    pdf: bool = False,
) -> tuple[Finding, ...]:
    if pdf:
        require_typst()
    warnings = io.StringIO()

    def run(builder: str, folder: Path) -> Sphinx:
        app = Sphinx(
            source,
            options.confdir,
            folder,
            doctrees,
            builder,
            confoverrides=dict(options.overrides),
            tags=options.tags,
            status=None,
            warning=warnings,
            freshenv=builder == "html",
        )
        require_extension(app)
        domain = cast("PolicyDomain", app.env.get_domain(DOMAIN))
        domain.give(replace(domain.given, **data))
        with naming_page(app):
            app.build()
        return app

    with patch_docutils(options.confdir):
        with docutils_namespace():
            app, knowledge = run("html", out), Knowledge()
            severity_of = _severities(app, knowledge)
            beside = site_findings(app, knowledge) if data.get("site") else ()
        if pdf:
            with docutils_namespace(), tempfile.TemporaryDirectory(prefix="policyspec-") as scratch:
                builder = cast("TypstBuilder", run(TypstBuilder.name, Path(scratch)).builder)
                if builder.problem:
                    raise PdfError(builder.problem)
                write_output(out / PDF, builder.pdf.read_bytes())
    lines = dict.fromkeys(warnings.getvalue().splitlines())
    return (*beside, *(_finding(line, severity_of) for line in lines if line.strip()))


def _severities(app: Sphinx, knowledge: Knowledge) -> dict[tuple[str, str], Severity]:
    """Return the severities of findings that Sphinx reported as warnings, by code and words."""
    selection = Selection(severity=severities(app.config))
    findings = selection.of(all_findings(app, knowledge)(selection.off))
    return {(finding.code, words_of(finding)): finding.severity for finding in findings}


def _finding(line: str, severity_of: Mapping[tuple[str, str], Severity]) -> Finding:
    """Return a line of Sphinx's warnings as a finding.

    :param severity_of: severities of our own findings, by code and words
    """
    match = _WARNING.fullmatch(text := _COLOR.sub("", line))
    if match is None:
        match = re.fullmatch(
            r"(?P<file>)(?P<line>)(?:(?P<severity>WARNING|ERROR): )?(?P<message>.*?)(?P<code>)", text
        )
    values = match.groupdict() if match else {"message": text}
    code, message = (values.get("code") or "sphinx").removeprefix("policyspec."), values["message"] or text
    logged = Severity.ERROR if values.get("severity") not in {"WARNING", None} else Severity.WARNING
    return Finding(
        code=code,
        severity=severity_of.get((code, message), logged),
        message=message,
        span=Span(values.get("file") or "sphinx", int(values.get("line") or 1)),
    )


def _one_line(text: str) -> str:
    """Return a text of the spec as one line, for themes."""
    return " ".join(text.split())


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={newest}">
<title>{title}</title>
<meta name="description" content="{title}. {about}">
<link rel="canonical" href="{newest}">
<link rel="icon" href="{icon}">
</head>
<body>
<main>
<h1>{title}</h1>
<p>The newest release is <a href="{newest}">{name}</a>. All releases:</p>
<ul>
{items}
</ul></main></body></html>
"""


_SPECS_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Several specs</title></head>
<body><main><h1>Several specs</h1><p>Each has a site of its own:</p><ul>
{items}
</ul>{beside}</main></body></html>
"""


def below(conf: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return the options of a site in a folder below another one."""
    address = conf.get("html_baseurl")
    return {**conf, "html_baseurl": f"{address}{folder}/"} if address else dict(conf)


def build_releases(
    releases: Sequence[tuple[Spec, Path]],
    out: Path,
    *,
    pages: str,
    ask: bool,
    judgements: Sequence[Judgement] = (),
    **options: Any,
) -> tuple[Finding, ...]:
    """Build a site for each release in its own folder; return the messages of Sphinx as findings.

    :param releases: specs, oldest first, each with the folder that its file names are relative to
    :param judgements: judgements of people on changed prose
    :param options: as for :func:`~sphinx_policyspec.sphinx_ext.handbook.build_site`
    """
    specs = [spec for spec, _ in releases]
    timeline = Timeline.of(specs, judgements)
    every = tuple(
        _edition(
            spec,
            folder,
            pages,
            {CHANGES_PAGE} if place else set(),
            {ASK_PAGE} if ask else set(),
            {name for option, name, _title in pages_of_options() if option in options.get("conf", {})},
        )
        for place, (spec, folder) in enumerate(
            zip(specs, folders_of((spec.version for spec in specs), "release"), strict=True)
        )
    )
    findings = [finding for diff in timeline.diffs for finding in diff.findings]
    for place, (spec, root) in enumerate(releases):
        editions = Editions(every=every, timeline=timeline, place=place)
        site = out / every[place].folder
        own = options | {"conf": below(options.get("conf", {}), every[place].folder)}
        findings += build_site(spec, root, site, pages=pages, ask=ask, editions=editions, **own)
    write_output(out / f"{START}.html", _start_page(specs[-1], every))
    write_releases(out, specs[-1].title, [(one.folder, one.name) for one in reversed(every)])
    return tuple(findings)


def write_specs_page(
    out: Path, specs: Sequence[tuple[str, str, Spec]], beside: Sequence[tuple[str, str]] = ()
) -> None:
    """Write the page that links to the sites of several specs (folder, name) and to other pages (file, title)."""
    others = "".join(
        f'<li><a href="{escape(file)}">{escape(_one_line(title))}</a></li>' for file, title in beside
    )
    items = (
        f'<li><a href="{escape(folder)}/{START}.html">{escape(_one_line(name))}</a>: '
        f"{escape(_one_line(f'{spec.title} {spec.version}'))}. {escape(summary(spec))}</li>"
        for folder, name, spec in specs
    )
    write_output(
        out / f"{START}.html",
        _SPECS_PAGE.format(items="\n".join(items), beside=f"<ul>{others}</ul>" * bool(others)),
    )


def _edition(spec: Spec, folder: str, layout: str, *more: set[str]) -> Edition:
    pages = lay_out(spec, layout)
    return Edition(
        name=" ".join(spec.version.split()) or folder,
        folder=folder,
        pages=frozenset().union((page.name for page in pages), *more),
        page_of={provision.id: page.name for page in pages for provision in page.provisions},
    )


def _start_page(newest: Spec, every: Sequence[Edition]) -> str:
    addresses = [(f"{edition.folder}/{START}.html", edition.name) for edition in every]
    items = (f'<li><a href="{escape(a)}">{escape(name)}</a></li>' for a, name in reversed(addresses))
    return _PAGE.format(
        title=escape(" ".join(newest.title.split())),
        about=escape(summary(newest)),
        icon=escape(f"{every[-1].folder}/_static/{_ICON.name}"),
        newest=escape(addresses[-1][0]),
        name=escape(addresses[-1][1]),
        items="\n".join(items),
    )
