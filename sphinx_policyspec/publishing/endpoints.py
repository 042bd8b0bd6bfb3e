"""A SPARQL server over HTTP: its endpoints, our credentials, retries, and limits for answers.

Answers of a server are untrusted input: they are read up to a limit, and messages show only parts of them.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from netrc import NetrcParseError
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import requests
import urllib3
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from requests.utils import get_environ_proxies, get_netrc_auth

from sphinx_policyspec.errors import ServerError, SourceError
from sphinx_policyspec.graph.guard import DEFAULT_LIMITS, Dataset
from sphinx_policyspec.graph.query_text import with_dataset
from sphinx_policyspec.graph.terms import MAX_BYTES

PROFILES = ("oxigraph", "virtuoso", "generic")
"""Servers whose endpoints for writing are known; ``generic`` has them beside that for queries, as Jena Fuseki does."""
_READ_BYTES = 64 * 2**20
"""The most bytes of an answer to a query."""
_BLOCK = 2**16
_NTRIPLES = "application/n-triples, text/plain;q=0.5"
_TRIES = 3
_AGAIN = frozenset((429, 502, 503, 504))
_LONGEST_WAIT = 20.0
"""Seconds; a server that asks for a longer wait is reported as busy."""
_REDIRECTS = 5
_EXCERPT_LENGTH = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials for a server; from the environment or netrc, never from a command line."""

    user: str = ""
    password: str = ""
    token: str = ""

    def __repr__(self) -> str:
        """Return a text without any of them."""
        return "<Credentials>"

    def __bool__(self) -> bool:
        """Return whether there are credentials."""
        return bool(self.token or self.user)

    def secrets(self) -> Iterator[str]:
        """Yield texts that no message may contain: the password and the token, as they are and as they are sent."""
        for secret in (self.token, self.password):
            if secret:
                yield from (secret, quote(secret, safe=""), quote_plus(secret))
        if self.password:
            yield b64encode(f"{self.user}:{self.password}".encode()).decode()

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str] | None = None) -> Credentials:
        """Return the credentials for a server: ``POLICYSPEC_ENDPOINT_TOKEN``, or ``…_USER`` and ``…_PASSWORD``, else from netrc.

        Raises :class:`ServerError` for characters that a request cannot carry, a password without a user, and an unreadable netrc.
        """
        environment = os.environ if environment is None else environment
        variables = {name: _secret(environment, name) for name in ("TOKEN", "USER", "PASSWORD")}
        if variables["TOKEN"]:
            return cls(token=variables["TOKEN"])
        if variables["USER"]:
            return cls(user=variables["USER"], password=variables["PASSWORD"])
        if variables["PASSWORD"]:
            raise ServerError("POLICYSPEC_ENDPOINT_PASSWORD is set, and POLICYSPEC_ENDPOINT_USER is not")
        try:
            login = get_netrc_auth(url, raise_errors=True)
        except NetrcParseError as error:
            # The error's message may contain a password.
            raise ServerError(f"`{error.filename}`, line {error.lineno}, cannot be read as a netrc") from None
        except OSError as error:
            raise ServerError(f"`{error.filename}` cannot be read: {error.strerror}") from None
        return cls(user=login[0], password=login[1]) if login else cls()


