"""The page "Ask the spec": answers equal those of Python, from a disk and from a server."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

import sphinx_policyspec
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.graph.questions import list_questions
from tests.browser.conftest import Open

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER (?a = ?i) }"


@pytest.fixture(scope="module")
def base(model_spec_data: Path) -> Iterator[KnowledgeBase]:
    """The same spec in Python."""
    with KnowledgeBase.from_spec(sphinx_policyspec.load(model_spec_data / "2025-09-12")) as base:
        yield base


def query(page: Page, sparql: str) -> None:
    """Put a query of one's own."""
    page.get_by_label("Question", exact=True).select_option("")
    page.get_by_label("SPARQL").fill(sparql)
    page.get_by_role("button", name="Run").click()


def rows(page: Page) -> list[list[str]]:
    """Return the rows that the page shows, as a table."""
    if (choice := page.get_by_label("Answer as a table")).count():
        choice.check()
    found: list[list[str]] = page.eval_on_selector_all(
        ".ps-ask-results tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found


def test_named_questions_have_the_answers_of_python(
    release_site: Path, open_page: Open, base: KnowledgeBase
) -> None:
    page = open_page(release_site, "policy-ask.html")
    listed = [question for question in list_questions() if not question.over]
    asked = [question for question in listed if all(p.default is not None for p in question.parameters)]
    assert len(asked) > 10
    for question in asked:
        page.get_by_label("Question", exact=True).select_option(question.name)
        page.get_by_role("button", name="Run").click()
        answer = base.ask(question.name)
        expect(page.get_by_role("status")).to_contain_text(f"{len(answer.rows)} answers in")
        shown = rows(page)
        assert [len(row) for row in shown] == [len(answer.columns)] * min(len(answer.rows), 1000)
        assert shown == [list(row) for row in answer.texts][:1000]


def test_ids_in_answers_lead_to_their_places(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html#ask:q=hard-rules")
    link = page.locator(".ps-ask-results a").first
    identifier = str(link.get_attribute("href")).partition("#")[2]
    link.click()
    expect(page.locator(f"[id='{identifier}']")).to_be_visible()
    assert page.url.endswith(f"#{identifier}")


def test_the_page_opens_with_an_answer_and_no_engine(
    release_site: Path, open_page: Open, base: KnowledgeBase, scheme: str
) -> None:
    page = open_page(release_site, "policy-ask.html", scheme)
    answer = base.ask("overridable-by")
    expect(page.get_by_role("status")).to_have_text(f"{len(answer.rows)} answers.")
    cards = page.locator(".ps-ask-card")
    assert [text.split("\n")[0].replace("’", "'") for text in cards.all_inner_texts()] == [
        f"{row['title']} {str(row['level']).capitalize()}" for row in answer.to_dicts()
    ]
    assert cards.nth(0).inner_text().endswith("\nonly if the message says so explicitly")
    assert page.locator("script[src*='engine.js']").count() == 0
    assert rows(page) == [list(row) for row in answer.texts]


def test_a_question_is_a_sentence_with_fields(
    release_site: Path, open_page: Open, base: KnowledgeBase
) -> None:
    page = open_page(release_site, "policy-ask.html")
    assert page.locator(".ps-ask-sentence").inner_text().startswith("Which principles about")
    page.get_by_label("topic", exact=True).fill("honesty")
    page.get_by_label("level", exact=True).fill("developer")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("answers in")
    asked = base.ask("overridable-by", {"topic": "honesty", "level": "developer"})
    assert rows(page) == [list(row) for row in asked.texts]


def test_no_rows_are_given_a_reason(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html")
    page.get_by_label("topic", exact=True).fill("gore")
    page.get_by_label("level", exact=True).fill("guideline")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("which a guideline message may override.")


def test_a_row_says_in_words_why_it_is_there(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html")
    page.get_by_label("Question", exact=True).select_option("user-overridable-defaults-touching")
    page.get_by_role("button", name="Run").click()
    card = page.locator(".ps-ask-card", has_text="Do not lie")
    expect(card).to_contain_text(
        re.compile(r"is about honesty · model_spec\.md, line \d+ · places in all: 14")
    )
    assert page.locator(".ps-ask-unknown").count() == 0
    page.get_by_label("Question", exact=True).select_option("where-mentioned")
    page.get_by_role("button", name="Run").click()
    assert page.get_by_label("text", exact=True).evaluate("field => field.validity.valueMissing")


def test_terms_are_offered_while_one_is_written(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html")
    page.get_by_label("Question", exact=True).select_option("")
    editor = page.get_by_label("SPARQL")
    editor.fill("SELECT ?p { ?p a ps:princ")
    page.get_by_role("button", name="ps:Principle", exact=True).click()
    expect(editor).to_have_value("SELECT ?p { ?p a ps:Principle")
    expect(editor).to_be_focused()


def test_a_parameter_takes_any_text_as_a_text(
    release_site: Path, open_page: Open, base: KnowledgeBase
) -> None:
    page = open_page(release_site, "policy-ask.html")
    page.get_by_label("Question", exact=True).select_option("where-mentioned")
    for text in ("sycophan", 'a" } } # \\u0022 \\', "user", "Don’t", "…"):
        page.get_by_label("text", exact=True).fill(text)
        page.get_by_role("button", name="Run").click()
        expected = base.ask("where-mentioned", {"text": text}).texts
        expect(page.get_by_role("status")).to_contain_text(f"{len(expected)} answers in")
        shown = page.locator(".ps-ask-results").inner_text()
        assert sorted(re.findall(r", line (\d+)", shown)) == sorted(row[-1] for row in expected)


def test_a_link_holds_the_query(release_site: Path, open_page: Open) -> None:
    sparql = "ASK {\n  ?x a ps:Principle # 100 % & more\n}"
    page = open_page(release_site, f"policy-ask.html#ask:{urlencode({'sparql': sparql})}")
    expect(page.get_by_label("SPARQL")).to_have_value(sparql)
    expect(page.locator(".ps-ask-results td")).to_have_text("true")
    page.get_by_label("Question", exact=True).select_option("where-mentioned")
    page.get_by_label("text", exact=True).fill("honest")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("answers in")
    again = open_page(release_site, f"policy-ask.html#{page.url.partition('#')[2]}")
    expect(again.get_by_label("text", exact=True)).to_have_value("honest")
    expect(again.get_by_role("status")).to_contain_text("answers in")
    assert rows(again) == rows(page)


def test_an_answer_is_saved_as_csv_that_no_spreadsheet_runs(
    release_site: Path, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(release_site, "policy-ask.html")
    query(page, 'SELECT ?a ?b WHERE { VALUES (?a ?b) { ("=1+1" "x,\\"y\\"\\nz") ("-2" "plain") } }')
    expect(page.get_by_role("status")).to_contain_text("2 answers in")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "answer.csv")
    text = (tmp_path / "answer.csv").read_text("utf-8")
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["'=1+1", 'x,"y"\nz'], ["'-2", "plain"]]


def test_a_runaway_ends_and_the_next_query_is_answered(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html#ask:q=hard-rules", alone=True)
    expect(page.get_by_role("status")).to_contain_text("answers in")
    page.clock.install()
    query(page, RUNAWAY)
    expect(page.get_by_role("status")).to_have_text("Asking …")
    page.clock.fast_forward(11_000)
    expect(page.get_by_role("status")).to_have_text("The query was stopped after 10 seconds.")
    page.clock.resume()
    query(page, RUNAWAY)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("stopped")
    query(page, "ASK { ?x a ps:Principle }")
    expect(page.locator(".ps-ask-results td")).to_have_text("true")


@pytest.mark.parametrize(
    ("sparql", "said"),
    [
        ("SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "not supported"),
        ("DELETE WHERE { ?s ?p ?o }", "expected"),
        ("SELEC", "1:6: expected"),
        ("{" * 3000, ""),
    ],
)
def test_hostile_and_clumsy_queries_get_a_message(
    release_site: Path, open_page: Open, sparql: str, said: str
) -> None:
    page = open_page(release_site, "policy-ask.html", "http")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    query(page, sparql)
    expect(page.get_by_role("button", name="Run")).to_be_enabled()
    expect(page.get_by_role("status")).to_contain_text(said)
    assert [url for url in requests if "policyspec" not in url and not url.startswith("blob:")] == []
    query(page, "ASK { ?x a ps:Principle }")
    expect(page.locator(".ps-ask-results td")).to_have_text("true")


def test_triples_are_shown_as_such(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html")
    query(page, "CONSTRUCT { ?x a ps:Principle } WHERE { ?x a ps:Principle }")
    expect(page.get_by_role("status")).to_contain_text("57 answers in")
    assert page.locator(".ps-ask-results pre").inner_text().count("\n") == 56


def test_without_scripts_the_questions_can_be_read(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html", java_script_enabled=False)
    expect(page.locator(".ps-ask")).to_contain_text("needs JavaScript")
    page.locator(".ps-questions > summary").click()
    page.locator(".ps-question summary").first.click()
    expect(page.locator(".ps-question pre").first).to_contain_text("SELECT")


def test_a_strict_content_security_policy_lets_the_engine_run(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html#ask:q=hard-rules", "strict")
    expect(page.get_by_role("status")).to_contain_text("answers in")


def test_a_panel_leads_to_what_the_spec_says_of_its_principle(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "style.html")
    panel = page.locator("#be_clear > .ps-panel")
    panel.locator("> summary").click()
    panel.get_by_role("link", name="Ask about it").click()
    expect(page.get_by_role("status")).to_contain_text("answers in")
    assert any(property_.endswith("#authority") for property_, _value in rows(page))


def test_other_pages_do_not_load_the_engine(release_site: Path) -> None:
    for file in release_site.glob("*.html"):
        if file.name != "policy-ask.html":
            assert "policyspec-ask" not in file.read_text("utf-8"), file.name


UNKNOWN = {
    "SELECT ?id { ?p a ps:Princple ; dcterms:identifier ?id }": "Unknown term `ps:Princple`. Did you mean `ps:Principle`?",
    "SELECT ?idd { ?p dcterms:identifier ?id }": "Nothing binds `?idd`. Did you mean `?id`?",
    'SELECT ?p { ?p dcterms:identifier "do_not_lei" }': "Nothing has the name `do_not_lei`. Did you mean `do_not_lie`?",
    'SELECT ?p { ?p dcterms:identifier ?id FILTER(?id = "usr") }': "Nothing has the name `usr`. Did you mean `user`?",
    "SELECT ?p FROM <urn:x> { ?p a ps:Principle }": "There is no graph `urn:x`",
}


def test_what_nothing_has_is_told_with_the_nearest_name(release_site: Path, open_page: Open) -> None:
    page = open_page(release_site, "policy-ask.html")
    for text, said in UNKNOWN.items():
        query(page, text)
        expect(page.get_by_role("alert")).to_contain_text(said)
    query(page, 'SELECT ?p { ?p dcterms:identifier "do_not_lie" ; ps:authority ?l FILTER(?l != "x") }')
    expect(page.get_by_role("status")).to_contain_text("1 answers in")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("Question", exact=True).select_option("user-overridable-defaults-touching")
    page.get_by_label("topic", exact=True).fill("honsty")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "Nothing has the name `honsty`. Did you mean `honesty`?"
    )
