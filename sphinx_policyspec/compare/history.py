"""Many releases: one provision over all of them, a lock of what a spec says, and a changelog against a diff."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from sphinx_policyspec.compare.change import Change, ChangeKind, SpecDiff, Subject, is_structural
from sphinx_policyspec.compare.compare import compare, says_of, with_judgements
from sphinx_policyspec.compare.provisions import level_of
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.errors import LockError, UnknownIdError
from sphinx_policyspec.files import Brief, dump_json, load_json
from sphinx_policyspec.model import Judgement, Spec
from sphinx_policyspec.model.nearest import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Brief):
    """A provision in one release.

    :param place: of the release among all, the first is 0
    :param level: of a principle, empty for a section
    :param changes: what changed about it, and what is in it, since the release before; empty in the first
    :param is_gone: whether the release no longer has it; its title is then the last one, and the changes show what
        became of it
    """

    place: int
    version: str
    id: str
    title: str
    level: str = ""
    words: int = 0
    examples: int = 0
    changes: tuple[Change, ...]
    is_gone: bool = False


_PARTED = (ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.SUCCEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Releases from the first to the last.

    :param diffs: what changed from each release to the next, one less than there are releases
    """

    specs: tuple[Spec, ...]
    diffs: tuple[SpecDiff, ...]

    @classmethod
    def of(cls, specs: Sequence[Spec], judgements: Sequence[Judgement] = ()) -> Timeline:
        """Compare each release with the next; judgements give changed prose its weight."""
        diffs = (with_judgements(compare(old, new), old, new, judgements) for old, new in pairwise(specs))
        return cls(specs=tuple(specs), diffs=tuple(diffs))

    def ids(self, id_: str, place: int) -> dict[int, str]:
        """Return the ids of a provision by the place of the release, in order.

        :param id_: its id in the release at ``place``
        """
        by_place = {place: id_}
        for earlier in range(place - 1, -1, -1):
            if earlier + 1 in by_place and (old := self.diffs[earlier].old_ids.get(by_place[earlier + 1])):
                by_place[earlier] = old
        for later in range(place, len(self.diffs)):
            if later in by_place and (new := self.diffs[later].new_ids.get(by_place[later])):
                by_place[later + 1] = new
        return dict(sorted(by_place.items()))

    def moments(self, id_: str, place: int = -1) -> tuple[Moment, ...]:
        """Return a provision in each release that has it, under any id that it had, and what became of it.

        :param id_: its id in the release at ``place``, by default the last
        """
        start = place % len(self.specs)
        ids = self.ids(id_, start)
        last = max(ids)
        steps = [self._moment(where, name) for where, name in ids.items()]
        if last + 1 < len(self.specs):
            steps.append(self._end(last + 1, ids[last]))
        return tuple(steps)

    def _end(self, place: int, id_: str) -> Moment:
        """Return what became of a provision in the first release that no longer has it."""
        diff = self.diffs[place - 1]
        parts = (c for c in diff.of(Subject.PROVISION, *_PARTED) if id_ in {c.provision, c.old})
        changes = (*diff.by_provision.get(id_, ()), *parts)
        return Moment(
            place=place,
            version=self.specs[place].version,
            id=id_,
            title=self.specs[place - 1].provision_by_id[id_].title,
            is_gone=True,
            changes=tuple({id(change): change for change in changes}.values()),
        )

    def _moment(self, place: int, id_: str) -> Moment:
        provision = self.specs[place].provision_by_id[id_]
        return Moment(
            place=place,
            version=self.specs[place].version,
            id=id_,
            title=provision.title,
            level=level_of(provision),
            words=len(provision.text.split()),
            examples=len(provision.examples),
            changes=self.diffs[place - 1].by_provision.get(id_, ()) if place else (),
        )


def before(specs: Sequence[Spec], new: Spec) -> tuple[Spec, ...]:
    """Return the releases of a source that come before one, which may be among them, as may later ones.

    A single release is returned, whatever its version.

    :param specs: releases from the first to the last
    """
    versions = [spec.version for spec in specs]
    is_among = len(specs) > 1 and new.version and new.version in versions
    return tuple(specs[: versions.index(new.version)] if is_among else specs)


def history(specs: Sequence[Spec], id_: str, judgements: Sequence[Judgement] = ()) -> tuple[Moment, ...]:
    """Return a provision in each release that has it, from the first to the last, under any id that it had.

    If a later release no longer has it, the last moment shows what became of it.

    Raises :class:`~sphinx_policyspec.errors.UnknownIdError` where no release has the id.

    :param specs: releases from the first to the last
    """
    places = [place for place, spec in enumerate(specs) if id_ in spec.provision_by_id]
    if not places:
        names = {provision.id for spec in specs for provision in spec.provisions}
        raise UnknownIdError(
            f"no release has the provision `{id_}`; {nearest(id_, names)}".removesuffix("; ")
        )
    return Timeline.of(specs, judgements).moments(id_, places[-1])


