"""Runs the server: opens its address, reads SOURCEs again when their files change, and cleans up at the end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sphinx_policyspec.agents.desk import emptied, state_of
from sphinx_policyspec.errors import MissingToolError, PolicySpecError, SourceError
from sphinx_policyspec.exports import message_line
from sphinx_policyspec.serving.collection import Collection
from sphinx_policyspec.serving.site import SiteSources

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from sphinx_policyspec.serving.app import Served

_LOOK = 1.0
"""Seconds between checks of watched files."""
_LONGEST_HEADERS = 256 * 1024
"""Bytes of a request's headers: an escaped query of 64 KiB fits in its address."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LOG = logging.getLogger(__name__)


def require_serve() -> None:
    """Raise :class:`MissingToolError` if the packages of the server are not installed."""
    try:
        import starlette  # noqa: F401, PLC0415  an extra
        import uvicorn  # noqa: F401, PLC0415  likewise
        import werkzeug  # noqa: F401, PLC0415  likewise
    except ImportError as error:
        raise MissingToolError(
            f"the server needs more packages: pip install 'sphinx-policyspec[serve]' ({error})"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """The address on which the server listens, and the one for clients.

    :param public_url: of a proxy before it, with a slash at its end; empty if there is none
    """

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in _LOOPBACK

    @property
    def hosts(self) -> tuple[str, ...]:
        """The accepted host names, so that no foreign page reaches it under its own name."""
        if not self.is_loopback:
            return ("*",)
        public = urlsplit(self.public_url).hostname
        return (*_LOOPBACK, "[::1]", *((public,) if public else ()))

    def open(self) -> socket.socket:
        """Return a listening socket; raise :class:`SourceError` if the system refuses."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # The protocol is named, since asyncio only then sends without waiting for more data.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen(2048)
        except OSError as error:
            listening.close()
            raise SourceError(
                f"`{self.host}:{self.port}` cannot be listened on: {error.strerror or error}"
            ) from error
        return listening

    def url(self, listening: socket.socket) -> str:
        """Return the address of the server for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{listening.getsockname()[1]}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to serve, and how.

    :param collect: reads every SOURCE and returns a collection
    :param site: sources of the handbook; ``None`` if there should be none
    :param watch: whether to read SOURCEs again when their files change
    :param cors: whether scripts of any site may read answers
    :param note: reports progress
    """

    collect: Callable[[], Collection]
    site: SiteSources | None
    watch: bool
    cors: bool
    note: Callable[[str], None]


def serve(address: ServerAddress, job: Job) -> None:
    """Serve until the process is ended."""
    import uvicorn  # noqa: PLC0415  of the extra

    from sphinx_policyspec.serving.app import Served  # noqa: PLC0415  likewise
    from sphinx_policyspec.serving.connections import connection_class  # noqa: PLC0415  likewise

    with address.open() as listening:
        url = address.url(listening)
        served = Served(job.collect(), url)
        at = f" from {address.host}:{listening.getsockname()[1]}" if address.public_url else ""
        # Errors in connections are the clients'; errors in answers are logged where they occur.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        config = uvicorn.Config(
            _application(served, address, job, at),
            http=connection_class(),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=_LONGEST_HEADERS,
            timeout_graceful_shutdown=2,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _application(served: Served, address: ServerAddress, job: Job, listening: str) -> Starlette:
    from sphinx_policyspec.serving.app import application  # noqa: PLC0415  of the extra

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        beside = [asyncio.create_task(_begin(served.collection, job))]
        if job.watch:
            beside.append(asyncio.create_task(_watch(served, job)))
        job.note(f"serving {served.public_url}{listening}")
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*beside, return_exceptions=True)
            served.collection.close()

    return application(served, hosts=address.hosts, cors=job.cors, lifespan=lifespan)


async def _begin(collection: Collection, job: Job) -> None:
    """Load the graphs and build the handbook."""
    collection.pool.start()
    if job.site is None:
        collection.site.problem = "none is wanted"
        return
    await collection.site.build(job.site)
    job.note(
        f"no handbook: {message_line(collection.site.problem)}"
        if collection.site.problem
        else "the handbook is there"
    )


async def _watch(served: Served, job: Job) -> None:
    """Read changed files again; the old text is served until the new one is complete."""
    state = state_of(served.collection.desk)
    while True:
        await asyncio.sleep(_LOOK)
        if (now := state_of(served.collection.desk)) == state:
            continue
        state = now
        try:
            new = await asyncio.to_thread(job.collect)
        except (PolicySpecError, OSError) as error:
            job.note(f"the old text is served on: {message_line(str(error))}")
            continue
        if problem := emptied(served.collection.desk, new.desk):
            job.note(f"the old text is served on: {message_line(problem)}")
            new.close()
            continue
        await _begin(new, job)
        old, served.collection = served.collection, new
        state = state_of(new.desk)
        job.note("the new text is served")
        await old.pool.drain()
        old.close()
