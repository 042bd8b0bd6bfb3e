"""Our nodes, which directives and Model Spec pages share.

Every node subclasses a docutils one, so that a builder without a visitor of ours still writes all of
it. Its children are what an author wrote; level, role and verdict are attributes, from which ``boxes`` makes heads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, TypeVar
from urllib.parse import quote

from docutils import nodes

from sphinx_policyspec.model import TargetKind


class PolicyBox(nodes.container):
    """A block of ours; ``html_tag`` is the element it becomes in HTML."""

    html_tag: ClassVar[str] = "div"


class PolicyBadge(PolicyBox):
    """The ``level`` of authority of a principle, shown as ``title``; is beside its title.

    Where it ``says`` who may override the level, it is a button that opens the box of the id ``box``.
    """


class PolicyChip(nodes.inline):
    """A badge that is in a line; as the badge of a title it may be a button."""


class PolicyExample(PolicyBox):
    """An example: its title, then the conversation; on web pages it has a ``number``."""


class PolicyComparison(PolicyBox):
    """Alternative answers to one conversation."""


class PolicyMessage(PolicyBox):
    """One message: its body, and as attributes its ``role``, ``recipient``, ``name`` and the rest of its ``tag``."""


class PolicyResponse(PolicyMessage):
    """A message with a ``verdict``, as the model names it or empty, and the reason, which is below."""


class PolicyBody(PolicyBox):
    """What a message says; ``lang`` is its language, empty where that is unknown."""


class PolicyGap(PolicyBox):
    """A part of a conversation that its author left out."""


class PolicyCommentary(PolicyBox):
    """A non-normative aside."""

    html_tag = "aside"


class PolicyDefinition(PolicyBox):
    """A defined term and what it means."""


class PolicyDeclaration(PolicyBox):
    """What a page declares about the spec itself: its metadata, a level or a topic."""


class PolicyPrompt(PolicyBox):
    """An evaluation prompt: its title, if any, then the conversation."""


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


def title_of_example(example: nodes.Element) -> PolicyExampleTitle | None:
    """Return the title of an example, which comes first in it: no search through what it holds."""
    first = example.children[0] if example.children else None
    return first if isinstance(first, PolicyExampleTitle) else None


class PolicyVerdict(nodes.paragraph):
    """The verdict on a response as a word; HTML puts an icon before it."""


class PolicyPlaceholder(nodes.inline):
    """A mark of the spec's author inside a message: elision, slot, stage direction, attachment."""


class PolicyClause(nodes.inline):
    """Words of a principle with a level of their own, which is behind them."""


class PolicyCount(nodes.inline):
    """A number in running text that the answer to a question fills in."""


class PolicySelfLink(nodes.Invisible, nodes.Element):
    """The link of a box to its own ``anchor``, for web pages."""


class PolicyMarker(nodes.Invisible, nodes.Element):
    """Where a directive without a title is; a transform moves what it says to its section."""


class PolicyHidden(nodes.Invisible, nodes.Element):
    """Stands for what a build hides while its page is looked at."""


_NO_ANCHOR = re.compile(
    r"[\s\x00-\x20\x7f-\x9f\"'`<>&#?%\\={}|^\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

BOXES: tuple[type[PolicyBox], ...] = (
    PolicyBadge,
    PolicyExample,
    PolicyMessage,
    PolicyResponse,
    PolicyBody,
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


def anchor_of(kind: TargetKind, identifier: str) -> str:
    """Return the anchor of an object: its id for a provision, prefixed with its kind otherwise.

    Sphinx and themes write anchors unescaped, so what means something in markup or addresses becomes ``=`` and
    the number of the character; so does ``=`` itself, so that no two ids have one anchor.
    """
    name = _NO_ANCHOR.sub(lambda found: f"={ord(found[0]):x}=", identifier)
    return name if kind is TargetKind.PROVISION else f"{kind.value}-{name}"


def is_unseen(node: nodes.Node) -> bool:
    """Return whether a node shows no text: comments do not, but what extensions derive from them does."""
    is_comment = isinstance(node, nodes.comment) and type(node) is not nodes.comment
    if is_comment or (isinstance(node, nodes.target) and node.children):
        return False
    return isinstance(node, nodes.Invisible | nodes.system_message)


_Around = TypeVar("_Around", bound=nodes.Element)


def around(node: nodes.Node, kind: type[_Around]) -> _Around | None:
    """Return the nearest element of a class that a node is in."""
    above = node.parent
    while above is not None and not isinstance(above, kind):
        above = above.parent
    return above


def elements_of(node: nodes.Element) -> list[nodes.Element]:
    """Return an element and all below it in document order; docutils takes five times as long to yield them."""
    found: list[nodes.Element] = []
    stack = [node]
    while stack:
        found.append(element := stack.pop())
        if children := element.children:
            stack += [child for child in reversed(children) if isinstance(child, nodes.Element)]
    return found


def text_before(node: nodes.Element) -> str:
    """Return the text right before a node in its paragraph."""
    place = node.parent.index(node) if node.parent is not None else 0
    before = node.parent[place - 1] if place else None
    return before.astext() if isinstance(before, nodes.Text) else ""


def uses_our_nodes(doctree: nodes.Element) -> bool:
    """Return whether a page shows anything of ours, and so needs our style sheet."""
    return any(
        isinstance(node, PolicyBox | PolicyPlaceholder | PolicyClause)
        or (isinstance(node, nodes.section) and "ps-principle" in node["classes"])
        for node in elements_of(doctree)
    )


_JOINED = re.compile(r"#document-[^\"#]*(?=#)")


def anchor_alone(target: str) -> str:
    """Return an address, or HTML with addresses, without the anchors of pages before other anchors."""
    return _JOINED.sub("", target)


def feedback_address(template: str, values: Mapping[str, str]) -> str:
    """Return an address with values in their places, each encoded."""
    return re.sub(r"\{(\w+)\}", lambda match: quote(values.get(match[1], ""), safe=""), template)
