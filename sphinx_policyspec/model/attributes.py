"""What a spec, its levels, topics, goals, provisions, examples and prompts say about themselves: one row for each attribute.

Options of directives, keys of annotation files and their JSON Schema, the graph with its shapes and JSON-LD context, the
check of names, panels, comparison and reference read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from sphinx_policyspec.model.levels import OverrideMode
from sphinx_policyspec.model.outlines import IdRule, OrderKind
from sphinx_policyspec.model.provision import Principle

Owner = Literal[
    "spec",
    "level",
    "topic",
    "goal",
    "provision",
    "principle",
    "clause",
    "example",
    "response",
    "message",
    "prompt",
]
"""What has an attribute; a principle has those of a provision, too, and a response those of a message."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that an author writes: an option of a directive, its argument or content, or a key of a sidecar.

    :param field: its name in the model
    :param about: what it says, as a sentence
    :param named: the property for a name in place of an address, where ``predicate`` is for addresses alone
    :param is_date: it should be a date
    :param is_address: its values are addresses of what lies outside the spec
    :param option: the name of the option and of the key, where that is not the field with ``-`` for ``_``; ``None``
        where the directive has no such option
    :param sidecar: whether an annotation file can hold it, or its key there where that is another one
    :param many: it holds several values, sorted
    :param choices: the only values that it can have, where they are few
    :param names: the kind of thing that its values name; empty for words that mean only themselves
    :param inverse: what the named thing is to its owner, as one word
    :param lifts: it says what its owner takes out of force
    :param limits: it says what its owner leaves in force
    :param orders: it says which of two goes first
    :param predicate: the property that carries it in a graph
    :param always: the graph has it also where it is empty
    :param says: the verb between its owner and a value in a sentence
    :param label: heading in a panel for the things that it names
    :param inverse_label: heading in the panel of a named thing for the owners
    """

    owner: Owner
    field: str
    about: str
    predicate: str
    _: KW_ONLY
    named: str = ""
    is_date: bool = False
    is_address: bool = False
    option: str | None = ""
    sidecar: bool | str = True
    many: bool = True
    choices: type[StrEnum] | None = None
    names: str = ""
    inverse: str = ""
    lifts: bool = False
    limits: bool = False
    orders: bool = False
    always: bool = False
    says: str = ""
    label: str = ""
    inverse_label: str = ""

    @property
    def key(self) -> str:
        """The name of the option and of the key."""
        return self.option or self.field.replace("_", "-")

    @property
    def wants_principle(self) -> bool:
        """Whether what it names has to be a principle: a section asks for nothing, and goes before nothing."""
        return self.orders

    def values(self, item: Any) -> tuple[str, ...]:  # noqa: ANN401 - a model object of its owner's class
        """Return the values of an object, as a tuple even for a single value."""
        value = getattr(item, self.field)
        return tuple(value) if self.many else (value,)


def _(words: str) -> str:
    """Mark words that pages translate."""
    return words


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("spec", "title", "Title of the spec.", "dcterms:title", option=None, many=False, always=True),
    Attribute("spec", "version", "Version of this text, such as `2026-01-15`.", "owl:versionInfo", many=False),
    Attribute(
        "spec", "issued", "Date of this version, such as `2026-01-15`.", "dcterms:issued",
        is_date=True, option="date", sidecar="issued", many=False,
    ),
    Attribute(
        "spec", "license", "Licence of the text, as a name or an address.", "dcterms:license", named="dc:rights", many=False,
    ),
    Attribute("spec", "publisher", "Who publishes it.", "dcterms:publisher", named="dc:publisher", many=False),
    Attribute(
        "spec", "name", "Short name that distinguishes it from other specs, such as `charter`; its IRIs begin with it.",
        "ps:specName", option=None, many=False,
    ),
    Attribute(
        "spec", "base_iri", "What the IRIs of its parts begin with; `/` is added where none of `/ # :` ends it.",
        "ps:baseIri", many=False,
    ),
    Attribute(
        "level", "title", "Name for readers; by default the id, capitalised.", "dcterms:title", option=None, many=False,
    ),
    Attribute(
        "level", "override",
        "How a norm of this level may be set aside: by no message (`never`), by an instruction that says so (`explicit`, "
        "the default), or also by context (`implicit`).",
        "ps:overrideMode", many=False, choices=OverrideMode,
    ),
    Attribute(
        "level", "roles", "Roles whose messages have this level, such as `user`.", "ps:role",
        names="role", says="has the role",
    ),
    Attribute("level", "text", "What it is for, in a sentence or two.", "ps:text", option=None, many=False),
    Attribute(
        "topic", "label", "Name for readers; by default the id. It is found in the text as a mention.", "skos:prefLabel",
        option=None, many=False, always=True,
    ),
    Attribute(
        "topic", "alt_labels", "Other words for it; they find the topic, and each occurrence in a text is a mention.",
        "skos:altLabel",
    ),
    Attribute(
        "topic", "broader", "Topics that this one is a part of.", "skos:broader", names="topic", says="is narrower than",
    ),
    Attribute(
        "topic", "related", "Topics beside this one.", "skos:related", names="topic", says="is related to",
    ),
    Attribute(
        "topic", "same_as", "IRI that it shares with topics of other specs; equal labels alone join nothing.",
        "skos:exactMatch", named="ps:sameAsName", option=None, sidecar="same-as", many=False,
    ),
    Attribute("topic", "text", "What belongs to it, in a sentence or two.", "ps:text", option=None, many=False),
    Attribute(
        "goal", "title", "Name for readers; by default the id.", "dcterms:title", option=None, many=False, always=True,
    ),
    Attribute(
        "goal", "text", "What the goal is, in a sentence or two.", "ps:text", option=None, many=False,
    ),
    Attribute(
        "principle", "authority", "Level that it has. Each principle needs one.", "ps:authority",
        sidecar=False, many=False, names="level", always=True, says="is declared at",
    ),
    Attribute("provision", "topics", "Topics that it is about.", "ps:topic", names="topic", says="lists"),
    Attribute("provision", "aliases", "Ids that it had before; they lead to it, too.", "ps:alias"),
    Attribute("provision", "status", "Its status, such as `draft`.", "ps:status", many=False),
    Attribute("provision", "since", "Version that introduced it.", "ps:since", many=False),
    Attribute("provision", "tags", "Words of your own, divided by spaces or commas.", "ps:tag", sidecar=False),
    Attribute(
        "provision", "out_of_scope",
        "Who or what decides this in place of the spec, in a few words; it applies to everything in the provision.",
        "ps:outOfScope", many=False,
    ),
    *(
        Attribute("provision", field, f"Addresses of {about}.", predicate, is_address=True, label=label)
        for field, about, predicate, label in (
            ("usage_policies", "usage policies that it keeps to", "dcterms:conformsTo", _("Usage policies")),
            ("products", "products and features that it is about", "ps:relatedProduct", _("Products")),
            ("documents", "other documents that it refers to", "ps:relatedDocument", _("Documents")),
        )
    ),
    Attribute("principle", "serves", "Goals that it serves.", "ps:serves", names="goal", says="serves"),
    Attribute(
        "principle", "exception_to", "Provisions that it is an exception to.", "ps:exceptionTo",
        names="provision", inverse="exceptions", lifts=True,
        says="is an exception to", label=_("Exception to"), inverse_label=_("Exceptions"),
    ),
    Attribute(
        "principle", "exempts", "Categories that it exempts from those.", "ps:exempts",
        names="category", lifts=True,
    ),
    Attribute(
        "principle", "never_exempts",
        "Categories that it does not apply to, whatever else it says: in a conflict with one of them, that one goes first.",
        "ps:neverExempts", names="category", limits=True,
    ),
    Attribute(
        "principle", "category", "Category that it belongs to, for exceptions to name.", "ps:category", many=False,
    ),
    Attribute(
        "principle", "preferred_over", "Principles that yield to it where both speak.", "ps:preferredOver",
        option="prefer-over", names="provision", inverse="yields_to", orders=True,
        says="is preferred over", label=_("Preferred over"), inverse_label=_("Yields to"),
    ),
    Attribute(
        "principle", "conflicts_with", "Provisions that it can be at odds with.", "ps:conflictsWith",
        names="provision", inverse="conflicts_with", says="conflicts with", label=_("Can conflict with"),
    ),
    Attribute(
        "principle", "refines", "Provisions that it says more exactly.", "ps:refines",
        names="provision", inverse="refined_by", says="refines", label=_("Refines"), inverse_label=_("Refined by"),
    ),
    Attribute(
        "principle", "rests_on", "Addresses of what outside the spec it cannot be applied without.", "dcterms:requires",
        is_address=True, label=_("Rests on"),
    ),
    Attribute(
        "clause", "authority", "Level to which it lowers its principle.", "ps:authority",
        option="level", sidecar=False, many=False, names="level", always=True,
    ),
    Attribute(
        "clause", "permits_by", "Level that may authorise what it forbids.", "ps:permitsBy",
        option=None, sidecar=False, many=False, names="level",
    ),
    Attribute(
        "example", "illustrates", "Provisions that it shows, besides the one that it is in.", "ps:illustrates",
        sidecar=False, names="provision",
    ),
    Attribute(
        "example", "weighs", "Provisions that it weighs against each other.", "ps:weighs",
        sidecar=False, names="provision",
    ),
    Attribute("example", "tags", "Words of your own, divided by spaces or commas.", "ps:tag", sidecar=False),
    Attribute("response", "note", "The reason for the verdict.", "ps:note", sidecar=False, many=False),
    Attribute(
        "response", "violates", "Principles that a bad answer breaks.", "ps:violates",
        sidecar=False, names="provision", says="violates",
    ),
    Attribute(
        "message", "role", "Who speaks: `system`, `developer`, `user`, `assistant` or `tool`.", "ps:role",
        option=None, sidecar=False, many=False, names="role", always=True,
    ),
    Attribute(
        "message", "recipient", "Whom the message goes to, such as a tool.", "ps:recipient", sidecar=False, many=False,
    ),
    Attribute(
        "message", "name", "Name of who speaks, where a role has several, or of a tool.", "ps:sender",
        sidecar=False, many=False,
    ),
    Attribute(
        "message", "language",
        "Language of the message as a tag (BCP 47), such as `de`; browsers and screen readers go by it.",
        "ps:language", option="lang", sidecar=False, many=False,
    ),
    Attribute(
        "prompt", "title", "Title; may be left out.", "dcterms:title",
        option=None, sidecar=False, many=False, always=True,
    ),
    Attribute(
        "prompt", "tests", "Provisions that it tests; the principle around it where left out.", "ps:tests",
        sidecar=False, names="provision",
    ),
)  # fmt: skip
"""Every attribute, in the order in which the reference lists those of one owner."""

RELATIONS: tuple[Attribute, ...] = tuple(row for row in ATTRIBUTES if row.inverse)
"""Relations between principles."""

OUTSIDE: tuple[Attribute, ...] = tuple(row for row in ATTRIBUTES if row.is_address)
"""Links to things outside the spec, by their kind."""

LIFTING: frozenset[str] = frozenset(row.key for row in ATTRIBUTES if row.lifts)
"""The options and keys that make a principle an exception."""

LIMITING: frozenset[str] = frozenset(row.key for row in ATTRIBUTES if row.limits)
"""The options and keys that limit an exception."""

ORDERING: frozenset[str] = frozenset(row.key for row in ATTRIBUTES if row.orders)
"""The options and keys that put one principle before another."""

NAMING: frozenset[str] = frozenset(row.key for row in ATTRIBUTES if row.names or row.is_address)
"""The options and keys that name something, in the spec or outside it."""

NAMES_BESIDE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("principle", "level"): "level",
        ("clause", "level"): "level",
        ("clause", "permits-by"): "level",
        ("case", "about"): "provision",
        ("case", "example"): "example",
        ("item", "from"): "role",
        ("item", "principle"): "provision",
        ("item", "level"): "level",
        ("item", "exempts"): "provision",
        ("record", "provisions"): "provision",
        ("view", "authority"): "level",
        ("view", "overridable-by"): "level",
        ("view", "topic"): "topic",
    }
)
"""By owner and key, the kind of thing named by keys and options that are no attributes: of sidecars, cases, records of feedback, and views of a page."""


def kind_of_names(owner: str, key: str) -> str:
    """Return the kind of thing that an option of a directive, or a key of a sidecar or case, names; empty for none.

    :param owner: the directive, or what has the key: an :data:`Owner`, ``case``, ``item`` or ``record``
    """
    also = {"principle": "provision", "response": "message"}.get(owner, "")
    rows = [row for row in ATTRIBUTES if row.owner in {owner, also}]
    beside = NAMES_BESIDE.get((owner, key)) or ("" if rows else NAMES_BESIDE.get(("view", key), ""))
    return next((row.names for row in rows if key in {row.key, row.sidecar}), "") or beside


def wants_principle(owner: str, key: str) -> bool:
    """Return whether what an option or a key names has to be a principle: a section asks for nothing.

    :param owner: as for :func:`kind_of_names`
    """
    return (owner, key) == ("item", "principle") or any(
        row.wants_principle and row.owner == owner and key in {row.key, row.sidecar} for row in ATTRIBUTES
    )


@cache
def attributes_of(*owners: Owner) -> tuple[Attribute, ...]:
    """Return the attributes of these owners, in the order of the table."""
    return tuple(row for row in ATTRIBUTES if row.owner in owners)


def inverse(principles: Iterable[Principle], name: str) -> dict[str, list[Principle]]:
    """Return the principles that name each id in the relation with this inverse, in their order."""
    by_target: dict[str, list[Principle]] = {}
    for principle in principles:
        for row in RELATIONS:
            for target in row.values(principle) if row.inverse == name else ():
                by_target.setdefault(target, []).append(principle)
    return by_target


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarKey:
    """A key of an annotation file that holds a text, or a list of texts.

    :param many: a list; a single text is allowed, too
    :param choices: the values that it can have, where they are few
    """

    name: str
    about: str
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarPart:
    """Keys that belong together, and the part of the file that holds them.

    :param name: the key of the file
    :param lone: the key whose list may be alone in place of the part, if any
    :param holds: whether the part holds these once, as items of a list, or by id
    :param parts: parts in each of them beside the keys
    """

    name: str
    about: str
    holds: Literal["one", "list", "by id"]
    keys: tuple[SidecarKey, ...]
    parts: tuple[SidecarPart, ...] = ()
    lone: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys and of the parts in it."""
        return (*(key.name for key in self.keys), *(part.name for part in self.parts))


