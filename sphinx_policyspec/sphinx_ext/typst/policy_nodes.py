"""The nodes of a behaviour spec: examples, messages, verdicts, asides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyBody,
    PolicyClause,
    PolicyCommentary,
    PolicyComparison,
    PolicyExample,
    PolicyExampleTitle,
    PolicyGap,
    PolicyMessage,
    PolicyPlaceholder,
    PolicyPrompt,
    PolicyResponse,
    PolicyUntrusted,
    PolicyVerdict,
)
from sphinx_policyspec.sphinx_ext.typst.assembly import LABEL
from sphinx_policyspec.sphinx_ext.typst.blocks import ListVisitor
from sphinx_policyspec.sphinx_ext.typst.code import block, call, content, string, words
from sphinx_policyspec.sphinx_ext.typst.writing import is_short, style_of

if TYPE_CHECKING:
    from sphinx.builders import Builder

__all__ = ["ListedExample", "TypstTranslator"]

_LANGUAGE, _REGION = 3, 2
"""Letters of the longest code of a language (ISO 639-3) and of a region (ISO 3166-1 alpha-2) that Typst takes."""


@dataclass(frozen=True, slots=True)
class ListedExample:
    """An example as the list of examples names it."""

    label: str
    number: int
    title: str


class TypstTranslator(ListVisitor):
    """Writes a whole handbook as Typst code."""

    own_label = (nodes.section, nodes.footnote, PolicyExample)

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.examples: list[ListedExample] = []

    def visit_PolicyBadge(self, node: PolicyBadge) -> None:
        """Write a level that stands beside no heading."""
        self.put(
            block(
                "par", content(call("chip", string(style_of(node, "level")), content(words(node.astext()))))
            )
        )

    def visit_PolicyExample(self, node: PolicyExample) -> None:
        """Write an example with its number and title."""
        head, *turns = node.children
        kind, title = _kind_of(head), next(iter(head.findall(PolicyExampleTitle)), None)
        if node.get(LABEL):
            self.examples.append(
                ListedExample(node[LABEL], len(self.examples) + 1, title.astext() if title else kind)
            )
            kind = f"{kind} {len(self.examples)}"
        places = self.anchors_in(head)
        shown = content(self.directed(title)) if title else "[]"
        # Whether a page is its first costs memory to know, and short ones hardly ever run over.
        key = "none" if is_short(node) else self.new_key()
        code = call("example", key, content(words(kind)), shown, *self._turns(turns))
        self.put(places, "\n\n", code.removesuffix(";"), self.place_label(node), "\n\n")

    def _turns(self, turns: list[nodes.Node]) -> list[str]:
        """Return the messages of a conversation; answers to choose from are turns like any other."""
        parts: list[nodes.Node] = []
        for turn in turns:
            parts += turn.children if isinstance(turn, PolicyComparison) else [turn]
        return [content(self.rendered([part])) for part in parts] or ["[]"]

    def visit_PolicyPrompt(self, node: PolicyPrompt) -> None:
        """Write a prompt that tests a principle."""
        head, *turns = node.children
        title = [child for child in head.children[1:] if isinstance(child, nodes.Element)]
        places = self.anchors_in(head)
        shown = content("".join(self.directed(part) for part in title))
        kind = content(words(_kind_of(head)))
        self.put(places, block("example", self.new_key(), kind, shown, *self._turns(turns)))

    def visit_PolicyMessage(self, node: PolicyMessage) -> None:
        """Write a message below who speaks, and a verdict beside that."""
        children = list(node.children)
        places = self.anchors_in(*takewhile(lambda child: isinstance(child, nodes.paragraph), children))
        head: list[str] = []
        while children and isinstance(children[0], nodes.paragraph):
            part = children.pop(0)
            if isinstance(part, PolicyVerdict):
                head.insert(0, call("verdict", string(style_of(node, "verdict")), self.inside(part)))
            else:
                head.append(call("role", self.inside(part)))
        style = style_of(node, "verdict") if isinstance(node, PolicyResponse) else style_of(node, "role")
        shown = words(" \N{MIDDLE DOT} ").join(head)
        parts = (string(style), content(shown), content(self._said(children)))
        if is_short(node):
            self.put(places, block("short-message", *parts))
        self.put(places, block("long-message", self.new_key(), *parts))

    def _said(self, children: list[nodes.Node]) -> str:
        """Return what a message says, then what is said about it."""
        code = ""
        for child in children:
            is_reason = isinstance(child, nodes.paragraph) and isinstance(child.parent, PolicyMessage)
            code += block("reason", self.inside(child)) if is_reason else self.rendered([child])
        return code

    def visit_PolicyBody(self, node: PolicyBody) -> None:
        """Write what a message says, in its language where its author says which one that is."""
        code = self.rendered(node.children)
        if node["lang"]:
            language, _sep, region = node["lang"].partition("-")
            place = f", region: {string(region.upper())}" if len(region) == _REGION else ""
            code = f"#[#set text(lang: {string(language.lower()[:_LANGUAGE])}{place})\n{code}]"
        self.put(code)

    def visit_PolicyCommentary(self, node: PolicyCommentary) -> None:
        """Write an aside, what was said by nobody, or settings below a word that says which."""
        first, *rest = node.children
        has_kind = isinstance(first, nodes.paragraph) and "ps-kind" in first["classes"]
        places = self.anchors_in(first) if has_kind else ""
        title = self.held(first) if has_kind else ""
        self.put(
            places,
            self.boxed(
                "bad" if isinstance(node, PolicyUntrusted) else "note",
                title,
                rest if has_kind else [first, *rest],
            ),
        )

    visit_PolicyUntrusted = visit_PolicySettings = visit_PolicyCommentary

    def visit_PolicyGap(self, node: PolicyGap) -> None:
        """Write the mark of what is left out."""
        self.put(block("gap", content("".join(self.rendered(child.children) for child in node.children))))

    def visit_PolicyPlaceholder(self, node: PolicyPlaceholder) -> None:
        """Write a mark of the author."""
        self.put(call("placeholder", self.inside(node)))

    def visit_PolicyClause(self, node: PolicyClause) -> None:
        """Write words with a level of their own."""


def _kind_of(head: nodes.Node) -> str:
    """Return the word that says what a box is."""
    return next((part.astext() for part in head.findall(nodes.paragraph) if "ps-kind" in part["classes"]), "")
