"""The pages of a handbook and what each contains; their nodes come from the spec, their files are empty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import Parser as RstParser
from sphinx import addnodes
from sphinx.config import Config
from sphinx.locale import get_translation
from sphinx.parsers import Parser

from sphinx_policyspec.files import grouped
from sphinx_policyspec.graph.touches import about
from sphinx_policyspec.model import (
    Markup,
    Principle,
    Provision,
    Span,
    Spec,
    TargetKind,
    roles_that_override,
    who_may_override,
)
from sphinx_policyspec.model.spec import DEFAULT_TITLE
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import PolicyView
from sphinx_policyspec.sphinx_ext.asks.directives import SurveyView
from sphinx_policyspec.sphinx_ext.asks.queries import COLUMNS, Query, View, ViewKind
from sphinx_policyspec.sphinx_ext.config import Site, SitePage
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, Ask, outside_record, page_record
from sphinx_policyspec.sphinx_ext.markdown.foreign import license_node
from sphinx_policyspec.sphinx_ext.markdown.render import SpecRenderer
from sphinx_policyspec.sphinx_ext.markdown.to_nodes import OverlayFacts
from sphinx_policyspec.sphinx_ext.nodes import boxes
from sphinx_policyspec.sphinx_ext.nodes.boxes import counted, style_name, summary, word
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyChip,
    PolicyQuery,
    anchor_of,
    around,
    elements_of,
)
from sphinx_policyspec.sphinx_ext.web.places import ASK_PAGE, NEWS

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

LAYOUTS = ("one", "chapter", "section")
"""What each page contains: everything, a provision of depth 1, or one of depth 1 or 2."""

START = "index"
"""Name of the first page."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")
VIEWS: Mapping[str, tuple[ViewKind, ...]] = MappingProxyType(
    {
        "all-principles": (ViewKind.PRINCIPLE_TABLE,),
        "all-examples": (ViewKind.EXAMPLE_TABLE,),
        "map": (ViewKind.MATRIX,),
        "coverage": (ViewKind.COVERAGE,),
        "survey": (ViewKind.SURVEY,),
    }
)
"""Pages that show the whole spec at once, with their views."""

OVERLAYS_PAGE = "what-we-change"
"""The page that shows what overlays change."""

_FOR_MAINTAINERS = ("coverage", "survey")
_RESERVED = frozenset(
    {
        START,
        OVERLAYS_PAGE,
        *VIEWS,
        "genindex",
        "search",
        "py-modindex",
        "policy-changes",
        "policy-levels",
        "policy-topics",
        "policy-examples",
    }
)


def folders_of(names: Iterable[str], kind: str) -> Iterator[str]:
    """Yield the folder name of each release or spec: its version or name if that is valid and free, else a number."""
    used: set[str] = set()
    for number, text in enumerate(names, 1):
        name = re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip(".-")
        name = name if name and name.casefold() not in used else f"{kind}-{number}"
        used.add(name.casefold())
        yield name


def addresses(spec: Spec, layout: str) -> dict[str, str]:
    """Return the address of each provision in the site of a spec, relative to its folder."""
    return {
        one.id: f"{page.name}.html#{anchor_of(TargetKind.PROVISION, one.id)}"
        for page in lay_out(spec, layout)
        for one in page.provisions
    }


def lay_out(spec: Spec, layout: str) -> tuple[SitePage, ...]:
    """Return the pages of a spec, the start page first, pages with views last."""
    views = (*_role_pages(spec), *_view_pages(spec))
    overviews = tuple(page.name for page in views)
    if layout == "one":
        return (SitePage(name=START, provisions=spec.provisions, overviews=overviews), *views)
    depth = (1 if layout == "chapter" else 2) + _is_titled(spec)
    heads = [p for p in spec.provisions if p.depth <= depth]
    ids = [head.id for head in heads]
    names = dict(zip(ids, _names(ids, overviews), strict=True))
    contents: dict[str, list[Provision]] = {head.id: [] for head in heads}
    current = ""
    for provision in spec.provisions:
        current = provision.id if provision.id in names else current
        contents[current].append(provision)
    below = grouped((head.parent, names[head.id]) for head in heads)
    start = SitePage(name=START, below=tuple(below.get(None, ())), overviews=overviews)
    pages = (
        SitePage(
            name=names[head.id], provisions=tuple(contents[head.id]), below=tuple(below.get(head.id, ()))
        )
        for head in heads
    )
    return (start, *pages, *views)


