"""A Sphinx project is read in a process of its own: what docutils registers is global, and a page may hang its reader."""

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
from sphinx_policyspec.language_server.reading import Result, RootSource, SpecReader, Wanted

OPENING, ANSWERING = 120.0, 10.0
"""Seconds that the first answer may take, and each later one."""
_PAUSE, _SELDOM = 0.1, 25
"""Seconds without a question after which garbage is collected, and answers after which it is all the same."""
_PACKAGE = str(Path(__file__).resolve().parents[2])
"""The folder that the package is imported from."""
_ENDED = (OSError, EOFError, pickle.UnpicklingError)
"""What is raised where the child has ended."""
_LENGTH = struct.Struct(">Q")


class ChildReader:
    """Reads a root in a child, which is killed where it takes too long, and started anew when next asked."""

    def __init__(self, source: RootSource) -> None:
        self._source = source
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process of the child, if one runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def read(self, wanted: Wanted) -> Result:
        """Return what the child reads; raise :class:`~sphinx_policyspec.errors.SourceError` where it cannot."""
        try:
            answer = await self._answer(wanted)
        except _ENDED:
            # It was killed, perhaps by the system for want of memory, and may well succeed now.
            await self.close()
            answer = await self._once_more(wanted)
        if isinstance(answer, str):
            await self.close()
            raise SourceError(answer)
        return answer

    async def _once_more(self, wanted: Wanted) -> Result | str:
        try:
            return await self._answer(wanted)
        except _ENDED:
            return f"the process that reads `{self._source.path}` ended, twice"

    async def _answer(self, wanted: Wanted) -> Result | str:
        """Return what the child answers, or why there is no answer; one that takes too long is not waited for."""
        is_new = self.pid is None
        if is_new:
            await self._start()
        try:
            return await asyncio.wait_for(self._asked(wanted), OPENING if is_new else ANSWERING)
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

    async def _asked(self, wanted: Wanted) -> Result | str:
        await self._send(wanted)
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - it was started
        (length,) = _LENGTH.unpack(await self._process.stdout.readexactly(_LENGTH.size))
        data = await self._process.stdout.readexactly(length)
        answer: Result | str = pickle.loads(data)  # noqa: S301  written by our own child
        return answer

    async def _send(self, value: object) -> None:
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - as above
        self._process.stdin.write(_framed(value))
        await self._process.stdin.drain()


def _framed(value: object) -> bytes:
    data = pickle.dumps(value, protocol=5)
    return _LENGTH.pack(len(data)) + data


def main() -> None:
    """Read what the parent asks for until it ends; what extensions print goes nowhere near the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked = sys.stdin.buffer
    if (source := _next(asked)) is None:
        return
    reader = SpecReader(source)
    # Garbage is collected once nobody types.
    gc.disable()
    kept = 0
    while (wanted := _next(asked)) is not None:
        answer: Result | str
        try:
            answer = reader.read(wanted)
        except PolicySpecError as error:
            answer = str(error)
        except Exception as error:  # noqa: BLE001 - whatever an extension raises is told in one line
            answer = f"{type(error).__name__}: {error}"
        answers.write(_framed(answer))
        answers.flush()
        kept += 1
        if kept >= _SELDOM or _is_idle(asked):
            gc.collect()
            kept = 0
    reader.close()


def _is_idle(stream: BinaryIO) -> bool:
    """Return whether nothing is asked for a while; where a system cannot say so of a pipe, it is taken for granted."""
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
