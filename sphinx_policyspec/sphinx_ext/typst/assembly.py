"""All pages as one doctree, in which every place and every link has a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import inline_all_toctrees

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["LABEL", "PAGE", "TARGET", "Labels", "assemble"]

LABEL = "policyspec_label"
"""Attribute of a node: the label of its place."""
TARGET = "policyspec_target"
"""Attribute of a link: the label of what it leads to."""
PAGE = "%"
"""What addresses of pages begin with, since all of them are in one file."""


class Labels:
    """The labels of a document: the id where one page alone has it, else the page before it."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()

    def add(self, docname: str, ids: list[str]) -> str:
        """Return a label for a place with some ids, all of which lead to it; empty where all are known."""
        new = [name for name in ids if (docname, name) not in self._by_place]
        if not new:
            return ""
        label = new[0] if new[0] and new[0] not in self._taken else f"{docname}:{new[0]}"
        while label in self._taken:
            label += "-again"
        self._taken.add(label)
        self._by_place |= {(docname, name): label for name in new}
        return label

    def reserve(self, docname: str) -> None:
        """Make the name of a page its label."""
        self._taken.add(docname)
        self._by_place[docname, ""] = docname

    def find(self, docname: str, name: str) -> str:
        """Return the label of an id on a page, or of the page itself; empty where there is none."""
        return self._by_place.get((docname, name), "")


def assemble(builder: Builder, extra_pages: Iterable[str]) -> tuple[nodes.document, Labels]:
    """Return the whole handbook: what stands on the first page, then the pages that it leads to.

    :param extra_pages: names of pages that are made elsewhere, each with its name as label
    """
    root = builder.config.root_doc
    tree = builder.env.get_doctree(root)
    tree["docname"] = root
    tree = inline_all_toctrees(builder, set(), root, tree, str, [root])
    tree["docname"] = root
    builder.env.resolve_references(tree, root, builder)
    for section in list(tree.findall(nodes.section)):
        children = [*_sorted(section)]
        section.clear()
        section.extend(children)
    _lift_chapters(tree)
    labels = Labels()
    for name in extra_pages:
        labels.reserve(name)
    _label_places(tree, root, labels)
    _label_links(tree, root, labels)
    return tree, labels


def _sorted(section: nodes.section) -> Iterator[nodes.Node]:
    """Yield what stands in a section, with its own words first: after a page below it they would seem to be that's."""
    below: list[nodes.Node] = []
    for child in section.children:
        pages = [*child.findall(addnodes.start_of_file)] if isinstance(child, nodes.compound) else []
        if isinstance(child, nodes.compound) and pages and len(pages) == len(child.children):
            below += pages
            # A toctree may have a name, to which links lead.
            section["ids"] += child["ids"]
        elif isinstance(child, nodes.section):
            below.append(child)
        else:
            yield child
    yield from below


def _lift_chapters(tree: nodes.document) -> None:
    """Make the sections of the first page chapters, and each page that it leads to one too.

    Pages below a section that holds nothing else stay there: it is a part with chapters.
    """
    tops = [child for child in tree.children if isinstance(child, nodes.section)]
    if len(tops) != 1:
        return
    first = tops[0]
    chapters: list[nodes.Node] = []
    for child in list(first.children):
        if isinstance(child, addnodes.start_of_file):
            chapters.append(child)
        elif isinstance(child, nodes.section):
            pages = [part for part in child.children if isinstance(part, addnodes.start_of_file)]
            is_part = len(pages) == sum(not isinstance(part, nodes.title) for part in child.children)
            for page in [] if is_part else pages:
                child.remove(page)
            chapters += [child] if is_part else [child, *pages]
    first.children = [child for child in first.children if child not in chapters]
    place = tree.index(first) + 1
    tree[place:place] = chapters


def _pages(tree: nodes.Node, docname: str) -> Iterator[tuple[str, nodes.Element]]:
    """Yield every element with the page that it is from, without recursion."""
    stack: list[tuple[str, nodes.Node]] = [(docname, tree)]
    while stack:
        page, node = stack.pop()
        if not isinstance(node, nodes.Element):
            continue
        page = node["docname"] if isinstance(node, addnodes.start_of_file) else page
        yield page, node
        stack += [(page, child) for child in reversed(node.children)]


def _label_places(tree: nodes.document, root: str, labels: Labels) -> None:
    for page, node in _pages(tree, root):
        is_page = isinstance(node, nodes.document | addnodes.start_of_file)
        if is_page and any(isinstance(child, nodes.section) for child in node.children):
            # A link to a page leads to its title, which may begin a sheet of paper.
            continue
        if (
            label := labels.add(page, [*node["ids"], ""] if isinstance(node, nodes.section) else node["ids"])
        ) or (is_page and (label := labels.add(page, [""]))):
            node[LABEL] = label


def _label_links(tree: nodes.document, root: str, labels: Labels) -> None:
    """Give each link the label of its place; one that is not there is named by its page, and told when it is written."""
    for page, node in _pages(tree, root):
        if "refid" in node:
            node[TARGET] = labels.find(page, node["refid"]) or f"{page}#{node['refid']}"
        elif node.get("refuri", "").startswith(PAGE):
            place = node["refuri"].removeprefix(PAGE)
            docname, _, name = place.partition("#")
            # A page that this document lacks has no label either: it is another document's.
            node[TARGET] = labels.find(docname, name) or (labels.find(docname, "") and place)
