"""Where names stand, as far as whoever read a text knows more of it than the model says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sphinx_policyspec.model.finding import Span

__all__ = ["Places", "Use"]


class Use(NamedTuple):
    """One name that something uses.

    :param owner: what uses it, as :data:`~sphinx_policyspec.model.attributes.Owner` calls it
    :param id: the id of that
    :param option: the option or key that holds the name
    :param name: empty for the option itself
    """

    owner: str
    id: str
    option: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the reader of a text hands to the checks of names; a graph has none of it.

    :param uses: where a name stands; several places where several things have one id
    :param pages: names of the pages that the text of a span reaches, where it is more than one, or one twice
    """

    uses: Mapping[Use, tuple[Span, ...]] = field(default_factory=dict)
    pages: Mapping[Span, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, placed: Iterable[tuple[Use, Span]], pages: Mapping[Span, tuple[str, ...]] | None = None
    ) -> Places:
        """Return the places of uses, each with where it stands."""
        uses: dict[Use, tuple[Span, ...]] = {}
        for use, span in placed:
            uses[use] = (*uses.get(use, ()), span)
        return cls(uses=uses, pages=pages or {})

    def __or__(self, other: Places) -> Places:
        """Return both; where the other knows of a use, too, its places come last."""
        uses = dict(self.uses)
        for use, spans in other.uses.items():
            uses[use] = (*uses.get(use, ()), *spans)
        return Places(uses=uses, pages={**self.pages, **other.pages})

    def place(self, use: Use, owner: Span) -> Span:
        """Return where a name stands: in the file of its owner where several things have that id, or with its owner."""
        found = self.uses.get(use, (owner,))
        return next((span for span in found if span.file == owner.file), found[0])
