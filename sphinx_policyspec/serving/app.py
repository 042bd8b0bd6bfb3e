"""The addresses of the server and their answers; a request without an answer gets a line with the reason."""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sphinx_policyspec.errors import PolicySpecError, QueryLimitError, UnknownIdError
from sphinx_policyspec.exports import message_line
from sphinx_policyspec.exports.answers import questions_json, results_record
from sphinx_policyspec.files import dump_json
from sphinx_policyspec.graph.guard import Dataset
from sphinx_policyspec.graph.questions import Answer, QueryForm, find_question, list_questions
from sphinx_policyspec.graph.releases import SpecReleases, changes_iri
from sphinx_policyspec.graph.serialize import RESULT_TYPES, answer_triples, results, serialize
from sphinx_policyspec.graph.terms import DEFAULT_BASE, UNDATED
from sphinx_policyspec.graph.to_graph import release_iri
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.serving.collection import Collection
from sphinx_policyspec.serving.description import data_description, service_description
from sphinx_policyspec.serving.media import GRAPH_TYPES, accepted, content_type
from sphinx_policyspec.serving.pool import BusyError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BODY = 256 * 1024
"""Most bytes in the body of a request: a query of 64 KiB, escaped."""
_RETRY = {"Retry-After": "1"}
_NO_PAGE = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
"""For responses that are not pages, so that no browser runs anything in them."""
_ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"}
_LOG = logging.getLogger(__name__)

Endpoint = Callable[["Served", "Request"], Awaitable[Response]]


class _Refusal(Exception):  # noqa: N818  a refusal is not an error of this program
    """The reason why a request has no answer.

    :param status: the HTTP status
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.headers = status, dict(headers or {})


class Served:
    """The current collection, which is replaced when its files change.

    :param public_url: address of the server for clients, with a slash at its end
    """

    def __init__(self, collection: Collection, public_url: str) -> None:
        self.collection = collection
        self.public_url = public_url


def application(
    served: Served,
    *,
    hosts: tuple[str, ...] = ("*",),
    cors: bool = False,
    **options: Any,  # noqa: ANN401  of Starlette
) -> Starlette:
    """Return the application.

    :param hosts: host names that are accepted; others are refused, so that no foreign page reaches it under its own name
    :param cors: whether scripts of any site may read answers
    """

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, _with_refusals(served, endpoint), methods=[*methods] or ["GET"])

    routes = [
        route("/sparql", _sparql, "GET", "POST"),
        route("/graph/{name:path}", _graph),
        route("/resource/{path:path}", _resource),
        route("/questions", _questions),
        route("/questions/{name}", _question),
        route("/.well-known/void", _void),
        Mount("/", _Pages(served)),
    ]
    middleware = [Middleware(_Outermost), Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])]
    if cors:
        middleware.append(Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"]))
    return Starlette(routes=routes, middleware=middleware, **options)


def _with_refusals(served: Served, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that turns errors into responses with the reason."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(served, request)
        except _Refusal as refusal:
            response = _line(refusal.status, str(refusal), refusal.headers)
        except ClientDisconnect:
            response = _line(400, "the request breaks off")  # nobody reads it
        except BusyError:
            response = _line(503, "too many queries wait already: ask again in a moment", _RETRY)
        except QueryLimitError as error:
            response = _line(
                503 if error.is_of_process else 400,
                _safe_message(served, error),
                _RETRY if error.is_of_process else {},
            )
        except UnknownIdError as error:
            response = _line(404, _safe_message(served, error))
        except PolicySpecError as error:
            response = _line(400, _safe_message(served, error))
        except Exception as error:  # noqa: BLE001  no client gets a traceback, and the next request is answered
            _LOG.warning("%s: %s", request.url.path, message_line(f"{type(error).__name__}: {error}"))
            response = _line(
                500, f"it cannot be answered ({type(error).__name__}); this is a fault of the server"
            )
        for name, value in _NO_PAGE.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def _safe_message(served: Served, error: PolicySpecError) -> str:
    return message_line(served.collection.desk.scrubbed(str(error)))


def _line(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, {"Cache-Control": "no-store", **(headers or {})})


class _Outermost:
    """Adds common headers to every response and logs it, without the query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in _ALWAYS.items()]
                message["headers"] = [*message.get("headers", ()), *own]
                took = 1000 * (time.monotonic() - began)
                path = message_line(scope["path"][:200])
                _LOG.info("%s %s %d %.0f ms", scope["method"], path, message["status"], took)
            await send(message)

        await self._app(scope, receive, send_with_headers)


# -- SPARQL --------------------------------------------------------------------------------


