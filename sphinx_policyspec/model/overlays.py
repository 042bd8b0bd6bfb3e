"""What only a resolved spec holds: statements of overlays, and what they do to its provisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sphinx_policyspec.files import Brief, grouped
from sphinx_policyspec.model.finding import Span
from sphinx_policyspec.model.provision import Principle, Provision

if TYPE_CHECKING:
    from sphinx_policyspec.model.spec import Spec


class Operation(StrEnum):
    """What a statement does to upstream."""

    OVERRIDES = "overrides"
    """An upstream default no longer holds here."""
    NARROWS = "narrows"
    """What upstream allows is not done here."""
    ADDS = "adds"
    """A rule that upstream does not have."""
    PERMITS = "permits"
    """Uses a permission that upstream leaves open."""
    DELEGATES = "delegates"
    """Texts of a source have a say on some issues."""
    DEFINES = "defines"
    """Fixes what a term means."""
    RESTATES = "restates"
    """Says again what upstream says."""


class Surface(StrEnum):
    """Where the assistant that reads the statements is used."""

    API = "api"
    """A product that somebody builds on the publisher's interface."""
    ORGANISATION = "organisation"
    """An assistant for an organisation's own people; decided as ``api``."""
    FIRST_PARTY = "first-party"
    """The publisher's own product."""


class StatementMode(StrEnum):
    """Whether a statement is explicit, or implied by a persona or a tone."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


class RefusalCode(StrEnum):
    """Why a statement is refused."""

    ROOT_IS_FIXED = "root-is-fixed"
    """No message overrides a norm of that level."""
    LEVEL_TOO_LOW = "level-too-low"
    """The holder's level is below that of the norm."""
    NEEDS_EXPLICIT = "needs-explicit"
    """What is implied does not override a norm of that level."""
    FIRST_PARTY = "first-party-above-guideline"
    """On the publisher's own product no message overrides a norm of that level."""
    ABOVE_HOLDER = "level-above-holder"
    """It claims a level that the holder does not have."""
    BEYOND_POWER = "delegation-beyond-power"
    """It gives a say that would go beyond what the holder could override."""
    WEAKENED = "weakened-by-definition"
    """It changes what a norm means that the holder could not override."""
    SPLIT = "must-be-split"
    """Some of what it is about may be changed so, and some not."""


class VerdictNote(StrEnum):
    """What to know about a statement that is allowed, or about its witness."""

    RESTATES = "restates-upstream"
    """Upstream says it already."""
    TAKES_SWITCH = "takes-the-switch"
    """A user could override it, and no longer can."""
    FIRST_PARTY_USER = "user-on-first-party"
    """The prose does not say whether a user's word on the publisher's product is customization."""


class Origin(StrEnum):
    """Where a provision of a resolved spec comes from, or what became of it."""

    UPSTREAM = "upstream"
    """It is as upstream says it."""
    OVERRIDDEN = "overridden-by"
    """A statement holds in its place, or uses a permission that it leaves open."""
    NARROWED = "narrowed-by"
    """A statement is stricter."""
    LOCKED = "locked"
    """Users could override it, and with a statement no longer can."""
    ADDED = "added"
    """It is a statement of an overlay."""


