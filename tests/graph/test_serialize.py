from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat
from rdflib import RDF, XSD, BNode, Dataset, Graph, Literal, URIRef

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph import terms
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.knowledge_base import with_derived
from sphinx_policyspec.graph.serialize import (
    BY_PART,
    WrittenPart,
    graph_lines,
    pieces,
    pieces_by_part,
    serialize,
)
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.graph.to_graph import to_graph, triples_of
from sphinx_policyspec.model import (
    Carrier,
    Document,
    EvalPrompt,
    EvalTag,
    Markup,
    Prose,
    Reference,
    ReferenceForm,
    Section,
    Spec,
    Topic,
)
from tests.conftest import FILE, REPOSITORY, at, example, principle, spec
from tests.graph.files import read_graph
from tests.graph.specs import LIBRARY, SPECS

RDFLIB_FORMATS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}
OWN_DEPRECATIONS = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning:rdflib")
"""rdflib's readers of named graphs and JSON-LD use what rdflib itself deprecates."""
NAMED = {"nq": "nquads", "trig": "trig"}


def written(folder: Path, graph: Graph, format: str) -> Path:  # noqa: A002
    path = folder / f"graph.{format}"
    path.write_bytes(serialize(graph, format)[0])
    return path


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_written_is_read_again(tmp_path: Path, format_: str) -> None:
    graph = to_graph(LIBRARY)
    read = read_graph(written(tmp_path, graph, format_))
    assert set(read) == set(graph)
    assert from_graph(read) == LIBRARY


