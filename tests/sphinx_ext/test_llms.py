"""What models read of a site: whole, valid by its format, without what pages hide, and beside the extension that writes such files, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from tests.conftest import Handbook, require_package

Build = Callable[..., SphinxTestApp]
LINK = re.compile(r"(?<!!)\[(?:[^\[\]\\]|\\.)*\]\((?P<address>[^()\s]*)\)")
ITEM = re.compile(r"- \[(?:[^\[\]\\]|\\.)+\]\([^()\s]+\)(?:: .+)?")
PAGE = """Spec
====

.. toctree::

   sub/more

.. policy:principle:: Be [kind]
   :id: be_kind
   :authority: user

   Be *kind*; see :policy:principle:`be_brief`.

   .. policy:prompt:: hidden title
      :id: hidden

      .. policy:message:: user

         Words that test.

   .. policy:prompt:: seen title
      :id: seen
      :show:

      .. policy:message:: user

         Words that all may read.
"""
MORE = """More
====

.. policy:principle:: Be brief
   :id: be_brief
   :authority: guideline

   Few words, as :policy:principle:`be_kind` has them.
"""


def links_of(text: str) -> list[str]:
    return [match["address"] for match in LINK.finditer(text)]


def spec_project(folder: Path, conf: str) -> Path:
    (folder / "src" / "sub").mkdir(parents=True)
    (folder / "src" / "index.rst").write_text(PAGE, "utf-8")
    (folder / "src" / "sub" / "more.rst").write_text(MORE, "utf-8")
    (folder / "src" / "conf.py").write_text(
        f"extensions = ['sphinx_policyspec']\nproject = 'Kind'\n{conf}\n", "utf-8"
    )
    return folder / "src"


def check_index(text: str, folder: Path) -> None:
    """Hold ``llms.txt`` to its format: a title, a summary, text, then lists of links below headings; each leads to a file."""
    lines = text.splitlines()
    assert lines[0].startswith("# ")
    assert next(line for line in lines[1:] if line).startswith("> ")
    below = lines[next(place for place, line in enumerate(lines) if line.startswith("## ")) :]
    assert all(not line or line.startswith("## ") or ITEM.fullmatch(line) for line in below), below
    assert not [line for line in lines if line.startswith("### ")]
    for address in links_of(text):
        assert (folder / address.partition("#")[0]).is_file(), address


def test_a_release_is_told_to_models_in_full(release_dir: Path, handbook: Callable[[Path], Handbook]) -> None:
    folder, spec = handbook(release_dir).folder, ps.load(release_dir)
    index, whole = (Path(folder, name).read_text("utf-8") for name in ("llms.txt", "llms-full.txt"))
    check_index(index, folder)
    for one in spec.principles:
        assert len(re.findall(rf"`{one.id}`, \w+ level$", index, re.MULTILINE)) == 1
    assert len(whole.encode()) <= 1.05 * Path(release_dir, "model_spec.md").stat().st_size
    assert not [tag.tag for tag in spec.eval_tags if f"[^{tag.tag}]" in whole]
    for page in (*folder.glob("*.md"), folder / "llms-full.txt"):
        text = page.read_text("utf-8")
        assert not re.search(r"<(?:script|style|nav|div|span|details)\b", text), page
        for address in links_of(text):
            file, _, place = address.partition("#")
            if "://" in address or file.startswith("mailto:"):
                continue
            target = folder / file if file else page
            assert target.is_file(), (page, address)
            if place and target.suffix == ".md":
                assert f'<a id="{place}"></a>' in target.read_text("utf-8"), (page, address)
        beside = page.with_suffix(".html")
        if page.suffix == ".md":
            assert f'type="text/markdown" href="{page.name}"' in beside.read_text("utf-8")
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', whole))
    assert {one.id for one in spec.provisions} <= anchors


def test_a_project_writes_them_where_it_says_so(build: Build, tmp_path: Path) -> None:
    source = spec_project(tmp_path, "")
    out = Path(build(source).outdir)
    assert not [*out.rglob("*.md"), *out.glob("llms*")]
    (source / "conf.py").write_text((source / "conf.py").read_text() + "policyspec_llms = True\n", "utf-8")
    build(source)
    assert {file.relative_to(out).as_posix() for file in out.rglob("*.md")} == {"index.md", "sub/more.md"}
    check_index((out / "llms.txt").read_text("utf-8"), out)
    page = (out / "index.md").read_text("utf-8")
    assert "- [More](sub/more.md)" in page
    assert "Be *kind*; see [Be brief (Guideline)](sub/more.md#be_brief)." in page
    assert "[Be [kind] (User)](../index.md#be_kind)" in (out / "sub" / "more.md").read_text("utf-8").replace(
        "\\", ""
    )
    assert 'href="more.md"' in (out / "sub" / "more.html").read_text("utf-8")
    whole = (out / "llms-full.txt").read_text("utf-8")
    assert "](#be_brief)" in whole
    assert "](#be_kind)" in whole
    for file in (*out.rglob("*.md"), *out.glob("llms*")):
        text = file.read_text("utf-8")
        assert "hidden title" not in text
        assert "Words that test" not in text
    assert "Words that all may read" in whole
    (source / "conf.py").write_text((source / "conf.py").read_text().replace("True", "False"), "utf-8")
    build(source)
    assert not [*out.rglob("*.md"), *out.glob("llms*")]


def test_an_address_of_the_site_makes_links_absolute_and_folders_of_pages_are_found(
    build: Build, tmp_path: Path
) -> None:
    source = spec_project(tmp_path, "policyspec_llms = True\nhtml_baseurl = 'https://example.org/spec/'")
    deep = (source / "sub" / "more.rst").read_text("utf-8").replace("be_brief", "be_deep")
    (source / "sub" / "deep page.rst").write_text(deep, "utf-8")
    app = build(source, "dirhtml")
    index = Path(app.outdir, "llms.txt").read_text("utf-8")
    assert "](https://example.org/spec/sub/more/index.md#be_brief)" in index
    assert all(address.startswith("https://example.org/spec/") for address in links_of(index))
    assert "](https://example.org/spec/sub/deep%20page/index.md#be_deep)" in index
    page = Path(app.outdir, "sub", "more", "index.md").read_text("utf-8")
    assert "](../../index.md#be_kind)" in page


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_pictures_and_files_of_pages_are_where_their_markdown_says(
    build: Build, tmp_path: Path, builder: str
) -> None:
    source = spec_project(tmp_path, "policyspec_llms = True")
    (source / "sub" / "ü%.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")
    (source / "words.txt").write_text("Words.", "utf-8")
    links = "\n.. figure:: ü%.svg\n\n   A caption.\n\n   A legend.\n\n:abbr:`AI (a model)`\n\n.. admonition:: Mine\n\n   Words.\n\n-a  all\n"
    links += "\n.. image:: ü%.svg\n\n:download:`words <../words.txt>` :download:`gone`\n\n.. image:: https://example.org/x.png\n"
    more = source / "sub" / "more.rst"
    more.write_text(more.read_text("utf-8") + links, "utf-8")
    app = build(source, builder)
    page = next(
        file for file in Path(app.outdir).rglob("*.md") if "more" in str(file.relative_to(app.outdir))
    )
    found = re.findall(r"\]\(([^()\s]*(?:svg|txt|png))\)", page.read_text("utf-8"))
    assert [address.partition(":")[0] for address in found if "//" in address] == ["https"]
    local = [page.parent / unquote(address) for address in found if "//" not in address]
    assert [file.name for file in local] == ["ü%.svg", "ü%.svg", "words.txt"]
    assert all(file.is_file() for file in local)
    # Words in nodes that have no Markdown of their own are there, and nobody is warned of these.
    for words in ("\nA caption.\n", "\nA legend.\n", "AI (a model)", "**Mine**\n", "`-a`"):
        assert words in page.read_text("utf-8")
    assert "unknown node" not in app.warning.getvalue()


@pytest.mark.filterwarnings("ignore:nodes.Node.traverse:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:nodes.Node.traverse:PendingDeprecationWarning")
def test_the_extension_that_writes_such_files_keeps_their_names_and_gets_our_pages(
    build: Build, tmp_path: Path
) -> None:
    require_package("sphinx_llms_txt")
    conf = "policyspec_llms = True\nextensions.append('sphinx_llms_txt')\n"
    source = spec_project(tmp_path, conf)
    (source / "plain.rst").write_text(":orphan:\n\nPlain\n=====\n\nNothing of ours.\n", "utf-8")
    out = Path(build(source).outdir)
    whole, index = ((out / name).read_text("utf-8") for name in ("llms-full.txt", "llms.txt"))
    assert "Words that test" in (out / "_sources" / "index.rst.txt").read_text("utf-8")
    assert "Words that test" not in whole
    assert "policy:principle::" not in whole
    assert "Words that all may read" in whole
    assert "Nothing of ours." in whole
    assert "level" not in index
    assert (out / "index.md").is_file()


@pytest.mark.parametrize("builder", ["text", "singlehtml"])
def test_other_builders_write_none(build: Build, tmp_path: Path, builder: str) -> None:
    out = Path(build(spec_project(tmp_path, "policyspec_llms = True"), builder).outdir)
    assert not [*out.rglob("*.md"), *out.glob("llms*")]


def test_several_releases_are_led_to_from_one_file(tmp_path: Path) -> None:
    for version in ("2026-01-01", "2026-02-01"):
        folder = tmp_path / "all" / version
        folder.mkdir(parents=True)
        text = f"# Rules {{#rules}}\n\n## Be kind {{#be_kind authority=user}}\n\nBe kind, {version}.\n"
        (folder / "model_spec.md").write_text(text, "utf-8")
    ps.build_handbook(ps.load_all_checked(tmp_path / "all"), tmp_path / "site")
    index = (tmp_path / "site" / "llms.txt").read_text("utf-8")
    check_index(index, tmp_path / "site")
    assert links_of(index) == ["2026-02-01/llms.txt", "2026-01-01/llms.txt"]
