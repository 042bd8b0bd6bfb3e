"""RDF terms as plain values, the terms of ``policyspec.ttl`` and of other vocabularies, the folder of the ontology, the syntaxes by name; and the IRIs of a spec's things, from which ids can be read back."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import Brief

if TYPE_CHECKING:
    import rdflib

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
"""Integers as we write them; longer ones are none of ours."""


class Iri(str):
    """The name of a thing."""

    __slots__ = ()


class Blank(str):
    """The label of a thing without a name; only foreign graphs have some."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Foreign(Brief):
    """A literal that is neither a plain string nor an integer: a date, or a literal of a foreign graph."""

    text: str
    datatype: str
    language: str

    def __str__(self) -> str:
        """Return its text, as with any other literal."""
        return self.text


Term = Iri | Blank | str | int | Foreign
"""A ``str`` that is not a name is a plain literal, an ``int`` one of type ``xsd:integer``."""

Triple = tuple[Iri | Blank, Iri, Term]
"""A statement: subject, predicate, object."""


_EXCERPT_LENGTH = 100
"""Characters of a term in a message."""


def quoted(term: object) -> str:
    """Return a term, or its beginning, on one line in backticks, for messages."""
    line = " ".join(str(term)[: _EXCERPT_LENGTH + 1].split())
    return f"`{line if len(line) <= _EXCERPT_LENGTH else line[:_EXCERPT_LENGTH] + '…'}`"


def literal_term(text: str, datatype: str, language: str = "") -> str | int | Foreign:
    """Return a literal as a term.

    :param datatype: an IRI, or the empty text for a plain string
    """
    if language or datatype not in {"", f"{_XSD}string", f"{_XSD}integer"}:
        return Foreign(text, datatype, language)
    if not datatype.endswith("integer"):
        return text
    return int(text) if _INTEGER.fullmatch(text) else Foreign(text, datatype, "")


def ontology_dir() -> Path:
    """Return the folder of the ontology: inside the package if installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ontology"
    return installed if installed.is_dir() else package.parent / "ontology"


VOCABULARIES = {"ontology": "policyspec.ttl", "shapes": "shapes.ttl"}
"""The published Turtle files in the folder of the ontology, by name."""


@cache
def ontology_terms() -> frozenset[str]:
    """Return the names of all terms that the ontology defines."""
    text = (ontology_dir() / "policyspec.ttl").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^ps:(\w+) a ", text, re.MULTILINE))


@cache
def ontology_version() -> Iri:
    """Return the name of the ontology's version."""
    text = (ontology_dir() / "policyspec.ttl").read_text(encoding="utf-8")
    found = re.search(r"^ +owl:versionIRI <([^>]+)>", text, re.MULTILINE)
    return Iri(found[1] if found else ONTOLOGY)


@cache
def ontology_digest() -> str:
    """Return a digest that changes with every term, key, question and rule; computed once."""
    state = hashlib.sha256()
    for file in sorted(ontology_dir().rglob("*")):
        if file.suffix in {".jsonld", ".rq", ".ttl"}:
            state.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()


