"""What people judge: cases, with what somebody expects the chain of command to decide, changes of prose, and outputs."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.finding import Span

Value = str | int | float | bool
"""What an item asks for, as YAML reads it; two values are compatible if they are equal."""

_Places = tuple[tuple[str, Span], ...]
"""The places of the values of keys."""


class Label(enum.StrEnum):
    """What becomes of an item."""

    IN = "in"
    """It holds."""
    OUT = "out"
    """Something that holds defeats it."""
    UNDECIDED = "undecided"
    """A conflict that no rule decides, or a circle of defeats."""
    NOT_A_CANDIDATE = "not-a-candidate"
    """It has no authority, does not apply, or looks like a mistake: it takes no part."""


class Status(enum.StrEnum):
    """What follows for an issue on which no item holds."""

    PERMIT = "permit"
    """Nothing forbids it: without a rule there is no refusal."""
    INACTION = "inaction"
    """Norms that nothing overrides collide: do nothing."""
    CLARIFY = "clarify"
    """Undecided, and somebody is there to be asked."""
    BEST_GUESS = "best-guess"
    """Undecided, and nobody is there to be asked."""


class Duty(enum.StrEnum):
    """What is owed beside an outcome."""

    DISCLOSE = "disclose"
    """Say that the item is not followed."""
    CONFIRM = "confirm"
    """Ask before doing what the item asks for: it cannot be undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Brief):
    """What is to be done on one issue: the values that hold, or else a status."""

    values: tuple[Value, ...] = ()
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantics:
    """The switches where the prose of the Model Spec can be read in two ways.

    :param strict: an implied wish never sets aside a norm that only an explicit instruction can, not even one of a
        lower level; without it, the implied wish of a higher level does (sections ``levels_of_authority`` and
        ``follow_all_applicable_instructions`` differ in this)
    :param interactive: somebody can be asked; without it, what is undecided is a best guess (section
        ``ask_clarifying_questions``)
    :param first_party: the product of the publisher itself, where messages override nothing but guidelines and norms
        of the category ``law`` (section ``red_line_principles``)
    """

    strict: bool = True
    interactive: bool = True
    first_party: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation(Brief):
    """The say that an item gives to text of a source, on some issues only."""

    source: str
    scope: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Brief):
    """One instruction: of the spec where it names a principle, else of a message.

    :param role: whose message it is; its level is the one that has this role, and none where no level has it
    :param level: of a message, instead of a role; of a clause, the level to which its principle lowers it
    :param turn: the order of messages; those of one message share it
    :param explicit: said, rather than implied; the spec always says what it asks for
    :param quoted: quoted, structured, untrusted or attached text, which has no authority
    :param source: where a text without authority comes from
    :param active: whether it applies here
    :param mistaken: looks like a slip, or like something that its author never meant to say
    :param irreversible: what it asks for cannot be undone
    :param category: of a spec item, where it differs from its principle's
    :param exempts: items, principles and categories that this exception takes out of force, besides those that the
        spec itself declares
    :param places: where the values of its keys are
    """

    id: str
    issue: str
    value: Value
    span: Span
    role: str = ""
    principle: str = ""
    level: str = ""
    turn: int = 0
    explicit: bool = True
    quoted: bool = False
    source: str = ""
    delegates: Delegation | None = None
    active: bool = True
    mistaken: bool = False
    irreversible: bool = False
    category: str = ""
    exempts: tuple[str, ...] = ()
    places: _Places = field(default=(), compare=False, repr=False)

    def place(self, key: str) -> Span:
        """Return the place of one of its keys; if that is not known, the place of the item."""
        return dict(self.places).get(key, self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Brief):
    """The expected result of a case; what it does not mention may be anything."""

    labels: tuple[tuple[str, Label], ...] = ()
    outcomes: tuple[tuple[str, Outcome], ...] = ()
    duties: tuple[tuple[Duty, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Brief):
    """A scenario: items that may be at odds, and what is expected of them.

    :param about: id of the provision that it formalises
    :param example: title or id of the example that it formalises
    :param compatible: issue and two of its values that may be together
    :param places: of what it holds beside its items: ``about``, ``example``, and names below other keys, as in
        ``labels.ID``
    :param source: its own lines in its file; empty where it is in none
    """

    title: str
    span: Span
    items: tuple[Item, ...] = ()
    about: str = ""
    example: str = ""
    semantics: Semantics = field(default_factory=Semantics)
    compatible: tuple[tuple[str, Value, Value], ...] = ()
    expect: Expectation | None = None
    places: _Places = field(default=(), compare=False, repr=False)
    source: str = field(default="", compare=False, repr=False)

    def place(self, key: str) -> Span:
        """Return the place of something in it; if that is not known, the place of the case."""
        return dict(self.places).get(key, self.span)


class Direction(enum.StrEnum):
    """What a change does to those who are bound."""

    TIGHTENING = "tightening"
    LOOSENING = "loosening"
    BOTH = "both"
    """Stricter in one respect, looser in another."""
    NEUTRAL = "neutral"


class JudgedKind(enum.StrEnum):
    """What kind of change it is."""

    SUBSTANTIVE = "substantive"
    CLARIFYING = "clarifying"
    EDITORIAL = "editorial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Brief):
    """What a person says about the changed prose of one thing after reading both versions.

    :param old: version of the old release, empty where it has none
    :param new: version of the new release, likewise
    :param id: what changed, mostly the id of a provision, the new one where it has two; ``preamble`` for the text before
        the first heading, ``goal/<id>`` for a goal
    :param evidence: why, in a sentence
    :param who: name of the person
    :param date: day of the judgement, in ISO 8601
    :param digest: of both texts, which shows whether they are still those that were read
    :param span: where it is
    """

    old: str = ""
    new: str = ""
    id: str
    direction: Direction
    kind: JudgedKind = JudgedKind.SUBSTANTIVE
    evidence: str
    who: str
    date: str
    digest: str
    span: Span


class Defect(enum.StrEnum):
    """Whose fault it is that an output contradicts a spec."""

    SPEC = "spec-defect"
    """The spec asks for the wrong thing, or does not say it."""
    MODEL = "model-defect"
    """The spec is right, and the model does otherwise."""
    BOTH = "both"
    NEITHER = "neither"
    """Grader or prompt were wrong: nothing is to be changed in the spec or the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage(Brief):
    """What a person says about an output that contradicts a principle; empty fields are unknown.

    :param prompt: id of the prompt
    :param principle: id of the principle, the one that it has today
    :param release: version of the spec that the output was judged by
    :param run: id of the run that it comes from
    :param span: where it is
    """

    prompt: str
    principle: str
    release: str = ""
    model: str = ""
    run: str = ""
    defect: Defect
    why: str
    who: str
    date: str
    link: str = ""
    span: Span
