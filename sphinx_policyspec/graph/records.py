"""The class and the properties of each model class, stated once for writing and reading; and the writer of graphs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sphinx_policyspec import model
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    OWL,
    PROV,
    PS,
    RDF,
    SKOS,
    XSD,
    Foreign,
    Iri,
    Iris,
    Term,
    Triple,
    id_of,
    iri_of,
    quoted,
    single,
    text_of,
)
from sphinx_policyspec.graph.touches import TouchKind
from sphinx_policyspec.model.attributes import Attribute, Owner, attributes_of
from sphinx_policyspec.model.spec import is_address, is_date


@dataclass(frozen=True, slots=True)
class TextField:
    """A string; an empty one is left out unless questions rely on its presence."""

    name: str
    predicate: Iri
    always: bool = False

    def write(self, value: str, _iris: Iris) -> Iterable[Term]:
        """Return the string as a plain literal."""
        return (value,) if value or self.always else ()

    def read(self, objects: list[Term], _iris: Iris) -> str:
        """Return the one string, or the empty one."""
        node = single(self.predicate, objects)
        return "" if node is None else text_of(node, self.predicate)


@dataclass(frozen=True, slots=True)
class Address(TextField):
    """The address of something that may have only a name, which a :class:`Name` states."""

    def write(self, value: str, _iris: Iris) -> Iterable[Term]:
        """Return an address as an IRI, and nothing for other texts."""
        return (Iri(value),) if is_address(value) else ()

    def read(self, objects: list[Term], _iris: Iris) -> str:
        """Return the address; a text in its place is accepted."""
        node = single(self.predicate, objects)
        return str(node) if isinstance(node, Iri) else super(Address, self).read(objects, _iris)


@dataclass(frozen=True, slots=True)
class Name(TextField):
    """The name of a person or thing whose address is not known."""

    def write(self, value: str, _iris: Iris) -> Iterable[Term]:
        """Return the name unless it is an address."""
        return () if is_address(value) else super(Name, self).write(value, _iris)


@dataclass(frozen=True, slots=True)
class Date(TextField):
    """A date, or a text that should be one."""

    def write(self, value: str, _iris: Iris) -> Iterable[Term]:
        """Return a literal of the type of dates if it is a date."""
        return (Foreign(value, XSD.date, ""),) if is_date(value) else super(Date, self).write(value, _iris)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set of values, each with its RDF term.

    :param optional: whether the value may be ``None``, which is not stated
    """

    name: str
    predicate: Iri
    terms: Mapping[Any, Term]
    optional: bool = False

    def write(self, value: object, _iris: Iris) -> Iterable[Term]:
        """Return the term of the value."""
        return () if value is None else (self.terms[value],)

    def read(self, objects: list[Term], _iris: Iris) -> Any:  # noqa: ANN401 - one of the keys
        """Return the value with that term."""
        term = single(self.predicate, objects)
        if term is None and self.optional:
            return None
        for value, candidate in self.terms.items():
            if candidate == term:
                return value
        if term is None:
            raise SourceError(f"the graph leaves out a `{self.predicate}`")
        raise SourceError(f"{quoted(term)} is not a value of `{self.predicate}`")


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean that is stated by a class."""

    name: str
    type: Iri
    predicate: Iri = RDF.type

    def write(self, value: bool, _iris: Iris) -> Iterable[Term]:
        """Return the class, or nothing."""
        return (self.type,) if value else ()

    def read(self, objects: list[Term], _iris: Iris) -> bool:
        """Return whether the class is among the types."""
        return self.type in objects


@dataclass(frozen=True, slots=True)
class Id:
    """The id of one other thing, which need not exist; an empty one is left out unless ``always`` is set."""

    name: str
    predicate: Iri
    kind: str
    always: bool = False

    def write(self, value: str, iris: Iris) -> Iterable[Term]:
        """Return the IRI of the thing."""
        return (iris.iri(self.kind, value),) if value or self.always else ()

    def read(self, objects: list[Term], iris: Iris) -> str:
        """Return the id of the thing."""
        iri = single(self.predicate, objects)
        return "" if iri is None else id_of(iri, iris)


@dataclass(frozen=True, slots=True)
class Many:
    """A tuple of strings, or of ids of things of one kind.

    RDF keeps neither order nor repetition. Tuples of the model are sorted and have no repetitions, so reading sorts; for
    other tuples, the record's writer adds a ``ps:sequence``.
    """

    name: str
    predicate: Iri
    kind: str = ""

    def write(self, value: tuple[Any, ...], iris: Iris) -> Iterable[Term]:
        """Return one object for each item."""
        items = self.encode(value)
        return [iris.iri(self.kind, item) for item in items] if self.kind else items

    def read(self, objects: list[Term], iris: Iris) -> tuple[Any, ...]:
        """Return the items, sorted."""
        return self.sort(self.items(objects, iris))

    def items(self, objects: list[Term], iris: Iris) -> list[str]:
        """Return the string of each object."""
        if self.kind:
            return [id_of(node, iris) for node in objects]
        return [text_of(node, self.predicate) for node in objects]

    def sort(self, items: Iterable[str]) -> tuple[Any, ...]:
        """Return the items of the strings, sorted."""
        return tuple(sorted(self.decode(items)))

    def encode(self, value: tuple[Any, ...]) -> tuple[str, ...]:
        """Return each item of a value as a string."""
        return value

    def decode(self, items: Iterable[str]) -> tuple[Any, ...]:
        """Return the items of the strings, in their order."""
        return tuple(items)


@dataclass(frozen=True, slots=True)
class Addresses(Many):
    """Addresses of things outside the spec."""

    def write(self, value: tuple[str, ...], _iris: Iris) -> Iterable[Term]:
        """Return an IRI for each address; another text stays a text, which the shapes report."""
        return [Iri(item) if is_address(item) else item for item in value]

    def items(self, objects: list[Term], _iris: Iris) -> list[str]:
        """Return each address; a text in its place is accepted."""
        return [str(node) if isinstance(node, Iri) else text_of(node, self.predicate) for node in objects]


@dataclass(frozen=True, slots=True)
class Pairs(Many):
    """Names with values, each as ``name=value``; ``%`` and ``=`` in a name are escaped."""

    def encode(self, value: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """Return each pair as one string."""
        return tuple(f"{name.replace('%', '%25').replace('=', '%3D')}={text}" for name, text in value)

    def decode(self, items: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the pairs, in their order."""
        split = (item.partition("=") for item in items)
        return tuple((name.replace("%3D", "=").replace("%25", "%"), text) for name, _, text in split)


