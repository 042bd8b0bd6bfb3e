"""Runs from tables of results, as anybody publishes them: rows of JSON, CSV and Parquet with any column names."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.evals.records import (
    MOST_REPEATS,
    AnswerStatus,
    EvalRun,
    Grade,
    ReadingRules,
    RunAnswers,
    Sample,
    answers_of,
    epoch_of,
    number,
    only,
    plain,
    run_id,
    stopped_by,
)
from sphinx_policyspec.evals.store import rows_of_parquet
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Finding, Span

Row = dict[str, Any]
RunsAndFindings = tuple[tuple[RunAnswers, ...], tuple[Finding, ...]]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "id"),
    "model": ("model",),
    "value": ("value", "score"),
    "epoch": ("epoch",),
    "scorer": ("scorer",),
    "grader": ("grader",),
    "status": ("status",),
    "run": ("run",),
    "task": ("task",),
    "created": ("created",),
}
"""Default names of columns by meaning; the other fields have the same names in all logs."""
_ELSEWHERE: Mapping[str, str] = {"section": "section_id", "focus": "focus_id"}
"""Default names of fields in logs, where they differ from the name of the meaning."""
_DELIMITERS = ",;\t|"
_LINE_END = re.compile(r"\r\n?|\n")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+ ?%?")
_NUMBERS = frozenset({"value", "epoch", "weight"})
"""Meanings whose values are numbers; in other values, such as ids, a comma is part of the text."""
_SEPARATORS = re.compile(r"[,;|\[\]'\"]+")
_LONGEST_ID = 200
"""Characters of an id; a value that is longer, or has several lines, is the text of a prompt."""
_LONGEST_CELL = 2**28
_NO = {"", "0", "false", "n/a", "na", "nan", "no", "none", "null"}
_FINE = {
    "",
    "complete",
    "completed",
    "done",
    "finished",
    "graded",
    "ok",
    "scored",
    "stop",
    "success",
    "valid",
}
"""Words in tables for the status of an ordinary answer."""


class OtherFileError(SourceError):
    """A file is readable but does not hold results."""


# -- rows of files -----------------------------------------------------------------------------


class Table(NamedTuple):
    """The rows of a file.

    :param kind: of the file: ``csv``, ``json``, ``jsonl`` or ``parquet``
    :param rows: by line, or by number from 1
    :param digest: of the file's bytes
    :param has_commas: whether numbers may have decimal commas, since commas do not separate values
    """

    kind: str
    rows: Mapping[int, Row]
    digest: str
    findings: tuple[Finding, ...] = ()
    has_commas: bool = False


def table_of_csv(data: bytes, file: str) -> Table:
    """Return the rows of a file of values separated by commas, semicolons, tabs or bars, with column names in line 1."""
    text, findings = _decoded(data, file)
    most = csv.field_size_limit(_LONGEST_CELL)
    rows: dict[int, Row] = {}
    bad: list[int] = []
    line = 1
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=(mark := _delimiter(text)))
        names = [name.strip() for name in next(lines, [])]
        for cells in lines:
            line = lines.line_num
            if len(cells) > len(names):
                bad.append(line)
            elif cells:
                rows[line] = dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise SourceError(f"`{file}` cannot be read: line {line}: {error}") from None
    finally:
        csv.field_size_limit(most)
    if repeated := [name for name, count in Counter(filter(None, names)).items() if count > 1]:
        raise SourceError(f"`{file}` has two columns `{repeated[0]}`: rename one")
    if bad:
        findings = (*findings, bad_lines(file, bad, "more cells than columns"))
    return Table("csv", rows, hashlib.sha256(data).hexdigest(), findings, mark == ";")


def _decoded(data: bytes, file: str) -> tuple[str, tuple[Finding, ...]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ()
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; it is read as U+FFFD"
        return data.decode("utf-8-sig", "replace"), (partial(file, line, message, "save the file as UTF-8"),)


def _delimiter(text: str) -> str:
    """Return the delimiter of the column names: the one that splits the first line into most parts."""
    head = _LINE_END.split(text, maxsplit=1)[0]
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([head], delimiter=mark), [])))


def table_of_parquet(path: Path, file: str) -> Table:
    """Return the rows of a Parquet file."""
    rows = dict(enumerate(rows_of_parquet(path), 1))
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(2**20):
            digest.update(part)
    if not rows:
        raise OtherFileError(f"`{file}` has no row")
    return Table("parquet", rows, digest.hexdigest())


def table_of_json(whole: object, data: bytes) -> Table | None:
    """Return the rows of a list of JSON objects, or of the only such list in an object, whose plain values each row gets."""
    common: Row = {}
    if isinstance(whole, dict):
        lists = [name for name, value in whole.items() if _is_rows(value)]
        if len(lists) != 1:
            return None
        common = {name: value for name, value in whole.items() if not isinstance(value, dict | list)}
        whole = whole[lists[0]]
    if not isinstance(whole, list) or not _is_rows(whole):
        return None
    rows = {place: {**common, **row} for place, row in enumerate(whole, 1)}
    return Table("json", rows, hashlib.sha256(data).hexdigest())


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def partial(file: str, line: int, message: str, mend: str) -> Finding:
    """Return the finding for a file that only counts in part."""
    return Finding(
        code="partial-results",
        message=message,
        span=Span(file, line),
        hint=f"what can be read counts; {mend}",
    )


def bad_lines(file: str, lines: Sequence[int], what: str) -> Finding:
    """Return the finding for lines of a file that cannot be used."""
    return partial(file, lines[0], f"{what} on {len(lines)} of its lines", "correct the lines")


# -- rows as runs ------------------------------------------------------------------------------


class _Answer(NamedTuple):
    """A row under the field names that all logs share.

    :param task: of the run; ``run`` is its name
    :param has_epoch: whether the row has the number of a repeat
    """

    model: str
    task: str
    run: str
    prompt: str
    scorer: str
    row: Row
    has_epoch: bool


def runs_of(table: Table, file: str, rules: ReadingRules) -> RunsAndFindings:
    """Return the runs of a table, one for each model, task and, if rows have one, name of a run."""
    names = _Names(rules, has_commas=table.has_commas)
    lacking: list[int] = []
    answers: list[_Answer] = []
    for line, row in table.rows.items():
        row_answers = [*_answers(row, names)]
        if not row_answers:
            lacking.append(line)
        answers += row_answers
    columns = ", ".join(f"`{name}`" for name in next(iter(table.rows.values()), {}) if name)[:400]
    if not answers:
        raise OtherFileError(
            f"`{file}` has no row with a prompt and a model: name their columns in a --map file; it has {columns}"
        )
    findings = [*table.findings, *names.lacking(table.rows.values(), file)]
    if all(one.row["value"] is None for one in answers):
        message = f"no row has a grade in a column that is known; there are {columns}"
        findings.append(
            partial(file, 1, message, "name the column as `value` under `fields` of a --map file")
        )
    if lacking:
        findings.append(bad_lines(file, lacking, "no prompt or no model"))
    runs = []
    by_run = grouped(((one.model, one.task, one.run), one) for one in _by_provision(answers, rules))
    for (model, task, name), some in sorted(by_run.items()):
        run = EvalRun(
            # Rows of one run may be in files of several kinds.
            id=run_id(model, "jsonl", name or table.digest, task),
            file=file,
            tool=table.kind,
            model=model,
            task=task,
            grader=only(one.row["grader"] for one in some),
            created=min(filter(None, (one.row["created"] for one in some)), default=""),
        )
        numbered, repeat_findings = _with_repeats(some, run, rules)
        run_answers, answer_findings = answers_of(run, [_sample(one, rules) for one in numbered], rules)
        runs.append(run_answers)
        findings += (*repeat_findings, *_unknown_statuses(some, run, rules), *answer_findings)
    return tuple(runs), tuple(findings)


class _Names:
    """Looks up values of rows by meaning, whatever their columns are called."""

    def __init__(self, rules: ReadingRules, *, has_commas: bool) -> None:
        self.map = rules.map
        self._has_commas = has_commas
        fields = rules.fields
        # A column that the map assigns to one meaning does not count for another by its own name.
        reserved = {*fields.values(), *self.map.models, *self.map.scorers}
        self._columns = {
            meaning: (fields[meaning],)
            if meaning in fields
            else tuple(name for name in usual if name not in reserved)
            for meaning, usual in _NAMES.items()
        }
        self._others = {name: (fields.get(name), _ELSEWHERE.get(name, name)) for name in _OTHERS}

    def value(self, row: Row, meaning: str) -> Any:  # noqa: ANN401  as JSON has it
        """Return the value of a row, else the default of the map."""
        values = (_at(row, name) for name in self._columns[meaning])
        value = next((one for one in values if one is not None and one != ""), None)
        if value is None:
            return self.map.given.get(meaning)
        return self.number(value) if meaning in _NUMBERS else value

    def number(self, value: Any) -> Any:  # noqa: ANN401  likewise
        """Return a value with a decimal point in place of a decimal comma."""
        is_number = self._has_commas and isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip())
        return value.replace(",", ".") if is_number else value

    def whole(self, row: Row) -> Row:
        """Return a row with the fields that all logs share under their names."""
        fields = {**_dict(row.get("metadata")), **row}
        for meaning, (field_name, usual) in self._others.items():
            name = field_name or usual
            value = _at(row, name) if field_name else fields.get(usual)
            if value is None or value == "":
                value = self.map.given.get(meaning)
            if value is not None:
                fields[name] = self.number(value) if meaning in _NUMBERS else value
        tests = self._others["tests"]
        if isinstance(ids := fields.get(tests[0] or tests[1]), str):
            fields[tests[0] or tests[1]] = _SEPARATORS.sub(" ", ids)
        return fields

    def lacking(self, rows: Iterable[Row], file: str) -> Iterator[Finding]:
        """Yield a finding for each named column that no row has."""
        wide = {*self.map.models, *self.map.scorers}
        columns = {name for meaning, name in self.map.fields.items() if meaning in _NAMES}
        for name in sorted(wide | columns):
            if all(_at(row, name) is None for row in rows):
                yield partial(file, 1, f"no row has the column `{name}`", "name one that there is")


_OTHERS = ("section", "focus", "tests", "cluster", "weight", "evidence", "release")


def _at(row: Row, name: str) -> Any:  # noqa: ANN401  as JSON has it
    """Return a value by its name, or by a dotted path."""
    if name in row or "." not in name:
        return row.get(name)
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _answers(row: Row, names: _Names) -> Iterator[_Answer]:
    """Yield the answers of a row: one, or one for each column of a model or a scorer."""
    whole = names.whole(row)

    def text(meaning: str) -> str:
        return plain(names.value(whole, meaning))

    if not (prompt := _prompt_id(text("prompt"))):
        return
    common = {"grader": text("grader"), "created": text("created"), "status": text("status")}
    epoch, scorer = names.value(whole, "epoch"), text("scorer") or "value"
    seen: Counter[tuple[str, str]] = Counter()
    for column in dict.fromkeys((*names.map.models, *names.map.scorers)) or [""]:
        model = names.map.models.get(column) or text("model")
        if not model:
            return
        by = names.map.scorers.get(column, scorer)
        value = names.number(_at(whole, column)) if column else names.value(whole, "value")
        seen[model, by] += 1
        # Several columns of the same model are repeats.
        several = f"{plain(epoch)}/{seen[model, by]}" if seen[model, by] > 1 else epoch
        values = {**whole, **common, "value": value, "epoch": _repeat(several)}
        yield _Answer(model, text("task"), text("run"), prompt, by, values, plain(several) != "")


def _prompt_id(text: str) -> str:
    """Return the id of a prompt; the text of a prompt is not kept, its digest is the id."""
    if len(text) <= _LONGEST_ID and "\n" not in text:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _repeat(value: object) -> int:
    """Return the number of a repeat; a name of one is turned into a number that is the same in each file."""
    text = plain(value).strip()
    figure = number(value)
    if not text or (figure is not None and figure.is_integer() and 0 <= figure < MOST_REPEATS):
        return epoch_of(value)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % MOST_REPEATS


def _by_provision(answers: Sequence[_Answer], rules: ReadingRules) -> Sequence[_Answer]:
    """Return answers each graded against one provision: an answer graded against several has a row for each."""
    section_field = rules.fields.get("section", "section_id")
    sections: dict[str, set[str]] = {}
    for one in answers:
        if section := plain(one.row.get(section_field)):
            sections.setdefault(one.prompt, set()).add(section)
    several = {prompt for prompt, ids in sections.items() if len(ids) > 1}
    if not several:
        return answers
    focus = rules.fields.get("focus", "focus_id")
    is_clustered = any(plain(one.row.get("scenario")) or plain(one.row.get(focus)) for one in answers)

    def apart(one: _Answer) -> _Answer:
        # An answer graded against several provisions is one draw of a prompt.
        row = one.row if is_clustered else {**one.row, "scenario": one.prompt}
        if one.prompt not in several:
            return one._replace(row=row)
        return one._replace(row=row, prompt=f"{one.prompt}#{plain(row.get(section_field))}")

    return [apart(one) for one in answers]


def _with_repeats(
    answers: Sequence[_Answer], run: EvalRun, rules: ReadingRules
) -> tuple[Sequence[_Answer], Iterable[Finding]]:
    """Return answers with repeats numbered if no row has a number and answers to a prompt differ; equal rows were read twice."""
    if any(one.has_epoch for one in answers):
        return answers, ()
    keys = ("grader", *(rules.fields.get(name, name) for name in ("evidence", "release")))
    same = grouped(
        ((one.prompt, one.scorer, *(plain(one.row.get(key)) for key in keys)), one) for one in answers
    )
    if not any(one.row != some[0].row for some in same.values() for one in some[1:]):
        return answers, ()
    count = sum(len(some) > 1 for some in same.values())
    finding = Finding(
        code="repeated-result",
        message=f"{count} prompts of the run `{run.id}` have several answers without a number; each counts as a repeat",
        span=Span(run.file, 1),
        hint="name the column that numbers the repeats as `epoch` under `fields` of a --map file",
    )
    numbered = [
        one._replace(row={**one.row, "epoch": place})
        for some in same.values()
        for place, one in enumerate(some, 1)
    ]
    return numbered, (finding,)


def _status(row: Row, rules: ReadingRules) -> str:
    word = plain(row.get("status")).strip()
    return rules.map.statuses.get(word, word.lower())


def _unknown_statuses(answers: Iterable[_Answer], run: EvalRun, rules: ReadingRules) -> Iterator[Finding]:
    known = {*AnswerStatus, *_FINE}
    words = Counter(status for one in answers if (status := _status(one.row, rules)) not in known)
    if words:
        yield partial(
            run.file,
            1,
            f"{words.total()} answers of the run `{run.id}` have an unknown status, such as `{min(words)[:60]}`, and count",
            "say what each means under `statuses` of a --map file",
        )


def _failed(error: object) -> bool:
    """Return whether a cell names an error; most cells of such a column say that there is none."""
    return bool(error) if isinstance(error, dict | list) else plain(error).strip().lower() not in _NO


def _sample(one: _Answer, rules: ReadingRules) -> Sample:
    row, cell = one.row, one.row["value"]
    parts = cell.items() if isinstance(cell, dict) else [("", cell)]
    status = _status(row, rules)
    is_unscored = status == AnswerStatus.UNSCORED
    grades = {
        f"{one.scorer}/{plain(key)}" if key else one.scorer: Grade(None)
        if is_unscored
        else rules.grade(value, is_unparsable=status == AnswerStatus.UNPARSABLE)
        for key, value in parts
    }
    fates = {AnswerStatus.INVALIDATED, AnswerStatus.ERROR, AnswerStatus.FILTERED, AnswerStatus.LIMIT}
    fate = next((fate for fate in fates if fate == status), None) or (
        AnswerStatus.ERROR
        if _failed(row.get("error"))
        else stopped_by(row.get("stop_reason") or row.get("finish_reason"))
    )
    return Sample(
        prompt=one.prompt,
        epoch=row["epoch"],
        metadata=row,
        grades=grades,
        fate=fate,
        scorers=[one.scorer],
        texts=(row.get("input"), row.get("output")),
        grader=row["grader"],
    )
