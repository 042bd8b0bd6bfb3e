"""What stands in a line: words, emphasis, links, notes, maths and small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from docutils import nodes

from sphinx_policyspec.sphinx_ext.typst.assembly import LABEL, TARGET
from sphinx_policyspec.sphinx_ext.typst.code import call, content, string, words
from sphinx_policyspec.sphinx_ext.typst.maths import equation
from sphinx_policyspec.sphinx_ext.typst.writing import CodeWriter, style_of

if TYPE_CHECKING:
    from sphinx import addnodes
    from sphinx.builders import Builder

__all__ = ["InlineVisitor"]

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
        shown = words(f" ({meaning})") if meaning and meaning not in self._explained else ""
        self._explained.add(meaning)
        self.put(self.rendered(node.children), shown)

    def visit_reference(self, node: nodes.reference) -> None:
        """Write a link; one that leads nowhere, or where nobody should go, as its words."""
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
        self.written.add(name)
        body = [child for child in self.notes[name].children if not isinstance(child, nodes.label)]
        if body and isinstance(body[0], nodes.paragraph):
            # Its number and its first words stand on one line.
            body[:1] = body[0].children
        self.put(call("note", string(name), content(self.rendered(body))))

    def visit_footnote(self, node: nodes.footnote) -> None:
        """Leave out a note that stands where it is referred to."""
        if node.get(LABEL) in self.referred:
            raise nodes.SkipNode
        if node.get(LABEL):
            self.written.add(node[LABEL])
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
