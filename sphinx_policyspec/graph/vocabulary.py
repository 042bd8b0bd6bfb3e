"""The terms of ``policyspec.ttl`` as a closed namespace, and the other namespaces."""

from __future__ import annotations

from rdflib import DCTERMS, OWL, PROV, RDF, SKOS, Namespace, URIRef
from rdflib.namespace import DefinedNamespace

from sphinx_policyspec.graph.ontology import ontology_dir

__all__ = ["DCTERMS", "OWL", "PREFIXES", "PROV", "PS", "RDF", "SKOS", "ontology_dir"]


class PS(DefinedNamespace):
    """Terms of the policyspec ontology; a term that is not here fails at once.

    What each means is written in ``ontology/policyspec.ttl``, and a test keeps the two equal.
    """

    _NS = Namespace("https://w3id.org/policyspec#")
    _fail = True

    # Classes
    AuthorityLevel: URIRef
    Changelog: URIRef
    ChangelogEntry: URIRef
    Clause: URIRef
    Commentary: URIRef
    Comparison: URIRef
    Default: URIRef
    Definition: URIRef
    DeveloperOverridableDefault: URIRef
    Document: URIRef
    EvalPrompt: URIRef
    EvalTag: URIRef
    Example: URIRef
    ExternalLink: URIRef
    Fragment: URIRef
    Gap: URIRef
    Goal: URIRef
    HardRule: URIRef
    ImplicitlyOverridable: URIRef
    Message: URIRef
    OverrideMode: URIRef
    Principle: URIRef
    PromptFile: URIRef
    Prose: URIRef
    Provision: URIRef
    Reference: URIRef
    Response: URIRef
    Section: URIRef
    Spec: URIRef
    Touch: URIRef
    UntrustedMessage: URIRef
    UserOverridableDefault: URIRef
    Verdict: URIRef

    # Individuals
    Acceptable: URIRef
    Bad: URIRef
    Explicit: URIRef
    Good: URIRef
    Implicit: URIRef
    Never: URIRef

    # Relations between resources
    about: URIRef
    authority: URIRef
    belongsTo: URIRef  # noqa: N815 - names of RDF properties, here and below
    conflictsWith: URIRef  # noqa: N815
    context: URIRef
    directlyOutranks: URIRef  # noqa: N815
    exceptionTo: URIRef  # noqa: N815
    illustrates: URIRef
    includes: URIRef
    mentions: URIRef
    outranks: URIRef
    overridableBy: URIRef  # noqa: N815
    overrideMode: URIRef  # noqa: N815
    partOf: URIRef  # noqa: N815
    preferredOver: URIRef  # noqa: N815
    referencedBy: URIRef  # noqa: N815
    references: URIRef
    refines: URIRef
    serves: URIRef
    source: URIRef
    subsectionOf: URIRef  # noqa: N815
    target: URIRef
    tests: URIRef
    topic: URIRef
    touchedTopic: URIRef  # noqa: N815
    toucher: URIRef
    touches: URIRef
    verdict: URIRef
    violates: URIRef
    weighs: URIRef
    within: URIRef

    # Values
    alias: URIRef
    attribute: URIRef
    baseIri: URIRef  # noqa: N815
    carrier: URIRef
    category: URIRef
    column: URIRef
    depth: URIRef
    endColumn: URIRef  # noqa: N815
    endLine: URIRef  # noqa: N815
    exempts: URIRef
    file: URIRef
    form: URIRef
    fragmentKind: URIRef  # noqa: N815
    kind: URIRef
    line: URIRef
    link: URIRef
    markup: URIRef
    name: URIRef
    note: URIRef
    order: URIRef
    placeholder: URIRef
    rank: URIRef
    recipient: URIRef
    role: URIRef
    sequence: URIRef
    setting: URIRef
    since: URIRef
    sourceText: URIRef  # noqa: N815
    sourceTitle: URIRef  # noqa: N815
    status: URIRef
    tag: URIRef
    targetName: URIRef  # noqa: N815
    text: URIRef
    untrusted: URIRef
    url: URIRef
    via: URIRef


PREFIXES = {
    "dcterms": str(DCTERMS),
    "owl": str(OWL),
    "prov": str(PROV),
    "ps": str(PS._NS),  # noqa: SLF001 - the only name that a DefinedNamespace has for its IRI
    "rdf": str(RDF),
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": str(SKOS),
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that our outputs and questions use."""
