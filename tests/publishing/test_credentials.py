"""Who we are to a server: basic and bearer before a server of others, and nothing of a password anywhere else."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import sphinx_policyspec as ps
from sphinx_policyspec.errors import ServerError
from sphinx_policyspec.publishing.endpoints import Credentials, Server
from sphinx_policyspec.publishing.push import publish_specs
from tests.conftest import REPOSITORY, require_tool
from tests.publishing.graphs import BASE, THREE, held, specs, wanted
from tests.publishing.proxies import Proxy
from tests.publishing.servers import PAUSE, Running, free_port

SECRET = "s3cret-w0rd"
SITE = "https://a.example/sparql"
COMMAND = "import sys; sys.argv[0] = 'policyspec'\nfrom sphinx_policyspec.cli import main\nmain()"
HEADERS = {
    "basic": f"Basic {base64.b64encode(f'me:{SECRET}'.encode()).decode()}",
    "bearer": f"Bearer {SECRET}",
}
KINDS = {"basic": Credentials(user="me", password=SECRET), "bearer": Credentials(token=SECRET)}
GIVEN = {
    "basic": {"POLICYSPEC_ENDPOINT_USER": "me", "POLICYSPEC_ENDPOINT_PASSWORD": SECRET},
    "bearer": {"POLICYSPEC_ENDPOINT_TOKEN": SECRET},
}


@pytest.fixture(scope="module", params=KINDS)
def guarded(
    request: pytest.FixtureRequest, alone: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, Path]]:
    """A web server that lets in who has a password or a token, before one of graphs: kind, address, folder."""
    nginx = require_tool("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    upstream = alone.url.removesuffix("/query")
    user = "user root; " if os.getuid() == 0 else ""
    places = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = f"""{user}daemon off; pid {folder}/pid; error_log {folder}/log; events {{}}
http {{ access_log {folder}/access; {places}
server {{ listen 127.0.0.1:{port}; location / {{
  if ($http_authorization != "{HEADERS[request.param]}") {{ return 401 "who are you?"; }}
  proxy_pass {upstream};
}} }} }}"""
    (folder / "nginx.conf").write_text(conf, "utf-8")
    process = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/query"
        _wait(url)
        yield request.param, url, folder
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            PAUSE.wait(0.1)
        else:
            return
    raise AssertionError(url)


def test_who_may_publishes_and_who_may_not_is_told(guarded: tuple[str, str, Path], oxigraph: Running) -> None:
    kind, url, folder = guarded
    others = [one for name, one in KINDS.items() if name != kind]
    for wrong in (Credentials(), Credentials(user="me", password="wrong"), *others):
        asked = Server(url, profile="oxigraph", credentials=wrong)
        report = publish_specs(specs(THREE[0]), asked)
        assert "answers 401" in report.error
        assert "POLICYSPEC_ENDPOINT_USER" in report.error
        asked.close()
    asked = Server(url, profile="oxigraph", credentials=KINDS[kind])
    assert publish_specs(specs(THREE[0]), asked).error == ""
    asked.close()
    assert held(oxigraph.server(), f"{BASE}release/1") == wanted(THREE[0])
    assert SECRET not in (folder / "access").read_text("utf-8")


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("then", ["hang", (403, {}), (200, {})])
def test_a_password_is_in_no_output_and_in_no_list_of_processes(
    proxy: Proxy, tmp_path: Path, kind: str, then: object
) -> None:
    """While the command waits for an answer, and when it has got one that repeats what it sent."""
    ps.write_rdf(THREE[0], tmp_path / "spec.ttl")
    proxy.spoil = lambda _method, _path: then
    command = [sys.executable, "-c", COMMAND, "publish", "spec.ttl", "--to", proxy.url]
    environment = {**os.environ, **GIVEN[kind], "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            while not proxy.seen and process.poll() is None:
                PAUSE.wait(0.05)
            lists = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
            proxy.over.set()
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert HEADERS[kind] in {headers.get("Authorization") for _, _, headers in proxy.seen}
    assert process.returncode == 2
    assert "Traceback" not in out
    assert proxy.url in out
    for shown in (out, *(one.decode(errors="replace") for one in lists)):
        assert SECRET not in shown
        assert HEADERS["basic"].split()[1] not in shown
    for file in tmp_path.rglob("*"):
        assert SECRET.encode() not in (file.read_bytes() if file.is_file() else b"")


@pytest.mark.parametrize("name", ["TOKEN", "USER", "PASSWORD"])
@pytest.mark.parametrize("text", ["s3cret\nw0rd", "s3cret\x00w0rd", "s3cret\rw0rd", "s3cret\udcffw0rd"])
def test_a_secret_that_no_request_can_hold_is_refused_and_not_shown(name: str, text: str) -> None:
    given = {"POLICYSPEC_ENDPOINT_USER": "me", f"POLICYSPEC_ENDPOINT_{name}": text}
    with pytest.raises(ServerError, match=f"POLICYSPEC_ENDPOINT_{name} contains a character") as told:
        Credentials.of(SITE, given)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_end_of_a_file_of_secrets_is_no_part_of_one(end: str) -> None:
    given = {f"POLICYSPEC_ENDPOINT_{name}": f" {name} {end}" for name in ("USER", "PASSWORD")}
    assert Credentials.of(SITE, given) == Credentials(user=" USER ", password=" PASSWORD ")
    assert Credentials.of(SITE, {"POLICYSPEC_ENDPOINT_TOKEN": f"t{end}"}) == Credentials(token="t")


def test_half_of_what_says_who_we_are_is_told() -> None:
    with pytest.raises(ServerError, match="POLICYSPEC_ENDPOINT_USER is not"):
        Credentials.of(SITE, {"POLICYSPEC_ENDPOINT_PASSWORD": SECRET})


def test_a_netrc_that_cannot_be_read_is_told_without_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text(f"machine a.example\nlogin me passwrd {SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    with pytest.raises(ServerError, match="line 2, cannot be read as a netrc") as told:
        Credentials.of(SITE, {})
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("challenge", ["Basic", 'Digest realm="r", nonce="n", qop="auth"'])
def test_a_password_may_hold_any_letter(proxy: Proxy, challenge: str) -> None:
    """As UTF-8, whichever way it is sent."""
    proxy.spoil = lambda _method, _path: (401, {"WWW-Authenticate": challenge})
    asked = Server(proxy.url, credentials=Credentials(user="mé€", password="pw€"))
    with pytest.raises(ServerError, match="answers 401"):
        asked.select("ASK {}")
    asked.close()
    sent = [headers.get("Authorization", "") for _, _, headers in proxy.seen]
    if challenge == "Basic":
        assert sent == [f"Basic {base64.b64encode('mé€:pw€'.encode()).decode()}"]
    else:
        assert 'username="mé€"' in sent[-1].encode("latin-1").decode()