Field = TextField | Choice | Flag | Id | Many
"""An attribute of a model class and the property that carries it; one class both writes and reads it."""


@dataclass(frozen=True, slots=True)
class Record:
    """The classes and properties that state an object of one model class.

    Besides these fields, ``to_graph`` and ``from_graph`` know how objects are connected: which is part of which, in which
    order, and where in the source.

    :param types: the most specific class first, then all its superclasses
    :param spanned: whether it has a place in the source
    :param placeless: whether it may nevertheless have none
    """

    types: tuple[Iri, ...]
    fields: tuple[Field, ...] = ()
    spanned: bool = True
    placeless: bool = False


_ID = TextField("id", DCTERMS.identifier, always=True)
_TITLE = TextField("title", DCTERMS.title, always=True)
_TEXT = TextField("text", PS.text)
_SOURCE = TextField("source", PS.sourceText)

TERMS: Mapping[type[StrEnum], Mapping[StrEnum, Iri]] = {
    **{
        kind: {member: iri_of(f"ps:{before}{member.value.capitalize()}{after}") for member in kind}
        for kind, before, after in (
            (model.OverrideMode, "", ""),
            (TouchKind, "", ""),
            (model.Carrier, "In", ""),
            (model.ReferenceForm, "By", ""),
            (model.FragmentKind, "", "Text"),
        )
    },
    model.Markup: {
        model.Markup.MODEL_SPEC: PS.ModelSpecMarkdown,
        model.Markup.RST: PS.ReStructuredText,
        model.Markup.MYST: PS.MystMarkdown,
        model.Markup.MARKDOWN: PS.PlainMarkdown,
    },
    model.Verdict: {model.Verdict.GOOD: PS.Good, model.Verdict.BAD: PS.Bad, model.Verdict.OK: PS.Acceptable},
}
"""The individuals of each enumeration."""


def _of(*owners: Owner) -> tuple[Field, ...]:
    """Return the fields of the attributes that these owners have."""
    return tuple(field for row in attributes_of(*owners) for field in _fields(row))


def _fields(row: Attribute) -> Iterator[Field]:
    predicate = iri_of(row.predicate)
    # Roles and categories are words in a graph, not things with an IRI.
    kind = "" if row.names in {"role", "category"} else row.names
    if row.choices:
        yield _choice(row.field, predicate, row.choices)
    elif row.is_address:
        yield Addresses(row.field, predicate)
    elif row.many:
        yield Many(row.field, predicate, kind)
    elif kind:
        yield Id(row.field, predicate, kind, row.always)
    elif row.named:
        yield Address(row.field, predicate)
        yield Name(row.field, iri_of(row.named))
    else:
        yield (Date if row.is_date else TextField)(row.field, predicate, row.always)


