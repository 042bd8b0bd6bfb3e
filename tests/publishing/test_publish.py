"""Graphs on servers: what is published is what comes back, again is nothing, and whatever fails is told and can be done again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyoxigraph
import pytest
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.alignments.sssom import read_sssom
from sphinx_policyspec.api.asking import with_beside
from sphinx_policyspec.errors import ServerError, SourceError
from sphinx_policyspec.graph.parse import plain_triples
from sphinx_policyspec.graph.releases import published_graphs, rebased, served_pieces
from sphinx_policyspec.graph.syntaxes import ntriples_lines
from sphinx_policyspec.graph.terms import DEFAULT_BASE
from sphinx_policyspec.graph.to_graph import release_iri
from sphinx_policyspec.model.proposals import Proposal
from sphinx_policyspec.proposals.check import CheckedProposal, ProposalEffects, ProposalReport
from sphinx_policyspec.publishing import push
from sphinx_policyspec.publishing.catalogue import (
    CatalogueEntry,
    catalogue_iri,
    change_update,
    digest_of,
    read_catalogue,
)
from sphinx_policyspec.publishing.description import DCAT, VOID
from sphinx_policyspec.publishing.difference import data_of, difference, lines_in
from sphinx_policyspec.publishing.endpoints import Credentials, Server, checked_url
from sphinx_policyspec.publishing.push import publish_specs
from sphinx_policyspec.publishing.remote import RemoteBase
from sphinx_policyspec.publishing.report import Way
from tests.conftest import Run, at
from tests.graph.results import RESULTS
from tests.graph.specs import LIBRARY
from tests.graph.test_feedback import said as feedback_said
from tests.publishing.graphs import BASE, THREE, held, limit_updates, names, release, specs, wanted
from tests.publishing.proxies import Proxy, proxy_to
from tests.publishing.servers import Running

VALUES = {
    "topic": "law",
    "words": "law",
    "level": "user",
    "speaker": "user",
    "provision": "tell_the_truth",
    "example": LIBRARY.examples[0].id,
    "release": "1",
}


def test_a_spec_is_published_changed_and_withdrawn(server: Running) -> None:
    asked = server.server()
    asked.update(f"INSERT DATA {{ GRAPH <{BASE}other> {{ <urn:a> <urn:b> 1 }} }}", may_repeat=True)
    first = publish_specs(specs(*THREE), asked)
    assert [(graph.version, graph.removed) for graph in first.graphs] == [
        ("1", 0),
        ("2", 0),
        ("3", 0),
        ("", 0),
    ]
    for one, graph in zip(THREE, first.graphs, strict=False):
        assert held(asked, graph.graph) == wanted(one)
        assert (graph.after, graph.digest) == (len(wanted(one)), digest_of(wanted(one)))

    before = asked.requests
    again = publish_specs(specs(*THREE), asked)
    assert {(graph.way, graph.writes) for graph in again.graphs} == {(Way.NONE, 0)}
    assert asked.requests - before == (2 if server.name == "virtuoso" else 1)

    edited = replace(
        THREE[2], provisions=(replace(THREE[2].provisions[0], title="Kind"), *THREE[2].provisions[1:])
    )
    report = publish_specs(specs(*THREE[:2], edited), asked)
    ways = {graph.version: (graph.way, graph.writes) for graph in report.graphs}
    assert ways == {"1": (Way.NONE, 0), "2": (Way.NONE, 0), "3": (Way.UPDATE, 1), "": (Way.UPDATE, 1)}
    assert 0 < report.graphs[2].added + report.graphs[2].removed <= 100
    assert held(asked, f"{BASE}release/3") == wanted(edited)

    kept = publish_specs(specs(*THREE[1:]), asked)
    assert f"{BASE}release/1" in names(asked)
    assert Way.DROP not in {graph.way for graph in kept.graphs}
    publish_specs(specs(*THREE[1:]), asked, prune=True)
    assert names(asked) == {
        catalogue_iri(BASE), f"{BASE}changes", f"{BASE}other", f"{BASE}release/2", f"{BASE}release/3",
    }  # fmt: skip
    listed = names(asked) - {catalogue_iri(BASE), f"{BASE}other"}
    assert set(read_catalogue(asked, BASE).entries) == listed
    said = held(asked, catalogue_iri(BASE))
    assert not any("/release/1" in line for line in said)
    assert listed == {line.split()[2].strip("<>") for line in said if f"{DCAT}dataset>" in line}
    counts = {
        f'<{one.graph}> <{VOID}triples> "{one.count}"' for one in read_catalogue(asked, BASE).entries.values()
    }
    assert counts == {line.partition("^^")[0] for line in said if f"{VOID}triples>" in line}
    asked.close()


def test_what_a_server_has_lost_is_put_there_again(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtuoso, killed after it has said that a swap is done, may have the catalogue and a part of the graph."""
    monkeypatch.setattr(push, "_LOSING", frozenset((server.profile,)))
    asked = server.server()
    publish_specs(specs(*THREE), asked)
    lost = sorted(wanted(THREE[1]))[:2]
    asked.update(f"DELETE DATA {{ GRAPH <{BASE}release/2> {{ {data_of(lost)} }} }}", may_repeat=True)
    for dry_run in (True, False):
        again = publish_specs(specs(*THREE), asked, dry_run=dry_run)
        assert [graph.way for graph in again.graphs] == [Way.NONE, Way.SWAP, Way.NONE, Way.NONE]
        assert again.graphs[1].before == len(wanted(THREE[1])) - 2
    assert held(asked, f"{BASE}release/2") == wanted(THREE[1])
    assert {graph.way for graph in publish_specs(specs(*THREE), asked).graphs} == {Way.NONE}
    asked.close()


