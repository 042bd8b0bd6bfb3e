"""Which class and which properties carry each model class, stated once for writing and reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sphinx_policyspec.graph.fields import Choice, Field, Flag, Id, Many, Pairs, Text
from sphinx_policyspec.graph.terms import Iri, Term
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

__all__ = ["RECORDS", "Record"]


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
_TERMS: Mapping[type[StrEnum], Mapping[StrEnum, Term]] = {
    OverrideMode: {
        OverrideMode.NEVER: PS.Never,
        OverrideMode.EXPLICIT: PS.Explicit,
        OverrideMode.IMPLICIT: PS.Implicit,
    }
}
_SOURCE = Text("source", PS.sourceText)
_CARRIER = Choice("carrier", PS.carrier, {carrier: carrier.value for carrier in Carrier})


def _of(*owners: Owner) -> tuple[Field, ...]:
    """Return the fields of the attributes that these owners have."""
    return tuple(map(_field, attributes_of(*owners)))


def _field(row: Attribute) -> Field:
    predicate = iri_of(row.predicate)
    kind = "" if row.names == "role" else row.names
    if row.choices:
        return Choice(row.field, predicate, _TERMS[row.choices])
    if row.many:
        return Many(row.field, predicate, kind)
    return (
        Id(row.field, predicate, kind, row.always) if kind else Text(row.field, predicate, always=row.always)
    )


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
            Choice("markup", PS.markup, {markup: markup.value for markup in Markup}),
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
            Choice(
                "verdict",
                PS.verdict,
                {Verdict.GOOD: PS.Good, Verdict.BAD: PS.Bad, Verdict.OK: PS.Acceptable},
                optional=True,
            ),
            *_of("response"),
        ),
    ),
    Fragment: Record(
        (PS.Fragment,),
        (Choice("kind", PS.fragmentKind, {kind: kind.value for kind in FragmentKind}), _TEXT),
    ),
    Reference: Record(
        (PS.Reference,),
        (
            Id("source", PS.source, "provision"),
            _CARRIER,
            Choice("form", PS.form, {form: form.value for form in ReferenceForm}),
            _TEXT,
        ),
    ),
    Link: Record(
        (PS.ExternalLink,),
        (Id("source", PS.source, "provision"), Text("url", PS.url, always=True), _CARRIER, _TEXT),
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
