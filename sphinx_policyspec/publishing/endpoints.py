"""A SPARQL server over HTTP: its endpoints, who we are to it, what is tried again, and how much of an answer is read.

Whatever a server sends is input of strangers: it is read up to a limit, and shown in part.
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
"""Servers whose endpoints for writing we know; ``generic`` has them beside that for queries, as Jena Fuseki does."""
_READ_BYTES = 64 * 2**20
"""What an answer to a query may be."""
_BLOCK = 2**16
_NTRIPLES = "application/n-triples, text/plain;q=0.5"
_TRIES = 3
_AGAIN = frozenset((429, 502, 503, 504))
_LONGEST_WAIT = 20.0
"""Seconds; a server that asks for more is told as busy."""
_REDIRECTS = 5
_SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are to a server; from the environment or netrc, never from a command line."""

    user: str = ""
    password: str = ""
    token: str = ""

    def __repr__(self) -> str:
        """Show nothing of them."""
        return "<Credentials>"

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.token or self.user)

    def secrets(self) -> Iterator[str]:
        """Yield what no message may hold: the password and the token, as they are and as they are sent."""
        for secret in (self.token, self.password):
            if secret:
                yield from (secret, quote(secret, safe=""), quote_plus(secret))
        if self.password:
            yield b64encode(f"{self.user}:{self.password}".encode()).decode()

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str] | None = None) -> Credentials:
        """Return those for a server: ``POLICYSPEC_ENDPOINT_TOKEN``, or ``…_USER`` and ``…_PASSWORD``, else those of netrc.

        Raises :class:`ServerError` for what no request can hold, for a password without a user, and for a netrc that cannot be read.
        """
        environment = os.environ if environment is None else environment
        given = {name: _secret(environment, name) for name in ("TOKEN", "USER", "PASSWORD")}
        if given["TOKEN"]:
            return cls(token=given["TOKEN"])
        if given["USER"]:
            return cls(user=given["USER"], password=given["PASSWORD"])
        if given["PASSWORD"]:
            raise ServerError("POLICYSPEC_ENDPOINT_PASSWORD is set, and POLICYSPEC_ENDPOINT_USER is not")
        try:
            found = get_netrc_auth(url, raise_errors=True)
        except NetrcParseError as error:
            # What it says may hold a password.
            raise ServerError(f"`{error.filename}`, line {error.lineno}, cannot be read as a netrc") from None
        except OSError as error:
            raise ServerError(f"`{error.filename}` cannot be read: {error.strerror}") from None
        return cls(user=found[0], password=found[1]) if found else cls()


def _secret(environment: Mapping[str, str], name: str) -> str:
    """Return what a variable holds, without the line end that files of secrets have."""
    variable = f"POLICYSPEC_ENDPOINT_{name}"
    text = environment.get(variable, "").rstrip("\r\n")
    if not text.isprintable() or (name == "TOKEN" and not text.isascii()):
        raise ServerError(f"{variable} holds a character that no request can hold, such as a line end")
    return text


