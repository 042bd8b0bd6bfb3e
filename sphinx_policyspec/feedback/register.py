"""Registers as text: a new one, and one that there is, in which only what a tracker says becomes other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.feedback.imports import Importer, Remark, is_web, renewed
from sphinx_policyspec.files import Brief, without_collector
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.feedback import Feedback
from sphinx_policyspec.readers.feedback import FEEDBACK, read_feedback, record_nodes
from sphinx_policyspec.readers.judgements import plain_or_quoted
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_INDENT = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFeedback(Brief):
    """A register into which remarks were read.

    :param text: of the register
    :param records: all of them, those that name no provision after the others
    :param added: how many are new
    :param updated: how many were known, and are other ones now
    :param findings: what of the remarks could not be taken
    """

    text: str
    records: tuple[Feedback, ...]
    added: int = 0
    updated: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def unassigned(self) -> tuple[Feedback, ...]:
        """Those that name no provision."""
        return tuple(one for one in self.records if not one.provisions)


def imported(
    remarks: Iterable[Remark], importer: Importer, text: str = "", file: str = ""
) -> ImportedFeedback:
    """Return a register with remarks in it: known ones, by their address, as they are today, and new ones at the end.

    Raises :class:`AnnotationError` where the register cannot be read whole: nothing that people wrote may be lost.

    :param text: of the register that there is
    :param file: how errors name it
    """
    known, findings = read_feedback(text, file)
    if findings:
        raise AnnotationError("\n".join(map(str, findings)))
    importer.taken |= {one.id for one in known}
    by_name = {one.id: one for one in known} | {one.url: one for one in known if one.url}
    now: dict[str, Feedback] = {}
    new: dict[str, Feedback] = {}
    for remark in remarks:
        # What has no address is known by its id, which comes from its words.
        name = remark.url if is_web(remark.url) else importer.name_of(remark)
        if name in new:
            continue
        if before := by_name.get(name):
            found = importer.record(remark, before.id)
            now[before.id] = renewed(before, found, is_mapped=importer.mapped(remark) is not None)
        else:
            new[name] = importer.record(remark)
    changed = {one.id: (one, now[one.id]) for one in known if one.id in now and now[one.id] != one}
    records = [*(now.get(one.id, one) for one in known), *new.values()]
    return ImportedFeedback(
        text=_Edit(text, file).text(changed, [*new.values()])
        if text.strip()
        else format_register([*new.values()]),
        records=tuple(sorted(records, key=lambda one: not one.provisions)),
        added=len(new),
        updated=len(changed),
        findings=tuple(importer.findings),
    )


def format_register(records: Sequence[Feedback]) -> str:
    """Return a register: first the records that name provisions, then those that name none."""
    lists = (
        ("feedback", [one for one in records if one.provisions]),
        ("unassigned", [one for one in records if not one.provisions]),
    )
    return "".join(
        f"{name}:\n{''.join(format_record(one) for one in found)}" if found else f"{name}: []\n"
        for name, found in lists
    )


def format_record(record: Feedback, indent: str = _INDENT) -> str:
    """Return a record as an item of a list; what is empty is left out."""
    lines = [
        f"{key.name}: {_written(value)}"
        for key in FEEDBACK
        if (value := getattr(record, key.name.replace("-", "_")))
    ]
    return f"{indent}- " + f"\n{indent}  ".join(lines) + "\n"


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return plain_or_quoted(str(value))


class _Edit:
    """A register whose text is changed only where it has to be."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text.removeprefix("\ufeff")
        self._file = file
        reader = YamlReader(file)
        with without_collector():
            self._root = reader.compose(self._text)
            nodes = record_nodes(reader, self._root)
            values = [(node, reader.mapping(node)) for node in nodes]
            self._nodes = {reader.text(held.get("id")).strip(): (node, held) for node, held in values}
        self._edits: list[tuple[int, int, str]] = []

    def text(self, changed: dict[str, tuple[Feedback, Feedback]], new: Sequence[Feedback]) -> str:
        for name, (was, now) in changed.items():
            for key in ("title", "status", "kind", "labels", "provisions", "release", "because", "hints"):
                if getattr(was, key) != getattr(now, key):
                    self._set(*self._nodes[name], key, getattr(now, key))
        for name, found in (
            ("feedback", [one for one in new if one.provisions]),
            ("unassigned", [one for one in new if not one.provisions]),
        ):
            if found:
                self._append(name, found)
        text = self._text
        for start, end, words in sorted(self._edits, reverse=True):
            text = text[:start] + words + text[end:]
        return text

    def _refuse(self, node: yaml.Node) -> AnnotationError:
        where = f"{self._file}:{node.start_mark.line + 1}"
        return AnnotationError(f"{where}: not written as one key a line: write to another file with `-o`")

    def _set(self, node: yaml.Node, held: dict[str, yaml.Node], key: str, value: Any) -> None:  # noqa: ANN401
        """Let a key have a value; one that is not there comes after the id, an empty list is written as such."""
        words = _written(value) if value else "[]"
        if key in held:
            at = held[key]
            if isinstance(at, yaml.SequenceNode) and not at.flow_style:
                raise self._refuse(at)
            if isinstance(at, yaml.ScalarNode) and at.style in {"|", ">"}:
                raise self._refuse(at)
            self._edits.append((at.start_mark.index, at.end_mark.index, words))
            return
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            raise self._refuse(node)
        line_end = self._text.find("\n", held["id"].end_mark.index)
        at_end = len(self._text) if line_end < 0 else line_end
        self._edits.append((at_end, at_end, f"\n{' ' * node.start_mark.column}{key}: {words}"))

    def _append(self, name: str, records: Sequence[Feedback]) -> None:
        """Put records after the last one of a list, or begin the list."""
        root, key = self._root, None
        held: yaml.Node | None = root
        if isinstance(root, yaml.MappingNode):
            key, held = next(((k, v) for k, v in root.value if k.value == name), (None, None))
        if isinstance(held, yaml.SequenceNode) and held.value:
            if held.flow_style:
                raise self._refuse(held)
            indent = " " * held.start_mark.column
            end = self._line_end(held.value[-1])
            self._edits.append((end, end, "".join(format_record(one, indent) for one in records)))
            return
        words = "".join(map(format_record, records))
        if key is not None and held is not None:
            end = self._line_end(held) if held.value in ([], "") else len(self._text)
            self._edits.append((key.start_mark.index, end, f"{name}:\n{words}"))
        else:
            end = len(self._text)
            self._edits.append((end, end, f"{self._break()}{name}:\n{words}"))

    def _break(self) -> str:
        return "" if not self._text or self._text.endswith("\n") else "\n"

    def _line_end(self, node: yaml.Node) -> int:
        """Return where the line after a node begins."""
        last = node
        while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
            part = last.value[-1]
            last = part[1] if isinstance(part, tuple) else part
        end = self._text.find("\n", max(last.end_mark.index - 1, last.start_mark.index))
        if end < 0:
            self._text += "\n"
            return len(self._text)
        return end + 1
