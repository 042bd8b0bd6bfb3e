"""Graph → Spec, the exact inverse of ``to_graph``."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph

from sphinx_policyspec import model
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import grouped, load_json
from sphinx_policyspec.graph.parse import streamed_statements
from sphinx_policyspec.graph.records import RECORDS, Many, sequence_key
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    MAX_BYTES,
    NAMED_GRAPHS,
    OWL,
    PS,
    RDF,
    Blank,
    Iri,
    Iris,
    Term,
    Triple,
    id_of,
    quoted,
    single,
    text_of,
    triples_in,
)

if TYPE_CHECKING:
    from rdflib import Graph

_T = TypeVar("_T")
_NOTHING: list[Term] = []
_MOST = 2**31 - 1
"""Largest line, column, order and depth that is read."""
_DIGITS = 20
_AT_HAND = 1_000
"""Number of subjects whose properties stay cached."""
_DEFAULT = str(pyoxigraph.DefaultGraph())
_A_SPEC = (RDF.type, PS.Spec)
_PLACE = frozenset((PS.file, PS.line, PS.column))


class _GraphReader:
    """An index of the only spec in a graph.

    :param triples: as ``to_graph`` writes them, possibly with derived triples; some may occur more than once
    """

    def __init__(self, triples: Iterable[Triple]) -> None:
        # A flat list of alternating predicates and objects takes a fifth of the memory of dictionaries of lists.
        self._said: dict[Term, list[Term]] = {}
        self._grouped: dict[Term, dict[Term, list[Term]]] = {}
        self._parts: dict[Term, list[Term]] = defaultdict(list)
        self._members: dict[Term, list[Term]] = defaultdict(list)
        self._read: set[Term] = set()
        part_of, type_ = PS.partOf, RDF.type
        for subject, predicate, node in triples:
            statements = self._said.get(subject)
            if statements is None:
                statements = self._said[subject] = []
            statements += predicate, node
            if predicate == part_of:
                self._parts[node].append(subject)
            elif predicate == type_:
                self._members[node].append(subject)
        for subjects in (*self._parts.values(), *self._members.values()):
            subjects[:] = dict.fromkeys(subjects)
        self.release = self._only_spec()
        self.iris = Iris.of_release(self.release, self.text(self.release, OWL.versionInfo))

    def _only_spec(self) -> Iri:
        specs = sorted(self._members.get(PS.Spec, ()), key=str)
        if not specs:
            raise SourceError("the graph contains no behaviour spec: nothing in it is a `ps:Spec`")
        if len(specs) > 1:
            names = ", ".join(map(quoted, specs[:3]))
            raise SourceError(f"the graph contains {len(specs)} behaviour specs where one is read: {names}")
        if not isinstance(specs[0], Iri):
            raise SourceError("the behaviour spec of the graph is a blank node; it needs an IRI")
        return specs[0]

    def _properties(self, subject: Term) -> dict[Term, list[Term]]:
        """Return the properties of a subject, names before texts; some subjects stay cached, as they are read in a row."""
        properties = self._grouped.get(subject)
        if properties is None:
            if len(self._grouped) == _AT_HAND:
                self._grouped.clear()
            properties = self._grouped[subject] = {}
            statements = self._said.get(subject, _NOTHING)
            for predicate, node in zip(statements[::2], statements[1::2], strict=True):
                properties.setdefault(predicate, []).append(node)
            for nodes in properties.values():
                if len(nodes) > 1:
                    # A name and a text with the same letters are equal, but not the same term.
                    names = dict.fromkeys(node for node in nodes if isinstance(node, Iri | Blank))
                    values = dict.fromkeys(node for node in nodes if not isinstance(node, Iri | Blank))
                    nodes[:] = [*names, *values]
        return properties

    def objects(self, subject: Term, predicate: Iri) -> list[Term]:
        """Return the objects of a property, in no order."""
        return self._properties(subject).get(predicate, _NOTHING)

    def single(self, subject: Term, predicate: Iri) -> Term | None:
        """Return the only object of a property."""
        with _about(subject):
            return single(predicate, self.objects(subject, predicate))

    def integer(self, subject: Term, predicate: Iri, default: int = 0) -> int:
        """Return the number that is the object of a property."""
        node = self.single(subject, predicate)
        if node is None:
            return default
        try:
            number = node if isinstance(node, int) else int(str(node)[:_DIGITS])
        except ValueError:
            number = -1
        if not 0 <= number <= _MOST:
            raise SourceError(
                f"{quoted(node)}, the `{predicate}` of {quoted(subject)}, is not a whole number from 0 to {_MOST:,}"
            )
        return number

    def text(self, subject: Term, predicate: Iri) -> str:
        """Return the string that is the object of a property, or an empty one."""
        node = self.single(subject, predicate)
        return "" if node is None else text_of(node, predicate)

    def owner(self, subject: Term) -> Term | None:
        """Return the thing that a subject is part of."""
        return self.single(subject, PS.partOf)

    def owner_id(self, subject: Term) -> str:
        """Return the id of the thing that a subject is part of; empty for the spec itself."""
        owner = self.owner(subject)
        return "" if owner is None or owner == self.release else id_of(owner, self.iris)

    def parts(self, owner: Term, *models: type[_T]) -> list[tuple[Iri, type[_T]]]:
        """Return the parts of these model classes in order, each with its class."""
        return self._in_order(self._parts.get(owner, ()), models, PS.order)

    def everything(self, *models: type[_T], by: Iri = PS.order) -> list[tuple[Iri, type[_T]]]:
        """Return all things of these model classes, in the order of a numeric property."""
        subjects = {node: None for kind in models for node in self._members.get(RECORDS[kind].types[0], ())}
        return self._in_order(subjects, models, by)

    def _in_order(
        self, subjects: Iterable[Term], models: tuple[type[_T], ...], by: Iri
    ) -> list[tuple[Iri, type[_T]]]:
        """Return subjects sorted by number, then by name, without those of other classes."""
        # A class with more types is more specific: a Response is a Message, too.
        ranked = sorted(models, key=lambda kind: -len(RECORDS[kind].types))
        items = []
        for subject in subjects:
            types = self.objects(subject, RDF.type)
            kind = next((kind for kind in ranked if RECORDS[kind].types[0] in types), None)
            if kind is None:
                continue
            if not isinstance(subject, Iri):
                raise SourceError(f"a `{RECORDS[kind].types[0]}` is a blank node; it needs an IRI")
            items.append((self.integer(subject, by), subject, kind))
        items.sort(key=lambda item: item[:2])
        return [(subject, kind) for _, subject, kind in items]

    def record(
        self,
        subject: Iri,
        kind: type[_T],
        derived: Mapping[str, tuple[str, ...]] | None = None,
        **others: Any,  # noqa: ANN401 - the attributes that are not fields
    ) -> _T:
        """Return a model object from the fields and place of a subject.

        :param derived: as in :meth:`Writer.record`
        """
        record = RECORDS[kind]
        self._read.add(subject)
        properties = self._properties(subject)
        with _about(subject):
            single(PS.partOf, properties.get(PS.partOf, _NOTHING))
            for field in record.fields:
                objects = properties.get(field.predicate, _NOTHING)
                if isinstance(field, Many):
                    if objects:
                        others[field.name] = self._many(
                            subject, field, objects, (derived or {}).get(field.name, ())
                        )
                # Two properties may carry one attribute, and only one of them is used.
                elif (value := field.read(objects, self.iris)) or field.name not in others:
                    others[field.name] = value
        if record.spanned and not (record.placeless and _PLACE.isdisjoint(properties)):
            others["span"] = self.span(subject)
        return kind(**others)

    def all_read(self) -> None:
        """Raise :class:`SourceError` if something of our classes was not read because its owner cannot contain it."""
        for record in RECORDS.values():
            for subject in self._members.get(record.types[0], ()):
                # A level without a rank is only used, not declared.
                if subject not in self._read and record.types[0] != PS.AuthorityLevel:
                    owner = self.owner(subject)
                    position = "part of nothing" if owner is None else f"part of {quoted(owner)}"
                    raise SourceError(
                        f"{quoted(subject)} is {position}, where no `{record.types[0]}` is read"
                    )

    def span(self, subject: Term) -> model.Span:
        """Return the place of a subject in the source."""
        line = self.integer(subject, PS.line, 1)
        column = self.integer(subject, PS.column, 1)
        end = self.integer(subject, PS.endLine, line), self.integer(subject, PS.endColumn, column)
        if min(line, column, *end) < 1 or end < (line, column):
            raise SourceError(
                f"the place of {quoted(subject)} ends before it begins, or before the first line or column"
            )
        return model.Span(self.text(subject, PS.file), line, column, *end)

    def _many(
        self, subject: Term, field: Many, objects: list[Term], derived: tuple[str, ...]
    ) -> tuple[Any, ...]:
        """Return the exact tuple if one is stored and the set still agrees with it, otherwise the sorted set."""
        stated = set(field.items(objects, self.iris))
        key = sequence_key(field)
        for node in self.objects(subject, PS.sequence):
            name, *items = _strings(node)
            if name == key and stated.issuperset(items) and stated.difference(items) <= set(derived):
                return field.decode(items)
        return field.sort(stated - set(derived))


@contextlib.contextmanager
def _about(subject: Term) -> Iterator[None]:
    """Add the name of the subject to errors about its fields."""
    try:
        yield
    except SourceError as error:
        raise SourceError(f"{quoted(subject)}: {error}") from None


def _strings(node: Term) -> list[str]:
    """Return the strings that a ``ps:sequence`` lists; one empty string if there are none."""
    try:
        items = load_json(str(node))
    except ValueError:
        return [""]
    return [str(item) for item in items] if isinstance(items, list) and items else [""]


_DEEPEST = 60
"""Greatest depth of provisions that is read: pages nest as deep, and inferences from parts grow with its square."""


def from_graph(graph: Graph) -> model.Spec:
    """Return the spec in a graph; derived triples are ignored.

    Raises :class:`SourceError` if it holds none, several, or one that is not a valid spec.
    """
    return from_triples(triples_in(graph))


def from_triples(triples: Iterable[Triple]) -> model.Spec:
    """Return the spec in triples, some of which may occur more than once; raises as :func:`from_graph` does."""
    reader = _GraphReader(triples)
    tags = tuple(
        reader.record(subject, model.EvalTag, provision=reader.owner_id(subject))
        for subject, _ in reader.everything(model.EvalTag)
    )
    tagged: dict[str, tuple[str, ...]] = {}
    for tag in tags:
        tagged[tag.tag] = (*tagged.get(tag.tag, ()), tag.provision)
    spec = reader.record(
        reader.release,
        model.Spec,
        documents=tuple(reader.record(*item) for item in reader.everything(model.Document)),
        levels=_levels(reader),
        topics=_declared(reader, model.Topic),
        goals=_declared(reader, model.Goal),
        priorities=tuple(reader.record(*item) for item in reader.everything(model.Priority)),
        repeated=_declared(reader, model.AuthorityLevel, model.Topic, model.Goal, repeated=True),
        preamble=_blocks(reader, reader.release, tagged),
        provisions=_provisions(reader, tagged),
        clauses=tuple(
            reader.record(subject, model.Clause, principle=reader.owner_id(subject))
            for subject, _ in reader.everything(model.Clause)
        ),
        references=tuple(_reference(reader, subject) for subject, _ in reader.everything(model.Reference)),
        links=tuple(
            reader.record(subject, model.Link, **_context(reader, subject))
            for subject, _ in reader.everything(model.Link)
        ),
        eval_tags=tags,
        prompt_files=tuple(
            reader.record(subject, model.PromptFile, blocks=_blocks(reader, subject, tagged))
            for subject, _ in reader.everything(model.PromptFile)
        ),
        changelog=_changelog(reader),
        refusals=tuple(reader.record(subject, kind) for subject, kind in reader.everything(model.Refusal)),
    )
    reader.all_read()
    return spec


def _declared(reader: _GraphReader, *models: type[Any], repeated: bool = False) -> tuple[Any, ...]:
    """Return declarations: either the first of each id, or all others."""
    items = reader.everything(*models)
    return tuple(
        reader.record(iri, kind) for iri, kind in items if bool(reader.objects(iri, PS.repeats)) == repeated
    )


def _levels(reader: _GraphReader) -> tuple[model.AuthorityLevel, ...]:
    """Return the declared levels; those without a rank are only used, not declared."""
    items = reader.everything(model.AuthorityLevel, by=PS.rank)
    return tuple(reader.record(iri, kind) for iri, kind in items if reader.objects(iri, PS.rank))


def _provisions(reader: _GraphReader, tagged: dict[str, tuple[str, ...]]) -> tuple[model.Provision, ...]:
    """Return the provisions in reading order: each comes after its parent, one level deeper."""
    provisions: list[model.Provision] = []
    depths: dict[str | None, set[int]] = {None: {0}}
    for subject, kind in reader.everything(model.Section, model.Principle, model.SpecStatement):
        parent = None if reader.owner(subject) == reader.release else reader.owner_id(subject)
        depth = reader.integer(subject, PS.depth)
        if depth > _DEEPEST:
            raise SourceError(f"{quoted(subject)} has depth {depth}, and the most that is read is {_DEEPEST}")
        if parent not in depths:
            raise SourceError(
                f"{quoted(subject)} is part of {quoted(parent)}, which is not a provision before it"
            )
        if depth - 1 not in depths[parent]:
            raise SourceError(
                f"{quoted(subject)} has depth {depth}, which is not one more than that of its parent"
            )
        provision = reader.record(
            subject, kind, parent=parent, depth=depth, blocks=_blocks(reader, subject, tagged)
        )
        depths.setdefault(provision.id, set()).add(depth)
        provisions.append(provision)
    return tuple(provisions)


def _blocks(reader: _GraphReader, owner: Iri, tagged: dict[str, tuple[str, ...]]) -> tuple[Any, ...]:
    """Return the blocks of a provision, of the preamble or of a prompt file."""
    parts = reader.parts(
        owner, model.Prose, model.Definition, model.Commentary, model.Comment, model.Example, model.EvalPrompt
    )
    return tuple(_block(reader, subject, kind, owner, tagged) for subject, kind in parts)


def _block(
    reader: _GraphReader, subject: Iri, kind: type[Any], owner: Iri, tagged: dict[str, tuple[str, ...]]
) -> model.Block:
    if kind is model.Example:
        derived: dict[str, tuple[str, ...]] = {
            "illustrates": () if owner == reader.release else (reader.text(owner, DCTERMS.identifier),)
        }
        return reader.record(subject, model.Example, derived, turns=tuple(_turns(reader, subject)))
    if kind is model.EvalPrompt:
        tag = reader.text(subject, PS.evalTag)
        derived = {"tests": tagged.get(tag, ()) if tag else ()}
        return reader.record(subject, model.EvalPrompt, derived, turns=tuple(_turns(reader, subject)))
    block: model.Block = reader.record(subject, kind)
    return block


def _reference(reader: _GraphReader, subject: Iri) -> model.Reference:
    target = reader.single(subject, PS.target)
    kind_and_name = None if target is None else reader.iris.kind_and_id(str(target))
    kinds = {kind.value for kind in model.TargetKind}
    if kind_and_name is None or kind_and_name[0] not in kinds:
        raise SourceError(f"{quoted(subject)} refers to {quoted(target)}, which names nothing of this spec")
    kind, name = kind_and_name
    return reader.record(
        subject,
        model.Reference,
        target=reader.text(subject, PS.targetName) if reader.objects(subject, PS.targetName) else name,
        target_kind=model.TargetKind(kind),
        **_context(reader, subject),
    )


def _context(reader: _GraphReader, subject: Iri) -> dict[str, Any]:
    """Return the example and the number of the message that contain a reference."""
    context: dict[str, Any] = {}
    if (example := reader.single(subject, PS.inExample)) is not None:
        context["example"] = id_of(example, reader.iris)
    if (message := reader.single(subject, PS.inMessage)) is not None:
        try:
            context["message"] = int(str(message).rpartition("/")[2])
        except ValueError as error:
            raise SourceError(f"{quoted(subject)} is in {quoted(message)}, which is not a message") from error
    return context


def _changelog(reader: _GraphReader) -> model.Changelog | None:
    parts = reader.parts(reader.release, model.Changelog)
    if not parts:
        return None
    subject = parts[0][0]
    entries = tuple(
        reader.record(part, model.ChangelogEntry) for part, _ in reader.parts(subject, model.ChangelogEntry)
    )
    return reader.record(subject, model.Changelog, entries=entries)


_M = TypeVar("_M", bound=model.Message)


def _turns(reader: _GraphReader, owner: Iri) -> Iterator[model.Turn]:
    """Yield the turns of an example or prompt."""
    kinds: tuple[type[model.Turn], ...] = (model.Message, model.Response, model.Comparison, model.Gap)
    for subject, kind in reader.parts(owner, *kinds):
        if issubclass(kind, model.Comparison):
            parts = reader.parts(subject, model.Response)
            responses = tuple(_read_message(reader, part, model.Response) for part, _ in parts)
            yield reader.record(subject, model.Comparison, responses=responses)
        elif issubclass(kind, model.Message):
            yield _read_message(reader, subject, kind)
        else:
            yield reader.record(subject, kind)


def _read_message(reader: _GraphReader, subject: Iri, kind: type[_M]) -> _M:
    fragments = tuple(
        reader.record(part, model.Fragment) for part, _ in reader.parts(subject, model.Fragment)
    )
    return reader.record(subject, kind, fragments=fragments)


def specs_of(path: Path, max_bytes: int = MAX_BYTES) -> tuple[model.Spec, ...]:
    """Return the spec of each named graph in a graph file that holds one; of other files, none."""
    if path.suffix not in {f".{form}" for form in NAMED_GRAPHS}:
        return ()
    graphs = grouped((name, triple) for triple, name in streamed_statements(path, max_bytes))
    named_graphs = (triples for name, triples in graphs.items() if name != _DEFAULT)
    return tuple(
        from_triples(triples) for triples in named_graphs if any(triple[1:] == _A_SPEC for triple in triples)
    )


def has_several_specs(path: Path, max_bytes: int = MAX_BYTES) -> bool:
    """Return whether :func:`specs_of` finds more than one spec; the file is read only until that is known."""
    names: set[str] = set()
    for triple, name in streamed_statements(path, max_bytes):
        if triple[1:] == _A_SPEC and name != _DEFAULT:
            names.add(name)
        if len(names) > 1:
            return True
    return False
