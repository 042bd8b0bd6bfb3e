"""What lies beside the pages for scripts and programs."""

from __future__ import annotations

import gzip
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp

from tests.conftest import REPOSITORY, require_package

Build = Callable[..., SphinxTestApp]
STATIC = REPOSITORY / "sphinx_policyspec" / "sphinx_ext" / "static"
LIMIT = 15_000


def script_data(app: SphinxTestApp) -> dict[str, Any]:
    """Return what the script beside the pages holds."""
    text = (app.outdir / "policyspec-data.js").read_text("utf-8")
    found: dict[str, Any] = json.loads(text.removeprefix("window.policyspecData=").rstrip().removesuffix(";"))
    return found


def ids_of(app: SphinxTestApp) -> dict[str, dict[str, Any]]:
    """Return the entries of ``spec-ids.json`` by id."""
    found = json.loads((app.outdir / "spec-ids.json").read_text("utf-8"))
    assert found["format"] == "policyspec-ids/1"
    return {item["id"]: item for item in found["items"]}


def test_data_for_scripts_holds_titles_levels_and_beginnings(spec_source: Path, build: Build) -> None:
    known = script_data(build(spec_source))
    assert known["spec"] == {"title": "A spec", "version": "1.0", "issued": "", "publisher": 'We & "they"'}
    assert known["levels"] == [
        ["root", "Root", "Root level: no message may override it.", []],
        ["user", "Reader", "Reader level: users may override it if they say so explicitly.", ["user"]],
    ]
    assert known["speakers"] == {"user": "users"}
    kind, title, level, page, excerpt, topics, flags, home = known["items"]["be_kind"]
    assert (kind, title, level, page) == ("principle", "Be <b>kind</b>", 1, "first.html")
    assert excerpt == "Kindness comes before Be brief and speed."
    assert known["topics"][topics[0]][:2] == ["tact", "Tact"]
    assert known["items"][home][0] == "section"
    # An example, a good and a bad answer, a prompt and references.
    assert flags == 0b011111
    assert known["items"]["example-greeting"][4] == "Hello, you."
    assert known["items"]["definition-speed"][4] == "How fast it goes."


def test_beginnings_hold_the_words_of_targets_and_no_escapes(spec_source: Path, build: Build) -> None:
    page = spec_source / "first.rst"
    text = page.read_text("utf-8").replace("How fast it", "H\\ :sub:`2`\\ O, _`water`, and how it \\*fast*")
    page.write_text(text, "utf-8")
    known = script_data(build(spec_source))
    assert known["items"]["definition-speed"][4] == "H2O, water, and how it *fast* goes."


def test_ids_hold_places_and_checksums_of_the_words(spec_source: Path, build: Build) -> None:
    before = ids_of(build(spec_source))
    assert before["be_kind"] | {"checksum": ""} == {
        "id": "be_kind",
        "kind": "principle",
        "title": "Be <b>kind</b>",
        "level": "user",
        "page": "first.html",
        "anchor": "be_kind",
        "checksum": "",
    }
    first = spec_source / "first.rst"
    text = first.read_text("utf-8").replace("We argued.", "We quarrelled.").replace("and speed", "and\nspeed")
    first.write_text(text.replace("Hello.\n", "Good day.\n"), "utf-8")
    after = ids_of(build(spec_source))
    changed = [name for name, item in after.items() if item["checksum"] != before[name]["checksum"]]
    assert changed == ["greeting"]
    first.write_text(text.replace("Kindness", "Tact"), "utf-8")
    assert ids_of(build(spec_source))["be_kind"]["checksum"] != before["be_kind"]["checksum"]


@pytest.mark.parametrize(("builder", "page"), [("dirhtml", "first/"), ("singlehtml", "index.html")])
def test_pages_are_named_as_the_builder_writes_them(
    spec_source: Path, build: Build, builder: str, page: str
) -> None:
    app = build(spec_source, builder)
    assert ids_of(app)["be_kind"]["page"] == page
    assert script_data(app)["items"]["be_kind"][3] == page
    assert (app.outdir / page).exists()


def test_data_goes_when_the_spec_goes(spec_source: Path, build: Build) -> None:
    build(spec_source)
    for name in ("first", "second"):
        (spec_source / f"{name}.rst").write_text("Plain\n=====\n", "utf-8")
    (spec_source / "index.rst").write_text("Plain\n=====\n\n.. toctree::\n\n   first\n   second\n", "utf-8")
    app = build(spec_source)
    assert not (app.outdir / "policyspec-data.js").exists()
    assert not (app.outdir / "policyspec-texts.js").exists()
    assert not (app.outdir / "spec-ids.json").exists()


def test_what_every_page_loads_is_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in STATIC.glob("*.*s")}
    assert {name: size for name, size in sizes.items() if size > LIMIT} == {}
    assert sum(sizes.values()) <= 2 * LIMIT


def test_pages_hold_no_code_that_a_content_security_policy_forbids(spec_source: Path, build: Build) -> None:
    for file in Path(build(spec_source).outdir).glob("*.html"):
        ours = re.sub(r"<(nav|footer)\b.*?</\1>", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"<[^>]+\son\w+\s*=", ours), file.name
        for box in re.findall(r'<[^>]*class="ps-[^>]*>', ours):
            assert "style=" not in box


def json_ld(page: str) -> dict[str, Any]:
    """Return the JSON-LD in the head of a page."""
    dumped = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    found: dict[str, Any] = json.loads(dumped)
    return found


