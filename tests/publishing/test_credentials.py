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
from sphinx_policyspec.publishing.endpoints import Credentials, Server
from sphinx_policyspec.publishing.push import publish_specs
from tests.conftest import REPOSITORY, require_tool
from tests.publishing.graphs import BASE, THREE, held, specs, wanted
from tests.publishing.proxies import Proxy
from tests.publishing.servers import PAUSE, Running, free_port

SECRET = "s3cret-w0rd"
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
