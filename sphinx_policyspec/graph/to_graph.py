"""Spec → Graph: every statement of a spec, and what can be said of it without reasoning."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.graph.iris import Iris
from sphinx_policyspec.graph.records import RECORDS, TERMS, Field, Many
from sphinx_policyspec.graph.terms import DCTERMS, PS, RDF, Iri, Term, Triple
from sphinx_policyspec.graph.touches import Touch, TouchKind, enclosing, owner, touches
from sphinx_policyspec.model import (
    AuthorityLevel,
    Block,
    Changelog,
    Comment,
    Commentary,
    Comparison,
    Definition,
    EvalPrompt,
    Example,
    FragmentKind,
    Gap,
    Goal,
    Link,
    Message,
    PromptFile,
    Prose,
    Provision,
    Reference,
    Section,
    Span,
    Spec,
    TargetKind,
    Topic,
    Turn,
    overriders,
)
from sphinx_policyspec.model.attributes import RELATIONS
from sphinx_policyspec.model.spec import given_base

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["release_iri", "sequence_key", "to_graph", "triples_of"]

# A closed namespace looks each term up; these are used thousands of times.
_TYPE, _PART_OF, _ORDER = RDF.type, PS.partOf, PS.order
_FILE, _LINE, _COLUMN, _END_LINE, _END_COLUMN = PS.file, PS.line, PS.column, PS.endLine, PS.endColumn


class _GraphWriter:
    """Collects triples, in the order in which they are stated; a few are stated more than once.

    :param iris: mints the names
    """

    def __init__(self, iris: Iris) -> None:
        self.iris = iris
        self._triples: list[Triple] = []
        self._named: Counter[Iri] = Counter()

    def add(self, subject: Iri, predicate: Iri, node: Term) -> None:
        """State one triple."""
        self._triples.append((subject, predicate, node))

    def taken(self) -> list[Triple]:
        """Return what was stated since the last time."""
        taken, self._triples = self._triples, []
        return taken

    def named(self, kind: str, identifier: str) -> Iri:
        """Return the IRI of the next thing with that id; further ones of the same id get ``~2``, ``~3``."""
        iri = self.iris.iri(kind, identifier)
        self._named[iri] += 1
        count = self._named[iri]
        return iri if count == 1 else Iri(f"{iri}~{count}")

    def record(
        self,
        subject: Iri,
        value: Any,  # noqa: ANN401 - any class of RECORDS
        *,
        part_of: Iri | None = None,
        order: int | None = None,
        derived: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """State the classes, fields, place, owner and order of a model object.

        :param derived: ids that follow for a field from elsewhere in the spec; they are stated with
            the object's own, and reading takes them out again
        """
        record = RECORDS[type(value)]
        for kind in record.types:
            self.add(subject, _TYPE, kind)
        if part_of is not None:
            self.add(subject, _PART_OF, part_of)
        if order is not None:
            self.add(subject, _ORDER, order)
        for field in record.fields:
            content = getattr(value, field.name)
            if isinstance(field, Many):
                self._many(subject, field, content, (derived or {}).get(field.name, ()))
            else:
                self._state(subject, field, content)
        if record.spanned and value.span is not None:
            self.span(subject, value.span)

    def span(self, subject: Iri, span: Span) -> None:
        """State where in the source something stands; an end that equals the start goes unsaid."""
        self.start(subject, span)
        if (span.end_line, span.end_column) != (span.line, span.column):
            self.add(subject, _END_LINE, span.end_line)
            self.add(subject, _END_COLUMN, span.end_column)

    def start(self, subject: Iri, span: Span) -> None:
        """State where in the source something begins."""
        self.add(subject, _FILE, span.file)
        self.add(subject, _LINE, span.line)
        self.add(subject, _COLUMN, span.column)

    def _state(self, subject: Iri, field: Field, content: Any) -> None:  # noqa: ANN401
        for node in field.write(content, self.iris):
            self.add(subject, field.predicate, node)

    def _many(self, subject: Iri, field: Many, content: tuple[Any, ...], derived: Iterable[str]) -> None:
        """State a set, and the exact tuple where reading the set would not give it back."""
        if not content and not derived:
            return
        self._state(subject, field, content)
        for item in derived:
            self.add(subject, field.predicate, self.iris.iri(field.kind, item))
        items = field.encode(content)
        if field.sort(set(items) - set(derived)) != content:
            self.add(subject, PS.sequence, json.dumps([sequence_key(field), *items]))


def sequence_key(field: Field) -> str:
    """Return the name under which a ``ps:sequence`` keeps the exact tuple of a field."""
    return field.predicate.rpartition("#")[2].rpartition("/")[2]


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
    writer = _GraphWriter(_iris(spec, base_iri))
    return (triple for _ in _steps(writer, spec) for triple in writer.taken())


def _steps(writer: _GraphWriter, spec: Spec) -> Iterator[None]:
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


def _documents(writer: _GraphWriter, release: Iri, spec: Spec) -> None:
    for order, document in enumerate(spec.documents, 1):
        writer.record(writer.named("document", document.file), document, part_of=release, order=order)


def _levels(writer: _GraphWriter, spec: Spec) -> None:
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


def _topics_and_goals(writer: _GraphWriter, release: Iri, spec: Spec) -> None:
    for order, topic in enumerate(spec.topics, 1):
        writer.record(writer.named("topic", topic.id), topic, order=order)
    for order, goal in enumerate(spec.goals, 1):
        writer.record(writer.named("goal", goal.id), goal, part_of=release, order=order)
    kinds = {AuthorityLevel: "level", Topic: "topic", Goal: "goal"}
    for order, item in enumerate(spec.repeated, 1):
        iri = writer.named(kind := kinds[type(item)], item.id)
        writer.record(iri, item, order=order)
        writer.add(iri, PS.repeats, writer.iris.iri(kind, item.id))


def _provisions(writer: _GraphWriter, release: Iri, spec: Spec, names: _Names) -> Iterator[None]:
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


def _belonging(writer: _GraphWriter, spec: Spec, iris: list[Iri]) -> None:
    """State for each plain section which principle it belongs to."""
    around = enclosing(spec)
    for iri, provision in zip(iris, spec.provisions, strict=True):
        if isinstance(provision, Section) and (principle := owner(provision, around)):
            writer.add(iri, PS.belongsTo, writer.iris.iri("provision", principle.id))


_PART_KINDS: dict[type, str] = {Comment: "comment", Commentary: "commentary", Prose: "prose"}


def _lacking(writer: _GraphWriter, spec: Spec) -> None:
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
    writer: _GraphWriter,
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
    writer: _GraphWriter, owner: Iri, order: int, block: Block, derived: dict[str, tuple[str, ...]]
) -> None:
    if isinstance(block, Example | EvalPrompt):
        iri = writer.named("example" if isinstance(block, Example) else "prompt", block.id)
        writer.record(iri, block, part_of=owner, order=order, derived=derived)
        _write_conversation(writer, iri, block.turns)
    elif isinstance(block, Definition):
        writer.record(writer.named("definition", block.id), block, part_of=owner, order=order)
    else:
        writer.record(
            writer.iris.part(_PART_KINDS[type(block)], owner, order), block, part_of=owner, order=order
        )


def _touch(writer: _GraphWriter, toucher: Iri, touch: Touch, found: Counter[tuple[Iri, str, str]]) -> None:
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


def _clauses_and_tags(writer: _GraphWriter, release: Iri, spec: Spec) -> None:
    for order, clause in enumerate(spec.clauses, 1):
        owner = writer.iris.iri("provision", clause.principle)
        writer.record(writer.iris.part("clause", owner, order), clause, part_of=owner, order=order)
    for order, tag in enumerate(spec.eval_tags, 1):
        owner = writer.iris.iri("provision", tag.provision) if tag.provision else release
        writer.record(writer.named("eval-tag", tag.tag), tag, part_of=owner, order=order)


def _references(writer: _GraphWriter, spec: Spec, names: _Names) -> Iterator[None]:
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


def _target(writer: _GraphWriter, iri: Iri, reference: Reference, names: _Names) -> None:
    """State what a reference points at; an old name (alias) leads to what bears it now."""
    current = reference.target
    if reference.target_kind is TargetKind.PROVISION and current in names.aliases:
        current = names.aliases[current]
        writer.add(iri, PS.targetName, reference.target)
    target = writer.iris.iri(reference.target_kind.value, current)
    writer.add(iri, PS.target, target)
    if reference.source:
        writer.add(writer.iris.iri("provision", reference.source), PS.references, target)


def _prompt_file(writer: _GraphWriter, release: Iri, file: PromptFile, order: int, names: _Names) -> None:
    iri = writer.named("prompt-file", file.tag)
    writer.record(iri, file, part_of=release, order=order)
    _blocks(writer, iri, file.blocks, names)


def _changelog(writer: _GraphWriter, release: Iri, changelog: Changelog) -> None:
    iri = writer.iris.part("changelog", release)
    writer.record(iri, changelog, part_of=release)
    for order, entry in enumerate(changelog.entries, 1):
        subject = writer.named("changelog-entry", entry.version)
        writer.record(subject, entry, part_of=iri, order=order)


_FRAGMENT_PROPERTIES = {
    FragmentKind.UNTRUSTED: PS.untrusted,
    FragmentKind.SETTING: PS.setting,
    FragmentKind.PLACEHOLDER: PS.placeholder,
}


def _write_conversation(writer: _GraphWriter, owner: Iri, turns: tuple[Turn, ...]) -> None:
    """State the turns of an example or prompt; messages are numbered through, alternatives included."""
    messages = (writer.iris.part("message", owner, number) for number in count(1))
    for order, turn in enumerate(turns, 1):
        if isinstance(turn, Comparison):
            comparison = writer.iris.part("comparison", owner, order)
            writer.record(comparison, turn, part_of=owner, order=order)
            for place, response in enumerate(turn.responses, 1):
                _write_message(writer, next(messages), response, part_of=comparison, order=place)
        elif isinstance(turn, Gap):
            writer.record(writer.iris.part("gap", owner, order), turn, part_of=owner, order=order)
        else:
            _write_message(writer, next(messages), turn, part_of=owner, order=order)


def _write_message(writer: _GraphWriter, iri: Iri, message: Message, *, part_of: Iri, order: int) -> None:
    writer.record(iri, message, part_of=part_of, order=order)
    for place, fragment in enumerate(message.fragments, 1):
        writer.record(writer.iris.part("fragment", iri, place), fragment, part_of=iri, order=place)
        writer.add(iri, _FRAGMENT_PROPERTIES[fragment.kind], fragment.text)
    if message.untrusted:
        writer.add(iri, PS.untrusted, message.text)
