"""Directives and roles that declare what a spec says, what their arguments and options hold, and what misspelt names mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.utils import unescape
from sphinx.locale import get_translation
from sphinx.util.docutils import CustomReSTDispatcher, SphinxRole

from sphinx_policyspec import model
from sphinx_policyspec.model.attributes import ATTRIBUTES
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.model.spec import is_absolute_iri, is_date, why_no_iri
from sphinx_policyspec.readers.comments import ROLES
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.overlays import OVERLAY, STATEMENT
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import DOMAIN, pending_reference
from sphinx_policyspec.sphinx_ext.markdown.foreign import license_node
from sphinx_policyspec.sphinx_ext.nodes.boxes import (
    commentary,
    declaration,
    definition,
    provision,
    role_title,
)
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyClause, PolicyMarker, anchor_of
from sphinx_policyspec.sphinx_ext.pages.directive import PolicyDirective, options, options_of
from sphinx_policyspec.sphinx_ext.pages.inline import plain_title
from sphinx_policyspec.sphinx_ext.pages.marks import attach_findings, note_finding, take_findings
from sphinx_policyspec.sphinx_ext.pages.option_slips import DECLARING
from sphinx_policyspec.sphinx_ext.pages.places import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from docutils.parsers.rst import Directive
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_ = get_translation("sphinx_policyspec")


def _fact(label: str, value: nodes.Node) -> nodes.paragraph:
    line = nodes.paragraph("", "", classes=["ps-meta"], translatable=False)
    line += nodes.inline("", label + " ", classes=["ps-meta-label"])
    line += value
    return line


class SpecDirective(PolicyDirective):
    """The document as a whole: ``policy:spec``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(*options_of("spec"))

    def build(self) -> list[nodes.Node]:
        """Show the title with what is known about the document."""
        title = self.argument("title", default=self.config.project)
        head = self.inline(title)
        spec = model.Spec(
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
            "license": _("Licence:"),
            "publisher": _("Publisher:"),
        }
        values: dict[str, nodes.Node] = {
            name: nodes.Text(value) for name in labels if (value := getattr(spec, name))
        }
        if spec.license:
            values["license"] = license_node(spec.license)
        facts = [_fact(label, values[name]) for name, label in labels.items() if name in values]
        box = declaration(
            "spec", "", head, [*facts, *self.content_nodes()], raw_title=title, place=self.place
        )
        self.declare(box, spec)
        return [box]

    def _date(self) -> str:
        date = self.option("date")
        if date and not is_date(date):
            hint = "write it as in 2026-01-31"
            self.find("invalid-option", f"`{date}` is no date", hint, line=self.option_line("date"))
            return ""
        return date

    def _base_iri(self) -> str:
        iri = self.option("base-iri")
        if iri and not is_absolute_iri(iri):
            self.find("invalid-option", *why_no_iri(iri), line=self.option_line("base-iri"))
            return ""
        return iri


