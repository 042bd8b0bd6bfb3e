"""Registers of feedback: a list of records in YAML, and what labels of a tracker mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.files import Brief, files_at, without_collector
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.feedback import Feedback, FeedbackKind, FeedbackStatus
from sphinx_policyspec.model.finding import repeated_id
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.readers.cases import CaseKey
from sphinx_policyspec.readers.judgements import not_read, one_of
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

FEEDBACK = (
    CaseKey(name="id", required=True, about="Id of the record, which others name."),
    CaseKey(name="url", about="Where it is said: an `https:` address."),
    CaseKey(name="date", about="Day on which it was said: `2026-02-01`."),
    CaseKey(name="author", about="Who says it, if that may be published."),
    CaseKey(name="model", about="The model that it is about."),
    CaseKey(name="release", about="Version of the release that it is about."),
    CaseKey(
        name="kind",
        about="`spec-defect` (the text is wrong), `model-defect` (the text is right, a model does otherwise), `both`, "
        "`neither`, `wish` or `out-of-scope`.",
    ),
    CaseKey(name="provisions", kind="texts", about="Ids of the provisions that it is about."),
    CaseKey(name="quote", about="Words of one of them that it is about."),
    CaseKey(name="title", required=True, about="What it says, in a line."),
    CaseKey(name="text", about="What it says, if that may be published."),
    CaseKey(name="status", default="`open`", about="`open`, `accepted`, `declined` or `answered`."),
    CaseKey(name="answered-in", about="Version of the release in which a provision changed for it."),
    CaseKey(name="duplicates", kind="texts", about="Ids of records that say the same before it."),
    CaseKey(name="contradicts", kind="texts", about="Ids of records that say the opposite."),
    CaseKey(name="labels", kind="texts", about="Labels that it has in a tracker."),
    CaseKey(name="because", kind="texts", about="How each provision is named, as an import writes it."),
    CaseKey(name="hints", kind="texts", about="Provisions with near titles, as an import writes them."),
)
REGISTER = (
    CaseKey(name="feedback", kind="mapping", about="Records that name provisions."),
    CaseKey(
        name="unassigned", kind="mapping", about="Records that name none yet; write `provisions` into them."
    ),
)
FEEDBACK_MAP = (
    CaseKey(name="kinds", kind="mapping", about="Kinds by the labels of a tracker."),
    CaseKey(name="provisions", kind="mapping", about="Ids of provisions by the labels of a tracker."),
    CaseKey(
        name="statuses",
        kind="mapping",
        about="Statuses by the states of a tracker, such as `closed: declined`.",
    ),
    CaseKey(name="sites", kind="texts", about="What the addresses of your own pages begin with."),
)
_SUFFIXES = {".yaml", ".yml"}
_Value = TypeVar("_Value", bound=StrEnum)


def feedback_files(path: Path) -> list[Path]:
    """Return the registers at a path: a file, or those in a folder and below."""
    return [one for one in files_at(path) if one == path or one.suffix in _SUFFIXES]


@without_collector()
def read_feedback(text: str, file: str) -> tuple[tuple[Feedback, ...], tuple[Finding, ...]]:
    """Return the records of a register, in its order, and findings about their form; an incomplete one is left out.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` if it is not YAML.

    :param file: how findings name the file
    """
    reader = YamlReader(file)
    records = tuple(
        filter(None, (_record(reader, node) for node in record_nodes(reader, reader.compose(text))))
    )
    return records, tuple(reader.findings)


def read_feedback_file(path: Path, name: str) -> tuple[tuple[Feedback, ...], tuple[Finding, ...]]:
    """Return what :func:`read_feedback` does for a file; one that is not YAML or cannot be read is a finding.

    :param name: how findings name it
    """
    try:
        text, wrong = read_text(path, name)
        records, findings = read_feedback(text, name)
    except (AnnotationError, SourceError) as error:
        return (), (not_read(error, name),)
    return records, (*wrong, *findings)


def read_registers(
    files: Iterable[tuple[Path, str]],
) -> tuple[tuple[Feedback, ...], tuple[Finding, ...]]:
    """Return the records of several files, whose ids are those of one register, and what is wrong with their form.

    :param files: each with how findings name it
    """
    first: dict[str, Feedback] = {}
    findings: list[Finding] = []
    for path, name in files:
        records, slips = read_feedback_file(path, name)
        findings += slips
        for one in records:
            if earlier := first.get(one.id):
                findings.append(repeated_id("feedback", one.id, one.place("id"), earlier.place("id")))
            first.setdefault(one.id, one)
    return tuple(first.values()), tuple(findings)


def record_nodes(reader: YamlReader, root: yaml.Node | None) -> list[yaml.Node]:
    """Return the nodes of the records of a register: the items of a list, or of both lists of a mapping."""
    if not isinstance(root, yaml.MappingNode):
        return [*reader.items(root)]
    values = reader.mapping(root, [key.name for key in REGISTER])
    return [node for key in REGISTER for node in reader.items(values.get(key.name))]


def _record(reader: YamlReader, node: yaml.Node) -> Feedback | None:
    values = reader.mapping(node, _NAMES)
    entries = {name: reader.text(values.get(name)).strip() for name in _TEXTS if name in values}
    if missing := [name for name in ("id", "title") if not entries.get(name)]:
        keys = " and ".join(f"`{name}`" for name in missing)
        message = f"the record lacks {keys}"
        hint = "it counts for nothing until they are there"
        reader.findings.append(
            Finding(code="missing-key", message=message, span=reader.span(node), hint=hint)
        )
        return None
    listed = {name: reader.texts(values.get(name)) for name in _LISTS if name in values}
    _check(reader, values, entries)
    texts = {name.replace("-", "_"): text for name, text in entries.items() if name not in {"kind", "status"}}
    lists = {name: tuple(nodes) for name, nodes in listed.items()}
    places = {(name, ""): reader.span(values[name]) for name in _PLACED if name in values}
    for name in ("provisions", "duplicates", "contradicts"):
        places |= {(name, text): reader.span(one) for text, one in listed.get(name, {}).items()}
    fields: dict[str, Any] = {**texts, **lists}
    return Feedback(
        **fields,
        kind=_one(reader, values, entries, "kind", FeedbackKind),
        status=_one(reader, values, entries, "status", FeedbackStatus) or FeedbackStatus.OPEN,
        span=reader.span(node),
        places=places,
    )


_NAMES = [key.name for key in FEEDBACK]
_LISTS = [key.name for key in FEEDBACK if key.kind == "texts"]
_TEXTS = [key.name for key in FEEDBACK if key.kind == "text"]
_PLACED = ("id", "release", "quote", "answered-in")


def _one(
    reader: YamlReader,
    values: Mapping[str, yaml.Node],
    entries: Mapping[str, str],
    name: str,
    kind: type[_Value],
) -> _Value | None:
    text = entries.get(name)
    word = one_of(reader, values[name], text, kind) if text else None
    return kind(word) if word else None


def _check(reader: YamlReader, values: Mapping[str, yaml.Node], entries: dict[str, str]) -> None:
    """Find an invalid date and an address that is not on the web, and drop them."""
    if entries.get("date") and not is_date(entries["date"]):
        text = entries.pop("date")
        reader.find("invalid-value", values["date"], f"`{text[:60]}` is no date", "write it as `2026-02-01`")
    if entries.get("url") and not entries["url"].startswith(("https://", "http://")):
        text = entries.pop("url")
        hint = "begin it with `https://`"
        reader.find("invalid-value", values["url"], f"`{text[:60]}` is no address of the web", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackMap(Brief):
    """What a tracker's labels and states mean, and where our own pages are.

    :param provisions: ids by labels
    """

    kinds: Mapping[str, FeedbackKind] = field(default_factory=dict)
    provisions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    statuses: Mapping[str, FeedbackStatus] = field(default_factory=dict)
    sites: tuple[str, ...] = ()


def read_feedback_map(path: Path, name: str) -> FeedbackMap:
    """Return a map of labels; anything wrong in it raises :class:`~sphinx_policyspec.errors.AnnotationError` with all findings."""
    text, wrong = read_text(path, name)
    reader = YamlReader(name)
    top = reader.mapping(reader.compose(text), [key.name for key in FEEDBACK_MAP])
    kinds, statuses = (
        {
            label: kind(word)
            for label, node in reader.mapping(top.get(key)).items()
            if (word := one_of(reader, node, reader.text(node), kind))
        }
        for key, kind in (("kinds", FeedbackKind), ("statuses", FeedbackStatus))
    )
    provisions = {
        label: tuple(reader.texts(node)) for label, node in reader.mapping(top.get("provisions")).items()
    }
    sites = tuple(reader.texts(top.get("sites")))
    if findings := (*wrong, *reader.findings):
        raise AnnotationError("\n".join(map(str, findings)))
    return FeedbackMap(kinds=kinds, provisions=provisions, statuses=statuses, sites=sites)  # type: ignore[arg-type]  # of their kinds
