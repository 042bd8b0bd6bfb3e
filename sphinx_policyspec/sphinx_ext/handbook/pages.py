"""The pages of a handbook: how a spec is laid out over them; their nodes come from the spec, their files are empty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import Parser as RstParser
from sphinx import addnodes
from sphinx.locale import get_translation
from sphinx.parsers import Parser

from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Principle, Provision, Span, Spec, roles_that_override
from sphinx_policyspec.model.spec import DEFAULT_TITLE
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import PolicyView
from sphinx_policyspec.sphinx_ext.asks.directives import SurveyView
from sphinx_policyspec.sphinx_ext.asks.queries import COLUMNS, Query, View, ViewKind
from sphinx_policyspec.sphinx_ext.config import Site, SitePage
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, Ask, outside_record, page_record
from sphinx_policyspec.sphinx_ext.markdown.foreign import is_address
from sphinx_policyspec.sphinx_ext.markdown.render import SpecRenderer
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyDeclaration, PolicyQuery, around, elements_of

if TYPE_CHECKING:
    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain

LAYOUTS = ("one", "chapter", "section")
"""What makes a page: everything, a provision of depth 1, or one of depth 1 or 2."""

START = "index"
"""Name of the first page."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")
VIEWS: Mapping[str, tuple[ViewKind, ...]] = MappingProxyType(
    {
        "all-principles": (ViewKind.PRINCIPLE_TABLE,),
        "all-examples": (ViewKind.EXAMPLE_TABLE,),
        "map": (ViewKind.MATRIX, ViewKind.GRAPH),
        "coverage": (ViewKind.COVERAGE,),
        "survey": (ViewKind.SURVEY,),
    }
)
"""Pages that show the whole spec at once, and what each shows."""

