"""Model objects → nodes: the pages of a spec that was not written with directives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from docutils import nodes

from sphinx_policyspec.model import (
    Block,
    Commentary,
    Definition,
    Example,
    Markup,
    Principle,
    Prose,
    Provision,
    Span,
    Spec,
    TargetKind,
)
from sphinx_policyspec.readers.blocks import DEFINITION
from sphinx_policyspec.sphinx_ext.markdown.languages import Language, language_of
from sphinx_policyspec.sphinx_ext.nodes import boxes
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of
from sphinx_policyspec.sphinx_ext.rendering.turns import TurnRenderer

__all__ = ["SpecRenderer"]


class SpecRenderer:
    """Builds the nodes of one page from what a reader, or a graph, says of a spec.

    Every provision, example and message gets the source line it has in its own file.

    :param path_of: gives a span's file as warnings should name it
    """

    def __init__(self, document: nodes.document, spec: Spec, path_of: Callable[[str], str]) -> None:
        self.docname = str(document.settings.env.docname)
        self.spec = spec
        self.path_of = path_of
        markups = {known.file: known.markup for known in spec.documents}
        of_markup = cache(lambda markup: language_of(markup, document, spec.provision_by_id))
        self.language_at: Callable[[Span], Language] = lambda span: of_markup(
            markups.get(span.file, Markup.MODEL_SPEC)
        )

    def provisions(self, provisions: Iterable[Provision]) -> list[nodes.section]:
        """Return sections for some provisions, those inside others nested in them."""
        shown = list(provisions)
        ids = {provision.id for provision in shown}
        children: dict[str | None, list[Provision]] = defaultdict(list)
        for provision in shown:
            children[provision.parent if provision.parent in ids else None].append(provision)
        # Children are built before their parents, so that no depth of nesting can exhaust the stack.
        built: dict[str, nodes.section] = {}
        for provision in reversed(shown):
            section = self._section(provision)
            section.extend(built.pop(child.id) for child in children.pop(provision.id, ()))
            built[provision.id] = section
        return [built[provision.id] for provision in children[None]]

    def _section(self, provision: Provision) -> nodes.section:
        authority = provision.authority if isinstance(provision, Principle) else ""
        level = self.spec.level_by_id.get(authority)
        return boxes.provision(
            provision.id,
            [nodes.Text(provision.title)],
            self.blocks(provision.blocks),
            level=authority,
            level_title=level.title if level else "",
            aliases=provision.aliases,
            raw_title=provision.title,
            place=self._place(provision.span),
        )

    def blocks(self, blocks: Iterable[Block]) -> list[nodes.Node]:
        """Return the nodes of blocks in order; evaluation prompts are never shown."""
        shown: list[nodes.Node] = []
        for block in blocks:
            match block:
                case Prose():
                    shown += self.language_at(block.span).blocks(block.text, block.span.line)
                case Definition():
                    shown.append(self._definition(block))
                case Commentary():
                    body = self.language_at(block.span).blocks(block.text, _body_line(block))
                    shown.append(boxes.commentary(body, block.label))
                case Example():
                    shown.append(self._example(block))
        return shown

    def _definition(self, block: Definition) -> nodes.Node:
        bold = DEFINITION.match(block.text)
        meaning = block.text[bold.end() :].lstrip() if bold else block.text
        return boxes.definition(
            anchor_of(TargetKind.DEFINITION, block.id),
            [nodes.Text(block.term)],
            self.language_at(block.span).blocks(meaning, block.span.line),
            raw_term=block.term,
            place=self._place(block.span),
        )

    def _example(self, example: Example) -> nodes.Node:
        language = self.language_at(example.span)
        return boxes.example(
            anchor_of(TargetKind.EXAMPLE, example.id),
            language.inline(example.source_title, example.span.line),
            TurnRenderer(self.docname, language, self._place).render(example.turns),
            raw_title=example.source_title,
            place=self._place(example.span),
        )

    def _place(self, span: Span) -> boxes.Place:
        return self.path_of(span.file), span.line


def _body_line(commentary: Commentary) -> int:
    """Return the line on which a commentary's body begins: below the head, blank lines skipped."""
    body = commentary.source.split("\n")[1:]
    return commentary.span.line + 1 + next((n for n, line in enumerate(body) if line.strip()), 0)
