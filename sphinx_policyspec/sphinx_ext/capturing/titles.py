"""Titles as readers see them: those that a page shows, and references inside titles."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from docutils import nodes

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
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    title_of_example,
)

__all__ = ["shown_titles", "with_titles_resolved"]

_LONGEST = 500
"""A longer title is cut where another shows it, so that titles cannot grow without bound."""


def shown_titles(document: nodes.document) -> dict[str, str]:
    """Return the titles that a page shows, by anchor: translated, with its quotes."""
    titles: dict[str, str] = {}
    for node in document.findall(nodes.Element):
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
