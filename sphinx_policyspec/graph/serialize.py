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
"""A graph: one of rdflib, or plain triples, which need no rdflib."""

_TYPE = str(terms.RDF.type)
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,14}")
"""Integers that every JSON parser reproduces exactly."""


def _json_ld(lines: Iterable[str], spoken_of: Iterable[str], release: str) -> Iterator[str]:
    """Yield the document piece by piece, a line for each property.

    :param lines: N-Triples, grouped by subject and predicate
    :param spoken_of: the names in them, as in N-Triples, except those of properties
    :param release: IRI of the spec, if the graph contains one; names below its base are shortened
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
    """The definition of a property in the context.

    :param type: of its plain values: IRIs (``@id``), terms (``@vocab``), a datatype or strings
    :param many: whether its value is always a list
    """

    key: str
    type: str = ""
    many: bool = False


class _Names:
    """Shortens IRIs, by the kinds that occur and that are not the scheme of an IRI.

    :param base: prefix of the names of the spec's own things
    """

    def __init__(self, spoken_of: Iterable[str], base: str) -> None:
        schemes: set[str] = set()
        kinds: set[str] = set()
        own = f"<{base}"
        for name in spoken_of:
            if name[0] != "<":
                continue
            schemes.add(name[1 : name.index(":")] if ":" in name else name[1:-1])
            if base and name.startswith(own):
                kind, _, rest = name[len(own) : -1].partition("/")
                if _may_follow(rest):
                    kinds.add(kind)
        self.base, self.kinds = base, frozenset(terms.KINDS) & kinds - schemes

    def node(self, subject: NamedNode | BlankNode | Any, quads: Iterable[Quad]) -> dict[str, Any]:  # noqa: ANN401
        """Return the properties of a subject."""
        about: dict[str, Any] = {"id": self._resource(subject)}
        for predicate, group in groupby(quads, key=lambda quad: quad.predicate.value):
            objects = [quad.object for quad in group]
            if predicate == _TYPE and not any(isinstance(node, Literal) for node in objects):
                # Directly after the id, so that readers see at once what a thing is.
                about = {"id": about.pop("id"), "type": [*map(self._in_vocabulary, objects)], **about}
                continue
            term = _terms().get(predicate, _Term(key=predicate))
            values = [self._value(node, term.type) for node in objects]
            about[term.key] = values if term.many or len(values) > 1 else values[0]
        return about

    def _value(self, node: object, type_: str) -> object:
        """Return a value in the form that the context reads back."""
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
    """Return whether a name can follow a prefix; one that begins with slashes would be read as an address."""
    return bool(rest) and not rest.startswith("/")


@cache
def _context() -> dict[str, Any]:
    """Return the shipped context, read once."""
    text = (terms.ontology_dir() / "context.jsonld").read_text(encoding="utf-8")
    context: dict[str, Any] = json.loads(text)["@context"]
    return context


@cache
def _terms() -> dict[str, _Term]:
    """Return the terms of the context by their IRIs."""
    context = _context()
    by_iri = {}
    for key, value in context.items():
        stated = value if isinstance(value, dict) else {"@id": value}
        prefix, colon, name = str(stated["@id"]).partition(":")
        if colon and not name.startswith("//"):
            type_, many = _full(stated.get("@type", ""), context), stated.get("@container") == "@set"
            by_iri[context[prefix] + name] = _Term(key=key, type=type_, many=many)
    return by_iri


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

    Blank nodes are named canonically (RDFC-1.0), so that equal files give equal texts. An unknown name
    raises :class:`~sphinx_policyspec.errors.SchemaError`, an unknown format
    :class:`~sphinx_policyspec.errors.SourceError`.

    :param format: ``ttl`` for the file as it is, with comments; otherwise one of the other syntaxes of a graph
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
    """Return the result of :func:`pieces` as one text."""
    parts, findings = pieces(graph, format)
    return b"".join(parts), findings


def pieces(
    graph: Triples, format: str, *, inferred: bool = False
) -> tuple[Iterator[bytes], tuple[Finding, ...]]:
    """Return the pieces of a file in one of the six formats, and findings about characters that it cannot hold.

    Such characters are replaced. Triples are sorted, so that equal graphs give equal bytes. In N-Quads and TriG they are in
    the graph named after the release; the other formats hold one graph. If the file could not be read again, the pieces
    raise :class:`SourceError`.

    :param inferred: whether the graph includes all inferences and should say so
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
"""Media types of answers to SELECT and ASK in each form that the W3C defines."""


def results(json_text: str, form: str) -> bytes:
    """Return an answer, given as SPARQL results in JSON, in another form of :data:`RESULT_TYPES`.

    Raises :class:`QueryError` for a character that XML cannot hold.
    """
    if form == "json":
        return json_text.encode()
    target = pyoxigraph.QueryResultsFormat.from_media_type(RESULT_TYPES[form])
    solutions = pyoxigraph.parse_query_results(json_text.encode(), format=pyoxigraph.QueryResultsFormat.JSON)
    output = solutions.serialize(format=target)
    assert output is not None  # noqa: S101  it is where no file is given
    if form == "xml" and (bad := syntaxes.NOT_XML.search(output.decode())):
        raise QueryError(
            f"XML cannot represent the character U+{ord(bad[0]):04X} of the answer: ask for JSON, CSV or TSV"
        )
    return output


