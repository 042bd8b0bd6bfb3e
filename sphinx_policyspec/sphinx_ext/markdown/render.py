"""Model objects → nodes: words in the language that they are in, conversations, and the pages of a spec that was not written with directives."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from docutils.parsers import Parser
from docutils.parsers.rst import Parser as RstParser
from docutils.utils import Reporter, new_document
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.util.docutils import LoggingReporter
from sphinx.util.matching import Matcher

from sphinx_policyspec import model
from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.readers.annotations import Annotations, read_annotations
from sphinx_policyspec.readers.blocks import DEFINITION
from sphinx_policyspec.readers.outlines import with_levels
from sphinx_policyspec.readers.release import companions, read_release
from sphinx_policyspec.readers.text import ignores_in
from sphinx_policyspec.sources import sidecar_path
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, project_title
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, page_record, pending_reference
from sphinx_policyspec.sphinx_ext.markdown import foreign
from sphinx_policyspec.sphinx_ext.markdown.to_nodes import (
    OverlayFacts,
    render_body,
    render_inline,
    render_prose,
)
from sphinx_policyspec.sphinx_ext.nodes import boxes
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain


@dataclass(frozen=True, slots=True)
class Dialect:
    """Model Spec Markdown, in which nothing is live."""

    document: nodes.document
    file: str

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        """Return text as block nodes."""
        return foreign.words_of(text, lambda: render_prose(text, line, self.document), self._place(line))

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        """Return a title or a note as inline nodes."""
        words = foreign.words_of(text, lambda: render_inline(text, line, self.document), self._place(line))
        return [nodes.Text(text)] if any(isinstance(node, nodes.literal_block) for node in words) else words

    def body(self, message: model.Message) -> list[nodes.Node]:
        """Return what a message says; its text begins below its tag and its settings."""
        settings = sum(part.kind is model.FragmentKind.SETTING for part in message.fragments)
        first_line = message.span.line + 1 + (settings + 2 if settings else 0)

        def body() -> list[nodes.Node]:
            return render_body(message.text, first_line, self.document, message.fragments)

        return foreign.words_of(message.text, body, self._place(first_line))

    def _place(self, line: int) -> foreign.PlaceOfText:
        return foreign.PlaceOfText(self.document.reporter, self.file, line)


_Find = Callable[[int | None], "tuple[str | os.PathLike[str] | None, int | None]"]


class _Reporter(LoggingReporter):
    """Reports lines of a text as those of the file that the text is from.

    :param first: the line of that file on which the text begins
    """

    def __init__(self, file: str, first: int, page: Reporter) -> None:
        super().__init__(file, page.report_level, page.halt_level)
        self._first = first
        self._find: _Find = lambda line: (None, line)

    @property
    def get_source_and_line(self) -> Callable[[int | None], tuple[str, int]]:
        """The function that docutils asks for places; parsers set one that knows them."""
        return self._place

    @get_source_and_line.setter
    def get_source_and_line(self, find: _Find) -> None:
        self._find = find

    def _place(self, line: int | None = None) -> tuple[str, int]:
        # A blank line is before the text.
        return self.source, self._first + max((self._find(line)[1] or 0) - 2, 0)


class _Myst(MystParser):
    """MyST without metadata, which may switch on templates that run code, and without a limit that hides words."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill ``document``."""
        parser = create_md_parser(document.settings.env.myst_config, SphinxRenderer)
        parser.options["document"] = document
        parser.options["maxNesting"] = foreign.DEEPEST_MARKDOWN
        parser.render(inputstring)


@dataclass(frozen=True, slots=True)
class _ParsedLanguage:
    """A language with a parser for whole documents, which a directive spec was written in.

    Such text comes from a graph, which may come from anywhere: its words are shown, and nothing in it acts.
    """

    document: nodes.document
    file: str
    parser: Callable[[], Parser]
    provisions: Collection[str]

    def blocks(self, text: str, line: int) -> list[nodes.Node]:
        reporter = _Reporter(self.file, line, self.document.reporter)
        place = foreign.PlaceOfText(self.document.reporter, self.file, line)
        return foreign.hard_words_of(text, lambda: self._parse(text, reporter), place)

    def _parse(self, text: str, reporter: Reporter) -> list[nodes.Node]:
        settings = copy(self.document.settings)
        settings.raw_enabled = settings.file_insertion_enabled = False
        inner = new_document(self.file, settings)
        inner.reporter = reporter
        with foreign.OnlyWords():
            # Metadata can begin the first line of a text only.
            self.parser().parse(f"\n{text}", inner)
        _lead_to_any_page(inner, self.document.settings.env.docname, self.provisions)
        foreign.keep_words(inner)
        return list(inner.children)

    def inline(self, text: str, line: int) -> list[nodes.Node]:
        blocks = self.blocks(text, line)
        single = len(blocks) == 1 and isinstance(blocks[0], nodes.paragraph)
        return list(blocks[0].children) if single else [nodes.Text(text)]

    def body(self, message: model.Message) -> list[nodes.Node]:
        return self.blocks(message.text, message.span.line)