def _secret(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable, without the line end that files of secrets have."""
    variable = f"POLICYSPEC_ENDPOINT_{name}"
    text = environment.get(variable, "").rstrip("\r\n")
    if not text.isprintable() or (name == "TOKEN" and not text.isascii()):
        raise ServerError(f"{variable} contains a character that no request can contain, such as a line end")
    return text


class _Basic(HTTPBasicAuth):
    """Basic authentication as in :rfc:`7617`, with UTF-8 for characters outside ASCII."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials.user.encode(), credentials.password.encode())


class _Digest(HTTPDigestAuth):
    """Digest authentication as in :rfc:`7616`, with UTF-8 for characters outside ASCII."""

    def build_digest_header(self, method: str, url: str) -> str | None:
        """Return the header, with one character for each byte of UTF-8."""
        header = super().build_digest_header(method, url)
        return header and header.encode().decode("latin-1")


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token to a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_url(url: str) -> str:
    """Return the address of an endpoint; raise :class:`ServerError` if it is invalid or contains a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        text = url if "@" not in url else "what is given"
        raise ServerError(f"`{text}` is no address of a server, such as https://example.org/sparql")
    if "@" in parts.netloc:
        raise ServerError(
            "an address must not contain a user or password: set POLICYSPEC_ENDPOINT_USER and POLICYSPEC_ENDPOINT_PASSWORD, "
            "or name them in ~/.netrc"
        )
    return url


class Server:
    """The endpoints of one server.

    :param query: address for queries
    :param update: address for SPARQL Update; ``store`` is that of the Graph Store Protocol; both are derived from the
        profile if they are empty
    :param profile: one of :data:`PROFILES`; by default from the server's own headers
    :param seconds: longest time without a byte from it
    """

    def __init__(
        self,
        query: str,
        *,
        update: str = "",
        store: str = "",
        profile: str = "",
        credentials: Credentials | None = None,
        seconds: float = 60.0,
    ) -> None:
        self.query_url = checked_url(query)
        self._update, self._store = (checked_url(url) if url else "" for url in (update, store))
        self._profile = profile
        self._server_name = ""
        self._credentials = Credentials.of(query) if credentials is None else credentials
        self._session = requests.Session()
        # Otherwise it would send credentials from netrc after any redirect.
        self._session.trust_env = False
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._digest: HTTPDigestAuth | None = None
        self._seconds = seconds
        self.requests = 0

    @property
    def profile(self) -> str:
        """The server's profile, one of :data:`PROFILES`."""
        if self._profile:
            return self._profile
        name_in_header = self._server_name.lower()
        return next((name for name in ("oxigraph", "virtuoso") if name in name_in_header), "generic")

    def _beside(self, **names: str) -> str:
        """Return the address of another endpoint, by the profile."""
        return urljoin(self.query_url, names[self.profile])

    @property
    def update_url(self) -> str:
        """The address for SPARQL Update."""
        return self._update or self._beside(oxigraph="update", virtuoso="sparql-auth", generic="update")

    @property
    def store_url(self) -> str:
        """The address for whole graphs."""
        return self._store or self._beside(
            oxigraph="store", virtuoso="sparql-graph-crud-auth", generic="data"
        )

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    # -- requests ------------------------------------------------------------------------------

    def select(self, sparql: str, graphs: Dataset | None = None) -> dict[str, Any]:
        """Return the results of a SELECT or ASK in the form of SPARQL results in JSON, complete.

        :param graphs: to look at, unless the query names them; by default the server decides
        """
        with self._send_query(sparql, graphs, "application/sparql-results+json") as response:
            data = b"".join(self._read(response, _READ_BYTES))
        try:
            results = json.loads(data)
            is_valid = isinstance(results.get("boolean"), bool) or (
                isinstance(results["results"]["bindings"], list) and isinstance(results["head"]["vars"], list)
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            is_valid = False
        if not is_valid:
            raise ServerError(
                f"{self.query_url} does not answer with SPARQL results, or breaks off: {self._excerpt(data)}"
            )
        count = len(results.get("results", {}).get("bindings", ()))
        if count > DEFAULT_LIMITS.rows:
            raise ServerError(
                f"{self.query_url} answers with {count:,} rows, and {DEFAULT_LIMITS.rows:,} are read"
            )
        return results  # type: ignore[no-any-return]  # it was looked at

    @contextmanager
    def construct(self, sparql: str, graphs: Dataset | None = None) -> Iterator[Path]:
        """Yield the result of CONSTRUCT or DESCRIBE as a file of N-Triples; ``graphs`` as for :meth:`select`."""
        with (
            tempfile.NamedTemporaryFile(suffix=".nt") as file,
            self._send_query(sparql, graphs, _NTRIPLES) as response,
        ):
            for block in self._read(response, _READ_BYTES):
                file.write(block)
            file.flush()
            with _as_answer(self.query_url, file.name) as path:
                yield path

    def _send_query(
        self, sparql: str, graphs: Dataset | None, accept: str
    ) -> AbstractContextManager[requests.Response]:
        # Some servers, such as Comunica, ignore graphs that are sent beside the query.
        text = with_dataset(sparql, graphs.default, graphs.named) if graphs else sparql
        form = [("query", text)]
        return self._send("POST", self.query_url, data=form, headers={"Accept": accept}, writes=False)

    def update(self, sparql: str, *, may_repeat: bool) -> None:
        """Run a SPARQL Update.

        :param may_repeat: whether running it twice has the same result, so that it may be sent again if no answer came
        """
        with self._send(
            "POST", self.update_url, data=[("update", sparql)], writes=True, may_repeat=may_repeat
        ) as response:
            for _ in self._read(response, _READ_BYTES):
                pass

    @contextmanager
    def graph(self, name: str) -> Iterator[Path | None]:
        """Yield a graph as a file of N-Triples; ``None`` if it does not exist."""
        headers = {"Accept": _NTRIPLES}
        url = self._graph_url(name)
        with (
            tempfile.NamedTemporaryFile(suffix=".nt") as file,
            self._send("GET", url, headers=headers, writes=False, may_be_missing=True) as response,
        ):
            if response.status_code == requests.codes.not_found:
                yield None
                return
            for block in self._read(response, MAX_BYTES):
                file.write(block)
            file.flush()
            with _as_answer(url, file.name) as path:
                yield path

    def put_graph(self, name: str, lines: bytes, *, adding: bool = False) -> None:
        """Replace a graph by lines of N-Triples, or add them to it."""
        headers = {"Content-Type": "application/n-triples"}
        method = "POST" if adding else "PUT"
        with self._send(
            method, self._graph_url(name), data=lines, headers=headers, writes=True, may_repeat=True
        ) as response:
            for _ in self._read(response, _READ_BYTES):
                pass

    def _graph_url(self, name: str) -> str:
        return f"{self.store_url}?graph={quote(name, safe='')}"

    # -- transport -----------------------------------------------------------------------------

    @contextmanager
    def _send(
        self,
        method: str,
        url: str,
        *,
        writes: bool,
        may_repeat: bool = True,
        may_be_missing: bool = False,
        data: Any = None,  # noqa: ANN401  what requests takes
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[requests.Response]:
        """Send a request, repeatedly if that is safe, and yield the response if it was successful.

        :param may_be_missing: whether the target may not exist
        """
        response = self._send_with_retries(
            method, url, writes=writes, may_repeat=may_repeat, data=data, headers=headers
        )
        with response:
            status = response.status_code
            if not (status < 300 or (may_be_missing and status == requests.codes.not_found)):  # noqa: PLR2004
                raise ServerError(self._refusal(response, url))
            self._server_name = response.headers.get("Server", "") or self._server_name
            yield response

    def _send_with_retries(
        self,
        method: str,
        url: str,
        *,
        writes: bool,
        may_repeat: bool,
        **request: Any,  # noqa: ANN401  as above
    ) -> requests.Response:
        for tries_left in reversed(range(_TRIES)):
            wait = 0.5 * (_TRIES - tries_left)
            try:
                response = self._send_following(method, url, writes=writes, **request)
            except (requests.RequestException, OSError) as error:
                # After such a time without a byte, another try is no use.
                if not (tries_left and may_repeat) or isinstance(error, requests.ReadTimeout):
                    raise ServerError(f"{url} cannot be asked: {_reason(error)}") from None
            else:
                if response.status_code not in _AGAIN or not (tries_left and may_repeat):
                    return response
                if delay := response.headers.get("Retry-After", ""):
                    # The header has seconds, or a date.
                    with suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
                        wait = urllib3.Retry().parse_retry_after(delay)
                if wait > _LONGEST_WAIT:
                    return response
                response.close()
            time.sleep(wait)
        raise AssertionError  # the last try returns or raises

    def _send_following(self, method: str, url: str, *, writes: bool, **request: Any) -> requests.Response:  # noqa: ANN401  as above
        """Send one request and follow redirects, without credentials for another host."""
        at = url
        for _ in range(_REDIRECTS + 1):
            response = self._send_once(method, at, **request)
            if not response.is_redirect:
                return response
            to = urljoin(at, response.headers["Location"])
            response.close()
            if writes:
                raise ServerError(
                    f"{url} leads writing to {self._excerpt(to.encode())}: name that address, if you trust it"
                )
            at = checked_url(to)
        raise ServerError(f"{url} leads from one address to the next, more than {_REDIRECTS} times")

    def _send_once(self, method: str, url: str, **request: Any) -> requests.Response:  # noqa: ANN401  as above
        auth = self._auth(url)
        self.requests += 1
        options: dict[str, Any] = {
            "timeout": (10, self._seconds),
            "allow_redirects": False,
            "stream": True,
            "proxies": get_environ_proxies(url),
        }
        response = self._session.request(method, url, auth=auth, **request, **options)
        # Virtuoso accepts only digest authentication, and refuses a password without saying so.
        challenge = response.headers.get("WWW-Authenticate", "digest").lower()
        is_refused = response.status_code == requests.codes.unauthorized
        if is_refused and "digest" in challenge and isinstance(auth, HTTPBasicAuth):
            response.close()
            self._digest = _Digest(self._credentials.user, self._credentials.password)
            self.requests += 1
            response = self._session.request(method, url, auth=self._digest, **request, **options)
        return response

    def _auth(self, url: str) -> AuthBase | None:
        """Return the authentication for a server; ``None`` for a server that the user did not name."""
        origins = {_origin(one) for one in (self.query_url, self._update, self._store) if one}
        if not self._credentials or _origin(url) not in origins:
            return None
        scheme, host, _ = _origin(url)
        if scheme != "https" and not _is_loopback(host):
            raise ServerError(f"{url} would get your password in the clear: use https, or give none")
        if self._credentials.token:
            return _Bearer(self._credentials.token)
        return self._digest or _Basic(self._credentials)

    def _read(self, response: requests.Response, most: int) -> Iterator[bytes]:
        """Yield the body of an answer; raise :class:`ServerError` if it is too long, too slow or incomplete."""
        size = 0
        end = time.monotonic() + 10 * self._seconds
        try:
            # Whatever has arrived, since a server may send single bytes.
            while block := response.raw.read1(_BLOCK, decode_content=True):
                size += len(block)
                if size > most:
                    raise ServerError(
                        f"{response.url} sends more than {most // 2**20} MiB, the most that is read"
                    )
                if time.monotonic() > end:
                    raise ServerError(
                        f"{response.url} sends too slowly: {10 * self._seconds:.0f} s were not enough"
                    )
                yield block
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise ServerError(f"{response.url} breaks off: {_reason(error)}") from None
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and not response.headers.get("Content-Encoding") and size != int(length):
            raise ServerError(f"{response.url} breaks off: {size} of {length} bytes came")

    def _excerpt(self, data: bytes) -> str:
        """Return the beginning of a server's answer on one line, without our credentials."""
        text = data.decode(errors="replace")
        for secret in self._credentials.secrets():
            text = text.replace(secret, "…")
        text = " ".join(text[: 4 * _EXCERPT_LENGTH].split())
        return "".join(char for char in text if char.isprintable())[:_EXCERPT_LENGTH]

    def _refusal(self, response: requests.Response, url: str) -> str:
        """Return a message about the failure of a request."""
        status = response.status_code
        try:
            body = next(self._read(response, _READ_BYTES), b"")
        except ServerError:
            body = b""
        text = self._excerpt(body)
        hints = {
            401: "set POLICYSPEC_ENDPOINT_USER and POLICYSPEC_ENDPOINT_PASSWORD, or POLICYSPEC_ENDPOINT_TOKEN",
            403: "who you are may not do this there",
            404: "give the endpoints with --update and --store, or --profile",
            405: "give the endpoints with --update and --store, or --profile",
            413: "it takes no graph of this size: raise its limit",
            429: "it is asked too often: try again later",
            503: "it is busy: try again later",
        }
        excerpt = f", {text}" if text else ""
        return "; ".join(
            filter(
                None,
                (f"{url} answers {status} {response.reason or ''}".rstrip() + excerpt, hints.get(status)),
            )
        )


@contextmanager
def _as_answer(url: str, name: str) -> Iterator[Path]:
    """Yield the file of an answer; errors in its content are reported as errors of the server."""
    try:
        yield Path(name)
    except SourceError as error:
        why = str(error).replace(f"{name}:", "line ").replace(name, "it")
        raise ServerError(f"{url} does not answer with a graph of policyspec: {why}") from None


def _reason(error: Exception) -> str:
    """Return why no answer came, without the names of a library's objects."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted, or it speaks no TLS"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "it does not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError):
        return "the answer ends in the middle"
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        inner = inner.__cause__ or inner.__context__
    return "the connection fails"
