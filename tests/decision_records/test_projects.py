"""The records of decisions of a project: checked with its pages, and shown on them."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from tests.decision_records.test_decision_records import BODY
from tests.feedback.test_projects import PAGE, soup

CONF = 'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["why", "may"]\n'


PROPOSALS = {
    "all": """---
id: all
title: <script>alert(1)</script>
status: proposed
decision: b
edits:
- {provision: greet, find: <img src=x>, replace: "![](x)"}
- {provision: greet, level: root}
- {add: {after: greet, id: wave, title: Wave}, text: "</blockquote>"}
- {provision: wave, level: user}
- {provision: greet, example: Ada, text: Hi}
- {rename: greet, to: meet}
- {move: meet, after: wave}
- {remove: meet, because: <b>never</b>}
---
<script>alert(2)</script>

    <b>propose</b>
      check
""",
    "idea": "---\nid: idea\ntitle: Idea\nedits: [{provision: greet, level: root}]\n---\n",
    "old": "---\nid: old\ntitle: Old\nstatus: rejected\nedits: [{provision: greet, level: root}]\n---\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with two records, one of which is hostile."""
    links = "See :ref:`policy-decisions` and :ref:`policy-proposals`.\n"
    (tmp_path / "index.rst").write_text(f"{PAGE}\n.. policy:query:: hard-rules\n\n{links}", "utf-8")
    (tmp_path / "why").mkdir()
    head = "---\nstatus: superseded by b\ndate: 2026-01-05\nprovisions: [greet]\n---\n"
    text = BODY.replace("Say why", "<script>alert(1)</script>").replace("Nobody knew.", "<img src=x> ![](x)")
    (tmp_path / "why" / "a.md").write_text(head + text, "utf-8")
    head = "---\nstatus: accepted\ndate: 2026-01-06\ndecision-makers: A. Writer\nproposal: ../may/all.md\nprovisions: [greet]\n---\n"
    (tmp_path / "why" / "b.md").write_text(head + BODY, "utf-8")
    (tmp_path / "may").mkdir()
    for name, text in PROPOSALS.items():
        (tmp_path / "may" / f"{name}.md").write_text(text, "utf-8")
    named = 'policyspec_decisions = ["why/*.md"]\npolicyspec_proposals = ["may/*.md"]\n'
    (tmp_path / "conf.py").write_text(f"{CONF}{named}", "utf-8")
    return tmp_path


def test_pages_tell_what_was_decided_newest_first_and_what_people_wrote_is_text(project: Path) -> None:
    assert ps.build_handbook(project, project / "out") == ()
    page = soup(project / "out" / "policy-decisions.html")
    assert [one["id"] for one in page.select("article.ps-record")] == ["decision-b", "decision-a"]
    old = page.find(id="decision-a")
    assert old.h3.get_text() == "<script>alert(1)</script>"
    assert not old.find_all(["script", "img"])
    assert [one["href"] for one in old.select("p a")] == ["#decision-b"]
    assert old.p.get_text() == "superseded · 2026-01-05"
    assert [one.get_text() for one in page.select("p .ps-date")] == ["2026-01-06", "2026-01-05"]
    assert "A. Writer" in page.find(id="decision-b").get_text()
    assert [one.get_text() for one in page.find(id="decision-b").select("h4, li")] == [
        *("Context and Problem Statement", "Considered Options", "a", "Decision Outcome", "Consequences")
    ]
    start = soup(project / "out" / "index.html")
    assert {
        one["href"]: one.get_text() for one in start.select("p > a.reference[href^=policy-][href$=html]")
    } == {
        "policy-decisions.html": "Decisions",
        "policy-proposals.html": "Proposed changes",
    }
    panel = start.find(id="greet").select_one(".ps-panel")
    found = {one.get_text().rpartition(" ")[0]: one.find_next("dd") for one in panel.select("dt")}
    assert [one["href"] for one in found["Why it says this"].select("a")] == [
        *("policy-decisions.html#decision-b", "policy-decisions.html#decision-a")
    ]
    # What is proposed stands beside it, open proposals first, without what is a draft.
    page = soup(project / "out" / "policy-proposals.html")
    assert [one["id"] for one in page.select("article.ps-record")] == ["proposal-all", "proposal-old"]
    told = page.find(id="proposal-all")
    assert told.h3.get_text() == "<script>alert(1)</script>"
    assert not told.find_all(["script", "img", "b"])
    assert [one.get_text() for one in told.select("del, ins")] == [
        *("<img src=x>", "![](x)", "Wave", "</blockquote>", "Ada", "Hi")
    ]
    assert "policy-decisions.html#decision-b" in [one["href"] for one in told.select("p a")]
    assert len(told.select("p")) == 11
    assert told.pre.get_text() == "<b>propose</b>\n  check\n"
    assert [one["href"] for one in found["Proposed changes"].select("a")] == [
        *("policy-proposals.html#proposal-all", "policy-proposals.html#proposal-old")
    ]


def test_a_build_tells_what_is_wrong_with_records(project: Path) -> None:
    file = project / "why" / "b.md"
    file.write_text(file.read_text("utf-8").replace("[greet]", "[grete]"), "utf-8")
    conf = f'{CONF}policyspec_decisions = ["why", "/none/*.md"]\npolicyspec_proposals = ["may"]\n'
    for name in ("idea", "old"):
        (project / "may" / f"{name}.md").write_text(PROPOSALS["idea"].replace("greet", "grete"), "utf-8")
    (project / "conf.py").write_text(conf, "utf-8")
    told = [(one.code, one.span.file, one.span.line) for one in ps.load_checked(project).findings]
    assert [one for one in told if one[0] != "config"] == [
        ("draft-left", "may/idea.md", 1),
        ("unknown-provision", "may/idea.md", 4),
        ("duplicate-id", "may/old.md", 2),
        ("unknown-provision", "why/b.md", 6),
    ]
    messages = [one.message for one in ps.load_checked(project).findings if one.code == "config"]
    assert messages == ["`policyspec_decisions`: no file matches `/none/*.md`"]
