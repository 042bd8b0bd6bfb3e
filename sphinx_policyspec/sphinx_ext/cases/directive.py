"""The directive ``policy:case``: scenarios of the chain of command in a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.sphinx_ext.domain.records import Question
from sphinx_policyspec.sphinx_ext.pages.directive import options
from sphinx_policyspec.sphinx_ext.views.asking import AskingDirective
from sphinx_policyspec.sphinx_ext.views.tables import PolicyView

__all__ = ["CaseDirective", "CaseText"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseText(Question):
    """Cases that a page wants decided.

    :param text: as YAML
    :param first: line of the file at which the text begins
    :param indent: by how many characters its lines are indented there
    """

    text: str
    first: int
    indent: int


class CaseDirective(AskingDirective):
    """A scenario, or several, with what the chain of command decides and why: ``policy:case``; its content is a case file."""

    optional_arguments = 0
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options()

    def build(self) -> list[nodes.Node]:
        """Return the place of the decision."""
        self.needs_text()
        box = PolicyView("", classes=["ps-query", "ps-view", "ps-case"])
        text = "\n".join(self.content)
        at = self.source.part(self.content_line, self.content[0] if self.content else "", 0, 0)
        case = CaseText(text=text, first=at.line, indent=at.column - 1, span=self.span)
        self.declare(box, case)
        return [box]
