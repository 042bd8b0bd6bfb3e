"""Graph → Spec, the exact inverse of ``to_graph``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.conversations import read_conversation
from sphinx_policyspec.graph.reader import GraphReader
from sphinx_policyspec.graph.records import id_of, quoted
from sphinx_policyspec.graph.terms import PS, Iri, Triple
from sphinx_policyspec.model import (
    AuthorityLevel,
    Block,
    Changelog,
    ChangelogEntry,
    Clause,
    Comment,
    Commentary,
    Definition,
    Document,
    EvalPrompt,
    EvalTag,
    Example,
    Goal,
    Link,
    Principle,
    PromptFile,
    Prose,
    Provision,
    Reference,
    Section,
    Spec,
    TargetKind,
    Topic,
)

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["from_graph", "from_triples"]


_DEEPEST = 60
"""Depth of provisions that is read: pages nest as they do, and what follows from parts of parts grows with its square."""


def from_graph(graph: Graph) -> Spec:
    """Return the spec that a graph holds; what rules have derived in it is passed over.

    Raises :class:`SourceError` where it holds none, several, or one that no spec can be made of.
    """
    from sphinx_policyspec.graph.rdflib_terms import triples_in  # noqa: PLC0415  files come without rdflib

    return from_triples(triples_in(graph))


def from_triples(triples: Iterable[Triple]) -> Spec:
    """Return the spec that triples hold, some of which may come more than once; raises as :func:`from_graph` does."""
    reader = GraphReader(triples)
    tags = tuple(
        reader.record(subject, EvalTag, provision=reader.owner_id(subject))
        for subject, _ in reader.everything(EvalTag)
    )
    tagged: dict[str, tuple[str, ...]] = {}
    for tag in tags:
        tagged[tag.tag] = (*tagged.get(tag.tag, ()), tag.provision)
    spec = reader.record(
        reader.release,
        Spec,
        documents=tuple(reader.record(*found) for found in reader.everything(Document)),
        levels=_levels(reader),
        topics=_declared(reader, Topic),
        goals=_declared(reader, Goal),
        repeated=_declared(reader, AuthorityLevel, Topic, Goal, repeated=True),
        preamble=_blocks(reader, reader.release, tagged),
        provisions=_provisions(reader, tagged),
        clauses=tuple(
            reader.record(subject, Clause, principle=reader.owner_id(subject))
            for subject, _ in reader.everything(Clause)
        ),
        references=tuple(_reference(reader, subject) for subject, _ in reader.everything(Reference)),
        links=tuple(
            reader.record(subject, Link, **_context(reader, subject))
            for subject, _ in reader.everything(Link)
        ),
        eval_tags=tags,
        prompt_files=tuple(
            _prompt_file(reader, subject, tagged) for subject, _ in reader.everything(PromptFile)
        ),
        changelog=_changelog(reader),
    )
    reader.all_read()
    return spec


def _declared(reader: GraphReader, *models: type[Any], repeated: bool = False) -> tuple[Any, ...]:
    """Return what is declared, either the first of each id or all others."""
    found = reader.everything(*models)
    return tuple(
        reader.record(iri, model) for iri, model in found if bool(reader.objects(iri, PS.repeats)) == repeated
    )


def _levels(reader: GraphReader) -> tuple[AuthorityLevel, ...]:
    """Return the declared levels; those without a rank are only used."""
    found = reader.everything(AuthorityLevel, by=PS.rank)
    return tuple(reader.record(iri, model) for iri, model in found if reader.objects(iri, PS.rank))


def _provisions(reader: GraphReader, tagged: dict[str, tuple[str, ...]]) -> tuple[Provision, ...]:
    """Return the provisions in reading order: what holds others stands before them, one level up."""
    found: list[Provision] = []
    depths: dict[str | None, set[int]] = {None: {0}}
    for subject, model in reader.everything(Section, Principle):
        parent = None if reader.owner(subject) == reader.release else reader.owner_id(subject)
        depth = reader.integer(subject, PS.depth)
        if depth > _DEEPEST:
            raise SourceError(f"{quoted(subject)} has depth {depth}, and the most that is read is {_DEEPEST}")
        if parent not in depths:
            raise SourceError(
                f"{quoted(subject)} is part of {quoted(parent)}, which is no provision that stands before it"
            )
        if depth - 1 not in depths[parent]:
            raise SourceError(
                f"{quoted(subject)} has depth {depth}, which is not one more than that of what holds it"
            )
        provision = reader.record(
            subject, model, parent=parent, depth=depth, blocks=_blocks(reader, subject, tagged)
        )
        depths.setdefault(provision.id, set()).add(depth)
        found.append(provision)
    return tuple(found)


def _blocks(reader: GraphReader, owner: Iri, tagged: dict[str, tuple[str, ...]]) -> tuple[Any, ...]:
    """Return the blocks of a provision, of the preamble or of a prompt file."""
    found = reader.parts(owner, Prose, Definition, Commentary, Comment, Example, EvalPrompt)
    return tuple(_block(reader, subject, model, owner, tagged) for subject, model in found)


def _block(
    reader: GraphReader, subject: Iri, model: type[Any], owner: Iri, tagged: dict[str, tuple[str, ...]]
) -> Block:
    if model is Example:
        derived: dict[str, tuple[str, ...]] = {
            "illustrates": () if owner == reader.release else (reader.identifier(owner),)
        }
        return reader.record(subject, Example, derived, turns=read_conversation(reader, subject))
    if model is EvalPrompt:
        tag = reader.text(subject, PS.evalTag)
        derived = {"tests": tagged.get(tag, ()) if tag else ()}
        return reader.record(subject, EvalPrompt, derived, turns=read_conversation(reader, subject))
    block: Block = reader.record(subject, model)
    return block


def _reference(reader: GraphReader, subject: Iri) -> Reference:
    target = reader.single(subject, PS.target)
    found = None if target is None else reader.iris.kind_and_id(str(target))
    kinds = {kind.value for kind in TargetKind}
    if found is None or found[0] not in kinds:
        raise SourceError(f"{quoted(subject)} refers to {quoted(target)}, which names nothing of this spec")
    kind, name = found
    return reader.record(
        subject,
        Reference,
        target=reader.text(subject, PS.targetName) if reader.objects(subject, PS.targetName) else name,
        target_kind=TargetKind(kind),
        **_context(reader, subject),
    )


def _context(reader: GraphReader, subject: Iri) -> dict[str, Any]:
    """Return the example and the number of the message that a reference stands in."""
    found: dict[str, Any] = {}
    if (example := reader.single(subject, PS.inExample)) is not None:
        found["example"] = id_of(example, reader.iris)
    if (message := reader.single(subject, PS.inMessage)) is not None:
        try:
            found["message"] = int(str(message).rpartition("/")[2])
        except ValueError as error:
            raise SourceError(
                f"{quoted(subject)} stands in {quoted(message)}, which is no message"
            ) from error
    return found


def _prompt_file(reader: GraphReader, subject: Iri, tagged: dict[str, tuple[str, ...]]) -> PromptFile:
    return reader.record(subject, PromptFile, blocks=_blocks(reader, subject, tagged))


def _changelog(reader: GraphReader) -> Changelog | None:
    found = reader.parts(reader.release, Changelog)
    if not found:
        return None
    subject = found[0][0]
    entries = tuple(reader.record(part, ChangelogEntry) for part, _ in reader.parts(subject, ChangelogEntry))
    return reader.record(subject, Changelog, entries=entries)
