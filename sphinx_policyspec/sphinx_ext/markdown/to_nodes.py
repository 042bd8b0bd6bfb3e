"""Model Spec Markdown, prose and message bodies, as docutils nodes, with rules for maths and the marks of authors.

One pair of parsers serves the whole process, since setting one up costs more than any text does.
What they read is never live MyST: no roles, directives, targets, substitutions or raw HTML. Beside that, what overlays do
to the provisions of a resolved spec, as facts below their headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import cast

from docutils import nodes
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from pygments.lexers import find_lexer_class_by_name  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]
from sphinx.locale import get_translation

from sphinx_policyspec import model
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Fragment, FragmentKind
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import pending_reference
from sphinx_policyspec.sphinx_ext.markdown.foreign import DEEPEST_MARKDOWN, is_address, is_own_address
from sphinx_policyspec.sphinx_ext.nodes import boxes
from sphinx_policyspec.sphinx_ext.nodes.boxes import placeholder, settings, untrusted
from sphinx_policyspec.sphinx_ext.nodes.writers import shown_math

_INLINE_MATH = re.compile(r"(\\{1,2})\((?P<tex>.{1,2000}?)\\{1,2}\)", re.DOTALL)
_BLOCK_OPEN = re.compile(r"\\{1,2}\[(?P<rest>.*)")
_BLOCK_CLOSE = re.compile(r"(?P<before>.*?)\\{1,2}\]\s*")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])")
_LONGEST_MARK = 500
"""Characters within which an author's mark closes."""
_LONGEST_MATH = 200
"""Lines within which display maths closes; without a limit each that does not would cost the whole text."""


def body_plugin(md: MarkdownIt) -> None:
    """Add the rules; ``env["placeholders"]`` names the author's marks of the text being parsed."""
    md.inline.ruler.before("escape", "policy_math", _inline_math)
    md.inline.ruler.before("link", "policy_placeholder", _placeholder)
    md.block.ruler.before(
        "fence", "policy_math_block", _block_math, {"alt": ["paragraph", "list", "blockquote"]}
    )


def _tex(text: str) -> str:
    """Return maths with its commands written once: sources have one backslash before them or two."""
    return _DOUBLED.sub(r"\\", text).strip()


