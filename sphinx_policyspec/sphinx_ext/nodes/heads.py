"""What a builder writes at the head of a box: the level of a principle, who speaks, the verdict on an answer.

A doctree holds them as attributes alone. They are two of five nodes otherwise, which every transform would
walk over, and every page would be stored with.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.nodes.boxes import word
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyBox,
    PolicyExample,
    PolicyMessage,
    PolicyResponse,
    PolicyVerdict,
)

__all__ = ["add_heads", "head_of"]

_ = get_translation("sphinx_policyspec")


def head_of(box: nodes.Element) -> list[nodes.Element]:
    """Return the lines that head a box, as nodes that every builder can write."""
    match box:
        case PolicyBadge():
            return [_badge_line(box)]
        case PolicyExample():
            number = f" {box['number']}" if "number" in box else ""
            return [word(_("Example") + number, "ps-kind")]
        case PolicyResponse():
            return [_verdict(box), _role_line(box)]
        case PolicyMessage():
            return [_role_line(box)]
        case _:
            return []


def add_heads(doctree: nodes.document) -> None:
    """Put the heads into a page that a builder without visitors of ours is about to write."""
    for box in list(doctree.findall(PolicyBox)):
        head = head_of(box)
        if isinstance(box, PolicyExample):
            head = [nodes.container("", *head, *box.children[:1], classes=["ps-example-head"])]
            del box[:1]
        box[:0] = head


def _badge_line(badge: PolicyBadge) -> nodes.paragraph:
    line = word("", "ps-badge-line")
    line += nodes.inline("", _("Authority:") + " ", classes=["ps-badge-label"])
    line += nodes.inline("", badge["title"], classes=["ps-badge-level"])
    return line


def _verdict(response: PolicyResponse) -> PolicyVerdict:
    shown = {
        "GOOD": _("Compliant"),
        "BAD": _("Violation"),
        "OK": _("Minor issues"),
        "": _("No verdict"),
    }[response["verdict"]]
    return PolicyVerdict("", shown, classes=["ps-verdict"], translatable=False, verdict=response["verdict"])


def _role_line(message: PolicyMessage) -> nodes.paragraph:
    """Return the line that says who speaks, to which tool, and what else its tag says."""
    role = message["role"]
    known = {
        "system": _("System"),
        "developer": _("Developer"),
        "user": _("User"),
        "assistant": _("Assistant"),
        "tool": _("Tool"),
    }
    line = word("", "ps-role")
    line += nodes.inline("", known.get(role, role.capitalize()), classes=["ps-role-name"])
    for before, value in ((" → ", message.get("recipient")), (": ", message.get("name"))):
        if value:
            line += nodes.inline("", before, nodes.literal("", value), classes=["ps-tool"])
    tag: tuple[tuple[str, str], ...] = message.get("tag", ())
    for key, value in tag:
        text = value if key == "comment" else f"{key}: {value}"
        line += nodes.inline("", f" ({text})", classes=["ps-attribute"])
    return line
