"""Files in the TSV format of SSSOM (a YAML header after `#`, rows with tabs) → an alignment, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from sphinx_policyspec.alignments import COLUMNS, Alignment, MappingRow, TableLines
from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.files import number_of
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.model.spec import is_absolute_iri, is_date
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

_NEEDED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_DIGESTS = ("subject_digest", "object_digest")
_TEXTS = ("license", "subject_source", "object_source", "subject_source_version", "object_source_version")
_EXTENSIONS = "extension_definitions"
_PROPAGATED = ("mapping_date", "predicate_modifier")
"""Slots whose value in the header applies to every row (SSSOM, "Propagation of mapping set slots")."""


def read_alignment_file(path: Path, file: str) -> Alignment:
    """Return the alignment in a file; raise :class:`~sphinx_policyspec.errors.SourceError` if it cannot be read."""
    text, encoding = read_text(path, file)
    alignment = read_sssom(text, file)
    return replace(alignment, findings=(*encoding, *alignment.findings))


def read_sssom(text: str, file: str) -> Alignment:
    """Return the alignment in a text in the TSV format of SSSOM, with findings on its form.

    :param file: its name in findings
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    reader = _Reader(file, text)
    alignment = reader.read()
    findings = sorted(reader.findings, key=lambda one: (one.span, one.code, one.message))
    return replace(alignment, findings=tuple(findings))


