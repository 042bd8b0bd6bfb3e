"""Our nodes and the functions that build them, for directives and Model Spec pages alike.

Every node subclasses a docutils one and carries its words (role, verdict, level, note) as real
children, so that a builder without a visitor of ours still writes all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import TargetKind, Verdict

__all__ = [
    "BOXES",
    "Place",
    "PolicyBadge",
    "PolicyBox",
    "PolicyClause",
    "PolicyCommentary",
    "PolicyComparison",
    "PolicyCount",
    "PolicyDeclaration",
    "PolicyDefinition",
    "PolicyExample",
    "PolicyExampleTitle",
    "PolicyGap",
    "PolicyMarker",
    "PolicyMessage",
    "PolicyPlaceholder",
    "PolicyPrompt",
    "PolicyQuery",
    "PolicyResponse",
    "PolicySettings",
    "PolicyTable",
    "PolicyUntrusted",
    "PolicyVerdict",
    "anchor_of",
    "badge",
    "commentary",
    "comparison",
    "declaration",
    "definition",
    "example",
    "gap",
    "mark_level",
    "message",
    "placeholder",
    "prompt",
    "provision",
    "response",
    "retitle_badge",
    "settings",
    "style_name",
    "text_node",
    "untrusted",
    "uses_our_nodes",
    "word",
]

_ = get_translation("sphinx_policyspec")

_Text = TypeVar("_Text", bound=nodes.TextElement)

Place = tuple[str, int]
"""Source file (as docutils names it) and line of a text, which translation catalogues need."""


class PolicyBox(nodes.container):
    """A block of ours; ``html_tag`` is the element it becomes in HTML."""

    html_tag: ClassVar[str] = "div"


class PolicyBadge(PolicyBox):
    """The level of authority of a principle; stands beside its title."""


class PolicyExample(PolicyBox):
    """An example: its title, then the conversation."""

    html_tag = "article"


class PolicyComparison(PolicyBox):
    """Alternative answers to one conversation."""


class PolicyMessage(PolicyBox):
    """One message: a line that names its role, then its body."""


class PolicyResponse(PolicyMessage):
    """A message with a verdict, which stands above, and the reason, which stands below."""


class PolicyGap(PolicyBox):
    """A part of a conversation that its author left out."""


class PolicyCommentary(PolicyBox):
    """A non-normative aside."""

    html_tag = "aside"


class PolicyDefinition(PolicyBox):
    """A defined term and what it means."""


class PolicyDeclaration(PolicyBox):
    """What a page declares of the spec itself: its metadata, a level or a topic."""


class PolicyPrompt(PolicyBox):
    """An evaluation prompt: its title, if any, then the conversation."""

    html_tag = "article"


class PolicyUntrusted(PolicyBox):
    """Text inside a message that carries no authority."""


class PolicySettings(PolicyBox):
    """Settings inside a message: metadata, not text."""


class PolicyQuery(PolicyBox):
    """A place that the answer to a question fills once every document is read."""


class PolicyTable(PolicyBox):
    """A table inside a message, which HTML lets scroll where it is too wide."""


class PolicyExampleTitle(nodes.rubric):
    """The title of an example, with its permalink."""


class PolicyVerdict(nodes.paragraph):
    """The verdict on a response as a word; HTML puts an icon before it."""


class PolicyPlaceholder(nodes.inline):
    """A mark of the spec's author inside a message: elision, slot, stage direction, attachment."""


class PolicyClause(nodes.inline):
    """Words of a principle with a level of their own, which stands behind them."""


class PolicyCount(nodes.inline):
    """A number in running text that the answer to a question fills in."""


class PolicyMarker(nodes.Invisible, nodes.Element):
    """Where a directive without a title stands; a transform moves what it says to its section."""


BOXES: tuple[type[PolicyBox], ...] = (
    PolicyBadge,
    PolicyExample,
    PolicyMessage,
    PolicyResponse,
    PolicyGap,
    PolicyCommentary,
    PolicyDefinition,
    PolicyDeclaration,
    PolicyUntrusted,
    PolicySettings,
    PolicyPrompt,
    PolicyQuery,
    PolicyTable,
)
"""Those that HTML writes as one element with classes and ids."""


def style_name(word_: str) -> str:
    """Return ``word_`` as the end of a CSS class: lower case letters, digits and hyphens."""
    return nodes.make_id(word_) or "other"


def anchor_of(kind: TargetKind, identifier: str) -> str:
    """Return the anchor of an object: verbatim for a provision, prefixed with its kind otherwise."""
    return identifier if kind is TargetKind.PROVISION else f"{kind.value}-{identifier}"


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
    for shown in node.findall(nodes.inline):
        if "ps-badge-level" in shown["classes"]:
            shown.children = []
            shown.append(nodes.Text(title))


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
    section = nodes.section("", ids=[identifier, *aliases])
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


