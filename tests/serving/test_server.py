"""The server that speaks HTTP: it answers what commands print, whoever asks; nothing that a client sends ends it, and nothing is left of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyoxigraph
import pytest
import rdflib
import requests
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import JSON, XML, SPARQLWrapper

import sphinx_policyspec as ps
from sphinx_policyspec.agents.desk import Desk, reread, state_of
from sphinx_policyspec.alignments.sssom import read_sssom
from sphinx_policyspec.api.asking import with_beside
from sphinx_policyspec.api.reading import ReadingOptions, load_all_checked, loaded
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS
from sphinx_policyspec.graph.releases import published_graphs
from sphinx_policyspec.serving.collection import Collection
from sphinx_policyspec.sources import Loaded
from tests.conftest import REPOSITORY, Run, require_tool

OLD = """\
# Rules {#rules}

## Be kind {#be_kind authority=user}

The assistant is kind, see [?](#tell_truth).

## Tell the truth {#tell_truth authority=root}

Never lie.
"""
NEW = OLD.replace("is kind", "must be kind") + "\n## Be brief {#be_brief authority=guideline}\n\nFew words.\n"
SLOW = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a ?d ?g ?j ?c LIMIT 1"
IDS = "SELECT ?id { ?p a ps:Principle ; dcterms:identifier ?id } ORDER BY ?id"
BASE = "https://example.org/spec/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
COMMAND = "import sys; sys.argv[0] = 'policyspec'\nfrom sphinx_policyspec.cli import main\nmain()"


@dataclass(frozen=True)
class Server:
    """A server that runs.

    :param folder: in which it was started
    """

    url: str
    process: subprocess.Popen[str]
    folder: Path

    def get(self, path: str, accept: str = "*/*", **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers={"Accept": accept, **headers}, timeout=30)

    def ask(self, query: str, accept: str = "*/*", **more: str) -> requests.Response:
        return requests.post(
            f"{self.url}sparql", data={"query": query, **more}, headers={"Accept": accept}, timeout=30
        )

    def ids(self, **more: str) -> list[str]:
        return [row["id"]["value"] for row in self.ask(IDS, **more).json()["results"]["bindings"]]

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[Server]:
    """Start a server on a free port, and end it."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", *arguments, "--bind", "127.0.0.1:0"],
        cwd=folder, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(scratch)},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = ""
        while "serving http" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        port = re.findall(r"[:](\d+)/?$", said.strip())[0]
        yield Server(f"http://127.0.0.1:{port}/", process, folder)
    finally:
        process.terminate()
        process.wait(20)
        assert process.stderr is not None
        process.stderr.close()


def write_releases(folder: Path) -> None:
    for version, text in (("2030-01-01", OLD), ("2030-02-01", NEW)):
        (folder / "all" / version).mkdir(parents=True)
        (folder / "all" / version / "model_spec.md").write_text(text, "utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    write_releases(folder)
    with served(folder, "all", "--base-iri", BASE) as found:
        yield found


# -- SPARQL --------------------------------------------------------------------------------


def test_a_query_is_answered_as_the_command_does_it(server: Server, run: Run) -> None:
    _status, printed, _said = run("query", str(server.folder / "all"), "--sparql", IDS, "--format", "json")
    assert server.ask(IDS).json() == json.loads(printed)
    assert server.ids() == ["be_brief", "be_kind", "tell_truth"]


def test_each_way_of_the_protocol_gives_the_same(server: Server) -> None:
    url = f"{server.url}sparql"
    body = {"Content-Type": "application/sparql-query; charset=utf-8"}
    ways = [
        requests.get(url, params={"query": IDS}, timeout=30),
        requests.post(url, data={"query": IDS}, timeout=30),
        requests.post(url, data=IDS.encode(), headers=body, timeout=30),
    ]
    assert [way.status_code for way in ways] == [200] * 3
    assert len({way.content for way in ways}) == 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("application/sparql-results+json,*/*;q=0.9", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
    ],
)
def test_rows_come_in_the_form_that_is_wanted(server: Server, accept: str, kind: str) -> None:
    response = server.ask(IDS, accept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert "be_kind" in response.text
    assert response.headers["Vary"] == "Accept"


def test_what_xml_cannot_hold_is_refused_there_and_told_elsewhere(server: Server) -> None:
    asked = r"SELECT ('a\u0001b' AS ?x) {}"
    refused = server.ask(asked, "application/sparql-results+xml")
    assert (refused.status_code, "U+0001" in refused.text) == (400, True)
    assert server.ask(asked, "application/json").json()["results"]["bindings"][0]["x"]["value"] == "a\x01b"


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]
)
def test_triples_come_in_the_form_that_is_wanted(server: Server, accept: str) -> None:
    response = server.ask("CONSTRUCT WHERE { ?p a ps:HardRule }", accept)
    form = pyoxigraph.RdfFormat.from_media_type(accept)
    subjects = [quad.subject.value for quad in pyoxigraph.parse(response.content, format=form)]
    assert subjects == [f"{BASE}provision/tell_truth"]


