"""What levels, topics, provisions, examples and prompts say of themselves: one row for each attribute.

Directives, annotation files, the checks of names and whatever asks for relations read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["ATTRIBUTES", "NAMING", "RELATIONS", "Attribute", "Owner", "attributes_of"]

Owner = Literal[
    "level", "topic", "provision", "principle", "clause", "example", "message", "response", "prompt"
]
"""What has an attribute; a principle has those of a provision, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute that an author writes, as an option of a directive or a key of an annotation file.

    :param field: its name in the model
    :param about: what it says, as a sentence
    :param option: the name of the option and of the key, where that is not the field with ``-`` for ``_``
    :param many: it holds several values, sorted
    :param names: the kind of thing that its values name; empty for words that mean nothing but themselves
    :param inverse: what the named thing is to its owner, as one word
    :param predicate: the property that carries it in a graph
    :param sidecar: whether an annotation file can give it
    """

    owner: Owner
    field: str
    about: str
    option: str = ""
    many: bool = True
    names: str = ""
    inverse: str = ""
    predicate: str = ""
    sidecar: bool = True

    @property
    def key(self) -> str:
        """The name of the option and of the key."""
        return self.option or self.field.replace("_", "-")

    def values(self, item: Any) -> tuple[str, ...]:  # noqa: ANN401 - a model object of its owner's class
        """Return what an object says, as a tuple also where it holds one value."""
        found = getattr(item, self.field)
        return tuple(found) if self.many else (found,)


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        owner="level",
        field="roles",
        about="Roles whose messages have this level, such as `user`.",
        names="role",
        predicate="ps:role",
    ),
    Attribute(
        owner="topic",
        field="alt_labels",
        about="Other words for it; they find the topic, and each occurrence in a text is a mention.",
        predicate="skos:altLabel",
    ),
    Attribute(
        owner="topic",
        field="broader",
        about="Topics that this one is a part of.",
        names="topic",
        predicate="skos:broader",
    ),
    Attribute(
        owner="topic",
        field="related",
        about="Topics beside this one.",
        names="topic",
        predicate="skos:related",
    ),
    Attribute(
        owner="principle",
        field="authority",
        about="Level that it has. Each principle needs one.",
        many=False,
        names="level",
        predicate="ps:authority",
        sidecar=False,
    ),
    Attribute(
        owner="provision",
        field="topics",
        about="Topics that it is about.",
        names="topic",
        predicate="ps:topic",
    ),
    Attribute(
        owner="provision",
        field="aliases",
        about="Ids that it had before; they lead to it, too.",
        predicate="ps:alias",
    ),
    Attribute(
        owner="provision",
        field="status",
        about="Where it stands in its life, such as `draft`.",
        many=False,
        predicate="ps:status",
    ),
    Attribute(
        owner="provision",
        field="since",
        about="Version that introduced it.",
        many=False,
        predicate="ps:since",
    ),
    Attribute(
        owner="provision",
        field="tags",
        about="Words of your own, divided by spaces or commas.",
        predicate="ps:tag",
        sidecar=False,
    ),
    Attribute(
        owner="principle",
        field="serves",
        about="Goals that it serves.",
        names="goal",
        predicate="ps:serves",
    ),
    Attribute(
        owner="principle",
        field="exception_to",
        about="Provisions that it is an exception to.",
        names="provision",
        inverse="exceptions",
        predicate="ps:exceptionTo",
    ),
    Attribute(
        owner="principle",
        field="exempts",
        about="Categories that it exempts from those.",
        predicate="ps:exempts",
    ),
    Attribute(
        owner="principle",
        field="category",
        about="Category that it belongs to, for exceptions to name.",
        many=False,
        predicate="ps:category",
    ),
    Attribute(
        owner="principle",
        field="preferred_over",
        about="Principles that yield to it where both speak.",
        option="prefer-over",
        names="provision",
        inverse="yields_to",
        predicate="ps:preferredOver",
    ),
    Attribute(
        owner="principle",
        field="conflicts_with",
        about="Provisions that it can be at odds with.",
        names="provision",
        inverse="conflicts_with",
        predicate="ps:conflictsWith",
    ),
    Attribute(
        owner="principle",
        field="refines",
        about="Provisions that it says more exactly.",
        names="provision",
        inverse="refined_by",
        predicate="ps:refines",
    ),
    Attribute(
        owner="clause",
        field="authority",
        about="Level to which it lowers its principle.",
        option="level",
        many=False,
        names="level",
        predicate="ps:authority",
        sidecar=False,
    ),
    Attribute(
        owner="example",
        field="illustrates",
        about="Provisions that it shows, besides the one that it stands in.",
        names="provision",
        predicate="ps:illustrates",
        sidecar=False,
    ),
    Attribute(
        owner="example",
        field="weighs",
        about="Provisions that it weighs against each other.",
        names="provision",
        predicate="ps:weighs",
        sidecar=False,
    ),
    Attribute(
        owner="example",
        field="tags",
        about="Words of your own, divided by spaces or commas.",
        predicate="ps:tag",
        sidecar=False,
    ),
    Attribute(
        owner="message",
        field="role",
        about="Who speaks: `system`, `developer`, `user`, `assistant` or `tool`.",
        many=False,
        names="role",
        predicate="ps:role",
        sidecar=False,
    ),
    Attribute(
        owner="response",
        field="violates",
        about="Principles that a bad answer breaks.",
        names="provision",
        predicate="ps:violates",
        sidecar=False,
    ),
    Attribute(
        owner="prompt",
        field="tests",
        about="Provisions that it tests; the principle around it where left out.",
        names="provision",
        predicate="ps:tests",
        sidecar=False,
    ),
)
"""Every attribute, in the order in which the reference lists those of one owner."""

RELATIONS: tuple[Attribute, ...] = tuple(row for row in ATTRIBUTES if row.inverse)
"""What one principle is to others."""

NAMING: frozenset[str] = frozenset(row.key for row in ATTRIBUTES if row.names)
"""The options and keys that name something."""


def attributes_of(*owners: Owner) -> Iterator[Attribute]:
    """Yield the attributes of these owners, in the order of the table."""
    return (row for row in ATTRIBUTES if row.owner in owners)
