"""Answers of evaluations as Parquet files, two for each run, written and read by DuckDB, which is imported on demand."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.errors import MissingToolError, SourceError
from sphinx_policyspec.evals.join import LoggedPrompt, PromptRow
from sphinx_policyspec.evals.measures import measure
from sphinx_policyspec.evals.records import (
    ANSWER_KEY,
    AnswerStatus,
    EvalRun,
    Evidence,
    GradedAnswer,
    RunAnswers,
    moment,
)
from sphinx_policyspec.files import write_file

if TYPE_CHECKING:
    import duckdb

_NUMBERS = {"epoch": "INTEGER", "value": "DOUBLE", "weight_raw": "DOUBLE", "weight": "DOUBLE"}
_ANSWERS = {name: _NUMBERS.get(name, "VARCHAR") for name in GradedAnswer._fields}
_TEXTS = ("prompt_text", "answer_text")
"""Columns that exist only if texts are kept; they come last."""
_PROMPTS = {name: _NUMBERS.get(name, "VARCHAR") for name in PromptRow._fields}
_GLOB = re.compile(r"[\[*?]")
_SLOW = "partitioned_execution"
"""An optimizer of DuckDB that reads a file of several runs once for groups of them: four times slower for 10⁸ answers."""
_AT_ONCE = 10_000
"""Number of rows fetched at once."""
_LINE = 2**21
"""Bytes of a line that DuckDB reads by default."""
POLICIES = ("as-logged", "clean")
"""Which answers count: all, with the value in the log, or only those that no filter or limit stopped."""


def is_store(path: Path) -> bool:
    """Return whether a folder is a store of results."""
    try:
        return (path / "answers").is_dir() and any((path / "answers").glob("*.parquet"))
    except OSError:
        return False


def rows_of_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of any Parquet file; a damaged one raises :class:`SourceError`."""
    connection = connected()
    import duckdb  # noqa: PLC0415  optional; it is there now

    try:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [_literal(path)])
        names = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(_AT_ONCE):
            for row in rows:
                yield {name: _as_json(value) for name, value in zip(names, row, strict=True)}
    except duckdb.Error as error:
        raise SourceError(f"`{path}` cannot be read: {str(error).partition(chr(10))[0]}") from None


def _as_json(value: Any) -> Any:  # noqa: ANN401  whatever a column holds
    """Return a value with decimals as floats, since JSON has no exact decimals."""
    if isinstance(value, dict):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


