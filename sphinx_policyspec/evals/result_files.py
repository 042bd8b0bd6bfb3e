"""Files with results of evaluations: which tool wrote one, and results of promptfoo and plain JSON lines as runs."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.evals import inspect_logs
from sphinx_policyspec.evals.records import (
    AnswerStatus,
    EvalRun,
    Grade,
    GradedAnswer,
    ReadingRules,
    RunAnswers,
    Sample,
    answers_of,
    moment,
    number,
    only,
    plain,
    run_id,
    stopped_by,
)
from sphinx_policyspec.evals.store import is_store
from sphinx_policyspec.evals.tables import (
    OtherFileError,
    Table,
    bad_lines,
    partial,
    runs_of,
    table_of_csv,
    table_of_json,
    table_of_parquet,
)
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.readers.text import absent

_TABLES = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_SUFFIXES = (".eval", ".json", ".parquet", *_LINES, *_TABLES)
_LARGEST = 2**31
"""Bytes of a file that is read as a whole."""
_LARGEST_TABLE = 2**28
"""The same for rows, which take twenty times the memory, and for compressed files."""
_LONGEST_LABEL = 80
_METRIC = "section_id"
"""The scorer of a metric that is named after the tested provision, as in our own export; a prompt of several
provisions gets results, too."""
_PROMPT = {"id", "input", "target", "metadata"}
"""The keys of a prompt in our own export, by which it differs from a result."""
_UNPARSABLE = "Could not extract JSON"

RunsAndFindings = tuple[tuple[RunAnswers, ...], tuple[Finding, ...]]


def read_files(paths: Iterable[str | Path], rules: ReadingRules) -> RunsAndFindings:
    """Return the runs of files and folders, in the order of their ids, and findings about files that cannot be used.

    If there are several logs of one run, the newest counts; parts of a run in several files of JSON lines are joined.
    """
    runs: list[RunAnswers] = []
    findings: list[Finding] = []
    seen: set[Path] = set()
    for name in map(str, paths):
        others = 0
        try:
            files = _files(name)
        except (SourceError, OSError) as error:
            findings.append(unusable_results(name, error))
            continue
        for path in files:
            if (real := path.resolve()) in seen:
                continue
            seen.add(real)
            try:
                read_runs, problems = _runs_of_file(path, rules)
            except (SourceError, OSError) as error:
                if isinstance(error, OtherFileError) and Path(name).is_dir():
                    others += 1
                else:
                    findings.append(unusable_results(path, error))
                continue
            if not any(run.answers for run in read_runs):
                problems = (
                    *problems,
                    partial(str(path), 1, "no answer is in it", "see whether the run ended well"),
                )
            runs += read_runs
            findings += problems
        if len(files) == others:
            findings.append(unusable_results(name, SourceError(f"`{name}` contains no results")))
    return _distinct(runs, findings)


def unusable_results(path: str | Path, error: Exception) -> Finding:
    """Return the finding for a file or folder that cannot be used, with the reason."""
    message = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return Finding(
        code="unusable-results",
        message=message,
        span=Span(str(path), 1),
        hint="give a log of Inspect, a result of promptfoo, or a table (JSON, CSV, Parquet) with prompt, model and value",
    )


def _files(name: str) -> list[Path]:
    """Return a file, or the files of a folder that may be logs, in the order of their names."""
    if "://" in name:
        raise SourceError(f"`{name}` is an address: results are read from files")
    if not (path := Path(name)).exists():
        raise absent(path, name)
    if not path.is_dir():
        return [path]
    inside = (file for file in path.rglob("*") if _name(file).endswith(_SUFFIXES) and file.name[0] != ".")
    # Files of a store inside the folder are not tables of results to read.
    return sorted(file for file in inside if file.is_file() and not is_store(file.parent.parent))


def _name(path: Path) -> str:
    """Return the name of a file in lower case, without the suffix `.gz`."""
    return path.name.lower().removesuffix(".gz")


def _distinct(runs: Sequence[RunAnswers], findings: list[Finding]) -> RunsAndFindings:
    by_newest: dict[str, RunAnswers] = {}
    by_id = grouped((one.run.id, one) for one in runs)
    for id_, same in sorted(by_id.items()):
        if same[0].run.tool not in {"inspect", "promptfoo"}:
            by_newest[id_], repeats = _joined(same)
            findings += repeats
            continue
        # Logs of the same time are ordered by name, so that the order of files does not matter.
        newest = max(same, key=lambda one: (moment(one.run.created), len(one.answers), one.run.file))
        by_newest[id_] = newest
        findings += [superseded(one.run, newest.run) for one in same if one is not newest]
    return tuple(by_newest.values()), tuple(findings)


def superseded(old: EvalRun, new: EvalRun) -> Finding:
    """Return the finding for a log of a run that has a newer log."""
    return Finding(
        code="repeated-result",
        message=f"the run `{new.id}` is in `{new.file}`, too, which is newer",
        span=Span(old.file, 1),
        hint="only the newer log counts: it contains what the older one had finished",
    )


def _joined(parts: Sequence[RunAnswers]) -> tuple[RunAnswers, list[Finding]]:
    """Return one run from parts in several files, and findings about answers that occur twice."""
    first = min(parts, key=lambda one: one.run.file)
    run = first.run
    rows: dict[tuple[str, int, str, str, str, str], GradedAnswer] = {}
    twice = 0
    for part in sorted(parts, key=lambda one: one.run.file):
        for answer in part.answers:
            twice += answer.key in rows
            rows.setdefault(answer.key, answer._replace(file=run.file))
    findings = []
    if twice:
        message = f"answers of the run `{run.id}` are in several files: {twice}"
        findings = [
            Finding(
                code="repeated-result",
                message=message,
                span=Span(run.file, 1),
                hint="the first of them counts; give each repeat an epoch of its own",
            )
        ]
    return RunAnswers(run, tuple(rows[key] for key in sorted(rows))), findings


def _runs_of_file(path: Path, rules: ReadingRules) -> RunsAndFindings:
    # A file name that is not valid text is made one.
    file = plain(str(path))
    if path.suffix.lower() == ".eval" or _is_zip(path):
        run, findings = inspect_logs.read_archive(path, file, rules)
        return (run,), findings
    if path.suffix.lower() == ".parquet":
        return runs_of(table_of_parquet(path, file), file, rules)
    data = _data(path, file)
    if (name := _name(path)).endswith(_TABLES):
        return runs_of(table_of_csv(data, file), file, rules)
    return _lines(data, file, rules) if name.endswith(_LINES) else _whole(data, file, rules)


def _data(path: Path, file: str) -> bytes:
    """Return the content of a file, decompressed if need be."""
    size = path.stat().st_size
    is_compressed = path.suffix.lower() == ".gz"
    most = _LARGEST if not is_compressed and path.suffix.lower() == ".json" else _LARGEST_TABLE
    with gzip.open(path) if is_compressed else path.open("rb") as file_object:
        try:
            data = file_object.read(most + 1) if size <= most else b""
        except (EOFError, zlib.error) as error:
            raise SourceError(f"`{file}` cannot be read: {error}") from None
    if max(size, len(data)) > most:
        raise SourceError(f"`{file}` is larger than {most // 2**20} MiB: write it in parts, or as Parquet")
    return data


def _whole(data: bytes, file: str, rules: ReadingRules) -> RunsAndFindings:
    """Return the runs of a file that holds one JSON value."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"`{file}` is not JSON: {str(error) or 'nested too deep'}") from None
    if inspect_logs.is_log(whole):
        run, findings = inspect_logs.read_log(whole, file, rules)
        return (run,), findings
    results = whole.get("results") if isinstance(whole, dict) else None
    if isinstance(results, dict) and isinstance(results.get("results"), list):
        return _promptfoo(results["results"], file, plain(results.get("timestamp")), rules)
    if (table := table_of_json(whole, data)) is None:
        raise OtherFileError(
            f"`{file}` is neither a log of Inspect nor a result of promptfoo, and no list of rows"
        )
    return runs_of(table, file, rules)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _lines(data: bytes, file: str, rules: ReadingRules) -> RunsAndFindings:
    """Return the runs of a file of JSON lines; lines that are not objects are a finding."""
    by_line: dict[int, dict[str, Any]] = {}
    bad: list[int] = []
    for line_number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            by_line[line_number] = row
        else:
            bad.append(line_number)
    rows = [*by_line.values()]
    if not rows:
        raise OtherFileError(f"`{file}` has no JSON object on a line of its own")
    findings: tuple[Finding, ...] = ()
    if bad:
        findings = (bad_lines(file, bad, "no JSON object"),)
    if isinstance(rows[0].get("testCase"), dict):
        runs, more = _promptfoo(rows, file, "", rules)
    elif rows[0].keys() == _PROMPT:
        raise OtherFileError(f"`{file}` contains prompts, and no results")
    else:
        table = Table("jsonl", by_line, hashlib.sha256(data).hexdigest())
        runs, more = runs_of(table, file, rules)
    return runs, (*findings, *more)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Row(NamedTuple):
    """A result of promptfoo: a prompt, a provider, a template of prompts."""

    prompt: str
    place: int
    metadata: Mapping[str, Any]
    row: Mapping[str, Any]


