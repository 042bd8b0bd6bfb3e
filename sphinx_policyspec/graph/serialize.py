"""Graph → bytes in six formats, the same bytes for the same graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, groupby, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from sphinx_policyspec.errors import QueryError, SchemaError, SourceError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph import syntaxes, terms
from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.questions import Answer, CellKind
from sphinx_policyspec.graph.to_graph import parts_of, triples_of
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.nearest import nearest

if TYPE_CHECKING:
    from rdflib import Graph

Triples: TypeAlias = "Graph | Sequence[terms.Triple] | Iterator[terms.Triple]"
"""What says a graph: one of rdflib, or triples alone, which need no rdflib."""

_TYPE = str(terms.RDF.type)
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,14}")
"""Integers that come out of any JSON parser as they went in."""


def _json_ld(lines: Iterable[str], spoken_of: Iterable[str], release: str) -> Iterator[str]:
    """Yield the document piece by piece, a line for each property.

    :param lines: N-Triples, grouped by subject and predicate
    :param spoken_of: the names in them, as N-Triples writes them, but for those of properties
    :param release: the IRI of the spec, if the graph holds one; names below its base are shortened
    """
    names = _Names(spoken_of, release.rpartition("release/")[0])
    quads = groupby(syntaxes.parsed(lines), key=lambda quad: quad.subject)
    nodes = (names.node(subject, group) for subject, group in quads)
    context = {**_context(), **{kind: f"{names.base}{kind}/" for kind in sorted(names.kinds)}}
    yield '{\n"@context": {\n'
    yield ",\n".join(f" {_text(key)}: {_text(value)}" for key, value in context.items())
    yield '\n},\n"@graph": [\n'
    for number, node in enumerate(nodes):
        lines = ",\n".join(f"  {_text(key)}: {_text(value)}" for key, value in node.items())
        yield (",\n {\n" if number else " {\n") + lines + "\n }"
    yield "\n]\n}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """What the context says of a property.

    :param type: what its plain values are: IRIs (``@id``), terms (``@vocab``), a datatype or strings
    :param many: whether its value is always a list
    """

    key: str
    type: str = ""
    many: bool = False


class _Names:
    """Shortens IRIs, by the kinds that occur and that no IRI has as its scheme.

    :param base: what names of the spec's own things begin with
    """

    def __init__(self, spoken_of: Iterable[str], base: str) -> None:
        schemes: set[str] = set()
        found: set[str] = set()
        own = f"<{base}"
        for name in spoken_of:
            if name[0] != "<":
                continue
            schemes.add(name[1 : name.index(":")] if ":" in name else name[1:-1])
            if base and name.startswith(own):
                kind, _, rest = name[len(own) : -1].partition("/")
                if _may_follow(rest):
                    found.add(kind)
        self.base, self.kinds = base, frozenset(terms.KINDS) & found - schemes

    def node(self, subject: NamedNode | BlankNode | Any, quads: Iterable[Quad]) -> dict[str, Any]:  # noqa: ANN401
        """Return what is said of a subject."""
        about: dict[str, Any] = {"id": self._resource(subject)}
        for predicate, group in groupby(quads, key=lambda quad: quad.predicate.value):
            objects = [quad.object for quad in group]
            if predicate == _TYPE and not any(isinstance(node, Literal) for node in objects):
                # Right after the id, so that one sees at once what a thing is.
                about = {"id": about.pop("id"), "type": [*map(self._in_vocabulary, objects)], **about}
                continue
            term = _terms().get(predicate, _Term(key=predicate))
            values = [self._value(node, term.type) for node in objects]
            about[term.key] = values if term.many or len(values) > 1 else values[0]
        return about

    def _value(self, node: object, type_: str) -> object:
        """Return a value as the context reads it back."""
        if not isinstance(node, Literal):
            if type_ == "@vocab":
                return self._in_vocabulary(node)
            return self._resource(node) if type_ == "@id" else {"id": self._resource(node)}
        if node.language:
            return {"@value": node.value, "@language": node.language}
        datatype = node.datatype.value
        if datatype == terms.XSD.integer and _NUMBER.fullmatch(node.value) and not type_.startswith("@"):
            return int(node.value)
        if datatype == terms.XSD.string or datatype == type_ == terms.XSD.date:
            return {"@value": node.value} if type_ not in {"", datatype} else node.value
        return {"@value": node.value, "@type": datatype}

    def _in_vocabulary(self, node: object) -> str:
        """Return the key of a class or individual, or its IRI."""
        iri = node.value if isinstance(node, NamedNode) else ""
        term = _terms().get(iri)
        return self._resource(node) if term is None else term.key

    def _resource(self, node: object) -> str:
        """Return an IRI, with a prefix in place of the base and kind where that is safe."""
        if not isinstance(node, NamedNode):
            return str(node)
        iri = node.value
        if self.base and iri.startswith(self.base):
            kind, _, rest = iri[len(self.base) :].partition("/")
            if kind in self.kinds and _may_follow(rest):
                return f"{kind}:{rest}"
        return iri


def _may_follow(rest: str) -> bool:
    """Return whether a prefix can have a name after it; what begins with slashes would be read as an address."""
    return bool(rest) and not rest.startswith("/")


@cache
def _context() -> dict[str, Any]:
    """Read the shipped context once."""
    text = (terms.ontology_dir() / "context.jsonld").read_text(encoding="utf-8")
    context: dict[str, Any] = json.loads(text)["@context"]
    return context


@cache
def _terms() -> dict[str, _Term]:
    """Return the terms of the context by the IRIs that they stand for."""
    context = _context()
    found = {}
    for key, value in context.items():
        stated = value if isinstance(value, dict) else {"@id": value}
        prefix, colon, name = str(stated["@id"]).partition(":")
        if colon and not name.startswith("//"):
            type_, many = _full(stated.get("@type", ""), context), stated.get("@container") == "@set"
            found[context[prefix] + name] = _Term(key=key, type=type_, many=many)
    return found


def _full(name: str, context: dict[str, Any]) -> str:
    prefix, colon, rest = name.partition(":")
    return context[prefix] + rest if colon else name


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


_TURTLES = frozenset({"trig", "ttl"})
_KINDS = tuple(
    "provision change example topic level goal definition eval-tag prompt-file release".split()  # noqa: SIM905 - as KINDS
)
"""Kinds of things whose IRIs get a prefix in Turtle and TriG."""


def vocabulary(name: str, format: str = "ttl") -> str:
    """Return ``ontology`` (the classes and properties in OWL) or ``shapes`` (the constraints in SHACL) as RDF.

    Blank nodes are named by the graph (RDFC-1.0), so that equal files give equal texts. An unknown name
    raises :class:`~sphinx_policyspec.errors.SchemaError`, an unknown format
    :class:`~sphinx_policyspec.errors.SourceError`.

    :param format: ``ttl``, as it was written, with comments; else one of the other syntaxes of a graph
    """
    if name not in terms.VOCABULARIES:
        raise SchemaError(f"unknown vocabulary `{name}`; {nearest(name, tuple(terms.VOCABULARIES))}")
    file = terms.ontology_dir() / terms.VOCABULARIES[name]
    if format == "ttl":
        return file.read_text(encoding="utf-8")
    graph = pyoxigraph.Dataset(pyoxigraph.parse(path=file, format=pyoxigraph.RdfFormat.TURTLE))
    graph.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return serialize(list(plain_triples(graph)), format)[0].decode()


def serialize(graph: Triples, format: str) -> tuple[bytes, tuple[Finding, ...]]:
    """Return what :func:`pieces` yields as one."""
    found, findings = pieces(graph, format)
    return b"".join(found), findings


def pieces(
    graph: Triples, format: str, *, inferred: bool = False
) -> tuple[Iterator[bytes], tuple[Finding, ...]]:
    """Return the pieces of a file in one of the six formats, and what it cannot hold: characters that are replaced.

    Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they stand in the
    graph named as the release; the other formats hold one graph. What could not be read again raises
    :class:`SourceError` from the pieces.

    :param inferred: it holds what follows by the rules, too, and is to say so
    """
    if format not in terms.FORMATS:
        raise SourceError(f"unknown format `{format}`; {nearest(format, terms.FORMATS)}")
    statements, findings = _stated(graph, format)
    if inferred and (release := _graph_name(statements)):
        digest = syntaxes.InferenceDigest()
        for line in statements.lines():
            digest.add(line)
        statements.say(f"<{release}>", terms.PS.inferredWith, str(digest))
    return terms.checked_size(syntaxes.blocks(_texts(statements, format)), format), findings


def _texts(statements: syntaxes.Statements, form: str) -> Iterator[str]:
    release = _graph_name(statements)
    lines = terms.check_texts(statements.lines())
    if form == "jsonld":
        return _json_ld(lines, statements.names(), release)
    if form == "rdf":
        return syntaxes.rdf_xml(lines)
    return graph_lines(lines, form, release if form in terms.NAMED_GRAPHS else "", release)


RESULT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "json": "application/sparql-results+json",
        "xml": "application/sparql-results+xml",
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
    }
)
"""What a server should call answers of SELECT and ASK in each form that the W3C has for them."""


def results(json_text: str, form: str) -> bytes:
    """Return an answer, given as SPARQL results in JSON, in another of the forms of :data:`RESULT_TYPES`.

    Raises :class:`QueryError` for a character that XML cannot hold.
    """
    if form == "json":
        return json_text.encode()
    wanted = pyoxigraph.QueryResultsFormat.from_media_type(RESULT_TYPES[form])
    found = pyoxigraph.parse_query_results(json_text.encode(), format=pyoxigraph.QueryResultsFormat.JSON)
    written = found.serialize(format=wanted)
    assert written is not None  # noqa: S101  it is where no file is given
    if form == "xml" and (found_one := syntaxes.NOT_XML.search(written.decode())):
        raise QueryError(
            f"XML cannot hold the character U+{ord(found_one[0]):04X} of the answer: ask for JSON, CSV or TSV"
        )
    return written


def answer_triples(answer: Answer) -> Iterator[terms.Triple]:
    """Yield the triples of an answer to CONSTRUCT or DESCRIBE."""
    kinds = {CellKind.IRI: terms.Iri, CellKind.BLANK: terms.Blank}
    for subject, predicate, item in answer.rows:
        make = kinds.get(item.kind)
        term = make(item.value) if make else terms.literal_term(item.value, item.datatype, item.language)
        yield kinds[subject.kind](subject.value), terms.Iri(predicate.value), term


BY_PART = frozenset({"nq", "nt", "trig", "ttl"})
"""Formats in which what is said of one subject does not depend on what is said of others."""


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A part of a graph in one format.

    :param subjects: each with what is said of it, sorted
    :param findings: what the format cannot hold
    """

    subjects: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def pieces_by_part(
    spec: Spec, format: str, written: Mapping[bytes, WrittenPart]
) -> tuple[Iterator[bytes], tuple[Finding, ...], dict[bytes, WrittenPart]]:
    """Return what :func:`pieces` returns for the graph of a spec, and its parts by what they are made of.

    :param format: one of :data:`BY_PART`
    :param written: parts that were written before; those that are made of the same again are taken from here
    """
    kept: dict[bytes, WrittenPart] = {}
    parts: list[WrittenPart] = []
    release = name = ""
    for part in parts_of(spec):
        done = written.get(part.made_of)
        is_sure = done is not None
        if done is None:
            statements, findings = _stated(part.triples(), format)
            release = release or _graph_name(statements)
            lines = terms.check_texts(statements.lines())
            name = release if format in terms.NAMED_GRAPHS else ""
            done = WrittenPart(tuple(_subjects(lines, format, name, release)), findings)
            is_sure = bool(part.made_of) and not part.writer.numbered
        if is_sure:
            kept[part.made_of] = done
        parts.append(done)
    # A blank after each name, as in the lines that are sorted elsewhere: one name may begin with another.
    subjects = sorted(chain.from_iterable(part.subjects for part in parts), key=lambda pair: f"{pair[0]} ")
    if any(one[0] == other[0] for one, other in pairwise(subjects)):
        return *pieces(triples_of(spec), format), {}
    head, foot = _around(format, name, release)
    texts = chain([head], (text for _subject, text in subjects), [foot])
    findings = tuple(sorted(chain.from_iterable(part.findings for part in parts), key=_place))
    return terms.checked_size(syntaxes.blocks(texts), format), findings, kept