Language = Dialect | _ParsedLanguage
"""Makes nodes of text; ``line`` is that of its first line in the source."""


def _lead_to_any_page(tree: nodes.document, docname: str, provisions: Collection[str]) -> None:
    """Let MyST's ``[text](#id)`` lead to what has that anchor, on whatever page it is."""
    for link in list(tree.findall(nodes.reference)):
        anchor = str(link.get("refuri", ""))
        if link.get("id_link") and anchor.startswith("#"):
            kind, target = _target_of(anchor[1:], provisions)
            link.replace_self(pending_reference(docname, target, link.children, kind=kind))


def _target_of(anchor: str, provisions: Collection[str]) -> tuple[model.TargetKind, str]:
    kind, _, identifier = anchor.partition("-")
    if anchor not in provisions and identifier and kind in set(model.TargetKind):
        return model.TargetKind(kind), identifier
    return model.TargetKind.PROVISION, anchor


def language_of(
    markup: model.Markup, document: nodes.document, file: str, provisions: Collection[str]
) -> Language:
    """Return the language of a markup, for words that go into ``document``.

    :param file: the file that they are from, as warnings name it
    :param provisions: the ids of all of the spec
    """
    match markup:
        case model.Markup.RST:
            return _ParsedLanguage(document, file, RstParser, provisions)
        case model.Markup.MYST:
            return _ParsedLanguage(document, file, _Myst, provisions)
        case _:
            return Dialect(document, file)


@dataclass(frozen=True, slots=True)
class TurnRenderer:
    """Builds the nodes of conversations on one page.

    :param place_of: returns where something is as translation catalogues and warnings name it
    """

    docname: str
    language: Language
    place_of: Callable[[model.Span], boxes.Place]

    def render(self, turns: Iterable[model.Turn]) -> list[nodes.Node]:
        """Return the nodes of a conversation in order."""
        rendered: list[nodes.Node] = []
        for turn in turns:
            match turn:
                case model.Comparison():
                    rendered.append(boxes.comparison(map(self._message, turn.responses)))
                case model.Gap():
                    rendered.append(boxes.gap())
                case model.Message():
                    rendered.append(self._message(turn))
        return rendered

    def _message(self, message: model.Message) -> nodes.Node:
        body = self.language.body(message)
        attributes: dict[str, Any] = {
            name: getattr(message, name) for name in ("recipient", "name", "language", "attributes")
        }
        if not isinstance(message, model.Response):
            return boxes.message(message.role, body, is_untrusted=message.untrusted, **attributes)
        place = self.place_of(message.span)
        return boxes.response(
            message.verdict,
            body,
            role=message.role,
            note=self.language.inline(message.note, message.span.line) if message.note else (),
            raw_note=message.note,
            violates=[pending_reference(self.docname, target, place=place) for target in message.violates],
            place=place,
            **attributes,
        )


class SpecRenderer:
    """Builds the nodes of one page from the spec of a reader or a graph.

    Every provision, example and message gets the source line it has in its own file.

    :param path_of: returns a span's file as warnings should name it
    """

    def __init__(self, document: nodes.document, spec: model.Spec, path_of: Callable[[str], str]) -> None:
        self.docname = str(document.settings.env.docname)
        self.spec = spec
        self.path_of = path_of
        markups = {known.file: known.markup for known in spec.documents}
        of_file = cache(
            lambda file: language_of(
                markups.get(file, model.Markup.MODEL_SPEC), document, path_of(file), spec.provision_by_id
            )
        )
        self.language_at: Callable[[model.Span], Language] = lambda span: of_file(span.file)
        self._changes = OverlayFacts(self.docname, spec)

    def provisions(self, provisions: Iterable[model.Provision]) -> list[nodes.section]:
        """Return sections for some provisions, those inside others nested in them."""
        listed = list(provisions)
        ids = {provision.id for provision in listed}
        children: dict[str | None, list[model.Provision]] = defaultdict(list)
        for provision in listed:
            children[provision.parent if provision.parent in ids else None].append(provision)
        # Children are built before their parents, so that no depth of nesting can exhaust the stack.
        built: dict[str, nodes.section] = {}
        for provision in reversed(listed):
            section = self._section(provision)
            section.extend(built.pop(child.id) for child in children.pop(provision.id, ()))
            built[provision.id] = section
        return [built[provision.id] for provision in children[None]]

    def _section(self, provision: model.Provision) -> nodes.section:
        authority = provision.authority if isinstance(provision, model.Principle) else ""
        level = self.spec.level_by_id.get(authority)
        return boxes.provision(
            provision.id,
            [nodes.Text(provision.title)],
            [*self._changes.about(provision), *self.blocks(provision.blocks)],
            level=authority,
            level_title=level.title if level else "",
            aliases=provision.aliases,
            raw_title=provision.title,
            place=self._place(provision.span),
        )

    def blocks(self, blocks: Iterable[model.Block]) -> list[nodes.Node]:
        """Return the nodes of blocks in order; evaluation prompts are never shown."""
        rendered: list[nodes.Node] = []
        for block in blocks:
            match block:
                case model.Prose():
                    rendered += self.language_at(block.span).blocks(block.text, block.span.line)
                case model.Definition():
                    rendered.append(self._definition(block))
                case model.Commentary():
                    body = self.language_at(block.span).blocks(block.text, _body_line(block))
                    rendered.append(boxes.commentary(body, block.label))
                case model.Example():
                    rendered.append(self._example(block))
        return rendered

    def _definition(self, block: model.Definition) -> nodes.Node:
        bold = DEFINITION.match(block.text)
        meaning = block.text[bold.end() :].lstrip() if bold else block.text
        return boxes.definition(
            anchor_of(model.TargetKind.DEFINITION, block.id),
            [nodes.Text(block.term)],
            self.language_at(block.span).blocks(meaning, block.span.line),
            raw_term=block.term,
            place=self._place(block.span),
        )

    def _example(self, example: model.Example) -> nodes.Node:
        language = self.language_at(example.span)
        return boxes.example(
            anchor_of(model.TargetKind.EXAMPLE, example.id),
            language.inline(example.source_title, example.span.line),
            [
                *self._changes.about_example(example),
                *TurnRenderer(self.docname, language, self._place).render(example.turns),
            ],
            raw_title=example.source_title,
            place=self._place(example.span),
        )

    def _place(self, span: model.Span) -> boxes.Place:
        return self.path_of(span.file), span.line


