"""Small changes to a page of the web: numbers, order, and links of boxes to themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from docutils import nodes

from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyBox,
    PolicyCommentary,
    PolicyComparison,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyQuery,
    PolicySelfLink,
    PolicyVerdict,
)

__all__ = [
    "below_title",
    "link_boxes_to_themselves",
    "number_examples",
    "put_good_answers_first",
    "surroundings",
    "target_of",
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


def number_examples(doctree: nodes.document) -> None:
    """Put numbers before the titles of examples, in the order of the page."""
    for number, example in enumerate(doctree.findall(PolicyExample), 1):
        kind = example.next_node(nodes.paragraph)
        if kind is not None and "ps-kind" in kind["classes"]:
            kind += nodes.Text(f" {number}")


def put_good_answers_first(doctree: nodes.document) -> None:
    """Show compliant answers before others, whatever the order of the source; equal verdicts keep it."""
    comparisons: Iterator[PolicyComparison] = doctree.findall(PolicyComparison)
    for comparison in comparisons:
        comparison.children.sort(key=_rank)


def _rank(response: nodes.Node) -> int:
    verdict = response.next_node(PolicyVerdict)
    given = verdict.get("verdict", "") if verdict is not None else ""
    return _VERDICTS.index(given) if given in _VERDICTS else len(_VERDICTS)


def link_boxes_to_themselves(doctree: nodes.document) -> None:
    """Give each aside an anchor, and each box that has one a link to itself."""
    count: Counter[str] = Counter()
    for box in doctree.findall(PolicyCommentary):
        if not box["ids"]:
            section = box.parent
            while section is not None and not isinstance(section, nodes.section):
                section = section.parent
            owner = section["ids"][0] if section is not None and section["ids"] else ""
            count[owner] += 1
            number = f"-{count[owner]}" if count[owner] > 1 else ""
            box["ids"].append("-".join(filter(None, ("commentary", owner))) + number)
    for owner_box, head in _heads(doctree):
        if owner_box["ids"]:
            head.append(PolicySelfLink("", anchor=owner_box["ids"][0]))


def _heads(doctree: nodes.document) -> Iterator[tuple[nodes.Element, nodes.Element]]:
    """Yield each box with the line that heads it."""
    boxes: Iterator[PolicyBox] = doctree.findall(PolicyBox)
    for box in boxes:
        if isinstance(box, PolicyCommentary | PolicyDefinition | PolicyDeclaration):
            head = box.next_node(nodes.paragraph if isinstance(box, PolicyCommentary) else nodes.term)
            if head is not None:
                yield box, head
