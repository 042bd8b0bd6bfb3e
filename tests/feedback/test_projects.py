"""The feedback of a project: checked with its pages, and beside its older releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

import sphinx_policyspec as ps
from tests.conftest import REPOSITORY

PAGE = """Desk rules
==========

.. policy:spec:: Desk rules
   :version: 2026-02-01

.. policy:principle:: Greet guests
   :id: greet
   :authority: user

   Greet each guest at the door.
"""
OLD = "Version: 2026-01-01\n\n# Desk rules {#desk_rules}\n\n## Greet guests {#greet authority=user}\n\nGreet each guest at the door.\n"
REGISTER = """- id: a
  title: Too warm
  provisions: [greet]
  release: 2026-01-01
  status: answered
  answered-in: 2026-02-01
- id: b
  title: Too cold
  provisions: [great]
"""


def soup(file: Path) -> Any:
    return BeautifulSoup(file.read_text("utf-8"), "html.parser")


def test_a_build_tells_what_is_wrong_with_the_feedback_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "index.rst").write_text(PAGE, "utf-8")
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "feedback.yaml").write_text(REGISTER, "utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model_spec.md").write_text(OLD, "utf-8")
    conf = (
        'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["old", "said"]\npolicyspec_since = "old"\n'
    )
    (tmp_path / "conf.py").write_text(conf + 'policyspec_feedback = ["said"]\n', "utf-8")
    found = ps.load_checked(tmp_path).findings
    told = [(one.code, one.span.file, one.span.line) for one in found if one.span.file.startswith("said")]
    assert told == [("not-answered", "said/feedback.yaml", 6), ("unknown-provision", "said/feedback.yaml", 9)]
    (tmp_path / "conf.py").write_text(conf + 'policyspec_feedback = "sad"\n', "utf-8")
    assert [one.message for one in ps.load_checked(tmp_path).findings if one.code == "config"] == [
        "`policyspec_feedback`: `sad` does not exist; did you mean `said`?"
    ]


def test_pages_of_a_project_can_ask_its_feedback(tmp_path: Path) -> None:
    (tmp_path / "index.rst").write_text(f"{PAGE}\n.. policy:query:: most-reported\n", "utf-8")
    (tmp_path / "said.yaml").write_text("- {id: a, title: Too warm, provisions: [greet]}\n", "utf-8")
    conf = 'extensions = ["sphinx_policyspec"]\npolicyspec_feedback = "said.yaml"\n'
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    assert ps.build_handbook(tmp_path, tmp_path / "out") == ()
    rows = soup(tmp_path / "out" / "index.html").select("table.ps-answer tbody tr")
    assert [row.td.get_text(strip=True) for row in rows] == ["greet"]
    sheets = [
        one["href"] for one in soup(tmp_path / "out" / "policy-feedback.html").select("link[rel=stylesheet]")
    ]
    assert any("policyspec.css" in name for name in sheets)


def test_the_feedback_of_the_example_is_right() -> None:
    report = ps.check_feedback(REPOSITORY / "example_docs", REPOSITORY / "example_docs" / "feedback.yaml")
    assert report.findings == ()
    assert {found.state.value for found in report.quotes.values()} == {"kept"}
    assert [one.id for one in report.records if not one.provisions] == ["reader-4"]


SAID = """- {id: a, title: Too warm, provisions: [greet], status: answered, answered-in: 2026-02-01, release: 2026-01-01}
- id: b/1 x
  title: <script>alert(1)</script>
  url: https://example.org/1?a=1&b=2
  provisions: [greet, part]
  kind: spec-defect
  quote: at the gate
  release: 2026-01-01
  text: "![](x) <img src=x onerror=alert(1)>\\n\\n`code`"
  contradicts: [c]
- {id: c, title: Too cold, provisions: [greet], date: 2026-02-03, author: A. Reader}
- {id: d, title: Nothing works}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a handbook of two releases with a register."""
    folder = tmp_path_factory.mktemp("feedback")
    for version, words in (("2026-01-01", "at the gate"), ("2026-02-01", "at the door")):
        text = f"# Desk rules {{#desk}}\n\n## Greet guests {{#greet authority=user}}\n\nGreet them {words}.\n"
        text += "\n## Part well {#part authority=root}\n\nSay goodbye.\n"
        (folder / version).mkdir()
        (folder / version / "model_spec.md").write_text(text, "utf-8")
    (folder / "said.yaml").write_text(SAID, "utf-8")
    findings = ps.build_handbook(folder, folder / "site", feedback=folder / "said.yaml")
    # They are told of the last release, once.
    assert [one.code for one in findings] == ["overtaken"]
    return folder / "site" / "2026-02-01"


def test_a_page_tells_all_records_by_provision_open_ones_first(site: Path) -> None:
    page = soup(site / "policy-feedback.html")
    groups = {one["id"]: one for one in page.select("section[id]")}
    assert [*groups] == ["about-greet", "about-part", "unassigned"]
    assert [one["id"] for one in page.select("article.ps-record")] == [
        *("feedback-b%2F1%20x", "feedback-c", "feedback-a", "feedback-d")
    ]
    # Two that contradict each other stand side by side; what is told twice stands once.
    assert [one["id"] for one in page.select(".ps-against article")] == ["feedback-b%2F1%20x", "feedback-c"]
    assert groups["about-part"].select_one("p a")["href"] == "#feedback-b%2F1%20x"
    assert groups["about-greet"].select_one("h2 a")["href"].endswith("#greet")


def test_what_people_wrote_is_text(site: Path) -> None:
    page = soup(site / "policy-feedback.html")
    record = page.find(id="feedback-b%2F1%20x")
    assert record.h3.a["href"] == "https://example.org/1?a=1&b=2"
    assert record.h3.get_text() == "<script>alert(1)</script>"
    assert [one.get_text() for one in record.find_all("p")][-3:-1] == [
        *("![](x) <img src=x onerror=alert(1)>", "`code`")
    ]
    assert not record.find_all(["script", "img", "code"])
    assert "A. Reader" in page.find(id="feedback-c").get_text()


def test_quoted_words_stand_with_what_has_become_of_them(site: Path) -> None:
    page = soup(site / "policy-feedback.html")
    record = page.find(id="feedback-b%2F1%20x")
    assert record.blockquote.get_text() == "at the gate"
    assert record.blockquote.find_next("p").get_text() == "The words are gone."
    older = soup(site.parent / "2026-01-01" / "policy-feedback.html")
    assert "gone" not in older.find(id="feedback-b%2F1%20x").get_text()


def test_the_panel_of_a_principle_leads_to_its_records(site: Path) -> None:
    (page,) = [one for one in site.glob("*.html") if 'id="greet"' in one.read_text("utf-8")]
    panel = soup(page).find(id="greet").select_one(".ps-panel")
    found = {one.get_text().split()[0]: one.find_next("dd") for one in panel.select("dt")}["Feedback"]
    assert [one["href"] for one in found.select("a")] == [
        f"policy-feedback.html#feedback-{name}" for name in ("b%2F1%20x", "c", "a")
    ]
    assert found.select_one("li").get_text() == "<script>alert(1)</script> (open, the spec is at fault)"
