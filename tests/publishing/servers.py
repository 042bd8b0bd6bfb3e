"""SPARQL servers of others on loopback, started for tests in folders of their own and ended by their ids."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from sphinx_policyspec.publishing.endpoints import Credentials, Server
from tests.conftest import require_tool

JARS = Path("/usr/share/java")
NAMES = ("oxigraph", "virtuoso", "jena")
_WAIT = 60.0
PAUSE = threading.Event()
"""Waits also where tests have `time.sleep` wait for nothing."""
_MESSAGES = "impl/xpath/regex/message.properties"
_CLASSPATH = (
    "jena-arq jena-core jena-base jena-iri jena-dboe-base jena-dboe-transaction xercesImpl xml-apis caffeine thrift protobuf dexx.collection "
    "slf4j-api slf4j-nop commons-lang3 commons-csv commons-codec commons-compress commons-io guava gson "
    "jsonld-java titanium-json-ld jackson-core jackson-databind jackson-annotations httpclient httpcore"
)


@dataclass
class Running:
    """A server that runs.

    :param url: where it answers queries
    """

    name: str
    url: str
    process: subprocess.Popen[str] = field(repr=False)
    folder: Path
    credentials: Credentials = field(default_factory=Credentials)

    def server(self, url: str = "") -> Server:
        """Return what asks it, by another address where one stands before it."""
        return Server(url or self.url, credentials=self.credentials, profile=self.profile)

    @property
    def profile(self) -> str:
        """How its endpoints are called."""
        return "generic" if self.name == "jena" else self.name

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(name: str, folder: Path) -> Iterator[Running]:
    """Start a server, and end it."""
    start = {"oxigraph": _oxigraph, "virtuoso": _virtuoso, "jena": _jena}[name]
    folder.mkdir(parents=True, exist_ok=True)
    found = start(folder)
    try:
        _wait(found)
        yield found
    finally:
        found.process.kill()
        found.process.wait()


def _wait(found: Running) -> None:
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException):
            said = requests.post(found.url, data={"query": "SELECT ?s { ?s ?p ?o } LIMIT 1"}, timeout=5)
            if said.ok:
                return
        if found.process.poll() is not None:
            break
        PAUSE.wait(0.1)
    raise AssertionError(
        f"{found.name} does not start: {(found.folder / 'log').read_text(errors='replace')[-2000:]}"
    )


def _started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, text=True)


def _oxigraph(folder: Path) -> Running:
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or require_tool("oxigraph")
    port = free_port()
    command = [program, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    return Running("oxigraph", f"http://127.0.0.1:{port}/query", _started(command, folder), folder)


_INI = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
TransactionFile = virtuoso.trx
LockFile = virtuoso.lck
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{inner}
ServerThreads = 10
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
DirsAllowed = .
ThreadsPerQuery = 1
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 8
[SPARQL]
ResultSetMaxRows = 100000
"""


def _virtuoso(folder: Path) -> Running:
    program = require_tool("virtuoso-t")
    port = free_port()
    (folder / "virtuoso.ini").write_text(_INI.format(port=port, inner=free_port()))
    process = _started([program, "-f", "-c", "virtuoso.ini"], folder)
    credentials = Credentials(user="dba", password="dba")
    return Running("virtuoso", f"http://127.0.0.1:{port}/sparql", process, folder, credentials)


def _jena(folder: Path) -> Running:
    java = require_tool("java")
    if not (JARS / "jena-arq.jar").exists():
        require_tool("jena")
    # The jar of Debian lacks a file that it reads.
    target = folder / "classes" / "org/apache/xerces" / _MESSAGES
    target.parent.mkdir(parents=True)
    with zipfile.ZipFile(JARS / "xercesImpl.jar") as jar:
        target.write_bytes(jar.read(f"org/apache/xerces/{_MESSAGES}"))
    shutil.copytree(folder / "classes" / "org/apache/xerces", folder / "classes" / "xerces")
    jars = [str(JARS / f"{name}.jar") for name in _CLASSPATH.split()]
    source = Path(__file__).with_name("JenaServer.java")
    classpath = ":".join([str(folder / "classes"), *jars])
    process = _started([java, "-XX:TieredStopAtLevel=1", "-cp", classpath, str(source)], folder)
    end = time.monotonic() + _WAIT
    while not (port := (folder / "log").read_text(errors="replace").strip().rpartition("\n")[2]).isdecimal():
        if process.poll() is not None or time.monotonic() > end:
            break
        PAUSE.wait(0.1)
    return Running("jena", f"http://127.0.0.1:{port or 1}/ds/sparql", process, folder)
