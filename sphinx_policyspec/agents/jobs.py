"""Work of a server outside its loop: one job at a time in a thread, ended on a timeout or when nobody waits for it."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

_Result = TypeVar("_Result")

SECONDS = 10.0
"""The most seconds that a call may take."""


class OutOfTime(BaseException):
    """Raised in a thread whose work is no longer wanted; not an :class:`Exception`, so that no handler catches it."""


class _Job(Generic[_Result]):
    """One piece of work in its own thread."""

    def __init__(self, work: Callable[[], _Result]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._is_running = True
        self.outcome: asyncio.Future[_Result] = self._loop.create_future()
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        with suppress(OutOfTime):
            try:
                result = self._work()
            except Exception as error:  # noqa: BLE001  whoever waits gets it
                self._report(self.outcome.set_exception, error)
            else:
                self._report(self.outcome.set_result, result)

    def _report(self, set_outcome: Callable[[Any], None], outcome: object) -> None:
        with self._lock:
            self._is_running = False

        def done() -> None:
            if not self.outcome.done():
                set_outcome(outcome)

        # The loop may have ended in the meantime.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(done)

    def stop(self) -> None:
        """Raise in the thread, between two bytecode instructions, unless it is done."""
        with self._lock:
            if self._is_running and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(OutOfTime)
                )


async def in_time(
    lock: asyncio.Lock,
    work: Callable[[], _Result],
    seconds: float = SECONDS,
    abandon: Callable[[], None] = lambda: None,
) -> _Result:
    """Return the result of work that waits for the lock; raise :class:`TimeoutError` if it takes too long.

    Parsers share state, so only one works at a time; the loop continues meanwhile.

    :param abandon: ends what the work waits for outside Python, when nobody waits for the work any more
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
