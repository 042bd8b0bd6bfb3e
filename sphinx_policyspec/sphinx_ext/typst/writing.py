"""The base of the translator: how code is collected, and what happens to nodes that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from docutils import nodes
from sphinx.util.docutils import SphinxTranslator

from sphinx_policyspec.sphinx_ext.typst.assembly import LABEL
from sphinx_policyspec.sphinx_ext.typst.code import call, content, string

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["CodeWriter", "is_short", "style_of"]

_LINE = 80
"""Letters on a line, about."""
_SHORT = 14
"""Lines of a box that is never broken."""


class CodeWriter(SphinxTranslator):
    """Collects code; nodes that no method knows are written as what they hold, so that no word is lost.

    :param own_label: classes of nodes that write the label of their own place
    """

    own_label: tuple[type[nodes.Node], ...] = ()

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.body: list[str] = []
        self._keys = 0

    def astext(self) -> str:
        """Return the code of the document."""
        return "".join(self.body)

    def put(self, *code: str) -> NoReturn:
        """Write the code of a node whose children are in it, and so end its visit."""
        self.body += code
        raise nodes.SkipNode

    def rendered(self, children: Iterable[nodes.Node]) -> str:
        """Return the code of some nodes without writing it."""
        outer, self.body = self.body, []
        for child in list(children):
            child.walkabout(self)
        code, self.body = "".join(self.body), outer
        return code

    def inside(self, node: nodes.Node) -> str:
        """Return what a node holds, as an argument."""
        return content(self.rendered(node.children))

    def new_key(self) -> str:
        """Return a label of a box, by which it knows whether a page is its first."""
        self._keys += 1
        return string(f"box-{self._keys}")

    def dispatch_visit(self, node: nodes.Node) -> None:
        """Write where a link may lead, then the node."""
        if isinstance(node, nodes.Element) and LABEL in node and not isinstance(node, self.own_label):
            self.body.append(call("anchor", string(node[LABEL])))
        super().dispatch_visit(node)

    def visit_Element(self, node: nodes.Element) -> None:
        """Write what a node holds."""

    def depart_Element(self, node: nodes.Element) -> None:
        """Do nothing: ends are written with beginnings."""

    def visit_Invisible(self, _node: nodes.Node) -> None:
        """Leave out comments, index entries, and the like."""
        raise nodes.SkipNode

    def visit_raw(self, node: nodes.Node) -> None:  # noqa: ARG002 - the name is docutils'
        """Leave out what is for another format, and what is told when a page is read."""
        raise nodes.SkipNode

    visit_meta = visit_toctree = visit_system_message = visit_raw

    def depart_Text(self, node: nodes.Text) -> None:
        """Do nothing: a text has no end of its own."""


def style_of(node: nodes.Element, *kinds: str) -> str:
    """Return which level, verdict or role a node's classes name, as the name of a style."""
    classes: list[Any] = node["classes"]
    for kind in kinds:
        for name in classes:
            if name.startswith(f"ps-{kind}-"):
                return str(name.removeprefix(f"ps-{kind}-"))
    return ""


def is_short(node: nodes.Node) -> bool:
    """Tell whether a box is kept on one page: it is of a few lines, and of nothing but words."""
    text = node.astext()
    has_more = any(isinstance(part, nodes.image | nodes.table) for part in node.findall(nodes.Element))
    return not has_more and len(text) + _LINE * text.count("\n") < _LINE * _SHORT
