"""What a comparison of two specs gives: changes with their weight, evidence and reach, and a diff in a few numbers."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import NamedTuple, Protocol, TypedDict, Unpack

from sphinx_policyspec.compare.rewording import SentenceChange
from sphinx_policyspec.compare.words import TextChange
from sphinx_policyspec.files import Brief, html_table, in_a_line, number_of
from sphinx_policyspec.model import Finding, Judgement, Span

SPACES = "spaces"
"""The aspect of a change of typography that is one of white space alone."""


class Subject(enum.StrEnum):
    """The kind of thing that changed, which has the id."""

    PROVISION = "provision"
    EXAMPLE = "example"
    COMMENTARY = "commentary"
    DEFINITION = "definition"
    REFERENCE = "reference"
    CLAUSE = "clause"
    TAG = "eval-tag"
    PROMPT = "prompt"
    LEVEL = "level"
    TOPIC = "topic"
    GOAL = "goal"
    SPEC = "spec"


class ChangeKind(enum.StrEnum):
    """What happened to a thing, in the direction from the old spec to the new one."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    """It is the same thing under another id."""
    SPLIT = "split"
    """What it said is in several provisions now; ``new`` is one of them."""
    MERGED = "merged"
    """What several provisions said is in it now; ``old`` is one of them."""
    SUCCEEDED = "succeeded"
    """Something of it is in ``new``, which is too different to be the same."""
    RETITLED = "retitled"
    MOVED = "moved"
    """It has another parent, or is in another provision."""
    REORDERED = "reordered"
    """It has the same parent and another place among its siblings."""
    LEVEL_RAISED = "level-raised"
    LEVEL_LOWERED = "level-lowered"
    LEVEL_RENAMED = "level-renamed"
    """Its level has another name, and most principles of the level went along."""
    LEVEL_CHANGED = "level-changed"
    """Its levels cannot be ordered: neither spec declares both."""
    BECAME_PRINCIPLE = "became-principle"
    BECAME_SECTION = "became-section"
    TEXT = "text"
    TYPOGRAPHY = "typography"
    """Only dashes, quotes or spaces differ."""
    CHANGED = "changed"
    """Something other than the text of a provision says something else: an example, a prompt, a topic."""
    VERDICT_FLIPPED = "verdict-flipped"
    ATTRIBUTE = "attribute"
    RELATION_ADDED = "relation-added"
    RELATION_REMOVED = "relation-removed"
    TAG_MOVED = "tag-moved"
    """It is at other words of the same provision."""


class Weight(enum.StrEnum):
    """What a change does to those who are bound, in the order in which changes are reported.

    A direction comes from structure or from a person's judgement, never from words.
    """

    NEEDS_READER = "needs-reader"
    """A sentence that may hold a norm was added, removed or reworded, and no judgement says what that does."""
    TIGHTENING = "tightening"
    """Less is allowed, or what is allowed can be set aside less easily."""
    LOOSENING = "loosening"
    """More is allowed, or a rule can be set aside more easily."""
    BOTH = "both"
    """Stricter in one respect and looser in another."""
    CLARIFYING = "clarifying"
    """What is meant is said differently, or in more or fewer words; no sentence that may hold a norm differs."""
    EDITORIAL = "editorial"
    """The norms are the same: only form differs, or something that binds nobody."""

    @property
    def words(self) -> str:
        """The weight in words for people."""
        return {"needs-reader": "needs a reader", "both": "tightening and loosening"}.get(
            self.value, self.value
        )


DIRECTED = frozenset({Weight.TIGHTENING, Weight.LOOSENING, Weight.BOTH})
"""The weights that say what a change does to those who are bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach(Brief):
    """What a change may invalidate, as ids of the new spec, of the old one where the new has none.

    :param examples: examples that are in what changed, illustrate it, weigh it or show its violation
    :param prompts: evaluation prompts that test it
    :param references: provisions whose text, titles or verdicts point at it
    :param dependents: provisions that are an exception to it, refine it, conflict with it or yield to it
    :param overlays: provisions of specs that are built on this one and name it, as ``overlay:id``, of those that
        were given
    :param cases: scenarios of the chain of command that rest on it, as ``file:line``, of those that were given
    :param results: ids of runs whose answers were graded against what it was, of the evaluations that were given
    :param feedback: ids of the records that are answered in the new spec, of the registers that were given
    """

    examples: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything."""
        return any(getattr(self, field.name) for field in fields(self))


class Spanned(Protocol):
    """Something that is in a source."""

    @property
    def span(self) -> Span:
        """Where it is."""


class ReplacedMessages(NamedTuple):
    """How many messages of an example are gone, and how many are new.

    :param are_answers: all of them are the assistant's
    """

    removed: int
    added: int
    are_answers: bool


class ChangeDetails(TypedDict, total=False):
    """What a change says beside what it is about; see :class:`Change`."""

    provision: str
    aspect: str
    old: str
    new: str
    evidence: tuple[tuple[str, str], ...]
    text: TextChange | None
    sentences: tuple[SentenceChange, ...]
    messages: ReplacedMessages | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Brief):
    """One difference between two specs.

    :param id: of what changed, under its new name where it has one
    :param provision: id of the provision that it is or is in, likewise; empty for the spec's own
    :param aspect: what about it changed, where the kind leaves that open: the name of a relation or an attribute
    :param old: what it was, in the words of the source: a level, a title, the id of a parent; empty where
        there is nothing to say
    :param new: what it is, likewise
    :param rule: name of the rule that gave the weight
    :param evidence: what speaks for it, by name, in a fixed order
    :param text: changes of words, where words changed
    :param sentences: the sentences of prose that are not as they were
    :param messages: of an example that has other messages, how many
    :param judgement: by somebody who read it, which then gives its weight
    :param old_span: where it is in the old source
    :param new_span: where it is in the new source
    """

    kind: ChangeKind
    subject: Subject
    id: str
    provision: str = ""
    aspect: str = ""
    old: str = ""
    new: str = ""
    weight: Weight = Weight.EDITORIAL
    rule: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    text: TextChange | None = None
    sentences: tuple[SentenceChange, ...] = ()
    messages: ReplacedMessages | None = None
    judgement: Judgement | None = None
    reach: Reach = Reach()
    old_span: Span | None = None
    new_span: Span | None = None

    def said(self, name: str) -> str:
        """Return a piece of evidence, or nothing."""
        return dict(self.evidence).get(name, "")


def change_of(
    kind: ChangeKind,
    subject: Subject,
    id_: str,
    was: Spanned | None,
    now: Spanned | None,
    **details: Unpack[ChangeDetails],
) -> Change:
    """Return the change of something, with its old and its new place."""
    old_span, new_span = (side.span if side else None for side in (was, now))
    return Change(kind=kind, subject=subject, id=id_, old_span=old_span, new_span=new_span, **details)


_IN_PROSE = frozenset({Subject.SPEC, Subject.DEFINITION, Subject.COMMENTARY, Subject.EXAMPLE})


def judged_id(change: Change) -> str:
    """Return the id in judgements of the thing whose prose changed."""
    if change.provision or change.subject in _IN_PROSE:
        return change.provision or "preamble"
    return f"{change.subject.value}/{change.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Brief):
    """A provision of the old spec and the one of the new spec that it is.

    :param by: what decided: ``id``, ``alias``, or the first of ``title``, ``text``, ``examples`` and ``tags``
        that was enough
    :param evidence: as in :class:`Change`
    """

    old: str
    new: str
    by: str
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SpecDiff:
    """All differences between two specs, kind by kind, each in the reading order of the new spec.

    :param old: version of the old spec
    :param new: version of the new spec
    :param matches: which provision is which, in the order of the new spec
    :param same_examples: how many examples say the same in both
    :param renamed_examples: examples with another id, old id → new id; for the dialect an id follows its provision
    :param titles: titles of all provisions by id, the new one where there are two
    :param left_out: changes that are not shown, but still count
    :param in_full: whether texts have each eval tag and prompt file on a line of its own, not those of a provision on one
    :param findings: judgements that do not fit
    """

    old: str
    new: str
    changes: tuple[Change, ...] = ()
    matches: tuple[Match, ...] = ()
    same_examples: int = 0
    renamed_examples: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[Change, ...] = ()
    in_full: bool = False
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        """Return a summary."""
        return f"<SpecDiff {self._summary}>"

    def _repr_html_(self) -> str:
        """Show the changes in a notebook."""
        rows = [(c.weight, c.subject, c.kind, c.id, c.old, c.new, c.rule) for c in self.changes]
        return html_table(self._summary, ("weight", "subject", "kind", "id", "old", "new", "rule"), rows)

    @property
    def _summary(self) -> str:
        names = in_a_line(f"{self.old or 'undated'} → {self.new or 'undated'}")
        return f"{names}: {number_of(len(self.changes), 'change')}"

    def __bool__(self) -> bool:
        """Return whether the specs differ."""
        return bool(self.changes or self.left_out)

    def only(self, weight: Weight) -> SpecDiff:
        """Return the diff with the changes of one weight; the others still count."""
        return replace(
            self,
            changes=tuple(change for change in self.changes if change.weight is weight),
            left_out=self.left_out + tuple(change for change in self.changes if change.weight is not weight),
        )

    def of(self, subject: Subject, *kinds: ChangeKind) -> Iterator[Change]:
        """Yield the changes of a kind of thing, of these kinds of change or of all."""
        return (c for c in self.changes if c.subject is subject and (not kinds or c.kind in kinds))

    @cached_property
    def by_provision(self) -> dict[str, tuple[Change, ...]]:
        """The changes to a provision and to what is in it, by its id."""
        by_id: dict[str, list[Change]] = {}
        for change in self.changes:
            by_id.setdefault(change.provision, []).append(change)
        return {provision: tuple(changes) for provision, changes in by_id.items()}

    @cached_property
    def new_ids(self) -> dict[str, str]:
        """The new id of each old provision that has a successor in full, its own where it kept it."""
        return {match.old: match.new for match in self.matches}

    @cached_property
    def old_ids(self) -> dict[str, str]:
        """The old id of each new provision that was there before."""
        return {match.new: match.old for match in self.matches}


class Bump(enum.StrEnum):
    """The part of a version number that goes up, after Semantic Versioning."""

    MAJOR = "major"
    """What was relied on may not hold: an id that is gone, a hard rule, the levels themselves."""
    MINOR = "minor"
    """Something is allowed or forbidden that was not, or there is something new to know."""
    PATCH = "patch"
    """The norms are the same, or the same said more clearly."""
    NONE = "none"
    """Nothing changed."""


_HARD = frozenset(
    {
        "hard-level-lost",
        "hard-level-unclear",
        "hard-rule-added",
        "hard-rule-removed",
        "hard-rule-unclear",
        "hard-norm-changed",
    }
)
_LEVELS = frozenset({
    "override-stricter", "override-looser", "override-of-exceptions", "overriders-added", "overriders-removed", "overriders-changed",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A diff in numbers.

    :param weights: how many changes have each weight, in the order of :class:`Weight`
    :param reasons: the changes that ask for the bump, in order
    :param judged: the bump that it would be if somebody judged every change that needs a reader to be neutral
    :param held: the changes that need a reader and make the bump higher
    """

    bump: Bump
    weights: dict[Weight, int]
    reasons: tuple[Change, ...] = ()
    judged: Bump
    held: tuple[Change, ...] = ()