def message(
    role: str,
    content: Iterable[nodes.Node],
    *,
    recipient: str = "",
    name: str = "",
    attributes: Iterable[tuple[str, str]] = (),
    is_untrusted: bool = False,
) -> PolicyMessage:
    """Return a message; its role, tool and other attributes stand in the line above its body."""
    box = PolicyMessage("", classes=["ps-message", f"ps-role-{style_name(role)}"])
    box += _message_head(role, recipient, name, attributes)
    body = _body(content)
    box += untrusted([body]) if is_untrusted else body
    return box


def response(
    verdict: Verdict | None,
    content: Iterable[nodes.Node],
    *,
    role: str = "assistant",
    recipient: str = "",
    name: str = "",
    attributes: Iterable[tuple[str, str]] = (),
    note: Iterable[nodes.Node] = (),
    raw_note: str = "",
    violates: Iterable[nodes.Node] = (),
    place: Place | None = None,
) -> PolicyResponse:
    """Return an alternative answer: verdict, role, body, then the reason.

    :param note: the reason as inline nodes, in a paragraph of its own so that it can be translated
    :param violates: one inline node (a reference) for each principle that it names
    """
    kind = verdict.value.lower() if verdict else "none"
    box = PolicyResponse(
        "", classes=["ps-message", "ps-response", f"ps-role-{style_name(role)}", f"ps-verdict-{kind}"]
    )
    shown = {
        Verdict.GOOD: _("Compliant"),
        Verdict.BAD: _("Violation"),
        Verdict.OK: _("Minor issues"),
        None: _("No verdict"),
    }[verdict]
    line = PolicyVerdict("", shown, classes=["ps-verdict"], translatable=False)
    if verdict:
        line["verdict"] = verdict.value
    box += line
    box += _message_head(role, recipient, name, attributes)
    box += _body(content)
    if note_nodes := list(note):
        box += text_node(nodes.paragraph, raw_note, note_nodes, place, classes=["ps-note"])
    if links := list(violates):
        broken = word(_("Violates:") + " ", "ps-violates")
        for number, link in enumerate(links):
            broken += [nodes.Text(", ")] if number else []
            broken += link
        box += broken
    return box


def _body(content: Iterable[nodes.Node]) -> nodes.container:
    """Return the body of a message; quotes in it stay as they are, since models read them so."""
    return nodes.container("", *content, classes=["ps-body"], support_smartquotes=False)


def _message_head(
    role: str, recipient: str, name: str, attributes: Iterable[tuple[str, str]]
) -> nodes.paragraph:
    """Return the line that says who speaks, to which tool, and what else its tag says."""
    known = {
        "system": _("System"),
        "developer": _("Developer"),
        "user": _("User"),
        "assistant": _("Assistant"),
        "tool": _("Tool"),
    }
    line = word("", "ps-role")
    line += nodes.inline("", known.get(role, role.capitalize()), classes=["ps-role-name"])
    arrow = " → "
    extras = [(arrow, recipient)] if recipient else []
    extras += [(": ", name)] if name else []
    for before, value in extras:
        line += nodes.inline("", before, nodes.literal("", value), classes=["ps-tool"])
    for key, value in attributes:
        text = value if key == "comment" else f"{key}: {value}"
        line += nodes.inline("", f" ({text})", classes=["ps-attribute"])
    return line


def comparison(responses: Iterable[nodes.Node]) -> PolicyComparison:
    """Return consecutive alternative answers, in source order."""
    return PolicyComparison("", *responses, classes=["ps-comparison"])


def gap(text: str = "[...]") -> PolicyGap:
    """Return the mark of a part of the conversation that is left out."""
    line = word("", "ps-gap-line")
    line += nodes.inline("", text, classes=["ps-gap-mark"])
    line += nodes.inline("", " " + _("part of the conversation is left out"), classes=["ps-gap-words"])
    return PolicyGap("", line, classes=["ps-gap"])


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


def untrusted(content: Iterable[nodes.Node]) -> PolicyUntrusted:
    """Return text that carries no authority, under a word that says so."""
    return PolicyUntrusted("", word(_("Untrusted text"), "ps-kind"), *content, classes=["ps-untrusted"])


def settings(lines: Iterable[str]) -> PolicySettings:
    """Return the ``key: value`` lines of a message's settings."""
    items = [
        nodes.list_item("", nodes.paragraph("", "", nodes.literal("", line), translatable=False))
        for line in lines
    ]
    return PolicySettings(
        "", word(_("Settings"), "ps-kind"), nodes.bullet_list("", *items), classes=["ps-settings"]
    )


def placeholder(text: str) -> PolicyPlaceholder:
    """Return an author's mark such as ``[...]`` or ``[file: cat.png]``, brackets included."""
    classes = ["ps-placeholder"]
    if text.startswith("[file:"):
        classes.append("ps-attachment")
    return PolicyPlaceholder("", text, classes=classes)


def uses_our_nodes(doctree: nodes.Node) -> bool:
    """Tell whether a page shows anything of ours, and so needs our style sheet."""
    return any(
        isinstance(node, PolicyBox | PolicyPlaceholder | PolicyClause)
        or (isinstance(node, nodes.section) and "ps-principle" in node["classes"])
        for node in doctree.findall(nodes.Element)
    )
