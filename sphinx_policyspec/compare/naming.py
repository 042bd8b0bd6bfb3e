"""What a name that somebody wrote about one of two specs is called in each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_policyspec.compare.change import Match
from sphinx_policyspec.model import Spec

__all__ = ["Naming", "Sides"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The id of one provision in the old and in the new spec; ``None`` where it does not exist."""

    old: str | None
    new: str | None

    @property
    def id(self) -> str:
        """Its new id, or its old one where it is gone: what changes call it."""
        return self.new or self.old or ""


class Naming:
    """Looks names up in two specs of which it is known which provision is which."""

    def __init__(self, old: Spec, new: Spec, matches: Iterable[Match]) -> None:
        self._old, self._new = _ids(old), _ids(new)
        self._matches = {match.new: match.old for match in matches}
        self._renewed = {old_id: new_id for new_id, old_id in self._matches.items()}

    def of(self, name: str) -> Sides | None:
        """Return what an id, or a former id, means; nothing where neither spec knows it.

        A name that both specs know is one of the new spec: that is whom people write about.
        """
        if new := self._new.get(name):
            return Sides(old=self._matches.get(new), new=new)
        if old := self._old.get(name):
            return Sides(old=old, new=self._renewed.get(old))
        return None


def _ids(spec: Spec) -> dict[str, str]:
    """Return the ids of provisions by what they can be called; an id goes before a former one of another."""
    former = {alias: provision.id for provision in spec.provisions for alias in provision.aliases}
    return former | {provision.id: provision.id for provision in spec.provisions}