def _body_line(commentary: model.Commentary) -> int:
    """Return the line on which a commentary's body begins: below the head, blank lines skipped."""
    body = commentary.source.split("\n")[1:]
    return commentary.span.line + 1 + next((n for n, line in enumerate(body) if line.strip()), 0)


def fill(document: nodes.document, text: str, path: Path, env: BuildEnvironment) -> None:
    """Fill a document from the text of a page in the dialect."""
    name = path.relative_to(env.srcdir)
    prefix = "" if name.parent == Path() else f"{name.parent.as_posix()}/"
    is_dialect = not Matcher(PolicySpecConfig.of(env.config).markdown)(name.as_posix())
    notes = [] if is_dialect else list(_sidecars(env))
    rules = [one.reader for one in notes if one.reader]
    rule = next((one for one in rules if one.is_explicit), next(iter(rules), None))
    reading = read_release(path, text=text, prefix=prefix, default_title="", is_dialect=is_dialect, rule=rule)
    for companion in companions(path):
        env.note_dependency(str(companion))
    spec = reading.spec
    for one in notes:
        # The page shows levels; the spec gets all that the file says once its pages are assembled.
        spec = with_levels(spec, one.reader, {note.id: note for note in one.provisions})
    with_file_levels = replace(spec, levels=next((one.levels for one in notes if one.levels), spec.levels))
    renderer = SpecRenderer(document, with_file_levels, lambda file: str(Path(env.srcdir, file)))
    sections = [*renderer.blocks(spec.preamble), *renderer.provisions(spec.provisions)]
    chapters = spec.children_of(None)
    if len(chapters) == 1 and not spec.preamble:
        document += sections
    else:
        # A page has one title; several chapters, or text before the first, need one above them.
        title = spec.title or project_title(env.config)
        anchor = "" if title in spec.provision_by_id else nodes.make_id(title)
        ids = [anchor] if anchor and anchor not in spec.provision_by_id else []
        document += nodes.section("", nodes.title(title, title), *sections, ids=ids)
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    record, packed = page_record(env.docname, spec, reading.findings)
    ignores = ignores_in(name.as_posix(), text.split("\n"))
    domain.note_document(env.docname, replace(record, ignores=ignores), packed)


def _sidecars(env: BuildEnvironment) -> Iterator[Annotations]:
    """Yield the annotation files of a project, which say how pages are read by their headings."""
    domain = cast("PolicyDomain", env.get_domain(DOMAIN))
    for name in PolicySpecConfig.of(env.config).annotations:
        path = sidecar_path(name, domain.given.confdir)
        env.note_dependency(str(path))
        # One that cannot be read is reported when it is applied.
        with contextlib.suppress(AnnotationError, SourceError):
            yield read_annotations(path)


def message_nodes(text: str, document: nodes.document) -> list[nodes.Node]:
    """Return the nodes of one translated message; a title comes underlined with equals signs."""
    dialect = Dialect(document, document["source"])
    first, _, rest = text.partition("\n")
    if rest.strip() and not rest.strip().strip("="):
        return [nodes.section("", nodes.title(first, "", *dialect.inline(first, 1)))]
    return dialect.blocks(text, 1)
