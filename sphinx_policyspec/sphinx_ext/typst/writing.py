"""All pages as one doctree, in which every place and every link has a label; and the base of the translator: how code is collected, unknown nodes, and what is in a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.util.docutils import SphinxTranslator
from sphinx.util.nodes import inline_all_toctrees

from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import call, content, equation, label, string, words

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
    """Return the whole handbook: what is on the first page, then the pages that it leads to.

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
    """Yield what is in a section, its own words first: after a page below it they would seem to belong to that."""
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
    if all(isinstance(child, nodes.title | nodes.Invisible) for child in first.children):
        # A page with nothing but a title repeats the cover.
        tree["ids"] += first["ids"]
        tree.remove(first)


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
    """Give each link the label of its place; a missing one is named by its page, and reported when it is written."""
    for page, node in _pages(tree, root):
        if "refid" in node:
            node[TARGET] = labels.find(page, node["refid"]) or f"{page}#{node['refid']}"
        elif node.get("refuri", "").startswith(PAGE):
            place = node["refuri"].removeprefix(PAGE)
            docname, _, name = place.partition("#")
            # A page that this document lacks has no label either: it is another document's.
            node[TARGET] = labels.find(docname, name) or (labels.find(docname, "") and place)


_PARTS = (nodes.section, nodes.document, addnodes.start_of_file)
_LINE = 80
"""Letters on a line, about."""
_SHORT = 14
"""Lines of a box that is never broken."""


class CodeWriter(SphinxTranslator):
    """Collects code; nodes that no method knows are written as their content, so that no word is lost.

    Every label is written once: before the node that it is of, or where that cannot be, after the block that the
    node is in.

    :param own_label: classes of nodes that write the label of their own place
    """

    own_label: tuple[type[nodes.Node], ...] = ()

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.body: list[str] = []
        self.written_labels: set[str] = set()
        self.links: list[nodes.Element] = []
        self._keys = 0
        self._below: dict[nodes.Element, list[nodes.Element]] = defaultdict(list)
        for node in document.findall(nodes.Element):
            if LABEL in node:
                self._below[_block_around(node)].append(node)

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

    def anchored_code(self, node: nodes.Node) -> str:
        """Return the place of a node, unless it is written already, and its content."""
        return self.anchors(node) + self.rendered(node.children)

    def inside(self, node: nodes.Node) -> str:
        """Return the same as an argument."""
        return content(self.anchored_code(node))

    def anchors(self, *places: nodes.Node) -> str:
        """Return where links to some nodes lead; what is written already is left out."""
        found = (node for node in places if isinstance(node, nodes.Element) and LABEL in node)
        names = [node[LABEL] for node in found if not isinstance(node, self.own_label)]
        return "".join(call("anchor", string(name)) for name in names if self._is_new(name))

    def anchors_in(self, *parts: nodes.Node) -> str:
        """Return all places in parts that are repeated elsewhere, as heads of boxes and chapters: a label is for one."""
        return self.anchors(*(node for part in parts for node in part.findall(nodes.Element)))

    def _is_new(self, name: str) -> bool:
        is_new = name not in self.written_labels
        self.written_labels.add(name)
        return is_new

    def place_label(self, node: nodes.Element) -> str:
        """Return the label that belongs after the code of a node."""
        return label(node[LABEL]) if LABEL in node and self._is_new(node[LABEL]) else ""

    def xref(self, node: nodes.Element, text: str) -> str:
        """Return a link to the target of a node."""
        self.links.append(node)
        return call("xref", string(node[TARGET]), text)

    def new_key(self) -> str:
        """Return a label of a box, by which it knows whether a page is its first."""
        self._keys += 1
        return string(f"box-{self._keys}")

    def dispatch_visit(self, node: nodes.Node) -> None:
        """Write where a link may lead, then the node."""
        self.body.append(self.anchors(node))
        try:
            super().dispatch_visit(node)
        except nodes.SkipNode:
            self._write_remaining_places(node)
            raise

    def dispatch_departure(self, node: nodes.Node) -> None:
        """Write the end of a node, then the places in it that nothing has written."""
        super().dispatch_departure(node)
        self._write_remaining_places(node)

    def _write_remaining_places(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Element) and node in self._below:
            self.body.append(self.anchors(*self._below[node]))

    def visit_Element(self, node: nodes.Element) -> None:
        """Write the content of a node."""

    def depart_Element(self, node: nodes.Element) -> None:
        """Do nothing: ends are written with beginnings."""

    def visit_Invisible(self, _node: nodes.Node) -> None:
        """Leave out comments, index entries, and the like."""
        raise nodes.SkipNode

    def visit_target(self, node: nodes.target) -> None:
        """Write the words of a target, which one in a line of text has."""

    def visit_raw(self, node: nodes.Node) -> None:  # noqa: ARG002 - the name is docutils'
        """Leave out what is for another format, and what is reported when a page is read."""
        raise nodes.SkipNode

    visit_meta = visit_toctree = visit_system_message = visit_raw

    def depart_Text(self, node: nodes.Text) -> None:
        """Do nothing: a text has no end of its own."""


def _block_around(node: nodes.Element) -> nodes.Element:
    """Return what a node is in below a section, which is written at its own place."""
    while node.parent is not None and not isinstance(node.parent, _PARTS):
        node = node.parent
    return node


def style_of(node: nodes.Element, *kinds: str) -> str:
    """Return which level, verdict or role a node's classes name, as the name of a style."""
    classes: list[Any] = node["classes"]
    for kind in kinds:
        for name in classes:
            if name.startswith(f"ps-{kind}-"):
                return str(name.removeprefix(f"ps-{kind}-"))
    return ""


