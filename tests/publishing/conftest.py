"""Servers that tests of publishing share, and a proxy before one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.publishing.graphs import emptied, limit_updates
from tests.publishing.proxies import Proxy, proxy_to
from tests.publishing.servers import NAMES, Running, running


@pytest.fixture(scope="package", params=NAMES)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture(scope="package")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("oxigraph", tmp_path_factory.mktemp("alone")) as found:
        yield found


@pytest.fixture
def server(each: Running) -> Running:
    """Each server in turn, with nothing on it."""
    emptied(each.server()).close()
    return each


@pytest.fixture
def oxigraph(alone: Running) -> Running:
    """One server, with nothing on it."""
    emptied(alone.server()).close()
    return alone


@pytest.fixture
def proxy(oxigraph: Running) -> Iterator[Proxy]:
    with proxy_to(oxigraph.url) as found:
        yield found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"POLICYSPEC_ENDPOINT_{name}", raising=False)
    monkeypatch.setenv("NETRC", "/dev/null")


@pytest.fixture
def swapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put whole graphs in place of others, however little changes."""
    limit_updates(monkeypatch)
