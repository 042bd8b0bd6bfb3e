"""The directive ``policy:survey``: what the spec leaves open."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.domain.records import Question
from sphinx_policyspec.sphinx_ext.pages.directive import options
from sphinx_policyspec.sphinx_ext.views.asking import AskingDirective
from sphinx_policyspec.sphinx_ext.views.tables import PolicyView

__all__ = ["Part", "SurveyDirective", "SurveyView"]


class Part(enum.StrEnum):
    """What a survey can show; all but the pairs and the idle principles need clingo."""

    PAIRS = "pairs"
    CONFLICTS = "conflicts"
    RULES = "rules"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyView(Question):
    """What a page wants to show of what the spec leaves open.

    :param expected: the number of pairs that nothing decides
    """

    parts: tuple[Part, ...] = tuple(Part)


class SurveyDirective(AskingDirective):
    """What the spec leaves open: pairs of principles that nothing puts in order, conflicts that end undecided, and rules and principles on which nothing depends: ``policy:survey``."""

    has_content = False
    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("show", "expect-rows")

    def build(self) -> list[nodes.Node]:
        """Return the place of the survey."""
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-survey"])
        self.declare(box, SurveyView(parts=self._parts(), expected=self.expected(), span=self.span))
        return [box]

    def _parts(self) -> tuple[Part, ...]:
        names = [part.value for part in Part]
        given = [name.lower() for name in self.words("show")]
        for name in given:
            if name not in names:
                line = self.option_line("show")
                self.find("invalid-option", f"`show` does not take `{name}`", nearest(name, names), line=line)
        return tuple(part for part in Part if part.value in given) or tuple(Part)