@given(SPECS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_spec_is_written_and_read_in_any_format(tmp_path: Path, any_spec: Spec) -> None:
    graph = to_graph(any_spec)
    for format_ in FORMATS:
        data, findings = serialize(graph, format_)
        path = tmp_path / f"any.{format_}"
        path.write_bytes(data)
        read = read_graph(path)
        assert len(read) <= len(graph)
        if not findings:
            assert set(read) == set(graph)
            assert from_graph(read) == any_spec


@OWN_DEPRECATIONS
@pytest.mark.parametrize("format_", RDFLIB_FORMATS)
def test_another_reader_reads_the_same_graph(format_: str) -> None:
    graph = to_graph(LIBRARY)
    data, _ = serialize(graph, format_)
    assert set(Graph().parse(data=data, format=RDFLIB_FORMATS[format_])) == set(graph)


@OWN_DEPRECATIONS
@pytest.mark.parametrize("format_", NAMED)
def test_formats_with_named_graphs_name_the_release(format_: str) -> None:
    graph = to_graph(LIBRARY)
    data, _ = serialize(graph, format_)
    dataset = Dataset()
    dataset.parse(data=data.decode(), format=NAMED[format_])
    release = URIRef("urn:policyspec:spec:release/2026-01-02")
    assert len(dataset.graph(release)) == len(graph)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_written_graph_is_written_alike_again(tmp_path: Path, format_: str) -> None:
    graph = to_graph(LIBRARY)
    path = written(tmp_path, graph, format_)
    assert serialize(read_graph(path), format_)[0] == path.read_bytes()


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import hashlib; from tests.graph.specs import LIBRARY;"
        "from sphinx_policyspec.graph.terms import FORMATS;"
        "from sphinx_policyspec.graph.serialize import serialize;"
        "from tests.graph.files import infer_graph;"
        "from sphinx_policyspec.graph.to_graph import to_graph; graph = infer_graph(to_graph(LIBRARY));"
        "print([hashlib.sha256(serialize(graph, format)[0]).hexdigest() for format in FORMATS])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(printed) == 1
    assert hashlib.sha256(serialize(to_graph(LIBRARY), "nt")[0]).hexdigest().encode() not in printed


def test_no_format_holds_half_a_character() -> None:
    graph = to_graph(spec(principle(title="half \ud800 one")))
    for format_ in FORMATS:
        data, findings = serialize(graph, format_)
        assert "half \N{REPLACEMENT CHARACTER} one" in data.decode()
        (finding,) = findings
        assert finding.code == "unrepresentable-character"
        assert "U+D800" in finding.message
        assert (finding.span.file, finding.span.line) == ("spec.md", 1)


def test_only_xml_replaces_control_characters_and_says_where() -> None:
    graph = to_graph(spec(principle(title="bell \x07 rings")))
    assert [len(serialize(graph, format_)[1]) for format_ in FORMATS] == [0, 0, 0, 0, 0, 1]


def test_xml_keeps_carriage_returns_and_blank_texts(tmp_path: Path) -> None:
    odd = spec(principle(title="  ", status="a\r\nb\rc\n"))
    graph = to_graph(odd)
    assert from_graph(read_graph(written(tmp_path, graph, "rdf"))) == odd
    data, _ = serialize(graph, "rdf")
    assert set(Graph().parse(data=data, format="xml")) == set(graph)


def test_invalid_names_of_a_foreign_graph_are_escaped_and_reported() -> None:
    graph = Graph()
    graph.add((URIRef("urn:a b"), URIRef("https://example.org/p"), Literal("x", lang="en")))
    data, findings = serialize(graph, "nt")
    assert data == b'<urn:a%20b> <https://example.org/p> "x"@en .\n'
    assert [finding.code for finding in findings] == ["unrepresentable-character"]


@OWN_DEPRECATIONS
def test_a_foreign_graph_is_written_in_every_format() -> None:
    graph = Graph()
    graph.add((BNode("b"), URIRef("https://example.org/p"), Literal("x", lang="en")))
    graph.add((URIRef("urn:s"), URIRef("https://example.org/p"), BNode("b")))
    graph.add((URIRef("urn:s"), URIRef("https://example.org/q"), Literal("1.50", datatype=URIRef("urn:d"))))
    for format_ in FORMATS:
        data, findings = serialize(graph, format_)
        assert b"1.50" in data
        assert not findings
        if format_ in RDFLIB_FORMATS:
            assert len(Graph().parse(data=data, format=RDFLIB_FORMATS[format_])) == 3


def test_types_come_first_and_a_text_that_looks_like_one_stays_text() -> None:
    text = f"a <{RDF.type}> b"
    graph = Graph()
    graph.add((URIRef("urn:x"), URIRef("http://a.example/before-rdf"), Literal(text)))
    graph.add((URIRef("urn:x"), RDF.type, URIRef("urn:thing")))
    for format_ in ("ttl", "trig"):
        data, _ = serialize(graph, format_)
        shown = data.decode().partition("<urn:x> ")[2]
        assert shown.startswith("a <urn:thing>")
        assert text in shown


def test_names_are_shortened_where_a_prefix_can_bear_the_rest() -> None:
    odd = spec(
        principle("plain-1"),
        principle("a/b"),
        principle("caf\u00e9"),
        principle("v1.2"),
        principle("plain-1"),
    )
    shown = serialize(triples_of(odd), "ttl")[0].decode()
    base = "urn:policyspec:spec:provision/"
    for name in (
        "provision:plain-1",
        "provision:caf%C3%A9",
        f"<{base}a/b>",
        f"<{base}v1.2>",
        f"<{base}plain-1~2>",
    ):
        assert f"\n{name} a ps:Principle , ps:Provision ;\n" in shown
    assert set(Graph().parse(data=shown)) == set(to_graph(odd))


def test_turtle_says_what_ntriples_say_of_numbers_and_marks() -> None:
    lines = [
        f"<urn:s> <urn:p> {node} .\n"
        for text in ("007", "-7", "seven", "", '\\"^^<a>', "\\u0007 .")
        for node in (f'"{text}"^^<{XSD.integer}>', f'"{text}"^^<urn:d>', f'"{text}"', f'"{text}"@en')
    ]
    written_ = "".join(graph_lines(sorted(lines), "ttl", "", "")).encode()
    read, said = (
        set(pyoxigraph.parse(data, format=form))
        for data, form in ((written_, RdfFormat.TURTLE), ("".join(lines).encode(), RdfFormat.N_TRIPLES))
    )
    assert read == said


def test_a_spec_is_written_without_rdflib() -> None:
    program = (
        "import sys; from tests.graph.specs import LIBRARY;"
        "from sphinx_policyspec.graph.terms import FORMATS;"
        "from sphinx_policyspec.graph.knowledge_base import KnowledgeBase;"
        "from sphinx_policyspec.graph.serialize import serialize;"
        "from sphinx_policyspec.graph.to_graph import triples_of;"
        "[serialize(triples_of(LIBRARY), format) for format in FORMATS];"
        "KnowledgeBase.from_spec(LIBRARY).ask('hard-rules');"
        "sys.exit('rdflib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(SourceError, match=r"unknown format `jsonl`; did you mean `jsonld`\?"):
        serialize(Graph(), "jsonl")


def test_an_empty_graph_is_written(tmp_path: Path) -> None:
    for format_ in FORMATS:
        assert len(read_graph(written(tmp_path, Graph(), format_))) == 0


@given(SPECS, SPECS, st.integers(0, 4), st.integers(0, 4))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_graph_written_by_part_is_the_graph_whatever_was_written_before(
    one: Spec, other: Spec, start: int, stop: int
) -> None:
    """Provisions, references and prompts move between specs, so that ids come twice, go, and change their chapter."""
    mixed = replace(
        one,
        provisions=(*other.provisions[:start], *one.provisions[stop:]),
        references=(*other.references[:start], *one.references),
        eval_tags=(*one.eval_tags, *other.eval_tags[:stop]),
    )
    for form in BY_PART:
        before: dict[bytes, WrittenPart] = {}
        for now in (one, mixed, other, mixed, one):
            data, findings, before = pieces_by_part(now, form, before)
            whole, found = pieces(triples_of(now), form)
            assert b"".join(data) == b"".join(whole)
            assert findings == found


_FIRST, _SECOND, *_OTHERS = (
    replace(
        principle(name),
        topics=("books",),
        blocks=(
            Prose(source=".. books\n", text=".. books", span=at(number)),
            example("twin" if number == 3 else f"e{number}"),
        ),
    )
    for number, name in enumerate(("first", "second", "third"), 1)
)
_PART = Section(id="part", title="Books", depth=2, parent="first", topics=("books",), span=at(4))
_PROMPT = EvalPrompt(id="p", title="", turns=(), source="", tag="t", span=at(7))
_MORE = [_PART, *_OTHERS, replace(_SECOND, id="last", blocks=(_PROMPT,))]
_CHAPTERS = replace(
    spec(_FIRST, _SECOND, *_MORE),
    topics=(Topic(id="books", label="books", span=at(9)),),
    documents=(Document(file=FILE, markup=Markup.MYST),),
    references=(
        Reference(source="second", target="old", carrier=Carrier.TEXT, form=ReferenceForm.TEXT, span=at(5)),
    ),
    eval_tags=(EvalTag(tag="t", provision="first", clause="", span=at(6)),),
)
_EDITS = {
    "title": replace(_CHAPTERS, provisions=(replace(_FIRST, title="Other"), _SECOND, *_MORE)),
    "new id": replace(_CHAPTERS, provisions=(_FIRST, replace(_SECOND, id="new"), *_MORE)),
    "an id twice": replace(_CHAPTERS, provisions=(_FIRST, replace(_SECOND, id="first"), *_MORE)),
    "an example twice": replace(
        _CHAPTERS, provisions=(replace(_FIRST, blocks=(example("twin"),)), _SECOND, *_MORE)
    ),
    "an example twice, later": replace(
        _CHAPTERS, provisions=(*_MORE, replace(_FIRST, blocks=(example("twin"),)), _SECOND)
    ),
    "order": replace(_CHAPTERS, provisions=(_SECOND, _FIRST, *_MORE)),
    "fewer": replace(_CHAPTERS, provisions=(_SECOND, *_MORE)),
    "parent": replace(_CHAPTERS, provisions=(_FIRST, replace(_SECOND, parent="first"), *_MORE)),
    "former id": replace(_CHAPTERS, provisions=(replace(_FIRST, aliases=("old",)), _SECOND, *_MORE)),
    "label": replace(_CHAPTERS, topics=(Topic(id="books", label="about", span=at(9)),)),
    "broader": replace(_CHAPTERS, topics=(Topic(id="books", label="x", broader=("all",), span=at(9)),)),
    "markup": replace(_CHAPTERS, documents=(Document(file=FILE, markup=Markup.RST),)),
    "target": replace(_CHAPTERS, references=(replace(_CHAPTERS.references[0], target="third"),)),
    "one more": replace(_CHAPTERS, references=(*_CHAPTERS.references, *_CHAPTERS.references)),
    "tag": replace(_CHAPTERS, eval_tags=(replace(_CHAPTERS.eval_tags[0], provision="second"),)),
    "version": replace(_CHAPTERS, version="2"),
    "base": replace(_CHAPTERS, base_iri="https://example.org/"),
}


@pytest.mark.parametrize("edit", _EDITS)
def test_after_an_edit_a_graph_written_by_part_is_the_graph(edit: str) -> None:
    for form in BY_PART:
        before: dict[bytes, WrittenPart] = {}
        for now in (_CHAPTERS, _EDITS[edit], _EDITS[edit], _CHAPTERS):
            data, _findings, before = pieces_by_part(now, form, before)
            assert b"".join(data) == b"".join(pieces(triples_of(now), form)[0])


def test_an_edit_writes_the_part_of_its_chapter_alone() -> None:
    *_, before = pieces_by_part(LIBRARY, "ttl", {})
    first, *others = LIBRARY.provisions
    edited = replace(LIBRARY, provisions=(replace(first, title="Another title"), *others))
    *_, after = pieces_by_part(edited, "ttl", before)
    assert len(before) > 2
    assert len(after.keys() - before.keys()) == len(before.keys() - after.keys()) == 1


def test_a_file_is_written_without_being_held() -> None:
    many = spec(*(principle(f"p{number}", text=f"Be kind to {number}. " * 4_000) for number in range(40)))
    for format_ in FORMATS:
        tracemalloc.start()
        size = sum(map(len, pieces(with_derived(triples_of(many)), format_)[0]))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # All lines would be as much as the file, and so would be all of its bytes.
        assert most < size / 2, format_


def test_what_could_not_be_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    triples = tuple(triples_of(spec(principle(text="Be kind. " * 40))))
    monkeypatch.setattr(terms, "LONGEST_TEXT", 300)
    with pytest.raises(SourceError, match="longer than"):
        serialize(triples, "nt")
    monkeypatch.undo()
    monkeypatch.setattr(terms, "MAX_BYTES", 300)
    with pytest.raises(SourceError, match="would be 0 MiB"):
        serialize(triples, "ttl")