def _is_titled(spec: Spec) -> bool:
    """Return whether the one heading above all others is the title of a Markdown text, not a chapter."""
    is_plain = all(one.markup is Markup.MARKDOWN for one in spec.documents)
    return is_plain and [one.depth for one in spec.provisions[1:]].count(1) == 0 < len(spec.provisions[1:])


def _view_pages(spec: Spec) -> tuple[SitePage, ...]:
    """Return the pages with views that have something to show; some need principles, examples or topics."""
    has = {
        ViewKind.PRINCIPLE_TABLE: bool(spec.principles),
        ViewKind.EXAMPLE_TABLE: bool(spec.examples),
        ViewKind.MATRIX: bool(spec.principles and spec.topics),
        ViewKind.COVERAGE: bool(spec.principles),
        ViewKind.SURVEY: bool(spec.principles),
    }
    pages = ((name, tuple(kind for kind in kinds if has[kind])) for name, kinds in VIEWS.items())
    own = (SitePage(name=OVERLAYS_PAGE, views=(OVERLAYS_PAGE,)),) if spec.overlays or spec.refusals else ()
    return (*own, *(SitePage(name=name, views=kinds) for name, kinds in pages if kinds))


def overridable(spec: Spec, role: str) -> list[Principle]:
    """Return the principles that messages of a role can override."""
    levels = {level.id for level in spec.levels if role in roles_that_override(spec.levels, level)}
    return [principle for principle in spec.principles if principle.authority in levels]


def _role_pages(spec: Spec) -> tuple[SitePage, ...]:
    """Return a page for each role that can override something, the lowest level first."""
    roles = dict.fromkeys(role for level in reversed(spec.levels) for role in level.roles)
    can = [role for role in roles if overridable(spec, role)]
    names = _names(can, (), "may-override-")
    return tuple(SitePage(name=name, role=role) for name, role in zip(names, can, strict=True))


def _names(ids: Iterable[str], others: Iterable[str], prefix: str = "") -> Iterator[str]:
    """Yield a file name for each id: the id after a prefix if that is valid and free, else a number.

    :param others: names of other pages
    """
    used: set[str] = {*_RESERVED, *others}
    numbers = count(1)
    for identifier in ids:
        name = f"{prefix}{identifier}".replace("/", "-")
        while name in used or not _PLAIN.fullmatch(name):
            name = f"page-{next(numbers)}"
        used.add(name)
        yield name


def page_spec(spec: Spec, page: SitePage) -> Spec:
    """Return the part of a spec that is on one page; topics and goals have no page."""
    ids = {provision.id for provision in page.provisions}
    is_start = page.name == START
    return replace(
        spec,
        preamble=spec.preamble if is_start else (),
        topics=(),
        goals=(),
        provisions=page.provisions,
        clauses=tuple(clause for clause in spec.clauses if clause.principle in ids),
        references=tuple(r for r in spec.references if (r.source in ids if r.source else is_start)),
        links=tuple(link for link in spec.links if (link.source in ids if link.source else is_start)),
        eval_tags=tuple(
            tag for tag in spec.eval_tags if (tag.provision in ids if tag.provision else is_start)
        ),
        prompt_files=spec.prompt_files if is_start else (),
        changelog=spec.changelog if is_start else None,
    )


_ = get_translation("sphinx_policyspec")

