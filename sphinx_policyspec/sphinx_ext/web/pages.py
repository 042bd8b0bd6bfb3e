"""Web pages of a spec: panels, anchors of links, words for levels, links of boxes to themselves, and metadata."""

from __future__ import annotations

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from html import escape
from itertools import chain
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.locale import get_translation
from sphinx.util.osutil import relative_uri

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports import script_safe
from sphinx_policyspec.files import exact
from sphinx_policyspec.graph.terms import MEDIA_TYPES, Iris
from sphinx_policyspec.model import Principle, Spec, TargetKind, who_may_override
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.packs.bearing import Occurrence, Relations, relations_of
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, site_base
from sphinx_policyspec.sphinx_ext.domain.domain import LEVEL_INDEX, TOPIC_INDEX, domain_of
from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject
from sphinx_policyspec.sphinx_ext.nodes.boxes import level_word
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyExample,
    anchor_of,
    around,
    elements_of,
    feedback_address,
)
from sphinx_policyspec.sphinx_ext.nodes.writers import PolicyPanel
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.web import navigation, panels
from sphinx_policyspec.sphinx_ext.web.decision_records import DecisionTexts
from sphinx_policyspec.sphinx_ext.web.feedback import FeedbackTexts
from sphinx_policyspec.sphinx_ext.web.places import (
    ASK_PAGE,
    PAGE_BUILDERS,
    WEB_BUILDERS,
    SitePlaces,
    short_id,
)
from sphinx_policyspec.sphinx_ext.web.proposals import ProposalTexts

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder

    from sphinx_policyspec.compare.history import Timeline
    from sphinx_policyspec.decision import Norms
    from sphinx_policyspec.model import EvalPrompt
    from sphinx_policyspec.sphinx_ext.asks.answering import Since
    from sphinx_policyspec.surveys import Decider, Judge

META = ("title", "version", "issued", "license", "publisher")
"""What each page says about the whole spec."""
RECORDS = (FeedbackTexts, DecisionTexts, ProposalTexts)
"""What people write about provisions: a line of panels, and a page, for each kind."""

