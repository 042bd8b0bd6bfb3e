"""What the head of a page tells machines: a description, text for social cards, and JSON-LD of its principles."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from sphinx.util.osutil import relative_uri

from sphinx_policyspec.exports.plain import script_safe
from sphinx_policyspec.graph.formats import MEDIA_TYPES
from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.web.places import Places

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["META", "PageFacts", "Part", "head_tags", "page_facts"]

META = ("title", "version", "issued", "license", "publisher")
"""What each page tells of the whole spec."""

_NAMESPACE = "https://w3id.org/policyspec#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One provision of a page.

    :param iri: its own in the graph; ``level`` is that of its level, empty for a plain section
    """

    id: str
    title: str
    anchor: str
    iri: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is known of one page.

    :param address: of the page on the web, empty where the project does not say
    :param parts: its provisions
    :param files: addresses of the graph's files, as seen from the page, with their media types
    """

    title: str
    description: str
    language: str
    address: str
    parts: tuple[Part, ...]
    files: tuple[tuple[str, str], ...]


def page_facts(app: Sphinx, spec: Spec, places: Places) -> dict[str, PageFacts]:
    """Return what is known of each page that holds a part of the spec; one page of all in ``singlehtml``."""
    from sphinx_policyspec.graph.iris import Iris  # noqa: PLC0415  only a site with a spec needs RDF

    env, iris = app.env, Iris(spec.base_iri)
    pages = {name: page for name, page in domain_of(env).pages.items() if page.objects}
    base = str(app.config.html_baseurl or "")
    is_single = app.builder.name == "singlehtml"
    parts: dict[str, list[Part]] = {}
    for name, page in pages.items():
        parts.setdefault(env.config.root_doc if is_single else name, []).extend(
            Part(
                id=item.id,
                title=places.title(item),
                anchor=item.anchor,
                iri=iris.iri("provision", item.id),
                level=iris.iri("level", item.level) if item.level else "",
            )
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
            parts=tuple(found),
            files=tuple(
                (relative_uri(app.builder.get_target_uri(name), f"spec.{f}"), MEDIA_TYPES[f]) for f in formats
            ),
        )
        for name, found in parts.items()
    }


def head_tags(facts: PageFacts, spec: Spec, given: str) -> str:
    """Return the tags for the head of a page, without those of a kind that ``given`` has already."""
    tags = []
    if facts.description and 'name="description"' not in given:
        tags.append(_meta("name", "description", facts.description))
    if 'property="og:' not in given:
        social = {
            "og:type": "article",
            "og:title": facts.title,
            "og:site_name": spec.title,
            "og:description": facts.description,
            "og:url": facts.address,
        }
        tags += [_meta("property", name, value) for name, value in social.items() if value]
        tags.append(_meta("name", "twitter:card", "summary"))
    tags.append(f'<script type="application/ld+json">{script_safe(_json_ld(facts, spec))}</script>')
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
    found = {
        "@context": ["https://schema.org", {"ps": _NAMESPACE}],
        "@type": "TechArticle",
        "name": facts.title,
        "description": facts.description,
        "inLanguage": facts.language,
        "url": facts.address,
        "isPartOf": _filled(whole),
        "hasPart": [_part(part) for part in facts.parts],
    }
    return _filled(found)


def _part(part: Part) -> dict[str, Any]:
    kind = "Principle" if part.level else "Section"
    found = {
        "@id": part.iri,
        "@type": ["CreativeWork", f"ps:{kind}"],
        "identifier": part.id,
        "name": part.title,
        "url": f"#{part.anchor}",
        "ps:authority": {"@id": part.level} if part.level else "",
    }
    return _filled(found)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
