"""Every key of an annotation file, declared once: for the reader, the JSON Schema and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sphinx_policyspec.model.attributes import Owner, attributes_of

__all__ = ["GOALS", "LEVELS", "MAPPINGS", "PROVISIONS", "SHIPPED_SIDECAR", "SPEC", "TOPICS", "Key", "Mapping"]

SHIPPED_SIDECAR = "model-spec"
"""What a project writes for the annotation file that the package ships; no file name, which would have a suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that holds a text, or a list of texts.

    :param many: a list; a lone text will do, too
    :param choices: the values that it can have, where they are few
    """

    name: str
    about: str
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys that belong together, and what of the file holds them.

    :param name: the key of the file
    :param holds: whether this stands there once, as items of a list, or by id
    """

    name: str
    about: str
    holds: Literal["one", "list", "by id"]
    keys: tuple[Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys."""
        return tuple(key.name for key in self.keys)


def _keys(*owners: Owner) -> tuple[Key, ...]:
    """Return the keys for the attributes of these owners."""
    return tuple(
        Key(
            name=row.sidecar if isinstance(row.sidecar, str) else row.key,
            about=row.about,
            many=row.many,
            choices=tuple(row.choices or ()),
        )
        for row in attributes_of(*owners)
        if row.sidecar
    )


_ID = Key(name="id", about="Name that others use; it becomes part of an IRI.", required=True)

SPEC = Mapping(
    name="spec",
    about="What is known of the document as a whole; it replaces what the source says.",
    holds="one",
    keys=_keys("spec"),
)

LEVELS = Mapping(
    name="levels",
    about="Levels of authority, the highest first; they replace those of the source.",
    holds="list",
    keys=(_ID, *_keys("level")),
)

TOPICS = Mapping(
    name="topics",
    about="Subjects that provisions can be about.",
    holds="list",
    keys=(_ID, *_keys("topic")),
)

GOALS = Mapping(
    name="goals",
    about="What provisions serve; goals have no rank.",
    holds="list",
    keys=(_ID, *_keys("goal")),
)

PROVISIONS = Mapping(
    name="provisions",
    about="What this file says of sections and principles, by their ids.",
    holds="by id",
    keys=_keys("provision", "principle"),
)

MAPPINGS = (SPEC, LEVELS, TOPICS, GOALS, PROVISIONS)
"""What an annotation file holds, in the order that authors write it."""