class RebaseEffect(StrEnum):
    """What a next release does to a statement."""

    RENAMED = "renamed"
    """What it is about has another id."""
    MOVED = "moved"
    """It is somewhere else."""
    GONE = "gone"
    """It is not there any more."""
    LEVEL_CHANGED = "level-changed"
    """It has another level."""
    TEXT_CHANGED = "text-under-it-changed"
    """The clause, or the text, that the statement rests on has other words."""
    NOW_UPSTREAM = "now-upstream"
    """Upstream says itself what the statement says."""
    EXAMPLE_VOID = "example-void"
    """An example that it lists is gone, or has other verdicts."""
    VERDICT_CHANGED = "verdict-changed"
    """It was allowed and is refused, or the reverse."""
    NOT_JUDGED = "not-judged"
    """One of the releases lacks what it names, so that nobody knows what happens to it."""
    UNTOUCHED = "untouched"
    """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecStatement(Principle):
    """An allowed statement of an overlay, as a provision of the resolved spec.

    Its id is that of its overlay and its own, with a slash between; its level that of the holder; its text what it says.
    In decisions it is an item of a message of the holder before all others. Ids of provisions are sorted.

    :param overlay: the name of its overlay
    :param overrides: targets, by operation; a statement has one
    :param delegates: provisions on which texts of a source have a say
    :param delegates_to: the source
    :param defines: the term
    :param forbids: provisions whose demands a narrowing rules out
    :param locks: principles that users could override, and no longer can
    :param voids: ids of upstream's examples that no longer hold
    :param words: by provision, the words that it is about, where it is about these alone
    :param implied: whether a persona or a tone implies it, rather than its words
    :param issue: the question that it settles
    :param answer: its answer to that
    :param surface: a value of :class:`Surface`
    :param globs: patterns of the files that it holds in
    """

    overlay: str = ""
    overrides: tuple[str, ...] = ()
    narrows: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    restates: tuple[str, ...] = ()
    delegates: tuple[str, ...] = ()
    delegates_to: str = ""
    defines: str = ""
    forbids: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    voids: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    implied: bool = False
    issue: str = ""
    answer: str = ""
    surface: str = ""
    because: str = ""
    globs: tuple[str, ...] = ()
    audience: str = ""

    @property
    def operation(self) -> Operation:
        """What it does."""
        by_operation = {
            Operation.OVERRIDES: self.overrides,
            Operation.NARROWS: self.narrows,
            Operation.PERMITS: self.permits,
            Operation.RESTATES: self.restates,
            Operation.DELEGATES: self.delegates_to,
            Operation.DEFINES: self.defines,
        }
        return next((operation for operation, value in by_operation.items() if value), Operation.ADDS)

    @property
    def targets(self) -> tuple[str, ...]:
        """The provisions of upstream that it is about."""
        return self.overrides or self.narrows or self.permits or self.restates or self.delegates


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Brief):
    """A statement that is not allowed: it takes part in nothing.

    :param id: as that of a :class:`SpecStatement`
    :param operation: a value of :class:`Operation`
    :param named: what it is about, as its overlay names it
    :param refused: the code of the reason
    :param because: the same in words
    """

    id: str
    operation: str
    named: str
    refused: str
    because: str
    span: Span


def origins(spec: Spec) -> dict[str, tuple[tuple[Origin, str], ...]]:
    """Return what became of each provision of a resolved spec, each with the id of the statement that did it.

    Empty without statements of overlays. What is done to a section is done to the principles below it.
    """
    statements = spec.statements
    if not statements:
        return {}
    children = grouped((one.parent, one.id) for one in spec.provisions if not isinstance(one, SpecStatement))
    done: dict[str, dict[tuple[Origin, str], None]] = {one.id: {} for one in spec.provisions}
    for statement in statements:
        done.setdefault(statement.id, {})[Origin.ADDED, statement.id] = None
        for origin, names in _effects(statement):
            for name in names:
                for below in _below(name, children):
                    done.setdefault(below, {})[origin, statement.id] = None
    return {name: tuple(effects) or ((Origin.UPSTREAM, ""),) for name, effects in done.items()}


def _effects(statement: SpecStatement) -> Iterator[tuple[Origin, tuple[str, ...]]]:
    yield Origin.OVERRIDDEN, (*statement.overrides, *statement.permits, *statement.forbids)
    yield Origin.NARROWED, statement.narrows
    yield Origin.LOCKED, statement.locks


def _below(name: str, children: dict[str | None, list[str]]) -> Iterator[str]:
    pending, seen = [name], set[str]()
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            yield current
            pending += children.get(current, ())


def touched_examples(spec: Spec) -> dict[str, bool]:
    """Return the ids of upstream's examples in what statements change, each with whether one calls it void."""
    void = {name for one in spec.statements for name in one.voids}
    changed = {Origin.OVERRIDDEN, Origin.NARROWED}
    effects = origins(spec)
    touched: list[Provision] = [
        one
        for one in spec.provisions
        if not isinstance(one, SpecStatement)
        and any(origin in changed for origin, _ in effects.get(one.id, ()))
    ]
    examples = {example.id: example.id in void for one in touched for example in one.examples}
    return examples | dict.fromkeys(void, True)