_COLUMNS = {
    ViewKind.PRINCIPLE_TABLE: ("title", "level", "topics", "examples", "prompts", "references"),
    ViewKind.EXAMPLE_TABLE: ("title", "principle", "level", "good", "bad", "ok"),
    ViewKind.COVERAGE: COLUMNS[ViewKind.COVERAGE],
}

SUFFIX = ".policyspec"
FILETYPE = "policyspec"


class SitePageParser(Parser):
    """Builds a page from the spec that the handbook gave to the domain."""

    supported: ClassVar[tuple[str, ...]] = (FILETYPE,)
    # Texts in a graph may be in a language whose parser has its own settings.
    settings_spec = RstParser.settings_spec

    def parse(self, inputstring: str, document: nodes.document) -> None:  # noqa: ARG002  the file is empty
        """Fill ``document`` with the page that has its name."""
        env = document.settings.env
        domain = cast("PolicyDomain", env.get_domain(DOMAIN))
        site = domain.given.site
        page = site.pages.get(env.docname) if site else None
        if site is None or page is None:
            return
        if page.views or page.role:
            # A search finds the contents of tables and maps in the chapters.
            env.metadata[env.docname]["nosearch"] = True
            if page.name == OVERLAYS_PAGE:
                section, questions = _overlay_nodes(page, site.spec)
            else:
                section, questions = _role_nodes(page) if page.role else _view_nodes(page)
            document += section
            domain.note_document(env.docname, outside_record((), questions, (), ()))
            return
        renderer = SpecRenderer(document, site.spec, lambda file: str(site.root / file))
        document += _page_nodes(page, site, renderer, env.config)
        _name_files(document)
        domain.note_document(env.docname, *page_record(env.docname, page_spec(site.spec, page)))


def _name_files(document: nodes.document) -> None:
    """Make each node name the source file of its words: the file of the page is empty and temporary."""
    for node in elements_of(document):
        if node.source == document["source"]:
            above = around(node, nodes.section)
            node.source = above.source if above is not None else None


def _page_nodes(page: SitePage, site: Site, renderer: SpecRenderer, config: Config) -> list[nodes.Node]:
    sections = renderer.provisions(page.provisions)
    if page.name == START:
        start = nodes.section(
            "", nodes.title("", site.spec.title or DEFAULT_TITLE), ids=["spec"], classes=["ps-spec"]
        )
        home = Home(site, config)
        start += [*home.head(), *renderer.blocks(site.spec.preamble)]
        if page.below:
            start += [*_on_the_web(home.heading(_("The spec"))), _toctree(page, page.below, _("The spec"))]
        start += [*home.foot(), *sections]
        sections = [start]
    elif page.below and sections:
        sections[0] += _toctree(page, page.below)
    for caption, names in groups_of(page.overviews):
        sections[0] += _on_the_web(_toctree(page, names, caption, hidden=True))
    return list(sections)


