"""The text of a line, from its source or written from its nodes; titles as readers see them; and excerpts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from docutils import nodes
from docutils.io import ErrorOutput
from sphinx import addnodes
from sphinx.util.docutils import new_document

from sphinx_policyspec import model
from sphinx_policyspec.readers.inline import title_behind
from sphinx_policyspec.sphinx_ext.nodes.boxes import role_title
from sphinx_policyspec.sphinx_ext.nodes.nodes import (
    PolicyBadge,
    PolicyBody,
    PolicyBox,
    PolicyDeclaration,
    PolicyDefinition,
    PolicyExample,
    PolicyHidden,
    PolicyMessage,
    PolicyPrompt,
    PolicyQuery,
    PolicyUntrusted,
    is_unseen,
    title_of_example,
)
from sphinx_policyspec.sphinx_ext.pages.marks import hides, is_hidden
from sphinx_policyspec.sphinx_ext.store import TEXT_OF

VISIBLE = "policyspec_written"
"""Attribute of a text element whose raw text is not what it shows: what it shows, as (markup, plain text)."""

_WORD = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"\S")
_SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")
_BLANK = re.compile(r"\n\s*\n")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SPECIAL = {
    model.Markup.RST: re.compile(r"\0.|[\\`*|]|(?<=[^\W_])_(?!\w)", re.DOTALL),
    model.Markup.MYST: re.compile(
        r"[\\`*<$]|(?<![^\W_])_|_(?![^\W_])|\[(?=\^|[^\]]{0,2000}+\][(\[])|&(?=#?\w+;)|\{(?=\{)"
    ),
}
"""Signs that would be read as markup."""
_OPENING = {
    model.Markup.RST: re.compile(
        r"^(?=[-+•‣⁃](?:\s|$)|\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+|#)[.)](?:\s|$)|(?:>>>|\.\.|__) |:\S[^:]*:(?:\s|$))",
        re.MULTILINE,
    ),
    model.Markup.MYST: re.compile(
        r"^(?:\d{1,9}(?=[.)](?:\s|$))|(?=[-+:](?:\s|$)|(?:-+|=+)\s*$|#{1,6}(?:\s|$)|[>%]|:{3}|~{3}))",
        re.MULTILINE,
    ),
}
"""Where the first signs of a line would begin a block of another kind."""
_MARKS: dict[type[nodes.Element], str] = {nodes.emphasis: "*", nodes.strong: "**"}


def keep_visible_text(
    document: nodes.document, elements: Iterable[nodes.Element], markup: model.Markup
) -> list[nodes.TextElement]:
    """Store on text elements what they show, where their raw text does not say it, and return them.

    Substitutions are such a case. It is done before a translation replaces what they show.
    """
    found = []
    for reference in (node for node in elements if isinstance(node, nodes.substitution_reference)):
        node = text_around(reference)
        if node is not None and not isinstance(node, nodes.Invisible) and VISIBLE not in node:
            copied = _substituted(node, document)
            node[VISIBLE] = (_in_markup(copied, markup), words_of(copied))
            found.append(node)
    for node in (node for node in elements if isinstance(node, nodes.TextElement)):
        if _is_plain(node) and (not node.rawsource or node.rawsource == node.astext()):
            continue
        is_part = isinstance(node.parent, nodes.TextElement)
        if is_part or VISIBLE in node or isinstance(node, nodes.Invisible | nodes.literal_block | nodes.raw):
            continue
        is_other = markup is model.Markup.MYST and (_hides_address(node) or _is_rst(node))
        is_other = is_other or _is_keyed(node)
        if raw_of(node) and (is_other or not _says(node.rawsource, node)):
            node[VISIBLE] = (_in_markup(node, markup), words_of(node))
            found.append(node)
    return found


def _is_plain(node: nodes.Element) -> bool:
    return all(isinstance(child, nodes.Text) for child in node.children)


def text_around(node: nodes.Element) -> nodes.TextElement | None:
    """Return the paragraph, title or the like that a node is in, itself included where it is one."""
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
    """Return whether a raw text has all the words that its nodes show."""
    words = node.astext()
    if words == raw:
        return True
    return raw.count("{{") <= words.count("{{") and set(_WORD.findall(words)) <= set(_WORD.findall(raw))


def _is_rst(node: nodes.TextElement) -> bool:
    """Return whether docutils read a text: unlike MyST, it leaves the marks of its markup on what they mark."""
    raws = ((part, str(part.rawsource)) for part in node.children if isinstance(part, nodes.Element))
    return any(
        raw and raw in node.rawsource and raw != part.astext() and not raw.startswith("[^")
        for part, raw in raws
    )


def _is_keyed(node: nodes.TextElement) -> bool:
    """Return whether the text of a term contains the key that its glossary is sorted by, which nothing shows."""
    if not isinstance(node, nodes.term) or " : " not in node.rawsource:
        return False
    return isinstance(node.parent.parent.parent, addnodes.glossary)


def _hides_address(node: nodes.TextElement) -> bool:
    """Return whether the address of a link is elsewhere on the page, as Markdown lets it."""
    addresses = [str(link.get("refuri", "")) for link in node.findall(nodes.reference)]
    return any(
        address.partition(":")[2] not in node.rawsource and unquote(address) not in node.rawsource
        for address in addresses
        if "://" in address
    )


def _substituted(node: nodes.TextElement, document: nodes.document) -> nodes.TextElement:
    """Return a copy of a text with its substitutions made, by the transforms that make them later in the page."""
    from docutils.transforms.references import Substitutions  # noqa: PLC0415  few pages have any
    from sphinx.transforms import DefaultSubstitutions  # noqa: PLC0415

    holder = new_document(document["source"])
    holder.settings = document.settings
    # Errors in substitutions are reported when the page's own are made.
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


def shown_text(node: nodes.TextElement, markup: model.Markup) -> tuple[str, str]:
    """Return what a text element says, and the same as it stands in its source: empty where it does not."""
    if isinstance(node, addnodes.desc_signature):
        lines = [line.astext() for line in node.findall(addnodes.desc_signature_line)]
        return _escaped(" ".join(lines) or node.astext(), markup), ""
    is_plain = _is_plain(node)
    if not is_plain and any(True for _ in node.findall(PolicyHidden)):
        return _in_markup(node, markup), ""
    if VISIBLE in node:
        return _with_addresses(str(node[VISIBLE][0]), node, markup), ""
    if not node.rawsource.strip():
        return _in_markup(node, markup), ""
    stands = _without_code_mark(node.rawsource, node, markup)
    if is_plain:
        return stands, stands
    visible = stands
    for hidden in node.findall(nodes.raw):
        comment = _COMMENT.match(hidden.astext()) if _is_html(hidden) else None
        cut = comment[0] if comment else "" if _is_html(hidden) else hidden.rawsource
        visible, stands = visible.replace(cut, ""), stands.replace(cut, _LETTER.sub(" ", cut))
    if "<!--" in node.rawsource:
        visible = _BLANK.sub("\n", _SPACES.sub(" ", visible))
    return _with_addresses(visible, node, markup), stands


def _with_addresses(text: str, node: nodes.TextElement, markup: model.Markup) -> str:
    """Return a text whose links name their addresses, which its author may have put elsewhere."""
    for link in node.findall(nodes.reference):
        raw, address = link.rawsource, str(link.get("refuri", ""))
        if markup is model.Markup.RST and raw.endswith("_") and address and address not in raw:
            text = text.replace(raw, _link(link, link.astext(), markup) or raw, 1)
    return text


def shown_title(title: nodes.TextElement) -> str:
    """Return the words of a title as its readers see them, before it is translated."""
    return title_with_substitutions(title, words_of(title))


def title_with_substitutions(title: nodes.TextElement | None, otherwise: str) -> str:
    """Return the words of a title, parts of which are made, or hidden, after its directive is run."""
    if title is None:
        return otherwise
    if hides(title):
        return words_of(title)
    return str(title[VISIBLE][1]) if VISIBLE in title else otherwise


def plain_title(content: Iterable[nodes.Node]) -> str:
    """Return the words of a title as its readers see them; a reference without words is the id of its target meanwhile."""
    return "".join(map(words_of, content))


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


def _without_code_mark(raw: str, node: nodes.TextElement, markup: model.Markup) -> str:
    """Return a text without the ``::`` that announces code, except for the colon that it shows."""
    if not raw.endswith("::") or markup is model.Markup.MYST or node.astext().endswith("::"):
        return raw
    return raw[:-1] if node.astext().endswith(":") else raw[:-2].rstrip()


def _in_markup(node: nodes.Element, markup: model.Markup) -> str:
    """Return the children of an element in a markup."""
    pieces = "".join(_pieces(node.children, markup))
    return _OPENING[markup].sub(r"\g<0>\\", pieces)


def _escaped(text: str, markup: model.Markup) -> str:
    """Return a text with its signs escaped; docutils puts a zero byte before what its author escaped."""
    text = text if markup is model.Markup.RST else nodes.unescape(text)
    return _SPECIAL[markup].sub(lambda sign: "\\" + sign[0].removeprefix("\0"), text)


def _pieces(children: Iterable[nodes.Node], markup: model.Markup) -> Iterable[str]:
    for child in children:
        if isinstance(child, nodes.Text):
            yield _escaped(str(child), markup)
        elif isinstance(child, nodes.Element) and not is_unseen(child):
            yield _piece(child, markup)


def _piece(node: nodes.Element, markup: model.Markup) -> str:
    inside = "".join(_pieces(node.children, markup))
    is_myst = markup is model.Markup.MYST
    match node:
        case nodes.raw():
            text = _COMMENT.sub("", node.astext()) if is_myst and _is_html(node) else ""
        case nodes.image():
            text = str(node.get("alt", ""))
        case nodes.literal():
            text = _code(node.astext()) if is_myst else f"``{node.astext()}``"
        case nodes.math():
            text = f"${node.astext()}$" if is_myst else f":math:`{node.astext()}`"
        case nodes.footnote_reference() if is_myst:
            text = f"[^{node.get('refname') or node.astext()}]"
        case nodes.emphasis() | nodes.strong() if type(node) in _MARKS:
            text = f"{_MARKS[type(node)]}{inside}{_MARKS[type(node)]}"
        case _ if node.astext() != "".join(child.astext() for child in node.children):
            # It puts signs of its own around them, as lists of parameters do.
            text = _escaped(node.astext(), markup)
        case nodes.Part() | nodes.target():
            # The parts of a signature have a raw text that no author wrote, and the mark of a target shows nothing.
            text = inside
        case _:
            text = _link(node, inside, markup) or _role(node, markup) or inside
    return text


def _code(text: str) -> str:
    """Return code in a line of MyST."""
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    room = " " * (text[:1] == "`" or text[-1:] == "`")
    return f"{ticks}{room}{text}{room}{ticks}"


def _is_html(node: nodes.raw) -> bool:
    return "html" in node.get("format", "").split()


def _link(node: nodes.Element, inside: str, markup: model.Markup) -> str:
    """Return a link to somewhere else, or nothing where the node is none."""
    address = str(node.get("refuri", "")) if isinstance(node, nodes.reference) else ""
    if not address or address == inside:
        return ""
    # In reStructuredText the text of a link holds no markup of its own.
    return f"[{inside}]({address})" if markup is model.Markup.MYST else f"`{node.astext()} <{address}>`__"


def _role(node: nodes.Element, markup: model.Markup) -> str:
    """Return what an author wrote for a role or a note, where the node keeps it and nothing in it was replaced."""
    raw = str(node.rawsource)
    if not raw or not _says(raw, node):
        return ""
    if markup is model.Markup.MYST and raw.startswith(":") and raw.endswith("`"):
        # MyST hands roles a text in the form of docutils.
        name, _, text = raw[1:-1].partition(":`")
        return f"{{{name}}}`{text}`"
    return raw


_LONGEST = 500
"""A longer title is cut where another shows it, so that titles cannot grow without bound."""


def shown_titles(elements: Iterable[nodes.Element]) -> dict[str, str]:
    """Return the titles that a page shows, by anchor: translated, with its quotes."""
    titles: dict[str, str] = {}
    for node in elements:
        title: nodes.TextElement | None = None
        if isinstance(node, nodes.section):
            title = node.next_node(nodes.title)
        elif isinstance(node, PolicyExample):
            title = title_of_example(node)
        elif isinstance(node, PolicyDefinition | PolicyDeclaration):
            title = node.next_node(nodes.term)
        if title is not None:
            titles.update(dict.fromkeys(node["ids"], title.astext()))
    return titles


def resolved_titles(spec: model.Spec) -> dict[tuple[model.TargetKind, str], str]:
    """Return the titles that refer to others, with the titles of those; pages were read without them."""
    found: dict[tuple[model.TargetKind, str], str] = {}
    examples = {example.id: example.title for example in spec.examples}
    for reference in spec.references:
        if reference.carrier is model.Carrier.TITLE and reference.form is model.ReferenceForm.TITLE:
            if reference.example in examples:
                found[model.TargetKind.EXAMPLE, reference.example] = examples[reference.example]
            elif provision := spec.provision_by_id.get(reference.source):
                found[model.TargetKind.PROVISION, provision.id] = provision.title
    return found


def with_titles_resolved(spec: model.Spec) -> model.Spec:
    """Return a spec whose titles show the titles of what they refer to."""
    found: dict[tuple[str, str], list[model.Reference]] = defaultdict(list)
    for reference in spec.references:
        if reference.carrier is model.Carrier.TITLE and reference.form is model.ReferenceForm.TITLE:
            found[reference.source, reference.example].append(reference)
    if not found:
        return spec
    titles = _titles(spec)

    def resolved(title: str, source: str, example: str = "") -> str:
        after = 0
        for reference in found.get((source, example), ()):
            words = titles.get((reference.target_kind, reference.target), reference.target)[:_LONGEST]
            word = re.compile(rf"(?<![\w-]){re.escape(reference.target)}(?![\w-])")
            if match := word.search(title, after):
                title = title[: match.start()] + words + title[match.end() :]
                after = match.start() + len(words)
        return title

    def block_in(block: model.Block, source: str) -> model.Block:
        if isinstance(block, model.Example):
            return replace(block, title=resolved(block.title, source, block.id))
        return block

    def provision_with(provision: model.Provision) -> model.Provision:
        return replace(
            provision,
            title=resolved(provision.title, provision.id),
            blocks=tuple(block_in(block, provision.id) for block in provision.blocks),
        )

    return replace(
        spec,
        preamble=tuple(block_in(block, "") for block in spec.preamble),
        provisions=tuple(map(provision_with, spec.provisions)),
    )


def _titles(spec: model.Spec) -> dict[tuple[model.TargetKind, str], str]:
    titles = {
        (model.TargetKind.LEVEL, level.id): level.title or level.id.capitalize() for level in spec.levels
    }
    titles |= {(model.TargetKind.TOPIC, topic.id): topic.label for topic in spec.topics}
    titles |= {(model.TargetKind.GOAL, goal.id): goal.title for goal in spec.goals}
    titles |= {(model.TargetKind.EXAMPLE, example.id): example.title for example in spec.examples}
    blocks = (block for _, block in spec.walk() if isinstance(block, model.Definition))
    titles |= {(model.TargetKind.DEFINITION, block.id): block.term for block in blocks}
    for provision in spec.provisions:
        for name in (*provision.aliases, provision.id):
            titles[model.TargetKind.PROVISION, name] = provision.title
    return titles


Excerpts = dict[str, str]
"""By anchor. A reference that shows the title of its target is marked, since titles come later."""

_LENGTH = 280
_START, _END = "\ufdd0", "\ufdd1"
"""Around the target of a reference: characters that Unicode keeps from texts."""
_SAYING = (nodes.section, PolicyExample, PolicyDefinition, PolicyDeclaration)
_ASIDE = (PolicyBadge, PolicyQuery, nodes.footnote_reference, nodes.raw)
_REFERENCE = re.compile(f"{_START}([^{_START}{_END}]*){_END}")


def excerpts_of(elements: Iterable[nodes.Element]) -> Excerpts:
    """Return the beginning of each thing on a page; what has no words of its own is left out.

    For a prompt that is shown it is the title, empty where it has none; its text has an entry of its own.
    """
    found: Excerpts = {}
    for node in elements:
        if node["ids"] and isinstance(node, _SAYING):
            if text := _begin(node):
                found[node["ids"][0]] = text
        elif node["ids"] and isinstance(node, PolicyPrompt):
            title = next(
                (part for part in node.findall(nodes.paragraph) if "ps-prompt-title" in part["classes"]), None
            )
            found[node["ids"][0]] = "".join(_texts(title)) if title else ""
            found[f"{TEXT_OF}{node['ids'][0]}"] = "\n".join(_message_lines(node))
    return found


def _message_lines(prompt: PolicyPrompt) -> Iterator[str]:
    """Yield each message of a prompt on a line, after its role."""
    for message in prompt.findall(PolicyMessage):
        bodies = (" ".join(body.astext().split()) for body in message.findall(PolicyBody))
        yield f"{role_title(message['role'])}: {' '.join(bodies)}"


def _begin(node: nodes.Element) -> str:
    words = ""
    for part in _parts(node):
        words += " " + "".join(_texts(part))
        if len(words) > 2 * _LENGTH:
            break
    return " ".join(words.split())


def _parts(node: nodes.Element) -> Iterator[nodes.Element]:
    """Yield the paragraphs that say what a thing is about."""
    if isinstance(node, PolicyExample):
        message = node.next_node(PolicyMessage)
        if message is not None:
            yield from (part for part in message.children if isinstance(part, PolicyBody))
            yield from message.findall(PolicyUntrusted)
    elif isinstance(node, nodes.section):
        for child in node.children:
            if isinstance(child, nodes.section):
                return
            if (
                isinstance(child, nodes.Element)
                and not isinstance(child, nodes.title | PolicyBox | nodes.raw)
                and not is_unseen(child)
            ):
                yield child
    else:
        yield from node.findall(nodes.definition)


def _texts(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, addnodes.pending_xref) and not child.get("refexplicit"):
            yield f"{_START}{child.get('reftargetid') or child['reftarget']}{_END}"
        elif isinstance(child, nodes.Text):
            yield child.astext().translate({ord(_START): None, ord(_END): None})
        elif isinstance(child, nodes.Element) and not (isinstance(child, _ASIDE) or is_unseen(child)):
            yield from _texts(child)
            if not isinstance(child, nodes.Inline):
                yield " "


def with_titles(excerpt: str, title_of: Callable[[str], str]) -> str:
    """Return an excerpt with titles in the place of references, cut at the end of a word."""
    words = _REFERENCE.sub(lambda match: title_behind(excerpt[: match.start()], title_of(match[1])), excerpt)
    text = " ".join(words.split())
    text = text.replace(_START, "").replace(_END, "")
    if len(text) <= _LENGTH:
        return text
    cut = text[: _LENGTH - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
