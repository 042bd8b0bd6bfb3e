"""A register beside its spec: names, quotations and answers, each looked up in the releases that are known."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sphinx_policyspec.compare import ChangeKind, Naming, SpecDiff, compare
from sphinx_policyspec.feedback.anchors import Anchor, AnchorState, FoundAnchor, PlainTexts
from sphinx_policyspec.feedback.joins import Links, circles, together
from sphinx_policyspec.files import Brief, grouped, without_collector
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.feedback import Feedback, FeedbackStatus
from sphinx_policyspec.model.finding import UnknownNames, no_such_clause, shown
from sphinx_policyspec.model.spec import base_of, is_date
from sphinx_policyspec.readers.feedback import feedback_files, read_registers

_FORM = frozenset({ChangeKind.TYPOGRAPHY, ChangeKind.REORDERED})
"""Changes that answer nobody."""

_Found = tuple[FoundAnchor, FoundAnchor]
"""Where words are in the release that they are quoted from, and in the one that is checked."""
_ORDER = {status: place for place, status in enumerate(FeedbackStatus)}


def open_first(record: Feedback) -> int:
    """Return what records are sorted by: those that nobody has answered are before the others."""
    return _ORDER[record.status]


class ChangedProvisions:
    """The provisions of which a diff says that something is otherwise, by any id that they have in one of its specs."""

    def __init__(self, diff: SpecDiff, old: Spec, new: Spec) -> None:
        self._naming = Naming(old, new, diff.matches)
        changed = (one.provision for one in diff.changes if one.kind not in _FORM)
        self._changed = frozenset(changed)

    def __contains__(self, name: str) -> bool:
        """Return whether something of a provision is otherwise, and more than its form or place."""
        sides = self._naming.of(name)
        return sides is not None and sides.id in self._changed


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackReport(Brief):
    """What a register says of a release.

    :param release: version of the release
    :param base_iri: what its IRIs begin with; empty for the default
    :param ids: of its provisions, in order
    :param renamed: today's ids by those that records name and that it calls otherwise
    :param quotes: what has become of the words that records quote, by the ids of records
    :param anchors: where these words are today, by the ids of records; of none that are gone, or of which it cannot be
        said which are meant
    """

    release: str
    base_iri: str = ""
    ids: tuple[str, ...]
    records: tuple[Feedback, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    quotes: Mapping[str, FoundAnchor]
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    findings: tuple[Finding, ...]

    def today(self, name: str) -> str:
        """Return what the release calls a provision that a record names; the same name where it has none."""
        return self.renamed.get(name, name)

    def anchors_of(self, name: str) -> tuple[Anchor, ...]:
        """Return where the words that a record quotes are: in the release that it is about, and in this one."""
        here = self.anchors.get(name)
        quote = self.quotes.get(name)
        held = (quote.anchor,) if quote and quote.anchor.start >= 0 else ()
        return (*held, *((here,) if here and here not in held else ()))

    def by_provision(self) -> dict[str, list[Feedback]]:
        """Return the records of each provision in the order of the spec, open ones first; those of none come last, without an id."""
        order = {name: place for place, name in enumerate(self.ids)}
        pairs = [
            (name, one)
            for one in self.records
            for name in dict.fromkeys(map(self.today, one.provisions or ("",)))
        ]
        pairs.sort(key=lambda pair: (not pair[0], order.get(pair[0], len(order)), open_first(pair[1])))
        return grouped(pairs)


def with_answers(diff: SpecDiff, report: FeedbackReport) -> SpecDiff:
    """Return a diff whose changes name the records that say that they are answered in its new release.

    :param report: about that release
    """
    answered = [one for one in report.records if one.answered_in and one.answered_in == diff.new]
    names = grouped((report.today(name), one.id) for one in answered for name in one.provisions)
    changes = tuple(
        replace(change, reach=replace(change.reach, feedback=tuple(names.get(change.provision, ()))))
        if change.kind not in _FORM
        else change
        for change in diff.changes
    )
    return replace(diff, changes=changes)


class FeedbackCheck:
    """Looks up what records say.

    :param releases: from the first to the last, which is the one that is checked
    """

    def __init__(self, records: Iterable[Feedback], releases: Sequence[Spec]) -> None:
        self.records = tuple(records)
        self.releases = tuple(releases)
        self.spec = self.releases[-1]
        self._places = {one.version: place for place, one in enumerate(self.releases) if one.version}
        self._names = UnknownNames()
        self._changed: dict[int, ChangedProvisions] = {}
        self._texts: dict[int, PlainTexts] = {}
        self._found: dict[tuple[str, tuple[str, ...], str], _Found | None] = {}

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the records, in their order."""
        found = [finding for one in self.records for finding in self._of(one)]
        return (*found, *self._circles(), *self._opposed())

    @without_collector()
    def report(self, findings: Iterable[Finding] = ()) -> FeedbackReport:
        """Return the records with what has become of the words that they quote, and what is wrong with them.

        :param findings: what is wrong with their form
        """
        pairs = ((one.id, self.found(one)) for one in self.records if not self._is_newer(one.release))
        quotes = {name: pair[1] for name, pair in pairs if pair}
        named = dict.fromkeys(name for one in self.records for name in one.provisions)
        return FeedbackReport(
            release=self.spec.version,
            base_iri=base_of(self.spec),
            ids=tuple(one.id for one in self.spec.provisions),
            records=self.records,
            renamed={name: now for name in named if (now := self._links.now(name)) not in {"", name}},
            quotes=quotes,
            anchors={
                name: self.texts().anchor_at(one.provision, one.start, one.end)
                for name, one in quotes.items()
                if one.start >= 0
            },
            findings=(*findings, *self.findings()),
        )

    @cached_property
    def _links(self) -> Links:
        return Links(self.releases)

    def _of(self, record: Feedback) -> Iterator[Finding]:
        yield from self._unknown_records(record)
        for key in ("release", "answered-in"):
            version = record.release if key == "release" else record.answered_in
            if self._is_newer(version):
                message = f"{shown(version)} is newer than {shown(self.spec.version)}"
                hint = "check it with that release"
                yield Finding(code="newer-release", message=message, span=record.place(key), hint=hint)
                return
            yield from self._unknown_release(record, key, version)
        yield from self._named(record)
        yield from self._answered(record)
        if record.quote:
            yield from self._quoted(record)

    def _unknown_release(self, record: Feedback, key: str, version: str) -> Iterator[Finding]:
        """Yield that there is no release of a version, among those that are known."""
        known = [one.version for one in self.releases]
        # Those before the first are not at hand, and of versions that are no dates nobody knows which come between.
        is_told = len(known) > 1 and all(map(is_date, known)) and version > known[0]
        if is_told and version not in self._places:
            yield self._names.finding("release", version, record.place(key), known)

    def _is_newer(self, version: str) -> bool:
        return (
            version not in self._places
            and is_date(version)
            and is_date(self.spec.version)
            and version > self.spec.version
        )

    def _unknown_records(self, record: Feedback) -> Iterator[Finding]:
        for key in ("duplicates", "contradicts"):
            for name in getattr(record, key):
                if name not in self._by_id:
                    span = record.place(key, name)
                    yield self._names.finding("feedback", name, span, self._by_id, word="record")

    @cached_property
    def _by_id(self) -> dict[str, Feedback]:
        return {one.id: one for one in self.records}

    def _named(self, record: Feedback) -> Iterator[Finding]:
        """Yield what is wrong with ids of provisions; one of the release that the record is about is right."""
        for name in record.provisions:
            span = record.place("provisions", name)
            if found := self._links.problem(name, span, may_be_gone=not record.is_open):
                yield found

    def _answered(self, record: Feedback) -> Iterator[Finding]:
        """Yield that nothing changed in the release that is said to answer a record, as far as its releases are known."""
        place = self._places.get(record.answered_in)
        if place is None or not record.provisions:
            return
        why = ""
        about = self._places.get(record.release)
        if about is not None and about >= place:
            why = f"{shown(record.answered_in)} does not come after the release that the record is about"
        elif place and not any(self._has_changed(name, place) for name in record.provisions):
            named = " or ".join(shown(name) for name in record.provisions[:3])
            why = f"nothing changed in {named} from {shown(self.releases[place - 1].version)} to {shown(record.answered_in)}"
        if why:
            hint = "name the release in which something did"
            yield Finding(code="not-answered", message=why, span=record.place("answered-in"), hint=hint)

    def _has_changed(self, name: str, place: int) -> bool:
        if place not in self._changed:
            old, new = self.releases[place - 1 : place + 1]
            self._changed[place] = ChangedProvisions(compare(old, new), old, new)
        # The id may be that of any release.
        return name in self._changed[place] or self._links.now(name) in self._changed[place]

    def texts(self, place: int = -1) -> PlainTexts:
        """Return the texts of a release, in which quotations are found."""
        place %= len(self.releases)
        if place not in self._texts:
            is_last = place == len(self.releases) - 1
            links = self._links if is_last else Links(self.releases[: place + 1])
            self._texts[place] = PlainTexts(self.releases[place], links.renamed)
        return self._texts[place]

    def found(self, record: Feedback) -> _Found | None:
        """Return where the words that a record quotes are in its own release, and in that which is checked.

        Of several provisions that which has them counts. Without a quotation there is nothing.
        """
        if not record.quote:
            return None
        key = (record.release, record.provisions, record.quote)
        if key not in self._found:
            self._found[key] = self._looked_up(record)
        return self._found[key]

    def _looked_up(self, record: Feedback) -> _Found | None:
        own = self.texts(self._places.get(record.release, -1))
        anchors = [
            Anchor(provision=name, release=own.spec.version, exact=record.quote) for name in record.provisions
        ]
        tried = [own.find(one) for one in anchors]
        there = min(tried, key=lambda one: _BEST[one.state], default=None)
        if there is None:
            return None
        if own.spec is self.spec:
            return there, there
        held = own.again(there, "") if there.start >= 0 else there.anchor
        return there, self._found_here(held, record.quote)

    def _found_here(self, held: Anchor, quote: str) -> FoundAnchor:
        """Return where words are in the release that is checked: as its source has them, or as its page shows them."""
        found = self.texts().find(held)
        if held.exact == quote or found.state in {AnchorState.KEPT, AnchorState.MOVED}:
            return found
        shown_there = self.texts().find(replace(held, exact=quote, start=-1, end=-1))
        best = min(found, shown_there, key=lambda one: _BEST[one.state])
        return replace(best, anchor=held)

    def _quoted(self, record: Feedback) -> Iterator[Finding]:
        if (pair := self.found(record)) is None:
            return
        there, here = pair
        span = record.place("quote")
        if there.places:
            message = f"“{there.words[:80]}” occurs at {len(there.places)} places in `{there.provision}`"
            yield Finding(code="ambiguous-quote", message=message, span=span, hint="quote a few more words")
        if there.state in {AnchorState.GONE, AnchorState.CHANGED} and record.release in self._places:
            yield no_such_clause(there.anchor.provision, record.quote, span)
        elif here.state is AnchorState.GONE and record.is_open:
            message = f"the words that the open record `{record.id}` quotes are gone: “{record.quote[:80]}”"
            hint = "see whether it is answered, or quote what says it now"
            yield Finding(code="overtaken", message=message, span=span, hint=hint)

    def _circles(self) -> Iterator[Finding]:
        """Yield each circle of records that say the same as one another, of which none came first."""
        yield from (self._circle(names[:_FEW], len(names)) for names in circles(self._duplicates))

    @cached_property
    def _duplicates(self) -> dict[str, list[str]]:
        """The records that there are of those of which a record says that it is a duplicate."""
        return {one.id: [name for name in one.duplicates if name in self._by_id] for one in self.records}

    def _circle(self, names: Sequence[str], count: int) -> Finding:
        """Return that records are a circle.

        :param names: of the first ones
        :param count: of all of them
        """
        spans = [self._by_id[name].place("id") for name in names]
        told = " → ".join((*map(shown, names), "…" if count > len(names) else shown(names[0])))
        message = f"{count} records are duplicates in a circle: {told}"
        if count == 1:
            message = f"record {shown(names[0])} is a duplicate of itself"
        hint = "take `duplicates` out of the one that came first"
        return Finding(
            code="duplicate-circle", message=message, span=spans[0], hint=hint, related=tuple(spans[1:])
        )

    def _opposed(self) -> Iterator[Finding]:
        """Yield that a record is said to contradict itself, or one that says the same."""
        same = together(self._duplicates)
        for one in self.records:
            for name in one.contradicts:
                if name not in self._by_id or same[name] != same[one.id]:
                    continue
                span = one.place("contradicts", name)
                message = (
                    f"record {shown(one.id)} says the opposite of {shown(name)}, and is a duplicate of it"
                )
                if name == one.id:
                    message = f"record {shown(name)} says the opposite of itself"
                hint = "remove the one that is wrong from `duplicates` or `contradicts`"
                yield Finding(code="contradictory-duplicate", message=message, span=span, hint=hint)


def feedback_in(
    releases: Sequence[Spec], folder: Path, names: Sequence[str], seen_from: Path
) -> FeedbackReport:
    """Return what registers say of the last of some releases.

    One that is not there is left out, and told with the option that names it.

    :param folder: what the names of files, and of folders of them, are relative to
    :param seen_from: the folder from which findings name a file
    """
    files = [file for name in names if (path := folder / name).exists() for file in feedback_files(path)]
    named = [(file, Path(os.path.relpath(file, seen_from)).as_posix()) for file in files]
    records, findings = read_registers(named)
    return FeedbackCheck(records, releases).report(findings)


_FEW = 5
_BEST = {state: place for place, state in enumerate(AnchorState)}
