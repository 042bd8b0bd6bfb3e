"""A behaviour spec as one value, the levels of authority that it has, and what the IRIs of its graph begin with."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote

from sphinx_policyspec.errors import SourceError, UnknownIdError
from sphinx_policyspec.files import Brief, grouped, html_table, in_a_line, number_of
from sphinx_policyspec.model.example import EvalPrompt, Example, Message, messages_of
from sphinx_policyspec.model.levels import AuthorityLevel, who_may_override
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.outlines import slug_of
from sphinx_policyspec.model.overlays import Refusal, SpecStatement
from sphinx_policyspec.model.provision import (
    Block,
    Changelog,
    Clause,
    Definition,
    EvalTag,
    Goal,
    Link,
    Principle,
    Priority,
    PromptFile,
    Provision,
    Reference,
    Topic,
)

DEFAULT_TITLE = "Behaviour spec"
"""The title of a spec that has none, and is part of nothing that has one."""
SHIPPED_SIDECAR = "model-spec"
"""What a project writes for the annotation file that the package ships; it has no suffix, unlike a file name."""

# RFC 3987, as far as a base goes: a host is not empty, and its port is a number. It takes a tenth of the time
# of importing the extension to compile, and few builds have a base.
_CHAR = (
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}"
    r"|[\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd\U00020000-\U0002fffd])"
)
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:(?![:@]){_CHAR})+)(?::[0-9]+)?"
_ABSOLUTE_IRI = (
    rf"(?!https?:(?!//[^/?#]))[A-Za-z][A-Za-z0-9+.-]*:(?:(?!//)|//(?:(?:{_CHAR}*@)?{_HOST})?(?=/)"
    rf"|//(?:{_CHAR}*@)?{_HOST}(?=[?#]|$))(?:{_CHAR}|/)*(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)
_SCHEMES = ("https://", "http://", "urn:")
"""What the address of something outside a spec begins with."""


def is_absolute_iri(text: str) -> bool:
    """Return whether a text is an absolute IRI, such as ``https://example.org/spec/``."""
    return re.fullmatch(_ABSOLUTE_IRI, text) is not None


def is_address(text: str) -> bool:
    """Return whether a text is the address of something outside a spec, or a name (URN) in the place of one."""
    return text.startswith(_SCHEMES) and is_absolute_iri(text)


def why_no_iri(text: str) -> tuple[str, str]:
    """Return why a text is not the IRI, or the address, that is wanted, and what to do."""
    if is_absolute_iri(text):
        first, *others = (f"`{scheme}`" for scheme in _SCHEMES)
        return (
            f"`{text}` begins with neither {first} nor {' nor '.join(others)}",
            "write an address that does",
        )
    return f"`{text}` is not an absolute IRI", "write one such as https://example.org/spec/"


def is_date(text: str) -> bool:
    """Return whether a text is an ISO 8601 date, with hyphens."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_name(text: str) -> bool:
    """Return whether a text can be the short name of a spec."""
    return re.fullmatch(r"[^\W_][\w.-]{0,59}", text) is not None


def with_ending(base: str) -> str:
    """Return a base that a kind and an id can follow: ``/`` is added where none of ``/ # :`` ends it."""
    return base if not base or base.endswith(("/", "#", ":")) else f"{base}/"


def base_or_default(base: str, default: str = "") -> str:
    """Return the base that a caller gives, or the default where it is empty, with its ending.

    :raises SourceError: for one that is not an absolute IRI
    """
    if base and not is_absolute_iri(base):
        raise SourceError(f"`{base}` is not an absolute IRI, such as https://example.org/spec/")
    return with_ending(base or default)


def base_of(spec: Spec) -> str:
    """Return what the IRIs of a spec begin with: its own base, else one from its name; empty for the default of graphs."""
    from_name = f"urn:policyspec:{quote(spec.name, safe='', errors='surrogatepass')}:" if spec.name else ""
    return spec.base_iri or from_name


def based(spec: Spec, base_iri: str) -> Spec:
    """Return a spec whose IRIs begin as a caller says, or the spec itself where the caller says nothing.

    :raises SourceError: for a base that is not an absolute IRI
    """
    return replace(spec, base_iri=base_or_default(base_iri)) if base_iri else spec


_CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/(?:licenses|publicdomain)/(?P<kind>[a-z-]+)/(?P<version>[\d.]+)/?(?:deed\.\w+)?"
)


def license_name(text: str) -> str:
    """Return the name of a licence, where its address shows it; else the text itself."""
    match = _CREATIVE_COMMONS.fullmatch(text)
    name = f"CC {match['kind'].upper()} {match['version']}" if match else text
    return name.replace("CC ZERO", "CC0")


