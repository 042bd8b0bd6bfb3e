"""Two specs side by side, with what every comparison of their parts needs to know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sphinx_policyspec.compare.matching import Identity
from sphinx_policyspec.model import Provision, Spec

__all__ = ["Pair"]

_ANCHOR = re.compile(r"#([^\s\])#]+)(?=[\])])|(?<=`)([^`\s<>]+)(?=`)")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two specs and which provision is which."""

    old: Spec
    new: Spec
    identity: Identity

    @cached_property
    def kept(self) -> tuple[tuple[Provision, Provision], ...]:
        """The provisions that both have, in the order of the new spec."""
        before, after = self.old.provision_by_id, self.new.provision_by_id
        return tuple((before[match.old], after[match.new]) for match in self.identity.matches)

    @cached_property
    def removed(self) -> tuple[Provision, ...]:
        """The provisions that only the old spec has, in its order."""
        return tuple(p for p in self.old.provisions if p.id not in self.identity.new_of)

    @cached_property
    def added(self) -> tuple[Provision, ...]:
        """The provisions that only the new spec has, in its order."""
        return tuple(p for p in self.new.provisions if p.id not in self.identity.old_of)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {old: new for old, new in self.identity.new_of.items() if old != new}

    def in_new_words(self, text: str) -> str:
        """Return a text of the old spec with the new ids of what was renamed, in links and roles.

        That a reference follows a new name is no change of the text that holds it.
        """
        if not self._renamed or ("#" not in text and "`" not in text):
            return text
        return _ANCHOR.sub(self._new_anchor, text)

    def _new_anchor(self, found: re.Match[str]) -> str:
        return found.group(0).replace(found.group(1) or found.group(2), self._name(found))

    def _name(self, found: re.Match[str]) -> str:
        id_ = found.group(1) or found.group(2)
        return self._renamed.get(id_, id_)

    def renewed(self, ids: tuple[str, ...]) -> Iterator[str]:
        """Yield ids of the old spec under their new names."""
        return (self.identity.renewed(id_) for id_ in ids)