def _keys(*owners: Owner) -> tuple[SidecarKey, ...]:
    """Return the keys for the attributes of these owners."""
    return tuple(
        SidecarKey(
            name=row.sidecar if isinstance(row.sidecar, str) else row.key,
            about=row.about,
            many=row.many,
            choices=tuple(row.choices or ()),
        )
        for row in attributes_of(*owners)
        if row.sidecar
    )


_ID = SidecarKey(name="id", about="Name that others use; it becomes part of an IRI.", required=True)

_SPEC = SidecarPart(
    name="spec",
    about="What is known of the document as a whole; it replaces what the source says.",
    holds="one",
    keys=_keys("spec"),
)

_LEVELS = SidecarPart(
    name="levels",
    about="Levels of authority, the highest first; they replace those of the source.",
    holds="list",
    keys=(_ID, *_keys("level")),
)

_TOPICS = SidecarPart(
    name="topics",
    about="Subjects that provisions can be about.",
    holds="list",
    keys=(_ID, *_keys("topic")),
)

_GOALS = SidecarPart(
    name="goals",
    about="What provisions serve; goals have no rank.",
    holds="list",
    keys=(_ID, *_keys("goal")),
)

CLAUSES = SidecarPart(
    name="clauses",
    about="Words of a principle that have a level of their own, or leave something open that somebody may permit.",
    holds="list",
    keys=(
        SidecarKey(name="text", about="The words, exactly as in the principle.", required=True),
        SidecarKey(name="level", about="Level to which they lower the principle; by default its own."),
        SidecarKey(
            name="permits-by",
            about='Level that may permit what they leave open, as "unless explicitly authorized" does.',
        ),
    ),
)