_NAMESPACE = "https://w3id.org/policyspec#"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is known about one page.

    :param address: of the page on the web, empty where the project does not say
    :param picture: absolute address of the picture for cards of links, empty where the site has no address
    :param parts: its provisions, as JSON-LD
    :param files: addresses of the graph's files, as seen from the page, with their media types
    """

    title: str
    description: str
    language: str
    address: str
    picture: str
    parts: tuple[dict[str, Any], ...]
    files: tuple[tuple[str, str], ...]


def page_facts(app: Sphinx, spec: Spec, places: SitePlaces) -> dict[str, PageFacts]:
    """Return what is known about each page that holds a part of the spec; one page of all in ``singlehtml``."""
    env, iris = app.env, Iris(base_of(spec))
    pages = {name: page for name, page in domain_of(env).pages.items() if page.objects}
    base = str(app.config.html_baseurl or "")
    is_single = app.builder.name == "singlehtml"
    parts: dict[str, list[dict[str, Any]]] = {}
    for name, page in pages.items():
        parts.setdefault(env.config.root_doc if is_single else name, []).extend(
            _part(item, places.title(item), iris)
            for item in page.objects
            if item.kind is TargetKind.PROVISION and not item.is_alias
        )
    formats = PolicySpecConfig.of(app.config).outputs
    return {
        name: PageFacts(
            title=places.page_title(name),
            description=places.begin_of(name),
            language=env.config.language,
            address=posixpath.join(base, app.builder.get_target_uri(name)) if base else "",
            picture=posixpath.join(base, _PICTURE) if site_base(app.config) else "",
            parts=tuple(found),
            files=tuple(
                (relative_uri(app.builder.get_target_uri(name), f"spec.{f}"), MEDIA_TYPES[f]) for f in formats
            ),
        )
        for name, found in parts.items()
    }


def head_tags(facts: PageFacts, spec: Spec, existing: str) -> str:
    """Return the tags for the head of a page, without those of a kind that ``existing`` has already."""
    tags = social_tags(
        facts.title, facts.description, spec, address=facts.address, picture=facts.picture, existing=existing
    )
    return f'{tags}\n    <script type="application/ld+json">{script_safe(_json_ld(facts, spec))}</script>'


_PICTURE = "_static/policyspec-card.png"


def social_tags(
    title: str, description: str, spec: Spec, *, address: str = "", picture: str = "", existing: str = ""
) -> str:
    """Return what search engines and cards of links show of a page, without what ``existing`` has already."""
    tags = []
    if description and 'name="description"' not in existing:
        tags.append(_meta("name", "description", description))
    if 'property="og:' not in existing:
        social = {
            "og:type": "article",
            "og:title": title,
            "og:site_name": spec.title,
            "og:description": description,
            "og:url": address,
            "og:image": picture,
            "og:image:alt": picture and _("Four bars, each shorter than the one above it"),
        }
        tags += [_meta("property", name, value) for name, value in social.items() if value]
        tags.append(_meta("name", "twitter:card", "summary_large_image" if picture else "summary"))
    return "".join(f"\n    {tag}" for tag in tags)


def _meta(kind: str, name: str, value: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(" ".join(value.split()), quote=True)}">'


def _json_ld(facts: PageFacts, spec: Spec) -> dict[str, Any]:
    whole = {
        "@type": "CreativeWork",
        "name": spec.title,
        "version": spec.version,
        "datePublished": spec.issued,
        "license": spec.license,
        "publisher": {"@type": "Organization", "name": spec.publisher} if spec.publisher else "",
        "encoding": [
            {"@type": "MediaObject", "contentUrl": name, "encodingFormat": kind} for name, kind in facts.files
        ],
    }
    return _filled(
        {
            "@context": ["https://schema.org", {"ps": _NAMESPACE}],
            "@type": "TechArticle",
            "name": facts.title,
            "description": facts.description,
            "inLanguage": facts.language,
            "url": facts.address,
            "isPartOf": _filled(whole),
            "hasPart": list(facts.parts),
        }
    )


def _part(item: PolicyObject, title: str, iris: Iris) -> dict[str, Any]:
    kind = "Principle" if item.level else "Section"
    return _filled(
        {
            "@id": iris.iri("provision", item.id),
            "@type": ["CreativeWork", f"ps:{kind}"],
            "identifier": item.id,
            "name": title,
            "url": f"#{item.anchor}",
            "ps:authority": {"@id": iris.iri("level", item.level)} if item.level else "",
        }
    )


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


_ = get_translation("sphinx_policyspec")


def _judge_of(spec: Spec) -> panels.JudgeOf:
    """Return a function that says which of two principles goes first, by the procedure that decides cases."""

    @cache
    def judge_and_norms() -> tuple[Judge, Norms, dict[Decider, str]]:
        from sphinx_policyspec.decision import Norms  # noqa: PLC0415  few specs say what can conflict
        from sphinx_policyspec.sphinx_ext.asks.surveys import decider_words  # noqa: PLC0415  as above
        from sphinx_policyspec.surveys import Judge  # noqa: PLC0415  as above

        norms = Norms(spec)
        return Judge(norms), norms, decider_words()

    def judge(one: Principle, other: Principle) -> tuple[str, str]:
        known, norms, words = judge_and_norms()
        if not {one.authority, other.authority} <= norms.rank.keys():
            return "", ""
        decider, first = known.decided(one, other)
        return words[decider], first

    return judge


@dataclass(slots=True, repr=False)
class HandbookPages:
    """What the pages of one build show of each other; computed once, before any page is written.

    :param rows: of the panel, by where its provision is
    :param outgoing: the references of each provision, by where it is
    :param terms: the defined terms
    :param facts: metadata in the heads of pages
    :param relations: what bears on each provision, by its id
    """

    knowledge: Knowledge
    since: Since
    rows: dict[tuple[str, str], tuple[panels.PanelRow, ...]] = field(default_factory=dict)
    outgoing: dict[tuple[str, str], list[Occurrence]] = field(default_factory=dict)
    relations: dict[str, Relations] = field(default_factory=dict)
    terms: tuple[navigation.Term, ...] = ()
    facts: dict[str, PageFacts] = field(default_factory=dict)
    _places: SitePlaces | None = None
    _digest: str = ""
    _levels: navigation.LevelsByAddress | None = None

    def update(self, app: Sphinx) -> set[str]:
        """Return the pages whose panels are not those with which they were last written."""
        self._levels = None
        if app.builder.name not in WEB_BUILDERS:
            return set()
        domain = domain_of(app.env)
        before = domain.shown_by(app.builder.name)
        digest = self.knowledge.digest(app.env)
        if before.panels_of == digest:
            return set()
        self.prepare(app)
        found: dict[str, list[object]] = defaultdict(list)
        for places in (self.rows, self.outgoing):
            for place, what in places.items():
                found[place[0]].append((place, what))
        spec = self.knowledge.spec(app.env)
        whole = [getattr(spec, name) for name in META]
        levels = [who_may_override(spec.levels, level) for level in spec.levels]
        for docname, facts in self.facts.items():
            found[docname] += [facts, self.terms, whole]
        for docname, page in domain.pages.items():
            if page.objects or page.questions:
                found[docname].append(levels)
        now = {
            docname: hashlib.blake2b(exact(what).encode(errors="replace"), digest_size=16).digest()
            for docname, what in found.items()
        }
        domain.note_shown(app.builder.name, replace(before, panels=now, panels_of=digest))
        if not before.panels_of:
            return set()
        return {name for name in {*before.panels, *now} if before.panels.get(name) != now.get(name)}

    def prepare(self, app: Sphinx) -> None:
        """Compute what pages show, unless that is done."""
        env = app.env
        digest = self.knowledge.digest(env)
        if digest == self._digest or app.builder.name not in WEB_BUILDERS:
            return
        spec = self.knowledge.spec(env)
        places = self._places = SitePlaces(env, spec)
        self.relations = relations_of(spec)
        self.rows, self.outgoing = {}, defaultdict(list)
        timeline = self._timeline(app)
        indices = app.config.html_domain_indices
        has_index = app.builder.name in PAGE_BUILDERS and (
            indices is True or (indices and TOPIC_INDEX in indices)
        )
        topic_index = TOPIC_INDEX if has_index else ""
        judge, beside_of = _judge_of(spec), self._rows_beside(app)
        for identifier in spec.provision_by_id:
            found, beside = self.relations.get(identifier), tuple(beside_of(identifier))
            place = places.provision(identifier)
            if place and (found or beside):
                rows = panels.rows_of(found, places, spec, judge, topic_index) if found else ()
                past = self._past(app, timeline, identifier) if found else ()
                self.rows[place.docname, place.anchor] = (*rows, *past, *beside)
            for occurrence in found.occurrences if found else ():
                if source := places.provision(occurrence.source):
                    self.outgoing[source.docname, source.anchor].append(occurrence)
        self.terms = navigation.terms_of(domain_of(env))
        self.facts = page_facts(app, spec, places)
        self._digest = digest

    def _timeline(self, app: Sphinx) -> Timeline | None:
        """Return the releases with what changed between them; none where one is unreadable, which is reported once."""
        try:
            return self.since.timeline(app.env, self.knowledge) if self.since.is_on(app.env) else None
        except PolicySpecError:
            return None

    def _past(self, app: Sphinx, timeline: Timeline | None, identifier: str) -> Iterator[panels.PanelRow]:
        """Yield the line of a panel about releases, if there is any."""
        editions, level_title = domain_of(app.env).given.editions, self.places.level_title
        if not (timeline or editions):
            return
        from sphinx_policyspec.sphinx_ext.web.changes import releases_row  # noqa: PLC0415  few have any

        has_page = app.builder.name in PAGE_BUILDERS
        if (row := releases_row(timeline, editions, identifier, level_title, has_page=has_page)).steps:
            yield row

    def changes(self, app: Sphinx) -> dict[str, Any]:
        """Return what scripts show of each provision and release, by its anchor and the place of the release."""
        timeline = self._timeline(app)
        if timeline is None:
            return {}
        from sphinx_policyspec.sphinx_ext.web.changes import texts_of  # noqa: PLC0415  few projects compare

        found = {
            place.anchor: texts_of(timeline, name)
            for name in self.relations
            if (place := self.places.provision(name))
        }
        return {anchor: texts for anchor, texts in found.items() if texts}

    def _rows_beside(self, app: Sphinx) -> Callable[[str], Iterator[panels.PanelRow]]:
        """Return a function that yields the lines of a panel about results, feedback, decisions and proposals."""
        sources: list[Callable[[str], Iterator[panels.PanelRow]]] = []
        if results := self.knowledge.evaluated(app.env)[0]:
            from sphinx_policyspec.sphinx_ext.web.evals import ResultPanels  # noqa: PLC0415  few projects evaluate

            of_results = ResultPanels(results, self.knowledge.spec(app.env))
            sources.append(lambda name: of_results.rows(name, self._prompts(name)))
        texts = (kind.of(app, self.knowledge) for kind in RECORDS)
        sources += (one.rows for one in texts if one)
        return lambda name: chain.from_iterable(source(name) for source in sources)

    def _prompts(self, name: str) -> tuple[EvalPrompt, ...]:
        return found.prompts if (found := self.relations.get(name)) else ()

    @property
    def places(self) -> SitePlaces:
        """Where everything is, once it is computed."""
        assert self._places is not None  # noqa: S101 - whoever asks has called prepare
        return self._places

    def tell_machines(
        self, app: Sphinx, docname: str, context: dict[str, Any], doctree: nodes.document | None
    ) -> None:
        """Put a description, text for social cards and JSON-LD into the head of a page of the spec."""
        if doctree is None or app.builder.name not in WEB_BUILDERS:
            return
        self.prepare(app)
        if facts := self.facts.get(docname):
            existing = context.get("metatags", "")
            # Its own tags for cards come after ours.
            with_cards = f'{existing}property="og:' if "sphinxext.opengraph" in app.extensions else existing
            context["metatags"] = existing + head_tags(facts, self.knowledge.spec(app.env), with_cards)

    def show_levels(self, app: Sphinx, docname: str, context: dict[str, Any]) -> None:
        """Put the words for levels into the sidebar of a page, and into the lists of pages in it."""
        if app.builder.name in WEB_BUILDERS and domain_of(app.env).pages:
            self.levels(app).show(context, docname)

    def levels(self, app: Sphinx) -> navigation.LevelsByAddress:
        """Return the levels of principles; they need no more than the environment."""
        if self._levels is None:
            self._levels = navigation.LevelsByAddress(app)
        return self._levels

    # -- one page ---------------------------------------------------------------------------

    def decorate(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Put all of it into a page that is about to be written."""
        if app.builder.name not in WEB_BUILDERS or not domain_of(app.env).pages:
            return
        self.prepare(app)
        elements = elements_of(doctree)
        self._mark_links(elements, docname, self.levels(app))
        navigation.link_boxes_to_themselves(elements)
        address = partial(_address, app.builder, docname)
        config = PolicySpecConfig.of(app.config)
        if config.link_terms:
            navigation.link_terms(doctree, self.terms, address)
        asks = config.ask_page and app.builder.name in PAGE_BUILDERS
        ask = app.builder.get_relative_uri(docname, ASK_PAGE) if asks else ""
        for section in _sections(elements):
            place = self._place_of(section, docname)
            if place is not None and place in self.rows:
                tools = panels.tools_html(ask, self._feedback(app, config.feedback_url, place))
                # At the end of a chapter, its subject would not be clear.
                title = "" if navigation.has_text(section) else _title_of(section)
                panel = PolicyPanel("", html=panels.panel_html(self.rows[place], address, tools, title))
                section.insert(navigation.below_text(section), panel)
        for box in elements:
            home = around(box, nodes.section) if isinstance(box, PolicyExample) and box["ids"] else None
            place = self._place_of(home, docname) if home is not None else None
            if place and "number" in box:
                example = box["ids"][0].removeprefix(anchor_of(TargetKind.EXAMPLE, ""))
                short = short_id(example, place[1], box["number"])
                box["ids"] += [short] if short and short not in doctree.ids else []
        if badges := [node for node in elements if "says" in node]:
            html = panels.levels_html(badges, self._level_index(app, docname), self.levels(app).used)
            doctree += PolicyPanel("", html=html)

    @staticmethod
    def _level_index(app: Sphinx, docname: str) -> str:
        """Return the address of the index by level, empty where a build has none."""
        # `singlehtml` lists indices, and writes none.
        names = [index[0] for index in getattr(app.builder, "domain_indices", ())]
        if app.builder.name not in PAGE_BUILDERS:
            return ""
        return app.builder.get_relative_uri(docname, LEVEL_INDEX) if LEVEL_INDEX in names else ""

    def _feedback(self, app: Sphinx, template: str, place: tuple[str, str]) -> str:
        """Return the address for feedback on a provision, empty where the project has none."""
        item = self.levels(app).of_anchor(place[1])
        values = {
            "id": place[1],
            "title": item.title if item else place[1],
            "level": item.level if item else "",
            "release": self.knowledge.spec(app.env).version,
            "page": place[0],
        }
        return feedback_address(template, values)

    def _place_of(self, section: nodes.Element, docname: str) -> tuple[str, str] | None:
        """Return the place of a provision by one of its anchors."""
        # `singlehtml` joins pages into one, and notes where each section comes from.
        origin = section.get("docname", docname)
        places = ((origin, anchor) for anchor in section["ids"])
        return next((place for place in places if place in self.rows or place in self.outgoing), None)

    def _mark_links(
        self, elements: Sequence[nodes.Element], docname: str, levels: navigation.LevelsByAddress
    ) -> None:
        """Give the links to principles the word of their level, and those that a panel names an anchor."""
        found: dict[tuple[nodes.Element | None, str, str], list[nodes.reference]] = defaultdict(list)
        for link in (node for node in elements if isinstance(node, nodes.reference)):
            target = navigation.target_of(link)
            if not target:
                continue
            section, example, is_plain = navigation.surroundings(link)
            found[section, example, target].append(link)
            place = levels.of_anchor(target) if is_plain else None
            # A text of the link's own is part of a sentence, which another word would interrupt.
            if place is not None and link.astext() == place.title:
                link += [nodes.Text(" "), level_word(place.level, place.level_title)]
        for section in _sections(elements):
            place_of_section = self._place_of(section, docname)
            for occurrence in self.outgoing.get(place_of_section, ()) if place_of_section else ():
                to = self.places.provision(occurrence.target)
                inside = occurrence.example and self.places.find(TargetKind.EXAMPLE, occurrence.example)
                links = found.get((section, inside.anchor if inside else "", to.anchor if to else ""))
                # Where a link is not to be found, what is around it gets its anchor.
                owner: nodes.Element = links.pop(0) if links else section
                owner["ids"].append(panels.anchor_of_occurrence(occurrence))


def _sections(elements: Iterable[nodes.Element]) -> Iterator[nodes.section]:
    return (node for node in elements if isinstance(node, nodes.section))


def _address(builder: Builder, docname: str, page: str, anchor: str) -> str:
    if page == docname or builder.name == "singlehtml":
        return f"#{anchor}"
    return f"{builder.get_relative_uri(docname, page)}#{anchor}"


def _title_of(section: nodes.Element) -> str:
    title = section.next_node(nodes.title)
    return title.astext() if title else ""