@pytest.mark.parametrize(
    ("query", "accept"), [(IDS, "text/html"), (IDS, "text/turtle"), ("ASK {}", "text/csv"), ("CONSTRUCT WHERE {?s ?p ?o}", "text/csv")]
)  # fmt: skip
def test_a_form_that_there_is_not_is_told(server: Server, query: str, accept: str) -> None:
    response = server.ask(query, accept)
    assert response.status_code == 406
    assert "application/sparql-results+json" in response.text or "text/turtle" in response.text


def test_a_client_names_the_graphs_that_a_query_looks_at(server: Server) -> None:
    old, new = f"{BASE}release/2030-01-01", f"{BASE}release/2030-02-01"
    assert server.ids(**{"default-graph-uri": old}) == ["be_kind", "tell_truth"]
    assert server.ids(**{"default-graph-uri": new}) == server.ids()
    assert server.ids(**{"default-graph-uri": f"{BASE}nothing"}) == []
    assert server.ids(**{"named-graph-uri": old}) == []
    inside = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    rows = server.ask(inside, **{"named-graph-uri": old}).json()["results"]["bindings"]
    assert [row["g"]["value"] for row in rows] == [old]
    assert server.ask(IDS, **{"default-graph-uri": "no name"}).status_code == 400


def test_what_the_rules_derive_is_in_each_release(server: Server) -> None:
    hard = "SELECT ?id { ?p a ps:HardRule ; dcterms:identifier ?id }"
    for version in ("2030-01-01", "2030-02-01"):
        rows = server.ask(hard, **{"default-graph-uri": f"{BASE}release/{version}"}).json()
        assert [row["id"]["value"] for row in rows["results"]["bindings"]] == ["tell_truth"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"query": "SELEC"}, 400),
        ({"query": "SELECT ?x { ?x"}, 400),
        ({"query": "INSERT DATA { <a:b> <c:d> 1 }"}, 400),
        ({"update": "INSERT DATA { <a:b> <c:d> 1 }"}, 400),
        ({"query": "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"}, 400),
        ({"query": "SELECT * { \\u0053ERVICE <http://example.org/> { ?s ?p ?o } }"}, 400),
        ({"query": "SELECT * {" + "{" * 3000 + "}" * 3000 + "}"}, 400),
        ({"query": "#" * 65_537}, 400),
        ({"query": "#" * 300_000}, 413),
        ({"query": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}, 400),
        ({"query": SLOW}, 503),
        ({}, 415),
        ([("query", IDS), ("query", IDS)], 400),
        ([("x", "y")] * 200, 400),
    ],
)  # fmt: skip
def test_a_query_without_an_answer_is_told_why_and_the_next_is_answered(
    server: Server, given: object, status: int
) -> None:
    response = requests.post(f"{server.url}sparql", data=given, timeout=30)  # type: ignore[arg-type]
    assert (response.status_code, response.text.count("\n")) == (status, 1)
    assert "Traceback" not in response.text
    began = time.monotonic()
    assert server.ids() == ["be_brief", "be_kind", "tell_truth"]
    assert time.monotonic() - began < 5  # it does not wait for the one before


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/sparql-update", b"CLEAR ALL", 400),
        ("text/plain", IDS.encode(), 415),
        ("application/sparql-query", b"\xff", 400),
        ("application/x-www-form-urlencoded", b"query=%FF", 400),
    ],
)
def test_a_body_that_is_no_query_is_told(server: Server, kind: str, body: bytes, status: int) -> None:
    response = requests.post(f"{server.url}sparql", data=body, headers={"Content-Type": kind}, timeout=30)
    assert response.status_code == status


