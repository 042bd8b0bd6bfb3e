"""Changes of one triple of a valid graph, each of which breaks a shape."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rdflib import DC, DCTERMS, RDF, SH, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from sphinx_policyspec.compare import compare
from sphinx_policyspec.decision_records.check import DecisionRecordCheck, DecisionRecordReport
from sphinx_policyspec.decision_records.graph import decision_record_graph
from sphinx_policyspec.evals.graph import result_graph
from sphinx_policyspec.feedback.check import FeedbackCheck, FeedbackReport
from sphinx_policyspec.feedback.graph import feedback_graph
from sphinx_policyspec.graph.records import RECORDS, Choice, Id, Many, TextField
from sphinx_policyspec.graph.releases import ChangeFact, Revision, release_pieces
from sphinx_policyspec.graph.terms import ontology_dir
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Span, Spec
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.proposals.check import CheckedProposal, ProposalEffects, ProposalReport
from sphinx_policyspec.proposals.graph import proposal_graphs
from sphinx_policyspec.readers.decision_records import read_decision_record
from sphinx_policyspec.readers.feedback import read_feedback
from tests.graph.names import PS
from tests.graph.results import PAIR
from tests.graph.whole import WHOLE

__all__ = ["MUTATIONS", "SHAPE", "Mutation", "Triple", "must_be_refused", "shapes", "valid"]

SHAPE = "https://w3id.org/policyspec/shapes#"
Triple = tuple[Node, Node, Node]


@functools.cache
def shapes() -> Graph:
    return Graph().parse(ontology_dir() / "shapes.ttl")


def _said() -> FeedbackReport:
    """Return feedback that says all that feedback can."""
    register = """
- {id: a, title: Odd, provisions: [be_kind], release: "1", kind: wish, status: answered, answered-in: "2"}
- {id: b, title: Odder, provisions: [be_kind], duplicates: [a], contradicts: [a], quote: no such words}
"""
    return FeedbackCheck(read_feedback(register, "f.yaml")[0], (WHOLE,)).report()


def _decided() -> DecisionRecordReport:
    """Return a record of a decision that says all that one can."""
    head = "---\nstatus: accepted\ndate: 2026-01-05\ndecision-makers: Ann\nprovisions: be_kind\nrationale-not-derivable: true\n---\n# Why\n"
    record, _findings = read_decision_record(head, "why.md")
    assert record
    return DecisionRecordCheck([record], (_looser(), WHOLE), {}).report()


def _looser() -> Spec:
    """Return the spec as it was before something became stricter."""
    first = next(one for one in WHOLE.principles if one.id != "be_kind")
    level = next(one.id for one in reversed(WHOLE.levels) if one.id != first.authority)
    looser = replace(first, authority=level)
    return replace(
        WHOLE, version="0", provisions=tuple(looser if p is first else p for p in WHOLE.provisions)
    )


def _proposed() -> ProposalReport:
    """Return a proposal that says all that one can."""
    proposal = Proposal(id="p", title="P", answers=("a",), author="Ann", span=Span("p.md", 1))
    effects = ProposalEffects(diff=compare(_looser(), WHOLE))
    checked = CheckedProposal(proposal=proposal, findings=(), fits=(), effects=effects, decision="why")
    return ProposalReport(release="0", sha256="", checks=(checked,))


@functools.cache
def valid() -> tuple[Triple, ...]:
    """Return a spec, with what only graphs of several releases, of results, of feedback and of decisions have."""
    fact = ChangeFact(
        kind="renamed",
        subject="provision",
        id="be_kind",
        weight="editorial",
        rule="no-norm-changed",
        text="was renamed",
        before="be_nice",
        after="be_kind",
    )
    revision = Revision(old="1", new="2", facts=(fact,))
    pieces = release_pieces((replace(WHOLE, version="1"), replace(WHOLE, version="2")), (revision,), "nq")
    lines = [line for line in b"".join(pieces).splitlines() if b":change/" in line.partition(b" ")[0]]
    lines += b"".join(result_graph(PAIR).pieces()).splitlines()
    lines += b"".join(feedback_graph(_said()).pieces()).splitlines()
    lines += b"".join(decision_record_graph(_decided()).pieces()).splitlines()
    lines += b"".join(next(proposal_graphs(_proposed())).pieces()).splitlines()
    whole = to_graph(WHOLE).parse(
        data=b"\n".join(line.rpartition(b" <")[0] + b" ." for line in lines), format="nt"
    )
    (release,) = whole.subjects(RDF.type, PS.Spec)
    for path, node in (
        (PS.inferredWith, Literal("0")),
        (DC.rights, Literal("MIT")),
        (DCTERMS.publisher, URIRef("https://example.org/library")),
    ):
        whole.add((release, path, node))
    return tuple(sorted(whole))


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One triple changed, so that one shape is broken.

    :param kind: what is done
    :param shape: the name of the shape that must find it
    :param focus: the thing that no longer has its form
    """

    kind: str
    shape: str
    focus: Node
    removed: Triple | None = None
    added: Triple | None = None

    def __str__(self) -> str:
        """Tell what is mutated."""
        return f"{self.kind} {self.shape} of {self.focus}"

    def applied(self) -> tuple[Triple, ...]:
        kept = tuple(triple for triple in valid() if triple != self.removed)
        return (*kept, self.added) if self.added else kept


