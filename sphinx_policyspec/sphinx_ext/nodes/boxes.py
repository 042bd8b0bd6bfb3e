"""Functions that build our nodes, and the heads of boxes that builders write.

A doctree holds the words of a head, such as role, verdict and level, as attributes alone. They are two of five
nodes otherwise, which every transform would walk over, and every page would be stored with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import AuthorityLevel, Spec, TargetKind, Verdict, who_may_override
from sphinx_policyspec.sphinx_ext.nodes import nodes as policy

_ = get_translation("sphinx_policyspec")

_Text = TypeVar("_Text", bound=nodes.TextElement)

Place = tuple[str, int]
"""Source file (as docutils names it) and line of a text, which translation catalogues need."""


@lru_cache
def style_name(word_: str) -> str:
    """Return ``word_`` as the end of a CSS class: lower case letters, digits and hyphens."""
    return nodes.make_id(word_) or "other"


def text_node(
    cls: type[_Text], raw: str, children: Iterable[nodes.Node], place: Place | None, **attributes: Any
) -> _Text:
    """Return a text element that translation catalogues can include: with source, line and raw text."""
    node = cls(raw, "", *children, **attributes)
    if place is not None:
        node.source, node.line = place
    return node


def word(text: str, *classes: str) -> nodes.paragraph:
    """Return a paragraph of our own words, which page catalogues leave out."""
    return nodes.paragraph("", text, classes=list(classes), translatable=False)


def counted(principles: int) -> str:
    """Return a number of principles in words."""
    return _("1 principle") if principles == 1 else _("{count} principles").format(count=principles)


def summary(spec: Spec) -> str:
    """Return what a spec is, for readers who open it for the first time."""
    text = _(
        "This document says how an AI system should behave, in {principles}. "
        "Each has a level, which says who may override it."
    ).format(principles=counted(len(spec.principles)))
    if not spec.examples:
        return text
    if len(spec.examples) == 1:
        more = _("1 example shows where a limit lies.")
    else:
        more = _("{examples} examples show where the limits lie.").format(examples=len(spec.examples))
    return f"{text} {more}"


def sentence_case(text: str) -> str:
    """Return a title that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def begin_as_sentence(title: nodes.Element) -> None:
    """Let a title begin as a sentence does, in a tree that is about to be written."""
    first = title.next_node(nodes.Text)
    if first is not None:
        first.parent.replace(first, nodes.Text(sentence_case(first.astext())))


def badge(level: str, title: str = "") -> policy.PolicyBadge:
    """Return the badge of a level; it belongs right after the title of its principle.

    :param title: the name of the level where it is declared with one
    """
    classes = ["ps-badge", f"ps-level-{style_name(level)}"]
    return policy.PolicyBadge(
        "", classes=classes, level=level, title=title or level.replace("_", " ").capitalize()
    )


def explain(box: nodes.Element, levels: tuple[AuthorityLevel, ...], level: str, title: str) -> None:
    """Let a badge, or the box of a declared level, say who may override the level, if it is declared.

    :param title: the name of the level for readers
    """
    for number, known in enumerate(levels):
        if known.id != level:
            continue
        says = who_may_override(levels, known, title, _)
        if isinstance(box, policy.PolicyDeclaration):
            next(box.findall(nodes.definition)).append(word(says, "ps-meta"))
        else:
            box["says"], box["box"], box["level"] = says, f"ps-says-{number}", level


def level_word(level: str, title: str) -> nodes.inline:
    """Return the name of a level as it stands after the title of a principle in a link; searches skip it."""
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
        "", ids=[policy.anchor_of(TargetKind.PROVISION, name) for name in (identifier, *aliases)]
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
) -> policy.PolicyExample:
    """Return an example; ``anchor`` is that of :func:`anchor_of`."""
    heading = text_node(policy.PolicyExampleTitle, raw_title, title, place, classes=["ps-example-title"])
    return policy.PolicyExample("", heading, *content, ids=[anchor] if anchor else [], classes=["ps-example"])


def prompt(
    title: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *,
    raw_title: str = "",
    place: Place | None = None,
    is_shown: bool,
) -> policy.PolicyPrompt:
    """Return an evaluation prompt; unless it is to be shown, it is removed from the page once it is read."""
    box = policy.PolicyPrompt("", classes=["ps-example", "ps-prompt"], shown=is_shown)
    head = nodes.container("", word(_("Evaluation prompt"), "ps-kind"), classes=["ps-example-head"])
    if children := list(title):
        head += text_node(nodes.paragraph, raw_title, children, place, classes=["ps-prompt-title"])
    box += head
    box.extend(content)
    return box


