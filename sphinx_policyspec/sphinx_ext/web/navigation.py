"""The ways around a site: numbers, order, anchors and links of boxes on a page; examples and levels in contents and sidebars; the other releases of a handbook."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.config import Edition, Editions
from sphinx_policyspec.sphinx_ext.domain.domain import (
    PolicyDomain,
    domain_of,
)
from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of
from sphinx_policyspec.sphinx_ext.web.places import SINCE, Place, level_html

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.web.changes import Later


def below_text(section: nodes.section) -> int:
    """Return the place below a section's own text, which other sections may follow; at its end where it has none."""
    below = (n for n, child in enumerate(section.children) if isinstance(child, nodes.section))
    place = next(below, len(section.children))
    return place if has_text(section) else len(section.children)


def has_text(section: nodes.section) -> bool:
    """Return whether a section says anything itself before other sections begin."""
    heads = (nodes.title, policy.PolicyBadge, nodes.section)
    return any(
        not (isinstance(child, heads) or policy.is_unseen(child) or SINCE in child["classes"])
        for child in section.children
        if isinstance(child, nodes.Element)
    )


def target_of(link: nodes.reference) -> str:
    """Return the anchor that a link inside the site leads to."""
    if refid := link.get("refid"):
        return str(refid)
    return str(link.get("refuri", "")).rpartition("#")[2] if link.get("internal") else ""


def surroundings(link: nodes.reference) -> tuple[nodes.Element | None, str, bool]:
    """Return the section and the example around a link, and whether it is in running text."""
    example, is_plain = "", True
    above = link.parent
    while above is not None and not isinstance(above, nodes.section):
        if isinstance(above, policy.PolicyExample):
            example = above["ids"][0] if above["ids"] else ""
        is_plain &= not isinstance(above, policy.PolicyQuery | nodes.title | nodes.rubric)
        above = above.parent
    return above, example, is_plain


def link_boxes_to_themselves(elements: Sequence[nodes.Element]) -> None:
    """Give each aside an anchor, and each box that has one a link to itself."""
    count: Counter[str] = Counter()
    for box in elements:
        if isinstance(box, policy.PolicyCommentary) and not box["ids"]:
            section = policy.around(box, nodes.section)
            owner = section["ids"][0] if section is not None and section["ids"] else ""
            count[owner] += 1
            number = f"-{count[owner]}" if count[owner] > 1 else ""
            box["ids"].append("-".join(filter(None, ("commentary", owner))) + number)
    for owner_box, head in _heads(elements):
        if owner_box["ids"]:
            head.append(policy.PolicySelfLink("", anchor=owner_box["ids"][0]))


def _heads(elements: Iterable[nodes.Element]) -> Iterator[tuple[nodes.Element, nodes.Element]]:
    """Yield each box with the line that heads it."""
    for box in elements:
        if isinstance(box, policy.PolicyCommentary | policy.PolicyDefinition | policy.PolicyDeclaration):
            head = box.next_node(nodes.paragraph if isinstance(box, policy.PolicyCommentary) else nodes.term)
            if head is not None:
                yield box, head


_SILENT = (
    nodes.title,
    nodes.rubric,
    nodes.term,
    nodes.reference,
    nodes.literal,
    nodes.FixedTextElement,
    nodes.math,
    nodes.raw,
    nodes.Invisible,
    policy.PolicyBadge,
    policy.PolicyExample,
    policy.PolicyPrompt,
    policy.PolicyQuery,
)
"""Nodes in which no term is linked: headings and code stay unchanged, and words of others are no use by the spec."""


@dataclass(frozen=True, slots=True)
class Term:
    """A defined term, and where its definition is."""

    words: str
    docname: str
    anchor: str


