"""When a root is read: one reading at a time, always of the newest texts; what pages ask is answered once nobody types."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.language_server.reading import Result, Wanted
from sphinx_policyspec.language_server.roots import Root, changed_files

IDLE = 1.0
"""Seconds without an edit after which what pages ask is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A text that an editor holds.

    :param version: as the client counts it
    """

    text: str
    version: int | None


class Scheduler:
    """Reads one root whenever its texts change."""

    def __init__(
        self,
        root: Root,
        held: Callable[[], Mapping[Path, Held]],
        publish: Callable[[Root, Result, Mapping[Path, Held]], None],
        fail: Callable[[Root, str], None],
    ) -> None:
        self._root, self._held, self._publish, self._fail = root, held, publish, fail
        self._before: Mapping[Path, str] = {}
        self._saved: set[Path] = set()
        self._task: asyncio.Task[None] | None = None
        self._stale = asyncio.Event()
        self._wants_answers = False

    def edited(self) -> None:
        """Read the root again, now or once the reading that runs is done."""
        self._stale.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def saved(self, path: Path) -> None:
        """Read again what a file on the disk is part of."""
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
        """Read the root once; return whether there is nothing left that pages ask."""
        held, saved = self._held(), tuple(self._saved)
        texts = {path: one.text for path, one in held.items()}
        self._saved.clear()
        is_first = self._root.result is None or (self._root.source.is_project and self._root.pid is None)
        changed = tuple(texts) if is_first else changed_files(self._before, texts, saved)
        wanted = Wanted(texts=texts, changed=changed, cases=tuple(sorted(self._root.cases)), answers=answers)
        try:
            result = await self._root.read(wanted)
        except PolicySpecError as error:
            self._before = {}
            self._fail(self._root, str(error))
            return True
        self._before = texts
        self._root.know(result)
        self._root.problem = ""
        self._publish(self._root, result, held)
        return answers or is_first or not self._root.source.is_project
