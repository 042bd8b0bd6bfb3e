"""Functions that build our nodes, for directives and Model Spec pages alike; messages are elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.sphinx_ext.rendering.nodes import (
    PolicyBadge,
    PolicyCommentary,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyExampleTitle,
    PolicyPrompt,
    anchor_of,
)

__all__ = [
    "Place",
    "badge",
    "badge_title",
    "commentary",
    "declaration",
    "definition",
    "example",
    "level_word",
    "mark_level",
    "prompt",
    "provision",
    "retitle_badge",
    "style_name",
    "text_node",
    "word",
]

_ = get_translation("sphinx_policyspec")

_Text = TypeVar("_Text", bound=nodes.TextElement)

Place = tuple[str, int]
"""Source file (as docutils names it) and line of a text, which translation catalogues need."""


def style_name(word_: str) -> str:
    """Return ``word_`` as the end of a CSS class: lower case letters, digits and hyphens."""
    return nodes.make_id(word_) or "other"


def text_node(
    cls: type[_Text], raw: str, children: Iterable[nodes.Node], place: Place | None, **attributes: Any
) -> _Text:
    """Return a text element that translation catalogues can take up: with source, line and raw text."""
    node = cls(raw, "", *children, **attributes)
    if place is not None:
        node.source, node.line = place
    return node


def word(text: str, *classes: str) -> nodes.paragraph:
    """Return a paragraph of our own words, which page catalogues leave out."""
    return nodes.paragraph("", text, classes=list(classes), translatable=False)


def badge(level: str, title: str = "") -> PolicyBadge:
    """Return the badge of a level; it belongs right after the title of its principle."""
    shown = title or level.replace("_", " ").capitalize()
    line = word("", "ps-badge-line")
    line += nodes.inline("", _("Authority:") + " ", classes=["ps-badge-label"])
    line += nodes.inline("", shown, classes=["ps-badge-level"])
    return PolicyBadge("", line, classes=["ps-badge", f"ps-level-{style_name(level)}"], level=level)


def retitle_badge(node: PolicyBadge, title: str) -> None:
    """Show a level's declared name, which may stand on a page that is read later."""
    shown = _level_in(node)
    shown.children = []
    shown.append(nodes.Text(title))


def badge_title(node: PolicyBadge) -> str:
    """Return the name of the level that a badge shows."""
    return _level_in(node).astext()


def _level_in(node: PolicyBadge) -> nodes.inline:
    return next(shown for shown in node.findall(nodes.inline) if "ps-badge-level" in shown["classes"])


def level_word(level: str, title: str) -> nodes.inline:
    """Return the name of a level as it stands behind the title of a principle in a link; searches skip it."""
    classes = ["ps-level-word", f"ps-level-{style_name(level)}", "no-search"]
    return nodes.inline("", title, classes=classes)


def provision(
    identifier: str,
    title: Iterable[nodes.Node],
    content: Iterable[nodes.Node] = (),
    *,
    level: str = "",
    level_title: str = "",
    aliases: Iterable[str] = (),
    raw_title: str = "",
    place: Place | None = None,
) -> nodes.section:
    """Return the section of a provision, with a badge after its title where it has a level.

    The section has ids and no names: what points at it goes through the domain.

    :param aliases: further anchors of the same section
    """
    section = nodes.section(
        "", ids=[anchor_of(TargetKind.PROVISION, name) for name in (identifier, *aliases)]
    )
    section += text_node(nodes.title, raw_title, title, place)
    if place is not None:
        section.source, section.line = place
    mark_level(section, level, level_title)
    section.extend(content)
    return section


def mark_level(section: nodes.Element, level: str, level_title: str = "") -> None:
    """Make ``section`` look like the principle or plain provision that it is."""
    section["classes"].append("ps-principle" if level else "ps-section")
    if level:
        section["classes"].append(f"ps-level-{style_name(level)}")
        after_title = next(
            (n for n, child in enumerate(section.children, 1) if isinstance(child, nodes.title)), 0
        )
        section.insert(after_title, badge(level, level_title))


def example(
    anchor: str,
    title: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *,
    raw_title: str = "",
    place: Place | None = None,
) -> PolicyExample:
    """Return an example; ``anchor`` is that of :func:`anchor_of`."""
    box = PolicyExample("", ids=[anchor] if anchor else [], classes=["ps-example"])
    head = nodes.container("", word(_("Example"), "ps-kind"), classes=["ps-example-head"])
    head += text_node(PolicyExampleTitle, raw_title, title, place, classes=["ps-example-title"])
    box += head
    box.extend(content)
    return box


def prompt(
    title: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *,
    raw_title: str = "",
    place: Place | None = None,
    shown: bool,
) -> PolicyPrompt:
    """Return an evaluation prompt; without ``shown`` it leaves the page once it is read."""
    box = PolicyPrompt("", classes=["ps-example", "ps-prompt"], shown=shown)
    head = nodes.container("", word(_("Evaluation prompt"), "ps-kind"), classes=["ps-example-head"])
    if children := list(title):
        head += text_node(nodes.paragraph, raw_title, children, place, classes=["ps-prompt-title"])
    box += head
    box.extend(content)
    return box


def commentary(content: Iterable[nodes.Node], label: str = "") -> PolicyCommentary:
    """Return a non-normative aside under its label."""
    shown = _("Commentary") if label in ("", "Commentary") else label
    box = PolicyCommentary("", word(shown, "ps-kind"), classes=["ps-commentary"])
    box.extend(content)
    return box


def definition(
    anchor: str,
    term: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *,
    raw_term: str = "",
    place: Place | None = None,
) -> PolicyDefinition:
    """Return a defined term with what it means; ``anchor`` is that of :func:`anchor_of`."""
    item = nodes.definition_list_item("", text_node(nodes.term, raw_term, term, place))
    item += nodes.definition("", *content)
    return PolicyDefinition(
        "", nodes.definition_list("", item), ids=[anchor] if anchor else [], classes=["ps-definition"]
    )


def declaration(
    kind: str,
    anchor: str,
    head: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *classes: str,
    raw_title: str,
    place: Place,
) -> PolicyDeclaration:
    """Return a box for what is declared of the spec itself: a level, a topic, its metadata."""
    item = nodes.definition_list_item("", text_node(nodes.term, raw_title, head, place))
    item += nodes.definition("", *content)
    return PolicyDeclaration(
        "",
        nodes.definition_list("", item),
        ids=[anchor] if anchor else [],
        classes=["ps-declaration", f"ps-{kind}", *classes],
    )
