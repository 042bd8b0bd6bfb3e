"""How the words of each thing on a page begin, for previews of links to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyBody,
    PolicyBox,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyMessage,
    PolicyPrompt,
    PolicyQuery,
    PolicyUntrusted,
    is_unseen,
)

__all__ = ["Excerpts", "excerpts_of", "with_titles"]

Excerpts = dict[str, str]
"""By anchor. A reference that shows the title of its target is marked, since titles come later."""

_LENGTH = 280
_START, _END = "\ufdd0", "\ufdd1"
"""Around the target of a reference: characters that Unicode keeps from texts."""
_REFERENCE = re.compile(f"{_START}([^{_START}{_END}]*){_END}")


def excerpts_of(document: nodes.document) -> Excerpts:
    """Return how each thing on a page begins; what has no words of its own is left out.

    Of a prompt that is shown it is the title, empty where it has none.
    """
    found: Excerpts = {}
    for node in document.findall(nodes.Element):
        if node["ids"] and isinstance(
            node, nodes.section | PolicyExample | PolicyDefinition | PolicyDeclaration
        ):
            if text := _begin(node):
                found[node["ids"][0]] = text
        elif node["ids"] and isinstance(node, PolicyPrompt):
            title = node.next_node(
                lambda inner: "ps-prompt-title" in getattr(inner, "attributes", {}).get("classes", ())
            )
            found[node["ids"][0]] = "".join(_texts(title)) if isinstance(title, nodes.Element) else ""
    return found


def _begin(node: nodes.Element) -> str:
    words = ""
    for part in _parts(node):
        words += " " + "".join(_texts(part))
        if len(words) > 2 * _LENGTH:
            break
    return " ".join(words.split())


def _parts(node: nodes.Element) -> Iterator[nodes.Element]:
    """Yield the paragraphs that say what a thing is about."""
    if isinstance(node, PolicyExample):
        message = node.next_node(PolicyMessage)
        if message is not None:
            yield from (part for part in message.children if isinstance(part, PolicyBody))
            yield from message.findall(PolicyUntrusted)
    elif isinstance(node, nodes.section):
        for child in node.children:
            if isinstance(child, nodes.section):
                return
            if (
                isinstance(child, nodes.Element)
                and not isinstance(child, nodes.title | PolicyBox | nodes.raw)
                and not is_unseen(child)
            ):
                yield child
    else:
        yield from node.findall(nodes.definition)


def _texts(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, addnodes.pending_xref) and not child.get("refexplicit"):
            yield f"{_START}{child.get('reftargetid') or child['reftarget']}{_END}"
        elif isinstance(child, nodes.Text):
            yield child.astext().translate({ord(_START): None, ord(_END): None})
        elif isinstance(child, PolicyBadge | PolicyQuery | nodes.footnote_reference | nodes.raw) or is_unseen(
            child
        ):
            continue
        elif isinstance(child, nodes.Element):
            yield from _texts(child)
            if not isinstance(child, nodes.Inline):
                yield " "


def with_titles(excerpt: str, title_of: Callable[[str], str]) -> str:
    """Return an excerpt with titles in the place of references, cut at the end of a word."""
    text = " ".join(_REFERENCE.sub(lambda match: title_of(match[1]), excerpt).split())
    text = text.replace(_START, "").replace(_END, "")
    if len(text) <= _LENGTH:
        return text
    cut = text[: _LENGTH - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
