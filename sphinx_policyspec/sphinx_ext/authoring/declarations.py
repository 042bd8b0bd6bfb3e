"""Directives that declare what a spec says: its metadata, levels, topics, definitions and principles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.model import (
    AuthorityLevel,
    Commentary,
    Definition,
    OverrideMode,
    Principle,
    Spec,
    TargetKind,
    Topic,
)
from sphinx_policyspec.model.attributes import Attribute, attributes_of
from sphinx_policyspec.model.bases import is_absolute_iri
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.text import is_date
from sphinx_policyspec.sphinx_ext.authoring.base import PolicyDirective, options, options_of
from sphinx_policyspec.sphinx_ext.capturing.inline import plain_title
from sphinx_policyspec.sphinx_ext.nodes.boxes import commentary, declaration, definition, provision
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyMarker, anchor_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CommentaryDirective",
    "DefinitionDirective",
    "LevelDirective",
    "PrincipleDirective",
    "SpecDirective",
    "TopicDirective",
]

_ = get_translation("sphinx_policyspec")


def _fact(label: str, value: str) -> nodes.paragraph:
    line = nodes.paragraph("", "", classes=["ps-meta"], translatable=False)
    line += nodes.inline("", label + " ", classes=["ps-meta-label"])
    line += nodes.Text(value)
    return line


class SpecDirective(PolicyDirective):
    """The document as a whole: ``policy:spec``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        "version", "date", "license", "publisher", "base-iri"
    )

    def build(self) -> list[nodes.Node]:
        """Show the title with what is known of the document."""
        title = self.argument("title", default=self.config.project)
        head = self.inline(title)
        spec = Spec(
            title=plain_title(head),
            version=self.option("version"),
            issued=self._date(),
            license=self.option("license"),
            publisher=self.option("publisher"),
            base_iri=self._base_iri(),
        )
        labels = {
            "version": _("Version:"),
            "issued": _("Date:"),
            "license": _("License:"),
            "publisher": _("Publisher:"),
        }
        facts = [_fact(label, getattr(spec, name)) for name, label in labels.items() if getattr(spec, name)]
        box = declaration(
            "spec",
            "",
            head,
            [*facts, *self.content_nodes()],
            raw_title=title,
            place=self.place,
        )
        self.declare(box, spec)
        return [box]

    def _date(self) -> str:
        given = self.option("date")
        if given and not is_date(given):
            hint = "write it as in 2026-01-31"
            self.find("invalid-option", f"`{given}` is no date", hint, line=self.option_line("date"))
            return ""
        return given

    def _base_iri(self) -> str:
        given = self.option("base-iri")
        if given and not is_absolute_iri(given):
            hint = "write one such as https://example.org/spec/"
            line = self.option_line("base-iri")
            self.find("invalid-option", f"`{given}` is not an absolute IRI", hint, line=line)
            return ""
        return given


class LevelDirective(PolicyDirective):
    """A level of authority: ``policy:level``; the order of declaration is the rank."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", "override", *options_of("level"))

    def build(self) -> list[nodes.Node]:
        """Show the level with what its author says of it."""
        name = self.argument("name", default="level")
        identifier = self.identifier(name if name.islower() and " " not in name else slug(name))
        mode: OverrideMode | None = OverrideMode.EXPLICIT
        if given := self.option("override"):
            line = self.option_line("override")
            mode = self.choice(given, OverrideMode, "unknown-override", "mode of overriding", line=line)
        level = AuthorityLevel(
            id=identifier,
            override=mode or OverrideMode.EXPLICIT,
            roles=self.words("roles"),
            title="" if name == identifier else name,
            span=self.span,
        )
        words = {
            OverrideMode.NEVER: _("Cannot be overridden."),
            OverrideMode.EXPLICIT: _("Can be overridden explicitly."),
            OverrideMode.IMPLICIT: _("Can be overridden explicitly or implicitly."),
        }
        content = self.content_nodes()
        content.append(nodes.paragraph("", words[level.override], classes=["ps-meta"], translatable=False))
        if level.roles:
            content.append(_fact(_("Has messages of:"), ", ".join(level.roles)))
        title = level.title or identifier.capitalize()
        box = declaration(
            "level",
            anchor_of(TargetKind.LEVEL, identifier),
            [nodes.Text(title)],
            content,
            f"ps-level-{nodes.make_id(identifier)}",
            raw_title=title,
            place=self.place,
        )
        self.declare(box, level)
        return [box]


class TopicDirective(PolicyDirective):
    """A subject that provisions touch: ``policy:topic``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", *options_of("topic"))

    def build(self) -> list[nodes.Node]:
        """Show the label with its other names."""
        label = self.argument("label", default="topic")
        identifier = self.identifier(slug(label))
        topic = Topic(
            id=identifier,
            label=label,
            alt_labels=self.labels("alt-labels"),
            broader=self.ids("broader"),
            related=self.ids("related"),
            span=self.span,
        )
        content = self.content_nodes()
        if topic.alt_labels:
            content.append(_fact(_("Also:"), ", ".join(topic.alt_labels)))
        box = declaration(
            "topic",
            anchor_of(TargetKind.TOPIC, topic.id),
            [nodes.Text(label)],
            content,
            raw_title=label,
            place=self.place,
        )
        self.declare(box, topic)
        return [box]


class DefinitionDirective(PolicyDirective):
    """A defined term: ``policy:definition``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id")

    def build(self) -> list[nodes.Node]:
        """Show the term with its meaning."""
        term = self.argument("term", default="term")
        shown = self.inline(term)
        block = Definition(
            id=self.identifier(slug(term)), term=plain_title(shown), source="", text="", span=self.span
        )
        self.needs_text()
        box = definition(
            anchor_of(TargetKind.DEFINITION, block.id),
            shown,
            self.content_nodes(),
            raw_term=term,
            place=self.place,
        )
        self.declare(box, block)
        return [box]


class CommentaryDirective(PolicyDirective):
    """A non-normative aside: ``policy:commentary``."""

    optional_arguments = 0

    def build(self) -> list[nodes.Node]:
        """Show the aside under its label."""
        block = Commentary(label="Commentary", source="", text="", span=self.span)
        self.needs_text()
        box = commentary(self.content_nodes())
        self.declare(box, block)
        return [box]


class PrincipleDirective(PolicyDirective):
    """A principle: a block with the argument as title, or without one the section that holds it."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        "id", *options_of("provision", "principle")
    )

    def build(self) -> list[nodes.Node]:
        """Return a section of its own, or a marker that tells the surrounding one what it is."""
        title = self.title
        identifier = self.identifier(nodes.make_id(title))
        principle = Principle(
            id=identifier,
            title=title,
            depth=1,
            span=self.source.span(self.line),
            **{row.field: self._values(row) for row in attributes_of("provision", "principle")},
        )
        return self._block(principle) if title else self._marker(principle)

    def _values(self, row: Attribute) -> Any:
        return self.ids(row.key) if row.many else self.option(row.key)

    def _block(self, principle: Principle) -> list[nodes.Node]:
        section = provision(
            principle.id,
            self.inline(principle.title),
            level=principle.authority,
            aliases=principle.aliases,
            raw_title=principle.title,
            place=self.place,
        )
        section.extend(self.content_nodes(headings=True))
        self.declare(section, principle, is_block=True)
        return [section]

    def _marker(self, principle: Principle) -> list[nodes.Node]:
        marker = PolicyMarker()
        marker.source, marker.line = self.place
        self.declare(marker, principle)
        return [marker, *self.content_nodes()]
