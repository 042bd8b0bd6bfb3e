"""The versions that we promise are those that `make test-oldest` runs."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import REPOSITORY

_PIN = re.compile(r"^([\w-]+)==(\S+)$", re.MULTILINE)
_LOWEST = re.compile(r"([\w-]+)>=([\d.]+)")


def test_the_oldest_versions_tested_are_the_lowest_promised() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    promised = {match[1].lower(): match[2] for match in map(_LOWEST.match, project["dependencies"]) if match}
    assert len(promised) == len(project["dependencies"])
    tested = {
        name.lower(): _release(version)
        for name, version in _PIN.findall((REPOSITORY / "constraints-oldest.txt").read_text("utf-8"))
    }
    assert {name: tested.get(name) for name in promised} == {
        name: _release(version) for name, version in promised.items()
    }


def _release(version: str) -> tuple[int, ...]:
    """Return a version as numbers, so that 8.2 and 8.2.0 are one."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
