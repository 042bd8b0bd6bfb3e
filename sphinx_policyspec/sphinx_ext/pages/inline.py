"""What a line of text says, in the markup of its page: as the parser was given it, or written from its nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from docutils import nodes
from docutils.io import ErrorOutput
from sphinx import addnodes
from sphinx.util.docutils import new_document

from sphinx_policyspec.model import Markup
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyHidden, is_unseen
from sphinx_policyspec.sphinx_ext.pages.marks import hides, is_hidden

__all__ = [
    "WRITTEN",
    "keep_written",
    "plain_title",
    "raw_of",
    "shown_text",
    "shown_title",
    "text_around",
    "title_with_substitutions",
    "words_of",
]

WRITTEN = "policyspec_written"
"""Attribute of a text element whose raw text is not what it shows: the text that is, as (markup, plain text)."""

_WORD = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"\S")
_SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")
_BLANK = re.compile(r"\n\s*\n")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SPECIAL = {
    Markup.RST: re.compile(r"\0.|[\\`*|]|(?<=[^\W_])_(?!\w)", re.DOTALL),
    Markup.MYST: re.compile(
        r"[\\`*<$]|(?<![^\W_])_|_(?![^\W_])|\[(?=\^|[^\]]{0,2000}+\][(\[])|&(?=#?\w+;)|\{(?=\{)"
    ),
}
"""Signs that would say more than themselves."""
_OPENING = {
    Markup.RST: re.compile(
        r"^(?=[-+•‣⁃](?:\s|$)|\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+|#)[.)](?:\s|$)|(?:>>>|\.\.|__) |:\S[^:]*:(?:\s|$))",
        re.MULTILINE,
    ),
    Markup.MYST: re.compile(
        r"^(?:\d{1,9}(?=[.)](?:\s|$))|(?=[-+:](?:\s|$)|(?:-+|=+)\s*$|#{1,6}(?:\s|$)|[>%]|:{3}|~{3}))",
        re.MULTILINE,
    ),
}
"""Where the first signs of a line would begin a block of another kind."""
_MARKS: dict[type[nodes.Element], str] = {nodes.emphasis: "*", nodes.strong: "**"}


def keep_written(
    document: nodes.document, elements: Iterable[nodes.Element], markup: Markup
) -> list[nodes.TextElement]:
    """Leave on text elements what they show, where their raw text does not say it, and return them.

    So it is with substitutions. It is done before a translation takes the place of what they show.
    """
    found = []
    for reference in (node for node in elements if isinstance(node, nodes.substitution_reference)):
        node = text_around(reference)
        if node is not None and not isinstance(node, nodes.Invisible) and WRITTEN not in node:
            shown = _substituted(node, document)
            node[WRITTEN] = (_written(shown, markup), words_of(shown))
            found.append(node)
    for node in (node for node in elements if isinstance(node, nodes.TextElement)):
        if _is_plain(node) and (not node.rawsource or node.rawsource == node.astext()):
            continue
        is_part = isinstance(node.parent, nodes.TextElement)
        if is_part or WRITTEN in node or isinstance(node, nodes.Invisible | nodes.literal_block | nodes.raw):
            continue
        is_other = markup is Markup.MYST and (_hides_address(node) or _is_rst(node))
        is_other = is_other or _is_keyed(node)
        if raw_of(node) and (is_other or not _says(node.rawsource, node)):
            node[WRITTEN] = (_written(node, markup), words_of(node))
            found.append(node)
    return found


def _is_plain(node: nodes.Element) -> bool:
    return all(isinstance(child, nodes.Text) for child in node.children)


def text_around(node: nodes.Element) -> nodes.TextElement | None:
    """Return the paragraph, title or the like that a node stands in, itself included where it is one."""
    above: nodes.Element | None = node
    while above is not None and (isinstance(above, nodes.Inline) or not isinstance(above, nodes.TextElement)):
        above = above.parent if isinstance(above, nodes.Inline) else None
    return above


def raw_of(node: nodes.Element) -> str:
    """Return the raw text of an element, or that of the part of it which an author wrote."""
    if node.rawsource:
        return str(node.rawsource)
    return next((str(part.rawsource) for part in node.findall(nodes.inline) if part.rawsource), "")


def _says(raw: str, node: nodes.Element) -> bool:
    """Tell whether a raw text has all the words that its nodes show."""
    shown = node.astext()
    if shown == raw:
        return True
    return raw.count("{{") <= shown.count("{{") and set(_WORD.findall(shown)) <= set(_WORD.findall(raw))


def _is_rst(node: nodes.TextElement) -> bool:
    """Tell whether docutils read a text: unlike MyST, it leaves the marks of its markup on what they mark."""
    raws = ((part, str(part.rawsource)) for part in node.children if isinstance(part, nodes.Element))
    return any(
        raw and raw in node.rawsource and raw != part.astext() and not raw.startswith("[^")
        for part, raw in raws
    )


def _is_keyed(node: nodes.TextElement) -> bool:
    """Tell whether the text of a term holds the key that its glossary is sorted by, which nothing shows."""
    if not isinstance(node, nodes.term) or " : " not in node.rawsource:
        return False
    return isinstance(node.parent.parent.parent, addnodes.glossary)


def _hides_address(node: nodes.TextElement) -> bool:
    """Tell whether the address of a link stands elsewhere on the page, as Markdown lets it."""
    addresses = [str(link.get("refuri", "")) for link in node.findall(nodes.reference)]
    return any(
        address.partition(":")[2] not in node.rawsource and unquote(address) not in node.rawsource
        for address in addresses
        if "://" in address
    )


def _substituted(node: nodes.TextElement, document: nodes.document) -> nodes.TextElement:
    """Return a copy of a text with its substitutions made, by those who make them later in the page."""
    from docutils.transforms.references import Substitutions  # noqa: PLC0415  few pages have any
    from sphinx.transforms import DefaultSubstitutions  # noqa: PLC0415

    holder = new_document(document["source"])
    holder.settings = document.settings
    # What is wrong with a substitution is told when the page's own are made.
    holder.reporter.stream = ErrorOutput(destination=False)
    holder.substitution_defs, holder.substitution_names = (
        document.substitution_defs,
        document.substitution_names,
    )
    copied = node.deepcopy()
    holder += copied
    for transform in (DefaultSubstitutions, Substitutions):
        transform(holder).apply()
    return copied


def shown_text(node: nodes.TextElement, markup: Markup) -> tuple[str, str]:
    """Return what a text element says, and the same as it stands in its source: empty where it does not."""
    if isinstance(node, addnodes.desc_signature):
        lines = [line.astext() for line in node.findall(addnodes.desc_signature_line)]
        return _escaped(" ".join(lines) or node.astext(), markup), ""
    is_plain = _is_plain(node)
    if not is_plain and any(True for _ in node.findall(PolicyHidden)):
        return _written(node, markup), ""
    if WRITTEN in node:
        return _with_addresses(str(node[WRITTEN][0]), node, markup), ""
    if not node.rawsource.strip():
        return _written(node, markup), ""
    stands = _without_code_mark(node.rawsource, node, markup)
    if is_plain:
        return stands, stands
    shown = stands
    for hidden in node.findall(nodes.raw):
        comment = _COMMENT.match(hidden.astext()) if _is_html(hidden) else None
        cut = comment[0] if comment else "" if _is_html(hidden) else hidden.rawsource
        shown, stands = shown.replace(cut, ""), stands.replace(cut, _LETTER.sub(" ", cut))
    if "<!--" in node.rawsource:
        shown = _BLANK.sub("\n", _SPACES.sub(" ", shown))
    return _with_addresses(shown, node, markup), stands


def _with_addresses(text: str, node: nodes.TextElement, markup: Markup) -> str:
    """Return a text whose links name their addresses, which its author may have put elsewhere."""
    for link in node.findall(nodes.reference):
        raw, address = link.rawsource, str(link.get("refuri", ""))
        if markup is Markup.RST and raw.endswith("_") and address and address not in raw:
            text = text.replace(raw, _link(link, link.astext(), markup) or raw, 1)
    return text


def shown_title(title: nodes.TextElement) -> str:
    """Return the words of a title as its readers see them, before it is translated."""
    return title_with_substitutions(title, words_of(title))


def title_with_substitutions(title: nodes.TextElement | None, otherwise: str) -> str:
    """Return the words of a title of which something is made, or hidden, later than its directive is run."""
    if title is None:
        return otherwise
    if hides(title):
        return words_of(title)
    return str(title[WRITTEN][1]) if WRITTEN in title else otherwise


def plain_title(shown: Iterable[nodes.Node]) -> str:
    """Return the words of a title as its readers see them; a reference without words is the id of its target meanwhile."""
    return "".join(map(words_of, shown))


def words_of(node: nodes.Node) -> str:
    """Return the words of a text as its readers see them, without HTML in it."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if (
        not isinstance(node, nodes.Element)
        or isinstance(node, nodes.raw)
        or is_unseen(node)
        or is_hidden(node)
    ):
        return ""
    if not node.children and isinstance(node, addnodes.pending_xref | nodes.reference):
        return str(
            node.get("reftargetid") or node.get("reftarget") or node.get("refuri", "").removeprefix("#")
        )
    return plain_title(node.children)