def terms_of(domain: PolicyDomain) -> tuple[Term, ...]:
    """Return the defined terms of a project, longer ones first, so that they win over their parts."""
    found = {
        item.title: Term(item.title, item.docname, item.anchor)
        for item in domain.page_objects()
        if item.kind is TargetKind.DEFINITION and item.title.strip()
    }
    return tuple(sorted(found.values(), key=lambda term: (-len(term.words), term.words)))


def link_terms(doctree: nodes.document, terms: Sequence[Term], address: Callable[[str, str], str]) -> None:
    """Make the first use of each term in the provisions of a page a link, unless the page has one already.

    A term is found as whole words, whatever the case, its plural with an s included.
    """
    if not terms:
        return
    linked = {target_of(link) for link in doctree.findall(nodes.reference)}
    wanted = {" ".join(term.words.lower().split()): term for term in terms if term.anchor not in linked}
    if not wanted:
        return
    words = (r"\s+".join(map(re.escape, name.split())) for name in wanted)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(words)})(s?)(?![\w-])", re.IGNORECASE)
    for text in list(_texts(doctree)):
        if not wanted:
            return
        _link_in(text, pattern, wanted, address)


def _texts(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield the texts of provisions in which a term may be linked."""
    for text in doctree.findall(nodes.Text):
        above = text.parent
        while above is not None and not isinstance(above, _SILENT):
            if isinstance(above, nodes.section):
                if {"ps-principle", "ps-section"}.intersection(above["classes"]):
                    yield text
                break
            above = above.parent


def _link_in(
    text: nodes.Text, pattern: re.Pattern[str], wanted: dict[str, Term], address: Callable[[str, str], str]
) -> None:
    definition = policy.around(text, policy.PolicyDefinition)
    own = definition["ids"] if definition is not None else ()
    parts: list[nodes.Node] = []
    at = 0
    for match in pattern.finditer(str(text)):
        term = wanted.get(" ".join(match[1].lower().split()))
        if term is None or term.anchor in own:
            continue
        del wanted[" ".join(match[1].lower().split())]
        parts += [nodes.Text(text[at : match.start()])] if match.start() > at else []
        classes = ["ps-term-link"]
        link = address(term.docname, term.anchor)
        parts.append(nodes.reference("", match[0], internal=True, refuri=link, classes=classes))
        at = match.end()
    if parts:
        parts += [nodes.Text(text[at:])] if at < len(text) else []
        text.parent.replace(text, parts)


def show_contents(app: Sphinx, docname: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Let a page's own contents show its examples, and after the titles of principles the words for their levels.

    Neither is part of the environment: Sphinx copies every entry of every page for the sidebar of each
    page, so that a project with twice the examples would take four times as long to write.
    """
    builder = app.builder
    if doctree is None or docname not in app.env.tocs or not isinstance(builder, StandaloneHTMLBuilder):
        return
    if builder.embedded or builder.name == "singlehtml":
        return
    levels, examples = _in_contents(doctree, examples=app.config.toc_object_entries)
    if not (levels or examples):
        return

    def with_more(entry: re.Match[str]) -> str:
        link, anchor, below = entry.groups(default="")
        if more := "".join(examples.pop(anchor, ())):
            below = f"<ul>\n{more}" if below else f"<ul>\n{more}</ul>\n"
        return f"{link}{levels.get(anchor, '')}</a>{below}"

    context |= {"toc": _CONTENTS.sub(with_more, context["toc"]), "display_toc": True}


_CONTENTS = re.compile(r'(<a class="reference internal" href="#([^"]*+)">(?:[^<]|<(?!/?a\b))*+)</a>(<ul>\n)?')
"""An entry of the contents of a page, the anchor that it leads to, and where the entries below it begin."""


def _in_contents(doctree: nodes.document, *, examples: bool) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the words for levels and the entries of examples, by the anchor of the section that they belong to."""
    levels: dict[str, str] = {}
    entries: dict[str, list[str]] = {}
    first = doctree.next_node(nodes.section)
    for box in policy.elements_of(doctree):
        if not isinstance(box, policy.PolicyBadge | policy.PolicyExample):
            continue
        section = policy.around(box, nodes.section)
        if section is None or not section["ids"]:
            continue
        # The first section of a page is the page.
        anchor = "" if section is first else escape(section["ids"][0])
        if isinstance(box, policy.PolicyBadge):
            levels[anchor] = level_html(box["level"], box["title"])
        elif examples and box["ids"]:
            title = policy.title_of_example(box)
            link = f'<a class="reference internal" href="#{escape(box["ids"][0])}">'
            if title is not None:
                entries.setdefault(anchor, []).append(f"<li>{link}{escape(title.astext())}</a></li>\n")
    return levels, entries


_ENTRY = re.compile(
    r'(<a class="(?=[^"]*\breference internal\b)[^"]*+" href="([^"]*)">)((?:(?!<a\b).)*?)(</a>)', re.DOTALL
)

_LIST = re.compile(r'<div class="toctree-wrapper\b.*?(?:</div>|\Z)', re.DOTALL)


class LevelsByAddress:
    """Finds the principle that an address inside a site leads to."""

    def __init__(self, app: Sphinx) -> None:
        self._builder = app.builder
        self._levels: dict[str, Place] = {}
        self._pages: dict[str, Place] = {}
        """Principles that are a page of their own, by its address."""
        self.used: set[str] = set()
        """The levels that some principle has."""
        domain, titles = domain_of(app.env), app.env.titles
        for docname, page in domain.pages.items():
            of_page = [
                item for item in page.objects if item.kind is TargetKind.PROVISION and not item.is_alias
            ]
            for item in of_page:
                if item.level:
                    level = domain.title_of_level(item.level)
                    self.used.add(item.level)
                    self._levels[item.anchor] = Place(docname, item.anchor, item.title, item.level, level)
            first = self._levels.get(of_page[0].anchor) if of_page else None
            if first and docname in titles and titles[docname].astext() == first.title:
                self._pages[posixpath.normpath(app.builder.get_target_uri(docname))] = first

    def of_anchor(self, anchor: str) -> Place | None:
        """Return the principle that has an anchor."""
        return self._levels.get(anchor)

    def find(self, address: str, docname: str) -> Place | None:
        """Return the principle that an address on a page leads to."""
        path, _, anchor = address.partition("#")
        if anchor:
            return self._levels.get(anchor)
        if not self._pages or "://" in path:
            return None
        here = self._builder.get_target_uri(docname)
        whole = posixpath.join(posixpath.dirname(here), path) if path else here
        return self._pages.get(posixpath.normpath(whole))

    def marked(self, html: str, docname: str) -> str:
        """Return navigation with the word for its level after each principle."""

        def with_level(match: re.Match[str]) -> str:
            place = self.find(match[2], docname)
            if place is None or "ps-level-word" in match[3]:
                return match[0]
            return f"{match[1]}{match[3]}{level_html(place.level, place.level_title)}{match[4]}"

        # Sphinx does not give the captions of its lists a level as headings.
        html = html.replace(' role="heading">', ' role="heading" aria-level="2">')
        return _ENTRY.sub(with_level, html)

    def show(self, context: dict[str, Any], docname: str) -> None:
        """Put the words into lists of pages, and let templates and themes that ask for navigation get them, too."""
        if body := context.get("body"):
            # Sphinx resolves these lists when we no longer have the document.
            context["body"] = _LIST.sub(lambda found: self.marked(found[0], docname), body)
        render = context.get("toctree")
        if render is not None:
            context["toctree"] = lambda **options: self.marked(render(**options), docname)


_ = get_translation("sphinx_policyspec")

_START = "index"


def show_releases(app: Sphinx, pagename: str, context: dict[str, Any]) -> None:
    """Put links to the other releases before the text of a page, and on an old release a note about the newest.

    Search engines get the newest address, too: they show one of several pages with the same text.
    """
    editions = domain_of(app.env).given.editions
    if editions is None or "body" not in context:
        return
    pages = _same_pages(app, editions, pagename)
    newest = len(editions.every) - 1
    if editions.place != newest and newest in pages:
        address = editions.every[newest].address(pages[newest])
        context["pageurl"] = urljoin(str(app.config.html_baseurl or ""), address)
    label = escape(_("Releases"), quote=True)
    switch = (
        f'<nav class="ps-releases no-search" aria-label="{label}">{_switch_html(editions, pages)}</nav>\n'
    )
    note = "" if editions.place == newest else _note_of_old(app, editions, pages, pagename)
    context["body"] = switch + note + context["body"]


def switch_for_sidebar(app: Sphinx, pagename: str) -> str:
    """Return the same for a sidebar; where a page has it there, the style sheet hides the one before the text."""
    if (editions := domain_of(app.env).given.editions) is None:
        return ""
    switch = _switch_html(editions, _same_pages(app, editions, pagename))
    return f'<div class="ps-releases ps-in-sidebar">{switch}</div>\n'


def _same_pages(app: Sphinx, editions: Editions, pagename: str) -> dict[int, str]:
    site = domain_of(app.env).given.site
    page = site.pages.get(pagename) if site else None
    # The first page leads to first pages, whatever else is on it.
    ids = [provision.id for provision in page.provisions] if page and pagename != _START else ()
    return editions.same_page(pagename, ids)


def _switch_html(editions: Editions, pages: dict[int, str]) -> str:
    current, newest = editions.every[editions.place], editions.every[-1]
    items = "".join(
        f"<li>{_item_html(edition, pages.get(place, ''), is_current=edition is current)}</li>"
        for place, edition in reversed(list(enumerate(editions.every)))
    )
    label = _("Release %s") if current is newest else _("Release %s (old)")
    return f"<details><summary>{escape(label % current.name)}</summary><ul>{items}</ul></details>"


def _note_of_old(app: Sphinx, editions: Editions, pages: dict[int, str], pagename: str) -> str:
    """Return the note on pages of an old release: a line that stays visible, and what has changed on the page since."""
    from sphinx_policyspec.sphinx_ext.web.changes import later  # noqa: PLC0415  few sites have several releases

    newest, old = editions.every[-1], editions.every[editions.place]
    page = pages.get(len(editions.every) - 1, "")
    link = _link_html(newest, page, newest.name)
    here, now = escape(_("Old release %s") % old.name), escape(_("newest:"))
    line = f"<strong>{here}</strong><span> · {now} {link}<span></span></span>"
    note = f'<p class="ps-old-release no-search" role="note">{line}</p>\n'
    site = domain_of(app.env).given.site
    site_page = site.pages.get(pagename) if site else None
    found = later(editions, [provision.id for provision in site_page.provisions] if site_page else ())
    if not found:
        return note
    changed = [item for item in found if item.is_changed]
    words = _("{count} of {all} principles here have changed since.")
    text = (
        words.format(count=len(changed), all=len(found)) if changed else _("Nothing here has changed since.")
    )
    items = "".join(
        f'<li data-ps-for="{escape(anchor_of(TargetKind.PROVISION, item.id), quote=True)}">{_later_html(item)}</li>'
        for item in changed
    )
    fold = f"<details><summary>{escape(text)}</summary><ul>{items}</ul></details>" if items else escape(text)
    return f'{note}<div class="ps-old-changes no-search">{fold}</div>\n'


def _later_html(item: Later) -> str:
    title = escape(item.title)
    if item.address:
        return f'<a href="{escape(item.address, quote=True)}">{title}</a>'
    return "{} ({})".format(title, escape(_("no longer in it")))


def _item_html(edition: Edition, page: str, *, is_current: bool) -> str:
    if is_current:
        return f'<span aria-current="true">{escape(edition.name)}</span>'
    note = "" if page else " ({})".format(_("first page"))
    return _link_html(edition, page, edition.name) + escape(note)


def _link_html(edition: Edition, page: str, text: str) -> str:
    address = escape(edition.address(page or _START), quote=True)
    return f'<a href="{address}" data-ps-release="{escape(edition.name, quote=True)}">{escape(text)}</a>'


@dataclass(frozen=True)
class Entry:
    """A line of a sidebar, with those below it; written once, since most pages do not lead through it.

    :param page: the page that it leads to, if it stands for all of it; empty for a place on a page
    :param level: the word for the level of a principle, as HTML
    """

    title: str
    address: str
    page: str = ""
    level: str = ""
    depth: int = 1
    below: tuple[Entry, ...] = ()

    @cached_property
    def pages(self) -> frozenset[str]:
        """The pages of the line, and of those below it."""
        return frozenset({self.page}).union(*(entry.pages for entry in self.below)) - {""}

    @cached_property
    def folded(self) -> str:
        """The line alone, on pages that it does not lead to."""
        return self._html("")

    @cached_property
    def unfolded(self) -> str:
        """The line with all below it, likewise."""
        return self._html("".join(entry.unfolded for entry in self.below))

    def html(self, pagename: str, *, collapse: bool) -> str:
        """Return the line as a page shows it.

        :param collapse: what is on other pages is folded
        """
        if pagename not in self.pages:
            return self.folded if collapse else self.unfolded
        here = self.page == pagename
        parts = (
            entry.html(pagename, collapse=collapse and not (here and not entry.page)) for entry in self.below
        )
        return self._html("".join(parts), current="current ", here="current " if here else "")

    def _html(self, below: str, *, current: str = "", here: str = "") -> str:
        address = "#" if here else escape(self.address, quote=True)
        link = f'<a class="{here}reference internal" href="{address}">{escape(self.title)}{self.level}</a>'
        inner = f"<ul>\n{below}</ul>\n" if below else ""
        return f'<li class="{current}toctree-l{self.depth}">{link}{inner}</li>\n'


def sidebar_html(groups: Iterable[tuple[str, Sequence[Entry]]], pagename: str, *, collapse: bool) -> str:
    """Return groups of lines below their captions, in the form of Sphinx, which themes know; as :meth:`Entry.html`."""
    return "".join(
        f'<p class="caption" role="heading" aria-level="2"><span class="caption-text">{escape(caption)}</span></p>\n'
        f"<ul>\n{''.join(entry.html(pagename, collapse=collapse) for entry in entries)}</ul>\n"
        for caption, entries in groups
        if entries
    )


def lead_nowhere_else(context: dict[str, Any]) -> None:
    """Remove links to a search and an index from a site of one page, which writes neither."""
    missing = {"search", "genindex"}
    has, path = context["hasdoc"], context["pathto"]
    context["hasdoc"] = lambda name: name not in missing and has(name)
    # A form that leads to its own page is answered there, by our script.
    context["pathto"] = lambda name, *more, **rest: "#" if name in missing else path(name, *more, **rest)


_TREE = "furo_navigation_tree"
_HERE = re.compile(r'<li class="[^"]*\bcurrent-page\b')
_LINE = re.compile(r"<li\b|</li>")
_FOLDED = re.compile(r"<input (?![^<>]*\bchecked\b)")


def open_chapter(
    app: Sphinx, _pagename: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Let furo, which folds each line of its sidebar, show all principles of the page that is read.

    If a script did that, the sidebar would jump.
    """
    tree = str(context.get(_TREE) or "")
    here = _HERE.search(tree) if domain_of(app.env).own_pages() else None
    if here is None:
        return
    depth, end = 0, len(tree)
    for line in _LINE.finditer(tree, here.start()):
        depth += 1 if line[0] == "<li" else -1
        if not depth:
            end = line.end()
            break
    opened = _FOLDED.sub('<input checked="" ', tree[here.start() : end])
    context[_TREE] = tree[: here.start()] + opened + tree[end:]