class _Reader:
    """Reads one file; each problem becomes a finding with line and column, and nothing else is lost."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.findings: list[Finding] = []
        self._lines = TableLines(file, text)
        self._columns: list[str] = []
        self._places: dict[str, Span] = {}
        self._prefixes: tuple[tuple[str, str], ...] = ()

    def read(self) -> Alignment:
        head, at, line = [], 0, 1
        while self.text.startswith("#", at):
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            head.append(self.text[at + 1 : end])
            at, line = min(end + 1, len(self.text)), line + 1
        header = self._header("\n".join(head)) if head else {}
        if not head:
            hint = "begin it with lines such as `# mapping_set_id: https://example.org/alignment`"
            self._find("broken-header", "the file has no header", Span(file=self.file, line=1), hint)
        defaults = {name: _as_text(header.pop(name, "")) for name in _PROPAGATED}
        rows = tuple(self._propagated(row, defaults) for row in self._rows(at, line))
        texts: dict[str, Any] = {name: _as_text(header.pop(name, "")) for name in _TEXTS}
        alignment = Alignment(
            id=_as_text(header.pop("mapping_set_id", "")),
            curie_map=self._prefixes,
            **texts,
            others=_without_own(header.items()),
            rows=rows,
            file=self.file,
            source=self.text,
        )
        if head:
            self._check_id(alignment.id)
        return alignment

    def _find(self, code: str, message: str, span: Span, hint: str = "") -> None:
        self.findings.append(Finding(code=code, message=message, span=span, hint=hint))

    # -- header --------------------------------------------------------------------------------

    def _header(self, text: str) -> dict[str, Any]:
        reader = YamlReader(self.file, indent=1)
        try:
            nodes = reader.mapping(reader.compose(text))
            self._prefixes = tuple(self._curie_map(reader, nodes.pop("curie_map", None)))
            values = {name: _plain(node) for name, node in nodes.items()}
        except (AnnotationError, RecursionError) as error:
            place, _, problem = str(error).partition("not YAML: ")
            line = place.removeprefix(f"{self.file}:").partition(":")[0]
            span = Span(self.file, int(line) if line.isdecimal() else 1)
            self._find("broken-header", f"the header is not YAML: {problem or 'nested too deep'}", span)
            return {}
        self._places = {name: reader.span(node) for name, node in nodes.items()}
        self.findings += reader.findings
        return values

    def _check_id(self, identifier: str) -> None:
        span = self._places.get("mapping_set_id", Span(self.file, 1))
        hint = "write an IRI of your own, such as `https://example.org/alignment`"
        if not identifier and not any(one.code == "broken-header" for one in self.findings):
            self._find("missing-key", "`mapping_set_id` is missing", span, hint)
        elif identifier and not is_absolute_iri(identifier):
            self._find("invalid-value", f"{shown(identifier)} is not an absolute IRI", span, hint)

    def _curie_map(self, reader: YamlReader, node: yaml.Node | None) -> Iterator[tuple[str, str]]:
        for prefix, space in reader.mapping(node).items():
            iri = reader.text(space)
            if is_absolute_iri(iri):
                yield prefix, iri
            else:
                message = f"prefix {shown(prefix)} stands for {shown(iri)}, which is no IRI"
                self._find("invalid-value", message, reader.span(space), "write an absolute IRI")

    # -- rows ----------------------------------------------------------------------------------

    def _rows(self, at: int, line: int) -> Iterator[MappingRow]:
        """Yield the rows of the table that begins at an offset and a line."""
        table = self._cells(at, line)
        head = next(table, None)
        if head is None:
            hint = f"write a line of the columns {', '.join(_NEEDED)}, parted by tabs"
            self._find("missing-column", "the file has no table", Span(self.file, line), hint)
            return
        self._columns = self._column_names(*head)
        known = [(place, name) for place, name in enumerate(self._columns) if name in COLUMNS]
        others = [(place, name) for place, name in enumerate(self._columns) if name not in COLUMNS]
        width = len(self._columns)
        for number, cells in table:
            if len(cells) > width:
                extra = self._lines.place(number, width)
                message = (
                    f"the row has {number_of(len(cells), 'cell')}, and the table {number_of(width, 'column')}"
                )
                self._find("broken-row", message, extra, "part cells by one tab, and put a tab into quotes")
            if any(cells):
                yield self._row(number, [*cells, *[""] * (width - len(cells))], known, others)

    def _column_names(self, number: int, cells: list[str]) -> list[str]:
        names = [cell.strip() for cell in cells]
        for place, name in enumerate(names):
            if name in names[:place]:
                message = f"column {shown(name)} is given twice"
                self._find(
                    "duplicate-key", message, self._lines.place(number, place), "delete one; the first counts"
                )
                names[place] = ""
        for name in _NEEDED:
            if name not in names:
                near = near_name(name, [one for one in names if one not in COLUMNS])
                hint = f"rename the column `{near}`" if near else "add it to the first row, after a tab"
                self._find("missing-column", f"column `{name}` is missing", Span(self.file, number), hint)
        return names

    def _row(
        self, number: int, cells: list[str], known: list[tuple[int, str]], others: list[tuple[int, str]]
    ) -> MappingRow:
        values: dict[str, Any] = {name: text for place, name in known if (text := cells[place].strip())}
        if "confidence" in values:
            values["confidence"] = self._confidence(number, values["confidence"])
        if "author_id" in values:
            values["author_id"] = tuple(_SEPARATOR.split(values["author_id"]))
        if "mapping_date" in values and not is_date(values["mapping_date"]):
            span = self._lines.place(number, self._columns.index("mapping_date"))
            message = f"{shown(values['mapping_date'])} is not a date"
            self._find("invalid-value", message, span, "write it as `2026-02-01`")
        more = tuple((name, text) for place, name in others if name and (text := cells[place].strip()))
        return MappingRow(**values, others=more, line=number)

    def _confidence(self, number: int, text: str) -> float | None:
        if _NUMBER.fullmatch(text) and 0 <= float(text) <= 1:
            return float(text)
        span = self._lines.place(number, self._columns.index("confidence"))
        self._find("invalid-value", f"{shown(text)} is not a number from 0 to 1", span)
        return None

    @staticmethod
    def _propagated(row: MappingRow, defaults: Mapping[str, str]) -> MappingRow:
        date, modifier = (defaults[name] for name in _PROPAGATED)
        if date and not row.mapping_date:
            row = replace(row, mapping_date=date)
        if modifier and "predicate_modifier" not in dict(row.others):
            row = replace(row, others=(*row.others, ("predicate_modifier", modifier)))
        return row

    def _cells(self, at: int, line: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each row and the line that it begins at; empty lines are no rows."""
        text = self.text
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if text.find('"', at, end) < 0:
                if end > at:
                    yield line, text[at:end].split("\t")
                at, line = end + 1, line + 1
                continue
            cells, end = self._quoted(at, line)
            yield line, cells
            line += text.count("\n", at, end) + 1
            at = end + 1

    def _quoted(self, at: int, line: int) -> tuple[list[str], int]:
        """Return the cells of a row that has quotes, and the offset of its end."""
        cells: list[str] = []
        while True:
            match = _QUOTED.match(self.text, at)
            if match:
                cells.append(match[1].replace('""', '"'))
            else:
                match = _UNQUOTED.match(self.text, at)
                assert match  # noqa: S101  it matches nothing, too
                if match[0].startswith('"'):
                    place = at - self.text.rfind("\n", 0, at)
                    message = f"the quote of {shown(match[0])} is never closed"
                    hint = 'close it, or write `""` for a quote inside quotes'
                    self._find("broken-row", message, Span(self.file, line, place), hint)
                cells.append(match[0])
            at = match.end()
            if not self.text.startswith("\t", at):
                return cells, at
            at += 1


