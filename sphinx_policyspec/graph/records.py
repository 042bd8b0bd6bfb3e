"""Which class and which properties carry each model class, stated once for writing and reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sphinx_policyspec.graph.fields import Address, Choice, Date, Field, Flag, Id, Many, Name, Pairs, Text
from sphinx_policyspec.graph.terms import Iri
from sphinx_policyspec.graph.touches import TouchKind
from sphinx_policyspec.graph.vocabulary import DCTERMS, OWL, PROV, PS, SKOS, iri_of
from sphinx_policyspec.model import (
    AuthorityLevel,
    Carrier,
    Changelog,
    ChangelogEntry,
    Clause,
    Comment,
    Commentary,
    Comparison,
    Definition,
    Document,
    EvalPrompt,
    EvalTag,
    Example,
    Fragment,
    FragmentKind,
    Gap,
    Goal,
    Link,
    Markup,
    Message,
    OverrideMode,
    Principle,
    PromptFile,
    Prose,
    Reference,
    ReferenceForm,
    Response,
    Section,
    Spec,
    Topic,
    Verdict,
)
from sphinx_policyspec.model.attributes import Attribute, Owner, attributes_of

__all__ = ["RECORDS", "TERMS", "Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """What states an object of one model class.

    Beside the fields, ``to_graph`` and ``from_graph`` know how objects hang together: what is
    part of what, in which order, and where in the source.

    :param types: the most specific class first, then all its superclasses
    :param spanned: whether it has a place in the source
    :param placeless: whether one of the kind may have none all the same
    """

    types: tuple[Iri, ...]
    fields: tuple[Field, ...] = ()
    spanned: bool = True
    placeless: bool = False


_ID = Text("id", DCTERMS.identifier, always=True)
_TITLE = Text("title", DCTERMS.title, always=True)
_TEXT = Text("text", PS.text)
_SOURCE = Text("source", PS.sourceText)

TERMS: Mapping[type[StrEnum], Mapping[StrEnum, Iri]] = {
    **{
        kind: {member: iri_of(f"ps:{member.value.capitalize()}") for member in kind}
        for kind in (OverrideMode, TouchKind)
    },
    Carrier: {Carrier.TITLE: PS.InTitle, Carrier.TEXT: PS.InText, Carrier.VERDICT: PS.InVerdict},
    FragmentKind: {
        FragmentKind.UNTRUSTED: PS.UntrustedText,
        FragmentKind.SETTING: PS.SettingText,
        FragmentKind.PLACEHOLDER: PS.PlaceholderText,
    },
    Markup: {
        Markup.MODEL_SPEC: PS.ModelSpecMarkdown,
        Markup.RST: PS.ReStructuredText,
        Markup.MYST: PS.MystMarkdown,
    },
    ReferenceForm: {
        ReferenceForm.TITLE: PS.ByTitle,
        ReferenceForm.TEXT: PS.ByText,
        ReferenceForm.ID: PS.ById,
    },
    Verdict: {Verdict.GOOD: PS.Good, Verdict.BAD: PS.Bad, Verdict.OK: PS.Acceptable},
}
"""The individuals of each closed list."""


def _of(*owners: Owner) -> tuple[Field, ...]:
    """Return the fields of the attributes that these owners have."""
    return tuple(field for row in attributes_of(*owners) for field in _fields(row))


def _fields(row: Attribute) -> Iterator[Field]:
    predicate = iri_of(row.predicate)
    kind = "" if row.names == "role" else row.names
    if row.choices:
        yield _choice(row.field, predicate, row.choices)
    elif row.many:
        yield Many(row.field, predicate, kind)
    elif kind:
        yield Id(row.field, predicate, kind, row.always)
    elif row.named:
        yield Address(row.field, predicate)
        yield Name(row.field, iri_of(row.named))
    else:
        yield (Date if row.is_date else Text)(row.field, predicate, row.always)


def _choice(name: str, predicate: Iri, kind: type[StrEnum], *, optional: bool = False) -> Choice:
    return Choice(name, predicate, TERMS[kind], optional)


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

_OCCURRENCE: tuple[Field, ...] = (
    Id("source", PS.inProvision, "provision"),
    _choice("carrier", PS.carrier, Carrier),
    _TEXT,
)

RECORDS: Mapping[type, Record] = {
    Spec: Record(
        (PS.Spec, PROV.Entity),
        (
            *_of("spec"),
            Id("revision_of", PROV.wasRevisionOf, "release"),
        ),
        spanned=False,
    ),
    Document: Record(
        (PS.Document,),
        (
            Text("file", PS.file, always=True),
            _choice("markup", PS.markup, Markup),
        ),
        spanned=False,
    ),
    AuthorityLevel: Record((PS.AuthorityLevel,), (_ID, *_of("level")), placeless=True),
    Topic: Record((SKOS.Concept,), (_ID, *_of("topic"))),
    Goal: Record((PS.Goal,), (_ID, *_of("goal"))),
    Section: Record((PS.Section, PS.Provision), _PROVISION),
    Principle: Record((PS.Principle, PS.Provision), (*_PROVISION, *_of("principle"))),
    Clause: Record((PS.Clause,), (*_of("clause"), _TEXT)),
    Prose: Record((PS.Prose,), (_SOURCE, _TEXT)),
    Definition: Record((PS.Definition,), (_ID, Text("term", DCTERMS.title, always=True), _SOURCE, _TEXT)),
    Commentary: Record((PS.Commentary,), (Text("label", DCTERMS.title), _SOURCE, _TEXT)),
    Comment: Record((PS.Comment,), (_SOURCE,)),
    Example: Record(
        (PS.Example,),
        (
            _ID,
            _TITLE,
            Text("source_title", PS.sourceTitle),
            _SOURCE,
            *_of("example"),
        ),
    ),
    EvalPrompt: Record(
        (PS.EvalPrompt,),
        (_ID, _SOURCE, Text("tag", PS.evalTag), *_of("prompt")),
    ),
    Comparison: Record((PS.Comparison,)),
    Gap: Record((PS.Gap,)),
    Message: Record((PS.Message,), _MESSAGE),
    Response: Record(
        (PS.Response, PS.Message),
        (
            *_MESSAGE,
            _choice("verdict", PS.verdict, Verdict, optional=True),
            *_of("response"),
        ),
    ),
    Fragment: Record(
        (PS.Fragment,),
        (_choice("kind", PS.fragmentKind, FragmentKind), _TEXT),
    ),
    Reference: Record(
        (PS.Reference,),
        (
            *_OCCURRENCE,
            _choice("form", PS.referenceForm, ReferenceForm),
        ),
    ),
    Link: Record(
        (PS.ExternalLink,),
        (*_OCCURRENCE, Text("url", PS.url, always=True)),
    ),
    EvalTag: Record(
        (PS.EvalTag,),
        (Text("tag", DCTERMS.identifier, always=True), Text("clause", PS.text), Text("test", PS.testPath)),
    ),
    PromptFile: Record((PS.PromptFile,), (Text("tag", PS.evalTag, always=True), _TITLE, _SOURCE)),
    Changelog: Record((PS.Changelog,), (_SOURCE,)),
    ChangelogEntry: Record(
        (PS.ChangelogEntry,), (Text("version", OWL.versionInfo, always=True), _SOURCE, _TEXT)
    ),
}
"""Every model class that has an RDF class of its own."""
