"""Small releases to publish, and what a server has of them."""

from __future__ import annotations

from dataclasses import replace

import pyoxigraph
import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.model import Verdict
from sphinx_policyspec.publishing import push
from sphinx_policyspec.publishing.catalogue import digest_of, read_catalogue
from sphinx_policyspec.publishing.endpoints import Server
from tests.conftest import example, principle, response, spec
from tests.graph.specs import LIBRARY

BASE = "https://example.org/spec/"
ODD = 'Say "ja" — \\u0041 \\n, née; a\\\\b\tz \N{GRINNING FACE}.'


def limit_updates(monkeypatch: pytest.MonkeyPatch, most: int = 0) -> None:
    """Change no more statements than so many in one Update, whatever the server: all else takes the place of what is there."""
    monkeypatch.setattr(push, "_MOST_CHANGED", most)
    monkeypatch.setattr(push, "_WHOLE", frozenset())


def release(version: str, *, text: str = "Be kind.", title: str = "Be kind") -> ps.Spec:
    """Return a small release."""
    shown = example("x", *(response(Verdict.GOOD, "Yes, née."), response(Verdict.BAD, "No.\n\nNever.")))
    return replace(
        spec(
            principle(
                "be_kind", title=title, text=text, blocks=(*principle("be_kind", text=text).blocks, shown)
            ),
            principle("be_brief", text=ODD),
        ),
        title="Manners",
        version=version,
        base_iri=BASE,
        topics=LIBRARY.topics,
    )


def specs(*releases: ps.Spec) -> tuple[ps.SpecReleases, ...]:
    return ps.load_specs(releases)


THREE = (
    release("1"),
    release("2", text="Be kind to law."),
    release("3", text="Be kind to law.", title="Kindness"),
)


def names(asked: Server) -> set[str]:
    """Return the graphs of a server."""
    rows = asked.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")["results"]["bindings"]
    return {row["g"]["value"] for row in rows if "example" in row["g"]["value"]}


def held(asked: Server, name: str) -> frozenset[str]:
    """Return the statements of a graph, read in this process, which is quicker than one of its own."""
    with asked.graph(name) as file:
        read = pyoxigraph.parse(path=file, format=pyoxigraph.RdfFormat.N_TRIPLES) if file else ()
        return frozenset(ntriples_lines(plain_triples(read)))


def emptied(asked: Server) -> Server:
    """Remove what tests have published."""
    for name in names(asked):
        asked.update(f"DROP SILENT GRAPH <{name}>", may_repeat=True)
    return asked


def wanted(one: ps.Spec) -> frozenset[str]:
    return frozenset(f"{line}\n" for line in ps.to_rdf(one, "nt", portable=True).decode().split("\n") if line)


def told(asked: Server, name: str) -> str:
    """Return the digest that the catalogue tells of a graph; empty where it tells none, or several."""
    entry = read_catalogue(asked, BASE).entries.get(name)
    return entry.digest if entry else ""


def is_true(asked: Server) -> bool:
    """Return whether each graph of the catalogue has the digest that it tells, where it tells one."""
    return all(
        entry.digest in {"", digest_of(held(asked, name))}
        for name, entry in read_catalogue(asked, BASE).entries.items()
    )