_SEPARATOR = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"\d{0,20}\.?\d{0,20}(?<=\d)(?:[eE]-?\d{1,3})?")
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(?=[\t\n]|\Z)')
_UNQUOTED = re.compile(r"[^\t\n]*")


def _as_text(value: Any) -> str:  # noqa: ANN401  whatever YAML holds
    return value if isinstance(value, str) else "" if value is None else str(value)


def _plain(node: yaml.Node) -> Any:  # noqa: ANN401  whatever YAML holds
    """Return the value of a node: texts, numbers and booleans as in JSON, dates as texts."""
    if isinstance(node, yaml.MappingNode):
        return {_as_text(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    text = str(node.value)
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if kind in {"int", "float"} and _NUMBER.fullmatch(text):
        return int(text) if kind == "int" and len(text) < _LONG else float(text) if "." in text else text
    return text


_LONG = 18
"""The number of characters from which an integer is read as a text."""

# -- writing -----------------------------------------------------------------------------------


def _own_extensions() -> list[dict[str, str]]:
    return [
        {"slot_name": name, "property": f"ps:{_camel(name)}", "type_hint": "xsd:string"} for name in _DIGESTS
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _without_own(others: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Return header keys without the extension definitions that are always written."""
    return tuple(
        (name, rest)
        for name, value in others
        if (rest := _foreign(value) if name == _EXTENSIONS else value) or name != _EXTENSIONS
    )


def _foreign(extensions: Any) -> list[Any]:  # noqa: ANN401  whatever YAML holds
    entries = extensions if isinstance(extensions, list) else []
    return [one for one in entries if not (isinstance(one, dict) and one.get("slot_name") in _DIGESTS)]


def write_sssom(alignment: Alignment) -> str:
    """Return an alignment in the TSV format of SSSOM; :func:`read_sssom` reads an equal one back."""
    others = dict(alignment.others)
    extensions = [*_own_extensions(), *others.pop(_EXTENSIONS, [])]
    curie_map = dict(alignment.curie_map)
    head = {
        "mapping_set_id": alignment.id,
        "license": alignment.license,
        "curie_map": curie_map,
        **{name: getattr(alignment, name) for name in _TEXTS if name != "license"},
        **others,
        _EXTENSIONS: extensions,
    }
    values = {name: value for name, value in head.items() if value not in ("", {}, None)}
    dumped = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    lines = [f"# {line}\n" for line in dumped.rstrip("\n").split("\n")]
    more = list(dict.fromkeys(name for row in alignment.rows for name, _ in row.others))
    names = [*COLUMNS, *more]
    lines.append("\t".join(map(_cell, names)) + "\n")
    lines += (_line(row, more) for row in alignment.rows)
    return "".join(lines)


def _line(row: MappingRow, more: list[str]) -> str:
    others = dict(row.others)
    confidence = "" if row.confidence is None else repr(row.confidence)
    cells = [
        *(row.subject_id, row.subject_label, row.predicate_id, row.object_id, row.object_label),
        *(row.mapping_justification, confidence, "|".join(row.author_id), row.mapping_date, row.comment),
        *(row.subject_digest, row.object_digest),
        *(others.get(name, "") for name in more),
    ]
    return "\t".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


_SPECIAL = re.compile(r'["\t\n\r]')


class _Dumper(yaml.SafeDumper):
    """Writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002  the signature of a dumper
        """Write each value in full."""
        return True
