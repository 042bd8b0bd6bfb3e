"""What foreign prose may do on a page: show its words.

Such prose is parsed with few directives and roles, and of the nodes that come out those on a list stay, each with the
attributes on a list. The words of everything else stay as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, UnionType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.utils import Reporter
from sphinx import addnodes
from sphinx.util.docutils import CustomReSTDispatcher

from sphinx_policyspec.model.spec import license_name
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, KIND_OF_ROLE
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyClause
from sphinx_policyspec.sphinx_ext.nodes.writers import is_plain_math


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ADDRESS = re.compile(r"(?i:https?://|mailto:|#)[^\s\x00-\x20\x7f-\x9f<>\"\\]+")
_OWN_ADDRESS = re.compile(r"(?i:ftp://|tel:)?[^\s\x00-\x20\x7f-\x9f<>\"\\:]+")
"""What a project may link to in addition: another protocol that no browser runs, or a file of its own."""
_DEEPEST = 50
"""How deeply nodes may nest; no reader follows deeper words, and writers need the stack."""
DEEPEST_MARKDOWN = 2 * _DEEPEST
"""How deep the parser of Markdown goes: it leaves out deeper text without a warning."""
_MOST_WORK = 2**23
"""Marks of a paragraph times its characters: parsers look from a mark through all that follows it."""
_MOST_TARGETS = 500
"""How many targets a text may have: parsers compare each with those before."""
_BETWEEN_PARAGRAPHS = re.compile(r"\n[ \t]*+\n")
_MARK = re.compile(r"[^\w\s]|[_\n]")
_TARGET = re.compile(r"^[ \t]*+(?:\.\. _|\([^()\n]{1,200}\)=)", re.MULTILINE)

_ADMONITIONS = _names("admonition attention caution danger error hint important note tip warning seealso")
_DIRECTIVES = _ADMONITIONS | _names(
    "code code-block epigraph highlights image line-block list-table math parsed-literal pull-quote "
    "rubric sidebar sourcecode table topic"
)
_ROLES = (
    _names(
        "abbr abbreviation code emphasis kbd literal math strong sub subscript sup superscript title "
        "title-reference title_reference"
    )
    | {""}
    | {f"{DOMAIN}:{name}" for name in (*KIND_OF_ROLE, "clause")}
)
_OPTIONS = frozenset({"alt", "caption", "header-rows", "stub-columns", "nowrap"})
"""Options of directives that say what is shown; others name files, styles, anchors or lines without end."""

_CLASSES = frozenset({"xref", DOMAIN, "kbd", "ps-clause", "ps-clause-level", "ps-heading"}) | {
    f"{DOMAIN}-{name}" for name in KIND_OF_ROLE
}
_ATTRIBUTES: tuple[tuple[type[nodes.Element], frozenset[str]], ...] = tuple(
    (kind, _names(names))
    for kind, names in (
        (nodes.reference, "refuri"),
        (addnodes.pending_xref, "refdomain reftype reftarget refexplicit refdoc refwarn"),
        (nodes.bullet_list, "bullet"),
        (nodes.enumerated_list, "enumtype prefix suffix start"),
        (nodes.tgroup, "cols"),
        (nodes.colspec, "colwidth stub"),
        (nodes.entry, "morecols morerows"),
        (nodes.literal_block, "language force xml:space"),
        (nodes.doctest_block, "xml:space"),
        (nodes.line_block, "xml:space"),
        (nodes.math_block, "nowrap no-wrap number label"),
        (nodes.abbreviation, "explanation"),
        (nodes.option_argument, "delimiter"),
        (PolicyClause, "level"),
    )
)
_TYPES = frozenset(kind for kind, _ in _ATTRIBUTES).union(
    (
        getattr(nodes, name)
        for name in _names(
            "attribution block_quote classifier definition definition_list definition_list_item description emphasis "
            "field field_body field_list field_name inline line list_item literal option option_group option_list "
            "option_list_item option_string paragraph row rubric sidebar strong subscript superscript table tbody "
            "term thead title_reference topic"
        )
        | (_ADMONITIONS - {"seealso"})
    ),
    (addnodes.seealso,),
)
"""Nodes that may stay; those derived from them for a purpose of their own, such as a download, may not."""
_TITLED = (nodes.table, nodes.topic, nodes.sidebar, nodes.admonition)
"""Nodes that have a title; those of sections belong to the page."""


def is_address(text: str) -> bool:
    """Return whether a text may be the address of a link: of a page or a person on the web, or of a place on the page."""
    return _ADDRESS.fullmatch(text) is not None


def is_own_address(text: str) -> bool:
    """Return the same for a text of the project itself, which has files beside its pages."""
    return is_address(text) or _OWN_ADDRESS.fullmatch(text) is not None


def license_node(text: str) -> nodes.Node:
    """Return a licence, as a link with its name where it is an address."""
    if not is_address(text):
        return nodes.Text(text)
    return nodes.reference("", license_name(text), refuri=text)


class OnlyWords(CustomReSTDispatcher):
    """While it is entered, few directives and roles are known, and those obey few options."""

    def directive(self, directive_name: str, language_module: ModuleType, document: nodes.document) -> Any:
        """Return a directive, or one that shows its source."""
        if directive_name not in _DIRECTIVES:
            return _SourceOfDirective, []
        known, messages = super().directive(directive_name, language_module, document)
        if not isinstance(known, type):
            return _SourceOfDirective, messages
        return type(known.__name__, (_WithoutOptions, known), {}), messages

    def role(self, role_name: str, language_module: ModuleType, lineno: int, reporter: Reporter) -> Any:
        """Return a role, or one that shows its text."""
        if role_name not in _ROLES:
            return _text_of_role, []
        return super().role(role_name, language_module, lineno, reporter)


class _SourceOfDirective(Directive):
    """Shows the source of a directive instead of running it."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        return [nodes.literal_block(self.block_text, self.block_text)]