def _choice(name: str, predicate: Iri, kind: type[StrEnum], *, optional: bool = False) -> Choice:
    return Choice(name, predicate, TERMS[kind], optional)


def _texts(*names: str, always: bool = False) -> Iterator[TextField]:
    return (TextField(name, iri_of(f"ps:{name}"), always) for name in names)


_PROVISION: tuple[Field, ...] = (
    _ID,
    _TITLE,
    _SOURCE,
    Pairs("attributes", PS.attribute),
    Id("repeats", PS.repeats, "provision"),
    *_of("provision"),
)

_MESSAGE: tuple[Field, ...] = (
    *_of("message"),
    _TEXT,
    _SOURCE,
    Pairs("attributes", PS.attribute),
    Flag("untrusted", PS.UntrustedMessage),
)

_STATEMENT: tuple[Field, ...] = (
    *(
        Many(name, iri_of(f"ps:{name}"), "provision")
        for name in ("overrides", "narrows", "permits", "restates", "delegates", "forbids", "locks")
    ),
    *(Many("voids", PS.voids, "example"), Many("globs", PS.where), Pairs("words", PS.targetWords)),
    *(Flag("implied", PS.ImpliedStatement), TextField("delegates_to", PS.delegatesTo)),
    *_texts("overlay", "defines", "issue", "answer", "surface", "because", "audience"),
)

_OCCURRENCE: tuple[Field, ...] = (
    Id("source", PS.inProvision, "provision"),
    _choice("carrier", PS.carrier, model.Carrier),
    _TEXT,
)

RECORDS: Mapping[type, Record] = {
    model.Spec: Record(
        (PS.Spec, PROV.Entity),
        (*_of("spec"), Id("revision_of", PROV.wasRevisionOf, "release"), Many("overlays", PS.overlay)),
        spanned=False,
    ),
    model.Document: Record(
        (PS.Document,),
        (TextField("file", PS.file, always=True), _choice("markup", PS.markup, model.Markup)),
        spanned=False,
    ),
    model.AuthorityLevel: Record((PS.AuthorityLevel,), (_ID, *_of("level")), placeless=True),
    model.Topic: Record((SKOS.Concept,), (_ID, *_of("topic"))),
    model.Goal: Record((PS.Goal,), (_ID, *_of("goal"))),
    model.Priority: Record(
        (PS.Priority,), (Id("goal", PS.prioritizes, "goal", always=True), TextField("kind", PS.orderKind))
    ),
    model.Section: Record((PS.Section, PS.Provision), _PROVISION),
    model.Principle: Record((PS.Principle, PS.Provision), (*_PROVISION, *_of("principle"))),
    model.SpecStatement: Record(
        (PS.Statement, PS.Principle, PS.Provision), (*_PROVISION, *_of("principle"), *_STATEMENT)
    ),
    model.Refusal: Record(
        (PS.RefusedStatement,), (_ID, *_texts("operation", "named", "refused", "because", always=True))
    ),
    model.Clause: Record((PS.Clause,), (*_of("clause"), _TEXT)),
    model.Prose: Record((PS.Prose,), (_SOURCE, _TEXT)),
    model.Definition: Record(
        (PS.Definition,), (_ID, TextField("term", DCTERMS.title, always=True), _SOURCE, _TEXT)
    ),
    model.Commentary: Record((PS.Commentary,), (TextField("label", DCTERMS.title), _SOURCE, _TEXT)),
    model.Comment: Record((PS.Comment,), (_SOURCE,)),
    model.Example: Record(
        (PS.Example,), (_ID, _TITLE, TextField("source_title", PS.sourceTitle), _SOURCE, *_of("example"))
    ),
    model.EvalPrompt: Record((PS.EvalPrompt,), (_ID, _SOURCE, TextField("tag", PS.evalTag), *_of("prompt"))),
    model.Comparison: Record((PS.Comparison,)),
    model.Gap: Record((PS.Gap,)),
    model.Message: Record((PS.Message,), _MESSAGE),
    model.Response: Record(
        (PS.Response, PS.Message),
        (*_MESSAGE, _choice("verdict", PS.verdict, model.Verdict, optional=True), *_of("response")),
    ),
    model.Fragment: Record((PS.Fragment,), (_choice("kind", PS.fragmentKind, model.FragmentKind), _TEXT)),
    model.Reference: Record(
        (PS.Reference,), (*_OCCURRENCE, _choice("form", PS.referenceForm, model.ReferenceForm))
    ),
    model.Link: Record((PS.ExternalLink,), (*_OCCURRENCE, TextField("url", PS.url, always=True))),
    model.EvalTag: Record(
        (PS.EvalTag,),
        (
            TextField("tag", DCTERMS.identifier, always=True),
            TextField("clause", PS.text),
            TextField("test", PS.testPath),
        ),
    ),
    model.PromptFile: Record((PS.PromptFile,), (TextField("tag", PS.evalTag, always=True), _TITLE, _SOURCE)),
    model.Changelog: Record((PS.Changelog,), (_SOURCE,)),
    model.ChangelogEntry: Record(
        (PS.ChangelogEntry,), (TextField("version", OWL.versionInfo, always=True), _SOURCE, _TEXT)
    ),
}
"""Every model class that has an RDF class of its own."""