class Markup(enum.StrEnum):
    """The language that a document's prose is written in."""

    MODEL_SPEC = "model-spec"
    """Model Spec Markdown."""
    RST = "rst"
    """reStructuredText with our directives."""
    MYST = "myst"
    """MyST Markdown with our directives."""
    MARKDOWN = "markdown"
    """Any Markdown, read by its headings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Brief):
    """One source file that provisions come from, in reading order.

    :param file: path relative to the SOURCE, as in :attr:`Span.file`
    """

    file: str
    markup: Markup


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A behaviour spec as one immutable value; every output is a projection of it.

    :param version: the release, an ISO date for dated ones
    :param issued: ISO date of issue
    :param base_iri: what instance IRIs begin with, ended by ``/`` where none of ``/ # :`` ends it; empty means
        the default of the graph
    :param name: a short name that distinguishes it from other specs in one base; empty if not given
    :param levels: from the highest authority to the lowest
    :param repeated: levels, topics and goals whose id an earlier one has; only the check of ids reads them
    :param priorities: the order in which goals are weighed, if any is given
    :param provisions: all of them in reading order, chapters before what is in them
    :param preamble: blocks before the first heading
    :param revision_of: version of the release before this one
    :param overlays: names of the overlays whose statements are among the provisions, a later one being the later message
    :param refusals: statements of overlays that are not allowed, and so are no provisions
    """

    title: str
    version: str = ""
    issued: str = ""
    license: str = ""
    publisher: str = ""
    name: str = ""
    base_iri: str = ""
    revision_of: str = ""
    documents: tuple[Document, ...] = ()
    levels: tuple[AuthorityLevel, ...] = ()
    topics: tuple[Topic, ...] = ()
    goals: tuple[Goal, ...] = ()
    priorities: tuple[Priority, ...] = ()
    repeated: tuple[AuthorityLevel | Topic | Goal, ...] = ()
    preamble: tuple[Block, ...] = ()
    provisions: tuple[Provision, ...] = ()
    clauses: tuple[Clause, ...] = ()
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()
    eval_tags: tuple[EvalTag, ...] = ()
    prompt_files: tuple[PromptFile, ...] = ()
    changelog: Changelog | None = None
    overlays: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def __post_init__(self) -> None:
        """Add the ending that a base needs."""
        object.__setattr__(self, "base_iri", with_ending(self.base_iri))

    def __repr__(self) -> str:
        """Return a summary: the whole may be a megabyte."""
        return f"<Spec {self._summary}>"

    def _repr_html_(self) -> str:
        """Show its principles in a notebook."""
        rows = [(p.id, p.title, p.authority, len(p.examples)) for p in self.principles]
        return html_table(self._summary, ("id", "title", "level", "examples"), rows)

    @property
    def called(self) -> str:
        """Its name among several specs: its own, or else one made from its title."""
        return self.name or slug_of(self.title)

    @property
    def _summary(self) -> str:
        name = in_a_line(" ".join(filter(None, (self.title, self.version))))
        counts = len(self.provisions), len(self.principles), len(self.examples)
        nouns = "provision", "principle", "example"
        return f"{name}: {', '.join(map(number_of, counts, nouns))}"

    @cached_property
    def provision_by_id(self) -> dict[str, Provision]:
        """Provisions by id; aliases are not among the keys."""
        return {provision.id: provision for provision in self.provisions}

    @cached_property
    def titles(self) -> dict[str, str]:
        """What people read in place of an id: titles of provisions, else of goals, else terms."""
        terms = {block.id: block.term for _, block in self.walk() if isinstance(block, Definition)}
        goals = {goal.id: goal.title for goal in self.goals}
        return terms | goals | {provision.id: provision.title for provision in self.provisions}

    @cached_property
    def principle_by_id(self) -> dict[str, Principle]:
        """Principles by id; a former id leads to its principle, unless it is the id of another."""
        former = {alias: p for p in reversed(self.principles) for alias in p.aliases}
        return former | {p.id: p for p in reversed(self.principles)}

    def principle(self, id: str) -> Principle:  # noqa: A002 - the word of the field
        """Return the principle of that id or former id; raise :class:`UnknownIdError` where there is none."""
        if id in self.principle_by_id:
            return self.principle_by_id[id]
        if id in self.provision_by_id:
            raise UnknownIdError(f"`{id}` is a section: it has no level of authority")
        raise UnknownIdError(
            "; ".join(filter(None, (f"no principle `{id}`", nearest(id, self.principle_by_id))))
        )

    @cached_property
    def level_by_id(self) -> dict[str, AuthorityLevel]:
        """Declared levels by id."""
        return {level.id: level for level in self.levels}

    @cached_property
    def topic_by_id(self) -> dict[str, Topic]:
        """Topics by id."""
        return {topic.id: topic for topic in self.topics}

    @cached_property
    def principles(self) -> tuple[Principle, ...]:
        """The provisions that have a level of authority, in reading order."""
        return tuple(p for p in self.provisions if isinstance(p, Principle))

    @cached_property
    def statements(self) -> tuple[SpecStatement, ...]:
        """The principles that are statements of overlays, in reading order."""
        return tuple(p for p in self.provisions if isinstance(p, SpecStatement))

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Every example, in reading order."""
        return tuple(block for _, block in self.walk() if isinstance(block, Example))

    @cached_property
    def prompts(self) -> tuple[EvalPrompt, ...]:
        """Every evaluation prompt: those in the pages, then those of the prompt files."""
        return tuple(prompt for prompt, _ in self.tested())

    def tested(self) -> Iterator[tuple[EvalPrompt, tuple[str, ...]]]:
        """Yield each prompt with the ids of what it tests: those that it names, else what is around it or around the tag of its file."""
        for home, block in self.walk():
            if isinstance(block, EvalPrompt):
                yield block, block.tests or ((home.id,) if home else ())
        tags = {tag.tag: tag.provision for tag in self.eval_tags if tag.provision}
        for file in self.prompt_files:
            for prompt in file.prompts:
                yield prompt, prompt.tests or ((tags[file.tag],) if file.tag in tags else ())

    @cached_property
    def messages(self) -> tuple[tuple[Example | EvalPrompt, Message], ...]:
        """Every message of examples, then of prompts, with what it is in; alternatives of comparisons included."""
        conversations: tuple[Example | EvalPrompt, ...] = (*self.examples, *self.prompts)
        return tuple((one, message) for one in conversations for message in messages_of(one.turns))

    @cached_property
    def principle_around(self) -> dict[str, Principle]:
        """The principle that each provision belongs to, by id: itself, or the nearest one around it."""
        around: dict[str, Principle] = {}
        for provision in self.provisions:
            if isinstance(provision, Principle):
                around[provision.id] = provision
            elif provision.parent in around:
                around[provision.id] = around[provision.parent]
        return around

    @cached_property
    def parts_of(self) -> dict[str, tuple[Provision, ...]]:
        """The provisions whose words are those of a principle, by its id: it and its plain subsections."""
        around = self.principle_around
        parts = grouped((around[p.id].id, p) for p in self.provisions if p.id in around)
        return {name: tuple(provisions) for name, provisions in parts.items()}

    @cached_property
    def decided_elsewhere(self) -> dict[str, str]:
        """Who decides in place of the spec, by the id of each provision that is out of scope or is in one that is."""
        deciders: dict[str, str] = {}
        for provision in self.provisions:
            if by := provision.out_of_scope or deciders.get(provision.parent or "", ""):
                deciders[provision.id] = by
        return deciders

    @cached_property
    def examples_of(self) -> dict[str, tuple[Example, ...]]:
        """The examples of each principle that has any, by its id: those in it, in its subsections, and those that name it."""
        around = self.principle_around
        by_principle: dict[str, list[Example]] = {}
        for provision, block in self.walk():
            if isinstance(block, Example):
                names = (*((provision.id,) if provision else ()), *block.illustrates)
                for principle in {around[name].id for name in names if name in around}:
                    by_principle.setdefault(principle, []).append(block)
        return {name: tuple(examples) for name, examples in by_principle.items()}

    def walk(self) -> Iterator[tuple[Provision | None, Block]]:
        """Yield each block with the provision that holds it, in reading order."""
        yield from self._blocks

    @cached_property
    def _blocks(self) -> tuple[tuple[Provision | None, Block], ...]:
        blocks = [(provision, block) for provision in self.provisions for block in provision.blocks]
        return (*((None, block) for block in self.preamble), *blocks)

    def who_may_override(self) -> tuple[str, ...]:
        """Return a sentence for each level that a principle has, highest first: who may override those of the level."""
        authorities = {principle.authority for principle in self.principles}
        return tuple(who_may_override(self.levels, level) for level in self.levels if level.id in authorities)

    def children_of(self, parent: str | None) -> tuple[Provision, ...]:
        """Return the provisions whose parent is ``parent`` (``None`` for chapters), in order."""
        return tuple(p for p in self.provisions if p.parent == parent)
