"""Queries of clients, each in one of a few guarded processes with the same graphs."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import suppress

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.graph.guard import Dataset, Guard, Limits
from sphinx_policyspec.graph.questions import Answer

_MOST_WAITING = 64
"""Queries that wait for a process at most; one more is refused."""


class BusyError(Exception):
    """Too many queries wait already."""


class QueryPool:
    """A few processes that answer queries; one that dies is replaced before its next query.

    :param nquads: all graphs as N-Quads, in pieces of whole lines; they are copied to an anonymous file
    :param workers: number of processes
    """

    def __init__(self, nquads: Iterable[bytes], workers: int, limits: Limits) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it is open as long as the pool is
        self._reading = threading.Lock()
        self._pieces: list[tuple[int, int]] = []
        place = 0
        for piece in nquads:
            self._file.write(piece)
            self._pieces.append((place, len(piece)))
            place += len(piece)
        self._file.flush()
        self._guards = [Guard(self._graph, limits=limits) for _ in range(workers)]
        self._idle: asyncio.Queue[Guard] = asyncio.Queue()
        self._waiting = 0
        self._beside: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Load the graphs in every process, in the background."""
        for guard in self._guards:
            self._ready_again(guard)

    async def query(
        self, sparql: str, dataset: Dataset | None = None, *, disconnect: Awaitable[None] | None = None
    ) -> Answer:
        """Return the answer to a query; raise :class:`BusyError` if too many wait, and the errors of the guard.

        :param disconnect: completes when nobody waits for the answer any more: then the query is stopped and its process is free
        """
        leaving = asyncio.ensure_future(disconnect if disconnect is not None else asyncio.Event().wait())
        try:
            guard = await self._free_guard()
            if leaving.done():
                self._idle.put_nowait(guard)
                raise BusyError
            answer = asyncio.create_task(asyncio.to_thread(guard.query, sparql, "query", dataset))
            try:
                await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not answer.done():
                    guard.stop()
                return await answer
            finally:
                self._ready_again(guard)
        finally:
            leaving.cancel()

    async def _free_guard(self) -> Guard:
        """Return a guard as soon as one is idle; raise :class:`BusyError` if too many wait already."""
        if self._waiting >= _MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await self._idle.get()
        finally:
            self._waiting -= 1

    def _ready_again(self, guard: Guard) -> None:
        """Make a guard available again, once it has a process."""

        async def start() -> None:
            with suppress(PolicySpecError, OSError):  # the next query reports it
                await asyncio.to_thread(guard.start, "query")
            self._idle.put_nowait(guard)

        task = asyncio.get_running_loop().create_task(start())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def _graph(self) -> Iterator[bytes]:
        """Yield the graphs; several threads may read at once."""
        for place, size in self._pieces:
            with self._reading:
                self._file.seek(place)
                piece = self._file.read(size)
            yield piece

    async def drain(self) -> None:
        """Wait until all queries are answered; the pool accepts none after that."""
        for _ in self._guards:
            await self._idle.get()

    def close(self) -> None:
        """End the processes."""
        for task in self._beside:
            task.cancel()
        for guard in self._guards:
            guard.close()
        self._file.close()
