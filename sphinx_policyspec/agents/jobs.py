"""Work of a server beside its loop: one thing at a time in a thread, ended when its time is over or nobody waits any more."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

_Made = TypeVar("_Made")

SECONDS = 10.0
"""What a call may take."""


class OutOfTime(BaseException):
    """Raised in a thread whose work is not wanted any more; nothing that catches errors takes it for one."""


class _Job(Generic[_Made]):
    """One piece of work in a thread of its own."""

    def __init__(self, work: Callable[[], _Made]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._is_running = True
        self.outcome: asyncio.Future[_Made] = self._loop.create_future()
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        with suppress(OutOfTime):
            try:
                made = self._work()
            except Exception as error:  # noqa: BLE001  whoever waits gets it
                self._tell(self.outcome.set_exception, error)
            else:
                self._tell(self.outcome.set_result, made)

    def _tell(self, put: Callable[[Any], None], outcome: object) -> None:
        with self._lock:
            self._is_running = False

        def done() -> None:
            if not self.outcome.done():
                put(outcome)

        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(done)

    def stop(self) -> None:
        """Raise in the thread, between two steps of Python, unless it is done."""
        with self._lock:
            if self._is_running and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(OutOfTime)
                )


async def in_time(
    lock: asyncio.Lock,
    work: Callable[[], _Made],
    seconds: float = SECONDS,
    abandon: Callable[[], None] = lambda: None,
) -> _Made:
    """Return what some work makes, begun when other work under the lock is done; raise :class:`TimeoutError` where it takes too long.

    Parsers share state, so that one works at a time; the loop goes on meanwhile.

    :param abandon: ends what the work waits for outside of Python, where nobody waits for the work any more
    """
    async with lock:
        job = _Job(work)
        job.start()
        try:
            return await asyncio.wait_for(asyncio.shield(job.outcome), seconds)
        finally:
            if not job.outcome.done():
                job.stop()
                abandon()