def unholdable(triples: Iterator[terms.Triple], format: str) -> tuple[Finding, ...]:
    """Return the characters that a format cannot hold, as :func:`serialize` does."""
    return _stated(triples, format)[1]


def _stated(graph: Triples, form: str) -> tuple[syntaxes.Statements, tuple[Finding, ...]]:
    """Return triples without what a format cannot hold, and findings about that."""
    characters: dict[tuple[terms.Iri | terms.Blank, str], str] = {}

    def replaced(subject: terms.Iri | terms.Blank, predicate: str, character: str) -> None:
        characters[subject, predicate] = character

    statements = syntaxes.Statements(
        _triples_in(graph), syntaxes.NOT_XML if form == "rdf" else syntaxes.SURROGATES, replaced
    )
    return statements, tuple(sorted(_findings(statements, form, characters), key=_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGraph(Brief):
    """A graph that stands beside those of releases.

    :param triples: yields what it says, whenever it is called
    """

    name: terms.Iri
    triples: Callable[[], Iterable[terms.Triple]]

    def lines(self) -> Iterator[str]:
        """Yield its lines of N-Triples, sorted."""
        return terms.check_texts(syntaxes.Statements(self.triples()).lines())

    def pieces(self, form: str = "nq") -> Iterator[bytes]:
        """Yield it as N-Quads or TriG in pieces of whole lines, the same for the same statements in any order."""
        return syntaxes.blocks(graph_lines(self.lines(), form, self.name, ""))


class OfSpec(Protocol):
    """What says something of a spec whose IRIs begin with a base."""

    @property
    def base_iri(self) -> str:
        """What they begin with; empty for the default."""


_R = TypeVar("_R", bound=OfSpec)


def own_graph(
    name: terms.OwnGraph,
    triples: Callable[[terms.Iris, _R], Iterable[terms.Triple]],
    report: _R,
) -> NamedGraph:
    """Return what a report says of a spec as a graph beside it, which edits no norm and is read back by nothing.

    :param triples: yields the same statements for equal reports
    """
    iris = terms.Iris(report.base_iri)
    return NamedGraph(name=iris.beside(name), triples=partial(triples, iris, report))


def graph_lines(lines: Iterable[str], form: str, name: str, release: str) -> Iterator[str]:
    """Yield one graph, perhaps of several, as N-Quads, TriG or Turtle.

    :param lines: canonical N-Triples lines, sorted and each there once
    :param name: of the graph, if it has one
    :param release: the IRI of the spec that the graph holds, if it holds one
    """
    head, foot = _around(form, name, release)
    yield head
    yield from (text for _subject, text in _subjects(lines, form, name, release))
    yield foot


def _around(form: str, name: str, release: str) -> tuple[str, str]:
    """Return what stands before and after all subjects."""
    if form not in _TURTLES:
        return "", ""
    return syntaxes.turtle_head(_prefixes(release), name), "}\n" if name else ""


def _subjects(lines: Iterable[str], form: str, name: str, release: str) -> Iterator[tuple[str, str]]:
    """Yield each subject with what is said of it."""
    if form in _TURTLES:
        return syntaxes.turtle_subjects(lines, _prefixes(release), name)
    if name:
        lines = (f"{line[:-2]}<{name}> .\n" for line in lines)
    groups = groupby(lines, key=lambda line: line.partition(" ")[0])
    return ((subject, "".join(group)) for subject, group in groups)


def _triples_in(graph: Triples) -> Iterable[terms.Triple]:
    if isinstance(graph, Sequence | Iterator):
        return graph
    return terms.triples_in(graph)


def _graph_name(statements: syntaxes.Statements) -> str:
    """Return the IRI of the spec that the graph holds, if it is one; else the empty string."""
    found = [name[1:-1] for name in statements.with_type(terms.PS.Spec) if name[0] == "<"]
    return found[0] if len(found) == 1 else ""


def _prefixes(release: str) -> dict[str, str]:
    """Return the prefixes for Turtle: ours, and one for each kind of thing the spec names."""
    base = release.rpartition("release/")[0] if release else ""
    return terms.PREFIXES | ({kind: f"{base}{kind}/" for kind in _KINDS} if base else {})


def _findings(
    statements: syntaxes.Statements, form: str, characters: dict[tuple[terms.Iri | terms.Blank, str], str]
) -> Iterator[Finding]:
    """Report the characters that were replaced, where the things that hold them stand."""
    for (subject, predicate), character in characters.items():
        line = statements.text(subject, terms.PS.line)
        yield Finding(
            code="unrepresentable-character",
            message=f"`{predicate}` of `{subject}` holds U+{ord(character):04X}, which `{form}` cannot hold",
            span=Span(statements.text(subject, terms.PS.file), int(line) if line.isdecimal() else 1),
            hint="it was replaced",
        )


def _place(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.message