def _promptfoo(rows: Sequence[Any], file: str, created: str, rules: ReadingRules) -> RunsAndFindings:
    """Return the runs of promptfoo, one for each model and template; it gives repeats no number, only their own `testIdx`."""
    by_run: dict[tuple[str, str], list[_Row]] = {}
    for place, row in enumerate(rows):
        if isinstance(row, dict):
            metadata = {**_dict(row.get("metadata")), **_dict(_dict(row.get("testCase")).get("metadata"))}
            metadata = {"release": _dict(metadata.get("policyspec")).get("release"), **metadata}
            index = row.get("testIdx")
            order = index if isinstance(index, int) else place
            by_run.setdefault((_model(row, metadata, rules), _template(row)), []).append(
                _Row(_prompt(row, metadata, rules), order, metadata, row)
            )
    # Both formats of a result have ids of rows, but only one has an id of the whole.
    own = "".join(sorted(plain(row.get("id")) for row in rows if isinstance(row, dict)))
    runs: list[RunAnswers] = []
    findings: list[Finding] = []
    for (model, task), some in sorted(by_run.items()):
        run = EvalRun(
            id=run_id(model, "promptfoo", hashlib.sha256(own.encode()).hexdigest(), task),
            file=file,
            tool="promptfoo",
            model=model,
            created=created,
            task=task,
        )
        samples = [*_numbered(sorted(some, key=lambda one: one.place), rules)]
        grader = only(sample.grader for sample in samples)
        run_answers, problems = answers_of(replace(run, grader=grader), samples, rules)
        runs.append(run_answers)
        findings += problems
    return tuple(runs), tuple(findings)


