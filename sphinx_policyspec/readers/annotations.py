"""Annotation files (sidecars): topics, goals and relations for a spec one does not own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sphinx_policyspec.model import (
    AuthorityLevel,
    Finding,
    Goal,
    OverrideMode,
    Principle,
    Provision,
    Section,
    Severity,
    Span,
    Spec,
    Topic,
)
from sphinx_policyspec.model.bases import is_absolute_iri
from sphinx_policyspec.nearest import Hints, nearest
from sphinx_policyspec.readers.annotation_keys import GOALS, LEVELS, MAPPINGS, PROVISIONS, SPEC, TOPICS
from sphinx_policyspec.readers.text import is_date, read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

__all__ = ["Annotations", "annotate", "read_annotations", "shipped_annotations"]

_Declared = TypeVar("_Declared", AuthorityLevel, Topic, Goal)

_KEYS = {key.name: key for key in PROVISIONS.keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionAnnotation:
    """What an annotation file says of one provision.

    :param values: by key, each value with its place
    """

    id: str
    span: Span
    values: dict[str, dict[str, Span]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """The content of an annotation file; findings are about its form alone."""

    metadata: tuple[tuple[str, str], ...] = ()
    levels: tuple[AuthorityLevel, ...] = ()
    topics: tuple[Topic, ...] = ()
    goals: tuple[Goal, ...] = ()
    provisions: tuple[ProvisionAnnotation, ...] = ()
    findings: tuple[Finding, ...] = ()


def shipped_annotations() -> Path:
    """Return the annotation file for the public Model Spec that the package ships."""
    return Path(str(files("sphinx_policyspec.readers") / "model_spec_annotations.yaml"))


def read_annotations(path: Path, file: str = "") -> Annotations:
    """Read an annotation file; text that is no YAML raises :class:`AnnotationError`.

    :param file: how findings name the file
    """
    text, encoding = read_text(path, file or path.name)
    reader = YamlReader(file or path.name)
    root = reader.mapping(reader.compose(text), [part.name for part in MAPPINGS])
    return Annotations(
        metadata=_metadata(reader, root.get("spec")),
        levels=_declared(reader, root.get("levels"), _level),
        topics=_declared(reader, root.get("topics"), _topic),
        goals=_declared(reader, root.get("goals"), _goal),
        provisions=tuple(
            _provision(reader, key, node) for key, node in reader.mapping(root.get("provisions")).items()
        ),
        findings=(*encoding, *reader.findings),
    )


def _metadata(reader: YamlReader, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    """Return what is said of the document as a whole; a date that is none is left out."""
    found: dict[str, str] = {}
    for key, value in reader.mapping(node, SPEC.names).items():
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
    reader: YamlReader, node: yaml.Node | None, read: Callable[[YamlReader, yaml.Node], _Declared]
) -> tuple[_Declared, ...]:
    """Return what a list declares; an item without an id, or with the id of another, is left out."""
    declared: dict[str, _Declared] = {}
    for item in reader.items(node):
        found = read(reader, item)
        if found.id in declared:
            reader.find("duplicate-id", item, f"id `{found.id}` is taken already", severity=Severity.ERROR)
        elif found.id:
            declared[found.id] = found
    return tuple(declared.values())


def _required(reader: YamlReader, node: yaml.Node, values: dict[str, yaml.Node], key: str) -> str:
    text = reader.text(values.get(key))
    if not text:
        reader.find("missing-key", node, f"`{key}` is missing", severity=Severity.ERROR)
    return text


def _level(reader: YamlReader, node: yaml.Node) -> AuthorityLevel:
    values = reader.mapping(node, LEVELS.names)
    override = reader.text(values.get("override")) or OverrideMode.EXPLICIT.value
    if override not in set(OverrideMode):
        reader.find(
            "unknown-override",
            values["override"],
            f"`{override}` is no mode",
            nearest(override, OverrideMode),
        )
        override = OverrideMode.EXPLICIT.value
    return AuthorityLevel(
        id=_required(reader, node, values, "id"),
        title=reader.text(values.get("title")),
        override=OverrideMode(override),
        roles=tuple(reader.texts(values.get("roles"))),
        span=reader.span(node),
    )


def _topic(reader: YamlReader, node: yaml.Node) -> Topic:
    values = reader.mapping(node, TOPICS.names)
    identifier = _required(reader, node, values, "id")
    others: dict[str, tuple[str, ...]] = {}
    for key in ("broader", "related"):
        given = reader.texts(values.get(key))
        if identifier and identifier in given:
            message = f"`{identifier}` names itself in `{key}`"
            reader.find("invalid-value", node, message, "name another id")
        others[key] = tuple(sorted(given.keys() - {identifier}))
    return Topic(
        id=identifier,
        label=reader.text(values.get("label")) or identifier,
        alt_labels=tuple(sorted(reader.texts(values.get("alt-labels")))),
        broader=others["broader"],
        related=others["related"],
        span=reader.span(node),
    )


def _goal(reader: YamlReader, node: yaml.Node) -> Goal:
    values = reader.mapping(node, GOALS.names)
    identifier = _required(reader, node, values, "id")
    return Goal(
        id=identifier,
        title=reader.text(values.get("title")) or identifier,
        text=reader.text(values.get("text")),
        span=reader.span(node),
    )


def _provision(reader: YamlReader, key: str, node: yaml.Node) -> ProvisionAnnotation:
    values = reader.mapping(node, PROVISIONS.names)
    texts = {
        name: reader.texts(value) if _KEYS[name].many else {reader.text(value): value}
        for name, value in values.items()
    }
    return ProvisionAnnotation(
        id=key,
        span=reader.span(node),
        values={
            name: {text: reader.span(at) for text, at in found.items() if text}
            for name, found in texts.items()
        },
    )


def annotate(
    spec: Spec, annotations: Annotations, *, lenient: bool = False
) -> tuple[Spec, tuple[Finding, ...]]:
    """Return the spec with what an annotation file adds to it, and what of that does not fit.

    :param lenient: say nothing of ids that the spec lacks, for a file that covers many releases
    """
    return _Annotator(spec, annotations, lenient=lenient).run()


class _Annotator:
    """Adds one annotation file to one spec."""

    def __init__(self, spec: Spec, annotations: Annotations, *, lenient: bool) -> None:
        self.spec = spec
        self.annotations = annotations
        self.lenient = lenient
        self.topics = {topic.id: topic for topic in (*spec.topics, *annotations.topics)}
        self.goals = {goal.id: goal for goal in (*spec.goals, *annotations.goals)}
        self.findings = list(annotations.findings)
        self.hints = Hints()

    def run(self) -> tuple[Spec, tuple[Finding, ...]]:
        for topic in self.annotations.topics:
            for other in (*topic.broader, *topic.related):
                if other not in self.topics:
                    hint = self.hints.nearest(other, self.topics)
                    self._find("unknown-topic", topic.span, f"unknown topic `{other}`", hint)
        changed = {note.id: note for note in self.annotations.provisions}
        for note in self.annotations.provisions:
            if note.id not in self.spec.provision_by_id and not self.lenient:
                hint = self.hints.nearest(note.id, self.spec.provision_by_id)
                self._find("stale-annotation", note.span, f"no provision `{note.id}`", hint)
        metadata: dict[str, Any] = dict(self.annotations.metadata)
        spec = replace(
            self.spec,
            **metadata,
            levels=self.annotations.levels or self.spec.levels,
            topics=tuple(self.topics.values()),
            goals=tuple(self.goals.values()),
            provisions=tuple(
                self._provision(p, changed[p.id]) if p.id in changed else p for p in self.spec.provisions
            ),
        )
        return spec, tuple(self.findings)

    def _provision(self, provision: Provision, note: ProvisionAnnotation) -> Provision:
        updates: dict[str, Any] = {}
        for key, given in note.values.items():
            if not _KEYS[key].sections and not isinstance(provision, Principle):
                message = f"`{key}` is for principles; `{provision.id}` is a section"
                self._find("not-a-principle", note.span, message, "give it a level of authority")
                continue
            name = _KEYS[key].field or key.replace("-", "_")
            if not _KEYS[key].many:
                updates[name] = next(iter(given), "")
                continue
            kept = {value for value, span in given.items() if self._fits(key, value, provision.id, span)}
            updates[name] = tuple(sorted(kept.union(getattr(provision, name))))
        return replace(provision, **updates)

    def _fits(self, key: str, value: str, own: str, span: Span) -> bool:
        """Tell whether a provision can have a value in a key that holds many; a finding says if not."""
        kind = _KEYS[key].names
        names: dict[str, Mapping[str, object]] = {
            "topic": self.topics,
            "goal": self.goals,
            "provision": self.spec.provision_by_id,
            "principle": self.spec.provision_by_id,
        }
        known = names.get(kind)
        if known is None:
            return True
        if kind in {"provision", "principle"} and value == own:
            self._find("invalid-value", span, f"`{own}` names itself in `{key}`", "name another id")
            return False
        if kind == "principle" and isinstance(known.get(value), Section):
            message = f"`{key}` is about principles; `{value}` is a section"
            self._find("not-a-principle", span, message, "give it a level of authority")
            return False
        if value in known:
            return True
        what = "provision" if kind == "principle" else kind
        if what != "provision" or not self.lenient:
            self._find(f"unknown-{what}", span, f"unknown {what} `{value}`", self.hints.nearest(value, known))
        return False

    def _find(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.findings.append(
            Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)
        )
