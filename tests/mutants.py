"""Functions with other words in their source: what a test is worth shows in those that it finds out."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

Test = Callable[..., None]


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
