"""Spec → Graph: every statement of a spec, and what can be said of it without reasoning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sphinx_policyspec.graph.conversations import write_conversation
from sphinx_policyspec.graph.iris import Iris
from sphinx_policyspec.graph.records import TERMS
from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, Iri, Triple
from sphinx_policyspec.graph.touches import Touch, TouchKind, enclosing, owner, touches
from sphinx_policyspec.graph.writer import GraphWriter
from sphinx_policyspec.model import (
    AuthorityLevel,
    Block,
    Changelog,
    Comment,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Goal,
    Link,
    PromptFile,
    Prose,
    Provision,
    Reference,
    Section,
    Spec,
    TargetKind,
    Topic,
    overriders,
)
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.spec import given_base

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["release_iri", "to_graph", "triples_of"]


def to_graph(spec: Spec, base_iri: str = "") -> Graph:
    """Return the knowledge base of a spec; :func:`from_graph` gives back an equal spec.

    :param base_iri: what instance IRIs begin with; else the spec's own, else ``urn:policyspec:spec:``
    """
    from sphinx_policyspec.graph.rdflib_terms import graph_of  # noqa: PLC0415  others need the triples alone

    return graph_of(triples_of(spec, base_iri), release_iri(spec, base_iri))


def release_iri(spec: Spec, base_iri: str = "") -> Iri:
    """Return the IRI of the spec, which is also the name of its graph."""
    return _iris(spec, base_iri).release(spec.version)


def triples_of(spec: Spec, base_iri: str = "") -> Iterator[Triple]:
    """Return every triple of a spec in reading order; a few come more than once."""
    writer = GraphWriter(_iris(spec, base_iri))
    return (triple for _ in _steps(writer, spec) for triple in writer.taken())


def _steps(writer: GraphWriter, spec: Spec) -> Iterator[None]:
    """State a spec, pausing wherever what was stated can be taken."""
    release = writer.iris.release(spec.version)
    writer.record(release, spec)
    _documents(writer, release, spec)
    _levels(writer, spec)
    _topics_and_goals(writer, release, spec)
    names = _names(spec)
    _blocks(writer, release, spec.preamble, names)
    yield
    yield from _provisions(writer, release, spec, names)
    _clauses_and_tags(writer, release, spec)
    yield
    yield from _references(writer, spec, names)
    for order, file in enumerate(spec.prompt_files, 1):
        _prompt_file(writer, release, file, order, names)
        yield
    if spec.changelog is not None:
        _changelog(writer, release, spec.changelog)
    yield


@dataclass(frozen=True, slots=True)
class _Names:
    """Look-ups that several parts of a spec need."""

    aliases: dict[str, str]
    tagged: dict[str, tuple[str, ...]]

    def tests(self, block: Block) -> tuple[str, ...]:
        """Return the provisions that a prompt tests because they hold its tag."""
        return self.tagged.get(block.tag, ()) if isinstance(block, EvalPrompt) and block.tag else ()


def _names(spec: Spec) -> _Names:
    known = spec.provision_by_id
    aliases = {alias: p.id for p in reversed(spec.provisions) for alias in p.aliases if alias not in known}
    tagged: dict[str, dict[str, None]] = {}
    for tag in spec.eval_tags:
        tagged.setdefault(tag.tag, {})[tag.provision] = None
    return _Names(aliases, {tag: tuple(provisions) for tag, provisions in tagged.items()})


def _iris(spec: Spec, base_iri: str) -> Iris:
    return Iris(given_base(base_iri, spec.base_iri))


def _documents(writer: GraphWriter, release: Iri, spec: Spec) -> None:
    for order, document in enumerate(spec.documents, 1):
        writer.record(writer.named("document", document.file), document, part_of=release, order=order)


def _levels(writer: GraphWriter, spec: Spec) -> None:
    """State the declared levels and their order; a level that is only used has no rank."""
    iris = [writer.named("level", level.id) for level in spec.levels]
    for rank, (iri, level) in enumerate(zip(iris, spec.levels, strict=True)):
        writer.record(iri, level)
        writer.add(iri, PS.rank, rank)
        if rank:
            writer.add(iris[rank - 1], PS.directlyOutranks, iri)
        for other in overriders(spec.levels, level):
            writer.add(iri, PS.overridableBy, writer.iris.iri("level", other.id))
    used = {p.authority for p in spec.principles} | {clause.authority for clause in spec.clauses}
    for name in sorted(used - {level.id for level in spec.levels}):
        iri = writer.iris.iri("level", name)
        writer.add(iri, RDF.type, PS.AuthorityLevel)
        writer.add(iri, DCTERMS.identifier, name)


def _topics_and_goals(writer: GraphWriter, release: Iri, spec: Spec) -> None:
    for order, topic in enumerate(spec.topics, 1):
        writer.record(writer.named("topic", topic.id), topic, order=order)
    for order, goal in enumerate(spec.goals, 1):
        writer.record(writer.named("goal", goal.id), goal, part_of=release, order=order)
    kinds = {AuthorityLevel: "level", Topic: "topic", Goal: "goal"}
    for order, item in enumerate(spec.repeated, 1):
        iri = writer.named(kind := kinds[type(item)], item.id)
        writer.record(iri, item, order=order)
        writer.add(iri, PS.repeats, writer.iris.iri(kind, item.id))


def _provisions(writer: GraphWriter, release: Iri, spec: Spec, names: _Names) -> Iterator[None]:
    iris = [writer.named("provision", provision.id) for provision in spec.provisions]
    for order, (iri, provision) in enumerate(zip(iris, spec.provisions, strict=True), 1):
        parent = release if provision.parent is None else writer.iris.iri("provision", provision.parent)
        writer.record(iri, provision, part_of=parent, order=order)
        writer.add(iri, PS.depth, provision.depth)
        if provision.parent is not None:
            writer.add(iri, PS.subsectionOf, parent)
        if provision.text:
            writer.add(iri, PS.text, provision.text)
        _blocks(writer, iri, provision.blocks, names, provision)
        yield
    _belonging(writer, spec, iris)
    _lacking(writer, spec)
    found: Counter[tuple[Iri, str, str]] = Counter()
    for index, touch in touches(spec):
        _touch(writer, iris[index], touch, found)
        yield


def _belonging(writer: GraphWriter, spec: Spec, iris: list[Iri]) -> None:
    """State for each plain section which principle it belongs to."""
    around = enclosing(spec)
    for iri, provision in zip(iris, spec.provisions, strict=True):
        if isinstance(provision, Section) and (principle := owner(provision, around)):
            writer.add(iri, PS.belongsTo, writer.iris.iri("provision", principle.id))


_PART_KINDS: dict[type, str] = {Comment: "comment", Commentary: "commentary", Prose: "prose"}


def _lacking(writer: GraphWriter, spec: Spec) -> None:
    """State the ids of what relations name and the spec does not have, which no IRI shows as they are."""
    named = {
        target
        for principle in spec.principles
        for relation in RELATIONS
        for target in relation.values(principle)
    }
    for target in sorted(named - spec.provision_by_id.keys()):
        writer.add(writer.iris.iri("provision", target), DCTERMS.identifier, target)


def _blocks(
    writer: GraphWriter,
    owner: Iri,
    blocks: Iterable[Block],
    names: _Names,
    provision: Provision | None = None,
) -> None:
    """State the blocks of a provision, of the preamble or of a prompt file."""
    enclosing = () if provision is None else (provision.id,)
    for order, block in enumerate(blocks, 1):
        _block(writer, owner, order, block, {"illustrates": enclosing, "tests": names.tests(block)})


def _block(
    writer: GraphWriter, owner: Iri, order: int, block: Block, derived: dict[str, tuple[str, ...]]
) -> None:
    if isinstance(block, Example | EvalPrompt):
        iri = writer.named("example" if isinstance(block, Example) else "prompt", block.id)
        writer.record(iri, block, part_of=owner, order=order, derived=derived)
        write_conversation(writer, iri, block.turns)
    elif isinstance(block, Definition):
        writer.record(writer.named("definition", block.id), block, part_of=owner, order=order)
    else:
        writer.record(
            writer.iris.part(_PART_KINDS[type(block)], owner, order), block, part_of=owner, order=order
        )


def _touch(writer: GraphWriter, toucher: Iri, touch: Touch, found: Counter[tuple[Iri, str, str]]) -> None:
    """State how a provision touches a topic."""
    topic = writer.iris.iri("topic", touch.topic)
    found[toucher, touch.topic, touch.kind] += 1
    place = (touch.topic, touch.kind.value, found[toucher, touch.topic, touch.kind])
    iri = writer.iris.part("touch", toucher, *place)
    writer.add(iri, RDF.type, PS.Touch)
    writer.add(iri, PS.toucher, toucher)
    writer.add(iri, PS.touchedTopic, topic)
    writer.add(iri, PS.touchKind, TERMS[TouchKind][touch.kind])
    writer.add(iri, PS.via, touch.via)
    writer.start(iri, touch.span)
    writer.add(toucher, PS.mentions if touch.kind is TouchKind.MENTION else PS.about, topic)


def _clauses_and_tags(writer: GraphWriter, release: Iri, spec: Spec) -> None:
    for order, clause in enumerate(spec.clauses, 1):
        owner = writer.iris.iri("provision", clause.principle)
        writer.record(writer.iris.part("clause", owner, order), clause, part_of=owner, order=order)
    for order, tag in enumerate(spec.eval_tags, 1):
        owner = writer.iris.iri("provision", tag.provision) if tag.provision else release
        writer.record(writer.named("eval-tag", tag.tag), tag, part_of=owner, order=order)


def _references(writer: GraphWriter, spec: Spec, names: _Names) -> Iterator[None]:
    """State each occurrence of a reference or link, and the plain edges between provisions."""
    release = writer.iris.release(spec.version)
    occurring: tuple[tuple[str, Sequence[Reference | Link]], ...] = (
        ("reference", spec.references),
        ("link", spec.links),
    )
    for kind, items in occurring:
        occurrences: Counter[str] = Counter()
        for order, item in enumerate(items, 1):
            owner = writer.iris.iri("provision", item.source) if item.source else release
            occurrences[item.source] += 1
            iri = writer.iris.part(kind, owner, occurrences[item.source])
            writer.record(iri, item, order=order)
            example = writer.iris.iri("example", item.example)
            if item.example:
                writer.add(iri, PS.inExample, example)
            if item.message:
                writer.add(iri, PS.inMessage, writer.iris.part("message", example, item.message))
            if isinstance(item, Link):
                writer.add(owner, PS.link, item.url)
            else:
                _target(writer, iri, item, names)
            yield


def _target(writer: GraphWriter, iri: Iri, reference: Reference, names: _Names) -> None:
    """State what a reference points at; an old name (alias) leads to what bears it now."""
    current = reference.target
    if reference.target_kind is TargetKind.PROVISION and current in names.aliases:
        current = names.aliases[current]
        writer.add(iri, PS.targetName, reference.target)
    target = writer.iris.iri(reference.target_kind.value, current)
    writer.add(iri, PS.target, target)
    if reference.source:
        writer.add(writer.iris.iri("provision", reference.source), PS.references, target)


def _prompt_file(writer: GraphWriter, release: Iri, file: PromptFile, order: int, names: _Names) -> None:
    iri = writer.named("prompt-file", file.tag)
    writer.record(iri, file, part_of=release, order=order)
    _blocks(writer, iri, file.blocks, names)


def _changelog(writer: GraphWriter, release: Iri, changelog: Changelog) -> None:
    iri = writer.iris.part("changelog", release)
    writer.record(iri, changelog, part_of=release)
    for order, entry in enumerate(changelog.entries, 1):
        subject = writer.named("changelog-entry", entry.version)
        writer.record(subject, entry, part_of=iri, order=order)
