"""A server that stands before another and spoils what passes, on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import requests


@dataclass
class Later:
    """What happens so many seconds after a whole request has reached the server; nobody answers."""

    seconds: float
    then: Callable[[], None]


@dataclass
class Proxy:
    """What is done to the next requests, and what came.

    :param spoil: takes method and path, and returns what to answer in place of the server: a status with headers, ``"cut"``,
        ``"drop"`` (the request is done, its answer lost), ``"hang"``, ``"drip"``, or nothing; what can be called is called
        when a half of the request has reached the server, and nobody answers; so it is with what comes :class:`Later`
    """

    upstream: str
    port: int
    spoil: Callable[[str, str], object] = lambda _method, _path: None
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of the endpoint for queries."""
        return f"http://127.0.0.1:{self.port}{urlsplit(self.upstream).path}"

    def writes(self) -> list[str]:
        """Return what came that changes something."""
        return [
            f"{method} {path.partition('?')[0]}"
            for method, path, _ in self.seen
            if method in {"PUT", "DELETE"} or "update" in path
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.proxy.seen.append((self.command, self.path, dict(self.headers)))
        spoilt = self.proxy.spoil(self.command, self.path)
        if isinstance(spoilt, tuple):
            status, headers = spoilt
            text = f"no: {self.headers.get('Authorization', '')}".encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        if spoilt == "hang":
            self.proxy.over.wait(30)
            self.close_connection = True
        elif spoilt == "drip":
            self._drip()
        elif callable(spoilt):
            self._sent(body, len(body) // 2, Later(0.05, spoilt))
        elif isinstance(spoilt, Later):
            self._sent(body, len(body), spoilt)
        else:
            self._whole(body, spoilt)

    def _whole(self, body: bytes, spoilt: object) -> None:
        """Send the request, and its answer, or a half of it, or none."""
        parts = urlsplit(self.proxy.upstream)
        headers = {
            k: v
            for k, v in self.headers.items()
            if k.lower() not in {"host", "content-length", "accept-encoding"}
        }
        try:
            told = requests.request(
                self.command,
                f"{parts.scheme}://{parts.netloc}{self.path}",
                data=body,
                headers=headers,
                timeout=60,
            )
        except requests.ConnectionError:
            spoilt = "drop"
        if spoilt == "drop":
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(told.status_code)
        for name in ("Content-Type", "Server", "WWW-Authenticate"):
            if name in told.headers:
                self.send_header(name, told.headers[name])
        self.send_header("Content-Length", str(len(told.content)))
        self.end_headers()
        if spoilt == "cut":
            self.wfile.write(told.content[: len(told.content) // 2])
            self.close_connection = True
            return
        self.wfile.write(told.content)

    def _drip(self) -> None:
        """Answer, byte by byte, and never to the end."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.proxy.over.wait(0.01):
                self.wfile.write(b" ")

    def _sent(self, body: bytes, size: int, later: Later) -> None:
        """Send so much of a request, have something happen, and let nobody answer."""
        self.close_connection = True
        parts = urlsplit(self.proxy.upstream)
        head = [f"{self.command} {self.path} HTTP/1.1", f"Host: {parts.netloc}"]
        head += [f"{name}: {value}" for name, value in self.headers.items() if name.lower() != "host"]
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as upstream:
            upstream.sendall("\r\n".join((*head, "", "")).encode() + body[:size])
            self.proxy.over.wait(later.seconds)
            later.then()

    do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815  as the library calls them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """Start one before a server, and end it."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.proxy = Proxy(upstream, server.server_address[1])  # type: ignore[attr-defined]  # of the class made here
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield handler.proxy  # type: ignore[attr-defined]  # as above
    finally:
        handler.proxy.over.set()  # type: ignore[attr-defined]  # as above
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def deaf_to(upstream: str) -> Iterator[str]:
    """Stand before an endpoint, deaf to what stands beside a query, as Comunica and rdflib are; yield the address."""

    class Deaf(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked = {"query": form["query"]}
            found = requests.post(upstream, asked, headers={"Accept": self.headers["Accept"]}, timeout=60)
            self.send_response(found.status_code)
            self.end_headers()
            self.wfile.write(found.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Deaf) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/sparql"
        server.shutdown()
