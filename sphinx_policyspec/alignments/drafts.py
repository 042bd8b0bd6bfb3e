"""Draft alignments, suggestions of what may correspond, and updates of alignments for the next release of a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sphinx_policyspec.alignments import BUILT_IN, MANUAL, Alignment, MappingRow
from sphinx_policyspec.alignments.sides import SIDES, AlignedSides, AlignedSpecs
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model import Finding, Principle, Topic
from sphinx_policyspec.model.nearest import content_words

UNSPECIFIED = "https://w3id.org/sssom/license/unspecified"
_NEAREST = 3
_TITLE, _TOPIC = 2.0, 0.5
"""Scores of a title with the same words, and of each shared topic."""
_LEAST = 0.3
"""The least score of two near principles."""


def new_alignment(specs: AlignedSpecs, *, license_iri: str = "", suggest: bool = False) -> Alignment:
    """Return an alignment of two specs to fill in, with a row for each principle of the first.

    :param suggest: whether each comment lists up to three principles of the second that may correspond
    """
    first, second = specs.specs
    names = _prefixes(specs)
    spaces = {f"{name}": f"{iris.base}provision/" for name, iris in zip(names, specs.iris, strict=True)}
    bases = [iris.base for iris in specs.iris]
    urn = {"urn": "urn:"} if any(base.startswith("urn:") for base in bases) else {}
    own = {"ps": "https://w3id.org/policyspec#", "orcid": "https://orcid.org/"}
    alignment = Alignment(
        id=f"{bases[0]}alignment/{names[1]}",
        license=license_iri or UNSPECIFIED,
        curie_map=tuple({**spaces, **own, **urn}.items()),
        subject_source=bases[0],
        object_source=bases[1],
        subject_source_version=first.version,
        object_source_version=second.version,
    )
    hints = _Hints(specs) if suggest else None
    rows = []
    for principle in first.principles:
        thing = specs.find(specs.iris[0].iri("provision", principle.id))
        assert thing  # noqa: S101  it is of the spec
        near = hints.of(principle) if hints else ()
        listing = ", ".join(f"{alignment.curie(iri)} ({why})" for iri, why in near)
        rows.append(
            MappingRow(
                subject_id=alignment.curie(thing.iri),
                subject_label=_label(principle.title),
                mapping_justification=MANUAL,
                comment=f"near: {listing}" if listing else "",
                subject_digest=thing.digest,
            )
        )
    return replace(alignment, rows=tuple(rows))


def _label(title: str) -> str:
    return " ".join(title.split())


def _prefixes(specs: AlignedSpecs) -> tuple[str, str]:
    """Return prefixes for the ids of two specs: their names, if they are valid and free."""
    first, second = (
        name if _PREFIX.fullmatch(name) and name not in _RESERVED else f"spec{place}"
        for place, name in enumerate(specs.names, 1)
    )
    return first, second


_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_RESERVED = frozenset({*BUILT_IN, "orcid", "ps", "urn"})


class _Hints:
    """Principles of the second of two specs by the words of their titles, and by their topics."""

    def __init__(self, specs: AlignedSpecs) -> None:
        self._first, second = specs.specs
        self._iris = specs.iris[1]
        self._order = {one.id: place for place, one in enumerate(second.principles)}
        self._titles = {one.id: content_words(one.title) for one in second.principles}
        self._by_word: dict[str, list[str]] = {}
        for name, words in self._titles.items():
            for word in words:
                self._by_word.setdefault(word, []).append(name)
        labelled = [(label, topic.id) for topic in second.topics for label in _labels(topic)]
        self._topics = grouped(labelled)
        self._listing = grouped((topic, one.id) for one in second.principles for topic in one.topics)

    def of(self, principle: Principle) -> tuple[tuple[str, str], ...]:
        """Return the IRIs of possible counterparts of a principle, the nearest first, each with the reason."""
        title = content_words(principle.title)
        score: dict[str, float] = {}
        why: dict[str, list[str]] = {}
        for name in {name for word in title for name in self._by_word.get(word, ())}:
            other = self._titles[name]
            score[name] = _TITLE * len(title & other) / len(title | other)
            why[name] = ["title"]
        for topic in (
            self._first.topic_by_id[name] for name in principle.topics if name in self._first.topic_by_id
        ):
            same = {other for label in _labels(topic) for other in self._topics.get(label, ())}
            for name in {name for other in same for name in self._listing.get(other, ())}:
                score[name] = score.get(name, 0) + _TOPIC
                why.setdefault(name, []).append(f"topic {topic.label}")
        near = sorted(
            (name for name in score if score[name] >= _LEAST), key=lambda n: (-score[n], self._order[n])
        )
        return tuple((self._iris.iri("provision", name), ", ".join(why[name])) for name in near[:_NEAREST])


def _labels(topic: Topic) -> set[str]:
    return {label.casefold() for label in (topic.label, *topic.alt_labels)}


# -- the next release --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentUpdate(Brief):
    """An alignment updated to the current releases of its specs.

    :param renamed: changed ids: line, old id and new id
    :param filled: number of digests that were written
    :param findings: ids that no longer exist
    """

    alignment: Alignment
    renamed: tuple[tuple[int, str, str], ...] = ()
    filled: int = 0
    findings: tuple[Finding, ...] = ()


def update_alignment(
    alignment: Alignment, specs: AlignedSpecs, *, follow: Iterable[int] = (), fill: Iterable[int] = ()
) -> AlignmentUpdate:
    """Return an alignment with the current ids, titles and versions of its specs.

    Existing digests stay, because a person has to read a changed text. Raises
    :class:`~sphinx_policyspec.errors.SourceError` for a spec that no id belongs to.

    :param follow: numbers of the specs whose ids, titles and versions are updated
    :param fill: numbers of the specs whose missing digests are written
    """
    sides = AlignedSides(alignment, specs)
    following, filling = frozenset(follow), frozenset(fill)
    renamed: list[tuple[int, str, str]] = []
    findings: list[Finding] = []
    rows: list[MappingRow] = []
    places: set[int] = set()
    filled = 0
    for row in alignment.rows:
        changed: dict[str, Any] = {}
        for side in SIDES:
            name = getattr(row, f"{side}_id")
            if not alignment.has_term(name):
                continue
            iri = sides.iri(name, side)
            thing = specs.find(iri) or specs.renamed(iri)
            if thing is None:
                findings += [sides.unknown(row, side)] if specs.place_of(iri) is not None else []
                continue
            places.add(thing.place)
            if thing.place in following:
                now = name if specs.find(iri) else alignment.curie(thing.iri) + _fragment(name)
                changed |= {f"{side}_id": now, f"{side}_label": _label(thing.provision.title)}
                renamed += [(row.line, name, now)] if now != name else []
            if thing.place in filling and not getattr(row, f"{side}_digest"):
                changed[f"{side}_digest"] = thing.digest
                changed.setdefault(f"{side}_label", _label(thing.provision.title))
                filled += 1
        rows.append(replace(row, **changed) if changed else row)
    for place in sorted((following | filling) - places if alignment.rows else ()):
        message = f"no id of `{alignment.file}` is of `{specs.specs[place].title}`"
        raise SourceError(f"{message}, whose names begin with `{specs.iris[place].base}`")
    versions: dict[str, Any] = {
        f"{side}_source_version": specs.specs[place].version
        for side, place in sides.places.items()
        if place is not None and place in following
    }
    return AlignmentUpdate(
        alignment=replace(alignment, rows=tuple(rows), source="", **versions),
        renamed=tuple(renamed),
        filled=filled,
        findings=tuple(findings),
    )


def _fragment(name: str) -> str:
    """Return the place inside a provision that an id names, as it is written."""
    match = _PLACE.search(name)
    return match[0] if match else ""


_PLACE = re.compile(r"#(?:¶|%C2%B6).*", re.IGNORECASE)
