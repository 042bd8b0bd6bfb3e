"""When a root is read: one reading at a time, of the newest texts; queries on pages are answered when nobody types."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.language_server.reading import ReadRequest, Result
from sphinx_policyspec.language_server.roots import Root, changed_files

IDLE = 1.0
"""Seconds without an edit after which the queries on pages are answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenText:
    """A text that is open in an editor.

    :param version: its version number in the client
    """

    text: str
    version: int | None


class Scheduler:
    """Reads one root whenever its texts change."""

    def __init__(
        self,
        root: Root,
        open_texts: Callable[[], Mapping[Path, OpenText]],
        publish: Callable[[Root, Result, Mapping[Path, OpenText]], None],
        fail: Callable[[Root, str], None],
    ) -> None:
        self._root, self._open_texts, self._publish, self._fail = root, open_texts, publish, fail
        self._before: Mapping[Path, str] = {}
        self._saved: set[Path] = set()
        self._task: asyncio.Task[None] | None = None
        self._stale = asyncio.Event()
        self._wants_answers = False

    def edited(self) -> None:
        """Read the root again, now or after the current reading."""
        self._stale.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def saved(self, path: Path) -> None:
        """Read the root again after a file on the disk has changed, and answer its queries."""
        self._saved.add(path)
        self._wants_answers = True
        self.edited()

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
        await self._root.close()

    async def _run(self) -> None:
        is_answered = True
        while self._stale.is_set() or not is_answered:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stale.wait(), 0 if self._wants_answers else IDLE)
            answers = not self._stale.is_set()
            self._stale.clear()
            is_answered = await self._read(answers=answers)
            self._wants_answers = self._wants_answers and not is_answered

    async def _read(self, *, answers: bool) -> bool:
        """Read the root once; return whether all queries on pages are answered."""
        open_texts, saved = self._open_texts(), tuple(self._saved)
        texts = {path: one.text for path, one in open_texts.items()}
        self._saved.clear()
        is_first = self._root.result is None or (self._root.source.is_project and self._root.pid is None)
        changed = tuple(texts) if is_first else changed_files(self._before, texts, saved)
        request = ReadRequest(
            texts=texts, changed=changed, cases=tuple(sorted(self._root.cases)), answers=answers
        )
        try:
            result = await self._root.read(request)
        except PolicySpecError as error:
            self._before = {}
            self._fail(self._root, str(error))
            return True
        self._before = texts
        self._root.know(result)
        self._root.problem = ""
        self._publish(self._root, result, open_texts)
        return answers or is_first or not self._root.source.is_project
