"""What scripts and other programs read of a site: words, data for previews and filters, ids with checksums."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.locale import get_translation

from sphinx_policyspec.exports.plain import script_safe
from sphinx_policyspec.graph.touches import about
from sphinx_policyspec.model import Block, Definition, Example, Principle, Spec, TargetKind, Verdict
from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name
from sphinx_policyspec.sphinx_ext.web.panels import Relations
from sphinx_policyspec.sphinx_ext.web.places import Place

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages

__all__ = ["FORMAT", "dumped_words", "script_data", "script_words", "spec_ids", "topics_by_provision"]


_ = get_translation("sphinx_policyspec")


def script_words() -> str:
    """Return what the script of every page says, as JSON by the script's own names for it."""
    words = {
        "Copied.": _("Copied."),
        "Copy link to {title}": _("Copy link to {title}"),
        "Filter the table": _("Filter the table"),
        "Has": _("Has"),
        "Lacks": _("Lacks"),
        "Level": _("Level"),
        "Reset": _("Reset"),
        "Text": _("Text"),
        "Topic": _("Topic"),
        "Your browser does not let pages copy.": _("Your browser does not let pages copy."),
        "any": _("any"),
        "facet bad": _("violation"),
        "facet example": _("example"),
        "facet good": _("compliant answer"),
        "facet ok": _("answer with minor issues"),
        "facet prompt": _("prompt"),
        "facet reference": _("reference to it"),
        "version": _("version"),
        "{shown} of {all}": _("{shown} of {all}"),
    }
    return dumped_words(words)


def dumped_words(words: Mapping[str, str]) -> str:
    """Return words as JSON, without those that a script knows by itself."""
    return json.dumps({key: word for key, word in words.items() if key != word}, ensure_ascii=False)


FORMAT = "policyspec-ids/1"
"""The form of ``spec-ids.json``; another number means that a reader must look anew."""

_EXAMPLE, _GOOD, _BAD, _PROMPT, _REFERENCE, _OK = (1 << n for n in range(6))
_VERDICTS = {Verdict.GOOD: _GOOD, Verdict.BAD: _BAD, Verdict.OK: _OK}


def script_data(app: Sphinx, handbook: HandbookPages) -> str:
    """Return the script that holds what previews show and what tables can be filtered by."""
    spec, places = handbook.knowledge.spec(app.env), handbook.places
    relations = handbook.relations
    page_of = cache(partial(_page, app))
    levels = list(dict.fromkeys([level.id for level in spec.levels] + [p.authority for p in spec.principles]))
    topics = topics_by_provision(spec)

    def entry(kind: str, place: Place, level: str, own_topics: Iterable[int], flags: int) -> list[Any]:
        return [
            kind,
            place.title,
            levels.index(level) if level in levels else -1,
            page_of(place.docname),
            places.excerpt(place.docname, place.anchor),
            sorted(own_topics),
            flags,
        ]

    items: dict[str, list[Any]] = {}
    owners = _owners(relations)
    by_id = spec.provision_by_id
    for provision in spec.provisions:
        if place := places.provision(provision.id):
            flags = _flags(relations.get(provision.id))
            kind = "principle" if place.level else "section"
            items[place.anchor] = entry(kind, place, place.level, topics[provision.id], flags)
    for example in spec.examples:
        if place := places.find(TargetKind.EXAMPLE, example.id):
            homes = [by_id[name] for name in owners.get(example.id, ()) if name in by_id]
            level = next((home.authority for home in homes if isinstance(home, Principle)), "")
            own = {topic for home in homes for topic in topics[home.id]}
            items[place.anchor] = entry("example", place, level, own, _flags_of(example))
    for kind in (TargetKind.DEFINITION, TargetKind.TOPIC, TargetKind.GOAL, TargetKind.LEVEL):
        for _identifier, place in places.of_kind(kind):
            items[place.anchor] = entry(kind.value, place, "", (), 0)
    known = {
        "spec": {name: getattr(spec, name) for name in ("title", "version", "issued", "publisher")},
        "levels": [[style_name(level), places.level_title(level)] for level in levels],
        "topics": [[topic.id, topic.label] for topic in spec.topics],
        "items": items,
    }
    return f"window.policyspecData={script_safe(known)};\n"


def topics_by_provision(spec: Spec) -> dict[str, list[int]]:
    """Return the places in ``spec.topics`` of the topics that each provision is about."""
    found: dict[str, list[int]] = {provision.id: [] for provision in spec.provisions}
    provisions = about(spec)
    for number, topic in enumerate(spec.topics):
        for name in provisions[topic.id]:
            found[name].append(number)
    return found


def _page(app: Sphinx, docname: str) -> str:
    """Return the address of a page from the root of the site."""
    if isinstance(app.builder, SingleFileHTMLBuilder):
        return f"{app.config.root_doc}{app.builder.out_suffix}"
    return app.builder.get_target_uri(docname)


def _owners(relations: Mapping[str, Relations]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, known in relations.items():
        for example in known.examples:
            found[example.id].append(name)
    return found


def _flags(relations: Relations | None) -> int:
    if relations is None:
        return 0
    flags = _EXAMPLE if relations.examples else 0
    flags |= _PROMPT if relations.prompts else 0
    flags |= _REFERENCE if relations.occurrences else 0
    for example in relations.examples:
        flags |= _flags_of(example)
    return flags


def _flags_of(example: Example) -> int:
    flags = 0
    for response in example.responses:
        flags |= _VERDICTS[response.verdict] if response.verdict else 0
    return flags


def spec_ids(app: Sphinx, handbook: HandbookPages) -> str:
    """Return ``spec-ids.json``: each addressable thing with its place and a checksum of its words.

    A checksum is the SHA-256, in hexadecimal, of what the source says, white space made one space; it is
    that of the normative text for a provision, of the meaning for a definition, and of title, messages and
    verdicts for an example.
    """
    spec, places = handbook.knowledge.spec(app.env), handbook.places
    page_of = cache(partial(_page, app))
    items = [
        {
            "id": identifier,
            "kind": "principle" if place.level else "section" if kind is TargetKind.PROVISION else kind.value,
            "title": place.title,
            "level": place.level,
            "page": page_of(place.docname),
            "anchor": place.anchor,
            "checksum": hashlib.sha256(" ".join(text.split()).encode(errors="replace")).hexdigest(),
        }
        for kind, identifier, text in _texts(spec)
        if (place := places.find(kind, identifier))
    ]
    fields = ("title", "version", "issued", "publisher", "license")
    known = {
        "format": FORMAT,
        "spec": {name: getattr(spec, name) for name in fields},
        "items": items,
    }
    return json.dumps(known, ensure_ascii=False, indent=1) + "\n"


def _texts(spec: Spec) -> Iterator[tuple[TargetKind, str, str]]:
    """Yield each thing with its words, in reading order."""
    for block in spec.preamble:
        yield from _text_of_block(block)
    for provision in spec.provisions:
        yield TargetKind.PROVISION, provision.id, provision.text
        for block in provision.blocks:
            yield from _text_of_block(block)


def _text_of_block(block: Block) -> Iterator[tuple[TargetKind, str, str]]:
    if isinstance(block, Definition):
        yield TargetKind.DEFINITION, block.id, block.text
    elif isinstance(block, Example):
        said = (
            f"{message.role} {getattr(message, 'verdict', None) or ''} {message.text} {getattr(message, 'note', '')}"
            for message in block.messages
        )
        yield TargetKind.EXAMPLE, block.id, "\n\n".join((block.title, *said))
