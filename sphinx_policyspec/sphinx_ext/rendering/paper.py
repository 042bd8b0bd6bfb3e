"""How the boxes of a spec look in LaTeX, which knows classes of words and of containers alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_policyspec.sphinx_ext.rendering.nodes import PolicyExampleTitle, PolicyResponse, PolicyVerdict

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["SetForPaper", "add_style"]

_STYLE = Path(__file__).parents[1] / "latex" / "policyspec.sty"

_CLASSES = ("ps-gap-line", "ps-kind", "ps-note")
"""Classes of paragraphs that the style knows."""


def add_style(app: Sphinx, config: Config) -> None:
    """Give our LaTeX style to PDFs; a project can redefine what it defines."""
    config.latex_additional_files = [*config.latex_additional_files, str(_STYLE)]
    app.add_latex_package(_STYLE.stem)


class SetForPaper(SphinxPostTransform):
    """Hands classes of paragraphs on to their words, and keeps heads with what they head."""

    default_priority = 800
    formats = ("latex",)

    def run(self, **_kwargs: Any) -> None:
        """Change the boxes of a document."""
        for title in list(self.document.findall(PolicyExampleTitle)):
            _join_head(title)
        for response in self.document.findall(PolicyResponse):
            _join_verdict(response)
        for paragraph in list(self.document.findall(nodes.paragraph)):
            for name in _CLASSES:
                if name in paragraph["classes"]:
                    words = nodes.inline("", "", *paragraph.children, classes=[name])
                    paragraph.clear()
                    paragraph.append(words)
            if {"ps-role", "ps-kind", "ps-example-title"} & set(paragraph["classes"]):
                paragraph.parent.insert(
                    paragraph.parent.index(paragraph) + 1,
                    nodes.raw("", "\n\\psheads\n", format="latex"),
                )


def _join_head(title: PolicyExampleTitle) -> None:
    """Put the word that an example begins with and its title into one line."""
    kind = title.parent.children[0]
    line = nodes.paragraph("", "", classes=["ps-example-title"])
    line += nodes.inline("", "", *kind.children, classes=["ps-kind"])
    line += nodes.Text("  ")
    line += nodes.inline("", "", *title.children, classes=["ps-example-title"])
    head = title.parent
    head.clear()
    head.append(line)


def _join_verdict(response: PolicyResponse) -> None:
    """Put a verdict and the role that follows it into one line."""
    verdict, role = response.children[:2]
    if isinstance(verdict, PolicyVerdict) and isinstance(role, nodes.paragraph):
        response.remove(verdict)
        role.insert(0, nodes.inline("", "", *verdict.children, classes=["ps-verdict"]))
        role.insert(1, nodes.Text(" · "))
