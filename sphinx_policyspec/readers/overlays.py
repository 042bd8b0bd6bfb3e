"""Overlay files: YAML → statements about an upstream spec, each with its place, and what is wrong with their form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.files import Brief, common_folder, folder_of, real_path
from sphinx_policyspec.model import Finding, Operation, Span, StatementMode, Surface, Value
from sphinx_policyspec.readers.cases import CaseKey
from sphinx_policyspec.readers.git import is_git
from sphinx_policyspec.readers.judgements import one_of
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_Choice = TypeVar("_Choice", bound=StrEnum)

TARGETED = frozenset({Operation.OVERRIDES, Operation.NARROWS, Operation.PERMITS, Operation.RESTATES})
"""The operations whose values name provisions of upstream."""
AS_UPSTREAM = "as upstream says"
"""The value of upstream on an issue, in witnesses; also that of a statement that restates it."""

OVERLAY = (
    CaseKey(
        name="overlay",
        required=True,
        about="Name of the overlay, which the ids of its statements begin with.",
    ),
    CaseKey(name="upstream", kind="mapping", required=True, about="The spec that it is about."),
    CaseKey(name="holder", required=True, about="Level of upstream at which the statements are said."),
    CaseKey(
        name="surface",
        default="`api`",
        about="`api`, `organisation` (for an organisation's own people) or `first-party` (the publisher's product).",
    ),
    CaseKey(name="statements", kind="mapping", about="What it says: a list."),
)
UPSTREAM = (
    CaseKey(name="source", required=True, about="A SOURCE, from the folder of the file on."),
    CaseKey(name="release", about="Version that the statements were written for."),
    CaseKey(
        name="sha256", about="Digest of the text that they were written for, as `overlay check` prints it."
    ),
)
STATEMENT = (
    CaseKey(name="id", required=True, about="Name of the statement, unique in the file."),
    CaseKey(name="says", required=True, about="The statement in words for the model."),
    CaseKey(
        name="overrides",
        kind="texts",
        about="Upstream's default no longer applies here: an id, a clause, or a list.",
    ),
    CaseKey(name="narrows", kind="texts", about="What upstream allows is not done here: likewise."),
    CaseKey(name="adds", about="A rule that upstream does not have: its title."),
    CaseKey(name="permits", kind="texts", about="Uses a permission that a clause leaves open: likewise."),
    CaseKey(name="delegates", about="Gives texts of a source a say: its name."),
    CaseKey(name="defines", about="Fixes what a term means: the term."),
    CaseKey(name="restates", kind="texts", about="Says again what upstream says: likewise."),
    CaseKey(
        name="target",
        about="Of a draft: empty, until one of the keys above takes its place; nothing is judged.",
    ),
    CaseKey(name="mode", kind="mode", default="`explicit`", about="Said explicitly, or `implicit`."),
    CaseKey(
        name="issue",
        default="the target's id",
        about="What witnesses and cases call the question that it settles.",
    ),
    CaseKey(
        name="value",
        kind="value",
        default="its id",
        about="What witnesses and cases call its answer to that.",
    ),
    CaseKey(name="because", about="Why, for people."),
    CaseKey(name="where", kind="mapping", about="Where it applies: `globs` of files, and an `audience`."),
    CaseKey(name="forbids", kind="texts", about="Of a narrowing: provisions that ask for what is ruled out."),
    CaseKey(name="scope", kind="texts", about="Of a delegation: provisions, or issues of this file."),
    CaseKey(name="level", default="the holder's", about="Of an addition: its level."),
    CaseKey(name="chapter", about="Of an addition: its section."),
    CaseKey(name="voids", kind="texts", about="Upstream examples that no longer apply."),
    CaseKey(name="examples", kind="mapping", about="Conversations: a list of `user`, `good` and `bad`."),
)
TARGET = (
    CaseKey(name="provision", required=True, about="Its id."),
    CaseKey(name="clause", required=True, about="Words of it, exactly as they are there."),
)
WHERE = (
    CaseKey(name="globs", kind="texts", about="Patterns of files, as in `shop/**`."),
    CaseKey(name="audience", about="Whom it is for, in words."),
)
EXAMPLE = (
    CaseKey(name="user", about="What a user writes."),
    CaseKey(name="good", about="An answer that the statement asks for."),
    CaseKey(name="bad", about="An answer that it rules out."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream(Brief):
    """The spec that an overlay is about; a field that the file does not give is empty."""

    source: str = ""
    release: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTarget(Brief):
    """The part of upstream that a statement is about.

    :param provision: its id
    :param clause: words of it, where the statement is about these alone
    :param id_span: place of the id, where ``span`` covers more
    """

    provision: str
    span: Span
    clause: str = ""
    id_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementExample(Brief):
    """A conversation that shows a statement."""

    user: str = ""
    good: str = ""
    bad: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayStatement(Brief):
    """One statement of an overlay.

    :param id: unique in its file
    :param says: its words for the model
    :param name: of an addition its title, of a delegation the source, of a definition the term
    :param targets: what it is about, for the other operations
    :param issue: the question that it settles, where the file names it: see :meth:`issue_on`
    :param value: its answer to that, where the file gives one: see :attr:`answer`
    :param forbids: provisions that ask for what a narrowing rules out
    :param scope: provisions or issues on which a delegation gives a say
    :param level: of an addition; empty for the holder's
    :param places: where the values of its keys are
    """

    id: str
    says: str
    operation: Operation
    span: Span
    name: str = ""
    targets: tuple[StatementTarget, ...] = ()
    mode: StatementMode = StatementMode.EXPLICIT
    issue: str = ""
    value: Value = ""
    because: str = ""
    globs: tuple[str, ...] = ()
    audience: str = ""
    forbids: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    level: str = ""
    chapter: str = ""
    voids: tuple[str, ...] = ()
    examples: tuple[StatementExample, ...] = ()
    places: tuple[tuple[str, Span], ...] = field(default=(), compare=False, repr=False)

    @property
    def answer(self) -> Value:
        """Its answer to the question that it settles: its value, or else its id, which is unique in the file."""
        return AS_UPSTREAM if self.operation is Operation.RESTATES else self.value or self.id

    def issue_on(self, about: str) -> str:
        """Return the issue that it settles: the one that it names, or else its own, or else what it is about."""
        # A term at the beginning of a sentence is the same term.
        term = " ".join(self.name.casefold().split())
        own = {Operation.NARROWS: self.id, Operation.ADDS: self.id, Operation.DEFINES: term}
        issue = self.issue or own.get(self.operation, about)
        return f"{issue}, who decides" if self.operation is Operation.DELEGATES else issue

    def place(self, key: str) -> Span:
        """Return the place of one of its keys; if that is not known, the place of the statement."""
        return dict(self.places).get(key, self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay(Brief):
    """What one file says about an upstream spec.

    :param holder: the level at which its statements are made
    :param unread: how many further statements of its file cannot be read
    :param home: its folder, relative to the common folder of all overlays that are read together
    """

    name: str
    upstream: Upstream
    holder: str
    surface: Surface
    statements: tuple[OverlayStatement, ...]
    span: Span
    places: tuple[tuple[str, Span], ...] = field(default=(), compare=False, repr=False)
    unread: int = field(default=0, compare=False)
    home: str = field(default="", compare=False)

    @property
    def file(self) -> str:
        """The name of its file in messages."""
        return self.span.file

    def place(self, key: str) -> Span:
        """Return the place of one of its keys; if that is not known, the beginning of the file."""
        return dict(self.places).get(key, self.span)


ReadsOverlay = Callable[[Path, str], tuple[Overlay | None, tuple[Finding, ...]]]
"""Returns the overlay of a path, and what is wrong with its form."""


def read_overlay(path: Path, name: str) -> tuple[Overlay | None, tuple[Finding, ...]]:
    """Return the overlay of a file, and what is wrong with its form; nothing where it lacks a required key or its surface is unknown.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` where it is not YAML, and
    :class:`~sphinx_policyspec.errors.SourceError` where it cannot be read.

    :param name: how findings name the file
    """
    text, wrong = read_text(path, name)
    return overlay_in(reader := YamlReader(name, findings=[*wrong]), text), tuple(reader.findings)


def read_overlays(
    files: Sequence[tuple[Path, str]], *, is_named: bool = True, read: ReadsOverlay | None = None
) -> tuple[tuple[Overlay, ...], tuple[Finding, ...], str]:
    """Return the overlays of files, what is wrong with their form, and the upstream that all of them name.

    Raises as :func:`read_overlay` does, and where none of them is an overlay, one names no upstream, or they name two.

    :param files: each with how findings name it
    :param is_named: whether the upstream that they name counts
    :param read: what reads one; by default :func:`read_overlay`
    """
    overlays: list[tuple[Overlay, Path]] = []
    findings: list[Finding] = []
    upstreams: dict[str, str] = {}
    for path, name in files:
        overlay, slips = (read or read_overlay)(path, name)
        findings += slips
        if overlay:
            folder, source = folder_of(path), overlay.upstream.source
            overlays.append((overlay, real_path(folder)))
            # One file has several names, as seen from several folders.
            here = source if is_git(source) else str(folder / source)
            upstreams.setdefault(source if is_git(source) else str(real_path(Path(here))), here)
    if not overlays or (is_named and not all(one.upstream.source for one, _ in overlays)):
        raise AnnotationError("\n".join(map(str, findings)))
    if is_named and len(upstreams) > 1:
        names = ", ".join(f"`{source}`" for source in sorted(upstreams.values()))
        raise SourceError(f"overlays are checked against one upstream, and these name {names}; give one")
    return _from_outside_in(overlays), tuple(findings), next(iter(upstreams.values()))


def _from_outside_in(overlays: Sequence[tuple[Overlay, Path]]) -> tuple[Overlay, ...]:
    """Return overlays with their folders, in the order given, except that an outer folder comes before those inside it."""
    ordered: list[tuple[Overlay, Path]] = []
    outermost = common_folder([folder for _, folder in overlays])
    for overlay, folder in overlays:
        home = "/".join(folder.relative_to(outermost).parts)
        place = next((n for n, (_, other) in enumerate(ordered) if folder in other.parents), len(ordered))
        ordered.insert(place, (replace(overlay, home=home), folder))
    return tuple(overlay for overlay, _ in ordered)


def overlay_of(text: str, file: str) -> tuple[Overlay | None, tuple[Finding, ...]]:
    """Return the overlay of a text, as :func:`read_overlay` does."""
    return overlay_in(reader := YamlReader(file), text), tuple(reader.findings)


def overlay_in(reader: YamlReader, text: str) -> Overlay | None:
    """Return the overlay of a text; what is wrong with it is added to the findings of the reader."""
    return _Reader(reader).overlay(text)


class _Reader:
    """Reads one file."""

    def __init__(self, reader: YamlReader) -> None:
        self.yaml = reader
        self._lost: tuple[Span, ...] = ()

    def overlay(self, text: str) -> Overlay | None:
        root = self.yaml.compose(text)
        # A byte that is not UTF-8, or a tag, is in place of lost words; only the first such byte has a finding.
        reported = tuple(one.span for one in self.yaml.findings)
        is_broken = any(one.code == "invalid-encoding" for one in self.yaml.findings)
        damaged = (
            Span(self.yaml.file, number, sign.start() + 1)
            for number, line in enumerate(text.split("\n") if is_broken else (), 1)
            for sign in re.finditer("\ufffd", line)
        )
        self._lost = (*reported, *damaged)
        if root is None:
            place, hint = Span(self.yaml.file, 1), "begin it with `overlay: NAME`"
            nothing = Finding(code="missing-key", message="no overlay here", span=place, hint=hint)
            self.yaml.findings.append(nothing)
            return None
        values, is_whole = self._mapping(root, OVERLAY)
        upstream = self._upstream(values.get("upstream"))
        surface = self._choice(values, "surface", Surface, Surface.API)
        items = [*self.yaml.items(values.get("statements"))]
        statements = self._unique([one for node in items if (one := self._statement(node))])
        if not (is_whole and surface):
            return None
        return Overlay(
            name=self._text(values, "overlay"),
            upstream=Upstream(**{key.name: self._text(upstream, key.name) for key in UPSTREAM}),
            holder=self._text(values, "holder"),
            surface=surface,
            statements=statements,
            span=self.yaml.span(root),
            unread=len(items) - len(statements),
            places=self._places({**values, **{f"upstream.{key}": node for key, node in upstream.items()}}),
        )

    def _upstream(self, node: yaml.Node | None) -> dict[str, yaml.Node]:
        if isinstance(node, yaml.ScalarNode) and node.value:
            message = "`upstream` is a mapping with a `source`"
            self.yaml.find("wrong-type", node, message, f"write `upstream: {{source: {node.value}}}`")
            return {"source": node}
        return self._mapping(node, UPSTREAM)[0]

    def _unique(self, statements: Sequence[OverlayStatement]) -> tuple[OverlayStatement, ...]:
        unique: dict[str, OverlayStatement] = {}
        for statement in statements:
            if first := unique.get(statement.id):
                self.yaml.findings.append(
                    Finding(
                        code="duplicate-id",
                        message=f"id `{statement.id}` is taken already",
                        span=statement.place("id"),
                        hint="ids are unique in a file",
                        related=(first.place("id"),),
                    )
                )
            unique.setdefault(statement.id, statement)
        return tuple(unique.values())

    def _statement(self, node: yaml.Node) -> OverlayStatement | None:
        """Return a statement, unless part of it is lost: what is left could mean something else."""
        before = len(self.yaml.findings)
        statement = self._read_statement(node)
        is_whole = not any(one.code in _LOSSES for one in self.yaml.findings[before:])
        lost = [place for place in self._lost if self._holds(node, place)]
        if lost and not any(one.span in lost for one in self.yaml.findings):
            self.yaml.find("invalid-encoding", node, "a part of it is not UTF-8", "save the file as UTF-8")
        return statement if is_whole and not lost else None

    def _holds(self, node: yaml.Node, place: Span) -> bool:
        """Return whether a place lies inside a node."""
        span, at = self.yaml.span(node), (place.line, place.column)
        return (span.line, span.column) <= at < (span.end_line, span.end_column)

    def _read_statement(self, node: yaml.Node) -> OverlayStatement | None:
        values, is_whole = self._mapping(node, STATEMENT)
        operation = self._operation(node, values)
        mode = self._choice(values, "mode", StatementMode, StatementMode.EXPLICIT)
        if not is_whole or operation is None or mode is None:
            return None
        is_targeted = operation in TARGETED
        where, _ = self._mapping(values.get("where"), WHERE)
        targets = tuple(self._targets(values[operation.value])) if is_targeted else ()
        name = "" if is_targeted else self._text(values, operation.value)
        if not (targets or name):
            self.yaml.find(
                "missing-key",
                values[operation.value],
                f"`{operation}` names nothing",
                "name what it is about",
            )
            return None
        scope = tuple(self.yaml.texts(values.get("scope")))
        self._check_keys(values, operation, scope)
        return OverlayStatement(
            id=self._text(values, "id"),
            says=self._text(values, "says"),
            operation=operation,
            name=name,
            targets=targets,
            mode=mode,
            issue=self._text(values, "issue"),
            value=self._text(values, "value"),
            because=self._text(values, "because"),
            globs=tuple(self.yaml.texts(where.get("globs"))),
            audience=self._text(where, "audience"),
            forbids=tuple(self.yaml.texts(values.get("forbids"))),
            scope=scope,
            level=self._text(values, "level"),
            chapter=self._text(values, "chapter"),
            voids=tuple(self.yaml.texts(values.get("voids"))),
            examples=tuple(self._examples(values.get("examples"))),
            span=self.yaml.span(node),
            places=self._places(values),
        )

    def _operation(self, node: yaml.Node, values: Mapping[str, yaml.Node]) -> Operation | None:
        """Return the operation of a statement; there must be exactly one."""
        operations = [operation for operation in Operation if operation.value in values]
        if len(operations) == 1:
            return operations[0]
        if operations:
            names = " and ".join(f"`{operation}`" for operation in operations)
            self.yaml.find(
                "invalid-value", values[operations[1].value], f"{names} in one statement", "split it in two"
            )
        elif "target" in values:
            message = f"`{self._text(values, 'id')}` names nothing of upstream yet, and is not judged"
            hint = "put `overrides`, `narrows`, `adds` or another operation in the place of `target`"
            self.yaml.find("no-target", values["target"], message, hint)
        elif isinstance(node, yaml.MappingNode):
            names = ", ".join(f"`{operation}`" for operation in Operation)
            self.yaml.find("missing-key", node, "the statement does nothing", f"add one of {names}")
        return None

    def _check_keys(
        self, values: Mapping[str, yaml.Node], operation: Operation, scope: Sequence[str]
    ) -> None:
        """Find keys that mean nothing beside an operation."""
        for key, owner in _OWNERS.items():
            if key in values and operation is not owner:
                self.yaml.find(
                    "unknown-key",
                    values[key],
                    f"`{key}` has no effect beside `{operation}`",
                    f"it belongs to `{owner}`",
                )
        if operation is Operation.DELEGATES and not scope:
            hint = "add `scope:` with provisions, or issues of this file"
            self.yaml.find(
                "missing-key", values["delegates"], "a delegation without `scope` gives no say", hint
            )

    def _targets(self, node: yaml.Node) -> Iterator[StatementTarget]:
        for item in node.value if isinstance(node, yaml.SequenceNode) else (node,):
            if isinstance(item, yaml.MappingNode):
                values, is_whole = self._mapping(item, TARGET)
                if is_whole:
                    provision, clause = self._text(values, "provision"), self._text(values, "clause")
                    place = self.yaml.span(values["provision"])
                    yield StatementTarget(
                        provision=provision, clause=clause, span=self.yaml.span(item), id_span=place
                    )
            elif text := self.yaml.text(item).strip():
                yield StatementTarget(provision=text, span=self.yaml.span(item))

    def _examples(self, node: yaml.Node | None) -> Iterator[StatementExample]:
        for item in self.yaml.items(node):
            values, _ = self._mapping(item, EXAMPLE)
            yield StatementExample(**{key.name: self._text(values, key.name) for key in EXAMPLE})

    def _mapping(self, node: yaml.Node | None, keys: Sequence[CaseKey]) -> tuple[dict[str, yaml.Node], bool]:
        """Return the values of a mapping, and whether it has all required keys."""
        values = self.yaml.mapping(node, [key.name for key in keys])
        lacking = [
            key.name for key in keys if key.required and not getattr(values.get(key.name), "value", "")
        ]
        if isinstance(node, yaml.MappingNode):
            for name in lacking:
                self.yaml.find("missing-key", node, f"`{name}` is missing", f"add `{name}: …`")
        return values, isinstance(node, yaml.MappingNode) and not lacking

    def _choice(
        self, values: Mapping[str, yaml.Node], key: str, kind: type[_Choice], default: _Choice
    ) -> _Choice | None:
        """Return a value of an enumeration, or nothing where it is none of them."""
        text = self._text(values, key)
        word = one_of(self.yaml, values.get(key), text, kind) if text else default.value
        return kind(word) if word else None

    def _text(self, values: Mapping[str, yaml.Node], key: str) -> str:
        return self.yaml.text(values.get(key)).strip()

    def _places(self, values: Mapping[str, yaml.Node]) -> tuple[tuple[str, Span], ...]:
        return tuple((key, self.yaml.span(node)) for key, node in values.items())


_LOSSES = frozenset({"missing-key", "wrong-type"})
"""Codes of findings after which a part is lost."""
_OWNERS: Mapping[str, Operation] = {
    "forbids": Operation.NARROWS,
    "scope": Operation.DELEGATES,
    "level": Operation.ADDS,
    "chapter": Operation.ADDS,
}
"""Keys that only one operation uses."""
