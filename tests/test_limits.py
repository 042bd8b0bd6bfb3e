"""What is refused for its size says the limit, names what is too large, and tells what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.graph import parse, terms
from sphinx_policyspec.graph.guard import Guard, Limits
from sphinx_policyspec.graph.parse import streamed_triples
from sphinx_policyspec.readers import text
from sphinx_policyspec.readers.annotations import read_annotations
from sphinx_policyspec.readers.yaml_nodes import YamlReader
from tests.graph.specs import LIBRARY

SELECT = "SELECT ?s { VALUES ?s { 1 2 3 } }"


def too_long(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    file = folder / "model_spec.md"
    with file.open("wb") as sparse:
        sparse.truncate(text.MAX_BYTES + 1)
    ps.load(folder)


def endless(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(text, "MAX_BYTES", 2**20)
    file = folder / "side.yaml"
    file.symlink_to("/dev/zero")
    read_annotations(file, str(file))


def too_large_to_read(folder: Path, _patch: pytest.MonkeyPatch) -> None:
    file = folder / "spec.nt"
    file.write_bytes(b" " * 2**20 * 2)
    list(streamed_triples(file, max_bytes=2**20))


def too_many_to_read(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parse, "_STATEMENTS", 3)
    ps.write_rdf(LIBRARY, folder / "spec.ttl")
    ps.load(folder / "spec.ttl")


def too_large_to_write(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(terms, "MAX_BYTES", 2**10)
    ps.write_rdf(LIBRARY, folder / "spec.ttl")


def asked(limits: Limits, sparql: str = SELECT) -> Callable[[Path, pytest.MonkeyPatch], None]:
    def ask(_folder: Path, _patch: pytest.MonkeyPatch) -> None:
        with Guard(list, limits=limits) as guard:
            guard.query(sparql, "q.rq")

    return ask


def too_many_values(_folder: Path, _patch: pytest.MonkeyPatch) -> None:
    YamlReader("notes.yaml").compose_all("- [" + "1," * 500_001 + "]")


SLOW = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?{v} {{ {'1 ' * 60} }}" for v in "abcdefgh") + " }"
CASES = {
    "device": (endless, ("side.yaml`", "1 MiB", "split it")),
    "text": (too_long, ("model_spec.md`", "64 MiB", "split it")),
    "graph file": (too_large_to_read, ("spec.nt`", "1 MiB", "write it as ttl")),
    "statements": (too_many_to_read, ("spec.ttl`", "10,000,000 statements", "split the spec")),
    "graph": (too_large_to_write, ("spec.ttl`", "the most that is read", "split the spec")),
    "rows": (asked(Limits(rows=2)), ("q.rq: ", "2 rows", "add a LIMIT")),
    "characters": (asked(Limits(characters=2)), ("q.rq: ", "MiB", "ask for fewer")),
    "seconds": (asked(Limits(seconds=0.5), SLOW), ("q.rq: ", "0.5 s", "ask for less")),
    "bytes": (asked(Limits(bytes=9)), ("q.rq: ", "at most 9", "in parts")),
    "depth": (asked(Limits(depth=1)), ("q.rq: ", "at most 1", "in parts")),
    "values": (too_many_values, ("notes.yaml:1: ", "500,000 values", "split the file")),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_is_too_large_says_so(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    act, told = CASES[kind]
    with pytest.raises(PolicySpecError) as refused:
        act(tmp_path, monkeypatch)
    message = str(refused.value)
    assert [part for part in told if part not in message] == [], message
    assert "\n" not in message
