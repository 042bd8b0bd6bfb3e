"""What stands on a page in short: titles as readers see them, and how the words of each thing begin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec.model import (
    Block,
    Carrier,
    Definition,
    Example,
    Provision,
    Reference,
    ReferenceForm,
    Spec,
    TargetKind,
)
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
    title_of_example,
)

__all__ = ["Excerpts", "excerpts_of", "shown_titles", "with_titles", "with_titles_resolved"]


_LONGEST = 500
"""A longer title is cut where another shows it, so that titles cannot grow without bound."""


def shown_titles(elements: Iterable[nodes.Element]) -> dict[str, str]:
    """Return the titles that a page shows, by anchor: translated, with its quotes."""
    titles: dict[str, str] = {}
    for node in elements:
        title: nodes.TextElement | None
        if isinstance(node, nodes.section):
            title = node.next_node(nodes.title)
        elif isinstance(node, PolicyExample):
            title = title_of_example(node)
        elif isinstance(node, PolicyDefinition | PolicyDeclaration):
            title = node.next_node(nodes.term)
        else:
            continue
        if title is not None:
            titles.update(dict.fromkeys(node["ids"], title.astext()))
    return titles


def with_titles_resolved(spec: Spec) -> Spec:
    """Return a spec whose titles show the titles of what they refer to."""
    found: dict[tuple[str, str], list[Reference]] = defaultdict(list)
    for reference in spec.references:
        if reference.carrier is Carrier.TITLE and reference.form is ReferenceForm.TITLE:
            found[reference.source, reference.example].append(reference)
    if not found:
        return spec
    titles = _titles(spec)

    def resolved(title: str, source: str, example: str = "") -> str:
        after = 0
        for reference in found.get((source, example), ()):
            shown = titles.get((reference.target_kind, reference.target), reference.target)[:_LONGEST]
            word = re.compile(rf"(?<![\w-]){re.escape(reference.target)}(?![\w-])")
            if match := word.search(title, after):
                title = title[: match.start()] + shown + title[match.end() :]
                after = match.start() + len(shown)
        return title

    def block_in(block: Block, source: str) -> Block:
        if isinstance(block, Example):
            return replace(block, title=resolved(block.title, source, block.id))
        return block

    def provision_with(provision: Provision) -> Provision:
        return replace(
            provision,
            title=resolved(provision.title, provision.id),
            blocks=tuple(block_in(block, provision.id) for block in provision.blocks),
        )

    return replace(
        spec,
        preamble=tuple(block_in(block, "") for block in spec.preamble),
        provisions=tuple(map(provision_with, spec.provisions)),
    )


def _titles(spec: Spec) -> dict[tuple[TargetKind, str], str]:
    titles = {(TargetKind.LEVEL, level.id): level.title or level.id.capitalize() for level in spec.levels}
    titles |= {(TargetKind.TOPIC, topic.id): topic.label for topic in spec.topics}
    titles |= {(TargetKind.GOAL, goal.id): goal.title for goal in spec.goals}
    titles |= {(TargetKind.EXAMPLE, example.id): example.title for example in spec.examples}
    titles |= {
        (TargetKind.DEFINITION, block.id): block.term
        for _, block in spec.walk()
        if isinstance(block, Definition)
    }
    for provision in spec.provisions:
        for name in (*provision.aliases, provision.id):
            titles[TargetKind.PROVISION, name] = provision.title
    return titles


Excerpts = dict[str, str]
"""By anchor. A reference that shows the title of its target is marked, since titles come later."""

_LENGTH = 280
_START, _END = "\ufdd0", "\ufdd1"
"""Around the target of a reference: characters that Unicode keeps from texts."""
_REFERENCE = re.compile(f"{_START}([^{_START}{_END}]*){_END}")


def excerpts_of(elements: Iterable[nodes.Element]) -> Excerpts:
    """Return how each thing on a page begins; what has no words of its own is left out.

    Of a prompt that is shown it is the title, empty where it has none.
    """
    found: Excerpts = {}
    for node in elements:
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