def groups_of(overviews: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the pages that show the whole spec in groups with captions, those for readers first."""
    for_readers = [name for name in overviews if name not in _FOR_MAINTAINERS]
    others = [name for name in overviews if name in _FOR_MAINTAINERS]
    groups = ((_("Find"), tuple(for_readers)), (_("For maintainers"), tuple(others)))
    return [(caption, names) for caption, names in groups if names]


def _on_the_web(*content: nodes.Node) -> list[nodes.Node]:
    """Return content that only web pages show."""
    return [addnodes.only("", *content, expr="html")] if content else []


@dataclass(frozen=True, slots=True)
class Home:
    """The content of the first page of a handbook: what it is, who may override what, and where to look."""

    site: Site
    config: Config

    def head(self) -> list[nodes.Node]:
        """Return the content before the text: a sentence, a search, links, and a card for each level."""
        spec = self.site.spec
        if not spec.principles:
            return []
        content: list[nodes.Node] = [word(summary(spec), "ps-lead"), nodes.raw("", _search(), format="html")]
        content.append(_links(self._ways(), "ps-actions"))
        content += [self.heading(_("Who may override what")), self._cards()]
        if roles := [page for page in self.site.pages.values() if page.role]:
            content.append(self.heading(_("What you may change")))
            content.append(_links([self._way_of_role(page) for page in roles], "ps-roles"))
        # Changes are shown here if older releases are known.
        content.append(nodes.container("", classes=[NEWS]))
        return _on_the_web(*content)

    def foot(self) -> list[nodes.Node]:
        """Return the release, its date, publisher and licence."""
        spec = self.site.spec
        facts: list[tuple[str, list[nodes.Node]]] = [
            (_("Release"), [nodes.Text(spec.version)] if spec.version else []),
            (_("Date"), [nodes.Text(spec.issued)] if spec.issued not in {"", spec.version} else []),
            (_("Publisher"), [nodes.Text(spec.publisher)] if spec.publisher else []),
            (_("Licence"), [license_node(spec.license)] if spec.license else []),
        ]
        present = [(name, value) for name, value in facts if value]
        # The cover of a PDF has it, too.
        return _on_the_web(boxes.facts(present)) if present else []

    @staticmethod
    def heading(text: str) -> nodes.rubric:
        """Return a heading that is not in the table of contents."""
        return nodes.rubric("", text, translatable=False, **{"heading-level": 2})

    def _ways(self) -> Iterator[tuple[str, str]]:
        """Yield addresses, relative to the first page, and their titles."""
        views = [
            name for name, page in self.site.pages.items() if page.views and name not in _FOR_MAINTAINERS
        ]
        yield from ((f"{name}.html", title_of(self.site.pages[name])) for name in views)
        if any(about(self.site.spec).values()):
            yield "policy-topics.html", _("By topic")
        if self.config.policyspec_ask_page:
            yield f"{ASK_PAGE}.html", _("Ask the spec")
        if self.site.pdf:
            yield self.site.pdf, _("PDF")
        for name in self.config.policyspec_outputs:
            yield f"spec.{name}", _("Graph ({format})").format(format=name)

    def _cards(self) -> nodes.bullet_list:
        spec = self.site.spec
        counts = Counter(principle.authority for principle in spec.principles)
        cards = nodes.bullet_list(bullet="-", classes=["ps-cards"])
        ranked = {level.id: level for level in spec.levels}
        for name in dict.fromkeys([*ranked, *counts]):
            if not counts[name]:
                continue
            level = ranked.get(name)
            title = (level.title if level else "") or name.capitalize()
            badge = PolicyChip(
                "", "", classes=["ps-chip", f"ps-level-{style_name(name)}"], level=name, title=title
            )
            badge += nodes.inline("", title, classes=["ps-badge-level"])
            rows = nodes.reference(
                "",
                counted(counts[name]),
                internal=True,
                refuri=f"all-principles.html#ps:1.level={style_name(name)}",
            )
            card = nodes.list_item(
                "", nodes.paragraph("", "", badge, nodes.Text(" "), rows, translatable=False)
            )
            card["classes"] += [f"ps-level-{style_name(name)}"]
            cards += card
            if level:
                card += word(who_may_override(spec.levels, level, title, _))
        return cards

    def _way_of_role(self, page: SitePage) -> tuple[str, str]:
        count = len(overridable(self.site.spec, page.role))
        return f"{page.name}.html", f"{title_of(page)} ({count})"


def _search() -> str:
    label, search = escape(_("Search principles and examples"), quote=True), escape(_("Search"))
    return (
        '<form class="ps-find" role="search" action="search.html" method="get">'
        f'<input type="search" name="q" aria-label="{label}" placeholder="{label}">'
        f'<button type="submit">{search}</button></form>\n'
    )


def _links(ways: Iterable[tuple[str, str]], style: str) -> nodes.bullet_list:
    """Return links to pages and files beside the first page."""
    items = nodes.bullet_list(bullet="-", classes=[style])
    for address, label in ways:
        link = nodes.reference("", label, internal=True, refuri=address)
        items += nodes.list_item("", nodes.paragraph("", "", link, translatable=False))
    return items


def _view_nodes(page: SitePage) -> tuple[nodes.section, tuple[Ask, ...]]:
    """Return a page with views, and their questions."""
    title = title_of(page)
    section = nodes.section(
        "", nodes.title(title, title), *_intro(page), ids=[f"{page.name}-page"], classes=["ps-table-page"]
    )
    place = Span(page.name, 1)
    questions = tuple(
        SurveyView(span=place)
        if kind is ViewKind.SURVEY
        else View(kind=kind, columns=_COLUMNS.get(kind, ()), expected=">=0", span=place)
        for kind in map(ViewKind, page.views)
    )
    for number, kind in enumerate(page.views):
        classes = ["ps-query", "ps-view", f"ps-{kind}"]
        section += PolicyView("", classes=classes, docname=page.name, number=number)
    return section, questions


def title_of(page: SitePage) -> str:
    """Return the title of a page that shows the whole spec, or what messages of a role can override."""
    if page.role:
        roles = {
            "system": _("What a system message may override"),
            "developer": _("What a developer may override"),
            "user": _("What a user may override"),
        }
        return roles.get(page.role) or _("What messages from {role} may override").format(role=page.role)
    titles = {
        OVERLAYS_PAGE: _("What we change"),
        "all-principles": _("All principles"),
        "all-examples": _("All examples"),
        "map": _("Map"),
        "coverage": _("Coverage"),
        "survey": _("What is left open"),
    }
    return titles[page.name]


def _intro(page: SitePage) -> list[nodes.Node]:
    """Return the introduction of a page that shows the whole spec, for new readers."""
    intros = {
        "all-examples": _(
            "Each example shows where the limits of its principle lie, by answers that follow it and answers that do not."
        ),
        "map": _(
            "How many principles of each level are about each topic. A number leads to them; a dot means none."
        ),
        "coverage": _(
            "How well each principle is supported: by examples, by prompts that test it, and by references to it."
        ),
        "survey": _("For the people who write the spec: what its text does not settle."),
    }
    sentence = (
        _(
            "Messages of this kind may override the principles below. All others apply, whatever such a message asks for."
        )
        if page.role
        else intros.get(page.name)
    )
    return [word(sentence)] if sentence else []


def _role_nodes(page: SitePage) -> tuple[nodes.section, tuple[Ask, ...]]:
    """Return the page of a role, and its question."""
    title = title_of(page)
    place = Span(page.name, 1)
    query = Query(
        name="overridable-by", params=(("level", page.role),), format="levels", expected=">=0", span=place
    )
    section = nodes.section("", nodes.title(title, title), *_intro(page), ids=[f"{page.name}-page"])
    section += PolicyQuery("", classes=["ps-query"], docname=page.name, number=0)
    return section, (query,)


def _overlay_nodes(page: SitePage, spec: Spec) -> tuple[nodes.section, tuple[Ask, ...]]:
    """Return the page of what overlays change, which has no questions."""
    title = title_of(page)
    content = OverlayFacts(page.name, spec).changes()
    return nodes.section("", nodes.title(title, title), *content, ids=[f"{page.name}-page"]), ()


def _toctree(
    page: SitePage, below: tuple[str, ...], caption: str = "", *, hidden: bool = False
) -> nodes.Node:
    """Return the table of contents of the pages below, as Sphinx's own directive builds it."""
    tree = addnodes.toctree(
        parent=page.name,
        entries=[(None, name) for name in below],
        includefiles=list(below),
        # A chapter lists everything down to its principles.
        maxdepth=-1 if caption else 2,
        caption=caption or None,
        rawcaption=caption,
        glob=False,
        hidden=hidden,
        includehidden=False,
        numbered=0,
        titlesonly=False,
    )
    classes = ["toctree-wrapper", *(["ps-chapters"] if caption else [])]
    return nodes.compound("", tree, classes=classes)