def _without_code_mark(raw: str, node: nodes.TextElement, markup: Markup) -> str:
    """Return a text without the ``::`` that says that code follows, but for the colon that it shows."""
    if not raw.endswith("::") or markup is Markup.MYST or node.astext().endswith("::"):
        return raw
    return raw[:-1] if node.astext().endswith(":") else raw[:-2].rstrip()


def _written(node: nodes.Element, markup: Markup) -> str:
    """Return the children of an element in a markup."""
    pieces = "".join(_pieces(node.children, markup))
    return _OPENING[markup].sub(r"\g<0>\\", pieces)


def _escaped(text: str, markup: Markup) -> str:
    """Return what an element says; docutils keeps what its author escaped behind a zero byte."""
    text = text if markup is Markup.RST else nodes.unescape(text)
    return _SPECIAL[markup].sub(lambda sign: "\\" + sign[0].removeprefix("\0"), text)


def _pieces(children: Iterable[nodes.Node], markup: Markup) -> Iterable[str]:
    for child in children:
        if isinstance(child, nodes.Text):
            yield _escaped(str(child), markup)
        elif isinstance(child, nodes.Element) and not is_unseen(child):
            yield _piece(child, markup)


def _piece(node: nodes.Element, markup: Markup) -> str:
    inside = "".join(_pieces(node.children, markup))
    is_myst = markup is Markup.MYST
    match node:
        case nodes.raw():
            shown = _COMMENT.sub("", node.astext()) if is_myst and _is_html(node) else ""
        case nodes.image():
            shown = str(node.get("alt", ""))
        case nodes.literal():
            shown = _code(node.astext()) if is_myst else f"``{node.astext()}``"
        case nodes.math():
            shown = f"${node.astext()}$" if is_myst else f":math:`{node.astext()}`"
        case nodes.footnote_reference() if is_myst:
            shown = f"[^{node.get('refname') or node.astext()}]"
        case nodes.emphasis() | nodes.strong() if type(node) in _MARKS:
            shown = f"{_MARKS[type(node)]}{inside}{_MARKS[type(node)]}"
        case _ if node.astext() != "".join(child.astext() for child in node.children):
            # It puts signs of its own around them, as lists of parameters do.
            shown = _escaped(node.astext(), markup)
        case nodes.Part() | nodes.target():
            # The parts of a signature have a raw text that no author wrote, and the mark of a target shows nothing.
            shown = inside
        case _:
            shown = _link(node, inside, markup) or _role(node, markup) or inside
    return shown


def _code(text: str) -> str:
    """Return code in a line of MyST."""
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    room = " " * (text[:1] == "`" or text[-1:] == "`")
    return f"{ticks}{room}{text}{room}{ticks}"


def _is_html(node: nodes.raw) -> bool:
    return "html" in node.get("format", "").split()


def _link(node: nodes.Element, inside: str, markup: Markup) -> str:
    """Return a link to somewhere else, or nothing where the node is none."""
    address = str(node.get("refuri", "")) if isinstance(node, nodes.reference) else ""
    if not address or address == inside:
        return ""
    # In reStructuredText the text of a link holds no markup of its own.
    return f"[{inside}]({address})" if markup is Markup.MYST else f"`{node.astext()} <{address}>`__"


def _role(node: nodes.Element, markup: Markup) -> str:
    """Return what an author wrote for a role or a note, where the node keeps it and nothing in it was replaced."""
    raw = str(node.rawsource)
    if not raw or not _says(raw, node):
        return ""
    if markup is Markup.MYST and raw.startswith(":") and raw.endswith("`"):
        # MyST hands roles a text in the form of docutils.
        name, _, text = raw[1:-1].partition(":`")
        return f"{{{name}}}`{text}`"
    return raw
