"""The terms of ``policyspec.ttl`` as a closed namespace, and the other namespaces."""

from __future__ import annotations

from sphinx_policyspec.graph.ontology import ontology_dir
from sphinx_policyspec.graph.terms import Iri

__all__ = [
    "DCTERMS",
    "ONTOLOGY",
    "OWL",
    "PREFIXES",
    "PROV",
    "PS",
    "RDF",
    "RDFS",
    "SKOS",
    "XSD",
    "ontology_dir",
]

PREFIXES = {
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "ps": "https://w3id.org/policyspec#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that our outputs and questions use."""

ONTOLOGY = PREFIXES["ps"].removesuffix("#")
"""The name of the ontology itself."""


class _Namespace:
    """Terms as class attributes: those that are declared, and no other."""

    def __init_subclass__(cls, *, prefix: str) -> None:
        for name in cls.__annotations__:
            setattr(cls, name, Iri(PREFIXES[prefix] + name))


class DCTERMS(_Namespace, prefix="dcterms"):
    """What we use of the DCMI metadata terms."""

    identifier: Iri
    issued: Iri
    license: Iri
    publisher: Iri
    title: Iri


class OWL(_Namespace, prefix="owl"):
    """What we use of OWL."""

    AnnotationProperty: Iri
    AsymmetricProperty: Iri
    Class: Iri
    DatatypeProperty: Iri
    FunctionalProperty: Iri
    IrreflexiveProperty: Iri
    ObjectProperty: Iri
    disjointWith: Iri  # noqa: N815 - names of RDF properties, here and below
    equivalentClass: Iri  # noqa: N815
    hasValue: Iri  # noqa: N815
    intersectionOf: Iri  # noqa: N815
    inverseOf: Iri  # noqa: N815
    members: Iri
    onProperty: Iri  # noqa: N815
    oneOf: Iri  # noqa: N815
    propertyDisjointWith: Iri  # noqa: N815
    someValuesFrom: Iri  # noqa: N815
    unionOf: Iri  # noqa: N815
    versionIRI: Iri  # noqa: N815
    versionInfo: Iri  # noqa: N815


class PROV(_Namespace, prefix="prov"):
    """What we use of PROV-O."""

    Entity: Iri
    wasRevisionOf: Iri  # noqa: N815


class RDF(_Namespace, prefix="rdf"):
    """What we use of RDF's own terms."""

    first: Iri
    nil: Iri
    rest: Iri
    type: Iri


class RDFS(_Namespace, prefix="rdfs"):
    """What we use of RDF Schema."""

    comment: Iri
    domain: Iri
    isDefinedBy: Iri  # noqa: N815
    label: Iri
    range: Iri
    subClassOf: Iri  # noqa: N815
    subPropertyOf: Iri  # noqa: N815


class SKOS(_Namespace, prefix="skos"):
    """What we use of SKOS."""

    Concept: Iri
    altLabel: Iri  # noqa: N815
    broader: Iri
    prefLabel: Iri  # noqa: N815
    related: Iri


class XSD(_Namespace, prefix="xsd"):
    """What we use of the types of XML Schema."""

    boolean: Iri
    integer: Iri
    string: Iri


class PS(_Namespace, prefix="ps"):
    """Terms of the policyspec ontology; a term that is not here fails at once.

    What each means is written in ``ontology/policyspec.ttl``, and a test keeps the two equal.
    """

    # Classes
    AuthorityLevel: Iri
    Change: Iri
    Changelog: Iri
    ChangelogEntry: Iri
    Clause: Iri
    Comment: Iri
    Commentary: Iri
    Comparison: Iri
    Default: Iri
    Definition: Iri
    DeveloperOverridableDefault: Iri
    Document: Iri
    EvalPrompt: Iri
    EvalTag: Iri
    Example: Iri
    ExternalLink: Iri
    Fragment: Iri
    Gap: Iri
    Goal: Iri
    HardRule: Iri
    ImplicitlyOverridable: Iri
    Message: Iri
    OverrideMode: Iri
    Principle: Iri
    PromptFile: Iri
    Prose: Iri
    Provision: Iri
    Reference: Iri
    Response: Iri
    Section: Iri
    Spec: Iri
    Touch: Iri
    UntrustedMessage: Iri
    UserOverridableDefault: Iri
    Verdict: Iri

    # Individuals
    Acceptable: Iri
    Bad: Iri
    Explicit: Iri
    Good: Iri
    Implicit: Iri
    Never: Iri

    # Relations between resources
    about: Iri
    authority: Iri
    belongsTo: Iri  # noqa: N815
    changed: Iri
    conflictsWith: Iri  # noqa: N815
    context: Iri
    directlyOutranks: Iri  # noqa: N815
    exceptionTo: Iri  # noqa: N815
    illustrates: Iri
    inRelease: Iri  # noqa: N815
    includes: Iri
    mentions: Iri
    outranks: Iri
    overridableBy: Iri  # noqa: N815
    overrideMode: Iri  # noqa: N815
    partOf: Iri  # noqa: N815
    preferredOver: Iri  # noqa: N815
    referencedBy: Iri  # noqa: N815
    references: Iri
    refines: Iri
    repeats: Iri
    serves: Iri
    sinceRelease: Iri  # noqa: N815
    source: Iri
    subsectionOf: Iri  # noqa: N815
    target: Iri
    testPath: Iri  # noqa: N815
    tests: Iri
    topic: Iri
    touchedTopic: Iri  # noqa: N815
    toucher: Iri
    touches: Iri
    verdict: Iri
    violates: Iri
    weighs: Iri
    within: Iri

    # Values
    after: Iri
    alias: Iri
    attribute: Iri
    before: Iri
    baseIri: Iri  # noqa: N815
    carrier: Iri
    category: Iri
    changeKind: Iri  # noqa: N815
    column: Iri
    depth: Iri
    endColumn: Iri  # noqa: N815
    endLine: Iri  # noqa: N815
    exempts: Iri
    file: Iri
    form: Iri
    fragmentKind: Iri  # noqa: N815
    inferredWith: Iri  # noqa: N815
    kind: Iri
    language: Iri
    line: Iri
    link: Iri
    markup: Iri
    name: Iri
    note: Iri
    order: Iri
    placeholder: Iri
    rank: Iri
    recipient: Iri
    role: Iri
    rule: Iri
    sequence: Iri
    setting: Iri
    since: Iri
    sourceText: Iri  # noqa: N815
    sourceTitle: Iri  # noqa: N815
    status: Iri
    tag: Iri
    targetName: Iri  # noqa: N815
    text: Iri
    untrusted: Iri
    url: Iri
    via: Iri
    weight: Iri
