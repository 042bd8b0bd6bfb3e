"""What stands around a principle on its page: its panel, the words for levels, and links of boxes to themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBadge
from sphinx_policyspec.sphinx_ext.web.navigation import below_text, has_text
from sphinx_policyspec.sphinx_ext.web.places import SINCE

Build = Callable[..., SphinxTestApp]


def page_of(app: SphinxTestApp, name: str) -> str:
    """Return a page that a build wrote."""
    return (app.outdir / f"{name}.html").read_text("utf-8")


def panel_of(page: str, anchor: str) -> dict[str, str]:
    """Return the lines of the panel of a principle: HTML by name."""
    panel = page.partition(f'id="{anchor}"')[2].partition('<details class="ps-panel')[2].partition("</dl>")[0]
    return dict(re.findall(r"<dt>(.*?)(?: <span[^>]*>\d+</span>)?</dt><dd>(.*?)</dd>", panel, re.DOTALL))


def texts(html: str) -> list[str]:
    """Return the items of a line of a panel as text."""
    return [re.sub(r"<[^>]*>", "", item) for item in re.findall(r"<li>(.*?)</li>", html)]


def test_a_panel_tells_what_bears_on_a_principle(spec_source: Path, build: Build) -> None:
    app = build(spec_source)
    rows = panel_of(page_of(app, "first"), "be_kind")
    assert {name: texts(html) for name, html in rows.items()} == {
        "Topics": ["Tact"],
        "Referenced in": [
            "Be brief Root (2)",
            "Example: Under Be &lt;b&gt;kind&lt;/b&gt; (2)",
            "Be brief Root",
        ],
        "In a conflict": ["Be brief Root (by exception)"],
        "Serves": ["Calm"],
        "Examples": ["a greeting", "Under Be &lt;b&gt;kind&lt;/b&gt;"],
        "Prompts": ["Rude on purpose"],
    }
    other = panel_of(page_of(app, "second"), "be_brief")
    assert set(other) == {"Referenced in", "In a conflict", "Examples"}
    assert '<p class="ps-panel-page">This goes before</p>' in other["In a conflict"]


def test_each_occurrence_leads_to_the_reference_itself(spec_source: Path, build: Build) -> None:
    app = build(spec_source)
    occurrences = panel_of(page_of(app, "first"), "be_kind")["Referenced in"]
    addresses = re.findall(r'href="second\.html#([^"]*)"', occurrences)
    assert addresses == ["be_kind-from-be_brief", *(f"be_kind-from-be_brief-{n}" for n in (2, 3, 4, 5))]
    page = page_of(app, "second")
    on_links = re.findall(r'<a class="reference internal" href="first\.html#be_kind" id="([^"]*)"', page)
    # The title's own link stands in a line of links; what a hidden prompt refers to is not on the page.
    assert on_links == addresses[:4]
    assert f'id="{addresses[4]}"' in page


def test_a_panel_is_no_part_of_what_the_search_knows(spec_source: Path, build: Build) -> None:
    app = build(spec_source)
    index = (app.outdir / "searchindex.js").read_text("utf-8")
    assert "connect" not in index
    assert "refin" not in index


def test_links_and_contents_say_the_level_of_a_principle(spec_source: Path, build: Build) -> None:
    app = build(spec_source)
    word = ' <span class="ps-level-word ps-level-root no-search">Root</span>'
    first = page_of(app, "first")
    assert re.search(r'href="second\.html#be_brief"[^>]*><span class="[^"]*">Be brief</span>' + word, first)
    word = ' <span class="ps-level-word ps-level-root">Root</span></a>'
    assert f'href="second.html#be_brief">Be brief{word}' in page_of(app, "index")
    contents = page_of(app, "second")
    assert re.search(r'href="#be_brief">Be brief <span class="ps-level-word', contents)
    # A text of the author's own is not interrupted.
    assert '<span class="xref policy policy-principle">again</span></a>' in contents


def test_a_prompt_that_its_author_does_not_show_is_named_and_not_quoted(
    spec_source: Path, build: Build
) -> None:
    out = build(spec_source).outdir
    told = [path for path in out.rglob("*") if path.suffix in {".html", ".js", ".json"}]
    assert [path.name for path in told if "Be rude, as" in path.read_text("utf-8")] == []
    (named,) = (path.name for path in told if "Rude on purpose" in path.read_text("utf-8"))
    assert named == "first.html"
    second = spec_source / "second.rst"
    second.write_text(
        second.read_text("utf-8").replace(":tests: be_kind", ":tests: be_kind\n   :show:"), "utf-8"
    )
    prompts = panel_of(page_of(build(spec_source), "first"), "be_kind")["Prompts"]
    assert 'href="second.html#prompt-be_brief-rude-on-purpose"><bdi>Rude on purpose</bdi>' in prompts


def test_a_panel_leads_out_of_the_spec_by_what_lies_there(spec_source: Path, build: Build) -> None:
    page = spec_source / "first.rst"
    said = ":rests-on: https://example.org/a?b=1&c urn:x:b\n   :documents: https://example.org/d/\n   :out-of-scope: a <b>desk</b>\n"
    page.write_text(page.read_text("utf-8").replace(":id: be_kind\n", f":id: be_kind\n   {said}", 1), "utf-8")
    row = panel_of(page_of(build(spec_source), "first"), "be_kind")["Outside the spec"]
    assert texts(row) == ["a &lt;b&gt;desk&lt;/b&gt;", "example.org/d", "example.org/a?b=1&amp;c", "urn:x:b"]
    assert re.findall(r'class="reference external" href="([^"]*)"', row) == [
        "https://example.org/d/",
        "https://example.org/a?b=1&amp;c",
    ]


def test_a_panel_leads_to_feedback_with_encoded_values(spec_source: Path, build: Build) -> None:
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            "policyspec_feedback_url = 'https://example.org/?t={title}&id={id}&v={release}&l={level}&p={page}'\n"
        )
    page = page_of(build(spec_source), "first")
    assert (
        'href="https://example.org/?t=Be%20%3Cb%3Ekind%3C%2Fb%3E&amp;id=be_kind&amp;v=1.0&amp;l=user&amp;p=first"'
        in page
    )


@pytest.mark.parametrize("address", ["javascript:alert(1)//{id}", "https://example.org/{name}", 3])
def test_an_address_for_feedback_that_is_none_is_a_finding(
    spec_source: Path, build: Build, warnings_in: Callable[..., list[str]], address: object
) -> None:
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write(f"policyspec_feedback_url = {address!r}\n")
    app = build(spec_source)
    assert any("`policyspec_feedback_url`" in line for line in warnings_in(app))
    assert "Feedback" not in page_of(app, "first")


def test_the_first_use_of_a_term_leads_to_its_definition(spec_source: Path, build: Build) -> None:
    page = page_of(build(spec_source), "first")
    assert re.search(
        r'and <a class="ps-term-link reference internal" href="#definition-speed">speed</a>\.', page
    )
    assert page.count('class="ps-term-link') == 1
    with (spec_source / "conf.py").open("a", encoding="utf-8") as file:
        file.write("policyspec_link_terms = False\n")
    assert "ps-term-link" not in page_of(build(spec_source), "first")


def test_a_new_definition_links_its_term_on_other_pages(spec_source: Path, build: Build) -> None:
    build(spec_source)
    first = spec_source / "first.rst"
    first.write_text(first.read_text("utf-8").replace("Speed\n   :id: speed", "Says\n   :id: says"), "utf-8")
    rebuilt = page_of(build(spec_source), "second")
    assert 'href="first.html#definition-says">says</a>' in rebuilt
    assert rebuilt == page_of(build(spec_source, out="fresh"), "second")


def test_a_renamed_level_is_named_anew_wherever_links_say_it(spec_source: Path, build: Build) -> None:
    build(spec_source)
    index = spec_source / "index.rst"
    index.write_text(index.read_text("utf-8").replace("level:: root", "level:: Basis\n   :id: root"), "utf-8")
    app = build(spec_source)
    assert ">Basis</span></a>" in page_of(app, "index")
    assert ">Basis</span></a>" in panel_of(page_of(app, "first"), "be_kind")["In a conflict"]


def test_asides_definitions_and_examples_have_links_to_themselves(spec_source: Path, build: Build) -> None:
    page = page_of(build(spec_source), "first")
    for anchor in ("commentary-be_kind", "commentary-be_kind-2", "definition-speed", "example-greeting"):
        assert f'id="{anchor}"' in page
        assert f'<a class="headerlink" href="#{anchor}"' in page


def test_examples_are_numbered(spec_source: Path, build: Build) -> None:
    assert '<p class="ps-kind">Example 1</p>' in page_of(build(spec_source), "first")


def test_a_reference_on_one_page_changes_the_panel_on_another(spec_source: Path, build: Build) -> None:
    build(spec_source)
    second = spec_source / "second.rst"
    second.write_text(
        second.read_text("utf-8").replace(", and :policy:principle:`again <be_kind>`", ""), "utf-8"
    )
    rebuilt = page_of(build(spec_source), "first")
    assert "Be brief" in panel_of(rebuilt, "be_kind")["Referenced in"]
    assert rebuilt == page_of(build(spec_source, out="fresh"), "first")


def test_other_builders_have_no_panels(spec_source: Path, build: Build) -> None:
    for builder in ("text", "epub", "latex"):
        app = build(spec_source, builder)
        for file in Path(app.outdir).rglob("*.*"):
            if file.suffix in {".txt", ".xhtml", ".tex"}:
                assert "Connections" not in file.read_text("utf-8")


def test_a_single_page_has_panels_whose_links_stay_on_it(spec_source: Path, build: Build) -> None:
    page = page_of(build(spec_source, "singlehtml"), "index")
    rows = panel_of(page, "be_kind")
    assert 'href="#be_brief"' in rows["In a conflict"]
    for anchor in re.findall(r'href="#([^"]*)"', rows["Referenced in"]):
        assert page.count(f'id="{anchor}"') == 1


def test_compliant_answers_stand_first(spec_source: Path, build: Build) -> None:
    second = spec_source / "second.rst"
    more = "".join(
        f"   .. policy:response:: {verdict}\n\n      Answer {n}.\n\n"
        for n, verdict in enumerate(("ok", "bad", "good"), 2)
    )
    second.write_text(second.read_text("utf-8").replace("      No.\n", f"      No.\n\n{more}"), "utf-8")
    page = page_of(build(spec_source), "second")
    shown = re.findall(r"(Answer \d|No)\.</p>", page)
    assert shown == ["Answer 4", "Answer 2", "No", "Answer 3"]


def test_a_title_behind_an_article_is_shown_without_its_own(spec_source: Path, build: Build) -> None:
    for name, words in (("first", "As the :policy:principle:`be_brief` says."), ("second", "So.")):
        file = spec_source / f"{name}.rst"
        text = file.read_text("utf-8").replace("Be brief\n--------", "The short way\n-------------")
        file.write_text(text.replace("Kindness comes", f"{words} Kindness comes"), "utf-8")
    page = page_of(build(spec_source), "first")
    shown = [re.sub(r"<[^>]*>", "", link) for link in re.findall(r"<a[^>]*#be_brief\"[^>]*>.*?</a>", page)]
    # Behind an article, then behind other words, with its level; the panel has the whole title.
    assert shown[:2] == ["short way", "The short way Root"]
    assert "The short way" in panel_of(page, "be_kind")["In a conflict"]


def test_a_panel_stands_below_the_text_of_its_section_or_at_its_end() -> None:
    text, below = nodes.paragraph("", "Words."), nodes.section("", nodes.title("", "Below"))
    head = [nodes.title("", "Above"), PolicyBadge("", level="user", title="User"), nodes.target("")]
    since = nodes.paragraph("", "Changed", classes=[SINCE])
    for inner, place in (([text, below], 5), ([below], 5), ([text], 5), ([], 4)):
        section = nodes.section("", *(node.deepcopy() for node in (*head, since, *inner)))
        assert (has_text(section), below_text(section)) == (text in inner, place)


def test_a_card_is_named_by_its_title_and_an_answer_by_its_verdict(spec_source: Path, build: Build) -> None:
    page = page_of(build(spec_source), "first")
    (card,) = re.findall(r'<div[^>]*id="example-greeting"[^>]*>', page)
    title_id = re.search(r'aria-labelledby="([^"]+)"', card)
    assert 'role="group"' in card
    assert title_id
    heading = re.search(rf'<p[^>]*id="{re.escape(title_id[1])}"[^>]*>(.*?)</p>', page)
    assert heading
    assert 'role="heading"' in heading[0]
    assert heading[1] == "a greeting"
    assert 'aria-label="Compliant · Assistant"' in page
