"""Functions that build the nodes of what is said: messages, answers, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import Verdict
from sphinx_policyspec.sphinx_ext.rendering.boxes import Place, style_name, text_node, word
from sphinx_policyspec.sphinx_ext.rendering.nodes import (
    PolicyBody,
    PolicyComparison,
    PolicyGap,
    PolicyMessage,
    PolicyPlaceholder,
    PolicyResponse,
    PolicySettings,
    PolicyUntrusted,
    PolicyVerdict,
)

__all__ = ["comparison", "gap", "message", "placeholder", "response", "settings", "untrusted"]

_ = get_translation("sphinx_policyspec")


def message(
    role: str,
    content: Iterable[nodes.Node],
    *,
    recipient: str = "",
    name: str = "",
    language: str = "",
    attributes: Iterable[tuple[str, str]] = (),
    is_untrusted: bool = False,
) -> PolicyMessage:
    """Return a message; its role, tool and other attributes stand in the line above its body."""
    box = PolicyMessage("", classes=["ps-message", f"ps-role-{style_name(role)}"])
    box += _message_head(role, recipient, name, attributes)
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
    box += _body(content, language)
    if note_nodes := list(note):
        box += text_node(nodes.paragraph, raw_note, note_nodes, place, classes=["ps-note"])
    if links := list(violates):
        broken = word(_("Violates:") + " ", "ps-violates")
        for number, link in enumerate(links):
            broken += [nodes.Text(", ")] if number else []
            broken += link
        box += broken
    return box


def _body(content: Iterable[nodes.Node], language: str) -> PolicyBody:
    """Return the body of a message; quotes in it stay as they are, since models read them so.

    docutils names languages by a class, and warns of each whose quotes it does not know.
    """
    return PolicyBody("", *content, classes=["ps-body"], lang=language, support_smartquotes=False)


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
