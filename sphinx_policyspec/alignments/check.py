"""Alignments checked against their specs: names, changed texts, and rows that cannot be true together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sphinx_policyspec.alignments import NO_TERM, Alignment, MappingRow, MatchPredicate
from sphinx_policyspec.alignments.sides import SIDES, AlignedSides, AlignedSpecs, AlignedThing
from sphinx_policyspec.compare.words import TextChange, compare_texts
from sphinx_policyspec.files import Brief, grouped, number_of
from sphinx_policyspec.model import AuthorityLevel, Finding, Span
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.nearest import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedText(Brief):
    """A text that has changed since its row was written.

    :param span: place of the digest in the row
    :param side: ``subject`` or ``object``
    :param id: its id in the row
    :param digest: digest of the current text
    :param change: change since the text that was compared; none if no release that was read has that text
    """

    span: Span
    side: str
    id: str
    digest: str
    change: TextChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentReport(Brief):
    """The findings on alignments of some specs.

    :param aligned: each alignment with its specs
    :param changed: texts that have changed since they were compared
    :param unmapped: principles without a row, by spec
    """

    aligned: tuple[AlignedSides, ...]
    specs: AlignedSpecs
    findings: tuple[Finding, ...]
    changed: tuple[ChangedText, ...]
    unmapped: tuple[tuple[str, ...], ...]

    @property
    def alignments(self) -> tuple[Alignment, ...]:
        """The alignments."""
        return tuple(one.alignment for one in self.aligned)


def check_alignments(alignments: Iterable[Alignment], specs: AlignedSpecs) -> AlignmentReport:
    """Return the findings on alignments in source order; with only one spec, ids of other specs are not checked."""
    findings: list[Finding] = []
    changed: list[ChangedText] = []
    aligned = tuple(AlignedSides(alignment, specs) for alignment in alignments)
    for one in aligned:
        findings += one.alignment.findings
        check = _Check(one)
        check.run()
        findings += check.findings
        changed += check.changed
    findings += _contradictions(aligned)
    unmapped = tuple(_unmapped(place, aligned, specs) for place in range(len(specs.specs)))
    findings += _untouched(unmapped, aligned, specs)
    return AlignmentReport(
        aligned=aligned,
        specs=specs,
        findings=tuple(sorted(findings, key=lambda one: (one.span, one.code, one.message))),
        changed=tuple(changed),
        unmapped=unmapped,
    )


class _Check:
    """One pass over the rows of an alignment."""

    def __init__(self, sides: AlignedSides) -> None:
        self.sides = sides
        self.alignment = sides.alignment
        self.specs = sides.specs
        self.findings: list[Finding] = []
        self.changed: list[ChangedText] = []
        self._prefixes: set[tuple[str, str]] = set()
        self._seen: dict[tuple[str, str, str, bool], MappingRow] = {}
        self._without_digest: list[MappingRow] = []

    def run(self) -> None:
        for row in self.alignment.rows:
            if not row.is_draft:
                self._row(row)
            elif bool(row.subject_id) != bool(row.object_id) and row.predicate_id:
                self._lone(row)
        if self._without_digest:
            first, count = self._without_digest[0], len(self._without_digest)
            rows = "1 row lacks" if count == 1 else f"{count} rows lack"
            self._find(
                "missing-digest", f"{rows} a digest of what was compared, from here on", first, "subject_id"
            )

    def _find(
        self,
        code: str,
        message: str,
        row: MappingRow,
        column: str,
        hint: str = "",
        *,
        first: Span | None = None,
    ) -> None:
        span = self.alignment.place(row, column)
        self.findings.append(
            Finding(code=code, message=message, span=span, hint=hint, related=(first,) if first else ())
        )

    def _lone(self, row: MappingRow) -> None:
        side = "object" if row.subject_id else "subject"
        message = f"the row names no {side}"
        self._find("broken-row", message, row, f"{side}_id", f"write `{NO_TERM}` where nothing was found")

    def _row(self, row: MappingRow) -> None:
        predicate = self.alignment.predicate(row)
        if predicate is None:
            hint = nearest(row.predicate_id, MatchPredicate)
            message = f"unknown predicate {shown(row.predicate_id)}"
            self._find("unknown-predicate", message, row, "predicate_id", hint)
        if not row.mapping_justification:
            message = "the row does not say how the mapping was found"
            hint = "write `semapv:ManualMappingCuration` where a person read both texts"
            self._find("missing-justification", message, row, "mapping_justification", hint)
        one, other = (self.sides.iri(getattr(row, f"{side}_id"), side) for side in SIDES)
        key = one, other, row.predicate_id, row.is_denied
        if earlier := self._seen.get(key):
            there = self.alignment.place(earlier, "subject_id")
            message = f"the mapping is in line {there.line} already"
            self._find("duplicate-mapping", message, row, "subject_id", "delete one of the two", first=there)
        self._seen.setdefault(key, row)
        things = [
            self._thing(row, side) for side in SIDES if self.alignment.has_term(getattr(row, f"{side}_id"))
        ]
        place = self.specs.place_of(one)
        if place is not None and place == self.specs.place_of(other):
            message = f"both sides are of {shown(self.specs.specs[place].title)}: the row says nothing about another spec"
            self._find("same-spec", message, row, "object_id", "name a provision of the other spec")
        levels = [thing.level for thing in things if thing and thing.level]
        if predicate is MatchPredicate.EXACT and not row.is_denied and len(levels) == len(SIDES):
            self._modes(row, *levels)

    def _modes(self, row: MappingRow, one: AuthorityLevel, other: AuthorityLevel) -> None:
        if one.override is other.override:
            return
        message = (
            f"`{row.subject_id}` is of level `{one.id}` (overridden: {one.override.value}), and "
            f"`{row.object_id}` of level `{other.id}` ({other.override.value}): no exact match"
        )
        hint = f"say `{MatchPredicate.CLOSE}`, or see whether the levels are right"
        self._find("exact-across-modes", message, row, "predicate_id", hint)

    def _thing(self, row: MappingRow, side: str) -> AlignedThing | None:
        """Check an id of a row, and the text that it names."""
        name, column = getattr(row, f"{side}_id"), f"{side}_id"
        self._prefix(row, name, side)
        iri = self.sides.iri(name, side)
        thing = self.specs.find(iri)
        if thing is None:
            if now := self.specs.renamed(iri):
                curie = self.alignment.curie(now.iri)
                hint = f"write `{curie}`; `policyspec align update` does"
                self._find("renamed-target", f"{shown(name)} is called `{curie}` now", row, column, hint)
                self._text(row, side, now)
            elif len(self.specs.specs) > 1 or self.specs.place_of(iri) is not None:
                self.findings.append(self.sides.unknown(row, side))
            return now
        self._text(row, side, thing)
        return thing

    def _prefix(self, row: MappingRow, name: str, side: str) -> None:
        prefix = name.partition(":")[0] if ":" in name else ""
        if self.sides.is_declared(name) or (prefix, side) in self._prefixes:
            return
        self._prefixes.add((prefix, side))
        if (place := self.sides.places[side]) is None:
            return
        base = f"{self.specs.iris[place].base}provision/"
        reason = f"prefix {shown(prefix)} is not declared" if prefix else f"{shown(name)} has no prefix"
        message = f"{reason}: taken for ids of `{self.specs.specs[place].title}`"
        wanted = prefix or side
        hint = f"write `{wanted}: {base}` below `curie_map`"
        self._find("undeclared-prefix", message, row, f"{side}_id", hint)

    def _text(self, row: MappingRow, side: str, thing: AlignedThing) -> None:
        """Report a text that is not the one that was compared."""
        digest = getattr(row, f"{side}_digest")
        if not digest:
            if row not in self._without_digest[-1:]:
                self._without_digest.append(row)
            return
        if digest.lower() == thing.digest:
            return
        name = getattr(row, f"{side}_id")
        before = self.specs.text_with(thing, digest.lower())
        change = compare_texts(before, thing.text) if before is not None else None
        span = self.alignment.place(row, f"{side}_digest")
        self.changed.append(ChangedText(span=span, side=side, id=name, digest=thing.digest, change=change))
        extent = f": {counted(change)}" if change else ""
        message = f"the text of {shown(name)} is not the one that was compared{extent}"
        hint = f"read both texts again, then write `{thing.digest}` as `{side}_digest`"
        self._find("text-changed-since", message, row, f"{side}_digest", hint)


def counted(change: TextChange) -> str:
    """Return in words how much of a text changed."""
    parts = ((change.words_removed, "removed"), (change.words_added, "added"))
    return " and ".join(f"{number_of(number, 'word')} {what}" for number, what in parts if number) or (
        "its punctuation differs"
    )


# -- rows that cannot be true together ---------------------------------------------------------

_EXCLUSIVE = (
    frozenset({MatchPredicate.EXACT, MatchPredicate.BROAD}),
    frozenset({MatchPredicate.EXACT, MatchPredicate.NARROW}),
    frozenset({MatchPredicate.EXACT, MatchPredicate.RELATED}),
    frozenset({MatchPredicate.BROAD, MatchPredicate.NARROW}),
    frozenset({MatchPredicate.BROAD, MatchPredicate.RELATED}),
    frozenset({MatchPredicate.NARROW, MatchPredicate.RELATED}),
)
"""Kinds of match that exclude each other for a pair (SKOS Reference, S27 and S46; broad and narrow make a cycle)."""

_Claim = tuple[AlignedSides, MappingRow, MatchPredicate]


def _contradictions(aligned: Sequence[AlignedSides]) -> Iterator[Finding]:
    yield from _exclusive_matches(aligned)
    yield from _not_found(aligned)


def _exclusive_matches(aligned: Sequence[AlignedSides]) -> Iterator[Finding]:
    """Find kinds of match between one pair that exclude each other."""

    def claims() -> Iterator[tuple[tuple[str, str], _Claim]]:
        for sides in aligned:
            for row, predicate in sides.alignment.matches():
                one, other = (unquote(sides.iri(getattr(row, f"{side}_id"), side)) for side in SIDES)
                if one <= other:
                    yield (one, other), (sides, row, predicate)
                else:
                    yield (other, one), (sides, row, predicate.inverse)

    for rows in grouped(claims()).values():
        first: dict[MatchPredicate, _Claim] = {}
        for sides, row, predicate in rows:
            for other_kind, earlier in first.items():
                if frozenset({other_kind, predicate}) in _EXCLUSIVE:
                    message = f"`{row.subject_id}` and `{row.object_id}` are said to match in two ways"
                    yield _contradiction(message, sides, row, "predicate_id", earlier)
            first.setdefault(predicate, (sides, row, predicate))


def _not_found(aligned: Sequence[AlignedSides]) -> Iterator[Finding]:
    """Find things that have a match although another row says that nothing was found."""
    by_match: dict[tuple[str, int | None, MatchPredicate], _Claim] = {}
    for sides in aligned:
        for row, predicate in sides.alignment.matches():
            for side, other in (SIDES, SIDES[::-1]):
                iri, there = (sides.iri(getattr(row, f"{one}_id"), one) for one in (side, other))
                kind_read = predicate if side == "subject" else predicate.inverse
                by_match.setdefault(
                    (unquote(iri), sides.specs.place_of(there), kind_read), (sides, row, predicate)
                )
    for sides in aligned:
        for row in sides.alignment.rows:
            wanted = sides.alignment.predicate(row)
            for side, other in (SIDES, SIDES[::-1]):
                if wanted is None or not sides.alignment.lacks(row, other):
                    continue
                iri = sides.iri(getattr(row, f"{side}_id"), side)
                expected = wanted if side == "subject" else wanted.inverse
                keys = ((unquote(iri), sides.beside(iri), kind) for kind in (MatchPredicate.EXACT, expected))
                if earlier := next(filter(None, map(by_match.get, keys)), None):
                    message = f"nothing is said to be found for {shown(getattr(row, f'{side}_id'))}, which has a match"
                    yield _contradiction(message, sides, row, f"{other}_id", earlier)


def _contradiction(
    message: str, sides: AlignedSides, row: MappingRow, column: str, earlier: _Claim
) -> Finding:
    there = earlier[0].alignment.place(earlier[1], "subject_id")
    where = f"line {there.line}" if there.file == sides.alignment.file else there.place
    return Finding(
        code="contradicting-mappings",
        message=f"{message} ({where} says so)",
        span=sides.alignment.place(row, column),
        hint="read both texts again, and delete one of the two rows",
        related=(there,),
    )


# -- principles without a row ----------------------------------------------------------------------


def _unmapped(place: int, aligned: Sequence[AlignedSides], specs: AlignedSpecs) -> tuple[str, ...]:
    """Return the ids of the principles of a spec that have no row, in reading order."""
    about = {
        thing.provision.id
        for sides in aligned
        for row in sides.alignment.rows
        if not row.is_draft
        for side in SIDES
        if (iri := sides.iri(getattr(row, f"{side}_id"), side))
        and (thing := specs.find(iri) or specs.renamed(iri))
        and thing.place == place
    }
    return tuple(one.id for one in specs.specs[place].principles if one.id not in about)


def _untouched(
    unmapped: Sequence[Sequence[str]], aligned: Sequence[AlignedSides], specs: AlignedSpecs
) -> Iterator[Finding]:
    for place, ids in enumerate(unmapped):
        files = [one.alignment.file for one in aligned if place in one.places.values()]
        if ids and files:
            spec = specs.specs[place]
            listing = ", ".join(f"`{name}`" for name in ids[:_FEW]) + ", …" * (len(ids) > _FEW)
            yield Finding(
                code="unmapped",
                message=f"{len(ids)} of {number_of(len(spec.principles), 'principle')} of `{spec.title}` have no row: {listing}",
                span=Span(files[0], 1),
            )


_FEW = 3