# Each attribute of a namespace is a look-up; these are used thousands of times.
_TYPE, _PART_OF, _ORDER = RDF.type, PS.partOf, PS.order
_FILE, _LINE, _COLUMN, _END_LINE, _END_COLUMN = PS.file, PS.line, PS.column, PS.endLine, PS.endColumn


class GraphWriter:
    """Collects triples in the order in which they are stated; a few are stated more than once.

    :param iris: creates the names
    """

    def __init__(self, iris: Iris) -> None:
        self.iris = iris
        self.numbered = False
        """Whether something got a number because another thing has the same id."""
        self._triples: list[Triple] = []
        self._named: Counter[Iri] = Counter()

    def add(self, subject: Iri, predicate: Iri, node: Term) -> None:
        """State one triple."""
        self._triples.append((subject, predicate, node))

    def take(self) -> list[Triple]:
        """Return the triples since the last call."""
        triples, self._triples = self._triples, []
        return triples

    def mint(self, kind: str, identifier: str) -> Iri:
        """Return the IRI of the next thing with that id; further things with the same id get ``~2``, ``~3``."""
        iri = self.iris.iri(kind, identifier)
        self._named[iri] += 1
        count = self._named[iri]
        self.numbered |= count > 1
        return iri if count == 1 else Iri(f"{iri}~{count}")

    def record(
        self,
        subject: Iri,
        value: Any,  # noqa: ANN401 - any class of RECORDS
        *,
        part_of: Iri | None = None,
        order: int | None = None,
        derived: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """State the classes, fields, place, owner and order of a model object.

        :param derived: ids for a field that follow from elsewhere in the spec; they are stated together with the object's
            own, and reading removes them again
        """
        record = RECORDS[type(value)]
        for kind in record.types:
            self.add(subject, _TYPE, kind)
        if part_of is not None:
            self.add(subject, _PART_OF, part_of)
        if order is not None:
            self.add(subject, _ORDER, order)
        for field in record.fields:
            content = getattr(value, field.name)
            if isinstance(field, Many):
                self._many(subject, field, content, (derived or {}).get(field.name, ()))
            else:
                self._state(subject, field, content)
        if record.spanned and value.span is not None:
            self.span(subject, value.span)

    def span(self, subject: Iri, span: model.Span) -> None:
        """State the place of a thing in the source; an end that equals the start is left out."""
        self.start(subject, span)
        if (span.end_line, span.end_column) != (span.line, span.column):
            self.add(subject, _END_LINE, span.end_line)
            self.add(subject, _END_COLUMN, span.end_column)

    def start(self, subject: Iri, span: model.Span) -> None:
        """State the beginning of a thing in the source."""
        self.add(subject, _FILE, span.file)
        self.add(subject, _LINE, span.line)
        self.add(subject, _COLUMN, span.column)

    def _state(self, subject: Iri, field: Field, content: Any) -> None:  # noqa: ANN401
        for node in field.write(content, self.iris):
            self.add(subject, field.predicate, node)

    def _many(self, subject: Iri, field: Many, content: tuple[Any, ...], derived: Iterable[str]) -> None:
        """State a set, and the exact tuple if reading the set would not reproduce it."""
        if not content and not derived:
            return
        self._state(subject, field, content)
        for item in derived:
            self.add(subject, field.predicate, self.iris.iri(field.kind, item))
        items = field.encode(content)
        if field.sort(set(items) - set(derived)) != content:
            self.add(subject, PS.sequence, json.dumps([sequence_key(field), *items]))


def sequence_key(field: Field) -> str:
    """Return the name under which a ``ps:sequence`` stores the exact tuple of a field."""
    return field.predicate.rpartition("#")[2].rpartition("/")[2]
