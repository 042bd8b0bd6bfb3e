"""Spec → Graph: every statement of a spec, and what follows without reasoning."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from sphinx_policyspec import model
from sphinx_policyspec.files import pickled
from sphinx_policyspec.graph.records import TERMS, GraphWriter
from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, Iri, Iris, Triple, graph_of, iri_of
from sphinx_policyspec.graph.touches import Touch, TouchFinder, TouchKind, enclosing, owner
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.spec import base_of

if TYPE_CHECKING:
    from rdflib import Graph


def to_graph(spec: model.Spec) -> Graph:
    """Return the knowledge base of a spec; :func:`from_graph` returns an equal spec."""
    return graph_of(triples_of(spec), release_iri(spec))


def release_iri(spec: model.Spec) -> Iri:
    """Return the IRI of the spec, which is also the name of its graph."""
    return Iris(base_of(spec)).release(spec.version)


def triples_of(spec: model.Spec) -> Iterator[Triple]:
    """Return every triple of a spec, part by part in reading order; a few occur more than once."""
    return (triple for part in parts_of(spec) for triple in part.triples())


@dataclass(frozen=True, slots=True)
class GraphPart:
    """The statements about one chapter and everything below it, or about the rest of a spec.

    Two parts have the same subject only if two things of the spec have the same id. Equal ids are numbered across parts,
    so parts are written in their order.

    :param made_of: a digest of everything that the triples depend on, apart from numbers of equal ids; empty if it is
        unknown
    """

    made_of: bytes
    writer: GraphWriter
    _state: Callable[[], Iterable[None]]

    def triples(self) -> Iterator[Triple]:
        """Yield the triples, in reading order."""
        self.writer.numbered = False
        return (triple for _ in self._state() for triple in self.writer.take())


def parts_of(spec: model.Spec) -> Iterator[GraphPart]:
    """Yield the parts of the graph of a spec, in reading order: one for each chapter, and one for everything else."""
    writer = GraphWriter(Iris(base_of(spec)))
    release, names = writer.iris.release(spec.version), _names(spec)
    yield GraphPart(b"", writer, partial(_rest, writer, release, spec, names))
    tables = (names.aliases, names.tagged, names.origins, names.touched)
    shared = _digest((release, writer.iris.base, spec.topics, spec.documents, *tables))
    finder = TouchFinder(spec)
    for chapter in _chapters(spec, writer):
        yield GraphPart(
            _digest((shared, chapter)), writer, partial(_chapter, writer, release, chapter, names, finder)
        )


def _digest(value: object) -> bytes:
    return hashlib.blake2b(pickled(value), digest_size=16).digest()


def _rest(writer: GraphWriter, release: Iri, spec: model.Spec, names: _Names) -> Iterator[None]:
    """State everything outside chapters."""
    writer.record(release, spec)
    for order, document in enumerate(spec.documents, 1):
        writer.record(writer.mint("document", document.file), document, part_of=release, order=order)
    _levels(writer, spec)
    _topics_and_goals(writer, release, spec)
    _blocks(writer, release, spec.preamble, names)
    _missing_targets(writer, spec)
    for order, refusal in enumerate(spec.refusals, 1):
        writer.record(writer.mint("refusal", refusal.id), refusal, part_of=release, order=order)
    yield
    for order, file in enumerate(spec.prompt_files, 1):
        iri = writer.mint("prompt-file", file.tag)
        writer.record(iri, file, part_of=release, order=order)
        _blocks(writer, iri, file.blocks, names)
        yield
    if spec.changelog is not None:
        _changelog(writer, release, spec.changelog)
    yield


_Placed = tuple[int, Any]
"""A thing of a spec with its index among all of its kind, from 0."""


@dataclass(frozen=True, slots=True)
class _Chapter:
    """A provision and everything below it, and their contents.

    :param iris: names of the provisions
    """

    provisions: list[_Placed] = field(default_factory=list)
    iris: list[Iri] = field(default_factory=list)
    clauses: list[_Placed] = field(default_factory=list)
    eval_tags: list[_Placed] = field(default_factory=list)
    references: list[_Placed] = field(default_factory=list)
    links: list[_Placed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Names:
    """Look-ups that several parts of a spec need."""

    aliases: dict[str, str]
    tagged: dict[str, tuple[str, ...]]
    origins: dict[str, tuple[tuple[model.Origin, str], ...]]
    touched: dict[str, bool]

    def tests(self, block: model.Block) -> tuple[str, ...]:
        """Return the provisions that a prompt tests because they hold its tag."""
        return self.tagged.get(block.tag, ()) if isinstance(block, model.EvalPrompt) and block.tag else ()


def _names(spec: model.Spec) -> _Names:
    by_id = spec.provision_by_id
    aliases = {alias: p.id for p in reversed(spec.provisions) for alias in p.aliases if alias not in by_id}
    tagged: dict[str, dict[str, None]] = {}
    for tag in spec.eval_tags:
        tagged.setdefault(tag.tag, {})[tag.provision] = None
    return _Names(
        aliases,
        {tag: tuple(provisions) for tag, provisions in tagged.items()},
        model.origins(spec),
        model.touched_examples(spec),
    )


def _levels(writer: GraphWriter, spec: model.Spec) -> None:
    """State the declared levels and their order; a level that is only used has no rank."""
    iris = [writer.mint("level", level.id) for level in spec.levels]
    for rank, (iri, level) in enumerate(zip(iris, spec.levels, strict=True)):
        writer.record(iri, level)
        writer.add(iri, PS.rank, rank)
        if rank:
            writer.add(iris[rank - 1], PS.directlyOutranks, iri)
        for other in model.overriders(spec.levels, level):
            writer.add(iri, PS.overridableBy, writer.iris.iri("level", other.id))
    used = {p.authority for p in spec.principles} | {clause.authority for clause in spec.clauses}
    for name in sorted(used - {level.id for level in spec.levels}):
        iri = writer.iris.iri("level", name)
        writer.add(iri, RDF.type, PS.AuthorityLevel)
        writer.add(iri, DCTERMS.identifier, name)


def _topics_and_goals(writer: GraphWriter, release: Iri, spec: model.Spec) -> None:
    for order, topic in enumerate(spec.topics, 1):
        writer.record(writer.mint("topic", topic.id), topic, order=order)
    for order, goal in enumerate(spec.goals, 1):
        writer.record(writer.mint("goal", goal.id), goal, part_of=release, order=order)
    for order, priority in enumerate(spec.priorities, 1):
        writer.record(writer.mint("priority", priority.goal), priority, part_of=release, order=order)
    kinds = {model.AuthorityLevel: "level", model.Topic: "topic", model.Goal: "goal"}
    for order, item in enumerate(spec.repeated, 1):
        iri = writer.mint(kind := kinds[type(item)], item.id)
        writer.record(iri, item, order=order)
        writer.add(iri, PS.repeats, writer.iris.iri(kind, item.id))


def _chapters(spec: model.Spec, writer: GraphWriter) -> Iterable[_Chapter]:
    """Return the chapters of a spec, in reading order, the last one for things outside provisions.

    Provisions with the same id are in the same chapter, so that a chapter contains all that its triples depend on.
    """
    root_of: dict[str, str] = {}
    around = enclosing(spec)
    chapters: dict[str, _Chapter] = {}
    for place, provision in enumerate(spec.provisions):
        holders = around[provision.id]
        root = root_of[provision.id] = holders[-1].id if holders else provision.id
        chapter = chapters.setdefault(root, _Chapter())
        chapter.provisions.append((place, provision))
        chapter.iris.append(writer.mint("provision", provision.id))
    rest = chapters.setdefault("", _Chapter())

    def sort(name: str, items: Iterable[Any], source: str) -> None:
        for place, item in enumerate(items):
            home = chapters.get(root_of.get(getattr(item, source), ""), rest)
            getattr(home, name).append((place, item))

    sort("clauses", spec.clauses, "principle")
    sort("eval_tags", spec.eval_tags, "provision")
    sort("references", spec.references, "source")
    sort("links", spec.links, "source")
    return chapters.values()


def _chapter(
    writer: GraphWriter, release: Iri, chapter: _Chapter, names: _Names, finder: TouchFinder
) -> Iterator[None]:
    for iri, (place, provision) in zip(chapter.iris, chapter.provisions, strict=True):
        parent = release if provision.parent is None else writer.iris.iri("provision", provision.parent)
        writer.record(iri, provision, part_of=parent, order=place + 1)
        writer.add(iri, PS.depth, provision.depth)
        if provision.parent is not None:
            writer.add(iri, PS.subsectionOf, parent)
        if provision.text:
            writer.add(iri, PS.text, provision.text)
        _origin(writer, iri, provision.id, names)
        _blocks(writer, iri, provision.blocks, names, provision)
        if isinstance(provision, model.Section) and (principle := owner(provision, finder.around)):
            writer.add(iri, PS.belongsTo, writer.iris.iri("provision", principle.id))
        _touches(writer, iri, finder.touches(place))
        yield
    _clauses_and_tags(writer, release, chapter)
    yield
    yield from _references(writer, release, chapter, names)


def _origin(writer: GraphWriter, iri: Iri, name: str, names: _Names) -> None:
    """State the origins of a provision of a resolved spec, and the statements behind them unless it is one of these."""
    for origin, statement in names.origins.get(name, ()):
        writer.add(iri, PS.origin, origin.value)
        if statement and statement != name:
            writer.add(iri, PS.originStatement, writer.iris.iri("provision", statement))


_PART_KINDS: dict[type, str] = {
    model.Comment: "comment",
    model.Commentary: "commentary",
    model.Prose: "prose",
}


def _missing_targets(writer: GraphWriter, spec: model.Spec) -> None:
    """State the ids of missing targets of relations, which cannot be read from their IRIs as they are."""
    targets = {
        target
        for principle in spec.principles
        for relation in RELATIONS
        for target in relation.values(principle)
    }
    for target in sorted(targets - spec.provision_by_id.keys()):
        writer.add(writer.iris.iri("provision", target), DCTERMS.identifier, target)


def _blocks(
    writer: GraphWriter,
    owner: Iri,
    blocks: Iterable[model.Block],
    names: _Names,
    provision: model.Provision | None = None,
) -> None:
    """State the blocks of a provision, of the preamble or of a prompt file."""
    enclosing = () if provision is None else (provision.id,)
    for order, block in enumerate(blocks, 1):
        iri = _block(writer, owner, order, block, {"illustrates": enclosing, "tests": names.tests(block)})
        if isinstance(block, model.Example) and block.id in names.touched:
            writer.add(iri, PS.exampleState, "void" if names.touched[block.id] else "still-holds")


def _block(
    writer: GraphWriter, owner: Iri, order: int, block: model.Block, derived: dict[str, tuple[str, ...]]
) -> Iri:
    if isinstance(block, model.Example | model.EvalPrompt):
        iri = writer.mint("example" if isinstance(block, model.Example) else "prompt", block.id)
        writer.record(iri, block, part_of=owner, order=order, derived=derived)
        _write_conversation(writer, iri, block.turns)
        return iri
    if isinstance(block, model.Definition):
        iri = writer.mint("definition", block.id)
    else:
        iri = writer.iris.part(_PART_KINDS[type(block)], owner, order)
    writer.record(iri, block, part_of=owner, order=order)
    return iri


def _touches(writer: GraphWriter, toucher: Iri, touches: Iterable[Touch]) -> None:
    """State how a provision touches topics."""
    counts: Counter[tuple[str, str]] = Counter()
    for touch in touches:
        topic = writer.iris.iri("topic", touch.topic)
        counts[touch.topic, touch.kind] += 1
        place = (touch.topic, touch.kind.value, counts[touch.topic, touch.kind])
        iri = writer.iris.part("touch", toucher, *place)
        writer.add(iri, RDF.type, PS.Touch)
        writer.add(iri, PS.toucher, toucher)
        writer.add(iri, PS.touchedTopic, topic)
        writer.add(iri, PS.touchKind, TERMS[TouchKind][touch.kind])
        writer.add(iri, PS.via, touch.via)
        writer.start(iri, touch.span)
        writer.add(toucher, PS.mentions if touch.kind is TouchKind.MENTION else PS.about, topic)


def _clauses_and_tags(writer: GraphWriter, release: Iri, chapter: _Chapter) -> None:
    for place, clause in chapter.clauses:
        owner = writer.iris.iri("provision", clause.principle)
        writer.record(writer.iris.part("clause", owner, place + 1), clause, part_of=owner, order=place + 1)
    for place, tag in chapter.eval_tags:
        owner = writer.iris.iri("provision", tag.provision) if tag.provision else release
        writer.record(writer.mint("eval-tag", tag.tag), tag, part_of=owner, order=place + 1)


def _references(writer: GraphWriter, release: Iri, chapter: _Chapter, names: _Names) -> Iterator[None]:
    """State each occurrence of a reference or link, and the plain edges between provisions."""
    for kind, items in (("reference", chapter.references), ("link", chapter.links)):
        occurrences: Counter[str] = Counter()
        for place, item in items:
            owner = writer.iris.iri("provision", item.source) if item.source else release
            occurrences[item.source] += 1
            iri = writer.iris.part(kind, owner, occurrences[item.source])
            writer.record(iri, item, order=place + 1)
            example = writer.iris.iri("example", item.example)
            if item.example:
                writer.add(iri, PS.inExample, example)
            if item.message:
                writer.add(iri, PS.inMessage, writer.iris.part("message", example, item.message))
            if isinstance(item, model.Link):
                writer.add(owner, PS.link, item.url)
            else:
                _target(writer, iri, item, names)
            yield


def _target(writer: GraphWriter, iri: Iri, reference: model.Reference, names: _Names) -> None:
    """State the target of a reference; an old name (alias) leads to the provision that has it now."""
    current = reference.target
    if reference.target_kind is model.TargetKind.PROVISION and current in names.aliases:
        current = names.aliases[current]
        writer.add(iri, PS.targetName, reference.target)
    target = writer.iris.iri(reference.target_kind.value, current)
    writer.add(iri, PS.target, target)
    if reference.source:
        writer.add(writer.iris.iri("provision", reference.source), PS.references, target)


def _changelog(writer: GraphWriter, release: Iri, changelog: model.Changelog) -> None:
    iri = writer.iris.part("changelog", release)
    writer.record(iri, changelog, part_of=release)
    for order, entry in enumerate(changelog.entries, 1):
        subject = writer.mint("changelog-entry", entry.version)
        writer.record(subject, entry, part_of=iri, order=order)


def _write_conversation(writer: GraphWriter, owner: Iri, turns: tuple[model.Turn, ...]) -> None:
    """State the turns of an example or prompt; messages are numbered consecutively, alternatives included."""
    messages = (writer.iris.part("message", owner, number) for number in count(1))
    for order, turn in enumerate(turns, 1):
        if isinstance(turn, model.Comparison):
            comparison = writer.iris.part("comparison", owner, order)
            writer.record(comparison, turn, part_of=owner, order=order)
            for place, response in enumerate(turn.responses, 1):
                _write_message(writer, next(messages), response, part_of=comparison, order=place)
        elif isinstance(turn, model.Gap):
            writer.record(writer.iris.part("gap", owner, order), turn, part_of=owner, order=order)
        else:
            _write_message(writer, next(messages), turn, part_of=owner, order=order)


def _write_message(
    writer: GraphWriter, iri: Iri, message: model.Message, *, part_of: Iri, order: int
) -> None:
    writer.record(iri, message, part_of=part_of, order=order)
    for place, fragment in enumerate(message.fragments, 1):
        writer.record(writer.iris.part("fragment", iri, place), fragment, part_of=iri, order=place)
        writer.add(iri, iri_of(f"ps:{fragment.kind.value}"), fragment.text)
    if message.untrusted:
        writer.add(iri, PS.untrusted, message.text)
