"""What the nodes of a page hold while it is read: declarations, findings about its texts, and what a build hides.

Other extensions remove content long after a page is read: ``only`` in a post-transform, ``ifconfig`` when the page is
resolved, ``todo`` when it is written. So a page on which that may happen has its elements numbered, is resolved once on
trial (``build.trial``), and is read again with the numbers of what was lost, if anything was.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, cast

from docutils import nodes
from sphinx import addnodes

from sphinx_policyspec import model
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyHidden, elements_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
    from sphinx_policyspec.sphinx_ext.domain.records import Ask

_KEY = "policyspec"
_FINDINGS = "policyspec_findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The turns of a compact conversation, with the references and links that its reader found."""

    turns: tuple[model.Turn, ...]
    references: tuple[model.Reference, ...] = ()
    links: tuple[model.Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one directive declares.

    :param item: a model object, still without what only its surroundings determine
    :param span: its lines
    :param is_block: a provision that is not the section around the directive but its own content
    :param places: for some options, the line that each is on
    :param is_lifted: it stood in what cannot hold it, which has been reported
    """

    item: (
        model.Principle
        | model.Example
        | model.EvalPrompt
        | model.Goal
        | model.Message
        | Conversation
        | model.Definition
        | model.Commentary
        | model.Topic
        | model.AuthorityLevel
        | model.Spec
        | Ask
    )
    span: model.Span
    is_block: bool = False
    places: tuple[tuple[str, model.Span], ...] = ()
    is_lifted: bool = False

    def on(self, node: nodes.Element) -> None:
        """Attach this to a node."""
        node[_KEY] = self


def declared_on(node: nodes.Node, *, take: bool = False) -> Declared | None:
    """Return what a directive attached to a node; ``take`` removes it, so that no doctree keeps it."""
    if not isinstance(node, nodes.Element) or _KEY not in node.attributes:
        return None
    found = cast("Declared", node[_KEY])
    if take:
        del node[_KEY]
    return found


def start_of(declared: Declared) -> model.Span:
    """Return the first line of a directive."""
    span = declared.span
    return replace(span, end_line=min(span.line + 1, span.end_line))


def note_finding(env: BuildEnvironment, finding: model.Finding) -> None:
    """Keep a finding about the page being read."""
    env.temp_data[_FINDINGS] = (*take_findings(env), finding)


def attach_findings(
    env: BuildEnvironment, found: Iterable[nodes.Node], around: tuple[model.Finding, ...]
) -> None:
    """Attach the findings that were noted since ``around`` was taken to what they are about."""
    own = take_findings(env)
    holder = next((node for node in found if isinstance(node, nodes.Element)), None)
    if holder is not None and own:
        holder[_FINDINGS] = (*findings_on(holder), *own)
        own = ()
    if around or own:
        env.temp_data[_FINDINGS] = (*around, *own)


def findings_on(node: nodes.Element) -> tuple[model.Finding, ...]:
    """Return the findings on a node, and remove them from it, so that no doctree keeps them."""
    return cast("tuple[model.Finding, ...]", node.attributes.pop(_FINDINGS, ()))


def take_findings(env: BuildEnvironment) -> tuple[model.Finding, ...]:
    """Return the findings about the page being read, and forget them."""
    return cast("tuple[model.Finding, ...]", env.temp_data.pop(_FINDINGS, ()))


_MARK = "policyspec_mark"
_HIDDEN = "policyspec_hidden"
_MARKED = "policyspec_taken"
_WANTED = "policyspec_ids"
_MARKER = "policyspec_marker"
_OURS = "sphinx_policyspec."
_KNOWN = ("docutils.nodes", "sphinx.addnodes")
_COMMENT = re.compile(
    r"(<(script|style|textarea|title)\b.*?(?:</\2\s*>|\Z))|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE
)
"""A comment of HTML; where ``<!--`` begins none, it is in the first group."""


def is_foreign(node: nodes.Node) -> bool:
    """Return whether a node belongs to another extension, which may hide its content."""
    module = type(node).__module__
    return module not in _KNOWN and not module.startswith(_OURS)


def is_ours(node: nodes.Node) -> bool:
    """Return whether a node is one of ours."""
    return type(node).__module__.startswith(_OURS)


def is_hidden(node: nodes.Node) -> bool:
    """Return whether this build hides a node of the page being read, by itself or with what it is in."""
    above: nodes.Node | None = node
    while above is not None:
        if isinstance(above, nodes.comment | PolicyHidden) or _HIDDEN in getattr(above, "attributes", ()):
            return True
        above = above.parent
    return False


def hides(node: nodes.Element) -> bool:
    """Return whether this build hides something inside a node of the page being read."""
    return any(map(is_hidden, elements_of(node)))


def mark(env: BuildEnvironment, elements: Sequence[nodes.Element]) -> None:
    """Mark the elements of a page that was just parsed with numbers, if something on it may be hidden later."""
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    if env.docname in domain.pages:
        # A page of Model Spec Markdown: what it declares was read from its text.
        return
    if not (
        domain.given.hides_anything
        or any(isinstance(node, addnodes.only) or is_foreign(node) for node in elements)
    ):
        return
    for number, node in enumerate(elements):
        node[_MARK] = number
    for number in domain.assume(env.docname, lambda: _guess(elements, domain)):
        elements[number][_HIDDEN] = True


def _guess(elements: Sequence[nodes.Element], domain: PolicyDomain) -> Iterator[int]:
    """Yield the marks of what a build hides as far as that is known while pages are read."""
    for number, node in enumerate(elements):
        if isinstance(node, addnodes.only) and not (
            domain.given.shows(node["expr"]) or is_hidden(node.parent)
        ):
            node[_HIDDEN] = True
            yield number


def claim(document: nodes.document, node: nodes.Element) -> None:
    """Keep those ids of a node that nothing else on the page has; the others are findings later."""
    wanted = list(node["ids"])
    node["ids"] = [anchor for anchor in wanted if document.ids.setdefault(anchor, node) is node]
    if node["ids"] != wanted:
        node[_WANTED] = wanted


def give_back_ids(document: nodes.document, elements: Iterable[nodes.Element]) -> None:
    """Give ids that only hidden nodes have to visible nodes that wanted them, too."""
    for node in elements:
        for anchor in node.attributes.pop(_WANTED, ()):
            owner = document.ids[anchor]
            if owner is not node and is_hidden(owner) and not is_hidden(node):
                document.ids[anchor] = node
                node["ids"].append(anchor)


def mark_of(node: nodes.Element) -> int | None:
    """Return the mark of an element, none where it has none."""
    return cast("int | None", node.attributes.get(_MARK))


def keep_mark(section: nodes.section, marker: nodes.Element) -> None:
    """Let a section remember which element declares what it is."""
    if _MARK in marker:
        section[_MARKER] = marker[_MARK]


def markers_in(document: nodes.document) -> Iterator[int]:
    """Yield the marks that the sections of a page remember."""
    return (node[_MARKER] for node in document.findall(nodes.section) if _MARKER in node)


def marks_in(node: nodes.Element) -> Iterator[tuple[int, nodes.Element]]:
    """Yield the marks of an element and of all that it holds, each with its element."""
    for inner in elements_of(node):
        if _MARK in inner.attributes:
            yield inner[_MARK], inner


def keep_marked(env: BuildEnvironment, document: nodes.document) -> None:
    """Keep the marked elements of a captured page until it is read in full."""
    if _MARK in document:
        env.temp_data[_MARKED] = [node for _number, node in marks_in(document)]


def unread_in(env: BuildEnvironment, document: nodes.document) -> frozenset[int]:
    """Return the marks of what others have removed from a page since then."""
    if not (marked := cast("list[nodes.Element]", env.temp_data.pop(_MARKED, []))):
        return frozenset()
    remaining = {number for number, _node in marks_in(document)}
    if not (lost := [node for node in marked if node[_MARK] not in remaining]):
        return frozenset()
    words = document.astext()
    return frozenset(node[_MARK] for node in lost if holds_ours(node) or node.astext() not in words)


def holds_ours(node: nodes.Element) -> bool:
    """Return whether an element is one of ours, or holds one."""
    return any(map(is_ours, elements_of(node)))


def remove_node(node: nodes.Element) -> None:
    """Remove a node of ours from its page; where others may hide it or its content, only before the page is written."""
    if _MARK in node:
        node[_HIDDEN] = True
    else:
        node.parent.remove(node)


@contextlib.contextmanager
def without_hidden(document: nodes.document) -> Iterator[None]:
    """Replace what this build hides by are-ins while the page is looked at.

    The doctree keeps what is hidden, since another builder may show it, but not what directives attached to it.
    """
    marked = elements_of(document) if _MARK in document else ()
    hidden = [(node, PolicyHidden()) for node in marked if _HIDDEN in node.attributes]
    for node, stand_in in hidden:
        stand_in.source, stand_in.line = node.source, node.line
        node.parent.replace(node, stand_in)
    yield
    for node, stand_in in hidden:
        stand_in.parent.replace(stand_in, node)
        for inner in elements_of(node):
            declared_on(inner, take=True)
            findings_on(inner)


def strip_comments(elements: Iterable[nodes.Element]) -> None:
    """Remove comments from HTML that a page passes on as it is: MyST's comments of this form are such HTML."""
    for node in elements:
        if not (isinstance(node, nodes.raw) and "html" in node["format"].split()):
            continue
        html = _COMMENT.sub(lambda match: match[1] or "", node.astext())
        node.children = [nodes.Text(html)]
        if not html.strip():
            node.parent.remove(node)


def cleaned(elements: Iterable[nodes.Element]) -> list[nodes.Element]:
    """Remove the marks from a page that is about to be written, and return what is hidden and still there."""
    hidden: list[nodes.Element] = []
    for node in elements:
        node.attributes.pop(_MARK, None)
        node.attributes.pop(_MARKER, None)
        if node.attributes.pop(_HIDDEN, False):
            hidden.append(node)
    return hidden


# -- what is almost a reference ----------------------------------------------------------------

_NEAR_ROLE = re.compile(
    rf"(?P<open>(?:\{{ ?|:)?)(?<![\w/-]){DOMAIN}(?:: ?|(?<=\{{{DOMAIN})[ /;]|(?<=:{DOMAIN})[/;])(?P<name>[\w-]++)(?P<close> ?\}}|[:}}]{{0,2}}+)"
    r"(?: ?$|`(?P<text>[^`\s]*)| ?[\"'\u2018-\u201f\u00b4(<\[](?P<quoted>[\w.-]+)[\"'\u2018-\u201f\u00b4)>\]]"
    rf"|(?<=[:}}])(?P<blank> ?)(?!{DOMAIN}:)(?P<plain>\w[\w-]*+))"
)
"""It lacks a colon or brace, has a blank before its text, other quotes or none around that, or no end."""
_ID = r"[\w-]+"
_BEGINS_ID = re.compile(_ID)
_LINK_OF_MYST = (
    rf"\[[^\[\]]*\] \(#(?P<id>{_ID})\)|\([^()]*\)\[#(?P<swapped>{_ID})\]|\[[^\[\]]*\]\{{#(?P<braced>{_ID})\}}"
    rf"|\[[^\[\]]*\]\( ?#(?P<unclosed>{_ID})(?![\w)-])(?P<blanks>(?: {_ID})*\))?|\[[^\[\]]*\] ?\[#?(?P<second>{_ID})\]"
)
_LINK_OF_RST = (
    rf"\[[^\[\]]*\] ?\(#(?P<id>{_ID})\)|\([^()]*\)\[#(?P<swapped>{_ID})\]|\[[^\[\]]*\] ?\((?P<bare>{_ID})\)"
)
_LINK_OF_OTHERS = rf"(?<![\w\[\])])\[(?P<words>\w+(?: \w+){{1,8}})\](?![(\[\w:{{#])|(?<![\w/&#.(])#(?P<sign>[A-Za-z][a-z0-9]*_\w+)|\[\[#?(?P<wiki>{_ID})(?:\|[^\[\]]*)?\]\]|(?<![\w\[\])])\[#?(?P<alone>{_ID})\](?![(\[\w#])|(?<![\])\w])\(#(?P<round>{_ID})\)|<#(?P<angle>{_ID})>|(?<![\w@])@(?P<at>{_ID})|\[[^\[\]]*\]#(?P<hash>{_ID})"
_NEAR_LINK = {
    is_myst: re.compile(f"{own}|{_LINK_OF_OTHERS}")
    for is_myst, own in ((True, _LINK_OF_MYST), (False, _LINK_OF_RST))
}
"""By whether a page is in MyST: links of Markdown, or of wikis, that are text there."""


_ROLE_ALONE = re.compile(rf"\{{{DOMAIN}:(?P<name>[\w-]+)\}}(?!`)")
_TEXT_AND_ID = re.compile(rf"(?P<shown>[^<>]+)<#?(?P<behind>{_ID})>|#?(?P<id>{_ID})")
"""What is in backticks of reStructuredText alone, as in those of a role."""


_REMEMBERED = 2**14
"""How many texts have what is almost a reference in them cached."""


class NearReference(NamedTuple):
    """Text that was meant as a reference.

    :param start: where it begins in the text
    :param what: what it is not, a role or a link
    :param target: the id that it has if it is a reference at all; empty where it can be nothing else
    """

    start: int
    text: str
    what: str
    right: str
    target: str


@lru_cache(maxsize=_REMEMBERED)
def near_references(
    text: str,
    code: str | None,
    *,
    is_myst: bool,
    is_code: bool = False,
    is_bare: bool = False,
    around: tuple[str, str] = ("", ""),
) -> tuple[NearReference, ...]:
    """Return what is almost a role of ours, or a link, in a text; cached, as most texts of a page stay as they are.

    :param code: what is after the text as code or the like
    :param is_code: the text is code or the like itself, and a reference only if it is one as a whole
    :param is_bare: it is in backticks of reStructuredText that have no role
    :param around: the code in front of the text, or of code the text behind it
    """
    if whole := _as_whole(text, is_myst=is_myst, is_code=is_code, is_bare=is_bare, around=around):
        return (whole,)
    return tuple(_in_text(text, code, is_myst=is_myst, is_code=is_code))


def _in_text(text: str, code: str | None, *, is_myst: bool, is_code: bool) -> Iterator[NearReference]:
    right = partial(_role, is_myst=is_myst)
    roles = list(_NEAR_ROLE.finditer(text))
    for found in roles:
        is_marked = bool(found["open"] or found["close"])
        if name := found["plain"]:
            is_sure = bool(found["open"] and found["close"]) and not (found["blank"] or is_code)
            target = "" if is_sure else name
            if not is_code or found[0] == text:
                yield NearReference(found.start(), found[0], "role", right(found["name"], name), target)
            continue
        target = found["text"] if found["text"] is not None else found["quoted"] or code
        # A word and a blank in front of code is a sentence, and so is a word in quotes after one.
        if target is not None and (is_marked or not (found[0].endswith(" ") or found["quoted"])):
            yield NearReference(
                found.start(), found[0].strip(), "role", right(found["name"], target or "id"), ""
            )
    ends = {found.end() for found in roles}
    for found in () if is_code else _NEAR_LINK[is_myst].finditer(text):
        if found.end() in ends:
            continue
        kind = found.lastgroup or ""
        target, is_sure = found[kind], kind in {"id", "swapped", "unclosed", "blanks"}
        target = target.lower().replace(" ", "_") if kind == "words" else target
        if kind == "blanks":
            target = found["unclosed"] + target.rstrip(")").replace(" ", "_")
        hint = f"`[](#{target})`" if is_myst else right("principle", target)
        what = "role" if not is_myst else "link"
        yield NearReference(found.start(), found[0], what, hint, "" if is_sure else target)


def _role(name: str, target: str, *, is_myst: bool) -> str:
    """Return a role of ours as it should be written."""
    return f"{{{DOMAIN}:{name}}}`{target}`" if is_myst else f":{DOMAIN}:{name}:`{target}`"


def _as_whole(
    text: str, *, is_myst: bool, is_code: bool, is_bare: bool, around: tuple[str, str]
) -> NearReference | None:
    """Return what is a role but for its backticks, which are around its name, in front of it, or around all of it."""
    name = _ROLE_ALONE.match(text)
    identifier = (
        _BEGINS_ID.match(around[is_code]) if name and (not is_code or name.end() == len(text)) else None
    )
    if name and identifier:
        words = f"`{text}`{identifier[0]}" if is_code else f"`{around[0]}`{name[0]}"
        return NearReference(0, words, "role", _role(name["name"], identifier[0], is_myst=is_myst), "")
    parts = _TEXT_AND_ID.fullmatch(text) if is_bare else None
    if parts is None:
        return None
    target = parts["id"] or parts["behind"]
    reference = target if parts["id"] else f"{parts['shown'].strip()} <{target}>"
    return NearReference(0, f"`{text}`", "role", _role("principle", reference, is_myst=is_myst), target)


_GLUED = re.compile(rf"(?P<id>{_ID})`(?P<behind>\w+)")


class BrokenRole(NamedTuple):
    """A role whose text is more than a reference: marks are missing that end it, or the id in it.

    :param target: the id that is meant
    """

    problem: str
    target: str
    right: str


def broken_role(name: str, text: str, *, is_myst: bool) -> BrokenRole | None:
    """Return what is wrong with the text of a role of ours, none where it is sound.

    :param text: what is between its backticks
    """
    label, angle, rest = text.partition("<")
    if glued := _GLUED.match(text):
        problem = f"letters follow directly after the backtick that ends `{DOMAIN}:{name}`"
        return BrokenRole(
            problem, glued["id"], f"{_role(name, glued['id'], is_myst=is_myst)}\\ {glued['behind']}"
        )
    if "`" in text or f"{DOMAIN}:" in text:
        found, problem = _BEGINS_ID.match(text), f"the text of `{DOMAIN}:{name}` is never closed"
        target = reference = found[0] if found else "id"
    elif angle and not rest.endswith(">"):
        found, problem = _BEGINS_ID.match(rest), f"`{' '.join(text.split())}` lacks the `>` after its id"
        target = found[0] if found else "id"
        reference = f"{label.strip()} <{target}>"
    elif not angle and text.endswith(">"):
        problem, (*words, target) = (
            f"`{' '.join(text.split())}` lacks the `<` before its id",
            text[:-1].split(),
        )
        reference = f"{' '.join(words)} <{target}>" if words else target
    else:
        return None
    return BrokenRole(problem, target, _role(name, reference, is_myst=is_myst))