def commentary(content: Iterable[nodes.Node], label: str = "") -> policy.PolicyCommentary:
    """Return a non-normative aside under its label."""
    title = _("Commentary") if label in ("", "Commentary") else label
    box = policy.PolicyCommentary("", word(title, "ps-kind"), classes=["ps-commentary"])
    box.extend(content)
    return box


def definition(
    anchor: str,
    term: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *,
    raw_term: str = "",
    place: Place | None = None,
) -> policy.PolicyDefinition:
    """Return a defined term with what it means; ``anchor`` is that of :func:`anchor_of`."""
    item = nodes.definition_list_item("", text_node(nodes.term, raw_term, term, place))
    item += nodes.definition("", *content)
    return policy.PolicyDefinition(
        "", nodes.definition_list("", item), ids=[anchor] if anchor else [], classes=["ps-definition"]
    )


def facts(rows: Iterable[tuple[str, list[nodes.Node]]], *classes: str) -> policy.PolicyDeclaration:
    """Return facts in two columns, each with its name."""
    fields = [
        nodes.field(
            "",
            nodes.field_name("", "", nodes.Text(name)),
            nodes.field_body("", nodes.paragraph("", "", *value, translatable=False)),
        )
        for name, value in rows
    ]
    return policy.PolicyDeclaration("", nodes.field_list("", *fields), classes=["ps-imprint", *classes])


def declaration(
    kind: str,
    anchor: str,
    head: Iterable[nodes.Node],
    content: Iterable[nodes.Node],
    *classes: str,
    raw_title: str,
    place: Place,
) -> policy.PolicyDeclaration:
    """Return a box for what is declared about the spec itself: a level, a topic, its metadata."""
    item = nodes.definition_list_item("", text_node(nodes.term, raw_title, head, place))
    item += nodes.definition("", *content)
    return policy.PolicyDeclaration(
        "",
        nodes.definition_list("", item),
        ids=[anchor] if anchor else [],
        classes=["ps-declaration", f"ps-{kind}", *classes],
    )


def message(
    role: str,
    content: Iterable[nodes.Node],
    *,
    recipient: str = "",
    name: str = "",
    language: str = "",
    attributes: Iterable[tuple[str, str]] = (),
    is_untrusted: bool = False,
) -> policy.PolicyMessage:
    """Return a message; a builder writes its role, tool and other attributes above its body."""
    classes = ["ps-message", f"ps-role-{style_name(role)}"]
    box = policy.PolicyMessage("", classes=classes, **_speaker_attributes(role, recipient, name, attributes))
    body = _body(content, language)
    box += untrusted([body]) if is_untrusted else body
    return box


def response(
    verdict: Verdict | None,
    content: Iterable[nodes.Node],
    *,
    role: str = "assistant",
    recipient: str = "",
    name: str = "",
    language: str = "",
    attributes: Iterable[tuple[str, str]] = (),
    note: Iterable[nodes.Node] = (),
    raw_note: str = "",
    violates: Iterable[nodes.Node] = (),
    place: Place | None = None,
) -> policy.PolicyResponse:
    """Return an alternative answer: its body, then the reason; a builder writes verdict and role above it.

    :param note: the reason as inline nodes, in a paragraph of its own so that it can be translated
    :param violates: one inline node (a reference) for each principle that it names
    """
    kind = verdict.value.lower() if verdict else "none"
    classes = ["ps-message", "ps-response", f"ps-role-{style_name(role)}", f"ps-verdict-{kind}"]
    box = policy.PolicyResponse(
        "",
        _body(content, language),
        classes=classes,
        verdict=verdict.value if verdict else "",
        **_speaker_attributes(role, recipient, name, attributes),
    )
    if note_nodes := list(note):
        box += text_node(nodes.paragraph, raw_note, note_nodes, place, classes=["ps-note"])
    if links := list(violates):
        line = word(_("Violates:") + " ", "ps-violates")
        for number, link in enumerate(links):
            line += [nodes.Text(", ")] if number else []
            line += link
        box += line
    return box


def _body(content: Iterable[nodes.Node], language: str) -> policy.PolicyBody:
    """Return the body of a message; quotes in it stay as they are, since models read them so.

    docutils names languages by a class, and warns of each whose quotes it does not know.
    """
    return policy.PolicyBody("", *content, classes=["ps-body"], lang=language, support_smartquotes=False)


