"""Work that takes too long is ended, and the next is done."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from sphinx_policyspec.agents.jobs import in_time
from tests.conftest import run_alone


def endless() -> int:
    number = 0
    while True:
        try:
            number += 1
        except Exception:  # noqa: BLE001  what the work itself catches does not keep it alive
            number = 0


def test_work_without_an_end_is_ended_and_the_next_is_done() -> None:
    async def both() -> tuple[str, int]:
        lock = asyncio.Lock()
        ended: list[str] = []
        with pytest.raises(TimeoutError):
            await in_time(lock, endless, 0.1, lambda: ended.append("told"))
        return ended[0], await in_time(lock, lambda: 5, 1)

    # Other tests of this process may have threads that go on.
    before = {*threading.enumerate()}
    assert run_alone(both()) == ("told", 5)
    end = time.monotonic() + 5
    while any(thread.daemon and thread not in before for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_work_raises_is_raised_where_it_was_asked_for() -> None:
    async def wrong() -> None:
        await in_time(asyncio.Lock(), lambda: int("x"), 1)

    with pytest.raises(ValueError, match="invalid literal"):
        run_alone(wrong())
