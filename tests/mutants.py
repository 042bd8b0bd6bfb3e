"""Functions with other words in their source: what a test is worth shows in those that it finds out."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import pytest

Test = Callable[..., None]
_FEW = 40
"""Sets of parameters of a killer that are tried."""


class Mutant(NamedTuple):
    """A wrong reading.

    :param owner: the class or module that has the function
    :param old: words of its source
    :param new: what stands in their place
    :param killers: tests, one of which fails
    """

    owner: Any
    name: str
    old: str
    new: str
    killers: tuple[Test, ...]


def mutated(mutant: Mutant) -> Any:
    """Return a function, or a property, with other words in its source."""
    found = inspect.getattr_static(mutant.owner, mutant.name)
    right = getattr(found, "fget", None) or getattr(found, "func", None) or found
    source = textwrap.dedent(inspect.getsource(right))
    assert source.count(mutant.old) >= 1, f"{mutant.name} does not hold {mutant.old!r}"
    tree = ast.parse(source.replace(mutant.old, mutant.new, 1))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    space: dict[str, Any] = {}
    exec(
        compile("from __future__ import annotations\n" + ast.unparse(tree), "mutant", "exec"),
        right.__globals__,
        space,
    )
    wrong = space[mutant.name]
    if isinstance(found, cached_property):
        again = cached_property(wrong)
        again.__set_name__(mutant.owner, mutant.name)
        return again
    return property(wrong) if isinstance(found, property) else wrong


def _fixture(test: Test, name: str, request: pytest.FixtureRequest) -> Any:
    """Return what a test is given, made anew: by a fixture of its own module, or else of all."""
    made = inspect.getattr_static(sys.modules[test.__module__], name, None)
    if made is None:
        return request.getfixturevalue(name)
    make = inspect.unwrap(made)
    return make(**{one: _fixture(test, one, request) for one in inspect.signature(make).parameters})


def runs(test: Test, request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Yield a test with what it is given, once for each set of its parameters."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    axes = []
    for mark in marks:
        names = (
            [name.strip() for name in mark.args[0].split(",")]
            if isinstance(mark.args[0], str)
            else [*mark.args[0]]
        )
        axes.append(
            [dict(zip(names, one if len(names) > 1 else (one,), strict=True)) for one in mark.args[1]]
        )
    wanted = inspect.signature(test).parameters
    for chosen in itertools.islice(itertools.product(*axes), _FEW):
        given = {name: value for part in chosen for name, value in part.items()}
        fixtures = {name: _fixture(test, name, request) for name in wanted if name not in given}
        yield lambda given=given | fixtures: test(**given)  # type: ignore[misc]  # what the loop has


def fails(attempt: Callable[[], None]) -> bool:
    """Return whether a test does."""
    try:
        attempt()
    except (Exception, pytest.fail.Exception):  # noqa: BLE001  whatever tells it
        return True
    return False


def is_found_out(mutant: Mutant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether a test of a mutant fails where this stands in the place of the right function."""
    attempts = [attempt for killer in mutant.killers for attempt in runs(killer, request)]
    monkeypatch.setattr(mutant.owner, mutant.name, mutated(mutant))
    return any(map(fails, attempts))
