"""The author's marks in a message that is written in the page's own markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.model import Fragment, FragmentKind, Span
from sphinx_policyspec.readers.body import find_marks
from sphinx_policyspec.sphinx_ext.nodes.boxes import placeholder

__all__ = ["mark_placeholders"]

_SILENT = (nodes.Invisible, nodes.math, nodes.math_block, nodes.raw, nodes.system_message)
_LINKS = (nodes.reference, addnodes.pending_xref)


def mark_placeholders(
    content: Iterable[nodes.Node], place: Callable[[str, int], Span], *, is_data: bool = False
) -> tuple[Fragment, ...]:
    """Make nodes of the placeholders in a message, and return them with their places.

    They are sought in what the markup leaves as text, so that links, footnotes and maths are none. In
    code only an elision is one, as in the tag notation; it stays as it is there.

    :param place: returns where words stand in the message, given how often they did before
    :param is_data: the message goes to a tool or comes from one
    """
    seen: Counter[str] = Counter()
    found: list[Fragment] = []
    for block in content:
        for text in list(block.findall(nodes.Text)):
            code = _inside(text, (nodes.FixedTextElement,))
            if "[" not in text or _inside(text, (*_SILENT, *_LINKS)) or _inside(text, (nodes.literal,)):
                continue
            places = list(find_marks(str(text), is_data=is_data or code))
            for start, stop in places:
                mark = str(text)[start:stop]
                span = place(mark, seen[mark])
                seen[mark] += 1
                found.append(Fragment(kind=FragmentKind.PLACEHOLDER, text=mark, span=span))
            if places and not code:
                _wrap(text, places)
    return tuple(sorted(found, key=lambda fragment: fragment.span))


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    above = node.parent
    while above is not None:
        if isinstance(above, kinds):
            return True
        above = above.parent
    return False


def _wrap(text: nodes.Text, places: Iterable[tuple[int, int]]) -> None:
    """Put nodes of placeholders in the place of their words."""
    parts: list[nodes.Node] = []
    at = 0
    for start, stop in places:
        parts += [nodes.Text(text[at:start])] if start > at else []
        parts.append(placeholder(text[start:stop]))
        at = stop
    parts += [nodes.Text(text[at:])] if at < len(text) else []
    text.parent.replace(text, parts)