class _Basic(HTTPBasicAuth):
    """As in :rfc:`7617`, with UTF-8 for what is no ASCII."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials.user.encode(), credentials.password.encode())


class _Digest(HTTPDigestAuth):
    """As in :rfc:`7616`, with UTF-8 for what is no ASCII."""

    def build_digest_header(self, method: str, url: str) -> str | None:
        """Return the header, as bytes of UTF-8 that are each a character."""
        header = super().build_digest_header(method, url)
        return header and header.encode().decode("latin-1")


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Name the token."""
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
    """Return the address of an endpoint; raise :class:`ServerError` for what is none, or holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        shown = url if "@" not in url else "what is given"
        raise ServerError(f"`{shown}` is no address of a server, such as https://example.org/sparql")
    if "@" in parts.netloc:
        raise ServerError(
            "an address holds no user or password: set POLICYSPEC_ENDPOINT_USER and POLICYSPEC_ENDPOINT_PASSWORD, "
            "or name them in ~/.netrc"
        )
    return url


class Server:
    """The endpoints of one server.

    :param query: the address that answers queries
    :param update: the one that takes SPARQL Update, and ``store`` the one of the Graph Store Protocol; those that are
        not given are known by the profile
    :param profile: one of :data:`PROFILES`; by default by what the server says of itself
    :param seconds: how long it may say nothing
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
        self._said = ""
        self._credentials = Credentials.of(query) if credentials is None else credentials
        self._session = requests.Session()
        # It would send credentials of netrc after any redirect.
        self._session.trust_env = False
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._digest: HTTPDigestAuth | None = None
        self._seconds = seconds
        self.requests = 0

    @property
    def profile(self) -> str:
        """Which of :data:`PROFILES` it is."""
        if self._profile:
            return self._profile
        said = self._said.lower()
        return next((name for name in ("oxigraph", "virtuoso") if name in said), "generic")

    def _beside(self, **names: str) -> str:
        """Return the address of another endpoint, by the profile."""
        return urljoin(self.query_url, names[self.profile])

    @property
    def update_url(self) -> str:
        """Where SPARQL Update goes."""
        return self._update or self._beside(oxigraph="update", virtuoso="sparql-auth", generic="update")

    @property
    def store_url(self) -> str:
        """Where whole graphs go."""
        return self._store or self._beside(
            oxigraph="store", virtuoso="sparql-graph-crud-auth", generic="data"
        )

    def close(self) -> None:
        """Let go of its connections."""
        self._session.close()

    # -- what is asked and told ----------------------------------------------------------------

    def select(self, sparql: str, graphs: Dataset | None = None) -> dict[str, Any]:
        """Return the results of a SELECT or ASK as SPARQL results in JSON have them, read to their end.

        :param graphs: those that it looks at, unless it says that itself; by default what the server takes
        """
        with self._asked(sparql, graphs, "application/sparql-results+json") as response:
            data = b"".join(self._read(response, _READ_BYTES))
        try:
            found = json.loads(data)
            is_told = isinstance(found.get("boolean"), bool) or (
                isinstance(found["results"]["bindings"], list) and isinstance(found["head"]["vars"], list)
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            is_told = False
        if not is_told:
            raise ServerError(
                f"{self.query_url} answers with something else than SPARQL results, or breaks off: {self._shown(data)}"
            )
        count = len(found.get("results", {}).get("bindings", ()))
        if count > DEFAULT_LIMITS.rows:
            raise ServerError(
                f"{self.query_url} answers with {count:,} rows, and {DEFAULT_LIMITS.rows:,} are read"
            )
        return found  # type: ignore[no-any-return]  # it was looked at

    @contextmanager
    def construct(self, sparql: str, graphs: Dataset | None = None) -> Iterator[Path]:
        """Give what CONSTRUCT or DESCRIBE makes as a file of N-Triples; ``graphs`` as for :meth:`select`."""
        with (
            tempfile.NamedTemporaryFile(suffix=".nt") as file,
            self._asked(sparql, graphs, _NTRIPLES) as response,
        ):
            for block in self._read(response, _READ_BYTES):
                file.write(block)
            file.flush()
            with _as_answer(self.query_url, file.name) as path:
                yield path

    def _asked(
        self, sparql: str, graphs: Dataset | None, accept: str
    ) -> AbstractContextManager[requests.Response]:
        # Beside the query some servers, such as Comunica, are deaf to it.
        asked = with_dataset(sparql, graphs.default, graphs.named) if graphs else sparql
        form = [("query", asked)]
        return self._sent("POST", self.query_url, data=form, headers={"Accept": accept}, writes=False)

    def update(self, sparql: str, *, may_repeat: bool) -> None:
        """Have a SPARQL Update done.

        :param may_repeat: whether doing it twice is doing it once, so that it may be sent again when no answer came
        """
        with self._sent(
            "POST", self.update_url, data=[("update", sparql)], writes=True, may_repeat=may_repeat
        ) as response:
            for _ in self._read(response, _READ_BYTES):
                pass

    @contextmanager
    def graph(self, name: str) -> Iterator[Path | None]:
        """Give a graph as a file of N-Triples; ``None`` where there is none."""
        headers = {"Accept": _NTRIPLES}
        url = self._graph_url(name)
        with (
            tempfile.NamedTemporaryFile(suffix=".nt") as file,
            self._sent("GET", url, headers=headers, writes=False, missing=True) as response,
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
        """Put a graph of N-Triples in place of what has the name, or add to it."""
        headers = {"Content-Type": "application/n-triples"}
        method = "POST" if adding else "PUT"
        with self._sent(
            method, self._graph_url(name), data=lines, headers=headers, writes=True, may_repeat=True
        ) as response:
            for _ in self._read(response, _READ_BYTES):
                pass

    def _graph_url(self, name: str) -> str:
        return f"{self.store_url}?graph={quote(name, safe='')}"

    # -- how it is sent ------------------------------------------------------------------------

    @contextmanager
    def _sent(
        self,
        method: str,
        url: str,
        *,
        writes: bool,
        may_repeat: bool = True,
        missing: bool = False,
        data: Any = None,  # noqa: ANN401  what requests takes
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[requests.Response]:
        """Send a request, again where that is safe, and give its answer, which says that it was done.

        :param missing: whether nothing may be there
        """
        response = self._tried(method, url, writes=writes, may_repeat=may_repeat, data=data, headers=headers)
        with response:
            status = response.status_code
            if not (status < 300 or (missing and status == requests.codes.not_found)):  # noqa: PLR2004
                raise ServerError(self._refusal(response, url))
            self._said = response.headers.get("Server", "") or self._said
            yield response

    def _tried(
        self,
        method: str,
        url: str,
        *,
        writes: bool,
        may_repeat: bool,
        **sent: Any,  # noqa: ANN401  as above
    ) -> requests.Response:
        for left in reversed(range(_TRIES)):
            wait = 0.5 * (_TRIES - left)
            try:
                response = self._followed(method, url, writes=writes, **sent)
            except (requests.RequestException, OSError) as error:
                # One that has said nothing for so long says nothing the next time, either.
                if not (left and may_repeat) or isinstance(error, requests.ReadTimeout):
                    raise ServerError(f"{url} cannot be asked: {_reason(error)}") from None
            else:
                if response.status_code not in _AGAIN or not (left and may_repeat):
                    return response
                if asked := response.headers.get("Retry-After", ""):
                    # Seconds, or a date.
                    with suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
                        wait = urllib3.Retry().parse_retry_after(asked)
                if wait > _LONGEST_WAIT:
                    return response
                response.close()
            time.sleep(wait)
        raise AssertionError  # the last try returns or raises

    def _followed(self, method: str, url: str, *, writes: bool, **sent: Any) -> requests.Response:  # noqa: ANN401  as above
        """Send one request and follow where the answer leads, without credentials to another host."""
        at = url
        for _ in range(_REDIRECTS + 1):
            response = self._once(method, at, **sent)
            if not response.is_redirect:
                return response
            to = urljoin(at, response.headers["Location"])
            response.close()
            if writes:
                raise ServerError(
                    f"{url} leads writing to {self._shown(to.encode())}: name that address, if you trust it"
                )
            at = checked_url(to)
        raise ServerError(f"{url} leads from one address to the next, more than {_REDIRECTS} times")

    def _once(self, method: str, url: str, **sent: Any) -> requests.Response:  # noqa: ANN401  as above
        auth = self._auth(url)
        self.requests += 1
        options: dict[str, Any] = {
            "timeout": (10, self._seconds),
            "allow_redirects": False,
            "stream": True,
            "proxies": get_environ_proxies(url),
        }
        response = self._session.request(method, url, auth=auth, **sent, **options)
        # Virtuoso takes a digest alone, and refuses a password without a word about it.
        challenge = response.headers.get("WWW-Authenticate", "digest").lower()
        is_refused = response.status_code == requests.codes.unauthorized
        if is_refused and "digest" in challenge and isinstance(auth, HTTPBasicAuth):
            response.close()
            self._digest = _Digest(self._credentials.user, self._credentials.password)
            self.requests += 1
            response = self._session.request(method, url, auth=self._digest, **sent, **options)
        return response

    def _auth(self, url: str) -> AuthBase | None:
        """Return what tells a server who we are; nothing for a server that we were not sent to."""
        known = {_origin(one) for one in (self.query_url, self._update, self._store) if one}
        if not self._credentials or _origin(url) not in known:
            return None
        scheme, host, _ = _origin(url)
        if scheme != "https" and not _is_loopback(host):
            raise ServerError(f"{url} would get your password in the clear: use https, or give none")
        if self._credentials.token:
            return _Bearer(self._credentials.token)
        return self._digest or _Basic(self._credentials)

    def _read(self, response: requests.Response, most: int) -> Iterator[bytes]:
        """Yield the body of an answer; one that is too long, late or cut is refused."""
        size = 0
        end = time.monotonic() + 10 * self._seconds
        try:
            # As much as there is, since a server may send a byte now and then.
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
        said = response.headers.get("Content-Length", "")
        if said.isdecimal() and not response.headers.get("Content-Encoding") and size != int(said):
            raise ServerError(f"{response.url} breaks off: {size} of {said} bytes came")

    def _shown(self, data: bytes) -> str:
        """Return the beginning of what a server says, on a line, without what it knows of us."""
        text = data.decode(errors="replace")
        for secret in self._credentials.secrets():
            text = text.replace(secret, "…")
        text = " ".join(text[: 4 * _SHOWN].split())
        return "".join(char for char in text if char.isprintable())[:_SHOWN]

    def _refusal(self, response: requests.Response, url: str) -> str:
        """Return why a server did not do it."""
        status = response.status_code
        try:
            body = next(self._read(response, _READ_BYTES), b"")
        except ServerError:
            body = b""
        text = self._shown(body)
        hints = {
            401: "set POLICYSPEC_ENDPOINT_USER and POLICYSPEC_ENDPOINT_PASSWORD, or POLICYSPEC_ENDPOINT_TOKEN",
            403: "who you are may not do this there",
            404: "give the endpoints with --update and --store, or --profile",
            405: "give the endpoints with --update and --store, or --profile",
            413: "it takes no graph of this size: raise its limit",
            429: "it is asked too often: try again later",
            503: "it is busy: try again later",
        }
        said = f", {text}" if text else ""
        return "; ".join(
            filter(
                None, (f"{url} answers {status} {response.reason or ''}".rstrip() + said, hints.get(status))
            )
        )


@contextmanager
def _as_answer(url: str, name: str) -> Iterator[Path]:
    """Give the file of an answer; what is wrong with what it holds is said of the server."""
    try:
        yield Path(name)
    except SourceError as error:
        why = str(error).replace(f"{name}:", "line ").replace(name, "it")
        raise ServerError(f"{url} answers with something else than a graph of ours: {why}") from None


def _reason(error: Exception) -> str:
    """Return why nothing came, without the objects that libraries name."""
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
