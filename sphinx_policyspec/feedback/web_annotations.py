"""Anchors as W3C Web Annotations in JSON-LD, and those of other tools, such as Hypothesis, as anchors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.feedback.anchors import Anchor, PlainTexts
from sphinx_policyspec.feedback.joins import Links
from sphinx_policyspec.files import dump_json, load_foreign_json
from sphinx_policyspec.graph.terms import OA, PROV, RDF, Iri, Iris, Triple
from sphinx_policyspec.model.spec import base_of

_CONTEXT = (
    "http://www.w3.org/ns/anno.jsonld",
    {
        "prov": "http://www.w3.org/ns/prov#",
        "wasDerivedFrom": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
    },
)
_QUOTE, _POSITION = "TextQuoteSelector", "TextPositionSelector"
_SELECTING = ("exact", "prefix", "suffix", "start", "end")


def anchor_iri(anchor: Anchor, base: str = "") -> str:
    """Return the IRI of an anchor, which equal anchors share: a digest of what it says."""
    told = dump_json(
        [anchor.provision, anchor.release, anchor.exact, anchor.prefix, anchor.suffix, anchor.start]
    )
    digest = hashlib.sha256(told.encode(errors="replace")).hexdigest()[:32]
    return str(Iris(base).iri("anchor", digest))


def annotation_of(anchor: Anchor, base: str = "") -> dict[str, Any]:
    """Return an anchor as a W3C Web Annotation in JSON-LD, without a body; each of its nodes has an IRI.

    :param base: what IRIs begin with, as that of a graph
    """
    iris, iri = Iris(base), anchor_iri(anchor, base)
    selectors: list[dict[str, Any]] = [
        {
            "id": f"{iri}/quote",
            "type": _QUOTE,
            "exact": anchor.exact,
            "prefix": anchor.prefix,
            "suffix": anchor.suffix,
        }
    ]
    if anchor.start >= 0:
        place = {"id": f"{iri}/position", "type": _POSITION, "start": anchor.start, "end": anchor.end}
        selectors.append(place)
    state = {"state": str(iris.release(anchor.release))} if anchor.release else {}
    derived = {"wasDerivedFrom": anchor.derived_from} if anchor.derived_from else {}
    return {
        "@context": [*_CONTEXT],
        "id": iri,
        "type": "Annotation",
        **derived,
        "target": {
            "id": f"{iri}/target",
            "type": "SpecificResource",
            "source": str(iris.iri("provision", anchor.provision)),
            **state,
            "selector": selectors,
        },
    }


def anchor_triples(anchor: Anchor, base: str = "", derived_from: str = "") -> Iterator[Triple]:
    """Yield what :func:`annotation_of` says, as statements.

    :param derived_from: IRI of the anchor that it was found from; by default the one that it names
    """
    said = annotation_of(anchor, base)
    iri, target = Iri(said["id"]), said["target"]
    yield iri, RDF.type, OA.Annotation
    yield iri, OA.hasTarget, Iri(target["id"])
    if before := derived_from or anchor.derived_from:
        yield iri, PROV.wasDerivedFrom, Iri(before)
    whole = Iri(target["id"])
    yield whole, RDF.type, OA.SpecificResource
    yield whole, OA.hasSource, Iri(target["source"])
    if state := target.get("state"):
        yield whole, OA.hasState, Iri(state)
    for one in target["selector"]:
        selector = Iri(one["id"])
        yield whole, OA.hasSelector, selector
        yield selector, RDF.type, OA.TextQuoteSelector if one["type"] == _QUOTE else OA.TextPositionSelector
        # Places are plain integers: engines such as Oxigraph keep no type that is derived of that.
        yield from ((selector, getattr(OA, key), one[key]) for key in _SELECTING if key in one)


def read_annotations(text: str, texts: PlainTexts, links: Links | None = None) -> tuple[Anchor, ...]:
    """Return the anchors in JSON of annotations: one, a list, or the ``rows`` of a Hypothesis search.

    The provision and the release come from the address of the target, or from the one provision that holds the words
    once; a target of which neither tells it is left out. Raises :class:`SourceError` for what is not JSON.

    :param links: what addresses name; by default what the spec says itself
    """
    try:
        read = load_foreign_json(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not JSON: {error}") from None
    known = links or Links([texts.spec])
    return tuple(anchor for one in _annotations(read) for anchor in _anchors(one, texts, known))


def _annotations(read: object) -> Iterator[dict[str, Any]]:
    rows = read.get("rows", [read]) if isinstance(read, dict) else read
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _anchors(annotation: dict[str, Any], texts: PlainTexts, links: Links) -> Iterator[Anchor]:
    for target in _listed(annotation.get("target")):
        if not isinstance(target, dict):
            continue
        found = [one for one in _listed(target.get("selector")) if isinstance(one, dict)]
        quote: dict[str, Any] = next((one for one in found if one.get("type") == _QUOTE), {})
        place: dict[str, Any] = next((one for one in found if one.get("type") == _POSITION), {})
        exact = _text(quote.get("exact"))
        provision, release = _named(target, annotation, texts, links)
        if exact and not provision and (lone := texts.lone_place(exact)):
            provision = lone[0]
        if exact and provision:
            start, end = place.get("start"), place.get("end")
            # Characters of a page, as other tools count them, are no characters of a provision.
            is_ours = (
                links.is_iri(_iri(target.get("source"))) and isinstance(start, int) and isinstance(end, int)
            )
            yield Anchor(
                provision=provision,
                release=release,
                exact=exact,
                prefix=_text(quote.get("prefix")),
                suffix=_text(quote.get("suffix")),
                start=start if is_ours and isinstance(start, int) else -1,
                end=end if is_ours and isinstance(end, int) else -1,
                derived_from=_iri(annotation.get("wasDerivedFrom")),
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _iri(value: object) -> str:
    """Return the IRI of a node, which stands alone, in a list, or as the `id` of an object."""
    one = next(iter(value), None) if isinstance(value, list) else value
    return _text(one.get("id") if isinstance(one, dict) else one)


def _named(
    target: dict[str, Any], annotation: dict[str, Any], texts: PlainTexts, links: Links
) -> tuple[str, str]:
    """Return the provision and the release that a target names; empty where it does not."""
    kind, release = Iris(base_of(texts.spec)).kind_and_id(_iri(target.get("state"))) or ("", "")
    release = release if kind == "release" else ""
    for address in (_iri(target.get("source")), _iri(annotation.get("uri"))):
        if named := links.named(address):
            return named.name, release or named.release
    return "", release