_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry(Brief):
    """What a lock holds about a provision.

    :param level: the level of a principle, empty for a section
    :param says: digests of all else that a diff compares, by what it is: ``text``, ``examples``, ``topics``
    """

    id: str
    title: str
    level: str
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(Brief):
    """The provisions of a spec as they were, in reading order.

    :param version: the release that was locked, if it had a version
    :param says: digests of what the spec itself says, likewise: ``levels``, ``goals``
    """

    version: str
    entries: tuple[LockEntry, ...] = field(repr=False)
    says: Mapping[str, str] = field(default_factory=dict, repr=False)


class LockState(enum.StrEnum):
    """What became of a provision since the lock was written."""

    RENUMBERED = "renumbered"
    """It has another id, and all else is the same."""
    CONTENT = "content changed"
    """Its normative text says something else."""
    LEVEL = "level changed"
    RETITLED = "retitled"
    ADDED = "added"
    REMOVED = "removed"
    OTHER = "changed"
    """Something else about it changed, which ``aspect`` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange(Brief):
    """One difference from a lock.

    :param id: its id now, or its last one where it is gone; empty for the spec itself
    :param aspect: what about it changed, where the state leaves that open
    :param old: what it was: an id, a level or a title; empty where there is nothing to say
    :param new: what it is
    """

    state: LockState
    id: str
    aspect: str = ""
    old: str = ""
    new: str = ""


def lock_of(spec: Spec, names: Mapping[str, str] | None = None) -> Lock:
    """Return the lock of a spec.

    :param names: other ids for provisions, to be read as these wherever one is named
    """
    says = says_of(spec, names)
    entries = (
        LockEntry(
            id=provision.id,
            title=normal(provision.title),
            level=level_of(provision),
            says=says[provision.id],
        )
        for provision in spec.provisions
    )
    return Lock(version=spec.version, entries=tuple(entries), says=says[""])


def format_lock(lock: Lock) -> str:
    """Return a lock as JSON with a line for each provision, so that version control shows what changed."""
    head = dump_json({"format": _FORMAT, "version": lock.version, "says": dict(lock.says)})
    body = ",\n".join(f"  {dump_json(asdict(entry))}" for entry in lock.entries)
    return f'{head.removesuffix("}")}, "provisions": [\n{body}\n]}}\n'


def parse_lock(text: str, file: str) -> Lock:
    """Return the lock that a text holds.

    :param file: named in the message of the :class:`~sphinx_policyspec.errors.LockError` if it holds none
    """
    try:
        content = load_json(text)
    except ValueError as error:
        raise LockError(f"{file}: not a lock: {error}") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise LockError(f"{file}: not a lock of format {_FORMAT}; `policyspec lock` writes one")
    provisions, says = content.get("provisions"), content.get("says")
    if not isinstance(provisions, list) or not all(map(_is_entry, provisions)) or not _are_texts(says):
        raise LockError(
            f"{file}: `provisions` is not a list of objects with id, title, level and says: write the lock again"
        )
    entries = tuple(LockEntry(**entry) for entry in provisions)
    return Lock(version=str(content.get("version", "")), entries=entries, says=says or {})


def _is_entry(entry: Any) -> bool:  # noqa: ANN401  whatever JSON holds
    if not isinstance(entry, dict) or entry.keys() != {"id", "title", "level", "says"}:
        return False
    return _are_texts(entry["says"]) and _are_texts({**entry, "says": ""})


def _are_texts(values: Any) -> bool:  # noqa: ANN401  likewise
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def since_lock(lock: Lock, spec: Spec) -> tuple[LockChange, ...]:
    """Return what has changed since a lock was written, in reading order, removals first."""
    before = {entry.id: entry for entry in lock.entries}
    after = {entry.id: entry for entry in lock_of(spec).entries}
    removed = [entry for entry in before.values() if entry.id not in after]
    added = [entry for entry in after.values() if entry.id not in before]
    renumbered = _renumbered(spec, removed, added)
    origin = {new: old for old, new in renumbered.items()}
    now = lock_of(spec, origin)
    changes = [
        LockChange(state=LockState.REMOVED, id=entry.id) for entry in removed if entry.id not in renumbered
    ]
    for entry in now.entries:
        was = before.get(origin.get(entry.id, entry.id))
        changes += _differences(was, entry) if was else [LockChange(state=LockState.ADDED, id=entry.id)]
    return (*changes, *_otherwise("", lock.says, now.says))


def _differences(was: LockEntry, now: LockEntry) -> Iterator[LockChange]:
    fields = {LockState.RENUMBERED: "id", LockState.LEVEL: "level", LockState.RETITLED: "title"}
    for state, name in fields.items():
        old, new = getattr(was, name), getattr(now, name)
        if old != new:
            yield LockChange(state=state, id=now.id, old=old, new=new)
    # An annotation file may give these by the old id, and they bind nobody.
    yield from _otherwise(now.id, was.says, now.says, ("topics", "serves") if was.id != now.id else ())


def _otherwise(
    id_: str, was: Mapping[str, str], now: Mapping[str, str], aside: Sequence[str] = ()
) -> Iterator[LockChange]:
    for name in dict.fromkeys((*now, *was)):
        if was.get(name) != now.get(name) and name not in aside:
            is_text = name == "text"
            state = LockState.CONTENT if is_text else LockState.OTHER
            yield LockChange(state=state, id=id_, aspect="" if is_text else name)


def _renumbered(spec: Spec, removed: list[LockEntry], added: list[LockEntry]) -> dict[str, str]:
    """Return old id → new id: by alias, then where text and title, or the text alone, are unique on both sides."""
    aliases = {alias: p.id for p in spec.provisions for alias in p.aliases}
    new_ids = {entry.id for entry in added}
    new_id_of = {entry.id: aliases[entry.id] for entry in removed if aliases.get(entry.id) in new_ids}
    for parts in (lambda e: (e.says.get("text"), e.title), lambda e: e.says.get("text")):
        old = Counter(parts(entry) for entry in removed if entry.id not in new_id_of)
        used = set(new_id_of.values())
        rest = [entry for entry in added if entry.id not in used]
        new = Counter(map(parts, rest))
        places = {parts(entry): entry.id for entry in rest}
        for entry in removed:
            key = parts(entry)
            if entry.id not in new_id_of and key is not None and old[key] == new[key] == 1:
                new_id_of[entry.id] = places[key]
    return new_id_of


_ITEM = re.compile(r"^[ \t]*(?:[*+-]|\d+[.)])[ \t]+", re.MULTILINE)
_MARKUP = re.compile(r"\]\([^()\s]*\)|[*_`\[\]\\]")
_QUOTATION = re.compile(r"\*{2,3}([^*]+)\*{2,3}|[\"“]([^\"”]{4,500})[\"”]|`([^`]+)`")
_WORD = re.compile(r"[a-z]{4,}")
_TWO_IDS = frozenset({ChangeKind.RENAMED, ChangeKind.SPLIT, ChangeKind.MERGED})
_TELLING = 3
"""Rare words that a claim and the changed words of one provision must share to be about the same thing."""
_LONG = 10
"""Letters of a rare word that is enough by itself."""
_RARE = 3
"""Most provisions in whose changed words a rare word occurs."""


class ClaimState(enum.StrEnum):
    """Whether anything shows that a claim is about a change; what it says about that is for a reader to judge."""

    CHANGED = "changed"
    """It names something that changed, or quotes words that came or went."""
    UNDECIDED = "undecided"
    """It names nothing that can be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Brief):
    """A sentence or item of a changelog entry.

    :param evidence: ids of what changed, each with what in the claim names it
    :param near: ids of provisions whose changes share rare words with it, which only shows where to look
    """

    text: str
    state: ClaimState
    evidence: Mapping[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Brief):
    """A changelog entry against a diff.

    :param version: of the new spec, if it has one
    :param has_entry: whether the changelog says anything about the new spec
    :param untold: structural changes that the entry does not mention
    """

    version: str
    has_entry: bool
    claims: tuple[Claim, ...]
    untold: tuple[Change, ...]