async def _sparql(served: Served, request: Request) -> Response:
    """Answer a request of the SPARQL 1.1 Protocol."""
    parameters = [*request.query_params.multi_items(), *await _body_parameters(request)]
    if any(name == "update" for name, _value in parameters):
        raise _Refusal(400, "nothing can be changed here: this endpoint answers queries")
    queries = [value for name, value in parameters if name == "query"]
    if not queries and request.method in {"GET", "HEAD"}:
        return _description(served, request, service_description)
    if len(queries) != 1:
        raise _Refusal(400, f"one `query` is answered at a time, and {len(queries) or 'none'} is given")
    graphs = {
        key: tuple(value for name, value in parameters if name == f"{key}-graph-uri")
        for key in ("default", "named")
    }
    dataset = Dataset(**graphs) if any(graphs.values()) else None
    # The accepted formats are checked first: a query whose answer the client cannot read need not run.
    header = request.headers.get("accept", "")
    forms = {
        kind: accepted(header, types) for kind, types in (("table", RESULT_TYPES), ("graph", GRAPH_TYPES))
    }
    if not any(forms.values()):
        raise _unacceptable({**RESULT_TYPES, **GRAPH_TYPES})
    answer = await served.collection.pool.query(queries[0], dataset, disconnect=_disconnect(request))
    return await asyncio.to_thread(_answer_response, answer, forms)


