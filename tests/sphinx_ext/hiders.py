"""An extension that hides content in each way that there is: in a transform, a handler or a visitor, by class or by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxRole

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class early(nodes.General, nodes.Element):  # noqa: N801 - so are nodes named
    """Taken away by a post-transform."""


class late(nodes.General, nodes.Element):  # noqa: N801
    """Taken away when a page is resolved."""


class unread(nodes.General, nodes.Element):  # noqa: N801
    """Taken away while a page is read, by a transform."""


class unheard(nodes.General, nodes.Element):  # noqa: N801
    """Taken away as soon as a page is read, by a handler."""


class skipped(nodes.General, nodes.Element):  # noqa: N801
    """Left out by its visitors."""


class turned(nodes.General, nodes.Element):  # noqa: N801
    """Turned into a container, and shown."""


class whispered(nodes.Inline, nodes.TextElement):  # noqa: N801
    """Words in a line, taken away when a page is resolved."""


class Whisper(SphinxRole):
    """Whispers."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the words."""
        return [whispered("", self.text)], []


class Holder(Directive):
    """Holds its content."""

    has_content = True
    kind: ClassVar[type[nodes.Element]]

    def run(self) -> list[nodes.Node]:
        """Return the node."""
        node = self.kind()
        node.document = self.state.document
        self.state.nested_parse(self.content, self.content_offset, node, match_titles=True)
        return [node]


class Unread(SphinxTransform):
    """Takes away while a page is read."""

    default_priority = 400

    def apply(self, **_kwargs: Any) -> None:
        """Change the page."""
        for node in list(self.document.findall(unread)):
            node.parent.remove(node)


class Drop(SphinxPostTransform):
    """Takes away and turns."""

    default_priority = 700

    def run(self, **_kwargs: Any) -> None:
        """Change the page."""
        for node in list(self.document.findall(early)):
            node.parent.remove(node)
        for note in list(self.document.findall(nodes.note)):
            if "internal" in note["classes"]:
                note.parent.remove(note)
        for box in list(self.document.findall(turned)):
            box.replace_self(nodes.container("", *box.children, classes=["card"]))


def drop(_app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take away elements of ours, those of docutils with a class, and all of some pages."""
    for node in [*doctree.findall(late), *doctree.findall(whispered)]:
        node.parent.remove(node)
    for container in list(doctree.findall(nodes.container)):
        if "internal" in container["classes"]:
            container.parent.remove(container)
    if docname.startswith("emptied"):
        doctree.clear()


def unhear(_app: Sphinx, doctree: nodes.document) -> None:
    """Take away elements as soon as a page is read."""
    for node in list(doctree.findall(unheard)):
        node.parent.remove(node)


def leave(_app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Take some pages out of the project before they are read."""
    for docname in [name for name in env.found_docs if name.startswith("left")]:
        env.project.docnames.discard(docname)
        docnames.remove(docname)


def skip(_self: nodes.NodeVisitor, _node: nodes.Element) -> None:
    """Leave a node out."""
    raise nodes.SkipNode


def nothing(_self: nodes.NodeVisitor, _node: nodes.Element) -> None:
    """Write nothing around a node."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_config_value("audience", "public", "env")
    for kind in (early, late, unread, unheard, skipped, turned, whispered):
        visit: Any = (skip, None) if kind is skipped else (nothing, nothing)
        formats: Any = dict.fromkeys(("html", "latex", "text", "man", "texinfo"), visit)
        app.add_node(kind, **formats)
        if kind is not whispered:
            app.add_directive(kind.__name__, type(f"Hold{kind.__name__}", (Holder,), {"kind": kind}))
    app.add_role("whisper", Whisper())
    app.add_transform(Unread)
    app.connect("doctree-read", unhear)
    app.add_post_transform(Drop)
    app.connect("doctree-resolved", drop)
    app.connect("env-before-read-docs", leave)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
