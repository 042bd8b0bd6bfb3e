"""Annotation files (sidecars): topics, goals and relations for a spec one does not own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from sphinx_policyspec import model
from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model.attributes import Owner, attributes_of
from sphinx_policyspec.model.finding import Places, Use, shown
from sphinx_policyspec.model.nearest import Hints, near_name, nearest
from sphinx_policyspec.model.spec import is_absolute_iri, is_date
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.text import holds, no_such_clause, place_of, read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that holds a text, or a list of texts.

    :param many: a list; a lone text will do, too
    :param choices: the values that it can have, where they are few
    """

    name: str
    about: str
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys that belong together, and what of the file holds them.

    :param name: the key of the file
    :param holds: whether this stands there once, as items of a list, or by id
    :param parts: what stands in each beside the keys
    """

    name: str
    about: str
    holds: Literal["one", "list", "by id"]
    keys: tuple[Key, ...]
    parts: tuple[Mapping, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys, and of what else stands in it."""
        return (*(key.name for key in self.keys), *(part.name for part in self.parts))


def _keys(*owners: Owner) -> tuple[Key, ...]:
    """Return the keys for the attributes of these owners."""
    return tuple(
        Key(
            name=row.sidecar if isinstance(row.sidecar, str) else row.key,
            about=row.about,
            many=row.many,
            choices=tuple(row.choices or ()),
        )
        for row in attributes_of(*owners)
        if row.sidecar
    )


_ID = Key(name="id", about="Name that others use; it becomes part of an IRI.", required=True)

_SPEC = Mapping(
    name="spec",
    about="What is known of the document as a whole; it replaces what the source says.",
    holds="one",
    keys=_keys("spec"),
)

_LEVELS = Mapping(
    name="levels",
    about="Levels of authority, the highest first; they replace those of the source.",
    holds="list",
    keys=(_ID, *_keys("level")),
)

_TOPICS = Mapping(
    name="topics",
    about="Subjects that provisions can be about.",
    holds="list",
    keys=(_ID, *_keys("topic")),
)

_GOALS = Mapping(
    name="goals",
    about="What provisions serve; goals have no rank.",
    holds="list",
    keys=(_ID, *_keys("goal")),
)

CLAUSES = Mapping(
    name="clauses",
    about="Words of a principle that have a level of their own, or leave something open that somebody may permit.",
    holds="list",
    keys=(
        Key(name="text", about="The words, as they stand in the principle.", required=True),
        Key(name="level", about="Level to which they lower the principle; else its own."),
        Key(
            name="permits-by",
            about='Level that may permit what they leave open, as "unless explicitly authorized" does.',
        ),
    ),
)

PROVISIONS = Mapping(
    name="provisions",
    about="What this file says of sections and principles, by their ids.",
    holds="by id",
    keys=_keys("provision", "principle"),
    parts=(CLAUSES,),
)

MAPPINGS = (_SPEC, _LEVELS, _TOPICS, _GOALS, PROVISIONS)
"""What an annotation file holds, in the order that authors write it."""


_PARTS = tuple(part.name for part in MAPPINGS)
_LISTS = frozenset(key.name for part in MAPPINGS for key in part.keys if key.many)
_Declared = TypeVar("_Declared", model.AuthorityLevel, model.Topic, model.Goal)

