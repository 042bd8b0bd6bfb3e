"""Records of decisions in the form of MADR 4: Markdown with front matter, and what is wrong with its form."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.files import files_at
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordSection, RecordStatus
from sphinx_policyspec.model.finding import repeated_id
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.readers.cases import CaseKey
from sphinx_policyspec.readers.judgements import not_read, one_of
from sphinx_policyspec.readers.proposals import head_end, read_proposal_file
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

DECISION_RECORD = (
    CaseKey(name="id", about="Id of the record, which others name.", default="the name of its file"),
    CaseKey(
        name="status",
        default="`proposed`",
        about="`proposed`, `accepted`, `rejected`, `deprecated`, or `superseded by` and the record that took its place.",
    ),
    CaseKey(name="date", about="Day on which it was written or changed last: `2026-02-01`."),
    CaseKey(name="decision-makers", kind="texts", about="Who decided."),
    CaseKey(name="consulted", kind="texts", about="Who was asked."),
    CaseKey(name="informed", kind="texts", about="Who was informed."),
    CaseKey(name="provisions", kind="texts", about="Ids of the provisions that it decides about."),
    CaseKey(name="proposal", about="File of the proposal that it decides about, as seen from the record."),
    CaseKey(
        name="rationale-not-derivable",
        default="`false`",
        about="`true` if it gives reasons that the text of the spec does not.",
    ),
)
NEEDED = ("Context and Problem Statement", "Considered Options", "Decision Outcome")
"""Headings that each record has, by MADR."""
_NO_RECORDS = frozenset({"index", "readme", "template", "adr-template"})
_SUPERSEDED_BY = "superseded by "
_LINK = re.compile(r"^\[([^\[\]]{0,300})\]\(([^()\s]{1,500})\)$")
_NUMBER = re.compile(r"^(\d{1,8})(?:-|$)")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*)$")
_FENCES = ("```", "~~~")


def decision_record_files(path: Path) -> list[Path]:
    """Return the records at a path: a file, or those in a folder and below, without its index and templates."""
    return [
        one
        for one in files_at(path)
        if one == path or (one.suffix == ".md" and one.stem.lower() not in _NO_RECORDS)
    ]


def decision_names(folder: Path, globs: Sequence[str]) -> list[str]:
    """Return the files that patterns name, each once, as seen from the folder that the patterns are relative to.

    :param globs: such as ``decisions/*.md``, or ``decisions`` for all records in a folder
    """
    # ``Path.glob`` raises for some patterns.
    matches = (sorted(glob(one, root_dir=folder, recursive=True)) for one in globs)  # noqa: PTH207
    paths = [Path(folder, name) for names in matches for name in names]
    files = dict.fromkeys(file for path in paths for file in decision_record_files(path))
    return [Path(os.path.relpath(file, folder)).as_posix() for file in files]


def read_decision_record(text: str, file: str) -> tuple[DecisionRecord | None, tuple[Finding, ...]]:
    """Return the record that a text holds, and what is wrong with its form; none where it has no head or title.

    Raises :class:`~sphinx_policyspec.errors.AnnotationError` if its head is not YAML.

    :param file: how findings name the file, whose name is the id of a record that gives none
    """
    lines = text.removeprefix("\ufeff").split("\n")
    if not (end := head_end(lines)):
        hint = "begin it with `---`, its `status`, `date` and `provisions`, and `---`"
        message = "a record of a decision has a head of YAML between two lines `---`"
        return None, (Finding(code="missing-key", message=message, span=Span(file, 1), hint=hint),)
    reader = YamlReader(file, first=2)
    values = _head(reader, reader.compose("\n".join(lines[1:end])))
    title, sections = _sections(lines, end + 1, file)
    if not title:
        hint = "write it as the first heading, `# …`"
        reader.findings.append(
            Finding(code="missing-key", message="the record lacks a title", span=Span(file, 1), hint=hint)
        )
        return None, tuple(reader.findings)
    record = _record(reader, values, title, sections)
    headings = {one.heading.casefold() for one in sections}
    if missing := [name for name in NEEDED if name.casefold() not in headings]:
        message = f"the record lacks {' and '.join(f'`## {name}`' for name in missing)}"
        hint = "a reader looks there for what was asked, what could have been done, and what was decided"
        reader.findings.append(Finding(code="missing-section", message=message, span=record.span, hint=hint))
    return record, tuple(reader.findings)


def read_decision_records(
    files: Iterable[tuple[Path, str]],
) -> tuple[tuple[DecisionRecord, ...], dict[str, Proposal | None], tuple[Finding, ...]]:
    """Return the records of several files, the proposal that each names by id of the record, and findings about form.

    A proposal is ``None`` if its file is missing or cannot be read as one.

    :param files: each with how findings name it
    """
    first: dict[str, DecisionRecord] = {}
    proposals: dict[str, Proposal | None] = {}
    findings: list[Finding] = []
    for path, name in files:
        try:
            text, wrong = read_text(path, name)
            record, slips = read_decision_record(text, name)
        except (AnnotationError, SourceError) as error:
            findings.append(not_read(error, name))
            continue
        findings += (*wrong, *slips)
        if record is None:
            continue
        if earlier := first.get(record.id):
            findings.append(repeated_id("record", record.id, record.place("id"), earlier.place("id")))
            continue
        first[record.id] = record
        if record.proposal:
            file = path.parent / record.proposal
            proposals[record.id] = read_proposal_file(file, file.name)[0] if file.is_file() else None
    return tuple(first.values()), proposals, tuple(findings)


def _head(reader: YamlReader, root: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return the values of our keys; keys of other tools are ignored, but a misspelt key of ours is a finding."""
    names = [key.name for key in DECISION_RECORD]
    values = reader.mapping(root)
    for key, node in values.items():
        if key not in names and (near := near_name(key, names)) and near not in values:
            reader.find("unknown-key", node, f"unknown key `{key[:80]}`", f"did you mean `{near}`?")
    return {key: node for key, node in values.items() if key in names}


def _record(
    reader: YamlReader, values: Mapping[str, yaml.Node], title: str, sections: Sequence[RecordSection]
) -> DecisionRecord:
    stem = PurePosixPath(reader.file).stem
    lists = {key.name: reader.texts(values.get(key.name)) for key in DECISION_RECORD if key.kind == "texts"}
    places = {(name, ""): reader.span(node) for name, node in values.items()}
    places |= {
        (name, text): reader.span(node) for name, nodes in lists.items() for text, node in nodes.items()
    }
    number = _NUMBER.match(stem)
    status, successor = _status(reader, values.get("status"))
    entries: dict[str, Any] = {name.replace("-", "_"): tuple(nodes) for name, nodes in lists.items()}
    return DecisionRecord(
        id=reader.text(values.get("id")).strip() or stem,
        number=int(number[1]) if number else 0,
        title=title,
        status=status,
        superseded_by=successor,
        date=_date(reader, values.get("date")),
        proposal=_proposal(reader, values.get("proposal")),
        is_rationale_extra=reader.choice(values.get("rationale-not-derivable"), ("true", "false"), "false")
        == "true",
        sections=tuple(sections),
        span=Span(reader.file, 1),
        places=places,
        **entries,
    )


def _status(reader: YamlReader, node: yaml.Node | None) -> tuple[RecordStatus, str]:
    """Return a status and the successor that it names; for a link, the name of the linked file."""
    text = " ".join(reader.text(node).split())
    if text.lower().startswith(_SUPERSEDED_BY):
        name = text[len(_SUPERSEDED_BY) :].strip()
        link = _LINK.match(name)
        return RecordStatus.SUPERSEDED, PurePosixPath(link[2].partition("#")[0]).stem if link else name
    word = one_of(reader, node, text.lower(), RecordStatus) if text else None
    return RecordStatus(word) if word else RecordStatus.PROPOSED, ""


def _date(reader: YamlReader, node: yaml.Node | None) -> str:
    text = reader.text(node).strip()
    if node is None or not text or is_date(text):
        return text
    reader.find("invalid-value", node, f"`{text[:60]}` is no date", "write it as `2026-02-01`")
    return ""


def _proposal(reader: YamlReader, node: yaml.Node | None) -> str:
    text = reader.text(node).strip()
    if node is None or not text or not (text.startswith(("/", "\\")) or ":" in text or "\0" in text):
        return text
    hint = "write where it lies as seen from the record, such as `../proposals/receipts.md`"
    reader.find("invalid-value", node, f"`{text[:60]}` is no file beside the record", hint)
    return ""


def _sections(lines: Sequence[str], first: int, file: str) -> tuple[str, list[RecordSection]]:
    """Return the title, which is the first heading of all, and the parts below the others; fenced lines are text."""
    title = ""
    sections: list[RecordSection] = []
    heads = list(_headings(lines, first))
    for place, (number, depth, words) in enumerate(heads):
        end = heads[place + 1][0] if place + 1 < len(heads) else len(lines)
        if not title and depth == 1:
            title = words
            continue
        text = "\n".join(line.rstrip() for line in lines[number + 1 : end]).strip()
        span = Span(file, number + 1)
        sections.append(RecordSection(heading=words, depth=depth, text=text, span=span))
    return title, sections


def _headings(lines: Sequence[str], first: int) -> Iterator[tuple[int, int, str]]:
    """Yield place, depth and words of each heading."""
    fence = ""
    for number in range(first, len(lines)):
        line = lines[number].rstrip()
        if fence:
            fence = "" if line.lstrip().startswith(fence) else fence
        elif line.lstrip()[:3] in _FENCES:
            fence = line.lstrip()[:3]
        elif found := _HEADING.match(line):
            yield number, len(found[1]), found[2].rstrip("# \t") or found[2]
