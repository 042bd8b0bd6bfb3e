"""Block nodes as Typst, those of a behaviour spec among them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from docutils import nodes
from docutils.nodes import Element
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.locale import admonitionlabels

from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.boxes import begin_as_sentence, sentence_case
from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import (
    array,
    block,
    call,
    content,
    is_right_to_left,
    length,
    string,
    words,
)
from sphinx_policyspec.sphinx_ext.typst.writing import LABEL, InlineVisitor, is_short, style_of

_PLAIN = frozenset({"default", "none", "text"})
_LANGUAGES = {"ipython3": "python", "pycon": "python", "python3": "python"}
"""Names of languages that Typst knows under another."""
_WARNINGS = frozenset({"attention", "caution", "danger", "error", "important", "warning"})


class BlockVisitor(InlineVisitor):
    """Writes block nodes."""

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.depth = 0

    def visit_section(self, node: nodes.section) -> None:
        """Write a heading with the level of its principle, then what is below it."""
        title = next((child for child in node.children if isinstance(child, nodes.title)), None)
        badge = next((child for child in node.children if isinstance(child, policy.PolicyBadge)), None)
        rest = [
            child for child in node.children if child is not title and (title is None or child is not badge)
        ]
        if title is None:
            self.put(self.place_label(node), self.rendered(rest))
        self.depth += 1
        code = self._heading(node, title, badge) + self.rendered(rest)
        self.depth -= 1
        self.put(code)

    def _heading(self, section: nodes.section, title: nodes.title, badge: policy.PolicyBadge | None) -> str:
        number = self._number(section)
        places = self.anchors_in(title, *([badge] if badge else []))
        title_code = (words(f"{number} ") if number else "") + self.directed(title)
        if badge is not None:
            level = [part for part in badge.findall(nodes.inline) if "ps-badge-level" in part["classes"]]
            word = level[0].astext() if level else badge.astext()
            title_code += call("badge", string(style_of(badge, "level")), content(words(word)))
        heading = call("heading", content(title_code), level=str(self.depth)).removesuffix(";")
        return f"\n\n{heading}{self.place_label(section)}{places}\n\n"

    def _number(self, section: nodes.section) -> str:
        """Return the number of a section whose toctree is numbered."""
        page = section.get("docname", self.config.root_doc)
        numbers = self.builder.env.toc_secnumbers.get(page, {})
        names = [f"#{name}" for name in section["ids"]]
        names += [""] if isinstance(section.parent, nodes.document | addnodes.start_of_file) else []
        found = next((numbers[name] for name in names if numbers.get(name)), ())
        return ".".join(map(str, found))

    def directed(self, node: nodes.Element) -> str:
        """Return the words of a node, which run from right to left where they begin so."""
        code = self.anchored_code(node)
        return call("leftwards", content(code)) if is_right_to_left(node.astext()) else code

    def visit_paragraph(self, node: nodes.paragraph) -> None:
        """Write a paragraph; one that is a picture, as a picture."""
        alone = node.children[0] if len(node.children) == 1 else None
        if isinstance(alone, nodes.reference) and len(alone.children) == 1:
            alone = alone.children[0]
        if isinstance(alone, nodes.image):
            self.put(self._picture(alone))
        if all(isinstance(part, nodes.Text | nodes.Inline) for part in node.findall() if part is not node):
            self.put(block("par", content(self.directed(node))))
        # Typst drops blocks in a paragraph; words beside a block are paragraphs by themselves.
        self.put(f"\n\n{self.directed(node)}\n\n")

    def visit_rubric(self, node: nodes.Element) -> None:
        """Write a heading that is in no contents, or the title of something that is no section."""
        self.put(block("head-line", content(self.directed(node))))

    visit_centered = visit_title = visit_rubric

    def visit_block_quote(self, node: nodes.block_quote) -> None:
        """Write an indented block."""
        self.put(block("quoted", self.inside(node)))

    visit_desc_content = visit_hlist = visit_block_quote

    def visit_attribution(self, node: nodes.attribution) -> None:
        """Write who is quoted."""
        self.put(block("align", "end", content(words("\N{EM DASH} ") + self.rendered(node.children))))

    def visit_line_block(self, node: nodes.line_block) -> None:
        """Write lines that stay as they are; those of an inner block are indented."""
        inner = isinstance(node.parent, nodes.line_block)
        lines = []
        for child in node.children:
            is_line = isinstance(child, nodes.line)
            lines.append(self.anchored_code(child) + call("linebreak") if is_line else self.rendered([child]))
        code = "".join(lines)
        self.put(block("quoted" if inner else "lines", content(code)))

    def visit_transition(self, _node: nodes.transition) -> None:
        """Write a line between paragraphs."""
        self.put(block("parting"))

    def visit_literal_block(self, node: nodes.FixedTextElement) -> None:
        """Write a listing."""
        if any(not isinstance(child, nodes.Text) for child in node.children):
            self.put(block("listing", content(call("verbatim", self.verbatim(node)))))
        language = node.get("language", "")
        name = "none" if language in _PLAIN or not language else string(_LANGUAGES.get(language, language))
        code = call("raw", string(node.astext()), block="true", lang=name)
        self.put(block("listing", content(code)))

    visit_doctest_block = visit_literal_block

    def visit_caption(self, node: nodes.caption) -> None:
        """Write what is above a listing or below a picture, with its number if it has one."""
        number = self.numbered(
            node.parent, "figure" if isinstance(node.parent, nodes.figure) else "code-block"
        )
        code = (words(f"{number} ") if number else "") + self.rendered(node.children)
        above = isinstance(node.parent, nodes.container)
        self.put(block("head-line" if above else "caption", content(code)))

    def numbered(self, node: nodes.Element, kind: str) -> str:
        """Return the number of a picture, table or listing, if the project numbers them."""
        if not self.config.numfig:
            return ""
        for numbers in self.builder.env.toc_fignumbers.values():
            for name in node["ids"]:
                if found := numbers.get(kind, {}).get(name):
                    return str(self.config.numfig_format[kind] % ".".join(map(str, found)))
        return ""

    def visit_figure(self, node: nodes.figure) -> None:
        """Write a picture with what is below it."""
        self.put(block("together", self.inside(node)))

    def visit_legend(self, node: nodes.legend) -> None:
        """Write what explains a picture."""
        self.put(block("caption", self.inside(node)))

    def visit_image(self, node: nodes.image) -> None:
        """Write a picture: as a block, or in a line of words."""
        self.put(self._picture(node, inline=isinstance(node.parent, nodes.TextElement)))

    def _picture(self, node: nodes.image, *, inline: bool = False) -> str:
        path = node.get("policyspec_file", "")
        description = node.get("alt") or node.get("uri", "").rpartition("/")[2]
        if not path:
            return words(description) if inline else block("par", content(words(description)))
        arguments = (string(path), string(description), length(node.get("width", "")))
        return call("icon", *arguments) if inline else block("picture", *arguments)

    def boxed(self, style: str, title: str, children: list[nodes.Node]) -> str:
        """Return a box with a title, on one page where that leaves no large gap."""
        parts = (string(style), content(title), content(self.rendered(children)))
        if all(map(is_short, children)):
            return block("short-aside", *parts)
        return block("long-aside", self.new_key(), *parts)

    def visit_Admonition(self, node: nodes.Element) -> None:
        """Write a note, a warning, or the like."""
        name = type(node).__name__
        children = list(node.children)
        title, places = words(str(admonitionlabels.get(name, name.capitalize()))), ""
        if children and isinstance(head := children[0], nodes.title):
            places = self.anchors_in(head)
            title = self.anchored_code(head)
            del children[0]
        self.put(places, self.boxed("bad" if name in _WARNINGS else "note", title, children))

    visit_topic = visit_sidebar = visit_Admonition

    def visit_desc(self, node: nodes.Element) -> None:
        """Write the description of something in a program."""

    visit_versionmodified = visit_productionlist = visit_desc

    def visit_production(self, node: addnodes.production) -> None:
        """Write a rule of a grammar."""
        self.put(block("par", content(call("raw", string(node.astext())))))


_NUMBERS = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_AROUND_NUMBERS = frozenset({"", ".", "(", ")"})


class ListVisitor(BlockVisitor):
    """Writes lists and tables."""

    def visit_bullet_list(self, node: nodes.bullet_list) -> None:
        """Write a list with bullets."""
        self.put(block("list", *map(self.inside, _items(node)), tight=_is_tight(node)))

    def visit_enumerated_list(self, node: nodes.enumerated_list) -> None:
        """Write a list with numbers."""
        before, after = node.get("prefix", ""), node.get("suffix", ".")
        before = before if before in _AROUND_NUMBERS else ""
        after = after if after in _AROUND_NUMBERS else "."
        number = _NUMBERS.get(node.get("enumtype", ""), "1")
        self.put(
            block(
                "enum",
                *map(self.inside, _items(node)),
                start=str(int(node.get("start", 1))),
                numbering=string(f"{before}{number}{after}"),
                tight=_is_tight(node),
            )
        )

    def visit_definition_list_item(self, node: nodes.definition_list_item) -> None:
        """Write a term and what it means."""
        head = [child for child in node.children if not isinstance(child, nodes.definition)]
        meaning = [child for child in node.children if isinstance(child, nodes.definition)]
        self.put(block("item", content(self.rendered(head)), content(self.rendered(meaning))))

    def visit_classifier(self, node: nodes.classifier) -> None:
        """Write what kind of thing a term is."""
        self.put(words(" : "), call("emph", self.inside(node)))

    def visit_field(self, node: nodes.field) -> None:
        """Write a name and its value."""
        name, *value = node.children
        head = self.rendered([name])
        self.put(block("item", content(head), content(self.rendered(value))))

    def visit_option_list_item(self, node: nodes.option_list_item) -> None:
        """Write options of a command and what they do."""
        group, *meaning = node.children
        options = ", ".join(option.astext() for option in group.children)
        self.put(block("item", content(call("raw", string(options))), content(self.rendered(meaning))))

    def visit_table(self, node: nodes.table) -> None:
        """Write a table below its title."""
        title = next((child for child in node.children if isinstance(child, nodes.title)), None)
        if title is not None:
            number = self.numbered(node, "table")
            code = (words(f"{number} ") if number else "") + self.anchored_code(title)
            self.body.append(block("head-line", content(code)))
        for group in node.children:
            if isinstance(group, nodes.tgroup):
                self.body.append(self._rows(group, "colwidths-auto" in node["classes"]))
        raise nodes.SkipNode

    def _rows(self, group: nodes.tgroup, has_own_widths: bool) -> str:
        columns = [child for child in group.children if isinstance(child, nodes.colspec)]
        widths = ["auto" if has_own_widths else f"{max(float(c.get('colwidth', 1)), 1):g}fr" for c in columns]
        stubs = {number for number, column in enumerate(columns) if column.get("stub")}
        places = self.anchors_in(*(part for part in group.children if isinstance(part, nodes.thead)))
        heads = [
            self._cell(cell, is_head=True)
            for part in group.findall(nodes.thead)
            if part.parent is group
            for row in part.children
            for cell in row.children
        ]
        cells = [
            self._cell(cell, is_head=place in stubs)
            for part in group.children
            if isinstance(part, nodes.tbody)
            for row in part.children
            for place, cell in enumerate(row.children)
        ]
        return places + block("rows", array(widths), array(heads), *cells)

    def _cell(self, cell: nodes.Node, *, is_head: bool) -> str:
        assert isinstance(cell, nodes.Element)  # noqa: S101 - a row holds nothing else
        code = self.inside(cell)
        code = content(call("head-cell", code)) if is_head else code
        spans = {
            "colspan": str(cell.get("morecols", 0) + 1),
            "rowspan": str(cell.get("morerows", 0) + 1),
            "align": "end" if "ps-number" in cell["classes"] else "start",
        }
        return call("table.cell", code, **spans).removeprefix("#").removesuffix(";")


def _items(node: Element) -> list[nodes.Element]:
    return [child for child in node.children if isinstance(child, nodes.Element)]


def _is_tight(node: Element) -> str:
    """Return whether the items of a list are so short that none needs room around it."""
    return "true" if all(len(item.children) <= 1 for item in _items(node)) else "false"


_LANGUAGE, _REGION = 3, 2
"""Letters of the longest code of a language (ISO 639-3) and of a region (ISO 3166-1 alpha-2) that Typst accepts."""


@dataclass(frozen=True, slots=True)
class ListedExample:
    """An example as the list of examples names it, below the title of its section."""

    label: str
    section: str
    title: str


_FEW = 2
"""How many turns of an example need no care: its head keeps them together."""


class TypstTranslator(ListVisitor):
    """Writes a whole handbook as Typst code."""

    own_label = (nodes.section, nodes.footnote, policy.PolicyExample)

    def __init__(self, document: nodes.document, builder: Builder) -> None:
        super().__init__(document, builder)
        self.examples: list[ListedExample] = []

    def visit_PolicyBadge(self, node: policy.PolicyBadge) -> None:
        """Write a level that is beside no heading."""
        self.put(
            block(
                "par", content(call("chip", string(style_of(node, "level")), content(words(node.astext()))))
            )
        )

    def visit_PolicyExample(self, node: policy.PolicyExample) -> None:
        """Write an example with its number and title."""
        head, *turns = node.children
        kind, title = _kind_of(head), next(iter(head.findall(policy.PolicyExampleTitle)), None)
        if node.get(LABEL):
            section = policy.around(node, nodes.section)
            above = section.next_node(nodes.title) if section else None
            name = f"{kind}: {sentence_case(title.astext())}" if title else kind
            self.examples.append(ListedExample(node[LABEL], above.astext() if above else "", name))
        places = self.anchors_in(head)
        if title:
            begin_as_sentence(title)
        title_code = content(self.directed(title)) if title else "[]"
        # To know whether a page is its first costs memory, and short ones hardly ever run over.
        key = "none" if is_short(node) else self.new_key()
        code = call("example", key, content(words(kind)), title_code, *self._turns(turns))
        self.put(places, "\n\n", code.removesuffix(";"), self.place_label(node), "\n\n")

    def _turns(self, turns: list[nodes.Node]) -> list[str]:
        """Return the messages of a conversation; answers to choose from are turns like any other."""
        parts: list[nodes.Node] = []
        for turn in turns:
            parts += turn.children if isinstance(turn, policy.PolicyComparison) else [turn]
        # The last of short answers does not go to another page alone.
        last = parts[-2:] if len(parts) > _FEW and all(map(is_short, parts[-2:])) else []
        codes = [content(self.rendered([part])) for part in parts[: len(parts) - len(last)]]
        codes += [content(block("kept", content(self.rendered(last))))] if last else []
        return codes or ["[]"]

    def visit_PolicyPrompt(self, node: policy.PolicyPrompt) -> None:
        """Write a prompt that tests a principle."""
        head, *turns = node.children
        title = [child for child in head.children[1:] if isinstance(child, nodes.Element)]
        places = self.anchors_in(head)
        for part in title:
            begin_as_sentence(part)
        title_code = content("".join(self.directed(part) for part in title))
        kind = content(words(_kind_of(head)))
        self.put(places, block("example", self.new_key(), kind, title_code, *self._turns(turns)))

    def visit_PolicyMessage(self, node: policy.PolicyMessage) -> None:
        """Write a message below who speaks, and a verdict beside that."""
        children = list(node.children)
        places = self.anchors_in(*takewhile(lambda child: isinstance(child, nodes.paragraph), children))
        head: list[str] = []
        while children and isinstance(children[0], nodes.paragraph):
            part = children.pop(0)
            if isinstance(part, policy.PolicyVerdict):
                head.insert(0, call("verdict", string(style_of(node, "verdict")), self.inside(part)))
            else:
                head.append(call("role", self.inside(part)))
        style = (
            style_of(node, "verdict") if isinstance(node, policy.PolicyResponse) else style_of(node, "role")
        )
        head_code = words(" \N{MIDDLE DOT} ").join(head)
        parts = (string(style), content(head_code), content(self._message_code(children)))
        if is_short(node):
            self.put(places, block("short-message", *parts))
        self.put(places, block("long-message", self.new_key(), *parts))

    def _message_code(self, children: list[nodes.Node]) -> str:
        """Return the code of a message's text, then of the remarks on it."""
        code = ""
        for child in children:
            is_reason = isinstance(child, nodes.paragraph) and isinstance(child.parent, policy.PolicyMessage)
            code += block("reason", self.inside(child)) if is_reason else self.rendered([child])
        return code

    def visit_PolicyBody(self, node: policy.PolicyBody) -> None:
        """Write what a message says, in its language if its author gives one."""
        code = self.rendered(node.children)
        if node["lang"]:
            language, _sep, region = node["lang"].partition("-")
            place = f", region: {string(region.upper())}" if len(region) == _REGION else ""
            code = f"#[#set text(lang: {string(language.lower()[:_LANGUAGE])}{place})\n{code}]"
        self.put(code)

    def visit_PolicyCommentary(self, node: policy.PolicyCommentary) -> None:
        """Write an aside, untrusted text or settings below a word that says which."""
        first, *rest = node.children
        has_kind = isinstance(first, nodes.paragraph) and "ps-kind" in first["classes"]
        places = self.anchors_in(first) if has_kind else ""
        title = self.anchored_code(first) if has_kind else ""
        self.put(
            places,
            self.boxed(
                "bad" if isinstance(node, policy.PolicyUntrusted) else "note",
                title,
                rest if has_kind else [first, *rest],
            ),
        )

    visit_PolicyUntrusted = visit_PolicySettings = visit_PolicyCommentary

    def visit_PolicyGap(self, node: policy.PolicyGap) -> None:
        """Write the mark of what is left out."""
        self.put(block("gap", content("".join(self.rendered(child.children) for child in node.children))))

    def visit_PolicyPlaceholder(self, node: policy.PolicyPlaceholder) -> None:
        """Write a mark of the author."""
        self.put(call("placeholder", self.inside(node)))

    def visit_PolicyClause(self, node: policy.PolicyClause) -> None:
        """Write words with a level of their own."""


def _kind_of(head: nodes.Node) -> str:
    """Return the word that says what a box is."""
    return next((part.astext() for part in head.findall(nodes.paragraph) if "ps-kind" in part["classes"]), "")
