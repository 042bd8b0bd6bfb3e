"""``python -m benchmarks``: what the commands, the questions and the handbook cost, beside a floor."""

from __future__ import annotations

import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import rdflib

import sphinx_policyspec as ps
from benchmarks.measure import Row, command, compare, function, table
from benchmarks.synthetic import write_release
from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.readers.outlines import read_markdown
from sphinx_policyspec.readers.release import read_release

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "model_spec" / "2025-09-12"
POLICYSPEC = Path(sys.executable).with_name("policyspec")
SPHINX = Path(sys.executable).with_name("sphinx-build")
PLAIN_CONF = 'extensions = ["myst_parser"]\nhtml_theme = "furo"\nsource_suffix = {".md": "markdown"}\n'


def release(scratch: Path) -> Path:
    """Return the newest published release, or a made-up one where it is absent."""
    if DATA.is_dir():
        return DATA
    print("the published releases are not at ../shared/data/model_spec: measuring a made-up spec")
    return write_release(scratch / "2026-01-01")


def bench_graph(folder: Path, scratch: Path) -> str:
    """Measure the command against nothing but starting Python with the libraries it needs."""
    floor = "start Python, import rdflib and pyoxigraph"
    ours = "policyspec graph"
    contenders = [
        command(floor, sys.executable, "-c", "import rdflib, pyoxigraph"),
        command(ours, POLICYSPEC, "graph", folder, "--quiet", "-o", scratch / "graph.nt"),
    ]
    return table("graph of a release", compare(contenders, at_most={ours: 1.5}))


def bench_reader(folder: Path) -> str:
    """Measure the reader against reading the bytes of the same files."""
    files = [folder / "model_spec.md", *sorted((folder / "examples").glob("*.md"))]
    ours = "reader"
    contenders = [
        function("bytes of the files", lambda: [file.read_bytes() for file in files]),
        function(ours, lambda: read_release(folder)),
    ]
    text, plain = without_ids(folder), "reader of 150 kB without ids"
    contenders.append(function(plain, lambda: read_markdown(text, "charter.md")))
    return table("the reader alone", compare(contenders, runs=9, at_most={ours: 0.25, plain: 0.1}))


def without_ids(folder: Path) -> str:
    """Return 150 kB of prose and headings without attributes and examples."""
    text = (folder / "model_spec.md").read_text("utf-8")
    plain = re.sub(r"[ ]*\{#[^}]*\}|^\*\*Example\*\*.*?^~~~$", "", text, flags=re.DOTALL | re.MULTILINE)
    return (plain * (150_000 // len(plain) + 1))[:150_000]


def bench_questions(folder: Path, scratch: Path) -> str:
    """Measure each named question on a loaded graph, with rdflib's evaluator as the peer."""
    spec = ps.load(folder)
    peer = rdflib.Graph()
    inferred = ps.to_rdf(spec, "nt", inferred=True)
    (scratch / "inferred.nt").write_bytes(inferred)
    peer.parse(scratch / "inferred.nt")
    rows: list[Row] = []
    with ps.knowledge_base(spec) as base:
        for question in (one for one in list_questions() if not one.over):
            params = {p.name: "user" for p in question.parameters if p.default is None}
            same = question.bound(question.values(params))
            ours = function(question.name, partial(base.ask, question.name, params), repeat=5)
            theirs = function("  in rdflib", partial(answer_of_rdflib, peer, same))
            rows += compare([ours, theirs], runs=3, at_most={question.name: 0.02})
    return table("named questions on a loaded graph", rows)


def answer_of_rdflib(graph: rdflib.Graph, sparql: str) -> list[object]:
    """Evaluate a query to its end."""
    return list(graph.query(sparql))


def bench_handbook(folder: Path, scratch: Path) -> str:
    """Measure the handbook, its graph included, against the same file as one page of plain MyST."""
    plain = scratch / "plain"
    plain.mkdir()
    (plain / "conf.py").write_text(PLAIN_CONF, "utf-8")
    (plain / "index.md").write_bytes((folder / "model_spec.md").read_bytes())
    site = scratch / "site"
    ours = "policyspec handbook"
    contenders = [
        command("plain MyST, furo", SPHINX, "-q", "-E", "-a", "-b", "html", plain, site / "plain"),
        command(ours, POLICYSPEC, "handbook", folder, "--quiet", "-o", site / "handbook"),
    ]
    return table("handbook of a release", compare(contenders, runs=3, times_floor={ours: 2.5}))


def main() -> None:
    """Run every benchmark; exit 1 if one misses its bound."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = release(scratch)
        parts = []
        for bench in (
            partial(bench_reader, folder),
            partial(bench_graph, folder, scratch),
            partial(bench_questions, folder, scratch),
            partial(bench_handbook, folder, scratch),
        ):
            parts.append(bench())
            print(parts[-1], flush=True)
    sys.exit(any("MISSED" in part for part in parts))


if __name__ == "__main__":
    main()