def _speaker_attributes(
    role: str, recipient: str, name: str, attributes: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """Return who speaks, to which tool, and what else the tag of a message says, as attributes of its node."""
    values = {"recipient": recipient, "name": name, "tag": tuple(attributes)}
    return {"role": role, **{key: value for key, value in values.items() if value}}


def comparison(responses: Iterable[nodes.Node]) -> policy.PolicyComparison:
    """Return consecutive alternative answers, in source order."""
    return policy.PolicyComparison("", *responses, classes=["ps-comparison"])


def gap(text: str = "[...]") -> policy.PolicyGap:
    """Return the mark of a part of the conversation that is left out."""
    line = word("", "ps-gap-line")
    line += nodes.inline("", text, classes=["ps-gap-mark"])
    line += nodes.inline("", " " + _("part of the conversation is left out"), classes=["ps-gap-words"])
    return policy.PolicyGap("", line, classes=["ps-gap"])


def untrusted(content: Iterable[nodes.Node]) -> policy.PolicyUntrusted:
    """Return text that carries no authority, under a word that says so."""
    return policy.PolicyUntrusted(
        "", word(_("Untrusted text"), "ps-kind"), *content, classes=["ps-untrusted"]
    )


def settings(lines: Iterable[str]) -> policy.PolicySettings:
    """Return the ``key: value`` lines of a message's settings."""
    items = [
        nodes.list_item("", nodes.paragraph("", "", nodes.literal("", line), translatable=False))
        for line in lines
    ]
    return policy.PolicySettings(
        "", word(_("Settings"), "ps-kind"), nodes.bullet_list("", *items), classes=["ps-settings"]
    )


def placeholder(text: str) -> policy.PolicyPlaceholder:
    """Return an author's mark such as ``[...]`` or ``[file: cat.png]``, brackets included."""
    classes = ["ps-placeholder"]
    if text.startswith("[file:"):
        classes.append("ps-attachment")
    return policy.PolicyPlaceholder("", text, classes=classes)


_VERDICTS = ("GOOD", "OK", "BAD", "")


def arrange_examples(elements: Iterable[nodes.Element]) -> None:
    """Give the examples of each section numbers, and put compliant answers before others; equal verdicts keep their order."""
    counts: Counter[int] = Counter()
    for node in elements:
        if isinstance(node, policy.PolicyExample):
            section = id(policy.around(node, nodes.section))
            counts[section] += 1
            node["number"] = counts[section]
        elif isinstance(node, policy.PolicyComparison):
            node.children.sort(key=_rank)


def _rank(response: nodes.Node) -> int:
    return (
        _VERDICTS.index(response["verdict"])
        if isinstance(response, policy.PolicyResponse)
        else len(_VERDICTS)
    )


def head_of(box: nodes.Element) -> list[nodes.Element]:
    """Return the lines that head a box, as nodes that every builder can write."""
    match box:
        case policy.PolicyBadge():
            return [_badge_line(box)]
        case policy.PolicyExample():
            number = f" {box['number']}" if "number" in box else ""
            return [word(_("Example") + number, "ps-kind")]
        case policy.PolicyResponse():
            return [_verdict(box), _role_line(box)]
        case policy.PolicyMessage():
            return [_role_line(box)]
        case _:
            return []


def _badge_line(badge: policy.PolicyBadge) -> nodes.paragraph:
    line = word("", "ps-badge-line")
    line += nodes.inline("", _("Authority:") + " ", classes=["ps-badge-label"])
    line += nodes.inline("", badge["title"], classes=["ps-badge-level"])
    return line


def _verdict(response: policy.PolicyResponse) -> policy.PolicyVerdict:
    label = {"GOOD": _("Compliant"), "BAD": _("Violation"), "OK": _("Minor issues"), "": _("No verdict")}[
        response["verdict"]
    ]
    return policy.PolicyVerdict(
        "", label, classes=["ps-verdict"], translatable=False, verdict=response["verdict"]
    )


def role_title(role: str) -> str:
    """Return what readers call a role."""
    known = {
        "system": _("System"),
        "developer": _("Developer"),
        "user": _("User"),
        "assistant": _("Assistant"),
        "tool": _("Tool"),
    }
    return known.get(role, role.capitalize())


def _role_line(message: policy.PolicyMessage) -> nodes.paragraph:
    """Return the line that says who speaks, to which tool, and what else its tag says."""
    line = word("", "ps-role")
    line += nodes.inline("", role_title(message["role"]), classes=["ps-role-name"])
    for before, value in ((" → ", message.get("recipient")), (": ", message.get("name"))):
        if value:
            line += nodes.inline("", before, nodes.literal("", value), classes=["ps-tool"])
    tag: tuple[tuple[str, str], ...] = message.get("tag", ())
    for key, value in tag:
        text = value if key == "comment" else f"{key}: {value}"
        line += nodes.inline("", f" ({text})", classes=["ps-attribute"])
    return line
