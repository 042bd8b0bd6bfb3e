"""The client of the protocol's own package over the pipes of a child process, and the same pipes without it."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client

from tests.conftest import REPOSITORY

__all__ = ["COMMAND", "Asked", "Wire", "asked", "wire"]

COMMAND = "import sys; sys.argv[0] = 'policyspec'\nfrom sphinx_policyspec.cli import main\nmain()"
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}


class Asked:
    """A client that tests call as any function; its loop runs in a thread."""

    def __init__(self, sources: Iterable[object], folder: Path, mode: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        arguments = ["-c", COMMAND, "serve", *map(str, sources), "--mcp", "-q"]
        self._parameters = StdioServerParameters(
            command=sys.executable, args=arguments, cwd=folder, env=_ENVIRONMENT
        )
        self._end = asyncio.Event()
        self._begun: asyncio.Future[Client] = self._loop.create_future()
        self._done = asyncio.run_coroutine_threadsafe(self._live(mode), self._loop)
        self.client: Any = asyncio.run_coroutine_threadsafe(self._wait(), self._loop).result(60)

    async def _live(self, mode: str) -> None:
        # One task enters and leaves, as its cancel scopes want it.
        async with AsyncExitStack() as stack:
            with open(os.devnull, "w", encoding="utf-8") as quiet:  # noqa: ASYNC230, PTH123
                transport = stdio_client(self._parameters, errlog=quiet)
                client = await stack.enter_async_context(Client(transport, mode=mode))
                self._begun.set_result(client)
                await self._end.wait()

    async def _wait(self) -> Client:
        return await self._begun

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Return the structured answer of a tool, which its text says, too."""
        result = self.run(self.client.call_tool(tool, arguments))
        assert not result.is_error, result.content[0].text
        if tool != "context":
            assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content

    def error(self, tool: str, **arguments: Any) -> str:
        """Return the words of an error."""
        result = self.run(self.client.call_tool(tool, arguments))
        assert result.is_error, result.structured_content
        return str(result.content[0].text)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._done.result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def asked(folder: Path, *sources: object, mode: str = "legacy") -> Iterator[Asked]:
    """Yield a client of a server that was started in a folder.

    :param mode: how the two agree on a version of the protocol
    """
    client = Asked(sources, folder, mode)
    try:
        yield client
    finally:
        client.close()


class Wire:
    """The bare pipes of a server: what a client sends need not be right, and may stop at any time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin, self.stdout = process.stdin, process.stdout
        self.lines: list[bytes] = []
        self._read: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "0"},
        }
        self.send({"id": 0, "method": "initialize", "params": hello})
        self.answer(0)
        self.send({"method": "notifications/initialized"})

    def _listen(self) -> None:
        # Whoever closes the pipe waits for nothing.
        with suppress(ValueError, OSError):
            while line := self.stdout.readline():
                self._read.put(line)
        self._read.put(b"")

    def send(self, message: dict[str, Any] | bytes) -> None:
        raw = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.stdin.write(raw + b"\n")
        self.stdin.flush()

    def call(self, number: int, tool: str, **arguments: Any) -> None:
        self.send({"id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})

    def answer(self, number: int) -> dict[str, Any]:
        """Return the answer to a request; every line on the way is a message of the protocol."""
        while True:
            line = self._read.get(timeout=30)
            assert line, "the server has ended"
            self.lines.append(line)
            message: dict[str, Any] = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == number:
                return message


@contextmanager
def wire(folder: Path, *sources: object) -> Iterator[Wire]:
    """Yield the pipes of a server that was started in a folder; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", *map(str, sources), "--mcp", "-q"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_ENVIRONMENT,
    )
    try:
        yield Wire(process)
    finally:
        process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