def test_a_large_change_takes_the_place_of_the_old_graph(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = server.server()
    publish_specs(specs(THREE[0]), asked)
    limit_updates(monkeypatch)
    monkeypatch.setattr(push, "_PART_BYTES", 10_000)
    report = publish_specs(specs(release("1", title="Another")), asked)
    assert report.graphs[0].way is Way.SWAP
    assert report.graphs[0].writes > 2
    assert held(asked, f"{BASE}release/1") == wanted(release("1", title="Another"))
    assert not any("staging" in name for name in names(asked))
    asked.close()


ASKED = [question for question in ps.list_questions() if question.over in {"", "releases"}]


def test_every_question_is_answered_there_as_in_memory(server: Running) -> None:
    asked = server.server()
    renamed = replace(LIBRARY.provisions[0], title="Née “law”")
    releases = tuple(
        replace(
            LIBRARY, version=version, base_iri=f"{BASE}library/", provisions=(first, *LIBRARY.provisions[1:])
        )
        for version, first in (("1", LIBRARY.provisions[0]), ("2", renamed))
    )
    assert publish_specs(specs(*releases), asked).error == ""
    remote = RemoteBase(asked, f"{BASE}library/")
    rows = 0
    with ps.knowledge_base(releases[-1]) as one, ps.knowledge_base(releases) as several:
        for question in ASKED:
            params = {
                p.name: VALUES[p.type]
                for p in question.parameters
                if p.default is None or p.type in {"topic", "words"}
            }
            expected = (several if question.over else one).ask(question.name, params)
            assert remote.ask(question.name, params).rows == expected.rows, question.name
            rows += len(expected.rows)
        for words in ("née", "Née “law”", "…"):
            expected = one.ask("where-mentioned", {"text": words})
            assert remote.ask("where-mentioned", {"text": words}).rows == expected.rows
            rows += len(expected.rows)
    assert rows > 50
    with pytest.raises(ps.QueryError, match=r"unknown topic `lwa`; did you mean `law`\?"):
        remote.ask("touches", {"topic": "lwa"})
    asked.close()


@pytest.mark.parametrize("spoilt", ["cut", "drop", (503, {})])
def test_what_is_only_read_is_asked_again(proxy: Proxy, oxigraph: Running, spoilt: object) -> None:
    asked = oxigraph.server(proxy.url)
    left = [spoilt]
    proxy.spoil = lambda _method, path: left.pop() if path == "/query" and left else None
    if spoilt == "cut":
        with pytest.raises(ServerError, match="breaks off"):
            asked.select("SELECT ?a { VALUES ?a { 1 2 3 } }")
    assert len(asked.select("SELECT ?a { VALUES ?a { 1 2 3 } }")["results"]["bindings"]) == 3
    asked.close()


def test_credentials_go_to_no_other_host_and_into_no_message(proxy: Proxy) -> None:
    secret = Credentials(user="me", password="s3cret-word")
    with proxy_to(proxy.upstream) as other:
        proxy.spoil = lambda _method, _path: (307, {"Location": other.url})
        asked = Server(proxy.url, credentials=secret)
        asked.select("SELECT ?a { VALUES ?a { 1 } }")
        assert "Authorization" in proxy.seen[-1][2]
        assert "Authorization" not in other.seen[-1][2]
        proxy.spoil = lambda _method, _path: (403, {})
        for kind in (secret, Credentials(token="s3cret-word")):
            with pytest.raises(ServerError) as told:
                Server(proxy.url, credentials=kind).select("SELECT ?a { VALUES ?a { 1 } }")
            assert "s3cret-word" not in str(told.value)
        assert "s3cret" not in repr(secret)
        asked.close()


def test_a_password_is_not_sent_in_the_clear_nor_taken_from_an_address() -> None:
    with pytest.raises(ServerError, match="in the clear"):
        Server("http://elsewhere.example/sparql", credentials=Credentials(user="a", password="b")).select(
            "ASK {}"
        )
    for url in (
        "https://me:s3cret@a.example/sparql",
        "ftp://a.example",
        "https://",
        "file:///etc/passwd",
        "https://a.example:x/",
    ):
        with pytest.raises(ServerError) as told:
            checked_url(url)
        assert "s3cret" not in str(told.value)


def test_credentials_come_from_the_environment_or_netrc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine a.example login me password pw\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    assert Credentials.of("https://a.example/sparql") == Credentials(user="me", password="pw")
    assert not Credentials.of("https://b.example/sparql")
    given = {"POLICYSPEC_ENDPOINT_USER": "u", "POLICYSPEC_ENDPOINT_PASSWORD": "p"}
    assert Credentials.of("https://a.example/", given) == Credentials(user="u", password="p")
    assert Credentials.of("https://a.example/", given | {"POLICYSPEC_ENDPOINT_TOKEN": "t"}) == Credentials(
        token="t"
    )


@pytest.mark.usefixtures("swapping")
def test_a_base_may_end_with_a_hash(server: Running) -> None:
    """As those of many vocabularies do; an IRI has one fragment."""
    asked, hashed = server.server(), [replace(one, base_iri="https://example.org/n#") for one in THREE]
    before = names(asked)
    first = publish_specs(specs(*hashed), asked)
    assert (first.error, {graph.way for graph in first.graphs}) == ("", {Way.SWAP})
    assert {graph.way for graph in publish_specs(specs(*hashed), asked).graphs} == {Way.NONE}
    assert RemoteBase(asked, "https://example.org/n#").download() == tuple(hashed)
    gone = publish_specs(specs(hashed[0]), asked, prune=True)
    assert [graph.way for graph in gone.graphs].count(Way.DROP) == 2
    assert not {name for name in names(asked) - before if "staging" in name or "release/2" in name}
    asked.close()


def test_a_copy_has_as_much_as_the_catalogue_says(oxigraph: Running) -> None:
    asked = oxigraph.server()
    publish_specs(specs(*THREE), asked)
    assert RemoteBase(asked).download() == THREE
    asked.update(f"INSERT DATA {{ GRAPH <{BASE}release/2> {{ <urn:a> <urn:b> 1 }} }}", may_repeat=False)
    with pytest.raises(ServerError, match=r"statements of <.*release/2>, and the catalogue says"):
        RemoteBase(asked).download()
    assert RemoteBase(asked).download("1") == THREE[:1]
    asked.close()


def test_a_release_without_a_principle_takes_no_place(oxigraph: Running) -> None:
    asked = oxigraph.server()
    publish_specs(specs(*THREE), asked)
    with pytest.raises(SourceError, match="the release `2` has no principle: nothing was published"):
        publish_specs(specs(THREE[0], replace(THREE[1], provisions=()), THREE[2]), asked)
    assert sum(graph.writes for graph in publish_specs(specs(*THREE), asked).graphs) == 0
    asked.close()


def test_the_default_base_is_refused(oxigraph: Running) -> None:
    asked = oxigraph.server()
    for base in ("", DEFAULT_BASE):
        with pytest.raises(SourceError, match="needs a base IRI of its own"):
            publish_specs(specs(replace(THREE[0], base_iri=base)), asked)
    assert asked.requests == 0
    asked.close()


@pytest.mark.usefixtures("proxy")
def test_another_spec_below_the_same_address_is_left_alone(oxigraph: Running) -> None:
    asked = oxigraph.server()
    other = replace(THREE[0], base_iri=f"{BASE}release/")
    publish_specs(specs(other), asked)
    forged = CatalogueEntry(graph="https://example.com/theirs", version="9", digest="x", count=1)
    asked.update(change_update(forged, None, BASE, []), may_repeat=True)
    asked.update("INSERT DATA { GRAPH <https://example.com/theirs> { <urn:a> <urn:b> 1 } }", may_repeat=True)
    theirs = {name for name in names(asked) if name != catalogue_iri(BASE)}
    publish_specs(specs(THREE[1]), asked, prune=True)
    assert theirs <= names(asked)
    asked.close()


def test_the_command_publishes_and_tells(oxigraph: Running, proxy: Proxy, run: Run, tmp_path: Path) -> None:
    ps.write_rdf(THREE[0], tmp_path / "spec.ttl")
    file = str(tmp_path / "spec.ttl")
    status, out, _ = run("publish", file, "--to", oxigraph.url, "--dry-run")
    assert (status, "would be" in out) == (0, True)
    assert names(oxigraph.server()) == set()
    status, out, _ = run("publish", file, "--to", oxigraph.url, "--format", "json")
    told = json.loads(out)
    Draft202012Validator(ps.json_schema("publish")).validate(told)
    assert (status, [graph["writes"] > 0 for graph in told["graphs"]], told["errors"]) == (
        0,
        [True, True],
        [],
    )
    proxy.spoil = lambda _method, _path: (403, {})
    status, _, err = run("publish", file, "--to", proxy.url)
    assert (status, "answers 403" in err) == (2, True)
    status, _, err = run("publish", file, "--to", "http://127.0.0.1:9/query")
    assert (status, "cannot be asked" in err) == (2, True)


def test_the_command_asks_servers(oxigraph: Running, run: Run, tmp_path: Path) -> None:
    asked = oxigraph.server()
    publish_specs(specs(*THREE), asked)
    asked.close()
    for version, one in zip("123", THREE, strict=True):
        ps.write_rdf(one, tmp_path / f"{version}.ttl")
        _, there, _ = run("query", str(tmp_path / f"{version}.ttl"), "principles-by-level", "--format", "csv")
        for more in ((), ("--copy",)):
            asking = (
                "query",
                oxigraph.url,
                "principles-by-level",
                "--release",
                version,
                "--format",
                "csv",
                *more,
            )
            assert run(*asking)[:2] == (0, there)
    _, last, _ = run("query", oxigraph.url, "where-mentioned", "--param", "text=law", "--format", "csv")
    assert (
        run("query", oxigraph.url, "where-mentioned", "--param", "text=law", "--format", "csv", "--copy")[1]
        == last
    )
    status, out, _ = run("query", oxigraph.url, oxigraph.url, "principles-by-level", "--format", "csv")
    lines = out.splitlines()
    assert (status, lines[0].split(",")[0], len(lines)) == (0, "source", 1 + 2 * 2)
    status, _, err = run("query", oxigraph.url, "hard-rule")
    assert (status, "did you mean `hard-rules`?" in err) == (2, True)
    status, _, err = run("query", oxigraph.url, "hard-rules", "--release", "4")
    assert (status, "no release `4` was published" in err) == (2, True)
    for name in ("level-history", "added-since"):
        param = "provision=be_kind" if name == "level-history" else "release=1"
        asking = ("query", oxigraph.url, name, "--param", param, "--format", "csv")
        assert run(*asking) == run(*asking, "--copy")


def test_lines_are_compared_as_statements(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text(
        '<urn:a>\t<urn:b> "\\u00e9\\t" .\n# said\n<urn:a> <urn:b> "1"^^<http://www.w3.org/2001/XMLSchema#string> .\n'
    )
    found = lines_in(tmp_path / "a.nt")
    assert found == {'<urn:a> <urn:b> "é\\t" .\n', '<urn:a> <urn:b> "1" .\n'}
    assert difference(found, found).size == 0
    assert data_of(['"\\\\u0041 \\\\\\\\U"\n']) == '"\\\\\\U000000750041 \\\\\\\\\\U00000055"\n'


OWN = (
    "SELECT ?id ?t { ?p a ps:Principle ; dcterms:identifier ?id ; dcterms:title ?t } ORDER BY ?id",
    "ASK { ?p a ps:Principle }",
    "CONSTRUCT { ?p dcterms:title ?t } WHERE { ?p a ps:Principle ; dcterms:title ?t }",
    "SELECT ?g (COUNT(?p) AS ?n) { GRAPH ?g { ?p a ps:Principle } } GROUP BY ?g ORDER BY ?g",
    f"SELECT ?t FROM <{BASE}release/1> {{ ?p a ps:Principle ; dcterms:title ?t }} ORDER BY ?t",
)


def test_a_query_of_ones_own_is_answered_there_as_of_a_source(server: Running) -> None:
    asked = server.server()
    publish_specs(specs(*THREE), asked)
    remote = RemoteBase(asked)
    with ps.knowledge_base(THREE) as base:
        for sparql in OWN:
            found, expected = remote.query(sparql, "--sparql"), base.query(sparql)
            assert (found.columns, found.form) == (expected.columns, expected.form)
            assert sorted(map(str, found.rows)) == sorted(map(str, expected.rows))
            assert found.rows
    asked.close()


NAMING = (
    "SELECT ?p { ?p a ps:Principel }",
    "SELECT ?titel { ?p dcterms:title ?title }",
    "SELECT ?t { ?p dcterms:identifier 'be_knd' ; dcterms:title ?t }",
    "SELECT ?t { ?p dcterms:identifier 'be_kind' ; dcterms:title ?t }",
    "SELECT ?p { ?p ps:authority 'user' }",
    f"SELECT ?t {{ <{BASE}provision/be_knd> dcterms:title ?t }}",
    f"SELECT ?t {{ <{BASE}provision/be_kind> dcterms:title ?t }}",
    f"SELECT ?t {{ GRAPH <{BASE}release/11> {{ ?p dcterms:title ?t }} }}",
)


def test_names_that_nothing_has_are_told_as_of_a_source(server: Running) -> None:
    asked = server.server()
    publish_specs(specs(*THREE), asked)
    remote = RemoteBase(asked)
    with ps.knowledge_base(THREE) as base:
        for sparql in NAMING:
            found, expected = remote.query(sparql, "--sparql"), base.query(sparql)
            assert (found.findings, found.rows) == (expected.findings, expected.rows), sparql
    asked.close()


def test_the_command_asks_servers_queries_of_ones_own(oxigraph: Running, run: Run, tmp_path: Path) -> None:
    publish_specs(specs(*THREE), oxigraph.server())
    (tmp_path / "q.rq").write_text("SELECT ?t { ?p a ps:Principle ; dcterms:title ?t } ORDER BY ?t", "utf-8")
    asking = ("query", oxigraph.url, "--file", str(tmp_path / "q.rq"), "--format", "csv")
    _, last, _ = run(*asking)
    _, first, _ = run(*asking, "--release", "1")
    assert ("Kindness" in last, "Kindness" in first) == (True, False)
    assert run(*asking, "--copy")[:2] == (0, last)
    assert run(*asking, "--copy", "--release", "1")[:2] == (0, first)
    status, out, _ = run("query", oxigraph.url, *asking[1:])
    assert (status, out.splitlines()[0], len(out.splitlines())) == (0, "source,t", 5)
    for wrong, said in (
        ("DROP ALL", "is an update"),
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "call another server"),
        ("SELECT * { ?s ?p", "is not SPARQL"),
        ("SELECT * FROM <urn:a> { ?s ?p ?o }", "leave --release out"),
    ):
        status, out, err = run("query", oxigraph.url, "--sparql", wrong, "--release", "1")
        assert (status, out, said in err) == (2, "", True), wrong
    construct = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    status, _, err = run("query", oxigraph.url, oxigraph.url, "--sparql", construct)
    assert (status, "ask each alone" in err) == (2, True)


AGAIN = replace(LIBRARY, version="2", base_iri=f"{BASE}library/")
MEASURED = replace(RESULTS, base_iri=AGAIN.base_iri)
SAID = replace(feedback_said(), base_iri=AGAIN.base_iri)
WIDER = CheckedProposal(
    proposal=Proposal(id="wider", title="Wider", span=at(), edits=()),
    findings=(),
    fits=(),
    effects=ProposalEffects(diff=ps.diff(*THREE[:2])),
)
PROPOSED = ProposalReport(release="2", base_iri=AGAIN.base_iri, sha256="", checks=(WIDER,))
BESIDE = ps.Beside(results=MEASURED, feedback=SAID, proposals=PROPOSED)


PROPOSES = "SELECT ?g ?text { GRAPH ?g { ?p a ps:Proposal ; ps:proposes/ps:text ?text } } ORDER BY ?text"


def test_what_stands_beside_is_published_asked_and_taken_away(server: Running) -> None:
    asked, base = server.server(), AGAIN.base_iri
    one = with_beside(specs(AGAIN), BESIDE)
    first = publish_specs(one, asked)
    assert [graph.graph.removeprefix(base) for graph in first.graphs] == [
        "release/2",
        "changes",
        "results",
        "feedback",
        "proposal/wider",
    ]
    assert all(graph.after == len(held(asked, graph.graph)) > 0 for graph in first.graphs)
    assert {graph.way for graph in publish_specs(one, asked).graphs} == {Way.NONE}
    remote, rows = RemoteBase(asked, base), 0
    copied = replace(specs(AGAIN)[0], beside=remote.beside())
    with ps.knowledge_base(AGAIN, beside=BESIDE) as here, ps.knowledge_base(AGAIN) as copy:
        for graph in copied.beside:
            copy.add_graphs(graph.pieces)
        answers = [base.query(PROPOSES, "--sparql").texts for base in (here, remote, copy)]
        assert answers[0] == answers[1] == answers[2] != ()
        for name, params in (
            ("results-by-principle", {}),
            ("largest-drop", {"a": "example/one", "b": "two-1"}),
            ("open-feedback", {"topic": "law"}),
            ("most-reported", {}),
        ):
            expected = here.ask(name, params)
            # Servers write doubles as they like.
            assert [*remote.ask(name, params)] == [*expected], name
            with copied.base(ps.find_question(name)) as base_of_copy:
                assert [*base_of_copy.ask(name, params)] == [*expected], name
            rows += len(expected.rows)
    assert rows > 8
    with pytest.raises(ps.QueryError, match="ask it of their SOURCEs"):
        remote.ask("mapped")
    # An edit of it changes it alone; what says nothing any more is taken away; the rest only if it is wanted.
    fewer = publish_specs(
        with_beside(specs(AGAIN), ps.Beside(results=replace(RESULTS, rows=()), feedback=feedback_said("[]"))),
        asked,
    )
    # Of doubles that come back otherwise nobody can tell whether they are the same.
    changed = Way.SWAP if server.name == "virtuoso" else Way.UPDATE
    assert [graph.way for graph in fewer.graphs] == [Way.NONE, Way.NONE, changed, Way.DROP]
    publish_specs(specs(AGAIN), asked)
    assert f"{base}results" in names(asked)
    publish_specs(specs(AGAIN), asked, prune=True)
    assert names(asked) == {f"{base}{name}" for name in ("catalogue", "changes", "release/2")}
    with pytest.raises(ps.QueryError, match="--feedback FILE` puts that there"):
        RemoteBase(asked, base).ask("open-feedback")
    asked.close()


def two_specs(name: str = "https://example.com/alignments/a") -> tuple[ps.SpecReleases, ...]:
    """Return two specs with an alignment beside the first."""
    other = replace(THREE[0], title="Charter", base_iri=f"{BASE}charter/", name="charter")
    rows = "manners:be_kind\tskos:exactMatch\tcharter:be_kind\tsemapv:ManualMappingCuration"
    head = f"# mapping_set_id: {name}\n" if name else ""
    curies = f"# curie_map:\n#   manners: {BASE}provision/\n#   charter: {BASE}charter/provision/\n"
    text = f"{head}{curies}subject_id\tpredicate_id\tobject_id\tmapping_justification\n{rows}\n"
    return with_beside(
        ps.load_specs((THREE[0],), (other,)), ps.Beside(alignments=[read_sssom(text, "a.sssom.tsv")])
    )


@pytest.mark.usefixtures("proxy")
def test_an_alignment_is_published_beside_its_subjects_and_no_graph_of_others_is_lost(
    oxigraph: Running,
) -> None:
    asked = oxigraph.server()
    both = two_specs()
    first = publish_specs(both, asked)
    (name,) = (graph.name for graph in both[0].beside)
    assert (first.error, [graph.way for graph in first.graphs if graph.graph == name]) == ("", [Way.SWAP])
    assert held(asked, name) == frozenset(both[0].beside[0].lines())
    assert {graph.way for graph in publish_specs(both, asked).graphs} == {Way.NONE}
    # It is not below the base: no catalogue can have it taken away, and one that others have is left alone.
    publish_specs(specs(THREE[0]), asked, prune=True)
    assert name in names(asked)
    asked.update("INSERT DATA { GRAPH <https://example.com/theirs> { <urn:a> <urn:b> 1 } }", may_repeat=True)
    assert "it is left alone" in publish_specs(two_specs("https://example.com/theirs"), asked).error
    assert len(held(asked, "https://example.com/theirs")) == 1
    for wrong in ("", "https://example.com/a#b"):
        with pytest.raises(SourceError, match="as `mapping_set_id`"):
            publish_specs(two_specs(wrong), asked)
    for wrong in ("changes", "catalogue", "release/1", "charter/changes"):
        with pytest.raises(SourceError, match="two graphs would be called"):
            two_specs(f"{BASE}{wrong}")
    asked.close()


@pytest.mark.parametrize(
    "one",
    [
        with_beside(specs(*THREE))[0],
        with_beside(specs(AGAIN), BESIDE)[0],
        two_specs()[0],
    ],
)
def test_a_graph_is_the_same_at_each_door(one: ps.SpecReleases) -> None:
    """As it is published, as `serve` answers queries of it, and as it is written."""
    served: dict[str, set[str]] = {}
    for quad in pyoxigraph.parse(b"".join(served_pieces(one)), format=pyoxigraph.RdfFormat.N_QUADS):
        served.setdefault(str(quad.graph_name).strip("<>"), set()).update(
            ntriples_lines(plain_triples([quad]))
        )
    published = {str(graph.name): set(graph.lines) for graph in published_graphs(one)}
    assert {name: served[name] for name in published} == published
    assert all(published[release_iri(each)] == wanted(each) for each in one.releases)
    for graph in one.beside:
        quads = pyoxigraph.parse(b"".join(graph.pieces()), format=pyoxigraph.RdfFormat.N_QUADS)
        assert published[graph.name] == set(ntriples_lines(plain_triples(quads))) != set()
    assert served.keys() - published.keys() == {"DEFAULT"}
    assert served["DEFAULT"] == published[release_iri(one.last)]


@pytest.mark.parametrize("base", ["", "https://example.org/other/"])
def test_a_portable_file_has_what_a_server_gets(base: str) -> None:
    (one,) = rebased(specs(*THREE), base)
    written = ps.to_rdf(THREE, "nq", portable=True, base_iri=base)
    graphs: dict[str, set[str]] = {}
    for quad in pyoxigraph.parse(written, format=pyoxigraph.RdfFormat.N_QUADS):
        graphs.setdefault(str(quad.graph_name).strip("<>"), set()).update(
            ntriples_lines(plain_triples([quad]))
        )
    assert graphs == {str(graph.name): set(graph.lines) for graph in published_graphs(one)}
    alone = ps.to_rdf(THREE[0], "nt", portable=True, base_iri=base).decode().splitlines(keepends=True)
    assert graphs[release_iri(one.releases[0])] == set(alone)