class _WithoutOptions:
    """Makes a directive ignore options that are not on the list."""

    options: dict[str, Any]
    run: Callable[[], list[nodes.Node]]

    def __init_subclass__(cls) -> None:
        original = cls.run

        def run(self: _WithoutOptions) -> list[nodes.Node]:
            self.options = {name: value for name, value in self.options.items() if name in _OPTIONS}
            return original(self)  # type: ignore[call-arg]  # a method of the class

        cls.run = run  # type: ignore[assignment]  # as above


def _text_of_role(
    _name: str, rawtext: str, text: str, *_place: Any, **_options: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    words = nodes.unescape(text)
    return [nodes.inline(rawtext, words)], []


@dataclass(frozen=True, slots=True)
class PlaceOfText:
    """Where a text is in the file that it is from, for warnings.

    :param line: of its first line
    """

    reporter: Reporter
    file: str
    line: int


def words_of(text: str, parse: Callable[[], list[nodes.Node]], place: PlaceOfText) -> list[nodes.Node]:
    """Return the nodes that a parser makes of a text; where it fails, or they nest too deep, the text as it stands."""
    try:
        result = parse()
        if not any(
            _depth(leaf) > _DEEPEST for node in result for leaf in node.findall() if not leaf.children
        ):
            return result
        why = f"it nests deeper than {_DEEPEST} levels"
    except RecursionError:
        why = "it nests too deep"
    except Exception as error:  # noqa: BLE001  a text that its parser was not made for must not cost all others
        why = f"its parser fails ({type(error).__name__}: {error})"
    return _as_it_stands(text, why, place)


def hard_words_of(text: str, parse: Callable[[], list[nodes.Node]], place: PlaceOfText) -> list[nodes.Node]:
    """Do the same for a parser whose work grows faster than a text: one that has too many marks stays as it stands."""
    if len(_TARGET.findall(text)) > _MOST_TARGETS:
        return _as_it_stands(text, f"it has more than {_MOST_TARGETS} targets", place)
    for part in _BETWEEN_PARAGRAPHS.split(text):
        marks = len(_MARK.findall(part))
        if marks * len(part) > _MOST_WORK:
            why = f"a paragraph of it has {marks:,} marks in {len(part):,} characters"
            return _as_it_stands(text, why, place)
    return words_of(text, parse, place)


def _as_it_stands(text: str, why: str, place: PlaceOfText) -> list[nodes.Node]:
    place.reporter.warning(f"a text is shown as it is: {why}", source=place.file, line=place.line)
    return [nodes.literal_block(text, text)]


def keep_words(tree: nodes.document) -> None:
    """Keep the nodes of a tree that are on the list; of others, keep the words."""
    # Inner nodes come first, so that whatever replaces a node has been checked.
    for node in reversed(list(tree.findall(nodes.Element))[1:]):
        replacement = _allowed(node)
        if replacement != [node]:
            _replace(node, replacement)


def _depth(node: nodes.Node) -> int:
    depth = 0
    while (node := node.parent) is not None:
        depth += 1
    return depth


def _allowed(node: nodes.Element) -> list[nodes.Node]:
    """Return what stays of a node, whose children stay as they are."""
    if write := next((write for kind, write in _REPLACEMENTS if isinstance(node, kind)), None):
        return write(node)
    if type(node) in _TYPES and not _leads_astray(node):
        _bare(node)
        return [node]
    silent = isinstance(node, nodes.comment | nodes.pending)
    return [] if silent else list(node.children)


def _leads_astray(node: nodes.Element) -> bool:
    match node:
        case nodes.reference():
            return not is_address(str(node.get("refuri", "")))
        case addnodes.pending_xref():
            return node["refdomain"] != DOMAIN or node["reftype"] not in KIND_OF_ROLE
    return False


def _math(node: nodes.Element) -> list[nodes.Node]:
    if not is_plain_math(node.astext()):
        return _code(node, node.astext())
    _bare(node)
    return [node]


def _note(node: nodes.Element) -> list[nodes.Node]:
    # The number of one that has no label comes later, for notes of the page's own.
    has_label = any(isinstance(child, nodes.paragraph) and "label" in child for child in node.children)
    return [*([] if has_label else _label(node["names"])), *node.children]


def _title(node: nodes.Element) -> list[nodes.Node]:
    """Return a title as a line of the text, if it is that of a section, which would belong to the page."""
    if isinstance(node.parent, _TITLED):
        return [nodes.title(node.rawsource, "", *node.children)]
    return [nodes.rubric("", "", *node.children, classes=["ps-heading"])]


def _message(node: nodes.Element) -> list[nodes.Node]:
    """Return the text that an error is about, which only it holds; that of a warning is on the page, too."""
    severe = node["level"] >= Reporter.ERROR_LEVEL
    return [child for child in node.children if severe and isinstance(child, nodes.literal_block)]


def _label(names: list[str]) -> list[nodes.Node]:
    return [nodes.paragraph("", f"[{name}]", label=True) for name in names[:1] or ["#"]]


def _bare(node: nodes.Element) -> None:
    """Remove ids, and all that says more than how the words of a node are shown."""
    known = dict(_ATTRIBUTES).get(type(node), frozenset())
    attributes = {name: value for name, value in node.attributes.items() if name in known}
    classes = [name for name in node["classes"] if name in _CLASSES]
    node.attributes = type(node)().attributes | attributes | {"classes": classes}


def _code(node: nodes.Element, text: str) -> list[nodes.Node]:
    return [
        nodes.literal(text, text)
        if isinstance(node.parent, nodes.TextElement)
        else nodes.literal_block(text, text)
    ]


def _replace(node: nodes.Element, content: list[nodes.Node]) -> None:
    """Replace a node; words that would be between blocks become a paragraph."""
    is_line = isinstance(node.parent, nodes.TextElement)
    loose = [child for child in content if isinstance(child, nodes.Text | nodes.Inline)]
    if loose and not is_line:
        content = [nodes.paragraph("", "", *loose), *(child for child in content if child not in loose)]
    if is_line and len(loose) < len(content):
        content = [nodes.Text(" ".join(child.astext() for child in content))]
    place = node.parent.index(node)
    node.parent[place : place + 1] = content


_REPLACEMENTS: tuple[tuple[type | UnionType, Callable[[Any], list[nodes.Node]]], ...] = (
    (nodes.math | nodes.math_block, _math),
    (nodes.image, lambda node: [nodes.inline("", str(node.get("alt") or node.get("uri", "")))]),
    (nodes.raw, lambda node: _code(node, node.astext())),
    (
        nodes.problematic | nodes.substitution_reference,
        lambda node: [nodes.Text(node.rawsource or node.astext())],
    ),
    (nodes.substitution_definition, lambda node: _code(node, node.rawsource)),
    (
        nodes.footnote_reference | nodes.citation_reference,
        lambda node: [nodes.superscript("", f"[{node.astext() or node.get('refname', '#')}]")],
    ),
    (nodes.footnote | nodes.citation, _note),
    (nodes.label, lambda node: _label([node.astext()])),
    (nodes.title | nodes.caption, _title),
    (nodes.system_message, _message),
)
"""What replaces nodes that say something in a way of their own."""
