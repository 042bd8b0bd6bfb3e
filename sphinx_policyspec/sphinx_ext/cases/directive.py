"""The directive ``policy:case``: scenarios of the chain of command in a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from docutils import nodes

from sphinx_policyspec.sphinx_ext.authoring.base import options
from sphinx_policyspec.sphinx_ext.records import Question
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
        case = CaseText(text=text, first=self.content_line, indent=self._indent(), span=self.span)
        self.declare(box, case)
        return [box]

    def _indent(self) -> int:
        """Return by how much the content is indented in its file; parsers take that away."""
        lines = self.source.lines
        shown = self.content[0] if self.content else ""
        exact = lines[self.content_line - 1].rstrip() if self.content_line <= len(lines) else ""
        return (
            len(exact) - len(shown) if exact.endswith(shown) and not exact.removesuffix(shown).strip() else 0
        )
