"""Connections that cannot be held idle: clients that send or read too slowly, or are too many, are disconnected."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

SECONDS = 10.0
"""Time for a client to send a whole request, and to accept more of an answer."""
MOST = 500
"""Open connections; for one more, the one that has waited longest for a request is closed."""


def connection_class() -> type[H11Protocol]:
    """Return the class of the connections of one server."""
    waiting: dict[_Connection, None] = {}
    return type("Connection", (_Connection,), {"waiting": waiting})


class _Connection(H11Protocol):
    """One connection.

    :param waiting: all connections without a whole request, the longest waiting first
    """

    waiting: dict[_Connection, None]
    _request: asyncio.TimerHandle | None = None
    _answer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base
        super().connection_made(transport)
        if len(self.connections) > MOST:
            for other in [*self.waiting][: len(self.connections) - MOST]:
                other.hang_up()
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._request is None and not self._is_answering:
            self._wait()
        super().data_received(data)
        if self._is_answering:
            self._done()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._request is None and not self._is_answering:
            self.waiting[self] = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer = self._answer or self.loop.call_later(SECONDS, self.hang_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        if self._answer is not None:
            self._answer.cancel()
        super().connection_lost(exc)

    @property
    def _is_answering(self) -> bool:
        """Whether there is a whole request without a complete answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _wait(self) -> None:
        """Wait for a whole request for a limited time."""
        self.waiting[self] = None
        self._request = self.loop.call_later(SECONDS, self.hang_up)

    def _done(self) -> None:
        self.waiting.pop(self, None)
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def hang_up(self) -> None:
        """Close the connection at once."""
        self._done()
        self.transport.abort()
