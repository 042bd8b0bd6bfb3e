"""The handbook of a spec that is poisoned all over: nothing of it runs, and nothing else is blocked by a strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, expect

from sphinx_policyspec.sphinx_ext.handbook import build_site
from tests.poison import MARKUP, poisoned, whole

RUNS = (
    '"\'><img src=x onerror="window.evil=1;alert(1)"><script>window.evil=2</script><svg onload=window.evil=3>'
)


ERROR = 400


@pytest.fixture(scope="module", params=["basic", pytest.param("furo", marks=pytest.mark.slow)])
def hostile_site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    spec = poisoned(whole(), RUNS + MARKUP)
    build_site(spec, folder, folder / "site", theme=request.param, ask=True)
    return folder / "site"


@pytest.fixture
def told(browser: Browser, hostile_site: Path, serve: Callable[[Path], str]) -> Iterator[list[str]]:
    """Open every page, use what it has, and note every error, dialog and request that is not of the site."""
    found: list[str] = []
    base = serve(hostile_site)
    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: found.append(f"error {error}"))
    page.on("dialog", lambda dialog: _dismiss(found, dialog))
    page.on("request", lambda request: _note(found, request.url, base))
    page.on(
        "response",
        lambda response: found.append(f"absent {response.url}") if response.status >= 400 else None,
    )
    # Without a policy: what one would block is not to be what keeps the page quiet.
    for file in sorted(hostile_site.glob("*.html")):
        page.goto(base + file.name)
        page.wait_for_load_state("networkidle")
        for link in page.locator("a.reference.internal:visible").all()[:5]:
            link.dispatch_event("mouseover")
        if page.evaluate("window.evil"):
            found.append(f"ran {file.name}")
    page.goto(f"{base}search.html?q=words")
    expect(page.locator("#search-results")).to_contain_text("Search")
    page.goto(f"{base}policy-ask.html")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("answers in")
    if page.evaluate("window.evil"):
        found.append("ran search or answers")
    yield found
    context.close()


def _dismiss(found: list[str], dialog: Dialog) -> None:
    found.append(f"dialog {dialog.message}")
    dialog.dismiss()


def _note(found: list[str], url: str, base: str) -> None:
    if not url.startswith((base, "blob:", "data:image/")) or url.endswith("/x"):
        found.append(f"request {url}")


def test_nothing_of_the_spec_runs_or_is_loaded(told: list[str]) -> None:
    assert [line for line in told if "favicon" not in line] == []


def test_a_strict_policy_blocks_nothing_of_ours(
    browser: Browser, hostile_site: Path, serve: Callable[[Path], str]
) -> None:
    blocked: list[str] = []
    context = browser.new_context()
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error('blocked', event.violatedDirective, "
        "event.blockedURI, event.sourceFile, event.lineNumber, event.sample))"
    )
    page = context.new_page()
    page.on(
        "console",
        lambda message: blocked.append(message.text) if message.text.startswith("blocked") else None,
    )
    for file in sorted(hostile_site.glob("*.html")):
        page.goto(f"{serve(hostile_site)}strict/{file.name}")
        page.wait_for_load_state("networkidle")
    page.goto(f"{serve(hostile_site)}strict/policy-ask.html")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("answers in")
    context.close()
    # Sphinx and themes have inline scripts and styles; what is set inline on our pages, another test looks at.
    assert [
        line for line in blocked if not re.match(r"blocked (script|style|img)-src(-\w+)? (inline|data)", line)
    ] == []
    assert not [line for line in blocked if "/_static/policyspec" in line]