def summary_of(diff: SpecDiff) -> Summary:
    """Return a diff in numbers."""
    changes = diff.changes + diff.left_out
    counted = Counter(change.weight for change in changes)
    bump, reasons = _bump(changes)
    others = tuple(change for change in changes if change.weight is not Weight.NEEDS_READER)
    judged = Bump.PATCH if changes and not others else _bump(others)[0]
    return Summary(
        bump=bump,
        weights={weight: counted[weight] for weight in Weight},
        reasons=reasons,
        judged=judged,
        held=tuple(c for c in reasons if c.weight is Weight.NEEDS_READER) if judged is not bump else (),
    )


def _bump(changes: tuple[Change, ...]) -> tuple[Bump, tuple[Change, ...]]:
    """Return the bump that changes ask for, and the changes that do."""
    for candidate, test in ((Bump.MAJOR, _breaks), (Bump.MINOR, _matters)):
        if reasons := tuple(change for change in changes if test(change)):
            return candidate, reasons
    return (Bump.PATCH if changes else Bump.NONE), changes


def _breaks(change: Change) -> bool:
    is_lost = change.kind in {ChangeKind.REMOVED, ChangeKind.RENAMED} and change.subject in {
        Subject.PROVISION,
        Subject.LEVEL,
    }
    return (is_lost and change.said("by") != "alias") or change.rule in _HARD | _LEVELS


def _matters(change: Change) -> bool:
    return change.weight in DIRECTED | {Weight.NEEDS_READER} or (
        change.kind is ChangeKind.ADDED
        and change.subject in {Subject.PROVISION, Subject.EXAMPLE, Subject.LEVEL}
    )


_STRUCTURAL = frozenset({
    ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.RENAMED, ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.LEVEL_RAISED,
    ChangeKind.LEVEL_LOWERED, ChangeKind.LEVEL_CHANGED, ChangeKind.BECAME_PRINCIPLE, ChangeKind.BECAME_SECTION,
})  # fmt: skip


def is_structural(change: Change) -> bool:
    """Return whether a change is one of provisions or levels themselves, or of the level of one."""
    return change.subject in {Subject.PROVISION, Subject.LEVEL} and change.kind in _STRUCTURAL


def is_telling(change: Change) -> bool:
    """Return whether a changelog reports a change by itself: a structural one, or one that touches norms."""
    return is_structural(change) or (
        change.weight is not Weight.EDITORIAL and change.subject is not Subject.EXAMPLE
    )