def test_clients_of_others_get_their_rows(server: Server) -> None:
    wrapper = SPARQLWrapper(f"{server.url}sparql")
    wrapper.setQuery(
        f"PREFIX ps: <https://w3id.org/policyspec#> PREFIX dcterms: <http://purl.org/dc/terms/> {IDS}"
    )
    for form in (JSON, XML):
        wrapper.setReturnFormat(form)
        found = wrapper.queryAndConvert()
        text = json.dumps(found) if isinstance(found, dict) else found.toxml()  # type: ignore[union-attr]  # XML
        assert all(id_ in text for id_ in server.ids())
    store = SPARQLStore(f"{server.url}sparql")
    rows = rdflib.Graph(store).query(IDS)
    assert [str(row[0]) for row in rows] == server.ids()  # type: ignore[index]


def test_many_ask_at_once(server: Server) -> None:
    with ThreadPoolExecutor(20) as threads:
        found = [*threads.map(lambda _: server.ids(), range(100))]
    assert found == [["be_brief", "be_kind", "tell_truth"]] * 100


def test_the_endpoint_says_what_it_is(server: Server) -> None:
    graph = rdflib.Graph().parse(data=server.get("sparql").content, format="ttl")
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert (rdflib.URIRef(f"{server.url}sparql"), rdflib.RDF.type, sd.Service) in graph
    names = {str(name) for name in graph.objects(None, sd.name)}
    assert names == {f"{BASE}release/2030-01-01", f"{BASE}release/2030-02-01", f"{BASE}changes"}
    asked = server.ask("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }").json()["results"]["bindings"]
    assert {row["g"]["value"] for row in asked} == names


# -- graphs and questions ------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "accept"), [("ttl", "text/turtle"), ("nt", "application/n-triples"), ("jsonld", "application/ld+json"), ("rdf", "application/rdf+xml")])  # fmt: skip
def test_a_release_is_what_the_command_writes(server: Server, run: Run, suffix: str, accept: str) -> None:
    one = str(server.folder / "all" / "2030-01-01")
    _status, printed, _said = run("graph", one, "--portable", "--base-iri", BASE, "--format", suffix)
    by_accept, by_suffix = server.get("graph/2030-01-01", accept), server.get(f"graph/2030-01-01.{suffix}")
    assert by_accept.content == by_suffix.content == printed.encode()
    assert by_accept.headers["Content-Type"].startswith(accept)


