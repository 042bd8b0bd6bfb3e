"""Small changes to a page of the web: numbers, order, links of boxes to themselves, links to definitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from docutils import nodes

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyCommentary,
    PolicyComparison,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyPrompt,
    PolicyQuery,
    PolicyResponse,
    PolicySelfLink,
)

__all__ = [
    "Term",
    "below_title",
    "link_boxes_to_themselves",
    "link_terms",
    "number_examples",
    "put_good_answers_first",
    "surroundings",
    "target_of",
    "terms_of",
]


_VERDICTS = ("GOOD", "OK", "BAD")


def below_title(section: nodes.section) -> int:
    """Return the place below the title of a section and its badge."""
    heads = [n for n, child in enumerate(section.children) if isinstance(child, nodes.title | PolicyBadge)]
    return heads[-1] + 1 if heads else 0


def target_of(link: nodes.reference) -> str:
    """Return the anchor that a link inside the site leads to."""
    if refid := link.get("refid"):
        return str(refid)
    return str(link.get("refuri", "")).rpartition("#")[2] if link.get("internal") else ""


def surroundings(link: nodes.reference) -> tuple[nodes.Element | None, str, bool]:
    """Return the section and the example around a link, and whether it stands in running text."""
    example, is_plain = "", True
    above = link.parent
    while above is not None and not isinstance(above, nodes.section):
        if isinstance(above, PolicyExample):
            example = above["ids"][0] if above["ids"] else ""
        is_plain &= not isinstance(above, PolicyQuery | nodes.title | nodes.rubric)
        above = above.parent
    return above, example, is_plain


def number_examples(elements: Iterable[nodes.Element]) -> None:
    """Put numbers before the titles of examples, in the order of the page."""
    for number, example in enumerate((node for node in elements if isinstance(node, PolicyExample)), 1):
        example["number"] = number


def put_good_answers_first(elements: Iterable[nodes.Element]) -> None:
    """Show compliant answers before others, whatever the order of the source; equal verdicts keep it."""
    for node in elements:
        if isinstance(node, PolicyComparison):
            node.children.sort(key=_rank)


def _rank(response: nodes.Node) -> int:
    given = response["verdict"] if isinstance(response, PolicyResponse) else ""
    return _VERDICTS.index(given) if given in _VERDICTS else len(_VERDICTS)


def link_boxes_to_themselves(elements: Sequence[nodes.Element]) -> None:
    """Give each aside an anchor, and each box that has one a link to itself."""
    count: Counter[str] = Counter()
    for box in elements:
        if isinstance(box, PolicyCommentary) and not box["ids"]:
            section = box.parent
            while section is not None and not isinstance(section, nodes.section):
                section = section.parent
            owner = section["ids"][0] if section is not None and section["ids"] else ""
            count[owner] += 1
            number = f"-{count[owner]}" if count[owner] > 1 else ""
            box["ids"].append("-".join(filter(None, ("commentary", owner))) + number)
    for owner_box, head in _heads(elements):
        if owner_box["ids"]:
            head.append(PolicySelfLink("", anchor=owner_box["ids"][0]))


def _heads(elements: Iterable[nodes.Element]) -> Iterator[tuple[nodes.Element, nodes.Element]]:
    """Yield each box with the line that heads it."""
    for box in elements:
        if isinstance(box, PolicyCommentary | PolicyDefinition | PolicyDeclaration):
            head = box.next_node(nodes.paragraph if isinstance(box, PolicyCommentary) else nodes.term)
            if head is not None:
                yield box, head


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
