"""A handbook of several releases: each page leads to the same in the others, and old ones say that they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sphinx.locale import translators

import sphinx_policyspec as ps
from tests.conftest import Run
from tests.releases.site import dead_links, read_site
from tests.sphinx_ext.web.test_panels import panel_of

CHAPTER = "# Manners {#manners}\n\n"
GREET = "Greet every visitor of the library by name, and ask what they would like to read next.\n\n"
KIND = "## Be kind {#be_kind authority=user}\n\n" + GREET
KIND_LATER = "## Be kind and warm {#be_warm authority=root}\n\n" + GREET
BRIEF = "## Be brief {#be_brief authority=user}\n\nTake as many words as an answer needs, and no more.\n\n"
STOCK = "# Books {#books}\n\n## Lend {#lend authority=user}\n\nLend what is on the shelf to whoever asks.\n"
HISTORY = {
    "2001-01-01": CHAPTER + KIND,
    "2002-02-02": CHAPTER + KIND + BRIEF,
    "2003-03-03": CHAPTER.replace("manners", "conduct") + KIND_LATER + STOCK,
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three releases."""
    folder = tmp_path_factory.mktemp("releases")
    for name, text in HISTORY.items():
        (folder / name).mkdir()
        (folder / name / "model_spec.md").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their handbook, with a result that was graded against the first."""
    out = tmp_path_factory.mktemp("site")
    log = tmp_path_factory.mktemp("logs") / "log.jsonl"
    row = {"prompt": "p", "model": "m", "value": 1, "section_id": "be_kind", "release": "2001-01-01"}
    log.write_text(json.dumps(row), "utf-8")
    assert ps.build_handbook(source, out, theme="basic", results=[log]) == ()
    return out


def page(site: Path, release: str, name: str) -> str:
    return (site / release / f"{name}.html").read_text("utf-8")


def switch(html: str) -> list[tuple[str, str]]:
    """Return the addresses and texts of the switch between releases; the current one has no address."""
    found = re.search(r'<nav class="ps-releases.*?</nav>', html, re.DOTALL)
    assert found
    items = re.findall(r"<li>(.*?)</li>", found[0])
    return [("".join(re.findall(r'href="(.*?)"', item)), re.sub(r"<[^>]*>", "", item)) for item in items]


def test_the_first_page_leads_to_the_newest_release(site: Path) -> None:
    first = (site / "index.html").read_text("utf-8")
    assert '<meta http-equiv="refresh" content="0; url=2003-03-03/index.html">' in first
    assert re.findall(r'<li><a href="(.*?)/index.html">', first) == ["2003-03-03", "2002-02-02", "2001-01-01"]


def test_a_page_leads_to_the_same_page_of_each_release(site: Path) -> None:
    assert switch(page(site, "2002-02-02", "manners")) == [
        ("../2003-03-03/conduct.html", "2003-03-03"),
        ("", "2002-02-02"),
        ("../2001-01-01/manners.html", "2001-01-01"),
    ]
    assert switch(page(site, "2003-03-03", "books"))[1:] == [
        ("../2002-02-02/index.html", "2002-02-02 (first page)"),
        ("../2001-01-01/index.html", "2001-01-01 (first page)"),
    ]
    for name in ("index", "all-principles"):
        assert switch(page(site, "2001-01-01", name))[0] == (f"../2003-03-03/{name}.html", "2003-03-03")
    assert switch(page(site, "2002-02-02", "policy-changes"))[2] == (
        "../2001-01-01/index.html",
        "2001-01-01 (first page)",
    )


def test_pages_of_old_releases_say_so(site: Path) -> None:
    old = re.search(r'<p class="ps-old-release.*?</p>', page(site, "2001-01-01", "manners"))
    assert old
    assert re.sub(r"<[^>]*>", "", old[0]) == "Old release 2001-01-01 · newest: 2003-03-03"
    assert 'href="../2003-03-03/conduct.html"' in old[0]
    assert "ps-old-release" not in page(site, "2003-03-03", "conduct")
    assert "Release 2001-01-01 (old)" in page(site, "2001-01-01", "manners")


def canonical(html: str) -> list[str]:
    """Return what search engines are told to show in place of a page."""
    return re.findall(r'<link rel="canonical" href="(.*?)"', html)


def test_search_engines_are_led_to_the_newest_release(site: Path) -> None:
    assert canonical((site / "index.html").read_text("utf-8")) == ["2003-03-03/index.html"]
    assert canonical(page(site, "2001-01-01", "manners")) == ["../2003-03-03/conduct.html"]
    assert canonical(page(site, "2002-02-02", "map")) == ["../2003-03-03/map.html"]
    assert canonical(page(site, "2003-03-03", "conduct")) == []


def test_every_page_says_what_it_is_and_has_an_icon(site: Path) -> None:
    for file in site.rglob("*.html"):
        html = file.read_text("utf-8")
        [said] = re.findall(r'<meta name="description" content="(.*?)">', html)
        [icon] = re.findall(r'<link rel="(?:shortcut )?icon" href="(.*?)"', html)
        assert len(said) > 40, file
        assert (file.parent / icon).is_file(), file
        if file.parent != site:
            assert len(re.findall('<meta property="og:description"', html)) == 1, file


def test_a_panel_leads_to_the_principle_under_its_other_ids(site: Path) -> None:
    rows = panel_of(page(site, "2002-02-02", "manners"), "be_kind")
    heads = re.findall(r"<th[^>]*>(.*?)</th>", rows["Releases"])
    assert [re.sub(r"<[^>]*>", "", head) for head in heads] == [
        "2003-03-03 Root “Be kind and warm”",
        "2002-02-02 User",
        "2001-01-01 User",
    ]
    assert re.findall(r'href="(.*?)" data-ps-release="(.*?)"', rows["Releases"]) == [
        ("../2003-03-03/conduct.html#be_warm", "2003-03-03"),
        ("../2001-01-01/manners.html#be_kind", "2001-01-01"),
    ]
    assert "New principle" in panel_of(page(site, "2003-03-03", "books"), "lend")["Releases"]
    changed = panel_of(page(site, "2003-03-03", "conduct"), "be_warm")["Releases"]
    assert 'href="policy-changes.html#changes-be_warm"' in changed


def test_a_history_leads_to_the_changes_of_each_release(site: Path) -> None:
    rows = panel_of(page(site, "2002-02-02", "manners"), "be_brief")
    assert "1 change may change the meaning</bdi></a>" in rows["Releases"]
    assert "What changed since 2001-01-01" in page(site, "2002-02-02", "policy-changes")
    assert not (site / "2001-01-01" / "policy-changes.html").exists()


def test_every_link_between_releases_leads_somewhere(site: Path) -> None:
    pages = read_site(site)
    between = [href for shown in pages.values() for href, _ in shown.links if href.startswith("../2")]
    assert len(between) > 40
    assert dead_links(site, pages) == []


def test_the_command_line_builds_each_release(source: Path, tmp_path: Path, run: Run) -> None:
    status, _, err = run("handbook", source, "-o", tmp_path, "--since", source)
    assert status == 2
    assert "is several releases, each compared with those before: --since does not apply" in err
    trig = tmp_path / "all.trig"
    trig.write_bytes(ps.to_rdf(ps.load_all(source)[1:], "trig"))
    before = translators.get(("general", "sphinx_policyspec"))
    at = ("--language", "de", "--site-url", "https://example.org/spec")
    status, _, err = run("handbook", trig, "-o", tmp_path / "site", "--theme", "basic", "--pages", "one", *at)
    assert status == 0
    assert err.splitlines()[-1].endswith("index.html, of 2 releases")
    old = page(tmp_path / "site", "2002-02-02", "index")
    assert switch(old)[0][0] == "../2003-03-03/index.html"
    assert canonical(old) == ["https://example.org/spec/2003-03-03/index.html"]
    assert 'content="https://example.org/spec/2002-02-02/index.html"' in old
    assert "Was Sie ändern dürfen" in old
    assert translators.get(("general", "sphinx_policyspec")) is before
    graph = ps.load(tmp_path / "site" / "2002-02-02" / "spec.ttl")
    assert graph == ps.load_all(trig)[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--language", "../de"), "`../de` is no code of a language: write one such as `de` or `pt_BR`"),
        (("--site-url", "example.org"), "`example.org` is no address of a site: write one such as https://"),
    ],
)
def test_a_language_and_an_address_are_checked(
    source: Path, tmp_path: Path, run: Run, given: tuple[str, str], message: str
) -> None:
    status, _, err = run("handbook", source / "2001-01-01", "-o", tmp_path / "site", *given)
    assert (status, message in err) == (2, True), err


@pytest.mark.parametrize(
    ("release", "title", "is_stale"),
    [("2001-01-01", "Be kind", False), ("2003-03-03", "Be kind and warm", True)],
)
def test_a_result_stands_at_its_principle_whatever_its_id_in_a_release(
    site: Path, release: str, title: str, is_stale: bool
) -> None:
    html = page(site, release, "policy-results")
    table = html.partition('id="by-principle"')[2].partition("</table>")[0]
    assert title in table
    assert ("another text than this" in html) == is_stale