def test_a_client_that_has_a_graph_does_not_get_it_again(server: Server) -> None:
    first = server.get("graph/2030-01-01")
    again = server.get("graph/2030-01-01", **{"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    other = server.get("graph/2030-02-01", **{"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    assert len({server.get(f"graph/2030-01-01.{form}").headers["ETag"] for form in ("ttl", "nt")}) == 2


def test_changes_are_a_graph(server: Server) -> None:
    rows = server.ask(f"SELECT ?text {{ GRAPH <{BASE}changes> {{ ?c ps:text ?text }} }}").json()
    texts = {row["text"]["value"] for row in rows["results"]["bindings"]}
    graph = rdflib.Graph().parse(data=server.get("graph/changes").content, format="ttl")
    ps_text = rdflib.URIRef("https://w3id.org/policyspec#text")
    assert texts == {str(text) for text in graph.objects(None, ps_text)}
    assert texts


@pytest.mark.parametrize("path", ["graph/2031-01-01", "graph/../../../etc/passwd", "graph/..%2f..%2fetc%2fpasswd", "graph/", "questions/no-such", "questions/..", "..%2fetc", "%00", "graph/%ff"])  # fmt: skip
def test_what_is_not_there_is_told(server: Server, path: str) -> None:
    wait_for(lambda: server.get("").status_code != 503)
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    connection.request("GET", f"/{path}")
    response = connection.getresponse()
    assert response.status in {400, 404}
    assert b"root:" not in response.read()
    connection.close()


@pytest.mark.parametrize("question", [q.name for q in ps.list_questions() if q.over in {"", "releases"}])
def test_a_question_is_answered_as_the_command_does_it(server: Server, run: Run, question: str) -> None:
    values = {
        "provision": "be_kind",
        "text": "kind",
        "words": "kind",
        "release": "2030-02-01",
        "topic": "",
        "example": "",
    }
    asked = ps.find_question(question)
    params = {p.name: values[p.type] for p in asked.parameters if p.default is None}
    source = "all" if asked.over else "all/2030-02-01"
    options = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    status, printed, said = run("query", str(server.folder / source), question, *options, "--format", "json")
    response = server.get(f"questions/{question}?" + "&".join(f"{n}={quote(v)}" for n, v in params.items()))
    if status:
        assert response.status_code == 400
        assert response.text.strip() in said
    else:
        assert response.json() == json.loads(printed)


def test_questions_are_listed_and_take_a_release_and_refuse_what_they_do_not_take(server: Server) -> None:
    listed = server.get("questions").json()["questions"]
    assert [one["name"] for one in listed] == [one.name for one in ps.list_questions()]
    old = server.get("questions/principles-by-level?release=2030-01-01", "text/csv").text
    assert "be_brief" not in old
    assert "be_brief" in server.get("questions/principles-by-level", "text/csv").text
    for path, status in (
        ("hard-rules?release=2031-01-01", 404),
        ("hard-rules?spec=other", 404),
        ("hard-rules?colour=red", 400),
        ("where-mentioned", 400),
        ("where-mentioned?text=a&text=b", 400),
        ("same-case-decided-by-each?case=/etc/passwd", 400),
    ):
        response = server.get(f"questions/{path}")
        assert (response.status_code, response.text.count("\n")) == (status, 1), path


def test_the_data_are_described(server: Server) -> None:
    graph = rdflib.Graph().parse(data=server.get(".well-known/void").content, format="ttl")
    dumps = {str(url) for url in graph.objects(None, rdflib.URIRef("http://rdfs.org/ns/void#dataDump"))}
    assert len(dumps) == 12
    void, dcat = (rdflib.Namespace(f"http://{name}#") for name in ("rdfs.org/ns/void", "www.w3.org/ns/dcat"))
    names = {
        rdflib.URIRef(f"{BASE}{name}") for name in ("release/2030-01-01", "release/2030-02-01", "changes")
    }
    assert names == set(graph.objects(None, void.subset)) | set(graph.objects(None, dcat.hasVersion))
    assert all((name, rdflib.DCTERMS.title, None) in graph for name in names)
    for url in dumps:
        assert requests.head(url, timeout=30).status_code == 200


def test_an_iri_leads_to_its_place_and_to_what_is_known_of_it(server: Server) -> None:
    wait_for(lambda: server.get("").status_code != 503)
    page = server.get("resource/provision/be_brief", "text/html")
    assert page.history[0].status_code == 303
    assert "/2030-02-01/" in page.url
    assert 'id="be_brief"' in page.text
    for accept in ("text/turtle", "application/ld+json"):
        about = server.get("resource/provision/be_brief", accept)
        assert "Be brief" in about.text
        assert about.headers["Content-Type"].startswith(accept)
    assert server.get("resource/release/2030-01-01", "text/html").url.endswith("/2030-01-01/index.html")
    for path in ("", "provision/nobody", "provision/%3E%20x", "provision/<x>"):
        assert server.get(f"resource/{path}").status_code == 404, path


def run_proxy(program: str, conf: Path, url: str) -> subprocess.Popen[bytes]:
    """Start a web server of others in front of ours."""
    words = ["-c", str(conf)] if program.endswith("nginx") else ["-X", "-f", str(conf)]
    process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_there() -> bool:
        try:
            return requests.get(url, timeout=5).status_code > 0
        except requests.ConnectionError:
            return False

    wait_for(is_there, 20)
    return process


def documented(language: str) -> str:
    """Return the configuration that the documentation has for a server of others."""
    text = (REPOSITORY / "docs" / "how-to" / "serve.md").read_text("utf-8")
    return str(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[0])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_the_documented_nginx_leads_to_it(tmp_path: Path) -> None:
    nginx = require_tool("nginx")
    write_releases(tmp_path)
    with served(tmp_path, "all", "--no-handbook", "--public-url", "https://spec.example.org/") as one:
        port = free_port()
        config = documented("nginx").replace("listen 8080", f"listen 127.0.0.1:{port}")
        config = config.replace("http://127.0.0.1:8000", one.url.rstrip("/")).replace(
            "/var/cache/nginx", str(tmp_path)
        )
        here = (
            "user root; " if os.getuid() == 0 else ""
        ) + "daemon off; pid {0}/pid; error_log {0}/log; events {{}} http {{ access_log off; {1} {2} }}"
        temporary = " ".join(
            f"{name}_temp_path {tmp_path}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tmp_path / "nginx.conf").write_text(here.format(tmp_path, temporary, config), "utf-8")
        process = run_proxy(nginx, tmp_path / "nginx.conf", f"http://127.0.0.1:{port}/questions")
        try:
            named = {"Host": "spec.example.org"}
            asked = requests.post(
                f"http://127.0.0.1:{port}/sparql", data={"query": IDS}, headers=named, timeout=30
            )
            assert [row["id"]["value"] for row in asked.json()["results"]["bindings"]] == one.ids()
            graph = requests.get(f"http://127.0.0.1:{port}/graph/2030-01-01.nt", headers=named, timeout=30)
            assert graph.content == one.get("graph/2030-01-01.nt").content
            many = [
                requests.post(
                    f"http://127.0.0.1:{port}/sparql", data={"query": "ASK {}"}, headers=named, timeout=30
                ).status_code
                for _ in range(60)
            ]
            assert set(many) == {200, 503}
        finally:
            process.terminate()
            process.wait(20)


def test_the_documented_redirects_lead_from_a_base_to_it(server: Server, tmp_path: Path) -> None:
    apache = require_tool("apache2")
    wait_for(lambda: server.get("").status_code != 503)
    port = free_port()
    folder = tmp_path / "www" / "acme" / "spec"
    folder.mkdir(parents=True)
    rules = documented("apache").replace("https://spec.example.org/", server.url)
    (folder / ".htaccess").write_text(rules, "utf-8")
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "rewrite")
    )
    conf = f"""{modules}Listen 127.0.0.1:{port}
ServerName localhost
PidFile {tmp_path}/pid
ErrorLog {tmp_path}/log
Mutex file:{tmp_path} default
DocumentRoot {tmp_path}/www
<Directory {tmp_path}/www>
AllowOverride All
Require all granted
</Directory>
"""
    (tmp_path / "apache.conf").write_text(conf, "utf-8")
    (tmp_path / "www" / "here").write_text("", "utf-8")
    base = f"http://127.0.0.1:{port}/acme/spec/"
    process = run_proxy(apache, tmp_path / "apache.conf", f"http://127.0.0.1:{port}/here")
    try:
        page = requests.get(f"{base}provision/be_kind", headers={"Accept": "text/html"}, timeout=30)
        assert page.url.endswith("#be_kind")
        about = requests.get(f"{base}provision/be_kind", headers={"Accept": "text/turtle"}, timeout=30)
        assert f"{BASE}provision/" in about.text
        asked = requests.get(f"{base}provision/h%C3%B6f~2", allow_redirects=False, timeout=30)
        assert asked.headers.get("Location", asked.text) == f"{server.url}resource/provision/h%C3%B6f~2"
        whole = requests.get(f"{base}release/2030-01-01", headers={"Accept": "text/turtle"}, timeout=30)
        assert whole.content == server.get("graph/2030-01-01.ttl").content
    finally:
        process.terminate()
        process.wait(20)


# -- the handbook, and manners -------------------------------------------------------------


def wait_for(ready: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_handbook_is_there_when_it_is_built(server: Server) -> None:
    wait_for(lambda: server.get("").status_code != 503)
    page = server.get("2030-02-01/index.html")
    assert "Be brief" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "script-src 'self'" in policy
    assert server.get("2030-02-01/../../../etc/passwd").status_code == 404


@pytest.mark.parametrize("path", ["", "sparql", "graph/2030-01-01", "questions", "nothing"])
def test_each_answer_has_its_guards(server: Server, path: str) -> None:
    headers = server.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
@pytest.mark.parametrize("path", ["graph/2030-01-01", "questions/hard-rules", ""])
def test_nothing_can_be_written(server: Server, method: str, path: str) -> None:
    assert requests.request(method, server.url + path, data="x", timeout=30).status_code in {405, 503}


def test_a_name_of_a_stranger_is_refused(server: Server) -> None:
    assert server.get("sparql", Host="attacker.example").status_code == 400


def test_slow_clients_and_idle_ones_keep_nobody_out(server: Server) -> None:
    with ExitStack() as stack:
        with suppress(OSError):
            for _ in range(900):
                stack.enter_context(socket.create_connection(server.address, 5))
        drip = stack.enter_context(socket.create_connection(server.address, 5))
        drip.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nquery=")
        assert server.ids() == ["be_brief", "be_kind", "tell_truth"]
        drip.settimeout(20)
        with suppress(ConnectionResetError):
            assert drip.recv(100) == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_in_a_refusal(server: Server, sent: bytes) -> None:
    with socket.create_connection(server.address, 20) as connection:
        with suppress(OSError):
            connection.sendall(sent)
        with suppress(ConnectionResetError):
            answer = connection.recv(100)
            assert answer.startswith(b"HTTP/1.1 4"), answer
    assert server.ids()


def test_a_killed_process_of_queries_is_replaced(server: Server) -> None:
    children = subprocess.run(
        ["pgrep", "-P", str(server.process.pid), "-f", "graph.child"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert len(children) == 2
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    wait_for(lambda: server.ask(IDS).status_code == 200)
    assert [server.ask(IDS).status_code for _ in range(6)] == [200] * 6


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_it_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    write_releases(tmp_path)
    with served(tmp_path, "all/2030-01-01") as one:
        with socket.create_connection(one.address, 5) as gone:
            gone.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nq")
        pool = ThreadPoolExecutor(1)
        asked = pool.submit(lambda: one.ask(SLOW.replace("ORDER BY ?a ?d ?g ?j ?c LIMIT 1", "")).status_code)
        time.sleep(0.5)
        group = subprocess.run(
            ["pgrep", "-P", str(one.process.pid)], capture_output=True, text=True, check=False
        )
        children = [int(child) for child in group.stdout.split()]
        one.process.send_signal(how)
        one.process.wait(20)
        assert one.process.stderr is not None
        assert "Disconnect" not in one.process.stderr.read()
        with suppress(requests.ConnectionError):
            asked.result()
        pool.shutdown()
    assert children
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_a_query_whose_client_has_left_keeps_nobody_waiting(tmp_path: Path) -> None:
    write_releases(tmp_path)
    asked = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER (CONCAT(STR(?a), STR(?f)) = STR(?i)) }"
    with served(tmp_path, "all", "--no-handbook", "--workers", "1") as one:
        assert one.ids()
        address = urlsplit(one.url)
        for _ in range(3):
            with socket.create_connection((address.hostname, address.port)) as client:
                head = f"GET /sparql?query={quote(asked)} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
                client.sendall(head.encode())
                client.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    client.recv(1)
        begun = time.monotonic()
        assert one.ids()
        # One such query alone would take ten seconds.
        assert time.monotonic() - begun < 9


def test_a_changed_source_is_read_again(tmp_path: Path) -> None:
    write_releases(tmp_path)
    with served(tmp_path, "all/2030-01-01", "--watch", "--no-handbook") as one:
        assert one.ids() == ["be_kind", "tell_truth"]
        tag = one.get("graph/2030-01-01").headers["ETag"]
        assert one.get("").status_code == 404
        shutil.copy(tmp_path / "all/2030-02-01/model_spec.md", tmp_path / "all/2030-01-01/model_spec.md")
        wait_for(lambda: one.ids() == ["be_brief", "be_kind", "tell_truth"])
        assert one.get("graph/2030-01-01").headers["ETag"] != tag


def test_a_text_that_lost_its_principles_takes_no_place(tmp_path: Path) -> None:
    write_releases(tmp_path)

    def read() -> Desk:
        releases = [loaded(tmp_path / "all" / version) for version in ("2030-01-01", "2030-02-01")]
        return Desk.of([("all", releases, {})])

    desk = read()
    (tmp_path / "all" / "2030-02-01" / "model_spec.md").write_bytes(NEW.encode("utf-16-le"))
    kept, problem = reread(desk, read)
    assert (kept is desk, problem) == (True, "`all/2030-02-01` has no principle any more")
    (tmp_path / "all" / "2030-02-01" / "model_spec.md").write_text(NEW, "utf-8")
    again, problem = reread(desk, read)
    assert (again is desk, problem) == (False, "")


def test_several_specs_are_told_apart(tmp_path: Path) -> None:
    write_releases(tmp_path)
    (tmp_path / "charter.md").write_text(
        "---\ntitle: Charter\n---\n# Charter\n\n## We listen\n\nWe do.\n", "utf-8"
    )
    with served(
        tmp_path, "all", "charter.md", "--name", "rules", "--name", "charter", "--no-handbook"
    ) as one:
        assert "charter" in one.get("graph/charter/undated", "text/turtle").text
        assert one.get("graph/rules/2030-01-01").status_code == 200
        assert one.get("graph/2030-01-01").status_code == 404
        rows = one.get("questions/principles-by-level?spec=rules", "text/csv").text
        assert "be_brief" in rows
        graph = rdflib.Graph().parse(data=one.get(".well-known/void").content, format="ttl")
        for url in graph.objects(None, rdflib.URIRef("http://rdfs.org/ns/void#dataDump")):
            assert requests.head(str(url), timeout=30).status_code == 200


@pytest.mark.parametrize("bind", ["8000", "localhost:", "localhost:99999", "localhost:x", "256.0.0.1:80"])
def test_an_address_that_is_none_is_told(tmp_path: Path, run: Run, bind: str) -> None:
    write_releases(tmp_path)
    status, _printed, said = run("serve", str(tmp_path / "all"), "--bind", bind, "--no-handbook")
    assert status == 2
    assert bind.partition(":")[0] in said


def test_an_address_that_is_taken_is_told(tmp_path: Path, run: Run) -> None:
    write_releases(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _printed, said = run(
            "serve", str(tmp_path / "all"), "--bind", f"127.0.0.1:{taken.getsockname()[1]}"
        )
    assert (status, "cannot be listened on" in said) == (2, True)


def test_scripts_of_any_site_read_answers_where_that_is_wanted(tmp_path: Path) -> None:
    write_releases(tmp_path)
    with served(tmp_path, "all", "--cors", "--no-handbook", "--public-url", "https://spec.example/x") as one:
        response = one.get("sparql", Origin="https://elsewhere.example", Host="spec.example")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "<https://spec.example/x/sparql>" in response.text


@pytest.mark.parametrize(
    "given",
    [("--bind", "127.0.0.1:8000"), ("--cors",), ("--workers", "2"), ("--public-url", "https://a/"), ("--no-handbook",)],
)  # fmt: skip
def test_what_a_server_for_agents_has_no_use_for_is_refused(
    tmp_path: Path, run: Run, given: tuple[str, ...]
) -> None:
    write_releases(tmp_path)
    status, out, err = run("serve", str(tmp_path / "all"), "--mcp", *given)
    assert (status, out) == (2, "")
    assert f"{given[0]} is of the server that speaks HTTP" in err


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "werkzeug"])
def test_a_server_without_its_packages_says_which(
    tmp_path: Path, run: Run, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    write_releases(tmp_path)
    status, out, err = run("serve", str(tmp_path / "all"))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "pip install 'sphinx-policyspec[serve]'" in err
    assert missing in err


def test_what_stands_beside_is_served_as_it_is_published(tmp_path: Path) -> None:
    write_releases(tmp_path)
    register = tmp_path / "feedback.yaml"
    register.write_text("- {id: a, title: Too kind, provisions: [be_kind]}\n", "utf-8")
    read = load_all_checked(tmp_path / "all")
    desk = Desk.of([("all", read, {})], ps.BesideFiles(feedback=(str(register),)))
    collection = Collection(desk, 1, DEFAULT_LIMITS)
    try:
        (one,) = collection.specs
        published = {graph.name: set(graph.lines) for graph in published_graphs(one)}
        for label, graph in collection.others(one).items():
            lines = collection.graph(one.name, label, "nt").data.decode().splitlines(keepends=True)
            assert set(lines) == published[graph.name], label
            assert len(lines) > 1
        assert [*collection.others(one)] == ["changes", "feedback"]
        assert [row["feedback"] for row in desk.ask("open-feedback", {}).to_dicts()] == ["a"]
        state = state_of(desk)
        register.write_text("[]\n", "utf-8")
        assert state_of(desk) != state
    finally:
        collection.close()
    with pytest.raises(SourceError, match="of one spec, and here are several"):
        with_beside((one, one), desk.shelf().beside)


def test_an_id_that_a_principle_had_before_leads_to_it(tmp_path: Path) -> None:
    write_releases(tmp_path)
    (tmp_path / "mine.yaml").write_text("provisions: {be_brief: {aliases: [be_terse]}}\n", "utf-8")
    source = (str(tmp_path / "all" / "2030-02-01"), "--annotations", str(tmp_path / "mine.yaml"))
    with served(tmp_path, *source, "--base-iri", BASE, "--no-handbook") as one:
        former = one.get("resource/provision/be_terse", "text/turtle")
        assert [each.status_code for each in former.history] == [303]
        assert former.url == f"{one.url}resource/provision/be_brief"
        known = rdflib.Graph().parse(data=former.text, format="ttl")
        brief, terse = (rdflib.URIRef(f"{BASE}provision/be_{name}") for name in ("brief", "terse"))
        assert (brief, rdflib.OWL.sameAs, terse) in known
        assert one.get("resource/provision/be_nobody", "text/turtle").status_code == 404


def test_no_question_of_a_client_names_a_file_of_this_machine(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(OLD.replace("# Rules", f"# Rules {name}"), "utf-8")
    read: list[tuple[str, Sequence[Loaded], ReadingOptions]] = [
        (name, [loaded(tmp_path / f"{name}.md", spec_name=name)], {}) for name in ("a", "b")
    ]
    head = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    row = "be_kind\tskos:exactMatch\tbe_kind\tsemapv:ManualMappingCuration\n"
    desk = Desk.of(read, alignments=[read_sssom(head + row, "a.sssom.tsv")])
    try:
        assert len(desk.ask("mapped", {}).rows) == 2
        with pytest.raises(ps.QueryError, match="looks at several specs"):
            desk.ask("same-case-decided-by-each", {"case": str(tmp_path)})
    finally:
        desk.close()


def test_an_id_of_an_older_release_leads_to_the_thing_as_it_is_called_now(tmp_path: Path) -> None:
    write_releases(tmp_path)
    newer = tmp_path / "all" / "2030-03-01"
    newer.mkdir()
    text = (tmp_path / "all" / "2030-02-01" / "model_spec.md").read_text("utf-8")
    (newer / "model_spec.md").write_text(text.replace("be_kind", "be_warm"), "utf-8")
    with served(tmp_path, "all", "--base-iri", BASE, "--no-handbook") as one:
        former = one.get("resource/provision/be_kind", "text/turtle")
        assert former.url == f"{one.url}resource/provision/be_warm"
        known = rdflib.Graph().parse(data=former.text, format="ttl")
        warm, kind = (rdflib.URIRef(f"{BASE}provision/be_{name}") for name in ("warm", "kind"))
        assert (warm, rdflib.OWL.sameAs, kind) in known