def entry_of(spec: Spec) -> str | None:
    """Return what a spec's changelog says about its version; ``None`` where it says nothing."""
    entries = spec.changelog.entries if spec.changelog else ()
    return next((entry.text for entry in entries if entry.version == spec.version), None)


def review(diff: SpecDiff, entry: str | None) -> Review:
    """Return how a changelog entry and a diff support each other, as far as names and words can show."""
    texts = [*_claims(entry or "")]
    structural = [change for change in diff.changes if is_structural(change)]
    untold = tuple(change for change in structural if not any(_mention(diff, change, text) for text in texts))
    rare = _rare_words(diff)
    return Review(
        version=diff.new,
        has_entry=entry is not None,
        claims=tuple(_claim(diff, text, rare) for text in texts),
        untold=untold,
    )


def _claims(entry: str) -> Iterator[str]:
    """Yield the items of a list, or the paragraphs where there is none."""
    whole = _ITEM.split(entry)[1:] or entry.split("\n\n")
    yield from (" ".join(part.split()) for part in whole if part.strip())


def _plain(text: str) -> str:
    return normal(_MARKUP.sub(" ", text)).lower()


def _mention(diff: SpecDiff, change: Change, claim: str) -> str:
    """Return what in a claim mentions a structural change, if anything does."""
    text = _plain(claim)
    if change.subject is Subject.LEVEL:
        names = {name.lower() for name in (change.old, change.new, change.id) if name}
        is_named = "level" in text and all(stands(name, text) for name in names)
        return f"level {change.id}" if is_named else ""
    moved = change.kind in {ChangeKind.LEVEL_RAISED, ChangeKind.LEVEL_LOWERED} and change.new.lower() in text
    if moved and "principle" in text and _MOVES.search(text):
        return f"principles moved to {change.new}"
    return _names(diff, change, claim)


