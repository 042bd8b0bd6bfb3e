"""Graph files that would end or fill the process that parses them: each is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph import parse
from sphinx_policyspec.graph.parse import streamed_triples

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DEEP = 100_000
LONG = "x" * 20_000


def _nested(before: str, after: str, inner: str = "", depth: int = DEEP) -> str:
    return before * depth + inner + after * depth


def _chain(count: int, term: Callable[[int], str], last: str) -> str:
    terms = ",".join(f'"a{number}":{term(number)}' for number in range(count))
    return f'{{"@context":{{{terms},"a{count}":{last}}},"a0":"x"}}'


GROWS, NESTS, TEXT, TAKES, REFUSED = "grow", "nests too deep", "16 MiB", "takes too long", ":1: "
EITHER = "grow|MiB|deep|long|limit|recurs|:1: "

HOSTILE: dict[str, tuple[str, Callable[[], str], str]] = {
    "a chain of prefixes in a context": (
        "jsonld",
        lambda: _chain(20_000, lambda n: f'"a{n + 1}:x"', '"urn:z"'),
        EITHER,
    ),
    "a chain of prefixes in objects": (
        "jsonld",
        lambda: _chain(20_000, lambda n: f'{{"@id":"a{n + 1}:x"}}', '"urn:z"'),
        EITHER,
    ),
    "a chain of terms as types": (
        "jsonld",
        lambda: _chain(20_000, lambda n: f'{{"@id":"urn:p","@type":"a{n + 1}"}}', '"urn:z"'),
        EITHER,
    ),
    "contexts inside contexts": (
        "jsonld",
        lambda: _nested('{"@context":{"a":{"@id":"urn:a","@context":', "}}}", "{}"),
        EITHER,
    ),
    "graphs inside graphs": ("jsonld", lambda: _nested('{"@graph":[', "]}"), EITHER),
    "nodes inside nodes": ("jsonld", lambda: _nested('{"urn:p":', "}", '"x"'), EITHER),
    "lists inside lists": (
        "jsonld",
        lambda: '{"urn:p":' + _nested('{"@list":[', "]}") + "}",
        EITHER,
    ),
    "arrays inside arrays": ("jsonld", lambda: _nested("[", "]"), EITHER),
    "reverse properties inside each other": (
        "jsonld",
        lambda: _nested('{"@reverse":{"urn:p":', "}}", "{}"),
        EITHER,
    ),
    "included blocks inside each other": ("jsonld", lambda: _nested('{"@included":', "}", "{}"), EITHER),
    "a long vocabulary": (
        "jsonld",
        lambda: (
            f'{{"@context":{{"@vocab":"urn:{LONG}"}},' + ",".join(f'"p{n}":"x"' for n in range(1500)) + "}"
        ),
        GROWS,
    ),
    "a long base of JSON-LD": (
        "jsonld",
        lambda: (
            f'{{"@context":{{"@base":"urn:{LONG}/"}},"@graph":['
            + ",".join(f'{{"@id":"#{n}","urn:p":"x"}}' for n in range(1500))
            + "]}"
        ),
        EITHER,
    ),
    "a long prefix": (
        "ttl",
        lambda: f"@prefix a: <urn:{LONG}> .\n" + "".join(f"a:{n} a:p a:o .\n" for n in range(1000)),
        GROWS,
    ),
    "a long base": (
        "ttl",
        lambda: f"@base <http://e/{LONG}/> .\n" + "".join(f"<a{n}> <p> <o> .\n" for n in range(1000)),
        GROWS,
    ),
    "bases that add up": (
        "ttl",
        lambda: "@base <http://e/> .\n" + "@base <xxxxxxxx/> .\n<a> <p> <o> .\n" * 8000,
        GROWS,
    ),
    "a long prefix of TriG": (
        "trig",
        lambda: f"@prefix a: <urn:{LONG}> .\n" + "".join(f"a:g {{ a:{n} a:p a:o }}\n" for n in range(1000)),
        GROWS,
    ),
    "triples inside triples of Turtle": (
        "ttl",
        lambda: "<urn:a> <urn:b> " + _nested("<<( <urn:a> <urn:b> ", " )>>", "<urn:c>") + " .",
        EITHER + "|triple inside",
    ),
    "triples inside triples of N-Triples": (
        "nt",
        lambda: "<urn:a> <urn:b> " + _nested("<<( <urn:a> <urn:b> ", " )>>", "<urn:c>") + " .\n",
        EITHER + "|triple inside",
    ),
    "one triple inside a triple": (
        "nq",
        lambda: "<urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:c> )>> .\n",
        "triple inside",
    ),
    "a reified triple": ("trig", lambda: "<< <urn:a> <urn:b> <urn:c> >> <urn:p> 1 .\n", "triple inside"),
    "annotations inside annotations": (
        "ttl",
        lambda: "<urn:a> <urn:b> <urn:c> " + _nested("{| <urn:b> <urn:c> ", " |}") + " .",
        EITHER + "|triple inside",
    ),
    "a text of 17 MB": ("nt", lambda: f'<urn:a> <urn:b> "{"x" * 17_000_000}" .\n', TEXT),
    "a text of 17 MB in Turtle": ("ttl", lambda: f'<urn:a> <urn:b> """{"x" * 17_000_000}""" .\n', TEXT),
    "a text that is longer when it is escaped": (
        "ttl",
        lambda: '<urn:a> <urn:b> """' + "\n" * 12_000_000 + '""" .\n',
        TEXT,
    ),
    "a name of 17 MB": ("nq", lambda: f'<urn:{"x" * 17_000_000}> <urn:b> "" .\n', TEXT),
    "a long base of XML": (
        "rdf",
        lambda: (
            f'<rdf:RDF {RDF} xmlns:e="http://e/" xml:base="http://e/{LONG}/">'
            + '<rdf:Description rdf:about="a"><e:p rdf:resource="b"/></rdf:Description>' * 1000
            + "</rdf:RDF>"
        ),
        GROWS,
    ),
    "a long namespace of XML": (
        "rdf",
        lambda: f'<rdf:RDF {RDF} xmlns:e="http://e/{LONG}/">' + "<e:A><e:p/></e:A>" * 1000 + "</rdf:RDF>",
        GROWS,
    ),
    "bases of XML inside each other": (
        "rdf",
        lambda: (
            f'<rdf:RDF {RDF} xmlns:e="http://e/">'
            + _nested(
                f'<rdf:Description xml:base="{"x" * 3000}/"><e:p>', "</e:p></rdf:Description>", depth=4000
            )
            + "</rdf:RDF>"
        ),
        EITHER,
    ),
    "an entity": (
        "rdf",
        lambda: f'<!DOCTYPE a [<!ENTITY b "bb">]><rdf:RDF {RDF}/>',
        "a document type declaration is not read",
    ),
    "bytes that are no text": ("ttl", lambda: "<urn:a> <urn:b> \x00\x01 .", REFUSED),
}
HARMLESS: dict[str, tuple[str, Callable[[], str], int]] = {
    "blank nodes inside blank nodes": (
        "ttl",
        lambda: "<urn:a> <urn:b> " + _nested("[ <urn:p> ", " ]", "1", 20_000) + " .",
        20_001,
    ),
    "collections inside collections": (
        "trig",
        lambda: "<urn:a> <urn:b> " + _nested("( ", " )", "", 20_000) + " .",
        39_999,
    ),
    "elements inside elements": (
        "rdf",
        lambda: (
            f'<rdf:RDF {RDF} xmlns:e="http://e/">'
            + _nested("<rdf:Description><e:p>", "</e:p></rdf:Description>", "x", 5_000)
            + "</rdf:RDF>"
        ),
        5_000,
    ),
}


def _put(folder: Path, form: str, text: str) -> Path:
    path = folder / f"a.{form}"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("form", "text", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_graph_file_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, text: Callable[[], str], reason: str
) -> None:
    monkeypatch.setattr(parse, "_GROWN_BYTES", 2**22)  # what passes it would pass the real one later
    path = _put(tmp_path, form, text())
    with pytest.raises(SourceError, match=reason) as error:
        list(streamed_triples(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("form", "text", "count"), HARMLESS.values(), ids=HARMLESS)
def test_what_nests_without_growing_is_read(
    tmp_path: Path, form: str, text: Callable[[], str], count: int
) -> None:
    assert len(set(streamed_triples(_put(tmp_path, form, text())))) == count
