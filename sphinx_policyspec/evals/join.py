"""Finding the provision that a result belongs to, from the keys in its log; what stays unresolved is listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import yaml

from sphinx_policyspec.compare import ChangeKind, Subject, compare
from sphinx_policyspec.evals.prompts import (
    digest_of_prompt,
    level_of,
    provision_of_tag,
    tested_provisions,
    with_holders,
)
from sphinx_policyspec.evals.records import AnswerStatus, ResultMap, number
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Finding, Severity, Span, Spec
from sphinx_policyspec.model.finding import UnknownNames
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.readers.judgements import RESULT_FIELDS, RESULT_MAP
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_DIRTY = re.compile(r"[\s{]")
"""The end of an id to which a harness appended more text."""


class LoggedPrompt(NamedTuple):
    """A prompt of a run with the keys from its log; fields are columns of the answers.

    :param answers: number of its rows
    """

    run: str
    prompt: str
    spec_release: str
    prompt_sha256: str
    section_raw: str
    focus_raw: str
    tests_raw: str
    cluster_raw: str
    weight_raw: float
    answers: int


class PromptRow(NamedTuple):
    """A prompt in one group of one facet; fields are the columns of the store."""

    run: str
    prompt: str
    facet: str
    grp: str
    joined_by: str
    cluster_id: str
    weight: float


class Unresolved(NamedTuple):
    """An id that leads to no provision.

    :param rows: number of answers that name it
    :param nearest: the id that was probably meant
    :param last_release: the last release that has it
    """

    id: str
    rows: int
    nearest: str
    last_release: str


class Disagreement(NamedTuple):
    """A prompt whose section and eval tag lead to different provisions; the section counts."""

    run: str
    prompt: str
    section: str
    focus: str
    focus_section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Brief):
    """How the prompts of results were joined to provisions.

    :param rows: each prompt in each of its groups
    :param by_key: number of prompts that each kind of key led to a provision
    """

    rows: tuple[PromptRow, ...]
    by_key: Mapping[str, int]
    unresolved: tuple[Unresolved, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def joined(self) -> int:
        """The number of prompts that were joined to a provision."""
        return sum(self.by_key.values())


def read_map(path: Path, spec: Spec | None = None) -> tuple[ResultMap, tuple[Finding, ...]]:
    """Return the content of a map file and its findings; a file that is not YAML raises :class:`AnnotationError`.

    :param spec: in which the named provisions are looked up; without it they are not checked
    """
    text, findings = read_text(path, str(path))
    reader = YamlReader(str(path))
    top = reader.mapping(reader.compose(text), [key.name for key in RESULT_MAP])
    names = [key.name for key in RESULT_FIELDS]
    provisions = reader.mapping(top.get("provisions"))
    content = ResultMap(
        fields=_texts(reader, reader.mapping(top.get("fields"), names)),
        provisions=_texts(reader, provisions),
        models=_columns(reader, top.get("models")),
        scorers=_columns(reader, top.get("scorers")),
        given=_texts(reader, reader.mapping(top.get("given"), names)),
        grades=_numbers(reader, reader.mapping(top.get("grades"))),
        statuses=_statuses(reader, reader.mapping(top.get("statuses"))),
        scale=_scale(reader, top.get("scale")),
        threshold=_number(reader, top.get("threshold")),
    )
    if content.threshold is not None and content.scale is not None:
        reader.find(
            "invalid-value", top["threshold"], "`threshold` and `scale` do not go together", "delete one"
        )
    if content.models and content.scorers and (apart := sorted({*content.models} ^ {*content.scorers})):
        reader.find(
            "invalid-value",
            top["scorers"],
            f"the column `{apart[0]}` is in one of `models` and `scorers` alone",
            "where each column is of a model and a scorer, name all of them in both",
        )
    unknown = UnknownNames()
    # A map may be used for several releases, and not each of them has every provision.
    lost = (
        replace(
            unknown.finding("provision", provision, reader.span(provisions[name]), spec.provision_by_id),
            severity=Severity.WARNING,
        )
        for name, provision in content.provisions.items()
        if spec and provision not in spec.provision_by_id
    )
    return content, (*findings, *reader.findings, *lost)


def _texts(reader: YamlReader, nodes: Mapping[str, yaml.Node]) -> dict[str, str]:
    return {name: text for name, node in nodes.items() if (text := reader.text(node))}


def _columns(reader: YamlReader, node: yaml.Node | None) -> dict[str, str]:
    """Return the names for columns; columns in a list keep their own names."""
    if isinstance(node, yaml.SequenceNode):
        return {name: name for name in reader.texts(node)}
    return _texts(reader, reader.mapping(node))


def _number(reader: YamlReader, node: yaml.Node | None) -> float | None:
    if node is None or not (text := reader.text(node)):
        return None
    if (figure := number(text)) is None:
        reader.find("invalid-value", node, f"`{text}` is no number", "write one, such as `0.5`")
    return figure


def _numbers(reader: YamlReader, nodes: Mapping[str, yaml.Node]) -> dict[str, float]:
    figures = {name: _number(reader, node) for name, node in nodes.items()}
    return {name: figure for name, figure in figures.items() if figure is not None}


def _statuses(reader: YamlReader, nodes: Mapping[str, yaml.Node]) -> dict[str, str]:
    known = [one.value for one in AnswerStatus]
    statuses = {}
    for name, node in nodes.items():
        if (status := reader.text(node)) in known:
            statuses[name] = status
        else:
            reader.find("invalid-value", node, f"`{status}` is no status", nearest(status, known))
    return statuses


def _scale(reader: YamlReader, node: yaml.Node | None) -> tuple[float, float] | None:
    ends = [_number(reader, one) for one in reader.items(node)] if node is not None else []
    match ends:
        case [float(low), float(high)] if low != high:
            return low, high
    if node is not None and ends:
        reader.find("invalid-value", node, "a scale is two different numbers", "write it as `[0, 100]`")
    return None


def join(
    prompts: Iterable[LoggedPrompt],
    spec: Spec,
    older: Sequence[Spec] = (),
    *,
    clusters: Mapping[str, str] | None = None,
    provisions: Mapping[str, str] | None = None,
    renames: Mapping[str, str] | None = None,
) -> Join:
    """Return the provisions of a spec that the prompts of results belong to.

    :param older: earlier releases, oldest first
    :param clusters: by run, the field that groups its prompts; ``prompt`` for none
    :param provisions: ids of provisions by the names that logs use; these take precedence
    :param renames: new ids by the ids in a lock
    """
    finder = _Finder(spec, older, provisions or {}, renames or {})
    rows: list[PromptRow] = []
    by_key: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    disagreements: list[Disagreement] = []
    for one in prompts:
        provision_ids, key, names = finder.provisions(one)
        for name in names:
            lost[name] += one.answers
        if key:
            by_key[key] += 1
        if clash := finder.disagreement(one, provision_ids, key):
            disagreements.append(clash)
        field_ = (clusters or {}).get(one.run, "focus_id")
        cluster = _cluster(one, field_)
        rows += [
            PromptRow(one.run, one.prompt, facet, group, key, cluster, one.weight_raw)
            for facet, group in _groups(spec, provision_ids)
        ]
    return Join(
        rows=tuple(sorted(rows)),
        by_key=dict(sorted(by_key.items())),
        unresolved=tuple(
            Unresolved(name, count, finder.nearest(name), finder.last_release(name))
            for name, count in sorted(lost.items())
        ),
        disagreements=tuple(sorted(disagreements)),
    )


def disagreements_of(joined: Join, files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return a finding for each pair of keys that lead to different provisions.

    :param files: of logs, by run
    """
    pairs: dict[tuple[str, str, str], str] = {}
    for one in joined.disagreements:
        pairs.setdefault((one.section, one.focus, one.focus_section), files[one.run])
    return tuple(
        Finding(
            code="contradicting-ids",
            message=f"results name `{section[:60]}` and the eval tag `{focus[:60]}`, which is in `{other}`",
            span=Span(file, 1),
            hint="the provision counts; see which of the two was graded",
        )
        for (section, focus, other), file in pairs.items()
    )


