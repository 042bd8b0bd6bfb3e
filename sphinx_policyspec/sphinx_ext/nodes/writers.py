"""How our nodes are written: HTML with its formulas, LaTeX, and plain nodes, indented for text and manual pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import get_translation
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator

from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.boxes import head_of

_word_of_sphinx = get_translation("sphinx")

RENDERER = "policyspec"
"""Name of the renderer, for ``html_math_renderer``."""

_LINES = re.compile(r"(\\(?:begin|end)\{)(?:align|eqnarray|flalign|gather|multline|split)\*?\}")
_LINE = re.compile(r"\\(?:begin|end)\{(?:displaymath|equation)\*?\}")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMAND = re.compile(r"\\(?:(?P<begin>begin|end)\{(?P<name>[a-z]+)\*?\}|(?P<word>[a-zA-Z@]+)|.)", re.DOTALL)
_ENVIRONMENTS = _names(
    "align aligned alignat array bmatrix Bmatrix cases displaymath eqnarray equation flalign gather "
    "gathered matrix multline pmatrix smallmatrix split vmatrix Vmatrix"
)
_WORDS_OF_MATH = _names(
    "left right middle over frac dfrac tfrac cfrac binom dbinom tbinom sqrt text textrm textbf textit "
    "mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak boldsymbol mbox operatorname overset "
    "underset stackrel substack limits nolimits not displaystyle textstyle scriptstyle scriptscriptstyle "
    "big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr boxed phantom hphantom vphantom "
    "overline underline quad qquad pmod bmod mod pod hspace hline dots ldots cdots vdots ddots prime "
    "lbrace rbrace lbrack rbrack langle rangle lvert rvert lVert rVert vert Vert mid nmid to gets ne neq "
    "le ge leq geq land lor lnot iff implies impliedby colon nonumber notag lceil rceil lfloor rfloor hat "
    "bar vec dot ddot tilde widehat widetilde check breve acute grave mathring"
)
_TABLES_OF_MATH = (
    "letters ordinary greek_capitals functions modulo_functions math_alphabets stretchables operators thick_operators "
    "small_operators spaces accents over under matrices layout_styles fractions bigdelimiters"
)


def is_plain_math(tex: str) -> bool:
    r"""Return whether TeX holds nothing but formulas: no command that reads, writes, defines or runs.

    TeX may write a command with ``^^``, too, and names one with ``\begin``.
    """
    if "^^" in tex or "%" in _COMMAND.sub("", tex):
        return False
    return all(map(_is_plain_command, _COMMAND.finditer(tex)))


def _is_plain_command(found: re.Match[str]) -> bool:
    if found["begin"]:
        return found["name"] in _ENVIRONMENTS
    return found["word"] is None or found["word"] in _words_of_math()


@cache
def _words_of_math() -> frozenset[str]:
    known = (getattr(latex2mathml, name, ()) for name in _TABLES_OF_MATH.split())
    return _WORDS_OF_MATH.union(*known)


def shown_math(tex: str, *, as_block: bool) -> nodes.Element:
    """Return a formula, or code where the TeX would do more than set one."""
    if not is_plain_math(tex):
        return nodes.literal_block(tex, tex) if as_block else nodes.literal(tex, tex)
    if not as_block:
        return nodes.math(tex, tex)
    return nodes.math_block(tex, tex, **{"nowrap": False, "no-wrap": False, "number": None, "label": None})


def mathml(tex: str, *, as_block: bool) -> str:
    r"""Return LaTeX maths as MathML; equations separated by an empty line or ``\\`` are below each other.

    Raises :class:`MathError` where it holds a command that is not known.
    """
    known = _LINES.sub(r"\1aligned}", _LINE.sub("", tex))
    equations = [part for part in known.split("\n\n") if part.strip()]
    try:
        return str(tex2mathml("\\\\\n".join(equations), as_block=as_block))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError) as error:
        # The converter raises errors of many kinds for what it does not know.
        raise MathError(str(error)) from error


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(
        self.starttag(node, "span", "", CLASS="math") + _formula(node, as_block=False) + "</span>"
    )
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _word_of_sphinx("Link to this equation"))
        self.body.append("</span>")
    self.body.append(f"{_formula(node, as_block=True)}</div>\n")
    raise nodes.SkipNode


def _formula(node: nodes.Element, *, as_block: bool) -> str:
    """Return MathML, or the TeX itself where it cannot be converted."""
    try:
        return mathml(node.astext(), as_block=as_block)
    except MathError:
        return f"<code>{escape(node.astext())}</code>"


_ = get_translation("sphinx_policyspec")

_Visit = Callable[["HTML5Translator", Any], None]

_HEADING_END = re.compile(r"</h[1-6]>\n?")
_PARAGRAPH = re.compile(r"<(/?)p\b([^<>]*+)>")
_MESSAGE_BLOCK = re.compile(r"<(?:p|li|pre|td|th)(?=[ >])(?![^>]* dir=)")
"""Each block of a message runs in the direction of its own script."""
_HEAD_ATTRIBUTES = ("level", "title", "number", "verdict", "role", "recipient", "name", "tag")
"""The attributes that heads are made of."""
_ICONS = {"GOOD": "\N{CHECK MARK}", "BAD": "\N{BALLOT X}", "OK": "\N{ALMOST EQUAL TO}"}


def visit_box(self: HTML5Translator, node: policy.PolicyBox) -> None:
    """Write the beginning of a box."""
    self.body.append(self.starttag(node, node.html_tag))


def depart_box(self: HTML5Translator, node: policy.PolicyBox) -> None:
    """Write its end."""
    self.body.append(f"</{node.html_tag}>\n")


def _visit_latex_box(self: LaTeXTranslator, node: policy.PolicyBox) -> None:
    # A container of Sphinx's leaves its ids out, and links to them would lead nowhere.
    if node["ids"]:
        self.body.append("\n" + self.hypertarget_to(node, anchor=True))
    self.visit_container(node)


_heads: WeakKeyDictionary[object, dict[tuple[object, ...], str]] = WeakKeyDictionary()
"""The heads that a builder has written, by what they say: most pages have the same few."""


def _head(self: HTML5Translator, box: nodes.Element) -> str:
    """Return the head of a box, written by the visitors of a builder."""
    heads = _heads.setdefault(self.builder, {})
    key = (type(box), *map(box.get, _HEAD_ATTRIBUTES))
    if key not in heads:
        start = len(self.body)
        for line in head_of(box):
            line.parent = box
            line.walkabout(self)
        heads[key] = "".join(self.body[start:])
        del self.body[start:]
    return heads[key]


def _visit_badge(self: HTML5Translator, node: policy.PolicyBadge) -> None:
    """Write the badge into the heading before it, where a long title wraps with it.

    Only the page has it there: titles in tables of contents and in the search index stay as they are.
    """
    heading: list[str] = []
    if self.body and _HEADING_END.fullmatch(self.body[-1]):
        heading.append(self.body.pop())
        if self.body and self.body[-1].startswith('<a class="headerlink"'):
            heading.insert(0, self.body.pop())
    tag = "span" if heading else "div"
    # A paragraph cannot be inside a heading.
    inner = "button" if "says" in node else "span"
    line = _PARAGRAPH.sub(rf"<\1{inner}\2>", _head(self, node)).rstrip("\n")
    line = line.replace("<button", f"<button{_opening(node)}", 1)
    self.body += [" ", self.starttag(node, tag, ""), line, f"</{tag}>", *heading]
    raise nodes.SkipNode


def _opening(badge: nodes.Element) -> str:
    """Return the attributes of a button that opens what its badge says; the box is at the end of the page."""
    if "says" not in badge:
        return ""
    box, says = badge["box"], escape(badge["says"], quote=True)
    return (
        f' type="button" popovertarget="{box}" popovertargetaction="show" '
        f'aria-describedby="{box}-words" title="{says}"'
    )


def _visit_chip(self: HTML5Translator, node: policy.PolicyChip) -> None:
    start = self.starttag(node, "button" if "says" in node else "span", "")
    self.body.append(start.replace("<button", f"<button{_opening(node)}", 1))


def _depart_chip(self: HTML5Translator, node: policy.PolicyChip) -> None:
    self.body.append("</button>" if "says" in node else "</span>")


def _visit_message(self: HTML5Translator, node: policy.PolicyMessage) -> None:
    for table in [inner for inner in policy.elements_of(node) if isinstance(inner, nodes.table)]:
        table.replace_self(policy.PolicyTable("", table.deepcopy(), classes=["ps-wide"]))
    # Screen readers announce the verdict on an answer before the answer.
    label = " \N{MIDDLE DOT} ".join(line.astext() for line in head_of(node))
    attributes: dict[str, Any] = (
        {"role": "group", "aria-label": label} if isinstance(node, policy.PolicyResponse) else {}
    )
    self.body.append(self.starttag(node, node.html_tag, **attributes))
    self.body.append(_head(self, node))
    self.context.append(len(self.body))


def _depart_message(self: HTML5Translator, node: policy.PolicyMessage) -> None:
    start = self.context.pop()
    self.body[start:] = [_MESSAGE_BLOCK.sub(r'\g<0> dir="auto"', "".join(self.body[start:]))]
    depart_box(self, node)


def _visit_body(self: HTML5Translator, node: policy.PolicyBody) -> None:
    language = {"lang": node["lang"]} if node["lang"] else {}
    self.body.append(self.starttag(node, node.html_tag, **language))


def _visit_table(self: HTML5Translator, node: policy.PolicyQuery | policy.PolicyTable) -> None:
    attributes: dict[str, Any] = {}
    if head := next(node.findall(nodes.thead), None):
        # A table may be wider than the page: a region that takes the focus scrolls by keyboard.
        columns = ", ".join(entry.astext() for entry in head.findall(nodes.entry))
        attributes = {"role": "region", "tabindex": "0", "aria-label": _("Table: %s") % columns}
    self.body.append(self.starttag(node, "div", **attributes))


def _visit_comparison(self: HTML5Translator, node: policy.PolicyComparison) -> None:
    # The outer element is the container that the columns of the inner one depend on.
    self.body.append(self.starttag(node, "div") + '<div class="ps-alternatives">')


def _depart_comparison(self: HTML5Translator, node: policy.PolicyComparison) -> None:  # noqa: ARG001
    self.body.append("</div></div>\n")


def _visit_example(self: HTML5Translator, node: policy.PolicyExample) -> None:
    title = policy.title_of_example(node)
    attributes: dict[str, Any] = (
        {"role": "group", "aria-labelledby": _id_of_title(node)} if title and node["ids"] else {}
    )
    self.body.append(self.starttag(node, node.html_tag, **attributes))


def _id_of_title(example: nodes.Element) -> str:
    """Return the id of the title of an example; no anchor of ours ends so."""
    return f"{example['ids'][0]}=title"


def _visit_example_title(self: HTML5Translator, node: policy.PolicyExampleTitle) -> None:
    head = _head(self, node.parent)
    # Screen readers jump from heading to heading, but themes make headings larger than the title of a box.
    heading: dict[str, Any] = {
        "role": "heading",
        "aria-level": str(min(self.section_level + 1, 6)),
        "dir": "auto",
    }
    if node.parent["ids"]:
        heading["ids"] = [_id_of_title(node.parent)]
    self.body += ['<div class="ps-example-head">', head, self.starttag(node, "p", "", **heading)]


def _depart_example_title(self: HTML5Translator, node: policy.PolicyExampleTitle) -> None:
    self.body.append("</p>\n")
    if node.parent["ids"]:
        self.add_permalink_ref(node.parent, _("Link to this example"))
    self.body.append("</div>\n")


def _visit_verdict(self: HTML5Translator, node: policy.PolicyVerdict) -> None:
    icon = _ICONS.get(node.get("verdict", ""), "?")
    self.body.append(
        self.starttag(node, "p", "") + f'<span class="ps-icon" aria-hidden="true">{icon}</span>&#160;'
    )


def _depart_verdict(self: HTML5Translator, node: policy.PolicyVerdict) -> None:  # noqa: ARG001
    self.body.append("</p>\n")


def _visit_self_link(self: HTML5Translator, node: policy.PolicySelfLink) -> None:
    self.add_permalink_ref(nodes.Element("", ids=[node["anchor"]]), _("Link to this place"))
    raise nodes.SkipNode


def _skip(self: nodes.NodeVisitor, node: policy.PolicyMarker) -> None:  # noqa: ARG001
    """Write nothing: markers are gone unless the page could not be transformed."""
    raise nodes.SkipNode


def register_nodes(app: Sphinx) -> None:
    """Make Sphinx know every node of ours; other builders than HTML fall back to its base class."""
    visits: dict[type[policy.PolicyBox], _Visit] = {
        policy.PolicyBadge: _visit_badge,
        policy.PolicyExample: _visit_example,
        policy.PolicyMessage: _visit_message,
        policy.PolicyResponse: _visit_message,
        policy.PolicyBody: _visit_body,
        policy.PolicyQuery: _visit_table,
        policy.PolicyTable: _visit_table,
    }
    for box in policy.BOXES:
        depart = _depart_message if issubclass(box, policy.PolicyMessage) else depart_box
        app.add_node(
            box,
            html=(visits.get(box, visit_box), depart),
            latex=(_visit_latex_box, lambda self, node: self.depart_container(node)),
        )
    app.add_node(policy.PolicyComparison, html=(_visit_comparison, _depart_comparison))
    app.add_node(policy.PolicyExampleTitle, html=(_visit_example_title, _depart_example_title))
    app.add_node(policy.PolicyVerdict, html=(_visit_verdict, _depart_verdict))
    app.add_node(policy.PolicyPlaceholder)
    app.add_node(policy.PolicyClause)
    app.add_node(policy.PolicyCount)
    app.add_node(policy.PolicyChip, html=(_visit_chip, _depart_chip))
    app.add_node(policy.PolicySelfLink, html=(_visit_self_link, None))
    app.add_node(PolicyPanel, html=(visit_panel, None))
    app.add_node(policy.PolicyMarker, html=(_skip, None), latex=(_skip, None), text=(_skip, None))


_STYLE = Path(__file__).parents[1] / "latex" / "policyspec.sty"

_CLASSES = ("ps-gap-line", "ps-kind", "ps-note")
"""Classes of paragraphs that the style knows."""


def configure(app: Sphinx, config: Config) -> None:
    """Give our LaTeX style to PDFs, and our formulas to a project that asks for them; it can redefine what the style defines."""
    # Only where it is asked for: Sphinx takes a registered renderer for the choice of the project.
    if config.html_math_renderer == RENDERER:
        app.add_html_math_renderer(RENDERER, inline_renderers=(_inline, None), block_renderers=(_block, None))
    config.latex_additional_files = [*config.latex_additional_files, str(_STYLE)]
    app.add_latex_package(_STYLE.stem)


def add_heads(doctree: nodes.document) -> None:
    """Put the heads into a page that a builder without visitors of ours is about to write."""
    for box in list(doctree.findall(policy.PolicyBox)):
        head = head_of(box)
        if isinstance(box, policy.PolicyExample):
            head = [nodes.container("", *head, *box.children[:1], classes=["ps-example-head"])]
            del box[:1]
        box[:0] = head


_SIGNS = {"GOOD": "✓ ", "BAD": "✗ ", "OK": "≈ ", "": ""}


def set_as_text(doctree: nodes.document) -> None:
    """Make each box a line that heads it and, indented, the rest, for builders that have neither boxes nor styles."""
    for box in list(doctree.findall(policy.PolicyBox)):
        if len({_is_head(part) for part in box.children}) == 1:
            continue
        term, below = nodes.term(), nodes.definition()
        for part in box.children:
            if isinstance(part, policy.PolicyVerdict):
                term += [nodes.Text(_SIGNS[part["verdict"]]), *part.children, nodes.Text(" · ")]
            elif _is_head(part):
                kind, *title = part.children if isinstance(part, nodes.container) else [part]
                term += kind.children
                for words in title:
                    term += [nodes.Text(": "), *words.children]
            else:
                if isinstance(box, policy.PolicyResponse) and isinstance(part, nodes.paragraph):
                    part.insert(0, nodes.Text("– "))
                below += part
        box[:] = [nodes.definition_list("", nodes.definition_list_item("", term, below))]


def _is_head(node: nodes.Node) -> bool:
    if isinstance(node, policy.PolicyVerdict):
        return True
    return isinstance(node, nodes.Element) and not {"ps-kind", "ps-role", "ps-example-head"}.isdisjoint(
        node["classes"]
    )


def set_for_paper(document: nodes.document) -> None:
    """Pass classes of paragraphs on to their words, and keep heads together with their content, for LaTeX."""
    _lead_to_document(document)
    for title in list(document.findall(policy.PolicyExampleTitle)):
        _join_head(title)
    for response in document.findall(policy.PolicyResponse):
        _join_verdict(response)
    for paragraph in list(document.findall(nodes.paragraph)):
        for name in _CLASSES:
            if name in paragraph["classes"]:
                words = nodes.inline("", "", *paragraph.children, classes=[name])
                paragraph.clear()
                paragraph.append(words)
        if {"ps-role", "ps-kind", "ps-example-title"} & set(paragraph["classes"]):
            paragraph.parent.insert(
                paragraph.parent.index(paragraph) + 1, nodes.raw("", "\n\\psheads\n", format="latex")
            )


def _lead_to_document(document: nodes.document) -> None:
    """Let links to the section with the document's title lead to the document: LaTeX has no label for the section."""
    first = next((one for one in document.children if isinstance(one, nodes.section)), None)
    whole = f"%{document.get('docname', '')}"
    names = first["ids"] if first else ()
    for link in document.findall(nodes.reference):
        if link.get("refid") in names or link.get("refuri", "").partition("#")[::2] in {
            (whole, n) for n in names
        }:
            link.attributes.pop("refid", None)
            link["refuri"] = whole


def _join_head(title: policy.PolicyExampleTitle) -> None:
    """Put the word that an example begins with and its title into one line."""
    kind = title.parent.children[0]
    line = nodes.paragraph("", "", classes=["ps-example-title"])
    line += nodes.inline("", "", *kind.children, classes=["ps-kind"])
    line += nodes.Text("  ")
    line += nodes.inline("", "", *title.children, classes=["ps-example-title"])
    head = title.parent
    head.clear()
    head.append(line)


def _join_verdict(response: policy.PolicyResponse) -> None:
    """Put a verdict and the role that follows it into one line."""
    verdict, role = response.children[:2]
    if isinstance(verdict, policy.PolicyVerdict) and isinstance(role, nodes.paragraph):
        response.remove(verdict)
        role.insert(0, nodes.inline("", "", *verdict.children, classes=["ps-verdict"]))
        role.insert(1, nodes.Text(" · "))


class PolicyPanel(nodes.Invisible, nodes.Element):
    """The panel of a provision; ``html`` is all of it."""


def visit_panel(self: HTML5Translator, node: PolicyPanel) -> None:
    """Write a panel."""
    self.body.append(node["html"])
    raise nodes.SkipNode
