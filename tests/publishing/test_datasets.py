"""Which graphs a server looks at, and whom it may call."""

from __future__ import annotations

import sphinx_policyspec as ps
from sphinx_policyspec.publishing.endpoints import Server
from sphinx_policyspec.publishing.push import publish_specs
from sphinx_policyspec.publishing.remote import RemoteBase
from tests.conftest import Run
from tests.publishing.graphs import BASE, THREE, specs
from tests.publishing.proxies import deaf_to
from tests.publishing.servers import Running


def test_a_server_that_is_deaf_to_what_stands_beside_a_query_looks_at_the_same_graphs(
    oxigraph: Running,
) -> None:
    published = oxigraph.server()
    assert publish_specs(specs(*THREE), published).error == ""
    published.close()
    titles = "SELECT ?t { ?p a ps:Principle ; dcterms:title ?t } ORDER BY ?t"
    graphs = "SELECT ?g (COUNT(?p) AS ?n) { GRAPH ?g { ?p a ps:Principle } } GROUP BY ?g ORDER BY ?g"
    with deaf_to(oxigraph.url) as url:
        asked = Server(url)
        remote = RemoteBase(asked)
        for number, one in enumerate(THREE, 1):
            with ps.knowledge_base(one) as base:
                for name in ("principles-by-level", "principles-without-prompt"):
                    assert remote.ask(name, release=f"{number}").rows == base.ask(name).rows != ()
                assert (
                    remote.query(titles, "--sparql", release=f"{number}").rows
                    == base.query(titles).rows
                    != ()
                )
                made = remote.query(
                    "CONSTRUCT { ?p ps:was ?t } { ?p a ps:Principle ; dcterms:title ?t }",
                    "--sparql",
                    release=f"{number}",
                )
                assert len(made.rows) == 2
        with ps.knowledge_base(THREE) as several:
            history = {"provision": "be_kind"}
            assert (
                remote.ask("level-history", history).rows == several.ask("level-history", history).rows != ()
            )
        assert remote.query(graphs, "--sparql").texts == tuple((f"{BASE}release/{n}", "2") for n in "123")
        asked.close()


def test_a_server_calls_others_only_where_that_is_allowed(oxigraph: Running, run: Run) -> None:
    publish_specs(specs(*THREE), oxigraph.server())
    inner = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{BASE}release/1> {{ ?x a <https://w3id.org/policyspec#Principle> }} }}"
    sparql = f"SELECT ?n {{ ?p dcterms:title 'Kindness' .SERVICE <{oxigraph.url}> {{ {inner} }} }}"
    asking = ("query", oxigraph.url, "--format", "csv", "--sparql")
    status, out, err = run(*asking, sparql)
    assert (status, out, "call another server; `--allow-service` lets it" in err) == (2, "", True)
    status, out, err = run(*asking, sparql, "--allow-service")
    assert (status, out.split(), err) == (0, ["n", "2"], "")
    for wrong, said in (
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "is an update"),
        (sparql[:-1], "is not SPARQL"),
        (sparql.replace("SERVICE", r"\u0053ERVICE"), "is not SPARQL"),
    ):
        status, out, err = run(*asking, wrong, "--allow-service")
        assert (status, out, said in err) == (2, "", True), wrong
    for arguments in (
        (*asking, sparql, "--allow-service", "--copy"),
        ("query", oxigraph.url, "hard-rules", "--allow-service"),
        ("query", "spec.ttl", "--sparql", sparql, "--allow-service"),
    ):
        status, out, err = run(*arguments)
        assert (status, out, "--allow-service" in err) == (2, "", True)