def answer_triples(answer: Answer) -> Iterator[terms.Triple]:
    """Yield the triples of an answer to CONSTRUCT or DESCRIBE."""
    kinds = {CellKind.IRI: terms.Iri, CellKind.BLANK: terms.Blank}
    for subject, predicate, item in answer.rows:
        make = kinds.get(item.kind)
        term = make(item.value) if make else terms.literal_term(item.value, item.datatype, item.language)
        yield kinds[subject.kind](subject.value), terms.Iri(predicate.value), term


BY_PART = frozenset({"nq", "nt", "trig", "ttl"})
"""Formats in which the text of one subject does not depend on other subjects."""


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A part of a graph in one format.

    :param subjects: each with its text, sorted
    :param findings: about characters that the format cannot hold
    """

    subjects: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def pieces_by_part(
    spec: Spec, format: str, written: Mapping[bytes, WrittenPart]
) -> tuple[Iterator[bytes], tuple[Finding, ...], dict[bytes, WrittenPart]]:
    """Return the result of :func:`pieces` for the graph of a spec, and its parts by the digest of their input.

    :param format: one of :data:`BY_PART`
    :param written: parts from an earlier call; those with the same input are reused
    """
    reusable: dict[bytes, WrittenPart] = {}
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
            reusable[part.made_of] = done
        parts.append(done)
    # Sorted with a space after each name, as lines are elsewhere: one name may begin with another.
    subjects = sorted(chain.from_iterable(part.subjects for part in parts), key=lambda pair: f"{pair[0]} ")
    if any(one[0] == other[0] for one, other in pairwise(subjects)):
        return *pieces(triples_of(spec), format), {}
    head, foot = _around(format, name, release)
    texts = chain([head], (text for _subject, text in subjects), [foot])
    findings = tuple(sorted(chain.from_iterable(part.findings for part in parts), key=_place))
    return terms.checked_size(syntaxes.blocks(texts), format), findings, reusable


def unholdable(triples: Iterator[terms.Triple], format: str) -> tuple[Finding, ...]:
    """Return findings about characters that a format cannot hold, as :func:`serialize` does."""
    return _stated(triples, format)[1]


def _stated(graph: Triples, form: str) -> tuple[syntaxes.Statements, tuple[Finding, ...]]:
    """Return triples without characters that a format cannot hold, and findings about these."""
    characters: dict[tuple[terms.Iri | terms.Blank, str], str] = {}

    def replaced(subject: terms.Iri | terms.Blank, predicate: str, character: str) -> None:
        characters[subject, predicate] = character

    statements = syntaxes.Statements(
        _triples_in(graph), syntaxes.NOT_XML if form == "rdf" else syntaxes.SURROGATES, replaced
    )
    return statements, tuple(sorted(_findings(statements, form, characters), key=_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGraph(Brief):
    """A graph beside those of releases.

    :param triples: yields its statements, whenever it is called
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
    """A report about a spec whose IRIs have a base."""

    @property
    def base_iri(self) -> str:
        """The prefix of these IRIs; empty for the default."""


_R = TypeVar("_R", bound=OfSpec)


def own_graph(
    name: terms.OwnGraph,
    triples: Callable[[terms.Iris, _R], Iterable[terms.Triple]],
    report: _R,
) -> NamedGraph:
    """Return a report about a spec as a graph beside it, which changes no norm and is never read back.

    :param triples: yields the same statements for equal reports
    """
    iris = terms.Iris(report.base_iri)
    return NamedGraph(name=iris.beside(name), triples=partial(triples, iris, report))


def graph_lines(lines: Iterable[str], form: str, name: str, release: str) -> Iterator[str]:
    """Yield one graph, perhaps of several, as N-Quads, TriG or Turtle.

    :param lines: canonical N-Triples lines, sorted and distinct
    :param name: of the graph, if it has one
    :param release: IRI of the spec that the graph holds, if there is one
    """
    head, foot = _around(form, name, release)
    yield head
    yield from (text for _subject, text in _subjects(lines, form, name, release))
    yield foot


def _around(form: str, name: str, release: str) -> tuple[str, str]:
    """Return the text before and after all subjects."""
    if form not in _TURTLES:
        return "", ""
    return syntaxes.turtle_head(_prefixes(release), name), "}\n" if name else ""


def _subjects(lines: Iterable[str], form: str, name: str, release: str) -> Iterator[tuple[str, str]]:
    """Yield each subject with its text."""
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
    """Return the IRI of the spec that the graph holds, if it holds exactly one; otherwise an empty text."""
    names = [name[1:-1] for name in statements.with_type(terms.PS.Spec) if name[0] == "<"]
    return names[0] if len(names) == 1 else ""


def _prefixes(release: str) -> dict[str, str]:
    """Return the prefixes for Turtle: ours, and one for each kind of thing in the spec."""
    base = release.rpartition("release/")[0] if release else ""
    return terms.PREFIXES | ({kind: f"{base}{kind}/" for kind in _KINDS} if base else {})


def _findings(
    statements: syntaxes.Statements, form: str, characters: dict[tuple[terms.Iri | terms.Blank, str], str]
) -> Iterator[Finding]:
    """Yield findings about replaced characters, at the places of the things that have them."""
    for (subject, predicate), character in characters.items():
        line = statements.text(subject, terms.PS.line)
        yield Finding(
            code="unrepresentable-character",
            message=f"`{predicate}` of `{subject}` has U+{ord(character):04X}, which `{form}` cannot represent",
            span=Span(statements.text(subject, terms.PS.file), int(line) if line.isdecimal() else 1),
            hint="it was replaced",
        )


def _place(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.message
