"""Examples in tables of contents, below the section that holds them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.sphinx_ext.nodes import PolicyExample, PolicyExampleTitle

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["add_examples"]


def add_examples(app: Sphinx, doctree: nodes.document) -> None:
    """Add a page's examples to its table of contents, as ``toc_object_entries`` asks for.

    Principles are sections and stand in it anyway. Sphinx itself takes up objects of its own markup
    alone, so this runs after it.
    """
    docname = app.env.docname
    toc = app.env.tocs.get(docname)
    if not app.config.toc_object_entries or toc is None:
        return
    by_anchor = {entry.get("anchorname", ""): entry for entry in toc.findall(nodes.reference)}
    added: Counter[str] = Counter()
    for example in doctree.findall(PolicyExample):
        title, section = example.next_node(PolicyExampleTitle), _section_of(example)
        if title is None or section is None or not (section["ids"] and example["ids"]):
            continue
        anchor = f"#{section['ids'][0]}"
        above = by_anchor.get(anchor) or (by_anchor.get("") if section.parent is doctree else None)
        item = above.parent.parent if above is not None else None
        if isinstance(item, nodes.list_item):
            _below(item).insert(added[anchor], _entry(docname, example["ids"][0], title.astext()))
            added[anchor] += 1
            app.env.toc_num_entries[docname] += 1


def _section_of(node: nodes.Node) -> nodes.section | None:
    above = node.parent
    while above is not None and not isinstance(above, nodes.section):
        above = above.parent
    return above


def _below(item: nodes.list_item) -> nodes.bullet_list:
    """Return the list below an entry."""
    found = next((child for child in item.children if isinstance(child, nodes.bullet_list)), None)
    if found is None:
        found = nodes.bullet_list()
        item += found
    return found


def _entry(docname: str, anchor: str, title: str) -> nodes.list_item:
    link = nodes.reference("", "", nodes.Text(title), internal=True, refuri=docname, anchorname=f"#{anchor}")
    return nodes.list_item("", addnodes.compact_paragraph("", "", link, skip_section_number=True))
