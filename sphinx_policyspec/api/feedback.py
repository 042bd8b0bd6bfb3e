"""What people say of a spec: quoted words that are found again, and a register of feedback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from sphinx_policyspec.api.alignments import releases_of
from sphinx_policyspec.api.reading import ReadingOptions, Source, spec_of
from sphinx_policyspec.feedback.anchors import Anchor, FoundAnchor, PlainTexts
from sphinx_policyspec.feedback.joins import Links
from sphinx_policyspec.feedback.web_annotations import anchor_iri, annotation_of
from sphinx_policyspec.feedback.web_annotations import read_annotations as read_annotations_of
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.spec import base_of


def anchor(source: Source, provision: str, words: str, **options: Unpack[ReadingOptions]) -> Anchor:
    """Return an anchor of words that a provision of a spec or a SOURCE holds, by which they are found in other releases.

    Dashes, quotes and spaces may be other ones. Raises :class:`UnknownIdError` for an unknown id, and :class:`SourceError`
    where the provision does not hold the words.

    :param options: as for :func:`load`
    """
    return PlainTexts(spec_of(source, **options)).anchor(provision, words)


def find_anchors(
    anchors: Iterable[Anchor],
    source: Source,
    *,
    older: Iterable[Source] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[FoundAnchor, ...]:
    """Return what has become of quoted words in a spec or a SOURCE: kept, moved, changed or gone.

    :param older: releases before it, by which it is known what provisions were called; of a SOURCE of several releases
        the last is meant, and those before are known anyway
    :param options: as for :func:`load`
    """
    texts = _texts(source, older, options)[0]
    return tuple(map(texts.find, anchors))


def web_annotation(
    found: Anchor | FoundAnchor, source: Source, **options: Unpack[ReadingOptions]
) -> dict[str, Any]:
    """Return an anchor as a W3C Web Annotation in JSON-LD.

    One that was found again refers to the one that it was found from, which stays as it is. Raises :class:`SourceError` where
    the words are gone, or stand at several places of which none is meant.

    :param source: the spec or SOURCE in which it was made or found
    :param options: as for :func:`load`
    """
    spec = spec_of(source, **options)
    base = base_of(spec)
    if isinstance(found, Anchor):
        return annotation_of(found, base)
    return annotation_of(PlainTexts(spec).again(found, anchor_iri(found.anchor, base)), base)


def read_web_annotations(
    text: str, source: Source, *, older: Iterable[Source] = (), **options: Unpack[ReadingOptions]
) -> tuple[Anchor, ...]:
    """Return the anchors in JSON of Web Annotations, such as those of Hypothesis: one, a list, or the ``rows`` of a search.

    The provision comes from the address of the target, else from the words, where one provision holds them and they stand once
    in the spec; a target of which neither tells it is left out. Raises :class:`SourceError` for what is not JSON.

    :param older: as for :func:`find_anchors`
    :param options: as for :func:`load`
    """
    return read_annotations_of(text, *_texts(source, older, options))


def _texts(source: Source, older: Iterable[Source], options: ReadingOptions) -> tuple[PlainTexts, Links]:
    links = Links(_known(source, older, options))
    return PlainTexts(links.spec, links.renamed), links


def _known(source: Source, older: Iterable[Source], options: ReadingOptions) -> Sequence[Spec]:
    """Return the releases that are known, from the first to the last."""
    return [one for given in (*older, source) for one in releases_of(given, options)]
