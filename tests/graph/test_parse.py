from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph import parse
from sphinx_policyspec.graph.parse import streamed_triples

RDF_HEAD = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
    '<rdf:Description rdf:about="urn:a">\n'
)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.ttl", "<urn:a> <urn:b> <urn:c> .\n<urn:a> oops", 2),
        ("a.nt", "<urn:a> <urn:b> <urn:c> .\n<urn:a> oops\n", 2),
        ("a.nq", "\n\nx\n", 3),
        ("a.trig", "<urn:g> {\n<urn:a> <urn:b> .\n}", 2),
        ("a.jsonld", '{"@id": "urn:a",\n "urn:b": }', 2),
        ("a.rdf", f"{RDF_HEAD}<e:p>x</e:q></rdf:Description>\n</rdf:RDF>", 3),
    ],
)
def test_a_syntax_error_names_file_and_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    path = put(tmp_path, name, text)
    with pytest.raises(SourceError) as error:
        list(streamed_triples(path))
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert "Parser error" not in str(error.value)


@pytest.mark.parametrize("suffix", ["nt", "nq"])
def test_a_line_is_counted_over_all_parts_of_a_file(tmp_path: Path, suffix: str) -> None:
    said = "".join(f'<urn:a> <urn:b> "{number:0100}" .\n' for number in range(30_000))
    path = put(tmp_path, f"a.{suffix}", f"{said}oops\n")
    with pytest.raises(SourceError, match=rf"a\.{suffix}:30001: "):
        list(streamed_triples(path))


def test_who_takes_long_over_what_was_read_is_not_told_that_reading_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse, "_SECONDS", 1.0)
    monkeypatch.setattr(parse, "_SECONDS_PER_BYTE", 0.0)
    said = "".join(f'<urn:a> <urn:b> "{number:0100}" .\n' for number in range(30_000))
    statements = streamed_triples(put(tmp_path, "a.nt", said))
    next(statements)
    time.sleep(1.5)
    assert sum(1 for _ in statements) == 29_999


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"not a graph file; known suffixes are \.ttl, \.nt, \.nq"):
        list(streamed_triples(tmp_path / "a.csv"))
    with pytest.raises(SourceError, match=r"cannot be read: No such file"):
        list(streamed_triples(tmp_path / "a.ttl"))
    with pytest.raises(SourceError, match="cannot be read"):
        list(streamed_triples(put(tmp_path, "b.ttl", "").parent / "b.ttl" / "c.ttl"))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "a.nt", "# " + "x" * 2**20)
    assert list(streamed_triples(path)) == []
    with pytest.raises(SourceError, match="larger than 1 MiB"):
        list(streamed_triples(path, max_bytes=2**20))


def test_entities_are_not_declared(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "a.rdf",
        '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<x>&a;</x>',
    )
    with pytest.raises(SourceError, match=r"a\.rdf:2: a document type declaration is not read"):
        list(streamed_triples(path))


def test_a_remote_context_is_not_fetched(tmp_path: Path) -> None:
    connections: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]

        def listen() -> None:
            try:
                connections.append(server.accept())
            except TimeoutError:
                return

        listener = threading.Thread(target=listen)
        listener.start()
        path = put(
            tmp_path, "a.jsonld", f'{{"@context": "http://127.0.0.1:{port}/c", "@id": "urn:a", "x": "y"}}'
        )
        with pytest.raises(SourceError, match="a remote JSON-LD context is not fetched"):
            list(streamed_triples(path))
        listener.join()
    assert connections == []