def _model(row: Mapping[str, Any], metadata: Mapping[str, Any], rules: ReadingRules) -> str:
    provider = row.get("provider")
    name = plain(metadata.get(rules.fields["model"])) if "model" in rules.fields else ""
    return name or _provider(provider)


def _template(row: Mapping[str, Any]) -> str:
    """Return a name for the template of a prompt; the label that promptfoo makes up is the prompt itself, and no name."""
    prompt = _dict(row.get("prompt"))
    label = plain(prompt.get("label"))
    is_name = (
        label and label != plain(prompt.get("raw")) and len(label) <= _LONGEST_LABEL and "{{" not in label
    )
    return label if is_name else plain(row.get("promptId"))[:8]


def _prompt(row: Mapping[str, Any], metadata: Mapping[str, Any], rules: ReadingRules) -> str:
    if name := plain(metadata.get(rules.fields.get("prompt", "prompt"))):
        return name
    content = json.dumps([row.get("vars"), _dict(row.get("prompt")).get("raw")], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _grader(row: Mapping[str, Any]) -> str:
    for one in _components(row):
        if name := _provider(_dict(one.get("assertion")).get("provider")):
            return name
    return _provider(_dict(_dict(row.get("testCase")).get("options")).get("provider"))


def _provider(value: object) -> str:
    """Return the name of a model; a user's own script is logged as an object."""
    fields = _dict(value)
    return plain(fields.get("label") or fields.get("id") or _dict(fields.get("o")).get("id") or value)


def _components(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = _dict(row.get("gradingResult")).get("componentResults")
    return [one for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []


def _numbered(rows: Sequence[_Row], rules: ReadingRules) -> Iterator[Sample]:
    """Yield rows as samples, with the repeats of a prompt numbered in their order."""
    repeats: dict[str, int] = {}
    for row in rows:
        repeats[row.prompt] = repeats.get(row.prompt, 0) + 1
        grades = _metrics(row, rules)
        asserted = _dict(row.row.get("testCase")).get("assert")
        metrics = [_dict(one).get("metric") for one in asserted] if isinstance(asserted, list) else []
        scorers = dict.fromkeys(_scorer(plain(name), row.metadata) for name in metrics if name)
        response = _dict(row.row.get("response"))
        fate = stopped_by(response.get("finishReason"))
        # The key `error` is no sign: a failed assertion has it, too.
        if row.row.get("failureReason") == 2:  # noqa: PLR2004  promptfoo's number of an error
            fate, grades = AnswerStatus.ERROR, {}
        elif _dict(response.get("guardrails")).get("flagged"):
            fate = AnswerStatus.FILTERED
        texts = (_dict(row.row.get("prompt")).get("raw"), response.get("output"))
        yield Sample(
            row.prompt,
            repeats[row.prompt],
            row.metadata,
            grades,
            fate,
            [*scorers] or ["score"],
            texts,
            grader=_grader(row.row),
        )


def _scorer(metric: str, metadata: Mapping[str, Any]) -> str:
    return _METRIC if metric == plain(metadata.get("section_id")) else metric


def _metrics(row: _Row, rules: ReadingRules) -> dict[str, Grade]:
    """Return the grades of a row by metric, each the weighted mean of its assertions; without metrics, the row's score."""
    by_metric: dict[str, list[tuple[float, float, bool]]] = {}
    for one in _components(row.row):
        assertion = _dict(one.get("assertion"))
        score = rules.grade(one.get("score")).value
        weight = number(assertion.get("weight", 1.0))
        if assertion.get("metric") and score is not None:
            is_unparsable = plain(one.get("reason")).startswith(_UNPARSABLE)
            name = _scorer(plain(assertion["metric"]), row.metadata)
            by_metric.setdefault(name, []).append((score, 1.0 if weight is None else weight, is_unparsable))
    grades = {}
    for name, parts in by_metric.items():
        total = sum(weight for _, weight, _ in parts)
        mean = sum(score * weight for score, weight, _ in parts) / total if total else None
        grades[name] = Grade(mean, any(bad for _, _, bad in parts))
    for name, value in _dict(row.row.get("namedScores")).items():
        grades.setdefault(_scorer(plain(name), row.metadata), rules.grade(value))
    return grades or {"score": rules.grade(row.row.get("score"))}
