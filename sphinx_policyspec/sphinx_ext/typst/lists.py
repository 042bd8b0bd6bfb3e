"""Lists and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

from sphinx_policyspec.sphinx_ext.typst.blocks import BlockVisitor
from sphinx_policyspec.sphinx_ext.typst.code import array, block, call, content, string, words

if TYPE_CHECKING:
    from docutils.nodes import Element

__all__ = ["ListVisitor"]

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
            code = (words(f"{number} ") if number else "") + self.held(title)
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
    """Tell whether the items of a list are so short that none needs room around it."""
    return "true" if all(len(item.children) <= 1 for item in _items(node)) else "false"
