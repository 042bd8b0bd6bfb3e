"""Defined terms become links to their definitions where a page first uses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from docutils import nodes

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyDefinition,
    PolicyExample,
    PolicyPrompt,
    PolicyQuery,
)
from sphinx_policyspec.sphinx_ext.web.decoration import target_of

__all__ = ["Term", "link_terms", "terms_of"]

_SILENT = (
    nodes.title,
    nodes.rubric,
    nodes.term,
    nodes.reference,
    nodes.literal,
    nodes.FixedTextElement,
    nodes.math,
    nodes.raw,
    nodes.Invisible,
    PolicyBadge,
    PolicyExample,
    PolicyPrompt,
    PolicyQuery,
)
"""In these no term is linked: headings and code stay as they are, and what others say is not the spec's own use."""


@dataclass(frozen=True, slots=True)
class Term:
    """A defined term, and where its definition stands."""

    words: str
    docname: str
    anchor: str


def terms_of(domain: PolicyDomain) -> tuple[Term, ...]:
    """Return the defined terms of a project, longer ones first, so that they win over their parts."""
    found = {
        item.title: Term(item.title, item.docname, item.anchor)
        for item in domain.page_objects()
        if item.kind is TargetKind.DEFINITION and item.title.strip()
    }
    return tuple(sorted(found.values(), key=lambda term: (-len(term.words), term.words)))


def link_terms(doctree: nodes.document, terms: Sequence[Term], address: Callable[[str, str], str]) -> None:
    """Make the first use of each term in the provisions of a page a link, unless the page has one already.

    A term is found as whole words, whatever the case, its plural with an s included.
    """
    linked = {target_of(link) for link in doctree.findall(nodes.reference)}
    wanted = {" ".join(term.words.lower().split()): term for term in terms if term.anchor not in linked}
    if not wanted:
        return
    words = (r"\s+".join(map(re.escape, name.split())) for name in wanted)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(words)})(s?)(?![\w-])", re.IGNORECASE)
    for text in list(_texts(doctree)):
        if not wanted:
            return
        _link_in(text, pattern, wanted, address)


def _texts(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield the texts of provisions in which a term may be linked."""
    for text in doctree.findall(nodes.Text):
        above = text.parent
        while above is not None and not isinstance(above, _SILENT):
            if isinstance(above, nodes.section):
                if {"ps-principle", "ps-section"}.intersection(above["classes"]):
                    yield text
                break
            above = above.parent


def _link_in(
    text: nodes.Text,
    pattern: re.Pattern[str],
    wanted: dict[str, Term],
    address: Callable[[str, str], str],
) -> None:
    own = _definition_around(text)
    parts: list[nodes.Node] = []
    at = 0
    for match in pattern.finditer(str(text)):
        term = wanted.get(" ".join(match[1].lower().split()))
        if term is None or term.anchor in own:
            continue
        del wanted[" ".join(match[1].lower().split())]
        parts += [nodes.Text(text[at : match.start()])] if match.start() > at else []
        classes = ["ps-term-link"]
        link = address(term.docname, term.anchor)
        parts.append(nodes.reference("", match[0], internal=True, refuri=link, classes=classes))
        at = match.end()
    if parts:
        parts += [nodes.Text(text[at:])] if at < len(text) else []
        text.parent.replace(text, parts)


def _definition_around(text: nodes.Text) -> list[str]:
    above = text.parent
    while above is not None and not isinstance(above, PolicyDefinition):
        above = above.parent
    return list(above["ids"]) if above is not None else []