_RESERVED = frozenset(
    {
        START,
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


def lay_out(spec: Spec, layout: str) -> tuple[SitePage, ...]:
    """Return the pages of a spec, the start page first, pages with views last."""
    views = (*_role_pages(spec), *_view_pages(spec))
    overviews = tuple(page.name for page in views)
    if layout == "one":
        return (SitePage(name=START, provisions=spec.provisions, overviews=overviews), *views)
    depth = 1 if layout == "chapter" else 2
    heads = [p for p in spec.provisions if p.depth <= depth]
    ids = [head.id for head in heads]
    names = dict(zip(ids, _names(ids, overviews), strict=True))
    shown: dict[str, list[Provision]] = {head.id: [] for head in heads}
    current = ""
    for provision in spec.provisions:
        current = provision.id if provision.id in names else current
        shown[current].append(provision)
    below = grouped((head.parent, names[head.id]) for head in heads)
    start = SitePage(name=START, below=tuple(below.get(None, ())), overviews=overviews)
    pages = (
        SitePage(name=names[head.id], provisions=tuple(shown[head.id]), below=tuple(below.get(head.id, ())))
        for head in heads
    )
    return (start, *pages, *views)


def _view_pages(spec: Spec) -> tuple[SitePage, ...]:
    """Return the pages with views; a spec without principles or examples has nothing to show there."""
    has = {
        ViewKind.PRINCIPLE_TABLE: bool(spec.principles),
        ViewKind.EXAMPLE_TABLE: bool(spec.examples),
        ViewKind.MATRIX: bool(spec.principles and spec.topics),
        ViewKind.GRAPH: bool(spec.principles),
        ViewKind.COVERAGE: bool(spec.principles),
        ViewKind.SURVEY: bool(spec.principles),
    }
    found = ((name, tuple(kind for kind in kinds if has[kind])) for name, kinds in VIEWS.items())
    return tuple(SitePage(name=name, views=kinds) for name, kinds in found if kinds)


def overridable(spec: Spec, role: str) -> list[Principle]:
    """Return the principles that messages of a role can override."""
    levels = {level.id for level in spec.levels if role in roles_that_override(spec.levels, level)}
    return [principle for principle in spec.principles if principle.authority in levels]


def _role_pages(spec: Spec) -> tuple[SitePage, ...]:
    """Return a page for each role that can override something."""
    roles = dict.fromkeys(role for level in spec.levels for role in level.roles)
    can = [role for role in roles if overridable(spec, role)]
    names = _names(can, (), "may-override-")
    return tuple(SitePage(name=name, role=role) for name, role in zip(names, can, strict=True))


def _names(ids: Iterable[str], others: Iterable[str], prefix: str = "") -> Iterator[str]:
    """Yield a file name for each id: itself behind a prefix where that makes one, else a number.

    :param others: names of other pages
    """
    taken: set[str] = {*_RESERVED, *others}
    numbers = count(1)
    for given in ids:
        name = f"{prefix}{given}"
        while name in taken or not _PLAIN.fullmatch(name):
            name = f"page-{next(numbers)}"
        taken.add(name)
        yield name


def page_spec(spec: Spec, page: SitePage) -> Spec:
    """Return the part of a spec that stands on one page; topics and goals have no page."""
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
    # What a graph holds may be in a language whose parser has settings of its own.
    settings_spec = RstParser.settings_spec

    def parse(self, inputstring: str, document: nodes.document) -> None:  # noqa: ARG002  the file is empty
        """Fill ``document`` with the page of its name."""
        env = document.settings.env
        domain = cast("PolicyDomain", env.get_domain(DOMAIN))
        site = domain.given.site
        page = site.pages.get(env.docname) if site else None
        if site is None or page is None:
            return
        if page.views or page.role:
            section, questions = _role_nodes(page) if page.role else _view_nodes(page)
            document += section
            domain.note_document(env.docname, outside_record((), questions, (), ()))
            return
        renderer = SpecRenderer(document, site.spec, lambda file: str(site.root / file))
        links = _graph_links(env.config.policyspec_outputs)
        if env.config.policyspec_ask_page:
            links += [nodes.Text(", "), _reference_to_ask_page(env.docname)]
        document += _page_nodes(page, site, renderer, links)
        _name_files(document)
        domain.note_document(env.docname, *page_record(env.docname, page_spec(site.spec, page)))


def _name_files(document: nodes.document) -> None:
    """Have each node name the file of its words: the one that its page is made of is empty, and gone after the build."""
    for node in elements_of(document):
        if node.source == document["source"]:
            above = around(node, nodes.section)
            node.source = above.source if above is not None else None


def _page_nodes(
    page: SitePage, site: Site, renderer: SpecRenderer, links: list[nodes.Node]
) -> list[nodes.Node]:
    sections = renderer.provisions(page.provisions)
    if page.name == START:
        start = nodes.section(
            "", nodes.title("", site.spec.title or DEFAULT_TITLE), ids=["spec"], classes=["ps-spec"]
        )
        start += [*_imprint(site, links), *renderer.blocks(site.spec.preamble), *sections]
        sections = [start]
    if page.below and sections:
        sections[0] += _toctree(page.name, page.below)
    if page.overviews and sections:
        sections[0] += addnodes.only("", _toctree(page.name, page.overviews), expr="html")
    return list(sections)


def _view_nodes(page: SitePage) -> tuple[nodes.section, tuple[Ask, ...]]:
    """Return a page with views, and what they ask."""
    titles = {
        "all-principles": _("All principles"),
        "all-examples": _("All examples"),
        "map": _("Map"),
        "coverage": _("Coverage"),
        "survey": _("What is left open"),
    }
    title = titles[page.name]
    section = nodes.section("", nodes.title(title, title), ids=[f"{page.name}-page"])
    place = Span(page.name, 1)
    asked = tuple(
        SurveyView(span=place)
        if kind is ViewKind.SURVEY
        else View(kind=kind, columns=_COLUMNS.get(kind, ()), expected=">=0", span=place)
        for kind in map(ViewKind, page.views)
    )
    for number, kind in enumerate(page.views):
        classes = ["ps-query", "ps-view", f"ps-{kind}"]
        section += PolicyView("", classes=classes, docname=page.name, number=number)
    return section, asked


def title_of_role(role: str) -> str:
    """Return the title of the page of what messages of a role can override."""
    titles = {
        "system": _("What a system message may override"),
        "developer": _("What a developer may override"),
        "user": _("What a user may override"),
    }
    return titles.get(role) or _("What messages from {role} may override").format(role=role)


def _role_nodes(page: SitePage) -> tuple[nodes.section, tuple[Ask, ...]]:
    """Return the page of a role, and the question that it asks."""
    title = title_of_role(page.role)
    place = Span(page.name, 1)
    asked = Query(
        name="overridable-by", params=(("level", page.role),), format="levels", expected=">=0", span=place
    )
    section = nodes.section("", nodes.title(title, title), ids=[f"{page.name}-page"])
    section += PolicyQuery("", classes=["ps-query"], docname=page.name, number=0)
    return section, (asked,)


def _imprint(site: Site, links: list[nodes.Node]) -> list[nodes.Node]:
    """Return the lines that say which release this is, what it holds, and where its graph lies."""
    spec = site.spec
    facts: list[tuple[str, list[nodes.Node]]] = [
        (_("Release"), [nodes.Text(spec.version)] if spec.version else []),
        (_("Publisher"), [nodes.Text(spec.publisher)] if spec.publisher else []),
        (_("Licence"), [_link(spec.license)] if spec.license else []),
        (_("Contents"), [nodes.Text(_contents(spec))]),
        (_("Knowledge base"), links),
    ]
    fields = [
        nodes.field("", nodes.field_name("", name), nodes.field_body("", nodes.paragraph("", "", *value)))
        for name, value in facts
        if value
    ]
    return [PolicyDeclaration("", nodes.field_list("", *fields), classes=["ps-imprint"])]


def _contents(spec: Spec) -> str:
    levels = Counter(principle.authority for principle in spec.principles)
    names = {level.id: level.title or level.id for level in spec.levels}
    by_level = ", ".join(
        f"{names.get(level, level)} {levels[level]}" for level in dict.fromkeys([*names, *levels])
    )
    return _("{principles} principles ({levels}), {examples} examples").format(
        principles=len(spec.principles), levels=by_level, examples=len(spec.examples)
    )


def _graph_links(formats: list[str]) -> list[nodes.Node]:
    """Return links to the graph files that the build puts beside this page."""
    links: list[nodes.Node] = []
    for name in formats:
        links += [nodes.Text(", "), nodes.reference("", f"spec.{name}", refuri=f"spec.{name}")]
    return links[1:]


def _reference_to_ask_page(docname: str) -> nodes.Node:
    """Return a link to the page that answers questions."""
    title = _("Ask the spec")
    return addnodes.pending_xref(
        "",
        nodes.inline("", title),
        refdomain="std",
        reftype="ref",
        reftarget="policy-ask",
        refexplicit=True,
        refdoc=docname,
        refwarn=True,
    )


def _link(address: str) -> nodes.Node:
    return nodes.reference("", address, refuri=address) if is_address(address) else nodes.Text(address)


def _toctree(parent: str, below: tuple[str, ...]) -> nodes.Node:
    """Return the table of contents of the pages below, as Sphinx's own directive would."""
    tree = addnodes.toctree(
        parent=parent,
        entries=[(None, name) for name in below],
        includefiles=list(below),
        maxdepth=2,
        caption=None,
        glob=False,
        hidden=False,
        includehidden=False,
        numbered=0,
        titlesonly=False,
    )
    return nodes.compound("", tree, classes=["toctree-wrapper"])