def _inline_math(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\":
        return False
    match = _INLINE_MATH.match(state.src, state.pos, state.posMax)
    if match is None or "\n\n" in match["tex"]:
        return False
    if not silent:
        token = state.push("policy_math", "", 0)
        token.content = _tex(match["tex"])
    state.pos = match.end()
    return True


def _placeholder(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[":
        return False
    end = state.src.find("]", state.pos, min(state.pos + _LONGEST_MARK, state.posMax)) + 1
    text = state.src[state.pos : end]
    if text not in state.env["placeholders"]:
        return False
    if not silent:
        token = state.push("policy_placeholder", "", 0)
        token.content = text
    state.pos = end
    return True


def _block_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read display maths that begins and ends on lines of its own."""
    if state.is_code_block(start):
        return False
    opened = _BLOCK_OPEN.fullmatch(_line(state, start))
    if opened is None:
        return False
    lines = [opened["rest"]]
    number = start
    while (closed := _BLOCK_CLOSE.fullmatch(lines[-1])) is None:
        number += 1
        if number >= min(end, start + _LONGEST_MATH) or state.sCount[number] < state.blkIndent:
            return False
        lines.append(_line(state, number))
    if silent:
        return True
    lines[-1] = closed["before"]
    token = state.push("policy_math_block", "", 0)
    token.content = _tex("\n".join(lines))
    token.map = [start, number + 1]
    state.line = number + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


_OFF = ("html_block", "html_inline", "reference", "lheading")


class PolicyRenderer(SphinxRenderer):
    """MyST's renderer, which treats every text as foreign."""

    def render_text(self, token: SyntaxTreeNode) -> None:
        """Show the dialect's `` --- `` as the dash that it stands for, also where quotes stay straight."""
        self.current_node.append(nodes.Text(token.content.replace(" --- ", " \N{EM DASH} ")))

    def render_link(self, token: SyntaxTreeNode) -> None:
        """Link to an id through our domain, to the outside as it stands, and to nothing else."""
        href = self.md.normalizeLinkText(str(token.attrGet("href") or ""))
        place = (self.document["source"], token.map[0] if token.map else self.document.current_line or 1)
        if href.startswith("#") and len(href) > 1:
            inside = nodes.inline()
            with self.current_node_context(inside):
                self.render_children(token)
            own = [] if inside.astext().strip() in ("", "?") else list(inside.children)
            self.current_node.append(pending_reference(self.sphinx_env.docname, href[1:], own, place=place))
        elif (is_own_address if domain_of(self.sphinx_env).given.site is None else is_address)(href):
            self.render_link_url(token)
        else:
            self.render_children(token)

    def render_image(self, token: SyntaxTreeNode) -> None:
        """Show an image as its alternative text: nothing is loaded from elsewhere."""
        alt = self.renderInlineAsText(token.children or []) or str(token.attrGet("src") or "")
        self.current_node.append(nodes.inline("", alt, classes=["ps-image"]))

    def render_heading(self, token: SyntaxTreeNode) -> None:
        """Show a heading inside a text as bold line: it belongs to the text, not to the page."""
        line = nodes.rubric(token.children[0].content if token.children else "", "", classes=["ps-heading"])
        self.add_line_and_source_path(line, token)
        with self.current_node_context(line, append=True):
            self.render_children(token)

    def render_table_row(self, token: SyntaxTreeNode) -> None:
        """Give cells a place, which translation catalogues need: they are still outside the document."""
        super().render_table_row(token)
        for cell in self.current_node.children[-1].findall(nodes.paragraph):
            self.add_line_and_source_path(cell, token)

    def render_hr(self, token: SyntaxTreeNode) -> None:
        """Show a rule as a line of stars: docutils has transitions between sections only."""
        rule = nodes.paragraph("", "* * *", classes=["ps-rule"], translatable=False)
        self.add_line_and_source_path(rule, token)
        self.current_node.append(rule)

    def render_hardbreak(self, token: SyntaxTreeNode) -> None:  # noqa: ARG002 - the signature of a renderer
        """Break the line in every builder, the plain ones included."""
        self.current_node.append(nodes.raw("", "<br />", format="html"))
        self.current_node.append(nodes.raw("", r"\\", format="latex"))
        self.current_node.append(nodes.Text("\n"))

    def render_s(self, token: SyntaxTreeNode) -> None:
        """Mark struck text by a class: docutils has no node for it."""
        node = nodes.inline("", "", classes=["ps-strike"])
        self.add_line_and_source_path(node, token)
        with self.current_node_context(node, append=True):
            self.render_children(token)

    def render_fence(self, token: SyntaxTreeNode) -> None:
        """Show code; languages that Pygments does not know are plain text."""
        self._code(token, (token.info or "").strip().partition(" ")[0])

    def render_code_block(self, token: SyntaxTreeNode) -> None:
        """Show indented code as plain text."""
        self._code(token, "")

    def _code(self, token: SyntaxTreeNode, language: str) -> None:
        node = nodes.literal_block(token.content, token.content, language=_lexer(language), force=True)
        self.add_line_and_source_path(node, token)
        self.current_node.append(node)

    def render_policy_math(self, token: SyntaxTreeNode) -> None:
        """Show maths inside a line."""
        self.current_node.append(shown_math(token.content, as_block=False))

    def render_policy_math_block(self, token: SyntaxTreeNode) -> None:
        """Show display maths."""
        node = shown_math(token.content, as_block=True)
        self.add_line_and_source_path(node, token)
        self.current_node.append(node)

    def render_policy_placeholder(self, token: SyntaxTreeNode) -> None:
        """Mark what the spec's author left out or described."""
        self.current_node.append(placeholder(token.content))


@cache
def _lexer(language: str) -> str:
    try:
        find_lexer_class_by_name(language)
    except ClassNotFound:
        return "text"
    return language


@cache
def _parser(*, of_bodies: bool) -> MarkdownIt:
    """Return the process's parser of prose, or of bodies; its renderer is set up once for each document."""
    md = MarkdownIt("commonmark", renderer_cls=PolicyRenderer).enable(["table", "strikethrough"])
    md.disable(_OFF)
    if of_bodies:
        # The reader has decoded entities once; doing so again would change what the author wrote.
        md.disable("entity")
        md.use(body_plugin)
    md.options["myst_config"] = MdParserConfig(commonmark_only=True)
    md.options["maxNesting"] = DEEPEST_MARKDOWN
    return md


def _render(
    text: str,
    line: int,
    document: nodes.document,
    *,
    marks: frozenset[str] | None = None,
    inline: bool = False,
) -> list[nodes.Node]:
    """Return nodes of prose, or of the body of a message, in which authors made some marks."""
    md = _parser(of_bodies=marks is not None)
    renderer = cast("PolicyRenderer", md.renderer)
    if renderer.__dict__.get("document") is not document:
        renderer.setup_render({**md.options, "document": document}, {})
    # Not attached to the document, so that docutils stamps no stale lines on what it collects.
    holder = nodes.container()
    renderer.md_env["placeholders"] = marks or frozenset()
    before = document.current_line, renderer.current_node
    try:
        with renderer.current_node_context(holder):
            renderer.nested_render_text(text, line - 1, inline=inline)
    finally:
        # The next text must not continue where one that nests too deep has stopped.
        document.current_line, renderer.current_node = before
    children = list(holder.children)
    for child in children:
        child.parent = None
    return children


def render_prose(text: str, first_line: int, document: nodes.document) -> list[nodes.Node]:
    """Return normative text or commentary as block nodes.

    :param first_line: line of its first line in the source of ``document``, from 1
    """
    return _render(text, first_line, document)


def render_inline(text: str, line: int, document: nodes.document) -> list[nodes.Node]:
    """Return a title or a note as inline nodes."""
    return _render(text, line, document, inline=True)


def render_body(
    text: str, first_line: int, document: nodes.document, fragments: Iterable[Fragment] = ()
) -> list[nodes.Node]:
    """Return the body of a message as block nodes, entities already decoded.

    :param fragments: its marked parts: settings are first, untrusted text gets a box, an
        author's marks a class
    """
    parts = list(fragments)
    marks = frozenset(part.text for part in parts if part.kind is FragmentKind.PLACEHOLDER)
    out: list[nodes.Node] = []
    if lines := [part.text for part in parts if part.kind is FragmentKind.SETTING]:
        out.append(settings(lines))
    for is_untrusted, line, piece in _pieces(text, sum(p.kind is FragmentKind.UNTRUSTED for p in parts)):
        rendered = _render(piece, first_line + line, document, marks=marks)
        out.extend([untrusted(rendered)] if is_untrusted else rendered)
    return out


def _pieces(text: str, count: int) -> Iterable[tuple[bool, int, str]]:
    """Split a body at the tags around its ``count`` untrusted parts: kind, first line, text."""
    lines = text.split("\n")
    start, opened = 0, -1
    for number, line in enumerate(lines):
        tag = line.strip()
        if (
            count
            and opened < 0
            and tag == "<untrusted>"
            and "</untrusted>" in (other.strip() for other in lines[number:])
        ):
            yield False, start, "\n".join(lines[start:number])
            opened = number
        elif opened >= 0 and tag == "</untrusted>":
            yield True, opened + 1, "\n".join(lines[opened + 1 : number])
            start, opened, count = number + 1, -1, count - 1
    yield False, start, "\n".join(lines[start:])


# -- what overlays do ----------------------------------------------------------------------

_ = get_translation("sphinx_policyspec")


def operation_words(operation: model.Operation) -> str:
    """Return what a statement does, as a heading."""
    return {
        model.Operation.OVERRIDES: _("Overrides"),
        model.Operation.NARROWS: _("Narrows"),
        model.Operation.ADDS: _("Adds"),
        model.Operation.PERMITS: _("Permits"),
        model.Operation.DELEGATES: _("Delegates"),
        model.Operation.DEFINES: _("Defines"),
        model.Operation.RESTATES: _("Restates"),
    }[operation]


class OverlayFacts:
    """What a resolved spec says about its provisions: how overlays change them, and why a statement is allowed."""

    def __init__(self, docname: str, spec: model.Spec) -> None:
        self._docname = docname
        self._spec = spec
        self._origins = model.origins(spec)
        self._examples = model.touched_examples(spec)

    def about(self, provision: model.Provision) -> list[nodes.Node]:
        """Return facts about a provision; none where no overlay touches it."""
        if isinstance(provision, model.SpecStatement):
            return [boxes.facts(self._statement(provision))]
        words = {
            model.Origin.OVERRIDDEN: _("Overridden by"),
            model.Origin.NARROWED: _("Narrowed by"),
            model.Origin.LOCKED: _("Users no longer override it, by"),
        }
        done = grouped(self._origins.get(provision.id, ()))
        rows = [(words[origin], self.links(done[origin])) for origin in words if origin in done]
        return [boxes.facts(rows)] if rows else []

    def about_example(self, example: model.Example) -> list[nodes.Node]:
        """Return a note if an example no longer holds."""
        return (
            [boxes.word(_("This no longer applies here."), "ps-void")]
            if self._examples.get(example.id)
            else []
        )

    def links(self, names: Iterable[str]) -> list[nodes.Node]:
        """Return links to provisions, with commas between them."""
        found: list[nodes.Node] = []
        for name in names:
            found += [nodes.Text(", ")] if found else []
            found.append(pending_reference(self._docname, name))
        return found

    def _statement(self, statement: model.SpecStatement) -> Iterator[tuple[str, list[nodes.Node]]]:
        yield operation_words(statement.operation), self.target(statement)
        yield _("Verdict"), [nodes.Text(self.verdict(statement))]
        if statement.locks:
            yield _("Users no longer override"), self.links(statement.locks)
        if statement.because:
            yield _("Why"), [nodes.Text(statement.because)]
        if where := [*statement.globs, *filter(None, [statement.audience])]:
            yield _("Where"), [nodes.Text(", ".join(where))]

    def target(self, statement: model.SpecStatement) -> list[nodes.Node]:
        """Return what a statement is about."""
        name = statement.defines or statement.delegates_to or ("" if statement.targets else statement.title)
        own = [nodes.Text(name)] if name else []
        return [
            *own,
            *([nodes.Text(": ")] if own and statement.targets else []),
            *self.links(statement.targets),
        ]

    def verdict(self, statement: model.SpecStatement) -> str:
        """Return why a statement may be said: whoever may override the levels that it meets."""
        provisions = (
            self._spec.provision_by_id.get(name) for name in (*statement.targets, *statement.forbids)
        )
        used = {one.authority for one in provisions if isinstance(one, model.Principle)}
        levels = [level for level in self._spec.levels if level.id in used]
        if statement.operation is model.Operation.RESTATES:
            return _("allowed: it repeats what is there")
        if statement.operation is model.Operation.NARROWS and not statement.forbids:
            return _("allowed: it is stricter")
        if not levels or statement.operation is model.Operation.PERMITS:
            return _("allowed: the level {level} may say it").format(level=statement.authority)
        reasons = " ".join(model.who_may_override(self._spec.levels, level, "", _) for level in levels)
        return _("allowed: {reason}").format(reason=reasons)

    def changes(self) -> list[nodes.Node]:
        """Return what overlays change: how many statements do what, each with its target, and what is refused."""
        spec = self._spec
        by_operation = grouped((statement.operation, statement) for statement in spec.statements)
        counts = [(operation_words(one), len(by_operation.get(one, ()))) for one in model.Operation]
        counts += [
            (_("Refused"), len(spec.refusals)),
            (_("Examples that no longer apply"), sum(self._examples.values())),
        ]
        content: list[nodes.Node] = [boxes.facts((name, [nodes.Text(str(n))]) for name, n in counts if n)]
        for operation in model.Operation:
            if found := by_operation.get(operation):
                content += _headed(operation_words(operation), map(self._change, found))
        if spec.refusals:
            content += _headed(_("Refused"), map(_refusal, spec.refusals))
        return content

    def _change(self, statement: model.SpecStatement) -> list[nodes.Node]:
        from sphinx_policyspec.overlays.verdicts import upstream_says  # noqa: PLC0415  few specs have overlays

        arrow = [nodes.Text(" \N{RIGHTWARDS ARROW} ")] if statement.targets else []
        sentence = nodes.Text(f" \N{EN DASH} {' '.join(statement.text.split())} ({self.verdict(statement)})")
        parts = [*self.links([statement.id]), *arrow, *self.links(statement.targets), sentence]
        quoted = (boxes.word(one.cited, "ps-fact") for one in upstream_says(statement, self._spec))
        return [_paragraph(*parts), *quoted]


def _refusal(refusal: model.Refusal) -> list[nodes.Node]:
    parts: list[nodes.Node] = [nodes.literal("", refusal.id), nodes.Text(f" ({refusal.refused}): ")]
    for number, part in enumerate(refusal.because.split("`")):
        parts += [nodes.literal("", part) if number % 2 else nodes.Text(part)] if part else []
    return [_paragraph(*parts)]


def _paragraph(*parts: nodes.Node) -> nodes.Node:
    return nodes.paragraph("", "", *parts, translatable=False)


def _headed(title: str, items: Iterable[list[nodes.Node]]) -> list[nodes.Node]:
    """Return the items of a list below a heading that is no part of the contents."""
    entries = (nodes.list_item("", *item) for item in items)
    rubric = nodes.rubric("", title, translatable=False, **{"heading-level": 2})
    return [rubric, nodes.bullet_list("", *entries, bullet="-")]