def _cluster(one: LoggedPrompt, field_: str) -> str:
    """Return the cluster of a prompt; without a value of the field it is a cluster of its own."""
    known = {"focus_id": one.focus_raw, "section_id": one.section_raw}
    name = "" if field_ == "prompt" else one.cluster_raw or known.get(field_, "")
    return f"{field_}={name}" if name else f"prompt={one.prompt}"


def _groups(spec: Spec, provision_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the facets and groups that a prompt is in."""
    yield "all", "all"
    if provision_ids:
        yield "joined", "joined"
    yield from (("provision", id_) for id_ in provision_ids)
    yield from (
        ("chapter", id_) for id_ in dict.fromkeys(with_holders(spec, id_)[-1] for id_ in provision_ids)
    )
    levels = dict.fromkeys(level_of(spec.provision_by_id[id_]) for id_ in provision_ids)
    yield from (("level", level) for level in levels if level)


class _Finder:
    """Looks ids of logs up in a spec."""

    def __init__(
        self, spec: Spec, older: Sequence[Spec], provisions: Mapping[str, str], renames: Mapping[str, str]
    ) -> None:
        self._spec = spec
        self._older = older
        self._given = provisions
        self._locked = renames
        self._aliases = {alias: p.id for p in reversed(spec.provisions) for alias in p.aliases}
        self._tags = provision_of_tag(spec)
        self._prompts = tested_provisions(spec)
        self._hashes = {digest_of_prompt(prompt): self._prompts[prompt.id] for prompt in spec.prompts}
        self._renamed: dict[str, dict[str, str]] = {}

    def provisions(self, one: LoggedPrompt) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        """Return the provisions of a prompt, the key that led there, and names that were not found."""
        tests = one.tests_raw.split()
        candidates = [(name, self._provision(name, one.spec_release)[0]) for name in tests]
        if ids := tuple(dict.fromkeys(id_ for _, id_ in candidates if id_)):
            return ids, "tests", tuple(name for name, id_ in candidates if not id_)
        if one.section_raw:
            id_, key = self._provision(one.section_raw, one.spec_release)
            if id_:
                return (id_,), key, ()
        if one.focus_raw in self._tags and self._tags[one.focus_raw] in self._spec.provision_by_id:
            return (self._tags[one.focus_raw],), "focus", ()
        known = self._hashes.get(one.prompt_sha256) or self._prompts.get(one.prompt) or ()
        if ids := tuple(id_ for id_ in known if id_ in self._spec.provision_by_id):
            return ids, "prompt", ()
        return (), "", (one.section_raw or " ".join(tests) or one.focus_raw or one.prompt,)

    def _provision(self, name: str, release: str) -> tuple[str, str]:
        """Return the provision that a name stands for, and the kind of key by which it was found."""
        ids = self._spec.provision_by_id
        clean = _DIRTY.split(name.strip(), maxsplit=1)[0]
        if name in self._given:
            return (self._given[name], "map") if self._given[name] in ids else ("", "")
        for id_, key in ((name, "exact"), (clean, "cleaned")):
            if id_ in ids:
                return id_, key
        for id_ in (name, clean):
            if id_ in self._aliases:
                return self._aliases[id_], "alias"
        renamed = self._renames(release)
        for id_ in (name, clean):
            if renamed.get(id_) in ids:
                return renamed[id_], "rename"
        return "", ""

    def _renames(self, release: str) -> dict[str, str]:
        """Return new ids of provisions by their ids in a release."""
        if release not in self._renamed:
            old = next((one for one in self._older if one.version == release), None)
            changes = compare(old, self._spec).changes if old else ()
            self._renamed[release] = dict(self._locked) | {
                change.old: change.new
                for change in changes
                if (change.subject, change.kind) == (Subject.PROVISION, ChangeKind.RENAMED)
            }
        return self._renamed[release]

    def disagreement(self, one: LoggedPrompt, provision_ids: Sequence[str], key: str) -> Disagreement | None:
        """Return the disagreement if a prompt's tag is in another provision; one above or below it agrees."""
        holder = self._tags.get(one.focus_raw)
        if not provision_ids or not holder or key in {"focus", "prompt"}:
            return None
        above = with_holders(self._spec, holder)
        if any(id_ in above or holder in with_holders(self._spec, id_) for id_ in provision_ids):
            return None
        return Disagreement(one.run, one.prompt, one.section_raw or provision_ids[0], one.focus_raw, holder)

    def nearest(self, name: str) -> str:
        """Return the id that was probably meant by a name."""
        return near_name(name[:200], self._spec.provision_by_id)

    def last_release(self, name: str) -> str:
        """Return the version of the last release that has an id."""
        clean = _DIRTY.split(name.strip(), maxsplit=1)[0]
        holding = (one.version for one in reversed(self._older) if clean in one.provision_by_id)
        return next(holding, "")