class LevelDirective(PolicyDirective):
    """A level of authority: ``policy:level``; the order of declaration is the rank."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", *options_of("level"))

    def build(self) -> list[nodes.Node]:
        """Show the level with what its author says about it."""
        name = self.argument("name", default="level")
        identifier = self.identifier(name if name.islower() and " " not in name else slug(name))
        mode: model.OverrideMode | None = model.OverrideMode.EXPLICIT
        if value := self.option("override"):
            line = self.option_line("override")
            mode = self.choice(value, model.OverrideMode, "unknown-override", "mode of overriding", line=line)
        level = model.AuthorityLevel(
            id=identifier,
            override=mode or model.OverrideMode.EXPLICIT,
            roles=self.words("roles"),
            title="" if name == identifier else name,
            span=self.span,
        )
        content = self.content_nodes()
        if level.roles:
            content.append(_fact(_("Has messages of:"), nodes.Text(", ".join(map(role_title, level.roles)))))
        title = level.title or identifier.capitalize()
        box = declaration(
            "level",
            anchor_of(model.TargetKind.LEVEL, identifier),
            [nodes.Text(title)],
            content,
            f"ps-level-{nodes.make_id(identifier)}",
            raw_title=title,
            place=self.place,
        )
        # Who may override it depends on the levels above, which other pages may declare.
        box["level"], box["title"] = identifier, title
        self.declare(box, level)
        return [box]


class TopicDirective(PolicyDirective):
    """A subject that provisions touch: ``policy:topic``."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options("id", *options_of("topic"))

    def build(self) -> list[nodes.Node]:
        """Show the label with its other names."""
        label = self.argument("label", default="topic")
        identifier = self.identifier(slug(label))
        topic = model.Topic(
            id=identifier,
            label=label,
            alt_labels=self.labels("alt-labels"),
            broader=self.ids("broader"),
            related=self.ids("related"),
            span=self.span,
        )
        content = self.content_nodes()
        if topic.alt_labels:
            content.append(_fact(_("Also:"), nodes.Text(", ".join(topic.alt_labels))))
        box = declaration(
            "topic",
            anchor_of(model.TargetKind.TOPIC, topic.id),
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
        head = self.inline(term)
        block = model.Definition(
            id=self.identifier(slug(term)), term=plain_title(head), source="", text="", span=self.span
        )
        self.needs_text()
        box = definition(
            anchor_of(model.TargetKind.DEFINITION, block.id),
            head,
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
        block = model.Commentary(label="Commentary", source="", text="", span=self.span)
        self.needs_text()
        box = commentary(self.content_nodes())
        self.declare(box, block)
        return [box]


class PrincipleDirective(PolicyDirective):
    """A principle: a block with the argument as title, or without one the section that holds it."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        "id", *options_of("provision", "principle")
    )
    needs_heading: ClassVar[bool] = True

    def build(self) -> list[nodes.Node]:
        """Return a section of its own, or a marker that makes the surrounding section the principle."""
        title = self.title
        identifier = self.identifier(nodes.make_id(title))
        principle = model.Principle(
            id=identifier,
            title=title,
            depth=1,
            span=self.source.span(self.line),
            **self.attributes("provision", "principle"),
        )
        return self._block(principle) if title else self._marker(principle)

    def _block(self, principle: model.Principle) -> list[nodes.Node]:
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

    def _marker(self, principle: model.Principle) -> list[nodes.Node]:
        marker = PolicyMarker()
        marker.source, marker.line = self.place
        self.declare(marker, principle)
        return [marker, *self.content_nodes()]


_PARTS = re.compile(r"(?P<text>.*)<(?P<given>[^<>]*)>\s*", re.DOTALL)
_PARAMETER = re.compile(r"(?P<name>[\w-]++)\s*+=\s*+(?P<value>.*)")
_TRANSLATED = ":<translated>"


class ParameterRole(SphinxRole):
    """A role whose text may end with ``<name=value, …>``."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Return the node of the role, with what is wrong with it."""
        around = take_findings(self.env)
        found = self.build()
        attach_findings(self.env, [found], around)
        return [found], []

    def build(self) -> nodes.Element:
        """Return the node of the role."""
        raise NotImplementedError

    def text_and_parameters(self, only: str = "") -> tuple[str, dict[str, str]]:
        """Return the text, and what is in the angle brackets.

        :param only: the parameter that a lone value is meant for
        """
        text = unescape(self.text)
        found = _PARTS.fullmatch(text)
        if found is None:
            return " ".join(text.split()), {}
        values: dict[str, str] = {}
        for part in filter(str.strip, found["given"].split(",")):
            match = _PARAMETER.fullmatch(part.strip())
            if match is None:
                hint = f"write `{only}={part.strip()}`" if only else "write `name=value`"
                self.find(f"`{part.strip()}` is not a parameter", hint)
                values |= {only: part.strip()} if only else {}
            else:
                values[match["name"]] = " ".join(match["value"].split())
        return " ".join(found["text"].split()), values

    @property
    def place(self) -> tuple[str, int]:
        """The file and line of the role; those of its original where a translation is read."""
        source, line = self.get_source_info()
        return str(source or self.env.doc2path(self.env.docname)).removesuffix(_TRANSLATED), int(line or 1)

    def find(self, message: str, hint: str) -> None:
        """Note what is wrong with the role, once: a translation says the same again."""
        if str(self.get_source_info()[0]).endswith(_TRANSLATED):
            return
        path, line = self.place
        span = source_of(self.env, path).span(line)
        note_finding(
            self.env,
            model.Finding(code="invalid-role", message=message, span=span, hint=hint),
        )


class ClauseRole(ParameterRole):
    """Words of a principle that bind less than the rest, or leave something open: ``:policy:clause:`by default <level=guideline>```."""

    def build(self) -> nodes.Element:
        """Return the words, and the level that they have."""
        text, parameters = self.text_and_parameters("level")
        level, permits_by = parameters.pop("level", ""), parameters.pop("permits-by", "")
        if parameters or not level or not text:
            self.find(
                f"`{self.name}` needs words and a level", f"write `{text or 'words'} <level=guideline>`"
            )
        clause = PolicyClause(self.rawtext, "", nodes.Text(text), classes=["ps-clause"], level=level)
        clause["permits-by"] = permits_by
        if level:
            level_note = nodes.inline("", " (", classes=["ps-clause-level"])
            level_note += [
                pending_reference(self.env.docname, level, kind=model.TargetKind.LEVEL, place=self.place),
                nodes.Text(")"),
            ]
            clause += level_note
        clause.source, clause.line = self.place
        return clause


ARGUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "spec": "title of the document",
        "level": "name",
        "topic": "label",
        "goal": "title",
        "definition": "term",
        "principle": "title of a block of its own; without one, the section around the directive is the principle",
        "example": "title",
        "message": "role: `system`, `developer`, `user`, `assistant` or `tool`",
        "response": "verdict: `good`, `bad` or `ok`",
        "prompt": "title; may be left out",
        "query": "named question, as `question`",
        "overlay": "name, which the ids of its statements begin with",
        "statement": "id",
    }
)
"""By directive; the others take no argument."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "id": "Name that others refer to. Derived from the argument where it is left out.",
        "message untrusted": "Takes no value. The content carries no authority, such as a page that was quoted.",
        "prompt show": "Takes no value. The prompt is on the page, too.",
        "query question": "A named question; without one, the content is SPARQL.",
        "query params": "Parameters of the question, as `name=value`, divided by commas.",
        "query format": "`table` (the default), `list`, `levels` (a list below each level, with who may override it) or `count`.",
        "authority": "Ids of levels: principles at any of them.",
        "overridable-by": "A role or level: principles that it can override.",
        "topic": "Topics by id or label: what is about any of them.",
        "mentions": "Takes no value. A word in passing counts for `topic`, too.",
        "has": "`example`, `good`, `bad`, `prompt` or `reference`; all of them must be true.",
        "lacks": "As `has`: none of them may be true.",
        "columns": "Columns to show, in this order.",
        "sort": "Columns to sort by; `-` before one that descends.",
        "changes since": "Older release, as for `policyspec_since`, which is the default.",
        "changes kinds": "Weights (`tightening`), kinds of things (`example`) or of change (`added`) to show.",
        "survey show": "`pairs`, `conflicts`, `rules` or `idle`, divided by commas; all of them where left out.",
        "survey expect-rows": "Number of pairs that nothing decides, or one such as `<=10`; another number is a finding.",
        "expect-rows": "Number of rows, or one such as `>0`; another number is a finding.",
    }
)
"""By option, or by directive and option where an option means something for one directive alone; beside the attributes
of the model."""


def meaning_of(directive: str, option: str) -> str:
    """Return what an option of a directive means, empty where nothing is known."""
    keys = {"overlay": OVERLAY, "statement": STATEMENT}
    texts: dict[tuple[str, str], str] = {(row.owner, row.key): row.about for row in ATTRIBUTES}
    texts |= {(owner, key.name): key.about for owner, found in keys.items() for key in found}
    owners = (directive, {"principle": "provision", "response": "message"}.get(directive, ""))
    about = next((texts[owner, option] for owner in owners if (owner, option) in texts), "")
    return MEANINGS.get(f"{directive} {option}") or about or MEANINGS.get(option, "")


# -- names that are misspelt ----------------------------------------------------------------

_DISPATCHER = "policyspec_meant"
_ALSO = frozenset({"policies", "policy-spec", "policyspec", "sphinx_policyspec", "ps", "spec"})
"""What authors write instead of the name of the domain."""


class _UnknownDirective(PolicyDirective):
    """A directive of our domain that does not exist; its content stays on the page."""

    def build(self) -> list[nodes.Node]:
        """Return its content."""
        name = self.name.partition(":")[2]
        hint = nearest(name, (*DECLARING, "commentary"), prefix=f"{DOMAIN}:")
        if name in ROLES or name.upper() in set(model.Verdict):
            hint = f"write `{name}` after `{DOMAIN}:{'message' if name in ROLES else 'response'}`"
        self.find("unknown-directive", f"unknown directive `{self.name}`", hint)
        return [nodes.container("", *self.content_nodes())]

    def _take_unknown(self, _name: str) -> None:
        """Report nothing about its options."""


def _text_of_role(
    _name: str, rawtext: str, text: str, *_rest: Any
) -> tuple[list[Node], list[system_message]]:
    """Show the text of a role that does not exist."""
    return [nodes.inline(rawtext, unescape(text))], []


class _Dispatcher(CustomReSTDispatcher):
    """Finds which of our directives an unknown name was meant for."""

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__()
        self._env = env

    def directive(
        self, directive_name: str, language_module: Any, document: nodes.document
    ) -> tuple[type[Directive] | None, list[Any]]:
        """Return what the name means, if anything does."""
        known = domain_of(self._env).directives
        found: tuple[type[Directive] | None, list[Any]] = (None, [])
        if self._has_domain(directive_name):
            found = super().directive(directive_name, language_module, document)
        if found[0] is None and (intended := self._intended(directive_name, known)):
            return type(
                known[intended].__name__, (known[intended],), {"intended": f"{DOMAIN}:{intended}"}
            ), []
        is_ours = found[0] is None and directive_name.lower().startswith(f"{DOMAIN}:")
        return (_UnknownDirective, []) if is_ours else found

    def role(self, role_name: str, language_module: Any, lineno: int, reporter: Any) -> tuple[Any, list[Any]]:
        """Do the same for the name of a role."""
        known = domain_of(self._env).roles
        found: tuple[Any, list[Any]] = (None, [])
        if self._has_domain(role_name):
            found = super().role(role_name, language_module, lineno, reporter)
        intended = self._intended(role_name, known) if found[0] is None else ""
        is_ours = role_name.lower().partition(":")[0] == DOMAIN
        if found[0] is not None or not (intended or is_ours):
            return found
        source, line = reporter.get_source_and_line(lineno)
        span = source_of(self._env, source).span(line or lineno)
        message, hint = f"unknown role `{role_name}`", nearest(intended, known, prefix=f"{DOMAIN}:")
        note_finding(
            self._env, model.Finding(code="unknown-directive", message=message, span=span, hint=hint)
        )
        if not intended:
            return _text_of_role, []
        return lambda _name, *rest: known[intended](f"{DOMAIN}:{intended}", *rest), []

    def _has_domain(self, name: str) -> bool:
        """Return whether others may know a name: Sphinx would also warn about a domain that does not exist."""
        prefix, colon, _ = name.partition(":")
        return not colon or prefix.lower() in self._env.domains

    @staticmethod
    def _intended(name: str, known: Collection[str]) -> str:
        """Return the intended name without the domain, or nothing where the directive or role is another's."""
        words = name.strip().lower()
        prefix, _, rest = (part.strip() for part in words.partition(":"))
        if rest and (near_name(prefix, (DOMAIN,)) or prefix in _ALSO):
            return near_name(rest, known)
        if not rest and words.startswith(DOMAIN):
            return near_name(words.removeprefix(DOMAIN).strip("._-/;, "), known)
        for divider in "._-/;,":
            before, found, behind = words.partition(divider)
            if found and near_name(before, (DOMAIN,)) and near_name(behind, known):
                return near_name(behind, known)
        return words if words in known else ""


def begin_page(app: Sphinx, _docname: str, _content: list[str]) -> None:
    """Resolve misspelt names of directives while a page is read."""
    dispatcher = app.env.temp_data[_DISPATCHER] = _Dispatcher(app.env)
    dispatcher.enable()


def end_page(app: Sphinx, _doctree: nodes.document) -> None:
    """Stop resolving misspelt names of directives."""
    if dispatcher := app.env.temp_data.pop(_DISPATCHER, None):
        dispatcher.disable()
