"""The directive ``policy:changes``: what a page asks of an older release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.records import Question
from sphinx_policyspec.sphinx_ext.pages.directive import options
from sphinx_policyspec.sphinx_ext.views.asking import AskingDirective
from sphinx_policyspec.sphinx_ext.views.tables import PolicyView

__all__ = ["PAGE", "Changes", "ChangesDirective"]

PAGE = "policy-changes"
"""Name of the page that tells all changes, without suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Question):
    """What a page asks of an older release.

    :param since: where it is; empty for what the project compares itself with
    :param kinds: weights, kinds of things or kinds of change to show, all of them where empty
    """

    since: str = ""
    kinds: tuple[str, ...] = ()


class ChangesDirective(AskingDirective):
    """What changed since an older release, principle by principle: ``policy:changes``."""

    has_content = False
    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("since", "kinds", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the changes."""
        since = self.option("since")
        if not since and not PolicySpecConfig.of(self.config).older:
            hint = "give `:since:`, or set `policyspec_since`"
            self.find("invalid-option", "there is no release to compare with", hint)
        kinds = self.words("kinds")
        taken = _kinds() if kinds else ()
        for kind in kinds:
            if kind not in taken:
                line = self.option_line("kinds")
                self.find(
                    "invalid-option", f"`kinds` does not take `{kind}`", nearest(kind, taken), line=line
                )
        known = tuple(kind for kind in kinds if kind in taken)
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-changes"])
        self.declare(box, Changes(since=since, kinds=known, expected=self.expected(), span=self.span))
        return [box]


def _kinds() -> tuple[str, ...]:
    """Return what changes can be chosen by: their weights, what they are about, and what happened to it."""
    from sphinx_policyspec.compare import ChangeKind, Subject, Weight  # noqa: PLC0415  few projects compare

    return tuple(dict.fromkeys(item.value for item in chain(Weight, Subject, ChangeKind)))
