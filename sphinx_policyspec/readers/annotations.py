"""Annotation files (sidecars): topics, goals and relations for a spec one does not own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from sphinx_policyspec import model
from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model.attributes import CLAUSES, MAPPINGS, PROVISIONS, Owner, attributes_of
from sphinx_policyspec.model.finding import Places, Use, shown
from sphinx_policyspec.model.nearest import Hints, near_name, nearest
from sphinx_policyspec.model.outlines import HeadingRule, IdRule, OrderKind
from sphinx_policyspec.model.spec import is_address, is_date, is_name
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.outlines import (
    bullets_of,
    is_apart,
    levels_used,
    stale_names,
    with_clauses,
    with_levels,
)
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_PART = MappingProxyType({part.name: part for part in MAPPINGS})
_PARTS = tuple(_PART)
_DEPTH = re.compile(r"\s*depth\s*>=\s*([1-6])\s*")
_LISTS = frozenset(key.name for part in MAPPINGS for key in part.keys if key.many)
_Declared = TypeVar("_Declared", model.AuthorityLevel, model.Topic, model.Goal)
_ROWS = {row.key: row for row in attributes_of("provision", "principle") if row.sidecar}
_CLAUSE_KEYS = {row.field: row.key for row in attributes_of("clause")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionAnnotation:
    """What an annotation file says about one provision.

    :param span: place of the id
    :param level: level of authority, which makes a section a principle
    :param values: names by key
    :param places: of the values, by key
    :param clauses: each with its place in the file; an empty level means that of its principle
    """

    id: str
    span: model.Span
    level: str = ""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, model.Span] = field(default_factory=dict)
    clauses: tuple[model.Clause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """The content of an annotation file; findings are about its form alone.

    :param reader: how a text is read by its headings, if the file says so
    :param places: where the names that it uses are
    """

    metadata: tuple[tuple[str, str], ...] = ()
    reader: HeadingRule | None = None
    levels: tuple[model.AuthorityLevel, ...] = ()
    topics: tuple[model.Topic, ...] = ()
    goals: tuple[model.Goal, ...] = ()
    priorities: tuple[model.Priority, ...] = ()
    provisions: tuple[ProvisionAnnotation, ...] = ()
    repeated: tuple[model.AuthorityLevel | model.Topic | model.Goal, ...] = ()
    findings: tuple[model.Finding, ...] = ()
    places: Places = field(default_factory=Places)


def shipped_annotations() -> Path:
    """Return the annotation file for the public Model Spec that the package ships."""
    return Path(str(files("sphinx_policyspec.readers") / "model_spec_annotations.yaml"))


def read_annotations(path: Path, file: str = "") -> Annotations:
    """Read an annotation file; text that is not YAML raises :class:`AnnotationError`.

    :param file: how findings name the file
    """
    text, encoding = read_text(path, file or path.name)
    reading = _annotations_of(text, file or path.name)
    return replace(reading, findings=(*encoding, *reading.findings))


@lru_cache(maxsize=16)  # for those who read a spec again after editing another file
def _annotations_of(text: str, file: str) -> Annotations:
    reader = _Reader(file)
    root = reader.mapping(reader.compose(text), _PARTS)
    provisions = root.get("provisions")
    pairs = provisions.value if isinstance(provisions, yaml.MappingNode) else ()
    keys = {str(key.value): reader.span(key) for key, _ in reversed(pairs)}
    notes = tuple(
        _provision(reader, key, node, keys[key]) for key, node in reader.mapping(provisions).items()
    )
    return Annotations(
        metadata=_metadata(reader, root.get("spec")),
        reader=_rule(reader, root, notes),
        priorities=tuple(_priorities(reader, root.get("priorities"))),
        levels=_declared(reader, root.get("levels"), _level),
        topics=_declared(reader, root.get("topics"), _topic),
        goals=_declared(reader, root.get("goals"), _goal),
        provisions=notes,
        findings=tuple(reader.findings),
        repeated=tuple(reader.repeated),
        places=Places.of(reader.placed),
    )


def user_annotations(path: Path) -> Annotations:
    """Do as :func:`read_annotations` for a file that a command names; an error then shows its whole path."""
    try:
        return read_annotations(path)
    except AnnotationError as error:
        raise AnnotationError(f"{path}{str(error).removeprefix(path.name)}") from None


class _Reader(YamlReader):
    """Reads an annotation file, and keeps where the names in it are."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.placed: list[tuple[Use, model.Span]] = []
        self.repeated: list[model.AuthorityLevel | model.Topic | model.Goal] = []

    def mapping(self, node: yaml.Node | None, allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
        """Do as :meth:`YamlReader.mapping`; where only some keys are allowed, one without its single text is a finding."""
        values = super().mapping(node, allowed)
        for name, value in values.items() if allowed and allowed != _PARTS else ():
            if name not in _LISTS and isinstance(value, yaml.ScalarNode) and not self.text(value):
                hint = "give it a value, or delete the line"
                self.find("missing-key", value, f"`{name}` says nothing", hint)
        return values

    def names(self, owner: Owner, identifier: str, key: str, node: yaml.Node | None) -> tuple[str, ...]:
        """Return the names that a key holds, in the order of the file."""
        nodes = self.texts(node)
        if owner in {"provision", "principle"} and key in _ROWS and _ROWS[key].is_address:
            nodes = {text: at for text, at in nodes.items() if self.iri(at, is_address)}
        elif isinstance(node, yaml.ScalarNode) and "," in node.value:
            self.find("wrong-type", node, f"`{node.value}` is one text", f"write `[{node.value}]`")
            nodes = {name: node for part in node.value.split(",") if (name := part.strip())}
        self.placed += [(Use(owner, identifier, key, name), self.span(at)) for name, at in nodes.items()]
        return tuple(nodes)


def _metadata(reader: YamlReader, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    """Return the metadata of the document; an invalid date, address or name is left out."""
    metadata: dict[str, str] = {}
    for key, value in reader.mapping(node, _PART["spec"].names).items():
        text = reader.text(value)
        if key == "issued" and text and not is_date(text):
            reader.find("invalid-value", value, f"`{text}` is no date", "write it as in 2026-01-31")
        elif key == "base-iri" and text and not reader.iri(value):
            continue
        elif key == "name" and text and not is_name(text):
            hint = "write letters, digits, `_`, `.` and `-`, at most 60"
            reader.find("invalid-value", value, f"`{text}` is no name", hint)
        elif text:
            metadata[key.replace("-", "_")] = text
    return tuple(metadata.items())


def _declared(
    reader: _Reader, node: yaml.Node | None, parse: Callable[[_Reader, yaml.Node], _Declared]
) -> tuple[_Declared, ...]:
    """Return what a list declares; a repeated id is replaced by one made from the name, as a missing id is."""
    declared: dict[str, _Declared] = {}
    for item in _listed(reader, node):
        entry = parse(reader, item)
        if entry.id in declared:
            reader.repeated.append(entry)
            entry = replace(entry, id=_id_from_name(entry))
        if entry.id:
            declared.setdefault(entry.id, entry)
    return tuple(declared.values())


def _id_from_name(item: model.AuthorityLevel | model.Topic | model.Goal) -> str:
    """Return the id made from the name of an item."""
    return slug(item.label if isinstance(item, model.Topic) else item.title)


def _listed(reader: _Reader, node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the items of a list; a mapping in its place is read as meant: as one item, or as items by their ids."""
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
    """Return the key ``id`` as a node, at the place of another node."""
    return yaml.ScalarNode("tag:yaml.org,2002:str", "id", node.start_mark, node.end_mark)


def _identifier(reader: YamlReader, node: yaml.Node, values: dict[str, yaml.Node]) -> str:
    """Return the id of an item, made from its name if it has none."""
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
    values = reader.mapping(node, _PART["levels"].names)
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
    values = reader.mapping(node, _PART["topics"].names)
    identifier = _identifier(reader, node, values)
    return model.Topic(
        id=identifier,
        label=reader.text(values.get("label")) or identifier,
        alt_labels=tuple(sorted(reader.texts(values.get("alt-labels")))),
        broader=tuple(sorted(reader.names("topic", identifier, "broader", values.get("broader")))),
        related=tuple(sorted(reader.names("topic", identifier, "related", values.get("related")))),
        text=reader.text(values.get("text")),
        same_as=reader.iri(values.get("same-as")),
        span=reader.span(node),
    )


def _goal(reader: _Reader, node: yaml.Node) -> model.Goal:
    values = reader.mapping(node, _PART["goals"].names)
    identifier = _identifier(reader, node, values)
    return model.Goal(
        id=identifier,
        title=reader.text(values.get("title")) or identifier,
        text=reader.text(values.get("text")),
        span=reader.span(node),
    )


def _rule(
    reader: _Reader, root: dict[str, yaml.Node], notes: Iterable[ProvisionAnnotation]
) -> HeadingRule | None:
    """Return how a text is read by its headings, if the file says anything about it."""
    clauses = [(note.id, one) for note in notes if not note.level for one in note.clauses if one.authority]
    if not (clauses or "reader" in root):
        return None
    values = reader.mapping(root.get("reader"), _PART["reader"].names)
    principles = tuple(reader.texts(values.get("principles")))
    depths = [int(found[1]) for name in principles if (found := _DEPTH.fullmatch(name))]
    return HeadingRule(
        ids=IdRule(reader.choice(values.get("ids"), tuple(IdRule), IdRule.SLUG)),
        skip=tuple(reader.texts(values.get("skip"))),
        principles=tuple(name for name in principles if not _DEPTH.fullmatch(name)),
        depth=min(depths, default=0),
        level=reader.text(values.get("level")),
        bullets=reader.choice(values.get("clauses"), ("bullets", "none"), "none") == "bullets",
        apart=tuple((id_, clause.text) for id_, clause in clauses),
        span=reader.span(root["reader"]) if "reader" in root else None,
        is_explicit="reader" in root,
    )


def _priorities(reader: _Reader, node: yaml.Node | None) -> Iterator[model.Priority]:
    """Yield the goals of an order, which may also be a plain list."""
    values = {} if node is None else {"goals": node}
    if isinstance(node, yaml.MappingNode):
        values = reader.mapping(node, _PART["priorities"].names)
    kind = reader.choice(values.get("order"), tuple(OrderKind), OrderKind.HOLISTIC)
    for name, at in reader.texts(values.get("goals")).items():
        reader.placed.append((Use("goal", name, "priorities", name), reader.span(at)))
        yield model.Priority(goal=name, kind=kind, span=reader.span(at))


def _provision(reader: _Reader, key: str, node: yaml.Node, at: model.Span) -> ProvisionAnnotation:
    places: dict[str, model.Span] = {}
    values: dict[str, tuple[str, ...]] = {}
    clauses, level = tuple[model.Clause, ...](), ""
    for name, value in reader.mapping(node, PROVISIONS.names).items():
        if name == CLAUSES.name:
            clauses = tuple(_clauses(reader, key, value))
            continue
        if name == "level":
            level = "".join(reader.names("principle", key, "authority", value)[:1])
            continue
        row = _ROWS[name]
        places[name] = reader.span(value)
        if row.many:
            values[name] = reader.names(row.owner, key, name, value)
        else:
            text = reader.text(value)
            values[name] = (text,) if text else ()
    return ProvisionAnnotation(id=key, span=at, level=level, values=values, places=places, clauses=clauses)


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
    """Return the spec with what an annotation file adds to it, and findings about what does not fit it.

    Names are added as written: the checks of the whole spec find those that name nothing.

    :param lenient: leave out provisions that the spec lacks, for a file that covers many releases
    """
    changed = _by_id(annotations, spec)
    findings = list(annotations.findings)
    for stale in () if lenient else _stale(annotations, spec, changed):
        findings.append(stale)
        # An entry for a misspelt id counts as one for the right id.
        note = next(note for note in annotations.provisions if note.span == stale.span)
        changed.setdefault(near_name(note.id, spec.provision_by_id), note)
    spec = with_levels(spec, annotations.reader, changed)
    if annotations.reader and not lenient:
        findings += stale_names(annotations.reader, spec)
    clauses = grouped((clause.principle, clause) for clause in spec.clauses)
    bullets = bullets_of(spec) if annotations.reader and annotations.reader.bullets else {}
    apart = {one.parent for one in spec.provisions if is_apart(one)}
    levels = annotations.levels or spec.levels or levels_used(spec)
    for provision in spec.provisions:
        findings += _misplaced(provision, changed.get(provision.id), is_split=provision.id in apart)
        file_clauses = changed[provision.id].clauses if provision.id in changed else ()
        items = bullets.get(provision.id, ())
        own_clauses, wrong = with_clauses(provision, items, file_clauses, levels, lenient=lenient)
        clauses.setdefault(provision.id, []).extend(own_clauses)
        findings += wrong
    metadata: dict[str, Any] = dict(annotations.metadata)
    known = {*spec.provision_by_id, *_categories(changed, spec)} if lenient else None
    annotated = replace(
        spec,
        **metadata,
        levels=levels,
        topics=tuple({topic.id: topic for topic in (*spec.topics, *annotations.topics)}.values()),
        goals=tuple({goal.id: goal for goal in (*spec.goals, *annotations.goals)}.values()),
        priorities=annotations.priorities or spec.priorities,
        repeated=(*spec.repeated, *annotations.repeated),
        clauses=tuple(clause for p in spec.provisions for clause in clauses.pop(p.id, ())),
        provisions=tuple(
            _annotated(p, changed[p.id], known) if p.id in changed else p for p in spec.provisions
        ),
    )
    return annotated, (*findings, *_unknown_goals(annotated, annotations))


def _categories(notes: dict[str, ProvisionAnnotation], spec: model.Spec) -> Iterator[str]:
    """Yield the categories that a file gives to provisions of the spec."""
    for provision in spec.provisions:
        yield from notes[provision.id].values.get("category", ()) if provision.id in notes else ()


def _by_id(annotations: Annotations, spec: model.Spec) -> dict[str, ProvisionAnnotation]:
    """Return entries by the ids of provisions; in an older release that may be an id that the file lists as an alias."""
    current = {note.id: note for note in annotations.provisions}
    former = {alias: note for note in annotations.provisions for alias in note.values.get("aliases", ())}
    known = spec.provision_by_id
    older = {alias: note for alias, note in former.items() if alias in known and note.id not in known}
    return {**older, **current}


def _stale(
    annotations: Annotations, spec: model.Spec, changed: Mapping[str, ProvisionAnnotation]
) -> Iterator[model.Finding]:
    """Find entries for provisions that the spec has neither under their ids nor under their former ones."""
    hints = Hints()
    used = {id(note) for id_, note in changed.items() if id_ in spec.provision_by_id}
    for note in annotations.provisions:
        if note.id not in spec.provision_by_id and id(note) not in used:
            yield model.Finding(
                code="stale-annotation",
                message=f"no provision {shown(note.id)}",
                span=note.span,
                hint=hints.nearest(note.id, spec.provision_by_id),
            )


def _unknown_goals(spec: model.Spec, annotations: Annotations) -> Iterator[model.Finding]:
    """Find goals of an order that are not declared."""
    known = [goal.id for goal in spec.goals]
    for priority in annotations.priorities:
        if priority.goal not in known:
            message, hint = f"unknown goal {shown(priority.goal)}", nearest(priority.goal, known)
            yield model.Finding(code="unknown-goal", message=message, span=priority.span, hint=hint)


def _misplaced(
    provision: model.Provision, note: ProvisionAnnotation | None, *, is_split: bool
) -> Iterator[model.Finding]:
    """Find keys of principles on a section, and a level that differs from the one in the text.

    :param is_split: whether its list items that are clauses became principles
    """
    if note is not None and note.level and isinstance(provision, model.Principle | model.Section):
        own = provision.authority if isinstance(provision, model.Principle) else ""
        if own != note.level:
            message = f"`{provision.id}` has the level `{own}` in its text, and not `{note.level}`"
            hint = "delete the key: a file gives a level where the text gives none"
            if not own:
                message = f"`{provision.id}` is a section of a text that gives levels itself"
                hint = "give its heading a level, or read the text by its headings: `reader: {ids: explicit}`"
            yield model.Finding(code="invalid-value", message=message, span=note.span, hint=hint)
    if note is None or isinstance(provision, model.Principle):
        return
    for key in (*note.values, *[CLAUSES.name] * (bool(note.clauses) and not is_split)):
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
    """Return a provision with what a file says about it.

    :param known: provisions and categories that may be named; ``None`` leaves out no name
    """
    updates: dict[str, Any] = {}
    for key, values in note.values.items():
        row = _ROWS[key]
        if row.owner == "principle" and not isinstance(provision, model.Principle):
            continue
        if not row.many:
            updates[row.field] = "".join(values)
            continue
        names = {
            value
            for value in values
            if (row.field != "aliases" or value != provision.id)
            and (row.names not in {"provision", "category"} or known is None or value in known)
        }
        updates[row.field] = tuple(sorted(names.union(getattr(provision, row.field))))
    return replace(provision, **updates)