def _names(diff: SpecDiff, change: Change, claim: str) -> str:
    """Return the id or title by which a claim names what changed; of a provision, or of an example."""
    if change.subject is Subject.EXAMPLE:
        titles = (title for title in (change.old, change.new) if " " in title and _holds(claim, title))
        return next((f"example “{title}”" for title in titles), "")
    twice = (change.old, change.new) if change.kind in _TWO_IDS else ()
    for id_ in filter(None, (change.provision, *twice)):
        if "_" in id_ and stands(id_, claim):
            return f"id {id_}"
        title = diff.titles.get(id_, "")
        # A lone word must be written as a title is, since it may be any word.
        if _holds(claim, title) and (" " in title or stands(title, claim)):
            return f"title “{title}”"
    return ""


def _holds(text: str, name: str) -> bool:
    wanted = _plain(name).strip()
    return bool(wanted) and stands(wanted, _plain(text))


def stands(name: str, text: str) -> bool:
    """Return whether a name is in a text, and not as a part of a longer word."""
    at = text.find(name)
    while at >= 0:
        before, after = text[max(at - 1, 0) : at], text[at + len(name) : at + len(name) + 1]
        if not _WORD_SIGN.match(before) and not _WORD_SIGN.match(after):
            return True
        # No name begins inside a word.
        gap = _GAP.search(text, at)
        at = text.find(name, gap.end()) if gap else -1
    return False


_MOVES = re.compile("move|rais|lower|promot|demot")
_WORD_SIGN, _GAP = re.compile(r"\w"), re.compile(r"\W")


def _claim(diff: SpecDiff, claim: str, rare: dict[str, set[str]]) -> Claim:
    evidence: dict[str, str] = {}
    for change in diff.changes:
        how = _mention(diff, change, claim) if is_structural(change) else ""
        how = how or (_names(diff, change, claim) if change.provision else "") or _quoted(change, claim)
        if how:
            evidence.setdefault(change.provision or change.id, how)
    if evidence:
        return Claim(text=claim, state=ClaimState.CHANGED, evidence=evidence)
    own_words = set(_WORD.findall(_plain(claim)))
    shared = {id_: own_words & words for id_, words in rare.items()}
    near = sorted(
        (-len(words), id_)
        for id_, words in shared.items()
        if len(words) >= _TELLING or any(len(word) >= _LONG for word in words)
    )
    return Claim(text=claim, state=ClaimState.UNDECIDED, near=tuple(id_ for _, id_ in near))


def _quoted(change: Change, claim: str) -> str:
    """Return words that a claim sets off, in bold or quotes, if they are among those that came or went together."""
    changed = _changed_words(change)
    phrases = (next(filter(None, match.groups())).strip() for match in _QUOTATION.finditer(claim))
    hits = (phrase for phrase in phrases if " " in phrase and any(_holds(run, phrase) for run in changed))
    return next((f"the words “{phrase}”" for phrase in hits), "")


def _changed_words(change: Change) -> list[str]:
    units = change.text.units if change.text else ()
    return [run.text for unit in units for run in unit.runs if run.op != "="]


def _rare_words(diff: SpecDiff) -> dict[str, set[str]]:
    """Return, by provision, the changed words that are in the changes of few others."""
    words: dict[str, set[str]] = {}
    for change in diff.changes:
        if change.text is not None and change.provision:
            words.setdefault(change.provision, set()).update(
                _WORD.findall(_plain(" ".join(_changed_words(change))))
            )
    holders = Counter(word for group in words.values() for word in group)
    return {id_: {word for word in group if holders[word] <= _RARE} for id_, group in words.items()}