_READER = SidecarPart(
    name="reader",
    about="How a text whose headings have no ids is read.",
    holds="one",
    keys=(
        SidecarKey(
            name="ids",
            about="What ids are made of: the title (`slug`, the default), the titles of the headings around it, too (`path`), or "
            "`{#id}` where it is given (`explicit`).",
            choices=tuple(IdRule),
        ),
        SidecarKey(
            name="skip",
            about="Titles or ids of headings: what is below them makes no provisions.",
            many=True,
        ),
        SidecarKey(
            name="principles",
            about="Headings that are principles of the `level` here: their ids, or the least depth, as in `depth>=3`.",
            many=True,
        ),
        SidecarKey(name="level", about="Level of these principles, unless `provisions` gives one."),
        SidecarKey(
            name="clauses",
            about="Whether list items of principles are clauses (`bullets`), or none are but those in `provisions`.",
            choices=("bullets", "none"),
        ),
    ),
)

_PRIORITIES = SidecarPart(
    name="priorities",
    about="In which order goals are weighed; a list of goals is `holistic`. It decides nothing.",
    holds="one",
    keys=(
        SidecarKey(name="goals", about="Ids of goals, the first before the others.", many=True),
        SidecarKey(
            name="order",
            about="Whether a goal goes before the next as a rule (`holistic`), or always (`strict`).",
            choices=tuple(OrderKind),
        ),
    ),
    lone="goals",
)

PROVISIONS = SidecarPart(
    name="provisions",
    about="What this file says of sections and principles, by their ids.",
    holds="by id",
    keys=(
        SidecarKey(
            name="level", about="Level that makes a section a principle, where the text gives it none."
        ),
        *_keys("provision", "principle"),
    ),
    parts=(CLAUSES,),
)

MAPPINGS = (_SPEC, _READER, _LEVELS, _TOPICS, _GOALS, _PRIORITIES, PROVISIONS)
"""The parts of an annotation file, in the order in which authors write them."""