class Store:
    """Answers in a folder, and the views that measures read."""

    def __init__(self, folder: Path) -> None:
        """Open a store, which need not exist yet."""
        self._folder = folder
        self._connection = connected()
        self._runs: list[str] = []
        self._has_means = False

    def runs(self, unusable: dict[Path, SourceError] | None = None) -> dict[str, EvalRun]:
        """Return its runs by their ids.

        :param unusable: filled with the files that do not belong to a store, each with its error
        """
        by_id = {}
        for file in sorted((self._folder / "answers").glob("*.parquet")):
            try:
                run = self._metadata(file)
            except SourceError as error:
                if unusable is not None:
                    unusable[file] = error
                continue
            by_id[run.id] = run
        return by_id

    def _metadata(self, file: Path) -> EvalRun:
        """Return the run in a file's metadata; a file that is not named after its run is not ours and raises SourceError."""
        rows = self._query(
            "SELECT value FROM parquet_kv_metadata(?) WHERE decode(key) = 'policyspec'", [_literal(file)]
        )
        try:
            values = json.loads(bytes(rows[0][0]).decode()) if rows else None
        except ValueError:
            values = None
        if not isinstance(values, dict) or values.get("id") != file.stem or not self._is_ours(file):
            raise SourceError(f"`{file}` is no file of a store of results: read the logs again")
        return EvalRun(**{part.name: str(values.get(part.name, "")) for part in fields(EvalRun)})

    def _is_ours(self, file: Path) -> bool:
        """Return whether a file has the columns of a store and only values that we write."""
        columns = dict(
            row[:2] for row in self._query("DESCRIBE SELECT * FROM read_parquet(?)", [_literal(file)])
        )
        if any(columns.get(name, kind * (name in _TEXTS)) != kind for name, kind in _ANSWERS.items()):
            return False
        lacks = " OR ".join(f"{name} IS NULL" for name in columns if name != "value")
        values = self._query(
            "SELECT DISTINCT run, status, evidence, coalesce(isfinite(value), true) AND NOT "  # noqa: S608  names of ours
            f"({lacks} OR NOT isfinite(weight_raw) OR weight_raw < 0) FROM read_parquet(?)",
            [_literal(file)],
        )
        key = ", ".join(ANSWER_KEY)
        twice = self._query(
            f"SELECT 1 FROM read_parquet(?) GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1",  # noqa: S608  likewise
            [_literal(file)],
        )
        return not twice and all(
            run == file.stem and status in {*AnswerStatus} and evidence in {*Evidence} and is_sound
            for run, status, evidence, is_sound in values
        )

    def add(self, runs: Iterable[RunAnswers]) -> tuple[tuple[EvalRun, EvalRun], ...]:
        """Write runs, replacing older logs of them; return those that are older than the stored ones, each with the newer."""
        there = self.runs()
        older = []
        for one in runs:
            stored = there.get(one.run.id)
            if stored and moment(stored.created) > moment(one.run.created):
                older.append((one.run, stored))
                continue
            has_texts = any(answer.prompt_text or answer.answer_text for answer in one.answers)
            columns = {name: kind for name, kind in _ANSWERS.items() if has_texts or name not in _TEXTS}
            self._write("answers", one.run.id, columns, (row[: len(columns)] for row in one.answers), one.run)
        return tuple(older)

    def take(self, other: Path, runs: Iterable[str]) -> None:
        """Copy runs of another store."""
        for run in runs:
            target = self._folder / "answers" / f"{run}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or not target.samefile(other / "answers" / target.name):
                shutil.copyfile(other / "answers" / target.name, target)

    def prompts(self, runs: Iterable[str]) -> Iterator[LoggedPrompt]:
        """Yield the prompts of runs with the keys from their logs."""
        self._view("answers", runs)
        keys = ", ".join(
            f"arg_min({name}, (epoch, scorer, grader, evidence, spec_release)) AS {name}"
            for name in LoggedPrompt._fields[2:-1]
        )
        text = f"SELECT run, prompt, {keys}, COUNT(*) FROM answers GROUP BY run, prompt ORDER BY run, prompt"  # noqa: S608  names of ours
        rows = self._query(text)
        yield from (LoggedPrompt(*row) for row in rows)

    def join(self, rows: Sequence[PromptRow], runs: Iterable[str]) -> None:
        """Write the prompts of runs with the groups that they are in; unchanged files are not written again."""
        by_run: dict[str, list[PromptRow]] = {run: [] for run in runs}
        for row in rows:
            by_run[row.run].append(row)
        for run, some in by_run.items():
            self._write("prompts", run, _PROMPTS, some)

    def open(self, runs: Iterable[str], policy: str) -> None:
        """Create the views of these runs that measures read."""
        self._runs = [*runs]
        self._view("answers", self._runs)
        self._view("prompts", self._runs)
        self._has_means = False
        self._query(f"CREATE OR REPLACE VIEW scored AS {measure(f'scored-{policy}').sql}")

    def rows(self, name: str, *, clustered: bool = True, facet: str = "") -> list[tuple[Any, ...]]:
        """Return the rows of a measure.

        :param clustered: whether the prompts of a cluster count as one draw
        :param facet: the way to group prompts; by default every way
        """
        columns = "*" if clustered else "* REPLACE (prompt AS cluster_id)"
        self._view("prompts", self._runs, columns, f"facet = {_quoted(facet)}" if facet else "true")
        try:
            return self._query(measure(name).sql)
        finally:
            self._view("prompts", self._runs)

    def set_sides(self, a: str, *others: str) -> None:
        """Create the two views that comparisons read: of one run, and of one or more others."""
        if not self._has_means:
            # Each side reads the means of prompts, which are computed once for all sides.
            self._query(
                "CREATE OR REPLACE TEMP TABLE means AS SELECT run, model, grader, spec_release, scorer, evidence, prompt,"
                " MAX(prompt_sha256) AS prompt_sha256, AVG(value) AS value FROM scored"
                " GROUP BY run, model, grader, spec_release, scorer, evidence, prompt"
            )
            self._has_means = True
        for side, runs in (("side_a", [a]), ("side_b", others)):
            listed = ", ".join(map(_quoted, runs))
            self._query(f"CREATE OR REPLACE VIEW {side} AS SELECT * FROM means WHERE run IN ({listed})")  # noqa: S608  quoted

    def statuses(self) -> dict[str, dict[str, int]]:
        """Return the number of answers by run and status."""
        counts: dict[str, dict[str, int]] = {}
        text = "SELECT run, status, COUNT(*) FROM answers GROUP BY run, status ORDER BY run, status"
        for run, status, count in self._query(text):
            counts.setdefault(run, {})[status] = count
        return counts

    def _view(self, name: str, runs: Iterable[str], columns: str = "*", where: str = "true") -> None:
        files = [self._folder / name / f"{run}.parquet" for run in runs]
        listed = ", ".join(_quoted(_literal(file)) for file in files)
        text = f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM read_parquet([{listed}], union_by_name = true) WHERE {where}"  # noqa: S608  quoted
        self._query(text)

    def _write(
        self,
        kind: str,
        run: str,
        columns: Mapping[str, str],
        rows: Iterable[Sequence[Any]],
        about: EvalRun | None = None,
    ) -> None:
        """Write a Parquet file in one step, since others may read the store meanwhile."""
        target = self._folder / kind / f"{run}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="policyspec-") as scratch:
            source, output = Path(scratch, "rows.csv"), Path(scratch, "rows.parquet")
            longest = _LINE
            with source.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                for row in rows:
                    # Quotes are doubled, and a character takes up to four bytes.
                    longest = max(longest, writer.writerow(row) * 4)
            texts = [name for name, kind_ in columns.items() if kind_ == "VARCHAR"]
            shapes = ", ".join(f"{_quoted(name)}: {_quoted(kind_)}" for name, kind_ in columns.items())
            key_values = (
                f", KV_METADATA {{policyspec: {_quoted(json.dumps(asdict(about), sort_keys=True))}}}"
                if about
                else ""
            )
            self._query(
                f"COPY (SELECT * FROM read_csv({_quoted(_literal(source))}, header = false, auto_detect = false,"  # noqa: S608
                f" delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', max_line_size = {longest},"
                f" force_not_null = {texts!r},"
                f" columns = {{{shapes}}})) TO {_quoted(str(output))} (FORMAT parquet{key_values})"
            )
            write_file(target, output.read_bytes())

    def _query(self, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of an SQL query; a file that is damaged or not ours raises :class:`SourceError`."""
        import duckdb  # noqa: PLC0415  optional; it is there, or no store would be

        try:
            rows: list[tuple[Any, ...]] = self._connection.execute(text, values).fetchall()
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise SourceError(
                f"the store `{self._folder}` cannot be read: {reason}; read the logs again"
            ) from None
        return rows


def connected() -> duckdb.DuckDBPyConnection:
    """Return an empty DuckDB connection, set up for measures; without the package this raises :class:`MissingToolError`."""
    try:
        import duckdb  # noqa: PLC0415  optional
    except ImportError:
        raise MissingToolError(
            "results of evaluations need the package duckdb: pip install 'sphinx-policyspec[evals]'"
        ) from None
    # By default it would download extensions and read URLs.
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    if connection.execute(f"SELECT 1 FROM duckdb_optimizers() WHERE name = '{_SLOW}'").fetchall():  # noqa: S608  ours
        connection.execute(f"SET disabled_optimizers = '{_SLOW}'")
    return connection


def _quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _literal(path: Path) -> str:
    """Return a path without wildcards; a URL raises :class:`SourceError`."""
    if "://" in str(path):
        raise SourceError(f"`{path}` is an address: results are read from files")
    return _GLOB.sub(lambda found: f"[{found[0]}]", str(path))