async def _disconnect(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer_response(answer: Answer, forms: Mapping[str, str | None]) -> Response:
    kind, types = ("graph", GRAPH_TYPES) if answer.form is QueryForm.GRAPH else ("table", RESULT_TYPES)
    form = forms[kind]
    if form is None:
        raise _unacceptable(types)
    if kind == "graph":
        data = serialize(answer_triples(answer), form)[0]
    else:
        if answer.form is QueryForm.ASK and form in {"csv", "tsv"}:
            raise _Refusal(
                406,
                f"yes or no is not written as {form}; it is as {RESULT_TYPES['json']} and {RESULT_TYPES['xml']}",
            )
        data = results(dump_json(results_record(answer)), form)
    return Response(
        data, media_type=content_type(types[form]), headers={"Vary": "Accept", "Cache-Control": "no-cache"}
    )


def _unacceptable(types: Mapping[str, str]) -> _Refusal:
    return _Refusal(406, f"it can be had as {', '.join(types.values())}")


async def _body_parameters(request: Request) -> list[tuple[str, str]]:
    """Return the parameters in the body of a POST request."""
    if request.method != "POST":
        return []
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY:
            raise _Refusal(413, f"a request has {_MOST_BODY // 1024} KiB at most", {"Connection": "close"})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/sparql-update":
        raise _Refusal(400, "nothing can be changed here: this endpoint answers queries")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _Refusal(400, "the body is not UTF-8") from None
    if kind == "application/sparql-query":
        return [("query", text)]
    if kind == "application/x-www-form-urlencoded":
        from urllib.parse import parse_qsl  # noqa: PLC0415

        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            raise _Refusal(400, "the form has too many fields") from None
    raise _Refusal(415, "a query is sent as application/x-www-form-urlencoded or application/sparql-query")


# -- graphs --------------------------------------------------------------------------------


async def _graph(served: Served, request: Request) -> Response:
    """Send a release, or the changes between releases, as RDF."""
    name = request.path_params["name"]
    spec, version, suffix = _find_graph(served.collection, name)
    form = suffix or accepted(request.headers.get("accept", ""), GRAPH_TYPES)
    if form is None:
        raise _unacceptable(GRAPH_TYPES)
    file = await asyncio.to_thread(served.collection.graph, spec, version, form)
    headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
    return _with_etag(request, file.data, file.digest, content_type(GRAPH_TYPES[form]), headers)


def _find_graph(collection: Collection, path: str) -> tuple[str, str, str]:
    """Return spec, version and format from ``VERSION`` or ``SPEC/VERSION``, with or without a suffix."""
    graphs = {}
    for one, spec in zip(collection.desk.specs, collection.specs, strict=True):
        for version in (*(shelf.release for shelf in one.shelves), *collection.others(spec)):
            graphs[f"{one.name}/{version or UNDATED}"] = (one.name, version)
            if len(collection.desk.specs) == 1:
                graphs[version or UNDATED] = (one.name, version)
    if path in graphs:
        return (*graphs[path], "")
    name, _, suffix = path.rpartition(".")
    if name in graphs and suffix in GRAPH_TYPES:
        return (*graphs[name], suffix)
    names = [name for name in graphs if len(collection.specs) > 1 or "/" not in name]
    hint = nearest(path, names) or f"there are {', '.join(names)}"
    raise _Refusal(404, f"no graph is called `{message_line(path[:80])}`; {hint}")


async def _resource(served: Served, request: Request) -> Response:
    """Redirect from the IRI of a thing to its place in the handbook, or describe it, as is usual for linked data.

    The path after `/resource/` is the part of the IRI after the base of the spec.
    """
    collection = served.collection
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("/resource/")[2]
    spec, iri = _iri(collection, raw)
    accepted_form = accepted(request.headers.get("accept", ""), {"html": "text/html", **GRAPH_TYPES})
    headers = {"Vary": "Accept"}
    if current := collection.current(spec, iri):
        return RedirectResponse(
            f"{served.public_url}resource/{collection.path_of(spec, current)}", 303, headers
        )
    if accepted_form in {None, "html"} and (page := collection.page_of(spec, iri)):
        return RedirectResponse(f"{served.public_url}{page}", 303, headers)
    for release in reversed(spec.releases):
        describe = f"DESCRIBE <{iri}>"
        answer = await collection.pool.query(describe, Dataset(default=(release_iri(release),)))
        if answer.rows:
            # With its other and former names.
            both = Dataset(default=(release_iri(release), changes_iri(spec)))
            answer = await collection.pool.query(describe, both)
            form = "ttl" if accepted_form in {None, "html"} else str(accepted_form)
            data = serialize(answer_triples(answer), form)[0]
            return Response(data, media_type=content_type(GRAPH_TYPES[form]), headers=headers)
    raise _Refusal(404, f"nothing is called <{message_line(iri[:200])}>")


def _iri(collection: Collection, raw: str) -> tuple[SpecReleases, str]:
    """Return the spec and the IRI for a path; with several specs, the name of the spec comes first."""
    specs = {one.name: one for one in collection.specs}
    one = collection.specs[0]
    if len(specs) > 1:
        name, _, raw = raw.partition("/")
        if name not in specs:
            raise _Refusal(
                404, f"no spec is called `{message_line(name[:80])}`; there are {', '.join(specs)}"
            )
        one = specs[name]
    if not raw or not re.fullmatch(r"[A-Za-z0-9._~%!$&'()*+,;=:@/-]+", raw):
        raise _Refusal(404, "expected an IRI of the spec, below its base")
    return one, f"{base_of(one.last) or DEFAULT_BASE}{raw}"


def _with_etag(request: Request, data: bytes, digest: str, kind: str, headers: Mapping[str, str]) -> Response:
    """Send bytes with their digest, or status 304 if the client has them."""
    tag = f'"{digest[:32]}"'
    client_tags = {
        part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")
    }
    if tag in client_tags or "*" in client_tags:
        return Response(status_code=304, headers={"ETag": tag, **headers})
    return Response(data, media_type=kind, headers={"ETag": tag, **headers})


def _description(served: Served, request: Request, describe: Callable[[Served], Any]) -> Response:
    form = accepted(request.headers.get("accept", ""), GRAPH_TYPES) or "ttl"
    data = serialize(describe(served), form)[0]
    return Response(data, media_type=content_type(GRAPH_TYPES[form]), headers={"Vary": "Accept"})


async def _void(served: Served, request: Request) -> Response:
    """Describe the data in VoID and DCAT."""
    return _description(served, request, data_description)


# -- questions -----------------------------------------------------------------------------


async def _questions(_served: Served, _request: Request) -> Response:
    """List the named questions."""
    return Response(questions_json(list_questions()), media_type="application/json")


async def _question(served: Served, request: Request) -> Response:
    """Answer a named question; `spec` and `release` select its subject, unless they are parameters of the question."""
    name = request.path_params["name"]
    if name not in {question.name for question in list_questions()}:
        raise _Refusal(
            404,
            f"no question is called `{message_line(name[:80])}`; {nearest(name, [q.name for q in list_questions()])}".rstrip(
                "; "
            ),
        )
    own = {parameter.name for parameter in find_question(name).parameters}
    parameters: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in parameters:
            raise _Refusal(400, f"`{message_line(key[:80])}` is given twice")
        parameters[key] = value
    where = {key: parameters.pop(key) for key in ("spec", "release") if key in parameters and key not in own}
    form = accepted(request.headers.get("accept", ""), RESULT_TYPES)
    if form is None:
        raise _unacceptable(RESULT_TYPES)
    answer = await asyncio.to_thread(functools.partial(served.collection.desk.ask, name, parameters, **where))
    data = results(dump_json(results_record(answer)), form)
    return Response(
        data,
        media_type=content_type(RESULT_TYPES[form]),
        headers={"Vary": "Accept", "Cache-Control": "no-cache"},
    )


# -- the handbook --------------------------------------------------------------------------


class _Pages:
    """The handbook of the current collection."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._of: tuple[Collection, StaticFiles] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        site = self._served.collection.site
        if site.is_built:
            if self._of is None or self._of[0] is not self._served.collection:
                self._of = (self._served.collection, StaticFiles(directory=site.folder, html=True))
            policy = site.policy

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = [(b"content-security-policy", policy.encode()), (b"cache-control", b"no-cache")]
                    message["headers"] = [*message.get("headers", ()), *headers]
                await send(message)

            await self._of[1](scope, receive, send_with_headers)
            return
        if site.problem:
            response = _line(404, f"there is no handbook: {message_line(site.problem)}")
        else:
            response = _line(503, "the handbook is being built: come back in a moment", {"Retry-After": "5"})
        await response(scope, receive, send)