_ROWS = {row.key: row for row in attributes_of("provision", "principle") if row.sidecar}
_CLAUSE_KEYS = {row.field: row.key for row in attributes_of("clause")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionAnnotation:
    """What an annotation file says of one provision.

    :param span: the id
    :param values: by key
    :param places: of the values, by key
    :param clauses: each where it stands in the file, with an empty level where it has that of its principle
    """

    id: str
    span: model.Span
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, model.Span] = field(default_factory=dict)
    clauses: tuple[model.Clause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """The content of an annotation file; findings are about its form alone.

    :param places: where the names that it uses stand
    """

    metadata: tuple[tuple[str, str], ...] = ()
    levels: tuple[model.AuthorityLevel, ...] = ()
    topics: tuple[model.Topic, ...] = ()
    goals: tuple[model.Goal, ...] = ()
    provisions: tuple[ProvisionAnnotation, ...] = ()
    repeated: tuple[model.AuthorityLevel | model.Topic | model.Goal, ...] = ()
    findings: tuple[model.Finding, ...] = ()
    places: Places = field(default_factory=Places)


def shipped_annotations() -> Path:
    """Return the annotation file for the public Model Spec that the package ships."""
    return Path(str(files("sphinx_policyspec.readers") / "model_spec_annotations.yaml"))


def read_annotations(path: Path, file: str = "") -> Annotations:
    """Read an annotation file; text that is no YAML raises :class:`AnnotationError`.

    :param file: how findings name the file
    """
    text, encoding = read_text(path, file or path.name)
    reader = _Reader(file or path.name)
    root = reader.mapping(reader.compose(text), _PARTS)
    provisions = root.get("provisions")
    pairs = provisions.value if isinstance(provisions, yaml.MappingNode) else ()
    keys = {str(key.value): reader.span(key) for key, _ in reversed(pairs)}
    return Annotations(
        metadata=_metadata(reader, root.get("spec")),
        levels=_declared(reader, root.get("levels"), _level),
        topics=_declared(reader, root.get("topics"), _topic),
        goals=_declared(reader, root.get("goals"), _goal),
        provisions=tuple(
            _provision(reader, key, node, keys[key]) for key, node in reader.mapping(provisions).items()
        ),
        findings=(*encoding, *reader.findings),
        repeated=tuple(reader.repeated),
        places=Places.of(reader.placed),
    )


def given_annotations(path: Path) -> Annotations:
    """Return what :func:`read_annotations` does of a file that a command is given: an error names it with its folder."""
    try:
        return read_annotations(path)
    except AnnotationError as error:
        raise AnnotationError(f"{path}{str(error).removeprefix(path.name)}") from None


class _Reader(YamlReader):
    """Reads an annotation file, and keeps where the names in it stand."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.placed: list[tuple[Use, model.Span]] = []
        self.repeated: list[model.AuthorityLevel | model.Topic | model.Goal] = []

    def mapping(self, node: yaml.Node | None, allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
        """Return what :meth:`YamlReader.mapping` does; a key of one text without any is a finding where only some are allowed."""
        values = super().mapping(node, allowed)
        for name, value in values.items() if allowed and allowed != _PARTS else ():
            if name not in _LISTS and isinstance(value, yaml.ScalarNode) and not self.text(value):
                hint = "give it a value, or delete the line"
                self.find("missing-key", value, f"`{name}` says nothing", hint)
        return values

    def names(self, owner: Owner, identifier: str, key: str, node: yaml.Node | None) -> tuple[str, ...]:
        """Return the names that a key holds, in the order of the file."""
        given = self.texts(node)
        if isinstance(node, yaml.ScalarNode) and "," in node.value:
            self.find("wrong-type", node, f"`{node.value}` is one text", f"write `[{node.value}]`")
            given = {name: node for part in node.value.split(",") if (name := part.strip())}
        self.placed += [(Use(owner, identifier, key, name), self.span(at)) for name, at in given.items()]
        return tuple(given)


def _metadata(reader: YamlReader, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    """Return what is said of the document as a whole; a date that is none is left out."""
    found: dict[str, str] = {}
    for key, value in reader.mapping(node, _SPEC.names).items():
        text = reader.text(value)
        if key == "issued" and text and not is_date(text):
            reader.find("invalid-value", value, f"`{text}` is no date", "write it as in 2026-01-31")
        elif key == "base-iri" and text and not is_absolute_iri(text):
            message = f"`{text}` is not an absolute IRI"
            reader.find("invalid-value", value, message, "write one such as https://example.org/spec/")
        elif text:
            found[key.replace("-", "_")] = text
    return tuple(found.items())


def _declared(
    reader: _Reader, node: yaml.Node | None, read: Callable[[_Reader, yaml.Node], _Declared]
) -> tuple[_Declared, ...]:
    """Return what a list declares, the first of each id; another has the one that its name makes, as one without an id has."""
    declared: dict[str, _Declared] = {}
    for item in _listed(reader, node):
        found = read(reader, item)
        if found.id in declared:
            reader.repeated.append(found)
            found = replace(found, id=_named(found))
        if found.id:
            declared.setdefault(found.id, found)
    return tuple(declared.values())


def _named(item: model.AuthorityLevel | model.Topic | model.Goal) -> str:
    """Return the id that the name of an item makes."""
    return slug(item.label if isinstance(item, model.Topic) else item.title)


def _listed(reader: _Reader, node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the items of a list; of a mapping in its place what is meant: one item, or items by their ids."""
    if not isinstance(node, yaml.MappingNode):
        for item in reader.items(node):
            if isinstance(item, yaml.ScalarNode) and reader.text(item):
                reader.find(
                    "wrong-type", item, "expected an item with its keys", f"write `- id: {item.value}`"
                )
                pair = _id_of(item), item
                yield yaml.MappingNode("tag:yaml.org,2002:map", [pair], item.start_mark, item.end_mark)
            else:
                yield item
        return
    keys = [str(key.value) for key, _ in node.value]
    if "id" in keys:
        reader.find("wrong-type", node, "expected a list", "begin each item with a hyphen and a space")
        yield node
        return
    reader.find("wrong-type", node, "expected a list", f"write `- id: {keys[0]}`" if keys else "")
    for key, value in node.value:
        if isinstance(value, yaml.MappingNode):
            value.value.insert(0, (_id_of(key), key))
            yield value


def _id_of(node: yaml.Node) -> yaml.Node:
    """Return the key of an id, at the place of that."""
    return yaml.ScalarNode("tag:yaml.org,2002:str", "id", node.start_mark, node.end_mark)


def _identifier(reader: YamlReader, node: yaml.Node, values: dict[str, yaml.Node]) -> str:
    """Return the id of an item; without one, the one that its name makes."""
    text = reader.text(values.get("id"))
    if not text:
        text = slug(reader.text(values.get("label") or values.get("title")))
        if "id" not in values:
            reader.find("missing-key", node, "`id` is missing", f"begin with `id: {text or 'NAME'}`")
    elif " " in text:
        hint = f"write `{'_'.join(text.split())}`"
        reader.find("invalid-id", values["id"], f"`{text}` has a blank, as no id has", hint)
    return text


def _level(reader: _Reader, node: yaml.Node) -> model.AuthorityLevel:
    values = reader.mapping(node, _LEVELS.names)
    identifier = _identifier(reader, node, values)
    override = reader.text(values.get("override")) or model.OverrideMode.EXPLICIT.value
    if override not in set(model.OverrideMode):
        reader.find(
            "unknown-override",
            values["override"],
            f"`{override}` is no mode",
            nearest(override, model.OverrideMode),
        )
        override = model.OverrideMode.EXPLICIT.value
    return model.AuthorityLevel(
        id=identifier,
        title=reader.text(values.get("title")),
        override=model.OverrideMode(override),
        roles=reader.names("level", identifier, "roles", values.get("roles")),
        text=reader.text(values.get("text")),
        span=reader.span(node),
    )


def _topic(reader: _Reader, node: yaml.Node) -> model.Topic:
    values = reader.mapping(node, _TOPICS.names)
    identifier = _identifier(reader, node, values)
    return model.Topic(
        id=identifier,
        label=reader.text(values.get("label")) or identifier,
        alt_labels=tuple(sorted(reader.texts(values.get("alt-labels")))),
        broader=tuple(sorted(reader.names("topic", identifier, "broader", values.get("broader")))),
        related=tuple(sorted(reader.names("topic", identifier, "related", values.get("related")))),
        text=reader.text(values.get("text")),
        span=reader.span(node),
    )


def _goal(reader: _Reader, node: yaml.Node) -> model.Goal:
    values = reader.mapping(node, _GOALS.names)
    identifier = _identifier(reader, node, values)
    return model.Goal(
        id=identifier,
        title=reader.text(values.get("title")) or identifier,
        text=reader.text(values.get("text")),
        span=reader.span(node),
    )


def _provision(reader: _Reader, key: str, node: yaml.Node, at: model.Span) -> ProvisionAnnotation:
    places: dict[str, model.Span] = {}
    values: dict[str, tuple[str, ...]] = {}
    clauses: tuple[model.Clause, ...] = ()
    for name, value in reader.mapping(node, PROVISIONS.names).items():
        if name == CLAUSES.name:
            clauses = tuple(_clauses(reader, key, value))
            continue
        row = _ROWS[name]
        places[name] = reader.span(value)
        if row.many:
            values[name] = reader.names(row.owner, key, name, value)
        else:
            text = reader.text(value)
            values[name] = (text,) if text else ()
    return ProvisionAnnotation(id=key, span=at, values=values, places=places, clauses=clauses)


def _clauses(reader: _Reader, principle: str, node: yaml.Node) -> Iterator[model.Clause]:
    for item in reader.items(node):
        values = reader.mapping(item, CLAUSES.names)
        text = reader.text(values.get("text"))
        if not text:
            reader.find("missing-key", item, "`text` is missing", "add `text:` with words of the principle")
            continue
        level, permits_by = (
            "".join(reader.names("clause", principle, _CLAUSE_KEYS[field], values.get(name))[:1])
            for name, field in (("level", "authority"), ("permits-by", "permits_by"))
        )
        span = reader.span(values["text"])
        yield model.Clause(principle=principle, authority=level, text=text, span=span, permits_by=permits_by)


def annotate(
    spec: model.Spec, annotations: Annotations, *, lenient: bool = False
) -> tuple[model.Spec, tuple[model.Finding, ...]]:
    """Return the spec with what an annotation file adds to it, and what of that has no place in it.

    Names are added as they stand: whether they name anything is for the checks of the whole spec.

    :param lenient: leave out provisions that the spec lacks, for a file that covers many releases
    """
    changed = {note.id: note for note in annotations.provisions}
    findings = list(annotations.findings)
    for stale in () if lenient else _stale(annotations, spec):
        findings.append(stale)
        # What is said of a misspelt id is taken for what is said of the right one.
        note = next(note for note in annotations.provisions if note.span == stale.span)
        changed.setdefault(near_name(note.id, spec.provision_by_id), note)
    clauses = grouped((clause.principle, clause) for clause in spec.clauses)
    for provision in spec.provisions:
        findings += _misplaced(provision, changed.get(provision.id))
        for clause in changed[provision.id].clauses if provision.id in changed else ():
            if holds(provision.text, clause.text) and isinstance(provision, model.Principle):
                level, span = clause.authority or provision.authority, place_of(clause.text, provision)
                placed = replace(clause, principle=provision.id, authority=level, span=span)
                clauses.setdefault(provision.id, []).append(placed)
            elif isinstance(provision, model.Principle) and not lenient:
                findings.append(no_such_clause(provision.id, clause.text, clause.span))
    metadata: dict[str, Any] = dict(annotations.metadata)
    known = {*spec.provision_by_id, *_categories(changed, spec)} if lenient else None
    annotated = replace(
        spec,
        **metadata,
        levels=annotations.levels or spec.levels,
        topics=tuple({topic.id: topic for topic in (*spec.topics, *annotations.topics)}.values()),
        goals=tuple({goal.id: goal for goal in (*spec.goals, *annotations.goals)}.values()),
        repeated=(*spec.repeated, *annotations.repeated),
        clauses=tuple(clause for p in spec.provisions for clause in clauses.pop(p.id, ())),
        provisions=tuple(
            _annotated(p, changed[p.id], known) if p.id in changed else p for p in spec.provisions
        ),
    )
    return annotated, tuple(findings)


def _categories(notes: dict[str, ProvisionAnnotation], spec: model.Spec) -> Iterator[str]:
    """Yield the categories that a file gives to provisions of the spec."""
    for provision in spec.provisions:
        yield from notes[provision.id].values.get("category", ()) if provision.id in notes else ()


def _stale(annotations: Annotations, spec: model.Spec) -> Iterator[model.Finding]:
    """Find entries about provisions that the spec lacks."""
    hints = Hints()
    for note in annotations.provisions:
        if note.id not in spec.provision_by_id:
            yield model.Finding(
                code="stale-annotation",
                message=f"no provision {shown(note.id)}",
                span=note.span,
                hint=hints.nearest(note.id, spec.provision_by_id),
            )


def _misplaced(provision: model.Provision, note: ProvisionAnnotation | None) -> Iterator[model.Finding]:
    """Find keys for principles that a section is given."""
    if note is None or isinstance(provision, model.Principle):
        return
    for key in (*note.values, *[CLAUSES.name] * bool(note.clauses)):
        if key == CLAUSES.name or _ROWS[key].owner == "principle":
            yield model.Finding(
                code="not-a-principle",
                message=f"`{key}` is for principles; `{provision.id}` is a section",
                span=note.places.get(key, note.span),
                hint="give it a level of authority",
            )


def _annotated(
    provision: model.Provision, note: ProvisionAnnotation, known: Collection[str] | None
) -> model.Provision:
    """Return a provision with what a file says of it.

    :param known: provisions and categories, where others that it names are to be left out
    """
    updates: dict[str, Any] = {}
    for key, values in note.values.items():
        row = _ROWS[key]
        if row.owner == "principle" and not isinstance(provision, model.Principle):
            continue
        if not row.many:
            updates[row.field] = "".join(values)
            continue
        kept = {
            value
            for value in values
            if row.names not in {"provision", "category"} or known is None or value in known
        }
        updates[row.field] = tuple(sorted(kept.union(getattr(provision, row.field))))
    return replace(provision, **updates)
