"""Where everything of a spec is in the pages of a site, links to there, and what a search can go to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.domains import IndexEntry
from sphinx.locale import get_translation
from sphinx.util.osutil import relative_uri

from sphinx_policyspec.files import html_safe
from sphinx_policyspec.model import Spec, TargetKind, Topic
from sphinx_policyspec.sphinx_ext.asks.queries import ViewKind
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import (
    INDICES,
    TOPIC_INDEX,
    anchor_of_heading,
    domain_of,
    is_index_page,
)
from sphinx_policyspec.sphinx_ext.domain.records import reading_order
from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name
from sphinx_policyspec.sphinx_ext.pages.inline import resolved_titles, with_titles
from sphinx_policyspec.sphinx_ext.store import EXCERPTS, read_part, write_output

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject

_PROMPT = "prompt-"
"""What the anchors of prompts begin with."""

AddressOf = Callable[[str, str], str]
"""Returns the address of an anchor on a page, as seen from the page that is being written."""

CHANGES_PAGE = "policy-changes"
"""Name of the page of all changes, without suffix."""
ASK_PAGE = "policy-ask"
"""Name of the page that answers questions."""
SINCE = "ps-since"
"""The class of the line below a title that says whether its text changed."""
NEWS = "ps-news"
"""Class of the place on the first page of a handbook that shows what changed."""
RESULTS_PAGE = "policy-results"
"""Name of the page with results of evaluations."""
FEEDBACK_PAGE = "policy-feedback"
"""Name of the page with feedback on the spec."""
DECISIONS_PAGE = "policy-decisions"
"""Name of the page with records of decisions about the spec."""
PROPOSALS_PAGE = "policy-proposals"
"""Name of the page with proposals for the spec."""
OUR_PAGES = (ASK_PAGE, RESULTS_PAGE, FEEDBACK_PAGE, DECISIONS_PAGE, PROPOSALS_PAGE)
"""Pages without a source whose style is that of the handbook."""
PAGE_BUILDERS = ("html", "dirhtml")
"""Builders that write pages of ours beside those of a project: ``singlehtml`` writes none."""
WEB_BUILDERS = ("html", "dirhtml", "singlehtml")
"""Builders whose pages people read in a browser."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one thing is, and how links to it show it.

    :param level: id of its level, empty for all but principles
    :param level_title: name of that level
    """

    docname: str
    anchor: str
    title: str
    level: str = ""
    level_title: str = ""


class SitePlaces:
    """Finds the places of what a spec names, as of when the pages were read."""

    def __init__(self, env: BuildEnvironment, spec: Spec) -> None:
        domain = domain_of(env)
        self._levels = dict(domain.levels_shown())
        self._found: dict[tuple[TargetKind, str], Place] = {}
        order = reading_order(env, domain.pages)
        # The ids that no author chose, in the form that the spec has them.
        used = {item.id for item in domain.page_objects() if item.kind is TargetKind.PROVISION}
        for docname in order:
            unnamed = sorted(domain.pages[docname].unnamed)
            for name in unnamed:
                identifier = f"{docname.replace('/', '-')}-{name}" if name in used else name
                provision = spec.provision_by_id.get(identifier)
                title = provision.title if provision else name
                self._found.setdefault((TargetKind.PROVISION, identifier), Place(docname, name, title))
            used.update(unnamed)
        self._resolved = resolved_titles(spec)
        for item in domain.objects():
            if item.anchor:
                level = self.level_title(item.level)
                place = Place(item.docname, item.anchor, self.title(item), item.level, level)
                self._found.setdefault((item.kind, item.id), place)
        self._excerpts = {docname: read_part(env, docname, EXCERPTS) or {} for docname in order}
        self._prompts = {
            anchor: docname
            for docname, found in self._excerpts.items()
            for anchor in found
            if anchor.startswith(_PROMPT)
        }
        self._pages = {docname: env.titles[docname].astext() for docname in order if docname in env.titles}

    def level_title(self, level: str) -> str:
        """Return the name of a level, empty for none."""
        return level and self._levels.get(level, level.capitalize())

    def title(self, item: PolicyObject) -> str:
        """Return the title of an object as readers see it."""
        return self._resolved.get((item.kind, item.id), item.title)

    def title_of_target(self, target: str) -> str:
        """Return the title of what a reference names, whatever its kind; the name itself where nothing has it."""
        found = (place for kind in TargetKind if (place := self.find(kind, target)))
        return next((place.title for place in found), target)

    def find(self, kind: TargetKind, identifier: str) -> Place | None:
        """Return the place of a thing, if a page shows it."""
        return self._found.get((kind, identifier))

    def provision(self, identifier: str) -> Place | None:
        """Return the place of a provision, if a page shows it."""
        return self._found.get((TargetKind.PROVISION, identifier))

    def of_kind(self, kind: TargetKind) -> Iterator[tuple[str, Place]]:
        """Yield the things of a kind with their ids, former ids included."""
        for (found, identifier), place in self._found.items():
            if found is kind:
                yield identifier, place

    def prompt(self, identifier: str) -> Place | None:
        """Return the place of a prompt, if its author wants it on a page."""
        anchor = f"{_PROMPT}{identifier}"
        docname = self._prompts.get(anchor)
        return Place(docname, anchor, self.excerpt(docname, anchor) or identifier) if docname else None

    def excerpt(self, docname: str, anchor: str) -> str:
        """Return the beginning of a thing, with titles in the place of references; empty where it has no words."""
        return with_titles(self._excerpts.get(docname, {}).get(anchor, ""), self.title_of_target)

    def begin_of(self, docname: str) -> str:
        """Return the beginning of a page."""
        return with_titles(next(iter(self._excerpts.get(docname, {}).values()), ""), self.title_of_target)

    def page_title(self, docname: str) -> str:
        """Return the title of a page."""
        return self._pages.get(docname, docname)


def short_id(example: str, provision: str, number: int) -> str:
    """Return the short id of an example, which is an anchor, too; empty where its author gave it an id.

    :param provision: id of what it is in
    :param number: among the examples there, as every format has it
    """
    return f"{provision}-e{number}" if example.startswith(f"{provision}-") else ""


def level_html(level: str, title: str) -> str:
    """Return the word for a level, as it stands after a title."""
    return f' <span class="ps-level-word ps-level-{style_name(level)}">{escape(title)}</span>'


_ = get_translation("sphinx_policyspec")


Way = tuple[str, str, str]
"""``role`` for what a role can override, else ``page``; its title; and its address from the root of the site."""


def page_address(app: Sphinx, docname: str) -> str:
    """Return the address of a page from the root of the site."""
    if isinstance(app.builder, SingleFileHTMLBuilder):
        return f"{app.config.root_doc}{app.builder.out_suffix}"
    return app.builder.get_target_uri(docname)


def ways(app: Sphinx) -> tuple[Way, ...]:
    """Return the pages that answer something and hold no part of the spec, once all of them are written."""
    env, domain = app.env, domain_of(app.env)
    site = domain.given.site
    asking = {
        name
        for name, page in domain.pages.items()
        if page.questions and not page.holds_spec and name != env.config.root_doc
    }
    found: list[Way] = []
    if app.builder.name not in PAGE_BUILDERS:
        return ()
    for name in site.pages if site else reading_order(env, asking):
        if name in asking and name in env.titles:
            kind = "role" if site and site.pages[name].role else "page"
            found.append((kind, env.titles[name].astext(), page_address(app, name)))
    more = [(f"{domain.name}-{index.name}", str(index.localname)) for index in INDICES]
    more += [(ASK_PAGE, _("Ask the spec")), (CHANGES_PAGE, _("What changed"))]
    more += [(name, title) for _option, name, title in pages_of_options()]
    found += [("page", title, page_address(app, name)) for name, title in more if _is_written(app, name)]
    return tuple(found)


def pages_of_options() -> tuple[tuple[str, str, str], ...]:
    """Return the pages that show files of an option: the option, the name of the page, its title."""
    return (
        ("policyspec_results", RESULTS_PAGE, _("Results of evaluations")),
        ("policyspec_feedback", FEEDBACK_PAGE, _("Feedback")),
        ("policyspec_decisions", DECISIONS_PAGE, _("Decisions")),
        ("policyspec_proposals", PROPOSALS_PAGE, _("Proposed changes")),
    )


def announce_pages(app: Sphinx) -> None:
    """Let references name the pages that have no source, as they name indices."""
    config, standard = PolicySpecConfig.of(app.config), app.env.domains.standard_domain
    pages = [(config.ask_page, ASK_PAGE, _("Ask the spec")), (config.older, CHANGES_PAGE, _("What changed"))]
    pages += [(app.config[option], name, title) for option, name, title in pages_of_options()]
    for is_there, name, title in pages:
        if is_there:
            standard.note_hyperlink_target(name, name, "", str(title))
        else:
            standard.labels.pop(name, None)
            standard.anonlabels.pop(name, None)


def provision_link(app: Sphinx, page: str, name: str) -> str:
    """Return the title of a provision as a link in HTML, with its level; for one that is missing, its id.

    :param page: name of the page that it is on
    """
    domain = domain_of(app.env)
    item = domain.find(TargetKind.PROVISION, name)
    if item is None:
        return f"<code>{html_safe(name)}</code>"
    address = f"{app.builder.get_relative_uri(page, item.docname)}#{item.anchor}"
    level = level_html(item.level, domain.title_of_level(item.level)) if item.level else ""
    return f'<a class="reference internal" href="{escape(address, quote=True)}">{html_safe(item.title)}</a>{level}'


def _is_written(app: Sphinx, name: str) -> bool:
    """Return whether a page without a source is in the output."""
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder) or builder.name not in PAGE_BUILDERS:
        return False
    return Path(builder.get_outfilename(name)).is_file()


def search_address(app: Sphinx) -> str:
    """Return the address of the page that searches, from the root of the site; empty where there is none."""
    return page_address(app, "search") if _is_written(app, "search") else ""


_TABLES = ("json", "pickle")
"""Builders that write what templates would get."""


def show_index(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any]) -> str | None:
    """Show an index of ours as lists below headings, on an ordinary page: themes make a table by letters, here titles.

    Returns the name of the template.
    """
    if not is_index_page(pagename, templatename) or app.builder.name in _TABLES:
        return None
    groups = [
        (escape(heading), anchor_of_heading(heading), entries) for heading, entries in context["content"]
    ]
    jumps = "".join(
        f'<li><a class="reference internal" href="#{to}">{name}</a></li>' for name, to, _e in groups
    )
    sections = "".join(
        f'<section><h2 id="{anchor}">{heading}</h2><ul>{"".join(_entries(entries, context["pathto"]))}</ul></section>'
        for heading, anchor, entries in groups
    )
    title = escape(str(context["indextitle"]))
    context["title"] = context["indextitle"]
    jumpbox = f'<ul class="ps-jumps">{jumps}</ul>' if len(groups) > 1 else ""
    head = f"<h1>{title}</h1>{_others(app, pagename, context['pathto'])}"
    context["body"] = f'<section class="ps-index">{head}{jumpbox}{sections}</section>'
    return "page.html"


def _others(app: Sphinx, pagename: str, pathto: Callable[[str], str]) -> str:
    """Return links from an index to the others: a theme may show none."""
    ours = [index for index in getattr(app.builder, "domain_indices", ()) if index[1] in INDICES]
    links = " · ".join(
        f'<a class="reference internal" href="{escape(pathto(name))}">{escape(str(index.localname))}</a>'
        for name, index, *_rest in ours
        if name != pagename
    )
    label = escape(_("Indices"), quote=True)
    return f'<nav class="ps-indices" aria-label="{label}">{links}</nav>' if links else ""


def _entries(entries: Iterable[IndexEntry], pathto: Callable[[str], str]) -> Iterator[str]:
    for name, _kind, docname, anchor, extra, _qualifier, description in entries:
        link = f'<a class="reference internal" href="{escape(pathto(docname))}#{escape(anchor)}">{escape(name)}</a>'
        more = f" <em>({escape(extra)})</em>" if extra else ""
        lines = (line.partition(": ") for line in description.splitlines())
        turns = "".join(
            f'<div class="ps-message"><p class="ps-role"><span class="ps-role-name">{escape(role)}</span></p>'
            f'<div class="ps-body"><p dir="auto">{escape(text)}</p></div></div>'
            for role, _sep, text in lines
        )
        yield f"<li>{link}{more}{turns}</li>"


def topic_address(app: Sphinx, topic: Topic) -> str:
    """Return where things about a topic are listed: a table of principles, else the index; empty without both."""
    site = domain_of(app.env).given.site
    for name, page in site.pages.items() if site else ():
        if ViewKind.PRINCIPLE_TABLE in page.views:
            return f"{page_address(app, name)}#ps:{urlencode({'1.topic': topic.id})}"
    if not _is_written(app, TOPIC_INDEX):
        return ""
    return f"{page_address(app, TOPIC_INDEX)}#{anchor_of_heading(topic.label)}"


_FURNISHED = re.compile(
    rb'<div class="ps-search\b(?:(?!<div class="ps-search|</div>).)*+</div>\n?', re.DOTALL
)
_RESULTS = re.compile(rb'<div\b[^<>]*\bid="search-results"')
"""Where Sphinx and themes show what a search finds."""


def furnish(app: Sphinx, found: Sequence[Way]) -> None:
    """Add to the search page, whose template has no place for it, what our script fills, and a text without scripts."""
    if not _is_written(app, "search"):
        return
    whole = " ps-whole" if domain_of(app.env).given.site else ""
    say = escape(_("The search needs JavaScript. Without it, look in:"))
    asks = page_address(app, ASK_PAGE)
    links = " · ".join(_way_html(app, "search", way) for way in found if way[2] != asks)
    place = f'<div class="ps-search{whole}"><noscript><p>{say} {links}</p></noscript></div>\n'
    _insert(app, "search", _RESULTS, place)


def _way_html(app: Sphinx, page: str, way: Way) -> str:
    address = relative_uri(app.builder.get_target_uri(page), way[2])
    return f'<a href="{escape(address, quote=True)}">{escape(way[1])}</a>'


def _insert(app: Sphinx, name: str, before: re.Pattern[bytes], html: str) -> None:
    """Insert HTML into a page that is written, in the place of what an earlier build inserted."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)  # noqa: S101 - only those have such pages
    file = Path(app.builder.get_outfilename(name))
    page = file.read_bytes()
    # The page may be in any encoding that has the letters of HTML.
    added = html.encode("ascii", "xmlcharrefreplace")
    fresh = before.sub(lambda match: added + match[0], _FURNISHED.sub(b"", page), count=1)
    if fresh != page:
        write_output(file, fresh)