PREFIXES = {
    "dc": "http://purl.org/dc/elements/1.1/",
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

ASKED_PREFIXES = PREFIXES | {
    "adms": "http://www.w3.org/ns/adms#",
    "earl": "http://www.w3.org/ns/earl#",
    "oa": "http://www.w3.org/ns/oa#",
    "schema": "https://schema.org/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
}
"""The same, with the prefixes of graphs of alignments, results, feedback and decisions: queries need not declare them."""

ONTOLOGY = PREFIXES["ps"].removesuffix("#")
"""The name of the ontology itself."""


def iri_of(name: str) -> Iri:
    """Return the IRI of a name with one of the prefixes."""
    prefix, _, local = name.partition(":")
    return Iri(ASKED_PREFIXES[prefix] + local)


class _Namespace:
    """Terms as attributes: only those that are listed."""

    def __init__(self, prefix: str, names: Iterable[str]) -> None:
        self.__dict__ = {name: iri_of(f"{prefix}:{name}") for name in names}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Iri: ...


ADMS = _Namespace("adms", ("status",))
ADMS_STATUS = "http://purl.org/adms/status/"
"""Prefix of the statuses of ADMS."""
EARL = _Namespace(
    "earl", ("Assertion", "Assertor", "TestSubject", "assertedBy", "automatic", "mode", "subject", "test")
)
OA = _Namespace(
    "oa",
    (
        *("Annotation", "SpecificResource", "TextPositionSelector", "TextQuoteSelector", "TimeState"),
        *("end", "exact", "hasSelector", "hasSource", "hasState", "hasTarget", "prefix", "start", "suffix"),
    ),
)
SCHEMA = _Namespace("schema", ("Comment", "text", "url"))
DCTERMS = _Namespace(
    "dcterms",
    (
        *("conformsTo", "created", "creator", "identifier", "isReplacedBy", "issued", "license"),
        *("modified", "publisher", "replaces", "requires", "title"),
    ),
)
OWL = _Namespace(
    "owl",
    (
        *("annotatedProperty", "annotatedSource", "annotatedTarget"),
        *("AnnotationProperty", "AsymmetricProperty", "Class", "DatatypeProperty", "FunctionalProperty"),
        *("IrreflexiveProperty", "ObjectProperty", "disjointWith", "equivalentClass", "hasValue"),
        *("intersectionOf", "inverseOf", "members", "oneOf", "onProperty", "propertyDisjointWith"),
        *("sameAs", "someValuesFrom", "unionOf", "versionIRI", "versionInfo"),
    ),
)
PROV = _Namespace(
    "prov",
    (
        *("Activity", "Entity", "SoftwareAgent", "startedAtTime", "wasDerivedFrom", "wasGeneratedBy"),
        "wasRevisionOf",
    ),
)
RDF = _Namespace("rdf", ("first", "nil", "rest", "type"))
RDFS = _Namespace(
    "rdfs", ("comment", "domain", "isDefinedBy", "label", "range", "subClassOf", "subPropertyOf")
)
SKOS = _Namespace(
    "skos",
    (
        *("Concept", "altLabel", "broadMatch", "broader", "closeMatch", "exactMatch", "narrowMatch"),
        *("prefLabel", "related", "relatedMatch"),
    ),
)
XSD = _Namespace("xsd", ("boolean", "date", "dateTime", "double", "integer", "string"))
PS = _Namespace("ps", ontology_terms())
"""Terms of the policyspec ontology; a term that it does not define fails at once."""


DEFAULT_BASE = "urn:policyspec:spec:"

KINDS = tuple(
    """
    anchor change changelog changelog-entry clause comment commentary comparison decision-record definition document eval-difference eval-grader eval-model eval-result eval-run eval-tag example feedback fragment gap goal level
    link message priority prompt prompt-file proposal prose provision reference refusal release topic touch
    """.split()  # noqa: SIM905 - a list of literals is harder to read
)
"""The kinds of things that get an IRI."""

_PLAIN = re.compile(r"[A-Za-z0-9_/-]*")
"""Most ids: they need no encoding."""
UNDATED = "undated"


class OwnGraph(enum.StrEnum):
    """The graphs of a spec beside its releases, by the end of their names."""

    CHANGES = "changes"
    RESULTS = "results"
    FEEDBACK = "feedback"
    DECISIONS = "decisions"


class Iris:
    """Creates ``<base><kind>/<id>`` and reads it back.

    An id may be any text: everything except ASCII letters, digits, ``_ - . /`` is percent-encoded, so that decoding is
    exact. ``~`` never comes from an id; it marks the second of two equal ids (``provision/be_kind~2``). A part without an
    id of its own is below its owner's IRI: ``message/example/<example id>/3``.

    :param base: prefix of every IRI, to which an ending may be added; an invalid one becomes a part of the default
        base
    """

    def __init__(self, base: str = "") -> None:
        from sphinx_policyspec.model.spec import with_ending  # noqa: PLC0415  a child, which makes none, starts in half the time

        self.base = _absolute(with_ending(base) or DEFAULT_BASE)
        self._minted: dict[tuple[str, str], Iri] = {}

    @classmethod
    def of_release(cls, release: Iri, version: str) -> Iris:
        """Return the IRIs of a spec from the IRI and the version of a release."""
        ending = "release/" + _encode(version or UNDATED)
        if release.endswith(ending):
            return cls(release.removesuffix(ending))
        return cls(release.rpartition("release/")[0])

    def release(self, version: str) -> Iri:
        """Return the IRI of a release, which is also the name of its graph."""
        return self.iri("release", version or UNDATED)

    def beside(self, graph: OwnGraph) -> Iri:
        """Return the name of a graph beside the releases."""
        return Iri(self.base + graph)

    def iri(self, kind: str, identifier: str) -> Iri:
        """Return the IRI of a thing by its kind and id."""
        key = (kind, identifier)
        if (iri := self._minted.get(key)) is None:
            iri = self._minted[key] = Iri(f"{self.base}{kind}/{_encode(identifier)}")
        return iri

    def part(self, kind: str, owner: Iri, *place: int | str) -> Iri:
        """Return the IRI of a part of ``owner``, distinguished by its place there."""
        steps = (_encode(str(step)).replace("/", "%2F") for step in place)
        return Iri("/".join((self.base + kind, owner.removeprefix(self.base), *steps)))

    def is_proposal(self, graph: str) -> bool:
        """Return whether a graph is that of a proposal, by its name."""
        return graph.startswith(f"{self.base}proposal/")

    def kind_and_id(self, iri: str) -> tuple[str, str] | None:
        """Return the arguments of :meth:`iri` for an IRI; ``None`` if it cannot come from there."""
        if not iri.startswith(self.base):
            return None
        kind, slash, encoded = iri[len(self.base) :].partition("/")
        if not slash:
            return None
        try:
            return kind, unquote(encoded, errors="strict")
        except UnicodeDecodeError:
            return None


def _absolute(base: str) -> str:
    """Return a base that makes valid IRIs, for any input."""
    import pyoxigraph  # noqa: PLC0415  terms are read where no graph is made

    try:
        pyoxigraph.NamedNode(base + "release/")
    except ValueError:
        return DEFAULT_BASE + _encode(base) + "/"
    return base


def _encode(text: str) -> str:
    """Percent-encode characters that do not belong into the last part of an IRI, so that decoding is exact."""
    if _PLAIN.fullmatch(text):
        return text
    encoded = quote(text, safe="/", errors="surrogatepass").replace("~", "%7E")
    # Segments that consist of dots would be dropped by readers that resolve relative IRIs.
    if "." in encoded:
        encoded = "/".join(
            segment.replace(".", "%2E") if segment in {".", ".."} else segment
            for segment in encoded.split("/")
        )
    return encoded


_MIB = 2**20
MAX_BYTES = 256 * _MIB
"""Larger graph files are not read: reading takes about ten times their size in memory."""
LONGEST_TEXT = 16 * _MIB
"""Bytes of the longest text or name that the engine reads."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "ttl": "text/turtle",
        "nt": "application/n-triples",
        "nq": "application/n-quads",
        "trig": "application/trig",
        "jsonld": "application/ld+json",
        "rdf": "application/rdf+xml",
    }
)
"""Media types of the formats."""

FORMATS = tuple(MEDIA_TYPES)
"""Names of the formats, which are also the suffixes of their files."""
NAMED_GRAPHS = ("nq", "trig")
"""Formats that hold several graphs, each with a name."""


def format_of_suffix(suffix: str) -> str | None:
    """Return the format for a suffix such as ``.ttl``, ``None`` if there is none."""
    name = suffix.lower().removeprefix(".")
    return name if name in FORMATS else None


def check_texts(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of N-Triples; raise :class:`SourceError` at a text that is too long to be read from a graph file."""
    for line in lines:
        if len(line) > LONGEST_TEXT // 4 and len(line.encode(errors="replace")) > LONGEST_TEXT:
            subject = line.partition(" ")[0][:100]
            raise SourceError(
                f"a text of {subject} is longer than {LONGEST_TEXT // _MIB} MiB, "
                "the most that can be read from a graph file: split it"
            )
        yield line


def checked_size(pieces: Iterable[bytes], form: str) -> Iterator[bytes]:
    """Yield the pieces of a graph file; raise :class:`SourceError` at the end if it is too large to be read again."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size <= MAX_BYTES:
            yield piece
    if size > MAX_BYTES:
        raise SourceError(
            f"the graph would be {size // _MIB:,} MiB as {form}, and {MAX_BYTES // _MIB} MiB is the most that is read: "
            f"{smaller(form)}"
        )


def smaller(form: str) -> str:
    """Return advice for a graph that is too large in a format."""
    shorter = {"nt": "ttl", "rdf": "ttl", "nq": "trig"}.get(form)
    split = "split the spec, or write each release by itself"
    return f"write it as {shorter}, which is shorter, or {split}" if shorter else split


def single(predicate: Iri, objects: list[Term]) -> Term | None:
    """Return the only object of a property that has at most one."""
    if len(objects) > 1:
        values = ", ".join(quoted(node) for node in sorted(objects, key=str)[:2])
        raise SourceError(f"the graph gives `{predicate}` twice to one thing: {values}")
    return objects[0] if objects else None


def text_of(node: Term, predicate: Iri) -> str:
    """Return the text of a literal."""
    if isinstance(node, Iri | Blank):
        raise SourceError(f"{quoted(node)} is the name of a thing where `{predicate}` takes a text")
    return str(node)


def id_of(node: Term, iris: Iris) -> str:
    """Return the id in an IRI of ours."""
    kind_and_id = iris.kind_and_id(str(node)) if isinstance(node, Iri) else None
    if kind_and_id is None:
        raise SourceError(
            f"{quoted(node)} is not a name that starts with {quoted(iris.base)} and escapes UTF-8, as those of this spec do"
        )
    return kind_and_id[1]


# -- rdflib --------------------------------------------------------------------------------


def graph_of(triples: Iterable[Triple], name: str | None = None) -> rdflib.Graph:
    """Return an rdflib graph with these triples and our prefixes.

    :param name: the IRI of the graph
    """
    import rdflib  # noqa: PLC0415  slow, and rarely asked for

    def converted(term: Term) -> rdflib.term.Node:
        key = type(term), term
        if (node := nodes.get(key)) is None:
            node = nodes[key] = _node(term)
        return node

    graph = rdflib.Graph("SimpleMemory", identifier=name and rdflib.URIRef(name), bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    add = graph.store.add
    # An IRI and a string with the same letters are equal as keys, but not the same term.
    nodes: dict[tuple[type, Term], rdflib.term.Node] = {}
    for subject, predicate, term in triples:
        add((converted(subject), converted(predicate), converted(term)), graph)
    return graph


def triples_in(graph: rdflib.Graph) -> Iterator[Triple]:
    """Yield the triples of an rdflib graph."""
    terms: dict[rdflib.term.Node, Term] = {}
    for triple in graph:
        for node in triple:
            if node not in terms:
                terms[node] = _term(node)
        yield cast("Triple", tuple(terms[node] for node in triple))


def _node(term: Term) -> rdflib.term.Node:
    from rdflib import BNode, Literal, URIRef  # noqa: PLC0415  as above

    match term:
        case Iri():
            return URIRef(term)
        case Blank():
            return BNode(term)
        case Foreign(text, datatype, language):
            return Literal(text, lang=language or None, datatype=None if language else URIRef(datatype))
        case str():
            # The literal keeps its characters: its lexical form is not normalized.
            return Literal(term, normalize=False)
    return Literal(term)


def _term(node: rdflib.term.Node) -> Term:
    """Return a term of rdflib as one of ours."""
    from rdflib import Literal, URIRef  # noqa: PLC0415  as above

    text = str(node)
    if not isinstance(node, Literal):
        return Iri(text) if isinstance(node, URIRef) else Blank(text)
    return literal_term(text, str(node.datatype or ""), node.language or "")
