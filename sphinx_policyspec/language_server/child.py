"""Reads a Sphinx project in a child process: docutils registers things globally, and a page may hang its reader."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import select
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.language_server.reading import ReadRequest, Result, RootSource, SpecReader

OPENING, ANSWERING = 120.0, 10.0
"""Seconds that the first answer, and each later one, may take."""
_PAUSE, _SELDOM = 0.1, 25
"""Seconds without a request after which garbage is collected, and answers after which it is collected anyway."""
_PACKAGE = str(Path(__file__).resolve().parents[2])
"""The folder that the package is imported from."""
_ENDED = (OSError, EOFError, pickle.UnpicklingError)
"""Exceptions that mean that the child has ended."""
_LENGTH = struct.Struct(">Q")


class ChildReader:
    """Reads a root in a child, which is killed if it takes too long, and restarted for the next request."""

    def __init__(self, source: RootSource) -> None:
        self._source = source
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process of the child, if one runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def read(self, request: ReadRequest) -> Result:
        """Return what the child reads; raise :class:`~sphinx_policyspec.errors.SourceError` if it cannot."""
        try:
            answer = await self._answer(request)
        except _ENDED:
            # It was killed, perhaps by the system for lack of memory, and may well succeed now.
            await self.close()
            answer = await self._retry(request)
        if isinstance(answer, str):
            await self.close()
            raise SourceError(answer)
        return answer

    async def _retry(self, request: ReadRequest) -> Result | str:
        try:
            return await self._answer(request)
        except _ENDED:
            return f"the process that reads `{self._source.path}` ended, twice"

    async def _answer(self, request: ReadRequest) -> Result | str:
        """Return the answer of the child, or the reason why there is none in time."""
        is_new = self.pid is None
        if is_new:
            await self._start()
        try:
            return await asyncio.wait_for(self._exchange(request), OPENING if is_new else ANSWERING)
        except TimeoutError:
            return f"reading `{self._source.path}` took too long and was stopped"

    async def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        search = os.pathsep.join(filter(None, (_PACKAGE, os.environ.get("PYTHONPATH"))))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            __name__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": search},
        )
        await self._send(self._source)

    async def _exchange(self, request: ReadRequest) -> Result | str:
        await self._send(request)
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - it was started
        (length,) = _LENGTH.unpack(await self._process.stdout.readexactly(_LENGTH.size))
        data = await self._process.stdout.readexactly(length)
        answer: Result | str = pickle.loads(data)  # noqa: S301  written by our own child
        return answer

    async def _send(self, value: object) -> None:
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - as above
        self._process.stdin.write(_frame(value))
        await self._process.stdin.drain()


def _frame(value: object) -> bytes:
    data = pickle.dumps(value, protocol=5)
    return _LENGTH.pack(len(data)) + data


def main() -> None:
    """Answer the requests of the parent until it ends; what extensions print is kept apart from the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    if (source := _next(requests)) is None:
        return
    reader = SpecReader(source)
    # Garbage is collected when nobody types.
    gc.disable()
    uncollected = 0
    while (request := _next(requests)) is not None:
        answer: Result | str
        try:
            answer = reader.read(request)
        except PolicySpecError as error:
            answer = str(error)
        except Exception as error:  # noqa: BLE001 - whatever an extension raises is reported in one line
            answer = f"{type(error).__name__}: {error}"
        answers.write(_frame(answer))
        answers.flush()
        uncollected += 1
        if uncollected >= _SELDOM or _is_idle(requests):
            gc.collect()
            uncollected = 0
    reader.close()


def _is_idle(stream: BinaryIO) -> bool:
    """Return whether no request comes for a while; true if the system cannot wait for a pipe."""
    try:
        return not select.select([stream], (), (), _PAUSE)[0]
    except OSError:
        return True


def _next(stream: BinaryIO) -> Any:  # noqa: ANN401 - what the parent sends
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S301  sent by our own parent


if __name__ == "__main__":
    main()