def mutations() -> Iterator[Mutation]:
    """Yield a mutation for each thing, each shape of its class, and each demand of that shape."""
    for node_shape in sorted(shapes().subjects(RDF.type, SH.NodeShape), key=str):
        focuses: list[Node] = []
        for target in shapes().objects(node_shape, SH.targetClass):
            focuses += sorted({s for s, p, o in valid() if p == RDF.type and o == target}, key=str)
        for target in shapes().objects(node_shape, SH.targetSubjectsOf):
            focuses += sorted({s for s, p, _ in valid() if p == target}, key=str)
        for focus in focuses:
            yield from _of_class(node_shape, focus)
            for shape in sorted(shapes().objects(node_shape, SH.property), key=str):
                yield from _of_property(shape, focus)


def _of_class(node_shape: Node, focus: Node) -> Iterator[Mutation]:
    """Take away the superclass that must be stated."""
    for kind in shapes().objects(node_shape, SH["class"]):
        name = str(node_shape).removeprefix(SHAPE)
        yield Mutation(kind="remove", shape=name, focus=focus, removed=(focus, RDF.type, kind))


def _of_property(shape: Node, focus: Node) -> Iterator[Mutation]:
    path = shapes().value(shape, SH.path)
    if not isinstance(path, URIRef):
        return
    demands = dict(shapes().predicate_objects(shape))
    name = str(shape).removeprefix(SHAPE)
    stated = [triple for triple in valid() if triple[:2] == (focus, path)]
    make = functools.partial(Mutation, shape=name, focus=focus)
    if str(demands.get(SH.maxCount)) == "0":
        yield make(kind="add", added=(focus, path, URIRef("urn:library:level/user")))
    for triple in stated[:1]:
        if SH.minCount in demands and len(stated) == 1:
            yield make(kind="remove", removed=triple)
        if SH.maxCount in demands:
            yield make(kind="double", added=(focus, path, _another(triple[2])))
        for kind, node in _wrong(demands, triple[2]):
            yield make(kind=kind, removed=triple, added=(focus, path, node))


def _another(node: Node) -> Node:
    """Return a further value of the same form."""
    if isinstance(node, Literal):
        return Literal(int(node) + 1) if node.datatype == XSD.integer else Literal(f"{node}x")
    named = {PS.Never: PS.Explicit, PS.Good: PS.Bad}
    return named.get(URIRef(str(node)), URIRef(f"{node}-x"))


def _wrong(demands: dict[Node, Node], node: Node) -> Iterator[tuple[str, Node]]:
    """Yield values that are not as demanded."""
    if demands.get(SH.datatype) == XSD.integer:
        yield "datatype", Literal("one")
    elif SH.datatype in demands:
        yield "language", Literal(str(node), lang="en")
        yield "kind", URIRef("urn:library:x")
    if SH.minInclusive in demands:
        yield "least", Literal(int(str(demands[SH.minInclusive])) - 1)
    if SH.nodeKind in demands:
        yield "kind", Literal(str(node))
    if SH["class"] in demands:
        yield "unknown", URIRef("urn:library:provision/gone")
    if SH["in"] in demands:
        yield "unknown", PS.Provision if isinstance(node, URIRef) else Literal("nothing")
    if SH.pattern in demands:
        yield "pattern", Literal("x")
    if SH.minLength in demands:
        yield "empty", Literal("")
    if SH.hasValue in demands:
        yield "other", Literal("user")


MUTATIONS = tuple(mutations())


def must_be_refused(mutation: Mutation) -> bool:
    """Tell whether reading the graph back meets what the mutation broke."""
    triple = mutation.added or mutation.removed
    types = {o for s, p, o in valid() if s == mutation.focus and p == RDF.type}
    fitting = [record for record in RECORDS.values() if set(map(URIRef, record.types)) <= types]
    record = max(fitting, key=lambda record: len(record.types), default=None)
    if triple is None or record is None or triple[1] == RDF.type:
        return False
    numbers = _numbers(types, spanned=record.spanned)
    if triple[1] in numbers:
        return mutation.kind in {"double", "datatype"}
    if triple[1] == PS.file:
        return mutation.kind == "double"
    field = next((field for field in record.fields if field.predicate == str(triple[1])), None)
    match field:
        case Choice():
            refused = {"double", "unknown"} if field.optional else {"double", "remove", "unknown"}
        case Id():
            refused = {"double", "kind"}
        case Many() if field.kind:
            refused = {"kind"}
        case TextField():
            refused = {"double"}
        case _:
            refused = set()
    return mutation.kind in refused


def _numbers(types: set[Node], *, spanned: bool) -> set[Node]:
    """Return the properties whose numbers are read of things of these classes."""
    numbers: set[Node] = {PS.line, PS.column, PS.endLine, PS.endColumn} if spanned else set()
    if not types & {PS.AuthorityLevel, PS.Changelog, PS.Spec}:
        numbers.add(PS.order)
    if PS.Provision in types:
        numbers.add(PS.depth)
    if PS.AuthorityLevel in types:
        numbers.add(PS.rank)
    return numbers