def test_a_page_describes_itself_to_machines(spec_source: Path, build: Build) -> None:
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write("html_baseurl = 'https://example.org/spec/'\n")
    page = (build(spec_source).outdir / "first.html").read_text("utf-8")
    found = json_ld(page)
    assert found["isPartOf"] == {
        "@type": "CreativeWork",
        "name": "A spec",
        "version": "1.0",
        "publisher": {"@type": "Organization", "name": 'We & "they"'},
        "encoding": [{"@type": "MediaObject", "contentUrl": "spec.ttl", "encodingFormat": "text/turtle"}],
    }
    assert found["url"] == "https://example.org/spec/first.html"
    assert found["hasPart"][0] == {
        "@id": "https://example.org/spec/provision/be_kind",
        "@type": ["CreativeWork", "ps:Principle"],
        "identifier": "be_kind",
        "name": "Be <b>kind</b>",
        "url": "#be_kind",
        "ps:authority": {"@id": "https://example.org/spec/level/user"},
    }
    assert '<meta name="description" content="Kindness comes before Be brief and speed.">' in page
    assert '<meta property="og:title" content="First">' in page
    assert '<link rel="alternate" type="application/json" href="spec-ids.json"' in page


def test_cards_of_links_have_a_picture_where_its_address_is_known(spec_source: Path, build: Build) -> None:
    conf = spec_source / "conf.py"
    text = conf.read_text("utf-8")
    pictures = {}
    for base in ("https://example.org/spec", "/spec/", ""):
        conf.write_text(f"{text}html_baseurl = {base!r}\n", "utf-8")
        app = build(spec_source)
        page = (app.outdir / "first.html").read_text("utf-8")
        pictures[base] = re.findall(r'"(?:og:image|twitter:card)" content="([^"]*)"', page)
    large = ["https://example.org/spec/_static/policyspec-card.png", "summary_large_image"]
    assert pictures == {"https://example.org/spec": large, "/spec/": ["summary"], "": ["summary"]}
    picture = (app.outdir / "_static" / "policyspec-card.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1200, 630)
    assert len(picture) < 10_000


def test_another_extension_tells_cards_of_links_alone(spec_source: Path, build: Build) -> None:
    require_package("sphinxext.opengraph")
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            "extensions += ['sphinxext.opengraph']\nogp_site_url = html_baseurl = 'https://example.org/'\n"
        )
        file.write("ogp_social_cards = {'enable': False}\n")
    page = (build(spec_source).outdir / "first.html").read_text("utf-8")
    assert page.count('property="og:title"') == page.count('name="description"') == 1
    assert "policyspec-card" not in page


def test_the_subjects_of_json_ld_are_those_of_the_graph(spec_source: Path, build: Build) -> None:
    app = build(spec_source)
    graph = (app.outdir / "spec.ttl").read_text("utf-8")
    for part in json_ld((app.outdir / "second.html").read_text("utf-8"))["hasPart"]:
        assert part["@id"].rpartition(":")[2] in graph


def test_no_title_ends_the_script_that_holds_it(spec_source: Path, build: Build) -> None:
    first = spec_source / "first.rst"
    title = "Be </script><script>alert(1)</script>"
    text = first.read_text("utf-8").replace("Be <b>kind</b>\n--------------", f"{title}\n{'-' * len(title)}")
    first.write_text(text, "utf-8")
    page = (build(spec_source).outdir / "first.html").read_text("utf-8")
    assert json_ld(page)["hasPart"][0]["name"] == title
    assert "<script>alert" not in page


def test_a_description_of_the_author_is_kept(spec_source: Path, build: Build) -> None:
    first = spec_source / "first.rst"
    text = first.read_text("utf-8")
    first.write_text(f".. meta::\n   :description: Mine.\n\n{text}", "utf-8")
    page = (build(spec_source).outdir / "first.html").read_text("utf-8")
    assert page.count('name="description"') == 1


def test_a_new_version_is_told_on_every_page(spec_source: Path, build: Build) -> None:
    build(spec_source)
    index = spec_source / "index.rst"
    index.write_text(index.read_text("utf-8").replace(":version: 1.0", ":version: 1.1"), "utf-8")
    page = (build(spec_source).outdir / "second.html").read_text("utf-8")
    assert json_ld(page)["isPartOf"]["version"] == "1.1"


def examples_of(page: str) -> dict[str, str]:
    """Return of each example of a page, by its anchor, what heads it."""
    heads = r'<(?:article|div|section)\b[^>]*class="ps-example"[^>]*id="([^"]+)".*?class="ps-kind">([^<]*)<'
    return dict(re.findall(heads, page, re.DOTALL))


@pytest.mark.parametrize("builder", ["html", "singlehtml", "epub"])
def test_an_example_has_one_number_and_short_id_in_pages_and_data(
    builder: str, spec_source: Path, build: Build
) -> None:
    with (spec_source / "first.rst").open("a", encoding="utf-8") as file:
        file.write("\n.. policy:example:: Another\n\n   .. policy:user::\n\n      Hi.\n")
    known = [item for item in ids_of(build(spec_source)).values() if item["kind"] == "example"]
    out = build(spec_source, builder).outdir
    shown = "".join(path.read_text("utf-8") for path in sorted(out.glob("*.*html")))
    heads = examples_of(shown)
    assert {heads[item["anchor"]] for item in known} == {"Example 1", "Example 2"}
    for item in known:
        assert heads[item["anchor"]] == f"Example {item['number']}"
        # One that its author gave an id has no other.
        assert ("short_id" in item) == (item["id"] not in {"greeting", "under"})
        if "short_id" in item and builder != "epub":
            assert shown.count(f'id="{item["short_id"]}"') == 1
