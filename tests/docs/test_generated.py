"""Cells of the generated reference."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.extension import ROLES
from tests.conftest import REPOSITORY

EXTENSION = REPOSITORY / "docs" / "_ext"


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    monkeypatch.syspath_prepend(str(EXTENSION))
    return runpy.run_path(str(EXTENSION / "generated.py"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("``a`` and ``b | c``", r"`a` and `b \| c`"),
        ("``:policy:clause:`a <level=b>```.", "`` :policy:clause:`a <level=b>` ``."),
        ("as ``:x:`a```, ``:y:`b``` or :func:`~c.d`", "as `` :x:`a` ``, `` :y:`b` `` or `c.d`"),
    ],
)
def test_literals_and_roles_become_those_of_markdown(
    generated: dict[str, Callable[..., Any]], text: str, shown: str
) -> None:
    assert generated["cell"](text) == shown


def test_each_role_is_told_with_its_name(generated: dict[str, Callable[..., Any]]) -> None:
    domain = SimpleNamespace(object_types=PolicyDomain.object_types, roles=PolicyDomain.roles | ROLES)
    rows = generated["roles"](SimpleNamespace(domains={"policy": domain})).splitlines()
    assert "| `policy:clause` |" in "".join(rows)
    for name in ("clause", "count"):
        (row,) = (row for row in rows if row.startswith(f"| `policy:{name}` |"))
        assert f"`` :policy:{name}:`" in row
