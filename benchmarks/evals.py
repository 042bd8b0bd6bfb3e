"""``python -m benchmarks.evals [ROWS]``: what a log of 6,000 samples costs to read and join, and figures of ten million answers."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median

import duckdb

import sphinx_policyspec as ps
from benchmarks.measure import compare, function, table
from sphinx_policyspec.evals.records import ReadingRules
from sphinx_policyspec.evals.result_files import read_files
from sphinx_policyspec.evals.store import connected

SAMPLES = 6000
ROWS = 10_080_000
"""Three releases, eight models, 200 principles, 50 prompts each, 42 repeats."""
BOUNDS = {"read": 2.0, "read, join and tell": 4.0}
LONGEST, MOST_MIB = 1.0, 500
"""Seconds of CPU, all threads together, for ten million answers, and MiB for any number of them."""


def log(folder: Path) -> Path:
    """Write a log of so many samples, as large as those of a run usually are."""
    path = folder / "large.eval"
    run = {
        "model": "m",
        "task": "t",
        "task_id": "t",
        "created": "2026-01-01T00:00:00+00:00",
        "scorers": [{"name": "s"}],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": run}))
        for n in range(SAMPLES):
            sample = {
                "id": f"p{n // 3}",
                "epoch": n % 3 + 1,
                "messages": [{"role": "user", "content": "words " * 200}],
                "output": {"choices": [{"stop_reason": "stop"}], "completion": "words " * 200},
                "metadata": {"section_id": f"q{n % 50}", "focus_id": f"t{n % 400}"},
                "scores": {"s": {"value": n % 2, "explanation": "words " * 40}},
            }
            archive.writestr(f"samples/p{n // 3}_epoch_{n % 3 + 1}.json", json.dumps(sample))
    return path


def floor(path: Path) -> int:
    """Return how many samples a log has, with nothing made of them."""
    with zipfile.ZipFile(path) as archive:
        return len([json.loads(archive.read(name)) for name in archive.namelist()])


def spec(folder: Path) -> ps.Spec:
    """Return a spec of fifty principles."""
    parts = [f"## Q{n} {{#q{n} authority=user}}\n\nDo {n}.\n" for n in range(50)]
    (folder / "model_spec.md").write_text("# T {#t}\n\n" + "\n".join(parts), "utf-8")
    return ps.load(folder / "model_spec.md", annotate=False)


def answers(rows: int, folder: Path) -> tuple[float, int]:
    """Return the CPU time that the figures of so many answers take, and how many groups they are of."""
    base = duckdb.connect()
    base.execute("SET threads = 2")
    runs, prompts = 24, 10_000
    epochs = rows // (runs * prompts)
    base.execute(
        f"COPY (SELECT 'r' || r AS run, 'm' || r AS model, 'g' AS grader, '2026' AS spec_release, 's' AS scorer,"  # noqa: S608
        f" 'output' AS evidence, 'p' || p AS prompt, '' AS prompt_sha256, e AS epoch,"
        f" CASE hash(e * 7 + p * 31 + r) % 40 WHEN 0 THEN 'filtered' WHEN 1 THEN 'error' ELSE 'scored' END AS status,"
        f" CAST(hash(r * 1000003 + p * 101 + e) % 2 AS DOUBLE) AS value FROM range({runs}) a(r), range({prompts}) b(p),"
        f" range({epochs}) c(e)) TO '{folder}/answers.parquet' (FORMAT parquet)"
    )
    base.execute(
        f"COPY (SELECT 'r' || r AS run, 'p' || p AS prompt, 'provision' AS facet, 'q' || p % 200 AS grp,"  # noqa: S608
        f" 'c' || p // 4 AS cluster_id, CAST(1 AS DOUBLE) AS weight FROM range({runs}) a(r), range({prompts}) b(p))"
        f" TO '{folder}/prompts.parquet' (FORMAT parquet)"
    )
    base.close()
    base = connected()
    base.execute("SET threads = 2")
    for name in ("answers", "prompts"):
        base.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder}/{name}.parquet'")  # noqa: S608
    base.execute(f"CREATE VIEW scored AS {ps.measure('scored-as-logged').sql}")
    taken = []
    for _ in range(3):
        start = time.process_time()
        found = ps.rates(base.execute(ps.measure("rate").sql).fetchall())
        taken.append(time.process_time() - start)
    return median(taken), len(found)


def main() -> None:
    """Measure; exit 1 if a bound is missed."""
    rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, groups = answers(rows, folder)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        small = spec(folder)
        path = log(folder)
        contenders = [
            function("members and JSON alone", lambda: floor(path)),
            function("read", lambda: read_files([path], ReadingRules())),
            function("read, join and tell", lambda: ps.read_results(small, path)),
        ]
        text = table(f"a log of {SAMPLES:,} samples", compare(contenders, runs=3, at_most=BOUNDS))
    print(text)
    longest = LONGEST * max(1, rows / ROWS)
    kept = seconds <= longest and memory <= MOST_MIB
    print(
        f"\n{rows:,} answers, {groups} groups: {seconds:.2f} s of CPU, {memory} MiB, writing them included",
        end="  ",
    )
    print(f"≤ {longest:g} s, ≤ {MOST_MIB} MiB  {'kept' if kept else 'MISSED'}")
    sys.exit("MISSED" in text or not kept)


if __name__ == "__main__":
    main()