def is_short(node: nodes.Node) -> bool:
    """Return whether a box is kept on one page: it is of a few lines, and of nothing but words."""
    text = node.astext()
    has_more = any(isinstance(part, nodes.image | nodes.table) for part in node.findall(nodes.Element))
    return not has_more and len(text) + _LINE * text.count("\n") < _LINE * _SHORT


_SCHEMES = frozenset({"ftp", "http", "https", "mailto", "news", "tel", "urn"})
"""Addresses that a reader may follow; a script, for one, is none."""


class InlineVisitor(CodeWriter):
    """Writes inline nodes."""

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.notes = {node[LABEL]: node for node in document.findall(nodes.footnote) if node.get(LABEL)}
        self.noted: set[str] = set()
        self.referred = {
            node.get(TARGET) for node in document.findall(nodes.footnote_reference)
        } & self.notes.keys()
        self._explained: set[str] = set()
        self._verbatim = False

    def visit_Text(self, node: nodes.Text) -> None:
        """Write words; where lines count, they are kept."""
        if not self._verbatim:
            self.put(words(node.astext()))
        lines = node.astext().split("\n")
        self.put(
            call("linebreak").join(
                f"#{string(line.replace(' ', chr(0xA0)))};" if line else "" for line in lines
            )
        )

    def verbatim(self, node: nodes.Element) -> str:
        """Return a text with markup in which spaces and lines count."""
        outer, self._verbatim = self._verbatim, True
        code = self.inside(node)
        self._verbatim = outer
        return code

    def visit_emphasis(self, node: nodes.Element) -> None:
        """Write words with stress."""
        self.put(call("emph", self.inside(node)))

    visit_title_reference = visit_manpage = visit_emphasis

    def visit_strong(self, node: nodes.Element) -> None:
        """Write words with more stress."""
        self.put(call("strong", self.inside(node)))

    def visit_superscript(self, node: nodes.Element) -> None:
        """Write raised words."""
        self.put(call("super", self.inside(node)))

    def visit_subscript(self, node: nodes.Element) -> None:
        """Write lowered words."""
        self.put(call("sub", self.inside(node)))

    def visit_literal(self, node: nodes.literal) -> None:
        """Write code in a line."""
        self.put(call("raw", string(" ".join(node.astext().split()))))

    def visit_desc_signature(self, node: nodes.Element) -> None:
        """Write the signature of something in a program."""
        self.put(call("head-line", content(call("raw", string(node.astext())))))

    def visit_inline(self, node: nodes.inline) -> None:
        """Write words, and a level as a coloured word."""
        if "ps-chip" in node["classes"]:
            self.put(call("chip", string(style_of(node, "level")), self.inside(node)))

    def visit_abbreviation(self, node: nodes.abbreviation) -> None:
        """Write an abbreviation, the first time with what it stands for."""
        meaning = node.get("explanation", "")
        addition = words(f" ({meaning})") if meaning and meaning not in self._explained else ""
        self._explained.add(meaning)
        self.put(self.rendered(node.children), addition)

    def visit_reference(self, node: nodes.reference) -> None:
        """Write a link; one that leads nowhere, or to an unsafe address, as its words."""
        if node.get(TARGET):
            self.put(self.xref(node, self.inside(node)))
        address = node.get("refuri", "")
        if urlsplit(address).scheme.lower() in _SCHEMES:
            self.put(call("elsewhere", string(address), self.inside(node)))

    def visit_download_reference(self, node: addnodes.download_reference) -> None:
        """Write the name of a file that only a site can hand out."""

    def visit_footnote_reference(self, node: nodes.footnote_reference) -> None:
        """Write a note where it is first referred to, and its number after that."""
        name = node.get(TARGET, "")
        if name not in self.notes:
            self.put(call("super", self.inside(node)))
        if name in self.noted:
            self.put(call("same-note", string(name)))
        self.noted.add(name)
        self.written_labels.add(name)
        body = [child for child in self.notes[name].children if not isinstance(child, nodes.label)]
        if body and isinstance(body[0], nodes.paragraph):
            # Its number and its first words are on one line.
            body[:1] = body[0].children
        self.put(call("note", string(name), content(self.rendered(body))))

    def visit_footnote(self, node: nodes.footnote) -> None:
        """Leave out a note that is where it is referred to."""
        if node.get(LABEL) in self.referred:
            raise nodes.SkipNode
        if node.get(LABEL):
            self.written_labels.add(node[LABEL])
            self.body.append(call("anchor", string(node[LABEL])))

    def visit_label(self, node: nodes.label) -> None:
        """Write the name of a source that is cited, or the number of a note that nothing refers to."""
        self.put(call("strong", content(words(f"[{node.astext()}]"))), words(" "))

    def visit_citation_reference(self, node: nodes.citation_reference) -> None:
        """Write the name of a source."""
        name = content(words(f"[{node.astext()}]"))
        self.put(self.xref(node, name) if node.get(TARGET) else f"#{name};")

    def visit_math(self, node: nodes.math) -> None:
        """Write maths in a line."""
        self.put(equation(node.astext(), as_block=False))

    def visit_math_block(self, node: nodes.math_block) -> None:
        """Write maths on lines of its own, with its number if it has one."""
        number = content(words(f"({node['number']})")) if node.get("number") else "none"
        self.put("\n\n", call("display", content(equation(node.astext(), as_block=True)), number), "\n\n")
